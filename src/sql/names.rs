//! Identifiers and qualified names of the parser's tree, folded and unquoted.

use super::source::Lower;
use crate::change::ObjectName;
use crate::name::{Name, QualifiedName};
use crate::syntax::pg::{AstNode, SyntaxKind, SyntaxNode, ast};
use crate::syntax::split;

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

/// A name with its schema; a database in front (`db.schema.name`) is dropped, as the server only takes its own. `node` is a
/// path or holds one (`TableNameRef`, `IndexRef`, `TypeName`, ...), or is of one name.
pub(super) fn qualified(node: &SyntaxNode) -> Option<QualifiedName> {
    let path = path(node);
    if !is_path(&path) {
        return Some(QualifiedName::bare(name(&path)?));
    }
    let mut parts = parts(&path);
    let name = parts.pop()?;
    Some(QualifiedName {
        schema: parts.pop(),
        name,
    })
}

/// The `Path` or `PathRef` in a node that is little more than one, or the node.
pub(super) fn path(node: &SyntaxNode) -> SyntaxNode {
    node.descendants().find(is_path).unwrap_or_else(|| node.clone())
}

fn is_path(node: &SyntaxNode) -> bool {
    ast::Path::can_cast(node.kind()) || ast::PathRef::can_cast(node.kind())
}

/// The qualified name of a node as [`qualified`] takes it.
pub(super) fn qualified_of(node: Option<&impl AstNode>) -> Option<QualifiedName> {
    qualified(node?.syntax())
}

/// The same with its place.
pub(super) fn object(cx: &Lower<'_>, node: Option<&impl AstNode>) -> Option<ObjectName> {
    let node = path(node?.syntax());
    Some(ObjectName {
        name: qualified(&node)?,
        span: cx.range_span(node.text_range()),
    })
}

/// The objects of several typed nodes; `None` where one cannot be read or there are none.
pub(super) fn objects<N: AstNode>(cx: &Lower<'_>, nodes: impl Iterator<Item = N>) -> Option<Vec<ObjectName>> {
    let out: Option<Vec<_>> = nodes.map(|node| object(cx, Some(&node))).collect();
    out.filter(|names| !names.is_empty())
}

/// A name written as an expression: `f` or `schema.f`, as the called function of a trigger.
pub(super) fn dotted(node: &SyntaxNode) -> Option<QualifiedName> {
    let mut names: Vec<Name> = node
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia() && token.kind() != SyntaxKind::DOT)
        .map(|token| unquote(token.text(), None))
        .collect();
    let name = names.pop()?;
    Some(QualifiedName {
        schema: names.pop(),
        name,
    })
}

/// A name with its schema in a text of its own, as `regclass` takes it.
pub(super) fn written(text: &str) -> Option<QualifiedName> {
    let mut names = Vec::new();
    let mut expects_name = true;
    for (_, token) in split::tokens(text).take(8) {
        if expects_name {
            let first = token.chars().next()?;
            if !(first == '"' || first == '_' || first.is_alphabetic()) {
                return None;
            }
            names.push(Name::from_sql(token));
        } else if token != "." {
            return None;
        }
        expects_name = !expects_name;
    }
    if expects_name {
        return None;
    }
    let name = names.pop()?;
    Some(QualifiedName {
        schema: names.pop(),
        name,
    })
}

/// The names of several typed nodes of one name each.
pub(super) fn names<N: AstNode>(nodes: impl Iterator<Item = N>) -> Vec<Name> {
    nodes.filter_map(|node| name(node.syntax())).collect()
}
