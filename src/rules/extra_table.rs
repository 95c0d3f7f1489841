//! A table that no model stands for.

use rustc_hash::FxHashSet;

use super::going_on::projects;
use super::{Check, Context, Report, Reporter, Rule};
use crate::declared::Expectation;
use crate::finding::Level;
use crate::known::{Gap, Reach};
use crate::pair::{TablePair, is_bookkeeping, is_table};
use crate::schema::{Lookup, RelationKind, TableWalker};
use crate::source::FileId;
use crate::stacks::sqlalchemy::beside;

pub(super) static RULE: Rule = Rule {
    name: "extra-table",
    summary: "A table has no model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-table.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let (None, Lookup::Found(table)) = (pair.model, &pair.table) else {
        return;
    };
    if !is_looked_after(ctx, *table) || may_be_modelled(ctx, *table) || is_modelled_beside(ctx, *table) {
        return;
    }
    let Some(place) = ctx.of_table(*table) else {
        return;
    };
    let name = table.qualified();
    out.send(
        Report::new(
            place.span,
            "no model for it",
            format!(
                "{} makes the table {name}, and no model stands for it",
                place.by()
            ),
        )
        .table(&name)
        .found(&name)
        .database(Some(&place), "")
        .help("add a model, or drop the table in a migration"),
    );
}

/// A table of its own, in a schema that the models use, that no runner keeps for itself.
fn is_looked_after(ctx: &Context<'_>, table: TableWalker<'_>) -> bool {
    let get = table.get();
    let namespace = table.namespace_name();
    let models = || ctx.subject.models.iter().flat_map(|set| &set.models);
    let used = models().any(|model| match &model.table {
        Some(Expectation::Exactly(name)) => match &name.schema {
            Some(schema) => schema == namespace,
            None => table.schema.search_path.contains(namespace),
        },
        _ => false,
    });
    used && is_table(table)
        && get.kind != RelationKind::Foreign
        && get.partition.of.is_none()
        && get.inherits.is_empty()
        && get.presumed.is_none()
        && !is_bookkeeping(table.name())
}

/// Whether a model whose table cannot be told, or a part of the models that could not be read, may be the table's.
fn may_be_modelled(ctx: &Context<'_>, table: TableWalker<'_>) -> bool {
    let name = table.qualified();
    let is_others = |gap: &Gap| matches!(&gap.reach, Reach::Object(other) if *other != name);
    let own = table.name();
    ctx.subject.models.iter().any(|set| {
        !set.gaps.iter().all(is_others)
            || set.perhaps.iter().any(|(like, _)| like.fits(own.as_str()))
            || set.models.iter().any(|model| match &model.table {
                Some(Expectation::Unknown(_)) => model.table_like.fits(own.as_str()),
                Some(Expectation::OneOf(names)) => names.iter().any(|one| one.name == *own),
                _ => false,
            })
    })
}

/// Whether a module of Python that no history leads to declares it.
fn is_modelled_beside(ctx: &Context<'_>, table: TableWalker<'_>) -> bool {
    let files = ctx.subject.files;
    let models = || ctx.subject.models.iter().flat_map(|set| &set.models);
    let read: FxHashSet<FileId> = models().map(|model| model.span.file).collect();
    let is_python = read.iter().any(|file| files.path(*file).ends_with(".py"));
    is_python
        && beside::declares(
            files,
            &projects(ctx),
            &|file| read.contains(&file),
            table.name().as_str(),
        )
}
