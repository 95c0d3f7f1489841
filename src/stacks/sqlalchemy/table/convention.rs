//! Naming conventions of a metadata.

use smol_str::SmolStr;

use crate::interpret::python::{Library, Machine, Value};
use crate::known::Gap;
use crate::source::Span;
use crate::stacks::sqlalchemy::naming::{DEFAULT_INDEX, Kind};
use crate::stacks::sqlalchemy::terms::{self, Known, gap};

/// What names a metadata gives.
#[derive(Debug, Clone, Default)]
pub struct Conventions<'a> {
    /// By key (`ix`, `uq`, ...): the text, or why it cannot be told.
    entries: Vec<(SmolStr, Known<SmolStr>)>,
    /// Tokens that a function fills, which is handed the construct and its table.
    functions: Vec<(SmolStr, Value<'a>)>,
    /// Why there may be others.
    open: Option<Gap>,
    /// One was given: the default for indexes does not hold beside it.
    given: bool,
    /// Kinds of constructs whose names, given or not, something changes.
    renamed: Vec<(&'static [Kind], Gap)>,
}

impl<'a> Conventions<'a> {
    /// Conventions that cannot be told.
    #[must_use]
    pub fn unknown(gap: Gap) -> Self {
        Conventions {
            open: Some(gap),
            given: true,
            ..Conventions::default()
        }
    }

    /// Names of constructs of these kinds are changed by something that is not followed.
    pub fn rename(&mut self, kinds: &'static [Kind], gap: Gap) {
        self.renamed.push((kinds, gap));
    }

    /// Why names of a kind cannot be told, given or not.
    #[must_use]
    pub fn renamed(&self, kind: Kind) -> Option<&Gap> {
        let mut renamed = self.renamed.iter();
        renamed
            .find(|(kinds, _)| kinds.contains(&kind))
            .map(|(_, gap)| gap)
    }

    /// Reads the value of `naming_convention=`.
    pub fn read<L: Library<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>, at: Span) -> Self {
        let mut out = Conventions {
            given: true,
            ..Conventions::default()
        };
        match value {
            Value::None => return Conventions::default(),
            Value::Unknown(unknown) => {
                return match terms::usual_dict(machine, unknown) {
                    Some(dict) => Conventions::read(machine, &dict, at),
                    None => Conventions::unknown(unknown.gap.clone()),
                };
            }
            _ => {}
        }
        let Some(items) = machine.dict_items(value) else {
            return Conventions::unknown(gap(at, "the naming convention cannot be told"));
        };
        if items.is_empty() {
            return Conventions::default();
        }
        for (key, format) in items {
            let key = match &key {
                Value::Str(text) => SmolStr::new(text.as_str()),
                other => match terms::member(machine, other) {
                    Some(member) => match member.name() {
                        "Index" => "ix".into(),
                        "UniqueConstraint" => "uq".into(),
                        "CheckConstraint" => "ck".into(),
                        "ForeignKeyConstraint" => "fk".into(),
                        "PrimaryKeyConstraint" => "pk".into(),
                        _ => continue,
                    },
                    None => continue,
                },
            };
            if Kind::of_key(&key).is_none() && !matches!(format, Value::Str(_)) {
                out.functions.retain(|(k, _)| *k != key);
                out.functions.push((key, format));
                continue;
            }
            let format = terms::text(machine, &format, at).map(|t| SmolStr::new(t.as_str()));
            // Constraint classes come before the short keys (`get_convention`), later entries before earlier ones.
            out.entries.retain(|(k, _)| *k != key);
            out.entries.push((key, format));
        }
        out
    }

    /// The function that fills a token.
    #[must_use]
    pub fn function(&self, token: &str) -> Option<&Value<'a>> {
        let mut functions = self.functions.iter();
        functions
            .find(|(key, _)| key == token)
            .map(|(_, function)| function)
    }

    /// The convention for a kind of construct.
    ///
    /// # Errors
    /// Where it cannot be told.
    pub fn of(&self, kind: Kind) -> Known<Option<SmolStr>> {
        if let Some((_, format)) = self.entries.iter().find(|(key, _)| key == kind.key()) {
            return format.clone().map(Some);
        }
        if let Some(gap) = &self.open {
            return Err(gap.clone());
        }
        Ok(match kind {
            Kind::Index if !self.given => Some(DEFAULT_INDEX.into()),
            _ => None,
        })
    }
}
