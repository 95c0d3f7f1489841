//! What Oban's versioned migrations make, by version.
//!
//! Source: `Oban.Migrations` and its modules V1 to V9 (Oban 1.0 to 2.3; lib/oban/migrations.ex), V01 to V14 (Oban 2.4 to 2.23;
//! lib/oban/migrations/). The version that has run stands in the comment of the table `oban_jobs`.

use super::command::{Command, Word};
use super::library::{Elixir, here};
use super::lock::Version;
use super::queue::Queued;
use super::repo;
use super::structs::Given;
use crate::interpret::elixir::{Called, Run, Value};
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::schema::Lookup;
use crate::source::Span;

/// `Oban.Migrations.up(options)` and `down`: the question which version has run is asked at once, what is done for the others waits.
pub fn call<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    let at = called.span;
    let back = called.name == "down";
    if machine.modules().may_have("Oban.Migrations") || !(back || called.name == "up") {
        return None;
    }
    let options = Given::of(called.args.first());
    let prefix = match options.get("prefix") {
        None => "public".to_owned(),
        Some(prefix) => match prefix.as_str().or_else(|| prefix.as_atom()) {
            Some(prefix) => prefix.to_owned(),
            None => {
                let why = "Oban's migrations: into which schema cannot be told";
                let gap = Gap::new(at, why, Reach::Everything);
                machine.library.queue.push(Queued::Unknown(gap));
                return Some(Ok(Value::atom("ok")));
            }
        },
    };
    let release = machine.library.project.oban;
    let Some((release, newest)) = release.and_then(|release| Some((release, latest(release)?))) else {
        return Some(unknown(
            machine,
            &prefix,
            at,
            "which version of Oban is locked cannot be told",
        ));
    };
    let wanted = match options.get("version") {
        None if back => 1,
        None => newest,
        Some(version) => match version
            .as_integer()
            .and_then(|version| u32::try_from(version).ok())
        {
            Some(version) => version,
            None => {
                return Some(unknown(
                    machine,
                    &prefix,
                    at,
                    "up to which version cannot be told",
                ));
            }
        },
    };
    let flag = |key: &str, default: bool| match options.get(key).and_then(Value::as_atom) {
        Some(word) => word != "false",
        None => default,
    };
    let (unlogged, create_schema) = (flag("unlogged", true), flag("create_schema", prefix != "public"));
    let before = match migrated(machine, &prefix, at) {
        Ok(Some(before)) => before,
        Ok(None) => {
            return Some(unknown(
                machine,
                &prefix,
                at,
                "which version has run cannot be told",
            ));
        }
        Err(stop) => return Some(Err(stop)),
    };
    let mut list = Vec::new();
    if back {
        if release < Version(2, 4, 0) {
            let why = "what taking them back does is not followed before 2.4";
            return Some(unknown(machine, &prefix, at, why));
        }
        for version in (wanted..=before.clamp(1, newest)).rev() {
            list.extend(steps_back(version, release, &prefix));
        }
        if wanted > 1 && wanted <= before {
            list.push(record(&prefix, wanted - 1));
        }
    } else if before < wanted {
        for version in before + 1..=wanted.min(newest) {
            list.extend(steps(version, release, &prefix, unlogged, create_schema));
        }
        list.push(record(&prefix, wanted));
    }
    let calls = here(machine);
    for step in list {
        let command = Box::new(Command::Library(Word::new(&step, at)));
        machine
            .library
            .queue
            .push(Queued::Command(command, calls.clone()));
    }
    Some(Ok(Value::atom("ok")))
}

/// The version that has run.
fn migrated(machine: &mut Elixir<'_>, prefix: &str, at: Span) -> Run<Option<u32>> {
    let rows = repo::run(machine, &Value::text(&question(prefix), at), None, at)?;
    if rows.open.is_some() || rows.unsure().is_some() {
        // The table that is asked for is one: where it is there, what else may be is another.
        let name = QualifiedName::in_schema(Name::new(prefix), Name::new("oban_jobs"));
        let schema = machine.library.session.database().schema();
        return Ok(match schema.table_named(&name) {
            Lookup::Found(table) if table.is_certain() && table.get().presumed.is_none() => {
                let comment = table.get().comment.as_ref();
                let comment = comment.filter(|_| table.get().open.is_empty());
                comment.and_then(|comment| comment.parse().ok())
            }
            _ => None,
        });
    }
    Ok(match rows.rows.first().and_then(|row| row.values.first()) {
        None | Some(crate::session::Datum::Null) => Some(0),
        Some(crate::session::Datum::Text(text)) => text.as_str().parse().ok(),
        Some(_) => None,
    })
}

/// What of Oban's in a schema is not known: its tables, and which there are.
fn unknown(machine: &mut Elixir<'_>, prefix: &str, at: Span, why: &str) -> Run<Value> {
    let why = format!("Oban's migrations: {why}");
    for reach in reaches(prefix) {
        let gap = Gap::new(at, why.clone(), reach);
        machine.library.queue.push(Queued::Unknown(gap));
    }
    Ok(Value::atom("ok"))
}

/// How far reaches what Oban and what extends it do in a schema.
#[must_use]
pub fn reaches(prefix: &str) -> [Reach; 4] {
    [
        Reach::Object(format!("{prefix}.oban_job_state")),
        Reach::Object(format!("{prefix}.oban_jobs")),
        Reach::Object(format!("{prefix}.oban_peers")),
        Reach::Others(prefix.to_owned()),
    ]
}

/// The newest version of the migrations that a release of Oban has, where it is followed.
#[must_use]
pub fn latest(release: Version) -> Option<u32> {
    const SINCE: &[(Version, u32)] = &[
        (Version(2, 21, 0), 14),
        (Version(2, 20, 0), 13),
        (Version(2, 17, 0), 12),
        (Version(2, 11, 0), 11),
        (Version(2, 4, 0), 10),
        (Version(2, 3, 0), 9),
        (Version(1, 0, 0), 8),
    ];
    SINCE
        .iter()
        .find(|(since, _)| release >= *since)
        .map(|(_, version)| *version)
}

/// Where the prefix stands in a statement: as an identifier, and within a string.
const QUOTED: &str = "{q}";
const ESCAPED: &str = "{e}";

/// The statements of one version.
///
/// `release`: some versions are written otherwise in later releases.
#[must_use]
pub fn steps(
    version: u32,
    release: Version,
    prefix: &str,
    unlogged: bool,
    create_schema: bool,
) -> Vec<String> {
    let mut out: Vec<&str> = Vec::new();
    match version {
        1 => {
            if create_schema {
                out.push("CREATE SCHEMA IF NOT EXISTS {q}");
            }
            out.push(if release >= Version(2, 21, 0) {
                STATES_OF_2_21
            } else {
                STATES
            });
            out.extend_from_slice(JOBS);
            out.extend_from_slice(NOTIFY_OF_INSERT_AND_UPDATE);
        }
        2 => out.extend_from_slice(V02),
        3 => {
            out.push("ALTER TABLE {q}.oban_jobs ADD COLUMN IF NOT EXISTS attempted_by text[]");
            if release < Version(2, 6, 0) {
                out.extend_from_slice(BEATS);
            }
        }
        4 => out.push("DROP FUNCTION IF EXISTS {q}.oban_wrap_id(value bigint)"),
        5 => out.extend_from_slice(V05),
        6 if release < Version(2, 6, 0) => {
            out.push("ALTER TABLE {q}.oban_beats ALTER COLUMN running TYPE bigint[]");
        }
        7 => out.push(
            "CREATE INDEX IF NOT EXISTS oban_jobs_attempted_at_id_index ON {q}.oban_jobs (attempted_at desc, id) \
             WHERE state in ('completed', 'discarded')",
        ),
        8 => {
            out.extend_from_slice(if release >= Version(2, 19, 0) {
                TAGS_AS_TEXT
            } else {
                TAGS
            });
            out.push("DROP INDEX IF EXISTS {q}.oban_jobs_queue_state_scheduled_at_id_index");
            out.push(staged(release));
            out.extend_from_slice(NOTIFY_OF_INSERT);
        }
        9 => {
            out.push(
                "ALTER TABLE {q}.oban_jobs ADD COLUMN IF NOT EXISTS meta jsonb DEFAULT '{}', \
                 ADD COLUMN IF NOT EXISTS cancelled_at timestamp",
            );
            if release < Version(2, 4, 0) {
                out.extend_from_slice(STATES_ANEW);
            } else {
                out.push("ALTER TYPE {q}.oban_job_state ADD VALUE IF NOT EXISTS 'cancelled'");
                out.push(staged(release));
            }
        }
        10 => out.extend_from_slice(V10),
        11 => {
            out.push(
                "CREATE TABLE IF NOT EXISTS {q}.oban_peers (name text NOT NULL, node text NOT NULL, \
                 started_at timestamp NOT NULL, expires_at timestamp NOT NULL, PRIMARY KEY (name))",
            );
            if unlogged {
                out.push("ALTER TABLE {q}.oban_peers SET UNLOGGED");
            }
        }
        12 => out.extend_from_slice(V12),
        13 => out.extend_from_slice(V13),
        14 => out.push("ALTER TYPE {q}.oban_job_state ADD VALUE IF NOT EXISTS 'suspended' BEFORE 'scheduled'"),
        _ => {}
    }
    out.into_iter().map(|step| filled(step, prefix)).collect()
}

/// The statements that take one version back (`down` of the modules V01 to V14, Oban 2.4 to 2.23).
#[must_use]
pub fn steps_back(version: u32, release: Version, prefix: &str) -> Vec<String> {
    let out: Vec<&str> = match version {
        1 => BACK_TO_NOTHING.to_vec(),
        2 => BACK_TO_1.to_vec(),
        3 => match release < Version(2, 6, 0) {
            true => vec![NO_ATTEMPTED_BY, "DROP TABLE IF EXISTS {q}.oban_beats"],
            false => vec![NO_ATTEMPTED_BY],
        },
        4 => vec![WRAP_ID],
        5 => BACK_TO_4.to_vec(),
        6 if release < Version(2, 6, 0) => {
            vec!["ALTER TABLE {q}.oban_beats ALTER COLUMN running TYPE integer[]"]
        }
        7 => vec!["DROP INDEX IF EXISTS {q}.oban_jobs_attempted_at_id_index"],
        8 => [BACK_TO_7, NOTIFY_OF_INSERT_AND_UPDATE].concat(),
        9 => vec!["ALTER TABLE {q}.oban_jobs DROP COLUMN IF EXISTS meta, DROP COLUMN IF EXISTS cancelled_at"],
        10 => BACK_TO_9.to_vec(),
        11 => vec!["DROP TABLE {q}.oban_peers"],
        12 => [BACK_TO_11, NOTIFY_OF_INSERT].concat(),
        13 => vec![
            "DROP INDEX IF EXISTS {q}.oban_jobs_state_discarded_at_index",
            "DROP INDEX IF EXISTS {q}.oban_jobs_state_cancelled_at_index",
        ],
        _ => Vec::new(),
    };
    out.into_iter().map(|step| filled(step, prefix)).collect()
}

/// The index over which jobs are staged.
fn staged(release: Version) -> &'static str {
    if release >= Version(2, 11, 0) {
        "CREATE INDEX IF NOT EXISTS oban_jobs_state_queue_priority_scheduled_at_id_index ON {q}.oban_jobs \
         (state, queue, priority, scheduled_at, id)"
    } else {
        "CREATE INDEX IF NOT EXISTS oban_jobs_queue_state_priority_scheduled_at_id_index ON {q}.oban_jobs \
         (queue, state, priority, scheduled_at, id)"
    }
}

/// What is written once the versions have run.
#[must_use]
pub fn record(prefix: &str, version: u32) -> String {
    filled("COMMENT ON TABLE {q}.oban_jobs IS '", prefix) + &format!("{version}'")
}

/// The question for the version that has run.
#[must_use]
pub fn question(prefix: &str) -> String {
    filled(
        "SELECT pg_catalog.obj_description(pg_class.oid, 'pg_class') FROM pg_class \
         LEFT JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace \
         WHERE pg_class.relname = 'oban_jobs' AND pg_namespace.nspname = '{e}'",
        prefix,
    )
}

fn filled(step: &str, prefix: &str) -> String {
    let quoted = format!("\"{}\"", prefix.replace('"', "\"\""));
    step.replace(QUOTED, &quoted)
        .replace(ESCAPED, &prefix.replace('\'', "''"))
}

const STATES: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'oban_job_state' \
     AND typnamespace = '{e}'::regnamespace::oid) THEN CREATE TYPE {q}.oban_job_state AS ENUM \
     ('available', 'scheduled', 'executing', 'retryable', 'completed', 'discarded'); END IF; END $$";

const STATES_OF_2_21: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'oban_job_state' \
     AND typnamespace = '{e}'::regnamespace::oid) THEN CREATE TYPE {q}.oban_job_state AS ENUM \
     ('available', 'suspended', 'scheduled', 'executing', 'retryable', 'completed', 'discarded', 'cancelled'); \
     END IF; END $$";

const JOBS: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS {q}.oban_jobs (id bigserial, state {q}.oban_job_state DEFAULT 'available' NOT NULL, \
     queue text DEFAULT 'default' NOT NULL, worker text NOT NULL, args jsonb NOT NULL, \
     errors jsonb[] DEFAULT ARRAY[]::jsonb[] NOT NULL, attempt integer DEFAULT 0 NOT NULL, \
     max_attempts integer DEFAULT 20 NOT NULL, inserted_at timestamp DEFAULT timezone('UTC', now()) NOT NULL, \
     scheduled_at timestamp DEFAULT timezone('UTC', now()) NOT NULL, attempted_at timestamp, completed_at timestamp, \
     PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS oban_jobs_queue_index ON {q}.oban_jobs (queue)",
    "CREATE INDEX IF NOT EXISTS oban_jobs_state_index ON {q}.oban_jobs (state)",
    "CREATE INDEX IF NOT EXISTS oban_jobs_scheduled_at_index ON {q}.oban_jobs (scheduled_at)",
];

const NOTIFY_OF_INSERT_AND_UPDATE: &[&str] = &[
    "CREATE OR REPLACE FUNCTION {q}.oban_jobs_notify() RETURNS trigger AS $$ BEGIN \
     IF TG_OP = 'UPDATE' THEN \
     PERFORM pg_notify('{e}.oban_update', json_build_object('queue', NEW.queue, 'new_state', NEW.state, 'old_state', OLD.state)::text); \
     ELSIF NEW.scheduled_at IS NULL OR NEW.scheduled_at <= now() AT TIME ZONE 'utc' THEN \
     PERFORM pg_notify('{e}.oban_insert', json_build_object('queue', NEW.queue, 'state', NEW.state)::text); \
     END IF; RETURN NULL; END; $$ LANGUAGE plpgsql",
    "DROP TRIGGER IF EXISTS oban_notify ON {q}.oban_jobs",
    "CREATE TRIGGER oban_notify AFTER INSERT OR UPDATE OF state ON {q}.oban_jobs \
     FOR EACH ROW EXECUTE PROCEDURE {q}.oban_jobs_notify()",
];

const NOTIFY_OF_INSERT: &[&str] = &[
    "CREATE OR REPLACE FUNCTION {q}.oban_jobs_notify() RETURNS trigger AS $$ BEGIN \
     IF NEW.state = 'available' THEN \
     PERFORM pg_notify('{e}.oban_insert', json_build_object('queue', NEW.queue)::text); \
     END IF; RETURN NULL; END; $$ LANGUAGE plpgsql",
    "DROP TRIGGER IF EXISTS oban_notify ON {q}.oban_jobs",
    "CREATE TRIGGER oban_notify AFTER INSERT ON {q}.oban_jobs \
     FOR EACH ROW EXECUTE PROCEDURE {q}.oban_jobs_notify()",
];

const WRAP_ID: &str = "CREATE OR REPLACE FUNCTION {q}.oban_wrap_id(value bigint) RETURNS int AS $$ BEGIN \
     IF value > 2147483647 THEN RETURN mod(value, 2147483647)::int; END IF; RETURN value::int; \
     END; $$ LANGUAGE plpgsql IMMUTABLE";

const V02: &[&str] = &[
    "DROP INDEX IF EXISTS {q}.oban_jobs_scheduled_at_index",
    "CREATE INDEX oban_jobs_scheduled_at_index ON {q}.oban_jobs (scheduled_at) \
     WHERE state in ('available'::{q}.oban_job_state, 'scheduled'::{q}.oban_job_state)",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT worker_length CHECK (char_length(worker) > 0 AND char_length(worker) < 128)",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT queue_length CHECK (char_length(queue) > 0 AND char_length(queue) < 128)",
    WRAP_ID,
];

const V05: &[&str] = &[
    "DROP INDEX IF EXISTS {q}.oban_jobs_scheduled_at_index",
    "DROP INDEX IF EXISTS {q}.oban_jobs_queue_index",
    "DROP INDEX IF EXISTS {q}.oban_jobs_state_index",
    "CREATE INDEX IF NOT EXISTS oban_jobs_queue_state_scheduled_at_id_index ON {q}.oban_jobs (queue, state, scheduled_at, id)",
];

const BEATS: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS {q}.oban_beats (node text NOT NULL, queue text NOT NULL, nonce text NOT NULL, \
     \"limit\" integer NOT NULL, paused boolean DEFAULT false NOT NULL, running integer[] DEFAULT ARRAY[]::integer[] NOT NULL, \
     inserted_at timestamp DEFAULT timezone('UTC', now()) NOT NULL, started_at timestamp NOT NULL)",
    "CREATE INDEX IF NOT EXISTS oban_beats_inserted_at_index ON {q}.oban_beats (inserted_at)",
];

const STATES_ANEW: &[&str] = &[
    "ALTER TYPE {q}.oban_job_state RENAME TO _oban_job_state",
    "CREATE TYPE {q}.oban_job_state AS ENUM \
     ('available', 'scheduled', 'executing', 'retryable', 'completed', 'discarded', 'cancelled')",
    "ALTER TABLE {q}.oban_jobs RENAME COLUMN state TO _state",
    "ALTER TABLE {q}.oban_jobs ADD state {q}.oban_job_state NOT NULL DEFAULT 'available'",
    "UPDATE {q}.oban_jobs SET state = _state::text::{q}.oban_job_state",
    "ALTER TABLE {q}.oban_jobs DROP COLUMN _state",
    "DROP TYPE {q}._oban_job_state",
];

const TAGS: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs ADD COLUMN IF NOT EXISTS discarded_at timestamp, \
     ADD COLUMN IF NOT EXISTS priority integer, ADD COLUMN IF NOT EXISTS tags varchar(255)[]",
    "ALTER TABLE {q}.oban_jobs ALTER COLUMN priority TYPE integer, ALTER COLUMN priority SET DEFAULT 0, \
     ALTER COLUMN tags TYPE varchar(255)[], ALTER COLUMN tags SET DEFAULT ARRAY[]::varchar[]",
];

const TAGS_AS_TEXT: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs ADD COLUMN IF NOT EXISTS discarded_at timestamp, \
     ADD COLUMN IF NOT EXISTS priority integer, ADD COLUMN IF NOT EXISTS tags text[]",
    "ALTER TABLE {q}.oban_jobs ALTER COLUMN priority TYPE integer, ALTER COLUMN priority SET DEFAULT 0, \
     ALTER COLUMN tags TYPE text[], ALTER COLUMN tags SET DEFAULT ARRAY[]::text[]",
];

const V10: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs ALTER COLUMN args TYPE jsonb, ALTER COLUMN args SET DEFAULT '{}', \
     ALTER COLUMN priority TYPE integer, ALTER COLUMN priority SET NOT NULL",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT priority_range CHECK (priority between 0 and 3)",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT positive_max_attempts CHECK (max_attempts > 0)",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT attempt_range CHECK (attempt between 0 and max_attempts)",
    "DROP INDEX IF EXISTS {q}.oban_jobs_args_vector",
    "DROP INDEX IF EXISTS {q}.oban_jobs_worker_gist",
    "DROP INDEX IF EXISTS {q}.oban_jobs_attempted_at_id_index",
    "CREATE INDEX IF NOT EXISTS oban_jobs_args_index ON {q}.oban_jobs USING gin (args)",
    "CREATE INDEX IF NOT EXISTS oban_jobs_meta_index ON {q}.oban_jobs USING gin (meta)",
];

const V12: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT priority_range",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT non_negative_priority CHECK (priority >= 0) NOT VALID",
    "DROP TRIGGER IF EXISTS oban_notify ON {q}.oban_jobs",
    "DROP FUNCTION IF EXISTS {q}.oban_jobs_notify()",
];

const V13: &[&str] = &[
    "CREATE INDEX IF NOT EXISTS oban_jobs_state_cancelled_at_index ON {q}.oban_jobs (state, cancelled_at)",
    "CREATE INDEX IF NOT EXISTS oban_jobs_state_discarded_at_index ON {q}.oban_jobs (state, discarded_at)",
];

const BACK_TO_NOTHING: &[&str] = &[
    "DROP TRIGGER IF EXISTS oban_notify ON {q}.oban_jobs",
    "DROP FUNCTION IF EXISTS {q}.oban_jobs_notify()",
    "DROP TABLE IF EXISTS {q}.oban_jobs",
    "DROP TYPE IF EXISTS {q}.oban_job_state",
];

const BACK_TO_1: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT IF EXISTS queue_length",
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT IF EXISTS worker_length",
    "DROP INDEX IF EXISTS {q}.oban_jobs_scheduled_at_index",
    "CREATE INDEX oban_jobs_scheduled_at_index ON {q}.oban_jobs (scheduled_at)",
    "DROP FUNCTION IF EXISTS {q}.oban_wrap_id(value bigint)",
];

const NO_ATTEMPTED_BY: &str = "ALTER TABLE {q}.oban_jobs DROP COLUMN IF EXISTS attempted_by";

const BACK_TO_4: &[&str] = &[
    "DROP INDEX IF EXISTS {q}.oban_jobs_queue_state_scheduled_at_id_index",
    "CREATE INDEX IF NOT EXISTS oban_jobs_queue_index ON {q}.oban_jobs (queue)",
    "CREATE INDEX IF NOT EXISTS oban_jobs_state_index ON {q}.oban_jobs (state)",
    "CREATE INDEX oban_jobs_scheduled_at_index ON {q}.oban_jobs (scheduled_at) \
     WHERE state in ('available'::{q}.oban_job_state, 'scheduled'::{q}.oban_job_state)",
];

const BACK_TO_7: &[&str] = &[
    "DROP INDEX IF EXISTS {q}.oban_jobs_queue_state_priority_scheduled_at_id_index",
    "CREATE INDEX IF NOT EXISTS oban_jobs_queue_state_scheduled_at_id_index ON {q}.oban_jobs (queue, state, scheduled_at, id)",
    "ALTER TABLE {q}.oban_jobs DROP COLUMN IF EXISTS discarded_at, DROP COLUMN IF EXISTS priority, DROP COLUMN IF EXISTS tags",
];

const BACK_TO_9: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs ALTER COLUMN args TYPE jsonb, ALTER COLUMN args SET DEFAULT NULL, \
     ALTER COLUMN priority TYPE integer, ALTER COLUMN priority DROP NOT NULL",
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT IF EXISTS attempt_range",
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT IF EXISTS positive_max_attempts",
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT IF EXISTS priority_range",
];

const BACK_TO_11: &[&str] = &[
    "ALTER TABLE {q}.oban_jobs DROP CONSTRAINT non_negative_priority",
    "ALTER TABLE {q}.oban_jobs ADD CONSTRAINT priority_range CHECK (priority between 0 and 3) NOT VALID",
];
