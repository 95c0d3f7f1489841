//! A line on the terminal while a run takes long.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::source::Files;

/// A run that is shorter shows nothing.
const AFTER: Duration = Duration::from_secs(1);
/// How often the line changes.
const EVERY: Duration = Duration::from_millis(250);

/// Does the work; on a terminal a line says how far it is once it takes over a second.
pub(super) fn show<T>(files: &Files, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut delay = AFTER;
            let mut shown = false;
            while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(delay) {
                delay = EVERY;
                shown = true;
                let line = format!(
                    "\r\u{1b}[2Kreading and replaying: {} files read",
                    files.were_read().count()
                );
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
            if shown {
                let _ = std::io::stderr().write_all(b"\r\x1b[2K");
            }
        });
        let result = work();
        drop(done);
        result
    })
}
