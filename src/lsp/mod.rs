//! The editor's face: diagnostics, hover, definition, code actions, completion and symbols over the Language Server Protocol. The only
//! place that names the protocol's types. Buffers that are not saved count, on both sides.

#![allow(
    clippy::mutable_key_type,
    reason = "the protocol's own maps are keyed by URIs, whose cells only hold what they parse to"
)]

mod actions;
mod completion;
mod diagnostics;
mod lookup;
mod overlay;
mod position;
mod server;
mod symbols;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_server::Connection;

use crate::source::FileSystem;

/// A folder as it lies on the disk.
pub struct Listing {
    /// Its files.
    pub system: Arc<dyn FileSystem>,
    /// Names of the folders that lead to it, for the configuration files above.
    pub above: Vec<String>,
}

/// What the server cannot do itself: the disk is the command line's.
pub trait Disk {
    /// Lists a folder.
    ///
    /// # Errors
    /// When it cannot be listed; the text says why.
    fn list(&self, root: &Path) -> Result<Listing, String>;
    /// The folder that is worked in where the client names none.
    fn here(&self) -> PathBuf;
}

/// Serves one client until it says good-bye.
///
/// # Errors
/// When the client breaks the protocol; the text says how.
pub fn serve(connection: &Connection, disk: &dyn Disk) -> Result<(), String> {
    server::run(connection, disk).map_err(|error| error.to_string())
}
