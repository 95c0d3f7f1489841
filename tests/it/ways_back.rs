//! A real server judges what is told of ways back: each migration of the cases in `tests/ways-back/*.md`, and of those in the rules'
//! pages, goes up on what the ones before it made, down, and up again on the server, and what came of it is held against what
//! `schemalign inventory migrations` says. Few may be unknown, none wrong.
//!
//! The files are cut and sent here as their runners' manuals say, not by what the program itself knows of runners.

use std::collections::BTreeMap;

use schemalign::source::Files;

use crate::harness::{Case, Document, documents};
use crate::postgres::{Connection, Server, server};

type Facts = BTreeMap<String, String>;

/// A migration: its file, the way there, the way back.
struct Migration {
    file: String,
    up: String,
    down: Option<String>,
}

/// The migrations of a case in the order of their files, where they are of a runner that goes back.
fn migrations(case: &Case) -> Vec<Migration> {
    let text = |path: &str| {
        case.files
            .iter()
            .find(|f| f.path == path)
            .map(crate::harness::CaseFile::text)
    };
    let mut out: Vec<Migration> = Vec::new();
    for file in case.files.iter().filter(|f| f.path.ends_with(".sql")) {
        let whole = file.text();
        let parts = |mark: &str| {
            let (up, down) = whole.split_once(mark)?;
            Some((up.to_owned(), Some(down.to_owned())))
        };
        let ups = ["-- migrate:up", "-- +goose Up", "-- +migrate Up"];
        let marked = ups.iter().any(|up| whole.contains(up));
        let (up, down) = match file.path.strip_suffix(".up.sql") {
            Some(name) => (whole.clone(), text(&format!("{name}.down.sql"))),
            None if file.path.ends_with("/up.sql") => {
                (whole.clone(), text(&file.path.replace("/up.sql", "/down.sql")))
            }
            None if marked => {
                let downs = ["-- migrate:down", "-- +goose Down", "-- +migrate Down"];
                let both = downs.iter().find_map(|down| parts(down));
                both.unwrap_or_else(|| (whole.clone(), None))
            }
            None => continue,
        };
        out.push(Migration {
            file: file.path.clone(),
            up,
            down,
        });
    }
    out.sort_by_key(|m| {
        let name = m.file.trim_end_matches("/up.sql").rsplit('/').next();
        name.and_then(|n| n.split(['_', '-']).next()?.parse::<u64>().ok())
    });
    out
}

/// Runs a migration in a transaction; the SQLSTATE with which it fails.
fn send(connection: &mut Connection, text: &str) -> Option<String> {
    connection.run("BEGIN");
    let error = connection.error(text);
    connection.run(if error.is_some() { "ROLLBACK" } else { "COMMIT" });
    error
}

/// What a database holds, but for the order of columns and comments, which a way back need not bring back.
fn held(connection: &mut Connection) -> Facts {
    const FUNCTIONS: &str = "SELECT coalesce(json_object_agg(p.oid::regprocedure, regexp_replace(p.prosrc, '\\s+', ' ', 'g')), '{}') \
         FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace \
         AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')";
    let facts = connection.facts().into_iter();
    let facts = facts.filter(|(key, _)| !key.ends_with(" comment"));
    let place = |key: &str| key.starts_with("column ") && key.matches(' ').count() == 1;
    let mut facts: Facts = facts
        .map(|(key, value)| match place(&key) {
            true => (key, String::new()),
            false => (key, value),
        })
        .collect();
    let functions = connection.facts_of(FUNCTIONS).into_iter();
    facts.extend(functions.map(|(name, body)| (format!("function {name}"), body)));
    facts
}

/// What comes of the way back of the last of some migrations.
fn came_of(server: &Server, all: &[Migration]) -> Result<String, String> {
    let (last, before) = all.split_last().ok_or("there is none")?;
    let mut connection = server.database("ways_back");
    for migration in before {
        if let Some(error) = send(&mut connection, &migration.up) {
            return Err(format!("{} fails with {error}", migration.file));
        }
    }
    let first = held(&mut connection);
    if let Some(error) = send(&mut connection, &last.up) {
        return Err(format!("{} fails with {error}", last.file));
    }
    let between = held(&mut connection);
    let Some(down) = &last.down else {
        return Ok("false".to_owned());
    };
    if let Some(error) = send(&mut connection, down) {
        return Ok(format!("fails {error}"));
    }
    let after = held(&mut connection);
    Ok(match () {
        () if after == first && first == between => "rows alone".to_owned(),
        () if after == first => {
            if let Some(error) = send(&mut connection, &last.up) {
                return Err(format!("{} fails with {error} when it is run again", last.file));
            }
            match held(&mut connection) == between {
                true => "true".to_owned(),
                false => return Err(format!("{} makes something else when it is run again", last.file)),
            }
        }
        () if after == between => "false".to_owned(),
        () => "in part".to_owned(),
    })
}

/// What the inventory says of each migration, by file.
fn told(case: &Case) -> BTreeMap<String, String> {
    let files = Files::in_memory(case.files.iter().map(|f| (f.path.clone(), f.text())));
    let document = crate::inventory::document(&files, "migrations");
    let rows = document["migrations"].as_array().into_iter().flatten();
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.map(|row| (word(&row["file"][0]["file"]), word(&row["reversible"])))
        .collect()
}

#[test]
fn ways_back_are_judged() {
    let Some(server) = server() else { return };
    let (mut wrong, mut judged, mut unknown) = (Vec::new(), 0, 0);
    for folder in ["tests/ways-back", "rules"] {
        for (name, path) in documents(folder) {
            for case in &Document::open(&path).cases {
                let all = migrations(case);
                let says = told(case);
                for count in 1..=all.len() {
                    let file = &all[count - 1].file;
                    let (Some(mine), Ok(theirs)) = (says.get(file), came_of(server, &all[..count])) else {
                        if folder != "rules" {
                            let theirs = came_of(server, &all[..count]);
                            wrong.push(format!("{name} {:?} {file}: {theirs:?}", case.heading));
                        }
                        continue;
                    };
                    judged += 1;
                    match (mine.as_str(), theirs.as_str()) {
                        (mine, _) if mine.contains("unknown") => unknown += 1,
                        // What becomes of rows is told by the text of a way back.
                        (_, "rows alone") => {}
                        (mine, theirs) if mine == theirs => {}
                        (mine, theirs) => wrong.push(format!(
                            "{name} {:?} {file}: the server's is {theirs:?}, ours {mine:?}",
                            case.heading
                        )),
                    }
                }
            }
        }
    }
    println!("{judged} ways back judged, {unknown} unknown");
    assert!(judged > 30, "{judged}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unknown <= 2, "{unknown} are unknown");
}
