//! Operators on Python's own values; those on terms are terms again.

use std::rc::Rc;

use super::heap::{List, Slot};
use super::join::same;
use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::methods::text;
use super::standard;
use super::value::{Operator, Value};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::ast;

/// The method of an operator, and the one that the right operand has for it.
fn dunder(op: ast::Operator) -> (&'static str, &'static str) {
    match op {
        ast::Operator::Add => ("__add__", "__radd__"),
        ast::Operator::Sub => ("__sub__", "__rsub__"),
        ast::Operator::Mult => ("__mul__", "__rmul__"),
        ast::Operator::MatMult => ("__matmul__", "__rmatmul__"),
        ast::Operator::Div => ("__truediv__", "__rtruediv__"),
        ast::Operator::Mod => ("__mod__", "__rmod__"),
        ast::Operator::Pow => ("__pow__", "__rpow__"),
        ast::Operator::LShift => ("__lshift__", "__rlshift__"),
        ast::Operator::RShift => ("__rshift__", "__rrshift__"),
        ast::Operator::BitOr => ("__or__", "__ror__"),
        ast::Operator::BitXor => ("__xor__", "__rxor__"),
        ast::Operator::BitAnd => ("__and__", "__rand__"),
        ast::Operator::FloorDiv => ("__floordiv__", "__rfloordiv__"),
    }
}

fn is_plain(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Tuple(_)
            | Value::List(_)
            | Value::Dict(_)
            | Value::Set(_)
    )
}

/// An integer or a truth, which is one.
pub(super) fn as_int(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        _ => None,
    }
}

fn as_float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(f) => Some(*f),
        _ => as_int(value).map(|i| i as f64),
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `left op right`.
    pub(super) fn binary(
        &mut self,
        op: ast::Operator,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        // An object of a class of the library that derives from `str` is added to, filled in and repeated as its text.
        if matches!(op, ast::Operator::Add | ast::Operator::Mod | ast::Operator::Mult) {
            if let Some(text) = L::text(left) {
                return self.binary(op, &text, right, at);
            }
            if op != ast::Operator::Mod
                && let Some(text) = L::text(right)
            {
                return self.binary(op, left, &text, at);
            }
        }
        if op == ast::Operator::Mod && self.is_text(left) {
            let operands = [left.clone(), right.clone()];
            if let Some(run) = standard::operation(self, Operator::Binary(op), &operands, at) {
                return run;
            }
        }
        if op == ast::Operator::Add && (self.is_text(left) || self.is_text(right)) {
            let holes = |v: &Value<'a>| matches!(v, Value::Unknown(u) if u.candidates.is_empty());
            if holes(left) || holes(right) {
                return Ok(standard::joined(&[left.clone(), right.clone()], at));
            }
        }
        self.each_candidate(left, |machine, left| {
            machine.each_candidate(right, |machine, right| machine.binary_known(op, left, right, at))
        })
    }

    /// Text, or unknown text of which parts are known.
    fn is_text(&self, value: &Value<'a>) -> bool {
        match value {
            Value::Str(_) => true,
            Value::Unknown(unknown) => !unknown.pattern.is_empty(),
            _ => false,
        }
    }

    fn binary_known(
        &mut self,
        op: ast::Operator,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let (own, other) = dunder(op);
        for (object, method, argument) in [(left, own, right), (right, other, left)] {
            if let Some(run) = self.call_method_of_class(object, method, vec![argument.clone()], at) {
                return run;
            }
        }
        if let (Some(a), Some(b)) = (as_int(left), as_int(right)) {
            if let (Value::Bool(a), Value::Bool(b)) = (left, right) {
                match op {
                    ast::Operator::BitAnd => return Ok(Value::Bool(*a & *b)),
                    ast::Operator::BitOr => return Ok(Value::Bool(*a | *b)),
                    ast::Operator::BitXor => return Ok(Value::Bool(*a ^ *b)),
                    _ => {}
                }
            }
            return self.integers(op, a, b, at);
        }
        if let (Some(a), Some(b)) = (as_float(left), as_float(right)) {
            return self.floats(op, a, b, at);
        }
        if let Some(run) = self.sequences(op, left, right, at) {
            return run;
        }
        if let (ast::Operator::Mod, Value::Str(_)) = (op, left)
            && let Some(run) =
                standard::operation(self, Operator::Binary(op), &[left.clone(), right.clone()], at)
        {
            return run;
        }
        if is_plain(left) && is_plain(right) && op != ast::Operator::BitOr {
            let why = format!("unsupported operand type(s) for {}", op.as_str());
            return Err(self.raise("builtins.TypeError", &why, at));
        }
        self.operation(Operator::Binary(op), vec![left.clone(), right.clone()], at)
    }

    fn large(&self, at: Span) -> Value<'a> {
        self.unknown(at, "the number is larger than is followed")
    }

    fn integers(&mut self, op: ast::Operator, a: i64, b: i64, at: Span) -> Run<'a, Value<'a>> {
        let zero = matches!(
            op,
            ast::Operator::Div | ast::Operator::FloorDiv | ast::Operator::Mod
        ) && b == 0;
        if zero {
            return Err(self.raise("builtins.ZeroDivisionError", "division by zero", at));
        }
        let out = match op {
            ast::Operator::Add => a.checked_add(b),
            ast::Operator::Sub => a.checked_sub(b),
            ast::Operator::Mult => a.checked_mul(b),
            ast::Operator::Div => return Ok(Value::Float(a as f64 / b as f64)),
            ast::Operator::FloorDiv => a.checked_div_euclid(b).map(|q| {
                // Python rounds towards minus infinity.
                if b < 0 && a.rem_euclid(b) != 0 { q - 1 } else { q }
            }),
            ast::Operator::Mod => a
                .checked_rem(b)
                .map(|r| if r != 0 && (r < 0) != (b < 0) { r + b } else { r }),
            ast::Operator::Pow if b < 0 && a == 0 => {
                return Err(self.raise("builtins.ZeroDivisionError", "division by zero", at));
            }
            ast::Operator::Pow if b < 0 => return Ok(Value::Float((a as f64).powf(b as f64))),
            ast::Operator::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            ast::Operator::LShift => u32::try_from(b)
                .ok()
                .filter(|b| *b < 63)
                .and_then(|b| a.checked_mul(1i64 << b)),
            ast::Operator::RShift => Some(a >> b.clamp(0, 63)),
            ast::Operator::BitOr => Some(a | b),
            ast::Operator::BitXor => Some(a ^ b),
            ast::Operator::BitAnd => Some(a & b),
            ast::Operator::MatMult => {
                return Err(self.raise("builtins.TypeError", "unsupported operand type(s) for @", at));
            }
        };
        Ok(out.map_or_else(|| self.large(at), Value::Int))
    }

    fn floats(&mut self, op: ast::Operator, a: f64, b: f64, at: Span) -> Run<'a, Value<'a>> {
        let divides = matches!(
            op,
            ast::Operator::Div | ast::Operator::FloorDiv | ast::Operator::Mod
        );
        if divides && b == 0.0 {
            return Err(self.raise("builtins.ZeroDivisionError", "float division by zero", at));
        }
        Ok(Value::Float(match op {
            ast::Operator::Add => a + b,
            ast::Operator::Sub => a - b,
            ast::Operator::Mult => a * b,
            ast::Operator::Div => a / b,
            ast::Operator::FloorDiv => (a / b).floor(),
            ast::Operator::Mod => {
                let r = a % b;
                if r != 0.0 && (r < 0.0) != (b < 0.0) {
                    r + b
                } else {
                    r
                }
            }
            ast::Operator::Pow => a.powf(b),
            _ => return Err(self.raise("builtins.TypeError", "unsupported operand type(s)", at)),
        }))
    }

    /// Operators on text and collections; `None` where there is none for these.
    fn sequences(
        &mut self,
        op: ast::Operator,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
    ) -> Option<Run<'a, Value<'a>>> {
        Some(match (op, left, right) {
            (ast::Operator::Add, Value::Str(a), Value::Str(b)) => {
                let length = a.as_str().len() as u128 + b.as_str().len() as u128;
                self.afford(length, at)
                    .map(|()| Value::Str(Rc::new(text::concat([&**a, &**b], at))))
            }
            (ast::Operator::Add, Value::Bytes(a), Value::Bytes(b)) => {
                Ok(Value::Bytes(a.iter().chain(b.iter()).copied().collect()))
            }
            (ast::Operator::Add, Value::Tuple(a), Value::Tuple(b)) => self
                .afford(a.len() as u128 + b.len() as u128, at)
                .map(|()| self.bounded(Value::Tuple(a.iter().chain(b.iter()).cloned().collect()), at)),
            (ast::Operator::Add, Value::List(_), Value::List(_)) => {
                let (mut a, b) = (self.list(left)?.clone(), self.list(right)?.clone());
                a.items.extend(b.items);
                a.open = a.open.or(b.open);
                self.afford(a.items.len() as u128, at).map(|()| self.put_list(a))
            }
            (ast::Operator::Mult, sequence, count) if as_int(count).is_some() => {
                return self.repeated(sequence, as_int(count)?, at);
            }
            (ast::Operator::Mult, count, sequence) if as_int(count).is_some() => {
                return self.repeated(sequence, as_int(count)?, at);
            }
            (
                ast::Operator::BitOr | ast::Operator::BitAnd | ast::Operator::Sub | ast::Operator::BitXor,
                Value::Set(_),
                Value::Set(_),
            ) => {
                let (a, b) = (self.list(left)?.clone(), self.list(right)?.clone());
                let list = combine(op, &a, &b);
                let value = self.new_set(Vec::new());
                if let Some(set) = self.list_mut(&value) {
                    *set = list;
                }
                Ok(value)
            }
            (ast::Operator::BitOr, Value::Dict(_), Value::Dict(_)) => {
                let (mut a, b) = (self.dict(left)?.clone(), self.dict(right)?.clone());
                for (key, slot) in b.entries {
                    a.set(key, slot);
                }
                a.open = a.open.or(b.open);
                Ok(self.put_dict(a))
            }
            _ => return None,
        })
    }

    fn repeated(&mut self, sequence: &Value<'a>, count: i64, at: Span) -> Option<Run<'a, Value<'a>>> {
        let times = usize::try_from(count.max(0)).unwrap_or(0);
        let length = match sequence {
            Value::Str(text) => text.as_str().len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Tuple(items) => items.len(),
            Value::List(_) => self.list(sequence)?.items.len(),
            _ => return None,
        };
        if let Err(stop) = self.afford(length as u128 * times as u128, at) {
            return Some(Err(stop));
        }
        Some(Ok(match sequence {
            Value::Str(text) => match text::repeat(text, count, at) {
                Some(text) => Value::Str(Rc::new(text)),
                None => return Some(Err(Stop::Exhausted(at, "makes more than is followed"))),
            },
            Value::Bytes(bytes) => Value::Bytes(bytes.repeat(times).into()),
            Value::Tuple(items) => Value::Tuple(
                std::iter::repeat_n(items, times)
                    .flat_map(|i| i.iter().cloned())
                    .collect(),
            ),
            _ => {
                let list = self.list(sequence)?;
                let list = List {
                    items: std::iter::repeat_n(&list.items, times)
                        .flatten()
                        .cloned()
                        .collect(),
                    open: list.open.clone(),
                };
                self.put_list(list)
            }
        }))
    }

    /// `op operand`.
    pub(super) fn unary(&mut self, op: ast::UnaryOp, operand: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        if op == ast::UnaryOp::Not {
            return Ok(match self.truth(operand, at) {
                Truth::Yes => Value::Bool(false),
                Truth::No => Value::Bool(true),
                Truth::Unknown(gap) => maybe_bool(gap),
            });
        }
        self.each_candidate(operand, |machine, operand| {
            let method = match op {
                ast::UnaryOp::USub => "__neg__",
                ast::UnaryOp::UAdd => "__pos__",
                ast::UnaryOp::Invert | ast::UnaryOp::Not => "__invert__",
            };
            if let Some(run) = machine.call_method_of_class(operand, method, Vec::new(), at) {
                return run;
            }
            Ok(match (op, operand, as_int(operand)) {
                (ast::UnaryOp::USub, _, Some(i)) => {
                    i.checked_neg().map_or_else(|| machine.large(at), Value::Int)
                }
                (ast::UnaryOp::UAdd, _, Some(i)) => Value::Int(i),
                (ast::UnaryOp::Invert, _, Some(i)) => Value::Int(!i),
                (ast::UnaryOp::USub, Value::Float(f), _) => Value::Float(-f),
                (ast::UnaryOp::UAdd, Value::Float(_), _) => operand.clone(),
                _ => return machine.operation(Operator::Unary(op), vec![operand.clone()], at),
            })
        })
    }
}

/// A truth that cannot be told, as a value.
pub(super) fn maybe_bool<'a>(gap: crate::known::Gap) -> Value<'a> {
    Value::one_of(vec![Value::Bool(true), Value::Bool(false)], gap)
}

/// `|`, `&`, `-`, `^` of sets.
fn combine<'a>(op: ast::Operator, a: &List<'a>, b: &List<'a>) -> List<'a> {
    let find = |list: &List<'a>, slot: &Slot<'a>| {
        list.items
            .iter()
            .find(|s| super::heap::same_key(&s.value, &slot.value))
            .cloned()
    };
    let mut items = Vec::new();
    let unless = |slot: &Slot<'a>, other: Option<Slot<'a>>, open: &Option<crate::known::Gap>| match other {
        Some(other) => other.maybe.map(|gap| Slot {
            value: slot.value.clone(),
            maybe: Some(gap),
        }),
        None => Some(Slot {
            value: slot.value.clone(),
            maybe: slot.maybe.clone().or_else(|| open.clone()),
        }),
    };
    for slot in &a.items {
        let other = find(b, slot);
        match op {
            ast::Operator::BitAnd => match other {
                Some(other) => items.push(Slot {
                    value: slot.value.clone(),
                    maybe: slot.maybe.clone().or(other.maybe),
                }),
                None => {
                    if let Some(gap) = &b.open {
                        items.push(Slot {
                            value: slot.value.clone(),
                            maybe: Some(gap.clone()),
                        });
                    }
                }
            },
            ast::Operator::BitOr => items.push(Slot {
                value: slot.value.clone(),
                maybe: match (&slot.maybe, other) {
                    (Some(gap), Some(other)) => other.maybe.map(|_| gap.clone()),
                    (maybe, _) => maybe.clone(),
                },
            }),
            _ => items.extend(unless(slot, other, &b.open)),
        }
    }
    if matches!(op, ast::Operator::BitOr | ast::Operator::BitXor) {
        for slot in &b.items {
            match find(a, slot) {
                None if op == ast::Operator::BitOr => items.push(slot.clone()),
                None => items.extend(unless(slot, None, &a.open)),
                Some(_) => {}
            }
        }
    }
    let open = match op {
        ast::Operator::Sub => a.open.clone(),
        ast::Operator::BitAnd if a.open.is_none() => None,
        _ => a.open.clone().or_else(|| b.open.clone()),
    };
    List { items, open }
}

/// Whether two values are one object, where that can be told.
pub(super) fn identical(a: &Value<'_>, b: &Value<'_>) -> Option<bool> {
    let single = |v: &Value<'_>| {
        matches!(
            v,
            Value::None
                | Value::Ellipsis
                | Value::Bool(_)
                | Value::Class(_)
                | Value::Instance(_)
                | Value::Module(_)
                | Value::List(_)
                | Value::Dict(_)
                | Value::Set(_)
                | Value::Function(_)
        )
    };
    match (a, b) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Term(x), Value::Term(y)) if x.id == y.id => Some(true),
        (Value::Term(_), _) | (_, Value::Term(_)) => None,
        _ if single(a) || single(b) => Some(same(a, b)),
        _ if same(a, b) => Some(true),
        _ => Some(false),
    }
}
