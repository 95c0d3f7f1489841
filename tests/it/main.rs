//! All integration tests: one binary, a module per suite.

mod chains;
mod cli;
mod hostile;
mod judge;
mod postgres;
mod tidy;
