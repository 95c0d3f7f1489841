//! Polymorphic arguments: `check_generic_type_consistency` and `enforce_generic_type_consistency` of `parse_coerce.c`.

use super::CastContext;
use super::common::common_type;
use super::path::{can_coerce, is_polymorphic};
use super::types::{Ty, Types};
use crate::sqltype::Builtin;

/// What the polymorphic arguments of a call stand for.
#[derive(Default)]
struct Found {
    element: Option<Ty>,
    array: Option<Ty>,
    range: Option<Ty>,
    multirange: Option<Ty>,
    any: bool,
    nonarray: bool,
    enumeration: bool,
    compatible: Vec<Ty>,
    any_compatible: bool,
    compatible_nonarray: bool,
    compatible_range: Option<Ty>,
    compatible_multirange: Option<Ty>,
}

/// Arguments that contradict each other.
struct Contradiction;

fn set(slot: &mut Option<Ty>, ty: Ty) -> Result<(), Contradiction> {
    match slot {
        Some(known) if *known != ty => Err(Contradiction),
        _ => {
            *slot = Some(ty);
            Ok(())
        }
    }
}

fn gather(types: Types<'_>, actual: &[Ty], declared: &[Ty]) -> Result<Found, Contradiction> {
    let mut found = Found::default();
    for (actual, declared) in actual.iter().zip(declared) {
        let Some(pseudo) = declared.builtin().filter(|_| is_polymorphic(*declared)) else {
            continue;
        };
        let family_two = matches!(
            pseudo,
            Builtin::Anycompatible
                | Builtin::Anycompatiblearray
                | Builtin::Anycompatiblenonarray
                | Builtin::Anycompatiblerange
                | Builtin::Anycompatiblemultirange
        );
        found.any |= !family_two;
        found.any_compatible |= family_two;
        found.nonarray |= pseudo == Builtin::Anynonarray;
        found.enumeration |= pseudo == Builtin::Anyenum;
        found.compatible_nonarray |= pseudo == Builtin::Anycompatiblenonarray;
        if actual.is_unknown() {
            continue;
        }
        let flat = types.base(*actual).0;
        match pseudo {
            Builtin::Anyarray => set(&mut found.array, flat)?,
            Builtin::Anyrange => set(&mut found.range, flat)?,
            Builtin::Anymultirange => set(&mut found.multirange, flat)?,
            Builtin::Anycompatible | Builtin::Anycompatiblenonarray => found.compatible.push(*actual),
            Builtin::Anycompatiblearray => found.compatible.push(flat.element().ok_or(Contradiction)?),
            Builtin::Anycompatiblerange => {
                if found.compatible_range.is_none() {
                    found
                        .compatible
                        .push(types.range_subtype(flat).ok_or(Contradiction)?);
                }
                set(&mut found.compatible_range, flat)?;
            }
            Builtin::Anycompatiblemultirange => set(&mut found.compatible_multirange, flat)?,
            // anyelement, anynonarray, anyenum.
            _ => set(&mut found.element, *actual)?,
        }
    }
    deduce(types, &mut found)?;
    Ok(found)
}

/// Deduces elements from arrays and ranges, and compares them.
fn deduce(types: Types<'_>, found: &mut Found) -> Result<(), Contradiction> {
    if let Some(array) = found.array {
        set(&mut found.element, array.element().ok_or(Contradiction)?)?;
    }
    if let Some(multirange) = found.multirange {
        set(
            &mut found.range,
            types.multirange_range(multirange).ok_or(Contradiction)?,
        )?;
    }
    if let Some(range) = found.range {
        set(
            &mut found.element,
            types.range_subtype(range).ok_or(Contradiction)?,
        )?;
    }
    let over_array = |ty: Ty| types.base(ty).0.element().is_some();
    if found.nonarray && found.element.is_some_and(over_array) {
        return Err(Contradiction);
    }
    if found.enumeration && !found.element.is_some_and(|ty| types.is_enum(ty)) {
        return Err(Contradiction);
    }
    if let Some(multirange) = found.compatible_multirange {
        let range = types.multirange_range(multirange).ok_or(Contradiction)?;
        if found.compatible_range.is_none() {
            found
                .compatible
                .push(types.range_subtype(range).ok_or(Contradiction)?);
        }
        set(&mut found.compatible_range, range)?;
    }
    if let Some(common) = compatible(types, found)? {
        if found.compatible_nonarray && over_array(common) {
            return Err(Contradiction);
        }
        let of_range = found.compatible_range.and_then(|r| types.range_subtype(r));
        if of_range.is_some_and(|subtype| subtype != common) {
            return Err(Contradiction);
        }
    }
    Ok(())
}

/// The common type of the `anycompatible` arguments that have one.
fn compatible(types: Types<'_>, found: &Found) -> Result<Option<Ty>, Contradiction> {
    if found.compatible.is_empty() {
        return Ok(None);
    }
    let common = common_type(types, &found.compatible).ok_or(Contradiction)?;
    let all = found
        .compatible
        .iter()
        .all(|ty| can_coerce(types, *ty, common, CastContext::Implicit));
    if all { Ok(Some(common)) } else { Err(Contradiction) }
}

/// `check_generic_type_consistency`.
pub(super) fn consistent(types: Types<'_>, actual: &[Ty], declared: &[Ty]) -> bool {
    gather(types, actual, declared).is_ok()
}

/// `enforce_generic_type_consistency`: puts types in place of polymorphic arguments that the server would convert to, and
/// gives the result's type. `None` where the types contradict each other or cannot be told.
pub(super) fn enforce(types: Types<'_>, actual: &[Ty], declared: &mut [Ty], returns: Ty) -> Option<Ty> {
    let found = gather(types, actual, declared).ok()?;
    if !found.any && !found.any_compatible {
        return (!is_polymorphic(returns)).then_some(returns);
    }
    // Literals alone give family one nothing to go by; family two takes text.
    if found.any && found.element.is_none() {
        return None;
    }
    let common = if found.any_compatible {
        Some(compatible(types, &found).ok()?.unwrap_or(Ty::TEXT))
    } else {
        None
    };
    let resolved = |pseudo: Builtin| -> Option<Ty> {
        match pseudo {
            Builtin::Anyelement | Builtin::Anynonarray | Builtin::Anyenum => found.element,
            Builtin::Anyarray => found.array.or_else(|| found.element?.array_of()),
            Builtin::Anyrange => found.range,
            Builtin::Anymultirange => found
                .multirange
                .or_else(|| found.range.and_then(|r| types.range_multirange(r))),
            Builtin::Anycompatible | Builtin::Anycompatiblenonarray => common,
            Builtin::Anycompatiblearray => common?.array_of(),
            Builtin::Anycompatiblerange => found.compatible_range,
            Builtin::Anycompatiblemultirange => found
                .compatible_multirange
                .or_else(|| found.compatible_range.and_then(|r| types.range_multirange(r))),
            _ => None,
        }
    };
    for (actual, declared) in actual.iter().zip(declared.iter_mut()) {
        let Some(pseudo) = declared.builtin().filter(|_| is_polymorphic(*declared)) else {
            continue;
        };
        let family_two = pseudo.typname().starts_with("anycompatible");
        if family_two || actual.is_unknown() {
            *declared = resolved(pseudo)?;
        }
    }
    match returns.builtin().filter(|_| is_polymorphic(returns)) {
        Some(pseudo) => resolved(pseudo),
        None => Some(returns),
    }
}
