//! What a repository says of the findings: levels, tables and paths, ignores in comments, the baseline. Rules know none of it.

use super::ignores::Ignores;
use super::{Silenced, order};
use crate::config::file::{Loudness, RuleLevel};
use crate::config::pattern::Pattern;
use crate::config::{Misuse, Options};
use crate::finding::{Finding, Level};
use crate::rules::{self, Rule};
use crate::source::{Files, Span};
use crate::suppress::baseline::Baseline;

/// The findings that are told, and what is left out.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// What is told.
    pub(super) findings: Vec<Finding>,
    /// What is not.
    pub(super) silenced: Silenced,
}

/// Applies what the repository says.
///
/// # Errors
/// When the baseline cannot be read.
pub(super) fn settle(files: &Files, options: &Options, findings: Vec<Finding>) -> Result<Settled, Misuse> {
    let mut out = Settled::default();
    let whole = options.is_whole();
    let mut ignores = Ignores::read(files, options);
    let levelled = findings
        .into_iter()
        .filter_map(|finding| level(files, options, finding));
    let mut kept: Vec<Finding> = levelled.collect();
    let before = kept.len();
    kept.retain(|finding| !ignores.silence(files, finding));
    out.silenced.ignored = before - kept.len();
    if whole {
        kept.extend(
            ignores
                .told()
                .chain(unused_settings(options))
                .filter_map(|f| level(files, options, f)),
        );
    }
    out.silenced.keys = kept.iter().map(|f| f.key.clone()).collect();
    if let Some((file, mut known)) = baseline_of(files, options)? {
        let before = kept.len();
        kept.retain(|finding| !known.take(&finding.key));
        out.silenced.known = before - kept.len();
        if whole {
            let stale = known
                .stale()
                .map(|(key, at)| stale(options, key, Span::new(file, at.0, at.1)));
            kept.extend(stale.filter_map(|f| level(files, options, f)));
        }
        out.silenced.baseline = Some(known);
    }
    kept.sort_by(|a, b| (a.span, a.rule, &a.key, &a.message).cmp(&(b.span, b.rule, &b.key, &b.message)));
    out.findings = kept;
    Ok(out)
}

/// The finding at the level that the configuration gives it; `None` where it is not to be told.
fn level(files: &Files, options: &Options, mut finding: Finding) -> Option<Finding> {
    let path = files.path(finding.span.file);
    let Some((settings, relative)) = options.configuration.governing(path) else {
        return (!rules::is_off(finding.rule)).then_some(finding);
    };
    let table = finding.table.as_deref();
    let fits = |patterns: &[Pattern]| {
        table.is_some_and(|table| patterns.iter().fold(false, |out, p| p.fits_table(table) | out))
    };
    if fits(&settings.exclude_tables) || (is_of_existence(finding.rule) && fits(&settings.owned_by_others)) {
        return None;
    }
    let said = |levels: &[RuleLevel]| levels.iter().find(|l| l.rule == finding.rule).map(|l| l.loudness);
    let mut loudness = said(&settings.rules);
    for over in &settings.overrides {
        let path_fits = over
            .paths
            .iter()
            .fold(over.paths.is_empty(), |out, p| p.fits_path(&relative) | out);
        let table_fits = over.tables.is_empty() || fits(&over.tables);
        if path_fits && table_fits {
            loudness = said(&over.rules).or(loudness);
        }
    }
    match loudness {
        None if rules::is_off(finding.rule) => return None,
        Some(Loudness::Off) => return None,
        Some(Loudness::At(level)) => finding.level = at(finding.level, rules::find(finding.rule), level),
        None => {}
    }
    Some(order::expect(options, settings.order, finding))
}

/// A quieter level is the loudest that is told; a louder one raises what the rule tells at its own level, and leaves its quieter
/// degrees; what it tells louder than that becomes no quieter.
fn at(told: Level, rule: Option<&Rule>, set: Level) -> Level {
    let own = rule.map_or(set, |rule| rule.level);
    if set <= own {
        told.min(set)
    } else if told == own {
        set
    } else if told > own {
        told.max(set)
    } else {
        told
    }
}

/// Rules that only say that a table is on one side alone.
fn is_of_existence(rule: &str) -> bool {
    matches!(
        rule,
        "missing-table" | "extra-table" | "presumed-object" | "unregistered-model"
    )
}

/// Patterns that never fitted.
fn unused_settings(options: &Options) -> impl Iterator<Item = Finding> {
    let all = options.configuration.all().flat_map(|settings| {
        let of_overrides = settings
            .overrides
            .iter()
            .flat_map(|o| o.paths.iter().chain(&o.tables));
        let own = settings
            .exclude
            .iter()
            .chain(&settings.exclude_tables)
            .chain(&settings.owned_by_others)
            .chain(settings.policy.patterns());
        own.chain(of_overrides)
    });
    all.filter(|pattern| !pattern.was_used()).map(|pattern| {
        let message = format!("the pattern {:?} fits nothing", pattern.as_str());
        told(
            &rules::UNUSED_SETTING,
            pattern.span,
            "fits nothing",
            message,
            pattern.as_str(),
        )
        .with_help("take it out, or correct it")
    })
}

fn stale(options: &Options, key: &str, span: Span) -> Finding {
    let message = format!("the baseline holds {key}, which is found no more");
    let mut out = told(&rules::STALE_BASELINE, span, "is found no more", message, key)
        .with_help("`schemalign baseline --prune` takes such entries out");
    // At work it is a reminder, in CI the file must be in order.
    if !options.ci {
        out.level = Level::Note;
    }
    out
}

/// A finding of the pipeline itself.
pub(super) fn told(rule: &'static Rule, span: Span, label: &str, message: String, object: &str) -> Finding {
    let mut out = Finding::new(span, message);
    out.rule = rule.name;
    out.level = rule.level;
    out.label = label.to_owned();
    out.object = Some(object.to_owned());
    out.key = format!("{}:{object}", rule.name);
    out
}

/// The baseline that counts: the one that the configuration of the root names, else the usual file.
fn baseline_of(
    files: &Files,
    options: &Options,
) -> Result<Option<(crate::source::FileId, Baseline)>, Misuse> {
    if options.without_baseline {
        return Ok(None);
    }
    let (path, named) = options.baseline_path();
    let Some(file) = files.find(&path) else {
        return match named {
            true => Err(Misuse {
                what: format!("the baseline {path} does not exist"),
                help: "`schemalign baseline` writes it".to_owned(),
            }),
            false => Ok(None),
        };
    };
    let read = Baseline::read(&files.text(file)).map_err(|line| Misuse {
        what: format!("{path}:{line}: this is no entry of a baseline"),
        help: "an entry is a finding's key, such as missing-column:public.users:email; `schemalign baseline` writes the file anew"
            .to_owned(),
    })?;
    Ok(Some((file, read)))
}
