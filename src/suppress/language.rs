//! Where a comment begins in each language that models and migrations are written in.

/// How a file marks its comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `#`: Python, Elixir, TOML.
    Hash,
    /// `--`: SQL.
    Dashes,
    /// `//`: Prisma, Rust, TypeScript.
    Slashes,
}

impl Language {
    /// The language of a path, by its ending.
    #[must_use]
    pub fn of(path: &str) -> Option<Language> {
        Some(match path.rsplit_once('.')?.1 {
            "py" | "pyi" | "ex" | "exs" | "toml" | "ini" | "cfg" => Language::Hash,
            "sql" => Language::Dashes,
            "prisma" | "rs" | "ts" | "js" => Language::Slashes,
            _ => return None,
        })
    }

    /// What begins a comment.
    #[must_use]
    pub fn marker(self) -> &'static str {
        match self {
            Language::Hash => "#",
            Language::Dashes => "--",
            Language::Slashes => "//",
        }
    }

    /// Where the comment of a line begins: the first marker that is not in a string which begins on the same line.
    #[must_use]
    pub(super) fn comment(self, line: &str) -> Option<usize> {
        let marker = self.marker();
        let mut quote: Option<char> = None;
        let mut escaped = false;
        for (at, c) in line.char_indices() {
            match quote {
                Some(_) if escaped => escaped = false,
                Some(_) if c == '\\' && self != Language::Dashes => escaped = true,
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if line.get(at..).is_some_and(|rest| rest.starts_with(marker)) => return Some(at),
                // An apostrophe is a lifetime in Rust as often as it is a quote.
                None if c == '"' || (c == '\'' && self != Language::Slashes) => quote = Some(c),
                None => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_in_a_string_begins_no_comment() {
        assert_eq!(Language::Hash.comment("x = '#' # y"), Some(8));
        assert_eq!(Language::Hash.comment("x = \"\\\"#\""), None);
        assert_eq!(Language::Dashes.comment("a '--' \"--\" -- b"), Some(12));
        assert_eq!(Language::Slashes.comment("url = \"http://x\" // y"), Some(17));
        assert_eq!(Language::Slashes.comment("&'a str // y"), Some(8));
    }
}
