//! A bounded interpreter for Elixir: compiles modules of the repository and runs their functions as Elixir would, over values that
//! may be unknown.
//!
//! * A module's body is run once, when the module is first needed: attributes, `use`, `import`, macros and definitions take effect in
//!   order. Macros of the repository are expanded: quoted code is a value (`quote`, `unquote`).
//! * What is not in the repository is asked of [`Library`], by a stack: macros with their arguments as written ([`Written`]), functions
//!   with values ([`Called`]). The standard library that matters is in `standard`; every other call is a [`Term`].
//! * Values never change, so a fork of the world is one of the library's state. A condition that cannot be told runs both branches;
//!   what agrees afterwards stays known ([`Machine::fork`]).
//! * Steps, depth and memory are bounded; past the bounds the rest is opaque ([`Stop::Exhausted`]).

mod attributes;
mod bits;
mod budget;
mod call;
mod clauses;
mod compare;
mod comprehension;
mod define;
mod eval;
mod expand;
mod fork;
mod inspect;
mod invoke;
mod library;
mod machine;
mod matching;
mod module;
mod modules;
mod names;
mod patterns;
mod quote;
mod scope;
mod special;
mod standard;
mod value;

pub use eval::ROOT;
pub use library::{Called, Library, Written};
pub use machine::{Held, Machine, Run, Stop};
pub use module::{Clause, Definition, Kind, Module, Use};
pub use modules::{Lowered, ModulePlace, Modules};
pub use scope::Scope;
pub use standard::is_of_kernel;
pub use value::{Function, Items, Map, Quoted, Term, TermCallee, Unknown, Value};
