//! Both directions in one file of SQL, told apart by comments alone: what scripts of a project's own split a file by.

use std::ops::Range;

use crate::stacks::history::plain;

const UP: &[&str] = &["up", "upgrade", "forward"];
const DOWN: &[&str] = &["down", "downgrade", "rollback", "revert", "undo"];

/// The part that leads forward: from the comment that says `up` and no more to the one that says `down`. The whole file where it has
/// not both, in this order or the other.
#[must_use]
pub fn up(text: &str) -> Range<usize> {
    let find = |words| plain::lines(text).find(|(_, line)| is_mark(line, words));
    match (find(UP), find(DOWN)) {
        (Some((up, _)), Some((down, _))) if up < down => up..down,
        (Some((up, _)), Some(_)) => up..text.len(),
        _ => 0..text.len(),
    }
}

/// `-- Up`, `--- DOWN ---`, `-- Up Migration:`.
fn is_mark(line: &str, words: &[&str]) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("--") else {
        return false;
    };
    let said = rest
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_ascii_lowercase();
    let mut parts = said.split_whitespace();
    let first = parts.next().unwrap_or("");
    let kind = parts.next().unwrap_or("migration");
    words.contains(&first)
        && matches!(kind, "migration" | "migrations" | "script" | "section" | "part")
        && parts.next().is_none()
}
