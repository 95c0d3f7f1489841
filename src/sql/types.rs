//! Lowers CREATE and ALTER of types and domains.

use smol_str::SmolStr;

use super::source::Lower;
use super::statement::none;
use super::{constraint, expr, literal, names, objects, sqltype};
use crate::change::{
    Change, CompositeAction, ConstraintBody, ConstraintSpec, DomainAction, ObjectKind, ObjectName,
};
use crate::name::{Name, QualifiedName};
use crate::sqltype::SqlType;
use crate::syntax::pg::ast;

/// `CREATE TYPE`.
pub(super) fn create(cx: &Lower<'_>, node: &ast::CreateType) -> Option<Change> {
    let name = names::object(cx, node.type_name().as_ref())?;
    let Some(kind) = node.kind() else {
        return other(name, None, None, SmolStr::default());
    };
    let written = super::statement::behind(cx, node, node.type_name().as_ref());
    match kind {
        ast::CreateTypeKind::EnumType(of) => {
            let labels: Option<Vec<SmolStr>> = of
                .variant_list()?
                .variants()
                .map(|variant| literal::smol(variant.literal().as_ref()))
                .collect();
            Some(Change::CreateEnum {
                name,
                labels: labels?,
            })
        }
        ast::CreateTypeKind::CompositeType(of) => {
            let attributes: Option<Vec<_>> = of
                .composite_field_list()?
                .composite_field_defs()
                .map(|field| attribute(cx, names::name_of(field.name().as_ref()), field.ty()))
                .collect();
            Some(Change::CreateComposite {
                name,
                attributes: attributes?,
            })
        }
        ast::CreateTypeKind::RangeType(of) => {
            let options = of.attribute_list()?;
            let subtype = match option(&options, "subtype").and_then(|value| value.ty()) {
                Some(ty) => Some(sqltype::sql_type(cx, &ty)?.0),
                None => None,
            };
            let multirange = match option(&options, "multirange_type_name").and_then(|value| value.ty()) {
                Some(ty) => Some(names::object(cx, Some(&ty))?),
                None => None,
            };
            other(name, subtype, multirange, written)
        }
        ast::CreateTypeKind::BaseType(_) => other(name, None, None, written),
    }
}

fn other(
    name: ObjectName,
    range_of: Option<SqlType>,
    multirange: Option<ObjectName>,
    written: SmolStr,
) -> Option<Change> {
    Some(Change::CreateOtherType {
        name,
        range_of,
        multirange,
        written,
    })
}

/// The value of an option of a definition.
pub(super) fn option(list: &ast::AttributeList, key: &str) -> Option<ast::AttributeValue> {
    list.attribute_options()
        .find(|option| names::name_of(option.name().as_ref()).is_some_and(|name| name == *key))?
        .attribute_value()
}

fn attribute(cx: &Lower<'_>, name: Option<Name>, ty: Option<ast::Type>) -> Option<(Name, SqlType)> {
    let (ty, serial) = sqltype::sql_type(cx, &ty?)?;
    serial.is_none().then_some((name?, ty))
}

/// `ALTER TYPE`.
pub(super) fn alter(cx: &Lower<'_>, node: &ast::AlterType) -> Option<Change> {
    let name = names::object(cx, node.type_name_ref().as_ref())?;
    let target = objects::Target {
        kind: ObjectKind::Type,
        name: &name,
        if_exists: false,
    };
    match node.action()? {
        ast::AlterTypeAction::AddValue(add) => {
            let beside = match add.value_position() {
                Some(ast::ValuePosition::BeforeValue(at)) => {
                    Some((literal::smol(at.literal().as_ref())?, true))
                }
                Some(ast::ValuePosition::AfterValue(at)) => {
                    Some((literal::smol(at.literal().as_ref())?, false))
                }
                None => None,
            };
            Some(Change::AddEnumLabel {
                label: literal::smol(add.literal().as_ref())?,
                if_not_exists: add.if_not_exists().is_some(),
                beside,
                name,
            })
        }
        ast::AlterTypeAction::RenameValue(rename) => Some(Change::RenameEnumLabel {
            from: literal::smol(rename.from().as_ref())?,
            to: literal::smol(rename.to().as_ref())?,
            name,
        }),
        ast::AlterTypeAction::AlterTypeAttributeActionList(list) => {
            let actions: Option<Vec<_>> = list
                .actions()
                .map(|action| attribute_action(cx, &action))
                .collect();
            Some(Change::AlterComposite {
                name,
                actions: actions?,
            })
        }
        ast::AlterTypeAction::RenameAttribute(rename) => {
            let from = names::name_of(rename.composite_field_ref().as_ref())?;
            let to = names::name_of(rename.composite_field().as_ref())?;
            Some(Change::AlterComposite {
                name,
                actions: vec![CompositeAction::Rename(from, to)],
            })
        }
        ast::AlterTypeAction::TypeRenameTo(to) => target.rename(to.type_name().as_ref()),
        ast::AlterTypeAction::SetSchema(to) => target.set_schema(&to),
        ast::AlterTypeAction::OwnerTo(_) | ast::AlterTypeAction::SetOptions(_) => none("ALTER TYPE"),
    }
}

fn attribute_action(cx: &Lower<'_>, action: &ast::AlterTypeAttributeAction) -> Option<CompositeAction> {
    Some(match action {
        ast::AlterTypeAttributeAction::AddAttribute(add) => {
            let (name, ty) = attribute(cx, names::name_of(add.composite_field().as_ref()), add.ty())?;
            CompositeAction::Add(name, ty)
        }
        ast::AlterTypeAttributeAction::AlterAttribute(alter) => {
            let (name, ty) = attribute(
                cx,
                names::name_of(alter.composite_field_ref().as_ref()),
                alter.ty(),
            )?;
            CompositeAction::SetType(name, ty)
        }
        ast::AlterTypeAttributeAction::DropAttribute(drop) => CompositeAction::Drop {
            name: names::name_of(drop.composite_field_ref().as_ref())?,
            if_exists: drop.if_exists().is_some(),
        },
    })
}

/// `CREATE DOMAIN`.
pub(super) fn create_domain(cx: &Lower<'_>, node: &ast::CreateDomain) -> Option<Change> {
    let (base, serial) = sqltype::sql_type(cx, &node.ty()?)?;
    if serial.is_some() {
        return None;
    }
    let mut collation: Option<QualifiedName> = None;
    let mut default = None;
    let mut not_null = false;
    let mut checks: Vec<ConstraintSpec> = Vec::new();
    for qualifier in node.domain_qualifiers() {
        match qualifier {
            ast::DomainQualifier::Collate(collate) => {
                collation = names::qualified_of(collate.collation_ref().as_ref());
            }
            ast::DomainQualifier::Constraint(ast::Constraint::DefaultConstraint(value)) => {
                default = Some(expr::expr(cx, &value.expr()?));
            }
            ast::DomainQualifier::Constraint(ast::Constraint::NotNullConstraint(_)) => not_null = true,
            ast::DomainQualifier::Constraint(ast::Constraint::NullConstraint(_)) => {}
            ast::DomainQualifier::Constraint(node) => {
                let check = constraint::constraint(cx, &node, None)?;
                if !matches!(check.body, ConstraintBody::Check(_)) {
                    return None;
                }
                checks.push(check);
            }
        }
    }
    Some(Change::CreateDomain {
        name: names::object(cx, node.domain().as_ref())?,
        base,
        collation,
        default,
        not_null,
        checks,
    })
}

/// `ALTER DOMAIN`.
pub(super) fn alter_domain(cx: &Lower<'_>, node: &ast::AlterDomain) -> Option<Change> {
    let name = names::object(cx, node.domain_ref().as_ref())?;
    let target = objects::Target {
        kind: ObjectKind::Domain,
        name: &name,
        if_exists: false,
    };
    let action = match node.action()? {
        ast::AlterDomainAction::SetDefault(set) => DomainAction::Default(Some(expr::expr(cx, &set.expr()?))),
        ast::AlterDomainAction::DropDefault(_) => DomainAction::Default(None),
        ast::AlterDomainAction::SetNotNull(_) => DomainAction::NotNull(true),
        ast::AlterDomainAction::DropNotNull(_) => DomainAction::NotNull(false),
        ast::AlterDomainAction::AddConstraint(add) => match add.constraint()? {
            ast::Constraint::NotNullConstraint(_) => DomainAction::NotNull(true),
            node => DomainAction::AddConstraint(constraint::constraint(cx, &node, None)?),
        },
        ast::AlterDomainAction::DropConstraint(drop) => DomainAction::DropConstraint {
            name: names::qualified_of(drop.constraint_name_ref().as_ref())?.name,
            if_exists: drop.if_exists().is_some(),
        },
        ast::AlterDomainAction::RenameConstraint(rename) => DomainAction::RenameConstraint {
            from: names::qualified_of(rename.constraint_name_ref().as_ref())?.name,
            to: names::name_of(rename.constraint_name().as_ref())?,
        },
        ast::AlterDomainAction::ValidateConstraint(_) | ast::AlterDomainAction::OwnerTo(_) => {
            DomainAction::None
        }
        ast::AlterDomainAction::DomainRenameTo(to) => return target.rename(to.domain().as_ref()),
        ast::AlterDomainAction::SetSchema(to) => return target.set_schema(&to),
    };
    Some(Change::AlterDomain { name, action })
}
