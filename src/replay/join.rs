//! Two courses of a database become one.

use super::Database;
use crate::known::Gap;

pub(super) fn join(ours: Database, theirs: Database, base: &Database, gap: &Gap) -> Database {
    let _ = (theirs, base, gap);
    ours
}
