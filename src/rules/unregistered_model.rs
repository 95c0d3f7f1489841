//! A model that the tool that writes migrations does not see.

use std::collections::BTreeSet;

use super::{Check, Context, Report, Reporter, Rule, words};
use super::{duplicate_model, missing_table};
use crate::declared::{Expectation, Model, Models, Unseen, UnseenCause};
use crate::finding::{Common, Level};
use crate::name::QualifiedName;
use crate::pair::TablePair;
use crate::schema::{Lookup, RelationKind};
use crate::source::FileId;
use crate::stacks::alembic::addresses;

pub(super) static RULE: Rule = Rule {
    name: "unregistered-model",
    summary: "A model is not among those that migrations are generated from.",
    level: Level::Warn,
    page: include_str!("../../rules/unregistered-model.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    for set in &ctx.subject.models {
        nothing(ctx, set, out);
    }
    for pair in &ctx.pairs.tables {
        // A table that is not there is told by its own rule, with this as the cause.
        if !pair.elsewhere && !missing_table::tells(ctx, pair) {
            check_pair(ctx, pair, out);
        }
    }
}

/// Why no migration will be generated for a model.
pub(super) fn unseen<'a>(set: &'a Models, model: &Model) -> Option<&'a Unseen> {
    set.unseen.iter().find(|unseen| unseen.model == model.span)
}

/// The cause in words, and what is to be seen where it is told what there is.
pub(super) fn cause(ctx: &Context<'_>, unseen: &Unseen) -> (String, &'static str) {
    let file = ctx.subject.files.path(unseen.told.file);
    match unseen.cause {
        UnseenCause::Collection(_) => (
            format!("{file} does not hand over its metadata"),
            "its metadata is not handed over here",
        ),
        UnseenCause::NotImported => (
            format!("nothing that {file} imports imports its module"),
            "handed over here, without what its module declares",
        ),
    }
}

/// What all models have in common that are unseen for one cause: `of_all` tells what comes of it.
pub(super) fn common(ctx: &Context<'_>, unseen: &Unseen, model: &Model, of_all: &str, help: &str) -> Common {
    let file = ctx.subject.files.path(unseen.told.file);
    let (at, why) = match unseen.cause {
        UnseenCause::Collection(made) => (made, format!("{file} does not hand over their metadata")),
        UnseenCause::NotImported => (None, format!("nothing that {file} imports imports their modules")),
    };
    Common {
        at: at.unwrap_or(unseen.told),
        of_all: format!("{of_all}: {why}"),
        of_one: format!("`{}`", model.name),
        help: help.to_owned(),
    }
}

/// Whether a collection that is not handed over seems to be of another database: the migrations make none of its tables, none of its
/// models refers to one outside of it, and the program names a database of its own for what they are called, or where they stand.
pub(super) fn stands_apart(ctx: &Context<'_>, set: &Models, unseen: &Unseen) -> bool {
    let UnseenCause::Collection(made) = unseen.cause else {
        return false;
    };
    let is_of = |model: &Model| self::unseen(set, model).is_some_and(|other| other.cause == unseen.cause);
    let own: Vec<&Model> = set.models.iter().filter(|model| is_of(model)).collect();
    let names: Vec<&QualifiedName> = own
        .iter()
        .filter_map(|model| exactly(model.table.as_ref()?))
        .collect();
    let mut pairs = ctx.pairs.tables.iter().filter(|pair| {
        pair.model
            .is_some_and(|(other, model)| std::ptr::eq(other, set) && is_of(model))
    });
    if pairs.any(|pair| !matches!(pair.table, Lookup::Absent)) {
        return false;
    }
    let mut keys = own.iter().flat_map(|model| &model.foreign_keys);
    if !keys.all(|key| exactly(&key.table).is_some_and(|target| names.contains(&target))) {
        return false;
    }
    let files = ctx.subject.files;
    let places: BTreeSet<FileId> = own.iter().map(|model| model.span.file).collect();
    let mut called: BTreeSet<String> = BTreeSet::new();
    for file in &places {
        let path = files.path(*file);
        let name = path.rsplit('/').next().unwrap_or(path);
        called.extend(addresses::words_of(name.strip_suffix(".py").unwrap_or(name)));
    }
    if let Some(made) = made {
        let text = files.text(made.file);
        called.extend(addresses::words_of(text.get(made.range()).unwrap_or_default()));
    }
    let beside: Vec<String> = places.iter().map(|file| files.text(*file).to_string()).collect();
    addresses::others(files).iter().any(|(name, marks)| {
        marks.iter().any(|mark| called.contains(mark))
            || beside.iter().any(|text| text.contains(name.as_str()))
    })
}

fn exactly<T>(said: &Expectation<T>) -> Option<&T> {
    match said {
        Expectation::Exactly(said) => Some(said),
        _ => None,
    }
}

fn check_pair(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model)) = pair.model.filter(|(_, model)| model.is_held()) else {
        return;
    };
    let (Some(unseen), Some(Expectation::Exactly(name))) = (unseen(set, model), &model.table) else {
        return;
    };
    // What is for migrations alone is not to be generated for.
    if matches!(pair.table, Lookup::Absent)
        && missing_table::is_of_migrations(ctx.subject.files, model.span.file)
    {
        return;
    }
    // Autogenerate looks at no views (`_autogen_for_tables` of `alembic/autogenerate/compare`).
    if let Lookup::Found(found) = &pair.table
        && matches!(
            found.get().kind,
            RelationKind::View | RelationKind::MaterializedView
        )
    {
        return;
    }
    // A second class of one table cannot be imported beside the first: that is told.
    let of_model = |span| span == model.span || Some(span) == model.table_span;
    if set
        .faults
        .iter()
        .any(|fault| duplicate_model::is_of(fault.kind) && of_model(fault.span))
    {
        return;
    }
    // Another class of the same table is seen: the table is not without a model.
    let mut others = ctx.pairs.tables.iter().filter_map(|pair| pair.model);
    if others.any(|(set, other)| {
        other.span != model.span && other.table == model.table && self::unseen(set, other).is_none()
    }) {
        return;
    }
    let table = words::qualified(ctx.schema(), name);
    let (why, label) = cause(ctx, unseen);
    let effect = match pair.table {
        Lookup::Found(_) => format!("takes the table {table} for one without a model"),
        Lookup::Absent | Lookup::Unknown(_) => format!("never makes the table {table}"),
    };
    // One whose table is not known to be there may be used by nobody, or kept in another database.
    let level = match &pair.table {
        Lookup::Found(_) => Level::Warn,
        Lookup::Absent | Lookup::Unknown(_) => Level::Note,
    };
    let report = Report::new(
        model.span,
        "not registered",
        format!(
            "{} is not seen by autogenerate, which {effect}: {why}",
            words::model(model)
        ),
    );
    let of_all = match pair.table {
        Lookup::Found(_) => {
            "models are not seen by autogenerate, which takes their tables for ones without a model"
        }
        Lookup::Absent | Lookup::Unknown(_) => {
            "models are not seen by autogenerate, which never makes their tables"
        }
    };
    let mut report = report
        .table(&table)
        .model(model.span)
        .level(level)
        .related(unseen.told, label)
        .common(common(ctx, unseen, model, of_all, help_all(unseen)))
        .help(help(unseen));
    if let UnseenCause::Collection(Some(made)) = unseen.cause
        && made != model.span
    {
        report = report.related(made, "its metadata is made here");
    }
    out.send(report);
}

/// What makes the model known.
pub(super) fn help(unseen: &Unseen) -> &'static str {
    match unseen.cause {
        UnseenCause::Collection(_) => {
            "derive it from the base whose metadata is handed over, or hand over a list with both"
        }
        UnseenCause::NotImported => "import its module where the metadata is handed over",
    }
}

/// What makes several models known.
pub(super) fn help_all(unseen: &Unseen) -> &'static str {
    match unseen.cause {
        UnseenCause::Collection(_) => {
            "derive them from the base whose metadata is handed over, or hand over a list with both"
        }
        UnseenCause::NotImported => "import their modules where the metadata is handed over",
    }
}

/// Autogenerate is given no metadata at all.
fn nothing(ctx: &Context<'_>, set: &Models, out: &Reporter) {
    let count = set.models.iter().filter(|model| model.table.is_some()).count();
    let Some(told) = set.sees_nothing.filter(|_| count > 0) else {
        return;
    };
    let models = if count == 1 { "model" } else { "models" };
    let file = ctx.subject.files.path(told.file);
    out.send(
        Report::new(
            told,
            "no metadata",
            format!("{file} hands over no metadata: autogenerate and `alembic check` see none of the {count} {models}"),
        )
        .level(Level::Note)
        .object(file)
        .help("hand over the metadata of the models, or write every migration by hand"),
    );
}
