//! Plain tests on file names and text that several runners share.

use crate::known::Reach;

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

/// Whether a text could change tables or types.
#[must_use]
pub fn may_change_schema(text: &str) -> bool {
    !reaches(text).is_empty()
}

/// What a program could change in the schema, told by the DDL in its text: one of DDL's verbs before one of the nouns that DDL
/// takes, whatever the case. A view, a type or a table that is made or dropped under a plain name is that object alone; anything
/// else (`ALTER TABLE`, whose effect may reach tables that inherit; a name put in from elsewhere; a method that builds DDL or runs
/// a file) is everything. A text without any of them sends no DDL of its own. Functions, triggers and temporary tables are not
/// counted: they change no table that stays.
#[must_use]
pub fn reaches(text: &str) -> Vec<Reach> {
    let text = &without_comments(text);
    let words: Vec<(usize, &str)> = words(text).collect();
    let is = |word: &str, list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w));
    let cascade = words.iter().any(|(_, w)| is(w, &["cascade"]));
    let mut temporary: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    for (index, &(at, word)) in words.iter().enumerate() {
        if is(word, BUILDERS) {
            return vec![Reach::Everything];
        }
        if !is(word, VERBS) {
            continue;
        }
        let rest = &text[at + word.len()..];
        if word.chars().all(|c| c.is_ascii_uppercase()) && rest.trim_start().starts_with(['$', '%', '{', '#'])
        {
            return vec![Reach::Everything];
        }
        // `CREATE UNIQUE INDEX`, `DROP MATERIALIZED VIEW`: fillers keep the verb alive; so do the letters of `\n` and `\t`.
        let after = &words[index + 1..];
        let fillers = after
            .iter()
            .take_while(|(_, w)| is(w, FILLERS) || w.len() == 1)
            .count();
        let Some(&(noun_at, noun)) = after.get(fillers).filter(|(_, w)| is(w, NOUNS)) else {
            continue;
        };
        let short_lived = after[..fillers]
            .iter()
            .any(|(_, w)| is(w, &["temp", "temporary"]));
        match (
            named(&text[noun_at + noun.len()..]),
            noun.to_ascii_lowercase().as_str(),
        ) {
            (Some(name), "table") if short_lived => temporary.push(name),
            (_, "index") if indexed(after).is_some_and(|table| temporary.contains(&table)) => {}
            (Some(name), "table") if temporary.contains(&name) => {}
            (Some(name), "view" | "table" | "type" | "domain" | "sequence")
                if !cascade && !is(word, &["alter", "rename"]) =>
            {
                out.push(Reach::Object(name.to_owned()));
            }
            _ => return vec![Reach::Everything],
        }
    }
    out.sort();
    out.dedup();
    out
}

/// Lines that are comments, blanked out: what prose says of tables is not run.
fn without_comments(text: &str) -> String {
    let comment = |line: &str| {
        let line = line.trim_start();
        ["//", "/*", "* ", "*/", "--"]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    text.lines()
        .map(|line| {
            if comment(line) {
                "\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect()
}

/// The plain name that follows a noun: `IF NOT EXISTS public.users`.
fn named(rest: &str) -> Option<&str> {
    let mut rest = rest;
    loop {
        let inner = rest.trim_start();
        // Nothing but space may stand between, or the name is not of this literal.
        let end = inner
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
            .unwrap_or(inner.len());
        let word = &inner[..end];
        if ["if", "not", "exists"]
            .iter()
            .any(|w| word.eq_ignore_ascii_case(w))
        {
            rest = &inner[end..];
            continue;
        }
        let interpolated = inner[end..].starts_with(['$', '{', '%', '"', '\'', '`', '+']);
        let plain = word.starts_with(|c: char| c.is_alphabetic() || c == '_') && !word.ends_with('.');
        // A name that ends where its literal ends may go on in the next one; a closed literal is taken for the whole name only
        // before a space or an end of statement.
        return (plain && (!interpolated || ends_literal(&inner[end..]))).then_some(word);
    }
}

/// `")`, `";` and the like: the literal ends and nothing is joined to it.
fn ends_literal(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next().is_some_and(|c| matches!(c, '"' | '\'' | '`'))
        && chars.next().is_none_or(|c| matches!(c, ')' | ';' | ','))
}

/// The table of `CREATE INDEX x ON t`.
fn indexed<'a>(after: &[(usize, &'a str)]) -> Option<&'a str> {
    let on = after
        .iter()
        .take(8)
        .position(|(_, w)| w.eq_ignore_ascii_case("on"))?;
    after.get(on + 1).map(|(_, w)| *w)
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

/// The parts of a text that begin at a mark of one direction and end at the next mark, and whether each runs in a transaction. `mark`
/// says of a line which direction it begins, and whether in a transaction.
pub fn blocks<'t>(
    text: &'t str,
    wanted: &str,
    mark: impl Fn(&'t str) -> Option<(&'t str, bool)>,
) -> Vec<(std::ops::Range<usize>, bool)> {
    let mut out = Vec::new();
    let mut open: Option<(usize, bool)> = None;
    for (start, line) in lines(text) {
        let Some((direction, transaction)) = mark(line) else {
            continue;
        };
        if let Some((from, transaction)) = open.take() {
            out.push((from..start, transaction));
        }
        if direction == wanted {
            open = Some((start, transaction));
        }
    }
    out.extend(open.map(|(from, transaction)| (from..text.len(), transaction)));
    out
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
