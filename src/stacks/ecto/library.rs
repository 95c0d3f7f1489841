//! What libraries mean to a history of Ecto: the functions of a migration fill its runner's queue, repositories ask the simulated
//! database, and the configuration is what `config/*.exs` say.

use std::rc::Rc;

use super::command::Word;
use super::ddl::Dialect;
use super::project::Project;
use super::questions::Rehearsed;
use super::queue::Queue;
use super::schemas::{self, Schemas};
use super::settings::{Beside, Settings};
use super::{application, changesets, enums, functions, oban, outside, query, repo};
use crate::change::Failure;
use crate::config::Given;
use crate::interpret::elixir::{Called, Library, Machine, Run, Scope, Stop, Value, Written};
use crate::known::{Gap, Reach};
use crate::session::{Checkpoint, Rows, Sent, Session};
use crate::source::Span;

/// The library.
#[derive(Debug)]
pub struct Ecto {
    pub(super) session: Session,
    pub(super) queue: Queue,
    pub(super) settings: Settings,
    /// What is read beside the settings, to tell what they leave open.
    pub(super) beside: Rc<Beside>,
    pub(super) project: Rc<Project>,
    pub(super) given: Given,
    /// Where the runner calls the program that runs.
    pub(super) entry: Option<Span>,
    /// The configuration runs, no migration.
    pub(super) configuring: bool,
    /// The configuration is read as development has it.
    pub(super) at_work: bool,
    /// The migration that runs.
    pub(super) migration: String,
    /// How many statements were sent at once that do more than ask.
    pub(super) sent: u64,
    /// What the database would be if everything that waits were sent.
    pub(super) rehearsed: Option<Rehearsed>,
    /// What runs is a library's entry point: the application around it configures the repository.
    pub(super) hosted: bool,
    /// Whether code of the project beside its migrations may change the schema, once that was asked.
    pub(super) program_changes: Option<bool>,
    /// Types that `ecto_enum` makes.
    pub(super) enums: enums::Enums,
    /// Schemas that modules declare.
    pub(super) schemas: Schemas,
    /// Which way a migration runs.
    pub(super) way: Way,
    /// What a migration that is turned round cannot take back, and where.
    pub(super) refused: Option<(Span, String)>,
}

/// Which way a migration runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Up.
    #[default]
    Up,
    /// Down, by `down/0`.
    Down,
    /// Down, by `change/0` turned round.
    Reversed,
}

/// What a fork copies of it.
#[derive(Debug, Clone)]
pub struct State {
    session: Checkpoint,
    queue: Queue,
    settings: Settings,
}

/// A machine of this library.
pub type Elixir<'a> = Machine<'a, Ecto>;

impl Ecto {
    /// A library over a session.
    #[must_use]
    pub fn new(session: Session, project: Project, given: Given) -> Self {
        Ecto {
            session,
            queue: Queue::default(),
            settings: Settings::default(),
            beside: Rc::default(),
            project: Rc::new(project),
            given,
            entry: None,
            configuring: false,
            at_work: false,
            migration: String::new(),
            sent: 0,
            rehearsed: None,
            hosted: false,
            program_changes: None,
            enums: enums::Enums::default(),
            schemas: Schemas::default(),
            way: Way::Up,
            refused: None,
        }
    }

    /// What `direction()` gives.
    pub(super) fn direction(&self) -> &'static str {
        match self.way {
            Way::Up => "up",
            Way::Down | Way::Reversed => "down",
        }
    }

    /// Whether the block of an `alter` runs that is turned round.
    pub(super) fn is_altered_back(&self) -> bool {
        let alters = |block: &super::queue::Block| block.create.is_none();
        self.way == Way::Reversed && self.queue.block.as_ref().is_some_and(alters)
    }

    /// What of the migration language depends on the locked version.
    pub(super) fn dialect(&self) -> Dialect {
        Dialect {
            whole_seconds: self.project.whole_seconds(),
        }
    }

    /// A setting of the repository whose migrations run. Where the configuration that a server has is not wholly in the repository,
    /// that of development counts; where neither is told, and something that was not followed may say it, it is unknown. What a server
    /// has only where a variable is set is not set.
    pub(super) fn repo_config(&self, key: &str) -> Option<Value> {
        let module = &self.project.repo.as_ref()?.module;
        let perhaps = self.settings.is_perhaps_of_repo(module, key);
        let told = self.settings.of_repo_at(module, key);
        if let Some(value) = told.filter(|_| !perhaps) {
            return Some(value.clone());
        }
        let sure = |settings: Option<&Settings>| {
            let settings = settings.filter(|settings| !settings.is_perhaps_of_repo(module, key))?;
            settings.of_repo_at(module, key).cloned()
        };
        let doubt = self.settings.doubt_of_repo(module);
        if perhaps || doubt.is_some() {
            let beside = &self.beside;
            let said = sure(beside.at_work.as_ref()).or_else(|| sure(beside.compiled.as_ref()));
            if said.is_some() || perhaps {
                return said;
            }
        }
        let gap = doubt.filter(|_| self.beside.names(key))?;
        Some(Value::unknown(gap))
    }

    /// The schema that objects without one are put into.
    pub(super) fn default_prefix(&self, at: Span) -> Option<Word> {
        let prefix = self.repo_config("migration_default_prefix")?;
        if prefix.is_nil() {
            return None;
        }
        Some(match prefix.as_str().or_else(|| prefix.as_atom()) {
            Some(name) => Word::new(name, at),
            None => super::reading::word(&prefix, at),
        })
    }
}

impl<'a> Library<'a> for Ecto {
    type State = State;

    fn save(&mut self) -> State {
        State {
            session: self.session.checkpoint(),
            queue: self.queue.clone(),
            settings: self.settings.clone(),
        }
    }

    fn restore(&mut self, state: State) {
        self.session.restore(state.session);
        self.queue = state.queue;
        self.settings = state.settings;
    }

    fn join(&mut self, other: State, gap: &Gap) {
        self.session.join(other.session, gap);
        self.queue.join(other.queue, gap);
        self.settings.join(&other.settings, gap);
    }

    fn exports(module: &str, name: &str, _arity: usize) -> Option<bool> {
        match module {
            "Ecto.Migration" => Some(functions::NAMES.contains(&name)),
            "Ecto.Query" => Some(repo::QUERY_NAMES.contains(&name)),
            "Config" | "Mix.Config" => Some(application::CONFIG_NAMES.contains(&name)),
            "Ecto.Schema" => Some(schemas::NAMES.contains(&name)),
            "TypedEctoSchema" => Some(schemas::TYPED_NAMES.contains(&name)),
            "PolymorphicEmbed" => {
                Some(name.starts_with("polymorphic_embeds_") || name.starts_with("cast_polymorphic_"))
            }
            "EctoEnum" | "EctoEnum.Postgres" => Some(name == "defenum"),
            "Ecto.Changeset" => Some(changesets::is_function(name)),
            _ => None,
        }
    }

    fn uses(machine: &mut Machine<'a, Self>, written: &Written<'_>, scope: &mut Scope) -> Option<Run<()>> {
        match written.module {
            "Ecto.Migration" => {
                scope.import("Ecto.Migration");
                machine.set_attribute("disable_ddl_transaction", Value::truth(false));
                machine.set_attribute("disable_migration_lock", Value::truth(false));
            }
            "Ecto.Schema" | "TypedEctoSchema" => {
                schemas::uses(machine, written, scope);
            }
            "Mix.Config" => scope.import("Mix.Config"),
            "EctoEnum" => return Some(enums::uses(machine, written, scope)),
            "Ecto.Repo" | "Ecto.Type" | "GenServer" | "Supervisor" | "Agent" | "Application"
            | "Oban.Worker" => {}
            _ => {
                schemas::used_unknown(machine, written);
                return None;
            }
        }
        Some(Ok(()))
    }

    fn expand(
        machine: &mut Machine<'a, Self>,
        written: &Written<'_>,
        scope: &mut Scope,
    ) -> Option<Run<Value>> {
        match written.module {
            "Ecto.Migration" => functions::expand(machine, written, scope),
            "Ecto.Query" if repo::QUERY_NAMES.contains(&written.name) => {
                Some(query::expand(machine, written, scope))
            }
            "Ecto.Schema" | "TypedEctoSchema" | "PolymorphicEmbed" => {
                schemas::expand(machine, written, scope)
            }
            "Logger" => Some(Ok(Value::atom("ok"))),
            module if enums::MODULES.contains(&module) => enums::expand(machine, written, scope),
            _ => None,
        }
    }

    fn call(machine: &mut Machine<'a, Self>, called: &Called<'_>) -> Option<Run<Value>> {
        match called.module {
            "Ecto.Migration" => functions::call(machine, called),
            "Ecto.Migration.Runner" => functions::runner(machine, called),
            "Ecto.Adapters.SQL" => repo::adapter(machine, called),
            "Config" | "Mix.Config" => application::config(machine, called),
            "Application" | "System" | "Mix" | "File" | "Code" => application::call(machine, called),
            "Oban.Migration" | "Oban.Migrations" => oban::call(machine, called),
            "Logger" => Some(Ok(Value::atom("ok"))),
            "Money.Migration" => outside::money(called),
            module if repo::is_repo(machine, module, called) => repo::call(machine, called),
            _ => enums::call(machine, called),
        }
    }

    fn opaque(machine: &mut Machine<'a, Self>, gap: &Gap, called: Option<&Called<'_>>) {
        if schemas::is_building(machine) {
            return schemas::opaque(machine, gap, called);
        }
        match machine.library.configuring {
            true if gap.reach == Reach::Everything => machine.note(&gap.reaching(Reach::Rows)),
            true => {}
            false => outside::opaque(machine, gap, called),
        }
    }
}

/// Sends something now. An error is raised where a handler could see it, or where it says that this course was not taken;
/// otherwise it is noted, and the program goes on as if it had been mended.
pub(super) fn send<'a>(
    machine: &mut Elixir<'a>,
    at: Span,
    calls: Option<&[Span]>,
    run: impl FnOnce(&mut Session, bool) -> Sent,
) -> Result<Rows, Stop> {
    let handled = machine.is_handled() || machine.is_uncertain();
    let calls = calls.map_or_else(|| here(machine), <[Span]>::to_vec);
    let session = &mut machine.library.session;
    session.called_from(calls);
    let sent = run(session, handled);
    if let Some((gap, failed)) = sent.doubt {
        let message = gap.why.clone();
        machine.fork(
            &gap,
            |_| Ok(Value::nil()),
            |machine| {
                machine.library.session.restore(failed);
                Err(machine.raise("Postgrex.Error", &message, at))
            },
        )?;
    }
    sent.result.map_err(|failure| raise(machine, &failure, at))
}

/// The calls that lead here, without the runner's own.
pub(super) fn here(machine: &Elixir<'_>) -> Vec<Span> {
    let entry = machine.library.entry;
    machine
        .calls()
        .into_iter()
        .filter(|call| Some(*call) != entry)
        .collect()
}

/// The driver's exception for a server's error.
pub(super) fn raise(machine: &Elixir<'_>, failure: &Failure, at: Span) -> Stop {
    let message = format!("ERROR {} {}", failure.sqlstate, failure.message);
    machine.raise("Postgrex.Error", &message, at)
}
