//! Byte offsets to lines and columns, and back.

/// A place as people and documents count it: both from 1, columns in Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

/// Where each line of one text starts. Lines end at `\n`; a `\r` before it belongs to its line.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Reads the line starts of `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let ends = text
            .bytes()
            .enumerate()
            .filter(|&(_, b)| b == b'\n')
            .map(|(i, _)| i as u32 + 1);
        LineIndex {
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The line (from 1) of a byte offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&s| s <= offset) as u32
    }

    /// The place of a byte offset in `text`, the text that the index was made from.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let offset = (offset as usize).min(text.len());
        let line = self.line(offset as u32);
        let start = self.starts[line as usize - 1] as usize;
        let column = text.as_bytes()[start..offset]
            .iter()
            .filter(|&&b| (b & 0xC0) != 0x80)
            .count() as u32
            + 1;
        LineColumn { line, column }
    }

    /// The byte offset of a place, clamped to the end of its line; `None` past the last line.
    #[must_use]
    pub fn offset(&self, text: &str, at: LineColumn) -> Option<u32> {
        let index = (at.line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1).map_or(text.len(), |&e| e as usize - 1);
        let line = text.get(start..end)?;
        let within = line
            .char_indices()
            .nth(at.column as usize - 1)
            .map_or(line.len(), |(i, _)| i);
        Some((start + within) as u32)
    }

    /// Number of lines; a text that ends with `\n` counts the empty line after it.
    #[must_use]
    pub fn lines(&self) -> u32 {
        self.starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let text = "a\nbé c\r\n\nlast";
        let index = LineIndex::new(text);
        for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let at = index.line_column(text, offset as u32);
            assert_eq!(index.offset(text, at), Some(offset as u32), "{at:?}");
        }
        assert_eq!(index.line_column(text, 5), LineColumn { line: 2, column: 3 });
        assert_eq!(index.lines(), 4);
    }
}
