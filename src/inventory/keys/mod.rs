//! Every key: primary and foreign ones of either side, and columns that refer by name alone, by the concept that they stand for.

mod alone;
mod totals;

use super::cells::{self, Held};
use super::names;
use super::{At, Cell, Inventory, Sheet};
use crate::declared::{Association, DeclaredForeignKey, Expectation, Field, Language, Model};
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::pair::transition::transitions;
use crate::pair::{is_bookkeeping, is_table, open, same_set};
use crate::rules::unindexed_foreign_key::{hidden, serves};
use crate::rules::{Context, Subject};
use crate::schema::{ColumnWalker, ConstraintKind, ConstraintWalker, ForeignKey, Lookup, TableWalker};
use alone::{by_name, in_model};
use totals::{concepts, totals, transition};

const COLUMNS: &[&str] = &[
    "+concept",
    "target",
    "type",
    "kind",
    "table",
    "columns",
    "-composite",
    "model_type",
    "references",
    "referenced",
    "target_type",
    "on_delete",
    "on_update",
    "index",
    "-name",
    "side",
    "note",
    "made",
    "declared",
];

/// Where a key stands on its way into a sheet.
#[derive(Default)]
struct Key {
    concept: Cells,
    target: String,
    kind: &'static str,
    table: String,
    columns: Cells,
    composite: bool,
    ty: Cells,
    model_type: Cells,
    references: Cells,
    referenced: Cells,
    target_type: Cells,
    on_delete: Cells,
    on_update: Cells,
    index: Cells,
    name: Cells,
    side: Cells,
    notes: Vec<String>,
    made: Cells,
    declared: Cells,
}

/// A cell that is empty at first.
#[derive(Clone)]
struct Cells(Cell);

impl Default for Cells {
    fn default() -> Self {
        Cells(Cell::Empty)
    }
}

impl From<Cell> for Cells {
    fn from(cell: Cell) -> Self {
        Cells(cell)
    }
}

impl Key {
    fn row(self) -> Vec<Cell> {
        vec![
            self.concept.0,
            Cell::text(self.target),
            self.ty.0,
            Cell::text(self.kind),
            Cell::text(self.table),
            self.columns.0,
            Cell::Is(self.composite),
            self.model_type.0,
            self.references.0,
            self.referenced.0,
            self.target_type.0,
            self.on_delete.0,
            self.on_update.0,
            self.index.0,
            self.name.0,
            self.side.0,
            Cell::text(self.notes.join("; ")),
            self.made.0,
            self.declared.0,
        ]
    }
}

/// The keys of all databases.
#[must_use]
pub fn keys(subjects: &[Subject<'_>]) -> Inventory {
    let mut sheet = Sheet::new("keys", "Keys by the table that they stand for", COLUMNS);
    let mut moving = Sheet::new(
        "transitions",
        "Keys on their way from an old column to a new one",
        &[
            "target",
            "old",
            "new",
            "old_type",
            "new_type",
            "both",
            "old_alone",
            "new_alone",
            "old_in_keys",
            "new_in_keys",
            "lacking",
            "-without_old",
        ],
    );
    let contexts: Vec<Context<'_>> = subjects.iter().map(Context::new).collect();
    for ctx in &contexts {
        sheet
            .rows
            .extend(of_target(&contexts, ctx).into_iter().map(Key::row));
        if let Some(schema) = ctx.schema() {
            moving
                .rows
                .extend(transitions(schema).iter().map(|t| transition(ctx, t)));
        }
    }
    let at = |key: &str| {
        COLUMNS
            .iter()
            .position(|c| c.trim_start_matches(['+', '-']) == key)
    };
    let order: Vec<usize> = ["concept", "type", "kind", "table", "columns", "target"]
        .iter()
        .filter_map(|key| at(key))
        .collect();
    sheet.rows.sort_by_cached_key(|row| {
        let words = order.iter().filter_map(|at| row.get(*at)).map(Cell::plain);
        // What they refer to is not told: last.
        let last = row.first().is_some_and(Cell::is_unknown);
        (last, words.collect::<Vec<_>>())
    });
    let concepts = concepts(&sheet);
    let totals = totals(&sheet, &concepts, &moving);
    Inventory {
        name: "keys",
        sheets: vec![sheet, concepts, moving],
        totals,
    }
}

fn of_target<'a>(all: &[Context<'a>], ctx: &Context<'a>) -> Vec<Key> {
    let mut out = Vec::new();
    let held = cells::held(all, ctx);
    let alone = cells::alone(all, ctx, &held);
    for one in held
        .iter()
        .filter(|one| is_table(one.table) && !is_bookkeeping(one.table.name()))
    {
        let of = Of { ctx, one };
        of.primary(&mut out);
        of.foreign(&mut out);
        of.declared_alone(&mut out);
    }
    for (set, model) in &alone {
        in_model(ctx, set, model, &mut out);
    }
    let models: Vec<&Model> = alone.iter().map(|(_, model)| *model).collect();
    let named = names::by_name(ctx, &held, &models);
    out.extend(named.iter().map(|named| by_name(ctx, named)));
    out
}

/// The keys of one table of the database.
struct Of<'c, 'a> {
    ctx: &'c Context<'a>,
    one: &'c Held<'a>,
}

impl<'a> Of<'_, 'a> {
    fn table(&self) -> TableWalker<'a> {
        self.one.table
    }

    fn key(&self, kind: &'static str) -> Key {
        let mut key = Key {
            target: self.ctx.subject.target.to_owned(),
            kind,
            table: self.table().qualified(),
            ..Key::default()
        };
        if let Some(gap) = cells::doubt(&self.table().get().presence) {
            key.notes.push(format!("the table may not be there: {}", gap.why));
        }
        key
    }

    /// The fields of columns, of the first model that has all of them.
    fn fields(&self, columns: &[&Name]) -> Vec<&'a Field> {
        let of = |model: &'a Model| -> Option<Vec<&'a Field>> {
            let one = |name: &&Name| model.fields.iter().find(|f| f.column == **name);
            columns.iter().map(one).collect()
        };
        let mut models = self.one.models.iter().map(|(_, model)| *model);
        models.find_map(of).unwrap_or_default()
    }

    fn says(&self, fields: &[&Field]) -> Cell {
        each(
            fields
                .iter()
                .map(|f| cells::type_said(Some(self.table().schema), f)),
        )
    }

    fn primary(&self, out: &mut Vec<Key>) {
        let table = self.table();
        let mut key = self.key("primary");
        key.concept = Cell::text(table.qualified()).into();
        let declared = self.one.models.iter().find_map(|(_, m)| m.primary_key.as_ref());
        key.declared = Cell::place(declared.map(|k| At::new(k.span))).into();
        let Some(constraint) = table.primary_key() else {
            let gap = open(table, Section::PrimaryKey);
            if gap.is_none() && declared.is_none() {
                return;
            }
            key.columns = match gap {
                Some(gap) => Cell::Unknown(gap.why.clone()),
                None => Cell::list(
                    declared
                        .iter()
                        .flat_map(|k| &k.columns)
                        .map(|n| n.as_str().to_owned()),
                ),
            }
            .into();
            if let Some(declared) = declared {
                let names: Vec<&Name> = declared.columns.iter().collect();
                key.composite = names.len() > 1;
                key.model_type = self.says(&self.fields(&names)).into();
                key.ty = each(names.iter().map(|n| held_type(table, n))).into();
            }
            key.side = match gap {
                Some(gap) => Cell::Unknown(gap.why.clone()),
                None => Cell::text("models"),
            }
            .into();
            out.push(key);
            return;
        };
        self.held(&mut key, constraint);
        let names: Vec<&Name> = constraint.columns().map(ColumnWalker::name).collect();
        key.index = key.name.clone();
        let said = self.one.models.iter().map(|(_, m)| m);
        let said: Vec<_> = said.filter_map(|m| m.primary_key.as_ref()).collect();
        let agrees = said
            .iter()
            .any(|k| same_set(&k.columns.iter().collect::<Vec<_>>(), &names));
        if let (false, Some(other)) = (agrees, said.first()) {
            let names: Vec<&str> = other.columns.iter().map(Name::as_str).collect();
            key.notes
                .push(format!("the model's key is ({})", names.join(", ")));
        }
        self.side(&mut key, constraint, agrees);
        out.push(key);
    }

    /// What a constraint of the database says of a key.
    fn held(&self, key: &mut Key, constraint: ConstraintWalker<'a>) {
        let names: Vec<&Name> = constraint.columns().map(ColumnWalker::name).collect();
        key.columns = Cell::list(names.iter().map(|n| n.as_str())).into();
        key.composite = names.len() > 1;
        key.ty = each(constraint.columns().map(cells::type_held)).into();
        key.model_type = self.says(&self.fields(&names)).into();
        key.name = cells::fact(&constraint.get().name, |n| Cell::text(n.as_str())).into();
        key.made = Cell::place(cells::at(self.ctx.of_constraint(constraint))).into();
        if constraint.get().inherited > 0 {
            key.notes.push("inherited".to_owned());
        }
        if !constraint.get().validated {
            key.notes.push("not validated".to_owned());
        }
    }

    fn side(&self, key: &mut Key, constraint: ConstraintWalker<'_>, both: bool) {
        key.side = match cells::doubt(&constraint.get().presence) {
            Some(gap) => Cell::Unknown(gap.why.clone()),
            None if both => Cell::text("both"),
            None => Cell::text("database"),
        }
        .into();
    }

    fn foreign(&self, out: &mut Vec<Key>) {
        let table = self.table();
        for constraint in table.constraints() {
            let ConstraintKind::ForeignKey(held) = &constraint.get().kind else {
                continue;
            };
            let mut key = self.key("foreign");
            self.held(&mut key, constraint);
            let target = table.schema.table(held.table);
            key.concept = Cell::text(target.qualified()).into();
            key.references = Cell::text(target.qualified()).into();
            self.referenced(&mut key, target, held);
            key.on_delete = Cell::text(held.on_delete.sql()).into();
            key.on_update = Cell::text(held.on_update.sql()).into();
            let names: Vec<&Name> = constraint.columns().map(ColumnWalker::name).collect();
            key.index = index(table, &names).into();
            let said = self.declared(&names);
            key.declared = Cell::place(said.map(At::new)).into();
            self.side(&mut key, constraint, said.is_some());
            out.push(key);
        }
        if let Some(gap) = open(table, Section::ForeignKeys) {
            let mut key = self.key("foreign");
            key.concept = Cell::Unknown(gap.why.clone()).into();
            key.columns = Cell::Unknown(gap.why.clone()).into();
            key.side = Cell::Unknown(gap.why.clone()).into();
            key.notes.push("there may be more".to_owned());
            key.made = Cell::place(gap.at.map(At::new)).into();
            out.push(key);
        }
    }

    fn referenced(&self, key: &mut Key, target: TableWalker<'a>, held: &ForeignKey) {
        if held.columns.is_empty() {
            let why = "the primary key of the table is not known";
            key.referenced = Cell::Unknown(why.to_owned()).into();
            key.target_type = Cell::Unknown(why.to_owned()).into();
            return;
        }
        let columns = || held.columns.iter().map(|id| target.column_by_id(*id));
        key.referenced = Cell::list(columns().map(|c| c.name().as_str())).into();
        key.target_type = each(columns().map(cells::type_held)).into();
    }

    /// Where a model declares a foreign key, or an association, over columns.
    fn declared(&self, names: &[&Name]) -> Option<crate::source::Span> {
        let keyed = |model: &Model| {
            let mut keys = model.foreign_keys.iter();
            keys.find(|k| same_set(&k.columns.iter().collect::<Vec<_>>(), names))
                .map(|k| k.span)
        };
        let associated = |model: &Model| {
            let [name] = names else { return None };
            let field = model.fields.iter().find(|f| f.column == **name)?;
            belongs_to(model, field).map(|a| a.span)
        };
        let mut models = self.one.models.iter();
        models.find_map(|(_, model)| keyed(model).or_else(|| associated(model)))
    }

    /// Foreign keys that the models alone declare.
    fn declared_alone(&self, out: &mut Vec<Key>) {
        let table = self.table();
        let held: Vec<Vec<&Name>> = table
            .constraints()
            .filter(|c| matches!(c.get().kind, ConstraintKind::ForeignKey(_)))
            .map(|c| c.columns().map(ColumnWalker::name).collect())
            .collect();
        for (set, model) in &self.one.models {
            for declared in &model.foreign_keys {
                let names: Vec<&Name> = declared.columns.iter().collect();
                let told = out.iter().any(|k| {
                    k.kind == "foreign"
                        && k.table == table.qualified()
                        && k.declared.0 == Cell::place(Some(At::new(declared.span)))
                });
                if told || held.iter().any(|h| same_set(h, &names)) {
                    continue;
                }
                let mut key = self.key("foreign");
                key.ty = each(names.iter().map(|n| held_type(table, n))).into();
                key.model_type = self.says(&self.fields(&names)).into();
                key.index = index(table, &names).into();
                say(self.ctx, &set.language, declared, &mut key);
                key.side = match open(table, Section::ForeignKeys).or(cells::doubt(&table.get().presence)) {
                    Some(gap) => Cell::Unknown(gap.why.clone()),
                    None => Cell::text("models"),
                }
                .into();
                out.push(key);
            }
        }
    }
}

/// The type of a column that a model names.
fn held_type(table: TableWalker<'_>, name: &Name) -> Cell {
    match table.column(name) {
        Lookup::Found(column) => cells::type_held(column),
        Lookup::Absent => Cell::Empty,
        Lookup::Unknown(gap) => Cell::Unknown(gap.why.clone()),
    }
}

/// What a declared foreign key says.
fn say(ctx: &Context<'_>, language: &Language, declared: &DeclaredForeignKey, key: &mut Key) {
    key.columns = Cell::list(declared.columns.iter().map(Name::as_str)).into();
    key.composite = declared.columns.len() > 1;
    key.name = Cell::maybe(declared.name.as_ref().map(Name::as_str)).into();
    key.declared = Cell::place(Some(At::new(declared.span))).into();
    let action = |action: &Expectation<crate::change::ReferentialAction>| match action {
        Expectation::Exactly(action) => Cell::text(action.sql()),
        Expectation::Unknown(gap) => Cell::Unknown(gap.why.clone()),
        _ => Cell::Empty,
    };
    key.on_delete = action(&declared.on_delete).into();
    key.on_update = action(&declared.on_update).into();
    match &declared.table {
        Expectation::Exactly(name) => {
            let (table, referenced, types) = target_of(ctx, name, &declared.referenced);
            key.concept = Cell::text(table.clone()).into();
            key.references = Cell::text(table).into();
            key.referenced = Cell::list(referenced.iter().map(Name::as_str)).into();
            key.target_type = types.into();
        }
        Expectation::Unknown(gap) => {
            key.concept = Cell::Unknown(gap.why.clone()).into();
            key.references = Cell::Unknown(gap.why.clone()).into();
        }
        _ => key.concept = Cell::Unknown(format!("{} does not say which table", language.name)).into(),
    }
}

/// A table that models name, the columns that are meant, and their types as far as either side tells them.
fn target_of(ctx: &Context<'_>, name: &QualifiedName, columns: &[Name]) -> (String, Vec<Name>, Cell) {
    let schema = ctx.schema();
    let found = schema.map(|s| s.table_named(name));
    if let Some(Lookup::Found(table)) = found {
        let columns: Vec<Name> = match (columns, table.primary_key()) {
            ([], Some(key)) => key.columns().map(|c| c.name().clone()).collect(),
            (some, _) => some.to_vec(),
        };
        let types = each(columns.iter().map(|n| held_type(table, n)));
        return (table.qualified(), columns, types);
    }
    let qualified = schema.map_or_else(|| name.to_string(), |s| names::qualified(s, name));
    let model = ctx
        .subject
        .models
        .iter()
        .flat_map(|set| &set.models)
        .find(|m| m.table.as_ref().and_then(Expectation::exactly) == Some(name));
    let key = model.and_then(|m| m.primary_key.as_ref());
    let columns: Vec<Name> = match (columns, key) {
        ([], Some(key)) => key.columns.clone(),
        (some, _) => some.to_vec(),
    };
    let of = |name: &Name| {
        let field = model?.fields.iter().find(|f| f.column == *name)?;
        Some(cells::type_said(schema, field))
    };
    let types = each(columns.iter().map(|n| of(n).unwrap_or(Cell::Empty)));
    (qualified, columns, types)
}

fn belongs_to<'m>(model: &'m Model, field: &Field) -> Option<&'m Association> {
    model
        .associations
        .iter()
        .find(|a| a.kind == "belongs_to" && a.owner_key.as_deref() == Some(field.name.as_str()))
}

/// The index that serves a search by columns; no where there is none.
fn index(table: TableWalker<'_>, names: &[&Name]) -> Cell {
    match table.indexes().find(|index| serves(*index, names)) {
        Some(index) => match cells::doubt(&index.get().presence) {
            Some(gap) => Cell::Unknown(gap.why.clone()),
            None => cells::fact(&index.get().name, |n| Cell::text(n.as_str())),
        },
        None if hidden(table) => Cell::Unknown("the table's indexes are not all known".to_owned()),
        None => Cell::Is(false),
    }
}

fn each(cells: impl IntoIterator<Item = Cell>) -> Cell {
    let cells: Vec<Cell> = cells.into_iter().collect();
    if cells.iter().all(|c| *c == Cell::Empty) {
        Cell::Empty
    } else {
        Cell::Each(cells)
    }
}
