//! Annotated Markdown: headings are cases, code blocks after a path are files, comments with carets are the findings.
//!
//! * `^^^^ rule-name` below a line: the primary place of a finding is exactly above the carets. Text after a colon is contained
//!   in its message.
//! * `~~~~ rule-name` below a line: a related place of a finding of that rule, exactly there.
//! * `@line rule-name`, `~line rule-name`: the same for a place that begins on that line where no caret can reach it.
//!
//! Of a place over several lines the carets mark its part of the first. The places found must be the places written, no more
//! and no less. With `SCHEMALIGN_UPDATE=1` the annotations are written anew: read them before they are kept.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use schemalign::finding::Finding;
use schemalign::source::{Files, Span};

/// One file of a case.
#[derive(Debug, Clone)]
pub(crate) struct CaseFile {
    pub(crate) path: String,
    /// Lines of the block, annotations left out.
    pub(crate) lines: Vec<String>,
    /// First line of the block in the document, and one past its last, both from 0.
    block: (usize, usize),
    /// The comment marker of its language.
    comment: &'static str,
    annotations: Vec<Annotation>,
}

/// Where an annotation points, and for what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Annotation {
    /// Line of the file, from 0.
    line: usize,
    /// Columns from 0; `None` for `@line`.
    columns: Option<(usize, usize)>,
    related: bool,
    rule: String,
    /// What the message contains.
    text: String,
}

/// One heading with the files below it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Headings from the outermost in, without the title of the document.
    pub(crate) heading: Vec<String>,
    pub(crate) files: Vec<CaseFile>,
}

/// A document: its lines and its cases.
pub(crate) struct Document {
    pub(crate) lines: Vec<String>,
    pub(crate) cases: Vec<Case>,
}

impl Document {
    #[expect(clippy::disallowed_methods, reason = "reads the cases")]
    pub(crate) fn open(path: &Path) -> Document {
        Document::read(&std::fs::read_to_string(path).expect("the document is text"))
    }

    /// Reads a document.
    pub(crate) fn read(text: &str) -> Document {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut cases: Vec<Case> = Vec::new();
        let mut headings: Vec<String> = Vec::new();
        let mut path: Option<String> = None;
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at].trim_end();
            if let Some(language) = line.strip_prefix("```") {
                let end = (at + 1..lines.len())
                    .find(|&i| lines[i].trim_end() == "```")
                    .expect("a fence is closed");
                if let Some(path) = path.take() {
                    let file = CaseFile::read(path, language, &lines[at + 1..end], (at + 1, end));
                    match cases.last_mut().filter(|c| c.heading == headings) {
                        Some(case) => case.files.push(file),
                        None => cases.push(Case {
                            heading: headings.clone(),
                            files: vec![file],
                        }),
                    }
                }
                at = end + 1;
                continue;
            }
            if line.starts_with("##") {
                let depth = line.bytes().take_while(|b| *b == b'#').count() - 2;
                headings.truncate(depth);
                headings.push(line.trim_start_matches('#').trim().to_owned());
            } else if let Some(inner) = line.strip_prefix('`').and_then(|l| l.strip_suffix('`')) {
                path = (!inner.contains('`')).then(|| inner.to_owned());
            } else if !line.is_empty() {
                path = None;
            }
            at += 1;
        }
        Document { lines, cases }
    }
}

impl CaseFile {
    fn read(path: String, language: &str, block: &[String], place: (usize, usize)) -> CaseFile {
        let comment = match language.trim() {
            "prisma" | "ts" | "js" | "rust" => "//",
            "sql" => "--",
            _ => "#",
        };
        let mut lines: Vec<String> = Vec::new();
        let mut annotations = Vec::new();
        for line in block {
            match annotation(line, comment, lines.len()) {
                Some(annotation) => annotations.push(annotation),
                None => lines.push(line.clone()),
            }
        }
        annotations.sort();
        CaseFile {
            path,
            lines,
            block: place,
            comment,
            annotations,
        }
    }

    pub(crate) fn text(&self) -> String {
        self.lines
            .iter()
            .fold(String::new(), |out, line| out + line + "\n")
    }
}

/// Reads a line that is an annotation of the line above it, which is the last of `above` lines.
fn annotation(line: &str, comment: &str, above: usize) -> Option<Annotation> {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let rest = line.trim_start().strip_prefix(comment)?;
    let pad = rest.chars().take_while(|c| *c == ' ').count();
    let rest = &rest[pad..];
    let (mark, tail) = rest.split_once(' ')?;
    let first = indent + comment.len() + pad;
    let (related, columns) = match mark {
        "@line" => (false, None),
        "~line" => (true, None),
        _ if mark.bytes().all(|b| b == b'^') => (false, Some((first, first + mark.len()))),
        _ if mark.bytes().all(|b| b == b'~') => (true, Some((first, first + mark.len()))),
        _ => return None,
    };
    let (rule, text) = tail.split_once(':').unwrap_or((tail, ""));
    Some(Annotation {
        line: above.checked_sub(1)?,
        columns,
        related,
        rule: rule.trim().to_owned(),
        text: text.trim().to_owned(),
    })
}

/// All places that findings show in one file.
fn places(files: &Files, path: &str, findings: &[Finding], comment: &str) -> Vec<(Annotation, String)> {
    let mut out = Vec::new();
    let mut related = BTreeSet::new();
    for finding in findings {
        let all =
            std::iter::once((finding.span, false)).chain(finding.related.iter().map(|r| (r.span, true)));
        for (span, is_related) in all.filter(|(span, _)| files.path(span.file) == path) {
            let place = place(files, span, is_related, finding.rule, comment);
            if !is_related || related.insert(place.clone()) {
                out.push((place, finding.message.clone()));
            }
        }
    }
    out.sort();
    out
}

fn place(files: &Files, span: Span, related: bool, rule: &str, comment: &str) -> Annotation {
    let (start, end) = (files.start(span), files.end(span));
    let text = files.text(span.file);
    let line = start.line as usize - 1;
    let width = text.lines().nth(line).map_or(0, |l| l.chars().count());
    let first = start.column as usize - 1;
    let last = if end.line == start.line {
        end.column as usize - 1
    } else {
        width
    };
    let reachable = first >= comment.len() && last > first;
    Annotation {
        line,
        columns: reachable.then_some((first, last)),
        related,
        rule: rule.to_owned(),
        text: String::new(),
    }
}

/// Runs a case: what is written and not found, and what is found and not written. Empty when all is well.
pub(crate) fn run(case: &Case) -> (Vec<String>, Vec<Finding>) {
    let (files, findings) = check(case);
    let mut wrong = Vec::new();
    for file in &case.files {
        let mut found = places(&files, &file.path, &findings, file.comment);
        for written in &file.annotations {
            let hit = found.iter().position(|(place, message)| {
                (place.line, place.columns, place.related, &place.rule)
                    == (written.line, written.columns, written.related, &written.rule)
                    && message.contains(&written.text)
            });
            match hit {
                Some(at) => drop(found.remove(at)),
                None => wrong.push(format!("  not found: {}", describe(file, written))),
            }
        }
        for (place, message) in found {
            wrong.push(format!(
                "  not written: {}\n      {message}",
                describe(file, &place)
            ));
        }
    }
    let listed: Vec<&str> = case.files.iter().map(|f| f.path.as_str()).collect();
    for finding in &findings {
        if !listed.contains(&files.path(finding.span.file)) {
            wrong.push(format!("  in no file of the case: {}", finding.message));
        }
    }
    (wrong, findings)
}

fn describe(file: &CaseFile, place: &Annotation) -> String {
    let line = file.lines.get(place.line).map_or("", String::as_str);
    let what = if place.related { "related" } else { "finding" };
    let part: String = match place.columns {
        Some((from, to)) => line.chars().skip(from).take(to - from).collect(),
        None => format!("(line) {line}"),
    };
    let text = if place.text.is_empty() {
        String::new()
    } else {
        format!(": {}", place.text)
    };
    format!(
        "{what} {} at {}:{} `{part}`{text}",
        place.rule,
        file.path,
        place.line + 1
    )
}

pub(crate) fn check(case: &Case) -> (Files, Vec<Finding>) {
    let mut files = Files::in_memory(case.files.iter().map(|f| (f.path.clone(), f.text())));
    let mut options = schemalign::config::Options::default();
    schemalign::check::configure(&mut files, &mut options, Vec::new()).expect("the configuration is right");
    let findings = schemalign::check::check(&files, &options)
        .expect("the options fit")
        .findings;
    (files, findings)
}

/// The document with the annotations that the findings call for. Texts after a colon are kept where the rule stays.
pub(crate) fn rewrite(document: &Document) -> String {
    let mut lines: Vec<Option<String>> = document.lines.iter().cloned().map(Some).collect();
    for case in &document.cases {
        let (files, findings) = check(case);
        for file in &case.files {
            let mut block = String::new();
            let mut found = places(&files, &file.path, &findings, file.comment);
            found.sort_by_key(|(place, _)| (place.line, place.related));
            for (number, line) in file.lines.iter().enumerate() {
                block.push_str(line);
                block.push('\n');
                for (place, message) in found.iter().filter(|(p, _)| p.line == number) {
                    let kept = file.annotations.iter().find(|a| {
                        a.line == number
                            && a.rule == place.rule
                            && !a.text.is_empty()
                            && message.contains(&a.text)
                    });
                    write_annotation(&mut block, file.comment, place, kept.map_or("", |a| &a.text));
                }
            }
            for line in &mut lines[file.block.0..file.block.1] {
                *line = None;
            }
            if file.block.0 < file.block.1 {
                lines[file.block.0] = Some(block.trim_end_matches('\n').to_owned());
            }
        }
    }
    lines
        .into_iter()
        .flatten()
        .fold(String::new(), |out, line| out + &line + "\n")
}

fn write_annotation(out: &mut String, comment: &str, place: &Annotation, text: &str) {
    let mark = if place.related { "~" } else { "^" };
    let colon = if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    };
    let _ = match place.columns {
        Some((from, to)) => writeln!(
            out,
            "{comment}{}{} {}{colon}",
            " ".repeat(from - comment.len()),
            mark.repeat(to - from),
            place.rule
        ),
        None if place.related => writeln!(out, "{comment} ~line {}{colon}", place.rule),
        None => writeln!(out, "{comment} @line {}{colon}", place.rule),
    };
}

/// Whether annotations are to be written anew.
#[expect(clippy::disallowed_methods, reason = "the switch of the tests")]
pub(crate) fn updating() -> bool {
    std::env::var("SCHEMALIGN_UPDATE").is_ok_and(|v| v == "1")
}

/// Every Markdown file of a folder of the project, by name.
pub(crate) fn documents(folder: &str) -> Vec<(String, std::path::PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut out: Vec<_> = std::fs::read_dir(root)
        .map(|entries| entries.flatten().map(|e| e.path()).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .filter_map(|p| Some((p.file_stem()?.to_str()?.to_owned(), p)))
        .collect();
    out.sort();
    out
}

/// Runs every case of a document, or rewrites it; what is wrong, by heading.
pub(crate) fn run_document(path: &Path) -> Vec<String> {
    let document = Document::open(path);
    if updating() {
        std::fs::write(path, rewrite(&document)).expect("the document can be written");
        return Vec::new();
    }
    let mut out = Vec::new();
    for case in &document.cases {
        let (wrong, _) = run(case);
        if !wrong.is_empty() {
            out.push(format!(
                "{} > {}\n{}",
                path.display(),
                case.heading.join(" > "),
                wrong.join("\n")
            ));
        }
    }
    out
}

/// Copies a folder and all that lies in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
