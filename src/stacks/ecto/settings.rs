//! What the project's configuration says: `config/config.exs` and what it imports, run as Mix runs them.
//!
//! Source: Elixir's `Config` (manual, "Config"): `config app, key, options` merges keyword lists deeply; `config_env()` is taken to be
//! `:prod`, unless `--given MIX_ENV=...` says otherwise. `config/runtime.exs` is run after them, before anything starts (`Config.Provider`).

use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach};
use crate::source::Span;

/// The application environment as far as it is known. Cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    entries: Rc<Vec<Entry>>,
    /// Options that are set in one of two courses: by a variable of the environment that nobody tells, as a rule.
    perhaps: Rc<Vec<(Value, SmolStr)>>,
    /// What was set before `runtime.exs`, while that runs: what it sets in one of two courses alone is not set.
    base: Option<Rc<Vec<Entry>>>,
    /// Why there may be others.
    open: Option<Gap>,
}

/// What is read beside the settings, to tell what they leave open.
#[derive(Debug, Default)]
pub struct Beside {
    /// What programs see while they are compiled: what `runtime.exs` sets is not yet there.
    pub compiled: Option<Settings>,
    /// The configuration of development, where that of a server is not wholly in the repository.
    pub at_work: Option<Settings>,
    /// The files that were read at least in part.
    pub texts: Vec<Arc<str>>,
}

impl Beside {
    /// Whether a file that was read in part has a word.
    #[must_use]
    pub fn names(&self, word: &str) -> bool {
        self.texts.iter().any(|text| text.contains(word))
    }
}

#[derive(Debug, Clone)]
struct Entry {
    app: SmolStr,
    key: Value,
    value: Value,
    /// What was known of it before something was set that is not.
    before: Option<Value>,
}

impl Entry {
    fn is_of(&self, other: &Entry) -> bool {
        self.app == other.app && self.key.same(&other.key) == Some(true)
    }
}

impl Settings {
    /// `runtime.exs` begins.
    pub fn start(&mut self) {
        self.base = Some(self.entries.clone());
    }

    /// It has run.
    pub fn started(&mut self) {
        self.base = None;
    }

    /// `config app, key, value`.
    pub fn set(&mut self, app: &str, key: &Value, value: Value) {
        let entries = Rc::make_mut(&mut self.entries);
        let found = entries
            .iter_mut()
            .find(|entry| entry.app == app && entry.key.same(key) == Some(true));
        match found {
            Some(entry) => {
                if value.gap().is_some() && entry.before.is_none() {
                    entry.before = entry.value.as_keywords().is_some().then(|| entry.value.clone());
                }
                if let (Some(before), Some(_)) = (&entry.before, value.as_keywords()) {
                    entry.before = Some(merged(before, &value));
                }
                entry.value = merged(&entry.value, &value);
            }
            None => entries.push(Entry {
                app: SmolStr::new(app),
                key: key.clone(),
                value,
                before: None,
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
        self.repo(module).map(|entry| &entry.value)
    }

    /// One option of a repository. Where its options are not all known, what is known of them counts.
    #[must_use]
    pub fn of_repo_at(&self, module: &str, key: &str) -> Option<&Value> {
        let entry = self.repo(module)?;
        entry.before.as_ref().unwrap_or(&entry.value).keyword(key)
    }

    /// Why a repository may have options that are not known.
    #[must_use]
    pub fn doubt_of_repo(&self, module: &str) -> Option<Gap> {
        let own = self.repo(module).and_then(|entry| entry.value.gap());
        own.or_else(|| self.open.clone())
    }

    fn repo(&self, module: &str) -> Option<&Entry> {
        let key = Value::module(module);
        self.entries
            .iter()
            .find(|entry| entry.key.same(&key) == Some(true))
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

    /// Whether something of the configuration could not be followed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
            || !self.perhaps.is_empty()
            || self.entries.iter().any(|entry| entry.before.is_some())
    }

    /// Two courses come together.
    pub fn join(&mut self, other: &Settings, gap: &Gap) {
        if Rc::ptr_eq(&self.entries, &other.entries) {
            return;
        }
        let base = self.base.clone();
        let base = base.as_deref();
        if base.is_some() {
            self.note_perhaps(other);
        }
        let entries = Rc::make_mut(&mut self.entries);
        if base.is_some() {
            entries.retain(|entry| other.entries.iter().any(|other| other.is_of(entry)));
        }
        for entry in entries.iter_mut() {
            let theirs = other.entries.iter().find(|other| other.is_of(entry));
            let before = base.and_then(|base| base.iter().find(|before| before.is_of(entry)));
            let joining = Joining {
                gap,
                starts: base.is_some(),
            };
            entry.value = match theirs {
                Some(other) => {
                    joining.joined(&entry.value, &other.value, before.map(|before| &before.value), 0)
                }
                None => Value::unknown(gap.clone()),
            };
        }
        for other in other.entries.iter() {
            let known = entries.iter().any(|entry| entry.is_of(other));
            if !known && base.is_none() {
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

impl Settings {
    /// Notes the options that one of two courses sets and the other does not.
    fn note_perhaps(&mut self, other: &Settings) {
        let mut found: Vec<(Value, SmolStr)> = other.perhaps.to_vec();
        for (ours, theirs) in [
            (&*self.entries, &*other.entries),
            (&*other.entries, &*self.entries),
        ] {
            for entry in ours {
                let held = theirs
                    .iter()
                    .find(|other| other.is_of(entry))
                    .map(|other| &other.value);
                for (key, _) in entry.value.as_keywords().unwrap_or_default() {
                    if held.is_none_or(|held| held.gap().is_none() && held.keyword(key).is_none()) {
                        found.push((entry.key.clone(), SmolStr::new(key)));
                    }
                }
            }
        }
        for (module, key) in found {
            if !self.is_perhaps(&module, &key) {
                Rc::make_mut(&mut self.perhaps).push((module, key));
            }
        }
    }

    fn is_perhaps(&self, module: &Value, key: &str) -> bool {
        self.perhaps
            .iter()
            .any(|(other, name)| name == key && other.same(module) == Some(true))
    }

    /// Whether a repository has an option in one of two courses alone.
    #[must_use]
    pub fn is_perhaps_of_repo(&self, module: &str, key: &str) -> bool {
        self.is_perhaps(&Value::module(module), key)
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

/// Two courses that come together.
struct Joining<'g> {
    gap: &'g Gap,
    /// The application starts: what a variable of the environment alone changes is as it was before.
    starts: bool,
}

impl Joining<'_> {
    fn joined(&self, a: &Value, b: &Value, base: Option<&Value>, depth: usize) -> Value {
        if a.same(b) == Some(true) {
            return a.clone();
        }
        let (Some(ours), Some(theirs), true) = (a.as_keywords(), b.as_keywords(), depth < 8) else {
            let is_base = |value: &Value| base.is_some_and(|base| value.same(base) == Some(true));
            return match base.filter(|_| self.starts && (is_base(a) || is_base(b))) {
                Some(base) => base.clone(),
                None => Value::one_of(vec![a.clone(), b.clone()], self.gap.clone()),
            };
        };
        let mut out = Vec::new();
        for (key, value) in &ours {
            let other = theirs.iter().find(|(name, _)| name == key);
            let base = base.and_then(|base| base.keyword(key));
            let value = match other {
                Some((_, other)) => self.joined(value, other, base, depth + 1),
                None if self.starts => continue,
                None => Value::one_of(vec![(*value).clone(), Value::nil()], self.gap.clone()),
            };
            out.push((SmolStr::new(key), value));
        }
        for (key, value) in theirs {
            if !self.starts && !ours.iter().any(|(name, _)| *name == key) {
                out.push((
                    SmolStr::new(key),
                    Value::one_of(vec![value.clone(), Value::nil()], self.gap.clone()),
                ));
            }
        }
        Value::keywords(out)
    }
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
