//! Patterns that have parts: lists, tuples, maps, structs, ranges, prefixes and bits.

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run};
use super::matching::{Matching, Seen, equal};
use super::scope::Scope;
use super::value::{Map, Value};
use crate::source::Span;
use crate::syntax::elixir::{Form, FormKind};

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn bind_list(
        &mut self,
        items: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let Value::List(values) = value else {
            return Ok(match value {
                Value::Unknown(unknown) if !unknown.pattern.is_empty() => Matching::No,
                Value::Unknown(_) | Value::Term(_) => self.maybe(items, value, at, scope, seen),
                _ => Matching::No,
            });
        };
        let tail = items.last().and_then(|last| last.args_of("|"));
        let (front, rest) = match tail {
            Some([head, rest]) => {
                let mut front: Vec<&Form> = items[..items.len() - 1].iter().collect();
                front.push(head);
                (front, Some(rest))
            }
            _ => (items.iter().collect(), None),
        };
        if values.len() < front.len() || (rest.is_none() && values.len() != front.len()) {
            return Ok(Matching::No);
        }
        let mut out = Matching::Yes;
        for (pattern, value) in front.iter().zip(values.iter()) {
            out = out.and(self.bind(pattern, value, scope, seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        if let Some(rest) = rest {
            let remaining = values[front.len()..].to_vec();
            self.spend(remaining.len() as u64 / 8, at)?;
            out = out.and(self.bind(rest, &Value::list(remaining), scope, seen)?);
        }
        Ok(out)
    }

    pub(super) fn bind_tuple(
        &mut self,
        items: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let exploded;
        let values = match value {
            Value::Tuple(values) => values,
            Value::Quoted(quoted) => {
                exploded = self.explode(&quoted.form);
                match &exploded {
                    Value::Tuple(values) => values,
                    _ => return Ok(self.maybe(items, value, at, scope, seen)),
                }
            }
            Value::Unknown(unknown) if !unknown.pattern.is_empty() => return Ok(Matching::No),
            Value::Unknown(_) | Value::Term(_) => return Ok(self.maybe(items, value, at, scope, seen)),
            _ => return Ok(Matching::No),
        };
        if values.len() != items.len() {
            return Ok(Matching::No);
        }
        let mut out = Matching::Yes;
        for (pattern, value) in items.iter().zip(values.iter()) {
            out = out.and(self.bind(pattern, value, scope, seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        Ok(out)
    }

    pub(super) fn bind_call(
        &mut self,
        name: &SmolStr,
        args: &[Form],
        pattern: &Form,
        value: &Value,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        match (name.as_str(), args) {
            ("%{}", entries) => self.bind_map(entries, value, pattern.span, scope, seen),
            ("%", [module, map]) => self.bind_struct(module, map, value, pattern.span, scope, seen),
            ("<>", [left, right]) => self.bind_prefix(left, right, value, pattern.span, scope, seen),
            ("<<>>", segments) => self.bind_bits(segments, value, pattern.span, scope, seen),
            ("__block__", [only]) => self.bind(only, value, scope, seen),
            ("::", [inner, _]) => self.bind(inner, value, scope, seen),
            // A range of whatever step (`Kernel.../2` in a match).
            ("..", [first, last]) => self.bind_range(&[first, last], value, pattern.span, scope, seen),
            ("..//", [first, last, step]) => {
                self.bind_range(&[first, last, step], value, pattern.span, scope, seen)
            }
            ("++", [left, right]) => match &left.kind {
                FormKind::List(items) => {
                    let mut items = items.to_vec();
                    let last = items.pop();
                    let tail = match last {
                        Some(last) => {
                            items.push(Form::call(pattern.span, "|", vec![last, right.clone()]));
                            Form::list(pattern.span, items)
                        }
                        None => right.clone(),
                    };
                    self.bind(&tail, value, scope, seen)
                }
                _ => Ok(self.maybe(args, value, pattern.span, scope, seen)),
            },
            _ => {
                if let Some(form) = self.expanded_pattern(name, args, pattern, scope)? {
                    return self.bind(&form, value, scope, seen);
                }
                let own = self.eval(pattern, &mut scope.clone())?;
                Ok(equal(&own, value, pattern.span))
            }
        }
    }

    fn bind_range(
        &mut self,
        parts: &[&Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let Value::Range(first, last, step) = value else {
            let known = !matches!(value, Value::Unknown(_) | Value::Term(_));
            let parts: Vec<Form> = parts.iter().map(|part| (*part).clone()).collect();
            return Ok(match known {
                true => Matching::No,
                false => self.maybe(&parts, value, at, scope, seen),
            });
        };
        let mut out = Matching::Yes;
        for (part, number) in parts.iter().zip([first, last, step]) {
            out = out.and(self.bind(part, &Value::Integer(*number), scope, seen)?);
        }
        Ok(out)
    }

    fn bind_map(
        &mut self,
        entries: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let map: Rc<Map> = match value {
            Value::Map(map) => map.clone(),
            Value::Range(first, last, step) => {
                let integer = |i: &i64| Value::Integer(*i);
                let fields = [
                    ("first", integer(first)),
                    ("last", integer(last)),
                    ("step", integer(step)),
                ];
                let range = Value::structure("Range", fields.map(|(k, v)| (SmolStr::new_static(k), v)));
                return self.bind_map(entries, &range, at, scope, seen);
            }
            Value::Unknown(unknown) if !unknown.pattern.is_empty() => return Ok(Matching::No),
            Value::Unknown(_) | Value::Term(_) => {
                let mut out = Matching::Yes;
                for entry in entries {
                    if let FormKind::Tuple(items) = &entry.kind
                        && let [_, pattern] = &items[..]
                    {
                        out = out.and(self.maybe(std::slice::from_ref(pattern), value, at, scope, seen));
                    }
                }
                let gap = value
                    .gap()
                    .unwrap_or_else(|| self.gap(at, "a value that is not known"));
                return Ok(out.and(Matching::Maybe(gap)));
            }
            _ => return Ok(Matching::No),
        };
        let mut out = Matching::Yes;
        for entry in entries {
            let FormKind::Tuple(items) = &entry.kind else {
                return Ok(Matching::Maybe(self.gap(at, "a pattern that is not followed")));
            };
            let [key, pattern] = &items[..] else {
                return Ok(Matching::Maybe(self.gap(at, "a pattern that is not followed")));
            };
            let key = match key.args_of("^") {
                Some([pinned]) => self.eval(pinned, &mut scope.clone())?,
                _ => self.eval(key, &mut scope.clone())?,
            };
            match map.get(&key) {
                Ok(Some(found)) => {
                    let found = found.clone();
                    out = out.and(self.bind(pattern, &found, scope, seen)?);
                }
                Ok(None) => return Ok(Matching::No),
                Err(()) => {
                    let unknown = self.unknown(at, "a key that is not known");
                    out = out.and(self.maybe(std::slice::from_ref(pattern), &unknown, at, scope, seen));
                }
            }
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        Ok(out)
    }

    fn bind_struct(
        &mut self,
        module: &Form,
        map: &Form,
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let entries = map.args_of("%{}").unwrap_or(&[]);
        let own = match value {
            Value::Map(map) => match map.get_atom("__struct__") {
                Some(own) => own.clone(),
                None => return Ok(Matching::No),
            },
            Value::Range(..) => Value::module("Range"),
            Value::Unknown(_) | Value::Term(_) => {
                return self.bind_map(entries, value, at, scope, seen);
            }
            _ => return Ok(Matching::No),
        };
        let name = self.bind(module, &own, scope, seen)?;
        if matches!(name, Matching::No) {
            return Ok(name);
        }
        Ok(name.and(self.bind_map(entries, value, at, scope, seen)?))
    }

    /// `"text" <> rest`.
    fn bind_prefix(
        &mut self,
        left: &Form,
        right: &Form,
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let prefix = self.eval(left, &mut scope.clone())?;
        match (&prefix, value) {
            (Value::Text(prefix), Value::Text(text)) => {
                if !text.as_str().starts_with(prefix.as_str()) {
                    return Ok(Matching::No);
                }
                let rest = text.slice(prefix.as_str().len()..text.as_str().len());
                self.bind(right, &Value::Text(Rc::new(rest)), scope, seen)
            }
            (Value::Text(_), Value::Unknown(_) | Value::Term(_))
            | (Value::Unknown(_) | Value::Term(_), _) => {
                Ok(self.maybe(std::slice::from_ref(right), value, at, scope, seen))
            }
            _ => Ok(Matching::No),
        }
    }

    /// `<<...>>`: texts and characters in front, the rest as one binary.
    fn bind_bits(
        &mut self,
        segments: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let Value::Text(text) = value else {
            return Ok(match value {
                Value::Unknown(_) | Value::Term(_) => self.maybe(segments, value, at, scope, seen),
                _ => Matching::No,
            });
        };
        let (text, mut from) = (text.clone(), 0);
        let mut out = Matching::Yes;
        for segment in segments {
            let (inner, kind) = match segment.args_of("::") {
                Some([inner, kind]) => (inner, super::bits::Kind::of(kind)),
                _ => (segment, super::bits::Kind::plain(segment)),
            };
            let Some(taken) = kind.take(&text, from, inner) else {
                return Ok(match kind {
                    super::bits::Kind::Other => {
                        self.maybe(segments, &self.unknown(at, "bits"), at, scope, seen)
                    }
                    _ => Matching::No,
                });
            };
            from = taken.1;
            out = out.and(self.bind(inner, &taken.0, scope, seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        if from < text.as_str().len() {
            return Ok(Matching::No);
        }
        Ok(out)
    }
}
