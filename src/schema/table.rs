//! A table and what hangs on it: columns, constraints, indexes, triggers. Views and composite rows are tables too.

use smol_str::SmolStr;

use super::arena::{ArenaId, List};
use super::objects::{NamespaceId, SequenceId, Written, id};
use crate::change::{GeneratedKind, IdentityKind, ReferentialAction, TriggerText};
use crate::known::{ChangeId, Fact, Gap, Presence, Section};
use crate::name::{Name, QualifiedName};
use crate::sqltype::SqlType;
use crate::tree::{Expr, Query};

id! {
    /// A table, view or other relation with columns.
    TableId
}
id! {
    /// A column of its table: its number there, never used again after a drop (as `attnum`).
    ColumnId
}
id! {
    /// A constraint of its table.
    ConstraintId
}
id! {
    /// An index of its table.
    IndexId
}

/// What kind of relation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the relkind of its name")]
pub enum RelationKind {
    Table,
    Partitioned,
    View,
    MaterializedView,
    Foreign,
}

/// Whether rows may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// Certainly none.
    Empty,
    /// At least one, certainly.
    Some,
    /// Cannot be told.
    Unknown,
}

/// One change to an object, as `schemalign history` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogEntry {
    /// The change.
    pub change: ChangeId,
    /// The column, where it is about one.
    pub column: Option<ColumnId>,
    /// What it did, in words: `created`, `type set to uuid`, `renamed from mail`.
    pub what: String,
}

/// A table, view, materialized view or foreign table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Where it lives.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: RelationKind,
    /// Whether it is there.
    pub presence: Presence,
    /// Columns by number, dropped ones included.
    pub columns: List<Column>,
    /// Constraints, dropped ones included.
    pub constraints: List<Constraint>,
    /// Indexes, dropped ones and those that back a constraint included.
    pub indexes: List<Index>,
    /// Triggers that are there.
    pub triggers: Vec<Trigger>,
    /// Row security policies that are there, by name.
    pub policies: Vec<Name>,
    /// Triggers or policies may be there, or gone, that are listed otherwise.
    pub unlisted: Option<Gap>,
    /// Tables it inherits from, in order.
    pub inherits: Vec<TableId>,
    /// The composite type of a table made `OF` it.
    pub of_type: Option<crate::sqltype::TypeId>,
    /// How it is partitioned, or of what it is a partition.
    pub partition: Partition,
    /// What a view reads.
    pub view: Option<View>,
    /// A temporary table.
    pub temporary: bool,
    /// An unlogged table.
    pub unlogged: bool,
    /// Whether it holds rows.
    pub rows: Rows,
    /// Brought by an extension: not listed.
    pub extension: Option<Name>,
    /// Used before anything created it: it exists, its parts are unknown.
    pub presumed: Option<Gap>,
    /// The change that makes what was presumed: what used it came before.
    pub made_later: Option<ChangeId>,
    /// `COMMENT ON TABLE`.
    pub comment: Option<SmolStr>,
    /// Tables and views that refer to this one or once did: by foreign key, query, inheritance or partition. Each once.
    pub dependents: Vec<TableId>,
    /// Sections that a gap left open: what is listed is true, more may exist.
    pub open: Vec<(Section, Gap)>,
    /// Every change to it and its parts.
    pub log: List<LogEntry>,
}

/// Partitioning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partition {
    /// `PARTITION BY`: strategy and key, as `pg_get_partkeydef` prints it.
    pub by: Option<String>,
    /// The columns of the partition key.
    pub key: Vec<ColumnId>,
    /// The parent of a partition.
    pub of: Option<TableId>,
    /// `FOR VALUES ...` of a partition, as written.
    pub bound: Option<Written>,
    /// The default partition.
    pub default: bool,
}

/// What a view reads, for `CASCADE` and for the columns' types.
#[derive(Debug, Clone)]
pub struct View {
    /// Its query, names not resolved.
    pub query: std::sync::Arc<Query>,
    /// Its options and query.
    pub written: Written,
    /// The aliases that the statement gave its columns.
    pub aliases: Vec<Name>,
    /// Tables it reads, with the columns, where they could be told; `None` means the table as such.
    pub reads: Vec<(TableId, Option<ColumnId>)>,
    /// What it reads besides cannot be told.
    pub open: Option<Gap>,
}

/// A column as the database holds it.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// Whether it is there.
    pub presence: Presence,
    /// Its type.
    pub ty: Fact<SqlType>,
    /// Whether NULL is allowed.
    pub nullable: Fact<bool>,
    /// The server default; also `nextval(...)` of a serial.
    pub default: Fact<Option<Stored>>,
    /// Identity and its kind.
    pub identity: Fact<Option<IdentityKind>>,
    /// The expression of a generated column.
    pub generated: Fact<Option<(Stored, GeneratedKind)>>,
    /// A collation that is not the type's own.
    pub collation: Option<QualifiedName>,
    /// The sequence of a serial or identity column.
    pub sequence: Option<SequenceId>,
    /// Number of parents it is inherited from; a partition's columns have one.
    pub inherited: u32,
    /// Declared on this table itself.
    pub local: bool,
    /// `COMMENT ON COLUMN`.
    pub comment: Option<SmolStr>,
}

/// An expression on a table, names resolved where that could be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The expression; see [`crate::tree::expr`] for what resolving does.
    pub expr: Expr,
    /// Why the server's own spelling of it cannot be told; `None` where it can.
    pub spelling: Option<Gap>,
}

/// A constraint as the database holds it.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Its name; unknown where a gap could have taken the name that the server would invent.
    pub name: Fact<Name>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// Its columns in order (those that a CHECK reads).
    pub columns: Vec<ColumnId>,
    /// Whether it is there.
    pub presence: Presence,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub initially_deferred: bool,
    /// False after `NOT VALID` until validated.
    pub validated: bool,
    /// `NO INHERIT`.
    pub no_inherit: bool,
    /// Number of parents it is inherited from.
    pub inherited: u32,
    /// Declared on this table itself.
    pub local: bool,
    /// `COMMENT ON CONSTRAINT`.
    pub comment: Option<SmolStr>,
}

/// What a constraint demands.
#[derive(Debug, Clone)]
pub enum ConstraintKind {
    /// Backed by an index.
    PrimaryKey(IndexId),
    /// Backed by an index.
    Unique(IndexId),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// The condition.
    Check(Stored),
    /// Backed by an index; operators by key.
    Exclude(IndexId, Vec<SmolStr>),
}

/// The referenced side of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The referenced table.
    pub table: TableId,
    /// Its columns, in the order of the referencing ones; empty where they are those of a primary key that is not known.
    pub columns: Vec<ColumnId>,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// `MATCH FULL`.
    pub match_full: bool,
    /// `ON DELETE SET NULL (columns)`.
    pub set_columns: Vec<ColumnId>,
    /// The referenced table's index that it leans on, where told.
    pub index: Option<IndexId>,
}

/// An index as the database holds it.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name; for an index that backs a constraint, the constraint's.
    pub name: Fact<Name>,
    /// Whether it is there.
    pub presence: Presence,
    /// `UNIQUE`.
    pub unique: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// It has storage parameters; which ones is not kept.
    pub parameters: bool,
    /// Access method.
    pub method: SmolStr,
    /// Keys in order.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE`.
    pub include: Vec<ColumnId>,
    /// The names of its own columns (`pg_attribute`), included ones too: they stay when a column of the table is renamed, and
    /// give a copy its name.
    pub attributes: Vec<String>,
    /// `WHERE`.
    pub predicate: Option<Stored>,
    /// The constraint that it backs.
    pub constraint: Option<ConstraintId>,
    /// The parent's index that it is attached to.
    pub parent: Option<(TableId, IndexId)>,
    /// `COMMENT ON INDEX`.
    pub comment: Option<SmolStr>,
}

/// A key of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// [`crate::tree::ExprKind::Var`] for a plain column.
    pub expr: Stored,
    /// A collation that is not the column's.
    pub collation: Option<QualifiedName>,
    /// An operator class that is not the type's default, with its parameters.
    pub opclass: Option<QualifiedName>,
    /// Parameters of the operator class, as written.
    pub opclass_options: Option<SmolStr>,
    /// `DESC`.
    pub descending: bool,
    /// NULLs come first.
    pub nulls_first: bool,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: Name,
    /// The function it calls.
    pub function: QualifiedName,
    /// The rest of its statement.
    pub text: TriggerText,
    /// When that was written.
    pub written: Written,
    /// Handed on by the partitioned table above.
    pub inherited: bool,
}

impl Table {
    /// How many columns, constraints, indexes and noted changes it has, dropped ones included.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.columns.len() + self.constraints.len() + self.indexes.len() + self.log.len()
    }
}

impl Index {
    /// The column of a key, where it is a plain one.
    #[must_use]
    pub fn key_column(&self, key: usize) -> Option<ColumnId> {
        match self.keys.get(key)?.expr.expr.kind {
            crate::tree::ExprKind::Var(n) => Some(ColumnId(n)),
            _ => None,
        }
    }
}
