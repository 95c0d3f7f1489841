//! Columns that are named after another table (`user_id`), and what they refer to: by the foreign keys of their like, else by name.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{FEW, Pairs, TablePair, foreign_keys, is_table, open, resolve};
use crate::declared::{Expectation, Field, Model, ModelKind};
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnWalker, ConstraintKind, Lookup, Schema, TableWalker};
use crate::sqltype::{BaseType, Category, SqlType};

/// A column, as the database has it, or as a model has it where the database's is not known.
#[derive(Clone)]
pub struct Place<'a> {
    /// `public.orders`.
    pub table: String,
    /// Its name.
    pub name: Name,
    /// Its type, where that is known.
    pub ty: Option<SqlType>,
    /// The database's.
    pub held: Option<ColumnWalker<'a>>,
    /// The model's.
    pub declared: Option<(&'a Model, &'a Field)>,
}

/// A column that may refer to another table.
#[derive(Clone)]
pub struct Referring<'a> {
    /// The column.
    pub place: Place<'a>,
    /// It is in a foreign key on either side.
    pub keyed: bool,
    /// It may be in one that is not seen.
    pub open: bool,
    /// It may mean something else: it is the whole key of its own table, or its table says what kind of thing it refers to, or has no
    /// key; or it has no foreign key on purpose: one was dropped.
    pub other: bool,
    /// Columns that a foreign key of this column alone leads to.
    leads_to: Vec<(String, Name)>,
}

impl<'a> Referring<'a> {
    /// A column of which no more is known than where it is.
    fn at(place: Place<'a>) -> Self {
        Referring {
            place,
            keyed: false,
            open: false,
            other: false,
            leads_to: Vec::new(),
        }
    }
}

/// All columns of one name, and what they refer to.
pub struct Named<'a> {
    /// The columns that refer, in tables other than the one that is referred to.
    pub columns: Vec<Referring<'a>>,
    /// The column that they refer to.
    pub target: Place<'a>,
    /// Foreign keys that say so; 0 where the name alone does.
    pub keys: usize,
    /// The name is that of the table, in the singular or not.
    pub exact: bool,
}

/// What a table is known by.
struct Table {
    qualified: String,
    /// Its name without its schema, and what it would be called of one row.
    words: Vec<String>,
    /// The only column of its primary key.
    key: Option<Name>,
    /// Its type.
    key_type: Option<SqlType>,
    /// Its other columns that end as one which refers to it does: `report_id` of `client_reports`.
    others: Vec<String>,
}

impl Named<'_> {
    /// Whether a column may refer to the target though no foreign key says so.
    #[must_use]
    pub fn may_mean(&self, column: &Referring<'_>) -> bool {
        let namespace = |table: &str| table.split('.').next().map(str::to_owned);
        !column.other && namespace(&column.place.table) == namespace(&self.target.table)
    }
}

/// The columns that refer to other tables, by name.
#[must_use]
pub fn referring<'a>(pairs: &Pairs<'a>, schema: &'a Schema) -> Vec<Named<'a>> {
    // A name that says nothing of its own (`id`, `code`) refers only where a foreign key says so.
    let (tables, columns) = read_all(pairs, schema, &|_, name| is_of_another(name), false);
    let tables = by_words(&tables);
    let mut by_name: BTreeMap<String, Vec<Referring<'a>>> = BTreeMap::new();
    for column in columns {
        by_name
            .entry(snake(column.place.name.as_str()).into_owned())
            .or_default()
            .push(column);
    }
    let mut found = Vec::new();
    for (name, columns) in by_name {
        if let Some(to) = by_keys(&columns).or_else(|| by_word(&name, &columns, &tables)) {
            found.push((name, columns, to));
        }
    }
    let targets: FxHashSet<(&str, &Name)> = found
        .iter()
        .map(|(_, _, (table, column, _))| (table.as_str(), column))
        .collect();
    let (_, all) = read_all(
        pairs,
        schema,
        &|table, name| targets.contains(&(table, name)),
        true,
    );
    let mut places: FxHashMap<(&str, &Name), &Place<'a>> = FxHashMap::default();
    for Referring { place, .. } in &all {
        places.entry((&place.table, &place.name)).or_insert(place);
    }
    found
        .into_iter()
        .filter_map(|(name, columns, to)| {
            let target = (*places.get(&(to.0.as_str(), &to.1))?).clone();
            Some(named(&name, columns, target, to.2, &tables))
        })
        .collect()
}

/// Tables by each word that one may be called by.
type ByWord<'t> = FxHashMap<&'t str, Vec<&'t Table>>;

fn by_words(tables: &[Table]) -> ByWord<'_> {
    let mut out = ByWord::default();
    for table in tables {
        for word in &table.words {
            out.entry(word.as_str()).or_default().push(table);
        }
    }
    out
}

/// The names among those of a table's columns that a longer name of its like may end with; one that refers elsewhere is no key.
fn others<'n>(names: impl Iterator<Item = &'n Name>, keyed: impl Fn(&Name) -> bool) -> Vec<String> {
    let named = names.filter(|name| is_of_another(name) && !keyed(name));
    named.map(|name| snake(name.as_str()).into_owned()).collect()
}

/// Whether a column is named after another table.
fn is_of_another(name: &Name) -> bool {
    let bytes = name.as_str().as_bytes();
    let ends = bytes.len() > 2 && bytes[bytes.len() - 2..].eq_ignore_ascii_case(b"id");
    ends && snake(name.as_str()).ends_with("_id")
}

/// Tells the columns that are wanted, by table and name.
type Wanted<'w> = &'w (dyn Fn(&str, &Name) -> bool + Sync);

/// All tables, and those of their columns that are wanted; `places_alone` leaves out what they refer to.
fn read_all<'a>(
    pairs: &Pairs<'a>,
    schema: &'a Schema,
    wanted: Wanted<'_>,
    places_alone: bool,
) -> (Vec<Table>, Vec<Referring<'a>>) {
    let read_some = |some: &[TablePair<'a>]| {
        let mut out = Out {
            tables: Vec::new(),
            columns: Vec::new(),
            wanted,
            places_alone,
        };
        for pair in some {
            read(pairs, schema, pair, &mut out);
        }
        (out.tables, out.columns)
    };
    let read: Vec<_> = pairs.tables.par_chunks(FEW).map(read_some).collect();
    let (tables, columns): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    (
        tables.into_iter().flatten().collect(),
        columns.into_iter().flatten().collect(),
    )
}

/// What is read of tables.
struct Out<'a, 'w> {
    tables: Vec<Table>,
    columns: Vec<Referring<'a>>,
    wanted: Wanted<'w>,
    /// Where the columns are is all that is asked.
    places_alone: bool,
}

fn named<'a>(
    name: &str,
    mut columns: Vec<Referring<'a>>,
    target: Place<'a>,
    keys: usize,
    tables: &ByWord<'_>,
) -> Named<'a> {
    columns.retain(|c| c.place.table != target.table);
    let word = name.strip_suffix("_id").unwrap_or(name);
    for column in &mut columns {
        column.other |= !column.keyed && is_of_like(word, &column.place, &target, tables);
    }
    let mut called = tables.get(word).into_iter().flatten();
    let exact = called.any(|t| t.qualified == target.table);
    Named {
        columns,
        target,
        keys,
        exact,
    }
}

/// Whether a column has the type of the key of a table that is called by a longer word (`rule_id` may be one of `mapping_rules`), and
/// not that of the target.
fn is_of_like(word: &str, column: &Place<'_>, target: &Place<'_>, tables: &ByWord<'_>) -> bool {
    let base = |ty: &Option<SqlType>| ty.as_ref().map(|ty| (ty.base.clone(), ty.array));
    let own = base(&column.ty);
    // A key kept as text is kept so for whatever type it has.
    let is_text = matches!(&own, Some((BaseType::Builtin(b), _)) if b.category() == Category::S);
    if own.is_none() || is_text || own == base(&target.ty) {
        return false;
    }
    let longer = tables
        .iter()
        .filter(|(other, _)| other.len() > word.len() && other.ends_with(word));
    longer
        .flat_map(|(_, tables)| tables)
        .any(|table| base(&table.key_type) == own && table.qualified != column.table)
}

/// What the foreign keys of the columns lead to, where all but few agree.
fn by_keys(columns: &[Referring<'_>]) -> Option<(String, Name, usize)> {
    let mut counted: BTreeMap<&(String, Name), usize> = BTreeMap::new();
    for to in columns.iter().flat_map(|c| &c.leads_to) {
        *counted.entry(to).or_default() += 1;
    }
    let all: usize = counted.values().sum();
    let (to, most) = counted.into_iter().max_by_key(|(_, n)| *n)?;
    (most * 4 > all * 3).then(|| (to.0.clone(), to.1.clone(), most))
}

/// The one table that the name without `_id` is of, where no foreign key says otherwise.
fn by_word(name: &str, columns: &[Referring<'_>], tables: &ByWord<'_>) -> Option<(String, Name, usize)> {
    if columns.iter().any(|c| c.keyed) {
        return None;
    }
    let word = name.strip_suffix("_id")?;
    let mut fitting = tables.get(word)?.iter();
    let table = fitting.next()?;
    if fitting.any(|other| other.qualified != table.qualified) {
        return None;
    }
    let key = table.key.clone()?;
    let is_id = key.as_str() == "id" || snake(key.as_str()) == name;
    // `client_report_id` may be the `report_id` of a client.
    let end = |other: &String| {
        name.strip_suffix(other.as_str())
            .is_some_and(|rest| rest.ends_with('_'))
    };
    if table.others.iter().any(end) {
        return None;
    }
    is_id.then(|| (table.qualified.clone(), key, 0))
}

/// The columns of a table, from the database where it has them, else from the model.
fn read<'a>(pairs: &Pairs<'a>, schema: &'a Schema, pair: &TablePair<'a>, out: &mut Out<'a, '_>) {
    let model = pair.model.map(|(_, model)| model);
    let is_plain = |m: &Model| m.is_held() && matches!(m.kind, ModelKind::Table | ModelKind::JoinTable);
    if pair.elsewhere || model.is_some_and(|m| !is_plain(m)) {
        return;
    }
    match pair.table {
        Lookup::Found(table) if pairs.is_first(pair) => {
            let is_part = !table.get().inherits.is_empty() || table.get().of_type.is_some();
            if !is_table(table) || is_part || super::is_bookkeeping(table.name()) {
                return;
            }
            let models: Vec<&'a Model> = pairs.models_of(pair).collect();
            let key = key_in_database(table).or_else(|| models.iter().find_map(|m| key_of(m)));
            let key_type = key.as_ref().and_then(|key| {
                let column = table.columns().find(|c| c.name() == key)?;
                column.get().ty.known().cloned()
            });
            out.tables.push(Table {
                qualified: table.qualified(),
                words: words(table.name()),
                key,
                key_type,
                others: others(table.columns().map(ColumnWalker::name), |name| {
                    is_keyed(table, name) || models.iter().any(|m| is_keyed_by(m, name))
                }),
            });
            in_database(table, &models, schema, out);
        }
        Lookup::Found(_) => {}
        Lookup::Absent | Lookup::Unknown(_) => {
            let Some(model) = model else { return };
            let Some(Expectation::Exactly(name)) = &model.table else {
                return;
            };
            let qualified = qualified(schema, name);
            let key = key_of(model);
            let key_type = key
                .as_ref()
                .and_then(|key| type_of(schema, field_of(model, key)?));
            out.tables.push(Table {
                qualified: qualified.clone(),
                words: words(&name.name),
                key,
                key_type,
                others: others(model.fields.iter().map(|field| &field.column), |name| {
                    is_keyed_by(model, name)
                }),
            });
            let is_open = matches!(pair.table, Lookup::Unknown(_));
            in_model(&qualified, model, schema, is_open, out);
        }
    }
}

fn in_database<'a>(table: TableWalker<'a>, models: &[&'a Model], schema: &'a Schema, out: &mut Out<'a, '_>) {
    let qualified = table.qualified();
    let is_open = open(table, Section::ForeignKeys).is_some()
        || models.iter().any(|m| is_open(m, Section::ForeignKeys));
    let mut seen: FxHashSet<&Name> = FxHashSet::default();
    let own = key_in_database(table);
    let names = OnceCell::new();
    let names = || {
        names.get_or_init(|| {
            table
                .columns()
                .map(|c| snake(c.name().as_str()))
                .collect::<Vec<_>>()
        })
    };
    for column in table.columns().filter(|c| c.get().presence.is_present()) {
        seen.insert(column.name());
        if !(out.wanted)(&qualified, column.name()) {
            continue;
        }
        let field = models
            .iter()
            .find_map(|m| Some((*m, field_of(m, column.name())?)));
        let place = Place {
            table: qualified.clone(),
            name: column.name().clone(),
            ty: column
                .get()
                .ty
                .known()
                .cloned()
                .or_else(|| type_of(schema, field?.1)),
            held: Some(column),
            declared: field,
        };
        if out.places_alone {
            out.columns.push(Referring::at(place));
            continue;
        }
        let mut referring = Referring {
            open: is_open,
            other: own.as_ref() == Some(column.name()) || means_other(column.name(), names()),
            ..Referring::at(place)
        };
        for (constraint, key) in foreign_keys(table) {
            let own: Vec<&Name> = constraint.columns().map(ColumnWalker::name).collect();
            referring.keyed |= own.contains(&column.name());
            if let ([one], [other]) = (own.as_slice(), key.columns.as_slice())
                && *one == column.name()
            {
                let target = schema.table(key.table);
                let other = target.column_by_id(*other).name().clone();
                referring.leads_to.push((target.qualified(), other));
            }
        }
        for model in models {
            by_model(model, schema, &mut referring);
        }
        referring.other |= was_keyed(table, column) || table.primary_key().is_none();
        out.columns.push(referring);
    }
    // What the database's side does not know of.
    if open(table, Section::Columns).is_some() {
        for model in models {
            in_model_but(&qualified, model, schema, true, &seen, out);
        }
    }
}

/// Whether a foreign key of a table has a column.
fn is_keyed(table: TableWalker<'_>, name: &Name) -> bool {
    foreign_keys(table).any(|(constraint, _)| constraint.columns().any(|column| column.name() == name))
}

/// The same of a model.
fn is_keyed_by(model: &Model, name: &Name) -> bool {
    model.foreign_keys.iter().any(|key| key.columns.contains(name))
}

/// Whether a foreign key of the column was dropped.
fn was_keyed(table: TableWalker<'_>, column: ColumnWalker<'_>) -> bool {
    table.get().constraints.iter().any(|c| {
        matches!(c.kind, ConstraintKind::ForeignKey(_))
            && c.presence.is_dropped()
            && c.columns.contains(&column.id)
    })
}

fn in_model<'a>(table: &str, model: &'a Model, schema: &Schema, is_open: bool, out: &mut Out<'a, '_>) {
    in_model_but(table, model, schema, is_open, &FxHashSet::default(), out);
}

fn in_model_but<'a>(
    table: &str,
    model: &'a Model,
    schema: &Schema,
    hidden: bool,
    seen: &FxHashSet<&Name>,
    out: &mut Out<'a, '_>,
) {
    let wanted = out.wanted;
    let fields = model.fields.iter().filter(|f| !seen.contains(&f.column));
    let mut fields = fields.filter(|f| wanted(table, &f.column)).peekable();
    if fields.peek().is_none() {
        return;
    }
    let names: Vec<Cow<'_, str>> = model.fields.iter().map(|f| snake(f.column.as_str())).collect();
    for field in fields {
        let own = key_of(model);
        let place = Place {
            table: table.to_owned(),
            name: field.column.clone(),
            ty: type_of(schema, field),
            held: None,
            declared: Some((model, field)),
        };
        let mut referring = Referring {
            open: hidden || is_open(model, Section::ForeignKeys),
            other: own.as_ref() == Some(&field.column) || means_other(&field.column, &names),
            ..Referring::at(place)
        };
        by_model(model, schema, &mut referring);
        out.columns.push(referring);
    }
}

/// The foreign keys that a model declares over a column.
fn by_model(model: &Model, schema: &Schema, referring: &mut Referring<'_>) {
    let name = referring.place.name.clone();
    for key in model.foreign_keys.iter().filter(|k| k.columns.contains(&name)) {
        referring.keyed = true;
        if let (Expectation::Exactly(target), [_], [other]) =
            (&key.table, key.columns.as_slice(), key.referenced.as_slice())
        {
            let to = (qualified(schema, target), other.clone());
            if !referring.leads_to.contains(&to) {
                referring.leads_to.push(to);
            }
        }
    }
}

/// A field's type, where the database has it.
fn type_of(schema: &Schema, field: &Field) -> Option<SqlType> {
    resolve(schema, field.ty.exactly()?).ok().flatten()
}

fn is_open(model: &Model, section: Section) -> bool {
    model.open.iter().any(|(s, _)| *s == section)
}

fn field_of<'a>(model: &'a Model, column: &Name) -> Option<&'a Field> {
    model.fields.iter().find(|f| f.column == *column)
}

fn key_in_database(table: TableWalker<'_>) -> Option<Name> {
    let columns: Vec<Name> = table.primary_key()?.columns().map(|c| c.name().clone()).collect();
    <[Name; 1]>::try_from(columns).ok().map(|[one]| one)
}

fn key_of(model: &Model) -> Option<Name> {
    match model.primary_key.as_ref()?.columns.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn qualified(schema: &Schema, name: &QualifiedName) -> String {
    let place = name.schema.as_ref().or_else(|| schema.search_path.first());
    place.map_or_else(|| name.name.to_string(), |place| format!("{place}.{}", name.name))
}

/// Columns beside which another one's value is of a kind that they name, or of another service: `object_type` beside `object_id`,
/// `provider` beside `account_id`.
fn means_other(name: &Name, beside: &[Cow<'_, str>]) -> bool {
    let own = snake(name.as_str());
    let word = own.strip_suffix("_id").unwrap_or(&own);
    beside.iter().any(|other| {
        let kind = other.strip_prefix(word).is_some_and(|rest| {
            matches!(
                rest,
                "_type" | "_kind" | "_class" | "_model" | "_table" | "_entity" | "able_type"
            )
        });
        kind || matches!(
            other.as_ref(),
            "provider" | "provider_name" | "oauth_name" | "oauth_provider" | "issuer" | "content_type"
        )
    })
}

/// What a table may be called in the name of a column: its own name, and that of one of its rows.
fn words(table: &Name) -> Vec<String> {
    let name = snake(table.as_str());
    let mut out = vec![name.to_string()];
    for (end, one) in [
        ("ies", "y"),
        ("ses", "s"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("s", ""),
    ] {
        if let Some(stem) = name.strip_suffix(end)
            && !stem.is_empty()
        {
            out.push(format!("{stem}{one}"));
        }
    }
    out
}

/// `userId` as `user_id`.
#[must_use]
pub fn snake(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 4);
    let mut small = false;
    for c in name.chars() {
        if c.is_uppercase() && small {
            out.push('_');
        }
        small = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::{Name, snake, words};

    #[test]
    fn names() {
        assert_eq!(snake("userId"), "user_id");
        assert_eq!(snake("ApiKeyID"), "api_key_id");
        assert_eq!(snake("user_id"), "user_id");
        let has = |table: &str, word: &str| words(&Name::new(table)).iter().any(|w| w == word);
        assert!(has("users", "user") && has("companies", "company") && has("statuses", "status"));
        assert!(has("ApiKey", "api_key") && !has("users", "use"));
    }
}
