//! postgres-migrations (npm): SQL files with consecutive numbers.

pub mod history;
