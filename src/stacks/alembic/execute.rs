//! What is sent to a connection: text, `text(...)` with its parameters, elements of DDL, and expressions on rows.
//!
//! Source: `TextClause._bind_params_regex` and `DDL._expand` of SQLAlchemy; how psycopg2 writes values into a statement.

mod declared;
mod deeds;
mod elements;
mod order;
mod parameters;
mod results;

use super::database::{Connection, Database};
use crate::change::Change;
use crate::interpret::python::{Args, Argument, Machine, Run, TermKind, Value};
use crate::known::{Gap, Reach};
use crate::session::Rows;
use crate::source::{Span, Text};
use crate::stacks::sqlalchemy::compiled;
use crate::stacks::sqlalchemy::terms;
pub(super) use elements::{create_or_drop, create_or_drop_all, hear, make_table, note_table};
use parameters::Parameters;
pub(super) use results::{as_value, first, items, list, scalar};

/// How deep a statement's chain of calls goes.
const MAX_CHAIN: usize = 64;

/// What a value is as a statement.
enum Statement<'a> {
    /// SQL, its binds not yet filled in; `true` where `:name` is one.
    Sql(Vec<Option<Text>>, Style, Parameters<'a>),
    /// An element of DDL: the changes of each statement.
    Changes(Vec<(Vec<Change>, Span)>),
    /// It reads or writes rows of the tables in a value.
    Rows { writes: bool },
    /// It cannot be told what it is.
    Unknown(Gap),
}

/// How a statement's text is read before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `text(...)`: `:name` is a bind, `\:` a colon.
    Text,
    /// `%s`, `%(name)s`, `%%`: what goes to the driver as it is.
    Driver,
    /// `DDL(...)`: `%(table)s`, `%%`.
    Ddl,
}

/// `op.execute(...)`.
pub(super) fn execute<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
    on: Connection,
) -> Run<'a, Value<'a>> {
    let Some(statement) = args.get(0, "sqltext").or_else(|| args.get(0, "sql")) else {
        return Err(machine.raise("builtins.TypeError", "missing a required argument: 'sqltext'", at));
    };
    run(
        machine,
        &statement.value,
        &Parameters::default(),
        statement.span,
        at,
        on,
    )?;
    Ok(Value::None)
}

/// `connection.execute(statement, parameters)`, also `scalar` and `scalars`: its rows.
pub(super) fn on_connection<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
    on: Connection,
) -> Run<'a, Rows> {
    let statement = args.get(0, "statement").or_else(|| args.keyword("object_"));
    let Some(statement) = statement.or_else(|| args.keyword("clause")) else {
        return Err(machine.raise(
            "builtins.TypeError",
            "missing a required argument: 'statement'",
            at,
        ));
    };
    let mut parameters = Parameters::default();
    for argument in args.positional.iter().skip(1) {
        parameters.add(machine, &argument.value);
    }
    for (name, argument) in &args.keywords {
        match name.as_str() {
            "statement" | "object_" | "clause" | "execution_options" | "bind_arguments" | "mapper" => {}
            "parameters" | "params" => parameters.add(machine, &argument.value),
            name => parameters.set(name, argument.value.clone()),
        }
    }
    run(machine, &statement.value, &parameters, statement.span, at, on)
}

/// `connection.exec_driver_sql(text, parameters)` and a cursor's `execute`.
pub(super) fn on_driver<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
    on: Connection,
) -> Run<'a, Rows> {
    let statement = args.get(0, "statement").or_else(|| args.keyword("query"));
    let Some(statement) = statement else {
        return Err(machine.raise(
            "builtins.TypeError",
            "missing a required argument: 'statement'",
            at,
        ));
    };
    let mut parameters = Parameters::default();
    let second = args.get(1, "parameters").or_else(|| args.keyword("vars"));
    if let Some(argument) = second {
        parameters.add(machine, &argument.value);
    }
    if let Some(parts) = parts_of(machine, &statement.value) {
        return send_sql(machine, &parts, Style::Driver, &parameters, at, on);
    }
    run(machine, &statement.value, &parameters, statement.span, at, on)
}

/// Sends whatever a value is as a statement.
pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    parameters: &Parameters<'a>,
    span: Span,
    at: Span,
    on: Connection,
) -> Run<'a, Rows> {
    if let Value::Unknown(unknown) = value
        && !unknown.candidates.is_empty()
    {
        let unknown = unknown.clone();
        let mut last = Rows::default();
        machine.fork_over(unknown.candidates.clone(), &unknown.gap, |machine, value| {
            last = run(machine, &value, parameters, span, at, on)?;
            Ok(Value::None)
        })?;
        return Ok(Rows::unknown(unknown.gap.clone()));
    }
    match statement(machine, value, span)? {
        Statement::Sql(parts, style, mut own) => {
            own.update(parameters);
            send_sql(machine, &parts, style, &own, at, on)
        }
        Statement::Changes(statements) => {
            for (changes, place) in statements {
                L::apply(machine, &changes, place, on)?;
            }
            Ok(Rows::default())
        }
        Statement::Rows { writes } => {
            let gap = machine.gap(at, "the rows of a query");
            if writes {
                L::touch_rows(machine);
            }
            machine.may_raise(None, &gap, at);
            Ok(Rows::unknown(gap))
        }
        Statement::Unknown(gap) => {
            let why = format!("a statement that is not known: {}", gap.why);
            if changes_rows(&machine.modules().files().slice(span)) {
                let gap = Gap::new(at, why, Reach::Rows);
                machine.note(&gap);
                L::touch_rows(machine);
                machine.may_raise(None, &gap, at);
                return Ok(Rows::unknown(gap));
            }
            let gap = Gap::new(at, why, Reach::Everything);
            L::open(machine, gap.clone());
            machine.may_raise(None, &gap, at);
            Ok(Rows::unknown(gap.reaching(Reach::Rows)))
        }
    }
}

/// Whether an expression asks something for a statement that inserts, updates or deletes: `tables.kind.insert().values(...)`. What
/// can be executed and has such methods is a table (`TableClause`).
fn changes_rows(expression: &str) -> bool {
    let Some((object, rest)) = ["insert", "update", "delete"].iter().find_map(|method| {
        let (object, rest) = expression.split_once(&format!(".{method}("))?;
        Some((object, rest))
    }) else {
        return false;
    };
    let is_path = object
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '"' | '\''));
    let goes_on = rest.trim_start().strip_prefix(')').is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.is_empty()
            || [".values(", ".where(", ".returning("]
                .iter()
                .any(|m| rest.starts_with(m))
    });
    is_path && goes_on
}

/// Sends a query that a library reads rows with, on the migrations' own connection: what it gives is not followed.
pub(super) fn read<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    query: &Argument<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    run(
        machine,
        &query.value,
        &Parameters::default(),
        query.span,
        at,
        Connection::Own,
    )?;
    Ok(machine.unknown(at, "the rows that a library reads"))
}

/// Fills in the binds and sends the text.
fn send_sql<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    parts: &[Option<Text>],
    style: Style,
    parameters: &Parameters<'a>,
    at: Span,
    on: Connection,
) -> Run<'a, Rows> {
    let mut runs = Vec::new();
    let mut open = false;
    let mut filled: Vec<Option<Text>> = Vec::new();
    for part in parts {
        match part {
            Some(text) => runs.extend(parameters::fill(machine, text, style, parameters, at)),
            None => {
                open = true;
                filled.push(Some(Text::composed(std::mem::take(&mut runs))));
                filled.push(None);
            }
        }
    }
    let rest = Text::composed(runs);
    if open {
        filled.push(Some(rest));
        return L::run_pattern(machine, &filled, "a text of which parts are not known", at, on);
    }
    L::run_sql(machine, &rest, at, on)
}

/// The text of a value, as far as it is known.
fn parts_of<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
) -> Option<Vec<Option<Text>>> {
    match value {
        Value::Str(text) => Some(vec![Some((**text).clone())]),
        Value::Unknown(unknown) if matches!(unknown.usual, Some(Value::Str(_))) => {
            Some(vec![terms::usual_text(machine, unknown)])
        }
        Value::Unknown(unknown) if !unknown.pattern.is_empty() => {
            Some(terms::usual_parts(machine, unknown).unwrap_or_else(|| unknown.pattern.clone()))
        }
        _ => None,
    }
}

/// What a value is as a statement.
fn statement<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    span: Span,
) -> Run<'a, Statement<'a>> {
    if let Some(parts) = parts_of(machine, value) {
        return Ok(Statement::Sql(parts, Style::Text, Parameters::default()));
    }
    match value {
        Value::Unknown(unknown) => Ok(Statement::Unknown(unknown.gap.clone())),
        Value::Term(_) => term(machine, value, span, MAX_CHAIN),
        _ => written(machine, value, span),
    }
}

/// A construct of the repository's own that a function of it writes (`@compiles`).
fn written<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    span: Span,
) -> Run<'a, Statement<'a>> {
    let text = match compiled::written(machine, value, span) {
        Some(text) => Some(text?),
        None => None,
    };
    if let Some(parts) = text.as_ref().and_then(|text| parts_of(machine, text)) {
        return Ok(Statement::Sql(parts, Style::Driver, Parameters::default()));
    }
    Ok(Statement::Unknown(
        machine.gap(span, format!("`{}`", machine.display(value))),
    ))
}

/// Whether text is added to: what that gives is a statement that is written, not one on columns.
fn has_text(value: &Value<'_>) -> bool {
    let is_text = |value: &Value<'_>| match value {
        Value::Str(_) => true,
        Value::Unknown(unknown) => !unknown.pattern.is_empty(),
        _ => false,
    };
    let mut value = value;
    while let Value::Term(term) = value
        && let TermKind::Operation(_, operands) = &term.kind
    {
        if operands.iter().any(is_text) {
            return true;
        }
        let Some(first) = operands.first() else {
            return false;
        };
        value = first;
    }
    false
}

fn term<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    span: Span,
    depth: usize,
) -> Run<'a, Statement<'a>> {
    let unknown = |machine: &Machine<'a, L>| {
        let what = machine.display(value);
        Ok(Statement::Unknown(
            machine.gap(span, format!("`{what}` is not followed")),
        ))
    };
    if depth == 0 {
        return unknown(machine);
    }
    if let Some((inner, name, args)) = terms::method(value) {
        let inner = inner.clone();
        return chained(machine, &inner, name, args, span, depth);
    }
    let Some((member, args)) = terms::call(machine, value) else {
        return match terms::member(machine, value) {
            Some(member) if member.origin == terms::Origin::Function => Ok(Statement::Rows { writes: false }),
            // Text that makes functions, and a composite type for them.
            Some(member)
                if member.package() == "sqlalchemy_searchable" && member.name() == "sql_expressions" =>
            {
                Ok(Statement::Changes(Vec::new()))
            }
            _ => match value {
                // An operation on columns, as a query of its own.
                Value::Term(term) if matches!(term.kind, TermKind::Operation(..)) && !has_text(value) => {
                    Ok(Statement::Rows { writes: false })
                }
                _ => unknown(machine),
            },
        };
    };
    let args = args.clone();
    if member.package() != "sqlalchemy" && member.package() != "sqlmodel" && member.package() != "alembic" {
        return elements::of_package(machine, &member, &args, span).unwrap_or_else(|| unknown(machine));
    }
    match member.name() {
        "text" | "literal_column" => {
            let Some(argument) = args.get(0, "text") else {
                return unknown(machine);
            };
            match parts_of(machine, &argument.value) {
                Some(parts) => Ok(Statement::Sql(parts, Style::Text, Parameters::default())),
                None => match &argument.value {
                    Value::Unknown(gone) => Ok(Statement::Unknown(gone.gap.clone())),
                    _ => unknown(machine),
                },
            }
        }
        "DDL" => {
            let Some(argument) = args.get(0, "statement") else {
                return unknown(machine);
            };
            let parameters = parameters::of_context(machine, &args);
            match parts_of(machine, &argument.value) {
                Some(parts) => Ok(Statement::Sql(parts, Style::Ddl, parameters)),
                None => unknown(machine),
            }
        }
        "select" | "exists" | "values" | "union" | "union_all" | "except_" | "intersect" => {
            Ok(Statement::Rows { writes: false })
        }
        "insert" | "update" | "delete" | "merge" => Ok(Statement::Rows { writes: true }),
        _ if member.origin == terms::Origin::Function => Ok(Statement::Rows { writes: true }),
        _ => elements::element(machine, &member, &args, span).unwrap_or_else(|| unknown(machine)),
    }
}

/// A statement that a method made of another one, or of a table.
fn chained<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    inner: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    span: Span,
    depth: usize,
) -> Run<'a, Statement<'a>> {
    match name {
        // Of a table or a model.
        "insert" | "update" | "delete" => return Ok(Statement::Rows { writes: true }),
        "select" | "count" => return Ok(Statement::Rows { writes: false }),
        // Of an insert of PostgreSQL's dialect.
        "on_conflict_do_nothing" | "on_conflict_do_update" | "from_select" => {
            return Ok(Statement::Rows { writes: true });
        }
        _ => {}
    }
    let made = match inner {
        Value::Term(_) => term(machine, inner, span, depth - 1)?,
        _ => statement(machine, inner, span)?,
    };
    Ok(match made {
        Statement::Sql(parts, style, mut parameters) => {
            if matches!(name, "bindparams" | "params" | "bindparam") {
                parameters.bind(machine, args);
            }
            Statement::Sql(parts, style, parameters)
        }
        other => other,
    })
}
