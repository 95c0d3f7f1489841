//! Ignore comments against findings: which silence something, and what is said of those that do not.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::settle::told;
use crate::config::Options;
use crate::finding::Finding;
use crate::rules;
use crate::source::{FileId, Files, Span};
use crate::suppress::{Directive, Fault, Language, directives};

/// The directives of the files that were read.
#[derive(Debug, Default)]
pub(super) struct Ignores {
    by_file: FxHashMap<FileId, Vec<Held>>,
}

#[derive(Debug)]
struct Held {
    directive: Directive,
    /// For each of its rules, whether it silenced a finding.
    used: Vec<bool>,
}

impl Ignores {
    /// Reads the comments of all files that were read.
    pub(super) fn read(files: &Files, options: &Options) -> Self {
        let of_file = |file: &FileId| {
            let path = files.path(*file);
            let mut found = directives(Language::of(path)?, &files.text(*file));
            let governing = options.configuration.governing(path);
            if governing.is_some_and(|(settings, _)| settings.require_reason) {
                found.iter_mut().for_each(demand_reason);
            }
            let held = found.into_iter().map(|directive| Held {
                used: vec![false; directive.rules.len()],
                directive,
            });
            let held: Vec<Held> = held.collect();
            (!held.is_empty()).then_some((*file, held))
        };
        let read: Vec<FileId> = files.were_read().collect();
        Ignores {
            by_file: read.par_iter().filter_map(of_file).collect(),
        }
    }

    /// Whether a directive silences a finding, at its own place, at either side's, or where what it has in common with others lies.
    pub(super) fn silence(&mut self, files: &Files, finding: &Finding) -> bool {
        let database = finding.database.as_ref().map(|(span, _)| *span);
        let common = finding.common.as_ref().map(|common| common.at);
        let places = [Some(finding.span), finding.model, database, common];
        let mut silenced = false;
        for span in places.into_iter().flatten() {
            let Some(held) = self.by_file.get_mut(&span.file) else {
                continue;
            };
            let line = (files.start(span).line as usize).saturating_sub(1);
            for one in held
                .iter_mut()
                .filter(|one| one.directive.covers(finding.rule, line))
            {
                for ((rule, _), used) in one.directive.rules.iter().zip(&mut one.used) {
                    *used |= rule == finding.rule;
                }
                silenced = true;
            }
        }
        silenced
    }

    /// What is wrong with directives, and those that silence nothing.
    pub(super) fn told(&self) -> impl Iterator<Item = Finding> {
        let mut all: Vec<_> = self.by_file.iter().collect();
        all.sort_by_key(|(file, _)| **file);
        all.into_iter()
            .flat_map(|(file, held)| held.iter().flat_map(|one| one.told(*file)))
    }
}

/// An ignore without a reason is one that nobody can judge later.
fn demand_reason(directive: &mut Directive) {
    if directive.reason.is_empty() && directive.fault.is_none() {
        directive.fault = Some(Fault::NoReason);
    }
}

impl Held {
    fn told(&self, file: FileId) -> Vec<Finding> {
        let span = |at: (usize, usize)| Span::new(file, at.0, at.1);
        if let Some(fault) = &self.directive.fault {
            let (label, message, help) = words(fault);
            let mut out = told(
                &rules::INVALID_IGNORE,
                span(self.directive.at),
                label,
                message,
                &self.object(),
            );
            out.help = Some(help.to_owned());
            return vec![out];
        }
        let rules = self.directive.rules.iter().zip(&self.used);
        rules
            .filter(|(_, used)| !**used)
            .map(|((rule, at), _)| match rules::find(rule) {
                None => {
                    let message = format!("there is no rule `{rule}` to ignore");
                    told(&rules::INVALID_IGNORE, span(*at), "no such rule", message, rule)
                        .with_help("`schemalign rules` lists them")
                }
                Some(_) => {
                    let message = format!("nothing is found here that this ignore of {rule} would silence");
                    told(
                        &rules::UNUSED_IGNORE,
                        span(*at),
                        "silences nothing",
                        message,
                        rule,
                    )
                    .with_help("take it out")
                }
            })
            .collect()
    }

    fn object(&self) -> String {
        let names: Vec<&str> = self
            .directive
            .rules
            .iter()
            .map(|(rule, _)| rule.as_str())
            .collect();
        names.join(",")
    }
}

fn words(fault: &Fault) -> (&'static str, String, &'static str) {
    match fault {
        Fault::Blanket => (
            "names no rule",
            "this ignore names no rule: what it would silence tomorrow nobody can tell".to_owned(),
            "name the rules: `schemalign: ignore[missing-column] reason`",
        ),
        Fault::Word(word) => (
            "is not understood",
            format!("there is no `schemalign: {word}`"),
            "there are ignore[rule], ignore-file[rule], ignore-start[rule] and ignore-end",
        ),
        Fault::Unpaired => (
            "has no other end",
            "a block of ignores has a beginning and an end".to_owned(),
            "write `schemalign: ignore-start[rule] reason` and, below, `schemalign: ignore-end`",
        ),
        Fault::NoReason => (
            "gives no reason",
            "the configuration demands a reason for each ignore, and this one gives none".to_owned(),
            "write why, after the rules: `schemalign: ignore[missing-column] dropped next week`",
        ),
    }
}
