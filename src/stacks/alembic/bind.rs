//! Connections, engines, sessions, results and rows: what their methods send, and what their attributes are.

mod attributes;
mod preparer;
mod rows;

use super::database::{Connection, Database};
use super::objects::{self, Kind, make};
use super::{execute, inspector};
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::known::Truth;
use crate::name::Name;
use crate::source::Span;
use crate::sql::Transaction;
pub(super) use attributes::attribute;
pub(super) use rows::row_item;
use rows::{query, result, row_method};

/// The connection that migrations run on.
pub(super) fn own<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Value<'a> {
    make(machine, Kind::Connection(Connection::Own), Vec::new(), at)
}

/// The migration context.
pub(super) fn context<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Value<'a> {
    make(machine, Kind::Context, Vec::new(), at)
}

fn apart<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Value<'a> {
    make(machine, Kind::Connection(Connection::Apart), Vec::new(), at)
}

/// A constructor: `create_engine(...)`, `Session(...)`, `inspect(bind)`; `None` for any other member.
pub(super) fn constructor<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if matches!(path, "alembic.context.get_context") {
        return Some(Ok(context(machine, at)));
    }
    if matches!(path, "alembic.context.get_bind") {
        return Some(Ok(own(machine, at)));
    }
    if path == "alembic.operations.Operations" || path == "alembic.operations.base.Operations" {
        return Some(Ok(make(machine, Kind::Operations, Vec::new(), at)));
    }
    if path.starts_with("alembic.") && path.ends_with("MigrationContext.configure") {
        return Some(Ok(context(machine, at)));
    }
    let first = args.positional.first().map(|a| a.value.clone());
    match objects::sqlalchemy(path)? {
        "inspect" => {
            let subject = first?;
            objects::connection(&subject)?;
            Some(Ok(inspector::make_one(machine, subject, at)))
        }
        "from_engine" | "Inspector" if path.contains("Inspector") => {
            let subject = first?;
            Some(Ok(inspector::make_one(machine, subject, at)))
        }
        "create_engine" | "engine_from_config" | "create_async_engine" | "async_engine_from_config" => {
            Some(Ok(make(machine, Kind::Engine, Vec::new(), at)))
        }
        "Session" | "AsyncSession" if !path.contains(".func.") => Some(Ok(session(machine, args, at))),
        _ => None,
    }
}

/// `sessionmaker(bind=...)()`: a session of what its factory was given.
pub(super) fn factory<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    factory: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (callee, given) = factory.as_call()?;
    let name = objects::sqlalchemy(callee.as_path()?)?;
    match name {
        "sessionmaker" | "async_sessionmaker" => {
            let given = given.clone();
            let mut args = args.clone();
            args.positional.extend(given.positional);
            args.keywords.extend(given.keywords);
            Some(Ok(session(machine, &args, at)))
        }
        "scoped_session" | "async_scoped_session" => {
            let inner = given.positional.first()?.value.clone();
            self::factory(machine, &inner, args, at)
        }
        _ => None,
    }
}

fn session<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Value<'a> {
    let on = match args
        .get(0, "bind")
        .and_then(|bind| objects::connection(&bind.value))
    {
        Some(on) => on,
        None => Connection::Apart,
    };
    make(machine, Kind::Session(on), Vec::new(), at)
}

/// A method of one of the objects.
pub(super) fn method<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (kind, held, _) = objects::object(object)?;
    let held: Vec<Value<'a>> = held.iter().map(|a| a.value.clone()).collect();
    Some(match kind {
        Kind::Connection(on) => connection(machine, object, on, name, args, at),
        Kind::Session(on) => of_session(machine, object, on, name, args, at),
        Kind::Cursor(on) => cursor(machine, object, on, name, args, at),
        Kind::Engine => match name {
            "connect" | "begin" => Ok(apart(machine, at)),
            "execution_options" => Ok(object.clone()),
            "raw_connection" => Ok(apart(machine, at)),
            "dispose" => Ok(Value::None),
            "has_table" | "table_names" => {
                let inspector = inspector::make_one(machine, object.clone(), at);
                let name = if name == "table_names" {
                    "get_table_names"
                } else {
                    name
                };
                inspector::method(machine, &inspector, name, args, at)
            }
            "run_callable" | "transaction" => call_with(machine, apart_of, args, at),
            name => connection(machine, object, Connection::Apart, name, args, at),
        },
        Kind::Result => result(machine, object, &held, name, args, at),
        Kind::Row => row_method(machine, object, name, args, at),
        Kind::Inspector => inspector::method(machine, object, name, args, at),
        Kind::Dialect => dialect(machine, name, args, at),
        Kind::Preparer => preparer::method(machine, name, args, at),
        Kind::Transaction(on) => transaction(machine, object, on, &held, name, at),
        Kind::Context => of_context(machine, name, args, at),
        Kind::Query => query(machine, object, name, args, at),
        Kind::Operations | Kind::Batch | Kind::Autocommit => return None,
    })
}

fn apart_of<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Value<'a> {
    apart(machine, at)
}

/// `function(connection, *args)`.
fn call_with<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    connection: impl FnOnce(&mut Machine<'a, L>, Span) -> Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some((function, rest)) = args.positional.split_first() else {
        return Ok(Value::None);
    };
    let value = connection(machine, at);
    let mut inner = Args {
        positional: vec![crate::interpret::python::Argument { value, span: at }],
        keywords: args.keywords.clone(),
        open: args.open.clone(),
    };
    inner.positional.extend(rest.iter().cloned());
    machine.call(&function.value.clone(), inner, at)
}

fn connection<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    on: Connection,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    match name {
        "execute" => {
            let rows = execute::on_connection(machine, args, at, on)?;
            Ok(execute::as_value(machine, &rows, at))
        }
        "scalar" => {
            let rows = execute::on_connection(machine, args, at, on)?;
            let list = execute::list(machine, &rows, at);
            Ok(execute::scalar(machine, &list, at))
        }
        "scalars" => {
            let rows = execute::on_connection(machine, args, at, on)?;
            let list = execute::list(machine, &rows, at);
            let list = execute::items(machine, &list, at);
            Ok(make(machine, Kind::Result, vec![list], at))
        }
        "exec_driver_sql" => {
            let rows = execute::on_driver(machine, args, at, on)?;
            Ok(execute::as_value(machine, &rows, at))
        }
        "stream" | "stream_scalars" => {
            let rows = execute::on_connection(machine, args, at, on)?;
            Ok(execute::as_value(machine, &rows, at))
        }
        "begin_nested" => Ok(begin_nested(machine, on, at)?),
        "begin" | "begin_twophase" => Ok(make(machine, Kind::Transaction(on), Vec::new(), at)),
        "commit" => {
            L::control(machine, Transaction::Commit, at, on)?;
            Ok(Value::None)
        }
        "rollback" => {
            L::control(machine, Transaction::Rollback, at, on)?;
            Ok(Value::None)
        }
        "execution_options" => {
            let level = args.keyword("isolation_level").map(|a| a.value.clone());
            if on == Connection::Own && level.as_ref().and_then(Value::as_str) == Some("AUTOCOMMIT") {
                // SQLAlchemy refuses it while a transaction is open; what follows is then no part of it.
                L::autocommit(machine, true, at);
            }
            Ok(object.clone())
        }
        "connect" | "_contextual_connect" | "get_raw_connection" | "__enter__" | "__aenter__" => {
            Ok(object.clone())
        }
        "cursor" => Ok(make(machine, Kind::Cursor(on), Vec::new(), at)),
        "close" | "detach" | "invalidate" | "__exit__" | "aclose" => Ok(Value::None),
        "in_transaction" => Ok(Value::Bool(true)),
        "in_nested_transaction" => {
            let gap = machine.gap(at, "whether a savepoint is open");
            Ok(Value::one_of(vec![Value::Bool(false), Value::Bool(true)], gap))
        }
        "get_transaction" | "get_nested_transaction" => {
            Ok(make(machine, Kind::Transaction(on), Vec::new(), at))
        }
        "run_callable" | "run_sync" | "transaction" => {
            let own = object.clone();
            call_with(machine, |_, _| own, args, at)
        }
        // Of a driver's connection: work on rows, and settings.
        "lobject"
        | "set_session"
        | "set_client_encoding"
        | "set_type_codec"
        | "add_notice_handler"
        | "cancel" => Ok(machine.unknown(at, "what the driver gives")),
        "get_isolation_level" | "set_isolation_level" => {
            if args.positional.first().and_then(|a| a.value.as_str()) == Some("AUTOCOMMIT")
                && on == Connection::Own
            {
                L::autocommit(machine, true, at);
            }
            Ok(machine.unknown(at, "how transactions are kept apart"))
        }
        _ => Ok(unfollowed(machine, object, name, at)),
    }
}

/// A method that is not followed: it is on a connection, so that it may do anything.
fn unfollowed<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Value<'a> {
    use crate::known::{Gap, Reach};
    let what = machine.display(object);
    let gap = Gap::new(at, format!("`{what}.{name}` is not followed"), Reach::Everything);
    L::open(machine, gap.clone());
    machine.may_raise(None, &gap, at);
    Value::unknown(gap.reaching(Reach::Rows))
}

/// Which attribute of a transaction says whether it has not ended.
const ACTIVE: &str = "is_active";

fn begin_nested<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    on: Connection,
    at: Span,
) -> Run<'a, Value<'a>> {
    let name = format!("sa_savepoint_{}_{}", at.file.0, at.start);
    L::control(machine, Transaction::Savepoint(Name::new(&name)), at, on)?;
    Ok(make(
        machine,
        Kind::Transaction(on),
        vec![Value::text(&name, at)],
        at,
    ))
}

/// `NestedTransaction` and `RootTransaction` (`sqlalchemy/engine/base.py`): what goes back closes, and what is closed goes back.
fn transaction<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    on: Connection,
    held: &[Value<'a>],
    name: &str,
    at: Span,
) -> Run<'a, Value<'a>> {
    let savepoint = held.first().and_then(Value::as_str).map(Name::new);
    match (name, savepoint) {
        ("commit", Some(name)) => end_nested(machine, object, on, Transaction::Release(name), at)?,
        ("rollback" | "close", Some(name)) => {
            end_nested(machine, object, on, Transaction::RollbackTo(name), at)?;
        }
        ("commit", None) => L::control(machine, Transaction::Commit, at, on)?,
        ("rollback", None) => L::control(machine, Transaction::Rollback, at, on)?,
        _ => {}
    }
    Ok(match name {
        "is_active" => Value::Bool(true),
        _ => Value::None,
    })
}

/// The savepoint of a transaction within another is left, unless it was before: the transaction is not active any more then, and the
/// end of its `with` block sends nothing (`TransactionalContext.__exit__`, `sqlalchemy/engine/util.py`).
fn end_nested<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    on: Connection,
    control: Transaction,
    at: Span,
) -> Run<'a, ()> {
    use crate::known::{Gap, Reach};
    match machine.set_on(object, ACTIVE) {
        None => {}
        Some(Value::Unknown(_)) => {
            let why = "a transaction that may have ended before ends";
            L::open(machine, Gap::new(at, why, Reach::Everything));
            return Ok(());
        }
        Some(_) => return Ok(()),
    }
    machine.set_attribute(object, ACTIVE, Value::Bool(false), at)?;
    L::control(machine, control, at, on)
}

/// A `with` block over a transaction ends.
pub(super) fn end_block<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    on: Connection,
    held: &[Value<'a>],
    failed: bool,
    at: Span,
) {
    let Some(name) = held.first().and_then(Value::as_str).map(Name::new) else {
        return;
    };
    let control = if failed {
        Transaction::RollbackTo(name)
    } else {
        Transaction::Release(name)
    };
    // What the server answers to it cannot be seen by the program.
    let _ = end_nested(machine, object, on, control, at);
}

fn of_session<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    on: Connection,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    match name {
        "execute" | "scalar" | "scalars" | "begin_nested" | "run_sync" | "stream" | "stream_scalars" => {
            connection(machine, object, on, name, args, at)
        }
        "exec" => connection(machine, object, on, "execute", args, at),
        "query" => Ok(make(machine, Kind::Query, Vec::new(), at)),
        "get" | "get_one" => Ok(machine.unknown(at, "a row of a table")),
        "add"
        | "add_all"
        | "merge"
        | "delete"
        | "flush"
        | "bulk_save_objects"
        | "bulk_insert_mappings"
        | "bulk_update_mappings" => {
            L::touch_rows(machine);
            let gap = machine.gap(at, "work on rows may fail");
            machine.may_raise(None, &gap, at);
            Ok(match (name, args.positional.first()) {
                ("merge", Some(argument)) => argument.value.clone(),
                _ => Value::None,
            })
        }
        "connection" | "get_bind" => Ok(make(machine, Kind::Connection(on), Vec::new(), at)),
        "begin" => Ok(make(machine, Kind::Transaction(on), Vec::new(), at)),
        // Joined into the transaction of the migration, which it leaves open.
        "commit" if on == Connection::Own => Ok(Value::None),
        "rollback" if on == Connection::Own => {
            L::control(machine, Transaction::Rollback, at, on)?;
            Ok(Value::None)
        }
        "commit" | "rollback" | "close" | "close_all" | "remove" | "expire" | "expire_all" | "expunge"
        | "expunge_all" | "refresh" | "prepare" | "reset" | "invalidate" | "bind_mapper" | "bind_table" => {
            Ok(Value::None)
        }
        "__enter__" | "__aenter__" => Ok(object.clone()),
        _ => Ok(machine.unknown(at, format!("what `Session.{name}` gives"))),
    }
}

fn cursor<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    on: Connection,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    match name {
        "execute" => {
            let rows = execute::on_driver(machine, args, at, on)?;
            let list = execute::list(machine, &rows, at);
            machine.set_attribute(object, "rows of the last statement", list, at)?;
            Ok(Value::None)
        }
        "executemany" | "callproc" | "copy_from" | "copy_to" | "copy_expert" | "copy" => {
            let rows = execute::on_driver(machine, args, at, on)?;
            drop(rows);
            L::touch_rows(machine);
            Ok(Value::None)
        }
        "fetchone" | "fetchall" | "fetchmany" => {
            let held = machine.attribute(object, "rows of the last statement", at)?;
            match held {
                Value::List(_) => result(machine, object, &[held], name, args, at),
                _ => Ok(machine.unknown(at, "rows of a query")),
            }
        }
        "__enter__" => Ok(object.clone()),
        _ => Ok(Value::None),
    }
}

fn dialect<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut rest = args.clone();
    let subject = if rest.positional.is_empty() {
        own(machine, at)
    } else {
        rest.positional.remove(0).value
    };
    let inspector = inspector::make_one(machine, subject, at);
    match name {
        "has_table"
        | "get_columns"
        | "get_indexes"
        | "get_foreign_keys"
        | "get_unique_constraints"
        | "get_pk_constraint"
        | "get_check_constraints"
        | "get_table_names"
        | "get_view_names"
        | "get_schema_names"
        | "get_enums"
        | "has_sequence"
        | "has_schema"
        | "has_index"
        | "get_sequence_names"
        | "get_table_comment" => inspector::method(machine, &inspector, name, &rest, at),
        "has_type" => inspector::has_type(machine, &rest, at),
        _ => Ok(machine.unknown(at, format!("what the dialect's `{name}` gives"))),
    }
}

fn of_context<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    Ok(match name {
        "autocommit_block" => make(machine, Kind::Autocommit, Vec::new(), at),
        "begin_transaction" => make(machine, Kind::Transaction(Connection::Own), Vec::new(), at),
        "execute" => return execute::execute(machine, args, at, Connection::Own),
        "get_current_revision" | "get_current_heads" | "stamp" | "run_migrations" => {
            machine.unknown(at, "which revisions have run")
        }
        _ => machine.unknown(at, format!("what the migration context's `{name}` gives")),
    })
}

/// What `if connection:` asks.
pub(super) fn truth(value: &Value<'_>) -> Option<Truth> {
    let (kind, _, args) = objects::object(value)?;
    Some(match kind {
        Kind::Row => match (&args.open, args.positional.is_empty()) {
            (None, true) => Truth::No,
            _ => Truth::Yes,
        },
        _ => Truth::Yes,
    })
}
