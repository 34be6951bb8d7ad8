//! The quorum store against what is known of it: how often partial quorums read stale values, by the model WARS and by
//! numbers that were published; that strict ones never do; and that replicas come to hold the same.

use faultline::base::json::Json;
use faultline::base::{Micros, NodeId};
use faultline::check::faults::Profile;
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::{Watch, World};
use faultline::wire::{ClientRequest, Command, Datum, Op, Outcome, RowKind, SourceFile};
use std::collections::BTreeMap;

/// How long messages take: what it says in the scenario, and the same as a function of a number from 0 to 1.
struct Delay {
    toml: String,
    draw: Box<dyn Fn(f64) -> f64>,
}

fn exponential(mean_us: f64) -> Delay {
    let toml = format!("exponential.mean = \"{mean_us}us\"");
    Delay { toml, draw: Box::new(move |p| -mean_us * (1.0 - p).ln()) }
}

/// As in the published tables: so much at these quantiles, linear in between.
fn quantiles(table: &'static [(f64, f64)]) -> Delay {
    let rows: Vec<String> = table.iter().map(|(p, us)| format!("[{p:?}, \"{us}us\"]")).collect();
    let draw = move |p: f64| {
        let above = table.iter().position(|(q, _)| *q > p).unwrap_or(table.len() - 1);
        let ((p0, t0), (p1, t1)) = (table[above - 1], table[above]);
        t0 + (t1 - t0) * (p - p0) / (p1 - p0)
    };
    Delay { toml: format!("quantiles = [{}]", rows.join(", ")), draw: Box::new(draw) }
}

/// Write, acknowledgement, read, response.
type Wars = [Delay; 4];

struct Quorums {
    n: usize,
    r: usize,
    w: usize,
}

fn wars(write: Delay, others: impl Fn() -> Delay) -> Wars {
    [write, others(), others(), others()]
}

fn scenario(quorums: &Quorums, delays: &Wars, seed: u64) -> Blueprint {
    let Quorums { n, r, w } = quorums;
    let kinds = ["Write", "Ack", "Read", "Response"].iter().zip(delays);
    let kinds: Vec<String> = kinds.map(|(kind, delay)| format!("kinds.{kind}.{}", delay.toml)).collect();
    let text = format!(
        "version = 1\nprotocol = \"quorum-store\"\nseed = {seed}\ndisk.constant = \"0us\"\n\
         nodes = [{{ name = \"n\", role = \"replica\", count = {n} }}, {{ name = \"c1\", role = \"client\" }}]\n\
         [parameters]\ncoordinator = \"client\"\nreplication = {n}\nread-quorum = {r}\nwrite-quorum = {w}\n\
         sloppy-quorum = false\nhinted-handoff = false\nread-repair = false\nanti-entropy = false\n\
         suspect-after = \"60s\"\ngive-up-after = \"600s\"\n[network]\n{}\n",
        kinds.join("\n")
    );
    Blueprint::read(&SourceFile { name: "wars.toml".into(), text }, protocols::all()).expect("a good scenario")
}

/// Asks, and lets everything happen until the answer is there.
fn ask(world: &mut World, f: &str, key: &str, value: Datum) -> Datum {
    let op = Op { f: f.into(), key: key.into(), value };
    world.apply(&Command::Request(ClientRequest { client: "c1".into(), op }), &mut None).expect("c1 is there");
    loop {
        if let Some(ended) = world.facts().ended.first() {
            assert_eq!(ended.outcome, Outcome::Ok);
            return ended.answer.clone();
        }
        world.step(u64::MAX, &mut None).expect("an answer is on its way");
    }
}

/// The share of gets that begin so long after their put is acknowledged and do not find it, in the simulated store.
fn simulated(quorums: &Quorums, delays: &Wars, after: Micros, trials: u32) -> f64 {
    let mut world = scenario(quorums, delays, 0).world(Watch { properties: true, hash: false });
    let mut stale = 0;
    for trial in 0..trials {
        // Each trial has a key of its own; now and then a new run, before there are very many.
        if trial % 50 == 0 {
            world = scenario(quorums, delays, u64::from(trial)).world(Watch { properties: true, hash: false });
            world.boot(&mut None);
        }
        let key = format!("k{trial}");
        ask(&mut world, "put", &key, Datum::Int(1));
        let begin = world.now + after.0;
        while world.step(begin, &mut None).is_some() {}
        world.advance_clock(begin);
        stale += u32::from(ask(&mut world, "get", &key, Datum::None) == Datum::None);
    }
    assert!(world.broken.iter().all(Option::is_none), "{:?}", world.broken);
    f64::from(stale) / f64::from(trials)
}

/// The same by the model alone (PBS, section 4.1): the put is acknowledged with the W-th least of write plus
/// acknowledgement; a get is stale if each of the R first to respond was read before it was written.
fn modelled(quorums: &Quorums, delays: &Wars, after: Micros, trials: u32) -> f64 {
    let mut state = 0x5eed_u64;
    // SplitMix64, written down here once more: nothing is shared with the simulation.
    let mut unit = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut stale = 0;
    for _ in 0..trials {
        let mut draws = |kind: usize| -> Vec<f64> { (0..quorums.n).map(|_| (delays[kind].draw)(unit())).collect() };
        let [writes, acks, reads, responses] = [draws(0), draws(1), draws(2), draws(3)];
        let mut acknowledged: Vec<f64> = writes.iter().zip(&acks).map(|(w, a)| w + a).collect();
        acknowledged.sort_by(f64::total_cmp);
        let begin = acknowledged[quorums.w - 1] + after.0 as f64;
        let mut first: Vec<usize> = (0..quorums.n).collect();
        first.sort_by(|a, b| (reads[*a] + responses[*a]).total_cmp(&(reads[*b] + responses[*b])));
        stale += u32::from(first[..quorums.r].iter().all(|i| begin + reads[*i] < writes[*i]));
    }
    f64::from(stale) / f64::from(trials)
}

const TRIALS: u32 = 6_000;
const MODEL_TRIALS: u32 = 200_000;

fn agree(quorums: &Quorums, delays: &Wars, after: Micros) -> f64 {
    let (seen, expected) = (simulated(quorums, delays, after, TRIALS), modelled(quorums, delays, after, MODEL_TRIALS));
    let Quorums { n, r, w } = quorums;
    println!(
        "N = {n}, R = {r}, W = {w}, {after} after: {:.2} % stale, by WARS {:.2} %",
        seen * 100.0,
        expected * 100.0
    );
    let error = 4.0 * (expected.max(0.001) * (1.0 - expected) / f64::from(TRIALS)).sqrt();
    assert!(
        (seen - expected).abs() < error,
        "N = {n}, R = {r}, W = {w}, {after}: {seen}, by WARS {expected} ± {error}"
    );
    seen
}

#[test]
fn staleness_is_that_of_wars() {
    for (r, w) in [(1, 1), (1, 2), (2, 1)] {
        let quorums = Quorums { n: 3, r, w };
        let delays = wars(exponential(10_000.0), || exponential(1_000.0));
        let stale = [0, 5, 20].map(|ms| agree(&quorums, &delays, Micros::ms(ms)));
        assert!(stale[0] > stale[1] && stale[1] > stale[2] && stale[0] > 0.1, "it falls with time: {stale:?}");
    }
}

#[test]
fn staleness_by_a_table_of_quantiles_is_that_of_wars() {
    const WRITE: &[(f64, f64)] = &[(0.0, 300.0), (0.5, 4_000.0), (0.95, 20_000.0), (0.999, 80_000.0), (1.0, 400_000.0)];
    const OTHER: &[(f64, f64)] = &[(0.0, 200.0), (0.5, 1_000.0), (0.99, 6_000.0), (1.0, 30_000.0)];
    let delays = wars(quantiles(WRITE), || quantiles(OTHER));
    for ms in [0, 10] {
        agree(&Quorums { n: 3, r: 1, w: 1 }, &delays, Micros::ms(ms));
    }
}

/// Bailis and others, PVLDB 2012, section 5.3: N = 3, R = W = 1, all delays exponential, A = R = S of mean 1 ms. With
/// writes of mean 0.25 ms 94 % of gets are consistent at once and 99.9 % after 1 ms; with writes of mean 10 ms 41 % are at
/// once, and 99.9 % after 65 ms.
#[test]
fn staleness_is_that_which_was_published() {
    let published =
        [(250.0, 0, 0.94, 0.01), (250.0, 1, 0.999, 0.002), (10_000.0, 0, 0.41, 0.025), (10_000.0, 65, 0.999, 0.002)];
    for (mean_us, ms, consistent, error) in published {
        let delays = wars(exponential(mean_us), || exponential(1_000.0));
        let seen = 1.0 - simulated(&Quorums { n: 3, r: 1, w: 1 }, &delays, Micros::ms(ms), 2 * TRIALS);
        println!("writes of {mean_us} us, {ms} ms after: {:.2} % consistent, published {consistent}", seen * 100.0);
        assert!((seen - consistent).abs() < error, "{mean_us} us, {ms} ms: {seen}, published {consistent}");
    }
}

#[test]
fn strict_quorums_are_never_stale() {
    for (n, r, w) in [(3, 2, 2), (3, 1, 3), (3, 3, 1), (5, 2, 4)] {
        let delays = wars(exponential(10_000.0), || exponential(1_000.0));
        let stale = simulated(&Quorums { n, r, w }, &delays, Micros::ZERO, TRIALS);
        assert_eq!(stale, 0.0, "N = {n}, R = {r}, W = {w}");
    }
}

#[test]
fn a_latency_of_no_message_is_refused() {
    let text = "version = 1\nprotocol = \"quorum-store\"\nnodes = [{ name = \"n\", role = \"replica\" }]\n\
                [network]\nkinds.Wrte.constant = \"1ms\"\n";
    let file = SourceFile { name: "typo.toml".into(), text: text.into() };
    let error = Blueprint::read(&file, protocols::all()).err().expect("a typo");
    assert!(error.starts_with("typo.toml:5: no message is of the kind \"Wrte\"; accepted: Put, Get,"), "{error}");
}

/// Three replicas under the faults of a sweep, with some of what brings them together.
fn apart(seed: u64, on: &[&str]) -> bool {
    let flag = |name: &str| (name.to_string(), ParamValue::Flag(on.contains(&name)));
    let text = |name: &str, word: &str| (name.to_string(), ParamValue::Text(word.into()));
    let conflicts = if seed.is_multiple_of(2) { "siblings" } else { "last-writer-wins" };
    let mut parameters = BTreeMap::from([flag("anti-entropy"), flag("read-repair"), flag("hinted-handoff")]);
    parameters.extend([
        text("conflicts", conflicts),
        text("spread", if on.contains(&"gossip") { "gossip" } else { "at-once" }),
        text("anti-entropy-interval", "80ms"),
        text("handoff-interval", "50ms"),
        // Nobody stands in, and nobody is asked twice.
        ("sloppy-quorum".to_string(), ParamValue::Flag(false)),
        text("suspect-after", if on.contains(&"hinted-handoff") { "15ms" } else { "200ms" }),
        text("give-up-after", "100ms"),
        ("write-quorum".to_string(), ParamValue::Int(1)),
        ("read-quorum".to_string(), ParamValue::Int(1)),
    ]);
    let profile = Profile {
        protocol: "quorum-store".into(),
        parameters,
        drawn: Vec::new(),
        servers: ("replica".into(), "n".into(), vec![3]),
        clients: ("client".into(), "c".into(), vec![2]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(1),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    let sweep = Sweep::new(profile, protocols::all()).expect("a good profile");
    let ends = sweep.profile.ends_at();
    let blueprint = sweep.blueprint(seed).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(ends.plus(Micros::s(2)), u64::MAX);
    let world = timeline.head();
    assert!(world.broken.iter().all(Option::is_none), "seed {seed}: {:?}", world.broken);
    let held = |node: u16| match world.trees(NodeId(node)).1 {
        Json::Map(fields) => fields.into_iter().find(|(name, _)| name == "held").expect("a replica's disk").1,
        other => panic!("{other:?}"),
    };
    held(0) != held(1) || held(1) != held(2)
}

/// After everything has healed, anti-entropy alone makes all replicas the same. Without any help some stay apart.
#[test]
fn replicas_converge() {
    let alone = |on: &[&str]| (0..60).filter(|seed| apart(*seed, on)).count();
    assert_eq!(alone(&["anti-entropy"]), 0);
    assert_eq!(alone(&["anti-entropy", "gossip"]), 0);
    assert!(alone(&["gossip"]) > 50, "a gossip without comparisons");
    assert_eq!(alone(&["anti-entropy", "read-repair", "hinted-handoff"]), 0);
    let (nothing, hints) = (alone(&[]), alone(&["hinted-handoff"]));
    println!("of 60 runs {nothing} stay apart without help, {hints} with hints alone");
    assert!(nothing > 5 && hints < nothing, "{nothing} without help, {hints} with hints");
}

/// A put at one of n replicas, which compare themselves every 200 ms with another one at random: how many such rounds until
/// all have it.
fn gossiped(n: usize, seed: u64) -> f64 {
    let put_at = 1_000_000;
    let text = format!(
        "version = 1\nprotocol = \"quorum-store\"\nseed = {seed}\nnetwork.latency.constant = \"50us\"\n\
         disk.constant = \"0us\"\nnodes = [{{ name = \"n\", role = \"replica\", count = {n} }}, \
         {{ name = \"c1\", role = \"client\" }}]\nparameters = {{ replication = {n}, spread = \"gossip\", \
         anti-entropy-interval = \"{ROUND_US}us\" }}\n[[commands]]\nat = \"{put_at}us\"\n\
         do.request = {{ client = \"c1\", op = {{ f = \"put\", key = \"x\", value.int = 1 }} }}\n"
    );
    let file = SourceFile { name: "gossip.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros(put_at + 20 * ROUND_US), u64::MAX);
    assert!(timeline.head().broken.iter().all(Option::is_none), "seed {seed}: {:?}", timeline.head().broken);
    let rows = timeline.trace.rows().iter();
    let writes: Vec<u64> = rows.filter(|rec| rec.kind == RowKind::Write && rec.at > put_at).map(|rec| rec.at).collect();
    assert_eq!(writes.len(), n, "seed {seed}: each replica writes it once");
    (writes[n - 1] - writes[0]) as f64 / ROUND_US as f64
}

const ROUND_US: u64 = 200_000;

/// The same by hand: everybody has a moment of its own in each round, asks somebody then, and both have what one had.
fn modelled_gossip(n: usize, unit: &mut impl FnMut() -> f64) -> f64 {
    let moments: Vec<f64> = (0..n).map(|_| unit()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| moments[*a].total_cmp(&moments[*b]));
    let (begun, mut has) = (unit(), vec![false; n]);
    has[(unit() * n as f64) as usize] = true;
    for round in 0.. {
        for one in order.iter().copied().filter(|one| round > 0 || moments[*one] >= begun) {
            let other = (one + 1 + (unit() * (n - 1) as f64) as usize) % n;
            let both = has[one] || has[other];
            (has[one], has[other]) = (both, both);
            if has.iter().all(|has| *has) {
                return f64::from(round) + moments[one] - begun;
            }
        }
    }
    unreachable!("it goes on for ever")
}

/// Pushing alone takes log2 n + ln n + O(1) rounds (Pittel: On spreading a rumor, 1987), and pushing and pulling, as
/// comparisons do, less (Karp and others: Randomized rumor spreading, FOCS 2000). The mean is that of the model.
#[test]
fn gossip_takes_logarithmic_time() {
    let mut state = 0x5eed_u64;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut means = Vec::new();
    for n in [4, 8, 16] {
        let seen: Vec<f64> = (0..150).map(|seed| gossiped(n, seed)).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let modelled: Vec<f64> = (0..20_000).map(|_| modelled_gossip(n, &mut unit)).collect();
        let (seen_mean, expected) = (mean(&seen), mean(&modelled));
        let variance = seen.iter().map(|value| (value - seen_mean).powi(2)).sum::<f64>() / (seen.len() - 1) as f64;
        let error = (variance / seen.len() as f64).sqrt();
        let push = (n as f64).log2() + (n as f64).ln();
        println!(
            "{n} replicas: {seen_mean:.3} rounds, by the model {expected:.3}, error {error:.3}, pushing {push:.2}"
        );
        assert!((seen_mean - expected).abs() < 4.0 * error + 0.02, "{n}: {seen_mean}, by the model {expected}");
        assert!(seen_mean < push, "{n}: {seen_mean}, pushing alone takes {push}");
        means.push(seen_mean);
    }
    // With twice the replicas a little more, not twice.
    assert!(means.windows(2).all(|pair| pair[1] > pair[0] && pair[1] - pair[0] < 1.0), "{means:?}");
}
