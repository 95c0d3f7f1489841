//! A column as a statement defines it becomes a column as the database holds it.

use super::apply::{Outcome, Step};
use super::error;
use super::open::open;
use super::resolve::unknown_column;
use super::sequence::nextval;
use crate::change::{ColumnOption, ColumnSpec, GeneratedKind, SequenceOptions};
use crate::known::{Fact, Gap, Presence, Reach, Section};
use crate::name::Name;
use crate::schema::{Column, ColumnId, TableId, TypeKind};
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{Expr, ExprKind, RelationRef};

impl Step {
    /// Adds a column with type, nullability, serial or identity; [`Step::finish_column`] sets what may refer to other columns.
    pub(super) fn push_column(&mut self, table: TableId, spec: &ColumnSpec) -> Outcome<ColumnId> {
        let ty = match &spec.ty {
            Some(ty) => Fact::Known(self.resolve_type(ty, spec.ty_span)?, self.id),
            None => Fact::unknown(self.unread_type(table, spec)),
        };
        let mut column = known_column(spec.name.clone(), ty, self.id);
        column.nullable = Fact::Known(self.nullable(table, spec)?, self.id);
        column.collation = spec.collation.clone().filter(|c| c.name != "default");
        let id = self.add_column(table, column);
        self.column_sequences(table, id, spec)?;
        if spec.ty.is_some() {
            for option in &spec.options {
                match option {
                    // One fact of it, by its words.
                    ColumnOption::Opaque(gap) if matches!(&gap.reach, Reach::Fact(f) if f.contains(": ")) => {
                        open(&mut self.db, gap.clone());
                    }
                    ColumnOption::Opaque(gap) => self.open_column(table, id, gap),
                    _ => {}
                }
            }
        }
        for option in &spec.options {
            if let ColumnOption::Opaque(gap) = option
                && matches!(&gap.reach, Reach::Fact(f) if f.ends_with(": identity"))
            {
                self.perhaps_counts(table, id, gap)?;
            }
        }
        Ok(id)
    }

    /// Appends a column.
    pub(super) fn add_column(&mut self, table: TableId, column: Column) -> ColumnId {
        let columns = &mut self.table_mut(table).columns;
        columns.push(column);
        ColumnId(columns.len() as u32 - 1)
    }

    fn unread_type(&self, table: TableId, spec: &ColumnSpec) -> Gap {
        let reach = Reach::Fact(format!("{}.{}: type", self.qualified(table), spec.name));
        let told = spec.options.iter().find_map(|option| match option {
            ColumnOption::Opaque(gap) => Some(gap.reaching(reach.clone())),
            _ => None,
        });
        told.unwrap_or_else(|| Gap::new(spec.span, "the type could not be read", reach))
    }

    /// Whether the definition allows NULL. A primary key is not seen here.
    fn nullable(&self, table: TableId, spec: &ColumnSpec) -> Outcome<bool> {
        let (mut not_null, mut null) = (spec.serial.is_some(), false);
        for option in &spec.options {
            match option {
                ColumnOption::NotNull(..) => not_null = true,
                ColumnOption::Null => null = true,
                ColumnOption::Identity(..) => not_null = true,
                ColumnOption::Default(_)
                | ColumnOption::Generated(..)
                | ColumnOption::Constraint(_)
                | ColumnOption::NoEffect
                | ColumnOption::Opaque(_) => {}
            }
        }
        if not_null && null {
            let (column, table) = (&spec.name, &self.table(table).name);
            let message = format!(
                "conflicting NULL/NOT NULL declarations for column \"{column}\" of table \"{table}\""
            );
            return Err(error::failure("42601", message, spec.span));
        }
        Ok(!not_null)
    }

    /// A column that may count, as `serial` or identity, may have a sequence.
    fn perhaps_counts(&mut self, table: TableId, id: ColumnId, gap: &Gap) -> Outcome {
        let t = self.table(table);
        let (namespace, name, temporary) = (t.namespace, t.name.clone(), t.temporary);
        let column = self.column(table, id).name.clone();
        let ty = SqlType::builtin(crate::sqltype::Builtin::Int8);
        let options = SequenceOptions::default();
        let sequence = self.column_sequence(namespace, &name, &column, &options, ty, temporary)?;
        self.own(sequence, table, id);
        let sequence = self.sequence_mut(sequence);
        sequence.open = Some(gap.clone());
        sequence.presence = Presence::Maybe(gap.clone());
        Ok(())
    }

    /// The sequences of `serial` and identity.
    fn column_sequences(&mut self, table: TableId, id: ColumnId, spec: &ColumnSpec) -> Outcome {
        let t = self.table(table);
        let (namespace, name, temporary) = (t.namespace, t.name.clone(), t.temporary);
        let ty = self.column(table, id).ty.known().cloned();
        let origin = self.id;
        if spec.serial.is_some()
            && let Some(ty) = &ty
        {
            let options = SequenceOptions::default();
            let sequence =
                self.column_sequence(namespace, &name, &spec.name, &options, ty.clone(), temporary)?;
            self.own(sequence, table, id);
            self.use_relation(table, RelationRef::Sequence(sequence.0));
            self.column_mut(table, id).default = Fact::Known(Some(nextval(sequence, spec.ty_span)), origin);
        }
        for option in &spec.options {
            if let ColumnOption::Identity(kind, options) = option {
                self.check_identity_type(ty.as_ref(), spec.span)?;
                let ty = ty
                    .clone()
                    .unwrap_or(SqlType::builtin(crate::sqltype::Builtin::Int8));
                let sequence = self.column_sequence(namespace, &name, &spec.name, options, ty, temporary)?;
                self.make_identity(table, id, sequence, *kind);
            }
        }
        Ok(())
    }

    /// What could not be read of a definition: its facts, and the constraints it may carry.
    pub(super) fn open_column(&mut self, table: TableId, id: ColumnId, gap: &Gap) {
        let name = self.column(table, id).name.clone();
        let reach = Reach::Fact(format!("{}.{name}", self.qualified(table)));
        let gap = gap.reaching(reach);
        let column = self.column_mut(table, id);
        column.nullable = Fact::unknown(gap.clone());
        column.default = Fact::unknown(gap.clone());
        column.identity = Fact::unknown(gap.clone());
        column.generated = Fact::unknown(gap.clone());
        for section in [
            Section::PrimaryKey,
            Section::Unique,
            Section::ForeignKeys,
            Section::Checks,
        ] {
            self.open_section(table, section, &gap);
        }
    }

    /// More may exist in a section than is listed.
    pub(super) fn open_section(&mut self, table: TableId, section: Section, gap: &Gap) {
        let reach = Reach::Section(self.qualified(table), section);
        let open = &mut self.table_mut(table).open;
        if open.iter().all(|(s, _)| *s != section) {
            open.push((section, gap.reaching(reach)));
        }
    }

    /// The default and the generation expression of a column, all columns being there.
    pub(super) fn finish_column(&mut self, table: TableId, id: ColumnId, spec: &ColumnSpec) -> Outcome {
        let mut defaults = usize::from(spec.serial.is_some());
        for option in &spec.options {
            match option {
                ColumnOption::Default(expr) => {
                    defaults += 1;
                    self.set_default(table, id, expr)?;
                }
                ColumnOption::Generated(expr, kind) => self.set_generated(table, id, expr, *kind)?,
                _ => {}
            }
        }
        if defaults > 1 {
            let (column, table) = (&spec.name, &self.table(table).name);
            let message =
                format!("multiple default values specified for column \"{column}\" of table \"{table}\"");
            return Err(error::failure("42601", message, spec.span));
        }
        Ok(())
    }

    pub(super) fn set_default(&mut self, table: TableId, id: ColumnId, expr: &Expr) -> Outcome {
        let ty = self.column(table, id).ty.known().cloned();
        refuse_in_default(expr)?;
        let stored = self.analyse_on(table, expr, ty.as_ref())?;
        let bare_null = match (&expr.kind, &stored.expr.kind) {
            (_, ExprKind::Const(None, _)) => true,
            (ExprKind::Null, _) => ty.as_ref().is_some_and(|ty| ty.modifier.is_none()),
            _ => false,
        };
        let domain = ty.as_ref().is_some_and(|ty| self.is_domain(ty));
        let default = (!bare_null || domain).then_some(stored);
        let origin = self.id;
        self.column_mut(table, id).default = match ty {
            Some(_) => Fact::Known(default, origin),
            // Whether NULL is kept as a default hangs on the type.
            None if default.is_none() => Fact::unknown(self.unknown_fact(table, id, "default")),
            None => Fact::Known(default, origin),
        };
        Ok(())
    }

    /// A gap for one fact of a column that hangs on its unknown type.
    fn unknown_fact(&self, table: TableId, id: ColumnId, fact: &str) -> Gap {
        let column = self.column(table, id);
        let reach = Reach::Fact(format!("{}.{}: {fact}", self.qualified(table), column.name));
        match column.ty.gap() {
            Some(gap) => gap.reaching(reach),
            None => Gap::new(self.at, "the column's type is not known", reach),
        }
    }

    fn set_generated(&mut self, table: TableId, id: ColumnId, expr: &Expr, kind: GeneratedKind) -> Outcome {
        let ty = self.column(table, id).ty.known().cloned();
        let stored = self.immutable_on(table, expr, ty.as_ref(), "generation expression is not immutable")?;
        let origin = self.id;
        self.column_mut(table, id).generated = Fact::Known(Some((stored, kind)), origin);
        Ok(())
    }

    pub(super) fn is_domain(&self, ty: &SqlType) -> bool {
        match ty.base {
            BaseType::Object(id) => matches!(
                self.schema().types[id].kind,
                TypeKind::Domain(_) | TypeKind::Presumed(_)
            ),
            BaseType::Builtin(_) | BaseType::Named(_) => false,
        }
    }

    /// Notes at the relations of an expression that this table refers to them.
    pub(super) fn note_uses(&mut self, table: TableId, expr: &Expr) {
        let mut found = Vec::new();
        expr.walk(&mut |e| {
            if let ExprKind::Relation(relation) = e.kind {
                found.push(relation);
            }
        });
        for relation in found {
            self.use_relation(table, relation);
        }
    }

    fn use_relation(&mut self, table: TableId, relation: RelationRef) {
        match relation {
            RelationRef::Sequence(s) => {
                let sequence = self.sequence_mut(crate::schema::SequenceId(s));
                if !sequence.used_by.contains(&table) {
                    sequence.used_by.push(table);
                }
            }
            RelationRef::Table(other) => self.depend(table, TableId(other)),
            RelationRef::Index(other, _) => self.depend(table, TableId(other)),
        }
    }

    /// Notes that one table refers to another.
    pub(super) fn depend(&mut self, dependent: TableId, on: TableId) {
        let list = &self.table(on).dependents;
        if !list.contains(&dependent) {
            self.table_mut(on).dependents.push(dependent);
        }
    }
}

/// A column with nothing but a type: nullable, no default.
pub(super) fn known_column(name: Name, ty: Fact<SqlType>, id: crate::known::ChangeId) -> Column {
    let gap = Gap::not_given("", Reach::Rows);
    Column {
        ty,
        nullable: Fact::Known(true, id),
        default: Fact::Known(None, id),
        identity: Fact::Known(None, id),
        generated: Fact::Known(None, id),
        ..unknown_column(name, Presence::Present(id), &gap)
    }
}

/// A default knows no row and runs no query.
fn refuse_in_default(expr: &Expr) -> Outcome {
    let mut refused = None;
    expr.walk(&mut |e| {
        let what = match &e.kind {
            ExprKind::Column(_) => "column reference",
            ExprKind::Subquery(_)
            | ExprKind::Exists(_)
            | ExprKind::ArrayQuery(_)
            | ExprKind::InQuery(..)
            | ExprKind::QuantifiedQuery(..) => "subquery",
            _ => return,
        };
        refused.get_or_insert((what, e.span));
    });
    match refused {
        Some((what, span)) => {
            let message = format!("cannot use {what} in DEFAULT expression");
            Err(error::failure("0A000", message, span))
        }
        None => Ok(()),
    }
}
