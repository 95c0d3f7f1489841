//! Expressions as users spell them, judged by a running server: set `SCHEMALIGN_SERVER` to a connection string of `psql`.

use std::io::Write;
use std::process::{Command, Stdio};

use super::fixture::{Came, Fixture, Place};
use crate::sqltype::catalog::{self, RowBase, RowType};
use crate::sqltype::{Builtin, Category};

/// Columns of the table `t` that every case stands on.
const COLUMNS: &[(&str, &str)] = &[
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

fn fixture() -> (Fixture, crate::schema::TableId) {
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

fn setup() -> String {
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

struct Case {
    /// `None` for a query.
    place: Option<Place>,
    word: &'static str,
    column: String,
    expr: String,
    /// Made by chance.
    random: bool,
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

fn psql(server: &str, input: &str) -> String {
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
    let shape = match super::super::query_shape(&fixture.schema, &query) {
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
struct Tally {
    exact: usize,
    refused: usize,
    unknown: Vec<String>,
    wrong: Vec<String>,
}

/// Asks the server for every case and compares.
fn judge(server: &str, cases: &[Case]) -> Tally {
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
    let out = psql(server, &input);
    let answers: Vec<&str> = out.lines().collect();
    assert_eq!(answers.len(), cases.len());
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
fn report(tally: &Tally) {
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
fn server() -> Option<String> {
    std::env::var("SCHEMALIGN_SERVER").ok()
}

#[test]
fn a_server_prints_the_same() {
    if let Some(server) = server() {
        report(&judge(&server, &cases()));
    }
}

/// Numbers that look random and are the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const LITERALS: &[&str] = &[
    "1",
    "0",
    "-5",
    "2.5",
    "3000000000",
    "'x'",
    "''",
    "'5'",
    "'1.5'",
    "'t'",
    "'2020-01-01'",
    "'1 day'",
    "'{}'",
    "'[]'",
    "NULL",
    "true",
    "'draft'",
    "'10:00'",
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
    "'{1,2}'",
    "1::smallint",
    "'x'::text",
    "'x'::varchar",
    "now()",
    "current_date",
    "'{\"a\":1}'::jsonb",
    "interval '1 day'",
    "array[1,2]",
    "array['a','b']",
    "date '2020-01-01'",
];

const TYPES: &[&str] = &[
    "int",
    "bigint",
    "smallint",
    "numeric",
    "numeric(6,2)",
    "text",
    "varchar",
    "varchar(5)",
    "char(4)",
    "bool",
    "date",
    "timestamp",
    "timestamptz",
    "timestamp(2)",
    "interval",
    "jsonb",
    "json",
    "uuid",
    "status",
    "citext",
    "email",
    "positive",
    "text[]",
    "int[]",
    "varchar(5)[]",
    "float8",
    "real",
    "bytea",
    "name",
    "time",
    "inet",
    "int4range",
    "oid",
];

/// Something of a type, or near it.
fn fitting(dice: &mut Dice, ty: RowType, depth: u32) -> String {
    let RowBase::Builtin(builtin) = ty.base else {
        return operand(dice, depth - 1);
    };
    if dice.below(6) == 0 {
        return operand(dice, depth - 1);
    }
    let suffix = if ty.array { "[]" } else { "" };
    let exact = format!("{}{suffix}", builtin.name());
    let near = |spelled: &str| {
        let base = spelled.split(['(', '[']).next().unwrap_or("");
        Builtin::from_spelling(base).is_some_and(|b| {
            spelled.ends_with("[]") == ty.array
                && (b == builtin || b.category() == builtin.category() && builtin.category() != Category::U)
        })
    };
    let columns: Vec<&str> = COLUMNS
        .iter()
        .filter(|(_, t)| near(t) || *t == exact)
        .map(|(n, _)| *n)
        .collect();
    if builtin.category() == Category::P {
        return operand(dice, depth - 1);
    }
    match dice.below(4) {
        0 => format!("NULL::{}{suffix}", crate::name::quote(builtin.typname())),
        1 => dice.one(LITERALS).to_owned(),
        _ if columns.is_empty() => format!("NULL::{}{suffix}", crate::name::quote(builtin.typname())),
        _ => format!("\"{}\"", dice.one(&columns)),
    }
}

fn operand(dice: &mut Dice, depth: u32) -> String {
    let column = |dice: &mut Dice| {
        let (name, _) = COLUMNS[dice.below(COLUMNS.len())];
        format!("\"{name}\"")
    };
    if depth == 0 {
        return if dice.below(3) == 0 {
            dice.one(LITERALS).to_owned()
        } else {
            column(dice)
        };
    }
    let sub = |dice: &mut Dice| operand(dice, depth - 1);
    match dice.below(20) {
        14..=16 => {
            let names = catalog::catalog().function_names();
            let rows = catalog::catalog().functions(names[dice.below(names.len())]);
            let row = &rows[dice.below(rows.len())];
            let args: Vec<String> = row.args.iter().map(|ty| fitting(dice, *ty, depth)).collect();
            format!("{}({})", crate::name::quote(row.name), args.join(", "))
        }
        17..=19 => {
            let names = catalog::catalog().operator_names();
            let rows = catalog::catalog().operators(names[dice.below(names.len())]);
            let row = &rows[dice.below(rows.len())];
            let left = row.left.map_or(String::new(), |ty| fitting(dice, ty, depth));
            format!("({left} {} {})", row.name, fitting(dice, row.right, depth))
        }
        0 | 1 => {
            let (a, b) = (sub(dice), sub(dice));
            let op = dice.one(&[
                "=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "||", "~~", "~", "->", "->>", "@>",
                "<@", "&&", "?", "&", "^", "#>>", "@@", "<<", "-|-", "!~~*", "~*",
            ]);
            format!("({a} {op} {b})")
        }
        2 | 3 => {
            let names = catalog::catalog().function_names();
            let name = names[dice.below(names.len())];
            let count = dice.below(4);
            let args: Vec<String> = (0..count).map(|_| sub(dice)).collect();
            format!("{}({})", crate::name::quote(name), args.join(", "))
        }
        4 => format!("({})::{}", sub(dice), dice.one(TYPES)),
        5 => format!("COALESCE({}, {})", sub(dice), sub(dice)),
        6 => format!("CASE WHEN b THEN {} ELSE {} END", sub(dice), sub(dice)),
        7 => format!("({} IN ({}, {}))", sub(dice), sub(dice), sub(dice)),
        8 => format!("ARRAY[{}, {}]", sub(dice), sub(dice)),
        9 => format!("({} BETWEEN {} AND {})", sub(dice), sub(dice), sub(dice)),
        10 => format!("({} = ANY ({}))", sub(dice), sub(dice)),
        11 => format!("NULLIF({}, {})", sub(dice), sub(dice)),
        12 => format!("CASE {} WHEN {} THEN {} END", sub(dice), sub(dice), sub(dice)),
        _ => format!("({} IS DISTINCT FROM {})", sub(dice), sub(dice)),
    }
}

/// Random expressions: set `SCHEMALIGN_SERVER_ROUNDS` to how many, and to a seed behind a comma.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long to search is the environment's to say"
)]
fn a_server_prints_random_expressions_the_same() {
    let (Some(server), Ok(rounds)) = (server(), std::env::var("SCHEMALIGN_SERVER_ROUNDS")) else {
        return;
    };
    let (rounds, seed) = rounds.split_once(',').unwrap_or((&rounds, "1"));
    let mut dice = Dice(seed.parse::<u64>().unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let cases: Vec<Case> = (0..rounds.parse().unwrap())
        .map(|i: usize| {
            let depth = 1 + dice.below(2) as u32;
            let (place, word, column, expr) = match i % 8 {
                0 => {
                    let (column, _) = COLUMNS[dice.below(COLUMNS.len())];
                    let expr = loop {
                        let expr = operand(&mut dice, depth);
                        if !expr.contains('"') && !expr.contains("WHEN b") {
                            break expr;
                        }
                    };
                    (Place::Default, "default", column, expr)
                }
                1 => {
                    let (column, _) = COLUMNS[dice.below(COLUMNS.len())];
                    (Place::Generated, "generated", column, operand(&mut dice, depth))
                }
                2 => (Place::Generated, "generated", "txt", operand(&mut dice, depth)),
                3 => {
                    let key = operand(&mut dice, depth);
                    (Place::Key, "key", "-", key)
                }
                _ => (
                    Place::Check,
                    "check",
                    "-",
                    format!("({}) IS NULL", operand(&mut dice, depth)),
                ),
            };
            Case {
                place: Some(place),
                word,
                column: column.to_owned(),
                expr,
                random: true,
            }
        })
        .collect();
    report(&judge(&server, &cases));
}
