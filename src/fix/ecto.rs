//! Edits of Ecto's schemas: the type of `field :name, :type`, where nothing follows it that would go by it.

use super::{Of, replace};
use crate::declared::Field;
use crate::finding::Edit;
use crate::sqltype::{BaseType, Builtin, SqlType};

/// Gives a field the type that Ecto loads its column as (`Ecto.Type`, and Postgrex's own types).
pub(super) fn column_type(of: Of<'_>, field: &Field, found: &SqlType) -> Option<Vec<Edit>> {
    let at = field.type_span;
    let file = of.files.read(at.file).ok()?;
    let said = file.text.get(at.range())?;
    let inner = said.strip_prefix("{:array, ").and_then(|s| s.strip_suffix('}'));
    if !is_plain(inner.unwrap_or(said)) || at.file != of.model.span.file {
        return None;
    }
    let before = file.text.get(..at.start as usize)?;
    let line = before.rsplit('\n').next()?.trim_start();
    let after = file
        .text
        .get(at.end as usize..)?
        .lines()
        .next()
        .unwrap_or("")
        .trim();
    let alone = line.starts_with("field ") || line.starts_with("field(");
    if !alone || !matches!(after, "" | ")") {
        return None;
    }
    Some(vec![replace(at, spelled(found)?)])
}

/// `:string`, `Ecto.UUID`.
fn is_plain(text: &str) -> bool {
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text == "Ecto.UUID" || text.strip_prefix(':').is_some_and(word)
}

fn spelled(ty: &SqlType) -> Option<String> {
    let BaseType::Builtin(builtin) = ty.base else {
        return None;
    };
    let word = match builtin {
        Builtin::Text | Builtin::Varchar => ":string",
        Builtin::Int2 | Builtin::Int4 | Builtin::Int8 => ":integer",
        Builtin::Numeric => ":decimal",
        Builtin::Float4 | Builtin::Float8 => ":float",
        Builtin::Bool => ":boolean",
        Builtin::Date => ":date",
        Builtin::Timestamptz => ":utc_datetime",
        Builtin::Timestamp => ":naive_datetime",
        Builtin::Uuid => "Ecto.UUID",
        Builtin::Json | Builtin::Jsonb => ":map",
        Builtin::Bytea => ":binary",
        _ => return None,
    };
    Some(match ty.array {
        true => format!("{{:array, {word}}}"),
        false => word.to_owned(),
    })
}
