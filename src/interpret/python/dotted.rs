//! Dotted paths of modules and of what they hold: `sqlalchemy.orm.Session`. They are asked at every call.

/// The first part.
#[must_use]
pub fn first(path: &str) -> &str {
    let end = path.bytes().position(|byte| byte == b'.');
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

/// The last part.
#[must_use]
pub fn last(path: &str) -> &str {
    let dot = path.bytes().rposition(|byte| byte == b'.');
    dot.and_then(|dot| path.get(dot + 1..)).unwrap_or(path)
}

/// The path of what a thing of a path holds by a name.
#[must_use]
pub fn join(path: &str, name: &str) -> String {
    let mut out = String::with_capacity(path.len() + 1 + name.len());
    out.push_str(path);
    out.push('.');
    out.push_str(name);
    out
}
