//! Statements, commands of psql, data of COPY, and the bounds.

use super::*;

fn split(text: &str) -> Vec<&str> {
    pieces(text).map(|p| &text[p.range]).collect()
}

#[test]
fn statements_end_at_semicolons_outside_quotes() {
    let text = "-- one; two\nSELECT 1;/* a /* b; */ ; */ SELECT 'a;''b;', E'\\';', U&'\\0041;', $$;$$, $t$ $$; $t$, \"a;\"\"b\";\n;;\
                SELECT (1; 2) -- end\n;  SELECT a$b$;";
    assert_eq!(
        split(text),
        [
            "SELECT 1",
            "SELECT 'a;''b;', E'\\';', U&'\\0041;', $$;$$, $t$ $$; $t$, \"a;\"\"b\"",
            "SELECT (1; 2)",
            "SELECT a$b$",
        ]
    );
}

#[test]
fn bodies_hold_together() {
    let text = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; \
                BEGIN; SELECT 1; END; CREATE TABLE begin (a int); COMMIT";
    assert_eq!(split(text).len(), 6);
    assert!(split(text)[0].ends_with("SELECT 2; END"));
}

#[test]
fn what_is_never_closed_costs_one_statement() {
    assert_eq!(
        split("CREATE TABLE t (a int; SELECT 1; SELECT 2"),
        ["CREATE TABLE t (a int", "SELECT 1", "SELECT 2"]
    );
    let open: Vec<_> = pieces("SELECT 1; SELECT 'a; SELECT 2;").collect();
    assert_eq!(open.len(), 2);
    assert!(matches!(
        open[1].kind,
        PieceKind::Beyond {
            bound: Bound::Open(_),
            at: 17,
            ..
        }
    ));
}

#[test]
fn psql() {
    let text =
        "\\connect x\nCOPY t (a) FROM stdin WITH (FORMAT csv);\n1;\n'2\n\\.\nSELECT 1\\gexec\nSELECT 2;";
    let kinds: Vec<_> = pieces(text).map(|p| (p.kind, &text[p.range])).collect();
    assert_eq!(
        kinds,
        [
            (PieceKind::Meta, "\\connect x"),
            (PieceKind::Sql, "COPY t (a) FROM stdin WITH (FORMAT csv)"),
            (PieceKind::CopyData(true), "1;\n'2\n"),
            (PieceKind::Sql, "SELECT 1"),
            (PieceKind::Meta, "\\gexec"),
            (PieceKind::Sql, "SELECT 2"),
        ]
    );
}

#[test]
fn bounds_are_kept() {
    let beyond = |text: &str| pieces(text).any(|p| matches!(p.kind, PieceKind::Beyond { .. }));
    for (one, other) in [
        ("(", ")"),
        ("f(", ")"),
        ("CASE WHEN ", " THEN 1 END"),
        ("[", "]"),
        ("NOT ", ""),
    ] {
        let text = |n: usize| format!("SELECT {}1{}", one.repeat(n), other.repeat(n));
        assert!(beyond(&text(1000)), "{one}");
        assert!(!beyond(&text(50)), "{one}");
    }
    for link in [
        "+1",
        " AND a",
        "::int",
        ".a",
        " UNION SELECT 1, 2",
        " IS NULL",
        "[1]",
    ] {
        assert!(beyond(&format!("SELECT a{}", link.repeat(1000))), "{link}");
        assert!(!beyond(&format!("SELECT a{}", link.repeat(100))), "{link}");
    }
    assert!(!beyond(&format!("SELECT a IN (1{})", ",-1".repeat(10_000))));
    assert!(!beyond(&format!(
        "CREATE TABLE t (a int{})",
        ", a int CHECK (a > 1 AND a < 3)".repeat(3_000)
    )));
}

#[test]
fn first_rows_stand_for_all() {
    let text = format!(
        "INSERT INTO t (a, b) VALUES (1, 2){};SELECT 1",
        ", (3, 4)".repeat(300_000)
    );
    let all: Vec<_> = pieces(&text).collect();
    let PieceKind::Beyond {
        first_rows: Some(rows),
        bound: Bound::Size,
        ..
    } = &all[0].kind
    else {
        panic!("{:?}", all[0]);
    };
    assert!(text[rows.clone()].ends_with("(3, 4)"));
    assert_eq!(&text[all[1].range.clone()], "SELECT 1");
}

#[test]
fn any_text_is_split() {
    let scraps = [
        "'",
        "\"",
        "$a$",
        "$$",
        "$",
        "(",
        ")",
        "[",
        "]",
        ";",
        "\\",
        "\\.",
        "--",
        "/*",
        "*/",
        "\n",
        "\r",
        "\0",
        "é",
        "E'",
        "\\'",
        "COPY t FROM stdin;",
        "CREATE FUNCTION f",
        "BEGIN ATOMIC",
        "CASE",
        "END",
        "INSERT INTO t VALUES",
        ",",
        "\\g",
        "1.",
        ".",
        "U&'",
    ];
    let mut seed = 12345_u32;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(scraps[(seed >> 16) as usize % scraps.len()]);
            if seed & 1 == 0 {
                text.push(' ');
            }
        }
        let mut last = 0;
        for piece in pieces(&text) {
            assert!(
                piece.range.start >= last && piece.range.start <= piece.range.end,
                "{text:?}"
            );
            last = piece.range.end;
            let _ = &text[piece.range];
        }
        let _ = check_plpgsql(&text);
    }
}
