//! Lowers CREATE SCHEMA with the objects that it makes in the schema.
//!
//! Source: `transformCreateSchemaStmtElements` in `parse_utilcmd.c`: sequences, tables, views, indexes, triggers, in this order.

use super::source::Lower;
use super::{Statement, names, session, statement};
use crate::change::{Change, ConstraintBody, ObjectName, TableElement};
use crate::name::{Name, QualifiedName};
use crate::syntax::pg::{AstNode, ast};

/// `CREATE SCHEMA`.
pub(super) fn create(cx: &Lower<'_>, node: &ast::CreateSchema) -> Option<Statement> {
    let name = match node.create_schema_target()? {
        ast::CreateSchemaTarget::NamedSchema(named) => names::name_of(named.schema().as_ref())?,
        ast::CreateSchemaTarget::AuthorizationSchema(role) => names::name_of(role.role().as_ref())?,
    };
    let mut elements = Vec::new();
    for element in node.schema_elements() {
        let Statement::Changes(changes) = statement::lower(cx, &ast::Stmt::cast(element.syntax().clone())?)?
        else {
            return None;
        };
        elements.extend(changes);
    }
    elements.sort_by_key(rank);
    let made: Vec<Name> = elements.iter().filter_map(made).collect();
    for element in &mut elements {
        qualify(element, &name, &made);
    }
    let mut changes = vec![Change::CreateSchema {
        name,
        if_not_exists: node.if_not_exists().is_some(),
        span: cx.span(node),
    }];
    changes.append(&mut elements);
    Some(Statement::Changes(changes))
}

fn rank(change: &Change) -> u8 {
    match change {
        Change::CreateSequence { .. } => 1,
        Change::CreateTable(_) => 2,
        Change::CreateView { .. } => 3,
        Change::CreateIndex(_) => 4,
        Change::CreateTrigger { .. } => 5,
        Change::NoSchemaEffect(_) => 6,
        _ => 0,
    }
}

fn made(change: &Change) -> Option<Name> {
    match change {
        Change::CreateTable(table) => Some(table.name.name.name.clone()),
        Change::CreateView { name, .. } | Change::CreateSequence { name, .. } => Some(name.name.name.clone()),
        _ => None,
    }
}

/// The new schema is first on the search path while the elements are made.
fn qualify(change: &mut Change, schema: &Name, made: &[Name]) {
    let own = |name: &mut QualifiedName| {
        name.schema.get_or_insert_with(|| schema.clone());
    };
    let sibling = |object: &mut ObjectName| {
        if object.name.schema.is_none() && made.contains(&object.name.name) {
            object.name.schema = Some(schema.clone());
        }
    };
    match change {
        Change::CreateTable(table) => {
            own(&mut table.name.name);
            table.inherits.iter_mut().for_each(sibling);
            for element in &mut table.elements {
                match element {
                    TableElement::Column(column) => {
                        for option in &mut column.options {
                            if let crate::change::ColumnOption::Constraint(constraint) = option
                                && let ConstraintBody::ForeignKey(key) = &mut constraint.body
                            {
                                sibling(&mut key.table);
                            }
                        }
                    }
                    TableElement::Constraint(constraint) => {
                        if let ConstraintBody::ForeignKey(key) = &mut constraint.body {
                            sibling(&mut key.table);
                        }
                    }
                    TableElement::Like(like) => sibling(&mut like.table),
                    TableElement::Opaque(_) => {}
                }
            }
        }
        Change::CreateView { name, .. }
        | Change::CreateSequence { name, .. }
        | Change::CreateEnum { name, .. }
        | Change::CreateDomain { name, .. }
        | Change::CreateComposite { name, .. }
        | Change::CreateOtherType { name, .. }
        | Change::CreateCollation { name, .. } => own(&mut name.name),
        Change::CreateFunction(function) => own(&mut function.name.name),
        Change::CreateIndex(index) => own(&mut index.table.name),
        Change::CreateTrigger { table, .. } => own(&mut table.name),
        _ => {}
    }
}

/// `ALTER ROLE` and the like: settings of later sessions.
pub(super) fn later(
    cx: &Lower<'_>,
    set: Option<&ast::SetConfigParam>,
    reset: Option<&ast::ResetConfigParam>,
    what: &'static str,
) -> Option<Change> {
    match (set, reset) {
        (Some(set), _) => session::set_later(cx, set),
        (None, Some(reset)) => session::reset_later(reset),
        (None, None) => statement::none(what),
    }
}
