//! EXCLUDE constraints of a model and of its table, paired: by what they demand, then by name.

use super::facts::{Sureness, held_alike};
use super::{TablePair, open};
use crate::declared::DeclaredExclusion;
use crate::known::{Gap, Reach, Section, Verdict};
use crate::name::Name;
use crate::schema::{ConstraintId, ConstraintKind, ConstraintWalker, TableWalker};
use crate::tree::ExprKind;

/// What a table has of an EXCLUDE constraint of a model.
pub enum ExclusionMatch<'a> {
    /// The table demands the same.
    Same,
    /// This one bears its name, and demands something else.
    Differs(ConstraintWalker<'a>),
    /// Nothing like it.
    Absent,
    /// Cannot be told.
    Unknown(Gap),
}

impl<'a> TablePair<'a> {
    /// Every EXCLUDE constraint of the model with what the table has of it.
    #[must_use]
    pub fn exclusions(&self, table: TableWalker<'a>) -> Vec<(&'a DeclaredExclusion, ExclusionMatch<'a>)> {
        let Some((_, model)) = self.model else {
            return Vec::new();
        };
        let held = exclusions_of(table);
        let all = model.exclusions.iter();
        all.map(|declared| (declared, found(table, &held, declared)))
            .collect()
    }

    /// The table's EXCLUDE constraints that the model certainly does not declare.
    #[must_use]
    pub fn extra_exclusions(&self, table: TableWalker<'a>) -> Vec<ConstraintWalker<'a>> {
        let Some((_, model)) = self.model else {
            return Vec::new();
        };
        let is_extra = |held: &ConstraintWalker<'a>| {
            model.exclusions.iter().all(|declared| {
                matches!(same(table, declared, *held), Verdict::Differs(()))
                    && !is_named(*held, declared.name.as_ref())
            })
        };
        exclusions_of(table).into_iter().filter(is_extra).collect()
    }
}

fn found<'a>(
    table: TableWalker<'a>,
    held: &[ConstraintWalker<'a>],
    declared: &DeclaredExclusion,
) -> ExclusionMatch<'a> {
    let mut unknown = None;
    for constraint in held {
        match same(table, declared, *constraint) {
            Verdict::Same => return ExclusionMatch::Same,
            Verdict::Unknown(gap) => unknown = Some(gap),
            Verdict::Differs(()) => {}
        }
    }
    let named = held.iter().find(|c| is_named(**c, declared.name.as_ref()));
    match (unknown, named, open(table, Section::Checks)) {
        (Some(gap), ..) => ExclusionMatch::Unknown(gap),
        (None, Some(constraint), _) => ExclusionMatch::Differs(*constraint),
        (None, None, Some(gap)) => ExclusionMatch::Unknown(gap.clone()),
        (None, None, None) => ExclusionMatch::Absent,
    }
}

fn is_named(held: ConstraintWalker<'_>, name: Option<&Name>) -> bool {
    name.is_some() && held.get().name.known() == name
}

/// Whether both demand the same of the same keys.
fn same(table: TableWalker<'_>, declared: &DeclaredExclusion, held: ConstraintWalker<'_>) -> Verdict<()> {
    let unknown = || {
        Verdict::Unknown(Gap::new(
            declared.span,
            "expressions that cannot be compared",
            Reach::Rows,
        ))
    };
    let ConstraintKind::Exclude(index, operators) = &held.get().kind else {
        return Verdict::Differs(());
    };
    let Some(index) = table.get().indexes.get(index.0 as usize) else {
        return unknown();
    };
    let plain = |operator: &str| operator.rsplit('.').next().unwrap_or(operator).to_owned();
    if index.method != declared.method
        || index.keys.len() != declared.elements.len()
        || index.predicate.is_some() != declared.predicate.is_some()
        || !declared
            .elements
            .iter()
            .zip(operators)
            .all(|((_, wanted), found)| plain(wanted) == plain(found))
    {
        return Verdict::Differs(());
    }
    let mut all: Vec<Verdict<Sureness>> = Vec::new();
    for (at, (element, _)) in declared.elements.iter().enumerate() {
        let (column, Some(key)) = (index.key_column(at), index.keys.get(at)) else {
            return unknown();
        };
        let named = match &element.expr.kind {
            ExprKind::Column(name) if name.qualifiers.is_empty() => Some(&name.name),
            _ => None,
        };
        match (named, column) {
            (Some(name), Some(column)) if table.column_by_id(column).name() == name => {}
            (Some(_), Some(_)) => return Verdict::Differs(()),
            _ => all.push(held_alike(table, None, &element.expr, &key.expr)),
        }
    }
    if let (Some(wanted), Some(found)) = (&declared.predicate, &index.predicate) {
        all.push(held_alike(table, None, wanted, found));
    }
    if all
        .iter()
        .any(|v| matches!(v, Verdict::Differs(Sureness::Meaning)))
    {
        Verdict::Differs(())
    } else if all.iter().all(|v| matches!(v, Verdict::Same)) {
        Verdict::Same
    } else {
        unknown()
    }
}

/// Those that certainly are there.
fn exclusions_of(table: TableWalker<'_>) -> Vec<ConstraintWalker<'_>> {
    let all = table.get().constraints.iter().enumerate();
    all.filter(|(_, c)| c.presence.is_present() && matches!(c.kind, ConstraintKind::Exclude(..)))
        .filter_map(|(at, _)| {
            let id = ConstraintId(u32::try_from(at).ok()?);
            Some(ConstraintWalker { table, id })
        })
        .collect()
}
