//! What code that is not in the repository, or could not be followed, may do to the schema.

use super::library::Elixir;
use super::oban;
use super::structs::{Given, INDEX, TABLE};
use crate::interpret::elixir::{Called, Run, Value};
use crate::known::{Gap, Reach};

/// Something could not be followed.
pub fn opaque(machine: &mut Elixir<'_>, gap: &Gap, called: Option<&Called<'_>>) {
    let handed = called.is_some_and(|called| is_handed_changes(called) || is_own(machine, called));
    let far = gap.reach == Reach::Everything;
    let reaches = match called.filter(|called| may_migrate(called)) {
        Some(called) => reaches(called),
        None if handed && !far => vec![Reach::Everything],
        None if gap.reach != Reach::Everything => Vec::new(),
        None if called.is_some_and(|called| is_of_library(machine, called))
            || is_work_on_rows(machine, gap) =>
        {
            machine.note(&gap.reaching(Reach::Rows));
            machine.library.session.touch_rows_of_all();
            Vec::new()
        }
        None => vec![Reach::Everything],
    };
    if reaches.is_empty() {
        return;
    }
    let why = match called {
        Some(called) if !called.module.is_empty() => {
            format!("`{}.{}` is not in the repository", called.module, called.name)
        }
        _ => gap.why.clone(),
    };
    let at = gap.at.or(called.map(|called| called.span));
    for reach in reaches {
        let gap = match at {
            Some(at) => Gap::new(at, why.clone(), reach),
            None => gap.reaching(reach),
        };
        machine.library.queue.unknown(gap);
    }
}

/// Whether a call into code that is not there is of the program's own namespace, so that it knows the program's tables: a module
/// that something makes which is not followed. What a library puts into a module of the program does what that module has words for.
fn is_own(machine: &Elixir<'_>, called: &Called<'_>) -> bool {
    if is_of_library(machine, called) {
        return false;
    }
    is_of_program(machine, called.module)
}

/// Whether a module is of the program's own namespace.
fn is_of_program(machine: &Elixir<'_>, module: &str) -> bool {
    let repo = machine.library.project.repo.as_ref();
    let root = |module: &str| module.split('.').next().unwrap_or(module).to_owned();
    repo.is_some_and(|repo| repo.module.contains('.') && root(&repo.module) == root(module))
}

/// Whether a function of a module of the repository is one that a library puts into it, and the module has no words with which a schema
/// is changed.
fn is_of_library(machine: &Elixir<'_>, called: &Called<'_>) -> bool {
    let modules = machine.modules();
    let Some((file, _)) = modules.find(called.module) else {
        return false;
    };
    let text = modules.files().text(file);
    let mut uses = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("use "))
        .map(|rest| {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'));
            &rest[..end.unwrap_or(rest.len())]
        });
    !changes_schema(&text) && uses.all(|used| modules.may_have(used) || !is_of_program(machine, used))
}

/// Whether a call is handed text that changes a schema, or goes to the driver of the database with text that is not known.
fn is_handed_changes(called: &Called<'_>) -> bool {
    let driver = called.module == "Postgrex" || called.module.starts_with("Postgrex.");
    let sends = driver
        && ["query", "execute", "prepare", "stream"]
            .iter()
            .any(|verb| called.name.starts_with(verb));
    (sends || !driver)
        && called.args.iter().any(|arg| match arg {
            Value::Text(text) => changes(text.as_str()),
            Value::Unknown(unknown) => {
                sends || unknown.candidates.iter().filter_map(Value::as_str).any(changes)
            }
            Value::Term(_) => sends,
            _ => false,
        })
}

/// Whether what was not followed is code of the program that cannot change the schema: it lies beside the migrations, and no such code
/// has words for it.
fn is_work_on_rows(machine: &mut Elixir<'_>, gap: &Gap) -> bool {
    let files = machine.modules().files();
    let migrations = machine.library.project.migrations.clone();
    let inside = |path: &str| {
        path.strip_prefix(&migrations)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let Some(at) = gap.at.filter(|at| !inside(files.path(at.file))) else {
        return false;
    };
    if machine.library.program_changes.is_none() {
        let all = machine.modules().elixir_files();
        let mut beside = all
            .iter()
            .filter(|file| files.path(**file).ends_with(".ex") && !inside(files.path(**file)));
        let may = beside.any(|file| changes_schema(&files.text(*file)));
        machine.library.program_changes = Some(may);
    }
    machine.library.program_changes == Some(false) && files.path(at.file).ends_with(".ex")
}

/// Whether code has words with which a schema is changed.
fn changes_schema(text: &str) -> bool {
    if text.replace("Ecto.Migrator", "").contains("Ecto.Migration") {
        return true;
    }
    if !text.contains("query") && !text.contains("execute") {
        return false;
    }
    changes(text)
}

/// Whether SQL may change a schema, by its words.
fn changes(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const KINDS: &[&str] = &[
        " TABLE",
        " INDEX",
        " UNIQUE",
        " TYPE",
        " SCHEMA",
        " VIEW",
        " MATERIALIZED",
        " EXTENSION",
        " SEQUENCE",
        " DOMAIN",
        " OR REPLACE",
    ];
    ["CREATE", "ALTER", "DROP"]
        .iter()
        .any(|verb| KINDS.iter().any(|kind| upper.contains(&format!("{verb}{kind}"))))
}

/// Whether a call into code that is not there may change the schema: it is named for it, or is handed what changes it.
fn may_migrate(called: &Called<'_>) -> bool {
    let names = format!("{}.{}", called.module, called.name).to_ascii_lowercase();
    let handed = called.args.iter().any(|arg| {
        arg.struct_name()
            .is_some_and(|name| name.starts_with("Ecto.Migration"))
    });
    handed || names.contains("migrat") || called.name == "up"
}

/// How far such a call reaches. The migrations of a library make tables of its own, in the schema that they are told; of others they
/// know those alone that they are handed.
fn reaches(called: &Called<'_>) -> Vec<Reach> {
    let everything = || vec![Reach::Everything];
    // What runs is a module of the repository, perhaps.
    if called.module.is_empty() || called.module.starts_with("Ecto.") {
        return everything();
    }
    let mut prefix = "public".to_owned();
    let mut out = Vec::new();
    for arg in called.args {
        if let Value::Integer(_) = arg {
            continue;
        }
        if let Some(name) = arg.struct_name() {
            let field = match name.as_str() {
                TABLE => "name",
                INDEX => "table",
                _ => return everything(),
            };
            let name = arg
                .field(field)
                .and_then(|name| name.as_str().or_else(|| name.as_atom()));
            let place = arg.field("prefix").filter(|prefix| !prefix.is_nil());
            match (name, place) {
                (Some(name), None) => out.push(Reach::Object(format!("public.{name}"))),
                _ => return everything(),
            }
        } else if arg.is_nil() || arg.as_module().is_some_and(|name| !name.starts_with(':')) {
            // A module to ask, as a repository.
        } else if let Some(name) = arg.as_str().or_else(|| arg.as_atom()) {
            if name.contains(char::is_whitespace) {
                return everything();
            }
            out.push(Reach::Object(format!("public.{name}")));
        } else if arg.as_keywords().is_some() {
            match Given::of(Some(arg)).get("prefix") {
                None => {}
                Some(value) => match value.as_str().or_else(|| value.as_atom()) {
                    Some(name) => prefix = name.to_owned(),
                    None => return everything(),
                },
            }
        } else {
            return everything();
        }
    }
    if called.module.starts_with("Oban.") {
        out.extend(oban::reaches(&prefix));
    }
    out.push(Reach::Others(prefix));
    out.dedup();
    out
}

/// `Money.Migration.adjust_for_type(sql, repo)`: the statement as it is, but for the type of a code of three letters that releases
/// before 1.3 had in functions' bodies.
///
/// Source: `ex_money_sql` 1.11, lib/money/migration.ex.
pub fn money(called: &Called<'_>) -> Option<Run<Value>> {
    match (called.name, called.args) {
        ("adjust_for_type", [sql, _]) => Some(Ok(sql.clone())),
        _ => None,
    }
}
