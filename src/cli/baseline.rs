//! `schemalign baseline`: writes down what is found now, so that only what is new is told from then on.

use super::arguments::BaselineArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{disk, progress, terminal};
use crate::check;
use crate::suppress::baseline::Baseline;

/// Runs the command.
///
/// # Errors
/// When nothing could be checked, or the file cannot be written.
pub(super) fn run(arguments: &BaselineArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    if !work.options.is_whole() {
        return Err(Failure::new("a baseline is of the whole repository")
            .help("leave out --target, --migrations, --models and single files"));
    }
    let report = progress::show(&work.files, || check::check(&work.files, &work.options))?;
    if report.targets.is_empty() {
        return Err(super::check::nothing(&report.coverage.not_checked));
    }
    let silenced = &report.silenced;
    let baseline = match (&silenced.baseline, arguments.prune) {
        (Some(held), true) => held.pruned(),
        (None, true) => {
            return Err(
                Failure::new("there is no baseline to prune").help("`schemalign baseline` writes one")
            );
        }
        (_, false) => Baseline::of(silenced.keys.iter().map(String::as_str)),
    };
    let (path, _) = work.options.baseline_path();
    let full = work.root.join(&path);
    disk::write(&full, &baseline.print())
        .map_err(|error| Failure::new(format!("{path} cannot be written: {}", disk::words(&error))))?;
    let held = silenced.baseline.as_ref().map_or(0, Baseline::len);
    terminal::write(&format!(
        "{path}: {} findings (there were {held})\n",
        baseline.len()
    ))?;
    Ok(Exit::Clean)
}
