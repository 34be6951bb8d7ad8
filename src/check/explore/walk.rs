//! Random walks: from the start, any action that is possible, until none is or the bound on depth is reached.

use super::known::Known;
use super::search::Found;
use super::*;
use crate::base::random::{Purpose, Stream};

/// Actions of a walk at most, where no bound on depth is given.
const LENGTH: u32 = 10_000;

pub(super) struct Walker {
    seed: u64,
    left: u64,
    walked: u64,
}

/// What is looked for, as bits of the properties.
pub(super) struct Goals<'a> {
    pub properties: &'a [Property],
    pub always: u64,
    pub sometimes: &'a mut u64,
    pub eventually: u64,
}

impl Walker {
    pub fn new(seed: u64, walks: u64) -> Walker {
        Walker { seed, left: walks, walked: 0 }
    }

    /// Walks once. Says whether all is over: a property broke, or these were all walks.
    pub fn walk<M: Model>(
        &mut self,
        model: &M,
        options: &Options,
        goals: Goals<'_>,
        known: &mut Known,
        found: &mut Found<M::Action>,
    ) -> bool {
        let mut starts = model.begin();
        if self.left == 0 || starts.is_empty() {
            found.reached = found.reached.or(Some(Bound::Walks));
            return true;
        }
        let mut random = Stream::new(self.seed, Purpose::Script, self.walked, 0);
        (self.left, self.walked) = (self.left - 1, self.walked + 1);
        let start = random.below(starts.len() as u64) as usize;
        let mut state = starts.swap_remove(start);
        let (mut way, mut possible) = (Vec::new(), Vec::new());
        let mut missing = goals.eventually;
        loop {
            found.generated += 1;
            found.depth = found.depth.max(way.len() as u32);
            if known.bytes_next() <= options.bytes && known.len() < options.states {
                known.insert(model.fingerprint(&state));
                found.bytes = found.bytes.max(known.bytes_next());
            }
            let held = model.holds(&state);
            missing &= !held;
            let shown = *goals.sometimes & held;
            *goals.sometimes &= !shown;
            let finding = |place: u32, actions: &[M::Action]| {
                let property = goals.properties[place as usize];
                Finding { property, start, actions: actions.to_vec(), cycle: None }
            };
            let examples = (0..64).filter(|place| shown >> place & 1 == 1);
            found.examples.extend(examples.map(|place| finding(place, &way)));
            let broken = goals.always & !held;
            if broken != 0 {
                found.violation = Some(finding(broken.trailing_zeros(), &way));
                return true;
            }
            if way.len() as u32 >= options.depth.min(LENGTH) {
                return false;
            }
            match step(model, &state, &mut possible, &mut random) {
                Step::To(action, next) => {
                    way.push(action);
                    state = next;
                }
                Step::Outside => return false,
                Step::End if missing != 0 => {
                    found.ends += 1;
                    found.violation = Some(finding(missing.trailing_zeros(), &way));
                    return true;
                }
                Step::End => {
                    found.ends += 1;
                    return false;
                }
            }
        }
    }
}

enum Step<A, S> {
    To(A, S),
    /// All that can happen leads out of the boundary.
    Outside,
    End,
}

fn step<M: Model>(
    model: &M,
    state: &M::State,
    possible: &mut Vec<M::Action>,
    random: &mut Stream,
) -> Step<M::Action, M::State> {
    possible.clear();
    model.actions(state, possible);
    let mut outside = false;
    while !possible.is_empty() {
        let action = possible.swap_remove(random.below(possible.len() as u64) as usize);
        match model.next(state, &action) {
            Some(next) if model.within(&next) => return Step::To(action, next),
            Some(_) => outside = true,
            None => {}
        }
    }
    if outside { Step::Outside } else { Step::End }
}
