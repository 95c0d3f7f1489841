//! What hangs on a table or column, directly or through others: what a change of it touches, in the order of dependence.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Pairs;
use super::referring::{Named, referring};
use crate::declared::{Association, DeclaredForeignKey, DeclaredIndex, Expectation, Field, Model};
use crate::known::Gap;
use crate::name::Name;
use crate::schema::{
    ColumnId, ColumnWalker, ConstraintKind, ConstraintWalker, Function, IndexWalker, Lookup, Schema,
    Sequence, Stored, TableId, TableWalker, Trigger,
};
use crate::tree::ExprKind;

/// Something that hangs on another thing.
pub struct Dependant<'a> {
    /// What it is.
    pub thing: Thing<'a>,
    /// Steps from what was asked for.
    pub depth: usize,
    /// The table or column that it hangs on, by name.
    pub on: String,
    /// How, in words.
    pub how: &'static str,
    /// Why it cannot be told whether it does.
    pub doubt: Option<Gap>,
}

/// What may hang on a column.
#[derive(Clone, Copy)]
pub enum Thing<'a> {
    /// A column of another table, or one that is computed of it.
    Column(ColumnWalker<'a>),
    /// A constraint.
    Constraint(ConstraintWalker<'a>),
    /// An index of its own.
    Index(IndexWalker<'a>),
    /// A view.
    View(TableWalker<'a>),
    /// A function whose text names it.
    Function(&'a Function),
    /// A trigger.
    Trigger(TableWalker<'a>, &'a Trigger),
    /// A policy of row security.
    Policy(TableWalker<'a>, &'a Name),
    /// A sequence.
    Sequence(&'a Sequence),
    /// A model of the table.
    Model(&'a Model),
    /// A field of a model.
    Field(&'a Model, &'a Field),
    /// A relation of a model.
    Relation(&'a Model, &'a Association),
    /// A foreign key that a model declares.
    Declared(&'a Model, &'a DeclaredForeignKey),
}

impl Thing<'_> {
    /// Whether it is the models'.
    #[must_use]
    pub fn is_code(&self) -> bool {
        match self {
            Thing::Model(_) | Thing::Field(..) | Thing::Relation(..) | Thing::Declared(..) => true,
            Thing::Column(_)
            | Thing::Constraint(_)
            | Thing::Index(_)
            | Thing::View(_)
            | Thing::Function(_)
            | Thing::Trigger(..)
            | Thing::Policy(..)
            | Thing::Sequence(_) => false,
        }
    }
}

/// All that hangs on a table, or on one of its columns.
#[must_use]
pub fn impact<'a>(
    pairs: &Pairs<'a>,
    schema: &'a Schema,
    table: TableId,
    column: Option<ColumnId>,
) -> Vec<Dependant<'a>> {
    let mut walk = Walk::new(pairs, schema, referring(pairs, schema));
    match column {
        Some(column) => {
            walk.enter(table, column, 0);
        }
        None => walk.whole(table),
    }
    walk.finish()
}

/// What a finding is about: that does not hang on what the finding says.
#[derive(Clone, Copy)]
pub enum About<'a> {
    /// A field of the model.
    Field(&'a Model),
    /// The primary key, of the model or of its table.
    Key(&'a Model),
    /// A foreign key that the model declares.
    Reference(&'a Model, &'a DeclaredForeignKey),
}

impl About<'_> {
    /// Whether something that hangs on columns of a table is what the finding is about.
    fn is(&self, found: &Dependant<'_>, table: TableId) -> bool {
        let (About::Field(own) | About::Key(own) | About::Reference(own, _)) = self;
        match (self, found.thing) {
            (_, Thing::Field(model, _)) => found.depth == 1 && std::ptr::eq(*own, model),
            (About::Key(_), Thing::Constraint(held)) => {
                held.table.id == table && matches!(held.get().kind, ConstraintKind::PrimaryKey(_))
            }
            (About::Reference(_, key), Thing::Declared(_, declared)) => std::ptr::eq(*key, declared),
            _ => false,
        }
    }
}

/// How many things of the database and of the models hang on columns of a table, besides what is asked about; those that refer to
/// them by name alone are not counted.
#[must_use]
pub fn dependants(
    pairs: &Pairs<'_>,
    table: TableWalker<'_>,
    columns: &[ColumnId],
    about: About<'_>,
) -> (usize, usize) {
    let mut found = pairs.tables.iter().filter_map(|pair| pair.found());
    let Some(table) = found.find(|t| t.id == table.id) else {
        return (0, 0);
    };
    let mut walk = Walk::new(pairs, table.schema, Vec::new());
    for column in columns {
        walk.enter(table.id, *column, 0);
    }
    let mut all = walk.finish();
    all.retain(|found| !about.is(found, table.id));
    let code = all.iter().filter(|d| d.thing.is_code()).count();
    (all.len() - code, code)
}

/// How many keys, indexes and relations of the models go by a field, whose column the database need not have.
#[must_use]
pub fn going_by(pairs: &Pairs<'_>, model: &Model, field: &Field) -> usize {
    let names = |key: Option<&str>| key.is_some_and(|key| key.split(',').any(|k| k == field.name));
    let own = |columns: &[Name]| columns.contains(&field.column);
    let indexed = |index: &&DeclaredIndex| {
        let mut keys = index.keys.iter();
        keys.any(|key| key.key.as_ref().is_ok_and(|name| *name == field.column))
    };
    let keys = usize::from(model.primary_key.as_ref().is_some_and(|key| own(&key.columns)))
        + model.uniques.iter().filter(|u| own(&u.columns)).count()
        + model.indexes.iter().filter(indexed).count()
        + model.foreign_keys.iter().filter(|k| own(&k.columns)).count();
    let models = pairs.tables.iter().filter_map(|pair| pair.model);
    let relations = models.flat_map(|(_, other)| other.associations.iter().map(move |a| (other, a)));
    let by_it = relations.filter(|(other, association)| {
        other.name == model.name && names(association.owner_key.as_deref())
            || association.related == model.name && names(association.related_key.as_deref())
    });
    keys + by_it.count()
}

struct Walk<'p, 'a> {
    pairs: &'p Pairs<'a>,
    schema: &'a Schema,
    named: Vec<Named<'a>>,
    waiting: VecDeque<(TableId, ColumnId, usize)>,
    seen: FxHashSet<(TableId, ColumnId)>,
    /// What is listed already, by kind and place in the schema or the source.
    listed: FxHashSet<(&'static str, usize, usize)>,
    out: Vec<Dependant<'a>>,
}

impl<'p, 'a> Walk<'p, 'a> {
    fn new(pairs: &'p Pairs<'a>, schema: &'a Schema, named: Vec<Named<'a>>) -> Self {
        Walk {
            pairs,
            schema,
            named,
            waiting: VecDeque::new(),
            seen: FxHashSet::default(),
            listed: FxHashSet::default(),
            out: Vec::new(),
        }
    }

    /// Goes on until nothing new hangs on anything.
    fn finish(mut self) -> Vec<Dependant<'a>> {
        while let Some((table, column, depth)) = self.waiting.pop_front() {
            self.column(self.schema.table(table).column_by_id(column), depth);
        }
        self.out
    }

    fn enter(&mut self, table: TableId, column: ColumnId, depth: usize) -> bool {
        let new = self.seen.insert((table, column));
        if new {
            self.waiting.push_back((table, column, depth));
        }
        new
    }

    fn add(&mut self, key: (&'static str, usize, usize), dependant: Dependant<'a>) {
        if self.listed.insert(key) {
            self.out.push(dependant);
        }
    }

    /// All columns of a table, and what hangs on the table as such.
    fn whole(&mut self, table: TableId) {
        let walker = self.schema.table(table);
        let on = walker.qualified();
        let columns: Vec<ColumnId> = walker.columns().map(|c| c.id).collect();
        for column in columns {
            self.enter(table, column, 0);
        }
        for model in self.models(table) {
            self.add(
                ("model", model.span.file.0 as usize, model.span.start as usize),
                Dependant {
                    thing: Thing::Model(model),
                    depth: 1,
                    on: on.clone(),
                    how: "is mapped to it",
                    doubt: None,
                },
            );
        }
        self.views(walker, None, 0, &on);
        self.of_table(walker, 0, &on);
    }

    fn models(&self, table: TableId) -> Vec<&'a Model> {
        let of = self
            .pairs
            .tables
            .iter()
            .filter(|pair| pair.table_id() == Some(table));
        of.filter_map(|pair| pair.model.map(|(_, model)| model)).collect()
    }

    /// What hangs on one column.
    fn column(&mut self, column: ColumnWalker<'a>, depth: usize) {
        let on = format!("{}.{}", column.table.qualified(), column.name());
        self.keys(column, depth, &on);
        self.expressions(column, depth, &on);
        self.referring(column, depth, &on);
        self.views(column.table, Some(column.id), depth, &on);
        self.functions(column, depth, &on);
        self.of_table(column.table, depth, &on);
        self.children(column, depth, &on);
        if let Some(sequence) = column.get().sequence {
            let found = &self.schema.sequences[sequence];
            let key = ("sequence", sequence.0 as usize, 0);
            let thing = Thing::Sequence(found);
            if found.presence.may_be() {
                self.add(key, dependant(thing, depth, &on, "gives its values", None));
            }
        }
        self.code(column, depth, &on);
    }

    /// Constraints and indexes of its own table.
    fn keys(&mut self, column: ColumnWalker<'a>, depth: usize, on: &str) {
        for constraint in column.table.constraints() {
            let get = constraint.get();
            let how = match &get.kind {
                _ if !get.columns.contains(&column.id) => continue,
                ConstraintKind::PrimaryKey(_) if get.columns.len() > 1 => "is a composite key with it",
                ConstraintKind::PrimaryKey(_) => "is its primary key",
                ConstraintKind::Unique(_) => "keeps it unique",
                ConstraintKind::ForeignKey(_) => "refers with it",
                ConstraintKind::Check(_) => "checks it",
                ConstraintKind::Exclude(..) => "excludes by it",
            };
            let key = ("constraint", column.table.id.0 as usize, constraint.id.0 as usize);
            self.add(
                key,
                dependant(
                    Thing::Constraint(constraint),
                    depth,
                    on,
                    how,
                    doubt(&get.presence),
                ),
            );
        }
        for index in column.table.indexes().filter(|i| i.get().constraint.is_none()) {
            let get = index.get();
            let is_key = get.keys.iter().any(|key| uses(&key.expr, column.id));
            let how = match &get.predicate {
                _ if is_key => "is built over it",
                _ if get.include.contains(&column.id) => "includes it",
                Some(predicate) if uses(predicate, column.id) => "is limited by it",
                _ => continue,
            };
            let key = ("index", column.table.id.0 as usize, index.id.0 as usize);
            self.add(
                key,
                dependant(Thing::Index(index), depth, on, how, doubt(&get.presence)),
            );
        }
    }

    /// Columns whose values or defaults are computed of it.
    fn expressions(&mut self, column: ColumnWalker<'a>, depth: usize, on: &str) {
        let others: Vec<ColumnWalker<'a>> = column.table.columns().filter(|c| c.id != column.id).collect();
        for other in others {
            let computed = other.get().generated.known().and_then(Option::as_ref);
            if computed.is_some_and(|(stored, _)| uses(stored, column.id))
                && self.enter(other.table.id, other.id, depth + 1)
            {
                self.out.push(dependant(
                    Thing::Column(other),
                    depth,
                    on,
                    "is computed of it",
                    None,
                ));
            }
        }
    }

    /// Foreign keys that lead to it, and columns that refer to it by name.
    fn referring(&mut self, column: ColumnWalker<'a>, depth: usize, on: &str) {
        let mut others: Vec<TableId> = column.table.get().dependents.clone();
        others.push(column.table.id);
        others.sort_unstable();
        others.dedup();
        for other in others {
            let table = self.schema.table(other);
            if !table.get().presence.may_be() {
                continue;
            }
            for constraint in table.constraints() {
                let ConstraintKind::ForeignKey(key) = &constraint.get().kind else {
                    continue;
                };
                let at = key.columns.iter().position(|c| *c == column.id);
                let Some(own) = at
                    .and_then(|at| constraint.get().columns.get(at))
                    .filter(|_| key.table == column.table.id)
                else {
                    continue;
                };
                let doubt = doubt(&constraint.get().presence);
                let named = ("constraint", other.0 as usize, constraint.id.0 as usize);
                self.add(
                    named,
                    dependant(
                        Thing::Constraint(constraint),
                        depth,
                        on,
                        "refers to it",
                        doubt.clone(),
                    ),
                );
                if self.enter(other, *own, depth + 1) {
                    let own = table.column_by_id(*own);
                    self.out.push(dependant(
                        Thing::Column(own),
                        depth,
                        on,
                        "refers to it by a foreign key",
                        doubt,
                    ));
                }
            }
        }
        let mut by_name = Vec::new();
        for named in &self.named {
            let is_target = named
                .target
                .held
                .is_some_and(|held| held.table.id == column.table.id && held.id == column.id);
            if is_target {
                let columns = named.columns.iter().filter(|c| !c.keyed && named.may_mean(c));
                by_name.extend(columns.filter_map(|c| c.place.held));
            }
        }
        for other in by_name {
            if self.enter(other.table.id, other.id, depth + 1) {
                self.out.push(dependant(
                    Thing::Column(other),
                    depth,
                    on,
                    "refers to it by name alone",
                    None,
                ));
            }
        }
    }

    /// Views that read it, and views over those.
    fn views(&mut self, table: TableWalker<'a>, column: Option<ColumnId>, depth: usize, on: &str) {
        let others = table.get().dependents.clone();
        for other in others {
            let view = self.schema.table(other);
            let Some(reads) = view.get().view.as_ref().filter(|_| view.get().presence.may_be()) else {
                continue;
            };
            let reads_it = reads
                .reads
                .iter()
                .any(|(t, c)| *t == table.id && (c.is_none() || column.is_none() || *c == column));
            let reads_table = reads.reads.iter().any(|(t, _)| *t == table.id);
            let may_read_it = reads_table && reads.open.is_some();
            if !(reads_it || may_read_it) {
                continue;
            }
            let doubt = if reads_it {
                doubt(&view.get().presence)
            } else {
                reads.open.clone()
            };
            let how = if column.is_some() {
                "reads it"
            } else {
                "reads the table"
            };
            let key = ("view", other.0 as usize, 0);
            if self.listed.contains(&key) {
                continue;
            }
            self.add(key, dependant(Thing::View(view), depth, on, how, doubt));
            let name = view.qualified();
            self.views(view, None, depth + 1, &name);
        }
    }

    /// Functions whose text names table and column.
    fn functions(&mut self, column: ColumnWalker<'a>, depth: usize, on: &str) {
        for (id, function) in self.schema.functions.iter() {
            if !function.presence.may_be() || function.extension.is_some() {
                continue;
            }
            let Some(body) = &function.body else { continue };
            let names = |name: &Name| has_word(body.as_str(), name.as_str());
            // A trigger's function has the row, and need not name the table.
            let fires = column
                .table
                .get()
                .triggers
                .iter()
                .any(|t| t.function.name == function.name);
            if names(column.name()) && (fires || names(column.table.name())) {
                let key = ("function", id.0 as usize, 0);
                self.add(
                    key,
                    dependant(
                        Thing::Function(function),
                        depth,
                        on,
                        "names it",
                        doubt(&function.presence),
                    ),
                );
            }
        }
    }

    /// Triggers and policies, which may look at any column.
    fn of_table(&mut self, table: TableWalker<'a>, depth: usize, on: &str) {
        for (at, trigger) in table.get().triggers.iter().enumerate() {
            let key = ("trigger", table.id.0 as usize, at);
            self.add(
                key,
                dependant(
                    Thing::Trigger(table, trigger),
                    depth,
                    on,
                    "fires on its table",
                    None,
                ),
            );
        }
        for (at, policy) in table.get().policies.iter().enumerate() {
            let key = ("policy", table.id.0 as usize, at);
            let how = "guards its table, and may look at it";
            self.add(key, dependant(Thing::Policy(table, policy), depth, on, how, None));
        }
    }

    /// The same column of tables that inherit it.
    fn children(&mut self, column: ColumnWalker<'a>, depth: usize, on: &str) {
        let others = column.table.get().dependents.clone();
        for other in others {
            let table = self.schema.table(other);
            let get = table.get();
            let is_child =
                get.inherits.contains(&column.table.id) || get.partition.of == Some(column.table.id);
            if !is_child || !get.presence.may_be() {
                continue;
            }
            if let Lookup::Found(own) = table.column(column.name())
                && self.enter(other, own.id, depth + 1)
            {
                self.out
                    .push(dependant(Thing::Column(own), depth, on, "inherits it", None));
            }
        }
    }

    /// What the models say of it.
    fn code(&mut self, column: ColumnWalker<'a>, depth: usize, on: &str) {
        let own = self.models(column.table.id);
        let mut fields: FxHashMap<&str, Vec<&'a Field>> = FxHashMap::default();
        for model in &own {
            for field in model.fields.iter().filter(|f| f.column == *column.name()) {
                fields.entry(model.name.as_str()).or_default().push(field);
                let key = ("field", field.span.file.0 as usize, field.span.start as usize);
                self.add(
                    key,
                    dependant(Thing::Field(model, field), depth, on, "holds it", None),
                );
            }
        }
        let is_field = |model: &str, key: Option<&str>| {
            let of = fields.get(model).into_iter().flatten();
            key.is_some_and(|key| of.into_iter().any(|f| key.split(',').any(|k| k == f.name)))
        };
        let models: Vec<&'a Model> = self
            .pairs
            .tables
            .iter()
            .filter_map(|p| p.model.map(|(_, m)| m))
            .collect();
        for model in models {
            for association in &model.associations {
                let uses = is_field(&model.name, association.owner_key.as_deref())
                    || is_field(&association.related, association.related_key.as_deref());
                if uses {
                    let key = (
                        "relation",
                        association.span.file.0 as usize,
                        association.span.start as usize,
                    );
                    self.add(
                        key,
                        dependant(Thing::Relation(model, association), depth, on, "goes by it", None),
                    );
                }
            }
            for declared in &model.foreign_keys {
                let is_own =
                    own.iter().any(|m| std::ptr::eq(*m, model)) && declared.columns.contains(column.name());
                let target = declared
                    .table
                    .exactly()
                    .is_some_and(|name| super::is_named(column.table, name));
                let refers = target
                    && (declared.referenced.contains(column.name())
                        || declared.referenced.is_empty() && is_primary(column));
                if is_own || refers {
                    let key = (
                        "declared",
                        declared.span.file.0 as usize,
                        declared.span.start as usize,
                    );
                    let how = if is_own {
                        "declares it as a key"
                    } else {
                        "declares a key to it"
                    };
                    self.add(
                        key,
                        dependant(Thing::Declared(model, declared), depth, on, how, None),
                    );
                }
            }
        }
    }
}

fn is_primary(column: ColumnWalker<'_>) -> bool {
    let key = column.table.primary_key();
    key.is_some_and(|key| key.get().columns.contains(&column.id))
}

fn dependant<'a>(
    thing: Thing<'a>,
    depth: usize,
    on: &str,
    how: &'static str,
    doubt: Option<Gap>,
) -> Dependant<'a> {
    Dependant {
        thing,
        depth: depth + 1,
        on: on.to_owned(),
        how,
        doubt,
    }
}

fn doubt(presence: &crate::known::Presence) -> Option<Gap> {
    match presence {
        crate::known::Presence::Maybe(gap) => Some(gap.clone()),
        crate::known::Presence::Present(_) | crate::known::Presence::Dropped(_) => None,
    }
}

/// Whether an expression on a table uses one of its columns.
fn uses(stored: &Stored, column: ColumnId) -> bool {
    let mut out = false;
    stored.expr.walk(&mut |part| {
        out |= matches!(part.kind, ExprKind::Var(n) if n == column.0);
    });
    out
}

/// Whether a text has a name as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
    let text = text.to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    !name.is_empty()
        && text.match_indices(&name).any(|(at, word)| {
            let before = at.checked_sub(1).and_then(|i| text.as_bytes().get(i));
            let after = text.as_bytes().get(at + word.len());
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
}

/// What could hide dependants: sections of tables that are open, and what is open of everything.
#[must_use]
pub fn hidden<'a>(schema: &'a Schema) -> Vec<(String, &'a Gap)> {
    let mut out: Vec<(String, &'a Gap)> = Vec::new();
    for gap in &schema.gaps {
        if matches!(
            gap.reach,
            crate::known::Reach::Everything
                | crate::known::Reach::Namespace(_)
                | crate::known::Reach::Others(_)
        ) {
            out.push((gap.reach.to_string(), gap));
        }
    }
    for table in schema.live_tables() {
        let open = super::open(table, crate::known::Section::ForeignKeys);
        out.extend(open.map(|gap| (format!("foreign keys of {}", table.qualified()), gap)));
    }
    out
}

/// Models whose table cannot be told may be of any.
#[must_use]
pub fn unsure<'a>(pairs: &Pairs<'a>) -> Vec<(&'a Model, Gap)> {
    let all = pairs
        .tables
        .iter()
        .filter_map(|pair| pair.model.map(|(_, model)| model));
    all.filter_map(|model| match &model.table {
        Some(Expectation::Unknown(gap)) => Some((model, gap.clone())),
        _ => None,
    })
    .collect()
}
