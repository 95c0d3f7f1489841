//! Functions that list the labels of an enum: they ask for the type of their argument, not for its value.
//!
//! Source: PostgreSQL manual, 9.10 "Enum Support Functions".

use super::super::Session;
use super::super::flow::Run;
use super::super::query::Env;
use super::super::value::Value;
use crate::schema::TypeKind;
use crate::sqltype::BaseType;
use crate::tree::{Expr, ExprKind};

impl Session {
    /// `enum_range(NULL::t)`, `enum_first(NULL::t)`, `enum_last(NULL::t)`; `None` for any other call.
    pub(super) fn labels_of(&mut self, name: &str, args: &[Expr], env: &Env<'_>) -> Option<Run<Value>> {
        let ([arg], "enum_range" | "enum_first" | "enum_last") = (args, name) else {
            return None;
        };
        let ExprKind::Cast(inner, ty, _) = &arg.kind else {
            return None;
        };
        // The argument is evaluated first, whatever it is.
        if let Err(raised) = self.eval(inner, env) {
            return Some(Err(raised));
        }
        let BaseType::Named(named) = &ty.base else {
            return None;
        };
        let schema = self.world.database.schema();
        let place = self.qualify(named).schema?;
        let namespace = schema.namespace(&place)?;
        let id = schema
            .type_names
            .get(namespace, &named.name)
            .filter(|_| !ty.array)?;
        let found = &schema.types[id];
        let TypeKind::Enum(labels) = &found.kind else {
            return None;
        };
        // Labels that were added in this transaction cannot be used in it; those of a type that was made in it can.
        let usable = self.world.new_labels.iter().all(|added| added.1.is_empty());
        let labels = labels.known().filter(|_| usable && found.presence.is_present())?;
        let mut labels = labels.iter().map(|label| Value::text(label.clone()));
        let value = match name {
            "enum_range" => Value::array(labels.collect()),
            "enum_first" => labels.next().unwrap_or(Value::Null),
            _ => labels.next_back().unwrap_or(Value::Null),
        };
        Some(Ok(value))
    }
}
