//! Lowers parsed SQL to changes, questions and expressions. Knows no database: names are as written.

mod alter_table;
mod between;
mod certain;
mod column;
mod comma;
mod comment;
mod constraint;
mod dml;
mod drop;
mod exclusion;
mod expr;
mod fragment;
mod function;
mod head;
mod index;
mod literal;
mod names;
mod objects;
mod plain;
mod plpgsql;
mod query;
mod read;
mod reserved;
mod schema;
mod sequence;
mod session;
mod source;
mod sqltype;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod types;

pub use read::{Statements, UNREADABLE};

use crate::change::{Change, Failure, ObjectName};
use crate::known::Gap;
use crate::name::QualifiedName;
use crate::source::{Span, Text};
use crate::tree::{Expr, Query};

/// What stands for a part of a text that is not known begins with this.
pub const STAND_IN: &str = "schemalign_hole";

/// One statement of a text, in order.
#[derive(Debug, Clone)]
pub struct Read {
    /// What it is.
    pub statement: Statement,
    /// Its text without the semicolon.
    pub text: Text,
    /// Where it is written.
    pub span: Span,
}

/// What one statement is to the session that runs it.
#[derive(Debug, Clone)]
pub enum Statement {
    /// An effect on the schema, or none. `CREATE SCHEMA` with elements gives several.
    Changes(Vec<Change>),
    /// A query: runs functions, asks questions; `SELECT ... INTO t` is a change instead.
    Query(Box<Query>),
    /// Work on rows.
    Dml(Box<Dml>),
    /// `DO`: language (lower case) and body.
    Do { language: String, body: Text },
    /// `CALL procedure(...)`.
    Call(Expr),
    /// Transaction control.
    Transaction(Transaction),
    /// `SET [LOCAL|SESSION] name = value`, `RESET name` (value `None`), `SET SCHEMA` as `search_path`.
    Set {
        name: String,
        value: Option<Vec<String>>,
        local: bool,
    },
    /// `EXECUTE prepared`, `LOAD`, `LISTEN` and what else a migration may hold, changing no schema: the word.
    NoEffect(&'static str),
    /// No SQL to the server, and the statement that was meant.
    Refused(Box<Failure>, Box<Statement>),
    /// Not understood.
    Opaque(Gap),
}

/// INSERT, UPDATE, DELETE, MERGE, COPY: what it touches, and the expressions and queries in it that may call functions.
#[derive(Debug, Clone)]
pub struct Dml {
    /// Which.
    pub kind: DmlKind,
    /// The table whose rows change.
    pub table: ObjectName,
    /// What an UPDATE or DELETE calls it.
    pub alias: Option<crate::name::Name>,
    /// Columns named as targets.
    pub columns: Vec<(crate::name::Name, Span)>,
    /// The source query of an INSERT, or the FROM/USING part as a query; `None` for `DEFAULT VALUES` and COPY.
    pub query: Option<Box<Query>>,
    /// It has a WHERE, so that it may touch no row.
    pub filtered: bool,
    /// Expressions in it: the SET values of an UPDATE, one for each of `columns`, then WHERE and RETURNING.
    pub expressions: Vec<Expr>,
    /// Data-modifying parts of its WITH.
    pub with: Vec<Dml>,
}

/// The kind of a statement on rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum DmlKind {
    Insert,
    Update,
    Delete,
    Merge,
    Copy,
}

/// Transaction control.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the statement of its name")]
pub enum Transaction {
    Begin,
    Commit,
    Rollback,
    Savepoint(crate::name::Name),
    Release(crate::name::Name),
    RollbackTo(crate::name::Name),
}

/// Reads every statement of a text. Total: what is broken gives [`Statement::Opaque`] and the rest is still read.
#[must_use]
pub fn read(text: &Text) -> Vec<Read> {
    statements(text).collect()
}

/// The same one by one: holds one statement at a time.
#[must_use]
pub fn statements(text: &Text) -> Statements<'_> {
    Statements::new(text)
}

/// Reads one expression, as a default or a condition writes it.
///
/// # Errors
/// A gap when it is none.
pub fn expression(text: &Text) -> Result<Expr, Gap> {
    fragment::expression(text)
}

/// Reads one query.
///
/// # Errors
/// A gap when it is none.
pub fn query(text: &Text) -> Result<Query, Gap> {
    fragment::query(text)
}

/// Reads a type as SQL spells it; serial pseudo-types are not types.
#[must_use]
pub fn type_name(text: &Text) -> Option<crate::sqltype::SqlType> {
    fragment::type_name(text)
}

/// Reads a plpgsql body.
///
/// # Errors
/// A gap when it is too broken to be run.
pub fn plpgsql(body: &Text) -> Result<crate::tree::plpgsql::Block, Gap> {
    plpgsql::block(body)
}

/// A routine or relation named in text, as `'public.users'::regclass` and `to_regclass` take it.
#[must_use]
pub fn qualified_name(text: &str) -> Option<QualifiedName> {
    names::written(text)
}
