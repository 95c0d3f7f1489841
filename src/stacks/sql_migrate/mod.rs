//! sql-migrate (rubenv): SQL files with annotations, both directions in one file.

pub mod history;
