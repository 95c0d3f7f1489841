//! What the project's configuration says: `config/config.exs` and what it imports, run as Mix runs them.
//!
//! Source: Elixir's `Config` (manual, "Config"): `config app, key, options` merges keyword lists deeply; `config_env()` is taken to be
//! `:prod`, unless `--given MIX_ENV=...` says otherwise.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach};
use crate::source::Span;

/// The application environment as far as it is known. Cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    entries: Rc<Vec<Entry>>,
    /// Why there may be others.
    open: Option<Gap>,
}

#[derive(Debug, Clone)]
struct Entry {
    app: SmolStr,
    key: Value,
    value: Value,
}

impl Settings {
    /// `config app, key, value`.
    pub fn set(&mut self, app: &str, key: &Value, value: Value) {
        let entries = Rc::make_mut(&mut self.entries);
        let found = entries
            .iter_mut()
            .find(|entry| entry.app == app && entry.key.same(key) == Some(true));
        match found {
            Some(entry) => entry.value = merged(&entry.value, &value),
            None => entries.push(Entry {
                app: SmolStr::new(app),
                key: key.clone(),
                value,
            }),
        }
    }

    /// The value of a key of an application; `Err` where it cannot be told whether there is one.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub fn get(&self, app: &str, key: &Value) -> Result<Option<&Value>, Gap> {
        let found = self
            .entries
            .iter()
            .find(|entry| entry.app == app && entry.key.same(key) == Some(true));
        match (found, &self.open) {
            (Some(entry), _) => Ok(Some(&entry.value)),
            (None, Some(gap)) => Err(gap.clone()),
            (None, None) => Ok(None),
        }
    }

    /// The options of a repository, whatever its application.
    #[must_use]
    pub fn of_repo(&self, module: &str) -> Option<&Value> {
        let key = Value::module(module);
        let mut found = self
            .entries
            .iter()
            .filter(|entry| entry.key.same(&key) == Some(true));
        found.next().map(|entry| &entry.value)
    }

    /// All keys of an application that are known.
    #[must_use]
    pub fn all(&self, app: &str) -> Value {
        let pairs = self.entries.iter().filter(|entry| entry.app == app);
        Value::list(
            pairs
                .map(|entry| Value::tuple(vec![entry.key.clone(), entry.value.clone()]))
                .collect(),
        )
    }

    /// Something of the configuration could not be followed.
    pub fn leave_open(&mut self, gap: Gap) {
        self.open.get_or_insert(gap);
    }

    /// Two courses come together.
    pub fn join(&mut self, other: &Settings, gap: &Gap) {
        if Rc::ptr_eq(&self.entries, &other.entries) {
            return;
        }
        let entries = Rc::make_mut(&mut self.entries);
        for entry in entries.iter_mut() {
            let theirs = other
                .entries
                .iter()
                .find(|other| other.app == entry.app && other.key.same(&entry.key) == Some(true));
            entry.value = match theirs {
                Some(other) => joined(&entry.value, &other.value, gap, 0),
                None => Value::unknown(gap.clone()),
            };
        }
        for other in other.entries.iter() {
            let known = entries
                .iter()
                .any(|entry| entry.app == other.app && entry.key.same(&other.key) == Some(true));
            if !known {
                entries.push(Entry {
                    value: Value::unknown(gap.clone()),
                    ..other.clone()
                });
            }
        }
        if self.open.is_none() {
            self.open.clone_from(&other.open);
        }
    }
}

/// `Config`'s deep merge: keyword lists key by key, everything else is replaced.
fn merged(old: &Value, new: &Value) -> Value {
    let (Some(before), Some(after)) = (old.as_keywords(), new.as_keywords()) else {
        return new.clone();
    };
    if before.is_empty() && !after.is_empty() && old.as_list().is_none() {
        return new.clone();
    }
    let mut out: Vec<(SmolStr, Value)> = before
        .iter()
        .filter(|(key, _)| !after.iter().any(|(other, _)| other == key))
        .map(|(key, value)| (SmolStr::new(key), (*value).clone()))
        .collect();
    for (key, value) in after {
        let old = before.iter().find(|(other, _)| *other == key);
        let value = old.map_or_else(|| value.clone(), |(_, old)| merged(old, value));
        out.push((SmolStr::new(key), value));
    }
    Value::keywords(out)
}

fn joined(a: &Value, b: &Value, gap: &Gap, depth: usize) -> Value {
    if a.same(b) == Some(true) {
        return a.clone();
    }
    let (Some(ours), Some(theirs), true) = (a.as_keywords(), b.as_keywords(), depth < 8) else {
        return Value::one_of(vec![a.clone(), b.clone()], gap.clone());
    };
    let mut out = Vec::new();
    for (key, value) in &ours {
        let other = theirs.iter().find(|(name, _)| name == key);
        let value = match other {
            Some((_, other)) => joined(value, other, gap, depth + 1),
            None => Value::one_of(vec![(*value).clone(), Value::nil()], gap.clone()),
        };
        out.push((SmolStr::new(key), value));
    }
    for (key, value) in theirs {
        if !ours.iter().any(|(name, _)| *name == key) {
            out.push((
                SmolStr::new(key),
                Value::one_of(vec![value.clone(), Value::nil()], gap.clone()),
            ));
        }
    }
    Value::keywords(out)
}

/// Why a value of the configuration is not known.
#[must_use]
pub fn not_read(what: &str, at: Span) -> Gap {
    Gap::new(
        at,
        format!("what the configuration says of {what} cannot be told"),
        Reach::Rows,
    )
}
