//! Comparing the other facts of a field and its column: nullability and the server default.

use super::ColumnPair;
use crate::declared::Expectation;
use crate::known::{Fact, Gap, Reach, Verdict};
use crate::replay::as_stored;
use crate::schema::{RelationKind, Stored, TypeKind};
use crate::sqltype::BaseType;
use crate::tree::normal::{Place, compare};
use crate::tree::{Expr, ExprKind};

/// Which side allows NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullDifference {
    /// The column allows NULL, the field does not.
    ColumnAllows,
    /// The field allows NULL, the column does not.
    FieldAllows,
}

/// How server defaults differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultDifference<'a> {
    /// The model has one, the column none.
    Missing(&'a Expr),
    /// The column has one, the model none.
    Extra(&'a Stored),
    /// Both have one.
    Other(&'a Expr, &'a Stored),
}

impl<'a> ColumnPair<'a> {
    /// Whether both sides allow NULL alike.
    #[must_use]
    pub fn null_verdict(&self) -> Verdict<NullDifference> {
        let wanted = match &self.field.nullable {
            Expectation::Exactly(wanted) => *wanted,
            Expectation::Unknown(gap) => return Verdict::Unknown(gap.clone()),
            Expectation::Anything | Expectation::OneOf(_) | Expectation::Family(_) => return Verdict::Same,
        };
        let column = self.column.get();
        // A view's columns bear no NOT NULL of their own.
        if matches!(
            self.column.table.get().kind,
            RelationKind::View | RelationKind::MaterializedView
        ) {
            return Verdict::Same;
        }
        let list = column.ty.known().is_some_and(|ty| ty.array);
        match &column.nullable {
            Fact::Known(found, _) if *found == wanted => Verdict::Same,
            _ if list && !self.models.language.list_nullability => Verdict::Same,
            Fact::Known(true, _) if self.domain_refuses_null() => Verdict::Same,
            Fact::Known(true, _) => Verdict::Differs(NullDifference::ColumnAllows),
            Fact::Known(false, _) => Verdict::Differs(NullDifference::FieldAllows),
            Fact::Unknown { gap, .. } => Verdict::Unknown(gap.clone()),
        }
    }

    /// Whether the column's type is a domain that may refuse NULL.
    fn domain_refuses_null(&self) -> bool {
        self.domain()
            .is_some_and(|domain| domain.not_null.known() != Some(&false))
    }

    /// The domain that the column is of.
    #[must_use]
    pub fn domain(&self) -> Option<&'a crate::schema::Domain> {
        domain_of(self.column)
    }

    /// Whether the database fills the column by itself when an insert leaves it out.
    #[must_use]
    pub fn fills_itself(&self) -> Option<bool> {
        fills_itself(self.column)
    }

    /// Whether both sides have the same server default.
    #[must_use]
    pub fn default_verdict(&self) -> Verdict<DefaultDifference<'a>> {
        let wanted = match &self.field.default {
            Expectation::Exactly(wanted) => wanted.as_ref(),
            Expectation::Unknown(gap) => return Verdict::Unknown(gap.clone()),
            Expectation::Anything | Expectation::OneOf(_) | Expectation::Family(_) => return Verdict::Same,
        };
        let found = match &self.column.get().default {
            Fact::Known(found, _) => found.as_ref(),
            Fact::Unknown { gap, .. } => return Verdict::Unknown(gap.clone()),
        };
        match (wanted, found) {
            (None, None) => Verdict::Same,
            (Some(wanted), None) => match self.domain().map(|d| &d.default) {
                None => Verdict::Differs(DefaultDifference::Missing(wanted)),
                Some(Fact::Known(None, _)) => Verdict::Differs(DefaultDifference::Missing(wanted)),
                Some(Fact::Known(Some(_), _)) => Verdict::Same,
                Some(Fact::Unknown { gap, .. }) => Verdict::Unknown(gap.clone()),
            },
            (None, Some(found)) => Verdict::Differs(DefaultDifference::Extra(found)),
            (Some(wanted), Some(found)) => self.compare_defaults(wanted, found),
        }
    }

    fn compare_defaults(&self, wanted: &'a Expr, found: &'a Stored) -> Verdict<DefaultDifference<'a>> {
        let table = self.column.table;
        let Some(ty) = self.column.get().ty.known() else {
            return Verdict::Unknown(Gap::not_given("the column's type is not known", Reach::Rows));
        };
        let ours = as_stored(table.schema, table.id, Some(ty), wanted);
        let ours = ours.as_ref().map_or(wanted, |stored| &stored.expr);
        let place = Place {
            target: Some(ty),
            ..Place::default()
        };
        match compare(ours, &found.expr, place) {
            Verdict::Same => Verdict::Same,
            Verdict::Differs(()) => Verdict::Differs(DefaultDifference::Other(wanted, found)),
            Verdict::Unknown(gap) => Verdict::Unknown(gap),
        }
    }
}

/// The domain that a column is of.
#[must_use]
pub(crate) fn domain_of(column: crate::schema::ColumnWalker<'_>) -> Option<&crate::schema::Domain> {
    let BaseType::Object(id) = column.get().ty.known()?.base else {
        return None;
    };
    match &column.table.schema.types.get(id)?.kind {
        TypeKind::Domain(domain) => Some(domain),
        TypeKind::Enum(_)
        | TypeKind::Composite(_)
        | TypeKind::Range(_)
        | TypeKind::Row(_)
        | TypeKind::Base
        | TypeKind::Presumed(_) => None,
    }
}

/// Whether the database fills a column by itself when an insert leaves it out; `None` where it cannot be told.
#[must_use]
pub(crate) fn fills_itself(column: crate::schema::ColumnWalker<'_>) -> Option<bool> {
    let get = column.get();
    let facts = [
        get.default.known().map(Option::is_some),
        get.identity.known().map(Option::is_some),
        get.generated.known().map(Option::is_some),
        match (domain_of(column), get.ty.known()) {
            (Some(domain), _) => domain.default.known().map(Option::is_some),
            (None, Some(_)) => Some(false),
            (None, None) => None,
        },
    ];
    if facts.contains(&Some(true)) {
        Some(true)
    } else if facts.contains(&None) {
        None
    } else {
        Some(false)
    }
}

/// Whether a default is the next value of a sequence: what `serial` gives.
#[must_use]
pub fn is_sequence(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => call.name.name == "nextval",
        ExprKind::Cast(inner, ..) => is_sequence(inner),
        _ => false,
    }
}
