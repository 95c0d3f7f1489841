//! What depends on what, for `DROP`: the edges that the server keeps in `pg_depend`.

use super::apply::Step;
use super::drop::Object;
use crate::known::{Fact, Gap};
use crate::schema::{
    ColumnId, ConstraintId, ConstraintKind, IndexId, Relation, RelationKind, SequenceId, Stored, TableId,
    TypeId, TypeKind,
};
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{Expr, ExprKind};

/// How an object depends on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edge {
    /// `CASCADE` takes it along, `RESTRICT` refuses.
    Normal,
    /// It goes with it, silently.
    Auto,
    /// It cannot be told whether it depends at all.
    Perhaps(Gap),
}

type Edges = Vec<(Object, Edge)>;

impl Step {
    /// What depends directly on an object.
    pub(super) fn dependents(&self, object: &Object) -> Edges {
        let mut out = Vec::new();
        match *object {
            Object::Table(table) => self.of_table(table, &mut out),
            Object::Column(table, column) => self.of_column(table, column, &mut out),
            Object::Default(table, column) => {
                if matches!(self.column(table, column).generated, Fact::Known(Some(_), _)) {
                    out.push((Object::Column(table, column), Edge::Normal));
                }
            }
            Object::Constraint(table, constraint) => self.of_constraint(table, constraint, &mut out),
            Object::Index(table, index) => self.of_index(table, index, &mut out),
            Object::Sequence(sequence) => self.of_sequence(sequence, &mut out),
            Object::Type(ty) => self.of_type(ty, &mut out),
            Object::Function(function) => self.of_function(function, &mut out),
            Object::Namespace(namespace) => self.of_namespace(namespace, &mut out),
            Object::Extension(at) => self.of_extension(at, &mut out),
            Object::Trigger(..) | Object::Attribute(..) | Object::DomainCheck(..) => {}
        }
        out
    }

    fn of_table(&self, table: TableId, out: &mut Edges) {
        let t = self.table(table);
        for other in &t.dependents {
            let other_table = self.table(*other);
            if !other_table.presence.may_be() || *other == table {
                continue;
            }
            if other_table.partition.of == Some(table) {
                out.push((Object::Table(*other), Edge::Auto));
            } else if other_table.inherits.contains(&table) {
                out.push((Object::Table(*other), Edge::Normal));
            }
            if let Some(view) = &other_table.view
                && view.reads.iter().any(|(read, _)| *read == table)
            {
                out.push((Object::Table(*other), Edge::Normal));
            }
            for (at, constraint) in other_table.constraints.iter().enumerate() {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind
                    && key.table == table
                    && constraint.presence.may_be()
                {
                    out.push((Object::Constraint(*other, ConstraintId(at as u32)), Edge::Normal));
                }
            }
        }
        for (id, sequence) in self.schema().sequences.iter() {
            if sequence.presence.may_be() && sequence.owner.is_some_and(|(owner, _)| owner == table) {
                out.push((Object::Sequence(id), Edge::Auto));
            }
        }
        let row = self
            .schema()
            .types
            .iter()
            .find(|(_, ty)| matches!(ty.kind, TypeKind::Row(t) if t == table));
        if let Some((id, _)) = row {
            self.of_type(id, out);
        }
    }

    fn of_column(&self, table: TableId, column: ColumnId, out: &mut Edges) {
        let t = self.table(table);
        for (at, constraint) in t.constraints.iter().enumerate() {
            let uses = constraint.columns.contains(&column)
                || self
                    .backing_index(table, ConstraintId(at as u32))
                    .is_some_and(|index| self.index_reads(table, index, column));
            if constraint.presence.may_be() && uses {
                out.push((Object::Constraint(table, ConstraintId(at as u32)), Edge::Auto));
            }
        }
        for (at, index) in t.indexes.iter().enumerate() {
            let id = IndexId(at as u32);
            if index.presence.may_be() && index.constraint.is_none() && self.index_reads(table, id, column) {
                out.push((Object::Index(table, id), Edge::Auto));
            }
        }
        for (at, other) in t.columns.iter().enumerate() {
            if let Fact::Known(Some((stored, _)), _) = &other.generated
                && other.presence.may_be()
                && at != column.0 as usize
                && reads(stored, column)
            {
                out.push((Object::Column(table, ColumnId(at as u32)), Edge::Normal));
            }
        }
        for (id, sequence) in self.schema().sequences.iter() {
            if sequence.presence.may_be() && sequence.owner == Some((table, column)) {
                out.push((Object::Sequence(id), Edge::Auto));
            }
        }
        self.column_referrers(table, column, out);
    }

    /// Foreign keys and views that use a column of another table.
    fn column_referrers(&self, table: TableId, column: ColumnId, out: &mut Edges) {
        for other in &self.table(table).dependents {
            let other_table = self.table(*other);
            if !other_table.presence.may_be() {
                continue;
            }
            for (at, constraint) in other_table.constraints.iter().enumerate() {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind
                    && key.table == table
                    && key.columns.contains(&column)
                    && constraint.presence.may_be()
                {
                    out.push((Object::Constraint(*other, ConstraintId(at as u32)), Edge::Normal));
                }
            }
            let Some(view) = &other_table.view else {
                continue;
            };
            if view.reads.contains(&(table, Some(column))) {
                out.push((Object::Table(*other), Edge::Normal));
            } else if let Some(gap) = &view.open
                && view.reads.iter().any(|(read, _)| *read == table)
            {
                out.push((Object::Table(*other), Edge::Perhaps(gap.clone())));
            }
        }
    }

    pub(super) fn index_reads(&self, table: TableId, index: IndexId, column: ColumnId) -> bool {
        let index = &self.table(table).indexes[index.0 as usize];
        index.include.contains(&column)
            || index.keys.iter().any(|key| reads(&key.expr, column))
            || index.predicate.as_ref().is_some_and(|p| reads(p, column))
    }

    fn of_constraint(&self, table: TableId, constraint: ConstraintId, out: &mut Edges) {
        if let Some(index) = self.backing_index(table, constraint) {
            out.push((Object::Index(table, index), Edge::Auto));
        }
        let own = &self.table(table).constraints[constraint.0 as usize];
        match &own.kind {
            ConstraintKind::Check(_) => {
                for child in self.children(table) {
                    self.inherited_twin(child, own, out);
                }
            }
            ConstraintKind::ForeignKey(_) => {
                for child in self.partitions(table) {
                    self.inherited_twin(child, own, out);
                }
                for (at, twin) in self.table(table).constraints.iter().enumerate() {
                    if at != constraint.0 as usize
                        && twin.presence.may_be()
                        && self.is_twin_of(&twin.kind, &own.kind)
                        && twin.columns == own.columns
                    {
                        out.push((Object::Constraint(table, ConstraintId(at as u32)), Edge::Auto));
                    }
                }
            }
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclude(..) => {}
        }
    }

    /// Whether a foreign key stands for another one on a partition of the referenced table.
    pub(super) fn is_twin_of(&self, twin: &ConstraintKind, own: &ConstraintKind) -> bool {
        match (twin, own) {
            (ConstraintKind::ForeignKey(twin), ConstraintKind::ForeignKey(own)) => {
                self.table(twin.table).partition.of == Some(own.table)
            }
            _ => false,
        }
    }

    /// A child's constraint that is inherited from the parent's alone.
    fn inherited_twin(&self, child: TableId, own: &crate::schema::Constraint, out: &mut Edges) {
        let Some(name) = own.name.known() else {
            return;
        };
        if let Some(id) = self.find_constraint(child, name) {
            let found = &self.table(child).constraints[id.0 as usize];
            if found.inherited == 1 && !found.local {
                out.push((Object::Constraint(child, id), Edge::Auto));
            }
        }
    }

    fn of_index(&self, table: TableId, index: IndexId, out: &mut Edges) {
        for other in self.table(table).dependents.iter().chain([&table]) {
            let other_table = self.table(*other);
            for (at, constraint) in other_table.constraints.iter().enumerate() {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind
                    && key.table == table
                    && key.index == Some(index)
                    && constraint.presence.may_be()
                {
                    out.push((Object::Constraint(*other, ConstraintId(at as u32)), Edge::Normal));
                }
            }
        }
        for child in self.partitions(table) {
            for (at, own) in self.table(child).indexes.iter().enumerate() {
                if own.parent == Some((table, index)) && own.presence.may_be() {
                    let object = match own.constraint {
                        Some(constraint) => Object::Constraint(child, constraint),
                        None => Object::Index(child, IndexId(at as u32)),
                    };
                    out.push((object, Edge::Auto));
                }
            }
        }
    }

    fn of_sequence(&self, sequence: SequenceId, out: &mut Edges) {
        let wanted = Relation::Sequence(sequence).into();
        for &table in &self.sequence(sequence).used_by {
            if self.table(table).presence.may_be() {
                self.expressions(table, out, &|e| e.kind == ExprKind::Relation(wanted));
            }
        }
    }

    /// Objects of a table whose expression holds something.
    pub(super) fn expressions(&self, table: TableId, out: &mut Edges, wanted: &dyn Fn(&Expr) -> bool) {
        self.stored_in(table, out, &Edge::Normal, &|stored| holds(&stored.expr, wanted));
    }

    /// What of a table holds an expression of a kind.
    fn stored_in(&self, table: TableId, out: &mut Edges, edge: &Edge, holds: &dyn Fn(&Stored) -> bool) {
        let t = self.table(table);
        for (at, column) in t.columns.iter().enumerate() {
            let id = ColumnId(at as u32);
            if !column.presence.may_be() {
                continue;
            }
            let default = matches!(&column.default, Fact::Known(Some(stored), _) if holds(stored));
            let generated = matches!(&column.generated, Fact::Known(Some((stored, _)), _) if holds(stored));
            if default || generated {
                out.push((Object::Default(table, id), edge.clone()));
            }
        }
        for (at, constraint) in t.constraints.iter().enumerate() {
            let id = ConstraintId(at as u32);
            if let ConstraintKind::Check(stored) = &constraint.kind
                && constraint.presence.may_be()
                && holds(stored)
            {
                out.push((Object::Constraint(table, id), edge.clone()));
            }
        }
        for (at, index) in t.indexes.iter().enumerate() {
            let expressions = index.keys.iter().map(|k| &k.expr).chain(&index.predicate);
            if index.presence.may_be() && expressions.into_iter().any(holds) {
                let object = match index.constraint {
                    Some(constraint) => Object::Constraint(table, constraint),
                    None => Object::Index(table, IndexId(at as u32)),
                };
                out.push((object, edge.clone()));
            }
        }
    }

    fn of_type(&self, ty: TypeId, out: &mut Edges) {
        let is = |candidate: &SqlType| candidate.base == BaseType::Object(ty);
        for (table, t) in self.schema().tables.iter() {
            if !t.presence.may_be() {
                continue;
            }
            for (at, column) in t.columns.iter().enumerate() {
                if column.presence.may_be() && column.ty.known().is_some_and(is) {
                    let object = match t.kind {
                        RelationKind::View | RelationKind::MaterializedView => Object::Table(table),
                        RelationKind::Table | RelationKind::Partitioned | RelationKind::Foreign => {
                            Object::Column(table, ColumnId(at as u32))
                        }
                    };
                    out.push((object, Edge::Normal));
                }
            }
            self.expressions(table, out, &|e| match &e.kind {
                ExprKind::Cast(_, to, _) | ExprKind::Const(_, to) => is(to),
                _ => false,
            });
        }
        for (function, f) in self.schema().functions.iter() {
            let named = f.parameters.list.iter().map(|p| &p.1).chain(&f.returns);
            if f.presence.may_be() && named.into_iter().any(is) {
                out.push((Object::Function(function), Edge::Normal));
            }
        }
        for (other, o) in self.schema().types.iter() {
            if !o.presence.may_be() {
                continue;
            }
            match &o.kind {
                TypeKind::Domain(domain) if domain.base.known().is_some_and(is) => {
                    out.push((Object::Type(other), Edge::Normal));
                }
                TypeKind::Range(Some(subtype)) if is(subtype) => {
                    out.push((Object::Type(other), Edge::Normal))
                }
                TypeKind::Composite(Fact::Known(attributes, _)) => {
                    for (at, (_, attribute)) in attributes.iter().enumerate() {
                        if is(attribute) {
                            out.push((Object::Attribute(other, at as u32), Edge::Normal));
                        }
                    }
                }
                TypeKind::Domain(_)
                | TypeKind::Range(_)
                | TypeKind::Composite(_)
                | TypeKind::Enum(_)
                | TypeKind::Row(_)
                | TypeKind::Base
                | TypeKind::Presumed(_) => {}
            }
        }
    }

    fn of_function(&self, function: crate::schema::FunctionId, out: &mut Edges) {
        let f = &self.schema().functions[function];
        let namespace = self.namespace_name(f.namespace).clone();
        let arity = f.parameters.inputs().count();
        let overloads = self
            .schema()
            .functions
            .iter()
            .filter(|(_, other)| {
                other.presence.may_be() && other.name == f.name && other.namespace == f.namespace
            })
            .count();
        let called = |name: &crate::name::QualifiedName| {
            name.name == f.name && name.schema.as_ref().is_none_or(|schema| *schema == namespace)
        };
        for (table, t) in self.schema().tables.iter() {
            if !t.presence.may_be() {
                continue;
            }
            for (at, trigger) in t.triggers.iter().enumerate() {
                if called(&trigger.function) && arity == 0 {
                    out.push((Object::Trigger(table, at as u32), Edge::Normal));
                }
            }
            if overloads == 1 {
                self.expressions(table, out, &|e| match &e.kind {
                    ExprKind::Call(call) => {
                        called(&call.name) && call.args.len() <= arity.max(call.args.len())
                    }
                    _ => false,
                });
            }
            // An operator or a cast of the history's own may be over the function; only what could not be resolved can use it.
            if let Some(gap) = &self.schema().unlisted {
                self.stored_in(table, out, &Edge::Perhaps(gap.clone()), &|stored| {
                    stored.spelling.is_some()
                });
            }
        }
        for (ty, t) in self.schema().types.iter() {
            if let TypeKind::Domain(domain) = &t.kind
                && t.presence.may_be()
            {
                for (at, (_, check)) in domain.checks.iter().enumerate() {
                    let calls = holds(
                        &check.expr,
                        &|e| matches!(&e.kind, ExprKind::Call(c) if called(&c.name)),
                    );
                    if calls && overloads == 1 {
                        out.push((Object::DomainCheck(ty, at as u32), Edge::Normal));
                    }
                }
            }
        }
    }

    fn of_namespace(&self, namespace: crate::schema::NamespaceId, out: &mut Edges) {
        let schema = self.schema();
        for (id, t) in schema.tables.iter() {
            if t.namespace == namespace && t.presence.may_be() {
                out.push((Object::Table(id), Edge::Normal));
            }
        }
        for (id, s) in schema.sequences.iter() {
            if s.namespace == namespace && s.presence.may_be() {
                out.push((Object::Sequence(id), Edge::Normal));
            }
        }
        for (id, t) in schema.types.iter() {
            let row = matches!(t.kind, TypeKind::Row(_));
            if t.namespace == namespace && t.presence.may_be() && !row {
                out.push((Object::Type(id), Edge::Normal));
            }
        }
        for (id, f) in schema.functions.iter() {
            if f.namespace == namespace && f.presence.may_be() {
                out.push((Object::Function(id), Edge::Normal));
            }
        }
        for (at, extension) in schema.extensions.iter().enumerate() {
            if extension.namespace == namespace && extension.presence.may_be() {
                out.push((Object::Extension(at as u32), Edge::Normal));
            }
        }
    }

    fn of_extension(&self, at: u32, out: &mut Edges) {
        let schema = self.schema();
        let Some(extension) = schema.extensions.get(at as usize) else {
            return;
        };
        let brought = |by: &Option<crate::name::Name>| by.as_ref() == Some(&extension.name);
        for (other, dependent) in schema.extensions.iter().enumerate() {
            let needs = super::extension::requires(&dependent.name, &extension.name);
            if needs && dependent.presence.may_be() {
                out.push((Object::Extension(other as u32), Edge::Normal));
            }
        }
        for (id, t) in schema.tables.iter().filter(|(_, t)| t.presence.may_be()) {
            if brought(&t.extension) {
                out.push((Object::Table(id), Edge::Auto));
            }
            for (i, index) in t.indexes.iter().enumerate() {
                let uses = index.keys.iter().any(|k| {
                    k.opclass
                        .as_ref()
                        .is_some_and(|o| super::extension::brings_opclass(&extension.name, &o.name))
                }) || super::extension::bringing_method(&index.method)
                    == Some(extension.name.as_str());
                if index.presence.may_be() && uses {
                    let object = match index.constraint {
                        Some(constraint) => Object::Constraint(id, constraint),
                        None => Object::Index(id, IndexId(i as u32)),
                    };
                    out.push((object, Edge::Normal));
                }
            }
        }
        for (id, t) in schema.types.iter() {
            if brought(&t.extension) && t.presence.may_be() {
                out.push((Object::Type(id), Edge::Auto));
            }
        }
        for (id, f) in schema.functions.iter() {
            if brought(&f.extension) && f.presence.may_be() {
                out.push((Object::Function(id), Edge::Auto));
            }
        }
    }
}

fn reads(stored: &Stored, column: ColumnId) -> bool {
    holds(&stored.expr, &|e| e.kind == ExprKind::Var(column.0))
}

fn holds(expr: &Expr, wanted: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found = found || wanted(e));
    found
}
