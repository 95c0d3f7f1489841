//! `ALTER TABLE t DROP a ADD a int`: actions with no comma between. The server stops at the second; the text with the comma is what was
//! meant, where that is one statement.

use super::reserved;
use crate::change::Failure;
use crate::source::Text;
use crate::syntax::{pg, split};

/// Words that begin an action of ALTER TABLE and no part of one before them that is complete (`alter_table_cmd`, gram.y).
const BEGIN: &[&str] = &["add", "alter", "drop"];

/// What the server says where the parser stopped at an action, at `at`, and the text with a comma before it.
pub(super) fn missing(text: &Text, at: usize) -> Option<(Failure, Text)> {
    let str = text.as_str();
    let begins = |word: &str, words: &[&str]| words.iter().any(|w| word.eq_ignore_ascii_case(w));
    let mut head = split::tokens(str);
    let (first, second) = (head.next()?.1, head.next()?.1);
    if !begins(first, &["alter"]) || !begins(second, &["table"]) {
        return None;
    }
    // The parser may stop at the end of the token before.
    let (found, word) = split::tokens(str.get(at..)?).next()?;
    let range = at + found.start..at + found.end;
    // What stands before is a statement of its own, so that nothing behind it matters.
    if !begins(word, BEGIN) || pg::parse_sql(str.get(..range.start)?).error.is_some() {
        return None;
    }
    let runs = text.slice(0..range.start).runs().collect::<Vec<_>>();
    let comma = (",".to_owned(), text.span(range.clone()), false);
    let rest = text.slice(range.start..str.len());
    let whole = Text::composed(runs.into_iter().chain([comma]).chain(rest.runs()));
    let mut failure = reserved::syntax_error(text, range.clone());
    failure.related.push((
        text.span(range),
        "a comma is wanted before the next action".to_owned(),
    ));
    Some((failure, whole))
}
