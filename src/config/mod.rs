//! What is said beside the files: what a database is given before its history runs, and the run's settings.

mod given;
mod options;

pub use given::Given;
pub use options::{Dialect, Misuse, Options};
