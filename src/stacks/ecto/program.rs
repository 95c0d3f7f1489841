//! What the program around the migrations does to the database by itself: SQL that changes the schema in its code, and migrations that
//! lie among its modules and run on other databases, as those of tenants (`Ecto.Migrator.run(repo, [{1, Module}], :up, all: true)`).
//! When that runs, and whether, nobody can tell from the files: what it names is left open.

use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::family::{self, Family};
use super::library::Elixir;
use super::project::is_beside;
use crate::interpret::elixir::Value;
use crate::name::{Name, QualifiedName};
use crate::source::{FileId, Files, Span, Text};
use crate::syntax::elixir::{Callee, Form, FormKind, Part};

/// How deep forms are looked into.
const DEEPEST: usize = 200;

/// Leaves open what the program's own code changes; the migrations have run.
pub fn open(machine: &mut Elixir<'_>) {
    let ran = machine.library.session.ran();
    let noted = machine.gaps().len();
    for file in sources(machine) {
        if ran.contains(&file) {
            continue;
        }
        let lowered = machine.modules().lowered(file);
        let mut found = Found::default();
        found.walk(&lowered.body, 0);
        let migrates = machine
            .modules()
            .files()
            .text(file)
            .contains("use Ecto.Migration");
        for (parts, at) in found.texts {
            let parts = resolved(machine, file, &parts, at);
            if !migrates {
                let why = "code of the program changes it beside the migrations";
                machine.library.session.open_beside(&parts, why, at);
            }
        }
        for (table, at) in found.tables {
            if migrates && let Some(table) = word(machine, file, &table) {
                let why =
                    format!("a module beside the migrations makes {table}, perhaps on another database");
                let name = QualifiedName::bare(Name::new(&table));
                machine.library.session.may_have(&name, &why, at);
            }
        }
    }
    machine.forget_gaps(noted);
}

/// The program's files that have words with which a schema is changed, in path order.
fn sources(machine: &Elixir<'_>) -> Vec<FileId> {
    let files = machine.modules().files();
    let project = &machine.library.project;
    let folder = &project.folder;
    let paths: Arc<Vec<String>> =
        files.recall(&format!("ecto-changes:{folder}"), |files| changing(files, folder));
    let inside = |path: &str| {
        path.strip_prefix(project.migrations.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let outside = paths.iter().filter(|path| !inside(path));
    outside.filter_map(|path| files.find(path)).collect()
}

fn changing(files: &Files, folder: &str) -> Vec<String> {
    static WORDS: OnceLock<Option<Regex>> = OnceLock::new();
    const CHANGES: &str = r"(?i)\b(?:create|alter|drop)\s+(?:unlogged|temp|temporary|table|unique|index|type)\b|use Ecto\.Migration\b";
    let Some(words) = WORDS.get_or_init(|| Regex::new(CHANGES).ok()) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let family = Family::of(files, folder);
    for (file, entry) in files.importable() {
        let path = &entry.path;
        if !path.ends_with(".ex") || !family::is_within(path, folder) && !family.holds(path) {
            continue;
        }
        let inside = path.strip_prefix(folder).unwrap_or(path);
        if !is_beside(inside) && words.is_match(&files.text(file)) {
            out.push(entry.path.to_string());
        }
    }
    out.sort();
    out
}

/// What a file says that may change a schema.
#[derive(Default)]
struct Found {
    /// Texts that begin as such statements do.
    texts: Vec<(Vec<Part>, Span)>,
    /// What tables are called that `create table(name)` makes.
    tables: Vec<(Form, Span)>,
}

impl Found {
    fn walk(&mut self, form: &Form, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let all =
            |found: &mut Self, forms: &[Form]| forms.iter().for_each(|form| found.walk(form, depth + 1));
        match &form.kind {
            FormKind::Text(text) => self.text(&[Part::Text(text.clone())], form.span),
            FormKind::Binary(parts) => self.text(parts, form.span),
            FormKind::Sigil(sigil) if matches!(sigil.name.as_str(), "s" | "S") => {
                self.text(&sigil.parts, form.span);
            }
            FormKind::List(items) | FormKind::Tuple(items) => all(self, items),
            FormKind::Call(call) => {
                if let Some([attribute]) = form.args_of("@")
                    && let Some((name, _)) = attribute.as_local()
                    && matches!(name.as_str(), "doc" | "moduledoc" | "typedoc" | "shortdoc")
                {
                    return;
                }
                if let Some((name, [object, ..])) = form.as_local()
                    && matches!(name.as_str(), "create" | "create_if_not_exists")
                    && let Some([table, ..]) = object.args_of("table")
                {
                    self.tables.push((table.clone(), object.span));
                }
                if let Callee::Remote(object, _) | Callee::Anonymous(object) | Callee::Form(object) =
                    &call.callee
                {
                    self.walk(object, depth + 1);
                }
                all(self, &call.args);
            }
            _ => {}
        }
    }

    fn text(&mut self, parts: &[Part], at: Span) {
        let Some(Part::Text(first)) = parts.first() else {
            return;
        };
        let mut words = first.as_str().split_whitespace();
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        if matches!(verb.as_str(), "CREATE" | "ALTER" | "DROP") && (words.next().is_some() || parts.len() > 1)
        {
            self.texts.push((parts.to_vec(), at));
        }
    }
}

/// The parts of a text, attributes of the module in their places.
fn resolved(machine: &mut Elixir<'_>, file: FileId, parts: &[Part], at: Span) -> Vec<Option<Text>> {
    let mut out = Vec::new();
    for part in parts {
        out.push(match part {
            Part::Text(text) => Some(text.clone()),
            Part::Form(form) => word(machine, file, form).map(|word| Text::composed([(word, at, false)])),
        });
    }
    out
}

/// A word that is written as such, or is an attribute of the module around it.
fn word(machine: &mut Elixir<'_>, file: FileId, form: &Form) -> Option<String> {
    let plain = |value: &Value| match value {
        Value::Integer(number) => Some(number.to_string()),
        value => value.as_str().or_else(|| value.as_atom()).map(str::to_owned),
    };
    match &form.kind {
        FormKind::Atom(name) => return Some(name.to_string()),
        FormKind::Text(text) => return Some(text.as_str().to_owned()),
        _ => {}
    }
    let [attribute] = form.args_of("@")? else {
        return None;
    };
    let name = match &attribute.kind {
        FormKind::Variable(name, _) => name.clone(),
        _ => return None,
    };
    let around = |place: &&crate::interpret::elixir::ModulePlace| {
        place.whole.start <= form.span.start && form.span.end <= place.whole.end
    };
    let places = &machine.modules().lowered(file).modules;
    let innermost = places
        .iter()
        .filter(around)
        .min_by_key(|place| place.whole.end - place.whole.start)?;
    let module = machine.module(&innermost.name, form.span)?;
    module.attribute(&name).and_then(plain)
}
