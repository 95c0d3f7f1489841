//! One fact of an object on both sides: whether they say the same.

use crate::known::{Gap, Reach, Verdict};
use crate::name::{Name, QualifiedName};
use crate::schema::{ColumnId, Schema, SequenceId, Stored, TableId};
use crate::sqltype::{BaseType, SqlType, TypeId};
use crate::syntax::split;
use crate::tree::normal::{Place, compare as compare_forms};
use crate::tree::{ColumnName, Expr, ExprKind, RelationRef};

/// What a side says of a fact.
#[derive(Debug)]
pub(super) enum Told<'a> {
    /// Words that say the same only where they are the same.
    Text(String),
    /// The same for what is too long to be shown: the body of a function.
    Long(String),
    /// The same for a body in SQL or PL/pgSQL, where white space and comments say nothing.
    Code(String),
    /// What stands for text that is not known: the same stands for the same.
    StandIn(String),
    /// Words that may say the same although they differ: what was written by hand and what a server printed.
    Written(String),
    /// Expressions on a table, each with words that belong to it.
    Exprs(Vec<(&'a Stored, String)>),
    /// Not known.
    Untold(Gap),
}

/// The fact, its schema and its table.
pub(super) type Of<'t, 's> = (&'t Told<'s>, &'s Schema, Option<TableId>);

/// Whether two sides say the same.
pub(super) fn compare(a: Of<'_, '_>, b: Of<'_, '_>) -> Verdict<()> {
    let equal = |same: bool| {
        if same { Verdict::Same } else { Verdict::Differs(()) }
    };
    match (a.0, b.0) {
        (Told::Untold(gap), _) | (_, Told::Untold(gap)) => Verdict::Unknown(gap.clone()),
        (Told::Text(x), Told::Text(y))
        | (Told::Long(x), Told::Long(y))
        | (Told::StandIn(x), Told::StandIn(y)) => equal(x == y),
        (Told::Code(x), Told::Code(y)) => equal(x == y || same_words(x, y)),
        (Told::StandIn(_), _) | (_, Told::StandIn(_)) => Verdict::Unknown(Gap::not_given(
            "its text is a library's own, which is not known",
            Reach::Rows,
        )),
        (Told::Written(x), Told::Written(y)) if x == y => Verdict::Same,
        (Told::Written(_), Told::Written(_)) => Verdict::Unknown(Gap::not_given(
            "it is written differently on both sides, and may mean the same",
            Reach::Rows,
        )),
        (Told::Exprs(x), Told::Exprs(y)) if x.len() == y.len() => {
            let mut unknown = None;
            for (x, y) in x.iter().zip(y) {
                if x.1 != y.1 {
                    return Verdict::Differs(());
                }
                match expressions((x.0, a.1, a.2), (y.0, b.1, b.2)) {
                    Verdict::Same => {}
                    Verdict::Differs(()) => return Verdict::Differs(()),
                    Verdict::Unknown(gap) => unknown = Some(gap),
                }
            }
            unknown.map_or(Verdict::Same, Verdict::Unknown)
        }
        (Told::Text(_) | Told::Long(_) | Told::Code(_) | Told::Written(_) | Told::Exprs(_), _) => {
            Verdict::Differs(())
        }
    }
}

/// Whether two texts are the same words: between them may stand white space and comments as anyone likes, but not none where the other
/// has some, nor two strings in one line, which are one only on two (manual, section 4.1.2.1).
fn same_words(x: &str, y: &str) -> bool {
    let words = |text| {
        let mut end = 0;
        split::lexemes(text).map(move |token| {
            let apart = token.start > std::mem::replace(&mut end, token.end);
            (apart, text.get(token.start..token.end).unwrap_or_default())
        })
    };
    let strings = |text| {
        let mut last = false;
        words(text)
            .any(|(_, word)| std::mem::replace(&mut last, word.ends_with('\'')) && word.starts_with('\''))
    };
    // Whether something stands before the first word is of no matter.
    let (mut a, mut b) = (words(x), words(y));
    let first = a.next().map(|word| word.1) == b.next().map(|word| word.1);
    first && a.eq(b) && !strings(x)
}

/// On which side a fact is not known.
pub(super) fn side(a: &Told<'_>, b: &Told<'_>) -> super::Side {
    match (a, b) {
        (Told::Untold(_), Told::Untold(_)) => super::Side::Both,
        (Told::StandIn(_), Told::StandIn(_)) => super::Side::Both,
        (Told::Untold(_) | Told::StandIn(_), _) => super::Side::Left,
        (_, Told::Untold(_) | Told::StandIn(_)) => super::Side::Right,
        _ => super::Side::Both,
    }
}

/// A fact in words.
pub(super) fn shown(told: &Told<'_>, schema: &Schema, table: Option<TableId>) -> String {
    match told {
        Told::Text(text) | Told::Written(text) => text.clone(),
        Told::Long(text) | Told::Code(text) => match text.lines().count() {
            0 | 1 => text.clone(),
            lines => format!("{lines} lines"),
        },
        Told::Exprs(list) => {
            let print = |(stored, rest): &(&Stored, String)| {
                let text = printed(stored, schema, table).unwrap_or_else(|| "?".to_owned());
                format!("{text}{rest}")
            };
            list.iter().map(print).collect::<Vec<_>>().join(", ")
        }
        Told::StandIn(_) | Told::Untold(_) => "?".to_owned(),
    }
}

fn printed(stored: &Stored, schema: &Schema, table: Option<TableId>) -> Option<String> {
    match (&stored.expr.kind, table) {
        (ExprKind::Var(_), Some(table)) => schema.print_index_key(table, stored).ok(),
        _ => schema.print_expr(table, stored).ok(),
    }
}

type On<'a> = (&'a Stored, &'a Schema, Option<TableId>);

/// Two expressions: the same where the server prints them alike, or where both have one normal form.
fn expressions(a: On<'_>, b: On<'_>) -> Verdict<()> {
    let texts = (printed(a.0, a.1, a.2), printed(b.0, b.1, b.2));
    if let (Some(x), Some(y)) = &texts
        && x == y
    {
        return Verdict::Same;
    }
    let (x, y) = (named(&a.0.expr, a.1, a.2), named(&b.0.expr, b.1, b.2));
    let by_name = |name: &Name| column_type(name, a.1, a.2);
    let place = Place {
        target: None,
        column: None,
        named: Some(&by_name),
    };
    match compare_forms(&x, &y, place) {
        Verdict::Unknown(gap) => {
            let own = a.0.spelling.as_ref().or(b.0.spelling.as_ref());
            Verdict::Unknown(own.cloned().unwrap_or(gap))
        }
        verdict => verdict,
    }
}

fn column_type(name: &Name, schema: &Schema, table: Option<TableId>) -> Option<SqlType> {
    let table = schema.table(table?);
    let found = table.columns().find(|c| c.name() == name)?;
    found.get().ty.known().map(|ty| named_type(ty, schema))
}

/// The expression with names in the place of numbers, which mean nothing in another schema.
fn named(expr: &Expr, schema: &Schema, table: Option<TableId>) -> Expr {
    let mut out = expr.clone();
    out.walk_mut(&mut |e| match &mut e.kind {
        ExprKind::Var(number) => {
            let column = table.map(|table| schema.table(table).get().columns.get(*number as usize));
            if let Some(Some(column)) = column {
                e.kind = ExprKind::Column(ColumnName {
                    qualifiers: Vec::new(),
                    name: column.name.clone(),
                });
            }
        }
        ExprKind::Cast(_, ty, _) | ExprKind::Const(_, ty) => *ty = named_type(ty, schema),
        ExprKind::Relation(relation) => {
            let name = relation_name(*relation, schema);
            e.kind = ExprKind::Opaque(format!("'{name}'::regclass").into());
        }
        _ => {}
    });
    out
}

fn named_type(ty: &SqlType, schema: &Schema) -> SqlType {
    let BaseType::Object(id) = ty.base else {
        return ty.clone();
    };
    SqlType {
        base: type_name(id, schema).map_or(ty.base.clone(), BaseType::Named),
        ..ty.clone()
    }
}

fn type_name(id: TypeId, schema: &Schema) -> Option<QualifiedName> {
    let ty = schema.types.get(id)?;
    let namespace = schema.namespaces[ty.namespace].name.clone();
    Some(QualifiedName::in_schema(namespace, ty.name.clone()))
}

fn relation_name(relation: RelationRef, schema: &Schema) -> String {
    match relation {
        RelationRef::Table(id) | RelationRef::Index(id, _) => schema.table(TableId(id)).qualified(),
        RelationRef::Sequence(id) => {
            let sequence = &schema.sequences[SequenceId(id)];
            format!("{}.{}", schema.namespaces[sequence.namespace].name, sequence.name)
        }
    }
}

/// The names of columns of a table, as SQL writes them.
pub(super) fn column_list(schema: &Schema, table: TableId, columns: &[ColumnId]) -> String {
    let table = schema.table(table);
    let names = columns.iter().map(|&c| table.column_by_id(c).name().quoted());
    names.collect::<Vec<_>>().join(", ")
}
