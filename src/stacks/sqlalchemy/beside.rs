//! Modules beside those of the models that declare a table of a name: extensions of a program, which it loads by name.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

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
    let declared = files.recall("tables that modules name", declared);
    let mut modules = declared.0.get(name).into_iter().flatten();
    modules.any(|file| inside(files.path(*file)) && !read(*file))
}

/// The modules that declare tables, by the names of these.
struct Declared(FxHashMap<SmolStr, Vec<FileId>>);

fn declared(files: &Files) -> Declared {
    let mut out: FxHashMap<SmolStr, Vec<FileId>> = FxHashMap::default();
    for (file, entry) in files.entries() {
        let path = &*entry.path;
        let is_own = path.ends_with(".py") && !is_of_tests(path) && !super::unrun::is_of_migrations(path);
        if is_own && speaks_of(files, file, Subject::Tables) {
            for name in names(&files.text(file)) {
                out.entry(SmolStr::new(name)).or_default().push(file);
            }
        }
    }
    Declared(out)
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

/// The names that a text gives tables: `__tablename__ = "name"`, `Table("name"`.
fn names(text: &str) -> Vec<&str> {
    let own = text.match_indices("__tablename__").filter_map(|(at, word)| {
        let line = text[at + word.len()..].lines().next()?;
        line.split_once('=').map(|(_, value)| value)
    });
    let made = text
        .match_indices("Table(")
        .map(|(at, word)| &text[at + word.len()..]);
    own.chain(made).filter_map(quoted).collect()
}

/// What stands between quotation marks at the begin of a text.
fn quoted(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let mark = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(mark).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn declarations() {
        assert_eq!(
            names("    __tablename__ = 'a'\nx = sa.Table(\n  \"b\", m)"),
            ["a", "b"]
        );
        assert_eq!(names("    __tablename__: str = \"a\""), ["a"]);
        assert!(names("    kind = 'a'\n    __tablename__ = made('b')\ncreate_table('a')").is_empty());
    }
}
