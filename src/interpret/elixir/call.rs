//! Calls: what a name means at a place, and how functions and macros run.

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::{Called, Library, Written};
use super::machine::{Machine, Run};
use super::module::{Definition, Module};
use super::scope::Scope;
use super::standard;
use super::value::{Function, TermCallee, Value};
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::elixir::{Call, Callee, Context, Form};

/// Where a call is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) span: Span,
    pub(super) name: Span,
}

/// What a local name means.
enum Meaning {
    /// A function or macro of a module of the repository.
    Inside(Rc<Module>, Rc<Definition>),
    /// One that a library brings.
    Outside(SmolStr),
    /// One of `Kernel`.
    Kernel,
    /// One that a library may bring.
    Perhaps(SmolStr),
    /// None that is known.
    Nothing,
}

/// What every module answers about itself: asked of one that is not known, nothing else runs.
const ASKED_OF_MODULES: [&str; 8] = [
    "__schema__",
    "__changeset__",
    "__struct__",
    "__info__",
    "__adapter__",
    "__enum_map__",
    "module_info",
    "behaviour_info",
];

/// How many functions are called back that were handed over.
const MOST_HANDED: usize = 16;

/// Functions in what is handed over, and how many values were looked at.
fn handed<'v>(args: &'v [Value]) -> (Vec<&'v Rc<Function>>, u64) {
    let (mut functions, mut seen) = (Vec::new(), 0);
    let mut waiting: Vec<&'v Value> = args.iter().rev().collect();
    while let Some(value) = waiting.pop() {
        seen += 1;
        match value {
            Value::Function(function) => functions.push(function),
            Value::List(items) => waiting.extend(items.iter()),
            Value::Tuple(items) => waiting.extend(items.iter()),
            Value::Map(map) => waiting.extend(map.entries().iter().map(|(_, item)| item)),
            Value::Unknown(unknown) => waiting.extend(&unknown.candidates),
            _ => {}
        }
    }
    (functions, seen)
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn call_form(&mut self, form: &Form, call: &Call, scope: &mut Scope) -> Run<Value> {
        match &call.callee {
            Callee::Local(name) => {
                if let Some(out) = self.special(name, &call.args, form, call, scope) {
                    return out;
                }
                self.call_local(name, &call.args, call.context, form.span, call.name_span, scope)
            }
            Callee::Remote(left, name) => {
                let place = Place {
                    span: form.span,
                    name: call.name_span,
                };
                let target = self.eval(left, scope)?;
                if !call.parens && !matches!(target, Value::Atom(_)) {
                    return self.field(&target, name, form.span);
                }
                self.call_remote(&target, name, &call.args, place, scope)
            }
            Callee::Anonymous(left) => {
                let function = self.eval(left, scope)?;
                let args = self.all(&call.args, scope)?;
                self.call_value(&function, args, form.span)
            }
            Callee::Form(_) => {
                Ok(self.unknown_code(form.span, "a call of what a call gives is not followed"))
            }
        }
    }

    /// `name(args)`.
    pub(super) fn call_local(
        &mut self,
        name: &SmolStr,
        args: &[Form],
        context: Context,
        span: Span,
        name_span: Span,
        scope: &mut Scope,
    ) -> Run<Value> {
        let place = Place {
            span,
            name: name_span,
        };
        let mut meaning = self.meaning(name, args.len(), &scope.lexical.clone(), span);
        if matches!(meaning, Meaning::Nothing | Meaning::Perhaps(_))
            && let Some(origin) = (context as usize)
                .checked_sub(1)
                .and_then(|i| self.origins.get(i))
                .cloned()
        {
            match self.meaning(name, args.len(), &origin, span) {
                Meaning::Nothing => {}
                found => meaning = found,
            }
        }
        match meaning {
            Meaning::Inside(module, definition) => self.call_inside(&module, &definition, args, place, scope),
            Meaning::Outside(module) | Meaning::Perhaps(module) => {
                let open = self.brought(&module, name, args.len(), span);
                self.call_outside(&module, name, args, place, scope, open)
            }
            Meaning::Kernel => self.call_outside("Kernel", name, args, place, scope, None),
            Meaning::Nothing => {
                let own = scope.module().cloned().unwrap_or_default();
                let open = self.open_module(&own, span);
                self.call_outside(&own, name, args, place, scope, open)
            }
        }
    }

    /// Why it is not known what an imported function does that neither the library nor the standard library has: what is imported
    /// is meant for the module that imports it.
    fn brought(&self, module: &str, name: &str, arity: usize, at: Span) -> Option<Gap> {
        let known = L::exports(module, name, arity) == Some(true) || standard::is_standard(module);
        (!known).then(|| self.code_gap(at, format!("what {module}.{name} does")))
    }

    /// Why a module may have more than is known.
    fn open_module(&mut self, name: &str, at: Span) -> Option<Gap> {
        self.module(name, at).and_then(|m| m.open.clone())
    }

    fn meaning(&mut self, name: &str, arity: usize, lexical: &super::scope::Lexical, at: Span) -> Meaning {
        if let Some(own) = &lexical.module
            && let Some(module) = self.module(own, at)
            && let Some(definition) = module.definition(name, arity)
        {
            return Meaning::Inside(module.clone(), definition.clone());
        }
        let mut perhaps = None;
        for import in lexical.imports.iter().rev() {
            let listed = |list: &[(SmolStr, usize)]| list.iter().any(|(n, a)| n == name && *a == arity);
            if import.only.as_ref().is_some_and(|only| !listed(only)) || listed(&import.except) {
                continue;
            }
            if self.modules.may_have(&import.module)
                && let Some(module) = self.module(&import.module, at)
            {
                match module.definition(name, arity) {
                    Some(definition) if definition.kind.is_public() => {
                        return Meaning::Inside(module.clone(), definition.clone());
                    }
                    _ if module.open.is_some() => perhaps = perhaps.or(Some(import.module.clone())),
                    _ => {}
                }
                continue;
            }
            match L::exports(&import.module, name, arity) {
                Some(true) => return Meaning::Outside(import.module.clone()),
                Some(false) => {}
                None if import.only.is_some() => return Meaning::Outside(import.module.clone()),
                None if standard::has(&import.module, name) => {
                    return Meaning::Outside(import.module.clone());
                }
                None if standard::is_standard(&import.module) => {}
                None => perhaps = perhaps.or(Some(import.module.clone())),
            }
        }
        if standard::has("Kernel", name) {
            return Meaning::Kernel;
        }
        perhaps.map_or(Meaning::Nothing, Meaning::Perhaps)
    }

    /// The macro of the repository that a local name means.
    pub(super) fn macro_named(
        &mut self,
        name: &str,
        arity: usize,
        scope: &Scope,
        at: Span,
    ) -> Option<Rc<Definition>> {
        match self.meaning(name, arity, &scope.lexical.clone(), at) {
            Meaning::Inside(_, definition) if definition.kind.is_macro() => Some(definition),
            _ => None,
        }
    }

    fn call_inside(
        &mut self,
        module: &Rc<Module>,
        definition: &Rc<Definition>,
        args: &[Form],
        place: Place,
        scope: &mut Scope,
    ) -> Run<Value> {
        if definition.kind.is_macro() {
            return self.expand_macro(definition, args, place, scope);
        }
        let args = self.all(args, scope)?;
        if let Some(gap) = definition.maybe.clone() {
            self.note(&gap);
        }
        let _ = module;
        self.invoke(definition, args, place.span)
    }

    /// `module.name(args)`.
    pub(super) fn call_remote(
        &mut self,
        target: &Value,
        name: &SmolStr,
        args: &[Form],
        place: Place,
        scope: &mut Scope,
    ) -> Run<Value> {
        let Value::Atom(_) = target else {
            if let Value::Unknown(unknown) = target
                && !unknown.candidates.is_empty()
                && unknown.candidates.iter().all(|c| matches!(c, Value::Atom(_)))
            {
                return self.call_one_of(
                    &unknown.candidates.clone(),
                    &unknown.gap.clone(),
                    name,
                    args,
                    place,
                    scope,
                );
            }
            let asks = ASKED_OF_MODULES.contains(&name.as_str());
            if args.is_empty() && (asks || target.gap().is_none()) {
                return self.field(target, name, place.span);
            }
            let args = self.all_but_blocks(args, scope)?;
            if asks && let Some(gap) = target.gap() {
                return Ok(Value::unknown(gap));
            }
            return self.call_unknown(target, name, args, place);
        };
        let Some(module) = target.as_module() else {
            return Ok(self.unknown(place.span, "a call of no module"));
        };
        if self.modules.may_have(&module)
            && let Some(made) = self.module(&module, place.span)
        {
            if let Some(definition) = made.definition(name, args.len())
                && (definition.kind.is_public() || scope.module() == Some(&module))
            {
                return self.call_inside(&made, &definition.clone(), args, place, scope);
            }
            let open = made.open.clone();
            return self.call_outside(&module, name, args, place, scope, open);
        }
        let open = self.unmade(&module, place.span);
        self.call_outside(&module, name, args, place, scope, open)
    }

    /// Why it is not known what a module of the repository holds that could not be made.
    fn unmade(&self, module: &str, at: Span) -> Option<Gap> {
        self.modules.find(module)?;
        Some(self.code_gap(at, format!("the module {module} could not be followed")))
    }

    fn call_one_of(
        &mut self,
        candidates: &[Value],
        gap: &Gap,
        name: &SmolStr,
        args: &[Form],
        place: Place,
        scope: &mut Scope,
    ) -> Run<Value> {
        let Some((first, rest)) = candidates.split_first() else {
            return Ok(Value::unknown(gap.clone()));
        };
        let mut own = scope.clone();
        if rest.is_empty() {
            return self.call_remote(first, name, args, place, &mut own);
        }
        let mut other = scope.clone();
        self.fork(
            gap,
            |machine| machine.call_remote(first, name, args, place, &mut own),
            |machine| machine.call_one_of(rest, gap, name, args, place, &mut other),
        )
    }

    /// A call of a value that is no module.
    fn call_unknown(&mut self, target: &Value, name: &SmolStr, args: Vec<Value>, place: Place) -> Run<Value> {
        let gap = match target.gap() {
            Some(gap) => self.code_gap(
                place.span,
                format!("which module's {name} runs is not known: {}", gap.why),
            ),
            None => self.gap(place.span, format!("a call of {name} of what is no module")),
        };
        self.note_code(&gap);
        let called = Called {
            module: "",
            name,
            args: &args,
            spans: &[],
            span: place.span,
        };
        L::opaque(self, &gap, Some(&called));
        self.call_back(&args, &gap, place.span)?;
        Ok(Value::unknown(gap))
    }

    /// Arguments of a call that no one expands: its blocks are not run.
    fn all_but_blocks(&mut self, args: &[Form], scope: &mut Scope) -> Run<Vec<Value>> {
        let blocks = args.last().is_some_and(|last| last.keyword("do").is_some());
        let count = args.len() - usize::from(blocks);
        self.all(&args[..count], scope)
    }

    /// A function or macro that the repository does not define.
    pub(super) fn call_outside(
        &mut self,
        module: &str,
        name: &SmolStr,
        args: &[Form],
        place: Place,
        scope: &mut Scope,
        open: Option<Gap>,
    ) -> Run<Value> {
        let written = Written {
            module,
            name,
            args,
            span: place.span,
            name_span: place.name,
        };
        if let Some(out) = L::expand(self, &written, scope) {
            return out;
        }
        if let Some(out) = self.standard_macro(&written, scope) {
            return out;
        }
        let values = self.all_but_blocks(args, scope)?;
        let spans: Vec<Span> = args.iter().map(|a| a.span).collect();
        let blocked = values.len() < args.len();
        self.call_known(module, name, values, &spans, place.span, blocked, open)
    }

    /// A function that the repository does not define, with values. `blocked`: a block was given that no one runs.
    #[allow(clippy::too_many_arguments, reason = "what a call is")]
    fn call_known(
        &mut self,
        module: &str,
        name: &SmolStr,
        args: Vec<Value>,
        spans: &[Span],
        span: Span,
        blocked: bool,
        open: Option<Gap>,
    ) -> Run<Value> {
        let called = Called {
            module,
            name,
            args: &args,
            spans,
            span,
        };
        if let Some(out) = L::call(self, &called) {
            return out;
        }
        if !blocked && let Some(out) = standard::call(self, &called) {
            return out;
        }
        if open.is_none() && !blocked && standard::is_standard(module) && standard::is_harmless(module, name)
        {
            // What is not known of an argument is not known of what is made of it.
            let gap = args.iter().find_map(Value::gap);
            let gap = gap.unwrap_or_else(|| self.gap(span, format!("what {module}.{name} gives")));
            self.call_back(&args, &gap, span)?;
            return Ok(Value::unknown(gap));
        }
        let does = format!("what {module}.{name} does");
        let gap = match open {
            Some(gap) => self.code_gap(span, gap.why.clone()),
            None if blocked => self.code_gap(span, format!("{does} with its block")),
            None if standard::runs_other_code(&called) => self.code_gap(span, does),
            None => self.gap(span, does),
        };
        L::opaque(self, &gap, Some(&called));
        self.call_back(&args, &gap, span)?;
        if standard::is_standard(module) && !blocked {
            return Ok(self.unknown(span, format!("what {module}.{name} gives")));
        }
        let callee = TermCallee::Remote(SmolStr::new(module), name.clone());
        Ok(self.term(callee, args, span))
    }

    /// Functions that are given to code that is not there may be called by it, with anything.
    pub(super) fn call_back(&mut self, args: &[Value], gap: &Gap, at: Span) -> Run<()> {
        let (functions, seen) = handed(args);
        self.budget.charge(seen / 4);
        if functions.len() > MOST_HANDED {
            self.unknown_code(at, "more functions are handed over than are followed");
        }
        for made in functions.into_iter().take(MOST_HANDED) {
            let function = Value::Function(made.clone());
            let unknown = vec![Value::unknown(gap.clone()); made.arity()];
            self.perhaps(gap, |machine| {
                machine.call_value(&function, unknown, at)?;
                Ok(Value::nil())
            })?;
        }
        Ok(())
    }

    /// Calls a function of a module, of the repository or not, with values.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn call_function(&mut self, module: &str, name: &str, args: Vec<Value>, at: Span) -> Run<Value> {
        self.entry(|machine| machine.apply(module, name, args, at))
    }

    /// `apply(module, name, args)`; private functions too.
    pub(super) fn apply(&mut self, module: &str, name: &str, args: Vec<Value>, at: Span) -> Run<Value> {
        let mut open = None;
        if self.modules.may_have(module)
            && let Some(made) = self.module(module, at)
        {
            if let Some(definition) = made.definition(name, args.len()).cloned()
                && !definition.kind.is_macro()
            {
                return self.invoke(&definition, args, at);
            }
            open = made.open.clone();
        } else {
            open = open.or_else(|| self.unmade(module, at));
        }
        self.call_known(module, &SmolStr::new(name), args, &[], at, false, open)
    }

    /// Whether a module of the repository has a public function; `None` where that cannot be told.
    pub fn has_function(&mut self, module: &str, name: &str, arity: usize, at: Span) -> Option<bool> {
        let made = self.module(module, at)?;
        match made.definition(name, arity) {
            Some(definition) if definition.maybe.is_some() => None,
            Some(definition) => Some(definition.kind.is_public()),
            None if made.open.is_some() => None,
            None => Some(false),
        }
    }

    /// Calls a function that is a value.
    ///
    /// # Errors
    /// Where an exception leaves it, or a budget is used up.
    pub fn call_value(&mut self, function: &Value, args: Vec<Value>, at: Span) -> Run<Value> {
        match function {
            Value::Function(function) => self.deeper(at, |machine| machine.call_made(function, args, at)),
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                let (gap, candidates) = (unknown.gap.clone(), unknown.candidates.clone());
                let Some((first, rest)) = candidates.split_first() else {
                    return Ok(Value::unknown(gap));
                };
                let rest = Value::one_of(rest.to_vec(), gap.clone());
                let more = args.clone();
                self.fork(
                    &gap,
                    |machine| machine.call_value(first, args, at),
                    |machine| machine.call_value(&rest, more, at),
                )
            }
            other => match other.gap() {
                Some(gap) => {
                    let gap = self.code_gap(at, format!("which function runs is not known: {}", gap.why));
                    self.note_code(&gap);
                    L::opaque(self, &gap, None);
                    self.call_back(&args, &gap, at)?;
                    Ok(self.term(TermCallee::Apply(other.clone()), args, at))
                }
                None => Err(self.raise("BadFunctionError", "expected a function", at)),
            },
        }
    }

    fn call_made(&mut self, function: &Rc<Function>, args: Vec<Value>, at: Span) -> Run<Value> {
        self.tick(at)?;
        if function.arity() != args.len() {
            return Err(self.raise("BadArityError", "a function with another number of arguments", at));
        }
        match &**function {
            Function::Closure { clauses, scope, .. } => {
                let arms = super::clauses::arms(clauses);
                self.choose(&arms, &args, scope, at, "FunctionClauseError")
            }
            Function::Capture { body, scope, .. } => {
                let mut scope = scope.clone();
                scope.captured = Some(args.into());
                self.eval(body, &mut scope)
            }
            Function::Named { module, name, .. } => self.apply(&module.clone(), &name.clone(), args, at),
        }
    }

    /// `value.name`.
    pub(super) fn field(&mut self, value: &Value, name: &SmolStr, at: Span) -> Run<Value> {
        match value {
            Value::Map(map) => match map.get_atom(name) {
                Some(found) => Ok(found.clone()),
                None if map.entries().iter().any(|(k, _)| !k.is_known()) => {
                    Ok(self.unknown(at, format!("the key {name} of a map that is not known")))
                }
                None => Err(self.raise("KeyError", &format!("key :{name} not found"), at)),
            },
            Value::Range(first, last, step) => match name.as_str() {
                "first" => Ok(Value::Integer(*first)),
                "last" => Ok(Value::Integer(*last)),
                _ => Ok(Value::Integer(*step)),
            },
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                let mut out = Vec::new();
                for candidate in &unknown.candidates.clone() {
                    match self.field(candidate, name, at) {
                        Ok(value) => out.push(value),
                        Err(stop @ super::machine::Stop::Exhausted(..)) => return Err(stop),
                        Err(_) => {}
                    }
                }
                Ok(Value::one_of(out, unknown.gap.clone()))
            }
            Value::Unknown(unknown) => Ok(Value::unknown(unknown.gap.clone())),
            Value::Term(_) => match L::field(self, value, name, at) {
                Some(out) => out,
                None => Ok(self.term(TermCallee::Field(value.clone(), name.clone()), Vec::new(), at)),
            },
            Value::Atom(_) => {
                let module = value.as_module().unwrap_or_default();
                self.apply(&module, name, Vec::new(), at)
            }
            _ => Err(self.raise("BadMapError", &format!("no field {name} of what is no map"), at)),
        }
    }
}
