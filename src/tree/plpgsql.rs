//! The body of a `DO` block, function or procedure in plpgsql.
//!
//! Source: PostgreSQL manual, chapter 43 "PL/pgSQL".

use smol_str::SmolStr;

use crate::name::{Name, QualifiedName};
use crate::source::{Span, Text};
use crate::tree::expr::Expr;
use crate::tree::query::Query;

/// `[<<label>>] [DECLARE ...] BEGIN ... [EXCEPTION ...] END`.
#[derive(Debug, Clone)]
pub struct Block {
    /// The label.
    pub label: Option<Name>,
    /// Declared variables in order.
    pub declarations: Vec<Declaration>,
    /// The statements.
    pub body: Vec<Stmt>,
    /// Handlers in order; empty means that there is no subtransaction.
    pub handlers: Vec<Handler>,
    /// `#variable_conflict use_column`: a column goes before a variable of the same name. Set on the outermost block alone.
    pub columns_first: bool,
}

/// A declared variable.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: DeclarationKind,
    /// Where.
    pub span: Span,
}

/// What is declared.
#[derive(Debug, Clone)]
pub enum DeclarationKind {
    /// A variable; the type as spelled (`text`, `users.email%TYPE`, `users%ROWTYPE`, `record`).
    Variable {
        ty: SmolStr,
        constant: bool,
        not_null: bool,
        init: Option<Expr>,
    },
    /// `name ALIAS FOR other`.
    Alias(Name),
    /// A bound cursor.
    Cursor(Box<Query>),
}

/// `WHEN condition [OR condition] THEN ...`.
#[derive(Debug, Clone)]
pub struct Handler {
    /// Condition names in lower case (`duplicate_object`, `others`) or `SQLSTATE` codes of five characters.
    pub conditions: Vec<SmolStr>,
    /// What runs.
    pub body: Vec<Stmt>,
}

/// A statement with its place.
#[derive(Debug, Clone)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where.
    pub span: Span,
}

/// The level of a `RAISE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RaiseLevel {
    /// Aborts.
    Exception,
    /// Any level that only tells.
    Message,
}

/// What a statement is.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "a body has few statements, and they are never moved about"
)]
pub enum StmtKind {
    /// A nested block.
    Block(Box<Block>),
    /// `target := value`. The target with its fields or subscripts: only a plain variable or `record.field` can be followed.
    Assign {
        target: Vec<Name>,
        subscripted: bool,
        value: Expr,
    },
    /// `IF ... ELSIF ... ELSE`.
    If {
        branches: Vec<(Expr, Vec<Stmt>)>,
        otherwise: Vec<Stmt>,
    },
    /// `CASE [x] WHEN ...`; `otherwise` is `None` without ELSE (which raises case_not_found).
    Case {
        subject: Option<Expr>,
        branches: Vec<(Vec<Expr>, Vec<Stmt>)>,
        otherwise: Option<Vec<Stmt>>,
    },
    /// `LOOP`.
    Loop { label: Option<Name>, body: Vec<Stmt> },
    /// `WHILE`.
    While {
        label: Option<Name>,
        condition: Expr,
        body: Vec<Stmt>,
    },
    /// `FOR i IN [REVERSE] a..b [BY s]`.
    ForRange {
        label: Option<Name>,
        variable: Name,
        reverse: bool,
        low: Expr,
        high: Expr,
        step: Option<Expr>,
        body: Vec<Stmt>,
    },
    /// `FOR r IN query`: the variables (one record, or several scalars).
    ForQuery {
        label: Option<Name>,
        variables: Vec<Name>,
        query: Box<Query>,
        body: Vec<Stmt>,
    },
    /// `FOR r IN EXECUTE text USING ...`.
    ForExecute {
        label: Option<Name>,
        variables: Vec<Name>,
        text: Expr,
        using: Vec<Expr>,
        body: Vec<Stmt>,
    },
    /// `FOR r IN cursor`.
    ForCursor {
        label: Option<Name>,
        variable: Name,
        cursor: Name,
        body: Vec<Stmt>,
    },
    /// `FOREACH x IN ARRAY a`.
    ForEach {
        label: Option<Name>,
        variables: Vec<Name>,
        slice: bool,
        array: Expr,
        body: Vec<Stmt>,
    },
    /// `EXIT [label] [WHEN c]` (`false`) or `CONTINUE` (`true`).
    Exit {
        continues: bool,
        label: Option<Name>,
        when: Option<Expr>,
    },
    /// `RETURN [expr]`, `RETURN NEXT`, `RETURN QUERY`: only the first ends the function.
    Return { value: Option<Expr>, ends: bool },
    /// `RAISE`.
    Raise {
        level: RaiseLevel,
        condition: Option<SmolStr>,
        message: Option<SmolStr>,
        args: Vec<Expr>,
        errcode: Option<Expr>,
        rethrow: bool,
    },
    /// `ASSERT c [, message]`.
    Assert { condition: Expr },
    /// `EXECUTE text [INTO [STRICT] targets] [USING ...]`.
    Execute {
        text: Expr,
        into: Vec<Vec<Name>>,
        strict: bool,
        using: Vec<Expr>,
    },
    /// `PERFORM query`.
    Perform(Box<Query>),
    /// Any SQL statement (also `SELECT ... INTO`, `CALL`, nested `DO`): the text, to be split and lowered when it runs;
    /// `into` are the variables of an INTO clause that was found in it.
    Sql {
        text: Text,
        into: Vec<Vec<Name>>,
        strict: bool,
    },
    /// `SELECT ... INTO variables`.
    SelectInto {
        query: Box<Query>,
        into: Vec<Vec<Name>>,
        strict: bool,
    },
    /// `GET [STACKED] DIAGNOSTICS target = item`.
    GetDiagnostics { items: Vec<(Vec<Name>, SmolStr)> },
    /// `OPEN`, `FETCH`, `MOVE`, `CLOSE`: what they fetch is unknown; the variables that receive it.
    Cursor { into: Vec<Vec<Name>> },
    /// `COMMIT` (true) or `ROLLBACK`.
    Transaction { commit: bool },
    /// `NULL`.
    Nothing,
    /// Not lowered.
    Opaque(SmolStr),
}

/// A reference to a routine, as `CALL` or `DROP FUNCTION` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutineName {
    /// The name.
    pub name: QualifiedName,
    /// Argument types as spelled, where written.
    pub arguments: Option<Vec<crate::sqltype::SqlType>>,
    /// Where.
    pub span: Span,
}
