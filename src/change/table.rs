//! What statements say about tables: `CREATE TABLE`, `ALTER TABLE`, constraints and indexes.

use smol_str::SmolStr;

use super::{Behaviour, ObjectKind, ObjectName, SequenceOptions};
use crate::known::Gap;
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::SqlType;
use crate::tree::Expr;

/// `CREATE TABLE`.
#[derive(Debug, Clone)]
pub struct CreateTable {
    /// Its name.
    pub name: ObjectName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMP`.
    pub temporary: bool,
    /// `UNLOGGED`.
    pub unlogged: bool,
    /// A foreign table.
    pub foreign: bool,
    /// Columns, table constraints and LIKE clauses in the order written.
    pub elements: Vec<TableElement>,
    /// `INHERITS`.
    pub inherits: Vec<ObjectName>,
    /// `PARTITION BY`: the strategy in lower case and the keys.
    pub partition_by: Option<(SmolStr, Vec<IndexElement>)>,
    /// `PARTITION OF parent FOR VALUES ...`.
    pub partition_of: Option<(ObjectName, PartitionBound)>,
    /// `OF type`.
    pub of_type: Option<ObjectName>,
    /// The whole statement.
    pub span: Span,
}

/// `FOR VALUES ...` or `DEFAULT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionBound {
    /// `FOR VALUES`, as written.
    Values(SmolStr),
    /// `DEFAULT`.
    Default,
}

/// One element of `CREATE TABLE (...)`.
#[derive(Debug, Clone)]
pub enum TableElement {
    /// A column.
    Column(ColumnSpec),
    /// A table constraint.
    Constraint(ConstraintSpec),
    /// `LIKE other INCLUDING ...`.
    Like(LikeSpec),
    /// Could not be read.
    Opaque(Gap),
}

/// `LIKE other ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeSpec {
    /// The table it copies.
    pub table: ObjectName,
    /// What is copied besides names, types and NOT NULL.
    pub options: LikeOptions,
}

/// `INCLUDING` options, after `EXCLUDING` ones are taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each field is the option of its name")]
pub struct LikeOptions {
    pub comments: bool,
    pub constraints: bool,
    pub defaults: bool,
    pub generated: bool,
    pub identity: bool,
    pub indexes: bool,
    pub statistics: bool,
}

/// What a statement says about a column; the database's column is `schema::Column`.
#[derive(Debug, Clone)]
pub struct ColumnSpec {
    /// Its name.
    pub name: Name,
    /// Where the name is written.
    pub name_span: Span,
    /// The type as spelled; `None` for `OF type` and partitions' columns, which take the parent's, and for types that could
    /// not be read (then `options` holds [`ColumnOption::Opaque`]).
    pub ty: Option<SqlType>,
    /// Where the type is written.
    pub ty_span: Span,
    /// A `serial` pseudo-type: 2, 4 or 8 bytes; `ty` is then the integer type.
    pub serial: Option<u8>,
    /// `COLLATE`.
    pub collation: Option<QualifiedName>,
    /// Constraints and the rest, in order.
    pub options: Vec<ColumnOption>,
    /// The whole definition.
    pub span: Span,
}

/// One clause of a column definition.
#[derive(Debug, Clone)]
pub enum ColumnOption {
    /// `NOT NULL` and the constraint's name where written.
    NotNull(Option<Name>, Span),
    /// `NULL`.
    Null,
    /// `DEFAULT`.
    Default(Expr),
    /// `GENERATED ALWAYS AS (...) STORED`.
    Generated(Expr, GeneratedKind),
    /// `GENERATED ... AS IDENTITY`.
    Identity(IdentityKind, SequenceOptions),
    /// `PRIMARY KEY`, `UNIQUE`, `CHECK`, `REFERENCES` on this column.
    Constraint(ConstraintSpec),
    /// Storage, compression, statistics: nothing that the schema holds.
    NoEffect,
    /// Could not be read.
    Opaque(Gap),
}

/// How a generated column is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum GeneratedKind {
    Stored,
    Virtual,
}

/// `GENERATED ALWAYS` or `BY DEFAULT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum IdentityKind {
    Always,
    ByDefault,
}

/// A constraint as written.
#[derive(Debug, Clone)]
pub struct ConstraintSpec {
    /// `CONSTRAINT name`.
    pub name: Option<Name>,
    /// What it demands.
    pub body: ConstraintBody,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub initially_deferred: bool,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `NO INHERIT`.
    pub no_inherit: bool,
    /// Where it is written.
    pub span: Span,
}

/// What a constraint demands. A column constraint names its own column.
#[derive(Debug, Clone)]
pub enum ConstraintBody {
    /// `PRIMARY KEY (a, b) INCLUDE (c)`.
    PrimaryKey { columns: Vec<Name>, include: Vec<Name> },
    /// `UNIQUE [NULLS NOT DISTINCT] (a, b) INCLUDE (c)`.
    Unique {
        columns: Vec<Name>,
        include: Vec<Name>,
        nulls_not_distinct: bool,
    },
    /// `PRIMARY KEY USING INDEX i` (true) or `UNIQUE USING INDEX i`.
    UsingIndex { primary: bool, index: Name },
    /// `FOREIGN KEY`.
    ForeignKey(ForeignKeySpec),
    /// `CHECK`.
    Check(Expr),
    /// `EXCLUDE USING method (element WITH operator, ...) WHERE (...)`.
    Exclude {
        method: SmolStr,
        elements: Vec<(IndexElement, SmolStr)>,
        include: Vec<Name>,
        predicate: Option<Expr>,
    },
    /// `NOT NULL column` (PostgreSQL 18).
    NotNull { column: Name },
}

/// `FOREIGN KEY (a) REFERENCES t (b) ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKeySpec {
    /// Referencing columns.
    pub columns: Vec<Name>,
    /// The referenced table.
    pub table: ObjectName,
    /// Referenced columns; empty for its primary key.
    pub referenced: Vec<Name>,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// `MATCH FULL`.
    pub match_full: bool,
    /// `ON DELETE SET NULL (a)`: the columns.
    pub set_columns: Vec<Name>,
}

/// What happens to referencing rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum ReferentialAction {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl ReferentialAction {
    /// As SQL writes it.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            ReferentialAction::NoAction => "NO ACTION",
            ReferentialAction::Restrict => "RESTRICT",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        }
    }
}

/// `CREATE INDEX`.
#[derive(Debug, Clone)]
pub struct IndexSpec {
    /// Its name, where written; an index lives in its table's schema.
    pub name: Option<Name>,
    /// Where the name is written, else the statement.
    pub name_span: Span,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `ON ONLY`.
    pub only: bool,
    /// The table.
    pub table: ObjectName,
    /// Access method, lower case; `btree` where not written.
    pub method: SmolStr,
    /// Keys in order.
    pub elements: Vec<IndexElement>,
    /// `INCLUDE`.
    pub include: Vec<Name>,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// It has storage parameters; which ones is not kept.
    pub parameters: bool,
    /// `WHERE`.
    pub predicate: Option<Expr>,
    /// The whole statement.
    pub span: Span,
}

/// A key of an index, partition or exclusion constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexElement {
    /// A plain column is [`crate::tree::ExprKind::Column`] without qualifiers.
    pub expr: Expr,
    /// `COLLATE`.
    pub collation: Option<QualifiedName>,
    /// Operator class.
    pub opclass: Option<QualifiedName>,
    /// Operator class parameters, as written.
    pub opclass_options: Option<SmolStr>,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST` (`Some(true)`) or `NULLS LAST`.
    pub nulls_first: Option<bool>,
}

/// `ALTER TABLE` with its actions.
#[derive(Debug, Clone)]
pub struct AlterTable {
    /// What kind of relation the statement names (`ALTER TABLE` may name any relation).
    pub kind: ObjectKind,
    /// The relation.
    pub name: ObjectName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `ONLY`.
    pub only: bool,
    /// Actions in the order written.
    pub actions: Vec<TableAction>,
    /// The whole statement.
    pub span: Span,
}

/// One action of `ALTER TABLE`.
#[derive(Debug, Clone)]
pub enum TableAction {
    /// `ADD [COLUMN]`.
    AddColumn { column: ColumnSpec, if_not_exists: bool },
    /// `DROP [COLUMN]`.
    DropColumn {
        name: Name,
        if_exists: bool,
        behaviour: Behaviour,
        span: Span,
    },
    /// `RENAME [COLUMN]`.
    RenameColumn { from: Name, to: Name, span: Span },
    /// `ALTER COLUMN ... TYPE ... [COLLATE] [USING]`.
    SetType {
        column: Name,
        ty: SqlType,
        collation: Option<QualifiedName>,
        using: Option<Expr>,
        /// Whoever wrote the statement says that the type is an enum.
        is_enum: bool,
        span: Span,
    },
    /// `ALTER COLUMN ... SET DEFAULT` or `DROP DEFAULT`.
    SetDefault {
        column: Name,
        default: Option<Expr>,
        span: Span,
    },
    /// `ALTER COLUMN ... SET NOT NULL` (true) or `DROP NOT NULL`.
    SetNotNull {
        column: Name,
        not_null: bool,
        span: Span,
    },
    /// `ALTER COLUMN ... ADD GENERATED ... AS IDENTITY`.
    AddIdentity {
        column: Name,
        kind: IdentityKind,
        options: SequenceOptions,
        span: Span,
    },
    /// `ALTER COLUMN ... SET GENERATED ...`.
    SetIdentity {
        column: Name,
        kind: Option<IdentityKind>,
        options: SequenceOptions,
        span: Span,
    },
    /// `ALTER COLUMN ... DROP IDENTITY [IF EXISTS]`.
    DropIdentity {
        column: Name,
        if_exists: bool,
        span: Span,
    },
    /// `ALTER COLUMN ... SET EXPRESSION AS` (17).
    SetExpression { column: Name, expr: Expr, span: Span },
    /// `ALTER COLUMN ... DROP EXPRESSION [IF EXISTS]`.
    DropExpression {
        column: Name,
        if_exists: bool,
        span: Span,
    },
    /// `ALTER COLUMN` with nothing that the schema holds: statistics, storage, compression. The column must exist.
    TouchColumn { column: Name, span: Span },
    /// `ADD CONSTRAINT`.
    AddConstraint(ConstraintSpec),
    /// `ALTER CONSTRAINT`: deferrability.
    AlterConstraint {
        name: Name,
        deferrable: Option<bool>,
        initially_deferred: Option<bool>,
        span: Span,
    },
    /// `VALIDATE CONSTRAINT`.
    ValidateConstraint { name: Name, span: Span },
    /// `DROP CONSTRAINT`.
    DropConstraint {
        name: Name,
        if_exists: bool,
        behaviour: Behaviour,
        span: Span,
    },
    /// `RENAME CONSTRAINT`.
    RenameConstraint { from: Name, to: Name, span: Span },
    /// `INHERIT` (true) or `NO INHERIT`.
    Inherit { parent: ObjectName, inherit: bool },
    /// `ATTACH PARTITION`.
    AttachPartition {
        child: ObjectName,
        bound: PartitionBound,
    },
    /// `DETACH PARTITION`.
    DetachPartition { child: ObjectName },
    /// `OF type` or `NOT OF`.
    OfType(Option<ObjectName>),
    /// `SET LOGGED` (true) or `SET UNLOGGED`.
    SetLogged { logged: bool, span: Span },
    /// Triggers, row security, owner, tablespace, cluster, replica identity, storage parameters: nothing that the schema
    /// holds. The word says what.
    NoSchemaEffect(&'static str),
    /// Could not be read.
    Opaque(Gap),
}
