//! Bounded interpreters for the host languages of migrations and models. No user code is executed: what they cannot know is a
//! value too, and what lies outside the repository is a term that says what was called with what.

pub mod elixir;
pub mod python;
