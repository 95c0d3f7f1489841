//! What names mean in a query: the columns of what it reads, then those of the queries around it, then variables.

use crate::known::Gap;
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Raised, Run};
use crate::session::value::Value;
use crate::source::Span;
use crate::tree::ColumnName;

/// Something that a query reads.
#[derive(Debug, Clone)]
pub(in crate::session) struct Source {
    /// Its alias or name.
    pub(in crate::session) alias: Option<Name>,
    /// Its columns in order.
    pub(in crate::session) columns: Vec<Name>,
    /// It may have more columns, and why that cannot be told.
    pub(in crate::session) open: Option<Gap>,
    /// A catalog of the system: columns that are not simulated are unknown, and variables come before them.
    pub(in crate::session) catalog: bool,
    /// Where its columns begin in a row.
    pub(in crate::session) start: usize,
    /// Columns of a `USING` that an earlier source has too.
    pub(in crate::session) merged: Vec<Name>,
}

impl Source {
    /// The column of a catalog at a place in a row.
    pub(super) fn catalog_column(&self, at: usize) -> Option<&Name> {
        let column = self.columns.get(at.checked_sub(self.start)?)?;
        self.catalog.then_some(column)
    }
}

/// A row that expressions are evaluated on, and the rows of the queries around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Env<'a> {
    /// What is read.
    pub(in crate::session) sources: &'a [Source],
    /// The row.
    pub(in crate::session) row: &'a [Value],
    /// The rows of the group, where aggregates are computed.
    pub(in crate::session) group: Option<&'a [super::Row]>,
    /// The query around it.
    pub(in crate::session) outer: Option<&'a Env<'a>>,
}

/// What a name was found to be.
enum Found {
    Value(Value),
    /// Some source may have it.
    Perhaps(Gap),
    No,
}

/// Columns that every table has (manual, 5.5 "System Columns").
static SYSTEM_COLUMNS: &[&str] = &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"];

impl Env<'_> {
    /// An environment without rows.
    pub(in crate::session) const EMPTY: Env<'static> = Env {
        sources: &[],
        row: &[],
        group: None,
        outer: None,
    };

    fn value(&self, source: &Source, column: usize) -> Value {
        self.row
            .get(source.start + column)
            .cloned()
            .unwrap_or(Value::Null)
    }

    fn whole(&self, source: &Source) -> Value {
        if let Some(gap) = &source.open {
            return Value::Unknown(gap.clone());
        }
        let fields = source
            .columns
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), self.value(source, i)));
        Value::Record(std::sync::Arc::new(fields.collect()))
    }

    fn bare(&self, name: &Name, at: Span) -> Found {
        let mut found = None;
        let mut perhaps = None;
        for source in self.sources {
            if source.merged.contains(name) {
                continue;
            }
            if let Some(i) = source.columns.iter().position(|c| c == name) {
                let value = self.value(source, i);
                match &found {
                    None => found = Some(value),
                    Some(first) if value.same(first) => {}
                    Some(_) => {
                        let why = format!("column reference \"{name}\" is ambiguous");
                        return Found::Perhaps(Gap::new(at, why, crate::known::Reach::Rows));
                    }
                }
            } else if perhaps.is_none() {
                perhaps = source.open.clone();
            }
        }
        if let Some(value) = found {
            return Found::Value(value);
        }
        if let Some(source) = self.sources.iter().find(|s| s.alias.as_ref() == Some(name)) {
            return Found::Value(self.whole(source));
        }
        if let Some(gap) = perhaps {
            return Found::Perhaps(gap);
        }
        if !self.sources.is_empty() && SYSTEM_COLUMNS.contains(&name.as_str()) {
            let why = format!("system column \"{name}\"");
            return Found::Perhaps(Gap::new(at, why, crate::known::Reach::Rows));
        }
        Found::No
    }

    fn qualified(&self, qualifier: &Name, name: &Name, at: Span) -> Run<Found> {
        let Some(source) = self.sources.iter().find(|s| s.alias.as_ref() == Some(qualifier)) else {
            return Ok(Found::No);
        };
        if let Some(i) = source.columns.iter().position(|c| c == name) {
            return Ok(Found::Value(self.value(source, i)));
        }
        if let Some(gap) = &source.open {
            return Ok(Found::Perhaps(gap.clone()));
        }
        if SYSTEM_COLUMNS.contains(&name.as_str()) || source.columns.is_empty() {
            let why = format!("system column \"{name}\"");
            return Ok(Found::Perhaps(Gap::new(at, why, crate::known::Reach::Rows)));
        }
        let message = format!("column {qualifier}.{name} does not exist");
        Err(Raised::certain("42703", message, at))
    }
}

impl Session {
    /// The value of a name.
    pub(in crate::session) fn column(&mut self, column: &ColumnName, env: &Env<'_>, at: Span) -> Run<Value> {
        match column.qualifiers.last() {
            None => self.bare_column(&column.name, env, at),
            Some(qualifier) => self.qualified_column(qualifier, &column.name, env, at),
        }
    }

    fn bare_column(&mut self, name: &Name, env: &Env<'_>, at: Span) -> Run<Value> {
        let variable = self.world.variable(name).map(|v| v.value.clone());
        let mut perhaps = None;
        let mut scope = Some(env);
        while let Some(env) = scope {
            match env.bare(name, at) {
                Found::Value(value) => {
                    return Ok(match variable {
                        // plpgsql refuses a name that is both, unless the function says otherwise.
                        Some(v) if !v.same(&value) => {
                            Value::Unknown(self.gap(at, format!("\"{name}\" is a column and a variable")))
                        }
                        _ => value,
                    });
                }
                Found::Perhaps(gap) => {
                    let catalog = env.sources.iter().all(|s| s.open.is_none() || s.catalog);
                    if variable.is_none() || !catalog {
                        perhaps = perhaps.or(Some(gap));
                    }
                }
                Found::No => {}
            }
            scope = env.outer;
        }
        if let Some(gap) = perhaps {
            return Ok(Value::Unknown(gap));
        }
        if let Some(value) = variable {
            return Ok(value);
        }
        if name == "found"
            && let Some(frame) = self.world.frames.last()
        {
            return Ok(frame.found.clone().unwrap_or(Value::Bool(false)));
        }
        if let Some(value) = self.caught_value(name, at) {
            return Ok(value);
        }
        if env.sources.is_empty() {
            // `value` in a domain, keywords that read like columns: better not to judge.
            return Ok(Value::Unknown(
                self.gap(at, format!("\"{name}\" is not known here")),
            ));
        }
        let message = format!("column \"{name}\" does not exist");
        Err(Raised::certain("42703", message, at))
    }

    fn qualified_column(&mut self, qualifier: &Name, name: &Name, env: &Env<'_>, at: Span) -> Run<Value> {
        let mut scope = Some(env);
        while let Some(env) = scope {
            match env.qualified(qualifier, name, at) {
                Ok(Found::Value(value)) => return Ok(value),
                Ok(Found::Perhaps(gap)) => return Ok(Value::Unknown(gap)),
                Ok(Found::No) => {}
                Err(_) if self.world.database.schema().has_function_named(name) => {
                    let gap = self.gap(at, "a function that is called like a column");
                    return Ok(Value::Unknown(gap));
                }
                Err(raised) => return Err(raised),
            }
            scope = env.outer;
        }
        if let Some(record) = self.world.variable(qualifier).map(|v| v.value.clone()) {
            return Ok(field(&record, name).unwrap_or_else(|| {
                Value::Unknown(self.gap(at, format!("the value of {qualifier}.{name} is not known")))
            }));
        }
        if let Some(variable) = self.world.labelled(qualifier, name) {
            return Ok(variable.value.clone());
        }
        Ok(Value::Unknown(
            self.gap(at, format!("\"{qualifier}.{name}\" is not known here")),
        ))
    }

    /// `SQLERRM` and `SQLSTATE` in a handler.
    fn caught_value(&self, name: &Name, at: Span) -> Option<Value> {
        let frame = self.world.frames.last()?;
        match name.as_str() {
            "sqlstate" => frame.caught.last().cloned(),
            "sqlerrm" if !frame.caught.is_empty() => Some(Value::Unknown(
                self.gap(at, "the error's message is not followed"),
            )),
            _ => None,
        }
    }
}

/// A field of a record, where it can be told. NULL has NULL fields.
pub(in crate::session) fn field(record: &Value, name: &Name) -> Option<Value> {
    match record {
        Value::Record(fields) => fields.iter().find(|f| f.0 == *name).map(|f| f.1.clone()),
        Value::Null => Some(Value::Null),
        other => other.gap().map(|gap| Value::Unknown(gap.clone())),
    }
}
