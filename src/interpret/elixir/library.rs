//! What a stack gives the interpreter: the meaning of libraries that are not in the repository, and the part of the world that lies
//! outside Elixir.

use smol_str::SmolStr;

use super::machine::{Machine, Run};
use super::scope::Scope;
use super::value::Value;
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::elixir::Form;

/// A call as written, its arguments not evaluated: what a macro gets.
#[derive(Debug, Clone, Copy)]
pub struct Written<'f> {
    /// The module, without `Elixir.`: `Ecto.Migration`.
    pub module: &'f str,
    /// The name.
    pub name: &'f str,
    /// The arguments as written; a `do` block is the last of them (`[do: block]`). A pipe has put its left side in front.
    pub args: &'f [Form],
    /// The whole call.
    pub span: Span,
    /// The name.
    pub name_span: Span,
}

/// A call whose arguments are evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Called<'f> {
    /// The module, without `Elixir.` (Erlang's with a colon in front).
    pub module: &'f str,
    /// The name.
    pub name: &'f str,
    /// The arguments.
    pub args: &'f [Value],
    /// Where each is written, as far as that is told.
    pub spans: &'f [Span],
    /// The whole call.
    pub span: Span,
}

impl Called<'_> {
    /// Where an argument is written; the call where that is not told.
    #[must_use]
    pub fn span_of(&self, index: usize) -> Span {
        self.spans.get(index).copied().unwrap_or(self.span)
    }
}

/// The meaning of libraries. Each function may answer or leave it (`None`). They are associated functions over the machine, so that
/// they can call back into Elixir (`machine.library` is the value itself).
///
/// A module of the repository is compiled once, whenever it is first needed, in whatever course of the program: what a library
/// learns of modules (schemas, `use`) must not be part of [`Library::State`].
pub trait Library<'a>: Sized {
    /// The part of the world that it keeps (the simulated database): copied when the world forks.
    type State: Clone;

    /// Its part of the world as it stands.
    fn save(&mut self) -> Self::State;
    /// Puts a copy in place.
    fn restore(&mut self, state: Self::State);
    /// Two courses come together: what agrees stays known, the rest is unknown because of `gap`. The current state is one of them.
    fn join(&mut self, other: Self::State, gap: &Gap);

    /// Whether a module outside the repository has a function or macro, so that `import` brings it; `None` where that is not known.
    fn exports(module: &str, name: &str, arity: usize) -> Option<bool>;

    /// `use Module, options` of a module outside the repository, in the module whose body runs ([`Machine::current_module`]).
    /// `Some` where all that it does is done: imports ([`Scope::import`]), attributes ([`Machine::set_attribute`]). `None`: what it
    /// brings is not known.
    fn uses(machine: &mut Machine<'a, Self>, written: &Written<'_>, scope: &mut Scope) -> Option<Run<()>>;

    /// A call of a macro of a module outside the repository: its arguments as written, to be evaluated in `scope`
    /// ([`Machine::eval`]) when and as often as it likes. Asked before [`Library::call`]; `None`: it is no macro.
    fn expand(
        machine: &mut Machine<'a, Self>,
        written: &Written<'_>,
        scope: &mut Scope,
    ) -> Option<Run<Value>>;

    /// A call of a function that the repository does not define: of a module outside of it, of the standard library (asked before the
    /// interpreter's own meaning: `Application.get_env`, `System.get_env`, `File.read!`), or of a function that a module of the
    /// repository does not define itself (brought by what it uses: [`Machine::uses`]). Effects happen here.
    fn call(machine: &mut Machine<'a, Self>, called: &Called<'_>) -> Option<Run<Value>>;

    /// `value.name` of a term; `None` leaves it a term.
    fn field(_machine: &mut Machine<'a, Self>, _value: &Value, _name: &str, _at: Span) -> Option<Run<Value>> {
        None
    }

    /// The truth of a term.
    fn truth(_machine: &mut Machine<'a, Self>, _term: &Value) -> Option<Truth> {
        None
    }

    /// Code that is not there was called, or could not be followed: what it may do to the library's part of the world. `called` is
    /// what was called where that is told.
    fn opaque(machine: &mut Machine<'a, Self>, gap: &Gap, called: Option<&Called<'_>>);

    /// The body of a module of the repository has run.
    fn module_made(_machine: &mut Machine<'a, Self>, _module: &SmolStr) {}
}
