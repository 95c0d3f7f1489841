//! SQLAlchemy: the tables that its constructs and classes declare, and the names that it gives.

mod md5;
pub mod naming;
