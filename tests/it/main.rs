//! All integration tests: one binary, a module per suite.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests print what was judged or skipped, read their cases, and start servers and the program itself"
)]

mod adoption;
mod alembic_judge;
mod blame;
mod cases;
mod causes;
mod chains;
mod cli;
mod configuration;
mod docs;
mod drafts;
mod drift;
mod ecto_judge;
mod elixir;
mod fixes;
mod formats;
mod harness;
mod hostile;
mod hostile_elixir;
mod hostile_python;
mod impact;
mod incremental;
mod inventory;
mod journey;
mod judge;
mod lsp;
mod named_folders;
mod neovim;
mod postgres;
mod prisma_models;
mod python;
mod report;
mod reserved;
mod retype;
mod rival_models;
mod rules_pages;
mod since;
mod spellings;
mod sqlalchemy_models;
mod states;
mod tidy;
mod watch;
mod ways_back;
