//! The functions and macros of `Ecto.Migration`: what a migration calls.
//!
//! Source: `Ecto.Migration` (`ecto_sql` 3.13, lib/ecto/migration.ex).

use std::rc::Rc;

use smol_str::SmolStr;

use super::command::{Added, ColumnType, Command, Object, Part, PrimaryKey, Word};
use super::library::{Elixir, Way, here};
use super::queue::{Block, Queued};
use super::structs::{self, Given};
use super::{application, reading, runner};
use crate::interpret::elixir::{Called, Run, Scope, Stop, Value, Written};
use crate::known::{Gap, Reach};
use crate::source::Span;

/// Everything that `import Ecto.Migration` brings.
pub const NAMES: &[&str] = &[
    "create",
    "create_if_not_exists",
    "alter",
    "drop",
    "drop_if_exists",
    "rename",
    "table",
    "index",
    "unique_index",
    "constraint",
    "references",
    "fragment",
    "add",
    "add_if_not_exists",
    "modify",
    "remove",
    "remove_if_exists",
    "timestamps",
    "execute",
    "execute_file",
    "prefix",
    "repo",
    "direction",
    "flush",
];

/// The module that stands for a repository that the project does not have.
pub const REPO: &str = "Ecto.Migration.Repo";

/// A macro: `create` and `alter` with a block, `flush`.
pub fn expand<'a>(machine: &mut Elixir<'a>, written: &Written<'_>, scope: &mut Scope) -> Option<Run<Value>> {
    match (written.name, written.args) {
        ("create" | "create_if_not_exists" | "alter", [object, options]) => {
            let block = options.keyword("do")?;
            let create = (written.name != "alter").then_some(written.name == "create_if_not_exists");
            let run = machine.eval(object, scope).and_then(|table| {
                begin(machine, create, &table, (object.span, written.span))?;
                machine.eval(block, scope)?;
                let calls = calls_with(machine, written.span);
                let turned = machine.library.way == Way::Reversed;
                machine.library.queue.end_block(&calls, turned);
                Ok(table)
            });
            Some(run)
        }
        ("flush", []) => Some(runner::flush(machine).map(|()| Value::atom("ok"))),
        _ => None,
    }
}

/// The calls that lead to a command.
fn calls_with(machine: &Elixir<'_>, at: Span) -> Vec<Span> {
    here(machine).into_iter().filter(|call| *call != at).collect()
}

/// `Runner.start_command`, and the implicit primary key.
fn begin(
    machine: &mut Elixir<'_>,
    create: Option<bool>,
    value: &Value,
    (at, whole): (Span, Span),
) -> Run<()> {
    if machine.library.queue.block.is_some() {
        return Err(nested(machine, at));
    }
    let mut table = reading::table(value, at);
    table.whole = whole;
    if table.prefix.is_none() {
        table.prefix = machine.library.default_prefix(at);
    }
    let key = create
        .is_some()
        .then(|| primary_key(machine, &table.primary_key, at))
        .flatten();
    machine.library.queue.block = Some(Block {
        create,
        table,
        courses: vec![Vec::new()],
        gap: None,
        open: None,
    });
    if let Some(key) = key {
        machine.library.queue.part(Part::Add(key));
    }
    Ok(())
}

fn nested(machine: &mut Elixir<'_>, at: Span) -> Stop {
    machine.library.queue.block = None;
    machine.raise("Ecto.MigrationError", "cannot execute nested commands", at)
}

/// `Ecto.Migration.__primary_key__`.
fn primary_key(machine: &Elixir<'_>, said: &PrimaryKey, at: Span) -> Option<Added> {
    let unknown = |gap: &Gap| Added {
        name: Word::Unknown(gap.clone(), Vec::new()),
        ty: ColumnType::Unknown(gap.clone()),
        options: super::command::Options::default(),
        span: at,
    };
    match said {
        PrimaryKey::None => None,
        PrimaryKey::Column(added) => Some((**added).clone()),
        PrimaryKey::Unknown(gap) => Some(unknown(gap)),
        PrimaryKey::Default => {
            let set = machine.library.repo_config("migration_primary_key");
            match set {
                Some(Value::Atom(name)) if name == "false" => None,
                Some(list @ Value::List(_)) => Some(reading::key_column(Given::of(Some(&list)), at)),
                None | Some(Value::Atom(_)) => Some(reading::key_column(Given::default(), at)),
                Some(other) => Some(unknown(&other.gap().unwrap_or_else(|| {
                    Gap::new(at, "migration_primary_key cannot be told", Reach::Rows)
                }))),
            }
        }
    }
}

/// A function.
pub fn call<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    let at = called.span;
    let args = called.args;
    let place = called.span_of(0);
    Some(match (called.name, args) {
        ("table", [name]) => Ok(structs::table(name, None, place)),
        ("table", [name, options]) => Ok(structs::table(name, Some(options), place)),
        ("index", [table, columns]) => Ok(structs::index(table, columns, Given::default(), place)),
        ("index", [table, columns, options]) => {
            Ok(structs::index(table, columns, Given::of(Some(options)), place))
        }
        ("unique_index", [table, columns, rest @ ..]) => {
            let mut options = Given::of(rest.first());
            options
                .pairs
                .insert(0, (SmolStr::new("unique"), Value::truth(true)));
            Ok(structs::index(table, columns, options, place))
        }
        ("constraint", [table, name, rest @ ..]) => Ok(structs::constraint(table, name, rest.first(), place)),
        ("references", [table, rest @ ..]) => Ok(references(machine, table, rest.first(), place)),
        ("fragment", [text]) => Ok(Value::tuple(vec![Value::atom("fragment"), text.clone()])),
        ("add" | "add_if_not_exists" | "modify", [name, ty, rest @ ..]) => {
            if machine.library.is_altered_back() {
                return Some(altered_back(machine, name, ty, rest.first(), called));
            }
            let ty = &reading::of_version(machine, ty, called.span_of(1));
            let added = column(name, ty, rest.first(), called);
            part(machine, called.name, added)
        }
        ("remove" | "remove_if_exists", [name, rest @ ..]) => {
            if machine.library.is_altered_back() {
                let (Some(ty), "remove") = (rest.first(), called.name) else {
                    return Some(refuse(machine, at));
                };
                let added = column(name, ty, rest.get(1), called);
                return Some(subcommand(machine, Part::Add(added), at));
            }
            let word = reading::word(name, place);
            let reference = rest.first().and_then(|ty| reading::replaced(ty, at));
            let part = if called.name == "remove" {
                Part::Remove(word, reference, at)
            } else {
                Part::RemoveIfExists(word, reference, at)
            };
            subcommand(machine, part, at)
        }
        ("timestamps", rest) => timestamps(machine, rest.first(), at),
        ("create" | "create_if_not_exists", [object]) => create(machine, object, called),
        ("drop" | "drop_if_exists", [object, rest @ ..]) => drop(machine, object, rest.first(), called),
        ("rename", [object, rest @ ..]) => rename(machine, object, rest, called),
        ("execute", [_]) if machine.library.way == Way::Reversed => refuse(machine, at),
        ("execute", [_, down]) if machine.library.way == Way::Reversed => execute(machine, down, at),
        ("execute", [up, ..]) => execute(machine, up, at),
        ("execute_file", [_]) if machine.library.way == Way::Reversed => refuse(machine, at),
        ("execute_file", [path, rest @ ..]) => {
            let down = rest.first().filter(|_| machine.library.way == Way::Reversed);
            let path = down.unwrap_or(path);
            let text = application::read_file(machine, path, at);
            execute(machine, &text, at)
        }
        ("repo", []) => Ok(repo(machine)),
        ("prefix", []) => Ok(Value::nil()),
        ("direction", []) => Ok(Value::atom(machine.library.direction())),
        ("flush", []) => runner::flush(machine).map(|()| Value::atom("ok")),
        _ => return None,
    })
}

/// What migrations reach past `Ecto.Migration` for.
pub fn runner<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    Some(match (called.name, called.args) {
        ("flush", []) => runner::flush(machine).map(|()| Value::atom("ok")),
        ("repo", []) => Ok(repo(machine)),
        ("prefix", []) => Ok(Value::nil()),
        ("migrator_direction", []) => Ok(Value::atom(machine.library.direction())),
        ("repo_config", [key, default]) => {
            let value = key.as_atom().and_then(|key| machine.library.repo_config(key));
            Ok(value.unwrap_or_else(|| default.clone()))
        }
        ("execute", [command]) if command.as_text().is_some() => execute(machine, command, called.span),
        _ => return None,
    })
}

/// The repository whose migrations run.
pub fn repo(machine: &Elixir<'_>) -> Value {
    let own = machine.library.project.repo.as_ref();
    Value::module(own.map_or(REPO, |repo| repo.module.as_str()))
}

/// `references`: the type of keys comes from the repository's settings.
fn references(machine: &Elixir<'_>, table: &Value, own: Option<&Value>, at: Span) -> Value {
    let set = |key: &str| {
        Given::of(
            machine
                .library
                .repo_config(key)
                .filter(|v| v.as_atom().is_none())
                .as_ref(),
        )
    };
    let mut keys = set("migration_primary_key");
    keys.pairs.retain(|(key, _)| key == "type");
    let options = keys.merge(set("migration_foreign_key")).merge(Given::of(own));
    structs::reference(table, options, own, at)
}

fn column(name: &Value, ty: &Value, options: Option<&Value>, called: &Called<'_>) -> Added {
    Added {
        name: reading::word(name, called.span_of(0)),
        ty: reading::column_type(ty, called.span_of(1)),
        options: reading::options(&Given::of(options), called.span),
        span: called.span,
    }
}

/// What Ecto cannot turn round: it says so once the command's turn has come.
fn refuse(machine: &mut Elixir<'_>, at: Span) -> Run<Value> {
    let refused = &mut machine.library.refused;
    refused.get_or_insert_with(|| (at, runner::CANNOT_REVERSE.to_owned()));
    Ok(Value::atom("ok"))
}

/// `add` and `modify` within an `alter` that is turned round (`table_reverse` of `Ecto.Migration.Runner`).
fn altered_back(
    machine: &mut Elixir<'_>,
    name: &Value,
    ty: &Value,
    options: Option<&Value>,
    called: &Called<'_>,
) -> Run<Value> {
    let at = called.span;
    match called.name {
        "add" => {
            let word = reading::word(name, called.span_of(0));
            // What is removed so has no reference that would be taken back first: its column takes it along.
            subcommand(machine, Part::Remove(word, None, at), at)
        }
        "modify" => {
            let from = options.and_then(|options| options.keyword("from")).cloned();
            let Some(from) = from.filter(|from| from.as_atom() != Some("nil")) else {
                return refuse(machine, at);
            };
            let mut added = match from.as_tuple() {
                Some([ty, options]) => column(name, ty, Some(options), called),
                _ => column(name, &from, options, called),
            };
            added.options.from = reading::replaced(ty, at);
            subcommand(machine, Part::Modify(added), at)
        }
        _ => refuse(machine, at),
    }
}

fn part(machine: &mut Elixir<'_>, name: &str, added: Added) -> Run<Value> {
    let at = added.span;
    let part = match name {
        "add" => Part::Add(added),
        "add_if_not_exists" => Part::AddIfNotExists(added),
        _ => Part::Modify(added),
    };
    subcommand(machine, part, at)
}

fn subcommand(machine: &mut Elixir<'_>, part: Part, at: Span) -> Run<Value> {
    if machine.library.queue.part(part) {
        return Ok(Value::atom("ok"));
    }
    Err(machine.raise(
        "Ecto.MigrationError",
        "cannot execute command outside of block",
        at,
    ))
}

fn timestamps(machine: &mut Elixir<'_>, own: Option<&Value>, at: Span) -> Run<Value> {
    let set = machine.library.repo_config("migration_timestamps");
    let mut options = Given::of(set.as_ref()).merge(Given::of(own));
    if options.fetch("null").is_none() {
        options
            .pairs
            .insert(0, (SmolStr::new("null"), Value::truth(false)));
    }
    let ty = options
        .pop("type")
        .unwrap_or_else(|| Value::atom("naive_datetime"));
    let ty = reading::of_version(machine, &ty, at);
    let names =
        ["inserted_at", "updated_at"].map(|name| options.pop(name).unwrap_or_else(|| Value::atom(name)));
    for name in names {
        if name.as_atom() == Some("false") {
            continue;
        }
        let added = Added {
            name: reading::word(&name, at),
            ty: reading::column_type(&ty, at),
            options: reading::options(&options, at),
            span: at,
        };
        let part = if machine.library.is_altered_back() {
            Part::Remove(added.name, None, at)
        } else {
            Part::Add(added)
        };
        subcommand(machine, part, at)?;
    }
    Ok(Value::atom("ok"))
}

/// Puts a command into the queue.
fn queue(machine: &mut Elixir<'_>, command: Command, at: Span) -> Run<()> {
    if machine.library.queue.block.is_some() {
        return Err(nested(machine, at));
    }
    let calls = calls_with(machine, at);
    machine
        .library
        .queue
        .push(Queued::Command(Box::new(command), calls));
    Ok(())
}

/// What an object is; one that cannot be told waits as such.
fn object(machine: &mut Elixir<'_>, value: &Value, at: Span) -> Option<Object> {
    match reading::object(value, at) {
        Ok(mut object) => {
            let prefix = match &mut object {
                Object::Table(table) => &mut table.prefix,
                Object::Index(index) => &mut index.prefix,
                Object::Constraint(constraint) => &mut constraint.prefix,
            };
            if prefix.is_none() {
                *prefix = machine.library.default_prefix(at);
            }
            Some(object)
        }
        Err(gap) => {
            let gap = Gap::new(at, gap.why.clone(), Reach::Everything);
            machine.library.queue.push(Queued::Unknown(gap));
            None
        }
    }
}

fn create(machine: &mut Elixir<'_>, value: &Value, called: &Called<'_>) -> Run<Value> {
    let at = called.span_of(0);
    let if_not_exists = called.name == "create_if_not_exists";
    let command = match object(machine, value, at) {
        None => return Ok(value.clone()),
        Some(Object::Index(index)) => Command::CreateIndex(index, if_not_exists),
        Some(Object::Constraint(constraint)) => Command::CreateConstraint(constraint),
        Some(Object::Table(table)) => {
            let key = primary_key(machine, &table.primary_key, at);
            Command::CreateTable {
                table,
                if_not_exists,
                parts: key.map(Part::Add).into_iter().collect(),
            }
        }
    };
    queue(machine, command, at)?;
    Ok(value.clone())
}

fn drop(machine: &mut Elixir<'_>, value: &Value, options: Option<&Value>, called: &Called<'_>) -> Run<Value> {
    let at = called.span;
    let mode = Given::of(options);
    let cascade = mode.get("mode").and_then(Value::as_atom) == Some("cascade");
    if let Some(object) = object(machine, value, at) {
        let command = Command::Drop {
            object,
            if_exists: called.name == "drop_if_exists",
            cascade,
        };
        queue(machine, command, at)?;
    }
    Ok(value.clone())
}

fn rename(machine: &mut Elixir<'_>, value: &Value, rest: &[Value], called: &Called<'_>) -> Run<Value> {
    let at = called.span;
    let Some(object) = object(machine, value, at) else {
        return Ok(value.clone());
    };
    let to = rest.last().and_then(|options| options.keyword("to")).cloned();
    let to = to.unwrap_or_else(|| machine.unknown(at, "what it is renamed to cannot be told"));
    let command = match (object, rest) {
        (Object::Table(table), [column, _]) => Command::RenameColumn(
            table,
            reading::word(column, called.span_of(1)),
            reading::word(&to, called.span_of(2)),
        ),
        (Object::Table(table), _) => Command::RenameTable(table, reading::table(&to, at).name),
        (Object::Index(index), _) => Command::RenameIndex(index, reading::word(&to, at)),
        (Object::Constraint(_), _) => return Ok(value.clone()),
    };
    queue(machine, command, at)?;
    Ok(to)
}

fn execute(machine: &mut Elixir<'_>, up: &Value, at: Span) -> Run<Value> {
    match up {
        Value::Function(_) => {
            if machine.library.queue.block.is_some() {
                return Err(nested(machine, at));
            }
            machine.library.queue.push(Queued::Function(up.clone(), at));
        }
        Value::Unknown(unknown) if unknown.candidates.len() > 1 => {
            if machine.library.queue.block.is_some() {
                return Err(nested(machine, at));
            }
            let calls = calls_with(machine, at);
            let command = |text: &Value| {
                let command = Command::Sql(reading::word(text, at));
                vec![Rc::new(Queued::Command(Box::new(command), calls.clone()))]
            };
            let mut courses = unknown.candidates.iter().map(command);
            let first = courses.next().unwrap_or_default();
            let either = courses.fold(first, |all, next| {
                vec![Rc::new(Queued::Either(unknown.gap.clone(), all, next))]
            });
            machine.library.queue.commands.extend(either);
        }
        other => queue(machine, Command::Sql(reading::word(other, at)), at)?,
    }
    Ok(Value::atom("ok"))
}
