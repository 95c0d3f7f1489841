//! All integration tests: one binary, a module per suite.

mod cases;
mod chains;
mod cli;
mod harness;
mod hostile;
mod judge;
mod postgres;
mod rules_pages;
mod tidy;
