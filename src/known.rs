//! What is known, what is not, and why: the three-valued knowledge that every floor shares.

use std::fmt;
use std::sync::Arc;

use crate::source::Span;

/// The statement or operation that set a fact: an index into the run's table of origins, which holds migration, span and
/// chain of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId(pub u32);

/// A section of a table that a gap may leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// Which columns there are.
    Columns,
    /// The primary key.
    PrimaryKey,
    /// Unique constraints.
    Unique,
    /// Foreign keys.
    ForeignKeys,
    /// CHECK and EXCLUDE constraints.
    Checks,
    /// Indexes that back no constraint.
    Indexes,
}

impl Section {
    /// All sections, in the order of the schema document.
    pub const ALL: [Section; 6] = [
        Section::Columns,
        Section::PrimaryKey,
        Section::Unique,
        Section::ForeignKeys,
        Section::Checks,
        Section::Indexes,
    ];

    /// The section's key in the schema document.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Section::Columns => "columns",
            Section::PrimaryKey => "primary_key",
            Section::Unique => "unique",
            Section::ForeignKeys => "foreign_keys",
            Section::Checks => "checks",
            Section::Indexes => "indexes",
        }
    }
}

/// How far a gap reaches: what can no longer be told because of it. Names are as printed (`public.users`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing that the schema holds: rows, settings, privileges.
    Rows,
    /// One fact of one object, in words (`public.users.email: default`).
    Fact(String),
    /// One section of a table.
    Section(String, Section),
    /// What else a section of a table holds: what is listed stands.
    OthersOf(String, Section),
    /// Everything about one table, type, sequence or function.
    Object(String),
    /// Which objects a schema (namespace) holds.
    Namespace(String),
    /// Which objects a schema (namespace) holds beside those that are known: these stand.
    Others(String),
    /// Anything.
    Everything,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Rows => f.write_str("rows only"),
            Reach::Fact(fact) => f.write_str(fact),
            Reach::Section(table, section) => write!(f, "{table}: {}", section.key()),
            Reach::OthersOf(table, section) => write!(f, "{table}: what else of {}", section.key()),
            Reach::Object(object) => f.write_str(object),
            Reach::Namespace(name) => write!(f, "schema {name}"),
            Reach::Others(name) => write!(f, "what else schema {name} holds"),
            Reach::Everything => f.write_str("everything"),
        }
    }
}

/// Something that could not be followed: where, why, and how far that reaches. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gap(Arc<GapInfo>);

/// What a [`Gap`] says.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GapInfo {
    /// The place in the user's files; `None` where the cause is something not given.
    pub at: Option<Span>,
    /// Why, as a phrase for the user, without a full stop.
    pub why: String,
    /// How far it reaches.
    pub reach: Reach,
}

impl Gap {
    /// A gap at a place.
    #[must_use]
    pub fn new(at: Span, why: impl Into<String>, reach: Reach) -> Self {
        Gap(Arc::new(GapInfo {
            at: Some(at),
            why: why.into(),
            reach,
        }))
    }

    /// A gap that no place in a file causes: something that would have to be given.
    #[must_use]
    pub fn not_given(why: impl Into<String>, reach: Reach) -> Self {
        Gap(Arc::new(GapInfo {
            at: None,
            why: why.into(),
            reach,
        }))
    }

    /// At the same place, for another reason and with another reach.
    #[must_use]
    pub fn because(&self, why: impl Into<String>, reach: Reach) -> Self {
        Gap(Arc::new(GapInfo {
            at: self.0.at,
            why: why.into(),
            reach,
        }))
    }

    /// The same cause with another reach.
    #[must_use]
    pub fn reaching(&self, reach: Reach) -> Self {
        Gap(Arc::new(GapInfo {
            at: self.0.at,
            why: self.0.why.clone(),
            reach,
        }))
    }
}

impl std::ops::Deref for Gap {
    type Target = GapInfo;
    fn deref(&self) -> &GapInfo {
        &self.0
    }
}

impl fmt::Debug for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gap({}; reaches {})", self.why, self.reach)
    }
}

/// A fact of the simulated database: known with the change that set it, or unknown with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// Known, and what set it.
    Known(T, ChangeId),
    /// Not known.
    Unknown {
        /// Why.
        gap: Gap,
        /// What it can be, where that is told: each with the change that would have set it. Empty: anything.
        candidates: Vec<(T, ChangeId)>,
    },
}

impl<T> Fact<T> {
    /// An unknown fact without candidates.
    #[must_use]
    pub fn unknown(gap: Gap) -> Self {
        Fact::Unknown {
            gap,
            candidates: Vec::new(),
        }
    }

    /// The value, or those that it is one of, as far as they are known.
    pub fn possible(&self) -> impl Iterator<Item = &T> {
        let candidates = match self {
            Fact::Known(..) => &[][..],
            Fact::Unknown { candidates, .. } => candidates,
        };
        self.known()
            .into_iter()
            .chain(candidates.iter().map(|(value, _)| value))
    }

    /// The value, where it is known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value, _) => Some(value),
            Fact::Unknown { .. } => None,
        }
    }

    /// The reason, where it is unknown.
    #[must_use]
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Fact::Known(..) => None,
            Fact::Unknown { gap, .. } => Some(gap),
        }
    }

    /// The change that set it; for an unknown fact that of its first candidate.
    #[must_use]
    pub fn origin(&self) -> Option<ChangeId> {
        match self {
            Fact::Known(_, origin) => Some(*origin),
            Fact::Unknown { candidates, .. } => candidates.first().map(|c| c.1),
        }
    }
}

impl<T: Clone + PartialEq> Fact<T> {
    /// What is known when either of two courses was taken: agreement stays known, otherwise both are candidates.
    #[must_use]
    pub fn join(&self, other: &Self, gap: &Gap) -> Self {
        match (self, other) {
            (Fact::Known(a, origin), Fact::Known(b, _)) if a == b => Fact::Known(a.clone(), *origin),
            (Fact::Known(a, oa), Fact::Known(b, ob)) => Fact::Unknown {
                gap: gap.clone(),
                candidates: vec![(a.clone(), *oa), (b.clone(), *ob)],
            },
            (Fact::Unknown { gap, candidates }, Fact::Known(value, origin))
            | (Fact::Known(value, origin), Fact::Unknown { gap, candidates }) => {
                let mut candidates = candidates.clone();
                if !candidates.is_empty() && candidates.iter().all(|c| c.0 != *value) {
                    candidates.push((value.clone(), *origin));
                }
                Fact::Unknown {
                    gap: gap.clone(),
                    candidates,
                }
            }
            (Fact::Unknown { gap, candidates: a }, Fact::Unknown { candidates: b, .. }) => {
                let candidates = if a.is_empty() || b.is_empty() {
                    Vec::new()
                } else {
                    a.iter()
                        .chain(b.iter().filter(|c| a.iter().all(|d| d.0 != c.0)))
                        .cloned()
                        .collect()
                };
                Fact::Unknown {
                    gap: gap.clone(),
                    candidates,
                }
            }
        }
    }
}

/// Whether an object is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It is there, made by this change.
    Present(ChangeId),
    /// It was there and was dropped by this change.
    Dropped(ChangeId),
    /// It cannot be told.
    Maybe(Gap),
}

impl Presence {
    /// Certainly there.
    #[must_use]
    pub fn is_present(&self) -> bool {
        matches!(self, Presence::Present(_))
    }

    /// Certainly gone.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        matches!(self, Presence::Dropped(_))
    }

    /// There or perhaps there.
    #[must_use]
    pub fn may_be(&self) -> bool {
        !self.is_dropped()
    }
}

/// A three-valued truth: what a question gets as its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// Certainly so.
    Yes,
    /// Certainly not so.
    No,
    /// Cannot be told, and why.
    Unknown(Gap),
}

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<D> {
    /// Both sides say the same.
    Same,
    /// They differ, and how.
    Differs(D),
    /// One side is not known.
    Unknown(Gap),
}
