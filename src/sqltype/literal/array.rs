//! Array literals of one dimension: `{a,"b c",NULL}`.

use super::{Literal, is_space};

const UNTOLD: Literal = Literal::Untold("an array literal in an uncommon form");

/// `array_in` and `array_out`; `element` converts one element. Only `box` has another delimiter than the comma.
pub(super) fn canonical(text: &str, element: &dyn Fn(&str) -> Literal, other_delimiter: bool) -> Literal {
    let word = text.trim_matches(is_space);
    if !word.starts_with('{') && !word.starts_with('[') {
        return Literal::Invalid("22P02", format!("malformed array literal: \"{text}\""));
    }
    let Some(inner) = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')) else {
        return UNTOLD;
    };
    if other_delimiter {
        return UNTOLD;
    }
    if inner.trim_matches(is_space).is_empty() {
        return Literal::Text("{}".to_owned());
    }
    let Some(items) = split(inner) else {
        return UNTOLD;
    };
    let mut out = Vec::new();
    for (item, quoted) in items {
        if !quoted && item.eq_ignore_ascii_case("null") {
            out.push("NULL".to_owned());
            continue;
        }
        match element(&item) {
            Literal::Text(text) => out.push(quote(&text)),
            other => return other,
        }
    }
    Literal::Text(format!("{{{}}}", out.join(",")))
}

/// Puts one element in place of another.
pub(super) fn with_element(text: &str, from: &str, to: &str) -> Option<String> {
    let items = split(text.strip_prefix('{')?.strip_suffix('}')?)?;
    if !items
        .iter()
        .any(|(item, quoted)| item == from && (*quoted || item != "NULL"))
    {
        return None;
    }
    let items: Vec<String> = items
        .into_iter()
        .map(|(item, quoted)| match item.as_str() {
            "NULL" if !quoted => item,
            item if item == from => quote(to),
            item => quote(item),
        })
        .collect();
    Some(format!("{{{}}}", items.join(",")))
}

/// Items, and whether each was quoted; `None` for nested arrays and what is malformed.
fn split(inner: &str) -> Option<Vec<(String, bool)>> {
    let mut items = Vec::new();
    let mut chars = inner.chars().peekable();
    loop {
        while chars.next_if(|c| is_space(*c)).is_some() {}
        if chars.next_if_eq(&'"').is_some() {
            items.push((quoted(&mut chars)?, true));
        } else {
            let mut item = String::new();
            while let Some(c) = chars.next_if(|c| *c != ',') {
                match c {
                    '{' | '}' | '"' => return None,
                    '\\' => item.push(chars.next()?),
                    c => item.push(c),
                }
            }
            let trimmed = item.trim_end_matches(is_space);
            if trimmed.is_empty() || item.contains('\\') {
                return None;
            }
            items.push((trimmed.to_owned(), false));
        }
        match chars.next() {
            None => return Some(items),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

/// The rest of a quoted item and the space behind it.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut item = String::new();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => item.push(chars.next()?),
            c => item.push(c),
        }
    }
    while chars.next_if(|c| is_space(*c)).is_some() {}
    Some(item)
}

/// `array_out` quotes what would not be read back as it is.
fn quote(text: &str) -> String {
    let needs = text.is_empty()
        || text.eq_ignore_ascii_case("null")
        || text
            .chars()
            .any(|c| matches!(c, '"' | '\\' | '{' | '}' | ',') || is_space(c));
    if needs {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text.to_owned()
    }
}
