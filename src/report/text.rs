//! The findings for people: source snippets of both sides in one message, then one line on what was followed.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level as Title, Renderer, Snippet};

use super::alike::{self, Told};
use super::{escape, escape_source, gaps};
use crate::check::{Coverage, Report};
use crate::finding::{Finding, Level};
use crate::source::{FileId, Files, Span};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct TextOptions {
    /// With colours and box drawing.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Print every gap, with its place and reason.
    pub coverage: bool,
    /// Close with the line on what was followed.
    pub summary: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            colour: false,
            width: 100,
            coverage: false,
            summary: true,
        }
    }
}

/// The whole report.
#[must_use]
pub fn render(report: &Report, files: &Files, options: &TextOptions) -> String {
    let mut out = String::new();
    let renderer = if options.colour {
        Renderer::styled().decor_style(DecorStyle::Unicode)
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(options.width);
    let (notes, loud): (Vec<_>, Vec<_>) = report.findings.iter().partition(|f| f.level == Level::Note);
    let told = alike::by_cause(loud);
    let firsts: Vec<&Finding> = told.iter().map(|told| &*told.finding).collect();
    for (first, more) in alike::grouped(&firsts) {
        out.push_str(&renderer.render(&[group(first, files)]));
        out.push_str("\n\n");
        if let Some(all) = told.iter().find(|told| std::ptr::eq(&*told.finding, first)) {
            others(all, files, &mut out);
        }
        out.push_str(&alike::render(first, &more, files));
    }
    out.push_str(&super::notes::render(&notes, files));
    if !notes.is_empty() {
        out.push('\n');
    }
    if options.coverage {
        coverage_list(&report.coverage, files, &mut out);
    }
    if options.summary {
        out.push_str(&summary(report));
    }
    out
}

/// The places of what has the same cause as the finding that is shown.
fn others(told: &Told<'_>, files: &Files, out: &mut String) {
    let places = told.places_of_others(files, |file| files.path(file).to_owned());
    if !places.is_empty() {
        out.push_str(&format!(
            "and {} more of this cause:\n{places}\n",
            told.members.len() - 1
        ));
    }
}

/// One finding as a group of snippets: the primary file first, then the others in the order of the related places.
fn group<'a>(finding: &'a Finding, files: &'a Files) -> Group<'a> {
    let title = match finding.level {
        Level::Error => Title::ERROR,
        Level::Warn => Title::WARNING,
        Level::Note => Title::NOTE,
    };
    let mut places: Vec<(Span, AnnotationKind, String)> =
        vec![(finding.span, AnnotationKind::Primary, escape(&finding.label))];
    for related in &finding.related {
        places.push((related.span, AnnotationKind::Context, escape(&related.label)));
    }
    let mut order: Vec<FileId> = Vec::new();
    for (span, ..) in &places {
        if !order.contains(&span.file) {
            order.push(span.file);
        }
    }
    let mut group = Group::with_title(title.primary_title(escape(&finding.message)).id(finding.rule));
    for file in order {
        let in_file: Vec<_> = places.iter().filter(|(span, ..)| span.file == file).collect();
        group = group.element(snippet(file, &in_file, files));
    }
    for target in [finding.targets.as_slice()].into_iter().filter(|t| t.len() > 1) {
        group = group.element(Title::NOTE.message(format!("the same on {}", escape(&target.join(", ")))));
    }
    if let Some(cause) = &finding.cause {
        group = group.element(Title::NOTE.message(escape(&format!("cause: {}", cause.sentence()))));
    }
    if let Some(help) = &finding.help {
        group = group.element(Title::HELP.message(escape(help)));
    }
    group
}

/// The lines of one file around its places. Only those lines are handed on, so that a large file costs nothing.
fn snippet<'a>(
    file: FileId,
    places: &[&(Span, AnnotationKind, String)],
    files: &Files,
) -> Snippet<'a, Annotation<'a>> {
    let text = files.text(file);
    let length = text.len();
    let boundary = |at: usize| {
        (0..=at.min(length))
            .rev()
            .find(|&i| text.is_char_boundary(i))
            .unwrap_or(0)
    };
    let first = places
        .iter()
        .map(|(s, ..)| boundary(s.start as usize))
        .min()
        .unwrap_or(0);
    let last = places
        .iter()
        .map(|(s, ..)| boundary(s.end as usize))
        .max()
        .unwrap_or(0);
    let from = text[..first].rfind('\n').map_or(0, |i| i + 1);
    let to = text[last..].find('\n').map_or(length, |i| last + i);
    let line = files.start(Span::new(file, from, from)).line as usize;
    let source = escape_source(&text[from..to]);
    let annotations: Vec<_> = places
        .iter()
        .map(|(span, kind, label)| {
            let start = boundary(span.start as usize) - from;
            // A statement of many lines is shown by its first.
            let end = boundary(span.end as usize) - from;
            let end = source[start..end].find('\n').map_or(end, |i| start + i);
            kind.span(start..end.max(start)).label(label.clone())
        })
        .collect();
    Snippet::source(source)
        .line_start(line)
        .path(escape(files.path(file)))
        .annotations(annotations)
}

fn coverage_list(coverage: &Coverage, files: &Files, out: &mut String) {
    out.push_str(&format!(
        "coverage: {} migrations, {} statements ({} not followed), {} models, {} fields ({} of unknown type)\n",
        coverage.migrations, coverage.statements, coverage.statements_opaque, coverage.models, coverage.fields, coverage.fields_unknown
    ));
    for step in gaps::steps(&coverage.gaps) {
        let place = step.at.map_or("(not given)".to_owned(), |span| {
            format!("{}:{}", escape(files.path(span.file)), files.start(span).line)
        });
        let count = match step.count() {
            1 => String::new(),
            count => format!(" ({count})"),
        };
        out.push_str(&format!(
            "  {place}: {}; not known because of it{count}: {}\n",
            escape(step.why),
            escape(&step.reach())
        ));
    }
    for missing in &coverage.given_missing {
        out.push_str(&format!("  not given: {}\n", escape(missing)));
    }
    out.push('\n');
}

/// The line that closes every report, so that silence is never mistaken for health. What has one cause counts once, as it is told.
#[must_use]
pub fn summary(report: &Report) -> String {
    let told = alike::by_cause(&report.findings);
    closing(report, told.iter().map(|told| told.finding.level))
}

/// The same for a report with a line for each finding.
pub(super) fn summary_of_each(report: &Report) -> String {
    closing(report, report.findings.iter().map(|finding| finding.level))
}

fn closing(report: &Report, levels: impl Iterator<Item = Level>) -> String {
    let levels: Vec<Level> = levels.collect();
    let count = |level| levels.iter().filter(|of| **of == level).count();
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let coverage = &report.coverage;
    let followed = coverage.statements.saturating_sub(coverage.statements_opaque);
    let mut out = format!(
        "{}, {}, {} | followed {followed} of {} in {}, {}",
        plural(count(Level::Error), "error"),
        plural(count(Level::Warn), "warning"),
        plural(count(Level::Note), "note"),
        plural(coverage.statements, "statement"),
        plural(coverage.migrations, "migration"),
        plural(coverage.models, "model"),
    );
    if !coverage.gaps.is_empty() {
        out.push_str(&format!(
            ", {} (--coverage lists them)",
            plural(gaps::steps(&coverage.gaps).len(), "gap")
        ));
    }
    let silenced = &report.silenced;
    if silenced.ignored > 0 {
        out.push_str(&format!(", {} ignored", silenced.ignored));
    }
    if silenced.known > 0 {
        out.push_str(&format!(", {} in the baseline", silenced.known));
    }
    if silenced.earlier > 0 {
        out.push_str(&format!(", {} there before", silenced.earlier));
    }
    out.push('\n');
    for seen in &coverage.not_checked {
        out.push_str(&format!(
            "not checked: {}: {}\n",
            escape(&seen.what),
            escape(&seen.why)
        ));
    }
    out
}
