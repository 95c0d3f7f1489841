//! Attributes of classes as columns: what their calls and their annotations say together.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{Field, Reader};
use crate::interpret::python::{Args, ClassId, TermId, Value};
use crate::known::Section;
use crate::name::Name;
use crate::source::Span;
use crate::stacks::sqlalchemy::declarative::{Attribute, Place};
use crate::stacks::sqlalchemy::expression::Scope;
use crate::stacks::sqlalchemy::mapped::{self, Said};
use crate::stacks::sqlalchemy::registry::Registered;
use crate::stacks::sqlalchemy::table::{self, ClassAttribute, ColumnDef, TableDef};
use crate::stacks::sqlalchemy::terms::{self, Known, gap};
use crate::stacks::sqlalchemy::{made, sqlmodel, types};

/// `_ClassScanMapperConfig._extract_mappable_attributes` of `sqlalchemy/orm/decl_base.py`.
const RESERVED: &str =
    "the attribute name `metadata` is reserved: SQLAlchemy refuses the class when it is imported";

/// A column under a further name is no further column: SQLAlchemy takes one of several names in a class's body, and makes a synonym of
/// an attribute of the class that is set as another (`_add_attribute` of `sqlalchemy/orm/decl_base.py`).
fn once_each(fields: &mut Vec<Field<'_>>) {
    let mut seen: FxHashSet<TermId> = FxHashSet::default();
    fields.retain(|field| match &field.call {
        Some(Value::Term(term)) => seen.insert(term.id),
        _ => true,
    });
}

impl<'a, L: Registered<'a>> Reader<'_, 'a, L> {
    /// The attributes of a class that become columns.
    pub(super) fn fields(&mut self, class: ClassId) -> Vec<Field<'a>> {
        if let Some(Place::Given(_)) = self.classes.places.get(&class) {
            return Vec::new();
        }
        if sqlmodel::is_model(self.machine, class) {
            return self.sqlmodel_fields(class);
        }
        let at = self
            .machine
            .class(class)
            .map_or(Span::new(crate::source::FileId(0), 0, 0), |c| c.span);
        let map = mapped::type_map(self.machine, class, at);
        let attributes = self.classes.attributes(self.machine, class);
        let mut out: Vec<Field<'a>> = attributes.into_iter().flat_map(|a| self.field(a, &map)).collect();
        once_each(&mut out);
        self.in_order(&mut out);
        out
    }

    /// Before SQLAlchemy 2.0 columns stand in the order in which they were made.
    fn in_order(&self, fields: &mut [Field<'a>]) {
        if self.versions.creation_order() {
            fields.sort_by_key(|f| match &f.call {
                Some(Value::Term(term)) => Some(term.id),
                _ => None,
            });
        }
    }

    pub(super) fn sqlmodel_fields(&mut self, class: ClassId) -> Vec<Field<'a>> {
        let mut out = Vec::new();
        for mut attribute in sqlmodel::fields(self.machine, class) {
            let made = match sqlmodel::doubt(self.machine, &attribute) {
                Some(sqlmodel::Doubt::None) => Ok(None),
                Some(sqlmodel::Doubt::Column(gap)) => Err(gap),
                Some(sqlmodel::Doubt::Perhaps(gap)) => {
                    attribute.maybe = attribute.maybe.or(Some(gap.clone()));
                    Err(gap)
                }
                None => sqlmodel::column(self.machine, &attribute, &self.versions),
            };
            let call = match made {
                Ok(Some(call)) => call,
                Ok(None) => continue,
                Err(gap) => Value::unknown(gap),
            };
            out.extend(self.whole(attribute, Some(call), Ok(None), &Ok(Vec::new())));
        }
        // SQLModel makes those that are not given as `sa_column` after the class's body has run.
        self.in_order(&mut out);
        out
    }

    /// The columns of one attribute: none, one, or several of a `composite(...)`.
    pub(super) fn field(
        &mut self,
        attribute: Attribute<'a>,
        map: &Known<Vec<(Value<'a>, Value<'a>)>>,
    ) -> Vec<Field<'a>> {
        let mut attribute = attribute;
        if let Some(value) = &attribute.value
            && let Some(column) = made::column(self.machine, value, attribute.whole)
        {
            attribute.value = Some(column);
        }
        let call = match &attribute.value {
            None => None,
            Some(value) => match self.column_in(value) {
                Some(call) => Some(call),
                None => {
                    if let Some((member, args)) = terms::call(self.machine, value)
                        && member.name() == "composite"
                    {
                        let args = args.clone();
                        return self.composite(&attribute, &args, map);
                    }
                    self.relation(&attribute, value);
                    return self.open(&attribute, value).into_iter().collect();
                }
            },
        };
        // Within `deferred(...)` and the like the annotation is not looked at.
        let is_mapped_column = attribute
            .value
            .as_ref()
            .is_none_or(|value| terms::call_of(self.machine, value, "mapped_column").is_some());
        let said = match &attribute.annotation {
            Some(annotation) if is_mapped_column => mapped::read(self.machine, annotation),
            _ => Ok(None),
        };
        if call.is_none() && !matches!(said, Ok(Some(_))) {
            // An annotation that is not `Mapped[...]`, or that cannot be told: `Mapped` must be written for a column.
            let is_written = attribute.annotation.as_ref().is_some_and(is_written_mapped);
            if !(said.is_err() && is_written) {
                return Vec::new();
            }
        }
        self.whole(attribute, call, said, map).into_iter().collect()
    }

    /// Notes the class that a relationship names by a text.
    fn relation(&mut self, attribute: &Attribute<'a>, value: &Value<'a>) {
        let Some(args) = terms::call_of(self.machine, value, "relationship") else {
            return;
        };
        let first = args.positional.first().or(args.keyword("argument"));
        if let Some(Value::Str(text)) = first.map(|a| &a.value) {
            self.relations.push((SmolStr::new(text.as_str()), attribute.span));
        }
    }

    /// The columns of a `composite(Class, *columns)`: each takes its type and its nullability from a field of the class.
    pub(super) fn composite(
        &mut self,
        attribute: &Attribute<'a>,
        args: &Args<'a>,
        map: &Known<Vec<(Value<'a>, Value<'a>)>>,
    ) -> Vec<Field<'a>> {
        let given: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
        let calls: Vec<Value<'a>> = given.iter().filter_map(|v| self.column_in(v)).collect();
        let class = match given.first() {
            Some(Value::Class(class)) => Some(*class),
            _ => {
                let annotated = attribute.annotation.as_ref();
                let said = annotated.and_then(|a| mapped::read(self.machine, a).ok().flatten());
                match said.map(|s| s.python) {
                    Some(Value::Class(class)) => Some(class),
                    _ => None,
                }
            }
        };
        let members = class
            .and_then(|c| self.machine.class(c))
            .map(|c| c.members.clone());
        let members: Vec<_> = members
            .unwrap_or_default()
            .into_iter()
            .filter(|m| m.annotation.is_some())
            .collect();
        let mut out = Vec::new();
        for (i, call) in calls.into_iter().enumerate() {
            let is_mapped = terms::call_of(self.machine, &call, "mapped_column").is_some();
            let said = match members.get(i).and_then(|m| m.annotation) {
                _ if !is_mapped => Ok(None),
                Some(annotation) => match self.machine.annotation(&annotation) {
                    Ok(value) => mapped::said(self.machine, &value, annotation.span).map(Some),
                    Err(stop) => Err(terms::stopped(&stop, annotation.span)),
                },
                None => Err(gap(attribute.span, "the fields of the composite are not known")),
            };
            let named = call.as_call().and_then(|(_, args)| args.positional.first());
            let is_named = named.is_some_and(|a| matches!(a.value, Value::Str(_)));
            if let Some(mut field) = self.whole(attribute.clone(), Some(call), said, map) {
                if !is_named {
                    field.name = Err(gap(
                        attribute.span,
                        "the names of a composite's columns are not followed",
                    ));
                }
                out.push(field);
            }
        }
        out
    }

    /// An attribute that may be a column, for all that is known.
    pub(super) fn open(&mut self, attribute: &Attribute<'a>, value: &Value<'a>) -> Option<Field<'a>> {
        let Value::Unknown(unknown) = value else {
            return None;
        };
        let columns = unknown.candidates.iter().any(|c| self.column_in(c).is_some());
        let annotated = attribute.annotation.as_ref().is_some_and(is_written_mapped);
        (columns || annotated).then(|| Field {
            attribute: attribute.clone(),
            call: Some(value.clone()),
            said: Ok(None),
            ty: None,
            name: Err(unknown.gap.clone()),
        })
    }

    /// The call that makes a column, where a value is one.
    pub(super) fn column_in(&self, value: &Value<'a>) -> Option<Value<'a>> {
        let (member, args) = terms::call(self.machine, value)?;
        match member.name() {
            "Column" | "mapped_column" => Some(value.clone()),
            "deferred" | "column_property" | "synonym_for" => {
                let first = args.positional.first()?;
                self.column_in(&first.value)
            }
            _ => None,
        }
    }

    pub(super) fn whole(
        &mut self,
        attribute: Attribute<'a>,
        call: Option<Value<'a>>,
        said: Known<Option<Said<'a>>>,
        map: &Known<Vec<(Value<'a>, Value<'a>)>>,
    ) -> Option<Field<'a>> {
        if let Some(Value::Unknown(unknown)) = &call {
            let gap = unknown.gap.clone();
            return Some(Field {
                name: Ok(Name::new(&attribute.name)),
                attribute,
                call,
                said: Err(gap),
                ty: None,
            });
        }
        let mut name = Ok(Name::new(&attribute.name));
        let mut ty = None;
        let mut refers = false;
        let annotated = said
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map(|s| s.columns.clone());
        for call in call.iter().chain(annotated.iter().flatten()) {
            let Some((_, args)) = terms::call(self.machine, call) else {
                continue;
            };
            let first = args.positional.first().or(args.keyword("name"));
            if let Some(Value::Str(text)) = first.map(|a| &a.value) {
                name = Ok(Name::new(text.as_str()));
            } else if let Some(Value::Unknown(unknown)) = first.map(|a| &a.value)
                && !unknown.pattern.is_empty()
            {
                name = Err(unknown.gap.clone());
            }
            let given = args.positional.iter().chain(args.keyword("type_")).find(|a| {
                types::is_type(self.machine, &a.value)
                    || matches!(&a.value, Value::Unknown(u) if u.pattern.is_empty())
            });
            if ty.is_none() {
                ty = given.map(|a| a.value.clone());
            }
            refers |= args
                .positional
                .iter()
                .any(|a| terms::call_of(self.machine, &a.value, "ForeignKey").is_some());
        }
        if ty.is_none()
            && !refers
            && let Ok(Some(said)) = &said
        {
            let at = attribute.annotation.as_ref().map_or(attribute.span, |a| a.span);
            let found = match map {
                Ok(map) => mapped::type_of(self.machine, said, map, at),
                Err(gap) => Err(gap.clone()),
            };
            ty = Some(found.unwrap_or_else(Value::unknown));
        }
        Some(Field {
            attribute,
            call,
            said,
            ty,
            name,
        })
    }

    /// Reads the columns of fields into a table.
    pub(super) fn columns(&mut self, def: &mut TableDef<'a>, fields: Vec<Field<'a>>) {
        let scope = self.scope.clone();
        let from = def.columns.len();
        let statement = def.span;
        def.relations.append(&mut self.relations);
        for field in fields {
            if field.attribute.name == "metadata" && field.attribute.maybe.is_none() {
                def.refused.push((field.attribute.span, RESERVED.to_owned()));
            }
            if let Some(gap) = &field.attribute.maybe {
                def.open.push((Section::Columns, gap.clone()));
                continue;
            }
            if let Some(Value::Unknown(unknown)) = &field.call {
                def.open.push((Section::ForeignKeys, unknown.gap.clone()));
            }
            if let Some(column) = self.column(&field, &scope) {
                def.columns.push(column);
            }
        }
        if let Some(new) = def.columns.get_mut(from..) {
            // What is set on the class later is appended, wherever it would be sorted.
            let is_late = |c: &ColumnDef<'a>| {
                let at = c.attribute.as_ref().map_or(c.span, |a| a.span);
                at.file == statement.file && !statement.contains(at) && at.start > statement.end
            };
            new.sort_by_key(|c| (is_late(c), c.sort_order));
        }
        table::attach_columns(self.machine, def, from, &scope);
    }

    pub(super) fn column(&mut self, field: &Field<'a>, scope: &Scope<'a>) -> Option<ColumnDef<'a>> {
        let attribute = &field.attribute;
        let type_span = attribute.annotation.as_ref().map_or(attribute.span, |a| a.span);
        let mut column = match &field.call {
            Some(Value::Unknown(unknown)) => {
                let mut column = ColumnDef::new(attribute.whole);
                column.open(&unknown.gap);
                column.ty = Some(types::sql_type(
                    self.machine,
                    &Value::unknown(unknown.gap.clone()),
                    type_span,
                ));
                column
            }
            Some(call) => table::column(self.machine, call, scope)?,
            None => ColumnDef::new(attribute.whole),
        };
        match &field.said {
            Ok(Some(said)) => {
                for from in &said.columns {
                    if let Some(shared) = table::column(self.machine, from, scope) {
                        column.merge(shared);
                    }
                }
                if column.nullable == Ok(None) {
                    // A key that says nothing itself is NOT NULL, whatever its annotation allows.
                    column.nullable = match (&column.primary_key, said.is_nullable(&self.versions, type_span))
                    {
                        (Ok(true), _) | (Ok(false), Ok(false)) => Ok(Some(false)),
                        (Ok(false), Ok(true)) => Ok(Some(true)),
                        (Err(gap), _) => Err(gap.clone()),
                        (_, Err(gap)) => Err(gap),
                    };
                    column.nullable_span = Some(type_span);
                }
                if column.ty.is_none()
                    && let Some(ty) = &field.ty
                {
                    column.ty = Some(types::sql_type(self.machine, ty, type_span));
                    column.type_value = Some(ty.clone());
                }
            }
            Ok(None) => {}
            Err(gap) => {
                if column.nullable == Ok(None) {
                    column.nullable = Err(gap.clone());
                }
                if column.ty.is_none() && column.constraints.is_empty() {
                    column.ty = Some(types::sql_type(
                        self.machine,
                        &Value::unknown(gap.clone()),
                        type_span,
                    ));
                }
            }
        }
        if column.name == Ok(None) {
            column.name = field.name.clone().map(Some);
            column.name_span = attribute.span;
        }
        if column.key.is_empty() || field.call.as_ref().is_none_or(|c| explicit_key(c).is_none()) {
            column.key = attribute.name.clone();
            if let Ok(Some(name)) = &column.name {
                column.key = SmolStr::new(name.as_str());
            }
        }
        let declared = column.ty.as_ref().and_then(|t| t.declared.clone());
        let demanded = column.nullable == Ok(None)
            && matches!(field.said, Ok(None))
            && attribute.annotation.as_ref().is_some_and(|annotation| {
                let said = self.machine.annotation(annotation).ok();
                let said = said.and_then(|said| mapped::said(self.machine, &said, annotation.span).ok());
                said.is_some_and(|said| !said.nullable && !said.nullable_by_name)
            });
        column.attribute = Some(ClassAttribute {
            name: attribute.name.clone(),
            span: attribute.span,
            type_span: column.ty.as_ref().map_or(type_span, |t| t.span),
            whole: attribute.whole,
            declared,
            demanded,
        });
        Some(column)
    }
}

/// The `key=` of a column's call.
fn explicit_key<'v>(call: &'v Value<'_>) -> Option<&'v str> {
    call.as_call()?.1.keyword("key")?.value.as_str()
}

/// `Mapped[...]` as written.
fn is_written_mapped(annotation: &crate::interpret::python::Annotation<'_>) -> bool {
    use crate::syntax::python::ast;
    let ast::Expr::Subscript(subscript) = annotation.expression else {
        return false;
    };
    match &*subscript.value {
        ast::Expr::Name(name) => name.id == "Mapped",
        ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "Mapped",
        _ => false,
    }
}
