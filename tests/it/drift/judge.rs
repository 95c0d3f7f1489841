//! Real SQLAlchemy and Alembic judge the mutations on a real server: each drift changes the database that the models or the history
//! make, each rewrite leaves it as it was; and what Alembic's own comparison says of each is put beside what is told here.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{Side, Stack, report};
use crate::alembic_judge::python;
use crate::postgres::{Server, server};

/// What the judge says of one folder.
pub(super) struct Answer {
    pub(super) catalog: BTreeMap<String, String>,
    /// What Alembic tells as it comes, and with all of its options.
    pub(super) default: Vec<String>,
    pub(super) all: Vec<String>,
}

struct Judge {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Judge {
    fn start(python: &str, server: &Server, base: &Path) -> Judge {
        let databases = ["drift_empty", "drift_head"].map(|name| {
            drop(server.database(name));
            server.url(name)
        });
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/drift.py"))
            .args(databases)
            .arg(base)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Judge { child, input, output }
    }

    fn ask(&mut self, folder: &Path, side: Side) -> Result<Answer, String> {
        let side = match side {
            Side::Models => "models",
            Side::History => "history",
        };
        let case = serde_json::json!({"folder": folder, "side": side});
        writeln!(self.input, "{case}").expect("the judge takes a case");
        self.input.flush().expect("the judge takes a case");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the judge answers");
        let answer: serde_json::Value = serde_json::from_str(&line).map_err(|e| format!("{e}: {line}"))?;
        if let Some(error) = answer["error"].as_str() {
            return Err(error.to_owned());
        }
        let told = |name: &str| match &answer[name] {
            serde_json::Value::Array(all) => all
                .iter()
                .map(|v| without_addresses(v.as_str().unwrap_or_default()))
                .collect(),
            other => vec![other.as_str().unwrap_or_default().to_owned()],
        };
        Ok(Answer {
            catalog: catalog(&answer["catalog"]),
            default: told("default"),
            all: told("all"),
        })
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `<TextClause object at 0x7fd1>`: the same without the address.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        out + part.trim_start_matches(|c: char| c.is_ascii_hexdigit())
    })
}

/// The facts of a catalog. Where a column stands among the others is no drift.
fn catalog(value: &serde_json::Value) -> BTreeMap<String, String> {
    let facts = value.as_object().into_iter().flatten();
    let fact = |(key, value): (&String, &serde_json::Value)| {
        let is_position = key.starts_with("column ") && !key["column ".len()..].contains(' ');
        let value = if is_position {
            ""
        } else {
            value.as_str().unwrap_or_default()
        };
        (key.clone(), value.to_owned())
    };
    facts.map(fact).collect()
}

pub(super) fn lay_out(files: &[(String, String)], name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("schemalign-drift-{}-{name}", std::process::id()));
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file of a case");
    }
    folder
}

#[test]
fn drift_is_judged() {
    let (Some(server), Some(python)) = (server(), python()) else {
        // What Alembic says is kept as it was written; the rest must be as it is now.
        report::check(&Stack::read("alembic"), None);
        return;
    };
    let stack = Stack::read("alembic");
    let base = lay_out(&stack.base, "base");
    let mut judge = Judge::start(&python, server, &base);
    let sides = [Side::Models, Side::History].map(|side| judge.ask(&base, side).expect("the pair is judged"));
    assert_eq!(
        sides[0].catalog, sides[1].catalog,
        "models and history of the pair make two databases"
    );
    let mut wrong = Vec::new();
    let mut beside = Vec::new();
    for (number, mutation) in stack.mutations.iter().enumerate() {
        let folder = lay_out(&mutation.files, &number.to_string());
        let answer = judge.ask(&folder, mutation.side);
        let also = mutation.also.map(|side| judge.ask(&folder, side));
        let _ = std::fs::remove_dir_all(&folder);
        let name = format!("{}: {}", mutation.page, mutation.title);
        match also {
            Some(Err(error)) => wrong.push(format!("{name}: {error}")),
            Some(Ok(after)) if after.catalog != sides[0].catalog => {
                wrong.push(format!("{name}: the models make another database"));
            }
            Some(Ok(_)) | None => {}
        }
        let before = &sides[usize::from(mutation.side == Side::History)];
        match answer {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok(after) => {
                if (after.catalog == before.catalog) == mutation.drift.is_some() {
                    let same = before
                        .catalog
                        .iter()
                        .filter(|(k, v)| after.catalog.get(*k) != Some(v));
                    wrong.push(format!(
                        "{name}: the database changes in {:?}",
                        same.collect::<Vec<_>>()
                    ));
                }
                beside.push((after.default != before.default, after.all != before.all));
            }
        }
    }
    let _ = std::fs::remove_dir_all(&base);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unmutated = (sides[0].default.len(), sides[0].all.len());
    report::check(&stack, Some((unmutated, &beside)));
}
