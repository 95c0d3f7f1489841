//! `${name}` in SQL files: what runners replace before the text reaches the server.

use std::ops::Range;

use crate::config::Given;
use crate::source::{Span, Text};

/// A text after replacement, and the placeholders that no value is given for.
#[derive(Debug)]
pub struct Replaced {
    /// The text.
    pub text: Text,
    /// Name and place, in order.
    pub missing: Vec<(String, Span)>,
}

/// A part of a text with `${name}` and `${name:-default}` replaced by what is given, where `applies` says so. What is not given
/// becomes a character that no statement can hold, so that its statement is not taken for understood; in a comment it stays.
#[must_use]
pub fn replace(text: &Text, range: Range<usize>, applies: &dyn Fn(usize) -> bool, given: &Given) -> Replaced {
    let whole = text.as_str();
    let (mut runs, mut missing) = (Vec::new(), Vec::new());
    let (mut from, mut at) = (range.start, range.start);
    while let Some(found) = whole.get(at..range.end).and_then(|rest| rest.find("${")) {
        let start = at + found;
        at = start + 2;
        let Some(length) = whole[at..range.end].find('}') else {
            break;
        };
        let end = at + length + 1;
        let line = whole[..start].rfind('\n').map_or(0, |i| i + 1);
        if !applies(start) || whole[at..end].contains('\n') || whole[line..start].contains("--") {
            continue;
        }
        let (name, _default) = whole[at..end - 1]
            .split_once(":-")
            .unwrap_or((&whole[at..end - 1], ""));
        let span = text.span(start..end);
        let value = given.settings.get(name.trim()).cloned().unwrap_or_else(|| {
            missing.push((name.trim().to_owned(), span));
            NOT_GIVEN.to_string()
        });
        runs.extend(text.slice(from..start).runs());
        runs.push((value, span, false));
        (from, at) = (end, end);
    }
    if runs.is_empty() {
        return Replaced {
            text: text.slice(range),
            missing,
        };
    }
    runs.extend(text.slice(from..range.end).runs());
    Replaced {
        text: Text::composed(runs),
        missing,
    }
}

/// What stands for a value that is not given.
pub const NOT_GIVEN: char = '\0';
