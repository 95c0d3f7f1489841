//! Moving the type of a key, and of everything that refers to it, in stages that rows survive: new columns beside the old, filled and kept
//! in step by triggers, keys and references on them, an exchange, and the end of the old columns.
//!
//! Each stage is one statement that does nothing where it has been done, or where a column has the new type already, so that it may be
//! run twice, and on databases that arrived on different ways. Between any two stages the old columns, or after the exchange the new
//! ones, work as before.

mod plan;
mod stages;

use super::{Draft, Effect, Phase, Step};
use crate::name::QualifiedName;
use crate::schema::Schema;
use crate::sqltype::SqlType;

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What its file is called.
    pub name: String,
    /// The draft.
    pub draft: Draft,
}

/// The stages that give a column another type.
///
/// # Errors
/// Why it is left to people.
pub fn retype(
    schema: &Schema,
    table: &QualifiedName,
    column: &str,
    ty: &SqlType,
) -> Result<Vec<Stage>, String> {
    let plan = plan::Plan::new(schema, table, column, ty)?;
    let count = stages::STAGES.len();
    let all = stages::STAGES.iter().zip(1..);
    Ok(all
        .map(|(stage, number)| {
            let title = format!("{} of {count}: {}", number, stage.what);
            let about = [
                vec![format!("{} becomes {}, stage {title}.", plan.shown, plan.new)],
                plan.notes(stage.name),
            ]
            .concat();
            let step = Step {
                key: plan.shown.clone(),
                phase: Phase::Columns,
                effect: Effect::Keeps,
                statements: vec![(stage.sql)(&plan)],
                operation: None,
                note: None,
            };
            Stage {
                name: format!("retype {} {} {number} {}", plan.root().table, column, stage.name),
                draft: Draft {
                    steps: vec![step],
                    left: Vec::new(),
                    about,
                },
            }
        })
        .collect())
}
