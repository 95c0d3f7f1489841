//! Modules whose `up/1` walks versions: a library's entry point, and the ways in which an installation can have arrived.

use super::library::{Ecto, Elixir};
use super::project::Project;
use super::queue::Queue;
use super::runner;
use crate::config::Given;
use crate::interpret::elixir::{Machine, Modules, Value};
use crate::known::{Gap, Reach};
use crate::session::Session;
use crate::source::{FileId, Files, Span};

/// How an installation arrived at the newest version: the version that each of its runs went to, `None` for the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Install {
    /// All versions in one run, and so in one queue.
    Fresh,
    /// One version at a time.
    Stepwise,
    /// The versions that its runs ended with.
    Runs(Vec<i64>),
}

impl Install {
    /// `fresh`, `stepwise`, `1-49,50-60`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "fresh" => Some(Install::Fresh),
            "stepwise" => Some(Install::Stepwise),
            runs => {
                let ends: Option<Vec<i64>> = runs
                    .split(',')
                    .map(|run| run.rsplit('-').next().and_then(|end| end.trim().parse().ok()))
                    .collect();
                let ends = ends?;
                ends.is_sorted().then_some(Install::Runs(ends))
            }
        }
    }

    /// The versions that its runs go to.
    fn ends(&self, newest: Option<i64>) -> Vec<Option<i64>> {
        match self {
            Install::Fresh => vec![None],
            Install::Stepwise => match newest {
                Some(newest) => (1..=newest).map(Some).collect(),
                None => vec![None],
            },
            Install::Runs(ends) => ends.iter().copied().map(Some).collect(),
        }
    }
}

/// Runs the entry point of a file.
pub fn run(machine: &mut Elixir<'_>, file: FileId, install: &Install) {
    let at = Span::new(file, 0, 0);
    let names = machine.compile_file(file);
    let walks = |machine: &mut Elixir<'_>, name: &str| {
        machine
            .module(name, at)
            .is_some_and(|module| module.definition("up", 1).is_some())
    };
    let module = names.iter().find(|name| walks(machine, name)).cloned();
    let Some(module) = module else {
        let gap = Gap::new(at, "no module of the file has an up/1", Reach::Everything);
        machine
            .library
            .session
            .begin_program(machine.modules().files().path(file), true);
        machine.library.session.open_gap(gap);
        machine.library.session.end_program(true, at);
        return;
    };
    let place = machine.module(&module, at).map_or(at, |module| module.span);
    let newest = newest(machine, &module, place);
    let mut before = 0;
    for end in install.ends(newest) {
        let to = end.or(newest);
        let name = match to {
            Some(to) if before + 1 == to => format!("version {to}"),
            Some(to) => format!("versions {}-{to}", before + 1),
            None => module.to_string(),
        };
        before = to.unwrap_or(before);
        let mut options = vec![("prefix".into(), Value::text("public", place))];
        options.extend(end.map(|end| ("version".into(), Value::Integer(end))));
        machine.library.session.begin_program(&name, true);
        machine.library.entry = Some(place);
        machine.library.queue = Queue::default();
        machine.library.migration = name;
        let run = machine
            .call_function(&module, "up", vec![Value::keywords(options)], place)
            .and_then(|_| runner::flush(machine));
        if let Err(stop) = run {
            runner::stopped(machine, &stop, place);
        }
        machine.library.session.called_from(Vec::new());
        machine.library.session.end_program(true, place);
    }
}

/// How many installations that began at some version are looked at.
const BEGINNINGS: i64 = 6;

/// The ways beside a fresh installation: step by step, and fresh up to some version with the rest in a later run.
#[must_use]
pub fn other_ways(project: &Project, file: FileId, files: &Files, given: &Given) -> Vec<(String, Given)> {
    let modules = Modules::new(files, &project.folder);
    let library = Ecto::new(Session::new(given), project.clone(), given.clone());
    let mut machine = Machine::new(&modules, library);
    machine.library.hosted = true;
    let at = Span::new(file, 0, 0);
    let names = machine.compile_file(file);
    let newest = names.iter().find_map(|name| newest(&mut machine, name, at));
    let Some(newest) = newest.filter(|newest| (2..=1000).contains(newest)) else {
        return Vec::new();
    };
    let step = (newest / BEGINNINGS).max(1);
    let firsts = (1..).map(|n| n * step).take_while(|first| *first < newest);
    let split = firsts.map(|first| format!("1-{first},{}-{newest}", first + 1));
    let ways = std::iter::once("stepwise".to_owned()).chain(split);
    ways.map(|way| {
        let mut given = given.clone();
        given.settings.insert("install".to_owned(), way.clone());
        (way, given)
    })
    .collect()
}

/// The newest version that a module walks to: what it says, or what it sets.
fn newest(machine: &mut Elixir<'_>, module: &str, at: Span) -> Option<i64> {
    let compiled = machine.module(module, at)?;
    if compiled.definition("current_version", 0).is_some() {
        let said = machine.call_function(module, "current_version", Vec::new(), at);
        if let Some(version) = said.ok().and_then(|value| value.as_integer()) {
            return Some(version);
        }
    }
    let set = ["current_version", "latest_version", "version"]
        .into_iter()
        .find_map(|name| compiled.attribute(name));
    set.and_then(Value::as_integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_arrive() {
        assert_eq!(Install::parse("fresh"), Some(Install::Fresh));
        assert_eq!(Install::parse("1-49,50-60"), Some(Install::Runs(vec![49, 60])));
        assert_eq!(Install::parse("50-60,1-49"), None);
        assert_eq!(Install::parse("late"), None);
        assert_eq!(Install::Stepwise.ends(Some(3)), [Some(1), Some(2), Some(3)]);
    }
}
