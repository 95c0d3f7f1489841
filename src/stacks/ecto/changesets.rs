//! Names of constraints that changesets wait for: an error of a constraint of another name is raised, not returned.
//!
//! Source: `Ecto.Changeset` (Ecto 3.13, lib/ecto/changeset.ex): `unique_constraint`, `foreign_key_constraint`, `assoc_constraint`,
//! `no_assoc_constraint`, `check_constraint`, `exclusion_constraint` and the names that they default to.

use std::rc::Rc;

use smol_str::SmolStr;

use super::constants;
use super::library::Elixir;
use super::schemas::{Assoc, Schema};
use crate::declared::{AwaitedConstraint, Awaits};
use crate::interpret::elixir::Clause;
use crate::source::Span;
use crate::syntax::elixir::{Call, Callee, Form, FormKind, Part};

/// The functions of `Ecto.Changeset` (Ecto 3.13).
const FUNCTIONS: &[&str] = &[
    "add_error",
    "apply_action",
    "apply_action!",
    "apply_changes",
    "assoc_constraint",
    "cast",
    "cast_assoc",
    "cast_embed",
    "change",
    "changed?",
    "check_constraint",
    "constraints",
    "delete_change",
    "empty_values",
    "exclusion_constraint",
    "fetch_change",
    "fetch_change!",
    "fetch_field",
    "fetch_field!",
    "field_missing?",
    "force_change",
    "foreign_key_constraint",
    "get_assoc",
    "get_change",
    "get_embed",
    "get_field",
    "merge",
    "no_assoc_constraint",
    "optimistic_lock",
    "prepare_changes",
    "put_assoc",
    "put_change",
    "put_embed",
    "traverse_errors",
    "traverse_validations",
    "unique_constraint",
    "unsafe_validate_unique",
    "update_change",
    "validate_acceptance",
    "validate_change",
    "validate_confirmation",
    "validate_exclusion",
    "validate_format",
    "validate_inclusion",
    "validate_length",
    "validate_number",
    "validate_required",
    "validate_subset",
    "validations",
];

/// Whether a name is one of Ecto 3.13.
pub(super) fn is_listed(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

/// Whether `import Ecto.Changeset` brings a name, in a later version too.
pub fn is_function(name: &str) -> bool {
    let begins = ["validate_", "put_", "get_", "fetch_", "traverse_"];
    is_listed(name) || name.ends_with("_constraint") || begins.iter().any(|prefix| name.starts_with(prefix))
}

/// The constraints that the functions of a schema's module wait for.
pub fn awaited(machine: &mut Elixir<'_>, schema: &Schema, all: &[Schema]) -> Vec<AwaitedConstraint> {
    let Some(module) = machine.module(&schema.module, schema.span) else {
        return Vec::new();
    };
    let Some(source) = schema
        .source
        .as_ref()
        .and_then(|source| source.as_str().map(SmolStr::new))
    else {
        return Vec::new();
    };
    let mut finder = Finder {
        machine,
        clause: None,
        schema,
        source,
        all,
        out: Vec::new(),
    };
    for definition in module.definitions() {
        for clause in &definition.clauses {
            finder.clause = Some(clause.clone());
            finder.walk(&clause.body, 0);
        }
    }
    finder.out
}

struct Finder<'s, 'm, 'a> {
    machine: &'m mut Elixir<'a>,
    /// The clause that is looked into.
    clause: Option<Rc<Clause>>,
    schema: &'s Schema,
    source: SmolStr,
    all: &'s [Schema],
    out: Vec<AwaitedConstraint>,
}

impl Finder<'_, '_, '_> {
    fn walk(&mut self, form: &Form, depth: usize) {
        if depth > 200 {
            return;
        }
        match &form.kind {
            FormKind::List(items) | FormKind::Tuple(items) => {
                for item in items.iter() {
                    self.walk(item, depth + 1);
                }
            }
            FormKind::Call(call) => {
                self.call(call, form.span);
                if let Callee::Remote(object, _) | Callee::Anonymous(object) | Callee::Form(object) =
                    &call.callee
                {
                    self.walk(object, depth + 1);
                }
                for arg in &call.args {
                    self.walk(arg, depth + 1);
                }
            }
            FormKind::Binary(parts) => {
                for part in parts.iter() {
                    if let Part::Form(form) = part {
                        self.walk(form, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, call: &Call, span: Span) {
        let name = match &call.callee {
            Callee::Local(name) => name,
            Callee::Remote(object, name) if is_changeset(object) => name,
            _ => return,
        };
        let awaits = match name.as_str() {
            "unique_constraint" => Awaits::Unique,
            "foreign_key_constraint" | "assoc_constraint" | "no_assoc_constraint" => Awaits::ForeignKey,
            "check_constraint" => Awaits::Check,
            "exclusion_constraint" => Awaits::Exclusion,
            _ => return,
        };
        // A pipe has put the changeset in front.
        let args = match call.args.first() {
            Some(first) if self.fields(first).is_some() => call.args.as_slice(),
            Some(_) => call.args.get(1..).unwrap_or(&[]),
            None => return,
        };
        let Some(fields) = args.first().and_then(|form| self.fields(form)) else {
            return;
        };
        let options = args.get(1);
        if options.is_some_and(|options| !options.is_keywords()) {
            return;
        }
        let option = |key: &str| options.and_then(|options| options.keyword(key));
        if option("match").is_some_and(|form| form.as_atom().is_none_or(|atom| atom != "exact")) {
            return;
        }
        let found = match option("name") {
            Some(form) => literal(form).map(|name| (name, form.span)),
            None => self.default_name(name, &fields).map(|name| (name, span)),
        };
        if let Some((name, span)) = found {
            self.out.push(AwaitedConstraint {
                model: self.schema.module.clone(),
                awaits,
                name,
                span,
            });
        }
    }

    fn default_name(&self, function: &str, fields: &[SmolStr]) -> Option<SmolStr> {
        let source = &self.source;
        match function {
            "unique_constraint" => {
                let columns: Option<Vec<&str>> = fields.iter().map(|field| self.column(field)).collect();
                Some(SmolStr::new(format!("{source}_{}_index", columns?.join("_"))))
            }
            "foreign_key_constraint" => {
                let column = self.column(fields.first()?)?;
                Some(SmolStr::new(format!("{source}_{column}_fkey")))
            }
            "exclusion_constraint" => {
                let column = self.column(fields.first()?)?;
                Some(SmolStr::new(format!("{source}_{column}_exclusion")))
            }
            "assoc_constraint" => {
                let assoc = self
                    .assoc(fields.first()?)
                    .filter(|assoc| assoc.kind == "belongs_to")?;
                let column = self.column(assoc.owner_key.as_deref()?)?;
                Some(SmolStr::new(format!("{source}_{column}_fkey")))
            }
            "no_assoc_constraint" => {
                let assoc = self.assoc(fields.first()?)?;
                let kinds = ["has_one", "has_many"];
                let assoc = kinds.contains(&assoc.kind).then_some(assoc)?;
                let other = self.all.iter().find(|schema| schema.module == assoc.related)?;
                let table = other.source.as_ref()?.as_str()?;
                let key = assoc.related_key.as_deref()?;
                Some(SmolStr::new(format!("{table}_{key}_fkey")))
            }
            _ => None,
        }
    }

    /// The column of a field. What is no field stands for itself (`get_field_source`): an association; other names may be those of
    /// another schema, whose changeset the module makes.
    fn column<'f>(&'f self, field: &'f str) -> Option<&'f str> {
        match self.schema.fields.iter().find(|known| known.name == field) {
            Some(found) => found.column.as_atom(),
            None => self.assoc(field).map(|_| field),
        }
    }

    /// A field, or a list of them.
    fn fields(&mut self, form: &Form) -> Option<Vec<SmolStr>> {
        constants::names(self.machine, self.clause.as_ref()?, form).filter(|names| !names.is_empty())
    }

    fn assoc(&self, name: &str) -> Option<&Assoc> {
        self.schema.assocs.iter().find(|assoc| assoc.name == name)
    }
}

/// Whether a module is `Ecto.Changeset`.
pub(super) fn is_changeset(object: &Form) -> bool {
    matches!(&object.kind, FormKind::Alias(name, _) if name == "Ecto.Changeset" || name == "Changeset")
}

fn literal(form: &Form) -> Option<SmolStr> {
    match &form.kind {
        FormKind::Atom(name) => Some(name.clone()),
        FormKind::Text(text) => Some(SmolStr::new(text.as_str())),
        _ => None,
    }
}
