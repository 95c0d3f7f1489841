//! `check --watch`: it checks again after a change, and after nothing else.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::harness::copy_folder;

/// Longest that a check is waited for.
const LONG: Duration = Duration::from_secs(60);
/// How long nothing is to happen.
const STILL: Duration = Duration::from_millis(1500);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn new(root: &Path, arguments: &[&str]) -> Watching {
        let mut child = Command::new(env!("CARGO_BIN_EXE_schemalign"))
            .args(["check", "--watch", "--format", "concise"])
            .args(arguments)
            .current_dir(root)
            .env_remove("CI")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out = sender.clone();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| out.send(line))
        });
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Watching { child, lines }
    }

    /// What one check says; `None` where none comes.
    fn check(&self, within: Duration) -> Option<String> {
        let mut out = String::new();
        loop {
            let line = self.lines.recv_timeout(within).ok()?;
            if line.starts_with("watching") {
                // What stdout says may come after it.
                while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(300)) {
                    out += &(line + "\n");
                }
                return Some(out);
            }
            out += &(line + "\n");
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_change_is_checked_once_and_nothing_else_is() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watch");
    let _ = std::fs::remove_dir_all(&root);
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop"),
        &root,
    );
    let model = root.join("prisma/schema.prisma");
    let text = std::fs::read_to_string(&model).unwrap();
    let watching = Watching::new(&root, &["--output", "json=report.json"]);
    let first = watching.check(LONG).expect("it checks at once");
    assert!(first.contains("missing-column"), "{first}");
    assert!(root.join("report.json").is_file());
    assert_eq!(watching.check(STILL), None, "it watches what it wrote itself");

    std::fs::write(&model, text.replace("coupon", "voucher")).unwrap();
    let second = watching.check(LONG).expect("a file that is written is checked");
    assert!(
        second.contains("voucher") && !second.contains("coupon"),
        "{second}"
    );

    // As editors save: another file takes the name.
    std::fs::write(root.join("prisma/new"), &text).unwrap();
    std::fs::rename(root.join("prisma/new"), &model).unwrap();
    let third = watching.check(LONG).expect("a file that is replaced is checked");
    assert!(third.contains("coupon"), "{third}");

    let migration = root.join("prisma/migrations/20990101000000_coupon/migration.sql");
    std::fs::create_dir_all(migration.parent().unwrap()).unwrap();
    std::fs::write(&migration, "ALTER TABLE \"orders\" ADD COLUMN \"coupon\" TEXT;\n").unwrap();
    let mut last = watching.check(LONG).expect("a file in a new folder is checked");
    // The folder may have been seen before its file.
    while let Some(next) = watching.check(STILL) {
        last = next;
    }
    assert!(!last.contains("coupon"), "{last}");

    std::fs::remove_dir_all(migration.parent().unwrap()).unwrap();
    let mut back = watching.check(LONG).expect("a file that goes is noticed");
    while let Some(next) = watching.check(STILL) {
        back = next;
    }
    assert!(back.contains("coupon"), "{back}");
}
