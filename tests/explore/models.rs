//! Models written by hand, packed into words: shared by the tests and the benchmark.

use faultline::check::explore::{Model, Property, mix};

/// Two-phase commit of so many resource managers, by messages that stay for ever (Gray, Lamport: Consensus on transaction
/// commit, TODS 31(1), 2006, section 4; its TLA+ module TwoPhase, and stateright's `examples/2pc.rs`).
///
/// Four bits for each resource manager: its state (two), whether the transaction manager has heard that it is prepared,
/// whether it has said so. Above them two bits for the state of the transaction manager, and whether it said commit, abort.
pub struct TwoPhase {
    pub managers: u8,
}

const WORKING: u64 = 0;
const PREPARED: u64 = 1;
const COMMITTED: u64 = 2;
const ABORTED: u64 = 3;
const HEARD: u64 = 4;
const SAID: u64 = 8;
/// Of the transaction manager: it has decided, and how.
const DECIDED_COMMIT: u64 = 1 << 32;
const DECIDED_ABORT: u64 = 2 << 32;
const SAID_COMMIT: u64 = 4 << 32;
const SAID_ABORT: u64 = 8 << 32;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TwoPhaseAction {
    Commit,
    Abort,
    HearPrepared(u8),
    Prepare(u8),
    ChooseToAbort(u8),
    HearCommit(u8),
    HearAbort(u8),
}

impl TwoPhase {
    /// One bit in each manager's four.
    fn ones(&self) -> u64 {
        0x1111_1111 & ((1 << (4 * self.managers)) - 1)
    }
}

impl Model for TwoPhase {
    type State = u64;
    type Action = TwoPhaseAction;
    const EXACT: bool = true;

    fn begin(&self) -> Vec<u64> {
        vec![0]
    }

    #[inline(always)]
    fn actions(&self, state: &u64, into: &mut Vec<TwoPhaseAction>) {
        use TwoPhaseAction::*;
        let open = state & (DECIDED_COMMIT | DECIDED_ABORT) == 0;
        if open {
            if state & (self.ones() * HEARD) == self.ones() * HEARD {
                into.push(Commit);
            }
            into.push(Abort);
        }
        for manager in 0..self.managers {
            let own = state >> (4 * manager);
            if open && own & SAID != 0 {
                into.push(HearPrepared(manager));
            }
            if own & 3 == WORKING {
                into.extend([Prepare(manager), ChooseToAbort(manager)]);
            }
            if state & SAID_COMMIT != 0 {
                into.push(HearCommit(manager));
            }
            if state & SAID_ABORT != 0 {
                into.push(HearAbort(manager));
            }
        }
    }

    #[inline(always)]
    fn next(&self, state: &u64, action: &TwoPhaseAction) -> Option<u64> {
        use TwoPhaseAction::*;
        let becomes = |manager: u8, to: u64| state & !(3 << (4 * manager)) | to << (4 * manager);
        Some(match *action {
            Commit => state | DECIDED_COMMIT | SAID_COMMIT,
            Abort => state | DECIDED_ABORT | SAID_ABORT,
            HearPrepared(manager) => state | HEARD << (4 * manager),
            Prepare(manager) => becomes(manager, PREPARED) | SAID << (4 * manager),
            ChooseToAbort(manager) | HearAbort(manager) => becomes(manager, ABORTED),
            HearCommit(manager) => becomes(manager, COMMITTED),
        })
    }

    fn properties(&self) -> Vec<Property> {
        vec![
            Property::sometimes("abort agreement"),
            Property::sometimes("commit agreement"),
            Property::always("consistent"),
        ]
    }

    #[inline(always)]
    fn holds(&self, state: &u64) -> u64 {
        let ones = self.ones();
        let (low, high) = (state & ones, state >> 1 & ones);
        let (committed, aborted) = (high & !low, high & low);
        u64::from(aborted == ones) | u64::from(committed == ones) << 1 | u64::from(committed == 0 || aborted == 0) << 2
    }

    #[inline(always)]
    fn fingerprint(&self, state: &u64) -> u64 {
        mix(*state)
    }

    /// Resource managers are alike: their fours, sorted.
    fn representative(&self, state: &u64) -> u64 {
        let mut fours: Vec<u64> = (0..self.managers).map(|manager| state >> (4 * manager) & 15).collect();
        fours.sort_unstable();
        let sorted = fours.iter().enumerate().fold(0, |word, (place, four)| word | four << (4 * place));
        state >> 32 << 32 | sorted
    }
}

/// A jug of 3 and one of 5 gallons, and a wish for 4 (Lamport's TLA+ module DieHard): filled, emptied, poured into each
/// other; all six at any time, with or without effect.
pub struct Jugs;

impl Model for Jugs {
    type State = (u64, u64);
    type Action = &'static str;
    const EXACT: bool = true;

    fn begin(&self) -> Vec<(u64, u64)> {
        vec![(0, 0)]
    }

    fn actions(&self, _: &(u64, u64), into: &mut Vec<&'static str>) {
        into.extend(["fill small", "fill big", "empty small", "empty big", "small to big", "big to small"]);
    }

    fn next(&self, &(small, big): &(u64, u64), action: &&'static str) -> Option<(u64, u64)> {
        let (up, down) = (small.min(5 - big), big.min(3 - small));
        Some(match *action {
            "fill small" => (3, big),
            "fill big" => (small, 5),
            "empty small" => (0, big),
            "empty big" => (small, 0),
            "small to big" => (small - up, big + up),
            _ => (small + down, big - down),
        })
    }

    fn properties(&self) -> Vec<Property> {
        vec![Property::sometimes("four gallons")]
    }

    fn holds(&self, (_, big): &(u64, u64)) -> u64 {
        u64::from(*big == 4)
    }

    fn fingerprint(&self, (small, big): &(u64, u64)) -> u64 {
        mix(small << 32 | big | 1 << 63)
    }
}

/// Peterson's algorithm for two processes (Myths about the mutual exclusion problem, IPL 12(3), 1981), each step one
/// access of memory. With the bug a process takes the turn for itself instead of giving it away.
///
/// Of each process: 0 rests, 1 has its flag up, 2 has given the turn away and waits (one step looks at both conditions),
/// 3 is within.
pub struct Peterson {
    pub bug: bool,
    /// A process that rests may do so for ever; each that wants to go on does, some time. Else nothing is fair.
    pub fair: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Two {
    pub at: [u8; 2],
    pub turn: u8,
}

impl Model for Peterson {
    type State = Two;
    /// A process takes its next step.
    type Action = usize;
    const EXACT: bool = true;

    fn begin(&self) -> Vec<Two> {
        vec![Two { at: [0, 0], turn: 0 }, Two { at: [0, 0], turn: 1 }]
    }

    fn actions(&self, _: &Two, into: &mut Vec<usize>) {
        into.extend([0, 1]);
    }

    fn next(&self, state: &Two, me: &usize) -> Option<Two> {
        let (me, other) = (*me, 1 - *me);
        let mut next = *state;
        match state.at[me] {
            1 => next.turn = if self.bug { me } else { other } as u8,
            2 if state.at[other] != 0 && usize::from(state.turn) == other => return None,
            _ => {}
        }
        next.at[me] = (state.at[me] + 1) % 4;
        Some(next)
    }

    fn properties(&self) -> Vec<Property> {
        vec![Property::always("one at a time"), Property::eventually("the first was within")]
    }

    fn holds(&self, state: &Two) -> u64 {
        u64::from(state.at != [3, 3]) | u64::from(state.at[0] == 3) << 1
    }

    fn fingerprint(&self, state: &Two) -> u64 {
        mix(u64::from(state.at[0]) | u64::from(state.at[1]) << 8 | u64::from(state.turn) << 16 | 1 << 24)
    }

    fn fairness(&self, action: &usize) -> Option<u8> {
        self.fair.then_some(*action as u8)
    }
}

/// So many wheels of so many positions, each turned on by itself, or all back to the start by an emergency stop.
pub struct Wheels {
    pub wheels: u32,
    pub positions: u64,
    /// Wheels stop at the last position; there is no emergency stop.
    pub stops: bool,
}

impl Model for Wheels {
    /// Four bits for each.
    type State = u64;
    type Action = u32;
    const EXACT: bool = true;

    fn begin(&self) -> Vec<u64> {
        vec![0]
    }

    fn actions(&self, _: &u64, into: &mut Vec<u32>) {
        into.extend(0..self.wheels);
    }

    fn next(&self, state: &u64, wheel: &u32) -> Option<u64> {
        let (shift, last) = (4 * wheel, self.positions - 1);
        let position = state >> shift & 15;
        match position == last {
            true if self.stops => None,
            true => Some(state & !(15 << shift)),
            false => Some(state + (1 << shift)),
        }
    }

    fn properties(&self) -> Vec<Property> {
        vec![Property::eventually("all wheels stand at the last position")]
    }

    fn holds(&self, state: &u64) -> u64 {
        u64::from((0..self.wheels).all(|wheel| state >> (4 * wheel) & 15 == self.positions - 1))
    }

    fn fingerprint(&self, state: &u64) -> u64 {
        mix(state | 1 << 63)
    }

    fn representative(&self, state: &u64) -> u64 {
        let mut wheels: Vec<u64> = (0..self.wheels).map(|wheel| state >> (4 * wheel) & 15).collect();
        wheels.sort_unstable();
        wheels.iter().fold(0, |word, position| word << 4 | position)
    }
}
