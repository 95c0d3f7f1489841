//! Atlas: versioned SQL files with a checksum file beside them.

pub mod history;
