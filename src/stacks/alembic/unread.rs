//! What a function of a revision may do whose source cannot be read to its end: what `alembic revision` writes names the tables that it
//! touches, anything else may touch all.

use crate::known::Reach;

/// Operations whose tables stand as texts in the call itself (Alembic 1.16, `alembic/operations/base.py`).
const NAMING: [&str; 15] = [
    "add_column",
    "alter_column",
    "batch_alter_table",
    "create_check_constraint",
    "create_foreign_key",
    "create_index",
    "create_primary_key",
    "create_table",
    "create_table_comment",
    "create_unique_constraint",
    "drop_column",
    "drop_constraint",
    "drop_table",
    "drop_table_comment",
    "rename_table",
];
/// Where types and parts of tables come from: what they are called with touches no table.
const PARTS: [&str; 5] = ["sa", "sqlalchemy", "postgresql", "sqlmodel", "pgvector"];
/// What else may stand in such a body.
const WORDS: [&str; 7] = ["with", "as", "pass", "None", "True", "False", "batch_op"];
/// How lines of a conflict of a merge begin.
const CONFLICT: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// What a part of a body reaches; what is bound before it may name the table.
pub(super) fn reaches(part: &str, body: &str) -> Vec<Reach> {
    match tables(part).or_else(|| tables(body)) {
        Some(names) => names.into_iter().map(Reach::Object).collect(),
        None => vec![Reach::Everything],
    }
}

/// The texts that may be the names of tables and types, where the body does nothing but call operations with texts.
fn tables(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    if text.contains("batch_op.") && !text.contains("as batch_op") {
        return None;
    }
    // Texts side by side are one.
    let mut behind_text = false;
    for line in text.lines() {
        if CONFLICT.iter().any(|mark| line.starts_with(mark)) {
            continue;
        }
        tables_of(line, &mut names, &mut behind_text)?;
    }
    names.sort();
    names.dedup();
    Some(names)
}

fn tables_of(line: &str, names: &mut Vec<String>, behind_text: &mut bool) -> Option<()> {
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let is_text = matches!(first, '"' | '\'');
        if is_text && *behind_text {
            return None;
        }
        *behind_text = is_text || *behind_text && first.is_whitespace();
        let end = match first {
            '#' => return Some(()),
            '"' | '\'' => {
                let inside = rest.get(1..)?;
                // A longer text may be SQL, and hide where it ends.
                if inside.starts_with(first) && inside.get(1..)?.starts_with(first) {
                    return None;
                }
                let end = inside.find(first)?;
                if !inside[..end].is_empty() {
                    names.push(inside[..end].to_owned());
                }
                end + 2
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
                    .unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                let is_said = is_harmless(word, behind.trim_start());
                is_said.then_some(())?;
                end
            }
            // Arithmetic makes texts of others.
            '%' | '+' | '*' | '{' | '\\' => return None,
            c => c.len_utf8(),
        };
        rest = rest.get(end..)?;
    }
    Some(())
}

/// Whether a word, with what follows it, touches no table that no text names.
fn is_harmless(word: &str, behind: &str) -> bool {
    let (first, last) = (
        word.split('.').next().unwrap_or(word),
        word.rsplit('.').next().unwrap_or(word),
    );
    if PARTS.contains(&first) && word != first {
        return true;
    }
    if behind.starts_with('(') {
        let of_alembic = ["op", "batch_op"].contains(&first) && word != first;
        return of_alembic && (NAMING.contains(&last) || last == "f");
    }
    if WORDS.contains(&word) {
        return true;
    }
    match behind.strip_prefix('=') {
        // A schema makes another name of the name.
        Some(value) if word.contains("schema") => value.trim_start().starts_with("None"),
        Some(value) => !value.starts_with('='),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::tables;

    #[test]
    fn what_names_its_tables_reaches_those() {
        let text = "with op.batch_alter_table('teams', schema=None) as batch_op:\n";
        assert_eq!(tables(text), Some(vec!["teams".to_owned()]));
        let text = "op.add_column('teams', sa.Column(\"motto\", sa.Text))\n=======\n>>>>>>> any-branch\nop.drop_table('games')";
        let names = ["games", "motto", "teams"].map(str::to_owned);
        assert_eq!(tables(text), Some(names.to_vec()));
    }

    #[test]
    fn anything_else_reaches_all() {
        let all = [
            "op.execute('drop table teams')",
            "for table in TABLES:",
            "op.drop_table(TABLE)",
            "op.drop_table(f'{a}')",
            "op.drop_table('a' + 'b')",
            "make(op.get_bind())",
            "op.drop_index('ix_teams')",
            "op.drop_table('a', schema='b')",
            "op.add_column('teams', comment=\"\"\"a",
            "op.drop_table('te",
            "op.drop_table('te' 'ams')",
            "op.drop_table(\n    'te'\n    'ams')",
            "batch_op.drop_column('name')",
        ];
        for text in all {
            assert_eq!(tables(text), None, "{text}");
        }
    }
}
