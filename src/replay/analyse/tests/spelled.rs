//! Random expressions with few parentheses, judged by a running server.

use super::fixture::Place;
use super::random::Dice;
use super::server::{Case, judge, report, server};

/// Expressions as people write them: with parentheses only here and there, so that what binds how tightly shows.
fn spelled(dice: &mut Dice, depth: u32) -> String {
    const TEXTS: &[&str] = &[
        "txt",
        "vc20",
        "'x'",
        "\"Mixed\"",
        "upper(txt)",
        "vc",
        "'a' || txt",
    ];
    const NUMBERS: &[&str] = &[
        "id",
        "small",
        "big",
        "1",
        "-1",
        "n",
        "- id",
        "2.5",
        "price",
        "length(txt)",
    ];
    const CHOICES: &[&str] = &["b", "NOT b", "true", "b IS TRUE", "b IS NOT UNKNOWN"];
    if depth == 0 {
        let of = [TEXTS, NUMBERS, CHOICES][dice.below(3)];
        return dice.one(of).to_owned();
    }
    let number = |dice: &mut Dice| match dice.below(8) {
        0 => format!(
            "{} {} {}",
            dice.one(NUMBERS),
            dice.one(&["+", "-", "*", "/", "%", "^"]),
            dice.one(NUMBERS)
        ),
        1 => format!("- {}", dice.one(NUMBERS)),
        2 => format!(
            "{}::{}",
            dice.one(NUMBERS),
            dice.one(&["int", "bigint", "numeric(6,2)"])
        ),
        3 => format!("(ints)[{}]", dice.one(&["1", "id"])),
        4 => format!(
            "CASE WHEN b OR NOT b THEN {} ELSE {} END",
            dice.one(NUMBERS),
            dice.one(NUMBERS)
        ),
        _ => dice.one(NUMBERS).to_owned(),
    };
    let text = |dice: &mut Dice| match dice.below(8) {
        0 => format!("{} || {}", dice.one(TEXTS), dice.one(TEXTS)),
        1 => format!("{} COLLATE \"C\"", dice.one(TEXTS)),
        2 => format!(
            "CAST({} AS {})",
            dice.one(TEXTS),
            dice.one(&["text", "varchar(5)"])
        ),
        3 => format!("jb -> 'a' ->> {}", dice.one(&["'b'", "0"])),
        4 => format!("COALESCE({}, {})", dice.one(TEXTS), dice.one(TEXTS)),
        5 => format!(
            "substring({} from {} for 2)",
            dice.one(TEXTS),
            dice.one(&["1", "id"])
        ),
        _ => dice.one(TEXTS).to_owned(),
    };
    let not = |dice: &mut Dice| if dice.below(2) == 0 { "NOT " } else { "" };
    match dice.below(22) {
        0..=2 => format!(
            "{} AND {}",
            spelled_choice(dice, depth),
            spelled_choice(dice, depth)
        ),
        3..=5 => format!(
            "{} OR {}",
            spelled_choice(dice, depth),
            spelled_choice(dice, depth)
        ),
        6 => format!("NOT {}", spelled_choice(dice, depth)),
        7 => format!("({})", spelled_choice(dice, depth)),
        8 | 9 => format!(
            "{} {} {}",
            number(dice),
            dice.one(&["=", "<>", "!=", "<", ">", "<=", ">="]),
            number(dice)
        ),
        10 | 11 => format!(
            "{} {}BETWEEN {}{} AND {}",
            number(dice),
            not(dice),
            dice.one(&["", "", "SYMMETRIC "]),
            number(dice),
            number(dice)
        ),
        12 => format!(
            "{} {}IN ({}, {})",
            number(dice),
            not(dice),
            number(dice),
            number(dice)
        ),
        13 => format!(
            "{} {}{} {}",
            text(dice),
            not(dice),
            dice.one(&["LIKE", "ILIKE", "SIMILAR TO"]),
            text(dice)
        ),
        14 => format!("{} LIKE {} ESCAPE '!'", text(dice), text(dice)),
        15 => format!(
            "{} IS {}NULL",
            if dice.below(2) == 0 {
                number(dice)
            } else {
                text(dice)
            },
            not(dice)
        ),
        16 => format!("{} IS {}DISTINCT FROM {}", number(dice), not(dice), number(dice)),
        17 => format!(
            "{} {} {}",
            text(dice),
            dice.one(&["=", "<>", "<", "~", "!~*", "~~"]),
            text(dice)
        ),
        18 => format!(
            "{} IS {}{}",
            spelled_choice(dice, 1),
            not(dice),
            dice.one(&["TRUE", "FALSE", "UNKNOWN"])
        ),
        19 => format!(
            "{} = {} ({})",
            number(dice),
            dice.one(&["ANY", "ALL", "SOME"]),
            dice.one(&["ints", "ARRAY[1, id]", "'{1,2}'"])
        ),
        20 => format!(
            "tz AT TIME ZONE {} > ts {} interval '1 day'",
            dice.one(&["'UTC'", "'Europe/Berlin'"]),
            dice.one(&["+", "-"])
        ),
        _ => format!(
            "{} {}",
            dice.one(&["ts", "d"]),
            dice.one(&[
                "ISNULL",
                "NOTNULL",
                "IS NOT NULL",
                "< '2020-01-01'::date",
                "BETWEEN date '2020-01-01' AND d + 1"
            ])
        ),
    }
}

/// The same of a truth value.
fn spelled_choice(dice: &mut Dice, depth: u32) -> String {
    if depth == 0 || dice.below(6) == 0 {
        return dice
            .one(&[
                "b",
                "NOT b",
                "b IS TRUE",
                "id > 0",
                "txt = 'x'",
                "(b)",
                "txt IN ('a')",
            ])
            .to_owned();
    }
    spelled(dice, depth - 1)
}

/// Random expressions with few parentheses, under the same switch.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long to search is the environment's to say"
)]
fn a_server_binds_random_expressions_the_same() {
    let (Some(server), Ok(rounds)) = (server(), std::env::var("SCHEMALIGN_SERVER_ROUNDS")) else {
        return;
    };
    let (rounds, seed) = rounds.split_once(',').unwrap_or((&rounds, "1"));
    let mut dice = Dice(seed.parse::<u64>().unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let cases: Vec<Case> = (0..rounds.parse().unwrap())
        .map(|i: usize| {
            let depth = 1 + dice.below(3) as u32;
            let (place, word, column) = match i % 4 {
                0 => (Place::Predicate, "predicate", "-"),
                1 => (Place::Generated, "generated", "b"),
                _ => (Place::Check, "check", "-"),
            };
            Case {
                place: Some(place),
                word,
                column: column.to_owned(),
                expr: spelled(&mut dice, depth),
                random: true,
            }
        })
        .collect();
    report(&judge(&server, &cases));
}
