//! Python programs run by the interpreter and by Python itself: `emit(...)` must be called with the same values.
//!
//! A heading of `tests/python/*.md` is a case: code blocks after a path are its files, `main.py` is run, and a `text` block holds
//! what it emits. Where `python3` is on the machine, it runs the same program. A program that asks `unknown(...)` is run by Python
//! once for each way in which the answers can come out: what it emits must be one of the ways that the interpreter allows.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use schemalign::interpret::python::{Args, ClassId, Library, Machine, Modules, Run, Stop, TermKind, Value};
use schemalign::known::{Gap, Truth};
use schemalign::source::{Files, Span};

/// A library that keeps what is emitted.
#[derive(Default)]
struct Judge {
    emitted: Rc<Vec<Line>>,
    opaque: usize,
}

/// What was emitted: a line, or one of two courses.
#[derive(Debug, Clone, PartialEq)]
enum Line {
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
                    shown.push("*?".to_owned());
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
        Value::Float(f) => format!("{f:?}"),
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
            .map_or_else(|| "[?]".to_owned(), |i| format!("[{}]", all(&i))),
        Value::Set(_) => match machine.known_items(value) {
            Some(items) if items.is_empty() => "set()".to_owned(),
            Some(items) => {
                let mut shown: Vec<String> = items.iter().map(|i| show(machine, i)).collect();
                shown.sort();
                format!("{{{}}}", shown.join(", "))
            }
            None => "{?}".to_owned(),
        },
        Value::Dict(_) => match machine.dict_items(value) {
            Some(items) => {
                let entry =
                    |(k, v): &(Value<'a>, Value<'a>)| format!("{}: {}", show(machine, k), show(machine, v));
                format!("{{{}}}", items.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            None => "{?: ?}".to_owned(),
        },
        Value::Unknown(unknown) if unknown.candidates.is_empty() => {
            if unknown.pattern.is_empty() {
                return "?".to_owned();
            }
            let part = |p: &Option<schemalign::source::Text>| {
                p.as_ref().map_or("{?}".to_owned(), |t| t.as_str().to_owned())
            };
            format!("'{}'", unknown.pattern.iter().map(part).collect::<String>())
        }
        Value::Unknown(unknown) => {
            let shown: Vec<String> = unknown.candidates.iter().map(|c| show(machine, c)).collect();
            shown.join("|")
        }
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => format!("<{path}>"),
            _ => format!("<{}>", machine.display(value)),
        },
        _ => format!("<{}>", machine.display(value)),
    }
}

fn print(lines: &[Line], indent: usize, out: &mut String) {
    for line in lines {
        match line {
            Line::One(text) => out.push_str(&format!("{:indent$}{text}\n", "")),
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
fn interpret(sources: &BTreeMap<String, String>) -> String {
    let files = Files::in_memory(sources.clone());
    let modules = Modules::new(&files, vec![String::new()]);
    let mut machine = Machine::new(&modules, Judge::default());
    let Some(main) = files.find("main.py") else {
        return "no main.py\n".to_owned();
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
    out
}

const STUB: &str = r#"
import os, sys
_answers = [int(c) for c in os.environ.get("ANSWERS", "")]
_asked = 0
def _show(v):
    if isinstance(v, (set, frozenset)):
        return "{" + ", ".join(sorted(_show(x) for x in v)) + "}" if v else "set()"
    if isinstance(v, list): return "[" + ", ".join(_show(x) for x in v) + "]"
    if isinstance(v, tuple): return "(" + ", ".join(_show(x) for x in v) + (",)" if len(v) == 1 else ")")
    if isinstance(v, dict): return "{" + ", ".join(_show(k) + ": " + _show(x) for k, x in v.items()) + "}"
    return repr(v)
def emit(*a, **k):
    print(" ".join([_show(x) for x in a] + [f"{n}={_show(x)}" for n, x in k.items()]))
"#;

/// What Python says of the same program; `None` where there is no Python.
fn python(sources: &BTreeMap<String, String>) -> Option<String> {
    let folder = std::env::temp_dir().join(format!("schemalign-python-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).ok()?;
    for (path, text) in sources {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent()?).ok()?;
        std::fs::write(path, text).ok()?;
    }
    std::fs::write(folder.join("judge.py"), STUB).ok()?;
    let out = Command::new("python3")
        .args(["-B", "main.py"])
        .current_dir(&folder)
        .output()
        .ok()?;
    let mut text = String::from_utf8_lossy(&out.stdout).into_owned();
    if !out.status.success() {
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        let last = error
            .lines()
            .rev()
            .find(|l| !l.starts_with(' ') && !l.is_empty())
            .unwrap_or("");
        let class = last.split(':').next().unwrap_or(last);
        let class = class.rsplit('.').next().unwrap_or(class);
        text.push_str(&format!("raises {class}\n"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    Some(text)
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
            let got = interpret(&case.files);
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
            let open = case
                .files
                .values()
                .any(|f| f.contains("unknown") || f.contains("import some"));
            let stays = case.name.contains("(not judged)");
            if !open
                && !stays
                && let Some(truth) = python(&case.files)
            {
                judged += 1;
                if truth != case.expected && !update {
                    wrong.push(format!("{name}\nPython says\n{truth}expected\n{}", case.expected));
                }
            }
        }
        if update {
            std::fs::write(&path, document.join("\n") + "\n").expect("writes");
        }
    }
    println!("{judged} programs judged by Python");
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
