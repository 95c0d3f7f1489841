//! What every server has in `pg_catalog` and what well-known extensions add: functions, operators, casts, operator classes.
//!
//! The rows are data files beside this one, printed by a PostgreSQL 15 server (`data/README.md` says how). They are read once,
//! at first use.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{Builtin, Category};

/// A type as a row names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowType {
    /// The type, or an array's element.
    pub base: RowBase,
    /// An array.
    pub array: bool,
}

/// A type without array-ness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowBase {
    /// One of `pg_catalog`.
    Builtin(Builtin),
    /// One of the extension that the row belongs to, or of one that it requires.
    Extension(&'static str),
    /// A row type of `pg_catalog`'s views, which no expression of ours can have.
    Other,
}

/// `prokind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the kind of its name")]
pub enum FunctionKind {
    Function,
    Aggregate,
    Window,
    Procedure,
}

/// `provolatile`, from what may be relied on most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the keyword of its name")]
pub enum Volatility {
    Immutable,
    Stable,
    Volatile,
}

/// A row of `pg_proc`.
#[derive(Debug, Clone)]
pub struct FunctionRow {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: FunctionKind,
    /// How it may be relied on.
    pub volatility: Volatility,
    /// Its result.
    pub returns: RowType,
    /// It returns rows.
    pub set: bool,
    /// How many of its last arguments have a default.
    pub defaults: usize,
    /// Its last argument takes the rest of a call's.
    pub variadic: bool,
    /// Its arguments.
    pub args: Vec<RowType>,
    /// Names of the arguments, where it is called by name; otherwise empty.
    pub arg_names: Vec<&'static str>,
    /// Its output arguments: the columns of the rows that it gives.
    pub outputs: Vec<(&'static str, RowType)>,
}

/// A row of `pg_operator`.
#[derive(Debug, Clone)]
pub struct OperatorRow {
    /// Its characters.
    pub name: &'static str,
    /// `None` for a prefix operator.
    pub left: Option<RowType>,
    /// The right operand.
    pub right: RowType,
    /// Its result.
    pub result: RowType,
    /// How its function may be relied on.
    pub volatility: Volatility,
}

/// `castcontext`: where a cast may be used unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the context of its name")]
pub enum Context {
    Implicit,
    Assignment,
    Explicit,
}

/// `castmethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastMethod {
    /// A function does it.
    Function,
    /// The values are alike; only the label changes.
    Binary,
    /// By the text form.
    InOut,
}

/// A row of `pg_cast`.
#[derive(Debug, Clone)]
pub struct CastRow {
    /// From.
    pub source: RowType,
    /// To.
    pub target: RowType,
    /// Where it may be used unasked.
    pub context: Context,
    /// How it is done.
    pub method: CastMethod,
    /// Arguments of its function: with two or more it takes the type modifier too.
    pub function_args: u8,
    /// How its function may be relied on.
    pub volatility: Volatility,
}

/// A row of `pg_opclass`.
#[derive(Debug, Clone)]
pub struct OpclassRow {
    /// Access method.
    pub method: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The type of its keys.
    pub ty: RowType,
    /// The default for that type and method.
    pub default: bool,
}

/// A type that an extension brings.
#[derive(Debug, Clone)]
pub struct ExtensionType {
    /// Its name.
    pub name: &'static str,
    /// `typcategory`.
    pub category: Category,
    /// `typispreferred`.
    pub preferred: bool,
    /// A domain's base; otherwise `None`.
    pub base: Option<Builtin>,
    /// A row type.
    pub composite: bool,
}

/// Rows of one owner: `pg_catalog`, or one extension.
#[derive(Debug, Default)]
pub struct Catalog {
    functions: FxHashMap<&'static str, Vec<FunctionRow>>,
    operators: FxHashMap<&'static str, Vec<OperatorRow>>,
    /// Casts.
    pub casts: Vec<CastRow>,
    cast_index: FxHashMap<(RowType, RowType), usize>,
    /// Operator classes.
    pub opclasses: Vec<OpclassRow>,
    /// The default ones of each access method.
    default_opclasses: FxHashMap<&'static str, Vec<(&'static str, RowType)>>,
    default_index: FxHashMap<(&'static str, RowType), &'static str>,
    /// Types; empty for `pg_catalog`, whose are [`Builtin`].
    pub types: Vec<ExtensionType>,
    /// Tables and views.
    pub relations: Vec<&'static str>,
}

impl Catalog {
    /// Functions of a name, in the order they were made.
    #[must_use]
    pub fn functions(&self, name: &str) -> &[FunctionRow] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Names of functions, in order.
    #[must_use]
    pub fn function_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.functions.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Names of operators, in order.
    #[must_use]
    pub fn operator_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.operators.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Operators of a name, in the order they were made.
    #[must_use]
    pub fn operators(&self, name: &str) -> &[OperatorRow] {
        self.operators.get(name).map_or(&[], Vec::as_slice)
    }

    /// The cast between two types.
    #[must_use]
    pub fn cast(&self, source: RowType, target: RowType) -> Option<&CastRow> {
        self.cast_index.get(&(source, target)).map(|&i| &self.casts[i])
    }

    /// The default operator classes of an access method, with the types of their keys.
    #[must_use]
    pub fn default_opclasses(&self, method: &str) -> &[(&'static str, RowType)] {
        self.default_opclasses.get(method).map_or(&[], Vec::as_slice)
    }

    /// The default operator class that is for this very type.
    #[must_use]
    pub fn default_opclass(&self, method: &'static str, ty: RowType) -> Option<&'static str> {
        self.default_index.get(&(method, ty)).copied()
    }

    fn add_opclass(&mut self, row: OpclassRow) {
        if row.default {
            let of_method = self.default_opclasses.entry(row.method).or_default();
            of_method.push((row.name, row.ty));
            self.default_index.entry((row.method, row.ty)).or_insert(row.name);
        }
        self.opclasses.push(row);
    }

    fn add(&mut self, kind: &str, fields: &[&'static str]) -> Option<()> {
        match kind {
            "F" => {
                let row = function_row(fields)?;
                self.functions.entry(row.name).or_default().push(row);
            }
            "O" => {
                let row = operator_row(fields)?;
                self.operators.entry(row.name).or_default().push(row);
            }
            "C" => {
                let row = cast_row(fields)?;
                self.cast_index.insert((row.source, row.target), self.casts.len());
                self.casts.push(row);
            }
            "P" => self.add_opclass(OpclassRow {
                method: fields.first()?,
                name: fields.get(1)?,
                ty: row_type(fields.get(2)?),
                default: *fields.get(3)? == "1",
            }),
            "T" => self.types.push(ExtensionType {
                name: fields.first()?,
                category: category(fields.get(1)?),
                preferred: *fields.get(2)? == "1",
                composite: *fields.get(3)? == "c",
                base: fields.get(4).and_then(|f| Builtin::from_typname(f)),
            }),
            "R" => self.relations.push(fields.first()?),
            _ => {}
        }
        Some(())
    }
}

/// The rows of `pg_catalog`.
#[must_use]
pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut catalog = Catalog::default();
        for (kind, data) in [
            ("F", include_str!("data/functions.tsv")),
            ("O", include_str!("data/operators.tsv")),
            ("C", include_str!("data/casts.tsv")),
            ("P", include_str!("data/opclasses.tsv")),
        ] {
            for line in data.lines() {
                let fields: Vec<&'static str> = line.split('\t').collect();
                let _ = catalog.add(kind, &fields);
            }
        }
        catalog
    })
}

/// The rows of an extension; `None` where its contents are not known (see [`unlisted_types`]).
#[must_use]
pub fn extension(name: &str) -> Option<&'static Catalog> {
    extensions().get(name)
}

/// A well-known extension that brings a type of this name.
#[must_use]
pub fn extension_of_type(name: &str) -> Option<&'static str> {
    let unlisted = UNLISTED.iter().find(|(_, types)| types.contains(&name));
    let mut listed: Vec<&'static str> = extensions()
        .iter()
        .filter(|(_, catalog)| catalog.types.iter().any(|ty| ty.name == name))
        .map(|(extension, _)| *extension)
        .collect();
    listed.sort_unstable();
    listed
        .first()
        .copied()
        .or(unlisted.map(|(extension, _)| *extension))
}

fn extensions() -> &'static FxHashMap<&'static str, Catalog> {
    static EXTENSIONS: OnceLock<FxHashMap<&'static str, Catalog>> = OnceLock::new();
    EXTENSIONS.get_or_init(|| {
        let mut all: FxHashMap<&'static str, Catalog> = FxHashMap::default();
        let mut current = "";
        for line in include_str!("data/extensions.tsv").lines() {
            let mut fields = line.split('\t');
            let kind = fields.next().unwrap_or("");
            let fields: Vec<&'static str> = fields.collect();
            if kind == "E" {
                current = fields.first().copied().unwrap_or("");
            }
            let _ = all.entry(current).or_default().add(kind, &fields);
        }
        all.insert("plpgsql", Catalog::default());
        all
    })
}

/// Types of extensions that do not ship with PostgreSQL, whose functions and operators are not known here.
static UNLISTED: &[(&str, &[&str])] = &[
    ("vector", &["vector", "halfvec", "sparsevec"]),
    (
        "postgis",
        &[
            "geometry",
            "geography",
            "box2d",
            "box3d",
            "box2df",
            "gidx",
            "spheroid",
            "geometry_dump",
            "valid_detail",
        ],
    ),
    (
        "postgis_raster",
        &["raster", "addbandarg", "rastbandarg", "geomval", "reclassarg"],
    ),
    (
        "postgis_topology",
        &["topogeometry", "topoelement", "topoelementarray"],
    ),
    ("pgtap", &["_time_trial_type"]),
    ("semver", &["semver"]),
    ("ip4r", &["ip4", "ip4r", "ip6", "ip6r", "ipaddress", "iprange"]),
    ("uint", &["uint1", "uint2", "uint4", "uint8", "int1"]),
    ("hll", &["hll", "hll_hashval"]),
    ("rum", &["rum_distance_query"]),
    ("pgrouting", &[]),
    ("timescaledb", &[]),
    ("pg_cron", &[]),
    ("pg_net", &[]),
    ("pg_uuidv7", &[]),
    ("pgjwt", &[]),
    ("pgsodium", &[]),
    ("supabase_vault", &[]),
    ("pg_graphql", &[]),
    ("pg_partman", &[]),
    ("pgmq", &[]),
    ("age", &["agtype", "graphid"]),
    ("pg_bigm", &["gtrgm_bigm"]),
    ("pgroonga", &[]),
    ("orafce", &[]),
    ("citus", &[]),
    ("h3", &["h3index"]),
    ("emailaddr", &["emailaddr"]),
    ("pg_ulid", &["ulid"]),
    ("ulid", &["ulid"]),
    ("pgulid", &["ulid"]),
    ("pgx_ulid", &["ulid"]),
];

/// The types that an extension brings whose other contents are not known; `None` for one that is not known at all.
/// Source: each extension's installation script.
#[must_use]
pub fn unlisted_types(extension: &str) -> Option<&'static [&'static str]> {
    UNLISTED
        .iter()
        .find(|(name, _)| *name == extension)
        .map(|(_, types)| *types)
}

fn function_row(fields: &[&'static str]) -> Option<FunctionRow> {
    let (kind, volatility) = fields.get(1)?.split_at_checked(1)?;
    let returns = fields.get(2)?;
    let defaults = fields.get(3)?;
    Some(FunctionRow {
        name: fields.first()?,
        kind: match kind {
            "a" => FunctionKind::Aggregate,
            "w" => FunctionKind::Window,
            "p" => FunctionKind::Procedure,
            _ => FunctionKind::Function,
        },
        volatility: volatility_of(volatility),
        returns: row_type(returns.trim_start_matches('*')),
        set: returns.starts_with('*'),
        defaults: defaults.trim_end_matches('v').parse().ok()?,
        variadic: defaults.ends_with('v'),
        args: fields.get(4)?.split_ascii_whitespace().map(row_type).collect(),
        arg_names: fields
            .get(5)
            .map_or(Vec::new(), |f| f.split_ascii_whitespace().collect()),
        outputs: fields.get(6).map_or(Vec::new(), |f| {
            f.split_ascii_whitespace()
                .filter_map(|o| o.rsplit_once(':'))
                .map(|(name, ty)| (name, row_type(ty)))
                .collect()
        }),
    })
}

fn operator_row(fields: &[&'static str]) -> Option<OperatorRow> {
    Some(OperatorRow {
        name: fields.first()?,
        left: (*fields.get(1)? != "-").then(|| row_type(fields[1])),
        right: row_type(fields.get(2)?),
        result: row_type(fields.get(3)?),
        volatility: volatility_of(fields.get(4)?),
    })
}

fn cast_row(fields: &[&'static str]) -> Option<CastRow> {
    Some(CastRow {
        source: row_type(fields.first()?),
        target: row_type(fields.get(1)?),
        context: match *fields.get(2)? {
            "i" => Context::Implicit,
            "a" => Context::Assignment,
            _ => Context::Explicit,
        },
        method: match *fields.get(3)? {
            "f" => CastMethod::Function,
            "b" => CastMethod::Binary,
            _ => CastMethod::InOut,
        },
        function_args: fields.get(4)?.parse().ok()?,
        volatility: volatility_of(fields.get(5)?),
    })
}

fn volatility_of(letter: &str) -> Volatility {
    match letter {
        "i" => Volatility::Immutable,
        "s" => Volatility::Stable,
        _ => Volatility::Volatile,
    }
}

fn row_type(name: &'static str) -> RowType {
    let (base, array) = name.strip_suffix("[]").map_or((name, false), |base| (base, true));
    static TYPES: OnceLock<FxHashMap<&'static str, Builtin>> = OnceLock::new();
    let types = TYPES.get_or_init(|| Builtin::ALL.iter().map(|b| (b.typname(), *b)).collect());
    let base = match types.get(base) {
        Some(builtin) => RowBase::Builtin(*builtin),
        None if base.starts_with("pg_") => RowBase::Other,
        None => RowBase::Extension(base),
    };
    RowType { base, array }
}

fn category(letter: &str) -> Category {
    match letter {
        "A" => Category::A,
        "B" => Category::B,
        "C" => Category::C,
        "D" => Category::D,
        "G" => Category::G,
        "I" => Category::I,
        "N" => Category::N,
        "P" => Category::P,
        "R" => Category::R,
        "S" => Category::S,
        "T" => Category::T,
        "V" => Category::V,
        "X" => Category::X,
        "Z" => Category::Z,
        _ => Category::U,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let count = |data: &str| data.lines().count();
        let catalog = catalog();
        let functions: usize = catalog.functions.values().map(Vec::len).sum();
        assert_eq!(functions, count(include_str!("data/functions.tsv")));
        let operators: usize = catalog.operators.values().map(Vec::len).sum();
        assert_eq!(operators, count(include_str!("data/operators.tsv")));
        assert_eq!(catalog.casts.len(), count(include_str!("data/casts.tsv")));
        assert_eq!(catalog.opclasses.len(), count(include_str!("data/opclasses.tsv")));
        let interval = catalog.functions("make_interval");
        assert_eq!((interval[0].defaults, interval[0].arg_names.len()), (7, 7));
        let citext = extension("citext").expect("listed");
        assert_eq!(citext.types[0].category, Category::S);
        assert!(!citext.operators("=").is_empty());
    }

    #[test]
    fn rows_name_known_types() {
        let catalog = catalog();
        let known = |ty: RowType| !matches!(ty.base, RowBase::Extension(_));
        for row in catalog.functions.values().flatten() {
            assert!(
                row.args.iter().all(|t| known(*t)) && known(row.returns),
                "{row:?}"
            );
        }
        for row in catalog.operators.values().flatten() {
            assert!(known(row.right) && known(row.result), "{row:?}");
        }
    }
}
