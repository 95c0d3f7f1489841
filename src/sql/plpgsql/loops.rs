//! Loops.

use super::Parser;
use crate::known::Gap;
use crate::name::Name;
use crate::sql::fragment;
use crate::tree::plpgsql::{Stmt, StmtKind};

impl Parser<'_> {
    /// LOOP, WHILE, FOR or FOREACH, after its label.
    pub(super) fn looping(&mut self, label: Option<Name>) -> Result<StmtKind, Gap> {
        self.enter()?;
        let kind = if self.is("loop") {
            StmtKind::Loop {
                label,
                body: self.loop_body()?,
            }
        } else if self.eat("while") {
            let condition = self.expr_until(&["loop"])?;
            StmtKind::While {
                label,
                condition,
                body: self.loop_body()?,
            }
        } else if self.eat("foreach") {
            self.foreach(label)?
        } else {
            self.at += 1;
            self.for_loop(label)?
        };
        self.depth -= 1;
        Ok(kind)
    }

    /// From LOOP to END LOOP, the label after it and the semicolon.
    fn loop_body(&mut self) -> Result<Vec<Stmt>, Gap> {
        self.expect("loop")?;
        let body = self.statements()?;
        self.expect("end")?;
        self.expect("loop")?;
        if self.is_name(0) {
            self.at += 1;
        }
        self.expect(";")?;
        Ok(body)
    }

    /// The variables of a loop; `None` where one is a field of a record.
    fn loop_variables(&mut self) -> Result<Option<Vec<Name>>, Gap> {
        let variables = self.variables()?;
        Ok(variables
            .into_iter()
            .map(|mut parts| parts.pop().filter(|_| parts.is_empty()))
            .collect())
    }

    fn foreach(&mut self, label: Option<Name>) -> Result<StmtKind, Gap> {
        let from = self.at;
        let variables = self.loop_variables()?;
        let slice = self.eat("slice");
        if slice {
            self.at += 1;
        }
        self.expect("in")?;
        self.expect("array")?;
        let array = self.expr_until(&["loop"])?;
        let body = self.loop_body()?;
        let Some(variables) = variables else {
            return Ok(self.opaque(from));
        };
        Ok(StmtKind::ForEach {
            label,
            variables,
            slice,
            array,
            body,
        })
    }

    fn opaque(&self, from: usize) -> StmtKind {
        let text = self.body.as_str().get(self.since(from)).unwrap_or("");
        StmtKind::Opaque(fragment::single_spaced(text))
    }

    fn for_loop(&mut self, label: Option<Name>) -> Result<StmtKind, Gap> {
        let from = self.at;
        let variables = self.loop_variables()?;
        self.expect("in")?;
        if self.eat("execute") {
            let text = self.expr_until(&["loop", "using"])?;
            let using = if self.eat("using") {
                self.list(&["loop"])?
            } else {
                Vec::new()
            };
            let body = self.loop_body()?;
            return Ok(match variables {
                Some(variables) => StmtKind::ForExecute {
                    label,
                    variables,
                    text,
                    using,
                    body,
                },
                None => self.opaque(from),
            });
        }
        if self.at_cursor() {
            let cursor = self.name()?;
            if !self.is("loop") {
                self.until(&["loop"])?;
            }
            let body = self.loop_body()?;
            return Ok(match variables.and_then(|mut all| all.pop()) {
                Some(variable) => StmtKind::ForCursor {
                    label,
                    variable,
                    cursor,
                    body,
                },
                None => self.opaque(from),
            });
        }
        let reverse = self.eat("reverse");
        match self.range_start()? {
            Some(low) => self.range_loop(label, variables, reverse, low, from),
            None => {
                let range = self.until(&["loop"])?;
                let query = Box::new(self.query(range));
                let body = self.loop_body()?;
                Ok(match variables {
                    Some(variables) => StmtKind::ForQuery {
                        label,
                        variables,
                        query,
                        body,
                    },
                    None => self.opaque(from),
                })
            }
        }
    }

    /// A lone name, perhaps with arguments, is no query: it is a cursor.
    fn at_cursor(&self) -> bool {
        if !self.is_name(0) {
            return false;
        }
        if self.is_at(1, "loop") {
            return true;
        }
        if !self.is_at(1, "(") || self.is_any(&["select", "values", "with", "table"]) {
            return false;
        }
        let mut depth = 0_u32;
        for (i, token) in self.tokens.iter().enumerate().skip(self.at + 1) {
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let next = self.tokens.get(i + 1);
                return next.is_some_and(|token| token.text.eq_ignore_ascii_case("loop"));
            }
        }
        false
    }

    /// The bytes before `..` where that comes before LOOP; the dots are consumed.
    fn range_start(&mut self) -> Result<Option<std::ops::Range<usize>>, Gap> {
        let from = self.at;
        let mut depth = 0_u32;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "." if depth == 0 && self.at_dots() => {
                    let low = self.since(from);
                    if self.at == from {
                        return Err(self.gap("expected an expression"));
                    }
                    self.at += 2;
                    return Ok(Some(low));
                }
                ";" if depth == 0 => break,
                _ if depth == 0 && self.is("loop") => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at = from;
        Ok(None)
    }

    /// Two dots with nothing between them.
    fn at_dots(&self) -> bool {
        match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            (Some(first), Some(second)) => second.text == "." && first.end == second.start,
            _ => false,
        }
    }

    fn range_loop(
        &mut self,
        label: Option<Name>,
        variables: Option<Vec<Name>>,
        reverse: bool,
        low: std::ops::Range<usize>,
        from: usize,
    ) -> Result<StmtKind, Gap> {
        let low = self.value(low);
        let high = self.expr_until(&["by", "loop"])?;
        let step = if self.eat("by") {
            Some(self.expr_until(&["loop"])?)
        } else {
            None
        };
        let body = self.loop_body()?;
        let variable = match variables {
            Some(mut all) if all.len() == 1 => all.pop(),
            _ => None,
        };
        Ok(match variable {
            Some(variable) => StmtKind::ForRange {
                label,
                variable,
                reverse,
                low,
                high,
                step,
                body,
            },
            None => self.opaque(from),
        })
    }
}
