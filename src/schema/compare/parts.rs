//! What hangs on a table, as items: columns, constraints, indexes, triggers, policies.

use super::Kind;
use super::items::{Item, Word, collation, optional};
use super::relations::squeezed;
use super::told::{Told, column_list};
use crate::change::IdentityKind;
use crate::known::{Fact, Gap, Presence, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::document::constraint_definition;
use crate::schema::{
    Column, ColumnWalker, ConstraintKind, ConstraintWalker, Index, IndexKey, IndexWalker, RelationKind,
    Stored, TableWalker, Trigger,
};
use crate::syntax::split;

/// An item that is part of a table.
fn part<'a>(table: TableWalker<'a>, kind: Kind, name: &str, presence: &Presence) -> Item<'a> {
    let mut item = Item::new(kind, name.to_owned(), presence);
    item.object.table = Some(table.qualified());
    item.of = Some(table.id);
    item
}

pub(super) fn columns(table: TableWalker<'_>) -> Vec<Item<'_>> {
    table.columns().map(column).collect()
}

fn column(walker: ColumnWalker<'_>) -> Item<'_> {
    let (table, c): (TableWalker<'_>, &Column) = (walker.table, walker.get());
    let schema = table.schema;
    let mut item = part(table, Kind::Column, c.name.as_str(), &c.presence);
    item.section = Some(Section::Columns);
    let ty = walker.formatted_type().unwrap_or_else(|| "?".to_owned());
    let not_null = match c.nullable.known() {
        Some(false) => " not null",
        Some(true) | None => "",
    };
    item.shown = format!("{ty}{not_null}");
    item.fact("type", &c.ty, |ty| Told::Text(schema.format_type(ty)));
    // What a view's columns are besides hangs on its query.
    if matches!(
        table.get().kind,
        RelationKind::View | RelationKind::MaterializedView
    ) {
        return item;
    }
    item.fact("nullable", &c.nullable, |nullable| {
        Told::Text(if *nullable { "nullable" } else { "not null" }.to_owned())
    });
    item.stored("default", &c.default);
    item.fact("generated", &c.generated, |generated| {
        optional(generated.as_ref().map(|(stored, _)| stored))
    });
    item.fact("identity", &c.identity, |identity| {
        let word = match identity {
            None => "none",
            Some(IdentityKind::Always) => "always",
            Some(IdentityKind::ByDefault) => "by default",
        };
        Told::Text(word.to_owned())
    });
    item.said("collation", collation(c.collation.as_ref()), None);
    item.comment(c.comment.as_ref());
    item
}

/// The name of a constraint or index, empty where it is not known.
fn name_of(name: &Fact<Name>) -> &str {
    name.known().map_or("", Name::as_str)
}

pub(super) fn constraints(table: TableWalker<'_>) -> Vec<Item<'_>> {
    table.constraints().map(constraint).collect()
}

fn constraint(walker: ConstraintWalker<'_>) -> Item<'_> {
    let (table, c) = (walker.table, walker.get());
    let mut item = part(table, Kind::Constraint, name_of(&c.name), &c.presence);
    item.nameless = c.name.gap().cloned();
    if c.inherited > 0 {
        // A dump makes it along with the one above, under a name of the server's own.
        let why = "what comes from the table above is named by the server where it is made anew";
        item.nameless = Some(Gap::not_given(why, Reach::Rows));
    }
    let columns = column_list(table.schema, table.id, &c.columns);
    let (section, word) = match &c.kind {
        ConstraintKind::PrimaryKey(_) => (Section::PrimaryKey, "primary key"),
        ConstraintKind::Unique(_) => (Section::Unique, "unique"),
        ConstraintKind::ForeignKey(_) => (Section::ForeignKeys, "foreign key"),
        ConstraintKind::Check(_) => (Section::Checks, "check"),
        ConstraintKind::Exclude(..) => (Section::Checks, "exclude"),
    };
    item.section = Some(section);
    item.text("kind", word);
    item.shown = format!("{word} ({columns})");
    let definition = constraint_definition(walker);
    match (&c.kind, definition) {
        (ConstraintKind::Check(condition), definition) => {
            item.said("condition", Told::Exprs(vec![(condition, String::new())]), None);
            item.text("validated", c.validated.to_string());
            item.text("no inherit", c.no_inherit.to_string());
            if let Ok(definition) = definition {
                item.signature = Some(definition.clone());
                item.shown = definition;
            }
        }
        (ConstraintKind::ForeignKey(key), Ok(_)) if key.columns.is_empty() => {
            let gap = table.schema.table(key.table).get().presumed.clone();
            let gap = gap.or_else(|| table.schema.table(key.table).open(Section::PrimaryKey).cloned());
            if let Some(gap) = gap {
                item.said("definition", Told::Untold(gap), None);
            }
        }
        (_, Ok(definition)) => {
            item.shown.clone_from(&definition);
            item.signature = Some(definition.clone());
            item.said("definition", Told::Text(definition), None);
        }
        (_, Err(gap)) => item.said("definition", Told::Untold(gap), None),
    }
    item.comment(c.comment.as_ref());
    item
}

pub(super) fn indexes(table: TableWalker<'_>) -> Vec<Item<'_>> {
    let own = table.indexes().filter(|i| i.get().constraint.is_none());
    own.map(index).collect()
}

fn index(walker: IndexWalker<'_>) -> Item<'_> {
    let (table, i): (TableWalker<'_>, &Index) = (walker.table, walker.get());
    let schema = table.schema;
    let mut item = part(table, Kind::Index, name_of(&i.name), &i.presence);
    item.section = Some(Section::Indexes);
    item.nameless = i.name.gap().cloned();
    item.text("unique", i.unique.to_string());
    item.text("method", i.method.to_string());
    let keys: Vec<_> = i.keys.iter().map(|key| (&key.expr, rest_of_key(key))).collect();
    let shown: Vec<String> = i
        .keys
        .iter()
        .map(|key| {
            let text = schema.print_index_key(table.id, &key.expr);
            format!("{}{}", text.unwrap_or_else(|_| "?".to_owned()), rest_of_key(key))
        })
        .collect();
    item.said("keys", Told::Exprs(keys), None);
    let include = column_list(schema, table.id, &i.include);
    item.text("nulls not distinct", i.nulls_not_distinct.to_string());
    item.said("predicate", optional(i.predicate.as_ref()), None);
    let unique = if i.unique { "unique index" } else { "index" };
    item.shown = format!("{unique} {} ({})", i.method, shown.join(", "));
    if !include.is_empty() {
        item.shown.push_str(&format!(" include ({include})"));
    }
    item.text("include", include);
    let predicate = i.predicate.as_ref().map(|p| {
        let text = schema.print_expr(Some(table.id), p);
        format!(" where {}", text.unwrap_or_else(|_| "?".to_owned()))
    });
    item.shown.push_str(predicate.as_deref().unwrap_or(""));
    let known = |stored: &Stored| stored.spelling.is_none();
    if i.keys.iter().map(|k| &k.expr).chain(&i.predicate).all(known) {
        item.signature = Some(item.shown.clone());
    }
    item.comment(i.comment.as_ref());
    item
}

/// What a key of an index says beside its expression.
fn rest_of_key(key: &IndexKey) -> String {
    let mut out = String::new();
    let name = |n: &QualifiedName| n.name.to_string();
    // The collation of a type that is not told is called so; the server prints none.
    if let Some(collation) = key.collation.as_ref().filter(|c| c.name != "default") {
        out.push_str(&format!(" collate {}", name(collation)));
    }
    if let Some(class) = &key.opclass {
        out.push_str(&format!(" {}", name(class)));
    }
    if let Some(options) = &key.opclass_options {
        out.push_str(&format!(" ({})", squeezed(options)));
    }
    out.push_str(match (key.descending, key.nulls_first) {
        (false, false) => "",
        (false, true) => " nulls first",
        (true, true) => " desc",
        (true, false) => " desc nulls last",
    });
    out
}

pub(super) fn triggers(table: TableWalker<'_>) -> Vec<Item<'_>> {
    let all = table.get().triggers.iter();
    all.map(|trigger| of_trigger(table, trigger)).collect()
}

fn of_trigger<'a>(table: TableWalker<'a>, trigger: &'a Trigger) -> Item<'a> {
    let there = Presence::Present(trigger.written.at);
    let mut item = part(table, Kind::Trigger, trigger.name.as_str(), &there);
    item.shown = squeezed(&trigger.text.events).to_lowercase();
    item.text("function", trigger.function.name.to_string());
    item.text("constraint trigger", trigger.text.constraint.to_string());
    item.text("for each row", trigger.text.each_row.to_string());
    item.said("events", Told::Written(events(&trigger.text.events)), None);
    item.said(
        "conditions",
        Told::Written(conditions(&trigger.text.conditions)),
        None,
    );
    let arguments = squeezed(&trigger.text.arguments)
        .replace("( ", "(")
        .replace(" )", ")");
    item.facts.push(Word {
        word: "arguments",
        told: Told::Written(arguments),
        at: None,
    });
    item
}

/// When a trigger runs, in an order of its own.
fn events(text: &str) -> String {
    let text = squeezed(text).to_lowercase().replace(" ,", ",").replace('"', "");
    let (when, what) = match text.strip_prefix("instead of ") {
        Some(what) => ("instead of", what.to_owned()),
        None => text.split_once(' ').map_or(("", text.clone()), |(when, what)| {
            (if when == "before" { "before" } else { "after" }, what.to_owned())
        }),
    };
    let mut what: Vec<&str> = what.split(" or ").map(str::trim).collect();
    what.sort_unstable();
    format!("{when} {}", what.join(" or "))
}

/// What stands between table and function, without how often the trigger runs, which is a fact of its own. The server writes the
/// condition in parentheses of its own, and names without quotes that need none.
fn conditions(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for token in split::lexemes(text) {
        let written = text.get(token.start..token.end).unwrap_or_default();
        let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        words.push(match inner {
            Some(name) if crate::name::quote(name) == name => name.to_owned(),
            None if !written.contains('\'') && !written.contains('$') => written.to_lowercase(),
            Some(_) | None => written.to_owned(),
        });
    }
    for level in [&["for", "each"][..], &["for"]] {
        for kind in ["row", "statement"] {
            let whole: Vec<&str> = level.iter().copied().chain([kind]).collect();
            let found = words.windows(whole.len()).position(|some| some == whole);
            if let Some(at) = found {
                words.drain(at..at + whole.len());
            }
        }
    }
    if let Some(when) = words.iter().position(|word| word == "when") {
        while is_wrapped(&words[when + 1..]) && is_wrapped(&words[when + 2..words.len() - 1]) {
            words.pop();
            words.remove(when + 1);
        }
    }
    words.join(" ")
}

/// Whether parentheses stand around all of some words.
fn is_wrapped(words: &[String]) -> bool {
    let mut depth = 0;
    let open = words.iter().position(|word| {
        depth += i32::from(word == "(") - i32::from(word == ")");
        depth == 0
    });
    words.len() > 2 && words.first().is_some_and(|word| word == "(") && open == Some(words.len() - 1)
}

pub(super) fn policies(table: TableWalker<'_>) -> Vec<Item<'_>> {
    let there = table.get().presence.clone();
    let all = table.get().policies.iter();
    all.map(|name| {
        let mut item = part(table, Kind::Policy, name.as_str(), &there);
        item.at = None;
        item.shown = "policy".to_owned();
        item
    })
    .collect()
}
