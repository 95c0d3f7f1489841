//! `schemalign inventory`: rows that were counted by hand.

use schemalign::check::{self, Sides};
use schemalign::config::{Downs, Options};
use schemalign::report::inventory::{csv, json, markdown, text};
use schemalign::source::Files;
use schemalign::{discover, inventory};
use serde_json::Value;

const SCHEMA: &str = r#"datasource db {
  provider = "postgresql"
}

model User {
  id    Int    @id
  email String
  posts Post[]

  @@map("users")
}

model Post {
  id       Int    @id
  authorId Int    @map("author_id")
  author   User   @relation(fields: [authorId], references: [id])
  editorId String @map("editor_id")

  @@map("posts")
}
"#;

const INIT: &str = r#"CREATE TABLE users (id integer NOT NULL, email varchar(50) NOT NULL, CONSTRAINT users_pkey PRIMARY KEY (id));
CREATE TABLE posts (id integer NOT NULL, author_id integer NOT NULL, CONSTRAINT posts_pkey PRIMARY KEY (id));
ALTER TABLE posts ADD CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE;
"#;

const SECOND: &str = r#"ALTER TABLE users ADD COLUMN uuid uuid DEFAULT gen_random_uuid();
ALTER TABLE posts ADD COLUMN editor_id text, ADD COLUMN author_uuid uuid;
ALTER TABLE users ALTER COLUMN email TYPE text, ALTER COLUMN id TYPE bigint;
CREATE INDEX posts_author_id_idx ON posts (author_id);
"#;

fn prisma() -> Files {
    Files::in_memory([
        ("prisma/schema.prisma", SCHEMA),
        ("prisma/migrations/1_init/migration.sql", INIT),
        ("prisma/migrations/2_more/migration.sql", SECOND),
        (
            "src/use.ts",
            "// prisma.post.findMany\nawait prisma.user.findMany({});\nawait tx.user.create({ data });\n",
        ),
    ])
}

fn list(files: &Files, kind: &str) -> inventory::Inventory {
    let of_migrations = kind == "migrations";
    let options = Options {
        downs: match of_migrations {
            true => Downs::Run,
            false => Downs::Left,
        },
        ..Options::default()
    };
    let sides = if of_migrations {
        Sides::Histories
    } else {
        Sides::Both
    };
    let runs = check::run(files, &options, sides).unwrap();
    let subjects = check::subjects(files, &runs);
    match kind {
        "keys" => inventory::keys::keys(&subjects),
        "tables" => inventory::tables::tables(&subjects),
        "migrations" => inventory::migrations::migrations(files, &subjects),
        _ => {
            let report = check::report(files, &options, &runs).unwrap();
            let left = discover::left_models(files, runs.runs.iter().map(|run| &run.target));
            inventory::models::models(files, &subjects, &report.findings, &left)
        }
    }
}

pub(crate) fn document(files: &Files, kind: &str) -> Value {
    json::document(&list(files, kind), files)
}

/// The rows of a sheet as text, a few of their cells each.
fn rows(document: &Value, sheet: &str, keys: &[&str]) -> Vec<String> {
    let cell = |row: &Value, key: &str| match &row[key] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Array(cells) if cells.iter().all(Value::is_string) => {
            let texts: Vec<&str> = cells.iter().filter_map(Value::as_str).collect();
            texts.join("+")
        }
        other => other.to_string(),
    };
    let all = document[sheet].as_array().unwrap().iter();
    all.map(|row| {
        keys.iter()
            .map(|key| cell(row, key))
            .collect::<Vec<_>>()
            .join(" ")
    })
    .collect()
}

#[test]
fn keys_of_both_sides() {
    let files = prisma();
    let found = document(&files, "keys");
    let keys = [
        "kind",
        "table",
        "columns",
        "type",
        "model_type",
        "references",
        "on_delete",
        "index",
        "side",
    ];
    assert_eq!(
        rows(&found, "keys", &keys),
        [
            "primary public.posts id integer integer - - posts_pkey both",
            "primary public.users id bigint integer - - users_pkey both",
            "foreign public.posts author_id integer integer public.users CASCADE posts_author_id_idx both",
            "by name public.posts editor_id text text {\"unknown\":\"no foreign key, association or table's name tells what it refers to\"} - false both",
            "by name public.posts author_uuid uuid - {\"unknown\":\"no foreign key, association or table's name tells what it refers to\"} - false database",
        ]
    );
    assert_eq!(
        rows(&found, "concepts", &["concept", "types", "mixed"]),
        [
            "public.posts 1 integer false",
            "public.users 1 bigint+1 integer true"
        ]
    );
    assert_eq!(
        rows(
            &found,
            "transitions",
            &["old", "new", "both", "old_alone", "lacking"]
        ),
        ["author_id author_uuid 1 0 -", "id uuid 1 1 public.posts"]
    );
    let place = &found["keys"][2]["made"][0];
    assert_eq!(
        (&place["line"], &place["migration"]),
        (&Value::from(3), &Value::from("1_init"))
    );
    assert_eq!(found["totals"]["foreign keys"], 1);
}

#[test]
fn migrations_say_what_they_do_to_rows() {
    let files = prisma();
    let found = document(&files, "migrations");
    let keys = [
        "order",
        "revision",
        "parents",
        "tables",
        "rows",
        "outcome",
        "reversible",
    ];
    assert_eq!(
        rows(&found, "migrations", &keys),
        [
            "1 1_init - public.posts+public.users - runs false",
            "2 2_more 1_init public.posts+public.users public.posts locks out writes: index posts_author_id_idx\
             +public.users rewrites: the default of uuid differs row by row\
             +public.users rewrites: type of id from integer to bigint runs false",
        ]
    );
    assert_eq!(
        rows(&found, "ends", &["end", "revision", "command"]),
        ["base 1_init -", "head 2_more prisma migrate deploy"]
    );
}

#[test]
fn tables_say_who_set_what() {
    let files = prisma();
    let found = document(&files, "tables");
    let keys = [
        "table",
        "column",
        "type",
        "nullable",
        "type_set_by",
        "nullable_set_by",
        "fields",
        "note",
    ];
    assert_eq!(
        rows(&found, "tables", &keys),
        [
            "public.posts id integer false 1_init 1_init Post.id: Int -",
            "public.posts author_id integer false 1_init 1_init Post.authorId: Int -",
            "public.posts editor_id text true 2_more 2_more Post.editorId: String -",
            "public.posts author_uuid uuid true 2_more 2_more - no field uses it",
            "public.users id bigint false 2_more 1_init User.id: Int -",
            "public.users email text false 2_more 1_init User.email: String -",
            "public.users uuid uuid true 2_more 2_more - no field uses it",
        ]
    );
}

#[test]
fn models_are_counted_in_code_alone() {
    let files = prisma();
    let found = document(&files, "models");
    assert_eq!(
        rows(
            &found,
            "models",
            &["model", "table", "created_by", "verdict", "uses", "seen"]
        ),
        [
            "User public.users 1_init agrees 2 true",
            "Post public.posts 1_init differs 0 true",
        ]
    );
}

#[test]
fn every_form_holds_every_row() {
    let files = prisma();
    for kind in ["keys", "models", "migrations", "tables"] {
        let listed = list(&files, kind);
        let first = &listed.sheets[0];
        assert_eq!(csv::render(first, &files).lines().count(), first.rows.len() + 1);
        let printed = text::render(&listed, &files);
        let marked = markdown::render(&listed, &files);
        for (what, count) in &listed.totals {
            assert!(printed.contains(&format!("{what}: {count}\n")), "{kind}: {what}");
        }
        assert!(marked.starts_with("## ") && marked.contains("## Totals"));
        assert!(printed.contains("prisma/"), "{kind} tells places");
    }
}

const ENV: &str = "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\ncontext.configure(target_metadata=target_metadata)\ncontext.run_migrations()\n";
const MODELS: &str = "from sqlalchemy import Column, ForeignKey, Integer, MetaData\nfrom sqlalchemy.orm import declarative_base, relationship\n\nBase = declarative_base()\nOther = declarative_base()\n\n\nclass User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n    posts = relationship('Post')\n\n\nclass Post(Base):\n    __tablename__ = 'posts'\n    id = Column(Integer, primary_key=True)\n    user_id = Column(Integer, ForeignKey('users.id'))\n\n\nclass Lone(Other):\n    __tablename__ = 'lone'\n    id = Column(Integer, primary_key=True)\n";
const ONE: &str = "import os\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a1'\ndown_revision = None\nbranch_labels = ('core',)\n\n\ndef upgrade():\n    if 'accounts' in os.environ['DATABASE_URL']:\n        op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))\n\n\ndef downgrade():\n    op.drop_table('users')\n";
const TWO: &str = "import os\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'b2'\ndown_revision = 'a1'\n\n\ndef upgrade():\n    if 'blog' in os.environ['DATABASE_URL']:\n        op.create_table('posts', sa.Column('id', sa.Integer, primary_key=True))\n\n\ndef downgrade():\n    pass\n";
const THREE: &str = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'c3'\ndown_revision = 'b2'\n\n\ndef upgrade():\n    op.add_column('posts', sa.Column('user_id', sa.Integer))\n\n\ndef downgrade():\n    raise NotImplementedError\n";

fn alembic() -> Files {
    Files::in_memory([
        ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
        ("alembic/env.py", ENV),
        ("alembic/versions/a1.py", ONE),
        ("alembic/versions/b2.py", TWO),
        ("alembic/versions/c3.py", THREE),
        ("app/__init__.py", ""),
        ("app/models.py", MODELS),
        (
            "app/use.py",
            "# User\nfrom app.models import Post, User\n\n\ndef f(session):\n    \"\"\"User.\"\"\"\n    return session.query(User).filter(User.id == 1)\n",
        ),
        (
            "app/other.py",
            "from django.contrib.auth.models import User\n\nprint(User)\n",
        ),
        (
            "lib/far.py",
            "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\nclass Far(Base):\n    __tablename__ = 'far'\n    id = Column(Integer, primary_key=True)\n",
        ),
    ])
}

#[test]
fn each_migration_and_table_is_in_its_database() {
    let files = alembic();
    let found = document(&files, "migrations");
    assert_eq!(
        rows(&found, "databases", &["revision", "accounts", "blog"]),
        ["a1 runs -", "b2 - runs", "c3 fails 42P01 runs"]
    );
    assert_eq!(
        rows(&found, "tables", &["table", "accounts", "blog"]),
        ["public.posts used, not made made", "public.users made -"]
    );
    let keys = [
        "revision",
        "parents",
        "labels",
        "targets",
        "outcome",
        "reversible",
    ];
    assert_eq!(
        rows(&found, "migrations", &keys),
        [
            "a1 - core accounts runs true",
            "b2 a1 - blog runs false",
            "c3 b2 - accounts+blog accounts fails 42P01+blog runs false",
        ]
    );
    assert_eq!(
        rows(&found, "ends", &["end", "revision", "command"]),
        ["base a1 alembic upgrade a1", "head c3 alembic upgrade head"]
    );
}

/// What is told of a way back is what came of running it.
#[test]
fn ways_back_are_run() {
    let files = Files::in_memory([
        (
            "db/migrations/1_init.sql",
            "-- migrate:up\nCREATE TYPE mood AS ENUM ('good');\nCREATE TABLE a (id int PRIMARY KEY, m mood);\n-- migrate:down\nDROP TABLE a;\n",
        ),
        (
            "db/migrations/2_index.sql",
            "-- migrate:up\nCREATE INDEX a_m ON a (m);\n-- migrate:down\nDROP INDEX a_m;\n",
        ),
        (
            "db/migrations/3_column.sql",
            "-- migrate:up\nALTER TABLE a ADD COLUMN b text;\n-- migrate:down\nALTER TABLE a DROP COLUMN c;\n",
        ),
        (
            "db/migrations/4_more.sql",
            "-- migrate:up\nALTER TABLE a ADD COLUMN c text;\n-- migrate:down\nSELECT 1;\n",
        ),
        (
            "db/migrations/5_rows.sql",
            "-- migrate:up\nUPDATE a SET b = c;\n-- migrate:down\nUPDATE a SET b = NULL;\n",
        ),
        (
            "db/migrations/6_last.sql",
            "-- migrate:up\nALTER TABLE a DROP COLUMN b;\n-- migrate:down\n",
        ),
        (
            "db/migrations/7_again.sql",
            "-- migrate:up\nSELECT 1;\n-- migrate:down\nALTER TABLE a DROP COLUMN c;\n",
        ),
        (
            "db/migrations/8_function.sql",
            "-- migrate:up\nCREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$\n  BEGIN\n    RETURN 'a  b'; -- both\n  END $$;\n\
             -- migrate:down\nDROP FUNCTION f();\n",
        ),
        (
            "db/migrations/9_spaced.sql",
            "-- migrate:up\nCREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'b'; END $$;\n\
             -- migrate:down\nCREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a  b'; END $$;\n",
        ),
        (
            "db/migrations/9a_string.sql",
            "-- migrate:up\nCREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'c'; END $$;\n\
             -- migrate:down\nCREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ' b'; END $$;\n",
        ),
        (
            "db/migrations/9b_fails.sql",
            "-- migrate:up\nALTER TABLE a DROP COLUMN d;\n-- migrate:down\nALTER TABLE a ADD COLUMN d text;\n",
        ),
    ]);
    let found = document(&files, "migrations");
    assert_eq!(
        rows(&found, "migrations", &["order", "outcome", "reversible", "note"]),
        [
            "1 runs in part its way back leaves type public.mood",
            "2 runs true -",
            "3 runs fails 42703 its way back: column \"c\" of relation \"a\" does not exist",
            "4 runs false its way back changes nothing",
            "5 does nothing true -",
            "6 runs false its way back changes nothing",
            "7 does nothing in part its way back does not bring back column public.a.c",
            "8 runs true -",
            "9 runs true -",
            "10 runs in part its way back leaves otherwise function public.f()",
            "11 fails 42703 {\"unknown\":\"the migration itself fails\"} column \"d\" of relation \"a\" does not exist",
        ]
    );
    assert_eq!(found["totals"]["cannot be taken back"], 2);
    assert_eq!(found["totals"]["whose way back fails"], 1);
    assert_eq!(found["totals"]["taken back in part"], 3);
}

/// What raises on the way up raises on the way down.
#[test]
fn ways_back_refuse_what_the_language_does_not_know() {
    let files = Files::in_memory([
        (
            "mix.lock",
            "%{\n  \"ecto_sql\": {:hex, :ecto_sql, \"3.10.1\", \"a\", [:mix], [], \"hexpm\"},\n  \"ecto\": {:hex, :ecto, \
             \"3.10.1\", \"a\", [:mix], [], \"hexpm\"},\n}\n",
        ),
        (
            "mix.exs",
            "defmodule My.MixProject do\n  def project, do: [app: :my, deps: [{:ecto_sql, \"~> 3.10\"}]]\nend\n",
        ),
        (
            "priv/repo/migrations/1_a.exs",
            "defmodule My.Repo.Migrations.A do\n  use Ecto.Migration\n  def change do\n    create table(:a), do: add(:x, \
             :naive_datetime)\n  end\nend\n",
        ),
        (
            "priv/repo/migrations/2_b.exs",
            "defmodule My.Repo.Migrations.B do\n  use Ecto.Migration\n  def up, do: drop(table(:a))\n  def down do\n    \
             create table(:a), do: add(:x, :datetime)\n  end\nend\n",
        ),
    ]);
    let found = document(&files, "migrations");
    assert_eq!(
        rows(&found, "migrations", &["order", "reversible", "note"]),
        [
            "1 true -",
            "2 false its way back refuses: ArgumentError is raised (the :datetime type in migrations is not supported, please use \
             :utc_datetime or :naive_datetime instead)",
        ]
    );
}

/// What a migration long ago may have made is no reason to doubt the ways back of those after it.
#[test]
fn what_was_not_known_before_a_way_back_does_not_matter_to_it() {
    let files = Files::in_memory([
        (
            "db/migrations/1_init.sql",
            "-- migrate:up\nCREATE TABLE a (id int PRIMARY KEY);\nCREATE TYPE mood AS ENUM ('good');\n-- migrate:down\nDROP TABLE a;\nDROP TYPE mood;\n",
        ),
        (
            "db/migrations/2_perhaps.sql",
            "-- migrate:up\nDO $$ BEGIN IF current_setting('our.flag', true) = 'yes' THEN\n\
             CREATE EXTENSION pg_trgm;\nCREATE TYPE more AS ENUM ('x');\nALTER TABLE a ALTER id SET DEFAULT 1;\n\
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n\
             CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();\n\
             END IF; END $$;\n-- migrate:down\nSELECT 1;\n",
        ),
        (
            "db/migrations/3_column.sql",
            "-- migrate:up\nALTER TABLE a ADD COLUMN b mood;\n-- migrate:down\nALTER TABLE a DROP COLUMN b;\n",
        ),
        (
            "db/migrations/4_nothing.sql",
            "-- migrate:up\nALTER TABLE a ADD COLUMN c text;\n-- migrate:down\nSELECT 1;\n",
        ),
        (
            "db/migrations/5_function.sql",
            "-- migrate:up\nDROP TRIGGER IF EXISTS t ON a;\n-- migrate:down\nSELECT 1;\n",
        ),
        (
            "db/migrations/6_perhaps_labels.sql",
            "-- migrate:up\nDO $$ BEGIN IF current_setting('our.flag', true) = 'yes' THEN\n\
             ALTER TYPE mood ADD VALUE 'fair'; END IF; END $$;\n-- migrate:down\nSELECT 1;\n",
        ),
        (
            "db/migrations/6a_type.sql",
            "-- migrate:up\nALTER TABLE a ALTER id TYPE text USING id::text;\n-- migrate:down\nALTER TABLE a ALTER id TYPE int \
             USING id::int;\n",
        ),
        (
            "db/migrations/7_label.sql",
            "-- migrate:up\nALTER TYPE mood ADD VALUE IF NOT EXISTS 'bad';\n-- migrate:down\nSELECT 1;\n",
        ),
    ]);
    let found = document(&files, "migrations");
    let rows = rows(&found, "migrations", &["order", "reversible", "note"]);
    let known: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(known[2..4], ["3 true -", "4 false its way back changes nothing"]);
    assert!(known[1].contains("our.flag"), "{known:?}");
    assert!(known[4].contains("whether there was a trigger t"), "{known:?}");
    assert!(known[6].contains("our.flag"), "{known:?}");
    assert!(!known[7].contains("true"), "{known:?}");
}

#[test]
fn classes_are_seen_or_not_and_used_or_not() {
    let files = alembic();
    let found = document(&files, "models");
    let keys = ["model", "kept_in", "seen", "targets", "verdict", "uses"];
    let unknown =
        "{\"unknown\":\"it seems to declare tables, and no migrations of the repository lead to it\"}";
    assert_eq!(
        rows(&found, "models", &keys),
        [
            "User Base (app/models.py:4) true accounts agrees 2".to_owned(),
            "Post Base (app/models.py:4) true blog differs 1".to_owned(),
            "Lone Other (app/models.py:5) false accounts+blog no table 0".to_owned(),
            format!("{unknown} - - - {unknown} -"),
        ]
    );
}

#[test]
fn what_cannot_be_told_is_said_in_its_row() {
    let files = Files::in_memory([
        ("prisma/schema.prisma", SCHEMA),
        (
            "prisma/migrations/1_init/migration.sql",
            "CREATE TABLE users (id integer PRIMARY KEY, email text);\nDO $$ BEGIN EXECUTE (SELECT value FROM settings_elsewhere); END $$;\n",
        ),
    ]);
    let found = document(&files, "keys");
    assert!(
        found["totals"]["with something unknown"].as_u64().unwrap() > 0,
        "{found:#}"
    );
    let migrations = document(&files, "migrations");
    assert!(
        migrations["migrations"][0]["outcome"]["unknown"].is_string(),
        "{migrations:#}"
    );
}

/// Oban's own migrations go back as they came.
#[test]
fn what_a_package_makes_is_taken_back() {
    let migration = |name: &str, up: &str, down: &str| {
        format!(
            "defmodule My.Repo.Migrations.{name} do\n  use Ecto.Migration\n  def up, do: Oban.Migrations.up({up})\n  \
             def down, do: Oban.Migrations.down({down})\nend\n"
        )
    };
    let files = Files::in_memory([
        (
            "mix.lock",
            "%{\n  \"oban\": {:hex, :oban, \"2.19.4\", \"a\", [:mix], [], \"hexpm\"},\n}\n".to_owned(),
        ),
        (
            "mix.exs",
            "defmodule My.MixProject do\n  def project, do: [app: :my, deps: [{:oban, \"~> 2.19\"}]]\nend\n"
                .to_owned(),
        ),
        (
            "priv/repo/migrations/1_jobs.exs",
            migration("Jobs", "version: 9", "version: 1"),
        ),
        (
            "priv/repo/migrations/2_ten.exs",
            migration("Ten", "version: 10", "version: 10"),
        ),
        (
            "priv/repo/migrations/3_newest.exs",
            migration("Newest", "", "version: 12"),
        ),
        (
            "priv/repo/migrations/4_again.exs",
            migration("Again", "version: 11", "version: 11"),
        ),
    ]);
    let found = document(&files, "migrations");
    assert_eq!(
        rows(&found, "migrations", &["order", "reversible", "note"]),
        [
            "1 true -",
            "2 in part its way back leaves index public.oban_jobs.oban_jobs_args_index",
            "3 in part its way back leaves otherwise constraint public.oban_jobs.priority_range",
            "4 in part its way back leaves function public.oban_jobs_notify()",
        ]
    );
}

/// What is done to rows alone is told by what is sent on the way back, and by what cannot be turned round.
#[test]
fn ways_back_of_work_on_rows() {
    let migration = |name: &str, change: &str| {
        format!(
            "defmodule My.Repo.Migrations.{name} do\n  use Ecto.Migration\n  def change do\n    {change}\n  end\nend\n"
        )
    };
    let files = Files::in_memory([
        (
            "mix.exs",
            "defmodule My.MixProject do\n  def project, do: [app: :my]\nend\n".to_owned(),
        ),
        (
            "priv/repo/migrations/1_a.exs",
            migration("A", "create table(:a), do: add(:x, :text)"),
        ),
        (
            "priv/repo/migrations/2_both.exs",
            migration(
                "Both",
                "execute \"UPDATE a SET x = 'b'\", \"UPDATE a SET x = 'a'\"",
            ),
        ),
        (
            "priv/repo/migrations/3_nothing.exs",
            migration("Nothing", "execute \"UPDATE a SET x = 'b'\", fn -> :ok end"),
        ),
        (
            "priv/repo/migrations/4_one.exs",
            migration("One", "execute \"UPDATE a SET x = 'b'\""),
        ),
        (
            "priv/repo/migrations/5_zone.exs",
            migration(
                "Zone",
                "execute \"ALTER DATABASE #{Keyword.fetch!(repo().config(), :database)} SET timezone TO 'UTC'\"",
            ),
        ),
        (
            "priv/repo/migrations/6_last.exs",
            migration("Last", "alter table(:a), do: add(:y, :text)"),
        ),
    ]);
    let found = document(&files, "migrations");
    let rows = rows(&found, "migrations", &["order", "reversible", "note"]);
    let found: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(found[..2], ["1 true -", "2 true -"]);
    assert!(found[2].contains("unknown"), "{found:?}");
    assert!(found[3].starts_with("4 false its way back refuses"), "{found:?}");
    assert_eq!(found[5], "6 true -");
}

/// What nothing makes was there before the first migration that uses it.
#[test]
fn tables_from_elsewhere_are_not_left_behind() {
    let files = Files::in_memory([
        (
            "db/migrations/1_init.sql",
            "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n",
        ),
        (
            "db/migrations/2_other.sql",
            "-- migrate:up\nALTER TABLE elsewhere ADD COLUMN x int;\n-- migrate:down\nALTER TABLE elsewhere DROP COLUMN x;\n",
        ),
        (
            "db/migrations/3_made.sql",
            "-- migrate:up\nCREATE TABLE b (id int);\nALTER TABLE more ADD y int;\n-- migrate:down\nALTER TABLE more DROP y;\n",
        ),
    ]);
    let found = document(&files, "migrations");
    assert_eq!(
        rows(&found, "migrations", &["order", "reversible", "note"]),
        [
            "1 true -",
            "2 {\"unknown\":\"no migration creates public.elsewhere\"} -",
            "3 in part its way back leaves table public.b",
        ]
    );
}
