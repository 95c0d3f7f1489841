//! What attaching constructs to their table does: keys and nullability, serial columns, constraints of columns, names.
//!
//! Source: `Column._set_parent`, `PrimaryKeyConstraint._set_parent` and `_autoincrement_column` (`sqlalchemy/sql/schema.py`),
//! `PGDDLCompiler.get_column_specification`.

use smol_str::SmolStr;

use super::column::type_check;
use super::{ColumnDef, ConstraintDef, ConstraintKind, Conventions, IndexDef, TableDef};
use crate::change::IndexElement;
use crate::interpret::python::{Library, Machine};
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::{Builtin, SqlType};
use crate::stacks::sqlalchemy::attached::{self, Attached};
use crate::stacks::sqlalchemy::compiled;
use crate::stacks::sqlalchemy::naming::{self, Given, Kind, Refused, Subject};
use crate::stacks::sqlalchemy::terms::{Known, gap};
use crate::stacks::sqlalchemy::types::Affinity;
use crate::tree::{ColumnName, Expr, ExprKind};

impl TableDef<'_> {
    /// Does what attaching does. Called once, when all items are there.
    pub fn finish<'a, L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        conventions: &Conventions<'a>,
    ) {
        self.keys_of_columns();
        self.primary_key();
        self.serial();
        self.names(machine, conventions);
        if let Some(why) = compiled::rewritten(machine, self.span) {
            self.open
                .extend(Section::ALL.map(|section| (section, why.clone())));
        }
    }

    /// Constraints and indexes that columns bring.
    fn keys_of_columns(&mut self) {
        let mut constraints = Vec::new();
        let mut indexes = Vec::new();
        let table = self.name.clone();
        for column in &mut self.columns {
            let Ok(Some(name)) = column.name.clone() else {
                continue;
            };
            for mut constraint in std::mem::take(&mut column.constraints) {
                if let ConstraintKind::ForeignKey(key) = &mut constraint.kind {
                    key.columns = Ok(vec![name.clone()]);
                }
                constraints.push(constraint);
            }
            for check in column
                .ty
                .iter()
                .chain(&column.beside)
                .filter_map(|typed| type_check(column, typed))
            {
                constraints.push(check);
            }
            let at = column.span;
            match (&column.index, &column.unique) {
                (Ok(Some(true)), unique) => {
                    let unique = unique.clone().map(|u| u == Some(true));
                    indexes.push(IndexDef::of_column(name, unique, at));
                }
                (Ok(_), Ok(Some(true))) => constraints.push(ConstraintDef::unique(name, at)),
                (Ok(_), Ok(_)) => {}
                (Err(gap), _) => {
                    self.open.push((Section::Indexes, gap.clone()));
                    if column.unique != Ok(None) {
                        self.open.push((Section::Unique, gap.clone()));
                    }
                }
                (_, Err(gap)) => self.open.push((Section::Unique, gap.clone())),
            }
            if let Some(gap) = column.ty.as_ref().and_then(|typed| typed.conditions.clone()) {
                self.open.push((Section::Checks, gap));
            }
            if let Some(typed) = &column.ty
                && typed.spatial_index
                && let Ok(table) = &table
                && let Ok(Some(name)) = &column.name
            {
                indexes.push(IndexDef::spatial(table, name, typed.span));
            }
        }
        // Those of columns stand before those of the table, as their events run first.
        constraints.append(&mut self.constraints);
        self.constraints = constraints;
        indexes.append(&mut self.indexes);
        self.indexes = indexes;
    }

    /// Columns marked as key make one, where no constraint does; key columns refuse NULL unless they say otherwise.
    fn primary_key(&mut self) {
        let given = self.constraints.iter_mut().find_map(|c| match &mut c.kind {
            ConstraintKind::PrimaryKey { columns } => Some(columns),
            _ => None,
        });
        let mut marked = Vec::new();
        for column in &self.columns {
            match (&column.primary_key, &column.name) {
                (Ok(true), Ok(Some(name))) => marked.push(name.clone()),
                (Err(gap), _) => self.open.push((Section::PrimaryKey, gap.clone())),
                _ => {}
            }
        }
        match given {
            Some(columns) => {
                // An empty constraint takes the columns that are marked.
                if columns.as_ref().is_ok_and(Vec::is_empty) {
                    *columns = Ok(marked);
                }
                match columns.clone() {
                    Ok(names) => {
                        for column in &mut self.columns {
                            let own = column.name.as_ref().ok().and_then(Option::as_ref);
                            column.primary_key = Ok(own.is_some_and(|n| names.contains(n)));
                        }
                    }
                    Err(gap) => {
                        self.open.push((Section::PrimaryKey, gap.clone()));
                        for column in &mut self.columns {
                            column.primary_key = Err(gap.clone());
                        }
                    }
                }
            }
            None if !marked.is_empty() => {
                let span = self.span;
                self.constraints
                    .insert(0, ConstraintDef::primary_key(marked, span));
            }
            None => {}
        }
        for column in &mut self.columns {
            column.nullable = match (&column.nullable, &column.primary_key) {
                (Ok(Some(given)), _) => Ok(Some(*given)),
                // `Identity._set_parent`.
                (Ok(None), _) if matches!(column.identity, Ok(Some(_))) => Ok(Some(false)),
                (Ok(None), Ok(key)) => Ok(Some(!key)),
                (Ok(None), Err(gap)) | (Err(gap), _) => Err(gap.clone()),
            };
        }
    }

    /// The one integer column of the key is serial, unless something else fills it.
    fn serial(&mut self) {
        let certain = self.columns.iter().filter(|c| c.primary_key == Ok(true)).count();
        let unsure = self.columns.iter().find_map(|c| c.primary_key.clone().err());
        for i in 0..self.columns.len() {
            let refers = self.refers(i);
            let Some(column) = self.columns.get_mut(i) else {
                continue;
            };
            let told = match (&column.primary_key, &unsure) {
                (Ok(false), _) => continue,
                (Ok(true), None) => column.is_serial(certain == 1, refers),
                // The other may be part of the key, too.
                (Ok(true), Some(gap)) => match column.is_serial(certain == 1, refers) {
                    Ok(Some(_)) if column.autoincrement == Ok(None) => Err(gap.clone()),
                    told => told,
                },
                (Err(gap), _) => match column.is_serial(certain == 0, refers) {
                    Ok(Some(_)) => Err(gap.clone()),
                    told => told,
                },
            };
            match told {
                Ok(serial) => column.serial = serial,
                Err(gap) => {
                    // One that counts has a type of integers (`counts_in`).
                    if let Some(typed) = column
                        .ty
                        .as_mut()
                        .filter(|typed| typed.affinity == Affinity::Numeric)
                    {
                        typed.ty = Err(gap.clone());
                    }
                    column.server_default = Err(gap.clone());
                    column.identity = Err(gap);
                }
            }
        }
    }

    /// Whether a column is part of a foreign key.
    fn refers(&self, at: usize) -> Known<bool> {
        let name = self.columns.get(at).and_then(|c| c.name.clone().ok().flatten());
        for constraint in &self.constraints {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else {
                continue;
            };
            match (&key.columns, &name) {
                (Ok(columns), Some(name)) if columns.contains(name) => return Ok(true),
                (Err(gap), _) => return Err(gap.clone()),
                _ => {}
            }
        }
        let open = self
            .open
            .iter()
            .find(|(section, _)| *section == Section::ForeignKeys);
        open.map_or(Ok(false), |(_, gap)| Err(gap.clone()))
    }

    /// Names by convention.
    fn names<'a, L: Library<'a>>(&mut self, machine: &mut Machine<'a, L>, conventions: &Conventions<'a>) {
        let (table, schema) = (self.name.clone(), self.schema.clone());
        let columns: Vec<(Name, SmolStr)> = self
            .columns
            .iter()
            .filter_map(|c| Some((c.name.clone().ok().flatten()?, c.key.clone())))
            .collect();
        let mut maker = Maker {
            machine,
            conventions,
            table,
            schema,
            columns,
        };
        for constraint in &mut self.constraints {
            constraint.name = maker.constraint(constraint);
        }
        for index in &mut self.indexes {
            index.name = maker.name(&Named {
                kind: Kind::Index,
                given: &index.name,
                columns: &index.columns,
                whole: index.is_of_columns(),
                unique: Some(index.unique.clone()),
                referred: None,
                type_bound: false,
                span: index.span,
            });
        }
    }
}

impl ColumnDef<'_> {
    /// The type that a counting column has, where its own holds fractions too: `PGDDLCompiler.get_column_specification` writes
    /// `SERIAL` for a `Numeric` as well.
    pub fn counts_in(&self) -> Option<SqlType> {
        let bytes = self.serial?;
        let is_numeric = self
            .ty
            .as_ref()
            .is_some_and(|typed| typed.affinity == Affinity::Numeric);
        is_numeric.then(|| {
            SqlType::builtin(match bytes {
                8 => Builtin::Int8,
                2 => Builtin::Int2,
                _ => Builtin::Int4,
            })
        })
    }

    /// How many bytes it has as a serial, where it is one.
    fn is_serial(&self, single: bool, refers: Known<bool>) -> Known<Option<u8>> {
        let asked = self.autoincrement.clone()?;
        if asked == Some(false) || (asked.is_none() && !single) {
            return Ok(None);
        }
        let Some(typed) = &self.ty else { return Ok(None) };
        if asked.is_none() {
            if self.client_default || self.has_server_default {
                return Ok(None);
            }
            match typed.affinity {
                Affinity::Integer | Affinity::Numeric => {}
                Affinity::Unknown => {
                    return Err(typed
                        .ty
                        .clone()
                        .err()
                        .unwrap_or_else(|| gap(typed.span, "its type is not known")));
                }
                _ => return Ok(None),
            }
            if !self.ignore_fk && refers? {
                return Ok(None);
            }
        }
        if self.identity.clone()?.is_some() {
            return Ok(None);
        }
        if self.client_default || self.sequence.as_ref().is_some_and(|s| !s.optional) {
            return Ok(None);
        }
        Ok(Some(match typed.ty.clone()?.as_builtin() {
            Some(Builtin::Int8) => 8,
            Some(Builtin::Int2) => 2,
            _ => 4,
        }))
    }
}

/// Makes names.
struct Maker<'c, 'a, L: Library<'a>> {
    machine: &'c mut Machine<'a, L>,
    conventions: &'c Conventions<'a>,
    table: Known<Name>,
    schema: Known<Option<Name>>,
    columns: Vec<(Name, SmolStr)>,
}

/// A construct that a name is made for.
struct Named<'d> {
    kind: Kind,
    given: &'d Known<Given>,
    columns: &'d [Name],
    /// Whether the columns are all that it has.
    whole: bool,
    /// `unique=` of an index.
    unique: Option<Known<bool>>,
    referred: Option<(Known<QualifiedName>, Known<Vec<Name>>)>,
    /// A type brings it.
    type_bound: bool,
    span: Span,
}

impl<'a, L: Library<'a>> Maker<'_, 'a, L> {
    fn constraint(&mut self, constraint: &ConstraintDef) -> Known<Given> {
        let mut referred = None;
        let mut named = Named {
            kind: Kind::Check,
            given: &constraint.name,
            columns: &[],
            whole: true,
            unique: None,
            referred: None,
            type_bound: constraint.type_bound,
            span: constraint.span,
        };
        let (kind, columns) = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => (Kind::PrimaryKey, columns),
            ConstraintKind::Unique { columns, .. } => (Kind::Unique, columns),
            ConstraintKind::ForeignKey(key) => {
                referred = Some((key.table.clone(), key.referenced.clone()));
                (Kind::ForeignKey, &key.columns)
            }
            ConstraintKind::Check { condition } => {
                let columns = condition.as_ref().map(named_columns).unwrap_or_default();
                let made = self.name(&Named {
                    columns: &columns,
                    whole: false,
                    ..named
                });
                // A type's CHECK without a name stays without one.
                return match (made, &constraint.name) {
                    (Err(_), Ok(Given::None)) if constraint.type_bound => Ok(Given::None),
                    (made, _) => made,
                };
            }
            ConstraintKind::Exclude { .. } => return constraint.name.clone(),
        };
        let columns = match (columns, self.conventions.of(kind)) {
            (_, Ok(None)) => Vec::new(),
            (Ok(columns), _) => columns.clone(),
            (Err(gap), _) if constraint.name == Ok(Given::None) => return Err(gap.clone()),
            (Err(_), _) => {
                named.whole = false;
                Vec::new()
            }
        };
        self.name(&Named {
            kind,
            columns: &columns,
            referred,
            ..named
        })
    }

    fn name(&mut self, named: &Named<'_>) -> Known<Given> {
        let kind = named.kind;
        if let Some(gap) = self.conventions.renamed(kind) {
            return Err(gap.clone());
        }
        let given = named.given.clone()?;
        if matches!(given, Given::Final(_)) {
            return Ok(given);
        }
        let Some(convention) = self.conventions.of(kind)? else {
            return Ok(given);
        };
        if matches!(given, Given::Plain(_)) && !convention.contains("constraint_name") {
            return Ok(given);
        }
        let (table, schema) = (self.table.clone()?, self.schema.clone()?);
        let (target, others) = match named.referred.clone() {
            Some((target, others)) => (Some(target?), others.unwrap_or_default()),
            None => (None, Vec::new()),
        };
        let columns: Vec<naming::Column<'_>> = named
            .columns
            .iter()
            .enumerate()
            .map(|(i, name)| naming::Column {
                name: name.as_str(),
                key: self
                    .columns
                    .iter()
                    .find(|(n, _)| n == name)
                    .map_or(name.as_str(), |(_, key)| key),
                referred: others.get(i).map(Name::as_str),
            })
            .collect();
        let subject = Subject {
            schema: schema.as_ref().map(Name::as_str),
            table: table.as_str(),
            columns: &columns,
            referred_table: target.as_ref().map(|t| t.name.as_str()),
            given: &[],
        };
        // A token of the name itself takes it away from the construct (`_key_constraint_name`).
        let own = match &given {
            _ if named.type_bound || convention.contains("constraint_name") => None,
            Given::Plain(name) => Some(Some(name.as_str())),
            _ => Some(None),
        };
        let mut filled = Vec::new();
        for token in naming::tokens(&convention) {
            if let Some(function) = self.conventions.function(token) {
                let construct = Attached {
                    kind,
                    name: own,
                    whole: named.whole,
                    unique: named.unique.clone(),
                    subject: &subject,
                    at: named.span,
                };
                if kind == Kind::PrimaryKey {
                    // Each table first has a key without columns (`Table._init`).
                    let blank = Subject {
                        columns: &[],
                        ..subject.clone()
                    };
                    let first = Attached {
                        whole: true,
                        subject: &blank,
                        ..construct.clone()
                    };
                    attached::asked(self.machine, function, &first)?;
                }
                let text = attached::asked(self.machine, function, &construct)?;
                filled.push((SmolStr::new(token), text));
            }
        }
        let subject = Subject {
            given: &filled,
            ..subject
        };
        naming::name(&given, Some(&convention), &subject).map_err(|refused| match refused {
            Refused::Token => gap(named.span, "the naming convention cannot be filled in"),
            Refused::Unnamed => gap(
                named.span,
                "the naming convention asks for a name, and none is given",
            ),
        })
    }
}

/// The columns that a condition names, each once.
fn named_columns(condition: &Expr) -> Vec<Name> {
    let mut out: Vec<Name> = Vec::new();
    condition.walk(&mut |e| {
        if let ExprKind::Column(column) = &e.kind
            && !out.contains(&column.name)
        {
            out.push(column.name.clone());
        }
    });
    out
}

impl ConstraintDef {
    fn blank(kind: ConstraintKind, span: Span) -> Self {
        ConstraintDef {
            name: Ok(Given::None),
            kind,
            deferrable: Ok(None),
            initially_deferred: Ok(None),
            not_valid: false,
            type_bound: false,
            term: None,
            span,
        }
    }

    /// The unique constraint of one column.
    #[must_use]
    pub fn unique(column: Name, span: Span) -> Self {
        let kind = ConstraintKind::Unique {
            columns: Ok(vec![column]),
            include: Ok(Vec::new()),
            nulls_not_distinct: Ok(false),
        };
        ConstraintDef::blank(kind, span)
    }

    /// A primary key.
    #[must_use]
    pub fn primary_key(columns: Vec<Name>, span: Span) -> Self {
        ConstraintDef::blank(ConstraintKind::PrimaryKey { columns: Ok(columns) }, span)
    }
}

impl IndexDef {
    /// The index of one column.
    #[must_use]
    pub fn of_column(column: Name, unique: Known<bool>, span: Span) -> Self {
        let key = ExprKind::Column(ColumnName {
            qualifiers: Vec::new(),
            name: column.clone(),
        });
        let element = IndexElement {
            expr: Expr::new(key, span),
            collation: None,
            opclass: None,
            opclass_options: None,
            descending: false,
            nulls_first: None,
        };
        IndexDef {
            name: Ok(Given::None),
            name_span: span,
            elements: Ok(vec![element]),
            columns: vec![column],
            unique,
            method: Ok("btree".into()),
            include: Ok(Vec::new()),
            predicate: Ok(None),
            nulls_not_distinct: Ok(false),
            parameters: false,
            concurrently: Ok(false),
            term: None,
            span,
        }
    }

    /// Whether its elements are columns as they are, and no expressions.
    fn is_of_columns(&self) -> bool {
        let is_column = |element: &IndexElement| matches!(element.expr.kind, ExprKind::Column(_));
        let elements = self.elements.as_ref();
        elements.is_ok_and(|e| e.len() == self.columns.len() && e.iter().all(is_column))
    }

    /// The index that a spatial type brings: `idx_<table>_<column>`.
    #[must_use]
    pub fn spatial(table: &Name, column: &Name, span: Span) -> Self {
        let name = SmolStr::new(format!("idx_{table}_{column}"));
        IndexDef {
            name: Ok(Given::Plain(name)),
            method: Ok("gist".into()),
            ..IndexDef::of_column(column.clone(), Ok(false), span)
        }
    }
}
