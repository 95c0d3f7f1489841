//! Input that is broken, huge, deep, cyclic or meant to do harm: a clear message with its place, everything else still checked,
//! no panic, no hang.

use std::time::{Duration, Instant};

use schemalign::check::{Report, check};
use schemalign::config::Options;
use schemalign::report;
use schemalign::source::Files;

const LOCK: (&str, &[u8]) = (
    "prisma/migrations/migration_lock.toml",
    b"provider = \"postgresql\"\n",
);
const MODELS: &[u8] = b"datasource db {\n  provider = \"postgresql\"\n  url = env(\"X\")\n}\nmodel User {\n  id Int @id\n  email String\n}\n";

/// Checks a history of one migration before, the hostile one, and one after, with a small model: what stands around the
/// hostile part must still be seen.
fn run(hostile: &[u8]) -> (Report, Files) {
    let files = Files::in_memory([
        (LOCK.0, LOCK.1.to_vec()),
        ("prisma/schema.prisma", MODELS.to_vec()),
        (
            "prisma/migrations/1_first/migration.sql",
            b"CREATE TABLE \"User\" (\"id\" INTEGER PRIMARY KEY);".to_vec(),
        ),
        ("prisma/migrations/2_hostile/migration.sql", hostile.to_vec()),
        (
            "prisma/migrations/3_last/migration.sql",
            b"CREATE TABLE \"Last\" (\"id\" INTEGER PRIMARY KEY);".to_vec(),
        ),
    ]);
    let began = Instant::now();
    let report = check(&files, &Options::default()).expect("nothing is misused");
    // Not a measurement: far above anything but a hang.
    assert!(
        began.elapsed() < Duration::from_secs(300),
        "took {:?}",
        began.elapsed()
    );
    let text = report::text::render(
        &report,
        &files,
        &report::text::TextOptions {
            coverage: true,
            ..Default::default()
        },
    );
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "a control character got through"
    );
    let _ = report::json::render(&report, &files);
    (report, files)
}

/// The column that the model has and the first migration does not make is found, whatever stands between.
fn still_finds(report: &Report) {
    let found = report
        .findings
        .iter()
        .any(|f| f.rule == "missing-column" && f.column.as_deref() == Some("email"));
    assert!(
        found,
        "the finding beside the hostile input is lost: {:?}",
        report.findings.iter().map(|f| &f.message).collect::<Vec<_>>()
    );
}

/// A gap or a finding stands in the hostile file.
fn is_told(report: &Report, files: &Files) {
    let file = files
        .find("prisma/migrations/2_hostile/migration.sql")
        .expect("the file is listed");
    let gap = report
        .coverage
        .gaps
        .iter()
        .any(|g| g.at.is_some_and(|at| at.file == file));
    let finding = report.findings.iter().any(|f| f.span.file == file);
    assert!(
        gap || finding,
        "nothing is said of the hostile file: {:?}",
        report.coverage.gaps
    );
}

#[test]
fn a_statement_that_is_no_sql() {
    let (report, files) = run(b"ALTER TABLE \"Other\" ADDD COLUM x;\nCREATE TABLE \"Fine\" (id int);");
    still_finds(&report);
    is_told(&report, &files);
}

#[test]
fn unterminated_quotes_and_comments() {
    for text in [
        "INSERT INTO t VALUES ('open",
        "SELECT $$ open",
        "/* open",
        "CREATE TABLE \"open",
        "SELECT E'\\",
        "DO $x$ BEGIN",
    ] {
        run(text.as_bytes());
    }
}

#[test]
fn bytes_that_are_no_text() {
    let (report, _) =
        run(b"\xEF\xBB\xBFCREATE TABLE a (id int);\r\nINSERT INTO a VALUES (1, '\xE9\xE8');\r\n");
    still_finds(&report);
    let (report, _) = run(b"CREATE TABLE a (id int);\0CREATE TABLE b (id int);");
    let _ = report;
    run(&(0..=255u8).cycle().take(100_000).collect::<Vec<_>>());
    run(b"\xFF\xFEC\0R\0E\0A\0T\0E\0");
}

#[test]
fn escape_sequences_in_names() {
    let (report, _) = run(
        "CREATE TABLE \"\u{1b}[31mred\u{202e}\" (id int PRIMARY KEY REFERENCES \"no\u{7}pe\");\n::error::x"
            .as_bytes(),
    );
    let _ = report;
}

#[test]
fn a_million_parentheses() {
    let deep = "(".repeat(1_000_000);
    let (report, files) = run(format!("SELECT {deep};\nCREATE TABLE x (id int);").as_bytes());
    still_finds(&report);
    is_told(&report, &files);
    run(format!(
        "ALTER TABLE \"User\" ADD CHECK ({deep}1{})",
        ")".repeat(1_000_000)
    )
    .as_bytes());
    run(format!(
        "SELECT {}1{}",
        "CASE WHEN true THEN ".repeat(20_000),
        " END".repeat(20_000)
    )
    .as_bytes());
    run(format!("SELECT {}1", "NOT ".repeat(50_000)).as_bytes());
    run(format!("SELECT {}1", "- ".repeat(50_000)).as_bytes());
}

#[test]
fn a_chain_of_operators() {
    let (report, _) = run(format!("SELECT 1{};", "+1".repeat(200_000)).as_bytes());
    still_finds(&report);
    run(format!(
        "ALTER TABLE \"User\" ADD CHECK (id = 1{});",
        " OR id = 1".repeat(5_000)
    )
    .as_bytes());
    run(format!("SELECT 1{}", "::int".repeat(50_000)).as_bytes());
    run(format!("SELECT a{}", "[1]".repeat(50_000)).as_bytes());
    run(format!("SELECT 1 {}", "UNION SELECT 1 ".repeat(20_000)).as_bytes());
}

#[test]
fn ten_thousand_columns() {
    let columns: Vec<String> = (0..10_000).map(|i| format!("c{i} int")).collect();
    let (report, _) = run(format!("CREATE TABLE wide ({});", columns.join(", ")).as_bytes());
    still_finds(&report);
}

#[test]
fn fifty_megabytes() {
    let row = "INSERT INTO \"User\" VALUES (1, 'some text that goes on for a while');\n";
    let (report, _) = run(row.repeat(50_000_000 / row.len()).as_bytes());
    still_finds(&report);
    let values = "(1, 'some text that goes on for a while'),".repeat(1_200_000);
    let (report, _) = run(format!("INSERT INTO \"User\" VALUES {values} (1, 'x');").as_bytes());
    still_finds(&report);
}

#[test]
fn programs_that_never_end() {
    for body in [
        "LOOP END LOOP;",
        "WHILE true LOOP PERFORM 1; END LOOP;",
        "FOR i IN 1..1000000000 LOOP EXECUTE 'SELECT ' || i; END LOOP;",
        "DECLARE s text := 'x'; BEGIN LOOP s := s || s; END LOOP; END;",
        "FOR i IN 1..100000 LOOP EXECUTE format('CREATE TABLE t%s (id int)', i); END LOOP;",
        "LOOP x) y; CREATE TABLE q (x int) PARTITION BY LIST (x); CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1); ALTER TABLE q ADD FOREIGN y; END LOOP;",
        "IF random() > 0.5 THEN CREATE TABLE maybe (id int); END IF;",
        "CREATE TYPE a AS ENUM (); IF random() > 0.5 THEN ROLLBACK; ELSE CREATE TYPE b AS ENUM (); END IF; CREATE TYPE c AS ENUM ();",
        "CREATE TYPE a AS ENUM (); IF random() > 0.5 THEN COMMIT; CREATE TYPE b AS ENUM (); END IF; ROLLBACK; CREATE TYPE a AS ENUM ();",
    ] {
        let (report, _) = run(format!("DO $$ BEGIN {body} END $$;").as_bytes());
        let _ = report;
    }
    let (report, _) = run(b"CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN f(n + 1) + f(n + 2); END $$; SELECT f(1);");
    still_finds(&report);
    let branches = "IF (SELECT count(*) FROM \"User\") > 3 THEN CREATE TABLE a (id int); ELSE CREATE TABLE b (id int); END IF;".repeat(200);
    run(format!("DO $$ BEGIN {branches} END $$;").as_bytes());
}

/// What a hundred turns that may not come leave behind does not double with each.
#[test]
fn turns_that_may_not_come() {
    let columns: Vec<String> = (0..100).map(|i| format!("c{i} int")).collect();
    for body in [
        "ALTER TABLE answers ADD %1$s int",
        "ALTER TABLE answers ADD %1$s int; ALTER TABLE answers DROP %1$s",
        "CREATE TABLE %1$s (id serial PRIMARY KEY)",
        "CREATE TABLE %1$s (id serial PRIMARY KEY); DROP TABLE %1$s",
        "CREATE TYPE %1$s AS ENUM (); DROP TYPE %1$s",
    ] {
        for from in [
            "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'c'",
            "SELECT a.attname AS name FROM pg_class c, pg_attribute a, pg_namespace n WHERE a.attrelid = c.oid AND n.oid = c.relnamespace AND c.relname = 'c'",
        ] {
            let columns = columns.join(", ");
            let program = format!(
                "CREATE TABLE c ({columns}); CREATE TABLE answers (id int); FOO; DO $$ DECLARE r record; BEGIN \
                 FOR r IN {from} LOOP EXECUTE format('{body}', r.name); END LOOP; END $$;"
            );
            run(program.as_bytes());
        }
    }
}

#[test]
fn views_and_types_that_refer_to_themselves() {
    run(b"CREATE VIEW v AS SELECT * FROM v; CREATE TABLE t (LIKE t); CREATE DOMAIN d AS d; CREATE TABLE c () INHERITS (c); ALTER TABLE c INHERIT c; CREATE TYPE p AS (x p);");
}

#[test]
fn broken_models() {
    for models in [
        "model User {".to_owned(),
        "model User { id Int @id @default(".to_owned(),
        format!("model User {{ id Int @id @default(dbgenerated(\"{}\")) }}", "(".repeat(100_000)),
        "@@@@ \u{0} }}}} model { } enum { enum".to_owned(),
        format!("model User {{ {} }}", "a".repeat(1_000_000)),
        "model A { id Int @id\n b B @relation(fields: [id], references: [id]) }\nmodel B { id Int @id\n a A @relation(fields: [id], references: [id]) }".to_owned(),
        format!("model User {{ id Int @default({}) }}", "[".repeat(200_000)),
        "model User {\n id Int @id\n}\nmodel User {\n id Int @id\n}\n".repeat(2),
        "\"".repeat(10_000),
        "/// ".repeat(50_000),
    ] {
        let files = Files::in_memory([
            (LOCK.0.to_owned(), LOCK.1.to_vec()),
            ("prisma/schema.prisma".to_owned(), models.into_bytes()),
            ("prisma/migrations/1_first/migration.sql".to_owned(), b"CREATE TABLE \"User\" (\"id\" INTEGER PRIMARY KEY);".to_vec()),
        ]);
        let report = check(&files, &Options::default()).expect("nothing is misused");
        let _ = report::text::render(&report, &files, &report::text::TextOptions::default());
    }
}
