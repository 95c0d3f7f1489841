//! Types during analysis: a type without its modifier, and what the server's `pg_type` would say of it.

use super::stop::{Outcome, Stop};
use crate::name::{Name, QualifiedName};
use crate::schema::{Lookup, Schema, Type, TypeKind};
use crate::source::Span;
use crate::sqltype::catalog::{self, RowBase, RowType};
use crate::sqltype::{BaseType, Builtin, Category, Modifier, SqlType, TypeId};

/// Domains over domains are followed this far.
const MAX_DOMAINS: u32 = 32;

/// A type without modifier: what the server knows by one oid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ty {
    pub base: Base,
    pub array: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Base {
    Builtin(Builtin),
    Object(TypeId),
}

impl Ty {
    pub(super) const fn of(builtin: Builtin) -> Ty {
        Ty {
            base: Base::Builtin(builtin),
            array: false,
        }
    }

    pub(super) const UNKNOWN: Ty = Ty::of(Builtin::Unknown);
    pub(super) const TEXT: Ty = Ty::of(Builtin::Text);
    pub(super) const BOOL: Ty = Ty::of(Builtin::Bool);
    pub(super) const INT4: Ty = Ty::of(Builtin::Int4);

    pub(super) fn is_unknown(self) -> bool {
        self == Ty::UNKNOWN
    }

    pub(super) fn builtin(self) -> Option<Builtin> {
        match self.base {
            Base::Builtin(builtin) if !self.array => Some(builtin),
            _ => None,
        }
    }

    /// As a row of the catalog names it; `None` for a type of the schema.
    pub(super) fn row(self) -> Option<RowType> {
        match self.base {
            Base::Builtin(builtin) => Some(RowType {
                base: RowBase::Builtin(builtin),
                array: self.array,
            }),
            Base::Object(_) => None,
        }
    }

    /// A resolved type's; `None` for a name.
    pub(super) fn from_sql(ty: &SqlType) -> Option<Ty> {
        let base = match ty.base {
            BaseType::Builtin(builtin) => Base::Builtin(builtin),
            BaseType::Object(id) => Base::Object(id),
            BaseType::Named(_) => return None,
        };
        Some(Ty {
            base,
            array: ty.array,
        })
    }

    pub(super) fn to_sql(self, modifier: Option<Modifier>) -> SqlType {
        SqlType {
            base: match self.base {
                Base::Builtin(builtin) => BaseType::Builtin(builtin),
                Base::Object(id) => BaseType::Object(id),
            },
            modifier,
            array: self.array,
        }
    }

    /// The array type over it; there is none over an array or most pseudo-types.
    pub(super) fn array_of(self) -> Option<Ty> {
        let pseudo = self
            .builtin()
            .is_some_and(|b| b.category() == Category::P || b == Builtin::Unknown);
        (!self.array && (!pseudo || self.builtin() == Some(Builtin::Record)))
            .then_some(Ty { array: true, ..self })
    }

    /// `get_element_type`.
    pub(super) fn element(self) -> Option<Ty> {
        if self.array {
            return Some(Ty { array: false, ..self });
        }
        match self.builtin() {
            Some(Builtin::Int2vector) => Some(Ty::of(Builtin::Int2)),
            Some(Builtin::Oidvector) => Some(Ty::of(Builtin::Oid)),
            _ => None,
        }
    }
}

/// What the schema and the catalog say of types.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub schema: &'a Schema,
}

impl<'a> Types<'a> {
    fn object(self, ty: Ty) -> Option<&'a Type> {
        match ty.base {
            Base::Object(id) => self.schema.types.get(id),
            Base::Builtin(_) => None,
        }
    }

    fn kind(self, ty: Ty) -> Option<&'a TypeKind> {
        if ty.array {
            return None;
        }
        self.object(ty).map(|t| &t.kind)
    }

    /// Whether all that resolution asks of a type is known: not so for row types, types of unlisted extensions, and types that
    /// nothing created.
    pub(super) fn is_known(self, ty: Ty) -> bool {
        let Some(object) = self.object(ty) else {
            return true;
        };
        match &object.kind {
            TypeKind::Enum(_) => true,
            TypeKind::Domain(domain) => domain
                .base
                .known()
                .and_then(Ty::from_sql)
                .is_some_and(|base| base != ty && self.is_known(base)),
            TypeKind::Range(subtype) => subtype.is_some(),
            TypeKind::Base => self.extension_type(object).is_some(),
            TypeKind::Composite(_) | TypeKind::Row(_) | TypeKind::Presumed(_) => false,
        }
    }

    /// A composite type, or one that may be.
    pub(super) fn may_be_row(self, ty: Ty) -> bool {
        if ty.builtin() == Some(Builtin::Record) {
            return true;
        }
        match self.kind(ty) {
            Some(TypeKind::Composite(_) | TypeKind::Row(_) | TypeKind::Presumed(_)) => true,
            Some(TypeKind::Domain(_)) => {
                let (base, _) = self.base(ty);
                base == ty || self.may_be_row(base)
            }
            _ => false,
        }
    }

    fn extension_type(self, object: &Type) -> Option<&'static catalog::ExtensionType> {
        let extension = object.extension.as_ref()?;
        let types = &catalog::extension(extension.as_str())?.types;
        types.iter().find(|t| t.name == object.name.as_str())
    }

    pub(super) fn is_domain(self, ty: Ty) -> bool {
        matches!(self.kind(ty), Some(TypeKind::Domain(_)))
    }

    pub(super) fn is_enum(self, ty: Ty) -> bool {
        matches!(self.kind(ty), Some(TypeKind::Enum(_)))
    }

    /// `getBaseTypeAndTypmod`: through domains.
    pub(super) fn base(self, ty: Ty) -> (Ty, Option<Modifier>) {
        let mut at = (ty, None);
        for _ in 0..MAX_DOMAINS {
            let Some(TypeKind::Domain(domain)) = self.kind(at.0) else {
                break;
            };
            let Some(below) = domain.base.known() else {
                break;
            };
            let Some(base) = Ty::from_sql(below) else {
                break;
            };
            at = (base, below.modifier.clone());
        }
        at
    }

    /// `get_type_category_preferred`. Types that are not known count as user-defined ones.
    pub(super) fn category(self, ty: Ty) -> (Category, bool) {
        if ty.array {
            return (Category::A, false);
        }
        match ty.base {
            Base::Builtin(builtin) => (builtin.category(), builtin.preferred()),
            Base::Object(_) => match self.kind(ty) {
                Some(TypeKind::Enum(_)) => (Category::E, false),
                Some(TypeKind::Range(_)) => (Category::R, false),
                Some(TypeKind::Composite(_) | TypeKind::Row(_)) => (Category::C, false),
                // A domain has its base's category and is never preferred.
                Some(TypeKind::Domain(_)) => {
                    let (base, _) = self.base(ty);
                    if base == ty {
                        (Category::U, false)
                    } else {
                        (self.category(base).0, false)
                    }
                }
                _ => self
                    .object(ty)
                    .and_then(|object| self.extension_type(object))
                    .map_or((Category::U, false), |t| (t.category, t.preferred)),
            },
        }
    }

    /// `get_range_subtype`.
    pub(super) fn range_subtype(self, ty: Ty) -> Option<Ty> {
        if let Some(TypeKind::Range(subtype)) = self.kind(ty) {
            return subtype.as_ref().and_then(Ty::from_sql);
        }
        Some(Ty::of(match ty.builtin()? {
            Builtin::Int4range => Builtin::Int4,
            Builtin::Int8range => Builtin::Int8,
            Builtin::Numrange => Builtin::Numeric,
            Builtin::Tsrange => Builtin::Timestamp,
            Builtin::Tstzrange => Builtin::Timestamptz,
            Builtin::Daterange => Builtin::Date,
            _ => return None,
        }))
    }

    /// `get_multirange_range`.
    pub(super) fn multirange_range(self, ty: Ty) -> Option<Ty> {
        MULTIRANGES
            .iter()
            .find(|m| Some(m.0) == ty.builtin())
            .map(|m| Ty::of(m.1))
    }

    /// `get_range_multirange`.
    pub(super) fn range_multirange(self, ty: Ty) -> Option<Ty> {
        MULTIRANGES
            .iter()
            .find(|m| Some(m.1) == ty.builtin())
            .map(|m| Ty::of(m.0))
    }

    /// The type that a row of an extension's or the catalog's data names.
    pub(super) fn of_row(self, row: RowType) -> Option<Ty> {
        let base = match row.base {
            RowBase::Builtin(builtin) => Base::Builtin(builtin),
            RowBase::Extension(name) => {
                let name = Name::new(name);
                let found = self.schema.extensions.iter().find_map(|e| {
                    let id = self.schema.type_names.get(e.namespace, &name)?;
                    self.schema.types.get(id)?.extension.as_ref()?;
                    Some(id)
                });
                Base::Object(found?)
            }
            RowBase::Other => return None,
        };
        Some(Ty {
            base,
            array: row.array,
        })
    }

    /// `format_type_be`.
    pub(super) fn name(self, ty: Ty) -> String {
        match ty.builtin() {
            Some(Builtin::Bpchar) => "character".to_owned(),
            Some(Builtin::Bit) => "bit".to_owned(),
            _ => self.schema.format_type(&ty.to_sql(None)),
        }
    }

    /// Resolves a type as an expression names it.
    pub(super) fn resolve(self, ty: &SqlType, at: Span) -> Outcome<SqlType> {
        let BaseType::Named(name) = &ty.base else {
            return Ok(ty.clone());
        };
        let base = self.named(name, at)?;
        Ok(SqlType {
            base,
            modifier: ty.modifier.clone(),
            array: ty.array,
        })
    }

    fn named(self, name: &QualifiedName, at: Span) -> Outcome<BaseType> {
        let places: Vec<&Name> = match &name.schema {
            Some(schema) => vec![schema],
            None => self.schema.search_path.iter().collect(),
        };
        // pg_catalog comes first where the path does not name it.
        let catalog = name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
        if catalog && let Some(builtin) = Builtin::from_typname(name.name.as_str()) {
            return Ok(BaseType::Builtin(builtin));
        }
        for place in &places {
            if let Some(namespace) = self.schema.namespace(place)
                && let Some(id) = self.schema.type_names.get(namespace, &name.name)
            {
                return match &self.schema.types.get(id) {
                    Some(t) if t.presence.is_present() => Ok(BaseType::Object(id)),
                    _ => Err(Stop::gap(
                        at,
                        format!("it cannot be told whether the type {name} is there"),
                    )),
                };
            }
        }
        if matches!(self.schema.table_named(name), Lookup::Found(_)) {
            return Err(Stop::gap(at, format!("{name} is the row type of a table")));
        }
        match self.schema.hiding_gap(&places) {
            Some(gap) => Err(Stop::Gap(gap.clone())),
            None => Err(Stop::gap(at, format!("no migration creates the type {name}"))),
        }
    }
}

static MULTIRANGES: &[(Builtin, Builtin)] = &[
    (Builtin::Int4multirange, Builtin::Int4range),
    (Builtin::Int8multirange, Builtin::Int8range),
    (Builtin::Nummultirange, Builtin::Numrange),
    (Builtin::Tsmultirange, Builtin::Tsrange),
    (Builtin::Tstzmultirange, Builtin::Tstzrange),
    (Builtin::Datemultirange, Builtin::Daterange),
];
