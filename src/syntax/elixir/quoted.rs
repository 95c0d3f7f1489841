//! What stands between quotes: escapes, heredocs and interpolation (manual, "Syntax reference", "Strings" and "Sigils").

use tree_sitter::Node;

use super::form::{FormKind, Part};
use super::lower::Lowering;
use crate::source::{Span, Text};

/// Text that is put together, each run with its place.
struct Runs {
    parts: Vec<Part>,
    runs: Vec<(String, Span, bool)>,
    /// White space that is taken from the start of each line, in a heredoc.
    indent: Option<usize>,
    /// At the start of a heredoc's line.
    line_start: bool,
}

impl<'t> Lowering<'t> {
    /// The contents of a string, charlist, quoted atom or sigil.
    pub(super) fn quoted(&mut self, node: Node<'t>, escapes: bool) -> Vec<Part> {
        let children = self.children(node);
        let mut runs = Runs {
            parts: Vec::new(),
            runs: Vec::new(),
            indent: self.indent(&children),
            line_start: false,
        };
        let mut first = true;
        for (_, child) in children {
            match child.kind() {
                "quoted_content" => {
                    let (text, span) = (self.slice(child), self.span(child));
                    let skipped = if first && runs.indent.is_some() {
                        text.find('\n').map_or(0, |at| at + 1)
                    } else {
                        0
                    };
                    if skipped > 0 {
                        runs.line_start = true;
                    }
                    if escapes {
                        runs.continued(&text[skipped..], span, skipped);
                    } else {
                        runs.content(&text[skipped..], span, skipped);
                    }
                }
                "escape_sequence" => {
                    let span = self.span(child);
                    let text = self.slice(child);
                    if escapes {
                        runs.escape(text, span);
                    } else {
                        runs.raw_escape(text, span);
                    }
                }
                "interpolation" => {
                    let form = self.interpolated(child);
                    runs.flush();
                    runs.line_start = false;
                    runs.parts.push(Part::Form(form));
                }
                _ => continue,
            }
            first = false;
        }
        runs.flush();
        runs.parts
    }

    /// How far a heredoc is indented: as its closing quotes are.
    fn indent(&self, children: &[(Option<&'t str>, Node<'t>)]) -> Option<usize> {
        let end = children
            .iter()
            .rev()
            .find(|(_, n)| !n.is_named() && matches!(self.slice(*n), "\"\"\"" | "'''"))?;
        let before = self.text.get(..end.1.start_byte())?;
        let line = before.rsplit('\n').next().unwrap_or("");
        let heredoc = children
            .iter()
            .find(|(_, n)| matches!(self.slice(*n), "\"\"\"" | "'''"))?;
        (heredoc.1.start_byte() < end.1.start_byte() && line.chars().all(char::is_whitespace))
            .then_some(line.len())
    }
}

impl Runs {
    fn flush(&mut self) {
        if !self.runs.is_empty() {
            let runs = std::mem::take(&mut self.runs);
            self.parts.push(Part::Text(Text::composed(runs)));
        }
    }

    /// Text whose lines may end with a backslash: the next goes on in the same line.
    fn continued(&mut self, text: &str, span: Span, offset: usize) {
        let mut from = 0;
        for (at, cut) in text.match_indices("\\\n") {
            self.content(&text[from..at], span, offset + from);
            from = at + cut.len();
            self.line_start = self.indent.is_some();
        }
        self.content(&text[from..], span, offset + from);
    }

    /// Text as written; `offset` bytes of the span come before it.
    fn content(&mut self, text: &str, span: Span, offset: usize) {
        let Some(indent) = self.indent else {
            self.exact(text, span, offset);
            return;
        };
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let mut skip = 0;
            if self.line_start {
                let bytes = line.bytes().take(indent);
                skip = bytes.take_while(|b| matches!(b, b' ' | b'\t')).count();
            }
            self.exact(&line[skip..], span, offset + at + skip);
            self.line_start = line.ends_with('\n');
            at += line.len();
        }
    }

    fn exact(&mut self, text: &str, span: Span, offset: usize) {
        if text.is_empty() {
            return;
        }
        let start = span.start as usize + offset;
        let place = Span::new(span.file, start, start + text.len());
        // Runs that touch are one.
        if let Some((run, last, true)) = self.runs.last_mut()
            && last.end == place.start
        {
            run.push_str(text);
            last.end = place.end;
            return;
        }
        self.runs.push((text.to_owned(), place, true));
    }

    fn escape(&mut self, escape: &str, span: Span) {
        if escape.ends_with('\n') {
            self.line_start = self.indent.is_some();
            return;
        }
        self.line_start = false;
        if let Some(c) = resolve(escape) {
            self.runs.push((c.to_string(), span, false));
        }
    }

    /// A sigil in upper case keeps its escapes, but for that of its closing delimiter; so do regular expressions, which read both alike.
    fn raw_escape(&mut self, escape: &str, span: Span) {
        self.line_start = self.indent.is_some() && escape.ends_with('\n');
        self.exact(escape, span, 0);
    }
}

/// The character that an escape means.
fn resolve(escape: &str) -> Option<char> {
    let rest = escape.strip_prefix('\\')?;
    let first = rest.chars().next()?;
    let code = |digits: &str| {
        let digits = digits.trim_matches(['{', '}']);
        u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
    };
    Some(match first {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        's' => ' ',
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'd' => '\u{7f}',
        'e' => '\u{1b}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        'x' | 'u' => code(&rest[1..])?,
        other => other,
    })
}

/// `?a`.
pub(super) fn char(text: &str) -> FormKind {
    let rest = text.strip_prefix('?').unwrap_or(text);
    let c = if rest.starts_with('\\') {
        resolve(rest)
    } else {
        rest.chars().next()
    };
    c.map_or(FormKind::Gap("a character that could not be read"), |c| {
        FormKind::Integer(i64::from(u32::from(c)))
    })
}
