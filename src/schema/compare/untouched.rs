//! What was not known of an object, and is not known still: where one schema was made of the other, nothing has touched it.

use super::told::Told;
use crate::known::Gap;
use crate::schema::TableWalker;

/// Whether both sides lack a fact for one cause.
pub(super) fn for_one_cause(a: &Told<'_>, b: &Told<'_>) -> bool {
    matches!((a, b), (Told::Untold(one), Told::Untold(other)) if one == other)
}

/// Why triggers and policies that neither side lists may have been touched.
pub(super) fn touched_triggers(a: TableWalker<'_>, b: TableWalker<'_>) -> Option<Gap> {
    let (a, b) = (&a.get().unlisted, &b.get().unlisted);
    b.as_ref().or(a.as_ref()).filter(|_| a != b).cloned()
}
