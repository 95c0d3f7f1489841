//! A file's text.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use super::ReadError;
use super::memo::Memo;
use super::seen::Seen;
use super::{LineColumn, LineIndex};

/// A file's text. Bytes that are not UTF-8 and a byte order mark are masked one for one, so offsets are those of the file.
pub struct SourceFile {
    /// Path as in [`Entry::path`].
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    /// First byte that is not UTF-8, where there is one (masked as `?`).
    pub not_utf8: Option<u32>,
    lines: OnceLock<LineIndex>,
    memo: Memo,
}

impl std::fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl SourceFile {
    pub(super) fn new(path: String, bytes: Vec<u8>) -> Result<Self, ReadError> {
        let bytes = match utf16(&bytes) {
            // Lists of packages as Windows' shell writes them, which pip reads (`auto_decode` in `pip/_internal/utils/encoding.py`, 25.0).
            Some(text) if path.ends_with(".txt") => text.into_bytes(),
            Some(_) => return Err(ReadError("is UTF-16; save it as UTF-8".to_owned())),
            None => bytes,
        };
        if bytes.len() > u32::MAX as usize / 2 {
            return Err(ReadError("is larger than 2 GiB".to_owned()));
        }
        let (mut text, not_utf8) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(e) => mask(e.into_bytes()),
        };
        if text.starts_with('\u{FEFF}') {
            text.replace_range(0..3, "   ");
        }
        Ok(SourceFile {
            path,
            text: text.into(),
            not_utf8,
            lines: OnceLock::new(),
            memo: Memo::default(),
        })
    }

    /// The line index, made when first asked for.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// What `make` works out of this text alone, such as its syntax tree: once, as long as the text stays.
    pub fn derive<T: Any + Send + Sync>(&self, make: impl Fn() -> T) -> Arc<T> {
        let nothing = || (make(), Arc::new(Seen::new(0, None)));
        self.memo.once("", true, nothing).0
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn at(&self, offset: u32) -> LineColumn {
        self.lines().line_column(&self.text, offset)
    }
}

/// The text of bytes that say by their first two that they are UTF-16.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (mark, rest) = bytes.split_first_chunk::<2>()?;
    let unit: fn([u8; 2]) -> u16 = match mark {
        [0xFF, 0xFE] => u16::from_le_bytes,
        [0xFE, 0xFF] => u16::from_be_bytes,
        _ => return None,
    };
    let units: Vec<u16> = rest
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}

/// Replaces each byte that is not UTF-8 by `?`; the place of the first is returned.
fn mask(mut bytes: Vec<u8>) -> (String, Option<u32>) {
    let mut first = None;
    let mut from = 0;
    while let Err(e) = std::str::from_utf8(&bytes[from..]) {
        let bad = from + e.valid_up_to();
        first.get_or_insert(bad as u32);
        let len = e.error_len().unwrap_or(bytes.len() - bad);
        bytes[bad..bad + len].fill(b'?');
        from = bad + len;
    }
    (String::from_utf8_lossy(&bytes).into_owned(), first)
}
