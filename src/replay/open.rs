//! What a gap leaves open: every fact that it could have changed.

use super::Database;
use super::resolve::blank_table;
use crate::known::{ChangeId, Fact, Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{
    Column, ConstraintKind, Lookup, Names, NamespaceId, Relation, RelationKind, Rows, SequenceId, Stored,
    Table, TableId, TypeKind,
};
use crate::tree::ExprKind;

/// Leaves open what the gap reaches. Names in it are as printed, or as written in SQL.
pub(super) fn open(db: &mut Database, gap: Gap) {
    match gap.reach.clone() {
        Reach::Rows => {}
        Reach::Fact(words) => {
            db.rewrites |= words.starts_with("a trigger");
            open_fact(db, &words, &gap);
        }
        Reach::Section(table, section) => match find_table(db, &table) {
            Some(id) => {
                open_section(db, id, section, &gap);
                free_no_index(db, id, section);
            }
            None => db.schema.add_gap(namespace_gap(&table, &gap)),
        },
        Reach::OthersOf(table, section) => match find_table(db, &table) {
            Some(id) => {
                open_others(db, id, section, &gap);
                free_no_index(db, id, section);
            }
            None => db.schema.add_gap(namespace_gap(&table, &gap)),
        },
        Reach::Object(name) => open_object(db, &name, &gap),
        Reach::Namespace(name) => open_namespace(db, &Name::new(&name), gap),
        Reach::Others(name) => db.schema.add_gap(gap.reaching(Reach::Namespace(name))),
        Reach::Everything => open_everything(db, gap),
    }
}

/// The schema and the name in `public.users`.
fn split(words: &str) -> QualifiedName {
    match words.split_once('.') {
        Some((schema, name)) => QualifiedName::in_schema(unquote(schema), unquote(name)),
        None => QualifiedName::bare(unquote(words)),
    }
}

fn unquote(word: &str) -> Name {
    if word.starts_with('"') {
        Name::from_sql(word)
    } else {
        Name::new(word)
    }
}

fn find_table(db: &Database, words: &str) -> Option<TableId> {
    match db.schema.table_named(&split(words)) {
        Lookup::Found(table) => Some(table.id),
        Lookup::Absent | Lookup::Unknown(_) => None,
    }
}

/// A gap that reaches an object that is not listed reaches its namespace.
fn namespace_gap(words: &str, gap: &Gap) -> Gap {
    match split(words).schema {
        Some(schema) => gap.reaching(Reach::Namespace(schema.to_string())),
        None => gap.reaching(Reach::Everything),
    }
}

/// `public.users.email: default`, `public.users.email`, or less.
fn open_fact(db: &mut Database, words: &str, gap: &Gap) {
    let (object, fact) = words.split_once(": ").unwrap_or((words, ""));
    let parts = object.rsplit_once('.').and_then(|(table, column)| {
        let id = find_table(db, table)?;
        let name = unquote(column);
        let t = &db.schema.tables[id];
        let at = t
            .columns
            .iter()
            .position(|c| c.name == name && c.presence.may_be())?;
        Some((id, at))
    });
    let Some((table, at)) = parts else {
        if find_table(db, object).is_some() {
            open_object(db, object, gap);
        }
        return;
    };
    let column = &mut db.schema.tables[table].columns[at];
    match fact {
        "type" => column.ty = Fact::unknown(gap.clone()),
        "nullable" => column.nullable = Fact::unknown(gap.clone()),
        "default" => column.default = Fact::unknown(gap.clone()),
        "generated" => column.generated = Fact::unknown(gap.clone()),
        "identity" => column.identity = Fact::unknown(gap.clone()),
        _ => open_column(column, gap),
    }
}

fn open_column(column: &mut Column, gap: &Gap) {
    column.ty = Fact::unknown(gap.clone());
    column.nullable = Fact::unknown(gap.clone());
    column.default = Fact::unknown(gap.clone());
    column.generated = Fact::unknown(gap.clone());
    column.identity = Fact::unknown(gap.clone());
}

/// More may be there than is listed.
fn open_others(db: &mut Database, id: TableId, section: Section, gap: &Gap) {
    let open = &mut db.schema.tables[id].open;
    if open.iter().all(|(s, _)| *s != section) {
        open.push((section, gap.clone()));
    }
}

/// More may be there than is listed, and what is listed may be gone.
fn open_section(db: &mut Database, id: TableId, section: Section, gap: &Gap) {
    if db.schema.tables[id].open.iter().all(|(s, _)| *s != section) {
        let name = match &gap.reach {
            Reach::Section(name, _) | Reach::Object(name) => name.clone(),
            _ => db.schema.table(id).qualified(),
        };
        let own = gap.reaching(Reach::Section(name, section));
        db.schema.tables[id].open.push((section, own));
    }
    let table = &mut db.schema.tables[id];
    let doubt = |presence: &mut Presence| {
        if presence.is_present() {
            *presence = Presence::Maybe(gap.clone());
        }
    };
    match section {
        Section::Columns => table.columns.iter_mut().for_each(|c| doubt(&mut c.presence)),
        Section::Indexes => {
            table
                .indexes
                .iter_mut()
                .filter(|i| i.constraint.is_none())
                .for_each(|i| doubt(&mut i.presence));
        }
        Section::PrimaryKey | Section::Unique | Section::ForeignKeys | Section::Checks => {
            for (at, constraint) in table.constraints.iter_mut().enumerate() {
                let own = match constraint.kind {
                    ConstraintKind::PrimaryKey(_) => Section::PrimaryKey,
                    ConstraintKind::Unique(_) => Section::Unique,
                    ConstraintKind::ForeignKey(_) => Section::ForeignKeys,
                    ConstraintKind::Check(_) | ConstraintKind::Exclude(..) => Section::Checks,
                };
                if own == section {
                    doubt(&mut constraint.presence);
                    // The index behind it, whose name others may take, goes with it.
                    let behind = table.indexes.iter_mut();
                    behind
                        .filter(|i| i.constraint.is_some_and(|c| c.0 as usize == at))
                        .for_each(|i| doubt(&mut i.presence));
                }
            }
        }
    }
}

/// Everything about one object.
fn open_object(db: &mut Database, words: &str, gap: &Gap) {
    let name = split(words);
    if let Some(id) = find_table(db, words) {
        open_table(db, id, gap);
        return;
    }
    let places: Vec<NamespaceId> = match &name.schema {
        Some(schema) => db.schema.namespace(schema).into_iter().collect(),
        None => db
            .schema
            .search_path
            .iter()
            .filter_map(|p| db.schema.namespace(p))
            .collect(),
    };
    let ty = places
        .iter()
        .find_map(|&place| db.schema.type_names.get(place, &name.name));
    if let Some(id) = ty {
        open_type(db, id, gap);
        return;
    }
    let sequence = places
        .iter()
        .find_map(|&place| db.schema.relation_names.get(place, &name.name));
    match sequence {
        Some(Relation::Sequence(id)) => open_sequence(db, id, gap),
        Some(Relation::Index(table, _)) => {
            open_section(db, table, Section::Indexes, gap);
            open_section(db, table, Section::Unique, gap);
        }
        Some(Relation::Table(_)) | None => {
            // What is not listed may come to be by it.
            db.schema.add_gap(namespace_gap(words, gap));
            free_nothing(db, None);
        }
    }
}

/// A sequence, and with it the defaults that take from it: they are spelled by its name, and go with it.
fn open_sequence(db: &mut Database, id: SequenceId, gap: &Gap) {
    let sequence = &mut db.schema.sequences[id];
    sequence.open = Some(gap.clone());
    if sequence.presence.is_present() {
        sequence.presence = Presence::Maybe(gap.clone());
    }
    let wanted = ExprKind::Relation(Relation::Sequence(id).into());
    let takes = |stored: &Stored| {
        let mut found = false;
        stored.expr.walk(&mut |e| found |= e.kind == wanted);
        found
    };
    for table in db.schema.sequences[id].used_by.clone() {
        for column in &mut db.schema.tables[table].columns {
            if matches!(&column.default, Fact::Known(Some(stored), _) if takes(stored)) {
                column.default = Fact::unknown(gap.clone());
            }
        }
    }
}

/// A table that nothing of the history made is there, perhaps; whether the name was free.
pub(super) fn may_have(db: &mut Database, name: &QualifiedName, gap: &Gap, id: ChangeId) -> bool {
    let place = name
        .schema
        .clone()
        .or_else(|| db.schema.search_path.first().cloned());
    let Some(namespace) = place.and_then(|place| db.schema.namespace(&place)) else {
        return false;
    };
    if db.schema.relation_names.get(namespace, &name.name).is_some() {
        return false;
    }
    let mut table = blank_table(namespace, name.name.clone(), RelationKind::Table, id);
    table.presence = Presence::Maybe(gap.clone());
    table.rows = Rows::Unknown;
    table.open = Section::ALL
        .into_iter()
        .map(|section| (section, gap.clone()))
        .collect();
    let table = db.schema.tables.push(table);
    let names = &mut db.schema.relation_names;
    names.insert(namespace, name.name.clone(), Relation::Table(table));
    true
}

fn open_table(db: &mut Database, id: TableId, gap: &Gap) {
    // Forks go on sharing what they need not write.
    if is_wholly_open(&db.schema.tables[id]) {
        return;
    }
    for section in Section::ALL {
        open_section(db, id, section, gap);
    }
    let table = &mut db.schema.tables[id];
    if table.presence.is_present() {
        table.presence = Presence::Maybe(gap.clone());
    }
    table
        .columns
        .iter_mut()
        .filter(|c| c.presence.may_be())
        .for_each(|c| open_column(c, gap));
    table.rows = Rows::Unknown;
}

/// Whether nothing is left of a table that could be left open.
fn is_wholly_open(table: &Table) -> bool {
    fn lost<T>(fact: &Fact<T>) -> bool {
        matches!(fact, Fact::Unknown { candidates, .. } if candidates.is_empty())
    }
    let column = |c: &Column| {
        !c.presence.may_be()
            || !c.presence.is_present()
                && lost(&c.ty)
                && lost(&c.nullable)
                && lost(&c.default)
                && lost(&c.generated)
                && lost(&c.identity)
    };
    let open = |section: &Section| table.open.iter().any(|(s, _)| s == section);
    !table.presence.is_present()
        && matches!(table.rows, Rows::Unknown)
        && Section::ALL.iter().all(open)
        && table.columns.iter().all(column)
        && table.constraints.iter().all(|c| !c.presence.is_present())
        && table
            .indexes
            .iter()
            .all(|i| i.constraint.is_some() || !i.presence.is_present())
}

pub(super) fn open_type(db: &mut Database, id: crate::sqltype::TypeId, gap: &Gap) {
    let ty = &mut db.schema.types[id];
    if ty.presence.is_present() {
        ty.presence = Presence::Maybe(gap.clone());
    }
    match &mut ty.kind {
        TypeKind::Enum(labels) => *labels = Fact::unknown(gap.clone()),
        TypeKind::Composite(attributes) => *attributes = Fact::unknown(gap.clone()),
        TypeKind::Domain(domain) => {
            domain.base = Fact::unknown(gap.clone());
            domain.not_null = Fact::unknown(gap.clone());
            domain.default = Fact::unknown(gap.clone());
        }
        TypeKind::Range(_) | TypeKind::Row(_) | TypeKind::Base | TypeKind::Presumed(_) => {}
    }
}

/// Which objects a namespace holds: more may be there, and those listed may be gone. Their parts are as they were.
fn open_namespace(db: &mut Database, name: &Name, gap: Gap) {
    if let Some(namespace) = db.schema.namespace(name) {
        doubt_objects(db, &gap, &|n| n == namespace);
        free_nothing(db, Some(namespace));
    }
    db.schema.add_gap(gap);
}

fn doubt_objects(db: &mut Database, gap: &Gap, within: &dyn Fn(NamespaceId) -> bool) {
    let doubt = |presence: &mut Presence| *presence = Presence::Maybe(gap.clone());
    let tables: Vec<_> = db
        .schema
        .tables
        .iter()
        .filter(|(_, t)| within(t.namespace) && t.presence.is_present())
        .map(|(id, _)| id)
        .collect();
    for id in tables {
        doubt(&mut db.schema.tables[id].presence);
    }
    let types: Vec<_> = db
        .schema
        .types
        .iter()
        .filter(|(_, t)| within(t.namespace) && t.presence.is_present())
        .map(|(id, _)| id)
        .collect();
    for id in types {
        doubt(&mut db.schema.types[id].presence);
    }
    let sequences: Vec<_> = db
        .schema
        .sequences
        .iter()
        .filter(|(_, s)| within(s.namespace) && s.presence.is_present())
        .map(|(id, _)| id)
        .collect();
    for id in sequences {
        doubt(&mut db.schema.sequences[id].presence);
    }
    let functions: Vec<_> = db
        .schema
        .functions
        .iter()
        .filter(|(_, f)| within(f.namespace) && f.presence.is_present())
        .map(|(id, _)| id)
        .collect();
    for id in functions {
        doubt(&mut db.schema.functions[id].presence);
    }
}

/// Names of indexes that the history freed may have been taken again by one of a table.
fn free_no_index(db: &mut Database, table: TableId, section: Section) {
    if !matches!(section, Section::Indexes | Section::Unique | Section::PrimaryKey) {
        return;
    }
    let namespace = db.schema.tables[table].namespace;
    let mut names: Vec<Name> = Vec::new();
    for (_, other) in db.schema.tables.iter().filter(|(_, t)| t.namespace == namespace) {
        let gone = other.indexes.iter().filter(|i| i.presence.is_dropped());
        names.extend(gone.filter_map(|i| i.name.known().cloned()));
    }
    let db = &mut **db;
    for name in &names {
        if db.gone_relations.get(namespace, name).is_some() {
            db.gone_relations.remove(namespace, name);
        }
    }
}

/// Names that the history freed may have been taken again.
fn free_nothing(db: &mut Database, namespace: Option<NamespaceId>) {
    let db = &mut **db;
    for names in [&mut db.gone_relations, &mut db.gone_types] {
        let mut kept = Names::default();
        for (at, name, gone) in names.iter() {
            if namespace.is_some_and(|n| n != at) {
                kept.insert(at, name.clone(), gone);
            }
        }
        *names = kept;
    }
}

fn open_everything(db: &mut Database, gap: Gap) {
    doubt_objects(db, &gap, &|_| true);
    let tables: Vec<TableId> = db
        .schema
        .tables
        .iter()
        .filter(|(_, t)| t.presence.may_be())
        .map(|(id, _)| id)
        .collect();
    for id in tables {
        open_table(db, id, &gap);
    }
    let types: Vec<_> = db
        .schema
        .types
        .iter()
        .filter(|(_, t)| t.presence.may_be())
        .map(|(id, _)| id)
        .collect();
    for id in types {
        open_type(db, id, &gap);
    }
    let sequences: Vec<_> = db
        .schema
        .sequences
        .iter()
        .filter(|(_, s)| s.presence.may_be())
        .map(|(id, _)| id)
        .collect();
    for id in sequences {
        db.schema.sequences[id].open = Some(gap.clone());
    }
    free_nothing(db, None);
    db.gone_others = Names::default();
    db.schema.add_gap(gap);
}
