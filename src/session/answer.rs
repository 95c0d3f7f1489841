//! The rows that a statement gave, as a program in a host language gets them.

use smol_str::SmolStr;

use super::query::Table;
use super::value::{Str, Value};
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::source::{Span, Text};

/// The rows that a statement gave, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<Name>,
    /// There may be other columns.
    pub open: Option<Gap>,
    /// In order.
    pub rows: Vec<Row>,
    /// The statement gives rows at all.
    pub returns: bool,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its values, by column.
    pub values: Vec<Datum>,
    /// It may be missing, and why.
    pub maybe: Option<Gap>,
    /// It stands for any number of rows.
    pub many: bool,
}

/// A value that the server sends.
#[derive(Debug, Clone)]
pub enum Datum {
    /// NULL.
    Null,
    /// A truth.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number, as printed.
    Numeric(SmolStr),
    /// Text, and everything that prints as text, with the place that wrote it.
    Text(Text),
    /// An array.
    Array(Vec<Datum>),
    /// Not known.
    Unknown(Gap),
}

impl Rows {
    /// Rows of which nothing is known: any number of them, or none.
    #[must_use]
    pub fn unknown(gap: Gap) -> Self {
        let row = Row {
            values: Vec::new(),
            maybe: Some(gap.clone()),
            many: true,
        };
        Self {
            open: Some(gap),
            rows: vec![row],
            returns: true,
            ..Self::default()
        }
    }

    /// Why it cannot be told which rows there are, where it cannot.
    #[must_use]
    pub fn unsure(&self) -> Option<Gap> {
        self.rows.iter().find_map(|row| {
            row.maybe.clone().or_else(|| {
                row.many.then(|| {
                    let unknown = row.values.iter().find_map(|value| match value {
                        Datum::Unknown(gap) => Some(gap.clone()),
                        _ => None,
                    });
                    unknown.unwrap_or_else(|| Gap::not_given("how many rows there are", Reach::Rows))
                })
            })
        })
    }
}

pub(super) fn rows(table: Table) -> Rows {
    Rows {
        columns: table.columns,
        open: table.open,
        rows: table
            .rows
            .into_iter()
            .map(|row| Row {
                values: row.values.into_iter().map(datum).collect(),
                maybe: row.maybe,
                many: row.many,
            })
            .collect(),
        returns: true,
    }
}

fn datum(value: Value) -> Datum {
    let nowhere = Span::new(crate::source::FileId(0), 0, 0);
    match value {
        Value::Null => Datum::Null,
        Value::Bool(yes) => Datum::Bool(yes),
        Value::Int(number) => Datum::Int(number),
        Value::Numeric(number) => Datum::Numeric(number),
        Value::Text(Str::Placed(text)) => Datum::Text(text),
        Value::Text(text) => Datum::Text(text.placed(nowhere)),
        Value::Array(items) => Datum::Array(items.iter().cloned().map(datum).collect()),
        Value::Partial(partial) => Datum::Unknown(partial.gap.clone()),
        Value::System(gap) | Value::Unknown(gap) => Datum::Unknown(gap),
        Value::Record(_) | Value::Oid(_) => {
            let text = value.print();
            Datum::Text(Text::composed([(text, nowhere, false)]))
        }
    }
}
