//! Every model, file by file: what keeps it, whether the tool that writes migrations sees it, its table with the migration that makes
//! it, what was found of it, and how often code uses it.

use std::collections::BTreeMap;

use super::uses::{self, Uses};
use super::{At, Cell, Inventory, Sheet, cells, names};
use crate::declared::{Expectation, KeptIn, Model, ModelKind, Models, Sees, Unseen, UnseenCause};
use crate::finding::{Finding, Level};
use crate::rules::table_of_another_database::held_by_another;
use crate::rules::{Context, Subject};
use crate::schema::{Lookup, TableWalker};
use crate::source::{FileId, Files, Span};

const COLUMNS: &[&str] = &[
    "+file",
    "model",
    "-kind",
    "-language",
    "kept_in",
    "seen",
    "table",
    "targets",
    "created_by",
    "verdict",
    "errors",
    "warnings",
    "-notes",
    "uses",
    "-using_files",
    "-note",
    "declared",
    "made",
];

/// A model with all the targets that it is a model of.
struct One<'c, 'a> {
    set: &'a Models,
    model: &'a Model,
    of: Vec<&'c Context<'a>>,
}

/// The models of all databases, each once. `findings` are those of a whole check, `left` the files that may declare models and belong
/// to no database.
#[must_use]
pub fn models(files: &Files, subjects: &[Subject<'_>], findings: &[Finding], left: &[FileId]) -> Inventory {
    let contexts: Vec<Context<'_>> = subjects.iter().map(Context::new).collect();
    let mut all: BTreeMap<(String, Span, String), One<'_, '_>> = BTreeMap::new();
    for ctx in &contexts {
        for set in ctx.subject.models.iter().copied() {
            for model in &set.models {
                let path = files.path(model.span.file).to_owned();
                let key = (path, model.span, model.name.to_string());
                let one = all.entry(key).or_insert_with(|| One {
                    set,
                    model,
                    of: Vec::new(),
                });
                one.of.push(ctx);
            }
        }
    }
    let listed: Vec<&Model> = all.values().map(|one| one.model).collect();
    let used = uses::uses(files, &listed);
    let mut sheet = Sheet::new("models", "Models by file", COLUMNS);
    let all: Vec<One<'_, '_>> = all.into_values().collect();
    for (one, uses) in all.iter().zip(&used) {
        sheet
            .rows
            .push(one.row(files, &contexts, findings, uses, &listed));
        let kept = one.kept_in();
        for (name, span) in kept.iter().flat_map(|kept| &kept.classes) {
            sheet.rows.push(one.further(files, name, *span));
        }
    }
    let read: Vec<FileId> = all.iter().map(|one| one.model.span.file).collect();
    for file in left.iter().filter(|file| !read.contains(file)) {
        sheet.rows.push(unread(files, *file));
    }
    let totals = totals(&sheet);
    Inventory {
        name: "models",
        sheets: vec![sheet],
        totals,
    }
}

impl<'a> One<'_, 'a> {
    fn row(
        &self,
        files: &Files,
        contexts: &[Context<'a>],
        findings: &[Finding],
        uses: &Uses,
        listed: &[&Model],
    ) -> Vec<Cell> {
        let model = self.model;
        let tables = self.tables(contexts);
        let own: Vec<&Finding> = findings
            .iter()
            .filter(|f| self.is_of(f, &tables, listed))
            .collect();
        let count = |level| own.iter().filter(|f| f.level == level).count();
        let created = tables.iter().map(|(ctx, table)| cells::at(ctx.of_table(*table)));
        let created: Vec<At> = created.flatten().collect();
        let mut by: Vec<&str> = created.iter().filter_map(|at| at.migration.as_deref()).collect();
        by.dedup();
        let targets = match tables.is_empty() {
            false => Cell::list(tables.iter().map(|(ctx, _)| ctx.subject.target)),
            true => Cell::list(self.of.iter().map(|ctx| ctx.subject.target)),
        };
        let kept = self.kept_in();
        let counted = |n: usize| match &uses.unknown {
            Some(why) => Cell::Unknown(match n {
                0 => why.clone(),
                n => format!("{n} or more: {why}"),
            }),
            None => Cell::Count(n),
        };
        vec![
            Cell::text(files.path(model.span.file)),
            Cell::text(model.name.as_str()),
            Cell::text(kind(model.kind)),
            Cell::text(self.set.language.name),
            Cell::maybe(kept.and_then(|kept| keeps(files, kept))),
            self.seen(),
            self.table(),
            targets,
            Cell::list(by),
            self.verdict(&own, &tables),
            Cell::Count(count(Level::Error)),
            Cell::Count(count(Level::Warn)),
            Cell::Count(count(Level::Note)),
            counted(uses.count),
            counted(uses.files),
            Cell::maybe(self.note()),
            Cell::place(Some(At::new(model.span))),
            match created.is_empty() {
                true => Cell::Empty,
                false => Cell::Places(created),
            },
        ]
    }

    /// Another class that is kept in the model's table.
    fn further(&self, files: &Files, name: &str, span: Span) -> Vec<Cell> {
        let mut row = vec![Cell::Empty; COLUMNS.len()];
        let mut set = |key: &str, cell: Cell| {
            let at = COLUMNS
                .iter()
                .position(|c| c.trim_start_matches(['+', '-']) == key);
            if let Some(slot) = at.and_then(|at| row.get_mut(at)) {
                *slot = cell;
            }
        };
        set("file", Cell::text(files.path(span.file)));
        set("model", Cell::text(name));
        set("kind", Cell::text("class"));
        set("language", Cell::text(self.set.language.name));
        set("table", self.table());
        set("verdict", Cell::text(format!("see {}", self.model.name)));
        set(
            "note",
            Cell::text(format!("it is kept in the table of {}", self.model.name)),
        );
        set("declared", Cell::place(Some(At::new(span))));
        row
    }

    fn kept_in(&self) -> Option<&'a KeptIn> {
        self.set.kept_in.iter().find(|kept| kept.model == self.model.span)
    }

    /// The table in each database that has it.
    fn tables(&self, contexts: &[Context<'a>]) -> Vec<(&Context<'a>, TableWalker<'a>)> {
        let of = |ctx: &&Context<'a>| {
            let name = self.model.table.as_ref()?.exactly()?;
            match ctx.schema()?.table_named(name) {
                Lookup::Found(table) if table.is_certain() => Some(table),
                Lookup::Found(_) | Lookup::Absent | Lookup::Unknown(_) => None,
            }
        };
        let all = self.of.iter().copied();
        let elsewhere = |ctx: &Context<'a>, table: TableWalker<'a>| {
            table.get().presumed.is_some() && held_by_another(contexts, ctx, &table.qualified()).is_some()
        };
        all.filter_map(|ctx| Some((ctx, of(&ctx)?)))
            .filter(|(ctx, table)| !elsewhere(ctx, *table))
            .collect()
    }

    fn table(&self) -> Cell {
        match &self.model.table {
            None => Cell::Empty,
            Some(Expectation::Exactly(name)) => {
                let schema = self.of.iter().find_map(|ctx| ctx.schema());
                Cell::text(schema.map_or_else(|| name.to_string(), |s| names::qualified(s, name)))
            }
            Some(Expectation::Unknown(gap)) => Cell::Unknown(gap.why.clone()),
            Some(_) => Cell::Unknown("its name is left open".to_owned()),
        }
    }

    /// Whether a finding is about it: it names the place, or the table.
    fn is_of(
        &self,
        finding: &Finding,
        tables: &[(&Context<'a>, TableWalker<'a>)],
        listed: &[&Model],
    ) -> bool {
        let within = |model: &Model, span: Span| {
            model.whole.file == span.file && model.whole.start <= span.start && span.end <= model.whole.end
        };
        if finding.model.is_some_and(|span| within(self.model, span)) {
            return true;
        }
        // A module that cannot be imported takes all its models along.
        if matches!(finding.rule, "invalid-model") && finding.span.file == self.model.span.file {
            let other = |m: &&&Model| within(m, finding.span);
            return within(self.model, finding.span) || !listed.iter().any(|m| other(&m));
        }
        let of_table = |table: &str| {
            tables.iter().any(|(ctx, t)| {
                t.qualified() == table && finding.targets.iter().any(|name| name == ctx.subject.target)
            })
        };
        finding.model.is_none() && finding.table.as_deref().is_some_and(of_table)
            || finding.rule == "missing-table" && finding.span == self.model.span
    }

    fn unseen(&self) -> Option<&'a Unseen> {
        self.set.unseen.iter().find(|u| u.model == self.model.span)
    }

    /// Whether the tool that writes migrations sees it.
    fn seen(&self) -> Cell {
        if self.set.sees_nothing.is_some() || self.unseen().is_some() {
            return Cell::Is(false);
        }
        match &self.set.sees {
            Sees::Nobody => Cell::Empty,
            Sees::Told(_) => Cell::Is(true),
            Sees::Unknown(gap) => Cell::Unknown(gap.why.clone()),
        }
    }

    fn note(&self) -> Option<String> {
        if self.set.sees_nothing.is_some() {
            return Some("the migration tool is given no models at all".to_owned());
        }
        match self.unseen().map(|u| u.cause) {
            Some(UnseenCause::Collection(_)) => {
                Some("its collection is not handed to the migration tool".to_owned())
            }
            Some(UnseenCause::NotImported) => {
                Some("nothing that the migration tool imports imports its module".to_owned())
            }
            None if matches!(self.set.sees, Sees::Nobody) => Some(format!(
                "no tool writes migrations from models of {}",
                self.set.language.name
            )),
            None => None,
        }
    }

    fn verdict(&self, own: &[&Finding], tables: &[(&Context<'a>, TableWalker<'a>)]) -> Cell {
        let model = self.model;
        if model.kind == ModelKind::Embedded || model.table.is_none() {
            return Cell::text("embedded");
        }
        let has = |rule: &str| own.iter().any(|f| f.rule == rule);
        let worst = own.iter().map(|f| f.level).max();
        if has("invalid-model") && worst == Some(Level::Error) {
            return Cell::text("broken");
        }
        if tables.is_empty() {
            return self.without_table(has("missing-table"));
        }
        match worst {
            Some(Level::Error) => Cell::text("broken"),
            Some(Level::Warn) => Cell::text("differs"),
            Some(Level::Note) | None if model.unmanaged => Cell::text("not looked after"),
            Some(Level::Note) | None => Cell::text("agrees"),
        }
    }

    /// No database certainly has its table.
    fn without_table(&self, missing: bool) -> Cell {
        if self.of.iter().all(|ctx| ctx.schema().is_none()) {
            return Cell::Unknown("there are no migrations that could make its table".to_owned());
        }
        let name = match &self.model.table {
            Some(Expectation::Exactly(name)) => name,
            Some(Expectation::Unknown(gap)) => return Cell::Unknown(gap.why.clone()),
            _ => return Cell::Unknown("its table's name is left open".to_owned()),
        };
        let open = self
            .of
            .iter()
            .find_map(|ctx| match ctx.schema()?.table_named(name) {
                Lookup::Unknown(gap) => Some(gap.why.clone()),
                Lookup::Found(table) => cells::doubt(&table.get().presence).map(|gap| gap.why.clone()),
                Lookup::Absent => None,
            });
        match open {
            Some(why) if !missing => Cell::Unknown(why),
            Some(_) | None if self.model.unmanaged => Cell::text("not looked after"),
            Some(_) | None => Cell::text("no table"),
        }
    }
}

/// A file that may declare models of no database that was found.
fn unread(files: &Files, file: FileId) -> Vec<Cell> {
    let why = "it seems to declare tables, and no migrations of the repository lead to it";
    let cell = |column: &&str| match column.trim_start_matches(['+', '-']) {
        "file" => Cell::text(files.path(file)),
        "model" | "table" | "verdict" => Cell::Unknown(why.to_owned()),
        "note" => Cell::text(why),
        "declared" => Cell::place(Some(At::new(Span::new(file, 0, 0)))),
        _ => Cell::Empty,
    };
    COLUMNS.iter().map(cell).collect()
}

fn kind(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Table => "table",
        ModelKind::View => "view",
        ModelKind::JoinTable => "join table",
        ModelKind::Embedded => "embedded",
    }
}

/// What keeps a model, by name and place.
fn keeps(files: &Files, kept: &KeptIn) -> Option<String> {
    if let Some(library) = kept.library {
        return Some(library.to_owned());
    }
    let made = kept.made?;
    let text = files.text(made.file);
    let line = text
        .get(..made.start as usize)?
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let line = text.get(line..)?.lines().next().unwrap_or("").trim();
    // `Base = declarative_base()`, `class Base(DeclarativeBase):`.
    let line = line.strip_prefix("class ").unwrap_or(line);
    let width = line
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || b == b'_'))
        .unwrap_or(line.len());
    let name = line.get(..width).unwrap_or("");
    let at = format!("{}:{}", files.path(made.file), files.start(made).line);
    Some(match name {
        "" => at,
        name => format!("{name} ({at})"),
    })
}

fn totals(sheet: &Sheet) -> Vec<(String, usize)> {
    let of = |key: &str, is: &dyn Fn(&Cell) -> bool| {
        let rows = sheet.rows.iter();
        rows.filter(|row| sheet.cell(row, key).is_some_and(is)).count()
    };
    let verdict = |word: &'static str| of("verdict", &move |c| c.plain() == word);
    let mut files: Vec<String> = sheet
        .rows
        .iter()
        .filter_map(|row| sheet.cell(row, "file"))
        .map(Cell::plain)
        .collect();
    files.dedup();
    let unread = of("model", &Cell::is_unknown);
    let mut out = vec![
        ("models".to_owned(), sheet.rows.len() - unread),
        ("files".to_owned(), files.len()),
        ("files that no migrations lead to".to_owned(), unread),
    ];
    for word in [
        "agrees",
        "differs",
        "broken",
        "no table",
        "embedded",
        "not looked after",
    ] {
        out.push((word.to_owned(), verdict(word)));
    }
    let unknown = of("verdict", &Cell::is_unknown) - unread;
    out.push(("verdict unknown".to_owned(), unknown));
    out.push((
        "not seen by the migration tool".to_owned(),
        of("seen", &|c| *c == Cell::Is(false)),
    ));
    out.push(("used nowhere".to_owned(), of("uses", &|c| *c == Cell::Count(0))));
    out
}
