//! Prisma's schema language: text to blocks, fields and attributes with spans, whatever is broken.
//!
//! Source of the grammar: `datamodel.pest` of prisma-engines. The language is one of lines: a field, an attribute and a
//! setting each fill one line, so a line that cannot be read never takes its neighbours with it.

mod lexer;
mod parser;
mod values;

pub use parser::parse;

use std::sync::Arc;

use smol_str::SmolStr;

use crate::source::{FileId, Files, ReadError, Span, Text};

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its blocks in order, broken ones included as far as they could be read.
    pub blocks: Vec<Block>,
    /// What is not of the language, in order; of very many only the first.
    pub errors: Vec<SyntaxError>,
    /// The first line outside of blocks that could not be read: it may have begun a block.
    pub unread: Option<Span>,
}

/// What a file holds, parsed when first asked for.
///
/// # Errors
/// When it cannot be read.
pub fn document(files: &Files, file: FileId) -> Result<Arc<Document>, &ReadError> {
    let source = files.read(file)?;
    Ok(source.derive(|| parse(file, &source.text)))
}

/// Something that is not of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What, as a phrase without a full stop.
    pub message: String,
}

/// The keyword of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum BlockKind {
    Model,
    View,
    Type,
    Enum,
    Datasource,
    Generator,
}

/// `keyword Name { ... }`.
#[derive(Debug, Clone)]
pub struct Block {
    /// Which.
    pub kind: BlockKind,
    /// Its name.
    pub name: Ident,
    /// Fields of models, views and types; values of enums.
    pub members: Vec<Member>,
    /// `@@...` lines.
    pub attributes: Vec<Attribute>,
    /// `key = value` lines of datasources and generators.
    pub settings: Vec<Setting>,
    /// From keyword to closing brace.
    pub span: Span,
    /// The first of its lines that could not, or not wholly, be read.
    pub unread: Option<Span>,
}

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// The characters.
    pub text: SmolStr,
    /// Where.
    pub span: Span,
}

/// A field, or a value of an enum.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: Ident,
    /// The type of a field; `None` for a value of an enum.
    pub ty: Option<FieldType>,
    /// `@...`, in order.
    pub attributes: Vec<Attribute>,
    /// The whole line without indentation and comment.
    pub span: Span,
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is what its name says")]
pub enum Arity {
    Required,
    Optional,
    List,
}

/// A field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldType {
    /// The name, or what stands between the quotes of `Unsupported("...")`.
    pub name: SmolStr,
    /// `Unsupported("...")`.
    pub unsupported: bool,
    /// `?`, `[]` or neither.
    pub arity: Arity,
    /// Where, arity included.
    pub span: Span,
    /// The name alone; for an unsupported type the string with its quotes.
    pub name_span: Span,
}

/// `@name(arguments)` or `@@name(arguments)`.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// The name with its dots, without `@`: `default`, `db.VarChar`.
    pub name: SmolStr,
    /// Where the name stands, `@` included.
    pub name_span: Span,
    /// Arguments in order.
    pub args: Vec<Argument>,
    /// The whole attribute.
    pub span: Span,
}

impl Attribute {
    /// The argument of this name, or the first one without a name when `first` says that it may go without.
    #[must_use]
    pub fn arg(&self, name: &str, first: bool) -> Option<&Value> {
        argument(&self.args, name, first)
    }
}

/// The argument of this name, or the first one without a name when `first`.
#[must_use]
pub fn argument<'a>(args: &'a [Argument], name: &str, first: bool) -> Option<&'a Value> {
    let named = |a: &&Argument| a.name.as_ref().is_some_and(|n| n.text == name);
    args.iter()
        .find(named)
        .or_else(|| args.iter().find(|a| first && a.name.is_none()))
        .map(|a| &a.value)
}

/// `key = value` of a datasource or generator.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The key.
    pub key: Ident,
    /// Its value.
    pub value: Value,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Argument {
    /// `name:`, where written.
    pub name: Option<Ident>,
    /// Its value.
    pub value: Value,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// Where.
    pub span: Span,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum ValueKind {
    /// `"text"`, escapes resolved.
    String(SmolStr),
    /// `-1.5`, as written.
    Number(SmolStr),
    /// `true`, `Cascade`, `a.b`.
    Path(SmolStr),
    /// `now()`, `id(sort: Desc)`.
    Call(SmolStr, Vec<Argument>),
    /// `[a, b]`.
    Array(Vec<Value>),
    /// `{ a: 1 }`.
    Object(Vec<Argument>),
}

impl Value {
    /// The string, where it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::String(s) => Some(s),
            ValueKind::Number(_)
            | ValueKind::Path(_)
            | ValueKind::Call(..)
            | ValueKind::Array(_)
            | ValueKind::Object(_) => None,
        }
    }

    /// The path, where it is one.
    #[must_use]
    pub fn as_path(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Path(s) => Some(s),
            ValueKind::String(_)
            | ValueKind::Number(_)
            | ValueKind::Call(..)
            | ValueKind::Array(_)
            | ValueKind::Object(_) => None,
        }
    }

    /// The elements of an array; a single value counts as an array of one, as Prisma reads it.
    #[must_use]
    pub fn elements(&self) -> &[Value] {
        match &self.kind {
            ValueKind::Array(items) => items,
            ValueKind::String(_)
            | ValueKind::Number(_)
            | ValueKind::Path(_)
            | ValueKind::Call(..)
            | ValueKind::Object(_) => std::slice::from_ref(self),
        }
    }
}

/// The text of a string literal, each part with its way back to the file. `source` is the file's text and `span` the
/// literal with its quotes.
#[must_use]
pub fn literal_text(source: &str, span: Span) -> Text {
    let inner = Span {
        start: span.start + 1,
        end: span.end.saturating_sub(1).max(span.start + 1),
        ..span
    };
    let raw = source.get(inner.range()).unwrap_or("");
    let mut runs = Vec::new();
    lexer::unescape(raw, &mut |text, range, exact| {
        let at = Span::new(
            span.file,
            inner.start as usize + range.start,
            inner.start as usize + range.end,
        );
        runs.push((text.to_owned(), at, exact));
    });
    if runs.is_empty() {
        runs.push((String::new(), inner, true));
    }
    Text::composed(runs)
}
