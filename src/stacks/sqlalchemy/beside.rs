//! Modules beside those of the models that declare a table of a name: extensions of a program, which it loads by name.

use crate::interpret::python::spoken::{Subject, is_of_tests, speaks_of};
use crate::source::{FileId, Files};

/// Whether one of the modules below some folders declares a table of this name; `read` are those whose models are known.
#[must_use]
pub fn declares(files: &Files, folders: &[&str], read: &dyn Fn(FileId) -> bool, name: &str) -> bool {
    let inside = |path: &str| {
        let mut folders = folders.iter();
        folders.any(|folder| {
            folder.is_empty()
                || path
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    files.entries().any(|(file, entry)| {
        let path = &*entry.path;
        path.ends_with(".py")
            && inside(path)
            && !is_of_tests(path)
            && !super::unrun::is_of_migrations(path)
            && !read(file)
            && speaks_of(files, file, Subject::Tables)
            && names(&files.text(file), name)
    })
}

/// Whether a text has `__tablename__ = "name"` or `Table("name"`.
fn names(text: &str, name: &str) -> bool {
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    quoted.iter().any(|quoted| {
        text.match_indices(quoted.as_str()).any(|(at, _)| {
            let before = text[..at].trim_end();
            before.ends_with("Table(")
                || before.strip_suffix('=').is_some_and(|left| {
                    left.rsplit('\n')
                        .next()
                        .is_some_and(|l| l.contains("__tablename__"))
                })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn declarations() {
        assert!(names("    __tablename__ = 'a'", "a") && names("x = sa.Table(\n  \"a\", m)", "a"));
        assert!(names("    __tablename__: str = \"a\"", "a"));
        assert!(!names("    kind = 'a'\n    __tablename__ = 'b'", "a") && !names("create_table('a')", "a"));
    }
}
