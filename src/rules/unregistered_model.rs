//! A model that the tool that writes migrations does not see.

use super::{Check, Context, Report, Reporter, Rule, words};
use super::{duplicate_model, missing_table};
use crate::declared::{Expectation, Model, Models, Unseen, UnseenCause};
use crate::finding::Level;
use crate::pair::TablePair;
use crate::schema::Lookup;

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

fn check_pair(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model)) = pair.model.filter(|(_, model)| !model.unmanaged) else {
        return;
    };
    let (Some(unseen), Some(Expectation::Exactly(name))) = (unseen(set, model), &model.table) else {
        return;
    };
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
    let mut report = report
        .table(&table)
        .model(model.span)
        .level(level)
        .related(unseen.told, label)
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
