//! Operations on text that keep the place of every byte: what Python's `str` methods do, over [`Text`].

use std::ops::Range;

use crate::source::{Span, Text};

/// What text may grow to; longer is not made.
pub(crate) const LONGEST: usize = 4 << 20;

/// Places that one text keeps; put together of more, it is of the place that puts it together.
const MOST_RUNS: usize = 4096;

/// Text without characters, at a place.
pub(crate) fn empty(at: Span) -> Text {
    made(String::new(), at)
}

/// Text that a computation made, on account of a place.
pub(crate) fn made(text: String, at: Span) -> Text {
    Text::composed([(text, at, false)])
}

/// Several texts as one. Nothing at all: empty text at `at`.
pub(crate) fn concat<'t>(parts: impl IntoIterator<Item = &'t Text>, at: Span) -> Text {
    let mut runs: Vec<_> = parts.into_iter().flat_map(Text::runs).collect();
    if runs.is_empty() {
        runs.push((String::new(), at, false));
    }
    if runs.len() > MOST_RUNS {
        return made(runs.into_iter().map(|run| run.0).collect(), at);
    }
    Text::composed(runs)
}

/// The same text with each run changed; a run that stays as it is keeps its bytes' places.
pub(crate) fn map(text: &Text, change: impl Fn(&str) -> String) -> Text {
    let at = text.whole();
    let runs: Vec<_> = text
        .runs()
        .map(|(run, span, exact)| {
            let new = change(&run);
            let same = new == run;
            (new, span, exact && same)
        })
        .collect();
    if runs.is_empty() {
        empty(at)
    } else {
        Text::composed(runs)
    }
}

/// Byte offsets of characters `range` (already clamped).
pub(crate) fn bytes_of(text: &str, range: Range<usize>) -> Range<usize> {
    if text.is_ascii() {
        return range.start.min(text.len())..range.end.min(text.len()).max(range.start.min(text.len()));
    }
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(i, _)| i);
    let start = at(range.start);
    start..at(range.end).max(start)
}

/// The number of characters before a byte offset.
pub(crate) fn chars_before(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(0, |t| t.chars().count())
}

/// The number of characters.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// The character at an index that may count from the end.
pub(crate) fn index(text: &Text, index: i64) -> Option<Text> {
    let count = length(text.as_str()) as i64;
    let index = if index < 0 { index + count } else { index };
    (0..count).contains(&index).then(|| {
        let index = index as usize;
        text.slice(bytes_of(text.as_str(), index..index + 1))
    })
}

/// What Python takes for white space in text: `str.isspace`.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// `strip`, `lstrip`, `rstrip`.
pub(crate) fn strip(text: &Text, chars: Option<&str>, left: bool, right: bool) -> Text {
    let goes = |c: char| chars.map_or_else(|| is_space(c), |set| set.contains(c));
    let s = text.as_str();
    let start = if left {
        s.len() - s.trim_start_matches(goes).len()
    } else {
        0
    };
    let rest = &s[start..];
    let end = start
        + if right {
            rest.trim_end_matches(goes).len()
        } else {
            rest.len()
        };
    text.slice(start..end)
}

/// `replace`; `max` counts replacements from the left.
pub(crate) fn replace(text: &Text, from: &str, to: &Text, max: Option<usize>) -> Text {
    let s = text.as_str();
    let max = max.unwrap_or(usize::MAX);
    let found: Vec<Range<usize>> = if from.is_empty() {
        let ends = s.char_indices().map(|(i, _)| i).chain([s.len()]);
        ends.take(max).map(|i| i..i).collect()
    } else {
        s.match_indices(from)
            .take(max)
            .map(|(i, m)| i..i + m.len())
            .collect()
    };
    if found.is_empty() {
        return text.clone();
    }
    let mut parts = Vec::with_capacity(found.len() * 2 + 1);
    let mut done = 0;
    for range in found {
        parts.push(text.slice(done..range.start));
        parts.push(to.clone());
        done = range.end;
    }
    parts.push(text.slice(done..s.len()));
    concat(&parts, text.whole())
}

/// `split` by a separator that is not empty, or by runs of white space; `max` counts cuts from the left.
pub(crate) fn split(text: &Text, separator: Option<&str>, max: Option<usize>) -> Vec<Text> {
    let s = text.as_str();
    let max = max.unwrap_or(usize::MAX);
    let mut out = Vec::new();
    if let Some(separator) = separator {
        let mut done = 0;
        for (i, m) in s.match_indices(separator).take(max) {
            out.push(text.slice(done..i));
            done = i + m.len();
        }
        out.push(text.slice(done..s.len()));
        return out;
    }
    let mut at = s.len() - s.trim_start_matches(is_space).len();
    while at < s.len() {
        if out.len() == max {
            // The last piece keeps the white space within it and at its end.
            out.push(text.slice(at..s.len()));
            return out;
        }
        let end = s[at..].find(is_space).map_or(s.len(), |i| at + i);
        out.push(text.slice(at..end));
        at = s.len() - s[end..].trim_start_matches(is_space).len();
    }
    out
}

/// `rsplit`: the same with the cuts counted from the right.
pub(crate) fn rsplit(text: &Text, separator: Option<&str>, max: Option<usize>) -> Vec<Text> {
    let Some(max) = max else {
        return split(text, separator, None);
    };
    let s = text.as_str();
    let mut out = Vec::new();
    if let Some(separator) = separator {
        let mut end = s.len();
        for (i, m) in s.rmatch_indices(separator).take(max) {
            out.push(text.slice(i + m.len()..end));
            end = i;
        }
        out.push(text.slice(0..end));
    } else {
        let mut end = s.trim_end_matches(is_space).len();
        while end > 0 {
            if out.len() == max {
                out.push(text.slice(0..end));
                break;
            }
            let start = s[..end]
                .rfind(is_space)
                .map_or(0, |i| i + s[i..].chars().next().map_or(1, char::len_utf8));
            out.push(text.slice(start..end));
            end = s[..start].trim_end_matches(is_space).len();
        }
    }
    out.reverse();
    out
}

/// `splitlines`.
pub(crate) fn lines(text: &Text, keep: bool) -> Vec<Text> {
    let s = text.as_str();
    let mut out = Vec::new();
    let mut start = 0;
    let mut chars = s.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        if !ends_line(c) {
            continue;
        }
        let mut next = i + c.len_utf8();
        if c == '\r' && chars.peek().is_some_and(|p| p.1 == '\n') {
            chars.next();
            next += 1;
        }
        out.push(text.slice(start..if keep { next } else { i }));
        start = next;
    }
    if start < s.len() {
        out.push(text.slice(start..s.len()));
    }
    out
}

fn ends_line(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\x0b' | '\x0c' | '\x1c' | '\x1d' | '\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// `partition` and `rpartition`.
pub(crate) fn partition(text: &Text, separator: &str, last: bool) -> [Text; 3] {
    let s = text.as_str();
    let found = if last {
        s.rfind(separator)
    } else {
        s.find(separator)
    };
    match found {
        Some(i) => [
            text.slice(0..i),
            text.slice(i..i + separator.len()),
            text.slice(i + separator.len()..s.len()),
        ],
        None if last => [text.slice(0..0), text.slice(0..0), text.clone()],
        None => [
            text.clone(),
            text.slice(s.len()..s.len()),
            text.slice(s.len()..s.len()),
        ],
    }
}

/// `text * count`, unless that is too long.
pub(crate) fn repeat(text: &Text, count: i64, at: Span) -> Option<Text> {
    let count = usize::try_from(count).unwrap_or(0);
    let long = text.as_str().len().checked_mul(count)?;
    if long > LONGEST {
        return None;
    }
    // Long runs of one character are decoration: one piece does.
    if count > 64 {
        return Some(made(text.as_str().repeat(count), text.whole()));
    }
    Some(concat(std::iter::repeat_n(text, count), at))
}

/// Fills up to `width` characters; `left` of the fill goes before the text.
pub(crate) fn pad(text: &Text, width: usize, fill: char, align: char, at: Span) -> Option<Text> {
    let length = length(text.as_str());
    if width <= length {
        return Some(text.clone());
    }
    let missing = width - length;
    if missing.checked_mul(4)? > LONGEST {
        return None;
    }
    let before = match align {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let (a, b) = (
        made(fill.to_string().repeat(before), at),
        made(fill.to_string().repeat(missing - before), at),
    );
    Some(concat([&a, text, &b], at))
}

/// `textwrap.dedent`: blank lines become empty, the longest margin common to the others goes.
pub(crate) fn dedent(text: &Text) -> Text {
    let s = text.as_str();
    let mut margin: Option<&str> = None;
    for line in s.split('\n') {
        if line.trim_start_matches([' ', '\t']).is_empty() {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        margin = Some(match margin {
            None => indent,
            Some(m) => {
                let common = m.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
                &m[..common]
            }
        });
    }
    let margin = margin.unwrap_or("").len();
    let mut parts = Vec::new();
    let mut at = 0;
    for (i, line) in s.split('\n').enumerate() {
        if i > 0 {
            parts.push(text.slice(at - 1..at));
        }
        if !line.trim_start_matches([' ', '\t']).is_empty() {
            parts.push(text.slice(at + margin..at + line.len()));
        }
        at += line.len() + 1;
    }
    concat(&parts, text.whole())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn file(text: &str) -> Text {
        Text::of_file(FileId(0), text.into())
    }

    fn strings(parts: &[Text]) -> Vec<&str> {
        parts.iter().map(Text::as_str).collect()
    }

    #[test]
    fn splits_as_python_does() {
        let text = file("  a b\tc  ");
        assert_eq!(strings(&split(&text, None, None)), ["a", "b", "c"]);
        assert_eq!(strings(&split(&text, None, Some(1))), ["a", "b\tc  "]);
        assert_eq!(strings(&split(&text, None, Some(0))), ["a b\tc  "]);
        assert_eq!(strings(&rsplit(&text, None, Some(1))), ["  a b", "c"]);
        assert_eq!(strings(&split(&file("a,,b"), Some(","), Some(1))), ["a", ",b"]);
        assert_eq!(strings(&rsplit(&file("a,,b"), Some(","), Some(1))), ["a,", "b"]);
        assert_eq!(
            strings(&lines(&file("a\r\nb\n\nc"), true)),
            ["a\r\n", "b\n", "\n", "c"]
        );
    }

    #[test]
    fn places_stay() {
        let text = file("x = 1\n    y\n\n     z\n");
        let out = dedent(&text.slice(6..text.as_str().len()));
        assert_eq!(out.as_str(), "y\n\n z\n");
        assert_eq!(out.span(0..1), Span::new(FileId(0), 10, 11));
        let put = replace(
            &file("drop t;"),
            "t",
            &made("users".into(), Span::new(FileId(0), 90, 95)),
            None,
        );
        assert_eq!(put.as_str(), "drop users;");
        assert_eq!(put.span(10..11), Span::new(FileId(0), 6, 7));
    }
}
