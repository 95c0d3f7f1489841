//! Source that Python refuses: what the parser makes of what stands behind the first slip is a guess.

use super::flow::Flow;
use super::library::Library;
use super::machine::Machine;
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::python::{Ranged, TextRange, ast};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs a function's body; a guess perhaps runs.
    pub(super) fn exec_read(&mut self, body: &'a [ast::Stmt]) -> Flow<'a> {
        let Some((place, gap)) = self.refused() else {
            return self.exec_block(body);
        };
        let (Some(first), Some(last)) = (body.first(), body.last()) else {
            return Flow::Normal;
        };
        let whole = TextRange::new(first.range().start(), last.range().end());
        let at = match within(place, whole) {
            true => body.iter().position(|s| ends_behind(s, place)),
            false => None,
        };
        let (read, guessed) = body.split_at(at.unwrap_or(body.len()));
        match self.exec_block(read) {
            Flow::Normal => self.perhaps_run(&gap, guessed),
            flow => flow,
        }
    }

    /// Runs a statement of a module: names are bound as it says, what else it does is a guess where it stands behind the slip.
    pub(super) fn exec_of_module(&mut self, statement: &'a ast::Stmt) -> Flow<'a> {
        let binds = matches!(
            statement,
            ast::Stmt::FunctionDef(_)
                | ast::Stmt::ClassDef(_)
                | ast::Stmt::Import(_)
                | ast::Stmt::ImportFrom(_)
                | ast::Stmt::Assign(_)
                | ast::Stmt::AnnAssign(_)
        );
        let statements = std::slice::from_ref(statement);
        match self.refused() {
            Some((place, gap)) if !binds && ends_behind(statement, place) => {
                self.perhaps_run(&gap, statements)
            }
            _ => self.exec_block(statements),
        }
    }

    /// Why what belongs to a class is not known: the slip is in it, or ends it.
    pub(super) fn cut(&self, class: TextRange) -> Option<Gap> {
        let (place, gap) = self.refused()?;
        let text = self.modules.files().text(place.file);
        let between = text.get(class.end().to_usize()..place.start as usize);
        let ends_it = between.is_some_and(|between| between.trim().is_empty());
        (within(place, class) || ends_it).then_some(gap)
    }

    fn perhaps_run(&mut self, gap: &Gap, guessed: &'a [ast::Stmt]) -> Flow<'a> {
        if guessed.is_empty() {
            return Flow::Normal;
        }
        self.fork(gap, 2, |machine, alternative| match alternative {
            0 => machine.exec_block(guessed),
            _ => Flow::Normal,
        })
    }

    /// The slip of the module that runs, and what is not known for it.
    fn refused(&self) -> Option<(Span, Gap)> {
        let (why, place) = self.modules.parsed(self.module()?).refused.as_ref()?;
        let gap = self.gap(*place, format!("is no Python that can be read: {why}"));
        Some((*place, gap))
    }
}

fn within(place: Span, range: TextRange) -> bool {
    (range.start().to_usize()..=range.end().to_usize()).contains(&(place.start as usize))
}

fn ends_behind(statement: &ast::Stmt, place: Span) -> bool {
    statement.range().end().to_usize() >= place.start as usize
}
