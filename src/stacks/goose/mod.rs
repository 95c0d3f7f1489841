//! goose: numbered SQL files with annotations, Go migrations among them.

pub mod history;
