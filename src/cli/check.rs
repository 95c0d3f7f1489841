//! `schemalign check`: where models and migrations disagree.

use std::path::Path;

use super::arguments::{CheckArguments, CheckFormat, FailOn};
use super::outcome::{Exit, Failure};
use super::revision::Revision;
use super::workspace::Workspace;
use super::{blame, disk, fix, models_at, progress, terminal, watch};
use crate::check::{self, NotChecked, Report};
use crate::config::{Downs, Options};
use crate::finding::Level;
use crate::report::text::TextOptions;
use crate::report::{
    Based, checkstyle, concise, github, gitlab, json, json_lines, junit, markdown, rdjson, sarif, statistics,
    text,
};
use crate::source::Files;

/// Runs the command.
///
/// # Errors
/// When nothing could be checked, or a file cannot be written.
pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    match arguments.watch {
        true => watch::run(arguments),
        false => once(arguments),
    }
}

/// Checks once.
///
/// # Errors
/// When nothing could be checked, or a file cannot be written.
pub(super) fn once(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let text = match &arguments.stdin_filename {
        Some(path) => Some((path.as_path(), terminal::read()?)),
        None => None,
    };
    let database = arguments.database.as_deref();
    let mut work = Workspace::with_text(&arguments.paths, &arguments.source, text, database)?;
    if !arguments.watch {
        work.files.end_with_process();
    }
    work.options.at.clone_from(&arguments.at);
    if arguments.downs {
        work.options.downs = Downs::Told;
    }
    work.options.ci = arguments.ci || std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false");
    work.options.without_baseline = arguments.no_baseline;
    work.options.settled = arguments.settled;
    let now = |work: &Workspace| progress::show(&work.files, || check::check(&work.files, &work.options));
    let (mut report, earlier) = match (&arguments.models_at, &arguments.since) {
        (Some(commit), None) => (models_at::report(&mut work, commit)?, None),
        (Some(commit), Some(name)) => {
            let report = models_at::report(&mut work, commit)?;
            (report, Some(earlier(&work, name)?))
        }
        (None, Some(name)) => {
            let (report, earlier) = rayon::join(|| now(&work), || earlier(&work, name));
            (report?, Some(earlier?))
        }
        (None, None) => (now(&work)?, None),
    };
    if let Some(earlier) = &earlier {
        report.keep_what_came_since(earlier);
    }
    if arguments.fix || arguments.unsafe_fixes || arguments.diff {
        let mended = fix::mended(&work, report, arguments);
        if arguments.diff {
            return fix::show(&mended);
        }
        (work, report) = fix::write(work, mended)?;
        if let Some(earlier) = &earlier {
            report.keep_what_came_since(earlier);
        }
    }
    let named = !work.options.touching.is_empty();
    if report.targets.is_empty() && !named && arguments.format == CheckFormat::Text {
        return Err(nothing(&report.coverage.not_checked));
    }
    if arguments.blame {
        blame::add(&work, &mut report)?;
    }
    let exit = exit(&report, named, arguments, &work.options);
    let plain = TextOptions::default();
    for (form, path) in &arguments.output {
        write_file(path, &render(*form, &report, &work, &plain))?;
    }
    // What is written to files is whole.
    if arguments.quiet {
        report.findings.retain(|f| f.level != Level::Note);
    }
    let options = TextOptions {
        colour: terminal::colour(),
        width: terminal::width(),
        coverage: arguments.coverage,
        summary: !arguments.quiet,
    };
    let out = match arguments.statistics {
        true => statistics::render(&report, arguments.format == CheckFormat::Json),
        false => render(arguments.format, &report, &work, &options),
    };
    terminal::write(&out)?;
    // The process ends: taking apart what it read would only take time.
    if !arguments.watch {
        std::mem::forget((work, report));
    }
    Ok(exit)
}

/// The report on an earlier state, under the settings of now, so that a change of these alone makes nothing new.
///
/// # Errors
/// When that state cannot be read.
fn earlier(work: &Workspace, name: &str) -> Result<Report, Failure> {
    let mut files = Files::new(Revision::open(&work.root, name, work.disk.clone())?);
    let mut options = work.options.clone();
    let configuration = &options.configuration;
    files.hide(|path| configuration.excludes(path));
    // A baseline that could not be read then, or a target that was not there.
    check::check(&files, &options).or_else(|_| {
        options.without_baseline = true;
        Ok(check::check(&files, &options).unwrap_or_default())
    })
}

fn render(form: CheckFormat, report: &Report, work: &Workspace, options: &TextOptions) -> String {
    let files = &work.files;
    let based = Based::new(files, &work.reported_in());
    match form {
        CheckFormat::Text => text::render(report, files, options),
        CheckFormat::Concise => concise::render(report, files, options.summary),
        CheckFormat::Json => json::render(report, files),
        CheckFormat::JsonLines => json_lines::render(report, files),
        CheckFormat::Sarif => sarif::render(report, &based),
        CheckFormat::Junit => junit::render(report, files),
        CheckFormat::Github => github::render(report, &based, options.summary),
        CheckFormat::Gitlab => gitlab::render(report, &based),
        CheckFormat::Checkstyle => checkstyle::render(report, &based),
        CheckFormat::Rdjson => rdjson::render(report, &based),
        CheckFormat::Markdown => markdown::render(report, files),
    }
}

/// Writes a report to a file, making the folders above it.
fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    disk::write(path, text).map_err(|error| {
        Failure::new(format!(
            "{} cannot be written: {}",
            path.display(),
            disk::words(&error)
        ))
        .help("--output takes FORM=FILE, the file in a folder that can be written to")
    })
}

/// Notes fail a run only when asked to; a file that belongs to nothing is no failure. The command line goes before the file.
fn exit(report: &Report, named: bool, arguments: &CheckArguments, options: &Options) -> Exit {
    if report.targets.is_empty() && !named {
        return Exit::Failed;
    }
    let settings = options.configuration.governing("").map(|(settings, _)| settings);
    let least = match arguments.fail_on {
        Some(FailOn::Error) => Level::Error,
        Some(FailOn::Warn) => Level::Warn,
        Some(FailOn::Note) => Level::Note,
        None => settings.and_then(|s| s.fail_on).unwrap_or(Level::Warn),
    };
    let failing = report.findings.iter().filter(|f| f.level >= least).count();
    let followed = arguments.minimum_coverage.or_else(|| settings?.minimum_coverage);
    let too_little = followed.is_some_and(|least| report.coverage.per_cent() < least);
    if let Some(least) = followed.filter(|_| too_little) {
        let what = format!(
            "only {:.1} % of the statements and fields could be followed, and {least} % are demanded",
            report.coverage.per_cent()
        );
        terminal::complain(&Failure::new(what).help("--coverage lists what could not be followed, and why"));
    }
    if (failing > arguments.max_findings || too_little) && !arguments.exit_zero {
        Exit::Found
    } else {
        Exit::Clean
    }
}

/// There is nothing that could be checked.
pub(super) fn nothing(seen: &[NotChecked]) -> Failure {
    let looked = "looked for migrations on PostgreSQL (Prisma, Alembic, Ecto, Diesel, sqlx, dbmate, goose, sql-migrate, golang-migrate, Flyway, Supabase, \
                  refinery, node-pg-migrate, Atlas, numbered SQL files, schema.sql) and for models (Prisma, SQLAlchemy, SQLModel, Ecto)";
    let seen = seen.iter().map(|s| format!("not checked: {}: {}", s.what, s.why));
    Failure::new("there is nothing here that can be checked")
        .details(std::iter::once(looked.to_owned()).chain(seen))
        .help("name the folder of the project, or use --migrations PATH and --models PATH")
}
