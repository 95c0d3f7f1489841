//! What lies around a program: paths, files, settings, other modules.

use std::rc::Rc;

use super::super::eval::ROOT;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::source::{Span, Text};

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    module: &str,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    match module {
        "Path" => path(machine, name, args, at).map(Ok),
        "File" => file(machine, name, args, at),
        "Code" => required(machine, name, args, at).or_else(|| code(machine, name, args, at).map(Ok)),
        "IO" => match name {
            "iodata_to_binary" | "chardata_to_string" => match args {
                [Value::List(items)] => Some(machine.chars_to_text(items, at)),
                [text @ Value::Text(_)] => Some(Ok(text.clone())),
                _ => None,
            },
            "puts" | "write" | "warn" | "binwrite" => Some(Ok(Value::atom("ok"))),
            "inspect" => args.first().cloned().map(Ok),
            _ => None,
        },
        "Application" => match (name, args) {
            // What a library does not tell is not known.
            ("app_dir", [_]) => Some(Ok(Value::text(&root(machine), at))),
            ("app_dir", [_, Value::Text(rest)]) => {
                let text = format!("{}/{}", root(machine), rest.as_str().trim_start_matches('/'));
                Some(Ok(Value::text(&text, at)))
            }
            ("get_env" | "fetch_env!" | "fetch_env" | "compile_env" | "compile_env!", _) => {
                let name = args.get(1).and_then(|k| machine.inspect(k)).unwrap_or_default();
                Some(Ok(
                    machine.unknown(at, format!("the setting {name} of an application"))
                ))
            }
            ("load" | "ensure_all_started" | "ensure_started" | "put_env", _) => Some(Ok(Value::atom("ok"))),
            _ => None,
        },
        "System" => match (name, args) {
            ("get_env" | "fetch_env!" | "fetch_env", [Value::Text(variable), ..]) => {
                let why = format!("the environment variable {}", variable.as_str());
                Some(Ok(machine.unknown(at, why)))
            }
            _ => None,
        },
        "Mix" => match name {
            "env" => Some(Ok(machine.unknown(at, "the environment of Mix"))),
            _ => None,
        },
        "Process" => process(machine, name, args, at).map(Ok),
        _ => None,
    }
}

fn root<'a, L: Library<'a>>(machine: &Machine<'a, L>) -> String {
    let root = machine.modules().root();
    if root.is_empty() {
        ROOT.to_owned()
    } else {
        format!("{ROOT}/{root}")
    }
}

/// A path with `.` and `..` taken out.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn path<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Value> {
    let text = |t: &str| Value::text(t, at);
    Some(match (name, args) {
        ("join", [Value::List(parts)]) => {
            let parts: Vec<&str> = parts.iter().map(Value::as_str).collect::<Option<_>>()?;
            text(&join(&parts))
        }
        ("join", [Value::Text(a), Value::Text(b)]) => text(&join(&[a.as_str(), b.as_str()])),
        ("expand" | "absname", [Value::Text(a)]) => {
            let base = root(machine);
            text(&expand(a.as_str(), &base))
        }
        ("expand" | "absname", [Value::Text(a), Value::Text(base)]) => {
            let base = expand(base.as_str(), &root(machine));
            text(&expand(a.as_str(), &base))
        }
        ("basename", [Value::Text(a)]) => text(a.as_str().trim_end_matches('/').rsplit('/').next()?),
        ("basename", [Value::Text(a), Value::Text(extension)]) => {
            let base = a.as_str().rsplit('/').next()?;
            text(base.strip_suffix(extension.as_str()).unwrap_or(base))
        }
        ("dirname", [Value::Text(a)]) => text(
            a.as_str()
                .rsplit_once('/')
                .map_or(".", |(d, _)| if d.is_empty() { "/" } else { d }),
        ),
        ("extname", [Value::Text(a)]) => {
            let base = a.as_str().rsplit('/').next()?;
            match base.rfind('.') {
                Some(dot) if dot > 0 => text(&base[dot..]),
                _ => text(""),
            }
        }
        ("rootname", [Value::Text(a)]) => match a.as_str().rfind('.') {
            Some(dot) if !a.as_str()[dot..].contains('/') => text(&a.as_str()[..dot]),
            _ => text(a.as_str()),
        },
        ("split", [Value::Text(a)]) => Value::list(
            a.as_str()
                .split('/')
                .filter(|p| !p.is_empty())
                .map(text)
                .collect(),
        ),
        ("wildcard", [Value::Text(pattern), ..]) => wildcard(machine, pattern.as_str(), at)?,
        _ => return None,
    })
}

fn join(parts: &[&str]) -> String {
    let mut out = String::new();
    for part in parts {
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        let part = if out.is_empty() {
            *part
        } else {
            part.trim_start_matches('/')
        };
        out.push_str(part);
    }
    let trimmed = out.trim_end_matches('/');
    if trimmed.is_empty() && !out.is_empty() {
        "/".to_owned()
    } else {
        trimmed.to_owned()
    }
}

fn expand(path: &str, base: &str) -> String {
    if path.starts_with('/') {
        clean(path)
    } else {
        clean(&format!("{base}/{path}"))
    }
}

/// A path as the listing has it; `None` where it lies elsewhere.
fn listed<'a, L: Library<'a>>(machine: &Machine<'a, L>, path: &str) -> Option<String> {
    let full = expand(path, &root(machine));
    if full == ROOT {
        return Some(String::new());
    }
    full.strip_prefix(ROOT)?.strip_prefix('/').map(str::to_owned)
}

/// `dir/*.sql`, `dir/**/*.sql`: files of the listing, sorted by path as Elixir does.
fn wildcard<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, pattern: &str, at: Span) -> Option<Value> {
    if pattern.contains(['{', '[', '?', '\\']) {
        return None;
    }
    let absolute = pattern.starts_with('/');
    let wanted = listed(machine, pattern)?;
    let wanted: Vec<&str> = wanted.split('/').collect();
    let files = machine.modules().files();
    let mut out = Vec::new();
    for (_, entry) in files.entries() {
        let parts: Vec<&str> = entry.path.split('/').collect();
        if fits(&wanted, &parts, 0) {
            let shown = if absolute {
                format!("{ROOT}/{}", entry.path)
            } else {
                let root = machine.modules().root();
                entry
                    .path
                    .strip_prefix(root)
                    .unwrap_or(&entry.path)
                    .trim_start_matches('/')
                    .to_owned()
            };
            out.push(Value::text(&shown, at));
        }
    }
    machine.budget.charge(out.len() as u64);
    Some(Value::list(out))
}

fn fits(wanted: &[&str], parts: &[&str], depth: usize) -> bool {
    match (wanted.split_first(), parts.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), Some((_, parts_rest))) => {
            depth < 60 && (fits(rest, parts, depth + 1) || fits(wanted, parts_rest, depth + 1))
        }
        (Some((&"**", rest)), None) => depth < 60 && fits(rest, parts, depth + 1),
        (Some((first, rest)), Some((part, parts_rest))) => {
            fits_part(first, part) && fits(rest, parts_rest, depth + 1)
        }
        _ => false,
    }
}

fn fits_part(pattern: &str, part: &str) -> bool {
    if part.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pieces: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return pattern == part;
    };
    let Some(mut rest) = part.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

fn file<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let here = root(machine);
    if name == "cwd!" {
        return Some(Ok(Value::text(&here, at)));
    }
    let path = args.first()?.as_str()?;
    let place = listed(machine, path);
    let files = machine.modules().files();
    let found = place.as_deref().and_then(|p| files.find(p));
    Some(match name {
        "read!" | "read" => {
            let Some(file) = found else {
                return Some(Ok(
                    machine.unknown(at, format!("the file {path}, which is not in the repository"))
                ));
            };
            let Ok(source) = files.read(file) else {
                return Some(Ok(
                    machine.unknown(at, format!("the file {path}, which cannot be read"))
                ));
            };
            if let Err(stop) = machine.afford(source.text.len() as u128, at) {
                return Some(Err(stop));
            }
            let text = Value::Text(Rc::new(Text::of_file(file, source.text.clone())));
            Ok(if name == "read!" {
                text
            } else {
                Value::tuple(vec![Value::atom("ok"), text])
            })
        }
        "exists?" | "regular?" if found.is_some() => Ok(Value::truth(true)),
        "exists?" | "dir?" => {
            let place = place?;
            match files.below(&place).next() {
                Some(_) => Ok(Value::truth(true)),
                // A file that is not listed may be made elsewhere.
                None => Ok(machine.unknown(at, format!("whether {path} is there"))),
            }
        }
        "write" | "write!" | "mkdir_p" | "mkdir_p!" | "rm" | "rm_rf" => Ok(Value::atom("ok")),
        _ => return None,
    })
}

/// `Code.ensure_loaded!` and its like: a course that needs a module of the repository's own names that the repository does not have
/// fails, where there is another.
fn required<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let ("ensure_loaded!" | "ensure_compiled!", [module]) = (name, args) else {
        return None;
    };
    let full = module.as_module()?;
    let own = full.split('.').next()?;
    let modules = machine.modules();
    let lacks = own != full && modules.may_have(own) && !modules.may_have(&full);
    if lacks && machine.is_uncertain() {
        let message = format!("could not load module {full}");
        return Some(Err(machine.raise("ArgumentError", &message, at)));
    }
    Some(Ok(module.clone()))
}

fn code<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Value> {
    match (name, args) {
        ("ensure_loaded?" | "ensure_compiled?", [module]) => {
            let module = module.as_module()?;
            if super::is_standard(&module) || machine.module(&module, at).is_some() {
                return Some(Value::truth(true));
            }
            Some(machine.unknown(at, format!("whether {module} is there")))
        }
        ("ensure_loaded" | "ensure_compiled", [module]) => {
            let name = module.as_module()?;
            if machine.module(&name, at).is_some() {
                return Some(Value::tuple(vec![Value::atom("module"), module.clone()]));
            }
            Some(machine.unknown(at, format!("whether {name} is there")))
        }
        _ => None,
    }
}

fn process<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Value> {
    let position = |machine: &Machine<'a, L>, key: &Value| {
        machine
            .world
            .dictionary
            .iter()
            .position(|(k, _)| k.identical(key) == Some(true))
    };
    match (name, args) {
        ("get", [key, rest @ ..]) => {
            let found = position(machine, key).and_then(|i| machine.world.dictionary.get(i));
            Some(match found {
                Some((_, value)) => value.clone(),
                None => rest.first().cloned().unwrap_or_else(Value::nil),
            })
        }
        ("put", [key, value]) => {
            machine.weigh(1);
            let index = position(machine, key);
            let dictionary = Rc::make_mut(&mut machine.world.dictionary);
            match index.and_then(|i| dictionary.get_mut(i)) {
                Some(entry) => Some(std::mem::replace(&mut entry.1, value.clone())),
                None => {
                    dictionary.push((key.clone(), value.clone()));
                    Some(Value::nil())
                }
            }
        }
        ("delete", [key]) => {
            let index = position(machine, key)?;
            let (_, value) = Rc::make_mut(&mut machine.world.dictionary).remove(index);
            Some(value)
        }
        ("sleep", _) => Some(Value::atom("ok")),
        ("whereis", _) => Some(machine.unknown(at, "a process")),
        _ => None,
    }
}
