//! String literals as constants of a type: the catalog's own types, and those of the schema.

use smol_str::SmolStr;

use super::stop::{Outcome, Stop};
use super::types::{Base, Ty, Types};
use crate::name::{Name, QualifiedName};
use crate::schema::{Relation, Schema, Type, TypeKind};
use crate::source::Span;
use crate::sqltype::literal::{Literal, canonical};
use crate::sqltype::{Builtin, Modifier};
use crate::tree::ExprKind;

/// The constant that the text becomes; `ty` is no domain.
pub(super) fn constant(
    types: Types<'_>,
    text: &SmolStr,
    ty: Ty,
    modifier: Option<&Modifier>,
    span: Span,
) -> Outcome<ExprKind> {
    let done = |text: String| ExprKind::Const(Some(text.into()), ty.to_sql(modifier.cloned()));
    match ty.base {
        Base::Builtin(Builtin::Regclass) if !ty.array => regclass(types, text, span),
        Base::Builtin(builtin) => match canonical(builtin, ty.array, text, modifier) {
            Literal::Text(out) if ty == Ty::BOOL => Ok(ExprKind::Bool(out == "t")),
            Literal::Text(out) => Ok(done(out)),
            Literal::Invalid(sqlstate, message) => Err(Stop::fail(sqlstate, message, span)),
            Literal::Untold(why) => Err(Stop::gap(span, why)),
        },
        Base::Object(_) if ty.array => {
            let element = Ty { array: false, ..ty };
            array_of_objects(types, text, element, span).map(done)
        }
        Base::Object(_) => object(types, text, ty, span).map(done),
    }
}

fn object(types: Types<'_>, text: &str, ty: Ty, span: Span) -> Outcome<String> {
    if types.is_enum(ty) {
        return match enum_labels(types.schema, ty) {
            Some(labels) if labels.iter().any(|l| l == text) => Ok(text.to_owned()),
            Some(_) => Err(Stop::fail(
                "22P02",
                format!("invalid input value for enum {}: \"{text}\"", types.name(ty)),
                span,
            )),
            None => Err(Stop::gap(span, "the enum's labels are not all known")),
        };
    }
    let Base::Object(id) = ty.base else {
        return Err(Stop::gap(span, "the type is not known"));
    };
    match types.schema.types.get(id) {
        Some(t) => extension_literal(t, text).ok_or_else(|| {
            Stop::gap(
                span,
                format!("how {} prints this literal is not known", types.name(ty)),
            )
        }),
        None => Err(Stop::gap(span, "the type is not known")),
    }
}

/// Types of extensions whose text form is plain: `citext` is text, an empty `hstore` and a simple `ltree` are as written.
fn extension_literal(ty: &Type, text: &str) -> Option<String> {
    let plain = match (ty.extension.as_ref()?.as_str(), ty.name.as_str()) {
        ("citext", "citext") => true,
        ("hstore", "hstore") => text.is_empty(),
        ("ltree", "ltree") => {
            text.is_empty()
                || text.split('.').all(|label| {
                    !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                })
        }
        _ => false,
    };
    plain.then(|| text.to_owned())
}

/// Only empty arrays and arrays of plain labels.
fn array_of_objects(types: Types<'_>, text: &str, element: Ty, span: Span) -> Outcome<String> {
    // Domains over built-in types print as these do.
    if let Base::Builtin(builtin) = types.base(element).0.base {
        return match canonical(builtin, true, text, None) {
            Literal::Text(out) => Ok(out),
            Literal::Invalid(..) | Literal::Untold(_) => {
                Err(Stop::gap(span, "an array literal in an uncommon form"))
            }
        };
    }
    match canonical(Builtin::Text, true, text, None) {
        Literal::Text(out) if out == "{}" => Ok(out),
        Literal::Text(out) => {
            let inner = out.trim_start_matches('{').trim_end_matches('}');
            if inner.contains(['"', '\\']) {
                return Err(Stop::gap(span, "an array literal in an uncommon form"));
            }
            for label in inner.split(',').filter(|label| *label != "NULL") {
                object(types, label, element, span)?;
            }
            Ok(out)
        }
        Literal::Invalid(sqlstate, message) => Err(Stop::fail(sqlstate, message, span)),
        Literal::Untold(why) => Err(Stop::gap(span, why)),
    }
}

/// `regclassin`: a relation by name; a number stays one.
fn regclass(types: Types<'_>, text: &str, span: Span) -> Outcome<ExprKind> {
    let Some(name) = parse_name(text) else {
        return Err(Stop::gap(span, "a relation named in an uncommon form"));
    };
    let schema = types.schema;
    let places: Vec<Name> = match &name.schema {
        Some(place) => vec![place.clone()],
        None => schema.search_path.clone(),
    };
    let found: Option<Relation> = places
        .iter()
        .filter_map(|place| schema.namespace(place))
        .find_map(|namespace| schema.relation_names.get(namespace, &name.name));
    match found {
        Some(relation) => Ok(ExprKind::Relation(relation.into())),
        // Dropped or never made by the history: the replay presumes or refuses it.
        None => Err(Stop::gap(span, format!("the relation {name} is not known"))),
    }
}

/// A name as text holds it: `users_id_seq`, `public.users_id_seq`, `"Quoted"`, `"a"."b"`.
fn parse_name(text: &str) -> Option<QualifiedName> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, tail) = if let Some(inner) = rest.strip_prefix('"') {
            let mut end = None;
            let mut chars = inner.char_indices().peekable();
            while let Some((at, c)) = chars.next() {
                if c == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
                    end = Some(at);
                    break;
                }
            }
            let end = end?;
            (
                Name::new(&inner.get(..end)?.replace("\"\"", "\"")),
                inner.get(end + 1..)?,
            )
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let word = rest.get(..end)?;
            let plain = !word.is_empty()
                && !word.starts_with(|c: char| c.is_ascii_digit())
                && word
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
            if !plain {
                return None;
            }
            (Name::from_sql(word), rest.get(end..)?)
        };
        parts.push(part);
        match tail.strip_prefix('.') {
            Some(next) => rest = next,
            None if tail.is_empty() => break,
            None => return None,
        }
    }
    let name = parts.pop()?;
    match parts.pop() {
        None => Some(QualifiedName::bare(name)),
        Some(schema) if parts.is_empty() => Some(QualifiedName::in_schema(schema, name)),
        Some(_) => None,
    }
}

/// The labels of an enum, where all are known.
fn enum_labels(schema: &Schema, ty: Ty) -> Option<&Vec<SmolStr>> {
    let Base::Object(id) = ty.base else {
        return None;
    };
    match &schema.types.get(id)?.kind {
        TypeKind::Enum(labels) => labels.known(),
        _ => None,
    }
}
