//! Elements of DDL and methods that run them: `CreateTable(table)`, `table.create(bind)`, `metadata.create_all(bind)`,
//! `enum.create(bind)`.
//!
//! Source: `SchemaGenerator`, `SchemaDropper` (`sqlalchemy/sql/ddl.py`), `NamedType` (`sqlalchemy/dialects/postgresql`).

pub(in crate::stacks::alembic) use super::deeds::hear;
use super::order::{refers_within, sorted, types_of_references};
use super::{Statement, declared, deeds};
use crate::change::{Behaviour, Change, ObjectKind, ObjectName, Question};
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::known::{Gap, Reach, Truth};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::alembic::operations::{naming, send_each, tables};
use crate::stacks::alembic::surroundings;
use crate::stacks::sqlalchemy::creation::{self, Event};
use crate::stacks::sqlalchemy::ddl::{self, Making, Memo};
use crate::stacks::sqlalchemy::expression::Scope;
use crate::stacks::sqlalchemy::metadata;
use crate::stacks::sqlalchemy::table::{self, Conventions, TableDef};
use crate::stacks::sqlalchemy::terms::{self, Member};
use crate::stacks::sqlalchemy::types::{self, EnumDef};

/// Tables that one `create_all` makes.
const MAX_TABLES: usize = 5_000;

/// An element of DDL as a statement; `None` for any other member.
pub(super) fn element<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    member: &Member,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Statement<'a>>> {
    let place = tables::place(machine);
    let if_exists = terms::flag(args, "if_exists", false).unwrap_or(false);
    let if_not_exists = terms::flag(args, "if_not_exists", false).unwrap_or(false);
    let subject = args
        .positional
        .first()
        .or_else(|| args.keyword("element"))
        .cloned();
    let changes: ddl::Changes = match member.name() {
        "CreateSequence" => {
            let def = table::sequence(machine, &subject?.value, at)?;
            ddl::create_sequence(&def, if_not_exists, &place)
        }
        "DropSequence" => {
            let def = table::sequence(machine, &subject?.value, at)?;
            let name = ObjectName {
                name: def.name.ok()?,
                span: at,
            };
            vec![(ddl::drop(ObjectKind::Sequence, name, if_exists), at)]
        }
        "CreateSchema" | "DropSchema" => {
            let argument = subject?;
            let name = terms::text(machine, &argument.value, argument.span).ok()?;
            let name = Name::new(name.as_str());
            let cascade = terms::flag(args, "cascade", false).unwrap_or(false);
            let change = if member.name() == "CreateSchema" {
                Change::CreateSchema {
                    name,
                    if_not_exists,
                    span: argument.span,
                }
            } else {
                Change::Drop {
                    kind: ObjectKind::Schema,
                    names: vec![ObjectName {
                        name: QualifiedName::bare(name),
                        span: argument.span,
                    }],
                    if_exists,
                    behaviour: if cascade {
                        Behaviour::Cascade
                    } else {
                        Behaviour::Restrict
                    },
                    routines: Vec::new(),
                }
            };
            vec![(change, at)]
        }
        "CreateTable" => {
            let def = table_of(machine, &subject?.value, at)?;
            let making = Making {
                schema: &place,
                if_not_exists,
                whole: false,
            };
            let mut changes = ddl::create_table(&def, &making);
            // The element is the table alone.
            changes
                .retain(|(change, _)| !matches!(change, Change::CreateIndex(_) | Change::CommentOn { .. }));
            changes
        }
        "DropTable" => {
            let def = table_of(machine, &subject?.value, at)?;
            vec![(ddl::drop(ObjectKind::Table, object(&def)?, if_exists), at)]
        }
        _ => return None,
    };
    Some(Ok(Statement::Changes(
        changes
            .into_iter()
            .map(|(change, span)| (vec![change], span))
            .collect(),
    )))
}

/// A statement that a companion library makes.
pub(super) fn of_package<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    member: &Member,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Statement<'a>>> {
    match (member.package(), member.name()) {
        // `compile_drop_materialized_view` (`sqlalchemy_utils/view.py`, 0.43): the whole name is quoted as one.
        ("sqlalchemy_utils", "DropView") => {
            let argument = args.get(0, "name")?;
            let name = terms::text(machine, &argument.value, argument.span).ok()?;
            let flag = |at: usize, name: &str, without: bool| {
                let given = args.get(at, name).map(|a| a.value.clone());
                match given {
                    None if args.open.is_none() => Some(without),
                    Some(Value::Bool(given)) => Some(given),
                    _ => None,
                }
            };
            let kind = if flag(1, "materialized", false)? {
                ObjectKind::MaterializedView
            } else {
                ObjectKind::View
            };
            let drop = Change::Drop {
                kind,
                names: vec![ObjectName {
                    name: QualifiedName::bare(Name::new(name.as_str())),
                    span: argument.span,
                }],
                if_exists: true,
                behaviour: if flag(2, "cascade", true)? {
                    Behaviour::Cascade
                } else {
                    Behaviour::Restrict
                },
                routines: Vec::new(),
            };
            Some(Ok(Statement::Changes(vec![(vec![drop], at)])))
        }
        // Functions and triggers.
        (
            "sqlalchemy_searchable",
            "CreateSearchFunctionSQL"
            | "CreateSearchTriggerSQL"
            | "DropSearchFunctionSQL"
            | "DropSearchTriggerSQL",
        ) => Some(Ok(Statement::Changes(Vec::new()))),
        _ => None,
    }
}

/// The table that a value is; `None` where it is none that is written out.
fn table_of<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Option<TableDef<'a>> {
    if let Some(class) = declared::class_of_table(value) {
        return declared::of_class(machine, class);
    }
    let args = terms::call_of(machine, value, "Table")?.clone();
    if args.keyword("autoload_with").is_some() || args.keyword("autoload").is_some() {
        return None;
    }
    let span = terms::span_of(value).unwrap_or(at);
    let mut args = args;
    if let Value::Term(term) = value {
        let all = machine.library.kept().appended.iter();
        let own = all.filter(|(table, _)| *table == term.id);
        args.positional.extend(own.map(|(_, argument)| argument.clone()));
    }
    let mut def = table::table(machine, &args, 2, &Scope::default(), span);
    let metadata = args.get(1, "metadata").map(|a| a.value.clone());
    let conventions = match metadata {
        Some(given) => {
            // A table without a schema of its own has the metadata's.
            if def.schema == Ok(None) {
                def.schema = metadata::settings(machine, Some(&given), at).1;
            }
            conventions_of(machine, &given, at)
        }
        None => Conventions::default(),
    };
    def.finish(machine, &conventions);
    let makings = surroundings::of_all(machine);
    hear(&mut def, &makings);
    Some(def)
}

fn conventions_of<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    metadata: &Value<'a>,
    at: Span,
) -> Conventions<'a> {
    if let Some(args) = terms::call_of(machine, metadata, "MetaData") {
        let convention = args.keyword("naming_convention").map(|a| a.value.clone());
        return match convention {
            Some(convention) => Conventions::read(machine, &convention, at),
            None => Conventions::default(),
        };
    }
    match machine.attribute_if_any(metadata, "naming_convention", at) {
        Ok(Some(convention)) if machine.dict_items(&convention).is_some() => {
            Conventions::read(machine, &convention, at)
        }
        _ => naming::conventions(machine, at),
    }
}

fn object(def: &TableDef<'_>) -> Option<ObjectName> {
    Some(ObjectName {
        name: def.qualified().ok()?,
        span: def.name_span,
    })
}

/// Makes a table that `op.create_table` was given: the enums first that this run of migrations has not made yet.
pub(in crate::stacks::alembic) fn make_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    def: &TableDef<'a>,
    making: &Making<'_>,
    on: Connection,
) -> Run<'a, ()> {
    let mut memo = machine.library.kept().enums.clone();
    let enums: Vec<_> = ddl::enums_of_table(def, &mut memo)
        .into_iter()
        .map(|e| match creation::renames_types(def) {
            Some(gap) => Err(gap.clone()),
            None => e.cloned(),
        })
        .collect();
    machine.library.kept().enums = memo;
    for made in enums {
        match made {
            Ok(def) if def.where_missing() => create_enum(machine, &def, true, true, on)?,
            Ok(def) => {
                let changes = ddl::enum_create(&def, making.schema);
                send_each(machine, &changes, None, on)?;
            }
            Err(gap) => L::open(machine, gap.reaching(Reach::Namespace(making.schema.to_owned()))),
        }
    }
    deeds::run(machine, &def.deeds, Event::BeforeCreate, Some(def), on)?;
    let changes = ddl::create_table(def, making);
    send_each(machine, &changes, None, on)?;
    deeds::run(machine, &def.deeds, Event::AfterCreate, Some(def), on)
}

/// Whether an enum type is there.
fn has_enum<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, def: &EnumDef) -> Truth {
    match &def.name {
        Ok(name) => L::ask(machine, &Question::Exists(ObjectKind::Type, name.clone())),
        Err(gap) => Truth::Unknown(gap.clone()),
    }
}

fn has_table<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, def: &TableDef<'a>) -> Truth {
    match def.qualified() {
        Ok(name) => L::ask(machine, &Question::Exists(ObjectKind::Table, name)),
        Err(gap) => Truth::Unknown(gap),
    }
}

/// Runs something where a condition holds; on a copy of the world where that cannot be told.
fn only_if<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    truth: Truth,
    run: impl FnOnce(&mut Machine<'a, L>) -> Run<'a, ()>,
) -> Run<'a, ()> {
    match truth {
        Truth::Yes => run(machine),
        Truth::No => Ok(()),
        Truth::Unknown(gap) => machine
            .perhaps(&gap, Value::None, |machine| run(machine).map(|()| Value::None))
            .map(|_| ()),
    }
}

fn not(truth: Truth) -> Truth {
    match truth {
        Truth::Yes => Truth::No,
        Truth::No => Truth::Yes,
        unknown @ Truth::Unknown(_) => unknown,
    }
}

/// `checkfirst=`, as a truth that is asked for.
fn checkfirst<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    position: usize,
    default: bool,
) -> bool {
    match args.get(position, "checkfirst") {
        None => default,
        Some(argument) => machine.truth(&argument.value, argument.span) != Truth::No,
    }
}

/// `object.create(bind)`, `object.drop(bind)` of a table, an enum, an index, a sequence; `None` for anything else.
pub(in crate::stacks::alembic) fn create_or_drop<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    create: bool,
    args: &Args<'a>,
    on: Connection,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let place = tables::place(machine);
    if let Some(def) = table_of(machine, object, at) {
        let check = checkfirst(machine, args, 1, false);
        return Some(
            if create {
                create_table(machine, &def, check, &mut Memo::default(), on)
            } else {
                drop_table(machine, &def, check, true, on)
            }
            .map(|()| Value::None),
        );
    }
    if let Some(def) = table::sequence(machine, object, at) {
        let check = checkfirst(machine, args, 1, true);
        let truth = match &def.name {
            Ok(name) if check => L::ask(machine, &Question::Exists(ObjectKind::Sequence, name.clone())),
            Ok(_) if create => Truth::No,
            Ok(_) => Truth::Yes,
            Err(gap) => Truth::Unknown(gap.clone()),
        };
        let truth = if create { not(truth) } else { truth };
        let changes = match (create, &def.name) {
            (true, _) => ddl::create_sequence(&def, false, &place),
            (false, Ok(name)) => {
                let name = ObjectName {
                    name: name.clone(),
                    span: at,
                };
                vec![(ddl::drop(ObjectKind::Sequence, name, false), at)]
            }
            (false, Err(gap)) => vec![(Change::Opaque(gap.reaching(Reach::Namespace(place))), at)],
        };
        let run = only_if(machine, truth, |machine| send_each(machine, &changes, None, on));
        return Some(run.map(|()| Value::None));
    }
    if types::is_type(machine, object) {
        let def = types::sql_type(machine, object, at).enumeration?;
        let check = checkfirst(machine, args, 1, true);
        return Some(create_enum(machine, &def, create, check, on).map(|()| Value::None));
    }
    None
}

/// `enum.create(bind, checkfirst)` and `drop`.
fn create_enum<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    def: &EnumDef,
    create: bool,
    check: bool,
    on: Connection,
) -> Run<'a, ()> {
    let place = tables::place(machine);
    let there = if check { Some(has_enum(machine, def)) } else { None };
    let (truth, changes) = if create {
        (there.map_or(Truth::Yes, not), ddl::enum_create(def, &place))
    } else {
        (there.unwrap_or(Truth::Yes), ddl::enum_drop(def, &place))
    };
    only_if(machine, truth, |machine| send_each(machine, &changes, None, on))
}

/// `table.create(bind, checkfirst)`, also as one of `create_all`.
fn create_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    def: &TableDef<'a>,
    check: bool,
    memo: &mut Memo,
    on: Connection,
) -> Run<'a, ()> {
    let place = tables::place(machine);
    let truth = if check {
        not(has_table(machine, def))
    } else {
        Truth::Yes
    };
    let enums: Vec<EnumDef> = def
        .columns
        .iter()
        .flat_map(|column| column.enums().cloned())
        .filter(|e| (check || !e.metadata) && (e.create_type != Ok(false) || e.general))
        .filter(|e| e.name.as_ref().map_or(true, |name| memo.note(name)))
        .map(|e| match creation::renames_types(def) {
            Some(gap) => EnumDef {
                name: Err(gap.clone()),
                ..e
            },
            None => e,
        })
        .collect();
    let sequences: Vec<_> = def
        .columns
        .iter()
        .filter_map(|c| c.sequence.clone())
        .filter(|s| !s.optional)
        .collect();
    only_if(machine, truth, |machine| {
        deeds::run(machine, &def.deeds, Event::BeforeCreate, Some(def), on)?;
        for def in &enums {
            create_enum(machine, def, true, check || def.where_missing(), on)?;
        }
        for sequence in &sequences {
            let there = match &sequence.name {
                Ok(name) if check => not(L::ask(
                    machine,
                    &Question::Exists(ObjectKind::Sequence, name.clone()),
                )),
                _ => Truth::Yes,
            };
            let changes = ddl::create_sequence(sequence, false, &place);
            only_if(machine, there, |machine| send_each(machine, &changes, None, on))?;
        }
        let making = Making {
            schema: &place,
            if_not_exists: false,
            whole: true,
        };
        let changes = ddl::create_table(def, &making);
        send_each(machine, &changes, None, on)?;
        deeds::run(machine, &def.deeds, Event::AfterCreate, Some(def), on)
    })
}

fn drop_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    def: &TableDef<'a>,
    check: bool,
    alone: bool,
    on: Connection,
) -> Run<'a, ()> {
    let truth = if check {
        has_table(machine, def)
    } else {
        Truth::Yes
    };
    let Some(name) = object(def) else {
        let gap = Gap::new(def.span, "which table is dropped", Reach::Everything);
        L::open(machine, gap);
        return Ok(());
    };
    let enums: Vec<EnumDef> = def
        .columns
        .iter()
        .flat_map(|column| column.enums().cloned())
        .filter(|e| alone && !e.metadata && e.create_type != Ok(false))
        .collect();
    let span = def.span;
    only_if(machine, truth, |machine| {
        deeds::run(machine, &def.deeds, Event::BeforeDrop, Some(def), on)?;
        let changes = vec![(ddl::drop(ObjectKind::Table, name, false), span)];
        send_each(machine, &changes, None, on)?;
        deeds::run(machine, &def.deeds, Event::AfterDrop, Some(def), on)?;
        for def in &enums {
            create_enum(machine, def, false, check, on)?;
        }
        Ok(())
    })
}

/// `metadata.create_all(bind, tables, checkfirst)` and `drop_all`.
pub(in crate::stacks::alembic) fn create_or_drop_all<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    metadata: &Value<'a>,
    create: bool,
    args: &Args<'a>,
    on: Connection,
    at: Span,
) -> Run<'a, Value<'a>> {
    let check = checkfirst(machine, args, 2, true);
    let listed = args
        .get(1, "tables")
        .cloned()
        .filter(|a| !matches!(a.value, Value::None));
    let mut defs = Vec::new();
    let mut unsure = None;
    let values = match &listed {
        Some(argument) => machine.items(&argument.value, argument.span)?,
        None => {
            // Tables that calls make are known here; those of classes, and of a base's metadata, are read.
            let calls = terms::call_of(machine, metadata, "MetaData").is_some();
            let read = match calls && machine.classes().is_empty() {
                true => Ok((Vec::new(), None)),
                false => declared::of_metadata(machine, metadata, calls, at),
            };
            read.and_then(|(found, others)| {
                // Which tables are dropped must be known of all.
                if let Some(gap) = others.as_ref().filter(|_| !create) {
                    return Err(gap.clone());
                }
                (defs, unsure) = (found, others);
                match calls {
                    true => tables_of(machine, metadata, at),
                    false => Ok(Vec::new()),
                }
            })
        }
    };
    let values = values.and_then(|values| {
        for value in values.iter().take(MAX_TABLES) {
            match table_of(machine, value, at) {
                Some(def) => defs.push(def),
                None => return Err(machine.gap(at, "a table whose columns are not written out here")),
            }
        }
        Ok(())
    });
    if let Err(gap) = values {
        let reach = if create {
            Reach::Namespace(tables::place(machine))
        } else {
            Reach::Everything
        };
        L::open(machine, Gap::new(at, gap.why.clone(), reach));
        machine.may_raise(None, &gap, at);
        return Ok(Value::None);
    }
    let mut defs = sorted(defs);
    types_of_references(&mut defs);
    // Types belong to the metadata: those of all its tables are made before any table, and dropped behind all.
    let others = match listed.is_some() && !machine.classes().is_empty() {
        true => declared::of_metadata(machine, metadata, true, at),
        false => Ok((Vec::new(), None)),
    };
    let (others, untold) = others.unwrap_or_else(|gap| (Vec::new(), Some(gap)));
    let unsure = unsure.or(untold);
    let enums: Vec<EnumDef> = defs
        .iter()
        .chain(&others)
        .flat_map(|def| &def.columns)
        .flat_map(|column| column.enums().cloned())
        .filter(|e| (check || !e.metadata) && (e.create_type != Ok(false) || e.general))
        .collect();
    let mut memo = Memo::default();
    let made = creation::of_metadata(&surroundings::of_all(machine));
    if create {
        deeds::run(machine, &made, Event::BeforeCreate, None, on)?;
        for def in &enums {
            if def.name.as_ref().map_or(true, |name| memo.note(name)) {
                create_enum(machine, def, true, check || def.where_missing(), on)?;
            }
        }
        // What may be made besides takes nothing from these, but what they refer to.
        let (inside, reaching): (Vec<_>, Vec<_>) = defs.iter().partition(|def| refers_within(def, &defs));
        for def in inside {
            create_table(machine, def, check, &mut memo, on)?;
        }
        if let Some(gap) = unsure {
            L::open(machine, gap.reaching(Reach::Others(tables::place(machine))));
        }
        for def in reaching {
            create_table(machine, def, check, &mut memo, on)?;
        }
        deeds::run(machine, &made, Event::AfterCreate, None, on)?;
    } else {
        deeds::run(machine, &made, Event::BeforeDrop, None, on)?;
        if let Some(gap) = unsure {
            L::open(machine, gap.reaching(Reach::Namespace(tables::place(machine))));
        }
        for def in defs.iter().rev() {
            drop_table(machine, def, check, false, on)?;
        }
        for def in &enums {
            if def.name.as_ref().map_or(true, |name| memo.note(name)) {
                create_enum(machine, def, false, check, on)?;
            }
        }
        deeds::run(machine, &made, Event::AfterDrop, None, on)?;
    }
    Ok(Value::None)
}

/// The tables that were made with a metadata of the migration.
fn tables_of<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    metadata: &Value<'a>,
    at: Span,
) -> Result<Vec<Value<'a>>, Gap> {
    let id = match metadata {
        Value::Term(term) if terms::call_of(machine, metadata, "MetaData").is_some() => term.id,
        _ => return Err(machine.gap(at, "the tables of this metadata are not listed")),
    };
    let kept = &machine.library.kept().tables;
    Ok(kept
        .iter()
        .filter(|(own, _)| *own == id)
        .map(|(_, table)| table.clone())
        .collect())
}

/// Notes a table that a program makes with a metadata.
pub(in crate::stacks::alembic) fn note_table<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    table: &Value<'a>,
) {
    let metadata: Option<Argument<'a>> = args.get(1, "metadata").cloned();
    if let Some(Argument {
        value: Value::Term(term),
        ..
    }) = metadata
    {
        machine.library.kept().tables.push((term.id, table.clone()));
    }
}
