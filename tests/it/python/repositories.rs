//! Whole repositories run by the interpreter with a library that knows nothing: what stops it, what is slow, what is unknown.
//!
//! `SCHEMALIGN_REPOSITORIES=folder,folder cargo test --test it python::repositories -- --ignored --nocapture` prints a report.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use schemalign::interpret::python::{Args, ClassId, Library, Machine, Modules, Run, Stop, Value};
use schemalign::known::{Gap, Truth};
use schemalign::source::{FileId, Files, Span};

/// A library that knows nothing, and notes what it is given that is unknown.
#[derive(Default)]
pub(super) struct Deaf {
    unknown: Vec<(String, Gap)>,
}

impl<'a> Library<'a> for Deaf {
    type State = ();

    fn save(&mut self) -> Self::State {}
    fn restore(&mut self, (): Self::State) {}
    fn join(&mut self, (): Self::State, _: &Gap) {}
    fn attribute(_: &mut Machine<'a, Self>, _: &Value<'a>, _: &str, _: Span) -> Option<Run<'a, Value<'a>>> {
        None
    }
    fn call(
        machine: &mut Machine<'a, Self>,
        callee: &Value<'a>,
        args: &Args<'a>,
        _: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        let name = machine.display(callee);
        if name.starts_with("alembic.op") || name.starts_with("sqlalchemy") {
            let keywords = args.keywords.iter().map(|(_, a)| a);
            let gaps: Vec<Gap> = args
                .positional
                .iter()
                .chain(keywords)
                .filter_map(|a| a.value.gap().cloned())
                .chain(args.open.clone())
                .collect();
            machine
                .library
                .unknown
                .extend(gaps.into_iter().map(|gap| (name.clone(), gap)));
        }
        None
    }
    fn iterate(_: &mut Machine<'a, Self>, _: &Value<'a>, _: Span) -> Option<Run<'a, Vec<Value<'a>>>> {
        None
    }
    fn item(_: &mut Machine<'a, Self>, _: &Value<'a>, _: &Value<'a>, _: Span) -> Option<Run<'a, Value<'a>>> {
        None
    }
    fn truth(_: &mut Machine<'a, Self>, _: &Value<'a>, _: Span) -> Option<Truth> {
        None
    }
    fn enter(_: &mut Machine<'a, Self>, _: &Value<'a>, _: Span) -> Option<Run<'a, Value<'a>>> {
        None
    }
    fn exit(_: &mut Machine<'a, Self>, _: &Value<'a>, _: bool, _: Span) {}
    fn set_attribute(_: &mut Machine<'a, Self>, _: &Value<'a>, _: &str, _: &Value<'a>, _: Span) -> bool {
        false
    }
    fn class_made(_: &mut Machine<'a, Self>, _: ClassId) {}
    fn opaque(machine: &mut Machine<'a, Self>, gap: &Gap, _: &Args<'a>) {
        machine.library.unknown.push(("opaque".to_owned(), gap.clone()));
    }
}

fn read(folder: &Path, root: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if !matches!(name.as_str(), ".git" | "node_modules" | ".venv") {
                read(&path, root, out);
            }
        } else if let (Ok(relative), Ok(bytes)) = (path.strip_prefix(root), std::fs::read(&path)) {
            let text = path.extension().is_some_and(|e| {
                ["py", "sql", "ini", "toml", "json", "yaml", "yml"]
                    .iter()
                    .any(|x| e == *x)
            });
            if text && bytes.len() < 4 << 20 {
                out.push((relative.to_string_lossy().into_owned(), bytes));
            }
        }
    }
}

#[derive(Default)]
struct Report {
    reasons: BTreeMap<String, (usize, Vec<String>)>,
    slow: Vec<(Duration, String)>,
    panics: Vec<String>,
    ends: BTreeMap<&'static str, usize>,
    raised: Vec<String>,
}

impl Report {
    fn place(files: &Files, at: Span) -> String {
        format!("{}:{}", files.path(at.file), files.start(at).line)
    }

    fn gaps(&mut self, files: &Files, gaps: &[Gap]) {
        for gap in gaps {
            let entry = self.reasons.entry(gap.why.clone()).or_default();
            entry.0 += 1;
            if entry.1.len() < 2 {
                entry
                    .1
                    .push(gap.at.map_or(String::new(), |at| Self::place(files, at)));
            }
        }
    }

    fn unknowns(&mut self, files: &Files, all: &[(String, Gap)]) {
        for (what, gap) in all {
            let entry = self.reasons.entry(format!("{what}: {}", gap.why)).or_default();
            entry.0 += 1;
            if entry.1.len() < 2 {
                entry
                    .1
                    .push(gap.at.map_or(String::new(), |at| Self::place(files, at)));
            }
        }
    }

    fn end<'a>(&mut self, files: &Files, what: &str, run: Run<'a, Value<'a>>, machine: &Machine<'a, Deaf>) {
        let kind = match run {
            Ok(_) => "ok",
            Err(Stop::Exhausted(at, why)) => {
                self.raised
                    .push(format!("{what}: {why} at {}", Self::place(files, at)));
                "exhausted"
            }
            Err(Stop::Raised(raised)) => {
                let shown = machine.display(&raised.exception);
                self.raised.push(format!(
                    "{what}: raises {shown} at {}",
                    Self::place(files, raised.span)
                ));
                "raised"
            }
            Err(Stop::Gone) => "gone",
        };
        *self.ends.entry(kind).or_default() += 1;
    }

    fn print(mut self, name: &str, took: Duration) {
        println!("== {name}: {took:.2?} {:?}", self.ends);
        for panic in &self.panics {
            println!("  PANIC {panic}");
        }
        for raised in self.raised.iter().take(60) {
            println!("  {raised}");
        }
        let mut reasons: Vec<_> = self.reasons.into_iter().collect();
        reasons.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(&b.0)));
        for (why, (count, places)) in reasons.iter().take(40) {
            println!("  {count:5} {why}   [{}]", places.join(", "));
        }
        self.slow.sort();
        for (took, file) in self.slow.iter().rev().take(6) {
            println!("  {took:.2?} {file}");
        }
    }
}

fn is_model(path: &str, text: &str) -> bool {
    let test = path
        .split('/')
        .any(|p| p == "tests" || p == "test" || p.starts_with("test_") || p == "conftest.py");
    !test && !is_migration(path) && (text.contains("sqlalchemy") || text.contains("sqlmodel"))
}

fn is_migration(path: &str) -> bool {
    path.contains("/versions/") || path.contains("migrations/")
}

fn migration<'a>(machine: &mut Machine<'a, Deaf>, file: FileId) -> Run<'a, Value<'a>> {
    let module = machine.run_file(file, "migration")?;
    let at = Span::new(file, 0, 0);
    match machine.attribute_if_any(&module, "upgrade", at)? {
        Some(upgrade) => machine.call(&upgrade, Args::default(), at),
        None => Ok(Value::None),
    }
}

fn repository(folder: &Path) {
    let mut sources = Vec::new();
    read(folder, folder, &mut sources);
    let files = Files::in_memory(sources);
    let modules = Modules::new(&files, &[String::new()]);
    let all: Vec<_> = files
        .entries()
        .filter(|(_, e)| e.path.ends_with(".py"))
        .map(|(id, e)| (id, e.path.clone()))
        .collect();
    let started = Instant::now();
    let mut report = Report::default();
    let mut machine = Machine::new(&modules, Deaf::default());
    for (id, path) in all.iter().filter(|(id, path)| is_model(path, &files.text(*id))) {
        let Some(module) = modules.find(path) else {
            continue;
        };
        let _ = id;
        let at = Instant::now();
        let run = catch_unwind(AssertUnwindSafe(|| machine.run_module(module)));
        report.slow.push((at.elapsed(), path.clone()));
        match run {
            Ok(run) => report.end(&files, path, run, &machine),
            Err(_) => report.panics.push(path.clone()),
        }
    }
    report.gaps(&files, machine.gaps());
    report.unknowns(&files, &machine.library.unknown);
    println!("{} classes", machine.classes().len());
    report.print(&format!("{} models", folder.display()), started.elapsed());

    let started = Instant::now();
    let mut report = Report::default();
    let mut machine = Machine::new(&modules, Deaf::default());
    for (id, path) in all
        .iter()
        .filter(|(id, path)| is_migration(path) && files.text(*id).contains("def upgrade"))
    {
        let at = Instant::now();
        let run = catch_unwind(AssertUnwindSafe(|| migration(&mut machine, *id)));
        report.slow.push((at.elapsed(), path.clone()));
        match run {
            Ok(run) => report.end(&files, path, run, &machine),
            Err(_) => report.panics.push(path.clone()),
        }
    }
    report.gaps(&files, machine.gaps());
    report.unknowns(&files, &machine.library.unknown);
    report.print(&format!("{} migrations", folder.display()), started.elapsed());
}

#[test]
#[ignore = "reads repositories beside this one: SCHEMALIGN_REPOSITORIES says which"]
fn repositories() {
    for folder in std::env::var("SCHEMALIGN_REPOSITORIES")
        .unwrap_or_default()
        .split(',')
        .filter(|f| !f.is_empty())
    {
        repository(Path::new(folder));
    }
}
