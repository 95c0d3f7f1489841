//! Ecto: migrations and schemas of Elixir projects.

pub mod application;
pub mod changesets;
pub mod command;
pub mod ddl;
pub mod functions;
pub mod history;
pub mod install;
pub mod json;
pub mod library;
pub mod lock;
pub mod models;
pub mod oban;
pub mod project;
pub mod query;
pub mod questions;
pub mod queue;
pub mod reading;
pub mod repo;
pub mod runner;
pub mod schemas;
pub mod settings;
pub mod sql;
pub mod structs;
pub mod structure;
pub mod types;
