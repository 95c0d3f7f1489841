//! All integration tests: one binary, a module per suite.

mod chains;
mod hostile;
mod judge;
mod postgres;
