//! How messages spell the conditions of CHECKs: as the server does, in one pair of parentheses.

use super::Context;
use crate::declared::DeclaredCheck;
use crate::replay::as_stored;
use crate::schema::{ConstraintKind, ConstraintWalker, TableWalker};

impl Context<'_> {
    /// A CHECK of a model.
    pub(super) fn wanted_condition(&self, table: TableWalker<'_>, check: &DeclaredCheck) -> String {
        let Some(condition) = &check.condition else {
            return "(...)".to_owned();
        };
        let printed = as_stored(table.schema, table.id, None, condition)
            .and_then(|stored| table.schema.print_expr(Some(table.id), &stored).ok());
        in_parentheses(printed.unwrap_or_else(|| self.written(condition.span)))
    }

    /// A CHECK of a table.
    pub(super) fn held_condition(&self, check: ConstraintWalker<'_>) -> String {
        let ConstraintKind::Check(stored) = &check.get().kind else {
            return "(...)".to_owned();
        };
        let table = check.table;
        let printed = table.schema.print_expr(Some(table.id), stored).ok();
        in_parentheses(printed.unwrap_or_else(|| self.written(stored.expr.span)))
    }
}

fn in_parentheses(text: String) -> String {
    let mut depth = 0_usize;
    let closes_early = text.char_indices().any(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && at + c.len_utf8() < text.len()
    });
    if text.starts_with('(') && !closes_early {
        text
    } else {
        format!("({text})")
    }
}

#[cfg(test)]
mod tests {
    use super::in_parentheses;

    #[test]
    fn parentheses() {
        for (text, expected) in [
            ("a > 0", "(a > 0)"),
            ("(a > 0)", "(a > 0)"),
            ("(a > 0) AND (b > 0)", "((a > 0) AND (b > 0))"),
            ("((a > 0) AND (b > 0))", "((a > 0) AND (b > 0))"),
        ] {
            assert_eq!(in_parentheses(text.to_owned()), expected);
        }
    }
}
