//! What the rules on ways back share: how a schema differs from another that it was made of, in words.

use super::Context;
use crate::schema::Schema;
use crate::schema::compare::{Comparison, Difference, Kind, Side, Untold, Without, compare, compare_until};
use crate::source::Span;
use crate::stacks::back::Ran;

/// What two schemas have apart, of which one was made of the other. The order of columns is not counted: what is added again stands
/// last; extensions neither, which others may use, nor what was unknown before and is so still.
pub(crate) fn apart(ctx: &Context<'_>, left: &Schema, right: &Schema) -> Comparison {
    let mut out = compare(left, right, &without(ctx));
    keep_what_counts(ctx, &mut out, right);
    out
}

/// Whether anything differs, by the same measure; `None` where it cannot be told.
pub(crate) fn differs(ctx: &Context<'_>, left: &Schema, right: &Schema) -> Option<bool> {
    // A table on one side may be one that nothing makes.
    let counts = |d: &Difference| {
        let made = d.left.is_none() && d.object.kind == Kind::Table;
        d.object.kind != Kind::Extension && !made
    };
    let mut out = compare_until(left, right, &without(ctx), &counts);
    keep_what_counts(ctx, &mut out, right);
    out.is_equal().map(|equal| !equal)
}

fn without(ctx: &Context<'_>) -> Without {
    let books = ctx.subject.histories.iter().filter_map(|history| {
        let runner = crate::stacks::RUNNERS.iter().find(|r| r.name == history.stack)?;
        runner.table.map(crate::name::Name::new)
    });
    Without {
        tables: books.collect(),
        order: true,
        names: false,
        comments: true,
        untouched: true,
    }
}

fn keep_what_counts(ctx: &Context<'_>, out: &mut Comparison, right: &Schema) {
    out.differences.retain(|d| d.object.kind != Kind::Extension);
    out.untold.retain(|u| u.object.kind != Kind::Extension);
    used_before_it_is_made(out, right);
    where_the_path_leads(ctx, out);
}

/// Where migrations run only with a search path that leads to another schema, names alone mean what is there, in ways back too.
fn where_the_path_leads(ctx: &Context<'_>, out: &mut Comparison) {
    for presumed in ctx.subject.outcome.iter().flat_map(|o| &o.presumed_path) {
        let is_there = |d: &Difference| {
            let object = &d.object;
            let name = object.table.as_ref().unwrap_or(&object.name);
            name.split_once('.')
                .is_some_and(|(schema, _)| schema == presumed.schema.as_str())
        };
        let (there, rest) = std::mem::take(&mut out.differences)
            .into_iter()
            .partition(is_there);
        out.differences = rest;
        let there: Vec<Difference> = there;
        out.untold.extend(there.into_iter().map(|d| Untold {
            object: d.object,
            fact: None,
            side: Side::Right,
            gap: presumed.gap.clone(),
        }));
    }
}

/// A table that nothing makes was there before what uses it first.
fn used_before_it_is_made(out: &mut Comparison, right: &Schema) {
    let presumed = right.live_tables().into_iter().filter_map(|table| {
        let gap = table.get().presumed.clone()?;
        Some((table.qualified(), gap))
    });
    let presumed: Vec<_> = presumed.collect();
    out.differences.retain(|d| {
        let gap = presumed.iter().find(|(name, _)| *name == d.object.name);
        let Some((_, gap)) = gap.filter(|_| d.left.is_none() && d.object.kind == Kind::Table) else {
            return true;
        };
        out.untold.push(Untold {
            object: d.object.clone(),
            fact: None,
            side: Side::Left,
            gap: gap.clone(),
        });
        false
    });
}

/// `column public.users.email`.
pub(crate) fn name(difference: &Difference) -> String {
    let object = &difference.object;
    match &object.table {
        Some(table) if object.name.is_empty() => format!("a {} of {table}", object.kind.word()),
        Some(table) => format!("{} {table}.{}", object.kind.word(), object.name),
        None => format!("{} {}", object.kind.word(), object.name),
    }
}

/// The table of what differs, and what names it in a key.
pub(super) fn table(difference: &Difference) -> Option<String> {
    let object = &difference.object;
    match object.kind {
        Kind::Table | Kind::View => Some(object.name.clone()),
        _ => object.table.clone(),
    }
}

/// The place of a change of a way back.
pub(super) fn place(ctx: &Context<'_>, ran: &Ran, at: Option<crate::known::ChangeId>) -> Option<Span> {
    let journal = &ctx.subject.backs?.journal;
    ran.tail.origin(journal, at?).map(|origin| origin.span)
}
