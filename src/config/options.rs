//! What a run is told beside the files: what discovery would otherwise find, and what is given.

use std::fmt;

use super::{Configuration, Given};

/// The baseline's usual name.
pub const BASELINE: &str = "schemalign-baseline.txt";

/// A database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the system of its name")]
pub enum Dialect {
    Postgres,
    Mysql,
    Sqlite,
    SqlServer,
    MongoDb,
    CockroachDb,
    ClickHouse,
    Other,
}

impl Dialect {
    /// Every dialect that can be said, in the order of its documentation.
    pub const ALL: [Dialect; 7] = [
        Dialect::Postgres,
        Dialect::Mysql,
        Dialect::Sqlite,
        Dialect::SqlServer,
        Dialect::MongoDb,
        Dialect::CockroachDb,
        Dialect::ClickHouse,
    ];

    /// The word in documents and options.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Mysql => "mysql",
            Dialect::Sqlite => "sqlite",
            Dialect::SqlServer => "sqlserver",
            Dialect::MongoDb => "mongodb",
            Dialect::CockroachDb => "cockroachdb",
            Dialect::ClickHouse => "clickhouse",
            Dialect::Other => "other",
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Dialect::Postgres => "PostgreSQL",
            Dialect::Mysql => "MySQL",
            Dialect::Sqlite => "SQLite",
            Dialect::SqlServer => "SQL Server",
            Dialect::MongoDb => "MongoDB",
            Dialect::CockroachDb => "CockroachDB",
            Dialect::ClickHouse => "ClickHouse",
            Dialect::Other => "another database system",
        }
    }

    /// The dialect that a configuration's word means (`postgresql`, Diesel's and Prisma's `mysql`, sqlx's `sqlite3`).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Dialect> {
        Some(match word.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" | "pg" | "pgx" => Dialect::Postgres,
            "mysql" | "mariadb" => Dialect::Mysql,
            "sqlite" | "sqlite3" | "libsql" | "turso" => Dialect::Sqlite,
            "sqlserver" | "mssql" => Dialect::SqlServer,
            "mongodb" | "mongo" => Dialect::MongoDb,
            "cockroachdb" | "cockroach" => Dialect::CockroachDb,
            "clickhouse" => Dialect::ClickHouse,
            _ => return None,
        })
    }

    /// Whether histories of this dialect are replayed.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self == Dialect::Postgres
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is done with the ways back of migrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Downs {
    /// They do not run, unless a rule that is on asks for it.
    #[default]
    Left,
    /// They run, so that it can be listed what they leave.
    Run,
    /// They run, and what is wrong with them is found.
    Told,
}

/// The settings of a run. Paths are those of the listing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Histories set by hand: folders or files, run in this order on one database.
    pub migrations: Vec<String>,
    /// Models set by hand: folders or files.
    pub models: Vec<String>,
    /// The dialect set by hand.
    pub dialect: Option<Dialect>,
    /// Only the target of this name.
    pub target: Option<String>,
    /// Only the targets that these files belong to; all where empty.
    pub touching: Vec<String>,
    /// Replay up to and with this migration.
    pub at: Option<String>,
    /// A dump that stands for the database, in the place of its history.
    pub database: Option<String>,
    /// Whether the ways back of migrations run too.
    pub downs: Downs,
    /// `key=value`, in order.
    pub given: Vec<(String, String)>,
    /// What configuration files say.
    pub configuration: Configuration,
    /// Whether the run is one of CI, where what is out of date fails.
    pub ci: bool,
    /// Tell at its own level what the order of landing explains.
    pub settled: bool,
    /// Do as if there were no baseline.
    pub without_baseline: bool,
}

impl Options {
    /// Whether all of a repository is checked: only then can it be told that an ignore or a setting has no use.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.touching.is_empty()
            && self.target.is_none()
            && self.at.is_none()
            && self.database.is_none()
            && self.migrations.is_empty()
            && self.models.is_empty()
    }

    /// The baseline's path, and whether a configuration names it.
    #[must_use]
    pub fn baseline_path(&self) -> (String, bool) {
        let named = self.configuration.governing("").and_then(|(settings, _)| {
            let path = settings.baseline.as_deref()?;
            self.configuration.listed(settings, path)
        });
        match named {
            Some(path) => (path, true),
            None => (BASELINE.to_owned(), false),
        }
    }

    /// What is given to the database of a path, on top of a preset: what the file that governs the path says, then what the command
    /// line says.
    ///
    /// # Errors
    /// When a value does not fit its key.
    pub fn given(&self, path: &str, mut preset: Given) -> Result<Given, Misuse> {
        let governing = self.configuration.governing(path);
        let configured = governing.iter().flat_map(|(settings, _)| &settings.given);
        for (key, value) in configured.chain(&self.given) {
            preset.set(key, value).map_err(|what| Misuse {
                what,
                help: "--given takes KEY=VALUE".to_owned(),
            })?;
        }
        Ok(preset)
    }
}

/// Why the settings of a run do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// What does not fit, and why.
    pub what: String,
    /// What to do.
    pub help: String,
}
