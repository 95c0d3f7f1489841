//! What could not be followed, as people read it: one line for one step, with all that is not known because of it.

use crate::known::{Gap, Reach};
use crate::source::Span;

/// A step that could not be followed.
pub(super) struct Step<'a> {
    /// Its place; `None` where the cause is something not given.
    pub(super) at: Option<Span>,
    /// Why.
    pub(super) why: &'a str,
    reaches: Vec<&'a Reach>,
}

/// The steps of gaps that are sorted by place.
pub(super) fn steps(gaps: &[Gap]) -> Vec<Step<'_>> {
    let mut out: Vec<Step<'_>> = Vec::new();
    for gap in gaps {
        match out.last_mut() {
            Some(step) if step.at == gap.at && step.why == gap.why => step.reaches.push(&gap.reach),
            _ => out.push(Step {
                at: gap.at,
                why: &gap.why,
                reaches: vec![&gap.reach],
            }),
        }
    }
    out
}

impl Step<'_> {
    /// Of how many things it is the cause.
    pub(super) fn count(&self) -> usize {
        self.reaches.len()
    }

    /// What is not known because of it, the sections of a table together.
    pub(super) fn reach(&self) -> String {
        let mut out = String::new();
        let mut table: Option<&str> = None;
        for reach in &self.reaches {
            match reach {
                Reach::Section(of, section) if table == Some(of) => {
                    out.push_str(", ");
                    out.push_str(section.key());
                    continue;
                }
                Reach::Section(of, _) => table = Some(of),
                _ => table = None,
            }
            if !out.is_empty() {
                out.push_str("; ");
            }
            out.push_str(&reach.to_string());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::steps;
    use crate::known::{Gap, Reach, Section};
    use crate::source::{FileId, Span};

    #[test]
    fn one_step_of_many_gaps() {
        let at = Span::new(FileId(0), 3, 9);
        let of = |table: &str, section| Gap::new(at, "a name", Reach::Section(table.to_owned(), section));
        let gaps = [
            of("a", Section::Unique),
            of("a", Section::Indexes),
            of("b", Section::Indexes),
            Gap::new(at, "a name", Reach::Object("c".to_owned())),
            Gap::new(at, "another", Reach::Everything),
        ];
        let told: Vec<_> = steps(&gaps)
            .iter()
            .map(|step| (step.why.to_owned(), step.count(), step.reach()))
            .collect();
        let one = "a: unique, indexes; b: indexes; c".to_owned();
        assert_eq!(
            told,
            [
                ("a name".to_owned(), 4, one),
                ("another".to_owned(), 1, "everything".to_owned())
            ]
        );
    }
}
