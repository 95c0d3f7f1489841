//! Random expressions, judged by a running server.

use super::fixture::Place;
use super::server::{COLUMNS, Case, judge, report, server};
use crate::sqltype::catalog::{self, RowBase, RowType};
use crate::sqltype::{Builtin, Category};

/// Numbers that look random and are the same for the same seed (xorshift).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    pub(super) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
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

/// What literals of a column are put together from.
const PIECES: &[(&str, &[&str])] = &[
    (
        "iv",
        &[
            "1",
            "2",
            "-3",
            "10",
            "1.5",
            "0.25",
            "36",
            " ",
            " ",
            " ",
            "day",
            "days",
            "hour",
            "hours",
            "min",
            "minutes",
            "sec",
            "s",
            "ms",
            "mon",
            "month",
            "year",
            "years",
            "week",
            "weeks",
            "01:30",
            "12:00:00",
            "-00:30:15.5",
            "P",
            "T",
            "1D",
            "2H",
            "3M",
            "Y",
            "ago",
            "+5",
            "1 day",
            "2 hours",
        ],
    ),
    (
        "d",
        &[
            "2020", "1999", "0001", "-", "-", "01", "02", "12", "29", "30", "31", "5", "infinity", "epoch",
            " ", "T00:00", "10:00:00", "Z", "/",
        ],
    ),
    (
        "ts",
        &[
            "2020-02-29",
            "1999-12-31",
            "2024-1-5",
            " ",
            "T",
            "23:59:59",
            "00:00",
            "12:30:15.25",
            ".123456",
            "Z",
            "+02",
            "-05:30",
            "infinity",
            "epoch",
            "+0530",
        ],
    ),
    (
        "tz",
        &[
            "2020-02-29",
            "2020-03-01",
            "2021-01-01",
            "1999-12-31",
            " ",
            "T",
            "23:59:59",
            "00:00",
            "12:30:15.250",
            "Z",
            "+02",
            "-05:30",
            "-08",
            "+0530",
            "infinity",
        ],
    ),
    (
        "tm",
        &[
            "10", "23", ":", ":", "59", "00", "5", ".5", "Z", " ", "24:00", "12:30",
        ],
    ),
    (
        "n",
        &[
            "1",
            "0",
            "00",
            "9",
            ".",
            "-",
            "+",
            "e",
            "E5",
            "e-3",
            " ",
            "123456789012345678901234567890",
            "NaN",
            "Infinity",
            "inf",
            "_",
            "0x1F",
        ],
    ),
    (
        "f",
        &[
            "1",
            "0",
            "9",
            ".",
            "-",
            "+",
            "e",
            "E15",
            "e14",
            "e-4",
            "e-5",
            " ",
            "123456789",
            "NaN",
            "Infinity",
            "inf",
            "3",
            "5",
        ],
    ),
    (
        "r",
        &[
            "1",
            "0",
            "9",
            ".",
            "-",
            "+",
            "e",
            "E5",
            "e6",
            "e-4",
            "e-5",
            " ",
            "123456789",
            "3",
            "5",
        ],
    ),
    (
        "id",
        &[
            "1",
            "0",
            "9",
            "-",
            "+",
            " ",
            "2147483648",
            "2147483647",
            "x",
            "_",
            "0x",
            ".",
            "e",
        ],
    ),
    (
        "big",
        &[
            "1",
            "0",
            "-",
            "+",
            " ",
            "9223372036854775807",
            "9223372036854775808",
        ],
    ),
    ("small", &["3", "2768", "2767", "-", "0"]),
    (
        "b",
        &[
            "t", "r", "u", "e", "T", "f", "false", "o", "n", "ff", "y", "es", "1", "0", " ", "no",
        ],
    ),
    (
        "u",
        &[
            "a0eebc99",
            "9c0b",
            "4ef8",
            "bb6d",
            "6bb9bd380a11",
            "-",
            "-",
            "-",
            "-",
            "{",
            "}",
            "A0EE",
            "BC99",
        ],
    ),
    (
        "jb",
        &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"bb\"",
            "1",
            "-2.50",
            "1e3",
            "true",
            "null",
            " ",
            "\"x\\ty\"",
            "0.10",
            "01",
            "\"\\/\"",
        ],
    ),
    (
        "j",
        &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "1",
            "-2.50",
            "true",
            "null",
            " ",
            "1.",
            "\"x\\qy\"",
        ],
    ),
    (
        "tags",
        &[
            "{", "}", ",", "a", "b c", "\"", "\"x,y\"", "NULL", "null", "\\", " ", "\"\"", "{a,b}", "d",
        ],
    ),
    (
        "ints",
        &["{", "}", ",", "1", "-2", " ", "NULL", "x", "\"5\"", "{1,2}"],
    ),
    ("bt", &["0", "1", "01010101", "x", "b", "F", "2"]),
    ("by", &["\\x", "DE", "ad", "f", " ", "abc", "\\", "001", "é"]),
    (
        "ip",
        &["10.0.0.1", "/", "8", "24", "192.168.1.0", "32", "::1", "256", "."],
    ),
    ("nm", &["abc", "long_long_long_long_long_long_", "é"]),
    ("ch3", &["a", " ", "é"]),
    ("st", &["draft", "live", " ", "it's"]),
    ("sts", &["{", "}", "draft", ",", "live", "\"", "nope", " "]),
    ("lt", &["a", ".", "b_1", "-", " "]),
    ("ci", &["A", "b", " "]),
];

/// Random literals of every type, under the same switch.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long to search is the environment's to say"
)]
fn a_server_reads_random_literals_the_same() {
    let (Some(server), Ok(rounds)) = (server(), std::env::var("SCHEMALIGN_SERVER_ROUNDS")) else {
        return;
    };
    let (rounds, seed) = rounds.split_once(',').unwrap_or((&rounds, "1"));
    let mut dice = Dice(seed.parse::<u64>().unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let cases: Vec<Case> = (0..rounds.parse().unwrap())
        .map(|i: usize| {
            let (column, pieces) = PIECES[i % PIECES.len()];
            let count = 1 + dice.below(6);
            let text: String = (0..count).map(|_| dice.one(pieces)).collect();
            Case {
                place: Some(Place::Default),
                word: "default",
                column: column.to_owned(),
                expr: format!("'{}'", text.replace('\'', "''")),
                random: false,
            }
        })
        .collect();
    report(&judge(&server, &cases));
}
