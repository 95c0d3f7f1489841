//! `COMMENT ON`.

use smol_str::SmolStr;

use super::apply::{Outcome, Step};
use super::error;
use crate::change::{CommentSub, ObjectKind, ObjectName};
use crate::schema::Relation;

impl Step {
    pub(super) fn comment_on(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        sub: &CommentSub,
        text: Option<&SmolStr>,
    ) -> Outcome {
        let text = text.filter(|text| !text.is_empty()).cloned();
        match kind {
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::ForeignTable => self.comment_on_table(name, sub, text),
            ObjectKind::Index => {
                if let Some((table, id)) = self.index_named(name)? {
                    self.table_mut(table).indexes[id.0 as usize].comment = text;
                }
                Ok(())
            }
            ObjectKind::Sequence => self.sequence_named(name).map(drop),
            ObjectKind::Type | ObjectKind::Domain => {
                let id = self.type_named(name)?;
                self.db.schema.types[id].comment = text;
                Ok(())
            }
            ObjectKind::Schema => self.namespace_named(&name.name.name, name.span).map(drop),
            ObjectKind::Extension
            | ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Routine
            | ObjectKind::Aggregate
            | ObjectKind::Collation
            | ObjectKind::Other => Ok(()),
        }
    }

    fn comment_on_table(&mut self, name: &ObjectName, sub: &CommentSub, text: Option<SmolStr>) -> Outcome {
        if let CommentSub::Column(_) = sub
            && self.find_relation(&name.name).is_none()
            && self.find_type(&name.name).is_some()
        {
            // A column of a composite type.
            return Ok(());
        }
        if let Some(Relation::Index(..) | Relation::Sequence(_)) = self.find_relation(&name.name) {
            return Err(error::wrong_kind(&name.name.name, "a table", name.span));
        }
        let table = self.table_named(name)?;
        match sub {
            CommentSub::None => self.table_mut(table).comment = text,
            CommentSub::Column(column) => {
                let id = self.column_named(table, column, name.span)?;
                self.column_mut(table, id).comment = text;
            }
            CommentSub::Constraint(constraint) => match self.find_constraint(table, constraint) {
                Some(id) => self.table_mut(table).constraints[id.0 as usize].comment = text,
                None if self.constraints_open(table).is_some() => {}
                None => {
                    let message = format!(
                        "constraint \"{constraint}\" for table \"{}\" does not exist",
                        self.table(table).name
                    );
                    let failure = error::failure("42704", message, name.span);
                    return Err(self.explain_constraint(failure, table, constraint));
                }
            },
            CommentSub::Other(_) => {}
        }
        Ok(())
    }
}
