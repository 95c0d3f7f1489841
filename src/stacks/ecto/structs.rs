//! The structs that `table`, `index`, `constraint` and `references` give: Elixir values, which the program may take apart.
//!
//! Source: `Ecto.Migration` (`ecto_sql` 3.13, lib/ecto/migration.ex).

use smol_str::SmolStr;

use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach};
use crate::source::{Span, Text};

/// `Ecto.Migration.Table`.
pub const TABLE: &str = "Ecto.Migration.Table";
/// `Ecto.Migration.Index`.
pub const INDEX: &str = "Ecto.Migration.Index";
/// `Ecto.Migration.Constraint`.
pub const CONSTRAINT: &str = "Ecto.Migration.Constraint";
/// `Ecto.Migration.Reference`.
pub const REFERENCE: &str = "Ecto.Migration.Reference";

/// The field that says that an option could not be told; Ecto has none of this name.
pub const OPEN: &str = "__open__";

/// Options as a list of pairs, and why there may be others.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// In order.
    pub pairs: Vec<(SmolStr, Value)>,
    /// There may be others.
    pub open: Option<Gap>,
}

impl Given {
    /// Reads options.
    #[must_use]
    pub fn of(value: Option<&Value>) -> Self {
        let mut out = Given::default();
        match value {
            None => {}
            Some(Value::List(items)) => {
                for item in items.iter() {
                    match item.as_pair() {
                        Some((key, value)) => out.pairs.push((SmolStr::new(key), value.clone())),
                        None => out.open = out.open.or(item.gap()),
                    }
                }
            }
            Some(other) => out.open = other.gap(),
        }
        out
    }

    /// The first value of an option, as `Keyword.get` finds it; `nil` is none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.fetch(key).filter(|value| !value.is_nil())
    }

    /// The first value of an option, `nil` too.
    #[must_use]
    pub fn fetch(&self, key: &str) -> Option<&Value> {
        self.pairs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// `Keyword.merge(self, other)`.
    #[must_use]
    pub fn merge(mut self, other: Given) -> Given {
        self.pairs.retain(|(key, _)| other.fetch(key).is_none());
        self.pairs.extend(other.pairs);
        self.open = self.open.or(other.open);
        self
    }

    /// Takes an option out.
    pub fn pop(&mut self, key: &str) -> Option<Value> {
        let value = self.fetch(key).cloned();
        self.pairs.retain(|(name, _)| name != key);
        value
    }

    /// A struct of these options over the defaults, as `struct!` makes it: what it has no field for is left out.
    fn structure(self, module: &str, defaults: &[(&str, Value)]) -> Value {
        let mut fields: Vec<(SmolStr, Value)> = defaults
            .iter()
            .map(|(key, value)| (SmolStr::new(key), value.clone()))
            .collect();
        for (key, value) in self.pairs {
            if let Some(field) = fields.iter_mut().find(|(name, _)| *name == key) {
                field.1 = value;
            }
        }
        if let Some(gap) = self.open {
            fields.push((SmolStr::new(OPEN), Value::unknown(gap)));
        }
        Value::structure(module, fields)
    }
}

/// The name of a table as given, an atom or a string: a string that knows its place.
#[must_use]
pub fn name(value: &Value, at: Span) -> Value {
    match value.as_atom() {
        Some(atom) => Value::text(atom, at),
        None => value.clone(),
    }
}

/// `table(name, options)`.
#[must_use]
pub fn table(table: &Value, options: Option<&Value>, at: Span) -> Value {
    let defaults = [
        ("name", name(table, at)),
        ("prefix", Value::nil()),
        ("comment", Value::nil()),
        ("primary_key", Value::truth(true)),
        ("engine", Value::nil()),
        ("options", Value::nil()),
        ("modifiers", Value::nil()),
    ];
    Given::of(options).structure(TABLE, &defaults)
}

/// `index(table, columns, options)`.
#[must_use]
pub fn index(table: &Value, columns: &Value, options: Given, at: Span) -> Value {
    let columns = match columns.as_atom() {
        Some(_) => Value::list(vec![columns.clone()]),
        None => columns.clone(),
    };
    let table = name(table, at);
    let named = options.pairs.iter().rev().find(|(key, _)| key == "name");
    let own = named.map(|(_, name)| name).filter(|name| !name.is_nil()).cloned();
    let default = own.unwrap_or_else(|| default_index_name(&table, &columns, at));
    let defaults = [
        ("table", table),
        ("prefix", Value::nil()),
        ("name", Value::nil()),
        ("columns", columns),
        ("unique", Value::truth(false)),
        ("concurrently", Value::truth(false)),
        ("using", Value::nil()),
        ("include", Value::list(Vec::new())),
        ("only", Value::truth(false)),
        ("nulls_distinct", Value::nil()),
        ("where", Value::nil()),
        ("comment", Value::nil()),
        ("options", Value::nil()),
    ];
    let mut options = options;
    options.pairs.retain(|(key, _)| key != "name");
    options.pairs.push((SmolStr::new("name"), default));
    options.structure(INDEX, &defaults)
}

/// `constraint(table, name, options)`.
#[must_use]
pub fn constraint(table: &Value, constraint: &Value, options: Option<&Value>, at: Span) -> Value {
    let defaults = [
        ("name", constraint.clone()),
        ("table", name(table, at)),
        ("check", Value::nil()),
        ("exclude", Value::nil()),
        ("prefix", Value::nil()),
        ("comment", Value::nil()),
        ("validate", Value::truth(true)),
    ];
    Given::of(options).structure(CONSTRAINT, &defaults)
}

/// `references(table, options)`; the options have the repository's settings merged in.
#[must_use]
pub fn reference(table: &Value, options: Given, own: Option<&Value>, at: Span) -> Value {
    let prefix = Given::of(own).fetch("prefix").cloned();
    let kept = prefix.map(|prefix| (SmolStr::new("prefix"), prefix));
    let defaults = [
        ("name", Value::nil()),
        ("prefix", Value::nil()),
        ("table", name(table, at)),
        ("column", Value::atom("id")),
        ("type", Value::atom("bigserial")),
        ("on_delete", Value::atom("nothing")),
        ("on_update", Value::atom("nothing")),
        ("validate", Value::truth(true)),
        ("with", Value::list(Vec::new())),
        ("match", Value::nil()),
        ("options", Value::nil()),
    ];
    let mut options = options;
    options.pairs.retain(|(key, _)| key != "options");
    options
        .pairs
        .push((SmolStr::new("options"), Value::keywords(kept)));
    options.structure(REFERENCE, &defaults)
}

/// `<table>_<columns>_index`, every byte that is no word character turned to `_` and those at the end of a part cut.
fn default_index_name(table: &Value, columns: &Value, at: Span) -> Value {
    let mut parts = vec![table.clone()];
    flatten(columns, &mut parts, 0);
    parts.push(Value::text("index", at));
    let mut name = String::new();
    let mut pattern: Vec<Option<Text>> = Vec::new();
    let mut gap = None;
    let made = |text: &mut String| Some(Text::composed([(std::mem::take(text), at, false)]));
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            name.push('_');
        }
        let part = match part.as_tuple() {
            Some([_, column]) => column,
            _ => part,
        };
        if let Some(text) = part.as_str().or_else(|| part.as_atom()) {
            name.push_str(&column_name(text));
        } else {
            let unknown = part
                .gap()
                .unwrap_or_else(|| Gap::new(at, "a key of the index cannot be told", Reach::Rows));
            gap.get_or_insert(unknown);
            pattern.push(made(&mut name));
            pattern.push(None);
        }
    }
    match gap {
        None => Value::atom(&name),
        Some(gap) => {
            pattern.push(made(&mut name));
            Value::partly(pattern, gap)
        }
    }
}

fn flatten(value: &Value, out: &mut Vec<Value>, depth: usize) {
    match value {
        Value::List(items) if depth < 16 => {
            for item in items.iter() {
                flatten(item, out, depth + 1);
            }
        }
        other => out.push(other.clone()),
    }
}

/// What a key contributes to the name of an index.
#[must_use]
pub fn column_name(column: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let name: String = column
        .bytes()
        .map(|byte| if word(byte) { char::from(byte) } else { '_' })
        .collect();
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn names_of_indexes() {
        let at = Span::new(FileId(0), 0, 0);
        let columns = Value::list(vec![
            Value::atom("a"),
            Value::text("lower(b) DESC)", at),
            Value::tuple(vec![Value::atom("desc"), Value::atom("c")]),
        ]);
        let index = index(&Value::atom("users"), &columns, Given::default(), at);
        let name = index.field("name").and_then(Value::as_atom);
        assert_eq!(name, Some("users_a_lower_b__DESC_c_index"));
    }
}
