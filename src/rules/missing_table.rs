//! A model whose table no migration makes.

use super::place::{Part, Place, made};
use super::{Check, Context, Report, Reporter, Rule, presumed_object, unregistered_model, words};
use crate::declared::{Expectation, Model, ModelKind, Models};
use crate::finding::Level;
use crate::interpret::python::spoken::{Subject, is_of_tests, names_of_views, speaks_of};
use crate::known::Presence;
use crate::name::{Name, QualifiedName};
use crate::pair::TablePair;
use crate::schema::{Lookup, Schema, Table};
use crate::source::{FileId, Files, Span};

pub(super) static RULE: Rule = Rule {
    name: "missing-table",
    summary: "A model's table is made by no migration, or was dropped.",
    level: Level::Error,
    page: include_str!("../../rules/missing-table.md"),
    check: Check::Tables(check),
};

/// A model whose table is missing.
struct Missing<'p> {
    set: &'p Models,
    model: &'p Model,
    name: &'p QualifiedName,
    why: String,
    /// Where it goes away.
    gone: Option<Place>,
    /// The call of `create_all` that may make it: the history does not begin at nothing.
    maker: Option<Span>,
    /// Where a program makes a view of that name when it runs.
    view: Option<Span>,
}

/// The model of a pair and its table, where the table is told to be missing.
fn missing<'p>(ctx: &Context<'_>, pair: &'p TablePair<'_>) -> Option<Missing<'p>> {
    let (Some((set, model)), Lookup::Absent, Some(schema)) = (pair.model, &pair.table, ctx.schema()) else {
        return None;
    };
    let Some(Expectation::Exactly(name)) = &model.table else {
        return None;
    };
    if !model.is_held() || pair.elsewhere || lies_abroad(schema, name) {
        return None;
    }
    let (why, gone) = gone(ctx, schema, name);
    if gone.is_some() && is_of_migrations(ctx.subject.files, model.span.file) {
        return None;
    }
    // What made a table before the migrations, which drop it, makes it again.
    let again = gone.as_ref().is_none_or(|(_, presumed)| *presumed);
    let gone = gone.map(|(place, _)| place);
    let later = again && begins_later(ctx, schema);
    let maker = later
        .then(|| presumed_object::create_all(ctx))
        .flatten()
        .map(|maker| maker.span);
    if later && maker.is_none() && gone.is_none() {
        return None;
    }
    let of_program = gone.is_none() && set.language.name == "SQLAlchemy";
    let view = of_program
        .then(|| view_of_program(ctx.subject.files, name))
        .flatten();
    Some(Missing {
        set,
        model,
        name,
        why,
        gone,
        maker,
        view,
    })
}

/// Whether a module works with migrations in hand: what it declares may be for those that ran while its table was there.
pub(super) fn is_of_migrations(files: &Files, file: FileId) -> bool {
    let text = files.text(file);
    if !text.contains("alembic") {
        return false;
    }
    let lines = text.lines().map(str::trim_start);
    let mut all = lines.filter_map(|l| l.strip_prefix("from ").or(l.strip_prefix("import ")));
    all.any(|rest| {
        let mut words = rest.split(|c: char| c.is_whitespace() || c == ',');
        matches!(
            (words.next(), words.next(), words.next()),
            (Some("alembic"), Some("import"), Some("op")) | (Some("alembic.op"), ..)
        )
    })
}

/// Where a program holds the statement that makes a view of a name: it may run it when it starts, after the migrations.
fn view_of_program(files: &Files, name: &QualifiedName) -> Option<Span> {
    let all = files.recall("views that programs make", |files: &Files| {
        let of_python = files
            .importable()
            .filter(|(_, entry)| entry.path.ends_with(".py") && !is_of_tests(&entry.path));
        let candidates = of_python.map(|(file, _)| file);
        let mut found = Vec::new();
        for file in candidates.filter(|file| speaks_of(files, *file, Subject::Views)) {
            let text = files.text(file);
            let names = names_of_views(&text);
            found.extend(names.map(|(name, at)| (name.to_owned(), Span::new(file, at, at + name.len()))));
        }
        found
    });
    all.iter()
        .find(|(made, _)| made == name.name.as_str())
        .map(|(_, at)| *at)
}

/// Whether this rule tells that the table of a pair is missing.
pub(super) fn tells(ctx: &Context<'_>, pair: &TablePair<'_>) -> bool {
    missing(ctx, pair).is_some()
}

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let (Some(missing), Some(schema)) = (missing(ctx, pair), ctx.schema()) else {
        return;
    };
    let Missing {
        set,
        model,
        name,
        why,
        gone,
        maker,
        view,
    } = missing;
    let table = words::qualified(Some(schema), name);
    let kind = if model.kind == ModelKind::View {
        "view"
    } else {
        "table"
    };
    let unseen = unregistered_model::unseen(set, model).filter(|_| gone.is_none());
    let apart = unseen.is_some_and(|unseen| unregistered_model::stands_apart(ctx, set, unseen));
    let (cause, label) = unseen
        .map(|unseen| unregistered_model::cause(ctx, unseen))
        .unzip();
    let cause = match (cause, maker) {
        _ if view.is_some() => ", though a program makes a view of that name".to_owned(),
        (Some(cause), _) if apart => {
            format!(": {cause}, none of whose tables they make: another database may hold them")
        }
        (Some(cause), _) => format!(": {cause}"),
        (None, Some(_)) => {
            ": like other tables that the migrations use, it is made by something else".to_owned()
        }
        (None, None) => String::new(),
    };
    let mut report = Report::new(
        model.table_span.unwrap_or(model.span),
        format!("no {kind} {table}"),
        format!("{} needs the {kind} {table}, {why}{cause}", words::model(model)),
    );
    if let (Some(unseen), Some(label)) = (unseen, label) {
        report = report.related(unseen.told, label);
    }
    match unseen {
        Some(_) if apart => report = report.level(Level::Note),
        Some(unseen) if maker.is_none() && view.is_none() => {
            let of_all = "models need tables that no migration creates";
            let help = format!(
                "{}, and generate the migration that creates the tables, or remove the models",
                unregistered_model::help_all(unseen)
            );
            report = report.common(unregistered_model::common(ctx, unseen, model, of_all, &help));
        }
        _ => {}
    }
    if let Some(maker) = maker {
        report = report
            .level(Level::Note)
            .related(maker, "most likely makes it".to_owned());
    }
    if let Some(view) = view {
        report = report
            .level(Level::Note)
            .related(view, "made here, where this runs".to_owned());
    }
    // The application may make what no migration does when it starts.
    let starts = presumed_object::create_all(ctx).filter(|_| gone.is_none() && unseen.is_none());
    let starts = starts.filter(|_| maker.is_none() && set.language.name == "SQLAlchemy");
    if let Some(starts) = starts {
        report = report.related(starts.span, format!("may make the {kind} when it runs"));
    }
    let help = match unseen {
        None if starts.is_some() || maker.is_some() => format!(
            "write a migration that creates the {kind}: what `create_all` makes is made once and altered by no later call, and by no \
             migration that does not know of it"
        ),
        Some(unseen) => format!(
            "{}, and generate the migration that creates the {kind}, or remove {}",
            unregistered_model::help(unseen),
            words::model(model)
        ),
        None => help(schema, model, name, kind),
    };
    let report = report
        .table(&table)
        .expected(&table)
        .model(model.span)
        .database(gone.as_ref(), format!("{table} goes away here"))
        .help(help);
    out.send(report);
}

/// Whether the history seems not to begin at nothing: of the tables that it uses, many were never made by it, or it uses one such
/// before it makes any and a new database is made without the migrations. What made those may have made others. A few among many
/// that it made are forgotten, like the one in question.
pub(super) fn begins_later(ctx: &Context<'_>, schema: &Schema) -> bool {
    let presumed_at = |t: &Table| t.presumed.as_ref().and_then(|gap| gap.at);
    // What runners and platforms bring is not made by the history.
    let made_at = |t: &Table| match &t.presumed {
        None => ctx.place(made(&t.presence), Part::Statement).map(|p| p.span),
        Some(_) => None,
    };
    let all = |at: &dyn Fn(&Table) -> Option<Span>| -> Vec<Span> {
        schema.tables.iter().filter_map(|(_, t)| at(t)).collect()
    };
    let (presumed, made) = (all(&presumed_at), all(&made_at));
    let first = |spans: &[Span]| spans.iter().filter_map(|span| turn(ctx, *span)).min();
    let uses_before = first(&presumed).is_some_and(|used| first(&made).is_none_or(|made| used < made));
    let made_otherwise = || presumed_object::create_all(ctx).is_some_and(|maker| maker.stamps);
    presumed.len() * 3 > made.len() || uses_before && made_otherwise()
}

/// When the migration that a place is in runs, and where in it.
fn turn(ctx: &Context<'_>, span: Span) -> Option<(usize, usize, u32)> {
    let mut all = ctx.subject.histories.iter().enumerate();
    all.find_map(|(at, history)| {
        let found = history.migrations.iter().position(|m| m.file == span.file);
        found.map(|found| (at, found, span.start))
    })
}

/// Whether the migrations make nothing at all where a name without a schema leads, and a table of that name elsewhere: the schema of the
/// models is set where it is not seen, by the environment or the search path of the connection.
fn lies_abroad(schema: &Schema, name: &QualifiedName) -> bool {
    let live = schema.live_tables();
    let leads = |place: &Name| schema.search_path.contains(place);
    name.schema.is_none()
        && live.iter().any(|table| *table.name() == name.name)
        && !live.iter().any(|table| leads(table.namespace_name()))
}

/// Why it is missing; where it goes away, and whether it was there before the migrations.
fn gone(ctx: &Context<'_>, schema: &Schema, name: &QualifiedName) -> (String, Option<(Place, bool)>) {
    let places = name
        .schema
        .as_ref()
        .map_or_else(|| schema.search_path.iter().collect(), |s| vec![s]);
    for place in places {
        let Some(namespace) = schema.namespace(place) else {
            continue;
        };
        if let Some(table) = schema.dropped_table(namespace, &name.name)
            && let Presence::Dropped(change) = table.get().presence
            && let Some(place) = ctx.place(Some(change), Part::Object)
        {
            let presumed = table.get().presumed.is_some();
            return (format!("which {} drops", place.by()), Some((place, presumed)));
        }
        let renamed = format!("renamed from {}", name.name);
        for table in schema
            .live_tables()
            .into_iter()
            .filter(|t| t.get().namespace == namespace)
        {
            let entry = table.get().log.iter().rev();
            let entry = entry.filter(|e| e.column.is_none()).find(|e| e.what == renamed);
            if let Some(entry) = entry
                && let Some(place) = ctx.place(Some(entry.change), Part::Object)
            {
                return (
                    format!("which {} renames to {}", place.by(), table.name()),
                    Some((place, false)),
                );
            }
        }
    }
    ("which no migration creates".to_owned(), None)
}

fn help(schema: &Schema, model: &Model, name: &QualifiedName, kind: &str) -> String {
    let wanted = words::plain(name.name.as_str());
    let similar = schema
        .live_tables()
        .into_iter()
        .find(|t| words::plain(t.name().as_str()) == wanted);
    match similar {
        None if model.of_library => format!(
            "write a migration that creates the {kind}, or leave it to the library that {} is of: name {} among `owned-by-others`, or \
             hand over its metadata no more",
            words::model(model),
            words::qualified(Some(schema), name)
        ),
        Some(table) => format!(
            "map {} to the {kind} {} that the migrations make, or write a migration for {}",
            words::model(model),
            table.qualified(),
            words::qualified(Some(schema), name)
        ),
        None => format!(
            "write a migration that creates the {kind}, or remove {}",
            words::model(model)
        ),
    }
}
