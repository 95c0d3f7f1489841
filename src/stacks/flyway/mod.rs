//! Flyway: versioned, repeatable, baseline and undo migrations by file name.

pub mod history;
pub mod naming;
