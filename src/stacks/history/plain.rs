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

/// Whether a program could change a schema: one of DDL's verbs occurs in it as a word, whatever the case, next to one of the
/// nouns that DDL takes, or it calls a method that builds DDL. A text without any of them sends no DDL of its own.
#[must_use]
pub fn may_change_schema(text: &str) -> bool {
    let mut previous_verb = false;
    for word in words(text) {
        if BUILDERS.iter().any(|b| word.eq_ignore_ascii_case(b)) {
            return true;
        }
        if previous_verb && NOUNS.iter().any(|n| word.eq_ignore_ascii_case(n)) {
            return true;
        }
        // `CREATE UNIQUE INDEX`, `CREATE OR REPLACE VIEW`, `DROP TABLE`: fillers keep the verb alive.
        previous_verb = VERBS.iter().any(|v| word.eq_ignore_ascii_case(v))
            || previous_verb && FILLERS.iter().any(|f| word.eq_ignore_ascii_case(f));
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
    "function",
    "procedure",
    "trigger",
    "constraint",
    "policy",
    "database",
    "collation",
    "aggregate",
    "cast",
    "operator",
    "rule",
    "owned",
    "routine",
    "default",
    "publication",
    "server",
    "value",
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

/// Runs of letters, digits and underscores.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
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
