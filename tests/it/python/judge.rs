//! Python itself runs the cases' programs: once for each way in which what is unknown can come out.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::{ANY, FROM, Line, OR, PART, TERM, TERM_END, TO};

/// The module `judge` of the cases, for Python.
const STUB: &str = r#"
import os, sys
_answers = [int(c) for c in os.environ.get("ANSWERS", "").split()]
_asked = []
def _pick(n):
    at = len(_asked)
    _asked.append(n)
    with open("asked.txt", "w") as f:
        f.write(" ".join(map(str, _asked)))
    return _answers[at] if at < len(_answers) else 0
def unknown(*candidates):
    if not candidates:
        candidates = (None, "x", 3)
    return candidates[_pick(len(candidates))]
class _Any:
    def __call__(self, *a, **k):
        if _pick(2):
            for x in a:
                if isinstance(x, list): x.append(99)
        return _Any()
    def __iter__(self):
        for _ in range(_pick(3)):
            yield _Any()
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        if _pick(2): raise AttributeError(name)
        return _Any()
def some():
    return _Any()
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

/// How many ways of one program are run.
const MOST: usize = 40;

/// What Python printed, and the exception that ended it.
pub(crate) struct Told {
    pub(crate) lines: Vec<String>,
    pub(crate) raised: Option<String>,
}

/// What Python says of a program, in each of the ways in which it can come out; `None` where there is no Python.
pub(super) fn python(sources: &BTreeMap<String, String>) -> Option<Vec<Told>> {
    let folder = std::env::temp_dir().join(format!("schemalign-python-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).ok()?;
    for (path, text) in sources {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent()?).ok()?;
        std::fs::write(path, text).ok()?;
    }
    std::fs::write(folder.join("judge.py"), STUB).ok()?;
    let mut out = Vec::new();
    let mut answers: Vec<usize> = Vec::new();
    while out.len() < MOST {
        out.push(run(&folder, &answers)?);
        let asked = std::fs::read_to_string(folder.join("asked.txt")).unwrap_or_default();
        let asked: Vec<usize> = asked.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        answers.resize(asked.len(), 0);
        // The last answer that can still be another one.
        let Some(at) = (0..asked.len()).rev().find(|at| answers[*at] + 1 < asked[*at]) else {
            break;
        };
        answers[at] += 1;
        answers.truncate(at + 1);
    }
    let _ = std::fs::remove_dir_all(&folder);
    Some(out)
}

fn run(folder: &Path, answers: &[usize]) -> Option<Told> {
    let _ = std::fs::remove_file(folder.join("asked.txt"));
    let answers: Vec<String> = answers.iter().map(usize::to_string).collect();
    let python = std::env::var("SCHEMALIGN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let out = Command::new(python)
        .args(["-B", "main.py"])
        .env("ANSWERS", answers.join(" "))
        .env("PYTHONHASHSEED", "0")
        .current_dir(folder)
        .output()
        .ok()?;
    let raised = (!out.status.success()).then(|| {
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        let mut lines = error.lines().rev();
        let last = lines.find(|l| !l.starts_with(' ') && !l.is_empty()).unwrap_or("");
        let class = last.split(':').next().unwrap_or(last);
        class.rsplit('.').next().unwrap_or(class).to_owned()
    });
    let lines = String::from_utf8_lossy(&out.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    Some(Told { lines, raised })
}

/// Whether what Python printed is one of the ways that the interpreter allows.
pub(crate) fn allows(lines: &[Line], told: &[String]) -> bool {
    ends(lines, told, vec![0]).contains(&told.len())
}

/// Where what was printed can go on after these lines.
fn ends(lines: &[Line], told: &[String], mut from: Vec<usize>) -> Vec<usize> {
    for line in lines {
        let mut next: Vec<usize> = match line {
            Line::One(text) => {
                let pattern: Vec<char> = text.chars().collect();
                let fitting = |at: &usize| {
                    told.get(*at)
                        .is_some_and(|t| fits(&pattern, &t.chars().collect::<Vec<_>>()))
                };
                from.iter().copied().filter(fitting).map(|at| at + 1).collect()
            }
            Line::Either(a, b) => {
                let mut all = ends(a, told, from.clone());
                all.extend(ends(b, told, from));
                all
            }
        };
        next.sort_unstable();
        next.dedup();
        from = next;
    }
    from
}

/// Whether text is what a line with unknown parts allows.
fn fits(pattern: &[char], text: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    let any = |rest: &[char]| (0..=text.len()).any(|n| fits(rest, &text[n..]));
    match *first {
        ANY | PART => any(rest),
        TERM => any(after(rest, TERM, TERM_END)),
        FROM => {
            let (alternatives, rest) = alternatives(rest);
            alternatives.into_iter().any(|mut alternative| {
                alternative.extend_from_slice(rest);
                fits(&alternative, text)
            })
        }
        c => text.first() == Some(&c) && fits(rest, &text[1..]),
    }
}

fn after(pattern: &[char], open: char, close: char) -> &[char] {
    let mut depth = 0;
    for (i, c) in pattern.iter().enumerate() {
        if *c == open {
            depth += 1;
        } else if *c == close {
            if depth == 0 {
                return &pattern[i + 1..];
            }
            depth -= 1;
        }
    }
    &[]
}

fn alternatives(pattern: &[char]) -> (Vec<Vec<char>>, &[char]) {
    let (mut out, mut depth) = (vec![Vec::new()], 0);
    for (i, c) in pattern.iter().enumerate() {
        match *c {
            OR if depth == 0 => {
                out.push(Vec::new());
                continue;
            }
            TO if depth == 0 => return (out, &pattern[i + 1..]),
            FROM => depth += 1,
            TO => depth -= 1,
            _ => {}
        }
        if let Some(last) = out.last_mut() {
            last.push(*c);
        }
    }
    (out, &[])
}
