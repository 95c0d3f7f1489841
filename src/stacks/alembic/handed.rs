//! What `env.py` hands to autogenerate: which metadata, and which modules of the repository its imports reach.
//!
//! Source: `EnvironmentContext.configure`, `target_metadata`; `ScriptDirectory`, which loads every revision before any runs.

use std::sync::{Arc, LazyLock};

use regex::bytes::Regex;
use smol_str::SmolStr;

use super::config::Tree;
use super::environment;
use super::flask_alembic;
use super::left_out;
use super::library::{Alembic, Python};
use super::metadata::{MAX_STEPS, Step, next};
use super::surroundings::Surroundings;
use super::systems::Systems;
use crate::config::Given;
use crate::interpret::python::spoken::{Subject, is_of_tests, speaks_of};
use crate::interpret::python::{Machine, Modules, TermKind, Value};
use crate::known::{Gap, Reach};
use crate::session::Session;
use crate::source::{FileId, Files, Span};
use crate::stacks::sqlalchemy::metadata::{self, Metadata};

/// What `env.py` hands to autogenerate.
#[derive(Debug, Clone, Default)]
pub struct Handed {
    /// Each metadata, by what made it.
    pub metadata: Vec<Identity>,
    /// Why there may be others.
    pub open: Option<Gap>,
    /// The modules that were imported.
    pub modules: Vec<FileId>,
    /// Why others may have been.
    pub loose: Option<Gap>,
    /// Where it says which metadata it hands over.
    pub place: Option<Span>,
    /// It says that there is none.
    pub nothing: bool,
    /// The systems that it, and what it imports, connects to.
    pub systems: Systems,
    /// A table that nothing marks is one that autogenerate looks at, whatever its name.
    pub heeds_unmarked: bool,
    /// What it leaves to revisions that use nothing of the repository, where all of that can be told.
    pub surroundings: Option<Surrounding>,
}

/// What a metadata is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Made at this place: `MetaData()`, `declarative_base()`, `SQLAlchemy()`, or a declarative base, by its name.
    Place(Span),
    /// A library's own: `sqlmodel.SQLModel`.
    Path(SmolStr),
}

/// [`Surroundings`], and what could not be followed of `env.py`.
pub type Surrounding = (Surroundings, Vec<Gap>);

/// What `env.py` of a tree hands over. It is run alone, once a run.
#[must_use]
pub fn handed(files: &Files, tree: &Tree) -> Arc<Handed> {
    files.recall(&key(tree), |files| run_alone(files, tree))
}

/// All that a tree says of itself.
fn key(tree: &Tree) -> String {
    let Tree {
        folder,
        versions,
        recursive,
        config,
        section,
        options,
        base,
    } = tree;
    let options: Vec<_> = options.iter().map(|o| (&o.key, o.value.as_str())).collect();
    format!("{folder:?} {versions:?} {recursive} {config:?} {section:?} {options:?} {base:?}")
}

fn run_alone(files: &Files, tree: &Tree) -> Handed {
    let given = &Given::default();
    let modules = Modules::new(files, &tree.roots());
    let library = Alembic::new(Session::new(given), tree.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    let Some(environment) = tree.environment(files) else {
        return by_extension(&mut machine, files, tree);
    };
    let at = Span::new(environment, 0, 0);
    let invocations = environment::run(&mut machine, Some(environment), at);
    let mut out = Handed {
        nothing: !invocations.is_empty(),
        ..Handed::default()
    };
    for invocation in &invocations {
        let context = &invocation.context;
        out.nothing &=
            context.open.is_none() && matches!(context.option("target_metadata"), Some(Value::None));
        out.place = out.place.or(context.configured);
        match context.option("target_metadata") {
            Some(metadata) => {
                let metadata = metadata.clone();
                identities(&mut machine, &metadata, at, &mut out, 0);
            }
            None => out.open = out.open.or_else(|| context.open.clone()),
        }
    }
    out.place = assignment(files, environment).or(out.place);
    let surroundings = Surroundings::of(&mut machine, &invocations);
    out.surroundings = surroundings.map(|surroundings| (surroundings, machine.gaps().to_vec()));
    out.systems = machine.library.systems.clone();
    out.modules = loaded(&machine, &modules);
    out.loose = machine
        .unloaded()
        .cloned()
        .or_else(|| machine.library.stopped.clone())
        .or_else(|| leaves_to_others(files, environment, &out.modules));
    if out.open.is_none() {
        out.open = copies(files, environment, &out.modules);
    }
    out.heeds_unmarked = left_out::heeds_unmarked(&mut machine, &invocations, at);
    files.let_go(machine);
    out
}

/// What an extension that takes the place of `env.py` hands over, beside what else the application imports.
fn by_extension(machine: &mut Python<'_>, files: &Files, tree: &Tree) -> Handed {
    let mut out = Handed::default();
    let first = tree.revisions(files).first().copied();
    let Some(first) = first.filter(|_| flask_alembic::runs(files, tree)) else {
        return out;
    };
    let at = Span::new(first, 0, 0);
    for invocation in environment::run(machine, None, at) {
        match invocation.context.option("target_metadata").cloned() {
            Some(metadata) => identities(machine, &metadata, at, &mut out, 0),
            None => out.open = out.open.or_else(|| invocation.context.open.clone()),
        }
    }
    out.systems = machine.library.systems.clone();
    out.modules = loaded(machine, machine.modules());
    out.loose = Some(Gap::new(at, "what the application imports", Reach::Rows));
    out
}

/// The modules that the revisions of a tree import besides: they are all loaded before autogenerate looks.
#[must_use]
pub fn reached_by_revisions(files: &Files, tree: &Tree) -> Arc<Reached> {
    files.recall(&key(tree), |files| run_revisions(files, tree))
}

/// Modules that revisions import.
#[derive(Debug)]
pub struct Reached(pub Vec<FileId>);

fn run_revisions(files: &Files, tree: &Tree) -> Reached {
    let given = &Given::default();
    let modules = Modules::new(files, &tree.roots());
    let library = Alembic::new(Session::new(given), tree.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    for file in tree.revisions(files) {
        // One that raises has imported what stands above.
        let _ = machine.run_file(file, "revision");
    }
    let reached = Reached(loaded(&machine, &modules));
    files.let_go(machine);
    reached
}

/// The modules that the repository's own programs that let Alembic write or check migrations import: `env.py` runs in their process
/// then. Those that only upgrade are not what autogenerate looks from.
#[must_use]
pub fn reached_by_programs(files: &Files, tree: &Tree) -> Arc<Programs> {
    files.recall(&key(tree), |files| run_programs(files, tree))
}

/// What programs import that run these commands of Alembic.
#[derive(Debug, Default)]
pub struct Programs {
    /// The modules.
    pub modules: Vec<FileId>,
    /// Why there may be others.
    pub loose: Option<Gap>,
}

/// `alembic.command.revision(...)`, `command.check(...)`.
static COMMANDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)\balembic\b.*\bcommand\.(revision|check)\(").ok());

fn run_programs(files: &Files, tree: &Tree) -> Programs {
    let Some(commands) = COMMANDS.as_ref() else {
        return Programs::default();
    };
    let given = &Given::default();
    let modules = Modules::new(files, &tree.roots());
    let mut out = Programs::default();
    let of_python = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py"));
    let programs = of_python
        .filter(|(_, entry)| !is_of_tests(&entry.path))
        .map(|(file, _)| file);
    for file in programs.filter(|file| {
        speaks_of(files, *file, Subject::Commands) && commands.is_match(files.text(*file).as_bytes())
    }) {
        let library = Alembic::new(Session::new(given), tree.clone(), given.clone());
        let mut machine = Machine::new(&modules, library);
        // One that raises has imported what stands above.
        let _ = machine.run_file(file, "program");
        out.modules.extend(loaded(&machine, &modules));
        out.loose = out.loose.or_else(|| machine.unloaded().cloned());
        files.let_go(machine);
    }
    out
}

fn loaded<'a>(machine: &Python<'a>, modules: &Modules<'a>) -> Vec<FileId> {
    let loaded = machine.loaded().into_iter();
    loaded.map(|module| modules.get(module).file).collect()
}

/// `target_metadata = ...` as the template writes it.
fn assignment(files: &Files, environment: FileId) -> Option<Span> {
    let text = files.text(environment);
    let mut found = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim_end();
        let name = said.split(['=', ':']).next().unwrap_or("").trim_end();
        if name == "target_metadata" && said.contains('=') {
            found = Some(Span::new(environment, start, start + said.len()));
        }
        start += line.len();
    }
    found
}

/// Words of code that imports modules in ways that are not followed: applications that are found by their settings, loaders.
static LOADERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = r"import_string\(|autodiscover|import_submodules|spec_from_file_location|exec_module|entry_points|run_path\(|runpy|SourceFileLoader|load_source\(";
    Regex::new(words).ok()
});

/// Why modules may be imported by something that is not seen.
fn leaves_to_others(files: &Files, environment: FileId, modules: &[FileId]) -> Option<Gap> {
    static APPLICATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("current_app|flask").ok());
    let why = "which modules an application or a loader imports";
    // Flask's command line loads the application before `env.py`.
    first(files, &[environment], &APPLICATION, why).or_else(|| first(files, modules, &LOADERS, why))
}

/// Why the metadata that is handed over may hold tables of another one: they are copied.
fn copies(files: &Files, environment: FileId, modules: &[FileId]) -> Option<Gap> {
    static COPIES: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"to_metadata\(|tometadata\(|_add_table\(|\.tables\.update\(").ok());
    let why = "which tables are copied from one metadata to another";
    first(files, &[environment], &COPIES, why).or_else(|| first(files, modules, &COPIES, why))
}

fn first(files: &Files, modules: &[FileId], words: &Option<Regex>, why: &str) -> Option<Gap> {
    modules.iter().find_map(|file| {
        let text = files.text(*file);
        let at = match words {
            Some(words) => words.find(text.as_bytes())?.start(),
            None => 0,
        };
        Some(Gap::new(Span::new(*file, at, at), why, Reach::Rows))
    })
}

fn identities<'a>(machine: &mut Python<'a>, value: &Value<'a>, at: Span, out: &mut Handed, depth: usize) {
    let several = machine.known_items(value).or_else(|| {
        let entries = machine.dict_items(value)?;
        Some(entries.into_iter().map(|(_, value)| value).collect())
    });
    if let Some(items) = several.filter(|_| depth < MAX_STEPS) {
        for item in items {
            identities(machine, &item, at, out, depth + 1);
        }
        return;
    }
    if let Value::Unknown(unknown) = value {
        let unknown = unknown.clone();
        if unknown.candidates.is_empty() || depth >= MAX_STEPS {
            out.open.get_or_insert_with(|| unknown.gap.clone());
        }
        for candidate in unknown.candidates.iter().take(8) {
            identities(machine, candidate, at, out, depth + 1);
        }
        return;
    }
    let identity = origin(machine, value, at);
    match identity {
        Some(identity) if !out.metadata.contains(&identity) => out.metadata.push(identity),
        Some(_) => {}
        None if matches!(value, Value::None) => {}
        None => {
            out.open
                .get_or_insert_with(|| machine.gap(at, "which metadata env.py hands over"));
        }
    }
}

/// What made a metadata: the first `MetaData()` on the way, else the last thing that has one.
fn origin<'a>(machine: &mut Python<'a>, value: &Value<'a>, at: Span) -> Option<Identity> {
    match metadata::metadata(machine, value, at) {
        Metadata::Library(path) => return Some(Identity::Path(path.into())),
        Metadata::Unknown if metadata::is_kept(value) => return None,
        _ => {}
    }
    let mut value = value.clone();
    let mut last = None;
    for _ in 0..MAX_STEPS {
        match &value {
            Value::Class(class) => {
                // A class with a metadata of its own, or the one nearest to the library's base.
                let class = *class;
                let order = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
                let owner = machine
                    .lookup(class, "metadata")
                    .filter(|(_, m)| m.value.is_some());
                let base = owner.as_ref().map(|(owner, _)| *owner).or_else(|| {
                    let mut classes = order.iter().filter_map(|base| match base {
                        Value::Class(class) => Some(*class),
                        _ => None,
                    });
                    classes.next_back()
                });
                last = base
                    .and_then(|base| machine.class(base))
                    .map(|class| Identity::Place(class.span))
                    .or(last);
                if owner.is_none() {
                    return last;
                }
            }
            Value::Term(term) => match &term.kind {
                TermKind::Path(path) => {
                    let path = path.strip_suffix(".metadata").unwrap_or(path);
                    return Some(Identity::Path(path.into()));
                }
                TermKind::Call(..) => last = Some(Identity::Place(term.span)),
                _ => {}
            },
            _ => return last,
        }
        match next(machine, &value, at) {
            Step::To(next) => value = next,
            Step::Convention(_) | Step::Plain => return last,
        }
    }
    last
}
