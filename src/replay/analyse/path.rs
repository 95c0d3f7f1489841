//! Which conversions there are: the casts of the catalog and of extensions, and those without an entry (`find_coercion_pathway`).

use super::CastContext;
use super::types::{Base, Ty, Types};
use crate::sqltype::catalog::{self, CastMethod, CastRow, Context, RowBase, RowType, Volatility};
use crate::sqltype::{Builtin, Category};

/// `find_coercion_pathway`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// By a function; whether it takes the modifier too.
    Function {
        with_modifier: bool,
        volatility: Volatility,
    },
    /// Only the label changes.
    Relabel,
    /// Element by element.
    Array(Volatility),
    /// By the text forms.
    ViaText,
}

fn allows(asked: CastContext, cast: Context) -> bool {
    match cast {
        Context::Implicit => true,
        Context::Assignment => asked != CastContext::Implicit,
        Context::Explicit => asked == CastContext::Explicit,
    }
}

/// The casts of the catalog and of installed extensions.
pub(super) fn find_cast(types: Types<'_>, source: Ty, target: Ty) -> Option<CastRow> {
    if let (Base::Builtin(s), Base::Builtin(t)) = (source.base, target.base) {
        let row = |base, array| RowType {
            base: RowBase::Builtin(base),
            array,
        };
        if let Some(cast) = catalog::catalog().cast(row(s, source.array), row(t, target.array)) {
            return Some(cast.clone());
        }
    }
    for extension in types.schema.extensions.iter().filter(|e| e.presence.may_be()) {
        let Some(rows) = catalog::extension(extension.name.as_str()) else {
            continue;
        };
        let found = rows.casts.iter().find(|cast| {
            types.of_row(cast.source) == Some(source) && types.of_row(cast.target) == Some(target)
        });
        if let Some(cast) = found {
            return Some(cast.clone());
        }
    }
    None
}

pub(super) fn find_path(types: Types<'_>, source: Ty, target: Ty, context: CastContext) -> Option<Path> {
    let (source, target) = (types.base(source).0, types.base(target).0);
    if source == target {
        return Some(Path::Relabel);
    }
    if let Some(cast) = find_cast(types, source, target) {
        if !allows(context, cast.context) {
            return None;
        }
        return Some(match cast.method {
            CastMethod::Function => Path::Function {
                with_modifier: cast.function_args >= 2,
                volatility: cast.volatility,
            },
            CastMethod::Binary => Path::Relabel,
            CastMethod::InOut => Path::ViaText,
        });
    }
    if source.array
        && target.array
        && let (Some(s), Some(t)) = (source.element(), target.element())
        && let Some(path) = find_path(types, s, t, context)
    {
        return Some(Path::Array(path_volatility(types, path, s, t)));
    }
    let string = |ty| types.category(ty).0 == Category::S;
    let assigned = context != CastContext::Implicit && string(target);
    let written = context == CastContext::Explicit && string(source);
    (assigned || written).then_some(Path::ViaText)
}

pub(super) fn path_volatility(types: Types<'_>, path: Path, source: Ty, target: Ty) -> Volatility {
    match path {
        Path::Function { volatility, .. } | Path::Array(volatility) => volatility,
        Path::Relabel => Volatility::Immutable,
        Path::ViaText => text_volatility(types, source).max(text_volatility(types, target)),
    }
}

/// How the input and output functions of a type may be relied on (`pg_proc.provolatile` of `typinput` and `typoutput`).
fn text_volatility(types: Types<'_>, ty: Ty) -> Volatility {
    let (ty, _) = types.base(ty);
    let stable = ty.array
        || match ty.base {
            Base::Object(_) => {
                types.is_enum(ty) || types.category(ty).0 == Category::R || !types.is_known(ty)
            }
            Base::Builtin(builtin) => {
                matches!(
                    builtin,
                    Builtin::Regproc
                        | Builtin::Xml
                        | Builtin::Money
                        | Builtin::Aclitem
                        | Builtin::Date
                        | Builtin::Time
                        | Builtin::Timestamp
                        | Builtin::Timestamptz
                        | Builtin::Interval
                        | Builtin::Timetz
                        | Builtin::Regprocedure
                        | Builtin::Regoper
                        | Builtin::Regoperator
                        | Builtin::Regclass
                        | Builtin::Regcollation
                        | Builtin::Regtype
                        | Builtin::Regrole
                        | Builtin::Regnamespace
                        | Builtin::Regconfig
                        | Builtin::Regdictionary
                        | Builtin::Record
                ) || builtin.category() == Category::R
            }
        };
    if stable {
        Volatility::Stable
    } else {
        Volatility::Immutable
    }
}

/// `IsBinaryCoercible`.
pub(super) fn binary_coercible(types: Types<'_>, source: Ty, target: Ty) -> bool {
    if source == target {
        return true;
    }
    let source = types.base(source).0;
    if source == target {
        return true;
    }
    match target.builtin() {
        Some(Builtin::Any | Builtin::Anyelement | Builtin::Anycompatible) => return true,
        Some(Builtin::Anyarray | Builtin::Anycompatiblearray) if source.element().is_some() => return true,
        Some(Builtin::Anynonarray | Builtin::Anycompatiblenonarray) if source.element().is_none() => {
            return true;
        }
        Some(Builtin::Anyenum) if types.is_enum(source) => return true,
        Some(Builtin::Anyrange | Builtin::Anycompatiblerange) if types.range_subtype(source).is_some() => {
            return true;
        }
        Some(Builtin::Anymultirange | Builtin::Anycompatiblemultirange)
            if types.multirange_range(source).is_some() =>
        {
            return true;
        }
        _ => {}
    }
    find_cast(types, source, target)
        .is_some_and(|cast| cast.method == CastMethod::Binary && cast.context == Context::Implicit)
}

/// The polymorphic pseudo-types.
pub(super) fn is_polymorphic(ty: Ty) -> bool {
    ty.builtin().is_some_and(|b| {
        matches!(
            b,
            Builtin::Anyelement
                | Builtin::Anyarray
                | Builtin::Anynonarray
                | Builtin::Anyenum
                | Builtin::Anyrange
                | Builtin::Anymultirange
                | Builtin::Anycompatible
                | Builtin::Anycompatiblearray
                | Builtin::Anycompatiblenonarray
                | Builtin::Anycompatiblerange
                | Builtin::Anycompatiblemultirange
        )
    })
}

/// `can_coerce_type` for one argument that is not polymorphic.
pub(super) fn can_coerce(types: Types<'_>, source: Ty, target: Ty, context: CastContext) -> bool {
    source == target
        || target.builtin() == Some(Builtin::Any)
        || is_polymorphic(target)
        || source.is_unknown()
        || find_path(types, source, target, context).is_some()
}
