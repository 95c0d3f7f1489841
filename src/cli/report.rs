//! `schemalign report`: one HTML file with the findings, the schema and the coverage.

use std::sync::Arc;

use super::arguments::ReportArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{disk, progress, terminal};
use crate::check::{self, Sides};
use crate::config::Downs;
use crate::report::{escape, html};
use crate::{discover, inventory};

/// Runs the command.
///
/// # Errors
/// When nothing could be checked, or the file cannot be written.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit, Failure> {
    let mut work = Workspace::open(&arguments.paths, &arguments.source)?;
    work.options.without_baseline = arguments.no_baseline;
    // The inventory tells of ways back; what is found of them is told where it is asked for.
    let ways_back = check::tells_ways_back(&work.options);
    work.options.downs = Downs::Run;
    work.files.keep_texts();
    work.files.end_with_process();
    let (runs, report) = progress::show(&work.files, || -> Result<_, Failure> {
        let mut runs = check::run(&work.files, &work.options, Sides::Both)?;
        let silent = runs.runs.iter_mut().filter(|_| !ways_back);
        let mut held: Vec<_> = silent
            .map(|run| Arc::make_mut(&mut run.replayed).backs.take())
            .collect();
        let report = check::report(&work.files, &work.options, &runs)?;
        for (run, backs) in runs.runs.iter_mut().zip(held.drain(..)) {
            Arc::make_mut(&mut run.replayed).backs = backs;
        }
        Ok((runs, report))
    })?;
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&runs.not_checked));
    }
    let title = work
        .root
        .file_name()
        .map_or("the repository".into(), |name| name.to_string_lossy());
    let mut sections = html::sections(&report, &runs, &work.files);
    let left = discover::left_models(&work.files, runs.runs.iter().map(|run| &run.target));
    let subjects = check::subjects(&work.files, &runs);
    let listed = inventory::all(&work.files, &subjects, &report.findings, &left);
    sections.push(html::inventory::section(&listed, &work.files));
    let page = html::page(&title, &report, &sections);
    work.files.let_go(subjects);
    work.files.let_go(runs);
    if arguments.output.as_os_str() == "-" {
        terminal::write(&page)?;
        return Ok(Exit::Clean);
    }
    let path = arguments.output.display();
    disk::write(&arguments.output, &page).map_err(|error| {
        Failure::new(format!("{path} cannot be written: {}", disk::words(&error)))
            .help("--output takes the path of a file, in a folder that can be written to")
    })?;
    terminal::write(&format!(
        "{} is written: open it in a browser\n",
        escape(&path.to_string())
    ))?;
    Ok(Exit::Clean)
}
