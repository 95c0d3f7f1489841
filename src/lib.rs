//! schemalign runs a repository's migrations on a simulated database, reads its models, and says where the two disagree.
//!
//! The way of the data and the floors of the house are in ARCHITECTURE.md.

pub mod change;
pub mod check;
pub mod cli;
pub mod config;
pub mod declared;
pub mod discover;
pub mod draft;
pub mod finding;
pub mod fix;
pub mod interpret;
pub mod inventory;
pub mod known;
pub mod lsp;
pub mod name;
pub mod pair;
pub mod replay;
pub mod report;
pub mod rules;
pub mod schema;
pub mod session;
pub mod source;
pub mod sql;
pub mod sqltype;
pub mod stacks;
pub mod suppress;
pub mod syntax;
pub mod tree;
