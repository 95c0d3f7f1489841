//! Places of files and places of the protocol: lines from 0, columns in UTF-16 units (Language Server Protocol 3.17, "Position"), files
//! as URIs.

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use lsp_types::{Location, Position, Range, Uri};

use crate::source::{FileId, Files, Span};

/// A span as a range.
pub(super) fn range(files: &Files, span: Span) -> Range {
    let text = files.text(span.file);
    let position = |offset: u32, line: u32| {
        let before = text.get(..offset as usize).unwrap_or(&text);
        let column = before
            .rfind('\n')
            .map_or(before, |at| before.get(at + 1..).unwrap_or(""));
        Position::new(line.saturating_sub(1), column.encode_utf16().count() as u32)
    };
    Range::new(
        position(span.start, files.start(span).line),
        position(span.end, files.end(span).line),
    )
}

/// The byte that a position is at; the end of the line where the line is shorter.
pub(super) fn offset(text: &str, position: Position) -> u32 {
    let mut start = 0;
    for _ in 0..position.line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(at) => start += at + 1,
            None => return text.len() as u32,
        }
    }
    let line = text.get(start..).unwrap_or("");
    let line = line.split('\n').next().unwrap_or("");
    let mut units = 0;
    for (at, c) in line.char_indices() {
        if units >= position.character {
            return (start + at) as u32;
        }
        units += c.len_utf16() as u32;
    }
    (start + line.trim_end_matches('\r').len()) as u32
}

/// A span as a location below a root.
pub(super) fn location(root: &Path, files: &Files, span: Span) -> Option<Location> {
    Some(Location::new(
        uri(root, files.path(span.file))?,
        range(files, span),
    ))
}

/// A path of the listing as a URI.
pub(super) fn uri(root: &Path, path: &str) -> Option<Uri> {
    let mut full = root.to_path_buf();
    for part in path.split('/') {
        match part {
            ".." => drop(full.pop()),
            "." | "" => {}
            part => full.push(part),
        }
    }
    of_path(&full)
}

/// An absolute path as a `file:` URI (RFC 8089).
pub(super) fn of_path(path: &Path) -> Option<Uri> {
    let mut out = String::from("file://");
    for component in path.components() {
        let part = match component {
            Component::RootDir => continue,
            Component::Prefix(prefix) => prefix.as_os_str().to_string_lossy(),
            other => other.as_os_str().to_string_lossy(),
        };
        out.push('/');
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(byte))
                }
                other => out.push_str(&format!("%{other:02X}")),
            }
        }
    }
    Uri::from_str(&out).ok()
}

/// The path of a `file:` URI.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let rest = rest.get(rest.find('/')?..)?;
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.bytes();
    while let Some(byte) = left.next() {
        let byte = match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                let (high, low) = (digit(left.next())?, digit(left.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        };
        bytes.push(byte);
    }
    let text = String::from_utf8(bytes).ok()?;
    // `/C:/x` on Windows.
    let drive = cfg!(windows) && text.as_bytes().get(2) == Some(&b':');
    let text = text.strip_prefix('/').filter(|_| drive).unwrap_or(&text);
    Some(PathBuf::from(text))
}

/// The listing's path of a file below a root.
pub(super) fn listed(root: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?;
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Whether a span of a file holds a byte, its end included.
pub(super) fn holds(span: Span, file: FileId, offset: u32) -> bool {
    span.file == file && span.start <= offset && offset <= span.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_in_utf_16() {
        let files = Files::in_memory([("a", "x\nä𝄞b\r\n")]);
        let file = files.find("a").unwrap();
        let text = files.text(file);
        let at = text.find('b').unwrap();
        let found = range(&files, Span::new(file, at, at + 1));
        assert_eq!(
            (found.start, found.end),
            (Position::new(1, 3), Position::new(1, 4))
        );
        assert_eq!(offset(&text, found.start) as usize, at);
        assert_eq!(offset(&text, Position::new(1, 99)) as usize, at + 1);
        assert_eq!(offset(&text, Position::new(9, 0)) as usize, text.len());
    }

    #[test]
    fn paths_come_back_from_uris() {
        for name in ["/a b/ü%.sql", "/x/[y]/z#1?.py"] {
            let uri = of_path(Path::new(name)).unwrap();
            assert_eq!(path(&uri).unwrap(), Path::new(name));
        }
        assert_eq!(
            uri(Path::new("/a/b"), "../c/d").unwrap().as_str(),
            "file:///a/c/d"
        );
    }
}
