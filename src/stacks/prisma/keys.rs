//! `@id`, `@unique`, `@@id`, `@@unique`, `@@index`: keys and indexes, with the names that Prisma gives them.

use smol_str::SmolStr;

use super::defaults::{plain_number, quoted};
use super::names;
use super::source::{ModelSource, Source};
use crate::declared::{DeclaredIndex, DeclaredIndexKey, Fault, Key, Model, Unique};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, quote};
use crate::source::{Span, Text};
use crate::syntax::prisma::{Argument, Attribute, Value, ValueKind, argument, literal_text};
use crate::tree::Expr;

/// One entry of the list of fields.
struct Entry<'a> {
    column: Name,
    column_text: &'a str,
    descending: bool,
    opclass: Option<SmolStr>,
}

/// Reads keys and indexes of a model.
pub(super) fn read(source: &mut Source<'_>, index: usize, model: &mut Model) {
    let mut faults = Vec::new();
    if let Some(declared) = source.models.get(index) {
        let mut reader = Reader {
            source,
            declared,
            model,
            faults: &mut faults,
        };
        reader.fields();
        reader.block();
    }
    source.faults.append(&mut faults);
}

struct Reader<'r, 'a> {
    source: &'r Source<'a>,
    declared: &'r ModelSource<'a>,
    model: &'r mut Model,
    faults: &'r mut Vec<Fault>,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// `@id` and `@unique`.
    fn fields(&mut self) {
        let declared = self.declared;
        for field in declared.fields.iter().filter(|f| f.stored()) {
            let entry = |attribute: &Attribute| Entry {
                column: field.column.clone(),
                column_text: field.column_text,
                descending: descending(&attribute.args),
                opclass: None,
            };
            if let Some(attribute) = field.attribute("id") {
                self.primary_key(attribute, &[entry(attribute)]);
            }
            if let Some(attribute) = field.attribute("unique") {
                self.unique(attribute, &[entry(attribute)]);
            }
        }
    }

    /// `@@id`, `@@unique`, `@@index`.
    fn block(&mut self) {
        let declared = self.declared;
        for attribute in &declared.block.attributes {
            let section = match attribute.name.as_str() {
                "id" => Section::PrimaryKey,
                "unique" => Section::Unique,
                "index" => Section::Indexes,
                _ => continue,
            };
            let entries = match self.entries(attribute, section) {
                Ok(entries) => entries,
                Err(gap) => {
                    self.model.open.push((section, gap));
                    continue;
                }
            };
            match section {
                Section::PrimaryKey => self.primary_key(attribute, &entries),
                Section::Unique => self.unique(attribute, &entries),
                Section::Indexes => self.index(attribute, &entries),
                Section::Columns | Section::ForeignKeys | Section::Checks => {}
            }
        }
    }

    /// The fields that an attribute lists.
    fn entries(&mut self, attribute: &Attribute, section: Section) -> Result<Vec<Entry<'r>>, Gap> {
        let table = self.declared.table.to_string();
        let gap = |span: Span, why: String| Gap::new(span, why, Reach::Section(table.clone(), section));
        let list = attribute
            .arg("fields", true)
            .ok_or_else(|| gap(attribute.span, format!("@@{} names no fields", attribute.name)))?;
        let mut out = Vec::new();
        for value in list.elements() {
            let (name, args): (&str, &[Argument]) = match &value.kind {
                ValueKind::Path(name) => (name, &[]),
                ValueKind::Call(name, args) => (name, args),
                ValueKind::String(_) | ValueKind::Number(_) | ValueKind::Array(_) | ValueKind::Object(_) => {
                    return Err(gap(value.span, "this is no field".to_owned()));
                }
            };
            let Some(field) = self.declared.stored(name) else {
                let message = match self.declared.field(name) {
                    Some(_) => format!("{name} is a relation and has no column"),
                    None => format!("{} has no field {name}", self.declared.block.name.text),
                };
                self.faults.push(Fault {
                    kind: "unknown-field",
                    span: value.span,
                    message: message.clone(),
                    related: Vec::new(),
                });
                return Err(gap(value.span, message));
            };
            out.push(Entry {
                column: field.column.clone(),
                column_text: field.column_text,
                descending: descending(args),
                opclass: argument(args, "ops", false).and_then(|ops| opclass(ops, method(attribute))),
            });
        }
        Ok(out)
    }

    fn primary_key(&mut self, attribute: &Attribute, entries: &[Entry<'_>]) {
        let name =
            mapped(attribute, &["map"]).unwrap_or_else(|| names::primary_key(self.declared.table_text));
        self.model.primary_key.get_or_insert_with(|| Key {
            columns: columns(entries),
            name: Some(name),
            span: attribute.span,
        });
    }

    fn unique(&mut self, attribute: &Attribute, entries: &[Entry<'_>]) {
        let name = mapped(attribute, &["map"])
            .unwrap_or_else(|| names::unique(self.declared.table_text, &texts(entries)));
        let predicate = match self.predicate(attribute) {
            Ok(predicate) => predicate,
            Err(gap) => return self.model.open.push((Section::Indexes, gap)),
        };
        self.model.uniques.push(Unique {
            deferrable: None,
            columns: columns(entries),
            name: Some(name),
            index: true,
            nulls_not_distinct: false,
            descending: entries.iter().map(|e| e.descending).collect(),
            predicate,
            span: attribute.span,
        });
    }

    fn index(&mut self, attribute: &Attribute, entries: &[Entry<'_>]) {
        // `name` is what `map` was called before Prisma 3.
        let name = mapped(attribute, &["map", "name"])
            .unwrap_or_else(|| names::index(self.declared.table_text, &texts(entries)));
        let predicate = match self.predicate(attribute) {
            Ok(predicate) => predicate,
            Err(gap) => return self.model.open.push((Section::Indexes, gap)),
        };
        let keys = entries
            .iter()
            .map(|entry| DeclaredIndexKey {
                key: Ok(entry.column.clone()),
                descending: entry.descending,
                opclass: entry.opclass.clone(),
                nulls_first: None,
            })
            .collect();
        self.model.indexes.push(DeclaredIndex {
            keys,
            name: Some(name),
            method: SmolStr::new(method(attribute).to_ascii_lowercase()),
            include: Vec::new(),
            predicate,
            unique: false,
            nulls_not_distinct: false,
            span: attribute.span,
        });
    }

    /// `where: raw("...")` or `where: { field: value }` (`partialIndexes`).
    fn predicate(&self, attribute: &Attribute) -> Result<Option<Expr>, Gap> {
        let Some(value) = attribute.arg("where", false) else {
            return Ok(None);
        };
        let reach = Reach::Section(self.declared.table.to_string(), Section::Indexes);
        let gap = |why: &str| Gap::new(value.span, why, reach.clone());
        let text = match &value.kind {
            ValueKind::Call(name, args) if name == "raw" => match args.first().map(|a| &a.value) {
                Some(sql) if sql.as_str().is_some() => literal_text(&self.source.text(sql.span), sql.span),
                _ => return Err(gap("raw takes its SQL in quotes")),
            },
            ValueKind::Object(conditions) => {
                let conditions = conditions
                    .iter()
                    .map(|c| self.condition(c))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(gap)?;
                Text::composed([(conditions.join(" AND "), value.span, false)])
            }
            ValueKind::Call(..)
            | ValueKind::String(_)
            | ValueKind::Number(_)
            | ValueKind::Path(_)
            | ValueKind::Array(_) => return Err(gap("this condition is neither raw(...) nor { ... }")),
        };
        crate::sql::expression(&text)
            .map(Some)
            .map_err(|error| error.reaching(reach))
    }

    /// `field: value` as the engine writes it.
    fn condition(&self, condition: &Argument) -> Result<String, &'static str> {
        let name = condition.name.as_ref().ok_or("a condition names its field")?;
        let field = self
            .declared
            .stored(&name.text)
            .ok_or("the condition's field is not known")?;
        let column = quote(field.column.as_str());
        let (value, not) = match &condition.value.kind {
            ValueKind::Object(inner) => (
                argument(inner, "not", false).ok_or("only `not` can stand here")?,
                true,
            ),
            ValueKind::String(_)
            | ValueKind::Number(_)
            | ValueKind::Path(_)
            | ValueKind::Call(..)
            | ValueKind::Array(_) => (&condition.value, false),
        };
        let operator = if not { "!=" } else { "=" };
        Ok(match &value.kind {
            ValueKind::Path(word) if word == "null" && not => format!("{column} IS NOT NULL"),
            ValueKind::Path(word) if word == "null" => format!("{column} IS NULL"),
            ValueKind::Path(word) if word == "true" || word == "false" => {
                format!("{column} {operator} {word}")
            }
            ValueKind::Number(n) => format!("{column} {operator} {}", plain_number(n)?),
            ValueKind::String(text) => format!("{column} {operator} {}", quoted(text)),
            ValueKind::Path(_) | ValueKind::Call(..) | ValueKind::Array(_) | ValueKind::Object(_) => {
                return Err("the condition's value is not known");
            }
        })
    }
}

fn columns(entries: &[Entry<'_>]) -> Vec<Name> {
    entries.iter().map(|e| e.column.clone()).collect()
}

fn texts<'e>(entries: &[Entry<'e>]) -> Vec<&'e str> {
    entries.iter().map(|e| e.column_text).collect()
}

/// The string of the first of these arguments that is there; an empty one counts as none.
pub(super) fn mapped(attribute: &Attribute, arguments: &[&str]) -> Option<Name> {
    arguments
        .iter()
        .filter_map(|name| attribute.arg(name, false))
        .find_map(|value| value.as_str().filter(|text| !text.is_empty()))
        .map(Name::new)
}

fn descending(args: &[Argument]) -> bool {
    argument(args, "sort", false).and_then(Value::as_path) == Some("Desc")
}

/// `type: Gin`.
fn method(attribute: &Attribute) -> &str {
    attribute
        .arg("type", false)
        .and_then(Value::as_path)
        .unwrap_or("btree")
}

/// The operator class that `ops:` names, where it is not the default of its method (`convert_opclass` of the engine's
/// calculator for PostgreSQL says which are).
fn opclass(value: &Value, method: &str) -> Option<SmolStr> {
    let name = match &value.kind {
        ValueKind::Call(raw, args) if raw == "raw" => {
            return args.first().and_then(|a| a.value.as_str()).map(SmolStr::new);
        }
        ValueKind::Path(name) => name.strip_suffix("Ops")?,
        ValueKind::Call(..)
        | ValueKind::String(_)
        | ValueKind::Number(_)
        | ValueKind::Array(_)
        | ValueKind::Object(_) => return None,
    };
    let (stem, rest, default) = [
        ("MinMaxMulti", "_minmax_multi", false),
        ("MinMax", "_minmax", true),
        ("Inclusion", "_inclusion", true),
        ("Bloom", "_bloom", false),
        ("Path", "_path", false),
    ]
    .iter()
    .find_map(|(tail, rest, default)| name.strip_suffix(tail).map(|stem| (stem, *rest, *default)))
    .unwrap_or((name, "", name != "Inet" || method == "SpGist"));
    (!default).then(|| SmolStr::new(format!("{}{rest}_ops", stem.to_ascii_lowercase())))
}
