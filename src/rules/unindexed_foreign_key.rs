//! A foreign key whose columns lead no index.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{TablePair, foreign_keys, open};
use crate::schema::{IndexWalker, Lookup, TableWalker};
use crate::tree::ExprKind;

pub(super) static RULE: Rule = Rule {
    name: "unindexed-foreign-key",
    summary: "No index begins with a column of the foreign key.",
    level: Level::Note,
    page: include_str!("../../rules/unindexed-foreign-key.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Lookup::Found(table) = pair.table else {
        return;
    };
    // A table with several models is told once.
    if !ctx.pairs.is_first(pair) || hidden(table) {
        return;
    }
    for (constraint, key) in foreign_keys(table).filter(|(c, _)| c.get().inherited == 0) {
        let own: Vec<&Name> = constraint.columns().map(|c| c.name()).collect();
        if own.is_empty() || table.indexes().any(|index| serves(index, &own)) {
            continue;
        }
        let Some(place) = ctx.of_constraint(constraint) else {
            continue;
        };
        let list = words::list(&own);
        let target = table.schema.table(key.table).qualified();
        out.send(
            Report::new(
                place.span,
                format!("no index over {list}"),
                format!(
                    "{} makes a foreign key from {} {list} to {target}, and no index begins with a column of it: each delete \
                     there reads the whole table",
                    place.by(),
                    table.qualified()
                ),
            )
            .table(table.qualified())
            .object(constraint.get().name.known().map_or_else(|| format!("foreign key {list}"), Name::to_string))
            .database(Some(&place), "")
            .help(format!(
                "write a migration (`CREATE INDEX ON {} {}`)",
                words::sql_table(table),
                words::sql_list(own.iter().copied())
            )),
        );
    }
}

/// Whether an index could be there that is not seen.
pub(crate) fn hidden(table: TableWalker<'_>) -> bool {
    [
        Section::Indexes,
        Section::Unique,
        Section::PrimaryKey,
        Section::ForeignKeys,
    ]
    .into_iter()
    .any(|section| open(table, section).is_some())
}

/// Whether an index begins with one of the columns: a search by all of them can use it. One that leaves out NULLs serves too.
pub(crate) fn serves(index: IndexWalker<'_>, columns: &[&Name]) -> bool {
    let get = index.get();
    let whole = get.predicate.as_ref().is_none_or(|predicate| {
        matches!(&predicate.expr.kind, ExprKind::IsNull(inner, true) if matches!(inner.kind, ExprKind::Var(_)))
    });
    let first = get.key_column(0).map(|id| index.table.column_by_id(id).name());
    whole && first.is_some_and(|first| columns.contains(&first))
}
