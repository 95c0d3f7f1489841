//! Uses of Prisma's models in JavaScript and TypeScript: calls of the client, `prisma.user.findMany(...)`.

use std::sync::LazyLock;

use regex::bytes::Regex;
use rustc_hash::FxHashMap;

use super::{Use, Wanted, is_word};

/// What the client offers for a model (Prisma Client API reference, "Model queries").
const CALLS: &[&str] = &[
    "findUnique",
    "findUniqueOrThrow",
    "findFirst",
    "findFirstOrThrow",
    "findMany",
    "create",
    "createMany",
    "createManyAndReturn",
    "update",
    "updateMany",
    "updateManyAndReturn",
    "upsert",
    "delete",
    "deleteMany",
    "count",
    "aggregate",
    "groupBy",
    "findRaw",
    "aggregateRaw",
    "fields",
];

/// What may be calls of the client.
static FOUND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?:{})(?-u:\b)", CALLS.join("|"))).ok());

/// Whether a text may call the client at all.
pub(super) fn may_call(text: &[u8]) -> bool {
    FOUND.as_ref().is_some_and(|calls| calls.is_match(text))
}

/// The uses in a text. The client calls a model by its name with a small first letter.
pub(super) fn uses<'w>(
    text: &str,
    wanted: &'w [Wanted<'w>],
    by_name: &FxHashMap<&'w str, Vec<usize>>,
) -> Vec<Use<'w>> {
    let mut out = Vec::new();
    let names: FxHashMap<String, &'w str> = wanted.iter().map(|w| (small(w.name), w.name)).collect();
    let calls = FOUND.iter().flat_map(|calls| calls.find_iter(text.as_bytes()));
    for at in calls.map(|call| call.start()) {
        let before = text.get(..at).unwrap_or("").trim_end();
        let Some(before) = before.strip_suffix('.') else {
            continue;
        };
        let before = before.trim_end_matches(['?', '!']).trim_end();
        let start = before.bytes().rposition(|b| !is_word(b)).map_or(0, |i| i + 1);
        let member = before.get(start..).unwrap_or("");
        let is_member = before.get(..start).is_some_and(|b| b.trim_end().ends_with('.'));
        let Some(name) = names.get(member).filter(|_| is_member && !in_comment(text, at)) else {
            continue;
        };
        let of = match by_name.get(name).map(Vec::as_slice) {
            Some([one]) => Some(*one),
            _ => None,
        };
        out.push(Use { name, of });
    }
    out
}

fn small(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Whether a line is a comment up to a place.
fn in_comment(text: &str, at: usize) -> bool {
    let start = text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let line = text.get(start..at).unwrap_or("").trim_start();
    line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
}
