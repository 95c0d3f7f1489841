//! The machine: the modules that are compiled, the bounds, the courses of a program, and what stacks call.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::budget::Budget;
use super::library::Library;
use super::module::Module;
use super::modules::Modules;
use super::scope::{Lexical, Scope};
use super::value::Value;
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span};
use crate::syntax::elixir::Form;

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
    pub(super) gaps: Vec<Gap>,
    pub(super) noted: FxHashSet<Gap>,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
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

    /// Why something cannot be told. It reaches no fact of the schema by itself.
    #[must_use]
    pub fn gap(&self, at: Span, why: impl Into<String>) -> Gap {
        Gap::new(at, why, Reach::Rows)
    }

    /// Unknown, because of what is at a place.
    #[must_use]
    pub fn unknown(&self, at: Span, why: impl Into<String>) -> Value {
        Value::unknown(self.gap(at, why))
    }

    /// A module of the repository, compiled: its body has run, or runs now (what it has so far). `None`: the repository has none of
    /// this name. What fails in its body is noted, and leaves it open.
    pub fn module(&mut self, name: &str, at: Span) -> Option<Rc<Module>> {
        let _ = at;
        self.made.get(name).cloned()
    }

    /// Runs the forms of a file that define modules, each in turn; the names of the modules in it, in order.
    pub fn compile_file(&mut self, file: FileId) -> Vec<SmolStr> {
        let _ = file;
        Vec::new()
    }

    /// Runs a script (`config/config.exs`): every form of a file in order, in a scope of its own or the one given. The value of the
    /// last.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn run_file(&mut self, file: FileId, scope: &mut Scope) -> Run<Value> {
        let form: &'a Form = &self.modules.lowered(file).body;
        self.eval(form, scope)
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

    /// An attribute of the module whose body runs.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Value> {
        self.world.building.last()?.attribute(name).cloned()
    }

    /// `Module.put_attribute` in the module whose body runs.
    pub fn set_attribute(&mut self, name: &str, value: Value) {
        let _ = (name, value);
    }

    /// `Module.register_attribute(__MODULE__, name, accumulate: true)` in the module whose body runs.
    pub fn accumulate_attribute(&mut self, name: &str) {
        let _ = name;
    }

    /// Evaluates a form. Variables that it binds are bound in `scope` afterwards.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn eval(&mut self, form: &Form, scope: &mut Scope) -> Run<Value> {
        let _ = scope;
        Ok(self.unknown(form.span, "is not followed"))
    }

    /// Calls a function of a module of the repository.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn call_function(&mut self, module: &str, name: &str, args: Vec<Value>, at: Span) -> Run<Value> {
        let _ = (module, name, args);
        Ok(self.unknown(at, "is not followed"))
    }

    /// Calls a function that is a value.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn call_value(&mut self, function: &Value, args: Vec<Value>, at: Span) -> Run<Value> {
        let _ = (function, args);
        Ok(self.unknown(at, "is not followed"))
    }

    /// Runs two courses of which one is taken, it cannot be told which, on copies of the world; what they agree in stays known. A
    /// course that certainly raises is dropped, unless a `try` may see it: then that goes on with both.
    ///
    /// # Errors
    /// Where both raise, or a budget is used up.
    pub fn fork(
        &mut self,
        gap: &Gap,
        first: impl FnOnce(&mut Self) -> Run<Value>,
        second: impl FnOnce(&mut Self) -> Run<Value>,
    ) -> Run<Value> {
        let _ = second;
        let _ = gap;
        first(self)
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
