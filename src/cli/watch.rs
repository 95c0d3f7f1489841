//! `schemalign check --watch`: checks again whenever a file that it looks at changes, comes or goes.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use notify::{EventKind, RecursiveMode, Watcher};

use super::arguments::{CheckArguments, Source};
use super::disk::normal;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{check, terminal};

/// Changes that follow one another this fast are one: editors and checkouts write many files.
const QUIET: Duration = Duration::from_millis(100);
/// A change is not waited with for longer.
const LONGEST: Duration = Duration::from_secs(2);

type Events = Receiver<notify::Result<notify::Event>>;

/// Checks until it is interrupted.
///
/// # Errors
/// When the files cannot be watched.
pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let cannot = |error: notify::Error| Failure::new(format!("the files cannot be watched: {error}"));
    let (sender, events) = channel();
    // A receiver that is gone means that the program ends.
    let mut watcher = notify::recommended_watcher(move |event| drop(sender.send(event))).map_err(cannot)?;
    let own: Vec<PathBuf> = arguments
        .output
        .iter()
        .filter_map(|(_, path)| normal(path).ok())
        .collect();
    let mut watched: BTreeSet<PathBuf> = BTreeSet::new();
    let mut listed = Listed::of(arguments)?;
    loop {
        // Before the check, so that what changes meanwhile is seen.
        for folder in listed.folders() {
            // Folders, not files: a file that is replaced is another file under the name. One that is gone again is no fault.
            if !watched.contains(&folder) && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                watched.insert(folder);
            }
        }
        clear()?;
        if let Err(failure) = check::once(arguments) {
            terminal::complain(&failure);
        }
        terminal::note("watching for changes, Ctrl-C ends");
        loop {
            let Some(changed) = wait(&events) else {
                return Ok(Exit::Clean);
            };
            watched.retain(|folder| folder.is_dir());
            let now = Listed::of(arguments).unwrap_or_default();
            let is_ours = |path: &PathBuf| {
                !own.contains(path) && (listed.files.contains(path) || now.files.contains(path))
            };
            let matters = now != listed || changed.iter().any(is_ours);
            listed = now;
            if matters {
                break;
            }
        }
    }
}

/// What changed, once nothing changes any more; `None` when nothing can be seen any more.
fn wait(events: &Events) -> Option<BTreeSet<PathBuf>> {
    let mut changed = BTreeSet::new();
    let mut take = |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if !matches!(event.kind, EventKind::Access(_)) {
            changed.extend(event.paths);
        }
    };
    take(events.recv().ok()?);
    let began = Instant::now();
    while began.elapsed() < LONGEST {
        match events.recv_timeout(QUIET) {
            Ok(event) => take(event),
            Err(_) => break,
        }
    }
    Some(changed)
}

/// The files that a check would look at.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    root: PathBuf,
    files: BTreeSet<PathBuf>,
}

impl Listed {
    /// Lists them; a configuration that cannot be followed is left out of account until it is mended.
    ///
    /// # Errors
    /// When a path does not exist.
    fn of(arguments: &CheckArguments) -> Result<Self, Failure> {
        let plain = Source {
            no_config: true,
            ..arguments.source.clone()
        };
        let work = Workspace::open(&arguments.paths, &arguments.source)
            .or_else(|_| Workspace::open(&arguments.paths, &plain))?;
        let path = |path: &str| normal(&work.root.join(path)).ok();
        Ok(Listed {
            files: work
                .files
                .entries()
                .filter_map(|(_, entry)| path(&entry.path))
                .collect(),
            root: work.root,
        })
    }

    /// The folders that hold files, those on the way to them, and the root.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut out = BTreeSet::from([self.root.clone()]);
        for file in &self.files {
            for folder in file.ancestors().skip(1) {
                if !out.insert(folder.to_path_buf()) || !folder.starts_with(&self.root) {
                    break;
                }
            }
        }
        out
    }
}

/// An empty screen, where there is one.
fn clear() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    if out.is_terminal() {
        let cleared = out.write_all(b"\x1b[2J\x1b[3J\x1b[H").and_then(|()| out.flush());
        return cleared.map_err(|error| Failure::new(format!("cannot write to standard output: {error}")));
    }
    Ok(())
}
