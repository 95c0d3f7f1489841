//! Prisma: migrations made by `prisma migrate`, models in the Prisma schema language.

mod config;
mod datasource;
mod defaults;
pub mod history;
mod keys;
pub mod locations;
pub mod models;
mod names;
mod relations;
mod script;
mod source;
mod types;

pub use config::PrismaConfig;
pub use names::{index as index_name, unique as unique_name};
pub use types::spelled;
