//! What a statement may reach that says of what kind an object is, and of its name a part alone: `DROP INDEX ix_{n}`.

use super::Session;
use super::catalog::is_system_namespace;
use super::reach::{HOLE, RAW_HOLE};
use crate::change::{ObjectKind, ObjectName};
use crate::known::{Reach, Section};
use crate::name::{Name, QualifiedName};

/// What is done to an object of which the name is not known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Without `CASCADE`: nothing that hangs on it goes with it.
    Drop,
    Rename,
}

impl Session {
    /// What dropping or renaming an object can touch of which the name has a hole, and of which the statement says what it is: the
    /// server takes no other (manual, DROP INDEX, ALTER SEQUENCE; what `ALTER INDEX` renames is taken to be one).
    pub(super) fn of_kind(&self, kind: ObjectKind, name: &ObjectName, deed: Deed, out: &mut Vec<Reach>) {
        let places = self.places(&name.name);
        let schema = self.world.database.schema();
        let inside = |place: &Name| places.contains(place);
        let named = |place: &Name, name: &Name| {
            Reach::Object(QualifiedName::in_schema(place.clone(), name.clone()).to_string())
        };
        match kind {
            ObjectKind::Index => {
                let sections: &[Section] = match deed {
                    // One behind a constraint is not dropped by itself; a foreign key keeps another from it.
                    Deed::Drop => &[Section::Indexes],
                    Deed::Rename => &[Section::Indexes, Section::Unique, Section::PrimaryKey],
                };
                let tables = schema.live_tables();
                let tables = tables.iter().filter(|table| inside(table.namespace_name()));
                for table in tables {
                    let sections = sections.iter();
                    out.extend(sections.map(|section| Reach::Section(table.qualified(), *section)));
                }
            }
            ObjectKind::Sequence => {
                let all = schema.sequences.iter().filter(|(_, s)| s.presence.may_be());
                let all = all.map(|(_, s)| (&schema.namespaces[s.namespace].name, &s.name));
                out.extend(
                    all.filter(|(place, _)| inside(place))
                        .map(|(place, name)| named(place, name)),
                );
            }
            _ => return self.altered(name, out),
        }
        if deed == Deed::Rename || kind == ObjectKind::Sequence {
            out.extend(
                places
                    .into_iter()
                    .map(|place| Reach::Others(place.as_str().to_owned())),
            );
        }
    }

    /// The schemas that something can lie in of which the name has a hole: one that may hold its schema itself lies anywhere.
    fn places(&self, name: &QualifiedName) -> Vec<Name> {
        let schema = self.world.database.schema();
        match &name.schema {
            Some(place) if !place.as_str().contains(HOLE) => vec![place.clone()],
            None if !name.name.as_str().starts_with(RAW_HOLE) => schema.search_path.clone(),
            _ => {
                let live = schema.namespaces.iter().filter(|(_, n)| n.presence.may_be());
                let all = live.map(|(_, n)| n.name.clone());
                all.filter(|place| !is_system_namespace(place)).collect()
            }
        }
    }
}
