//! One statement of every kind that a migration may hold, and what each is.

use super::{Statement, one};

/// A statement, and the name of the variant that it becomes.
const KINDS: &[(&str, &str)] = &[
    ("CREATE TABLE t (a int)", "CreateTable"),
    (
        "CREATE TEMP TABLE IF NOT EXISTS t (LIKE o INCLUDING ALL EXCLUDING INDEXES) ON COMMIT DROP",
        "CreateTable",
    ),
    ("CREATE TABLE t (a int) INHERITS (p, s.q)", "CreateTable"),
    (
        "CREATE UNLOGGED TABLE t (a int) PARTITION BY RANGE (a, (b + 1)) WITH (fillfactor=70) TABLESPACE x",
        "CreateTable",
    ),
    (
        "CREATE TABLE t PARTITION OF m (a NOT NULL, b WITH OPTIONS DEFAULT 1) FOR VALUES FROM (MINVALUE) TO (10)",
        "CreateTable",
    ),
    (
        "CREATE TABLE t PARTITION OF m DEFAULT PARTITION BY hash (a)",
        "CreateTable",
    ),
    (
        "CREATE TABLE t OF s.ty (PRIMARY KEY (a), b WITH OPTIONS NOT NULL)",
        "CreateTable",
    ),
    (
        "CREATE FOREIGN TABLE t (a int OPTIONS (x 'y') NOT NULL) SERVER s OPTIONS (n 'a')",
        "CreateTable",
    ),
    (
        "CREATE TABLE t (x, y) AS SELECT 1, 2 WITH NO DATA",
        "CreateTableAs",
    ),
    ("SELECT a INTO TEMP t FROM x", "CreateTableAs"),
    ("SELECT a INTO t FROM x UNION SELECT b FROM y", "CreateTableAs"),
    (
        "ALTER TABLE IF EXISTS ONLY s.t ADD COLUMN IF NOT EXISTS x serial, DROP y CASCADE",
        "AlterTable",
    ),
    ("ALTER TABLE t RENAME a TO b", "AlterTable"),
    ("ALTER TABLE t RENAME CONSTRAINT a TO b", "AlterTable"),
    ("ALTER TABLE t RENAME TO u", "Rename"),
    ("ALTER TABLE t SET SCHEMA s", "SetSchema"),
    ("ALTER TABLE m ATTACH PARTITION p FOR VALUES IN (1)", "AlterTable"),
    ("ALTER TABLE m DETACH PARTITION p CONCURRENTLY", "AlterTable"),
    (
        "ALTER TABLE ALL IN TABLESPACE x SET TABLESPACE y",
        "NoSchemaEffect",
    ),
    (
        "ALTER FOREIGN TABLE t ADD c int OPTIONS (a 'b'), OPTIONS (SET x 'y')",
        "AlterTable",
    ),
    ("ALTER VIEW v ALTER COLUMN a SET DEFAULT 1", "AlterTable"),
    ("ALTER VIEW IF EXISTS v RENAME TO w", "Rename"),
    ("ALTER MATERIALIZED VIEW v RENAME COLUMN a TO b", "AlterTable"),
    ("ALTER MATERIALIZED VIEW v SET SCHEMA s", "SetSchema"),
    ("ALTER INDEX IF EXISTS i RENAME TO j", "Rename"),
    ("ALTER INDEX i ATTACH PARTITION j", "AttachIndex"),
    ("ALTER INDEX i SET (fillfactor=10)", "NoSchemaEffect"),
    (
        r#"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t USING gin (a, lower(b) COLLATE "C" ops DESC) INCLUDE (c) NULLS NOT DISTINCT WHERE a > 1"#,
        "CreateIndex",
    ),
    ("CREATE INDEX ON t (a)", "CreateIndex"),
    ("REINDEX TABLE CONCURRENTLY t", "NoSchemaEffect"),
    (
        "CREATE SEQUENCE IF NOT EXISTS s AS int START -5 OWNED BY t.c",
        "CreateSequence",
    ),
    ("ALTER SEQUENCE s OWNED BY NONE", "AlterSequence"),
    ("ALTER SEQUENCE s RENAME TO q", "Rename"),
    ("ALTER SEQUENCE s OWNER TO x", "NoSchemaEffect"),
    (r#"CREATE TYPE e AS ENUM ('a', E'b\'')"#, "CreateEnum"),
    (
        "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x' BEFORE 'a'",
        "AddEnumLabel",
    ),
    ("ALTER TYPE e RENAME VALUE 'x' TO 'y'", "RenameEnumLabel"),
    (
        r#"CREATE TYPE c AS (a int, b text COLLATE "C")"#,
        "CreateComposite",
    ),
    (
        "ALTER TYPE c ADD ATTRIBUTE x int, DROP ATTRIBUTE IF EXISTS y",
        "AlterComposite",
    ),
    ("ALTER TYPE c RENAME ATTRIBUTE a TO b CASCADE", "AlterComposite"),
    ("ALTER TYPE c RENAME TO d", "Rename"),
    ("ALTER TYPE c OWNER TO d", "NoSchemaEffect"),
    ("CREATE TYPE r AS RANGE (subtype = float8)", "CreateOtherType"),
    ("CREATE TYPE b", "CreateOtherType"),
    ("CREATE TYPE b (INPUT = f, OUTPUT = g)", "CreateOtherType"),
    (
        r#"CREATE DOMAIN d AS text COLLATE "C" DEFAULT 'a' NOT NULL CHECK (VALUE > 'a')"#,
        "CreateDomain",
    ),
    (
        "ALTER DOMAIN d ADD CONSTRAINT x CHECK (VALUE > 1) NOT VALID",
        "AlterDomain",
    ),
    ("ALTER DOMAIN d SET SCHEMA s", "SetSchema"),
    (
        r#"CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA s VERSION '1' CASCADE"#,
        "CreateExtension",
    ),
    ("CREATE EXTENSION x SCHEMA s", "CreateExtension"),
    ("ALTER EXTENSION x UPDATE TO '3'", "NoSchemaEffect"),
    ("ALTER EXTENSION x SET SCHEMA s", "SetSchema"),
    (
        "CREATE FUNCTION f(a int, INOUT b text DEFAULT 'x', VARIADIC c int[]) RETURNS record LANGUAGE plpgsql AS $$ $$",
        "CreateFunction",
    ),
    (
        "CREATE FUNCTION f() RETURNS TABLE (a int) AS 'SELECT 1' LANGUAGE 'SQL'",
        "CreateFunction",
    ),
    (
        "CREATE FUNCTION f() RETURNS SETOF t.c%TYPE LANGUAGE sql RETURN 1",
        "CreateFunction",
    ),
    (
        "CREATE FUNCTION f(OUT a int) LANGUAGE c AS 'file', 'symbol'",
        "CreateFunction",
    ),
    (
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN END $$",
        "CreateFunction",
    ),
    (
        "CREATE AGGREGATE a(int) (SFUNC = f, STYPE = int)",
        "CreateFunction",
    ),
    ("ALTER FUNCTION f(int) RENAME TO g", "Rename"),
    ("ALTER ROUTINE p() SET SCHEMA s", "SetSchema"),
    ("ALTER FUNCTION f(int) STABLE", "NoSchemaEffect"),
    (
        "CREATE OR REPLACE TRIGGER x AFTER INSERT OR UPDATE OF a ON t REFERENCING NEW TABLE AS n FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION s.f('x')",
        "CreateTrigger",
    ),
    (
        "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE PROCEDURE f()",
        "CreateTrigger",
    ),
    ("ALTER TRIGGER x ON t RENAME TO y", "RenameTrigger"),
    ("DROP TRIGGER IF EXISTS x ON t CASCADE", "DropTrigger"),
    (
        "CREATE POLICY p ON t AS RESTRICTIVE FOR SELECT TO public USING (true)",
        "Policy",
    ),
    ("ALTER POLICY p ON t USING (true)", "NoSchemaEffect"),
    ("DROP POLICY IF EXISTS p ON t", "Policy"),
    (
        "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
        "NoSchemaEffect",
    ),
    ("DROP RULE r ON t", "NoSchemaEffect"),
    (
        "CREATE OR REPLACE VIEW v (a, b) AS SELECT 1, 2 WITH CHECK OPTION",
        "CreateView",
    ),
    (
        "CREATE RECURSIVE VIEW v (a) AS SELECT 1 UNION ALL SELECT a FROM v",
        "CreateView",
    ),
    (
        "CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1 WITH NO DATA",
        "CreateView",
    ),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", "NoSchemaEffect"),
    ("CREATE SCHEMA IF NOT EXISTS s AUTHORIZATION x", "CreateSchema"),
    ("ALTER SCHEMA s RENAME TO t", "Rename"),
    ("DROP SCHEMA IF EXISTS a, b CASCADE", "Drop"),
    ("DROP TABLE IF EXISTS a, s.b RESTRICT", "Drop"),
    ("DROP VIEW a", "Drop"),
    ("DROP MATERIALIZED VIEW a", "Drop"),
    ("DROP FOREIGN TABLE a", "Drop"),
    ("DROP INDEX CONCURRENTLY IF EXISTS a", "Drop"),
    ("DROP SEQUENCE a, b", "Drop"),
    ("DROP TYPE a CASCADE", "Drop"),
    ("DROP DOMAIN a", "Drop"),
    ("DROP COLLATION a", "Drop"),
    ("DROP EXTENSION IF EXISTS a, b", "Drop"),
    ("DROP FUNCTION IF EXISTS f(int, OUT text), s.g CASCADE", "Drop"),
    ("DROP PROCEDURE p()", "Drop"),
    ("DROP ROUTINE p", "Drop"),
    ("DROP AGGREGATE a(*)", "Drop"),
    ("COMMENT ON TABLE t IS 'x'", "CommentOn"),
    ("COMMENT ON COLUMN s.t.c IS NULL", "CommentOn"),
    ("COMMENT ON CONSTRAINT c ON DOMAIN d IS $$x$$", "CommentOn"),
    ("COMMENT ON FUNCTION f(int) IS 'x'", "CommentOn"),
    ("COMMENT ON ROLE r IS 'x'", "NoSchemaEffect"),
    (
        "CREATE COLLATION IF NOT EXISTS c (provider = icu, locale = 'und')",
        "CreateCollation",
    ),
    ("ALTER COLLATION c RENAME TO d", "Rename"),
    ("TRUNCATE TABLE ONLY a, s.b RESTART IDENTITY CASCADE", "Truncate"),
    (
        "INSERT INTO t AS x (a, b[1]) VALUES (1, DEFAULT) ON CONFLICT (a) WHERE b DO UPDATE SET a = EXCLUDED.a RETURNING *",
        "Dml",
    ),
    ("INSERT INTO t DEFAULT VALUES", "Dml"),
    (
        "WITH d AS (DELETE FROM o RETURNING *) INSERT INTO t SELECT * FROM d",
        "Dml",
    ),
    (
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x",
        "Dml",
    ),
    (
        "UPDATE ONLY t AS x SET a = 1, (b, c) = (SELECT 1, 2) FROM y WHERE x.a = y.a",
        "Dml",
    ),
    ("DELETE FROM t USING y", "Dml"),
    ("DELETE FROM t WHERE CURRENT OF c", "Dml"),
    (
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)",
        "Dml",
    ),
    ("COPY t (a) FROM '/x' WITH (FORMAT csv)", "Dml"),
    ("COPY t TO STDOUT", "NoEffect"),
    ("COPY (SELECT 1) TO '/x'", "Query"),
    ("EXPLAIN ANALYZE DELETE FROM t", "Dml"),
    ("EXPLAIN (ANALYZE false) DELETE FROM t", "NoEffect"),
    ("DO LANGUAGE plpgsql 'BEGIN ''x''; END'", "Do"),
    ("CALL p(1, b => 2)", "Call"),
    ("SELECT set_config('search_path', '', false)", "Query"),
    ("(SELECT 1) UNION VALUES (2)", "Query"),
    ("TABLE t", "Query"),
    ("BEGIN ISOLATION LEVEL SERIALIZABLE", "Transaction"),
    ("START TRANSACTION", "Transaction"),
    ("COMMIT", "Transaction"),
    ("END", "Transaction"),
    ("ROLLBACK", "Transaction"),
    ("SAVEPOINT a", "Transaction"),
    ("RELEASE a", "Transaction"),
    ("ROLLBACK TO SAVEPOINT a", "Transaction"),
    (r#"SET search_path TO "$user", public"#, "Set"),
    ("SET LOCAL x.y = 1", "Set"),
    ("SET TIME ZONE LOCAL", "Set"),
    ("SET SCHEMA 'a'", "Set"),
    ("SET NAMES 'utf8'", "Set"),
    ("SET ROLE x", "Set"),
    ("RESET ALL", "Set"),
    ("SET TRANSACTION READ ONLY", "NoEffect"),
    ("SET CONSTRAINTS ALL DEFERRED", "NoEffect"),
    ("ALTER DATABASE d SET search_path = a, b", "SetLater"),
    ("ALTER ROLE r IN DATABASE d RESET search_path", "SetLater"),
    ("ALTER SYSTEM SET a = 1", "SetLater"),
    ("ALTER USER u WITH PASSWORD 'x'", "NoSchemaEffect"),
    ("ALTER DATABASE d OWNER TO x", "NoSchemaEffect"),
    ("GRANT SELECT ON t TO x", "NoSchemaEffect"),
    ("REVOKE ALL ON SCHEMA s FROM x", "NoSchemaEffect"),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO x",
        "NoSchemaEffect",
    ),
    ("CREATE ROLE x LOGIN", "NoSchemaEffect"),
    ("DROP ROLE IF EXISTS x", "NoSchemaEffect"),
    ("REASSIGN OWNED BY a TO b", "NoSchemaEffect"),
    ("CREATE PUBLICATION p FOR TABLE t", "NoSchemaEffect"),
    ("ALTER PUBLICATION p ADD TABLE t", "NoSchemaEffect"),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "NoSchemaEffect",
    ),
    ("CREATE SERVER s FOREIGN DATA WRAPPER w", "NoSchemaEffect"),
    ("CREATE USER MAPPING FOR x SERVER s", "NoSchemaEffect"),
    ("CREATE CAST (a AS b) WITHOUT FUNCTION", "NoSchemaEffect"),
    (
        "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = f)",
        "NoSchemaEffect",
    ),
    (
        "CREATE OPERATOR CLASS c FOR TYPE t USING gist AS OPERATOR 1 =",
        "NoSchemaEffect",
    ),
    ("CREATE STATISTICS s ON a, b FROM t", "NoSchemaEffect"),
    (
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()",
        "NoSchemaEffect",
    ),
    ("CREATE LANGUAGE l", "NoSchemaEffect"),
    (
        "CREATE TEXT SEARCH CONFIGURATION c (COPY = english)",
        "NoSchemaEffect",
    ),
    ("CREATE ACCESS METHOD a TYPE INDEX HANDLER h", "NoSchemaEffect"),
    ("CREATE DATABASE d", "NoSchemaEffect"),
    ("CREATE TABLESPACE t LOCATION '/x'", "NoSchemaEffect"),
    ("SECURITY LABEL ON TABLE t IS 'x'", "NoSchemaEffect"),
    ("VACUUM (FULL, ANALYZE) t", "NoSchemaEffect"),
    ("CLUSTER t USING i", "NoSchemaEffect"),
    ("ANALYZE t", "NoEffect"),
    ("LOCK TABLE t IN ACCESS EXCLUSIVE MODE", "NoEffect"),
    ("PREPARE p AS SELECT 1", "NoEffect"),
    ("DEALLOCATE p", "NoEffect"),
    ("DECLARE c CURSOR FOR SELECT 1", "NoEffect"),
    ("FETCH c", "NoEffect"),
    ("LISTEN x", "NoEffect"),
    ("NOTIFY x, 'y'", "NoEffect"),
    ("CHECKPOINT", "NoEffect"),
    ("LOAD 'x'", "NoEffect"),
    ("SHOW all", "NoEffect"),
    ("DISCARD PLANS", "NoEffect"),
    ("EXECUTE p", "Opaque"),
    ("DISCARD ALL", "Opaque"),
    ("DROP OWNED BY a", "Opaque"),
    ("DROP SERVER s CASCADE", "Opaque"),
    ("IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", "Opaque"),
    ("PREPARE TRANSACTION 'x'", "Opaque"),
    ("CREATE TABLE t AS EXECUTE p", "Opaque"),
];

/// The variant's name; of a single change, the change's.
fn kind(statement: &Statement) -> String {
    let shown = match statement {
        Statement::Changes(changes) if changes.len() == 1 => format!("{:?}", changes[0]),
        other => format!("{other:?}"),
    };
    shown.chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
}

#[test]
fn every_kind_of_statement() {
    let wrong: Vec<String> = KINDS
        .iter()
        .map(|(sql, expected)| (sql, expected, one(sql)))
        .filter(|(_, expected, found)| kind(found) != **expected)
        .map(|(sql, expected, found)| format!("{sql}\n  expected {expected}, found {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
