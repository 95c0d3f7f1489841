//! The objects that migrations hold in their hands: connections, engines, results, inspectors, sessions, batches. Each is a term
//! that was called under a path of its own, so that it has an identity and forks with the program.

use super::database::Connection;
use crate::interpret::python::dotted;
use crate::interpret::python::{Args, Argument, Library, Machine, TermKind, Value};
use crate::source::Span;

const CONNECTION: &str = "sqlalchemy.engine.base.Connection";
const ENGINE: &str = "sqlalchemy.engine.base.Engine";
const RESULT: &str = "sqlalchemy.engine.cursor.CursorResult";
const ROW: &str = "sqlalchemy.engine.row.Row";
const INSPECTOR: &str = "sqlalchemy.engine.reflection.Inspector";
const DIALECT: &str = "sqlalchemy.dialects.postgresql.base.PGDialect";
const PREPARER: &str = "sqlalchemy.dialects.postgresql.base.PGIdentifierPreparer";
const SESSION: &str = "sqlalchemy.orm.session.Session";
const CURSOR: &str = "sqlalchemy.engine.cursor.Cursor";
const TRANSACTION: &str = "sqlalchemy.engine.base.Transaction";
const CONTEXT: &str = "alembic.runtime.migration.MigrationContext";
const BATCH: &str = "alembic.operations.base.BatchOperations";
const AUTOCOMMIT: &str = "alembic.runtime.migration.autocommit_block";
const OPERATIONS: &str = "alembic.operations.base.Operations";
const QUERY: &str = "sqlalchemy.orm.query.Query";

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the class of its name")]
pub(super) enum Kind {
    /// `alembic.op`, an `Operations`.
    Operations,
    /// `batch_op`: its arguments are those of `batch_alter_table`.
    Batch,
    Connection(Connection),
    Engine,
    /// A driver's cursor.
    Cursor(Connection),
    /// The rows of a statement: its first argument is their list.
    Result,
    Row,
    /// Its second argument is its cache.
    Inspector,
    Dialect,
    /// It quotes names.
    Preparer,
    Session(Connection),
    Transaction(Connection),
    /// The migration context.
    Context,
    Autocommit,
    /// A query of a session, and what is made of it.
    Query,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Kind::Operations => OPERATIONS,
            Kind::Batch => BATCH,
            Kind::Connection(_) => CONNECTION,
            Kind::Engine => ENGINE,
            Kind::Cursor(_) => CURSOR,
            Kind::Result => RESULT,
            Kind::Row => ROW,
            Kind::Inspector => INSPECTOR,
            Kind::Dialect => DIALECT,
            Kind::Preparer => PREPARER,
            Kind::Session(_) => SESSION,
            Kind::Transaction(_) => TRANSACTION,
            Kind::Context => CONTEXT,
            Kind::Autocommit => AUTOCOMMIT,
            Kind::Query => QUERY,
        }
    }

    fn connection(self) -> Option<Connection> {
        match self {
            Kind::Connection(on) | Kind::Cursor(on) | Kind::Session(on) | Kind::Transaction(on) => Some(on),
            _ => None,
        }
    }
}

/// A new object; of those that stand for a connection the first argument says which.
pub(super) fn make<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    kind: Kind,
    arguments: Vec<Value<'a>>,
    at: Span,
) -> Value<'a> {
    let mut values = Vec::with_capacity(arguments.len() + 1);
    if let Some(on) = kind.connection() {
        values.push(Value::Bool(on == Connection::Own));
    }
    values.extend(arguments);
    let callee = machine.path(kind.path(), at);
    machine.call_term(callee, Args::of(values, at), at)
}

/// The same with named arguments: rows, batches.
pub(super) fn make_with<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    kind: Kind,
    args: Args<'a>,
    at: Span,
) -> Value<'a> {
    let callee = machine.path(kind.path(), at);
    machine.call_term(callee, args, at)
}

/// What object a value is, and what it was made with.
pub(super) fn object<'v, 'a>(value: &'v Value<'a>) -> Option<(Kind, &'v [Argument<'a>], &'v Args<'a>)> {
    let (callee, args) = value.as_call()?;
    let path = callee.as_path()?;
    let on = || match args.positional.first().map(|a| &a.value) {
        Some(Value::Bool(true)) => Connection::Own,
        _ => Connection::Apart,
    };
    let kind = match path {
        OPERATIONS => Kind::Operations,
        BATCH => Kind::Batch,
        CONNECTION => Kind::Connection(on()),
        ENGINE => Kind::Engine,
        CURSOR => Kind::Cursor(on()),
        RESULT => Kind::Result,
        ROW => Kind::Row,
        INSPECTOR => Kind::Inspector,
        DIALECT => Kind::Dialect,
        PREPARER => Kind::Preparer,
        SESSION => Kind::Session(on()),
        TRANSACTION => Kind::Transaction(on()),
        CONTEXT => Kind::Context,
        AUTOCOMMIT => Kind::Autocommit,
        QUERY => Kind::Query,
        _ => return None,
    };
    let skip = usize::from(kind.connection().is_some());
    Some((kind, args.positional.get(skip..).unwrap_or_default(), args))
}

/// Which connection a value sends statements on, where it is one that does.
pub(super) fn connection(value: &Value<'_>) -> Option<Connection> {
    match object(value)?.0 {
        Kind::Connection(on) | Kind::Session(on) | Kind::Cursor(on) => Some(on),
        Kind::Engine => Some(Connection::Apart),
        Kind::Operations | Kind::Batch | Kind::Context => Some(Connection::Own),
        _ => None,
    }
}

/// `object.name`, where that is what a value is.
pub(super) fn member<'v, 'a>(value: &'v Value<'a>) -> Option<(&'v Value<'a>, &'v str)> {
    let Value::Term(term) = value else { return None };
    match &term.kind {
        TermKind::Attribute(object, name) => Some((object, name)),
        _ => None,
    }
}

/// The name of a member of `alembic.op`.
pub(super) fn operation(path: &str) -> Option<&str> {
    path.strip_prefix("alembic.op.")
        .filter(|name| !name.contains('.'))
}

/// Whether a path is one of SQLAlchemy's, SQLModel's or of a companion that hands SQLAlchemy's members on; its last name.
pub(super) fn sqlalchemy(path: &str) -> Option<&str> {
    let (top, _) = path.split_once('.')?;
    matches!(top, "sqlalchemy" | "sqlmodel").then(|| dotted::last(path))
}
