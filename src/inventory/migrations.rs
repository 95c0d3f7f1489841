//! Every migration in its order: what it follows, which databases and tables it touches, what it does to rows, whether it runs and
//! whether it can be taken back; which migration is whose, and what leads to each head.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::reach::commands;
use super::touched::{Did, Step, did, steps};
use super::{At, Cell, Inventory, Sheet, down};
use crate::known::{ChangeId, Presence};
use crate::pair::is_bookkeeping;
use crate::rules::table_of_another_database::held_by_another;
use crate::rules::{Context, Subject};
use crate::source::{Files, Span};
use crate::stacks::back::Back;
use crate::stacks::{Chain, History};

const COLUMNS: &[&str] = &[
    "+history",
    "order",
    "revision",
    "parents",
    "labels",
    "-depends_on",
    "targets",
    "tables",
    "rows",
    "outcome",
    "reversible",
    "note",
    "file",
];

/// A history with what each database made of it.
struct Shared<'s, 'a> {
    history: &'a History,
    steps: Vec<Step>,
    chain: Option<Chain>,
    of: Vec<(&'s Context<'a>, Vec<Did>)>,
}

/// The migrations of all databases, each once.
#[must_use]
pub fn migrations(files: &Files, subjects: &[Subject<'_>]) -> Inventory {
    let contexts: Vec<Context<'_>> = subjects.iter().map(Context::new).collect();
    let mut all: Vec<Shared<'_, '_>> = Vec::new();
    for ctx in &contexts {
        for history in ctx.subject.histories.iter().copied() {
            let steps = steps(ctx, history);
            let did = did(&contexts, ctx, history, &steps);
            let known = all.iter_mut().find(|s| {
                s.history.root == history.root && s.history.stack == history.stack && s.steps == steps
            });
            match known {
                Some(shared) => shared.of.push((ctx, did)),
                None => all.push(Shared {
                    history,
                    steps,
                    chain: history.program.as_ref().and_then(|p| p.chain(files)),
                    of: vec![(ctx, did)],
                }),
            }
        }
    }
    let mut sheet = Sheet::new("migrations", "Migrations in the order they run", COLUMNS);
    let mut ends = Sheet::new(
        "ends",
        "Heads and bases, and the command that leads there",
        &["history", "end", "revision", "command", "-note"],
    );
    for shared in &all {
        // What a way back leaves is held against what was there.
        let rows = (0..shared.steps.len())
            .into_par_iter()
            .map(|at| shared.row(files, at));
        sheet.rows.par_extend(rows);
        shared.ends(&mut ends);
    }
    let sheets = vec![
        ends,
        by_database(&all, &contexts),
        tables_by_database(&all, &contexts),
    ];
    let totals = totals(&sheet, sheets.first());
    Inventory {
        name: "migrations",
        sheets: std::iter::once(sheet).chain(sheets).collect(),
        totals,
    }
}

impl Shared<'_, '_> {
    fn row(&self, files: &Files, at: usize) -> Vec<Cell> {
        let Some(migration) = self.steps.get(at) else {
            return Vec::new();
        };
        let link = self.chain.as_ref().and_then(|c| c.links.get(at));
        let previous = at.checked_sub(1).and_then(|i| self.steps.get(i));
        let parents = match link {
            Some(link) => Cell::list(link.parents.iter().cloned()),
            None => Cell::list(previous.map(|m| m.name.clone())),
        };
        let dids: Vec<(&str, &Did)> = self
            .of
            .iter()
            .filter_map(|(ctx, dids)| Some((ctx.subject.target, dids.get(at)?)))
            .collect();
        let targets = dids.iter().filter(|(_, did)| runs_on(did));
        let tables: BTreeSet<&String> = dids.iter().flat_map(|(_, did)| &did.tables).collect();
        let rows: BTreeSet<String> = dids
            .iter()
            .flat_map(|(_, did)| &did.effects)
            .map(|(table, effect)| format!("{table} {}", effect.words()))
            .collect();
        let (reversible, ways) = self.reversible(files, at, migration);
        let notes: BTreeSet<&str> = self
            .history
            .events
            .iter()
            .filter(|e| e.span.file == migration.file)
            .map(|e| e.message.as_str())
            .chain(
                dids.iter()
                    .flat_map(|(_, d)| d.failures.iter().map(|(_, words)| words.as_str())),
            )
            .chain(ways.iter().map(String::as_str))
            .collect();
        vec![
            Cell::text(self.history.root.clone()),
            Cell::Count(at + 1),
            Cell::text(migration.name.clone()),
            parents,
            Cell::list(link.iter().flat_map(|l| l.labels.iter().cloned())),
            Cell::list(link.iter().flat_map(|l| l.depends_on.iter().cloned())),
            Cell::list(targets.map(|(target, _)| *target)),
            Cell::list(tables.into_iter().cloned()),
            Cell::list(rows),
            outcome(&dids),
            reversible,
            Cell::text(notes.into_iter().collect::<Vec<_>>().join("; ")),
            Cell::place(Some(At::new(Span::new(migration.file, 0, 0)))),
        ]
    }

    /// Whether a migration can be taken back, by database where they differ, and what is to be said of it. Where neither it nor its way
    /// back does anything there is nothing to take back.
    fn reversible(&self, files: &Files, at: usize, migration: &Step) -> (Cell, BTreeSet<String>) {
        let by_text = || down::reversible(files, self.history, migration.file);
        let mut notes = BTreeSet::new();
        let mut cells: Vec<(&str, Cell)> = Vec::new();
        let touched = |dids: &[Did]| dids.get(at).is_some_and(|did| did.changes > 0);
        for (ctx, dids) in &self.of {
            let list = ctx.subject.backs.map(|backs| backs.list.as_slice());
            let mut same = list.unwrap_or_default().iter();
            let told =
                |back: &&Back| touched(dids) || by_text().is_unknown() || down::is_told_by_running(ctx, back);
            if let Some(back) = same.find(|back| back.migration == migration.name).filter(told) {
                let (cell, note) = down::ran(ctx, back, by_text);
                notes.extend(note);
                cells.push((ctx.subject.target, cell));
            }
        }
        let Some((_, first)) = cells.first() else {
            // Of a migration that fails no way back was run where the others' were: that it is there says little.
            let fails = self.of.iter().any(|(ctx, dids)| {
                let fails = dids.get(at).is_some_and(|did| !did.failures.is_empty());
                fails && ctx.subject.backs.is_some()
            });
            let cell = match by_text() {
                Cell::Is(true) if fails => Cell::Unknown("the migration itself fails".to_owned()),
                told => told,
            };
            return (cell, notes);
        };
        if cells.iter().all(|(_, cell)| cell == first) {
            return (first.clone(), notes);
        }
        let each = cells.iter().map(|(target, cell)| match cell {
            Cell::Unknown(why) => Cell::Unknown(format!("{target}: {why}")),
            other => Cell::text(format!("{target} {}", other.plain())),
        });
        (Cell::Each(each.collect()), notes)
    }

    fn ends(&self, sheet: &mut Sheet) {
        let history = self.history;
        let names: Vec<&str> = self.steps.iter().map(|m| m.name.as_str()).collect();
        let mut row = |end: &str, name: &str, last: bool, note: Option<String>| {
            sheet.rows.push(vec![
                Cell::text(history.root.clone()),
                Cell::text(end),
                Cell::text(name),
                Cell::text(commands(history, self.chain.as_ref(), name, last)),
                Cell::maybe(note),
            ]);
        };
        let Some(chain) = &self.chain else {
            if let (Some(first), Some(last)) = (names.first(), names.last()) {
                row("base", first, names.len() == 1, None);
                row("head", last, true, None);
            }
            return;
        };
        let refused = history.events.iter().find(|e| e.kind == "broken-revision-chain");
        let refused = refused.map(|e| format!("the tool refuses: {}", e.message));
        let is_known = |parent: &String| {
            names.contains(&parent.as_str()) || chain.links.iter().any(|l| l.labels.contains(parent))
        };
        let followed: BTreeSet<&str> = chain
            .links
            .iter()
            .flat_map(|l| &l.parents)
            .map(|parent| {
                let labelled = chain.links.iter().position(|l| l.labels.contains(parent));
                labelled.and_then(|at| names.get(at)).copied().unwrap_or(parent)
            })
            .collect();
        let heads: Vec<&str> = names.iter().copied().filter(|n| !followed.contains(n)).collect();
        for (name, link) in names.iter().zip(&chain.links) {
            if link.parents.is_empty() {
                row("base", name, false, refused.clone());
            } else if let Some(gone) = link.parents.iter().find(|p| !is_known(p)) {
                row(
                    "hangs in the air",
                    name,
                    false,
                    Some(format!("no file is {gone}")),
                );
            }
        }
        for name in &heads {
            row("head", name, heads.len() == 1, refused.clone());
        }
    }
}

/// Whether a migration does anything to a database, as far as that can be told.
fn runs_on(did: &Did) -> bool {
    did.changes > 0 || !did.failures.is_empty() || did.unknown.is_some()
}

/// `runs`, `fails 42P01`, nothing where it leaves a database alone.
fn word(did: &Did) -> Cell {
    if let Some((sqlstate, _)) = did.failures.first() {
        let word = match *sqlstate {
            "" => "fails".to_owned(),
            state => format!("fails {state}"),
        };
        return Cell::text(word);
    }
    match &did.unknown {
        Some(why) => Cell::Unknown(why.clone()),
        None if did.changes > 0 => Cell::text("runs"),
        None => Cell::Empty,
    }
}

/// One word where all databases agree, else one for each.
fn outcome(dids: &[(&str, &Did)]) -> Cell {
    let words: Vec<(&str, Cell)> = dids.iter().map(|(target, did)| (*target, word(did))).collect();
    let mut told: Vec<&Cell> = words
        .iter()
        .map(|(_, cell)| cell)
        .filter(|c| **c != Cell::Empty)
        .collect();
    told.dedup();
    match told.as_slice() {
        [] => Cell::text("does nothing"),
        [one] if words.len() == 1 || words.iter().all(|(_, c)| c == *one || *c == Cell::Empty) => {
            (*one).clone()
        }
        _ => Cell::Each(
            words
                .into_iter()
                .filter(|(_, cell)| *cell != Cell::Empty)
                .map(|(target, cell)| match cell {
                    Cell::Unknown(why) => Cell::Unknown(format!("{target}: {why}")),
                    other => Cell::text(format!("{target} {}", other.plain())),
                })
                .collect(),
        ),
    }
}

/// Which migration is whose.
fn by_database(all: &[Shared<'_, '_>], contexts: &[Context<'_>]) -> Sheet {
    let mut sheet = Sheet::new("databases", "Migrations by database", &["history", "revision"]);
    for ctx in contexts {
        sheet.column(ctx.subject.target);
    }
    for shared in all {
        for (at, migration) in shared.steps.iter().enumerate() {
            let mut row = vec![
                Cell::text(shared.history.root.clone()),
                Cell::text(migration.name.clone()),
            ];
            for ctx in contexts {
                let did = shared.of.iter().find(|(other, _)| std::ptr::eq(*other, ctx));
                row.push(did.and_then(|(_, dids)| dids.get(at)).map_or(Cell::Empty, word));
            }
            sheet.rows.push(row);
        }
    }
    sheet
}

/// Which table is where.
fn tables_by_database(all: &[Shared<'_, '_>], contexts: &[Context<'_>]) -> Sheet {
    let mut sheet = Sheet::new("tables", "Tables by database", &["table"]);
    let mut rows: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for ctx in contexts {
        sheet.column(ctx.subject.target);
    }
    for (at, ctx) in contexts.iter().enumerate() {
        for table in ctx.schema().map(|s| s.live_tables()).unwrap_or_default() {
            if is_bookkeeping(table.name()) {
                continue;
            }
            let lacking = || held_by_another(contexts, ctx, &table.qualified()).is_some();
            let cell = match (&table.get().presence, &table.get().presumed) {
                (_, Some(_)) if lacking() => Cell::text("used, not made"),
                (Presence::Maybe(gap), _) => Cell::Unknown(gap.why.clone()),
                // It is used and nothing makes it.
                (_, Some(gap)) => Cell::Unknown(gap.why.clone()),
                (Presence::Present(change), None) => made(all, ctx, *change),
                (Presence::Dropped(_), None) => Cell::Empty,
            };
            let row = rows
                .entry(table.qualified())
                .or_insert_with(|| vec![Cell::Empty; contexts.len()]);
            if let Some(slot) = row.get_mut(at) {
                *slot = cell;
            }
        }
    }
    for (table, cells) in rows {
        sheet
            .rows
            .push(std::iter::once(Cell::text(table)).chain(cells).collect());
    }
    sheet
}

/// Whether the migration that makes a table gets through.
fn made(all: &[Shared<'_, '_>], ctx: &Context<'_>, change: ChangeId) -> Cell {
    let name = ctx.journal().and_then(|journal| journal.migration(change));
    let fails = all.iter().any(|shared| {
        let at = shared.steps.iter().position(|m| Some(m.name.as_str()) == name);
        let of = shared.of.iter().find(|(other, _)| std::ptr::eq(*other, ctx));
        at.and_then(|at| of?.1.get(at))
            .is_some_and(|did| !did.failures.is_empty())
    });
    match name.filter(|_| fails) {
        Some(name) => Cell::text(format!("by {name}, which fails")),
        None => Cell::text("made"),
    }
}

fn totals(sheet: &Sheet, ends: Option<&Sheet>) -> Vec<(String, usize)> {
    let of = |key: &str, is: &dyn Fn(&Cell) -> bool| {
        let rows = sheet.rows.iter();
        rows.filter(|row| sheet.cell(row, key).is_some_and(is)).count()
    };
    let says = |word: &'static str| of("outcome", &move |c| c.plain().contains(word));
    let back = |word: &'static str| of("reversible", &move |c| c.plain().contains(word));
    let end = |word: &'static str| {
        let rows = ends
            .iter()
            .flat_map(|s| s.rows.iter().map(move |row| s.cell(row, "end")));
        rows.filter(|cell| cell.is_some_and(|c| c.plain() == word))
            .count()
    };
    let rewrites = of("rows", &|c| c.plain().contains(" rewrites"));
    vec![
        ("migrations".to_owned(), sheet.rows.len()),
        ("run".to_owned(), of("outcome", &|c| c.plain() == "runs")),
        ("fail somewhere".to_owned(), says("fails")),
        ("do nothing".to_owned(), says("does nothing")),
        ("unknown".to_owned(), of("outcome", &Cell::is_unknown)),
        ("rewrite a table".to_owned(), rewrites),
        (
            "cannot be taken back".to_owned(),
            of("reversible", &|c| *c == Cell::Is(false)),
        ),
        ("whose way back fails".to_owned(), back("fails")),
        ("taken back in part".to_owned(), back("in part")),
        ("heads".to_owned(), end("head")),
        ("bases".to_owned(), end("base")),
        ("hang in the air".to_owned(), end("hangs in the air")),
    ]
}
