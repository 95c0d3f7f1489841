//! Edits of Prisma schemas.

use std::sync::Arc;

use super::{Of, insert, replace};
use crate::declared::{Expectation, Field};
use crate::finding::Edit;
use crate::name::Name;
use crate::schema::IndexWalker;
use crate::source::Span;
use crate::sqltype::SqlType;
use crate::stacks::prisma::spelled;
use crate::syntax::prisma::{
    Arity, Attribute, Block, BlockKind, Document, Member, Value, ValueKind, document,
};

/// The file of a model, read again.
struct Read {
    document: Arc<Document>,
    text: Arc<str>,
}

impl Read {
    fn new(of: Of<'_>) -> Option<Read> {
        let file = of.model.span.file;
        let text = of.files.read(file).ok()?.text.clone();
        let document = document(of.files, file).ok()?;
        document.errors.is_empty().then_some(Read { document, text })
    }

    fn block(&self, of: Of<'_>) -> Option<&Block> {
        let mut blocks = self.document.blocks.iter();
        blocks.find(|block| block.kind == BlockKind::Model && block.name.span == of.model.span)
    }

    fn member<'a>(&'a self, of: Of<'_>, field: &Field) -> Option<&'a Member> {
        let mut members = self.block(of)?.members.iter();
        members.find(|member| member.name.span == field.span)
    }

    /// The name of the datasource, which native types are written after.
    fn datasource(&self) -> Option<&str> {
        let mut blocks = self.document.blocks.iter();
        let block = blocks.find(|block| block.kind == BlockKind::Datasource)?;
        Some(&block.name.text)
    }

    /// A place with the spaces before it.
    fn with_space(&self, span: Span) -> Span {
        let before = self.text.get(..span.start as usize).unwrap_or("");
        let trimmed = before.trim_end_matches([' ', '\t']).len();
        Span::new(span.file, trimmed, span.end as usize)
    }
}

/// Gives a field the type `found`; `of_enum` is the enum that stands for it, where it is one.
pub(super) fn column_type(
    of: Of<'_>,
    field: &Field,
    found: &SqlType,
    of_enum: Option<&str>,
) -> Option<Vec<Edit>> {
    let read = Read::new(of)?;
    let member = read.member(of, field)?;
    let ty = member.ty.as_ref().filter(|ty| !ty.unsupported)?;
    if of.models.dialect.as_deref() == Some("cockroachdb") || found.array != (ty.arity == Arity::List) {
        return None;
    }
    let (scalar, native) = match of_enum {
        Some(name) => (name.to_owned(), None),
        None => {
            let (scalar, native) = spelled(found)?;
            (scalar.to_owned(), native)
        }
    };
    let mut edits = Vec::new();
    if ty.name != scalar.as_str() {
        if is_bound(of, field, member, &ty.name, &scalar) {
            return None;
        }
        edits.push(replace(ty.name_span, scalar));
    }
    let held = member.attributes.iter().find(|a| a.name.contains('.'));
    match (held, native) {
        (Some(held), Some(native)) => {
            let (prefix, _) = held.name.split_once('.')?;
            edits.push(replace(held.span, format!("@{prefix}.{native}")));
        }
        (Some(held), None) => edits.push(replace(read.with_space(held.span), "")),
        (None, Some(native)) => {
            let prefix = read.datasource()?;
            edits.push(insert(
                ty.span.file,
                member.span.end,
                format!(" @{prefix}.{native}"),
            ));
        }
        (None, None) => {}
    }
    Some(edits)
}

/// Whether a field's type is bound to something else: a default of that type, or a relation's other side.
fn is_bound(of: Of<'_>, field: &Field, member: &Member, from: &str, to: &str) -> bool {
    let whole = |name: &str| matches!(name, "Int" | "BigInt");
    let has = |name: &str| member.attributes.iter().any(|a| a.name == name);
    let default = (has("default") && !(whole(from) && whole(to))) || has("updatedAt");
    let column = &field.column;
    let refers = of
        .model
        .foreign_keys
        .iter()
        .any(|key| key.columns.contains(column));
    let own = of.model.table.as_ref().and_then(Expectation::exactly);
    let key = of.model.primary_key.as_ref();
    let referred = of
        .models
        .models
        .iter()
        .flat_map(|m| &m.foreign_keys)
        .any(|other| {
            other.table.exactly() == own
                && match other.referenced.is_empty() {
                    true => key.is_some_and(|key| key.columns.contains(column)),
                    false => other.referenced.contains(column),
                }
        });
    default || refers || referred
}

/// Makes a field optional or required.
pub(super) fn nullability(of: Of<'_>, field: &Field, optional: bool) -> Option<Vec<Edit>> {
    let read = Read::new(of)?;
    let block = read.block(of)?;
    let member = read.member(of, field)?;
    let ty = member.ty.as_ref()?;
    let relations = || {
        let members = block.members.iter();
        members.filter(|other| other.attributes.iter().any(|a| relates(a, &member.name.text)))
    };
    match (ty.arity, optional) {
        (Arity::Required, true) => {
            if of
                .model
                .primary_key
                .as_ref()
                .is_some_and(|key| key.columns.contains(&field.column))
            {
                return None;
            }
            let mut edits = vec![insert(ty.span.file, ty.span.end, "?")];
            // A relation over a field that may be null may be null itself.
            for relation in relations() {
                let ty = relation.ty.as_ref()?;
                if ty.arity == Arity::Required {
                    edits.push(insert(ty.span.file, ty.span.end, "?"));
                }
            }
            Some(edits)
        }
        (Arity::Optional, false) => {
            // A relation that sets it null could not any more.
            let sets_null = |a: &Attribute| {
                let action = |name| a.arg(name, false).and_then(Value::as_path) == Some("SetNull");
                action("onDelete") || action("onUpdate")
            };
            let mut attributes = relations().flat_map(|r| &r.attributes);
            // Without a word an optional relation sets null when what it refers to goes.
            let unsaid = |a: &Attribute| a.name == "relation" && a.arg("onDelete", false).is_none();
            if attributes.any(|a| sets_null(a) || unsaid(a)) {
                return None;
            }
            let end = Span::new(ty.span.file, ty.span.end as usize - 1, ty.span.end as usize);
            (read.text.get(end.range()) == Some("?")).then(|| vec![replace(end, "")])
        }
        _ => None,
    }
}

/// Whether an attribute is a relation over a field.
fn relates(attribute: &Attribute, field: &str) -> bool {
    attribute.name == "relation"
        && attribute
            .arg("fields", false)
            .is_some_and(|fields| fields.elements().iter().any(|f| f.as_path() == Some(field)))
}

/// Declares an index over fields.
pub(super) fn index(of: Of<'_>, index: IndexWalker<'_>, fields: &[&Field]) -> Option<Vec<Edit>> {
    let read = Read::new(of)?;
    let block = read.block(of)?;
    let get = index.get();
    let file = of.model.span.file;
    let name = get.name.known()?;
    let columns: Vec<&str> = fields.iter().map(|f| f.column.as_str()).collect();
    let table = index.table.name();
    let usual = match get.unique {
        true => crate::stacks::prisma::unique_name(table.as_str(), &columns),
        false => crate::stacks::prisma::index_name(table.as_str(), &columns),
    };
    let map = (usual != *name).then(|| format!("map: {}", string(name)));
    let sorted = get.keys.iter().any(|key| key.descending);
    if let ([field], true, false) = (fields, get.unique, sorted) {
        let member = read.member(of, field)?;
        let arguments = map.map_or(String::new(), |map| format!("({map})"));
        return Some(vec![insert(
            file,
            member.span.end,
            format!(" @unique{arguments}"),
        )]);
    }
    let method = match (get.method.as_str(), get.unique) {
        ("btree", _) => None,
        ("hash", false) => Some("Hash"),
        ("gin", false) => Some("Gin"),
        ("gist", false) => Some("Gist"),
        ("spgist", false) => Some("SpGist"),
        ("brin", false) => Some("Brin"),
        _ => return None,
    };
    let keys = fields
        .iter()
        .zip(&get.keys)
        .map(|(field, key)| match key.descending {
            true => format!("{}(sort: Desc)", field.name),
            false => field.name.to_string(),
        });
    let mut arguments = vec![format!("[{}]", keys.collect::<Vec<_>>().join(", "))];
    arguments.extend(method.map(|method| format!("type: {method}")));
    arguments.extend(map);
    let word = if get.unique { "unique" } else { "index" };
    add_attribute(&read, block, &format!("@@{word}({})", arguments.join(", ")))
}

/// Adds a line to a block: after its last attribute, else after its last field and an empty line.
fn add_attribute(read: &Read, block: &Block, line: &str) -> Option<Vec<Edit>> {
    let last_member = block.members.last()?;
    let (last, gap) = match block.attributes.iter().max_by_key(|a| a.span.end) {
        Some(attribute) if attribute.span.end > last_member.span.end => (attribute.span, "\n"),
        _ => (last_member.span, "\n\n"),
    };
    let (start, end) = (last.start as usize, last.end as usize);
    let line_end = end + read.text.get(end..)?.find('\n')?;
    // Several things in one line: a closing brace, say.
    if line_end > block.span.end as usize {
        return None;
    }
    let before = read.text.get(..start)?;
    let indent = before.rsplit('\n').next().unwrap_or("");
    let indent: String = indent.chars().take_while(|c| c.is_whitespace()).collect();
    let returns = if read.text.get(..line_end)?.ends_with('\r') {
        1
    } else {
        0
    };
    let gap = if returns == 1 {
        gap.replace('\n', "\r\n")
    } else {
        gap.to_owned()
    };
    let at = u32::try_from(line_end - returns).ok()?;
    Some(vec![insert(last.file, at, format!("{gap}{indent}{line}"))])
}

/// Gives what an attribute declares a name; also whether it had another.
pub(super) fn constraint_name(of: Of<'_>, at: Span, name: &Name) -> Option<(Vec<Edit>, bool)> {
    let read = Read::new(of)?;
    let block = read.block(of)?;
    let members = block.members.iter().flat_map(|m| &m.attributes);
    let mut all = block.attributes.iter().chain(members);
    // A foreign key's place is its relation's.
    let relation = || {
        let member = block.members.iter().find(|m| m.name.span == at)?;
        member.attributes.iter().find(|a| a.name == "relation")
    };
    let attribute = all
        .find(|a| a.span == at || a.name_span == at)
        .or_else(relation)?;
    if !matches!(attribute.name.as_str(), "id" | "unique" | "index" | "relation") {
        return None;
    }
    if let Some(said) = attribute.arg("map", false) {
        return matches!(said.kind, ValueKind::String(_))
            .then(|| (vec![replace(said.span, string(name))], true));
    }
    let map = format!("map: {}", string(name));
    let end = attribute.span.end;
    let file = attribute.span.file;
    let edit = match attribute.args.last() {
        Some(last) => insert(file, last.value.span.end, format!(", {map}")),
        None if read.text.get(attribute.span.range())?.ends_with(')') => return None,
        None => insert(file, end, format!("({map})")),
    };
    Some((vec![edit], false))
}

/// A string literal of the language.
fn string(name: &Name) -> String {
    let text = name.as_str().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}
