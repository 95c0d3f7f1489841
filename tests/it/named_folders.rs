//! Folders that are named on the command line, and what they stand for.

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("named-{test}"));
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn run(root: &Path, path: &str) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(["check", path])
        .current_dir(root)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_folder_of_revisions_stands_for_its_history() {
    let root = folder(
        "revisions",
        &[
            ("alembic.ini", "[alembic]\nscript_location = db\n"),
            (
                "db/env.py",
                "from alembic import context\nfrom models import Base\n\ncontext.configure(target_metadata=Base.metadata)\nwith \
                 context.begin_transaction():\n    context.run_migrations()\n",
            ),
            (
                "db/versions/a.py",
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a'\ndown_revision = None\n\n\ndef upgrade():\n    \
                 op.create_table('items', sa.Column('id', sa.Integer, primary_key=True))\n",
            ),
            (
                "models.py",
                "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\n\
                 class Item(Base):\n    __tablename__ = 'items'\n    id = sa.Column(sa.Integer, primary_key=True)\n    name = \
                 sa.Column(sa.String)\n",
            ),
            ("other/schema.sql", "CREATE TABLE others (id int);\n"),
        ],
    );
    let whole = run(&root, "db/env.py");
    assert!(
        whole.contains("missing-column") && whole.contains("public.items.name"),
        "{whole}"
    );
    for path in ["db/versions", "db/versions/", "./db/versions", "db/versions/a.py"] {
        assert_eq!(run(&root, path), whole, "{path}");
    }
}

/// A program of that name may be anything.
#[test]
fn a_folder_below_another_program_is_itself_what_is_checked() {
    let root = folder(
        "below",
        &[
            (
                "env.py",
                "import os\n\nURL = os.environ['URL']  # as alembic has it\n",
            ),
            ("app/models.py", "X = 1\n"),
            (
                "app/001_init.sql",
                "CREATE TABLE t (id int);\nDROP TABLE u;\nDROP TABLE t;\nDROP TABLE t;\n",
            ),
        ],
    );
    let out = run(&root, "app");
    assert!(!out.contains("belongs to no migrations"), "{out}");
}
