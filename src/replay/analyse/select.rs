//! The choice among functions or operators of one name (`parse_func.c` of the server).

use super::CastContext;
use super::path::{can_coerce, is_polymorphic};
use super::poly;
use super::types::{Ty, Types};
use crate::sqltype::Category;

/// What a candidate takes, one type per argument of the call.
pub(super) trait Takes {
    fn args(&self) -> &[Ty];
}

/// What came of a choice.
pub(super) enum Choice<C> {
    One(C),
    None,
    Several,
}

/// `can_coerce_type` for a whole call.
fn accepts(types: Types<'_>, actual: &[Ty], declared: &[Ty]) -> bool {
    let each = actual
        .iter()
        .zip(declared)
        .all(|(a, d)| can_coerce(types, *a, *d, CastContext::Implicit));
    each && (!declared.iter().any(|d| is_polymorphic(*d)) || poly::consistent(types, actual, declared))
}

/// `func_match_argtypes` and `func_select_candidate`.
pub(super) fn choose<C: Takes>(types: Types<'_>, actual: &[Ty], candidates: Vec<C>) -> Choice<C> {
    let mut left: Vec<C> = candidates
        .into_iter()
        .filter(|c| accepts(types, actual, c.args()))
        .collect();
    if left.len() > 1 {
        left = select(types, actual, left);
    }
    match left.len() {
        0 => Choice::None,
        1 => left.pop().map_or(Choice::None, Choice::One),
        _ => Choice::Several,
    }
}

/// Keeps those with the most arguments that `good` counts; all where none has one.
fn keep_best<C: Takes>(candidates: Vec<C>, good: impl Fn(usize, Ty) -> bool) -> Vec<C> {
    let count = |c: &C| {
        c.args()
            .iter()
            .enumerate()
            .filter(|(i, ty)| good(*i, **ty))
            .count()
    };
    let best = candidates.iter().map(&count).max().unwrap_or(0);
    candidates.into_iter().filter(|c| count(c) == best).collect()
}

fn select<C: Takes>(types: Types<'_>, actual: &[Ty], candidates: Vec<C>) -> Vec<C> {
    let inputs: Vec<Ty> = actual
        .iter()
        .map(|ty| if ty.is_unknown() { *ty } else { types.base(*ty).0 })
        .collect();
    let known = |i: usize| inputs.get(i).copied().filter(|ty| !ty.is_unknown());
    let candidates = keep_best(candidates, |i, ty| known(i) == Some(ty));
    if candidates.len() == 1 {
        return candidates;
    }
    let candidates = keep_best(candidates, |i, ty| {
        known(i).is_some_and(|input| {
            let (category, preferred) = types.category(ty);
            input == ty || (preferred && category == types.category(input).0)
        })
    });
    if candidates.len() == 1 || inputs.iter().all(|ty| !ty.is_unknown()) {
        return candidates;
    }
    let candidates = by_category(types, &inputs, candidates);
    if candidates.len() == 1 {
        return candidates;
    }
    last_resort(types, &inputs, candidates)
}

/// Assigns a category to each argument of unknown type.
fn by_category<C: Takes>(types: Types<'_>, inputs: &[Ty], candidates: Vec<C>) -> Vec<C> {
    let mut slots: Vec<Option<(Category, bool)>> = vec![None; inputs.len()];
    for (i, slot) in slots.iter_mut().enumerate() {
        if inputs.get(i).is_some_and(|ty| !ty.is_unknown()) {
            continue;
        }
        let mut conflict = false;
        for candidate in &candidates {
            let Some((category, preferred)) = candidate.args().get(i).map(|ty| types.category(*ty)) else {
                continue;
            };
            match slot {
                None => *slot = Some((category, preferred)),
                Some((chosen, any)) if *chosen == category => *any |= preferred,
                Some(chosen) if category == Category::S => *chosen = (category, preferred),
                Some(_) => conflict = true,
            }
        }
        if conflict && slot.is_some_and(|(category, _)| category != Category::S) {
            return candidates;
        }
    }
    let fits = |c: &C| {
        slots.iter().zip(c.args()).all(|(slot, ty)| {
            slot.is_none_or(|(wanted, any_preferred)| {
                let (category, preferred) = types.category(*ty);
                category == wanted && (preferred || !any_preferred)
            })
        })
    };
    if candidates.iter().any(fits) {
        candidates.into_iter().filter(fits).collect()
    } else {
        candidates
    }
}

/// Assumes that arguments of unknown type are of the one type that the others have.
fn last_resort<C: Takes>(types: Types<'_>, inputs: &[Ty], candidates: Vec<C>) -> Vec<C> {
    let mut known = inputs.iter().filter(|ty| !ty.is_unknown());
    let Some(first) = known.next().filter(|first| known.all(|ty| ty == *first)) else {
        return candidates;
    };
    let assumed = vec![*first; inputs.len()];
    let fitting: Vec<bool> = candidates
        .iter()
        .map(|c| accepts(types, &assumed, c.args()))
        .collect();
    if fitting.iter().filter(|fits| **fits).count() == 1 {
        candidates
            .into_iter()
            .zip(fitting)
            .filter_map(|(c, fits)| fits.then_some(c))
            .collect()
    } else {
        candidates
    }
}
