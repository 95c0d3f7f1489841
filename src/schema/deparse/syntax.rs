//! Calls, and those that the server prints in the SQL grammar's own form (`get_func_expr`, `get_func_sql_syntax`).

use super::printer::Printer;
use crate::known::Gap;
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind};

impl Printer<'_> {
    pub(super) fn call(&mut self, expr: &Expr, call: &Call) -> Result<(), Gap> {
        if call.star || call.distinct || call.filter.is_some() || !call.order_by.is_empty() || call.over {
            return Err(self.unknown(expr, "an aggregate or window function"));
        }
        if call.sql_syntax && self.sql_form(call)? {
            return Ok(());
        }
        if let Some(schema) = &call.name.schema
            && !self.search_path_has(schema)
        {
            self.out.push_str(&schema.quoted());
            self.out.push('.');
        }
        self.out.push_str(&call.name.name.quoted());
        self.out.push('(');
        let count = call.args.len() + call.named.len();
        for (i, arg) in call.args.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            if call.variadic && i + 1 == count {
                self.out.push_str("VARIADIC ");
            }
            self.expr(arg, true)?;
        }
        for (i, (name, arg)) in call.named.iter().enumerate() {
            if i + call.args.len() > 0 {
                self.out.push_str(", ");
            }
            if call.variadic && i + call.args.len() + 1 == count {
                self.out.push_str("VARIADIC ");
            }
            self.out.push_str(&format!("{} => ", name.quoted()));
            self.expr(arg, true)?;
        }
        self.out.push(')');
        Ok(())
    }

    /// True where the function has a form of its own.
    fn sql_form(&mut self, call: &Call) -> Result<bool, Gap> {
        let name = call.name.name.as_str();
        let args = call.args.as_slice();
        match (name, args) {
            ("extract", [field, value]) => {
                let ExprKind::Const(Some(field), _) = &field.kind else {
                    return Ok(false);
                };
                self.out.push_str(&format!("EXTRACT({field} FROM "));
                self.expr(value, false)?;
                self.out.push(')');
            }
            ("overlaps", [a, b, c, d]) => {
                self.out.push_str("((");
                self.pair(a, ", ", b)?;
                self.out.push_str(") OVERLAPS (");
                self.pair(c, ", ", d)?;
                self.out.push_str("))");
            }
            ("overlay", [value, new, from, rest @ ..]) => {
                self.out.push_str("OVERLAY(");
                self.pair(value, " PLACING ", new)?;
                self.out.push_str(" FROM ");
                self.expr(from, false)?;
                if let [length] = rest {
                    self.out.push_str(" FOR ");
                    self.expr(length, false)?;
                }
                self.out.push(')');
            }
            ("position", [value, part]) => {
                self.out.push_str("POSITION((");
                self.pair(part, ") IN (", value)?;
                self.out.push_str("))");
            }
            ("substring", [value, from]) => {
                // Only the forms by position have one; a regular expression is printed as a call.
                if !by_position(from) {
                    return Ok(false);
                }
                self.out.push_str("SUBSTRING(");
                self.pair(value, " FROM ", from)?;
                self.out.push(')');
            }
            ("substring", [value, from, length]) => {
                let (first, second) = if by_position(from) {
                    (" FROM ", " FOR ")
                } else {
                    (" SIMILAR ", " ESCAPE ")
                };
                self.out.push_str("SUBSTRING(");
                self.pair(value, first, from)?;
                self.out.push_str(second);
                self.expr(length, false)?;
                self.out.push(')');
            }
            ("btrim" | "ltrim" | "rtrim", [value, rest @ ..]) => {
                let side = match name {
                    "btrim" => "BOTH",
                    "ltrim" => "LEADING",
                    _ => "TRAILING",
                };
                self.out.push_str(&format!("TRIM({side}"));
                if let [characters] = rest {
                    self.out.push(' ');
                    self.expr(characters, false)?;
                }
                self.out.push_str(" FROM ");
                self.expr(value, false)?;
                self.out.push(')');
            }
            ("normalize", [value, rest @ ..]) => {
                self.out.push_str("NORMALIZE(");
                self.expr(value, false)?;
                if let [form] = rest {
                    let ExprKind::Const(Some(form), _) = &form.kind else {
                        return Err(self.unknown(form, "not resolved"));
                    };
                    self.out.push_str(&format!(", {form}"));
                }
                self.out.push(')');
            }
            ("pg_collation_for", [value]) => {
                self.out.push_str("COLLATION FOR (");
                self.expr(value, false)?;
                self.out.push(')');
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn pair(&mut self, a: &Expr, between: &str, b: &Expr) -> Result<(), Gap> {
        self.expr(a, false)?;
        self.out.push_str(between);
        self.expr(b, false)
    }
}

/// Whether an argument of `substring` is a position and no pattern: patterns are text, as constants, casts or calls show.
/// The analyser clears `sql_syntax` where the pattern is of another kind.
fn by_position(expr: &Expr) -> bool {
    !matches!(&expr.kind, ExprKind::Const(_, ty) if ty.as_builtin() == Some(crate::sqltype::Builtin::Text))
}
