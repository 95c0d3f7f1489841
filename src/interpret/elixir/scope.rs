//! Where a form is evaluated: variables, and what names of modules and functions mean there.

use std::rc::Rc;

use smol_str::SmolStr;

use super::value::Value;
use crate::syntax::elixir::Context;

/// Variables, aliases, imports and the module of a place. Cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub(super) variables: Rc<Vec<(SmolStr, Context, Value)>>,
    pub(super) lexical: Rc<Lexical>,
    /// What `&1`, `&2` are, in a capture.
    pub(super) captured: Option<Rc<[Value]>>,
}

/// What names mean at a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexical {
    /// The module that it stands in, without `Elixir.`.
    pub(super) module: Option<SmolStr>,
    /// The function that it stands in.
    pub(super) function: Option<(SmolStr, usize)>,
    /// Short name, full name, and the expansion that wrote it; later ones win.
    pub(super) aliases: Vec<(SmolStr, SmolStr, Context)>,
    /// Modules whose functions are called by name alone; later ones win.
    pub(super) imports: Vec<Import>,
    /// The attributes as they stood where a function was defined: its body sees those.
    pub(super) attributes: Option<Rc<Vec<(SmolStr, Value)>>>,
}

/// `import Module, only: ..., except: ...`.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) module: SmolStr,
    pub(super) only: Option<Vec<(SmolStr, usize)>>,
    pub(super) except: Vec<(SmolStr, usize)>,
}

impl Scope {
    /// The value of a variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variable_in(name, 0)
    }

    pub(super) fn variable_in(&self, name: &str, context: Context) -> Option<&Value> {
        self.variables
            .iter()
            .rev()
            .find(|(n, c, _)| *c == context && n == name)
            .map(|(_, _, value)| value)
    }

    /// How deep values are nested in the variables.
    pub(super) fn depth(&self) -> u32 {
        let captured = self.captured.iter().flat_map(|c| c.iter());
        let variables = self.variables.iter().map(|(_, _, value)| value);
        variables.chain(captured).map(Value::depth).max().unwrap_or(0)
    }

    /// Gives a variable its value.
    pub fn bind(&mut self, name: &str, value: Value) {
        self.bind_in(name, 0, value);
    }

    pub(super) fn bind_in(&mut self, name: &str, context: Context, value: Value) {
        let variables = Rc::make_mut(&mut self.variables);
        match variables.iter_mut().find(|(n, c, _)| *c == context && n == name) {
            Some(variable) => variable.2 = value,
            None => variables.push((SmolStr::new(name), context, value)),
        }
    }

    /// The module that it stands in, without `Elixir.`.
    #[must_use]
    pub fn module(&self) -> Option<&SmolStr> {
        self.lexical.module.as_ref()
    }

    /// `import module`.
    pub fn import(&mut self, module: &str) {
        Rc::make_mut(&mut self.lexical).imports.push(Import {
            module: SmolStr::new(module),
            only: None,
            except: Vec::new(),
        });
    }

    /// `import module, only: [name: arity, ...]`.
    pub fn import_only(&mut self, module: &str, only: &[(&str, usize)]) {
        let only = only.iter().map(|&(name, arity)| (SmolStr::new(name), arity));
        Rc::make_mut(&mut self.lexical).imports.push(Import {
            module: SmolStr::new(module),
            only: Some(only.collect()),
            except: Vec::new(),
        });
    }

    /// `alias full, as: short`.
    pub fn alias(&mut self, short: &str, full: &str) {
        self.alias_in(short, full, 0);
    }

    pub(super) fn alias_in(&mut self, short: &str, full: &str, context: Context) {
        let lexical = Rc::make_mut(&mut self.lexical);
        lexical.aliases.retain(|(s, _, c)| s != short || *c != context);
        if short != full {
            lexical
                .aliases
                .push((SmolStr::new(short), SmolStr::new(full), context));
        }
    }

    /// The full name of a module as written here.
    #[must_use]
    pub fn resolve(&self, alias: &str) -> SmolStr {
        self.resolve_in(alias, 0)
    }

    pub(super) fn resolve_in(&self, alias: &str, context: Context) -> SmolStr {
        if let Some(full) = alias.strip_prefix("Elixir.") {
            return SmolStr::new(full);
        }
        let (first, rest) = match alias.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (alias, None),
        };
        let known = self
            .lexical
            .aliases
            .iter()
            .rev()
            .find(|(short, _, c)| short == first && (context == 0 || *c == context));
        match (known, rest) {
            (Some((_, full, _)), Some(rest)) => SmolStr::new(format!("{full}.{rest}")),
            (Some((_, full, _)), None) => full.clone(),
            (None, _) => SmolStr::new(alias),
        }
    }
}
