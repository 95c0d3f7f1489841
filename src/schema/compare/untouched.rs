//! What was not known of an object, and is not known still: where one schema was made of the other, nothing has touched it.

use super::told::Told;
use crate::known::{Fact, Gap};
use crate::schema::{Column, TableWalker};

/// Whether both sides lack a fact for one cause.
pub(super) fn for_one_cause(a: &Told<'_>, b: &Told<'_>) -> bool {
    matches!((a, b), (Told::Untold(one), Told::Untold(other)) if one == other)
}

/// Whether the type of a column that a fact on a table may hang on has been changed, and with it an expression that is not known: of
/// `column`, or of any.
pub(super) fn retyped(a: TableWalker<'_>, b: TableWalker<'_>, column: Option<&str>) -> bool {
    let origin = |c: &Column| match &c.ty {
        Fact::Known(_, at) => Some(*at),
        Fact::Unknown { .. } => None,
    };
    let columns = a
        .columns()
        .filter(|c| column.is_none_or(|name| c.name().as_str() == name));
    let mut both = columns.filter_map(|c| Some((c, b.get().columns.get(c.id.0 as usize)?)));
    both.any(|(c, other)| origin(c.get()) != origin(other))
}

/// Why triggers and policies that neither side lists may have been touched.
pub(super) fn touched_triggers(a: TableWalker<'_>, b: TableWalker<'_>) -> Option<Gap> {
    let (a, b) = (&a.get().unlisted, &b.get().unlisted);
    b.as_ref().or(a.as_ref()).filter(|_| a != b).cloned()
}
