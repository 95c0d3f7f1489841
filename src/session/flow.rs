//! How the run of a statement ends: normally, by leaving a loop or function, or by an error.

use smol_str::SmolStr;

use crate::change::Failure;
use crate::known::Gap;
use crate::name::Name;
use crate::source::Span;

/// How a statement ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flow {
    /// The next statement runs.
    Normal,
    /// `EXIT [label]`.
    Exit(Option<Name>),
    /// `CONTINUE [label]`.
    Continue(Option<Name>),
    /// `RETURN`.
    Return,
    /// An error.
    Raise(Box<Raised>),
}

/// An error on its way to a handler.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raised {
    /// What the server says.
    pub(super) failure: Failure,
    /// Which errors it may be.
    pub(super) kind: RaisedKind,
}

/// How certain an error is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RaisedKind {
    /// This one, for certain.
    Known,
    /// `RAISE` with a code that is not in the table of conditions, or one that cannot be told.
    Code(Option<SmolStr>),
    /// Work on rows may fail, with a code of a class about data.
    Data(Gap),
    /// It may fail with any code.
    Any(Gap),
    /// The run takes more steps than are followed. No handler sees it.
    Budget,
}

/// The result of something that may raise.
pub(super) type Run<T> = Result<T, Box<Raised>>;

impl Raised {
    /// A certain error.
    pub(super) fn certain(sqlstate: &'static str, message: impl Into<String>, span: Span) -> Box<Raised> {
        Box::new(Raised {
            failure: Failure {
                sqlstate,
                message: message.into(),
                span,
                related: Vec::new(),
            },
            kind: RaisedKind::Known,
        })
    }

    pub(super) fn failed(failure: Failure) -> Box<Raised> {
        Box::new(Raised {
            failure,
            kind: RaisedKind::Known,
        })
    }

    /// An error that may come.
    pub(super) fn possible(kind: RaisedKind, span: Span) -> Box<Raised> {
        let mut raised = Raised::certain("XX000", "may fail", span);
        raised.kind = kind;
        raised
    }

    pub(super) fn is_budget(&self) -> bool {
        self.kind == RaisedKind::Budget
    }

    /// Why it cannot be told, where it cannot.
    pub(super) fn gap(&self) -> Option<&Gap> {
        match &self.kind {
            RaisedKind::Data(gap) | RaisedKind::Any(gap) => Some(gap),
            RaisedKind::Known | RaisedKind::Code(_) | RaisedKind::Budget => None,
        }
    }
}

impl Flow {
    /// The flow of something that gives no value.
    pub(super) fn of(run: Run<()>) -> Flow {
        match run {
            Ok(()) => Flow::Normal,
            Err(raised) => Flow::Raise(raised),
        }
    }

    /// Whether two courses that end so can be followed as one.
    pub(super) fn merges(&self, other: &Flow) -> bool {
        match (self, other) {
            (Flow::Raise(a), Flow::Raise(b)) => a == b,
            _ => self == other,
        }
    }
}
