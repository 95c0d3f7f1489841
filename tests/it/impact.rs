//! `schemalign impact`: what hangs on a key, counted by hand.

use schemalign::check::{self, Sides};
use schemalign::config::Options;
use schemalign::inventory::impact::impact;
use schemalign::report::inventory::json;
use schemalign::report::object;
use schemalign::rules::Context;
use schemalign::source::Files;

const SQL: &str = r#"CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL CHECK (email <> ''), label text GENERATED ALWAYS AS (lower(email)) STORED);
CREATE TABLE posts (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    parent_id integer REFERENCES posts (id),
    UNIQUE (user_id, id)
);
CREATE INDEX posts_user_id_idx ON posts (user_id);
CREATE TABLE likes (id integer PRIMARY KEY, user_id integer, post_user integer, post_id integer);
ALTER TABLE likes ADD CONSTRAINT likes_post_fkey FOREIGN KEY (post_user, post_id) REFERENCES posts (user_id, id);
CREATE VIEW writers AS SELECT u.id, u.email FROM users u;
CREATE VIEW few AS SELECT id FROM writers;
CREATE FUNCTION names() RETURNS bigint LANGUAGE sql AS 'SELECT count(email) FROM users';
CREATE TABLE other (id integer PRIMARY KEY);
"#;

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
  id     Int  @id
  userId Int  @map("user_id")
  user   User @relation(fields: [userId], references: [id])

  @@map("posts")
}
"#;

/// `step what name: how`, a line each, and what is not known.
fn listed(written: &str, sql: &str) -> (Vec<String>, usize) {
    let files = Files::in_memory([
        ("prisma/schema.prisma", SCHEMA),
        ("prisma/migrations/1_init/migration.sql", sql),
    ]);
    let runs = check::run(&files, &Options::default(), Sides::Both).unwrap();
    let subjects = check::subjects(&files, &runs);
    let ctx = Context::new(&subjects[0]);
    let found = object::find(ctx.schema().unwrap(), written);
    let document = json::document(&impact(&ctx, found[0].table, found[0].column), &files);
    let rows = document["impact"].as_array().unwrap().iter();
    let line = |row: &serde_json::Value| {
        let text = |key: &str| row[key].as_str().unwrap_or("?").to_owned();
        assert!(row["place"].is_array() || sql != SQL, "{row}");
        format!(
            "{} {} {}: {}",
            row["step"],
            text("what"),
            text("name"),
            text("how")
        )
    };
    let mut lines: Vec<String> = rows.map(line).collect();
    // Within a step by name.
    lines.sort();
    (lines, document["unknown"].as_array().unwrap().len())
}

#[test]
fn a_key_takes_along_what_refers_to_it() {
    let (lines, unknown) = listed("users.id", SQL);
    assert_eq!(
        lines,
        [
            "1 column public.likes.user_id: refers to it by name alone",
            "1 column public.posts.user_id: refers to it by a foreign key",
            "1 declared key Post: declares a key to it",
            "1 field User.id: holds it",
            "1 foreign key public.posts.posts_user_id_fkey: refers to it",
            "1 primary key public.users.users_pkey: is its primary key",
            "1 relation Post.user: goes by it",
            "1 relation User.posts: goes by it",
            "1 view public.writers: reads it",
            "2 column public.likes.post_user: refers to it by a foreign key",
            "2 field Post.userId: holds it",
            "2 foreign key public.likes.likes_post_fkey: refers to it",
            "2 index public.posts.posts_user_id_idx: is built over it",
            "2 unique constraint public.posts.posts_user_id_id_key: keeps it unique",
            "2 view public.few: reads the table",
        ]
    );
    assert_eq!(unknown, 0);
}

#[test]
fn a_column_takes_along_what_is_computed_of_it() {
    let (lines, _) = listed("users.email", SQL);
    assert_eq!(
        lines,
        [
            "1 check public.users.users_email_check: checks it",
            "1 column public.users.label: is computed of it",
            "1 field User.email: holds it",
            "1 function public.names: names it",
            "1 view public.writers: reads it",
            "2 view public.few: reads the table",
        ]
    );
}

#[test]
fn a_reference_to_its_own_table_ends() {
    let (lines, _) = listed("posts.id", SQL);
    let columns: Vec<&String> = lines.iter().filter(|l| l.contains(" column ")).collect();
    assert_eq!(
        columns,
        [
            "1 column public.likes.post_id: refers to it by a foreign key",
            "1 column public.posts.parent_id: refers to it by a foreign key",
        ]
    );
}

#[test]
fn what_may_hide_something_is_said() {
    let sql = format!("{SQL}DO $$ BEGIN EXECUTE (SELECT value FROM of_somebody_else); END $$;\n");
    let (_, unknown) = listed("users.id", &sql);
    assert!(unknown > 0);
}

/// Help names both ways out, and how much hangs on either side.
#[test]
fn help_weighs_both_sides() {
    let sql = "CREATE TABLE users (id integer, email text NOT NULL);\nALTER TABLE users ADD UNIQUE (id);\nCREATE VIEW mails AS SELECT email FROM \
               users;\nCREATE TABLE posts (id integer PRIMARY KEY, user_id integer NOT NULL);\nCREATE INDEX posts_user ON posts (user_id);\n";
    let models = SCHEMA
        .replace("email String", "email String?")
        .replace("posts Post[]", "posts Post[]\n  lead  Int\n  boss  User? @relation(\"up\", fields: [lead], references: [id])\n  all   User[] @relation(\"up\")");
    let files = Files::in_memory([
        ("prisma/schema.prisma", models.as_str()),
        ("prisma/migrations/1_init/migration.sql", sql),
    ]);
    let options = Options::default();
    let runs = check::run(&files, &options, Sides::Both).unwrap();
    let report = check::report(&files, &options, &runs).unwrap();
    let help = |rule: &str| -> Vec<&str> {
        let of = report.findings.iter().filter(|f| f.rule == rule);
        of.filter_map(|f| f.help.as_deref()).collect()
    };
    assert_eq!(
        help("nullability-mismatch"),
        [
            "fill the rows that are NULL and write a migration (`ALTER TABLE users ALTER COLUMN id SET NOT NULL`), or make the field optional; \
             2 other things in the database and 6 in the models depend on the column (`schemalign impact public.users.id`)",
            "make the field required, or write a migration (`ALTER TABLE users ALTER COLUMN email DROP NOT NULL`); 1 other thing in \
             the database depends on the column (`schemalign impact public.users.email`)"
        ]
    );
    assert_eq!(
        help("primary-key-mismatch"),
        [
            "write a migration that makes (id) the primary key, or take the key off the model; 2 other things in the database and 6 in \
             the models depend on the column (`schemalign impact public.users.id`)"
        ]
    );
    assert_eq!(
        help("missing-foreign-key")
            .iter()
            .filter(|h| h.contains("posts"))
            .collect::<Vec<_>>(),
        [
            &"write a migration (`ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES public.users (id) ON DELETE RESTRICT ON UPDATE CASCADE`), \
              or take the foreign key off the model; 1 other thing in the database and 2 in the models depend on the column (`schemalign impact \
              public.posts.user_id`)"
        ]
    );
    assert_eq!(
        help("missing-column"),
        [
            "write a migration (`ALTER TABLE users ADD COLUMN lead integer NOT NULL`, with a value for the rows that are there), or remove the \
             field; 3 keys and relations of the models go by the field, nothing in the database can"
        ]
    );
}

/// A default is set where the database has none or another, and dropped where the model has none.
#[test]
fn help_sets_or_drops_a_default() {
    let models = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel Job {\n  id     Int    @id\n  state  String @default(\"new\")\n  \
                  tries  Int    @default(0)\n  weight Int\n  @@map(\"jobs\")\n}\n";
    let sql = "CREATE TABLE jobs (id integer PRIMARY KEY, state text NOT NULL, tries integer NOT NULL DEFAULT 1, weight integer NOT NULL \
               DEFAULT 2);\n";
    let files = Files::in_memory([
        ("prisma/schema.prisma", models),
        ("prisma/migrations/1_init/migration.sql", sql),
    ]);
    let options = Options::default();
    let runs = check::run(&files, &options, Sides::Both).unwrap();
    let report = check::report(&files, &options, &runs).unwrap();
    let of = report.findings.iter().filter(|f| f.rule == "default-mismatch");
    let help: Vec<&str> = of.filter_map(|f| f.help.as_deref()).collect();
    assert_eq!(
        help,
        [
            "write a migration (`ALTER TABLE jobs ALTER COLUMN state SET DEFAULT ...`), or say in the model what the database does",
            "write a migration (`ALTER TABLE jobs ALTER COLUMN tries SET DEFAULT ...`), or say in the model what the database does",
            "write a migration (`ALTER TABLE jobs ALTER COLUMN weight DROP DEFAULT`), or say in the model what the database does",
        ]
    );
}

/// A table that no class is mapped to can do without a key.
#[test]
fn help_speaks_of_classes_where_there_is_one() {
    let models = "from sqlalchemy import Column, Integer, MetaData, Table\nmetadata = MetaData()\n\
                  links = Table(\"links\", metadata, Column(\"id\", Integer, primary_key=True))\n";
    let revision = "import sqlalchemy as sa\nfrom alembic import op\nrevision = \"0001\"\ndown_revision = None\n\n\ndef upgrade():\n    \
                    op.create_table(\"links\", sa.Column(\"id\", sa.Integer, nullable=False))\n";
    let environment = "from alembic import context\nfrom app import metadata\n\
                       context.configure(target_metadata=metadata)\ncontext.run_migrations()\n";
    let files = Files::in_memory([
        ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
        ("app.py", models),
        ("migrations/env.py", environment),
        ("migrations/versions/0001_init.py", revision),
    ]);
    let options = Options::default();
    let runs = check::run(&files, &options, Sides::Both).unwrap();
    let report = check::report(&files, &options, &runs).unwrap();
    let key = report
        .findings
        .iter()
        .find(|f| f.rule == "primary-key-mismatch")
        .unwrap();
    assert_eq!(
        key.help.as_deref(),
        Some("write a migration that makes (id) the primary key, or take the key off the model")
    );
}

/// Help asks for nothing that cannot be done: a mapper needs a key, and a class of a library is not the repository's to remove.
#[test]
fn help_asks_for_what_can_be_done() {
    let environment = "from alembic import context\nfrom celery.backends.database.session import ResultModelBase\nfrom app import Base\n\
                       target_metadata = [Base.metadata, ResultModelBase.metadata]\n\
                       context.configure(target_metadata=target_metadata)\ncontext.run_migrations()\n";
    let models = "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n\
                  class Link(Base):\n    __tablename__ = \"links\"\n    id: Mapped[int] = mapped_column(primary_key=True)\n";
    let revision = "import sqlalchemy as sa\nfrom alembic import op\nrevision = \"0001\"\ndown_revision = None\n\n\ndef upgrade():\n    \
                    op.create_table(\"links\", sa.Column(\"id\", sa.Integer, nullable=False))\n";
    let files = Files::in_memory([
        ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
        ("app.py", models),
        ("migrations/env.py", environment),
        ("migrations/versions/0001_init.py", revision),
    ]);
    let options = Options::default();
    let runs = check::run(&files, &options, Sides::Both).unwrap();
    let report = check::report(&files, &options, &runs).unwrap();
    let help = |rule: &str| -> Vec<&str> {
        let of = report.findings.iter().filter(|f| f.rule == rule);
        of.filter_map(|f| f.help.as_deref()).collect()
    };
    assert_eq!(
        help("primary-key-mismatch"),
        ["write a migration that makes (id) the primary key: SQLAlchemy maps no class without one"]
    );
    let celery = "write a migration that creates the table, or leave it to the library that model `Task` is of: name public.celery_taskmeta \
                  among `owned-by-others`, or hand over its metadata no more";
    assert_eq!(
        help("missing-table").first(),
        Some(&celery),
        "{:?}",
        report.findings
    );
}
