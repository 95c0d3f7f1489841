//! Settings of the session: `SET`, `current_setting`, `set_config`, and what `Given` says.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Args;
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Raised, Run};
use crate::session::query::{Row, Table};
use crate::session::value::Value;
use crate::source::Span;
use crate::sql::Read;

impl Session {
    pub(super) fn current_setting(&mut self, args: &Args<'_>) -> Run<Value> {
        let name = match args.get(0) {
            Value::Text(text) => SmolStr::from(text.as_str().to_ascii_lowercase()),
            Value::Null => return Ok(Value::Null),
            other => {
                let gap = other
                    .gap()
                    .cloned()
                    .unwrap_or_else(|| self.gap(args.at, "a setting"));
                return Ok(Value::Unknown(gap));
            }
        };
        Ok(self.value_of_setting(&name, args.at))
    }

    /// A setting by its name in lower case.
    fn value_of_setting(&mut self, name: &str, at: Span) -> Value {
        if let Some(value) = self.setting(name) {
            return match value {
                // After `RESET` a custom setting is there and empty, or not there at all.
                Value::Null if name.contains('.') => self.unknown(at, format!("setting {name}")),
                Value::Null => self.unknown(at, format!("the default of {name}")),
                value => value,
            };
        }
        let version = i64::from(self.given.postgres_version);
        match name {
            "search_path" => Value::text(self.search_path_text()),
            // Minor versions are not given: these are only good for comparing majors.
            "server_version_num" => Value::text((version * 10_000).to_string()),
            "server_version" => Value::text(format!("{version}.0")),
            "server_encoding" | "client_encoding" => Value::text("UTF8"),
            "standard_conforming_strings" | "check_function_bodies" => Value::text("on"),
            _ => self.given_setting(name, at),
        }
    }

    /// `SHOW name`: one row of one value; `SHOW ALL` gives them all.
    pub(in crate::session) fn show(&mut self, read: &Read) -> Table {
        let text = read.text.as_str().to_ascii_lowercase();
        let words = text.split(|c: char| c.is_whitespace() || c == ';' || c == '"');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).skip(1).collect();
        let name = match words.as_slice() {
            ["time", "zone"] => "timezone",
            ["transaction", "isolation", "level"] => "transaction_isolation",
            ["session", "authorization"] => "session_authorization",
            [name] if *name != "all" => name,
            _ => {
                let gap = Gap::new(read.span, "what SHOW gives", Reach::Rows);
                return Table::unknown(&gap);
            }
        };
        let value = self.value_of_setting(name, read.span);
        Table {
            columns: vec![Name::new(name)],
            open: None,
            rows: vec![Row::certain(vec![value])],
        }
    }

    /// What was set here or given.
    fn setting(&self, name: &str) -> Option<Value> {
        self.world.settings.get(name).cloned().or_else(|| {
            let given = self
                .given
                .settings
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            given.map(|(_, value)| Value::text(value.as_str()))
        })
    }

    /// A setting that nothing says: unknown, and listed.
    fn given_setting(&mut self, name: &str, at: Span) -> Value {
        self.given_missing.insert(format!("setting {name}"));
        let gap = Gap::new(at, format!("setting {name} is not given"), Reach::Rows);
        Value::Unknown(gap)
    }

    /// A fact about the server that may be given.
    pub(super) fn given_value(&mut self, key: &str, at: Span, what: &str) -> Value {
        match self.given.settings.get(key) {
            Some(value) => Value::text(value.as_str()),
            None => self.unknown(at, what),
        }
    }

    pub(super) fn set_config(&mut self, args: &Args<'_>) -> Run<Value> {
        let Value::Text(name) = args.get(0) else {
            return Ok(self.unknown(args.at, "the name of a setting"));
        };
        let local = args.get(2).truth() != crate::known::Truth::No;
        let value = match args.get(1) {
            Value::Null => Value::text(""),
            value => value,
        };
        self.set(&name.as_str().to_ascii_lowercase(), value.clone(), local, args.at);
        Ok(value)
    }

    /// Sets a setting; `Null` resets it.
    pub(in crate::session) fn set(&mut self, name: &str, value: Value, local: bool, at: Span) {
        let old = self.world.settings.get(name).cloned();
        if local {
            Arc::make_mut(&mut self.world.local).push((name.into(), old));
        }
        self.put_setting(name, Some(value).filter(|v| !v.is_null()), at);
    }

    /// Puts back what `SET LOCAL` hid.
    pub(in crate::session) fn undo_local(&mut self, at: Span) {
        let local = std::mem::take(&mut self.world.local);
        for (name, old) in local.iter().rev() {
            self.put_setting(name, old.clone(), at);
        }
    }

    fn put_setting(&mut self, name: &str, value: Option<Value>, at: Span) {
        let settings = Arc::make_mut(&mut self.world.settings);
        match &value {
            Some(value) => settings.insert(name.into(), value.clone()),
            None => settings.remove(name),
        };
        if name == "search_path" {
            match value {
                None => self
                    .world
                    .database
                    .set_search_path(self.given.search_path.clone()),
                Some(Value::Text(text)) => {
                    let path = parse_path(text.as_str());
                    self.world.database.set_search_path(path);
                }
                Some(other) => {
                    let why = other
                        .gap()
                        .map_or_else(|| "a search path".to_owned(), |g| g.why.clone());
                    self.open(Gap::new(
                        at,
                        format!("the search path is not known: {why}"),
                        Reach::Everything,
                    ));
                }
            }
            self.touch_schema();
        }
    }

    fn search_path_text(&self) -> String {
        let path = &self.world.database.schema().search_path;
        path.iter().map(Name::quoted).collect::<Vec<_>>().join(", ")
    }

    /// The first schema of the path that is there.
    pub(in crate::session) fn current_schema(&self) -> Value {
        let schema = self.world.database.schema();
        let found = schema.search_path.iter().find(|n| schema.namespace(n).is_some());
        found.map_or(Value::Null, Value::name)
    }

    pub(super) fn current_schemas(&self, args: &Args<'_>) -> Value {
        let schema = self.world.database.schema();
        let implicit = args.get(0).truth() == crate::known::Truth::Yes;
        let system = implicit.then(|| Value::text("pg_catalog"));
        let own = schema
            .search_path
            .iter()
            .filter(|n| schema.namespace(n).is_some());
        Value::array(system.into_iter().chain(own.map(Value::name)).collect())
    }

    pub(super) fn server_version(&self, at: Span) -> Value {
        self.unknown(at, "the server's full version")
    }

    /// `SET name = value`.
    pub(in crate::session) fn set_statement(
        &mut self,
        name: &str,
        value: Option<&[String]>,
        local: bool,
        at: Span,
    ) -> Run<()> {
        let name = name.to_ascii_lowercase();
        let value = match value {
            None => Value::Null,
            Some([single]) if single.eq_ignore_ascii_case("default") => Value::Null,
            Some(list) if name == "search_path" => {
                let names: Vec<_> = list.iter().map(|n| Name::new(n).quoted()).collect();
                Value::text(names.join(", "))
            }
            Some(list) => Value::text(list.join(", ")),
        };
        if name == "all" {
            // `RESET ALL`: only what was set here can be put back.
            self.world.settings = Arc::default();
            self.put_setting("search_path", None, at);
            return Ok(());
        }
        if name.contains("transaction_timeout") && self.given.postgres_version < 17 {
            let message = "unrecognized configuration parameter \"transaction_timeout\"";
            return Err(Raised::certain("42704", message, at));
        }
        self.set(&name, value, local, at);
        Ok(())
    }
}

/// The names of a `search_path` value; `$user` names the role and is left out.
fn parse_path(text: &str) -> Vec<Name> {
    let mut out = Vec::new();
    let mut item = String::new();
    let mut quoted = false;
    for c in text.chars().chain([',']) {
        match c {
            '"' => {
                quoted = !quoted;
                item.push(c);
            }
            ',' if !quoted => {
                let name = Name::from_sql(item.trim());
                if !item.trim().is_empty() && name != "$user" && name != "" && !out.contains(&name) {
                    out.push(name);
                }
                item.clear();
            }
            c => item.push(c),
        }
    }
    out
}
