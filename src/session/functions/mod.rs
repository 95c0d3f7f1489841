//! Calls: built-in functions that are simulated, functions of the history, and what is known of the rest.

mod arrays;
mod enums;
mod format;
mod regex;
mod settings;
mod strings;
mod system;

pub(super) use arrays::parse_array;
pub(super) use regex::simple_match;

use std::sync::Arc;

use super::Session;
use super::flow::Run;
use super::query::Env;
use super::reach::HOLE_DIGITS;
use super::value::{Partial, Value};
use crate::source::Span;
use crate::tree::expr::Call;

/// Arguments of a call with their places.
pub(super) struct Args<'a> {
    pub(super) values: &'a [Value],
    pub(super) spans: &'a [Span],
    pub(super) at: Span,
}

impl Args<'_> {
    pub(super) fn get(&self, n: usize) -> Value {
        self.values.get(n).cloned().unwrap_or(Value::Null)
    }

    pub(super) fn span(&self, n: usize) -> Span {
        self.spans.get(n).copied().unwrap_or(self.at)
    }

    pub(super) fn text(&self, n: usize) -> String {
        self.values.get(n).map(Value::print).unwrap_or_default()
    }

    pub(super) fn int(&self, n: usize) -> Option<i64> {
        self.values.get(n).and_then(Value::as_int)
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

impl Session {
    /// The value of a call.
    pub(super) fn call(&mut self, call: &Call, env: &Env<'_>, at: Span) -> Run<Value> {
        if call.over {
            return Ok(self.unknown(at, "window functions are not followed"));
        }
        let name = call.name.name.as_str();
        let builtin = call.name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
        if builtin && super::query::is_aggregate(name) {
            return self.aggregate(call, env, at);
        }
        if builtin
            && call.named.is_empty()
            && let Some(labels) = self.labels_of(name, &call.args, env)
        {
            return labels;
        }
        let mut values = Vec::with_capacity(call.args.len());
        let mut spans = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            values.push(self.eval(arg, env)?);
            spans.push(arg.span);
        }
        if call.variadic
            && let Some(Value::Array(items)) = values.last().cloned()
        {
            values.pop();
            values.extend(items.iter().cloned());
        }
        let args = Args {
            values: &values,
            spans: &spans,
            at,
        };
        if builtin {
            if call.sql_syntax {
                return self.keyword_call(name, &args);
            }
            if call.named.is_empty()
                && let Some(value) = self.builtin(name, &args)
            {
                return value;
            }
        }
        let mut named = Vec::new();
        for (name, arg) in &call.named {
            named.push((name.clone(), self.eval(arg, env)?));
        }
        self.call_function(&call.name, values, named, at)
    }

    /// A built-in function that is simulated.
    fn builtin(&mut self, name: &str, args: &Args<'_>) -> Option<Run<Value>> {
        if let Some(value) = self.lenient(name, args) {
            return Some(value);
        }
        let strict =
            strings::KNOWN.contains(&name) || arrays::STRICT.contains(&name) || system::KNOWN.contains(&name);
        if !strict {
            return None;
        }
        // `format_type` takes NULL as modifier.
        let judged = if name == "format_type" { 1 } else { args.len() };
        if args.values.iter().take(judged).any(Value::is_null) {
            return Some(Ok(Value::Null));
        }
        if let Some(value) = self.system_function(name, args) {
            return Some(value);
        }
        if let Some(gap) = args.values.iter().find_map(Value::gap) {
            return Some(Ok(self
                .with_holes(name, args)
                .unwrap_or_else(|| Value::Unknown(gap.clone()))));
        }
        if let Some(value) = self.array_function(name, args) {
            return Some(value);
        }
        self.string_function(name, args)
    }

    /// Functions that keep the known parts of a string.
    fn with_holes(&self, name: &str, args: &Args<'_>) -> Option<Value> {
        let same = matches!(name, "btrim" | "ltrim" | "rtrim" | "trim" | "text" | "varchar");
        match (args.values.first()?, args.values.get(1)) {
            (Value::Partial(partial), None) if same => Some(Value::Partial(partial.clone())),
            (Value::Partial(partial), None) if name == "lower" => {
                let runs = partial.runs.iter();
                let runs = runs.map(|(text, at, exact)| {
                    let turned = text.as_ref().map(|text| text.to_ascii_lowercase());
                    let same = turned == *text;
                    (turned, *at, *exact && same)
                });
                Some(Value::Partial(Arc::new(Partial {
                    runs: runs.collect(),
                    gap: partial.gap.clone(),
                })))
            }
            // A time that is not told, in digits.
            (time, Some(Value::Text(pattern)))
                if name == "to_char" && is_word_of_digits(pattern.as_str()) =>
            {
                Some(Value::Partial(Arc::new(Partial {
                    runs: vec![(Some(HOLE_DIGITS.to_owned()), args.at, false)],
                    gap: time.gap()?.clone(),
                })))
            }
            _ => None,
        }
    }

    /// Functions that take NULL.
    fn lenient(&mut self, name: &str, args: &Args<'_>) -> Option<Run<Value>> {
        Some(match name {
            "concat" => {
                let parts = args
                    .values
                    .iter()
                    .zip(args.spans.iter().chain(std::iter::repeat(&args.at)));
                let parts = parts
                    .filter(|p| !p.0.is_null())
                    .map(|(v, s)| (boolean_letter(v), *s));
                self.join_text(parts.collect(), args.at)
            }
            "concat_ws" => self.concat_ws(args),
            "format" => self.format(args),
            "quote_nullable" if args.get(0).is_null() => Ok(Value::text("NULL")),
            "quote_nullable" => self.quoted(&args.get(0), args.span(0), args.at, Value::print, quote_literal),
            "quote_ident" if !args.get(0).is_null() => self.quoted(
                &args.get(0),
                args.span(0),
                args.at,
                Value::print,
                crate::name::quote,
            ),
            "quote_literal" if !args.get(0).is_null() => {
                self.quoted(&args.get(0), args.span(0), args.at, Value::print, quote_literal)
            }
            "array_append" | "array_prepend" | "array_cat" | "array_to_string" | "array_remove"
            | "num_nulls" => self.lenient_array(name, args),
            "current_setting" => self.current_setting(args),
            "set_config" => self.set_config(args),
            "current_schema" => Ok(self.current_schema()),
            "current_schemas" => Ok(self.current_schemas(args)),
            "version" => Ok(self.server_version(args.at)),
            "now" | "clock_timestamp" | "statement_timestamp" | "transaction_timestamp" | "timeofday" => {
                Ok(self.unknown(args.at, "the time of the run"))
            }
            "random" | "gen_random_uuid" | "uuid_generate_v4" | "txid_current" | "pg_backend_pid" => {
                Ok(self.unknown(args.at, format!("the value of {name}()")))
            }
            "current_database" => {
                Ok(self.given_value("current_database", args.at, "the name of the database"))
            }
            "pg_sleep" | "pg_notify" | "setseed" => Ok(Value::Null),
            "pg_advisory_lock"
            | "pg_advisory_xact_lock"
            | "pg_advisory_unlock"
            | "pg_advisory_unlock_all"
            | "pg_advisory_lock_shared"
            | "pg_advisory_xact_lock_shared" => Ok(Value::Null),
            _ => return None,
        })
    }
}

/// Whether `to_char` prints any time by a pattern as digits and underscores alone (manual, table 9.26). Of a number it says something
/// else: none of these is a pattern of numbers.
fn is_word_of_digits(pattern: &str) -> bool {
    const DIGITS: &[&str] = &[
        "YYYY", "YY", "MM", "DDD", "DD", "HH24", "HH12", "MI", "SS", "MS", "US", "IYYY", "IW", "WW", "Q", "_",
    ];
    let mut rest = pattern;
    while let Some(next) = DIGITS.iter().find_map(|part| rest.strip_prefix(part)) {
        rest = next;
    }
    rest.is_empty() && pattern.chars().any(|c| c != '_')
}

/// `concat` prints a boolean as its output function does.
fn boolean_letter(value: &Value) -> Value {
    match value {
        Value::Bool(b) => Value::text(if *b { "t" } else { "f" }),
        other => other.clone(),
    }
}

/// `quote_literal`.
pub(super) fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}
