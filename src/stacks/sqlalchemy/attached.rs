//! Constraints and indexes as the functions of a naming convention are handed them, with their table: terms whose attributes are
//! those that are known when SQLAlchemy calls such a function.
//!
//! Source: `ConventionDict.__getitem__` (`sqlalchemy/sql/naming.py`, 2.0), called as a construct is attached to its table;
//! `ReadOnlyColumnCollection` (`sqlalchemy/sql/base.py`).

use smol_str::SmolStr;

use super::naming::{Kind, Subject};
use super::terms::{self, Known, gap};
use crate::interpret::python::dotted;
use crate::interpret::python::{Args, Argument, Library, Machine, Run, TermKind, Value};
use crate::source::Span;

const TABLE: &str = "sqlalchemy.sql.schema.attached.Table";
const COLUMN: &str = "sqlalchemy.sql.schema.attached.Column";
const FOREIGN_KEY: &str = "sqlalchemy.sql.schema.attached.ForeignKey";
const COLUMNS: &str = "sqlalchemy.sql.base.attached.ReadOnlyColumnCollection";

/// A construct that a name is made for.
#[derive(Clone)]
pub struct Attached<'d> {
    /// What it is.
    pub kind: Kind,
    /// Its name before; `None` where it cannot be told.
    pub name: Option<Option<&'d str>>,
    /// Whether the columns are all that it has.
    pub whole: bool,
    /// `unique=` of an index.
    pub unique: Option<Known<bool>>,
    /// Its table and columns.
    pub subject: &'d Subject<'d>,
    /// Where it is written.
    pub at: Span,
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Index => "sqlalchemy.sql.schema.attached.Index",
        Kind::Unique => "sqlalchemy.sql.schema.attached.UniqueConstraint",
        Kind::Check => "sqlalchemy.sql.schema.attached.CheckConstraint",
        Kind::ForeignKey => "sqlalchemy.sql.schema.attached.ForeignKeyConstraint",
        Kind::PrimaryKey => "sqlalchemy.sql.schema.attached.PrimaryKeyConstraint",
    }
}

fn is_attached(path: &str) -> bool {
    path.starts_with("sqlalchemy.sql.") && path.contains(".attached.")
}

/// An object with attributes.
fn object<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &'static str,
    attributes: Vec<(&'static str, Value<'a>)>,
    at: Span,
) -> Value<'a> {
    let keywords = attributes.into_iter();
    let args = Args {
        keywords: keywords
            .map(|(name, value)| (SmolStr::new_static(name), Argument { value, span: at }))
            .collect(),
        ..Args::default()
    };
    let callee = machine.path(path, at);
    machine.call_term(callee, args, at)
}

/// What a function of the convention gives for a construct.
///
/// # Errors
/// Where that cannot be told.
pub fn asked<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    function: &Value<'a>,
    construct: &Attached<'_>,
) -> Known<SmolStr> {
    let at = construct.at;
    let table = table(machine, construct);
    let handed = handed(machine, construct, &table);
    let given = machine.call(function, Args::of(vec![handed, table], at), at);
    match given {
        Ok(Value::Int(number)) => Ok(SmolStr::new(number.to_string())),
        Ok(value) => terms::text(machine, &value, at).map(|text| SmolStr::new(text.as_str())),
        Err(_) => Err(gap(
            at,
            "the naming convention cannot be filled in: its function fails",
        )),
    }
}

fn table<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, construct: &Attached<'_>) -> Value<'a> {
    let (subject, at) = (construct.subject, construct.at);
    let schema = subject
        .schema
        .map_or(Value::None, |schema| Value::text(schema, at));
    let fullname = match subject.schema {
        Some(schema) => format!("{schema}.{}", subject.table),
        None => subject.table.to_owned(),
    };
    let attributes = vec![
        ("name", Value::text(subject.table, at)),
        ("schema", schema),
        ("fullname", Value::text(&fullname, at)),
        ("key", Value::text(&fullname, at)),
    ];
    object(machine, TABLE, attributes, at)
}

fn handed<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    construct: &Attached<'_>,
    table: &Value<'a>,
) -> Value<'a> {
    let (subject, at) = (construct.subject, construct.at);
    let mut attributes = vec![("table", table.clone())];
    if let Some(name) = construct.name {
        attributes.push(("name", name.map_or(Value::None, |name| Value::text(name, at))));
    }
    if let Some(unique) = &construct.unique {
        let unique = match unique {
            Ok(unique) => Value::Bool(*unique),
            Err(gap) => Value::unknown(gap.clone()),
        };
        attributes.push(("unique", unique));
    }
    if construct.whole {
        let columns: Vec<Value<'a>> = subject
            .columns
            .iter()
            .map(|column| {
                let attributes = vec![
                    ("name", Value::text(column.name, at)),
                    ("key", Value::text(column.key, at)),
                    ("table", table.clone()),
                ];
                object(machine, COLUMN, attributes, at)
            })
            .collect();
        if construct.kind == Kind::ForeignKey {
            let elements = columns.iter().cloned();
            let elements = elements
                .map(|column| object(machine, FOREIGN_KEY, vec![("parent", column)], at))
                .collect();
            attributes.push(("elements", machine.new_list(elements)));
            let keys = subject.columns.iter();
            let keys = keys.map(|column| Value::text(column.key, at)).collect();
            attributes.push(("column_keys", machine.new_list(keys)));
        }
        let callee = machine.path(COLUMNS, at);
        let columns = machine.call_term(callee, Args::of(columns, at), at);
        attributes.push(("columns", columns));
    }
    object(machine, class(construct.kind), attributes, at)
}

/// What such an object was made with, and its class.
fn made<'v, 'a>(value: &'v Value<'a>) -> Option<(&'v str, &'v Args<'a>)> {
    let (callee, args) = value.as_call()?;
    let path = callee.as_path()?;
    is_attached(path).then_some((path, args))
}

/// The columns of a collection.
fn collected<'v, 'a>(value: &'v Value<'a>) -> Option<&'v [Argument<'a>]> {
    let (path, args) = made(value)?;
    (path == COLUMNS).then_some(args.positional.as_slice())
}

fn key<'v>(column: &'v Value<'_>) -> Option<&'v str> {
    made(column)?.1.keyword("key")?.value.as_str()
}

/// An attribute of such an object; `None` where the object is no such, or the attribute is a method.
pub fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (path, args) = made(value)?;
    if path == COLUMNS {
        if is_method(name) {
            return None;
        }
        let found = args.positional.iter().find(|c| key(&c.value) == Some(name));
        let found = found.map(|column| column.value.clone());
        return Some(Ok(
            found.unwrap_or_else(|| machine.unknown(at, "a column of a construct"))
        ));
    }
    Some(Ok(match args.keyword(name) {
        Some(found) => found.value.clone(),
        None => machine.unknown(at, "an attribute of what a naming convention is filled in for"),
    }))
}

fn is_method(name: &str) -> bool {
    matches!(
        name,
        "values" | "keys" | "items" | "get" | "__len__" | "__contains__" | "contains_column"
    )
}

/// The items of a collection of columns.
pub fn iterate<'a>(value: &Value<'a>) -> Option<Run<'a, Vec<Value<'a>>>> {
    let columns = collected(value)?;
    Some(Ok(columns.iter().map(|c| c.value.clone()).collect()))
}

/// One of a collection of columns, by its key or its place.
pub fn item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    asked: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let columns = collected(value)?;
    let found = match asked {
        Value::Int(place) => {
            let place = usize::try_from(*place).or_else(|_| usize::try_from(columns.len() as i64 + *place));
            columns.get(place.unwrap_or(usize::MAX))
        }
        Value::Str(name) => columns.iter().find(|c| key(&c.value) == Some(name.as_str())),
        _ => return Some(Ok(machine.unknown(at, "a column of a construct"))),
    };
    Some(match found.map(|column| column.value.clone()) {
        Some(column) => Ok(column),
        None => Err(match asked {
            Value::Int(_) => machine.raise("builtins.IndexError", "tuple index out of range", at),
            _ => machine.raise("builtins.KeyError", "no such column", at),
        }),
    })
}

/// A method of a collection of columns, and its length.
pub fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if callee.as_path() == Some("builtins.len") {
        let columns = collected(&args.positional.first()?.value)?;
        return Some(Ok(Value::Int(i64::try_from(columns.len()).unwrap_or(i64::MAX))));
    }
    let Value::Term(term) = callee else { return None };
    let TermKind::Attribute(object, name) = &term.kind else {
        return None;
    };
    let columns = collected(object)?;
    let text = |column: &Argument<'a>| key(&column.value).map_or(Value::None, |key| Value::text(key, at));
    let items: Vec<Value<'a>> = match name.as_str() {
        "values" => columns.iter().map(|c| c.value.clone()).collect(),
        "keys" => columns.iter().map(text).collect(),
        "items" => columns
            .iter()
            .map(|c| Value::Tuple([text(c), c.value.clone()].into()))
            .collect(),
        _ => return Some(Ok(machine.unknown(at, "what a collection of columns says"))),
    };
    Some(Ok(machine.new_list(items)))
}

/// Whether such an object is of a class; `None` for other objects, and where that is not known.
pub fn is_instance(value: &Value<'_>, class: &Value<'_>) -> Option<bool> {
    let (own, _) = made(value)?;
    if let Value::Tuple(several) = class {
        let answers: Option<Vec<bool>> = several.iter().map(|class| is_instance(value, class)).collect();
        return answers.map(|answers| answers.contains(&true));
    }
    let asked = class.as_path()?;
    if let Some(builtin) = asked.strip_prefix("builtins.") {
        return Some(builtin == "object");
    }
    let (own, asked) = (
        dotted::last(own),
        asked.strip_prefix("sqlalchemy.").map(dotted::last)?,
    );
    let is_constraint = own.ends_with("Constraint");
    match asked {
        _ if asked == own => Some(true),
        "Constraint" | "ColumnCollectionConstraint" => Some(is_constraint),
        "Index"
        | "Table"
        | "Column"
        | "ForeignKey"
        | "UniqueConstraint"
        | "CheckConstraint"
        | "ForeignKeyConstraint"
        | "PrimaryKeyConstraint" => Some(false),
        _ => None,
    }
}
