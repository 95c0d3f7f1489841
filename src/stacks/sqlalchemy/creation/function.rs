//! What a function that hears of the making of tables may do to one of them: its statements are looked at under what is known of the
//! table's name and of the dialect.

use smol_str::SmolStr;

use super::What;
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Ranged, ast};

/// A function, and whether its text holds statements that change a schema.
#[derive(Debug, Clone)]
pub(super) struct Guarded<'a> {
    body: &'a [ast::Stmt],
    /// Its first parameter: the table.
    target: Option<&'a str>,
    /// Whether further parameters take what is not named.
    loose: Vec<&'a str>,
    ddl: bool,
}

/// Calls that say something and do nothing.
const SAYS: &[&str] = &["print", "debug", "info", "warning", "error", "exception", "log"];

/// Methods of a session that write rows.
const ROWS: &[&str] = &[
    "add",
    "add_all",
    "commit",
    "flush",
    "bulk_save_objects",
    "bulk_insert_mappings",
];

impl<'a> Guarded<'a> {
    pub(super) fn of(function: &'a ast::StmtFunctionDef, text: &str) -> Self {
        let parameters = &function.parameters;
        let mut given = parameters.posonlyargs.iter().chain(&parameters.args);
        let target = given.next().map(|p| p.parameter.name.as_str());
        let loose = parameters.vararg.iter().map(|p| p.name.as_str());
        let whole = function.range();
        let own = text
            .get(whole.start().to_usize()..whole.end().to_usize())
            .unwrap_or("");
        let own = own.to_ascii_uppercase();
        let words = [
            "ALTER ",
            "CREATE ",
            "DROP ",
            "COMMENT ON",
            "RENAME ",
            "CREATEINDEX",
            "ADDCONSTRAINT",
            "DROPCONSTRAINT",
        ];
        Guarded {
            body: &function.body,
            target,
            loose: loose.collect(),
            ddl: words.iter().any(|word| own.contains(word)),
        }
    }

    /// What it does when a table of this name (`None`: cannot be told) is made or dropped; `before` that.
    pub(super) fn deeds(&self, table: Option<&str>, before: bool) -> Vec<What> {
        let mut out = Vec::new();
        self.run(self.body, table, &mut out);
        if !before {
            out.retain(|what| matches!(what, What::Anything { .. }));
        }
        out
    }

    /// True where the function may go on behind the statements.
    fn run(&self, statements: &[ast::Stmt], table: Option<&str>, out: &mut Vec<What>) -> bool {
        for statement in statements {
            match statement {
                ast::Stmt::If(choice) => {
                    if !self.choose(choice, table, out) {
                        return false;
                    }
                }
                ast::Stmt::Return(done) => {
                    if let Some(value) = &done.value {
                        self.expression(value, out);
                    }
                    return false;
                }
                ast::Stmt::Pass(_) | ast::Stmt::Import(_) | ast::Stmt::ImportFrom(_) => {}
                ast::Stmt::Expr(expr) => self.expression(&expr.value, out),
                ast::Stmt::Try(tries) => {
                    // A handler may run whatever of the body did.
                    let body = self.run(&tries.body, table, out);
                    let mut goes_on = body && self.run(&tries.orelse, table, out);
                    for ast::ExceptHandler::ExceptHandler(handler) in &tries.handlers {
                        goes_on |= self.run(&handler.body, table, out);
                    }
                    if !self.run(&tries.finalbody, table, out) || !goes_on {
                        return false;
                    }
                }
                ast::Stmt::With(with) => {
                    with.items
                        .iter()
                        .for_each(|item| self.expression(&item.context_expr, out));
                    if !self.run(&with.body, table, out) {
                        return false;
                    }
                }
                ast::Stmt::Assign(assign) => {
                    self.expression(&assign.value, out);
                    assign
                        .targets
                        .iter()
                        .for_each(|target| self.assigned(target, out));
                }
                ast::Stmt::AnnAssign(assign) => {
                    assign.value.iter().for_each(|value| self.expression(value, out));
                    self.assigned(&assign.target, out);
                }
                _ => {
                    let touches = self.mentions(statement);
                    out.push(What::Anything { ddl: self.ddl });
                    out.extend(touches.then_some(What::Table));
                }
            }
        }
        true
    }

    fn choose(&self, choice: &ast::StmtIf, table: Option<&str>, out: &mut Vec<What>) -> bool {
        let mut goes_on = false;
        match self.truth(&choice.test, table) {
            Some(true) => return self.run(&choice.body, table, out),
            Some(false) => {}
            None => {
                self.expression(&choice.test, out);
                goes_on |= self.run(&choice.body, table, out);
            }
        }
        for clause in &choice.elif_else_clauses {
            let truth = clause
                .test
                .as_ref()
                .map_or(Some(true), |test| self.truth(test, table));
            match truth {
                Some(false) => {}
                Some(true) => return self.run(&clause.body, table, out) || goes_on,
                None => {
                    clause.test.iter().for_each(|test| self.expression(test, out));
                    goes_on |= self.run(&clause.body, table, out);
                }
            }
        }
        // Without an `else` that runs, it goes on.
        true
    }

    /// A condition over the dialect's name and the table's.
    fn truth(&self, test: &ast::Expr, table: Option<&str>) -> Option<bool> {
        match test {
            ast::Expr::BoolOp(operation) => {
                let each = operation.values.iter().map(|value| self.truth(value, table));
                let each: Vec<Option<bool>> = each.collect();
                let decides = operation.op == ast::BoolOp::Or;
                if each.contains(&Some(decides)) {
                    return Some(decides);
                }
                each.iter().all(Option::is_some).then_some(!decides)
            }
            ast::Expr::UnaryOp(operation) if operation.op == ast::UnaryOp::Not => {
                self.truth(&operation.operand, table).map(|truth| !truth)
            }
            ast::Expr::Compare(compare) => {
                let ([operator], [right]) = (&*compare.ops, &*compare.comparators) else {
                    return None;
                };
                match operator {
                    ast::CmpOp::Eq | ast::CmpOp::NotEq => {
                        let left = self.word(&compare.left, table)?;
                        let same = left == self.word(right, table)?;
                        Some(same == (*operator == ast::CmpOp::Eq))
                    }
                    ast::CmpOp::In | ast::CmpOp::NotIn => {
                        let items = match right {
                            ast::Expr::Tuple(tuple) => &tuple.elts,
                            ast::Expr::List(list) => &list.elts,
                            ast::Expr::Set(set) => &set.elts,
                            _ => return None,
                        };
                        let left = self.word(&compare.left, table)?;
                        let items: Option<Vec<&str>> =
                            items.iter().map(|item| self.word(item, table)).collect();
                        Some(items?.contains(&left) == (*operator == ast::CmpOp::In))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A literal, the name of the dialect, the name of the table.
    fn word<'t>(&self, expr: &'t ast::Expr, table: Option<&'t str>) -> Option<&'t str> {
        match expr {
            ast::Expr::StringLiteral(literal) => Some(literal.value.to_str()),
            ast::Expr::Attribute(attribute) if attribute.attr.as_str() == "name" => match &*attribute.value {
                ast::Expr::Name(name) if Some(name.id.as_str()) == self.target => table,
                ast::Expr::Attribute(owner) if owner.attr.as_str() == "dialect" => Some("postgresql"),
                _ => None,
            },
            _ => None,
        }
    }

    /// What an expression does where it stands.
    fn expression(&self, expr: &ast::Expr, out: &mut Vec<What>) {
        let mut calls = Calls(Vec::new());
        calls.visit_expr(expr);
        for call in calls.0 {
            let method = super::last_name(&call.func).unwrap_or("");
            let rows = matches!(&*call.func, ast::Expr::Attribute(_)) && ROWS.contains(&method);
            if SAYS.contains(&method) || rows {
                continue;
            }
            let own = match &*call.func {
                ast::Expr::Attribute(attribute) => {
                    matches!(&*attribute.value, ast::Expr::Name(name) if Some(name.id.as_str()) == self.target)
                }
                _ => false,
            };
            match method {
                "append_constraint" if own => out.push(What::Constraints),
                "insert" | "values" | "select" | "update" | "returning" => {}
                // Constructs that others take.
                "CheckConstraint" | "UniqueConstraint" | "ForeignKeyConstraint" | "text" | "DDL" => {}
                "execute" if self.writes_rows(call) => {}
                _ => {
                    let hands = call.arguments.args.iter().any(|given| self.is_target(given));
                    out.push(What::Anything { ddl: self.ddl });
                    out.extend((own || hands).then_some(What::Table));
                }
            }
        }
    }

    /// `connection.execute(target.insert()...)`.
    fn writes_rows(&self, call: &ast::ExprCall) -> bool {
        let mut given = call.arguments.args.first();
        while let Some(ast::Expr::Call(inner)) = given {
            let ast::Expr::Attribute(method) = &*inner.func else {
                return false;
            };
            if matches!(method.attr.as_str(), "insert" | "update") {
                return true;
            }
            given = Some(&method.value);
        }
        false
    }

    fn assigned(&self, target: &ast::Expr, out: &mut Vec<What>) {
        match target {
            ast::Expr::Name(_) => {}
            ast::Expr::Attribute(_) | ast::Expr::Subscript(_) => out.push(match self.column(target) {
                Some((column, Some("type"))) => What::Type(column),
                Some((column, _)) => What::Column(column),
                None => What::Table,
            }),
            ast::Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.assigned(one, out)),
            _ => out.push(What::Table),
        }
    }

    /// `x` and `type` of `target.columns.x.type.name`.
    fn column<'s>(&self, expr: &'s ast::Expr) -> Option<(SmolStr, Option<&'s str>)> {
        let (name, of) = match expr {
            ast::Expr::Attribute(attribute) => (Some(attribute.attr.as_str()), &*attribute.value),
            ast::Expr::Subscript(item) => match &*item.slice {
                ast::Expr::StringLiteral(key) => (Some(key.value.to_str()), &*item.value),
                _ => (None, &*item.value),
            },
            _ => return None,
        };
        if let ast::Expr::Attribute(columns) = of
            && matches!(columns.attr.as_str(), "c" | "columns")
            && self.is_target(&columns.value)
        {
            return Some((SmolStr::new(name?), None));
        }
        let (column, of_it) = self.column(of)?;
        Some((column, of_it.or(name)))
    }

    fn is_target(&self, expr: &ast::Expr) -> bool {
        matches!(expr, ast::Expr::Name(name) if Some(name.id.as_str()) == self.target || self.loose.contains(&name.id.as_str()))
            || matches!(expr, ast::Expr::Starred(starred) if self.is_target(&starred.value))
            || matches!(expr, ast::Expr::Subscript(item) if self.is_target(&item.value))
    }

    /// Whether a statement uses the table.
    fn mentions(&self, statement: &ast::Stmt) -> bool {
        struct Finds<'g, 'a>(&'g Guarded<'a>, bool);
        impl<'s> Visitor<'s> for Finds<'_, '_> {
            fn visit_expr(&mut self, expr: &'s ast::Expr) {
                self.1 |= self.0.is_target(expr);
                walk_expr(self, expr);
            }
        }
        let mut finds = Finds(self, false);
        walk_stmt(&mut finds, statement);
        finds.1
    }
}

/// The calls in an expression.
struct Calls<'s>(Vec<&'s ast::ExprCall>);

impl<'s> Visitor<'s> for Calls<'s> {
    fn visit_expr(&mut self, expr: &'s ast::Expr) {
        if let ast::Expr::Call(call) = expr {
            self.0.push(call);
        }
        walk_expr(self, expr);
    }
}
