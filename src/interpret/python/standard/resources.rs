//! `importlib.resources`: files that lie in a package of the repository.
//!
//! Source: `importlib/resources/_functional.py` and `_common.py` (Python 3.13), `importlib/resources.py` (3.7).

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::modules::join;
use super::super::value::{Args, Value};
use super::bind;
use super::located;
use super::paths;
use crate::source::{Span, Text};

/// `files(package)`, `path(package, name)`, `read_text(package, name)`, `open_text(package, name)`.
pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if !matches!(name, "files" | "path" | "read_text" | "open_text") || args.open.is_some() {
        return None;
    }
    let package = args.get(0, if name == "files" { "anchor" } else { "package" });
    let package = package.or_else(|| args.keyword("package"))?;
    let mut path = located(&folder(machine, &package.value)?);
    if name != "files" {
        // Several names lead on from folder to folder (3.13), or the second one is an encoding (before).
        if args.positional.len() > 2 {
            return None;
        }
        let resource = args.get(1, "resource")?.value.as_str()?.to_owned();
        path = join(&path, &resource);
    }
    let path = paths::path(machine, Text::composed([(path, at, false)]), at);
    // What else is given says how the text is encoded, and is passed on by its name alone.
    let none = bind::positional([], at);
    match name {
        "read_text" => paths::method(machine, &path, "read_text", &none, at),
        "open_text" => paths::method(machine, &path, "open", &none, at),
        _ => Some(Ok(path)),
    }
}

/// The folder of a package: a module of the repository, or its name.
fn folder<'a, L: Library<'a>>(machine: &Machine<'a, L>, package: &Value<'a>) -> Option<String> {
    let modules = machine.modules();
    match package {
        Value::Module(id) => {
            let module = modules.get(*id);
            module.is_package().then(|| module.folder().to_owned())
        }
        Value::Str(dotted) => {
            let dotted = dotted.as_str();
            let root = modules.root_of(machine.module(), dotted)?;
            Some(join(&root, &dotted.replace('.', "/")))
        }
        _ => None,
    }
}
