//! Columns: `Column(...)` and `mapped_column(...)` as calls.

use smol_str::SmolStr;

use super::{ColumnDef, ConstraintDef, ConstraintKind, SequenceDef, TableDef, constraint, foreign_key};
use crate::change::{GeneratedKind, IdentityKind, SequenceOptions};
use crate::interpret::python::{Args, Argument, Library, Machine, Value};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::stacks::sqlalchemy::expression::{self, Scope};
use crate::stacks::sqlalchemy::naming::Given;
use crate::stacks::sqlalchemy::terms::{self, Known, gap};
use crate::stacks::sqlalchemy::types::{self, EnumCheck, EnumDef, Typed};
use crate::tree::{ColumnName, Expr, ExprKind};

/// Reads a column; `None` where the value is none.
pub fn column<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
) -> Option<ColumnDef<'a>> {
    let Value::Term(term) = value else { return None };
    if let Some((object, "copy" | "_copy", _)) = terms::method(value) {
        let object = object.clone();
        return column(machine, &object, scope);
    }
    let (member, args) = terms::call(machine, value)?;
    match member.name() {
        "deferred" | "column_property" => {
            let inner = args.positional.first()?.clone();
            return column(machine, &inner.value, scope);
        }
        "Column" | "mapped_column" => {}
        _ => return None,
    }
    let (args, span) = (args.clone(), term.span);
    let mut def = ColumnDef::new(span);
    def.source = Some(value.clone());
    Reader { machine, scope }.read(&mut def, &args);
    Some(def)
}

impl<'a> ColumnDef<'a> {
    /// A column of which nothing is said.
    #[must_use]
    pub fn new(span: Span) -> Self {
        ColumnDef {
            key: SmolStr::default(),
            name: Ok(None),
            name_span: span,
            ty: None,
            type_value: None,
            beside: Vec::new(),
            nullable: Ok(None),
            nullable_span: None,
            primary_key: Ok(false),
            index: Ok(None),
            unique: Ok(None),
            autoincrement: Ok(None),
            ignore_fk: false,
            server_default: Ok(None),
            has_server_default: false,
            default_span: None,
            client_default: false,
            client_value: None,
            sequence: None,
            identity: Ok(None),
            generated: Ok(None),
            comment: Ok(None),
            constraints: Vec::new(),
            system: false,
            sort_order: 0,
            source: None,
            span,
            serial: None,
            attribute: None,
        }
    }

    /// Takes what another column says and this one leaves open (`Column._merge`).
    pub fn merge(&mut self, other: ColumnDef<'a>) {
        if self.ty.is_none() {
            self.ty = other.ty;
            self.type_value = other.type_value;
        }
        if self.nullable == Ok(None) {
            self.nullable = other.nullable;
            self.nullable_span = other.nullable_span;
        }
        if other.primary_key != Ok(false) {
            self.primary_key = other.primary_key;
        }
        if self.index == Ok(None) {
            self.index = other.index;
        }
        if self.unique == Ok(None) {
            self.unique = other.unique;
        }
        if self.autoincrement == Ok(None) {
            self.autoincrement = other.autoincrement;
            self.ignore_fk |= other.ignore_fk;
        }
        if !self.has_server_default && self.identity == Ok(None) && self.generated == Ok(None) {
            self.server_default = other.server_default;
            self.has_server_default = other.has_server_default;
            self.default_span = other.default_span;
            self.identity = other.identity;
            self.generated = other.generated;
        }
        if !self.client_default {
            self.client_value = other.client_value;
        }
        self.client_default |= other.client_default;
        if self.sequence.is_none() {
            self.sequence = other.sequence;
        }
        if self.comment == Ok(None) {
            self.comment = other.comment;
        }
        if self.name == Ok(None) {
            self.name = other.name;
            self.name_span = other.name_span;
        }
        if self.sort_order == 0 {
            self.sort_order = other.sort_order;
        }
        self.constraints.extend(other.constraints);
        self.beside.extend(other.beside);
    }

    /// The native enums that come with it, in the order in which they are made.
    pub fn enums(&self) -> impl Iterator<Item = &EnumDef> {
        let types = self.ty.iter().chain(&self.beside);
        types.filter_map(|typed| typed.enumeration.as_ref())
    }

    /// Whether it may be of an enum of which nothing is known.
    pub fn may_be_enum(&self) -> bool {
        self.ty.as_ref().is_none_or(|typed| {
            typed.ty.is_err() && typed.enumeration.is_none() && typed.affinity == types::Affinity::Unknown
        })
    }

    /// Everything about it is left open.
    pub(in crate::stacks::sqlalchemy) fn open(&mut self, why: &crate::known::Gap) {
        self.nullable = Err(why.clone());
        self.primary_key = Err(why.clone());
        self.index = Err(why.clone());
        self.unique = Err(why.clone());
        self.autoincrement = Err(why.clone());
        self.server_default = Err(why.clone());
        self.identity = Err(why.clone());
        self.generated = Err(why.clone());
        self.comment = Err(why.clone());
    }
}

struct Reader<'m, 's, 'a, L: Library<'a>> {
    machine: &'m mut Machine<'a, L>,
    scope: &'s Scope<'a>,
}

impl<'a, L: Library<'a>> Reader<'_, '_, 'a, L> {
    fn read(&mut self, def: &mut ColumnDef<'a>, args: &Args<'a>) {
        let mut rest = args.positional.iter();
        let mut first = rest.clone();
        let name = match first.next() {
            Some(a) if self.is_name(&a.value) => {
                rest = first;
                Some(a)
            }
            // `Column(None, Integer)`: the name comes later.
            Some(a) if matches!(a.value, Value::None) => {
                rest = first;
                args.keyword("name")
            }
            _ => args.keyword("name").or(args.keyword("__name_pos")),
        };
        if let Some(name) = name
            && !matches!(name.value, Value::None)
        {
            def.name_span = name.span;
            def.name = terms::text(self.machine, &name.value, name.span).map(|t| Some(Name::new(t.as_str())));
        }
        if let Some(gap) = &args.open {
            def.open(gap);
        }
        let positional: Vec<Argument<'a>> = rest.cloned().collect();
        let mut typed = false;
        for (i, argument) in positional.iter().enumerate() {
            if i == 0 && self.could_be_type(&argument.value) {
                self.take_type(def, argument);
                typed = true;
            } else {
                self.positional(def, argument);
            }
        }
        if !typed
            && let Some(ty) = args.keyword("type_").or(args.keyword("__type_pos")).cloned()
            && !matches!(ty.value, Value::None)
        {
            self.take_type(def, &ty);
        }
        self.keywords(def, args);
        if let Ok(Some(name)) = &def.name {
            def.key = SmolStr::new(name.as_str());
        }
        if let Some(Value::Str(key)) = args.keyword("key").map(|a| &a.value) {
            def.key = SmolStr::new(key.as_str());
        }
    }

    fn is_name(&self, value: &Value<'a>) -> bool {
        match value {
            Value::Str(_) => true,
            Value::Unknown(unknown) => {
                !unknown.pattern.is_empty()
                    || unknown.candidates.iter().all(|c| matches!(c, Value::Str(_)))
                        && !unknown.candidates.is_empty()
            }
            Value::Term(_) => terms::call(self.machine, value)
                .is_some_and(|(member, _)| matches!(member.name(), "quoted_name")),
            Value::Instance(_) => !types::is_type(self.machine, value),
            _ => false,
        }
    }

    /// Whether the argument in the place of the type is one: anything but a schema item.
    fn could_be_type(&self, value: &Value<'a>) -> bool {
        if types::is_type(self.machine, value) {
            return true;
        }
        match value {
            Value::Unknown(_) => true,
            Value::Term(_) => match terms::call(self.machine, value) {
                Some((member, _)) => !is_item(member.name()),
                None => true,
            },
            Value::Class(_) => true,
            _ => false,
        }
    }

    fn take_type(&mut self, def: &mut ColumnDef<'a>, argument: &Argument<'a>) {
        if let Some((member, _)) = terms::call(self.machine, &argument.value)
            && matches!(member.name(), "NullType" | "NULLTYPE")
        {
            return;
        }
        def.ty = Some(types::sql_type(self.machine, &argument.value, argument.span));
        def.type_value = Some(argument.value.clone());
    }

    fn positional(&mut self, def: &mut ColumnDef<'a>, argument: &Argument<'a>) {
        let Some((member, args)) = terms::call(self.machine, &argument.value) else {
            match &argument.value {
                Value::None => {}
                Value::Unknown(unknown) => def.open(&unknown.gap.clone()),
                _ => def.open(&gap(argument.span, "this part of the column is not known")),
            }
            return;
        };
        let (args, at) = (args.clone(), argument.span);
        match member.name() {
            "ForeignKey" => {
                let key = foreign_key(self.machine, &argument.value, self.scope, at);
                def.constraints.extend(key);
            }
            "CheckConstraint" | "UniqueConstraint" => {
                let read = constraint(self.machine, &argument.value, self.scope, at);
                def.constraints.extend(read);
            }
            "Identity" => def.identity = identity(self.machine, &args, at).map(Some),
            // Its expression may name columns behind it: it is read when all are there.
            "Computed" => def.generated = Err(gap(at, COMPUTED)),
            "Sequence" => {
                let sequence = sequence(self.machine, &argument.value, at);
                def.sequence = sequence;
            }
            "FetchedValue" | "DefaultClause" => {
                def.has_server_default = true;
                def.default_span = Some(at);
                def.server_default = expression::server_default(self.machine, argument, self.scope);
            }
            "ColumnDefault" => def.client_default = true,
            // A schema item as those are (`SchemaType`, `ARRAY`); any other type is refused.
            "Enum" | "ENUM" | "Boolean" | "BOOLEAN" | "ARRAY" => {
                let typed = types::sql_type(self.machine, &argument.value, at);
                def.beside.push(typed);
            }
            _ => def.open(&gap(at, "this part of the column is not known")),
        }
    }

    fn keywords(&mut self, def: &mut ColumnDef<'a>, args: &Args<'a>) {
        let or = |found: Known<Option<bool>>, before: &Known<Option<bool>>| match (found, before) {
            (Ok(None), before) => before.clone(),
            (found, _) => found,
        };
        def.nullable = or(terms::maybe_flag(args, "nullable"), &def.nullable);
        def.nullable_span = args.keyword("nullable").map(|a| a.span);
        def.index = or(terms::maybe_flag(args, "index"), &def.index);
        def.unique = or(terms::maybe_flag(args, "unique"), &def.unique);
        if args.keyword("primary_key").is_some() {
            def.primary_key = terms::flag(args, "primary_key", false);
        }
        def.system = terms::flag(args, "system", false).unwrap_or(false);
        def.sort_order = terms::number(args, usize::MAX, "sort_order")
            .ok()
            .flatten()
            .unwrap_or(0);
        match args.keyword("autoincrement").map(|a| &a.value) {
            Some(Value::Str(text)) => def.ignore_fk = text.as_str() == "ignore_fk",
            Some(_) => def.autoincrement = terms::maybe_flag(args, "autoincrement"),
            None => {}
        }
        if let Some(default) = args.keyword("server_default").cloned()
            && !matches!(default.value, Value::None)
        {
            let called =
                terms::call(self.machine, &default.value).map(|(member, args)| (member, args.clone()));
            match called {
                Some((member, args)) if member.is("Identity") => {
                    def.identity = identity(self.machine, &args, default.span).map(Some);
                }
                Some((member, _)) if member.is("Computed") => {
                    def.generated = Err(gap(default.span, COMPUTED));
                }
                _ => {
                    def.has_server_default = true;
                    def.default_span = Some(default.span);
                    def.server_default = expression::server_default(self.machine, &default, self.scope);
                }
            }
        }
        for name in ["default", "insert_default"] {
            let Some(default) = args.keyword(name).cloned() else {
                continue;
            };
            match sequence(self.machine, &default.value, default.span) {
                Some(sequence) => def.sequence = Some(sequence),
                None => {
                    def.client_default |= !matches!(default.value, Value::None);
                    def.client_value = super::super::client::literal(&default);
                }
            }
        }
        def.client_default |= args.keyword("default_factory").is_some();
        if args.keyword("comment").is_some() {
            def.comment = terms::maybe_text(self.machine, args, usize::MAX, "comment")
                .map(|text| text.map(|t| SmolStr::new(t.as_str())));
        }
    }
}

/// The reason that stands while the columns around are not there yet.
const COMPUTED: &str = "its expression is not read yet";

/// What is done when a column stands in its table: expressions over columns behind it, CHECKs of its type.
pub(super) fn attach<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    def: &mut TableDef<'a>,
    at: usize,
    scope: &Scope<'a>,
) {
    let Some(column) = def.columns.get_mut(at) else {
        return;
    };
    if let Err(why) = &column.generated
        && why.why == COMPUTED
        && let Some(span) = why.at
    {
        column.generated = match find_computed(machine, column, span) {
            Some(args) => computed(machine, &args, scope, span).map(Some),
            None => Err(gap(span, "what it is computed from is not known")),
        };
    }
}

/// The arguments of the `Computed(...)` at a place.
fn find_computed<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    column: &ColumnDef<'a>,
    span: Span,
) -> Option<Args<'a>> {
    let _ = span;
    let term = column.source.as_ref()?;
    let (_, args) = terms::call(machine, term)?;
    let keyword = args.keyword("server_default");
    let found = args
        .positional
        .iter()
        .chain(keyword)
        .find_map(|a| terms::call_of(machine, &a.value, "Computed"));
    found.cloned()
}

fn is_item(name: &str) -> bool {
    matches!(
        name,
        "ForeignKey"
            | "CheckConstraint"
            | "UniqueConstraint"
            | "Identity"
            | "Computed"
            | "Sequence"
            | "FetchedValue"
            | "DefaultClause"
            | "ColumnDefault"
    )
}

/// `Computed(sqltext, persisted=None)`: PostgreSQL keeps it always.
fn computed<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<(Expr, GeneratedKind)> {
    let text = terms::argument(args, 0, "sqltext")?
        .ok_or_else(|| expression::nothing(at))?
        .clone();
    let kind = match terms::maybe_flag(args, "persisted")? {
        Some(false) => GeneratedKind::Virtual,
        Some(true) | None => GeneratedKind::Stored,
    };
    Ok((expression::expr_of(machine, &text.value, scope, text.span)?, kind))
}

/// The options of `Identity(...)`.
///
/// # Errors
/// Where they cannot be told.
pub fn identity<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Known<(IdentityKind, SequenceOptions)> {
    let _ = (machine, at);
    let always = terms::truth(terms::argument(args, 0, "always")?, false)?;
    let kind = if always {
        IdentityKind::Always
    } else {
        IdentityKind::ByDefault
    };
    Ok((kind, sequence_options(args, 2)?))
}

/// The options that `Identity` and `Sequence` share; `first` is where `start` stands.
fn sequence_options(args: &Args<'_>, first: usize) -> Known<SequenceOptions> {
    let limit = |position, value, none| {
        let value = terms::number(args, position, value)?;
        let none = terms::flag(args, none, false)?;
        Ok(if none { Some(None) } else { value.map(Some) })
    };
    Ok(SequenceOptions {
        ty: None,
        start: terms::number(args, first, "start")?,
        increment: terms::number(args, first + 1, "increment")?,
        min: limit(first + 2, "minvalue", "nominvalue")?,
        max: limit(first + 3, "maxvalue", "nomaxvalue")?,
        cache: terms::number(args, usize::MAX, "cache")?,
        cycle: terms::maybe_flag(args, "cycle")?,
        owned_by: None,
        name: None,
    })
}

/// Reads a `Sequence(...)`; `None` where the value is none.
pub fn sequence<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Option<SequenceDef> {
    let args = terms::call_of(machine, value, "Sequence")?.clone();
    let name = terms::maybe_name(machine, &args, 0, "name");
    let schema = terms::maybe_name(machine, &args, usize::MAX, "schema");
    let name = name.and_then(|name| {
        Ok(QualifiedName {
            schema: schema?,
            name: name.ok_or_else(|| gap(at, "the sequence has no name"))?,
        })
    });
    let options = sequence_options(&args, 1).and_then(|mut options| {
        if let Some(ty) = args.keyword("data_type").cloned()
            && !matches!(ty.value, Value::None)
        {
            options.ty = Some(types::sql_type(machine, &ty.value, ty.span).ty?);
        }
        Ok(options)
    });
    Some(SequenceDef {
        name,
        options,
        optional: terms::flag(&args, "optional", false).unwrap_or(false),
        span: at,
    })
}

/// The CHECK that a column's type brings.
pub(super) fn type_check(column: &ColumnDef<'_>, typed: &Typed) -> Option<ConstraintDef> {
    let EnumCheck { name, labels, span } = typed.check.clone()?;
    let own = column.name.clone();
    let condition = labels.and_then(|labels| {
        let name = own?.ok_or_else(|| gap(span, "the column has no name"))?;
        let items = labels
            .iter()
            .map(|(label, at)| Expr::new(ExprKind::String(label.clone()), *at));
        let left = Expr::new(
            ExprKind::Column(ColumnName {
                qualifiers: Vec::new(),
                name,
            }),
            span,
        );
        Ok(Expr::new(
            ExprKind::In(Box::new(left), items.collect(), false),
            span,
        ))
    });
    Some(ConstraintDef {
        name: name.map(|name| name.map_or(Given::None, |t| Given::Plain(SmolStr::new(t.as_str())))),
        kind: ConstraintKind::Check { condition },
        deferrable: Ok(None),
        initially_deferred: Ok(None),
        not_valid: false,
        type_bound: true,
        term: None,
        span,
    })
}
