//! `${name}` in SQL files: what runners replace before the text reaches the server.

use std::ops::Range;

use crate::config::Given;
use crate::source::Text;

/// A part of a text with `${name}` and `${name:-default}` replaced by what is given, where `applies` says so. What is not given
/// becomes a character that no statement can hold, so that its statement is not taken for understood.
#[must_use]
pub fn replace(text: &Text, range: Range<usize>, applies: &dyn Fn(usize) -> bool, given: &Given) -> Text {
    let whole = text.as_str();
    let mut runs = Vec::new();
    let mut from = range.start;
    let mut at = range.start;
    while let Some(found) = whole.get(at..range.end).and_then(|rest| rest.find("${")) {
        let start = at + found;
        at = start + 2;
        let Some(length) = whole[at..range.end].find('}') else {
            break;
        };
        let end = at + length + 1;
        if !applies(start) || whole[at..end].contains('\n') {
            continue;
        }
        runs.extend(text.slice(from..start).runs());
        runs.push((value(&whole[at..end - 1], given), text.span(start..end), false));
        (from, at) = (end, end);
    }
    if runs.is_empty() {
        return text.slice(range);
    }
    runs.extend(text.slice(from..range.end).runs());
    Text::composed(runs)
}

/// What stands for a value that is not given.
pub const NOT_GIVEN: char = '\0';

fn value(name: &str, given: &Given) -> String {
    let (name, _default) = name.split_once(":-").unwrap_or((name, ""));
    given
        .settings
        .get(name.trim())
        .cloned()
        .unwrap_or_else(|| NOT_GIVEN.to_string())
}
