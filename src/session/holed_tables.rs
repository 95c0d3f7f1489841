//! Which tables a name can be of that is known in part, and what a change to such a table reaches.

use rustc_hash::FxHashMap;

use super::Session;
use super::parts::{self, Part};
use super::reach::{HOLE, HOLE_DIGITS, RAW_HOLE, holed};
use crate::change::ObjectName;
use crate::known::Reach;
use crate::name::Name;
use crate::schema::{Lookup, Relation, TableWalker};

/// How many names a statement takes where a name with a hole stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    One,
    /// What no quotes keep to one name may hold further ones.
    Several,
}

impl Session {
    /// A change to a relation that is there: to this one, or to any of its schema.
    pub(super) fn altered(&self, name: &ObjectName, out: &mut Vec<Reach>) {
        self.altered_as(name, Names::Several, out);
    }

    fn altered_as(&self, name: &ObjectName, names: Names, out: &mut Vec<Reach>) {
        if !holed(&name.name) {
            let reach = match self.relation(&name.name) {
                Lookup::Found((Relation::Table(id) | Relation::Index(id, _), _)) => {
                    Reach::Object(self.world.database.schema().table(id).qualified())
                }
                _ => Reach::Object(self.printed(&name.name)),
            };
            out.push(reach);
            return;
        }
        if name.name.schema.is_none() && name.name.name.as_str().starts_with(RAW_HOLE) {
            out.push(Reach::Everything);
            return;
        }
        let namespace = self.namespace_reach(&name.name);
        if let Reach::Namespace(place) = &namespace {
            if let Some(tables) = self.tables_like(name.name.name.as_str(), names, place) {
                out.extend(tables.into_iter().map(Reach::Object));
                out.push(Reach::Others(place.clone()));
                return;
            }
            for table in self.world.database.schema().live_tables() {
                if table.namespace_name().as_str() == place {
                    out.push(Reach::Object(table.qualified()));
                }
            }
        }
        out.push(namespace);
    }

    /// The same of a change that reaches parts of a table alone: nothing comes or goes by it that a schema lists.
    pub(super) fn altered_in(&self, name: &ObjectName, parts: &[Part], out: &mut Vec<Reach>) {
        let mut reaches = Vec::new();
        self.altered_as(name, Names::One, &mut reaches);
        let known = self.world.database.schema().live_tables();
        let known: FxHashMap<String, TableWalker<'_>> = known
            .into_iter()
            .map(|table| (table.qualified(), table))
            .collect();
        let before = out.len();
        for reach in reaches {
            match reach {
                Reach::Object(table) => match known.get(&table) {
                    Some(table) => parts::of_table(parts, *table, out),
                    None => out.push(Reach::Object(table)),
                },
                Reach::Namespace(_) | Reach::Others(_) => {}
                reach => out.push(reach),
            }
        }
        // It is told, although no table that is known can be meant.
        if !parts.is_empty() && out.len() == before {
            out.push(Reach::Rows);
        }
    }

    /// The tables that a name can be of which is known but for holes, where nothing else can be of that name; `None` where that cannot be
    /// told.
    fn tables_like(&self, name: &str, names: Names, place: &str) -> Option<Vec<String>> {
        let alone = name.matches(HOLE).count() == 1;
        let digits = alone && name.contains(HOLE_DIGITS);
        let raw = alone && name.contains(RAW_HOLE) && names == Names::One;
        let mark = match (digits, raw) {
            (true, _) => HOLE_DIGITS,
            (_, true) => RAW_HOLE,
            _ => HOLE,
        };
        let (start, end) = (name.split(mark).next()?, name.rsplit(mark).next()?);
        // What follows a hole of another kind is not told apart from its mark.
        if !raw && name.contains(RAW_HOLE)
            || !digits && name.contains(HOLE_DIGITS)
            || !digits && start.is_empty() && end.is_empty()
            || raw && start.is_empty()
        {
            return None;
        }
        let schema = self.world.database.schema();
        let fits = |name: &Name| {
            let rest = name.as_str().strip_prefix(start);
            let hole = rest.and_then(|rest| rest.strip_suffix(end));
            let fits = |c: char| !digits || c.is_ascii_digit() || c == '_';
            hole.is_some_and(|hole| (raw || !hole.is_empty()) && hole.chars().all(fits))
        };
        let here = |namespace| schema.namespaces[namespace].name.as_str() == place;
        let tables: Vec<_> = schema
            .live_tables()
            .into_iter()
            .filter(|table| table.namespace_name().as_str() == place)
            .collect();
        let mut indexes = tables.iter().flat_map(|table| &table.get().indexes);
        let mut keys = tables.iter().flat_map(|table| &table.get().constraints);
        let other = indexes.any(|index| index.name.known().is_none_or(fits))
            || keys.any(|key| key.name.known().is_none_or(fits))
            || schema
                .sequences
                .iter()
                .any(|(_, s)| here(s.namespace) && fits(&s.name))
            || schema
                .types
                .iter()
                .any(|(_, ty)| here(ty.namespace) && fits(&ty.name) && !self.names_rows(&ty.name, place));
        let fitting = tables.iter().filter(|table| fits(table.name()));
        (!other).then(|| fitting.map(|table| table.qualified()).collect())
    }

    /// Whether a type is that of a table's rows.
    fn names_rows(&self, name: &Name, place: &str) -> bool {
        let tables = self.world.database.schema().live_tables();
        let mut named = tables.into_iter().filter(|table| table.name() == name);
        named.any(|table| table.namespace_name().as_str() == place)
    }
}
