//! Plain tests on file names and text that several runners share.

/// Endings of host languages that migrations are written in, and what people call them.
const LANGUAGES: &[(&str, &str)] = &[
    ("go", "Go"),
    ("ts", "TypeScript"),
    ("mts", "TypeScript"),
    ("cts", "TypeScript"),
    ("js", "JavaScript"),
    ("mjs", "JavaScript"),
    ("cjs", "JavaScript"),
    ("java", "Java"),
    ("kt", "Kotlin"),
    ("groovy", "Groovy"),
    ("rs", "Rust"),
    ("py", "Python"),
    ("rb", "Ruby"),
    ("php", "PHP"),
    ("exs", "Elixir"),
    ("cs", "C#"),
    ("hcl", "HCL"),
];

/// The ending of a file name, without its dot.
#[must_use]
pub fn ending(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether a file is in a host language. Type declarations and tests are not migrations.
#[must_use]
pub fn is_program(name: &str) -> bool {
    let test = [
        ".d.ts", "_test.go", ".test.ts", ".test.js", ".spec.ts", ".spec.js",
    ];
    LANGUAGES.iter().any(|(e, _)| *e == ending(name)) && !test.iter().any(|t| name.ends_with(t))
}

/// What people call the language of a file.
#[must_use]
pub fn language(path: &str) -> &'static str {
    let ending = ending(path);
    LANGUAGES
        .iter()
        .find(|(e, _)| *e == ending)
        .map_or("a language", |l| l.1)
}

/// Whether a program could change tables or types: one of DDL's verbs stands before one of the nouns that DDL takes, whatever the
/// case, or before something put in (`ALTER ${kind}`), or the program calls a method that builds DDL or runs a file. A text
/// without any of them sends no DDL of its own. Functions and triggers are not counted: they change no table.
#[must_use]
pub fn may_change_schema(text: &str) -> bool {
    let mut verb = false;
    for (at, word) in words(text) {
        let is = |list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w));
        if is(BUILDERS) || verb && is(NOUNS) {
            return true;
        }
        // `CREATE UNIQUE INDEX`, `DROP MATERIALIZED VIEW`: fillers keep the verb alive; so do the letters of `\n` and `\t`.
        verb = is(VERBS) || verb && (is(FILLERS) || word.len() == 1);
        let rest = &text[at + word.len()..];
        if verb
            && word.chars().all(|c| c.is_ascii_uppercase())
            && rest.trim_start().starts_with(['$', '%', '{', '#'])
        {
            return true;
        }
    }
    false
}

const VERBS: &[&str] = &["create", "alter", "drop", "rename"];
const FILLERS: &[&str] = &[
    "or",
    "replace",
    "unique",
    "temp",
    "temporary",
    "unlogged",
    "materialized",
    "foreign",
    "global",
    "local",
    "recursive",
    "constraint",
    "event",
    "if",
    "exists",
    "not",
    "concurrently",
    "only",
    "to",
];
const NOUNS: &[&str] = &[
    "table",
    "column",
    "index",
    "type",
    "schema",
    "view",
    "sequence",
    "domain",
    "extension",
    "constraint",
    "collation",
    "database",
    "owned",
];
const BUILDERS: &[&str] = &[
    "createtable",
    "droptable",
    "altertable",
    "renametable",
    "addcolumn",
    "addcolumns",
    "dropcolumn",
    "dropcolumns",
    "altercolumn",
    "renamecolumn",
    "createindex",
    "addindex",
    "dropindex",
    "createtype",
    "droptype",
    "altertype",
    "addtypevalue",
    "createview",
    "dropview",
    "creatematerializedview",
    "createsequence",
    "createschema",
    "dropschema",
    "createextension",
    "createfunction",
    "addconstraint",
    "dropconstraint",
    "createconstraint",
    "createforeignkey",
    "create_table",
    "drop_table",
    "alter_table",
    "rename_table",
    "add_column",
    "drop_column",
    "alter_column",
    "rename_column",
    "create_index",
    "add_index",
    "drop_index",
    "create_enum",
    "createenum",
    "addprimarykey",
    "addforeignkey",
    "autosync",
    "automigrate",
    "executesqlfile",
    "readfile",
    "readfilesync",
    "include_str",
];

/// The number that a name begins with.
#[must_use]
pub fn number(name: &str) -> Option<u128> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name[..end].parse().ok()
}

/// The lines of a text with the offset of each, line ends left out.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

/// Runs of letters, digits and underscores, with the offset of each.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .map(move |w| (w.as_ptr() as usize - start, w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ddl_from_data() {
        assert!(may_change_schema("db.query(`CREATE UNIQUE INDEX x ON y (z)`)"));
        assert!(may_change_schema("Exec(\"alter\\n  table a drop b\")"));
        assert!(may_change_schema("pgm.createTable('x')"));
        assert!(!may_change_schema(
            "await tx.user.create({ data }); // create the rows, drop those that fail"
        ));
        assert!(!may_change_schema(
            "const table = await tx.$executeRaw`UPDATE x SET y = 1`;"
        ));
    }
}
