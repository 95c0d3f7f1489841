//! Default operator classes, and what a foreign key may compare by them.

use super::path::{binary_coercible, can_coerce, is_polymorphic};
use super::stop::Stop;
use super::types::{Ty, Types};
use super::{CastContext, operator};
use crate::schema::Schema;
use crate::source::{FileId, Span};
use crate::sqltype::catalog;
use crate::sqltype::{Builtin, Category, SqlType};

/// Families whose equality compares different types (`pg_amop`, method btree, strategy 3).
static FAMILIES: &[&[Builtin]] = &[
    &[Builtin::Int2, Builtin::Int4, Builtin::Int8],
    &[Builtin::Float4, Builtin::Float8],
    &[Builtin::Date, Builtin::Timestamp, Builtin::Timestamptz],
    &[Builtin::Text, Builtin::Name],
];

/// Whether `=` takes values of these types as they are; `None` where it cannot be told.
pub(crate) fn equated(schema: &Schema, left: &SqlType, right: &SqlType) -> Option<bool> {
    let types = Types { schema };
    let operands = [Ty::from_sql(left)?, Ty::from_sql(right)?];
    match operator::find(types, "=", &operands, Span::new(FileId(0), 0, 0)) {
        Ok(_) => Some(true),
        Err(Stop::Fail(_)) => Some(false),
        Err(Stop::Gap(_)) => None,
    }
}

/// Whether a foreign key may compare these types; `None` where it cannot be told. As `ATAddForeignKeyConstraint` looks for it:
/// an equality of the index's family for both types, or else the referencing value must become what the index takes by itself.
pub(crate) fn comparable(schema: &Schema, referencing: &SqlType, referenced: &SqlType) -> Option<bool> {
    let types = Types { schema };
    let (from, to) = (Ty::from_sql(referencing)?, Ty::from_sql(referenced)?);
    if from == to && from.array && from.element().and_then(Ty::builtin) == Some(Builtin::Varchar) {
        // Taken with a new table, refused when rows are compared.
        return None;
    }
    if from == to {
        return Some(true);
    }
    if !types.is_known(from) || !types.is_known(to) {
        return None;
    }
    let (_, index) = default_opclass(schema, referenced, "btree")??;
    let base = types.base(from).0;
    let family = |a: Ty, b: Ty| {
        a == b
            || FAMILIES.iter().any(|family| {
                let has = |ty: Ty| ty.builtin().is_some_and(|b| family.contains(&b));
                has(a) && has(b)
            })
    };
    let found = if is_polymorphic(index) {
        types.base(to).0 == base
    } else {
        family(index, base)
            || can_coerce(types, from, index, CastContext::Implicit)
                && can_coerce(types, to, index, CastContext::Implicit)
    };
    match (found, &schema.unlisted) {
        (true, _) => Some(true),
        (false, Some(_)) => None,
        (false, None) => Some(false),
    }
}

/// Whether `opclass` is the default operator class of `ty` for the access method; `None` where it cannot be told.
pub(crate) fn is_default_opclass(schema: &Schema, ty: &SqlType, method: &str, opclass: &str) -> Option<bool> {
    let found = default_opclass(schema, ty, method)?;
    Some(found.is_some_and(|(name, _)| name == opclass))
}

/// Whether the access method has a default operator class for `ty` (42704 where it has none); `None` where it cannot be told.
pub(crate) fn has_default_opclass(schema: &Schema, ty: &SqlType, method: &str) -> Option<bool> {
    default_opclass(schema, ty, method).map(|found| found.is_some())
}

/// `GetDefaultOpClass`: the class of the type itself, then one whose type it is binary-coercible to, a preferred one first.
#[allow(clippy::option_option, reason = "the outer one says whether it can be told")]
fn default_opclass(schema: &Schema, ty: &SqlType, method: &str) -> Option<Option<(&'static str, Ty)>> {
    const METHODS: &[&str] = &["btree", "hash", "gist", "gin", "spgist", "brin", "bloom"];
    let types = Types { schema };
    let of = Ty::from_sql(ty)?;
    let method = *METHODS.iter().find(|known| **known == method)?;
    if !types.is_known(of) {
        return None;
    }
    let base = types.base(of).0;
    if let Some(row) = base.row()
        && let Some(name) = catalog::catalog().default_opclass(method, row)
    {
        return Some(Some((name, base)));
    }
    let mut installed = schema
        .extensions
        .iter()
        .filter(|e| e.presence.may_be())
        .filter_map(|e| catalog::extension(e.name.as_str()))
        .flat_map(|c| c.default_opclasses(method))
        .peekable();
    // The type that is indexed most has none of its own: `text` is the preferred one of those that it is coercible to.
    if base == Ty::of(Builtin::Varchar)
        && installed.peek().is_none()
        && let Some(text) = Ty::TEXT.row()
        && let Some(name) = catalog::catalog().default_opclass(method, text)
    {
        return Some(Some((name, Ty::TEXT)));
    }
    let rows: Vec<_> = catalog::catalog()
        .default_opclasses(method)
        .iter()
        .chain(installed)
        .filter_map(|(name, ty)| Some((*name, types.of_row(*ty)?)))
        .collect();
    if let Some(&(name, _)) = rows.iter().find(|(_, ty)| *ty == base) {
        return Some(Some((name, base)));
    }
    let compatible: Vec<_> = rows
        .iter()
        .filter(|(_, ty)| binary_coercible(types, base, *ty))
        .collect();
    let preferred = |ty: Ty| types.category(ty).1 && types.category(ty).0 == types.category(base).0;
    let best = compatible
        .iter()
        .find(|(_, ty)| preferred(*ty))
        .or(compatible.first())
        .map(|row| **row);
    let opaque = schema.extensions.iter().any(|e| {
        e.presence.may_be() && (!e.presence.is_present() || catalog::extension(e.name.as_str()).is_none())
    });
    if best.is_none()
        && (opaque
            || schema.unlisted.is_some()
            || types.category(base).0 == Category::U && base.builtin().is_none())
    {
        return None;
    }
    Some(best)
}
