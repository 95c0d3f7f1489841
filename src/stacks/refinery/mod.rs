//! refinery: versioned SQL and Rust migrations by file name.

pub mod history;
