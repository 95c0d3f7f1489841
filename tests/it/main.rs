//! All integration tests: one binary, a module per suite.

mod chains;
mod judge;
mod postgres;
