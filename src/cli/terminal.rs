//! The terminal: colours, width, writing without a fuss when nobody reads on.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::sync::OnceLock;

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use super::outcome::Failure;
use crate::report::escape;

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

static CHOICE: OnceLock<Colour> = OnceLock::new();

/// Sets what `--color` said.
pub(super) fn set_colour(choice: Colour) {
    let _ = CHOICE.set(choice);
}

/// Whether stdout takes colours.
pub(super) fn colour() -> bool {
    match CHOICE.get().copied().unwrap_or_default() {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    }
}

/// Columns of the terminal; 100 where there is none.
pub(super) fn width() -> usize {
    let size = std::io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten();
    size.map_or(100, |(width, _)| usize::from(width.0).max(40))
}

/// Writes to stdout. A reader that closed the pipe has what it wanted.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(text: &str) -> Result<(), Failure> {
    let choice = if colour() {
        ColorChoice::Always
    } else {
        ColorChoice::Never
    };
    let mut out = AutoStream::new(std::io::stdout().lock(), choice);
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether stdout is a terminal.
pub(super) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes bytes that another program reads, as they are.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write_plain(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something on stderr that is no failure.
pub(super) fn note(text: &str) {
    let _ = std::io::stderr()
        .lock()
        .write_all(format!("{}\n", escape(text)).as_bytes());
}

/// All of standard input.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read() -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let mut input = std::io::stdin().lock();
    input
        .read_to_end(&mut out)
        .map_err(|error| Failure::new(format!("standard input cannot be read: {error}")))?;
    Ok(out)
}

/// Says on stderr why a run could not be done.
pub(super) fn complain(failure: &Failure) {
    let mut text = format!("error: {}\n", escape(&failure.what));
    for line in &failure.details {
        text.push_str(&format!("  {}\n", escape(line)));
    }
    if let Some(help) = &failure.help {
        text.push_str(&format!("help: {}\n", escape(help)));
    }
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
