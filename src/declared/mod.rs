//! What models say, as far as they say it. Not a database's schema: models often leave open what a database must hold.

mod like;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::change::{GeneratedKind, IdentityKind, IndexElement, ReferentialAction, SequenceOptions};
use crate::known::Gap;
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::{Builtin, SqlType};
use crate::tree::Expr;

pub use like::Like;

/// Everything that one set of models declares.
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// The models in the order of their files.
    pub models: Vec<Model>,
    /// Native enums.
    pub enums: Vec<EnumType>,
    /// The values of enums that are kept as text, by [`Field::span`].
    pub kept: Vec<(Span, Vec<(SmolStr, Span)>)>,
    /// What clients fill in where a row is given no value, as far as it is a literal, by [`Field::span`].
    pub client_values: Vec<(Span, Expr)>,
    /// Sequences of their own, each once.
    pub sequences: Vec<DeclaredSequence>,
    /// Extensions that the models ask for.
    pub extensions: Vec<Name>,
    /// What is made of them, where several declare one table; else all are.
    pub created: Option<Created>,
    /// A column whose type is not told may be of an enum that is not listed.
    pub enums_untold: bool,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Tables, by what is known of their names, that models may stand for which are not listed, and why.
    pub perhaps: Vec<(Like, Gap)>,
    /// What can be said of the source itself (a name declared twice, an attribute that is not allowed): rules word it.
    pub faults: Vec<Fault>,
    /// Models that the tool that writes migrations does not see.
    pub unseen: Vec<Unseen>,
    /// Where that tool is given no models at all.
    pub sees_nothing: Option<Span>,
    /// What that tool is given.
    pub sees: Sees,
    /// Where models are kept, where their language keeps them in collections.
    pub kept_in: Vec<KeptIn>,
    /// The dialect that the models name (`postgresql`, `mysql`), where they do.
    pub dialect: Option<SmolStr>,
    /// What the models' language can say.
    pub language: Language,
    /// Constraints whose errors the models wait for by name.
    pub awaited: Vec<AwaitedConstraint>,
    /// What is asked of values before they reach the database.
    pub validations: Vec<Validation>,
    /// Fields whose annotation allows no `None` though their column may be NULL, by [`Field::span`]: `Field(sa_column=Column(Text))`.
    pub demanded: BTreeSet<Span>,
    /// Fields whose values are sent as text that is cast to it (`$1::VARCHAR`), by [`Field::span`]: the driver tells the server their type.
    pub cast_text: BTreeSet<Span>,
    /// Models, by name, whose table may be in a schema that is chosen when the program runs, or that migrations may be told to leave to
    /// others, and why: where it is not found, it is elsewhere.
    pub wandering: FxHashMap<SmolStr, Gap>,
}

/// What a tool that makes a database of models makes.
#[derive(Debug, Clone, Default)]
pub struct Created {
    /// Each with its own table.
    pub models: Vec<Model>,
    /// The native enums of these.
    pub enums: Vec<EnumType>,
}

/// What a model's own validations ask of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// The model, by its name.
    pub model: SmolStr,
    /// The field, by its name.
    pub field: SmolStr,
    /// What they ask.
    pub says: Says,
    /// Where.
    pub span: Span,
}

/// What validations ask of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Whatever takes the field from outside asks for a value.
    Required,
    /// Something takes the field from outside, and nothing asks for a value or gives one.
    Optional,
    /// Text of at most so many characters passes.
    AtMost(u64),
}

/// A constraint whose error a model waits for by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedConstraint {
    /// The model, by its name.
    pub model: SmolStr,
    /// What kind it is.
    pub awaits: Awaits,
    /// Its name.
    pub name: SmolStr,
    /// Where the name is given, or follows from.
    pub span: Span,
}

/// Kinds of constraint that a model waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the kind of its name")]
pub enum Awaits {
    Unique,
    ForeignKey,
    Check,
    Exclusion,
}

impl Models {
    /// The models and the native enums of which a database is made.
    #[must_use]
    pub fn made(&self) -> (&[Model], &[EnumType]) {
        match &self.created {
            Some(created) => (&created.models, &created.enums),
            None => (&self.models, &self.enums),
        }
    }

    /// Everything that could not be read: of the whole, of each model, of each field; each once.
    #[must_use]
    pub fn every_gap(&self) -> Vec<Gap> {
        let mut out = self.gaps.clone();
        let created = self.created.iter().flat_map(|created| &created.models);
        for model in self.models.iter().chain(created) {
            out.extend(model.table.iter().filter_map(Expectation::gap).cloned());
            out.extend(model.open.iter().map(|(_, gap)| gap.clone()));
            for field in &model.fields {
                let gaps = [
                    field.ty.gap(),
                    field.nullable.gap(),
                    field.default.gap(),
                    field.identity.gap(),
                    field.generated.gap(),
                ];
                out.extend(gaps.into_iter().flatten().cloned());
            }
        }
        out.extend(self.enums.iter().filter_map(|e| e.labels.gap()).cloned());
        let mut seen = BTreeSet::new();
        out.retain(|gap| seen.insert((gap.at, gap.why.clone())));
        out
    }
}

/// What a language of models can say at all. What it cannot say is never missing from a model, nor extra in a database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Language {
    /// For messages: `Prisma`.
    pub name: &'static str,
    /// CHECK constraints.
    pub checks: bool,
    /// Indexes with a predicate.
    pub partial_indexes: bool,
    /// Indexes over expressions.
    pub expression_indexes: bool,
    /// Indexes with INCLUDE.
    pub include: bool,
    /// Generated columns.
    pub generated: bool,
    /// Deferrable constraints.
    pub deferrable: bool,
    /// `MATCH FULL` of foreign keys.
    pub match_full: bool,
    /// EXCLUDE constraints.
    pub exclusions: bool,
    /// Collations of columns.
    pub collations: bool,
    /// Comments of tables and columns.
    pub comments: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// Whether a list column allows NULL.
    pub list_nullability: bool,
    /// Views.
    pub views: bool,
    /// Several models may map one table.
    pub shared_tables: bool,
    /// Models say nothing of unique constraints, indexes and foreign keys, and need not say a key.
    pub without_constraints: bool,
    /// An enum's value may be sent without its type, so that it takes that of the column.
    pub bare_enums: bool,
    /// Where a row gives no value, the client itself writes a default that is a literal or the time, as Prisma's does. Else it leaves
    /// the column out, for the database to fill (SQLAlchemy 2.0, "Server-invoked DDL-Explicit Default Expressions").
    pub writes_defaults: bool,
}

/// Something wrong within the models' source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind: `duplicate-model`, `syntax`, ...
    pub kind: &'static str,
    /// Where.
    pub span: Span,
    /// What, in one sentence.
    pub message: String,
    /// Places that explain it.
    pub related: Vec<(Span, String)>,
}

impl Fault {
    /// The kind of a foreign key that leads to a table or a column that no model declares.
    pub const DANGLING: &'static str = "dangling-foreign-key";
}

/// A model that the tool that writes migrations does not see: none that it writes will make or change its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// [`Model::span`] of the model.
    pub model: Span,
    /// Why it does not.
    pub cause: UnseenCause,
    /// Where that tool is told what there is.
    pub told: Span,
}

/// What the tool that writes migrations is given of a set of models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sees {
    /// No such tool reads them.
    #[default]
    Nobody,
    /// All but those that are listed as unseen; where it is told so, if the repository says it.
    Told(Option<Span>),
    /// It cannot be told.
    Unknown(Gap),
}

/// Where a model is kept: SQLAlchemy's `MetaData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptIn {
    /// [`Model::span`] of the model.
    pub model: Span,
    /// Where the collection is made; `None` for a library's own.
    pub made: Option<Span>,
    /// The library's own collection: `SQLModel.metadata`.
    pub library: Option<&'static str>,
    /// A class is mapped to it.
    pub mapped: bool,
    /// Further classes that are kept in the model's table.
    pub classes: Vec<(SmolStr, Span)>,
}

/// Why a model is not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnseenCause {
    /// It is kept in a collection (a `MetaData`) that is not handed over; where that is made, if it is the repository's.
    Collection(Option<Span>),
    /// Its module is imported by nothing that the tool imports.
    NotImported,
}

/// Whether a fact of a model is said, left open, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation<T> {
    /// Exactly this.
    Exactly(T),
    /// One of these.
    OneOf(Vec<T>),
    /// Any of a family: the predicate is data, so that it can be printed and compared.
    Family(Family),
    /// Whatever the database has.
    Anything,
    /// Could not be read.
    Unknown(Gap),
}

impl<T> Expectation<T> {
    /// Why it could not be read.
    #[must_use]
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Expectation::Unknown(gap) => Some(gap),
            Expectation::Exactly(_)
            | Expectation::OneOf(_)
            | Expectation::Family(_)
            | Expectation::Anything => None,
        }
    }

    /// The one value, where exactly one is expected.
    #[must_use]
    pub fn exactly(&self) -> Option<&T> {
        match self {
            Expectation::Exactly(value) => Some(value),
            Expectation::OneOf(_)
            | Expectation::Family(_)
            | Expectation::Anything
            | Expectation::Unknown(_) => None,
        }
    }
}

/// Families of types that a field may be held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Text of any kind.
    Text,
    /// An integer of any width.
    Integer,
    /// An exact or inexact number.
    Number,
    /// Date with time, with or without zone.
    Timestamp,
    /// json or jsonb.
    Json,
    /// What a client's driver takes and gives for one type of its own.
    Driver(&'static Accepted),
}

impl Family {
    /// What messages call a type of it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Family::Text => "text",
            Family::Integer => "an integer",
            Family::Number => "a number",
            Family::Timestamp => "a timestamp",
            Family::Json => "json",
            Family::Driver(accepted) => accepted.word,
        }
    }
}

/// The types that a driver takes and gives for one type of a client's language, whatever their modifiers.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What messages call it.
    pub word: &'static str,
    /// Built-in types.
    pub builtins: &'static [Builtin],
    /// Types of extensions by name.
    pub named: &'static [&'static str],
    /// Any enum.
    pub enums: bool,
    /// A list of these: an array of them, or one of `builtins` itself.
    pub list: Option<&'static Accepted>,
}

/// A model: a Prisma `model` or `view`, a class, an Ecto schema.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name in the source.
    pub name: SmolStr,
    /// Where its name is written.
    pub span: Span,
    /// The whole declaration.
    pub whole: Span,
    /// The table; `None` for embedded models; where it cannot be told `Unknown`.
    pub table: Option<Expectation<QualifiedName>>,
    /// What is known of the table's name where it cannot be told.
    pub table_like: Like,
    /// Where the table's name is written, when not the model's own.
    pub table_span: Option<Span>,
    /// What it maps.
    pub kind: ModelKind,
    /// Stored fields, injected ones included, in order.
    pub fields: Vec<Field>,
    /// Columns of the primary key; `None` where the model has none.
    pub primary_key: Option<Key>,
    /// Unique constraints and unique indexes.
    pub uniques: Vec<Unique>,
    /// Indexes.
    pub indexes: Vec<DeclaredIndex>,
    /// Foreign keys that the model would create.
    pub foreign_keys: Vec<DeclaredForeignKey>,
    /// CHECKs.
    pub checks: Vec<DeclaredCheck>,
    /// EXCLUDE constraints.
    pub exclusions: Vec<DeclaredExclusion>,
    /// Its comment.
    pub comment: Expectation<Option<SmolStr>>,
    /// Associations, for the list of declarations.
    pub associations: Vec<Association>,
    /// Sections that the model's language cannot fully express or that could not be read: absence there says nothing.
    pub open: Vec<(crate::known::Section, Gap)>,
    /// The tool never creates or changes its table (`@@ignore`, unmanaged).
    pub unmanaged: bool,
    /// Why it is not held against the migrations: it seems to stand for no table, for one of another database, or for one that other
    /// migrations look after. What is not judged for it is told in the coverage.
    pub elsewhere: Option<Gap>,
    /// A library declares it, and no source of the repository does.
    pub of_library: bool,
}

impl Model {
    /// Whether it is held against the migrations: the tool looks after its table, and nothing else does.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.unmanaged && self.elsewhere.is_none()
    }
}

/// What a model maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// A table.
    Table,
    /// A view.
    View,
    /// A join table that the framework makes without a model of its own.
    JoinTable,
    /// Nothing of its own.
    Embedded,
}

/// A stored field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the source.
    pub name: SmolStr,
    /// Its column.
    pub column: Name,
    /// Where the field is declared: its name.
    pub span: Span,
    /// Where its type is written.
    pub type_span: Span,
    /// The type as the framework prints it.
    pub declared: Option<SmolStr>,
    /// What its column's type must be.
    pub ty: Expectation<SqlType>,
    /// Whether the column must allow NULL (`Exactly(true)`), must not, or either.
    pub nullable: Expectation<bool>,
    /// Where nullability is written, when not the type's place.
    pub nullable_span: Option<Span>,
    /// The server default that the models would create; `Exactly(None)` for none.
    pub default: Expectation<Option<Expr>>,
    /// Where the default is written.
    pub default_span: Option<Span>,
    /// The client fills it when a row is made (`uuid()`, `@updatedAt`, a default in the host language).
    pub client_default: bool,
    /// The database gives its value, and the model does not say how (`FetchedValue`).
    pub fetched: bool,
    /// `serial` of this many bytes: the default is a sequence of its own.
    pub serial: Option<u8>,
    /// Identity.
    pub identity: Expectation<Option<IdentityKind>>,
    /// How an identity counts, where it is told.
    pub counts: Option<SequenceOptions>,
    /// A generated column.
    pub generated: Expectation<Option<(Expr, GeneratedKind)>>,
    /// A collation.
    pub collation: Option<QualifiedName>,
    /// Its comment.
    pub comment: Expectation<Option<SmolStr>>,
    /// The client writes it on insert. False for ignored and read-only fields.
    pub written: bool,
    /// Not used by the client (`@ignore`).
    pub ignored: bool,
    /// The whole declaration, for fixes.
    pub whole: Span,
}

/// A key with its place and the name that it would get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Columns in order.
    pub columns: Vec<Name>,
    /// The constraint's name, where the models fix it.
    pub name: Option<Name>,
    /// Where.
    pub span: Span,
}

/// A unique constraint or unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// Columns in order.
    pub columns: Vec<Name>,
    /// Its name.
    pub name: Option<Name>,
    /// Made as an index and not as a constraint.
    pub index: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// Sort order of each key, `true` for descending.
    pub descending: Vec<bool>,
    /// `DEFERRABLE`, `INITIALLY DEFERRED`: constraints only.
    pub deferrable: Option<(bool, bool)>,
    /// `WHERE`.
    pub predicate: Option<Expr>,
    /// Where.
    pub span: Span,
}

/// An index that is not unique, or a unique one that no constraint could be (over expressions, not of btree's kind).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredIndex {
    /// Keys in order.
    pub keys: Vec<DeclaredIndexKey>,
    /// Its name.
    pub name: Option<Name>,
    /// Access method, `btree` unless said.
    pub method: SmolStr,
    /// `INCLUDE`.
    pub include: Vec<Name>,
    /// `WHERE`.
    pub predicate: Option<Expr>,
    /// `UNIQUE`.
    pub unique: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// Where.
    pub span: Span,
}

/// A key of a declared index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredIndexKey {
    /// The column, or an expression.
    pub key: Result<Name, Expr>,
    /// `DESC`.
    pub descending: bool,
    /// Operator class.
    pub opclass: Option<SmolStr>,
    /// `NULLS FIRST` (`Some(true)`) or `NULLS LAST`, where said.
    pub nulls_first: Option<bool>,
}

/// A foreign key that the models would create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredForeignKey {
    /// Referencing columns.
    pub columns: Vec<Name>,
    /// The referenced table; `Unknown` where it cannot be told.
    pub table: Expectation<QualifiedName>,
    /// Referenced columns; empty for the primary key.
    pub referenced: Vec<Name>,
    /// `ON DELETE`.
    pub on_delete: Expectation<ReferentialAction>,
    /// `ON UPDATE`.
    pub on_update: Expectation<ReferentialAction>,
    /// `DEFERRABLE`, `INITIALLY DEFERRED`.
    pub deferrable: Option<(bool, bool)>,
    /// `MATCH FULL`.
    pub match_full: bool,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// Its name.
    pub name: Option<Name>,
    /// Where.
    pub span: Span,
}

/// An EXCLUDE constraint that the models would create.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredExclusion {
    /// Its name.
    pub name: Option<Name>,
    /// Access method.
    pub method: SmolStr,
    /// Keys in order, each with its operator.
    pub elements: Vec<(IndexElement, SmolStr)>,
    /// `WHERE`.
    pub predicate: Option<Expr>,
    /// Where.
    pub span: Span,
}

/// A sequence that the models would create.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredSequence {
    /// Its name.
    pub name: QualifiedName,
    /// How it counts, where it is told.
    pub options: Option<SequenceOptions>,
    /// The client asks for its next value when it writes a row.
    pub used: bool,
    /// Where.
    pub span: Span,
}

/// A CHECK that the models would create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredCheck {
    /// Its name.
    pub name: Option<Name>,
    /// The condition; `None` where it could not be read.
    pub condition: Option<Expr>,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// Where.
    pub span: Span,
}

/// A native enum type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumType {
    /// The database's name.
    pub name: QualifiedName,
    /// Its name in the source.
    pub source_name: SmolStr,
    /// Labels in order, as the database has them, with their places.
    pub labels: Expectation<Vec<(SmolStr, Span)>>,
    /// How a class's members become labels, where a class holds them.
    pub stored: Option<StoredMembers>,
    /// Where.
    pub span: Span,
}

/// What the members of an enum's class are stored as, of the two that they could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMembers {
    /// Something of them other than their names.
    pub values: bool,
    /// The labels that the other way would give.
    pub otherwise: Vec<SmolStr>,
}

/// An association between models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The field's name.
    pub name: SmolStr,
    /// `belongs_to`, `has_many`, `many_to_many`, ...
    pub kind: &'static str,
    /// The other model.
    pub related: SmolStr,
    /// The field on this side.
    pub owner_key: Option<SmolStr>,
    /// The field on the other side.
    pub related_key: Option<SmolStr>,
    /// Where.
    pub span: Span,
}
