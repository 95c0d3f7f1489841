//! The text that everything is read from: files, byte spans in them, and text that a program composed.
//!
//! Every other module receives files through [`Files`]; only the command line and the editor implement
//! [`FileSystem`] on a disk. Positions are bytes of the file as the user has it.

mod file;
mod files;
mod line_index;
mod memo;
mod seen;
mod system;
mod text;

pub use file::SourceFile;
pub use files::Files;
pub use line_index::{LineColumn, LineIndex};
pub use system::{Entry, FileSystem, MemoryFiles, Overlay, ReadError};
pub use text::{Piece, Text};

/// A file of the listing that a run works on. Ids follow the order of paths, so they sort like paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// Bytes `start..end` of a file, as the user has it on disk or in the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            file,
            start: clamp(start),
            end: clamp(end.max(start)),
        }
    }

    /// The smallest span that covers both, where they lie in one file; otherwise `self`.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether `other` lies within `self`.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The span as a range of `usize`, for slicing.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
