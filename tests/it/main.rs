//! All integration tests: one binary, a module per suite.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests print what was judged or skipped, read their cases, and start servers and the program itself"
)]

mod cases;
mod chains;
mod cli;
mod harness;
mod hostile;
mod judge;
mod postgres;
mod prisma_models;
mod reserved;
mod rules_pages;
mod spellings;
mod tidy;
