//! Keywords where the server wants a name: it refuses them unless they are quoted, and the parser takes some of them.
//!
//! Source: `kwlist.h`, and the rules `ColId`, `type_function_name` and `columnref` of the server's `gram.y` (manual, appendix
//! C). The words are the same in PostgreSQL 13 to 18, but for `system_user`, which 16 reserved and which is not looked at here.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::change::Failure;
use crate::source::Text;
use crate::syntax::pg::{self, SyntaxKind, SyntaxNode, TextRange};
use crate::syntax::split;

/// Reserved: no name at all.
static RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "localtime",
    "localtimestamp",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "references",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
];

/// Names of functions and types only.
static FUNCTIONS: &[&str] = &[
    "authorization",
    "binary",
    "collation",
    "concurrently",
    "cross",
    "current_schema",
    "freeze",
    "full",
    "ilike",
    "inner",
    "is",
    "isnull",
    "join",
    "left",
    "like",
    "natural",
    "notnull",
    "outer",
    "overlaps",
    "right",
    "similar",
    "tablesample",
    "verbose",
];

/// Names of columns and tables, not of functions.
static COLUMNS: &[&str] = &[
    "between",
    "bigint",
    "bit",
    "boolean",
    "char",
    "character",
    "coalesce",
    "dec",
    "decimal",
    "exists",
    "extract",
    "float",
    "greatest",
    "grouping",
    "inout",
    "int",
    "integer",
    "interval",
    "least",
    "national",
    "nchar",
    "none",
    "normalize",
    "nullif",
    "numeric",
    "out",
    "overlay",
    "position",
    "precision",
    "real",
    "row",
    "setof",
    "smallint",
    "substring",
    "time",
    "timestamp",
    "treat",
    "trim",
    "values",
    "varchar",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// Those of [`COLUMNS`] that are types by themselves.
static TYPES: &[&str] = &[
    "bigint",
    "bit",
    "boolean",
    "char",
    "character",
    "dec",
    "decimal",
    "float",
    "int",
    "integer",
    "interval",
    "nchar",
    "numeric",
    "real",
    "smallint",
    "time",
    "timestamp",
    "varchar",
];

/// Reserved words that are values.
static VALUES: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
];

/// What may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `ColId`: a table, column, constraint, ...
    Name,
    /// The same, or a value that is read from.
    Source,
    /// A value or a column.
    Value,
    /// `type_function_name` or a type of the grammar.
    Type,
    /// `type_function_name`.
    Function,
}

impl Place {
    fn refuses(self, word: &str) -> bool {
        LISTED.get(word).is_some_and(|&lists| self.refuses_of(lists))
    }

    /// Whether it refuses a word of certain lists.
    fn refuses_of(self, lists: u8) -> bool {
        let is = |list: u8| lists & list != 0;
        match self {
            Place::Name => is(IN_RESERVED | IN_FUNCTIONS),
            Place::Source => is(IN_RESERVED | IN_FUNCTIONS) && !is(IN_VALUES),
            // What else is reserved the parser knows.
            Place::Value => is(IN_FUNCTIONS) && !is(IN_VALUES),
            Place::Type => is(IN_RESERVED) || is(IN_COLUMNS) && !is(IN_TYPES),
            Place::Function => is(IN_RESERVED | IN_COLUMNS),
        }
    }
}

const IN_RESERVED: u8 = 1;
const IN_FUNCTIONS: u8 = 1 << 1;
const IN_COLUMNS: u8 = 1 << 2;
const IN_TYPES: u8 = 1 << 3;
const IN_VALUES: u8 = 1 << 4;

/// The lists that a word stands in.
static LISTED: LazyLock<FxHashMap<&'static str, u8>> = LazyLock::new(|| {
    let mut out: FxHashMap<&'static str, u8> = FxHashMap::default();
    let lists = [
        (RESERVED, IN_RESERVED),
        (FUNCTIONS, IN_FUNCTIONS),
        (COLUMNS, IN_COLUMNS),
        (TYPES, IN_TYPES),
        (VALUES, IN_VALUES),
    ];
    for (words, list) in lists {
        for word in words {
            *out.entry(word).or_default() |= list;
        }
    }
    out
});

/// What the server says to the first keyword that stands where it wants a name.
pub(super) fn refused(root: &SyntaxNode, text: &Text) -> Option<Failure> {
    if !pg::any_first_word(root, may_be_place, is_refused_anywhere) {
        return None;
    }
    root.descendants().find_map(|node| {
        let place = place(&node)?;
        let range = refused_word(&node, place)?;
        Some(failure(
            text,
            usize::from(range.start())..usize::from(range.end()),
        ))
    })
}

/// The same where the parser stopped at such a word, at `at`: with another word there it reads on, and takes that for a name.
/// Beside it the text with the word in quotes.
pub(super) fn stopped(text: &Text, at: usize) -> Option<(Failure, Text)> {
    let str = text.as_str();
    let (found, _) = split::tokens(str.get(at..)?).next()?;
    let range = at + found.start..at + found.end;
    let word = str.get(range.clone())?;
    if !Place::Name.refuses(&word.to_ascii_lowercase()) {
        return None;
    }
    let mut masked = str.to_owned();
    masked.replace_range(range.clone(), &"z".repeat(word.len()));
    let parsed = pg::parse_sql(&masked);
    if parsed
        .error
        .is_some_and(|error| usize::from(error.range.start()) <= range.end)
    {
        return None;
    }
    let token = parsed
        .root
        .token_at_offset(u32::try_from(range.start).ok()?.into())
        .right_biased()?;
    let wanted = place(&token.parent()?)?;
    if wanted != Place::Name || usize::from(token.text_range().start()) != range.start {
        return None;
    }
    let quoted = format!("\"{}\"", word.to_ascii_lowercase());
    let runs = text.slice(0..range.start).runs().collect::<Vec<_>>();
    let word = (quoted, text.span(range.clone()), false);
    let rest = text.slice(range.end..str.len());
    let whole = Text::composed(runs.into_iter().chain([word]).chain(rest.runs()));
    Some((failure(text, range), whole))
}

fn failure(text: &Text, range: std::ops::Range<usize>) -> Failure {
    let word = text.as_str().get(range.clone()).unwrap_or_default();
    let help = format!(
        "{word} is a keyword and no name: write \"{}\"",
        word.to_ascii_lowercase()
    );
    let mut failure = syntax_error(text, range);
    failure.related.push((failure.span, help));
    failure
}

/// What the server says to a word that cannot stand where it stands.
pub(super) fn syntax_error(text: &Text, range: std::ops::Range<usize>) -> Failure {
    let word = text.as_str().get(range.clone()).unwrap_or_default();
    Failure {
        sqlstate: "42601",
        message: format!("syntax error at or near \"{word}\""),
        span: text.span(range),
        related: Vec::new(),
    }
}

/// The word of a node of one name, where it is a keyword that its place refuses.
fn refused_word(node: &SyntaxNode, place: Place) -> Option<TextRange> {
    let token = node
        .children_with_tokens()
        .filter_map(|element| element.into_token())
        .find(|token| !token.kind().is_trivia())?;
    place
        .refuses(&token.text().to_ascii_lowercase())
        .then(|| token.text_range())
}

/// Bytes of the longest word.
const LONGEST: usize = "current_timestamp".len();

/// Whether some place refuses a word.
fn is_refused_anywhere(word: &str) -> bool {
    let places = [
        Place::Name,
        Place::Source,
        Place::Value,
        Place::Type,
        Place::Function,
    ];
    // No longer than the longest of them.
    if word.len() > LONGEST || !word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') {
        return false;
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    let lists = std::str::from_utf8(lower)
        .ok()
        .and_then(|lower| LISTED.get(lower));
    lists.is_some_and(|&lists| places.iter().any(|place| place.refuses_of(lists)))
}

/// The kinds of nodes that have a [`place`].
fn may_be_place(kind: SyntaxKind) -> bool {
    use SyntaxKind as K;
    matches!(
        kind,
        K::COLUMN_NAME
            | K::COLUMN_NAME_REF
            | K::CONSTRAINT_NAME
            | K::SCHEMA
            | K::SCHEMA_REF
            | K::TRIGGER
            | K::POLICY
            | K::CTE_NAME
            | K::COMPOSITE_FIELD
            | K::PATH_SEGMENT
            | K::PATH_SEGMENT_REF
            | K::NAME_REF
    )
}

/// What may stand in a node of one name; `None` where anything may, or it is none that is looked at. [`may_be_place`] lists the
/// kinds.
fn place(node: &SyntaxNode) -> Option<Place> {
    use SyntaxKind as K;
    let parent = || node.parent().map(|parent| parent.kind());
    match node.kind() {
        K::COLUMN_NAME => (parent()? != K::AS_NAME).then_some(Place::Name),
        K::COLUMN_NAME_REF
        | K::CONSTRAINT_NAME
        | K::SCHEMA
        | K::SCHEMA_REF
        | K::TRIGGER
        | K::POLICY
        | K::CTE_NAME
        | K::COMPOSITE_FIELD => Some(Place::Name),
        K::PATH_SEGMENT | K::PATH_SEGMENT_REF => segment(node),
        K::NAME_REF => match parent()? {
            K::FIELD_EXPR => (!follows_dot(node)).then_some(Place::Value),
            K::BIN_EXPR
            | K::PREFIX_EXPR
            | K::CHECK_CONSTRAINT
            | K::DEFAULT_CONSTRAINT
            | K::TARGET
            | K::SORT_BY
            | K::PARTITION_ITEM
            | K::WHERE_CLAUSE => Some(Place::Value),
            _ => None,
        },
        _ => None,
    }
}

fn follows_dot(node: &SyntaxNode) -> bool {
    let mut before = node.prev_sibling_or_token();
    while let Some(element) = before {
        if !element.kind().is_trivia() {
            return element.kind() == SyntaxKind::DOT;
        }
        before = element.prev_sibling_or_token();
    }
    false
}

/// The first part of a dotted name; what follows a dot may be any word.
fn segment(node: &SyntaxNode) -> Option<Place> {
    use SyntaxKind as K;
    let is_path = |node: &SyntaxNode| matches!(node.kind(), K::PATH | K::PATH_REF);
    let path = node.parent().filter(is_path)?;
    if path.children().any(|child| is_path(&child)) {
        return None;
    }
    let mut top = path.clone();
    while let Some(above) = top.parent().filter(is_path) {
        top = above;
    }
    let alone = top == path;
    let holder = top.parent()?;
    match holder.kind() {
        K::PATH_TYPE | K::TYPE_NAME_REF => alone.then_some(Place::Type),
        K::FUNCTION_NAME | K::FUNCTION_NAME_REF | K::PROCEDURE_NAME | K::PROCEDURE_NAME_REF => {
            Some(if alone { Place::Function } else { Place::Name })
        }
        K::RELATION_NAME_REF if holder.parent().is_some_and(|p| p.kind() == K::RELATION_FROM_ITEM) => {
            Some(if alone { Place::Source } else { Place::Name })
        }
        K::TABLE_NAME
        | K::TABLE_NAME_REF
        | K::RELATION_NAME_REF
        | K::INDEX
        | K::INDEX_REF
        | K::CONSTRAINT_NAME_REF
        | K::TYPE_NAME
        | K::DOMAIN
        | K::DOMAIN_REF
        | K::SEQUENCE
        | K::SEQUENCE_REF
        | K::VIEW
        | K::VIEW_REF
        | K::QUALIFIED_COLUMN_NAME_REF => Some(Place::Name),
        _ => None,
    }
}
