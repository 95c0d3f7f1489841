//! Sequences: created alone, by `serial`, by identity columns; who owns them.

use super::Gone;
use super::apply::{Outcome, Step};
use super::error;
use crate::change::{Failure, IdentityKind, ObjectName, SequenceOptions};
use crate::known::{Fact, Gap, Presence, Reach};
use crate::name::{Name, QualifiedName};
use crate::schema::{
    ColumnId, IndexId, LogEntry, NamespaceId, Relation, Sequence, SequenceId, Stored, TableId,
};
use crate::source::Span;
use crate::sqltype::{BaseType, Builtin, SqlType};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind};

impl Step {
    pub(super) fn create_sequence(
        &mut self,
        name: &ObjectName,
        if_not_exists: bool,
        temporary: bool,
        options: &SequenceOptions,
    ) -> Outcome {
        let namespace = self.namespace_for(&name.name, temporary, name.span)?;
        if self.exists_already(namespace, name, if_not_exists)? {
            return Ok(());
        }
        let ty = options.ty.clone().unwrap_or(SqlType::builtin(Builtin::Int8));
        let id = self.new_sequence(namespace, &name.name.name, ty, temporary);
        self.set_options(id, options, true);
        self.set_owner(id, options, name.span)
    }

    /// Whether `IF NOT EXISTS` leaves nothing to do. Without it, a relation that is there is a failure.
    pub(super) fn exists_already(
        &mut self,
        namespace: NamespaceId,
        name: &ObjectName,
        if_not_exists: bool,
    ) -> Outcome<bool> {
        let bare = &name.name.name;
        let Some(relation) = self.schema().relation_names.get(namespace, bare) else {
            return Ok(false);
        };
        let (presence, presumed) = self.relation_presence(relation);
        match presence {
            Presence::Present(_) if if_not_exists => Ok(true),
            Presence::Present(origin) if !presumed => {
                let failure = error::duplicate_relation(bare, name.span);
                Err(self.related(failure, Some(origin), format!("\"{bare}\" is created here")))
            }
            Presence::Maybe(gap) => {
                // Both courses are followed by the caller where that tells them apart; here the name is taken anew.
                self.doubt(&gap);
                self.give_way(relation);
                Ok(false)
            }
            Presence::Present(_) | Presence::Dropped(_) => {
                if let (Relation::Table(table), true) = (relation, presumed) {
                    let by = self.id;
                    self.table_mut(table).made_later = Some(by);
                }
                self.give_way(relation);
                Ok(false)
            }
        }
    }

    /// Whether a relation is there, and whether that is only presumed.
    pub(super) fn relation_presence(&self, relation: Relation) -> (Presence, bool) {
        match relation {
            Relation::Table(t) => (self.table(t).presence.clone(), self.table(t).presumed.is_some()),
            Relation::Index(t, i) => (self.index_presence(t, i).clone(), false),
            Relation::Sequence(s) => (self.sequence(s).presence.clone(), self.sequence(s).open.is_some()),
        }
    }

    /// Whether an index is there: where its table only may be, so may the index.
    pub(super) fn index_presence(&self, table: TableId, index: IndexId) -> &Presence {
        let table = self.table(table);
        match (&table.indexes[index.0 as usize].presence, &table.presence) {
            (Presence::Present(_), maybe @ Presence::Maybe(_)) => maybe,
            (presence, _) => presence,
        }
    }

    /// What was presumed, or only may be there, is not there after all, and what hangs on it is not either.
    pub(super) fn give_way(&mut self, relation: Relation) {
        let gone = Presence::Dropped(self.id);
        let (namespace, name) = match relation {
            Relation::Table(t) => {
                if matches!(self.table(t).presence, Presence::Maybe(_)) {
                    let owned = self.schema().sequences.iter();
                    let owned =
                        owned.filter(|(_, s)| s.presence.may_be() && s.owner.is_some_and(|(o, _)| o == t));
                    let owned: Vec<_> = owned.map(|(id, _)| id).collect();
                    for sequence in owned {
                        self.give_way(Relation::Sequence(sequence));
                    }
                    for at in 0..self.table(t).indexes.len() {
                        self.remove_index(t, IndexId(at as u32));
                    }
                }
                self.table_mut(t).presence = gone;
                (self.table(t).namespace, self.table(t).name.clone())
            }
            // An index that its table has for certain is gone with it.
            Relation::Index(t, i)
                if self.table(t).indexes[i.0 as usize].presence.is_present()
                    && !self.table(t).presence.is_present() =>
            {
                return self.give_way(Relation::Table(t));
            }
            Relation::Index(t, i) => {
                let namespace = self.table(t).namespace;
                let index = &mut self.table_mut(t).indexes[i.0 as usize];
                index.presence = gone;
                let Some(name) = index.name.known().cloned() else {
                    return;
                };
                (namespace, name)
            }
            Relation::Sequence(s) => {
                self.sequence_mut(s).presence = gone;
                (self.sequence(s).namespace, self.sequence(s).name.clone())
            }
        };
        self.free_relation(namespace, &name, relation, Gone::Dropped(self.id));
    }

    /// A sequence with the server's defaults for its type, under its name.
    pub(super) fn new_sequence(
        &mut self,
        namespace: NamespaceId,
        name: &Name,
        ty: SqlType,
        temporary: bool,
    ) -> SequenceId {
        let max = type_max(&ty);
        let sequence = Sequence {
            namespace,
            name: name.clone(),
            ty,
            owner: None,
            used_by: Vec::new(),
            identity: None,
            start: 1,
            increment: 1,
            min: 1,
            max,
            cache: 1,
            cycle: false,
            open: None,
            temporary,
            presence: Presence::Present(self.id),
            log: vec![LogEntry {
                change: self.id,
                column: None,
                what: "created".to_owned(),
            }],
        };
        let id = self.db.schema.sequences.push(sequence);
        self.bind_relation(namespace, name, Relation::Sequence(id));
        id
    }

    /// `init_params` of the server: what is not said keeps its value, or takes the default of type and direction.
    pub(super) fn set_options(&mut self, id: SequenceId, options: &SequenceOptions, new: bool) {
        let sequence = self.sequence_mut(id);
        let old_max = type_max(&sequence.ty);
        if let Some(ty) = &options.ty {
            if !new && sequence.max == old_max {
                sequence.max = type_max(ty);
            }
            if !new && sequence.min == -old_max - 1 {
                sequence.min = -type_max(ty) - 1;
            }
            sequence.ty = ty.clone();
        }
        if let Some(increment) = options.increment {
            sequence.increment = increment;
        }
        let limit = type_max(&sequence.ty);
        match options.max {
            Some(Some(max)) => sequence.max = max,
            Some(None) => sequence.max = if sequence.increment < 0 { -1 } else { limit },
            None if new => sequence.max = if sequence.increment < 0 { -1 } else { limit },
            None => {}
        }
        match options.min {
            Some(Some(min)) => sequence.min = min,
            Some(None) => sequence.min = if sequence.increment < 0 { -limit - 1 } else { 1 },
            None if new => sequence.min = if sequence.increment < 0 { -limit - 1 } else { 1 },
            None => {}
        }
        match options.start {
            Some(start) => sequence.start = start,
            None if new => {
                sequence.start = if sequence.increment < 0 {
                    sequence.max
                } else {
                    sequence.min
                };
            }
            None => {}
        }
        sequence.cache = options.cache.unwrap_or(sequence.cache);
        sequence.cycle = options.cycle.unwrap_or(sequence.cycle);
    }

    /// `OWNED BY`.
    fn set_owner(&mut self, id: SequenceId, options: &SequenceOptions, span: Span) -> Outcome {
        match &options.owned_by {
            None => Ok(()),
            Some(None) => {
                self.disown(id);
                Ok(())
            }
            Some(Some((table, column))) => {
                let table_id = self.table_named(table)?;
                let column = self.column_named(table_id, column, span)?;
                if self.sequence(id).namespace != self.table(table_id).namespace
                    && self.table(table_id).presumed.is_none()
                {
                    let message = "sequence must be in same schema as table it is linked to";
                    return Err(error::failure("55000", message, span));
                }
                self.own(id, table_id, column);
                Ok(())
            }
        }
    }

    fn disown(&mut self, id: SequenceId) {
        if let Some((table, column)) = self.sequence(id).owner
            && self.column(table, column).sequence == Some(id)
        {
            self.column_mut(table, column).sequence = None;
        }
        self.sequence_mut(id).owner = None;
    }

    pub(super) fn own(&mut self, id: SequenceId, table: TableId, column: ColumnId) {
        self.disown(id);
        self.sequence_mut(id).owner = Some((table, column));
        self.column_mut(table, column).sequence = Some(id);
    }

    pub(super) fn alter_sequence(
        &mut self,
        name: &ObjectName,
        if_exists: bool,
        options: &SequenceOptions,
    ) -> Outcome {
        if if_exists && self.find_relation(&name.name).is_none() {
            return Ok(());
        }
        let id = self.sequence_named(name)?;
        if options.owned_by.is_some() && self.sequence(id).identity.is_some() {
            return Err(error::failure(
                "0A000",
                "cannot change ownership of identity sequence",
                name.span,
            ));
        }
        self.set_options(id, options, false);
        self.set_owner(id, options, name.span)?;
        self.log_sequence(id, "altered");
        Ok(())
    }

    pub(super) fn log_sequence(&mut self, id: SequenceId, what: impl Into<String>) {
        let entry = LogEntry {
            change: self.id,
            column: None,
            what: what.into(),
        };
        self.sequence_mut(id).log.push(entry);
    }

    /// A sequence that a statement uses: presumed where nothing made it.
    pub(super) fn sequence_named(&mut self, name: &ObjectName) -> Outcome<SequenceId> {
        match self.find_relation(&name.name) {
            Some(Relation::Sequence(id)) => {
                let origin = self.id;
                let sequence = self.sequence_mut(id);
                if !sequence.presence.is_present() {
                    sequence.presence = Presence::Present(origin);
                }
                Ok(id)
            }
            Some(_) => Err(error::wrong_kind(&name.name.name, "a sequence", name.span)),
            None => {
                if let super::resolve::Missing::Gone(gone) = self.missing_relation(&name.name) {
                    return Err(self.undefined_relation(name, gone));
                }
                self.presume_sequence(name)
            }
        }
    }

    fn presume_sequence(&mut self, name: &ObjectName) -> Outcome<SequenceId> {
        let namespace = self.namespace_for(&name.name, false, name.span)?;
        let qualified = format!("{}.{}", self.namespace_name(namespace), name.name.name);
        let ty = SqlType::builtin(Builtin::Int8);
        let id = self.new_sequence(namespace, &name.name.name, ty, false);
        let why = format!("no migration creates the sequence {qualified}");
        self.sequence_mut(id).open = Some(Gap::new(name.span, why, Reach::Object(qualified)));
        Ok(id)
    }

    /// The sequence of a `serial` or identity column, named after table and column, not yet owned.
    pub(super) fn column_sequence(
        &mut self,
        namespace: NamespaceId,
        table: &Name,
        column: &Name,
        options: &SequenceOptions,
        ty: SqlType,
        temporary: bool,
    ) -> Outcome<SequenceId> {
        let (namespace, name) = match &options.name {
            Some(given) => (
                self.namespace_for(&given.name, temporary, given.span)?,
                given.name.name.clone(),
            ),
            None => {
                let chosen = self.choose_relation_name(namespace, table, Some(column.as_str()), "seq", false);
                (namespace, first_name(&chosen, table, column))
            }
        };
        if options.name.is_some() && self.schema().relation_names.get(namespace, &name).is_some() {
            return Err(error::duplicate_relation(&name, self.at));
        }
        let ty = options.ty.clone().unwrap_or(ty);
        let id = self.new_sequence(namespace, &name, ty, temporary);
        self.set_options(id, options, true);
        Ok(id)
    }

    /// Gives a sequence to an identity column.
    pub(super) fn make_identity(
        &mut self,
        table: TableId,
        column: ColumnId,
        id: SequenceId,
        kind: IdentityKind,
    ) {
        self.own(id, table, column);
        self.sequence_mut(id).identity = Some(kind);
        let origin = self.id;
        self.column_mut(table, column).identity = Fact::Known(Some(kind), origin);
    }

    /// A failure when the type can be no identity column's.
    pub(super) fn check_identity_type(&self, ty: Option<&SqlType>, span: Span) -> Result<(), Failure> {
        let fits = ty.is_none_or(|ty| {
            !ty.array
                && match ty.base {
                    BaseType::Builtin(b) => matches!(b, Builtin::Int2 | Builtin::Int4 | Builtin::Int8),
                    BaseType::Object(id) => {
                        matches!(self.schema().types[id].kind, crate::schema::TypeKind::Presumed(_))
                    }
                    BaseType::Named(_) => true,
                }
        });
        if fits {
            Ok(())
        } else {
            let message = "identity column type must be smallint, integer, or bigint";
            Err(error::failure("22023", message, span))
        }
    }
}

/// The default of a `serial` column.
pub(super) fn nextval(id: SequenceId, span: Span) -> Stored {
    let sequence = Expr::new(ExprKind::Relation(Relation::Sequence(id).into()), span);
    let call = Call {
        name: QualifiedName::bare(Name::new("nextval")),
        args: vec![sequence],
        named: Vec::new(),
        star: false,
        distinct: false,
        variadic: false,
        filter: None,
        order_by: Vec::new(),
        within_group: false,
        over: false,
        window: Vec::new(),
        sql_syntax: false,
    };
    Stored {
        expr: Expr::new(ExprKind::Call(Box::new(call)), span),
        spelling: None,
    }
}

/// The name chosen, or the likeliest where a gap could have taken it.
fn first_name(chosen: &Fact<Name>, table: &Name, column: &Name) -> Name {
    match chosen {
        Fact::Known(name, _) => name.clone(),
        Fact::Unknown { candidates, .. } => candidates.first().map_or_else(
            || crate::name::make_object_name(table.as_str(), Some(column.as_str()), Some("seq")),
            |c| c.0.clone(),
        ),
    }
}

/// The largest value of an integer type.
fn type_max(ty: &SqlType) -> i64 {
    match ty.as_builtin() {
        Some(Builtin::Int2) => i64::from(i16::MAX),
        Some(Builtin::Int4) => i64::from(i32::MAX),
        _ => i64::MAX,
    }
}
