//! The command that brings a database to a migration, in the words of each tool.

use crate::stacks::{Chain, History};

/// The command that runs everything up to a migration; `last`: it is the only head.
pub(super) fn commands(history: &History, chain: Option<&Chain>, name: &str, last: bool) -> String {
    let root = history.root.as_str();
    let options = chain.map_or("", |chain| chain.options.as_str());
    let enter = match chain.map(|chain| chain.folder.as_str()) {
        None | Some("") => String::new(),
        Some(folder) => format!("cd {folder} && "),
    };
    let version = |separator: &str| name.split(separator).next().unwrap_or(name).to_owned();
    match (history.stack, last) {
        ("alembic", true) => format!("{enter}alembic {options}upgrade head"),
        ("alembic", false) => format!("{enter}alembic {options}upgrade {name}"),
        ("ecto", true) => "mix ecto.migrate".to_owned(),
        ("ecto", false) if !name.starts_with(|c: char| c.is_ascii_digit()) => String::new(),
        ("ecto", false) => format!("mix ecto.migrate --to {}", version("_")),
        ("prisma", true) => "prisma migrate deploy".to_owned(),
        ("diesel", true) => "diesel migration run".to_owned(),
        ("sqlx", true) => format!("sqlx migrate run --source {root}"),
        ("sqlx", false) => format!(
            "sqlx migrate run --source {root} --target-version {}",
            version("_")
        ),
        ("dbmate", true) => format!("dbmate --migrations-dir {root} up"),
        ("goose", true) => format!("goose -dir {root} up"),
        ("goose", false) => format!("goose -dir {root} up-to {}", version("_")),
        ("sql-migrate", true) => "sql-migrate up".to_owned(),
        ("golang-migrate", true) => format!("migrate -path {root} up"),
        ("golang-migrate", false) => format!("migrate -path {root} goto {}", version("_")),
        ("flyway", true) => "flyway migrate".to_owned(),
        ("flyway", false) => {
            let version = version("__").trim_start_matches('V').replace('_', ".");
            format!("flyway -target={version} migrate")
        }
        ("supabase", true) => "supabase migration up".to_owned(),
        ("refinery", true) => format!("refinery migrate -p {root}"),
        ("refinery", false) => {
            let version = version("__").trim_start_matches(['V', 'U']).to_owned();
            format!("refinery migrate -p {root} -t {version}")
        }
        ("node-pg-migrate", true) => format!("node-pg-migrate -m {root} up"),
        ("atlas", true) => format!("atlas migrate apply --dir file://{root}"),
        ("atlas", false) => format!(
            "atlas migrate apply --dir file://{root} --to-version {}",
            version("_")
        ),
        ("drizzle", true) => "drizzle-kit migrate".to_owned(),
        _ => String::new(),
    }
}
