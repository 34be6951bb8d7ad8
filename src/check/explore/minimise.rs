//! A counterexample made small: events are dropped while the verdict stays.
//!
//! Delta debugging (Zeller, Hildebrandt: Simplifying and isolating failure-inducing input, IEEE Trans. Softw. Eng. 28(2),
//! 2002, the algorithm ddmin): parts and complements of ever finer divisions are tried. What is left is minimal by single
//! events: without any one of them the verdict does not stay. It need not be the shortest of all.

use super::{Expect, Finding, Model};

/// The events that are left. `fails` says which of the events it was given were needed to fail (those up to the failure,
/// without those that could not happen), or None if they do not fail.
pub fn minimise<T: Clone>(events: &[T], mut fails: impl FnMut(&[T]) -> Option<Vec<T>>) -> Vec<T> {
    let Some(mut events) = fails(events) else { return events.to_vec() };
    let mut parts = 2;
    while !events.is_empty() {
        let size = events.len().div_ceil(parts);
        let smaller = (0..events.len()).step_by(size).find_map(|begin| {
            let rest = [&events[..begin], &events[(begin + size).min(events.len())..]].concat();
            fails(&rest)
        });
        match smaller {
            Some(smaller) => {
                events = smaller;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(events.len()),
        }
    }
    events
}

/// Drops actions of a counterexample to an `always` property. What can no longer happen is left out; actions must mean
/// the same whatever came before.
pub fn shorten<M: Model>(model: &M, finding: &Finding<M::Action>) -> Finding<M::Action> {
    let properties = model.properties();
    let Some(place) = properties.iter().position(|property| *property == finding.property) else {
        return finding.clone();
    };
    if finding.property.expect != Expect::Always || finding.cycle.is_some() {
        return finding.clone();
    }
    let Some(start) = model.begin().into_iter().nth(finding.start) else { return finding.clone() };
    let fails = |actions: &[M::Action]| {
        let (mut state, mut done) = (start.clone(), Vec::new());
        for action in actions {
            if model.holds(&state) >> place & 1 == 0 {
                break;
            }
            if let Some(next) = model.next(&state, action).filter(|next| model.within(next)) {
                state = next;
                done.push(action.clone());
            }
        }
        (model.holds(&state) >> place & 1 == 0).then_some(done)
    };
    Finding { actions: minimise(&finding.actions, fails), ..finding.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// It fails when all of some numbers are there: exactly those are left, whatever the others are.
        #[test]
        fn what_is_left_is_needed(needed in prop::collection::btree_set(0u32..200, 0..6), many in 200u32..300) {
            let mut tries = 0;
            let fails = |events: &[u32]| {
                tries += 1;
                needed.iter().all(|n| events.contains(n)).then(|| events.to_vec())
            };
            let left = minimise(&(0..many).collect::<Vec<u32>>(), fails);
            prop_assert_eq!(left, needed.into_iter().collect::<Vec<u32>>());
            prop_assert!(tries < 400, "{} tries", tries);
        }

        /// It fails by parity: no single event can go, though two together could.
        #[test]
        fn nothing_single_can_go(many in 1usize..60) {
            let fails = |events: &[usize]| (events.len() % 2 == many % 2).then(|| events.to_vec());
            let left = minimise(&(0..many).collect::<Vec<usize>>(), fails);
            prop_assert_eq!(left.len() % 2, many % 2);
            for out in 0..left.len() {
                let rest = [&left[..out], &left[out + 1..]].concat();
                prop_assert!(rest.len() % 2 != many % 2);
            }
        }
    }

    #[test]
    fn what_does_not_fail_stays() {
        assert_eq!(minimise(&[1, 2, 3], |_| None), [1, 2, 3]);
    }
}
