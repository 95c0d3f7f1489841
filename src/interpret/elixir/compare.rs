//! Equality and order of values: Elixir's order of terms (manual, "Kernel", "Term ordering").

use std::cmp::Ordering;
use std::rc::Rc;

use super::value::{Function, Map, Value};

impl Value {
    /// `==`; `None` where it cannot be told.
    #[must_use]
    pub fn same(&self, other: &Value) -> Option<bool> {
        equal(self, other, false)
    }

    /// `===`.
    #[must_use]
    pub fn identical(&self, other: &Value) -> Option<bool> {
        equal(self, other, true)
    }

    /// The order of terms; `None` where it cannot be told.
    #[must_use]
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::Integer(a), Value::Float(b)) => (*a as f64).partial_cmp(b),
            (Value::Float(a), Value::Integer(b)) => a.partial_cmp(&(*b as f64)),
            (Value::Atom(a), Value::Atom(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.as_str().cmp(b.as_str())),
            (Value::List(a), Value::List(b)) => in_order(a, b).map(|o| o.then(a.len().cmp(&b.len()))),
            (Value::Tuple(a), Value::Tuple(b)) => match a.len().cmp(&b.len()) {
                Ordering::Equal => in_order(a, b),
                unequal => Some(unequal),
            },
            (Value::Map(a), Value::Map(b)) => match a.entries.len().cmp(&b.entries.len()) {
                Ordering::Equal => map_order(a, b),
                unequal => Some(unequal),
            },
            _ => {
                let (a, b) = (rank(self)?, rank(other)?);
                if a == b { None } else { Some(a.cmp(&b)) }
            }
        }
    }
}

fn in_order(a: &[Value], b: &[Value]) -> Option<Ordering> {
    for (a, b) in a.iter().zip(b) {
        match a.order(b)? {
            Ordering::Equal => {}
            unequal => return Some(unequal),
        }
    }
    Some(Ordering::Equal)
}

fn map_order(a: &Map, b: &Map) -> Option<Ordering> {
    for ((a, _), (b, _)) in a.entries.iter().zip(&b.entries) {
        match a.order(b)? {
            Ordering::Equal => {}
            unequal => return Some(unequal),
        }
    }
    for ((_, a), (_, b)) in a.entries.iter().zip(&b.entries) {
        match a.order(b)? {
            Ordering::Equal => {}
            unequal => return Some(unequal),
        }
    }
    Some(Ordering::Equal)
}

/// number < atom < function < tuple < map < list < bitstring.
fn rank(value: &Value) -> Option<u8> {
    Some(match value {
        Value::Integer(_) | Value::Float(_) => 0,
        Value::Atom(_) => 1,
        Value::Function(_) => 2,
        Value::Tuple(_) | Value::Quoted(_) => 3,
        Value::Map(_) | Value::Range(..) => 4,
        Value::List(_) => 5,
        Value::Text(_) => 6,
        Value::Term(_) | Value::Unknown(_) => return None,
    })
}

fn equal(a: &Value, b: &Value, strict: bool) -> Option<bool> {
    match (a, b) {
        (Value::Unknown(unknown), other) | (other, Value::Unknown(unknown)) => {
            maybe_equal(unknown, other, strict)
        }
        (Value::Term(_), _) | (_, Value::Term(_)) => None,
        (Value::Atom(a), Value::Atom(b)) => Some(a == b),
        (Value::Integer(a), Value::Integer(b)) => Some(a == b),
        (Value::Float(a), Value::Float(b)) => Some(a == b),
        (Value::Integer(a), Value::Float(b)) | (Value::Float(b), Value::Integer(a)) => {
            Some(!strict && *a as f64 == *b)
        }
        (Value::Text(a), Value::Text(b)) => Some(a.as_str() == b.as_str()),
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => all_equal(a, b, strict),
        (Value::Map(a), Value::Map(b)) => maps_equal(a, b, strict),
        (Value::Range(a, b, c), Value::Range(x, y, z)) => Some((a, b, c) == (x, y, z)),
        (Value::Function(a), Value::Function(b)) => functions_equal(a, b),
        // Quoted forms are tuples whose metadata is not kept.
        (Value::Quoted(_), Value::Tuple(_) | Value::Quoted(_)) | (Value::Tuple(_), Value::Quoted(_)) => None,
        _ => Some(false),
    }
}

fn maybe_equal(unknown: &super::value::Unknown, other: &Value, strict: bool) -> Option<bool> {
    if !unknown.candidates.is_empty() {
        let mut answers = unknown.candidates.iter().map(|c| equal(c, other, strict));
        let first = answers.next()??;
        return answers.all(|answer| answer == Some(first)).then_some(first);
    }
    if unknown.pattern.is_empty() {
        return None;
    }
    // Text that is known in part is no other kind of value, and begins and ends as it does.
    match other {
        Value::Text(text) => {
            let text = text.as_str();
            let starts = match unknown.pattern.first() {
                Some(Some(start)) => text.starts_with(start.as_str()),
                _ => true,
            };
            let ends = match unknown.pattern.last() {
                Some(Some(end)) => text.ends_with(end.as_str()),
                _ => true,
            };
            (!starts || !ends).then_some(false)
        }
        Value::Unknown(_) | Value::Term(_) => None,
        _ => Some(false),
    }
}

/// False where one pair certainly differs, whatever else cannot be told.
fn all_equal(a: &[Value], b: &[Value], strict: bool) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    let mut all = Some(true);
    for (a, b) in a.iter().zip(b) {
        match equal(a, b, strict) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

fn maps_equal(a: &Map, b: &Map, strict: bool) -> Option<bool> {
    if a.entries.len() != b.entries.len() {
        return Some(false);
    }
    let mut all = Some(true);
    for ((ka, va), (kb, vb)) in a.entries.iter().zip(&b.entries) {
        match (equal(ka, kb, true), equal(va, vb, strict)) {
            (Some(false), _) | (_, Some(false)) => return Some(false),
            (Some(true), Some(true)) => {}
            _ => all = None,
        }
    }
    all
}

fn functions_equal(a: &Rc<Function>, b: &Rc<Function>) -> Option<bool> {
    if Rc::ptr_eq(a, b) {
        return Some(true);
    }
    match (&**a, &**b) {
        (
            Function::Named {
                module, name, arity, ..
            },
            Function::Named {
                module: m,
                name: n,
                arity: r,
                ..
            },
        ) => Some(module == m && name == n && arity == r),
        _ => None,
    }
}

impl Map {
    /// The value of a key that is an atom.
    #[must_use]
    pub fn get_atom(&self, key: &str) -> Option<&Value> {
        let found = |(k, _): &&(Value, Value)| k.as_atom() == Some(key);
        self.entries.iter().find(found).map(|(_, v)| v)
    }

    /// The value of a key: `Ok(None)` where it certainly has none, `Err` where that cannot be told.
    pub(super) fn get(&self, key: &Value) -> Result<Option<&Value>, ()> {
        let mut sure = true;
        for (k, v) in &self.entries {
            match k.identical(key) {
                Some(true) => return Ok(Some(v)),
                Some(false) => {}
                None => sure = false,
            }
        }
        if sure { Ok(None) } else { Err(()) }
    }

    /// Key and value, in Elixir's order of terms.
    #[must_use]
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }

    /// Sets a key. A key that cannot be told stands by itself.
    pub fn put(&mut self, key: Value, value: Value) {
        let (key, value) = (key.bounded(), value.bounded());
        self.depth = self.depth.max(key.depth() + 1).max(value.depth() + 1);
        if let Some(entry) = self
            .entries
            .iter_mut()
            .find(|(k, _)| k.identical(&key) == Some(true))
        {
            entry.1 = value;
            return;
        }
        // Of two numbers that are equal, the integer comes first.
        let before = |(k, _): &(Value, Value)| match k.order(&key) {
            Some(Ordering::Equal) => matches!((k, &key), (Value::Integer(_), Value::Float(_))),
            order => order == Some(Ordering::Less),
        };
        let at = self
            .entries
            .iter()
            .position(|e| !before(e))
            .unwrap_or(self.entries.len());
        self.entries.insert(at, (key, value));
    }

    /// Takes a key out.
    pub(super) fn remove(&mut self, key: &Value) {
        self.entries.retain(|(k, _)| k.identical(key) != Some(true));
    }
}
