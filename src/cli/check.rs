//! `schemalign check`: where models and migrations disagree.

use super::arguments::{CheckArguments, CheckFormat};
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{progress, terminal};
use crate::check::{self, NotChecked, Report};
use crate::finding::Level;
use crate::report::text::TextOptions;
use crate::report::{json, text};

/// Runs the command.
///
/// # Errors
/// When nothing could be checked.
pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let report = progress::show(&work.files, || check::check(&work.files, &work.options))?;
    let named = !work.options.touching.is_empty();
    if report.targets.is_empty() && !named && arguments.format == CheckFormat::Text {
        return Err(nothing(&report.coverage.not_checked));
    }
    let out = match arguments.format {
        CheckFormat::Json => json::render(&report, &work.files),
        CheckFormat::Text => text::render(
            &report,
            &work.files,
            &TextOptions {
                colour: terminal::colour(),
                width: terminal::width(),
                coverage: arguments.coverage,
            },
        ),
    };
    terminal::write(&out)?;
    Ok(exit(&report, named))
}

/// Notes never fail a run; a file that belongs to nothing is no failure.
fn exit(report: &Report, named: bool) -> Exit {
    let loud = report.findings.iter().any(|f| match f.level {
        Level::Error | Level::Warn => true,
        Level::Note => false,
    });
    match (report.targets.is_empty() && !named, loud) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Found,
        (false, false) => Exit::Clean,
    }
}

/// There is nothing that could be checked.
pub(super) fn nothing(seen: &[NotChecked]) -> Failure {
    let looked = "looked for SQL migrations on PostgreSQL (Prisma, Diesel, sqlx, dbmate, goose, golang-migrate, Flyway, Supabase, \
                  refinery, node-pg-migrate, Atlas, numbered SQL files, schema.sql) and for Prisma schemas";
    let seen = seen.iter().map(|s| format!("not checked: {}: {}", s.what, s.why));
    Failure::new("there is nothing here that can be checked")
        .details(std::iter::once(looked.to_owned()).chain(seen))
        .help("name the folder of the project, or use --migrations PATH and --models PATH")
}
