//! Expressions with operators, as conditions are written most: `a = 1 AND b IS NOT NULL`, `'x' || y`.
//!
//! Source: the precedence declarations at the head of `gram.y` (PostgreSQL 15).

use super::cursor::Cursor;
use super::expr::{self, DEPTH};
use super::query;
use crate::sql::expr::chain::list;
use crate::syntax::split::Kind;
use crate::tree::{Expr, ExprKind};

/// Operators of an expression that are read here: a longer one may be nested deeper than everything that walks it allows.
const MOST: u8 = 40;

/// Binding powers; a higher one binds tighter.
mod power {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const IS: u8 = 4;
    pub(super) const COMPARE: u8 = 5;
    pub(super) const MATCH: u8 = 6;
    pub(super) const OTHER: u8 = 7;
    pub(super) const ADD: u8 = 8;
    pub(super) const MULTIPLY: u8 = 9;
}

/// An operator after an operand.
#[derive(Clone, Copy)]
enum Op {
    Or,
    And,
    Is,
    In { negated: bool },
    Like { word: &'static str, negated: bool },
    Symbol(&'static str, u8),
}

impl Op {
    fn power(self) -> u8 {
        match self {
            Op::Or => power::OR,
            Op::And => power::AND,
            Op::Is => power::IS,
            Op::In { .. } | Op::Like { .. } => power::MATCH,
            Op::Symbol(_, power) => power,
        }
    }

    /// Whether it cannot stand twice in a row without brackets.
    fn is_lone(self) -> bool {
        matches!(self.power(), power::IS | power::COMPARE | power::MATCH)
    }
}

/// Reads an expression. What may follow is for the caller to know.
pub(super) fn expression(at: &mut Cursor<'_>) -> Option<Expr> {
    within(at, DEPTH)
}

/// The same within so many brackets.
pub(super) fn within(at: &mut Cursor<'_>, depth: u8) -> Option<Expr> {
    Chain { left: MOST, depth }.read(at, 0)
}

struct Chain {
    left: u8,
    depth: u8,
}

impl Chain {
    /// An expression whose operators bind at least as `least`.
    fn read(&mut self, at: &mut Cursor<'_>, least: u8) -> Option<Expr> {
        let from = at.here();
        let mut expr = self.prefix(at)?;
        let mut last: Option<Op> = None;
        while let Some((op, words)) = infix(at) {
            if op.power() < least {
                break;
            }
            if op.is_lone() && last.is_some_and(|last| last.power() == op.power()) {
                return None;
            }
            self.left = self.left.checked_sub(1)?;
            (0..words).for_each(|_| at.skip());
            expr = self.continued(at, expr, op, from)?;
            last = Some(op);
        }
        Some(expr)
    }

    fn prefix(&mut self, at: &mut Cursor<'_>) -> Option<Expr> {
        if !at.is("not") {
            return expr::read(at, self.depth);
        }
        let from = at.here();
        self.left = self.left.checked_sub(1)?;
        at.skip();
        let operand = self.read(at, power::NOT)?;
        Some(Expr::new(ExprKind::Not(Box::new(operand)), at.since(from)))
    }

    fn continued(&mut self, at: &mut Cursor<'_>, left: Expr, op: Op, from: usize) -> Option<Expr> {
        let kind = match op {
            Op::And => return Some(list(left, self.read(at, power::AND + 1)?, true)),
            Op::Or => return Some(list(left, self.read(at, power::OR + 1)?, false)),
            Op::Is => is(at, left)?,
            Op::In { negated } => {
                at.punct(b'(')?;
                // `IN ((SELECT ...))` is a query too.
                if at.is_punct(b'(') {
                    return None;
                }
                if query::begins(at) {
                    let query = Box::new(query::read(at, self.depth)?);
                    at.punct(b')')?;
                    let kind = ExprKind::InQuery(Box::new(left), query, negated);
                    return Some(Expr::new(kind, at.since(from)));
                }
                let items = expr::arguments(at, b')', self.depth.checked_sub(1)?)?;
                if items.is_empty() {
                    return None;
                }
                ExprKind::In(Box::new(left), items, negated)
            }
            Op::Like { word, negated } => {
                let pattern = self.read(at, power::MATCH + 1)?;
                ExprKind::Like(Box::new(left), word.into(), Box::new(pattern), None, negated)
            }
            Op::Symbol(text, power) => {
                let right = self.read(at, power + 1)?;
                ExprKind::Binary(text.into(), Box::new(left), Box::new(right))
            }
        };
        Some(Expr::new(kind, at.since(from)))
    }
}

/// What follows `IS`.
fn is(at: &mut Cursor<'_>, left: Expr) -> Option<ExprKind> {
    let negated = at.eat("not");
    let left = Box::new(left);
    Some(match at.word()? {
        b"null" => ExprKind::IsNull(left, negated),
        b"true" => ExprKind::IsBool(left, Some(true), negated),
        b"false" => ExprKind::IsBool(left, Some(false), negated),
        b"unknown" => ExprKind::IsBool(left, None, negated),
        _ => return None,
    })
}

/// The operator at this place, and of how many tokens it is.
fn infix(at: &mut Cursor<'_>) -> Option<(Op, usize)> {
    let (kind, written) = at.peek()?;
    if kind == Kind::Operator {
        return symbol(written).map(|op| (op, 1));
    }
    let like = |word, negated| Op::Like { word, negated };
    let op = match at.peek_word()? {
        b"or" => Op::Or,
        b"and" => Op::And,
        b"is" => Op::Is,
        b"in" => Op::In { negated: false },
        b"like" => like("LIKE", false),
        b"ilike" => like("ILIKE", false),
        b"not" => {
            let op = match at.peek_second()? {
                word if word.eq_ignore_ascii_case("in") => Op::In { negated: true },
                word if word.eq_ignore_ascii_case("like") => like("LIKE", true),
                word if word.eq_ignore_ascii_case("ilike") => like("ILIKE", true),
                _ => return None,
            };
            return Some((op, 2));
        }
        _ => return None,
    };
    Some((op, 1))
}

fn symbol(written: &str) -> Option<Op> {
    Some(match written {
        "=" => Op::Symbol("=", power::COMPARE),
        "<" => Op::Symbol("<", power::COMPARE),
        ">" => Op::Symbol(">", power::COMPARE),
        "<=" => Op::Symbol("<=", power::COMPARE),
        ">=" => Op::Symbol(">=", power::COMPARE),
        // The scanner makes `<>` of `!=`.
        "<>" | "!=" => Op::Symbol("<>", power::COMPARE),
        "||" => Op::Symbol("||", power::OTHER),
        "+" => Op::Symbol("+", power::ADD),
        "-" => Op::Symbol("-", power::ADD),
        "*" => Op::Symbol("*", power::MULTIPLY),
        "/" => Op::Symbol("/", power::MULTIPLY),
        "%" => Op::Symbol("%", power::MULTIPLY),
        _ => return None,
    })
}
