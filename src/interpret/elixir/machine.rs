//! The machine: the modules that are compiled, the bounds, the courses of a program, and what stacks call.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::budget::Budget;
use super::library::Library;
use super::module::{Clause, Definition, Module};
use super::modules::Modules;
use super::scope::{Lexical, Scope};
use super::value::Value;
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span};
use crate::syntax::elixir::{Context, Form};

/// Why an evaluation ended without a value.
#[derive(Debug, Clone)]
pub enum Stop {
    /// An exception that certainly is raised: the struct, or a term; unknown where it can be any.
    Raised(Value, Span),
    /// `throw(value)`, `exit(value)`.
    Thrown(Value, Span),
    /// A budget is used up: the rest of the entry point is opaque.
    Exhausted(Span, &'static str),
    /// Every course has ended elsewhere (they were parked for the `try` that takes them up).
    Gone,
}

/// A value, or why there is none.
pub type Run<T> = Result<T, Stop>;

/// The part of the world that a fork copies, apart from the library's.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    /// Modules whose bodies run, outermost first.
    pub(super) building: Vec<Rc<Module>>,
    /// What `Process.put` and its like keep.
    pub(super) dictionary: Rc<Vec<(Value, Value)>>,
}

/// A call that runs.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Where it is written.
    pub(super) call: Span,
    /// Whether it is the expansion of a macro.
    pub(super) expansion: bool,
    /// The function that runs, and with what.
    pub(super) running: Option<(Rc<Definition>, Vec<Value>)>,
}

/// A course that has left the body of a `try`.
pub(super) struct Parked<S> {
    pub(super) stop: Stop,
    pub(super) world: World,
    pub(super) state: S,
    pub(super) gap: Gap,
}

/// The interpreter.
pub struct Machine<'a, L: Library<'a>> {
    /// The stack's part.
    pub library: L,
    pub(super) modules: &'a Modules<'a>,
    pub(super) world: World,
    /// Modules whose bodies have run.
    pub(super) made: FxHashMap<SmolStr, Rc<Module>>,
    /// Forms at the top of files that have run.
    pub(super) ran: FxHashSet<(FileId, usize)>,
    pub(super) budget: Budget,
    /// The calls that run, outermost first.
    pub(super) frames: Vec<Frame>,
    /// For each `try` that runs, the courses that have left its body.
    pub(super) tries: Vec<Vec<Parked<L::State>>>,
    /// Alternatives that run.
    pub(super) forks: u32,
    /// Values that macros put into forms.
    pub(super) injected: Vec<Value>,
    /// Where each expansion's `quote` stands.
    pub(super) origins: Vec<Rc<Lexical>>,
    /// The expansions that run, innermost last.
    pub(super) expansions: Vec<Context>,
    /// Where the macros that run are called.
    pub(super) callers: Vec<Rc<Lexical>>,
    /// Modules whose bodies wait for another's, outermost first.
    pub(super) outer: Vec<Rc<Module>>,
    pub(super) gaps: Vec<Gap>,
    pub(super) noted: FxHashSet<Gap>,
}

/// A machine as it was. Modules that were compiled since stay: they say the same whenever they are.
#[derive(Debug)]
pub struct Held<S> {
    world: World,
    library: S,
    budget: Budget,
    gaps: usize,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Keeps the machine as it is now. What runs from here on is beside its course.
    pub fn hold(&mut self) -> Held<L::State> {
        Held {
            world: self.world.clone(),
            library: self.library.save(),
            budget: self.budget,
            gaps: self.gaps.len(),
        }
    }

    /// Makes it what it was.
    pub fn put_back(&mut self, held: Held<L::State>) {
        self.world = held.world;
        self.library.restore(held.library);
        self.budget = held.budget;
        for gap in self.gaps.drain(held.gaps..) {
            self.noted.remove(&gap);
        }
    }

    /// A machine that has run nothing yet.
    #[must_use]
    pub fn new(modules: &'a Modules<'a>, library: L) -> Self {
        Machine {
            library,
            modules,
            world: World::default(),
            made: FxHashMap::default(),
            ran: FxHashSet::default(),
            budget: Budget::default(),
            frames: Vec::new(),
            tries: Vec::new(),
            forks: 0,
            injected: Vec::new(),
            origins: Vec::new(),
            expansions: Vec::new(),
            callers: Vec::new(),
            outer: Vec::new(),
            gaps: Vec::new(),
            noted: FxHashSet::default(),
        }
    }

    /// The modules of the repository.
    #[must_use]
    pub fn modules(&self) -> &'a Modules<'a> {
        self.modules
    }

    /// What could not be followed so far.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Notes what could not be followed.
    pub fn note(&mut self, gap: &Gap) {
        if self.noted.insert(gap.clone()) {
            self.gaps.push(gap.clone());
        }
    }

    /// Forgets what was noted since there were so many gaps: it matters only where it is asked for.
    pub fn forget_gaps(&mut self, since: usize) {
        for gap in self.gaps.drain(since.min(self.gaps.len())..) {
            self.noted.remove(&gap);
        }
    }

    /// The calls that lead here, outermost first: where each is written.
    #[must_use]
    pub fn calls(&self) -> Vec<Span> {
        self.frames.iter().map(|f| f.call).collect()
    }

    /// Whether what runs now is one of several courses: it may not have been taken.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.forks > 0
    }

    /// Whether a `try` with handlers runs: an exception may be seen.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        !self.tries.is_empty()
    }

    /// The place of the innermost call.
    pub(super) fn here(&self) -> Span {
        self.frames.last().map_or(Span::new(FileId(0), 0, 0), |f| f.call)
    }

    /// Counts what is made: so many items.
    pub(super) fn weigh(&mut self, items: usize) {
        self.budget.weigh(items);
    }

    /// Why something cannot be told. It reaches no fact of the schema by itself.
    #[must_use]
    pub fn gap(&self, at: Span, why: impl Into<String>) -> Gap {
        Gap::new(at, why, Reach::Rows)
    }

    /// Why code is not known that runs here. It may do anything, but in the body of a module, which asks no database for anything.
    #[must_use]
    pub fn code_gap(&self, at: Span, why: impl Into<String>) -> Gap {
        match self.world.building.is_empty() {
            true => Gap::new(at, why, Reach::Everything),
            false => Gap::new(at, why, Reach::Rows),
        }
    }

    /// Notes why code is not known. What such code may do to the library's part of the world the library notes itself.
    pub(super) fn note_code(&mut self, gap: &Gap) {
        if gap.reach != Reach::Everything {
            self.note(gap);
        }
    }

    /// Code that is not known runs here: it is noted, the library is told, and what it gives is unknown.
    pub fn unknown_code(&mut self, at: Span, why: impl Into<String>) -> Value {
        let gap = self.code_gap(at, why);
        self.note_code(&gap);
        L::opaque(self, &gap, None);
        Value::unknown(gap)
    }

    /// Unknown, because of what is at a place.
    #[must_use]
    pub fn unknown(&self, at: Span, why: impl Into<String>) -> Value {
        Value::unknown(self.gap(at, why))
    }

    /// Runs a script (`config/config.exs`): every form of a file in order, in a scope of its own or the one given. The value of the
    /// last.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn run_file(&mut self, file: FileId, scope: &mut Scope) -> Run<Value> {
        let form: &'a Form = &self.modules.lowered(file).body;
        self.entry(|machine| machine.eval(form, scope))
    }

    /// The module whose body runs, without `Elixir.`.
    #[must_use]
    pub fn current_module(&self) -> Option<SmolStr> {
        self.world.building.last().map(|m| m.name.clone())
    }

    /// Whether a module of the repository uses another, itself or through macros; it is compiled for that.
    pub fn uses(&mut self, module: &str, used: &str, at: Span) -> bool {
        self.module(module, at).is_some_and(|m| m.uses(used))
    }

    /// The value of a form that holds no variables, where a clause of a function stands; `None` where it raises.
    pub fn constant(&mut self, clause: &Clause, form: &Form) -> Option<Value> {
        self.eval(form, &mut clause.scope.clone()).ok()
    }

    /// An attribute of the module whose body runs.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Value> {
        self.world.building.last()?.attribute(name).cloned()
    }

    /// An exception of this module with this message.
    #[must_use]
    pub fn raise(&self, module: &str, message: &str, at: Span) -> Stop {
        let exception = Value::structure(
            module,
            [
                (SmolStr::new("__exception__"), Value::truth(true)),
                (SmolStr::new("message"), Value::text(message, at)),
            ],
        );
        Stop::Raised(exception, at)
    }
}
