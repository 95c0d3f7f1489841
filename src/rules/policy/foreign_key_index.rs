//! A foreign key without an index, where the policy asks for one.

use super::{LEVEL, table, ways};
use crate::name::Name;
use crate::pair::{TablePair, foreign_keys};
use crate::rules::unindexed_foreign_key::{hidden, partial, serves};
use crate::rules::{Check, Context, Report, Reporter, Rule, words};

pub(in crate::rules) static RULE: Rule = Rule {
    name: "foreign-key-index-policy",
    summary: "A foreign key has no index, and the policy asks for one.",
    level: LEVEL,
    page: include_str!("../../../rules/foreign-key-index-policy.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let policy = super::of(ctx).filter(|p| p.index_foreign_keys);
    let Some((_, table)) = policy.zip(table(ctx, pair)).filter(|(_, table)| !hidden(*table)) else {
        return;
    };
    for (constraint, key) in foreign_keys(table).filter(|(c, _)| c.get().inherited == 0) {
        let own: Vec<&Name> = constraint.columns().map(|c| c.name()).collect();
        let Some(place) = ctx.of_constraint(constraint).filter(|_| !own.is_empty()) else {
            continue;
        };
        if table.indexes().any(|index| serves(index, &own)) {
            continue;
        }
        let target = table.schema.table(key.table).qualified();
        let list = words::list(&own);
        let partial = partial(table, &own);
        let lacks = match &partial {
            None => "has no index".to_owned(),
            Some(partial) => format!(
                "has no index over all rows ({} is over a part of them{})",
                partial.index, partial.rows
            ),
        };
        let message = format!(
            "the foreign key from {} {list} to {target} {lacks}, and the policy asks for one",
            table.qualified()
        );
        let change = format!(
            "write a migration (`CREATE INDEX ON {} {}`{})",
            words::sql_table(table),
            words::sql_list(own.iter().copied()),
            partial.map_or_else(String::new, |partial| partial.taken)
        );
        let name = constraint.get().name.known();
        let mut report = Report::new(place.span, format!("no index over {list}"), message)
            .level(LEVEL)
            .table(table.qualified())
            .object(name.map_or_else(|| format!("foreign key {list}"), Name::to_string))
            .database(Some(&place), "")
            .help(ways(&change));
        let field = own.first().and_then(|name| match table.column(name) {
            crate::schema::Lookup::Found(column) => super::field(ctx, pair, column),
            _ => None,
        });
        if let Some(field) = field {
            report = report.model(field.span).related(field.span, "the model's field");
        }
        out.send(report);
    }
}
