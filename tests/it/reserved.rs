//! Keywords in the places of names, judged by a real server: what it refuses is not taken, and what it takes is not refused.

use schemalign::config::Given;
use schemalign::session::{Migration, RunMode, Session};
use schemalign::source::{FileId, Text};

use crate::postgres::server;

/// Statements with a name to be put in for `@`, on a database that [`BEFORE`] made.
const PLACES: &[&str] = &[
    "CREATE TABLE @ (id int)",
    "CREATE TABLE IF NOT EXISTS @ (id int)",
    "CREATE TABLE app.@ (id int)",
    "CREATE TABLE @.t (id int)",
    "CREATE TABLE u (@ int)",
    "CREATE TABLE u (a int, @ text NOT NULL)",
    "CREATE TABLE u (a int, CONSTRAINT @ CHECK (a > 0))",
    "CREATE TABLE u (a int CONSTRAINT @ NOT NULL)",
    "CREATE TABLE u (a int, UNIQUE (@))",
    "CREATE TABLE u (a int REFERENCES @)",
    "CREATE TABLE u (a int REFERENCES t (@))",
    "CREATE TABLE u (a int CHECK (@ > 0))",
    "CREATE TABLE u (a int DEFAULT @)",
    "CREATE TABLE u (a @)",
    "CREATE TABLE u (a app.@)",
    "CREATE TABLE @ AS SELECT 1 AS a",
    "ALTER TABLE @ ADD COLUMN x int",
    "ALTER TABLE IF EXISTS ONLY @ ADD COLUMN x int",
    "ALTER TABLE t ADD COLUMN @ int",
    "ALTER TABLE t ADD @ int",
    "ALTER TABLE t DROP COLUMN IF EXISTS @",
    "ALTER TABLE t DROP @",
    "ALTER TABLE t RENAME COLUMN a TO @",
    "ALTER TABLE t RENAME @ TO b",
    "ALTER TABLE t RENAME TO @",
    "ALTER TABLE t ALTER COLUMN @ SET NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT @ UNIQUE (a)",
    "ALTER TABLE t DROP CONSTRAINT IF EXISTS @",
    "ALTER TABLE t SET SCHEMA @",
    "DROP TABLE IF EXISTS @",
    "DROP TABLE IF EXISTS t, @",
    "DROP INDEX IF EXISTS @",
    "DROP TYPE IF EXISTS @",
    "DROP FUNCTION IF EXISTS @()",
    "CREATE INDEX @ ON t (a)",
    "CREATE INDEX ON @ (a)",
    "CREATE INDEX ON t (@)",
    "CREATE UNIQUE INDEX IF NOT EXISTS @ ON t (a)",
    "CREATE TYPE @ AS ENUM ('a')",
    "CREATE TYPE x AS (@ int)",
    "CREATE DOMAIN @ AS int",
    "CREATE SEQUENCE @",
    "CREATE SCHEMA @",
    "CREATE VIEW @ AS SELECT 1 AS a",
    "CREATE MATERIALIZED VIEW @ AS SELECT 1 AS a",
    "CREATE VIEW w (@) AS SELECT 1",
    "CREATE VIEW w AS SELECT 1 AS @",
    "CREATE VIEW w AS SELECT 1 @",
    "CREATE VIEW w AS SELECT @ FROM t",
    "CREATE VIEW w AS SELECT x.a FROM t @, t x",
    "CREATE VIEW w AS SELECT x.a FROM t AS @, t x",
    "CREATE VIEW w AS SELECT a FROM @",
    "CREATE VIEW w AS WITH @ AS (SELECT 1 AS a) SELECT 1 AS b",
    "CREATE FUNCTION @() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION app.@() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION f(@ int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION f(a @) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE @() LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER @ BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()",
    "CREATE TRIGGER tr BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION tf()",
    "CREATE POLICY @ ON t",
    "COMMENT ON TABLE @ IS 'x'",
    "COMMENT ON COLUMN t.@ IS 'x'",
    "INSERT INTO @ VALUES (1)",
    "INSERT INTO t (@) VALUES (1)",
    "UPDATE @ SET a = 1",
    "UPDATE t SET @ = 1",
    "UPDATE t SET a = 1 WHERE @ = 1",
    "DELETE FROM @",
    "TRUNCATE @",
    "SELECT 1 AS @",
    "SELECT t.@ FROM t",
    "SELECT a FROM t ORDER BY @",
];

/// Words that make something else of a statement, which the server refuses for other reasons.
const OTHERWISE: &[(&str, &str)] = &[
    ("CREATE TABLE u (a int CHECK (@ > 0))", "not"),
    ("CREATE TABLE u (a @)", "null setof unique"),
    ("CREATE INDEX ON t (@)", "false null true"),
    (
        "CREATE VIEW w AS SELECT @ FROM t",
        "default distinct except intersect union",
    ),
    ("CREATE VIEW w AS SELECT x.a FROM t @, t x", "as"),
    ("UPDATE t SET @ = 1", "returning where"),
    ("UPDATE t SET a = 1 WHERE @ = 1", "default not"),
    ("SELECT a FROM t ORDER BY @", "default false null true"),
];

const BEFORE: &str = "CREATE SCHEMA app; CREATE TABLE t (a int, b int);\n\
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";

/// Whether ours refuses a statement as no SQL, and whether it follows it without doubt.
fn ours(sql: &str) -> (bool, bool) {
    let mut session = Session::new(&Given::default());
    let mut run = |text: &str| {
        session.run(&Migration {
            name: "case".to_owned(),
            file: FileId(0),
            text: Text::of_file(FileId(0), text.into()),
            mode: RunMode::Statements,
        });
    };
    run(BEFORE);
    run(sql);
    let refused = session.missteps().iter().any(|m| m.failure.sqlstate == "42601");
    let followed = session.finish().gaps.is_empty();
    (refused, followed)
}

#[test]
fn keywords_in_the_places_of_names() {
    let Some(server) = server() else { return };
    let mut database = server.database("judge_reserved");
    database.run(BEFORE);
    let words = database.run("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U' ORDER BY 1");
    let (mut wrong, mut refused_by_both, mut doubted) = (Vec::new(), 0, 0);
    for place in PLACES {
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        let otherwise = OTHERWISE.iter().find(|(of, _)| of == place).map_or("", |o| o.1);
        for word in words
            .iter()
            .filter(|word| !otherwise.split(' ').any(|other| other == word.as_str()))
        {
            let sql = place.replace('@', word);
            let theirs = database.error(&format!("BEGIN; {sql};\nROLLBACK;"));
            let syntax = theirs.as_deref() == Some("42601");
            match (syntax, ours(&sql)) {
                (true, (true, _)) => refused_by_both += 1,
                (true, (false, true)) => taken.push(word.as_str()),
                (true, (false, false)) => doubted += 1,
                (false, (true, _)) => refused.push(word.as_str()),
                (false, (false, _)) => {}
            }
        }
        if !taken.is_empty() {
            wrong.push(format!("{place}: taken: {}", taken.join(" ")));
        }
        if !refused.is_empty() {
            wrong.push(format!("{place}: refused: {}", refused.join(" ")));
        }
    }
    println!("{refused_by_both} refused by both, {doubted} not followed here");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
