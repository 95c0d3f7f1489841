//! Elixir itself runs the cases' programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::python::judge::Told;

/// What Elixir says of each program, in each of the ways in which it can come out; `None` where there is no Elixir.
pub(super) fn elixir(programs: &[BTreeMap<String, String>]) -> Option<Vec<Vec<Told>>> {
    let folder = std::env::temp_dir().join(format!("schemalign-elixir-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    for (index, sources) in programs.iter().enumerate() {
        for (path, text) in sources {
            let path = folder.join(format!("{index:04}")).join(path);
            std::fs::create_dir_all(path.parent()?).ok()?;
            std::fs::write(path, text).ok()?;
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge/elixir_programs.exs");
    let out = Command::new("elixir").arg(script).arg(&folder).output().ok()?;
    let _ = std::fs::remove_dir_all(&folder);
    assert!(
        out.status.success(),
        "the judge fails: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let mut all: Vec<Vec<Told>> = Vec::new();
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "program" => all.push(Vec::new()),
            "run" => all.last_mut()?.push(Told {
                lines: Vec::new(),
                raised: None,
            }),
            "emit" => all.last_mut()?.last_mut()?.lines.push(rest.to_owned()),
            "raises" => all.last_mut()?.last_mut()?.raised = Some(rest.to_owned()),
            _ => {}
        }
    }
    assert_eq!(all.len(), programs.len(), "a program is not judged");
    Some(all)
}
