//! Rules about what a repository says to the program itself: ignores, settings, the baseline. The pipeline reports them.

use super::{Check, Rule};
use crate::finding::Level;

/// An ignore that cannot be followed.
pub static INVALID_IGNORE: Rule = Rule {
    name: "invalid-ignore",
    summary: "An ignore comment cannot be followed: it names no rule, or none that exists, or gives no reason where one is demanded.",
    level: Level::Warn,
    page: include_str!("../../rules/invalid-ignore.md"),
    check: Check::Settings,
};

/// An ignore that silences nothing.
pub static UNUSED_IGNORE: Rule = Rule {
    name: "unused-ignore",
    summary: "An ignore comment silences nothing.",
    level: Level::Warn,
    page: include_str!("../../rules/unused-ignore.md"),
    check: Check::Settings,
};

/// A pattern of the configuration that fits nothing.
pub static UNUSED_SETTING: Rule = Rule {
    name: "unused-setting",
    summary: "A pattern of the configuration fits nothing.",
    level: Level::Warn,
    page: include_str!("../../rules/unused-setting.md"),
    check: Check::Settings,
};

/// An entry of the baseline that is gone.
pub static STALE_BASELINE: Rule = Rule {
    name: "stale-baseline",
    summary: "The baseline holds a finding that is there no more.",
    level: Level::Warn,
    page: include_str!("../../rules/stale-baseline.md"),
    check: Check::Settings,
};
