//! Whether the ways back of a target's migrations are run.

use super::Sides;
use crate::config::file::Loudness;
use crate::config::{Downs, Options};

/// Rules that speak of ways back: where none of them is on, none is run.
const RULES: [&str; 3] = ["failing-down", "down-does-not-undo-up", "irreversible-migration"];

/// Whether ways back run: they are asked for on the command line, or by a rule that is on.
pub(super) fn are_wanted(options: &Options, sides: Sides) -> bool {
    options.downs != Downs::Left || are_told(options, sides)
}

/// Whether what is found of ways back is told: where it is asked for on the command line, or by a rule that is on.
pub(super) fn are_told(options: &Options, sides: Sides) -> bool {
    let mut settings = options.configuration.all();
    options.downs == Downs::Told
        || sides == Sides::Both
            && settings.any(|settings| {
                let of_overrides = settings.overrides.iter().flat_map(|o| &o.rules);
                let mut levels = settings.rules.iter().chain(of_overrides);
                levels.any(|l| RULES.contains(&l.rule.as_str()) && matches!(l.loudness, Loudness::At(_)))
            })
}
