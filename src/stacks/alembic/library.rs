//! What terms mean to a history of Alembic: operations and connections act on the simulated database.

use std::cell::Cell;
use std::rc::Rc;

use super::appended;
use super::config::Tree;
use super::database::{Connection, Context, Database, Naming};
use super::databases;
use super::environment::{self, Attributes, Invocation};
use super::flask;
use super::inspector;
use super::surface::{self, Kept};
use super::systems::{self, Systems};
use super::unbound;
use super::unread;
use crate::change::{Change, Failure, Question};
use crate::config::Given;
use crate::interpret::python::{Args, ClassId, Library, Machine, Run, Stop, Value};
use crate::known::{Gap, Reach, Truth};
use crate::schema::Schema;
use crate::session::{Checkpoint, Rows, Sent, Session};
use crate::source::{Span, Text};
use crate::sql::Transaction;
use crate::stacks::sqlalchemy::attached;
use crate::stacks::sqlalchemy::creation::Listener;
use crate::stacks::sqlalchemy::ddl::Memo;
use crate::stacks::sqlalchemy::listeners::Listened;
use crate::stacks::sqlalchemy::semantics;

/// The library: a session, and what the environment has configured.
#[derive(Debug)]
pub struct Alembic<'a> {
    pub(super) session: Session,
    pub(super) context: Rc<Context<'a>>,
    kept: Kept<'a>,
    pub(super) tree: Tree,
    pub(super) given: Given,
    /// Runs of the migrations that `env.py` has started so far.
    pub(super) invocations: Vec<Invocation<'a>>,
    /// `env.py` runs.
    pub(super) in_environment: bool,
    /// What `env.py` was handed.
    pub(super) attributes: Attributes,
    /// Why `env.py` ended before its end.
    pub(super) stopped: Option<Gap>,
    /// Where the runner calls the program that runs.
    pub(super) entry: Option<Span>,
    /// The way back of a revision runs.
    pub(super) goes_back: bool,
    /// The systems that engines are made for.
    pub(super) systems: Systems,
    /// The database was asked or changed, other than by beginning and ending transactions.
    used: Cell<bool>,
}

/// What a fork copies of it.
#[derive(Debug, Clone)]
pub struct State<'a> {
    session: Checkpoint,
    context: Rc<Context<'a>>,
    kept: Kept<'a>,
}

impl<'a> Alembic<'a> {
    /// A library over a session.
    #[must_use]
    pub fn new(session: Session, tree: Tree, given: Given) -> Self {
        Alembic {
            session,
            context: Rc::default(),
            kept: Kept::default(),
            tree,
            given,
            invocations: Vec::new(),
            in_environment: false,
            attributes: Attributes::default(),
            stopped: None,
            entry: None,
            goes_back: false,
            systems: Systems::default(),
            used: Cell::new(false),
        }
    }

    /// Whether the database was used so far.
    pub(super) fn has_used_database(&self) -> bool {
        self.used.get() || !self.session.missteps().is_empty()
    }

    /// Whether the repository has added operations.
    pub(super) fn has_operations(&self) -> bool {
        !self.kept.operations.is_empty()
    }

    /// The enums that operations have made.
    pub(super) fn enums(&mut self) -> &mut Memo {
        &mut self.kept.enums
    }

    /// Notes what is known of the naming convention of the target metadata, and who else gives names.
    pub(super) fn take_naming(
        &mut self,
        naming: Naming<'a>,
        heard: Vec<(Listened, Gap)>,
        makings: Vec<Listener<'a>>,
    ) {
        let mut context = (*self.context).clone();
        context.naming = naming;
        context.heard = heard;
        context.makings = makings;
        self.context = Rc::new(context);
    }
}

/// A machine of this library.
pub type Python<'a> = Machine<'a, Alembic<'a>>;

impl<'a> Library<'a> for Alembic<'a> {
    type State = State<'a>;

    fn save(&mut self) -> State<'a> {
        State {
            session: self.session.checkpoint(),
            context: self.context.clone(),
            kept: self.kept.clone(),
        }
    }

    fn restore(&mut self, state: State<'a>) {
        self.session.restore(state.session);
        self.context = state.context;
        self.kept = state.kept;
    }

    fn join(&mut self, other: State<'a>, gap: &Gap) {
        if self.context.configured.is_none() {
            self.context = other.context;
        }
        self.session.join(other.session, gap);
        self.kept.join(other.kept, gap);
    }

    fn attribute(
        machine: &mut Python<'a>,
        object: &Value<'a>,
        name: &str,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        attached::attribute(machine, object, name, at)
            .or_else(|| surface::attribute(machine, object, name, at))
            .or_else(|| flask::attribute(machine, object, name, at))
    }

    fn call(
        machine: &mut Python<'a>,
        callee: &Value<'a>,
        args: &Args<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        if machine.library.in_environment
            && let Some(path) = callee.as_path()
        {
            let path = path.to_owned();
            systems::note(machine, &path, args);
        }
        attached::call(machine, callee, args, at)
            .or_else(|| surface::call(machine, callee, args, at))
            .or_else(|| environment::call(machine, callee, args, at))
    }

    fn iterate(machine: &mut Python<'a>, term: &Value<'a>, at: Span) -> Option<Run<'a, Vec<Value<'a>>>> {
        attached::iterate(term).or_else(|| surface::iterate(machine, term, at))
    }

    fn item(
        machine: &mut Python<'a>,
        term: &Value<'a>,
        key: &Value<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        attached::item(machine, term, key, at)
            .or_else(|| surface::item(machine, term, key, at))
            .or_else(|| flask::item(machine, term, key, at))
    }

    fn row(machine: &mut Python<'a>, term: &Value<'a>, at: Span) -> Option<Value<'a>> {
        surface::row(machine, term, at)
    }

    fn truth(machine: &mut Python<'a>, term: &Value<'a>, at: Span) -> Option<Truth> {
        surface::truth(machine, term, at)
    }

    fn enter(machine: &mut Python<'a>, term: &Value<'a>, at: Span) -> Option<Run<'a, Value<'a>>> {
        surface::enter(machine, term, at)
    }

    fn exit(machine: &mut Python<'a>, term: &Value<'a>, failed: bool, at: Span) {
        surface::exit(machine, term, failed, at);
    }

    fn set_attribute(
        machine: &mut Python<'a>,
        term: &Value<'a>,
        _name: &str,
        _value: &Value<'a>,
        at: Span,
    ) -> bool {
        appended::changed(machine, term, at);
        false
    }

    fn class_made(_machine: &mut Python<'a>, _class: ClassId) {}

    fn text(object: &Value<'a>) -> Option<Value<'a>> {
        crate::stacks::sqlalchemy::made::text(object)
    }

    fn done(machine: &Python<'a>) -> usize {
        machine.library.session.statements()
    }

    fn lacks(machine: &Python<'a>, order: &[Value<'a>], name: &str) -> bool {
        semantics::lacks(machine, order, name)
    }

    fn opaque(machine: &mut Python<'a>, gap: &Gap, args: &Args<'a>) {
        if gap.reach != Reach::Everything {
            return;
        }
        // Code that is not in the repository: called by the migration itself, or with its connection.
        let file = machine.module().map(|module| machine.modules().get(module).file);
        let entry = machine.library.entry.map(|at| at.file);
        if surface::hands_connection(args) || file.is_some() && file == entry {
            Self::open(machine, gap.clone());
        }
    }

    fn unread(machine: &mut Python<'a>, gap: &Gap, part: &str, body: &str) {
        if machine.library.entry.is_none() {
            return;
        }
        for reach in unread::reaches(part, body) {
            Self::open(machine, gap.reaching(reach));
        }
    }

    fn variable(machine: &mut Python<'a>, name: &str, at: Span) -> Option<Value<'a>> {
        let given = &machine.library.given;
        if let Some(value) = given.settings.get(name) {
            return Some(Value::text(value, at));
        }
        let database = given.database.as_deref()?;
        let name = name.to_ascii_uppercase();
        if databases::is_address(&name) {
            return Some(Value::text(&databases::address(database), at));
        }
        [
            "DATABASE",
            "DB",
            "DB_NAME",
            "DATABASE_NAME",
            "PGDATABASE",
            "POSTGRES_DB",
        ]
        .contains(&name.as_str())
        .then(|| Value::text(database, at))
    }

    fn is_harmless(callee: &Value<'a>) -> bool {
        surface::is_harmless(callee)
    }

    fn is_instance(_: &mut Python<'a>, value: &Value<'a>, class: &Value<'a>) -> Option<bool> {
        attached::is_instance(value, class).or_else(|| inspector::is_type_of(value, class))
    }

    fn unbound(machine: &mut Python<'a>, name: &str, at: Span) -> Option<Value<'a>> {
        unbound::taken(machine, name, at)
    }
}

impl<'a> Database<'a> for Alembic<'a> {
    fn schema(&self) -> &Schema {
        self.used.set(true);
        self.session.database().schema()
    }

    fn context(&self) -> &Context<'a> {
        &self.context
    }

    fn address(&self) -> Option<String> {
        self.given.database.as_deref().map(databases::address)
    }

    fn kept(&mut self) -> &mut Kept<'a> {
        &mut self.kept
    }

    fn apply(machine: &mut Python<'a>, changes: &[Change], at: Span, on: Connection) -> Run<'a, ()> {
        machine.library.used.set(true);
        if let Some(handler) = machine.swallowing().filter(|_| on == Connection::Own)
            && !machine.library.in_environment
        {
            machine.library.session.note_caught(at, handler);
        }
        send(machine, at, on, "", |session, handled| {
            session.send_changes(changes, at, handled)
        })
        .map(|_| ())
    }

    fn ask(machine: &Python<'a>, question: &Question) -> Truth {
        machine.library.used.set(true);
        machine.library.session.database().ask(question)
    }

    fn apply_holed(machine: &mut Python<'a>, changes: &[Change], why: &str, at: Span) -> Run<'a, ()> {
        machine.library.used.set(true);
        let gap = Gap::new(at, why, Reach::Rows);
        if machine.library.in_environment {
            machine.note(&gap);
        } else {
            machine.library.session.called_from(machine.calls());
            machine.library.session.send_holed(changes, why, at);
        }
        machine.may_raise(None, &gap, at);
        Ok(())
    }

    fn run_sql(machine: &mut Python<'a>, text: &Text, at: Span, on: Connection) -> Run<'a, Rows> {
        machine.library.used.set(true);
        send(machine, at, on, text.as_str(), |session, handled| {
            session.send_text(text, handled)
        })
    }

    fn run_pattern(
        machine: &mut Python<'a>,
        parts: &[Option<Text>],
        why: &str,
        at: Span,
        _on: Connection,
    ) -> Run<'a, Rows> {
        machine.library.used.set(true);
        let gap = Gap::new(at, why, Reach::Rows);
        if machine.library.in_environment {
            machine.note(&gap);
        } else {
            machine.library.session.called_from(machine.calls());
            machine.library.session.send_pattern(parts, why, at);
        }
        machine.may_raise(None, &gap, at);
        Ok(Rows::unknown(gap))
    }

    fn control(machine: &mut Python<'a>, control: Transaction, at: Span, on: Connection) -> Run<'a, ()> {
        if on == Connection::Apart {
            return Ok(());
        }
        send(machine, at, on, "", |session, handled| {
            session.send_control(control, at, handled)
        })
        .map(|_| ())
    }

    fn autocommit(machine: &mut Python<'a>, begins: bool, at: Span) {
        machine.library.used.set(true);
        machine.library.session.autocommit(begins, at);
    }

    fn refuse(machine: &mut Python<'a>, exception: &str, message: &str, at: Span) -> Run<'a, ()> {
        if !machine.is_certain() || machine.library.in_environment {
            return Err(machine.raise(exception, message, at));
        }
        machine.library.used.set(true);
        machine.library.session.called_from(machine.calls());
        machine.library.session.note_failure(Failure {
            sqlstate: "",
            message: message.to_owned(),
            span: at,
            related: Vec::new(),
        });
        Ok(())
    }

    fn open(machine: &mut Python<'a>, gap: Gap) {
        machine.library.used.set(true);
        machine.library.session.open_gap(gap);
    }

    fn touch_rows(machine: &mut Python<'a>) {
        machine.library.used.set(true);
        machine.library.session.touch_rows_of_all();
    }
}

/// Sends something; an error that a handler could see is raised, and one that may come is seen by it on a copy of the world.
fn send<'a>(
    machine: &mut Python<'a>,
    at: Span,
    on: Connection,
    sql: &str,
    run: impl FnOnce(&mut Session, bool) -> Sent,
) -> Run<'a, Rows> {
    let handled = machine.is_handled() || machine.is_uncertain();
    let entry = machine.library.entry;
    let calls = machine
        .calls()
        .into_iter()
        .filter(|call| Some(*call) != entry)
        .collect();
    if machine.library.in_environment && machine.is_uncertain() {
        // Where the tables are to lie is said outside: names are taken as they stand.
        return Ok(Rows::default());
    }
    let session = &mut machine.library.session;
    session.called_from(calls);
    session.sent_from(at);
    let own = (on == Connection::Apart).then(|| session.leave_transaction());
    let sent = run(session, handled);
    if let Some(own) = own {
        session.reenter_transaction(own);
    }
    if let Some((gap, failed)) = sent.doubt {
        let after = machine.library.save();
        machine.library.session.restore(failed);
        machine.may_raise(None, &gap, at);
        machine.library.restore(after);
    }
    sent.result.map_err(|failure| raise(machine, &failure, sql, at))
}

/// The exception that SQLAlchemy makes of a server's error.
fn raise<'a>(machine: &mut Python<'a>, failure: &Failure, sql: &str, at: Span) -> Stop<'a> {
    let class = exception(failure.sqlstate);
    let driver = driver_class(failure.sqlstate);
    let message = format!("(psycopg2.errors.{driver}) {}\n\n[SQL: {sql}]", failure.message);
    machine.raise(&format!("sqlalchemy.exc.{class}"), &message, at)
}

/// SQLAlchemy's class for an error: that of the driver's exception (psycopg2, `psycopg/pqpath.c`, `exception_from_sqlstate`).
fn exception(sqlstate: &str) -> &'static str {
    let class = sqlstate.get(..2).unwrap_or("");
    match class {
        "0A" => "NotSupportedError",
        "20" | "21" | "3D" | "3F" | "42" | "44" => "ProgrammingError",
        "22" => "DataError",
        "23" => "IntegrityError",
        "24" | "25" | "2B" | "2D" | "2F" | "38" | "39" | "3B" | "P0" | "XX" | "F0" => "InternalError",
        "26" | "27" | "28" | "34" | "40" | "53" | "54" | "55" | "57" | "58" | "HV" => "OperationalError",
        _ => "DatabaseError",
    }
}

/// The class in `psycopg2.errors` (manual, appendix A: condition names in camel case).
fn driver_class(sqlstate: &str) -> &'static str {
    match sqlstate {
        "25P02" => "InFailedSqlTransaction",
        "25001" => "ActiveSqlTransaction",
        "42701" => "DuplicateColumn",
        "42703" => "UndefinedColumn",
        "42704" => "UndefinedObject",
        "42710" => "DuplicateObject",
        "42883" => "UndefinedFunction",
        "42P01" => "UndefinedTable",
        "42P06" => "DuplicateSchema",
        "42P07" => "DuplicateTable",
        "3F000" => "InvalidSchemaName",
        "2BP01" => "DependentObjectsStillExist",
        "23502" => "NotNullViolation",
        "23503" => "ForeignKeyViolation",
        "23505" => "UniqueViolation",
        "23514" => "CheckViolation",
        "42601" => "SyntaxError",
        "42804" => "DatatypeMismatch",
        "42830" => "InvalidForeignKey",
        "42P16" => "InvalidTableDefinition",
        "0A000" => "FeatureNotSupported",
        "55P04" => "UnsafeNewEnumValueUsage",
        _ => "Error",
    }
}
