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
        let partial = partial(table, &own);
        let none = match &partial {
            None => "no index begins with a column of it".to_owned(),
            Some(partial) => format!(
                "{} is over a part of the rows alone{}",
                partial.index, partial.rows
            ),
        };
        out.send(
            Report::new(
                place.span,
                format!("no index over {list}"),
                format!(
                    "{} makes a foreign key from {} {list} to {target}, and {none}: each delete there reads the whole table",
                    place.by(),
                    table.qualified()
                ),
            )
            .at(
                partial.as_ref().and_then(|partial| ctx.of_index(partial.walker)).as_ref(),
                "over a part of the rows",
            )
            .table(table.qualified())
            .object(constraint.get().name.known().map_or_else(|| format!("foreign key {list}"), Name::to_string))
            .database(Some(&place), "")
            .help(format!(
                "write a migration (`CREATE INDEX ON {} {}`{})",
                words::sql_table(table),
                words::sql_list(own.iter().copied()),
                partial.as_ref().map_or("", |partial| partial.taken.as_str())
            )),
        );
    }
}

/// An index that would serve if it were over all rows.
pub(crate) struct Partial<'a> {
    /// It.
    walker: IndexWalker<'a>,
    /// What it is called in a sentence.
    pub(crate) index: String,
    /// ` (WHERE ...)`, where that can be printed.
    pub(crate) rows: String,
    /// `; the name a is taken`: a tool that names indexes by their columns would choose it again.
    pub(crate) taken: String,
}

/// The first such index.
pub(crate) fn partial<'a>(table: TableWalker<'a>, columns: &[&Name]) -> Option<Partial<'a>> {
    let leads = |index: &IndexWalker<'a>| leads(*index, columns) && index.get().predicate.is_some();
    let walker = table.indexes().find(leads)?;
    let predicate = walker.get().predicate.as_ref()?;
    let printed = table.schema.print_expr(Some(table.id), predicate).ok();
    let name = walker.get().name.known();
    Some(Partial {
        walker,
        index: name.map_or_else(
            || "the index that begins with a column of it".to_owned(),
            |name| format!("the index {name}"),
        ),
        rows: printed.map_or_else(String::new, |printed| format!(" (WHERE {printed})")),
        taken: name.map_or_else(String::new, |name| format!("; the name {name} is taken")),
    })
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
    whole && leads(index, columns)
}

/// Whether the first key of an index is one of the columns.
fn leads(index: IndexWalker<'_>, columns: &[&Name]) -> bool {
    let first = index.get().key_column(0);
    first.is_some_and(|id| columns.contains(&index.table.column_by_id(id).name()))
}
