//! Lowers plpgsql bodies.

use crate::known::{Gap, Reach};
use crate::source::Text;
use crate::tree::plpgsql::Block;

/// Reads a body.
///
/// # Errors
/// A gap when it is too broken to be run.
pub(super) fn block(body: &Text) -> Result<Block, Gap> {
    Err(Gap::new(body.whole(), "not read yet", Reach::Everything))
}
