//! Comparing a field's type with a column's.

use super::ColumnPair;
use crate::declared::{Accepted, Expectation, Family};
use crate::known::{ChangeId, Fact, Gap, Reach, Verdict};
use crate::name::QualifiedName;
use crate::replay::analyse::{CastContext, castable};
use crate::schema::{Lookup, Schema, TypeKind};
use crate::sqltype::{BaseType, Builtin, Category, Fit, Modifier, SqlType, TypeId, fit};

/// How a field's and a column's type differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDifference {
    /// What the model asks for, as a message names it.
    pub wanted: String,
    /// What the database has.
    pub found: String,
    /// How well it fits.
    pub fit: Fit,
    /// The change that set the type that is compared.
    pub origin: Option<ChangeId>,
    /// The user-defined type that the model names and that the database does not have.
    pub absent: Option<QualifiedName>,
    /// It fits for drivers alone that send a value without its type.
    pub bare: bool,
    /// It does not fit because the driver sends text as text.
    pub cast: bool,
    /// How the column becomes one of the type that the model asks for; `None` where that is no one type.
    pub conversion: Option<Conversion>,
}

/// How `ALTER COLUMN ... TYPE` converts what a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// By itself: there is a cast by assignment.
    Plain,
    /// `USING c::type`.
    Cast,
    /// `USING c::text::type`: one enum to another.
    Text,
    /// There is no cast.
    Never,
}

fn conversion(schema: &Schema, from: &SqlType, to: &SqlType) -> Conversion {
    let Ok(Some(to)) = resolve(schema, to) else {
        return Conversion::Cast;
    };
    let is_enum = |ty: &SqlType| match ty.base {
        BaseType::Object(id) => !ty.array && matches!(schema.types[id].kind, TypeKind::Enum(_)),
        BaseType::Builtin(_) | BaseType::Named(_) => false,
    };
    match castable(schema, from, &to, CastContext::Assignment) {
        Some(true) => Conversion::Plain,
        _ if is_enum(from) && is_enum(&to) => Conversion::Text,
        Some(false) if castable(schema, from, &to, CastContext::Explicit) == Some(false) => Conversion::Never,
        Some(false) | None => Conversion::Cast,
    }
}

impl ColumnPair<'_> {
    /// Whether the column holds what the field needs.
    #[must_use]
    pub fn type_verdict(&self) -> Verdict<TypeDifference> {
        let schema = self.column.table.schema;
        match &self.column.get().ty {
            Fact::Known(found, origin) => self.against(schema, found, *origin),
            Fact::Unknown { gap, candidates } => {
                // Only where every course that can have been taken contradicts the model is it a difference.
                let mut least: Option<TypeDifference> = None;
                for (found, origin) in candidates {
                    match self.against(schema, found, *origin) {
                        Verdict::Differs(d) => {
                            if least.as_ref().is_none_or(|l| d.fit < l.fit) {
                                least = Some(d);
                            }
                        }
                        Verdict::Same | Verdict::Unknown(_) => return Verdict::Unknown(gap.clone()),
                    }
                }
                least.map_or(Verdict::Unknown(gap.clone()), Verdict::Differs)
            }
        }
    }

    fn against(&self, schema: &Schema, found: &SqlType, origin: ChangeId) -> Verdict<TypeDifference> {
        let one = |wanted: &SqlType| {
            let fit = type_fit(schema, wanted, found)?;
            // Almost all do: nothing is to be said of them.
            if fit == Fit::Same {
                return Ok(None);
            }
            // A view is read from: what it gives must fit the model, not the other way round.
            let read_alone = !super::is_table(self.column.table);
            if read_alone
                && fit == Fit::Loses
                && type_fit(schema, found, wanted).is_ok_and(|f| f <= Fit::Holds)
            {
                return Ok(None);
            }
            let difference = TypeDifference {
                wanted: print(schema, wanted),
                found: schema.format_type(found),
                fit,
                origin: None,
                absent: absent(schema, wanted),
                bare: false,
                cast: false,
                conversion: Some(conversion(schema, found, wanted)),
            };
            self.as_sent(schema, wanted, found, difference).map(Some)
        };
        let best = match &self.field.ty {
            Expectation::Exactly(wanted) => one(wanted),
            Expectation::OneOf(many) => many
                .iter()
                .map(one)
                .reduce(|a, b| match (a, b) {
                    (Ok(Some(a)), Ok(Some(b))) => Ok(Some(if b.fit < a.fit { b } else { a })),
                    (Ok(_), Ok(_)) => Ok(None),
                    (Err(gap), _) | (_, Err(gap)) => Err(gap),
                })
                .unwrap_or_else(|| Err(Gap::not_given("no type is told", Reach::Rows))),
            Expectation::Family(family) => in_family(schema, *family, found).map(Some),
            Expectation::Anything => return Verdict::Same,
            Expectation::Unknown(gap) => return Verdict::Unknown(gap.clone()),
        };
        match best {
            Ok(Some(d)) if d.fit != Fit::Same => Verdict::Differs(TypeDifference {
                origin: Some(origin),
                ..d
            }),
            Ok(_) => Verdict::Same,
            Err(gap) => Verdict::Unknown(gap),
        }
    }
}

impl ColumnPair<'_> {
    /// A difference as drivers feel it that send a value without its type: the server reads it as one of the column.
    fn as_sent(
        &self,
        schema: &Schema,
        wanted: &SqlType,
        found: &SqlType,
        difference: TypeDifference,
    ) -> Result<TypeDifference, Gap> {
        let language = self.models.language;
        if difference.fit == Fit::Loses && self.cast_refused(schema, wanted, found) {
            return Ok(TypeDifference {
                fit: Fit::Cannot,
                cast: true,
                ..difference
            });
        }
        if difference.fit == Fit::Loses && self.kept_fits(wanted, found) {
            return Ok(TypeDifference {
                fit: Fit::Holds,
                ..difference
            });
        }
        if difference.fit != Fit::Cannot || wanted.array || found.array {
            return Ok(difference);
        }
        let Some(labels) = self.labels(wanted).filter(|_| language.bare_enums) else {
            return Ok(difference);
        };
        let held = match found.base {
            BaseType::Object(id) => match &schema.types[id].kind {
                TypeKind::Enum(Fact::Known(labels, _)) => Some(labels),
                // It may hold all that the models write, or nothing of it.
                TypeKind::Enum(Fact::Unknown { gap, .. }) | TypeKind::Presumed(gap) => {
                    return Err(gap.clone());
                }
                _ => None,
            },
            BaseType::Builtin(_) | BaseType::Named(_) => None,
        };
        let longest = match found.modifier {
            Some(Modifier::Length(length)) => length as usize,
            _ => usize::MAX,
        };
        let fits = |label: &smol_str::SmolStr| match held {
            Some(held) => held.contains(label),
            None => is_text(found) && label.chars().count() <= longest,
        };
        let bare = labels.iter().all(|(label, _)| fits(label));
        Ok(match bare {
            true => TypeDifference {
                fit: Fit::Loses,
                bare,
                ..difference
            },
            false => difference,
        })
    }

    /// Whether the field is text of any length, of which only some values are ever kept, and the column is long enough for them.
    fn kept_fits(&self, wanted: &SqlType, found: &SqlType) -> bool {
        let Some(Modifier::Length(length)) = found.modifier else {
            return false;
        };
        let varying = found.as_builtin() == Some(Builtin::Varchar) && is_text(wanted);
        if !varying || wanted.modifier.is_some() || wanted.array {
            return false;
        }
        let mut kept = self.models.kept.iter();
        let values = kept.find(|(span, _)| *span == self.field.span);
        values.is_some_and(|(_, values)| {
            values
                .iter()
                .all(|(value, _)| value.chars().count() as u64 <= u64::from(length))
        })
    }

    /// Whether values are sent as text that is cast to it, and the column is of a type that text is neither assigned to nor
    /// compared with: `pg_cast` has no such cast but explicit ones, which is what those through text of every type are (PostgreSQL
    /// manual, `CREATE CAST`).
    fn cast_refused(&self, schema: &Schema, wanted: &SqlType, found: &SqlType) -> bool {
        if wanted.array || found.array || !is_text(wanted) {
            return false;
        }
        let refuses = match &found.base {
            BaseType::Builtin(builtin) => builtin.category() != Category::S,
            BaseType::Object(id) => matches!(schema.types[*id].kind, TypeKind::Enum(_)),
            BaseType::Named(_) => false,
        };
        refuses && self.models.cast_text.contains(&self.field.span)
    }

    /// The labels of a type, where it is an enum of the models.
    fn labels(&self, ty: &SqlType) -> Option<&[(smol_str::SmolStr, crate::source::Span)]> {
        let BaseType::Named(name) = &ty.base else {
            return None;
        };
        let declared = self.models.enums.iter().find(|e| e.name == *name)?;
        match &declared.labels {
            Expectation::Exactly(labels) => Some(labels),
            _ => None,
        }
    }
}

/// A type as a message names it.
fn print(schema: &Schema, ty: &SqlType) -> String {
    match resolve(schema, ty) {
        Ok(Some(resolved)) => schema.format_type(&resolved),
        Ok(None) | Err(_) => schema.format_type(ty),
    }
}

/// The type's name, where the database certainly has no such type.
fn absent(schema: &Schema, wanted: &SqlType) -> Option<QualifiedName> {
    match (&wanted.base, resolve(schema, wanted)) {
        (BaseType::Named(name), Ok(None)) => Some(name.clone()),
        _ => None,
    }
}

/// The type that a name of the models stands for: `Ok(None)` where the database has none of that name.
///
/// # Errors
/// The gap that could hide it.
pub fn resolve(schema: &Schema, ty: &SqlType) -> Result<Option<SqlType>, Gap> {
    let BaseType::Named(name) = &ty.base else {
        return Ok(Some(ty.clone()));
    };
    let base = |base| Ok(Some(SqlType { base, ..ty.clone() }));
    match type_named(schema, name) {
        Lookup::Found(id) => base(BaseType::Object(id)),
        Lookup::Unknown(gap) => Err(gap),
        Lookup::Absent => match Builtin::from_typname(name.name.as_str()) {
            Some(builtin) if name.schema.is_none() => base(BaseType::Builtin(builtin)),
            _ => Ok(None),
        },
    }
}

/// A user-defined type by name: on the search path, else any of that name, as an extension's schema is seldom written.
pub(super) fn type_named(schema: &Schema, name: &QualifiedName) -> Lookup<TypeId> {
    let places: Vec<_> = match &name.schema {
        Some(place) => vec![place],
        None => schema.search_path.iter().collect(),
    };
    for place in &places {
        if let Some(namespace) = schema.namespace(place)
            && let Some(id) = schema.type_names.get(namespace, &name.name)
        {
            return match &schema.types[id].presence {
                crate::known::Presence::Present(_) => Lookup::Found(id),
                crate::known::Presence::Maybe(gap) => Lookup::Unknown(gap.clone()),
                crate::known::Presence::Dropped(_) => Lookup::Absent,
            };
        }
    }
    let elsewhere = schema.types.iter().find(|(_, t)| {
        name.schema.is_none() && t.name == name.name && t.extension.is_some() && t.presence.is_present()
    });
    match (elsewhere, schema.hiding_gap(&places)) {
        (Some((id, _)), _) => Lookup::Found(id),
        (None, Some(gap)) => Lookup::Unknown(gap.clone()),
        (None, None) => Lookup::Absent,
    }
}

/// How a column of type `found` fits the type `wanted`, named types looked up.
///
/// # Errors
/// The gap that keeps it from being told.
pub fn type_fit(schema: &Schema, wanted: &SqlType, found: &SqlType) -> Result<Fit, Gap> {
    let Some(wanted) = resolve(schema, wanted)? else {
        return Ok(match &found.base {
            // A type that no change made, of the very name: the two sides say the same.
            BaseType::Named(name) if Some(&name.name) == named(wanted) => Fit::Same,
            _ => Fit::Cannot,
        });
    };
    if wanted == *found {
        return Ok(Fit::Same);
    }
    let found = match &found.base {
        BaseType::Named(_) => {
            resolve(schema, found)?.ok_or_else(|| Gap::not_given("a type that nothing made", Reach::Rows))?
        }
        BaseType::Builtin(_) | BaseType::Object(_) => found.clone(),
    };
    resolved(schema, &wanted, &found, 0)
}

fn named(ty: &SqlType) -> Option<&crate::name::Name> {
    match &ty.base {
        BaseType::Named(name) => Some(&name.name),
        BaseType::Builtin(_) | BaseType::Object(_) => None,
    }
}

/// Both types are built in or of the schema. `depth` bounds domains over domains.
fn resolved(schema: &Schema, wanted: &SqlType, found: &SqlType, depth: u8) -> Result<Fit, Gap> {
    if wanted == found {
        return Ok(Fit::Same);
    }
    if let (BaseType::Object(w), BaseType::Object(f)) = (&wanted.base, &found.base)
        && w == f
    {
        return Ok(if wanted.array != found.array {
            Fit::Cannot
        } else if same_modifier(wanted.modifier.as_ref(), found.modifier.as_ref()) {
            Fit::Same
        } else {
            Fit::Loses
        });
    }
    if let BaseType::Object(id) = found.base {
        match &schema.types[id].kind {
            TypeKind::Presumed(gap) => return Err(gap.clone()),
            TypeKind::Domain(domain) => {
                let base = match &domain.base {
                    Fact::Known(base, _) => base,
                    Fact::Unknown { gap, .. } => return Err(gap.clone()),
                };
                let array = base.array || found.array;
                let base = SqlType {
                    array,
                    ..base.clone()
                };
                if depth > 8 {
                    return Ok(Fit::Holds);
                }
                return Ok(resolved(schema, wanted, &base, depth + 1)?.max(Fit::Holds));
            }
            TypeKind::Base if is_text(wanted) && schema.types[id].name == "citext" => {
                return Ok(if wanted.array == found.array {
                    Fit::Holds
                } else {
                    Fit::Cannot
                });
            }
            TypeKind::Enum(_)
            | TypeKind::Composite(_)
            | TypeKind::Range(_)
            | TypeKind::Row(_)
            | TypeKind::Base => {}
        }
    }
    if let BaseType::Object(id) = wanted.base
        && matches!(schema.types[id].kind, TypeKind::Enum(_))
    {
        // `column = 'a'::mood` has no operator for any other type, text included.
        return Ok(Fit::Cannot);
    }
    Ok(fit(wanted, found))
}

/// Whether it is text of any kind.
fn is_text(ty: &SqlType) -> bool {
    matches!(&ty.base, BaseType::Builtin(b) if b.category() == Category::S)
}

/// Modifiers of extensions' types as models write them: blanks and case say nothing (`geometry(Point, 4326)`).
fn same_modifier(wanted: Option<&Modifier>, found: Option<&Modifier>) -> bool {
    let plain = |text: &str| text.replace([' ', '\''], "").to_ascii_lowercase();
    match (wanted, found) {
        (Some(Modifier::Other(a)), Some(Modifier::Other(b))) => plain(a) == plain(b),
        (Some(Modifier::Length(n)), Some(Modifier::Other(text)))
        | (Some(Modifier::Other(text)), Some(Modifier::Length(n))) => plain(text) == n.to_string(),
        (a, b) => a == b,
    }
}

/// A family is held by each of its members alike.
fn in_family(schema: &Schema, family: Family, found: &SqlType) -> Result<TypeDifference, Gap> {
    if let Family::Driver(accepted) = family {
        return Ok(TypeDifference {
            wanted: accepted.word.to_owned(),
            found: schema.format_type(found),
            fit: if accepts(schema, accepted, found, 0)? {
                Fit::Same
            } else {
                Fit::Cannot
            },
            origin: None,
            absent: None,
            bare: false,
            cast: false,
            conversion: None,
        });
    }
    let members: &[Builtin] = match family {
        Family::Text => &[Builtin::Text, Builtin::Varchar, Builtin::Bpchar],
        Family::Integer => &[Builtin::Int2, Builtin::Int4, Builtin::Int8],
        Family::Number => &[
            Builtin::Int2,
            Builtin::Int4,
            Builtin::Int8,
            Builtin::Numeric,
            Builtin::Float4,
            Builtin::Float8,
        ],
        Family::Timestamp => &[Builtin::Timestamp, Builtin::Timestamptz],
        Family::Json => &[Builtin::Json, Builtin::Jsonb],
        Family::Driver(accepted) => accepted.builtins,
    };
    let word = family.word();
    let is_member = found.as_builtin().is_some_and(|b| members.contains(&b));
    let fit = if is_member {
        Fit::Same
    } else {
        let mut best = Fit::Cannot;
        for member in members {
            best = best.min(type_fit(schema, &SqlType::builtin(*member), found)?);
        }
        best.max(Fit::Holds)
    };
    Ok(TypeDifference {
        wanted: word.to_owned(),
        found: schema.format_type(found),
        fit,
        origin: None,
        absent: None,
        bare: false,
        cast: false,
        conversion: None,
    })
}

/// Whether a driver takes and gives values of a type. A domain is sent as what it is based on.
fn accepts(schema: &Schema, accepted: &Accepted, found: &SqlType, depth: u8) -> Result<bool, Gap> {
    let found = match &found.base {
        BaseType::Named(_) => {
            resolve(schema, found)?.ok_or_else(|| Gap::not_given("a type that nothing made", Reach::Rows))?
        }
        BaseType::Builtin(_) | BaseType::Object(_) => found.clone(),
    };
    if let BaseType::Object(id) = found.base
        && let TypeKind::Domain(domain) = &schema.types[id].kind
        && depth < 8
    {
        let base = match &domain.base {
            Fact::Known(base, _) => base.clone(),
            Fact::Unknown { gap, .. } => return Err(gap.clone()),
        };
        let array = base.array || found.array;
        return accepts(schema, accepted, &SqlType { array, ..base }, depth + 1);
    }
    match (accepted.list, found.array) {
        (Some(inner), true) => {
            return accepts(
                schema,
                inner,
                &SqlType {
                    array: false,
                    ..found
                },
                depth + 1,
            );
        }
        (None, true) => return Ok(false),
        (_, false) => {}
    }
    Ok(match &found.base {
        BaseType::Builtin(builtin) => accepted.builtins.contains(builtin),
        BaseType::Object(id) => {
            let ty = &schema.types[*id];
            match &ty.kind {
                TypeKind::Presumed(gap) => return Err(gap.clone()),
                TypeKind::Enum(_) => accepted.enums,
                _ => accepted.named.contains(&ty.name.as_str()),
            }
        }
        BaseType::Named(name) => accepted.named.contains(&name.name.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;
    use crate::name::Name;
    use crate::session::{Migration, RunMode, Session};
    use crate::source::{FileId, Text};

    /// Each as the server answers `ALTER TABLE t ALTER v TYPE ...`, without and with `USING`.
    #[test]
    fn conversions() {
        let rows = [
            ("varchar(20)", "text", Conversion::Plain),
            ("varchar", "uuid", Conversion::Cast),
            ("varchar(20)", "integer", Conversion::Cast),
            ("text", "jsonb", Conversion::Cast),
            ("varchar", "m", Conversion::Cast),
            ("varchar", "timestamptz", Conversion::Cast),
            ("text[]", "uuid[]", Conversion::Cast),
            ("integer", "boolean", Conversion::Cast),
            ("boolean", "integer", Conversion::Cast),
            ("bigint", "integer", Conversion::Plain),
            ("numeric", "integer", Conversion::Plain),
            ("date", "timestamptz", Conversion::Plain),
            ("json", "jsonb", Conversion::Plain),
            ("uuid", "varchar(36)", Conversion::Plain),
            ("m", "text", Conversion::Plain),
            ("m", "m2", Conversion::Text),
            ("integer", "uuid", Conversion::Never),
            ("bigint", "boolean", Conversion::Never),
            ("jsonb", "text[]", Conversion::Never),
            ("boolean", "date", Conversion::Never),
        ];
        for (from, to, expected) in rows {
            let sql = format!(
                "CREATE TYPE m AS ENUM ('a'); CREATE TYPE m2 AS ENUM ('a'); CREATE TABLE t (a {from}, b {to});"
            );
            let mut session = Session::new(&Given::default());
            session.run(&Migration {
                name: "1".to_owned(),
                file: FileId(0),
                text: Text::of_file(FileId(0), sql.into()),
                mode: RunMode::Statements,
            });
            let schema = session.finish().schema;
            let Lookup::Found(table) = schema.table_named(&QualifiedName::bare(Name::new("t"))) else {
                panic!("no table for {from} and {to}");
            };
            let types: Vec<&SqlType> = table.columns().filter_map(|c| c.get().ty.known()).collect();
            assert_eq!(
                conversion(&schema, types[0], types[1]),
                expected,
                "{from} to {to}"
            );
        }
    }
}
