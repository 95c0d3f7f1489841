//! Two schemas, object by object: what is alike, what differs, and what cannot be told.
//!
//! Objects are paired by name; constraints and indexes that no name pairs by what they say, so that a name alone that differs is
//! told as such. What a gap could have made or changed on either side is neither alike nor different: it is [`Untold`].

mod items;
mod parts;
mod relations;
mod told;
mod untouched;

use rustc_hash::FxHashMap;

use super::Schema;
use crate::known::{ChangeId, Gap, Reach, Section, Verdict};
use crate::name::Name;
use items::{Item, There};

/// One of the two schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
    /// Both, or the comparison itself.
    Both,
}

/// What kind of object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each variant is the object of its name")]
pub enum Kind {
    Schema,
    Extension,
    Type,
    Sequence,
    Function,
    Table,
    View,
    Column,
    Constraint,
    Index,
    Trigger,
    Policy,
}

impl Kind {
    /// The word in messages and documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Schema => "schema",
            Kind::Extension => "extension",
            Kind::Type => "type",
            Kind::Sequence => "sequence",
            Kind::Function => "function",
            Kind::Table => "table",
            Kind::View => "view",
            Kind::Column => "column",
            Kind::Constraint => "constraint",
            Kind::Index => "index",
            Kind::Trigger => "trigger",
            Kind::Policy => "policy",
        }
    }
}

/// An object of either side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// The table that it is part of: `public.users`.
    pub table: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Its name, with its schema where it is part of no table; empty where it has none that is known.
    pub name: String,
}

/// What a side says, and the change that made it say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// In words.
    pub text: String,
    /// The change.
    pub at: Option<ChangeId>,
}

/// A difference that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub object: Object,
    /// Which of its facts; `None` where one side lacks the object.
    pub fact: Option<&'static str>,
    /// What the first says; `None` where it lacks the object.
    pub left: Option<Said>,
    /// What the second says.
    pub right: Option<Said>,
}

/// What cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The object.
    pub object: Object,
    /// Which of its facts; `None` for the object as such.
    pub fact: Option<&'static str>,
    /// On which side.
    pub side: Side,
    /// Why.
    pub gap: Gap,
}

/// What is left out of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Without {
    /// Tables of these names, in whatever schema, with all that is theirs: a runner's books.
    pub tables: Vec<Name>,
    /// The order of columns.
    pub order: bool,
    /// Names of constraints and indexes.
    pub names: bool,
    /// Comments.
    pub comments: bool,
    /// What is unknown on both sides for one cause: where one schema was made of the other, nothing has touched it since.
    pub untouched: bool,
}

/// The comparison of two schemas.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// In the order of the objects' names.
    pub differences: Vec<Difference>,
    /// In the same order.
    pub untold: Vec<Untold>,
    /// Facts that both sides have alike.
    pub alike: usize,
}

impl Comparison {
    /// Whether the two are the same; `None` where that cannot be told.
    #[must_use]
    pub fn is_equal(&self) -> Option<bool> {
        match (self.differences.is_empty(), self.untold.is_empty()) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        }
    }
}

/// Compares two schemas. Names are printed as a new connection would, whatever search path either history left behind.
#[must_use]
pub fn compare(left: &Schema, right: &Schema, without: &Without) -> Comparison {
    let mut out = compare_until(left, right, without, &|_| false);
    out.differences
        .sort_by(|a, b| place(&a.object).cmp(&place(&b.object)));
    out.untold
        .sort_by(|a, b| (place(&a.object), a.fact).cmp(&(place(&b.object), b.fact)));
    out.untold.dedup();
    out
}

/// The same up to a difference that says enough: what is left is in no order.
#[must_use]
pub fn compare_until(
    left: &Schema,
    right: &Schema,
    without: &Without,
    says_enough: &dyn Fn(&Difference) -> bool,
) -> Comparison {
    let connected = |schema: &Schema| {
        let mut schema = schema.clone();
        schema.search_path = vec![Name::new("public")];
        schema
    };
    let (left, right) = (connected(left), connected(right));
    let mut run = Run {
        left: &left,
        right: &right,
        without,
        says_enough,
        out: Comparison::default(),
    };
    run.all();
    run.out
}

/// A table stands before its parts, and what belongs to no table before the tables.
fn place(object: &Object) -> (bool, &str, Kind, &str) {
    let is_table = matches!(object.kind, Kind::Table | Kind::View);
    let table = match &object.table {
        Some(table) => table.as_str(),
        None if is_table => object.name.as_str(),
        None => "",
    };
    (!table.is_empty(), table, object.kind, &object.name)
}

/// A comparison under way.
struct Run<'s> {
    left: &'s Schema,
    right: &'s Schema,
    without: &'s Without,
    says_enough: &'s dyn Fn(&Difference) -> bool,
    out: Comparison,
}

/// Why an object that a side does not list may be there all the same.
type Hidden<'h> = &'h dyn Fn(&Item<'_>) -> Option<Gap>;

impl<'s> Run<'s> {
    fn is_enough(&self) -> bool {
        self.out.differences.iter().any(self.says_enough)
    }

    fn all(&mut self) {
        let (left, right) = (self.left, self.right);
        for (side, schema) in [(Side::Left, left), (Side::Right, right)] {
            for gap in &schema.gaps {
                self.untold_gap(gap, side);
            }
        }
        let both =
            |list: &dyn Fn(&'s Schema, &'s Schema) -> Vec<Item<'s>>| (list(left, right), list(right, left));
        let without = self.without;
        let lists = [
            both(&|schema, other| items::namespaces(schema, other)),
            both(&|schema, _| items::extensions(schema)),
            both(&|schema, other| items::types(schema, other)),
            both(&|schema, other| items::sequences(schema, other, without)),
            both(&|schema, other| items::functions(schema, other)),
        ];
        for (a, b) in lists {
            self.pair(a, b, &|i| hidden(left, i), &|i| hidden(right, i));
        }
        if !self.is_enough() {
            self.tables();
        }
    }

    fn tables(&mut self) {
        let (left, right) = (self.left, self.right);
        let all = |schema: &'s Schema| {
            let tables = schema.tables.iter().filter(|(id, t)| {
                let listed = t.presence.may_be() && t.extension.is_none() && !t.temporary;
                // What neither has touched since the one was made of the other.
                let same = left.tables.shares(&right.tables, *id);
                let system = schema.namespaces[t.namespace].system;
                listed && !same && !system && !self.without.tables.contains(&t.name)
            });
            tables
                .map(|(id, _)| relations::table(schema.table(id)))
                .collect::<Vec<_>>()
        };
        let (a, b) = (all(left), all(right));
        let both = self.pair(a, b, &|i| hidden(left, i), &|i| hidden(right, i));
        for (a, b) in both {
            let (Some(a), Some(b)) = (a, b) else { continue };
            if self.is_enough() {
                return;
            }
            self.parts(left.table(a), right.table(b));
        }
    }

    fn parts(&mut self, a: super::TableWalker<'s>, b: super::TableWalker<'s>) {
        let mut whole = true;
        for (side, table) in [(Side::Left, a), (Side::Right, b)] {
            if let Some(gap) = &table.get().presumed {
                let object = relations::object(table);
                self.untold(object, Some("parts"), side, gap.clone());
                whole = false;
            }
        }
        if !whole {
            return;
        }
        let mut open: Vec<(Section, Side, Gap)> = Vec::new();
        for (side, table) in [(Side::Left, a), (Side::Right, b)] {
            open.extend(table.get().open.iter().map(|(s, gap)| (*s, side, gap.clone())));
        }
        for (section, side, gap) in &open {
            self.untold(relations::object(a), Some(section.key()), *side, gap.clone());
        }
        if let Some(gap) = self
            .without
            .untouched
            .then(|| untouched::touched_triggers(a, b))
            .flatten()
        {
            self.untold(relations::object(a), Some("triggers"), Side::Both, gap);
        }
        let of = |table: super::TableWalker<'s>, section: Section| table.open(section).cloned();
        let columns = (parts::columns(a), parts::columns(b));
        // The columns of a table that inherits stand where its parents' stood when it was made.
        let inherits = [a, b].iter().any(|t| !t.get().inherits.is_empty());
        if !self.without.order && !inherits && open.iter().all(|(s, ..)| *s != Section::Columns) {
            self.order(a, &columns.0, &columns.1);
        }
        let hides = |table: super::TableWalker<'s>| move |_: &Item<'_>| of(table, Section::Columns);
        self.pair(columns.0, columns.1, &hides(a), &hides(b));
        let constraints = (parts::constraints(a), parts::constraints(b));
        let hides = |table: super::TableWalker<'s>| move |i: &Item<'_>| of(table, i.section?);
        self.pair(constraints.0, constraints.1, &hides(a), &hides(b));
        self.pair(parts::indexes(a), parts::indexes(b), &hides(a), &hides(b));
        let hides = |table: super::TableWalker<'s>| move |_: &Item<'_>| table.get().unlisted.clone();
        self.pair(parts::triggers(a), parts::triggers(b), &hides(a), &hides(b));
        self.pair(parts::policies(a), parts::policies(b), &hides(a), &hides(b));
    }

    /// Columns that both sides have, in another order.
    fn order(&mut self, table: super::TableWalker<'s>, a: &[Item<'s>], b: &[Item<'s>]) {
        let common = |list: &[Item<'s>], other: &[Item<'s>]| {
            let certain = |i: &&Item<'s>| matches!(i.there, There::Certain);
            let both = list.iter().filter(certain).filter(|i| {
                other
                    .iter()
                    .any(|o| o.object.name == i.object.name && matches!(o.there, There::Certain))
            });
            both.map(|i| i.object.name.clone()).collect::<Vec<_>>()
        };
        let (a, b) = (common(a, b), common(b, a));
        if a == b {
            self.out.alike += 1;
            return;
        }
        let said = |names: Vec<String>| {
            Some(Said {
                text: names.join(", "),
                at: None,
            })
        };
        self.out.differences.push(Difference {
            object: relations::object(table),
            fact: Some("order of columns"),
            left: said(a),
            right: said(b),
        });
    }

    /// Pairs objects and compares them; the tables of those that both sides certainly have.
    fn pair(
        &mut self,
        left: Vec<Item<'s>>,
        right: Vec<Item<'s>>,
        hidden_left: Hidden<'_>,
        hidden_right: Hidden<'_>,
    ) -> Vec<(Option<super::TableId>, Option<super::TableId>)> {
        let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
        for (at, item) in right.iter().enumerate() {
            if !item.object.name.is_empty() {
                by_name.insert(item.key(), at);
            }
        }
        let mut rest: Vec<Option<Item<'s>>> = right.into_iter().map(Some).collect();
        let (mut pairs, mut alone) = (Vec::new(), Vec::new());
        for item in left {
            let named = by_name.get(&item.key()).filter(|_| !item.object.name.is_empty());
            match named.and_then(|&at| rest.get_mut(at)).and_then(Option::take) {
                Some(other) => pairs.push((item, other)),
                None => alone.push(item),
            }
        }
        let mut rest: Vec<Item<'s>> = rest.into_iter().flatten().collect();
        let mut only_left = Vec::new();
        for item in alone {
            let alike = |other: &Item<'s>| item.signature.is_some() && item.signature == other.signature;
            match rest.iter().position(alike) {
                Some(at) => pairs.push((item, rest.remove(at))),
                None => only_left.push(item),
            }
        }
        let mut out = Vec::new();
        for (a, b) in pairs {
            if self.both(&a, &b) {
                out.push((a.of, b.of));
            }
        }
        for item in only_left {
            self.alone(item, Side::Left, hidden_right);
        }
        for item in rest {
            self.alone(item, Side::Right, hidden_left);
        }
        out
    }

    /// An object that one side lists alone.
    fn alone(&mut self, item: Item<'s>, side: Side, hidden: Hidden<'_>) {
        let other = match side {
            Side::Left => Side::Right,
            Side::Right | Side::Both => Side::Left,
        };
        if let There::Maybe(gap) = item.there {
            return self.untold(item.object, None, side, gap);
        }
        if [self.left, self.right]
            .iter()
            .any(|schema| items::takes_type_of_column(schema, &item))
        {
            let gap = Gap::not_given("a parameter has the type of a column", Reach::Rows);
            return self.untold(item.object, None, Side::Both, gap);
        }
        if let Some(gap) = hidden(&item).or_else(|| self.was_before(&item, other)) {
            return self.untold(item.object, None, other, gap);
        }
        let said = Some(Said {
            text: item.shown,
            at: item.at,
        });
        let (left, right) = match side {
            Side::Left => (said, None),
            Side::Right | Side::Both => (None, said),
        };
        self.out.differences.push(Difference {
            object: item.object,
            fact: None,
            left,
            right,
        });
    }

    /// Why an object may have been there before all that a side tells of: its first tables come from elsewhere.
    fn was_before(&self, item: &Item<'_>, side: Side) -> Option<Gap> {
        // Where one was made of the other, both were told of from the same moment on.
        if item.object.table.is_some() || self.without.untouched {
            return None;
        }
        let schema = match side {
            Side::Left => self.left,
            Side::Right | Side::Both => self.right,
        };
        schema.begins_elsewhere().cloned()
    }

    /// An object that both sides list; whether both certainly have it.
    fn both(&mut self, a: &Item<'s>, b: &Item<'s>) -> bool {
        let mut certain = true;
        for (item, side) in [(a, Side::Left), (b, Side::Right)] {
            if let There::Maybe(gap) = &item.there {
                self.untold(item.object.clone(), None, side, gap.clone());
                certain = false;
            }
        }
        if !certain {
            return false;
        }
        self.out.alike += 1;
        if a.object.name != b.object.name && !self.without.names {
            self.names(a, b);
        }
        for said in &a.facts {
            let Some(other) = b.facts.iter().find(|other| other.word == said.word) else {
                continue;
            };
            if said.word == "comment" && self.without.comments {
                continue;
            }
            let (x, y) = ((&said.told, self.left, a.of), (&other.told, self.right, b.of));
            match told::compare(x, y) {
                Verdict::Same => self.out.alike += 1,
                Verdict::Unknown(_)
                    if self.without.untouched
                        && a.object.table.is_some()
                        && untouched::for_one_cause(&said.told, &other.told)
                        && !self.retyped(a, b, said.word) => {}
                Verdict::Unknown(gap) => {
                    let side = told::side(&said.told, &other.told);
                    self.untold(a.object.clone(), Some(said.word), side, gap);
                }
                Verdict::Differs(()) => self.out.differences.push(Difference {
                    object: a.object.clone(),
                    fact: Some(said.word),
                    left: Some(Said {
                        text: told::shown(&said.told, self.left, a.of),
                        at: said.at.or(a.at),
                    }),
                    right: Some(Said {
                        text: told::shown(&other.told, self.right, b.of),
                        at: other.at.or(b.at),
                    }),
                }),
            }
        }
        true
    }

    /// Whether a change of a column's type may have changed an expression that is not known.
    fn retyped(&self, a: &Item<'s>, b: &Item<'s>, word: &str) -> bool {
        let (Some(x), Some(y)) = (a.of, b.of) else {
            return false;
        };
        let column = match (a.object.kind, word) {
            (Kind::Column, "default") => Some(a.object.name.as_str()),
            (Kind::Column, "generated") => None,
            (Kind::Column, _) => return false,
            _ => None,
        };
        untouched::retyped(self.left.table(x), self.right.table(y), column)
    }

    /// Two that say the same under names that differ, or of which one is not known.
    fn names(&mut self, a: &Item<'s>, b: &Item<'s>) {
        for (item, other, side) in [(a, b, Side::Left), (b, a, Side::Right)] {
            if let Some(gap) = &item.nameless {
                return self.untold(other.object.clone(), Some("name"), side, gap.clone());
            }
        }
        let said = |item: &Item<'s>| {
            Some(Said {
                text: item.object.name.clone(),
                at: item.at,
            })
        };
        self.out.differences.push(Difference {
            object: a.object.clone(),
            fact: Some("name"),
            left: said(a),
            right: said(b),
        });
    }

    fn untold(&mut self, object: Object, fact: Option<&'static str>, side: Side, gap: Gap) {
        self.out.untold.push(Untold {
            object,
            fact,
            side,
            gap,
        });
    }

    /// A gap that reaches beyond one object.
    fn untold_gap(&mut self, gap: &Gap, side: Side) {
        let name = match &gap.reach {
            Reach::Namespace(name) | Reach::Others(name) => name.clone(),
            Reach::Rows => return,
            Reach::Everything
            | Reach::Fact(_)
            | Reach::Section(..)
            | Reach::OthersOf(..)
            | Reach::Object(_) => String::new(),
        };
        let object = Object {
            table: None,
            kind: Kind::Schema,
            name,
        };
        self.untold(object, Some("what it holds"), side, gap.clone());
    }
}

/// The gap that could hide an object that a schema does not list.
fn hidden(schema: &Schema, item: &Item<'_>) -> Option<Gap> {
    let places: Vec<&Name> = item.namespace.iter().collect();
    schema.hiding_gap(&places).cloned()
}
