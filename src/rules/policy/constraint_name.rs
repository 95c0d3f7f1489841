//! A constraint or index with another name than the policy asks for.

use super::{LEVEL, table, ways};
use crate::config::pattern::Pattern;
use crate::config::policy::ConstraintWord;
use crate::name::Name;
use crate::pair::TablePair;
use crate::rules::place::Place;
use crate::rules::{Check, Context, Report, Reporter, Rule, words};
use crate::schema::{ConstraintKind, TableWalker};
use crate::source::{FileId, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    name: "constraint-name-policy",
    summary: "A constraint or index has another name than the policy asks for.",
    level: LEVEL,
    page: include_str!("../../../rules/constraint-name-policy.md"),
    check: Check::Tables(check),
};

/// Longest name that the server keeps (manual, 4.1.1 "Identifiers and Key Words").
const LONGEST: usize = 63;

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((policy, table)) = super::of(ctx).zip(table(ctx, pair)) else {
        return;
    };
    let wanted = |kind: ConstraintWord| {
        let mut all = policy.constraint_names.iter();
        all.find(|(word, _)| *word == kind).map(|(_, name)| name.as_str())
    };
    for constraint in table
        .constraints()
        .filter(|c| c.get().presence.is_present() && c.get().inherited == 0)
    {
        let get = constraint.get();
        let (kind, target) = match &get.kind {
            ConstraintKind::PrimaryKey(_) => (ConstraintWord::PrimaryKey, None),
            ConstraintKind::Unique(_) => (ConstraintWord::Unique, None),
            ConstraintKind::ForeignKey(key) => (
                ConstraintWord::ForeignKey,
                Some(table.schema.table(key.table).name()),
            ),
            ConstraintKind::Check(_) => (ConstraintWord::Check, None),
            ConstraintKind::Exclude(..) => continue,
        };
        let (Some(template), Some(name)) = (wanted(kind), get.name.known()) else {
            continue;
        };
        let columns: Vec<&Name> = constraint.columns().map(|c| c.name()).collect();
        let asked = filled(template, table.name(), &columns, target);
        if !fits(&asked, name.as_str()) {
            tell(
                ctx,
                pair,
                (table, name),
                &asked,
                ctx.of_constraint(constraint),
                out,
            );
        }
    }
    let Some(template) = wanted(ConstraintWord::Index) else {
        return;
    };
    for index in table.indexes() {
        let get = index.get();
        let Some(name) = get
            .name
            .known()
            .filter(|_| get.constraint.is_none() && get.presence.is_present())
        else {
            continue;
        };
        // An index over an expression has no column to be called after.
        let columns: Option<Vec<&Name>> = (0..get.keys.len())
            .map(|key| get.key_column(key).map(|id| table.column_by_id(id).name()))
            .collect();
        let Some(columns) = columns.filter(|_| get.parent.is_none()) else {
            continue;
        };
        let asked = filled(template, table.name(), &columns, None);
        if !fits(&asked, name.as_str()) {
            tell(ctx, pair, (table, name), &asked, ctx.of_index(index), out);
        }
    }
}

fn filled(template: &str, table: &Name, columns: &[&Name], target: Option<&Name>) -> String {
    let columns: Vec<&str> = columns.iter().map(|c| c.as_str()).collect();
    template
        .replace("{table}", table.as_str())
        .replace("{columns}", &columns.join("_"))
        .replace("{target}", target.map_or("", Name::as_str))
}

/// Whether a name is the one that is asked for; `*` in it is anything.
fn fits(asked: &str, name: &str) -> bool {
    if !asked.contains('*') {
        let cut = asked
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .take_while(|end| *end <= LONGEST)
            .last();
        return asked.get(..cut.unwrap_or(0)) == Some(name);
    }
    let nowhere = Span::new(FileId(0), 0, 0);
    Pattern::new(asked, nowhere).map_or(true, |pattern| pattern.fits_path(name))
}

fn tell(
    ctx: &Context<'_>,
    pair: &TablePair<'_>,
    (table, name): (TableWalker<'_>, &Name),
    asked: &str,
    place: Option<Place>,
    out: &Reporter,
) {
    let Some(place) = place else { return };
    let message = format!(
        "{name} of {} should be called {asked} by the policy",
        table.qualified()
    );
    let change = format!(
        "write a migration that renames it (in {})",
        words::sql_table(table)
    );
    let mut report = Report::new(place.span, format!("called {name}"), message)
        .level(LEVEL)
        .table(table.qualified())
        .object(name.as_str())
        .expected(asked)
        .found(name.as_str())
        .database(Some(&place), "")
        .help(ways(&change));
    if let Some(model) = ctx.pairs.models_of(pair).next() {
        report = report.model(model.span).related(model.span, "the table's model");
    }
    out.send(report);
}
