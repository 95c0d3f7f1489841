//! What is said beside the files: what a database is given before its history runs, and the run's settings.

mod given;

pub use given::Given;
