//! The ways back of a target's migrations, each run on what its migration had made.

use super::{Sides, finish};
use crate::config::file::Loudness;
use crate::config::{Downs, Options};
use crate::discover::Target;
use crate::rules::Backs;
use crate::session::Session;
use crate::source::Files;
use crate::stacks::History;
use crate::stacks::back::{Rehearsed, down};

/// Rules that speak of ways back: where none of them is on, none is run.
const RULES: [&str; 3] = ["failing-down", "down-does-not-undo-up", "irreversible-migration"];

/// Whether ways back run: they are asked for on the command line, or by a rule that is on.
pub(super) fn are_wanted(options: &Options, sides: Sides) -> bool {
    options.downs != Downs::Left || are_told(options, sides)
}

/// Whether what is found of ways back is told: where it is asked for on the command line, or by a rule that is on.
pub(super) fn are_told(options: &Options, sides: Sides) -> bool {
    let mut settings = options.configuration.all();
    options.downs == Downs::Told
        || sides == Sides::Both
            && settings.any(|settings| {
                let of_overrides = settings.overrides.iter().flat_map(|o| &o.rules);
                let mut levels = settings.rules.iter().chain(of_overrides);
                levels.any(|l| RULES.contains(&l.rule.as_str()) && matches!(l.loudness, Loudness::At(_)))
            })
}

/// Runs them. Several histories on one database are not taken back one by one.
pub(super) fn backs(files: &Files, target: &Target, histories: &[History], again: bool) -> Option<Backs> {
    let [history] = histories else { return None };
    let mut session = Session::new(&target.given);
    session.assume_mended();
    let mut rehearsed = Rehearsed::new(again);
    if let Some(program) = &history.program {
        session = program.run_with_backs(session, files, &target.given, &mut rehearsed);
    } else {
        let reconnects = target.histories.first().is_some_and(|h| h.runner.reconnects());
        let mut gaps = history.gaps.iter().peekable();
        for (migration, m) in history.migrations.iter().zip(0..) {
            while let Some((_, gap)) = gaps.next_if(|(at, _)| *at <= m) {
                session.skip(super::replay::qualified(gap, target));
            }
            if reconnects {
                session.reconnect();
            }
            let before = session.database().schema().clone();
            let failed = session.missteps().len();
            session.run(migration);
            if session.missteps().len() == failed {
                let down = down(files, history, migration);
                rehearsed.add(files, &mut session, before, migration, &down);
            }
        }
    }
    Some(Backs {
        list: rehearsed.list,
        journal: finish(session).journal,
    })
}
