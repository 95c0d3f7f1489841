//! Expressions: defaults, CHECKs, predicates, generated columns, index keys, and what queries compute.
//!
//! One shape before and after names are resolved. As lowered, columns are [`ExprKind::Column`] and casts name types as
//! spelled. Once stored on a table, columns are [`ExprKind::Var`], types are resolved, implicit casts are written down as
//! [`CastStyle::Implicit`], and literals carry their type as [`ExprKind::Const`]: what `pg_get_expr` needs to print it.

use smol_str::SmolStr;

use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::SqlType;
use crate::tree::query::Query;

/// An expression with its place.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is written.
    pub span: Span,
}

/// Expressions are equal by what they say, wherever they stand.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Expr {}

/// A column reference as written: `email`, `users.email`, `new.email`, `t.*` has no name here (see [`ExprKind::Star`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// What stands before the last dot, outermost first.
    pub qualifiers: Vec<Name>,
    /// The last name.
    pub name: Name,
}

/// A relation of the simulated database, by its number in the schema's arenas (`schema::Relation` is the typed form).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationRef {
    /// A table or view.
    Table(u32),
    /// An index: its table, and its number there.
    Index(u32, u32),
    /// A sequence.
    Sequence(u32),
}

/// How a cast came to be; implicit ones are printed only where the choice of a function or operator hangs on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastStyle {
    /// Written by the user, `CAST(x AS t)`, `x::t` or `t 'literal'`. Once analysed: done by relabelling, by the types' text
    /// forms, element by element, or by a domain's check.
    Explicit,
    /// The same, added by the server.
    Implicit,
    /// Written by the user and done by a function of `pg_cast` (the server leaves out other parentheses around those).
    ExplicitCall,
    /// The same, added by the server.
    ImplicitCall,
}

impl CastStyle {
    /// Added by the server.
    #[must_use]
    pub fn is_implicit(self) -> bool {
        matches!(self, CastStyle::Implicit | CastStyle::ImplicitCall)
    }
}

/// `SELECT` quantifiers of a comparison with a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// `= ANY (...)`, and `IN`.
    Any,
    /// `= ALL (...)`, and `NOT IN`.
    All,
}

/// The keyword values (`SQLValueFunction` of the server).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum SqlValue {
    CurrentDate,
    CurrentTime,
    CurrentTimestamp,
    LocalTime,
    LocalTimestamp,
    CurrentRole,
    CurrentUser,
    User,
    SessionUser,
    CurrentCatalog,
    CurrentSchema,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// `NULL`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written, without sign.
    Number(SmolStr),
    /// A string literal's value, of no type yet.
    String(SmolStr),
    /// `B'101'` (true: bits) or `X'1F'` (false): the digits.
    BitString(SmolStr, bool),
    /// A literal with its type, once analysed; `None` is NULL. The text is what the type's output function prints.
    Const(Option<SmolStr>, SqlType),
    /// A `regclass` constant once resolved: the relation itself, so that a rename shows (`nextval('t_id_seq'::regclass)`).
    Relation(RelationRef),
    /// `DEFAULT` as a value.
    Default,
    /// A column or variable by name.
    Column(ColumnName),
    /// A column of the table that owns the expression, by its number (index into the table's columns).
    Var(u32),
    /// `*` or `t.*`.
    Star(Vec<Name>),
    /// `$1`.
    Param(u32),
    /// A keyword value, with the precision of `current_timestamp(3)`.
    Value(SqlValue, Option<u8>),
    /// `l op r`; the operator's characters, `AND`/`OR` excluded. `schema` where written as `OPERATOR(schema.op)`.
    Binary(SmolStr, Box<Expr>, Box<Expr>),
    /// A prefix operator: `-`, `+`, `~`, `@`.
    Unary(SmolStr, Box<Expr>),
    /// `NOT x`.
    Not(Box<Expr>),
    /// `a AND b AND c`, flattened.
    And(Vec<Expr>),
    /// `a OR b OR c`, flattened.
    Or(Vec<Expr>),
    /// `x IS NULL`; true when negated.
    IsNull(Box<Expr>, bool),
    /// `x IS TRUE | FALSE | UNKNOWN` (`Some(true)`, `Some(false)`, `None`); true when negated.
    IsBool(Box<Expr>, Option<bool>, bool),
    /// `a IS DISTINCT FROM b`; true when negated.
    IsDistinct(Box<Expr>, Box<Expr>, bool),
    /// `x BETWEEN [SYMMETRIC] a AND b`: value, low, high, symmetric, negated.
    Between(Box<Expr>, Box<Expr>, Box<Expr>, bool, bool),
    /// `x [NOT] IN (a, b)`.
    In(Box<Expr>, Vec<Expr>, bool),
    /// `x [NOT] IN (SELECT ...)`.
    InQuery(Box<Expr>, Box<Query>, bool),
    /// `x op ANY|ALL (array)`.
    Quantified(Box<Expr>, SmolStr, Quantifier, Box<Expr>),
    /// `x op ANY|ALL (SELECT ...)`.
    QuantifiedQuery(Box<Expr>, SmolStr, Quantifier, Box<Query>),
    /// `x [NOT] LIKE|ILIKE|SIMILAR TO p [ESCAPE e]`: the keyword in upper case (`LIKE`, `ILIKE`, `SIMILAR TO`).
    Like(Box<Expr>, SmolStr, Box<Expr>, Option<Box<Expr>>, bool),
    /// `EXISTS (SELECT ...)`.
    Exists(Box<Query>),
    /// A scalar subquery.
    Subquery(Box<Query>),
    /// `ARRAY(SELECT ...)`.
    ArrayQuery(Box<Query>),
    /// `CASE [x] WHEN a THEN b ELSE c END`.
    Case(Option<Box<Expr>>, Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// A call.
    Call(Box<Call>),
    /// `COALESCE`, `GREATEST`, `LEAST`, `NULLIF`: the keyword in upper case.
    Keyword(SmolStr, Vec<Expr>),
    /// A cast.
    Cast(Box<Expr>, SqlType, CastStyle),
    /// `x COLLATE c`.
    Collate(Box<Expr>, QualifiedName),
    /// `x AT TIME ZONE z`.
    AtTimeZone(Box<Expr>, Box<Expr>),
    /// `ARRAY[a, b]`.
    Array(Vec<Expr>),
    /// `ROW(a, b)` or `(a, b)`.
    Row(Vec<Expr>),
    /// `x[i]`, or `x[i:j]` with the upper bound.
    Subscript(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>, bool),
    /// `(x).field`.
    Field(Box<Expr>, Name),
    /// Parsed and not lowered: its text, with single spaces. Never equal to anything but itself.
    Opaque(SmolStr),
}

/// A function call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The function, as written; folded.
    pub name: QualifiedName,
    /// Arguments in order.
    pub args: Vec<Expr>,
    /// `name => value` arguments, after the positional ones.
    pub named: Vec<(Name, Expr)>,
    /// `count(*)`.
    pub star: bool,
    /// `count(DISTINCT x)`.
    pub distinct: bool,
    /// The last argument is `VARIADIC`.
    pub variadic: bool,
    /// `FILTER (WHERE ...)`.
    pub filter: Option<Expr>,
    /// `array_agg(x ORDER BY y)`.
    pub order_by: Vec<crate::tree::query::OrderBy>,
    /// `order_by` stands in `WITHIN GROUP (...)`.
    pub within_group: bool,
    /// Has an `OVER` clause: a window function.
    pub over: bool,
    /// What its window is partitioned and ordered by; opaque where the window is only named.
    pub window: Vec<Expr>,
    /// Written in the SQL grammar's own form (`EXTRACT(x FROM y)`, `SUBSTRING(x FROM y)`, `POSITION(...)`, `TRIM(...)`,
    /// `OVERLAY(...)`), which the server prints back in that form. `name` is then the server's function, `extract`,
    /// `substring`, `position`, `overlay`, `btrim`, `ltrim` or `rtrim`, and the arguments are in its order:
    /// `POSITION(a IN b)` is `position(b, a)`, `TRIM(LEADING c FROM x)` is `ltrim(x, c)`.
    pub sql_syntax: bool,
}

impl Expr {
    /// An expression at a place.
    #[must_use]
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    /// Calls `visit` on this expression and all within it, queries left out, parents first.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        self.each_child(&mut |child| child.walk(visit));
    }

    /// The column numbers that a stored expression reads, in order of appearance, each once.
    #[must_use]
    pub fn vars(&self) -> Vec<u32> {
        let mut out = Vec::new();
        self.walk(&mut |e| {
            if let ExprKind::Var(n) = e.kind
                && !out.contains(&n)
            {
                out.push(n);
            }
        });
        out
    }

    /// The direct children.
    #[must_use]
    pub fn children(&self) -> Vec<&Expr> {
        let mut out = Vec::new();
        self.each_child(&mut |child| out.push(child));
        out
    }

    /// Calls `visit` on each direct child.
    pub fn each_child<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::BitString(..)
            | ExprKind::Const(..)
            | ExprKind::Relation(_)
            | ExprKind::Default
            | ExprKind::Column(_)
            | ExprKind::Var(_)
            | ExprKind::Star(_)
            | ExprKind::Param(_)
            | ExprKind::Value(..)
            | ExprKind::Exists(_)
            | ExprKind::Subquery(_)
            | ExprKind::ArrayQuery(_)
            | ExprKind::Opaque(_) => {}
            ExprKind::Binary(_, a, b)
            | ExprKind::IsDistinct(a, b, _)
            | ExprKind::AtTimeZone(a, b)
            | ExprKind::Quantified(a, _, _, b) => {
                visit(a);
                visit(b);
            }
            ExprKind::Unary(_, a)
            | ExprKind::Not(a)
            | ExprKind::IsNull(a, _)
            | ExprKind::IsBool(a, ..)
            | ExprKind::InQuery(a, ..)
            | ExprKind::QuantifiedQuery(a, ..)
            | ExprKind::Cast(a, ..)
            | ExprKind::Collate(a, _)
            | ExprKind::Field(a, _) => visit(a),
            ExprKind::And(items)
            | ExprKind::Or(items)
            | ExprKind::Keyword(_, items)
            | ExprKind::Array(items)
            | ExprKind::Row(items) => {
                items.iter().for_each(visit);
            }
            ExprKind::Between(a, b, c, ..) => {
                visit(a);
                visit(b);
                visit(c);
            }
            ExprKind::In(a, items, _) => {
                visit(a);
                items.iter().for_each(visit);
            }
            ExprKind::Like(a, _, b, escape, _) => {
                visit(a);
                visit(b);
                escape.iter().for_each(|e| visit(e));
            }
            ExprKind::Case(subject, whens, otherwise) => {
                subject.iter().for_each(|e| visit(e));
                for (when, then) in whens {
                    visit(when);
                    visit(then);
                }
                otherwise.iter().for_each(|e| visit(e));
            }
            ExprKind::Call(call) => {
                call.args.iter().for_each(&mut *visit);
                call.named.iter().for_each(|(_, e)| visit(e));
                call.filter.iter().for_each(&mut *visit);
                call.order_by.iter().for_each(|o| visit(&o.expr));
                call.window.iter().for_each(visit);
            }
            ExprKind::Subscript(a, low, high, _) => {
                visit(a);
                low.iter().for_each(|e| visit(e));
                high.iter().for_each(|e| visit(e));
            }
        }
    }

    /// Calls `visit` on this expression and all within it, to be changed, queries left out, children first.
    pub fn walk_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        self.each_child_mut(&mut |child| child.walk_mut(visit));
        visit(self);
    }

    /// Calls `visit` on each direct child, to be changed.
    pub fn each_child_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match &mut self.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::BitString(..)
            | ExprKind::Const(..)
            | ExprKind::Relation(_)
            | ExprKind::Default
            | ExprKind::Column(_)
            | ExprKind::Var(_)
            | ExprKind::Star(_)
            | ExprKind::Param(_)
            | ExprKind::Value(..)
            | ExprKind::Exists(_)
            | ExprKind::Subquery(_)
            | ExprKind::ArrayQuery(_)
            | ExprKind::Opaque(_) => {}
            ExprKind::Binary(_, a, b)
            | ExprKind::IsDistinct(a, b, _)
            | ExprKind::AtTimeZone(a, b)
            | ExprKind::Quantified(a, _, _, b) => {
                visit(a);
                visit(b);
            }
            ExprKind::Unary(_, a)
            | ExprKind::Not(a)
            | ExprKind::IsNull(a, _)
            | ExprKind::IsBool(a, ..)
            | ExprKind::InQuery(a, ..)
            | ExprKind::QuantifiedQuery(a, ..)
            | ExprKind::Cast(a, ..)
            | ExprKind::Collate(a, _)
            | ExprKind::Field(a, _) => visit(a),
            ExprKind::And(items)
            | ExprKind::Or(items)
            | ExprKind::Keyword(_, items)
            | ExprKind::Array(items)
            | ExprKind::Row(items) => {
                items.iter_mut().for_each(visit);
            }
            ExprKind::Between(a, b, c, ..) => {
                visit(a);
                visit(b);
                visit(c);
            }
            ExprKind::In(a, items, _) => {
                visit(a);
                items.iter_mut().for_each(visit);
            }
            ExprKind::Like(a, _, b, escape, _) => {
                visit(a);
                visit(b);
                escape.iter_mut().for_each(|e| visit(e));
            }
            ExprKind::Case(subject, whens, otherwise) => {
                subject.iter_mut().for_each(|e| visit(e));
                for (when, then) in whens {
                    visit(when);
                    visit(then);
                }
                otherwise.iter_mut().for_each(|e| visit(e));
            }
            ExprKind::Call(call) => {
                call.args.iter_mut().for_each(&mut *visit);
                call.named.iter_mut().for_each(|(_, e)| visit(e));
                call.filter.iter_mut().for_each(&mut *visit);
                call.order_by.iter_mut().for_each(|o| visit(&mut o.expr));
                call.window.iter_mut().for_each(visit);
            }
            ExprKind::Subscript(a, low, high, _) => {
                visit(a);
                low.iter_mut().for_each(|e| visit(e));
                high.iter_mut().for_each(|e| visit(e));
            }
        }
    }
}
