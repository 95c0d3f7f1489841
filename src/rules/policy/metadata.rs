//! Models of one database that are kept in several collections.

use super::{LEVEL, ways};
use crate::declared::{KeptIn, Model};
use crate::rules::{Check, Context, Report, Reporter, Rule};
use crate::source::Span;

pub(in crate::rules) static RULE: Rule = Rule {
    name: "metadata-policy",
    summary: "Models are kept in several collections, and the policy asks for one.",
    level: LEVEL,
    page: include_str!("../../../rules/metadata-policy.md"),
    check: Check::Target(check),
};

/// What a collection is known by, and the models that it keeps.
type Collection<'a> = ((Option<Span>, Option<&'static str>), Vec<&'a Model>);

fn check(ctx: &Context<'_>, out: &Reporter) {
    if super::of(ctx).is_none_or(|policy| !policy.one_metadata) {
        return;
    }
    let mut all: Vec<Collection<'_>> = Vec::new();
    for set in &ctx.subject.models {
        for kept in &set.kept_in {
            let model = set
                .models
                .iter()
                .find(|m| m.span == kept.model && m.table.is_some());
            let Some(model) = model.filter(|_| is_told(kept)) else {
                continue;
            };
            let key = (kept.made, kept.library);
            match all.iter_mut().find(|(known, _)| *known == key) {
                Some((_, models)) => models.push(model),
                None => all.push((key, vec![model])),
            }
        }
    }
    // The one that keeps most is the one that is meant.
    all.sort_by_key(|(_, models)| std::cmp::Reverse(models.len()));
    let Some(((meant, _), most)) = all.first() else {
        return;
    };
    for ((made, _), models) in all.iter().skip(1) {
        let Some(first) = models.first() else { continue };
        let message = format!(
            "{} kept in a collection of their own, beside the one that keeps {}: the policy asks for one",
            match models.len() {
                1 => format!("model `{}` is", first.name),
                n => format!("{n} models, `{}` among them, are", first.name),
            },
            match most.len() {
                1 => "another".to_owned(),
                n => format!("{n} others"),
            }
        );
        let mut report = Report::new(first.span, "kept in another collection", message)
            .level(LEVEL)
            .object(first.name.as_str())
            .model(first.span)
            .help(ways("keep all models of a database in one `MetaData`"));
        if let Some(made) = made {
            report = report.related(*made, "made here");
        }
        if let Some(meant) = meant {
            report = report.related(*meant, "the one that keeps most");
        }
        out.send(report);
    }
}

fn is_told(kept: &KeptIn) -> bool {
    kept.made.is_some() || kept.library.is_some()
}
