//! Every order of deliveries of small majority registers, and of small groups of a primary and backups: how many states
//! there are, by the engine's own handlers, by a closed form where there is one, and for registers by a second,
//! independent model; and that no property breaks in any of them.

use faultline::check::explore::{Exploration, Program, explore};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{NodeLine, Scenario, VERSION};
use faultline::wire::{Command, Datum, LinkChange, Op};
use std::collections::BTreeSet;

const STATES_MAX: usize = 200_000;

/// A scenario of so many replicas and clients.
fn scenario(replicas: u16, clients: u16, flag: Option<&str>) -> Scenario {
    let line = |name: &str, role: &str, count| NodeLine {
        name: name.into(),
        role: role.into(),
        count: Some(count),
        groups: Vec::new(),
        place: None,
    };
    Scenario {
        version: VERSION,
        title: String::new(),
        protocol: "majority-register".into(),
        seed: 1,
        pace: None,
        parameters: flag.map(|flag| (flag.to_string(), ParamValue::Flag(true))).into_iter().collect(),
        network: LinkChange::default(),
        disk: None,
        layout: Default::default(),
        nodes: vec![line("n", "replica", replicas), line("c", "client", clients)],
        commands: Vec::new(),
    }
}

/// What the clients c1, c2, … ask for: `g` is a get, `p` a put of a value of its own.
fn programs(words: &[&str]) -> Vec<Program> {
    let op = |client: usize, place: usize, letter: char| match letter {
        'g' => Op { f: "get".into(), key: "x".into(), value: Datum::None },
        _ => Op { f: "put".into(), key: "x".into(), value: Datum::Int((client * 10 + place) as i64) },
    };
    let ops = |client: usize, word: &str| word.chars().enumerate().map(|(i, c)| op(client, i, c)).collect();
    words.iter().enumerate().map(|(i, word)| (format!("c{}", i + 1), ops(i + 1, word))).collect()
}

fn explored(replicas: u16, words: &[&str], flag: Option<&str>) -> Exploration {
    let scenario = scenario(replicas, words.len() as u16, flag);
    explore(scenario, &programs(words), STATES_MAX, protocols::all()).expect("a good scenario")
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
        println!("one get of {n} replicas: {} states, {} transitions", found.states, found.transitions);
        // Every way is as long: a request, and two deliveries a replica.
        assert_eq!((found.states as u64, found.ends, found.depth as u64), (states, 1, 1 + 2 * n));
        assert_eq!((found.violation, found.limit_reached), (None, false));
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

    /// States, transitions and ends, depth first.
    pub fn count(replicas: usize, words: &[&str]) -> (usize, usize, usize) {
        let start = State {
            replicas: vec![(0, 0); replicas],
            clients: vec![Client::default(); words.len()],
            ..State::default()
        };
        let (mut known, mut open) = (BTreeSet::from([start.clone()]), vec![start]);
        let (mut transitions, mut ends) = (0, 0);
        while let Some(state) = open.pop() {
            let next = state.next(words);
            ends += usize::from(next.is_empty());
            for state in next {
                transitions += 1;
                if known.insert(state.clone()) {
                    open.push(state);
                }
            }
        }
        (known.len(), transitions, ends)
    }
}

/// No property breaks in any order, and the engine meets exactly the states that the model has.
fn all_orders(replicas: u16, words: &[&str], states: usize, transitions: usize, ends: usize) {
    let found = explored(replicas, words, None);
    println!("{replicas} replicas, {words:?}: {found:?}");
    assert_eq!((found.violation, found.limit_reached), (None, false), "{replicas} replicas, {words:?}");
    let counts = (found.states, found.transitions, found.ends);
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

#[test]
#[ignore = "15 s: part of `make nightly`"]
fn every_order_of_a_put_and_a_get_of_three_replicas_is_explored() {
    all_orders(3, &["p", "g"], 186_879, 983_188, 10);
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
        assert_eq!((found.property, found.way.len()), (property, length), "{bug}: {}", found.reason);
        let requests = found.way.iter().filter(|command| matches!(command, Command::Request(_))).count();
        assert_eq!(requests, words.len(), "{bug}");
    }
}

/// A bound that is reached is said, and is no proof.
#[test]
fn a_reached_limit_is_said() {
    let few = explore(scenario(3, 1, None), &programs(&["p"]), 50, protocols::all()).expect("a good scenario");
    assert_eq!((few.states, few.limit_reached, few.violation), (50, true, None));
    let whole = explored(3, &["p"], None).states;
    let all = explore(scenario(3, 1, None), &programs(&["p"]), whole, protocols::all()).expect("a good scenario");
    assert_eq!((all.states, all.limit_reached), (whole, false), "the bound itself may be filled");
    let error = explore(scenario(3, 1, None), &[("c9".into(), Vec::new())], 9, protocols::all());
    assert_eq!(error, Err("there is no node \"c9\"".into()));
}

/// A quorum store whose clients coordinate.
fn stored(replicas: u16, more: &[(&str, &str)], words: &[&str], bug: Option<&str>) -> Exploration {
    let mut scenario = scenario(replicas, words.len() as u16, bug);
    scenario.protocol = "quorum-store".into();
    let all = more.iter().copied().chain([("coordinator", "client")]);
    scenario.parameters.extend(all.map(|(name, word)| {
        let value = word.parse().map_or_else(|_| ParamValue::Text(word.into()), ParamValue::Int);
        (name.to_string(), value)
    }));
    explore(scenario, &programs(words), STATES_MAX, protocols::all()).expect("a good scenario")
}

/// One operation on N copies: before the request; then for each copy the question is on its way, or the answer is, or was
/// handled: 1 + 3^N, whatever the quorum.
#[test]
fn one_operation_of_a_quorum_store_has_as_many_states_as_by_hand() {
    for n in 1..=4u32 {
        for (word, quorum) in [("p", "1"), ("p", "2"), ("g", "1"), ("g", "2")] {
            let more = [("replication", "4"), ("read-quorum", quorum), ("write-quorum", quorum)];
            let found = stored(n as u16, &more, &[word], None);
            println!("{word} of {n} copies: {} states, {} transitions", found.states, found.transitions);
            assert_eq!((found.states, found.ends), (1 + 3usize.pow(n), 1), "{word} of {n}, quorum {quorum}");
            assert_eq!((found.violation, found.limit_reached), (None, false));
        }
    }
}

/// Puts and gets of two clients, under both ways to settle conflicts: nothing that was promised breaks.
#[test]
fn every_order_at_a_quorum_store_is_explored() {
    let cases: [(&str, &[&str], usize, usize, usize); 4] = [
        ("last-writer-wins", &["p", "p"], 383, 900, 18),
        ("last-writer-wins", &["p", "g"], 391, 940, 10),
        ("siblings", &["p", "p"], 203, 260, 34),
        ("siblings", &["gp", "p"], 965, 1_566, 95),
    ];
    let found = cases.map(|(conflicts, words, ..)| {
        let found = stored(2, &[("conflicts", conflicts)], words, None);
        println!("{conflicts}, {words:?}: {found:?}");
        assert_eq!((found.violation, found.limit_reached), (None, false), "{conflicts}, {words:?}");
        (conflicts, words, found.states, found.transitions, found.ends)
    });
    assert_eq!(found, cases);
}

/// The shortest ways to break it, as they can be counted by hand.
#[test]
fn planted_bugs_of_the_quorum_store_are_found_by_a_shortest_way() {
    let cases: [(&str, u16, &[&str], &str, usize); 2] = [
        // A request; the write and the acknowledgement of one of two.
        ("bug-answer-early", 2, &["p"], "acknowledged writes have W holders", 3),
        // Two requests, the later one's write and then the earlier one's.
        ("bug-no-compare", 1, &["p", "p"], "replicas only advance", 4),
    ];
    for (bug, replicas, words, property, length) in cases {
        let found = stored(replicas, &[], words, Some(bug)).violation.expect("found");
        assert_eq!((found.property, found.way.len()), (property, length), "{bug}: {}", found.reason);
    }
}

/// Two or three servers and a view service, or what is asked for of them.
fn backed_up(servers: u16, mode: &str, words: &[&str], flag: Option<&str>) -> Exploration {
    let mut scenario = scenario(servers, words.len() as u16, flag);
    scenario.protocol = "primary-backup".into();
    scenario.nodes[0].role = "server".into();
    let service = NodeLine { name: "v".into(), role: "view-service".into(), count: None, ..scenario.nodes[0].clone() };
    scenario.nodes.push(service);
    let text = |word: &str| ParamValue::Text(word.into());
    scenario.parameters.extend([
        ("mode".to_string(), text(mode)),
        ("ship-after".to_string(), text("0ms")),
        ("backups".to_string(), ParamValue::Int(i64::from(servers) - 1)),
    ]);
    let mut programs = programs(words);
    // A letter more: a switch-over to the second server.
    for ((_, ops), word) in programs.iter_mut().zip(words) {
        for (op, _) in ops.iter_mut().zip(word.chars()).filter(|(_, letter)| *letter == 's') {
            *op = Op { f: "promote".into(), key: "n2".into(), value: Datum::None };
        }
    }
    explore(scenario, &programs, STATES_MAX, protocols::all()).expect("a good scenario")
}

/// One put in a view of b backups: before the request, the request on its way; then for each backup its copy is on its
/// way, or the acknowledgement is, or came. Of these 3^b states those with k acknowledgements or more hold the answer,
/// on its way or given: 2 + 3^b + #(at least k came), where k is all, one, or none.
#[test]
fn one_backed_up_put_has_as_many_states_as_by_hand() {
    for backups in 1..=4u32 {
        let (all, none_came) = (3usize.pow(backups), 2usize.pow(backups));
        for (mode, answered) in [("synchronous", 1), ("semi-synchronous", all - none_came), ("asynchronous", all)] {
            let found = backed_up(backups as u16 + 1, mode, &["p"], None);
            println!("{mode}, {backups} backups: {} states, {} transitions", found.states, found.transitions);
            assert_eq!((found.states, found.ends), (2 + all + answered, 1), "{mode}, {backups} backups");
            assert_eq!((found.violation, found.limit_reached), (None, false));
        }
    }
}

/// Puts and gets beside a switch-over, in every order of all their messages: nothing that was promised breaks.
#[test]
fn every_order_of_a_switch_over_is_explored() {
    let cases: [(&str, &[&str], usize, usize, usize); 5] = [
        // Before the request and on its way; then the answer is on its way or given, the old primary has heard or not, and
        // the new one has not heard, or sent its state, or that was acknowledged, reported, confirmed, or all is done.
        ("synchronous", &["s"], 26, 46, 1),
        ("synchronous", &["p", "s"], 1_118, 2_543, 28),
        ("synchronous", &["pg", "s"], 4_150, 9_223, 103),
        ("semi-synchronous", &["p", "s"], 1_118, 2_543, 28),
        ("asynchronous", &["p", "s"], 1_438, 3_518, 28),
    ];
    for (mode, words, states, transitions, ends) in cases {
        let found = backed_up(2, mode, words, None);
        println!("{mode}, {words:?}: {found:?}");
        assert_eq!((found.violation, found.limit_reached), (None, false), "{mode}, {words:?}");
        assert_eq!((found.states, found.transitions, found.ends), (states, transitions, ends), "{mode}, {words:?}");
    }
}

/// The shortest ways to break it, as they can be counted by hand.
#[test]
fn planted_bugs_of_primary_backup_are_found_by_a_shortest_way() {
    let cases: [(&str, &[&str], &str, usize); 2] = [
        // A request, the put, the answer: no backup has it.
        ("bug-answer-before-backups", &["p"], "acknowledged writes are on disk", 3),
        // Two requests, both puts at the primary, and the second's copy before the first's.
        ("bug-apply-gaps", &["p", "p"], "replicas agree", 5),
    ];
    for (bug, words, property, length) in cases {
        let found = backed_up(2, "synchronous", words, Some(bug)).violation.expect("found");
        assert_eq!((found.property, found.way.len()), (property, length), "{bug}: {}", found.reason);
    }
}
