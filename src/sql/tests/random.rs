//! Random conditions and queries: what is read without the parser is what the parser would have given.

use crate::source::{FileId, Text};
use crate::sql::{fragment, plain};

/// Operands of random conditions.
const OPERANDS: &[&str] = &[
    "a",
    "t.b",
    "\"C\"",
    "1",
    "-2",
    "'x'",
    "NULL",
    "true",
    "f(a)",
    "lower(a, 'b')",
    "a::int",
    "(a)",
    "'x'::s.t",
    "coalesce(a, 1)",
    "NEW.a",
    "a.b.c",
    "now()",
    "ARRAY[1, 2]",
    "(a).b",
    "COALESCE()",
    "nullif(a, b)",
    "EXISTS (SELECT 1)",
    "(SELECT 1)",
    "((SELECT a FROM t))",
    "CASE WHEN a THEN b END",
    "any",
    "interval '1 day'",
    "$1",
    "value",
    "a[1]",
    "ROW(1)",
    "(a, b)",
    "+a",
    "- a",
    "date",
];

/// Operators of random conditions, what stands between two operands.
const OPERATORS: &[&str] = &[
    " = ",
    "=",
    " <> ",
    " != ",
    " < ",
    ">=",
    " AND ",
    " and ",
    " OR ",
    " AND NOT ",
    " || ",
    " + ",
    " - ",
    "-",
    " * ",
    "/",
    " % ",
    " ^ ",
    " ~ ",
    " LIKE ",
    " NOT LIKE ",
    " ilike ",
    " IS NULL AND ",
    " IS NOT NULL OR ",
    " IS NOT TRUE = ",
    " IS DISTINCT FROM ",
    " BETWEEN 1 AND ",
    " IN (1, 2) AND ",
    " NOT IN ('x') OR ",
    " in (a + 1, (b)) = ",
    " IN (SELECT 1) AND ",
    " NOT IN ((SELECT 1)) AND ",
    " IN (SELECT a FROM t WHERE b) OR ",
    " = ANY ",
    " -> ",
    " ->> ",
    " @> ",
    "=-",
    " AT TIME ZONE ",
    " IS NULL IS NULL AND ",
    " IS UNKNOWN OR ",
    " COLLATE \"C\" = ",
    " ISNULL AND ",
    " SIMILAR TO ",
    " LIKE 'a' ESCAPE ",
    "::text || ",
];

/// A small random number, the same ones each time.
fn roll(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    usize::try_from(*state >> 33).unwrap_or(0) % below
}

fn condition(state: &mut u64, depth: usize) -> String {
    let mut out = String::new();
    if roll(state, 8) == 0 {
        out.push_str("NOT ");
    }
    for _ in 0..=roll(state, 4) {
        if !out.is_empty() && !out.ends_with("NOT ") {
            out.push_str(OPERATORS[roll(state, OPERATORS.len())]);
        }
        match roll(state, 6) {
            0 if depth > 0 => out.push_str(&format!("({})", condition(state, depth - 1))),
            1 if depth > 0 => out.push_str(&format!("g({})", condition(state, depth - 1))),
            _ => out.push_str(OPERANDS[roll(state, OPERANDS.len())]),
        }
    }
    out
}

/// Parts of random queries.
const TARGETS: &[&str] = &[
    "*",
    "1",
    "count(*)",
    "a AS b",
    "t.a, \"B\" as c",
    "a b",
    "DISTINCT a",
    "ALL a",
    "DISTINCT ON (a) b",
    "t.*",
    "max(a) AS name",
    "a AS date",
    "1 INTO x",
];
const ITEMS: &[&str] = &[
    "t",
    "s.\"T\"",
    "t x",
    "t AS x",
    "t AS x (a)",
    "ONLY t",
    "t *",
    "f(1)",
    "(SELECT 1) q",
    "t TABLESAMPLE system (1)",
    "t, u",
    "current_date",
    "unnest(a) AS x",
    "LATERAL f(1)",
    "t left",
];
const JOINS: &[&str] = &[
    "",
    " JOIN u ON a = b",
    " inner join s.u x ON x.a = t.a AND b",
    " LEFT OUTER JOIN u AS y ON (a)",
    " left join u on a IN (SELECT b FROM c)",
    " RIGHT JOIN u ON a",
    " CROSS JOIN u",
    " JOIN u USING (a)",
    " NATURAL JOIN u",
    " JOIN u JOIN v ON a ON b",
];
const TAILS: &[&str] = &[
    "",
    " LIMIT 1",
    " ORDER BY a",
    " order by a DESC, lower(b) asc limit 10",
    " GROUP BY a",
    " GROUP BY a HAVING b",
    " OFFSET 1",
    " LIMIT ALL",
    " FOR UPDATE",
    " ORDER BY a NULLS FIRST",
    " UNION SELECT 1",
    " ORDER BY a USING <",
    " FETCH FIRST ROW ONLY",
    " WINDOW w AS ()",
];

fn any<'a>(state: &mut u64, from: &[&'a str]) -> &'a str {
    from[roll(state, from.len())]
}

fn query(state: &mut u64) -> String {
    let mut out = any(state, TARGETS).to_owned();
    if roll(state, 8) > 0 {
        out.push_str(&format!(" FROM {}{}", any(state, ITEMS), any(state, JOINS)));
        if roll(state, 3) == 0 {
            out.push_str(any(state, JOINS));
        }
    }
    if roll(state, 2) == 0 {
        out.push_str(&format!(" WHERE {}", condition(state, 1)));
    }
    out + any(state, TAILS)
}

#[test]
fn queries_read_alike() {
    let (mut state, mut read) = (11, 0);
    for _ in 0..40_000 {
        let behind = query(&mut state);
        let text = |sql: &str| Text::of_file(FileId(0), sql.into());
        let whole = text(&format!("SELECT {behind}"));
        if let Some(plain) = plain::query(&whole) {
            let parsed = fragment::parsed_query(&whole);
            assert_eq!(
                format!("{:?}", Ok::<_, ()>(plain)),
                format!("{parsed:?}"),
                "{behind}"
            );
            read += 1;
        }
        let part = text(&behind);
        if let Some(plain) = plain::selected(&part) {
            let parsed = fragment::parsed_selected(&part);
            assert_eq!(
                format!("{:?}", Ok::<_, ()>(plain)),
                format!("{parsed:?}"),
                "{behind}"
            );
        }
        let within = text(&format!(
            "a AND NOT EXISTS (SELECT {behind}) OR b IN (SELECT {behind})"
        ));
        if let Some(plain) = plain::expression(&within) {
            let parsed = fragment::parsed_value(&within);
            assert_eq!(format!("{plain:?}"), format!("{parsed:?}"), "{behind}");
        }
    }
    assert!(read > 700, "{read}");
}

#[test]
fn conditions_read_alike() {
    let (mut state, mut read) = (7, 0);
    for _ in 0..40_000 {
        let sql = condition(&mut state, 3);
        let text = Text::of_file(FileId(0), sql.as_str().into());
        if let Some(plain) = plain::expression(&text) {
            let parsed = fragment::parsed_value(&text);
            assert_eq!(format!("{plain:?}"), format!("{parsed:?}"), "{sql}");
            read += 1;
        }
    }
    assert!(read > 3000, "{read}");
}
