//! All integration tests: one binary, a module per suite.

mod cases;
mod chains;
mod cli;
mod harness;
mod hostile;
mod judge;
mod postgres;
mod prisma_models;
mod rules_pages;
mod spellings;
mod tidy;
