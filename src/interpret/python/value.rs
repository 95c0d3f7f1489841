//! Values of the interpreter: Python's own, what is unknown, and terms over what is not in the repository.

use std::cell::OnceCell;
use std::rc::Rc;

use smol_str::SmolStr;

use super::modules::ModuleId;
use super::yields::has_yield;
use crate::known::Gap;
use crate::source::{Span, Text};
use crate::syntax::python::ast;

/// A thing on the heap that can be changed: list, dict, set, instance, class, module namespace, scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub(super) u32);

/// A class of the repository.
pub type ClassId = ObjectId;

/// The number of a term: two terms are the same object where their numbers are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TermId(pub(super) u32);

/// A value.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `None`.
    None,
    /// `...`.
    Ellipsis,
    /// A truth.
    Bool(bool),
    /// An integer; one that needs more bits is unknown.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text; each byte knows the place that wrote it.
    Str(Rc<Text>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A tuple.
    Tuple(Rc<[Value<'a>]>),
    /// A list, on the heap.
    List(ObjectId),
    /// A dict, on the heap, in insertion order.
    Dict(ObjectId),
    /// A set or frozenset, on the heap, in insertion order (sorted where Python's order could matter is the caller's affair).
    Set(ObjectId),
    /// A function or lambda of the repository.
    Function(Rc<Function<'a>>),
    /// A function bound to what it was looked up on.
    Method(Rc<(Value<'a>, Value<'a>)>),
    /// A class of the repository.
    Class(ClassId),
    /// An instance of a class of the repository (enum members too: see [`Class::members`]).
    Instance(ObjectId),
    /// An iterator or generator: on the heap, because it is used up.
    Iterator(ObjectId),
    /// A module of the repository.
    Module(ModuleId),
    /// Something of a library, or made of such.
    Term(Rc<Term<'a>>),
    /// Cannot be told.
    Unknown(Rc<Unknown<'a>>),
}

/// A value that cannot be told.
#[derive(Debug)]
pub struct Unknown<'a> {
    /// Why.
    pub gap: Gap,
    /// What it can be: one of these for certain, where not empty. Empty: anything.
    pub candidates: Vec<Value<'a>>,
    /// Where it is text that is known in part (`f"INSERT INTO {table} VALUES (1)"`): its parts in order, `None` for one that can be
    /// anything. Empty where nothing of it is known.
    pub pattern: Vec<Option<Text>>,
    /// What it is where nothing sets it, if the environment alone decides it: a plain value (text, number, truth, `None`). Texts
    /// that name something (the schema of a table) or go into SQL are read by it; no condition of the program is decided by it.
    pub usual: Option<Value<'a>>,
    /// Where it is text known in part, and some of the other parts are known as they are where nothing sets them: its parts, read so.
    pub usual_pattern: Option<Rc<UsualPattern>>,
}

/// Text that is known in part where nothing sets what the environment alone decides of it.
#[derive(Debug)]
pub struct UsualPattern {
    /// Its parts in order, `None` for one that can be anything.
    pub parts: Vec<Option<Text>>,
    /// What the environment decides.
    pub gap: Gap,
}

/// Something of a library: what was taken, called, indexed or computed, without doing it.
#[derive(Debug)]
pub struct Term<'a> {
    /// Its identity.
    pub id: TermId,
    /// What it is.
    pub kind: TermKind<'a>,
    /// The expression that made it.
    pub span: Span,
    /// How deep terms and tuples are nested in it.
    pub(super) depth: u32,
}

/// How deep terms and tuples may be nested in each other.
pub(super) const MAX_DEPTH: u32 = 160;

/// Values that are looked at to find how deep they are nested.
const MAX_LOOKS: u32 = 100_000;

/// What a term is.
#[derive(Debug)]
pub enum TermKind<'a> {
    /// A library's module or member, as imported: `sqlalchemy.orm.mapped_column`, `builtins.len`. Attributes of a path are paths.
    Path(SmolStr),
    /// An attribute of something opaque, or of a class or instance whose bases are opaque.
    Attribute(Value<'a>, SmolStr),
    /// A call.
    Call(Value<'a>, Args<'a>),
    /// `a[b]`.
    Item(Value<'a>, Value<'a>),
    /// An operation with at least one opaque operand.
    Operation(Operator, Vec<Value<'a>>),
}

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the operator of its name")]
pub enum Operator {
    Binary(ast::Operator),
    Unary(ast::UnaryOp),
    Compare(ast::CmpOp),
}

/// What a call was given.
#[derive(Debug, Clone, Default)]
pub struct Args<'a> {
    /// In order; `*items` are spread where they are known.
    pub positional: Vec<Argument<'a>>,
    /// By name, in order; `**items` are spread where they are known.
    pub keywords: Vec<(SmolStr, Argument<'a>)>,
    /// There may be more: `*` or `**` of something that is not known.
    pub open: Option<Gap>,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Argument<'a> {
    /// Its value.
    pub value: Value<'a>,
    /// Where it is written (for a spread one: where the spread is).
    pub span: Span,
}

/// A function or lambda of the repository.
#[derive(Debug, Clone)]
pub struct Function<'a> {
    /// Its identity; attributes that are set on it are kept by it.
    pub id: TermId,
    /// Its name; `<lambda>`.
    pub name: SmolStr,
    /// Its module.
    pub module: ModuleId,
    /// Where its name (a lambda: the whole) is written.
    pub span: Span,
    /// Parameters and body.
    pub code: Code<'a>,
    /// The scope that it was defined in.
    pub(super) scope: Option<ObjectId>,
    /// Defaults, evaluated when it was defined, by parameter.
    pub(super) defaults: Vec<(SmolStr, Value<'a>)>,
    /// The class whose body it stands in, for `super()`.
    pub(super) class: Option<ObjectId>,
    /// Whether it yields, once that was asked: most functions are never called.
    pub(super) yields: OnceCell<bool>,
    /// Decorators of libraries that were applied (terms), outermost first: the function itself stays the value.
    pub decorators: Vec<Value<'a>>,
}

/// Parameters and body of a function.
#[derive(Debug, Clone, Copy)]
pub enum Code<'a> {
    /// `def`.
    Def(&'a ast::StmtFunctionDef),
    /// `lambda`.
    Lambda(&'a ast::ExprLambda),
}

/// A class of the repository, as its body left it; attributes may be set later.
#[derive(Debug, Clone)]
pub struct Class<'a> {
    /// Its name.
    pub name: SmolStr,
    /// What `__name__` was set to afterwards.
    pub called: Option<Value<'a>>,
    /// Its module.
    pub module: ModuleId,
    /// Where its name is written.
    pub span: Span,
    /// The whole statement.
    pub whole: Span,
    /// Bases as written: classes, and terms for those of libraries.
    pub bases: Vec<Value<'a>>,
    /// Keywords of the class statement (`table=True`, `metaclass=...`), in order.
    pub keywords: Vec<(SmolStr, Argument<'a>)>,
    /// The linearised bases (C3), itself first; terms of libraries among them.
    pub order: Vec<Value<'a>>,
    /// The base that cannot be told, where there is one: what it may bring is unknown.
    pub open: Option<Gap>,
    /// Its own members: assigned or annotated, in the order of their first appearance.
    pub members: Vec<Member<'a>>,
    /// Decorators of libraries that were applied (terms), outermost first: the class itself stays the value.
    pub decorators: Vec<Value<'a>>,
}

/// A member of a class's own namespace.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its name.
    pub name: SmolStr,
    /// What it was assigned; `None` where it is only annotated.
    pub value: Option<Value<'a>>,
    /// Its annotation.
    pub annotation: Option<Annotation<'a>>,
    /// Where its name is written.
    pub span: Span,
    /// The whole statement.
    pub whole: Span,
    /// Why it cannot be told whether it is there at all.
    pub maybe: Option<Gap>,
}

/// An annotation: evaluated only when asked, in the module's scope as it stands then.
#[derive(Debug, Clone, Copy)]
pub struct Annotation<'a> {
    /// The expression.
    pub expression: &'a ast::Expr,
    /// The module whose names it uses.
    pub module: ModuleId,
    /// The scope it stands in (a class body or function), where not the module's.
    pub(super) scope: Option<ObjectId>,
    /// Where.
    pub span: Span,
}

impl<'a> Function<'a> {
    /// Whether a call of it gives a generator.
    pub(super) fn is_generator(&self) -> bool {
        *self.yields.get_or_init(|| match self.code {
            Code::Def(def) => has_yield(&def.body),
            Code::Lambda(_) => false,
        })
    }

    /// The annotation of what it returns.
    #[must_use]
    pub fn returns(&self) -> Option<Annotation<'a>> {
        let Code::Def(def) = self.code else { return None };
        let expression: &'a ast::Expr = def.returns.as_deref()?;
        Some(Annotation {
            expression,
            module: self.module,
            scope: self.scope,
            span: self.span,
        })
    }
}

impl<'a> Value<'a> {
    /// Text made by the interpreter itself, on account of a place.
    #[must_use]
    pub fn text(text: &str, span: Span) -> Self {
        Value::Str(Rc::new(Text::composed([(text.to_owned(), span, false)])))
    }

    /// Unknown, and why.
    #[must_use]
    pub fn unknown(gap: Gap) -> Self {
        Value::Unknown(Rc::new(Unknown {
            gap,
            candidates: Vec::new(),
            pattern: Vec::new(),
            usual: None,
            usual_pattern: None,
        }))
    }

    /// One of these, and why it cannot be told which. Nothing to choose from: anything.
    #[must_use]
    pub fn one_of(candidates: Vec<Self>, gap: Gap) -> Self {
        Value::Unknown(Rc::new(Unknown {
            gap,
            candidates,
            pattern: Vec::new(),
            usual: None,
            usual_pattern: None,
        }))
    }

    /// Text that is known in part: `None` for a part that can be anything.
    #[must_use]
    pub fn text_like(pattern: Vec<Option<Text>>, gap: Gap) -> Self {
        Value::Unknown(Rc::new(Unknown {
            gap,
            candidates: Vec::new(),
            pattern,
            usual: None,
            usual_pattern: None,
        }))
    }

    /// How deep terms and tuples are nested in it.
    pub(super) fn depth(&self) -> u32 {
        let mut looks = MAX_LOOKS;
        self.depth_below(MAX_DEPTH, &mut looks)
    }

    fn depth_below(&self, left: u32, looks: &mut u32) -> u32 {
        *looks = looks.saturating_sub(1);
        let mut deepest = |items: &mut dyn Iterator<Item = &Self>| {
            if left == 0 || *looks == 0 {
                return MAX_DEPTH;
            }
            let inner = items.map(|item| item.depth_below(left - 1, looks)).max();
            inner.map_or(1, |depth| depth.saturating_add(1))
        };
        match self {
            Value::Term(term) => term.depth,
            Value::Tuple(items) => deepest(&mut items.iter()),
            Value::Method(parts) => deepest(&mut [&parts.0, &parts.1].into_iter()),
            Value::Unknown(unknown) => deepest(&mut unknown.candidates.iter()),
            _ => 0,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The path of a library's module or member.
    #[must_use]
    pub fn as_path(&self) -> Option<&str> {
        match self {
            Value::Term(term) => match &term.kind {
                TermKind::Path(path) => Some(path),
                _ => None,
            },
            _ => None,
        }
    }

    /// The callee and arguments of a call of a library.
    #[must_use]
    pub fn as_call(&self) -> Option<(&Value<'a>, &Args<'a>)> {
        match self {
            Value::Term(term) => match &term.kind {
                TermKind::Call(callee, args) => Some((callee, args)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The reason why it cannot be told.
    #[must_use]
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Value::Unknown(unknown) => Some(&unknown.gap),
            _ => None,
        }
    }
}

impl<'a> Args<'a> {
    /// Arguments by position, all written at one place.
    #[must_use]
    pub fn of(values: Vec<Value<'a>>, span: Span) -> Self {
        Args {
            positional: values.into_iter().map(|value| Argument { value, span }).collect(),
            ..Args::default()
        }
    }

    /// The argument of a parameter: by name, else by position.
    #[must_use]
    pub fn get(&self, position: usize, name: &str) -> Option<&Argument<'a>> {
        self.keyword(name).or_else(|| self.positional.get(position))
    }

    /// The argument given by name.
    #[must_use]
    pub fn keyword(&self, name: &str) -> Option<&Argument<'a>> {
        self.keywords.iter().find(|(n, _)| n == name).map(|(_, a)| a)
    }
}
