//! Expressions follow the renames of what they name by name: enum labels, functions and schemas. Columns, relations and types
//! they name by number.

use smol_str::SmolStr;

use super::apply::Step;
use super::rename::{for_each_stored, for_each_stored_mut};
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::schema::{FunctionId, Stored, TableId, TypeId};
use crate::sqltype::literal::with_element;
use crate::sqltype::{BaseType, SqlType};
use crate::tree::{Expr, ExprKind};

impl Step {
    /// Changes every expression that `names` says yes to.
    fn follow(&mut self, names: &dyn Fn(&Expr) -> bool, change: &dyn Fn(&mut Stored)) {
        let tables: Vec<TableId> = self.schema().tables.iter().map(|(id, _)| id).collect();
        for table in tables {
            let mut found = false;
            for_each_stored(self.table(table), &mut |stored| {
                stored.expr.walk(&mut |e| found |= names(e));
            });
            if found {
                for_each_stored_mut(self.table_mut(table), &mut |stored| {
                    let mut found = false;
                    stored.expr.walk(&mut |e| found |= names(e));
                    if found {
                        change(stored);
                    }
                });
            }
        }
    }

    /// A label has another name: constants of the enum and of arrays of it follow.
    pub(super) fn rename_label_constants(&mut self, ty: TypeId, from: &SmolStr, to: &SmolStr) {
        let renamed = |text: &Option<SmolStr>, of: &SqlType| -> Option<SmolStr> {
            let text = text.as_ref().filter(|_| of.base == BaseType::Object(ty))?;
            if of.array {
                with_element(text, from, to).map(SmolStr::from)
            } else {
                (text == from).then(|| to.clone())
            }
        };
        self.follow(
            &|e| matches!(&e.kind, ExprKind::Const(text, of) if renamed(text, of).is_some()),
            &|stored| {
                stored.expr.walk_mut(&mut |e| {
                    if let ExprKind::Const(text, of) = &mut e.kind
                        && let Some(new) = renamed(text, of)
                    {
                        *text = Some(new);
                    }
                });
            },
        );
    }

    /// One of these functions has another name: calls follow where there is but one.
    pub(super) fn follow_function(
        &mut self,
        found: &[FunctionId],
        renamed: impl Fn(&QualifiedName) -> QualifiedName,
    ) {
        let names: Vec<QualifiedName> = found
            .iter()
            .map(|id| {
                let function = &self.schema().functions[*id];
                let schema = self.namespace_name(function.namespace).clone();
                QualifiedName::in_schema(schema, function.name.clone())
            })
            .collect();
        let calls = |e: &Expr| matches!(&e.kind, ExprKind::Call(call) if names.contains(&call.name));
        let sure = found.len() == 1;
        self.follow(&calls, &|stored| {
            if !sure && stored.spelling.is_none() {
                let reach = Reach::Fact("the spelling of an expression".to_owned());
                stored.spelling = Some(Gap::new(
                    stored.expr.span,
                    "which of several functions has another name cannot be told",
                    reach,
                ));
            }
            if sure {
                stored.expr.walk_mut(&mut |e| {
                    if let ExprKind::Call(call) = &mut e.kind
                        && names.contains(&call.name)
                    {
                        call.name = renamed(&call.name);
                    }
                });
            }
        });
    }

    /// A schema has another name: calls of its functions and its operators follow.
    pub(super) fn follow_schema(&mut self, from: &Name, to: &Name) {
        let prefix = format!("OPERATOR({}.", from.quoted());
        let names = |e: &Expr| match &e.kind {
            ExprKind::Call(call) => call.name.schema.as_ref() == Some(from),
            ExprKind::Binary(op, ..) | ExprKind::Unary(op, _) | ExprKind::Quantified(_, op, ..) => {
                op.starts_with(&prefix)
            }
            _ => false,
        };
        self.follow(&names, &|stored| {
            stored.expr.walk_mut(&mut |e| match &mut e.kind {
                ExprKind::Call(call) if call.name.schema.as_ref() == Some(from) => {
                    call.name.schema = Some(to.clone());
                }
                ExprKind::Binary(op, ..) | ExprKind::Unary(op, _) | ExprKind::Quantified(_, op, ..) => {
                    if let Some(rest) = op.strip_prefix(&prefix) {
                        *op = SmolStr::new(format!("OPERATOR({}.{rest}", to.quoted()));
                    }
                }
                _ => {}
            });
        });
    }
}
