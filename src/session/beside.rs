//! SQL that code beside the history runs on the same database, nobody knows when: what it names can no longer be told.

use super::Session;
use super::reach::RAW_HOLE;
use crate::change::{Change, ObjectKind, TableAction};
use crate::known::{Gap, Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::schema::Lookup;
use crate::source::{Span, Text};
use crate::sql::Statement;

impl Session {
    /// Leaves open what a text changes by name, of which parts may not be known (`None`). What it changes without naming it is left as
    /// it is: such texts are made for databases of all kinds.
    pub fn open_beside(&mut self, parts: &[Option<Text>], why: &str, at: Span) {
        let mut runs = Vec::new();
        for part in parts {
            match part {
                Some(text) => runs.extend(text.runs()),
                None => runs.push((RAW_HOLE.to_owned(), at, false)),
            }
        }
        let mut reaches = Vec::new();
        for read in crate::sql::read(&Text::composed(runs)) {
            if let Statement::Changes(changes) = &read.statement {
                for change in changes {
                    self.beside_reach(change, &mut reaches);
                }
            }
        }
        reaches.retain(|reach| {
            matches!(
                reach,
                Reach::Fact(_) | Reach::Section(..) | Reach::OthersOf(..) | Reach::Object(_)
            )
        });
        reaches.sort();
        reaches.dedup();
        for reach in reaches {
            self.open_or_have(Gap::new(at, why, reach), at);
        }
    }

    /// Something beside the history may make a table of this name; one that the history makes itself is left as it is.
    pub fn may_have(&mut self, name: &QualifiedName, why: &str, at: Span) {
        let place = name
            .schema
            .clone()
            .or_else(|| self.database().schema().search_path.first().cloned());
        let printed = place.map_or_else(|| name.name.to_string(), |place| format!("{place}.{}", name.name));
        let gap = Gap::new(at, why, Reach::Object(printed));
        let change = self.journal.record(at, Vec::new());
        if self.world.database.may_have(name, &gap, change) {
            self.note(&gap);
            self.touch_schema();
        }
    }

    /// Opens what is there; what is not may come to be.
    fn open_or_have(&mut self, gap: Gap, at: Span) {
        let words = match &gap.reach {
            Reach::Object(words) | Reach::Section(words, _) | Reach::OthersOf(words, _) => words.clone(),
            _ => return self.open(gap),
        };
        let name = match words.split_once('.') {
            Some((schema, name)) => QualifiedName::in_schema(Name::new(schema), Name::new(name)),
            None => QualifiedName::bare(Name::new(&words)),
        };
        match self.database().schema().table_named(&name) {
            Lookup::Found(_) => self.open(gap),
            Lookup::Absent => self.may_have(&name, &gap.why.clone(), at),
            Lookup::Unknown(_) => {}
        }
    }

    fn beside_reach(&self, change: &Change, out: &mut Vec<Reach>) {
        let mut all = Vec::new();
        match change {
            Change::AlterTable(alter) if alter.actions.iter().all(is_upkeep) => return,
            _ => self.change_reach(change, &mut all),
        }
        let index = matches!(
            change,
            Change::Drop {
                kind: ObjectKind::Index,
                ..
            }
        );
        out.extend(all.into_iter().map(|reach| match reach {
            Reach::Object(table) if index => Reach::Section(table, Section::Indexes),
            reach => reach,
        }));
    }
}

/// Whether an action leaves the schema as it is.
fn is_upkeep(action: &TableAction) -> bool {
    matches!(
        action,
        TableAction::NoSchemaEffect(_) | TableAction::ValidateConstraint { .. }
    )
}
