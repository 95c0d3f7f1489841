//! The only place that names a parser crate: text to syntax trees, total on any input.

pub mod elixir;
pub mod pg;
pub mod prisma;
pub mod python;
pub mod split;
