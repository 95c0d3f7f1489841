//! `schemalign models`: what the models declare, and the schema that they alone would make.

use serde_json::{Value, json};

use super::arguments::{ListFormat, ModelsArguments};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, schema, terminal};
use crate::check::{self, Run, Sides};
use crate::declared::{Association, Expectation, Field, Model, ModelKind, Models};
use crate::name::QualifiedName;
use crate::report::escape;
use crate::report::explain::heading;
use crate::source::{Files, Span};

/// Runs the command.
///
/// # Errors
/// When there is nothing to print.
pub(super) fn run(arguments: &ModelsArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let mut runs = progress::show(&work.files, || {
        check::run(&work.files, &work.options, Sides::Models)
    })?;
    let seen = std::mem::take(&mut runs.not_checked);
    runs.runs.retain(|run| !run.models.is_empty());
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&seen));
    }
    let out = match arguments.format {
        ListFormat::Json => {
            let document = document(schema::only(&runs.runs)?, &work.files);
            serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
        }
        ListFormat::Text => text(&runs.runs, &work.files),
    };
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

fn document(run: &Run, files: &Files) -> Value {
    let created = check::created(run);
    let mut out = crate::schema::document::json(created.database.schema());
    let gaps: Vec<_> = run.models.iter().flat_map(|m| m.every_gap()).collect();
    out.insert("unresolved".to_owned(), schema::unresolved(gaps.iter(), files));
    if run
        .models
        .iter()
        .any(|set| crate::stacks::declared_schema::is_incomplete(set))
    {
        out.insert("incomplete".to_owned(), Value::from(true));
    }
    let models = run
        .models
        .iter()
        .flat_map(|set| set.models.iter().map(move |m| (set, m)));
    let made = models.filter(|(_, m)| match m.kind {
        ModelKind::Table | ModelKind::View | ModelKind::Embedded => true,
        ModelKind::JoinTable => false,
    });
    out.insert(
        "models".to_owned(),
        made.map(|(set, m)| model(set, m, files)).collect(),
    );
    Value::Object(out)
}

fn line(span: Span, files: &Files) -> u32 {
    files.start(span).line
}

fn model(set: &Models, model: &Model, files: &Files) -> Value {
    // Ecto keeps a table and its prefix apart.
    let apart = set.language.without_constraints;
    let (table, prefix) = match &model.table {
        Some(Expectation::Exactly(name)) if apart => (
            Value::from(name.name.as_str()),
            name.schema
                .as_ref()
                .map_or(Value::Null, |schema| Value::from(schema.as_str())),
        ),
        Some(Expectation::Exactly(name)) => (Value::from(qualified(name)), Value::Null),
        _ => (Value::Null, Value::Null),
    };
    let mut out = json!({
        "name": model.name.as_str(),
        "file": files.path(model.span.file),
        "line": line(model.span, files),
        "table": table,
        "prefix": prefix,
        "embedded": model.kind == ModelKind::Embedded,
        "fields": model.fields.iter().map(|f| field(f, files)).collect::<Vec<_>>(),
        "associations": model.associations.iter().map(association).collect::<Vec<_>>(),
    });
    let told = matches!(model.table, None | Some(Expectation::Exactly(_)));
    if !told {
        out["unknown"] = json!(["table"]);
    }
    out
}

fn field(field: &Field, files: &Files) -> Value {
    json!({
        "name": field.name.as_str(),
        "column": field.column.as_str(),
        "declared": field.declared.as_deref(),
        "line": line(field.span, files),
    })
}

fn association(association: &Association) -> Value {
    json!({
        "name": association.name.as_str(),
        "kind": association.kind,
        "related": association.related.as_str(),
        "owner_key": association.owner_key.as_deref(),
        "related_key": association.related_key.as_deref(),
    })
}

/// A name as documents write it; without a schema it is in `public`.
fn qualified(name: &QualifiedName) -> String {
    match &name.schema {
        Some(_) => name.to_string(),
        None => format!("public.{name}"),
    }
}

fn text(runs: &[Run], files: &Files) -> String {
    let mut out = String::new();
    for run in runs {
        out.push_str(&heading(runs, run));
        for model in run.models.iter().flat_map(|m| &m.models) {
            write_model(model, files, &mut out);
        }
    }
    out
}

fn write_model(model: &Model, files: &Files, out: &mut String) {
    let table = match &model.table {
        None => "no table".to_owned(),
        Some(Expectation::Exactly(name)) => qualified(name),
        Some(_) => "?".to_owned(),
    };
    let what = match model.kind {
        ModelKind::Table | ModelKind::Embedded => "model",
        ModelKind::View => "view",
        ModelKind::JoinTable => "join table",
    };
    let place = format!("{}:{}", files.path(model.span.file), line(model.span, files));
    out.push_str(&format!(
        "{}\n",
        escape(&format!("{what} {} -> {table}  [{place}]", model.name))
    ));
    let width = model
        .fields
        .iter()
        .map(|f| f.name.chars().count())
        .max()
        .unwrap_or(0);
    for field in &model.fields {
        let declared = field.declared.as_deref().unwrap_or("?");
        let column = if field.name == field.column.as_str() {
            String::new()
        } else {
            format!(" -> {}", field.column)
        };
        out.push_str(&format!(
            "{}\n",
            escape(&format!("  {:width$}  {declared}{column}", field.name))
        ));
    }
}
