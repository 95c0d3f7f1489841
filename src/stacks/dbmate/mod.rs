//! dbmate: numbered SQL files with both directions in one file.

pub mod history;
