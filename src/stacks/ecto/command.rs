//! Commands of a migration as its queue holds them: what `create`, `alter`, `drop`, `rename` and `execute` were given.
//!
//! Source: `Ecto.Migration` (`ecto_sql` 3.13, lib/ecto/migration.ex): its structs `Table`, `Index`, `Constraint` and `Reference`.

use crate::known::{Gap, Reach};
use crate::source::{Span, Text};

/// A name or a piece of SQL: known with its place, or not.
#[derive(Debug, Clone)]
pub enum Word {
    /// Known.
    Known(Text),
    /// What it is cannot be told, but for the parts of a pattern.
    Unknown(Gap, Vec<Option<Text>>),
}

impl Word {
    /// A word that the library itself writes; `at` is the call.
    #[must_use]
    pub fn new(text: &str, at: Span) -> Self {
        Word::Known(Text::composed([(text.to_owned(), at, false)]))
    }

    /// The text, where it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Word::Known(text) => Some(text.as_str()),
            Word::Unknown(..) => None,
        }
    }
}

/// `table(name, options)`.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: Word,
    /// The schema.
    pub prefix: Option<Word>,
    /// `comment:`.
    pub comment: Option<Word>,
    /// `primary_key:` as given.
    pub primary_key: PrimaryKey,
    /// `options:`, what stands behind the column list.
    pub options: Option<Word>,
    /// `modifiers:`, what stands before `TABLE`.
    pub modifiers: Option<Word>,
    /// The call.
    pub span: Span,
    /// The whole command, with its block.
    pub whole: Span,
}

impl Table {
    /// How far something reaches that is not known of the table alone.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let known = |word: &Word| match word {
            Word::Known(text) => Some(text.as_str().to_owned()),
            Word::Unknown(..) => None,
        };
        let prefix = self
            .prefix
            .as_ref()
            .map_or_else(|| Some("public".to_owned()), known);
        match prefix.zip(known(&self.name)) {
            Some((prefix, name)) => Reach::Object(format!("{prefix}.{name}")),
            None => Reach::Everything,
        }
    }
}

/// The option `primary_key:` of a table.
#[derive(Debug, Clone)]
pub enum PrimaryKey {
    /// `true`: as the repository's settings say.
    Default,
    /// `false`.
    None,
    /// A list of options: name, type, and those of the column.
    Column(Box<Added>),
    /// It cannot be told.
    Unknown(Gap),
}

/// `index(table, columns, options)`.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its table.
    pub table: Word,
    /// The schema.
    pub prefix: Option<Word>,
    /// Its name.
    pub name: Word,
    /// Its keys.
    pub columns: Vec<IndexColumn>,
    /// `unique:`.
    pub unique: bool,
    /// `concurrently:`.
    pub concurrently: bool,
    /// `using:`.
    pub using: Option<Word>,
    /// `include:`.
    pub include: Vec<IndexColumn>,
    /// `only:`.
    pub only: bool,
    /// `nulls_distinct:`.
    pub nulls_distinct: Option<bool>,
    /// `where:`.
    pub predicate: Option<Word>,
    /// `options:`, storage parameters.
    pub options: Option<Word>,
    /// `comment:`.
    pub comment: Option<Word>,
    /// An option that cannot be told.
    pub open: Option<Gap>,
    /// The call.
    pub span: Span,
}

/// A key of an index: a column (an atom) or an expression (a string), and its direction.
#[derive(Debug, Clone)]
pub struct IndexColumn {
    /// The name or the expression.
    pub word: Word,
    /// It is an expression.
    pub expression: bool,
    /// `ASC`, `DESC NULLS LAST`, ...
    pub direction: Option<&'static str>,
}

/// `constraint(table, name, options)`.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Its table.
    pub table: Word,
    /// The schema.
    pub prefix: Option<Word>,
    /// Its name.
    pub name: Word,
    /// `check:`.
    pub check: Option<Word>,
    /// `exclude:`.
    pub exclude: Option<Word>,
    /// `validate:`.
    pub validate: bool,
    /// `comment:`.
    pub comment: Option<Word>,
    /// An option that cannot be told.
    pub open: Option<Gap>,
    /// The call.
    pub span: Span,
}

/// `references(table, options)`.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The referenced table.
    pub table: Word,
    /// Its schema: `Some(None)` where `prefix: nil` is given.
    pub prefix: Option<Option<Word>>,
    /// `name:`.
    pub name: Option<Word>,
    /// `column:`.
    pub column: Word,
    /// `type:`.
    pub ty: ColumnType,
    /// What stands behind `ON DELETE`.
    pub on_delete: Option<OnDelete>,
    /// What stands behind `ON UPDATE`.
    pub on_update: Option<&'static str>,
    /// `with:`, further pairs of columns.
    pub with: Vec<(Word, Word)>,
    /// `match:`.
    pub matching: Option<&'static str>,
    /// `validate:`.
    pub validate: bool,
    /// An option that cannot be told.
    pub open: Option<Gap>,
    /// The call.
    pub span: Span,
}

/// `on_delete:`.
#[derive(Debug, Clone)]
pub struct OnDelete {
    /// `CASCADE`, `SET NULL`, ...
    pub action: &'static str,
    /// The columns of `{:nilify, columns}`.
    pub columns: Vec<Word>,
}

/// The type of a column.
#[derive(Debug, Clone)]
pub enum ColumnType {
    /// `{:array, type}`.
    Array(Box<ColumnType>, Span),
    /// `{:map, type}`.
    Map(Span),
    /// An atom.
    Atom(Word),
    /// `references(...)`.
    Reference(Box<Reference>),
    /// It cannot be told.
    Unknown(Gap),
}

/// A default.
#[derive(Debug, Clone)]
pub enum Default {
    /// `nil`.
    Null,
    /// A string.
    Text(Word),
    /// A number, a boolean, `fragment(...)`: as SQL has it.
    Raw(Word),
    /// A list.
    List(Vec<Default>),
    /// What cannot be told.
    Unknown(Gap),
}

/// The options of a column.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `primary_key:`.
    pub primary_key: bool,
    /// `null:`.
    pub null: Option<bool>,
    /// Why `null:` cannot be told.
    pub null_open: Option<Gap>,
    /// `default:`.
    pub default: Option<Default>,
    /// `size:`.
    pub size: Option<Word>,
    /// `precision:`.
    pub precision: Option<Word>,
    /// `scale:`.
    pub scale: Option<Word>,
    /// `fields:` of a duration.
    pub fields: Option<Word>,
    /// `collation:`.
    pub collation: Option<Word>,
    /// `generated:`.
    pub generated: Option<Word>,
    /// `comment:`.
    pub comment: Option<Word>,
    /// `from:`, the reference that goes.
    pub from: Option<Box<Reference>>,
    /// `start_value:` and `increment:` of an identity.
    pub sequence: [Option<i64>; 2],
    /// An option that cannot be told.
    pub open: Option<Gap>,
}

/// A column with its type and options.
#[derive(Debug, Clone)]
pub struct Added {
    /// Its name.
    pub name: Word,
    /// Its type.
    pub ty: ColumnType,
    /// Its options.
    pub options: Options,
    /// The call.
    pub span: Span,
}

/// A part of `create table` or `alter table`.
#[derive(Debug, Clone)]
pub enum Part {
    /// `add`.
    Add(Added),
    /// `add_if_not_exists`.
    AddIfNotExists(Added),
    /// `modify`.
    Modify(Added),
    /// `remove`, with the reference that goes with it.
    Remove(Word, Option<Box<Reference>>, Span),
    /// `remove_if_exists`.
    RemoveIfExists(Word, Option<Box<Reference>>, Span),
}

/// What is created, dropped or renamed beside tables.
#[derive(Debug, Clone)]
pub enum Object {
    /// A table.
    Table(Table),
    /// An index.
    Index(Box<Index>),
    /// A constraint.
    Constraint(Constraint),
}

/// A command of the queue.
#[derive(Debug, Clone)]
pub enum Command {
    /// `create table(...)`, with or without a block.
    CreateTable {
        /// The table.
        table: Table,
        /// `create_if_not_exists`.
        if_not_exists: bool,
        /// Its columns.
        parts: Vec<Part>,
    },
    /// `alter table(...)`.
    AlterTable(Table, Vec<Part>),
    /// `create index(...)`.
    CreateIndex(Box<Index>, bool),
    /// `create constraint(...)`.
    CreateConstraint(Constraint),
    /// `drop`, `drop_if_exists`.
    Drop {
        /// What.
        object: Object,
        /// `drop_if_exists`.
        if_exists: bool,
        /// `mode: :cascade`.
        cascade: bool,
    },
    /// `rename table(...), to: table(...)`.
    RenameTable(Table, Word),
    /// `rename table(...), :column, to: :other`.
    RenameColumn(Table, Word, Word),
    /// `rename index(...), to: name`.
    RenameIndex(Box<Index>, Word),
    /// `execute "..."`.
    Sql(Word),
    /// What a library executes, in words of our own.
    Library(Word),
}
