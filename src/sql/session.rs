//! Lowers what concerns the session: transactions, settings, and settings of later sessions.

use super::source::Lower;
use super::{Statement, Transaction, literal, names};
use crate::change::Change;
use crate::syntax::pg::{AstNode, SyntaxKind, ast};

use super::query::has_token;

/// `ROLLBACK`, `ROLLBACK TO`.
pub(super) fn rollback(node: &ast::Rollback) -> Option<Statement> {
    Some(Statement::Transaction(match node {
        ast::Rollback::RollbackTransaction(_) => Transaction::Rollback,
        ast::Rollback::RollbackToSavepoint(to) => {
            Transaction::RollbackTo(names::name_of(to.savepoint_ref().as_ref())?)
        }
        ast::Rollback::RollbackPrepared(_) => return None,
    }))
}

/// `COMMIT`.
pub(super) fn commit(node: &ast::Commit) -> Option<Statement> {
    match node {
        ast::Commit::CommitTransaction(_) => Some(Statement::Transaction(Transaction::Commit)),
        ast::Commit::CommitPrepared(_) => None,
    }
}

fn setting(name: impl Into<String>, value: Option<Vec<String>>, local: bool) -> Option<Statement> {
    Some(Statement::Set {
        name: name.into(),
        value,
        local,
    })
}

/// A setting's name as the server keeps it: lower case, dots kept.
fn setting_name(node: &ast::ConfigParameterRef) -> Option<String> {
    let parts = names::parts(&names::path(node.syntax()));
    let parts: Vec<&str> = parts.iter().map(crate::name::Name::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(".").to_ascii_lowercase())
}

/// The values of an assignment; `None` inside for DEFAULT. `FROM CURRENT` keeps what is.
enum Assigned {
    Values(Option<Vec<String>>),
    Current,
}

fn assigned(cx: &Lower<'_>, node: &ast::ConfigAssignment) -> Option<Assigned> {
    match node {
        ast::ConfigAssignment::FromCurrent(_) => Some(Assigned::Current),
        ast::ConfigAssignment::ToConfigValue(to) => {
            if to.default_token().is_some() {
                return Some(Assigned::Values(None));
            }
            let values: Option<Vec<String>> =
                to.config_values().map(|value| config_value(cx, &value)).collect();
            values
                .filter(|values| !values.is_empty())
                .map(|values| Assigned::Values(Some(values)))
        }
    }
}

fn config_value(cx: &Lower<'_>, node: &ast::ConfigValue) -> Option<String> {
    match node {
        ast::ConfigValue::ConfigValueName(name) => names::name_of(Some(name)).map(|n| n.as_str().to_owned()),
        ast::ConfigValue::Literal(value) => Some(
            literal::string(value)
                .unwrap_or_else(|| cx.str(value.syntax().text_range()).to_ascii_lowercase()),
        ),
        ast::ConfigValue::PrefixExpr(value) => {
            let written = cx.str(value.syntax().text_range());
            Some(written.chars().filter(|c| !c.is_whitespace()).collect())
        }
    }
}

/// `SET`.
pub(super) fn set(cx: &Lower<'_>, node: &ast::Set) -> Option<Statement> {
    let local = matches!(node.set_scope(), Some(ast::SetScope::LocalScope(_)));
    match node.set_target()? {
        ast::SetTarget::SetConfig(config) => {
            let name = setting_name(&config.config_parameter_ref()?)?;
            match assigned(cx, &config.config_assignment()?)? {
                Assigned::Values(values) => setting(name, values, local),
                Assigned::Current => Some(Statement::NoEffect("SET FROM CURRENT")),
            }
        }
        ast::SetTarget::SetSchemaValue(value) => {
            let schema = literal::string(&value.literal()?)?;
            setting("search_path", Some(vec![schema]), local)
        }
        ast::SetTarget::SetTimeZone(zone) => {
            let value = match zone.config_value() {
                Some(value) => Some(vec![config_value(cx, &value)?]),
                None => zone
                    .cast_expr()
                    .map(|cast| vec![cx.str(cast.syntax().text_range()).to_owned()]),
            };
            setting("timezone", value, local)
        }
        ast::SetTarget::SetXmlOption(_) => Some(Statement::NoEffect("SET XML OPTION")),
        // The server refuses `SET CATALOG` (`gram.y`).
        ast::SetTarget::SetCatalog(_) => None,
    }
}

/// `RESET`.
pub(super) fn reset(node: &ast::Reset) -> Option<Statement> {
    match node.reset_target()? {
        ast::ResetTarget::All(_) => setting("all", None, false),
        ast::ResetTarget::ConfigParameterRef(name) => setting(setting_name(&name)?, None, false),
        ast::ResetTarget::ResetTimeZone(_) => setting("timezone", None, false),
        ast::ResetTarget::ResetTransactionIsolation(_) => Some(Statement::NoEffect("RESET TRANSACTION")),
    }
}

/// `SET ROLE`.
pub(super) fn set_role(cx: &Lower<'_>, node: &ast::SetRole) -> Option<Statement> {
    let local = matches!(node.set_scope(), Some(ast::SetScope::LocalScope(_)));
    let value = match node.set_role_target()? {
        ast::SetRoleTarget::SetRoleNone(_) => None,
        ast::SetRoleTarget::Literal(value) => Some(vec![literal::string(&value)?]),
        ast::SetRoleTarget::RoleRef(role) => Some(vec![role_name(cx, &role)?]),
    };
    setting("role", value, local)
}

/// `SET SESSION AUTHORIZATION`.
pub(super) fn set_session_authorization(cx: &Lower<'_>, node: &ast::SetSessionAuth) -> Option<Statement> {
    let local = matches!(node.set_scope(), Some(ast::SetScope::LocalScope(_)));
    let value = match node.set_session_auth_target()? {
        ast::SetSessionAuthTarget::SetSessionAuthDefault(_) => None,
        ast::SetSessionAuthTarget::Literal(value) => Some(vec![literal::string(&value)?]),
        ast::SetSessionAuthTarget::RoleRef(role) => Some(vec![role_name(cx, &role)?]),
    };
    setting("session_authorization", value, local)
}

/// A role's name; the keywords stay as they are.
pub(super) fn role_name(cx: &Lower<'_>, role: &ast::RoleRef) -> Option<String> {
    let value = role.role_ref_value()?;
    match names::name(value.syntax()) {
        Some(name) => Some(name.as_str().to_owned()),
        None => Some(cx.str(value.syntax().text_range()).to_ascii_lowercase()),
    }
}

/// `SET name = value` of ALTER DATABASE, ROLE, USER and SYSTEM.
pub(super) fn set_later(cx: &Lower<'_>, node: &ast::SetConfigParam) -> Option<Change> {
    let value = match assigned(cx, &node.config_assignment()?)? {
        Assigned::Values(values) => values.map(|values| values.join(", ").into()),
        Assigned::Current => return None,
    };
    Some(Change::SetLater {
        setting: setting_name(&node.config_parameter_ref()?)?.into(),
        value,
    })
}

/// `RESET name` of the same; `RESET ALL` is the setting `all`.
pub(super) fn reset_later(node: &ast::ResetConfigParam) -> Option<Change> {
    let name = match node.config_parameter_ref() {
        Some(name) => setting_name(&name)?,
        None if has_token(node.syntax(), SyntaxKind::ALL_KW) => "all".to_owned(),
        None => return None,
    };
    Some(Change::SetLater {
        setting: name.into(),
        value: None,
    })
}
