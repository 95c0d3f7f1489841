//! One file per output format, and what keeps text from files from reaching a terminal raw.

mod alike;
mod based;
pub mod checkstyle;
pub mod concise;
mod diagram;
pub mod diff;
pub mod dot;
mod escape;
pub mod explain;
mod gaps;
pub mod github;
pub mod gitlab;
pub mod history;
pub mod html;
pub mod inventory;
pub mod json;
pub mod json_lines;
pub mod junit;
pub mod markdown;
mod markup;
pub mod mermaid;
mod notes;
pub mod object;
pub mod rdjson;
pub mod sarif;
pub mod states;
pub mod statistics;
pub mod text;

pub use based::Based;
pub use escape::{escape, escape_source};
