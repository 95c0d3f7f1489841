//! Checking a repository again and again with other texts in it, as drafts and fixes are tried: what rests on no text that changed is not
//! worked out anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Report, check};
use crate::config::{Misuse, Options};
use crate::source::{FileSystem, Files, Overlay};

/// Texts by path, over those of the disk.
pub(super) type Texts = BTreeMap<String, String>;

/// The checks of one repository.
pub(super) struct Trials<'a> {
    below: Arc<dyn FileSystem>,
    options: &'a Options,
    last: Option<(Texts, Arc<Files>)>,
}

impl<'a> Trials<'a> {
    /// None yet.
    pub(super) fn new(below: Arc<dyn FileSystem>, options: &'a Options) -> Self {
        Trials {
            below,
            options,
            last: None,
        }
    }

    /// The report on the repository with some texts in it, and its files then.
    ///
    /// # Errors
    /// When the options do not fit the files.
    pub(super) fn check(&mut self, texts: Texts) -> Result<(Report, Arc<Files>), Misuse> {
        let files = Arc::new(self.files(&texts));
        let report = check(&files, self.options);
        self.last = Some((texts, files.clone()));
        Ok((report?, files))
    }

    fn files(&self, texts: &Texts) -> Files {
        let overlay = || Overlay {
            below: self.below.clone(),
            texts: texts.clone(),
        };
        let configuration = &self.options.configuration;
        let hides = |path: &str| configuration.excludes(path);
        if let Some((before, held)) = &self.last
            && self.lists_alike(before, texts, held)
        {
            let all = before.keys().chain(texts.keys());
            let changed = all.filter(|path| before.get(*path) != texts.get(*path));
            let changed: BTreeSet<String> = changed.cloned().collect();
            let mut files = held.next(overlay(), &changed);
            files.hide(hides);
            if changed.iter().all(|path| is_of_programs(path)) {
                files.take_over(held, &changed);
            }
            return files;
        }
        let mut files = Files::new(overlay()).lasting();
        files.hide(hides);
        files
    }

    /// Whether no text is of a file that is listed with one of the two alone.
    fn lists_alike(&self, before: &Texts, texts: &Texts, held: &Files) -> bool {
        let new = |path: &&String| !before.contains_key(*path);
        let gone = |path: &&String| !texts.contains_key(*path);
        texts.keys().filter(new).all(|path| held.find(path).is_some())
            && before
                .keys()
                .filter(gone)
                .all(|path| self.below.read(path).is_ok())
    }
}

/// Whether a file is part of a program, a migration or a model, and says nothing of what the repository is: when any other changes,
/// all is worked out anew.
#[must_use]
pub fn is_of_programs(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "py" | "sql" | "prisma" | "ex" | "exs") && !matches!(name, "setup.py" | "mix.exs")
}
