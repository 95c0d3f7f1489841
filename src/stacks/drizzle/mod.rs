//! Drizzle: SQL files in the order of a journal.

pub mod history;
