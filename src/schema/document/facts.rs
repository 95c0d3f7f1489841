//! A schema as single facts, each under a key that a server's catalog can print too: what the differential tests compare.

use std::collections::BTreeMap;

use super::check_definition;
use crate::change::IdentityKind;
use crate::known::{Fact, Gap, Presence, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{
    ConstraintKind, ConstraintWalker, Index, IndexKey, NamespaceId, RelationKind, Schema, Sequence, Stored,
    TableId, TableWalker, Type, TypeKind,
};

/// Facts by key; `None` where the value cannot be told. `open` holds prefixes of keys below which more may exist.
#[derive(Debug, Default)]
pub struct Facts {
    /// `column public.users.email type` and so on.
    pub facts: BTreeMap<String, Option<String>>,
    /// Prefixes under which facts may exist that are not listed.
    pub open: Vec<String>,
}

/// Cuts a schema into facts.
#[must_use]
pub fn facts(schema: &Schema) -> Facts {
    let mut out = Facts::default();
    if !schema.gaps.is_empty() {
        out.open.push(String::new());
    }
    for table in schema.live_tables() {
        relation(table, &mut out);
    }
    for (_, sequence) in schema
        .sequences
        .iter()
        .filter(|(_, s)| s.presence.may_be() && !s.temporary)
    {
        let name = qualified(schema, sequence.namespace, &sequence.name);
        match sequence.presence {
            Presence::Present(_) => out.put(format!("sequence {name}"), sequence_text(schema, sequence)),
            Presence::Dropped(_) | Presence::Maybe(_) => out.open.push(format!("sequence {name}")),
        }
    }
    for (_, ty) in schema
        .types
        .iter()
        .filter(|(_, t)| t.presence.may_be() && t.extension.is_none())
    {
        type_facts(schema, ty, &mut out);
    }
    out
}

impl Facts {
    fn put(&mut self, key: String, value: Option<String>) {
        self.facts.insert(key, value);
    }
}

fn qualified(schema: &Schema, namespace: NamespaceId, name: &Name) -> String {
    format!("{}.{name}", schema.namespaces[namespace].name)
}

/// A table's name as it prints inside definitions: bare where it is found on the search path first.
fn visible_name(schema: &Schema, id: TableId) -> String {
    let table = schema.table(id);
    let bare = QualifiedName::bare(table.name().clone());
    match schema.table_named(&bare) {
        crate::schema::Lookup::Found(found) if found.id == id => table.name().quoted(),
        _ => format!("{}.{}", table.namespace_name().quoted(), table.name().quoted()),
    }
}

fn relation(table: TableWalker<'_>, out: &mut Facts) {
    let name = table.qualified();
    if !table.is_certain() || table.get().presumed.is_some() {
        for kind in ["table", "column", "constraint", "index"] {
            out.open.push(format!("{kind} {name}"));
        }
        return;
    }
    let kind = match table.get().kind {
        RelationKind::Table => "r",
        RelationKind::Partitioned => "p",
        RelationKind::View => "v",
        RelationKind::MaterializedView => "m",
        RelationKind::Foreign => "f",
    };
    out.put(format!("table {name}"), Some(kind.to_owned()));
    if let Some(comment) = &table.get().comment {
        out.put(format!("table {name} comment"), Some(comment.to_string()));
    }
    if table.get().unlogged && table.get().kind == RelationKind::Table {
        out.put(format!("table {name} unlogged"), Some("true".to_owned()));
    }
    if let Some(by) = &table.get().partition.by {
        out.put(format!("table {name} partition by"), Some(by.clone()));
    }
    let schema = table.schema;
    let parents: Vec<String> = table
        .get()
        .partition
        .of
        .iter()
        .chain(&table.get().inherits)
        .map(|&p| schema.table(p).qualified())
        .collect();
    if !parents.is_empty() {
        out.put(format!("table {name} parents"), Some(parents.join(" ")));
    }
    columns(table, &name, out);
    for constraint in table.constraints() {
        let section = match constraint.get().kind {
            ConstraintKind::PrimaryKey(_)
            | ConstraintKind::Unique(_)
            | ConstraintKind::Check(_)
            | ConstraintKind::ForeignKey(_)
            | ConstraintKind::Exclude(..) => format!("constraint {name}."),
        };
        match (&constraint.get().presence, constraint.get().name.known()) {
            (Presence::Present(_), Some(own)) => {
                out.put(format!("{section}{own}"), constraint_definition(constraint).ok());
                if let Some(comment) = &constraint.get().comment {
                    out.put(format!("{section}{own} comment"), Some(comment.to_string()));
                }
            }
            _ => out.open.push(section),
        }
    }
    for index in table.indexes().filter(|i| i.get().constraint.is_none()) {
        match (&index.get().presence, index.get().name.known()) {
            (Presence::Present(_), Some(own)) => out.put(
                format!("index {name}.{own}"),
                index_definition(table, own, index.get()).ok(),
            ),
            _ => out.open.push(format!("index {name}.")),
        }
    }
    for trigger in &table.get().triggers {
        out.put(
            format!("trigger {name}.{}", trigger.name),
            Some(trigger.function.name.to_string()),
        );
    }
    for (section, _) in &table.get().open {
        out.open.push(match section {
            Section::Columns => format!("column {name}."),
            Section::Indexes => format!("index {name}."),
            Section::PrimaryKey | Section::Unique | Section::ForeignKeys | Section::Checks => {
                format!("constraint {name}.")
            }
        });
    }
}

fn columns(table: TableWalker<'_>, name: &str, out: &mut Facts) {
    let schema = table.schema;
    let mut position = 0;
    let mut ordered = table.open(Section::Columns).is_none();
    for column in table.columns() {
        let c = column.get();
        let key = format!("column {name}.{}", c.name);
        if !c.presence.is_present() {
            out.open.push(format!("column {name}."));
            // Those behind it stand here or one further.
            ordered = false;
            continue;
        }
        position += 1;
        out.put(key.clone(), ordered.then(|| position.to_string()));
        out.put(format!("{key} type"), column.formatted_type());
        out.put(
            format!("{key} not null"),
            c.nullable.known().map(|n| (!n).to_string()),
        );
        let text = |stored: &Stored| schema.print_expr(Some(table.id), stored).ok();
        match &c.default {
            Fact::Known(None, _) => {}
            Fact::Known(Some(stored), _) => out.put(format!("{key} default"), text(stored)),
            Fact::Unknown { .. } => out.put(format!("{key} default"), None),
        }
        match &c.generated {
            Fact::Known(None, _) => {}
            Fact::Known(Some((stored, _)), _) => out.put(format!("{key} generated"), text(stored)),
            Fact::Unknown { .. } => out.put(format!("{key} generated"), None),
        }
        match &c.identity {
            Fact::Known(None, _) => {}
            Fact::Known(Some(IdentityKind::Always), _) => {
                out.put(format!("{key} identity"), Some("a".to_owned()))
            }
            Fact::Known(Some(IdentityKind::ByDefault), _) => {
                out.put(format!("{key} identity"), Some("d".to_owned()))
            }
            Fact::Unknown { .. } => out.put(format!("{key} identity"), None),
        }
        if let Some(collation) = &c.collation {
            out.put(format!("{key} collation"), Some(collation.name.to_string()));
        }
        if let Some(comment) = &c.comment {
            out.put(format!("{key} comment"), Some(comment.to_string()));
        }
    }
}

/// A constraint as `pg_get_constraintdef` prints it.
///
/// # Errors
/// The gap that keeps it from being told.
pub fn constraint_definition(constraint: ConstraintWalker<'_>) -> Result<String, Gap> {
    let (table, schema, c) = (constraint.table, constraint.table.schema, constraint.get());
    let columns = constraint
        .columns()
        .map(|c| c.name().quoted())
        .collect::<Vec<_>>()
        .join(", ");
    let mut out = match &c.kind {
        ConstraintKind::PrimaryKey(index) => format!(
            "PRIMARY KEY ({columns}){}",
            include(table, &table.get().indexes[index.0 as usize])
        ),
        ConstraintKind::Unique(index) => {
            let index = &table.get().indexes[index.0 as usize];
            let nulls = if index.nulls_not_distinct {
                " NULLS NOT DISTINCT"
            } else {
                ""
            };
            format!("UNIQUE{nulls} ({columns}){}", include(table, index))
        }
        ConstraintKind::Check(condition) => return check_definition(constraint, condition),
        ConstraintKind::Exclude(index, operators) => {
            let index = &table.get().indexes[index.0 as usize];
            let elements: Result<Vec<String>, Gap> = index
                .keys
                .iter()
                .zip(operators)
                .map(|(key, op)| Ok(format!("{} WITH {op}", index_key(table, key)?)))
                .collect();
            let predicate = match &index.predicate {
                Some(stored) => format!(" WHERE ({})", schema.print_expr(Some(table.id), stored)?),
                None => String::new(),
            };
            format!(
                "EXCLUDE USING {} ({}){}{predicate}",
                index.method,
                elements?.join(", "),
                include(table, index)
            )
        }
        ConstraintKind::ForeignKey(key) => {
            let target = schema.table(key.table);
            let referenced = key
                .columns
                .iter()
                .map(|&c| target.column_by_id(c).name().quoted())
                .collect::<Vec<_>>()
                .join(", ");
            let mut out = format!(
                "FOREIGN KEY ({columns}) REFERENCES {}({referenced})",
                visible_name(schema, key.table)
            );
            if key.match_full {
                out.push_str(" MATCH FULL");
            }
            for (event, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
                if action != crate::change::ReferentialAction::NoAction {
                    out.push_str(&format!(" ON {event} {}", action.sql()));
                }
            }
            if !key.set_columns.is_empty() {
                let set = key
                    .set_columns
                    .iter()
                    .map(|&c| table.column_by_id(c).name().quoted())
                    .collect::<Vec<_>>()
                    .join(", ");
                out.push_str(&format!(" ({set})"));
            }
            out
        }
    };
    match (c.deferrable, c.initially_deferred) {
        (false, _) => {}
        (true, false) => out.push_str(" DEFERRABLE"),
        (true, true) => out.push_str(" DEFERRABLE INITIALLY DEFERRED"),
    }
    if !c.validated {
        out.push_str(" NOT VALID");
    }
    Ok(out)
}

fn include(table: TableWalker<'_>, index: &Index) -> String {
    if index.include.is_empty() {
        return String::new();
    }
    format!(
        " INCLUDE ({})",
        index
            .include
            .iter()
            .map(|&c| table.column_by_id(c).name().quoted())
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// An index as `pg_get_indexdef` prints it, without storage parameters and those of operator classes.
///
/// # Errors
/// The gap that keeps it from being told.
pub fn index_definition(table: TableWalker<'_>, name: &Name, index: &Index) -> Result<String, Gap> {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let only = if table.get().kind == RelationKind::Partitioned {
        "ONLY "
    } else {
        ""
    };
    let keys: Result<Vec<String>, Gap> = index.keys.iter().map(|k| index_key(table, k)).collect();
    let nulls = if index.nulls_not_distinct {
        " NULLS NOT DISTINCT"
    } else {
        ""
    };
    let predicate = match &index.predicate {
        Some(stored) => format!(" WHERE {}", table.schema.print_expr(Some(table.id), stored)?),
        None => String::new(),
    };
    Ok(format!(
        "CREATE {unique}INDEX {} ON {only}{}.{} USING {} ({}){}{nulls}{predicate}",
        name.quoted(),
        table.namespace_name().quoted(),
        table.name().quoted(),
        index.method,
        keys?.join(", "),
        include(table, index),
    ))
}

fn index_key(table: TableWalker<'_>, key: &IndexKey) -> Result<String, Gap> {
    let mut out = table.schema.print_key_in_full(table.id, &key.expr)?;
    let name = |n: &QualifiedName| match &n.schema {
        Some(schema) if *schema != "pg_catalog" => format!("{}.{}", schema.quoted(), n.name.quoted()),
        _ => n.name.quoted(),
    };
    if let Some(collation) = &key.collation {
        out.push_str(&format!(" COLLATE {}", name(collation)));
    }
    if let Some(opclass) = &key.opclass {
        out.push_str(&format!(" {}", name(opclass)));
    }
    match (key.descending, key.nulls_first) {
        (false, false) => {}
        (false, true) => out.push_str(" NULLS FIRST"),
        (true, true) => out.push_str(" DESC"),
        (true, false) => out.push_str(" DESC NULLS LAST"),
    }
    Ok(out)
}

fn sequence_text(schema: &Schema, s: &Sequence) -> Option<String> {
    if s.open.is_some() {
        return None;
    }
    let owner = s.owner.map_or("none".to_owned(), |(table, column)| {
        let table = schema.table(table);
        format!("{}.{}", table.qualified(), table.column_by_id(column).name())
    });
    Some(format!(
        "{} start {} increment {} min {} max {} cache {} cycle {} owner {owner}",
        schema.format_type(&s.ty),
        s.start,
        s.increment,
        s.min,
        s.max,
        s.cache,
        s.cycle
    ))
}

fn type_facts(schema: &Schema, ty: &Type, out: &mut Facts) {
    let name = qualified(schema, ty.namespace, &ty.name);
    if !ty.presence.is_present() {
        out.open.push(format!("type {name}"));
        return;
    }
    let key = format!("type {name}");
    match &ty.kind {
        TypeKind::Enum(labels) => out.put(key, labels.known().map(|l| format!("enum {}", l.join(",")))),
        TypeKind::Composite(attributes) => out.put(
            key,
            attributes.known().map(|a| {
                let list: Vec<String> = a
                    .iter()
                    .map(|(n, t)| format!("{n} {}", schema.format_type(t)))
                    .collect();
                format!("composite {}", list.join(","))
            }),
        ),
        TypeKind::Domain(domain) => {
            let text = domain
                .base
                .known()
                .zip(domain.not_null.known())
                .map(|(base, not_null)| format!("domain {} not null {not_null}", schema.format_type(base)));
            out.put(key.clone(), text);
            match &domain.default {
                Fact::Known(None, _) => {}
                Fact::Known(Some(stored), _) => {
                    out.put(format!("{key} default"), schema.print_expr(None, stored).ok())
                }
                Fact::Unknown { .. } => out.put(format!("{key} default"), None),
            }
            for (check, condition) in &domain.checks {
                out.put(
                    format!("{key} check {check}"),
                    schema
                        .print_expr(None, condition)
                        .ok()
                        .map(|c| format!("CHECK ({c})")),
                );
            }
        }
        TypeKind::Range(subtype) => out.put(
            key,
            subtype
                .as_ref()
                .map(|t| format!("range {}", schema.format_type(t))),
        ),
        TypeKind::Base => out.open.push(key),
        TypeKind::Presumed(_) => out.open.push(key),
        TypeKind::Row(_) => {}
    }
}
