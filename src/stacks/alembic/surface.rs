//! What the members of `alembic.op`, of connections, inspectors and sessions do: the library asks here first.

use super::database::{Connection, Database};
use super::objects::{self, Kind};
use super::{appended, bind, execute, inspector, operations};
use crate::interpret::python::dotted;
use crate::interpret::python::{Args, Argument, ClassId, Machine, Run, TermId, Value};
use crate::known::{Gap, Reach, Truth};
use crate::source::Span;
use crate::stacks::sqlalchemy::compiled;
use crate::stacks::sqlalchemy::conditional::{self, Conditional};
use crate::stacks::sqlalchemy::ddl::Memo;
use crate::stacks::sqlalchemy::semantics::{of_flask_object, said_of};
use crate::stacks::sqlalchemy::terms;

/// What operations keep between calls: copied when the world forks.
#[derive(Debug, Clone, Default)]
pub struct Kept<'a> {
    /// Enum types that `op.create_table` has made in this run.
    pub(super) enums: Memo,
    /// Tables of migrations, by the metadata that they were made with.
    pub(super) tables: Vec<(TermId, Value<'a>)>,
    /// Operations that the repository registers: name, class, its method.
    pub(super) operations: Vec<(String, ClassId, String)>,
    /// Columns of which the program has set an attribute, and where.
    pub(super) changed: Vec<(TermId, Span)>,
    /// What was appended to tables of migrations.
    pub(super) appended: appended::Appended<'a>,
}

impl<'a> Kept<'a> {
    /// Two courses come together; this is one of them.
    pub fn join(&mut self, other: Self, gap: &Gap) {
        self.enums.keep_common(&other.enums);
        if self.tables.len() < other.tables.len() {
            self.tables = Vec::new();
        }
        for operation in other.operations {
            if !self.operations.contains(&operation) {
                self.operations.push(operation);
            }
        }
        let new = other
            .changed
            .into_iter()
            .filter(|(id, _)| !self.changed.iter().any(|(own, _)| own == id));
        let new: Vec<_> = new.collect();
        self.changed.extend(new);
        appended::join_appended(&mut self.appended, other.appended, gap);
    }
}

/// A call: `op.create_table(...)`, `bind.execute(...)`, `inspector.get_columns(...)`.
pub fn call<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Some(args) = appended::with_changed(machine, args) {
        return call(machine, callee, &args, at);
    }
    if let Some(path) = callee.as_path() {
        let path = path.to_owned();
        if let Some(name) = objects::operation(&path) {
            return operations::run(machine, name, args, at).or_else(|| unknown_operation(machine, name, at));
        }
        if path == "builtins.str" {
            let value = &args.positional.first()?.value;
            if let Some(text) = clause_text(machine, value) {
                return Some(Ok(text));
            }
            let text = inspector::type_text(value)?;
            return Some(Ok(Value::text(&text, at)));
        }
        if path.starts_with("sqlalchemy") && dotted::last(&path) == "Table" {
            let table = machine.call_term(callee.clone(), args.clone(), at);
            execute::note_table(machine, args, &table);
            return Some(Ok(table));
        }
        return bind::constructor(machine, &path, args, at).or_else(|| given_away(machine, callee, args, at));
    }
    if let Some(run) = operations::registered(machine, callee, args, at) {
        return Some(run);
    }
    if let Some(run) = bind::factory(machine, callee, args, at) {
        return Some(run);
    }
    if let Some(run) = compiled::decorated(machine, callee, args, at) {
        return Some(run);
    }
    let conditional = conditional::ddl_if(machine, callee, args, at);
    if let Some(conditional) = conditional.or_else(|| conditional::ruled(machine, callee, args, at)) {
        return Some(Ok(match conditional {
            Conditional::Made(construct) => construct,
            // `op.create_table` makes each index of its table, whatever its condition (`DefaultImpl.create_table`); a `Table` does not.
            Conditional::Left(construct) if terms::call_of(machine, &construct, "Index").is_some() => {
                machine.unknown(at, conditional::WHY)
            }
            Conditional::Left(_) => Value::None,
            Conditional::Unknown(_, unknown) => unknown,
        }));
    }
    let (object, name) = objects::member(callee)?;
    let (object, name) = (object.clone(), name.to_owned());
    method(machine, &object, &name, args, at)
}

/// `str(text("SELECT :id"))`: what it was given (`SQLCompiler.visit_textclause`, whose parameters are named), but for `\\:`.
fn clause_text<'a, L: Database<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> Option<Value<'a>> {
    let args = terms::call_of(machine, value, "text")?;
    match &args.get(0, "text")?.value {
        Value::Str(text) if !text.as_str().contains('\\') => Some(Value::Str(text.clone())),
        _ => None,
    }
}

/// A method of an object.
fn method<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match objects::object(object) {
        Some((Kind::Operations, ..)) => {
            return operations::run(machine, name, args, at).or_else(|| unknown_operation(machine, name, at));
        }
        Some((Kind::Batch, _, batch)) => {
            let args = operations::in_batch(name, args, batch);
            return operations::run(machine, name, &args, at)
                .or_else(|| unknown_operation(machine, name, at));
        }
        Some(_) => return bind::method(machine, object, name, args, at),
        None => {}
    }
    let on = || {
        let keywords = args.keywords.iter().map(|(_, a)| a);
        args.positional
            .iter()
            .chain(keywords)
            .find_map(|a| objects::connection(&a.value))
    };
    match name {
        "append_column" | "append_constraint" => appended::append(machine, object, args),
        "create" | "drop" => {
            let run = execute::create_or_drop(machine, object, name == "create", args, on()?, at);
            run.or_else(|| given_away_by(machine, object, name, args, at))
        }
        "create_all" | "drop_all" => Some(execute::create_or_drop_all(
            machine,
            object,
            name == "create_all",
            args,
            on()?,
            at,
        )),
        // What is read of the database is not written to it.
        "reflect" => on().map(|_| Ok(Value::None)),
        "with_variant" | "bindparams" | "columns" | "execution_options" => None,
        _ => given_away_by(machine, object, name, args, at),
    }
}

/// An operation that nothing registers.
fn unknown_operation<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if matches!(name, "implementation_for" | "register_operation") {
        return None;
    }
    let gap = Gap::new(
        at,
        format!("the operation `{name}` is not known"),
        Reach::Everything,
    );
    L::open(machine, gap.clone());
    Some(Ok(Value::unknown(gap.reaching(Reach::Rows))))
}

/// A function of a library that is handed the migrations' connection may do anything with it.
fn given_away<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let path = callee.as_path()?;
    if path.starts_with("builtins.") || is_inert(path) || !hands_connection(args) {
        return None;
    }
    if let Some(asked) = query_read(path, args) {
        let Some(query) = asked else {
            let gap = Gap::new(at, format!("the rows that `{path}` reads"), Reach::Rows);
            return Some(Ok(Value::unknown(gap)));
        };
        return Some(execute::read(machine, &query, at));
    }
    let gap = Gap::new(
        at,
        format!("`{path}` is given the connection and is not followed"),
        Reach::Everything,
    );
    L::open(machine, gap.clone());
    machine.may_raise(None, &gap, at);
    Some(Ok(Value::unknown(gap.reaching(Reach::Rows))))
}

fn given_away_by<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if !hands_connection(args) || !matches!(object, Value::Term(_)) {
        return None;
    }
    let what = machine.display(object);
    if what.starts_with("alembic.context") || what.starts_with("logging") {
        return None;
    }
    let gap = Gap::new(
        at,
        format!("`{what}.{name}` is given the connection and is not followed"),
        Reach::Everything,
    );
    L::open(machine, gap.clone());
    machine.may_raise(None, &gap, at);
    Some(Ok(Value::unknown(gap.reaching(Reach::Rows))))
}

/// Whether an argument is the connection that the migrations run on, or the operations themselves.
pub(super) fn hands_connection(args: &Args<'_>) -> bool {
    let keywords = args.keywords.iter().map(|(_, a)| a);
    args.positional.iter().chain(keywords).any(|argument| {
        argument.value.as_path() == Some("alembic.op")
            || objects::connection(&argument.value) == Some(Connection::Own)
    })
}

/// What a call of a library asks, that takes the connection to read rows with it (pandas 2.2, `io/sql.py`; polars 1.0, `io/database`):
/// a query, or a table by its name alone. `None` for any other call.
fn query_read<'a>(path: &str, args: &Args<'a>) -> Option<Option<Argument<'a>>> {
    let (package, name) = path.split_once('.')?;
    let asked = match (package, dotted::last(name)) {
        ("pandas", "read_sql_table") => return Some(None),
        ("pandas", "read_sql" | "read_sql_query") => args.get(0, "sql")?,
        ("polars", "read_database") => args.get(0, "query")?,
        _ => return None,
    };
    let is_table = asked
        .value
        .as_str()
        .is_some_and(|text| text.split_whitespace().count() == 1);
    Some((!is_table).then(|| asked.clone()))
}

/// Members of libraries that take a connection and do nothing to the schema.
fn is_inert(path: &str) -> bool {
    const INERT: &[&str] = &[
        "sqlalchemy_searchable.sync_trigger",
        "sqlalchemy_searchable.drop_trigger",
        "sqlalchemy_searchable.vectorizer",
    ];
    let top = dotted::first(path);
    matches!(
        top,
        "alembic" | "sqlalchemy" | "sqlmodel" | "typing" | "contextlib" | "functools" | "logging" | "asyncio"
    ) || INERT.contains(&path)
}

/// An attribute: `bind.dialect`, `result.rowcount`.
pub fn attribute<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    bind::attribute(machine, object, name, at)
        .or_else(|| inspector::type_attribute(machine, object, name).map(Ok))
        .or_else(|| operations::entity_attribute(object, name).map(Ok))
        .or_else(|| of_flask_object(machine, object, name, at).map(Ok))
        .or_else(|| said_of(machine, object, name, at).map(Ok))
}

/// The items of a result.
pub fn iterate<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Vec<Value<'a>>>> {
    let (kind, held, args) = objects::object(term)?;
    match kind {
        Kind::Result => {
            let list = held.first()?.value.clone();
            match machine.items(&list, at) {
                Ok(Ok(items)) => Some(Ok(items)),
                Ok(Err(_)) => None,
                Err(stop) => Some(Err(stop)),
            }
        }
        Kind::Row if args.open.is_none() => {
            Some(Ok(args.positional.iter().map(|a| a.value.clone()).collect()))
        }
        _ => None,
    }
}

/// `a[b]`.
pub fn item<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    key: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (kind, ..) = objects::object(term)?;
    match kind {
        Kind::Row => Some(match bind::row_item(machine, term, key, at) {
            Some(value) => Ok(value),
            None => Err(machine.raise("builtins.IndexError", "tuple index out of range", at)),
        }),
        Kind::Result | Kind::Query => Some(Ok(machine.unknown(at, "a row of a query"))),
        _ => None,
    }
}

/// One row, any, of a result whose rows cannot be told.
pub fn row<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let (kind, ..) = objects::object(term)?;
    matches!(kind, Kind::Result | Kind::Query | Kind::Row).then(|| machine.unknown(at, "a row of a query"))
}

/// The truth of a term.
pub fn truth<'a, L: Database<'a>>(
    _machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    _at: Span,
) -> Option<Truth> {
    bind::truth(term)
}

/// A `with` block begins: `op.batch_alter_table(...)`, `bind.begin()`, `autocommit_block()`.
pub fn enter<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (kind, ..) = objects::object(term)?;
    match kind {
        Kind::Autocommit => {
            L::autocommit(machine, true, at);
            Some(Ok(Value::None))
        }
        Kind::Batch
        | Kind::Connection(_)
        | Kind::Engine
        | Kind::Cursor(_)
        | Kind::Session(_)
        | Kind::Transaction(_)
        | Kind::Result
        | Kind::Operations
        | Kind::Context => Some(Ok(term.clone())),
        Kind::Row | Kind::Inspector | Kind::Dialect | Kind::Preparer | Kind::Query => None,
    }
}

/// A `with` block ends; whether it was one of these.
pub fn exit<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    term: &Value<'a>,
    failed: bool,
    at: Span,
) -> bool {
    let Some((kind, held, args)) = objects::object(term) else {
        return false;
    };
    match kind {
        Kind::Autocommit => L::autocommit(machine, false, at),
        Kind::Transaction(on) => {
            let held: Vec<Value<'a>> = held.iter().map(|a| a.value.clone()).collect();
            bind::end_block(machine, term, on, &held, failed, at);
        }
        Kind::Batch => {
            let recreate = args
                .get(2, "recreate")
                .and_then(|a| a.value.as_str().map(str::to_owned));
            if recreate.as_deref() == Some("always") {
                operations::recreated(machine, args, at);
            }
        }
        _ => {}
    }
    true
}

/// Whether a call that is left as a term raises nothing and changes none of its arguments.
#[must_use]
pub fn is_harmless(callee: &Value<'_>) -> bool {
    if let Some(path) = callee.as_path() {
        return objects::operation(path).is_some() || is_inert(path);
    }
    objects::member(callee).is_some_and(|(object, _)| objects::object(object).is_some())
}
