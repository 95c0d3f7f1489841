//! `schemalign lsp`: serves an editor over standard input and output.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_server::Connection;

use super::disk::{Disk, normal};
use super::outcome::{Exit, Failure};
use super::workspace::listing;
use crate::lsp;

/// Runs the command until the client says good-bye.
///
/// # Errors
/// When the client breaks the protocol.
pub(super) fn run() -> Result<Exit, Failure> {
    let (connection, threads) = Connection::stdio();
    let served = lsp::serve(&connection, &OnDisk);
    // The writer ends when the connection is gone.
    drop(connection);
    let joined = threads.join();
    served.map_err(|why| Failure::new(format!("the editor's connection broke: {why}")))?;
    joined.map_err(|error| Failure::new(format!("the editor's connection broke: {error}")))?;
    Ok(Exit::Clean)
}

/// The disk, for the editor.
struct OnDisk;

impl lsp::Disk for OnDisk {
    fn list(&self, root: &Path) -> Result<lsp::Listing, String> {
        let root = normal(root).map_err(|error| error.to_string())?;
        let (disk, above): (Disk, Vec<String>) = listing(root);
        Ok(lsp::Listing {
            system: Arc::new(disk),
            above,
        })
    }

    fn here(&self) -> PathBuf {
        normal(Path::new(".")).unwrap_or_default()
    }
}
