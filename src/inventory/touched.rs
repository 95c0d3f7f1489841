//! What each migration of one database did: the tables that it touched, and what that does to rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::effects::{self, Effect};
use crate::change::{Change, ColumnOption, TableElement};
use crate::known::{ChangeId, Presence, Reach};
use crate::name::Name;
use crate::pair::is_bookkeeping;
use crate::replay::Origin;
use crate::rules::Context;
use crate::rules::place::names_of;
use crate::rules::table_of_another_database::held_by_another;
use crate::schema::{ColumnId, ColumnWalker, ConstraintKind, Table, TableWalker};
use crate::session::Outcome;
use crate::source::FileId;
use crate::stacks::History;

/// What a migration did to one database.
#[derive(Debug, Default, Clone)]
pub(super) struct Did {
    /// Changes that it made or tried.
    pub(super) changes: usize,
    /// Tables by name.
    pub(super) tables: BTreeSet<String>,
    /// What is done to rows, by table.
    pub(super) effects: BTreeSet<(String, Effect)>,
    /// Errors of statements that must fail: SQLSTATE and words.
    pub(super) failures: Vec<(&'static str, String)>,
    /// Why it cannot be told what it does.
    pub(super) unknown: Option<String>,
}

/// A migration, or a file of a module that brings migrations of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What people call it.
    pub(super) name: String,
    /// Its file.
    pub(super) file: FileId,
}

/// The steps of a history: its migrations; of a module that walks versions, the files that it calls, in the order of what they do.
pub(super) fn steps(ctx: &Context<'_>, history: &History) -> Vec<Step> {
    let migrations = history.migrations.iter().map(|m| Step {
        name: m.name.clone(),
        file: m.file,
    });
    let all: Vec<Step> = migrations.collect();
    let (Some(outcome), [entry]) = (ctx.subject.outcome, history.migrations.as_slice()) else {
        return all;
    };
    if history.program.is_none() || outcome.journal.migrations.contains(&entry.name) {
        return all;
    }
    let mut out: Vec<Step> = Vec::new();
    for (_, origin) in outcome.journal.origins() {
        let file = called(origin, entry.file);
        if out.iter().all(|step| step.file != file) {
            let path = ctx.subject.files.path(file);
            let name = path.rsplit('/').next().unwrap_or(path);
            out.push(Step {
                name: name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(),
                file,
            });
        }
    }
    if out.is_empty() { all } else { out }
}

/// The file that an entry point calls for a change.
fn called(origin: &Origin, entry: FileId) -> FileId {
    let mut calls = origin
        .via
        .iter()
        .map(|span| span.file)
        .filter(|file| *file != entry);
    calls.next().unwrap_or(origin.span.file)
}

/// What each step of a history did, in its order. `all` are the databases of the repository.
pub(super) fn did(all: &[Context<'_>], ctx: &Context<'_>, history: &History, steps: &[Step]) -> Vec<Did> {
    let mut out = vec![Did::default(); steps.len()];
    let Some(outcome) = ctx.subject.outcome else {
        return out;
    };
    let places = places(ctx, outcome, history);
    let entry = history.migrations.first().map(|m| m.file);
    let walked = steps.len() != history.migrations.len() || steps.first().map(|s| s.file) != entry;
    let of = |change: ChangeId| -> Option<usize> {
        let origin = outcome.journal.origin(change)?;
        if walked {
            let file = called(origin, entry?);
            return steps.iter().position(|step| step.file == file);
        }
        *places.get(origin.migration as usize)?
    };
    for (change, _) in outcome.journal.origins() {
        if let Some(did) = of(change).and_then(|at| out.get_mut(at)) {
            did.changes += 1;
        }
    }
    for (id, table) in outcome.schema.tables.iter() {
        let system = outcome.schema.namespaces[table.namespace].system;
        if system || table.extension.is_some() || table.temporary || is_bookkeeping(&table.name) {
            continue;
        }
        let walker = outcome.schema.table(id);
        let name = walker.qualified();
        let elsewhere = |t: TableWalker<'_>| {
            t.get().presumed.is_some() && held_by_another(all, ctx, &t.qualified()).is_some()
        };
        let lacking = elsewhere(walker);
        for change in changes_of(table) {
            if let Some(did) = of(change).and_then(|at| out.get_mut(at)) {
                did.tables.insert(name.clone());
                if lacking {
                    did.lacks(&name);
                }
            }
        }
        for constraint in table.constraints.iter() {
            let (ConstraintKind::ForeignKey(key), Some(change)) =
                (&constraint.kind, made_at(&constraint.presence))
            else {
                continue;
            };
            let target = outcome.schema.table(key.table);
            if elsewhere(target)
                && let Some(did) = of(change).and_then(|at| out.get_mut(at))
            {
                did.lacks(&target.qualified());
            }
        }
        let began = table.log.first().and_then(|entry| of(entry.change));
        let mut seen: BTreeSet<ChangeId> = BTreeSet::new();
        for change in changes_of(table).filter(|c| seen.insert(*c)) {
            let Some(at) = of(change) else { continue };
            // A table that the same migration made has no rows that others wait for.
            if began == Some(at) {
                continue;
            }
            let effects = effects_on(ctx, outcome, walker, change);
            if let Some(did) = out.get_mut(at) {
                did.effects.extend(effects.into_iter().map(|e| (name.clone(), e)));
            }
        }
    }
    for misstep in &outcome.missteps {
        if let Some(did) = of(misstep.change).and_then(|at| out.get_mut(at)) {
            did.failures
                .push((misstep.failure.sqlstate, misstep.failure.message.clone()));
        }
    }
    for event in &history.events {
        let at = steps.iter().position(|step| step.file == event.span.file);
        if let Some(did) = at
            .and_then(|at| out.get_mut(at))
            .filter(|_| event.kind == "migration-failure")
        {
            did.failures.push(("", event.message.clone()));
        }
    }
    gaps(outcome, steps, &places, &mut out);
    out
}

/// The position in the history of each migration of the journal.
fn places(ctx: &Context<'_>, outcome: &Outcome, history: &History) -> Vec<Option<usize>> {
    // Histories of one database run one after the other.
    let mut waiting: BTreeMap<&str, Vec<(bool, usize)>> = BTreeMap::new();
    for other in &ctx.subject.histories {
        let own = std::ptr::eq(*other, history);
        for (at, migration) in other.migrations.iter().enumerate() {
            waiting
                .entry(migration.name.as_str())
                .or_default()
                .push((own, at));
        }
    }
    for list in waiting.values_mut() {
        list.reverse();
    }
    let find = |name: &String| {
        let list = waiting.get_mut(name.as_str())?;
        let (own, at) = if list.len() > 1 {
            list.pop()?
        } else {
            *list.first()?
        };
        own.then_some(at)
    };
    outcome.journal.migrations.iter().map(find).collect()
}

/// What could not be followed, by migration.
fn gaps(outcome: &Outcome, steps: &[Step], places: &[Option<usize>], out: &mut [Did]) {
    let counts = |reach: &Reach| !matches!(reach, Reach::Rows);
    for (journal, (from, to)) in outcome.gaps_of.iter().enumerate() {
        let Some(at) = places.get(journal).copied().flatten() else {
            continue;
        };
        let own = outcome.gaps.get(*from..*to).unwrap_or_default();
        if let (Some(gap), Some(did)) = (own.iter().find(|gap| counts(&gap.reach)), out.get_mut(at)) {
            did.unknown.get_or_insert_with(|| gap.why.clone());
        }
    }
    let by_file = |step: &Step| {
        let mut gaps = outcome.gaps.iter().filter(|gap| counts(&gap.reach));
        gaps.find(|gap| gap.at.is_some_and(|span| span.file == step.file))
    };
    for (step, did) in steps.iter().zip(out) {
        if did.unknown.is_none()
            && let Some(gap) = by_file(step)
        {
            did.unknown = Some(gap.why.clone());
        }
    }
}

impl Did {
    /// It needs a table that another database has.
    fn lacks(&mut self, table: &str) {
        let failure = (
            "42P01",
            format!("relation \"{table}\" does not exist: another database has it"),
        );
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }
}

fn made_at(presence: &Presence) -> Option<ChangeId> {
    match presence {
        Presence::Present(id) | Presence::Dropped(id) => Some(*id),
        Presence::Maybe(_) => None,
    }
}

/// Every change that made or changed a table or a part of it.
fn changes_of(table: &Table) -> impl Iterator<Item = ChangeId> {
    let at = made_at;
    let log = table.log.iter().map(|entry| entry.change);
    let columns = table.columns.iter().flat_map(move |c| {
        [
            at(&c.presence),
            c.ty.origin(),
            c.nullable.origin(),
            c.default.origin(),
            c.identity.origin(),
            c.generated.origin(),
        ]
    });
    let constraints = table.constraints.iter().map(move |c| at(&c.presence));
    let indexes = table.indexes.iter().map(move |i| at(&i.presence));
    let rest = columns.chain(constraints).chain(indexes).flatten();
    log.chain(std::iter::once(at(&table.presence)).flatten())
        .chain(rest)
}

fn effects_on(ctx: &Context<'_>, outcome: &Outcome, table: TableWalker<'_>, change: ChangeId) -> Vec<Effect> {
    let schema = table.schema;
    let was = |name: &Name| type_before(ctx, outcome, table, name, change);
    let now = |ty: &crate::sqltype::SqlType| schema.format_type(ty);
    let all = changes_at(ctx, outcome, change);
    let named: Vec<&Change> = all.iter().filter(|c| names(c, table)).collect();
    named
        .iter()
        .flat_map(|c| effects::effects(c, &was, &now))
        .collect()
}

/// What a change says, read again from its text where no program made it.
fn changes_at(ctx: &Context<'_>, outcome: &Outcome, change: ChangeId) -> Arc<Vec<Change>> {
    if let Some(made) = outcome.journal.made(change) {
        return Arc::new(vec![(**made).clone()]);
    }
    let read = outcome
        .journal
        .origin(change)
        .and_then(|origin| ctx.reread(origin.span));
    read.unwrap_or_default()
}

/// Whether a change names a table, by its name of today or one that it had.
fn names(change: &Change, table: TableWalker<'_>) -> bool {
    let name = match change {
        Change::AlterTable(alter) => &alter.name.name.name,
        Change::CreateIndex(index) => &index.table.name.name,
        _ => return false,
    };
    let earlier = table.get().log.iter();
    let mut earlier = earlier
        .filter(|e| e.column.is_none())
        .filter_map(|e| e.what.strip_prefix("renamed from "));
    name == table.name() || earlier.any(|e| Name::new(e) == *name)
}

/// The type that a column had before a change.
fn type_before(
    ctx: &Context<'_>,
    outcome: &Outcome,
    table: TableWalker<'_>,
    name: &Name,
    change: ChangeId,
) -> Option<String> {
    let ids = 0..table.get().columns.len() as u32;
    let column: ColumnWalker<'_> = ids
        .map(|id| table.column_by_id(ColumnId(id)))
        .find(|c| names_of(*c).contains(name))?;
    let log = &table.get().log;
    let before = log
        .iter()
        .filter(|e| e.column == Some(column.id) && e.change < change)
        .rev();
    let mut told = before.filter_map(|e| {
        let what = e.what.as_str();
        let added = what.split_once(" added: ").map(|(_, ty)| ty);
        what.strip_prefix("type set to ").or(added).map(str::to_owned)
    });
    if let Some(told) = told.next() {
        return Some(told);
    }
    let made = log.first()?.change;
    let all = changes_at(ctx, outcome, made);
    all.iter().find_map(|change| match change {
        Change::CreateTable(create) => create.elements.iter().find_map(|element| match element {
            TableElement::Column(spec) if names_of(column).contains(&spec.name) => {
                let opaque = spec.options.iter().any(|o| matches!(o, ColumnOption::Opaque(_)));
                let ty = spec.ty.as_ref().filter(|_| !opaque)?;
                Some(table.schema.format_type(ty))
            }
            _ => None,
        }),
        _ => None,
    })
}
