//! Real Ecto judges the replay of its histories: each case of `tests/ecto/*.md` is a project; both sides run all of its migrations on
//! an empty database, and every fact is compared. Unknown is allowed where the case says so, wrong never.
//!
//! Where `SCHEMALIGN_ECTO` names a folder with the sources of ecto, ecto_sql, postgrex, db_connection, decimal, jason and telemetry
//! (as `mix deps.get` lays them out), Elixir is installed and a server can be started, Ecto itself is asked. What it made is kept in
//! `tests/ecto/recorded.json`, and the replay is compared with that where it cannot be asked; `SCHEMALIGN_UPDATE=1` writes it anew.
//!
//! A case that gives no `mix.exs` or repository gets the plain ones below. "Unknown: key" lines name facts that it leaves open.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use schemalign::check::{Sides, run};
use schemalign::config::Options;
use schemalign::schema::document::facts;
use schemalign::session::Outcome;
use schemalign::source::Files;

use crate::alembic_judge::left_open;
use crate::harness::{Case, Document, documents, updating};
use crate::judge::compare;
use crate::postgres::{Server, server};

pub(crate) const MIX: &str =
    "defmodule Shop.MixProject do\n  use Mix.Project\n  def project, do: [app: :shop]\nend\n";
pub(crate) const REPO: &str =
    "defmodule Shop.Repo do\n  use Ecto.Repo, otp_app: :shop, adapter: Ecto.Adapters.Postgres\nend\n";
/// Where the facts of each case are kept, as Ecto made them.
const RECORDED: &str = "tests/ecto/recorded.json";

/// What Ecto makes of a case: all facts, or the server's error.
type Made = Result<BTreeMap<String, String>, String>;

/// A process that runs real Ecto, case by case.
pub(crate) struct Ecto {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Ecto {
    pub(crate) fn start(server: &Server) -> Option<Ecto> {
        let Some(sources) = std::env::var_os("SCHEMALIGN_ECTO") else {
            eprintln!(
                "not asked: Ecto itself (SCHEMALIGN_ECTO names no folder of its sources); its recorded catalogs count"
            );
            return None;
        };
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judge-ecto");
        let child = Command::new("elixir")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/judge/ecto_migrate.exs"
            ))
            .arg(sources)
            .arg(cache)
            .args(server.address())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("not asked: Ecto itself (there is no elixir); its recorded catalogs count");
            return None;
        };
        let input = child.stdin.take()?;
        let output = BufReader::new(child.stdout.take()?);
        let mut ecto = Ecto { child, input, output };
        assert_eq!(ecto.line("ready"), "", "the judge starts");
        Some(ecto)
    }

    /// The rest of the next line that begins with a word; others are what the programs print.
    fn line(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("the judge answers");
            assert!(read > 0, "the judge ends");
            if let Some(rest) = line.trim_end().strip_prefix(word) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Runs the migrations of a folder, some or `all`: the server's error code, or what else went wrong.
    pub(crate) fn migrate(&mut self, folder: &Path, database: &str, steps: &str) -> Option<String> {
        writeln!(self.input, "{}\t{database}\t{steps}", folder.display()).expect("the judge takes a case");
        self.input.flush().expect("the judge takes a case");
        let answer = self.line("answer");
        answer.strip_prefix("error ").map(str::to_owned)
    }
}

impl Drop for Ecto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files of a case, with the plain ones where it has none of its own.
fn files(case: &Case) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = case.files.iter().map(|f| (f.path.clone(), f.text())).collect();
    let has_repo = out.iter().any(|(_, text)| text.contains("use Ecto.Repo"));
    if !out.iter().any(|(path, _)| path == "mix.exs") {
        out.push(("mix.exs".to_owned(), MIX.to_owned()));
    }
    if !has_repo {
        out.push(("lib/shop/repo.ex".to_owned(), REPO.to_owned()));
    }
    out
}

fn lay_out(files: &[(String, String)], number: usize) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("schemalign-ecto-{}-{number}", std::process::id()));
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file of a case");
    }
    folder
}

/// What real Ecto makes of a case.
fn made(files: &[(String, String)], number: usize, server: &Server, ecto: &mut Ecto) -> Made {
    let name = format!("judge_ecto_{number}");
    let mut connection = server.database(&name);
    let folder = lay_out(files, number);
    let error = ecto.migrate(&folder, &name, "all");
    let _ = std::fs::remove_dir_all(&folder);
    match error {
        Some(error) => Err(error.split(' ').next().unwrap_or_default().to_owned()),
        None => Ok(connection.facts()),
    }
}

/// What differs between a replay and what Ecto made.
fn differs(outcome: &Outcome, made: &Made, open: &[String]) -> Vec<String> {
    let told: Vec<&str> = outcome.missteps.iter().map(|m| m.failure.sqlstate).collect();
    let theirs = match made {
        Ok(theirs) => theirs,
        Err(error) => {
            return match told.first() {
                Some(first) if first == error => Vec::new(),
                _ => vec![format!("Ecto fails with {error}, ours told {told:?}")],
            };
        }
    };
    let ours = facts(&outcome.schema);
    let (mut wrong, _) = compare(&ours, theirs);
    if !told.is_empty() {
        wrong.push(format!("Ecto runs it, ours told {told:?}"));
    }
    let named = |key: &str| open.iter().any(|prefix| key.starts_with(prefix.as_str()));
    for key in theirs.keys().filter(|key| !named(key)) {
        let listed = matches!(ours.facts.get(key), Some(Some(_)));
        if !listed && !wrong.iter().any(|w| w.starts_with(&format!("{key}:"))) {
            wrong.push(format!("{key}: unknown"));
        }
    }
    if !wrong.is_empty() {
        let gaps = outcome.gaps.iter();
        wrong.extend(gaps.map(|gap| format!("gap: {} ({})", gap.why, gap.reach)));
    }
    wrong
}

fn recorded() -> BTreeMap<String, Made> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    let text = std::fs::read_to_string(path).unwrap_or_else(|_| "{}".to_owned());
    let read: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).expect("what is recorded");
    let made = |value: &serde_json::Value| match value {
        serde_json::Value::Object(facts) => Ok(facts
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect()),
        other => Err(other.as_str().unwrap_or_default().to_owned()),
    };
    read.iter()
        .map(|(name, value)| (name.clone(), made(value)))
        .collect()
}

fn record(all: &BTreeMap<String, Made>) {
    let value = |made: &Made| match made {
        Ok(facts) => serde_json::json!(facts),
        Err(error) => serde_json::json!(error),
    };
    let all: BTreeMap<&String, serde_json::Value> =
        all.iter().map(|(name, made)| (name, value(made))).collect();
    let text = serde_json::to_string_pretty(&all).expect("what is recorded") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    std::fs::write(path, text).expect("what is recorded");
}

#[test]
fn ecto_cases() {
    let server = server();
    let mut ecto = server.and_then(Ecto::start);
    let only = std::env::var("SCHEMALIGN_CASE").ok();
    let mut kept = recorded();
    let (mut wrong, mut names) = (Vec::new(), Vec::new());
    for (document, path) in documents("tests/ecto") {
        let read = Document::open(&path);
        for case in &read.cases {
            let title = case.heading.last().map_or("", String::as_str);
            let name = format!("{document}: {title}");
            names.push(name.clone());
            if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                continue;
            }
            let files = files(case);
            if let (Some(server), Some(ecto)) = (server, &mut ecto) {
                let made = made(&files, names.len(), server, ecto);
                if !updating() && kept.get(&name) != Some(&made) {
                    wrong.push(format!(
                        "{name}: Ecto makes something else than is recorded (SCHEMALIGN_UPDATE=1)"
                    ));
                }
                kept.insert(name.clone(), made);
            }
            let in_memory = Files::in_memory(files.iter().cloned());
            let runs = run(&in_memory, &Options::default(), Sides::Histories).expect("the options fit");
            let Some(outcome) = runs.runs.first().and_then(|run| run.replayed.outcome.as_ref()) else {
                wrong.push(format!("{name}: no history is found: {:?}", runs.not_checked));
                continue;
            };
            let open = left_open(&read, title);
            let differs = match kept.get(&name) {
                Some(made) => differs(outcome, made, &open),
                None => vec!["nothing is recorded of it (SCHEMALIGN_ECTO, SCHEMALIGN_UPDATE=1)".to_owned()],
            };
            if !differs.is_empty() {
                wrong.push(format!("{name}\n  {}", differs.join("\n  ")));
            }
        }
    }
    assert!(!names.is_empty(), "tests/ecto holds no case");
    if updating() && ecto.is_some() {
        kept.retain(|name, _| names.contains(name));
        record(&kept);
    }
    println!("{} Ecto cases judged", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
