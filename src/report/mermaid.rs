//! The schema as Mermaid's `erDiagram`, which GitHub and GitLab draw in Markdown.

use std::collections::HashMap;
use std::fmt::Write;

use super::diagram::{keys, lines, tables, title, type_of};
use crate::known::Fact;
use crate::schema::{ColumnWalker, Schema, TableId};

/// The diagram.
#[must_use]
pub fn render(schema: &Schema) -> String {
    let tables = tables(schema);
    let mut names: HashMap<TableId, String> = HashMap::new();
    for table in &tables {
        let own = quoted(&title(*table));
        // Names that differ in characters alone that Mermaid does not take.
        let taken = names
            .values()
            .filter(|name| name.trim_end_matches('\'') == own)
            .count();
        names.insert(table.id, own + &"'".repeat(taken));
    }
    let name = |id: TableId| names.get(&id).map_or("", String::as_str);
    let mut out = "erDiagram\n".to_owned();
    for table in &tables {
        let columns: Vec<_> = table.columns().collect();
        let _ = match columns.is_empty() {
            true => writeln!(out, "    \"{}\"", name(table.id)),
            false => writeln!(out, "    \"{}\" {{", name(table.id)),
        };
        for column in &columns {
            write_column(&mut out, *column);
        }
        if !columns.is_empty() {
            out.push_str("    }\n");
        }
    }
    for line in tables.iter().flat_map(|table| lines(*table, &tables)) {
        let _ = writeln!(
            out,
            "    \"{}\" {}--{} \"{}\" : \"{}\"",
            name(line.to.id),
            if line.optional { "|o" } else { "||" },
            if line.single { "o|" } else { "o{" },
            name(line.from.id),
            quoted(&line.name),
        );
    }
    out
}

/// `varchar(50) email UK "not null"`: what the words of the grammar cannot say is in the comment.
fn write_column(out: &mut String, column: ColumnWalker<'_>) {
    let (ty, name) = (type_of(column), column.name().to_string());
    let (ty_word, name_word) = (word(&ty.replace('"', "")), word(&name));
    let mut notes = Vec::new();
    if name_word != name {
        notes.push(quoted(&name));
    }
    if ty_word != ty.replace(' ', "_").replace('"', "") {
        notes.push(quoted(&ty));
    }
    if matches!(column.get().nullable, Fact::Known(false, _)) {
        notes.push("not null".to_owned());
    }
    let _ = write!(out, "        {ty_word} {name_word}");
    let keys = keys(column);
    if !keys.is_empty() {
        let _ = write!(out, " {}", keys.join(", "));
    }
    if !notes.is_empty() {
        let _ = write!(out, " \"{}\"", notes.join(", "));
    }
    out.push('\n');
}

/// A word of an attribute: letters, digits and some signs, beginning with a letter; a word that begins with a key's is read as
/// that (`erDiagram.jison` of Mermaid 11).
fn word(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_[]().,".contains(c);
    let mut out: String = text.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    let key = |key| {
        let (head, tail) = out.split_at_checked(2).unwrap_or_default();
        head.eq_ignore_ascii_case(key) && !tail.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    };
    let bad = !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if bad || ["PK", "FK", "UK"].into_iter().any(key) {
        out.insert(0, '_');
    }
    out
}

/// What stands between quotes: without what ends them, begins a directive, or is markup.
fn quoted(text: &str) -> String {
    let unfit = |c: char| {
        c.is_control() || "\"%\\<>&#;`".contains(c) || super::escape(&c.to_string()).len() > c.len_utf8()
    };
    let out: String = text.chars().map(|c| if unfit(c) { '?' } else { c }).collect();
    if out.is_empty() { "?".to_owned() } else { out }
}
