//! Which model goes with which table, which field with which column: found once, so that every rule is a small function
//! over a pair. What a gap could hide is unknown, and unknown is never a difference.

mod checks;
mod enums;
mod exclusions;
mod facts;
pub mod impact;
mod indexes;
mod keys;
pub mod referring;
pub mod transition;
mod types;

pub use checks::{CheckMatch, PairedCheck};
pub use enums::{EnumPair, enum_pairs};
pub use exclusions::ExclusionMatch;
pub use facts::{DefaultDifference, GeneratedDifference, NullDifference, Sureness, is_sequence};
pub(crate) use facts::{fills_itself, same_rows};
pub use indexes::{IndexMatch, PairedIndex, can_say, may_be_index};
pub use keys::{
    ForeignKeyMatch, UniqueMatch, column_pairs, declares_foreign_key, foreign_keys, key_columns, same_set,
    unique_over,
};
pub use types::{Conversion, TypeDifference, resolve, type_fit};

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::declared::{Expectation, Field, Model, ModelKind, Models};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnWalker, Lookup, RelationKind, Schema, TableId, TableWalker};

/// Models and tables of one target, paired.
#[derive(Default)]
pub struct Pairs<'a> {
    /// Models in order with their tables, then tables without a model.
    pub tables: Vec<TablePair<'a>>,
    /// Model enums and the database's types.
    pub enums: Vec<EnumPair<'a>>,
    /// Positions of the pairs of each table.
    by_table: ByTable,
    /// Models by the name that they give their table, where they say it.
    by_name: FxHashMap<&'a QualifiedName, Vec<&'a Model>>,
}

/// Positions of pairs by their table, in order.
type ByTable = FxHashMap<TableId, Vec<usize>>;

fn by_name<'a>(sets: &[&'a Models]) -> FxHashMap<&'a QualifiedName, Vec<&'a Model>> {
    let mut out: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for model in sets.iter().flat_map(|set| &set.models) {
        if let Some(Expectation::Exactly(name)) = &model.table {
            out.entry(name).or_default().push(model);
        }
    }
    out
}

/// Models that are paired by one core before another is asked for.
const FEW: usize = 16;

/// A model and its table; one of them may be missing.
pub struct TablePair<'a> {
    /// The model and the set that it is from.
    pub model: Option<(&'a Models, &'a Model)>,
    /// The table: found where it certainly is there.
    pub table: Lookup<TableWalker<'a>>,
    /// Fields and columns, both there.
    pub columns: Vec<ColumnPair<'a>>,
    /// Fields whose column certainly is not there.
    pub missing: Vec<&'a Field>,
    /// Columns that no model of the table knows; told on the first pair of the table alone.
    pub extra: Vec<ColumnWalker<'a>>,
    /// The table is in another database of the same migrations, where the model lives, or the model is read out of other tables.
    pub elsewhere: bool,
    /// The table certainly is in another database.
    pub abroad: bool,
}

/// A field and its column.
pub struct ColumnPair<'a> {
    /// The set that the model is from.
    pub models: &'a Models,
    /// The field's model.
    pub model: &'a Model,
    /// The field.
    pub field: &'a Field,
    /// Its column.
    pub column: ColumnWalker<'a>,
}

impl<'a> Pairs<'a> {
    /// Pairs the models with the tables of a schema.
    #[must_use]
    pub fn new(schema: Option<&'a Schema>, sets: &[&'a Models]) -> Self {
        let Some(schema) = schema else {
            return Pairs::default();
        };
        let mut tables: Vec<TablePair<'a>> = Vec::new();
        for &set in sets {
            let paired = set.models.par_iter().with_min_len(FEW);
            tables.par_extend(paired.filter_map(|model| pair_model(schema, set, model)));
        }
        add_extra_columns(&mut tables);
        let known = by_table(&tables);
        let rest = schema
            .live_tables()
            .into_iter()
            .filter(|t| !known.contains_key(&t.id));
        tables.extend(rest.filter(|t| t.is_certain()).map(|table| TablePair {
            model: None,
            table: Lookup::Found(table),
            columns: Vec::new(),
            missing: Vec::new(),
            extra: Vec::new(),
            elsewhere: false,
            abroad: false,
        }));
        Pairs {
            by_table: by_table(&tables),
            by_name: by_name(sets),
            enums: enum_pairs(schema, sets, &tables),
            tables,
        }
    }

    /// The models that name a table so, in order.
    pub fn models_named(&self, table: &QualifiedName) -> impl Iterator<Item = &'a Model> {
        self.by_name.get(table).into_iter().flatten().copied()
    }

    /// Takes away the pairs of tables without a model.
    pub fn leave_out(&mut self, tables: &BTreeSet<TableId>) {
        let is_left = |pair: &TablePair<'_>| pair.table_id().is_some_and(|id| tables.contains(&id));
        if !tables.is_empty() {
            self.tables.retain(|pair| pair.model.is_some() || !is_left(pair));
            self.by_table = by_table(&self.tables);
        }
    }

    /// Takes away tables that are in another database: their models live there.
    pub fn without(&mut self, tables: &BTreeSet<TableId>) {
        if tables.is_empty() {
            return;
        }
        let is_gone = |pair: &TablePair<'_>| pair.table_id().is_some_and(|id| tables.contains(&id));
        self.tables.retain(|pair| pair.model.is_some() || !is_gone(pair));
        for pair in self.tables.iter_mut().filter(|pair| is_gone(pair)) {
            pair.table = Lookup::Absent;
            pair.elsewhere = true;
            pair.abroad = true;
            pair.columns.clear();
            pair.missing.clear();
            pair.extra.clear();
        }
        self.by_table = by_table(&self.tables);
    }

    /// Whether a pair is the first of its table: what is said of the table alone is said there.
    #[must_use]
    pub fn is_first(&self, pair: &TablePair<'a>) -> bool {
        let first = self.of_table(pair).next();
        first.is_some_and(|first| std::ptr::eq(first, pair))
    }

    /// All models of the table of a pair.
    pub fn models_of(&self, pair: &TablePair<'a>) -> impl Iterator<Item = &'a Model> {
        self.of_table(pair)
            .filter_map(|p| p.model.map(|(_, model)| model))
    }

    /// The pairs of a pair's table: several where several models map it.
    fn of_table(&self, pair: &TablePair<'a>) -> impl Iterator<Item = &TablePair<'a>> {
        let all = pair.table_id().and_then(|id| self.by_table.get(&id));
        all.into_iter().flatten().filter_map(|&at| self.tables.get(at))
    }
}

fn by_table(tables: &[TablePair<'_>]) -> ByTable {
    let mut out = ByTable::default();
    for (at, pair) in tables.iter().enumerate() {
        if let Some(id) = pair.table_id() {
            out.entry(id).or_default().push(at);
        }
    }
    out
}

/// Pairs one model; `None` for models without a table of their own.
fn pair_model<'a>(schema: &'a Schema, set: &'a Models, model: &'a Model) -> Option<TablePair<'a>> {
    let mut elsewhere = false;
    let table = match model.table.as_ref()? {
        Expectation::Exactly(name) => match (certain(schema, name), set.wandering.get(&model.name)) {
            (Lookup::Absent, Some(gap)) => {
                elsewhere = true;
                Lookup::Unknown(gap.clone())
            }
            (found, _) => found,
        },
        Expectation::Unknown(gap) => Lookup::Unknown(gap.clone()),
        Expectation::OneOf(_) | Expectation::Family(_) | Expectation::Anything => return None,
    };
    let mut pair = TablePair {
        model: Some((set, model)),
        table,
        columns: Vec::new(),
        missing: Vec::new(),
        extra: Vec::new(),
        elsewhere,
        abroad: false,
    };
    if let Lookup::Found(table) = pair.table {
        pair_columns(&mut pair, set, model, table);
    }
    Some(pair)
}

/// A table that is there on every course that the history can have taken.
fn certain<'a>(schema: &'a Schema, name: &QualifiedName) -> Lookup<TableWalker<'a>> {
    match schema.table_named(name) {
        Lookup::Found(table) => match &table.get().presence {
            crate::known::Presence::Present(_) => Lookup::Found(table),
            crate::known::Presence::Maybe(gap) => Lookup::Unknown(gap.clone()),
            crate::known::Presence::Dropped(_) => Lookup::Absent,
        },
        other => other,
    }
}

fn pair_columns<'a>(pair: &mut TablePair<'a>, set: &'a Models, model: &'a Model, table: TableWalker<'a>) {
    for field in &model.fields {
        match table.column(&field.column) {
            Lookup::Found(column) if column.get().presence.is_present() => pair.columns.push(ColumnPair {
                models: set,
                model,
                field,
                column,
            }),
            Lookup::Absent if pair.open(Section::Columns).is_none() && !is_system_column(&field.column) => {
                pair.missing.push(field);
            }
            Lookup::Found(_) | Lookup::Absent | Lookup::Unknown(_) => {}
        }
    }
}

/// Columns that every table has (manual, 5.5 "System Columns").
fn is_system_column(name: &Name) -> bool {
    matches!(
        name.as_str(),
        "tableoid" | "xmin" | "cmin" | "xmax" | "cmax" | "ctid"
    )
}

/// Gives each table's first pair the columns that none of its models has.
fn add_extra_columns(tables: &mut [TablePair<'_>]) {
    for positions in by_table(tables).into_values() {
        let pairs = || positions.iter().filter_map(|&at| tables.get(at));
        if pairs().any(|pair| pair.model_open(Section::Columns).is_some()) {
            continue;
        }
        let fields = pairs().flat_map(|pair| pair.model.iter().flat_map(|(_, m)| &m.fields));
        let known: FxHashSet<&Name> = fields.map(|f| &f.column).collect();
        let Some((at, table)) = positions.first().zip(pairs().next().and_then(TablePair::found)) else {
            continue;
        };
        let present = table.columns().filter(|c| c.get().presence.is_present());
        let extra = present.filter(|c| !known.contains(c.name())).collect();
        if let Some(first) = tables.get_mut(*at) {
            first.extra = extra;
        }
    }
}

impl<'a> TablePair<'a> {
    /// Model and table, where both are there and the tool looks after the table.
    #[must_use]
    pub fn both(&self) -> Option<(&'a Models, &'a Model, TableWalker<'a>)> {
        match (self.model, &self.table) {
            (Some((set, model)), Lookup::Found(table)) if model.is_held() => Some((set, model, *table)),
            _ => None,
        }
    }

    /// Model and table, both real tables: views have neither keys nor indexes of their own.
    #[must_use]
    pub fn both_tables(&self) -> Option<(&'a Models, &'a Model, TableWalker<'a>)> {
        let (set, model, table) = self.both()?;
        (model.kind != ModelKind::View && is_table(table)).then_some((set, model, table))
    }

    /// The table, where it certainly is there.
    #[must_use]
    pub fn found(&self) -> Option<TableWalker<'a>> {
        match &self.table {
            Lookup::Found(table) => Some(*table),
            Lookup::Absent | Lookup::Unknown(_) => None,
        }
    }

    /// The table's id.
    #[must_use]
    pub fn table_id(&self) -> Option<TableId> {
        self.found().map(|table| table.id)
    }

    /// What keeps absence in a section of the table from being evidence.
    #[must_use]
    pub fn open(&self, section: Section) -> Option<&'a Gap> {
        match &self.table {
            Lookup::Found(table) => open(*table, section),
            Lookup::Absent | Lookup::Unknown(_) => None,
        }
    }

    /// What keeps absence in a section of the model from being evidence.
    #[must_use]
    pub fn model_open(&self, section: Section) -> Option<&'a Gap> {
        let (_, model) = self.model?;
        model.open.iter().find(|(s, _)| *s == section).map(|(_, gap)| gap)
    }

    /// What keeps what a section of the model lists from being all that is said of it.
    #[must_use]
    pub fn model_unclear(&self, section: Section) -> Option<&'a Gap> {
        let (_, model) = self.model?;
        let unclear = |(s, gap): &&(Section, Gap)| *s == section && !matches!(gap.reach, Reach::OthersOf(..));
        model.open.iter().find(unclear).map(|(_, gap)| gap)
    }
}

/// Whether a table bears this name; a name without a schema is on the search path.
#[must_use]
pub fn is_named(table: TableWalker<'_>, name: &QualifiedName) -> bool {
    table.name() == &name.name
        && match &name.schema {
            Some(schema) => table.namespace_name() == schema,
            None => table.schema.search_path.contains(table.namespace_name()),
        }
}

/// The gap that leaves a section of a table open, that of a presumed table included.
#[must_use]
pub fn open(table: TableWalker<'_>, section: Section) -> Option<&Gap> {
    table.get().presumed.as_ref().or_else(|| table.open(section))
}

/// Whether it can have constraints and indexes: no view.
#[must_use]
pub fn is_table(table: TableWalker<'_>) -> bool {
    match table.get().kind {
        RelationKind::Table | RelationKind::Partitioned | RelationKind::Foreign => true,
        RelationKind::View | RelationKind::MaterializedView => false,
    }
}

/// Tables in which runners, platforms and queues keep their own books.
#[must_use]
pub fn is_bookkeeping(name: &Name) -> bool {
    static NAMES: &[&str] = &[
        "_prisma_migrations",
        "_sqlx_migrations",
        "__diesel_schema_migrations",
        "__drizzle_migrations",
        "__EFMigrationsHistory",
        "alembic_version",
        "ar_internal_metadata",
        "atlas_schema_revisions",
        "databasechangelog",
        "databasechangeloglock",
        "django_migrations",
        "flyway_schema_history",
        "goose_db_version",
        "gorp_migrations",
        "knex_migrations",
        "knex_migrations_lock",
        "migrations",
        "mikro_orm_migrations",
        "oban_jobs",
        "oban_peers",
        "oban_producers",
        "pgmigrations",
        "refinery_schema_history",
        "schema_migrations",
        "schema_version",
        "seaql_migrations",
        "spatial_ref_sys",
        "typeorm_metadata",
    ];
    NAMES.contains(&name.as_str())
}
