//! Caches against Che's approximation; what is stored, and what is stale or lost.

use super::{adds_up, agrees, approximates, plan, reports};
use faultline::load::run;

/// Che, Tung, Wang (Hierarchical web caching systems, JSAC 20(7), 2002): the characteristic time t solves
/// Σ (1 - exp(-p t)) = capacity, and the hit ratio is Σ p (1 - exp(-p t)).
fn che(keys: u32, zipf: f64, capacity: f64) -> f64 {
    let weights: Vec<f64> = (1..=keys).map(|k| f64::from(k).powf(-zipf)).collect();
    let all: f64 = weights.iter().sum();
    let held = |t: f64| weights.iter().map(|w| 1.0 - (-w / all * t).exp()).sum::<f64>();
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if held(middle) < capacity { low = middle } else { high = middle }
    }
    weights.iter().map(|w| w / all * (1.0 - (-w / all * low).exp())).sum()
}

#[test]
fn hit_ratio_of_least_recently_used() {
    for (zipf, capacity) in [(0.8, 500), (1.0, 200)] {
        let text = format!(
            "run = {{ duration = \"14s\", warm-up = \"4s\" }}
            keys.k = {{ count = 5000, zipf = {zipf:?} }}
            [clients.c]
            load.open.rate = 10000.0
            classes = [{{ name = \"read\", keys = \"k\" }}]
            call = {{ to = [\"m\"] }}
            [caches.m]
            capacity = {capacity}
            concurrency = 64
            calls = [{{ to = [\"d\"] }}]
            [stores.d]
            concurrency = 1000
            read.constant = \"10us\"
            write.constant = \"10us\""
        );
        let reports = reports(&text);
        let hits = reports.iter().map(|r| r.component("m").and_then(|m| m.hit_ratio).expect("a cache"));
        // It is an approximation: the time until an entry is evicted varies, and is taken as constant. Fricker, Robert and Roberts
        // (A versatile and accurate approximation for LRU cache performance, ITC 2012) explain why that is good for caches of
        // hundreds of entries: its standard deviation is small beside it. Half a hundredth is allowed for it.
        let expected = che(5_000, zipf, f64::from(capacity));
        approximates(&format!("zipf {zipf}, {capacity} of 5000"), hits, expected, 0.01, 0.005);
    }
}

fn single_flight(single: bool) -> String {
    format!(
        "run = {{ duration = \"3s\", warm-up = \"0s\" }}
        keys.k = {{ count = 1 }}
        [clients.c]
        load.open.rate = 1000.0
        classes = [{{ name = \"read\", keys = \"k\" }}]
        call = {{ to = [\"m\"] }}
        [caches.m]
        capacity = 1
        concurrency = 64
        ttl = \"1s\"
        single-flight = {single}
        calls = [{{ to = [\"d\"] }}]
        [stores.d]
        concurrency = 1000
        read.constant = \"100ms\"
        write.constant = \"100ms\""
    )
}

/// When a popular entry ends, all who miss it ask the store, or one.
#[test]
fn a_stampede_and_its_cure() {
    let below = |single| {
        let report = run(&plan(&single_flight(single)), 1);
        adds_up(&report);
        assert_eq!(report.classes[0].answered, report.classes[0].asked);
        report.component("d").expect("a store").arrived
    };
    let (crowd, one) = (below(false), below(true));
    assert!((2..=3).contains(&one), "once for each life of the entry: {one}");
    assert!(crowd > 200, "for about 100 ms each time: {crowd}");
}

fn replicated(sync: u32, reads: bool, lag: &str) -> String {
    format!(
        "run = {{ duration = \"20s\", warm-up = \"1s\" }}
        keys.k = {{ count = 100 }}
        [clients.c]
        load.open.rate = 500.0
        classes = [{{ name = \"read\", keys = \"k\" }}, {{ name = \"write\", keys = \"k\", write = true }}]
        call = {{ to = [\"d\"], time-out = \"1s\" }}
        [stores.d]
        replicas = 2
        sync = {sync}
        replica-reads = {reads}
        lag.constant = \"{lag}\"
        fail-over = \"2s\"
        read.constant = \"1ms\"
        write.constant = \"1ms\"
        [[faults]]
        at = \"10s\"
        does.down = {{ component = \"d\", instance = 0 }}"
    )
}

#[test]
fn asynchronous_replicas_lose_and_are_stale() {
    let report = run(&plan(&replicated(0, true, "100ms")), 1);
    adds_up(&report);
    // What was acknowledged in the last 100 ms before the end: 25 writes, about.
    assert!((10..50).contains(&report.lost()), "{}", report.lost());
    let read = report.class("read").expect("a class");
    assert!(read.stale_share() > 0.05, "{read:?}");
    // For two seconds of nineteen there is nobody to write to.
    let write = report.class("write").expect("a class");
    assert!((0.85..0.92).contains(&write.answered_share()), "{}", write.answered_share());
}

#[test]
fn synchronous_replicas_lose_nothing() {
    for sync in [1, 2] {
        let report = run(&plan(&replicated(sync, false, "5ms")), 1);
        adds_up(&report);
        assert_eq!(report.lost(), 0);
        assert_eq!(report.class("read").expect("a class").stale, 0, "read at the primary");
        let write = report.class("write").expect("a class");
        assert!(write.latency.quantile(0.01) > 6_000, "a write waits for the replica: {}", write.latency.mean());
        // With both needed and one of them gone, nothing more is acknowledged.
        let expected = if sync == 1 { 0.85..0.92 } else { 0.4..0.55 };
        assert!(expected.contains(&write.answered_share()), "{}", write.answered_share());
    }
}

/// R + W > N reads what was written, also with a node gone; less does not.
#[test]
fn quorums() {
    let stale = |r: u32, w: u32| {
        let text = format!(
            "run = {{ duration = \"10s\", warm-up = \"1s\" }}
            keys.k = {{ count = 20 }}
            [clients.c]
            load.open.rate = 1000.0
            classes = [{{ name = \"read\", keys = \"k\" }}, {{ name = \"write\", keys = \"k\", write = true }}]
            call = {{ to = [\"s\"] }}
            [services.s]
            concurrency = 1000
            service.constant = \"0ms\"
            calls = [{{ to = [\"kv\"] }}]
            [key-values.kv]
            nodes = 5
            read-quorum = {r}
            write-quorum = {w}
            concurrency = 100
            read.exponential.mean = \"1ms\"
            write.exponential.mean = \"5ms\"
            [[faults]]
            at = \"5s\"
            until = \"7s\"
            does.down = {{ component = \"kv\", instance = 2 }}"
        );
        let report = run(&plan(&text), 1);
        adds_up(&report);
        let read = report.class("read").expect("a class").clone();
        assert!(read.answered_share() > 0.999, "{read:?}");
        read.stale
    };
    assert_eq!(stale(2, 2), 0);
    assert!(stale(1, 1) > 20);
}

/// A cache aside is as stale as its race: the entry that was read before a write is put in after it.
#[test]
fn what_is_cached_may_be_old() {
    let text = |calls: &str| {
        format!(
            "run = {{ duration = \"10s\", warm-up = \"1s\" }}
            keys.k = {{ count = 50 }}
            [clients.c]
            load.open.rate = 500.0
            classes = [{{ name = \"read\", keys = \"k\" }}, {{ name = \"write\", keys = \"k\", write = true, share = 0.1 }}]
            call = {{ to = [\"s\"] }}
            [caches.m]
            capacity = 1000
            concurrency = 100
            [stores.d]
            concurrency = 100
            read.constant = \"2ms\"
            write.constant = \"2ms\"
            [services.s]
            concurrency = 1000
            service.constant = \"0ms\"
            calls = [
                {{ to = [\"m\"], when = \"read\" }},
                {{ to = [\"d\"], when = \"miss\", latency.exponential.mean = \"5ms\" }},
                {{ to = [\"m\"], when = \"miss\", does = \"fill\" }},
                {{ to = [\"d\"], when = \"write\" }},
                {calls}
            ]"
        )
    };
    let stale = |calls| run(&plan(&text(calls)), 1).class("read").expect("a class").stale_share();
    let (never, taken_out) = (stale(""), stale("{ to = [\"m\"], when = \"write\", does = \"invalidate\" }"));
    assert!(never > 0.5, "nobody takes it out: {never}");
    assert!(taken_out > 0.0 && taken_out < 0.2, "a race now and then: {taken_out}");
}

/// Reads and writes are told apart, and the mix is that of the shares.
#[test]
fn the_mix() {
    let text = "
        run = { duration = \"11s\", warm-up = \"1s\" }
        [clients.c]
        load.open.rate = 1000.0
        classes = [{ name = \"a\", share = 3.0 }, { name = \"b\" }]
        call = { to = [\"s\"] }
        [services.s]
        service.constant = \"1ms\"";
    let reports = reports(text);
    let share = |r: &faultline::load::Report| {
        let asked = |name| r.class(name).expect("a class").asked as f64;
        asked("a") / (asked("a") + asked("b"))
    };
    agrees("the mix", reports.iter().map(share), 0.75, 0.02);
}
