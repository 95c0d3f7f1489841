//! Completion from the replayed schema: tables, the columns of a table before a dot, types.

use lsp_types::{CompletionItem, CompletionItemKind};

use crate::check::Runs;
use crate::schema::TypeKind;
use crate::source::FileId;

/// What may stand at a byte of a file of models or migrations.
pub(super) fn items(runs: &Runs, file: FileId, text: &str, offset: u32) -> Vec<CompletionItem> {
    let before = text.get(..offset as usize).unwrap_or("");
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let stem = before.trim_end_matches(word);
    let owner = stem.strip_suffix('.').map(|rest| {
        let rest = rest.trim_end_matches('"');
        rest.get(rest.trim_end_matches(word).len()..).unwrap_or("")
    });
    let mut out: Vec<CompletionItem> = Vec::new();
    for run in runs.runs.iter().filter(|run| concerns(run, file)) {
        let Some(outcome) = &run.replayed.outcome else {
            continue;
        };
        let schema = &outcome.schema;
        for table in schema.live_tables() {
            let name = table.get().name.to_string();
            if owner.is_none_or(|owner| owner == schema.namespaces[table.get().namespace].name.as_str()) {
                out.push(item(&name, CompletionItemKind::STRUCT, &table.qualified()));
            }
            if owner.is_none_or(|owner| owner == name) {
                out.extend(table.columns().map(|column| {
                    let ty = match &column.get().ty {
                        crate::known::Fact::Known(ty, _) => schema.format_type(ty),
                        crate::known::Fact::Unknown { .. } => "type not known".to_owned(),
                    };
                    item(
                        column.name().as_str(),
                        CompletionItemKind::FIELD,
                        &format!("{name}: {ty}"),
                    )
                }));
            }
        }
        if owner.is_none() {
            let types = schema.types.iter().filter(|(_, ty)| ty.presence.may_be());
            out.extend(types.filter_map(|(_, ty)| match &ty.kind {
                TypeKind::Enum(_) => Some(item(ty.name.as_str(), CompletionItemKind::ENUM, "enum")),
                TypeKind::Domain(_) => Some(item(
                    ty.name.as_str(),
                    CompletionItemKind::TYPE_PARAMETER,
                    "domain",
                )),
                TypeKind::Composite(_)
                | TypeKind::Range(_)
                | TypeKind::Row(_)
                | TypeKind::Base
                | TypeKind::Presumed(_) => None,
            }));
        }
    }
    out.sort_by(|a, b| (&a.label, &a.detail).cmp(&(&b.label, &b.detail)));
    out.dedup_by(|a, b| a.label == b.label && a.detail == b.detail);
    out
}

/// Whether a file is of a target's models or migrations.
fn concerns(run: &crate::check::Run, file: FileId) -> bool {
    let of_models = run.target.models.iter().any(|set| set.files.contains(&file));
    let of_history = run
        .replayed
        .histories
        .iter()
        .flat_map(|h| &h.migrations)
        .any(|m| m.text.whole().file == file);
    // A history that is a program names its files only while it runs.
    of_models || of_history || run.replayed.histories.iter().any(|h| h.program.is_some())
}

fn item(label: &str, kind: CompletionItemKind, detail: &str) -> CompletionItem {
    CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        detail: Some(detail.to_owned()),
        ..CompletionItem::default()
    }
}
