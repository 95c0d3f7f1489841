//! Assignments: to variables, to fields of records, and of the rows that a query gives.

use std::sync::Arc;

use super::record;
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Raised, RaisedKind, Run};
use crate::session::query::{Env, Table, field};
use crate::session::value::Value;
use crate::source::Span;
use crate::tree::Expr;

impl Session {
    pub(super) fn run_assignment(
        &mut self,
        target: &[Name],
        subscripted: bool,
        value: &Expr,
        at: Span,
    ) -> Run<()> {
        let value = self.eval(value, &Env::EMPTY)?;
        if subscripted {
            self.forget(&[target.to_vec()], at, "an element was assigned");
            return Ok(());
        }
        self.assign(target, value, at)
    }

    /// Assigns to a variable, or a field of a record.
    pub(super) fn assign(&mut self, target: &[Name], value: Value, at: Span) -> Run<()> {
        let Some((first, rest)) = target.split_first() else {
            return Ok(());
        };
        // `label.variable`, unless the first name is a variable itself.
        let (first, rest) = match rest.split_first() {
            Some((second, rest)) if self.world.variable(first).is_none() => (second, rest),
            _ => (first, rest),
        };
        let Some(ty) = self.world.variable(first).map(|v| v.ty.clone()) else {
            return Ok(());
        };
        if let [name] = rest {
            if let Some(variable) = self.world.variable_mut(first) {
                set_field(&mut variable.value, name, value);
            }
            return Ok(());
        }
        let value = if rest.is_empty() {
            self.cast_spelled(value, &ty, at)?
        } else {
            self.unknown(at, "a field of a field")
        };
        if let Some(variable) = self.world.variable_mut(first) {
            variable.value = value;
        }
        Ok(())
    }

    /// Casts to a type as a declaration spells it; types of rows and of other columns are left as they are.
    pub(super) fn cast_spelled(&mut self, value: Value, ty: &str, at: Span) -> Run<Value> {
        if ty.is_empty() || ty.contains('%') || ty == "record" || value.is_null() {
            return Ok(value);
        }
        match self.spelled_type(ty, at) {
            Some(ty) => self.cast(value, &ty, at),
            None => Ok(value),
        }
    }

    /// Makes variables unknown.
    pub(in crate::session) fn forget(&mut self, targets: &[Vec<Name>], at: Span, why: &str) {
        let gap = self.gap(at, why);
        for target in targets {
            let Some(first) = target.first() else { continue };
            let name = match target.get(1) {
                Some(second) if self.world.variable(first).is_none() => second,
                _ => first,
            };
            if let Some(variable) = self.world.variable_mut(name) {
                variable.value = Value::Unknown(gap.clone());
            }
        }
    }

    /// Assigns the first row of a result; NULLs where there is none.
    pub(super) fn assign_first(
        &mut self,
        table: &Table,
        into: &[Vec<Name>],
        strict: bool,
        at: Span,
    ) -> Run<()> {
        if strict && table.is_exact() && table.rows.len() != 1 {
            let (code, message) = if table.rows.is_empty() {
                ("P0002", "query returned no rows")
            } else {
                ("P0003", "query returned more than one row")
            };
            return Err(Raised::certain(code, message, at));
        }
        let first = table.rows.first();
        let unsure = match first {
            Some(row) if row.maybe.is_none() && !row.many => None,
            None => None,
            Some(_) if table.rows.iter().take(1).all(|r| r.maybe.is_none()) => None,
            Some(_) => table.gap(),
        };
        if strict && let Some(gap) = table.gap() {
            self.may_raise(RaisedKind::Any(gap.clone()), &gap, at);
        }
        if let Some(gap) = &unsure {
            self.forget(into, at, &gap.why.clone());
            return Ok(());
        }
        let nulls = Vec::new();
        let values = first.map_or(&nulls, |r| &r.values);
        if let [target] = into
            && self.takes_row(target)
        {
            let value = match (first, &table.open) {
                (None, _) => Value::Null,
                (Some(_), Some(gap)) if table.columns.is_empty() => Value::Unknown(gap.clone()),
                (Some(row), _) => record(&table.columns, &row.values),
            };
            return self.assign(target, value, at);
        }
        for (i, target) in into.iter().enumerate() {
            let value = match (values.get(i), &table.open, first) {
                (Some(value), _, _) => value.clone(),
                (None, Some(gap), Some(_)) => Value::Unknown(gap.clone()),
                (None, _, _) => Value::Null,
            };
            self.assign(target, value, at)?;
        }
        Ok(())
    }

    /// Whether a variable takes a whole row: a record or a row type.
    pub(super) fn takes_row(&self, target: &[Name]) -> bool {
        let [name] = target else { return false };
        let Some(variable) = self.world.variable(name) else {
            return false;
        };
        variable.ty == "record"
            || variable.ty.ends_with("%rowtype")
            || matches!(variable.value, Value::Record(_))
            || self.is_row_type(&variable.ty)
    }

    fn is_row_type(&self, ty: &str) -> bool {
        if ty.is_empty() || ty.contains('%') || ty.contains('(') || ty.contains('[') {
            return false;
        }
        let known = crate::sqltype::Builtin::from_spelling(ty).is_some();
        !known
            && crate::sql::qualified_name(ty).is_some_and(|name| {
                matches!(
                    self.relation(&name),
                    crate::schema::Lookup::Found((crate::schema::Relation::Table(_), _))
                )
            })
    }
}

fn set_field(record: &mut Value, name: &Name, value: Value) {
    match record {
        Value::Record(fields) => {
            let fields = Arc::make_mut(fields);
            match fields.iter_mut().find(|f| f.0 == *name) {
                Some(field) => field.1 = value,
                None => fields.push((name.clone(), value)),
            }
        }
        Value::Null => *record = Value::Record(Arc::new(vec![(name.clone(), value)])),
        other => {
            // The rest stays unknown.
            let _ = field(other, name);
        }
    }
}
