//! Expressions: literals, text, variables and names.

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run};
use super::scope::Scope;
use super::value::{Items, Quoted, Term, TermCallee, Value};
use crate::known::Gap;
use crate::source::{Span, Text};
use crate::syntax::elixir::{Context, Form, FormKind, Part, Sigil};

/// The folder that `__DIR__` and `File.cwd!` say the repository lies in: files are read relative to it.
pub const ROOT: &str = "/repository";

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Evaluates a form. Variables that it binds are bound in `scope` afterwards.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn eval(&mut self, form: &Form, scope: &mut Scope) -> Run<Value> {
        self.tick(form.span)?;
        match &form.kind {
            FormKind::Atom(name) => Ok(Value::Atom(name.clone())),
            FormKind::Integer(i) => Ok(Value::Integer(*i)),
            FormKind::Float(f) => Ok(Value::Float(*f)),
            FormKind::Text(text) => Ok(Value::Text(Rc::new(text.clone()))),
            FormKind::Number(_) => Ok(self.unknown(form.span, "a number of more bits than are followed")),
            FormKind::Injected(index) => self.injected(*index, form.span, scope),
            FormKind::Variable(name, context) => self.variable(name, *context, form, scope),
            FormKind::Alias(name, context) => Ok(self.module_value(name, *context, scope)),
            _ => self.deeper(form.span, |machine| machine.compound(form, scope)),
        }
    }

    fn compound(&mut self, form: &Form, scope: &mut Scope) -> Run<Value> {
        match &form.kind {
            FormKind::Binary(parts) => self.interpolate(parts, scope),
            FormKind::Charlist(parts) => {
                let value = self.interpolate(parts, scope)?;
                Ok(match value.as_str() {
                    Some(text) => Value::list(
                        text.chars()
                            .map(|c| Value::Integer(i64::from(u32::from(c))))
                            .collect(),
                    ),
                    None => self.unknown(form.span, "text that is not known"),
                })
            }
            FormKind::DynamicAtom(parts) => {
                let value = self.interpolate(parts, scope)?;
                Ok(self.atom_of(&value, form.span))
            }
            FormKind::Sigil(sigil) => self.sigil(sigil, scope, form.span),
            FormKind::List(items) => self.list(items, scope),
            FormKind::Tuple(items) => {
                let items = self.all(items, scope)?;
                Ok(Value::tuple(items))
            }
            FormKind::Call(call) => self.call_form(form, call, scope),
            FormKind::Gap(why) => Ok(self.unknown_code(form.span, *why)),
            _ => Ok(self.unknown(form.span, "is not followed")),
        }
    }

    /// Evaluates forms in order.
    pub(super) fn all(&mut self, forms: &[Form], scope: &mut Scope) -> Run<Vec<Value>> {
        let mut out = Vec::with_capacity(forms.len());
        for form in forms {
            out.push(self.eval(form, scope)?);
        }
        self.weigh(forms.len());
        Ok(out)
    }

    fn list(&mut self, forms: &[Form], scope: &mut Scope) -> Run<Value> {
        let Some((last, front)) = forms.split_last() else {
            return Ok(Value::list(Vec::new()));
        };
        let Some([head, tail]) = last.args_of("|") else {
            return Ok(Value::list(self.all(forms, scope)?));
        };
        let mut items = self.all(front, scope)?;
        items.push(self.eval(head, scope)?);
        match self.eval(tail, scope)? {
            Value::List(rest) => {
                self.afford((items.len() + rest.len()) as u128, last.span)?;
                items.extend(rest.iter().cloned());
                Ok(Value::list(items))
            }
            other => Ok(match other.gap() {
                Some(gap) => Value::unknown(gap),
                None => self.unknown(last.span, "a list that does not end as one"),
            }),
        }
    }

    fn variable(&mut self, name: &SmolStr, context: Context, form: &Form, scope: &mut Scope) -> Run<Value> {
        if let Some(value) = scope.variable_in(name, context) {
            return Ok(value.clone());
        }
        match name.as_str() {
            "__MODULE__" => Ok(scope.module().map_or_else(Value::nil, |m| Value::module(m))),
            "__DIR__" => {
                let path = self.modules.files().path(form.span.file);
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let text = format!("{ROOT}/{folder}");
                Ok(Value::text(text.trim_end_matches('/'), form.span))
            }
            "__ENV__" => Ok(self.environment(scope.lexical.clone(), form.span)),
            "__CALLER__" => match self.callers.last().cloned() {
                Some(caller) => Ok(self.environment(caller, form.span)),
                None => Ok(self.unknown(form.span, "the place of a macro's call")),
            },
            "__STACKTRACE__" => Ok(Value::list(Vec::new())),
            ".." => Ok(Value::Range(0, -1, 1)),
            _ => self.call_local(name, &[], context, form.span, form.span, scope),
        }
    }

    /// `__ENV__` and `__CALLER__`, as far as macros ask them.
    fn environment(&mut self, lexical: Rc<super::scope::Lexical>, at: Span) -> Value {
        let module = lexical
            .module
            .as_ref()
            .map_or_else(Value::nil, |m| Value::module(m));
        let function = lexical
            .function
            .as_ref()
            .map_or_else(Value::nil, |(name, arity)| {
                Value::tuple(vec![Value::Atom(name.clone()), Value::Integer(*arity as i64)])
            });
        let path = format!("{ROOT}/{}", self.modules.files().path(at.file));
        // The modules around, the innermost first.
        let around = self.world.building.iter().rev().chain(self.outer.iter().rev());
        let around: Vec<Value> = around.map(|m| Value::module(&m.name)).collect();
        let others = [
            "aliases",
            "context",
            "functions",
            "macros",
            "macro_aliases",
            "requires",
            "vars",
        ];
        let why = "what is known where a macro is called";
        let others = others.map(|name| (SmolStr::new_static(name), self.unknown(at, why)));
        Value::structure(
            "Macro.Env",
            others.into_iter().chain([
                (SmolStr::new_static("context_modules"), Value::list(around)),
                (SmolStr::new_static("module"), module),
                (SmolStr::new_static("function"), function),
                (SmolStr::new_static("file"), Value::text(&path, at)),
                (SmolStr::new_static("line"), Value::Integer(1)),
            ]),
        )
    }

    /// The module that an alias means.
    pub(super) fn module_value(&self, name: &str, context: Context, scope: &Scope) -> Value {
        Value::module(&self.module_name(name, context, scope))
    }

    pub(super) fn module_name(&self, name: &str, context: Context, scope: &Scope) -> SmolStr {
        if let Some(rest) = name.strip_prefix("__MODULE__.") {
            return match scope.module() {
                Some(own) => SmolStr::new(format!("{own}.{rest}")),
                None => SmolStr::new(rest),
            };
        }
        scope.resolve_in(name, context)
    }

    /// `"a #{b} c"`: text, known in part where not all of it is.
    fn interpolate(&mut self, parts: &[Part], scope: &mut Scope) -> Run<Value> {
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Text(text) => out.push(Value::Text(Rc::new(text.clone()))),
                Part::Form(form) => {
                    let value = self.eval(form, scope)?;
                    out.push(self.text_of(&value, form.span)?);
                }
            }
        }
        self.concat(&out)
    }

    /// Texts one after the other. What is not known of them stays a hole; a few candidates are put in.
    pub(super) fn concat(&mut self, parts: &[Value]) -> Run<Value> {
        let mut courses: Vec<Vec<Option<Text>>> = vec![Vec::new()];
        let mut gap: Option<Gap> = None;
        for part in parts {
            match part {
                Value::Text(text) => courses.iter_mut().for_each(|c| c.push(Some((**text).clone()))),
                Value::Unknown(unknown) => {
                    gap.get_or_insert_with(|| unknown.gap.clone());
                    let texts: Option<Vec<&Text>> = unknown.candidates.iter().map(Value::as_text).collect();
                    match texts {
                        Some(texts)
                            if !texts.is_empty()
                                && texts.len() * courses.len() <= super::budget::MAX_CANDIDATES =>
                        {
                            courses = courses
                                .iter()
                                .flat_map(|course| {
                                    texts.iter().map(move |text| {
                                        let mut course = course.clone();
                                        course.push(Some((*text).clone()));
                                        course
                                    })
                                })
                                .collect();
                        }
                        _ if !unknown.pattern.is_empty() => {
                            courses
                                .iter_mut()
                                .for_each(|c| c.extend(unknown.pattern.iter().cloned()));
                        }
                        _ => courses.iter_mut().for_each(|c| c.push(None)),
                    }
                }
                other => {
                    gap = gap.or_else(|| other.gap());
                    courses.iter_mut().for_each(|c| c.push(None));
                }
            }
        }
        let length: usize = courses
            .iter()
            .flatten()
            .flatten()
            .map(|t| t.as_str().len() + 8)
            .sum();
        let at = self.here();
        self.afford(length as u128, at)?;
        let mut values: Vec<Value> = Vec::new();
        let gap = gap.unwrap_or_else(|| self.gap(at, "text that is not known"));
        for course in courses {
            if course.iter().all(Option::is_some) {
                let runs = course.iter().flatten().flat_map(|t| t.runs().collect::<Vec<_>>());
                values.push(Value::Text(Rc::new(joined(runs))));
            } else {
                values.push(Value::partly(course, gap.clone()));
            }
        }
        match values.len() {
            1 => Ok(values.remove(0)),
            _ => Ok(Value::one_of(values, gap)),
        }
    }

    /// `to_string(value)`.
    pub(super) fn text_of(&mut self, value: &Value, at: Span) -> Run<Value> {
        Ok(match value {
            Value::Text(_) => value.clone(),
            Value::Atom(name) if name == "nil" => Value::text("", at),
            Value::Atom(name) => Value::text(name, at),
            Value::Integer(i) => Value::text(&i.to_string(), at),
            Value::Float(f) => Value::text(&super::inspect::float(*f), at),
            Value::List(items) => return self.chars_to_text(items, at),
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                let mut texts = Vec::new();
                for candidate in &unknown.candidates {
                    texts.push(self.text_of(candidate, at)?);
                }
                Value::one_of(texts, unknown.gap.clone())
            }
            Value::Unknown(_) | Value::Term(_) => value.clone(),
            Value::Tuple(_) | Value::Map(_) | Value::Range(..) | Value::Function(_) | Value::Quoted(_) => {
                if value.struct_name().is_some() {
                    return Ok(self.unknown(at, "the text of a struct"));
                }
                return Err(self.raise("Protocol.UndefinedError", "String.Chars is not implemented", at));
            }
        })
    }

    /// A list of characters and texts as text.
    pub(super) fn chars_to_text(&mut self, items: &Items, at: Span) -> Run<Value> {
        let mut parts = Vec::new();
        for item in items.iter() {
            match item {
                Value::Integer(code) => match u32::try_from(*code).ok().and_then(char::from_u32) {
                    Some(c) => parts.push(Value::text(c.encode_utf8(&mut [0; 4]), at)),
                    None => return Err(self.raise("ArgumentError", "is no character", at)),
                },
                Value::Text(_) | Value::Unknown(_) => parts.push(item.clone()),
                Value::List(inner) => {
                    let text = self.deeper(at, |m| m.chars_to_text(inner, at))?;
                    parts.push(text);
                }
                _ if item.gap().is_some() => parts.push(item.clone()),
                _ => return Err(self.raise("ArgumentError", "is no character data", at)),
            }
        }
        self.concat(&parts)
    }

    /// `String.to_atom(value)`.
    pub(super) fn atom_of(&mut self, value: &Value, at: Span) -> Value {
        match value {
            Value::Text(text) => Value::atom(text.as_str()),
            Value::Unknown(unknown) => {
                let atoms = unknown
                    .candidates
                    .iter()
                    .filter_map(Value::as_str)
                    .map(Value::atom);
                Value::one_of(atoms.collect(), unknown.gap.clone())
            }
            other => match other.gap() {
                Some(gap) => Value::unknown(gap),
                None => self.unknown(at, "an atom that is not known"),
            },
        }
    }

    fn sigil(&mut self, sigil: &Sigil, scope: &mut Scope, at: Span) -> Run<Value> {
        let text = self.interpolate(&sigil.parts, scope)?;
        let text = if sigil.parts.is_empty() {
            Value::text("", at)
        } else {
            text
        };
        match sigil.name.as_str() {
            "s" | "S" => Ok(text),
            "w" | "W" => {
                let Value::Text(known) = &text else {
                    return Ok(self.unknown(at, "words that are not known"));
                };
                let words = super::standard::words(known);
                Ok(Value::list(
                    words
                        .into_iter()
                        .map(|word| match sigil.modifiers.as_str() {
                            "a" => Value::atom(word.as_str()),
                            "c" => Value::list(
                                word.as_str()
                                    .chars()
                                    .map(|c| Value::Integer(i64::from(u32::from(c))))
                                    .collect(),
                            ),
                            _ => Value::Text(Rc::new(word)),
                        })
                        .collect(),
                ))
            }
            "c" | "C" => Ok(match text.as_str() {
                Some(text) => Value::list(
                    text.chars()
                        .map(|c| Value::Integer(i64::from(u32::from(c))))
                        .collect(),
                ),
                None => self.unknown(at, "text that is not known"),
            }),
            "r" | "R" => Ok(Value::structure(
                "Regex",
                [
                    (SmolStr::new_static("opts"), Value::text(&sigil.modifiers, at)),
                    (SmolStr::new_static("source"), text),
                ],
            )),
            "D" | "T" | "N" | "U" => {
                let module = match sigil.name.as_str() {
                    "D" => "Date",
                    "T" => "Time",
                    "N" => "NaiveDateTime",
                    _ => "DateTime",
                };
                Ok(Value::structure(module, [(SmolStr::new_static("sigil"), text)]))
            }
            name => {
                // A sigil of the repository's or a library's own is a call.
                let name = SmolStr::new(format!("sigil_{name}"));
                let gap = self.gap(at, format!("what the sigil {name} gives"));
                let term = self.term(
                    TermCallee::Remote(SmolStr::new_static("Kernel"), name),
                    vec![text],
                    at,
                );
                self.note(&gap);
                Ok(term)
            }
        }
    }

    /// A call that no one gave a meaning.
    pub fn term(&mut self, callee: TermCallee, args: Vec<Value>, span: Span) -> Value {
        let inner = match &callee {
            TermCallee::Field(value, _) | TermCallee::Apply(value) => value.depth(),
            TermCallee::Remote(..) => 0,
        };
        let depth = args.iter().map(Value::depth).max().unwrap_or(0).max(inner) + 1;
        if depth >= super::value::MAX_DEPTH {
            return self.unknown(span, "a value that is nested deeper than is followed");
        }
        Value::Term(Rc::new(Term {
            callee,
            args,
            span,
            depth,
        }))
    }

    /// A quoted form as a value: literals, lists and pairs are themselves.
    pub(super) fn form_value(&self, form: &Form) -> Value {
        match &form.kind {
            FormKind::Atom(name) => Value::Atom(name.clone()),
            FormKind::Integer(i) => Value::Integer(*i),
            FormKind::Float(f) => Value::Float(*f),
            FormKind::Text(text) => Value::Text(Rc::new(text.clone())),
            FormKind::Injected(index) => match self.injected.get(*index as usize) {
                Some(value) => value.clone(),
                None => self.unknown(form.span, "a value that a macro gave"),
            },
            FormKind::List(items) if items.last().is_none_or(|i| i.args_of("|").is_none()) => {
                Value::list(items.iter().map(|i| self.form_value(i)).collect())
            }
            FormKind::Tuple(items) if items.len() == 2 => {
                Value::tuple(items.iter().map(|i| self.form_value(i)).collect())
            }
            _ => {
                let depth = super::quote::depth(form);
                if depth >= super::value::MAX_DEPTH * 3 {
                    return self.unknown(form.span, "code that is nested deeper than is followed");
                }
                Value::Quoted(Rc::new(Quoted {
                    form: form.clone(),
                    depth: depth / 8,
                }))
            }
        }
    }
}

/// Runs of text as one; neighbours that touch in the file are one run.
pub(super) fn joined(runs: impl IntoIterator<Item = (String, Span, bool)>) -> Text {
    let mut out: Vec<(String, Span, bool)> = Vec::new();
    for (run, span, exact) in runs {
        if let Some((last, place, true)) = out.last_mut()
            && exact
            && place.file == span.file
            && place.end == span.start
        {
            last.push_str(&run);
            place.end = span.end;
            continue;
        }
        out.push((run, span, exact));
    }
    Text::composed(out)
}
