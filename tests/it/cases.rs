//! Odd and regression cases across all stages: `tests/cases/*.md`, annotated Markdown.

use crate::harness::{documents, run_document};

#[test]
fn cases() {
    let all = documents("tests/cases");
    assert!(!all.is_empty(), "tests/cases holds no document");
    let wrong: Vec<String> = all.iter().flat_map(|(_, path)| run_document(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
