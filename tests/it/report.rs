//! The report for the browser: what is in it, that nothing from files is read as markup, and, where a browser is installed, that it can
//! be used.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use schemalign::check::{self, Sides};
use schemalign::config::Options;
use schemalign::report::html;
use schemalign::source::Files;
use schemalign::{discover, inventory};
use serde_json::Value;

const HOSTILE: &str = "</script><img src=x onerror=injected=1>\u{202e}\"'&<!--";

fn page(texts: &[(String, String)]) -> String {
    let files = Files::in_memory(
        texts
            .iter()
            .map(|(path, text)| (path.clone(), text.clone().into_bytes())),
    );
    let options = Options::default();
    let runs = check::run(&files, &options, Sides::Both).unwrap();
    let report = check::report(&files, &options, &runs).unwrap();
    let mut sections = html::sections(&report, &runs, &files);
    let left = discover::left_models(&files, runs.runs.iter().map(|run| &run.target));
    let subjects = check::subjects(&files, &runs);
    let listed = inventory::all(&files, &subjects, &report.findings, &left);
    sections.push(html::inventory::section(&listed, &files));
    html::page(HOSTILE, &report, &sections)
}

/// Tables whose names try to get out, and `count` more, every tenth with a difference.
fn texts(count: usize) -> Vec<(String, String)> {
    let quoted = HOSTILE.replace('"', "\"\"");
    let mut sql = format!(
        "CREATE TABLE \"{quoted}\" (\"id\" INTEGER PRIMARY KEY, \"{quoted}\" TEXT DEFAULT '</script>');\n"
    );
    let mut models = "datasource db {\n  provider = \"postgresql\"\n}\n".to_owned();
    for at in 0..count {
        let column = if at % 10 == 0 { "" } else { ", \"name\" TEXT" };
        sql += &format!("CREATE TABLE \"T{at}\" (\"id\" INTEGER PRIMARY KEY, \"other\" INTEGER{column});\n");
        models += &format!("model T{at} {{\n  id Int @id\n  other Int?\n  name String? /// {HOSTILE}\n");
        if at > 0 {
            let to = at / 3;
            sql += &format!(
                "ALTER TABLE \"T{at}\" ADD CONSTRAINT \"T{at}_other_fkey\" FOREIGN KEY (\"other\") REFERENCES \"T{to}\" (\"id\") ON DELETE SET NULL ON UPDATE CASCADE;\n"
            );
            models += &format!("  to T{to}? @relation(\"r{at}\", fields: [other], references: [id])\n");
        }
        for from in (at * 3..at * 3 + 3).filter(|from| *from > 0 && *from < count) {
            models += &format!("  from{from} T{from}[] @relation(\"r{from}\")\n");
        }
        models += "}\n";
    }
    vec![
        ("prisma/schema.prisma".to_owned(), models),
        (
            format!("prisma/migrations/1_<b>{}/migration.sql", "&\u{202e}"),
            sql,
        ),
    ]
}

#[test]
fn nothing_from_files_is_markup() {
    let page = page(&texts(12));
    assert!(!page.contains("<img"), "an element got in");
    assert!(!page.contains('\u{202e}'), "what turns text around got in");
    assert_eq!(
        page.matches("</script>").count(),
        2,
        "a script is ended from within"
    );
    assert_eq!(page.matches("<!--").count(), 0, "a comment is begun");
    for outside in ["http:", "https:", "src=", "url(\"", "@import", "<link"] {
        let found = page.find(outside).map(|at| {
            page[at.saturating_sub(60)..]
                .chars()
                .take(140)
                .collect::<String>()
        });
        // The name of SVG's own namespace is no address that anything is loaded from.
        let found =
            found.filter(|text| !text.contains("http://www.w3.org/2000/svg") && !text.contains("img src=x"));
        assert_eq!(found, None, "{outside}");
    }
    assert_eq!(page, self::page(&texts(12)), "it is not the same twice");
}

/// What is listed: each table, key, model and migration once, what is unknown said as such.
#[test]
fn the_inventory_is_a_section() {
    let page = page(&texts(3));
    let (_, section) = page.split_once("<section id=\"inventory\"").expect("the section");
    assert!(page.contains("<a href=\"#inventory\">Inventory <span class=count>"));
    for heading in [
        "<h3>Tables</h3>",
        "<h3>Keys</h3>",
        "<h3>Models</h3>",
        "<h3>Migrations</h3>",
    ] {
        assert_eq!(section.matches(heading).count(), 1, "{heading}");
    }
    assert!(section.contains("<td>public.T2</td>"), "a table by name");
    assert!(section.contains("<dt>migrations</dt><dd>1</dd>"), "totals");
    assert!(
        section.contains("&lt;/script&gt;"),
        "what is hostile is told, escaped"
    );
}

fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let there = |name: &&str| {
        let mut command = Command::new(name);
        let status = command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    let found = names.into_iter().find(there);
    if found.is_none() {
        println!("skipped: there is no browser (Chromium)");
    }
    found
}

/// Opens a page in a browser of that size; what it is after its scripts have run.
fn opened(browser: &str, page: &Path, size: &str) -> String {
    let profile = page.with_extension("profile");
    let out = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=20000",
        ])
        .arg(format!("--window-size={size}"))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let _ = std::fs::remove_dir_all(profile);
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Uses a page; what came of it.
fn used(browser: &str, name: &str, page: &str, size: &str) -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join(format!("{name}.html"));
    let driver = include_str!("../browser/drive.js");
    std::fs::write(
        &path,
        page.replace("</body>", &format!("<script>{driver}</script></body>")),
    )
    .unwrap();
    let seen = opened(browser, &path, size);
    let (_, after) = seen.split_once("<pre id=\"seen\">").expect("the page was used");
    let (json, _) = after.split_once("</pre>").expect("the element ends");
    let json = json
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    serde_json::from_str(&json).expect("what was seen is a document")
}

#[test]
fn a_browser_filters_and_draws() {
    let Some(browser) = browser() else { return };
    let seen = used(browser, "small", &page(&texts(12)), "1200,900");
    assert_eq!(seen["problem"], Value::Null, "{seen}");
    assert_eq!(seen["injected"], false);
    assert_eq!(seen["resources"], 0, "it asks for something");
    let all = seen["all"].as_u64().unwrap();
    assert!(all >= 3, "{seen}");
    assert_eq!(seen["output"], format!("{all} of {all}"));
    assert!(
        seen["ofRule"].as_u64().is_some_and(|n| n > 0 && n < all),
        "{seen}"
    );
    assert_eq!(seen["ofNothing"], 0);
    assert_eq!(seen["again"], all);
    assert!(
        seen["errors"].as_u64().is_some_and(|n| n > 0 && n < all),
        "{seen}"
    );
    assert_eq!(seen["searchFocused"], true);
    assert_eq!(seen["panel"], seen["focusKept"]);
    assert_eq!(seen["focusMoved"], true);
    assert_eq!(seen["closed"], true);
    assert_eq!(seen["allCards"], 13);
    assert_eq!(seen["overlaps"], 0, "cards lie on each other");
    assert!(
        seen["aroundCards"].as_u64().is_some_and(|n| n > 1 && n < 13),
        "{seen}"
    );
}

#[test]
fn it_fits_a_phone_and_bears_a_thousand_tables() {
    let Some(browser) = browser() else { return };
    let seen = used(browser, "large", &page(&texts(1000)), "390,844");
    assert_eq!(seen["problem"], Value::Null, "{seen}");
    assert_eq!(seen["wide"], 0, "the page is wider than the phone");
    assert_eq!(seen["allCards"], 1001);
    assert_eq!(seen["overlaps"], 0, "cards lie on each other");
    // Those with findings come first, and no more than can be looked at.
    assert!(
        seen["cards"].as_u64().is_some_and(|n| n > 10 && n <= 60),
        "{seen}"
    );
}
