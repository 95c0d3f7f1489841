//! Relations: foreign keys, the join tables of implicit many-to-many relations, and associations.
//!
//! Source: `psl/parser-database/src/relations.rs` (which side is which) and `sql_schema_calculator.rs` of prisma-engines.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::keys::mapped;
use super::names;
use super::source::{Class, FieldSource, ModelSource, Source};
use crate::change::ReferentialAction;
use crate::declared::{
    Association, DeclaredForeignKey, DeclaredIndex, DeclaredIndexKey, Expectation, Fault, Field, Key, Like,
    Model, ModelKind, Models, Unique,
};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::syntax::prisma::{Arity, Attribute, BlockKind, Value};

/// A relation field: its model, itself, the model that it refers to, and the relation's name.
#[derive(Debug, Clone, Copy)]
struct End<'a> {
    model: usize,
    field: usize,
    target: usize,
    name: Option<&'a str>,
}

/// Adds to `models` (one for each model of the source, in order) what relations make, and the join tables.
pub(super) fn read(source: &mut Source<'_>, models: &mut Models) {
    let mut faults = Vec::new();
    let (ends, opposites) = ends(source);
    let mut joined = FxHashSet::default();
    for (index, end) in ends.iter().enumerate() {
        let opposite = opposites.get(index).copied().flatten().and_then(|i| ends.get(i));
        let (Some(model), Some(field)) = (source.models.get(end.model), field(source, end)) else {
            continue;
        };
        let opposite_field = opposite.and_then(|o| self::field(source, o));
        if let Some(declared) = models.models.get_mut(end.model) {
            declared
                .associations
                .push(association(source, end, field, opposite_field));
            if fields_argument(field).is_some() {
                foreign_key(source, end, model, field, declared, &mut faults);
            }
        }
        if let (Some(opposite), Some(other)) = (opposite, opposite_field)
            && many_to_many(field, other)
            && first_side(source, end, opposite)
            && let Some(table) = join_table(source, end, opposite, &mut joined)
        {
            match table {
                Ok(table) => models.models.push(*table),
                Err(gap) => models.gaps.push(gap),
            }
        }
    }
    source.faults.append(&mut faults);
}

fn field<'s, 'a>(source: &'s Source<'a>, end: &End<'_>) -> Option<&'s FieldSource<'a>> {
    source.models.get(end.model).and_then(|m| m.fields.get(end.field))
}

fn relation<'a>(field: &FieldSource<'a>) -> Option<&'a Attribute> {
    field.attribute("relation")
}

fn fields_argument<'a>(field: &FieldSource<'a>) -> Option<&'a Value> {
    relation(field).and_then(|a| a.arg("fields", false))
}

/// Every relation field, and for each the one on the other side: the first between the same two models with the same name
/// that is not itself.
fn ends<'a>(source: &Source<'a>) -> (Vec<End<'a>>, Vec<Option<usize>>) {
    let mut ends = Vec::new();
    let mut sides: FxHashMap<(usize, usize, Option<&str>), Vec<usize>> = FxHashMap::default();
    for (model, declared) in source.models.iter().enumerate() {
        for (index, field) in declared.fields.iter().enumerate() {
            let Class::Relation(target) = field.class else {
                continue;
            };
            let name = relation(field)
                .and_then(|a| a.arg("name", true))
                .and_then(Value::as_str)
                .filter(|name| !name.is_empty());
            sides.entry((model, target, name)).or_default().push(ends.len());
            ends.push(End {
                model,
                field: index,
                target,
                name,
            });
        }
    }
    let opposites = ends
        .iter()
        .enumerate()
        .map(|(index, end)| {
            let candidates = sides.get(&(end.target, end.model, end.name))?;
            candidates.iter().copied().find(|i| *i != index)
        })
        .collect();
    (ends, opposites)
}

/// Both sides are lists, and neither says which fields it uses.
fn many_to_many(field: &FieldSource<'_>, other: &FieldSource<'_>) -> bool {
    field.arity == Arity::List
        && other.arity == Arity::List
        && fields_argument(field).is_none()
        && fields_argument(other).is_none()
}

/// Whether `end` is side A: the model whose name comes first, in a relation of a model with itself the field.
fn first_side(source: &Source<'_>, end: &End<'_>, opposite: &End<'_>) -> bool {
    let name = |end: &End<'_>| source.models.get(end.model).map(|m| m.block.name.text.clone());
    let member = |end: &End<'_>| field(source, end).map(|f| f.member.name.text.clone());
    if end.model == opposite.model {
        member(end) <= member(opposite)
    } else {
        name(end) <= name(opposite)
    }
}

fn association(
    source: &Source<'_>,
    end: &End<'_>,
    field: &FieldSource<'_>,
    opposite: Option<&FieldSource<'_>>,
) -> Association {
    let list = |field: &FieldSource<'_>, argument: &str| {
        let value = relation(field).and_then(|a| a.arg(argument, false))?;
        let names: Vec<&str> = value.elements().iter().filter_map(Value::as_path).collect();
        Some(SmolStr::new(names.join(",")))
    };
    let (kind, owner_key, related_key) = if fields_argument(field).is_some() {
        ("belongs_to", list(field, "fields"), list(field, "references"))
    } else {
        let kind = match opposite {
            Some(other) if many_to_many(field, other) => "many_to_many",
            _ if field.arity == Arity::List => "has_many",
            _ => "has_one",
        };
        let keys = |argument| opposite.and_then(|o| list(o, argument));
        (kind, keys("references"), keys("fields"))
    };
    Association {
        name: field.member.name.text.clone(),
        kind,
        related: source
            .models
            .get(end.target)
            .map_or_else(SmolStr::default, |m| m.block.name.text.clone()),
        owner_key,
        related_key,
        span: field.member.name.span,
    }
}

/// The fields that an argument lists.
fn resolve<'s, 'a>(
    model: &'s ModelSource<'a>,
    value: Option<&Value>,
    faults: &mut Vec<Fault>,
) -> Option<Vec<&'s FieldSource<'a>>> {
    let value = value?;
    let mut out = Vec::new();
    for item in value.elements() {
        let name = item.as_path()?;
        match model.stored(name) {
            Some(field) => out.push(field),
            None => {
                faults.push(Fault {
                    kind: "unknown-field",
                    span: item.span,
                    message: format!("{} has no stored field {name}", model.block.name.text),
                    related: Vec::new(),
                });
                return None;
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The foreign key of the side that says `fields`.
fn foreign_key(
    source: &Source<'_>,
    end: &End<'_>,
    model: &ModelSource<'_>,
    field: &FieldSource<'_>,
    declared: &mut Model,
    faults: &mut Vec<Fault>,
) {
    let (Some(attribute), Some(target)) = (relation(field), source.models.get(end.target)) else {
        return;
    };
    let own = resolve(model, attribute.arg("fields", false), faults);
    let theirs = resolve(target, attribute.arg("references", false), faults);
    let view = |m: &ModelSource<'_>| m.block.kind == BlockKind::View;
    if source.settings.no_foreign_keys || view(model) || view(target) {
        return;
    }
    let (Some(own), Some(theirs)) = (own, theirs) else {
        let why = format!(
            "the fields of the relation {} could not be read",
            field.member.name.text
        );
        let reach = Reach::Section(model.table.to_string(), Section::ForeignKeys);
        declared
            .open
            .push((Section::ForeignKeys, Gap::new(attribute.span, why, reach)));
        return;
    };
    let texts: Vec<&str> = own.iter().map(|f| f.column_text).collect();
    let required = own.iter().any(|f| f.arity == Arity::Required);
    let on_delete = match (action(attribute, "onDelete"), required) {
        (Some(action), _) => action,
        (None, true) => ReferentialAction::Restrict,
        (None, false) => ReferentialAction::SetNull,
    };
    declared.foreign_keys.push(DeclaredForeignKey {
        columns: own.iter().map(|f| f.column.clone()).collect(),
        table: Expectation::Exactly(target.table.clone()),
        referenced: theirs.iter().map(|f| f.column.clone()).collect(),
        on_delete: Expectation::Exactly(on_delete),
        on_update: Expectation::Exactly(action(attribute, "onUpdate").unwrap_or(ReferentialAction::Cascade)),
        deferrable: None,
        match_full: false,
        not_valid: false,
        name: Some(
            mapped(attribute, &["map"]).unwrap_or_else(|| names::foreign_key(model.table_text, &texts)),
        ),
        span: field.member.span,
    });
}

fn action(attribute: &Attribute, argument: &str) -> Option<ReferentialAction> {
    match attribute.arg(argument, false)?.as_path()? {
        "Cascade" => Some(ReferentialAction::Cascade),
        "Restrict" => Some(ReferentialAction::Restrict),
        "NoAction" => Some(ReferentialAction::NoAction),
        "SetNull" => Some(ReferentialAction::SetNull),
        "SetDefault" => Some(ReferentialAction::SetDefault),
        _ => None,
    }
}

/// The one field of a model's primary key.
fn id_field<'s, 'a>(model: &'s ModelSource<'a>) -> Option<&'s FieldSource<'a>> {
    if let Some(field) = model
        .fields
        .iter()
        .find(|f| f.stored() && f.attribute("id").is_some())
    {
        return Some(field);
    }
    let list = model
        .block
        .attributes
        .iter()
        .find(|a| a.name == "id")?
        .arg("fields", true)?;
    match list.elements() {
        [one] => model.stored(one.as_path()?),
        _ => None,
    }
}

/// The join table between side A and side B; `None` where a view has none, or an earlier relation made the same table.
fn join_table(
    source: &Source<'_>,
    a: &End<'_>,
    b: &End<'_>,
    joined: &mut FxHashSet<QualifiedName>,
) -> Option<Result<Box<Model>, Gap>> {
    let (model_a, model_b) = (source.models.get(a.model)?, source.models.get(b.model)?);
    let (field_a, field_b) = (field(source, a)?, field(source, b)?);
    if [model_a, model_b].iter().any(|m| m.block.kind == BlockKind::View) {
        return None;
    }
    let relation = match a.name {
        Some(name) => name.to_owned(),
        None => format!("{}To{}", model_a.block.name.text, model_b.block.name.text),
    };
    let text = names::join_table(&relation);
    let table = QualifiedName {
        schema: model_a.table.schema.clone(),
        name: Name::new(&text),
    };
    if !joined.insert(table.clone()) {
        return None;
    }
    let (Some(id_a), Some(id_b)) = (id_field(model_a), id_field(model_b)) else {
        let why =
            format!("a many-to-many relation needs models with a single id, for {relation} one has none");
        return Some(Err(Gap::new(
            field_a.member.span,
            why,
            Reach::Object(table.to_string()),
        )));
    };
    let mut model = Model {
        name: SmolStr::new(&text),
        span: field_a.member.name.span,
        whole: field_a.member.span,
        table: Some(Expectation::Exactly(table.clone())),
        table_span: None,
        kind: ModelKind::JoinTable,
        fields: vec![
            side(source, "A", field_a, id_a, &table),
            side(source, "B", field_b, id_b, &table),
        ],
        primary_key: None,
        uniques: Vec::new(),
        indexes: vec![DeclaredIndex {
            keys: vec![DeclaredIndexKey {
                key: Ok(Name::new("B")),
                descending: false,
                opclass: None,
                nulls_first: None,
            }],
            name: Some(names::of_join_table(&text, "_B_index")),
            method: SmolStr::new("btree"),
            include: Vec::new(),
            predicate: None,
            unique: false,
            nulls_not_distinct: false,
            span: field_b.member.name.span,
        }],
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        comment: Expectation::Anything,
        associations: Vec::new(),
        open: Vec::new(),
        unmanaged: source.config.external_table(&table),
        elsewhere: None,
        of_library: false,
        table_like: Like::anything(),
    };
    pair_key(source, &mut model, &text, &table, field_a.member.name.span);
    if !source.settings.no_foreign_keys {
        for (column, field, target, id) in [("A", field_a, model_a, id_a), ("B", field_b, model_b, id_b)] {
            model.foreign_keys.push(DeclaredForeignKey {
                columns: vec![Name::new(column)],
                table: Expectation::Exactly(target.table.clone()),
                referenced: vec![id.column.clone()],
                on_delete: Expectation::Exactly(ReferentialAction::Cascade),
                on_update: Expectation::Exactly(ReferentialAction::Cascade),
                deferrable: None,
                match_full: false,
                not_valid: false,
                name: Some(names::of_join_table(&text, &format!("_{column}_fkey"))),
                span: field.member.name.span,
            });
        }
    }
    Some(Ok(Box::new(model)))
}

/// What keeps each pair once: a primary key since Prisma 6, a unique index before.
fn pair_key(source: &Source<'_>, model: &mut Model, text: &str, table: &QualifiedName, span: Span) {
    let columns = || vec![Name::new("A"), Name::new("B")];
    match source.config.version.or(source.settings.since_six.then_some(6)) {
        Some(version) if version < 6 => model.uniques.push(Unique {
            deferrable: None,
            columns: columns(),
            name: Some(names::of_join_table(text, "_AB_unique")),
            index: true,
            nulls_not_distinct: false,
            descending: vec![false, false],
            predicate: None,
            span,
        }),
        Some(_) => {
            model.primary_key = Some(Key {
                columns: columns(),
                name: Some(names::of_join_table(text, "_AB_pkey")),
                span,
            });
        }
        None => {
            let why = "whether a join table has a primary key (Prisma 6) or a unique index (before) hangs on Prisma's \
                       version, which is not told";
            for section in [Section::PrimaryKey, Section::Unique, Section::Indexes] {
                let gap = Gap::new(span, why, Reach::Section(table.to_string(), section));
                model.open.push((section, gap));
            }
        }
    }
}

/// Column A or B: of the type of the id that it refers to.
fn side(
    source: &Source<'_>,
    column: &str,
    field: &FieldSource<'_>,
    id: &FieldSource<'_>,
    table: &QualifiedName,
) -> Field {
    let name = format!("{table}.{column}");
    Field {
        name: SmolStr::new(column),
        column: Name::new(column),
        span: field.member.name.span,
        type_span: field.member.name.span,
        declared: super::models::declared(id),
        ty: super::models::column_type(source, id, &name),
        nullable: Expectation::Exactly(false),
        nullable_span: None,
        default: Expectation::Exactly(None),
        default_span: None,
        client_default: true,
        fetched: false,
        serial: None,
        identity: Expectation::Exactly(None),
        counts: None,
        generated: Expectation::Exactly(None),
        collation: None,
        comment: Expectation::Anything,
        written: true,
        ignored: false,
        whole: field.member.span,
    }
}
