//! One folder a framework: what its histories and models are. Same file names in every stack.

pub mod alembic;
pub mod atlas;
pub mod back;
pub mod dbmate;
pub mod declared_schema;
pub mod diesel;
pub mod drizzle;
pub mod ecto;
pub mod flyway;
mod folder;
pub mod golang_migrate;
pub mod goose;
pub mod history;
pub mod node_pg_migrate;
pub mod postgres_migrations;
pub mod prisma;
pub mod refinery;
pub mod sql_folder;
pub mod sql_migrate;
pub mod sqlalchemy;
pub mod sqlx;
pub mod supabase;

pub use folder::{Folder, Item};

use std::sync::Arc;

use crate::config::Given;
use crate::known::Gap;
use crate::session::{Migration, Session};
use crate::source::{Files, Span};

/// Migrations in the order their runner applies them.
#[derive(Debug, Clone)]
pub struct History {
    /// The stack's name: `prisma`, `diesel`, `sqlx`, ...
    pub stack: &'static str,
    /// The folder or file.
    pub root: String,
    /// In order.
    pub migrations: Vec<Migration>,
    /// Things that are wrong with the history itself.
    pub events: Vec<HistoryEvent>,
    /// What could not be read (a migration in a language that is not followed, ...), placed where it stands in the order: before
    /// the migration with this index.
    pub gaps: Vec<(usize, Gap)>,
    /// The migrations are a program, which runs them itself.
    pub program: Option<Arc<dyn Program>>,
}

/// Migrations in a host language: run as a program is, not as texts.
pub trait Program: std::fmt::Debug + Send + Sync {
    /// Runs the migrations on a session, up to and with the one that has an index in [`History::migrations`]; all where `None`.
    fn run(&self, session: Session, files: &Files, given: &Given, last: Option<usize>) -> Session;

    /// Runs all of them, and after each its way back, which is then taken back itself.
    fn run_with_backs(
        &self,
        session: Session,
        files: &Files,
        given: &Given,
        _backs: &mut back::Rehearsed,
    ) -> Session {
        self.run(session, files, given, None)
    }

    /// Runs the migrations from one on, on a database in which those before it have run. `before` are the files without them, of
    /// which much is worked out already. `None` where they may rest on more than the database.
    fn go_on(
        &self,
        _session: Session,
        _from: usize,
        _before: &Files,
        _files: &Files,
        _given: &Given,
    ) -> Option<Session> {
        None
    }

    /// Other ways in which an installation can have arrived at the same migrations: the name of each, and what it is given.
    fn other_ways(&self, _files: &Files, _given: &Given) -> Vec<(String, Given)> {
        Vec::new()
    }

    /// How its migrations hang together, where each says what it follows.
    fn chain(&self, _files: &Files) -> Option<Chain> {
        None
    }
}

/// How the migrations of a history hang together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// The folder that the tool's command is run in.
    pub folder: String,
    /// The options of the command that lead to the history: `-c other.ini `.
    pub options: String,
    /// What each migration says, in the order of [`History::migrations`].
    pub links: Vec<Link>,
}

/// What a migration says of its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// What it follows: none for a base, several for a merge.
    pub parents: Vec<String>,
    /// Names of the branch that begins with it.
    pub labels: Vec<String>,
    /// What must run before it besides.
    pub depends_on: Vec<String>,
}

/// Something about the order or the files of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEvent {
    /// `broken-revision-chain`, ...: the rule that words it.
    pub kind: &'static str,
    /// Where.
    pub span: Span,
    /// What, in one sentence.
    pub message: String,
    /// Places that explain it.
    pub related: Vec<(Span, String)>,
}

/// Whether the state after so many migrations is kept for the next run: the nearer the end, the more of them, since what is edited is
/// new.
#[must_use]
pub fn is_kept(done: usize, all: usize) -> bool {
    all.saturating_sub(done).is_power_of_two()
}

/// What a runner makes its connection forget before each migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgets {
    /// Nothing: what one migration sets holds for the next.
    Nothing,
    /// The search path alone.
    SearchPath,
    /// All: it connects anew, or resets its connection.
    Everything,
}

impl Forgets {
    /// Makes a session forget it.
    pub fn apply(self, session: &mut Session) {
        match self {
            Forgets::Nothing => {}
            Forgets::SearchPath => session.reset_search_path(),
            Forgets::Everything => session.reconnect(),
        }
    }
}

impl Runner {
    /// What is forgotten between its migrations. Flyway: `restoreOriginalState` in `DbMigrate.doMigrateGroup` and in
    /// `PostgreSQLConnection` (`org.flywaydb.core.internal`), which sets the search path and the role again.
    #[must_use]
    pub fn forgets(&self) -> Forgets {
        match self.name {
            "supabase" | "sql" => Forgets::Everything,
            "flyway" => Forgets::SearchPath,
            _ => Forgets::Nothing,
        }
    }
}

/// A runner of migrations that are followed.
#[derive(Debug)]
pub struct Runner {
    /// Its name in documents.
    pub name: &'static str,
    /// Its name in messages.
    pub title: &'static str,
    /// Reads its folder.
    pub read: fn(Folder<'_>, &Given) -> History,
    /// The table that it keeps its books in: there before the first migration, no part of the schema.
    pub table: Option<&'static str>,
}

macro_rules! runners {
    ($($id:ident $name:literal $title:literal $module:ident $table:expr;)*) => {
        $(
            #[doc = concat!($title, ".")]
            pub static $id: Runner = Runner { name: $name, title: $title, read: $module::history::read, table: $table };
        )*
        /// Every runner.
        pub static RUNNERS: &[&Runner] = &[$(&$id),*];
    };
}

runners! {
    PRISMA "prisma" "Prisma" prisma Some("_prisma_migrations");
    DIESEL "diesel" "Diesel" diesel Some("__diesel_schema_migrations");
    SQLX "sqlx" "sqlx" sqlx Some("_sqlx_migrations");
    DBMATE "dbmate" "dbmate" dbmate Some("schema_migrations");
    GOOSE "goose" "goose" goose Some("goose_db_version");
    SQL_MIGRATE "sql-migrate" "sql-migrate" sql_migrate Some("gorp_migrations");
    GOLANG_MIGRATE "golang-migrate" "golang-migrate" golang_migrate Some("schema_migrations");
    FLYWAY "flyway" "Flyway" flyway Some("flyway_schema_history");
    SUPABASE "supabase" "Supabase" supabase None;
    REFINERY "refinery" "refinery" refinery Some("refinery_schema_history");
    NODE_PG_MIGRATE "node-pg-migrate" "node-pg-migrate" node_pg_migrate Some("pgmigrations");
    ATLAS "atlas" "Atlas" atlas None;
    POSTGRES_MIGRATIONS "postgres-migrations" "postgres-migrations" postgres_migrations Some("migrations");
    ALEMBIC "alembic" "Alembic" alembic Some("alembic_version");
    DRIZZLE "drizzle" "Drizzle" drizzle None;
    ECTO "ecto" "Ecto" ecto None;
    SQL_FOLDER "sql" "SQL files" sql_folder None;
}
