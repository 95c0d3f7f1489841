//! Diesel: a folder a migration, `up.sql` and `down.sql` in it.

pub mod history;
