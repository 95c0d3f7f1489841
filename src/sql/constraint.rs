//! Lowers constraints of tables, columns and domains.

use super::source::Lower;
use super::{exclusion, expr, names};
use crate::change::{ConstraintBody, ConstraintSpec, ForeignKeySpec, ReferentialAction};
use crate::name::Name;
use crate::source::Span;
use crate::syntax::pg::{AstNode, ast};

/// `CONSTRAINT name`.
pub(super) fn given_name(clause: Option<&ast::ConstraintNameClause>) -> Option<Name> {
    names::name_of(clause?.constraint_name().as_ref())
}

/// Deferrability, validity and inheritance, from the options that follow a constraint.
#[derive(Default)]
pub(super) struct Options {
    pub(super) deferrable: Option<bool>,
    pub(super) initially_deferred: Option<bool>,
    pub(super) not_valid: bool,
    pub(super) no_inherit: bool,
    /// `NOT ENFORCED` (PostgreSQL 18), or an option that no constraint of ours has.
    pub(super) other: bool,
}

impl Options {
    pub(super) fn read(options: impl Iterator<Item = ast::ConstraintOption>) -> Self {
        let mut out = Options::default();
        for option in options {
            match option {
                ast::ConstraintOption::DeferrableConstraintOption(_) => out.deferrable = Some(true),
                ast::ConstraintOption::NotDeferrableConstraintOption(_) => out.deferrable = Some(false),
                ast::ConstraintOption::InitiallyDeferredConstraintOption(_) => {
                    out.initially_deferred = Some(true)
                }
                ast::ConstraintOption::InitiallyImmediateConstraintOption(_) => {
                    out.initially_deferred = Some(false);
                }
                ast::ConstraintOption::NotValid(_) => out.not_valid = true,
                ast::ConstraintOption::NoInherit(_) => out.no_inherit = true,
                ast::ConstraintOption::Enforced(_) | ast::ConstraintOption::Inherit(_) => {}
                ast::ConstraintOption::NotEnforced(_) => out.other = true,
            }
        }
        out
    }

    /// `INITIALLY DEFERRED` alone makes deferrable too (`ConstraintAttr` in `gram.y`).
    fn spec(&self, name: Option<Name>, body: ConstraintBody, span: Span) -> Option<ConstraintSpec> {
        let initially_deferred = self.initially_deferred.unwrap_or(false);
        if self.contradict() {
            return None;
        }
        Some(ConstraintSpec {
            name,
            body,
            deferrable: self.deferrable.unwrap_or(initially_deferred),
            initially_deferred,
            not_valid: self.not_valid || self.other,
            no_inherit: self.no_inherit,
            span,
        })
    }

    /// `NOT DEFERRABLE INITIALLY DEFERRED`, which the server refuses.
    pub(super) fn contradict(&self) -> bool {
        self.deferrable == Some(false) && self.initially_deferred == Some(true)
    }
}

/// A constraint. `column` is the column that it stands on; a table constraint has none. `None` where a part is missing.
pub(super) fn constraint(
    cx: &Lower<'_>,
    node: &ast::Constraint,
    column: Option<&Name>,
) -> Option<ConstraintSpec> {
    let own = || column.map(|name| vec![name.clone()]);
    let (name, body) = match node {
        ast::Constraint::PrimaryKeyConstraint(key) => (
            given_name(key.constraint_name_clause().as_ref()),
            primary_key(key, own())?,
        ),
        ast::Constraint::UniqueConstraint(key) => (
            given_name(key.constraint_name_clause().as_ref()),
            unique(key, own())?,
        ),
        ast::Constraint::ForeignKeyConstraint(key) => (
            given_name(key.constraint_name_clause().as_ref()),
            ConstraintBody::ForeignKey(foreign_key(cx, key)?),
        ),
        ast::Constraint::ReferencesConstraint(key) => (
            given_name(key.constraint_name_clause().as_ref()),
            ConstraintBody::ForeignKey(references(cx, key, own()?)?),
        ),
        ast::Constraint::CheckConstraint(check) => (
            given_name(check.constraint_name_clause().as_ref()),
            ConstraintBody::Check(expr::expr(cx, &check.expr()?)),
        ),
        ast::Constraint::ExcludeConstraint(exclude) => (
            given_name(exclude.constraint_name_clause().as_ref()),
            self::exclude(cx, exclude)?,
        ),
        ast::Constraint::NotNullConstraint(not_null) => (
            given_name(not_null.constraint_name_clause().as_ref()),
            ConstraintBody::NotNull {
                column: names::name_of(not_null.column_name_ref().as_ref()).or_else(|| column.cloned())?,
            },
        ),
        ast::Constraint::DefaultConstraint(_)
        | ast::Constraint::GeneratedConstraint(_)
        | ast::Constraint::NullConstraint(_) => return None,
    };
    Options::read(node.constraint_options()).spec(name, body, cx.span(node))
}

/// A constraint of a table's list.
pub(super) fn table_constraint(cx: &Lower<'_>, node: &ast::TableConstraint) -> Option<ConstraintSpec> {
    constraint(cx, &ast::Constraint::cast(node.syntax().clone())?, None)
}

fn column_list(list: Option<ast::ColumnRefList>) -> Vec<Name> {
    list.map_or(Vec::new(), |list| names::names(list.column_name_refs()))
}

/// Columns and included columns. A column constraint has no list of its own.
fn key_columns(
    parameters: Option<&ast::IndexParameters>,
    own: Option<Vec<Name>>,
) -> Option<(Vec<Name>, Vec<Name>)> {
    let list = parameters
        .and_then(ast::IndexParameters::column_list)
        .map(|list| names::names(list.column_name_refs()));
    let include = parameters
        .and_then(ast::IndexParameters::constraint_include_clause)
        .and_then(|clause| clause.column_ref_list());
    let columns = list.or(own).filter(|columns| !columns.is_empty())?;
    Some((columns, column_list(include)))
}

fn using_index(primary: bool, index: &ast::UsingIndexName) -> Option<ConstraintBody> {
    Some(ConstraintBody::UsingIndex {
        primary,
        index: names::qualified_of(index.index_ref().as_ref())?.name,
    })
}

fn primary_key(key: &ast::PrimaryKeyConstraint, own: Option<Vec<Name>>) -> Option<ConstraintBody> {
    if let Some(index) = key.using_index() {
        return using_index(true, &index);
    }
    let (columns, include) = key_columns(key.index_parameters().as_ref(), own)?;
    Some(ConstraintBody::PrimaryKey { columns, include })
}

fn unique(key: &ast::UniqueConstraint, own: Option<Vec<Name>>) -> Option<ConstraintBody> {
    if let Some(index) = key.using_index() {
        return using_index(false, &index);
    }
    let parameters = key.index_parameters();
    let (columns, include) = key_columns(parameters.as_ref(), own)?;
    let nulls = parameters.and_then(|p| p.nulls_distinct_option());
    Some(ConstraintBody::Unique {
        columns,
        include,
        nulls_not_distinct: matches!(nulls, Some(ast::NullsDistinctOption::NullsNotDistinct(_))),
    })
}

fn foreign_key(cx: &Lower<'_>, key: &ast::ForeignKeyConstraint) -> Option<ForeignKeySpec> {
    let list = |list: ast::ForeignKeyColumnList| names::names(list.column_name_refs());
    let mut spec = ForeignKeySpec {
        columns: list(key.from_columns()?),
        table: names::object(cx, key.table_name_ref().as_ref())?,
        referenced: key.to_columns().map_or(Vec::new(), list),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        match_full: matches!(key.match_type(), Some(ast::MatchType::MatchFull(_))),
        set_columns: Vec::new(),
    };
    actions(&mut spec, key.referential_actions())?;
    Some(spec)
}

fn references(cx: &Lower<'_>, key: &ast::ReferencesConstraint, own: Vec<Name>) -> Option<ForeignKeySpec> {
    let mut spec = ForeignKeySpec {
        columns: own,
        table: names::object(cx, key.table().as_ref())?,
        referenced: names::name_of(key.column().as_ref()).into_iter().collect(),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        match_full: matches!(key.match_type(), Some(ast::MatchType::MatchFull(_))),
        set_columns: Vec::new(),
    };
    actions(&mut spec, key.referential_actions())?;
    Some(spec)
}

fn actions(spec: &mut ForeignKeySpec, actions: impl Iterator<Item = ast::ReferentialAction>) -> Option<()> {
    for action in actions {
        match action {
            ast::ReferentialAction::OnDeleteAction(action) => {
                let (action, columns) = self::action(&action.ref_action()?);
                spec.on_delete = action;
                spec.set_columns = columns;
            }
            ast::ReferentialAction::OnUpdateAction(action) => {
                let (action, columns) = self::action(&action.ref_action()?);
                // The server takes a list of columns for ON DELETE alone.
                if !columns.is_empty() {
                    return None;
                }
                spec.on_update = action;
            }
        }
    }
    Some(())
}

fn action(action: &ast::RefAction) -> (ReferentialAction, Vec<Name>) {
    match action {
        ast::RefAction::NoAction(_) => (ReferentialAction::NoAction, Vec::new()),
        ast::RefAction::Restrict(_) => (ReferentialAction::Restrict, Vec::new()),
        ast::RefAction::Cascade(_) => (ReferentialAction::Cascade, Vec::new()),
        ast::RefAction::SetNullColumns(set) => {
            (ReferentialAction::SetNull, column_list(set.column_ref_list()))
        }
        ast::RefAction::SetDefaultColumns(set) => {
            (ReferentialAction::SetDefault, column_list(set.column_ref_list()))
        }
    }
}

fn exclude(cx: &Lower<'_>, exclude: &ast::ExcludeConstraint) -> Option<ConstraintBody> {
    let method = exclude
        .constraint_index_method()
        .and_then(|m| names::name_of(m.access_method_ref().as_ref()));
    let list = exclude.constraint_exclusion_list()?;
    let mut elements = Vec::new();
    for item in list.constraint_exclusions() {
        elements.push(exclusion::element(cx, item.syntax())?);
    }
    let include = exclude
        .constraint_include_clause()
        .and_then(|clause| clause.column_ref_list());
    let predicate = match exclude.where_condition_clause() {
        Some(clause) => Some(expr::expr(cx, &clause.expr()?)),
        None => None,
    };
    Some(ConstraintBody::Exclude {
        method: method.map_or("btree".into(), |m| m.as_str().into()),
        elements,
        include: column_list(include),
        predicate,
    })
}
