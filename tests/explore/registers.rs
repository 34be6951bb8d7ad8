//! Every order of deliveries of small majority registers: how many states there are, by the engine's own handlers, by a
//! closed form where there is one, and by a second, independent model; and that no property breaks in any of them.

use super::common::{STATES_MAX, case, orders, programs, scenario};
use faultline::check::explore::cluster::{Bounds, Cluster, Move};
use faultline::check::explore::record::Start;
use faultline::check::explore::{Bound, Options, Report, Verdict, explore};
use std::collections::BTreeSet;

fn explored(replicas: u16, words: &[&str], flag: Option<&str>) -> Report<Move> {
    orders(scenario(replicas, words.len() as u16, flag), programs(words), STATES_MAX).2
}

/// One get of a register that nobody wrote, of N replicas: it needs one phase. Each replica's question is on its way,
/// or its answer is, or was handled. Until a majority m has answered, the client knows the order of the k answers it
/// has; from then on it has forgotten them. And there is the state before the request:
/// 1 + Σ_{k < m} N! / (N - k)! · 2^(N - k) + Σ_{k ≥ m} C(N, k) · 2^(N - k).
#[test]
fn one_get_has_as_many_states_as_by_hand() {
    for n in 1..=6u64 {
        let majority = n / 2 + 1;
        let (mut states, mut arrangements, mut factorial) = (1, 1, 1);
        for k in 0..=n {
            if k > 0 {
                arrangements *= n - k + 1;
                factorial *= k;
            }
            let answers = if k < majority { arrangements } else { arrangements / factorial };
            states += answers << (n - k);
        }
        let found = explored(n as u16, &["g"], None);
        println!("one get of {n} replicas: {} states, {} transitions", found.distinct, found.generated - 1);
        // Every way is as long: a request, and two deliveries a replica.
        assert_eq!((found.distinct, found.ends, u64::from(found.depth)), (states, 1, 1 + 2 * n));
        assert_eq!(found.verdict(), Verdict::Holds);
    }
}

/// The second, independent model of the protocol: deliberately dumb, on whole states instead of hashes.
mod model {
    use super::BTreeSet;

    /// Counter and writer.
    type Tag = (u64, usize);
    /// Client, operation, phase.
    type Call = (usize, usize, u8);

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Message {
        /// To a replica: a query, or an update with its tag.
        Ask(usize, Call, Option<Tag>),
        /// From a replica: the tag it holds, or an acknowledgement.
        Tell(usize, Call, Option<Tag>),
    }

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Phase {
        Query { best: Tag, agreed: bool },
        Update(Tag),
    }

    #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    struct Client {
        made: usize,
        open: Option<(Phase, Vec<usize>)>,
        /// The highest counter it took.
        taken: u64,
        /// The tags of its operations.
        done: Vec<Tag>,
    }

    #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    pub struct State {
        replicas: Vec<Tag>,
        clients: Vec<Client>,
        messages: Vec<Message>,
        /// Beginnings (true) and ends of operations, with what a get returned.
        history: Vec<(bool, usize, Option<Tag>)>,
    }

    impl State {
        fn ask(&mut self, who: usize, phase: u8, tag: Option<Tag>) {
            let call = (who, self.clients[who].made, phase);
            self.messages.extend((0..self.replicas.len()).map(|replica| Message::Ask(replica, call, tag)));
        }

        fn begin(&mut self, who: usize) {
            self.clients[who].made += 1;
            self.clients[who].open = Some((Phase::Query { best: (0, 0), agreed: true }, Vec::new()));
            self.history.push((true, who, None));
            self.ask(who, 1, None);
        }

        fn end(&mut self, who: usize, tag: Tag, is_put: bool) {
            self.clients[who].open = None;
            self.clients[who].done.push(tag);
            self.history.push((false, who, (!is_put).then_some(tag)));
        }

        fn deliver(&mut self, place: usize, words: &[&str]) {
            match self.messages.remove(place) {
                Message::Ask(replica, call, None) => {
                    self.messages.push(Message::Tell(replica, call, Some(self.replicas[replica])));
                }
                Message::Ask(replica, call, Some(tag)) => {
                    self.replicas[replica] = self.replicas[replica].max(tag);
                    self.messages.push(Message::Tell(replica, call, None));
                }
                Message::Tell(replica, call, tag) => self.answered(replica, call, tag, words),
            }
        }

        fn answered(&mut self, replica: usize, (who, op, phase): Call, tag: Option<Tag>, words: &[&str]) {
            let majority = self.replicas.len() / 2 + 1;
            let client = &mut self.clients[who];
            let is_put = words[who].as_bytes()[op - 1] == b'p';
            let Some((now, heard)) = client.open.as_mut().filter(|_| client.made == op) else { return };
            match (now, tag) {
                (Phase::Query { best, agreed }, Some(tag)) if phase == 1 => {
                    *agreed &= heard.is_empty() || tag == *best;
                    *best = tag.max(*best);
                    heard.push(replica);
                    if heard.len() < majority {
                        return;
                    }
                    let mut new = *best;
                    if is_put {
                        client.taken = client.taken.max(best.0) + 1;
                        new = (client.taken, who + 1);
                    } else if new == (0, 0) {
                        return self.end(who, new, false);
                    }
                    client.open = Some((Phase::Update(new), Vec::new()));
                    self.ask(who, 2, Some(new));
                }
                (Phase::Update(new), None) if phase == 2 => {
                    let new = *new;
                    heard.push(replica);
                    if heard.len() == majority {
                        self.end(who, new, is_put);
                    }
                }
                _ => {}
            }
        }

        fn next(&self, words: &[&str]) -> Vec<State> {
            let mut next = Vec::new();
            let mut add = |change: &dyn Fn(&mut State)| {
                let mut state = self.clone();
                change(&mut state);
                state.messages.sort();
                next.push(state);
            };
            for place in 0..self.messages.len() {
                if place == 0 || self.messages[place] != self.messages[place - 1] {
                    add(&|state| state.deliver(place, words));
                }
            }
            for (who, word) in words.iter().enumerate() {
                if self.clients[who].open.is_none() && self.clients[who].made < word.len() {
                    add(&|state| state.begin(who));
                }
            }
            next
        }
    }

    impl State {
        /// With another name for each replica.
        fn renamed(&self, names: &[usize]) -> State {
            let mut state = self.clone();
            self.replicas.iter().zip(names).for_each(|(tag, name)| state.replicas[*name] = *tag);
            for message in &mut state.messages {
                match message {
                    Message::Ask(replica, ..) | Message::Tell(replica, ..) => *replica = names[*replica],
                }
            }
            state.messages.sort();
            let heard = state.clients.iter_mut().filter_map(|client| client.open.as_mut()).flat_map(|open| &mut open.1);
            heard.for_each(|replica| *replica = names[*replica]);
            state
        }
    }

    /// States that differ by the names of three replicas count once.
    pub fn orbits_of_three(words: &[&str]) -> u64 {
        let names = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let least = |state: State| names.iter().map(|names| state.renamed(names)).min().unwrap_or_default();
        let orbits: BTreeSet<State> = all(3, words).0.into_iter().map(least).collect();
        orbits.len() as u64
    }

    /// States, transitions and ends, depth first.
    pub fn count(replicas: usize, words: &[&str]) -> (u64, u64, u64) {
        let (known, transitions, ends) = all(replicas, words);
        (known.len() as u64, transitions, ends)
    }

    fn all(replicas: usize, words: &[&str]) -> (BTreeSet<State>, u64, u64) {
        let start = State {
            replicas: vec![(0, 0); replicas],
            clients: vec![Client::default(); words.len()],
            ..State::default()
        };
        let (mut known, mut open) = (BTreeSet::from([start.clone()]), vec![start]);
        let (mut transitions, mut ends) = (0, 0);
        while let Some(state) = open.pop() {
            let next = state.next(words);
            ends += u64::from(next.is_empty());
            for state in next {
                transitions += 1;
                if known.insert(state.clone()) {
                    open.push(state);
                }
            }
        }
        (known, transitions, ends)
    }
}

/// No property breaks in any order, and the engine meets exactly the states that the model has.
fn all_orders(replicas: u16, words: &[&str], states: u64, transitions: u64, ends: u64) {
    let found = explored(replicas, words, None);
    println!("{replicas} replicas, {words:?}: {} distinct of {}", found.distinct, found.generated);
    assert_eq!(found.verdict(), Verdict::Holds, "{replicas} replicas, {words:?}");
    let counts = (found.distinct, found.generated - 1, found.ends);
    assert_eq!(counts, (states, transitions, ends), "{replicas} replicas, {words:?}");
    assert_eq!(counts, model::count(replicas.into(), words), "{replicas} replicas, {words:?}");
}

#[test]
fn every_order_is_explored_and_no_property_breaks() {
    // One replica and one put: nothing; then the query, its answer, the update, its acknowledgement; all done.
    all_orders(1, &["p"], 6, 5, 1);
    all_orders(1, &["pg"], 11, 10, 1);
    all_orders(1, &["p", "g"], 69, 88, 10);
    all_orders(1, &["p", "p"], 109, 148, 14);
    all_orders(1, &["pg", "pg"], 2_459, 3_638, 190);
    all_orders(2, &["p"], 18, 25, 1);
    all_orders(2, &["p", "g"], 659, 1_688, 10);
    all_orders(2, &["p", "p"], 1_229, 3_236, 14);
    all_orders(2, &["pg", "g"], 2_501, 6_626, 23);
    all_orders(3, &["p"], 264, 742, 1);
    all_orders(3, &["g", "g"], 1_989, 7_244, 6);
}

/// With replicas that are alike the engine meets exactly the orbits that the model has.
#[test]
fn symmetry_keeps_one_state_of_each_orbit() {
    // One get of N replicas: of the k that were handled, all are alike; of the others those asked, and those that answered.
    for n in 2..=4u64 {
        let found = symmetric(n as u16, &["g"]);
        let orbits = 1 + (n + 1) * (n + 2) / 2;
        assert_eq!((found.distinct, found.verdict()), (orbits, Verdict::Holds), "{n} replicas");
    }
    for words in [&["p"][..], &["g", "g"]] {
        let found = symmetric(3, words);
        println!("3 replicas, {words:?}: {} orbits", found.distinct);
        assert_eq!((found.distinct, found.verdict()), (model::orbits_of_three(words), Verdict::Holds), "{words:?}");
    }
}

fn symmetric(replicas: u16, words: &[&str]) -> Report<Move> {
    let scenario = scenario(replicas, words.len() as u16, None);
    let bounds = Bounds { memory: false, ..Bounds::default() };
    let cluster = case(scenario, programs(words), Start::default()).cluster(bounds).and_then(Cluster::symmetric);
    explore(&cluster.expect("replicas are alike"), Options { symmetry: true, ..Options::default() })
}

#[test]
#[ignore = "15 s: part of `make nightly`"]
fn every_order_of_a_put_and_a_get_of_three_replicas_is_explored() {
    all_orders(3, &["p", "g"], 186_879, 983_188, 10);
    assert_eq!(symmetric(3, &["p", "g"]).distinct, model::orbits_of_three(&["p", "g"]));
}

/// The shortest way to break it, as it can be counted by hand.
#[test]
fn planted_bugs_are_found_by_a_shortest_way() {
    let cases: [(&str, u16, &[&str], &str, usize); 3] = [
        // One replica of three is a quorum: a request; query, answer, update and acknowledgement of that one.
        ("bug-small-quorum", 3, &["p"], "completed writes are on a majority", 1 + 4),
        // Two requests, query and answer of both, the later tag's update and then the earlier one's.
        ("bug-no-compare", 1, &["p", "p"], "tags never go back", 2 + 4 + 2),
        // Two requests, query and answer of both, an update of either, and the acknowledgement of the one not stored.
        ("bug-tag-without-writer", 1, &["p", "p"], "one tag, one value", 2 + 4 + 3),
    ];
    for (bug, replicas, words, property, length) in cases {
        let found = explored(replicas, words, Some(bug)).violation.expect("found");
        assert_eq!((found.property.name, found.actions.len()), (property, length), "{bug}");
        let requests = found.actions.iter().filter(|action| matches!(action, Move::Request(_))).count();
        assert_eq!(requests, words.len(), "{bug}");
    }
}

/// A bound that is reached is said, and is no proof.
#[test]
fn a_reached_limit_is_said() {
    let limited = |states: u64| orders(scenario(3, 1, None), programs(&["p"]), states).2;
    let few = limited(50);
    assert_eq!((few.distinct, few.verdict()), (50, Verdict::Unknown(Bound::States)));
    let whole = explored(3, &["p"], None).distinct;
    let all = limited(whole);
    assert_eq!((all.distinct, all.verdict()), (whole, Verdict::Holds), "the bound itself may be filled");
    let error =
        case(scenario(3, 1, None), vec![("c9".into(), Vec::new())], Start::default()).cluster(Bounds::default());
    assert_eq!(error.err(), Some("there is no node \"c9\"".into()));
    let error =
        case(scenario(3, 1, None), vec![("n1".into(), Vec::new())], Start::default()).cluster(Bounds::default());
    assert_eq!(error.err(), Some("n1 is not a client".into()));
}

/// With what properties remember there are as many states or more, and no fewer violations.
#[test]
fn memory_tells_states_apart() {
    for words in [&["p", "p"][..], &["pg", "g"]] {
        let case = case(scenario(2, 2, None), programs(words), Start::default());
        let count = |memory| {
            let cluster = case.cluster(Bounds { memory, ..Bounds::default() }).expect("it can be explored");
            explore(&cluster, Options::default())
        };
        let (with, without) = (count(true), count(false));
        println!("{words:?}: {} with memory, {} without", with.distinct, without.distinct);
        assert!(with.distinct >= without.distinct);
        assert_eq!((with.verdict(), without.verdict()), (Verdict::Holds, Verdict::Holds));
    }
}
