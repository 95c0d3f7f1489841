//! Source that Python refuses: what the parser makes of what stands behind the first slip is a guess.

use super::flow::Flow;
use super::library::Library;
use super::machine::Machine;
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::python::{Ranged, TextRange, ast};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs a function's body; a guess perhaps runs, and what the parser dropped may do anything.
    pub(super) fn exec_read(&mut self, def: &'a ast::StmtFunctionDef) -> Flow<'a> {
        let Some((place, gap)) = self.slip_in(def) else {
            return self.exec_block(&def.body);
        };
        let at = def.body.iter().position(|s| ends_behind(s, place));
        let (read, guessed) = def.body.split_at(at.unwrap_or(def.body.len()));
        match self.exec_block(read) {
            Flow::Normal => {
                let flow = self.perhaps_run(&gap, guessed);
                let text = self.modules.files().text(place.file);
                let begin = |body: &[ast::Stmt]| body.first().map(|s| s.range().start().to_usize());
                let body = begin(&def.body).unwrap_or(def.range.end().to_usize());
                let unread = begin(guessed).unwrap_or(place.start as usize);
                let until = |from| text.get(from..end_of_block(&text, def.range)).unwrap_or("");
                L::unread(self, &gap, until(unread), until(body));
                flow
            }
            flow => flow,
        }
    }

    /// The first slip of a function: in it, or in what the layout of the text says is its rest.
    fn slip_in(&self, def: &ast::StmtFunctionDef) -> Option<(Span, Gap)> {
        let parsed = self.modules.parsed(self.module()?);
        let (why, first) = parsed.refused.as_ref()?;
        let end = end_of_block(&self.modules.files().text(first.file), def.range);
        let whole = def.range.start().to_usize()..end;
        let slips = std::iter::once(first).chain(parsed.errors.iter().map(|(_, place)| place));
        let place = slips
            .filter(|place| whole.contains(&(place.start as usize)))
            .min_by_key(|place| place.start)?;
        Some((*place, self.gap(*place, format!("{NOT_READ}: {why}"))))
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
        Some((*place, self.gap(*place, format!("{NOT_READ}: {why}"))))
    }
}

const NOT_READ: &str = "is no Python that can be read";

/// Where the lines end that belong to a compound statement by their indentation: the parser may have ended it early.
fn end_of_block(text: &str, statement: TextRange) -> usize {
    let start = statement.start().to_usize();
    let before = text.get(..start).unwrap_or("");
    let column = before.rfind('\n').map_or(start, |at| start - at - 1);
    let end = statement.end().to_usize();
    let mut at = end;
    for line in text.get(end..).unwrap_or("").split_inclusive('\n') {
        let words = line.trim_start_matches([' ', '\t']);
        let begins_another = words.starts_with(|c: char| c.is_alphanumeric() || "_@".contains(c));
        if at != end && begins_another && line.len() - words.len() <= column {
            break;
        }
        at += line.len();
    }
    at
}

fn within(place: Span, range: TextRange) -> bool {
    (range.start().to_usize()..=range.end().to_usize()).contains(&(place.start as usize))
}

fn ends_behind(statement: &ast::Stmt, place: Span) -> bool {
    statement.range().end().to_usize() >= place.start as usize
}
