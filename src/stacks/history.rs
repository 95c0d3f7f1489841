//! What the histories' readers share: a draft that collects migrations, gaps and events in order.

use super::{Folder, History, HistoryEvent};
use crate::known::{Gap, Reach};
use crate::session::{Migration, RunMode};
use crate::source::{FileId, Span, Text};
use placeholders::Replaced;

pub mod placeholders;
pub mod plain;

/// A history being read.
#[derive(Debug)]
pub struct Draft<'a> {
    folder: Folder<'a>,
    history: History,
}

impl<'a> Draft<'a> {
    /// Begins the history of a folder.
    #[must_use]
    pub fn new(stack: &'static str, folder: Folder<'a>) -> Self {
        Draft {
            folder,
            history: History {
                stack,
                root: folder.path.to_owned(),
                migrations: Vec::new(),
                events: Vec::new(),
                gaps: Vec::new(),
                program: None,
            },
        }
    }

    /// The text of a file; a file that cannot be read is a gap where it stands.
    pub fn text(&mut self, name: &str, file: FileId) -> Option<Text> {
        match self.folder.files.read(file) {
            Ok(source) => Some(Text::of_file(file, source.text.clone())),
            Err(error) => {
                let why = format!("migration {name} {}", error.0);
                let at = Span::new(file, 0, 0);
                self.gap(Gap::new(at, why, Reach::Everything));
                None
            }
        }
    }

    /// Adds a migration whose whole file runs.
    pub fn whole(&mut self, name: &str, file: FileId, mode: RunMode) {
        if let Some(text) = self.text(name, file) {
            self.part(name, file, text, mode);
        }
    }

    /// Adds a migration with the part of its file that runs.
    pub fn part(&mut self, name: &str, file: FileId, text: Text, mode: RunMode) {
        self.history.migrations.push(Migration {
            name: name.to_owned(),
            file,
            text,
            mode,
        });
    }

    /// Adds a migration with its placeholders replaced, and notes those that no value is given for.
    pub fn replaced(&mut self, name: &str, file: FileId, replaced: Replaced, mode: RunMode) {
        for (placeholder, at) in replaced.missing {
            let why = format!(
                "the placeholder ${{{placeholder}}} has no value (--given {placeholder}=VALUE gives one)"
            );
            self.gap(Gap::new(at, why, Reach::Rows));
        }
        self.part(name, file, replaced.text, mode);
    }

    /// A migration in a language that is not followed: a gap where it stands, as wide as its text allows.
    pub fn program(&mut self, name: &str, file: FileId) {
        self.programs(name, &[file]);
    }

    /// A migration of several program files, the first being the one that runs.
    pub fn programs(&mut self, name: &str, files: &[FileId]) {
        let Some(&first) = files.first() else { return };
        let mut reaches = Vec::new();
        for &file in files {
            let Some(text) = self.text(name, file) else {
                return;
            };
            reaches.extend(plain::reaches(text.as_str()));
        }
        if reaches.contains(&Reach::Everything) {
            reaches = vec![Reach::Everything];
        } else if reaches.is_empty() {
            reaches = vec![Reach::Rows];
        }
        let language = plain::language(self.folder.files.path(first));
        let why = format!("migration {name} is written in {language}, which is not followed");
        let at = self.start_of(first);
        for reach in reaches {
            self.gap(Gap::new(at, why.clone(), reach));
        }
    }

    /// A gap after the migrations so far.
    pub fn gap(&mut self, gap: Gap) {
        self.history.gaps.push((self.history.migrations.len(), gap));
    }

    /// Something that is wrong with the history itself.
    pub fn event(&mut self, kind: &'static str, span: Span, message: String) {
        self.history.events.push(HistoryEvent {
            kind,
            span,
            message,
            related: Vec::new(),
        });
    }

    /// Two files with one version.
    pub fn duplicate(&mut self, version: &str, first: FileId, second: FileId) {
        let span = self.start_of(second);
        let other = self.start_of(first);
        self.history.events.push(HistoryEvent {
            kind: "broken-revision-chain",
            span,
            message: format!("two migrations have the version {version}"),
            related: vec![(other, "the other one".to_owned())],
        });
    }

    /// The first line of a file: the place of what is said about the file as a whole.
    #[must_use]
    pub fn start_of(&self, file: FileId) -> Span {
        let text = self.folder.files.text(file);
        let end = text.find('\n').unwrap_or(text.len());
        Span::new(file, 0, text[..end].trim_end().len())
    }

    /// Ends it.
    #[must_use]
    pub fn finish(self) -> History {
        self.history
    }
}
