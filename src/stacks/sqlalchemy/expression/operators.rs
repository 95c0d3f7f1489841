//! Operators of Python on constructs, and items of them.

use super::{Writer, literal_of};
use crate::interpret::python::{Args, Library, Operator, TermKind, Value};
use crate::source::Span;
use crate::stacks::sqlalchemy::terms::{self, Known, gap};
use crate::stacks::sqlalchemy::types::{self, Affinity};
use crate::syntax::python::ast;

impl<'a, L: Library<'a>> Writer<'_, '_, 'a, L> {
    /// An operator between constructs and values.
    pub(super) fn operation(
        &mut self,
        operator: Operator,
        operands: &[Value<'a>],
        at: Span,
        depth: u32,
    ) -> Known<()> {
        match (operator, operands) {
            (Operator::Unary(ast::UnaryOp::Invert | ast::UnaryOp::Not), [one]) => {
                self.negated(one, at, depth)
            }
            (Operator::Unary(ast::UnaryOp::USub), [one]) => {
                self.push("-");
                self.operand(one, at, depth + 1)
            }
            (Operator::Unary(ast::UnaryOp::UAdd), [one]) => self.operand(one, at, depth + 1),
            (Operator::Compare(op), [left, right]) => self.compare(op, left, right, at, depth),
            (Operator::Binary(op), [left, right]) => self.binary(op, left, right, at, depth),
            _ => Err(gap(at, "this operator is not followed")),
        }
    }

    /// `NOT x`: comparisons and tests turn into their opposites.
    pub(super) fn negated(&mut self, value: &Value<'a>, at: Span, depth: u32) -> Known<()> {
        if let Value::Term(term) = value
            && let TermKind::Operation(Operator::Compare(op), operands) = &term.kind
            && let [left, right] = operands.as_slice()
            && let Some(op) = opposite(*op)
        {
            return self.compare(op, left, right, at, depth);
        }
        if let Some((object, name, args)) = terms::method(value)
            && let Some(name) = opposite_method(name)
            && terms::member(self.machine, value.as_call().map_or(value, |(callee, _)| callee)).is_none()
        {
            let (object, args) = (object.clone(), args.clone());
            return self.method(&object, name, &args, at, depth);
        }
        self.push("NOT ");
        self.operand(value, at, depth + 1)
    }

    fn compare(
        &mut self,
        op: ast::CmpOp,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        // A Python value on the left is turned around by Python itself.
        let (op, left, right) = match (left, turned(op)) {
            (Value::Term(_), _) | (_, None) => (op, left, right),
            (_, Some(turned)) => (turned, right, left),
        };
        // Identity is asked of the objects of Python: a construct is no constant.
        if matches!(op, ast::CmpOp::Is | ast::CmpOp::IsNot)
            && matches!(left, Value::Term(_))
            && matches!(right, Value::None | Value::Bool(_) | Value::Int(_))
        {
            self.push(if op == ast::CmpOp::Is { "false" } else { "true" });
            return Ok(());
        }
        if matches!(right, Value::None) {
            return match op {
                ast::CmpOp::Eq => self.is(left, right, false, at, depth),
                ast::CmpOp::NotEq => self.is(left, right, true, at, depth),
                _ => Err(gap(at, "NULL can only be compared for being equal")),
            };
        }
        let sql = match op {
            ast::CmpOp::Eq => " = ",
            ast::CmpOp::NotEq => " != ",
            ast::CmpOp::Lt => " < ",
            ast::CmpOp::LtE => " <= ",
            ast::CmpOp::Gt => " > ",
            ast::CmpOp::GtE => " >= ",
            _ => return Err(gap(at, "this comparison is not followed")),
        };
        if is_null(self.machine, right) {
            return self.is(left, &Value::None, sql == " != ", at, depth);
        }
        let ty = self.type_of(left);
        self.operand(left, at, depth + 1)?;
        self.push(sql);
        self.bound(right, ty.as_ref(), at, depth)
    }

    /// `left IS [NOT] right`.
    pub(super) fn is(
        &mut self,
        left: &Value<'a>,
        right: &Value<'a>,
        not: bool,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        self.operand(left, at, depth + 1)?;
        self.push(if not { " IS NOT " } else { " IS " });
        self.expression(right, at, depth + 1)
    }

    /// A value that takes its type from the other side.
    pub(super) fn bound(
        &mut self,
        value: &Value<'a>,
        ty: Option<&Value<'a>>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        let literal = literal_of(self.machine, value, ty, at)?;
        self.operand(&literal, at, depth + 1)
    }

    /// The type of the column that an expression is.
    pub(super) fn type_of(&mut self, value: &Value<'a>) -> Option<Value<'a>> {
        self.column(value).and_then(|column| column.ty)
    }

    fn binary(
        &mut self,
        op: ast::Operator,
        left: &Value<'a>,
        right: &Value<'a>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        let sql = match op {
            ast::Operator::BitAnd => " AND ",
            ast::Operator::BitOr => " OR ",
            ast::Operator::Add if self.is_text(left) || self.is_text(right) => " || ",
            ast::Operator::Add if self.is_number(left) || self.is_number(right) => " + ",
            ast::Operator::Sub => " - ",
            ast::Operator::Mult => " * ",
            ast::Operator::Mod => " % ",
            _ => return Err(gap(at, "this operator is not followed")),
        };
        self.operand(left, at, depth + 1)?;
        self.push(sql);
        self.operand(right, at, depth + 1)
    }

    fn affinity(&mut self, value: &Value<'a>) -> Affinity {
        match value {
            Value::Str(_) => Affinity::String,
            Value::Int(_) => Affinity::Integer,
            Value::Float(_) => Affinity::Numeric,
            _ => match self.type_of(value) {
                Some(ty) => types::sql_type(self.machine, &ty, self.at).affinity,
                None => Affinity::Unknown,
            },
        }
    }

    fn is_text(&mut self, value: &Value<'a>) -> bool {
        self.affinity(value) == Affinity::String
    }

    fn is_number(&mut self, value: &Value<'a>) -> bool {
        matches!(self.affinity(value), Affinity::Integer | Affinity::Numeric)
    }

    /// `x[key]`: a part of a JSON document or of an array.
    pub(super) fn subscript(
        &mut self,
        object: &Value<'a>,
        key: &Value<'a>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        self.item(object, key, " -> ", at, depth)
    }

    /// `x[key].astext`.
    pub(super) fn as_text(&mut self, object: &Value<'a>, at: Span, depth: u32) -> Known<()> {
        if let Value::Term(term) = object
            && let TermKind::Item(object, key) = &term.kind
        {
            return self.item(object, key, " ->> ", at, depth);
        }
        Err(gap(at, "this part of a document is not followed"))
    }

    fn item(&mut self, object: &Value<'a>, key: &Value<'a>, arrow: &str, at: Span, depth: u32) -> Known<()> {
        if self.affinity(object) == Affinity::Array && arrow == " -> " {
            let Value::Int(n) = key else {
                return Err(gap(at, "this part of an array is not followed"));
            };
            self.operand(object, at, depth + 1)?;
            self.push(&format!("[{n}]"));
            return Ok(());
        }
        let path = matches!(key, Value::Tuple(_) | Value::List(_));
        if path {
            return self.path(object, key, arrow, at, depth);
        }
        self.operand(object, at, depth + 1)?;
        self.push(arrow);
        self.expression(key, at, depth + 1)
    }

    /// `x[("a", "b")]`.
    fn path(&mut self, object: &Value<'a>, key: &Value<'a>, arrow: &str, at: Span, depth: u32) -> Known<()> {
        let items = self
            .machine
            .known_items(key)
            .ok_or_else(|| gap(at, "this path is not known"))?;
        let mut parts = Vec::new();
        for item in &items {
            match item {
                Value::Int(n) => parts.push(n.to_string()),
                Value::Str(text) => parts.push(text.as_str().to_owned()),
                _ => return Err(gap(at, "this path is not known")),
            }
        }
        self.operand(object, at, depth + 1)?;
        self.push(if arrow == " -> " { " #> " } else { " #>> " });
        self.push(&format!("'{{{}}}'", parts.join(", ").replace('\'', "''")));
        Ok(())
    }

    /// `x.op("->>")(y)`.
    pub(super) fn custom_operator(
        &mut self,
        callee: &Value<'a>,
        args: &Args<'a>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        let Some((object, name @ ("op" | "bool_op"), operator)) = terms::method(callee) else {
            return Err(gap(at, "this call is not followed"));
        };
        let _ = name;
        let (Some(operator), Some(right)) = (operator.positional.first(), args.positional.first()) else {
            return Err(gap(at, "this operator is not followed"));
        };
        let operator = terms::text(self.machine, &operator.value, operator.span)?;
        self.operand(object, at, depth + 1)?;
        self.push(&format!(" {} ", operator.as_str()));
        self.operand(&right.value, right.span, depth + 1)
    }
}

/// The comparison that holds where this one does not.
fn opposite(op: ast::CmpOp) -> Option<ast::CmpOp> {
    Some(match op {
        ast::CmpOp::Eq => ast::CmpOp::NotEq,
        ast::CmpOp::NotEq => ast::CmpOp::Eq,
        ast::CmpOp::Lt => ast::CmpOp::GtE,
        ast::CmpOp::LtE => ast::CmpOp::Gt,
        ast::CmpOp::Gt => ast::CmpOp::LtE,
        ast::CmpOp::GtE => ast::CmpOp::Lt,
        _ => return None,
    })
}

fn opposite_method(name: &str) -> Option<&'static str> {
    Some(match name {
        "is_" => "is_not",
        "is_not" | "isnot" => "is_",
        "in_" => "not_in",
        "not_in" | "notin_" => "in_",
        "like" => "not_like",
        "not_like" | "notlike" => "like",
        "ilike" => "not_ilike",
        "not_ilike" | "notilike" => "ilike",
        _ => return None,
    })
}

/// The comparison with its sides exchanged.
fn turned(op: ast::CmpOp) -> Option<ast::CmpOp> {
    Some(match op {
        ast::CmpOp::Eq => ast::CmpOp::Eq,
        ast::CmpOp::NotEq => ast::CmpOp::NotEq,
        ast::CmpOp::Lt => ast::CmpOp::Gt,
        ast::CmpOp::LtE => ast::CmpOp::GtE,
        ast::CmpOp::Gt => ast::CmpOp::Lt,
        ast::CmpOp::GtE => ast::CmpOp::LtE,
        _ => return None,
    })
}

/// `null()`.
fn is_null<'a, L: Library<'a>>(
    machine: &crate::interpret::python::Machine<'a, L>,
    value: &Value<'a>,
) -> bool {
    terms::call_of(machine, value, "null").is_some()
}
