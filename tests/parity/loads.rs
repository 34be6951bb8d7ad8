//! Designs that together have every component, policy and fault of the load model; what their reports must hash to stands in
//! `loads.txt`. Run natively (`tests/parity/main.rs`) and in wasm (`tests/wasm`): the same bits.

use faultline::base::Micros;
use faultline::load::design::*;
use faultline::load::{Design, Plan, run};
use faultline::wire::Distribution;
use std::fmt::Write;

pub const GOLDEN: &str = include_str!("loads.txt");

fn named<T>(parts: Vec<(&str, T)>) -> Named<T> {
    parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
}

fn limited(to: &str) -> Call {
    let (time_out, breaker) = (Some(Micros::ms(400)), Some(Breaker { open: Micros::ms(300), ..Breaker::default() }));
    Call { time_out, retries: 2, back_off: Micros::ms(5), retry_budget: Some(0.2), breaker, ..Call::new(to) }
}

/// Before the application: longer than its own calls together.
fn outer(to: &str) -> Call {
    Call { time_out: Some(Micros::ms(1_500)), ..limited(to) }
}

fn read(to: &str) -> Call {
    Call { when: When::Read, ..limited(to) }
}

fn write(to: &str) -> Call {
    Call { when: When::Write, ..limited(to) }
}

fn class(name: &str, write: bool, fan: u16) -> Class {
    Class { name: name.into(), write, fan, keys: Some("k".into()), deadline: Some(Micros::s(3)), ..Class::default() }
}

fn traffic() -> Design {
    let crowds = vec![Crowd { at: Micros::s(2), ramp: Micros::ms(300), hold: Micros::ms(500), factor: 3.0 }];
    let open = Open { rate: 300.0, swing: 0.4, period: Micros::s(4), crowds };
    let think = Distribution::LogNormal { median: Micros::ms(80), sigma: 0.7 };
    let clients = vec![
        (
            "east",
            Clients {
                load: Load::Open(open),
                classes: vec![class("read", false, 3), class("write", true, 5)],
                region: Some("eu".into()),
                call: outer("geo"),
            },
        ),
        (
            "west",
            Clients {
                load: Load::Closed(Closed { users: 20, think }),
                classes: vec![class("look", false, 2), class("put", true, 2)],
                region: Some("us".into()),
                call: Call { hedge: Some(Micros::ms(60)), ..outer("geo") },
            },
        ),
    ];
    let between = vec![Distance { regions: ["eu".into(), "us".into()], latency: Micros::ms(40) }];
    Design {
        version: VERSION,
        run: Run { duration: Micros::s(6), warm_up: Micros::s(1), drain: Micros::s(3) },
        network: Network { zones: ["eu/a", "eu/b", "us/a"].map(String::from).to_vec(), between, ..Network::default() },
        keys: named(vec![("k", Keys { count: 500, zipf: 0.9 }), ("other", Keys { count: 300, zipf: 0.0 })]),
        clients: named(clients),
        requirements: vec!["p99(read from 2s to 4s) <= 1s".into()],
        ..Design::default()
    }
}

fn faults() -> Vec<Fault> {
    let from = |at: u64, until: u64, does: Harm| Fault { at: Micros::ms(at), until: Some(Micros::ms(until)), does };
    vec![
        from(1_500, 2_500, Harm::Zone("eu/a".into())),
        from(2_000, 3_000, Harm::Hot { keys: "k".into(), key: 3, share: 0.3 }),
        from(2_200, 2_900, Harm::Slow { component: "stores.*".into(), factor: 2.5 }),
        from(3_000, 4_000, Harm::Deploy { component: "app".into(), instances: 1, factor: 3.0, fails: 0.1 }),
        from(3_500, 3_900, Harm::Cut { from: "app".into(), to: "memory".into() }),
        from(4_000, 4_500, Harm::Down { component: "queues.*".into(), instance: 0 }),
        from(5_000, 5_300, Harm::Region("us".into())),
    ]
}

fn app() -> Service {
    let scale = Autoscale {
        min: 2,
        max: 5,
        every: Micros::ms(500),
        cold_start: Micros::ms(700),
        cool_down: Micros::s(1),
        ..Autoscale::default()
    };
    let calls = vec![
        Call { optional: true, ..limited("limit") },
        Call { optional: true, ..read("edge") },
        Call { optional: true, ..read("memory") },
        Call { when: When::Miss, does: Some(Does::Read), ..limited("database") },
        Call { does: Some(Does::Fill), detached: true, when: When::Miss, ..Call::new("memory") },
        Call { does: Some(Does::Read), when: When::Write, ..limited("database") },
        Call { guard: true, optional: true, ..write("database") },
        write("later"),
        Call { keys: Some("other".into()), ..write("ring") },
        Call { when: When::Known, does: Some(Does::Read), ..limited("search") },
        write("search"),
        Call { fan: true, keys: Some("other".into()), ..write("log") },
    ];
    Service {
        instances: 3,
        concurrency: 60,
        autoscale: Some(scale),
        speeds: vec![1.0, 0.5],
        calls,
        ..Service::default()
    }
}

/// Caches of all kinds, the log and the limiter.
fn kept() -> Design {
    let memory = Cache {
        instances: 2,
        capacity: 60,
        ttl: Some(Micros::ms(900)),
        early: Some(Micros::ms(20)),
        single_flight: true,
        ..Cache::default()
    };
    let back = Cache {
        writes: Writes::Back,
        evicts: Evicts::Lfu,
        capacity: 50,
        flush: Micros::ms(200),
        calls: vec![limited("files")],
        ..Cache::default()
    };
    let log = Jobs {
        partitions: 6,
        workers: 4,
        acks: Acks::One,
        lag: Distribution::Constant(Micros::ms(10)),
        fail_over: Micros::ms(200),
        retention: Some(Micros::s(2)),
        fails: 0.05,
        calls: vec![limited("ring")],
        ..Jobs::default()
    };
    let limit = Limiter {
        rate: 30.0,
        burst: 20.0,
        per_key: true,
        algorithm: Algorithm::SlidingWindow,
        instances: 2,
        divided: true,
        ..Limiter::default()
    };
    let edge =
        Cdn { points: 2, capacity: 30, ttl: Some(Micros::s(1)), calls: vec![limited("files")], ..Cdn::default() };
    Design {
        caches: named(vec![("memory", memory), ("later", back)]),
        cdns: named(vec![("edge", edge)]),
        queues: named(vec![("log", log)]),
        limiters: named(vec![("limit", limit)]),
        ..traffic()
    }
}

/// One policy of balancing each; the same design otherwise.
fn everything(policy: Policy) -> Design {
    let front = |region: &str| Balancer {
        policy,
        weights: vec![3, 1],
        health_delay: Micros::ms(300),
        region: Some(region.into()),
        call: outer("door"),
        ..Balancer::default()
    };
    let spread = Balancer { policy, call: outer("app"), region: Some("eu".into()), ..Balancer::default() };
    let geo = Router { ttl: Micros::ms(400), call: limited_to(&["front-eu", "front-us"]), ..Router::default() };
    let door = Gateway { instances: 2, connections: 400, calls: vec![outer("spread")], ..Gateway::default() };
    let database = Store {
        replicas: 2,
        sync: 1,
        replica_reads: true,
        row_locks: true,
        fail_over: Micros::ms(500),
        ..Store::default()
    };
    Design {
        title: format!("everything, {policy:?}"),
        routers: named(vec![("geo", geo)]),
        balancers: named(vec![("front-eu", front("eu")), ("front-us", front("us")), ("spread", spread)]),
        gateways: named(vec![("door", door)]),
        services: named(vec![("app", app())]),
        stores: named(vec![("database", database)]),
        key_values: named(vec![("ring", KeyValue { nodes: 5, shard: Shard::Range, ..KeyValue::default() })]),
        objects: named(vec![("files", Objects::default())]),
        indexes: named(vec![("search", Index { refresh: Micros::ms(300), ..Index::default() })]),
        faults: faults(),
        ..kept()
    }
}

fn limited_to(to: &[&str]) -> Call {
    Call { to: to.iter().map(|name| (*name).to_owned()).collect(), ..outer("") }
}

/// A line for each policy and seed.
pub fn hashes() -> String {
    let policies = [
        Policy::RoundRobin,
        Policy::Random,
        Policy::LeastConnections,
        Policy::TwoChoices,
        Policy::Hash,
        Policy::Weighted,
        Policy::PeakEwma,
        Policy::ConsistentHash,
    ];
    let mut lines = String::new();
    for policy in policies {
        let plan = Plan::new(&everything(policy)).unwrap_or_else(|why| panic!("{why}"));
        for seed in 0..2 {
            let report = run(&plan, seed);
            let answered = report.answered_share();
            assert!(answered > 0.2 && answered < 1.0, "{policy:?}: {answered}");
            let _ = writeln!(lines, "{policy:?} {seed}: {:016x}", report.hash());
        }
    }
    lines
}
