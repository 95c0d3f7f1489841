//! `@compiles`: functions of the repository that write the SQL of a class of constructs, its own or one of SQLAlchemy.
//!
//! Source: `sqlalchemy/ext/compiler.py` 2.0 (`compiles`, `_dispatcher.__call__`): a class without functions of its own has those of
//! the nearest class above it, and the function for a system goes before the one for all.

use smol_str::SmolStr;

use super::terms::{self, Known, gap, stopped};
use crate::interpret::python::{Args, Class, ClassId, Library, Machine, Run, Value};
use crate::source::{Span, Text};

/// The attribute of a class that a function for its SQL is kept under: for PostgreSQL, or for every system.
const COMPILED: [&str; 2] = ["__compiled_postgresql__", "__compiled__"];

/// What keeps the functions for classes of SQLAlchemy, by the name of the class.
const OF_LIBRARIES: &str = "sqlalchemy.ext.compiler.compiled";

/// Classes of SQLAlchemy that whole statements or columns are written by.
const STATEMENTS: &[&str] = &[
    "CreateColumn",
    "CreateTable",
    "CreateIndex",
    "CreateSequence",
    "AddConstraint",
    "AddColumn",
    "CheckConstraint",
    "ForeignKeyConstraint",
    "PrimaryKeyConstraint",
    "UniqueConstraint",
];

/// A decorator that is applied: `@compiles(Class, "postgresql")`; `None` for any other call.
pub fn decorated<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (member, given) = terms::call(machine, callee)?;
    if member.name() != "compiles" {
        return None;
    }
    let class = given.positional.first()?.value.clone();
    let function = args.positional.first()?.value.clone();
    let systems: Vec<SmolStr> = given
        .positional
        .iter()
        .skip(1)
        .filter_map(|a| a.value.as_str().map(SmolStr::new))
        .collect();
    let [own, every] = COMPILED;
    let name = if systems.is_empty() {
        every
    } else if systems.iter().any(|system| system == "postgresql") {
        own
    } else {
        return Some(Ok(function));
    };
    // Not a static method of the class: a function that stands beside it.
    let kept = Value::Tuple(vec![function.clone()].into());
    let done = match &class {
        Value::Class(_) => machine.set_attribute(&class, name, kept, at),
        Value::Term(_) => {
            let named = SmolStr::new(terms::member(machine, &class)?.name());
            let all = machine.path(OF_LIBRARIES, at);
            machine.set_attribute(&all, &named, kept, at)
        }
        _ => return None,
    };
    Some(done.map(|()| function))
}

/// Whether a class of the repository has SQL of its own.
pub fn is_compiled<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> bool {
    COMPILED.iter().any(|name| machine.lookup(class, name).is_some())
}

/// The function that a tuple keeps.
fn kept<'a>(value: Option<Value<'a>>) -> Option<Value<'a>> {
    match value? {
        Value::Tuple(items) => items.first().cloned(),
        other => Some(other),
    }
}

/// The function that writes a class of the repository in SQL.
fn function<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Option<Value<'a>> {
    let order = |class: &Class<'a>| class.order.clone();
    let order = machine.class(class).map(order).unwrap_or_default();
    order.iter().find_map(|base| {
        let Value::Class(base) = base else { return None };
        let members = &machine.class(*base)?.members;
        COMPILED.iter().find_map(|name| {
            let member = members.iter().find(|member| member.name == *name)?;
            match &member.maybe {
                Some(gap) => Some(Value::unknown(gap.clone())),
                None => kept(member.value.clone()),
            }
        })
    })
}

/// The function that writes a class of SQLAlchemy in SQL in the place of SQLAlchemy itself.
fn function_of<'a, L: Library<'a>>(machine: &Machine<'a, L>, name: &str) -> Option<Value<'a>> {
    kept(machine.set_on_path(OF_LIBRARIES, name))
}

/// What is written for an object of a class of the repository; `None` where no function writes it.
///
/// # Errors
/// Where the function fails, or a budget is used up.
pub fn written<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let class = machine.class_of(object)?;
    let function = function(machine, class)?;
    Some(ask(machine, &function, object, at))
}

fn ask<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    function: &Value<'a>,
    object: &Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let compiler = compiler(machine, at)?;
    machine.call(function, Args::of(vec![object.clone(), compiler], at), at)
}

/// What stands for the compiler that SQLAlchemy hands to functions.
///
/// # Errors
/// Where a budget is used up.
pub fn compiler<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Run<'a, Value<'a>> {
    let dialect = terms::dialect(machine, at);
    let callee = machine.path("sqlalchemy.dialects.postgresql.base.PGCompiler", at);
    let compiler = machine.call_term(callee, Args::default(), at);
    machine.set_attribute(&compiler, "dialect", dialect, at)?;
    Ok(compiler)
}

/// The SQL of an object of a class of the repository; `None` where no function writes it.
///
/// # Errors
/// Where it cannot be told.
pub fn text<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    at: Span,
) -> Option<Known<Text>> {
    Some(sql(written(machine, object, at)?, at))
}

fn sql<'a>(written: Run<'a, Value<'a>>, at: Span) -> Known<Text> {
    match written {
        Ok(Value::Str(text)) => Ok((*text).clone()),
        Ok(Value::Unknown(unknown)) => Err(unknown.gap.clone()),
        Ok(_) => Err(gap(at, "the SQL that a function writes cannot be told")),
        Err(stop) => Err(stopped(&stop, at)),
    }
}

/// The SQL of a call of a function or type of SQLAlchemy that the repository writes itself; `None` where SQLAlchemy writes it.
///
/// # Errors
/// Where it cannot be told.
pub fn text_of_library<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    at: Span,
) -> Option<Known<Text>> {
    let function = function_of(machine, name)?;
    let object = machine.unknown(at, "what a construct holds");
    Some(sql(ask(machine, &function, &object, at), at))
}

/// Why it cannot be told what a table is made with, where the repository writes tables or columns itself.
pub fn rewritten<'a, L: Library<'a>>(machine: &Machine<'a, L>, at: Span) -> Option<crate::known::Gap> {
    let written = machine.knows_path(OF_LIBRARIES)
        && STATEMENTS.iter().any(|name| function_of(machine, name).is_some());
    written.then(|| {
        gap(
            at,
            "the program itself writes how tables or their parts are made (`@compiles`)",
        )
    })
}
