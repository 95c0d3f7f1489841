//! The analyser against real servers: what they print of expressions, and what they refuse.

mod catalogs;
mod fixture;
mod pairs;
mod random;
mod server;
mod spelled;
