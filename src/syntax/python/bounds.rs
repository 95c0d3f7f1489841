//! Bounds on the shape of Python source, looked at before it is parsed: syntax trees are walked and dropped by recursion, so
//! source of a million parentheses must not become a tree.

/// Brackets within brackets, and strings with expressions within those.
const MAX_BRACKETS: usize = 100;
/// Columns of white space at a line's start that open a deeper block.
const MAX_INDENTS: usize = 60;
/// Operators in one logical line: each can be one level of a tree that leans to one side.
const MAX_OPERATORS: usize = 1_500;
/// Words in one logical line that nest to the right (`not not not`, `lambda: lambda:`, `x if y else ...`), and prefix signs.
const MAX_NESTING_WORDS: usize = 200;
/// Bytes of a file.
const MAX_BYTES: usize = 8 << 20;

/// Why source nests deeper than is followed, and where; `None` where it does not.
pub(super) fn too_deep(text: &str) -> Option<(&'static str, usize)> {
    if text.len() > MAX_BYTES {
        return Some(("the file is larger than is read", 0));
    }
    Scan {
        text: text.as_bytes(),
        at: 0,
        ..Scan::default()
    }
    .run()
}

#[derive(Default)]
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    brackets: usize,
    indents: Vec<usize>,
    /// In the logical line.
    operators: usize,
    words: usize,
    /// `elif` in a row at the present depth are a flat list to the parser; nothing to count.
    line_start: bool,
}

/// Bytes of a word.
static OF_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
        byte += 1;
    }
    table
};

impl Scan<'_> {
    fn run(mut self) -> Option<(&'static str, usize)> {
        self.line_start = true;
        while let Some(&byte) = self.text.get(self.at) {
            if self.line_start && self.brackets == 0 {
                self.line_start = false;
                if let Some(deep) = self.indent() {
                    return Some(deep);
                }
                continue;
            }
            let start = self.at;
            match byte {
                b' ' => {
                    self.skip(|b| b == b' ');
                    continue;
                }
                b'#' => self.skip_line(),
                b'\n' | b'\r' => {
                    self.at += 1;
                    if self.brackets == 0 {
                        (self.operators, self.words, self.line_start) = (0, 0, true);
                    }
                }
                b';' => {
                    self.at += 1;
                    if self.brackets == 0 {
                        (self.operators, self.words) = (0, 0);
                    }
                }
                b'\\' => self.at += 2,
                b'\'' | b'"' => self.string(false),
                b'(' | b'[' | b'{' => {
                    // A call or subscript of a call or subscript leans to the left: `f()()()`.
                    self.at += 1;
                    self.brackets += 1;
                    self.operators += 1;
                }
                b')' | b']' | b'}' => {
                    self.at += 1;
                    self.brackets = self.brackets.saturating_sub(1);
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
                b'0'..=b'9' => self.number(),
                b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'|' | b'&' | b'^' | b'<' | b'>' | b'=' | b'.'
                | b'!' => {
                    self.at += 1;
                    self.operators += 1;
                }
                b'~' | b':' => {
                    self.at += 1;
                    self.words += usize::from(byte == b'~');
                }
                b',' => {
                    // Elements of a list stand side by side.
                    self.at += 1;
                    self.operators = self.operators.saturating_sub(usize::from(self.brackets > 0) * 64);
                    self.words = self.words.saturating_sub(8);
                }
                _ => self.at += 1,
            }
            if self.brackets > MAX_BRACKETS {
                return Some(("nests brackets deeper than is followed", start));
            }
            if self.operators > MAX_OPERATORS || self.words > MAX_NESTING_WORDS {
                return Some(("holds an expression longer than is followed", start));
            }
        }
        None
    }

    fn indent(&mut self) -> Option<(&'static str, usize)> {
        let mut width = 0;
        loop {
            match self.text.get(self.at) {
                Some(b' ') => width += 1,
                Some(b'\t') => width = (width / 8 + 1) * 8,
                Some(b'\x0c') => width = 0,
                _ => break,
            }
            self.at += 1;
        }
        if matches!(self.text.get(self.at), None | Some(b'\n' | b'\r' | b'#')) {
            return None;
        }
        while self.indents.last().is_some_and(|last| *last > width) {
            self.indents.pop();
        }
        if width > self.indents.last().copied().unwrap_or(0) {
            self.indents.push(width);
        }
        (self.indents.len() > MAX_INDENTS).then_some(("nests blocks deeper than is followed", self.at))
    }

    fn skip_line(&mut self) {
        self.skip(|b| b != b'\n' && b != b'\r');
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|b| !is_skipped(*b)).unwrap_or(rest.len());
    }

    /// A name or a string with a prefix.
    fn word(&mut self) {
        let start = self.at;
        self.skip(|b| OF_WORD[usize::from(b)]);
        let word = &self.text[start..self.at];
        if word.len() <= 2
            && matches!(self.text.get(self.at), Some(b'\'' | b'"'))
            && word.iter().all(|b| b"rRbBuUfFtT".contains(b))
        {
            let holds_expressions = word.iter().any(|b| b"fFtT".contains(b));
            self.string(holds_expressions);
            return;
        }
        match word {
            b"not" | b"lambda" | b"if" | b"else" | b"await" | b"yield" | b"for" => self.words += 1,
            b"and" | b"or" | b"in" | b"is" => self.operators += 1,
            _ => {}
        }
    }

    fn number(&mut self) {
        while self
            .text
            .get(self.at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.' || *b == b'_')
        {
            self.at += 1;
        }
    }

    /// A string from its quote on. Braces of one that holds expressions are counted as brackets while it lasts.
    fn string(&mut self, holds_expressions: bool) {
        let quote = self.text[self.at];
        let triple = self.text.get(self.at + 1) == Some(&quote) && self.text.get(self.at + 2) == Some(&quote);
        self.at += if triple { 3 } else { 1 };
        let (mut depth, mut most) = (0usize, 0usize);
        let ends = |b: u8| b == quote || b == b'\\' || !triple && matches!(b, b'\n' | b'\r');
        if !holds_expressions {
            self.skip(|b| !ends(b));
        }
        while let Some(&byte) = self.text.get(self.at) {
            if byte == b'\\' {
                self.at = (self.at + 2).min(self.text.len());
                continue;
            }
            if byte == quote
                && (!triple
                    || (self.text.get(self.at + 1) == Some(&quote)
                        && self.text.get(self.at + 2) == Some(&quote)))
                && !(holds_expressions && depth > 0 && self.inside_expression())
            {
                self.at += if triple { 3 } else { 1 };
                break;
            }
            if !triple && matches!(byte, b'\n' | b'\r') && depth == 0 {
                break;
            }
            if holds_expressions {
                match byte {
                    b'{' | b'(' | b'[' => depth += 1,
                    b'}' | b')' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                most = most.max(depth);
            }
            self.at += 1;
            if !holds_expressions {
                self.skip(|b| !ends(b));
            }
        }
        if most > MAX_BRACKETS {
            self.brackets = MAX_BRACKETS + 1;
        }
    }

    /// A quote of the same kind inside an expression (Python 3.12) begins another string only where the line goes on to close the
    /// brace; otherwise the braces were text.
    fn inside_expression(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn deep_source_is_refused() {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{1:", "}"),
            ("f(", ")"),
            ("not ", ""),
            ("~", ""),
            ("lambda: ", ""),
        ] {
            let text = format!("x = {}1{}\n", open.repeat(100_000), close.repeat(100_000));
            assert!(too_deep(&text).is_some(), "{open}");
        }
        assert!(too_deep(&format!("x = 1{}", " + 1".repeat(100_000))).is_some());
        assert!(too_deep(&format!("x = a{}", ".a".repeat(100_000))).is_some());
        assert!(too_deep(&format!("x = a{}", "()".repeat(100_000))).is_some());
        assert!(too_deep(&format!("x = 1{}", " if 1 else 1".repeat(100_000))).is_some());
        let blocks: String = (0..1000).map(|i| format!("{}if x:\n", " ".repeat(i))).collect();
        assert!(too_deep(&blocks).is_some());
        let strings = format!("x = f'{}{}'", "{".repeat(10_001), "}".repeat(10_001));
        assert!(too_deep(&strings).is_some());
    }

    #[test]
    fn long_tables_are_read() {
        let rows = "    (1, 'a b', -2.5, x.y, f(3)),\n".repeat(20_000);
        assert!(too_deep(&format!("TABLE = [\n{rows}]\n")).is_none());
        let keys = "    'a': ['x', {'y': 1}],\n".repeat(20_000);
        assert!(too_deep(&format!("TABLE = {{\n{keys}}}\n")).is_none());
        assert!(too_deep("x = f'{a!r:>{width}}' + \"it's\" # ((((\n").is_none());
        let concatenated = "    'some text'\n".repeat(20_000);
        assert!(too_deep(&format!("x = (\n{concatenated})\n")).is_none());
    }
}
