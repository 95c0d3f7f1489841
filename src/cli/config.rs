//! `schemalign config`: what is in force for a path, and which file says it; or the keys that there are.

use super::arguments::ConfigArguments;
use super::outcome::{Exit, Failure};
use super::terminal;
use super::workspace::Workspace;
use crate::config::file::{KEYS, Loudness, Settings};
use crate::config::pattern::Pattern;
use crate::config::schema::schema;
use crate::report::escape;
use crate::rules::RULES;
use crate::source::{Files, Span};

/// Runs the command.
///
/// # Errors
/// When a path does not exist or the configuration has flaws.
pub(super) fn run(arguments: &ConfigArguments) -> Result<Exit, Failure> {
    if arguments.keys {
        let width = KEYS.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
        let lines = KEYS.iter().map(|(key, takes)| format!("{key:width$}  {takes}\n"));
        terminal::write(&lines.collect::<String>())?;
        return Ok(Exit::Clean);
    }
    if arguments.schema {
        let rules: Vec<_> = RULES.iter().map(|rule| (rule.name, rule.summary)).collect();
        let schema = serde_json::to_string_pretty(&schema(&rules)).unwrap_or_default();
        terminal::write(&format!("{schema}\n"))?;
        return Ok(Exit::Clean);
    }
    let paths: Vec<_> = arguments.path.iter().cloned().collect();
    let work = Workspace::open(&paths, &arguments.source)?;
    let path = work.options.touching.first().cloned().unwrap_or_default();
    let out = match work.options.configuration.governing(&path) {
        None => "no configuration file: every setting is the default\n".to_owned(),
        Some((settings, relative)) => print(settings, &relative, &work.files),
    };
    terminal::write(&out)?;
    Ok(Exit::Clean)
}

fn print(settings: &Settings, relative: &str, files: &Files) -> String {
    let file = settings.file.map_or("", |file| files.path(file));
    let at = |span: Span| format!("{}:{}", escape(files.path(span.file)), files.start(span).line);
    let mut out = format!("configuration: {}\n", escape(file));
    if !relative.is_empty() {
        out.push_str(&format!("for: {}\n", escape(relative)));
    }
    let mut line = |key: &str, value: String, place: &str| {
        out.push_str(&format!("{key} = {value}  # {place}\n"));
    };
    let word = |loudness| match loudness {
        Loudness::Off => "off",
        Loudness::At(level) => crate::finding::Level::word(level),
    };
    for rule in RULES {
        let of_overrides = settings.overrides.iter().rev().filter(|over| {
            over.tables.is_empty()
                && (over.paths.is_empty() || over.paths.iter().any(|p| p.fits_path(relative)))
        });
        let levels = of_overrides.flat_map(|over| &over.rules).chain(&settings.rules);
        let mut said = levels.filter(|level| level.rule == rule.name);
        match said.next() {
            Some(level) => line(
                rule.name,
                format!("\"{}\"", word(level.loudness)),
                &at(level.span),
            ),
            None => line(rule.name, format!("\"{}\"", rule.level.word()), "default"),
        }
    }
    let patterns = |list: &[Pattern]| {
        let list: Vec<String> = list
            .iter()
            .map(|p| format!("\"{}\" ({})", escape(p.as_str()), at(p.span)))
            .collect();
        format!("[{}]", list.join(", "))
    };
    line("exclude", patterns(&settings.exclude), "patterns of paths");
    line(
        "exclude-tables",
        patterns(&settings.exclude_tables),
        "patterns of tables",
    );
    line(
        "owned-by-others",
        patterns(&settings.owned_by_others),
        "patterns of tables",
    );
    for (key, value) in &settings.given {
        line(
            &format!("given.{}", escape(key)),
            format!("\"{}\"", escape(value)),
            "[given]",
        );
    }
    for project in &settings.projects {
        let place = project.span.map_or(String::new(), at);
        let paths = [project.migrations.join(", "), project.models.join(", ")];
        line(
            &format!("project {}", escape(&project.name)),
            escape(&paths.join(" / ")),
            &place,
        );
    }
    line("order", format!("\"{}\"", settings.order.word()), "");
    line("require-reason", settings.require_reason.to_string(), "");
    if let Some(least) = settings.minimum_coverage {
        line("minimum-coverage", least.to_string(), "");
    }
    if let Some(level) = settings.fail_on {
        line("fail-on", format!("\"{}\"", level.word()), "");
    }
    out.lines()
        .map(|line| line.trim_end().trim_end_matches('#').trim_end().to_owned() + "\n")
        .collect()
}
