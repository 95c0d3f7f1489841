//! Elixir programs run by the interpreter and by Elixir itself: `emit(...)` must be called with the same values.
//!
//! A heading of `tests/elixir/*.md` is a case: code blocks after a path are its files, `main.exs` is run, and a `text` block holds
//! what it emits. Where `elixir` is on the machine, it runs the same programs (`tests/judge/elixir_programs.exs`), one that asks
//! `unknown([...])` once for each way in which the answers can come out: what it emits must be one of the ways that the interpreter
//! allows. Modules of a case have names that begin with `Case`.

mod judge;
mod repositories;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use schemalign::interpret::elixir::{
    Called, Library, Machine, Modules, Run, Scope, Stop, TermCallee, Value, Written,
};
use schemalign::known::Gap;
use schemalign::source::Files;

use crate::python::judge::{Told, allows};
use crate::python::{ANY, FROM, Line, OR, PART, TERM, TERM_END, TO, print};

/// A library that keeps what is emitted.
#[derive(Default)]
pub(crate) struct Judge {
    emitted: Rc<Vec<Line>>,
    pub(crate) opaque: usize,
}

impl<'a> Library<'a> for Judge {
    type State = Rc<Vec<Line>>;

    fn save(&mut self) -> Self::State {
        self.emitted.clone()
    }

    fn restore(&mut self, state: Self::State) {
        self.emitted = state;
    }

    fn join(&mut self, other: Self::State, _gap: &Gap) {
        if self.emitted == other {
            return;
        }
        let same = self
            .emitted
            .iter()
            .zip(other.iter())
            .take_while(|(a, b)| a == b)
            .count();
        let mut lines = self.emitted[..same].to_vec();
        lines.push(Line::Either(
            self.emitted[same..].to_vec(),
            other[same..].to_vec(),
        ));
        self.emitted = Rc::new(lines);
    }

    fn exports(module: &str, name: &str, _arity: usize) -> Option<bool> {
        (module == "Judge").then_some(matches!(name, "emit" | "unknown" | "some"))
    }

    fn uses(_: &mut Machine<'a, Self>, _: &Written<'_>, _: &mut Scope) -> Option<Run<()>> {
        None
    }

    fn expand(_: &mut Machine<'a, Self>, _: &Written<'_>, _: &mut Scope) -> Option<Run<Value>> {
        None
    }

    fn call(machine: &mut Machine<'a, Self>, called: &Called<'_>) -> Option<Run<Value>> {
        match (called.module, called.name, called.args) {
            ("Judge", "emit", args) => {
                let shown: Vec<String> = args.iter().map(|a| show(machine, a)).collect();
                Rc::make_mut(&mut machine.library.emitted).push(Line::One(shown.join(" ")));
                Some(Ok(Value::atom("ok")))
            }
            // One of the values that it is given.
            ("Judge", "unknown", [list]) => {
                let gap = machine.gap(called.span, "it is asked for");
                Some(Ok(Value::one_of(list.as_list()?.to_vec(), gap)))
            }
            // The first so many of the items that it is given.
            ("Judge", "some", _) => Some(Ok(machine.unknown(called.span, "it is asked for"))),
            _ => None,
        }
    }

    fn opaque(machine: &mut Machine<'a, Self>, _: &Gap, _: Option<&Called<'_>>) {
        machine.library.opaque += 1;
    }
}

/// `inspect`, with marks for what is unknown.
fn show(machine: &Machine<'_, Judge>, value: &Value) -> String {
    let all = |items: &[Value]| {
        items
            .iter()
            .map(|i| show(machine, i))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let key = |name: &str| {
        let shown = machine.inspect(&Value::atom(name)).unwrap_or_default();
        format!("{}: ", shown.trim_start_matches(':'))
    };
    match value {
        Value::List(items) => match value.as_keywords() {
            Some(pairs) if !pairs.is_empty() => {
                let pairs = pairs.into_iter().map(|(k, v)| key(k) + &show(machine, v));
                format!("[{}]", pairs.collect::<Vec<_>>().join(", "))
            }
            _ => format!("[{}]", all(items)),
        },
        Value::Tuple(items) => format!("{{{}}}", all(items)),
        Value::Map(map) if machine.inspect(value).is_none() => {
            let name = value.struct_name().unwrap_or_default();
            let entries = map
                .entries()
                .iter()
                .filter(|(k, _)| k.as_atom() != Some("__struct__"));
            let entries = entries.map(|(k, v)| match k {
                Value::Atom(n) => key(n) + &show(machine, v),
                _ => format!("{} => {}", show(machine, k), show(machine, v)),
            });
            format!("%{name}{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
            let shown: Vec<String> = unknown.candidates.iter().map(|c| show(machine, c)).collect();
            format!("{FROM}{}{TO}", shown.join(&OR.to_string()))
        }
        Value::Unknown(unknown) if !unknown.pattern.is_empty() => {
            let part = |p: &Option<schemalign::source::Text>| {
                p.as_ref().map_or(PART.to_string(), |t| t.as_str().to_owned())
            };
            format!("\"{}\"", unknown.pattern.iter().map(part).collect::<String>())
        }
        Value::Unknown(_) => ANY.to_string(),
        Value::Term(term) => match &term.callee {
            TermCallee::Remote(module, name) => {
                format!("{TERM}{module}.{name}({}){TERM_END}", all(&term.args))
            }
            _ => format!("{TERM}{}{TERM_END}", term.name()),
        },
        Value::Function(function) => format!("{TERM}function/{}{TERM_END}", function.arity()),
        Value::Quoted(_) => format!("{TERM}code{TERM_END}"),
        _ => machine.inspect(value).unwrap_or_else(|| ANY.to_string()),
    }
}

/// What a program emits, and how it ends where it does not end well.
fn interpret(sources: &BTreeMap<String, String>) -> (Vec<Line>, String) {
    let files = Files::in_memory(sources.clone());
    let modules = Modules::new(&files, "");
    let mut machine = Machine::new(&modules, Judge::default());
    let Some(main) = files.find("main.exs") else {
        return (Vec::new(), "no main.exs\n".to_owned());
    };
    let run = machine.run_file(main, &mut Scope::default());
    let mut out = String::new();
    print(&machine.library.emitted.clone(), 0, &mut out);
    match run {
        Ok(_) => {}
        Err(Stop::Raised(exception, _)) => {
            let name = exception
                .struct_name()
                .map_or_else(|| show(&machine, &exception), |n| n.to_string());
            out.push_str(&format!("raises {name}\n"));
        }
        Err(Stop::Thrown(..)) => out.push_str("raises throw\n"),
        Err(Stop::Exhausted(_, why)) => out.push_str(&format!("{why}\n")),
        Err(Stop::Gone) => out.push_str("gone\n"),
    }
    if std::env::var_os("SCHEMALIGN_GAPS").is_some() {
        for gap in machine.gaps() {
            out.push_str(&format!("gap: {}\n", gap.why));
        }
    }
    (machine.library.emitted.to_vec(), out)
}

struct Case {
    name: String,
    files: BTreeMap<String, String>,
    expected: String,
    /// Where the expectation stands.
    lines: (usize, usize),
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut path = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        if let Some(name) = line.strip_prefix("## ") {
            cases.push(Case {
                name: name.to_owned(),
                files: BTreeMap::new(),
                expected: String::new(),
                lines: (0, 0),
            });
        } else if line.starts_with('`') && line.ends_with("`:") {
            path = line.trim_matches(|c| c == '`' || c == ':').to_owned();
        } else if let Some(kind) = line.strip_prefix("```") {
            let mut body = String::new();
            let mut span = (0, 0);
            for (at, line) in lines.by_ref() {
                if span.0 == 0 {
                    span.0 = at;
                }
                span.1 = at;
                if line == "```" {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            let Some(case) = cases.last_mut() else { continue };
            if kind == "text" {
                (case.expected, case.lines) = (body, span);
            } else {
                let path = std::mem::take(&mut path);
                let path = if path.is_empty() {
                    "main.exs".to_owned()
                } else {
                    path
                };
                case.files.insert(path, body);
            }
        }
    }
    cases
}

/// How what Elixir says contradicts the interpreter.
fn contradiction(lines: &[Line], got: &str, told: &Told, only: bool) -> Option<String> {
    let raises = got.lines().last().and_then(|l| l.strip_prefix("raises "));
    let same_end = match (&told.raised, raises) {
        (None, None) => true,
        // A course that fails is left out, because the program is taken to have run.
        (Some(_), None) if !only => return None,
        (Some(_), None) => false,
        (Some(a), Some(b)) => a == b,
        (None, Some(_)) => false,
    };
    if same_end && allows(lines, &told.lines) {
        return None;
    }
    let raised = told
        .raised
        .as_ref()
        .map(|c| format!("raises {c}\n"))
        .unwrap_or_default();
    Some(format!(
        "Elixir says\n{}\n{raised}got\n{got}",
        told.lines.join("\n")
    ))
}

#[test]
fn programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/elixir");
    let only = std::env::var("SCHEMALIGN_CASE").unwrap_or_default();
    let update = std::env::var_os("SCHEMALIGN_UPDATE").is_some();
    let mut wrong = Vec::new();
    let mut ran: Vec<(String, Vec<Line>, String)> = Vec::new();
    let mut judged: Vec<BTreeMap<String, String>> = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the cases")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a document");
        let mut document: Vec<String> = text.lines().map(str::to_owned).collect();
        for case in read(&text).iter().rev().filter(|c| c.name.contains(&only)) {
            let (lines, got) = interpret(&case.files);
            let name = format!(
                "{}: {}",
                path.file_name().unwrap_or_default().to_string_lossy(),
                case.name
            );
            if got != case.expected {
                if update && case.lines.1 > 0 {
                    document.splice(case.lines.0..case.lines.1, got.lines().map(str::to_owned));
                } else {
                    wrong.push(format!("{name}\nexpected\n{}got\n{got}", case.expected));
                }
            }
            if !case.name.contains("(not judged)") {
                judged.push(case.files.clone());
                ran.push((name, lines, got));
            }
        }
        if update {
            std::fs::write(&path, document.join("\n") + "\n").expect("writes");
        }
    }
    let told = judge::elixir(&judged);
    let mut runs = 0;
    for ((name, lines, got), told) in ran.iter().zip(told.iter().flatten()) {
        for one in told {
            runs += 1;
            if let Some(difference) = contradiction(lines, got, one, told.len() == 1) {
                wrong.push(format!("{name}\n{difference}"));
                break;
            }
        }
    }
    if runs == 0 {
        eprintln!("skipped: no Elixir judges the programs");
    }
    println!("{runs} runs judged by Elixir");
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
