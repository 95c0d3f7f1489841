//! Lowers functions, procedures, aggregates and triggers.

use smol_str::SmolStr;

use super::source::Lower;
use super::{expr, literal, names, sqltype, types};
use crate::change::{Change, FunctionSpec, ObjectName, Parameter, TriggerText};
use crate::name::{Name, QualifiedName};
use crate::source::Text;
use crate::sqltype::{BaseType, Builtin, SqlType};
use crate::syntax::pg::{AstNode, TextRange, ast};
use crate::tree::plpgsql::RoutineName;

/// What a routine's definition says besides name and parameters.
struct Definition {
    language: SmolStr,
    body: Option<Text>,
    immutable: bool,
}

/// `CREATE FUNCTION`.
pub(super) fn create_function(cx: &Lower<'_>, node: &ast::CreateFunction) -> Option<Change> {
    let mut parameters = parameters(cx, node.param_list().as_ref())?;
    let (returns, set) = match node.ret_type() {
        Some(ret) => returns(cx, &ret, &mut parameters)?,
        None => (from_outputs(&parameters), false),
    };
    let definition = definition(cx, node.option_list().as_ref(), node.body().as_ref())?;
    Some(Change::CreateFunction(Box::new(FunctionSpec {
        name: names::object(cx, node.name().as_ref())?,
        or_replace: node.or_replace().is_some(),
        procedure: false,
        parameters,
        returns,
        set,
        language: definition.language,
        body: definition.body,
        immutable: definition.immutable,
        keyword: "FUNCTION",
        written: super::statement::behind(cx, node, node.name().as_ref()),
        stand_in: false,
    })))
}

/// `CREATE PROCEDURE`.
pub(super) fn create_procedure(cx: &Lower<'_>, node: &ast::CreateProcedure) -> Option<Change> {
    let definition = definition(cx, node.option_list().as_ref(), node.body().as_ref())?;
    Some(Change::CreateFunction(Box::new(FunctionSpec {
        name: names::object(cx, node.name().as_ref())?,
        or_replace: node.or_replace().is_some(),
        procedure: true,
        parameters: parameters(cx, node.param_list().as_ref())?,
        returns: None,
        set: false,
        language: definition.language,
        body: definition.body,
        immutable: definition.immutable,
        keyword: "PROCEDURE",
        written: super::statement::behind(cx, node, node.name().as_ref()),
        stand_in: false,
    })))
}

/// `CREATE AGGREGATE`: a function without a body (language `internal`, as in the catalog). The old form has no parameter list
/// and names its one type in `basetype`.
pub(super) fn create_aggregate(cx: &Lower<'_>, node: &ast::CreateAggregate) -> Option<Change> {
    let mut parameters = parameters(cx, node.param_list().as_ref())?;
    if node.param_list().is_none()
        && let Some(ty) = types::option(&node.attribute_list()?, "basetype")?.ty()
        && !cx.str(ty.syntax().text_range()).eq_ignore_ascii_case("\"any\"")
    {
        parameters.push(Parameter {
            name: None,
            ty: sqltype::sql_type(cx, &ty)?.0,
            input: true,
            output: false,
            default: None,
        });
    }
    Some(Change::CreateFunction(Box::new(FunctionSpec {
        name: names::object(cx, node.aggregate_name().as_ref())?,
        or_replace: node.or_replace().is_some(),
        procedure: false,
        parameters,
        returns: None,
        set: false,
        language: "internal".into(),
        body: None,
        immutable: false,
        keyword: "AGGREGATE",
        written: super::statement::behind(cx, node, node.aggregate_name().as_ref()),
        stand_in: false,
    })))
}

fn builtin(ty: Builtin) -> SqlType {
    SqlType::builtin(ty)
}

/// A function without RETURNS returns its output parameter, or a record of several.
fn from_outputs(parameters: &[Parameter]) -> Option<SqlType> {
    let mut outputs = parameters.iter().filter(|p| p.output);
    match (outputs.next(), outputs.next()) {
        (None, _) => None,
        (Some(one), None) => Some(one.ty.clone()),
        (Some(_), Some(_)) => Some(builtin(Builtin::Record)),
    }
}

fn returns(
    cx: &Lower<'_>,
    ret: &ast::RetType,
    parameters: &mut Vec<Parameter>,
) -> Option<(Option<SqlType>, bool)> {
    if let Some(columns) = ret.return_table_arg_list() {
        for column in columns.args() {
            parameters.push(Parameter {
                name: Some(names::name_of(column.name().as_ref())?),
                ty: func_type(cx, &column.func_type()?)?.0,
                input: false,
                output: true,
                default: None,
            });
        }
        return Some((Some(builtin(Builtin::Record)), true));
    }
    let (ty, set) = func_type(cx, &ret.func_type()?)?;
    Some((Some(ty), set))
}

/// A type as functions take it; true for SETOF. `table.column%TYPE` is a name that no type has.
fn func_type(cx: &Lower<'_>, node: &ast::FuncType) -> Option<(SqlType, bool)> {
    match node {
        ast::FuncType::Type(ty) => Some((sqltype::sql_type(cx, ty)?.0, is_set(ty))),
        ast::FuncType::PercentType(percent) => {
            let path = percent.path_ref()?;
            let spelled = format!("{}%type", cx.str(path.syntax().text_range()));
            let ty = SqlType {
                base: BaseType::Named(QualifiedName::bare(Name::new(&spelled))),
                modifier: None,
                array: percent.array_token().is_some() || percent.array_bounds().next().is_some(),
            };
            Some((ty, percent.setof_token().is_some()))
        }
    }
}

/// `SETOF` is the first token of the innermost type.
fn is_set(ty: &ast::Type) -> bool {
    ty.syntax()
        .first_token()
        .is_some_and(|token| token.kind() == crate::syntax::pg::SyntaxKind::SETOF_KW)
}

fn parameters(cx: &Lower<'_>, list: Option<&ast::ParamList>) -> Option<Vec<Parameter>> {
    list.into_iter()
        .flat_map(ast::ParamList::all_params)
        .map(|param| parameter(cx, &param))
        .collect()
}

fn parameter(cx: &Lower<'_>, param: &ast::Param) -> Option<Parameter> {
    let (input, output) = match param.mode() {
        Some(ast::ParamMode::ParamOut(_)) => (false, true),
        Some(ast::ParamMode::ParamInOut(_)) => (true, true),
        Some(ast::ParamMode::ParamIn(_) | ast::ParamMode::ParamVariadic(_)) | None => (true, false),
    };
    let default = match param.param_default() {
        Some(default) => Some(expr::expr(cx, &default.expr()?)),
        None => None,
    };
    Some(Parameter {
        name: names::name_of(param.name().as_ref()),
        ty: func_type(cx, &param.func_type()?)?.0,
        input,
        output,
        default,
    })
}

fn definition(
    cx: &Lower<'_>,
    options: Option<&ast::FuncOptionList>,
    body: Option<&ast::RoutineBody>,
) -> Option<Definition> {
    let mut language: Option<SmolStr> = None;
    let mut text = None;
    let mut immutable = false;
    for option in options.into_iter().flat_map(ast::FuncOptionList::options) {
        match option {
            ast::FuncOption::LanguageFuncOption(node) => {
                language = Some(language_name(
                    node.language_ref().as_ref(),
                    node.literal().as_ref(),
                )?);
            }
            ast::FuncOption::AsFuncOption(node) => match node.as_func_target()? {
                ast::AsFuncTarget::AsDefinition(node) => text = literal::text(cx, &node.literal()?),
                ast::AsFuncTarget::AsObjFile(_) => {}
            },
            ast::FuncOption::VolatilityFuncOption(node) => {
                immutable = matches!(node, ast::VolatilityFuncOption::Immutable(_));
            }
            _ => {}
        }
    }
    if let Some(body) = body {
        text = Some(standard_body(cx, body)?);
        language.get_or_insert_with(|| "sql".into());
    }
    let language = language?;
    let has_text = !matches!(language.as_str(), "c" | "internal");
    Some(Definition {
        language,
        body: text.filter(|_| has_text),
        immutable,
    })
}

/// A language in lower case, as a name or a string.
pub(super) fn language_name(
    name: Option<&ast::LanguageRef>,
    string: Option<&ast::Literal>,
) -> Option<SmolStr> {
    let written = match name {
        Some(name) => names::name_of(Some(name))?.as_str().to_owned(),
        None => literal::string(string?)?,
    };
    Some(written.to_ascii_lowercase().into())
}

/// A body in the standard's form as the statements that it runs: `RETURN x` is `SELECT x`.
fn standard_body(cx: &Lower<'_>, body: &ast::RoutineBody) -> Option<Text> {
    match body {
        ast::RoutineBody::ReturnStmt(ret) => returned(cx, ret, None),
        ast::RoutineBody::AtomicBody(body) => {
            let start = body.atomic_token()?.text_range().end();
            let end = body.end_token()?.text_range().start();
            let inner = TextRange::new(start, end.max(start));
            let last = body.routine_body_stmts().last();
            match last {
                Some(ast::RoutineBodyStmt::ReturnStmt(ret)) => returned(cx, &ret, Some(inner)),
                Some(ast::RoutineBodyStmt::Stmt(_)) | None => Some(cx.slice(inner)),
            }
        }
    }
}

/// The text with `SELECT` for the `RETURN` of a statement.
fn returned(cx: &Lower<'_>, ret: &ast::ReturnStmt, within: Option<TextRange>) -> Option<Text> {
    let keyword = ret.return_token()?.text_range();
    let all = within.unwrap_or_else(|| ret.syntax().text_range());
    let run = |from, to| (String::new(), TextRange::new(from, to), true);
    Some(literal::compose(
        cx,
        vec![
            run(all.start(), keyword.start()),
            ("SELECT".to_owned(), keyword, false),
            run(keyword.end(), all.end()),
        ],
    ))
}

/// A routine as DROP names it: input types only, as the server looks it up.
pub(super) fn routine(
    cx: &Lower<'_>,
    name: Option<&impl AstNode>,
    list: Option<&ast::ParamList>,
) -> Option<(ObjectName, RoutineName)> {
    let object = names::object(cx, name)?;
    let arguments = list.and_then(|list| {
        list.all_params()
            .filter(|param| !matches!(param.mode(), Some(ast::ParamMode::ParamOut(_))))
            .map(|param| func_type(cx, &param.func_type()?).map(|ty| ty.0))
            .collect()
    });
    let routine = RoutineName {
        name: object.name.clone(),
        arguments,
        span: object.span,
    };
    Some((object, routine))
}

/// `CREATE TRIGGER`.
pub(super) fn create_trigger(cx: &Lower<'_>, node: &ast::CreateTrigger) -> Option<Change> {
    let called = node.call_expr()?;
    let (name_end, on) = (node.trigger()?.syntax().text_range().end(), node.on_relation()?);
    let on = on.syntax().text_range();
    let conditions = cx.between(on.end(), node.execute_token()?.text_range().start());
    let function = called.expr()?.syntax().text_range();
    let text = TriggerText {
        constraint: node.constraint_token().is_some(),
        each_row: node.trigger_level().is_some_and(|level| {
            let words = cx.str(level.syntax().text_range());
            words
                .split_ascii_whitespace()
                .any(|word| word.eq_ignore_ascii_case("row"))
        }),
        events: cx.between(name_end, on.start()).into(),
        conditions: conditions.into(),
        arguments: cx.rest(function.end(), &called).into(),
    };
    Some(Change::CreateTrigger {
        name: names::name_of(node.trigger().as_ref())?,
        table: names::object(cx, node.on_relation()?.relation_name_ref().as_ref())?,
        or_replace: node.or_replace().is_some(),
        function: names::dotted(called.expr()?.syntax())?,
        text,
    })
}

/// `ALTER TRIGGER`.
pub(super) fn alter_trigger(cx: &Lower<'_>, node: &ast::AlterTrigger) -> Option<Change> {
    match node.action()? {
        ast::AlterTriggerAction::TriggerRenameTo(to) => Some(Change::RenameTrigger {
            name: names::name_of(node.trigger_ref().as_ref())?,
            table: names::object(cx, node.on_relation()?.relation_name_ref().as_ref())?,
            to: names::name_of(to.trigger().as_ref())?,
        }),
        ast::AlterTriggerAction::DependsOnExtension(_) | ast::AlterTriggerAction::NoDependsOnExtension(_) => {
            super::statement::none("ALTER TRIGGER")
        }
    }
}
