//! Whether a value is true, and what is known of one once its truth is.

use super::compare::{names_a_class, truth_of};

use super::join::one_of;
use super::library::Library;
use super::machine::Machine;
use super::standard;
use super::value::{Operator, TermKind, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

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
pub(super) fn is_made(value: &Value<'_>) -> bool {
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
