//! A string that a program composed, each byte of which still knows its place in a file.

use std::sync::Arc;

use super::{FileId, Span};

/// One run of a [`Text`]: from `start` (in the text) to the next piece's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// First byte in the composed text.
    pub start: u32,
    /// Where it comes from.
    pub span: Span,
    /// Whether each byte of the piece is a byte of the span (a literal without escapes). Otherwise any part of the piece maps
    /// to the whole span (an interpolated value).
    pub exact: bool,
}

/// Text to be parsed, with the way back to the bytes of the files. A migration file in SQL is one exact piece; SQL inside a
/// host language or inside `EXECUTE` has several.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    text: Arc<str>,
    /// The part of `text` that this value means.
    from: u32,
    to: u32,
    pieces: Pieces,
}

/// Where the runs of a text come from. Most texts are one run.
#[derive(Debug, Clone, PartialEq)]
enum Pieces {
    One(Piece),
    Many(Arc<[Piece]>),
}

impl Pieces {
    fn as_slice(&self) -> &[Piece] {
        match self {
            Pieces::One(piece) => std::slice::from_ref(piece),
            Pieces::Many(pieces) => pieces,
        }
    }
}

impl Text {
    /// A whole file.
    #[must_use]
    pub fn of_file(file: FileId, text: Arc<str>) -> Self {
        let span = Span::new(file, 0, text.len());
        Text {
            from: 0,
            to: text.len() as u32,
            text,
            pieces: Pieces::One(Piece {
                start: 0,
                span,
                exact: true,
            }),
        }
    }

    /// Text of one origin; `exact` is whether its bytes match one to one.
    #[must_use]
    pub fn of_one(text: &str, span: Span, exact: bool) -> Self {
        Text {
            from: 0,
            to: text.len() as u32,
            text: text.into(),
            pieces: Pieces::One(Piece {
                start: 0,
                span,
                exact,
            }),
        }
    }

    /// Composed text from runs in order; a run is its string, its origin, and whether bytes match one to one.
    #[must_use]
    pub fn composed(runs: impl IntoIterator<Item = (String, Span, bool)>) -> Self {
        let mut runs = runs.into_iter();
        let (first, second) = (runs.next(), runs.next());
        if let (Some((run, span, exact)), None) = (&first, &second) {
            return Text::of_one(run, *span, *exact);
        }
        let mut text = String::new();
        let mut pieces = Vec::new();
        for (run, span, exact) in first.into_iter().chain(second).chain(runs) {
            pieces.push(Piece {
                start: text.len() as u32,
                span,
                exact,
            });
            text.push_str(&run);
        }
        Text {
            from: 0,
            to: text.len() as u32,
            text: text.into(),
            pieces: Pieces::Many(pieces.into()),
        }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text[self.from as usize..self.to as usize]
    }

    /// A part of this text, by bytes of [`Text::as_str`]; shares the storage.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Text {
        let from = self.from + range.start as u32;
        Text {
            text: self.text.clone(),
            from,
            to: self.from + range.end as u32,
            pieces: self.pieces.clone(),
        }
    }

    /// Where bytes of [`Text::as_str`] come from. A range over several pieces gives the span from the first to the last.
    #[must_use]
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        let (start, end) = (self.from + range.start as u32, self.from + range.end as u32);
        let first = self.place(start, true);
        if end <= start {
            return Span {
                end: first.start,
                ..first
            };
        }
        first.to(self.place(end - 1, false))
    }

    /// The span of the whole text.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.span(0..self.as_str().len())
    }

    /// The span of the one byte at `offset` (of the underlying text).
    fn place(&self, offset: u32, _first: bool) -> Span {
        let pieces = self.pieces.as_slice();
        let index = pieces.partition_point(|p| p.start <= offset).saturating_sub(1);
        let Some(piece) = pieces.get(index) else {
            return Span::new(FileId(0), 0, 0);
        };
        if !piece.exact {
            return piece.span;
        }
        let at = (piece.span.start + (offset - piece.start)).min(piece.span.end);
        Span {
            file: piece.span.file,
            start: at,
            end: (at + 1).min(piece.span.end.max(at)),
        }
    }

    /// Splits the text into its pieces again: string, span, exactness. What [`Text::composed`] takes.
    pub fn runs(&self) -> impl Iterator<Item = (String, Span, bool)> + '_ {
        let pieces = self.pieces.as_slice();
        pieces.iter().enumerate().filter_map(move |(i, &piece)| {
            let next = pieces.get(i + 1).map_or(self.text.len() as u32, |p| p.start);
            let (start, end) = (piece.start.max(self.from), next.min(self.to));
            (start < end).then(|| {
                let run = self.text[start as usize..end as usize].to_owned();
                let span = if piece.exact {
                    Span {
                        file: piece.span.file,
                        start: piece.span.start + (start - piece.start),
                        end: piece.span.start + (end - piece.start),
                    }
                } else {
                    piece.span
                };
                (run, span, piece.exact)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_back() {
        let file = FileId(3);
        let text = Text::composed([
            ("DROP TABLE ".to_owned(), Span::new(file, 10, 21), true),
            ("users".to_owned(), Span::new(file, 50, 54), false),
            (" CASCADE".to_owned(), Span::new(file, 23, 31), true),
        ]);
        assert_eq!(text.as_str(), "DROP TABLE users CASCADE");
        assert_eq!(text.span(5..10), Span::new(file, 15, 20));
        assert_eq!(text.span(12..13), Span::new(file, 50, 54));
        let tail = text.slice(17..24);
        assert_eq!(tail.as_str(), "CASCADE");
        assert_eq!(tail.span(0..7), Span::new(file, 24, 31));
        assert_eq!(
            tail.runs().collect::<Vec<_>>(),
            [("CASCADE".to_owned(), Span::new(file, 24, 31), true)]
        );
    }
}
