//! Functions and procedures, policies and collations.

use super::apply::{Outcome, Step};
use super::error;
use crate::change::{FunctionSpec, ObjectKind, ObjectName};
use crate::known::Presence;
use crate::name::{Name, QualifiedName};
use crate::schema::{Collation, Function, FunctionId, Parameters};
use crate::sqltype::SqlType;
use crate::tree::plpgsql::RoutineName;

impl Step {
    pub(super) fn create_function(&mut self, spec: &FunctionSpec) -> Outcome {
        let namespace = self.namespace_for(&spec.name.name, false, spec.name.span)?;
        let mut parameters = Parameters::default();
        for parameter in &spec.parameters {
            let ty = self.resolve_type(&parameter.ty, spec.name.span)?;
            parameters.list.push((
                parameter.name.clone(),
                ty,
                parameter.input,
                parameter.output,
                parameter.default.clone(),
            ));
        }
        let returns = match &spec.returns {
            Some(ty) => Some(self.resolve_type(ty, spec.name.span)?),
            None => None,
        };
        let function = Function {
            namespace,
            name: spec.name.name.name.clone(),
            parameters,
            returns,
            set: spec.set,
            procedure: spec.procedure,
            language: spec.language.clone(),
            body: spec.body.clone(),
            immutable: spec.immutable,
            keyword: spec.keyword,
            written: (!spec.written.is_empty()).then(|| self.written(&spec.written)),
            stand_in: spec.stand_in,
            presence: Presence::Present(self.id),
            extension: None,
        };
        let existing = self.schema().functions.iter().find_map(|(id, f)| {
            let same = f.namespace == namespace
                && f.name == function.name
                && f.presence.may_be()
                && signature(f).eq(signature(&function));
            same.then_some(id)
        });
        match existing {
            Some(id) if spec.or_replace || !self.schema().functions[id].presence.is_present() => {
                self.replace_function(id, function, spec)
            }
            Some(id) => {
                let message = format!(
                    "function \"{}\" already exists with same argument types",
                    spec.name.name.name
                );
                let origin = match self.schema().functions[id].presence {
                    Presence::Present(change) => Some(change),
                    _ => None,
                };
                let failure = error::failure("42723", message, spec.name.span);
                Err(self.related(failure, origin, "it is created here"))
            }
            None => {
                self.db.schema.functions.push(function);
                Ok(())
            }
        }
    }

    fn replace_function(&mut self, id: FunctionId, function: Function, spec: &FunctionSpec) -> Outcome {
        let old = &self.schema().functions[id];
        let span = spec.name.span;
        if old.procedure != function.procedure {
            let failure = error::failure("42809", "cannot change routine kind", span);
            return Err(failure);
        }
        let returns = |f: &Function| (f.returns.clone(), f.set);
        if old.presence.is_present()
            && old.extension.is_none()
            && !old.procedure
            && old.returns.is_some()
            && function.returns.is_some()
            && returns(old) != returns(&function)
        {
            let origin = match old.presence {
                Presence::Present(change) => Some(change),
                _ => None,
            };
            let failure = error::failure("42P13", "cannot change return type of existing function", span);
            return Err(self.related(failure, origin, "it is created here"));
        }
        self.db.schema.functions[id] = function;
        Ok(())
    }

    /// A routine that `DROP` names.
    pub(super) fn routine_to_drop(
        &mut self,
        routine: &RoutineName,
        kind: ObjectKind,
        if_exists: bool,
    ) -> Outcome<Option<FunctionId>> {
        let wanted = match &routine.arguments {
            None => None,
            Some(arguments) => {
                let mut types = Vec::new();
                for argument in arguments {
                    types.push(self.argument_type(argument));
                }
                Some(types)
            }
        };
        let path = self.lookup_path(&routine.name);
        let mut found: Vec<FunctionId> = self
            .schema()
            .functions
            .iter()
            .filter(|(_, f)| {
                f.name == routine.name.name && f.presence.may_be() && path.contains(&f.namespace)
            })
            .filter(|(_, f)| match kind {
                ObjectKind::Function => !f.procedure,
                ObjectKind::Procedure => f.procedure,
                _ => true,
            })
            .map(|(id, _)| id)
            .collect();
        match &wanted {
            Some(types) => found.retain(|&id| {
                let f = &self.schema().functions[id];
                signature(f).map(Some).eq(types.iter().map(Option::as_ref))
            }),
            None if found.len() > 1 => {
                let message = format!("function name \"{}\" is not unique", routine.name);
                return Err(error::failure("42725", message, routine.span));
            }
            None => {}
        }
        if let Some(&id) = found.first() {
            return Ok(Some(id));
        }
        let dropped = self.schema().functions.iter().filter(|(_, f)| {
            f.name == routine.name.name && f.presence.is_dropped() && path.contains(&f.namespace)
        });
        let dropped = dropped.last().and_then(|(_, f)| match f.presence {
            Presence::Dropped(change) => Some(change),
            _ => None,
        });
        match dropped {
            // The last overload of this name was dropped, and with other arguments it was never there.
            Some(change) if !if_exists && wanted.as_ref().is_none_or(Vec::is_empty) => {
                let arguments = if wanted.is_some() { "()" } else { "" };
                let message = match wanted {
                    Some(_) => format!("function {}{arguments} does not exist", routine.name),
                    None => format!("could not find a function named \"{}\"", routine.name),
                };
                let failure = error::failure("42883", message, routine.span);
                Err(self.related(failure, Some(change), "it is dropped here"))
            }
            _ => Ok(None),
        }
    }

    /// A type in a routine's signature; one that is not there names no routine.
    fn argument_type(&mut self, ty: &SqlType) -> Option<SqlType> {
        use crate::sqltype::BaseType;
        match &ty.base {
            BaseType::Builtin(_) | BaseType::Object(_) => Some(ty.clone()),
            BaseType::Named(name) => {
                if self.find_type(name).is_none() && self.find_relation(name).is_none() {
                    return None;
                }
                let span = self.at;
                self.resolve_type(ty, span).ok()
            }
        }
    }

    /// Whether a table may have triggers or policies that are not listed.
    pub(super) fn unlisted_parts(&self, id: crate::schema::TableId) -> bool {
        let t = self.table(id);
        t.presumed.is_some() || t.unlisted.is_some() || !t.open.is_empty() || !t.presence.is_present()
    }

    pub(super) fn policy(
        &mut self,
        name: &Name,
        table: &ObjectName,
        create: bool,
        if_exists: bool,
    ) -> Outcome {
        if if_exists && self.find_relation(&table.name).is_none() {
            return Ok(());
        }
        let id = self.table_named(table)?;
        let known = self.table(id).policies.contains(name);
        if create {
            if known {
                let message = format!(
                    "policy \"{name}\" for table \"{}\" already exists",
                    self.table(id).name
                );
                return Err(error::failure("42710", message, table.span));
            }
            self.table_mut(id).policies.push(name.clone());
            self.log(id, None, format!("policy {name} created"));
        } else if known {
            self.table_mut(id).policies.retain(|policy| policy != name);
            self.log(id, None, format!("policy {name} dropped"));
        } else if !if_exists && !self.unlisted_parts(id) {
            let message = format!(
                "policy \"{name}\" for table \"{}\" does not exist",
                self.table(id).name
            );
            return Err(error::failure("42704", message, table.span));
        }
        Ok(())
    }

    pub(super) fn create_collation(
        &mut self,
        name: &ObjectName,
        if_not_exists: bool,
        written: &str,
    ) -> Outcome {
        let namespace = self.namespace_for(&name.name, false, name.span)?;
        let schema = self.namespace_name(namespace).clone();
        let qualified = QualifiedName::in_schema(schema, name.name.name.clone());
        if let Some(existing) = self.schema().collations.iter().find(|c| c.name == qualified) {
            if if_not_exists {
                return Ok(());
            }
            let origin = existing.origin;
            let message = format!("collation \"{}\" already exists", name.name.name);
            let failure = error::failure("42710", message, name.span);
            return Err(self.related(failure, Some(origin), "it is created here"));
        }
        let (origin, written) = (self.id, self.written(written));
        self.db.schema.collations.push(Collation {
            name: qualified,
            origin,
            written,
        });
        Ok(())
    }
}

/// Types of the input parameters, modifiers left out: what tells overloads apart.
fn signature(function: &Function) -> impl Iterator<Item = &SqlType> {
    function.parameters.inputs()
}
