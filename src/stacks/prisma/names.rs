//! The names that Prisma gives to constraints and indexes: cut before the suffix, by bytes, unlike PostgreSQL's own.
//!
//! Source: `psl/psl-core/src/datamodel_connector/constraint_names.rs` and, for join tables,
//! `schema-engine/connectors/sql-schema-connector/src/sql_schema_calculator.rs` of prisma-engines.

use crate::name::{MAX_BYTES, Name};

/// `stem` cut so that it and `suffix` fit.
fn cut(stem: &str, suffix: &str) -> Name {
    let mut end = stem.len().min(MAX_BYTES.saturating_sub(suffix.len()));
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    Name::new(&format!("{}{suffix}", &stem[..end]))
}

/// `table_column_column`.
fn stem(table: &str, columns: &[&str]) -> String {
    format!("{table}_{}", columns.join("_"))
}

/// `users_pkey`.
pub(super) fn primary_key(table: &str) -> Name {
    cut(table, "_pkey")
}

/// `users_email_key`.
#[must_use]
pub fn unique(table: &str, columns: &[&str]) -> Name {
    cut(&stem(table, columns), "_key")
}

/// `users_email_idx`.
#[must_use]
pub fn index(table: &str, columns: &[&str]) -> Name {
    cut(&stem(table, columns), "_idx")
}

/// `posts_author_id_fkey`.
pub(super) fn foreign_key(table: &str, columns: &[&str]) -> Name {
    cut(&stem(table, columns), "_fkey")
}

/// The table of an implicit many-to-many relation: `_name`, cut at 63 characters.
pub(super) fn join_table(relation: &str) -> String {
    format!("_{relation}").chars().take(MAX_BYTES).collect()
}

/// A constraint or index of a join table: `_AToB_AB_pkey`, `_AToB_A_fkey`, `_AToB_B_index`.
pub(super) fn of_join_table(table: &str, suffix: &str) -> Name {
    cut(table, suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_before_the_suffix() {
        let table = "t".repeat(60);
        assert_eq!(primary_key(&table).as_str(), format!("{}_pkey", "t".repeat(58)));
        assert_eq!(index("users", &["a", "b"]).as_str(), "users_a_b_idx");
        let wide = format!("{}é", "t".repeat(57));
        assert_eq!(primary_key(&wide).as_str(), format!("{}_pkey", "t".repeat(57)));
        assert_eq!(unique(&table, &["column"]).as_str().len(), 63);
    }
}
