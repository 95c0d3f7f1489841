//! Modules as values: `importlib`, `pkgutil`, `inspect`, `sys` over the repository's own modules.

use smol_str::SmolStr;

use super::super::heap::Object;
use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::modules::ModuleId;
use super::super::value::{Args, Value};
use super::bind::{self, bind, unknown};
use super::{access, paths};
use crate::known::Gap;
use crate::known::Truth;
use crate::source::Span;

type Named<'a> = Vec<(SmolStr, Value<'a>)>;

/// The names of a module or class of the repository, in the order in which they were bound; `None` for other values.
pub(crate) fn members<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    object: &Value<'a>,
) -> Option<Result<Named<'a>, Gap>> {
    match object {
        Value::Module(module) => {
            let loaded = machine.world.modules.get(module)?;
            let Object::Scope(scope) = machine.heap().get(loaded.scope)? else {
                return None;
            };
            if let Some(gap) = &scope.open {
                return Some(Err(gap.clone()));
            }
            if !scope.stars.is_empty() {
                let why = "the names that a library's `*` brings";
                return Some(Err(Gap::not_given(why, crate::known::Reach::Rows)));
            }
            let mut out = Vec::new();
            for (name, slot) in scope.names.iter() {
                if let Some(gap) = &slot.maybe {
                    return Some(Err(gap.clone()));
                }
                out.push((name.clone(), slot.value.clone()));
            }
            Some(Ok(out))
        }
        Value::Instance(id) => {
            let instance = machine.instance(*id)?;
            if let Some(gap) = &instance.open {
                return Some(Err(gap.clone()));
            }
            let mut out = Vec::new();
            for (name, slot) in instance.attributes.iter() {
                if let Some(gap) = &slot.maybe {
                    return Some(Err(gap.clone()));
                }
                out.push((name.clone(), slot.value.clone()));
            }
            Some(Ok(out))
        }
        Value::Class(class) => {
            let class = machine.class(*class)?;
            if let Some(gap) = &class.open {
                return Some(Err(gap.clone()));
            }
            let member = |m: &super::super::value::Member<'a>| Some((m.name.clone(), m.value.clone()?));
            Some(Ok(class.members.iter().filter_map(member).collect()))
        }
        _ => None,
    }
}

/// `importlib.import_module` and its like.
pub(crate) fn import<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [name, package] = bind(args, ["name", "package"])?;
    let name = match name? {
        Value::Str(t) => t.as_str().to_owned(),
        other => {
            let gap = machine.gap(at, "a module whose name cannot be told is imported");
            machine.unloaded.get_or_insert(gap);
            return match other {
                Value::Unknown(u) => Some(Ok(Value::unknown(u.gap.clone()))),
                _ => None,
            };
        }
    };
    let name = match (name.strip_prefix('.'), package) {
        (None, _) => name,
        (Some(_), Some(package)) => {
            let mut package = package.as_str()?.to_owned();
            let level = name.len() - name.trim_start_matches('.').len();
            for _ in 1..level {
                package = package.rsplit_once('.')?.0.to_owned();
            }
            let rest = name.trim_start_matches('.');
            if rest.is_empty() {
                package
            } else {
                format!("{package}.{rest}")
            }
        }
        (Some(_), None) => return None,
    };
    let from = machine.module();
    match machine.modules().resolve(from, &name) {
        Some(module) => Some(machine.run_module(module)),
        None if machine.modules().is_folder(from, &name) => {
            Some(Ok(unknown("a module that the repository does not hold", at)))
        }
        None => {
            let path = machine.path(&name, at);
            Some(Ok(path))
        }
    }
}

/// The folder that a package's `__path__` or a path's text means, within the repository.
fn folder_of<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> Option<String> {
    match value {
        Value::Str(_) | Value::Term(_) => paths::within(value),
        Value::List(_) | Value::Tuple(_) => {
            let items = access::contents(machine, value)?.ok()?;
            match items.as_slice() {
                [one] => paths::within(one),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `pkgutil.iter_modules(path, prefix)` and `walk_packages`.
pub(crate) fn iter_modules<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    deep: bool,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some([Some(path), prefix, _]) = bind(args, ["path", "prefix", "onerror"]) else {
        return Ok(unknown("all modules that are installed", at));
    };
    let (folder, prefix) = (
        folder_of(machine, path),
        prefix.map(|p| p.as_str().map(str::to_owned)),
    );
    let (Some(folder), Some(prefix)) = (folder, prefix.unwrap_or(Some(String::new()))) else {
        return Ok(unknown("the modules of a folder that is not known", at));
    };
    let mut out = Vec::new();
    list_modules(machine, &folder, &prefix, deep, &mut out, 16, at)?;
    Ok(machine.new_iterator(out))
}

fn list_modules<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    folder: &str,
    prefix: &str,
    deep: bool,
    out: &mut Vec<Value<'a>>,
    depth: u32,
    at: Span,
) -> Run<'a, ()> {
    let strip = if folder.is_empty() { 0 } else { folder.len() + 1 };
    let mut found: Vec<(String, bool)> = Vec::new();
    for (_, entry) in machine.modules().files().below(folder) {
        let rest = entry.path.get(strip..).unwrap_or("");
        let name = match rest.split_once('/') {
            Some((name, "__init__.py")) => (name.to_owned(), true),
            Some(_) => continue,
            None => match rest.strip_suffix(".py") {
                Some(name) if name != "__init__" => (name.to_owned(), false),
                _ => continue,
            },
        };
        if !name.0.contains('.') && !found.iter().any(|f| f.0 == name.0) {
            found.push(name);
        }
    }
    // As the folder is listed, sorted.
    found.sort();
    machine.spend(found.len() as u64 * 4, at)?;
    for (name, package) in found {
        let full = Value::text(&format!("{prefix}{name}"), at);
        let finder = unknown("how a module was found", at);
        let callee = machine.path("pkgutil.ModuleInfo", at);
        let args = bind::positional([finder, full, Value::Bool(package)], at);
        out.push(machine.call_term(callee, args, at));
        if package && deep && depth > 0 {
            let inner = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            list_modules(
                machine,
                &inner,
                &format!("{prefix}{name}."),
                deep,
                out,
                depth - 1,
                at,
            )?;
        }
    }
    Ok(())
}

/// The parts of `pkgutil.ModuleInfo`: it is a named tuple.
pub(crate) fn module_info<'a>(value: &Value<'a>) -> Option<Vec<Value<'a>>> {
    let (callee, args) = value.as_call()?;
    if callee.as_path()? != "pkgutil.ModuleInfo" {
        return None;
    }
    Some(args.positional.iter().map(|a| a.value.clone()).collect())
}

/// `inspect.getmembers(object, predicate)`.
pub(crate) fn get_members<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [object, predicate] = bind(args, ["object", "predicate"])?;
    let (object, predicate) = (object?.clone(), predicate.cloned());
    let mut all = match members(machine, &object)? {
        Ok(all) => all,
        Err(gap) => return Some(Ok(Value::unknown(gap))),
    };
    if !matches!(object, Value::Module(_)) {
        return Some(Ok(unknown("the members of an object", at)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut out = Vec::new();
    for (name, value) in all {
        if let Some(predicate) = &predicate {
            let answer = match machine.call(predicate, bind::positional([value.clone()], at), at) {
                Ok(answer) => answer,
                Err(stop) => return Some(Err(stop)),
            };
            match machine.truth(&answer, at) {
                Truth::Yes => {}
                Truth::No => continue,
                Truth::Unknown(gap) => {
                    // A library's own thing: whether it is asked for does not matter to what is the repository's.
                    if matches!(value, Value::Term(_)) {
                        continue;
                    }
                    return Some(Ok(Value::unknown(gap)));
                }
            }
        }
        out.push(Value::Tuple([Value::text(&name, at), value].into()));
    }
    Some(Ok(machine.new_list(out)))
}

/// `inspect.isclass` and its like.
pub(crate) fn inspect<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if name == "getmembers" {
        return get_members(machine, args, at);
    }
    let value = args.positional.first()?.value.clone();
    let known = match (name, &value) {
        (_, Value::Term(_) | Value::Unknown(_)) => None,
        ("isclass", value) => Some(matches!(value, Value::Class(_))),
        ("isfunction", value) => Some(matches!(value, Value::Function(_))),
        ("ismethod", value) => Some(matches!(value, Value::Method(_))),
        ("ismodule", value) => Some(matches!(value, Value::Module(_))),
        ("isroutine", value) => Some(matches!(value, Value::Function(_) | Value::Method(_))),
        _ => None,
    };
    Some(Ok(known.map_or_else(
        || unknown(format!("what inspect.{name} gives"), at),
        Value::Bool,
    )))
}

/// A module by its dotted name, where it has run: an item of `sys.modules`.
pub(crate) fn loaded<'a, L: Library<'a>>(machine: &Machine<'a, L>, name: &str) -> Option<Value<'a>> {
    let own = machine.module();
    let module: ModuleId = machine
        .modules()
        .resolve(own, name)
        .or_else(|| own.filter(|m| machine.modules().dotted(*m) == name))?;
    machine
        .world
        .modules
        .contains_key(&module)
        .then_some(Value::Module(module))
}
