//! What is known of a name that cannot be told: its parts, or the names that it may be.

use smol_str::SmolStr;

/// PostgreSQL cuts names to so many bytes (`NAMEDATALEN`, manual, section 4.1.1).
const LONGEST: usize = 63;

/// Parts that can be anything, of one name; what follows more of them is not looked at.
const MAX_HOLES: usize = 4;

/// Names that one which cannot be told may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Like {
    /// It has one of these forms: parts in order, `None` for one that can be anything.
    forms: Vec<Vec<Option<SmolStr>>>,
}

impl Like {
    /// It may be any.
    #[must_use]
    pub fn anything() -> Self {
        Self::parts(vec![None])
    }

    /// This one.
    #[must_use]
    pub fn exactly(name: impl Into<SmolStr>) -> Self {
        Self::parts(vec![Some(name.into())])
    }

    /// Made of parts, `None` for one that can be anything.
    #[must_use]
    pub fn parts(parts: Vec<Option<SmolStr>>) -> Self {
        Like { forms: vec![parts] }
    }

    /// Like one of these.
    #[must_use]
    pub fn one_of(all: impl Iterator<Item = Self>) -> Self {
        Like {
            forms: all.flat_map(|like| like.forms).collect(),
        }
    }

    /// Whether it may be this name of the database.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        name.len() >= LONGEST || self.forms.iter().any(|form| fits(form, name, MAX_HOLES))
    }
}

fn fits(form: &[Option<SmolStr>], name: &str, holes: usize) -> bool {
    match form {
        [] => name.is_empty(),
        [Some(part), rest @ ..] => {
            let name = name.strip_prefix(part.as_str());
            name.is_some_and(|name| fits(rest, name, holes))
        }
        [None] => true,
        [None, ..] if holes == 0 => true,
        [None, rest @ ..] => {
            let mut starts = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            starts.any(|at| fits(rest, &name[at..], holes - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Like;

    #[test]
    fn names() {
        let part = |text: &str| Some(text.into());
        let like = Like::parts(vec![part("mod_"), None, part("_v2")]);
        assert!(like.fits("mod_rfi_v2") && like.fits("mod__v2") && like.fits(&"m".repeat(63)));
        assert!(!like.fits("mod_v2") && !like.fits("mod_rfi_v1") && !like.fits("a_mod_rfi_v2"));
        assert!(Like::anything().fits("users") && Like::exactly("users").fits("users"));
        assert!(!Like::exactly("users").fits("user"));
        let some = Like::one_of([Like::exactly("a"), Like::exactly("b")].into_iter());
        assert!(some.fits("b") && !some.fits("c"));
    }
}
