//! Values of the interpreter: Elixir's own, which never change, what is unknown, and terms over what is not in the repository.

use std::rc::Rc;

use smol_str::SmolStr;

use super::scope::Scope;
use crate::known::{Gap, Reach};
use crate::source::{Span, Text};
use crate::syntax::elixir::Form;

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// An atom: `nil`, `true` and `false` included; a module is the atom `Elixir.Name`.
    Atom(SmolStr),
    /// An integer; one that needs more bits is unknown.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A binary that is text; each byte knows the place that wrote it.
    Text(Rc<Text>),
    /// A list.
    List(Rc<Items>),
    /// A tuple.
    Tuple(Rc<Items>),
    /// A map or struct.
    Map(Rc<Map>),
    /// `first..last//step`.
    Range(i64, i64, i64),
    /// A function.
    Function(Rc<Function>),
    /// A quoted form that is neither a literal nor a list or pair of such; it matches as the tuple that Elixir makes of it.
    Quoted(Rc<Quoted>),
    /// What a call into code outside the repository gave, that no one gave a meaning.
    Term(Rc<Term>),
    /// Cannot be told.
    Unknown(Rc<Unknown>),
}

/// The items of a list or tuple; derefs to a slice of them.
#[derive(Debug, Clone)]
pub struct Items {
    items: Box<[Value]>,
    depth: u32,
}

impl std::ops::Deref for Items {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        &self.items
    }
}

/// A quoted form.
#[derive(Debug, Clone)]
pub struct Quoted {
    /// The form.
    pub form: Form,
    pub(super) depth: u32,
}

/// A map: its entries in Elixir's order of terms. A struct has the key `__struct__`.
#[derive(Debug, Clone, Default)]
pub struct Map {
    pub(super) entries: Vec<(Value, Value)>,
    pub(super) depth: u32,
}

/// How deep values may be nested in each other.
pub(super) const MAX_DEPTH: u32 = 200;

/// A value that cannot be told.
#[derive(Debug)]
pub struct Unknown {
    /// Why.
    pub gap: Gap,
    /// What it can be: one of these for certain, where not empty. Empty: anything.
    pub candidates: Vec<Value>,
    /// Where it is text that is known in part: its parts in order, `None` for one that can be anything. Empty where nothing is known.
    pub pattern: Vec<Option<Text>>,
}

/// A call into code outside the repository, or a field of such a value.
#[derive(Debug)]
pub struct Term {
    /// What was called.
    pub callee: TermCallee,
    /// With what; options (`do` blocks are left out).
    pub args: Vec<Value>,
    /// The call.
    pub span: Span,
    /// How deep values are nested in it.
    pub(super) depth: u32,
}

/// What a term calls.
#[derive(Debug)]
pub enum TermCallee {
    /// `Module.name(...)`; the module is without `Elixir.` (`:crypto` is `:crypto`).
    Remote(SmolStr, SmolStr),
    /// `value.name`.
    Field(Value, SmolStr),
    /// `value.(...)`.
    Apply(Value),
}

/// A function.
#[derive(Debug)]
pub enum Function {
    /// `fn ... end`: its clauses (calls of `->`) and where it closes over.
    Closure {
        /// The clauses.
        clauses: Vec<Form>,
        /// Variables, aliases and imports where it was made.
        scope: Scope,
        /// How many arguments it takes.
        arity: usize,
        /// Where it is written.
        span: Span,
        /// How deep values are nested in what it closes over.
        depth: u32,
    },
    /// `&(&1 + 1)`.
    Capture {
        /// The form with `&1`.
        body: Form,
        /// Where it was made.
        scope: Scope,
        /// How many arguments it takes.
        arity: usize,
        /// Where it is written.
        span: Span,
        /// How deep values are nested in what it closes over.
        depth: u32,
    },
    /// `&Module.name/1`; a local one has its own module.
    Named {
        /// The module, without `Elixir.`.
        module: SmolStr,
        /// The name.
        name: SmolStr,
        /// How many arguments it takes.
        arity: usize,
        /// Where it is written.
        span: Span,
    },
}

impl Items {
    fn new(items: Vec<Value>) -> Self {
        let depth = items.iter().map(Value::depth).max().unwrap_or(0);
        if depth < MAX_DEPTH {
            return Items {
                items: items.into(),
                depth: depth + 1,
            };
        }
        Items {
            items: items.into_iter().map(Value::bounded).collect(),
            depth: MAX_DEPTH,
        }
    }
}

impl Function {
    /// How many arguments it takes.
    #[must_use]
    pub fn arity(&self) -> usize {
        match self {
            Function::Closure { arity, .. }
            | Function::Capture { arity, .. }
            | Function::Named { arity, .. } => *arity,
        }
    }

    /// Where it is written.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Function::Closure { span, .. }
            | Function::Capture { span, .. }
            | Function::Named { span, .. } => *span,
        }
    }
}

impl Value {
    /// How deep values are nested in it.
    pub(super) fn depth(&self) -> u32 {
        match self {
            Value::List(items) | Value::Tuple(items) => items.depth,
            Value::Map(map) => map.depth,
            Value::Function(function) => match &**function {
                Function::Closure { depth, .. } | Function::Capture { depth, .. } => *depth,
                Function::Named { .. } => 0,
            },
            Value::Quoted(quoted) => quoted.depth,
            Value::Term(term) => term.depth,
            Value::Unknown(unknown) => unknown.candidates.iter().map(Value::depth).max().unwrap_or(0),
            Value::Atom(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::Range(..) => 0,
        }
    }

    /// Itself, unless it is nested too deep to be put into another.
    pub(super) fn bounded(self) -> Self {
        if self.depth() < MAX_DEPTH {
            return self;
        }
        Value::unknown(Gap::not_given(
            "a value that is nested deeper than is followed",
            Reach::Rows,
        ))
    }

    /// `nil`.
    #[must_use]
    pub fn nil() -> Self {
        Value::atom("nil")
    }

    /// An atom.
    #[must_use]
    pub fn atom(name: &str) -> Self {
        Value::Atom(SmolStr::new(name))
    }

    /// `true` or `false`.
    #[must_use]
    pub fn truth(is: bool) -> Self {
        Value::atom(if is { "true" } else { "false" })
    }

    /// A module, by its name without `Elixir.`; `:name` is Erlang's.
    #[must_use]
    pub fn module(name: &str) -> Self {
        match name.strip_prefix(':') {
            Some(erlang) => Value::atom(erlang),
            None => Value::Atom(SmolStr::new(format!("Elixir.{name}"))),
        }
    }

    /// Text made by the interpreter itself, on account of a place.
    #[must_use]
    pub fn text(text: &str, span: Span) -> Self {
        Value::Text(Rc::new(Text::composed([(text.to_owned(), span, false)])))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Value::List(Rc::new(Items::new(items)))
    }

    /// A tuple.
    #[must_use]
    pub fn tuple(items: Vec<Value>) -> Self {
        Value::Tuple(Rc::new(Items::new(items)))
    }

    /// A keyword list.
    #[must_use]
    pub fn keywords(pairs: impl IntoIterator<Item = (SmolStr, Value)>) -> Self {
        let pair = |(key, value)| Value::tuple(vec![Value::Atom(key), value]);
        Value::list(pairs.into_iter().map(pair).collect())
    }

    /// Unknown, and why.
    #[must_use]
    pub fn unknown(gap: Gap) -> Self {
        Value::Unknown(Rc::new(Unknown {
            gap,
            candidates: Vec::new(),
            pattern: Vec::new(),
        }))
    }

    /// Whether it is code, as `quote` gives it.
    #[must_use]
    pub fn is_code(&self) -> bool {
        matches!(self, Value::Quoted(_))
    }

    /// One of several; anything where there are none or too many. Candidates that are equal count once, and those that are themselves
    /// unknown bring their own.
    #[must_use]
    pub fn one_of(candidates: Vec<Value>, gap: Gap) -> Self {
        let mut flat: Vec<Value> = Vec::new();
        for candidate in candidates {
            let these = match &candidate {
                Value::Unknown(unknown) if unknown.candidates.is_empty() => return Value::unknown(gap),
                Value::Unknown(unknown) => unknown.candidates.clone(),
                _ => vec![candidate],
            };
            for value in these {
                if !flat.iter().any(|known| known.same(&value) == Some(true)) {
                    flat.push(value);
                }
            }
        }
        match flat.len() {
            0 => Value::unknown(gap),
            1 => flat.remove(0),
            n if n > super::budget::MAX_CANDIDATES => Value::unknown(gap),
            _ => Value::Unknown(Rc::new(Unknown {
                gap,
                candidates: flat,
                pattern: Vec::new(),
            })),
        }
    }

    /// Text that is known in part.
    #[must_use]
    pub fn partly(pattern: Vec<Option<Text>>, gap: Gap) -> Self {
        Value::Unknown(Rc::new(Unknown {
            gap,
            candidates: Vec::new(),
            pattern,
        }))
    }

    /// The name of an atom.
    #[must_use]
    pub fn as_atom(&self) -> Option<&str> {
        match self {
            Value::Atom(name) => Some(name),
            _ => None,
        }
    }

    /// The name of a module, without `Elixir.`; Erlang's with a colon in front.
    #[must_use]
    pub fn as_module(&self) -> Option<SmolStr> {
        match self {
            Value::Atom(name) => Some(match name.strip_prefix("Elixir.") {
                Some(rest) => SmolStr::new(rest),
                None => SmolStr::new(format!(":{name}")),
            }),
            _ => None,
        }
    }

    /// The text of a binary.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The characters of a binary.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    /// The items of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a tuple.
    #[must_use]
    pub fn as_tuple(&self) -> Option<&[Value]> {
        match self {
            Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(i) => Some(*i),
            _ => None,
        }
    }

    /// Whether it is `nil`.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.as_atom() == Some("nil")
    }

    /// Key and value of a two-tuple whose first item is an atom.
    #[must_use]
    pub fn as_pair(&self) -> Option<(&str, &Value)> {
        match self.as_tuple()? {
            [key, value] => Some((key.as_atom()?, value)),
            _ => None,
        }
    }

    /// The pairs of a keyword list; `None` where it is none, or not known.
    #[must_use]
    pub fn as_keywords(&self) -> Option<Vec<(&str, &Value)>> {
        self.as_list()?.iter().map(Value::as_pair).collect()
    }

    /// The first value of a key of a keyword list.
    #[must_use]
    pub fn keyword(&self, key: &str) -> Option<&Value> {
        let mut pairs = self.as_list()?.iter().filter_map(Value::as_pair);
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The value of a key of a map or struct that is an atom.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get_atom(key),
            _ => None,
        }
    }

    /// The module of a struct, without `Elixir.`.
    #[must_use]
    pub fn struct_name(&self) -> Option<SmolStr> {
        self.field("__struct__")?.as_module()
    }

    /// A struct of a module with these fields.
    #[must_use]
    pub fn structure(module: &str, fields: impl IntoIterator<Item = (SmolStr, Value)>) -> Self {
        let mut map = Map::default();
        map.put(Value::atom("__struct__"), Value::module(module));
        for (key, value) in fields {
            map.put(Value::Atom(key), value);
        }
        Value::Map(Rc::new(map))
    }

    /// Why it cannot be told, or is what no one knows; `None` for a value that is there. Looks no deeper than the value itself.
    #[must_use]
    pub fn gap(&self) -> Option<Gap> {
        match self {
            Value::Unknown(unknown) => Some(unknown.gap.clone()),
            Value::Term(term) => Some(term.gap()),
            _ => None,
        }
    }

    /// Whether it is known through and through.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self {
            Value::Unknown(_) | Value::Term(_) => false,
            Value::List(items) | Value::Tuple(items) => items.iter().all(Value::is_known),
            Value::Map(map) => map.entries().iter().all(|(k, v)| k.is_known() && v.is_known()),
            Value::Atom(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Range(..)
            | Value::Function(_)
            | Value::Quoted(_) => true,
        }
    }
}

impl Term {
    /// Why it cannot be told what it is.
    #[must_use]
    pub fn gap(&self) -> Gap {
        let why = format!("what {} gives", self.name());
        Gap::new(self.span, why, Reach::Rows)
    }

    /// What it is called, for people: `Ecto.Query.from`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.callee {
            TermCallee::Remote(module, name) => format!("{module}.{name}"),
            TermCallee::Field(_, name) => format!("the field {name}"),
            TermCallee::Apply(_) => "a function".to_owned(),
        }
    }
}
