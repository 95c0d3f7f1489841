//! The functions that a name can mean, fitted to a call (`FuncnameGetCandidates`).

use super::select::Takes;
use super::types::{Ty, Types};
use crate::name::{Name, QualifiedName};
use crate::schema::Function;
use crate::sqltype::Builtin;
use crate::sqltype::catalog::{self, FunctionKind, FunctionRow, Volatility};

/// A function that the search path finds, fitted to the number of arguments of a call.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// In the order of the call's arguments, variadic ones spelled out.
    pub(super) args: Vec<Ty>,
    /// Types of the parameters left to their defaults.
    pub(super) defaulted: Vec<Ty>,
    pub(super) returns: Ty,
    pub(super) set: bool,
    pub(super) kind: FunctionKind,
    pub(super) volatility: Volatility,
    /// How many of the call's last arguments its variadic parameter takes.
    pub(super) spread: usize,
    /// The element type of its variadic parameter.
    pub(super) variadic: Option<Ty>,
    pub(super) schema: Option<Name>,
    /// Its place on the search path, `pg_catalog` first.
    pub(super) path: usize,
    pub(super) certain: bool,
    /// Several that cannot be told apart.
    pub(super) ambiguous: bool,
    /// Its output parameters.
    pub(super) outputs: Vec<(Name, Ty)>,
}

impl Takes for Candidate {
    fn args(&self) -> &[Ty] {
        &self.args
    }
}

/// A function's parameters before they are fitted to a call.
pub(super) struct Declared<'a> {
    pub(super) args: Vec<Ty>,
    pub(super) names: Vec<Option<&'a str>>,
    pub(super) defaults: usize,
    pub(super) variadic: bool,
}

/// How a call names and counts its arguments.
pub(super) struct Shape<'a> {
    pub(super) count: usize,
    pub(super) named: Vec<&'a str>,
    /// `VARIADIC` is written: the last argument is the array itself.
    pub(super) spread: bool,
}

/// Parameters fitted to a call: types in the call's order, types left to defaults, how many are spread.
pub(super) struct Fitted {
    pub(super) args: Vec<Ty>,
    pub(super) defaulted: Vec<Ty>,
    pub(super) spread: usize,
}

pub(super) fn fit(declared: &Declared<'_>, shape: &Shape<'_>) -> Option<Fitted> {
    if !shape.named.is_empty() {
        return fit_named(declared, shape);
    }
    let (wanted, given) = (declared.args.len(), shape.count);
    if declared.variadic && !shape.spread && wanted <= given {
        let last = *declared.args.last()?;
        let element = element_of_variadic(last)?;
        let mut args = declared.args.clone();
        args.pop();
        args.resize(given, element);
        return Some(Fitted {
            args,
            defaulted: Vec::new(),
            spread: given - wanted + 1,
        });
    }
    if wanted < given || wanted > given + declared.defaults {
        return None;
    }
    let (args, defaulted) = declared.args.split_at_checked(given)?;
    Some(Fitted {
        args: args.to_vec(),
        defaulted: defaulted.to_vec(),
        spread: 0,
    })
}

/// `MatchNamedCall`.
pub(super) fn fit_named(declared: &Declared<'_>, shape: &Shape<'_>) -> Option<Fitted> {
    let wanted = declared.args.len();
    let positional = shape.count.checked_sub(shape.named.len())?;
    if shape.count > wanted || declared.names.len() < wanted || (declared.variadic && !shape.spread) {
        return None;
    }
    let mut used = vec![false; wanted];
    let mut args = Vec::with_capacity(shape.count);
    for i in 0..positional {
        *used.get_mut(i)? = true;
        args.push(*declared.args.get(i)?);
    }
    for name in &shape.named {
        let at = declared.names.iter().position(|n| *n == Some(*name))?;
        if std::mem::replace(used.get_mut(at)?, true) {
            return None;
        }
        args.push(*declared.args.get(at)?);
    }
    let mut defaulted = Vec::new();
    for (at, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
        if at + declared.defaults < wanted {
            return None;
        }
        defaulted.push(*declared.args.get(at)?);
    }
    Some(Fitted {
        args,
        defaulted,
        spread: 0,
    })
}

pub(super) fn element_of_variadic(array: Ty) -> Option<Ty> {
    match array.builtin() {
        Some(Builtin::Any) => Some(array),
        Some(Builtin::Anyarray) => Some(Ty::of(Builtin::Anyelement)),
        Some(Builtin::Anycompatiblearray) => Some(Ty::of(Builtin::Anycompatible)),
        _ => array.element(),
    }
}

/// All functions of a name, as a call of this shape could mean them.
pub(super) struct Search<'a> {
    pub(super) types: Types<'a>,
    pub(super) shape: &'a Shape<'a>,
    pub(super) found: Vec<Candidate>,
    /// Some function of the name exists, whatever it takes.
    pub(super) any: bool,
}

impl<'a> Search<'a> {
    fn rows(&mut self, rows: &'static [FunctionRow], schema: Option<&Name>, path: usize, certain: bool) {
        for row in rows {
            self.any = true;
            let args: Option<Vec<Ty>> = row.args.iter().map(|ty| self.types.of_row(*ty)).collect();
            let (Some(args), Some(returns)) = (args, self.types.of_row(row.returns)) else {
                continue;
            };
            let declared = Declared {
                args,
                names: row.arg_names.iter().map(|n| Some(*n)).collect(),
                defaults: row.defaults,
                variadic: row.variadic,
            };
            let like = Candidate {
                args: Vec::new(),
                defaulted: Vec::new(),
                returns,
                set: row.set,
                kind: row.kind,
                volatility: row.volatility,
                spread: 0,
                variadic: None,
                schema: schema.cloned(),
                path,
                certain,
                ambiguous: false,
                outputs: row
                    .outputs
                    .iter()
                    .filter_map(|(name, ty)| Some((Name::new(name), self.types.of_row(*ty)?)))
                    .collect(),
            };
            self.add(&declared, like);
        }
    }

    /// A function of the schema. Which of its parameters are variadic is not recorded: none is taken to be.
    fn function(&mut self, function: &Function, path: usize) -> Option<()> {
        self.any = true;
        let inputs: Vec<_> = function.parameters.list.iter().filter(|p| p.2).collect();
        let declared = Declared {
            args: inputs.iter().map(|p| Ty::from_sql(&p.1)).collect::<Option<_>>()?,
            names: inputs.iter().map(|p| p.0.as_ref().map(Name::as_str)).collect(),
            defaults: inputs.iter().rev().take_while(|p| p.4.is_some()).count(),
            variadic: false,
        };
        let returns = function.returns.as_ref().and_then(Ty::from_sql);
        let like = Candidate {
            args: Vec::new(),
            defaulted: Vec::new(),
            returns: returns.unwrap_or(Ty::of(Builtin::Void)),
            set: function.set,
            kind: if function.procedure {
                FunctionKind::Procedure
            } else {
                FunctionKind::Function
            },
            volatility: if function.immutable {
                Volatility::Immutable
            } else {
                Volatility::Volatile
            },
            spread: 0,
            variadic: None,
            schema: Some(self.types.schema.namespaces[function.namespace].name.clone()),
            path,
            certain: function.presence.is_present() && returns.is_some(),
            ambiguous: false,
            outputs: function
                .parameters
                .list
                .iter()
                .filter(|p| p.3)
                .filter_map(|p| Some((p.0.clone()?, Ty::from_sql(&p.1)?)))
                .collect(),
        };
        self.add(&declared, like);
        Some(())
    }

    fn add(&mut self, declared: &Declared<'_>, like: Candidate) {
        let Some(fitted) = fit(declared, self.shape) else {
            return;
        };
        let new = Candidate {
            args: fitted.args,
            defaulted: fitted.defaulted,
            spread: fitted.spread,
            variadic: declared
                .variadic
                .then(|| declared.args.last().copied().and_then(element_of_variadic))
                .flatten(),
            ..like
        };
        // Of those that take the same, the first on the path, then one that is not variadic.
        if let Some(at) = self.found.iter().position(|old| old.args == new.args)
            && let Some(old) = self.found.get_mut(at)
        {
            let better = (new.path, new.spread > 0) < (old.path, old.spread > 0);
            let worse = (new.path, new.spread > 0) > (old.path, old.spread > 0);
            if better {
                *old = new;
            } else if !worse {
                old.ambiguous = true;
            }
            return;
        }
        self.found.push(new);
    }
}

pub(super) fn search<'a>(
    types: Types<'a>,
    name: &QualifiedName,
    shape: &'a Shape<'a>,
    only_catalog: bool,
) -> Search<'a> {
    let mut search = Search {
        types,
        shape,
        found: Vec::new(),
        any: false,
    };
    let schema = types.schema;
    let in_catalog = only_catalog || name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
    if in_catalog {
        search.rows(catalog::catalog().functions(name.name.as_str()), None, 0, true);
    }
    if only_catalog {
        return search;
    }
    let place = |namespace: &Name| match &name.schema {
        Some(wanted) => (wanted == namespace).then_some(1),
        None => schema
            .search_path
            .iter()
            .position(|p| p == namespace)
            .map(|p| p + 1),
    };
    for extension in schema.extensions.iter().filter(|e| e.presence.may_be()) {
        let namespace = &schema.namespaces[extension.namespace].name;
        if let Some(path) = place(namespace)
            && let Some(rows) = catalog::extension(extension.name.as_str())
        {
            let certain = extension.presence.is_present();
            search.rows(rows.functions(name.name.as_str()), Some(namespace), path, certain);
        }
    }
    for (_, function) in schema.functions.iter() {
        let listed = function
            .extension
            .as_ref()
            .is_some_and(|e| catalog::extension(e.as_str()).is_some());
        if function.name == name.name
            && function.presence.may_be()
            && !listed
            && let Some(path) = place(&schema.namespaces[function.namespace].name)
        {
            search.function(function, path);
        }
    }
    search
}
