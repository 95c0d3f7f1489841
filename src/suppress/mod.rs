//! What a maintainer has decided to live with: ignores in comments, and the baseline of findings that were there before.

pub mod baseline;
mod directive;
mod extent;
mod language;

pub use directive::{Directive, Fault, Kind, directives, may_be_directed};
pub use language::Language;
