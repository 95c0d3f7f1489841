//! Expressions.

use std::rc::Rc;

use smol_str::SmolStr;

use super::comprehend::{Made, Making};
use super::join::either;
use super::library::Library;
use super::machine::{Machine, Run};
use super::value::{Code, Operator, Value};
use crate::known::{Gap, Truth};
use crate::syntax::python::{Ranged, ast};

/// Whether an expression is the same whenever it is evaluated, and changes nothing.
fn is_constant(expression: &ast::Expr) -> bool {
    matches!(
        expression,
        ast::Expr::NoneLiteral(_)
            | ast::Expr::BooleanLiteral(_)
            | ast::Expr::NumberLiteral(_)
            | ast::Expr::StringLiteral(_)
    )
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// The value of an expression.
    pub(super) fn eval(&mut self, expression: &'a ast::Expr) -> Run<'a, Value<'a>> {
        match expression {
            ast::Expr::NoneLiteral(_) => Ok(Value::None),
            ast::Expr::EllipsisLiteral(_) => Ok(Value::Ellipsis),
            ast::Expr::BooleanLiteral(b) => Ok(Value::Bool(b.value)),
            ast::Expr::NumberLiteral(number) => Ok(self.number(number)),
            ast::Expr::StringLiteral(literal) => Ok(self.text_literal(literal)),
            ast::Expr::BytesLiteral(literal) => {
                let bytes: Vec<u8> = literal.value.bytes().collect();
                Ok(Value::Bytes(bytes.into()))
            }
            ast::Expr::Name(name) => {
                let at = self.span(name.range());
                self.tick(at)?;
                if name.id == "__spec__" {
                    return Ok(self.unknown(at, "what the import system keeps of a module"));
                }
                self.name(&name.id, at)
            }
            _ => {
                let at = self.span(expression.range());
                self.tick(at)?;
                self.deeper(at, |machine| machine.eval_deep(expression))
            }
        }
    }

    fn eval_deep(&mut self, expression: &'a ast::Expr) -> Run<'a, Value<'a>> {
        let at = self.span(expression.range());
        match expression {
            ast::Expr::NoneLiteral(_)
            | ast::Expr::EllipsisLiteral(_)
            | ast::Expr::BooleanLiteral(_)
            | ast::Expr::NumberLiteral(_)
            | ast::Expr::StringLiteral(_)
            | ast::Expr::BytesLiteral(_)
            | ast::Expr::Name(_) => self.eval(expression),
            ast::Expr::BoolOp(e) => self.bool_op(e.op, &e.values),
            ast::Expr::Named(e) => {
                let value = self.eval(&e.value)?;
                if let ast::Expr::Name(name) = &*e.target {
                    let place = self.span(name.range());
                    self.bind_walrus(&name.id, value.clone(), place);
                }
                Ok(value)
            }
            ast::Expr::BinOp(e) => {
                let left = self.eval(&e.left)?;
                let right = self.eval(&e.right)?;
                let made = self.binary(e.op, &left, &right, at)?;
                Ok(self.and_usually([&left, &right], made, |machine, [left, right]| {
                    machine.binary(e.op, left, right, at)
                }))
            }
            ast::Expr::UnaryOp(e) => {
                let operand = self.eval(&e.operand)?;
                self.unary(e.op, &operand, at)
            }
            ast::Expr::Lambda(e) => {
                let parameters = e.parameters.as_deref();
                self.function(SmolStr::new("<lambda>"), Code::Lambda(e), parameters, at)
            }
            ast::Expr::If(e) => self.conditional(e),
            ast::Expr::Dict(e) => self.dict_display(e),
            ast::Expr::Set(e) => {
                let made = self.elements(&e.elts)?;
                Ok(self.collect_set(made))
            }
            ast::Expr::List(e) => {
                let made = self.elements(&e.elts)?;
                Ok(self.collect_list(made))
            }
            ast::Expr::Tuple(e) => self.tuple_display(e),
            ast::Expr::ListComp(e) => {
                let made = self.comprehend(&e.generators, Making::Item(&e.elt))?;
                Ok(self.collect_list(made))
            }
            ast::Expr::SetComp(e) => {
                let made = self.comprehend(&e.generators, Making::Item(&e.elt))?;
                Ok(self.collect_set(made))
            }
            ast::Expr::Generator(e) => {
                let made = self.comprehend(&e.generators, Making::Item(&e.elt))?;
                Ok(self.collect_iterator(made))
            }
            ast::Expr::DictComp(e) => {
                let Some(key) = &e.key else {
                    return Ok(self.unknown(at, "the expression is not followed"));
                };
                let made = self.comprehend(&e.generators, Making::Entry(key, &e.value))?;
                Ok(self.collect_dict(made))
            }
            ast::Expr::Await(e) => {
                let value = self.eval(&e.value)?;
                self.awaited(value, at)
            }
            ast::Expr::Yield(e) => {
                let value = match &e.value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                };
                self.yield_value(value, at)
            }
            ast::Expr::YieldFrom(e) => {
                let from = self.eval(&e.value)?;
                match self.items(&from, at)? {
                    Ok(items) => {
                        for item in items {
                            self.yield_value(item, at)?;
                        }
                    }
                    Err(gap) => self.yield_unknown(&gap),
                }
                Ok(Value::None)
            }
            ast::Expr::Compare(e) => self.comparisons(e),
            ast::Expr::Call(e) => self.call_expression(e, at),
            ast::Expr::FString(e) => self.f_string(e),
            ast::Expr::TString(_) | ast::Expr::IpyEscapeCommand(_) => {
                Ok(self.unknown(at, "the expression is not followed"))
            }
            ast::Expr::Attribute(e) => {
                if let ast::Expr::Name(name) = &*e.value
                    && name.id == "__spec__"
                    && let Some(name) = of_spec(&e.attr)
                {
                    return self.name(name, at);
                }
                let object = self.eval(&e.value)?;
                self.attribute(&object, &e.attr, at)
            }
            ast::Expr::Subscript(e) => {
                let object = self.eval(&e.value)?;
                let key = self.eval(&e.slice)?;
                self.item(&object, &key, at)
            }
            ast::Expr::Starred(e) => self.eval(&e.value),
            ast::Expr::Slice(e) => self.slice_value(e, at),
        }
    }

    /// `a:b:c` as a value: a call of `slice`.
    fn slice_value(&mut self, slice: &'a ast::ExprSlice, at: crate::source::Span) -> Run<'a, Value<'a>> {
        let mut args = super::value::Args::default();
        for part in [&slice.lower, &slice.upper, &slice.step] {
            let value = match part {
                Some(part) => self.eval(part)?,
                None => Value::None,
            };
            args.positional.push(super::value::Argument { value, span: at });
        }
        let callee = self.path("builtins.slice", at);
        Ok(self.call_term(callee, args, at))
    }

    /// `and`, `or`: the operand that decides.
    fn bool_op(&mut self, op: ast::BoolOp, operands: &'a [ast::Expr]) -> Run<'a, Value<'a>> {
        let Some((first, rest)) = operands.split_first() else {
            return Ok(Value::None);
        };
        let value = self.eval(first)?;
        if rest.is_empty() {
            return Ok(value);
        }
        let at = self.span(first.range());
        let decides = op == ast::BoolOp::Or;
        match self.truth(&value, at) {
            Truth::Yes if decides => Ok(value),
            Truth::No if !decides => Ok(value),
            Truth::Yes | Truth::No => self.bool_op(op, rest),
            Truth::Unknown(gap) => {
                let kept = self.filter_truth(&value, decides, at);
                // Which of the two it usually is.
                let (first_is, mut usual) = match self.usual_truth(&value, at) {
                    Some(is) if is == decides => (true, value.usual()),
                    is => (is.is_none(), None),
                };
                if let [only] = rest
                    && is_constant(only)
                {
                    // Both courses end in the same world.
                    let other = self.eval(only)?;
                    let usual = if first_is { usual } else { other.usual() };
                    return Ok(either(&kept, &other, &gap).usually(usual));
                }
                let made = self.fork_value(&gap, 2, |machine, alternative| {
                    if alternative == 0 {
                        Ok(kept.clone())
                    } else {
                        machine.narrow(first, !decides);
                        let other = machine.bool_op(op, rest)?;
                        if !first_is {
                            usual = other.usual();
                        }
                        Ok(other)
                    }
                })?;
                Ok(made.usually(usual))
            }
        }
    }

    fn conditional(&mut self, e: &'a ast::ExprIf) -> Run<'a, Value<'a>> {
        let test = self.eval(&e.test)?;
        let at = self.span(e.test.range());
        match self.truth(&test, at) {
            Truth::Yes => self.eval(&e.body),
            Truth::No => self.eval(&e.orelse),
            Truth::Unknown(gap) if is_constant(&e.body) && is_constant(&e.orelse) => {
                let (first, second) = (self.eval(&e.body)?, self.eval(&e.orelse)?);
                let usual = match self.usual_truth(&test, at) {
                    Some(true) => first.usual(),
                    Some(false) => second.usual(),
                    None => None,
                };
                Ok(either(&first, &second, &gap).usually(usual))
            }
            Truth::Unknown(gap) => {
                let usually = self.usual_truth(&test, at);
                let mut usual = None;
                let made = self.fork_value(&gap, 2, |machine, alternative| {
                    machine.narrow(&e.test, alternative == 0);
                    let value = machine.eval(if alternative == 0 { &e.body } else { &e.orelse })?;
                    if usually == Some(alternative == 0) {
                        usual = value.usual();
                    }
                    Ok(value)
                })?;
                Ok(made.usually(usual))
            }
        }
    }

    /// The elements of a display; `*items` are spread.
    fn elements(&mut self, elements: &'a [ast::Expr]) -> Run<'a, (Made<'a>, Option<Gap>)> {
        let mut made = Made::new();
        let mut open = None;
        for element in elements {
            if let ast::Expr::Starred(starred) = element {
                let at = self.span(starred.range());
                let value = self.eval(&starred.value)?;
                let (slots, gap) = self.slots(&value, at)?;
                made.extend(slots.into_iter().map(|slot| (None, slot)));
                open = open.or(gap);
            } else {
                made.push((None, self.eval(element)?.into()));
            }
        }
        Ok((made, open))
    }

    fn tuple_display(&mut self, e: &'a ast::ExprTuple) -> Run<'a, Value<'a>> {
        let (made, open) = self.elements(&e.elts)?;
        let gap = open.or_else(|| made.iter().find_map(|m| m.1.maybe.clone()));
        if let Some(gap) = gap {
            return Ok(Value::unknown(gap));
        }
        let items: Vec<Value<'a>> = made.into_iter().map(|m| m.1.value).collect();
        let at = self.span(e.range());
        self.budget.weigh(items.len());
        Ok(self.bounded(Value::Tuple(items.into()), at))
    }

    fn dict_display(&mut self, e: &'a ast::ExprDict) -> Run<'a, Value<'a>> {
        let mut made = Made::new();
        let mut open = None;
        for item in &e.items {
            match &item.key {
                Some(key) => {
                    let key = self.eval(key)?;
                    let value = self.eval(&item.value)?;
                    made.push((Some(key), value.into()));
                }
                None => {
                    let at = self.span(item.value.range());
                    let value = self.eval(&item.value)?;
                    match self.entries(&value, at)? {
                        Ok((entries, gap)) => {
                            made.extend(entries.into_iter().map(|(k, slot)| (Some(k), slot)));
                            open = open.or(gap);
                        }
                        Err(gap) => open = open.or(Some(gap)),
                    }
                }
            }
        }
        Ok(self.collect_dict((made, open)))
    }

    fn comparisons(&mut self, e: &'a ast::ExprCompare) -> Run<'a, Value<'a>> {
        let left = self.eval(&e.left)?;
        self.compare_rest(left, &e.ops, &e.comparators, self.span(e.range()))
    }

    fn compare_rest(
        &mut self,
        left: Value<'a>,
        ops: &'a [ast::CmpOp],
        comparators: &'a [ast::Expr],
        at: crate::source::Span,
    ) -> Run<'a, Value<'a>> {
        let (Some((op, ops)), Some((right, comparators))) = (ops.split_first(), comparators.split_first())
        else {
            return Ok(Value::Bool(true));
        };
        let right = self.eval(right)?;
        let value = self.compare(*op, &left, &right, at)?;
        let value = self.and_usually([&left, &right], value, |machine, [left, right]| {
            machine.compare(*op, left, right, at)
        });
        if ops.is_empty() {
            return Ok(value);
        }
        match self.truth(&value, at) {
            Truth::Yes => self.compare_rest(right, ops, comparators, at),
            Truth::No => Ok(value),
            Truth::Unknown(gap) => self.fork_value(&gap, 2, |machine, alternative| {
                if alternative == 0 {
                    Ok(Value::Bool(false))
                } else {
                    machine.compare_rest(right.clone(), ops, comparators, at)
                }
            }),
        }
    }

    /// The operation as a term, unless a library says what it gives.
    pub(super) fn operation(
        &mut self,
        operator: Operator,
        operands: Vec<Value<'a>>,
        at: crate::source::Span,
    ) -> Run<'a, Value<'a>> {
        if let Some(run) = super::standard::operation(self, operator, &operands, at) {
            return run;
        }
        if let Some(run) = L::operation(self, operator, &operands, at) {
            return run;
        }
        Ok(self.term(super::value::TermKind::Operation(operator, operands), at))
    }
}

/// A tuple's items, shared.
pub(super) fn tuple<'a>(items: Vec<Value<'a>>) -> Value<'a> {
    Value::Tuple(Rc::from(items))
}

/// The name of the module that an attribute of its `__spec__` repeats (`ModuleSpec`).
fn of_spec(attribute: &str) -> Option<&'static str> {
    match attribute {
        "parent" => Some("__package__"),
        "name" => Some("__name__"),
        _ => None,
    }
}
