//! Two texts as a unified diff, which `patch` and `git apply` take.

use std::fmt::Write;

/// Lines of context around a change.
const CONTEXT: usize = 3;
/// Differences that are looked for; texts that differ more are shown as one change.
const MOST: usize = 2000;

/// The diff of one file; empty where the texts are the same.
#[must_use]
pub fn unified(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (a, b): (Vec<&str>, Vec<&str>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    let steps = steps(&a, &b);
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    for hunk in hunks(&steps) {
        let lines = steps.get(hunk).unwrap_or(&[]);
        let (Some(first), old, new) = (
            lines.first(),
            lines.iter().filter(|s| s.kind != '+').count(),
            lines.iter().filter(|s| s.kind != '-').count(),
        ) else {
            continue;
        };
        let start = |at: usize, count: usize| if count == 0 { at } else { at + 1 };
        let _ = writeln!(
            out,
            "@@ -{},{old} +{},{new} @@",
            start(first.a, old),
            start(first.b, new)
        );
        for step in lines {
            let line = match step.kind {
                '+' => b.get(step.b),
                _ => a.get(step.a),
            };
            let line = line.copied().unwrap_or("");
            let _ = write!(out, "{}{line}", step.kind);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// A line of the diff: ` `, `-` or `+`, and where both texts stand there.
#[derive(Debug, Clone, Copy)]
struct Step {
    kind: char,
    a: usize,
    b: usize,
}

/// The shortest way from one text to the other (Myers, "An O(ND) Difference Algorithm and Its Variations").
fn steps(a: &[&str], b: &[&str]) -> Vec<Step> {
    let same = |x: usize, y: usize| a.get(x).is_some_and(|line| Some(line) == b.get(y));
    let offset = MOST + 1;
    let mut reach = vec![0usize; 2 * offset + 1];
    let mut trace: Vec<Vec<usize>> = Vec::new();
    let mut found = false;
    for d in 0..=(a.len() + b.len()).min(MOST) {
        trace.push(reach.clone());
        let mut k = offset - d;
        while k <= offset + d {
            let down = k == offset - d || (k != offset + d && reach[k - 1] < reach[k + 1]);
            let mut x = if down { reach[k + 1] } else { reach[k - 1] + 1 };
            let mut y = (x + offset).saturating_sub(k);
            while same(x, y) {
                (x, y) = (x + 1, y + 1);
            }
            reach[k] = x;
            if x >= a.len() && y >= b.len() {
                found = true;
                break;
            }
            k += 2;
        }
        if found {
            break;
        }
    }
    if !found {
        let gone = (0..a.len()).map(|at| Step {
            kind: '-',
            a: at,
            b: 0,
        });
        let come = (0..b.len()).map(|at| Step {
            kind: '+',
            a: a.len(),
            b: at,
        });
        return gone.chain(come).collect();
    }
    walk_back(&trace, offset, a.len(), b.len())
}

/// The steps, from the last to the first.
fn walk_back(trace: &[Vec<usize>], offset: usize, mut x: usize, mut y: usize) -> Vec<Step> {
    let mut out = Vec::new();
    for (d, reach) in trace.iter().enumerate().rev() {
        let k = (x + offset).saturating_sub(y);
        let down = k == offset - d || (k != offset + d && reach[k - 1] < reach[k + 1]);
        let before = if down { k + 1 } else { k.saturating_sub(1) };
        let from = if d == 0 { 0 } else { reach[before] };
        let from_y = if d == 0 {
            0
        } else {
            (from + offset).saturating_sub(before)
        };
        while x > from && y > from_y {
            (x, y) = (x - 1, y - 1);
            out.push(Step {
                kind: ' ',
                a: x,
                b: y,
            });
        }
        if d == 0 {
            break;
        }
        if down {
            y = y.saturating_sub(1);
            out.push(Step {
                kind: '+',
                a: x,
                b: y,
            });
        } else {
            x = x.saturating_sub(1);
            out.push(Step {
                kind: '-',
                a: x,
                b: y,
            });
        }
    }
    out.reverse();
    out
}

/// Ranges of steps: each change with its context, those near each other together.
fn hunks(steps: &[Step]) -> Vec<std::ops::Range<usize>> {
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in steps.iter().enumerate().filter(|(_, step)| step.kind != ' ') {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(steps.len()));
        match out.last_mut() {
            Some(last) if last.end >= start => last.end = end,
            _ => out.push(start..end),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_changed_with_those_around_them() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        let after = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nnew\nl";
        let diff = unified("x.txt", before, after);
        let expected = "--- a/x.txt\n+++ b/x.txt\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -9,4 +9,5 @@\n i\n j\n k\n-l\n+new\n+l\n\
                        \\ No newline at end of file\n";
        assert_eq!(diff, expected);
        assert_eq!(unified("x", "a\n", "a\n"), "");
        assert_eq!(unified("x", "", "a\n"), "--- a/x\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n");
    }
}
