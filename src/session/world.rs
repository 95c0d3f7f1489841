//! What a fork copies: the database, the settings, and the variables of the functions that run.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::flow::Flow;
use super::value::Value;
use crate::known::Gap;
use crate::name::{Name, QualifiedName};
use crate::replay::Database;

/// Everything that one course of events may change.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The simulated database.
    pub(super) database: Database,
    /// Settings that were set in this session, lower case.
    pub(super) settings: Arc<BTreeMap<SmolStr, Value>>,
    /// What `SET LOCAL` hides, to be put back at the end of the transaction.
    pub(super) local: Arc<Vec<(SmolStr, Option<Value>)>>,
    /// Enum labels added in this transaction to types that are older than it.
    pub(super) new_labels: Arc<Vec<(QualifiedName, SmolStr)>>,
    /// Functions that run, innermost last.
    pub(super) frames: Vec<Frame>,
    /// The state of the database: a number that no other state of it has.
    pub(super) version: u64,
    /// The same for all but rows.
    pub(super) schema_version: u64,
    /// What a COMMIT or ROLLBACK within the present statement has left lasting.
    pub(super) committed: Option<Arc<World>>,
}

/// One run of a function body or `DO` block.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    /// The function's name, for `function.parameter`.
    pub(super) name: Option<Name>,
    /// Blocks, innermost last.
    pub(super) scopes: Vec<Scope>,
    /// `$1`, `$2`, ...
    pub(super) params: Vec<Value>,
    /// `FOUND`.
    pub(super) found: Option<Value>,
    /// What `RETURN` gave.
    pub(super) result: Option<Value>,
    /// Whether `RETURN NEXT` or `RETURN QUERY` ran.
    pub(super) returned_rows: bool,
    /// The condition that a handler works on.
    pub(super) caught: Vec<Value>,
}

/// Variables of one block.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) label: Option<Name>,
    pub(super) variables: Vec<Variable>,
}

/// A variable.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: Name,
    /// The type as spelled, lower case: what assignments are cast to. Empty for records and loop variables.
    pub(super) ty: SmolStr,
    pub(super) value: Value,
    /// An alias of another variable.
    pub(super) alias: Option<Name>,
}

impl World {
    pub(super) fn new(database: Database) -> Self {
        World {
            database,
            settings: Arc::default(),
            local: Arc::default(),
            new_labels: Arc::default(),
            frames: Vec::new(),
            version: 0,
            schema_version: 0,
            committed: None,
        }
    }

    /// What is known when either of two courses was taken that both began at `base`; where they differ the caller numbers it.
    pub(super) fn join(self, other: World, base: &World, gap: &Gap) -> World {
        let same = self.version == other.version;
        let (version, schema_version) = (self.version, self.schema_version);
        let database = if same {
            self.database
        } else {
            self.database.join(other.database, &base.database, gap)
        };
        World {
            database,
            settings: join_settings(self.settings, &other.settings, gap),
            local: if self.local.len() >= other.local.len() {
                self.local
            } else {
                other.local
            },
            // A label counts as new only where it is on both courses.
            new_labels: if self.new_labels == other.new_labels {
                self.new_labels
            } else {
                let both = self.new_labels.iter().filter(|l| other.new_labels.contains(l));
                Arc::new(both.cloned().collect())
            },
            frames: join_frames(self.frames, other.frames, gap),
            version,
            schema_version,
            committed: self.committed,
        }
    }

    /// Whether nothing has happened in either that did not happen in the other: both are what they came from.
    pub(super) fn is_still(&self, other: &World) -> bool {
        let idle = |world: &World| world.frames.is_empty() && world.committed.is_none();
        self.version == other.version
            && self.schema_version == other.schema_version
            && idle(self)
            && idle(other)
            && Arc::ptr_eq(&self.settings, &other.settings)
            && Arc::ptr_eq(&self.local, &other.local)
            && Arc::ptr_eq(&self.new_labels, &other.new_labels)
    }

    /// Whether both have committed and rolled back the same within the present statement.
    pub(super) fn same_commits(&self, other: &World) -> bool {
        match (&self.committed, &other.committed) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Whether the courses differ in what the database may hold.
    pub(super) fn same_schema(&self, other: &World) -> bool {
        self.schema_version == other.schema_version
    }

    /// Takes back everything but the variables: what the end of a subtransaction does.
    pub(super) fn roll_back_to(&mut self, before: &World) {
        self.database = before.database.clone();
        self.settings = before.settings.clone();
        self.local = before.local.clone();
        self.new_labels = before.new_labels.clone();
        self.version = before.version;
        self.schema_version = before.schema_version;
    }

    /// Finds a variable: innermost block first.
    pub(super) fn variable(&self, name: &Name) -> Option<&Variable> {
        let frame = self.frames.last()?;
        let found = frame
            .scopes
            .iter()
            .rev()
            .find_map(|s| s.variables.iter().rev().find(|v| v.name == *name))?;
        match &found.alias {
            Some(alias) if alias != name => self.variable(alias),
            Some(_) => None,
            None => Some(found),
        }
    }

    /// Every name that the running body gives to its statements: variables, and what may stand before one.
    pub(super) fn names_given(&self) -> Vec<Name> {
        let Some(frame) = self.frames.last().filter(|frame| !frame.scopes.is_empty()) else {
            return Vec::new();
        };
        let of_all = ["found", "sqlstate", "sqlerrm"].map(Name::new);
        let scopes = frame.scopes.iter();
        scopes
            .flat_map(|scope| scope.label.iter().chain(scope.variables.iter().map(|v| &v.name)))
            .chain(&frame.name)
            .cloned()
            .chain(of_all)
            .collect()
    }

    /// A variable of a labelled block or of the function's own name.
    pub(super) fn labelled(&self, label: &Name, name: &Name) -> Option<&Variable> {
        let frame = self.frames.last()?;
        let scope = frame
            .scopes
            .iter()
            .rev()
            .find(|s| s.label.as_ref() == Some(label))
            .or_else(|| {
                frame
                    .scopes
                    .first()
                    .filter(|_| frame.name.as_ref() == Some(label))
            })?;
        scope.variables.iter().rev().find(|v| v.name == *name)
    }

    /// The variable to be assigned.
    pub(super) fn variable_mut(&mut self, name: &Name) -> Option<&mut Variable> {
        let mut name = name.clone();
        for _ in 0..8 {
            let found = self.variable_here(&name)?;
            match &found.alias {
                Some(alias) => name = alias.clone(),
                None => return self.variable_here_mut(&name),
            }
        }
        None
    }

    fn variable_here(&self, name: &Name) -> Option<&Variable> {
        let scopes = &self.frames.last()?.scopes;
        scopes
            .iter()
            .rev()
            .find_map(|s| s.variables.iter().rev().find(|v| v.name == *name))
    }

    fn variable_here_mut(&mut self, name: &Name) -> Option<&mut Variable> {
        let scopes = &mut self.frames.last_mut()?.scopes;
        scopes
            .iter_mut()
            .rev()
            .find_map(|s| s.variables.iter_mut().rev().find(|v| v.name == *name))
    }

    /// The innermost running body.
    pub(super) fn frame(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }
}

fn join_settings(
    a: Arc<BTreeMap<SmolStr, Value>>,
    b: &Arc<BTreeMap<SmolStr, Value>>,
    gap: &Gap,
) -> Arc<BTreeMap<SmolStr, Value>> {
    if Arc::ptr_eq(&a, b) {
        return a;
    }
    let mut out = (*a).clone();
    for (key, value) in &mut out {
        let other = b.get(key).cloned().unwrap_or_else(|| Value::Unknown(gap.clone()));
        *value = std::mem::replace(value, Value::Null).join(other, gap);
    }
    for key in b.keys() {
        out.entry(key.clone())
            .or_insert_with(|| Value::Unknown(gap.clone()));
    }
    Arc::new(out)
}

fn join_frames(a: Vec<Frame>, b: Vec<Frame>, gap: &Gap) -> Vec<Frame> {
    a.into_iter().zip(b).map(|(a, b)| join_frame(a, b, gap)).collect()
}

fn join_frame(a: Frame, b: Frame, gap: &Gap) -> Frame {
    let optional = |a: Option<Value>, b: Option<Value>| match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(Value::Null).join(b.unwrap_or(Value::Null), gap)),
    };
    Frame {
        name: a.name,
        scopes: a
            .scopes
            .into_iter()
            .zip(b.scopes)
            .map(|(a, b)| join_scope(a, b, gap))
            .collect(),
        params: a.params,
        found: optional(a.found, b.found),
        result: optional(a.result, b.result),
        returned_rows: a.returned_rows || b.returned_rows,
        caught: a.caught,
    }
}

fn join_scope(a: Scope, b: Scope, gap: &Gap) -> Scope {
    Scope {
        label: a.label,
        variables: a
            .variables
            .into_iter()
            .zip(b.variables)
            .map(|(a, b)| Variable {
                value: a.value.join(b.value, gap),
                ..a
            })
            .collect(),
    }
}

/// One of several courses that a statement may take.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// How it ends.
    pub(super) flow: Flow,
    /// What holds then.
    pub(super) world: World,
    /// Why it cannot be told whether it is taken.
    pub(super) gap: Gap,
}
