//! Code actions: the fixes of a finding, and a comment that ignores it.

use std::collections::HashMap;
use std::path::Path;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Diagnostic, NumberOrString, Position, Range, TextEdit,
    Uri, WorkspaceEdit,
};

use super::position::{range, uri};
use crate::finding::{Finding, Fix};
use crate::source::{FileId, Files};
use crate::suppress::Language;

/// The actions for the diagnostics that the client shows at a place.
pub(super) fn actions(
    root: &Path,
    files: &Files,
    findings: &[Finding],
    (file, here): (FileId, &Uri),
    shown: &[Diagnostic],
) -> Vec<CodeActionOrCommand> {
    let mut out = Vec::new();
    for diagnostic in shown.iter().filter(|d| d.source.as_deref() == Some("schemalign")) {
        let Some(NumberOrString::String(rule)) = &diagnostic.code else {
            continue;
        };
        let of = findings.iter().find(|finding| {
            finding.rule == rule
                && finding.span.file == file
                && range(files, finding.span) == diagnostic.range
        });
        if let Some(fix) = of.and_then(|finding| finding.fix.as_ref()) {
            out.push(action(
                &fix.title,
                CodeActionKind::QUICKFIX,
                edits(root, files, fix),
                diagnostic,
            ));
        }
        if let Some(edit) = ignore(files, file, rule, diagnostic.range) {
            let changes = HashMap::from([(here.clone(), vec![edit])]);
            out.push(action(
                &format!("Ignore {rule} here"),
                CodeActionKind::QUICKFIX,
                changes,
                diagnostic,
            ));
        }
    }
    out
}

fn action(
    title: &str,
    kind: CodeActionKind,
    changes: HashMap<Uri, Vec<TextEdit>>,
    diagnostic: &Diagnostic,
) -> CodeActionOrCommand {
    CodeActionOrCommand::CodeAction(CodeAction {
        title: title.to_owned(),
        kind: Some(kind),
        diagnostics: Some(vec![diagnostic.clone()]),
        edit: Some(WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    })
}

fn edits(root: &Path, files: &Files, fix: &Fix) -> HashMap<Uri, Vec<TextEdit>> {
    let mut out: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        if let Some(uri) = uri(root, files.path(edit.span.file)) {
            out.entry(uri)
                .or_default()
                .push(TextEdit::new(range(files, edit.span), edit.text.clone()));
        }
    }
    out
}

/// A comment of its own above the line, indented as the line is.
fn ignore(files: &Files, file: FileId, rule: &str, at: Range) -> Option<TextEdit> {
    let language = Language::of(files.path(file))?;
    let text = files.text(file);
    let line = text.lines().nth(at.start.line as usize)?;
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let place = Position::new(at.start.line, 0);
    let comment = format!("{indent}{} schemalign: ignore[{rule}] \n", language.marker());
    Some(TextEdit::new(Range::new(place, place), comment))
}
