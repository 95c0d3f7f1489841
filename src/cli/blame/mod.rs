//! `check --blame`: for each finding the commit that brought the later of its two sides, read out of git's own files by a library.

mod lines;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::outcome::Failure;
use super::revision::{discover, slashed};
use super::workspace::Workspace;
use crate::check::Report;
use crate::finding::{Cause, Commit, Finding};
use crate::source::{FileId, Span};
use walk::{Asked, Brought, Walk};

/// Lines of one side that are looked at.
const MOST_LINES: u32 = 400;

/// Gives each finding its cause.
///
/// # Errors
/// Where there is no repository, or nothing is committed.
pub(super) fn add(work: &Workspace, report: &mut Report) -> Result<(), Failure> {
    let repository = discover(&work.root)?;
    let Some(top) = repository.workdir() else {
        return Err(Failure::new(
            "the git repository has no working tree, so no line of it can be traced",
        ));
    };
    let top = top.canonicalize().unwrap_or_else(|_| top.to_path_buf());
    let head = repository
        .head_commit()
        .map_err(|error| Failure::new("nothing is committed yet").details([error.to_string()]))?
        .id;
    let histories: Vec<String> = report
        .targets
        .iter()
        .flat_map(|t| t.histories.iter().cloned())
        .collect();
    let mut blame = Blame {
        work,
        top: &top,
        repository: &repository,
        walk: Walk::new(&repository),
        folders: Vec::new(),
        histories,
        brought: BTreeMap::new(),
    };
    blame.folders = blame.folders();
    blame.ask(head, &report.findings);
    for finding in &mut report.findings {
        finding.cause = blame.cause(finding);
    }
    Ok(())
}

struct Blame<'r> {
    work: &'r Workspace,
    top: &'r Path,
    repository: &'r gix::Repository,
    walk: Walk<'r>,
    /// Where migrations lie, by their paths in the repository.
    folders: Vec<String>,
    /// Paths of the histories, as the listing names them.
    histories: Vec<String>,
    brought: BTreeMap<(FileId, usize), Brought>,
}

/// A side of a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Model,
    Database,
}

impl Blame<'_> {
    /// A path of the listing in the repository.
    fn inside(&self, path: &str) -> Option<String> {
        let full = self.work.disk.real_path(path);
        full.strip_prefix(self.top).ok().map(slashed)
    }

    /// The folders that migrations lie in. Those of Alembic's revisions, without the program beside them.
    fn folders(&self) -> Vec<String> {
        let files = &self.work.files;
        let below = |path: &str| {
            files
                .entries()
                .any(|(_, e)| e.path.starts_with(&format!("{path}/")))
        };
        let of = |path: &String| {
            let versions = format!("{path}/versions");
            if below(&versions) {
                versions
            } else if below(path) {
                path.clone()
            } else {
                path.rsplit_once('/')
                    .map_or(String::new(), |(folder, _)| folder.to_owned())
            }
        };
        let all: BTreeSet<String> = self.histories.iter().map(of).collect();
        all.iter().filter_map(|path| self.inside(path)).collect()
    }

    /// The sides of a finding: each with the lines that show it.
    fn sides(&self, finding: &Finding) -> Vec<(Side, Span)> {
        let mut out = Vec::new();
        // What the model says nothing of has no line there: which commit took it out, if it was ever in, no line tells.
        let model = finding.model.filter(|_| !is_absent_from_model(finding));
        out.extend(model.map(|span| (Side::Model, span)));
        out.extend(finding.database.as_ref().map(|(span, _)| (Side::Database, *span)));
        if out.is_empty() {
            let path = self.work.files.path(finding.span.file);
            let is_of = |history: &String| {
                path == history.as_str()
                    || path
                        .strip_prefix(history.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            let side = match self.histories.iter().any(is_of) {
                true => Side::Database,
                false => Side::Model,
            };
            out.push((side, finding.span));
        }
        out
    }

    /// The lines of a place, from 0.
    fn lines(&self, span: Span) -> impl Iterator<Item = usize> + use<> {
        let (start, end) = (self.work.files.start(span).line, self.work.files.end(span).line);
        let end = end.clamp(start, start.saturating_add(MOST_LINES));
        (start..=end).map(|line| line as usize - 1)
    }

    /// Asks for all lines at once.
    fn ask(&mut self, head: ObjectId, findings: &[Finding]) {
        let mut wanted: BTreeMap<FileId, BTreeSet<usize>> = BTreeMap::new();
        for finding in findings {
            for (_, span) in self.sides(finding) {
                wanted.entry(span.file).or_default().extend(self.lines(span));
            }
        }
        let mut ids = Vec::new();
        let mut asked = Vec::new();
        for (file, lines) in wanted {
            let text = self.work.files.text(file);
            match self.inside(self.work.files.path(file)) {
                Some(path) => {
                    ids.push(file);
                    asked.push(Asked {
                        path,
                        text: text.to_string(),
                        lines: lines.into_iter().collect(),
                    });
                }
                None => {
                    let why = Brought::Unknown("the file is not in the repository".to_owned());
                    self.brought
                        .extend(lines.into_iter().map(|line| ((file, line), why.clone())));
                }
            }
        }
        for (file, of_file) in ids.into_iter().zip(self.walk.brought(head, &asked)) {
            self.brought
                .extend(of_file.into_iter().map(|(line, what)| ((file, line), what)));
        }
    }

    /// What brought a side last.
    fn last(&self, span: Span) -> Option<(i64, Brought)> {
        let of_lines = self
            .lines(span)
            .filter_map(|line| self.brought.get(&(span.file, line)));
        let timed = of_lines.map(|brought| (self.time(brought), brought));
        timed
            .max_by_key(|(time, _)| *time)
            .map(|(time, brought)| (time, brought.clone()))
    }

    fn time(&self, brought: &Brought) -> i64 {
        match brought {
            Brought::By(id) => self
                .repository
                .find_commit(*id)
                .ok()
                .and_then(|c| c.time().ok())
                .map_or(0, |t| t.seconds),
            Brought::Uncommitted => i64::MAX,
            // It is older than all that is told.
            Brought::Unknown(_) => i64::MIN,
        }
    }

    fn cause(&mut self, finding: &Finding) -> Option<Cause> {
        let sides = self.sides(finding);
        let brought: Vec<(Side, i64, Brought)> = sides
            .iter()
            .filter_map(|(side, span)| {
                let (time, what) = self.last(*span)?;
                Some((*side, time, what))
            })
            .collect();
        let (side, _, what) = brought.iter().max_by_key(|(_, time, _)| *time)?.clone();
        let both = brought.len() > 1 && brought.iter().all(|(.., other)| *other == what);
        let commit = match &what {
            Brought::By(id) => *id,
            Brought::Uncommitted => {
                let words = match (side, both) {
                    (_, true) => "both sides are not committed yet",
                    (Side::Model, false) => "the model was changed, and that is not committed yet",
                    (Side::Database, false) => "the migrations were changed, and that is not committed yet",
                };
                return Some(Cause {
                    commit: None,
                    side: word(side, both),
                    migrations: None,
                    words: words.to_owned(),
                });
            }
            Brought::Unknown(why) => {
                return Some(Cause {
                    commit: None,
                    side: word(side, both),
                    migrations: None,
                    words: format!("which commit it was cannot be told: {why}"),
                });
            }
        };
        let folders = self.folders.clone();
        let migrations = match folders.is_empty() {
            true => Some(false),
            false => self.walk.touches(commit, &folders),
        };
        let model = sides.iter().find(|(side, _)| *side == Side::Model);
        let path = model.and_then(|(_, span)| self.inside(self.work.files.path(span.file)));
        let model = path.and_then(|path| self.walk.touches(commit, &[path]));
        let words = match (side, both, migrations, model) {
            _ if is_absent_from_model(finding) => {
                "this commit brought it to the database; when the model lost it, if it ever had it, is not told"
            }
            (_, true, ..) => "this commit brought both sides",
            (Side::Model, _, Some(false), _) => "this commit changed the model and shipped no migration",
            (Side::Model, _, Some(true), _) => {
                "this commit changed the model, and the migrations that it shipped do not make up for it"
            }
            (Side::Model, _, None, _) => "this commit changed the model",
            (Side::Database, _, _, Some(false)) => "this commit changed the migrations and not the model",
            (Side::Database, _, _, Some(true)) => {
                "this commit changed the migrations and the model, and they disagree"
            }
            (Side::Database, _, _, None) => "this commit brought it",
        };
        Some(Cause {
            commit: Some(self.commit(commit)),
            side: word(side, both),
            migrations,
            words: words.to_owned(),
        })
    }

    fn commit(&self, id: ObjectId) -> Commit {
        let mut out = Commit {
            id: id.to_string(),
            ..Commit::default()
        };
        if let Ok(commit) = self.repository.find_commit(id) {
            if let Ok(author) = commit.author() {
                out.author = author.name.to_str_lossy().into_owned();
                out.date = author
                    .time()
                    .map(|time| date(time.seconds + i64::from(time.offset)))
                    .unwrap_or_default();
            }
            let message = commit.message_raw_sloppy().to_str_lossy().into_owned();
            out.subject = message.lines().next().unwrap_or("").trim().to_owned();
        }
        out
    }
}

/// Whether the model's side of a finding is that it says nothing.
fn is_absent_from_model(finding: &Finding) -> bool {
    finding.database.is_some()
        && (finding.rule.starts_with("extra-") || finding.rule == "unwritten-required-column")
}

fn word(side: Side, both: bool) -> &'static str {
    match (side, both) {
        (_, true) => "both",
        (Side::Model, false) => "model",
        (Side::Database, false) => "database",
    }
}

/// A day of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn date(seconds: i64) -> String {
    let shifted = seconds.div_euclid(86_400) + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(1_709_164_800), "2024-02-29");
        assert_eq!(date(-86_400), "1969-12-31");
    }
}
