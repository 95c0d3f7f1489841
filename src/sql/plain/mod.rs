//! The statements that most of a history consists of, read without the parser, in the forms that are written most: what is
//! written otherwise is left to it. A reader here knows every token of its statement or gives up, and reads what the parser
//! and the lowering behind it would have read; a test compares the two.

mod alter;
mod chain;
mod column;
mod cursor;
mod expr;
mod index;
mod insert;
mod objects;
mod query;
mod routine;
mod rows;
mod types;

use std::borrow::Cow;

use super::Statement;
use crate::change::Change;
use crate::source::Text;
use crate::sqltype::SqlType;
use crate::syntax::split::Token;
use crate::tree::{Expr, Query};
use cursor::Cursor;

/// Reads a statement, from its tokens where they are known; `None` where it is left to the parser.
pub(super) fn read(text: &Text, tokens: Option<&[Token]>) -> Option<Statement> {
    let first = text.as_str().bytes().next()?.to_ascii_lowercase();
    if first == b'i'
        && let Some(insert) = insert::read(text)
    {
        return Some(Statement::Dml(Box::new(insert)));
    }
    match first {
        b'a' | b'c' | b'd' | b'i' | b's' | b'u' => statement(&mut match tokens {
            Some(tokens) => Cursor::over(text, Cow::Borrowed(tokens)),
            None => Cursor::new(text)?,
        }),
        _ => None,
    }
}

fn statement(at: &mut Cursor<'_>) -> Option<Statement> {
    let from = at.here();
    let statement = match at.word()? {
        b"do" => routine::block(at)?,
        b"select" => {
            at.back_to(from);
            Statement::Query(Box::new(query::read(at, expr::DEPTH)?))
        }
        b"insert" => Statement::Dml(Box::new(rows::insert(at)?)),
        b"update" => Statement::Dml(Box::new(rows::update(at)?)),
        b"delete" => Statement::Dml(Box::new(rows::delete(at)?)),
        _ => {
            at.back_to(from);
            Statement::Changes(vec![change(at)?])
        }
    };
    at.is_done().then_some(statement)
}

/// Reads an expression; `None` where it is left to the parser.
pub(super) fn expression(text: &Text) -> Option<Expr> {
    let mut at = Cursor::new(text)?;
    let expr = chain::expression(&mut at)?;
    at.is_done().then_some(expr)
}

/// Reads a query; `None` where it is left to the parser.
pub(super) fn query(text: &Text) -> Option<Query> {
    let mut at = Cursor::new(text)?;
    let query = query::read(&mut at, expr::DEPTH)?;
    at.is_done().then_some(query)
}

/// Reads a query without its `SELECT`; `None` where it is left to the parser.
pub(super) fn selected(text: &Text) -> Option<Query> {
    let mut at = Cursor::new(text)?;
    let mut query = query::selected(&mut at, expr::DEPTH)?;
    query.span = text.span(0..at.end());
    at.is_done().then_some(query)
}

/// Reads a type; `None` where it is left to the parser.
pub(super) fn type_name(text: &Text) -> Option<SqlType> {
    let mut at = Cursor::new(text)?;
    let spelled = types::spelled(&mut at)?;
    (at.is_done() && spelled.serial.is_none()).then_some(spelled.ty)
}

fn change(at: &mut Cursor<'_>) -> Option<Change> {
    match at.word()? {
        b"alter" => match at.word()? {
            b"table" => alter::table(at),
            b"index" => objects::alter_index(at),
            b"type" => objects::alter_type(at),
            _ => None,
        },
        b"create" => create(at),
        b"comment" => objects::comment(at),
        b"drop" => {
            if at.eat("function") {
                return routine::drop_functions(at);
            }
            match at.eat("trigger") {
                true => routine::drop_trigger(at),
                false => objects::drop(at),
            }
        }
        _ => None,
    }
}

fn create(at: &mut Cursor<'_>) -> Option<Change> {
    let or_replace = at.phrase(&["or", "replace"])?;
    match at.word()? {
        b"function" => routine::create_function(at, or_replace),
        b"trigger" => routine::create_trigger(at, or_replace),
        _ if or_replace => None,
        b"table" => column::create_table(at),
        b"index" => index::create(at, false),
        b"unique" => {
            at.keyword("index")?;
            index::create(at, true)
        }
        b"type" => objects::create_enum(at),
        _ => None,
    }
}
