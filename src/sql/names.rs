//! Identifiers and qualified names of the parser's tree, folded and unquoted.

use super::source::Lower;
use crate::change::ObjectName;
use crate::name::{Name, QualifiedName};
use crate::syntax::pg::{AstNode, SyntaxKind, SyntaxNode, TextRange, ast};

/// The identifier that a node of one name holds (`Name`, `NameRef`, `ColumnName`, ...); `None` where it is missing.
pub(super) fn name(node: &SyntaxNode) -> Option<Name> {
    let mut tokens = node
        .children_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia());
    let mut first = tokens.next()?;
    if node.kind() == SyntaxKind::ROLE_REF && first.kind() == SyntaxKind::GROUP_KW {
        first = tokens.next()?;
    }
    let uescape = tokens
        .next()
        .filter(|token| token.kind() == SyntaxKind::UESCAPE_KW)
        .and_then(|_| tokens.next());
    Some(unquote(first.text(), uescape.as_ref().map(|token| token.text())))
}

/// The name of a typed node of one name.
pub(super) fn name_of(node: Option<&impl AstNode>) -> Option<Name> {
    name(node?.syntax())
}

/// An identifier as written, `U&"..."` included; `uescape` is the literal after `UESCAPE`.
pub(super) fn unquote(written: &str, uescape: Option<&str>) -> Name {
    let unicode = written
        .strip_prefix(['u', 'U'])
        .and_then(|w| w.strip_prefix("&\""))
        .and_then(|w| w.strip_suffix('"'));
    match unicode {
        Some(inner) => {
            let escape = uescape
                .and_then(|u| u.trim_matches('\'').chars().next())
                .unwrap_or('\\');
            Name::new(&unicode_escapes(&inner.replace("\"\"", "\""), escape))
        }
        None => Name::from_sql(written),
    }
}

/// `\0041` and `\+000041` to their characters; a surrogate pair is one (manual, 4.1.2.3). What is malformed stays as it is.
pub(super) fn unicode_escapes(text: &str, escape: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut high = None;
    while let Some(at) = rest.find(escape) {
        out.push_str(&rest[..at]);
        rest = &rest[at + escape.len_utf8()..];
        if let Some(after) = rest.strip_prefix(escape) {
            out.push(escape);
            rest = after;
            continue;
        }
        let (digits, skip) = match rest.strip_prefix('+') {
            Some(digits) => (digits.get(..6), 7),
            None => (rest.get(..4), 4),
        };
        let Some(code) = digits.and_then(|d| u32::from_str_radix(d, 16).ok()) else {
            out.push(escape);
            continue;
        };
        rest = &rest[skip..];
        match (high.take(), code) {
            (None, 0xD800..=0xDBFF) => high = Some(code),
            (Some(first), 0xDC00..=0xDFFF) => {
                let code = 0x10000 + ((first - 0xD800) << 10) + (code - 0xDC00);
                out.extend(char::from_u32(code));
            }
            _ => out.extend(char::from_u32(code)),
        }
    }
    out.push_str(rest);
    out
}

/// The parts of a dotted name, outermost first.
pub(super) fn parts(path: &SyntaxNode) -> Vec<Name> {
    let mut out = Vec::new();
    let mut at = Some(path.clone());
    while let Some(node) = at.take() {
        for child in node.children() {
            match child.kind() {
                SyntaxKind::PATH | SyntaxKind::PATH_REF => at = Some(child),
                _ => out.extend(name(&child)),
            }
        }
    }
    out.reverse();
    out
}

/// A name with its schema; a database in front (`db.schema.name`) is dropped, as the server only takes its own.
pub(super) fn qualified(path: &SyntaxNode) -> Option<QualifiedName> {
    let mut parts = parts(path);
    let name = parts.pop()?;
    Some(QualifiedName {
        schema: parts.pop(),
        name,
    })
}

/// The `Path` or `PathRef` in a node that is little more than one (`TableNameRef`, `IndexRef`, `TypeName`, ...), or the node.
pub(super) fn path(node: &SyntaxNode) -> SyntaxNode {
    if is_path(node) {
        return node.clone();
    }
    node.children().find(is_path).unwrap_or_else(|| node.clone())
}

fn is_path(node: &SyntaxNode) -> bool {
    ast::Path::can_cast(node.kind()) || ast::PathRef::can_cast(node.kind())
}

/// The qualified name of a node as [`path`] takes it.
pub(super) fn qualified_of(node: Option<&impl AstNode>) -> Option<QualifiedName> {
    qualified(&path(node?.syntax()))
}

/// The same with its place.
pub(super) fn object(cx: &Lower<'_>, node: Option<&impl AstNode>) -> Option<ObjectName> {
    let node = path(node?.syntax());
    Some(ObjectName {
        name: qualified(&node)?,
        span: cx.range_span(node.text_range()),
    })
}

/// The names of several typed nodes of one name each.
pub(super) fn names<N: AstNode>(nodes: impl Iterator<Item = N>) -> Vec<Name> {
    nodes.filter_map(|node| name(node.syntax())).collect()
}

/// From the start of one range to the end of another.
pub(super) fn cover(from: TextRange, to: TextRange) -> TextRange {
    from.cover(to)
}
