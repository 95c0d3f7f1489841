//! Expressions as users spell them, judged by a running server: set `SCHEMALIGN_SERVER` to a connection string of `psql`.

use std::io::Write;
use std::process::{Command, Stdio};

use super::fixture::{Came, Fixture, Place};

/// Columns of the table `t` that every case stands on.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("id", "integer"),
    ("small", "smallint"),
    ("big", "bigint"),
    ("n", "numeric"),
    ("price", "numeric(10,2)"),
    ("f", "double precision"),
    ("r", "real"),
    ("b", "boolean"),
    ("txt", "text"),
    ("vc", "character varying"),
    ("vc20", "character varying(20)"),
    ("ch3", "character(3)"),
    ("nm", "name"),
    ("u", "uuid"),
    ("d", "date"),
    ("tm", "time without time zone"),
    ("ts", "timestamp without time zone"),
    ("ts3", "timestamp(3) without time zone"),
    ("tz", "timestamp with time zone"),
    ("tz6", "timestamp(6) with time zone"),
    ("iv", "interval"),
    ("j", "json"),
    ("jb", "jsonb"),
    ("by", "bytea"),
    ("ip", "inet"),
    ("ints", "integer[]"),
    ("bigs", "bigint[]"),
    ("tags", "text[]"),
    ("vcs", "character varying(20)[]"),
    ("uuids", "uuid[]"),
    ("st", "status"),
    ("sts", "status[]"),
    ("ci", "citext"),
    ("hs", "hstore"),
    ("lt", "ltree"),
    ("em", "email"),
    ("pos", "positive"),
    ("tsv", "tsvector"),
    ("rng", "int4range"),
    ("trng", "tstzrange"),
    ("bt", "bit(8)"),
    ("vb", "bit varying"),
    ("Mixed", "text"),
    ("order", "integer"),
    ("o", "oid"),
    ("m", "money"),
    ("pt", "point"),
];

const EXTENSIONS: &[&str] = &[
    "citext",
    "hstore",
    "ltree",
    "uuid-ossp",
    "pg_trgm",
    "pgcrypto",
    "unaccent",
];

pub(super) fn fixture() -> (Fixture, crate::schema::TableId) {
    let mut fixture = Fixture::new();
    for extension in EXTENSIONS {
        fixture.extension(extension);
    }
    let labels = ["draft", "live", "it's"].map(str::to_owned);
    fixture.enumeration("public.status", &labels);
    fixture.domain("email", "citext");
    fixture.domain("positive", "numeric(8,2)");
    fixture.sequence(&crate::name::QualifiedName::bare(crate::name::Name::new("s")));
    fixture.sequence(&crate::name::QualifiedName::bare(crate::name::Name::new("Sq")));
    let columns: Vec<(String, String)> = COLUMNS
        .iter()
        .map(|(n, t)| ((*n).to_owned(), (*t).to_owned()))
        .collect();
    let id = fixture.table("public.t", &columns);
    let columns = [
        ("id", "integer"),
        ("t_id", "integer"),
        ("name", "character varying(30)"),
        ("at", "timestamp with time zone"),
    ];
    let columns: Vec<(String, String)> = columns
        .iter()
        .map(|(n, t)| ((*n).to_owned(), (*t).to_owned()))
        .collect();
    fixture.table("public.c", &columns);
    fixture.function("my_slug", &["text"], "text", true);
    fixture.function("my_id", &[], "text", false);
    (fixture, id)
}

pub(super) fn setup() -> String {
    let mut out = String::from("SET client_min_messages = error;\n");
    for extension in EXTENSIONS {
        out.push_str(&format!("CREATE EXTENSION \"{extension}\";\n"));
    }
    out.push_str("CREATE TYPE status AS ENUM ('draft', 'live', 'it''s');\n");
    out.push_str("CREATE DOMAIN email AS citext;\nCREATE DOMAIN positive AS numeric(8,2);\n");
    out.push_str("CREATE SEQUENCE s;\nCREATE SEQUENCE \"Sq\";\n");
    out.push_str("CREATE FUNCTION my_slug(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';\n");
    out.push_str("CREATE FUNCTION my_id() RETURNS text VOLATILE LANGUAGE sql AS 'SELECT ''x''::text';\n");
    let columns: Vec<String> = COLUMNS.iter().map(|(n, t)| format!("\"{n}\" {t}")).collect();
    out.push_str(&format!("CREATE TABLE t ({});\n", columns.join(", ")));
    out.push_str("CREATE TABLE c (id integer, t_id integer, name varchar(30), at timestamptz);\n");
    out.push_str(include_str!("judge.sql"));
    out
}

pub(super) struct Case {
    /// `None` for a query.
    pub(super) place: Option<Place>,
    pub(super) word: &'static str,
    pub(super) column: String,
    pub(super) expr: String,
    /// Made by chance.
    pub(super) random: bool,
}

/// Lines of `place column expression`; the column is `-` where the place needs none.
fn cases() -> Vec<Case> {
    let text = include_str!("cases.txt");
    let lines = text
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let (word, rest) = line.split_once(' ').unwrap();
            let (column, expr) = rest.split_once(' ').unwrap();
            let place = match word {
                "default" => Some(Place::Default),
                "generated" => Some(Place::Generated),
                "check" => Some(Place::Check),
                "predicate" => Some(Place::Predicate),
                "key" | "gin" => Some(Place::Key),
                "query" => None,
                other => panic!("{other}"),
            };
            Case {
                place,
                word,
                column: column.to_owned(),
                expr: expr.to_owned(),
                random: false,
            }
        })
        .collect()
}

pub(super) fn psql(server: &str, input: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the judge is another program")]
    let mut command = Command::new("psql");
    let mut child = command
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", server])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap()
}

/// Columns with types, and what is read, as the judge lists them; unknown parts as `?`.
fn shape(fixture: &Fixture, sql: &str) -> Came {
    let query = match super::fixture::read_query(sql) {
        Ok(query) => query,
        Err(gap) => return Came::Unknown(format!("not read: {}", gap.why)),
    };
    let shape = match super::super::query_shape(&fixture.schema, &query, &[]) {
        Ok(shape) => shape,
        Err(failure) => return Came::Refused(failure.sqlstate, failure.message),
    };
    if let Some(gap) = &shape.open {
        return Came::Unknown(gap.why.clone());
    }
    if let Some((name, _)) = shape.columns.iter().find(|(_, ty)| ty.is_none()) {
        return Came::Unknown(format!("the type of {name}"));
    }
    let columns: Vec<String> = shape
        .columns
        .iter()
        .map(|(name, ty)| {
            let ty = ty
                .as_ref()
                .map_or("?".to_owned(), |ty| fixture.schema.format_type(ty));
            format!("{} {ty}", name.quoted())
        })
        .collect();
    let mut reads: Vec<String> = shape
        .reads
        .iter()
        .filter(|(table, column)| {
            // The table as such shows only where no column of it is read.
            column.is_some() || !shape.reads.iter().any(|r| r.0 == *table && r.1.is_some())
        })
        .map(|(table, column)| {
            let table = &fixture.schema.tables[*table];
            match column {
                Some(column) => format!("{}.{}", table.name, table.columns[column.0 as usize].name),
                None => table.name.to_string(),
            }
        })
        .collect();
    reads.sort();
    reads.dedup();
    Came::Printed(format!("{} | {}", columns.join(", "), reads.join(" ")))
}

/// What came of many cases.
#[derive(Default)]
pub(super) struct Tally {
    exact: usize,
    refused: usize,
    unknown: Vec<String>,
    wrong: Vec<String>,
}

/// What the server says of every case, one line each.
fn ask(server: &str, cases: &[Case]) -> String {
    let mut input = String::from("BEGIN;\n");
    input.push_str(&setup());
    for case in cases {
        let quote = |s: &str| format!("'{}'", s.replace('\'', "''"));
        input.push_str(&format!(
            "SELECT replace(replace(judge({}, {}, {}), E'\\\\', E'\\\\\\\\'), E'\\n', E'\\\\n');\n",
            quote(case.word),
            quote(&case.column),
            quote(&case.expr)
        ));
    }
    input.push_str("ROLLBACK;\n");
    psql(server, &input)
}

/// Asks the server for every case and compares.
pub(super) fn judge(server: &str, cases: &[Case]) -> Tally {
    compare_all(cases, &ask(server, cases))
}

fn compare_all(cases: &[Case], answers: &str) -> Tally {
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(
        answers.len(),
        cases.len(),
        "an answer for each case: see answers_are_the_servers"
    );
    let (fixture, table) = fixture();
    let mut tally = Tally::default();
    for (case, answer) in cases.iter().zip(answers) {
        let answer = answer.replace("\\n", "\n").replace("\\\\", "\\");
        let (state, printed) = answer.split_once('\u{1}').unwrap();
        let column = (case.column != "-").then_some(case.column.as_str());
        let came = match case.place {
            Some(place) => fixture.print(table, column, place, &case.expr),
            None => shape(&fixture, &case.expr),
        };
        compare(case, state, printed, came, &mut tally);
    }
    tally
}

fn compare(case: &Case, state: &str, printed: &str, came: Came, tally: &mut Tally) {
    let at = format!(
        "{} {} {}\n    server: {state} {printed}",
        case.word, case.column, case.expr
    );
    match came {
        Came::Printed(text) if state == "ok" && text == printed => tally.exact += 1,
        // What must be immutable is judged elsewhere.
        Came::Printed(_) if state == "42P17" || state == "42704" => tally.exact += 1,
        // Defaults of NULL and predicates that are true are not stored.
        Came::Printed(text)
            if state == "ok" && printed == "nothing" && (text.starts_with("NULL") || text == "true") =>
        {
            tally.exact += 1;
        }
        // Two columns of one name are for the replay to refuse.
        Came::Printed(_) if case.place.is_none() && state == "42701" => tally.exact += 1,
        // The server computes what is constant in a CHECK or generated column.
        Came::Printed(_)
            if computed(state) && (case.random || state.starts_with("22")) && case.word != "default" =>
        {
            tally.refused += 1
        }
        Came::Printed(text) => tally.wrong.push(format!("{at}\n    here: {text}")),
        Came::Refused(sqlstate, _) if state == sqlstate => tally.refused += 1,
        // A number may be too long and broken too.
        Came::Refused("22P02", _) if state == "22003" => tally.refused += 1,
        // Of two faults the server may meet the other one first.
        Came::Refused(..) if case.random && state != "ok" => tally.refused += 1,
        Came::Refused(sqlstate, message) => tally.wrong.push(format!("{at}\n    here: {sqlstate} {message}")),
        Came::Unknown(why) => tally.unknown.push(format!("{at}\n    here: {why}")),
    }
}

/// Errors of functions that the server runs on constants.
fn computed(state: &str) -> bool {
    state.starts_with("22") || matches!(state, "42P22" | "0A000" | "XX000")
}

#[expect(clippy::print_stderr, reason = "what a run on a server found")]
pub(super) fn report(tally: &Tally) {
    eprintln!(
        "exact {}, refused {}, unknown {}, wrong {}\n\nunknown:\n{}\n\nwrong:\n{}",
        tally.exact,
        tally.refused,
        tally.unknown.len(),
        tally.wrong.len(),
        tally.unknown.join("\n"),
        tally.wrong.join("\n")
    );
    assert!(tally.wrong.is_empty());
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server to ask is the environment's to say"
)]
pub(super) fn server() -> Option<String> {
    std::env::var("SCHEMALIGN_SERVER").ok()
}

/// What a PostgreSQL 15 server said of `cases.txt`, line by line.
const ANSWERS: &str = include_str!("answers.txt");

#[test]
fn expressions_print_as_a_server_prints_them() {
    report(&compare_all(&cases(), ANSWERS));
}

/// With a server at hand the answers are asked for again; with `SCHEMALIGN_UPDATE` set they are written down.
#[test]
fn answers_are_the_servers() {
    let Some(server) = server() else {
        return;
    };
    let answers = ask(&server, &cases());
    if std::env::var_os("SCHEMALIGN_UPDATE").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/replay/analyse/tests/answers.txt"
        );
        std::fs::write(path, &answers).unwrap();
    } else {
        assert!(answers == ANSWERS, "answers.txt is not what this server says");
    }
    report(&compare_all(&cases(), &answers));
}
