//! SQLAlchemy: the tables that its constructs and classes declare, and the names that it gives.

pub mod ddl;
pub mod expression;
mod md5;
pub mod naming;
pub mod table;
pub mod terms;
pub mod types;
