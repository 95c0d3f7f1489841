//! The whole replay beside the bare parser: the same text, the same run, one thread, CPU time of that thread.
//!
//! `cargo bench --bench replay -- HISTORY...`: each is a folder of migrations as its runner knows it, with what is given behind
//! commas (`migrations/tenant,schemas=storage`). Without one, the histories of the examples. Files are read beforehand.
//! The parser is given each migration whole, and, in a second figure, each statement alone, as the replay parses. To the parser of
//! SQL the body of a `DO` block is one string; the third figure adds parsing these bodies, which every replay must do besides.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads files and prints"
)]

use std::path::Path;
use std::time::Duration;

use schemalign::check::{self, Sides};
use schemalign::config::{Dialect, Given, Options};
use schemalign::session::{Migration, Session};
use schemalign::source::Files;
use schemalign::stacks::Forgets;
use schemalign::syntax::pg;
use schemalign::syntax::split::{self, PieceKind};

/// The program's own; both sides have it.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds; within one, each kind of work is done in turn, so that a machine that slows down slows all of them.
const ROUNDS: usize = 15;
/// A round repeats its work until it has taken this long, since the clock is coarse.
const LEAST: Duration = Duration::from_millis(10);

/// What one runner runs.
struct History {
    name: String,
    given: Given,
    forgets: Forgets,
    migrations: Vec<Migration>,
    /// Every statement that the parser may be given.
    statements: Vec<String>,
    /// What stands in their `DO` blocks.
    bodies: Vec<String>,
}

impl History {
    fn read(argument: &str) -> History {
        let mut parts = argument.split(',');
        let folder = parts.next().unwrap_or_default().trim_end_matches('/');
        let mut given: Vec<(String, String)> = Vec::new();
        for part in parts {
            match (part.split_once('='), given.last_mut()) {
                (Some((key, value)), _) => given.push((key.to_owned(), value.to_owned())),
                (None, Some(last)) => last.1 = format!("{},{part}", last.1),
                (None, None) => panic!("{part} is no KEY=VALUE"),
            }
        }
        let mut files = Vec::new();
        collect(Path::new(folder), folder.len() + 1, &mut files);
        let options = Options {
            migrations: vec!["history".to_owned()],
            dialect: Some(Dialect::Postgres),
            given,
            ..Options::default()
        };
        let runs = check::run(&Files::in_memory(files), &options, Sides::Histories);
        let run = match runs.map(|mut runs| runs.runs.pop()) {
            Ok(Some(run)) => run,
            other => panic!("{folder}: {other:?}"),
        };
        let migrations: Vec<Migration> = run
            .replayed
            .histories
            .iter()
            .flat_map(|h| h.migrations.clone())
            .collect();
        let statements: Vec<String> = migrations.iter().flat_map(statements).collect();
        History {
            name: folder.to_owned(),
            given: run.target.given,
            forgets: run
                .target
                .histories
                .first()
                .map_or(Forgets::Nothing, |h| h.runner.forgets()),
            migrations,
            bodies: statements.iter().filter_map(|s| body(s)).collect(),
            statements,
        }
    }

    fn bytes(&self) -> usize {
        self.migrations.iter().map(|m| m.text.as_str().len()).sum()
    }

    fn parse_files(&self) {
        for migration in &self.migrations {
            parse(migration.text.as_str());
        }
    }

    fn parse_statements(&self) {
        for statement in &self.statements {
            parse(statement);
        }
    }

    fn parse_bodies(&self) {
        self.parse_statements();
        for body in &self.bodies {
            std::hint::black_box(pg::parse_plpgsql(body));
        }
    }

    fn replay(&self) {
        let mut session = Session::new(&self.given);
        for migration in &self.migrations {
            self.forgets.apply(&mut session);
            session.run(migration);
        }
        std::hint::black_box(session.finish());
    }
}

fn parse(text: &str) {
    std::hint::black_box(squawk_syntax::SourceFile::parse(text).tree());
}

fn statements(migration: &Migration) -> Vec<String> {
    let text = migration.text.as_str();
    split::pieces(text)
        .filter(|piece| piece.kind == PieceKind::Sql)
        .map(|piece| text[piece.range].to_owned())
        .collect()
}

/// The body of a `DO` block in dollars.
fn body(statement: &str) -> Option<String> {
    let mut tokens = split::tokens(statement).map(|(_, token)| token);
    tokens.next().filter(|first| first.eq_ignore_ascii_case("do"))?;
    let quoted = tokens.find(|token| token.starts_with('$'))?;
    let tag = quoted.split('$').nth(1)?;
    let length = tag.len() + 2;
    quoted
        .get(length..quoted.len().checked_sub(length)?)
        .map(str::to_owned)
}

fn collect(folder: &Path, cut: usize, out: &mut Vec<(String, Vec<u8>)>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = path.path();
        if path.is_dir() {
            collect(&path, cut, out);
        } else if let (Ok(bytes), Some(name)) = (std::fs::read(&path), path.to_str()) {
            out.push((format!("history/{}", &name[cut..]), bytes));
        }
    }
}

/// CPU time of this thread so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn time(repeats: u32, work: impl Fn()) -> Duration {
    let began = cpu();
    for _ in 0..repeats {
        work();
    }
    cpu().saturating_sub(began) / repeats
}

/// How often work is repeated so that a round of it can be timed; the first run warms it up.
fn repeats(work: impl Fn()) -> u32 {
    work();
    let once = time(1, work).max(Duration::from_micros(1));
    (LEAST.as_nanos() / once.as_nanos()) as u32 + 1
}

/// The least and the median.
#[derive(Default, Clone, Copy)]
struct Figures {
    least: Duration,
    median: Duration,
}

impl Figures {
    fn of(mut times: Vec<Duration>) -> Figures {
        times.sort();
        Figures {
            least: times[0],
            median: times[times.len() / 2],
        }
    }

    fn add(&mut self, other: Figures) {
        self.least += other.least;
        self.median += other.median;
    }
}

fn measure(history: &History) -> [Figures; KINDS] {
    let (files, each, bodies, replay) = (
        || history.parse_files(),
        || history.parse_statements(),
        || history.parse_bodies(),
        || history.replay(),
    );
    let counts = [repeats(files), repeats(each), repeats(bodies), repeats(replay)];
    let mut times = [const { Vec::new() }; KINDS];
    for _ in 0..ROUNDS {
        times[0].push(time(counts[0], files));
        times[1].push(time(counts[1], each));
        times[2].push(time(counts[2], bodies));
        times[3].push(time(counts[3], replay));
    }
    times.map(Figures::of)
}

/// The parser three ways, and the replay.
const KINDS: usize = 4;

fn row(name: &str, bytes: usize, figures: [Figures; KINDS]) {
    let name = name.get(name.len().saturating_sub(36)..).unwrap_or(name);
    let kilobytes = bytes as f64 / 1e3;
    print!("{name:36}{kilobytes:8.0}");
    for figure in figures {
        let seconds = figure.median.as_secs_f64();
        print!("{:9.2}{:7.1}", seconds * 1e3, kilobytes / 1e3 / seconds);
    }
    let [parses @ .., replay] = figures;
    for parse in parses {
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        let (median, least) = (
            ratio(replay.median, parse.median),
            ratio(replay.least, parse.least),
        );
        print!("{median:8.2} ({least:.2})");
    }
    println!();
}

fn main() {
    let mut named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    if named.is_empty() {
        named = examples();
    }
    let histories: Vec<History> = named.iter().map(|n| History::read(n)).collect();
    println!("median of {ROUNDS} rounds, CPU time of one thread; in brackets the ratio of the least times");
    println!(
        "{:36}{:>8}{:>16}{:>16}{:>16}{:>16}{:>15}{:>15}{:>15}",
        "history",
        "kB",
        "parse files",
        "statements",
        "and bodies",
        "replay",
        "to files",
        "to statements",
        "and bodies"
    );
    print!("{:44}", "");
    (0..KINDS).for_each(|_| print!("{:>9}{:>7}", "ms", "MB/s"));
    println!();
    let (mut bytes, mut total) = (0, [Figures::default(); KINDS]);
    for history in &histories {
        let figures = measure(history);
        row(&history.name, history.bytes(), figures);
        bytes += history.bytes();
        for (all, one) in total.iter_mut().zip(figures) {
            all.add(one);
        }
    }
    row("all", bytes, total);
}

/// Folders named `migrations` of the examples.
fn examples() -> Vec<String> {
    let mut out = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")];
    while let Some(folder) = folders.pop() {
        if folder.ends_with("migrations") {
            out.extend(folder.to_str().map(str::to_owned));
            continue;
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        folders.extend(entries.map(|e| e.path()).filter(|p| p.is_dir()));
    }
    out.sort();
    out
}
