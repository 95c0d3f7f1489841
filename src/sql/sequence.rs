//! Lowers sequences and the options of identity columns.

use super::source::Lower;
use super::{literal, names, objects, sqltype};
use crate::change::{Change, ObjectKind, ObjectName, SequenceOptions};
use crate::name::QualifiedName;
use crate::syntax::pg::{AstNode, ast};

/// The options in parentheses after `AS IDENTITY`; none is the same as an empty list.
pub(super) fn listed(cx: &Lower<'_>, list: Option<&ast::SequenceOptionList>) -> Option<SequenceOptions> {
    let mut out = SequenceOptions::default();
    for option in list
        .into_iter()
        .flat_map(ast::SequenceOptionList::sequence_options)
    {
        apply(cx, &mut out, &option)?;
    }
    Some(out)
}

/// Adds one option; `None` where it cannot be read.
pub(super) fn apply(cx: &Lower<'_>, out: &mut SequenceOptions, option: &ast::SequenceOption) -> Option<()> {
    let number = |node: Option<ast::Expr>| literal::integer(cx, &node?);
    match option {
        ast::SequenceOption::OptionAsType(ty) => out.ty = Some(sqltype::sql_type(cx, &ty.ty()?)?.0),
        ast::SequenceOption::OptionStart(start) => out.start = Some(number(start.expr())?),
        ast::SequenceOption::OptionIncrement(step) => out.increment = Some(number(step.expr())?),
        ast::SequenceOption::OptionMinValue(min) => out.min = Some(Some(number(min.expr())?)),
        ast::SequenceOption::OptionNoMinValue(_) => out.min = Some(None),
        ast::SequenceOption::OptionMaxValue(max) => out.max = Some(Some(number(max.expr())?)),
        ast::SequenceOption::OptionNoMaxValue(_) => out.max = Some(None),
        ast::SequenceOption::OptionCache(cache) => out.cache = Some(number(cache.expr())?),
        ast::SequenceOption::OptionCycle(_) => out.cycle = Some(true),
        ast::SequenceOption::OptionNoCycle(_) => out.cycle = Some(false),
        ast::SequenceOption::OptionOwnedBy(owned) => {
            out.owned_by = Some(owner(cx, &owned.owned_by_target()?)?)
        }
        ast::SequenceOption::OptionSequenceName(name) => {
            out.name = Some(names::object(cx, name.sequence().as_ref())?);
        }
        ast::SequenceOption::OptionRestart(_)
        | ast::SequenceOption::OptionLogged(_)
        | ast::SequenceOption::OptionUnlogged(_) => {}
    }
    Some(())
}

fn owner(cx: &Lower<'_>, target: &ast::OwnedByTarget) -> Option<Option<(ObjectName, crate::name::Name)>> {
    match target {
        ast::OwnedByTarget::OwnedByNone(_) => Some(None),
        ast::OwnedByTarget::QualifiedColumnNameRef(column) => column_of(cx, column).map(Some),
    }
}

/// `[schema.]table.column`.
pub(super) fn column_of(
    cx: &Lower<'_>,
    node: &ast::QualifiedColumnNameRef,
) -> Option<(ObjectName, crate::name::Name)> {
    let mut parts = names::parts(&names::path(node.syntax()));
    let column = parts.pop()?;
    let table = parts.pop()?;
    let name = QualifiedName {
        schema: parts.pop(),
        name: table,
    };
    let object = ObjectName {
        name,
        span: cx.span(node),
    };
    Some((object, column))
}

/// `CREATE SEQUENCE`.
pub(super) fn create(cx: &Lower<'_>, node: &ast::CreateSequence) -> Option<Change> {
    let mut options = SequenceOptions::default();
    for option in node.sequence_options() {
        apply(cx, &mut options, &option)?;
    }
    Some(Change::CreateSequence {
        name: names::object(cx, node.sequence().as_ref())?,
        if_not_exists: node.if_not_exists().is_some(),
        temporary: matches!(node.persistence(), Some(ast::Persistence::Temp(_))),
        options,
    })
}

/// `ALTER SEQUENCE`.
pub(super) fn alter(cx: &Lower<'_>, node: &ast::AlterSequence) -> Option<Change> {
    let name = names::object(cx, node.sequence_ref().as_ref())?;
    let if_exists = node.if_exists().is_some();
    let mut options = SequenceOptions::default();
    let mut any = false;
    let target = objects::Target {
        kind: ObjectKind::Sequence,
        name: &name,
        if_exists,
    };
    for action in node.actions() {
        match action {
            ast::AlterSequenceAction::SequenceOption(option) => {
                any = true;
                apply(cx, &mut options, &option)?;
            }
            ast::AlterSequenceAction::SequenceRenameTo(to) => return target.rename(to.sequence().as_ref()),
            ast::AlterSequenceAction::SetSchema(to) => return target.set_schema(&to),
            ast::AlterSequenceAction::OwnerTo(_)
            | ast::AlterSequenceAction::SetLogged(_)
            | ast::AlterSequenceAction::SetUnlogged(_) => {}
        }
    }
    if !any {
        return Some(Change::NoSchemaEffect("ALTER SEQUENCE"));
    }
    Some(Change::AlterSequence {
        name,
        if_exists,
        options,
    })
}
