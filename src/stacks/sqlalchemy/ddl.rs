//! Changes that SQLAlchemy's DDL makes of tables, columns, constraints, indexes and enums.
//!
//! Source: `SchemaGenerator` (`sqlalchemy/sql/ddl.py`), `PGDDLCompiler`, `NamedType` (`sqlalchemy/dialects/postgresql`). What is not
//! known becomes [`Change::Opaque`] with the reach of that fact alone, behind the change that it belongs to.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::naming::{self, Given};
use super::table::{ColumnDef, ConstraintDef, ConstraintKind, IndexDef, SequenceDef, TableDef};
use super::terms::{Known, gap};
use super::types::EnumDef;
use crate::change::{
    AlterTable, Behaviour, Change, ColumnOption, ColumnSpec, CommentSub, ConstraintBody, ConstraintSpec,
    CreateTable, ForeignKeySpec, IndexSpec, ObjectKind, ObjectName, TableAction, TableElement,
};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::BaseType;

/// Changes, each with the place that makes it.
pub type Changes = Vec<(Change, Span)>;

/// How tables are made.
#[derive(Debug, Clone, Copy)]
pub struct Making<'s> {
    /// The schema of names without one, for messages.
    pub schema: &'s str,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// By `create_all`, and not by an operation of one table: foreign keys with `use_alter` are made too.
    pub whole: bool,
}

/// The enums that one run of DDL has made or dropped: each is made once (`NamedType._check_for_name_in_memos`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memo {
    seen: BTreeSet<QualifiedName>,
}

impl Memo {
    /// Notes an enum; false where it was noted before.
    pub fn note(&mut self, name: &QualifiedName) -> bool {
        self.seen.insert(name.clone())
    }

    /// Two courses come together: what only one of them has made may still have to be made.
    pub fn keep_common(&mut self, other: &Memo) {
        self.seen.retain(|name| other.seen.contains(name));
    }
}

/// The enums that `CREATE TABLE` makes before the table, in order: those with `create_type` that belong to no metadata and were
/// not met before; some only where they are missing ([`EnumDef::where_missing`]). `Err` where it cannot be told whether one is made.
pub fn enums_of_table<'d>(def: &'d TableDef<'_>, memo: &mut Memo) -> Vec<Known<&'d EnumDef>> {
    let mut out = Vec::new();
    let types = def.columns.iter().flat_map(|column| column.enums());
    for enumeration in types.filter(|e| !e.metadata) {
        match &enumeration.create_type {
            Ok(false) if !enumeration.where_missing() => {}
            Ok(_) => {
                if enumeration.name.as_ref().map_or(true, |name| memo.note(name)) {
                    out.push(Ok(enumeration));
                }
            }
            Err(gap) => out.push(Err(gap.clone())),
        }
    }
    out
}

/// `CREATE TYPE ... AS ENUM`, without looking whether it is there.
#[must_use]
pub fn enum_create(def: &EnumDef, schema: &str) -> Changes {
    let name = match &def.name {
        Ok(name) => name,
        Err(gap) => {
            return vec![opaque(
                gap.reaching(Reach::Namespace(schema.to_owned())),
                def.span,
            )];
        }
    };
    let object = ObjectName {
        name: name.clone(),
        span: def.span,
    };
    let create = |labels: Vec<SmolStr>| {
        let change = Change::CreateEnum {
            name: object.clone(),
            labels,
        };
        (change, def.span)
    };
    match &def.labels {
        Ok(labels) => vec![create(labels.iter().map(|(label, _)| label.clone()).collect())],
        Err(gap) => {
            let reach = Reach::Object(printed(name, schema));
            vec![create(Vec::new()), opaque(gap.reaching(reach), def.span)]
        }
    }
}

/// `DROP TYPE`, without looking whether it is there.
#[must_use]
pub fn enum_drop(def: &EnumDef, schema: &str) -> Changes {
    match &def.name {
        Ok(name) => {
            let object = ObjectName {
                name: name.clone(),
                span: def.span,
            };
            vec![(drop(ObjectKind::Type, object, false), def.span)]
        }
        Err(gap) => vec![opaque(
            gap.reaching(Reach::Namespace(schema.to_owned())),
            def.span,
        )],
    }
}

/// `DROP` of one object.
#[must_use]
pub fn drop(kind: ObjectKind, name: ObjectName, if_exists: bool) -> Change {
    Change::Drop {
        kind,
        names: vec![name],
        if_exists,
        behaviour: Behaviour::Restrict,
        routines: Vec::new(),
    }
}

/// `CREATE SEQUENCE`.
#[must_use]
pub fn create_sequence(def: &SequenceDef, if_not_exists: bool, schema: &str) -> Changes {
    match (&def.name, &def.options) {
        (Ok(name), Ok(options)) => {
            let name = ObjectName {
                name: name.clone(),
                span: def.span,
            };
            let change = Change::CreateSequence {
                name,
                if_not_exists,
                temporary: false,
                options: options.clone(),
            };
            vec![(change, def.span)]
        }
        (Ok(name), Err(gap)) => vec![opaque(
            gap.reaching(Reach::Object(printed(name, schema))),
            def.span,
        )],
        (Err(gap), _) => vec![opaque(
            gap.reaching(Reach::Namespace(schema.to_owned())),
            def.span,
        )],
    }
}

/// `CREATE TABLE` with its indexes and comments; enums are the caller's affair ([`enums_of_table`]). The definition is finished.
#[must_use]
pub fn create_table(def: &TableDef<'_>, making: &Making<'_>) -> Changes {
    let name = match object(def) {
        Ok(name) => name,
        Err(gap) => {
            return vec![opaque(
                gap.reaching(Reach::Namespace(making.schema.to_owned())),
                def.span,
            )];
        }
    };
    let mut maker = Maker::new(&name, making.schema);
    let mut elements: Vec<TableElement> = Vec::new();
    for column in def.columns.iter().filter(|c| !c.system) {
        match maker.column(column) {
            Ok(spec) => elements.push(TableElement::Column(spec)),
            Err(gap) => maker
                .open
                .push(gap.reaching(Reach::Section(maker.table.clone(), Section::Columns))),
        }
    }
    let is_key = |c: &&ConstraintDef| matches!(c.kind, ConstraintKind::PrimaryKey { .. });
    let keys = def.constraints.iter().filter(is_key);
    let others = def.constraints.iter().filter(|c| !is_key(c));
    let mut later = Vec::new();
    for constraint in keys.chain(others) {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            match (&key.use_alter, making.whole) {
                (Ok(true), true) => {
                    later.extend(maker.constraint(constraint));
                    continue;
                }
                (Ok(true), false) => continue,
                (Err(gap), false) => {
                    maker.section(gap, Section::ForeignKeys);
                    continue;
                }
                _ => {}
            }
        }
        if let Some(spec) = maker.constraint(constraint) {
            elements.push(TableElement::Constraint(spec));
        }
    }
    let partition_by = match &def.partition_by {
        None => None,
        Some(text) => partition_by(text, def.span).or_else(|| {
            maker.open.push(
                gap(def.span, "how the table is partitioned could not be read")
                    .reaching(Reach::Object(maker.table.clone())),
            );
            None
        }),
    };
    let change = CreateTable {
        name: name.clone(),
        if_not_exists: making.if_not_exists,
        temporary: def.temporary,
        unlogged: def.unlogged,
        foreign: false,
        elements,
        inherits: def
            .inherits
            .iter()
            .map(|parent| ObjectName {
                name: parent.clone(),
                span: def.span,
            })
            .collect(),
        partition_by,
        partition_of: None,
        of_type: None,
        span: def.span,
    };
    let mut out = vec![(Change::CreateTable(Box::new(change)), def.span)];
    for index in &def.indexes {
        out.extend(maker.index(index, making.if_not_exists));
    }
    out.extend(later.into_iter().map(|spec| add(&name, spec)));
    maker.comments(def, &mut out);
    for (section, gap) in &def.open {
        maker.section(gap, *section);
    }
    maker.finish(&mut out);
    out
}

/// What `op.add_column(table, column)` makes: the column, then its foreign keys, unique constraint, CHECKs and index; never a
/// primary key. The definition holds the one column and is finished.
#[must_use]
pub fn add_column(def: &TableDef<'_>, if_not_exists: bool, schema: &str) -> Changes {
    let name = match object(def) {
        Ok(name) => name,
        Err(gap) => {
            return vec![opaque(
                gap.reaching(Reach::Namespace(schema.to_owned())),
                def.span,
            )];
        }
    };
    let mut maker = Maker::new(&name, schema);
    let mut out = Vec::new();
    for column in &def.columns {
        match maker.column(column) {
            Ok(column) => out.push(alter(
                &name,
                TableAction::AddColumn {
                    column,
                    if_not_exists,
                },
                def.span,
            )),
            Err(gap) => maker
                .open
                .push(gap.reaching(Reach::Section(maker.table.clone(), Section::Columns))),
        }
    }
    for constraint in &def.constraints {
        if matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }) {
            continue;
        }
        if let Some(spec) = maker.constraint(constraint) {
            out.push(add(&name, spec));
        }
    }
    for index in &def.indexes {
        out.extend(maker.index(index, false));
    }
    maker.comments(def, &mut out);
    for (section, gap) in def
        .open
        .iter()
        .filter(|(section, _)| *section != Section::PrimaryKey)
    {
        maker.section(gap, *section);
    }
    maker.finish(&mut out);
    out
}

/// `ALTER TABLE ... ADD CONSTRAINT`.
#[must_use]
pub fn add_constraint(table: &ObjectName, constraint: &ConstraintDef, schema: &str) -> Changes {
    let mut maker = Maker::new(table, schema);
    let mut out = Vec::new();
    if let Some(spec) = maker.constraint(constraint) {
        out.push(add(table, spec));
    }
    maker.finish(&mut out);
    out
}

/// `CREATE INDEX`.
#[must_use]
pub fn create_index(table: &ObjectName, index: &IndexDef, if_not_exists: bool, schema: &str) -> Changes {
    let mut maker = Maker::new(table, schema);
    let mut out: Changes = maker.index(index, if_not_exists).into_iter().collect();
    maker.finish(&mut out);
    out
}

/// The column as DDL spells it, and the facts of it that are not known.
///
/// # Errors
/// Where its name is not known.
pub fn column_spec(
    table: &ObjectName,
    column: &ColumnDef<'_>,
    schema: &str,
) -> Known<(ColumnSpec, Vec<Gap>)> {
    let mut maker = Maker::new(table, schema);
    let spec = maker.column(column)?;
    Ok((spec, maker.open))
}

/// The constraint as DDL spells it; the gap where it cannot be told.
///
/// # Errors
/// Where it cannot be told.
pub fn constraint_spec(
    table: &ObjectName,
    constraint: &ConstraintDef,
    schema: &str,
) -> Known<ConstraintSpec> {
    let mut maker = Maker::new(table, schema);
    match maker.constraint(constraint) {
        Some(spec) => Ok(spec),
        None => Err(maker
            .open
            .pop()
            .unwrap_or_else(|| gap(constraint.span, "this constraint cannot be told"))),
    }
}

fn object(def: &TableDef<'_>) -> Known<ObjectName> {
    Ok(ObjectName {
        name: def.qualified()?,
        span: def.name_span,
    })
}

/// A name with its schema, for messages.
fn printed(name: &QualifiedName, schema: &str) -> String {
    let schema = name.schema.as_ref().map_or(schema, Name::as_str);
    format!("{schema}.{}", name.name)
}

fn opaque(gap: Gap, at: Span) -> (Change, Span) {
    (Change::Opaque(gap), at)
}

fn alter(table: &ObjectName, action: TableAction, span: Span) -> (Change, Span) {
    let change = AlterTable {
        kind: ObjectKind::Table,
        name: table.clone(),
        if_exists: false,
        only: false,
        actions: vec![action],
        span,
    };
    (Change::AlterTable(Box::new(change)), span)
}

fn add(table: &ObjectName, spec: ConstraintSpec) -> (Change, Span) {
    let span = spec.span;
    alter(table, TableAction::AddConstraint(spec), span)
}

/// `RANGE (created_at)`.
fn partition_by(text: &crate::source::Text, at: Span) -> Option<(SmolStr, Vec<crate::change::IndexElement>)> {
    let mut runs = vec![("CREATE TABLE t () PARTITION BY ".to_owned(), at, false)];
    runs.extend(text.runs());
    let whole = crate::source::Text::composed(runs);
    let read = crate::sql::read(&whole);
    match read.as_slice() {
        [only] => match &only.statement {
            crate::sql::Statement::Changes(changes) => match changes.as_slice() {
                [Change::CreateTable(table)] => table.partition_by.clone(),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

struct Maker {
    /// The table, as it is printed.
    table: String,
    name: ObjectName,
    /// What is not known.
    open: Vec<Gap>,
}

impl Maker {
    fn new(table: &ObjectName, schema: &str) -> Self {
        Maker {
            table: printed(&table.name, schema),
            name: table.clone(),
            open: Vec::new(),
        }
    }

    fn section(&mut self, gap: &Gap, section: Section) {
        self.open
            .push(gap.reaching(Reach::Section(self.table.clone(), section)));
    }

    fn finish(self, out: &mut Changes) {
        let at = self.name.span;
        out.extend(self.open.into_iter().map(|gap| {
            let at = gap.at.unwrap_or(at);
            opaque(gap, at)
        }));
    }

    /// What is known; what is not is noted as one fact of a column.
    fn known<T: Clone>(&mut self, value: &Known<Option<T>>, column: &Name, fact: &str) -> Option<T> {
        match value {
            Ok(value) => value.clone(),
            Err(gap) => {
                let fact = format!("{}.{column}: {fact}", self.table);
                self.open.push(gap.reaching(Reach::Fact(fact)));
                None
            }
        }
    }

    fn column(&mut self, column: &ColumnDef<'_>) -> Known<ColumnSpec> {
        let name = column
            .name
            .clone()?
            .ok_or_else(|| gap(column.span, "the column has no name"))?;
        let mut options = Vec::new();
        let (ty, ty_span, collation) = match &column.ty {
            Some(typed) => {
                let ty = match &typed.ty {
                    Ok(_) if column.counts_in().is_some() => column.counts_in(),
                    Ok(ty) => Some(in_schema(ty.clone(), typed.enumeration.as_ref(), &self.name.name)),
                    Err(gap) => {
                        options.push(ColumnOption::Opaque(gap.clone()));
                        None
                    }
                };
                (ty, typed.span, typed.collation.clone())
            }
            None => {
                options.push(ColumnOption::Opaque(gap(column.span, "the column has no type")));
                (None, column.span, None)
            }
        };
        let noted = self.open.len();
        if column.serial.is_none() {
            let default = self.known(&column.server_default, &name, "default");
            options.extend(default.map(ColumnOption::Default));
        }
        let generated = self.known(&column.generated, &name, "generated");
        options.extend(generated.map(|(expr, kind)| ColumnOption::Generated(expr, kind)));
        let identity = self.known(&column.identity, &name, "identity");
        let is_identity = identity.is_some();
        // The statement itself says so too: what it fills rows with is not known to be nothing.
        let noted = self.open.iter().skip(noted);
        options.extend(noted.cloned().map(ColumnOption::Opaque));
        options.extend(identity.map(|(kind, sequence)| ColumnOption::Identity(kind, sequence)));
        match self.known(&column.nullable, &name, "nullable") {
            Some(false) if !is_identity => {
                let at = column.nullable_span.unwrap_or(column.span);
                options.push(ColumnOption::NotNull(None, at));
            }
            Some(true) if is_identity => options.push(ColumnOption::Null),
            _ => {}
        }
        Ok(ColumnSpec {
            name,
            name_span: column.name_span,
            ty,
            ty_span,
            serial: column.serial,
            collation,
            options,
            span: column.span,
        })
    }

    /// A constraint; `None` where it cannot be told: its section of the table is open then.
    fn constraint(&mut self, constraint: &ConstraintDef) -> Option<ConstraintSpec> {
        let section = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } if columns.as_ref().is_ok_and(Vec::is_empty) => {
                return None;
            }
            ConstraintKind::PrimaryKey { .. } => Section::PrimaryKey,
            ConstraintKind::Unique { .. } => Section::Unique,
            ConstraintKind::ForeignKey(_) => Section::ForeignKeys,
            ConstraintKind::Check { .. } | ConstraintKind::Exclude { .. } => Section::Checks,
        };
        match spec(constraint) {
            Ok(spec) => Some(spec),
            Err(gap) => {
                self.section(&gap, section);
                None
            }
        }
    }

    fn index(&mut self, index: &IndexDef, if_not_exists: bool) -> Option<(Change, Span)> {
        match index_spec(&self.name, index, if_not_exists) {
            Ok(spec) => Some((Change::CreateIndex(Box::new(spec)), index.span)),
            Err(gap) => {
                self.section(&gap, Section::Indexes);
                None
            }
        }
    }

    fn comments(&mut self, def: &TableDef<'_>, out: &mut Changes) {
        let mut comment = |text: &Known<Option<SmolStr>>, sub: CommentSub, at: Span| {
            if let Ok(Some(text)) = text {
                let change = Change::CommentOn {
                    kind: ObjectKind::Table,
                    name: self.name.clone(),
                    sub,
                    text: Some(text.clone()),
                };
                out.push((change, at));
            }
        };
        comment(&def.comment, CommentSub::None, def.span);
        for column in &def.columns {
            if let Ok(Some(name)) = &column.name {
                comment(&column.comment, CommentSub::Column(name.clone()), column.span);
            }
        }
    }
}

/// A native enum that takes its table's schema.
pub(super) fn in_schema(
    mut ty: crate::sqltype::SqlType,
    enumeration: Option<&EnumDef>,
    table: &QualifiedName,
) -> crate::sqltype::SqlType {
    if let (BaseType::Named(name), Some(def)) = (&mut ty.base, enumeration)
        && name.schema.is_none()
        && def.inherit_schema == Ok(true)
    {
        name.schema = table.schema.clone();
    }
    ty
}

/// The name that DDL holds.
pub(super) fn rendered(name: &Known<Given>, at: Span) -> Known<Option<Name>> {
    let made = naming::rendered(&name.clone()?);
    made.map(|name| name.map(|n| Name::new(&n))).map_err(|name| {
        gap(
            at,
            format!("SQLAlchemy refuses the name {name:?}: it is longer than 63 characters"),
        )
    })
}

/// A constraint as a statement says it.
pub(super) fn spec(constraint: &ConstraintDef) -> Known<ConstraintSpec> {
    let body = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => ConstraintBody::PrimaryKey {
            columns: columns.clone()?,
            include: Vec::new(),
        },
        ConstraintKind::Unique {
            columns,
            include,
            nulls_not_distinct,
        } => ConstraintBody::Unique {
            columns: columns.clone()?,
            include: include.clone()?,
            nulls_not_distinct: nulls_not_distinct.clone()?,
        },
        ConstraintKind::ForeignKey(key) => {
            let columns = key.columns.clone()?;
            // `ForeignKey("table")` refers to the column of the same name.
            let referenced = key.referenced.clone()?;
            ConstraintBody::ForeignKey(ForeignKeySpec {
                referenced: if referenced.is_empty() {
                    columns.clone()
                } else {
                    referenced
                },
                columns,
                table: ObjectName {
                    name: key.table.clone()?,
                    span: constraint.span,
                },
                on_delete: key.on_delete.clone()?,
                on_update: key.on_update.clone()?,
                match_full: key.match_full,
                set_columns: key.set_columns.clone(),
            })
        }
        ConstraintKind::Check { condition } => ConstraintBody::Check(condition.clone()?),
        ConstraintKind::Exclude {
            method,
            elements,
            predicate,
        } => ConstraintBody::Exclude {
            method: method.clone(),
            elements: elements.clone()?,
            include: Vec::new(),
            predicate: predicate.clone()?,
        },
    };
    let initially_deferred = constraint.initially_deferred.clone()?;
    Ok(ConstraintSpec {
        name: rendered(&constraint.name, constraint.span)?,
        body,
        // `INITIALLY DEFERRED` alone makes it deferrable.
        deferrable: constraint
            .deferrable
            .clone()?
            .unwrap_or(initially_deferred == Some(true)),
        initially_deferred: initially_deferred.unwrap_or(false),
        not_valid: constraint.not_valid,
        no_inherit: false,
        span: constraint.span,
    })
}

/// An index as a statement says it.
pub(super) fn index_spec(table: &ObjectName, index: &IndexDef, if_not_exists: bool) -> Known<IndexSpec> {
    let name = rendered(&index.name, index.span)?;
    if name.is_none() {
        return Err(gap(index.span, "SQLAlchemy refuses an index without a name"));
    }
    Ok(IndexSpec {
        name,
        name_span: index.name_span,
        if_not_exists,
        unique: index.unique.clone()?,
        // However it is made, it is the same index.
        concurrently: matches!(index.concurrently, Ok(true)),
        only: false,
        table: table.clone(),
        method: index.method.clone()?,
        elements: index.elements.clone()?,
        include: index.include.clone()?,
        nulls_not_distinct: index.nulls_not_distinct.clone()?,
        parameters: index.parameters,
        predicate: index.predicate.clone()?,
        span: index.span,
    })
}
