//! Truth, equality, order and membership, in three values.

use super::attribute::is_plain_base;
use super::dotted;
use std::cmp::Ordering;

use super::join::{one_of, same};
use super::library::Library;
use super::machine::{Machine, Run};
use super::ops::{identical, maybe_bool};
use super::standard;
use super::value::{Operator, TermKind, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

fn truth_of(b: bool) -> Truth {
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
    /// Whether a value is true.
    pub fn truth(&mut self, value: &Value<'a>, at: Span) -> Truth {
        match value {
            Value::None => Truth::No,
            Value::Bool(b) => truth_of(*b),
            Value::Int(i) => truth_of(*i != 0),
            Value::Float(f) => truth_of(*f != 0.0),
            Value::Str(text) => truth_of(!text.as_str().is_empty()),
            Value::Bytes(bytes) => truth_of(!bytes.is_empty()),
            Value::Tuple(items) => truth_of(!items.is_empty()),
            Value::List(_) | Value::Set(_) => {
                let Some(list) = self.list(value) else {
                    return Truth::Yes;
                };
                let certain = list.items.iter().any(|s| s.maybe.is_none());
                let gap = list
                    .open
                    .clone()
                    .or_else(|| list.items.iter().find_map(|s| s.maybe.clone()));
                emptiness(certain, gap)
            }
            Value::Dict(_) => {
                let Some(dict) = self.dict(value) else {
                    return Truth::Yes;
                };
                let certain = dict.entries.iter().any(|e| e.1.maybe.is_none());
                let gap = dict
                    .open
                    .clone()
                    .or_else(|| dict.entries.iter().find_map(|e| e.1.maybe.clone()));
                emptiness(certain, gap)
            }
            Value::Ellipsis
            | Value::Function(_)
            | Value::Method(_)
            | Value::Class(_)
            | Value::Module(_)
            | Value::Iterator(_) => Truth::Yes,
            Value::Instance(_) => self.truth_of_instance(value, at),
            Value::Term(term) => {
                let known = standard::truth(self, value, at).or_else(|| L::truth(self, value, at));
                known.unwrap_or_else(|| self.truth_of_term(&term.kind, value, at))
            }
            Value::Unknown(unknown) => {
                let unknown = unknown.clone();
                if unknown.pattern.iter().flatten().any(|t| !t.as_str().is_empty()) {
                    return Truth::Yes;
                }
                let mut out = None;
                for candidate in &unknown.candidates {
                    let truth = self.truth(candidate, at);
                    match (&out, &truth) {
                        (None, _) => out = Some(truth),
                        (Some(known), truth) if known == truth => {}
                        _ => return Truth::Unknown(unknown.gap.clone()),
                    }
                }
                out.unwrap_or_else(|| Truth::Unknown(unknown.gap.clone()))
            }
        }
    }

    fn truth_of_instance(&mut self, value: &Value<'a>, at: Span) -> Truth {
        for method in ["__bool__", "__len__"] {
            if let Some(run) = self.call_method_of_class(value, method, Vec::new(), at) {
                return match run {
                    Ok(value) if !matches!(value, Value::Instance(_)) => self.truth(&value, at),
                    _ => Truth::Unknown(self.gap(at, "its truth cannot be told")),
                };
            }
        }
        standard::truth(self, value, at).unwrap_or(Truth::Yes)
    }

    fn truth_of_term(&mut self, kind: &TermKind<'a>, value: &Value<'a>, at: Span) -> Truth {
        match kind {
            TermKind::Path(path) if path == "typing.TYPE_CHECKING" => return Truth::No,
            TermKind::Path(path) if names_a_class(path) => return Truth::Yes,
            TermKind::Call(callee, _) if callee.as_path().is_some_and(names_a_class) => return Truth::Yes,
            TermKind::Operation(Operator::Compare(op @ (ast::CmpOp::Is | ast::CmpOp::IsNot)), operands) => {
                if let [a, Value::None] | [Value::None, a] = operands.as_slice()
                    && is_made(a)
                {
                    return truth_of(*op == ast::CmpOp::IsNot);
                }
            }
            _ => {}
        }
        let what = self.display(value);
        Truth::Unknown(self.gap(at, format!("`{what}` cannot be told")))
    }

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

    /// What a value can be where its truth is this.
    pub(super) fn filter_truth(&mut self, value: &Value<'a>, wanted: bool, at: Span) -> Value<'a> {
        let not = if wanted { Truth::No } else { Truth::Yes };
        let Value::Unknown(unknown) = value else {
            return value.clone();
        };
        let unknown = unknown.clone();
        let kept: Vec<Value<'a>> = unknown
            .candidates
            .iter()
            .filter(|c| self.truth(c, at) != not)
            .cloned()
            .collect();
        if kept.is_empty() {
            return value.clone();
        }
        one_of(kept, &unknown.gap)
    }

    /// A test has come out so: what that says of the names in it.
    pub(super) fn narrow(&mut self, test: &'a ast::Expr, outcome: bool) {
        match test {
            ast::Expr::UnaryOp(e) if e.op == ast::UnaryOp::Not => self.narrow(&e.operand, !outcome),
            ast::Expr::BoolOp(e) if (e.op == ast::BoolOp::And) == outcome => {
                for operand in &e.values {
                    self.narrow(operand, outcome);
                }
            }
            ast::Expr::Named(e) => self.narrow(&e.target, outcome),
            ast::Expr::Name(name) => {
                let at = self.span(name.range());
                if let Some(value) = self.own_unknown(&name.id) {
                    let value = self.filter_truth(&value, outcome, at);
                    self.rebind(&name.id, value);
                }
            }
            ast::Expr::Compare(e) => {
                if let (ast::Expr::Name(name), [op], [right]) = (&*e.left, &*e.ops, &*e.comparators) {
                    self.narrow_comparison(&name.id, *op, right, outcome);
                }
            }
            _ => {}
        }
    }

    fn narrow_comparison(&mut self, name: &str, op: ast::CmpOp, right: &'a ast::Expr, outcome: bool) {
        let equal = match op {
            ast::CmpOp::Is | ast::CmpOp::Eq => outcome,
            ast::CmpOp::IsNot | ast::CmpOp::NotEq => !outcome,
            _ => return,
        };
        let literal = matches!(
            right,
            ast::Expr::NoneLiteral(_)
                | ast::Expr::BooleanLiteral(_)
                | ast::Expr::StringLiteral(_)
                | ast::Expr::NumberLiteral(_)
        );
        let Some(Value::Unknown(unknown)) = self.own_unknown(name).filter(|_| literal) else {
            return;
        };
        let Ok(right) = self.eval(right) else { return };
        let kept: Vec<Value<'a>> = unknown
            .candidates
            .iter()
            .filter(|c| {
                super::heap::same_key(c, &right) == equal || matches!(c, Value::Term(_) | Value::Instance(_))
            })
            .cloned()
            .collect();
        if !kept.is_empty() {
            self.rebind(name, one_of(kept, &unknown.gap));
        } else if equal && unknown.candidates.is_empty() {
            self.rebind(name, right);
        }
    }

    /// What a name of the running scope is bound to, where that is unknown.
    fn own_unknown(&self, name: &str) -> Option<Value<'a>> {
        let frame = self.frames.last()?;
        let slot = self.scope(frame.scope)?.names.get(name)?;
        matches!(slot.value, Value::Unknown(_)).then(|| slot.value.clone())
    }

    fn rebind(&mut self, name: &str, value: Value<'a>) {
        if let Some(scope) = self.frames.last().map(|f| f.scope) {
            self.bind_in(scope, name, value);
        }
    }
}

/// A class of a library, or an instance of one: not `None`.
fn is_made(value: &Value<'_>) -> bool {
    match value {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => names_a_class(path),
            TermKind::Call(callee, _) => callee.as_path().is_some_and(names_a_class),
            _ => false,
        },
        _ => false,
    }
}

fn emptiness(certain: bool, gap: Option<Gap>) -> Truth {
    match gap {
        _ if certain => Truth::Yes,
        Some(gap) => Truth::Unknown(gap),
        None => Truth::No,
    }
}
