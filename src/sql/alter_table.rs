//! Lowers ALTER TABLE, and what ALTER VIEW, MATERIALIZED VIEW and FOREIGN TABLE share with it.

use super::source::Lower;
use super::{column, constraint, expr, names, objects, sequence, sqltype, table};
use crate::change::{AlterTable, Behaviour, Change, ObjectKind, ObjectName, SequenceOptions, TableAction};
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::source::Span;
use crate::syntax::pg::ast;

/// A relation that is altered.
struct Relation<'a> {
    cx: &'a Lower<'a>,
    kind: ObjectKind,
    name: ObjectName,
    if_exists: bool,
    only: bool,
    span: Span,
}

/// `ALTER TABLE`.
pub(super) fn alter(cx: &Lower<'_>, node: &ast::AlterTable) -> Option<Change> {
    if node.all_in_tablespace().is_some() {
        return Some(Change::NoSchemaEffect("SET TABLESPACE"));
    }
    let relation = node.table_relation_name()?;
    let relation = Relation {
        cx,
        kind: ObjectKind::Table,
        name: names::object(cx, Some(&relation))?,
        if_exists: node.if_exists().is_some(),
        only: relation.only_token().is_some(),
        span: cx.span(node),
    };
    relation.run(node.actions())
}

/// `ALTER FOREIGN TABLE`.
pub(super) fn alter_foreign(cx: &Lower<'_>, node: &ast::AlterForeignTable) -> Option<Change> {
    let relation = node.table_relation_name()?;
    let relation = Relation {
        cx,
        kind: ObjectKind::ForeignTable,
        name: names::object(cx, Some(&relation))?,
        if_exists: node.if_exists().is_some(),
        only: relation.only_token().is_some(),
        span: cx.span(node),
    };
    relation.run(node.actions())
}

/// `ALTER VIEW`.
pub(super) fn alter_view(cx: &Lower<'_>, node: &ast::AlterView) -> Option<Change> {
    let relation = Relation {
        cx,
        kind: ObjectKind::View,
        name: names::object(cx, node.view_ref().as_ref())?,
        if_exists: node.if_exists().is_some(),
        only: false,
        span: cx.span(node),
    };
    let action = match node.action()? {
        ast::AlterViewAction::AlterViewColumn(action) => {
            let column = names::name_of(action.name().as_ref())?;
            let span = cx.span(&action);
            let default = match action.alter_view_column_action()? {
                ast::AlterViewColumnAction::SetDefault(set) => Some(expr::expr(cx, &set.expr()?)),
                ast::AlterViewColumnAction::DropDefault(_) => None,
            };
            TableAction::SetDefault {
                column,
                default,
                span,
            }
        }
        ast::AlterViewAction::RenameColumn(rename) => rename_column(cx, &rename)?,
        ast::AlterViewAction::OwnerTo(_) => TableAction::NoSchemaEffect("OWNER TO"),
        ast::AlterViewAction::SetOptions(_) | ast::AlterViewAction::ResetOptions(_) => {
            TableAction::NoSchemaEffect("SET (...)")
        }
        ast::AlterViewAction::SetSchema(to) => return relation.target().set_schema(&to),
        ast::AlterViewAction::ViewRenameTo(to) => return relation.target().rename(to.view().as_ref()),
    };
    relation.change(vec![action])
}

/// `ALTER MATERIALIZED VIEW`.
pub(super) fn alter_materialized_view(cx: &Lower<'_>, node: &ast::AlterMaterializedView) -> Option<Change> {
    if node.all_in_tablespace().is_some() {
        return Some(Change::NoSchemaEffect("SET TABLESPACE"));
    }
    let relation = Relation {
        cx,
        kind: ObjectKind::MaterializedView,
        name: names::object(cx, node.view_ref().as_ref())?,
        if_exists: node.if_exists().is_some(),
        only: false,
        span: cx.span(node),
    };
    let mut actions = Vec::new();
    for action in node.action() {
        actions.push(match action {
            ast::AlterMaterializedViewAction::ViewRenameTo(to) => {
                return relation.target().rename(to.view().as_ref());
            }
            ast::AlterMaterializedViewAction::SetSchema(to) => return relation.target().set_schema(&to),
            ast::AlterMaterializedViewAction::RenameColumn(rename) => rename_column(cx, &rename)?,
            ast::AlterMaterializedViewAction::DependsOnExtension(_)
            | ast::AlterMaterializedViewAction::NoDependsOnExtension(_) => {
                TableAction::NoSchemaEffect("DEPENDS ON EXTENSION")
            }
            ast::AlterMaterializedViewAction::AlterTableAction(action) => match relation.whole(&action) {
                Some(change) => return Some(change),
                None => relation.action(&action),
            },
        });
    }
    relation.change(actions)
}

impl Relation<'_> {
    fn target(&self) -> objects::Target<'_> {
        objects::Target {
            kind: self.kind,
            name: &self.name,
            if_exists: self.if_exists,
        }
    }

    fn run(self, actions: impl Iterator<Item = ast::AlterTableAction>) -> Option<Change> {
        let mut out = Vec::new();
        for action in actions {
            if let Some(change) = self.whole(&action) {
                return Some(change);
            }
            out.push(self.action(&action));
        }
        self.change(out)
    }

    fn change(self, actions: Vec<TableAction>) -> Option<Change> {
        if actions.is_empty() {
            return None;
        }
        Some(Change::AlterTable(Box::new(AlterTable {
            kind: self.kind,
            name: self.name,
            if_exists: self.if_exists,
            only: self.only,
            actions,
            span: self.span,
        })))
    }

    /// `RENAME TO` and `SET SCHEMA`, which stand alone.
    fn whole(&self, action: &ast::AlterTableAction) -> Option<Change> {
        match action {
            ast::AlterTableAction::TableRenameTo(to) => self.target().rename(to.table_name().as_ref()),
            ast::AlterTableAction::SetSchema(to) => self.target().set_schema(to),
            _ => None,
        }
    }

    /// An action that cannot be read is a gap of its own; the others are still true.
    fn action(&self, action: &ast::AlterTableAction) -> TableAction {
        lower(self.cx, action).unwrap_or_else(|| {
            let reach = Reach::Object(self.name.name.to_string());
            TableAction::Opaque(Gap::new(self.cx.span(action), "this could not be read", reach))
        })
    }
}

fn behaviour(node: Option<&ast::DropBehavior>) -> Behaviour {
    objects::behaviour(node)
}

fn lower(cx: &Lower<'_>, action: &ast::AlterTableAction) -> Option<TableAction> {
    use ast::AlterTableAction as Action;
    let span = cx.span(action);
    Some(match action {
        Action::AddColumn(add) => TableAction::AddColumn {
            column: column::added(cx, add)?,
            if_not_exists: add.if_not_exists().is_some(),
        },
        Action::DropColumn(drop) => TableAction::DropColumn {
            name: names::name_of(drop.column_name_ref().as_ref())?,
            if_exists: drop.if_exists().is_some(),
            behaviour: behaviour(drop.drop_behavior().as_ref()),
            span,
        },
        Action::RenameColumn(rename) => rename_column(cx, rename)?,
        Action::AlterColumn(alter) => {
            let column = names::name_of(alter.column_name_ref().as_ref())?;
            alter_column(cx, column, &alter.option()?, span)?
        }
        Action::AddConstraint(add) => {
            TableAction::AddConstraint(constraint::constraint(cx, &add.constraint()?, None)?)
        }
        Action::AlterConstraint(alter) => {
            let options = constraint::Options::read(alter.constraint_options());
            if options.other || options.contradict() {
                return None;
            }
            TableAction::AlterConstraint {
                name: names::qualified_of(alter.constraint_name_ref().as_ref())?.name,
                deferrable: options.deferrable,
                initially_deferred: options.initially_deferred,
                span,
            }
        }
        Action::ValidateConstraint(validate) => TableAction::ValidateConstraint {
            name: names::qualified_of(validate.constraint_name_ref().as_ref())?.name,
            span,
        },
        Action::DropConstraint(drop) => TableAction::DropConstraint {
            name: names::qualified_of(drop.constraint_name_ref().as_ref())?.name,
            if_exists: drop.if_exists().is_some(),
            behaviour: behaviour(drop.drop_behavior().as_ref()),
            span,
        },
        Action::RenameConstraint(rename) => TableAction::RenameConstraint {
            from: names::qualified_of(rename.constraint_name_ref().as_ref())?.name,
            to: names::name_of(rename.constraint_name().as_ref())?,
            span,
        },
        Action::InheritTable(inherit) => TableAction::Inherit {
            parent: names::object(cx, inherit.table_name_ref().as_ref())?,
            inherit: true,
        },
        Action::NoInheritTable(inherit) => TableAction::Inherit {
            parent: names::object(cx, inherit.table_name_ref().as_ref())?,
            inherit: false,
        },
        Action::AttachPartition(attach) => TableAction::AttachPartition {
            child: names::object(cx, attach.table_name_ref().as_ref())?,
            bound: table::bound(cx, &attach.partition_type()?),
        },
        Action::DetachPartition(detach) => TableAction::DetachPartition {
            child: names::object(cx, detach.table_name_ref().as_ref())?,
        },
        Action::OfType(of) => TableAction::OfType(Some(names::object(cx, of.ty().as_ref())?)),
        Action::NotOf(_) => TableAction::OfType(None),
        Action::EnableTrigger(_)
        | Action::EnableAlwaysTrigger(_)
        | Action::EnableReplicaTrigger(_)
        | Action::DisableTrigger(_) => TableAction::NoSchemaEffect("TRIGGER"),
        Action::EnableRule(_)
        | Action::EnableAlwaysRule(_)
        | Action::EnableReplicaRule(_)
        | Action::DisableRule(_) => TableAction::NoSchemaEffect("RULE"),
        Action::EnableRls(_) | Action::DisableRls(_) | Action::ForceRls(_) | Action::NoForceRls(_) => {
            TableAction::NoSchemaEffect("ROW LEVEL SECURITY")
        }
        Action::OwnerTo(_) => TableAction::NoSchemaEffect("OWNER TO"),
        Action::ClusterOn(_) | Action::SetWithoutCluster(_) => TableAction::NoSchemaEffect("CLUSTER"),
        Action::ReplicaIdentity(_) => TableAction::NoSchemaEffect("REPLICA IDENTITY"),
        Action::SetOptions(_) | Action::ResetOptions(_) | Action::AlterOptionList(_) => {
            TableAction::NoSchemaEffect("SET (...)")
        }
        Action::SetTablespace(_) => TableAction::NoSchemaEffect("SET TABLESPACE"),
        Action::SetAccessMethod(_) => TableAction::NoSchemaEffect("SET ACCESS METHOD"),
        Action::SetLogged(set) => TableAction::SetLogged {
            logged: true,
            span: cx.span(set),
        },
        Action::SetUnlogged(set) => TableAction::SetLogged {
            logged: false,
            span: cx.span(set),
        },
        Action::SetWithoutOids(_) => TableAction::NoSchemaEffect("SET WITHOUT OIDS"),
        Action::MergePartitions(_)
        | Action::SplitPartition(_)
        | Action::OptionItemList(_)
        | Action::SetSchema(_)
        | Action::TableRenameTo(_) => return None,
    })
}

fn rename_column(cx: &Lower<'_>, rename: &ast::RenameColumn) -> Option<TableAction> {
    Some(TableAction::RenameColumn {
        from: names::name_of(rename.column_name_ref().as_ref())?,
        to: names::name_of(rename.column_name().as_ref())?,
        span: cx.span(rename),
    })
}

fn alter_column(
    cx: &Lower<'_>,
    column: Name,
    option: &ast::AlterColumnOption,
    span: Span,
) -> Option<TableAction> {
    use ast::AlterColumnOption as Option_;
    Some(match option {
        Option_::SetType(set) => set_type(cx, column, set, span)?,
        Option_::SetDefault(set) => TableAction::SetDefault {
            column,
            default: Some(expr::expr(cx, &set.expr()?)),
            span,
        },
        Option_::DropDefault(_) => TableAction::SetDefault {
            column,
            default: None,
            span,
        },
        Option_::SetNotNull(_) | Option_::DropNotNull(_) => TableAction::SetNotNull {
            column,
            not_null: matches!(option, Option_::SetNotNull(_)),
            span,
        },
        Option_::AddGenerated(add) => TableAction::AddIdentity {
            column,
            kind: column::identity_kind(&add.generated_when()?),
            options: sequence::listed(cx, add.sequence_option_list().as_ref())?,
            span,
        },
        Option_::SetGenerated(set) => TableAction::SetIdentity {
            column,
            kind: Some(column::identity_kind(&set.generated_when()?)),
            options: SequenceOptions::default(),
            span,
        },
        Option_::SetGeneratedOptions(list) => set_identity(cx, column, list.set_generated_options(), span)?,
        Option_::SetSequenceOption(set) => {
            let one = ast::SetGeneratedOption::SetSequenceOption(set.clone());
            set_identity(cx, column, std::iter::once(one), span)?
        }
        Option_::Restart(_) => TableAction::SetIdentity {
            column,
            kind: None,
            options: SequenceOptions::default(),
            span,
        },
        Option_::DropIdentity(drop) => TableAction::DropIdentity {
            column,
            if_exists: drop.if_exists().is_some(),
            span,
        },
        Option_::SetExpression(set) => TableAction::SetExpression {
            column,
            expr: expr::expr(cx, &set.expr()?),
            span,
        },
        Option_::DropExpression(drop) => TableAction::DropExpression {
            column,
            if_exists: drop.if_exists().is_some(),
            span,
        },
        Option_::SetOptions(_)
        | Option_::ResetOptions(_)
        | Option_::SetOptionsList(_)
        | Option_::SetStatistics(_)
        | Option_::SetStorage(_)
        | Option_::SetCompression(_) => TableAction::TouchColumn { column, span },
        Option_::Inherit(_) | Option_::NoInherit(_) => return None,
    })
}

fn set_type(cx: &Lower<'_>, column: Name, set: &ast::SetType, span: Span) -> Option<TableAction> {
    let (ty, serial) = sqltype::sql_type(cx, &set.ty()?)?;
    let using = match set.using_expr() {
        Some(using) => Some(expr::expr(cx, &using.expr()?)),
        None => None,
    };
    let collation = set
        .collate()
        .and_then(|collate| names::qualified_of(collate.collation_ref().as_ref()));
    // The server knows `serial` only where a column is defined.
    if serial.is_some() {
        return None;
    }
    Some(TableAction::SetType {
        column,
        ty,
        collation,
        using,
        is_enum: false,
        span,
    })
}

fn set_identity(
    cx: &Lower<'_>,
    column: Name,
    list: impl Iterator<Item = ast::SetGeneratedOption>,
    span: Span,
) -> Option<TableAction> {
    let mut kind = None;
    let mut options = SequenceOptions::default();
    for option in list {
        match option {
            ast::SetGeneratedOption::SetGenerated(set) => {
                kind = Some(column::identity_kind(&set.generated_when()?))
            }
            ast::SetGeneratedOption::SetSequenceOption(set) => {
                sequence::apply(cx, &mut options, &set.sequence_option()?)?;
            }
            ast::SetGeneratedOption::Restart(_) => {}
        }
    }
    Some(TableAction::SetIdentity {
        column,
        kind,
        options,
        span,
    })
}
