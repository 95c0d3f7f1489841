//! Lowers COMMENT ON.

use super::source::Lower;
use super::{function, literal, names, sequence, statement::none};
use crate::change::{Change, CommentSub, ObjectKind, ObjectName};
use crate::syntax::pg::{AstNode, ast};

/// `COMMENT ON`. Comments on what the schema does not hold have no effect on it.
pub(super) fn comment(cx: &Lower<'_>, node: &ast::CommentOn) -> Option<Change> {
    let Some((kind, name, sub)) = target(cx, &node.comment_object()?)? else {
        return none("COMMENT");
    };
    // An empty comment removes it, as NULL does (`CreateComments` in `comment.c`).
    let text = match node.literal() {
        Some(literal)
            if super::query::has_token(literal.syntax(), crate::syntax::pg::SyntaxKind::NULL_KW) =>
        {
            None
        }
        Some(literal) => Some(literal::string(&literal)?),
        None => None,
    };
    Some(Change::CommentOn {
        kind,
        name,
        sub,
        text: text.filter(|text| !text.is_empty()).map(Into::into),
    })
}

type Commented = (ObjectKind, ObjectName, CommentSub);

/// Outer `None`: cannot be read; inner: not held.
fn target(cx: &Lower<'_>, object: &ast::CommentObject) -> Option<Option<Commented>> {
    use ObjectKind as Kind;
    use ast::CommentObject as On;
    let (kind, name) = match object {
        On::ObjectTable(on) => (Kind::Table, names::object(cx, on.table_name_ref().as_ref())?),
        On::ObjectForeignTable(on) => (
            Kind::ForeignTable,
            names::object(cx, on.table_name_ref().as_ref())?,
        ),
        On::ObjectView(on) => (Kind::View, names::object(cx, on.view_ref().as_ref())?),
        On::ObjectMaterializedView(on) => {
            (Kind::MaterializedView, names::object(cx, on.view_ref().as_ref())?)
        }
        On::ObjectIndex(on) => (Kind::Index, names::object(cx, on.index_ref().as_ref())?),
        On::ObjectSequence(on) => (Kind::Sequence, names::object(cx, on.sequence_ref().as_ref())?),
        On::ObjectType(on) => (Kind::Type, names::object(cx, on.type_name_ref().as_ref())?),
        On::ObjectDomain(on) => (Kind::Domain, names::object(cx, on.domain_ref().as_ref())?),
        On::ObjectSchema(on) => (Kind::Schema, names::object(cx, on.schema_ref().as_ref())?),
        On::ObjectExtension(on) => (Kind::Extension, names::object(cx, on.extension_ref().as_ref())?),
        On::ObjectCollation(on) => (Kind::Collation, names::object(cx, on.collation_ref().as_ref())?),
        On::ObjectFunction(on) => {
            let sig = on.function_sig()?;
            let name = function::routine(cx, sig.function_name_ref().as_ref(), None)?;
            (Kind::Function, name.0)
        }
        On::ObjectProcedure(on) => {
            let sig = on.procedure_sig()?;
            let name = function::routine(cx, sig.procedure_name_ref().as_ref(), None)?;
            (Kind::Procedure, name.0)
        }
        On::ObjectRoutine(on) => {
            let sig = on.routine_sig()?;
            let name = function::routine(cx, sig.routine_name_ref().as_ref(), None)?;
            (Kind::Routine, name.0)
        }
        On::ObjectAggregate(on) => (Kind::Aggregate, names::object(cx, on.aggregate().as_ref())?),
        On::ObjectColumn(on) => {
            let (table, column) = sequence::column_of(cx, &on.name()?)?;
            return Some(Some((Kind::Table, table, CommentSub::Column(column))));
        }
        On::ObjectConstraint(on) => {
            let name = names::qualified_of(on.constraint_name_ref().as_ref())?.name;
            let (kind, owner) = match on.domain_ref() {
                Some(domain) => (Kind::Domain, names::object(cx, Some(&domain))?),
                None => (Kind::Table, names::object(cx, on.table_name_ref().as_ref())?),
            };
            return Some(Some((kind, owner, CommentSub::Constraint(name))));
        }
        On::ObjectTrigger(on) => {
            let name = names::name_of(on.trigger_ref().as_ref())?;
            let table = names::object(cx, on.relation_name_ref().as_ref())?;
            return Some(Some((Kind::Table, table, CommentSub::Other(name))));
        }
        On::ObjectPolicy(on) => {
            let name = names::name_of(on.policy_ref().as_ref())?;
            let table = names::object(cx, on.table_name_ref().as_ref())?;
            return Some(Some((Kind::Table, table, CommentSub::Other(name))));
        }
        On::ObjectAccessMethod(_)
        | On::ObjectCast(_)
        | On::ObjectConversion(_)
        | On::ObjectDatabase(_)
        | On::ObjectEventTrigger(_)
        | On::ObjectForeignDataWrapper(_)
        | On::ObjectLanguage(_)
        | On::ObjectLargeObject(_)
        | On::ObjectOperator(_)
        | On::ObjectOperatorClass(_)
        | On::ObjectOperatorFamily(_)
        | On::ObjectPropertyGraph(_)
        | On::ObjectPublication(_)
        | On::ObjectRole(_)
        | On::ObjectRule(_)
        | On::ObjectServer(_)
        | On::ObjectStatistics(_)
        | On::ObjectSubscription(_)
        | On::ObjectTablespace(_)
        | On::ObjectTextSearchConfig(_)
        | On::ObjectTextSearchDict(_)
        | On::ObjectTextSearchParser(_)
        | On::ObjectTextSearchTemplate(_)
        | On::ObjectTransform(_) => return Some(None),
    };
    Some(Some((kind, name, CommentSub::None)))
}
