//! node-pg-migrate: numbered SQL and JavaScript files.

pub mod history;
