//! Comparing the other facts of a field and its column: nullability and the server default.

use super::ColumnPair;
use crate::declared::Expectation;
use crate::known::{Fact, Gap, Reach, Verdict};
use crate::name::Name;
use crate::replay::as_stored;
use crate::schema::{Lookup, Relation, RelationKind, Schema, SequenceId, Stored, TableWalker, TypeKind};
use crate::sqltype::{BaseType, Builtin, Category, SqlType};
use crate::tree::normal::{Place, compare};
use crate::tree::{Expr, ExprKind, RelationRef};

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

/// How generated columns differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneratedDifference<'a> {
    /// The model has an expression, the column none.
    Plain(&'a Expr),
    /// The column has one, the model none.
    Generated(&'a Stored),
    /// Both have one.
    Other(&'a Expr, &'a Stored, Sureness),
}

impl<'a> ColumnPair<'a> {
    /// Whether both sides are generated alike.
    #[must_use]
    pub fn generated_verdict(&self) -> Verdict<GeneratedDifference<'a>> {
        let wanted = match &self.field.generated {
            Expectation::Exactly(wanted) => wanted.as_ref().map(|(expr, _)| expr),
            Expectation::Unknown(gap) => return Verdict::Unknown(gap.clone()),
            Expectation::Anything | Expectation::OneOf(_) | Expectation::Family(_) => return Verdict::Same,
        };
        let column = self.column.get();
        let found = match &column.generated {
            Fact::Known(found, _) => found.as_ref().map(|(stored, _)| stored),
            Fact::Unknown { gap, .. } => return Verdict::Unknown(gap.clone()),
        };
        match (wanted, found) {
            (None, None) => Verdict::Same,
            (Some(wanted), None) => Verdict::Differs(GeneratedDifference::Plain(wanted)),
            (None, Some(_)) if self.field.fetched => Verdict::Same,
            (None, Some(found)) => Verdict::Differs(GeneratedDifference::Generated(found)),
            (Some(wanted), Some(found)) => {
                match held_alike(self.column.table, column.ty.known(), wanted, found) {
                    Verdict::Same => Verdict::Same,
                    Verdict::Differs(sure) => {
                        Verdict::Differs(GeneratedDifference::Other(wanted, found, sure))
                    }
                    Verdict::Unknown(gap) => Verdict::Unknown(gap),
                }
            }
        }
    }

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
        // NULL is what a column has without a default, unless its domain has one.
        let hides = self
            .domain()
            .is_some_and(|domain| domain.default.known() != Some(&None));
        let wanted = wanted.filter(|expr| hides || !is_null(expr));
        let found = found.filter(|stored| hides || !is_null(&stored.expr));
        match (wanted, found) {
            (None, None) => Verdict::Same,
            (Some(wanted), None) => match self.domain().map(|d| &d.default) {
                None => Verdict::Differs(DefaultDifference::Missing(wanted)),
                Some(Fact::Known(None, _)) => Verdict::Differs(DefaultDifference::Missing(wanted)),
                Some(Fact::Known(Some(_), _)) => Verdict::Same,
                Some(Fact::Unknown { gap, .. }) => Verdict::Unknown(gap.clone()),
            },
            (None, Some(_)) if self.field.fetched => Verdict::Same,
            (None, Some(found)) => Verdict::Differs(DefaultDifference::Extra(found)),
            (Some(wanted), Some(found)) => self.compare_defaults(wanted, found),
        }
    }

    /// What the client fills in and what the column is given, where both are literals of one type and are not the same.
    #[must_use]
    pub fn client_difference(&self) -> Option<(&'a Expr, &'a Stored)> {
        let values = &self.models.client_values;
        let (_, wanted) = values.iter().find(|(span, _)| *span == self.field.span)?;
        let found = self.column.get().default.known()?.as_ref()?;
        let ty = self.column.get().ty.known()?;
        let plain = match &ty.base {
            BaseType::Builtin(builtin) => {
                !ty.array && matches!(builtin.category(), Category::B | Category::N | Category::S)
            }
            BaseType::Object(_) | BaseType::Named(_) => false,
        };
        let same_base = self.field.ty.exactly().is_some_and(|own| own.base == ty.base);
        if !plain || !same_base || !is_literal(&found.expr) {
            return None;
        }
        match self.compare_defaults(wanted, found) {
            Verdict::Differs(_) => Some((wanted, found)),
            Verdict::Same | Verdict::Unknown(_) => None,
        }
    }

    fn compare_defaults(&self, wanted: &'a Expr, found: &'a Stored) -> Verdict<DefaultDifference<'a>> {
        let table = self.column.table;
        let Some(ty) = self.column.get().ty.known() else {
            return Verdict::Unknown(Gap::not_given("the column's type is not known", Reach::Rows));
        };
        // Two sequences are two, though the one may not be there at all.
        if let (Some(ours), Some(theirs)) = (sequence_named(table.schema, wanted), next_of(&found.expr)) {
            return match ours {
                Lookup::Found(ours) if ours == theirs => Verdict::Same,
                Lookup::Found(_) | Lookup::Absent => {
                    Verdict::Differs(DefaultDifference::Other(wanted, found))
                }
                Lookup::Unknown(gap) => Verdict::Unknown(gap),
            };
        }
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

/// NULL, cast or not.
fn is_null(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Cast(inner, ..) => is_null(inner),
        kind => matches!(kind, ExprKind::Null | ExprKind::Const(None, _)),
    }
}

/// A value that stands there, cast or not.
fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Cast(inner, ..) | ExprKind::Unary(_, inner) => is_literal(inner),
        ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Const(Some(_), _) => true,
        _ => false,
    }
}

/// Whether a condition of the models (a CHECK, a predicate), in the server's form, and one of the table demand the same.
#[must_use]
pub(crate) fn same_stored(table: TableWalker<'_>, ours: &Expr, found: &Expr) -> Verdict<()> {
    let columns = &table.get().columns;
    let by_number = |number: u32| {
        let column = columns.get(number as usize)?;
        Some((column.name.clone(), column.ty.known().cloned()))
    };
    let by_name = |name: &Name| {
        let column = columns
            .iter()
            .find(|c| c.name == *name && c.presence.is_present());
        column?.ty.known().cloned()
    };
    let place = Place {
        target: None,
        column: Some(&by_number),
        named: Some(&by_name),
    };
    compare(ours, found, place)
}

/// How an expression of the models is held by the server beside one that the table has: the same, or not. Where it cannot be told
/// what the two say, they are held to be other ones if the server spells them otherwise.
#[must_use]
pub(crate) fn held_alike(
    table: TableWalker<'_>,
    target: Option<&SqlType>,
    wanted: &Expr,
    found: &Stored,
) -> Verdict<Sureness> {
    let Some(ours) = as_stored(table.schema, table.id, target, wanted) else {
        return match same_stored(table, wanted, &found.expr) {
            Verdict::Same => Verdict::Same,
            Verdict::Differs(()) => Verdict::Differs(Sureness::Meaning),
            Verdict::Unknown(gap) => Verdict::Unknown(gap),
        };
    };
    let gap = match same_stored(table, &ours.expr, &found.expr) {
        Verdict::Same => return Verdict::Same,
        Verdict::Differs(()) => return Verdict::Differs(Sureness::Meaning),
        Verdict::Unknown(gap) => gap,
    };
    let print = |stored: &Stored| table.schema.print_expr(Some(table.id), stored);
    match (print(&ours), print(found)) {
        (Ok(ours), Ok(found)) if ours == found => Verdict::Same,
        (Ok(_), Ok(_)) => Verdict::Differs(Sureness::Spelling),
        _ => Verdict::Unknown(gap),
    }
}

/// The same of predicates of indexes: they take the rows for which the condition is true, so that `a`, `a = true` and `a IS TRUE`
/// are one.
#[must_use]
pub(crate) fn same_rows(table: TableWalker<'_>, wanted: &Expr, found: &Stored) -> Verdict<Sureness> {
    let verdict = held_alike(table, None, wanted, found);
    if matches!(verdict, Verdict::Same) {
        return verdict;
    }
    let ours = as_stored(table.schema, table.id, None, wanted);
    let ours = ours.as_ref().map_or(wanted, |stored| &stored.expr);
    match same_stored(table, &as_filter(ours, 0), &as_filter(&found.expr, 0)) {
        Verdict::Same => Verdict::Same,
        Verdict::Differs(()) | Verdict::Unknown(_) => verdict,
    }
}

/// A condition of which only matters whether it is true.
fn as_filter(expr: &Expr, depth: u8) -> Expr {
    let is_true = |expr: &Expr| match &expr.kind {
        ExprKind::Bool(value) => *value,
        ExprKind::Const(Some(text), ty) => {
            ty.as_builtin() == Some(Builtin::Bool) && matches!(text.as_str(), "t" | "true")
        }
        _ => false,
    };
    let kind = match &expr.kind {
        _ if depth > 32 => return expr.clone(),
        ExprKind::IsBool(inner, Some(true), false) => return as_filter(inner, depth + 1),
        ExprKind::Binary(op, left, right) if op == "=" && is_true(right) => {
            return as_filter(left, depth + 1);
        }
        ExprKind::Binary(op, left, right) if op == "=" && is_true(left) => {
            return as_filter(right, depth + 1);
        }
        ExprKind::And(all) => ExprKind::And(all.iter().map(|e| as_filter(e, depth + 1)).collect()),
        ExprKind::Or(all) => ExprKind::Or(all.iter().map(|e| as_filter(e, depth + 1)).collect()),
        _ => return expr.clone(),
    };
    Expr { kind, ..expr.clone() }
}

/// How far two expressions are known to be other ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sureness {
    /// They say something else.
    Meaning,
    /// The server holds two texts; whether they come to the same is not known.
    Spelling,
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

/// What `nextval` is called with.
fn argument_of_next(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Call(call) if call.name.name == "nextval" => call.args.first(),
        ExprKind::Cast(inner, ..) => argument_of_next(inner),
        _ => None,
    }
}

/// The sequence that a default of the database counts.
fn next_of(expr: &Expr) -> Option<SequenceId> {
    let mut argument = argument_of_next(expr)?;
    while let ExprKind::Cast(inner, ..) = &argument.kind {
        argument = inner;
    }
    match argument.kind {
        ExprKind::Relation(RelationRef::Sequence(id)) => Some(SequenceId(id)),
        _ => None,
    }
}

/// The sequence that a default of the models counts by its name; `None` where it counts none, or none of a plain name.
fn sequence_named(schema: &Schema, expr: &Expr) -> Option<Lookup<SequenceId>> {
    let mut argument = argument_of_next(expr)?;
    while let ExprKind::Cast(inner, ..) = &argument.kind {
        argument = inner;
    }
    let (ExprKind::String(text) | ExprKind::Const(Some(text), _)) = &argument.kind else {
        return None;
    };
    let mut parts = text.split('.').map(Name::from_sql);
    let (first, second) = (parts.next()?, parts.next());
    if parts.next().is_some() || text.contains('"') && text.contains('.') {
        return None;
    }
    let places: Vec<&Name> = match &second {
        Some(_) => vec![&first],
        None => schema.search_path.iter().collect(),
    };
    let name = second.as_ref().unwrap_or(&first);
    for place in &places {
        if let Some(namespace) = schema.namespace(place)
            && let Some(Relation::Sequence(id)) = schema.relation_names.get(namespace, name)
        {
            return Some(Lookup::Found(id));
        }
    }
    Some(match schema.hiding_gap(&places) {
        Some(gap) => Lookup::Unknown(gap.clone()),
        None => Lookup::Absent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;
    use crate::name::QualifiedName;
    use crate::schema::ConstraintKind;
    use crate::session::{Migration, RunMode, Session};
    use crate::source::{FileId, Text};

    fn in_servers_form(table: TableWalker<'_>, wanted: Expr) -> Expr {
        as_stored(table.schema, table.id, None, &wanted).map_or(wanted, |stored| stored.expr)
    }

    /// `=`, `!` or `?` for a condition of the models and the one CHECK of a table of these columns.
    fn verdict(columns: &str, held: &str, wanted: &str) -> char {
        let sql = format!("CREATE TABLE t ({columns}, CHECK ({held}));");
        let mut session = Session::new(&Given::default());
        session.run(&Migration {
            name: "1".to_owned(),
            file: FileId(0),
            text: Text::of_file(FileId(0), sql.into()),
            mode: RunMode::Statements,
        });
        let schema = session.finish().schema;
        let Lookup::Found(table) = schema.table_named(&QualifiedName::bare(Name::new("t"))) else {
            return '-';
        };
        let wanted = crate::sql::expression(&Text::of_file(FileId(1), wanted.into()));
        let mut checks = table.get().constraints.iter().filter_map(|c| match &c.kind {
            ConstraintKind::Check(stored) => Some(stored),
            _ => None,
        });
        match (checks.next(), wanted) {
            (Some(found), Ok(wanted)) => {
                match same_stored(table, &in_servers_form(table, wanted), &found.expr) {
                    Verdict::Same => '=',
                    Verdict::Differs(()) => '!',
                    Verdict::Unknown(_) => '?',
                }
            }
            _ => '-',
        }
    }

    #[test]
    fn conditions() {
        let columns = "a int, s varchar(10), n numeric";
        for (expected, held, wanted) in [
            ('=', "a > 0", "0 < a"),
            ('=', "a >= 1 AND a <= 5", "a BETWEEN 1 AND 5"),
            ('=', "s IN ('x', 'y')", "s = 'y' OR s = 'x'"),
            ('=', "s = ANY (ARRAY['x', 'y']::text[])", "s IN ('x', 'y')"),
            ('!', "s IN ('x', 'y')", "s IN ('x', 'y', 'z')"),
            ('!', "a > 0", "a >= 0"),
            ('!', "n IN (1, 2.5)", "n IN (1, 3.5)"),
            ('?', "a IN (1, 2.5)", "a IN (1, 3.5)"),
            ('?', "length(s) > 0", "s <> ''"),
        ] {
            assert_eq!(verdict(columns, held, wanted), expected, "{held} and {wanted}");
        }
    }
}
