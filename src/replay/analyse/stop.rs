//! Why an analysis ends early: the server refuses the expression, or it cannot be told what the server makes of it.

use crate::change::Failure;
use crate::known::{Gap, Reach};
use crate::source::Span;

pub(super) enum Stop {
    /// The server refuses it.
    Fail(Failure),
    /// It cannot be told.
    Gap(Gap),
}

pub(super) type Outcome<T> = Result<T, Stop>;

impl Stop {
    pub(super) fn gap(at: Span, why: impl Into<String>) -> Stop {
        Stop::Gap(Gap::new(
            at,
            why,
            Reach::Fact("the spelling of an expression".to_owned()),
        ))
    }

    pub(super) fn fail(sqlstate: &'static str, message: impl Into<String>, span: Span) -> Stop {
        Stop::Fail(Failure {
            sqlstate,
            message: message.into(),
            span,
            related: Vec::new(),
        })
    }
}
