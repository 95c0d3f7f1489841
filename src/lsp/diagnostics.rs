//! Findings as diagnostics: at their own place, with the other side as related information.

use std::collections::BTreeMap;
use std::path::Path;

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    PublishDiagnosticsParams, Range, Uri,
};

use super::position::{range, uri};
use crate::config::file::Flaw;
use crate::finding::{Finding, Level};
use crate::source::{FileId, Files};

const SOURCE: &str = "schemalign";

/// Diagnostics by file.
pub(super) type ByFile = BTreeMap<Uri, Vec<Diagnostic>>;

/// Every finding.
pub(super) fn of_findings(root: &Path, files: &Files, findings: &[Finding]) -> ByFile {
    let mut uris = Uris::new();
    let mut by_file: BTreeMap<FileId, Vec<Diagnostic>> = BTreeMap::new();
    for finding in findings {
        let told = diagnostic(root, files, &mut uris, finding);
        by_file.entry(finding.span.file).or_default().push(told);
    }
    let told = by_file.into_iter();
    told.filter_map(|(file, told)| Some((of_file(&mut uris, root, files, file)?, told)))
        .collect()
}

/// Files as URIs, each worked out once.
type Uris = BTreeMap<FileId, Option<Uri>>;

fn of_file(uris: &mut Uris, root: &Path, files: &Files, file: FileId) -> Option<Uri> {
    uris.entry(file)
        .or_insert_with(|| uri(root, files.path(file)))
        .clone()
}

fn diagnostic(root: &Path, files: &Files, uris: &mut Uris, finding: &Finding) -> Diagnostic {
    let related = finding.related.iter().filter_map(|r| {
        let uri = of_file(uris, root, files, r.span.file)?;
        Some(DiagnosticRelatedInformation {
            location: Location::new(uri, range(files, r.span)),
            message: r.label.clone(),
        })
    });
    let message = match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    };
    Diagnostic {
        range: range(files, finding.span),
        severity: Some(match finding.level {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warn => DiagnosticSeverity::WARNING,
            Level::Note => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.rule.to_owned())),
        source: Some(SOURCE.to_owned()),
        message,
        related_information: Some(related.collect()),
        ..Diagnostic::default()
    }
}

/// The flaws of configuration files.
pub(super) fn of_flaws(root: &Path, files: &Files, flaws: &[Flaw]) -> ByFile {
    let mut out = ByFile::new();
    for flaw in flaws {
        let Some(uri) = uri(root, files.path(flaw.span.file)) else {
            continue;
        };
        let help = flaw
            .help
            .as_ref()
            .map_or(String::new(), |help| format!("\n{help}"));
        out.entry(uri).or_default().push(Diagnostic {
            range: range(files, flaw.span),
            severity: Some(DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: format!("{}{help}", flaw.what),
            ..Diagnostic::default()
        });
    }
    out
}

/// What keeps all else from being checked, at the top of the file that the user looks at.
pub(super) fn of_misuse(uri: Uri, what: &str, help: &str) -> ByFile {
    let diagnostic = Diagnostic {
        range: Range::default(),
        severity: Some(DiagnosticSeverity::WARNING),
        source: Some(SOURCE.to_owned()),
        message: format!("{what}\n{help}"),
        ..Diagnostic::default()
    };
    ByFile::from([(uri, vec![diagnostic])])
}

/// What to send so that the client shows `now` and nothing of `before`.
pub(super) fn publication(before: &ByFile, now: &ByFile) -> Vec<PublishDiagnosticsParams> {
    let gone = before
        .keys()
        .filter(|uri| !now.contains_key(uri))
        .map(|uri| (uri, Vec::new()));
    let changed = now
        .iter()
        .filter(|(uri, list)| before.get(uri) != Some(list))
        .map(|(uri, list)| (uri, list.clone()));
    gone.chain(changed)
        .map(|(uri, list)| PublishDiagnosticsParams::new(uri.clone(), list, None))
        .collect()
}
