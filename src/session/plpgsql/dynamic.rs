//! `EXECUTE`: known text runs; of text with holes at least what it may reach is told.

use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::session::Session;
use crate::session::flow::{Raised, Run};
use crate::session::query::{Env, Table};
use crate::session::reach::{HOLE, RAW_HOLE};
use crate::session::value::{Partial, Value};
use crate::session::world::Frame;
use crate::source::{Span, Text};
use crate::tree::Expr;

impl Session {
    pub(super) fn run_execute(
        &mut self,
        text: &Expr,
        into: &[Vec<Name>],
        strict: bool,
        using: &[Expr],
        at: Span,
    ) -> Run<()> {
        let table = self.execute(text, using, at)?;
        if into.is_empty() {
            return Ok(());
        }
        match table {
            Some(table) => self.assign_first(&table, into, strict, at),
            None => {
                self.forget(into, at, "what EXECUTE gives");
                Ok(())
            }
        }
    }

    /// The rows of `FOR ... IN EXECUTE`.
    pub(super) fn execute_rows(&mut self, text: &Expr, using: &[Expr], at: Span) -> Run<Table> {
        let table = self.execute(text, using, at)?;
        Ok(table.unwrap_or_else(|| Table::unknown(&self.gap(at, "the rows of EXECUTE"))))
    }

    fn execute(&mut self, text: &Expr, using: &[Expr], at: Span) -> Run<Option<Table>> {
        let value = self.eval(text, &Env::EMPTY)?;
        let params: Run<Vec<_>> = using.iter().map(|u| self.eval(u, &Env::EMPTY)).collect();
        let params = params?;
        match value {
            Value::Null => Err(Raised::certain(
                "22004",
                "query string argument of EXECUTE is null",
                at,
            )),
            Value::Text(sql) => self.execute_text(&sql.placed(text.span), params, at),
            Value::Partial(partial) => {
                self.execute_partial(&partial, at);
                Ok(None)
            }
            other => {
                let why = other
                    .gap()
                    .map_or_else(|| "it is no string".to_owned(), |g| g.why.clone());
                self.open(Gap::new(
                    at,
                    format!("EXECUTE of a text that is not known: {why}"),
                    Reach::Everything,
                ));
                Ok(None)
            }
        }
    }

    /// Runs text in which no variable is seen but `$1`, `$2`, ...
    fn execute_text(&mut self, sql: &Text, params: Vec<Value>, at: Span) -> Run<Option<Table>> {
        self.spend(sql.as_str().len() as u64 / 16, at)?;
        self.descend(at)?;
        let depth = self.world.frames.len();
        self.world.frames.push(Frame {
            params,
            ..Frame::default()
        });
        self.via.push(at);
        let mut last = Ok(None);
        for read in self.reads(sql).iter() {
            last = self.run_read(read, false);
            if last.is_err() {
                break;
            }
        }
        self.via.pop();
        self.world.frames.truncate(depth);
        self.ascend();
        last
    }

    /// Text with holes: what its statements may reach, each hole taken as one name or value.
    fn execute_partial(&mut self, partial: &Partial, at: Span) {
        let runs = partial.runs.iter().map(|(text, span, exact)| match text {
            Some(text) => (text.clone(), *span, *exact),
            None if *exact => (HOLE.to_owned(), *span, false),
            None => (RAW_HOLE.to_owned(), *span, false),
        });
        let text = Text::composed(runs);
        const WHY: &str = "EXECUTE of a text that is not wholly known: ";
        let cause = &partial.gap.why;
        let cause = cause.strip_prefix(WHY).unwrap_or(cause);
        let why = format!("{WHY}{cause}");
        for read in crate::sql::read(&text) {
            self.open_statement(&read, &why, at);
        }
    }
}
