//! Casts, as far as values of migrations need them.

use std::sync::Arc;

use super::Session;
use super::eval::invalid;
use super::flow::{Raised, Run};
use super::functions::parse_array;
use super::number::Decimal;
use super::value::{Object, Oid, Str, Value, parse_bool};
use crate::name::{Name, truncate};
use crate::schema::{Lookup, Relation};
use crate::source::{Span, Text};
use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};

impl Session {
    /// A value as a value of another type.
    pub(super) fn cast(&mut self, value: Value, ty: &SqlType, at: Span) -> Run<Value> {
        if value.is_null() {
            return Ok(value);
        }
        if ty.array {
            return self.cast_array(value, ty, at);
        }
        let builtin = match &ty.base {
            BaseType::Builtin(builtin) => *builtin,
            BaseType::Object(_) => return Ok(value),
            BaseType::Named(name) => {
                let own = name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
                match Builtin::from_spelling(name.name.as_str()).filter(|_| own) {
                    Some(builtin) => builtin,
                    None => return Ok(value),
                }
            }
        };
        self.cast_builtin(value, builtin, ty.modifier.as_ref(), at)
    }

    fn cast_builtin(
        &mut self,
        value: Value,
        to: Builtin,
        modifier: Option<&Modifier>,
        at: Span,
    ) -> Run<Value> {
        match to {
            Builtin::Text | Builtin::Varchar | Builtin::Bpchar | Builtin::Name | Builtin::Cstring => {
                return Ok(self.cast_text(value, to, modifier, at));
            }
            Builtin::Oid
            | Builtin::Regclass
            | Builtin::Regtype
            | Builtin::Regproc
            | Builtin::Regprocedure
            | Builtin::Regnamespace
            | Builtin::Regrole => return self.cast_reg(value, to, at),
            _ => {}
        }
        if let Some(gap) = value.gap() {
            return Ok(Value::Unknown(gap.clone()));
        }
        match to {
            Builtin::Bool => match &value {
                Value::Bool(_) => Ok(value),
                Value::Int(n) => Ok(Value::Bool(*n != 0)),
                Value::Text(text) => match parse_bool(text.as_str()) {
                    Some(b) => Ok(Value::Bool(b)),
                    None => Err(invalid("boolean", text.as_str(), at)),
                },
                _ => Ok(self.unknown(at, "a cast to boolean")),
            },
            Builtin::Int2 | Builtin::Int4 | Builtin::Int8 => self.cast_int(&value, to, at),
            Builtin::Numeric | Builtin::Float4 | Builtin::Float8 => {
                let text = value.print();
                Ok(match (Decimal::parse(&text), modifier) {
                    (Some(_), None) if to == Builtin::Numeric => Value::numeric(text.trim()),
                    (Some(_), None) if matches!(value, Value::Int(_)) => value,
                    _ => self.unknown(at, "a number that is not followed"),
                })
            }
            Builtin::Date | Builtin::Timestamp | Builtin::Timestamptz | Builtin::Time | Builtin::Interval => {
                let iso = to == Builtin::Date && value.as_str().is_some_and(is_iso_date);
                Ok(if iso {
                    value
                } else {
                    self.unknown(at, "times are not followed")
                })
            }
            _ => Ok(value),
        }
    }

    fn cast_int(&mut self, value: &Value, to: Builtin, at: Span) -> Run<Value> {
        let (low, high) = match to {
            Builtin::Int2 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Builtin::Int4 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let number = match value {
            Value::Bool(b) => Some(i64::from(*b)),
            Value::Text(text) => match text.as_str().trim().parse() {
                Ok(n) => Some(n),
                Err(_) => return Err(invalid(to.name(), text.as_str(), at)),
            },
            other => other.as_int(),
        };
        match number {
            Some(n) if n < low || n > high => Err(Raised::certain(
                "22003",
                format!("{} out of range", to.name()),
                at,
            )),
            Some(n) => Ok(Value::Int(n)),
            None => Ok(self.unknown(at, "a cast to a number")),
        }
    }

    fn cast_text(&mut self, value: Value, to: Builtin, modifier: Option<&Modifier>, at: Span) -> Value {
        let limit = match (to, modifier) {
            (Builtin::Name, _) => None,
            (Builtin::Bpchar, None) => Some(1),
            (_, Some(Modifier::Length(n))) => Some(*n as usize),
            _ => None,
        };
        match value {
            Value::Text(text) => {
                if to == Builtin::Name && text.as_str().len() > crate::name::MAX_BYTES {
                    return Value::text(truncate(text.as_str()));
                }
                match limit {
                    Some(n) if text.as_str().chars().count() > n => {
                        Value::text(text.as_str().chars().take(n).collect::<String>())
                    }
                    _ => Value::Text(text),
                }
            }
            Value::Partial(partial) if limit.is_none() => Value::Partial(partial),
            Value::System(gap) => Value::System(gap),
            other => match self.print(&other) {
                Some(text) => {
                    let text = Value::Text(Str::Placed(Text::composed([(text, at, false)])));
                    if limit.is_some() {
                        self.cast_text(text, to, modifier, at)
                    } else {
                        text
                    }
                }
                None => match other.gap() {
                    Some(gap) => Value::Unknown(gap.clone()),
                    None => self.unknown(at, "the number of an object"),
                },
            },
        }
    }

    fn cast_reg(&mut self, value: Value, to: Builtin, at: Span) -> Run<Value> {
        if let Some(gap) = value.gap() {
            return Ok(Value::Unknown(gap.clone()));
        }
        match (value, to) {
            (Value::Oid(oid), Builtin::Oid) => Ok(Value::oid(oid.object)),
            (Value::Oid(oid), _) => Ok(Value::Oid(Box::new(Oid { reg: true, ..*oid }))),
            (Value::Text(text), Builtin::Regclass) => self.cast_regclass(text.as_str(), at),
            (Value::Text(text), Builtin::Regtype) => Ok(self.regtype(text.as_str(), at)),
            (Value::Text(text), Builtin::Regnamespace) => Ok(self.regnamespace(text.as_str(), at)),
            (Value::Int(0), _) => Ok(Value::Int(0)),
            _ => Ok(self.unknown(at, "the number of an object")),
        }
    }

    /// `'x'::regclass`: an error where the history dropped it; what was never created is taken to be there.
    fn cast_regclass(&mut self, text: &str, at: Span) -> Run<Value> {
        match self.regclass(text, at) {
            Value::Null => {
                if let Some(name) = crate::sql::qualified_name(text)
                    && let Some(raised) = self.dropped_relation(&name, at)
                {
                    return Err(raised);
                }
                Ok(self.unknown(at, format!("relation \"{text}\" was not created here")))
            }
            other => Ok(other),
        }
    }

    /// What `to_regclass` gives: NULL where there is no such relation.
    pub(super) fn regclass(&self, text: &str, at: Span) -> Value {
        let Some(name) = crate::sql::qualified_name(text) else {
            return self.unknown(at, "the name of a relation");
        };
        match self.relation(&name) {
            Lookup::Found((relation, None)) => Value::Oid(Box::new(Oid {
                object: Object::Relation(relation),
                reg: true,
            })),
            Lookup::Found((_, Some(gap))) | Lookup::Unknown(gap) => Value::Unknown(gap),
            Lookup::Absent if super::catalog::is_system_relation(&name) => Value::Oid(Box::new(Oid {
                object: Object::SystemRelation(name.name.as_str().into()),
                reg: true,
            })),
            Lookup::Absent => Value::Null,
        }
    }

    /// What `to_regtype` gives.
    pub(super) fn regtype(&self, text: &str, at: Span) -> Value {
        let reg = |object| Value::Oid(Box::new(Oid { object, reg: true }));
        let spelled = text.trim();
        if let Some(builtin) = Builtin::from_spelling(&spelled.to_ascii_lowercase()) {
            return reg(Object::Type(SqlType::builtin(builtin)));
        }
        let Some(name) = crate::sql::qualified_name(spelled) else {
            return self.unknown(at, "the name of a type");
        };
        let schema = self.world.database.schema();
        let path: Vec<&Name> = match &name.schema {
            Some(schema) => vec![schema],
            None => schema.search_path.iter().collect(),
        };
        for place in &path {
            let Some(namespace) = schema.namespace(place) else {
                continue;
            };
            if let Some(id) = schema.type_names.get(namespace, &name.name) {
                return match &schema.types[id].presence {
                    crate::known::Presence::Present(_) => reg(Object::Type(SqlType {
                        base: BaseType::Object(id),
                        modifier: None,
                        array: false,
                    })),
                    crate::known::Presence::Dropped(_) => continue,
                    crate::known::Presence::Maybe(gap) => Value::Unknown(gap.clone()),
                };
            }
            if let Some(Relation::Table(id)) = schema.relation_names.get(namespace, &name.name) {
                return match &schema.tables[id].presence {
                    crate::known::Presence::Present(_) => reg(Object::RowType(id, false)),
                    crate::known::Presence::Dropped(_) => continue,
                    crate::known::Presence::Maybe(gap) => Value::Unknown(gap.clone()),
                };
            }
        }
        match schema.hiding_gap(&path) {
            Some(gap) => Value::Unknown(gap.clone()),
            None => Value::Null,
        }
    }

    pub(super) fn regnamespace(&self, text: &str, at: Span) -> Value {
        let name = Name::from_sql(text.trim());
        match self.world.database.schema().namespace(&name) {
            Some(id) => Value::Oid(Box::new(Oid {
                object: Object::Namespace(id),
                reg: true,
            })),
            None => self.unknown(at, format!("schema \"{text}\" was not created here")),
        }
    }

    fn cast_array(&mut self, value: Value, ty: &SqlType, at: Span) -> Run<Value> {
        let items = match &value {
            Value::Array(items) => items.clone(),
            Value::Text(text) => match parse_array(text.as_str()) {
                Some(Value::Array(items)) => items,
                _ if text.as_str().trim_start().starts_with(['{', '[']) && text.as_str().contains('{') => {
                    return Ok(self.unknown(at, "an array that is not followed"));
                }
                _ => {
                    let message = format!("malformed array literal: \"{}\"", text.as_str());
                    return Err(Raised::certain("22P02", message, at));
                }
            },
            other => {
                let gap = other.gap().cloned().unwrap_or_else(|| self.gap(at, "an array"));
                return Ok(Value::Unknown(gap));
            }
        };
        let element = ty.element();
        let items: Run<Vec<_>> = items
            .iter()
            .map(|item| match item {
                Value::Array(_) => Ok(item.clone()),
                item => self.cast(item.clone(), &element, at),
            })
            .collect();
        Ok(Value::Array(Arc::new(items?)))
    }

    /// A type as a declaration spells it.
    pub(super) fn spelled_type(&self, spelled: &str, at: Span) -> Option<SqlType> {
        crate::sql::type_name(&Text::composed([(spelled.to_owned(), at, false)]))
    }
}

fn is_iso_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| {
            if i == 4 || i == 7 {
                *b == b'-'
            } else {
                b.is_ascii_digit()
            }
        })
}
