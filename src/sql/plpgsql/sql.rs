//! Statements of SQL within plpgsql: where they end, and the variables of their INTO.

use std::ops::Range;

use super::Parser;
use crate::known::Gap;
use crate::name::Name;
use crate::source::Text;
use crate::sql::fragment;
use crate::tree::plpgsql::StmtKind;
use crate::tree::{Query, QueryBody};

/// An INTO clause: its bytes, its variables, and whether it is STRICT.
struct Into {
    range: Range<usize>,
    variables: Vec<Vec<Name>>,
    strict: bool,
}

impl Parser<'_> {
    /// A query of the body's bytes; opaque where it is none.
    pub(super) fn query(&self, range: Range<usize>) -> Query {
        let text = self.body.slice(range);
        fragment::query(&text).unwrap_or_else(|_| opaque(&text))
    }

    pub(super) fn perform(&mut self) -> Result<StmtKind, Gap> {
        self.at += 1;
        let range = self.until(&[";"])?;
        self.at += 1;
        let text = self.body.slice(range);
        let query = fragment::selected(&text).unwrap_or_else(|_| opaque(&text));
        Ok(StmtKind::Perform(Box::new(query)))
    }

    /// Any statement of SQL (`make_execsql_stmt`).
    pub(super) fn sql(&mut self) -> Result<StmtKind, Gap> {
        let from = self.at;
        let (range, into) = self.sql_extent()?;
        self.expect(";")?;
        let Some(into) = into else {
            return Ok(StmtKind::Sql {
                text: self.body.slice(range),
                into: Vec::new(),
                strict: false,
            });
        };
        let text = self.without(&range, &into.range);
        let selects = self
            .tokens
            .get(from)
            .is_some_and(|token| !token.text.eq_ignore_ascii_case("insert"));
        if selects && let Ok(query) = fragment::query(&text) {
            return Ok(StmtKind::SelectInto {
                query: Box::new(query),
                into: into.variables,
                strict: into.strict,
            });
        }
        Ok(StmtKind::Sql {
            text,
            into: into.variables,
            strict: into.strict,
        })
    }

    /// The bytes of a statement up to its semicolon, which is left, and the INTO clause in it.
    fn sql_extent(&mut self) -> Result<(Range<usize>, Option<Into>), Gap> {
        let from = self.at;
        let imports = self.is("import");
        let routine = self.is("create")
            && (1..5).any(|ahead| self.is_at(ahead, "function") || self.is_at(ahead, "procedure"));
        let (mut depth, mut blocks) = (0_u32, 0_u32);
        let mut into = None;
        while self.at < self.tokens.len() {
            match self.text(0) {
                ";" if depth == 0 && blocks == 0 => return Ok((self.since(from), into)),
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if routine && (self.is("begin") || (blocks > 0 && self.is("case"))) => blocks += 1,
                _ if blocks > 0 && self.is("end") => blocks -= 1,
                _ if blocks == 0 && self.is("into") && !imports && !self.after_insert(from) => {
                    if into.is_some() {
                        return Err(self.gap("INTO stands there twice"));
                    }
                    into = Some(self.read_into()?);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(self.gap("expected ;"))
    }

    /// INSERT INTO and MERGE INTO name a table.
    fn after_insert(&self, from: usize) -> bool {
        self.at > from
            && self.tokens.get(self.at - 1).is_some_and(|token| {
                token.text.eq_ignore_ascii_case("insert") || token.text.eq_ignore_ascii_case("merge")
            })
    }

    fn read_into(&mut self) -> Result<Into, Gap> {
        let from = self.at;
        self.at += 1;
        let strict = self.eat("strict");
        let variables = self.variables()?;
        Ok(Into {
            range: self.since(from),
            variables,
            strict,
        })
    }

    /// The statement without its INTO clause. Every byte still maps to where it is written.
    fn without(&self, whole: &Range<usize>, part: &Range<usize>) -> Text {
        let gap = (" ".to_owned(), self.body.span(part.clone()), false);
        let before = self.body.slice(whole.start..part.start);
        let after = self.body.slice(part.end..whole.end);
        Text::composed(before.runs().chain(std::iter::once(gap)).chain(after.runs()))
    }
}

/// A query that is not understood.
fn opaque(text: &Text) -> Query {
    let span = text.whole();
    Query {
        with: Vec::new(),
        recursive: false,
        body: QueryBody::Opaque(span),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span,
    }
}
