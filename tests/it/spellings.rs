//! Two spellings of one expression compare as the same, two expressions as different; a real server judges both: the same
//! value on every row of a table, or not.

use schemalign::known::Verdict;
use schemalign::name::Name;
use schemalign::source::{FileId, Text};
use schemalign::sqltype::SqlType;
use schemalign::tree::Expr;
use schemalign::tree::normal::{Place, compare};

/// Type of the column; `=` the same, `!` different, `?` cannot be told; the two defaults.
const DEFAULTS: &[(&str, char, &str, &str)] = &[
    ("text", '=', "'x'", "'x'::text"),
    ("text", '=', "'x'", "(('x'))"),
    ("text", '=', "'x'", "CAST('x' AS varchar)"),
    ("varchar(20)", '=', "'x'", "'x'::character varying"),
    ("varchar(20)", '=', "'x'", "'x'::varchar(20)"),
    ("text", '=', "'it''s'", "E'it\\'s'"),
    ("text", '=', "'a'", "$$a$$"),
    ("text", '!', "'x'", "'X'"),
    ("text", '!', "''", "NULL"),
    ("integer", '=', "0", "'0'"),
    ("integer", '=', "0", "'0'::integer"),
    ("integer", '=', "-1", "'-1'::integer"),
    ("integer", '=', "-1", "(-1)"),
    ("integer", '=', "+1", "1"),
    ("integer", '=', "10", "'010'"),
    ("bigint", '=', "0", "0::bigint"),
    ("integer", '!', "0", "1"),
    ("integer", '!', "'1'", "2"),
    ("integer", '?', "1 + 1", "2"),
    ("numeric(10,2)", '=', "0", "0.00"),
    ("numeric(10,2)", '=', "1.50", "'1.5'::numeric"),
    ("numeric", '=', "1e3", "1000"),
    ("numeric(10,2)", '!', "1.5", "1.6"),
    ("double precision", '=', "0", "'0'::float8"),
    ("double precision", '=', "0.5", ".5"),
    ("boolean", '=', "true", "'true'"),
    ("boolean", '=', "true", "'t'::bool"),
    ("boolean", '=', "false", "'no'"),
    ("boolean", '=', "true", "NOT false"),
    ("boolean", '!', "true", "false"),
    ("boolean", '!', "true", "'f'"),
    ("timestamp with time zone", '=', "now()", "CURRENT_TIMESTAMP"),
    (
        "timestamp with time zone",
        '=',
        "NOW()",
        "transaction_timestamp()",
    ),
    ("timestamp with time zone", '=', "now()", "pg_catalog.now()"),
    ("timestamp", '=', "now()", "LOCALTIMESTAMP"),
    ("timestamp", '=', "now()", "CURRENT_TIMESTAMP::timestamp"),
    ("timestamp(3)", '=', "now()", "CURRENT_TIMESTAMP"),
    (
        "timestamp(3) with time zone",
        '=',
        "now()",
        "CURRENT_TIMESTAMP(3)",
    ),
    (
        "timestamp(3) with time zone",
        '?',
        "now()",
        "CURRENT_TIMESTAMP(4)",
    ),
    ("date", '=', "now()", "CURRENT_DATE"),
    ("date", '=', "CURRENT_DATE", "now()::date"),
    ("timestamp with time zone", '!', "now()", "clock_timestamp()"),
    ("timestamp with time zone", '!', "now()", "'2020-01-01'"),
    ("timestamp", '=', "'2020-01-01'", "'2020-01-01 00:00:00'"),
    ("timestamp", '!', "'2020-01-01'", "'2020-01-02'"),
    (
        "timestamp",
        '=',
        "timezone('utc', now())",
        "now() AT TIME ZONE 'utc'",
    ),
    ("timestamp", '?', "now() AT TIME ZONE 'utc'", "now()"),
    ("uuid", '!', "gen_random_uuid()", "uuid_generate_v4()"),
    ("uuid", '=', "gen_random_uuid()", "GEN_RANDOM_UUID()"),
    (
        "uuid",
        '=',
        "'00000000-0000-0000-0000-00000000000A'",
        "'0000000000000000000000000000000a'::uuid",
    ),
    ("jsonb", '=', "'{}'", "'{}'::jsonb"),
    ("jsonb", '=', "'{\"a\": 1, \"b\": 2}'", "'{\"b\":2,\"a\":1}'"),
    ("jsonb", '!', "'{}'", "'[]'"),
    ("text[]", '=', "'{}'", "ARRAY[]::text[]"),
    ("text[]", '=', "'{a,b}'", "ARRAY['a', 'b']"),
    ("text[]", '=', "'{\"a b\",NULL}'", "ARRAY['a b', NULL]::text[]"),
    ("text[]", '!', "'{a,b}'", "ARRAY['b', 'a']"),
    ("integer[]", '=', "'{1,2}'", "ARRAY[1, 2]"),
    ("integer[]", '!', "'{1}'", "ARRAY[1, 2]"),
    ("interval", '=', "'1 day'", "interval '1 day'"),
    ("interval", '=', "'24 hours'", "'24:00'"),
    ("mood", '=', "'glad'", "'glad'::mood"),
    ("mood", '=', "'glad'", "'glad'::public.mood"),
    ("mood", '!', "'glad'", "'sad'::mood"),
    ("bigint", '=', "nextval('s')", "nextval('s'::regclass)"),
    ("bigint", '=', "nextval('public.s')", "nextval('s'::regclass)"),
    ("bigint", '!', "nextval('s')", "nextval('s2'::regclass)"),
    ("name", '=', "CURRENT_USER", "CURRENT_ROLE"),
    ("name", '=', "USER", "CURRENT_USER"),
    ("text", '?', "lower('X')", "'x'"),
    ("text", '?', "lower('X')", "lower('x')"),
    ("text", '?', "concat('a', 'b')", "'ab'"),
];

/// `=`, `!` or `?`, and two conditions on the table of the test.
const CONDITIONS: &[(char, &str, &str)] = &[
    ('=', "a IN (1, 2)", "a = ANY (ARRAY[1, 2])"),
    ('=', "a IN (1, 2)", "a IN (2, 1, 2)"),
    ('=', "a IN (1, 2)", "a = 1 OR a = 2"),
    ('=', "a IN (1)", "a = 1"),
    ('=', "a = ANY ('{1,2}')", "a IN (1, 2)"),
    // No integer is 2.5.
    ('?', "a IN (1, 2.5)", "a IN (1, 3.5)"),
    ('?', "a IN (1, 2.5)", "a = 1"),
    ('?', "a = 2.5", "a = 3.5"),
    ('?', "a NOT IN (1, 2.5)", "a <> 1"),
    ('=', "a = ANY ('{1,2}'::int[])", "a IN (1, 2)"),
    ('=', "a NOT IN (1, 2)", "a <> ALL (ARRAY[1, 2])"),
    ('=', "a NOT IN (1, 2)", "NOT (a = ANY (ARRAY[1, 2]))"),
    ('=', "a NOT IN (1, 2)", "a <> 1 AND a != 2"),
    ('=', "a <> 1", "a != 1"),
    ('=', "a <> 1", "NOT a = 1"),
    ('=', "a BETWEEN 1 AND 2", "a >= 1 AND a <= 2"),
    ('=', "a BETWEEN 1 AND 2", "2 >= a AND 1 <= a"),
    ('=', "a NOT BETWEEN 1 AND 2", "a < 1 OR a > 2"),
    ('=', "a > b", "b < a"),
    ('=', "a = b", "b = a"),
    ('=', "a = 1 AND b = 2", "b = 2 AND a = 1"),
    ('=', "(a = 1 AND b = 2) AND p", "a = 1 AND (b = 2 AND p)"),
    ('=', "a = 1 OR p", "p OR 1 = a"),
    ('=', "a IS NULL", "a ISNULL"),
    ('=', "a IS NOT NULL", "NOT a IS NULL"),
    ('=', "p = true", "p"),
    ('=', "p = false", "NOT p"),
    ('=', "p <> true", "NOT p"),
    ('=', "x LIKE 'a%'", "x ~~ 'a%'"),
    ('=', "x NOT LIKE 'a%'", "NOT x LIKE 'a%'"),
    (
        '=',
        "(x)::text = ANY ((ARRAY['a'::varchar, 'b'::varchar])::text[])",
        "x IN ('a', 'b')",
    ),
    ('=', "v::text = ANY (ARRAY['a', 'b'])", "v IN ('a', 'b')"),
    ('=', "char_length(x) > 3", "length(x) > 3"),
    ('=', "a > '1'", "a > 1"),
    ('=', "a > -1", "a > '-1'::integer"),
    ('=', "COALESCE(a, 0) = 0", "coalesce(a, 0) = 0"),
    ('=', "trim(x) <> ''", "btrim(x) <> ''"),
    ('=', "substring(x from 1 for 2) = 'ab'", "substr(x, 1, 2) = 'ab'"),
    ('=', "m = 'glad'", "m = 'glad'::mood"),
    ('=', "t = b.t", "t = t"),
    ('!', "a IN (1, 2)", "a IN (1, 3)"),
    ('!', "a IN (1, 2)", "a = 1"),
    ('!', "a = 1", "a <> 1"),
    ('!', "a = 1", "b = 1"),
    ('!', "a > 1", "a > 2"),
    ('!', "a > 1", "a >= 1"),
    ('!', "a > 1", "b > 1"),
    ('!', "a IS NULL", "a IS NOT NULL"),
    ('!', "a IS NULL", "b IS NULL"),
    ('!', "a IS NULL", "a = 1"),
    ('!', "p", "NOT p"),
    ('!', "a = 1", "a = 1 AND b = 2"),
    ('!', "a = 1 AND b = 2", "a = 1 AND b = 3"),
    ('!', "x LIKE 'a%'", "x LIKE 'b%'"),
    ('!', "x IN ('a', 'b')", "x IN ('a', 'B')"),
    ('!', "length(x) > 3", "length(x) > 2"),
    ('?', "lower(x) = x", "upper(x) = x"),
    ('!', "m = 'glad'", "m = 'sad'"),
    ('!', "a BETWEEN 1 AND 2", "a BETWEEN 1 AND 3"),
    ('?', "a > 0", "a >= 1"),
    ('?', "a <= 2.0", "a <= 2.1"),
    ('?', "a <= 1 AND a <= -1", "a <= 0 AND a <= -1"),
    ('?', "a + 1 > 2", "a > 1"),
    ('?', "a > 1", "a > 1 AND a > 0"),
    ('?', "x <> ''", "length(x) > 0"),
    ('?', "x IN ('a', 'b')", "EXISTS (SELECT 1)"),
    ('?', "x ILIKE 'a'", "lower(x) = 'a'"),
];

const TABLE: &str = "
CREATE EXTENSION \"uuid-ossp\";
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE SEQUENCE s; CREATE SEQUENCE s2;
CREATE TABLE t AS
SELECT a, b, x, x::varchar AS v, p, m, t
FROM unnest(ARRAY[NULL, -1, 0, 1, 2, 3]) a, unnest(ARRAY[NULL, 1, 2, 3]) b,
     unnest(ARRAY[NULL, '', 'a', 'b', 'B', 'ab', 'abc', 'abcd', 'ABC']) x,
     unnest(ARRAY[NULL, true, false]) p, unnest(ARRAY[NULL, 'glad', 'sad']::mood[]) m, unnest(ARRAY['1', '2']) t;
";

fn expression(sql: &str) -> Expr {
    let text = Text::of_file(FileId(0), sql.into());
    schemalign::sql::expression(&text).unwrap_or_else(|gap| panic!("{sql}: {gap:?}"))
}

fn type_name(sql: &str) -> SqlType {
    let text = Text::of_file(FileId(0), sql.into());
    schemalign::sql::type_name(&text).unwrap_or_else(|| panic!("{sql} is no type"))
}

fn column(name: &Name) -> Option<SqlType> {
    let ty = match name.as_str() {
        "a" | "b" => "integer",
        "x" | "t" => "text",
        "v" => "varchar",
        "p" => "boolean",
        "m" => "mood",
        _ => return None,
    };
    Some(type_name(ty))
}

fn sign(verdict: &Verdict<()>) -> char {
    match verdict {
        Verdict::Same => '=',
        Verdict::Differs(()) => '!',
        Verdict::Unknown(_) => '?',
    }
}

fn both_ways(a: &str, b: &str, place: Place<'_>) -> char {
    let (left, right) = (expression(a), expression(b));
    let verdict = sign(&compare(&left, &right, place));
    assert_eq!(
        verdict,
        sign(&compare(&right, &left, place)),
        "{a} and {b}, turned round"
    );
    verdict
}

#[test]
fn defaults_compare_by_what_they_give() {
    let mut wrong = Vec::new();
    for (ty, expected, a, b) in DEFAULTS {
        let target = type_name(ty);
        let place = Place {
            target: Some(&target),
            ..Place::default()
        };
        let verdict = both_ways(a, b, place);
        if verdict != *expected {
            wrong.push(format!("{ty}: {a} {verdict} {b}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn conditions_compare_by_what_they_demand() {
    let mut wrong = Vec::new();
    for (expected, a, b) in CONDITIONS {
        let place = Place {
            named: Some(&column),
            ..Place::default()
        };
        let verdict = both_ways(a, b, place);
        if verdict != *expected {
            wrong.push(format!("{a} {verdict} {b}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_server_agrees_on_spellings() {
    let Some(server) = super::postgres::server() else {
        return;
    };
    let mut server = server.database("spellings");
    server.run(TABLE);
    let mut wrong = Vec::new();
    for (ty, expected, a, b) in DEFAULTS {
        // Every call of a generator gives another value: what the server stores is compared instead.
        let stored = format!(
            "BEGIN; CREATE TEMP TABLE d (a {ty} DEFAULT ({a}), b {ty} DEFAULT ({b})) ON COMMIT DROP; INSERT INTO d DEFAULT VALUES; \
             SELECT (SELECT count(*) = 2 AND count(DISTINCT pg_get_expr(adbin, adrelid)) = 1 FROM pg_attrdef WHERE adrelid = 'd'::regclass) \
             OR (SELECT a::text IS NOT DISTINCT FROM b::text FROM d); COMMIT"
        );
        let answer = server.run(&stored);
        match (expected, answer.as_slice()) {
            ('=', [t]) if t == "t" => {}
            ('!', [f]) if f == "f" => {}
            ('?', [_]) => {}
            _ => wrong.push(format!("{ty}: {a} {expected} {b}: {answer:?}")),
        }
    }
    for (expected, a, b) in CONDITIONS {
        let query = format!("SELECT bool_and((({a})) IS NOT DISTINCT FROM (({b}))) FROM t AS b");
        let answer = server.run(&query);
        match (expected, answer.as_slice()) {
            ('=', [t]) if t == "t" => {}
            ('!', [f]) if f == "f" => {}
            ('?', [_]) => {}
            _ => wrong.push(format!("{a} {expected} {b}: {answer:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Expressions whose structure hangs on the server's precedences.
const EXPRESSIONS: &[&str] = &[
    "x || v || t",
    "a + 1 BETWEEN 2 AND 3 OR p",
    "a::int BETWEEN 1 AND 2 AND p IS NOT TRUE",
    "a NOT BETWEEN SYMMETRIC b AND 2 + 1",
    "NOT a = b AND p",
    "- a ^ 2",
    "-a::int",
    "@ -5 + 3",
    "2 ^ 3 ^ 2",
    "a & b | 1 + 2 * 3 % 2",
    "a - (b - 1)",
    "x LIKE 'a' || v ESCAPE '!' AND p",
    "x NOT ILIKE ANY (ARRAY[v, t])",
    "x SIMILAR TO 'a' ESCAPE '!'",
    "(p AND a = 1) AND b = 2",
    "p AND (a = 1 AND b = 2)",
    "p OR a = 1 AND b = 2 OR m IS NULL",
    "a IS NULL IS NOT NULL",
    "a IS NOT DISTINCT FROM b + 1",
    "(a, b) = (1, 2)",
    "(a, b) IN ((1, 2), (3, 4))",
    "a IN (SELECT b FROM t AS u WHERE u.p)",
    "a = ALL (SELECT 1 UNION ALL SELECT 2)",
    "now() AT TIME ZONE 'utc' + interval '1 day' > '2020-01-01'",
    "x || t COLLATE \"C\" < 'a'",
    "a OPERATOR(pg_catalog.+) b * 2",
    "CASE WHEN a::int BETWEEN 1 AND 2 THEN 'x' ELSE CASE b WHEN 1 THEN 'y' END END",
    "substring(x from 1 for 2) || substring(x for 2) || overlay(x placing 'b' from 1)",
    "position('a' in x) + extract(year from now())",
    "trim(both 'x' from t) || trim(leading from t) || trim(t, 'y')",
    "ARRAY[[1, 2], [3, a]]",
    "(ARRAY[1, 2])[1:2]",
    "count(*) FILTER (WHERE p) + count(DISTINCT a)",
    "string_agg(x, ',' ORDER BY x DESC NULLS LAST)",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)",
    "ARRAY(SELECT 1)",
    "E'a\\n\\x41\\''",
    "B'101' || b'1'",
    "GREATEST(a, COALESCE(b, 1), NULLIF(a, 2))",
    "interval '1' hour to minute + '1'::interval(3)",
    "concat(VARIADIC ARRAY['a', 'b'])",
    "make_interval(days => 1, hours => 2)",
];

#[test]
fn what_is_printed_reads_back_on_the_server() {
    let Some(server) = super::postgres::server() else {
        return;
    };
    let mut server = server.database("printed");
    server.run(TABLE);
    let mut wrong = Vec::new();
    for written in EXPRESSIONS {
        let printed = schemalign::tree::print::expr(&expression(written)).unwrap_or_default();
        let mut view = |expr: &str| {
            server.run(&format!(
                "CREATE TEMP VIEW w AS SELECT {expr} AS v FROM t; SELECT pg_get_viewdef('w'::regclass); DROP VIEW w"
            ))
        };
        let (first, second) = (view(written), view(&printed));
        if first != second || first.iter().any(|line| line.contains("ERROR")) {
            wrong.push(format!("{written}\n  {printed}\n  {first:?}\n  {second:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
