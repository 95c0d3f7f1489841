//! What an operation was given: by position or by any of a parameter's names, names as text, truths; what is not known of them.

use crate::change::ObjectName;
use crate::interpret::python::{Args, Argument, Library, Machine, Value};
use crate::known::Gap;
use crate::name::{Name, QualifiedName};
use crate::session::HOLE;
use crate::source::Span;
use crate::stacks::sqlalchemy::terms;

/// An operation's arguments, with the parts of their names that are not known.
#[derive(Debug)]
pub(in crate::stacks::alembic) struct Given<'v, 'a> {
    /// As called.
    pub(in crate::stacks::alembic) args: &'v Args<'a>,
    /// The call.
    pub(in crate::stacks::alembic) at: Span,
    /// Why a name of what it makes is not known.
    pub(in crate::stacks::alembic) hole: Option<Gap>,
}

impl<'v, 'a> Given<'v, 'a> {
    pub(in crate::stacks::alembic) fn new(args: &'v Args<'a>, at: Span) -> Self {
        Given { args, at, hole: None }
    }

    /// The argument of a parameter, by position or by one of its names; `None` too where it is Python's `None`.
    pub(in crate::stacks::alembic) fn get(
        &mut self,
        position: usize,
        names: &[&str],
    ) -> Option<&'v Argument<'a>> {
        let found = self.raw(position, names)?;
        (!matches!(found.value, Value::None)).then_some(found)
    }

    /// The argument of a parameter as it is.
    pub(in crate::stacks::alembic) fn raw(
        &mut self,
        position: usize,
        names: &[&str],
    ) -> Option<&'v Argument<'a>> {
        let args = self.args;
        let found = names
            .iter()
            .find_map(|name| args.keyword(name))
            .or_else(|| args.positional.get(position));
        if found.is_none()
            && let Some(gap) = &args.open
        {
            self.hole.get_or_insert_with(|| gap.clone());
        }
        found
    }

    /// A name: what is not known of it stands as a hole.
    pub(in crate::stacks::alembic) fn name<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        position: usize,
        names: &[&str],
    ) -> Option<(Name, Span)> {
        let argument = self.get(position, names)?;
        Some(self.name_of(machine, &argument.value, argument.span))
    }

    /// A value as a name.
    pub(in crate::stacks::alembic) fn name_of<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        value: &Value<'a>,
        span: Span,
    ) -> (Name, Span) {
        match terms::text(machine, value, span) {
            Ok(text) if text.as_str().is_empty() => (Name::new(""), span),
            Ok(text) => (Name::new(text.as_str()), text.whole()),
            Err(gap) => {
                self.hole.get_or_insert(gap);
                (Name::new(HOLE), span)
            }
        }
    }

    /// A table or other object with the schema that a parameter gives.
    pub(in crate::stacks::alembic) fn object<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        position: usize,
        names: &[&str],
        schema: &[&str],
    ) -> Option<ObjectName> {
        let (name, span) = self.name(machine, position, names)?;
        let schema = self.name(machine, usize::MAX, schema).map(|s| s.0);
        Some(ObjectName {
            name: match schema {
                Some(schema) if !schema.as_str().is_empty() => QualifiedName::in_schema(schema, name),
                _ => QualifiedName::bare(name),
            },
            span,
        })
    }

    /// A truth that is false where it is not given or `None`; what cannot be told is a hole.
    pub(in crate::stacks::alembic) fn flag<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        names: &[&str],
    ) -> bool {
        self.maybe_flag(machine, names) == Some(true)
    }

    /// A truth, where one is given.
    pub(in crate::stacks::alembic) fn maybe_flag<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        names: &[&str],
    ) -> Option<bool> {
        let argument = self.get(usize::MAX, names)?;
        match machine.truth(&argument.value, argument.span) {
            crate::known::Truth::Yes => Some(true),
            crate::known::Truth::No => Some(false),
            crate::known::Truth::Unknown(gap) => {
                self.hole.get_or_insert(gap);
                None
            }
        }
    }

    /// The keywords that are not among these.
    pub(in crate::stacks::alembic) fn others(
        &self,
        names: &[&str],
    ) -> Vec<(smol_str::SmolStr, Argument<'a>)> {
        let keywords = self.args.keywords.iter();
        keywords
            .filter(|(name, _)| !names.contains(&name.as_str()))
            .cloned()
            .collect()
    }
}
