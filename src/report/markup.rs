//! Text from files inside markup: what XML, a URI, and Markdown need so that nothing from a file is read as their own syntax.

use super::escape;

/// Text or an attribute's value in XML 1.0: control characters, which XML cannot hold, are spelled out first.
#[must_use]
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // No characters of XML 1.0 (section 2.2).
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// A relative path as a URI reference (RFC 3986, section 3.3): everything that is not unreserved is percent-encoded, and a first
/// segment with a colon is never taken for a scheme.
#[must_use]
pub(super) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Text in a line or table cell of Markdown as GitHub and GitLab render it: no markup, no mention, no reference, no link.
#[must_use]
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // These would mention, refer or link whatever precedes them: a backslash does not help there.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            ':' => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '+' | '-'
            | '$' | '=' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_as_markup() {
        assert_eq!(
            xml("<a b='\u{1b}'>&\"\u{ffff}"),
            "&lt;a b=&apos;\\u{1b}&apos;&gt;&amp;&quot;\u{fffd}"
        );
        assert_eq!(uri("a b/c:d/é%.sql"), "a%20b/c%3Ad/%C3%A9%25.sql");
        assert_eq!(
            markdown("|<img src=x> @all #1 [a](https://b) `c`\n"),
            "\\|&lt;img src\\=x&gt; &#64;all &#35;1 \\[a\\]\\(https&#58;//b\\) \\`c\\`\\\\n"
        );
    }
}
