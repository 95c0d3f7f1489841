//! One file per command; with the editor the only module that touches disk, clock, environment and terminal.

mod arguments;
mod baseline;
mod blame;
mod check;
mod completions;
mod config;
mod diff;
mod disk;
mod explain;
mod fix;
mod history;
mod impact;
mod init;
mod inventory;
mod kept;
mod lsp;
mod migration;
mod models;
mod models_at;
mod outcome;
mod progress;
mod report;
mod retype;
mod revision;
mod rules;
mod schema;
mod state;
mod terminal;
mod watch;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use outcome::{Exit, Failure};

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let exit = match run(&arguments) {
        Ok(exit) => exit,
        Err(failure) => {
            terminal::complain(&failure);
            Exit::Failed
        }
    };
    exit.into()
}

fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        None => check::run(&arguments.check),
        Some(Command::Check(check)) => check::run(check),
        Some(Command::Schema(schema)) => schema::run(schema),
        Some(Command::Models(models)) => models::run(models),
        Some(Command::Diff(diff)) => diff::run(diff),
        Some(Command::History(history)) => history::run(history),
        Some(Command::Impact(impact)) => impact::run(impact),
        Some(Command::Inventory(inventory)) => inventory::run(inventory),
        Some(Command::Explain(explain)) => explain::run(explain),
        Some(Command::Rules(rules)) => rules::run(rules),
        Some(Command::Baseline(baseline)) => baseline::run(baseline),
        Some(Command::Migration(migration)) => migration::run(migration),
        Some(Command::Report(report)) => report::run(report),
        Some(Command::Config(config)) => config::run(config),
        Some(Command::Init(init)) => init::run(init),
        Some(Command::Lsp(_)) => lsp::run(),
        Some(Command::Completions(shell)) => completions::completions(shell),
        Some(Command::Manpage(page)) => completions::manpage(page),
    }
}

/// Help and version go to stdout and are no failure; a wrong argument is.
fn usage(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() {
        Exit::Failed
    } else {
        Exit::Clean
    };
    let _ = error.print();
    code.into()
}
