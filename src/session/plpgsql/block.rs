//! Blocks: variables, bodies, and handlers, which take back what the body did to the database.

use smol_str::SmolStr;

use super::conditions;
use crate::known::{Fact, Gap};
use crate::name::Name;
use crate::schema::Lookup;
use crate::session::Session;
use crate::session::flow::{Flow, Raised, RaisedKind, Run};
use crate::session::query::Env;
use crate::session::value::Value;
use crate::session::world::{Course, Scope, Variable, World};
use crate::source::Span;
use crate::tree::plpgsql::{Block, Declaration, DeclarationKind, Handler};

/// Whether a handler takes an error.
enum Takes {
    Yes,
    Perhaps(Gap),
    No,
}

impl Session {
    /// Runs a block with its own variables.
    pub(super) fn run_block(&mut self, block: &Block, at: Span) -> Flow {
        if let Err(raised) = self.descend(at) {
            return Flow::Raise(raised);
        }
        let frames = self.world.frames.len();
        let Some(scopes) = self.world.frames.last().map(|f| f.scopes.len()) else {
            self.ascend();
            return Flow::Normal;
        };
        if let Some(frame) = self.world.frame() {
            frame.scopes.push(Scope {
                label: block.label.clone(),
                variables: Vec::new(),
            });
        }
        let flow = match self.declare(&block.declarations) {
            Err(raised) => Flow::Raise(raised),
            Ok(()) if block.handlers.is_empty() => self.run_statements(&block.body),
            Ok(()) => self.run_handled(block, frames, scopes + 1),
        };
        trim(&mut self.world, frames, scopes);
        self.ascend();
        match flow {
            Flow::Exit(Some(label)) if Some(&label) == block.label.as_ref() => Flow::Normal,
            other => other,
        }
    }

    fn declare(&mut self, declarations: &[Declaration]) -> Run<()> {
        for declaration in declarations {
            self.tick(declaration.span)?;
            let (ty, value, alias) = match &declaration.kind {
                DeclarationKind::Variable { ty, init, .. } => {
                    let ty = self.declared_type(ty);
                    let value = match init {
                        Some(init) => {
                            let value = self.eval(init, &Env::EMPTY)?;
                            self.cast_spelled(value, &ty, declaration.span)?
                        }
                        None => Value::Null,
                    };
                    (ty, value, None)
                }
                DeclarationKind::Alias(name) => (SmolStr::default(), Value::Null, Some(name.clone())),
                DeclarationKind::Cursor(_) => {
                    let value = self.unknown(declaration.span, "a cursor");
                    (SmolStr::default(), value, None)
                }
            };
            if let Some(scope) = self.world.frame().and_then(|f| f.scopes.last_mut()) {
                scope.variables.push(Variable {
                    name: declaration.name.clone(),
                    ty,
                    value,
                    alias,
                });
            }
        }
        Ok(())
    }

    /// The type of a declaration in lower case; `table.column%TYPE` and `variable%TYPE` are looked up.
    fn declared_type(&self, spelled: &str) -> SmolStr {
        let lower = spelled.to_ascii_lowercase();
        let Some(source) = lower.strip_suffix("%type") else {
            return if spelled.contains('"') {
                spelled.into()
            } else {
                lower.into()
            };
        };
        let written = spelled.get(..source.len()).unwrap_or(source).trim();
        let Some((table, column)) = written.rsplit_once('.') else {
            let name = Name::from_sql(written);
            return self
                .world
                .variable(&name)
                .map(|v| v.ty.clone())
                .unwrap_or_default();
        };
        let schema = self.world.database.schema();
        let ty = crate::sql::qualified_name(table).and_then(|table| match schema.table_named(&table) {
            Lookup::Found(table) => match table.column(&Name::from_sql(column)) {
                Lookup::Found(column) => match &column.get().ty {
                    Fact::Known(ty, _) => Some(schema.format_type(ty).into()),
                    Fact::Unknown { .. } => None,
                },
                Lookup::Absent | Lookup::Unknown(_) => None,
            },
            Lookup::Absent | Lookup::Unknown(_) => None,
        });
        ty.unwrap_or_default()
    }

    /// A body whose errors are handled: a subtransaction.
    fn run_handled(&mut self, block: &Block, frames: usize, scopes: usize) -> Flow {
        let before = self.world.clone();
        let mark = self.parked.len();
        let conditions = block.handlers.iter().flat_map(|h| h.conditions.iter().cloned());
        self.handlers.push(conditions.collect());
        let depth = self.budget.depth;
        let via = self.via.len();
        let flow = self.run_statements(&block.body);
        self.budget.depth = depth;
        self.via.truncate(via);
        self.handlers.pop();
        let mut courses = Vec::new();
        let mut errors = self.unpark(mark, |f| matches!(f, Flow::Raise(_)));
        match flow {
            Flow::Raise(raised) if raised.is_budget() => return Flow::Raise(raised),
            Flow::Raise(raised) => {
                // What is the only course needs no reason; it is not joined with any.
                let gap = raised.gap().cloned();
                errors.push(Course {
                    gap: gap.unwrap_or_else(|| self.gap(raised.failure.span, "whether this is reached")),
                    flow: Flow::Raise(raised),
                    world: self.world.clone(),
                });
            }
            flow => courses.push(Course {
                flow,
                world: self.world.clone(),
                gap: self.gap_of(&errors, block),
            }),
        }
        for course in errors {
            self.handle(course, &block.handlers, &before, (frames, scopes), &mut courses);
        }
        self.merge(&before, courses)
    }

    fn gap_of(&self, errors: &[Course], block: &Block) -> Gap {
        match errors.first() {
            Some(error) => error.gap.clone(),
            None => self.gap(
                block
                    .body
                    .first()
                    .map_or(Span::new(crate::source::FileId(0), 0, 0), |s| s.span),
                "whether the statements of the block succeed",
            ),
        }
    }

    /// Runs the handlers that take an error, or may.
    fn handle(
        &mut self,
        course: Course,
        handlers: &[Handler],
        before: &World,
        (frames, scopes): (usize, usize),
        courses: &mut Vec<Course>,
    ) {
        let Flow::Raise(raised) = &course.flow else { return };
        for handler in handlers {
            let takes = handler_takes(handler, raised);
            let gap = match &takes {
                Takes::No => continue,
                Takes::Perhaps(gap) => gap.clone(),
                Takes::Yes => course.gap.clone(),
            };
            // Variables keep what the body gave them, the database does not.
            self.world = course.world.clone();
            self.world.roll_back_to(before);
            trim(&mut self.world, frames, scopes);
            let code = match &raised.kind {
                RaisedKind::Known => Value::text(raised.failure.sqlstate),
                RaisedKind::Code(Some(code)) => Value::text(code.clone()),
                _ => self.unknown(raised.failure.span, "which error it is"),
            };
            if let Some(frame) = self.world.frame() {
                frame.caught.push(code);
            }
            let flow = self.run_statements(&handler.body);
            if let Some(frame) = self.world.frame() {
                frame.caught.pop();
            }
            courses.push(Course {
                flow,
                world: self.world.clone(),
                gap,
            });
            if matches!(takes, Takes::Yes) {
                return;
            }
        }
        courses.push(course);
    }
}

fn handler_takes(handler: &Handler, raised: &Raised) -> Takes {
    let any = |test: &dyn Fn(&str) -> bool| handler.conditions.iter().any(|c| test(c));
    match &raised.kind {
        RaisedKind::Known if any(&|c| conditions::takes(c, raised.failure.sqlstate)) => Takes::Yes,
        RaisedKind::Code(Some(code)) if any(&|c| conditions::takes(c, code)) => Takes::Yes,
        RaisedKind::Code(None) | RaisedKind::Data(_) | RaisedKind::Any(_) if any(&|c| c == "others") => {
            Takes::Yes
        }
        RaisedKind::Data(gap) if any(&|c| conditions::takes_data(c)) => Takes::Perhaps(gap.clone()),
        RaisedKind::Any(gap) => Takes::Perhaps(gap.clone()),
        RaisedKind::Known | RaisedKind::Code(_) | RaisedKind::Data(_) | RaisedKind::Budget => Takes::No,
    }
}

/// Leaves the functions and blocks within, as an error or a jump does.
pub(super) fn trim(world: &mut World, frames: usize, scopes: usize) {
    world.frames.truncate(frames);
    if let Some(frame) = world.frames.last_mut() {
        frame.scopes.truncate(scopes);
    }
}
