//! Ignores in comments: `schemalign: ignore[rule] reason`, for a line, the next statement, a block or a file.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Language, extent};

/// What a directive covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The line that it ends, or the statement after it.
    Here,
    /// From `ignore-start` to `ignore-end`.
    Block,
    /// The whole file.
    File,
}

/// Why a directive cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It names no rule: what it would silence tomorrow nobody can tell.
    Blanket,
    /// The word after `schemalign:` is none that is known.
    Word(String),
    /// `ignore-end` without a start, or a start without an end.
    Unpaired,
    /// It gives no reason where one is demanded.
    NoReason,
}

/// One directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Bytes of the directive, from `schemalign:` to the end of its rules.
    pub at: (usize, usize),
    /// What it covers.
    pub kind: Kind,
    /// The rules that it silences, each with its bytes.
    pub rules: Vec<(String, (usize, usize))>,
    /// Why, as the maintainer wrote it; may be empty.
    pub reason: String,
    /// The lines that it covers, first and last, from 0; `None` where nothing is left to cover.
    pub lines: Option<(usize, usize)>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

impl Directive {
    /// Whether it silences a rule on a line (from 0).
    #[must_use]
    pub fn covers(&self, rule: &str, line: usize) -> bool {
        self.fault.is_none()
            && self
                .lines
                .is_some_and(|(first, last)| (first..=last).contains(&line))
            && self.rules.iter().any(|(name, _)| name == rule)
    }
}

const WORD: &str = "schemalign:";

/// Whether a text may hold directives, by a look at its bytes.
#[must_use]
pub fn may_be_directed(text: &[u8]) -> bool {
    static FINDER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(WORD).ok());
    FINDER.as_ref().is_none_or(|finder| finder.is_match(text))
}

/// The directives of a text, in order.
#[must_use]
pub fn directives(language: Language, text: &str) -> Vec<Directive> {
    if !may_be_directed(text.as_bytes()) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<Directive> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut start = 0;
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_end_matches(['\n', '\r']);
        if let Some((directive, end)) = read(language, line, start, number, &lines) {
            match end {
                Ending::None => {}
                Ending::Opens => open.push(out.len()),
                Ending::Closes => {
                    if let Some(begun) = open.pop().and_then(|at| out.get_mut(at)) {
                        begun.fault = begun.fault.take().filter(|fault| *fault != Fault::Unpaired);
                        begun.lines = begun.lines.map(|(first, _)| (first, number));
                        start += whole.len();
                        continue;
                    }
                }
            }
            out.push(directive);
        }
        start += whole.len();
    }
    out
}

enum Ending {
    None,
    Opens,
    Closes,
}

fn read(
    language: Language,
    line: &str,
    start: usize,
    number: usize,
    lines: &[&str],
) -> Option<(Directive, Ending)> {
    let comment = language.comment(line)?;
    let body = line.get(comment + language.marker().len()..)?;
    // Prisma's `///` is a comment too.
    let text = body.trim_start_matches(['/', '#', '-', ' ', '\t']);
    let rest = text.strip_prefix(WORD)?;
    let at = start + (line.len() - text.len());
    let word_end = rest
        .trim_start()
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let rest = rest.trim_start();
    let word = rest.get(..word_end.unwrap_or(rest.len())).unwrap_or(rest);
    let after = rest.get(word.len()..).unwrap_or_default();
    let after_at = start + line.len() - after.len();
    let (rules, reason, end) = rules(after, after_at);
    let own_line = line.get(..comment).is_some_and(|before| before.trim().is_empty());
    let (kind, ending) = match word {
        "ignore" => (Kind::Here, Ending::None),
        "ignore-start" => (Kind::Block, Ending::Opens),
        "ignore-end" => (Kind::Block, Ending::Closes),
        "ignore-file" => (Kind::File, Ending::None),
        _ => (Kind::Here, Ending::None),
    };
    let fault = match (word, kind) {
        ("ignore" | "ignore-file" | "ignore-start", _) if rules.is_empty() => Some(Fault::Blanket),
        ("ignore" | "ignore-file", _) => None,
        // Until its end is met.
        ("ignore-start" | "ignore-end", _) => Some(Fault::Unpaired),
        (other, _) => Some(Fault::Word(other.to_owned())),
    };
    let covered = match kind {
        Kind::Here if own_line => extent::statement(language, lines, number + 1),
        Kind::Here => Some((number, number)),
        Kind::Block => Some((number, number)),
        Kind::File => Some((0, lines.len())),
    };
    let directive = Directive {
        at: (at, end),
        kind,
        rules,
        reason,
        lines: covered,
        fault,
    };
    Some((directive, ending))
}

/// `[a, b] reason`: the rules with their bytes, the reason, where the rules end.
#[allow(clippy::type_complexity, reason = "the three parts of one short text")]
fn rules(text: &str, start: usize) -> (Vec<(String, (usize, usize))>, String, usize) {
    let Some((inner, reason)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) else {
        return (Vec::new(), text.trim().to_owned(), start);
    };
    let mut out = Vec::new();
    let mut at = start + 1;
    for part in inner.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let from = at + (part.len() - part.trim_start().len());
            out.push((name.to_owned(), (from, from + name.len())));
        }
        at += part.len() + 1;
    }
    let reason = reason
        .trim()
        .trim_start_matches([':', '-', ' '])
        .trim_end_matches("*/")
        .trim();
    (out, reason.to_owned(), start + inner.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let text = "x = 1  # schemalign: ignore[missing-column, type-mismatch] why not\n\
                    # schemalign: ignore[nullability-mismatch]\n\
                    y = f(\n    2,\n)\n\
                    # schemalign: ignore-start[extra-table] old\n\
                    z = 3\n\
                    # schemalign: ignore-end\n\
                    # schemalign: ignore-file[name-mismatch]\n\
                    # schemalign: ignore\n\
                    # schemalign: forget[x]\n\
                    # schemalign: ignore-end\n\
                    s = '# schemalign: ignore[x]'\n";
        let found = directives(Language::Hash, text);
        let seen: Vec<_> = found.iter().map(|d| (d.kind, d.lines, d.fault.clone())).collect();
        assert_eq!(
            seen,
            [
                (Kind::Here, Some((0, 0)), None),
                (Kind::Here, Some((2, 4)), None),
                (Kind::Block, Some((5, 7)), None),
                (Kind::File, Some((0, 13)), None),
                (Kind::Here, Some((12, 12)), Some(Fault::Blanket)),
                (Kind::Here, Some((12, 12)), Some(Fault::Word("forget".to_owned()))),
                (Kind::Block, Some((11, 11)), Some(Fault::Unpaired)),
            ]
        );
        let first = &found[0];
        assert_eq!(first.reason, "why not");
        let spelled: Vec<_> = first.rules.iter().map(|(_, (a, b))| &text[*a..*b]).collect();
        assert_eq!(spelled, ["missing-column", "type-mismatch"]);
        assert!(first.covers("type-mismatch", 0) && !first.covers("type-mismatch", 1));
        assert_eq!(
            &text[found[0].at.0..found[0].at.1],
            "schemalign: ignore[missing-column, type-mismatch]"
        );
    }

    #[test]
    fn each_language_has_its_marker() {
        assert_eq!(
            directives(Language::Slashes, "id Int /// schemalign: ignore[a] b").len(),
            1
        );
        assert_eq!(
            directives(Language::Dashes, "-- schemalign: ignore[a]\nSELECT 1;").len(),
            1
        );
        assert_eq!(directives(Language::Dashes, "# schemalign: ignore[a]").len(), 0);
    }
}
