//! `schemalign diff`: what two states of a schema have apart.

use super::arguments::{DiffArguments, DiffFormat, Leave};
use super::outcome::{Exit, Failure};
use super::state::{Sides, Stated};
use super::terminal;
use crate::name::Name;
use crate::report::states;
use crate::schema::compare::{Without, compare};

/// Runs the command.
///
/// # Errors
/// When a side is no state, or cannot be made.
pub(super) fn run(arguments: &DiffArguments) -> Result<Exit, Failure> {
    terminal::set_colour(arguments.source.color);
    let sides = Sides::new(&arguments.paths, &arguments.source);
    let (left, right) = sides.both(&arguments.left, &arguments.right)?;
    let comparison = compare(&left.schema, &right.schema, &without(arguments, &left, &right));
    let out = match arguments.format {
        DiffFormat::Text => states::text(&comparison, left.shown(), right.shown()),
        DiffFormat::Json => states::document(&comparison, left.shown(), right.shown()),
        DiffFormat::Markdown => states::markdown(&comparison, left.shown(), right.shown()),
    };
    terminal::write(&out)?;
    let exit = match comparison.is_equal() {
        Some(true) => Exit::Clean,
        Some(false) => Exit::Found,
        None if arguments.known => Exit::Clean,
        None => Exit::Failed,
    };
    std::mem::forget((sides, left, right));
    Ok(exit)
}

/// What is left out: the books of the runners on either side, and what the arguments say.
fn without(arguments: &DiffArguments, left: &Stated, right: &Stated) -> Without {
    let named = arguments.without.iter().map(|name| Name::from_sql(name));
    let books = left.books.iter().chain(&right.books).cloned();
    Without {
        tables: books.chain(named).collect(),
        order: arguments.ignore.contains(&Leave::Order),
        names: arguments.ignore.contains(&Leave::Names),
        comments: arguments.ignore.contains(&Leave::Comments),
        untouched: false,
    }
}
