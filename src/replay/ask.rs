//! Questions that migrations ask of the schema.

use super::Database;
use crate::change::{ObjectKind, Question};
use crate::known::{Gap, Presence, Reach, Section, Truth};
use crate::name::{Name, QualifiedName};
use crate::schema::{Lookup, NamespaceId, Relation, RelationKind, TableId, TypeKind};

pub(super) fn ask(db: &Database, question: &Question) -> Truth {
    match question {
        Question::Exists(kind, name) => exists(db, *kind, name),
        Question::HasColumn(table, column) => on_table(db, table, |id| has_column(db, id, column)),
        Question::HasConstraint(table, name) => on_table(db, table, |id| has_constraint(db, id, name)),
        Question::HasLabel(name, label) => has_label(db, name, label),
    }
}

fn by_presence(presence: &Presence) -> Truth {
    match presence {
        Presence::Present(_) => Truth::Yes,
        Presence::Dropped(_) => Truth::No,
        Presence::Maybe(gap) => Truth::Unknown(gap.clone()),
    }
}

fn on_table(db: &Database, name: &QualifiedName, ask: impl FnOnce(TableId) -> Truth) -> Truth {
    match db.schema.table_named(name) {
        Lookup::Found(table) => match by_presence(&table.get().presence) {
            Truth::Yes => ask(table.id),
            Truth::No => Truth::No,
            Truth::Unknown(gap) => match ask(table.id) {
                Truth::No => Truth::No,
                _ => Truth::Unknown(gap),
            },
        },
        Lookup::Absent => absent(db, name),
        Lookup::Unknown(gap) => Truth::Unknown(gap),
    }
}

/// Nothing made it and nothing hides it; in a schema that the history did not make, that says little.
fn absent(db: &Database, name: &QualifiedName) -> Truth {
    if let Some(schema) = &name.schema {
        match db.schema.namespace(schema) {
            Some(id) => {
                let namespace = &db.schema.namespaces[id];
                if let Some(gap) = &namespace.presumed {
                    return Truth::Unknown(gap.clone());
                }
                if namespace.system && *schema != "pg_temp" {
                    return system(name);
                }
            }
            None => return Truth::No,
        }
    }
    if name.schema.is_none() && name.name.as_str().starts_with("pg_") {
        return system(name);
    }
    Truth::No
}

fn system(name: &QualifiedName) -> Truth {
    let why = "objects of the system's schemas are not listed";
    Truth::Unknown(Gap::not_given(why, Reach::Object(name.to_string())))
}

fn has_column(db: &Database, id: TableId, name: &Name) -> Truth {
    match db.schema.table(id).column(name) {
        Lookup::Found(column) => by_presence(&column.get().presence),
        Lookup::Absent => Truth::No,
        Lookup::Unknown(gap) => {
            let gone = db.schema.tables[id]
                .columns
                .iter()
                .any(|c| c.name == *name && c.presence.is_dropped());
            if gone { Truth::No } else { Truth::Unknown(gap) }
        }
    }
}

fn has_constraint(db: &Database, id: TableId, name: &Name) -> Truth {
    let table = db.schema.table(id);
    let mut doubt = None;
    for constraint in table.constraints() {
        match &constraint.get().name {
            crate::known::Fact::Known(known, _) if known == name => {
                return by_presence(&constraint.get().presence);
            }
            crate::known::Fact::Unknown { gap, candidates }
                if candidates.is_empty() || candidates.iter().any(|c| c.0 == *name) =>
            {
                doubt = Some(gap.clone());
            }
            crate::known::Fact::Known(..) | crate::known::Fact::Unknown { .. } => {}
        }
    }
    let open = [
        Section::PrimaryKey,
        Section::Unique,
        Section::ForeignKeys,
        Section::Checks,
    ]
    .into_iter()
    .find_map(|section| table.open(section).cloned());
    match doubt.or(open) {
        Some(gap) => Truth::Unknown(gap),
        None => Truth::No,
    }
}

fn has_label(db: &Database, name: &QualifiedName, label: &str) -> Truth {
    let found = places(db, name)
        .into_iter()
        .find_map(|place| db.schema.type_names.get(place, &name.name));
    let Some(id) = found else {
        return missing(db, name);
    };
    let ty = &db.schema.types[id];
    match &ty.kind {
        TypeKind::Enum(labels) => match labels.known() {
            Some(labels) if labels.iter().any(|l| l == label) => by_presence(&ty.presence),
            Some(_) => Truth::No,
            None => match labels.gap() {
                Some(gap) => Truth::Unknown(gap.clone()),
                None => Truth::No,
            },
        },
        TypeKind::Presumed(gap) => Truth::Unknown(gap.clone()),
        TypeKind::Domain(_)
        | TypeKind::Composite(_)
        | TypeKind::Range(_)
        | TypeKind::Row(_)
        | TypeKind::Base => Truth::No,
    }
}

fn places(db: &Database, name: &QualifiedName) -> Vec<NamespaceId> {
    match &name.schema {
        Some(schema) => db.schema.namespace(schema).into_iter().collect(),
        None => std::iter::once(Name::new("pg_temp"))
            .chain(db.schema.search_path.iter().cloned())
            .filter_map(|place| db.schema.namespace(&place))
            .collect(),
    }
}

/// No object of this name is listed.
fn missing(db: &Database, name: &QualifiedName) -> Truth {
    let names: Vec<&Name> = match &name.schema {
        Some(schema) => vec![schema],
        None => db.schema.search_path.iter().collect(),
    };
    match db.schema.hiding_gap(&names) {
        Some(gap) => Truth::Unknown(gap.clone()),
        None => absent(db, name),
    }
}

fn exists(db: &Database, kind: ObjectKind, name: &QualifiedName) -> Truth {
    match kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::ForeignTable
        | ObjectKind::Index
        | ObjectKind::Sequence => relation_exists(db, kind, name),
        ObjectKind::Type | ObjectKind::Domain => {
            let found = places(db, name)
                .into_iter()
                .find_map(|place| db.schema.type_names.get(place, &name.name));
            match found {
                Some(id) => by_presence(&db.schema.types[id].presence),
                None => missing(db, name),
            }
        }
        ObjectKind::Schema => match db.schema.namespace(&name.name) {
            Some(id) => by_presence(&db.schema.namespaces[id].presence),
            None => match db.schema.hiding_gap(&[]) {
                Some(gap) => Truth::Unknown(gap.clone()),
                None => Truth::No,
            },
        },
        ObjectKind::Extension => {
            let found = db.schema.extensions.iter().rev().find(|e| e.name == name.name);
            match found {
                Some(extension) => by_presence(&extension.presence),
                None if name.name == "plpgsql" => Truth::Yes,
                None => match db.schema.hiding_gap(&[]) {
                    Some(gap) => Truth::Unknown(gap.clone()),
                    None => Truth::No,
                },
            }
        }
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate => {
            let places = places(db, name);
            let mut doubt = None;
            for (_, function) in db.schema.functions.iter() {
                if function.name == name.name && places.contains(&function.namespace) {
                    match by_presence(&function.presence) {
                        Truth::Yes => return Truth::Yes,
                        Truth::Unknown(gap) => doubt = Some(gap),
                        Truth::No => {}
                    }
                }
            }
            let brought = db
                .schema
                .extensions
                .iter()
                .find(|e| e.presence.may_be() && super::extension::brings_function(&e.name, &name.name));
            match (doubt, brought) {
                (_, Some(extension)) => by_presence(&extension.presence),
                (Some(gap), None) => Truth::Unknown(gap),
                (None, None) => missing(db, name),
            }
        }
        ObjectKind::Collation => {
            if db.schema.collations.iter().any(|c| c.name.name == name.name) {
                Truth::Yes
            } else {
                missing(db, name)
            }
        }
        ObjectKind::Other => {
            let why = format!("whether {name} exists is not followed");
            Truth::Unknown(Gap::not_given(why, Reach::Object(name.to_string())))
        }
    }
}

/// Where the history begins on tables that it does not make, what it asks for may have been among them, unless it was dropped since.
fn perhaps_before(db: &Database, name: &QualifiedName) -> Truth {
    let gone = places(db, name)
        .into_iter()
        .any(|place| db.schema.dropped_table(place, &name.name).is_some());
    match db.schema.begins_elsewhere().filter(|_| !gone) {
        Some(used) => Truth::Unknown(used.because(
            format!("whether {name} was there before the migrations, as other tables were"),
            Reach::Object(name.to_string()),
        )),
        None => Truth::No,
    }
}

fn relation_exists(db: &Database, kind: ObjectKind, name: &QualifiedName) -> Truth {
    let found = places(db, name)
        .into_iter()
        .find_map(|place| db.schema.relation_names.get(place, &name.name));
    match found {
        None if kind == ObjectKind::Index => unlisted_index(db, name),
        None if kind == ObjectKind::Table => match missing(db, name) {
            Truth::No => perhaps_before(db, name),
            other => other,
        },
        None => missing(db, name),
        Some(Relation::Table(id)) => {
            let table = &db.schema.tables[id];
            let fits = match kind {
                ObjectKind::Table => true,
                ObjectKind::View => table.kind == RelationKind::View,
                ObjectKind::MaterializedView => table.kind == RelationKind::MaterializedView,
                ObjectKind::ForeignTable => table.kind == RelationKind::Foreign,
                _ => false,
            };
            match (&table.presumed, fits) {
                (Some(gap), false) => Truth::Unknown(gap.clone()),
                (_, true) => by_presence(&table.presence),
                (None, false) => Truth::No,
            }
        }
        Some(Relation::Index(table, id)) if kind == ObjectKind::Index => {
            let table = &db.schema.tables[table];
            match by_presence(&table.presence) {
                Truth::Yes => by_presence(&table.indexes[id.0 as usize].presence),
                other => other,
            }
        }
        Some(Relation::Sequence(id)) if kind == ObjectKind::Sequence => {
            by_presence(&db.schema.sequences[id].presence)
        }
        Some(Relation::Index(..) | Relation::Sequence(_)) => Truth::No,
    }
}

/// An index that is not listed may be on a table whose indexes are not all known.
fn unlisted_index(db: &Database, name: &QualifiedName) -> Truth {
    let open = db
        .schema
        .tables
        .iter()
        .filter(|(_, t)| t.presence.may_be())
        .find_map(|(id, _)| {
            let table = db.schema.table(id);
            [Section::Indexes, Section::Unique, Section::PrimaryKey]
                .into_iter()
                .find_map(|section| table.open(section).cloned())
        });
    match open {
        Some(gap) if !freed(db, name) => Truth::Unknown(gap),
        _ => missing(db, name),
    }
}

fn freed(db: &Database, name: &QualifiedName) -> bool {
    places(db, name)
        .into_iter()
        .any(|place| db.gone_relations.get(place, &name.name).is_some())
}
