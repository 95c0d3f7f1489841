//! Values that migrations compute with: known, NULL, or unknown with a reason; strings keep their way back to the file.

use std::cmp::Ordering;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::known::{Gap, Truth};
use crate::name::Name;
use crate::schema::{ConstraintId, FunctionId, NamespaceId, Relation, TableId};
use crate::source::{Span, Text};
use crate::sqltype::SqlType;

use super::number;

/// Longest string that is followed.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// Longest array that is followed.
pub(super) const MAX_ARRAY: usize = 50_000;

/// A value of a running migration.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// NULL.
    Null,
    /// `boolean`.
    Bool(bool),
    /// Any integer type.
    Int(i64),
    /// `numeric` and floats: as printed.
    Numeric(SmolStr),
    /// Any type that prints as its text.
    Text(Str),
    /// An array of one dimension.
    Array(Arc<Vec<Value>>),
    /// A row.
    Record(Arc<Vec<(Name, Value)>>),
    /// The oid of an object, or a `reg...` value.
    Oid(Box<Oid>),
    /// A string of which parts are known.
    Partial(Arc<Partial>),
    /// The name of some object of the system catalogs: it begins with `pg_` or is one of few others.
    System(Gap),
    /// Not known.
    Unknown(Gap),
}

/// A known string.
#[derive(Debug, Clone)]
pub(super) enum Str {
    /// Written nowhere: it comes from the catalog or is computed.
    Plain(SmolStr),
    /// Written in a file.
    Placed(Text),
}

/// A string with holes.
#[derive(Debug)]
pub(super) struct Partial {
    /// Known text and, where it is `None`, something unknown, each with its place.
    pub(super) runs: Vec<(Option<String>, Span, bool)>,
    /// Why it is not wholly known.
    pub(super) gap: Gap,
}

/// A reference to an object, by oid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Oid {
    /// What it refers to.
    pub(super) object: Object,
    /// It is of a `reg...` type: it prints as the object's name.
    pub(super) reg: bool,
}

/// What an oid refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    /// A row of `pg_class`.
    Relation(Relation),
    /// A relation of the system, by name.
    SystemRelation(SmolStr),
    /// A row of `pg_namespace`.
    Namespace(NamespaceId),
    /// A row of `pg_type`.
    Type(SqlType),
    /// The row type of a table, or its array.
    RowType(TableId, bool),
    /// A row of `pg_proc`.
    Function(FunctionId),
    /// A row of `pg_constraint`.
    Constraint(TableId, ConstraintId),
    /// A role, a setting, or what else has only a name.
    Other(SmolStr),
}

impl Str {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Str::Plain(text) => text,
            Str::Placed(text) => text.as_str(),
        }
    }

    /// The string as text of a file; what is written nowhere stands at `span`.
    pub(super) fn placed(&self, span: Span) -> Text {
        match self {
            Str::Plain(text) => Text::composed([(text.to_string(), span, false)]),
            Str::Placed(text) => text.clone(),
        }
    }
}

impl Value {
    pub(super) fn text(text: impl Into<SmolStr>) -> Value {
        Value::Text(Str::Plain(text.into()))
    }

    /// A name, or NULL.
    pub(super) fn name(name: &Name) -> Value {
        Value::text(name.as_str())
    }

    pub(super) fn oid(object: Object) -> Value {
        Value::Oid(Box::new(Oid { object, reg: false }))
    }

    pub(super) fn array(items: Vec<Value>) -> Value {
        Value::Array(Arc::new(items))
    }

    pub(super) fn numeric(text: &str) -> Value {
        text.parse()
            .map_or_else(|_| Value::Numeric(text.into()), Value::Int)
    }

    /// `YES` or `NO`, as the information schema says it.
    pub(super) fn yes_no(yes: bool) -> Value {
        Value::text(if yes { "YES" } else { "NO" })
    }

    /// Why it is unknown, where it is.
    pub(super) fn gap(&self) -> Option<&Gap> {
        match self {
            Value::Unknown(gap) | Value::System(gap) => Some(gap),
            Value::Partial(partial) => Some(&partial.gap),
            Value::Array(items) => items.iter().find_map(Value::gap),
            Value::Record(fields) => fields.iter().find_map(|f| f.1.gap()),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Numeric(_)
            | Value::Text(_)
            | Value::Oid(_) => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// As a condition: NULL is not true. A string or number here is cast, as the server does with a literal.
    pub(super) fn truth(&self) -> Truth {
        match self {
            Value::Bool(true) => Truth::Yes,
            Value::Bool(false) | Value::Null => Truth::No,
            Value::Text(text) => match parse_bool(text.as_str()) {
                Some(true) => Truth::Yes,
                Some(false) | None => Truth::No,
            },
            Value::Unknown(gap) | Value::System(gap) => Truth::Unknown(gap.clone()),
            Value::Partial(partial) => Truth::Unknown(partial.gap.clone()),
            Value::Int(_) | Value::Numeric(_) | Value::Array(_) | Value::Record(_) | Value::Oid(_) => {
                Truth::No
            }
        }
    }

    /// A known string, where it is one.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// A known integer, where it is one; a string is read as one.
    pub(super) fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            Value::Text(text) => text.as_str().trim().parse().ok(),
            Value::Numeric(text) => number::to_int(text),
            _ => None,
        }
    }

    /// Whether both are the same value for certain: for joining two courses.
    pub(super) fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Numeric(a), Value::Numeric(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a.as_str() == b.as_str(),
            (Value::Oid(a), Value::Oid(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => {
                Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b)))
            }
            (Value::Record(a), Value::Record(b)) => {
                Arc::ptr_eq(a, b)
                    || (a.len() == b.len()
                        && a.iter().zip(b.iter()).all(|(a, b)| a.0 == b.0 && a.1.same(&b.1)))
            }
            (Value::Partial(a), Value::Partial(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// What is known when the value is one of two.
    pub(super) fn join(self, other: Value, gap: &Gap) -> Value {
        if self.same(&other) {
            return self;
        }
        match (self, other) {
            (unknown @ Value::Unknown(_), _) | (_, unknown @ Value::Unknown(_)) => unknown,
            (Value::Record(a), Value::Record(b)) if same_fields(&a, &b) => {
                let fields = a
                    .iter()
                    .zip(b.iter())
                    .map(|(a, b)| (a.0.clone(), a.1.clone().join(b.1.clone(), gap)));
                Value::Record(Arc::new(fields.collect()))
            }
            _ => Value::Unknown(gap.clone()),
        }
    }

    /// Whether values of one kind are certainly not equal.
    pub(super) fn differs(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Text(_) | Value::System(_), Value::Text(_)) | (Value::Oid(_), Value::Oid(_)) => {
                matches!(self.equals(other), Value::Bool(false))
            }
            _ => false,
        }
    }

    /// `a = b` for values of comparable types: NULL and unknown are kept.
    pub(super) fn equals(&self, other: &Value) -> Value {
        match self.compare(other) {
            Ok(Some(order)) => Value::Bool(order == Ordering::Equal),
            Ok(None) => Value::Null,
            Err(value) => value,
        }
    }

    /// The order of two values: `Ok(None)` where one is NULL, `Err` with the answer where they cannot be compared.
    pub(super) fn compare(&self, other: &Value) -> Result<Option<Ordering>, Value> {
        if self.is_null() || other.is_null() {
            return Ok(None);
        }
        match (self, other) {
            (Value::System(gap), Value::Text(text)) | (Value::Text(text), Value::System(gap)) => {
                if is_system_name(text.as_str()) {
                    Err(Value::Unknown(gap.clone()))
                } else {
                    Err(Value::Bool(false))
                }
            }
            // The oid of an object of the system.
            (Value::System(_), Value::Oid(oid)) | (Value::Oid(oid), Value::System(_))
                if matches!(oid.object, Object::Relation(_)) =>
            {
                Err(Value::Bool(false))
            }
            _ => match (self.gap(), other.gap()) {
                (Some(gap), _) | (None, Some(gap)) => Err(Value::Unknown(gap.clone())),
                (None, None) => Ok(Some(self.order(other)?)),
            },
        }
    }

    fn order(&self, other: &Value) -> Result<Ordering, Value> {
        Ok(match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.as_str().cmp(b.as_str()),
            (Value::Bool(a), Value::Text(b)) => a.cmp(&parse_bool(b.as_str()).unwrap_or_default()),
            (Value::Text(a), Value::Bool(b)) => parse_bool(a.as_str()).unwrap_or_default().cmp(b),
            (Value::Oid(a), Value::Oid(b)) => {
                if a.object == b.object {
                    Ordering::Equal
                } else {
                    Ordering::Less
                }
            }
            (Value::Array(a), Value::Array(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    match a.compare(b)? {
                        Some(Ordering::Equal) => {}
                        Some(order) => return Ok(order),
                        None if a.is_null() && b.is_null() => {}
                        None if a.is_null() => return Ok(Ordering::Greater),
                        None => return Ok(Ordering::Less),
                    }
                }
                a.len().cmp(&b.len())
            }
            (
                Value::Int(_) | Value::Numeric(_) | Value::Text(_),
                Value::Int(_) | Value::Numeric(_) | Value::Text(_),
            ) => match number::compare(&self.print(), &other.print()) {
                Some(order) => order,
                None => self.print().cmp(&other.print()),
            },
            _ => Ordering::Less,
        })
    }

    /// The value as its output function prints it; objects' names are printed by `Session::print`.
    pub(super) fn print(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(b) => if *b { "t" } else { "f" }.to_owned(),
            Value::Int(n) => n.to_string(),
            Value::Numeric(text) => text.to_string(),
            Value::Text(text) => text.as_str().to_owned(),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(print_item).collect();
                format!("{{{}}}", items.join(","))
            }
            Value::Record(fields) => {
                let fields: Vec<_> = fields.iter().map(|f| f.1.print()).collect();
                format!("({})", fields.join(","))
            }
            Value::Oid(_) | Value::Partial(_) | Value::System(_) | Value::Unknown(_) => String::new(),
        }
    }
}

fn same_fields(a: &[(Name, Value)], b: &[(Name, Value)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0)
}

/// An array's element as `array_out` prints it.
fn print_item(item: &Value) -> String {
    if item.is_null() {
        return "NULL".to_owned();
    }
    let text = item.print();
    let plain = !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_ascii_whitespace());
    if plain {
        text
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Whether an object of the system could have this name (constraints and indexes of `pg_catalog`, domains' checks of
/// `information_schema`).
fn is_system_name(name: &str) -> bool {
    name.starts_with("pg_")
        || name.starts_with("sql_")
        || name.starts_with("RI_ConstraintTrigger")
        || name.ends_with("_domain_check")
        || name.ends_with("_not_null")
        || matches!(name, "tableoid" | "cmax" | "xmax" | "cmin" | "xmin" | "ctid")
}

/// `boolin`: unique prefixes of the words, any case, blanks around.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    let is = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if is("true", 1) || is("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if is("false", 1) || is("no", 1) || is("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}
