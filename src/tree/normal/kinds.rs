//! What a normal form is: a constant, a value made anew, a test of one column.

use super::Norm;
use crate::name::{Name, QualifiedName};
use crate::sqltype::{Builtin, Category};

/// A constant: nothing but literals.
pub(super) fn is_constant(norm: &Norm) -> bool {
    match norm {
        Norm::Null
        | Norm::Bool(_)
        | Norm::Number(_)
        | Norm::Text(_)
        | Norm::Raw(_)
        | Norm::Typed(..)
        | Norm::Label(_) => true,
        Norm::Array(items) => items.iter().all(is_constant),
        Norm::Cast(inner, _) => is_constant(inner),
        Norm::Now
        | Norm::Value(_)
        | Norm::Column(..)
        | Norm::Var(_)
        | Norm::Relation(_)
        | Norm::Call(..)
        | Norm::Op(..)
        | Norm::Not(_)
        | Norm::And(_)
        | Norm::Or(_)
        | Norm::IsNull(_)
        | Norm::OfSet(..)
        | Norm::Other(..)
        | Norm::Opaque => false,
    }
}

/// A constant or a column.
pub(super) fn is_simple(norm: &Norm) -> bool {
    is_constant(norm) || matches!(norm, Norm::Column(..) | Norm::Var(_))
}

/// Functions whose every call gives another value, or that read the session.
pub(super) fn is_generator(name: &QualifiedName) -> bool {
    matches!(
        name.name.as_str(),
        "gen_random_uuid"
            | "uuid_generate_v1"
            | "uuid_generate_v1mc"
            | "uuid_generate_v4"
            | "uuidv4"
            | "uuidv7"
            | "random"
            | "nextval"
            | "clock_timestamp"
            | "statement_timestamp"
            | "timeofday"
            | "gen_random_bytes"
    )
}

/// A value made anew: by a generator, or the time of the transaction.
pub(super) fn is_generated(norm: &Norm) -> bool {
    match norm {
        Norm::Now | Norm::Value(_) => true,
        Norm::Call(name, _) => is_generator(name),
        Norm::Cast(inner, _) => is_generated(inner),
        _ => false,
    }
}

pub(super) fn reads_columns_in(parts: &[Norm]) -> bool {
    parts.iter().any(reads_columns)
}

pub(super) fn reads_columns(norm: &Norm) -> bool {
    match norm {
        Norm::Column(..) | Norm::Var(_) => true,
        Norm::Null
        | Norm::Bool(_)
        | Norm::Number(_)
        | Norm::Text(_)
        | Norm::Raw(_)
        | Norm::Typed(..)
        | Norm::Label(_)
        | Norm::Now
        | Norm::Value(_)
        | Norm::Relation(_)
        | Norm::Opaque => false,
        Norm::Not(inner) | Norm::IsNull(inner) | Norm::Cast(inner, _) => reads_columns(inner),
        Norm::Array(parts)
        | Norm::Call(_, parts)
        | Norm::Op(_, parts)
        | Norm::And(parts)
        | Norm::Or(parts)
        | Norm::Other(_, parts) => reads_columns_in(parts),
        Norm::OfSet(value, _, _, parts) => reads_columns(value) || reads_columns_in(parts),
    }
}

/// A test of one column: against constants, or for NULL.
pub(super) fn is_atom(norm: &Norm) -> bool {
    subject(norm).is_some()
}

/// The column that an atom tests.
pub(super) fn subject(norm: &Norm) -> Option<&Norm> {
    let column = |norm: &Norm| matches!(norm, Norm::Column(..) | Norm::Var(_));
    match norm {
        Norm::IsNull(inner) | Norm::Not(inner) if column(inner) => Some(inner),
        Norm::Not(inner) => subject(inner),
        Norm::OfSet(value, _, _, items) if column(value) && items.iter().all(is_constant) => Some(value),
        Norm::Op(_, parts) => match parts.as_slice() {
            [value, constant] if column(value) && is_constant(constant) => Some(value),
            [constant, value] if column(value) && is_constant(constant) => Some(value),
            _ => None,
        },
        norm if column(norm) => Some(norm),
        _ => None,
    }
}

pub(super) fn texts(items: &[Norm]) -> bool {
    items
        .iter()
        .all(|item| matches!(item, Norm::Text(_) | Norm::Raw(_) | Norm::Label(_)))
}

/// A value under a cast to text.
pub(super) fn as_text(norm: &Norm) -> &Norm {
    match norm {
        Norm::Cast(inner, ty)
            if ty.modifier.is_none() && ty.as_builtin().is_some_and(|b| b.category() == Category::S) =>
        {
            inner
        }
        norm => norm,
    }
}

/// The sequence that text or a resolved relation names.
pub(super) fn sequence(norm: &Norm) -> Option<QualifiedName> {
    let text = match norm {
        Norm::Text(text) | Norm::Raw(text) => text,
        Norm::Cast(inner, ty) if ty.as_builtin() == Some(Builtin::Regclass) => match &**inner {
            Norm::Text(text) | Norm::Raw(text) => text,
            _ => return None,
        },
        Norm::Typed(text, Builtin::Regclass, false) => text,
        _ => return None,
    };
    let mut parts = text.split('.').map(Name::from_sql);
    let (first, second) = (parts.next()?, parts.next());
    if parts.next().is_some() || text.contains("\".\"") && second.is_none() {
        return None;
    }
    Some(match second {
        Some(name) => QualifiedName::in_schema(first, name),
        None => QualifiedName::bare(first),
    })
}
