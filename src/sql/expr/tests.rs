//! Expressions and types, as they come out of the lowering.

use crate::source::{FileId, Span, Text};
use crate::sql::{expression, query, type_name};
use crate::tree::{ExprKind, QueryBody, print};

fn text(sql: &str) -> Text {
    Text::of_file(FileId(0), sql.into())
}

/// What is written, and the same with the structure in parentheses.
const STRUCTURE: &[(&str, &str)] = &[
    ("a || b || c", "(a || b) || c"),
    ("j -> 'a' ->> 'b' = 'x'", "((j -> 'a') ->> 'b') = 'x'"),
    ("a + 1 BETWEEN 2 AND 3 OR p", "((a + 1) BETWEEN 2 AND 3) OR p"),
    (
        "a::int BETWEEN 1 AND 2 AND p",
        "(a::integer BETWEEN 1 AND 2) AND p",
    ),
    ("NOT a::int BETWEEN 1 AND 2", "NOT (a::integer BETWEEN 1 AND 2)"),
    ("f(a::int BETWEEN 1 AND 2, p)", "f(a::integer BETWEEN 1 AND 2, p)"),
    (
        "CASE WHEN a::int NOT BETWEEN 1 AND 2 THEN b END",
        "CASE WHEN (a::integer NOT BETWEEN 1 AND 2) THEN b END",
    ),
    ("NOT a = b AND c", "(NOT (a = b)) AND c"),
    ("- a ^ 2", "(- a) ^ 2"),
    ("-a::int", "- (a::integer)"),
    ("@ -5 + 3", "@ ((- 5) + 3)"),
    ("2 ^ 3 ^ 2", "(2 ^ 3) ^ 2"),
    ("a & b | c + d * e", "(a & b) | (c + (d * e))"),
    (
        "x LIKE 'a' || y ESCAPE '!' AND p",
        "(x LIKE ('a' || y) ESCAPE '!') AND p",
    ),
    ("a NOT ILIKE ANY (t)", "a !~~* ANY (t)"),
    ("(a AND b) AND c", "a AND b AND c"),
    ("a AND (b AND c)", "a AND (b AND c)"),
    ("a OR b AND c OR d", "a OR (b AND c) OR d"),
    ("a IS NULL = p", "(a IS NULL) = p"),
    ("a != b", "a <> b"),
    ("a IN ((SELECT 1))", "a IN (SELECT 1)"),
    ("now() AT TIME ZONE 'utc' + i", "(now() AT TIME ZONE 'utc') + i"),
    ("x || y COLLATE \"C\"", "x || (y COLLATE \"C\")"),
    ("a OPERATOR(pg_catalog.+) b * c", "a + (b * c)"),
    ("a OPERATOR(ext.<->) b", "a OPERATOR(ext.<->) b"),
    ("(a).b.c[1]", "(((a).b).c)[1]"),
    ("a[1][2]", "a[1][2]"),
    ("substring(a for 2)", "SUBSTRING(a FROM 1 FOR 2)"),
    ("position('a' in b)", "POSITION('a' IN b)"),
    ("trim(leading 'x' from y)", "TRIM(LEADING 'x' FROM y)"),
    ("extract(year from x)", "EXTRACT('year' FROM x)"),
    ("E'a\\n\\x41\\''", "'a\nA'''"),
    ("U&'d\\0061t\\+000061'", "'data'"),
    ("$q$it's$q$", "'it''s'"),
    ("N'x'", "'x'::bpchar"),
    (
        "timestamp(3) with time zone '2020'",
        "'2020'::timestamp(3) with time zone",
    ),
    ("interval '1' hour to minute", "'1'::interval hour to minute"),
    ("count(*) FILTER (WHERE a > 1)", "count(*) FILTER (WHERE a > 1)"),
];

#[test]
fn operators_bind_as_in_the_server() {
    for (written, expected) in STRUCTURE {
        let expr = expression(&text(written)).unwrap_or_else(|gap| panic!("{written}: {gap:?}"));
        let brief = print::expr(&expr).unwrap_or_else(|| print::brief(&expr));
        let again = expression(&text(expected)).unwrap_or_else(|gap| panic!("{expected}: {gap:?}"));
        assert_eq!(expr, again, "{written} is {brief}");
        let reread = expression(&text(&brief)).unwrap_or_else(|gap| panic!("{brief}: {gap:?}"));
        assert_eq!(expr, reread, "{written} printed as {brief}");
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    for written in ["", "a b", "a, b", "a FROM t", "a; b", "(", "'x", "a)", "SELECT 1"] {
        assert!(expression(&text(written)).is_err(), "{written}");
    }
}

#[test]
fn places_are_those_of_the_text() {
    let expr = expression(&text("a = 'é' AND  bc > 1")).unwrap();
    let ExprKind::And(items) = expr.kind else {
        panic!("{expr:?}")
    };
    assert_eq!(items[0].span, Span::new(FileId(0), 0, 8));
    assert_eq!(items[1].span, Span::new(FileId(0), 14, 20));
}

#[test]
fn long_and_deep_text_is_bounded() {
    let long = vec!["a = 1"; 190].join(" AND ");
    assert!(matches!(expression(&text(&long)).unwrap().kind, ExprKind::And(items) if items.len() == 190));
    for hostile in [
        vec!["'x'"; 20_000].join(" || "),
        format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("{}a", "NOT ".repeat(20_000)),
        format!("a{}", "::int".repeat(20_000)),
        format!("a{}", "[1]".repeat(20_000)),
        vec!["SELECT 1"; 20_000].join(" UNION ALL "),
    ] {
        let _ = expression(&text(&hostile));
        let _ = query(&text(&hostile));
    }
}

#[test]
fn types_print_as_format_type_does() {
    for (written, expected) in [
        ("int", "integer"),
        ("float(24)", "real"),
        ("float(53)", "double precision"),
        ("dec(10)", "numeric(10,0)"),
        ("numeric(5, -2)", "numeric(5,-2)"),
        ("char", "character(1)"),
        ("bpchar", "bpchar"),
        ("\"char\"", "\"char\""),
        ("pg_catalog.varchar(3)", "character varying(3)"),
        ("national character varying(4)", "character varying(4)"),
        ("bit", "bit(1)"),
        ("timestamp(9)", "timestamp(6) without time zone"),
        ("time(2) with time zone", "time(2) with time zone"),
        ("interval day to second(3)", "interval day to second(3)"),
        ("int array[4]", "integer[]"),
        ("varchar(3)[][]", "character varying(3)[]"),
        ("_text", "text[]"),
        ("\"Mood\"", "\"Mood\""),
        ("app.mood[]", "app.mood[]"),
        ("vector(3)", "vector(3)"),
        ("geometry(POINT, 4326)", "geometry(Point,4326)"),
    ] {
        let ty = type_name(&text(written)).map(|ty| ty.to_string());
        assert_eq!(ty.as_deref(), Some(expected), "{written}");
    }
    for written in [
        "serial",
        "int(4)",
        "text(3)",
        "varchar(0)",
        "float(54)",
        "int) + (1",
        "",
        "numeric(a)",
    ] {
        assert_eq!(type_name(&text(written)), None, "{written}");
    }
}

#[test]
fn queries_keep_their_parts() {
    for written in [
        "WITH RECURSIVE q(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM q) SELECT * FROM q",
        "SELECT DISTINCT ON (a) a, b AS \"B c\" FROM t AS x JOIN u USING (a) WHERE a > 1 ORDER BY a DESC NULLS LAST LIMIT 3 OFFSET 2",
        "SELECT g FROM unnest(ARRAY['a']) WITH ORDINALITY AS u(g, i) CROSS JOIN LATERAL (SELECT i) AS w",
        "(SELECT a FROM t ORDER BY a LIMIT 1) UNION ALL (SELECT b FROM t)",
        "VALUES (1, 'a'), (2, DEFAULT)",
        "TABLE s.t",
        "SELECT a FROM (t JOIN u ON true) JOIN v ON true GROUP BY a HAVING count(*) > 1",
    ] {
        let lowered = query(&text(written)).unwrap();
        let printed = print::query(&lowered).unwrap();
        let again = query(&text(&printed)).unwrap();
        assert_eq!(print::query(&again).unwrap(), printed, "{written}");
    }
    let whole = query(&text("WITH q AS (SELECT 1) SELECT * FROM q UNION SELECT 2")).unwrap();
    assert_eq!(whole.with.len(), 1);
    assert!(matches!(whole.body, QueryBody::SetOp(..)));
    let modifying = query(&text("WITH q AS (DELETE FROM t RETURNING *) SELECT * FROM q")).unwrap();
    assert_eq!(modifying.with[0].query, None);
}
