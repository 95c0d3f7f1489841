//! sqlx: numbered SQL files, plain or reversible.

pub mod history;
