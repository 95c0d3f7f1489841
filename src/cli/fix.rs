//! `check --fix`, `--unsafe-fixes` and `--diff`: applies fixes to the disk, or shows what they would change.

use super::arguments::CheckArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{disk, progress, terminal};
use crate::check::{self, Mended, Report};
use crate::report::{diff, escape};
use crate::source::Files;

/// What fixing gives: what changes, and the files as they are then.
pub(super) type Fixed = (Mended, Option<Files>);

/// Applies the fixes in memory.
pub(super) fn mended(work: &Workspace, report: Report, arguments: &CheckArguments) -> Fixed {
    let system = work.disk.clone();
    progress::show(&work.files, || {
        check::mend(system, &work.files, &work.options, report, arguments.unsafe_fixes)
    })
}

/// Prints what would change.
///
/// # Errors
/// When it cannot be written.
pub(super) fn show((mended, _): &Fixed) -> Result<Exit, Failure> {
    let diffs = mended
        .texts
        .iter()
        .map(|(path, (before, after))| diff::unified(path, before, after));
    let out: String = diffs.collect();
    // Text for `patch`: it is the files' own, only made safe for a terminal.
    match terminal::is_terminal() {
        true => terminal::write(&lines(&out))?,
        false => terminal::write_plain(&out)?,
    }
    Ok(if mended.texts.is_empty() {
        Exit::Clean
    } else {
        Exit::Found
    })
}

fn lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Writes the files that changed; what is reported from then on is what is left.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(mut work: Workspace, (mended, files): Fixed) -> Result<(Workspace, Report), Failure> {
    for (path, (_, text)) in &mended.texts {
        disk::write(&work.root.join(path), text)
            .map_err(|error| Failure::new(format!("{path} cannot be written: {}", disk::words(&error))))?;
    }
    let count = mended.mended.len();
    if count > 0 {
        let files = mended.texts.len();
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        terminal::note(&format!(
            "mended {count} finding{} in {files} file{}",
            plural(count),
            plural(files)
        ));
    }
    if let Some(files) = files {
        work.files = files;
    }
    Ok((work, mended.report))
}
