//! A statement of a migration that the server refuses.

use super::named_otherwise::{self, Otherwise};
use super::place::{Part, Place};
use super::{Check, Context, Report, Reporter, Rule, missing_table, swallowed_error};
use crate::change::Failure;
use crate::finding::{Common, Level};
use crate::interpret::python::spoken::is_of_tests;
use crate::session::Misstep;
use crate::source::{FileId, Span};
use crate::stacks::HistoryEvent;

pub(super) static RULE: Rule = Rule {
    name: "migration-failure",
    summary: "A statement of a migration fails when the migrations run in order on a new database.",
    level: Level::Error,
    page: include_str!("../../rules/migration-failure.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    // What a program that is a migration cannot do, whatever the database holds.
    let events = ctx.subject.histories.iter().flat_map(|h| &h.events);
    for event in events.filter(|e| e.kind == RULE.name) {
        out.send(
            Report::new(event.span, "no such name", event.message.clone())
                .object(event.message.clone())
                .help("use a name that the library has"),
        );
    }
    let missteps = ctx.subject.outcome.iter().flat_map(|o| &o.missteps);
    let mut failed: Vec<FileId> = Vec::new();
    let mut otherwise: Vec<Otherwise> = Vec::new();
    let mut open: Option<bool> = None;
    for misstep in missteps {
        let failure = &misstep.failure;
        // What an error that was caught has aborted has a rule of its own.
        if swallowed_error::first(failure).is_some() {
            continue;
        }
        // A database that is past a migration which fails has not run it as it stands: nothing is told of what rests on the rest of it.
        let file = failure.span.file;
        let rests = |(span, _): &(Span, String)| span.file != file && failed.contains(&span.file);
        if failure.related.iter().any(rests) {
            continue;
        }
        failed.push(file);
        if is_of_what_is_missing(failure.sqlstate) && *open.get_or_insert_with(|| is_order_open(ctx)) {
            continue;
        }
        let Some(mut place) = ctx.place(Some(misstep.change), Part::Statement) else {
            continue;
        };
        place.span = failure.span;
        if failure.sqlstate.is_empty() {
            // No error of the server's: the program ends before it asks for anything.
            let message = format!("{} fails here: {}", place.by(), failure.message);
            // The program for the environment, which is no revision, has its path for a name.
            let by = place.migration.as_deref();
            let of_all = by.is_some_and(|by| ctx.subject.files.find(by).is_some());
            out.send(
                Report::new(failure.span, "it ends here", message)
                    .object(failure.message.clone())
                    .help(match of_all {
                        true => "no command of Alembic runs until the program does: correct it",
                        false => "the migration fails before it sends this: correct it",
                    }),
            );
            continue;
        }
        if let Some(made) = function_of_program(ctx, failure.sqlstate, &failure.message) {
            out.send(made_beside(failure, &place, made));
            continue;
        }
        let mut report = Report::new(
            failure.span,
            format!("SQLSTATE {}", failure.sqlstate),
            format!("{} fails here: {} (SQLSTATE {})", place.by(), failure.message, failure.sqlstate),
        )
        .found(failure.sqlstate)
        .database(Some(&place), "")
        .help(
            "a database that ran the migrations in another way may be past it; a new one cannot be made: correct the \
             statement, or the one that it depends on",
        );
        if let Some(migration) = &place.migration {
            report = report.object(format!("{migration} {}", failure.message));
        }
        for (span, label) in &failure.related {
            report = report.related(*span, label.clone());
        }
        if let Some(found) = named_otherwise::find(ctx, failure, &otherwise) {
            if failure.related.is_empty() {
                report = report.at(found.made.as_ref(), format!("it is there as \"{}\"", found.has));
            }
            report = report.common(named_otherwise::common(&found, &place.by()));
            otherwise.push(found);
        } else if let Some(common) = common(ctx, misstep, &place) {
            report = report.common(common);
        }
        out.send(report);
    }
    used_before(ctx, out);
}

/// Whether an error is that something is not there (manual, "PostgreSQL Error Codes"): a schema, table, column, object, function.
fn is_of_what_is_missing(sqlstate: &str) -> bool {
    matches!(sqlstate, "3F000" | "42P01" | "42703" | "42704" | "42883")
}

/// Whether branches that begin by themselves may run in another order than here: some follow what lies elsewhere, and in which order
/// the tool runs them hangs on all of it. What one of them lacks, another may make before it.
fn is_order_open(ctx: &Context<'_>) -> bool {
    ctx.subject.histories.iter().any(|history| {
        // What a broken chain lacks is nowhere.
        if history
            .events
            .iter()
            .any(|event| event.kind == super::broken_revision_chain::RULE.name)
        {
            return false;
        }
        let program = history.program.as_ref();
        let Some(chain) = program.and_then(|program| program.chain(ctx.subject.files)) else {
            return false;
        };
        let names = history.migrations.iter().map(|migration| migration.name.as_str());
        let labels = chain.links.iter().flat_map(|link| &link.labels);
        let held: Vec<&str> = names.chain(labels.map(String::as_str)).collect();
        let is_elsewhere = |name: &String| !held.iter().any(|held| held.starts_with(name.as_str()));
        let mut named = chain
            .links
            .iter()
            .flat_map(|link| link.parents.iter().chain(&link.depends_on));
        let begin = chain
            .links
            .iter()
            .filter(|link| link.parents.is_empty() || link.parents.iter().all(is_elsewhere));
        begin.count() > 1 && named.any(is_elsewhere)
    })
}

/// What else fails for the same reason: what needs what one statement has dropped, and what one call of a program sends again and
/// again.
fn common(ctx: &Context<'_>, misstep: &Misstep, place: &Place) -> Option<Common> {
    let Failure {
        sqlstate,
        message,
        related,
        ..
    } = &misstep.failure;
    if let ([(gone, _)], true) = (related.as_slice(), is_of_what_is_missing(sqlstate)) {
        return Some(Common {
            at: *gone,
            of_all: format!("statements fail: {message} (SQLSTATE {sqlstate})"),
            of_one: String::new(),
            help: "a database that ran the migrations in another way may be past them; a new one cannot be made: make again what is \
                   dropped, or do not drop it"
                .to_owned(),
        });
    }
    // One call in a loop, whose text is in part its own and in part what the loop gives it. Calls that lead to it tell apart what a
    // helper is asked for in several places.
    let (sent, origin) = (misstep.sent?, ctx.journal()?.origin(misstep.change)?);
    let is_touched =
        origin.span.file == sent.file && origin.span.start < sent.end && sent.start < origin.span.end;
    let is_repeated = origin.span == sent || is_touched && !sent.contains(origin.span);
    let files = ctx.subject.files;
    let from = match origin.via.first() {
        None => "one place".to_owned(),
        Some(_) => format!("{}:{}", files.path(sent.file), files.start(sent).line),
    };
    is_repeated.then(|| Common {
        at: origin.via.first().copied().unwrap_or(sent),
        of_all: format!(
            "statements that {} sends from {from} fail: {} (SQLSTATE {sqlstate})",
            place.by(),
            without_names(message)
        ),
        of_one: message.split('"').nth(1).map(|name| format!("`{name}`")).unwrap_or_default(),
        help: "a database that ran the migrations in another way may be past it; a new one cannot be made: correct what is sent, or \
               what it depends on"
            .to_owned(),
    })
}

/// A message of the server's with nothing between its quotes.
fn without_names(message: &str) -> String {
    let parts = message.split('"').enumerate();
    let parts: Vec<&str> = parts
        .map(|(at, part)| if at % 2 == 0 { part } else { "..." })
        .collect();
    parts.join("\"")
}

/// A function that no migration makes, and something else does.
fn made_beside(failure: &Failure, place: &Place, made: Span) -> Report {
    let message = format!(
        "{} needs a function that no migration makes: {} by then (SQLSTATE {})",
        place.by(),
        failure.message,
        failure.sqlstate
    );
    Report::new(failure.span, format!("SQLSTATE {}", failure.sqlstate), message)
        .level(Level::Note)
        .found(failure.sqlstate)
        .object(format!(
            "{} {}",
            place.migration.as_deref().unwrap_or(""),
            failure.message
        ))
        .database(Some(place), "")
        .related(made, "one of this name is made here, outside of the migrations")
        .help("make the function in a migration before this one")
}

/// Where a program holds the statement that makes a function of a name that is missing: it may run it before the migrations, as it
/// makes them run. Only asked where a statement fails for it.
fn function_of_program(ctx: &Context<'_>, sqlstate: &str, message: &str) -> Option<Span> {
    if sqlstate != "42883" || !ctx.subject.histories.iter().any(|h| h.program.is_some()) {
        return None;
    }
    let name = message.strip_prefix("function ")?.split('(').next()?;
    let name = name.rsplit('.').next().unwrap_or(name);
    let files = ctx.subject.files;
    let candidates = files.importable().filter(|(file, entry)| {
        entry.path.ends_with(".py")
            && !is_of_tests(&entry.path)
            && !missing_table::is_of_migrations(files, *file)
    });
    candidates.map(|(file, _)| file).find_map(|file| {
        let text = files.text(file);
        let made = text.match_indices(name).map(|(at, _)| at).find(|at| {
            let mut words = text[..*at].split_whitespace().rev();
            let follows = text[at + name.len()..].trim_start().starts_with('(');
            follows
                && words
                    .next()
                    .is_some_and(|word| word.eq_ignore_ascii_case("function"))
        })?;
        Some(Span::new(file, made, made + name.len()))
    })
}

/// Tables that a statement uses and a later one makes: on a new database the first fails.
fn used_before(ctx: &Context<'_>, out: &Reporter) {
    // Where their order is not told, the later one may come first.
    let [history] = ctx.subject.histories.as_slice() else {
        return;
    };
    let broken = |event: &HistoryEvent| event.kind == "broken-revision-chain";
    if !history.gaps.is_empty() || history.events.iter().any(broken) {
        return;
    }
    let (Some(schema), Some(journal)) = (ctx.schema(), ctx.journal()) else {
        return;
    };
    for (_, table) in schema.tables.iter() {
        let (Some(later), Some(gap), Some(first)) = (table.made_later, &table.presumed, table.log.first())
        else {
            continue;
        };
        // Anything else is a gap elsewhere, which may have made the table.
        let own = |at: &Span| {
            journal
                .origin(first.change)
                .is_some_and(|origin| origin.span.contains(*at))
        };
        let Some(at) = gap.at.filter(own) else { continue };
        let Some(mut place) = ctx.place(Some(first.change), Part::Statement) else {
            continue;
        };
        place.span = at;
        let message = format!("relation \"{}\" does not exist", table.name);
        let made = ctx.place(Some(later), Part::Object);
        out.send(
            Report::new(
                at,
                "SQLSTATE 42P01",
                format!("{} fails here: {message} (SQLSTATE 42P01)", place.by()),
            )
            .found("42P01")
            .object(format!("{} {message}", place.migration.as_deref().unwrap_or("")))
            .database(Some(&place), "")
            .at(made.as_ref(), "it is made here, later")
            .help("a database that ran the migrations in another order may be past it; a new one cannot be made: make the table first"),
        );
    }
}
