//! The rules: the one list of them, and the driver that runs them.

mod broken_revision_chain;
mod check_mismatch;
mod client_default_mismatch;
mod collation_mismatch;
mod comment_mismatch;
mod conditions;
mod copies;
mod default_mismatch;
mod deferrable_mismatch;
mod down_does_not_undo_up;
mod duplicate_model;
mod empty_revision;
mod enum_longer_than_column;
mod enum_mismatch;
mod exclusion_mismatch;
mod extra_check;
mod extra_column;
mod extra_foreign_key;
mod extra_index;
mod extra_table;
mod extra_unique;
mod failing_down;
mod foreign_key_mismatch;
mod foreign_key_type_mismatch;
mod generated_mismatch;
mod going_on;
mod gone;
mod identity_mismatch;
mod install_divergence;
mod invalid_model;
mod irreversible_migration;
mod migration_failure;
mod missing_check;
mod missing_column;
mod missing_foreign_key;
mod missing_index;
mod missing_table;
mod missing_unique;
mod mixed_key_types;
mod name_mismatch;
mod named_otherwise;
mod nullability_mismatch;
pub(crate) mod place;
mod policy;
mod presumed_object;
mod primary_key_mismatch;
mod report;
mod rule;
mod said;
mod sequence_mismatch;
mod settings;
mod stale_dump;
mod swallowed_error;
mod table_in_several_databases;
pub(crate) mod table_of_another_database;
mod type_mismatch;
mod unfinished_key_transition;
mod unflushed_question;
pub(crate) mod unindexed_foreign_key;
mod unmatched_constraint_name;
mod unreferenced_key;
mod unregistered_model;
mod unwritten_required_column;
mod validation_mismatch;
pub(crate) mod ways_back;
pub(crate) mod words;

pub use report::Report;
pub use rule::{Backs, Check, Context, Dumped, Reporter, Rule, Subject};
pub use settings::{INVALID_IGNORE, STALE_BASELINE, UNUSED_IGNORE, UNUSED_SETTING};

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::declared::{Expectation, Model, UnseenCause};
use crate::finding::{Finding, Level};
use crate::pair::TablePair;
use crate::schema::{Lookup, TableId};
use crate::source::Entry;
use crate::stacks::ecto;

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[
    &missing_table::RULE,
    &missing_column::RULE,
    &type_mismatch::RULE,
    &nullability_mismatch::RULE,
    &unwritten_required_column::RULE,
    &validation_mismatch::RULE,
    &primary_key_mismatch::RULE,
    &enum_mismatch::RULE,
    &enum_longer_than_column::RULE,
    &missing_unique::RULE,
    &missing_foreign_key::RULE,
    &foreign_key_mismatch::RULE,
    &foreign_key_type_mismatch::RULE,
    &mixed_key_types::RULE,
    &unreferenced_key::RULE,
    &missing_check::RULE,
    &check_mismatch::RULE,
    &exclusion_mismatch::RULE,
    &deferrable_mismatch::RULE,
    &missing_index::RULE,
    &default_mismatch::RULE,
    &client_default_mismatch::RULE,
    &identity_mismatch::RULE,
    &generated_mismatch::RULE,
    &sequence_mismatch::RULE,
    &collation_mismatch::RULE,
    &extra_table::RULE,
    &extra_column::RULE,
    &extra_unique::RULE,
    &extra_foreign_key::RULE,
    &extra_check::RULE,
    &extra_index::RULE,
    &name_mismatch::RULE,
    &comment_mismatch::RULE,
    &unindexed_foreign_key::RULE,
    &unmatched_constraint_name::RULE,
    &migration_failure::RULE,
    &swallowed_error::RULE,
    &unflushed_question::RULE,
    &install_divergence::RULE,
    &stale_dump::RULE,
    &failing_down::RULE,
    &down_does_not_undo_up::RULE,
    &irreversible_migration::RULE,
    &presumed_object::RULE,
    &broken_revision_chain::RULE,
    &empty_revision::RULE,
    &duplicate_model::RULE,
    &invalid_model::RULE,
    &unregistered_model::RULE,
    &table_in_several_databases::RULE,
    &table_of_another_database::RULE,
    &unfinished_key_transition::RULE,
    &policy::column_type::RULE,
    &policy::key_type::RULE,
    &policy::time_zone::RULE,
    &policy::metadata::RULE,
    &policy::foreign_key_index::RULE,
    &policy::server_default::RULE,
    &policy::constraint_name::RULE,
    &INVALID_IGNORE,
    &UNUSED_IGNORE,
    &UNUSED_SETTING,
    &STALE_BASELINE,
];

/// Rules that tell nothing unless the configuration gives them a level.
const OFF: &[&str] = &["unfinished-key-transition"];

/// Whether a rule tells nothing unless the configuration gives it a level.
#[must_use]
pub fn is_off(name: &str) -> bool {
    OFF.contains(&name)
}

/// The rule of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|r| r.name == name)
}

/// Runs every rule over all targets: findings in the order of path, offset and rule; equal ones of several targets are one,
/// and so are notes of copies of one file.
#[must_use]
pub fn run(subjects: &[Subject<'_>]) -> Vec<Finding> {
    let mut contexts: Vec<Context<'_>> = subjects.iter().map(Context::new).collect();
    leave_to_others(&mut contexts);
    contexts.par_iter_mut().for_each(Context::read_names);
    look_for_makers(&mut contexts);
    let by_rule = RULES.par_iter().map(|rule| {
        let mut found = Vec::new();
        if let Check::Repository(check) = rule.check {
            let reporter = Reporter::new(rule, "");
            check(&contexts, &reporter);
            found.extend(reporter.finish());
        }
        for ctx in &contexts {
            found.extend(run_on(rule, ctx));
        }
        found
    });
    let by_rule: Vec<Vec<Finding>> = by_rule.collect();
    let mut found = by_rule.into_iter().flatten().collect();
    going_on::without(&contexts, &mut found);
    match subjects.first() {
        Some(subject) => copies::merge(subject.files, merge(found)),
        None => merge(found),
    }
}

/// Looks for what makes the tables that no migration makes, on all cores.
fn look_for_makers(contexts: &mut [Context<'_>]) {
    let mut asking = contexts
        .iter_mut()
        .filter(|ctx| presumed_object::may_begin_otherwise(ctx))
        .peekable();
    let Some(first) = asking.peek() else { return };
    let maker = presumed_object::find_create_all(first.subject.files);
    asking.for_each(|ctx| ctx.maker = maker);
}

/// Where the same migrations make several databases, a project has several repositories, or histories share their models, a model
/// whose table is, or may be, in another of them lives there.
fn leave_to_others(contexts: &mut [Context<'_>]) {
    let lives_elsewhere = |ctx: &Context<'_>, pair: &TablePair<'_>| {
        let (Some((_, model)), Lookup::Absent) = (pair.model, &pair.table) else {
            return None;
        };
        let Some(Expectation::Exactly(name)) = &model.table else {
            return None;
        };
        let abroad = table_of_another_database::others_of(contexts, ctx)
            .chain(siblings(contexts, ctx))
            .filter_map(Context::schema)
            .any(|schema| !matches!(schema.table_named(name), Lookup::Absent))
            || contexts
                .iter()
                .any(|other| other.subject.target != ctx.subject.target && holds_the_table_of(other, model));
        let away = is_read_elsewhere(ctx, pair, model) || is_handed_over_beside(ctx, pair, model);
        (abroad || away).then_some(abroad)
    };
    let gone: Vec<Vec<(usize, bool)>> = contexts
        .iter()
        .map(|ctx| {
            let pairs = ctx.pairs.tables.iter().enumerate();
            pairs
                .filter_map(|(at, pair)| Some((at, lives_elsewhere(ctx, pair)?)))
                .collect()
        })
        .collect();
    let strangers: Vec<_> = contexts
        .iter()
        .map(|ctx| table_of_another_database::strangers(contexts, ctx))
        .collect();
    let modelled: Vec<BTreeSet<TableId>> = contexts
        .iter()
        .map(|ctx| modelled_around(contexts, ctx))
        .collect();
    for (ctx, modelled) in contexts.iter_mut().zip(modelled) {
        ctx.pairs.leave_out(&modelled);
    }
    for ((ctx, gone), strangers) in contexts.iter_mut().zip(gone).zip(strangers) {
        for (at, abroad) in gone {
            ctx.pairs.tables[at].elsewhere = true;
            ctx.pairs.tables[at].abroad = abroad;
        }
        ctx.pairs.without(&strangers);
    }
}

/// Whether a database that is checked against a model has, or may have, its table.
fn holds_the_table_of(ctx: &Context<'_>, model: &Model) -> bool {
    let mut pairs = ctx.pairs.tables.iter();
    pairs.any(|pair| {
        let is_it = pair.model.is_some_and(|(_, other)| other.span == model.span);
        is_it && !matches!(pair.table, Lookup::Absent)
    })
}

/// Whether a model is read out of other tables, so that its own is a name and nothing else.
fn is_read_elsewhere(ctx: &Context<'_>, pair: &TablePair<'_>, model: &Model) -> bool {
    let mut others = ctx.pairs.tables.iter().filter(|other| {
        let same = other
            .model
            .is_some_and(|(set, other)| set.language.shared_tables && other.name == model.name);
        same && !std::ptr::eq(*other, pair)
    });
    others.any(|other| matches!(other.table, Lookup::Found(_)))
}

/// Whether a model's collection may be handed over by another script folder, beside those that are checked.
fn is_handed_over_beside(ctx: &Context<'_>, pair: &TablePair<'_>, model: &Model) -> bool {
    let unseen = pair
        .model
        .and_then(|(set, _)| unregistered_model::unseen(set, model));
    let in_collection = unseen.is_some_and(|unseen| matches!(unseen.cause, UnseenCause::Collection(_)));
    let is_beside = |entry: &Entry| entry.beside && entry.path.ends_with("/env.py");
    in_collection && ctx.subject.files.importable().any(|(_, entry)| is_beside(entry))
}

/// The tables without a model that a model of a project around stands for, since its own migrations do not make them.
fn modelled_around(contexts: &[Context<'_>], ctx: &Context<'_>) -> BTreeSet<TableId> {
    let Some(schema) = ctx.schema() else {
        return BTreeSet::new();
    };
    let around = siblings(contexts, ctx).flat_map(|other| &other.pairs.tables);
    let absent = around.filter(|pair| matches!(pair.table, Lookup::Absent));
    let names = absent.filter_map(|pair| match &pair.model?.1.table {
        Some(Expectation::Exactly(name)) => Some(name),
        _ => None,
    });
    let found = names.filter_map(|name| match schema.table_named(name) {
        Lookup::Found(table) => Some(table.id),
        Lookup::Absent | Lookup::Unknown(_) => None,
    });
    let mut out: BTreeSet<TableId> = found.collect();
    for folder in projects(ctx) {
        let mapped = ecto::family::mapped_beside(ctx.subject.files, folder);
        let tables = schema.live_tables().into_iter();
        out.extend(
            tables
                .filter(|t| mapped.contains(t.name().as_str()))
                .map(|t| t.id),
        );
    }
    out
}

/// The databases of the other repositories of a project of Ecto, and of the projects around it: which schema is asked of which is not
/// written down.
fn siblings<'t, 'a>(contexts: &'t [Context<'a>], ctx: &Context<'a>) -> impl Iterator<Item = &'t Context<'a>> {
    let own = projects(ctx);
    let target = ctx.subject.target;
    contexts.iter().filter(move |other| {
        let theirs = projects(other);
        let files = ctx.subject.files;
        let together = |own: &&str| {
            let mut theirs = theirs.iter();
            theirs.any(|other| own == other || ecto::family::belong_together(files, own, other))
        };
        other.subject.target != target && own.iter().any(together)
    })
}

/// The projects of Ecto that a target's histories are of.
fn projects<'a>(ctx: &Context<'a>) -> Vec<&'a str> {
    let histories = ctx.subject.histories.iter().filter(|h| h.stack == "ecto");
    histories
        .filter_map(|h| Some(ecto::project::place(&h.root)?.0))
        .collect()
}

/// Runs one rule on one target.
fn run_on(rule: &'static Rule, ctx: &Context<'_>) -> Vec<Finding> {
    let reporter = Reporter::new(rule, ctx.subject.target);
    match rule.check {
        Check::Repository(_) | Check::Settings => {}
        Check::Target(check) => check(ctx, &reporter),
        Check::Tables(check) => {
            for pair in &ctx.pairs.tables {
                reporter.cap(loudest(pair.model.map(|(_, model)| model)));
                check(ctx, pair, &reporter);
            }
        }
        Check::Pairs(check) => {
            for pair in ctx.pairs.tables.iter().filter(|pair| pair.both().is_some()) {
                reporter.cap(loudest(pair.model.map(|(_, model)| model)));
                check(ctx, pair, &reporter);
            }
        }
        Check::Columns(check) => {
            for pair in ctx.pairs.tables.iter().flat_map(|t| &t.columns) {
                reporter.cap(loudest(Some(pair.model)));
                check(ctx, pair, &reporter);
            }
        }
    }
    reporter.finish()
}

/// No query feels what is wrong with a model that its client hides.
fn loudest(model: Option<&Model>) -> Level {
    let hidden = |model: &Model| !model.fields.is_empty() && model.fields.iter().all(|f| f.ignored);
    if model.is_some_and(hidden) {
        Level::Note
    } else {
        Level::Error
    }
}

/// Sorts, and makes one finding of those that differ in their target alone.
fn merge(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut out: Vec<Finding> = Vec::new();
    for mut finding in found {
        // Equal ones follow each other in this order.
        let same = out.last_mut().filter(|earlier| order(earlier) == order(&finding));
        match same {
            Some(earlier) => {
                // What mends it on one need not on the other.
                if earlier.fix != finding.fix {
                    earlier.fix = None;
                }
                earlier.targets.append(&mut finding.targets);
                earlier.targets.sort();
                earlier.targets.dedup();
            }
            None => out.push(finding),
        }
    }
    out
}

/// File ids follow the order of paths.
fn order(f: &Finding) -> (crate::source::Span, &'static str, &str, &str) {
    (f.span, f.rule, &f.key, &f.message)
}
