//! Constraints that a migration takes to have the names that PostgreSQL gives, and that have others: most often by the naming convention
//! of the metadata that `env.py` hands over, which counts for `op.create_table` too.

use super::Context;
use super::place::{Part, Place, made};
use crate::change::Failure;
use crate::finding::Common;
use crate::schema::{ConstraintKind, ConstraintWalker};
use crate::source::{FileId, Span};

/// A constraint that a statement looks for by the name that it would have.
#[derive(Debug)]
pub(super) struct Otherwise {
    file: FileId,
    table: String,
    /// The name that PostgreSQL would have given.
    pub(super) given: String,
    /// The name that it has.
    pub(super) has: String,
    /// Where it is made.
    pub(super) made: Option<Place>,
}

/// The constraint that a statement did not find, or that it makes again since an earlier one did not find it: `earlier` are those that were
/// not found.
pub(super) fn find(ctx: &Context<'_>, failure: &Failure, earlier: &[Otherwise]) -> Option<Otherwise> {
    let mut quoted = failure.message.split('"').skip(1).step_by(2);
    let (name, table) = (quoted.next()?, quoted.next()?);
    let file = failure.span.file;
    let is_sought = failure.sqlstate == "42704" && failure.message.starts_with("constraint ");
    let is_there = failure.sqlstate == "42710";
    if !is_sought && !is_there {
        return None;
    }
    let tables = ctx.schema()?.live_tables();
    let mut named = tables.into_iter().filter(|found| found.name().as_str() == table);
    let (found, None) = (named.next()?, named.next()) else {
        return None;
    };
    found.constraints().find_map(|constraint| {
        let has = constraint.get().name.known()?.as_str();
        let given = given_name(constraint)?;
        let was_sought = || {
            let mut earlier = earlier.iter();
            earlier.any(|other| other.file == file && other.table == table && other.given == given)
        };
        let is_it = is_sought && given == name || is_there && has == name && was_sought();
        (is_it && has != given).then(|| Otherwise {
            file,
            table: table.to_owned(),
            given,
            has: has.to_owned(),
            made: ctx.place(made(&constraint.get().presence), Part::Statement),
        })
    })
}

/// The name that PostgreSQL gives a constraint, where it is short enough to be whole (`ChooseConstraintName`, `ChooseIndexName`).
fn given_name(constraint: ConstraintWalker<'_>) -> Option<String> {
    let table = constraint.table.name();
    let columns = constraint.get().columns.iter();
    let columns = columns.map(|id| constraint.table.column_by_id(*id).name().as_str());
    let columns: Vec<&str> = columns.collect();
    let name = match constraint.get().kind {
        ConstraintKind::PrimaryKey(_) => format!("{table}_pkey"),
        ConstraintKind::Unique(_) => format!("{table}_{}_key", columns.join("_")),
        ConstraintKind::ForeignKey(_) => format!("{table}_{}_fkey", columns.join("_")),
        ConstraintKind::Check(_) | ConstraintKind::Exclude(..) => return None,
    };
    (name.len() <= 63).then_some(name)
}

/// What the statements of one migration have in common.
pub(super) fn common(otherwise: &Otherwise, by: &str) -> Common {
    Common {
        at: Span::new(otherwise.file, 0, 0),
        of_all: format!("statements of {by} fail: they take constraints to have the names that PostgreSQL gives, which have others"),
        of_one: format!("`{}`, which is `{}`", otherwise.given, otherwise.has),
        help: "a database that ran the migrations in another way may be past it; a new one cannot be made: look for the names that are \
               there; a naming convention of the metadata that is handed over gives them to what operations make, too"
            .to_owned(),
    }
}
