//! Models written by hand: counts that others published or that have a closed form, ways, cycles, bounds.

use super::models::{Jugs, Peterson, TwoPhase, TwoPhaseAction, Wheels};
use super::paxos::Paxos;
use faultline::check::explore::{Bound, Model, Options, Property, Strategy, Verdict, explore, minimise, walk};
use std::collections::BTreeSet;

fn by(strategy: Strategy) -> Options {
    Options { strategy, ..Options::default() }
}

/// The counts of TLC and stateright: for 3 and 5 resource managers those of stateright's own tests (`examples/2pc.rs`).
#[test]
fn two_phase_commit_has_the_published_counts() {
    for (managers, distinct) in [(3, 288), (5, 8_832)] {
        for strategy in [Strategy::Breadth, Strategy::Depth] {
            let found = explore(&TwoPhase { managers }, by(strategy));
            println!("{managers} managers, {strategy:?}: {} of {}", found.distinct, found.generated);
            assert_eq!((found.distinct, found.verdict()), (distinct, Verdict::Holds));
            assert_eq!((found.examples.len(), found.unseen.len(), found.mistaken()), (2, 0, 0.0));
        }
    }
    let found = explore(&TwoPhase { managers: 7 }, Options::default());
    assert_eq!((found.distinct, found.generated), (296_448, 2_744_706));
}

#[test]
#[ignore = "15 s without optimisation: part of `make nightly`, and of the benchmark"]
fn two_phase_commit_of_eight_has_the_counts_of_stateright() {
    let found = explore(&TwoPhase { managers: 8 }, Options::default());
    assert_eq!((found.distinct, found.generated), (1_745_408, 18_507_778));
}

/// As many states as stateright finds (its `examples/paxos.rs` asserts those of two clients), and its shortest example.
#[test]
fn paxos_has_the_counts_of_stateright() {
    for strategy in [Strategy::Breadth, Strategy::Depth] {
        let found = explore(&Paxos::new(2), by(strategy));
        assert_eq!((found.distinct, found.verdict()), (16_668, Verdict::Holds), "{strategy:?}");
        if strategy == Strategy::Breadth {
            assert_eq!(found.examples[0].actions.len(), 8, "put, two rounds with one other, put ok, decided, get");
        }
    }
}

#[test]
#[ignore = "a minute without optimisation: part of `make nightly`, and of the benchmark"]
fn paxos_of_three_clients_has_the_counts_of_stateright() {
    let found = explore(&Paxos::new(3), Options::default());
    assert_eq!((found.distinct, found.verdict()), (1_194_428, Verdict::Holds));
}

/// Shortest examples: all choose to abort; all prepare, are heard, and hear the decision.
#[test]
fn examples_come_by_a_shortest_way() {
    let found = explore(&TwoPhase { managers: 3 }, Options::default());
    let lengths: Vec<(&str, usize)> =
        found.examples.iter().map(|example| (example.property.name, example.actions.len())).collect();
    assert_eq!(lengths, [("abort agreement", 3), ("commit agreement", 3 + 3 + 1 + 3)]);
    for example in &found.examples {
        let states = walk(&TwoPhase { managers: 3 }, example.start, &example.actions).expect("a way");
        let model = TwoPhase { managers: 3 };
        let place = model.properties().iter().position(|property| *property == example.property).expect("its own");
        assert_eq!(model.holds(states.last().expect("it has an end")) >> place & 1, 1);
    }
}

/// TLC on the module DieHard: 97 states generated, 16 distinct; four gallons in 6 steps.
#[test]
fn jugs_have_the_counts_of_tlc() {
    let found = explore(&Jugs, Options::default());
    assert_eq!((found.distinct, found.generated, found.ends), (16, 97, 0));
    assert_eq!(found.examples[0].actions.len(), 6);
}

/// Of resource managers that differ by their names alone one order is kept: as many states as multisets.
#[test]
fn symmetry_keeps_one_state_of_each_orbit() {
    let model = TwoPhase { managers: 4 };
    let mut orbits = BTreeSet::new();
    let (mut known, mut open) = (BTreeSet::from([0u64]), vec![0u64]);
    while let Some(state) = open.pop() {
        orbits.insert(model.representative(&state));
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        let next = actions.iter().filter_map(|action| model.next(&state, action));
        open.extend(next.filter(|state| known.insert(*state)));
    }
    for strategy in [Strategy::Breadth, Strategy::Depth] {
        let found = explore(&model, Options { symmetry: true, ..by(strategy) });
        assert_eq!((found.distinct, found.verdict()), (orbits.len() as u64, Verdict::Holds));
        assert_eq!(explore(&model, by(strategy)).distinct, known.len() as u64);
    }
    // Five wheels of six positions: 6⁵ states, and C(10, 5) multisets.
    let wheels = Wheels { wheels: 5, positions: 6, stops: true };
    assert_eq!(explore(&wheels, Options::default()).distinct, 7_776);
    assert_eq!(explore(&wheels, Options { symmetry: true, ..Options::default() }).distinct, 252);
}

#[test]
fn mutual_exclusion_holds_and_its_planted_bug_is_found() {
    let right = explore(&Peterson { bug: false, fair: true }, Options::default());
    assert_eq!((right.verdict(), right.ends), (Verdict::Holds, 0), "{right:?}");
    // Without fairness the second goes round alone for ever.
    let unfair = explore(&Peterson { bug: false, fair: false }, Options::default()).violation.expect("a cycle");
    let cycle = unfair.cycle.expect("it goes round");
    assert_eq!(unfair.property.name, "the first was within");
    assert!(unfair.actions[cycle..].iter().all(|process| *process == 1), "{unfair:?}");
    let wrong = explore(&Peterson { bug: true, fair: true }, Options::default()).violation.expect("found");
    assert_eq!(wrong.property.name, "one at a time");
}

/// What shall come to be: at ends, and on cycles that are fair.
#[test]
fn eventually_is_judged_at_ends_and_on_fair_cycles() {
    let stops = explore(&Wheels { wheels: 3, positions: 4, stops: true }, Options::default());
    assert_eq!((stops.verdict(), stops.ends, stops.depth), (Verdict::Holds, 1, 9));
    // Round and round: one wheel turns for ever.
    let rounds = explore(&Wheels { wheels: 3, positions: 4, stops: false }, Options::default());
    let violation = rounds.violation.expect("a cycle");
    let cycle = violation.cycle.expect("a cycle");
    let states = walk(&Wheels { wheels: 3, positions: 4, stops: false }, 0, &violation.actions).expect("a way");
    assert_eq!(states[cycle], states[states.len() - 1]);
    assert!(states.len() > cycle + 1);
}

/// Breadth finds a shortest way: of each process its flag, the turn, its entry. The others find some way.
#[test]
fn every_strategy_finds_what_is_there() {
    let model = Peterson { bug: true, fair: false };
    let shortest = explore(&model, Options::default()).violation.expect("found");
    assert_eq!((shortest.property.name, shortest.actions.len()), ("one at a time", 6));
    for strategy in [Strategy::Depth, Strategy::Walks { seed: 7, walks: 1_000 }] {
        let found = explore(&model, by(strategy)).violation.expect("found");
        assert!(found.actions.len() >= 6, "{strategy:?}");
        let small = minimise::shorten(&model, &found);
        let states = walk(&model, small.start, &small.actions).expect("a way");
        assert_eq!(states.last().expect("an end").at, [3, 3], "{strategy:?}");
        assert!(small.actions.len() <= found.actions.len());
    }
}

/// A bound that is reached is said, and is no proof; the bound itself may be filled.
#[test]
fn reached_bounds_are_said() {
    let model = TwoPhase { managers: 3 };
    for strategy in [Strategy::Breadth, Strategy::Depth] {
        let of = |options: Options| {
            let found = explore(&model, Options { strategy, ..options });
            (found.distinct, found.verdict())
        };
        let all = Options::default();
        assert_eq!(of(Options { states: 288, ..all }), (288, Verdict::Holds));
        assert_eq!(of(Options { states: 287, ..all }), (287, Verdict::Unknown(Bound::States)));
        assert_eq!(of(Options { depth: 11, ..all }), (288, Verdict::Holds), "{strategy:?}");
        assert_eq!(of(Options { bytes: 1_000, ..all }).1, Verdict::Unknown(Bound::Memory));
    }
    // As many states within a depth whichever way they are visited.
    for depth in 0..12 {
        let count = |strategy| explore(&model, Options { strategy, depth, ..Options::default() }).distinct;
        assert_eq!(count(Strategy::Breadth), count(Strategy::Depth), "depth {depth}");
    }
    let walks = explore(&model, by(Strategy::Walks { seed: 1, walks: 200 }));
    assert_eq!(walks.verdict(), Verdict::Unknown(Bound::Walks));
    assert!(walks.distinct > 100 && walks.distinct <= 288, "{}", walks.distinct);
}

/// A boundary: states outside are neither counted nor entered.
struct Fenced(TwoPhase);

impl Model for Fenced {
    type State = u64;
    type Action = TwoPhaseAction;
    fn begin(&self) -> Vec<u64> {
        self.0.begin()
    }
    fn actions(&self, state: &u64, into: &mut Vec<TwoPhaseAction>) {
        self.0.actions(state, into);
    }
    fn next(&self, state: &u64, action: &TwoPhaseAction) -> Option<u64> {
        self.0.next(state, action)
    }
    fn properties(&self) -> Vec<Property> {
        self.0.properties()
    }
    fn holds(&self, state: &u64) -> u64 {
        self.0.holds(state)
    }
    fn fingerprint(&self, state: &u64) -> u64 {
        self.0.fingerprint(state)
    }
    /// Nothing is decided.
    fn within(&self, state: &u64) -> bool {
        state >> 32 == 0
    }
}

/// Of each manager: it works, has prepared and was heard or not, or has aborted, before or after it prepared… it cannot
/// then: by itself it aborts from work only. So 1 + 2 + 1 states each, and no decision.
#[test]
fn a_boundary_is_not_crossed() {
    for managers in 1..6 {
        let found = explore(&Fenced(TwoPhase { managers }), Options::default());
        assert_eq!(found.distinct, 4u64.pow(managers.into()));
        // A boundary is part of the question, no bound on the answer.
        assert_eq!(found.verdict(), Verdict::Holds);
        assert_eq!(found.unseen, [Property::sometimes("commit agreement")]);
        assert!(found.mistaken() > 0.0, "it does not say that it is exact");
    }
}
