//! A module of the repository as its body left it: functions and macros, attributes, what it uses.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::scope::Scope;
use super::value::Value;
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::elixir::Form;

/// A module.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its full name, without `Elixir.`.
    pub name: SmolStr,
    /// Where its name is written.
    pub span: Span,
    /// The whole `defmodule`.
    pub whole: Span,
    /// Functions and macros by name.
    pub(super) definitions: FxHashMap<SmolStr, Vec<Rc<Definition>>>,
    /// Their names in the order of their first clauses.
    pub(super) order: Vec<SmolStr>,
    /// Attributes as they stand; an accumulating one is a list, the last first.
    pub(super) attributes: Rc<Vec<(SmolStr, Value)>>,
    /// Attributes that accumulate.
    pub(super) accumulate: Vec<SmolStr>,
    /// Fields of its struct with their defaults.
    pub(super) fields: Option<Vec<(SmolStr, Value)>>,
    /// What it uses, in order.
    pub uses: Vec<Use>,
    /// Why there may be more in it than is known.
    pub open: Option<Gap>,
    /// What functions of it see: imports and aliases at its end.
    pub(super) scope: Scope,
}

/// `use Module, options`.
#[derive(Debug, Clone)]
pub struct Use {
    /// The module that is used, without `Elixir.`.
    pub module: SmolStr,
    /// Where it is written.
    pub span: Span,
    /// The calls of macros that brought it, outermost first: empty where it is written in the module itself.
    pub through: Vec<Span>,
    /// Whether the module that is used is of the repository.
    pub inside: bool,
}

/// What kind a definition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `def`, `defdelegate`.
    Def,
    /// `defp`.
    Defp,
    /// `defmacro`.
    Defmacro,
    /// `defmacrop`.
    Defmacrop,
}

impl Kind {
    /// Whether it is a macro.
    #[must_use]
    pub fn is_macro(self) -> bool {
        matches!(self, Kind::Defmacro | Kind::Defmacrop)
    }

    /// Whether other modules may call it.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Kind::Def | Kind::Defmacro)
    }
}

/// A function or macro: its clauses in order.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name.
    pub name: SmolStr,
    /// How many arguments it takes; those that have a default may be left out.
    pub arity: usize,
    /// How many of them have a default.
    pub defaults: usize,
    /// What kind it is.
    pub kind: Kind,
    /// Its clauses.
    pub clauses: Vec<Rc<Clause>>,
    /// Defaults by parameter, from a head or the only clause.
    pub(super) default_forms: Vec<Option<Form>>,
    /// Why it cannot be told whether it is there, or which clauses it has.
    pub maybe: Option<Gap>,
    /// It may be replaced by a later definition.
    pub(super) overridable: bool,
    /// What it is in another course of the module's body.
    pub(super) other: Option<Rc<Definition>>,
    /// What it replaced.
    pub(super) parent: Option<Rc<Definition>>,
    /// Names where its first head stands.
    pub(super) head: Scope,
}

/// A clause.
#[derive(Debug)]
pub struct Clause {
    /// The patterns, defaults left out.
    pub params: Vec<Form>,
    /// The guard.
    pub guard: Option<Form>,
    /// `[do: body, rescue: ...]`.
    pub body: Form,
    /// Where the name is written.
    pub span: Span,
    /// The whole `def`.
    pub whole: Span,
    /// The calls of macros that brought it, outermost first.
    pub through: Vec<Span>,
    /// Names where it stands.
    pub(super) scope: Scope,
}

impl Module {
    pub(super) fn new(name: SmolStr, span: Span, whole: Span) -> Self {
        Module {
            name,
            span,
            whole,
            definitions: FxHashMap::default(),
            order: Vec::new(),
            attributes: Rc::default(),
            accumulate: Vec::new(),
            fields: None,
            uses: Vec::new(),
            open: None,
            scope: Scope::default(),
        }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Whether it uses a module, itself or through macros of the repository.
    #[must_use]
    pub fn uses(&self, module: &str) -> bool {
        self.uses.iter().any(|u| u.module == module)
    }

    /// The function or macro that a call with so many arguments means.
    #[must_use]
    pub fn definition(&self, name: &str, arity: usize) -> Option<&Rc<Definition>> {
        let all = self.definitions.get(name)?;
        let exact = all.iter().find(|d| d.arity == arity);
        exact.or_else(|| self.with_defaults(name, arity))
    }

    /// The definition of more arguments whose defaults make up for those that are left out.
    pub(super) fn with_defaults(&self, name: &str, arity: usize) -> Option<&Rc<Definition>> {
        let all = self.definitions.get(name)?;
        all.iter()
            .find(|d| arity < d.arity && arity + d.defaults >= d.arity)
    }

    /// Functions and macros in the order of their first clauses.
    pub fn definitions(&self) -> impl Iterator<Item = &Rc<Definition>> {
        self.order
            .iter()
            .filter_map(|name| self.definitions.get(name))
            .flatten()
    }

    /// Fields of its struct with their defaults.
    #[must_use]
    pub fn fields(&self) -> Option<&[(SmolStr, Value)]> {
        self.fields.as_deref()
    }
}
