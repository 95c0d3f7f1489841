//! `SIMILAR TO`, and `LIKE` with another escape.
//!
//! Source: PostgreSQL 15, section 9.7 (pattern matching), and `similar_escape_internal` and `do_like_escape` of its
//! src/backend/utils/adt/regexp.c and like_match.c.

use regex::RegexBuilder;

use super::value::Value;
use crate::known::{Gap, Reach};
use crate::source::Span;

/// How long a pattern may be.
const LONGEST: usize = 500;

/// `x SIMILAR TO pattern ESCAPE escape`.
pub(super) fn similar(value: &Value, pattern: &Value, escape: Option<&Value>, at: Span) -> Value {
    if value.is_null() || pattern.is_null() || escape.is_some_and(Value::is_null) {
        return Value::Null;
    }
    let gap = value.gap().or(pattern.gap()).or(escape.and_then(Value::gap));
    if let Some(gap) = gap {
        return Value::Unknown(gap.clone());
    }
    let escape = escape.map_or_else(|| "\\".to_owned(), Value::print);
    match matches_similar(&value.print(), &pattern.print(), &escape) {
        Some(found) => Value::Bool(found),
        None => untold(at),
    }
}

/// A pattern of `LIKE` whose escape is another than a backslash, with backslashes; or why it is not known.
pub(super) fn with_backslashes(pattern: &Value, escape: &Value, at: Span) -> Result<Value, Value> {
    if pattern.is_null() || escape.is_null() {
        return Err(Value::Null);
    }
    if let Some(gap) = pattern.gap().or(escape.gap()) {
        return Err(Value::Unknown(gap.clone()));
    }
    let (text, escape) = (pattern.print(), escape.print());
    let mut marks = escape.chars();
    let (mark, None) = (marks.next(), marks.next()) else {
        return Err(untold(at));
    };
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == mark => {
                out.push('\\');
                out.push(chars.next().ok_or_else(|| untold(at))?);
            }
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    Ok(Value::text(out))
}

fn untold(at: Span) -> Value {
    Value::Unknown(Gap::new(at, "a pattern that is not followed", Reach::Rows))
}

/// Whether all of a text is as a pattern says; `None` where the pattern is not followed.
fn matches_similar(text: &str, pattern: &str, escape: &str) -> Option<bool> {
    let mut marks = escape.chars();
    let (mark, None) = (marks.next(), marks.next()) else {
        return None;
    };
    if pattern.len() > LONGEST {
        return None;
    }
    let mut out = String::from("^(?:");
    let mut chars = pattern.chars();
    // Whether what stands before can be repeated: the server refuses a pattern where it cannot, and other readers do not.
    let mut repeatable = false;
    while let Some(c) = chars.next() {
        let was = std::mem::replace(
            &mut repeatable,
            !matches!(c, '%' | '*' | '+' | '?' | '{' | '(' | '|'),
        );
        match c {
            c if Some(c) == mark => {
                let c = chars.next()?;
                // `#"` parts a pattern for `substring`, and a letter or digit is an escape of the server's own language.
                if c == '"' || c.is_alphanumeric() {
                    return None;
                }
                out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '*' | '+' | '?' if was => out.push(c),
            '{' if was => bound(&mut chars, &mut out)?,
            '*' | '+' | '?' | '{' | '}' => return None,
            '|' | '(' | ')' => out.push(c),
            '[' => set(&mut chars, &mut out)?,
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str(")$");
    let mut builder = RegexBuilder::new(&out);
    let regex = builder
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .ok()?;
    Some(regex.is_match(text))
}

/// How often something is repeated, behind its `{`: at most 255 times (manual, "Regular Expression Quantifiers").
fn bound(chars: &mut std::str::Chars<'_>, out: &mut String) -> Option<()> {
    let (inside, rest) = chars.as_str().split_once('}')?;
    let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
    let least: u8 = least.parse().ok()?;
    let fits = most.is_empty() || most.parse::<u8>().is_ok_and(|most| most >= least);
    if !fits || inside.contains(['+', '-']) {
        return None;
    }
    out.push_str(&format!("{{{inside}}}"));
    *chars = rest.chars();
    Some(())
}

/// A set of characters behind its `[`, where both languages read it alike.
fn set(chars: &mut std::str::Chars<'_>, out: &mut String) -> Option<()> {
    out.push('[');
    let mut rest = chars.clone();
    if rest.next() == Some('^') {
        out.push('^');
        chars.next();
    }
    let mut last = '[';
    for (at, c) in chars.by_ref().enumerate() {
        match c {
            ']' if at == 0 => return None,
            ']' => {
                out.push(']');
                return Some(());
            }
            '[' | '\\' | '&' | '~' | '^' => return None,
            '-' if last == '-' => return None,
            c => out.push(c),
        }
        last = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::matches_similar;

    #[test]
    fn as_the_server_matches() {
        for (text, pattern, escape, found) in [
            ("abc", "abc", "\\", Some(true)),
            ("abc", "a", "\\", Some(false)),
            ("abc", "%(b|d)%", "\\", Some(true)),
            ("abc", "(b|c)%", "\\", Some(false)),
            ("a.c", "a.c", "\\", Some(true)),
            ("abc", "a.c", "\\", Some(false)),
            ("ab\nc", "ab_c", "\\", Some(true)),
            ("aab", "a{2}b?", "\\", Some(true)),
            ("a_b", "a!_b", "!", Some(true)),
            ("axb", "a!_b", "!", Some(false)),
            ("x7", "[a-z][^a-z]", "\\", Some(true)),
            ("x", "[[:alpha:]]", "\\", None),
            ("x", "a#\"b", "#", None),
            ("aaa", "a{2,}", "\\", Some(true)),
            ("x", "(?:x)", "\\", None),
            ("a", "a**", "\\", None),
            ("a", "a{,3}", "\\", None),
            ("a", "a{300}", "\\", None),
            ("a", "|*", "\\", None),
            ("a", "%+", "\\", None),
            ("b", "|\\1", "\\", None),
        ] {
            assert_eq!(matches_similar(text, pattern, escape), found, "{text} {pattern}");
        }
    }
}
