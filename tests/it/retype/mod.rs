//! The stages that give a key another type, on a real server with rows in the tables, stopped and gone on with between any two: as SQL,
//! as revisions that Alembic itself runs, and as migrations that Ecto itself runs where it is at hand.

mod forms;
mod shapes;

use std::path::Path;
use std::process::Command;

use forms::{Form, Project};
use shapes::{Shape, children, composite, done, itself, kept, life, names, one, viewed};

use crate::postgres::{Connection, Server, server};

/// Names that the stages give on their way and take away at the end.
fn left_behind(connection: &mut Connection) -> String {
    one(
        connection,
        "SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid AND c.relkind = 'r' WHERE attname LIKE \
         '%\\_\\_%' AND NOT attisdropped AND attrelid >= 16384 UNION ALL SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT \
         tgisinternal UNION ALL SELECT oid, proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    )
}

/// The keys and indexes after all stages are those before, the columns have the new type, and nothing else is left.
fn ended(connection: &mut Connection, shape: &Shape, ty: &str, before: &str, what: &str) {
    let after = names(connection);
    let lost = if ty == "uuid" { "nodes_check" } else { "none" };
    let without = |text: &str| -> Vec<String> {
        let kept = text.lines().filter(|l| !l.contains(lost));
        kept.map(str::to_owned).collect()
    };
    assert_eq!(without(&after), without(before), "{what}");
    let (table, column) = shape.column.split_once('.').unwrap();
    let query = format!(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'"
    );
    assert_eq!(one(connection, &query), ty, "{what}");
    assert_eq!(left_behind(connection), "", "{what}");
}

/// No reference leads to another row than it was made for.
fn right(connection: &mut Connection, shape: &Shape, what: &str) {
    let wrong: Vec<_> = kept(connection, shape)
        .into_iter()
        .filter(|row| row.matches('|').count() == 4 && shape.name != "itself" && !row.ends_with("|0"))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?}");
}

/// What the migrations make, drafts and all, is what the server has.
fn replayed(server: &Server, project: &Project, database: &str, what: &str) {
    let Some(dump) = server.dump(database) else { return };
    std::fs::write(project.root.join("dump.sql"), dump).unwrap();
    let document = project.said(&["diff", "history", "dump.sql", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        document["differences"],
        serde_json::json!([]),
        "{what}: the replay of the drafts"
    );
    // What the server says of a view is asked of it while it runs.
    let views = what.starts_with("viewed");
    assert!(views || document["equal"] == true, "{what}: {document}");
}

/// Stage by stage, each twice, while rows come and go.
fn proved(server: &Server, shape: &Shape, ty: &str, form: &mut Form) {
    let what = format!("{} {ty} as {}", shape.name, form.word());
    let project = Project::drafted("moves", shape, ty, form);
    let name = format!("retype_{}_{}", shape.name, form.word());
    let mut connection = server.database(&name);
    form.begin(&project, server, &name, &mut connection);
    done(&mut connection, shape, &shape.rows);
    let before = (kept(&mut connection, shape), names(&mut connection));
    assert!(before.0.iter().all(|row| !row.ends_with("|0|0")), "{before:?}");
    for step in 1..=project.stages.len() {
        let now = if step == 5 { ty } else { "integer" };
        life(&mut connection, shape, step, now);
        let last = kept(&mut connection, shape);
        form.stage(&project, server, &name, &mut connection, step);
        assert_eq!(kept(&mut connection, shape), last, "{what}: stage {step}");
        // A stage that is run again does nothing.
        form.again(&project, server, &name, &mut connection, step);
        assert_eq!(kept(&mut connection, shape), last, "{what}: stage {step} again");
    }
    life(&mut connection, shape, 9, ty);
    right(&mut connection, shape, &what);
    ended(&mut connection, shape, ty, &before.1, &what);
    replayed(server, &project, &name, &what);
}

/// All stages in one go, as an installation that comes late runs them: in one transaction where the tool has one for all.
fn at_once(server: &Server, shape: &Shape, ty: &str, form: &mut Form) {
    let what = format!("{} {ty} as {} at once", shape.name, form.word());
    let project = Project::drafted("at-once", shape, ty, form);
    let name = format!("retype_{}_{}", shape.name, form.word());
    let mut connection = server.database(&name);
    form.begin(&project, server, &name, &mut connection);
    done(&mut connection, shape, &shape.rows);
    let before = (kept(&mut connection, shape), names(&mut connection));
    form.rest(&project, server, &name, &mut connection);
    assert_eq!(kept(&mut connection, shape), before.0, "{what}");
    life(&mut connection, shape, 9, ty);
    right(&mut connection, shape, &what);
    ended(&mut connection, shape, ty, &before.1, &what);
}

fn all_shapes(server: &Server, form: &mut Form) {
    for shape in [children(), itself(), composite(), viewed()] {
        for ty in ["bigint", "uuid"] {
            proved(server, &shape, ty, form);
        }
        at_once(server, &shape, "uuid", form);
    }
}

#[test]
fn keys_move_and_keep_every_row() {
    let Some(server) = server() else { return };
    all_shapes(server, &mut Form::Sql);
}

#[test]
fn alembic_moves_keys_and_keeps_every_row() {
    let Some(server) = server() else { return };
    let Some(mut form) = Form::alembic() else { return };
    all_shapes(server, &mut form);
}

#[test]
fn ecto_moves_keys_and_keeps_every_row() {
    let Some(server) = server() else { return };
    let Some(mut form) = Form::ecto(server) else {
        return;
    };
    all_shapes(server, &mut form);
}

/// Where the tools themselves are not at hand: the replay of their drafts makes what that of the SQL makes, which a server has judged.
#[test]
fn each_form_makes_the_same() {
    for shape in [children(), itself(), composite(), viewed()] {
        for ty in ["bigint", "uuid"] {
            let plain = Project::drafted("same", &shape, ty, &Form::Sql);
            let wanted = plain.said(&["schema", "--format", "json"]);
            for form in [Form::Alembic(None), Form::Ecto(None)] {
                let other = Project::drafted("same", &shape, ty, &form);
                let made = other.said(&["schema", "--format", "json"]);
                assert_eq!(
                    Project::tables(&made),
                    Project::tables(&wanted),
                    "{} {ty} as {}",
                    shape.name,
                    form.word()
                );
            }
        }
    }
}

/// A database that arrived on another way has the new type already: no stage does anything there.
#[test]
fn where_it_is_done_nothing_is_done() {
    let Some(server) = server() else { return };
    let shape = children();
    let project = Project::drafted("done", &shape, "bigint", &Form::Sql);
    let mut connection = server.database("retype_done");
    done(
        &mut connection,
        &shape,
        &shape
            .sql
            .replace("serial", "bigserial")
            .replace("user_id integer", "user_id bigint"),
    );
    let before = (connection.facts(), names(&mut connection));
    for step in 1..=project.stages.len() {
        done(&mut connection, &shape, &project.text(step));
    }
    assert_eq!((connection.facts(), names(&mut connection)), before);
}

/// What is left to people is said.
#[test]
fn what_cannot_be_drafted_is_said() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("retype-said");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("m")).unwrap();
    std::fs::write(
        root.join("m/1_init.sql"),
        "CREATE TABLE a (id int PRIMARY KEY, at timestamptz);\nCREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);\n\
         CREATE INDEX b_half ON b ((a_id / 2));\n",
    )
    .unwrap();
    let said = |column: &str, ty: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
            .args([
                "migration",
                "--retype",
                column,
                ty,
                "--migrations",
                "m",
                "--stdout",
            ])
            .current_dir(&root)
            .output()
            .unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    for (column, ty, words) in [
        ("a.nothing", "bigint", "there is no column a.nothing"),
        ("a.id", "int", "is integer already"),
        (
            "b.a_id",
            "bigint",
            "refers to public.a.id: begin with that column",
        ),
        ("a.id", "bigint", "is in an index whose expression"),
        ("a.at", "integer", "there is no cast"),
        ("a.id", "no such type(", "is no type"),
    ] {
        let (code, error) = said(column, ty);
        assert!(code == Some(2) && error.contains(words), "{column} {ty}: {error}");
    }
}
