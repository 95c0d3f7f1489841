//! What many kinds of object share: RENAME TO and SET SCHEMA; and the ALTER statements that know little else.

use super::source::Lower;
use super::{names, statement::none};
use crate::change::{Behaviour, Change, ObjectKind, ObjectName};
use crate::syntax::pg::{AstNode, ast};

/// `CASCADE` or not.
pub(super) fn behaviour(node: Option<&ast::DropBehavior>) -> Behaviour {
    match node {
        Some(ast::DropBehavior::Cascade(_)) => Behaviour::Cascade,
        Some(ast::DropBehavior::Restrict(_)) | None => Behaviour::Restrict,
    }
}

/// An object that is renamed or moved.
pub(super) struct Target<'a> {
    pub(super) kind: ObjectKind,
    pub(super) name: &'a ObjectName,
    pub(super) if_exists: bool,
}

impl Target<'_> {
    /// `RENAME TO`; the new name takes no schema.
    pub(super) fn rename(&self, to: Option<&impl AstNode>) -> Option<Change> {
        let to = names::qualified_of(to)?;
        to.schema.is_none().then(|| Change::Rename {
            kind: self.kind,
            name: self.name.clone(),
            to: to.name,
            if_exists: self.if_exists,
        })
    }

    /// `SET SCHEMA`.
    pub(super) fn set_schema(&self, to: &ast::SetSchema) -> Option<Change> {
        Some(Change::SetSchema {
            kind: self.kind,
            name: self.name.clone(),
            to: names::name_of(to.schema_ref().as_ref())?,
            if_exists: self.if_exists,
        })
    }
}

/// `ALTER INDEX`.
pub(super) fn alter_index(cx: &Lower<'_>, node: &ast::AlterIndex) -> Option<Change> {
    if node.all_in_tablespace().is_some() {
        return none("SET TABLESPACE");
    }
    let name = names::object(cx, node.index_ref().as_ref())?;
    match node.action()? {
        ast::AlterIndexAction::IndexRenameTo(to) => Target {
            kind: ObjectKind::Index,
            name: &name,
            if_exists: node.if_exists().is_some(),
        }
        .rename(to.index().as_ref()),
        ast::AlterIndexAction::AttachIndexPartition(attach) => Some(Change::AttachIndex {
            child: names::object(cx, attach.index_ref().as_ref())?,
            parent: name,
        }),
        ast::AlterIndexAction::AlterSetStatistics(_)
        | ast::AlterIndexAction::DependsOnExtension(_)
        | ast::AlterIndexAction::NoDependsOnExtension(_)
        | ast::AlterIndexAction::ResetOptions(_)
        | ast::AlterIndexAction::SetOptions(_)
        | ast::AlterIndexAction::SetTablespace(_) => none("ALTER INDEX"),
    }
}

/// `ALTER SCHEMA`.
pub(super) fn alter_schema(cx: &Lower<'_>, node: &ast::AlterSchema) -> Option<Change> {
    match node.action()? {
        ast::AlterSchemaAction::SchemaRenameTo(to) => Target {
            kind: ObjectKind::Schema,
            name: &names::object(cx, node.schema_ref().as_ref())?,
            if_exists: false,
        }
        .rename(to.schema().as_ref()),
        ast::AlterSchemaAction::OwnerTo(_) => none("OWNER TO"),
    }
}

/// `ALTER EXTENSION`.
pub(super) fn alter_extension(cx: &Lower<'_>, node: &ast::AlterExtension) -> Option<Change> {
    match node.action()? {
        ast::AlterExtensionAction::SetSchema(to) => Target {
            kind: ObjectKind::Extension,
            name: &names::object(cx, node.extension_ref().as_ref())?,
            if_exists: false,
        }
        .set_schema(&to),
        ast::AlterExtensionAction::AlterExtensionAdd(_)
        | ast::AlterExtensionAction::AlterExtensionDrop(_)
        | ast::AlterExtensionAction::AlterExtensionUpdate(_) => none("ALTER EXTENSION"),
    }
}

/// `ALTER COLLATION`.
pub(super) fn alter_collation(cx: &Lower<'_>, node: &ast::AlterCollation) -> Option<Change> {
    let name = names::object(cx, node.collation_ref().as_ref())?;
    let target = Target {
        kind: ObjectKind::Collation,
        name: &name,
        if_exists: false,
    };
    match node.action()? {
        ast::AlterCollationAction::CollationRenameTo(to) => target.rename(to.collation().as_ref()),
        ast::AlterCollationAction::SetSchema(to) => target.set_schema(&to),
        ast::AlterCollationAction::OwnerTo(_) | ast::AlterCollationAction::RefreshVersion(_) => {
            none("ALTER COLLATION")
        }
    }
}

/// `ALTER FUNCTION`.
pub(super) fn alter_function(cx: &Lower<'_>, node: &ast::AlterFunction) -> Option<Change> {
    let name = names::object(cx, node.function_sig()?.function_name_ref().as_ref())?;
    let target = Target {
        kind: ObjectKind::Function,
        name: &name,
        if_exists: false,
    };
    match node.action()? {
        ast::AlterFunctionAction::FunctionRenameTo(to) => target.rename(to.function_name().as_ref()),
        ast::AlterFunctionAction::SetSchema(to) => target.set_schema(&to),
        ast::AlterFunctionAction::DependsOnExtension(_)
        | ast::AlterFunctionAction::NoDependsOnExtension(_)
        | ast::AlterFunctionAction::FuncOptionList(_)
        | ast::AlterFunctionAction::OwnerTo(_) => none("ALTER FUNCTION"),
    }
}

/// `ALTER PROCEDURE`.
pub(super) fn alter_procedure(cx: &Lower<'_>, node: &ast::AlterProcedure) -> Option<Change> {
    let name = names::object(cx, node.procedure_sig()?.procedure_name_ref().as_ref())?;
    let target = Target {
        kind: ObjectKind::Procedure,
        name: &name,
        if_exists: false,
    };
    match node.action()? {
        ast::AlterProcedureAction::ProcedureRenameTo(to) => target.rename(to.procedure_name().as_ref()),
        ast::AlterProcedureAction::SetSchema(to) => target.set_schema(&to),
        ast::AlterProcedureAction::DependsOnExtension(_)
        | ast::AlterProcedureAction::NoDependsOnExtension(_)
        | ast::AlterProcedureAction::FuncOptionList(_)
        | ast::AlterProcedureAction::OwnerTo(_) => none("ALTER PROCEDURE"),
    }
}

/// `ALTER ROUTINE`.
pub(super) fn alter_routine(cx: &Lower<'_>, node: &ast::AlterRoutine) -> Option<Change> {
    let name = names::object(cx, node.routine_sig()?.routine_name_ref().as_ref())?;
    let target = Target {
        kind: ObjectKind::Routine,
        name: &name,
        if_exists: false,
    };
    match node.action()? {
        ast::AlterRoutineAction::RoutineRenameTo(to) => target.rename(to.routine_name().as_ref()),
        ast::AlterRoutineAction::SetSchema(to) => target.set_schema(&to),
        ast::AlterRoutineAction::DependsOnExtension(_)
        | ast::AlterRoutineAction::NoDependsOnExtension(_)
        | ast::AlterRoutineAction::FuncOptionList(_)
        | ast::AlterRoutineAction::OwnerTo(_) => none("ALTER ROUTINE"),
    }
}

/// `ALTER AGGREGATE`.
pub(super) fn alter_aggregate(cx: &Lower<'_>, node: &ast::AlterAggregate) -> Option<Change> {
    let name = names::object(cx, node.aggregate().as_ref())?;
    let target = Target {
        kind: ObjectKind::Aggregate,
        name: &name,
        if_exists: false,
    };
    match node.action()? {
        ast::AlterAggregateAction::AggregateRenameTo(to) => target.rename(to.aggregate_name().as_ref()),
        ast::AlterAggregateAction::SetSchema(to) => target.set_schema(&to),
        ast::AlterAggregateAction::OwnerTo(_) => none("OWNER TO"),
    }
}
