//! The machine: the world that Python code runs in, its bounds, and what stacks call.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::budget::Budget;
use super::flow::{Course, Flow};
use super::frame::Frame;
use super::heap::{List, ScopeKind, Slot};
use super::library::Library;
use super::modules::{ModuleId, Modules};
use super::value::{Args, ClassId, ObjectId, TermKind, Value};
use super::world::World;
use crate::known::{Gap, Reach};
use crate::source::Span;

/// Why an evaluation ended without a value.
#[derive(Debug, Clone)]
pub enum Stop<'a> {
    /// An exception that certainly is raised.
    Raised(Box<Raised<'a>>),
    /// A budget is used up: the rest of the entry point is opaque.
    Exhausted(Span, &'static str),
    /// This course has ended elsewhere (it was parked for the construct that takes it up).
    Gone,
}

/// An exception.
#[derive(Debug, Clone)]
pub struct Raised<'a> {
    /// What was raised: an instance or a term (`sqlalchemy.exc.ProgrammingError(...)`); unknown where it can be any.
    pub exception: Value<'a>,
    /// Where.
    pub span: Span,
}

/// A value, or why there is none.
pub type Run<'a, T> = Result<T, Stop<'a>>;

/// The interpreter.
pub struct Machine<'a, L: Library<'a>> {
    /// The stack's part.
    pub library: L,
    pub(super) modules: &'a Modules<'a>,
    pub(super) world: World<'a>,
    pub(super) budget: Budget,
    /// The calls that run, outermost first.
    pub(super) frames: Vec<Frame<'a>>,
    /// Courses that wait for the construct that takes them up.
    pub(super) parked: Vec<Course<'a, L::State>>,
    /// `try` statements with handlers that run.
    pub(super) handlers: u32,
    /// The `try` statements of those that let any error pass, outermost first.
    pub(super) swallowing: Vec<Span>,
    /// Alternatives that run.
    pub(super) forks: u32,
    pub(super) next_object: u32,
    pub(super) next_term: u32,
    pub(super) gaps: Vec<Gap>,
    pub(super) noted: FxHashSet<Gap>,
    /// Classes in the order in which they were made, each with the namespace of its module at that time.
    pub(super) made: Vec<(ClassId, Option<ObjectId>)>,
    /// How the body of each running `with` over a generator was left.
    pub(super) pending: Vec<Option<Flow<'a>>>,
    pub(super) paths: FxHashMap<SmolStr, Value<'a>>,
    /// Class bodies that run and have asked for their own names as a dict, through which they may set them.
    pub(super) loose: FxHashMap<ObjectId, Gap>,
    /// Classes whose metaclass runs.
    pub(super) building: Vec<ClassId>,
    /// Why more modules of the repository may have been imported than were.
    pub(super) unloaded: Option<Gap>,
    /// Parts of modules that were given up.
    pub(super) lost: Vec<Lost>,
}

/// A part of a module that was given up: what it would have made is missing.
#[derive(Debug, Clone)]
pub struct Lost {
    /// From the statement that was not followed to its end, or to that of the module.
    pub span: Span,
    /// Why.
    pub gap: Gap,
}

/// A machine as it was.
#[derive(Debug)]
pub struct Held<'a, S> {
    world: World<'a>,
    library: S,
    budget: Budget,
    gaps: usize,
    made: usize,
    unloaded: Option<Gap>,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A machine that has run nothing yet.
    #[must_use]
    pub fn new(modules: &'a Modules<'a>, library: L) -> Self {
        Machine {
            library,
            modules,
            world: World::default(),
            budget: Budget::default(),
            frames: Vec::new(),
            parked: Vec::new(),
            handlers: 0,
            swallowing: Vec::new(),
            forks: 0,
            lost: Vec::new(),
            next_object: 0,
            next_term: 0,
            gaps: Vec::new(),
            noted: FxHashSet::default(),
            made: Vec::new(),
            pending: Vec::new(),
            paths: FxHashMap::default(),
            loose: FxHashMap::default(),
            building: Vec::new(),
            unloaded: None,
        }
    }

    /// Keeps the machine as it is now. What runs from here on is beside its course.
    pub fn hold(&mut self) -> Held<'a, L::State> {
        Held {
            world: self.world.clone(),
            library: self.library.save(),
            budget: self.budget,
            gaps: self.gaps.len(),
            made: self.made.len(),
            unloaded: self.unloaded.clone(),
        }
    }

    /// Makes it what it was.
    pub fn put_back(&mut self, held: Held<'a, L::State>) {
        self.world = held.world;
        self.library.restore(held.library);
        self.budget = held.budget;
        for gap in self.gaps.drain(held.gaps..) {
            self.noted.remove(&gap);
        }
        self.made.truncate(held.made);
        self.unloaded = held.unloaded;
    }

    /// The modules that it runs.
    #[must_use]
    pub fn modules(&self) -> &'a Modules<'a> {
        self.modules
    }

    /// Parts of modules that were given up so far.
    #[must_use]
    pub fn lost(&self) -> &[Lost] {
        &self.lost
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

    /// Whether an attribute was set on a member of a library, where all that imports it sees it.
    #[must_use]
    pub fn alters_libraries(&self) -> bool {
        let of_library = |value: &Value<'a>| matches!(value, Value::Term(term) if self.world.attributes.contains_key(&term.id));
        self.paths.values().any(of_library)
    }

    /// The calls that lead here, outermost first: where each is written.
    #[must_use]
    pub fn calls(&self) -> Vec<Span> {
        self.frames.iter().filter_map(|f| f.call).collect()
    }

    /// Whether what runs now is one of several courses: it may not have been taken. So what follows `if unknown: return`.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.forks > 0 || !self.parked.is_empty()
    }

    /// Whether what runs now certainly runs, and an exception that it raises is seen by no handler.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !self.is_uncertain() && self.handlers == 0
    }

    /// The innermost `try` that runs and goes on after an error of a library.
    #[must_use]
    pub fn swallowing(&self) -> Option<Span> {
        self.swallowing.last().copied()
    }

    /// Whether a `try` with handlers runs: an exception may be seen.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.handlers > 0
    }

    /// The modules that have run, or run now, by number.
    #[must_use]
    pub fn loaded(&self) -> Vec<ModuleId> {
        let mut out: Vec<ModuleId> = self.world.modules.keys().copied().collect();
        out.sort();
        out
    }

    /// Why more modules of the repository may have been imported than have run: one whose name cannot be told, or that is not found.
    #[must_use]
    pub fn unloaded(&self) -> Option<&Gap> {
        self.unloaded.as_ref()
    }

    /// The module whose code runs.
    #[must_use]
    pub fn module(&self) -> Option<ModuleId> {
        self.frames.last().map(|f| f.module)
    }

    /// The class body that runs, if one does, hands out its names as a dict: more members may come of it.
    pub(super) fn hands_out_names(&mut self, at: Span) {
        let Some(scope) = self.frames.last().map(|f| f.scope) else {
            return;
        };
        if self.scope(scope).is_some_and(|s| s.kind == ScopeKind::Class) {
            let gap = self.gap(at, "names that a class sets through a dict of them");
            self.note(&gap);
            self.loose.insert(scope, gap);
        }
    }

    /// An exception of a library or of Python (`builtins.ValueError`) that is raised.
    pub fn raise(&mut self, path: &str, message: &str, at: Span) -> Stop<'a> {
        let callee = self.path(path, at);
        let message = super::value::Argument {
            value: Value::text(message, at),
            span: at,
        };
        let args = Args {
            positional: vec![message],
            ..Args::default()
        };
        let exception = self.term(TermKind::Call(callee, args), at);
        Stop::Raised(Box::new(Raised { exception, span: at }))
    }

    /// `KeyError(key)` that is raised.
    pub(super) fn raise_key(&mut self, key: &Value<'a>, at: Span) -> Stop<'a> {
        let callee = self.path("builtins.KeyError", at);
        let exception = self.call_term(callee, Args::of(vec![key.clone()], at), at);
        Stop::Raised(Box::new(Raised { exception, span: at }))
    }

    /// Why something cannot be told. It reaches no fact of the schema by itself.
    #[must_use]
    pub fn gap(&self, at: Span, why: impl Into<String>) -> Gap {
        Gap::new(at, why, Reach::Rows)
    }

    /// Unknown, because of what is at a place.
    #[must_use]
    pub fn unknown(&self, at: Span, why: impl Into<String>) -> Value<'a> {
        Value::unknown(self.gap(at, why))
    }
}

impl<'a> List<'a> {
    pub(crate) fn of(items: Vec<Value<'a>>) -> Self {
        List {
            items: items.into_iter().map(Slot::from).collect(),
            open: None,
        }
    }
}
