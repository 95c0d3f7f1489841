//! How far the statement after a comment reaches, told from the layout alone so that it holds for every language and for broken text.

use super::Language;

/// The lines (first and last, from 0) of the statement that begins at or after line `from`, blank lines and comments being passed
/// over; `None` where nothing follows.
pub(super) fn statement(language: Language, lines: &[&str], from: usize) -> Option<(usize, usize)> {
    let first = (from..lines.len()).find(|&at| lines.get(at).is_some_and(|line| is_code(language, line)))?;
    Some((first, last(language, lines, first)))
}

fn last(language: Language, lines: &[&str], first: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = lines.get(first).map_or(0, |line| indent(line));
    let mut last = first;
    for (at, line) in lines.iter().enumerate().skip(first + 1) {
        if ends(language, lines.get(last).copied().unwrap_or_default()) && language == Language::Dashes {
            return last;
        }
        if line.trim().is_empty() {
            continue;
        }
        let deeper = indent(line) > own;
        // `)`, `}` and `end` close what the statement opened.
        let closes = indent(line) == own && closes(line);
        let goes_on = language == Language::Dashes && indent(line) >= own;
        match (deeper || closes || goes_on, closes) {
            (true, true) if language != Language::Dashes && !opens(line) => return at,
            (true, _) => last = at,
            (false, _) => return last,
        }
    }
    last
}

fn is_code(language: Language, line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with(language.marker())
}

/// Whether a line of SQL ends its statement.
fn ends(language: Language, line: &str) -> bool {
    let code = language
        .comment(line)
        .and_then(|at| line.get(..at))
        .unwrap_or(line);
    code.trim_end().ends_with(';')
}

fn closes(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with([')', '}', ']']) || line == "end" || line.starts_with("end ") || line.starts_with("end)")
}

/// Whether a line that closes opens another part (`) do`, `} else {`, `]) -> X:`).
fn opens(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(['(', '{', '[', ':']) || line.ends_with(" do")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(language: Language, text: &str) -> Option<(usize, usize)> {
        statement(language, &text.lines().collect::<Vec<_>>(), 0)
    }

    #[test]
    fn a_statement_reaches_as_far_as_its_layout() {
        assert_eq!(
            lines(Language::Hash, "# c\n\nx = f(\n  1,\n)\ny = 2"),
            Some((2, 4))
        );
        assert_eq!(
            lines(Language::Hash, "class A:\n    a = 1\n\n    b = 2\nclass B: pass"),
            Some((0, 3))
        );
        assert_eq!(
            lines(
                Language::Hash,
                "create table(:a) do\n  add :x, :string\nend\ncreate b"
            ),
            Some((0, 2))
        );
        assert_eq!(
            lines(Language::Hash, "def f(\n    a,\n):\n    return 1\nx = 1"),
            Some((0, 3))
        );
        assert_eq!(
            lines(Language::Dashes, "CREATE TABLE a (\n  id int -- ;\n);\nSELECT 1;"),
            Some((0, 2))
        );
        assert_eq!(
            lines(Language::Dashes, "ALTER TABLE a\nADD b int;\nSELECT 1;"),
            Some((0, 1))
        );
        assert_eq!(
            lines(Language::Slashes, "model A {\n  id Int @id\n}\n\nmodel B {"),
            Some((0, 2))
        );
        assert_eq!(lines(Language::Slashes, "// only a comment\n"), None);
    }
}
