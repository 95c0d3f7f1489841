//! What is given and not written in migrations: server version, search path, settings, schemas and extensions at hand.

use std::collections::BTreeMap;

use crate::name::Name;

/// Everything that a history meets and did not make. What is used from it without being said is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Major version of the server, 15 unless said.
    pub postgres_version: u32,
    /// The search path of the connection; `public` unless said.
    pub search_path: Vec<Name>,
    /// The search path was said; otherwise a role or database may have another.
    pub search_path_said: bool,
    /// Schemas that exist besides `public`.
    pub schemas: Vec<Name>,
    /// Schemas of the platform (Supabase's `auth`): there, with objects that are its own and no part of the user's schema.
    pub platform_schemas: Vec<Name>,
    /// Extensions that are installed before the first migration, each with its schema.
    pub extensions: Vec<(Name, Name)>,
    /// Tables that the migration runner itself made before the first migration (`schema_migrations`): there, and no part of the
    /// schema.
    pub runner_tables: Vec<Name>,
    /// Which database it is, where one history runs on several.
    pub database: Option<String>,
    /// Custom settings (`current_setting('storage.multitenant')`) and the like, by key.
    pub settings: BTreeMap<String, String>,
}

impl Default for Given {
    fn default() -> Self {
        Given {
            postgres_version: 15,
            search_path: vec![Name::new("public")],
            search_path_said: false,
            schemas: Vec::new(),
            platform_schemas: Vec::new(),
            extensions: Vec::new(),
            runner_tables: Vec::new(),
            database: None,
            settings: BTreeMap::new(),
        }
    }
}

impl Given {
    /// Takes one `key=value`: `search_path`, `schemas` and `extensions` (`name` or `name:schema`) are lists with commas,
    /// `postgres_version` a number, anything else a setting.
    ///
    /// # Errors
    /// When the value does not fit the key; the text says what would.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let list = || {
            value
                .split(',')
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .map(Name::from_sql)
                .collect()
        };
        match key {
            "search_path" => {
                self.search_path = list();
                self.search_path_said = true;
            }
            "schemas" => self.schemas = list(),
            "extensions" => self.extensions = extensions(value),
            "postgres_version" => {
                let major = value.split('.').next().unwrap_or("");
                self.postgres_version = major.parse().map_err(|_| {
                    format!("postgres_version takes a major version such as 16, not {value:?}")
                })?;
            }
            _ => {
                self.settings.insert(key.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }
}

/// `pgcrypto, uuid-ossp:extensions`: names are taken as they stand; without a schema it is `public`.
fn extensions(value: &str) -> Vec<(Name, Name)> {
    let items = value.split(',').map(str::trim).filter(|s| !s.is_empty());
    items
        .map(|item| {
            let (name, schema) = item.split_once(':').unwrap_or((item, "public"));
            (Name::new(name.trim_matches('"')), Name::from_sql(schema))
        })
        .collect()
}
