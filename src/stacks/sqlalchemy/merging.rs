//! The order in which SQLAlchemy meets what a class assigns and what it annotates.
//!
//! Source: `_ClassScanMapperConfig` (`sqlalchemy/orm/decl_base.py`), `merge_lists_w_ordering` (`sqlalchemy/util/_collections.py`).

use crate::interpret::python::Member;

/// Members in the order in which SQLAlchemy meets them: assigned ones and annotations, merged.
pub(super) fn merged(members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    let with = |has: fn(&Member<'_>) -> bool| -> Vec<usize> {
        (0..members.len())
            .filter(|i| members.get(*i).is_some_and(has))
            .collect()
    };
    let result = merge(with(|m| m.value.is_some()), with(|m| m.annotation.is_some()));
    let mut slots: Vec<Option<Member<'_>>> = members.into_iter().map(Some).collect();
    result
        .into_iter()
        .filter_map(|i| slots.get_mut(i).and_then(Option::take))
        .collect()
}

/// `merge_lists_w_ordering` (`sqlalchemy/util/_collections.py`).
pub(super) fn merge<T: Eq>(a: Vec<T>, b: Vec<T>) -> Vec<T> {
    let mut overlap: Vec<bool> = a.iter().map(|x| b.contains(x)).collect();
    let place = |x: &T, all: &[T]| all.iter().position(|y| y == x);
    let (lists, mut at) = ([a, b], [0usize, 0usize]);
    let mut order = Vec::new();
    let mut current = 0;
    'outer: loop {
        while let Some(element) = lists[current].get(at[current]) {
            at[current] += 1;
            let common = place(element, &lists[0]).and_then(|i| overlap.get_mut(i));
            if let Some(common) = common.filter(|common| **common) {
                *common = false;
                current = 1 - current;
                continue 'outer;
            }
            order.push((current, at[current] - 1));
        }
        let other = 1 - current;
        order.extend((at[other]..lists[other].len()).map(|i| (other, i)));
        break;
    }
    let mut slots = lists.map(|list| list.into_iter().map(Some).collect::<Vec<Option<T>>>());
    order
        .into_iter()
        .filter_map(|(list, i)| slots.get_mut(list)?.get_mut(i)?.take())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_lists() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
        let (a, b) = (list("t id x c"), list("id name data y c"));
        assert_eq!(merge(a, b), list("t id name data y x c"));
    }
}
