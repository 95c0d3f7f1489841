//! The small trees that SQL is lowered to: expressions, queries, and plpgsql. No parser's node outlives the lowering.

pub mod expr;
pub mod normal;
pub mod plpgsql;
pub mod print;
pub mod query;

pub use expr::{CastStyle, ColumnName, Expr, ExprKind, Quantifier, RelationRef, SqlValue};
pub use query::{From, FromItem, JoinKind, OrderBy, Query, QueryBody, Select, SetOp, Target};
