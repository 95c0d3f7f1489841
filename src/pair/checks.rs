//! CHECKs of a model and of its table, paired: by what they demand, part by part; then by name, then by the columns that
//! they read.

use std::collections::BTreeSet;

use super::facts::{held_alike, same_stored};
use super::{TablePair, open};
use crate::declared::DeclaredCheck;
use crate::known::{Gap, Reach, Section, Verdict};
use crate::name::Name;
use crate::replay::as_stored;
use crate::schema::{ConstraintId, ConstraintKind, ConstraintWalker, TableWalker};
use crate::tree::{Expr, ExprKind};

/// A CHECK of a model and what its table has of it.
pub struct PairedCheck<'a> {
    /// The model's.
    pub declared: &'a DeclaredCheck,
    /// The table's.
    pub found: CheckMatch<'a>,
}

/// What a table has of a CHECK.
pub enum CheckMatch<'a> {
    /// The table demands the same.
    Same,
    /// This one is meant, and demands something else.
    Differs(ConstraintWalker<'a>),
    /// This one bears its name and is spelled otherwise; whether it demands the same cannot be told.
    Spelled(ConstraintWalker<'a>),
    /// Nothing like it.
    Absent,
    /// Cannot be told.
    Unknown(Gap),
}

impl<'a> TablePair<'a> {
    /// Every CHECK of the model with what the table has of it.
    #[must_use]
    pub fn checks(&self, table: TableWalker<'a>) -> Vec<PairedCheck<'a>> {
        let Some((_, model)) = self.model else {
            return Vec::new();
        };
        let all = checks_of(table);
        let mut out: Vec<PairedCheck<'a>> = model
            .checks
            .iter()
            .map(|declared| PairedCheck {
                found: match demanded(table, &all, declared) {
                    CheckMatch::Unknown(gap) => namesake(&all, declared).unwrap_or(CheckMatch::Unknown(gap)),
                    found => found,
                },
                declared,
            })
            .collect();
        // What the model demands nowhere is there to be meant by what the table demands nowhere.
        let mut free = self.undeclared(table, &all);
        for check in &mut out {
            if matches!(check.found, CheckMatch::Absent)
                && let Some(at) = meant(check.declared, &free)
            {
                check.found = CheckMatch::Differs(free.swap_remove(at));
            }
        }
        out
    }

    /// The table's CHECKs that no model of it declares, in the table's order; those that cannot be told are left out.
    #[must_use]
    pub fn extra_checks(&self, table: TableWalker<'a>) -> Vec<ConstraintWalker<'a>> {
        let meant: Vec<ConstraintId> = self
            .checks(table)
            .iter()
            .filter_map(|check| match check.found {
                CheckMatch::Differs(found) | CheckMatch::Spelled(found) => Some(found.id),
                CheckMatch::Same | CheckMatch::Absent | CheckMatch::Unknown(_) => None,
            })
            .collect();
        let mut free = self.undeclared(table, &checks_of(table));
        free.retain(|check| !meant.contains(&check.id));
        free
    }

    /// The table's CHECKs that demand again what another one does, beyond those that the model declares so, each with that other one.
    #[must_use]
    pub fn repeated_checks(
        &self,
        table: TableWalker<'a>,
    ) -> Vec<(ConstraintWalker<'a>, ConstraintWalker<'a>)> {
        let Some((_, model)) = self.model else {
            return Vec::new();
        };
        let all = checks_of(table);
        let same = |wanted: &Expr, check: &ConstraintWalker<'a>| {
            condition(check).is_some_and(|found| matches!(same_stored(table, wanted, found), Verdict::Same))
        };
        let is_declared = |check: &ConstraintWalker<'a>| {
            let name = check.get().name.known();
            model.checks.iter().any(|d| d.name.as_ref() == name)
        };
        let mut out = Vec::new();
        for (at, first) in all.iter().enumerate() {
            let Some(held) = condition(first) else { continue };
            if all[..at].iter().any(|earlier| same(held, earlier)) {
                continue;
            }
            let alike: Vec<ConstraintWalker<'a>> =
                all[at..].iter().filter(|c| same(held, c)).copied().collect();
            if alike.len() < 2 {
                continue;
            }
            let conditions = model.checks.iter().filter_map(|d| d.condition.as_ref());
            let declared = conditions
                .filter(|wanted| same(&in_servers_form(table, wanted), first))
                .count();
            // Where none is declared, each is told as one that is not.
            if declared == 0 {
                continue;
            }
            let surplus = alike.len().saturating_sub(declared);
            let loose = alike.iter().rev().filter(|check| !is_declared(check));
            let repeated: Vec<ConstraintWalker<'a>> = loose.take(surplus).copied().collect();
            let is_repeated = |check: &&ConstraintWalker<'a>| repeated.iter().any(|r| r.id == check.id);
            if let Some(kept) = alike.iter().find(|check| !is_repeated(check)) {
                out.extend(repeated.iter().rev().map(|check| (*check, *kept)));
            }
        }
        out
    }

    /// Those of which some part is certainly not what any part of the model's demands.
    fn undeclared(&self, table: TableWalker<'a>, all: &[ConstraintWalker<'a>]) -> Vec<ConstraintWalker<'a>> {
        let declared = self.model.map_or(&[][..], |(_, model)| &model.checks);
        // One that could not be read may be any but what bears the name of another.
        let all_read =
            declared.iter().all(|d| d.condition.is_some()) && self.model_open(Section::Checks).is_none();
        let named = |check: &ConstraintWalker<'a>| {
            let name = check.get().name.known();
            let mut read = declared.iter().filter(|d| d.condition.is_some());
            name.is_some() && read.any(|d| d.name.as_ref() == name)
        };
        let stored: Vec<Expr> = declared
            .iter()
            .filter_map(|d| d.condition.as_ref())
            .map(|condition| in_servers_form(table, condition))
            .collect();
        let wanted: Vec<&Expr> = stored.iter().flat_map(parts).collect();
        let is_undeclared = |check: &&ConstraintWalker<'a>| {
            condition(check).is_some_and(|found| {
                parts(found).into_iter().any(|part| {
                    wanted
                        .iter()
                        .all(|wanted| matches!(same_part(table, wanted, part), Verdict::Differs(())))
                })
            })
        };
        all.iter()
            .filter(|check| all_read || named(check))
            .filter(is_undeclared)
            .copied()
            .collect()
    }
}

/// The model's condition as the server would hold it, where that can be told: `BETWEEN` is two conditions there.
fn in_servers_form(table: TableWalker<'_>, condition: &Expr) -> Expr {
    let stored = as_stored(table.schema, table.id, None, condition);
    stored.map_or_else(|| condition.clone(), |stored| stored.expr)
}

/// The one that bears the name of a CHECK of the model, where the server spells the two otherwise.
fn namesake<'a>(all: &[ConstraintWalker<'a>], declared: &DeclaredCheck) -> Option<CheckMatch<'a>> {
    let name = declared.name.as_ref()?;
    let found = all.iter().find(|check| check.get().name.known() == Some(name))?;
    let ConstraintKind::Check(stored) = &found.get().kind else {
        return None;
    };
    match held_alike(found.table, None, declared.condition.as_ref()?, stored) {
        Verdict::Differs(_) => Some(CheckMatch::Spelled(*found)),
        Verdict::Same => Some(CheckMatch::Same),
        Verdict::Unknown(_) => None,
    }
}

impl<'a> TablePair<'a> {
    /// The table's CHECK that demands what the model's does under another name, where it is the only one.
    #[must_use]
    pub fn renamed_check(
        &self,
        table: TableWalker<'a>,
        declared: &DeclaredCheck,
    ) -> Option<ConstraintWalker<'a>> {
        let (_, model) = self.model?;
        let (name, wanted) = (declared.name.as_ref()?, declared.condition.as_ref()?);
        let all = checks_of(table);
        let named = |check: &ConstraintWalker<'_>, name: &Name| check.get().name.known() == Some(name);
        if all
            .iter()
            .any(|check| named(check, name) || check.get().name.known().is_none())
        {
            return None;
        }
        let stored = in_servers_form(table, wanted);
        let mut same = all.into_iter().filter(|check| {
            condition(check).is_some_and(|found| matches!(same_stored(table, &stored, found), Verdict::Same))
        });
        let found = same.next().filter(|_| same.next().is_none())?;
        let others = model.checks.iter().filter_map(|check| check.name.as_ref());
        (!others.into_iter().any(|other| named(&found, other))).then_some(found)
    }
}

/// Whether each part of what the model demands is a part of what the table demands.
fn demanded<'a>(
    table: TableWalker<'a>,
    all: &[ConstraintWalker<'a>],
    declared: &DeclaredCheck,
) -> CheckMatch<'a> {
    let Some(wanted) = &declared.condition else {
        let why = "a CHECK whose condition could not be read";
        return CheckMatch::Unknown(Gap::new(declared.span, why, Reach::Rows));
    };
    let found: Vec<&Expr> = all.iter().filter_map(condition).flat_map(parts).collect();
    let mut unknown = None;
    let mut absent = false;
    let stored = in_servers_form(table, wanted);
    for wanted in parts(&stored) {
        let mut verdict = Verdict::Differs(());
        for found in &found {
            match same_part(table, wanted, found) {
                Verdict::Same => {
                    verdict = Verdict::Same;
                    break;
                }
                Verdict::Unknown(gap) => verdict = Verdict::Unknown(gap),
                Verdict::Differs(()) => {}
            }
        }
        match verdict {
            Verdict::Same => {}
            Verdict::Differs(()) => absent = true,
            Verdict::Unknown(gap) => unknown = Some(gap),
        }
    }
    match (unknown, open(table, Section::Checks)) {
        (Some(gap), _) => CheckMatch::Unknown(gap),
        (None, _) if !absent => CheckMatch::Same,
        (None, Some(gap)) => CheckMatch::Unknown(gap.clone()),
        (None, None) => CheckMatch::Absent,
    }
}

/// The one that bears its name, else the only one over its columns.
fn meant(declared: &DeclaredCheck, free: &[ConstraintWalker<'_>]) -> Option<usize> {
    let named = free.iter().position(|check| {
        let name = check.get().name.known();
        name.is_some() && name == declared.name.as_ref()
    });
    if named.is_some() {
        return named;
    }
    let wanted = declared.condition.as_ref()?;
    let mut over = free.iter().enumerate().filter(|(_, check)| {
        condition(check).is_some_and(|found| columns(check.table, found) == columns(check.table, wanted))
    });
    match (over.next(), over.next()) {
        (Some((at, _)), None) => Some(at),
        _ => None,
    }
}

/// Conditions that read different columns are different.
fn same_part(table: TableWalker<'_>, wanted: &Expr, found: &Expr) -> Verdict<()> {
    if columns(table, wanted) == columns(table, found) {
        same_stored(table, wanted, found)
    } else {
        Verdict::Differs(())
    }
}

/// The columns that a condition reads.
fn columns(table: TableWalker<'_>, condition: &Expr) -> BTreeSet<Name> {
    let mut out = BTreeSet::new();
    condition.walk(&mut |expr| match &expr.kind {
        ExprKind::Column(column) => {
            out.insert(column.name.clone());
        }
        ExprKind::Var(number) => {
            out.extend(table.get().columns.get(*number as usize).map(|c| c.name.clone()));
        }
        _ => {}
    });
    out
}

/// A CHECK over several conditions demands each of them.
fn parts(condition: &Expr) -> Vec<&Expr> {
    match &condition.kind {
        ExprKind::And(parts) => parts.iter().collect(),
        _ => vec![condition],
    }
}

fn condition<'a>(check: &ConstraintWalker<'a>) -> Option<&'a Expr> {
    match &check.get().kind {
        ConstraintKind::Check(stored) => Some(&stored.expr),
        ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude(..) => None,
    }
}

/// CHECKs that certainly are there.
fn checks_of(table: TableWalker<'_>) -> Vec<ConstraintWalker<'_>> {
    let all = table.get().constraints.iter().enumerate();
    all.filter(|(_, c)| c.presence.is_present() && matches!(c.kind, ConstraintKind::Check(_)))
        .filter_map(|(at, _)| {
            let id = ConstraintId(u32::try_from(at).ok()?);
            Some(ConstraintWalker { table, id })
        })
        .collect()
}
