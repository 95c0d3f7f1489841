//! Which schemas stand for no table that migrations of the project make: they serve a form, are read out of several tables, or are of
//! a repository on another database system.
//!
//! Source: `Ecto.Schema` (Ecto 3.13): "Polymorphic associations" of `belongs_to` names a schema without a table `"abstract table: ..."`,
//! and reads it by `{"table", Schema}`.

use super::library::Elixir;
use super::project::{Repo, join, underscored};
use super::schemas::Schema;
use crate::declared::{Expectation, Like, Model, ModelKind};
use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::source::{FileId, Span};

/// What the name of no table begins with.
pub const ABSTRACT: &str = "abstract table";

/// Why no migration of the project is to make the table of a schema.
pub fn elsewhere(
    machine: &Elixir<'_>,
    model: &Model,
    schema: &Schema,
    made: &[Schema],
    repos: &[Repo],
) -> Option<Gap> {
    let Some(Expectation::Exactly(table)) = &model.table else {
        return None;
    };
    let why = if table.name.as_str().starts_with(ABSTRACT) {
        "its table is named as one that is not there".to_owned()
    } else if is_of_another_system(schema) {
        "its types are those of another database system".to_owned()
    } else if is_nothing_but_virtual(schema, made) {
        "nothing that it declares is kept".to_owned()
    } else if is_form(machine, model, schema, table, made) {
        "it seems to serve a page alone".to_owned()
    } else if is_of_migration(machine, model, schema) {
        "migrations alone use it: it says what its table was when they ran".to_owned()
    } else {
        let repo = unmigrated(machine, repos, &model.name)?;
        format!(
            "it is named for the repository {}, which has no migrations",
            repo.module
        )
    };
    let at = model.table_span.unwrap_or(model.span);
    let why = format!("{} is not held against the migrations: {why}", model.name);
    Some(Gap::new(at, why, Reach::Rows))
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
    let files = modules.files();
    let is_migration =
        |path: &str| path.ends_with(".exs") && path.split('/').any(|part| part.ends_with("migrations"));
    let mut others = modules.elixir_files();
    others.retain(|file| *file != model.span.file && !files.path(*file).ends_with("_test.exs"));
    let (migrations, program): (Vec<FileId>, Vec<FileId>) = others
        .into_iter()
        .partition(|file| is_migration(files.path(*file)));
    // There are few migrations, and the program is large.
    let names = |all: &[FileId]| all.iter().any(|file| files.text(*file).contains(word));
    names(&migrations) && !names(&program)
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

/// The repository of the project without migrations that a schema is of, as that of a database which others make: the module is named
/// for it, as `Shop.Mud.Record` for `Shop.Repo.Mud`, beside `Shop.Repo`, or stands in a namespace of its own with it, as
/// `Shop.Exports.Line` with `Shop.Exports.Repo`.
fn unmigrated<'r>(machine: &Elixir<'_>, repos: &'r [Repo], module: &str) -> Option<&'r Repo> {
    let files = machine.modules().files();
    let folder = &machine.library.project.folder;
    repos.iter().find(|repo| {
        let Some((outer, last)) = repo.module.rsplit_once('.') else {
            return false;
        };
        let own = join(folder, &format!("priv/{}/migrations", underscored(last)));
        let beside = outer.rsplit('.').next() == Some("Repo");
        let named = beside && module.split('.').any(|part| part == last);
        let within = |module: &str| {
            module
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let main = machine.library.project.repo.as_ref();
        let apart = main.is_some_and(|main| *main != **repo && !within(&main.module)) && within(module);
        (named || apart) && files.below(&own).next().is_none()
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
            elsewhere: None,
            of_library: false,
            table_like: Like::anything(),
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
