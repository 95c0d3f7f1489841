//! An old key that most tables have a new companion for, and some have not.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::pair::transition::{Transition, transitions};

pub(super) static RULE: Rule = Rule {
    name: "unfinished-key-transition",
    summary: "Some tables have an old key alone, others have a new one beside it.",
    level: Level::Note,
    page: include_str!("../../rules/unfinished-key-transition.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(schema) = ctx.schema() else { return };
    for transition in transitions(schema).iter().filter(|t| !t.old_alone.is_empty()) {
        tell(ctx, transition, out);
    }
}

fn tell(ctx: &Context<'_>, of: &Transition<'_>, out: &Reporter) {
    let mut lacking = of.old_alone.iter();
    let Some(first) = lacking.next() else { return };
    let Some(place) = ctx.of_column(*first) else {
        return;
    };
    let (both, all) = (of.both.len(), of.both.len() + of.old_alone.len());
    let message = format!(
        "`{}` is on its way to `{}`: {both} of {all} tables have both, and {} {} the old one alone",
        of.old,
        of.new,
        of.old_alone.len(),
        if of.old_alone.len() == 1 { "has" } else { "have" }
    );
    let mut report = Report::new(place.span, format!("{} alone", of.old), message)
        .table(first.table.qualified())
        .column(first.name())
        .database(Some(&place), "")
        .help(format!(
            "write a migration that adds `{}` to {}, or leave these tables as they are",
            of.new,
            words::list(of.old_alone.iter().map(|c| c.table.qualified()))
        ));
    if let Some((old, new)) = of.both.first() {
        let label = format!("{} has both", old.table.qualified());
        report = report.at(ctx.of_column(*new).as_ref(), label);
    }
    for column in lacking {
        let label = format!("{} has {} alone", column.table.qualified(), of.old);
        report = report.at(ctx.of_column(*column).as_ref(), label);
    }
    out.send(report);
}
