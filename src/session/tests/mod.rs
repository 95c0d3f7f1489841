//! Migrations run from text, and what the database holds afterwards.
