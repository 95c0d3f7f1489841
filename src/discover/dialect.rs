//! Which database system a history is written for: what is said beside it, else what its text shows.

use super::guess;
use super::histories::Root;
use super::index::Index;
use crate::config::Dialect;
use crate::source::FileId;
use crate::stacks::{Folder, alembic, drizzle, ecto};

/// Words in SQL that only one system knows. Source: the systems' manuals on CREATE TABLE and on types.
const SIGNS: &[(Dialect, &[&str])] = &[
    (
        Dialect::Postgres,
        &[
            "timestamptz",
            "jsonb",
            "bytea",
            "serial",
            "bigserial",
            "plpgsql",
            "$$",
            "::",
            "gen_random_uuid",
            "uuid_generate_v4",
            "create extension",
            "double precision",
            "character varying",
            "create type",
            "text[]",
            "owner to",
            "nextval",
        ],
    ),
    (
        Dialect::Mysql,
        &[
            "`",
            "auto_increment",
            "engine=",
            "engine =",
            "unsigned",
            "longtext",
            "mediumtext",
            "tinyint(1)",
            "utf8mb4",
        ],
    ),
    (
        Dialect::Sqlite,
        &[
            "autoincrement",
            "pragma ",
            "without rowid",
            "strftime",
            "datetime('now')",
        ],
    ),
    (
        Dialect::ClickHouse,
        &["mergetree", "lowcardinality", "datetime64"],
    ),
    (
        Dialect::SqlServer,
        &[
            "[dbo]",
            "nvarchar",
            "uniqueidentifier",
            "identity(1",
            "\ngo\n",
            "\ngo\r\n",
        ],
    ),
];

/// Parts of a path that name a system.
const NAMES: &[(&str, Dialect)] = &[
    ("postgres", Dialect::Postgres),
    ("postgresql", Dialect::Postgres),
    ("pg", Dialect::Postgres),
    ("psql", Dialect::Postgres),
    ("mysql", Dialect::Mysql),
    ("mariadb", Dialect::Mysql),
    ("sqlite", Dialect::Sqlite),
    ("sqlite3", Dialect::Sqlite),
    ("mssql", Dialect::SqlServer),
    ("sqlserver", Dialect::SqlServer),
    ("cockroach", Dialect::CockroachDb),
    ("cockroachdb", Dialect::CockroachDb),
    ("crdb", Dialect::CockroachDb),
    ("clickhouse", Dialect::ClickHouse),
    ("libsql", Dialect::Sqlite),
    ("rqlite", Dialect::Sqlite),
    ("turso", Dialect::Sqlite),
    ("sqlcipher", Dialect::Sqlite),
    ("tidb", Dialect::Mysql),
    ("starrocks", Dialect::Mysql),
    ("bigquery", Dialect::Other),
    ("cassandra", Dialect::Other),
    ("db2", Dialect::Other),
    ("duckdb", Dialect::Other),
    ("firebird", Dialect::Other),
    ("h2", Dialect::Other),
    ("hsqldb", Dialect::Other),
    ("oracle", Dialect::Other),
    ("redshift", Dialect::Other),
    ("scylla", Dialect::Other),
    ("snowflake", Dialect::Other),
    ("spanner", Dialect::Other),
    ("vertica", Dialect::Other),
    ("ydb", Dialect::Other),
];

/// The system of a repository of Ecto, by its adapter.
fn of_adapter(index: &Index<'_>, path: &str) -> Dialect {
    let repo = ecto::project::Project::of(index.files, path).repo;
    match repo.and_then(|repo| repo.adapter).as_deref() {
        Some("MyXQL" | "MySQL" | "Mariaex") => Dialect::Mysql,
        Some("SQLite3" | "Sqlite.Ecto2" | "Exqlite") => Dialect::Sqlite,
        Some("Tds" | "MSSQL") => Dialect::SqlServer,
        Some("ClickHouse") => Dialect::ClickHouse,
        Some("Snowflake" | "Mnesia" | "FoundationDB") => Dialect::Other,
        _ => Dialect::Postgres,
    }
}

/// The dialect of a history: what is said beside it, what the options say, what its text shows.
pub(super) fn of_history(index: &Index<'_>, root: Root<'_>, said: Option<Dialect>) -> Dialect {
    if root.runner.name == "ecto" {
        return said.unwrap_or_else(|| of_adapter(index, root.path));
    }
    let lock = index
        .file(root.path, "migration_lock.toml")
        .map(|f| index.files.text(f));
    lock.as_deref()
        .and_then(provider)
        .or_else(|| {
            let journal = index.file(root.path, drizzle::history::JOURNAL)?;
            Dialect::from_word(&drizzle::history::dialect(&index.files.text(journal))?)
        })
        .or_else(|| (root.runner.name == "supabase").then_some(Dialect::Postgres))
        .or_else(|| by_name(root.path))
        .or(said)
        .or_else(|| (root.runner.name == "alembic").then(|| of_alembic(index, root.path)))
        .or_else(|| by_text(index, root.path))
        .or_else(|| by_manifest(index, root.path))
        .unwrap_or(Dialect::Postgres)
}

/// Packages through which SQLAlchemy speaks to a system ("Dialects" of its manual, 2.0), and to which.
const DRIVERS: &[(Dialect, &[&str])] = &[
    (
        Dialect::Postgres,
        &[
            "psycopg",
            "psycopg-binary",
            "psycopg2",
            "psycopg2-binary",
            "psycopg2cffi",
            "asyncpg",
            "aiopg",
            "pg8000",
        ],
    ),
    (
        Dialect::Mysql,
        &[
            "pymysql",
            "mysqlclient",
            "aiomysql",
            "asyncmy",
            "mysql-connector-python",
            "mariadb",
        ],
    ),
    (Dialect::Sqlite, &["aiosqlite"]),
];

/// Extras of packages that bring a driver ("Optional Dependencies" of SQLAlchemy 2.0; `setup.cfg` of oslo.db 17).
const EXTRAS: &[(Dialect, &str)] = &[
    (Dialect::Postgres, "oslo.db[postgresql"),
    (Dialect::Postgres, "sqlalchemy[postgresql"),
    (Dialect::Mysql, "oslo.db[mysql"),
    (Dialect::Mysql, "sqlalchemy[mysql"),
];

/// Files that list the packages of a Python program.
const REQUIREMENTS: &[&str] = &[
    "pyproject.toml",
    "requirements.txt",
    "requirements.in",
    "requirements/base.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "Pipfile",
    "setup.py",
    "setup.cfg",
    "environment.yml",
];

/// The dialect of an Alembic tree. A program that has SQLite on the machines of those who write it, and PostgreSQL where it is deployed,
/// is one for PostgreSQL.
fn of_alembic(index: &Index<'_>, path: &str) -> Dialect {
    let Some(tree) = alembic::config::tree_at(index.files, path) else {
        return Dialect::Postgres;
    };
    let packages = packages(index, path);
    let driven = by_drivers(&packages);
    match of_tree(index, &tree, &packages) {
        Dialect::Sqlite if driven == Some(Dialect::Postgres) && connects_to_postgres(index, &tree.base) => {
            Dialect::Postgres
        }
        found => found,
    }
}

/// What the programs of an Alembic tree say: PostgreSQL where they name it; else what its configuration's URL says, else what the
/// packages can speak to that are installed for it, else what the engines are made for that it connects with.
fn of_tree(index: &Index<'_>, tree: &alembic::config::Tree, packages: &str) -> Dialect {
    let revisions = tree.revisions(index.files);
    let mut revisions = revisions.iter().take(200);
    let environment: String = tree
        .environment(index.files)
        .into_iter()
        .map(|file| without_remarks(&index.files.text(file)))
        .collect();
    let driven = by_drivers(packages);
    let named = match driven {
        // A program without a driver for PostgreSQL may still speak of it: for those who run it elsewhere.
        Some(Dialect::Mysql) => needs_postgres,
        _ => |text: &str| -> bool { text.contains("postgres") },
    };
    let named = named(&environment) || revisions.any(|file| named(&index.files.text(*file)));
    let url = tree.option("sqlalchemy.url").map_or("", |url| url.as_str());
    let scheme = url.split([':', '+']).next().unwrap_or("");
    match Dialect::from_word(scheme) {
        Some(dialect) if dialect.is_supported() => dialect,
        _ if named => Dialect::Postgres,
        Some(dialect) => dialect,
        None => by_url(&environment)
            .or(driven.filter(|_| !drives_several(packages)))
            .or_else(|| by_engines(index, tree))
            .or(driven)
            .or_else(|| by_programs(index, &tree.base, packages))
            .unwrap_or(Dialect::Postgres),
    }
}

/// Whether a program can run on PostgreSQL alone: it uses types of it, but not as one of the forms of a type (`with_variant`).
fn needs_postgres(text: &str) -> bool {
    let uses = |word: &str| {
        text.match_indices(word)
            .any(|(at, _)| !text[..at].ends_with("with_variant("))
    };
    text.contains("dialects.postgresql")
        || text.contains("postgresql+")
        || text.contains("postgresql://")
        || uses("postgresql.")
}

/// The system of the engines that an `env.py` makes, where it is the same for all.
fn by_engines(index: &Index<'_>, tree: &alembic::config::Tree) -> Option<Dialect> {
    let handed = alembic::handed::handed(index.files, tree);
    let scheme = handed.systems.only()?;
    NAMES
        .iter()
        .find(|(name, _)| *name == scheme)
        .map(|(_, system)| *system)
}

/// The system of the first URL of a database that a program has as text.
fn by_url(program: &str) -> Option<Dialect> {
    let schemes = program.match_indices("://").filter_map(|(end, _)| {
        let (_, text) = program[..end].rsplit_once(['"', '\''])?;
        text.split('+').next()
    });
    let known = |scheme: &str| NAMES.iter().find(|(name, _)| *name == scheme).map(|(_, d)| *d);
    schemes.into_iter().find_map(known)
}

/// Files of a program that are looked at, where nothing else says for which system it is.
const MAX_PROGRAMS: usize = 400;

/// SQLite, where a program connects to it in so many words, and nothing brings or sets up the other one: Python brings the driver, so
/// that no list of packages does. `check_same_thread` is an argument of that driver alone (`sqlite3.connect`). A program that only reads
/// URLs of PostgreSQL cannot connect to it where the list of its packages has no driver.
fn by_programs(index: &Index<'_>, base: &str, packages: &str) -> Option<Dialect> {
    const DRIVEN: &[&str] = &["psycopg", "asyncpg", "pg8000"];
    const SQLITE: &[&str] = &["check_same_thread", "sqlite://", "sqlite+"];
    let is_whole = packages.contains("sqlalchemy") || packages.contains("sqlmodel");
    let mut programs = programs(index, base);
    let mut found = None;
    for (path, file) in programs.by_ref().take(MAX_PROGRAMS) {
        let only_reads = is_whole && path.ends_with(".py");
        let text = without_remarks(&index.files.text(file));
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(DRIVEN) || !only_reads && text.contains("postgres") {
            return None;
        }
        if says(SQLITE) {
            found = Some(Dialect::Sqlite);
        }
    }
    found.filter(|_| programs.next().is_none())
}

/// Whether a program has a URL of PostgreSQL or the name of one of its drivers, or what sets it up speaks of it.
fn connects_to_postgres(index: &Index<'_>, base: &str) -> bool {
    let mut programs = programs(index, base).take(MAX_PROGRAMS);
    programs.any(|(path, file)| {
        let text = without_remarks(&index.files.text(file));
        let mut names = text.match_indices("postgres").map(|(at, _)| &text[at..]);
        // `postgresql+asyncpg://`, `"postgresql+asyncpg"`, pydantic's `PostgresDsn`.
        names.any(|name| {
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '+');
            let behind = end.map_or("", |end| &name[end..]);
            let is_driver = behind.starts_with("://") || name[..name.len() - behind.len()].contains('+');
            !path.ends_with(".py") || is_driver || name.starts_with("postgresdsn")
        })
    })
}

/// The programs of the package that a folder belongs to, and what sets them up; no tests.
fn programs<'a>(index: &'a Index<'_>, base: &'a str) -> impl Iterator<Item = (&'a str, FileId)> {
    let base = index.nearest(base, REQUIREMENTS).unwrap_or(base);
    let below = Folder::new(index.files, base).below();
    below.filter(|(path, _)| {
        let mut folders = path.rsplit('/').skip(1);
        let name = path.rsplit('/').next().unwrap_or(path);
        let speaks =
            name.ends_with(".py") || name.contains("compose") || name.contains("env") || name == "Dockerfile";
        speaks
            && !folders.any(|folder| matches!(folder, "test" | "tests" | "node_modules" | ".venv" | "venv"))
    })
}

/// The lists of the packages of a Python program, in lower case.
fn packages(index: &Index<'_>, path: &str) -> String {
    let lists = guess::ancestors(path).flat_map(|path| {
        let folder = Folder::new(index.files, path);
        REQUIREMENTS.iter().filter_map(move |name| folder.file(name))
    });
    lists
        .map(|list| without_remarks(&index.files.text(list)))
        .collect()
}

/// The system that the drivers among packages speak to; PostgreSQL where one of them does.
fn by_drivers(packages: &str) -> Option<Dialect> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let words: Vec<&str> = packages.split(|c: char| !is_part(c)).collect();
    let brought = |(system, names): &&(Dialect, &[&str])| {
        let extra = EXTRAS.iter().filter(|(of, _)| of == system);
        names.iter().any(|name| words.contains(name))
            || extra.into_iter().any(|(_, extra)| packages.contains(extra))
    };
    DRIVERS.iter().find(brought).map(|(system, _)| *system)
}

/// Whether the drivers among packages speak to PostgreSQL and to another server.
fn drives_several(packages: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let words: Vec<&str> = packages.split(|c: char| !is_part(c)).collect();
    let brings = |wanted: Dialect| {
        DRIVERS
            .iter()
            .any(|(system, names)| *system == wanted && names.iter().any(|name| words.contains(name)))
    };
    brings(Dialect::Postgres) && brings(Dialect::Mysql)
}

/// Lower case, without what follows a `#`: a word in a remark is no package. One within a word is part of an address.
fn without_remarks(text: &str) -> String {
    let code = |line: &str| {
        let remark = line.match_indices('#').find(|(at, _)| {
            let before = line[..*at].chars().next_back();
            before.is_none_or(|c| c.is_whitespace() || matches!(c, ',' | ']' | ')' | '}' | '"' | '\''))
        });
        let end = remark.map_or(line.len(), |(at, _)| at);
        line[..end].to_ascii_lowercase() + "\n"
    };
    text.lines().map(code).collect()
}

/// `provider = "..."` of a lock file or a datasource block.
pub(super) fn provider(text: &str) -> Option<Dialect> {
    text.lines().find_map(|line| {
        let value = line
            .trim_start()
            .strip_prefix("provider")?
            .trim_start()
            .strip_prefix('=')?;
        Dialect::from_word(value.trim().trim_start_matches('"').split('"').next()?)
    })
}

/// The dialect of a Prisma schema's file, where it holds the datasource.
pub(super) fn of_schema(text: &str) -> Option<Dialect> {
    super::prisma::datasource(text).and_then(provider)
}

fn by_name(path: &str) -> Option<Dialect> {
    path.rsplit('/').find_map(|part| {
        let part = part.to_ascii_lowercase();
        let words = part.split(['-', '_', '.']);
        words
            .clone()
            .rev()
            .find_map(|w| NAMES.iter().find(|(n, _)| *n == w).map(|(_, d)| *d))
    })
}

fn by_text(index: &Index<'_>, path: &str) -> Option<Dialect> {
    let mut counts = [0usize; SIGNS.len()];
    let single = index.files.find(path);
    let below = Folder::new(index.files, path).below().map(|(_, file)| file);
    let sql = single
        .into_iter()
        .chain(below)
        .filter(|f| index.files.path(*f).ends_with(".sql"));
    for file in sql.take(12) {
        let text = without_comments(&index.files.text(file));
        for (count, (_, signs)) in counts.iter_mut().zip(SIGNS) {
            *count += signs.iter().filter(|sign| text.contains(*sign)).count();
        }
    }
    let best = counts.iter().copied().max().filter(|best| *best > 0)?;
    counts.iter().position(|c| *c == best).map(|i| SIGNS[i].0)
}

/// Lower case, line comments left out. Only the first part of long files counts.
fn without_comments(text: &str) -> String {
    let lines = text.lines().take(2000);
    lines
        .map(|line| line.split("--").next().unwrap_or("").to_ascii_lowercase() + "\n")
        .collect()
}

fn by_manifest(index: &Index<'_>, path: &str) -> Option<Dialect> {
    let (_, file) = guess::manifests(Folder::new(index.files, path)).next()?;
    let text = index.files.text(file);
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let found = [
        (Dialect::Postgres, has(&["postgres", "\"pg\"", "lib/pq", "pgx"])),
        (Dialect::Mysql, has(&["mysql", "mariadb"])),
        (Dialect::Sqlite, has(&["sqlite"])),
    ];
    let mut found = found
        .into_iter()
        .filter(|(_, found)| *found)
        .map(|(dialect, _)| dialect);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}
