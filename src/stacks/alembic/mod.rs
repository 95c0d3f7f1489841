//! Alembic: migration scripts in Python, ordered by the revisions that they name.

pub mod graph;
pub mod header;
