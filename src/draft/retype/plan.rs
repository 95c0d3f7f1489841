//! What a change of type touches: the column, all that refer to it, and the keys, indexes and references over them.

use std::collections::VecDeque;

use crate::change::IdentityKind;
use crate::known::Fact;
use crate::name::{Name, QualifiedName, truncate};
use crate::schema::document::constraint_definition;
use crate::schema::{
    ColumnId, ColumnWalker, Constraint, ConstraintKind, ConstraintWalker, ForeignKey, IndexWalker, Lookup,
    RelationKind, Schema, TableId, TableWalker,
};
use crate::sqltype::{BaseType, Builtin, Category, SqlType};

/// More columns than this are no key any more.
const MOST: usize = 500;

/// A column that changes.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    pub(super) table: TableId,
    pub(super) column: ColumnId,
    /// The foreign key by which it gets its value, for all but the first.
    pub(super) by: Option<(TableId, Key)>,
}

/// A foreign key, as pairs of columns.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) own: Vec<ColumnId>,
    pub(super) other: Vec<ColumnId>,
    pub(super) foreign: ForeignKey,
    pub(super) deferrable: &'static str,
}

/// How new values come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// By a cast of the old one.
    Cast,
    /// The first column's anew, the others' through their references.
    Generated,
}

/// The first column in names.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub(super) table: String,
}

/// The plan.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) schema: &'a Schema,
    /// The first is the one that was asked for; each stands behind the one that it refers to.
    pub(super) moved: Vec<Moved>,
    /// The new type as SQL writes it.
    pub(super) new: String,
    pub(super) ty: SqlType,
    pub(super) values: Values,
    /// `public.users.id`.
    pub(super) shown: String,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        table: &QualifiedName,
        column: &str,
        ty: &SqlType,
    ) -> Result<Self, String> {
        let found = match schema.table_named(table) {
            Lookup::Found(found) => found,
            Lookup::Absent => return Err(format!("there is no table {table}")),
            Lookup::Unknown(gap) => {
                return Err(format!(
                    "whether there is a table {table} is not known: {}",
                    gap.why
                ));
            }
        };
        let named = |c: &ColumnWalker<'_>| *c.name() == *column;
        let Some(first) = found.columns().find(named) else {
            return Err(format!("{} has no column {column}", found.qualified()));
        };
        let old = known_type(first)?;
        if old == *ty {
            return Err(format!(
                "{}.{column} is {} already",
                found.qualified(),
                schema.format_type(ty)
            ));
        }
        let mut plan = Plan {
            schema,
            moved: vec![Moved {
                table: found.id,
                column: first.id,
                by: None,
            }],
            new: schema.format_type(ty),
            ty: ty.clone(),
            values: values(&old, ty)?,
            shown: format!("{}.{column}", found.qualified()),
        };
        if let Some(gap) = schema.gaps.first() {
            return Err(format!(
                "other tables may refer to it that are not known: {}",
                gap.why
            ));
        }
        if let Some(up) = plan.referenced(first) {
            return Err(format!("{} refers to {up}: begin with that column", plan.shown));
        }
        plan.close()?;
        plan.refuse()?;
        Ok(plan)
    }

    pub(super) fn root(&self) -> Root {
        Root {
            table: self
                .moved
                .first()
                .map_or(String::new(), |m| self.schema.tables[m.table].name.to_string()),
        }
    }

    /// The column that a column refers to.
    fn referenced(&self, column: ColumnWalker<'_>) -> Option<String> {
        let (constraint, key) = column.table.constraints().find_map(|c| match &c.get().kind {
            ConstraintKind::ForeignKey(key) if c.get().columns.contains(&column.id) => Some((c, key)),
            _ => None,
        })?;
        let at = constraint.get().columns.iter().position(|c| *c == column.id)?;
        let other = self.schema.table(key.table);
        let column = other.column_by_id(*key.columns.get(at)?);
        let same = other.id == self.moved.first()?.table;
        (!same).then(|| format!("{}.{}", other.qualified(), column.name()))
    }

    /// Everything that refers to what changes, breadth first.
    fn close(&mut self) -> Result<(), String> {
        let mut open: VecDeque<(TableId, ColumnId)> =
            self.moved.iter().map(|m| (m.table, m.column)).collect();
        while let Some((table, column)) = open.pop_front() {
            for other in self.schema.live_tables() {
                for constraint in other.constraints() {
                    let Some(key) = key_of(constraint) else { continue };
                    if key.foreign.table != table {
                        continue;
                    }
                    if key.own.len() != key.other.len() {
                        return Err(format!(
                            "what {} of {} refers to is not known",
                            key.name,
                            other.qualified()
                        ));
                    }
                    let Some(at) = key.other.iter().position(|c| *c == column) else {
                        continue;
                    };
                    let Some(&own) = key.own.get(at) else { continue };
                    if self.moved.iter().any(|m| (m.table, m.column) == (other.id, own)) {
                        continue;
                    }
                    self.moved.push(Moved {
                        table: other.id,
                        column: own,
                        by: Some((table, key)),
                    });
                    open.push_back((other.id, own));
                    if self.moved.len() > MOST {
                        return Err(format!("more than {MOST} columns would change"));
                    }
                }
            }
        }
        Ok(())
    }

    /// What is left to people.
    fn refuse(&self) -> Result<(), String> {
        for moved in &self.moved {
            let table = self.schema.table(moved.table);
            let column = table.column_by_id(moved.column);
            let shown = format!("{}.{}", table.qualified(), column.name());
            let no = |why: &str| Err(format!("{shown} {why}: that is left to you"));
            let t = table.get();
            if t.kind != RelationKind::Table || t.partition.of.is_some() || !t.inherits.is_empty() {
                return no("is of a table that is partitioned, inherits, or is none");
            }
            if t.presumed.is_some() || !table.is_certain() || !t.open.is_empty() {
                return no("is of a table of which not all is known");
            }
            known_type(column)?;
            let get = column.get();
            if !matches!(get.generated, Fact::Known(None, _)) || get.nullable.known().is_none() {
                return no("is generated, or whether it may be NULL is not known");
            }
            if get.default.known().is_none() || get.identity.known().is_none() {
                return no("has a default that is not known");
            }
            if get.identity.known().is_some_and(Option::is_some)
                && !self.is_integer()
                && self.values == Values::Cast
            {
                return no("is an identity, which only integers are");
            }
            for index in table.indexes() {
                self.refuse_index(index, &shown)?;
            }
            for constraint in table.constraints() {
                let c = constraint.get();
                if self.touches(moved.table, &c.columns)
                    && (!c.presence.is_present() || c.name.known().is_none())
                {
                    return no("is in a constraint of which not all is known");
                }
                if let ConstraintKind::Exclude(..) = c.kind
                    && self.touches(moved.table, &c.columns)
                {
                    return no("is in an exclusion constraint");
                }
            }
        }
        Ok(())
    }

    fn refuse_index(&self, index: IndexWalker<'_>, shown: &str) -> Result<(), String> {
        let i = index.get();
        let within = |stored: &crate::schema::Stored| {
            let vars = stored.expr.vars();
            vars.into_iter()
                .any(|v| self.is_moved(index.table.id, ColumnId(v)))
        };
        let in_expression = |k: &crate::schema::IndexKey| {
            !matches!(k.expr.expr.kind, crate::tree::ExprKind::Var(_)) && within(&k.expr)
        };
        let by_class = |k: &crate::schema::IndexKey| k.opclass.is_some() && within(&k.expr);
        let plain = !i.keys.iter().any(|k| in_expression(k) || by_class(k))
            && !i.predicate.as_ref().is_some_and(within);
        let known = i.presence.is_present() && i.name.known().is_some();
        if self.index_is_touched(index) && !(plain && known) {
            return Err(format!(
                "{shown} is in an index whose expression, operator class or predicate names it, or of which not all is known: that is left to you"
            ));
        }
        Ok(())
    }

    pub(super) fn is_moved(&self, table: TableId, column: ColumnId) -> bool {
        self.moved.iter().any(|m| (m.table, m.column) == (table, column))
    }

    pub(super) fn touches(&self, table: TableId, columns: &[ColumnId]) -> bool {
        columns.iter().any(|c| self.is_moved(table, *c))
    }

    pub(super) fn index_is_touched(&self, index: IndexWalker<'_>) -> bool {
        let i = index.get();
        let keys = i.keys.iter().flat_map(|k| k.expr.expr.vars());
        let predicate = i.predicate.iter().flat_map(|p| p.expr.vars());
        let mut columns = keys
            .chain(predicate)
            .map(ColumnId)
            .chain(i.include.iter().copied());
        columns.any(|c| self.is_moved(index.table.id, c))
    }

    /// The tables, each once, in the order of their first column.
    pub(super) fn tables(&self) -> Vec<TableWalker<'a>> {
        let mut out: Vec<TableWalker<'a>> = Vec::new();
        for moved in &self.moved {
            if !out.iter().any(|t| t.id == moved.table) {
                out.push(self.schema.table(moved.table));
            }
        }
        out
    }

    /// The columns of a table that change.
    pub(super) fn columns(&self, table: TableId) -> impl Iterator<Item = &Moved> {
        self.moved.iter().filter(move |m| m.table == table)
    }

    /// Foreign keys that change, with their tables.
    pub(super) fn keys(&self) -> Vec<(TableWalker<'a>, Key)> {
        let mut out = Vec::new();
        for table in self.tables() {
            for constraint in table.constraints() {
                let key = key_of(constraint);
                out.extend(key.filter(|k| self.touches(table.id, &k.own)).map(|k| (table, k)));
            }
        }
        out
    }

    pub(super) fn is_integer(&self) -> bool {
        matches!(
            self.ty.as_builtin(),
            Some(Builtin::Int2 | Builtin::Int4 | Builtin::Int8)
        )
    }

    /// Whether a view reads a table that changes.
    pub(super) fn has_views(&self) -> bool {
        let tables = self.tables();
        let ids: Vec<TableId> = tables.iter().map(|t| t.id).collect();
        self.schema.tables.iter().any(|(_, t)| {
            let reads = |view: &crate::schema::View| {
                view.open.is_some() || view.reads.iter().any(|(id, _)| ids.contains(id))
            };
            t.presence.may_be() && t.view.as_ref().is_some_and(reads)
        })
    }

    /// CHECKs that name a column that changes.
    pub(super) fn checks(&self, table: TableWalker<'a>) -> Vec<(String, String)> {
        let touched = table.constraints().filter(|c| {
            matches!(c.get().kind, ConstraintKind::Check(_)) && self.touches(table.id, &c.get().columns)
        });
        touched
            .filter_map(|c| Some((c.get().name.known()?.quoted(), constraint_definition(c).ok()?)))
            .collect()
    }

    /// The table as SQL names it.
    pub(super) fn name(&self, table: TableId) -> String {
        let table = self.schema.table(table);
        format!("{}.{}", table.namespace_name().quoted(), table.name().quoted())
    }

    pub(super) fn old(&self, table: TableId, column: ColumnId) -> String {
        self.schema.table(table).column_by_id(column).name().quoted()
    }

    /// The name of a column with a word behind it.
    fn with(&self, table: TableId, column: ColumnId, word: &str) -> String {
        let name = self.schema.table(table).column_by_id(column).name().as_str();
        let room = 63_usize.saturating_sub(word.len());
        let mut end = name.len().min(room);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        Name::new(truncate(&format!("{}{word}", name.get(..end).unwrap_or(name)))).quoted()
    }

    /// The new column while it stands beside the old one.
    pub(super) fn beside(&self, table: TableId, column: ColumnId) -> String {
        self.with(table, column, "__new")
    }

    /// The old column once it is replaced.
    pub(super) fn behind(&self, table: TableId, column: ColumnId) -> String {
        self.with(table, column, "__old")
    }

    /// The name under which a column of a list stands beside: its own where it does not change.
    pub(super) fn either(&self, table: TableId, column: ColumnId) -> String {
        if self.is_moved(table, column) {
            self.beside(table, column)
        } else {
            self.old(table, column)
        }
    }

    /// What people are told at the head of a stage.
    pub(super) fn notes(&self, stage: &str) -> Vec<String> {
        let mut out = Vec::new();
        match stage {
            "beside" => {
                let all = self.moved.iter().map(|m| {
                    let table = self.schema.table(m.table);
                    format!("{}.{}", table.qualified(), table.column_by_id(m.column).name())
                });
                out.push(format!("All that changes: {}.", all.collect::<Vec<_>>().join(", ")));
            }
            "fill" => out.push("Large tables: fill them in parts by hand first; what is filled is passed over.".to_owned()),
            "swap" => {
                out.push("It locks the tables for a moment. From here on the application sees the new type.".to_owned());
                out.push("The columns stand last in their tables from here on: an INSERT has to name its columns.".to_owned());
                if self.has_views() {
                    out.push("Views are made anew: privileges and comments on them are to be given again.".to_owned());
                }
                if self.values == Values::Generated && self.tables().iter().any(|t| !self.checks(*t).is_empty()) {
                    out.push("CHECKs that name the column are not made again: they are of the old type.".to_owned());
                }
            }
            "drop" => out.push("The old values are gone after it. The stage before it can be lived with as long as it takes.".to_owned()),
            _ => {}
        }
        out
    }
}

/// A foreign key of a constraint.
fn key_of(constraint: ConstraintWalker<'_>) -> Option<Key> {
    let c: &Constraint = constraint.get();
    let ConstraintKind::ForeignKey(foreign) = &c.kind else {
        return None;
    };
    Some(Key {
        name: c.name.known().map_or_else(String::new, Name::quoted),
        own: c.columns.clone(),
        other: foreign.columns.clone(),
        foreign: foreign.clone(),
        deferrable: match (c.deferrable, c.initially_deferred) {
            (false, _) => "",
            (true, false) => " DEFERRABLE",
            (true, true) => " DEFERRABLE INITIALLY DEFERRED",
        },
    })
}

fn known_type(column: ColumnWalker<'_>) -> Result<SqlType, String> {
    match &column.get().ty {
        Fact::Known(ty, _) => Ok(ty.clone()),
        Fact::Unknown { gap, .. } => Err(format!(
            "the type of {}.{} is not known: {}",
            column.table.qualified(),
            column.name(),
            gap.why
        )),
    }
}

/// How values of one type become those of another.
fn values(old: &SqlType, new: &SqlType) -> Result<Values, String> {
    let (BaseType::Builtin(a), BaseType::Builtin(b), false) = (&old.base, &new.base, old.array || new.array)
    else {
        return Err("only built-in types that are no arrays are retyped".to_owned());
    };
    let text = |b: &Builtin| b.category() == Category::S;
    // A cast of every two numbers, and by their text forms of strings with all (manual, CREATE CAST).
    if text(a) || text(b) || a.category() == b.category() && a.category() == Category::N {
        return Ok(Values::Cast);
    }
    if *b == Builtin::Uuid {
        return Ok(Values::Generated);
    }
    Err("there is no cast between the two types, and no values that could be made anew but UUIDs".to_owned())
}

/// The identity of a column, as SQL says it.
pub(super) fn identity(column: ColumnWalker<'_>) -> Option<&'static str> {
    match column.get().identity.known()? {
        Some(IdentityKind::Always) => Some("ALWAYS"),
        Some(IdentityKind::ByDefault) => Some("BY DEFAULT"),
        None => None,
    }
}
