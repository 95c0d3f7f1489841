//! One file per output format, and what keeps text from files from reaching a terminal raw.

mod escape;
pub mod json;
pub mod text;

pub use escape::{escape, escape_source};
