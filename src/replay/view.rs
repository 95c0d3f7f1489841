//! Views and materialized views, and what queries give and read.

use super::analyse::QueryShape;
use super::apply::{Outcome, Step};
use super::column::known_column;
use super::create_table::is_temp;
use super::error;
use super::resolve::blank_table;
use crate::change::ObjectName;
use crate::known::{Fact, Gap, Presence, Reach, Section};
use crate::name::Name;
use crate::schema::{Relation, RelationKind, Rows, TableId, View};
use crate::tree::Query;

/// `CREATE VIEW` as it is written.
pub(super) struct ViewSpec<'a> {
    pub name: &'a ObjectName,
    pub or_replace: bool,
    pub materialized: bool,
    pub if_not_exists: bool,
    pub temporary: bool,
    pub columns: &'a [Name],
    pub query: &'a Query,
    pub written: &'a str,
}

impl Step {
    pub(super) fn create_view(&mut self, spec: &ViewSpec<'_>) -> Outcome {
        let temporary = spec.temporary || is_temp(&spec.name.name);
        let namespace = self.namespace_for(&spec.name.name, temporary, spec.name.span)?;
        let shape = self.shape_of(spec.query, &[])?;
        let existing = self.schema().relation_names.get(namespace, &spec.name.name.name);
        if spec.or_replace
            && let Some(relation) = existing
        {
            return self.replace_view(spec, relation, &shape);
        }
        if self.exists_already(namespace, spec.name, spec.if_not_exists)? {
            return Ok(());
        }
        self.claim_type_name(namespace, &spec.name.name.name, spec.name.span)?;
        let kind = if spec.materialized {
            RelationKind::MaterializedView
        } else {
            RelationKind::View
        };
        let mut table = blank_table(namespace, spec.name.name.name.clone(), kind, self.id);
        table.temporary = temporary;
        table.rows = Rows::Unknown;
        let id = self.new_table(table);
        self.push_shape(id, spec.columns, &shape, spec.name)?;
        self.set_view(id, spec, shape);
        Ok(())
    }

    fn set_view(&mut self, id: TableId, spec: &ViewSpec<'_>, shape: QueryShape) {
        for (read, _) in &shape.reads {
            self.depend(id, *read);
        }
        let written = self.written(spec.written);
        self.table_mut(id).view = Some(View {
            query: std::sync::Arc::new(spec.query.clone()),
            written,
            aliases: spec.columns.to_vec(),
            reads: shape.reads,
            open: shape.reads_open.or(shape.open),
        });
    }

    /// `OR REPLACE`: the columns that were there keep name and type, new ones may follow.
    fn replace_view(&mut self, spec: &ViewSpec<'_>, relation: Relation, shape: &QueryShape) -> Outcome {
        let id = match relation {
            Relation::Table(id)
                if self.table(id).kind == RelationKind::View || self.table(id).presumed.is_some() =>
            {
                id
            }
            _ => return Err(error::wrong_kind(&spec.name.name.name, "a view", spec.name.span)),
        };
        self.touch(id);
        let origin = self.id;
        let whole = shape.open.is_none() && self.schema().table(id).open(Section::Columns).is_none();
        if whole && self.table(id).kind == RelationKind::View {
            self.check_replacement(id, spec, shape)?;
        }
        let t = self.table_mut(id);
        let comments: Vec<_> = t
            .columns
            .iter()
            .map(|c| (c.name.clone(), c.comment.clone()))
            .collect();
        t.kind = RelationKind::View;
        t.presumed = None;
        t.open.clear();
        // Numbers stay: other views may read these columns.
        let old: Vec<Name> = t
            .columns
            .iter()
            .filter(|c| c.presence.may_be())
            .map(|c| c.name.clone())
            .collect();
        for (at, (name, ty)) in shape.columns.iter().enumerate() {
            let name = spec.columns.get(at).unwrap_or(name).clone();
            let fact = self.shape_type(id, &name, ty.as_ref(), shape.open.as_ref());
            match self.find_column(id, &name) {
                Some(column) => self.column_mut(id, column).ty = fact,
                None => {
                    let mut column = known_column(name.clone(), fact, origin);
                    column.comment = comments.iter().find(|c| c.0 == name).and_then(|c| c.1.clone());
                    self.add_column(id, column);
                }
            }
        }
        if shape.open.is_none() {
            let now: Vec<Name> = shape
                .columns
                .iter()
                .enumerate()
                .map(|(at, (name, _))| spec.columns.get(at).unwrap_or(name).clone())
                .collect();
            for name in old.iter().filter(|name| !now.contains(name)) {
                if let Some(column) = self.find_column(id, name) {
                    self.column_mut(id, column).presence = Presence::Dropped(origin);
                }
            }
        }
        self.open_shape(id, shape);
        self.set_view(id, spec, shape.clone());
        self.log(id, None, "replaced");
        Ok(())
    }

    fn check_replacement(&self, id: TableId, spec: &ViewSpec<'_>, shape: &QueryShape) -> Outcome {
        let span = spec.name.span;
        let old: Vec<_> = self.schema().table(id).columns().collect();
        if old.len() > shape.columns.len() {
            return Err(error::failure("42P16", "cannot drop columns from view", span));
        }
        for (at, (column, (name, ty))) in old.iter().zip(&shape.columns).enumerate() {
            let name = spec.columns.get(at).unwrap_or(name);
            if column.name() != name {
                let message = format!(
                    "cannot change name of view column \"{}\" to \"{name}\"",
                    column.name()
                );
                return Err(error::failure("42P16", message, span));
            }
            if let (Some(was), Some(is)) = (column.get().ty.known(), ty)
                && was != is
            {
                let (was, is) = (self.schema().format_type(was), self.schema().format_type(is));
                let message = format!("cannot change data type of view column \"{name}\" from {was} to {is}");
                return Err(error::failure("42P16", message, span));
            }
        }
        Ok(())
    }

    fn shape_type(
        &self,
        id: TableId,
        name: &Name,
        ty: Option<&crate::sqltype::SqlType>,
        open: Option<&Gap>,
    ) -> Fact<crate::sqltype::SqlType> {
        match ty {
            Some(ty) => Fact::Known(ty.clone(), self.id),
            None => {
                let reach = Reach::Fact(format!("{}.{name}: type", self.qualified(id)));
                Fact::unknown(open.map_or_else(
                    || {
                        Gap::new(
                            self.at,
                            "the type of the query's column is not known",
                            reach.clone(),
                        )
                    },
                    |gap| gap.reaching(reach.clone()),
                ))
            }
        }
    }

    /// The columns of a query become those of a new relation.
    pub(super) fn push_shape(
        &mut self,
        id: TableId,
        aliases: &[Name],
        shape: &QueryShape,
        name: &ObjectName,
    ) -> Outcome {
        if aliases.len() > shape.columns.len() && shape.open.is_none() {
            let message = match self.table(id).kind {
                RelationKind::View => "CREATE VIEW specifies more column names than columns",
                _ => "too many column names were specified",
            };
            return Err(error::failure("42601", message, name.span));
        }
        for (at, (column, ty)) in shape.columns.iter().enumerate() {
            let column = aliases.get(at).unwrap_or(column);
            if self.find_column(id, column).is_some() {
                let message = format!("column \"{column}\" specified more than once");
                return Err(error::failure("42701", message, name.span));
            }
            let fact = self.shape_type(id, column, ty.as_ref(), shape.open.as_ref());
            let known = known_column(column.clone(), fact, self.id);
            self.add_column(id, known);
        }
        self.open_shape(id, shape);
        Ok(())
    }

    /// Where the query's columns are not all known, neither are the relation's.
    fn open_shape(&mut self, id: TableId, shape: &QueryShape) {
        if let Some(gap) = &shape.open {
            let gap = gap.clone();
            self.open_section(id, Section::Columns, &gap);
        }
    }
}
