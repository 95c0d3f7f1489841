//! Truth, equality, order and membership, in three values.

use super::attribute::is_plain_base;
use super::dotted;
use super::truth::is_made;
use std::cmp::Ordering;

use super::join::same;
use super::library::Library;
use super::machine::{Machine, Run};
use super::ops::{identical, maybe_bool};
use super::standard;
use super::value::{Operator, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::python::ast;

pub(super) fn truth_of(b: bool) -> Truth {
    if b { Truth::Yes } else { Truth::No }
}

fn opposite(truth: Truth) -> Truth {
    match truth {
        Truth::Yes => Truth::No,
        Truth::No => Truth::Yes,
        unknown @ Truth::Unknown(_) => unknown,
    }
}

fn value_of<'a>(truth: Truth) -> Value<'a> {
    match truth {
        Truth::Yes => Value::Bool(true),
        Truth::No => Value::Bool(false),
        Truth::Unknown(gap) => maybe_bool(gap),
    }
}

/// Whether a path's last part is written as a class's name is.
pub(super) fn names_a_class(path: &str) -> bool {
    let last = dotted::last(path);
    last.chars().next().is_some_and(char::is_uppercase) && last.chars().any(char::is_lowercase)
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `a == b`.
    pub fn equal(&mut self, a: &Value<'a>, b: &Value<'a>, at: Span) -> Truth {
        match self.compare(ast::CmpOp::Eq, a, b, at) {
            Ok(value) => self.truth(&value, at),
            Err(_) => Truth::Unknown(self.gap(at, "cannot be compared")),
        }
    }

    /// `left op right`.
    pub(super) fn compare(
        &mut self,
        op: ast::CmpOp,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        match op {
            ast::CmpOp::Is | ast::CmpOp::IsNot => {
                return self.each_candidate(left, |machine, left| {
                    machine.each_candidate(right, |machine, right| match identical(left, right) {
                        Some(is) => Ok(Value::Bool(is == (op == ast::CmpOp::Is))),
                        None if is_made(left) && matches!(right, Value::None) => {
                            Ok(Value::Bool(op == ast::CmpOp::IsNot))
                        }
                        None => {
                            machine.operation(Operator::Compare(op), vec![left.clone(), right.clone()], at)
                        }
                    })
                });
            }
            _ => {}
        }
        if let Some(text) = L::text(left) {
            return self.compare(op, &text, right, at);
        }
        if let Some(text) = L::text(right) {
            return self.compare(op, left, &text, at);
        }
        match op {
            ast::CmpOp::In | ast::CmpOp::NotIn => {
                return self.each_candidate(right, |machine, right| {
                    let truth = machine.contains(right, left, at)?;
                    Ok(match truth {
                        Ok(truth) if op == ast::CmpOp::In => value_of(truth),
                        Ok(truth) => value_of(opposite(truth)),
                        Err(term) => {
                            return machine.operation(Operator::Compare(op), vec![left.clone(), term], at);
                        }
                    })
                });
            }
            _ => {}
        }
        self.each_candidate(left, |machine, left| {
            machine.each_candidate(right, |machine, right| machine.compare_known(op, left, right, at))
        })
    }

    fn compare_known(
        &mut self,
        op: ast::CmpOp,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let (own, other) = match op {
            ast::CmpOp::Eq => ("__eq__", "__eq__"),
            ast::CmpOp::NotEq => ("__ne__", "__ne__"),
            ast::CmpOp::Lt => ("__lt__", "__gt__"),
            ast::CmpOp::LtE => ("__le__", "__ge__"),
            ast::CmpOp::Gt => ("__gt__", "__lt__"),
            _ => ("__ge__", "__le__"),
        };
        for (object, method, argument) in [(left, own, right), (right, other, left)] {
            if let Some(run) = self.call_method_of_class(object, method, vec![argument.clone()], at) {
                return run;
            }
        }
        if let (Some(a), Some(b)) = (left.as_path(), right.as_path())
            && (a == b && names_a_class(a) || a.starts_with("builtins.") && b.starts_with("builtins."))
            && matches!(op, ast::CmpOp::Eq | ast::CmpOp::NotEq)
        {
            return Ok(Value::Bool((a == b) == (op == ast::CmpOp::Eq)));
        }
        if matches!(left, Value::Term(_)) || matches!(right, Value::Term(_)) {
            return self.operation(Operator::Compare(op), vec![left.clone(), right.clone()], at);
        }
        if let (Value::Instance(_) | Value::Class(_), _) | (_, Value::Instance(_) | Value::Class(_)) =
            (left, right)
            && let Some(run) =
                standard::operation(self, Operator::Compare(op), &[left.clone(), right.clone()], at)
        {
            return run;
        }
        match op {
            ast::CmpOp::Eq => return Ok(value_of(self.same_value(left, right, at))),
            ast::CmpOp::NotEq => return Ok(value_of(opposite(self.same_value(left, right, at)))),
            _ => {}
        }
        if let (Value::Instance(_) | Value::Class(_), _) | (_, Value::Instance(_) | Value::Class(_)) =
            (left, right)
        {
            return self.without_order(op, [left, right], at);
        }
        Ok(match self.order(left, right, at) {
            Some(Ok(ordering)) => Value::Bool(match op {
                ast::CmpOp::Lt => ordering.is_lt(),
                ast::CmpOp::LtE => ordering.is_le(),
                ast::CmpOp::Gt => ordering.is_gt(),
                _ => ordering.is_ge(),
            }),
            Some(Err(gap)) => maybe_bool(gap),
            None => {
                if let (Value::Set(_), Value::Set(_)) = (left, right) {
                    return self.compare_sets(op, left, right, at);
                }
                let why = format!("'{}' not supported between these", op.as_str());
                return Err(self.raise("builtins.TypeError", &why, at));
            }
        })
    }

    /// The order of objects whose classes of the repository do not tell it: there is none where nothing else could.
    fn without_order(&mut self, op: ast::CmpOp, operands: [&Value<'a>; 2], at: Span) -> Run<'a, Value<'a>> {
        let is_told = |value: &Value<'a>| match (value, self.class_of(value)) {
            (Value::Class(_), _) => false,
            (_, None) => !matches!(value, Value::Instance(_)),
            (_, Some(class)) => self.class(class).is_some_and(|class| {
                class.open.is_none() && class.decorators.is_empty() && class.order.iter().all(is_plain_base)
            }),
        };
        if operands.into_iter().all(is_told) {
            let why = format!("'{}' not supported between these", op.as_str());
            return Err(self.raise("builtins.TypeError", &why, at));
        }
        let operands = operands.map(Value::clone).to_vec();
        self.operation(Operator::Compare(op), operands, at)
    }

    fn compare_sets(
        &mut self,
        op: ast::CmpOp,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let (Some(a), Some(b)) = (self.known_items(left), self.known_items(right)) else {
            return Ok(maybe_bool(self.gap(at, "the sets are not wholly known")));
        };
        let within = |a: &[Value<'a>], b: &[Value<'a>]| {
            a.iter().all(|x| b.iter().any(|y| super::heap::same_key(x, y)))
        };
        Ok(Value::Bool(match op {
            ast::CmpOp::Lt => within(&a, &b) && a.len() < b.len(),
            ast::CmpOp::LtE => within(&a, &b),
            ast::CmpOp::Gt => within(&b, &a) && b.len() < a.len(),
            _ => within(&b, &a),
        }))
    }

    /// Equality of values without methods of their own.
    fn same_value(&mut self, a: &Value<'a>, b: &Value<'a>, at: Span) -> Truth {
        match (a, b) {
            (Value::List(x), Value::List(y)) if x == y => Truth::Yes,
            (Value::List(_), Value::List(_)) => match (self.known_items(a), self.known_items(b)) {
                (Some(a), Some(b)) => self.same_items(&a, &b, at),
                _ => Truth::Unknown(self.gap(at, "a list is not wholly known")),
            },
            (Value::Tuple(a), Value::Tuple(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.same_items(&a, &b, at)
            }
            (Value::Set(_), Value::Set(_)) => match (self.known_items(a), self.known_items(b)) {
                (Some(a), Some(b)) => truth_of(
                    a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| super::heap::same_key(x, y))),
                ),
                _ => Truth::Unknown(self.gap(at, "a set is not wholly known")),
            },
            (Value::Dict(_), Value::Dict(_)) => match (self.dict_items(a), self.dict_items(b)) {
                (Some(a), Some(b)) => self.same_entries(&a, &b, at),
                _ => Truth::Unknown(self.gap(at, "a dict is not wholly known")),
            },
            (Value::Float(a), Value::Float(b)) => truth_of(a == b),
            (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => {
                Truth::Unknown(unknown.gap.clone())
            }
            _ => truth_of(super::heap::same_key(a, b)),
        }
    }

    fn same_items(&mut self, a: &[Value<'a>], b: &[Value<'a>], at: Span) -> Truth {
        if a.len() != b.len() {
            return Truth::No;
        }
        self.all_equal(a.iter().zip(b), at)
    }

    fn all_equal<'v>(
        &mut self,
        pairs: impl Iterator<Item = (&'v Value<'a>, &'v Value<'a>)>,
        at: Span,
    ) -> Truth
    where
        'a: 'v,
    {
        let mut out = Truth::Yes;
        for (a, b) in pairs {
            let equal = self.deeper(at, |machine| Ok(machine.equal(a, b, at)));
            match equal {
                Ok(Truth::Yes) => {}
                Ok(Truth::No) => return Truth::No,
                Ok(unknown) => out = unknown,
                Err(_) => out = Truth::Unknown(self.gap(at, "goes deeper than is followed")),
            }
        }
        out
    }

    fn same_entries(
        &mut self,
        a: &[(Value<'a>, Value<'a>)],
        b: &[(Value<'a>, Value<'a>)],
        at: Span,
    ) -> Truth {
        if a.len() != b.len() {
            return Truth::No;
        }
        let mut pairs = Vec::new();
        for (key, value) in a {
            match b.iter().find(|(k, _)| super::heap::same_key(k, key)) {
                Some((_, other)) => pairs.push((value, other)),
                None => return Truth::No,
            }
        }
        self.all_equal(pairs.into_iter(), at)
    }

    /// The order of two values; `None` where there is none between such.
    pub(super) fn order(&mut self, a: &Value<'a>, b: &Value<'a>, at: Span) -> Option<Result<Ordering, Gap>> {
        match (a, b) {
            (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => Some(Err(unknown.gap.clone())),
            (Value::Str(a), Value::Str(b)) => Some(Ok(a.as_str().cmp(b.as_str()))),
            (Value::Bytes(a), Value::Bytes(b)) => Some(Ok(a.cmp(b))),
            (Value::Tuple(a), Value::Tuple(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.order_items(&a, &b, at)
            }
            (Value::List(_), Value::List(_)) => match (self.known_items(a), self.known_items(b)) {
                (Some(a), Some(b)) => self.order_items(&a, &b, at),
                _ => Some(Err(self.gap(at, "a list is not wholly known"))),
            },
            (Value::Instance(_) | Value::Term(_), _) | (_, Value::Instance(_) | Value::Term(_)) => {
                let less = self.compare(ast::CmpOp::Lt, a, b, at).ok()?;
                let more = self.compare(ast::CmpOp::Gt, a, b, at).ok()?;
                Some(match (self.truth(&less, at), self.truth(&more, at)) {
                    (Truth::Yes, _) => Ok(Ordering::Less),
                    (_, Truth::Yes) => Ok(Ordering::Greater),
                    (Truth::No, Truth::No) => Ok(Ordering::Equal),
                    (Truth::Unknown(gap), _) | (_, Truth::Unknown(gap)) => Err(gap),
                })
            }
            _ => {
                if let (Some(a), Some(b)) = (super::ops::as_int(a), super::ops::as_int(b)) {
                    return Some(Ok(a.cmp(&b)));
                }
                let number = |v: &Value<'a>| match v {
                    Value::Float(f) => Some(*f),
                    _ => super::ops::as_int(v).map(|i| i as f64),
                };
                number(a)?.partial_cmp(&number(b)?).map(Ok)
            }
        }
    }

    fn order_items(&mut self, a: &[Value<'a>], b: &[Value<'a>], at: Span) -> Option<Result<Ordering, Gap>> {
        for (a, b) in a.iter().zip(b) {
            match self.equal(a, b, at) {
                Truth::Yes => {}
                Truth::No => return self.order(a, b, at),
                Truth::Unknown(gap) => return Some(Err(gap)),
            }
        }
        Some(Ok(a.len().cmp(&b.len())))
    }

    /// `item in collection`; the collection again where a library has to answer.
    fn contains(
        &mut self,
        collection: &Value<'a>,
        item: &Value<'a>,
        at: Span,
    ) -> Run<'a, Result<Truth, Value<'a>>> {
        match collection {
            Value::Str(text) => {
                let found = self.each_candidate(item, |machine, item| match item {
                    Value::Str(part) => Ok(Value::Bool(text.as_str().contains(part.as_str()))),
                    _ => Ok(machine.unknown(at, "is no text")),
                })?;
                Ok(Ok(self.truth(&found, at)))
            }
            Value::Unknown(unknown) => Ok(Ok(Truth::Unknown(unknown.gap.clone()))),
            Value::Dict(_) => {
                let found = self.each_candidate(item, |machine, item| {
                    Ok(value_of(machine.has_key(collection, item, at)))
                })?;
                Ok(Ok(self.truth(&found, at)))
            }
            Value::Term(_) => {
                let operands = [item.clone(), collection.clone()];
                if let Some(run) = standard::operation(self, Operator::Compare(ast::CmpOp::In), &operands, at)
                {
                    let value = run?;
                    return Ok(Ok(self.truth(&value, at)));
                }
                if let Some(run) =
                    standard::iterate(self, collection, at).or_else(|| L::iterate(self, collection, at))
                {
                    let items = run?;
                    return Ok(Ok(self.is_among(&items, None, item, at)));
                }
                Ok(Err(collection.clone()))
            }
            _ => {
                if let Some(run) =
                    self.call_method_of_class(collection, "__contains__", vec![item.clone()], at)
                {
                    let value = run?;
                    return Ok(Ok(self.truth(&value, at)));
                }
                if let Some(run) = standard::operation(
                    self,
                    Operator::Compare(ast::CmpOp::In),
                    &[item.clone(), collection.clone()],
                    at,
                ) {
                    let value = run?;
                    return Ok(Ok(self.truth(&value, at)));
                }
                let (slots, open) = self.slots(collection, at)?;
                let mut open = open;
                let mut items = Vec::new();
                for slot in slots {
                    match slot.maybe {
                        None => items.push(slot.value),
                        Some(gap) => {
                            if self.equal(&slot.value, item, at) != Truth::No {
                                open = open.or(Some(gap));
                            }
                        }
                    }
                }
                Ok(Ok(self.is_among(&items, open, item, at)))
            }
        }
    }

    fn is_among(&mut self, items: &[Value<'a>], open: Option<Gap>, item: &Value<'a>, at: Span) -> Truth {
        let mut open = open;
        self.budget.charge(items.len() as u64 / 8);
        for other in items {
            if same(other, item) {
                return Truth::Yes;
            }
            match self.equal(other, item, at) {
                Truth::Yes => return Truth::Yes,
                Truth::No => {}
                Truth::Unknown(gap) => open = open.or(Some(gap)),
            }
        }
        open.map_or(Truth::No, Truth::Unknown)
    }
}
