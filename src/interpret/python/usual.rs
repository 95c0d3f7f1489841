//! What a value that hangs on the environment is where nothing sets it: a schema's name that a setting gives has its default for a
//! name. The value itself stays unknown, so that no condition is decided by it.

use std::rc::Rc;

use super::library::Library;
use super::machine::{Machine, Run};
use super::standard;
use super::value::{Args, Unknown, UsualPattern, Value};
use crate::known::Truth;
use crate::source::Span;

/// Whether a value can be told apart from its like by what it is alone.
fn is_plain(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_)
    )
}

impl<'a> Value<'a> {
    /// What it is, or is where nothing sets it; `None` where that is not known either, or is no plain value.
    #[must_use]
    pub fn usual(&self) -> Option<Value<'a>> {
        match self {
            Value::Unknown(unknown) => unknown.usual.clone(),
            value => is_plain(value).then(|| value.clone()),
        }
    }

    /// The same, where it is unknown with what it is where nothing sets it: a plain value, or a dict (a naming convention).
    #[must_use]
    pub fn usually(self, usual: Option<Value<'a>>) -> Self {
        match (self, usual) {
            (Value::Unknown(unknown), Some(usual)) if is_plain(&usual) || matches!(usual, Value::Dict(_)) => {
                Value::Unknown(Rc::new(Unknown {
                    gap: unknown.gap.clone(),
                    candidates: unknown.candidates.clone(),
                    pattern: unknown.pattern.clone(),
                    usual: Some(usual),
                    usual_pattern: None,
                }))
            }
            (value, _) => value,
        }
    }

    /// The same, where it is text known in part, of which more is known where nothing sets it.
    #[must_use]
    pub(super) fn usually_like(self, usual: Option<UsualPattern>) -> Self {
        match (self, usual) {
            (Value::Unknown(unknown), Some(usual)) => Value::Unknown(Rc::new(Unknown {
                gap: unknown.gap.clone(),
                candidates: unknown.candidates.clone(),
                pattern: unknown.pattern.clone(),
                usual: unknown.usual.clone(),
                usual_pattern: Some(Rc::new(usual)),
            })),
            (value, _) => value,
        }
    }

    /// Whether it is unknown, and is something known where nothing sets it.
    pub(super) fn has_usual(&self) -> bool {
        matches!(self, Value::Unknown(unknown) if unknown.usual.is_some())
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Whether a value is true where nothing sets it.
    pub(super) fn usual_truth(&mut self, value: &Value<'a>, at: Span) -> Option<bool> {
        match self.truth(&value.usual()?, at) {
            Truth::Yes => Some(true),
            Truth::No => Some(false),
            Truth::Unknown(_) => None,
        }
    }

    /// What was computed of operands, some of which may be known only as they are where nothing sets them: computed of those too.
    pub(super) fn and_usually(
        &mut self,
        operands: [&Value<'a>; 2],
        made: Value<'a>,
        compute: impl FnOnce(&mut Self, [&Value<'a>; 2]) -> Run<'a, Value<'a>>,
    ) -> Value<'a> {
        if !matches!(made, Value::Unknown(_)) || !operands.iter().any(|o| o.has_usual()) {
            return made;
        }
        let [Some(left), Some(right)] = operands.map(Value::usual) else {
            return made;
        };
        let usual = compute(self, [&left, &right]).ok();
        made.usually(usual)
    }

    /// What a method of text gives (`.lower()`) where nothing sets the text.
    pub(super) fn usual_of_method(
        &mut self,
        receiver: &Value<'a>,
        name: &str,
        args: &Args<'a>,
        at: Span,
    ) -> Option<Value<'a>> {
        let usual = receiver.usual().filter(|usual| matches!(usual, Value::Str(_)))?;
        standard::method(self, &usual, name, args, at)?.ok()
    }
}
