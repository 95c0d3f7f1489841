//! Methods of constructs: `column.is_(None)`, `column.in_([...])`, `sequence.next_value()`.

use super::{Writer, nothing};
use crate::interpret::python::{Args, Argument, Library, TermKind, Value};
use crate::source::Span;
use crate::stacks::sqlalchemy::terms::{Known, gap};

impl<'a, L: Library<'a>> Writer<'_, '_, 'a, L> {
    /// `object.name(args)`.
    pub(super) fn method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        args: &Args<'a>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        let first = args.positional.first().cloned();
        let this = Argument {
            value: object.clone(),
            span: at,
        };
        match (name, first) {
            ("desc", None) => self.suffixed(&this, " DESC", depth),
            ("asc", None) => self.suffixed(&this, " ASC", depth),
            ("nulls_first" | "nullsfirst", None) => self.suffixed(&this, " NULLS FIRST", depth),
            ("nulls_last" | "nullslast", None) => self.suffixed(&this, " NULLS LAST", depth),
            ("label", _) | ("self_group", None) | ("scalar_subquery", None) => {
                self.expression(object, at, depth + 1)
            }
            ("is_", Some(right)) => self.is(object, &right.value, false, at, depth),
            ("is_not" | "isnot", Some(right)) => self.is(object, &right.value, true, at, depth),
            ("is_distinct_from", Some(right)) => self.infix(object, " IS DISTINCT FROM ", &right, depth),
            ("is_not_distinct_from" | "isnot_distinct_from", Some(right)) => {
                self.infix(object, " IS NOT DISTINCT FROM ", &right, depth)
            }
            ("in_", Some(items)) => self.within(object, " IN ", &items, depth),
            ("not_in" | "notin_", Some(items)) => self.within(object, " NOT IN ", &items, depth),
            ("like", Some(right)) => self.infix(object, " LIKE ", &right, depth),
            ("ilike", Some(right)) => self.infix(object, " ILIKE ", &right, depth),
            ("not_like" | "notlike", Some(right)) => self.infix(object, " NOT LIKE ", &right, depth),
            ("not_ilike" | "notilike", Some(right)) => self.infix(object, " NOT ILIKE ", &right, depth),
            ("regexp_match", Some(right)) if args.keyword("flags").is_none() => {
                self.infix(object, " ~ ", &right, depth)
            }
            ("concat", Some(right)) => self.infix(object, " || ", &right, depth),
            ("contains", Some(right)) if self.is_document(object) => {
                self.infix(object, " @> ", &right, depth)
            }
            ("has_key", Some(right)) => self.infix(object, " ? ", &right, depth),
            ("between", Some(low)) => match args.positional.get(1) {
                Some(high) => {
                    self.infix(object, " BETWEEN ", &low, depth)?;
                    self.push(" AND ");
                    self.operand(&high.value, high.span, depth + 1)
                }
                None => Err(nothing(at)),
            },
            ("cast", Some(ty)) => self.cast(object, &ty, at, depth),
            ("collate", Some(collation)) => self.collate(object, &collation, at, depth),
            ("next_value", None) => self.next_value(object, at),
            ("as_string", None) => self.as_typed(object, "VARCHAR", at, depth),
            ("as_integer", None) => self.as_typed(object, "INTEGER", at, depth),
            ("as_float", None) => self.as_typed(object, "FLOAT", at, depth),
            ("as_boolean", None) => self.as_typed(object, "BOOLEAN", at, depth),
            _ => Err(gap(at, format!("what `.{name}` is in SQL is not known"))),
        }
    }

    fn infix(&mut self, left: &Value<'a>, sql: &str, right: &Argument<'a>, depth: u32) -> Known<()> {
        let ty = self.type_of(left);
        self.operand(left, right.span, depth + 1)?;
        self.push(sql);
        self.bound(&right.value, ty.as_ref(), right.span, depth)
    }

    fn within(&mut self, left: &Value<'a>, sql: &str, items: &Argument<'a>, depth: u32) -> Known<()> {
        let values = self
            .machine
            .known_items(&items.value)
            .ok_or_else(|| gap(items.span, "the items of this list cannot be told"))?;
        if values.is_empty() {
            return Err(gap(items.span, "an empty list is not followed"));
        }
        let ty = self.type_of(left);
        self.operand(left, items.span, depth + 1)?;
        self.push(sql);
        self.push("(");
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.bound(value, ty.as_ref(), items.span, depth)?;
        }
        self.push(")");
        Ok(())
    }

    fn is_document(&mut self, value: &Value<'a>) -> bool {
        use crate::stacks::sqlalchemy::types::{Affinity, sql_type};
        let Some(ty) = self.type_of(value) else {
            return false;
        };
        matches!(
            sql_type(self.machine, &ty, self.at).affinity,
            Affinity::Json | Affinity::Array
        )
    }

    /// `document["key"].as_integer()`.
    fn as_typed(&mut self, object: &Value<'a>, ty: &str, at: Span, depth: u32) -> Known<()> {
        if !matches!(object, Value::Term(term) if matches!(term.kind, TermKind::Item(..))) {
            return Err(gap(at, "this part of a document is not followed"));
        }
        self.push("CAST(");
        self.as_text(object, at, depth + 1)?;
        self.push(&format!(" AS {ty})"));
        Ok(())
    }
}
