//! CHECKs, and constraints of any kind dropped, renamed and altered by name.

use super::apply::{Outcome, Step};
use super::constraint::blank_constraint;
use super::drop::Object;
use super::error;
use crate::change::{Behaviour, ConstraintSpec};
use crate::known::{Fact, Gap, Presence, Section};
use crate::name::Name;
use crate::schema::{ColumnId, Constraint, ConstraintKind, TableId};
use crate::source::Span;
use crate::tree::Expr;

impl Step {
    pub(super) fn add_check(
        &mut self,
        table: TableId,
        spec: &ConstraintSpec,
        expr: &Expr,
        recurse: bool,
    ) -> Outcome {
        let stored = self.condition_on(table, expr, "CHECK")?;
        let columns: Vec<ColumnId> = stored.expr.vars().into_iter().map(ColumnId).collect();
        let name = match &spec.name {
            Some(name) => {
                self.check_constraint_name(table, name, spec.span)?;
                Fact::Known(name.clone(), self.id)
            }
            None => {
                let (namespace, table_name) = (self.table(table).namespace, self.table(table).name.clone());
                let single = match columns.as_slice() {
                    [one] => Some(self.column(table, *one).name.clone()),
                    _ => None,
                };
                let middle = single.as_ref().map(Name::as_str);
                let chosen = self.choose_constraint_name(namespace, &table_name, middle, "check");
                self.doubt_name(table, Section::Checks, chosen)
            }
        };
        if let Some(name) = name.known() {
            self.log(table, None, format!("constraint {name} added"));
        }
        let constraint = Constraint {
            validated: !spec.not_valid,
            no_inherit: spec.no_inherit,
            ..blank_constraint(name.clone(), ConstraintKind::Check(stored), columns, self.id)
        };
        self.table_mut(table).constraints.push(constraint.clone());
        if !spec.no_inherit && recurse {
            for child in self.children(table) {
                self.inherit_check(table, child, &constraint, spec.span)?;
            }
        }
        Ok(())
    }

    /// Whether a CHECK of a new table is one that it inherits: of the same name, and demanding the same (`MergeWithExistingConstraint`
    /// of heap.c). It is then the table's own too.
    pub(super) fn merges_check(
        &mut self,
        table: TableId,
        spec: &ConstraintSpec,
        expr: &Expr,
    ) -> Outcome<bool> {
        let Some(name) = &spec.name else { return Ok(false) };
        let inherited = self.table(table).constraints.iter().position(|c| {
            c.inherited > 0 && c.presence.is_present() && c.name.known().is_some_and(|known| known == name)
        });
        let Some(at) = inherited else { return Ok(false) };
        let stored = self.condition_on(table, expr, "CHECK")?;
        let constraint = &mut self.table_mut(table).constraints[at];
        let same = matches!(&constraint.kind, ConstraintKind::Check(held) if held.expr == stored.expr);
        constraint.local |= same;
        Ok(same)
    }

    /// `DROP CONSTRAINT`.
    pub(super) fn drop_constraint(
        &mut self,
        table: TableId,
        name: &Name,
        if_exists: bool,
        behaviour: Behaviour,
        span: Span,
    ) -> Outcome {
        if let Some(id) = self.find_constraint(table, name) {
            let constraint = &self.table(table).constraints[id.0 as usize];
            if constraint.inherited > 0 {
                let table = &self.table(table).name;
                let message = format!("cannot drop inherited constraint \"{name}\" of relation \"{table}\"");
                return Err(error::failure("42P16", message, span));
            }
            return self.drop_tree(&[Object::Constraint(table, id)], behaviour, span);
        }
        if self.drop_candidate(table, name) || if_exists {
            return Ok(());
        }
        if self.constraints_open(table).is_some() {
            return Ok(());
        }
        let failure = error::undefined_constraint(name, &self.table(table).name, span);
        Err(self.explain_constraint(failure, table, name))
    }

    pub(super) fn constraints_open(&self, table: TableId) -> Option<Gap> {
        let walker = self.schema().table(table);
        [
            Section::PrimaryKey,
            Section::Unique,
            Section::ForeignKeys,
            Section::Checks,
        ]
        .into_iter()
        .find_map(|section| walker.open(section))
        .cloned()
    }

    /// A constraint whose name is not known may be the one that a statement drops.
    pub(super) fn drop_candidate(&mut self, table: TableId, name: &Name) -> bool {
        let mut found = false;
        for constraint in &mut self.table_mut(table).constraints {
            if let Fact::Unknown { gap, candidates } = &constraint.name
                && constraint.presence.may_be()
                && (candidates.is_empty() || candidates.iter().any(|c| c.0 == *name))
            {
                constraint.presence = Presence::Maybe(gap.clone());
                found = true;
            }
        }
        found
    }

    /// Adds what became of a constraint to a failure.
    pub(super) fn explain_constraint(
        &self,
        failure: crate::change::Failure,
        table: TableId,
        name: &Name,
    ) -> crate::change::Failure {
        let constraints = &self.table(table).constraints;
        let dropped = constraints.iter().rev().find_map(|c| match c.presence {
            Presence::Dropped(change) if c.name.known() == Some(name) => Some(change),
            _ => None,
        });
        self.related(failure, dropped, format!("constraint \"{name}\" is dropped here"))
    }

    /// `RENAME CONSTRAINT`; the index that backs it is renamed too.
    pub(super) fn rename_constraint(
        &mut self,
        table: TableId,
        from: &Name,
        to: &Name,
        span: Span,
    ) -> Outcome {
        let Some(id) = self.find_constraint(table, from) else {
            if self.constraints_open(table).is_some() {
                return Ok(());
            }
            let message = format!(
                "constraint \"{from}\" for table \"{}\" does not exist",
                self.table(table).name
            );
            let failure = error::failure("42704", message, span);
            return Err(self.explain_constraint(failure, table, from));
        };
        let constraint = &self.table(table).constraints[id.0 as usize];
        if constraint.inherited > 0 && matches!(constraint.kind, ConstraintKind::Check(_)) {
            let message = format!("cannot rename inherited constraint \"{from}\"");
            return Err(error::failure("42P16", message, span));
        }
        // The index goes first and takes the constraint along.
        let index = self.backing_index(table, id);
        if index.is_some() {
            self.claim_relation_name(table, to, span)?;
        }
        self.check_constraint_name(table, to, span)?;
        if let Some(index) = index {
            self.rename_index_entry(table, index, to);
        }
        let origin = self.id;
        let check = matches!(
            self.table(table).constraints[id.0 as usize].kind,
            ConstraintKind::Check(_)
        );
        self.table_mut(table).constraints[id.0 as usize].name = Fact::Known(to.clone(), origin);
        self.log(table, None, format!("constraint {from} renamed to {to}"));
        if check {
            for child in self.children(table) {
                if let Some(child_id) = self.find_constraint(child, from) {
                    self.table_mut(child).constraints[child_id.0 as usize].name =
                        Fact::Known(to.clone(), origin);
                }
            }
        }
        Ok(())
    }

    /// `ALTER CONSTRAINT` and `VALIDATE CONSTRAINT`.
    pub(super) fn touch_constraint(
        &mut self,
        table: TableId,
        name: &Name,
        span: Span,
        change: impl Fn(&mut Constraint),
        foreign_only: bool,
    ) -> Outcome {
        let Some(id) = self.find_constraint(table, name) else {
            if self.constraints_open(table).is_some() {
                return Ok(());
            }
            let failure = error::undefined_constraint(name, &self.table(table).name, span);
            return Err(self.explain_constraint(failure, table, name));
        };
        let constraint = &mut self.table_mut(table).constraints[id.0 as usize];
        if foreign_only && !matches!(constraint.kind, ConstraintKind::ForeignKey(_)) {
            let table = &self.table(table).name;
            let message =
                format!("constraint \"{name}\" of relation \"{table}\" is not a foreign key constraint");
            return Err(error::failure("42809", message, span));
        }
        change(constraint);
        Ok(())
    }
}
