//! What a schema holds besides tables: namespaces, types, sequences, functions, extensions.

use smol_str::SmolStr;

use super::arena::ArenaId;
use super::table::{ColumnId, Stored, TableId};
use crate::change::IdentityKind;
use crate::known::{ChangeId, Fact, Gap, Presence};
use crate::name::{Name, QualifiedName};
use crate::source::Text;
use crate::sqltype::{SqlType, TypeId};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl ArenaId for $name {
            fn from_index(index: usize) -> Self {
                $name(index as u32)
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
pub(super) use id;

id! {
    /// A namespace.
    NamespaceId
}
id! {
    /// A sequence.
    SequenceId
}
id! {
    /// A function or procedure.
    FunctionId
}

impl ArenaId for TypeId {
    fn from_index(index: usize) -> Self {
        TypeId(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A part of a statement that is kept as it was written, because the schema does not look into it.
#[derive(Debug, Clone)]
pub struct Written {
    /// The text.
    pub text: SmolStr,
    /// The search path that its names were looked up on.
    pub path: Vec<Name>,
    /// The statement: what it names may have been renamed since.
    pub at: ChangeId,
}

/// Equal by what they say.
impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.path == other.path
    }
}

impl Eq for Written {}

/// A PostgreSQL schema.
#[derive(Debug, Clone)]
pub struct Namespace {
    /// Its name.
    pub name: Name,
    /// Whether it is there.
    pub presence: Presence,
    /// `pg_catalog`, `information_schema`, a platform's: its objects are not listed.
    pub system: bool,
    /// Used and never created (`auth` of a platform): it exists, what it holds is not known.
    pub presumed: Option<Gap>,
}

/// A user-defined type.
#[derive(Debug, Clone)]
pub struct Type {
    /// Where it lives.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: TypeKind,
    /// Whether it is there.
    pub presence: Presence,
    /// The extension that brought it.
    pub extension: Option<Name>,
    /// The definition of a range or base type.
    pub written: Option<Written>,
    /// `COMMENT ON`.
    pub comment: Option<SmolStr>,
    /// Every change to it.
    pub log: Vec<super::LogEntry>,
}

/// What a user-defined type is.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "types are few and kept behind a pointer by their arena"
)]
pub enum TypeKind {
    /// Labels in order, each with the change that added it; unknown where a gap reached them.
    Enum(Fact<Vec<SmolStr>>),
    /// A domain.
    Domain(Domain),
    /// Attributes in order.
    Composite(Fact<Vec<(Name, SqlType)>>),
    /// A range over a subtype.
    Range(Option<SqlType>),
    /// The row type of a table, made when something first uses it as a type.
    Row(TableId),
    /// A base type: an extension's, a shell type, a multirange.
    Base,
    /// Presumed: used and never created.
    Presumed(Gap),
}

/// A domain's definition.
#[derive(Debug, Clone)]
pub struct Domain {
    /// What it is based on.
    pub base: Fact<SqlType>,
    /// Its NOT NULL.
    pub not_null: Fact<bool>,
    /// Its default.
    pub default: Fact<Option<Stored>>,
    /// A collation that is not the type's own.
    pub collation: Option<QualifiedName>,
    /// CHECKs by name.
    pub checks: Vec<(Name, Stored)>,
}

/// A sequence.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Where it lives.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Name,
    /// `AS type`; bigint unless said.
    pub ty: SqlType,
    /// The column that owns it (serial, identity, `OWNED BY`).
    pub owner: Option<(TableId, ColumnId)>,
    /// Tables whose expressions refer to it or once did.
    pub used_by: Vec<TableId>,
    /// It belongs to an identity column: it cannot be dropped alone.
    pub identity: Option<IdentityKind>,
    /// `START`.
    pub start: i64,
    /// `INCREMENT`.
    pub increment: i64,
    /// `MINVALUE`.
    pub min: i64,
    /// `MAXVALUE`.
    pub max: i64,
    /// `CACHE`.
    pub cache: i64,
    /// `CYCLE`.
    pub cycle: bool,
    /// Whether its options are what the fields say.
    pub open: Option<Gap>,
    /// A temporary one.
    pub temporary: bool,
    /// Whether it is there.
    pub presence: Presence,
    /// Every change to it.
    pub log: Vec<super::LogEntry>,
}

/// A function or procedure. Overloads are functions of their own.
#[derive(Debug, Clone)]
pub struct Function {
    /// Where it lives.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Parameters,
    /// What it returns; `None` for a procedure, or where it cannot be told.
    pub returns: Option<SqlType>,
    /// It returns rows.
    pub set: bool,
    /// A procedure.
    pub procedure: bool,
    /// Language, lower case.
    pub language: SmolStr,
    /// The body.
    pub body: Option<Text>,
    /// Declared `IMMUTABLE`.
    pub immutable: bool,
    /// `FUNCTION`, `PROCEDURE` or `AGGREGATE`.
    pub keyword: &'static str,
    /// Everything behind its name.
    pub written: Option<Written>,
    /// The body stands for one that does the same and whose text is not known.
    pub stand_in: bool,
    /// Whether it is there.
    pub presence: Presence,
    /// The extension that brought it.
    pub extension: Option<Name>,
}

/// A function's parameters as resolved: name, type, input, output, default.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// In order.
    #[allow(clippy::type_complexity, reason = "one row, read by position in few places")]
    pub list: Vec<(Option<Name>, SqlType, bool, bool, Option<crate::tree::Expr>)>,
}

impl Parameters {
    /// Types of the input parameters: what tells overloads apart.
    pub fn inputs(&self) -> impl Iterator<Item = &SqlType> {
        self.list.iter().filter(|p| p.2).map(|p| &p.1)
    }
}

/// An installed extension.
#[derive(Debug, Clone)]
pub struct Extension {
    /// Its name.
    pub name: Name,
    /// The namespace of its objects.
    pub namespace: NamespaceId,
    /// Whether it is there.
    pub presence: Presence,
}

/// A user-defined collation.
#[derive(Debug, Clone)]
pub struct Collation {
    /// Its name.
    pub name: QualifiedName,
    /// The change that made it.
    pub origin: ChangeId,
    /// Its definition.
    pub written: Written,
}
