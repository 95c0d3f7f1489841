//! What the `dump` of a custom type certainly gives: it is what is sent, whatever `type/0` says, and the type's own `load` takes what
//! comes back.
//!
//! Source: `Ecto.Type` (Ecto 3.13, lib/ecto/type.ex: `adapter_dump`), `Ecto.Adapters.Postgres` (`dumpers`), and Postgrex's extensions,
//! which encode a value by the type of the column.

use smol_str::SmolStr;

use crate::interpret::elixir::{Clause, Module};
use crate::syntax::elixir::{Call, Callee, Form, FormKind};

/// How deep forms are looked into.
const DEEPEST: usize = 60;

/// What an expression comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// A value of this kind, by the name that `types` knows it by.
    Certain(&'static str),
    /// `nil`, an error, an exception: nothing that says what is sent.
    Nothing,
    /// Not told.
    Open,
}

impl Sent {
    /// Of two courses.
    fn or(self, other: Sent) -> Sent {
        match (self, other) {
            (Sent::Nothing, known) | (known, Sent::Nothing) => known,
            (Sent::Certain(a), Sent::Certain(b)) if a == b => self,
            (Sent::Certain("string"), Sent::Certain("bytes"))
            | (Sent::Certain("bytes"), Sent::Certain("string")) => Sent::Certain("bytes"),
            _ => Sent::Open,
        }
    }
}

/// What `dump` of so many arguments gives, if all its clauses agree on it; by a name of `types`.
#[must_use]
pub fn kind(module: &Module, arity: usize) -> Option<&'static str> {
    let mut reader = Reader {
        module,
        budget: 4_000,
    };
    match reader.function("dump", arity, 0) {
        Sent::Certain(kind) if reader.budget > 0 => Some(kind),
        _ => None,
    }
}

type Scope = Vec<(SmolStr, Sent)>;

struct Reader<'m> {
    module: &'m Module,
    budget: u32,
}

impl Reader<'_> {
    fn function(&mut self, name: &str, arity: usize, depth: usize) -> Sent {
        let Some(definition) = self.module.definition(name, arity).cloned() else {
            return Sent::Open;
        };
        if definition.maybe.is_some() || definition.kind.is_macro() || depth > DEEPEST {
            return Sent::Open;
        }
        let mut sent = Sent::Nothing;
        for clause in &definition.clauses {
            sent = sent.or(self.clause(clause, depth + 1));
        }
        sent
    }

    fn clause(&mut self, clause: &Clause, depth: usize) -> Sent {
        let mut scope = Scope::new();
        for param in &clause.params {
            bind(param, Sent::Open, &mut scope, 0);
        }
        if let Some(guard) = &clause.guard {
            guarded(guard, &mut scope, 0);
        }
        self.blocks(&clause.body, &scope, depth)
    }

    /// `[do: ..., rescue: ...]`.
    fn blocks(&mut self, form: &Form, scope: &Scope, depth: usize) -> Sent {
        if !form.is_keywords() {
            return self.outcome(form, &mut scope.clone(), depth);
        }
        let mut sent = Sent::Nothing;
        for (key, block) in form.as_list().unwrap_or(&[]).iter().filter_map(Form::as_pair) {
            if key == "after" {
                continue;
            }
            sent = sent.or(match block.as_list() {
                Some(arrows) => self.arrows(arrows, Sent::Open, scope, depth),
                None => self.outcome(block, &mut scope.clone(), depth),
            });
        }
        sent
    }

    /// The clauses of `case`, `cond`, `rescue`, `else`.
    fn arrows(&mut self, arrows: &[Form], subject: Sent, scope: &Scope, depth: usize) -> Sent {
        let mut sent = Sent::Nothing;
        for arrow in arrows {
            let Some([patterns, body]) = arrow.args_of("->") else {
                return Sent::Open;
            };
            let mut within = scope.clone();
            for pattern in patterns.as_list().unwrap_or(&[]) {
                match pattern.args_of("when") {
                    Some([pattern, guard]) => {
                        matched(pattern, subject, &mut within);
                        guarded(guard, &mut within, 0);
                    }
                    _ => matched(pattern, subject, &mut within),
                }
            }
            sent = sent.or(self.outcome(body, &mut within, depth));
        }
        sent
    }

    /// What `{:ok, value}`, `:error` and the like say.
    fn outcome(&mut self, form: &Form, scope: &mut Scope, depth: usize) -> Sent {
        self.budget = self.budget.saturating_sub(1);
        if depth > DEEPEST || self.budget == 0 {
            return Sent::Open;
        }
        match &form.kind {
            FormKind::Atom(name) if matches!(name.as_str(), "error" | "nil") => Sent::Nothing,
            FormKind::Tuple(items) => match (items.first().and_then(Form::as_atom), items.get(1)) {
                (Some(ok), Some(value)) if ok == "ok" && items.len() == 2 => {
                    self.value(value, scope, depth + 1)
                }
                (Some(error), _) if error == "error" => Sent::Nothing,
                _ => Sent::Open,
            },
            FormKind::Call(call) => self.outcome_of_call(call, scope, depth + 1),
            _ => Sent::Open,
        }
    }

    fn outcome_of_call(&mut self, call: &Call, scope: &mut Scope, depth: usize) -> Sent {
        match (&call.callee, call.args.as_slice()) {
            (Callee::Local(name), args) => match (name.as_str(), args) {
                ("__block__", statements) => self.block(statements, scope, depth),
                ("|>", [first, next]) => match piped(first, next) {
                    Some(call) => self.outcome(&call, scope, depth),
                    None => Sent::Open,
                },
                ("raise" | "reraise" | "throw", _) => Sent::Nothing,
                ("if" | "unless", [_, blocks]) => self.blocks(blocks, scope, depth),
                ("try", [blocks]) => self.blocks(blocks, scope, depth),
                ("cond", [blocks]) => self.blocks(blocks, scope, depth),
                ("case", [subject, blocks]) => {
                    let subject = self.outcome(subject, &mut scope.clone(), depth);
                    let arrows = blocks.keyword("do").and_then(Form::as_list).unwrap_or(&[]);
                    self.arrows(arrows, subject, scope, depth)
                }
                ("with", [steps @ .., blocks]) => self.with(steps, blocks, scope, depth),
                (name, args) if self.module.definition(name, args.len()).is_some() => {
                    self.function(name, args.len(), depth)
                }
                _ => Sent::Open,
            },
            (Callee::Remote(object, name), args) => match (alias(object), name.as_str(), args) {
                (Some("Ecto.Type"), "dump", [kind, _]) => primitive(kind),
                (Some("Jason" | "Poison"), "encode", _) => Sent::Certain("string"),
                (Some(module), "dump", [_]) => match super::types::known(module) {
                    Some(kept) => Sent::Certain(kept),
                    None => Sent::Open,
                },
                _ => Sent::Open,
            },
            _ => Sent::Open,
        }
    }

    fn block(&mut self, statements: &[Form], scope: &mut Scope, depth: usize) -> Sent {
        let Some((last, before)) = statements.split_last() else {
            return Sent::Nothing;
        };
        for statement in before {
            if let Some([pattern, value]) = statement.args_of("=") {
                let sent = match &pattern.kind {
                    FormKind::Tuple(_) => self.outcome(value, &mut scope.clone(), depth),
                    _ => self.value(value, scope, depth),
                };
                bind(pattern, sent, scope, 0);
            }
        }
        self.outcome(last, scope, depth)
    }

    fn with(&mut self, steps: &[Form], blocks: &Form, scope: &Scope, depth: usize) -> Sent {
        let mut within = scope.clone();
        for step in steps {
            if let Some([pattern, value]) = step.args_of("<-") {
                let (pattern, guard) = match pattern.args_of("when") {
                    Some([pattern, guard]) => (pattern, Some(guard)),
                    _ => (pattern, None),
                };
                let sent = self.outcome(value, &mut within.clone(), depth);
                matched(pattern, sent, &mut within);
                if let Some(guard) = guard {
                    guarded(guard, &mut within, 0);
                }
            } else if let Some([pattern, value]) = step.args_of("=") {
                let sent = self.value(value, &within, depth);
                bind(pattern, sent, &mut within, 0);
            }
        }
        let done = match blocks.keyword("do") {
            Some(block) => self.outcome(block, &mut within, depth),
            None => Sent::Open,
        };
        match blocks.keyword("else").and_then(Form::as_list) {
            Some(arrows) => done.or(self.arrows(arrows, Sent::Open, scope, depth)),
            None => done,
        }
    }

    fn value(&mut self, form: &Form, scope: &Scope, depth: usize) -> Sent {
        self.budget = self.budget.saturating_sub(1);
        if depth > DEEPEST || self.budget == 0 {
            return Sent::Open;
        }
        match &form.kind {
            FormKind::Text(_) | FormKind::Binary(_) => Sent::Certain("string"),
            FormKind::Sigil(sigil) if matches!(sigil.name.as_str(), "s" | "S") => Sent::Certain("string"),
            FormKind::Integer(_) => Sent::Certain("whole"),
            FormKind::Float(_) => Sent::Certain("real"),
            FormKind::Atom(name) if name == "nil" => Sent::Nothing,
            FormKind::Atom(name) if name == "true" || name == "false" => Sent::Certain("boolean"),
            FormKind::Variable(name, _) => of(scope, name),
            FormKind::Call(call) => match (&call.callee, call.args.as_slice()) {
                (Callee::Local(name), [first, next]) if name == "|>" => match piped(first, next) {
                    Some(call) => self.value(&call, scope, depth + 1),
                    None => Sent::Open,
                },
                (Callee::Local(name), _) if name == "%{}" => Sent::Certain("map"),
                (Callee::Local(name), _) if name == "<<>>" || name == "<>" => Sent::Certain("bytes"),
                (Callee::Local(name), [kind, _]) if name == "%" => structure(kind),
                (Callee::Local(name), args) => match name.as_str() {
                    own if self.module.definition(own, args.len()).is_some() => Sent::Open,
                    "to_string" | "inspect" => Sent::Certain("string"),
                    "trunc" | "round" | "length" | "byte_size" => Sent::Certain("whole"),
                    _ => Sent::Open,
                },
                (Callee::Remote(object, name), _) => {
                    alias(object).map_or(Sent::Open, |module| given(module, name))
                }
                _ => Sent::Open,
            },
            _ => Sent::Open,
        }
    }
}

/// What functions of the language and of well-known libraries give.
fn given(module: &str, name: &str) -> Sent {
    Sent::Certain(match (module, name) {
        ("Atom" | "Integer" | "Float" | "Decimal" | "Version" | "URI" | "Date" | "Time", "to_string")
        | ("Date" | "DateTime" | "NaiveDateTime" | "Time", "to_iso8601")
        | ("String", "trim" | "downcase" | "upcase" | "capitalize" | "replace" | "slice")
        | ("Enum", "join")
        | ("Jason" | "Poison" | "JSON", "encode!")
        | ("Base", "encode16" | "encode32" | "encode64" | "url_encode64") => "string",
        ("erlang", "term_to_binary") => "bytes",
        ("String", "to_integer")
        | ("Decimal", "to_integer")
        | ("DateTime", "to_unix")
        | ("String", "length")
        | ("Enum", "count") => "whole",
        ("String" | "Decimal", "to_float") => "real",
        ("Map", "from_struct" | "new" | "put" | "take" | "drop") => "map",
        ("Decimal", "new" | "from_float") => "exact",
        ("Ecto.UUID", "dump!") => "uuid",
        _ => return Sent::Open,
    })
}

/// The value of a struct, by its name.
fn structure(kind: &Form) -> Sent {
    match alias(kind) {
        Some("Decimal") => Sent::Certain("exact"),
        Some("Postgrex.INET") => Sent::Certain("inet"),
        _ => Sent::Open,
    }
}

/// `Ecto.Type.dump(:integer, value)`.
fn primitive(kind: &Form) -> Sent {
    match kind.as_atom().map(SmolStr::as_str) {
        Some("string") => Sent::Certain("string"),
        Some("binary") => Sent::Certain("bytes"),
        Some("integer" | "id") => Sent::Certain("whole"),
        Some("float") => Sent::Certain("real"),
        Some("decimal") => Sent::Certain("exact"),
        Some("boolean") => Sent::Certain("boolean"),
        Some("map") => Sent::Certain("map"),
        _ => Sent::Open,
    }
}

fn alias(form: &Form) -> Option<&str> {
    match &form.kind {
        FormKind::Alias(name, _) => Some(name.strip_prefix("Elixir.").unwrap_or(name)),
        FormKind::Atom(name) => Some(name),
        _ => None,
    }
}

/// `first |> next(...)`.
fn piped(first: &Form, next: &Form) -> Option<Form> {
    let call = match &next.kind {
        FormKind::Call(call) => call,
        FormKind::Variable(name, _) => return Some(Form::call(next.span, name, vec![first.clone()])),
        _ => return None,
    };
    let mut call = Call::clone(call);
    call.args.insert(0, first.clone());
    Some(Form::new(next.span, FormKind::Call(call.into())))
}

fn of(scope: &Scope, name: &str) -> Sent {
    let known = scope.iter().rev().find(|(known, _)| known == name);
    known.map_or(Sent::Open, |(_, sent)| *sent)
}

/// The variables of a pattern; `sent` is what stands within `{:ok, value}`, or the value itself.
fn bind(pattern: &Form, sent: Sent, scope: &mut Scope, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match &pattern.kind {
        FormKind::Variable(name, _) => scope.push((name.clone(), sent)),
        FormKind::Tuple(items) => match &items[..] {
            [ok, value] if ok.as_atom().is_some_and(|ok| ok == "ok") => bind(value, sent, scope, depth + 1),
            items => items
                .iter()
                .for_each(|item| bind(item, Sent::Open, scope, depth + 1)),
        },
        FormKind::List(items) => items
            .iter()
            .for_each(|item| bind(item, Sent::Open, scope, depth + 1)),
        FormKind::Call(call) => match (&call.callee, call.args.as_slice()) {
            (Callee::Local(name), [a, b]) if name == "=" => {
                let shape = [a, b].into_iter().map(shape).find(|shape| *shape != Sent::Open);
                for side in [a, b] {
                    bind(side, shape.unwrap_or(sent), scope, depth + 1);
                }
            }
            (_, args) => args
                .iter()
                .for_each(|arg| bind(arg, Sent::Open, scope, depth + 1)),
        },
        _ => {}
    }
}

/// The variables of a pattern that a result like `{:ok, value}` is matched with.
fn matched(pattern: &Form, sent: Sent, scope: &mut Scope) {
    let within = matches!(pattern.kind, FormKind::Tuple(_));
    bind(pattern, if within { sent } else { Sent::Open }, scope, 0);
}

/// What a pattern lets pass.
fn shape(pattern: &Form) -> Sent {
    match pattern.as_local() {
        Some((name, _)) if name == "%{}" => Sent::Open,
        Some((name, [kind, _])) if name == "%" => structure(kind),
        Some((name, _)) if name == "<<>>" || name == "<>" => Sent::Certain("bytes"),
        _ => match &pattern.kind {
            FormKind::Text(_) => Sent::Certain("string"),
            FormKind::Integer(_) => Sent::Certain("whole"),
            _ => Sent::Open,
        },
    }
}

/// What a guard says of variables.
fn guarded(guard: &Form, scope: &mut Scope, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let Some((name, args)) = guard.as_local() else {
        return;
    };
    match (name.as_str(), args) {
        ("and", [a, b]) => {
            guarded(a, scope, depth + 1);
            guarded(b, scope, depth + 1);
        }
        (check, [only]) => {
            let FormKind::Variable(variable, _) = &only.kind else {
                return;
            };
            let sent = match check {
                "is_binary" => "bytes",
                "is_integer" => "whole",
                "is_float" => "real",
                "is_boolean" => "boolean",
                _ => return,
            };
            scope.push((variable.clone(), Sent::Certain(sent)));
        }
        _ => {}
    }
}
