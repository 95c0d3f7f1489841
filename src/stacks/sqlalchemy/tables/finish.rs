//! What is done when all tables are there: types that foreign keys bring, keys that become names, names by convention.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{ModelTable, Reader};
use crate::name::{Name, QualifiedName};
use crate::source::FileId;
use crate::stacks::sqlalchemy::creation;
use crate::stacks::sqlalchemy::listeners::{Listened, listeners};
use crate::stacks::sqlalchemy::metadata::Metadata;
use crate::stacks::sqlalchemy::naming::Given;
use crate::stacks::sqlalchemy::registry::Registered;
use crate::stacks::sqlalchemy::table::{self, ConstraintKind, TableDef};

impl<'a, L: Registered<'a>> Reader<'_, 'a, L> {
    /// `make_searchable(...)` of SQLAlchemy-Searchable: an index for each column of its type.
    pub(super) fn search_indexes(&mut self) {
        if !self.machine.library.registry().searchable {
            return;
        }
        for table in &mut self.tables {
            let def = &mut table.def;
            let Ok(own) = def.name.clone() else { continue };
            for column in &def.columns {
                let is_search = column.ty.as_ref().and_then(|t| t.declared.as_deref());
                let Ok(Some(name)) = &column.name else { continue };
                if is_search.is_some_and(|d| d.starts_with("TSVectorType")) && table.class.is_some() {
                    def.indexes.push(table::IndexDef {
                        name: Ok(Given::Plain(SmolStr::new(format!("ix_{own}_{name}")))),
                        method: Ok("gin".into()),
                        ..table::IndexDef::of_column(name.clone(), Ok(false), column.span)
                    });
                }
            }
        }
    }

    /// Types that foreign keys bring, names by convention.
    pub(super) fn finish(mut self) -> Vec<ModelTable<'a>> {
        for table in &mut self.tables {
            if table.schema.is_some() {
                foreign_schemas(&mut table.def, &table.schema);
            }
        }
        self.search_indexes();
        for _ in 0..8 {
            if !self.types_of_keys() {
                break;
            }
        }
        self.keys_to_names();
        let modules = self.machine.modules();
        let loaded = self.machine.loaded().into_iter();
        let loaded: Vec<FileId> = loaded.map(|module| modules.get(module).file).collect();
        let heard = listeners(modules.files(), loaded.iter().copied());
        let makings = creation::listeners(modules, loaded);
        for table in &mut self.tables {
            let mut conventions = table.conventions.clone();
            for (listened, gap) in &heard {
                match listened {
                    Listened::Names(kinds) => conventions.rename(kinds, gap.clone()),
                    Listened::Tables(sections) => {
                        table.def.open.extend(sections.iter().map(|s| (*s, gap.clone())));
                    }
                }
            }
            table.def.finish(self.machine, &conventions);
            let classes: Vec<&str> = table.classes.iter().map(|(_, name, _)| name.as_str()).collect();
            let name = table.def.name.clone().ok();
            let deeds = creation::of_table(&makings, name.as_ref().map(Name::as_str), &classes);
            creation::take(&mut table.def, deeds);
        }
        self.tables
    }

    /// A column without a type has that of the column that it refers to. True where one was found.
    pub(super) fn types_of_keys(&mut self) -> bool {
        let mut found = Vec::new();
        for (t, table) in self.tables.iter().enumerate() {
            for (c, column) in table.def.columns.iter().enumerate() {
                if column.ty.is_some() {
                    continue;
                }
                let own = column.name.clone().ok().flatten();
                let keys = column.constraints.iter().chain(&table.def.constraints);
                let target = keys
                    .filter_map(|k| referred_by(k, own.as_ref(), &column.constraints))
                    .next();
                let Some((name, key)) = target else { continue };
                let other = self.find(&name, table.metadata).and_then(|o| {
                    let key = key.or_else(|| own.clone())?;
                    o.def.columns.iter().find(|c| {
                        c.key == key.as_str() || c.name.as_ref().is_ok_and(|n| n.as_ref() == Some(&key))
                    })
                });
                if let Some(ty) = other.and_then(|o| o.ty.clone()) {
                    found.push((t, c, ty));
                }
            }
        }
        let any = !found.is_empty();
        for (t, c, ty) in found {
            if let Some(column) = self.tables.get_mut(t).and_then(|t| t.def.columns.get_mut(c)) {
                let mut ty = ty;
                ty.check = None;
                column.ty = Some(ty);
            }
        }
        any
    }

    /// A table by its name, in the same metadata if it can be.
    pub(super) fn find(&self, name: &QualifiedName, metadata: Metadata) -> Option<&ModelTable<'a>> {
        let mut all = self
            .tables
            .iter()
            .filter(|t| t.def.qualified().as_ref() == Ok(name));
        let first = all.clone().next();
        all.find(|t| t.metadata == metadata).or(first)
    }

    /// Foreign keys name columns by key: here they get their names.
    pub(super) fn keys_to_names(&mut self) {
        let mut renamed: FxHashMap<(QualifiedName, Name), Name> = FxHashMap::default();
        for table in &self.tables {
            let Ok(name) = table.def.qualified() else { continue };
            for column in &table.def.columns {
                if let Ok(Some(own)) = &column.name
                    && column.key != own.as_str()
                {
                    renamed.insert((name.clone(), Name::new(&column.key)), own.clone());
                }
            }
        }
        for table in &mut self.tables {
            let own = table
                .def
                .columns
                .iter_mut()
                .flat_map(|c| c.constraints.iter_mut());
            for constraint in own.chain(table.def.constraints.iter_mut()) {
                if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                    && let (Ok(target), Ok(columns)) = (&key.table, &mut key.referenced)
                {
                    for column in columns {
                        if let Some(name) = renamed.get(&(target.clone(), column.clone())) {
                            *column = name.clone();
                        }
                    }
                }
            }
        }
    }
}

/// What a foreign key says a column refers to: the key is the column's own, or a composite one with the column in it.
fn referred_by(
    constraint: &table::ConstraintDef,
    own: Option<&Name>,
    of_column: &[table::ConstraintDef],
) -> Option<(QualifiedName, Option<Name>)> {
    let ConstraintKind::ForeignKey(key) = &constraint.kind else {
        return None;
    };
    let target = key.table.clone().ok()?;
    let referenced = key.referenced.clone().ok()?;
    if of_column.iter().any(|c| std::ptr::eq(c, constraint)) {
        return Some((target, referenced.first().cloned()));
    }
    let columns = key.columns.clone().ok()?;
    let place = columns.iter().position(|c| Some(c) == own)?;
    Some((target, referenced.get(place).cloned()))
}

/// Gives foreign keys without a schema the metadata's.
fn foreign_schemas(def: &mut TableDef<'_>, schema: &Option<Name>) {
    let of_columns = def.columns.iter_mut().flat_map(|c| c.constraints.iter_mut());
    for constraint in of_columns.chain(def.constraints.iter_mut()) {
        if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
            && let Ok(table) = &mut key.table
            && table.schema.is_none()
        {
            table.schema = schema.clone();
        }
    }
}
