//! A bounded interpreter for Python: runs modules of the repository as Python would, over values that may be unknown.
//!
//! * Modules of the repository are run as Python runs them: packages before their modules, each once, partial while they run.
//! * What is not in the repository (SQLAlchemy, Alembic, the standard library) is a [`Term`]: a path (`sqlalchemy.String`), an
//!   attribute, call, item or operation on one. A stack gives the terms it knows their meaning through [`Library`]; the builtins and
//!   the standard library that matter are in `standard`; every other term stays as it is and is opaque.
//! * A condition that cannot be told runs both branches on copies of the world; what agrees afterwards stays known ([`Machine`]).
//! * Steps, depth and memory are bounded; past the bounds the rest is opaque ([`Stop::Exhausted`]).

mod ahead;
mod annotation;
mod attribute;
mod budget;
mod call;
mod change;
mod class;
mod collection;
mod compare;
mod comprehend;
mod computing;
mod configured;
mod decorate;
mod dependencies;
mod display;
pub mod dotted;
mod eval;
mod exceptions;
mod exec;
mod flow;
mod frame;
mod functions;
mod guessed;
mod heap;
mod import;
mod inherited;
mod installed;
mod join;
mod layout;
mod leading;
mod library;
mod listing;
mod literal;
mod loops;
mod machine;
mod matching;
mod methods;
mod modules;
mod objects;
mod of_type;
mod ops;
mod setting;
pub mod spoken;
mod standard;
mod tries;
mod truth;
mod usual;
mod value;
mod with;
mod world;
mod yields;

pub use ahead::read_ahead;
pub use layout::has_project_file;
pub use leading::leading_to;
pub use library::Library;
pub use machine::{Held, Lost, Machine, Raised, Run, Stop};
pub use modules::{Module, ModuleId, Modules};
pub use value::{
    Annotation, Args, Argument, Class, ClassId, Code, Function, Member, ObjectId, Operator, Term, TermId,
    TermKind, Unknown, Value,
};
