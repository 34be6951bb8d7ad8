//! Components that are a protocol, against that protocol: the quorum store and primary-backup run as they do in the lab, node
//! by node and message by message, under the same load, links and disks as the load model's component. What clients see of
//! both agrees within 2 %, by the means of ten independent replications; the 99 % confidence interval of the difference is
//! narrower than that, too.
//!
//! A node of the lab handles nothing while its disk syncs: it is one server, whose times of service are the disk's.

use super::{REPLICATIONS, adds_up, plan};
use faultline::load::histogram::Histogram;
use faultline::load::run;
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::world::{Watch, World};
use faultline::wire::{Arrivals, Command, Datum, Keys, LinkChange, Outcome, SourceFile, Workload};
use std::collections::BTreeMap;

/// Student's t with 9 degrees of freedom, 99 % within: Welch's test has 9 to 18 of them, so that it is wide enough.
const T: f64 = 3.250;
/// By how much they may differ, and how wide the interval of the difference may be: a share.
const WITHIN: f64 = 0.02;
/// Microseconds: nothing that begins before or after is counted.
const FROM: u64 = 2_000_000;

/// What clients see in one run.
#[derive(Default)]
struct Seen {
    reads: Histogram,
    writes: Histogram,
    /// Of the reads: those that returned less than what had been acknowledged before they began.
    stale: u64,
}

/// A load of reads and writes, as many of the one as of the other, that come at random.
#[derive(Clone, Copy)]
struct Load {
    /// Operations a second.
    rate: u32,
    keys: u32,
    seconds: u64,
}

/// The world of a scenario, in which one client asks: what it writes rises, so that the later version is the greater value.
fn world(scenario: &str, seed: u64, load: Load) -> World {
    let file = SourceFile { name: "scenario.toml".into(), text: format!("version = 1\n{scenario}") };
    let blueprint = Blueprint::read(&file, protocols::all()).unwrap_or_else(|why| panic!("{why}"));
    let mut world = blueprint.with_seed(seed).world(Watch { properties: false, hash: false });
    world.boot(&mut None);
    let workload = Workload {
        client: "c1".into(),
        arrivals: Arrivals::Open { rate: f64::from(load.rate) },
        mix: [("get".to_owned(), 1), ("put".to_owned(), 1)].into(),
        keys: Keys::Uniform { count: load.keys },
        limit: 0,
    };
    world.apply(&Command::Workload(workload), &mut None).expect("c1 is a client");
    world
}

/// What the client sees in a run of the protocol; of its gets those that `counts` by their number.
fn protocol(mut world: World, load: Load, counts: fn(u32) -> bool) -> Seen {
    let until = load.seconds * 1_000_000;
    let mut seen = Seen::default();
    let (mut open, mut acknowledged) = (BTreeMap::new(), BTreeMap::new());
    // What is on its way at the end has a second more.
    while world.step(until + 1_000_000, &mut None).is_some() {
        let facts = world.facts();
        let now = world.now;
        for (id, op) in &facts.began {
            open.insert(id.count, (now, acknowledged.get(&op.key).copied().unwrap_or(0)));
        }
        for ended in &facts.ended {
            assert_eq!(ended.outcome, Outcome::Ok);
            let (began, expected) = open.remove(&ended.id.count).expect("it began");
            let measured = (FROM..until).contains(&began);
            match (&ended.op.value, &ended.answer) {
                (Datum::Int(written), _) => {
                    let known = acknowledged.entry(ended.op.key.clone()).or_insert(0);
                    *known = (*known).max(*written);
                    if measured {
                        seen.writes.record(now - began);
                    }
                }
                (_, answer) if measured && counts(ended.id.count) => {
                    let found = if let Datum::Int(found) = answer { *found } else { 0 };
                    seen.stale += u64::from(found < expected);
                    seen.reads.record(now - began);
                }
                _ => {}
            }
        }
    }
    assert!(world.halted.is_none(), "{:?}", world.halted);
    let unanswered = open.iter().find(|(_, (began, _))| *began < until);
    assert_eq!(unanswered, None, "all that was measured has an answer, at {}", world.now);
    seen
}

/// The same in the load model, of which `store` is the component "kv"; with the latencies of reads and of writes.
fn model(store: &str, load: Load, [read, write]: [&str; 2]) -> Vec<Seen> {
    let Load { rate, keys, seconds } = load;
    let plan = plan(&format!(
        "run = {{ duration = \"{seconds}s\", warm-up = \"{FROM}us\", drain = \"2s\" }}
        keys.k = {{ count = {keys}, zipf = 0.0 }}
        [clients.c]
        load.open.rate = {rate}.0
        classes = [{{ name = \"read\", keys = \"k\" }}, {{ name = \"write\", keys = \"k\", write = true }}]
        call = {{ to = [\"front\"], latency.constant = \"0s\" }}
        [services.front]
        concurrency = 100000
        service.constant = \"0s\"
        calls = [
            {{ to = [\"kv\"], when = \"read\", latency.{read} }},
            {{ to = [\"kv\"], when = \"write\", latency.{write} }},
        ]
        {store}"
    ));
    let seen = |seed| {
        let report = run(&plan, seed);
        adds_up(&report);
        assert_eq!(report.answered_share(), 1.0);
        let class = |name| report.class(name).expect("a class");
        let (read, write) = (class("read"), class("write"));
        Seen { reads: read.latency.clone(), writes: write.latency.clone(), stale: read.stale }
    };
    (0..REPLICATIONS).map(seen).collect()
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0))
}

/// One quantity, by replication, of the protocol and of the model.
fn agree(what: &str, (protocol, model): (&[Seen], &[Seen]), of: impl Fn(&Seen) -> f64) {
    let values = |seen: &[Seen]| seen.iter().map(&of).collect::<Vec<f64>>();
    let ((of_protocol, its), (of_model, own)) =
        (mean_and_variance(&values(protocol)), mean_and_variance(&values(model)));
    let half = T * ((its + own) / REPLICATIONS as f64).sqrt();
    let (apart, width) = ((of_model - of_protocol) / of_protocol, half / of_protocol);
    let told = format!("{what}: protocol {of_protocol:.4}, model {of_model:.4}, apart {apart:.4} ± {width:.4}");
    println!("{told}");
    assert!(apart.abs() <= WITHIN, "{told}");
    assert!(width <= WITHIN, "{told}: it says too little");
}

fn latencies(what: &str, both: (&[Seen], &[Seen])) {
    agree(&format!("{what}, mean of reads"), both, |seen| seen.reads.mean());
    agree(&format!("{what}, mean of writes"), both, |seen| seen.writes.mean());
    for (p, name) in [(0.5, "p50"), (0.99, "p99")] {
        agree(&format!("{what}, {name} of reads"), both, |seen| seen.reads.quantile(p) as f64);
        agree(&format!("{what}, {name} of writes"), both, |seen| seen.writes.quantile(p) as f64);
    }
}

fn stale_share(seen: &Seen) -> f64 {
    seen.stale as f64 / seen.reads.count() as f64
}

fn replications(scenario: &str, load: Load, prepare: fn(&mut World), counts: fn(u32) -> bool) -> Vec<Seen> {
    let run = |seed| {
        let mut world = world(scenario, seed, load);
        prepare(&mut world);
        protocol(world, load, counts)
    };
    (0..REPLICATIONS).map(run).collect()
}

/// N copies, R and W, by a client that coordinates; nothing that repairs, as the model has nothing. Questions of reads and
/// writes, with their answers, have latencies of their own.
fn quorum((n, r, w): (u32, u32, u32), load: Load, [read, write]: [&str; 2], disk: &str) -> (Vec<Seen>, Vec<Seen>) {
    let scenario = format!(
        "protocol = \"quorum-store\"\ndisk.{disk}\n\
         nodes = [{{ name = \"n\", role = \"replica\", count = {n} }}, {{ name = \"c1\", role = \"client\" }}]\n\
         [parameters]\ncoordinator = \"client\"\nreplication = {n}\nread-quorum = {r}\nwrite-quorum = {w}\n\
         sloppy-quorum = false\nhinted-handoff = false\nread-repair = false\nanti-entropy = false\n\
         suspect-after = \"60s\"\ngive-up-after = \"600s\"\n[network]\n\
         kinds.Read.{read}\nkinds.Response.{read}\nkinds.Write.{write}\nkinds.Ack.{write}\n"
    );
    let store = format!(
        "[key-values.kv]\nnodes = {n}\nreplicas = {n}\nread-quorum = {r}\nwrite-quorum = {w}\n\
         concurrency = 1\nqueue = 100000\nread.constant = \"0s\"\nwrite.{disk}\n"
    );
    (replications(&scenario, load, |_| {}, |_| true), model(&store, load, [read, write]))
}

/// Waiting for the R-th or W-th answer of N, each of which has waited in its node's queue: one node in five is busy.
#[test]
fn a_quorum_waits_as_long_as_in_the_protocol() {
    let load = Load { rate: 800, keys: 50, seconds: 62 };
    for quorums in [(3, 2, 2), (5, 2, 4)] {
        let network = ["exponential.mean = \"2ms\""; 2];
        let (protocol, model) = quorum(quorums, load, network, "exponential.mean = \"500us\"");
        latencies(&format!("{quorums:?}"), (&protocol, &model));
        assert!(protocol.iter().chain(&model).all(|seen| seen.stale == 0), "R + W > N");
    }
}

/// One answer is enough, and it is often old: forty writes a second of each key take 40 ms to come to a copy, reads far less.
#[test]
fn a_partial_quorum_is_as_stale_as_in_the_protocol() {
    let load = Load { rate: 800, keys: 10, seconds: 62 };
    let network = ["exponential.mean = \"500us\"", "exponential.mean = \"40ms\""];
    let (protocol, model) = quorum((3, 1, 1), load, network, "constant = \"0s\"");
    latencies("partial", (&protocol, &model));
    agree("partial, stale", (&protocol, &model), stale_share);
}

/// How long messages take from and to clients, and between servers, and how long the disk takes: distributions.
struct Times {
    clients: &'static str,
    servers: &'static str,
    disk: &'static str,
    /// Of both together: a copy is made when the write has come and the backup's disk has it.
    lag: &'static str,
}

const MODERATE: Times = Times {
    clients: "exponential = { min = \"1ms\", mean = \"2ms\" }",
    servers: "exponential = { min = \"1ms\", mean = \"2ms\" }",
    disk: "constant = \"500us\"",
    lag: "exponential = { min = \"1500us\", mean = \"2ms\" }",
};

/// Primary-backup, by a view service that nobody disturbs. Links between servers deliver in order, as connections do: a
/// backup takes no write before the one that it follows. Nodes are busy for a twentieth of the time: that a backup's disk, and
/// the primary that hears of it, do one thing at a time is not in the model.
fn primary_backup(
    (mode, reads, backups): (&str, &str, u16),
    load: Load,
    times: &Times,
    store: &str,
    counts: fn(u32) -> bool,
) -> (Vec<Seen>, Vec<Seen>) {
    let Times { clients, servers, disk, lag } = times;
    let scenario = format!(
        "protocol = \"primary-backup\"\ndisk.{disk}\n\
         nodes = [{{ name = \"s\", role = \"server\", count = {} }}, {{ name = \"v\", role = \"view-service\" }}, \
         {{ name = \"c1\", role = \"client\" }}]\n\
         [parameters]\nmode = \"{mode}\"\nreads = \"{reads}\"\nbackups = {backups}\nacknowledgements = 1\n\
         ping-interval = \"60s\"\ndead-after = \"600s\"\nship-after = \"0s\"\nretry-after = \"60s\"\n\
         give-up-after = \"600s\"\n[network]\nlatency.{clients}\nkinds.Update.{servers}\nkinds.Ack.{servers}\n",
        backups + 1
    );
    let store = format!(
        "[stores.kv]\nreplicas = {backups}\nconcurrency = 1\nqueue = 100000\nread.constant = \"0s\"\n\
         write.{disk}\nlag.{lag}\nack.{servers}\n{store}"
    );
    (replications(&scenario, load, in_order, counts), model(&store, load, [*clients; 2]))
}

fn in_order(world: &mut World) {
    let setup = world.setup.clone();
    let servers: Vec<String> = setup.role("server").map(|node| setup.name(node).to_owned()).collect();
    let change = LinkChange { from: servers.clone(), to: servers, ordered: Some(true), ..LinkChange::default() };
    world.apply(&Command::Link(change), &mut None).expect("they are there");
}

const LOAD: Load = Load { rate: 200, keys: 40, seconds: 202 };

/// The primary answers alone.
#[test]
fn an_asynchronous_primary_is_as_fast_as_in_the_protocol() {
    let (protocol, model) = primary_backup(("asynchronous", "primary", 2), LOAD, &MODERATE, "sync = 0", |_| true);
    latencies("asynchronous", (&protocol, &model));
    // Of the protocol its own properties say so: here writes overtake one another on their way to the primary, and then the
    // lesser value is the later one.
    assert!(model.iter().all(|seen| seen.stale == 0), "the primary is read");
}

/// The first of two backups, or both, before the primary answers: there, on the disk, and back.
#[test]
fn a_synchronous_primary_waits_as_long_as_in_the_protocol() {
    for (mode, store) in [("semi-synchronous", "sync = 1"), ("synchronous", "sync = 2")] {
        let (protocol, model) = primary_backup((mode, "primary", 2), LOAD, &MODERATE, store, |_| true);
        latencies(mode, (&protocol, &model));
    }
}

/// What a replica lacks, that is far away. Clients of the protocol read any copy in turn; of their reads those of the backup
/// are counted. What they write comes to the primary in the order of its values, since all of it takes as long.
#[test]
fn a_replica_is_as_stale_as_in_the_protocol() {
    let load = Load { rate: 800, keys: 20, seconds: 202 };
    let times = Times {
        clients: "constant = \"1ms\"",
        servers: "exponential.mean = \"10ms\"",
        disk: "constant = \"0s\"",
        lag: "exponential.mean = \"10ms\"",
    };
    let of_backup = |number: u32| !(number + 1).is_multiple_of(2);
    let store = "sync = 0\nreplica-reads = true";
    let (protocol, model) = primary_backup(("asynchronous", "any", 1), load, &times, store, of_backup);
    latencies("replica", (&protocol, &model));
    agree("replica, stale", (&protocol, &model), stale_share);
}
