//! Alembic: migration scripts in Python, ordered by the revisions that they name.

pub mod database;
pub mod graph;
pub mod header;
pub mod library;
pub mod surface;
