//! Statements.

use super::Parser;
use crate::known::Gap;
use crate::sql::fragment;
use crate::tree::Expr;
use crate::tree::plpgsql::{Stmt, StmtKind};

/// Keywords that end a list of statements.
const ENDS: &[&str] = &["end", "else", "elsif", "elseif", "when", "exception"];
/// Keywords of plpgsql that no variable may be named as: an assignment never begins with one.
const RESERVED: &[&str] = &[
    "all", "begin", "by", "case", "declare", "else", "end", "execute", "for", "foreach", "from", "if", "in",
    "into", "loop", "not", "null", "or", "strict", "then", "to", "using", "when", "while",
];

impl Parser<'_> {
    /// Statements up to a keyword that ends them, which is left.
    pub(super) fn statements(&mut self) -> Result<Vec<Stmt>, Gap> {
        let mut out = Vec::new();
        while self.at < self.tokens.len() {
            if self.is_any(ENDS) && !self.at_assignment() {
                return Ok(out);
            }
            let from = self.at;
            let kind = self.statement()?;
            let span = self.span_since(from);
            out.push(Stmt { kind, span });
        }
        Err(self.gap("expected END"))
    }

    /// Whether an assignment begins here: at the start of a statement a name before one of these is a variable.
    fn at_assignment(&self) -> bool {
        let variable = self.is_name(0) || self.text(0).starts_with('$');
        variable && !self.is_any(RESERVED) && matches!(self.text(1), ":=" | "=" | "[" | ".")
    }

    fn statement(&mut self) -> Result<StmtKind, Gap> {
        if self.at_assignment() {
            return self.assignment();
        }
        let word = self.text(0).to_ascii_lowercase();
        match word.as_str() {
            "<<" => self.labelled(),
            "begin" | "declare" => self.nested(None),
            "if" => self.condition_chain(),
            "case" => self.case(),
            "loop" | "while" | "for" | "foreach" => self.looping(None),
            "exit" | "continue" => self.exit(word == "continue"),
            "return" => self.return_(),
            "raise" => self.raise(),
            "assert" => self.assert(),
            "execute" => self.execute(),
            "perform" => self.perform(),
            "get" => self.diagnostics(),
            "open" | "fetch" | "move" | "close" => self.cursor_statement(),
            "null" if self.is_at(1, ";") => {
                self.at += 2;
                Ok(StmtKind::Nothing)
            }
            "commit" | "rollback" if self.is_at(1, ";") || self.is_at(1, "and") => {
                self.until(&[";"])?;
                self.at += 1;
                Ok(StmtKind::Transaction {
                    commit: word == "commit",
                })
            }
            _ if self.is_name(0) && !RESERVED.contains(&word.as_str()) => self.sql(),
            _ => Err(self.gap("expected a statement")),
        }
    }

    fn labelled(&mut self) -> Result<StmtKind, Gap> {
        let label = self.label()?;
        if self.is_any(&["begin", "declare"]) {
            return self.nested(label);
        }
        if self.is_any(&["loop", "while", "for", "foreach"]) {
            return self.looping(label);
        }
        Err(self.gap("expected a block or a loop"))
    }

    fn nested(&mut self, label: Option<crate::name::Name>) -> Result<StmtKind, Gap> {
        let block = self.block(label)?;
        self.expect(";")?;
        Ok(StmtKind::Block(Box::new(block)))
    }

    fn assignment(&mut self) -> Result<StmtKind, Gap> {
        let target = self.dotted()?;
        let mut subscripted = false;
        while self.is("[") || self.is(".") {
            subscripted = true;
            if self.is("[") {
                self.brackets()?;
            } else {
                self.at += 1;
                self.name()?;
            }
        }
        if !self.eat(":=") {
            self.expect("=")?;
        }
        let value = self.expr_until(&[";"])?;
        self.at += 1;
        Ok(StmtKind::Assign {
            target,
            subscripted,
            value,
        })
    }

    /// Skips what stands in brackets.
    fn brackets(&mut self) -> Result<(), Gap> {
        let mut depth = 0_u32;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                ";" => break,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.gap("expected ]"))
    }

    fn condition_chain(&mut self) -> Result<StmtKind, Gap> {
        self.enter()?;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            self.at += 1;
            let condition = self.expr_until(&["then"])?;
            self.at += 1;
            branches.push((condition, self.statements()?));
            if self.is_any(&["elsif", "elseif"]) {
                continue;
            }
            if self.eat("else") {
                otherwise = self.statements()?;
            }
            break;
        }
        self.expect("end")?;
        self.expect("if")?;
        self.expect(";")?;
        self.depth -= 1;
        Ok(StmtKind::If { branches, otherwise })
    }

    /// Counts a level of nesting.
    pub(super) fn enter(&mut self) -> Result<(), Gap> {
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            return Err(self.gap("statements are nested too deeply"));
        }
        Ok(())
    }

    fn case(&mut self) -> Result<StmtKind, Gap> {
        self.enter()?;
        self.at += 1;
        let subject = if self.is("when") {
            None
        } else {
            Some(self.expr_until(&["when"])?)
        };
        let mut branches = Vec::new();
        while self.eat("when") {
            let range = self.until(&["then"])?;
            self.at += 1;
            let text = self.body.slice(range);
            let values = match subject {
                Some(_) => fragment::values(&text),
                None => vec![fragment::value(&text)],
            };
            branches.push((values, self.statements()?));
        }
        let otherwise = if self.eat("else") {
            Some(self.statements()?)
        } else {
            None
        };
        self.expect("end")?;
        self.expect("case")?;
        self.expect(";")?;
        self.depth -= 1;
        Ok(StmtKind::Case {
            subject,
            branches,
            otherwise,
        })
    }

    fn exit(&mut self, continues: bool) -> Result<StmtKind, Gap> {
        self.at += 1;
        let label = self.label_name()?;
        let when = if self.eat("when") {
            Some(self.expr_until(&[";"])?)
        } else {
            None
        };
        self.expect(";")?;
        Ok(StmtKind::Exit {
            continues,
            label,
            when,
        })
    }

    fn return_(&mut self) -> Result<StmtKind, Gap> {
        self.at += 1;
        let dotted = self.is_at(1, ".");
        if self.is("next") && !dotted {
            self.at += 1;
            let value = self.optional_value()?;
            return Ok(StmtKind::Return { value, ends: false });
        }
        if self.is("query") && !dotted {
            self.at += 1;
            if self.eat("execute") {
                return self.execute_text(&["using", ";"]);
            }
            let range = self.until(&[";"])?;
            self.at += 1;
            let span = self.body.span(range.clone());
            let query = Box::new(self.query(range));
            let value = Some(Expr::new(crate::tree::ExprKind::Subquery(query), span));
            return Ok(StmtKind::Return { value, ends: false });
        }
        let value = self.optional_value()?;
        Ok(StmtKind::Return { value, ends: true })
    }

    /// An expression or nothing, with the semicolon.
    fn optional_value(&mut self) -> Result<Option<Expr>, Gap> {
        let value = if self.is(";") {
            None
        } else {
            Some(self.expr_until(&[";"])?)
        };
        self.expect(";")?;
        Ok(value)
    }

    fn assert(&mut self) -> Result<StmtKind, Gap> {
        self.at += 1;
        let condition = self.expr_until(&[",", ";"])?;
        if self.eat(",") {
            self.until(&[";"])?;
        }
        self.expect(";")?;
        Ok(StmtKind::Assert { condition })
    }

    fn execute(&mut self) -> Result<StmtKind, Gap> {
        self.at += 1;
        self.execute_text(&["into", "using", ";"])
    }

    /// The text and what follows it, INTO and USING in any order.
    fn execute_text(&mut self, ends: &[&str]) -> Result<StmtKind, Gap> {
        let text = self.expr_until(ends)?;
        let (mut into, mut strict, mut using) = (Vec::new(), false, Vec::new());
        loop {
            if self.eat("into") {
                strict |= self.eat("strict");
                into = self.variables()?;
            } else if self.eat("using") {
                using = self.list(&[";", "into"])?;
            } else {
                break;
            }
        }
        self.expect(";")?;
        Ok(StmtKind::Execute {
            text,
            into,
            strict,
            using,
        })
    }

    /// `a, b` up to one of the words, which is left.
    pub(super) fn list(&mut self, ends: &[&str]) -> Result<Vec<Expr>, Gap> {
        let mut words = vec![","];
        words.extend(ends);
        let mut out = Vec::new();
        loop {
            out.push(self.expr_until(&words)?);
            if !self.eat(",") {
                return Ok(out);
            }
        }
    }

    fn diagnostics(&mut self) -> Result<StmtKind, Gap> {
        self.at += 1;
        if self.is_any(&["current", "stacked"]) {
            self.at += 1;
        }
        self.expect("diagnostics")?;
        let mut items = Vec::new();
        loop {
            let target = self.dotted()?;
            if !self.eat(":=") {
                self.expect("=")?;
            }
            let item = self.name()?;
            items.push((target, smol_str::SmolStr::new(item.as_str())));
            if !self.eat(",") {
                break;
            }
        }
        self.expect(";")?;
        Ok(StmtKind::GetDiagnostics { items })
    }

    /// OPEN, FETCH, MOVE and CLOSE.
    fn cursor_statement(&mut self) -> Result<StmtKind, Gap> {
        let fetches = self.is("fetch");
        self.at += 1;
        let mut into = Vec::new();
        if fetches {
            self.until(&["into"])?;
            self.at += 1;
            into = self.variables()?;
        } else {
            self.until(&[";"])?;
        }
        self.expect(";")?;
        Ok(StmtKind::Cursor { into })
    }
}
