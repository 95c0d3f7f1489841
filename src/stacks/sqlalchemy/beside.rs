//! Modules beside those of the models that declare a table of a name: extensions of a program, which it loads by name.

use super::tablename::camel_to_snake;
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

/// Whether any module may declare a table of this name, under its own or after its class.
#[must_use]
pub fn may_declare(files: &Files, name: &str) -> bool {
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    let may = |text: &str| {
        let classes = text.match_indices("class ").map(|(at, word)| {
            let rest = &text[at + word.len()..];
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            &rest[..length.unwrap_or(rest.len())]
        });
        let is_it = |class: &str| class.to_lowercase() == name || camel_to_snake(class) == name;
        quoted.iter().any(|quoted| text.contains(quoted.as_str())) || classes.into_iter().any(is_it)
    };
    of_tables(files).any(|file| may(&files.text(file)))
}

/// Whether any module gives a table a name that is not written out.
#[must_use]
pub fn computes_names(files: &Files) -> bool {
    of_tables(files).any(|file| {
        let text = files.text(file);
        let calls = text.match_indices("Table(").any(|(at, word)| {
            let is_whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            is_whole && !text[at + word.len()..].trim_start().starts_with(['"', '\'', ')'])
        });
        calls
            || text.match_indices("__tablename__").any(|(at, word)| {
                let rest = text[at + word.len()..].trim_start();
                let rest = rest.strip_prefix(": str").unwrap_or(rest).trim_start();
                let given = rest.strip_prefix('=').filter(|rest| !rest.starts_with('='));
                let is_made = text[..at].ends_with("def ");
                is_made || given.is_some_and(|given| !given.trim_start().starts_with(['"', '\'']))
            })
    })
}

/// The modules that speak of tables, beside migrations.
fn of_tables(files: &Files) -> impl Iterator<Item = FileId> + '_ {
    let modules = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py") && !super::unrun::is_of_migrations(&entry.path));
    modules
        .map(|(file, _)| file)
        .filter(|file| speaks_of(files, *file, Subject::Tables))
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
