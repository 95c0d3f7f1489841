//! How a project names its Flyway migrations: prefixes, separator and suffixes that its configuration sets.
//!
//! Source: the parameters of Flyway's manual (`sqlMigrationPrefix`, `repeatableSqlMigrationPrefix`, `baselineMigrationPrefix`,
//! `sqlMigrationSeparator`, `sqlMigrationSuffixes`), in `flyway.conf`, `flyway.toml`, a build's plugin or Spring's
//! `application.yml`, where words may be parted by hyphens. Programs keep `V` and `R` (`BaseJavaMigration.java`).

use super::history::{Kind, Version};
use crate::source::Files;

/// Where the settings may stand, in every folder from the migrations' own up.
const FILES: &[&str] = &[
    "flyway.toml",
    "flyway.conf",
    "conf/flyway.toml",
    "conf/flyway.conf",
    "application.properties",
    "application.yml",
    "application.yaml",
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "src/main/resources/application.yaml",
    "build.gradle",
    "build.gradle.kts",
    "pom.xml",
];

/// Endings of programs.
const PROGRAMS: &[&str] = &[".java", ".kt", ".groovy", ".scala"];

/// The parts of a migration's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    versioned: String,
    repeatable: String,
    baseline: String,
    separator: String,
    suffixes: Vec<String>,
}

impl Default for Naming {
    fn default() -> Self {
        Naming {
            versioned: "V".to_owned(),
            repeatable: "R".to_owned(),
            baseline: "B".to_owned(),
            separator: "__".to_owned(),
            suffixes: vec![".sql".to_owned()],
        }
    }
}

impl Naming {
    /// What the nearest configuration says of the migrations of a folder.
    #[must_use]
    pub fn of(files: &Files, folder: &str) -> Naming {
        let mut told: Vec<(Setting, String)> = Vec::new();
        let above = std::iter::successors(Some(folder), |path| match path.rsplit_once('/') {
            Some((above, _)) => Some(above),
            None => (!path.is_empty()).then_some(""),
        });
        for path in above {
            for name in FILES {
                let path = if path.is_empty() {
                    (*name).to_owned()
                } else {
                    format!("{path}/{name}")
                };
                let Some(file) = files.find(&path) else { continue };
                let text = files.text(file);
                // The nearest file that says something of a setting says it.
                for (setting, value) in text.lines().filter_map(setting) {
                    if told.iter().all(|(known, _)| *known != setting) {
                        told.push((setting, value));
                    }
                }
            }
        }
        let mut out = Naming::default();
        for (setting, value) in told {
            match setting {
                Setting::Versioned => out.versioned = value,
                Setting::Repeatable => out.repeatable = value,
                Setting::Baseline => out.baseline = value,
                Setting::Separator => out.separator = value,
                Setting::Suffixes => out.suffixes = list(&value),
            }
        }
        out
    }

    /// Whether a file is SQL by its name.
    #[must_use]
    pub fn is_sql(&self, name: &str) -> bool {
        self.stem(name).is_some()
    }

    fn stem<'a>(&self, name: &'a str) -> Option<&'a str> {
        self.suffixes
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix.as_str()))
    }

    /// What a file is; `None` for undo migrations, for callbacks of other commands, and for files that are none of Flyway's.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<Kind> {
        if let Some(stem) = PROGRAMS.iter().find_map(|ending| name.strip_suffix(ending)) {
            return match Naming::default().named(stem)? {
                Kind::Callback(_) => None,
                kind => Some(kind),
            };
        }
        self.named(self.stem(name)?)
    }

    fn named(&self, stem: &str) -> Option<Kind> {
        if let "beforeMigrate" | "afterMigrate" = stem.split(self.separator.as_str()).next()? {
            return Some(Kind::Callback(stem.to_owned()));
        }
        let (head, description) = stem.split_once(self.separator.as_str())?;
        if head == self.repeatable {
            return Some(Kind::Repeatable(description.replace('_', " ")));
        }
        let versioned = head.strip_prefix(self.versioned.as_str()).and_then(version);
        let baseline = || head.strip_prefix(self.baseline.as_str()).and_then(version);
        versioned
            .map(Kind::Versioned)
            .or_else(|| baseline().map(Kind::Baseline))
    }
}

/// The numbers of a version.
pub(super) fn version(text: &str) -> Option<Version> {
    let mut parts: Version = text
        .split(['.', '_'])
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    while parts.len() > 1 && parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Versioned,
    Repeatable,
    Baseline,
    Separator,
    Suffixes,
}

/// The setting of a line and its value, whatever the file's language: `key = value`, `key: value` or `<key>value</key>`.
fn setting(line: &str) -> Option<(Setting, String)> {
    let line = line.trim();
    if line.starts_with(['#', '!', '/']) || line.starts_with("<!--") {
        return None;
    }
    let (key, value) = match line.strip_prefix('<') {
        Some(element) => {
            let (key, rest) = element.split_once('>')?;
            (key, rest.split("</").next()?)
        }
        None => line.split_at_checked(line.find(['=', ':'])?)?,
    };
    let key: String = key
        .rsplit('.')
        .next()?
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let setting = match key.as_str() {
        "sqlmigrationprefix" => Setting::Versioned,
        "repeatablesqlmigrationprefix" => Setting::Repeatable,
        "baselinemigrationprefix" => Setting::Baseline,
        "sqlmigrationseparator" => Setting::Separator,
        "sqlmigrationsuffixes" | "sqlmigrationsuffix" => Setting::Suffixes,
        _ => return None,
    };
    let value = value.trim_start_matches(['=', ':']).trim();
    // What the environment says is not known, and a list over several lines is not read.
    let known = !value.is_empty() && !value.contains("${");
    let value = value.trim_end_matches(',').trim_matches(['"', '\'']);
    known.then(|| (setting, value.to_owned()))
}

/// `.sql,.pgsql`, or `[".sql", ".pgsql"]`.
fn list(value: &str) -> Vec<String> {
    value
        .trim_matches(['[', ']'])
        .split(',')
        .map(|item| item.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations() {
        let of = |path: &str, text: &str| {
            let files = Files::in_memory([(path, text)]);
            Naming::of(&files, "src/main/resources/db/migration")
        };
        let toml = of(
            "flyway.toml",
            "[flyway]\nsqlMigrationPrefix = \"mig-\"\nsqlMigrationSuffixes = [\".sql\", \".pgsql\"]\n",
        );
        assert!(toml.kind("mig-1.2__a.pgsql").is_some() && toml.kind("V1__a.sql").is_none());
        let conf = of(
            "conf/flyway.conf",
            "# flyway.sqlMigrationPrefix=W\nflyway.sqlMigrationPrefix=X\nflyway.sqlMigrationSeparator=-\n",
        );
        assert_eq!(conf.kind("X3-a.sql"), Some(Kind::Versioned(vec![3])));
        let spring = of(
            "src/main/resources/application.yml",
            "spring:\n  flyway:\n    sql-migration-prefix: ''\n    repeatable-sql-migration-prefix: \"every\"\n",
        );
        assert_eq!(spring.kind("7__a.sql"), Some(Kind::Versioned(vec![7])));
        assert!(matches!(spring.kind("every__a.sql"), Some(Kind::Repeatable(_))));
        let maven = of("pom.xml", "<sqlMigrationPrefix>M</sqlMigrationPrefix>");
        assert!(maven.kind("M1__a.sql").is_some() && maven.kind("V1__A.java").is_some());
        let unknown = of("flyway.conf", "flyway.sqlMigrationPrefix=${PREFIX}");
        assert_eq!(unknown, Naming::default());
    }
}
