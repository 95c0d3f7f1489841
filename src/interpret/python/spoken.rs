//! What the text of a Python file speaks of. Looked for in one reading of the file, which is not read again for what it does not say.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::source::{FileId, Files};
use crate::suppress::may_be_directed;

/// What is looked for, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Subject {
    /// Tables of SQLAlchemy or its kin, as a module that declares one does.
    Tables = 1,
    /// What is to be ignored.
    Directives = 2,
    /// `.create_all`.
    CreateAll = 4,
    /// The statement that makes a view.
    Views = 8,
    /// Commands of Alembic that write or check migrations.
    Commands = 16,
    /// What is called when a construct is attached to a table, or a table made or dropped.
    Listeners = 32,
}

/// Whether a file speaks of something. The text of one that speaks of any of it is kept.
#[must_use]
pub fn speaks_of(files: &Files, file: FileId, subject: Subject) -> bool {
    files.look(file, all) & subject as u8 != 0
}

/// What a module that may declare a table speaks of: SQLAlchemy or its kin, and columns or tables. It may have all names from another
/// module of the program (`db.Column`); other libraries have a `Column` and a `Table` too.
static KIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let own = r"__tablename__|__table__|mapped_column\(|Mapped\[|\btable ?= ?True|\bdb\.Column\(";
    Regex::new(&format!(r"sqlalchemy|sqlmodel|SQLAlchemy|\.Model|{own}")).ok()
});
static TABLES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = r"Column\(|mapped_column\(|Mapped\[|__tablename__|__table__|\btable=True|\btable = True|Table\(|\.Model[),]|SQLAlchemyBase\w+Table";
    Regex::new(words).ok()
});
static CREATE_ALL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\.create_all").ok());
/// `CREATE VIEW name`, in whatever text.
static VIEWS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let create = r"create\s+(?:or\s+replace\s+)?(?:materialized\s+)?view\s+(?:if\s+not\s+exists\s+)?";
    Regex::new(&format!(r#"(?i)\b{create}(?:"?\w+"?\.)?"?(\w+)"#)).ok()
});
static COMMANDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bcommand\.(?:revision|check)\(").ok());
/// Names of events.
static LISTENERS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("_parent_attach|(?:before|after)_(?:create|drop)").ok());

/// Names of what leads to a database: `AUDIT_DATABASE_URL`.
static ADDRESSES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9_]*(?:db|database|postgres|postgresql|sqlalchemy)[a-z0-9_]*_(?:url|uri|dsn)\b")
        .ok()
});

/// The names in a text that seem to lead to a database.
pub fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let found = ADDRESSES.as_ref().map(|words| words.find_iter(text.as_bytes()));
    found.into_iter().flatten().filter_map(|m| text.get(m.range()))
}

/// What a text has one of that speaks of any subject besides tables and directives: most files have none, which one reading tells.
static ANY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let of_listeners = "_parent_attach|before_create|before_drop|after_create|after_drop";
    let of_commands = r"command\.revision\(|command\.check\(";
    Regex::new(&format!(r"\.create_all|(?i:view)|{of_commands}|{of_listeners}")).ok()
});

fn all(text: &[u8]) -> u8 {
    let has = |words: &Option<Regex>| words.as_ref().is_some_and(|words| words.is_match(text));
    let of_any = has(&ANY);
    let found = [
        (Subject::Tables, has(&KIN) && has(&TABLES)),
        (Subject::Directives, may_be_directed(text)),
        (Subject::CreateAll, of_any && has(&CREATE_ALL)),
        (Subject::Views, of_any && has(&VIEWS)),
        (Subject::Commands, of_any && has(&COMMANDS)),
        (Subject::Listeners, of_any && has(&LISTENERS)),
    ];
    let found = found.into_iter().filter(|(_, found)| *found);
    found.fold(0, |all, (subject, _)| all | subject as u8)
}

/// Where a text speaks of tables.
pub fn words_of_tables(text: &str) -> impl Iterator<Item = usize> + '_ {
    let words = TABLES.as_ref();
    let found = words
        .into_iter()
        .flat_map(|words| words.find_iter(text.as_bytes()));
    found.map(|word| word.start())
}

/// The names of the views that statements in a text make, each with its place.
pub fn names_of_views(text: &str) -> impl Iterator<Item = (&str, usize)> + '_ {
    let words = VIEWS.as_ref();
    let found = words
        .into_iter()
        .flat_map(|words| words.captures_iter(text.as_bytes()));
    found.filter_map(|found| {
        let name = found.get(1)?;
        Some((text.get(name.range())?, name.start()))
    })
}

/// Whether a file is of tests, by its path.
#[must_use]
pub fn is_of_tests(path: &str) -> bool {
    if !path.contains("test") {
        return false;
    }
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders
        .split('/')
        .any(|part| matches!(part, "test" | "tests" | "testing"))
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py"
}
