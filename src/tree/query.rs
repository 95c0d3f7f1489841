//! Queries: what views, `CREATE TABLE AS`, questions of migrations, and statements on rows read.

use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::tree::expr::Expr;

/// A `SELECT`, `VALUES`, `TABLE` or a combination of them.
#[derive(Debug, Clone)]
pub struct Query {
    /// `WITH` queries in order; the column aliases may be fewer than the query's columns.
    pub with: Vec<Cte>,
    /// `WITH RECURSIVE`.
    pub recursive: bool,
    /// The core.
    pub body: QueryBody,
    /// `ORDER BY`.
    pub order_by: Vec<OrderBy>,
    /// `LIMIT` or `FETCH FIRST`.
    pub limit: Option<Box<Expr>>,
    /// `OFFSET`.
    pub offset: Option<Box<Expr>>,
    /// Where it is written.
    pub span: Span,
}

/// Queries are equal by what they say, wherever they stand.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.with == other.with
            && self.recursive == other.recursive
            && self.body == other.body
            && self.order_by == other.order_by
            && self.limit == other.limit
            && self.offset == other.offset
    }
}

impl Eq for Query {}

/// One query of a `WITH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cte {
    /// Its name.
    pub name: Name,
    /// Column aliases.
    pub columns: Vec<Name>,
    /// What it reads; `None` for a data-modifying one that was not lowered to a query.
    pub query: Option<Query>,
}

/// The core of a query.
#[derive(Debug, Clone)]
pub enum QueryBody {
    /// `SELECT ...`.
    Select(Box<Select>),
    /// `VALUES (...), (...)`.
    Values(Vec<Vec<Expr>>),
    /// `TABLE name`.
    Table(QualifiedName, Span),
    /// `a UNION [ALL] b` and the like.
    SetOp(SetOp, bool, Box<Query>, Box<Query>),
    /// Parsed and not lowered.
    Opaque(Span),
}

/// Equal by what they say; what was not lowered is equal to itself alone.
impl PartialEq for QueryBody {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (QueryBody::Select(a), QueryBody::Select(b)) => a == b,
            (QueryBody::Values(a), QueryBody::Values(b)) => a == b,
            (QueryBody::Table(a, _), QueryBody::Table(b, _)) => a == b,
            (QueryBody::SetOp(a, all, left, right), QueryBody::SetOp(b, every, first, second)) => {
                a == b && all == every && left == first && right == second
            }
            (QueryBody::Opaque(a), QueryBody::Opaque(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for QueryBody {}

/// A set operation; `ALL` is the flag beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum SetOp {
    Union,
    Intersect,
    Except,
}

/// A `SELECT` without its `WITH` and tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// `DISTINCT` (also `DISTINCT ON`).
    pub distinct: bool,
    /// The keys of `DISTINCT ON`.
    pub distinct_on: Vec<Expr>,
    /// The select list.
    pub targets: Vec<Target>,
    /// `INTO` names: variables in plpgsql, a new table in plain SQL.
    pub into: Vec<QualifiedName>,
    /// `INTO STRICT`.
    pub strict: bool,
    /// The `FROM` list; several items are a cross join.
    pub from: Vec<From>,
    /// `WHERE`.
    pub filter: Option<Expr>,
    /// `GROUP BY`; `ROLLUP`, `CUBE` and `GROUPING SETS` are opaque.
    pub group_by: Vec<Expr>,
    /// `HAVING`.
    pub having: Option<Expr>,
}

/// One item of a select list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The value; [`crate::tree::ExprKind::Star`] for `*`.
    pub expr: Expr,
    /// `AS name`.
    pub alias: Option<Name>,
}

/// An `ORDER BY` item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The key.
    pub expr: Expr,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST` (`Some(true)`) or `NULLS LAST`.
    pub nulls_first: Option<bool>,
}

/// A `FROM` item with what is joined to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// The first item.
    pub item: FromItem,
    /// What is joined, left to right.
    pub joins: Vec<Join>,
}

/// One join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Which.
    pub kind: JoinKind,
    /// What is joined: usually one item without joins of its own.
    pub right: From,
    /// `ON`.
    pub on: Option<Expr>,
    /// `USING` columns; natural joins are opaque.
    pub using: Vec<Name>,
}

/// The kind of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    Natural,
}

/// What is read from.
#[derive(Debug, Clone)]
pub enum FromItem {
    /// A table or view; alias and column aliases.
    Relation {
        name: QualifiedName,
        alias: Option<Name>,
        columns: Vec<Name>,
        span: Span,
    },
    /// A subquery.
    Query {
        query: Box<Query>,
        alias: Option<Name>,
        columns: Vec<Name>,
        lateral: bool,
    },
    /// A function that gives rows (`unnest(...)`, `generate_series(...)`, `jsonb_each(...)`).
    Function {
        call: Expr,
        alias: Option<Name>,
        columns: Vec<Name>,
        ordinality: bool,
    },
    /// A joined group in parentheses.
    Group(Box<From>),
    /// Not lowered.
    Opaque(Span),
}

/// Equal by what they say; what was not lowered is equal to itself alone.
impl PartialEq for FromItem {
    fn eq(&self, other: &Self) -> bool {
        use FromItem::{Function, Group, Opaque, Query, Relation};
        match (self, other) {
            (
                Relation {
                    name, alias, columns, ..
                },
                Relation {
                    name: other_name,
                    alias: other_alias,
                    columns: other_columns,
                    ..
                },
            ) => name == other_name && alias == other_alias && columns == other_columns,
            (
                Query {
                    query,
                    alias,
                    columns,
                    lateral,
                },
                Query {
                    query: other_query,
                    alias: other_alias,
                    columns: other_columns,
                    lateral: other_lateral,
                },
            ) => {
                query == other_query
                    && alias == other_alias
                    && columns == other_columns
                    && lateral == other_lateral
            }
            (
                Function {
                    call,
                    alias,
                    columns,
                    ordinality,
                },
                Function {
                    call: other_call,
                    alias: other_alias,
                    columns: other_columns,
                    ordinality: other_ordinality,
                },
            ) => {
                call == other_call
                    && alias == other_alias
                    && columns == other_columns
                    && ordinality == other_ordinality
            }
            (Group(a), Group(b)) => a == b,
            (Opaque(a), Opaque(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for FromItem {}
