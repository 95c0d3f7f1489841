//! SQL files that no runner's marker names: a folder of numbered files, or one `schema.sql`.

pub mod history;
pub mod sections;
