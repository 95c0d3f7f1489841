//! A dump of the database beside the migrations: which versions it holds.
//!
//! Source: `Ecto.Adapters.Postgres.structure_dump/2` (`ecto_sql` 3.13): `pg_dump --schema-only`, then
//! `INSERT INTO public."schema_migrations" (version) VALUES (20160101000000);` for each version.

use std::collections::BTreeSet;

use crate::source::Text;

/// The versions that a dump says have run; `None` where it says none.
#[must_use]
pub fn versions(dump: &str, table: &str) -> Option<BTreeSet<i64>> {
    let mut out = BTreeSet::new();
    let mut rest = dump;
    while let Some(at) = rest.find("INSERT INTO") {
        let statement = &rest[at..];
        let end = statement.find(';').unwrap_or(statement.len());
        let (head, values) = statement[..end].split_once("VALUES").unwrap_or(("", ""));
        let names = head.split('(').next().unwrap_or(head);
        if names.replace('"', "").trim_end().ends_with(table) {
            let numbers = values.split(|c: char| !c.is_ascii_digit());
            out.extend(
                numbers
                    .filter_map(|number| number.parse::<i64>().ok())
                    .filter(|n| *n > 0),
            );
        }
        rest = &statement[end..];
    }
    (!out.is_empty()).then_some(out)
}

/// A dump as the server that it is from loads it: a setting that this one may not know yet is left out.
#[must_use]
pub fn loaded(dump: &Text) -> Text {
    const SETTING: &str = "SET transaction_timeout = 0;";
    match dump.as_str().find(SETTING) {
        Some(at) => {
            let before = dump.slice(0..at);
            let after = dump.slice(at + SETTING.len()..dump.as_str().len());
            Text::composed(before.runs().chain(after.runs()).collect::<Vec<_>>())
        }
        None => dump.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let dump = "CREATE TABLE a ();\nINSERT INTO public.\"schema_migrations\" (version) VALUES (1);\n\
                    INSERT INTO \"schema_migrations\" (version) VALUES (2), (3);\nINSERT INTO b VALUES (9);";
        assert_eq!(
            versions(dump, "schema_migrations"),
            Some(BTreeSet::from([1, 2, 3]))
        );
        assert_eq!(versions("CREATE TABLE a ();", "schema_migrations"), None);
    }
}
