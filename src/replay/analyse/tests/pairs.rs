//! Pairs of types, judged by a running server: assignments, casts, foreign keys, and operator classes.

use super::super::{CastContext, castable, comparable, has_default_opclass};
use super::server::{COLUMNS, fixture, psql, server, setup};

const METHODS: &[&str] = &["btree", "hash", "gist", "gin", "spgist", "brin"];

#[test]
#[expect(clippy::print_stderr, reason = "what a run on a server found")]
fn a_server_says_the_same_of_pairs_of_types() {
    let Some(server) = server() else {
        return;
    };
    let mut input = String::from("BEGIN;\n");
    input.push_str(&setup());
    input.push_str(include_str!("pairs.sql"));
    for (a, _) in COLUMNS {
        input.push_str(&format!("SELECT methods('{a}');\n"));
        for (b, _) in COLUMNS {
            input.push_str(&format!("SELECT pair('{a}', '{b}');\n"));
        }
    }
    input.push_str("ROLLBACK;\n");
    let out = psql(&server, &input);
    let mut answers = out.lines();
    let (fixture, table) = fixture();
    let schema = &fixture.schema;
    let (mut told, mut untold, mut wrong) = (0, 0, Vec::new());
    let mut check = |what: String, answer: char, ours: Option<bool>| match ours {
        None => untold += 1,
        Some(yes) if yes == (answer == 'y') => told += 1,
        Some(yes) => wrong.push(format!("{what}: server {answer}, here {yes}")),
    };
    let columns = &schema.tables[table].columns;
    for a in columns {
        let from = a.ty.known().unwrap();
        for (method, answer) in METHODS.iter().zip(answers.next().unwrap().chars()) {
            check(
                format!("{method} {}", a.name),
                answer,
                has_default_opclass(schema, from, method),
            );
        }
        for b in columns {
            let to = b.ty.known().unwrap();
            let answer: Vec<char> = answers.next().unwrap().chars().collect();
            let of = |what: &str| format!("{what} {} to {}", a.name, b.name);
            check(
                of("assign"),
                answer[0],
                castable(schema, from, to, CastContext::Assignment),
            );
            check(
                of("cast"),
                answer[1],
                castable(schema, from, to, CastContext::Explicit),
            );
            // Without an index there is no foreign key to judge.
            if has_default_opclass(schema, to, "btree") == Some(true) {
                check(of("refer"), answer[2], comparable(schema, from, to));
            }
        }
    }
    eprintln!(
        "told {told}, untold {untold}, wrong {}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(wrong.is_empty());
}
