//! Segments of a binary in a pattern, as far as text has them (manual, "Kernel.SpecialForms", `<<>>`).

use std::rc::Rc;

use super::value::Value;
use crate::source::Text;
use crate::syntax::elixir::{Form, FormKind};

/// What a segment takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `c`: a byte.
    Byte,
    /// `c::utf8`: a character.
    Character,
    /// `"text"`.
    Literal,
    /// `rest::binary`: what is left, or so many bytes.
    Binary(Option<usize>),
    /// Anything else.
    Other,
}

impl Kind {
    /// Of what stands after `::`.
    pub(super) fn of(form: &Form) -> Self {
        match &form.kind {
            FormKind::Variable(name, _) => match name.as_str() {
                "utf8" => Kind::Character,
                "binary" | "bytes" | "bitstring" | "bits" => Kind::Binary(None),
                "integer" => Kind::Byte,
                _ => Kind::Other,
            },
            FormKind::Integer(8) => Kind::Byte,
            _ => match form.args_of("-") {
                Some([kind, size]) => match (Kind::of(kind), size.args_of("size")) {
                    (Kind::Binary(None), Some([size])) => match size.kind {
                        FormKind::Integer(n) => {
                            usize::try_from(n).map_or(Kind::Other, |n| Kind::Binary(Some(n)))
                        }
                        _ => Kind::Other,
                    },
                    _ => Kind::Other,
                },
                _ => Kind::Other,
            },
        }
    }

    /// Of a segment without `::`.
    pub(super) fn plain(form: &Form) -> Self {
        match form.kind {
            FormKind::Text(_) => Kind::Literal,
            _ => Kind::Byte,
        }
    }

    /// What it takes of a text from a byte on, and where it ends; `None` where there is nothing of its kind.
    pub(super) fn take(self, text: &Rc<Text>, from: usize, form: &Form) -> Option<(Value, usize)> {
        let rest = text.as_str().get(from..)?;
        match self {
            Kind::Byte => {
                let byte = *rest.as_bytes().first()?;
                byte.is_ascii()
                    .then_some((Value::Integer(i64::from(byte)), from + 1))
            }
            Kind::Character => {
                let c = rest.chars().next()?;
                Some((Value::Integer(i64::from(u32::from(c))), from + c.len_utf8()))
            }
            Kind::Literal => {
                let FormKind::Text(literal) = &form.kind else {
                    return None;
                };
                let end = from + literal.as_str().len();
                rest.starts_with(literal.as_str())
                    .then(|| (Value::Text(Rc::new(literal.clone())), end))
            }
            Kind::Binary(size) => {
                let end = size.map_or(text.as_str().len(), |size| from + size);
                text.as_str().get(from..end)?;
                Some((Value::Text(Rc::new(text.slice(from..end))), end))
            }
            Kind::Other => None,
        }
    }
}
