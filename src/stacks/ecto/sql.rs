//! SQL that is put together of known and unknown parts, each with its place.

use super::command::Word;
use crate::known::Gap;
use crate::source::{Span, Text};

/// A statement in the making.
#[derive(Debug, Clone, Default)]
pub struct Sql {
    runs: Vec<(String, Span, bool)>,
    parts: Vec<Option<Text>>,
    gap: Option<Gap>,
    at: Option<Span>,
}

impl Sql {
    /// A statement that stems from a call.
    #[must_use]
    pub fn new(at: Span) -> Self {
        Sql {
            at: Some(at),
            ..Sql::default()
        }
    }

    /// Adds what the library writes itself; it stands at the call, or at what was last placed with [`Sql::from`].
    pub fn push(&mut self, text: &str) {
        if let Some(at) = self.at {
            self.runs.push((text.to_owned(), at, false));
        }
    }

    /// What follows stems from another call.
    pub fn from(&mut self, at: Span) {
        self.at = Some(at);
    }

    /// Adds a text as it is.
    pub fn word(&mut self, word: &Word) {
        match word {
            Word::Known(text) => self.runs.extend(text.runs()),
            Word::Unknown(gap, pattern) if pattern.is_empty() => self.hole(gap),
            Word::Unknown(gap, pattern) => {
                for part in pattern {
                    match part {
                        Some(text) => self.runs.extend(text.runs()),
                        None => self.hole(gap),
                    }
                }
            }
        }
    }

    /// Adds what cannot be told.
    pub fn hole(&mut self, gap: &Gap) {
        if !self.runs.is_empty() {
            self.parts
                .push(Some(Text::composed(std::mem::take(&mut self.runs))));
        }
        self.parts.push(None);
        self.gap.get_or_insert_with(|| gap.clone());
    }

    /// Adds a mark that stands for a clause which cannot be told.
    pub fn mark(&mut self, mark: &str, gap: &Gap) {
        self.push(mark);
        self.gap.get_or_insert_with(|| gap.clone());
    }

    /// Adds a name that cannot be told.
    pub fn unknown_name(&mut self, gap: &Gap) {
        self.name(&Word::Unknown(gap.clone(), Vec::new()));
    }

    /// Adds a name in double quotes.
    pub fn name(&mut self, word: &Word) {
        // What is quoted and its quotes are one place.
        let at = match word {
            Word::Known(text) => Some(text.whole()),
            Word::Unknown(..) => self.at,
        };
        if let Some(at) = at {
            self.runs.push(("\"".to_owned(), at, false));
            self.word(word);
            self.runs.push(("\"".to_owned(), at, false));
        }
    }

    /// Adds a name with its schema.
    pub fn qualified(&mut self, prefix: Option<&Word>, name: &Word) {
        if let Some(prefix) = prefix {
            self.name(prefix);
            self.push(".");
        }
        self.name(name);
    }

    /// Adds names, divided by commas.
    pub fn names<'w>(&mut self, names: impl IntoIterator<Item = &'w Word>) {
        for (i, name) in names.into_iter().enumerate() {
            if i > 0 {
                self.push(",");
            }
            self.name(name);
        }
    }

    /// Adds a string in single quotes. One with quotes in it is escaped, and its bytes map to the whole.
    pub fn literal(&mut self, word: &Word) {
        self.push("'");
        match word {
            Word::Known(text) if text.as_str().contains('\'') => {
                let escaped = text.as_str().replace('\'', "''");
                self.runs.push((escaped, text.whole(), false));
            }
            word => self.word(word),
        }
        self.push("'");
    }

    /// Why a part is not known.
    #[must_use]
    pub fn gap(&self) -> Option<&Gap> {
        self.gap.as_ref()
    }

    /// The whole text, where all of it is known.
    #[must_use]
    pub fn text(&self) -> Option<Text> {
        self.gap
            .is_none()
            .then(|| Text::composed(self.runs.iter().cloned()))
    }

    /// Its parts, unknown ones as `None`.
    #[must_use]
    pub fn into_parts(mut self) -> Vec<Option<Text>> {
        if !self.runs.is_empty() {
            self.parts.push(Some(Text::composed(self.runs)));
        }
        self.parts
    }
}
