//! What a database holds, in the words of SQLAlchemy's reflection.

use crate::change::{IdentityKind, ReferentialAction};
use crate::known::{Gap, Presence, Section};
use crate::name::Name;
use crate::schema::document::{self};
use crate::schema::{
    ColumnWalker, ConstraintKind, ConstraintWalker, Index, RelationKind, Schema, TableWalker, TypeKind,
};
use crate::sqltype::{BaseType, SqlType};
use crate::tree::ExprKind;

/// A type with what reflection needs of it: the labels of an enum, its name.
#[derive(Debug, Clone)]
pub(super) struct Reflected {
    pub(super) ty: SqlType,
    /// Name and labels.
    pub(super) labels: Option<(String, Vec<String>)>,
    /// As `format_type` prints it.
    pub(super) printed: String,
}

/// A value of an answer.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    None,
    Bool(bool),
    Text(String),
    Unknown(Gap),
    Maybe(Gap),
    OneOf(Vec<Fact>, Gap),
    List(Vec<Fact>),
    Dict(Vec<(&'static str, Fact)>),
    Type(Box<Reflected>),
}

impl Fact {
    pub(super) fn text(text: &str) -> Fact {
        Fact::Text(text.to_owned())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Items, why each may be missing, and why there may be others.
    List(Vec<(Fact, Option<Gap>)>, Option<Gap>),
    One(Fact),
}

impl Answer {
    pub(super) fn list(items: Vec<(Fact, Option<Gap>)>, open: Option<Gap>) -> Answer {
        Answer::List(items, open)
    }
}

fn doubt(presence: &Presence) -> Option<Gap> {
    match presence {
        Presence::Maybe(gap) => Some(gap.clone()),
        Presence::Present(_) | Presence::Dropped(_) => None,
    }
}

/// Why a schema may hold more than is listed.
fn hidden(schema: &Schema, place: Option<&Name>) -> Option<Gap> {
    let places: Vec<&Name> = place.into_iter().collect();
    if let Some(id) = place.and_then(|place| schema.namespace(place))
        && let Some(gap) = &schema.namespaces[id].presumed
    {
        return Some(gap.clone());
    }
    schema.hiding_gap(&places).cloned()
}

pub(super) fn tables(schema: &Schema, place: Option<&Name>, kinds: &[RelationKind]) -> Answer {
    let listed = schema.live_tables().into_iter().filter(|table| {
        place.is_some_and(|place| table.namespace_name() == place) && kinds.contains(&table.get().kind)
    });
    let mut items: Vec<(Fact, Option<Gap>)> = listed
        .map(|table| (Fact::text(table.name().as_str()), doubt(&table.get().presence)))
        .collect();
    if place.is_some_and(|p| *p == "public") && kinds.contains(&RelationKind::Table) {
        // Alembic's own table is there; it is no part of the history.
        items.push((Fact::text("alembic_version"), None));
    }
    // Where the history begins on tables that it does not make, there may have been more of them.
    let before = || {
        let used = schema
            .begins_elsewhere()
            .filter(|_| kinds.contains(&RelationKind::Table))?;
        let why = "which tables were there before the migrations";
        Some(used.because(why, crate::known::Reach::Rows))
    };
    Answer::List(items, hidden(schema, place).or_else(before))
}

pub(super) fn sequences(schema: &Schema, place: Option<&Name>) -> Answer {
    let listed = schema.sequences.iter().filter(|(_, s)| {
        s.presence.may_be() && place.is_some_and(|place| schema.namespaces[s.namespace].name == *place)
    });
    let items = listed
        .map(|(_, s)| (Fact::text(s.name.as_str()), doubt(&s.presence)))
        .collect();
    Answer::List(items, hidden(schema, place))
}

pub(super) fn namespaces(schema: &Schema) -> Answer {
    let listed = schema
        .namespaces
        .iter()
        .filter(|(_, n)| n.presence.may_be() && !n.name.as_str().starts_with("pg_"));
    let items = listed
        .map(|(_, n)| (Fact::text(n.name.as_str()), doubt(&n.presence)))
        .collect();
    let open = schema
        .gaps
        .iter()
        .find(|g| g.reach == crate::known::Reach::Everything);
    Answer::List(items, open.cloned())
}

pub(super) fn enums(schema: &Schema, place: Option<&Name>) -> Answer {
    let all = place.is_some_and(|p| *p == "*");
    let place = if all {
        None
    } else {
        place.or_else(|| schema.search_path.first())
    };
    let mut items = Vec::new();
    for (_, ty) in schema.types.iter() {
        let TypeKind::Enum(labels) = &ty.kind else {
            continue;
        };
        let namespace = &schema.namespaces[ty.namespace].name;
        if !ty.presence.may_be() || place.is_some_and(|place| place != namespace) {
            continue;
        }
        let labels = match (labels.known(), labels.gap()) {
            (Some(labels), _) => Fact::List(labels.iter().map(|l| Fact::text(l)).collect()),
            (None, Some(gap)) => Fact::Unknown(gap.clone()),
            (None, None) => Fact::None,
        };
        let entry = Fact::Dict(vec![
            ("name", Fact::text(ty.name.as_str())),
            ("schema", Fact::text(namespace.as_str())),
            ("visible", Fact::Bool(schema.search_path.contains(namespace))),
            ("labels", labels),
        ]);
        items.push((entry, doubt(&ty.presence)));
    }
    Answer::List(items, hidden(schema, place))
}

pub(super) fn columns(table: TableWalker<'_>) -> Answer {
    let items = table
        .columns()
        .map(|c| (column(c), doubt(&c.get().presence)))
        .collect();
    Answer::List(items, table.open(Section::Columns).cloned())
}

fn column(column: ColumnWalker<'_>) -> Fact {
    let c = column.get();
    let schema = column.table.schema;
    let ty = match (c.ty.known(), c.ty.gap()) {
        (Some(ty), _) => Fact::Type(Box::new(reflected(schema, ty))),
        (None, Some(gap)) => Fact::Unknown(gap.clone()),
        (None, None) => Fact::None,
    };
    let nullable = match (c.nullable.known(), c.nullable.gap()) {
        (Some(yes), _) => Fact::Bool(*yes),
        (None, Some(gap)) => Fact::Maybe(gap.clone()),
        (None, None) => Fact::None,
    };
    let default = match (c.default.known(), c.default.gap()) {
        (Some(None), _) | (None, None) => Fact::None,
        (Some(Some(stored)), _) => match schema.print_expr(Some(column.table.id), stored) {
            Ok(text) => Fact::Text(text),
            Err(gap) => Fact::Unknown(gap),
        },
        (None, Some(gap)) => Fact::Unknown(gap.clone()),
    };
    let mut entries = vec![
        ("name", Fact::text(c.name.as_str())),
        ("type", ty),
        ("nullable", nullable),
        ("default", default),
        ("autoincrement", Fact::Bool(c.sequence.is_some())),
        (
            "comment",
            c.comment.as_ref().map_or(Fact::None, |t| Fact::text(t)),
        ),
    ];
    if let Some(Some(kind)) = c.identity.known() {
        let always = Fact::Bool(*kind == IdentityKind::Always);
        entries.push(("identity", Fact::Dict(vec![("always", always)])));
    }
    if let Some(Some((stored, _))) = c.generated.known() {
        let text = match schema.print_expr(Some(column.table.id), stored) {
            Ok(text) => Fact::Text(text),
            Err(gap) => Fact::Unknown(gap),
        };
        entries.push((
            "computed",
            Fact::Dict(vec![("sqltext", text), ("persisted", Fact::Bool(true))]),
        ));
    }
    Fact::Dict(entries)
}

fn reflected(schema: &Schema, ty: &SqlType) -> Reflected {
    let labels = match ty.base {
        BaseType::Object(id) => schema.types.get(id).and_then(|found| match &found.kind {
            TypeKind::Enum(labels) => labels.known().map(|labels| {
                let labels = labels.iter().map(ToString::to_string).collect();
                (found.name.to_string(), labels)
            }),
            _ => None,
        }),
        BaseType::Builtin(_) | BaseType::Named(_) => None,
    };
    Reflected {
        ty: ty.clone(),
        labels,
        printed: schema.format_type(ty),
    }
}

fn names<'s>(columns: impl Iterator<Item = ColumnWalker<'s>>) -> Fact {
    Fact::List(columns.map(|c| Fact::text(c.name().as_str())).collect())
}

fn name_of(fact: &crate::known::Fact<Name>) -> Fact {
    match fact {
        crate::known::Fact::Known(name, _) => Fact::text(name.as_str()),
        crate::known::Fact::Unknown { gap, candidates } if candidates.is_empty() => {
            Fact::Unknown(gap.clone())
        }
        crate::known::Fact::Unknown { gap, candidates } => {
            let items = candidates
                .iter()
                .map(|(name, _)| Fact::text(name.as_str()))
                .collect();
            Fact::OneOf(items, gap.clone())
        }
    }
}

fn constraints<'s>(
    table: TableWalker<'s>,
    wanted: impl Fn(&ConstraintKind) -> bool,
) -> Vec<ConstraintWalker<'s>> {
    let mut found: Vec<_> = table.constraints().filter(|c| wanted(&c.get().kind)).collect();
    found.sort_by_key(|c| c.get().name.known().cloned());
    found
}

pub(super) fn uniques(table: TableWalker<'_>) -> Answer {
    let found = constraints(table, |kind| matches!(kind, ConstraintKind::Unique(_)));
    let items = found.into_iter().map(|c| {
        let entry = Fact::Dict(vec![
            ("column_names", names(c.columns())),
            ("name", name_of(&c.get().name)),
            (
                "comment",
                c.get().comment.as_ref().map_or(Fact::None, |t| Fact::text(t)),
            ),
        ]);
        (entry, doubt(&c.get().presence))
    });
    Answer::List(items.collect(), table.open(Section::Unique).cloned())
}

pub(super) fn primary_key(table: TableWalker<'_>) -> Answer {
    let none = || {
        Fact::Dict(vec![
            ("constrained_columns", Fact::List(Vec::new())),
            ("name", Fact::None),
        ])
    };
    let open = table.open(Section::PrimaryKey).cloned();
    Answer::One(match (table.primary_key(), open) {
        (Some(key), _) => {
            let entry = Fact::Dict(vec![
                ("constrained_columns", names(key.columns())),
                ("name", name_of(&key.get().name)),
            ]);
            match doubt(&key.get().presence) {
                Some(gap) => Fact::OneOf(vec![entry, none()], gap),
                None => entry,
            }
        }
        (None, Some(gap)) => Fact::Unknown(gap),
        (None, None) => none(),
    })
}

pub(super) fn foreign_keys(table: TableWalker<'_>) -> Answer {
    let schema = table.schema;
    let found = constraints(table, |kind| matches!(kind, ConstraintKind::ForeignKey(_)));
    let items = found.into_iter().filter_map(|c| {
        let ConstraintKind::ForeignKey(key) = &c.get().kind else {
            return None;
        };
        let referred = schema.table(key.table);
        let visible = schema.search_path.contains(referred.namespace_name());
        let place = if visible {
            Fact::None
        } else {
            Fact::text(referred.namespace_name().as_str())
        };
        let columns = key.columns.iter().map(|id| referred.column_by_id(*id));
        let mut options = Vec::new();
        for (option, action) in [("onupdate", key.on_update), ("ondelete", key.on_delete)] {
            if action != ReferentialAction::NoAction {
                options.push((option, Fact::text(action.sql())));
            }
        }
        if c.get().initially_deferred {
            options.push(("initially", Fact::text("DEFERRED")));
        }
        if c.get().deferrable {
            options.push(("deferrable", Fact::Bool(true)));
        }
        let entry = Fact::Dict(vec![
            ("name", name_of(&c.get().name)),
            ("constrained_columns", names(c.columns())),
            ("referred_schema", place),
            ("referred_table", Fact::text(referred.name().as_str())),
            ("referred_columns", names(columns)),
            ("options", Fact::Dict(options)),
            (
                "comment",
                c.get().comment.as_ref().map_or(Fact::None, |t| Fact::text(t)),
            ),
        ]);
        Some((entry, doubt(&c.get().presence)))
    });
    Answer::List(items.collect(), table.open(Section::ForeignKeys).cloned())
}

pub(super) fn checks(table: TableWalker<'_>) -> Answer {
    let found = constraints(table, |kind| matches!(kind, ConstraintKind::Check(_)));
    let items = found.into_iter().filter_map(|c| {
        let ConstraintKind::Check(condition) = &c.get().kind else {
            return None;
        };
        let text = match document::check_definition(c, condition) {
            // `CHECK ((x > 0))`: reflection strips the word and one pair of parentheses.
            Ok(text) => Fact::Text(inner_condition(&text)),
            Err(gap) => Fact::Unknown(gap),
        };
        let entry = Fact::Dict(vec![
            ("name", name_of(&c.get().name)),
            ("sqltext", text),
            (
                "comment",
                c.get().comment.as_ref().map_or(Fact::None, |t| Fact::text(t)),
            ),
        ]);
        Some((entry, doubt(&c.get().presence)))
    });
    Answer::List(items.collect(), table.open(Section::Checks).cloned())
}

/// `^CHECK *\((.+)\)( NO INHERIT)?( NOT VALID)?$`, and `^\((.+)\)$` of what is within.
fn inner_condition(text: &str) -> String {
    let text = text
        .trim_end_matches(" NOT VALID")
        .trim_end_matches(" NO INHERIT");
    let inner = text
        .strip_prefix("CHECK")
        .map(str::trim_start)
        .and_then(|t| t.strip_prefix('('))
        .and_then(|t| t.strip_suffix(')'))
        .unwrap_or(text);
    let bare = inner.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    bare.unwrap_or(inner).to_owned()
}

pub(super) fn indexes(table: TableWalker<'_>) -> Answer {
    let mut found: Vec<&Index> = table
        .indexes()
        .map(crate::schema::IndexWalker::get)
        .filter(|index| !is_primary(table, index))
        .collect();
    found.sort_by_key(|index| index.name.known().cloned());
    let items = found
        .into_iter()
        .map(|index| (entry(table, index), doubt(&index.presence)));
    let open = table
        .open(Section::Indexes)
        .or_else(|| table.open(Section::Unique))
        .cloned();
    Answer::List(items.collect(), open)
}

fn is_primary(table: TableWalker<'_>, index: &Index) -> bool {
    let constraint = index
        .constraint
        .and_then(|id| table.get().constraints.get(id.0 as usize));
    constraint.is_some_and(|c| matches!(c.kind, ConstraintKind::PrimaryKey(_)))
}

fn entry(table: TableWalker<'_>, index: &Index) -> Fact {
    let column = |key: &crate::schema::IndexKey| match &key.expr.expr.kind {
        ExprKind::Var(column) => Some(crate::schema::ColumnId(*column)),
        _ => None,
    };
    let columns = index.keys.iter().map(|key| {
        column(key).map_or(Fact::None, |id| {
            Fact::text(table.column_by_id(id).name().as_str())
        })
    });
    let mut entries = vec![
        ("name", name_of(&index.name)),
        ("unique", Fact::Bool(index.unique)),
        ("column_names", Fact::List(columns.collect())),
    ];
    if index.keys.iter().any(|key| column(key).is_none()) {
        let printed = index.keys.iter().map(|key| match column(key) {
            Some(id) => Fact::text(table.column_by_id(id).name().as_str()),
            None => match table.schema.print_index_key(table.id, &key.expr) {
                Ok(text) => Fact::Text(text),
                Err(gap) => Fact::Unknown(gap),
            },
        });
        entries.push(("expressions", Fact::List(printed.collect())));
    }
    if index.constraint.is_some() {
        entries.push(("duplicates_constraint", name_of(&index.name)));
    }
    let included = index
        .include
        .iter()
        .map(|id| Fact::text(table.column_by_id(*id).name().as_str()));
    entries.push(("include_columns", Fact::List(included.collect())));
    let mut options = Vec::new();
    if index.method != "btree" {
        options.push(("postgresql_using", Fact::text(&index.method)));
    }
    if let Some(predicate) = &index.predicate {
        let text = match table.schema.print_expr(Some(table.id), predicate) {
            Ok(text) => Fact::Text(text),
            Err(gap) => Fact::Unknown(gap),
        };
        options.push(("postgresql_where", text));
    }
    entries.push(("dialect_options", Fact::Dict(options)));
    Fact::Dict(entries)
}

pub(super) fn has_index(table: TableWalker<'_>, name: &Name) -> Answer {
    let mut doubts = None;
    for index in table.indexes() {
        let index = index.get();
        if is_primary(table, index) {
            continue;
        }
        match (&index.name, doubt(&index.presence)) {
            (crate::known::Fact::Known(own, _), None) if own == name => return Answer::One(Fact::Bool(true)),
            (crate::known::Fact::Known(own, _), Some(gap)) if own == name => doubts = Some(gap),
            (crate::known::Fact::Unknown { gap, .. }, _) => doubts = doubts.or(Some(gap.clone())),
            _ => {}
        }
    }
    let open = table
        .open(Section::Indexes)
        .or_else(|| table.open(Section::Unique));
    match doubts.or_else(|| open.cloned()) {
        Some(gap) => Answer::One(Fact::Maybe(gap)),
        None => Answer::One(Fact::Bool(false)),
    }
}
