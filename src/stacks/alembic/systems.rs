//! Which database systems the programs of a history connect to: the schemes of the URLs that they are given, of which often no more is
//! known.
//!
//! Source: `create_engine` and `URL.create` (`sqlalchemy/engine/create.py`, `url.py`, 1.4 to 2.0), `engine_from_config`.

use crate::interpret::python::dotted;
use smol_str::SmolStr;

use super::library::Python;
use crate::interpret::python::{Args, Value};
use crate::stacks::sqlalchemy::terms;

/// The schemes of the URLs of a run's engines: each by its name, `None` for one that cannot be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Systems(Vec<Option<SmolStr>>);

impl Systems {
    /// The system that all of them are of, where each is known.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().all(|other| other == first).then_some(())?;
        first.as_deref()
    }

    fn add(&mut self, scheme: Option<SmolStr>) {
        if !self.0.contains(&scheme) {
            self.0.push(scheme);
        }
    }
}

/// Notes the URL of an engine that a call makes, or of one that it sets up.
pub(super) fn note<'a>(machine: &mut Python<'a>, path: &str, args: &Args<'a>) {
    let name = dotted::last(path);
    let url = match name {
        "create_engine" | "create_async_engine"
            if path.starts_with("sqlalchemy") || path.starts_with("sqlmodel") =>
        {
            args.get(0, "url").map(|a| a.value.clone())
        }
        "engine_from_config" | "async_engine_from_config" if path.starts_with("sqlalchemy") => {
            let given = args.get(0, "configuration").map(|a| a.value.clone());
            let entries = given.and_then(|given| machine.dict_items(&given));
            entries.and_then(|entries| {
                let url = entries
                    .into_iter()
                    .rev()
                    .find(|(key, _)| key.as_str().is_some_and(|key| key.ends_with("url")));
                url.map(|(_, url)| url)
            })
        }
        "configure" if path == "alembic.context.configure" => match args.keyword("url") {
            Some(url) => Some(url.value.clone()),
            None => return,
        },
        _ => return,
    };
    let scheme = url.and_then(|url| scheme(&url, 8));
    machine.library.systems.add(scheme);
}

/// The scheme of a URL, without the driver.
fn scheme(url: &Value<'_>, depth: u32) -> Option<SmolStr> {
    let of_text = |text: &str| {
        let (scheme, _) = text.split_once("://")?;
        let name = scheme.split('+').next().unwrap_or(scheme);
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        plain.then(|| SmolStr::new(name))
    };
    match url {
        Value::Str(text) => of_text(text.as_str()),
        Value::Unknown(unknown) if unknown.candidates.is_empty() => {
            of_text(unknown.pattern.first()?.as_ref()?.as_str())
        }
        // A default alone is what a deployment sets otherwise.
        Value::Unknown(unknown)
            if depth > 0 && (unknown.candidates.len() > 1 || !terms::is_left_to_environment(unknown)) =>
        {
            let mut all = unknown.candidates.iter().map(|one| scheme(one, depth - 1));
            let first = all.next()??;
            all.all(|other| other.as_ref() == Some(&first)).then_some(first)
        }
        Value::Term(_) => {
            if let Some((inner, "render_as_string", _)) = terms::method(url) {
                return scheme(inner, depth.checked_sub(1)?);
            }
            let (callee, args) = url.as_call()?;
            let path = callee.as_path()?;
            if !path.starts_with("sqlalchemy.") || depth == 0 {
                return None;
            }
            let first = |name| args.get(0, name).map(|a| &a.value);
            if path.ends_with(".make_url") {
                return scheme(first("name_or_url")?, depth - 1);
            }
            let is_url = path.ends_with(".URL") || path.ends_with(".URL.create");
            let driver = first("drivername").filter(|_| is_url)?;
            let name = driver.as_str()?.split('+').next()?;
            Some(SmolStr::new(name))
        }
        _ => None,
    }
}
