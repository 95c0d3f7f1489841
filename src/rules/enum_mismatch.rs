//! An enum of the models and the database's type have different labels.

use smol_str::SmolStr;

use super::place::Part;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::ChangeId;
use crate::pair::EnumPair;

pub(super) static RULE: Rule = Rule {
    name: "enum-mismatch",
    summary: "An enum and the database's type have different labels, or the same in another order.",
    level: Level::Error,
    page: include_str!("../../rules/enum-mismatch.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    for pair in &ctx.pairs.enums {
        if nothing_alike(ctx, pair, out) {
            continue;
        }
        let missing = missing_labels(ctx, pair, out);
        let extra = extra_labels(ctx, pair, out);
        if !missing && !extra {
            other_order(ctx, pair, out);
        }
    }
}

/// Tells once of an enum and a type that have no label in common: names of members on the one side, their values on the other.
fn nothing_alike(ctx: &Context<'_>, pair: &EnumPair<'_>, out: &Reporter) -> bool {
    let known = |label: &SmolStr| pair.possible.contains(&label);
    if pair.labels.is_empty() || pair.certain.is_empty() || pair.labels.iter().any(|(l, _)| known(l)) {
        return false;
    }
    let wanted: Vec<&str> = pair.labels.iter().map(|(l, _)| l.as_str()).collect();
    let held: Vec<&str> = pair.certain.iter().map(|l| l.as_str()).collect();
    let place = ctx.place(pair.origin, Part::Object);
    let by = place
        .as_ref()
        .map_or_else(String::new, |p| format!(" by {}", p.by()));
    let mut report = Report::new(
        pair.declared.span,
        format!("it writes {}", words::list(&wanted)),
        format!(
            "enum `{}` and the type {} have no label in common: the model writes {}, and the type has {}{by}. Every write fails, and no \
             row that is there loads",
            pair.declared.source_name,
            pair.name,
            words::list(&wanted),
            words::list(&held),
        ),
    )
    .object(pair.name.clone())
    .expected(words::list(&wanted))
    .found(words::list(&held))
    .model(pair.declared.span)
    .database(place.as_ref(), format!("{} here", words::list(&held)));
    if let Some((_, first)) = pair.labels.first() {
        report = report.related(*first, "the first label".to_owned());
    }
    // What the members would be stored as otherwise helps where that is what the type has.
    let stored = pair.declared.stored.as_ref();
    let stored = stored.filter(|stored| pair.certain.iter().all(|held| stored.otherwise.contains(held)));
    let help = match stored {
        Some(stored) if stored.values => {
            "the type has the names of the enum's members: take `values_callable` away, as SQLAlchemy stores their names without it, or \
             write a migration that renames the labels"
        }
        Some(_) => {
            "SQLAlchemy stores the names of an enum's members: have it store their values \
             (`Enum(..., values_callable=lambda members: [m.value for m in members])`), or write a migration that renames the labels"
        }
        None => {
            "write a migration that renames the labels (`ALTER TYPE ... RENAME VALUE`), or name them in the enum as the database does"
        }
    };
    out.send(report.help(help));
    true
}

fn missing_labels(ctx: &Context<'_>, pair: &EnumPair<'_>, out: &Reporter) -> bool {
    let place = ctx.place(pair.origin, Part::Object);
    let mut any = false;
    for (label, span) in pair.labels.iter().filter(|(l, _)| !pair.possible.contains(&l)) {
        any = true;
        out.send(
            Report::new(
                *span,
                "the database does not know it",
                format!(
                    "enum `{}` has the label {label}, but the type {} has not: writing it fails",
                    pair.declared.source_name, pair.name
                ),
            )
            .object(format!("{}.{label}", pair.name))
            .expected(label.as_str())
            .model(*span)
            .database(place.as_ref(), format!("{} here, without {label}", pair.name))
            .help(format!(
                "write a migration (`ALTER TYPE {} ADD VALUE '{}'`), or remove the label",
                pair.ty.name.quoted(),
                label.replace('\'', "''")
            )),
        );
    }
    any
}

fn extra_labels(ctx: &Context<'_>, pair: &EnumPair<'_>, out: &Reporter) -> bool {
    let unknown = |label: &&&SmolStr| !pair.labels.iter().any(|(l, _)| l == **label);
    let mut any = false;
    for label in pair.certain.iter().filter(unknown) {
        any = true;
        // What no change added was there when the type was made.
        let made = || pair.ty.log.first().map(|entry| entry.change);
        let place = ctx.place(added(pair, label).or_else(made).or(pair.origin), Part::Object);
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(", by {}", p.by()));
        out.send(
            Report::new(
                pair.declared.span,
                format!("no label {label}"),
                format!(
                    "the type {} has the label {label}{by}, but enum `{}` has not: a row that holds it fails to load",
                    pair.name, pair.declared.source_name
                ),
            )
            .level(Level::Warn)
            .object(format!("{}.{label}", pair.name))
            .found(label.as_str())
            .model(pair.declared.span)
            .database(place.as_ref(), format!("{label} is known here"))
            .help("add the label to the enum; PostgreSQL cannot drop a label, only a new type can do without it"),
        );
    }
    any
}

/// The change that added a label after the type was made.
fn added(pair: &EnumPair<'_>, label: &str) -> Option<ChangeId> {
    let entry = pair.ty.log.iter().rev();
    let mut entry = entry.filter(|e| {
        let mut words = e.what.split(['\'', '"', '`', ' ']);
        e.what.contains("label") && words.any(|w| w == label)
    });
    entry.next().map(|e| e.change)
}

fn other_order(ctx: &Context<'_>, pair: &EnumPair<'_>, out: &Reporter) {
    let Some(held) = pair.held else { return };
    let wanted: Vec<&str> = pair.labels.iter().map(|(l, _)| l.as_str()).collect();
    if held.iter().map(SmolStr::as_str).eq(wanted.iter().copied()) {
        return;
    }
    let place = ctx.place(pair.origin, Part::Object);
    out.send(
        Report::new(
            pair.declared.span,
            "in this order",
            format!(
                "enum `{}` and the type {} have the same labels in another order, which sorting follows",
                pair.declared.source_name, pair.name
            ),
        )
        .level(Level::Note)
        .object(pair.name.clone())
        .expected(words::list(&wanted))
        .found(words::list(held))
        .model(pair.declared.span)
        .database(place.as_ref(), "the order was set here")
        .help("write the labels in the database's order"),
    );
}
