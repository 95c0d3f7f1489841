//! SQLAlchemy's and SQLModel's models: what classes and tables declare, in the form that all stacks share.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::brought;
use super::client;
use super::creation;
use super::ddl::{in_schema, index_spec, rendered};
use super::faults;
use super::language::LANGUAGE;
use super::lent;
use super::library::Reading;
use super::metadata::{self, Made};
use super::rivals;
use super::sequences;
use super::table::{ColumnDef, ConstraintDef, ConstraintKind, IndexDef};
use super::tables::{self, ModelTable};
use super::terms::{self, Known};
use super::types::EnumDef;
use super::unmade;
use super::unregistered;
use super::unrun;
use super::untold;
use super::versioned;
use super::versions::{Versions, sends_types};
use crate::change::ObjectName;
use crate::declared::{
    DeclaredCheck, DeclaredExclusion, DeclaredForeignKey, DeclaredIndex, DeclaredIndexKey, DeclaredSequence,
    EnumType, Expectation, Fault, Field, KeptIn, Key, Like, Model, ModelKind, Models, Sees, Unique,
};
use crate::interpret::python::{Machine, Modules, Stop};
use crate::known::{Gap, Reach, Section};
use crate::name::QualifiedName;
use crate::source::{FileId, Files, Span};
use crate::sqltype::{BaseType, Builtin};
use crate::stacks::alembic::{
    self,
    config::Tree,
    handed::{Handed, Identity},
};
use crate::tree::{ColumnName, Expr, ExprKind};

/// Reads the models of files: runs their modules, and whatever these import. `folder` is where versions are looked for; `tree` is
/// the history whose `env.py` tells which metadata counts, where several share the models.
#[must_use]
pub fn read(files: &Files, model_files: &[FileId], folder: &str, tree: Option<&str>) -> Models {
    let Some(tree) = tree.and_then(|path| alembic::config::tree_at(files, path)) else {
        let models = read_for(files, model_files, folder, &[], &[None]);
        return models.into_iter().next().unwrap_or_default();
    };
    // Histories that run in one place import the same modules: these are run once for all of them.
    let roots = tree.roots();
    let key = format!("{model_files:?} {folder:?} {roots:?}");
    let shared = files.recall(&key, |files| {
        let all = alembic::config::trees(files);
        let sharing: Vec<Option<&Tree>> = all.iter().filter(|t| t.roots() == roots).map(Some).collect();
        let folders: Vec<String> = sharing.iter().flatten().map(|t| t.folder.clone()).collect();
        let models = read_for(files, model_files, folder, &roots, &sharing);
        Shared(folders.into_iter().zip(models).collect())
    });
    match shared.0.iter().find(|(folder, _)| *folder == tree.folder) {
        Some((_, models)) => models.clone(),
        None => read_for(files, model_files, folder, &roots, &[Some(&tree)])
            .into_iter()
            .next()
            .unwrap_or_default(),
    }
}

/// The models that histories share, as each of them takes them: by script folder.
struct Shared(Vec<(String, Models)>);

/// The models of files as each of several histories takes them.
fn read_for(
    files: &Files,
    model_files: &[FileId],
    folder: &str,
    roots: &[String],
    trees: &[Option<&Tree>],
) -> Vec<Models> {
    let modules = Modules::new(files, roots);
    let mut machine = Machine::new(&modules, Reading::default());
    let mut gaps = Vec::new();
    for file in model_files {
        let Some(module) = modules.of_file(*file) else {
            continue;
        };
        if let Err(stop) = machine.run_module(module) {
            let at = match &stop {
                Stop::Raised(raised) => raised.span,
                Stop::Exhausted(at, _) => *at,
                Stop::Gone => Span::new(*file, 0, 0),
            };
            gaps.push(terms::stopped(&stop, at).reaching(Reach::Namespace("public".to_owned())));
        }
    }
    gaps.extend(unregistered::lost(files, machine.lost()));
    let environments = trees.iter().flatten().filter_map(|tree| tree.environment(files));
    let mut perhaps = unrun::made(&mut machine, environments);
    perhaps.extend(versioned::tables(&machine));
    let versions = Versions::near(files, folder);
    let sends = sends_types(files, folder);
    let tables = tables::declared(&mut machine, &versions);
    gaps.extend(untold::classes(&mut machine));
    let lent: Vec<Gap> = lent::gaps(&machine).collect();
    let sequences = sequences::of_metadata(&mut machine);
    let told = gaps.is_empty() && lent.is_empty() && perhaps.is_empty();
    let models = |tree: &Option<&Tree>| {
        let mut models = match tree {
            Some(tree) => {
                let mut models = of_history(&modules, &tables, &sequences, (tree, told));
                alembic::strays::mark(files, &mut models);
                models
            }
            None => {
                let all: Vec<_> = tables.iter().collect();
                let mut models = of_tables(&all);
                models.created = rivals::created(files, &all, None);
                sequences::add(&mut models, sequences.iter());
                models.faults = faults::of(files, &all, None);
                models.faults.extend(faults::names(&modules, &all));
                models
                    .faults
                    .extend(unmade::dangling(&modules, &all, &tables, told));
                models
            }
        };
        models.language.bare_enums = !sends.enums;
        if !sends.text {
            models.cast_text.clear();
        }
        if versions.type_checks() {
            let created = models.created.iter_mut().flat_map(|created| &mut created.models);
            models.models.iter_mut().chain(created).for_each(open_type_checks);
        }
        if !lent.is_empty() {
            models.faults.retain(|fault| fault.kind != Fault::DANGLING);
        }
        models.gaps.splice(0..0, gaps.iter().chain(&lent).cloned());
        models.perhaps.clone_from(&perhaps);
        models
    };
    trees.iter().map(models).collect()
}

/// The models that belong to a history; `told`: no others may be there than these tables.
fn of_history(
    modules: &Modules<'_>,
    tables: &[ModelTable<'_>],
    sequences: &[(DeclaredSequence, Option<Made>)],
    (tree, told): (&Tree, bool),
) -> Models {
    let files = modules.files();
    let own = alembic::handed::handed(files, tree);
    let others: Vec<Arc<Handed>> = alembic::config::trees(files)
        .iter()
        .filter(|other| other.folder != tree.folder)
        .map(|other| alembic::handed::handed(files, other))
        .collect();
    // Tables that no class is mapped to, on metadata of their own that nobody hands over, stand for what queries read elsewhere.
    let mapped: Vec<_> = tables
        .iter()
        .filter(|t| t.class.is_some())
        .filter_map(|t| t.made)
        .collect();
    let is_ours = |table: &&ModelTable<'_>| {
        let is_handed = |made| own.metadata.contains(&identity(made));
        table.class.is_some()
            || own.metadata.is_empty()
            || own.open.is_some()
            || table
                .made
                .is_none_or(|made| mapped.contains(&made) || is_handed(made))
    };
    // What no history takes up stays: that is worth telling. What another one does is its affair.
    let is_left = |table: &&ModelTable<'_>| {
        table.made.is_none_or(|made| {
            let made = identity(made);
            own.metadata.contains(&made) || !others.iter().any(|other| other.metadata.contains(&made))
        })
    };
    let kept: Vec<_> = tables.iter().filter(is_ours).filter(is_left).collect();
    let mut models = of_tables(&kept);
    models.created = rivals::created(files, &kept, Some((tree, &own)));
    let is_handed = |made: &Option<Made>| made.is_some_and(|made| own.metadata.contains(&identity(made)));
    sequences::add(&mut models, sequences.iter().filter(|(_, made)| is_handed(made)));
    let known = own.loose.is_none().then_some(&*own.modules);
    models.faults = faults::of(files, &kept, known);
    models.faults.extend(faults::names(modules, &kept));
    models
        .faults
        .extend(unmade::dangling(modules, &kept, tables, told));
    if told {
        models.faults.extend(unmade::of_one_name(files, &kept, known));
    }
    models.unseen = unregistered::unseen(files, tree, &own, &others, &kept);
    models.sees = sees(tree, &own);
    models.sees_nothing = own.place.filter(|_| own.nothing && own.loose.is_none());
    let is_celery = |made: &&Identity| matches!(made, Identity::Path(path) if path.starts_with("celery."));
    let celery = own.metadata.iter().find(is_celery).and(tree.environment(files));
    if let Some(environment) = celery {
        let brought = brought::celery(own.place.unwrap_or(Span::new(environment, 0, 0)));
        let created = models.created.iter_mut();
        created.for_each(|created| created.models.extend(brought.clone()));
        models.models.extend(brought);
    }
    let marks = |name: &str| {
        let named = kept.iter().filter(|table| table.name == name);
        named.map(|table| &table.marks).collect()
    };
    let declare = kept.iter().map(|table| table.span.file);
    let places = declare.chain(own.modules.iter().copied());
    models.wandering =
        alembic::left_out::models(files, tree, &models.models, own.heeds_unmarked, marks, places)
            .into_iter()
            .collect();
    if !models.wandering.is_empty() {
        sequences::leave_out(&kept, &mut models);
    }
    models
}

/// What autogenerate is given of the models of a history.
fn sees(tree: &Tree, handed: &Handed) -> Sees {
    match (&handed.open, &handed.loose, handed.place) {
        (Some(gap), ..) => Sees::Unknown(gap.clone()),
        (None, Some(gap), _) => Sees::Unknown(gap.clone()),
        (None, None, Some(place)) => Sees::Told(Some(place)),
        (None, None, None) => {
            let why = format!("what {}/env.py hands to autogenerate is not told", tree.folder);
            Sees::Unknown(Gap::not_given(why, Reach::Rows))
        }
    }
}

/// Where a table is kept.
fn kept_in(table: &ModelTable<'_>) -> KeptIn {
    let (made, library) = match table.made {
        Some(Made::At(span)) => (Some(span), None),
        Some(Made::Library(path)) => (None, Some(shown(path))),
        None => (None, None),
    };
    let others = table.classes.iter().filter(|(.., span)| *span != table.span);
    KeptIn {
        model: table.span,
        made,
        library,
        mapped: table.class.is_some(),
        classes: others.map(|(_, name, span)| (name.clone(), *span)).collect(),
    }
}

/// A library's metadata, as programs write it.
fn shown(path: &str) -> &'static str {
    match path {
        metadata::SQLMODEL => "SQLModel.metadata",
        _ => "orm_registry.metadata",
    }
}

/// Before SQLAlchemy 1.4 an enum that is none of the database's brings a CHECK unless it says otherwise.
fn open_type_checks(model: &mut Model) {
    let brings = |field: &&Field| {
        let is_enum = field.declared.as_ref().is_some_and(|d| d.starts_with("Enum"));
        let is_text =
            matches!(&field.ty, Expectation::Exactly(ty) if ty.base == BaseType::Builtin(Builtin::Varchar));
        is_enum && is_text
    };
    if let Some(field) = model.fields.iter().find(brings) {
        let gap = terms::gap(
            field.type_span,
            "the CHECK that an enum brings before SQLAlchemy 1.4",
        );
        model.open.push((Section::Checks, gap));
    }
}

/// A metadata, as `env.py` hands it over.
pub(super) fn identity(made: Made) -> Identity {
    match made {
        Made::At(span) => Identity::Place(span),
        Made::Library(path) => Identity::Path(path.into()),
    }
}

/// Tables as models.
pub(super) fn of_tables(tables: &[&ModelTable<'_>]) -> Models {
    let mut models = Models {
        language: LANGUAGE,
        dialect: Some("postgresql".into()),
        ..Models::default()
    };
    for table in tables {
        let mut made = model(table);
        if let Some(gap) = &table.maybe {
            made.table = Some(Expectation::Unknown(gap.clone()));
            if let Ok(name) = &table.def.name {
                made.table_like = Like::exactly(name.as_str());
            }
        }
        models.kept.extend(kept(table));
        models.client_values.extend(client::values(table, span_of));
        let cast = |column: &&ColumnDef<'_>| column.ty.as_ref().is_some_and(|ty| ty.cast);
        models
            .cast_text
            .extend(table.def.columns.iter().filter(cast).map(span_of));
        let demanded = |column: &&ColumnDef<'_>| column.attribute.as_ref().is_some_and(|a| a.demanded);
        models
            .demanded
            .extend(table.def.columns.iter().filter(demanded).map(span_of));
        models.kept_in.push(kept_in(table));
        if let Some(gap) = &table.brings
            && models.gaps.iter().all(|known| known.at != gap.at)
        {
            models
                .gaps
                .push(gap.reaching(Reach::Namespace("public".to_owned())));
        }
        models.models.push(made);
    }
    enums(tables, &mut models);
    sequences::of_columns(tables, &mut models);
    models
}

/// The values of the enums of a table that are kept as text.
fn kept(table: &ModelTable<'_>) -> Vec<(Span, Vec<(SmolStr, Span)>)> {
    let values = |column: &ColumnDef<'_>| {
        let values = column.ty.as_ref()?.kept.clone()?;
        Some((span_of(column), values))
    };
    table.def.columns.iter().filter_map(values).collect()
}

/// Where a column's name is written.
fn span_of(column: &ColumnDef<'_>) -> Span {
    column.attribute.as_ref().map_or(column.name_span, |a| a.span)
}

fn model(table: &ModelTable<'_>) -> Model {
    let def = &table.def;
    let (name, printed) = match def.qualified() {
        Ok(name) => (Expectation::Exactly(name.clone()), name.to_string()),
        Err(gap) => (Expectation::Unknown(gap), table.name.to_string()),
    };
    let mut out = Model {
        name: table.name.clone(),
        span: table.span,
        whole: table.whole,
        table: Some(name),
        table_span: (def.name_span != table.span).then_some(def.name_span),
        kind: ModelKind::Table,
        fields: Vec::new(),
        primary_key: None,
        uniques: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        comment: expectation(&def.comment),
        associations: Vec::new(),
        open: def
            .open
            .iter()
            .map(|(section, gap)| (*section, gap.reaching(Reach::Section(printed.clone(), *section))))
            .collect(),
        unmanaged: table.reflected,
        elsewhere: None,
        of_library: false,
        table_like: def.like.clone(),
    };
    if table.class.is_none() && table.term.is_some() && !table.reflected {
        out.kind = ModelKind::Table;
    }
    out.open.extend(creation::opened(&def.deeds, &printed));
    for column in def.columns.iter().filter(|c| !c.system) {
        match field(column, table) {
            Ok(field) => out.fields.push(field),
            Err(gap) => out.open.push((Section::Columns, gap)),
        }
    }
    for constraint in &def.constraints {
        if let Err((section, gap)) = add_constraint(&mut out, constraint) {
            // What is listed beside a CHECK that could not be read is declared all the same.
            let gap = match section {
                Section::Checks => gap.reaching(Reach::OthersOf(printed.clone(), section)),
                _ => gap,
            };
            out.open.push((section, gap));
        }
    }
    let object = ObjectName {
        name: QualifiedName::bare("t".into()),
        span: table.span,
    };
    for index in &def.indexes {
        if let Err((section, gap)) = add_index(&mut out, &object, index) {
            out.open.push((section, gap));
        }
    }
    out
}

fn expectation<T: Clone>(known: &Known<T>) -> Expectation<T> {
    match known {
        Ok(value) => Expectation::Exactly(value.clone()),
        Err(gap) => Expectation::Unknown(gap.clone()),
    }
}

fn field(column: &ColumnDef<'_>, table: &ModelTable<'_>) -> Known<Field> {
    let name = column
        .name
        .clone()?
        .ok_or_else(|| terms::gap(column.span, "the column has no name"))?;
    let attribute = column.attribute.as_ref();
    let span = span_of(column);
    let type_span = column
        .ty
        .as_ref()
        .map(|t| t.span)
        .or(attribute.map(|a| a.type_span))
        .unwrap_or(column.span);
    let own = table.def.qualified().ok();
    let ty = match &column.ty {
        Some(typed) => match (&typed.ty, &own) {
            (Ok(ty), Some(own)) => {
                Expectation::Exactly(in_schema(ty.clone(), typed.enumeration.as_ref(), own))
            }
            (Ok(ty), None) => Expectation::Exactly(ty.clone()),
            (Err(gap), _) => Expectation::Unknown(gap.clone()),
        },
        None => Expectation::Unknown(terms::gap(column.span, "the column's type is not known")),
    };
    // Migrations that are written by hand may have made it as the model says.
    let ty = match (column.counts_in(), ty) {
        (Some(counted), Expectation::Exactly(ty)) => Expectation::OneOf(vec![counted, ty]),
        (_, ty) => ty,
    };
    let identity = column.identity.clone().map(|i| i.map(|(kind, _)| kind));
    let nullable = column.nullable.clone().map(|n| n.unwrap_or(true));
    // The server adds NOT NULL to keys and identities.
    let nullable = match (nullable, &column.primary_key, &identity) {
        (_, Ok(true), _) => Ok(false),
        (nullable, _, _) => nullable,
    };
    Ok(Field {
        name: attribute.map_or_else(|| SmolStr::new(name.as_str()), |a| a.name.clone()),
        column: name,
        span,
        type_span,
        declared: attribute
            .and_then(|a| a.declared.clone())
            .or_else(|| column.ty.as_ref().and_then(|t| t.declared.clone())),
        ty,
        nullable: expectation(&nullable),
        nullable_span: column.nullable_span,
        default: expectation(&column.server_default),
        default_span: column.default_span,
        client_default: column.client_default || column.sequence.is_some(),
        fetched: column.has_server_default && column.server_default == Ok(None),
        serial: column.serial,
        identity: expectation(&identity),
        counts: column.identity.clone().ok().flatten().map(|(_, options)| options),
        generated: expectation(&column.generated),
        collation: column.ty.as_ref().and_then(|t| t.collation.clone()),
        comment: expectation(&column.comment),
        written: column.generated == Ok(None),
        ignored: false,
        whole: attribute.map_or(column.span, |a| a.whole),
    })
}

type Failed = (Section, Gap);

fn add_constraint(model: &mut Model, constraint: &ConstraintDef) -> Result<(), Failed> {
    let span = constraint.span;
    let name = |section| rendered(&constraint.name, span).map_err(|gap| (section, gap));
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => {
            let columns = columns.clone().map_err(|gap| (Section::PrimaryKey, gap))?;
            if !columns.is_empty() {
                model.primary_key = Some(Key {
                    columns,
                    name: name(Section::PrimaryKey)?,
                    span,
                });
            }
        }
        ConstraintKind::Unique {
            columns,
            include,
            nulls_not_distinct,
        } => {
            let open = |gap: Gap| (Section::Unique, gap);
            include.clone().map_err(open)?;
            let columns = columns.clone().map_err(open)?;
            let deferred = constraint.initially_deferred.clone().map_err(open)? == Some(true);
            let deferrable = constraint.deferrable.clone().map_err(open)?.unwrap_or(deferred);
            model.uniques.push(Unique {
                deferrable: (deferrable || deferred).then_some((deferrable, deferred)),
                descending: vec![false; columns.len()],
                columns,
                name: name(Section::Unique)?,
                index: false,
                nulls_not_distinct: nulls_not_distinct.clone().map_err(open)?,
                predicate: None,
                span,
            });
        }
        ConstraintKind::ForeignKey(key) => {
            let open = |gap: Gap| (Section::ForeignKeys, gap);
            let columns = key.columns.clone().map_err(open)?;
            let referenced = key.referenced.clone().map_err(open)?;
            let initially = constraint.initially_deferred.clone().map_err(open)?;
            let deferrable = constraint.deferrable.clone().map_err(open)?;
            let deferred = initially == Some(true);
            let deferrable = deferrable.unwrap_or(deferred);
            model.foreign_keys.push(DeclaredForeignKey {
                referenced: if referenced.is_empty() {
                    columns.clone()
                } else {
                    referenced
                },
                columns,
                table: expectation(&key.table),
                on_delete: expectation(&key.on_delete),
                on_update: expectation(&key.on_update),
                deferrable: (deferrable || deferred).then_some((deferrable, deferred)),
                match_full: key.match_full,
                not_valid: constraint.not_valid,
                name: name(Section::ForeignKeys)?,
                span,
            });
        }
        ConstraintKind::Check { condition } => {
            let open = |gap: Gap| (Section::Checks, gap);
            model.checks.push(DeclaredCheck {
                name: name(Section::Checks)?,
                condition: Some(condition.clone().map_err(open)?),
                not_valid: constraint.not_valid,
                span,
            });
        }
        ConstraintKind::Exclude {
            method,
            elements,
            predicate,
        } => {
            let open = |gap: Gap| (Section::Checks, gap);
            model.exclusions.push(DeclaredExclusion {
                name: name(Section::Checks)?,
                method: method.clone(),
                elements: elements.clone().map_err(open)?,
                predicate: predicate.clone().map_err(open)?,
                span,
            });
        }
    }
    Ok(())
}

fn add_index(model: &mut Model, table: &ObjectName, index: &IndexDef) -> Result<(), Failed> {
    let spec = index_spec(table, index, false).map_err(|gap| (Section::Indexes, gap))?;
    let plain = spec.elements.iter().map(|e| match &e.expr.kind {
        ExprKind::Column(ColumnName { qualifiers, name })
            if qualifiers.is_empty()
                && e.opclass.is_none()
                && e.nulls_first.is_none()
                && e.collation.is_none() =>
        {
            Some(name.clone())
        }
        _ => None,
    });
    let plain: Option<Vec<_>> = plain.collect();
    if spec.unique
        && spec.method == "btree"
        && spec.include.is_empty()
        && let Some(columns) = plain
    {
        model.uniques.push(Unique {
            deferrable: None,
            columns,
            name: spec.name,
            index: true,
            nulls_not_distinct: spec.nulls_not_distinct,
            descending: spec.elements.iter().map(|e| e.descending).collect(),
            predicate: spec.predicate,
            span: index.span,
        });
        return Ok(());
    }
    let keys = spec
        .elements
        .into_iter()
        .map(|e| DeclaredIndexKey {
            key: match &e.expr {
                Expr {
                    kind: ExprKind::Column(ColumnName { qualifiers, name }),
                    ..
                } if qualifiers.is_empty() => Ok(name.clone()),
                _ => Err(e.expr),
            },
            descending: e.descending,
            opclass: e.opclass.map(|c| SmolStr::new(c.to_string())),
            nulls_first: e.nulls_first,
        })
        .collect();
    model.indexes.push(DeclaredIndex {
        keys,
        name: spec.name,
        method: spec.method,
        include: spec.include,
        predicate: spec.predicate,
        unique: spec.unique,
        nulls_not_distinct: spec.nulls_not_distinct,
        span: index.span,
    });
    Ok(())
}

/// The native enums of all columns, each once.
fn enums(tables: &[&ModelTable<'_>], models: &mut Models) {
    let mut seen: FxHashMap<QualifiedName, usize> = FxHashMap::default();
    for table in tables {
        models.enums_untold |= !table.reflected && table.def.columns.iter().any(ColumnDef::may_be_enum);
        for def in table.def.columns.iter().flat_map(|column| column.enums()) {
            let mut name = match def.name.clone() {
                Ok(name) => name,
                Err(gap) => {
                    models
                        .gaps
                        .push(gap.reaching(Reach::Namespace("public".to_owned())));
                    continue;
                }
            };
            if name.schema.is_none() && def.inherit_schema == Ok(true) {
                name.schema = table.def.schema.clone().ok().flatten();
            }
            let made = enum_type(&name, def);
            match seen.get(&name).and_then(|at| models.enums.get_mut(*at)) {
                None => {
                    seen.insert(name, models.enums.len());
                    models.enums.push(made);
                }
                Some(known) if same_labels(known, &made) => {}
                Some(known) => {
                    let why = "several enums of this name have different labels";
                    known.labels = Expectation::Unknown(terms::gap(def.span, why));
                }
            }
        }
    }
}

fn same_labels(a: &EnumType, b: &EnumType) -> bool {
    match (&a.labels, &b.labels) {
        (Expectation::Exactly(a), Expectation::Exactly(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0)
        }
        _ => false,
    }
}

fn enum_type(name: &QualifiedName, def: &EnumDef) -> EnumType {
    EnumType {
        name: name.clone(),
        source_name: def
            .class
            .clone()
            .unwrap_or_else(|| SmolStr::new(name.name.as_str())),
        labels: expectation(&def.labels),
        stored: def.stored.clone(),
        span: def.span,
    }
}
