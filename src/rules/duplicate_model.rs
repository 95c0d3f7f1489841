//! Two models of one name, or of one table.

use std::collections::BTreeMap;

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{Expectation, Model};
use crate::finding::Level;
use crate::name::QualifiedName;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-model",
    summary: "Two models have the same name or the same table.",
    level: Level::Error,
    page: include_str!("../../rules/duplicate-model.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let faults = ctx.subject.models.iter().flat_map(|set| &set.faults);
    for fault in faults.filter(|f| is_of(f.kind)) {
        let mut report = Report::new(fault.span, "", fault.message.clone())
            .object(fault.message.clone())
            .model(fault.span)
            .help(HELP);
        // Only one of them is seen to be imported, or the two never meet in one metadata.
        if fault.kind != RULE.name {
            report = report.level(Level::Warn);
        }
        for (span, label) in &fault.related {
            report = report.related(*span, label.clone());
        }
        out.send(report);
    }
    for set in ctx
        .subject
        .models
        .iter()
        .filter(|set| !set.language.shared_tables)
    {
        same_table(ctx, &set.models, out);
    }
}

/// Whether a fault of the source is of this rule.
pub(super) fn is_of(kind: &str) -> bool {
    kind.starts_with(RULE.name)
}

const HELP: &str = "rename one of them, or take it out";

/// Two models of one table, where the framework gives each model a table of its own.
fn same_table(ctx: &Context<'_>, models: &[Model], out: &Reporter) {
    let mut seen: BTreeMap<&QualifiedName, &Model> = BTreeMap::new();
    for model in models {
        let Some(Expectation::Exactly(name)) = &model.table else {
            continue;
        };
        let Some(first) = seen.get(name) else {
            seen.insert(name, model);
            continue;
        };
        // Two models of one name are a fault of the source already.
        if first.name == model.name {
            continue;
        }
        let table = words::qualified(ctx.schema(), name);
        out.send(
            Report::new(
                model.table_span.unwrap_or(model.span),
                "the same table",
                format!(
                    "model `{}` and model `{}` map the same table {table}",
                    model.name, first.name
                ),
            )
            .table(table)
            .model(model.span)
            .object(model.name.as_str())
            .related(
                first.table_span.unwrap_or(first.span),
                format!("`{}` maps it here", first.name),
            )
            .help(HELP),
        );
    }
}
