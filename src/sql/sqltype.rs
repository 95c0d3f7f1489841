//! Lowers types as SQL spells them.

use super::source::Lower;
use crate::sqltype::SqlType;
use crate::syntax::pg::ast;

/// A type as spelled, and the bytes of a serial pseudo-type (2, 4 or 8; the type is then the integer). User-defined types are
/// named, not looked up. `SETOF` is for the caller to see. `None` where it is no type.
pub(super) fn sql_type(cx: &Lower<'_>, node: &ast::Type) -> Option<(SqlType, Option<u8>)> {
    let _ = (cx, node);
    None
}
