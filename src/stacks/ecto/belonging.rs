//! Which schemas stand for no table that migrations of the project make: they serve a form, are read out of several tables, or are of
//! a repository on another database system.
//!
//! Source: `Ecto.Schema` (Ecto 3.13): "Polymorphic associations" of `belongs_to` names a schema without a table `"abstract table: ..."`,
//! and reads it by `{"table", Schema}`.

use super::library::Elixir;
use super::project::{is_beside, join, place, repos, underscored};
use super::schemas::Schema;
use crate::declared::{Expectation, Model, ModelKind};
use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::source::{FileId, Files, Span};

/// What the name of no table begins with.
pub const ABSTRACT: &str = "abstract table";

/// Whether no migration of the project is to make the table of a schema.
pub fn is_elsewhere(machine: &Elixir<'_>, model: &Model, schema: &Schema, made: &[Schema]) -> bool {
    let Some(Expectation::Exactly(table)) = &model.table else {
        return false;
    };
    table.name.as_str().starts_with(ABSTRACT)
        || is_of_another_system(schema)
        || is_nothing_but_virtual(schema, made)
        || is_form(machine, model, schema, table, made)
        || is_of_migration(machine, model, schema)
}

/// Whether a schema stands within a module that a migration names and no other code but tests does: it says what its table was when that
/// migration ran.
fn is_of_migration(machine: &Elixir<'_>, model: &Model, schema: &Schema) -> bool {
    let modules = machine.modules();
    let Some((outer, _)) = schema.module.rsplit_once('.') else {
        return false;
    };
    if modules.find(outer).map(|(file, _)| file) != Some(model.span.file) {
        return false;
    }
    let word = outer.rsplit('.').next().unwrap_or(outer);
    let users = modules.mentioning(&[word]);
    let paths = users
        .iter()
        .filter(|file| **file != model.span.file)
        .map(|file| modules.files().path(*file))
        .filter(|path| !path.ends_with("_test.exs"));
    let is_migration =
        |path: &str| path.ends_with(".exs") && path.split('/').any(|part| part.ends_with("migrations"));
    let mut paths = paths.peekable();
    paths.peek().is_some() && paths.all(is_migration)
}

/// Types of ClickHouse, which `ch` brings.
fn is_of_another_system(schema: &Schema) -> bool {
    let is = |ty: &Value| match ty.as_module() {
        Some(name) => name == "Ch" || name.starts_with("Ch."),
        None => false,
    };
    schema.fields.iter().any(|field| is(&field.ty))
}

/// All that it declares is kept nowhere, and nobody reads its rows: it checks what a form sends.
fn is_nothing_but_virtual(schema: &Schema, made: &[Schema]) -> bool {
    schema.virtuals
        && schema.open.is_none()
        && schema.assocs.is_empty()
        && schema.fields.iter().all(|field| field.primary_key)
        && !is_related(schema, made)
}

fn is_related(schema: &Schema, made: &[Schema]) -> bool {
    let mut assocs = made.iter().flat_map(|other| &other.assocs);
    assocs.any(|assoc| assoc.related == schema.module)
}

/// Whether a schema only serves a page: it lies among the web modules, and another schema maps its table, or the module around it is
/// a page and nothing else names it.
fn is_form(
    machine: &Elixir<'_>,
    model: &Model,
    schema: &Schema,
    table: &QualifiedName,
    made: &[Schema],
) -> bool {
    let files = machine.modules().files();
    let web = |path: &str| path.split('/').any(|part| part.ends_with("_web"));
    if !web(files.path(model.span.file)) {
        return false;
    }
    let mapped = made.iter().any(|other| {
        let same = other.source.as_ref().and_then(Value::as_str) == Some(table.name.as_str());
        same && !web(files.path(other.span.file))
    });
    mapped || is_of_page(machine, model, schema, made)
}

/// Whether the module stands within a page, whose file asks no database, and no other file names it.
fn is_of_page(machine: &Elixir<'_>, model: &Model, schema: &Schema, made: &[Schema]) -> bool {
    let Some((outer, last)) = schema.module.rsplit_once('.') else {
        return false;
    };
    let within = machine.modules().find(outer).map(|(file, _)| file) == Some(model.span.file);
    if !within || is_related(schema, made) {
        return false;
    }
    let files = machine.modules().files();
    let text = files.text(model.span.file);
    let is_page = [
        ":live_view",
        ":live_component",
        ":controller",
        "def render(",
        "def mount(",
    ]
    .iter()
    .any(|word| text.contains(word));
    let asks = ["Repo", "Ecto.Query", "from("]
        .iter()
        .any(|word| text.contains(word));
    let outer = outer.rsplit('.').next().unwrap_or(outer);
    let (plain, listed) = (format!("{outer}.{last}"), format!("{outer}.{{"));
    is_page
        && !asks
        && !machine.modules().elixir_files().iter().any(|file| {
            let text = files.text(*file);
            *file != model.span.file && (text.contains(&plain) || text.contains(&listed))
        })
}

/// Whether code makes a temporary table of a name: `CREATE TEMP TABLE staged ...`.
fn makes_temporary(text: &str, table: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    ["CREATE TEMP", "create temp"].iter().any(|words| {
        text.match_indices(words).any(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(['(', '\n']).unwrap_or(rest.len());
            rest[..end].split(|c: char| !is_word(c)).any(|word| word == table)
        })
    })
}

/// Whether a schema is of a repository of the project that has no migrations, as that of a database which others make: the module
/// is named for it.
#[must_use]
pub fn is_of_unmigrated(files: &Files, migrations: &str, module: &str) -> bool {
    let Some((folder, _)) = place(migrations) else {
        return false;
    };
    repos(files, folder).iter().any(|repo| {
        let Some((outer, last)) = repo.module.rsplit_once('.') else {
            return false;
        };
        let own = join(folder, &format!("priv/{}/migrations", underscored(last)));
        // `Shop.Repo.Mud`, beside `Shop.Repo`.
        let beside = outer.rsplit('.').next() == Some("Repo");
        beside && module.split('.').any(|part| part == last) && files.below(&own).next().is_none()
    })
}

/// The folder of the umbrella that an application is part of: its applications use each other's tables.
fn umbrella(application: &str) -> Option<&str> {
    let (apps, _) = application.rsplit_once('/')?;
    let above = apps.strip_suffix("apps")?;
    match above {
        "" => Some(above),
        above => above.strip_suffix('/'),
    }
}

/// Whether a module beside the folders of migrations makes a table: `Ecto.Migrator.run(repo, [{1, Module}], :up, all: true)` runs it
/// on another database, as that of a tenant.
#[must_use]
pub fn made_by_module(files: &Files, migrations: &str, table: &str) -> bool {
    let Some((folder, _)) = place(migrations) else {
        return false;
    };
    let folder = umbrella(folder).unwrap_or(folder);
    let mut below = files.below(folder);
    below.any(|(file, entry)| {
        let inside = entry.path.strip_prefix(folder).unwrap_or(&entry.path);
        if !entry.path.ends_with(".ex") || is_beside(inside) {
            return false;
        }
        let text = files.text(file);
        if makes_temporary(&text, table) {
            return true;
        }
        let makes = [
            "create table",
            "create(table",
            "create_if_not_exists",
            "CREATE TABLE",
        ];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        text.contains("use Ecto.Migration")
            && makes.iter().any(|word| text.contains(word))
            && text.split(|c: char| !is_word(c)).any(|word| word == table)
    })
}

/// Whether associations read rows of other tables as those of a schema.
#[must_use]
pub fn is_read_as_several(schema: &Schema, made: &[Schema]) -> bool {
    let mut assocs = made.iter().flat_map(|other| &other.assocs);
    assocs.any(|assoc| assoc.table.is_some() && assoc.related == schema.module)
}

/// The tables whose rows associations read as those of a schema: `has_many :comments, {"post_comments", Comment}`.
#[must_use]
pub fn read_as(models: &[Model], made: &[Schema]) -> Vec<Model> {
    let mut out: Vec<Model> = Vec::new();
    let assocs = made.iter().flat_map(|schema| &schema.assocs);
    for assoc in assocs {
        let Some(table) = assoc.table.as_ref().and_then(Value::as_str) else {
            continue;
        };
        let Some(model) = models.iter().find(|model| model.name == assoc.related) else {
            continue;
        };
        let schema = match &model.table {
            Some(Expectation::Exactly(name)) => name.schema.clone(),
            _ => continue,
        };
        let name = QualifiedName {
            schema,
            name: Name::new(table),
        };
        let is_known = |model: &Model| model.table == Some(Expectation::Exactly(name.clone()));
        if models.iter().chain(&out).any(is_known) {
            continue;
        }
        out.push(Model {
            table: Some(Expectation::Exactly(name.clone())),
            table_span: Some(assoc.span),
            kind: ModelKind::Table,
            unmanaged: false,
            ..model.clone()
        });
    }
    out
}

/// Why a join table may have columns that its relation does not write: the program writes rows of it by its name,
/// `Repo.insert_all("posts_tags", rows)`.
#[must_use]
pub fn written_by_name(machine: &Elixir<'_>, model: &Model) -> Vec<(Section, Gap)> {
    let files = machine.modules().files();
    let quoted = format!("\"{}\"", model.name);
    let is_source = |file: &&FileId| files.path(**file).ends_with(".ex");
    let sources = machine.modules().elixir_files();
    let place = sources.iter().filter(is_source).find_map(|file| {
        let text = files.text(*file);
        let mut uses = text.match_indices(&quoted);
        let found = uses.find(|(at, _)| text[..*at].trim_end().ends_with("insert_all("));
        found.map(|(at, _)| Span::new(*file, at, at + quoted.len()))
    });
    let why = "rows of it are written by its name";
    let gap = place.map(|at| (Section::Columns, Gap::new(at, why, Reach::Rows)));
    gap.into_iter().collect()
}
