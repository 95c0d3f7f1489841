//! Functions: `func.name(...)`, and those that SQL writes in a form of their own.

use super::{Writer, nothing};
use crate::interpret::python::{Args, Argument, Library, Value};
use crate::name::quote;
use crate::source::Span;
use crate::stacks::sqlalchemy::compiled;
use crate::stacks::sqlalchemy::terms::{self, Known, Member, gap};

/// Functions that are written without parentheses (`AnsiFunction`).
const ANSI: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
];

impl<'a, L: Library<'a>> Writer<'_, '_, 'a, L> {
    /// `func.schema.name(args)`.
    pub(super) fn function(&mut self, member: &Member, args: &Args<'a>, at: Span, depth: u32) -> Known<()> {
        let path = member.path.as_str();
        let name = path
            .split_once(".func.")
            .or_else(|| path.split_once(".functions."))
            .map_or(member.name(), |(_, name)| name);
        let lower = name.to_ascii_lowercase();
        if let Some(text) = compiled::text_of_library(self.machine, &lower, at) {
            self.runs.extend(text?.runs());
            return Ok(());
        }
        if ANSI.contains(&lower.as_str()) && args.positional.is_empty() {
            self.push(&lower.to_ascii_uppercase());
            return Ok(());
        }
        match lower.as_str() {
            "next_value" => {
                return match args.positional.first() {
                    Some(sequence) => self.next_value(&sequence.value, at),
                    None => Err(nothing(at)),
                };
            }
            "cast" => {
                return match args.positional.as_slice() {
                    [value, ty] => self.cast(&value.value, ty, at, depth),
                    _ => Err(nothing(at)),
                };
            }
            "count" if args.positional.is_empty() => {
                self.push("count(*)");
                return Ok(());
            }
            _ => {}
        }
        let parts: Vec<String> = name.split('.').map(part).collect();
        self.push(&parts.join("."));
        self.push("(");
        for (i, argument) in args.positional.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.expression(&argument.value, argument.span, depth + 1)?;
        }
        self.push(")");
        Ok(())
    }

    /// `sequence.next_value()`.
    pub(super) fn next_value(&mut self, sequence: &Value<'a>, at: Span) -> Known<()> {
        let Some(args) = terms::call_of(self.machine, sequence, "Sequence") else {
            return Err(gap(at, "this sequence is not known"));
        };
        let args = args.clone();
        let name = terms::maybe_name(self.machine, &args, 0, "name")?.ok_or_else(|| nothing(at))?;
        let schema = terms::maybe_name(self.machine, &args, usize::MAX, "schema")?;
        let whole = match schema {
            Some(schema) => format!("{}.{}", quote(schema.as_str()), quote(name.as_str())),
            None => quote(name.as_str()),
        };
        self.push(&format!("nextval('{}')", whole.replace('\'', "''")));
        Ok(())
    }

    /// `extract("year", x)`.
    pub(super) fn extract(
        &mut self,
        field: &Argument<'a>,
        from: Option<&Argument<'a>>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        let field = terms::text(self.machine, &field.value, field.span)?;
        let from = from.ok_or_else(|| nothing(at))?;
        self.push(&format!("EXTRACT({} FROM ", field.as_str()));
        self.expression(&from.value, from.span, depth + 1)?;
        self.push(")");
        Ok(())
    }

    /// `case((condition, value), ..., else_=value)`.
    pub(super) fn case(&mut self, args: &Args<'a>, at: Span, depth: u32) -> Known<()> {
        if args.keyword("value").is_some() {
            return Err(gap(at, "this form of CASE is not followed"));
        }
        let mut whens = Vec::new();
        for argument in &args.positional {
            let Some(pair) = self.machine.known_items(&argument.value) else {
                return Err(gap(at, "this form of CASE is not followed"));
            };
            match pair.as_slice() {
                [when, then] if !matches!(when, Value::Tuple(_)) => {
                    whens.push((when.clone(), then.clone(), argument.span));
                }
                // The older form: one list of pairs.
                pairs => {
                    for pair in pairs {
                        match self.machine.known_items(pair).as_deref() {
                            Some([when, then]) => whens.push((when.clone(), then.clone(), argument.span)),
                            _ => return Err(gap(at, "this form of CASE is not followed")),
                        }
                    }
                }
            }
        }
        if whens.is_empty() {
            return Err(nothing(at));
        }
        self.push("CASE");
        for (when, then, span) in &whens {
            self.push(" WHEN ");
            self.operand(when, *span, depth + 1)?;
            self.push(" THEN ");
            self.operand(then, *span, depth + 1)?;
        }
        if let Some(other) = args.keyword("else_")
            && !matches!(other.value, Value::None)
        {
            self.push(" ELSE ");
            self.operand(&other.value, other.span, depth + 1)?;
        }
        self.push(" END");
        Ok(())
    }

    /// `array([a, b])`.
    pub(super) fn array(&mut self, items: &Argument<'a>, at: Span, depth: u32) -> Known<()> {
        let items = self
            .machine
            .known_items(&items.value)
            .ok_or_else(|| gap(at, "the items of this array cannot be told"))?;
        self.push("ARRAY[");
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.operand(item, at, depth + 1)?;
        }
        self.push("]");
        Ok(())
    }
}

/// A part of a function's name: in quotes only where it could not be written otherwise.
fn part(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if plain {
        name.trim_end_matches('_').to_owned()
    } else {
        quote(name)
    }
}
