//! What is said beside the files: what a database is given before its history runs, the run's settings, and the configuration file.

pub mod file;
mod given;
mod locate;
mod options;
pub mod pattern;
pub mod policy;
pub mod schema;

pub use given::Given;
pub use locate::Configuration;
pub use options::{BASELINE, Dialect, Downs, Misuse, Options};
