//! `add_column`, `alter_column`.

use super::arguments::Given;
use super::comments::comment;
use super::drops::{alter, lacking};
use super::tables::{each, place, refused};
use super::{naming, send};
use crate::change::{
    Change, ColumnOption, CommentSub, ConstraintBody, ConstraintSpec, IdentityKind, ObjectName,
    SequenceOptions, TableAction,
};
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::known::{Gap, Reach, Truth};
use crate::name::Name;
use crate::source::Span;
use crate::stacks::alembic::database::Database;
use crate::stacks::sqlalchemy::expression::{self, Scope};
use crate::stacks::sqlalchemy::table::{self, ConstraintKind, TableDef};
use crate::stacks::sqlalchemy::{ddl, terms, types};

const TABLE: &[&str] = &["table_name", "tablename"];

pub(super) fn add_column<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    add(machine, args, at, false)
}

/// Without the constraints and indexes that the column brings.
pub(super) fn add_column_alone<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    add(machine, args, at, true)
}

fn add<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
    alone: bool,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 0, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let Some(column) = given.get(1, &["column"]) else {
        return lacking(machine, "column", at);
    };
    let mut def = TableDef::new(
        Ok(table.name.name.clone()),
        Ok(table.name.schema.clone()),
        table.span,
        at,
    );
    table::add_items(machine, &mut def, std::slice::from_ref(column), &Scope::default());
    let conventions = naming::conventions(machine, at);
    def.finish(machine, &conventions);
    if alone {
        def.constraints.clear();
        def.indexes.clear();
    }
    refused(machine, &def)?;
    let if_not_exists = given.flag(machine, &["if_not_exists"]);
    let schema = place(machine);
    let mut changes = ddl::add_column(&def, if_not_exists, &schema);
    if given.flag(machine, &["inline_primary_key"]) && def.columns.iter().any(|c| c.primary_key == Ok(true)) {
        inline_primary_key(&mut changes, at);
    }
    if given.flag(machine, &["inline_references"]) {
        inline_references(&mut changes);
    }
    each(machine, changes, given.hole.as_ref())
}

/// `PRIMARY KEY` behind the column.
fn inline_primary_key(changes: &mut ddl::Changes, at: Span) {
    if let Some(column) = added(changes) {
        let columns = vec![column.name.clone()];
        column.options.push(ColumnOption::Constraint(ConstraintSpec {
            name: None,
            body: ConstraintBody::PrimaryKey {
                columns,
                include: Vec::new(),
            },
            deferrable: false,
            initially_deferred: false,
            not_valid: false,
            no_inherit: false,
            span: at,
        }));
    }
}

fn added(changes: &mut ddl::Changes) -> Option<&mut crate::change::ColumnSpec> {
    changes.iter_mut().find_map(|(change, _)| match change {
        Change::AlterTable(alter) => alter.actions.iter_mut().find_map(|action| match action {
            TableAction::AddColumn { column, .. } => Some(column),
            _ => None,
        }),
        _ => None,
    })
}

/// One foreign key of one column stands behind the column, without its name.
fn inline_references(changes: &mut ddl::Changes) {
    let is_key = |change: &Change| {
        match change {
        Change::AlterTable(alter) => alter.actions.iter().any(|action| {
            matches!(action, TableAction::AddConstraint(c) if matches!(c.body, ConstraintBody::ForeignKey(_)))
        }),
        _ => false,
    }
    };
    let found: Vec<usize> = (0..)
        .zip(changes.iter())
        .filter(|(_, (c, _))| is_key(c))
        .map(|(i, _)| i)
        .collect();
    let [only] = found.as_slice() else { return };
    let (change, span) = changes.remove(*only);
    let key = match &change {
        Change::AlterTable(alter) => alter.actions.iter().find_map(|action| match action {
            TableAction::AddConstraint(constraint) => Some(constraint.clone()),
            _ => None,
        }),
        _ => None,
    };
    match (key, added(changes)) {
        (Some(key), Some(column)) => {
            column
                .options
                .push(ColumnOption::Constraint(ConstraintSpec { name: None, ..key }));
        }
        _ => changes.insert(*only, (change, span)),
    }
}

/// What `alter_column` is about.
struct Altered<'v, 'a> {
    given: Given<'v, 'a>,
    table: ObjectName,
    column: Name,
    span: Span,
    at: Span,
    /// `public.users.email`.
    printed: String,
}

impl<'a> Altered<'_, 'a> {
    fn send<L: Database<'a>>(&self, machine: &mut Machine<'a, L>, action: TableAction) -> Run<'a, ()> {
        let change = alter(self.table.clone(), action, self.at);
        send(machine, &[change], self.at, self.given.hole.as_ref()).map(|_| ())
    }

    /// One fact of the column is not known any more.
    fn open<L: Database<'a>>(&self, machine: &mut Machine<'a, L>, gap: &Gap, fact: &str) {
        let reach = Reach::Fact(format!("{}: {fact}", self.printed));
        L::open(
            machine,
            Gap::new(gap.at.unwrap_or(self.span), gap.why.clone(), reach),
        );
    }
}

pub(super) fn alter_column<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 0, TABLE, &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let Some((column, span)) = given.name(machine, 1, &["column_name"]) else {
        return lacking(machine, "column_name", at);
    };
    let schema = table
        .name
        .schema
        .as_ref()
        .map_or_else(|| place(machine), ToString::to_string);
    let printed = format!("{schema}.{}.{column}", table.name.name);
    let mut altered = Altered {
        given,
        table,
        column,
        span,
        at,
        printed,
    };
    let ty = altered.given.get(usize::MAX, &["type_"]);
    if ty.is_some() {
        drop_type_checks(machine, &mut altered)?;
    }
    if let Some(ty) = ty {
        set_type(machine, &mut altered, ty)?;
    }
    set_nullable(machine, &mut altered)?;
    set_default(machine, &mut altered)?;
    set_comment(machine, &mut altered)?;
    rename(machine, &mut altered)?;
    if let Some(ty) = ty {
        add_type_checks(machine, &altered, ty)?;
    }
    Ok(Value::None)
}

/// The column with a type, as a table of its own: what the type brings.
fn with_type<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &Altered<'_, 'a>,
    ty: &Argument<'a>,
) -> TableDef<'a> {
    let mut def = TableDef::new(
        Ok(altered.table.name.name.clone()),
        Ok(altered.table.name.schema.clone()),
        altered.table.span,
        altered.at,
    );
    let callee = machine.path("sqlalchemy.Column", altered.at);
    let name = Argument {
        value: Value::text(altered.column.as_str(), altered.span),
        span: altered.span,
    };
    let args = Args {
        positional: vec![name, ty.clone()],
        ..Args::default()
    };
    let column = Argument {
        value: machine.call_term(callee, args, altered.at),
        span: altered.at,
    };
    table::add_items(machine, &mut def, &[column], &Scope::default());
    let conventions = naming::conventions(machine, altered.at);
    def.finish(machine, &conventions);
    def
}

/// The CHECK of the type that the column had.
fn drop_type_checks<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &mut Altered<'_, 'a>,
) -> Run<'a, ()> {
    let Some(ty) = altered.given.get(usize::MAX, &["existing_type"]) else {
        return Ok(());
    };
    let def = with_type(machine, altered, ty);
    for constraint in def
        .constraints
        .iter()
        .filter(|c| matches!(c.kind, ConstraintKind::Check { .. }))
    {
        let name = constraint
            .name
            .clone()
            .ok()
            .and_then(|n| crate::stacks::sqlalchemy::naming::rendered(&n).ok());
        match name.flatten() {
            Some(name) => altered.send(
                machine,
                TableAction::DropConstraint {
                    name: Name::new(&name),
                    if_exists: false,
                    behaviour: crate::change::Behaviour::Restrict,
                    span: ty.span,
                },
            )?,
            None => {
                let message = "Can't emit DROP CONSTRAINT for constraint; it has no name";
                return Err(machine.raise("sqlalchemy.exc.CompileError", message, ty.span));
            }
        }
    }
    Ok(())
}

/// The CHECK of the type that it gets.
fn add_type_checks<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &Altered<'_, 'a>,
    ty: &Argument<'a>,
) -> Run<'a, ()> {
    let def = with_type(machine, altered, ty);
    let schema = place(machine);
    for constraint in def
        .constraints
        .iter()
        .filter(|c| matches!(c.kind, ConstraintKind::Check { .. }))
    {
        let changes = ddl::add_constraint(&altered.table, constraint, &schema);
        each(machine, changes, altered.given.hole.as_ref())?;
    }
    Ok(())
}

fn set_type<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &mut Altered<'_, 'a>,
    ty: &Argument<'a>,
) -> Run<'a, ()> {
    let typed = types::sql_type(machine, &ty.value, ty.span);
    let using = altered.given.get(usize::MAX, &["postgresql_using"]);
    let converts = using.is_some();
    let using = match using {
        None => None,
        Some(argument) => {
            match expression::expr_of(machine, &argument.value, &Scope::default(), argument.span) {
                Ok(expr) => Some(expr),
                Err(gap) => {
                    // It may change what rows hold, and nothing else.
                    machine.note(&gap.reaching(Reach::Rows));
                    None
                }
            }
        }
    };
    match &typed.ty {
        Ok(sql) => altered.send(
            machine,
            TableAction::SetType {
                column: altered.column.clone(),
                ty: sql.clone(),
                collation: typed.collation.clone(),
                is_enum: typed.enumeration.is_some() && !converts,
                using,
                span: ty.span,
            },
        ),
        Err(gap) => {
            altered.open(machine, gap, "type");
            Ok(())
        }
    }
}

fn set_nullable<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &mut Altered<'_, 'a>,
) -> Run<'a, ()> {
    let Some(argument) = altered.given.get(usize::MAX, &["nullable"]) else {
        return Ok(());
    };
    let not_null = match machine.truth(&argument.value, argument.span) {
        Truth::Yes => false,
        Truth::No => true,
        Truth::Unknown(gap) => {
            altered.open(machine, &gap, "nullable");
            return Ok(());
        }
    };
    altered.send(
        machine,
        TableAction::SetNotNull {
            column: altered.column.clone(),
            not_null,
            span: argument.span,
        },
    )
}

/// The options of an `Identity(...)`; `None` for any other value.
fn identity<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    argument: Option<&Argument<'a>>,
) -> Option<terms::Known<(IdentityKind, SequenceOptions)>> {
    let argument = argument?;
    let args = terms::call_of(machine, &argument.value, "Identity")?.clone();
    Some(table::identity(machine, &args, argument.span))
}

fn is_computed<'a, L: Database<'a>>(machine: &Machine<'a, L>, argument: Option<&Argument<'a>>) -> bool {
    argument.is_some_and(|a| terms::call_of(machine, &a.value, "Computed").is_some())
}

fn set_default<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &mut Altered<'_, 'a>,
) -> Run<'a, ()> {
    let Some(argument) = altered.given.raw(usize::MAX, &["server_default"]) else {
        return Ok(());
    };
    if matches!(argument.value, Value::Bool(false)) {
        return Ok(());
    }
    let existing = altered.given.get(usize::MAX, &["existing_server_default"]);
    if is_computed(machine, Some(argument)) || is_computed(machine, existing) {
        let message = "Adding or removing a \"computed\" construct, e.g. GENERATED ALWAYS AS, to or from an existing column is not supported.";
        return Err(machine.raise("sqlalchemy.exc.CompileError", message, argument.span));
    }
    let (new, old) = (identity(machine, Some(argument)), identity(machine, existing));
    if new.is_some() || old.is_some() {
        return set_identity(machine, altered, argument, new, old);
    }
    let default = if matches!(argument.value, Value::None) {
        None
    } else {
        match expression::server_default(machine, argument, &Scope::default()) {
            Ok(default) => default,
            Err(gap) => {
                altered.open(machine, &gap, "default");
                return Ok(());
            }
        }
    };
    altered.send(
        machine,
        TableAction::SetDefault {
            column: altered.column.clone(),
            default,
            span: argument.span,
        },
    )
}

type Identity = terms::Known<(IdentityKind, SequenceOptions)>;

fn set_identity<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &Altered<'_, 'a>,
    argument: &Argument<'a>,
    new: Option<Identity>,
    old: Option<Identity>,
) -> Run<'a, ()> {
    let column = altered.column.clone();
    let span = argument.span;
    match (new, old) {
        (None, _) => {
            let action = TableAction::DropIdentity {
                column,
                if_exists: false,
                span,
            };
            altered.send(machine, action)
        }
        (Some(Ok((kind, options))), None) => {
            let action = TableAction::AddIdentity {
                column,
                kind,
                options,
                span,
            };
            altered.send(machine, action)
        }
        (Some(Ok((kind, options))), Some(Ok((old_kind, old)))) => {
            let action = TableAction::SetIdentity {
                column,
                kind: (kind != old_kind).then_some(kind),
                options: differing(options, &old),
                span,
            };
            altered.send(machine, action)
        }
        (Some(Err(gap)), _) | (_, Some(Err(gap))) => {
            altered.open(machine, &gap, "identity");
            Ok(())
        }
    }
}

/// What Alembic sets: options that differ (`_compare_identity_options`).
fn differing(new: SequenceOptions, old: &SequenceOptions) -> SequenceOptions {
    SequenceOptions {
        start: new.start.filter(|_| new.start != old.start),
        increment: new.increment.filter(|_| new.increment != old.increment),
        min: new.min.filter(|_| new.min != old.min),
        max: new.max.filter(|_| new.max != old.max),
        cache: new.cache.filter(|_| new.cache != old.cache),
        cycle: new.cycle.filter(|_| new.cycle != old.cycle),
        ..SequenceOptions::default()
    }
}

fn set_comment<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    altered: &mut Altered<'_, 'a>,
) -> Run<'a, ()> {
    let Some(argument) = altered.given.raw(usize::MAX, &["comment"]) else {
        return Ok(());
    };
    let text = match &argument.value {
        Value::Bool(false) => return Ok(()),
        Value::None => None,
        value => match terms::text(machine, value, argument.span) {
            Ok(text) => Some(text),
            Err(gap) => {
                altered.open(machine, &gap, "comment");
                return Ok(());
            }
        },
    };
    let sub = CommentSub::Column(altered.column.clone());
    let change = comment(altered.table.clone(), sub, text.as_ref().map(|t| t.as_str()));
    send(machine, &[change], altered.at, altered.given.hole.as_ref()).map(|_| ())
}

fn rename<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, altered: &mut Altered<'_, 'a>) -> Run<'a, ()> {
    let Some((to, span)) = altered
        .given
        .name(machine, usize::MAX, &["new_column_name", "name"])
    else {
        return Ok(());
    };
    let from = altered.column.clone();
    altered.send(machine, TableAction::RenameColumn { from, to, span })
}
