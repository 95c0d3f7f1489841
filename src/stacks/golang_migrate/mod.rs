//! golang-migrate: numbered pairs of SQL files.

pub mod history;
