//! Findings of one cause: people are told them as one; documents, ignores and the baseline have each of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("causes-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in files {
        write(&root, path, text);
    }
    root
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn run(root: &Path, arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .env_remove("GITHUB_WORKSPACE")
        .env_remove("CI_PROJECT_DIR")
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

/// The findings of a rule, by the document.
fn findings(root: &Path, rule: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&run(root, &["check", "--format", "json"])).unwrap();
    let all = document["findings"].as_array().unwrap().clone();
    all.into_iter().filter(|f| f["rule"] == rule).collect()
}

const INI: (&str, &str) = ("alembic.ini", "[alembic]\nscript_location = migrations\n");

/// Three models in two modules that nothing imports, whose tables are there.
fn unregistered(test: &str) -> PathBuf {
    folder(
        test,
        &[
            INI,
            (
                "migrations/env.py",
                "from alembic import context\nfrom app.base import Base\n\ntarget_metadata = Base.metadata\n\
                 context.configure(target_metadata=target_metadata)\nwith context.begin_transaction():\n    context.run_migrations()\n",
            ),
            (
                "app/base.py",
                "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
            ),
            (
                "app/people.py",
                "from sqlalchemy.orm import Mapped, mapped_column\nfrom app.base import Base\n\n\n\
                 class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\n\n\
                 class Team(Base):\n    __tablename__ = 'teams'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
            ),
            (
                "app/reports.py",
                "from sqlalchemy.orm import Mapped, mapped_column\nfrom app.base import Base\n\n\n\
                 class Report(Base):\n    __tablename__ = 'reports'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
            ),
            (
                "migrations/versions/0001_init.py",
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '0001'\ndown_revision = None\n\n\n\
                 def upgrade():\n    for name in ('users', 'teams', 'reports'):\n        \
                 op.create_table(name, sa.Column('id', sa.Integer, primary_key=True))\n",
            ),
        ],
    )
}

#[test]
fn models_that_nothing_imports_are_told_as_one() {
    let root = unregistered("unregistered");
    let text = run(&root, &["check"]);
    let head = "warning[unregistered-model]: 3 models are not seen by autogenerate, which takes their tables for ones without a model: \
                nothing that migrations/env.py imports imports their modules\n";
    assert_eq!(text.matches("unregistered-model").count(), 1, "{text}");
    assert!(text.contains(head), "{text}");
    assert!(
        text.contains(
            "and 2 more of this cause:\n  app/people.py:10:7 `Team`\n  app/reports.py:5:7 `Report`\n"
        ),
        "{text}"
    );
    assert!(text.contains("0 errors, 1 warning,"), "{text}");
    let markdown = run(&root, &["check", "--format", "markdown"]);
    assert_eq!(markdown.matches("| warn |").count(), 1, "{markdown}");
    assert!(markdown.contains("app/reports.py&#58;5&#58;7"), "{markdown}");
    let github = run(&root, &["check", "--format", "github"]);
    assert_eq!(github.matches("::warning ").count(), 1, "{github}");
    assert!(github.contains("%0A  app/reports.py:5:7 `Report`"), "{github}");
}

#[test]
fn documents_have_each() {
    let root = unregistered("documents");
    let all = findings(&root, "unregistered-model");
    let tables: Vec<&str> = all.iter().filter_map(|f| f["table"].as_str()).collect();
    assert_eq!(tables, ["public.users", "public.teams", "public.reports"]);
    for finding in &all {
        assert_eq!(finding["common"]["file"], "migrations/env.py");
        assert_eq!(finding["common"], all[0]["common"]);
    }
    let concise = run(&root, &["check", "--format", "concise"]);
    assert_eq!(
        concise.matches("warn[unregistered-model]").count(),
        3,
        "{concise}"
    );
    assert!(concise.contains("3 warnings"), "{concise}");
}

#[test]
fn an_ignore_at_one_silences_one_and_at_the_cause_all() {
    let root = unregistered("ignores");
    let people = std::fs::read_to_string(root.join("app/people.py")).unwrap();
    let ignore = "# schemalign: ignore[unregistered-model] of another database\n";
    let ignored = people.replace("class User", &format!("{ignore}class User"));
    write(&root, "app/people.py", &ignored);
    let text = run(&root, &["check"]);
    assert!(
        text.contains("2 models are not seen") && text.contains("1 ignored"),
        "{text}"
    );
    let env = std::fs::read_to_string(root.join("migrations/env.py")).unwrap();
    write(
        &root,
        "migrations/env.py",
        &env.replace(
            "target_metadata = Base",
            &format!("{ignore}target_metadata = Base"),
        ),
    );
    let text = run(&root, &["check"]);
    assert!(
        !text.contains("unregistered-model") && text.contains("3 ignored"),
        "{text}"
    );
}

#[test]
fn the_baseline_has_each() {
    let root = unregistered("baseline");
    run(&root, &["baseline"]);
    let text = run(&root, &["check"]);
    assert!(!text.contains("unregistered-model]"), "{text}");
    // One that is fixed is stale, and nothing is told of the others; a new one is told alone.
    let env = std::fs::read_to_string(root.join("migrations/env.py")).unwrap();
    write(&root, "migrations/env.py", &format!("import app.reports\n{env}"));
    let reports = "class Log(Base):\n    __tablename__ = 'teams2'\n    id: Mapped[int] = mapped_column(primary_key=True)\n";
    let people = std::fs::read_to_string(root.join("app/people.py")).unwrap();
    write(&root, "app/people.py", &format!("{people}\n\n{reports}"));
    let text = run(&root, &["check"]);
    assert!(
        text.contains("the baseline holds unregistered-model:public.reports"),
        "{text}"
    );
    assert!(
        text.contains("model `Log` needs the table") && !text.contains("`Team`"),
        "{text}"
    );
}

#[test]
fn what_needs_a_dropped_schema_is_told_as_one() {
    let root = folder(
        "dropped",
        &[
            (
                "migrations/001_init.sql",
                "CREATE SCHEMA a;\nCREATE SCHEMA b;\nCREATE TABLE a.t (id int);\n",
            ),
            (
                "migrations/002_drop.sql",
                "DROP SCHEMA a CASCADE;\nDROP SCHEMA b;\n",
            ),
            (
                "migrations/003_use.sql",
                "INSERT INTO a.t VALUES (1);\nCREATE TABLE a.u (id int);\nCREATE TABLE b.u (id int);\n",
            ),
            ("migrations/004_more.sql", "CREATE TABLE a.v (id int);\n"),
        ],
    );
    let text = run(&root, &["check"]);
    assert!(
        text.contains(
            "error[migration-failure]: 3 statements fail: schema \"a\" does not exist (SQLSTATE 3F000)\n"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "and 2 more of this cause:\n  migrations/003_use.sql:2:14\n  migrations/004_more.sql:1:14\n"
        ),
        "{text}"
    );
    assert!(text.contains("2 errors"), "{text}");
    assert!(text.contains("fails here: schema \"b\" does not exist"), "{text}");
}

#[test]
fn what_one_call_sends_is_told_as_one() {
    let root = folder(
        "loop",
        &[
            INI,
            (
                "migrations/env.py",
                "from alembic import context\ncontext.configure(target_metadata=None)\nwith context.begin_transaction():\n    \
                 context.run_migrations()\n",
            ),
            (
                "migrations/versions/0001_init.py",
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '0001'\ndown_revision = None\n\nNAMES = [\n    \
                 ('users', 'users_pk'),\n    ('teams', 'teams_pk'),\n]\n\n\ndef drop(table, column):\n    \
                 op.drop_column(table, column)\n\n\n\
                 def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))\n    \
                 op.create_table('teams', sa.Column('id', sa.Integer, primary_key=True))\n    \
                 for table, name in NAMES:\n        op.execute(f'ALTER TABLE {table} RENAME CONSTRAINT {name} TO pk_{table}')\n    \
                 drop('users', 'a')\n    drop('users', 'b')\n    \
                 op.execute('ALTER TABLE users DROP COLUMN c; ALTER TABLE users DROP COLUMN d')\n    \
                 for text in ['ALTER TABLE users DROP COLUMN e', 'ALTER TABLE users DROP COLUMN f']:\n        op.execute(text)\n",
            ),
        ],
    );
    let text = run(&root, &["check"]);
    assert!(
        text.contains(
            "error[migration-failure]: 2 statements that migration 0001 sends from one place fail: constraint \"...\" for table \"...\" \
             does not exist (SQLSTATE 42704)\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("and 1 more of this cause:\n  migrations/versions/0001_init.py:9:11 `teams_pk`\n"),
        "{text}"
    );
    // Each of these has a cause of its own.
    for column in ["a", "b", "c", "d", "e", "f"] {
        assert!(
            text.contains(&format!("fails here: column \"{column}\" of relation")),
            "{text}"
        );
    }
    assert!(text.contains("7 errors"), "{text}");
}

/// A convention of the metadata gives names to what operations make, too; what is made again for want of what was not found belongs to it.
#[test]
fn names_that_a_convention_gave_are_told_as_one() {
    let root = folder(
        "convention",
        &[
            INI,
            (
                "migrations/env.py",
                "import sqlalchemy as sa\nfrom alembic import context\n\nmetadata = sa.MetaData(naming_convention={\n    \
                 'pk': 'pk_%(table_name)s', 'fk': 'fk_%(table_name)s_%(column_0_name)s'})\n\
                 context.configure(target_metadata=metadata)\nwith context.begin_transaction():\n    context.run_migrations()\n",
            ),
            (
                "migrations/versions/0001_init.py",
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '0001'\ndown_revision = None\n\n\n\
                 def upgrade():\n    op.create_table('teams', sa.Column('id', sa.Integer, primary_key=True))\n    \
                 op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), \
                 sa.Column('team_id', sa.Integer, sa.ForeignKey('teams.id')))\n",
            ),
            (
                "migrations/versions/0002_names.py",
                "from alembic import op\n\nrevision = '0002'\ndown_revision = '0001'\n\n\n\
                 def upgrade():\n    op.drop_constraint('users_team_id_fkey', 'users')\n    \
                 op.create_foreign_key('fk_users_team_id', 'users', 'teams', ['team_id'], ['id'])\n    \
                 op.drop_constraint('teams_nope', 'teams')\n",
            ),
        ],
    );
    let text = run(&root, &["check"]);
    assert!(
        text.contains(
            "error[migration-failure]: 2 statements of migration 0002 fail: they take constraints to have the names that PostgreSQL \
             gives, which have others\n"
        ),
        "{text}"
    );
    assert!(text.contains("it is there as \"fk_users_team_id\""), "{text}");
    assert!(
        text.contains("fails here: constraint \"teams_nope\" of relation \"teams\" does not exist"),
        "{text}"
    );
    assert!(text.contains("2 errors"), "{text}");
}
