//! Tables and views as items.

use super::items::{Item, There};
use super::told::Told;
use super::{Kind, Object};
use crate::schema::{RelationKind, TableWalker};

/// The name of a table as an object.
pub(super) fn object(table: TableWalker<'_>) -> Object {
    Object {
        table: None,
        kind: kind(table),
        name: table.qualified(),
    }
}

fn kind(table: TableWalker<'_>) -> Kind {
    match table.get().kind {
        RelationKind::View | RelationKind::MaterializedView => Kind::View,
        RelationKind::Table | RelationKind::Partitioned | RelationKind::Foreign => Kind::Table,
    }
}

/// A table or view with its own facts; its parts come apart.
pub(super) fn table(table: TableWalker<'_>) -> Item<'_> {
    let t = table.get();
    let mut item = Item::new(kind(table), table.qualified(), &t.presence);
    item.namespace = Some(table.namespace_name().clone());
    item.of = Some(table.id);
    let what = match t.kind {
        RelationKind::Table => "table",
        RelationKind::Partitioned => "partitioned table",
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialized view",
        RelationKind::Foreign => "foreign table",
    };
    item.shown = what.to_owned();
    // What is taken to be there is there, and nothing else is known of it.
    if t.presumed.is_some() {
        if let There::Maybe(_) = item.there {
            return item;
        }
        item.there = There::Certain;
        return item;
    }
    item.text("kind", what);
    item.text("unlogged", t.unlogged.to_string());
    let by = t.partition.by.clone();
    item.text("partition key", by.unwrap_or_else(|| "none".to_owned()));
    let parent = |id| table.schema.table(id).qualified();
    let above = t.partition.of.map_or_else(|| "none".to_owned(), parent);
    item.text("partition of", above);
    if let Some(bound) = &t.partition.bound {
        item.said("bounds", Told::Written(squeezed(bound.text.as_str())), None);
    }
    let parents: Vec<String> = t.inherits.iter().map(|&id| parent(id)).collect();
    item.text("inherits", parents.join(", "));
    if let Some(view) = &t.view {
        item.said("query", Told::Written(squeezed(view.written.text.as_str())), None);
    }
    item.comment(t.comment.as_ref());
    item
}

/// With single spaces.
pub(super) fn squeezed(text: &str) -> String {
    let text = text.trim().trim_end_matches(';');
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
