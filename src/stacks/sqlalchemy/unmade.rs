//! Tables that SQLAlchemy cannot make: foreign keys that lead to nothing, and names that two tables give their indexes.
//!
//! Source: `ForeignKey.column`, `ForeignKey._link_to_col_by_colstring` (`sqlalchemy/sql/schema.py`, 2.0): `NoReferencedTableError`,
//! `NoReferencedColumnError`. `create_all`, `sorted_tables`, of which autogenerate makes use, and whatever writes a row sort tables by
//! their foreign keys (`sort_tables_and_constraints`, `sqlalchemy/sql/ddl.py`). Indexes, with those that keep keys, have their names
//! once in a schema (PostgreSQL manual, `CREATE INDEX`).

use crate::interpret::python::dotted;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::beside;
use super::ddl::rendered;
use super::metadata::Metadata;
use super::table::{ConstraintKind, ForeignKeyDef, TableDef};
use super::tables::ModelTable;
use crate::declared::Fault;
use crate::interpret::python::{ModuleId, Modules};
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::source::{FileId, Files, Span};
use crate::stacks::alembic::imports;
use crate::syntax::python::ast;
use crate::syntax::python::ast::visitor::{Visitor, walk_stmt};

/// The foreign keys of some tables that lead to nothing that any of all tables holds; `told`: no others may be there than these.
pub(super) fn dangling(
    modules: &Modules<'_>,
    own: &[&ModelTable<'_>],
    all: &[ModelTable<'_>],
    told: bool,
) -> Vec<Fault> {
    let files = modules.files();
    let all_told = all.iter().all(|table| table.brings.is_none());
    let by_name = ByName::of(all);
    let mut out: Vec<Fault> = Vec::new();
    for table in own.iter().filter(|table| all_told && is_certain(table)) {
        for (key, span) in foreign_keys(&table.def) {
            let (Ok(target), Ok(columns)) = (&key.table, &key.referenced) else {
                continue;
            };
            if out.iter().any(|fault| fault.span == span) || !is_text(files, span, target, columns) {
                continue;
            }
            let written = format!("{target}.{}", columns.first().map_or("", Name::as_str));
            let (what, error) = match lacks(files, (&by_name, told), table, target, columns) {
                Some(Lacks::Table) => (format!("no model declares the table {target}"), "Table"),
                Some(Lacks::Column(column)) => (format!("{target} has no column {column}"), "Column"),
                None => continue,
            };
            out.push(Fault {
                kind: Fault::DANGLING,
                span,
                message: format!(
                    "the foreign key of `{}` leads to {written}, but {what}: its rows cannot be written, nor can `create_all` or \
                     autogenerate run (NoReferenced{error}Error)",
                    table.name
                ),
                related: Vec::new(),
            });
        }
    }
    // Tables that are read off a database, or declared by a module that is not in the repository, are not told here.
    if !out.is_empty() && (brings_others(files) || !are_all_there(modules, all)) {
        out.clear();
    }
    out
}

/// Whether each module that those of the tables import from packages of the repository is there, those that only checkers of types see
/// as well.
fn are_all_there(modules: &Modules<'_>, tables: &[ModelTable<'_>]) -> bool {
    let read: BTreeSet<FileId> = tables.iter().map(|table| table.whole.file).collect();
    let mut own = read.into_iter().filter_map(|file| modules.of_file(file));
    own.all(|module| {
        let mut reader = Imports {
            modules,
            module,
            absent: false,
        };
        let body = &modules.parsed(module).body.body;
        body.iter().for_each(|statement| reader.visit_stmt(statement));
        !reader.absent
    })
}

struct Imports<'m, 'f> {
    modules: &'m Modules<'f>,
    module: ModuleId,
    absent: bool,
}

impl<'a> Visitor<'a> for Imports<'_, '_> {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        if let ast::Stmt::ImportFrom(import) = statement {
            let dotted = import.module.as_ref().map_or("", |m| m.as_str());
            let there = |dotted: &str| {
                self.modules.resolve(Some(self.module), dotted).is_some()
                    || self.modules.is_folder(Some(self.module), dotted)
            };
            let package = dotted::first(dotted);
            self.absent |= match import.level {
                0 => there(package) && !there(dotted),
                _ => imports::target(self.modules, self.module, import).is_none() && !dotted.is_empty(),
            };
        }
        walk_stmt(self, statement);
    }
}

/// Tables by their names, and those of which the name cannot be told.
struct ByName<'t, 'a> {
    named: FxHashMap<&'t Name, Vec<&'t ModelTable<'a>>>,
    others: Vec<&'t ModelTable<'a>>,
}

impl<'t, 'a> ByName<'t, 'a> {
    fn of(all: &'t [ModelTable<'a>]) -> Self {
        let mut out = ByName {
            named: FxHashMap::default(),
            others: Vec::new(),
        };
        for table in all {
            match &table.def.name {
                Ok(name) => out.named.entry(name).or_default().push(table),
                Err(_) => out.others.push(table),
            }
        }
        out
    }
}

enum Lacks<'k> {
    Table,
    Column(&'k Name),
}

fn lacks<'k>(
    files: &Files,
    (all, told): (&ByName<'_, '_>, bool),
    table: &ModelTable<'_>,
    target: &QualifiedName,
    columns: &'k [Name],
) -> Option<Lacks<'k>> {
    // One of that name on another metadata, or in another schema, may be meant in a way that is not followed.
    let others = all
        .others
        .iter()
        .filter(|other| other.def.like.fits(target.name.as_str()));
    let mut named = all.named.get(&target.name).into_iter().flatten().chain(others);
    let Some(found) = named.next() else {
        let beside = beside::may_declare(files, target.name.as_str());
        return (!beside && (told || !beside::computes_names(files))).then_some(Lacks::Table);
    };
    let def = &found.def;
    let is_it = told
        && named.next().is_none()
        && def.qualified().as_ref() == Ok(target)
        && found.metadata == table.metadata
        && is_certain(found)
        && !def.again
        && def.open.iter().all(|(section, _)| *section != Section::Columns)
        && def.columns.iter().all(|column| column.name.is_ok());
    let has = |wanted: &Name| {
        def.columns.iter().any(|column| {
            column.key == wanted.as_str() || matches!(&column.name, Ok(Some(name)) if name == wanted)
        })
    };
    let column = columns.iter().find(|column| !has(column)).filter(|_| is_it)?;
    (!is_given_later(files, column)).then_some(Lacks::Column(column))
}

fn is_certain(table: &ModelTable<'_>) -> bool {
    table.maybe.is_none() && !table.reflected && table.metadata != Metadata::Unknown && table.made.is_some()
}

fn foreign_keys<'d>(def: &'d TableDef<'_>) -> impl Iterator<Item = (&'d ForeignKeyDef, Span)> {
    let of_columns = def.columns.iter().flat_map(|column| &column.constraints);
    let all = of_columns.chain(&def.constraints);
    all.filter_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some((key, constraint.span)),
        _ => None,
    })
}

/// Whether the target is written as text: an object is there, whatever holds it.
fn is_text(files: &Files, at: Span, target: &QualifiedName, columns: &[Name]) -> bool {
    let text = files.slice(at);
    !columns.is_empty()
        && columns.iter().all(|column| {
            let bare = format!("{}.{column}", target.name);
            let whole = format!("{target}.{column}");
            [bare, whole]
                .iter()
                .any(|name| text.contains(&format!("\"{name}\"")) || text.contains(&format!("'{name}'")))
        })
}

/// Whether a program has tables of a database read, or has a library declare some on its own metadata.
fn brings_others(files: &Files) -> bool {
    let words = [
        ".reflect(",
        "automap",
        "autoload",
        "DeferredReflection",
        "make_versioned",
        "set_db_info",
    ];
    let mut programs = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py"));
    programs.any(|(file, _)| {
        let text = files.text(file);
        words.iter().any(|word| text.contains(word))
    })
}

/// Whether a program gives a column of the name to a table that is there.
fn is_given_later(files: &Files, column: &Name) -> bool {
    let (given, appended) = (format!(".{column} = "), "append_column(");
    let mut programs = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py"));
    programs.any(|(file, _)| {
        let text = files.text(file);
        text.contains(&given) || text.contains(appended)
    })
}

/// Names that indexes and keys of two tables of one metadata have in one schema; `imported` are the modules that `env.py` imports.
pub(super) fn of_one_name(files: &Files, own: &[&ModelTable<'_>], imported: Option<&[FileId]>) -> Vec<Fault> {
    let mut out = Vec::new();
    let mut known: FxHashMap<(Metadata, Option<Name>, Name), (&ModelTable<'_>, Span)> = FxHashMap::default();
    for table in own.iter().filter(|table| is_certain(table) && !table.def.again) {
        let Ok(schema) = &table.def.schema else { continue };
        for (name, span) in names(&table.def) {
            let key = (table.metadata, schema.clone(), name.clone());
            let Some((first, place)) = known.get(&key) else {
                known.insert(key, (table, span));
                continue;
            };
            let (one, two) = (place.file, span.file);
            let together = one == two || imported.is_some_and(|all| all.contains(&one) && all.contains(&two));
            let told = |table: &ModelTable<'_>| !files.slice(table.whole).contains("ddl_if");
            if first.def.qualified() == table.def.qualified()
                || *place == span
                || !together
                || !told(first)
                || !told(table)
            {
                continue;
            }
            out.push(Fault {
                kind: "name-taken",
                span,
                message: format!(
                    "`{}` gives an index or a key the name {name}, as `{}` does: PostgreSQL has it once in a schema, so that \
                     `create_all` fails (SQLSTATE 42P07)",
                    table.name, first.name
                ),
                related: vec![(*place, format!("{name} here too"))],
            });
        }
    }
    out
}

/// The names that a table gives its indexes, and its keys that have one.
fn names(def: &TableDef<'_>) -> Vec<(Name, Span)> {
    let of_columns = def.columns.iter().flat_map(|column| &column.constraints);
    let keys = of_columns.chain(&def.constraints).filter(|constraint| {
        matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Unique { .. }
                | ConstraintKind::Exclude { .. }
        )
    });
    let keys = keys.map(|key| (&key.name, key.span));
    let indexes = def.indexes.iter().map(|index| (&index.name, index.span));
    let all = keys.chain(indexes);
    all.filter_map(|(name, span)| Some((rendered(name, span).ok()??, span)))
        .collect()
}
