//! Building one finding: both places, labels, and the words that all rules share.

use crate::finding::{Common, Finding, Fix, Level, Related};
use crate::source::Span;

use super::place::Place;

/// A finding in the making.
#[derive(Debug)]
#[must_use]
pub struct Report {
    pub(super) finding: Finding,
    pub(super) at_least: Level,
    pub(super) at_most: Level,
}

impl Report {
    /// At a place, with the whole sentence.
    pub fn new(span: Span, label: impl Into<String>, message: impl Into<String>) -> Self {
        let mut finding = Finding::new(span, message);
        finding.label = label.into();
        Report {
            finding,
            at_least: Level::Note,
            at_most: Level::Error,
        }
    }

    /// At least this loud, where the rule is quieter.
    pub fn raised(mut self, level: Level) -> Self {
        self.at_least = level;
        self
    }

    /// No louder than this.
    pub fn level(mut self, level: Level) -> Self {
        self.at_most = level;
        self
    }

    /// The table, as the database names it.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.finding.table = Some(table.into());
        self
    }

    /// The column.
    pub fn column(mut self, column: &crate::name::Name) -> Self {
        self.finding.column = Some(column.to_string());
        self
    }

    /// The constraint, index, type or revision.
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.finding.object = Some(object.into());
        self
    }

    /// What the models say.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.finding.expected = Some(expected.into());
        self
    }

    /// What the database holds.
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.finding.found = Some(found.into());
        self
    }

    /// The targets that it is about, where it is about several.
    pub(super) fn targets<'t>(mut self, targets: impl IntoIterator<Item = &'t str>) -> Self {
        self.finding.targets = targets.into_iter().map(str::to_owned).collect();
        self
    }

    /// What to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.finding.help = Some(help.into());
        self
    }

    /// What would mend it.
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.finding.fix = fix;
        self
    }

    /// What it has in common with others of its rule.
    pub(super) fn common(mut self, common: Common) -> Self {
        self.finding.common = Some(Box::new(common));
        self
    }

    /// The place on the model's side.
    pub fn model(mut self, span: Span) -> Self {
        self.finding.model = Some(span);
        self
    }

    /// The place on the database's side, shown with a label.
    pub(super) fn database(mut self, place: Option<&Place>, label: impl Into<String>) -> Self {
        let Some(place) = place else {
            return self;
        };
        self.finding.database = Some((place.span, place.migration.clone()));
        self.at(Some(place), label)
    }

    /// Another place.
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.finding.related.push(Related {
            span,
            label: label.into(),
            migration: None,
        });
        self
    }

    /// Another place on the database's side.
    pub(super) fn at(mut self, place: Option<&Place>, label: impl Into<String>) -> Self {
        if let Some(place) = place.filter(|p| p.span != self.finding.span) {
            self.finding.related.push(Related {
                span: place.span,
                label: label.into(),
                migration: place.migration.clone(),
            });
        }
        self
    }
}
