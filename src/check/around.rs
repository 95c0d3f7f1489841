//! Models whose tables are made by the migrations of another project of Ecto, around theirs: an umbrella's applications, or one that
//! depends on the other. Whether both run on one database is not written down.

use super::{Run, Runs};
use crate::declared::Expectation;
use crate::known::{Gap, Reach};
use crate::name::QualifiedName;
use crate::schema::Lookup;
use crate::source::Files;
use crate::stacks::ecto;

/// What is not held against any migrations for that.
pub(super) fn made_around(files: &Files, runs: &Runs) -> Vec<Gap> {
    let project = |run: &Run| {
        let history = run
            .replayed
            .histories
            .iter()
            .find(|history| history.stack == "ecto")?;
        Some(ecto::project::place(&history.root)?.0.to_owned())
    };
    let projects: Vec<Option<String>> = runs.runs.iter().map(project).collect();
    let makes = |run: &Run, name: &QualifiedName| {
        let schema = run.replayed.outcome.as_ref().map(|outcome| &outcome.schema);
        schema.is_some_and(|schema| matches!(schema.table_named(name), Lookup::Found(_)))
    };
    let mut out = Vec::new();
    for (run, own) in runs.runs.iter().zip(&projects) {
        let Some(own) = own else { continue };
        let around: Vec<&Run> = runs
            .runs
            .iter()
            .zip(&projects)
            .filter(|(_, other)| {
                let other = other.as_deref().filter(|other| other != own);
                other.is_some_and(|other| ecto::family::belong_together(files, own, other))
            })
            .map(|(other, _)| other)
            .collect();
        for model in run.models.iter().flat_map(|set| &set.models) {
            let Some(Expectation::Exactly(name)) = &model.table else {
                continue;
            };
            let maker = around.iter().find(|other| makes(other, name));
            if let Some(maker) = maker.filter(|_| !model.unmanaged && !makes(run, name)) {
                let why = format!(
                    "{} is not held against the migrations: those of {} make its table",
                    model.name, maker.target.name
                );
                out.push(Gap::new(model.table_span.unwrap_or(model.span), why, Reach::Rows));
            }
        }
    }
    out
}
