//! The command line from outside: output, exit codes, and folders that are hard to read.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with these files, new for each test.
fn folder(test: &str, listing: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in listing {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::create_dir_all(&root).unwrap();
    root
}

/// Exit code, stdout, stderr.
fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(arguments)
        .current_dir(root)
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

const SCHEMA: &str = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id Int @id\n}\n";
const TABLE: &str =
    "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";

#[test]
fn exit_codes() {
    let clean = folder(
        "clean",
        &[
            ("prisma/schema.prisma", SCHEMA),
            ("prisma/migrations/1_a/migration.sql", TABLE),
        ],
    );
    let found = folder(
        "found",
        &[
            ("prisma/schema.prisma", SCHEMA),
            ("prisma/migrations/1_a/migration.sql", "SELECT 1;"),
        ],
    );
    assert_eq!(run(&clean, &[]).0, 0);
    assert_eq!(run(&found, &["check"]).0, 1);
    assert_eq!(run(&found, &["check", "--format", "json"]).0, 1);
    assert_eq!(run(&found, &["--no-such-option"]).0, 2);
    assert_eq!(run(&found, &["no-such-folder"]).0, 2);
    assert_eq!(run(&found, &["--help"]).0, 0);
    assert_eq!(run(&clean, &["schema", "--at", "1"]).0, 0);
    assert_eq!(run(&clean, &["schema", "--at", "2"]).0, 2);
    assert_eq!(run(&clean, &["explain", "missing-column"]).0, 0);
    assert_eq!(run(&clean, &["explain", "no-such-thing"]).0, 2);
    assert_eq!(run(&clean, &["history", "\"User\".id"]).0, 0);
}

#[test]
fn nothing_to_check_is_said() {
    let empty = folder("empty", &[("node_modules/x/prisma/schema.prisma", SCHEMA)]);
    let (code, out, err) = run(&empty, &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("nothing here that can be checked") && err.contains("looked for"),
        "{err}"
    );
    let other = folder(
        "other",
        &[
            ("manage.py", "import django"),
            (
                "app/migrations/0001_initial.py",
                "from django.db import migrations",
            ),
        ],
    );
    let (code, _, err) = run(&other, &[]);
    assert_eq!(code, 2);
    assert!(err.contains("Django is not supported yet"), "{err}");
}

#[test]
fn ignored_files_are_not_read() {
    let root = folder(
        "ignored",
        &[
            (".git/HEAD", ""),
            (".gitignore", "/old\n"),
            ("old/migrations/001_a.sql", TABLE),
            ("target/migrations/001_a.sql", TABLE),
            ("new/migrations/001_a.sql", TABLE),
            ("py/pyvenv.cfg", ""),
            ("py/migrations/001_a.sql", TABLE),
        ],
    );
    let (_, out, _) = run(&root, &["check", "--format", "json"]);
    assert!(
        out.contains("new/migrations")
            && !out.contains("old/")
            && !out.contains("target/")
            && !out.contains("py/"),
        "{out}"
    );
    let (code, out, err) = run(&root, &["schema", "--migrations", "old/migrations"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
}

/// Where nothing says what git keeps, such as in an unpacked archive of what it keeps, its ignore files leave nothing out.
#[test]
fn without_git_its_ignore_files_are_nothing() {
    let root = std::env::temp_dir().join(format!("schemalign-without-git-{}", std::process::id()));
    if root.ancestors().any(|folder| folder.join(".git").exists()) {
        return;
    }
    for (path, text) in [
        (".gitignore", "*secret*\n"),
        (".ignore", "/apart\n"),
        ("migrations/001_a.sql", TABLE),
        (
            "migrations/002_secret.sql",
            "ALTER TABLE \"User\" ADD COLUMN secret int;\n",
        ),
        ("apart/migrations/001_b.sql", "CREATE TABLE apart (id int);\n"),
        (
            "node_modules/x/migrations/001_c.sql",
            "CREATE TABLE of_a_package (id int);\n",
        ),
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let (code, out, err) = run(&root, &["schema"]);
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("secret") && !out.contains("apart") && !out.contains("of_a_package"),
        "{out}"
    );
}

#[test]
fn text_of_files_is_never_printed_raw() {
    let name = "001_\u{1b}[31mred.sql";
    let root = folder(
        "raw",
        &[(
            &format!("migrations/{name}"),
            "CREATE TABLE \"\u{1b}]0;t\u{7}\" (id int);\n::error::x\n",
        )],
    );
    for arguments in [
        &["check"][..],
        &["check", "--coverage"],
        &["schema"],
        &["check", "--format", "json"],
    ] {
        let (_, out, err) = run(&root, arguments);
        assert!(
            !out.contains('\u{1b}') && !err.contains('\u{1b}'),
            "{arguments:?}: {out:?} {err:?}"
        );
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let listing: Vec<(String, String)> = (0..2000)
        .map(|i| {
            (
                format!("migrations/{i}_a.sql"),
                format!("CREATE TABLE t{i} (id int PRIMARY KEY);"),
            )
        })
        .collect();
    let listing: Vec<(&str, &str)> = listing.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let root = folder("pipe", &listing);
    let mut child = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .arg("schema")
        .current_dir(&root)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
}

#[cfg(unix)]
#[test]
fn odd_files_are_said_and_the_rest_is_checked() {
    let root = folder("odd", &[("migrations/001_a.sql", TABLE)]);
    std::os::unix::fs::symlink("..", root.join("migrations/loop")).unwrap();
    std::os::unix::fs::symlink("/no/such/file", root.join("migrations/002_b.sql")).unwrap();
    std::os::unix::fs::symlink("/no/such/page", root.join("migrations/guide.md")).unwrap();
    std::os::unix::fs::symlink("/no/such/settings", root.join("migrations/.env")).unwrap();
    let made = Command::new("mkfifo")
        .arg(root.join("migrations/003_c.sql"))
        .status()
        .is_ok_and(|s| s.success());
    let (code, out, _) = run(&root, &["check", "--coverage"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("migrations/002_b.sql"), "{out}");
    assert!(!out.contains("guide.md") && !out.contains(".env"), "{out}");
    assert!(!out.contains("entity not found"), "{out}");
    assert!(!made || out.contains("is no regular file"), "{out}");
}

#[test]
fn a_file_stands_for_its_target() {
    let root = folder(
        "touching",
        &[
            ("a/migrations/001_a.sql", "CREATE TABLE a (id int);"),
            ("b/migrations/001_b.sql", "CREATE TABLE b (id int);"),
            ("seed.sql", "SELECT 1;"),
        ],
    );
    let (code, out, _) = run(&root, &["check", "--format", "json", "a/migrations/001_a.sql"]);
    assert_eq!(code, 0);
    assert!(out.contains("\"a\"") && !out.contains("b/migrations"), "{out}");
    let (code, out, _) = run(&root, &["seed.sql"]);
    assert_eq!(code, 0);
    assert!(out.contains("not checked: seed.sql"), "{out}");
}

#[test]
fn what_is_not_there_is_answered_with_what_is_near() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    for command in ["explain", "history"] {
        let (code, _, err) = run(&root, &[command, "order.id"]);
        assert_eq!(code, 2);
        assert!(err.contains("did you mean orders.id?"), "{err}");
        assert!(err.lines().count() < 5, "{err}");
    }
    let (_, _, err) = run(&root, &["explain", "missing-colum"]);
    assert!(err.contains("there is a rule missing-column"), "{err}");
}

#[test]
fn a_field_of_several_types_is_explained_in_words() {
    let migration = "defmodule Shop.Init do\n  use Ecto.Migration\n\n  def change do\n    create table(:items) do\n      add :name, \
                     :string\n    end\n  end\nend\n";
    let schema = "defmodule Shop.Item do\n  use Ecto.Schema\n\n  schema \"items\" do\n    field :name, :string\n  end\nend\n";
    let root = folder(
        "in-words",
        &[
            (
                "mix.exs",
                "defmodule Shop.MixProject do\n  use Mix.Project\nend\n",
            ),
            ("priv/repo/migrations/1_init.exs", migration),
            ("lib/shop/item.ex", schema),
        ],
    );
    let (code, out, err) = run(&root, &["explain", "items.name"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("name :string: column name text, nullable or not"),
        "{out}"
    );
}

#[test]
fn programs_import_what_lies_beside_the_folder() {
    let revision = "from alembic import op\nfrom shop.naming import TABLE\nimport sqlalchemy as sa\n\nrevision = \"a\"\ndown_revision = \
                    None\n\n\ndef upgrade():\n    op.create_table(TABLE, sa.Column(\"id\", sa.Integer, primary_key=True))\n";
    let environment = "from alembic import context\nfrom shop.models import Base\n\ncontext.configure(target_metadata=Base.metadata)\n\
                       with context.begin_transaction():\n    context.run_migrations()\n";
    let models = "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\n\nfrom shop.naming import TABLE\n\n\
                  Base = declarative_base()\nOther = declarative_base()\n\n\nclass Item(Base):\n    __tablename__ = TABLE\n    id = \
                  sa.Column(sa.Integer, primary_key=True)\n    name = sa.Column(sa.String)\n\n\nclass Apart(Other):\n    __tablename__ \
                  = \"apart\"\n    id = sa.Column(sa.Integer, primary_key=True)\n";
    let root = folder(
        "beside",
        &[
            ("pyproject.toml", "[project]\nname = \"shop\"\n"),
            ("shop/__init__.py", ""),
            ("shop/naming.py", "TABLE = \"items\"\n"),
            ("shop/models.py", models),
            ("db/env.py", environment),
            ("db/script.py.mako", ""),
            ("db/versions/a.py", revision),
            // Another database's, which may have the other collection.
            ("other/env.py", "from alembic import context\n"),
        ],
    );
    let (code, out, _) = run(&root, &["check", "db"]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("missing-column") && out.contains("public.items.name"),
        "{out}"
    );
    assert!(!out.contains("apart"), "{out}");
    // A folder of its own is all that there is.
    std::fs::remove_file(root.join("pyproject.toml")).unwrap();
    let (code, out, _) = run(&root, &["check", "db"]);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn an_application_of_an_umbrella_knows_its_siblings() {
    let migration = |module: &str, body: &str| {
        format!("defmodule {module} do\n  use Ecto.Migration\n\n  def change do\n    {body}\n  end\nend\n")
    };
    let schema = |module: &str, table: &str, field: &str| {
        format!(
            "defmodule {module} do\n  use Ecto.Schema\n\n  schema \"{table}\" do\n    field :{field}, :string\n  end\nend\n"
        )
    };
    let project = |name: &str| format!("defmodule {name}.MixProject do\n  use Mix.Project\nend\n");
    let root = folder(
        "umbrella",
        &[
            (
                "mix.exs",
                "defmodule Shop.MixProject do\n  def project, do: [apps_path: \"apps\"]\nend\n",
            ),
            (
                "config/config.exs",
                "import Config\nconfig :billing, table: :bills\n",
            ),
            ("apps/core/mix.exs", &project("Core")),
            (
                "apps/core/lib/tables.ex",
                "defmodule Core.Tables do\n  def name, do: :string\nend\n",
            ),
            (
                "apps/core/lib/bill.ex",
                &schema("Core.Paid", "paid_bills", "name"),
            ),
            (
                "apps/core/priv/repo/migrations/1_users.exs",
                &migration("Core.Users", "create table(:users), do: add(:name, :string)"),
            ),
            ("apps/billing/mix.exs", &project("Billing")),
            (
                "apps/billing/lib/user.ex",
                &schema("Billing.User", "users", "name"),
            ),
            (
                "apps/billing/lib/bill.ex",
                &schema("Billing.Bill", "bills", "total"),
            ),
            (
                "apps/billing/lib/lost.ex",
                &schema("Billing.Lost", "lost", "name"),
            ),
            (
                "apps/billing/priv/repo/migrations/2_bills.exs",
                &migration(
                    "Billing.Bills",
                    "create table(Application.get_env(:billing, :table)), do: add(:name, Core.Tables.name())\n    \
                     create table(:paid_bills), do: add(:name, :string)",
                ),
            ),
            ("apps/web/mix.exs", &project("Web")),
            ("apps/web/lib/user.ex", &schema("Web.User", "users", "name")),
        ],
    );
    let billing = root.join("apps/billing");
    for (at, arguments) in [
        (&root, &["check", "apps/billing", "--coverage"][..]),
        (&billing, &["--coverage"]),
    ] {
        let (code, out, _) = run(at, arguments);
        assert_eq!(code, 1, "{out}");
        assert!(
            out.contains("2 errors, 0 warnings, 1 note") && !out.contains("extra-table"),
            "{out}"
        );
        assert!(
            out.contains("public.bills.total") && out.contains("public.lost"),
            "{out}"
        );
        assert!(
            out.contains("the migrations of a project beside what is checked may make users"),
            "{out}"
        );
    }
    let (_, _, err) = run(&root, &["check", "apps/web"]);
    assert!(
        err.contains("not checked: lib (Ecto schemas)")
            && err.contains("../billing/priv/repo/migrations/2_bills.exs"),
        "{err}"
    );
}

/// What cannot be told because of a base of a package is said once, with all that hangs on it.
#[test]
fn a_base_that_is_not_known_is_said_once() {
    let models = "from elsewhere import Base\nfrom sqlalchemy import Column, Integer\n\n\nclass A(Base):\n    __tablename__ = \"as\"\n\n\n\
                  class B(Base):\n    __tablename__ = \"bs\"\n\n\nclass C(Base):\n    id = Column(Integer, primary_key=True)\n";
    let environment = "from alembic import context\nfrom models import Base\n\ncontext.configure(target_metadata=Base.metadata)\n\
                       with context.begin_transaction():\n    context.run_migrations()\n";
    let root = folder(
        "said-once",
        &[
            (
                "alembic.ini",
                "[alembic]\nscript_location = db\nprepend_sys_path = .\n",
            ),
            ("db/env.py", environment),
            (
                "db/versions/a.py",
                "revision = \"a\"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n",
            ),
            ("models.py", models),
        ],
    );
    let (code, out, _) = run(&root, &["check", "--coverage"]);
    assert_eq!(code, 0, "{out}");
    let said: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("elsewhere.Base"))
        .collect();
    let [line] = said.as_slice() else { panic!("{out}") };
    let told = line.contains("models.py:5") && line.contains("public.as; public.bs; schema public");
    assert!(told, "{out}");
}
