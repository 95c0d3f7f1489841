//! A normal form for comparing two expressions that may be spelled differently and yet say the same: a model's default and
//! the column's, a CHECK as written and as the server printed it.
//!
//! It takes expressions as lowered and as stored. What changes no value is taken away: implicit casts, casts of literals, the
//! many names of the time of the transaction, `IN` for `= ANY`, `BETWEEN` for two comparisons, the order of `AND`. What then is
//! equal is [`Verdict::Same`]; what surely says something else [`Verdict::Differs`]; everything between is unknown.

mod form;
mod kinds;
mod literal;
mod verdict;

use smol_str::SmolStr;

use crate::known::{Gap, Reach, Verdict};
use crate::name::{Name, QualifiedName};
use crate::sqltype::{Builtin, SqlType};
use crate::tree::{Expr, SqlValue};

/// The name and, where it is known, the type of the table's column of a number ([`crate::tree::ExprKind::Var`]).
pub type ByNumber<'a> = &'a dyn Fn(u32) -> Option<(Name, Option<SqlType>)>;
/// The type of the table's column of a name.
pub type ByName<'a> = &'a dyn Fn(&Name) -> Option<SqlType>;

/// What is known about the place of the expressions.
#[derive(Clone, Copy, Default)]
pub struct Place<'a> {
    /// The type that the value is coerced to: the column's for a default.
    pub target: Option<&'a SqlType>,
    /// The table's columns by number.
    pub column: Option<ByNumber<'a>>,
    /// Their types by name.
    pub named: Option<ByName<'a>>,
}

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// Whether two expressions at one place say the same.
#[must_use]
pub fn compare(a: &Expr, b: &Expr, place: Place<'_>) -> Verdict<()> {
    if a == b {
        return Verdict::Same;
    }
    let mut form = form::Form::new(place);
    let (a, b) = (form.top(a), form.top(b));
    match verdict::Judge::new(place).verdict(&a, &b) {
        Tri::Same => Verdict::Same,
        Tri::Differs => Verdict::Differs(()),
        Tri::Unknown => Verdict::Unknown(Gap::not_given(
            "the two expressions cannot be brought to one form",
            Reach::Rows,
        )),
    }
}

/// A verdict without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tri {
    Same,
    Differs,
    Unknown,
}

/// An expression in its normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Norm {
    Null,
    Bool(bool),
    /// A number: sign, digits without superfluous zeros.
    Number(SmolStr),
    /// A string.
    Text(SmolStr),
    /// A literal of no type yet.
    Raw(SmolStr),
    /// A literal of a built-in type that is none of these, as its output function prints it; true for an array.
    Typed(SmolStr, Builtin, bool),
    /// A literal of a user-defined type.
    Label(SmolStr),
    Array(Vec<Norm>),
    /// The time of the transaction, with its zone.
    Now,
    Value(SqlValue),
    Column(Vec<Name>, Name),
    /// A column whose name is not known.
    Var(u32),
    Relation(crate::tree::RelationRef),
    Call(QualifiedName, Vec<Norm>),
    /// An operator; `>` and `>=` are turned round.
    Op(SmolStr, Vec<Norm>),
    Not(Box<Norm>),
    And(Vec<Norm>),
    Or(Vec<Norm>),
    IsNull(Box<Norm>),
    /// `x op ANY (a, b)`: true, or `x op ALL (a, b)`. An equality with a constant is a set of one.
    OfSet(Box<Norm>, SmolStr, bool, Vec<Norm>),
    Cast(Box<Norm>, SqlType),
    /// Anything else whose parts have a form: what it is, and its parts.
    Other(SmolStr, Vec<Norm>),
    /// Not understood.
    Opaque,
}
