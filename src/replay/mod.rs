//! The simulated PostgreSQL database: takes changes, answers questions, forks, joins and rolls back.
//!
//! Rolling back is dropping a clone: [`Database`] is cheap to clone. What a statement does is in the file of its noun; each
//! works on a copy of the database that is thrown away when the server would refuse the statement.

mod add_column;
mod alter_column;
mod alter_table;
mod alter_type;
#[allow(dead_code, reason = "called as the statements that need it are replayed")]
pub(crate) mod analyse;
mod apply;
mod as_stored;
mod ask;
mod column;
mod comment;
mod constraint;
mod constraint_by_name;
mod create_table;
mod depend;
mod domain;
mod drop;
mod drop_named;
mod error;
mod extension;
mod follow;
mod foreign_key;
mod function;
mod index;
mod inherit;
mod join;
mod journal;
mod like;
mod lineage;
mod naming;
mod open;
mod parents;
mod perhaps;
mod reads;
mod rename;
mod resolve;
mod rows;
mod sequence;
mod stored;
mod taken;
mod trigger;
mod types;
mod view;

pub(crate) use analyse::query_shape;
pub use as_stored::as_stored;
pub use journal::{Journal, Mark, Origin, Tail};

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::change::{Applied, Change, Question};
use crate::config::Given;
use crate::known::{ChangeId, Gap, Presence, Reach, Section, Truth};
use crate::name::{Name, QualifiedName};
use crate::schema::{Arena, ArenaId, Names, Namespace, Relation, RelationKind, Rows, Schema, TableId};
use crate::source::{FileId, Span};

/// Position in the list of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PlaceId(u32);

impl ArenaId for PlaceId {
    fn from_index(index: usize) -> Self {
        PlaceId(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a name came to be free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// Its object was dropped.
    Dropped(ChangeId),
    /// Its object has another name since.
    Renamed(ChangeId),
    /// Its object lives in another schema since.
    Moved(ChangeId),
}

/// A database at one moment of a replay. Its clones share everything until one of them is changed.
#[derive(Debug, Clone)]
pub struct Database(Arc<State>);

impl Deref for Database {
    type Target = State;
    fn deref(&self) -> &State {
        &self.0
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut State {
        Arc::make_mut(&mut self.0)
    }
}

/// What a database is at one moment.
#[derive(Debug, Clone)]
pub struct State {
    schema: Schema,
    version: u32,
    /// Relation names that the history freed: what uses one of them fails, where a name never seen is presumed.
    gone_relations: Names<Gone>,
    /// Type names that the history freed.
    gone_types: Names<Gone>,
    /// Schemas and extensions that the history dropped.
    gone_others: Names<Gone>,
    /// A rule, or a trigger that could not be read, may make something else of rows that are inserted.
    rewrites: bool,
    /// Names that indexes may have which no table lists.
    taken: taken::Taken,
    /// Where each change that was applied stands, for messages.
    places: Arena<PlaceId, (ChangeId, Span)>,
}

/// Who brought the tables that a migration runner keeps for itself, as an extension would.
const RUNNER: &str = "migration runner";

/// The origin of what the server or the surroundings made before any migration.
const INITIAL: ChangeId = ChangeId(u32::MAX);

impl Database {
    /// The major version of the server.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// A database as its server makes it, with what is given.
    #[must_use]
    pub fn new(given: &Given) -> Self {
        let mut schema = Schema {
            search_path: given.search_path.clone(),
            ..Schema::default()
        };
        let mut namespace = |name: &Name, system: bool| {
            if schema.namespace(name).is_none() {
                schema.namespaces.push(Namespace {
                    name: name.clone(),
                    presence: Presence::Present(INITIAL),
                    system,
                    presumed: None,
                });
            }
        };
        for system in ["pg_catalog", "information_schema", "pg_temp"] {
            namespace(&Name::new(system), true);
        }
        namespace(&Name::new("public"), false);
        for name in &given.schemas {
            namespace(name, false);
        }
        for name in &given.platform_schemas {
            let why = format!("schema {name} is the platform's");
            let id = schema.namespace(name).unwrap_or_else(|| {
                schema.namespaces.push(Namespace {
                    name: name.clone(),
                    presence: Presence::Present(INITIAL),
                    system: true,
                    presumed: None,
                })
            });
            let gap = Gap::not_given(why, Reach::Namespace(name.to_string()));
            schema.namespaces[id].presumed = Some(gap);
        }
        runner_tables(&mut schema, given);
        let mut database = Database::of(schema, given);
        for (name, schema) in &given.extensions {
            let span = Span::new(FileId(0), 0, 0);
            let change = Change::CreateExtension {
                name: name.clone(),
                if_not_exists: true,
                schema: Some(schema.clone()),
                cascade: true,
                span,
            };
            database.apply(&change, INITIAL, span);
        }
        database
    }

    /// A database that holds a schema. What was there before and is no more is not known of it.
    #[must_use]
    pub fn of(schema: Schema, given: &Given) -> Self {
        Database(Arc::new(State {
            schema,
            version: given.postgres_version,
            gone_relations: Names::default(),
            gone_types: Names::default(),
            gone_others: Names::default(),
            rewrites: false,
            taken: taken::Taken::new(),
            places: Arena::default(),
        }))
    }

    /// What it holds.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Applies one change, whole or not at all; `id` is its origin, `at` its place. Where it cannot be told whether the server
    /// takes it, the database is as after success: a history is taken to have been applied.
    pub fn apply(&mut self, change: &Change, id: ChangeId, at: Span) -> Applied {
        apply::apply(self, change, id, at)
    }

    /// Answers a question about the schema as it stands.
    #[must_use]
    pub fn ask(&self, question: &Question) -> Truth {
        ask::ask(self, question)
    }

    /// What is known when either of two courses was taken that both began at `base`.
    #[must_use]
    pub fn join(self, other: Database, base: &Database, gap: &Gap) -> Database {
        join::join(self, other, base, gap)
    }

    /// Sets the search path (`SET search_path`).
    pub fn set_search_path(&mut self, path: Vec<Name>) {
        self.schema.search_path = path;
    }

    /// Rows may have come to a table or left it, to its partitions and children, and to tables that refer to it; `None`: to any
    /// table.
    pub fn touch_rows(&mut self, table: Option<TableId>) {
        let ids: Vec<TableId> = match table {
            None => self.schema.tables.iter().map(|(id, _)| id).collect(),
            Some(id) => {
                let mut ids = vec![id];
                let mut next = 0;
                while let Some(id) = ids.get(next).copied() {
                    next += 1;
                    for dependent in self.schema.tables[id].dependents.clone() {
                        if !ids.contains(&dependent) {
                            ids.push(dependent);
                        }
                    }
                }
                ids
            }
        };
        for id in ids {
            if self.schema.tables[id].rows != Rows::Unknown
                && let Some(table) = self.schema.tables.get_mut(id)
            {
                table.rows = Rows::Unknown;
            }
        }
    }

    /// Leaves open what a change would have done that the server refuses: a database that is past it may have that.
    pub fn perhaps(&mut self, change: &Change, gap: &Gap, id: ChangeId, at: Span) {
        perhaps::perhaps(self, change, gap, id, at);
    }

    /// Something beside the history may have made a table that the history does not make. Whether there is such a table is answered.
    pub fn may_have(&mut self, name: &QualifiedName, gap: &Gap, id: ChangeId) -> bool {
        open::may_have(self, name, gap, id)
    }

    /// Leaves open what a gap reaches: everything that it could have changed is unknown from now on.
    pub fn open(&mut self, gap: Gap) {
        open::open(self, gap);
    }
}

/// Tables that the migration runner keeps for itself: there, of unknown shape, and not listed.
fn runner_tables(schema: &mut Schema, given: &Given) {
    let found = given.search_path.iter().find_map(|place| schema.namespace(place));
    let Some(namespace) = found else {
        return;
    };
    for name in &given.runner_tables {
        let why = format!("{name} is the migration runner's own table");
        let gap = Gap::not_given(why, Reach::Object(name.to_string()));
        let mut table = resolve::blank_table(namespace, name.clone(), RelationKind::Table, INITIAL);
        table.open = Section::ALL
            .into_iter()
            .map(|section| (section, gap.clone()))
            .collect();
        table.presumed = Some(gap);
        table.rows = Rows::Unknown;
        table.extension = Some(Name::new(RUNNER));
        let id = schema.tables.push(table);
        schema
            .relation_names
            .insert(namespace, name.clone(), Relation::Table(id));
    }
}
