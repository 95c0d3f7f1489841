//! Regular expressions, as far as they are plain: text, anchors, sets, `.` and repetition of one token.

/// A token that matches one character.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Char(char),
    Any,
    Set(Vec<(char, char)>, bool),
}

/// A token with how often it may come.
#[derive(Debug, Clone)]
struct Item {
    token: Token,
    least: usize,
    most: usize,
}

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    items: Vec<Item>,
    start: bool,
    end: bool,
}

/// Whether a pattern is found in a text; `None` where the pattern is not followed.
pub(in crate::session) fn simple_match(text: &str, pattern: &str) -> Option<bool> {
    let pattern = Pattern::parse(pattern)?;
    Some(pattern.find(&text.chars().collect::<Vec<_>>(), 0)?.is_some())
}

/// Replaces the first match, or all; `None` where that is not followed.
pub(super) fn replace(text: &str, pattern: &str, by: &str, all: bool) -> Option<String> {
    if by.contains('\\') {
        return None;
    }
    let pattern = Pattern::parse(pattern)?;
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut from = 0;
    while let Some((start, end)) = pattern.find(&chars, from)? {
        out.extend(&chars[from..start]);
        out.push_str(by);
        if end == start {
            return None;
        }
        from = end;
        if !all || pattern.start {
            break;
        }
    }
    out.extend(&chars[from..]);
    Some(out)
}

impl Pattern {
    fn parse(pattern: &str) -> Option<Pattern> {
        if pattern.len() > 500 || pattern.starts_with("***") || pattern.starts_with("(?") {
            return None;
        }
        let mut chars = pattern.chars().peekable();
        let start = chars.next_if_eq(&'^').is_some();
        let mut end = false;
        let mut items: Vec<Item> = Vec::new();
        while let Some(c) = chars.next() {
            let token = match c {
                '$' if chars.peek().is_none() => {
                    end = true;
                    break;
                }
                '.' => Token::Any,
                '[' => parse_set(&mut chars)?,
                '\\' => match chars.next()? {
                    'd' => Token::Set(vec![('0', '9')], false),
                    'w' => Token::Set(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')], false),
                    's' => Token::Set(vec![(' ', ' '), ('\t', '\r')], false),
                    c if !c.is_alphanumeric() => Token::Char(c),
                    _ => return None,
                },
                '(' | ')' | '|' | '*' | '+' | '?' | '{' | '^' | '$' => return None,
                c => Token::Char(c),
            };
            let (least, most) = match chars.peek() {
                Some('*') => (0, usize::MAX),
                Some('+') => (1, usize::MAX),
                Some('?') => (0, 1),
                Some('{') => {
                    chars.next();
                    let inner: String = chars.by_ref().take_while(|c| *c != '}').collect();
                    let n: usize = inner.parse().ok()?;
                    items.push(Item {
                        token,
                        least: n.min(1000),
                        most: n.min(1000),
                    });
                    continue;
                }
                _ => (1, 1),
            };
            if (least, most) != (1, 1) {
                chars.next();
                if matches!(chars.peek(), Some('?' | '*' | '+')) {
                    return None;
                }
            }
            items.push(Item { token, least, most });
        }
        Some(Pattern { items, start, end })
    }

    /// The first match at or after `from`; outer `None` where it takes too long.
    fn find(&self, text: &[char], from: usize) -> Option<Option<(usize, usize)>> {
        let mut steps = 200_000;
        let last = if self.start { 0 } else { text.len() };
        if self.start && from > 0 {
            return Some(None);
        }
        for at in from..=last {
            if let Some(end) = self.matches(text, at, 0, &mut steps)? {
                return Some(Some((at, end)));
            }
        }
        Some(None)
    }

    fn matches(&self, text: &[char], at: usize, item: usize, steps: &mut u32) -> Option<Option<usize>> {
        *steps = steps.checked_sub(1)?;
        let Some(this) = self.items.get(item) else {
            return Some((!self.end || at == text.len()).then_some(at));
        };
        let mut count = 0;
        while count < this.most && text.get(at + count).is_some_and(|c| this.token.takes(*c)) {
            count += 1;
        }
        while count >= this.least {
            if let Some(end) = self.matches(text, at + count, item + 1, steps)? {
                return Some(Some(end));
            }
            if count == 0 {
                break;
            }
            count -= 1;
        }
        Some(None)
    }
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Token::Char(own) => *own == c,
            Token::Any => true,
            Token::Set(ranges, negated) => {
                ranges.iter().any(|(low, high)| *low <= c && c <= *high) != *negated
            }
        }
    }
}

fn parse_set(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let mut c = chars.next()?;
        match c {
            ']' if !ranges.is_empty() => return Some(Token::Set(ranges, negated)),
            '[' => return None,
            '\\' => {
                c = chars.next()?;
                if c.is_alphanumeric() {
                    return None;
                }
            }
            _ => {}
        }
        if chars.next_if_eq(&'-').is_some() {
            match chars.peek() {
                Some(']') => ranges.extend([(c, c), ('-', '-')]),
                Some(_) => {
                    let high = chars.next()?;
                    if high == '\\' || high == '[' {
                        return None;
                    }
                    ranges.push((c, high));
                }
                None => return None,
            }
        } else {
            ranges.push((c, c));
        }
    }
}
