//! One effect on a simulated database, as read: what a statement or operation says, names not yet looked up.
//!
//! SQL, Alembic operations and Ecto commands all become [`Change`]s; `replay` applies them. Matching is exhaustive everywhere.

mod host;
mod table;

pub use host::{Applied, Failure, Host, Question, SWALLOWED};
pub use table::{
    AlterTable, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, CreateTable, ForeignKeySpec,
    GeneratedKind, IdentityKind, IndexElement, IndexSpec, LikeOptions, LikeSpec, PartitionBound,
    ReferentialAction, TableAction, TableElement,
};

use smol_str::SmolStr;

use crate::known::Gap;
use crate::name::{Name, QualifiedName};
use crate::source::{Span, Text};
use crate::sqltype::SqlType;
use crate::tree::{Expr, Query};

/// A name as a statement writes it, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// The name.
    pub name: QualifiedName,
    /// Where it is written.
    pub span: Span,
}

/// The kinds of object that `DROP`, `COMMENT ON`, `RENAME` and `SET SCHEMA` name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum ObjectKind {
    Table,
    View,
    MaterializedView,
    ForeignTable,
    Index,
    Sequence,
    Type,
    Domain,
    Schema,
    Extension,
    Function,
    Procedure,
    Routine,
    Aggregate,
    Collation,
    /// Anything that holds no schema fact of ours (operators, publications, roles, ...).
    Other,
}

/// `CASCADE` or `RESTRICT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// Refuses while anything depends on it. The default.
    #[default]
    Restrict,
    /// Takes along what depends on it.
    Cascade,
}

/// Options of a sequence; `None` where not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SequenceOptions {
    /// `AS bigint`.
    pub ty: Option<SqlType>,
    /// `START WITH`.
    pub start: Option<i64>,
    /// `INCREMENT BY`.
    pub increment: Option<i64>,
    /// `MINVALUE`; `Some(None)` for `NO MINVALUE`.
    pub min: Option<Option<i64>>,
    /// `MAXVALUE`; `Some(None)` for `NO MAXVALUE`.
    pub max: Option<Option<i64>>,
    /// `CACHE`.
    pub cache: Option<i64>,
    /// `CYCLE`.
    pub cycle: Option<bool>,
    /// `OWNED BY table.column`; `Some(None)` for `OWNED BY NONE`.
    pub owned_by: Option<Option<(ObjectName, Name)>>,
    /// `SEQUENCE NAME` of an identity column.
    pub name: Option<ObjectName>,
}

/// A function or procedure as defined.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// Its name.
    pub name: ObjectName,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// A procedure.
    pub procedure: bool,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
    /// `RETURNS`: the type as a type, where it is one (`trigger`, `void` and `SETOF x` are types here; TABLE gives `record`).
    pub returns: Option<SqlType>,
    /// `RETURNS SETOF` or `TABLE`.
    pub set: bool,
    /// Language, lower case.
    pub language: SmolStr,
    /// The body's text, with its way back to the file. `None` for C functions and bodies that could not be read.
    pub body: Option<Text>,
    /// `IMMUTABLE`.
    pub immutable: bool,
    /// The word after `CREATE`: `FUNCTION`, `PROCEDURE` or `AGGREGATE`.
    pub keyword: &'static str,
    /// What stands behind the name, as written.
    pub written: SmolStr,
    /// The body stands for one that does the same and whose text is not known: that of a library.
    pub stand_in: bool,
}

/// The parts of `CREATE TRIGGER` that the schema does not look into, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerText {
    /// `CREATE CONSTRAINT TRIGGER`.
    pub constraint: bool,
    /// `FOR EACH ROW`: a partitioned table hands it on to its partitions.
    pub each_row: bool,
    /// When it runs: between the name and `ON`.
    pub events: SmolStr,
    /// Between the table and `EXECUTE`.
    pub conditions: SmolStr,
    /// The function's arguments, parentheses included.
    pub arguments: SmolStr,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: Option<Name>,
    /// Its type as spelled.
    pub ty: SqlType,
    /// `IN` or `INOUT` or `VARIADIC` (true), `OUT` or TABLE column (false).
    pub input: bool,
    /// `OUT` or `INOUT` or TABLE column.
    pub output: bool,
    /// The default.
    pub default: Option<Expr>,
}

/// One effect, question-free. `Opaque` and `NoSchemaEffect` see to it that no statement is dropped.
#[derive(Debug, Clone)]
pub enum Change {
    /// `CREATE TABLE`, also `PARTITION OF`, `OF type` and foreign tables.
    CreateTable(Box<CreateTable>),
    /// `CREATE TABLE AS` and `SELECT INTO`.
    CreateTableAs {
        name: ObjectName,
        if_not_exists: bool,
        temporary: bool,
        columns: Vec<Name>,
        query: Box<Query>,
        /// Variables of the function that runs it: a name that is no column may be one (PL/pgSQL, "Executing SQL Commands").
        variables: Vec<Name>,
    },
    /// `ALTER TABLE`, `ALTER VIEW`, `ALTER FOREIGN TABLE`, ...: its actions, run in the server's order of passes.
    AlterTable(Box<AlterTable>),
    /// `CREATE [UNIQUE] INDEX`.
    CreateIndex(Box<IndexSpec>),
    /// `ALTER INDEX ... ATTACH PARTITION`.
    AttachIndex { parent: ObjectName, child: ObjectName },
    /// `CREATE [OR REPLACE] [MATERIALIZED] VIEW`.
    CreateView {
        /// Its name.
        name: ObjectName,
        /// `OR REPLACE`.
        or_replace: bool,
        /// `MATERIALIZED`.
        materialized: bool,
        /// `IF NOT EXISTS` (materialized views).
        if_not_exists: bool,
        /// `TEMP`.
        temporary: bool,
        /// Column aliases.
        columns: Vec<Name>,
        /// What it reads.
        query: Box<Query>,
        /// What stands behind the name and the aliases, as written: options and `AS query`.
        written: SmolStr,
    },
    /// `DROP` of any kind of object.
    Drop {
        kind: ObjectKind,
        names: Vec<ObjectName>,
        if_exists: bool,
        behaviour: Behaviour,
        routines: Vec<crate::tree::plpgsql::RoutineName>,
    },
    /// `ALTER ... RENAME TO` of any kind of object but columns and constraints (those are [`TableAction`]s).
    Rename {
        kind: ObjectKind,
        name: ObjectName,
        to: Name,
        if_exists: bool,
    },
    /// `ALTER ... SET SCHEMA`.
    SetSchema {
        kind: ObjectKind,
        name: ObjectName,
        to: Name,
        if_exists: bool,
    },
    /// `CREATE SCHEMA`; its elements follow as changes of their own, names qualified by it.
    CreateSchema {
        name: Name,
        if_not_exists: bool,
        span: Span,
    },
    /// `CREATE TYPE ... AS ENUM`.
    CreateEnum { name: ObjectName, labels: Vec<SmolStr> },
    /// `ALTER TYPE ... ADD VALUE`; the neighbour and whether the new label comes before it.
    AddEnumLabel {
        name: ObjectName,
        label: SmolStr,
        if_not_exists: bool,
        beside: Option<(SmolStr, bool)>,
    },
    /// `ALTER TYPE ... RENAME VALUE`.
    RenameEnumLabel {
        name: ObjectName,
        from: SmolStr,
        to: SmolStr,
    },
    /// `CREATE DOMAIN`.
    CreateDomain {
        /// Its name.
        name: ObjectName,
        /// What it is based on.
        base: SqlType,
        /// `COLLATE`.
        collation: Option<QualifiedName>,
        /// `DEFAULT`.
        default: Option<Expr>,
        /// `NOT NULL`.
        not_null: bool,
        /// CHECKs; the value is the column `value`.
        checks: Vec<ConstraintSpec>,
    },
    /// `ALTER DOMAIN`.
    AlterDomain { name: ObjectName, action: DomainAction },
    /// `CREATE TYPE ... AS (...)`.
    CreateComposite {
        name: ObjectName,
        attributes: Vec<(Name, SqlType)>,
    },
    /// `ALTER TYPE ... ADD | DROP | ALTER | RENAME ATTRIBUTE`.
    AlterComposite {
        name: ObjectName,
        actions: Vec<CompositeAction>,
    },
    /// `CREATE TYPE ... AS RANGE`, or a base or shell type: exists, of a kind that needs no more.
    CreateOtherType {
        name: ObjectName,
        range_of: Option<SqlType>,
        multirange: Option<ObjectName>,
        /// What stands behind the name, as written; nothing for a shell type.
        written: SmolStr,
    },
    /// `CREATE SEQUENCE`.
    CreateSequence {
        name: ObjectName,
        if_not_exists: bool,
        temporary: bool,
        options: SequenceOptions,
    },
    /// `ALTER SEQUENCE`.
    AlterSequence {
        name: ObjectName,
        if_exists: bool,
        options: SequenceOptions,
    },
    /// `CREATE EXTENSION`.
    CreateExtension {
        name: Name,
        if_not_exists: bool,
        schema: Option<Name>,
        cascade: bool,
        span: Span,
    },
    /// `CREATE FUNCTION` or `PROCEDURE`.
    CreateFunction(Box<FunctionSpec>),
    /// `CREATE TRIGGER`.
    CreateTrigger {
        name: Name,
        table: ObjectName,
        or_replace: bool,
        function: QualifiedName,
        text: TriggerText,
    },
    /// `DROP TRIGGER`.
    DropTrigger {
        name: Name,
        table: ObjectName,
        if_exists: bool,
        behaviour: Behaviour,
    },
    /// `ALTER TRIGGER ... RENAME TO`.
    RenameTrigger { name: Name, table: ObjectName, to: Name },
    /// `CREATE POLICY` (true) or `DROP POLICY`; `if_exists` for the latter.
    Policy {
        name: Name,
        table: ObjectName,
        create: bool,
        if_exists: bool,
    },
    /// `CREATE RULE` and the like that hang on a relation: exists only to be dropped.
    CreateCollation {
        name: ObjectName,
        if_not_exists: bool,
        /// What stands behind the name, as written.
        written: SmolStr,
    },
    /// `COMMENT ON`; `sub` is the column or constraint. `None` removes it.
    CommentOn {
        kind: ObjectKind,
        name: ObjectName,
        sub: CommentSub,
        text: Option<SmolStr>,
    },
    /// Rows came into a table or may have (INSERT, COPY, MERGE); `certain` where at least one row surely came, `given` the columns that
    /// are given a value, where that is known and a row surely comes if the statement passes.
    Insert {
        table: ObjectName,
        certain: bool,
        given: Option<Vec<Name>>,
    },
    /// `TRUNCATE` and unconditional `DELETE`: the table is empty.
    Truncate { tables: Vec<ObjectName>, cascade: bool },
    /// `ALTER DATABASE ... SET search_path`, `ALTER ROLE ... SET`: what later sessions see; not this one.
    SetLater {
        setting: SmolStr,
        value: Option<SmolStr>,
    },
    /// Known to change nothing that the schema holds. The word says what it is (`GRANT`, `VACUUM`).
    NoSchemaEffect(&'static str),
    /// Not understood.
    Opaque(Gap),
}

/// What `COMMENT ON` names below the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentSub {
    /// The object itself.
    None,
    /// A column.
    Column(Name),
    /// A constraint.
    Constraint(Name),
    /// A trigger, policy or rule.
    Other(Name),
}

/// One action of `ALTER DOMAIN`.
#[derive(Debug, Clone)]
pub enum DomainAction {
    /// `SET DEFAULT` or `DROP DEFAULT`.
    Default(Option<Expr>),
    /// `SET NOT NULL` (true) or `DROP NOT NULL`.
    NotNull(bool),
    /// `ADD CONSTRAINT`.
    AddConstraint(ConstraintSpec),
    /// `DROP CONSTRAINT`.
    DropConstraint { name: Name, if_exists: bool },
    /// `RENAME CONSTRAINT`.
    RenameConstraint { from: Name, to: Name },
    /// `VALIDATE CONSTRAINT`, `OWNER TO`.
    None,
}

/// One action on a composite type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the action of its name")]
pub enum CompositeAction {
    Add(Name, SqlType),
    Drop { name: Name, if_exists: bool },
    SetType(Name, SqlType),
    Rename(Name, Name),
}
