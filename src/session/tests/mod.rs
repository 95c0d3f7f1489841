//! Migrations run from text, and what the session notes of them. What they do to a schema is judged by a server (`tests/replay`).

use super::{Migration, Outcome, RunMode, Session};
use crate::config::Given;
use crate::known::{Reach, Section};
use crate::source::{FileId, Text};

fn run_as(mode: RunMode, given: &Given, texts: &[&str]) -> Outcome {
    let mut session = Session::new(given);
    for (i, text) in texts.iter().enumerate() {
        session.run(&Migration {
            name: i.to_string(),
            file: FileId(i as u32),
            text: Text::of_file(FileId(i as u32), (*text).into()),
            mode,
        });
    }
    session.finish()
}

fn run(text: &str) -> Outcome {
    run_as(RunMode::Statements, &Given::default(), &[text])
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.missteps.iter().map(|m| m.failure.sqlstate).collect()
}

fn tables(outcome: &Outcome) -> Vec<String> {
    let live = outcome.schema.live_tables();
    live.iter()
        .filter(|t| t.is_certain())
        .map(|t| t.name().to_string())
        .collect()
}

#[test]
fn budgets_end_what_would_not() {
    let endless = [
        "DO $$ BEGIN LOOP NULL; END LOOP; END $$;",
        "CREATE FUNCTION r(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN r(n + 1); END $$; SELECT r(1);",
        "DO $$ DECLARE s text := 'x'; BEGIN FOR i IN 1..100 LOOP s := s || s; END LOOP; END $$;",
        "DO $$ DECLARE s text[] := '{x}'; BEGIN FOR i IN 1..100 LOOP s := s || s; END LOOP; END $$;",
        "DO $$ BEGIN FOR i IN 1..1000000000 LOOP PERFORM i; END LOOP; END $$;",
        "SELECT count(*) FROM generate_series(1, 1000000000);",
        "SELECT * FROM pg_attribute a, pg_attribute b, pg_attribute c;",
        "DO $$ DECLARE u text := current_setting('a.b', true); BEGIN LOOP IF u = 'x' THEN EXIT; ELSIF u = 'y' THEN RETURN; END IF; END LOOP; END $$;",
    ];
    for text in endless {
        let outcome = run(&format!("{text}\nCREATE TABLE after_it (id int);"));
        assert_eq!(codes(&outcome), [""; 0], "{text}");
        assert_eq!(tables(&outcome), ["after_it"], "{text}");
        assert!(
            outcome.gaps.iter().all(|g| g.reach == Reach::Rows),
            "{text}: {:?}",
            outcome.gaps
        );
    }
}

#[test]
fn an_unknown_setting_forks() {
    let text = "CREATE TABLE t (a int);
        DO $$ BEGIN
            IF current_setting('app.mode', true) = 'x' THEN ALTER TABLE t ADD b int; RETURN; END IF;
            ALTER TABLE t ADD c int;
        END $$;";
    let outcome = run(text);
    assert_eq!(outcome.given_missing, ["setting app.mode"]);
    let columns: Vec<_> = outcome.schema.live_tables()[0]
        .columns()
        .map(|c| (c.name().to_string(), c.get().presence.is_present()))
        .collect();
    assert!(columns.contains(&("a".to_owned(), true)), "{columns:?}");
    assert!(columns.contains(&("b".to_owned(), false)) && columns.contains(&("c".to_owned(), false)));
    let mut given = Given::default();
    given.settings.insert("app.mode".to_owned(), "y".to_owned());
    let outcome = run_as(RunMode::Statements, &given, &[text]);
    assert!(outcome.gaps.is_empty() && outcome.given_missing.is_empty());
}

#[test]
fn an_aborting_branch_is_dropped() {
    let outcome = run("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 3);
        DO $$ BEGIN IF (SELECT count(*) FROM t) > 2 THEN RAISE EXCEPTION 'no'; END IF; ALTER TABLE t ADD b int; END $$;");
    assert_eq!(codes(&outcome), [""; 0]);
    assert!(outcome.gaps.is_empty(), "{:?}", outcome.gaps);
}

#[test]
fn the_way_of_sending_decides() {
    let given = Given::default();
    let concurrently = "CREATE TABLE t (a int);\nCREATE INDEX CONCURRENTLY i ON t (a);";
    let count = |mode, text| codes(&run_as(mode, &given, &[text])).len();
    assert_eq!(count(RunMode::Statements, concurrently), 0);
    assert_eq!(count(RunMode::Transaction, concurrently), 1);
    assert_eq!(count(RunMode::OneQuery, concurrently), 1);
    let alone = ["CREATE TABLE t (a int);", "CREATE INDEX CONCURRENTLY i ON t (a);"];
    assert_eq!(codes(&run_as(RunMode::OneQuery, &given, &alone)), [""; 0]);
    let label = [
        "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (m mood);",
        "ALTER TYPE mood ADD VALUE 'ok'; ALTER TABLE t ALTER m SET DEFAULT 'ok';",
    ];
    assert_eq!(codes(&run_as(RunMode::OneQuery, &given, &label)), ["55P04"]);
    assert_eq!(codes(&run_as(RunMode::Transaction, &given, &label)), ["55P04"]);
    assert_eq!(codes(&run_as(RunMode::Statements, &given, &label)), [""; 0]);
}

#[test]
fn work_on_rows_names_what_is_there() {
    let outcome = run("CREATE TABLE t (a int); CREATE TABLE gone (a int); DROP TABLE gone;
        UPDATE t SET b = 1; INSERT INTO gone VALUES (1); INSERT INTO never_made VALUES (1); SELECT * FROM gone;
        SELECT nothing FROM t; DELETE FROM t WHERE a = 1;");
    assert_eq!(codes(&outcome), ["42703", "42P01", "42P01", "42703"]);
}

#[test]
fn what_follows_from_a_misstep_is_told_with_it() {
    let outcome = run(
        "CREATE TABLE t (a int); CREATE TABLE gone (id int PRIMARY KEY); DROP TABLE gone;
        ALTER TABLE t ADD b int REFERENCES gone; CREATE INDEX ON t (b); ALTER TABLE t ALTER b SET NOT NULL;",
    );
    assert_eq!(codes(&outcome), ["42P01"]);
    assert_eq!(
        outcome.missteps[0].failure.related.len(),
        3,
        "{:?}",
        outcome.missteps
    );
}

/// A foreign key to a partitioned table has a twin for each partition, made before it or after it.
#[test]
fn partitions_of_unknown_names_leave_open_the_foreign_keys_to_their_table() {
    let outcome = run("CREATE TABLE p (id int PRIMARY KEY) PARTITION BY HASH (id);
         CREATE TABLE early (id int REFERENCES p);
         CREATE TABLE other (id int PRIMARY KEY);
         DO $$ DECLARE x text := current_setting('a.b', true); BEGIN
           EXECUTE format('CREATE TABLE p_%s PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0)', x);
         END $$;
         CREATE TABLE late (id int REFERENCES p); CREATE TABLE plain (id int REFERENCES other);");
    let open = |table: &&crate::schema::TableWalker<'_>| table.open(Section::ForeignKeys).is_some();
    let tables = outcome.schema.live_tables();
    let open: Vec<_> = tables.iter().filter(open).map(|t| t.name().as_str()).collect();
    assert_eq!(open, ["early", "late"]);
}

#[test]
fn text_with_holes_reaches_no_further_than_it_can() {
    let reaches = |statement: &str| {
        let text = format!(
            "CREATE TABLE t (a int); CREATE TABLE u (a int);
             DO $$ DECLARE x text := current_setting('a.b', true); y text := x; BEGIN {statement} END $$;"
        );
        let outcome = run(&text);
        outcome
            .gaps
            .iter()
            .map(|g| g.reach.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(reaches("EXECUTE 'GRANT SELECT ON t TO ' || x;"), [""; 0]);
    assert_eq!(reaches("EXECUTE format('ANALYZE %I', x);"), [""; 0]);
    assert_eq!(
        reaches("EXECUTE format('ALTER TABLE t ADD COLUMN %I int', x);"),
        ["public.t: what else of columns"]
    );
    assert_eq!(
        reaches("EXECUTE format('CREATE INDEX ON t (%I)', x);"),
        ["public.t: indexes"]
    );
    assert_eq!(
        reaches("EXECUTE format('ALTER TABLE %I ADD a int', x);"),
        ["public.t: what else of columns", "public.u: what else of columns"]
    );
    assert_eq!(reaches("EXECUTE x;"), ["everything"]);
    // What a known name begins with names no other table.
    assert_eq!(
        reaches("EXECUTE format('ALTER TABLE t_%I SET SCHEMA s', x);"),
        ["what else schema public holds"]
    );
    assert_eq!(
        reaches("CREATE TABLE t_1 (b int); EXECUTE format('ALTER TABLE t_%I SET SCHEMA s', x);"),
        ["public.t_1", "what else schema public holds"]
    );
    // A column comes to a table that is there.
    assert_eq!(
        reaches("EXECUTE format('ALTER TABLE t_%I ADD a int', x);"),
        ["rows only"]
    );
    // One that counts brings a sequence.
    for counting in ["serial", "int GENERATED ALWAYS AS IDENTITY"] {
        assert_eq!(
            reaches(&format!("EXECUTE format('ALTER TABLE %I ADD a {counting}', x);")),
            ["public.t", "public.u", "schema public"]
        );
    }
    assert_eq!(
        reaches("CREATE TABLE t_1 (b int); EXECUTE format('ALTER TABLE t_%I ADD a int', x);"),
        ["public.t_1: what else of columns"]
    );
    // A date in digits is a part of a name.
    let day = |statement: &str| {
        reaches(&format!(
            "x := lower(format('T_%s', to_char(now(), 'YYYYMMDD'))); {statement}"
        ))
    };
    let others = ["what else schema public holds"];
    assert_eq!(
        day("CREATE INDEX t_a_idx ON t (a); EXECUTE format('ALTER TABLE %I SET (fillfactor = %s)', x, y);"),
        [""; 0]
    );
    assert_eq!(day("EXECUTE format('CREATE TABLE %s (LIKE t)', x);"), others);
    assert_eq!(
        day("EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', x);"),
        [""; 0]
    );
    assert_eq!(
        day("EXECUTE format('ALTER TABLE t ATTACH PARTITION %s FOR VALUES FROM (1) TO (2)', x);"),
        others
    );
    assert_eq!(day("EXECUTE format('DROP SEQUENCE IF EXISTS %s', x);"), others);
    assert_eq!(
        reaches("EXECUTE 'DROP TABLE t_' || to_char(now(), 'Month');"),
        ["public.t", "public.u", "schema public"]
    );
}

/// What a statement says an unknown name is the name of, nothing else can be touched by.
#[test]
fn an_unknown_name_of_a_known_kind_reaches_objects_of_that_kind() {
    let reaches = |statement: &str| {
        let text = format!(
            "CREATE TABLE t (a int); CREATE SCHEMA other; CREATE TABLE other.u (a int);
             CREATE SEQUENCE s; CREATE SEQUENCE other.s;
             DO $$ DECLARE x text := current_setting('a.b', true); BEGIN {statement} END $$;"
        );
        let outcome = run(&text);
        assert_eq!(codes(&outcome), [""; 0]);
        let mut reaches: Vec<_> = outcome.gaps.iter().map(|g| g.reach.to_string()).collect();
        reaches.sort();
        reaches
    };
    assert_eq!(
        reaches("EXECUTE format('DROP INDEX %I', x);"),
        ["public.t: indexes"]
    );
    assert_eq!(
        reaches("EXECUTE format('DROP INDEX other.%I', x);"),
        ["other.u: indexes"]
    );
    assert_eq!(
        reaches("EXECUTE 'DROP INDEX ' || x;"),
        ["other.u: indexes", "public.t: indexes"]
    );
    assert_eq!(
        reaches("EXECUTE 'ALTER INDEX ' || x || ' RENAME TO y';"),
        [
            "other.u: indexes",
            "other.u: primary_key",
            "other.u: unique",
            "public.t: indexes",
            "public.t: primary_key",
            "public.t: unique",
            "what else schema other holds",
            "what else schema public holds"
        ]
    );
    assert_eq!(
        reaches("EXECUTE format('DROP SEQUENCE %I', x);"),
        ["public.s", "what else schema public holds"]
    );
    assert_eq!(
        reaches("EXECUTE 'ALTER SEQUENCE ' || x || ' RENAME TO y';"),
        [
            "other.s",
            "public.s",
            "what else schema other holds",
            "what else schema public holds"
        ]
    );
    assert_eq!(reaches("EXECUTE 'DROP TABLE ' || x;"), ["everything"]);
}

/// Names that may have been given to others may be made and dropped, whatever was there.
#[test]
fn what_may_have_been_renamed_or_dropped_is_no_misstep() {
    let given = "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE); CREATE INDEX i ON t (a); CREATE SEQUENCE s;
         DO $$ DECLARE x text := current_setting('a.b', true); BEGIN
            EXECUTE 'ALTER INDEX ' || x || ' RENAME TO ' || x; EXECUTE 'ALTER SEQUENCE ' || x || ' RENAME TO ' || x;
         END $$;";
    let outcome = run(&format!(
        "{given} CREATE INDEX i ON t (b); CREATE SEQUENCE s; DROP INDEX j; DROP SEQUENCE q; CREATE INDEX t_pkey ON t (b);
         ALTER TABLE t DROP CONSTRAINT k;"
    ));
    assert_eq!(codes(&outcome), [""; 0]);
    assert!(outcome.schema.live_tables()[0].get().presence.is_present());
}

/// A function is made whatever its body says; what is called of it may do anything.
#[test]
fn a_function_whose_body_is_not_known_is_there() {
    let text = "DO $$ DECLARE x text := current_setting('a.b', true); BEGIN
        EXECUTE 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''SELECT ' || x || '''';
        EXECUTE 'CREATE FUNCTION ' || x || '() RETURNS int LANGUAGE sql AS ''SELECT 1''';
        END $$;";
    let outcome = run(text);
    let functions: Vec<_> = outcome.schema.functions.iter().collect();
    let [(_, function)] = functions.as_slice() else {
        panic!("{functions:?}");
    };
    assert!(function.presence.is_present() && function.body.is_none());
    assert!(outcome.gaps.is_empty(), "{:?}", outcome.gaps);
    let called = run(&format!("{text} SELECT f();"));
    assert_eq!(called.gaps[0].reach, Reach::Everything);
    assert!(called.gaps[0].why.contains("the body of f() is not known"));
}

#[test]
fn a_failure_in_execute_stands_at_its_text() {
    let text = "CREATE TABLE t (a int);\nDO $$ BEGIN EXECUTE 'ALTER TABLE t ADD COLUMN a ' || 'int'; END $$;";
    let outcome = run(text);
    assert_eq!(codes(&outcome), ["42701"]);
    let span = outcome.missteps[0].failure.span;
    assert!(
        text[span.range()].contains('a') && span.start as usize > text.find("ALTER").unwrap_or(0),
        "{:?}",
        &text[span.range()]
    );
}

/// What a function makes of DDL is followed in work on rows too; one that only computes need not run, however long it takes.
#[test]
fn functions_that_reach_rows_alone_do_not_run_in_work_on_rows() {
    let function = |body: &str| {
        format!(
            "CREATE TABLE t (a text);\n\
             CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN {body} RETURN 'x'; END $$;\n\
             UPDATE t SET a = f(); INSERT INTO t SELECT f();\nCREATE TABLE after_it (id int);"
        )
    };
    let outcome = run(&function("FOR i IN 1..1000000000 LOOP NULL; END LOOP;"));
    assert!(outcome.gaps.is_empty(), "{:?}", outcome.gaps);
    assert_eq!(tables(&outcome), ["after_it", "t"]);
    let outcome = run(&function("CREATE TABLE IF NOT EXISTS made (id int);"));
    assert!(
        tables(&outcome).iter().any(|t| t == "made"),
        "{:?}",
        tables(&outcome)
    );
}

#[test]
fn a_column_that_may_have_been_there_is_not_the_one_that_is_added() {
    let outcome = run(
        "CREATE INDEX j ON old (b); DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'old' AND column_name = 'a') THEN ALTER TABLE old ADD COLUMN a text; END IF; END $$; CREATE INDEX i ON old (a);",
    );
    let table = outcome.schema.tables.iter().next().map(|(_, table)| table);
    let column = table.and_then(|table| table.columns.iter().find(|c| c.name.as_str() == "a"));
    assert!(column.is_some_and(|c| c.ty.known().is_none() && c.nullable.known().is_none()));
}

#[test]
fn a_question_after_something_unknown_is_still_about_what_it_names() {
    let tables: String = (0..150)
        .map(|i| format!("CREATE TABLE t{i} (id int PRIMARY KEY, p int REFERENCES t0);\n"))
        .collect();
    let outcome = run(&format!(
        "{tables}
        DO $$ BEGIN EXECUTE current_setting('a.b', true); END $$;
        DO $$ DECLARE c text; BEGIN
            FOR c IN SELECT con.conname FROM pg_constraint con
                JOIN pg_class rel ON rel.oid = con.conrelid
                JOIN pg_attribute att ON att.attrelid = rel.oid AND att.attnum = ANY (con.conkey)
                WHERE rel.relname = 't7' AND con.contype = 'f' AND att.attname = 'p'
            LOOP
                EXECUTE format('ALTER TABLE t7 DROP CONSTRAINT %I', c);
            END LOOP;
        END $$;"
    ));
    assert_eq!(codes(&outcome), [""; 0]);
    let everything = outcome.gaps.iter().filter(|g| g.reach == Reach::Everything);
    assert_eq!(everything.count(), 1, "{:?}", outcome.gaps);
    assert!(
        outcome.gaps.iter().all(|g| !g.why.contains("more rows")),
        "{:?}",
        outcome.gaps
    );
}
