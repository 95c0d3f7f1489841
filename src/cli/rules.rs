//! `schemalign rules`: the list of rules.

use super::arguments::RulesArguments;
use super::outcome::{Exit, Failure};
use super::terminal;
use crate::rules::RULES;

/// Runs the command.
///
/// # Errors
/// When the list cannot be written.
pub(super) fn run(arguments: &RulesArguments) -> Result<Exit, Failure> {
    terminal::set_colour(arguments.color);
    let width = RULES.iter().map(|r| r.name.len()).max().unwrap_or(0);
    let lines = RULES.iter().map(|rule| {
        format!(
            "{:width$}  {:5}  {}\n",
            rule.name,
            rule.level.word(),
            rule.summary
        )
    });
    terminal::write(&lines.collect::<String>())?;
    Ok(Exit::Clean)
}
