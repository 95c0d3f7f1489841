//! `DO`, functions and triggers as they are written most.

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::{chain, objects, types};
use crate::change::{Change, FunctionSpec, ObjectKind, Parameter, TriggerText};
use crate::sql::Statement;
use crate::sqltype::{Builtin, SqlType};
use crate::syntax::split::Kind;
use crate::tree::plpgsql::RoutineName;

/// `DO`, from the language or the body on.
pub(super) fn block(at: &mut Cursor<'_>) -> Option<Statement> {
    let mut language = language(at)?;
    let body = at.dollar_quoted()?;
    if language.is_none() {
        language = self::language(at)?;
    }
    Some(Statement::Do {
        language: language.map_or_else(|| "plpgsql".to_owned(), String::from),
        body,
    })
}

/// `LANGUAGE name`, where it stands here.
fn language(at: &mut Cursor<'_>) -> Option<Option<SmolStr>> {
    if !at.eat("language") {
        return Some(None);
    }
    named_language(at).map(Some)
}

fn named_language(at: &mut Cursor<'_>) -> Option<SmolStr> {
    let written = match at.peek()?.0 {
        Kind::String => at.string()?,
        _ => at.name()?.as_str().to_owned(),
    };
    Some(written.to_ascii_lowercase().into())
}

/// `CREATE FUNCTION`, from the name on.
pub(super) fn create_function(at: &mut Cursor<'_>, or_replace: bool) -> Option<Change> {
    let name = at.object()?;
    let behind = at.here();
    let mut parameters = parameters(at)?;
    at.keyword("returns")?;
    let (returns, set) = returns(at, &mut parameters)?;
    let (mut language, mut body, mut immutable) = (None, None, false);
    while !at.is_done() {
        match at.word()? {
            b"language" => language = Some(named_language(at)?),
            b"as" => {
                body = Some(at.dollar_quoted()?);
                if at.is_punct(b',') {
                    return None;
                }
            }
            b"immutable" => immutable = true,
            b"stable" | b"volatile" => immutable = false,
            b"strict" | b"leakproof" => {}
            b"security" => {
                let words = [at.eat("definer"), at.eat("invoker")];
                words.contains(&true).then_some(())?;
            }
            b"parallel" => {
                let words = [at.eat("safe"), at.eat("unsafe"), at.eat("restricted")];
                words.contains(&true).then_some(())?;
            }
            _ => return None,
        }
    }
    let language = language?;
    let has_text = !matches!(language.as_str(), "c" | "internal");
    Some(Change::CreateFunction(Box::new(FunctionSpec {
        name,
        or_replace,
        procedure: false,
        parameters,
        returns: Some(returns),
        set,
        language,
        body: body.filter(|_| has_text),
        immutable,
        keyword: "FUNCTION",
        written: at.behind(behind).into(),
        stand_in: false,
    })))
}

/// `(a integer, text DEFAULT 'x')`.
fn parameters(at: &mut Cursor<'_>) -> Option<Vec<Parameter>> {
    at.punct(b'(')?;
    let mut out = Vec::new();
    if at.eat_punct(b')') {
        return Some(out);
    }
    loop {
        out.push(parameter(at)?);
        if !at.eat_punct(b',') {
            break;
        }
    }
    at.punct(b')')?;
    Some(out)
}

fn parameter(at: &mut Cursor<'_>) -> Option<Parameter> {
    at.eat("in");
    let from = at.here();
    // A type alone, or a name before it: what follows tells.
    let alone = types::spelled(at).filter(|_| ends_parameter(at));
    let (name, ty) = match alone {
        Some(ty) => (None, ty),
        None => {
            at.back_to(from);
            (Some(at.name()?), types::spelled(at)?)
        }
    };
    if ty.serial.is_some() || !ends_parameter(at) {
        return None;
    }
    let default = match at.eat("default") || at.eat_operator("=") {
        true => Some(chain::expression(at)?),
        false => None,
    };
    Some(Parameter {
        name,
        ty: ty.ty,
        input: true,
        output: false,
        default,
    })
}

fn ends_parameter(at: &Cursor<'_>) -> bool {
    at.is_punct(b',') || at.is_punct(b')') || at.is("default") || at.peek() == Some((Kind::Operator, "="))
}

/// The type behind `RETURNS`, and whether it is a set; the columns of a TABLE are parameters.
fn returns(at: &mut Cursor<'_>, parameters: &mut Vec<Parameter>) -> Option<(SqlType, bool)> {
    if at.eat("table") {
        at.punct(b'(')?;
        loop {
            let name = at.name()?;
            let ty = types::spelled(at)?;
            if ty.serial.is_some() {
                return None;
            }
            parameters.push(Parameter {
                name: Some(name),
                ty: ty.ty,
                input: false,
                output: true,
                default: None,
            });
            if !at.eat_punct(b',') {
                break;
            }
        }
        at.punct(b')')?;
        return Some((SqlType::builtin(Builtin::Record), true));
    }
    let set = at.eat("setof");
    let ty = types::spelled(at)?;
    let is_column = matches!(at.peek(), Some((Kind::Operator, _)));
    (ty.serial.is_none() && !is_column).then_some((ty.ty, set))
}

/// `DROP FUNCTION`, from the name on.
pub(super) fn drop_functions(at: &mut Cursor<'_>) -> Option<Change> {
    let if_exists = at.if_exists()?;
    let (mut names, mut routines) = (Vec::new(), Vec::new());
    loop {
        let object = at.object()?;
        let arguments = match at.is_punct(b'(') {
            true => Some(parameters(at)?.into_iter().map(|given| given.ty).collect()),
            false => None,
        };
        routines.push(RoutineName {
            name: object.name.clone(),
            arguments,
            span: object.span,
        });
        names.push(object);
        if !at.eat_punct(b',') {
            break;
        }
    }
    Some(Change::Drop {
        kind: ObjectKind::Function,
        names,
        if_exists,
        behaviour: objects::behaviour(at),
        routines,
    })
}

/// `DROP TRIGGER`, from the name on.
pub(super) fn drop_trigger(at: &mut Cursor<'_>) -> Option<Change> {
    let if_exists = at.if_exists()?;
    let name = at.name()?;
    at.keyword("on")?;
    Some(Change::DropTrigger {
        name,
        table: at.object()?,
        if_exists,
        behaviour: objects::behaviour(at),
    })
}

/// `CREATE TRIGGER`, from the name on.
pub(super) fn create_trigger(at: &mut Cursor<'_>, or_replace: bool) -> Option<Change> {
    let name = at.name()?;
    let events = at.here();
    match at.word()? {
        b"before" | b"after" => {}
        b"instead" => at.keyword("of")?,
        _ => return None,
    }
    loop {
        match at.word()? {
            b"insert" | b"delete" | b"truncate" => {}
            b"update" => {
                if at.eat("of") {
                    at.name()?;
                    while at.eat_punct(b',') {
                        at.name()?;
                    }
                }
            }
            _ => return None,
        }
        if !at.eat("or") {
            break;
        }
    }
    let events = at.between(events).into();
    at.keyword("on")?;
    let table = at.object()?;
    let level = at.here();
    if at.eat("referencing") {
        while at.eat("old") || at.eat("new") {
            at.keyword("table")?;
            at.eat("as");
            at.name()?;
        }
    }
    let mut each_row = false;
    if at.eat("for") {
        at.eat("each");
        each_row = at.eat("row");
        if !each_row {
            at.keyword("statement")?;
        }
    }
    if at.eat("when") {
        at.punct(b'(')?;
        chain::expression(at)?;
        at.punct(b')')?;
    }
    let conditions = at.between(level).into();
    at.keyword("execute")?;
    if !at.eat("function") {
        at.keyword("procedure")?;
    }
    let function = at.qualified()?;
    let arguments = at.here();
    at.punct(b'(')?;
    at.punct(b')')?;
    Some(Change::CreateTrigger {
        name,
        table,
        or_replace,
        function,
        text: TriggerText {
            constraint: false,
            each_row,
            events,
            conditions,
            arguments: at.behind(arguments).into(),
        },
    })
}
