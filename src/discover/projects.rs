//! Targets that a configuration file sets by hand.

use super::{Found, Target, by_hand};
use crate::config::{Misuse, Options};
use crate::source::Files;

/// The path that tells which configuration governs a target.
pub(super) fn place(target: &Target) -> &str {
    let history = target.histories.first().map(|h| h.path.as_str());
    let models = target.models.first().map(|m| m.path.as_str());
    history.or(models).unwrap_or("")
}

/// Puts the projects of each configuration file in the place of what was found in its folder.
///
/// # Errors
/// When a project's path holds nothing that could be meant.
pub(super) fn add(files: &Files, options: &Options, found: &mut Found) -> Result<(), Misuse> {
    let configuration = &options.configuration;
    for settings in configuration.all().filter(|s| !s.projects.is_empty()) {
        let governs = |target: &Target| {
            let governing = configuration.governing(place(target));
            governing.is_some_and(|(governing, _)| governing.file == settings.file)
        };
        found.targets.retain(|target| !governs(target));
        for project in &settings.projects {
            let listed = |paths: &[String]| {
                let listed = paths
                    .iter()
                    .filter_map(|path| configuration.listed(settings, path));
                listed.collect::<Vec<_>>()
            };
            let (migrations, models) = (listed(&project.migrations), listed(&project.models));
            // A project outside of what is checked.
            if migrations.is_empty() && models.is_empty() {
                continue;
            }
            let by_hand = Options {
                migrations,
                models,
                dialect: project.dialect.or(options.dialect),
                given: project.given.iter().chain(&options.given).cloned().collect(),
                ..options.clone()
            };
            let taken = by_hand::take(files, &by_hand).map_err(|misuse| match project.span {
                Some(span) => Misuse {
                    what: format!(
                        "{}:{}: {}",
                        files.path(span.file),
                        files.start(span).line,
                        misuse.what
                    ),
                    help: misuse.help,
                },
                None => misuse,
            })?;
            for mut target in taken.targets {
                if !project.name.is_empty() {
                    target.name.clone_from(&project.name);
                }
                found.targets.push(target);
            }
        }
    }
    found.targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}
