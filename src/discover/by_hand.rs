//! A target from what is set by hand.

use super::index::Index;
use super::{Found, HistorySource, ModelSource, Target, dialect, guess, histories};
use crate::config::{Dialect, Given, Misuse, Options};
use crate::source::{FileId, Files};
use crate::stacks::prisma::locations::schema_files;
use crate::stacks::{ALEMBIC, ECTO, Folder, SQL_FOLDER, alembic, ecto, supabase};

/// The one target that the options describe.
///
/// # Errors
/// When a path holds nothing that could be meant.
pub(super) fn take(files: &Files, options: &Options) -> Result<Found, Misuse> {
    let histories = options
        .migrations
        .iter()
        .map(|path| history(files, path))
        .collect::<Result<Vec<_>, _>>()?;
    let models = options
        .models
        .iter()
        .map(|path| models(files, path))
        .collect::<Result<Vec<_>, _>>()?;
    let dialect = options
        .dialect
        .unwrap_or_else(|| told(files, &histories, &models));
    if !dialect.is_supported() {
        return Err(Misuse {
            what: format!("{} is not supported yet", dialect.title()),
            help: "schemalign follows PostgreSQL; --dialect postgres says that it is PostgreSQL after all"
                .to_owned(),
        });
    }
    let mut given = Given::default();
    if histories.iter().any(|h| h.runner.name == "supabase") {
        given = supabase::history::preset(given);
    }
    let name = options
        .migrations
        .first()
        .or(options.models.first())
        .cloned()
        .unwrap_or_default();
    Ok(Found {
        targets: vec![Target {
            given: options.given(&name, given)?,
            name: if name.is_empty() { ".".to_owned() } else { name },
            dialect,
            histories,
            models: merged(models),
            leads_to_models: false,
            address: None,
        }],
        not_checked: Vec::new(),
    })
}

fn history(files: &Files, path: &str) -> Result<HistorySource, Misuse> {
    let runner = if alembic::config::tree_at(files, path).is_some() {
        &ALEMBIC
    } else if is_ecto(files, path) {
        &ECTO
    } else if files.find(path).is_some() {
        &SQL_FOLDER
    } else {
        guess::runner(Folder::new(files, path))
    };
    let source = HistorySource {
        runner,
        path: path.to_owned(),
    };
    let history = source.read(files, &Given::default());
    if history.migrations.is_empty() && history.gaps.is_empty() {
        return Err(Misuse {
            what: format!("{path} holds no migrations"),
            help: "looked for SQL files, for folders that hold migration.sql or up.sql, and for Alembic's and Ecto's folders; name the folder that holds them directly"
                .to_owned(),
        });
    }
    Ok(source)
}

/// Whether a path holds migrations of Ecto, or is a module that brings them.
fn is_ecto(files: &Files, path: &str) -> bool {
    match files.find(path) {
        Some(_) => path.ends_with(".ex") || path.ends_with(".exs"),
        None => !ecto::history::found(Folder::new(files, path)).is_empty(),
    }
}

fn models(files: &Files, path: &str) -> Result<ModelSource, Misuse> {
    let elixir = super::elixir::files_at(files, path);
    if !elixir.is_empty() {
        return Ok(ModelSource {
            stack: "ecto",
            path: path.to_owned(),
            history: None,
            files: elixir,
        });
    }
    let python = python_files(files, path);
    let found = schema_files(files, path);
    if !python.is_empty() && !found.iter().any(|f| files.path(*f).ends_with(".prisma")) {
        return Ok(ModelSource {
            stack: "sqlalchemy",
            path: path.to_owned(),
            history: super::python::history_of(files, path),
            files: python,
        });
    }
    if !found.iter().any(|f| files.path(*f).ends_with(".prisma")) {
        return Err(Misuse {
            what: format!("{path} holds no models that can be read"),
            help: "looked for Prisma schemas (*.prisma), Python modules (*.py) and Elixir modules (*.ex); other models are not read yet"
                .to_owned(),
        });
    }
    Ok(ModelSource {
        stack: "prisma",
        path: path.to_owned(),
        files: found,
        history: None,
    })
}

/// The Python modules at a path: the file, or all below the folder.
fn python_files(files: &Files, path: &str) -> Vec<FileId> {
    let folder = path.trim_end_matches('/').trim_start_matches("./");
    let folder = if folder == "." { "" } else { folder };
    if let Some(file) = files.find(folder) {
        return if folder.ends_with(".py") {
            vec![file]
        } else {
            Vec::new()
        };
    }
    let found = files.entries().filter(|(_, e)| e.path.ends_with(".py"));
    found
        .filter(|(_, e)| super::index::is_within(&e.path, folder))
        .map(|(file, _)| file)
        .collect()
}

/// Several paths of one stack are one set: a schema of several files may be named file by file.
fn merged(sets: Vec<ModelSource>) -> Vec<ModelSource> {
    sets.into_iter()
        .reduce(|mut all, one| {
            all.files.extend(one.files);
            all.files.sort();
            all.files.dedup();
            all.path = format!("{}, {}", all.path, one.path);
            all
        })
        .into_iter()
        .collect()
}

/// The dialect that the files tell.
fn told(files: &Files, sources: &[HistorySource], models: &[ModelSource]) -> Dialect {
    let index = Index::new(files);
    let mut schemas = models.iter().flat_map(|m| &m.files);
    if let Some(dialect) = schemas.find_map(|f| dialect::of_schema(&files.text(*f))) {
        return dialect;
    }
    let root = sources.first().map(|h| histories::Root {
        path: &h.path,
        runner: h.runner,
    });
    root.map_or(Dialect::Postgres, |root| dialect::of_history(&index, root, None))
}
