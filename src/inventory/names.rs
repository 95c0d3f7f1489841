//! Columns that refer to another table by name alone: no foreign key of the database and none of the models says so.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Held;
use crate::declared::{Association, Expectation, Field, Model, ModelKind, Models};
use crate::name::{Name, QualifiedName};
use crate::pair::referring::{referring, snake};
use crate::pair::{is_bookkeeping, is_table};
use crate::rules::Context;
use crate::schema::{ColumnWalker, ConstraintKind, Lookup, Schema, TableWalker};

/// What names of columns that refer end with.
const ENDS: &[&str] = &["_id", "_uuid", "_guid", "_ulid"];

/// A column that refers by name.
pub(super) struct ByName<'a> {
    /// `public.orders`.
    pub(super) table: String,
    /// Its name.
    pub(super) column: Name,
    /// The database's.
    pub(super) held: Option<ColumnWalker<'a>>,
    /// The models'.
    pub(super) declared: Vec<(&'a Model, &'a Field)>,
    /// What it refers to; `None` where that is not told.
    pub(super) target: Option<To>,
    /// The association that says so.
    pub(super) association: Option<&'a Association>,
}

/// What a column refers to.
#[derive(Clone)]
pub(super) struct To {
    /// `public.users`.
    pub(super) table: String,
    /// Its column.
    pub(super) column: Name,
}

/// The columns of one database and its models.
pub(super) fn by_name<'a>(ctx: &Context<'a>, held: &[Held<'a>], alone: &[&'a Model]) -> Vec<ByName<'a>> {
    let Some(schema) = ctx.schema() else {
        return Vec::new();
    };
    let by_model: FxHashMap<&str, &Model> = ctx
        .subject
        .models
        .iter()
        .flat_map(|set: &&Models| &set.models)
        .map(|m| (m.name.as_str(), m))
        .collect();
    let mut told: FxHashMap<(String, Name), To> = FxHashMap::default();
    for named in referring(&ctx.pairs, schema) {
        let to = To {
            table: named.target.table.clone(),
            column: named.target.name.clone(),
        };
        for column in named.columns.iter().filter(|c| !c.keyed && named.may_mean(c)) {
            told.insert(
                (column.place.table.clone(), column.place.name.clone()),
                to.clone(),
            );
        }
    }
    let of = Of {
        schema,
        by_model,
        told,
    };
    let mut out = Vec::new();
    for one in held.iter().filter(|one| counts(one.table)) {
        of.in_database(one, &mut out);
    }
    for model in alone {
        of.in_model(model, &mut out);
    }
    out
}

fn counts(table: TableWalker<'_>) -> bool {
    let get = table.get();
    is_table(table) && get.inherits.is_empty() && get.partition.of.is_none() && !is_bookkeeping(table.name())
}

struct Of<'a> {
    schema: &'a Schema,
    by_model: FxHashMap<&'a str, &'a Model>,
    told: FxHashMap<(String, Name), To>,
}

impl<'a> Of<'a> {
    fn in_database(&self, one: &Held<'a>, out: &mut Vec<ByName<'a>>) {
        let table = one.table;
        let qualified = table.qualified();
        let mut keyed: FxHashSet<&Name> = FxHashSet::default();
        for constraint in table.constraints() {
            let own = || constraint.columns().map(ColumnWalker::name);
            match constraint.get().kind {
                ConstraintKind::ForeignKey(_) => keyed.extend(own()),
                // The whole key of a table is listed as such.
                ConstraintKind::PrimaryKey(_) if own().count() == 1 => keyed.extend(own()),
                _ => {}
            }
        }
        let models = || one.models.iter().map(|(_, model)| *model);
        keyed.extend(models().flat_map(|m| m.foreign_keys.iter().flat_map(|k| &k.columns)));
        for column in table.columns().filter(|c| !keyed.contains(c.name())) {
            let declared: Vec<(&Model, &Field)> = models()
                .filter_map(|m| Some((m, m.fields.iter().find(|f| f.column == *column.name())?)))
                .collect();
            let association = declared.iter().find_map(|(m, f)| association(m, f));
            if association.is_none() && !ends(column.name()) {
                continue;
            }
            out.push(self.one(
                qualified.clone(),
                column.name(),
                Some(column),
                declared,
                association,
            ));
        }
    }

    fn in_model(&self, model: &'a Model, out: &mut Vec<ByName<'a>>) {
        let (Some(name), ModelKind::Table | ModelKind::JoinTable) =
            (model.table.as_ref().and_then(Expectation::exactly), model.kind)
        else {
            return;
        };
        let table = qualified(self.schema, name);
        let key = model.primary_key.as_ref().map_or(&[][..], |k| &k.columns);
        for field in &model.fields {
            let is_keyed = model
                .foreign_keys
                .iter()
                .any(|k| k.columns.contains(&field.column))
                || matches!(key, [one] if *one == field.column);
            let association = association(model, field);
            if !is_keyed && (association.is_some() || ends(&field.column)) {
                out.push(self.one(
                    table.clone(),
                    &field.column,
                    None,
                    vec![(model, field)],
                    association,
                ));
            }
        }
    }

    fn one(
        &self,
        table: String,
        column: &Name,
        held: Option<ColumnWalker<'a>>,
        declared: Vec<(&'a Model, &'a Field)>,
        association: Option<&'a Association>,
    ) -> ByName<'a> {
        let target = association
            .and_then(|a| self.leads_to(a))
            .or_else(|| self.told.get(&(table.clone(), column.clone())).cloned());
        ByName {
            table,
            column: column.clone(),
            held,
            declared,
            target,
            association,
        }
    }

    /// The column that an association leads to.
    fn leads_to(&self, association: &Association) -> Option<To> {
        let model = self.by_model.get(association.related.as_str())?;
        let name = model.table.as_ref()?.exactly()?;
        let related = association.related_key.as_deref();
        let field = match related {
            Some(key) => model.fields.iter().find(|f| f.name == key),
            None => {
                let key = model.primary_key.as_ref()?.columns.first()?;
                model.fields.iter().find(|f| f.column == *key)
            }
        };
        Some(To {
            table: qualified(self.schema, name),
            column: field.map_or_else(|| related.map(Name::new), |f| Some(f.column.clone()))?,
        })
    }
}

/// The association that makes a field refer to another model.
fn association<'m>(model: &'m Model, field: &Field) -> Option<&'m Association> {
    model
        .associations
        .iter()
        .find(|a| a.kind == "belongs_to" && a.owner_key.as_deref() == Some(field.name.as_str()))
}

fn ends(name: &Name) -> bool {
    let name = snake(name.as_str());
    ENDS.iter()
        .any(|end| name.ends_with(end) && name.len() > end.len())
}

/// A table's name with its schema, as the database has it or would have it.
pub(super) fn qualified(schema: &Schema, name: &QualifiedName) -> String {
    match schema.table_named(name) {
        Lookup::Found(table) => table.qualified(),
        Lookup::Absent | Lookup::Unknown(_) => crate::rules::words::qualified(Some(schema), name),
    }
}
