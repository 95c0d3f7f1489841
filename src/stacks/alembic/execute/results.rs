//! The rows of a statement as a program sees them.

use smol_str::SmolStr;

use crate::interpret::python::{Args, Argument, Library, Machine, Value};
use crate::known::{Gap, Reach};
use crate::session::{Datum, Row, Rows};
use crate::source::Span;
use crate::stacks::alembic::objects::{self, Kind};

/// A result, or what a statement without rows gives.
pub(in crate::stacks::alembic) fn as_value<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    rows: &Rows,
    at: Span,
) -> Value<'a> {
    let list = list(machine, rows, at);
    let names = rows
        .columns
        .iter()
        .map(|c| Value::text(c.as_str(), at))
        .collect::<Vec<_>>();
    // Of what may have other columns, a table that no migration makes, the names are an open list.
    let names = match &rows.open {
        Some(gap) => {
            let names = names.into_iter().map(|name| (name, None)).collect();
            machine.new_list_of(names, Some(gap.clone()))
        }
        None => Value::Tuple(names.into()),
    };
    objects::make(machine, Kind::Result, vec![list, names], at)
}

/// The list of rows.
pub(in crate::stacks::alembic) fn list<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    rows: &Rows,
    at: Span,
) -> Value<'a> {
    let mut items = Vec::new();
    let mut open = None;
    for row in &rows.rows {
        if row.many {
            let why = "the rows of a query";
            open = open.or_else(|| row.maybe.clone().or_else(|| Some(machine.gap(at, why))));
            if row.maybe.is_some() {
                continue;
            }
        }
        let value = row_value(machine, rows, row, at);
        items.push((value, row.maybe.clone()));
    }
    machine.new_list_of(items, open)
}

fn row_value<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    rows: &Rows,
    row: &Row,
    at: Span,
) -> Value<'a> {
    let mut args = Args::default();
    for (i, value) in row.values.iter().enumerate() {
        let value = datum(machine, value, at);
        let argument = Argument { value, span: at };
        if let Some(name) = rows.columns.get(i) {
            args.keywords
                .push((SmolStr::new(name.as_str()), argument.clone()));
        }
        args.positional.push(argument);
    }
    let lacks = row.values.is_empty() || rows.columns.len() > row.values.len();
    args.open = rows.open.clone().or_else(|| row.maybe.clone().filter(|_| lacks));
    objects::make_with(machine, Kind::Row, args, at)
}

fn datum<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, value: &Datum, at: Span) -> Value<'a> {
    match value {
        Datum::Null => Value::None,
        Datum::Bool(yes) => Value::Bool(*yes),
        Datum::Int(number) => Value::Int(*number),
        Datum::Numeric(number) => {
            let gap = machine.gap(at, format!("the number {number}"));
            Value::unknown(gap)
        }
        Datum::Text(text) => Value::Str(std::rc::Rc::new(text.clone())),
        Datum::Array(items) => {
            let items = items.iter().map(|item| datum(machine, item, at)).collect();
            machine.new_list(items)
        }
        Datum::Unknown(gap) => Value::unknown(gap.reaching(Reach::Rows)),
    }
}

/// The first row of a list of rows, or `None`.
pub(in crate::stacks::alembic) fn first<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    at: Span,
) -> Value<'a> {
    let (items, open) = machine.items_of_list(list);
    let mut alternatives = Vec::new();
    let mut why: Option<Gap> = None;
    for (value, maybe) in items {
        alternatives.push(value);
        match maybe {
            None => {
                return match why {
                    None => alternatives.pop().unwrap_or(Value::None),
                    Some(gap) => Value::one_of(alternatives, gap),
                };
            }
            Some(gap) => why = why.or(Some(gap)),
        }
    }
    match open {
        // Any row, or none.
        Some(gap) => {
            let unknown = machine.unknown(at, "a row of a query");
            if let Value::Unknown(_) = &unknown {
                return Value::unknown(gap);
            }
            unknown
        }
        None => match why {
            None => Value::None,
            Some(gap) => {
                alternatives.push(Value::None);
                Value::one_of(alternatives, gap)
            }
        },
    }
}

/// The first value of the first row.
pub(in crate::stacks::alembic) fn scalar<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    at: Span,
) -> Value<'a> {
    let row = first(machine, list, at);
    match &row {
        Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
            let values = unknown
                .candidates
                .iter()
                .map(|row| field(machine, row, 0, at))
                .collect();
            Value::one_of(values, unknown.gap.clone())
        }
        row => field(machine, row, 0, at),
    }
}

fn field<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    row: &Value<'a>,
    index: usize,
    at: Span,
) -> Value<'a> {
    match objects::object(row) {
        Some((Kind::Row, _, args)) => match (args.positional.get(index), &args.open) {
            (Some(argument), _) => argument.value.clone(),
            (None, Some(gap)) => Value::unknown(gap.clone()),
            (None, None) => Value::None,
        },
        _ => match row {
            Value::None => Value::None,
            Value::Unknown(unknown) => Value::unknown(unknown.gap.clone()),
            _ => machine.unknown(at, "a value of a row"),
        },
    }
}

/// The first value of each row.
pub(in crate::stacks::alembic) fn items<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    list: &Value<'a>,
    at: Span,
) -> Value<'a> {
    let (items, open) = machine.items_of_list(list);
    let mut values = Vec::new();
    for (row, maybe) in items {
        values.push((field(machine, &row, 0, at), maybe));
    }
    machine.new_list_of(values, open)
}
