//! Constraints and indexes that are made on some databases alone: `Index(...).ddl_if(dialect="postgresql")`,
//! `CheckConstraint(..., _create_rule=lambda compiler: compiler.dialect.name == "oracle")`.
//!
//! Source: `HasConditionalDDL.ddl_if` (`sqlalchemy/sql/schema.py`), `DDLIf._should_execute` (`sqlalchemy/sql/ddl.py`),
//! `DDLCompiler.create_table_constraints` (`sqlalchemy/sql/compiler.py`), 2.0.

use super::{compiled, terms};
use crate::interpret::python::{Args, Library, Machine, TermKind, Value};
use crate::known::Truth;
use crate::source::Span;

/// What has this method and stands in a table.
const CONSTRUCTS: &[&str] = &[
    "Index",
    "UniqueConstraint",
    "CheckConstraint",
    "ForeignKeyConstraint",
    "PrimaryKeyConstraint",
    "ExcludeConstraint",
];

/// Why it cannot be told whether a construct is made.
pub const WHY: &str = "whether a condition of its own makes this";

/// What a call of `ddl_if` comes to.
pub enum Conditional<'a> {
    /// The construct itself: it is made on PostgreSQL.
    Made(Value<'a>),
    /// It is not made there.
    Left(Value<'a>),
    /// That cannot be told: the construct, and what stands for it.
    Unknown(Value<'a>, Value<'a>),
}

/// A call of `ddl_if` of a construct; `None` for any other call.
pub fn ddl_if<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Conditional<'a>> {
    let Value::Term(term) = callee else { return None };
    let TermKind::Attribute(object, name) = &term.kind else {
        return None;
    };
    if name != "ddl_if" {
        return None;
    }
    let (member, _) = terms::call(machine, object)?;
    if !CONSTRUCTS.iter().any(|name| member.is(name)) {
        return None;
    }
    let unknown = || Conditional::Unknown(object.clone(), machine.unknown(at, WHY));
    let is_given = |argument: Option<&Value<'a>>| !matches!(argument, None | Some(Value::None));
    let value = |position, name| args.get(position, name).map(|a| &a.value);
    if args.open.is_some() || is_given(value(1, "callable_")) {
        return Some(unknown());
    }
    let systems = match value(0, "dialect") {
        None | Some(Value::None) => return Some(Conditional::Made(object.clone())),
        Some(one @ Value::Str(_)) => vec![one.clone()],
        Some(several) => match machine.known_items(several) {
            Some(items) => items,
            None => return Some(unknown()),
        },
    };
    let names: Option<Vec<&str>> = systems.iter().map(Value::as_str).collect();
    Some(match names {
        Some(names) if names.contains(&"postgresql") => Conditional::Made(object.clone()),
        Some(_) => Conditional::Left(object.clone()),
        None => unknown(),
    })
}

/// A call of `CheckConstraint` whose rule says whether it is made; `None` for any other call, and where the rule says that it is.
pub fn ruled<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Conditional<'a>> {
    let rule = args.keyword("_create_rule").map(|a| a.value.clone())?;
    if matches!(rule, Value::None) || !terms::member(machine, callee)?.is("CheckConstraint") {
        return None;
    }
    let construct = machine.call_term(callee.clone(), args.clone(), at);
    let compiler = compiled::compiler(machine, at).ok()?;
    let says = machine.call(&rule, Args::of(vec![compiler], at), at);
    let says = says.map_or_else(
        |stop| Truth::Unknown(terms::stopped(&stop, at)),
        |said| machine.truth(&said, at),
    );
    match says {
        Truth::Yes => None,
        Truth::No => Some(Conditional::Left(construct)),
        Truth::Unknown(_) => Some(Conditional::Unknown(construct, machine.unknown(at, WHY))),
    }
}
