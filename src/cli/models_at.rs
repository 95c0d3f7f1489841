//! `schemalign check --models-at COMMIT`: the models of a commit against today's migrations, as while a deploy is half done.

use std::sync::Arc;

use super::disk::Disk;
use super::outcome::Failure;
use super::progress;
use super::revision::Revision;
use super::workspace::Workspace;
use crate::check::{self, Report, Runs, Sides};
use crate::config::{Misuse, Options};
use crate::discover;
use crate::schema::document;
use crate::source::{Entry, FileSystem, Files, ReadError};

/// The report. The workspace then holds the files that its places are in.
///
/// # Errors
/// When the commit cannot be read, or the migrations make something else with its code.
pub(super) fn report(work: &mut Workspace, commit: &str) -> Result<Report, Failure> {
    let mixed = Mixed {
        histories: histories(&work.files, &work.options)?,
        earlier: Revision::exactly(&work.root, commit, work.disk.clone())?,
        today: work.disk.clone(),
    };
    let mut files = Files::new(mixed);
    let configuration = &work.options.configuration;
    files.hide(|path| configuration.excludes(path));
    let options = &work.options;
    let (today, runs) = progress::show(&files, || {
        rayon::join(
            || check::run(&work.files, options, Sides::Histories),
            || check::run(&files, options, Sides::Both),
        )
    });
    let (today, runs) = (today?, runs?);
    if made(&runs) != made(&today) {
        return Err(Failure::new(format!(
            "the migrations make something else with the code of {commit}: they use what is not theirs alone"
        ))
        .help("migrations that import models cannot be held against models of another time"));
    }
    let report = check::report(&files, &work.options, &runs)?;
    work.files = files;
    Ok(report)
}

/// What the histories make, by target.
fn made(runs: &Runs) -> Vec<(String, String)> {
    let with = runs
        .runs
        .iter()
        .filter_map(|run| Some((run, run.replayed.outcome.as_ref()?)));
    with.map(|(run, outcome)| (run.target.name.clone(), document::text(&outcome.schema)))
        .collect()
}

/// The folders and files that histories lie in.
fn histories(files: &Files, options: &Options) -> Result<Vec<String>, Misuse> {
    let mut out = Vec::new();
    for target in discover::histories(files, options)?.targets {
        for source in &target.histories {
            out.extend(Some(source.path.clone()).filter(|path| !path.is_empty() && path != "."));
            for migration in source.read(files, &target.given).migrations {
                let path = files.path(migration.file);
                out.push(
                    path.rsplit_once('/')
                        .map_or(path, |(folder, _)| folder)
                        .to_owned(),
                );
            }
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

/// The files of a commit, but for those of histories, which are today's.
struct Mixed {
    histories: Vec<String>,
    earlier: Revision,
    today: Arc<Disk>,
}

impl Mixed {
    fn is_of_history(&self, path: &str) -> bool {
        self.histories.iter().any(|folder| {
            let below = path.strip_prefix(folder.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

impl FileSystem for Mixed {
    fn list(&self) -> Vec<Entry> {
        let earlier = self.earlier.list().into_iter();
        let today = self.today.list().into_iter();
        let earlier = earlier.filter(|entry| !self.is_of_history(&entry.path));
        earlier
            .chain(today.filter(|entry| self.is_of_history(&entry.path)))
            .collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if self.is_of_history(path) {
            self.today.read(path)
        } else {
            self.earlier.read(path)
        }
    }
}
