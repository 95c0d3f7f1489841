//! What was not known of an object, and is not known still: where one schema was made of the other, nothing has touched it.

use super::Kind;
use super::items::{Item, There, Word};
use super::told::{self, Told};
use crate::known::{Gap, Verdict};
use crate::schema::{Schema, TableWalker};

/// Whether both sides lack a fact for one cause.
pub(super) fn for_one_cause(a: &Told<'_>, b: &Told<'_>) -> bool {
    matches!((a, b), (Told::Untold(one), Told::Untold(other)) if one == other)
}

/// Why triggers and policies that neither side lists may have been touched.
pub(super) fn touched_triggers(a: TableWalker<'_>, b: TableWalker<'_>) -> Option<Gap> {
    let (a, b) = (&a.get().unlisted, &b.get().unlisted);
    b.as_ref().or(a.as_ref()).filter(|_| a != b).cloned()
}

/// Whether an object that may be there, or not, is with all that is said of it what it was. Of a table more is to be said than its
/// own facts; one that was not touched is not looked at.
pub(super) fn is(a: &Item<'_>, b: &Item<'_>, left: &Schema, right: &Schema) -> bool {
    let (There::Maybe(one), There::Maybe(other)) = (&a.there, &b.there) else {
        return false;
    };
    let same = |(x, y): (&Word<'_>, &Word<'_>)| {
        x.word == y.word
            && (for_one_cause(&x.told, &y.told)
                || told::compare((&x.told, left, a.of), (&y.told, right, b.of)) == Verdict::Same)
    };
    !matches!(a.object.kind, Kind::Table | Kind::View)
        && one == other
        && a.object.name == b.object.name
        && a.facts.len() == b.facts.len()
        && a.facts.iter().zip(&b.facts).all(same)
}
