//! The statements that most of a history consists of, read without the parser, in the forms that are written most: what is
//! written otherwise is left to it. A reader here knows every token of its statement or gives up, and reads what the parser
//! and the lowering behind it would have read; a test compares the two.

mod alter;
mod column;
mod cursor;
mod expr;
mod index;
mod insert;
mod objects;
mod types;

use std::borrow::Cow;

use super::Statement;
use crate::change::Change;
use crate::source::Text;
use crate::sqltype::SqlType;
use crate::syntax::split::Token;
use crate::tree::Expr;
use cursor::Cursor;

/// Reads a statement, from its tokens where they are known; `None` where it is left to the parser.
pub(super) fn read(text: &Text, tokens: Option<&[Token]>) -> Option<Statement> {
    let mut words = text.as_str().bytes();
    let change = match words.next()?.to_ascii_lowercase() {
        b'i' => return insert::read(text).map(|insert| Statement::Dml(Box::new(insert))),
        b'a' | b'c' | b'd' => match tokens {
            Some(tokens) => change(Cursor::over(text, Cow::Borrowed(tokens)))?,
            None => change(Cursor::new(text)?)?,
        },
        _ => return None,
    };
    Some(Statement::Changes(vec![change]))
}

/// Reads an expression; `None` where it is left to the parser.
pub(super) fn expression(text: &Text) -> Option<Expr> {
    let mut at = Cursor::new(text)?;
    let expr = expr::operand(&mut at)?;
    at.is_done().then_some(expr)
}

/// Reads a type; `None` where it is left to the parser.
pub(super) fn type_name(text: &Text) -> Option<SqlType> {
    let mut at = Cursor::new(text)?;
    let spelled = types::spelled(&mut at)?;
    (at.is_done() && spelled.serial.is_none()).then_some(spelled.ty)
}

fn change(mut at: Cursor<'_>) -> Option<Change> {
    let change = match at.word()? {
        b"alter" => match at.word()? {
            b"table" => alter::table(&mut at)?,
            b"index" => objects::alter_index(&mut at)?,
            b"type" => objects::alter_type(&mut at)?,
            _ => return None,
        },
        b"create" => match at.word()? {
            b"table" => column::create_table(&mut at)?,
            b"index" => index::create(&mut at, false)?,
            b"unique" => {
                at.keyword("index")?;
                index::create(&mut at, true)?
            }
            b"type" => objects::create_enum(&mut at)?,
            _ => return None,
        },
        b"comment" => objects::comment(&mut at)?,
        b"drop" => objects::drop(&mut at)?,
        _ => return None,
    };
    at.is_done().then_some(change)
}
