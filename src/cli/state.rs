//! A state of a schema as an argument names it, and how it is made.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::arguments::Source;
use super::outcome::Failure;
use super::revision::Revision;
use super::workspace::Workspace;
use super::{disk, progress, schema, terminal};
use crate::check::{self, Run};
use crate::config::Options;
use crate::name::Name;
use crate::replay::Journal;
use crate::report::states::State;
use crate::schema::Schema;
use crate::source::Files;

/// The forms of a side.
const FORMS: &[(&str, &str)] = &[
    ("history", "what the migrations make"),
    (
        "@0042",
        "what they make up to and with that migration; @0042^ up to the one before it",
    ),
    ("models", "what the models alone would make"),
    (
        "FILE.sql",
        "a dump: pg_dump -s, structure.sql, schema.sql; - is standard input",
    ),
    ("FOLDER", "the migrations that lie there"),
    (
        "git:REF",
        "the same in a commit: git:main, git:v2:@0042, git:main:models, git:main:db/structure.sql",
    ),
    (
        "target:NAME",
        "the same of another target: target:orders, target:orders:models",
    ),
    (
        "install:WAY",
        "what an installation has that arrived another way: install:stepwise, install:1-49,50-60",
    ),
];

/// A schema with where it comes from.
#[derive(Debug)]
pub(super) struct Stated {
    title: String,
    /// The schema.
    pub(super) schema: Schema,
    journal: Journal,
    files: Arc<Files>,
    /// Tables that a runner keeps its books in.
    pub(super) books: Vec<Name>,
}

impl Stated {
    /// For a report.
    pub(super) fn shown(&self) -> State<'_> {
        State {
            title: &self.title,
            journal: &self.journal,
            files: &self.files,
        }
    }
}

/// A side's words, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Words {
    git: Option<String>,
    target: Option<String>,
    install: Option<String>,
    what: What,
}

/// What a side is, wherever it is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    History,
    At(String),
    Models,
    Path(String),
}

fn words(side: &str) -> Words {
    let mut out = Words {
        git: None,
        target: None,
        install: None,
        what: What::History,
    };
    let mut rest = side;
    loop {
        let mut found = false;
        let Words {
            git, target, install, ..
        } = &mut out;
        for (word, place) in [("git:", git), ("target:", target), ("install:", install)] {
            if place.is_none()
                && let Some(behind) = rest.strip_prefix(word)
            {
                let (value, after) = behind.split_once(':').unwrap_or((behind, ""));
                *place = Some(value.to_owned());
                rest = after;
                found = true;
            }
        }
        if !found {
            break;
        }
    }
    out.what = match rest {
        "" if rest.len() < side.len() => What::History,
        "history" => What::History,
        "models" => What::Models,
        _ => match rest.strip_prefix('@') {
            Some(at) => What::At(at.to_owned()),
            None => What::Path(rest.to_owned()),
        },
    };
    out
}

/// Makes states, and reads the folder that they are of but once.
pub(super) struct Sides<'a> {
    paths: &'a [PathBuf],
    source: &'a Source,
    opened: Mutex<Option<Opened>>,
}

type Opened = (Arc<Files>, Options, PathBuf, Arc<disk::Disk>);

impl<'a> Sides<'a> {
    pub(super) fn new(paths: &'a [PathBuf], source: &'a Source) -> Self {
        Sides {
            paths,
            source,
            opened: Mutex::default(),
        }
    }

    /// The states that two arguments name, made side by side.
    ///
    /// # Errors
    /// When there is none such.
    pub(super) fn both(&self, left: &str, right: &str) -> Result<(Stated, Stated), Failure> {
        let (left, right) = rayon::join(|| self.state(left), || self.state(right));
        Ok((left?, right?))
    }

    /// The state that an argument names.
    ///
    /// # Errors
    /// When there is none such.
    fn state(&self, side: &str) -> Result<Stated, Failure> {
        let words = words(side);
        let title = title(side, &words);
        match &words.what {
            What::Path(path) if words.git.is_none() && !is_folder(path) => self.dump(title, path),
            _ => self.of_repository(title, &words),
        }
    }

    /// A dump is a text on its own: nothing of a repository is asked, and nothing that its runner sets before the migrations run is there
    /// before the dump, which makes it all.
    fn dump(&self, title: String, path: &str) -> Result<Stated, Failure> {
        let (name, bytes) = if path == "-" {
            ("standard input".to_owned(), terminal::read()?)
        } else {
            let bytes = disk::read(Path::new(path)).map_err(|error| no_state(path, &disk::words(&error)))?;
            (path.replace('\\', "/"), bytes)
        };
        self.read_dump(title, name, bytes)
    }

    fn read_dump(&self, title: String, name: String, bytes: Vec<u8>) -> Result<Stated, Failure> {
        let files = Files::in_memory([(name.clone(), bytes)]);
        let mut options = Options {
            migrations: vec![name],
            dialect: self.source.dialect,
            ..Options::default()
        };
        let of_the_server = |(key, _): &&(String, String)| key == "postgres_version";
        options
            .given
            .extend(self.source.given.iter().filter(of_the_server).cloned());
        if let Some(version) = &self.source.postgres_version {
            options
                .given
                .push(("postgres_version".to_owned(), version.clone()));
        }
        of_history(title, Arc::new(files), &options)
    }

    fn open(&self) -> Result<Opened, Failure> {
        let mut held = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*held {
            return Ok(opened.clone());
        }
        let work = Workspace::open(self.paths, self.source)?;
        let opened = (Arc::new(work.files), work.options, work.root, work.disk);
        Ok(held.insert(opened).clone())
    }

    fn of_repository(&self, title: String, words: &Words) -> Result<Stated, Failure> {
        let (mut files, mut options, root, disk) = match &words.what {
            What::Path(folder) if words.git.is_none() => {
                let source = Source {
                    migrations: vec![PathBuf::from(folder)],
                    models: Vec::new(),
                    ..self.source.clone()
                };
                let work = Workspace::open(&[], &source)?;
                (Arc::new(work.files), work.options, work.root, work.disk)
            }
            _ => self.open()?,
        };
        if let Some(name) = &words.git {
            let mut earlier = Files::new(Revision::exactly(&root, name, disk)?);
            let configuration = &options.configuration;
            earlier.hide(|path| configuration.excludes(path));
            files = Arc::new(earlier);
            if let What::Path(path) = &words.what {
                let path = path.trim_end_matches('/').to_owned();
                if let Some(file) = files.find(&path).filter(|_| path.ends_with(".sql")) {
                    let text = files.text(file).as_bytes().to_vec();
                    return self.read_dump(title, path, text);
                }
                let below = format!("{path}/");
                if !files.entries().any(|(_, e)| e.path.starts_with(&below)) {
                    return Err(no_state(&path, &format!("{name} has no such file or folder")));
                }
                options.migrations = vec![path];
                options.models = Vec::new();
            }
        }
        if let Some(target) = &words.target {
            options.target = Some(target.clone());
        }
        if let Some(way) = &words.install {
            options.given.push(("install".to_owned(), way.clone()));
        }
        match &words.what {
            What::Models => of_models(title, files, &options),
            What::At(at) => {
                options.at = Some(at.clone());
                of_history(title, files, &options)
            }
            What::History | What::Path(_) => of_history(title, files, &options),
        }
    }
}

fn is_folder(path: &str) -> bool {
    Path::new(path).is_dir()
}

/// What a side is, for a heading.
fn title(side: &str, words: &Words) -> String {
    let what = match &words.what {
        What::History => "the migrations".to_owned(),
        What::At(at) => match at.strip_suffix('^') {
            Some(at) => format!("the migrations before {at}"),
            None => format!("the migrations up to {at}"),
        },
        What::Models => "the models".to_owned(),
        What::Path(path) if path == "-" => "standard input".to_owned(),
        What::Path(_) => return side.to_owned(),
    };
    let of = |word: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |v| format!("{word}{v}"))
    };
    format!(
        "{what}{}{}{}",
        of(" of ", &words.target),
        of(" by the way ", &words.install),
        of(" in ", &words.git)
    )
}

/// The one run that a state is of.
fn only(runs: &mut check::Runs, has: impl Fn(&Run) -> bool) -> Result<Run, Failure> {
    runs.runs.retain(|run| has(run));
    if runs.runs.is_empty() {
        return Err(super::check::nothing(&runs.not_checked));
    }
    if let Err(failure) = schema::only(&runs.runs) {
        return Err(failure.help("name one with --target NAME, or on one side with target:NAME"));
    }
    runs.runs
        .pop()
        .ok_or_else(|| super::check::nothing(&runs.not_checked))
}

fn of_history(title: String, files: Arc<Files>, options: &Options) -> Result<Stated, Failure> {
    let mut runs = progress::show(&files, || check::run(&files, options, check::Sides::Histories))?;
    let run = only(&mut runs, |run| run.replayed.outcome.is_some())?;
    let books = books(&run);
    let Some(outcome) = Arc::unwrap_or_clone(run.replayed).outcome else {
        return Err(super::check::nothing(&runs.not_checked));
    };
    Ok(Stated {
        title,
        schema: outcome.schema,
        journal: outcome.journal,
        files,
        books,
    })
}

fn of_models(title: String, files: Arc<Files>, options: &Options) -> Result<Stated, Failure> {
    let mut runs = progress::show(&files, || check::run(&files, options, check::Sides::Models))?;
    let run = only(&mut runs, |run| !run.models.is_empty())?;
    let created = check::created(&run);
    let mut schema = created.database.schema().clone();
    for gap in run.models.iter().flat_map(|m| &m.gaps) {
        schema.add_gap(gap.clone());
    }
    Ok(Stated {
        title,
        schema,
        journal: created.journal,
        files,
        books: books(&run),
    })
}

/// Tables that the runners of a target keep for themselves.
fn books(run: &Run) -> Vec<Name> {
    let given = run.target.given.runner_tables.iter().cloned();
    let of_ecto = run.target.histories.iter().any(|h| h.runner.name == "ecto");
    given
        .chain(of_ecto.then(|| Name::new("schema_migrations")))
        .collect()
}

/// What is written is no side.
fn no_state(written: &str, why: &str) -> Failure {
    let head = |form: &str| form.trim_end_matches(|c: char| c.is_uppercase()).to_owned();
    let near = FORMS
        .iter()
        .map(|(form, _)| (strsim::damerau_levenshtein(written, &head(form)), *form))
        .filter(|(far, form)| *far <= 2 && form.chars().all(|c| c.is_lowercase()))
        .min();
    let forms = FORMS.iter().map(|(form, what)| format!("{form:12} {what}"));
    let failure = Failure::new(format!("{written} is no state that could be compared: {why}")).details(forms);
    match near {
        Some((_, form)) => failure.help(format!("{form} is near to what is written")),
        None => failure.help("a file of a commit is written git:REF:FILE, a migration @NAME"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_taken_apart() {
        let of = |side: &str| {
            let w = words(side);
            (w.git, w.target, w.install, w.what)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("history"), (None, None, None, What::History));
        assert_eq!(of("git:main"), (some("main"), None, None, What::History));
        assert_eq!(
            of("git:v2:target:orders:@0042^"),
            (some("v2"), some("orders"), None, What::At("0042^".to_owned()))
        );
        assert_eq!(
            of("install:1-49,50-60"),
            (None, None, some("1-49,50-60"), What::History)
        );
        assert_eq!(
            of("git:main:db/structure.sql"),
            (
                some("main"),
                None,
                None,
                What::Path("db/structure.sql".to_owned())
            )
        );
        assert_eq!(of("modls").3, What::Path("modls".to_owned()));
        assert!(
            no_state("modls", "")
                .help
                .is_some_and(|h| h.starts_with("models"))
        );
    }
}
