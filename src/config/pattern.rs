//! Patterns of the configuration: of paths, relative to the file that says them, and of tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use globset::{Glob, GlobBuilder, GlobMatcher};

use crate::source::Span;

/// A pattern that remembers whether it ever matched: one that matches nothing is out of date.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    matcher: GlobMatcher,
    /// Where it is said.
    pub span: Span,
    used: Arc<AtomicBool>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.span == other.span
    }
}

impl Pattern {
    /// `*` stands for anything but `/`, `**` for anything.
    ///
    /// # Errors
    /// When it is no pattern; the text says why.
    pub fn new(text: &str, span: Span) -> Result<Pattern, String> {
        let glob: Result<Glob, _> = GlobBuilder::new(text.trim_end_matches('/'))
            .literal_separator(true)
            .build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        Ok(Pattern {
            text: text.to_owned(),
            matcher: glob.compile_matcher(),
            span,
            used: Arc::default(),
        })
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a path, or a folder that holds it, fits; `path` is relative to the pattern's folder. A pattern without `/` fits a
    /// name at any depth, as in `.gitignore`.
    #[must_use]
    pub fn fits_path(&self, path: &str) -> bool {
        let anywhere = !self.text.trim_end_matches('/').contains('/');
        let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let fits = ends.any(|end| {
            let whole = path.get(..end).unwrap_or(path);
            let name = whole.rsplit('/').next().unwrap_or(whole);
            self.matcher.is_match(whole) || (anywhere && self.matcher.is_match(name))
        });
        self.used.fetch_or(fits, Ordering::Relaxed);
        fits
    }

    /// Whether a table (`public.users`) fits; a pattern without a dot is one of names in any schema.
    #[must_use]
    pub fn fits_table(&self, table: &str) -> bool {
        let name = table.split_once('.').map_or(table, |(_, name)| name);
        let fits = if self.text.contains('.') {
            self.matcher.is_match(table)
        } else {
            self.matcher.is_match(name)
        };
        self.used.fetch_or(fits, Ordering::Relaxed);
        fits
    }

    /// Whether it ever fitted.
    #[must_use]
    pub fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn patterns_fit_as_people_expect() {
        let path = |pattern: &str, path: &str| {
            Pattern::new(pattern, Span::new(FileId(0), 0, 0))
                .unwrap()
                .fits_path(path)
        };
        assert!(path("legacy", "a/legacy/b.py") && path("*.sql", "x/y.sql") && path("a/**", "a/b/c.sql"));
        assert!(path("a/*/c", "a/b/c/d.sql") && path("a/", "a/x") && !path("a/*.sql", "b/a/x.sql"));
        let table = |pattern: &str, table: &str| {
            Pattern::new(pattern, Span::new(FileId(0), 0, 0))
                .unwrap()
                .fits_table(table)
        };
        assert!(
            table("audit.*", "audit.log")
                && table("old_*", "public.old_users")
                && !table("users", "public.users2")
        );
        assert!(Pattern::new("a[", Span::new(FileId(0), 0, 0)).is_err());
    }
}
