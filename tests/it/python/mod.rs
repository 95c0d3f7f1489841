//! Python programs run by the interpreter and by Python itself: `emit(...)` must be called with the same values.
//!
//! A heading of `tests/python/*.md` is a case: code blocks after a path are its files, `main.py` is run, and a `text` block holds
//! what it emits. Where Python is on the machine (`SCHEMALIGN_PYTHON`, else `python3`), it runs the same program. A program that asks `unknown(...)` is run by Python
//! once for each way in which the answers can come out: what it emits must be one of the ways that the interpreter allows.

pub(crate) mod judge;
mod repositories;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use schemalign::interpret::python::{Args, ClassId, Library, Machine, Modules, Run, Stop, TermKind, Value};
use schemalign::known::{Gap, Truth};
use schemalign::source::{Files, Span};

/// Marks of what is unknown in an emitted line: anything, any part of a text, one of several, a thing of a library.
pub(crate) const ANY: char = '\u{1}';
pub(crate) const PART: char = '\u{2}';
pub(crate) const FROM: char = '\u{3}';
pub(crate) const OR: char = '\u{4}';
pub(crate) const TO: char = '\u{5}';
pub(crate) const TERM: char = '\u{6}';
pub(crate) const TERM_END: char = '\u{7}';

/// A line as people read it.
fn readable(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars() {
        match c {
            ANY => out.push('?'),
            PART => out.push_str("{?}"),
            FROM | TO => {}
            OR => out.push('|'),
            TERM => out.push('<'),
            TERM_END => out.push('>'),
            c => out.push(c),
        }
    }
    out
}

/// A library that keeps what is emitted.
#[derive(Default)]
struct Judge {
    emitted: Rc<Vec<Line>>,
    opaque: usize,
}

/// What was emitted: a line, or one of two courses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Line {
    One(String),
    Either(Vec<Line>, Vec<Line>),
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

    fn attribute(_: &mut Machine<'a, Self>, _: &Value<'a>, _: &str, _: Span) -> Option<Run<'a, Value<'a>>> {
        None
    }

    fn call(
        machine: &mut Machine<'a, Self>,
        callee: &Value<'a>,
        args: &Args<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        match callee.as_path()? {
            "judge.emit" => {
                let mut shown: Vec<String> =
                    args.positional.iter().map(|a| show(machine, &a.value)).collect();
                let keywords = args.keywords.iter();
                shown.extend(keywords.map(|(n, a)| format!("{n}={}", show(machine, &a.value))));
                if args.open.is_some() {
                    shown.push(ANY.to_string());
                }
                Rc::make_mut(&mut machine.library.emitted).push(Line::One(shown.join(" ")));
                Some(Ok(Value::None))
            }
            // One of the values that it is given.
            "judge.unknown" => {
                let candidates: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
                let gap = machine.gap(at, "it is asked for");
                Some(Ok(Value::one_of(candidates, gap)))
            }
            // Any of the items that it is given, any number of times.
            "judge.some" => {
                let gap = machine.gap(at, "it is asked for");
                Some(Ok(Value::unknown(gap)))
            }
            _ => None,
        }
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

    fn opaque(machine: &mut Machine<'a, Self>, _: &Gap, _: &Args<'a>) {
        machine.library.opaque += 1;
    }
}

/// `repr`, with `?` for what is unknown.
fn show<'a>(machine: &Machine<'a, Judge>, value: &Value<'a>) -> String {
    let all = |items: &[Value<'a>]| {
        items
            .iter()
            .map(|i| show(machine, i))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match value {
        Value::None => "None".to_owned(),
        Value::Ellipsis => "Ellipsis".to_owned(),
        Value::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => {
            let text = format!("{f:?}");
            match text.split_once('e') {
                None => text,
                Some((m, e)) => match e.strip_prefix('-') {
                    Some(e) => format!("{m}e-{e:0>2}"),
                    None => format!("{m}e+{e:0>2}"),
                },
            }
        }
        Value::Str(text) => {
            let text = text.as_str().replace('\\', "\\\\").replace('\n', "\\n");
            if text.contains('\'') && !text.contains('"') {
                format!("\"{text}\"")
            } else {
                format!("'{}'", text.replace('\'', "\\'"))
            }
        }
        Value::Bytes(bytes) => format!("b'{}'", String::from_utf8_lossy(bytes)),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", all(items)),
        Value::Tuple(items) => format!("({})", all(items)),
        Value::List(_) => machine
            .known_items(value)
            .map_or_else(|| format!("[{ANY}]"), |i| format!("[{}]", all(&i))),
        Value::Set(_) => match machine.known_items(value) {
            Some(items) if items.is_empty() => "set()".to_owned(),
            Some(items) => {
                let mut shown: Vec<String> = items.iter().map(|i| show(machine, i)).collect();
                shown.sort();
                format!("{{{}}}", shown.join(", "))
            }
            None => ANY.to_string(),
        },
        Value::Dict(_) => match machine.dict_items(value) {
            Some(items) => {
                let entry =
                    |(k, v): &(Value<'a>, Value<'a>)| format!("{}: {}", show(machine, k), show(machine, v));
                format!("{{{}}}", items.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            None => ANY.to_string(),
        },
        Value::Unknown(unknown) if unknown.candidates.is_empty() => {
            if unknown.pattern.is_empty() {
                return ANY.to_string();
            }
            let part = |p: &Option<schemalign::source::Text>| {
                p.as_ref().map_or(PART.to_string(), |t| t.as_str().to_owned())
            };
            let text: String = unknown.pattern.iter().map(part).collect();
            if text.contains('\'') && !text.contains('"') {
                format!("\"{text}\"")
            } else {
                format!("'{text}'")
            }
        }
        Value::Unknown(unknown) => {
            let shown: Vec<String> = unknown.candidates.iter().map(|c| show(machine, c)).collect();
            format!("{FROM}{}{TO}", shown.join(&OR.to_string()))
        }
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => format!("{TERM}{path}{TERM_END}"),
            _ => format!("{TERM}{}{TERM_END}", machine.display(value)),
        },
        _ => format!("{TERM}{}{TERM_END}", machine.display(value)),
    }
}

pub(crate) fn print(lines: &[Line], indent: usize, out: &mut String) {
    for line in lines {
        match line {
            Line::One(text) => out.push_str(&format!("{:indent$}{}\n", "", readable(text))),
            Line::Either(a, b) => {
                out.push_str(&format!("{:indent$}either\n", ""));
                print(a, indent + 2, out);
                out.push_str(&format!("{:indent$}or\n", ""));
                print(b, indent + 2, out);
            }
        }
    }
}

/// What a program emits, and how it ends where it does not end well.
fn interpret(sources: &BTreeMap<String, String>) -> (Vec<Line>, String) {
    let files = Files::in_memory(sources.clone());
    let modules = Modules::new(&files, &[String::new()]);
    let mut machine = Machine::new(&modules, Judge::default());
    let Some(main) = files.find("main.py") else {
        return (Vec::new(), "no main.py\n".to_owned());
    };
    let run = machine.run_file(main, "__main__");
    let mut out = String::new();
    print(&machine.library.emitted.clone(), 0, &mut out);
    match run {
        Ok(_) => {}
        Err(Stop::Raised(raised)) => {
            let class = match &raised.exception {
                Value::Term(term) => match &term.kind {
                    TermKind::Call(callee, _) => machine.display(callee),
                    _ => machine.display(&raised.exception),
                },
                Value::Instance(_) => machine.display(&raised.exception).replace("(...)", ""),
                other => machine.display(other),
            };
            out.push_str(&format!("raises {class}\n"));
        }
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
                    "main.py".to_owned()
                } else {
                    path
                };
                case.files.insert(path, body);
            }
        }
    }
    cases
}

/// How what Python says contradicts the interpreter.
fn contradiction(lines: &[Line], got: &str, told: &judge::Told) -> Option<String> {
    let raises = got.lines().last().and_then(|l| l.strip_prefix("raises "));
    let raises = raises.map(|class| class.rsplit('.').next().unwrap_or(class));
    let same_end = match (&told.raised, raises) {
        (None, None) => true,
        // A course that fails is left out, because the program is taken to have run.
        (Some(_), None) => return None,
        (Some(a), Some(b)) => a == b,
        (None, Some(_)) => false,
    };
    if same_end && judge::allows(lines, &told.lines) {
        return None;
    }
    let raised = told
        .raised
        .as_ref()
        .map(|c| format!("raises {c}\n"))
        .unwrap_or_default();
    Some(format!(
        "Python says\n{}\n{raised}got\n{got}",
        told.lines.join("\n")
    ))
}

#[test]
fn programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let only = std::env::var("SCHEMALIGN_CASE").unwrap_or_default();
    let update = std::env::var_os("SCHEMALIGN_UPDATE").is_some();
    let mut wrong = Vec::new();
    let mut judged = 0;
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
            if case.name.contains("(not judged)") {
                continue;
            }
            for told in judge::python(&case.files).into_iter().flatten() {
                judged += 1;
                if let Some(difference) = contradiction(&lines, &got, &told) {
                    wrong.push(format!("{name}\n{difference}"));
                    break;
                }
            }
        }
        if update {
            std::fs::write(&path, document.join("\n") + "\n").expect("writes");
        }
    }
    if judged == 0 {
        eprintln!("skipped: no Python judges the programs");
    }
    println!("{judged} runs judged by Python");
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

/// A text cut into words, numbers, spaces and single characters.
fn tokens(text: &str) -> Vec<String> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut out: Vec<String> = Vec::new();
    for c in text.chars() {
        match out.last_mut() {
            Some(last) if kind(c) < 2 && last.chars().next().is_some_and(|l| kind(l) == kind(c)) => {
                last.push(c)
            }
            _ => out.push(c.to_string()),
        }
    }
    out
}

/// Programs in which words have changed places: whatever they mean now, the interpreter says something and goes on.
#[test]
fn mutated_programs() {
    let count: u64 = std::env::var("SCHEMALIGN_MUTANTS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(150);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let mut programs = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the cases").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") && name != "hostile.md" {
            programs.extend(read(&std::fs::read_to_string(entry.path()).expect("a document")));
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut pool: Vec<String> = programs
        .iter()
        .flat_map(|p| p.files.values())
        .flat_map(|t| tokens(t))
        .collect();
    pool.retain(|t| !t.trim().is_empty() && t != "while");
    pool.extend(
        [
            "-1",
            "99999999999",
            "-9223372036854775808",
            "1e308",
            "None",
            "''",
            "é",
            "[]",
        ]
        .map(str::to_owned),
    );
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    for _ in 0..count {
        let program = &programs[random(programs.len())];
        let mut files = program.files.clone();
        let paths: Vec<String> = files.keys().filter(|p| p.ends_with(".py")).cloned().collect();
        let Some(text) = paths
            .get(random(paths.len()))
            .and_then(|path| files.get_mut(path))
        else {
            continue;
        };
        let mut words = tokens(text);
        for _ in 0..1 + random(4) {
            let at = random(words.len());
            if let Some(word) = words.get_mut(at) {
                *word = pool[random(pool.len())].clone();
            }
        }
        *text = words.concat();
        let shown = text.clone();
        let ran = std::panic::catch_unwind(|| interpret(&files));
        assert!(ran.is_ok(), "a panic in\n{shown}");
    }
}
