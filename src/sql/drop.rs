//! Lowers DROP.

use super::source::Lower;
use super::{function, names, objects, statement::none};
use crate::change::{Behaviour, Change, ObjectKind, ObjectName};
use crate::known::{Gap, Reach};
use crate::syntax::pg::{AstNode, ast};
use crate::tree::plpgsql::RoutineName;

/// What the DROP statements share.
struct Drop {
    kind: ObjectKind,
    if_exists: bool,
    behaviour: Behaviour,
}

impl Drop {
    fn new(kind: ObjectKind, if_exists: Option<ast::IfExists>, behaviour: Option<ast::DropBehavior>) -> Self {
        Drop {
            kind,
            if_exists: if_exists.is_some(),
            behaviour: objects::behaviour(behaviour.as_ref()),
        }
    }

    fn names(self, names: Option<Vec<ObjectName>>) -> Option<Change> {
        Some(Change::Drop {
            kind: self.kind,
            names: names?,
            if_exists: self.if_exists,
            behaviour: self.behaviour,
            routines: Vec::new(),
        })
    }

    fn routines(self, routines: Option<Vec<(ObjectName, RoutineName)>>) -> Option<Change> {
        let (names, routines) = routines?.into_iter().unzip();
        Some(Change::Drop {
            kind: self.kind,
            names,
            if_exists: self.if_exists,
            behaviour: self.behaviour,
            routines,
        })
    }
}

/// Any DROP of objects that the schema holds.
pub(super) fn drop(cx: &Lower<'_>, node: &ast::Stmt) -> Option<Change> {
    use ObjectKind as Kind;
    macro_rules! named {
        ($kind:expr, $node:ident, $names:ident) => {
            Drop::new($kind, $node.if_exists(), $node.drop_behavior())
                .names(names::objects(cx, $node.$names()))
        };
    }
    match node {
        ast::Stmt::DropTable(n) => named!(Kind::Table, n, table_name_refs),
        ast::Stmt::DropForeignTable(n) => named!(Kind::ForeignTable, n, table_name_refs),
        ast::Stmt::DropView(n) => named!(Kind::View, n, view_refs),
        ast::Stmt::DropMaterializedView(n) => named!(Kind::MaterializedView, n, view_refs),
        ast::Stmt::DropIndex(n) => named!(Kind::Index, n, index_refs),
        ast::Stmt::DropSequence(n) => named!(Kind::Sequence, n, sequence_refs),
        ast::Stmt::DropType(n) => named!(Kind::Type, n, type_name_refs),
        ast::Stmt::DropDomain(n) => named!(Kind::Domain, n, domain_refs),
        ast::Stmt::DropSchema(n) => named!(Kind::Schema, n, schema_refs),
        ast::Stmt::DropExtension(n) => named!(Kind::Extension, n, extension_refs),
        ast::Stmt::DropCollation(n) => named!(Kind::Collation, n, collation_refs),
        ast::Stmt::DropFunction(n) => Drop::new(Kind::Function, n.if_exists(), n.drop_behavior()).routines(
            n.function_sig_list()?
                .function_sigs()
                .map(|sig| function::routine(cx, sig.function_name_ref().as_ref(), sig.param_list().as_ref()))
                .collect(),
        ),
        ast::Stmt::DropProcedure(n) => Drop::new(Kind::Procedure, n.if_exists(), n.drop_behavior()).routines(
            n.procedure_sig_list()?
                .procedure_sigs()
                .map(|sig| {
                    function::routine(cx, sig.procedure_name_ref().as_ref(), sig.param_list().as_ref())
                })
                .collect(),
        ),
        ast::Stmt::DropRoutine(n) => Drop::new(Kind::Routine, n.if_exists(), n.drop_behavior()).routines(
            n.routine_sig_list()?
                .routine_sigs()
                .map(|sig| function::routine(cx, sig.routine_name_ref().as_ref(), sig.param_list().as_ref()))
                .collect(),
        ),
        ast::Stmt::DropAggregate(n) => Drop::new(Kind::Aggregate, n.if_exists(), n.drop_behavior()).routines(
            n.aggregates()
                .map(|sig| function::routine(cx, sig.path_ref().as_ref(), sig.param_list().as_ref()))
                .collect(),
        ),
        ast::Stmt::DropTrigger(n) => Some(Change::DropTrigger {
            name: names::name_of(n.trigger_ref().as_ref())?,
            table: names::object(cx, n.on_relation()?.relation_name_ref().as_ref())?,
            if_exists: n.if_exists().is_some(),
            behaviour: objects::behaviour(n.drop_behavior().as_ref()),
        }),
        ast::Stmt::DropPolicy(n) => Some(Change::Policy {
            name: names::name_of(n.policy_ref().as_ref())?,
            table: names::object(cx, n.on_table()?.table_name_ref().as_ref())?,
            create: false,
            if_exists: n.if_exists().is_some(),
        }),
        _ => None,
    }
}

/// A DROP of something that the schema does not hold: without CASCADE nothing of it goes along.
pub(super) fn unheld(
    cx: &Lower<'_>,
    node: &impl AstNode,
    what: &'static str,
    behaviour: Option<&ast::DropBehavior>,
) -> Option<Change> {
    match objects::behaviour(behaviour) {
        Behaviour::Restrict => none(what),
        Behaviour::Cascade => Some(Change::Opaque(Gap::new(
            cx.span(node),
            format!("what {what} ... CASCADE takes along is not followed"),
            Reach::Everything,
        ))),
    }
}
