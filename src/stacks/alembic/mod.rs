//! Alembic: migration scripts in Python, ordered by the revisions that they name, run by the interpreter.

pub mod config;
pub mod database;
pub mod databases;
pub mod environment;
mod flask;
pub mod graph;
pub mod header;
mod heads;
pub mod history;
pub mod library;
pub mod metadata;
pub mod runner;
pub mod surface;
