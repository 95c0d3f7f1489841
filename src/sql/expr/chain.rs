//! Chains of operators, by the server's precedences.
//!
//! Source: the precedence declarations at the head of `gram.y` (PostgreSQL 15) and the rules of `a_expr` and `b_expr`.

use smol_str::SmolStr;

use super::Walk;
use crate::name::QualifiedName;
use crate::sql::{names, sqltype};
use crate::sqltype::SqlType;
use crate::syntax::pg::{AstNode, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken, TextRange, ast};
use crate::tree::{CastStyle, Expr, ExprKind, Quantifier};

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
    pub(super) const RAISE: u8 = 10;
    pub(super) const AT: u8 = 11;
    pub(super) const COLLATE: u8 = 12;
    pub(super) const SIGN: u8 = 13;
    pub(super) const CAST: u8 = 14;
}

/// An operator, with what belongs to it and is no operand.
#[derive(Clone)]
enum Op {
    Or,
    And,
    Not,
    Is { negated: bool },
    Distinct { negated: bool },
    Null { negated: bool },
    Between,
    Symmetric,
    In { negated: bool },
    Like { word: &'static str, negated: bool },
    Escape,
    Symbol(SmolStr, u8),
    AtTimeZone,
    Collate(QualifiedName),
    Cast(SqlType),
}

/// A piece of a flattened chain.
enum Item {
    Operand(SyntaxNode),
    Op(Op, TextRange),
}

/// Lowers a chain; `None` where it is not understood.
pub(super) fn lower(walk: Walk<'_>, nodes: &[SyntaxNode]) -> Option<Expr> {
    let items = flatten(walk, nodes)?;
    let walk = walk.deeper(longest_run(&items))?;
    let mut chain = Chain { walk, items, at: 0 };
    let expr = chain.expr(0)?;
    (chain.at == chain.items.len()).then_some(expr)
}

/// The most operators that may come to lie in each other: AND and OR are lists, so they end a run.
fn longest_run(items: &[Item]) -> u32 {
    let (mut longest, mut run) = (0, 0);
    for item in items {
        match item {
            Item::Op(Op::And | Op::Or, _) => run = 0,
            Item::Op(..) => {
                run += 1;
                longest = u32::max(longest, run);
            }
            Item::Operand(_) => {}
        }
    }
    longest
}

/// Takes the parser's operator nodes apart, in order of appearance.
fn flatten(walk: Walk<'_>, nodes: &[SyntaxNode]) -> Option<Vec<Item>> {
    let mut out = Vec::new();
    let mut todo: Vec<SyntaxElement> = nodes.iter().rev().cloned().map(SyntaxElement::Node).collect();
    while let Some(element) = todo.pop() {
        match element {
            SyntaxElement::Token(token) if token.kind().is_trivia() => {}
            SyntaxElement::Token(token) => {
                if let Some(op) = token_op(&token)? {
                    out.push(Item::Op(op, token.text_range()));
                }
            }
            SyntaxElement::Node(node) if is_operation(&node) => {
                let from = todo.len();
                todo.extend(node.children_with_tokens());
                todo[from..].reverse();
            }
            SyntaxElement::Node(node) => match node_op(walk, &node)? {
                Some(op) => out.push(Item::Op(op, node.text_range())),
                None if node.kind() == SyntaxKind::COLON_COLON || node.kind() == SyntaxKind::ASYMMETRIC => {}
                None => out.push(Item::Operand(node)),
            },
        }
    }
    Some(out)
}

/// Whether a node is operators and operands in a row.
fn is_operation(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::BIN_EXPR
        | SyntaxKind::PREFIX_EXPR
        | SyntaxKind::POSTFIX_EXPR
        | SyntaxKind::BETWEEN_EXPR
        | SyntaxKind::COLLATE => true,
        SyntaxKind::CAST_EXPR => node
            .children()
            .any(|child| child.kind() == SyntaxKind::COLON_COLON),
        _ => false,
    }
}

/// The operator that a token is: `Some(None)` for a keyword that another item stands for, `None` for an unknown one.
fn token_op(token: &SyntaxToken) -> Option<Option<Op>> {
    Some(Some(match token.kind() {
        SyntaxKind::OR_KW => Op::Or,
        SyntaxKind::AND_KW => Op::And,
        SyntaxKind::NOT_KW => Op::Not,
        SyntaxKind::IS_KW => Op::Is { negated: false },
        SyntaxKind::ISNULL_KW => Op::Null { negated: false },
        SyntaxKind::NOTNULL_KW => Op::Null { negated: true },
        SyntaxKind::BETWEEN_KW => Op::Between,
        SyntaxKind::IN_KW => Op::In { negated: false },
        SyntaxKind::LIKE_KW => Op::Like {
            word: "LIKE",
            negated: false,
        },
        SyntaxKind::ILIKE_KW => Op::Like {
            word: "ILIKE",
            negated: false,
        },
        SyntaxKind::ESCAPE_KW => Op::Escape,
        SyntaxKind::EQ
        | SyntaxKind::L_ANGLE
        | SyntaxKind::R_ANGLE
        | SyntaxKind::LTEQ
        | SyntaxKind::GTEQ
        | SyntaxKind::NEQ
        | SyntaxKind::NEQB
        | SyntaxKind::PLUS
        | SyntaxKind::MINUS
        | SyntaxKind::STAR
        | SyntaxKind::SLASH
        | SyntaxKind::PERCENT
        | SyntaxKind::CARET => symbol(token.text()),
        SyntaxKind::COLLATE_KW => return Some(None),
        _ => return None,
    }))
}

/// The operator that a node is: `Some(None)` where it is an operand, `None` for an unknown one.
fn node_op(walk: Walk<'_>, node: &SyntaxNode) -> Option<Option<Op>> {
    let like = |word, negated| Op::Like { word, negated };
    Some(Some(match node.kind() {
        SyntaxKind::CUSTOM_OP => symbol(&joined(node)),
        SyntaxKind::LTEQ | SyntaxKind::GTEQ | SyntaxKind::NEQ | SyntaxKind::NEQB => symbol(&joined(node)),
        SyntaxKind::OPERATOR_CALL => named_operator(node)?,
        SyntaxKind::IS_NOT => Op::Is { negated: true },
        SyntaxKind::IS_DISTINCT_FROM => Op::Distinct { negated: false },
        SyntaxKind::IS_NOT_DISTINCT_FROM => Op::Distinct { negated: true },
        SyntaxKind::NOT_IN => Op::In { negated: true },
        SyntaxKind::NOT_LIKE => like("LIKE", true),
        SyntaxKind::NOT_ILIKE => like("ILIKE", true),
        SyntaxKind::SIMILAR_TO => like("SIMILAR TO", false),
        SyntaxKind::NOT_SIMILAR_TO => like("SIMILAR TO", true),
        SyntaxKind::AT_TIME_ZONE => Op::AtTimeZone,
        SyntaxKind::SYMMETRIC => Op::Symmetric,
        SyntaxKind::COLLATION_REF => Op::Collate(names::qualified(&names::path(node))?),
        SyntaxKind::COLON_COLON | SyntaxKind::ASYMMETRIC => return Some(None),
        kind if ast::Type::can_cast(kind) => {
            let (ty, serial) = sqltype::sql_type(&walk.cx, &ast::Type::cast(node.clone())?)?;
            serial.is_none().then_some(Op::Cast(ty))?
        }
        kind if ast::Expr::can_cast(kind) => return Some(None),
        _ => return None,
    }))
}

/// The characters of a node, without white space and comments.
fn joined(node: &SyntaxNode) -> String {
    node.descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia())
        .map(|token| token.text().to_owned())
        .collect()
}

/// An operator by its characters. The scanner makes `<>` of `!=`.
fn symbol(text: &str) -> Op {
    let text = if text == "!=" { "<>" } else { text };
    let power = match text {
        "=" | "<" | ">" | "<=" | ">=" | "<>" => power::COMPARE,
        "+" | "-" => power::ADD,
        "*" | "/" | "%" => power::MULTIPLY,
        "^" => power::RAISE,
        _ => power::OTHER,
    };
    Op::Symbol(text.into(), power)
}

/// `OPERATOR(schema.op)`: one of `pg_catalog` is the operator itself; another keeps its schema in its spelling.
fn named_operator(node: &SyntaxNode) -> Option<Op> {
    let op = node.children().find(|child| child.kind() == SyntaxKind::OP)?;
    let path = op.children().find(|child| child.kind() == SyntaxKind::PATH_REF);
    let schema = path.as_ref().map(names::parts).unwrap_or_default();
    let text = joined(&op);
    let symbol = text.rsplit('.').next().unwrap_or_default();
    let text = match schema.as_slice() {
        [] => SmolStr::new(symbol),
        [schema] if *schema == "pg_catalog" => SmolStr::new(symbol),
        [schema] => SmolStr::new(format!("OPERATOR({}.{symbol})", schema.quoted())),
        _ => return None,
    };
    let text = if text == "!=" { "<>".into() } else { text };
    (!symbol.is_empty()).then_some(Op::Symbol(text, power::OTHER))
}

/// A chain while it is put together.
struct Chain<'a> {
    walk: Walk<'a>,
    items: Vec<Item>,
    at: usize,
}

impl Chain<'_> {
    fn peek(&self) -> Option<&Op> {
        match self.items.get(self.at)? {
            Item::Op(op, _) => Some(op),
            Item::Operand(_) => None,
        }
    }

    fn operand(&self) -> Option<&SyntaxNode> {
        match self.items.get(self.at)? {
            Item::Operand(node) => Some(node),
            Item::Op(..) => None,
        }
    }

    /// An operator at this place with at least this power, which `NOT` before `BETWEEN` takes part in.
    fn infix(&mut self, least: u8) -> Option<(Op, bool)> {
        let negated = matches!(self.peek(), Some(Op::Not));
        let at = self.at + usize::from(negated);
        let Some(Item::Op(op, _)) = self.items.get(at) else {
            return None;
        };
        if negated && !matches!(op, Op::Between) {
            return None;
        }
        if infix_power(op)? < least {
            return None;
        }
        let op = op.clone();
        self.at = at + 1;
        Some((op, negated))
    }

    /// An expression whose operators bind at least as `least`.
    fn expr(&mut self, least: u8) -> Option<Expr> {
        let mut left = self.prefix()?;
        while let Some((op, negated)) = self.infix(least) {
            left = self.continue_with(left, op, negated)?;
        }
        Some(left)
    }

    fn prefix(&mut self) -> Option<Expr> {
        let (op, range) = match self.items.get(self.at)? {
            Item::Operand(node) => {
                let expr = super::atom::lower(self.walk, node);
                self.at += 1;
                return Some(expr);
            }
            Item::Op(op, range) => (op.clone(), *range),
        };
        self.at += 1;
        let span = self.walk.cx.range_span(range);
        let operand = match &op {
            Op::Not => self.expr(power::NOT)?,
            Op::Symbol(text, power::ADD) if text == "-" || text == "+" => self.expr(power::SIGN)?,
            Op::Symbol(_, power::OTHER) => self.expr(power::OTHER + 1)?,
            _ => return None,
        };
        let span = span.to(operand.span);
        let kind = match op {
            Op::Symbol(text, _) => ExprKind::Unary(text, Box::new(operand)),
            _ => ExprKind::Not(Box::new(operand)),
        };
        Some(Expr::new(kind, span))
    }

    /// What follows an operand, from the operator on, which is consumed.
    fn continue_with(&mut self, left: Expr, op: Op, negated: bool) -> Option<Expr> {
        let start = left.span;
        let kind = match op {
            Op::And => {
                let right = self.expr(power::AND + 1)?;
                return Some(list(left, right, true));
            }
            Op::Or => {
                let right = self.expr(power::OR + 1)?;
                return Some(list(left, right, false));
            }
            Op::Is { negated } => self.is(left, negated)?,
            Op::Distinct { negated } => {
                let right = self.expr(power::IS + 1)?;
                ExprKind::IsDistinct(Box::new(left), Box::new(right), negated)
            }
            Op::Null { negated } => ExprKind::IsNull(Box::new(left), negated),
            Op::Between => self.between(left, negated)?,
            Op::In { negated } => self.membership(left, negated)?,
            Op::Like { word, negated } => self.like(left, word, negated)?,
            Op::Symbol(text, power) => self.symbol(left, text, power)?,
            Op::AtTimeZone => {
                let zone = self.expr(power::AT + 1)?;
                ExprKind::AtTimeZone(Box::new(left), Box::new(zone))
            }
            Op::Collate(name) => ExprKind::Collate(Box::new(left), name),
            Op::Cast(ty) => ExprKind::Cast(Box::new(left), ty, CastStyle::Explicit),
            Op::Not | Op::Symmetric | Op::Escape => return None,
        };
        let end = self.end(start);
        Some(Expr::new(kind, start.to(end)))
    }

    /// Where the item before this place ends.
    fn end(&self, otherwise: crate::source::Span) -> crate::source::Span {
        match self.at.checked_sub(1).and_then(|at| self.items.get(at)) {
            Some(Item::Operand(node)) => self.walk.cx.range_span(node.text_range()),
            Some(Item::Op(_, range)) => self.walk.cx.range_span(*range),
            None => otherwise,
        }
    }

    fn is(&mut self, left: Expr, negated: bool) -> Option<ExprKind> {
        let node = self.operand()?;
        let word = joined(node).to_ascii_lowercase();
        let left = Box::new(left);
        let kind = match word.as_str() {
            "null" => ExprKind::IsNull(left, negated),
            "true" => ExprKind::IsBool(left, Some(true), negated),
            "false" => ExprKind::IsBool(left, Some(false), negated),
            "unknown" => ExprKind::IsBool(left, None, negated),
            _ => return None,
        };
        self.at += 1;
        Some(kind)
    }

    fn between(&mut self, left: Expr, negated: bool) -> Option<ExprKind> {
        let symmetric = matches!(self.peek(), Some(Op::Symmetric));
        self.at += usize::from(symmetric);
        let low = self.expr(power::IS)?;
        if !matches!(self.peek(), Some(Op::And)) {
            return None;
        }
        self.at += 1;
        let high = self.expr(power::MATCH + 1)?;
        Some(ExprKind::Between(
            Box::new(left),
            Box::new(low),
            Box::new(high),
            symmetric,
            negated,
        ))
    }

    fn membership(&mut self, left: Expr, negated: bool) -> Option<ExprKind> {
        let node = self.operand()?.clone();
        self.at += 1;
        let left = Box::new(left);
        if !matches!(node.kind(), SyntaxKind::PAREN_EXPR | SyntaxKind::TUPLE_EXPR) || starts_with_row(&node) {
            return None;
        }
        if let Some(query) = super::wrapped_query(&node) {
            let query = crate::sql::query::lower(self.walk, &query);
            return Some(ExprKind::InQuery(left, Box::new(query), negated));
        }
        let items = self.walk.all(&node);
        (!items.is_empty()).then_some(ExprKind::In(left, items, negated))
    }

    fn like(&mut self, left: Expr, word: &'static str, negated: bool) -> Option<ExprKind> {
        let operator = match (word, negated) {
            ("LIKE", false) => "~~",
            ("LIKE", true) => "!~~",
            ("ILIKE", false) => "~~*",
            ("ILIKE", true) => "!~~*",
            _ => "",
        };
        if let Some((quantifier, node)) = self.quantified().filter(|_| !operator.is_empty()) {
            return self.compare_with_set(left, operator.into(), quantifier, &node);
        }
        let pattern = self.expr(power::MATCH + 1)?;
        let escape = if matches!(self.peek(), Some(Op::Escape)) {
            self.at += 1;
            Some(Box::new(self.expr(power::MATCH + 1)?))
        } else {
            None
        };
        Some(ExprKind::Like(
            Box::new(left),
            word.into(),
            Box::new(pattern),
            escape,
            negated,
        ))
    }

    fn symbol(&mut self, left: Expr, text: SmolStr, power: u8) -> Option<ExprKind> {
        if let Some((quantifier, node)) = self.quantified() {
            return self.compare_with_set(left, text, quantifier, &node);
        }
        let right = self.expr(power + 1)?;
        Some(ExprKind::Binary(text, Box::new(left), Box::new(right)))
    }

    /// `ANY (...)`, `SOME (...)` or `ALL (...)` at this place.
    fn quantified(&self) -> Option<(Quantifier, SyntaxNode)> {
        let node = self.operand()?;
        let inner = node.children().next()?;
        let quantifier = match inner.kind() {
            SyntaxKind::ANY_FN | SyntaxKind::SOME_FN => Quantifier::Any,
            SyntaxKind::ALL_FN => Quantifier::All,
            _ => return None,
        };
        (node.kind() == SyntaxKind::CALL_EXPR).then_some((quantifier, inner))
    }

    fn compare_with_set(
        &mut self,
        left: Expr,
        operator: SmolStr,
        quantifier: Quantifier,
        node: &SyntaxNode,
    ) -> Option<ExprKind> {
        self.at += 1;
        let left = Box::new(left);
        if let Some(query) = super::wrapped_query(node) {
            let query = Box::new(crate::sql::query::lower(self.walk, &query));
            return Some(ExprKind::QuantifiedQuery(left, operator, quantifier, query));
        }
        let array = Box::new(self.walk.first(node)?);
        Some(ExprKind::Quantified(left, operator, quantifier, array))
    }
}

fn starts_with_row(node: &SyntaxNode) -> bool {
    node.first_token()
        .is_some_and(|token| token.kind() == SyntaxKind::ROW_KW)
}

/// The power of an operator after an operand; `None` for one that cannot stand there.
fn infix_power(op: &Op) -> Option<u8> {
    Some(match op {
        Op::Or => power::OR,
        Op::And => power::AND,
        Op::Is { .. } | Op::Distinct { .. } | Op::Null { .. } => power::IS,
        Op::Between | Op::In { .. } | Op::Like { .. } => power::MATCH,
        Op::Symbol(_, power) => *power,
        Op::AtTimeZone => power::AT,
        Op::Collate(_) => power::COLLATE,
        Op::Cast(_) => power::CAST,
        Op::Not | Op::Symmetric | Op::Escape => return None,
    })
}

/// `a AND b` or `a OR b`: a list on the left grows, one on the right stays (`makeAndExpr`).
pub(in crate::sql) fn list(left: Expr, right: Expr, and: bool) -> Expr {
    let span = left.span.to(right.span);
    let kind = match (left.kind, and) {
        (ExprKind::And(mut items), true) => {
            items.push(right);
            ExprKind::And(items)
        }
        (ExprKind::Or(mut items), false) => {
            items.push(right);
            ExprKind::Or(items)
        }
        (kind, and) => {
            let items = vec![Expr::new(kind, left.span), right];
            if and {
                ExprKind::And(items)
            } else {
                ExprKind::Or(items)
            }
        }
    };
    Expr::new(kind, span)
}
