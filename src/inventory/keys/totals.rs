//! What keys add up to: the types of each concept, the pairs that are on their way, the counts.

use std::collections::BTreeMap;

use crate::inventory::{Cell, Sheet, cells};
use crate::pair::transition::{Transition, is_key};
use crate::rules::Context;
use crate::schema::ColumnWalker;

/// How far a pair of keys is.
pub(super) fn transition(ctx: &Context<'_>, of: &Transition<'_>) -> Vec<Cell> {
    let types = |columns: &mut dyn Iterator<Item = ColumnWalker<'_>>| {
        let mut all: Vec<String> = columns.map(|c| cells::type_held(c).plain()).collect();
        all.sort();
        all.dedup();
        Cell::list(all)
    };
    let keyed = |columns: &mut dyn Iterator<Item = ColumnWalker<'_>>| {
        Cell::Count(columns.filter(|c| is_key(*c)).count())
    };
    let tables = |columns: &[ColumnWalker<'_>]| Cell::list(columns.iter().map(|c| c.table.qualified()));
    vec![
        Cell::text(ctx.subject.target),
        Cell::text(of.old.clone()),
        Cell::text(of.new.clone()),
        types(&mut of.olds()),
        types(&mut of.news()),
        Cell::Count(of.both.len()),
        Cell::Count(of.old_alone.len()),
        Cell::Count(of.new_alone.len()),
        keyed(&mut of.olds()),
        keyed(&mut of.news()),
        tables(&of.old_alone),
        tables(&of.new_alone),
    ]
}

/// The types that the keys of one concept have.
pub(super) fn concepts(sheet: &Sheet) -> Sheet {
    let mut out = Sheet::new(
        "concepts",
        "Types of the keys of each table",
        &["concept", "types", "mixed", "primary", "foreign", "by_name"],
    );
    #[derive(Default)]
    struct Counts {
        types: BTreeMap<String, usize>,
        kinds: BTreeMap<String, usize>,
    }
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    let plain = |row: &[Cell], key: &str| sheet.cell(row, key).map(Cell::plain).unwrap_or_default();
    for row in &sheet.rows {
        if sheet.cell(row, "concept").is_none_or(Cell::is_unknown) {
            continue;
        }
        let of = all.entry(plain(row, "concept")).or_default();
        *of.kinds.entry(plain(row, "kind")).or_default() += 1;
        // A composite key has no type of its own.
        let ty = match sheet.cell(row, "type") {
            Some(Cell::Each(types)) if types.len() == 1 => plain(row, "type"),
            None | Some(Cell::Empty) => plain(row, "model_type"),
            Some(_) => continue,
        };
        if !ty.is_empty() {
            *of.types.entry(ty).or_default() += 1;
        }
    }
    for (concept, counts) in all {
        let kind = |kind: &str| Cell::Count(counts.kinds.get(kind).copied().unwrap_or(0));
        out.rows.push(vec![
            Cell::text(concept),
            Cell::list(counts.types.iter().map(|(ty, n)| format!("{n} {ty}"))),
            Cell::Is(counts.types.len() > 1),
            kind("primary"),
            kind("foreign"),
            kind("by name"),
        ]);
    }
    out
}

pub(super) fn totals(sheet: &Sheet, concepts: &Sheet, moving: &Sheet) -> Vec<(String, usize)> {
    let count = |key: &str, is: &dyn Fn(&Cell) -> bool| {
        let all = sheet.rows.iter();
        all.filter(|row| sheet.cell(row, key).is_some_and(is)).count()
    };
    let kind = |word: &'static str| move |cell: &Cell| cell.plain() == word;
    let unknown = sheet.rows.iter().filter(|row| row.iter().any(Cell::is_unknown));
    let mut out = vec![
        ("primary keys".to_owned(), count("kind", &kind("primary"))),
        ("foreign keys".to_owned(), count("kind", &kind("foreign"))),
        (
            "columns that refer by name alone".to_owned(),
            count("kind", &kind("by name")),
        ),
        (
            "composite".to_owned(),
            count("composite", &|c| *c == Cell::Is(true)),
        ),
        ("with something unknown".to_owned(), unknown.count()),
    ];
    let mut types: BTreeMap<String, usize> = BTreeMap::new();
    for row in &sheet.rows {
        if let Some(Cell::Each(of)) = sheet.cell(row, "type") {
            for ty in of {
                *types.entry(ty.plain()).or_default() += 1;
            }
        }
    }
    let named = types.into_iter().filter(|(ty, _)| !ty.is_empty());
    out.extend(named.map(|(ty, n)| (format!("key columns of type {ty}"), n)));
    let mixed = concepts
        .rows
        .iter()
        .filter(|row| concepts.cell(row, "mixed") == Some(&Cell::Is(true)));
    out.push(("tables whose keys have several types".to_owned(), mixed.count()));
    out.push(("keys on their way".to_owned(), moving.rows.len()));
    out
}
