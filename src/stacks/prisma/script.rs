//! `prisma.config.ts`, as far as it can be read off: the object literal that it exports, its strings and joined paths.
//!
//! Nothing is run. A value that is neither a string nor a joined path of strings is said to be there and not known.

/// What a configuration file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// `schema`: a path relative to the file; `Some(None)` where it is there and cannot be told.
    pub(super) schema: Option<Option<String>>,
    /// `migrations.path`, likewise.
    pub(super) migrations: Option<Option<String>>,
    /// `tables.external`.
    pub(super) external_tables: Vec<String>,
    /// `enums.external`.
    pub(super) external_enums: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Mark(u8),
}

/// Reads a configuration file.
pub(super) fn read(text: &str) -> Settings {
    let tokens = tokens(text);
    let mut out = Settings::default();
    let Some(object) = exported(&tokens) else {
        return out;
    };
    for (key, value) in entries(object) {
        match key {
            "schema" => out.schema = Some(path(value)),
            "migrations" => {
                let inner = entries(value).into_iter().find(|(key, _)| *key == "path");
                out.migrations = inner.map(|(_, value)| path(value));
            }
            "tables" => out.external_tables = external(value),
            "enums" => out.external_enums = external(value),
            _ => {}
        }
    }
    out
}

fn external(value: &[Token<'_>]) -> Vec<String> {
    let inner = entries(value).into_iter().find(|(key, _)| *key == "external");
    inner.map_or_else(Vec::new, |(_, list)| {
        list.iter()
            .filter_map(|token| match token {
                Token::Text(text) => Some((*text).to_owned()),
                Token::Word(_) | Token::Mark(_) => None,
            })
            .collect()
    })
}

/// From the brace of the object that the file exports.
fn exported<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let open = |from: usize| tokens.get(from) == Some(&Token::Mark(b'{'));
    let word = |i: usize, text: &str| tokens.get(i) == Some(&Token::Word(text));
    let starts = 0..tokens.len();
    let call = starts
        .clone()
        .find(|&i| word(i, "defineConfig") && tokens.get(i + 1) == Some(&Token::Mark(b'(')) && open(i + 2));
    let found = call.map(|i| i + 2).or_else(|| {
        starts.clone().find_map(|i| {
            let default = word(i, "export") && word(i + 1, "default") && open(i + 2);
            let assigned = tokens.get(i) == Some(&Token::Mark(b'=')) && open(i + 1);
            match (default, assigned) {
                (true, _) => Some(i + 2),
                (_, true) => Some(i + 1),
                _ => None,
            }
        })
    });
    tokens.get(found?..)
}

/// The entries of the object literal that `object` begins with: key and the tokens of its value.
fn entries<'t, 'a>(object: &'t [Token<'a>]) -> Vec<(&'a str, &'t [Token<'a>])> {
    let mut out = Vec::new();
    if object.first() != Some(&Token::Mark(b'{')) {
        return out;
    }
    let mut at = 1;
    while let Some(token) = object.get(at) {
        let end = at + value_end(&object[at..]);
        if let (Token::Word(key) | Token::Text(key), Some(Token::Mark(b':'))) = (token, object.get(at + 1)) {
            out.push((*key, object.get(at + 2..end).unwrap_or_default()));
        }
        if object.get(end) != Some(&Token::Mark(b',')) {
            break;
        }
        at = end + 1;
    }
    out
}

/// How many tokens stand before the comma or bracket that ends a value.
fn value_end(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark(b'(' | b'[' | b'{') => depth += 1,
            Token::Mark(b')' | b']' | b'}') if depth == 0 => return i,
            Token::Mark(b')' | b']' | b'}') => depth -= 1,
            Token::Mark(b',') if depth == 0 => return i,
            Token::Mark(_) | Token::Word(_) | Token::Text(_) => {}
        }
    }
    tokens.len()
}

/// A string, or `path.join(...)` and `path.resolve(...)` of strings and the file's own folder.
fn path(value: &[Token<'_>]) -> Option<String> {
    if let [Token::Text(text)] = value {
        return Some((*text).to_owned());
    }
    let open = value.iter().position(|t| *t == Token::Mark(b'('))?;
    let Some(Token::Word("join" | "resolve")) = open.checked_sub(1).and_then(|i| value.get(i)) else {
        return None;
    };
    let inner = value.get(open + 1..)?;
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(rest) = inner.get(at..).filter(|rest| !rest.is_empty()) {
        let end = value_end(rest);
        match rest.get(..end)? {
            [] => {}
            [Token::Text(text)] => parts.push(*text),
            [Token::Word("__dirname")] => {}
            [Token::Word("import"), .., Token::Word("dirname")] => {}
            [Token::Word("process"), .., Token::Mark(b')')] => {}
            _ => return None,
        }
        if rest.get(end) != Some(&Token::Mark(b',')) {
            break;
        }
        at += end + 1;
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Words, strings and marks; comments and the rest are passed over.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'/' if bytes.get(at) == Some(&b'/') => {
                at = text[start..].find('\n').map_or(bytes.len(), |n| start + n);
            }
            b'/' if bytes.get(at) == Some(&b'*') => {
                at = text[start..].find("*/").map_or(bytes.len(), |n| start + n + 2);
            }
            b'"' | b'\'' | b'`' => {
                while bytes.get(at).is_some_and(|b| *b != byte) {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let inner = text.get(start + 1..at).unwrap_or("");
                at = (at + 1).min(bytes.len());
                // What is composed or escaped is no plain string.
                let composed = inner.contains('\\') || byte == b'`' && inner.contains("${");
                out.push(if composed {
                    Token::Mark(byte)
                } else {
                    Token::Text(inner)
                });
            }
            b if b.is_ascii_alphanumeric() || b == b'_' || b == b'$' => {
                while bytes
                    .get(at)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$')
                {
                    at += 1;
                }
                out.push(Token::Word(&text[start..at]));
            }
            b if b.is_ascii_punctuation() => out.push(Token::Mark(b)),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let known = |s: &str| Some(Some(s.to_owned()));
        let settings = read(
            "import path from 'node:path' // {\nexport default defineConfig({\n  schema: path.join(import.meta.dirname, \"prisma\", 'schema'),\n  migrations: { seed: `tsx ${x}`, path: './db/migrations', },\n  tables: { external: ['a', \"auth.b\"] },\n  datasource: { url: env('X') },\n})",
        );
        assert_eq!(settings.schema, known("prisma/schema"));
        assert_eq!(settings.migrations, known("./db/migrations"));
        assert_eq!(settings.external_tables, ["a", "auth.b"]);
        assert_eq!(
            read("export default { schema: 'x.prisma' } satisfies PrismaConfig").schema,
            known("x.prisma")
        );
        assert_eq!(
            read("const config: PrismaConfig = { 'schema': `x` };\nexport default config").schema,
            known("x")
        );
        assert_eq!(
            read("export default defineConfig({ schema: where() })").schema,
            Some(None)
        );
        assert_eq!(read("export default defineConfig({})").schema, None);
        for hostile in [
            "defineConfig({",
            "defineConfig({ schema: path.join(",
            "'\\",
            "`${",
            "/*",
            "{{{{((((",
            "é\u{0}",
        ] {
            let _ = read(hostile);
        }
    }
}
