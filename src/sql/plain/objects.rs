//! DROP, enums, ALTER INDEX and COMMENT ON as they are written most.

use smol_str::SmolStr;

use super::cursor::Cursor;
use crate::change::{Behaviour, Change, CommentSub, ObjectKind, ObjectName};
use crate::name::QualifiedName;

/// `CASCADE` or `RESTRICT`, where it stands here.
pub(super) fn behaviour(at: &mut Cursor<'_>) -> Behaviour {
    if at.eat("cascade") {
        return Behaviour::Cascade;
    }
    at.eat("restrict");
    Behaviour::Restrict
}

/// `DROP` of relations and types, from the kind on.
pub(super) fn drop(at: &mut Cursor<'_>) -> Option<Change> {
    let kind = match at.word()? {
        b"table" => ObjectKind::Table,
        b"index" => ObjectKind::Index,
        b"view" => ObjectKind::View,
        b"sequence" => ObjectKind::Sequence,
        b"type" => ObjectKind::Type,
        _ => return None,
    };
    if kind == ObjectKind::Index {
        at.eat("concurrently");
    }
    let if_exists = at.if_exists()?;
    let mut names = vec![at.object()?];
    while at.eat_punct(b',') {
        names.push(at.object()?);
    }
    Some(Change::Drop {
        kind,
        names,
        if_exists,
        behaviour: behaviour(at),
        routines: Vec::new(),
    })
}

/// `CREATE TYPE name AS ENUM ('a', ...)`, from the name on.
pub(super) fn create_enum(at: &mut Cursor<'_>) -> Option<Change> {
    let name = at.object()?;
    at.keyword("as")?;
    at.keyword("enum")?;
    at.punct(b'(')?;
    let mut labels = vec![label(at)?];
    while at.eat_punct(b',') {
        labels.push(label(at)?);
    }
    at.punct(b')')?;
    Some(Change::CreateEnum { name, labels })
}

fn label(at: &mut Cursor<'_>) -> Option<SmolStr> {
    at.string().map(SmolStr::from)
}

/// `ALTER TYPE name ADD VALUE`, `RENAME VALUE` and `RENAME TO`, from the name on.
pub(super) fn alter_type(at: &mut Cursor<'_>) -> Option<Change> {
    let name = at.object()?;
    match at.word()? {
        b"add" => {
            at.keyword("value")?;
            let if_not_exists = at.if_not_exists()?;
            let added = label(at)?;
            let before = at.eat("before");
            let beside = if before || at.eat("after") {
                Some((label(at)?, before))
            } else {
                None
            };
            Some(Change::AddEnumLabel {
                name,
                label: added,
                if_not_exists,
                beside,
            })
        }
        b"rename" => {
            if at.eat("to") {
                return rename(at, ObjectKind::Type, name, false);
            }
            at.keyword("value")?;
            let from = label(at)?;
            at.keyword("to")?;
            let to = label(at)?;
            Some(Change::RenameEnumLabel { name, from, to })
        }
        _ => None,
    }
}

fn rename(at: &mut Cursor<'_>, kind: ObjectKind, name: ObjectName, if_exists: bool) -> Option<Change> {
    let to = at.name()?;
    Some(Change::Rename {
        kind,
        name,
        to,
        if_exists,
    })
}

/// `ALTER INDEX name RENAME TO`, from the name on.
pub(super) fn alter_index(at: &mut Cursor<'_>) -> Option<Change> {
    let if_exists = at.if_exists()?;
    let name = at.object()?;
    at.keyword("rename")?;
    at.keyword("to")?;
    rename(at, ObjectKind::Index, name, if_exists)
}

/// `COMMENT ON TABLE | COLUMN name IS 'text'`.
pub(super) fn comment(at: &mut Cursor<'_>) -> Option<Change> {
    at.keyword("on")?;
    let column = match at.word()? {
        b"table" => false,
        b"column" => true,
        _ => return None,
    };
    let from = at.here();
    let mut parts = vec![at.name()?];
    while at.eat_punct(b'.') {
        parts.push(at.name()?);
    }
    let span = at.since(from);
    let sub = if column {
        CommentSub::Column(parts.pop()?)
    } else {
        CommentSub::None
    };
    let name = QualifiedName {
        name: parts.pop()?,
        schema: parts.pop(),
    };
    if !parts.is_empty() {
        return None;
    }
    at.keyword("is")?;
    // An empty comment removes it, as NULL does (`CreateComments` in `comment.c`).
    let text = if at.eat("null") {
        None
    } else {
        Some(at.string()?).filter(|text| !text.is_empty())
    };
    Some(Change::CommentOn {
        kind: ObjectKind::Table,
        name: ObjectName { name, span },
        sub,
        text: text.map(SmolStr::from),
    })
}
