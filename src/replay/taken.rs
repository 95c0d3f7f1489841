//! Names that an index may have of which it is not known on what table it is: a constraint was given to a table of unknown name.

use super::Database;
use super::apply::Step;
use crate::known::Gap;
use crate::name::Name;
use crate::schema::NamespaceId;

/// Names by their schemas, each with why it may be taken.
pub(super) type Taken = Vec<(NamespaceId, Name, Gap)>;

impl Database {
    /// An index of this name may be in a schema, on any of its tables.
    pub fn may_take(&mut self, place: &Name, name: &Name, gap: &Gap) {
        let Some(namespace) = self.schema.namespace(place) else {
            return;
        };
        if of(&self.taken, namespace, name).is_none() {
            self.taken.push((namespace, name.clone(), gap.clone()));
        }
    }
}

impl Step {
    /// Why an index of this name may be there that no table lists.
    pub(super) fn may_be_taken(&self, namespace: NamespaceId, name: &Name) -> Option<Gap> {
        of(&self.db.taken, namespace, name).cloned()
    }
}

fn of<'t>(taken: &'t Taken, namespace: NamespaceId, name: &Name) -> Option<&'t Gap> {
    let mut all = taken.iter();
    let found = all.find(|(place, other, _)| *place == namespace && other == name);
    found.map(|(.., gap)| gap)
}
