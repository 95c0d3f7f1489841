//! Tables as SQLAlchemy's constructs describe them, before DDL is made of them.
//!
//! Source: `sqlalchemy/sql/schema.py`. Reading a construct ([`column()`], [`constraint()`], [`index()`], [`table()`]) keeps what it says;
//! [`TableDef::finish`] does what attaching it to its table does: keys, nullability, names by convention.

mod column;
mod constraint;
mod convention;
mod finish;
mod index;

pub use column::{column, identity, sequence};
pub use constraint::{action, constraint, foreign_key};
pub use convention::Conventions;
pub use index::{index, index_of};

use smol_str::SmolStr;

use super::creation::Deed;
use super::expression::{Scope, ScopeColumn};
use super::naming::Given;
use super::terms::{self, Known, gap};
use super::types::Typed;
use crate::change::{GeneratedKind, IdentityKind, IndexElement, ReferentialAction, SequenceOptions};
use crate::declared::Like;
use crate::interpret::python::{Args, Argument, Library, Machine, TermId, Value};
use crate::known::{Gap, Section};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::tree::Expr;

/// A column.
#[derive(Debug, Clone)]
pub struct ColumnDef<'a> {
    /// What constructs of its table call it; its name unless `key=` says otherwise.
    pub key: SmolStr,
    /// Its name; empty where an attribute of a class has still to give it.
    pub name: Known<Option<Name>>,
    /// Where the name is written.
    pub name_span: Span,
    /// Its type; `None` where none is given (a foreign key may bring it).
    pub ty: Option<Typed>,
    /// The type as the source gives it.
    pub type_value: Option<Value<'a>>,
    /// Types among its other arguments: values are not of them, and they make and check what types do (`SchemaType._set_parent`).
    pub beside: Vec<Typed>,
    /// `nullable=`, where given.
    pub nullable: Known<Option<bool>>,
    /// Where that is written.
    pub nullable_span: Option<Span>,
    /// `primary_key=`.
    pub primary_key: Known<bool>,
    /// `index=`, where given.
    pub index: Known<Option<bool>>,
    /// `unique=`, where given.
    pub unique: Known<Option<bool>>,
    /// `autoincrement=`: `None` for `"auto"`, `Some(false)`, `Some(true)`; `"ignore_fk"` is `ignore_fk`.
    pub autoincrement: Known<Option<bool>>,
    /// `autoincrement="ignore_fk"`.
    pub ignore_fk: bool,
    /// `server_default=`.
    pub server_default: Known<Option<Expr>>,
    /// Whether a server default or `FetchedValue` is given at all.
    pub has_server_default: bool,
    /// Where that is written.
    pub default_span: Option<Span>,
    /// `default=`: the client fills it.
    pub client_default: bool,
    /// The value that it fills in, where that is a text, a number or a truth.
    pub client_value: Option<Expr>,
    /// A `Sequence(...)`.
    pub sequence: Option<SequenceDef>,
    /// `Identity(...)`.
    pub identity: Known<Option<(IdentityKind, SequenceOptions)>>,
    /// `Computed(...)`.
    pub generated: Known<Option<(Expr, GeneratedKind)>>,
    /// `comment=`.
    pub comment: Known<Option<SmolStr>>,
    /// `ForeignKey(...)` and `CheckConstraint(...)` among its arguments.
    pub constraints: Vec<ConstraintDef>,
    /// `system=True`: not part of the table's DDL.
    pub system: bool,
    /// `sort_order=` of a mapped column.
    pub sort_order: i64,
    /// The call that made it.
    pub source: Option<Value<'a>>,
    /// The whole.
    pub span: Span,
    /// Made by [`TableDef::finish`]: a serial of this many bytes.
    pub serial: Option<u8>,
    /// The attribute of a class that it is.
    pub attribute: Option<ClassAttribute>,
}

/// An attribute of a class that declares a column.
#[derive(Debug, Clone)]
pub struct ClassAttribute {
    /// Its name.
    pub name: SmolStr,
    /// Where its name is written.
    pub span: Span,
    /// Where its type is written.
    pub type_span: Span,
    /// The whole statement.
    pub whole: Span,
    /// The type as the source spells it.
    pub declared: Option<SmolStr>,
    /// Its annotation allows no `None`, and says nothing of the column, which may be NULL.
    pub demanded: bool,
}

/// A sequence.
#[derive(Debug, Clone)]
pub struct SequenceDef {
    /// Its name.
    pub name: Known<QualifiedName>,
    /// Its options.
    pub options: Known<SequenceOptions>,
    /// `optional=True`: not used where the column can be serial.
    pub optional: bool,
    /// Where.
    pub span: Span,
}

/// A constraint.
#[derive(Debug, Clone)]
pub struct ConstraintDef {
    /// Its name, as given; after [`TableDef::finish`] as a convention makes it.
    pub name: Known<Given>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `deferrable=`.
    pub deferrable: Known<Option<bool>>,
    /// `initially=`: `Some(true)` for DEFERRED.
    pub initially_deferred: Known<Option<bool>>,
    /// `postgresql_not_valid=`.
    pub not_valid: bool,
    /// Brought by a column's type.
    pub type_bound: bool,
    /// The call that made it.
    pub term: Option<TermId>,
    /// Where.
    pub span: Span,
}

/// What a constraint demands. Columns are those of its own table, by name.
#[derive(Debug, Clone)]
pub enum ConstraintKind {
    /// `PrimaryKeyConstraint`.
    PrimaryKey {
        /// Its columns.
        columns: Known<Vec<Name>>,
    },
    /// `UniqueConstraint`.
    Unique {
        /// Its columns.
        columns: Known<Vec<Name>>,
        /// `postgresql_include=`.
        include: Known<Vec<Name>>,
        /// `postgresql_nulls_not_distinct=`.
        nulls_not_distinct: Known<bool>,
    },
    /// `ForeignKey` and `ForeignKeyConstraint`.
    ForeignKey(ForeignKeyDef),
    /// `CheckConstraint`.
    Check {
        /// The condition.
        condition: Known<Expr>,
    },
    /// `ExcludeConstraint`.
    Exclude {
        /// `using=`.
        method: SmolStr,
        /// Elements and their operators.
        elements: Known<Vec<(IndexElement, SmolStr)>>,
        /// `where=`.
        predicate: Known<Option<Expr>>,
    },
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct ForeignKeyDef {
    /// Its columns.
    pub columns: Known<Vec<Name>>,
    /// The table that it refers to, as written.
    pub table: Known<QualifiedName>,
    /// The columns there; empty where the text names the table alone.
    pub referenced: Known<Vec<Name>>,
    /// `ondelete=`.
    pub on_delete: Known<ReferentialAction>,
    /// `ondelete="SET NULL (column)"`: the columns.
    pub set_columns: Vec<Name>,
    /// `onupdate=`.
    pub on_update: Known<ReferentialAction>,
    /// `use_alter=`.
    pub use_alter: Known<bool>,
    /// `match="FULL"`.
    pub match_full: bool,
}

/// An index.
#[derive(Debug, Clone)]
pub struct IndexDef {
    /// Its name, as given; after [`TableDef::finish`] as a convention makes it.
    pub name: Known<Given>,
    /// Where the name is written.
    pub name_span: Span,
    /// Its keys.
    pub elements: Known<Vec<IndexElement>>,
    /// The columns in its keys, for conventions.
    pub columns: Vec<Name>,
    /// `unique=`.
    pub unique: Known<bool>,
    /// `postgresql_using=`.
    pub method: Known<SmolStr>,
    /// `postgresql_include=`.
    pub include: Known<Vec<Name>>,
    /// `postgresql_where=`.
    pub predicate: Known<Option<Expr>>,
    /// `postgresql_nulls_not_distinct=`.
    pub nulls_not_distinct: Known<bool>,
    /// `postgresql_with=`.
    pub parameters: bool,
    /// `postgresql_concurrently=`.
    pub concurrently: Known<bool>,
    /// The call that made it.
    pub term: Option<TermId>,
    /// Where.
    pub span: Span,
}

/// A table.
#[derive(Debug, Clone)]
pub struct TableDef<'a> {
    /// Its name.
    pub name: Known<Name>,
    /// What is known of its name where that is not.
    pub like: Like,
    /// Its schema.
    pub schema: Known<Option<Name>>,
    /// `schema=BLANK_SCHEMA`: it does not have the metadata's.
    pub blank_schema: bool,
    /// Where its name is written.
    pub name_span: Span,
    /// Columns in order.
    pub columns: Vec<ColumnDef<'a>>,
    /// Constraints in order.
    pub constraints: Vec<ConstraintDef>,
    /// Indexes.
    pub indexes: Vec<IndexDef>,
    /// `comment=`.
    pub comment: Known<Option<SmolStr>>,
    /// `prefixes=["TEMPORARY"]`.
    pub temporary: bool,
    /// `prefixes=["UNLOGGED"]`.
    pub unlogged: bool,
    /// `postgresql_inherits=`.
    pub inherits: Vec<QualifiedName>,
    /// `postgresql_partition_by=`: SQL text.
    pub partition_by: Option<crate::source::Text>,
    /// What could not be read.
    pub open: Vec<(Section, Gap)>,
    /// It says what becomes of a table of its name that is there already (`extend_existing`, `keep_existing`).
    pub again: bool,
    /// What SQLAlchemy refuses, with its place.
    pub refused: Vec<(Span, String)>,
    /// Relationships that name the other class: its name, and where.
    pub relations: Vec<(SmolStr, Span)>,
    /// What the repository does when it is made or dropped.
    pub deeds: Vec<Deed>,
    /// Where.
    pub span: Span,
}

impl<'a> TableDef<'a> {
    /// A table without anything.
    #[must_use]
    pub fn new(name: Known<Name>, schema: Known<Option<Name>>, name_span: Span, span: Span) -> Self {
        TableDef {
            like: name
                .as_ref()
                .map_or_else(|_| Like::anything(), |name| Like::exactly(name.as_str())),
            name,
            schema,
            blank_schema: false,
            name_span,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            comment: Ok(None),
            temporary: false,
            unlogged: false,
            inherits: Vec::new(),
            partition_by: None,
            open: Vec::new(),
            again: false,
            refused: Vec::new(),
            relations: Vec::new(),
            deeds: Vec::new(),
            span,
        }
    }

    /// Its whole name, where it is known.
    pub fn qualified(&self) -> Known<QualifiedName> {
        Ok(QualifiedName {
            schema: self.schema.clone()?,
            name: self.name.clone()?,
        })
    }

    /// Which columns its constructs may name, added to a scope.
    pub fn scope(&self, base: &Scope<'a>) -> Scope<'a> {
        let mut scope = base.clone();
        scope.keys = self.keys();
        scope
    }

    /// Its columns by key.
    pub fn keys(&self) -> rustc_hash::FxHashMap<SmolStr, ScopeColumn<'a>> {
        let entry = |column: &ColumnDef<'a>| {
            let name = column.name.clone().ok().flatten()?;
            let scoped = ScopeColumn {
                name,
                ty: column.type_value.clone(),
                table: self.qualified().ok(),
            };
            Some((column.key.clone(), scoped))
        };
        self.columns.iter().filter_map(entry).collect()
    }
}

/// Reads `Table(name, metadata, *items, **options)` or what `op.create_table(name, *items, **options)` is given; `first` is where
/// the items begin.
pub fn table<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    first: usize,
    scope: &Scope<'a>,
    at: Span,
) -> TableDef<'a> {
    let name_argument = args.get(0, "name").or(args.keyword("table_name"));
    let name_span = name_argument.map_or(at, |a| a.span);
    let name = match name_argument.cloned() {
        Some(a) => terms::text(machine, &a.value, a.span).map(|t| Name::new(t.as_str())),
        None => Err(args
            .open
            .clone()
            .unwrap_or_else(|| gap(at, "the table has no name"))),
    };
    let schema = terms::maybe_name(machine, args, usize::MAX, "schema");
    let mut def = TableDef::new(name, schema, name_span, at);
    if let Some(argument) = name_argument.filter(|_| def.name.is_err()) {
        def.like = terms::text_like(&argument.value);
    }
    if let Some(gap) = &args.open {
        def.open
            .extend(Section::ALL.map(|section| (section, gap.clone())));
    }
    options(machine, &mut def, args);
    let items: Vec<Argument<'a>> = args.positional.iter().skip(first).cloned().collect();
    add_items(machine, &mut def, &items, scope);
    def
}

/// Takes a table's options: `comment=`, `prefixes=`, `postgresql_...=`.
pub fn options<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, def: &mut TableDef<'a>, args: &Args<'a>) {
    let schema = args.keyword("schema").map(|a| &a.value);
    def.blank_schema = schema.is_some_and(terms::is_blank_schema);
    def.comment = terms::maybe_text(machine, args, usize::MAX, "comment")
        .map(|text| text.map(|t| SmolStr::new(t.as_str())));
    def.again |= ["extend_existing", "keep_existing", "must_exist", "mustexist"]
        .into_iter()
        .filter_map(|name| args.keyword(name))
        .any(|given| !matches!(given.value, Value::Bool(false) | Value::None));
    if let Some(prefixes) = args.keyword("prefixes") {
        let words = machine.known_items(&prefixes.value).unwrap_or_default();
        let has = |wanted: &str| {
            let is = |v: &Value<'a>| {
                v.as_str()
                    .is_some_and(|t| t.to_ascii_uppercase().contains(wanted))
            };
            words.iter().any(is)
        };
        def.temporary = has("TEMP");
        def.unlogged = has("UNLOGGED");
    }
    if let Some(inherits) = args.keyword("postgresql_inherits").cloned() {
        let several = machine.known_items(&inherits.value);
        for value in several.unwrap_or_else(|| vec![inherits.value.clone()]) {
            if let Ok(text) = terms::text(machine, &value, inherits.span) {
                def.inherits.push(constraint::dotted(text.as_str()));
            }
        }
    }
    def.partition_by = terms::maybe_text(machine, args, usize::MAX, "postgresql_partition_by")
        .ok()
        .flatten();
}

/// Adds columns, constraints and indexes.
pub fn add_items<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    def: &mut TableDef<'a>,
    items: &[Argument<'a>],
    scope: &Scope<'a>,
) {
    // Columns come first, so that constraints between them can name those behind.
    let mut others = Vec::new();
    for item in items {
        match column(machine, &item.value, scope) {
            Some(column) => def.columns.push(column),
            None => others.push(item.clone()),
        }
    }
    attach_columns(machine, def, 0, scope);
    let scope = def.scope(scope);
    for item in &others {
        add_item(machine, def, item, &scope);
    }
}

/// Does what attaching columns does, from one on: expressions over columns behind them are read.
pub fn attach_columns<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    def: &mut TableDef<'a>,
    from: usize,
    scope: &Scope<'a>,
) {
    let scope = def.scope(scope);
    for i in from..def.columns.len() {
        column::attach(machine, def, i, &scope);
    }
}

/// Whether a value can be told to be a part of a table: a call that makes one, or nothing.
pub fn is_item(value: &Value<'_>) -> bool {
    match value {
        Value::None | Value::Instance(_) => true,
        _ => value.as_call().is_some(),
    }
}

/// Adds a constraint or an index.
pub fn add_item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    def: &mut TableDef<'a>,
    item: &Argument<'a>,
    scope: &Scope<'a>,
) {
    if let Some(constraint) = constraint(machine, &item.value, scope, item.span) {
        def.constraints.push(constraint);
        return;
    }
    if let Some(index) = index(machine, &item.value, scope, item.span) {
        def.indexes.push(index);
        return;
    }
    let why = match &item.value {
        Value::None => return,
        Value::Unknown(unknown) => unknown.gap.clone(),
        Value::Term(_) => match terms::call(machine, &item.value) {
            // These say nothing that the schema holds; `op.create_table` leaves out what is neither a column nor a constraint nor an
            // index (`SchemaObjects.table` in Alembic's `operations/schemaobj.py`).
            Some((member, _)) if matches!(member.name(), "Comment" | "DDL" | "MetaData") => return,
            _ => gap(item.span, "this part of the table is not known"),
        },
        _ => gap(item.span, "this part of the table is not known"),
    };
    def.open
        .extend(Section::ALL.map(|section| (section, why.clone())));
}
