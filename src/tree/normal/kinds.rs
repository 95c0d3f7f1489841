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
    let mut read = Vec::new();
    columns(norm, &mut read);
    !read.is_empty()
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

/// A number with a fraction.
pub(super) fn is_broken(norm: &Norm) -> bool {
    matches!(norm, Norm::Number(number) if number.contains('.'))
}

/// Whether a further condition may decide what two conditions that differ say: it reads a column of theirs, and is not the other
/// end of a range.
pub(super) fn may_hide(further: &Norm, one: &Norm, other: &Norm) -> bool {
    let ends = [one, other]
        .iter()
        .all(|norm| match (bound(norm), bound(further)) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        });
    let mut read = Vec::new();
    columns(one, &mut read);
    columns(other, &mut read);
    let mut here = Vec::new();
    columns(further, &mut here);
    !ends && here.iter().any(|column| read.contains(column))
}

/// Which end of a range a comparison with a constant is: true for the upper one.
fn bound(norm: &Norm) -> Option<bool> {
    match norm {
        Norm::Op(op, parts) if matches!(op.as_str(), "<" | "<=") => match parts.as_slice() {
            [_, constant] if is_constant(constant) => Some(true),
            [constant, _] if is_constant(constant) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn columns<'a>(norm: &'a Norm, out: &mut Vec<&'a Norm>) {
    match norm {
        Norm::Column(..) | Norm::Var(_) => out.push(norm),
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
        | Norm::Opaque => {}
        Norm::Not(inner) | Norm::IsNull(inner) | Norm::Cast(inner, _) => columns(inner, out),
        Norm::Array(parts)
        | Norm::Call(_, parts)
        | Norm::Op(_, parts)
        | Norm::And(parts)
        | Norm::Or(parts)
        | Norm::Other(_, parts) => parts.iter().for_each(|part| columns(part, out)),
        Norm::OfSet(value, _, _, parts) => {
            columns(value, out);
            parts.iter().for_each(|part| columns(part, out));
        }
    }
}
