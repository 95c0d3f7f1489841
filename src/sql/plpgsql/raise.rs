//! RAISE, and the names of conditions.

use smol_str::SmolStr;

use super::Parser;
use crate::known::Gap;
use crate::tree::ExprKind;
use crate::tree::plpgsql::{RaiseLevel, StmtKind};

impl Parser<'_> {
    /// A condition's name in lower case, or the code after SQLSTATE.
    pub(super) fn condition(&mut self) -> Result<SmolStr, Gap> {
        if self.is("sqlstate") && !self.is_name(1) {
            self.at += 1;
            return self
                .string()
                .ok_or_else(|| self.gap("expected a string after SQLSTATE"));
        }
        Ok(SmolStr::new(self.name()?.as_str()))
    }

    /// A string literal, consumed.
    fn string(&mut self) -> Option<SmolStr> {
        let token = self.tokens.get(self.at)?;
        if !token.text.contains('\'') && !token.text.starts_with('$') {
            return None;
        }
        match self.value(token.start..token.end).kind {
            ExprKind::String(text) => {
                self.at += 1;
                Some(text)
            }
            _ => None,
        }
    }

    pub(super) fn raise(&mut self) -> Result<StmtKind, Gap> {
        self.at += 1;
        let level = if self.is_any(&["warning", "notice", "info", "log", "debug"]) {
            self.at += 1;
            RaiseLevel::Message
        } else {
            self.eat("exception");
            RaiseLevel::Exception
        };
        let (mut condition, mut errcode, mut args) = (None, None, Vec::new());
        let mut message = self.string();
        let rethrow = message.is_none() && self.is(";");
        if message.is_some() {
            if self.eat(",") {
                args = self.list(&["using", ";"])?;
            }
        } else if !self.is("using") && !rethrow {
            condition = Some(self.condition()?);
        }
        if self.eat("using") {
            loop {
                let option = self.name()?;
                if !self.eat(":=") {
                    self.expect("=")?;
                }
                let value = self.expr_until(&[",", ";"])?;
                match (option.as_str(), &value.kind) {
                    ("message", ExprKind::String(text)) => message = Some(text.clone()),
                    ("errcode", _) => errcode = Some(value),
                    _ => {}
                }
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.expect(";")?;
        Ok(StmtKind::Raise {
            level,
            condition,
            message,
            args,
            errcode,
            rethrow,
        })
    }
}
