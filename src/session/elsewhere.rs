//! Names without a schema that the search path, as far as it is known, does not lead to.
//!
//! A database or a role has a search path of its own (PostgreSQL manual, section 5.9.3). A history that uses `orders` and makes
//! `shop.orders` alone runs only where the path leads to `shop`.

use super::Outcome;
use crate::config::Given;
use crate::known::Gap;
use crate::name::Name;
use crate::schema::Schema;

/// A schema that the search path is taken to lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presumed {
    /// The schema.
    pub schema: Name,
    /// The first table that is looked up there.
    pub table: Name,
    /// Where it is used.
    pub gap: Gap,
}

impl Outcome {
    /// Where names were not found, although the history makes a table of that name in one other schema: nothing where the search
    /// path was said, or where nothing fails.
    #[must_use]
    pub fn elsewhere(&self, given: &Given) -> Vec<Presumed> {
        let [first] = given.search_path.as_slice() else {
            return Vec::new();
        };
        if given.search_path_said || self.missteps.is_empty() {
            return Vec::new();
        }
        let schema = &self.schema;
        let mut out: Vec<Presumed> = Vec::new();
        for (_, table) in schema.tables.iter() {
            let Some(gap) = table.presumed.as_ref().filter(|_| table.presence.may_be()) else {
                continue;
            };
            if schema.namespaces[table.namespace].name != *first {
                continue;
            }
            if let Some(place) = only_other(schema, &table.name, first)
                && out.iter().all(|known| known.schema != place)
            {
                out.push(Presumed {
                    schema: place,
                    table: table.name.clone(),
                    gap: gap.clone(),
                });
            }
        }
        out.sort_by(|a, b| (a.gap.at, &a.schema).cmp(&(b.gap.at, &b.schema)));
        out
    }
}

/// The one schema besides the first of the path where the history makes a table of a name.
fn only_other(schema: &Schema, name: &Name, first: &Name) -> Option<Name> {
    let mut places = schema.tables.iter().filter_map(|(_, table)| {
        let place = &schema.namespaces[table.namespace];
        let own = table.presence.is_present() && table.presumed.is_none() && table.extension.is_none();
        (own && table.name == *name && !place.system && place.name != *first).then(|| place.name.clone())
    });
    let place = places.next()?;
    places.next().is_none().then_some(place)
}
