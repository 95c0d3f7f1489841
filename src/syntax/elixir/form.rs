//! Elixir's quoted forms, as Elixir itself defines its programs (manual, "Quote and unquote"): literals, lists, tuples, variables,
//! aliases, and calls of everything else, each with its place.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::source::{Span, Text};

/// A form.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub kind: FormKind,
}

/// What a form is. Cheap to clone.
#[derive(Debug, Clone)]
pub enum FormKind {
    /// An atom, `true`, `false` and `nil` included.
    Atom(SmolStr),
    /// An integer.
    Integer(i64),
    /// An integer that needs more bits, or a number that could not be read.
    Number(SmolStr),
    /// A float.
    Float(f64),
    /// A binary without interpolation; a heredoc is dedented, escapes are resolved.
    Text(Text),
    /// `"... #{} ..."`.
    Binary(Arc<[Part]>),
    /// `'...'`.
    Charlist(Arc<[Part]>),
    /// `:"... #{} ..."`.
    DynamicAtom(Arc<[Part]>),
    /// `~s(...)`.
    Sigil(Arc<Sigil>),
    /// A list. Keywords are two-tuples in it; `[a | b]` ends with a call of `|`.
    List(Arc<[Form]>),
    /// A tuple of any size.
    Tuple(Arc<[Form]>),
    /// A variable, or a local call without parentheses and arguments.
    Variable(SmolStr, Context),
    /// `A.B.C`, as written.
    Alias(SmolStr, Context),
    /// Everything else: operators (`=`, `|>`, `@`, `&`, `%{}`, `%`, `<<>>`), special forms (`__block__`, `fn`, `->`), calls and macros.
    Call(Arc<Call>),
    /// A value that a macro put here: an index into the table of the one who runs it.
    Injected(u32),
    /// Source that could not be read.
    Gap(&'static str),
}

/// Which expansion of a `quote` a name was written by: 0 is the program's own text. Names of different contexts are different.
pub type Context = u32;

/// A part of a text with interpolation.
#[derive(Debug, Clone)]
pub enum Part {
    /// As written.
    Text(Text),
    /// `#{form}`.
    Form(Form),
}

/// `~name(parts)modifiers`.
#[derive(Debug, Clone)]
pub struct Sigil {
    /// `s`, `S`, `w`, ...
    pub name: SmolStr,
    /// Its contents, escapes resolved for a sigil in lower case.
    pub parts: Vec<Part>,
    /// The letters after it.
    pub modifiers: SmolStr,
}

/// A call. A `do` block is the last argument: a keyword list with `do`, `else`, `rescue`, `catch`, `after`, whose values are forms or
/// lists of `->` calls. The arguments of `->` are a list (its patterns; a guard makes it one call of `when`) and a body.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// With what.
    pub args: Vec<Form>,
    /// Where the name is written.
    pub name_span: Span,
    /// Whether it was written with parentheses, arguments or a block (`a.b()` and not `a.b`).
    pub parens: bool,
    /// The expansion that wrote it.
    pub context: Context,
}

/// What is called.
#[derive(Debug, Clone)]
pub enum Callee {
    /// `name(...)`.
    Local(SmolStr),
    /// `form.name(...)`.
    Remote(Form, SmolStr),
    /// `form.(...)`.
    Anonymous(Form),
    /// `unquote(name)(...)`, `f()()`.
    Form(Form),
}

impl Form {
    /// A form.
    #[must_use]
    pub fn new(span: Span, kind: FormKind) -> Self {
        Form { span, kind }
    }

    /// `nil`.
    #[must_use]
    pub fn nil(span: Span) -> Self {
        Form::atom(span, "nil")
    }

    /// An atom.
    #[must_use]
    pub fn atom(span: Span, name: &str) -> Self {
        Form::new(span, FormKind::Atom(SmolStr::new(name)))
    }

    /// A local call.
    #[must_use]
    pub fn call(span: Span, name: &str, args: Vec<Form>) -> Self {
        let call = Call {
            callee: Callee::Local(SmolStr::new(name)),
            args,
            name_span: span,
            parens: true,
            context: 0,
        };
        Form::new(span, FormKind::Call(Arc::new(call)))
    }

    /// A list.
    #[must_use]
    pub fn list(span: Span, items: Vec<Form>) -> Self {
        Form::new(span, FormKind::List(items.into()))
    }

    /// Several forms in a row; one stays itself.
    #[must_use]
    pub fn block(span: Span, mut forms: Vec<Form>) -> Self {
        match forms.len() {
            1 => forms.remove(0),
            _ => Form::call(span, "__block__", forms),
        }
    }

    /// The name and arguments of a local call.
    #[must_use]
    pub fn as_local(&self) -> Option<(&SmolStr, &[Form])> {
        match &self.kind {
            FormKind::Call(call) => match &call.callee {
                Callee::Local(name) => Some((name, &call.args)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The arguments of a local call of this name.
    #[must_use]
    pub fn args_of(&self, name: &str) -> Option<&[Form]> {
        self.as_local().filter(|(n, _)| *n == name).map(|(_, args)| args)
    }

    /// The forms of a block; a form that is no block is one.
    #[must_use]
    pub fn statements(&self) -> &[Form] {
        self.args_of("__block__").unwrap_or(std::slice::from_ref(self))
    }

    /// The name of an atom.
    #[must_use]
    pub fn as_atom(&self) -> Option<&SmolStr> {
        match &self.kind {
            FormKind::Atom(name) => Some(name),
            _ => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Form]> {
        match &self.kind {
            FormKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// Key and value of a two-tuple whose first item is an atom.
    #[must_use]
    pub fn as_pair(&self) -> Option<(&SmolStr, &Form)> {
        match &self.kind {
            FormKind::Tuple(items) => match &items[..] {
                [key, value] => Some((key.as_atom()?, value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a key of a keyword list as written.
    #[must_use]
    pub fn keyword(&self, key: &str) -> Option<&Form> {
        let mut pairs = self.as_list()?.iter().filter_map(Form::as_pair);
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Whether it is a keyword list as written (not an empty one).
    #[must_use]
    pub fn is_keywords(&self) -> bool {
        self.as_list()
            .is_some_and(|items| !items.is_empty() && items.iter().all(|i| i.as_pair().is_some()))
    }
}

impl Call {
    /// The `do` block among the arguments.
    #[must_use]
    pub fn do_block(&self) -> Option<&Form> {
        self.args.last()?.keyword("do")
    }
}
