//! `schemalign migration`: drafts the migration that the models wait for. It is written and never run.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::arguments::MigrationArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{disk, progress, schema, terminal};
use crate::check::{self, Sides, Wanted};
use crate::draft::Effect;
use crate::draft::form::{Called, File};

/// Runs the command.
///
/// # Errors
/// When there is nothing to draft, or the file cannot be written.
pub(super) fn run(arguments: &MigrationArguments) -> Result<Exit, Failure> {
    if let [column, ty] = arguments.retype.as_slice() {
        return super::retype::run(arguments, column, ty);
    }
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    let (runs, report) = progress::show(&work.files, || {
        let runs = check::run(&work.files, &work.options, Sides::Both)?;
        let report = check::report(&work.files, &work.options, &runs)?;
        Ok::<_, Failure>((runs, report))
    })?;
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let wanted = Wanted {
        system: work.disk.clone(),
        files: &work.files,
        options: &work.options,
        runs: &runs.runs,
        run: schema::only(&runs.runs)?,
        report: &report,
        called: Called {
            name: arguments.name.as_deref().unwrap_or("align with models"),
            stamp: &stamp(),
        },
    };
    let drafted = progress::show(&work.files, || wanted.draft()).map_err(Failure::new)?;
    if drafted.draft.steps.is_empty() {
        terminal::note("nothing that was found is answered by a migration");
        return Ok(Exit::Clean);
    }
    if arguments.stdout {
        if let Some(file) = drafted.files.first() {
            terminal::write_plain(&file.text)?;
        }
        return Ok(Exit::Clean);
    }
    for file in &drafted.files {
        write(&work.root, file)?;
    }
    let mut answered: Vec<&str> = drafted.draft.answers().collect();
    answered.sort_unstable();
    answered.dedup();
    let mut asked: Vec<&str> = drafted
        .draft
        .steps
        .iter()
        .filter(|s| s.effect == Effect::Destroys)
        .map(|s| s.key.as_str())
        .collect();
    asked.dedup();
    let paths: Vec<&str> = drafted.files.iter().map(|file| file.path.as_str()).collect();
    terminal::write(&format!(
        "{}: a draft that answers {}; in its comments {} more, which destroy something; {} left to you\n",
        paths.join(", "),
        count(answered.len()),
        asked.len(),
        drafted.draft.left.len()
    ))?;
    Ok(Exit::Clean)
}

/// Writes a file that is not there yet.
pub(super) fn write(root: &Path, file: &File) -> Result<(), Failure> {
    let path = root.join(&file.path);
    if path.exists() {
        return Err(Failure::new(format!("{} is there already", file.path)).help("give another --name"));
    }
    disk::write(&path, &file.text).map_err(|error| {
        let why = disk::words(&error);
        Failure::new(format!("{} cannot be written: {why}", file.path))
    })
}

fn count(findings: usize) -> String {
    format!("{findings} finding{}", if findings == 1 { "" } else { "s" })
}

/// The time, as `20260102030405` in UTC.
fn stamp() -> String {
    stamp_in(0)
}

/// The time in some seconds, written the same way.
pub(super) fn stamp_in(later: u64) -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
        + later;
    let (days, time) = (seconds / 86400, seconds % 86400);
    // Days to a date of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}{:02}{:02}{:02}",
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}
