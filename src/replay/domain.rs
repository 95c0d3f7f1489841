//! Domains: created and altered, and what refuses while columns hold them.

use super::analyse::{Analysed, Scope, analyse};
use super::apply::{Outcome, Step};
use super::error;
use crate::change::{ConstraintBody, ConstraintSpec, DomainAction, ObjectName};
use crate::known::Fact;
use crate::name::{Name, QualifiedName};
use crate::schema::{Domain, List, Stored, TypeId, TypeKind};
use crate::sqltype::{BaseType, SqlType};
use crate::tree::Expr;

impl Step {
    pub(super) fn create_domain(
        &mut self,
        name: &ObjectName,
        base: &SqlType,
        collation: Option<&QualifiedName>,
        default: Option<&Expr>,
        not_null: bool,
        checks: &[ConstraintSpec],
    ) -> Outcome {
        let namespace = self.new_type_place(name)?;
        let base = self.resolve_type(base, name.span)?;
        let default = match default {
            None => None,
            Some(expr) => Some(self.domain_expr(expr, Some(&base), None)?),
        };
        let domain = Domain {
            base: Fact::Known(base.clone(), self.id),
            not_null: Fact::Known(not_null, self.id),
            default: Fact::Known(default, self.id),
            collation: collation.filter(|c| c.name != "default").cloned(),
            checks: Vec::new(),
        };
        let ty = self.blank_type(namespace, name.name.name.clone(), TypeKind::Domain(domain));
        let id = self.add_type(ty);
        checks
            .iter()
            .try_for_each(|check| self.add_domain_check(id, &base, check))
    }

    pub(super) fn domain_expr(
        &self,
        expr: &Expr,
        target: Option<&SqlType>,
        value: Option<&SqlType>,
    ) -> Outcome<Stored> {
        let none = List::default();
        let scope = Scope {
            schema: self.schema(),
            table: None,
            columns: &none,
            open: None,
            target,
            value,
        };
        match analyse(&scope, expr) {
            Analysed::Done(stored) => Ok(stored),
            Analysed::Refused(failure) => Err(failure),
        }
    }

    pub(super) fn add_domain_check(&mut self, id: TypeId, base: &SqlType, spec: &ConstraintSpec) -> Outcome {
        let ConstraintBody::Check(expr) = &spec.body else {
            return Ok(());
        };
        let condition = self.domain_expr(expr, None, Some(base))?;
        let ty = &self.schema().types[id];
        let (namespace, type_name) = (ty.namespace, ty.name.clone());
        let name = match &spec.name {
            Some(name) => {
                if let TypeKind::Domain(domain) = &ty.kind
                    && domain.checks.iter().any(|(check, _)| check == name)
                {
                    let message = format!("constraint \"{name}\" for domain \"{type_name}\" already exists");
                    return Err(error::failure("42710", message, spec.span));
                }
                name.clone()
            }
            None => match self.choose_constraint_name(namespace, &type_name, None, "check") {
                Fact::Known(name, _) => name,
                Fact::Unknown { mut candidates, .. } => {
                    candidates.pop().map_or_else(|| Name::new("check"), |c| c.0)
                }
            },
        };
        if let TypeKind::Domain(domain) = &mut self.db.schema.types[id].kind {
            domain.checks.push((name, condition));
        }
        Ok(())
    }

    pub(super) fn alter_domain(&mut self, name: &ObjectName, action: &DomainAction) -> Outcome {
        let id = self.type_named(name)?;
        let origin = self.id;
        let base = match &self.schema().types[id].kind {
            TypeKind::Domain(domain) => domain.base.known().cloned(),
            TypeKind::Presumed(_) => return Ok(()),
            _ => {
                return Err(error::failure(
                    "42809",
                    format!("{} is not a domain", name.name),
                    name.span,
                ));
            }
        };
        let default = match action {
            DomainAction::Default(Some(expr)) => Some(self.domain_expr(expr, base.as_ref(), None)?),
            _ => None,
        };
        if matches!(
            action,
            DomainAction::AddConstraint(_) | DomainAction::NotNull(true)
        ) {
            self.refuse_contained(id, name)?;
        }
        if let (DomainAction::AddConstraint(spec), Some(base)) = (action, &base) {
            self.add_domain_check(id, base, spec)?;
        }
        let TypeKind::Domain(domain) = &mut self.db.schema.types[id].kind else {
            return Ok(());
        };
        let missing = |check: &Name| {
            let message = format!(
                "constraint \"{check}\" of domain \"{}\" does not exist",
                name.name.name
            );
            error::failure("42704", message, name.span)
        };
        match action {
            DomainAction::Default(_) => domain.default = Fact::Known(default, origin),
            DomainAction::NotNull(not_null) => domain.not_null = Fact::Known(*not_null, origin),
            DomainAction::DropConstraint {
                name: check,
                if_exists,
            } => {
                let before = domain.checks.len();
                domain.checks.retain(|(known, _)| known != check);
                if domain.checks.len() == before && !if_exists {
                    return Err(missing(check));
                }
            }
            DomainAction::RenameConstraint { from, to } => {
                match domain.checks.iter_mut().find(|(known, _)| known == from) {
                    Some(check) => check.0 = to.clone(),
                    None => return Err(missing(from)),
                }
            }
            DomainAction::AddConstraint(_) | DomainAction::None => {}
        }
        self.log_type(id, "altered");
        Ok(())
    }

    /// Values within arrays cannot be checked anew.
    pub(super) fn refuse_contained(&self, id: TypeId, name: &ObjectName) -> Outcome {
        for (_, table) in self
            .schema()
            .tables
            .iter()
            .filter(|(_, t)| t.presence.is_present())
        {
            let held = table.columns.iter().find(|c| {
                c.presence.is_present()
                    && c.ty
                        .known()
                        .is_some_and(|ty| ty.array && ty.base == BaseType::Object(id))
            });
            if let Some(column) = held {
                let message = format!(
                    "cannot alter type \"{}\" because column \"{}.{}\" uses it",
                    name.name.name, table.name, column.name
                );
                let failure = error::failure("0A000", message, name.span);
                return Err(self.related(failure, column.ty.origin(), "the column is of an array of it"));
            }
        }
        Ok(())
    }
}
