//! What is read without the parser is what the parser would have given.

#![expect(clippy::disallowed_methods, reason = "reads the project's own cases")]

use std::path::Path;

use crate::source::{FileId, Text};
use crate::sql::{DmlKind, Statement, fragment, plain, read::parsed};
use crate::syntax::split::{self, PieceKind};

/// How many of a text's statements are read without the parser.
fn compare(sql: &str) -> usize {
    let text = Text::of_file(FileId(0), sql.into());
    let mut read = 0;
    for piece in split::pieces(sql).filter(|piece| piece.kind == PieceKind::Sql) {
        let piece = text.slice(piece.range);
        let Some(plain) = plain::read(&piece, None) else {
            continue;
        };
        // Rows beyond the first stand for all.
        if matches!(&plain, Statement::Dml(dml) if dml.kind == DmlKind::Insert) {
            continue;
        }
        read += 1;
        let (parsed, _) = parsed(&piece);
        assert_eq!(
            format!("{plain:#?}"),
            format!("{parsed:#?}"),
            "{}",
            piece.as_str()
        );
    }
    read
}

fn texts(folder: &Path, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts(&path, out);
        } else if path.extension().is_some_and(|e| e == "md" || e == "sql") {
            out.extend(std::fs::read_to_string(path).ok());
        }
    }
}

#[test]
fn cases_read_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests", "rules", "examples"] {
        texts(&root.join(folder), &mut all);
    }
    let mut read = 0;
    for text in all {
        // The blocks of a page; a file of SQL is one.
        for (number, block) in text.split("```").enumerate() {
            let body = block.split_once('\n').map_or(block, |(_, body)| body);
            if number % 2 == 1 || number == 0 {
                read += compare(body);
            }
        }
    }
    assert!(
        read > 500,
        "only {read} statements of the cases are read without the parser"
    );
}

/// Pieces of statements; every way through them is compared.
const FORMS: &[&[&[&str]]] = &[
    &[
        &[
            "DO ",
            "do language plpgsql ",
            "DO LANGUAGE 'PLpgSQL' ",
            "DO $x$a$x$ ",
        ],
        &["$$ BEGIN END $$", "$a$$$ x $a$", "$$$$", "'BEGIN END'", ""],
        &[
            "",
            " LANGUAGE plpgsql",
            " language \"SQL\"",
            " x",
            " $$y$$",
            " -- end",
        ],
    ],
    &[
        &[
            "UPDATE t ",
            "update only t ",
            "UPDATE s.\"T\" ",
            "UPDATE t AS x ",
            "UPDATE t x ",
        ],
        &[
            "SET a = 1",
            "set a = b, \"C\" = lower(d)",
            "SET a[1] = 2",
            "SET (a, b) = (1, 2)",
            "SET a = DEFAULT",
        ],
        &["", " FROM o", " RETURNING a"],
        &[
            "",
            " WHERE a = 1",
            " where a IN (1, 2) OR b",
            " WHERE CURRENT OF c",
        ],
    ],
    &[
        &[
            "INSERT INTO t ",
            "insert into s.\"T\" (a, \"B\") ",
            "INSERT INTO t AS x ",
        ],
        &[
            "SELECT 1",
            "select a, b AS c from u",
            "SELECT * FROM u x WHERE a",
            "(SELECT 1)",
            "TABLE u",
        ],
        &["", " ON CONFLICT DO NOTHING", " RETURNING a", " LIMIT 1"],
    ],
    &[
        &["DELETE FROM t", "delete from only s.t", "DELETE FROM t x"],
        &["", " USING o"],
        &["", " WHERE a IS NULL AND b LIKE 'x%'", " RETURNING *"],
    ],
    &[
        &["DROP FUNCTION ", "drop function if exists ", "DROP PROCEDURE "],
        &[
            "f",
            "s.\"F\"()",
            "f(int, text)",
            "f(a int, IN b double precision, c timestamp with time zone[])",
            "f(OUT a int)",
            "f(setof x)",
            "f(date date)",
        ],
        &["", ", g(s.t)", " CASCADE", " restrict"],
    ],
    &[
        &["DROP TRIGGER ", "drop trigger if exists "],
        &["g ON t", "\"G\" on s.t", "g ON t, u"],
        &["", " CASCADE", " RESTRICT"],
    ],
    &[
        &["CREATE FUNCTION ", "create or replace function "],
        &["f(", "s.\"F\" ("],
        &[
            "",
            "int",
            "a int, text",
            "a int DEFAULT 1 + 2, b text = 'x' || 'y'",
            "IN a int",
            "a x%TYPE",
            "VARIADIC a int[]",
            "INOUT a int",
            "time time",
        ],
        &[") RETURNS ", ") "],
        &[
            "trigger",
            "void",
            "setof s.t",
            "TABLE (a int, \"B\" text[])",
            "table(a x%type)",
            "t.a%TYPE",
            "serial",
        ],
        &[
            " AS $$ BEGIN END $$ LANGUAGE plpgsql",
            " language sql immutable volatile as $a$ SELECT 1 $a$",
            " AS 'o', 's' LANGUAGE c",
            " AS $$x$$ LANGUAGE 'PLPGSQL' STABLE STRICT SECURITY DEFINER PARALLEL SAFE",
            " RETURN 1",
            " LANGUAGE sql COST 10 AS $$ $$",
            " AS $$x$$ LANGUAGE plpgsql SET search_path = public",
            " LANGUAGE plpgsql IMMUTABLE STRICT AS $$x$$ -- y",
        ],
    ],
    &[
        &[
            "CREATE TRIGGER ",
            "create or replace trigger ",
            "CREATE CONSTRAINT TRIGGER ",
        ],
        &[
            "g BEFORE INSERT ",
            "\"G\" after insert or update of a, \"B\" or delete\n",
            "g INSTEAD OF UPDATE ",
            "g BEFORE  TRUNCATE /* x */ ",
        ],
        &["ON t", "on s.\"T\" "],
        &[
            "",
            " FOR EACH ROW",
            " for statement",
            " FOR EACH ROW WHEN (NEW.a)",
            " REFERENCING OLD TABLE AS o NEW TABLE n FOR EACH STATEMENT",
            " REFERENCING NEW ROW AS n",
            " REFERENCING",
            " FOR ROW WHEN (NEW.a IS NULL OR old.b <> 1)",
            " REFERENCING NEW TABLE AS n",
            " DEFERRABLE",
        ],
        &[
            " EXECUTE FUNCTION f()",
            " execute procedure s.f ( )",
            " EXECUTE FUNCTION f('a')",
        ],
    ],
    &[
        &["CREATE TABLE t (a"],
        TYPES,
        &["", " NOT NULL", " DEFAULT"],
        &["", " 1", " NULL", " UNIQUE", " PRIMARY KEY"],
        &[")", ", b int)", ") WITH (fillfactor = 70)"],
    ],
    &[
        &["create table if not exists s.\"T\" (\"a b\" int"],
        OPTIONS,
        OPTIONS,
        &[")"],
    ],
    &[
        &["CREATE TABLE t (a int DEFAULT "],
        VALUES,
        &["", " NOT NULL", "::text", " COLLATE \"C\"", " || 'x'"],
        &[")", ", PRIMARY KEY (a))"],
    ],
    &[
        &[
            "CREATE TABLE t (a int CHECK (a > 0)",
            "CREATE TABLE t (a int CONSTRAINT c CHECK (a IN (1, 2) OR b) NOT NULL",
            "CREATE TABLE t (a int, CHECK ((a) = 'x')",
            "CREATE TABLE t (a int, CONSTRAINT c check (f(a) IS NULL)",
        ],
        &[
            "",
            " NO INHERIT",
            " NOT VALID",
            " CHECK (b)",
            " NOT NULL",
            ", b int UNIQUE CHECK (a)",
        ],
        &[")"],
    ],
    &[
        &["CREATE TABLE t (a int, "],
        KEYS,
        &["", " NOT VALID", " DEFERRABLE"],
        &[")"],
    ],
    &[
        &["ALTER TABLE t ADD ", "alter table only t add"],
        &["", " "],
        KEYS,
        &["", " NOT VALID"],
    ],
    &[
        &[
            "ALTER TABLE IF EXISTS \"T\" ",
            "ALTER TABLE a.b.c ",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY, ",
        ],
        ACTIONS,
        &["", " CASCADE", " RESTRICT"],
        &["", ", DROP b", ", RENAME b TO c"],
    ],
    &[
        &["ALTER TABLE t ALTER b TYPE"],
        TYPES,
        &["", " USING b::int", " USING (b)", " USING f(b, 1)::text"],
    ],
    &[
        &["CREATE INDEX ", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "],
        &["i", "\"I\"", "s.i", ""],
        &[" ON t", " ON ONLY s.t", " ON t USING gin", " ON t USING GIST "],
        &["(a", "(\"A\"", "(lower(a)", "((a)"],
        &[
            "",
            " DESC",
            " ASC NULLS LAST",
            " text_pattern_ops",
            " x.ops DESC",
            " COLLATE \"C\"",
        ],
        &[
            ")",
            ", b NULLS FIRST)",
            ") WHERE b = 1 AND NOT c IS NULL",
            ") where (a in (1, 2))",
            ", lower(b) DESC)",
            ", (a || b) x.ops)",
            ", s.f(a, 1) text_ops)",
            ", (a COLLATE \"C\"))",
            ", (lower(a)::text))",
            ", lower(a)::text)",
            ", (a))",
            ") INCLUDE (b)",
            ") WHERE b",
        ],
    ],
    &[
        &[
            "DROP TABLE",
            "drop index",
            "DROP VIEW",
            "DROP SEQUENCE",
            "DROP TYPE",
            "DROP INDEX CONCURRENTLY",
        ],
        &["", " IF EXISTS"],
        &[" a", " \"A\", s.b", " a.b.c", " int", " name"],
        &["", " CASCADE", " RESTRICT", " x"],
    ],
    &[
        &["CREATE TYPE e AS ENUM (", "create type s.\"E\" as enum ("],
        &["", "'a'", "'a', 'it''s'", "'a' 'b'", "E'a'"],
        &[")"],
    ],
    &[
        &["ALTER TYPE e ", "ALTER TYPE \"S\".e "],
        &[
            "ADD VALUE 'a'",
            "ADD VALUE IF NOT EXISTS 'a'",
            "RENAME VALUE 'a' TO 'b'",
            "RENAME TO f",
        ],
        &["", " BEFORE 'b'", " AFTER 'c'"],
    ],
    &[&[
        "ALTER INDEX i RENAME TO j",
        "ALTER INDEX IF EXISTS s.i RENAME TO \"J\"",
        "ALTER INDEX i SET (x = 1)",
    ]],
    &[
        &["COMMENT ON TABLE ", "COMMENT ON COLUMN "],
        &["t", "t.c", "s.t.c", "d.s.t.c"],
        &[" IS 'it''s'", " IS NULL", " IS ''", " IS E'x'", " IS $$x$$"],
    ],
];

const TYPES: &[&str] = &[
    " int",
    " INTEGER",
    " bigserial",
    " serial[]",
    " varchar",
    " VARCHAR(30)",
    " varchar(0)",
    " char",
    " \"char\"",
    " character varying(5)",
    " character(3)[]",
    " text[][]",
    " int[3]",
    " int ARRAY",
    " numeric(10,2)",
    " DECIMAL ( 65 , 30 )",
    " numeric(2000)",
    " double precision",
    " float(10)",
    " real",
    " bool",
    " timestamp",
    " TIMESTAMP(3)",
    " timestamp (9) with time zone",
    " timestamptz(6)",
    " time without time zone",
    " date",
    " interval",
    " interval day",
    " interval(3)",
    " bit(3)",
    " json",
    " \"Kind\"",
    " public.\"Kind\"[]",
    " pg_catalog.int4",
    " _text",
    " vector(3)",
    " geometry(Point,4326)",
    " citext",
    " name",
    " uuid",
    " \"text\"",
    " a.b.c",
    " t.c%TYPE",
    " U&\"x\"",
];

const OPTIONS: &[&str] = &[
    "",
    " NOT NULL",
    " NULL",
    " not  /* x */ null",
    " CONSTRAINT n NOT NULL",
    " PRIMARY KEY",
    " CONSTRAINT \"k\" PRIMARY KEY",
    " UNIQUE",
    " UNIQUE NULLS NOT DISTINCT",
    " REFERENCES o",
    " REFERENCES s.\"O\" (x) ON DELETE CASCADE ON UPDATE SET NULL",
    " REFERENCES o (x, y)",
    " REFERENCES o ON DELETE SET NULL (a)",
    " REFERENCES o DEFERRABLE INITIALLY DEFERRED",
    " REFERENCES o MATCH FULL",
    " GENERATED ALWAYS AS IDENTITY",
    " GENERATED BY DEFAULT AS IDENTITY",
    " GENERATED BY DEFAULT AS IDENTITY (START 5)",
    " GENERATED ALWAYS AS (b + 1) STORED",
    " CHECK (a > 0)",
    " COLLATE \"C\"",
    " DEFAULT now()",
    " CONSTRAINT n DEFAULT 1",
    " NO INHERIT",
    " STORAGE PLAIN",
];

const VALUES: &[&str] = &[
    "1",
    "-1",
    "- 1.50",
    "+1",
    "1.",
    ".5",
    "1e3",
    "0x1F",
    "1_000",
    "'x'",
    "'it''s'",
    "''",
    "'a\\b'",
    "E'\\n'",
    "$$x$$",
    "B'1'",
    "N'x'",
    "true",
    "FALSE",
    "null",
    "now()",
    "NOW ( )",
    "CURRENT_TIMESTAMP",
    "current_timestamp(3)",
    "CURRENT_DATE",
    "localtimestamp",
    "current_user",
    "session_user",
    "pg_catalog.now()",
    "a.b.c()",
    "\"F\"('x', 1)",
    "gen_random_uuid()",
    "f(g(1), 'x'::text)",
    "f(VARIADIC a)",
    "f(x => 1)",
    "f(DISTINCT a)",
    "f(*)",
    "coalesce(a, 1)",
    "nextval('s'::regclass)",
    "'{}'",
    "'{}'::text[]",
    "'x'::varchar(3)::text",
    "ARRAY[]::TEXT[]",
    "ARRAY['a', 'b']",
    "array[[1], [2]]",
    "('x')",
    "(('x')::text)",
    "(1 + 2)",
    "(1, 2)",
    "-1::int",
    "interval '1 day'",
    "date '2020-01-01'",
    "timezone('utc', now())",
    "timezone('utc'::text, now())::date",
    "name",
    "value",
    "foo",
    "t.foo",
    "foo[1]",
    "DEFAULT",
    "1::serial",
    "'a'::\"Kind\"",
    "'x'::\"char\"",
    "count(*) FILTER (WHERE true)",
    "left('x', 1)",
    "uuid_generate_v4()",
];

const KEYS: &[&str] = &[
    " PRIMARY KEY (a)",
    " CONSTRAINT \"p\" PRIMARY KEY (\"a\", b)",
    " CONSTRAINT u UNIQUE (a)",
    " UNIQUE (a) INCLUDE (b)",
    " UNIQUE USING INDEX i",
    " UNIQUE NULLS NOT DISTINCT (a)",
    " FOREIGN KEY (a) REFERENCES o",
    " CONSTRAINT f FOREIGN KEY (a, b) REFERENCES s.o (c, d) ON UPDATE NO ACTION ON DELETE RESTRICT",
    " FOREIGN KEY (a) REFERENCES o ON DELETE SET DEFAULT",
    " FOREIGN KEY (a) REFERENCES o ON DELETE CASCADE ON DELETE CASCADE",
    " CHECK (a > 0)",
    " EXCLUDE (a WITH =)",
    " LIKE o",
    " exclude int",
];

const ACTIONS: &[&str] = &[
    "ADD COLUMN a int",
    "ADD a text NOT NULL DEFAULT 'x'",
    "ADD COLUMN IF NOT EXISTS a uuid REFERENCES o (id)",
    "ADD value text",
    "ADD column_a int",
    "DROP COLUMN a",
    "DROP IF EXISTS a",
    "DROP CONSTRAINT IF EXISTS c",
    "DROP a",
    "ALTER COLUMN a SET NOT NULL",
    "ALTER a DROP NOT NULL",
    "ALTER COLUMN \"a\" SET DEFAULT ARRAY[]::TEXT[]",
    "ALTER a DROP DEFAULT",
    "ALTER a SET DATA TYPE numeric(3)",
    "ALTER a SET STATISTICS 5",
    "ALTER a ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER CONSTRAINT c DEFERRABLE",
    "RENAME TO u",
    "RENAME a TO b",
    "RENAME COLUMN a TO \"B\"",
    "RENAME CONSTRAINT a TO b",
    "VALIDATE CONSTRAINT c",
    "ENABLE ROW LEVEL SECURITY",
    "ENABLE TRIGGER ALL",
    "OWNER TO me",
    "SET SCHEMA s",
];

#[test]
fn forms_read_alike() {
    let mut read = 0;
    for form in FORMS {
        let mut all = vec![String::new()];
        for part in *form {
            let joined = all
                .iter()
                .flat_map(|head| part.iter().map(move |tail| format!("{head}{tail}")));
            all = joined.collect();
        }
        for sql in all {
            read += compare(&sql);
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn fragments_read_alike() {
    let text = |sql: &str| Text::of_file(FileId(0), sql.into());
    let casts = VALUES
        .iter()
        .flat_map(|value| TYPES.iter().map(move |ty| format!("{value}::{}", ty.trim())));
    let mut read = 0;
    for sql in VALUES.iter().map(|v| (*v).to_owned()).chain(casts) {
        for sql in [
            sql.clone(),
            format!("{sql} "),
            format!("{sql} a"),
            format!("{sql}, 1"),
            format!("{sql} = 1"),
        ] {
            let Some(plain) = plain::expression(&text(&sql)) else {
                continue;
            };
            let parsed = fragment::parsed_value(&text(&sql));
            assert_eq!(format!("{plain:?}"), format!("{parsed:?}"), "{sql}");
            read += 1;
        }
    }
    for sql in TYPES {
        for sql in [
            (*sql).to_owned(),
            format!("{sql} "),
            format!("{sql} x"),
            format!("{sql}; x"),
        ] {
            let Some(plain) = plain::type_name(&text(&sql)) else {
                continue;
            };
            assert_eq!(Some(plain), fragment::parsed_type_name(&text(&sql)), "{sql}");
            read += 1;
        }
    }
    assert!(
        read > 500,
        "only {read} statements of the cases are read without the parser"
    );
}
