//! The DECLARE section.

use super::Parser;
use crate::known::Gap;
use crate::name::Name;
use crate::sql::fragment;
use crate::tree::plpgsql::{Declaration, DeclarationKind};

/// What ends a type, as `read_datatype` takes it.
const AFTER_TYPE: &[&str] = &[";", "collate", "not", "default", ":=", "="];

impl Parser<'_> {
    pub(super) fn declarations(&mut self) -> Result<Vec<Declaration>, Gap> {
        let mut out = Vec::new();
        if !self.is("declare") {
            return Ok(out);
        }
        while !self.is("begin") {
            // Further DECLAREs say nothing.
            if self.eat("declare") {
                continue;
            }
            let from = self.at;
            let name = self.name()?;
            let kind = self.declaration()?;
            self.expect(";")?;
            let span = self.span_since(from);
            out.push(Declaration { name, kind, span });
        }
        Ok(out)
    }

    fn declaration(&mut self) -> Result<DeclarationKind, Gap> {
        if self.is("alias") && self.is_at(1, "for") {
            self.at += 2;
            let other = self.name()?;
            return Ok(DeclarationKind::Alias(other));
        }
        let scroll = match (self.is("no"), self.is("scroll")) {
            (true, _) if self.is_at(1, "scroll") => 2,
            (_, true) => 1,
            _ => 0,
        };
        if self.is_at(scroll, "cursor") {
            self.at += scroll + 1;
            return self.cursor();
        }
        let constant = self.eat("constant");
        let range = self.until(AFTER_TYPE)?;
        let ty = fragment::single_spaced(&self.body.as_str()[range]);
        if self.is("collate") {
            self.until(&[";", "not", "default", ":=", "="])?;
        }
        let not_null = self.eat("not");
        if not_null {
            self.expect("null")?;
        }
        let init = if self.eat(":=") || self.eat("=") || self.eat("default") {
            Some(self.expr_until(&[";"])?)
        } else {
            None
        };
        Ok(DeclarationKind::Variable {
            ty,
            constant,
            not_null,
            init,
        })
    }

    /// `[(arguments)] FOR query`.
    fn cursor(&mut self) -> Result<DeclarationKind, Gap> {
        if self.is("(") {
            self.until(&["is", "for"])?;
        }
        if !self.eat("is") {
            self.expect("for")?;
        }
        let range = self.until(&[";"])?;
        Ok(DeclarationKind::Cursor(Box::new(self.query(range))))
    }

    /// A name of one part, as a loop or a label has it.
    pub(super) fn label_name(&mut self) -> Result<Option<Name>, Gap> {
        if self.is_name(0) && !self.is("when") {
            return Ok(Some(self.name()?));
        }
        Ok(None)
    }
}
