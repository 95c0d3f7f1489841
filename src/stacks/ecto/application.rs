//! What a migration or the configuration asks of its surroundings: application environment, Mix, environment variables, files.

use std::rc::Rc;

use super::family::ancestors;
use super::library::Elixir;
use super::project::join;
use super::settings::{self, Beside, Settings};
use crate::interpret::elixir::{Called, ROOT, Run, Scope, Value};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span, Text};

/// What `import Config` brings.
pub const CONFIG_NAMES: &[&str] = &[
    "config",
    "import_config",
    "config_env",
    "config_target",
    "read_config",
];

/// `config/config.exs` and what it imports, and `config/runtime.exs`.
pub fn configure(machine: &mut Elixir<'_>) {
    let folder = machine.library.project.folder.clone();
    let files = machine.modules().files();
    // The configuration of an umbrella lies at its root.
    let found = ancestors(&folder)
        .into_iter()
        .find_map(|above| Some((files.find(&join(&above, "config/config.exs"))?, above)));
    let Some((file, above)) = found else { return };
    let later = files.find(&join(&above, "config/runtime.exs"));
    let mut beside = Beside::default();
    machine.library.configuring = true;
    run(machine, file);
    if let Some(later) = later {
        beside.compiled = Some(machine.library.settings.clone());
        run_later(machine, later, &mut beside);
    }
    if machine.library.settings.is_open() && !machine.library.given.settings.contains_key("MIX_ENV") {
        let served = std::mem::take(&mut machine.library.settings);
        machine.library.at_work = true;
        run(machine, file);
        if let Some(later) = later {
            run_later(machine, later, &mut beside);
        }
        machine.library.at_work = false;
        beside.at_work = Some(std::mem::replace(&mut machine.library.settings, served));
    }
    machine.library.configuring = false;
    machine.library.beside = Rc::new(beside);
}

/// `runtime.exs`. What it leaves open shows where it is asked for.
fn run_later(machine: &mut Elixir<'_>, file: FileId, beside: &mut Beside) {
    let noted = machine.gaps().len();
    machine.library.settings.start();
    run(machine, file);
    machine.library.settings.started();
    machine.forget_gaps(noted);
    beside.texts.push(machine.modules().files().text(file));
}

fn run(machine: &mut Elixir<'_>, file: FileId) {
    let mut scope = Scope::default();
    if machine.run_file(file, &mut scope).is_err() {
        let at = Span::new(file, 0, 0);
        let gap = Gap::new(at, "the configuration could not be run to its end", Reach::Rows);
        machine.note(&gap);
        machine.library.settings.leave_open(gap);
    }
}

/// The environment that Mix runs in.
fn environment(machine: &Elixir<'_>) -> Value {
    let given = machine.library.given.settings.get("MIX_ENV");
    let usual = if machine.library.at_work { "dev" } else { "prod" };
    Value::atom(given.map_or(usual, String::as_str))
}

/// A function of `Config`.
pub fn config<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    match (called.name, called.args) {
        ("config", [app, options]) => {
            let app = app.as_atom()?.to_owned();
            match options.as_keywords() {
                Some(pairs) => {
                    for (key, value) in pairs {
                        machine
                            .library
                            .settings
                            .set(&app, &Value::atom(key), value.clone());
                    }
                }
                None => {
                    let gap = settings::not_read(&app, called.span);
                    machine.library.settings.leave_open(gap);
                }
            }
        }
        ("config", [app, key, options]) => {
            let app = app.as_atom()?.to_owned();
            machine.library.settings.set(&app, key, options.clone());
        }
        ("import_config", [path]) => import(machine, path, called.span),
        ("config_env", []) => return Some(Ok(environment(machine))),
        ("config_target", []) => return Some(Ok(Value::atom("host"))),
        _ => return None,
    }
    Some(Ok(Value::atom("ok")))
}

fn import(machine: &mut Elixir<'_>, path: &Value, at: Span) {
    let files = machine.modules().files();
    let folder = files
        .path(at.file)
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned();
    match path.as_str() {
        Some(path) => {
            if let Some(file) = files.find(&join(&folder, path)) {
                run(machine, file);
            } else {
                let gap = Gap::new(at, format!("{path} is not in the repository"), Reach::Rows);
                machine.library.settings.leave_open(gap);
            }
        }
        None => {
            let gap = Gap::new(at, "which configuration is imported cannot be told", Reach::Rows);
            machine.library.settings.leave_open(gap);
        }
    }
}

/// A function of `Application`, `System`, `Mix` or `File`.
pub fn call<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    let at = called.span;
    Some(match (called.module, called.name, called.args) {
        ("Application", "get_env", [app, key, rest @ ..]) => Ok(setting(machine, app, key, rest.first(), at)),
        ("Application", "compile_env", [app, key, rest @ ..]) => {
            Ok(compiled(machine, app, key, rest.first(), at))
        }
        ("Application", "fetch_env!", [app, key]) => fetched(machine, app, key, at),
        ("Application", "compile_env!", [app, key]) => {
            let value = compiled(machine, app, key, None, at);
            if value.is_nil() {
                return Some(Err(machine.raise(
                    "ArgumentError",
                    "the application environment has no such key",
                    at,
                )));
            }
            Ok(value)
        }
        ("Application", "fetch_env", [app, key]) => {
            let value = setting(machine, app, key, Some(&Value::atom("error")), at);
            Ok(match value.as_atom() {
                Some("error") => value,
                _ => Value::tuple(vec![Value::atom("ok"), value]),
            })
        }
        ("Application", "get_all_env", [app]) => Ok(machine.library.settings.all(app.as_atom()?)),
        ("Application", "app_dir", [_, rest @ ..]) => {
            Ok(rest.first().cloned().unwrap_or_else(|| Value::text("", at)))
        }
        ("Application", "ensure_started", _) => Ok(Value::atom("ok")),
        ("Application", "ensure_all_started", _) => {
            Ok(Value::tuple(vec![Value::atom("ok"), Value::list(Vec::new())]))
        }
        ("Application", "load" | "ensure_loaded", _) => Ok(Value::atom("ok")),
        ("Mix", "env", []) => Ok(environment(machine)),
        ("System", "get_env", [name]) => Ok(variable(machine, name, None, at)),
        ("System", "get_env", [name, default]) => Ok(variable(machine, name, Some(default), at)),
        ("System", "fetch_env!", [name]) => Ok(match given(machine, name, at) {
            Some(value) => value,
            None => machine.unknown(at, "an environment variable"),
        }),
        ("Code", "ensure_loaded" | "ensure_compiled", [module]) => Ok(match is_there(machine, module) {
            Some(true) => Value::tuple(vec![Value::atom("module"), module.clone()]),
            Some(false) => Value::tuple(vec![Value::atom("error"), Value::atom("nofile")]),
            None => machine.unknown(at, "whether a module of another package is there"),
        }),
        ("Code", "ensure_loaded?" | "ensure_compiled?", [module]) => Ok(match is_there(machine, module) {
            Some(there) => Value::truth(there),
            None => machine.unknown(at, "whether a module of another package is there"),
        }),
        ("File", "read!", [path]) => Ok(read_file(machine, path, at)),
        ("File", "read", [path]) => {
            let text = read_file(machine, path, at);
            match text.gap() {
                Some(gap) => Ok(Value::unknown(gap)),
                None => Ok(Value::tuple(vec![Value::atom("ok"), text])),
            }
        }
        _ => return None,
    })
}

/// `Application.get_env(app, key, default)`.
fn setting(machine: &Elixir<'_>, app: &Value, key: &Value, default: Option<&Value>, at: Span) -> Value {
    setting_of(machine, &machine.library.settings, app, key, default, at)
}

fn setting_of(
    machine: &Elixir<'_>,
    settings: &Settings,
    app: &Value,
    key: &Value,
    default: Option<&Value>,
    at: Span,
) -> Value {
    let Some(app) = app.as_atom() else {
        return machine.unknown(at, "the application environment of what cannot be told");
    };
    match settings.get(app, key) {
        Ok(Some(value)) => value.clone(),
        Ok(None) if machine.library.hosted && matches!(key.as_atom(), Some("repo" | "ecto_repo")) => {
            super::functions::repo(machine)
        }
        Ok(None) if is_own(machine, app) => default.cloned().unwrap_or_else(Value::nil),
        // Other applications bring defaults of their own.
        Ok(None) => machine.unknown(at, format!("the environment of the application {app}")),
        Err(gap) => Value::unknown(gap),
    }
}

/// Whether an application's environment is what the project's configuration says and nothing else.
fn is_own(machine: &Elixir<'_>, app: &str) -> bool {
    let project = &machine.library.project;
    let files = machine.modules().files();
    let own = |folder: &str| {
        let file = files.find(&join(folder, "mix.exs"));
        file.is_some_and(|file| files.text(file).contains(&format!("app: :{app}")))
    };
    own(&project.folder) || project.repo.as_ref().and_then(|repo| repo.app.as_deref()) == Some(app)
}

/// The same with a path of keys: `[Repo, :key]`.
fn compiled(machine: &Elixir<'_>, app: &Value, key: &Value, default: Option<&Value>, at: Span) -> Value {
    let settings = machine.library.beside.compiled.as_ref();
    let settings = settings.unwrap_or(&machine.library.settings);
    let Some([first, rest @ ..]) = key.as_list() else {
        return setting_of(machine, settings, app, key, default, at);
    };
    let mut value = setting_of(machine, settings, app, first, None, at);
    for key in rest {
        if value.gap().is_some() {
            return value;
        }
        value = match key.as_atom().and_then(|key| value.keyword(key)) {
            Some(inner) => inner.clone(),
            None => return default.cloned().unwrap_or_else(Value::nil),
        };
    }
    if value.is_nil() {
        return default.cloned().unwrap_or(value);
    }
    value
}

fn fetched(machine: &mut Elixir<'_>, app: &Value, key: &Value, at: Span) -> Run<Value> {
    let absent = Value::tuple(Vec::new());
    let value = setting(machine, app, key, Some(&absent), at);
    if value.as_tuple().is_some_and(<[Value]>::is_empty) {
        return Err(machine.raise("ArgumentError", "could not fetch application environment", at));
    }
    Ok(value)
}

/// Whether a module is there; told of the repository's own alone. A package may name its modules as it likes, so that no name tells
/// that none of the locked ones has it.
pub fn is_there(machine: &Elixir<'_>, module: &Value) -> Option<bool> {
    let name = module.as_module()?;
    machine.modules().may_have(&name).then_some(true)
}

fn given(machine: &Elixir<'_>, name: &Value, at: Span) -> Option<Value> {
    let value = machine.library.given.settings.get(name.as_str()?)?;
    Some(Value::text(value, at))
}

/// `System.get_env(name, default)`.
fn variable(machine: &Elixir<'_>, name: &Value, default: Option<&Value>, at: Span) -> Value {
    if let Some(value) = given(machine, name, at) {
        return value;
    }
    let why = match name.as_str() {
        Some("MIX_ENV") => return Value::text(environment(machine).as_atom().unwrap_or("prod"), at),
        Some(name) => format!("the environment variable {name} is not given"),
        None => "an environment variable is not given".to_owned(),
    };
    let _ = default;
    machine.unknown(at, why)
}

/// The text of a file of the repository, by the path that a program names it by.
pub fn read_file(machine: &Elixir<'_>, path: &Value, at: Span) -> Value {
    let files = machine.modules().files();
    let Some(named) = path.as_str() else {
        return machine.unknown(at, "which file is read cannot be told");
    };
    let project = &machine.library.project.folder;
    // `__DIR__` and `Application.app_dir/1` name the repository itself.
    let named = named
        .strip_prefix(ROOT)
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(named);
    let plain = normal(named);
    let beside = files
        .path(at.file)
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let places = [join(project, &plain), plain.clone(), join(beside, &plain)];
    let found = places.iter().find_map(|place| files.find(place));
    match found {
        Some(file) => Value::Text(Rc::new(Text::of_file(file, files.text(file)))),
        None => machine.unknown(at, format!("the file {named} is not in the repository")),
    }
}

/// A path without `.` and `..`, relative.
fn normal(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out.join("/")
}
