//! What `schemalign models` prints of what is made: of several classes that declare one table; of enums that are not told.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const BASE: &str = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n";

const OWN: &str = "from sqlalchemy import Column, ForeignKey, Integer, String
from app.base import Base
class Report(Base):
    __tablename__ = 'reports'
    id = Column(Integer, primary_key=True)
    title = Column(String(80))
class Line(Base):
    __tablename__ = 'lines'
    id = Column(Integer, primary_key=True)
    report_id = Column(Integer, ForeignKey('reports.id'))
";

const OTHER: &str = "from sqlalchemy import Column, Enum, Integer, Text
from app.base import Base
class OldReport(Base):
    __tablename__ = 'reports'
    id = Column(Integer, primary_key=True)
    body = Column(Text, index=True)
    state = Column(Enum('a', 'b', name='report_state'))
";

const ENVIRONMENT: &str = "from alembic import context
from app.base import Base
IMPORTS
target_metadata = Base.metadata
context.configure(url='postgresql://', target_metadata=target_metadata)
with context.begin_transaction():
    context.run_migrations()
";

const REVISION: &str = "revision = 'a1'\ndown_revision = None\ndef upgrade():\n    pass\n";

const UNTOLD: &str = "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from elsewhere.states import State
class Base(DeclarativeBase):
    pass
class Report(Base):
    __tablename__ = 'reports'
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[State] = mapped_column(default=State.NEW)
";

/// The document that is printed of files.
fn of(case: &str, files: &[(&str, &str)]) -> Value {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rivals-{case}"));
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in files.iter().chain(&[(".git/HEAD", "ref: refs/heads/main\n")]) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
        .args(["models", "--format", "json"])
        .current_dir(&root)
        .output()
        .expect("schemalign runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("a document")
}

/// The document that is printed of the models where `env.py` imports these modules; where it is not there, without a history.
fn printed(case: &str, imports: Option<&str>) -> Value {
    let environment = ENVIRONMENT.replace("IMPORTS", imports.unwrap_or_default());
    let mut files = vec![
        ("app/base.py", BASE),
        ("app/own.py", OWN),
        ("app/other.py", OTHER),
    ];
    if imports.is_some() {
        files.push((
            "alembic.ini",
            "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n",
        ));
        files.push(("alembic/env.py", &environment));
        files.push(("alembic/versions/a1_first.py", REVISION));
    }
    of(case, &files)
}

fn columns(document: &Value) -> Vec<&str> {
    let columns = document["tables"]["public.reports"]["columns"].as_array();
    let columns = columns.into_iter().flatten();
    columns.filter_map(|column| column["name"].as_str()).collect()
}

fn keys_of_lines(document: &Value) -> usize {
    let keys = document["tables"]["public.lines"]["foreign_keys"].as_array();
    keys.map_or(0, Vec::len)
}

#[test]
fn the_class_that_env_py_reaches_makes_the_table() {
    let document = printed("one", Some("import app.own"));
    assert_eq!(columns(&document), ["id", "title"]);
    assert_eq!(document["enums"], serde_json::json!({}));
    assert_eq!(
        document["tables"]["public.reports"]["indexes"],
        serde_json::json!([])
    );
    assert_eq!(keys_of_lines(&document), 1);

    let document = printed("other", Some("import app.other"));
    assert_eq!(columns(&document), ["id", "body", "state"]);
    assert_eq!(
        document["enums"]["public.report_state"],
        serde_json::json!(["a", "b"])
    );
    assert_eq!(keys_of_lines(&document), 1);
}

#[test]
fn where_none_or_both_are_reached_it_is_not_known_what_is_made() {
    for (case, imports) in [
        ("both", Some("import app.own\nimport app.other")),
        ("neither", Some("")),
        (
            "untold",
            Some("import importlib, os\nimportlib.import_module(os.environ['MODELS'])"),
        ),
        ("no-history", None),
    ] {
        let document = printed(case, imports);
        let table = &document["tables"]["public.reports"];
        let unknown = table["unknown"].as_array().expect("what is not known");
        assert_eq!(columns(&document), [""; 0], "{case}");
        assert!(unknown.contains(&Value::from("columns")), "{case}: {table}");
        assert_eq!(document["enums"]["public.report_state"], Value::Null, "{case}");
        assert_eq!(
            keys_of_lines(&document),
            1,
            "{case}: {}",
            document["tables"]["public.lines"]
        );
    }
}

#[test]
fn a_column_of_no_known_type_may_be_of_an_enum_that_is_not_listed() {
    let told = UNTOLD
        .replace("from elsewhere.states import State", "State = int")
        .replace("State.NEW", "1");
    for (case, text, open) in [
        ("enum-untold", UNTOLD, Value::from(true)),
        ("enum-told", &told, Value::Null),
    ] {
        let document = of(case, &[("app/models.py", text)]);
        assert_eq!(document["incomplete"], open, "{case}: {document}");
    }
}
