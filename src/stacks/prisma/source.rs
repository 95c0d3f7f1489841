//! The blocks of all files of a schema put together: which names there are, and what each field's type refers to.

use std::sync::Arc;
use std::sync::RwLock;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::PrismaConfig;
use super::datasource::Settings;
use super::types::Scalar;
use crate::declared::Fault;
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::source::{FileId, Files, Span};
use crate::syntax::prisma::{Arity, Attribute, Block, BlockKind, Document, Member, Value, document};
use crate::tree::Expr;

/// What a field is by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// One of Prisma's scalars.
    Scalar(Scalar),
    /// An enum, by its place in [`Source::enums`].
    Enum(usize),
    /// `Unsupported("...")`.
    Unsupported,
    /// A composite type.
    Composite,
    /// A relation to a model, by its place in [`Source::models`]: no column.
    Relation(usize),
    /// A name that nothing declares.
    Nothing,
}

/// A field of a model.
#[derive(Debug)]
pub(super) struct FieldSource<'a> {
    pub(super) member: &'a Member,
    pub(super) class: Class,
    pub(super) arity: Arity,
    pub(super) column: Name,
    /// The column's name before the server cuts it: invented names are made of it.
    pub(super) column_text: &'a str,
}

impl<'a> FieldSource<'a> {
    /// The attribute of this name.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        self.member.attributes.iter().find(|a| a.name == name)
    }

    /// Whether it is held in a column.
    pub(super) fn stored(&self) -> bool {
        match self.class {
            Class::Scalar(_) | Class::Enum(_) | Class::Unsupported | Class::Composite => true,
            Class::Relation(_) | Class::Nothing => false,
        }
    }
}

/// A model or view.
#[derive(Debug)]
pub(super) struct ModelSource<'a> {
    pub(super) block: &'a Block,
    pub(super) table: QualifiedName,
    /// The table's name before the server cuts it.
    pub(super) table_text: &'a str,
    /// Where `@@map` says it.
    pub(super) table_span: Option<Span>,
    pub(super) fields: Vec<FieldSource<'a>>,
    by_name: FxHashMap<&'a str, usize>,
    /// Something of it could not be read.
    pub(super) unread: Option<Gap>,
}

impl<'a> ModelSource<'a> {
    /// The field of this name.
    pub(super) fn field(&self, name: &str) -> Option<&FieldSource<'a>> {
        self.by_name.get(name).and_then(|i| self.fields.get(*i))
    }

    /// The stored field of this name.
    pub(super) fn stored(&self, name: &str) -> Option<&FieldSource<'a>> {
        self.field(name).filter(|f| f.stored())
    }
}

/// An enum.
#[derive(Debug)]
pub(super) struct EnumSource<'a> {
    pub(super) block: &'a Block,
    pub(super) name: QualifiedName,
    /// Something of it could not be read.
    pub(super) unread: Option<Gap>,
}

/// Attributes of fields and enum values, besides those of native types.
const FIELD_ATTRIBUTES: [&str; 8] = [
    "id",
    "unique",
    "default",
    "map",
    "relation",
    "updatedAt",
    "ignore",
    "shardKey",
];
/// Attributes of blocks.
const BLOCK_ATTRIBUTES: [&str; 8] = [
    "id", "unique", "index", "fulltext", "map", "schema", "ignore", "shardKey",
];

/// A whole schema.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) files: &'a Files,
    pub(super) config: &'a PrismaConfig,
    pub(super) settings: Settings,
    pub(super) models: Vec<ModelSource<'a>>,
    pub(super) enums: Vec<EnumSource<'a>>,
    pub(super) faults: Vec<Fault>,
    /// Defaults of one word, by their SQL.
    pub(super) words: RwLock<FxHashMap<String, Expr>>,
    pub(super) gaps: Vec<Gap>,
}

/// The documents of a schema's files.
pub(super) fn documents(files: &Files, schema_files: &[FileId]) -> (Vec<Arc<Document>>, Vec<Gap>) {
    let mut gaps = Vec::new();
    let documents = schema_files
        .iter()
        .filter_map(|&file| match document(files, file) {
            Ok(document) => Some(document),
            Err(error) => {
                let why = format!("{} {}", files.path(file), error.0);
                gaps.push(Gap::new(Span::new(file, 0, 0), why, Reach::Everything));
                None
            }
        })
        .collect();
    (documents, gaps)
}

/// What a name of a schema stands for.
#[derive(Clone, Copy)]
enum Named {
    Model(usize),
    Enum(usize),
    Composite,
}

/// The string of `@@map("...")` or `@map("...")`; an empty one counts as none.
fn mapped<'a>(attributes: &'a [Attribute]) -> Option<(&'a str, Span)> {
    let value: &'a Value = attributes.iter().find(|a| a.name == "map")?.arg("name", true)?;
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(|text| (text, value.span))
}

/// A name in the schema that `@@schema` says; without one the search path decides.
fn qualified(block: &Block, name: &str) -> QualifiedName {
    let schema = block
        .attributes
        .iter()
        .find(|a| a.name == "schema")
        .and_then(|a| a.arg("map", true))
        .and_then(Value::as_str);
    QualifiedName {
        schema: schema.map(Name::new),
        name: Name::new(name),
    }
}

impl<'a> Source<'a> {
    /// Puts the documents together.
    pub(super) fn new(
        files: &'a Files,
        config: &'a PrismaConfig,
        documents: &'a [Arc<Document>],
        gaps: Vec<Gap>,
    ) -> Self {
        let mut source = Source {
            files,
            config,
            settings: Settings::read(documents.iter().flat_map(|d| &d.blocks)),
            models: Vec::new(),
            enums: Vec::new(),
            faults: Vec::new(),
            words: RwLock::default(),
            gaps,
        };
        source.errors(documents);
        let names = source.declare(documents);
        source.unknown_attributes(documents);
        for index in 0..source.models.len() {
            source.fields(index, &names);
        }
        source
    }

    pub(super) fn fault(&mut self, kind: &'static str, span: Span, message: String) {
        self.faults.push(Fault {
            kind,
            span,
            message,
            related: Vec::new(),
        });
    }

    fn errors(&mut self, documents: &[Arc<Document>]) {
        for document in documents {
            for error in &document.errors {
                self.fault("syntax", error.span, error.message.clone());
            }
            if let Some(span) = document.unread {
                let why = "this is no block of a Prisma schema and could not be read";
                self.gaps.push(Gap::new(span, why, Reach::Everything));
            }
        }
    }

    /// Takes every model, enum and type; of two with one name the first, as Prisma's own message points at the second.
    fn declare(&mut self, documents: &'a [Arc<Document>]) -> FxHashMap<&'a str, Named> {
        let mut names: FxHashMap<&str, (Named, Span)> = FxHashMap::default();
        for block in documents.iter().flat_map(|d| &d.blocks) {
            let named = match block.kind {
                BlockKind::Model | BlockKind::View => Named::Model(self.models.len()),
                BlockKind::Enum => Named::Enum(self.enums.len()),
                BlockKind::Type => Named::Composite,
                BlockKind::Datasource | BlockKind::Generator => continue,
            };
            let name = block.name.text.as_str();
            if let Some(&(earlier, first)) = names.get(name) {
                self.faults.push(Fault {
                    kind: "duplicate-model",
                    span: block.name.span,
                    message: format!("{name} is declared a second time"),
                    related: vec![(first, "first declared here".to_owned())],
                });
                self.duplicate(earlier, block.name.span);
                continue;
            }
            names.insert(name, (named, block.name.span));
            match named {
                Named::Model(_) => self.models.push(model(block)),
                Named::Enum(_) => {
                    let mapped = mapped(&block.attributes).map_or(name, |m| m.0);
                    let name = qualified(block, mapped);
                    let unread = unread(block, &name);
                    self.enums.push(EnumSource { block, name, unread });
                }
                Named::Composite => {}
            }
        }
        names
            .into_iter()
            .map(|(name, (named, _))| (name, named))
            .collect()
    }

    /// What the second declaration says is not known to be meant.
    fn duplicate(&mut self, earlier: Named, second: Span) {
        let (unread, name, table) = match earlier {
            Named::Model(index) => match self.models.get_mut(index) {
                Some(model) => (&mut model.unread, &model.block.name.text, &model.table),
                None => return,
            },
            Named::Enum(index) => match self.enums.get_mut(index) {
                Some(declared) => (&mut declared.unread, &declared.block.name.text, &declared.name),
                None => return,
            },
            Named::Composite => return,
        };
        let why = format!("{name} is declared twice");
        let reach = Reach::Object(table.to_string());
        unread.get_or_insert_with(|| Gap::new(second, why, reach));
    }

    fn unknown_attributes(&mut self, documents: &[Arc<Document>]) {
        for block in documents.iter().flat_map(|d| &d.blocks) {
            let of_block = block.attributes.iter().map(|a| (a, "@@"));
            let of_members = block.members.iter().flat_map(|m| &m.attributes).map(|a| (a, "@"));
            for (attribute, at) in of_block.chain(of_members) {
                let name = attribute.name.as_str();
                let known: &[&str] = if at == "@" {
                    &FIELD_ATTRIBUTES
                } else {
                    &BLOCK_ATTRIBUTES
                };
                let native = at == "@" && name.contains('.');
                if !native && !known.contains(&name) {
                    let message = format!("{at}{name} is no attribute of Prisma's language that is known");
                    self.fault("unknown-attribute", attribute.name_span, message);
                }
            }
        }
    }

    fn fields(&mut self, index: usize, names: &FxHashMap<&'a str, Named>) {
        let Some(model) = self.models.get_mut(index) else {
            return;
        };
        let mut faults = Vec::new();
        for member in &model.block.members {
            let Some(ty) = &member.ty else { continue };
            let name = member.name.text.as_str();
            if let Some(first) = model.by_name.get(name).and_then(|i| model.fields.get(*i)) {
                faults.push(Fault {
                    kind: "duplicate-field",
                    span: member.name.span,
                    message: format!(
                        "field {name} is declared a second time in {}",
                        model.block.name.text
                    ),
                    related: vec![(first.member.name.span, "first declared here".to_owned())],
                });
                continue;
            }
            let class = if ty.unsupported {
                Class::Unsupported
            } else if let Some(scalar) = Scalar::named(&ty.name) {
                Class::Scalar(scalar)
            } else {
                match names.get(ty.name.as_str()) {
                    Some(Named::Model(target)) => Class::Relation(*target),
                    Some(Named::Enum(i)) => Class::Enum(*i),
                    Some(Named::Composite) => Class::Composite,
                    None => Class::Nothing,
                }
            };
            if class == Class::Nothing {
                let message = format!("nothing declares the type {}", ty.name);
                let gap = Gap::new(ty.span, message.clone(), Reach::Object(model.table.to_string()));
                model.unread.get_or_insert(gap);
                faults.push(Fault {
                    kind: "unknown-type",
                    span: ty.name_span,
                    message,
                    related: Vec::new(),
                });
            }
            let column_text = mapped(&member.attributes).map_or(name, |m| m.0);
            model.by_name.insert(name, model.fields.len());
            model.fields.push(FieldSource {
                member,
                class,
                arity: ty.arity,
                column: Name::new(column_text),
                column_text,
            });
        }
        self.faults.append(&mut faults);
    }

    /// The text of the file that a span lies in.
    pub(super) fn text(&self, span: Span) -> Arc<str> {
        self.files.text(span.file)
    }

    /// The name of an enum's type, quoted and qualified.
    pub(super) fn enum_name(&self, index: usize) -> Option<&QualifiedName> {
        self.enums.get(index).map(|e| &e.name)
    }
}

fn model(block: &Block) -> ModelSource<'_> {
    let mapped = mapped(&block.attributes);
    let text = mapped.map_or(block.name.text.as_str(), |m| m.0);
    let table = qualified(block, text);
    let unread = unread(block, &table);
    ModelSource {
        block,
        table,
        table_text: text,
        table_span: mapped.map(|m| m.1),
        fields: Vec::new(),
        by_name: FxHashMap::default(),
        unread,
    }
}

/// The first line of a block that could not be read.
fn unread(block: &Block, name: &QualifiedName) -> Option<Gap> {
    let why = format!("a line of {} could not be read", block.name.text);
    Some(Gap::new(block.unread?, why, Reach::Object(name.to_string())))
}

/// The label of an enum's value in the database.
pub(super) fn label(member: &Member) -> SmolStr {
    mapped(&member.attributes).map_or_else(|| member.name.text.clone(), |m| SmolStr::new(m.0))
}
