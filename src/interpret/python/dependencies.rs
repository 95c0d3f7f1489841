//! The libraries that a repository says it needs: their names decide whether `import redis` beside a `redis.py` means the library.

use rustc_hash::FxHashSet;

use crate::source::Files;

/// The names of libraries in requirement files, `pyproject.toml`, `Pipfile`, `setup.py`, `setup.cfg` and Conda's `environment.yml`:
/// each whole with `_`, its first and its last part, lower case.
pub(super) fn declared(files: &Files) -> FxHashSet<String> {
    let mut out = FxHashSet::default();
    for (id, entry) in files.importable() {
        let start = entry.path.bytes().rposition(|byte| byte == b'/');
        let name = entry.path.get(start.map_or(0, |at| at + 1)..).unwrap_or("");
        let is_text = name.ends_with(".txt");
        let plain = (is_text || name.ends_with(".in")) && name.contains("requirements")
            || is_text && entry.path.contains("requirements/");
        let tables = matches!(
            name,
            "pyproject.toml" | "Pipfile" | "setup.py" | "setup.cfg" | "environment.yml" | "environment.yaml"
        );
        if plain || tables {
            read(&files.text(id), plain, &mut out);
        }
    }
    out
}

fn read(text: &str, plain: bool, out: &mut FxHashSet<String>) {
    let mut within = plain;
    let mut own = false;
    for line in text.lines() {
        let line = line.trim();
        // The project's own packages, a line each.
        if !plain && (own || is_list_of_packages(line)) {
            own = !line.contains(']');
            continue;
        }
        if line.starts_with('[') && !plain {
            within = ["dependencies", "packages", "dependency-groups", "extras"]
                .iter()
                .any(|w| line.contains(w));
            continue;
        }
        // Options of pip (`--hash=sha256:...`) name no library.
        if line.starts_with('#') || plain && line.starts_with("--") {
            continue;
        }
        // Everything in quotes that is followed by a version or stands on a line of its own.
        let is_quote = |b: u8| matches!(b, b'"' | b'\'');
        let names_in_quotes = line.bytes().any(is_quote)
            && (line.bytes().next().is_some_and(is_quote)
                || line.contains("require")
                || line.contains("dependencies"));
        if names_in_quotes {
            let mut parts = line.split(['"', '\'']);
            while let (Some(_), Some(quoted)) = (parts.next(), parts.next()) {
                name(quoted, out);
            }
        }
        if within || line.starts_with("- ") {
            name(line.trim_start_matches("- "), out);
        }
    }
}

/// `packages=["a",`, `py_modules = [`: what the project itself brings.
fn is_list_of_packages(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else {
        return false;
    };
    matches!(name.trim_end(), "packages" | "py_modules" | "py-modules") && value.trim_start().starts_with('[')
}

/// The name at the start of a requirement.
fn name(requirement: &str, out: &mut FxHashSet<String>) {
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    let name = requirement
        .get(..end)
        .unwrap_or("")
        .trim_matches(['-', '.'])
        .to_ascii_lowercase();
    if name.is_empty() || name.len() > 80 {
        return;
    }
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    for part in parts.first().into_iter().chain(parts.last()) {
        // `PyGithub`, `PyYAML`.
        if let Some(rest) = part.strip_prefix("py").filter(|r| r.len() > 2) {
            out.insert(rest.to_owned());
        }
        out.insert((*part).to_owned());
    }
    for end in 2..=parts.len() {
        out.insert(parts.get(..end).unwrap_or_default().join("_"));
    }
}

#[cfg(test)]
mod tests {
    use super::declared;
    use crate::source::Files;

    #[test]
    fn names_of_libraries() {
        let files = Files::in_memory([
            (
                "requirements.txt",
                "redis==5.0 --hash=sha256:aa\n    --hash=sha256:bb\nPyGithub>=2\n-r base.txt\ncelery[redis]\n",
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"shop\"\ndependencies = [\n  \"openai-agents>=0.1\",\n]\n[tool.poetry.dependencies]\nhttpx = \"^0.27\"\n[tool.x]\nmodels = 1\n",
            ),
        ]);
        let all = declared(&files);
        for name in ["redis", "github", "celery", "agents", "httpx"] {
            assert!(all.contains(name), "{name}");
        }
        for name in ["shop", "models", "name", "hash"] {
            assert!(!all.contains(name), "{name}");
        }
    }
}
