//! What changesets ask of fields before the database does: which must have a value, and how long text may be.
//!
//! Source: `Ecto.Changeset` (Ecto 3.13, lib/ecto/changeset.ex): `cast/4`, `validate_required/3`, `validate_length/3`.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::changesets::{self, is_changeset};
use super::constants;
use super::library::Elixir;
use super::schemas::{Field, Schema};
use crate::declared::{Says, Validation};
use crate::interpret::elixir::{Clause, Module, Value, is_of_kernel};
use crate::source::Span;
use crate::syntax::elixir::{Call, Callee, Form, FormKind, Part};

/// How deep forms are looked into.
const DEEPEST: usize = 200;

/// What the functions of a schema's module say of its fields. Where a part of the module is not known, nothing.
pub fn validations(machine: &mut Elixir<'_>, schema: &Schema) -> Vec<Validation> {
    let Some(module) = machine.module(&schema.module, schema.span) else {
        return Vec::new();
    };
    if module.open.is_some() || schema.source.is_none() {
        return Vec::new();
    }
    let mut reader = Reader {
        machine,
        module: module.clone(),
        clause: None,
        course: Course::default(),
        all: Whole::default(),
    };
    let mut courses = Vec::new();
    for definition in module.definitions().filter(|d| !d.kind.is_macro()) {
        for clause in &definition.clauses {
            reader.clause = Some(clause.clone());
            reader.walk(&clause.body, None, true, 0);
            let mut course = std::mem::take(&mut reader.course);
            course.function = (definition.name.clone(), definition.arity);
            course.alone = definition.clauses.len() == 1;
            courses.push(course);
        }
    }
    let all = reader.all;
    let mut out = Vec::new();
    for field in schema.fields.iter().filter(|field| !field.primary_key) {
        let name = &field.name;
        let mut say = |says, span| {
            out.push(Validation {
                model: schema.module.clone(),
                field: name.clone(),
                says,
                span,
            });
        };
        if let Some((longest, span)) = all.longest(name) {
            say(Says::AtMost(longest), span);
        }
        if let Some(span) = always_asked_for(&courses, name) {
            say(Says::Required, span);
        } else if let Some(span) = never_asked_for(&courses, &all, schema, field) {
            say(Says::Optional, span);
        }
    }
    out
}

/// What one clause of a function does with changesets.
#[derive(Default)]
struct Course {
    function: (SmolStr, usize),
    /// It is the function's only clause.
    alone: bool,
    /// Fields that it takes from outside, and where.
    taken: Vec<(SmolStr, Span)>,
    /// It may take others.
    takes_more: bool,
    /// Fields that it asks for whatever happens, and where.
    asked: Vec<(SmolStr, Span)>,
    /// Functions of the module that it calls whatever happens.
    calls: Vec<(SmolStr, usize)>,
}

/// What a module does with changesets.
#[derive(Default)]
struct Whole {
    /// Fields that are asked for somewhere.
    asked: FxHashSet<SmolStr>,
    /// Fields that something else may be done with.
    named: FxHashSet<SmolStr>,
    /// Why any field may be asked for: a list that is computed, a function elsewhere.
    open: bool,
    /// The most characters of a field that a call lets pass, as far as it says so.
    lengths: Vec<(SmolStr, Option<u64>, Span)>,
}

impl Whole {
    /// The fewest characters that any call lets pass at most; `None` where a call does not say.
    fn longest(&self, field: &str) -> Option<(u64, Span)> {
        let of_field = self.lengths.iter().filter(|(name, ..)| name == field);
        let all: Option<Vec<(u64, Span)>> = of_field
            .map(|(_, most, span)| most.map(|most| (most, *span)))
            .collect();
        all?.into_iter().min_by_key(|(most, _)| *most)
    }
}

/// Where a field is asked for, if each clause that takes anything takes it and asks for it: a row that another makes may lack it.
fn always_asked_for(courses: &[Course], field: &str) -> Option<Span> {
    let mut place = None;
    for course in courses
        .iter()
        .filter(|course| course.takes_more || !course.taken.is_empty())
    {
        course.taken.iter().find(|(name, _)| name == field)?;
        let asked = asks(courses, course, field, &mut Vec::new())?;
        place = place.or(Some(asked));
    }
    place
}

/// Where a clause, or a function that it calls whatever happens, asks for a field.
fn asks(courses: &[Course], course: &Course, field: &str, seen: &mut Vec<(SmolStr, usize)>) -> Option<Span> {
    let own = course.asked.iter().find(|(name, _)| name == field);
    if let Some((_, span)) = own {
        return Some(*span);
    }
    for call in &course.calls {
        if seen.contains(call) {
            continue;
        }
        seen.push(call.clone());
        let called = courses.iter().find(|c| c.function == *call && c.alone);
        if let Some(span) = called.and_then(|called| asks(courses, called, field, seen)) {
            return Some(span);
        }
    }
    None
}

/// Where a field is taken from outside, if nothing asks for it or gives it a value.
fn never_asked_for(courses: &[Course], all: &Whole, schema: &Schema, field: &Field) -> Option<Span> {
    if field.generated || field.has_default {
        return None;
    }
    let field = field.name.as_str();
    let key_of_association = schema
        .assocs
        .iter()
        .any(|assoc| assoc.owner_key.as_deref() == Some(field));
    if all.open || all.asked.contains(field) || all.named.contains(field) || key_of_association {
        return None;
    }
    let mut taken = courses.iter().flat_map(|course| &course.taken);
    taken.find(|(name, _)| name == field).map(|(_, span)| *span)
}

struct Reader<'m, 'a> {
    machine: &'m mut Elixir<'a>,
    module: Rc<Module>,
    clause: Option<Rc<Clause>>,
    course: Course,
    all: Whole,
}

impl Reader<'_, '_> {
    /// `always`: it runs whenever its clause does. `piped`: what a pipe puts in front.
    fn walk(&mut self, form: &Form, piped: Option<&Form>, always: bool, depth: usize) {
        if depth > DEEPEST {
            self.all.open = true;
            return;
        }
        match &form.kind {
            FormKind::Atom(name) => {
                self.all.named.insert(name.clone());
            }
            FormKind::List(items) | FormKind::Tuple(items) => {
                for item in items.iter() {
                    self.walk(item, None, always, depth + 1);
                }
            }
            FormKind::Call(call) => self.call(call, piped, always, depth + 1),
            FormKind::Binary(parts) => {
                for part in parts.iter() {
                    if let Part::Form(form) = part {
                        self.walk(form, None, always, depth + 1);
                    }
                }
            }
            // `changeset |> own`, written without parentheses.
            FormKind::Variable(name, _) if piped.is_some() => self.calls(name, 1, always),
            FormKind::Sigil(sigil) if matches!(sigil.name.as_str(), "w" | "W") => self.names_of(form),
            FormKind::Injected(_) | FormKind::Gap(_) => self.all.open = true,
            FormKind::Integer(_)
            | FormKind::Number(_)
            | FormKind::Float(_)
            | FormKind::Text(_)
            | FormKind::Charlist(_)
            | FormKind::Sigil(_)
            | FormKind::DynamicAtom(_)
            | FormKind::Variable(..)
            | FormKind::Alias(..) => {}
        }
    }

    fn call(&mut self, call: &Call, piped: Option<&Form>, always: bool, depth: usize) {
        let args: Vec<&Form> = piped.into_iter().chain(&call.args).collect();
        let changeset = match &call.callee {
            Callee::Local(name) => Some(name),
            Callee::Remote(object, name) if is_changeset(object) => Some(name),
            _ => None,
        };
        match (changeset.map(SmolStr::as_str), args.as_slice()) {
            (Some("|>"), [before, call]) => {
                self.walk(before, None, always, depth);
                self.walk(call, Some(before), always, depth);
            }
            (Some("@"), _) => {}
            (Some("cast"), [_, _, fields, ..]) => {
                self.take(fields);
                self.walk_all(&call.args, fields, always, depth);
            }
            (Some("validate_required"), [_, fields, ..]) => {
                self.ask(fields, always);
                self.walk_all(&call.args, fields, always, depth);
            }
            (Some("validate_length"), [_, field, options]) => {
                self.length(field, options);
                self.walk_all(&call.args, field, always, depth);
            }
            // What these do leaves a field without a value as it is.
            (Some(name), [_, field, ..]) if leaves_empty(name) => {
                self.walk_all(&call.args, field, always, depth);
            }
            (name, _) => self.other(call, name, args.len(), piped.is_some(), always, depth),
        }
    }

    /// All arguments but one.
    fn walk_all(&mut self, args: &[Form], but: &Form, always: bool, depth: usize) {
        for arg in args.iter().filter(|arg| !std::ptr::eq(*arg, but)) {
            self.walk(arg, None, always, depth);
        }
    }

    fn other(
        &mut self,
        call: &Call,
        name: Option<&str>,
        count: usize,
        piped: bool,
        always: bool,
        depth: usize,
    ) {
        let mut always = always;
        match &call.callee {
            Callee::Local(own) => {
                always &= !is_conditional(own);
                self.calls(own, count, always);
            }
            Callee::Remote(object, _) => {
                // A function elsewhere may ask for fields of the changeset that it is given.
                self.all.open |= name.is_none() && (piped || !is_standard(object, count));
                self.walk(object, None, always, depth);
            }
            Callee::Anonymous(object) | Callee::Form(object) => {
                self.all.open = true;
                self.walk(object, None, always, depth);
            }
        }
        for arg in &call.args {
            self.walk(arg, None, always, depth);
        }
    }

    /// A call of a function by its name alone.
    fn calls(&mut self, name: &SmolStr, arity: usize, always: bool) {
        if self.module.definition(name, arity).is_some() {
            if always {
                self.course.calls.push((name.clone(), arity));
            }
        } else if !changesets::is_listed(name) && !is_of_the_language(name) {
            self.all.open = true;
        }
    }

    fn take(&mut self, form: &Form) {
        match self.fields(form) {
            Some(fields) => self
                .course
                .taken
                .extend(fields.into_iter().map(|f| (f, form.span))),
            None => self.course.takes_more = true,
        }
    }

    fn ask(&mut self, form: &Form, always: bool) {
        let Some(fields) = self.fields(form) else {
            self.all.open = true;
            return;
        };
        for field in fields {
            self.all.asked.insert(field.clone());
            if always {
                self.course.asked.push((field, form.span));
            }
        }
    }

    fn length(&mut self, field: &Form, options: &Form) {
        let Some(field) = field.as_atom() else {
            // Of a field that is not known.
            return;
        };
        let most = ["max", "is"].iter().find_map(|key| options.keyword(key));
        let most = match most {
            Some(form) => match self
                .clause
                .as_ref()
                .map(|clause| constants::value(self.machine, clause, form))
            {
                Some(Some(Value::Integer(number))) => u64::try_from(number).ok(),
                _ => None,
            },
            // It says nothing of the most.
            None if options.is_keywords() => return,
            None => None,
        };
        self.all.lengths.push((field.clone(), most, options.span));
    }

    /// Every name that a list holds is named.
    fn names_of(&mut self, form: &Form) {
        match self.fields(form) {
            Some(fields) => self.all.named.extend(fields),
            None => self.all.open = true,
        }
    }

    /// Names of fields: one, or a list of them.
    fn fields(&mut self, form: &Form) -> Option<Vec<SmolStr>> {
        constants::names(self.machine, self.clause.as_ref()?, form)
    }
}

/// Whether a call of so many arguments is of a module of the language, which knows no changesets, or reads a field.
fn is_standard(object: &Form, count: usize) -> bool {
    const KNOWN: &[&str] = &[
        "Access",
        "Date",
        "DateTime",
        "Decimal",
        "Enum",
        "Integer",
        "Keyword",
        "List",
        "Logger",
        "Map",
        "MapSet",
        "NaiveDateTime",
        "Regex",
        "Stream",
        "String",
        "System",
        "Time",
        "URI",
    ];
    match &object.kind {
        FormKind::Alias(name, _) => KNOWN.contains(&name.as_str()) || name == "Ecto.UUID",
        FormKind::Atom(_) => true,
        _ => count == 0,
    }
}

/// What only some runs of a function come to.
fn is_conditional(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "&", "&&", "->", "and", "case", "cond", "fn", "for", "if", "or", "receive", "try", "unless", "with",
        "||",
    ];
    NAMES.contains(&name)
}

/// Functions of changesets that do nothing to a field without a value.
fn leaves_empty(name: &str) -> bool {
    const VALIDATIONS: &[&str] = &[
        "validate_confirmation",
        "validate_exclusion",
        "validate_format",
        "validate_inclusion",
        "validate_number",
        "validate_subset",
        "unsafe_validate_unique",
    ];
    VALIDATIONS.contains(&name) || name.ends_with("_constraint") && changesets::is_listed(name)
}

/// Operators, special forms and macros of `Kernel`, and those of its functions that run no code but what stands in the call.
fn is_of_the_language(name: &str) -> bool {
    let operator = name.chars().all(|c| !c.is_alphanumeric() && c != '_');
    const FORMS: &[&str] = &[
        "__aliases__",
        "__block__",
        "and",
        "case",
        "cond",
        "fn",
        "for",
        "if",
        "or",
        "raise",
        "receive",
        "try",
        "unless",
        "when",
        "with",
    ];
    operator || FORMS.contains(&name) || name != "apply" && is_of_kernel(name)
}
