//! Finding, in few trials, which of many changes hold together: all are tried at once, and where that does not hold, fewer.

use std::hash::Hash;

use rustc_hash::FxHashSet;

/// What became of changes that were tried together.
pub(super) enum Tried<T> {
    /// All do what they are for, and nothing else.
    Holds,
    /// These do not what they are for.
    Leaves(FxHashSet<T>),
    /// Something came of them that is not to be: most likely of these, where any are named.
    Fails(FxHashSet<T>),
    /// No more is tried.
    Spent,
}

/// The changes that hold together, and those that are refused. `attempt` tries some; those that were found to hold are always among
/// them.
///
/// # Errors
/// What `attempt` ends with.
pub(super) fn sift<T: Clone + Eq + Hash, E>(
    all: Vec<T>,
    mut attempt: impl FnMut(&FxHashSet<T>) -> Result<Tried<T>, E>,
) -> Result<(FxHashSet<T>, Vec<T>), E> {
    let mut kept: FxHashSet<T> = FxHashSet::default();
    let mut refused: Vec<T> = Vec::new();
    let mut groups = vec![all];
    while let Some(mut group) = groups.pop() {
        if group.is_empty() {
            continue;
        }
        let mut tried = kept.clone();
        tried.extend(group.iter().cloned());
        let among = |group: &[T], named: &FxHashSet<T>| group.iter().any(|one| named.contains(one));
        match attempt(&tried)? {
            Tried::Holds => kept = tried,
            Tried::Leaves(left) if among(&group, &left) => {
                let (gone, stays): (Vec<T>, Vec<T>) = group.into_iter().partition(|one| !left.contains(one));
                refused.extend(stays);
                groups.push(gone);
            }
            Tried::Spent => refused.append(&mut group),
            _ if group.len() == 1 => refused.append(&mut group),
            Tried::Fails(named) if among(&group, &named) && !group.iter().all(|one| named.contains(one)) => {
                let (rest, suspects) = group.into_iter().partition(|one| !named.contains(one));
                groups.extend([suspects, rest]);
            }
            Tried::Leaves(_) | Tried::Fails(_) => {
                let second = group.split_off(group.len() / 2);
                groups.extend([second, group]);
            }
        }
    }
    Ok((kept, refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many trials it takes to tell the good of 100 changes from the bad ones; these are named, or not.
    fn trials(bad: &[u32], named: bool) -> usize {
        let mut count = 0;
        let (kept, refused) = sift((0..100).collect(), |tried: &FxHashSet<u32>| {
            count += 1;
            let found: FxHashSet<u32> = bad.iter().copied().filter(|one| tried.contains(one)).collect();
            Ok::<_, ()>(match (found.is_empty(), named) {
                (true, _) => Tried::Holds,
                (false, true) => Tried::Fails(found),
                (false, false) => Tried::Fails(FxHashSet::default()),
            })
        })
        .unwrap();
        let mut refused: Vec<u32> = refused;
        refused.sort_unstable();
        assert_eq!(refused, bad);
        assert_eq!(kept.len(), 100 - bad.len());
        count
    }

    #[test]
    fn the_bad_ones_are_found_in_few_trials() {
        assert_eq!(trials(&[], false), 1);
        assert_eq!(trials(&[42], true), 3);
        assert!(trials(&[42], false) <= 15);
        assert!(trials(&[3, 42, 77], false) <= 40);
    }
}
