//! Days of the calendar that a program makes of numbers and counts on from: `date(2025, 5, 1) + timedelta(days=1)`, and the names that it
//! writes them in (a partition for each month).
//!
//! Source: Python's `datetime`; `dateutil.relativedelta` 2.9.

use std::fmt::Write;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Operator, Value};
use crate::source::Span;
use crate::syntax::python::ast;

const DATE: &str = "datetime.date";
const DATETIME: &str = "datetime.datetime";

/// A day, and a time of it where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    time: Option<[i64; 3]>,
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The number of a day, counted from the first of March of the year 0: a year that begins so has its odd day at its end.
fn number_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1
}

/// The day that has a number.
fn day_of(number: i64) -> (i64, i64, i64) {
    let (era, of_era) = (number.div_euclid(146_097), number.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

impl Moment {
    /// What `date(...)` or `datetime(...)` was given, where it is numbers alone and a day of the calendar.
    fn read(value: &Value<'_>) -> Option<Self> {
        let (callee, args) = value.as_call()?;
        let timed = match callee.as_path()? {
            DATE => false,
            DATETIME => true,
            _ => return None,
        };
        let names: &[&str] = match timed {
            true => &["year", "month", "day", "hour", "minute", "second"],
            false => &["year", "month", "day"],
        };
        let known = |(name, _): &(smol_str::SmolStr, _)| names.contains(&name.as_str());
        if args.open.is_some() || args.positional.len() > names.len() || !args.keywords.iter().all(known) {
            return None;
        }
        let number = |at: usize| match args.get(at, names.get(at)?).map(|a| &a.value) {
            Some(Value::Int(number)) => Some(*number),
            None if at > 2 => Some(0),
            _ => None,
        };
        let time = match timed {
            true => Some([number(3)?, number(4)?, number(5)?]),
            false => None,
        };
        Moment {
            year: number(0)?,
            month: number(1)?,
            day: number(2)?,
            time,
        }
        .checked()
    }

    fn checked(self) -> Option<Self> {
        let day = 1..=days_of(self.year, self.month);
        let is_day =
            (1..=9999).contains(&self.year) && (1..=12).contains(&self.month) && day.contains(&self.day);
        let is_time = |[hour, minute, second]: [i64; 3]| {
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second)
        };
        (is_day && self.time.is_none_or(is_time)).then_some(self)
    }

    fn value<'a, L: Library<'a>>(self, machine: &mut Machine<'a, L>, at: Span) -> Value<'a> {
        let mut numbers = vec![self.year, self.month, self.day];
        numbers.extend(self.time.into_iter().flatten());
        let path = if self.time.is_some() { DATETIME } else { DATE };
        let callee = machine.path(path, at);
        machine.call_term(
            callee,
            Args::of(numbers.into_iter().map(Value::Int).collect(), at),
            at,
        )
    }

    /// So many months later; the last day of the month where it has no such day.
    fn months_on(self, months: i64) -> Option<Self> {
        let all = self
            .year
            .checked_mul(12)?
            .checked_add(self.month - 1)?
            .checked_add(months)?;
        let (year, month) = (all.div_euclid(12), all.rem_euclid(12) + 1);
        let day = self.day.min(days_of(year, month));
        Moment {
            year,
            month,
            day,
            ..self
        }
        .checked()
    }

    fn days_on(self, days: i64) -> Option<Self> {
        // No calendar has more.
        if days.abs() > 3_700_000 {
            return None;
        }
        let (year, month, day) = day_of(number_of(self.year, self.month, self.day) + days);
        Moment {
            year,
            month,
            day,
            ..self
        }
        .checked()
    }

    /// `strftime`: the directives that hang on no language and no zone.
    fn written(self, format: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = format.chars();
        let [hour, minute, second] = self.time.unwrap_or_default();
        while let Some(c) = rest.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match rest.next()? {
                'Y' if self.year >= 1000 => write!(out, "{}", self.year),
                'm' => write!(out, "{:02}", self.month),
                'd' => write!(out, "{:02}", self.day),
                'y' => write!(out, "{:02}", self.year % 100),
                'H' => write!(out, "{hour:02}"),
                'M' => write!(out, "{minute:02}"),
                'S' => write!(out, "{second:02}"),
                'F' if self.year >= 1000 => write!(out, "{}-{:02}-{:02}", self.year, self.month, self.day),
                '%' => write!(out, "%"),
                _ => return None,
            }
            .ok()?;
        }
        Some(out)
    }

    fn iso(self) -> String {
        let mut out = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        if let Some([hour, minute, second]) = self.time {
            out.push_str(&format!("T{hour:02}:{minute:02}:{second:02}"));
        }
        out
    }
}

/// A method of a day.
pub(super) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let moment = Moment::read(receiver)?;
    let bare = args.open.is_none() && args.positional.is_empty();
    Some(Ok(match name {
        "strftime" => {
            let text = args.get(0, "format")?.value.as_str()?.to_owned();
            Value::text(&moment.written(&text)?, at)
        }
        "isoformat" if bare && args.keywords.is_empty() => Value::text(&moment.iso(), at),
        "date" if bare && moment.time.is_some() => Moment { time: None, ..moment }.value(machine, at),
        "replace" if bare => {
            let mut moment = moment;
            for (name, argument) in &args.keywords {
                let Value::Int(number) = argument.value else {
                    return None;
                };
                match name.as_str() {
                    "year" => moment.year = number,
                    "month" => moment.month = number,
                    "day" => moment.day = number,
                    _ => return None,
                }
            }
            moment.checked()?.value(machine, at)
        }
        _ => return None,
    }))
}

/// A day in text, `str(day)` and `f"{day:%Y}"`.
pub(super) fn text(value: &Value<'_>, format: &str) -> Option<String> {
    let moment = Moment::read(value)?;
    match format {
        "" => Some(moment.iso().replace('T', " ")),
        format => moment.written(format),
    }
}

/// A part of a day.
pub(super) fn attribute<'a>(object: &Value<'a>, name: &str) -> Option<Value<'a>> {
    let moment = Moment::read(object)?;
    Some(Value::Int(match (name, moment.time) {
        ("year", _) => moment.year,
        ("month", _) => moment.month,
        ("day", _) => moment.day,
        ("hour", Some([hour, ..])) => hour,
        ("minute", Some([_, minute, _])) => minute,
        ("second", Some([.., second])) => second,
        _ => return None,
    }))
}

/// A day with something added to it, or two that are compared.
pub(super) fn operation<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    operator: Operator,
    operands: [&Value<'a>; 2],
    at: Span,
) -> Option<Value<'a>> {
    let [a, b] = operands;
    match operator {
        Operator::Binary(ast::Operator::Add) => {
            let (moment, span) = match Moment::read(a) {
                Some(moment) => (moment, b),
                None => (Moment::read(b)?, a),
            };
            Some(later(moment, span, 1)?.value(machine, at))
        }
        Operator::Binary(ast::Operator::Sub) => Some(later(Moment::read(a)?, b, -1)?.value(machine, at)),
        Operator::Compare(op) => {
            let (a, b) = (Moment::read(a)?, Moment::read(b)?);
            if a.time.is_some() != b.time.is_some() {
                return None;
            }
            Some(Value::Bool(match op {
                ast::CmpOp::Lt => a < b,
                ast::CmpOp::LtE => a <= b,
                ast::CmpOp::Gt => a > b,
                ast::CmpOp::GtE => a >= b,
                ast::CmpOp::Eq => a == b,
                ast::CmpOp::NotEq => a != b,
                _ => return None,
            }))
        }
        _ => None,
    }
}

/// A day so much later as a `timedelta(...)` or a `relativedelta(...)` says, of whole days and months.
fn later(moment: Moment, span: &Value<'_>, sign: i64) -> Option<Moment> {
    let (callee, args) = span.as_call()?;
    if args.open.is_some() {
        return None;
    }
    let mut days = 0_i64;
    let mut months = 0_i64;
    let relative = match callee.as_path()? {
        "datetime.timedelta" => false,
        "dateutil.relativedelta.relativedelta" => true,
        _ => return None,
    };
    // The first of `timedelta` is the days; those of `relativedelta` are two days to count between.
    match (args.positional.as_slice(), relative) {
        ([], _) => {}
        ([only], false) => days = number(&only.value)?,
        _ => return None,
    }
    for (name, argument) in &args.keywords {
        let count = number(&argument.value)?;
        match (name.as_str(), relative) {
            ("days", _) => days = days.checked_add(count)?,
            ("weeks", _) => days = days.checked_add(count.checked_mul(7)?)?,
            ("months", true) => months = months.checked_add(count)?,
            ("years", true) => months = months.checked_add(count.checked_mul(12)?)?,
            _ => return None,
        }
    }
    moment
        .months_on(months.checked_mul(sign)?)?
        .days_on(days.checked_mul(sign)?)
}

fn number(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_their_numbers() {
        let mut number = number_of(1, 1, 1);
        for year in 1..=2_400 {
            for month in 1..=12 {
                for day in 1..=days_of(year, month) {
                    assert_eq!(number_of(year, month, day), number);
                    assert_eq!(day_of(number), (year, month, day));
                    number += 1;
                }
            }
        }
        assert_eq!(number_of(9_999, 12, 31) - number_of(1, 1, 1), 3_652_058);
    }
}
