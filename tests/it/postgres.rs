//! A throw-away PostgreSQL server on a Unix socket, the judge of what the simulated database claims.
//!
//! Where the server's programs are absent the judge tests say that they were skipped; with `CI` set they fail instead.
#![expect(
    clippy::disallowed_methods,
    reason = "tests start a server and read the environment; the library never does"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// A running server. Stopped when the test process ends it, or left to the next run's folder clean-up.
pub(crate) struct Server {
    socket: PathBuf,
    bin: PathBuf,
}

/// The one server of this test run; `None` where PostgreSQL is not installed.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    if std::env::var("SCHEMALIGN_JUDGE").as_deref() == Ok("off") {
        eprintln!("skipped: SCHEMALIGN_JUDGE=off");
        return None;
    }
    let server = SERVER.get_or_init(Server::start).as_ref();
    if server.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "PostgreSQL's server programs (initdb, pg_ctl, psql) are needed in CI"
        );
        eprintln!("skipped: PostgreSQL's server programs (initdb, pg_ctl, psql) are not installed");
    }
    server
}

/// Where the server's programs are: on the PATH or in Debian's place.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path().join("bin"));
    let mut debian: Vec<_> = debian.collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev())
        .find(|dir| dir.join("initdb").exists() && dir.join("pg_ctl").exists())
}

impl Server {
    fn start() -> Option<Server> {
        let bin = programs()?;
        let dir = std::env::temp_dir().join(format!("schemalign-judge-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("sock")).ok()?;
        let root = Command::new("id")
            .arg("-u")
            .output()
            .ok()?
            .stdout
            .starts_with(b"0\n");
        if root {
            Command::new("chown")
                .args(["-R", "nobody"])
                .arg(&dir)
                .status()
                .ok()?;
        }
        let run = |program: &Path, args: &[&str]| {
            // A server refuses to run as root.
            let mut command = if root {
                let mut c = Command::new("setpriv");
                c.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
                    .arg(program);
                c
            } else {
                Command::new(program)
            };
            command
                .args(args)
                .current_dir(&dir)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|s| s.success())
        };
        let data = dir.join("data");
        let data = data.to_str()?;
        let socket = dir.join("sock");
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c full_page_writes=off -c autovacuum=off",
            socket.to_str()?
        );
        let started = run(
            &bin.join("initdb"),
            &[
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ],
        ) && run(
            &bin.join("pg_ctl"),
            &[
                "-D",
                data,
                "-w",
                "-l",
                dir.join("log").to_str()?,
                "-o",
                &options,
                "start",
            ],
        );
        assert!(
            started,
            "PostgreSQL is installed in {} and could not be started in {}",
            bin.display(),
            dir.display()
        );
        stop_at_exit(&bin, data, root, &dir);
        Some(Server { socket, bin })
    }

    /// A new database, and a connection to it.
    pub(crate) fn database(&self, name: &str) -> Connection {
        let mut admin = self.connect("postgres");
        admin.run(&format!(
            "DROP DATABASE IF EXISTS \"{name}\";\nCREATE DATABASE \"{name}\";\n"
        ));
        self.connect(name)
    }

    /// The address of a database, as SQLAlchemy writes it.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.socket.display();
        format!("postgresql+psycopg2://postgres@/{database}?host={socket}")
    }

    /// The folder of its socket, the user and the port.
    pub(crate) fn address(&self) -> [String; 3] {
        [
            self.socket.display().to_string(),
            "postgres".to_owned(),
            "5432".to_owned(),
        ]
    }

    /// What `pg_dump -s` says of a database; `None` where it is not installed.
    pub(crate) fn dump(&self, database: &str) -> Option<String> {
        let beside = self.bin.join("pg_dump");
        let program = if beside.exists() {
            beside
        } else {
            PathBuf::from("pg_dump")
        };
        let out = Command::new(program)
            .args(["-s", "-U", "postgres", "-h"])
            .arg(&self.socket)
            .arg(database)
            .output()
            .ok()?;
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "pg_dump {database}: {error}");
        String::from_utf8(out.stdout).ok()
    }

    /// Connects to a database.
    pub(crate) fn connect(&self, database: &str) -> Connection {
        let beside = self.bin.join("psql");
        let psql = if beside.exists() {
            beside
        } else {
            PathBuf::from("psql")
        };
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 2>&1"])
            .arg(psql)
            .args(["-XAtq", "-v", "VERBOSITY=sqlstate", "-U", "postgres", "-h"])
            .arg(&self.socket)
            .args(["-d", database])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql starts");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Connection { child, stdin, stdout }
    }
}

/// Leaves a watcher that stops the server once this process is gone: tests have no end of their own.
fn stop_at_exit(bin: &Path, data: &str, root: bool, dir: &Path) {
    let user = if root {
        "setpriv --reuid=nobody --regid=nogroup --clear-groups"
    } else {
        ""
    };
    let script = format!(
        "while kill -0 {} 2>/dev/null; do sleep 0.3; done; {user} '{}' -D '{data}' -m immediate stop; rm -rf '{}'",
        std::process::id(),
        bin.join("pg_ctl").display(),
        dir.display()
    );
    let _ = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// A `psql` that stays open.
pub(crate) struct Connection {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Connection {
    /// Runs SQL; gives what was printed, error codes as lines `ERROR:  42P07`.
    pub(crate) fn run(&mut self, sql: &str) -> Vec<String> {
        const END: &str = "--end of answer--";
        writeln!(self.stdin, "{sql}\n;\n\\echo {END}").expect("psql takes input");
        self.stdin.flush().expect("psql takes input");
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).expect("psql answers");
            assert!(read > 0, "psql ended: {lines:?}");
            let line = line.trim_end_matches('\n');
            if line == END {
                return lines;
            }
            lines.push(line.to_owned());
        }
    }

    /// Runs SQL; the SQLSTATE of the first error, if any.
    pub(crate) fn error(&mut self, sql: &str) -> Option<String> {
        self.run(sql).iter().find_map(|line| {
            line.strip_prefix("ERROR:  ")
                .map(|code| code.chars().take(5).collect())
        })
    }

    /// The catalog as facts.
    pub(crate) fn facts(&mut self) -> std::collections::BTreeMap<String, String> {
        self.facts_of(include_str!("../judge/catalog.sql"))
    }

    /// The answer of a query that gives facts as one JSON object.
    pub(crate) fn facts_of(&mut self, query: &str) -> std::collections::BTreeMap<String, String> {
        let lines = self.run(query);
        serde_json::from_str(&lines.join("\n"))
            .unwrap_or_else(|e| panic!("the catalog query failed: {e}: {lines:?}"))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = writeln!(self.stdin, "\\q");
        let _ = self.child.wait();
    }
}
