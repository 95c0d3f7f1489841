//! Runs one statement: changes are applied, queries asked, blocks run; what the server refuses is raised.

use super::Session;
use super::flow::{Raised, RaisedKind, Run};
use super::query::{Env, Table};
use crate::change::{Applied, Change, ConstraintBody, TableAction};
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::schema::{Lookup, Relation, Rows};
use crate::source::{Span, Text};
use crate::sql::{Read, Statement};
use crate::tree::{ExprKind, QueryBody};

/// Steps that reading a text costs beside those for its length, and a change.
const READING: u64 = 200;
const CHANGING: u64 = 50;
/// Texts that are kept as read.
const MAX_TEXTS: usize = 1000;

impl Session {
    /// Runs a statement. A query gives its rows; so does work on rows with RETURNING, as unknown ones.
    pub(super) fn run_read(&mut self, read: &Read, top: bool) -> Run<Option<Table>> {
        self.tick(read.span)?;
        if let Some(raised) = self.forbidden_here(read, top) {
            return Err(raised);
        }
        if let Some(result) = self.holed_statement(read) {
            return result;
        }
        match &read.statement {
            Statement::Changes(changes) => {
                self.apply_all(changes, read.span)?;
                Ok(None)
            }
            Statement::Query(query) => {
                self.unknown_calls(query);
                self.refuse_label(|uses| uses.in_query(query))?;
                self.query(query, &Env::EMPTY).map(Some)
            }
            Statement::Dml(dml) => {
                // The tree does not keep ON CONFLICT.
                let conflict = read.text.as_str().to_ascii_lowercase().contains("conflict");
                // What the functions give goes into rows: they need not run where rows are all that they touch.
                self.row_work = top.then(|| (read.text.clone(), None));
                let result = self.run_dml(dml, !conflict, read.span);
                self.row_work = None;
                result
            }
            Statement::Do { language, body } => self.run_do(language, body, read.span).map(|()| None),
            Statement::Call(expr) => {
                if let ExprKind::Call(call) = &expr.kind {
                    self.unknown_call(call, expr.span);
                }
                self.eval(expr, &Env::EMPTY)?;
                Ok(None)
            }
            Statement::Transaction(control) => {
                if top {
                    self.control_transaction(control, read.span)?;
                }
                Ok(None)
            }
            Statement::Set { name, value, local } => {
                self.set_statement(name, value.as_deref(), *local, read.span)?;
                Ok(None)
            }
            Statement::NoEffect("SHOW") => Ok(Some(self.show(read))),
            Statement::NoEffect(what @ ("EXPLAIN" | "FETCH")) => {
                let gap = Gap::new(read.span, format!("what {what} gives"), Reach::Rows);
                Ok(Some(Table::unknown(&gap)))
            }
            Statement::NoEffect(_) => Ok(None),
            Statement::Refused(failure, _) => Err(Raised::failed((**failure).clone())),
            Statement::Opaque(gap) => {
                self.open(self.opaque_gap(gap, read));
                self.touch_all_rows();
                Ok(Some(Table::unknown(&gap.reaching(Reach::Rows))))
            }
        }
    }

    /// Applies the changes of one statement, all or none.
    fn apply_all(&mut self, changes: &[Change], at: Span) -> Run<()> {
        let before = (changes.len() > 1).then(|| self.world.clone());
        for change in changes {
            if let Err(raised) = self.apply_change(change, at) {
                if let Some(before) = before {
                    self.world = before;
                }
                return Err(raised);
            }
        }
        Ok(())
    }

    /// Applies one change.
    pub(super) fn apply_change(&mut self, change: &Change, at: Span) -> Run<()> {
        self.charge(CHANGING);
        self.charge_for_tables();
        let id = self.journal.record(at, self.via.clone());
        self.last_change = Some(id);
        if self.program.makes {
            self.journal.keep(id, change.clone());
        }
        let stand_in = self.stand_in(change).or_else(|| self.with_variables(change));
        let change = stand_in.as_ref().unwrap_or(change);
        self.queried_functions(change)?;
        if let Some(raised) = self.new_label_used(change) {
            return Err(raised);
        }
        let added = self.adds_label(change);
        let handled = !self.handlers.is_empty();
        let before = handled.then(|| self.world.clone());
        let tables = self.world.database.schema().tables.len();
        match self.world.database.apply(change, id, at) {
            Applied::Done => {}
            Applied::Failed(failure) => return Err(Raised::failed(failure)),
            Applied::Uncertain(gap) => {
                self.note(&gap);
                if let Some(before) = &before {
                    self.park_failure(before, RaisedKind::Any(gap.clone()), &gap, at);
                }
            }
        }
        if let (Some(before), Some(gap)) = (&before, self.presumed_since(tables)) {
            // Where errors are handled, what was never created may well be missing.
            let mut raised = Raised::certain("42P01", "relation does not exist", at);
            raised.failure.message.clone_from(&gap.why);
            self.park_raised(before, raised, &gap);
        }
        if let (Some(before), Some(gap)) = (&before, self.row_doubt(change, at)) {
            self.park_failure(before, RaisedKind::Data(gap.clone()), &gap, at);
        }
        match change {
            // What is presumed because of it is new in the schema.
            _ if self.world.database.schema().tables.len() != tables => self.touch_schema(),
            Change::SetLater { .. } => {}
            Change::Insert { .. } | Change::Truncate { .. } | Change::NoSchemaEffect(_) => self.touch(),
            _ => self.touch_schema(),
        }
        if let Change::Opaque(gap) = change {
            self.note(gap);
        }
        self.remember_label(change, added);
        Ok(())
    }

    /// `CREATE TABLE AS` of a function, with the names that its body gives.
    fn with_variables(&self, change: &Change) -> Option<Change> {
        let given = self.world.names_given();
        if given.is_empty() || !matches!(change, Change::CreateTableAs { .. }) {
            return None;
        }
        let mut change = change.clone();
        if let Change::CreateTableAs { variables, .. } = &mut change {
            *variables = given;
        }
        Some(change)
    }

    /// Why the tables from a number on are taken to be there.
    fn presumed_since(&self, tables: usize) -> Option<Gap> {
        let schema = self.world.database.schema();
        (tables..schema.tables.len())
            .find_map(|i| schema.tables[crate::schema::TableId(i as u32)].presumed.clone())
    }

    fn park_raised(&mut self, before: &super::world::World, raised: Box<Raised>, gap: &Gap) {
        let course = super::world::Course {
            flow: super::flow::Flow::Raise(raised),
            world: before.clone(),
            gap: gap.clone(),
        };
        self.park(before, course);
    }

    /// Parks the course on which a statement fails: what it did is not there.
    fn park_failure(&mut self, before: &super::world::World, kind: RaisedKind, gap: &Gap, at: Span) {
        let after = std::mem::replace(&mut self.world, before.clone());
        self.may_raise(kind, gap, at);
        self.world = after;
    }

    /// Functions that the query of `CREATE TABLE AS` calls run.
    fn queried_functions(&mut self, change: &Change) -> Run<()> {
        if let Change::CreateTableAs { query, .. } = change
            && let QueryBody::Select(select) = &query.body
            && select.from.is_empty()
        {
            self.query(query, &Env::EMPTY)?;
        }
        Ok(())
    }

    /// Why rows that are there may keep a change from being made.
    fn row_doubt(&self, change: &Change, at: Span) -> Option<Gap> {
        let table = match change {
            Change::AlterTable(alter) if alter.actions.iter().any(checks_rows) => &alter.name,
            Change::CreateIndex(index) if index.unique || !index.elements.iter().all(is_plain) => {
                &index.table
            }
            _ => return None,
        };
        match self.relation(&table.name) {
            Lookup::Found((Relation::Table(id), _)) => {
                let rows = &self.world.database.schema().tables[id].rows;
                (*rows != Rows::Empty).then(|| self.gap(at, "the rows that are there may not allow it"))
            }
            _ => None,
        }
    }

    /// What no transaction block and no function may hold.
    fn forbidden_here(&self, read: &Read, top: bool) -> Option<Box<Raised>> {
        let text = read.text.as_str();
        let first = leading_words(text).next()?;
        let outside = !self.in_transaction_block() && !self.program.environment;
        if top && first.eq_ignore_ascii_case("lock") && outside {
            let message = "LOCK TABLE can only be used in transaction blocks";
            return Some(Raised::certain("25P01", message, read.span));
        }
        let command = outside_transactions(first, text)?;
        if !top {
            let message = format!("{command} cannot be executed from a function");
            return Some(Raised::certain("25001", message, read.span));
        }
        self.in_transaction_block().then(|| {
            let message = format!("{command} cannot run inside a transaction block");
            Raised::certain("25001", message, read.span)
        })
    }

    /// The statements of a text, read once.
    pub(super) fn reads(&mut self, text: &Text) -> std::sync::Arc<Vec<Read>> {
        let key = super::text_key(text);
        if let Some(reads) = self.texts.get(&key) {
            return reads.clone();
        }
        self.charge(READING + text.as_str().len() as u64 / 4);
        let reads = std::sync::Arc::new(crate::sql::read(text));
        if self.texts.len() < MAX_TEXTS {
            self.texts.insert(key, reads.clone());
        }
        reads
    }

    /// A statement of SQL within plpgsql, with the variables of its INTO.
    pub(super) fn run_sql_text(
        &mut self,
        text: &Text,
        into: &[Vec<Name>],
        strict: bool,
        at: Span,
    ) -> Run<()> {
        let _ = strict;
        let mut table = None;
        for read in self.reads(text).iter() {
            table = self.run_read(read, false)?;
        }
        let dml = table.is_none();
        if !into.is_empty() {
            self.forget(into, at, "the rows that a statement returns");
        }
        if dml && let Some(frame) = self.world.frames.last_mut() {
            frame.found = Some(super::value::Value::Unknown(Gap::new(
                at,
                "whether a statement touched any row",
                Reach::Rows,
            )));
        }
        Ok(())
    }
}

fn checks_rows(action: &TableAction) -> bool {
    match action {
        TableAction::AddConstraint(constraint) => {
            !constraint.not_valid && !matches!(constraint.body, ConstraintBody::UsingIndex { .. })
        }
        TableAction::SetNotNull { not_null, .. } => *not_null,
        TableAction::SetType { .. }
        | TableAction::ValidateConstraint { .. }
        | TableAction::AttachPartition { .. }
        | TableAction::AddColumn { .. } => true,
        _ => false,
    }
}

fn is_plain(element: &crate::change::IndexElement) -> bool {
    matches!(element.expr.kind, ExprKind::Column(_))
}

/// The command, where the statement is one that must run alone (`PreventInTransactionBlock` of the server); `first` is its
/// first word.
fn outside_transactions(first: &str, text: &str) -> Option<&'static str> {
    let mut words = leading_words(text).skip(1).take(7);
    let is = |word: Option<&str>, wanted: &str| word.is_some_and(|w| w.eq_ignore_ascii_case(wanted));
    let known = ["vacuum", "reindex", "alter", "drop", "create"];
    match *known.iter().find(|word| first.eq_ignore_ascii_case(word))? {
        "vacuum" => Some("VACUUM"),
        "reindex" => words
            .any(|w| w.eq_ignore_ascii_case("concurrently"))
            .then_some("REINDEX CONCURRENTLY"),
        "alter" => is(words.next(), "system").then_some("ALTER SYSTEM"),
        "drop" => {
            let kind = words.next();
            if is(kind, "database") {
                return Some("DROP DATABASE");
            }
            (is(kind, "index") && is(words.next(), "concurrently")).then_some("DROP INDEX CONCURRENTLY")
        }
        "create" => {
            let kind = words.next();
            if is(kind, "database") {
                return Some("CREATE DATABASE");
            }
            if is(kind, "tablespace") {
                return Some("CREATE TABLESPACE");
            }
            let index = is(kind, "index") || is(kind, "unique") && is(words.next(), "index");
            (index && words.any(|w| w.eq_ignore_ascii_case("concurrently")))
                .then_some("CREATE INDEX CONCURRENTLY")
        }
        _ => None,
    }
}

/// The first words of a statement, comments left out.
pub(super) fn leading_words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            if let Some(comment) = rest.strip_prefix("--") {
                rest = comment.split_once('\n').map_or("", |c| c.1);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment.split_once("*/").map_or("", |c| c.1);
            } else {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                rest = after;
                return (end > 0).then_some(word);
            }
        }
    })
}
