//! Limiters, and the policies of balancing.

use super::components::component;
use super::{adds_up, agrees, plan, reports};
use faultline::load::{Report, run};

/// What gets through in the worst second: a fixed window twice its rate, a sliding one little more than it.
#[test]
fn limiters_by_key() {
    let let_through = |of: &str| {
        let text = format!(
            "run = {{ duration = \"41s\", warm-up = \"1s\" }}
            keys.k = {{ count = 4, zipf = 0.0 }}
            [clients.c]
            load.open.rate = 400.0
            classes = [{{ name = \"ask\", keys = \"k\" }}]
            call = {{ to = [\"b\"] }}
            [balancers.b]
            policy = \"random\"
            call = {{ to = [\"l\"] }}
            [limiters.l]
            rate = 10.0
            burst = 10.0
            per-key = true
            {of}"
        );
        let report = run(&plan(&text), 1);
        adds_up(&report);
        assert_eq!(component(&report, "l").shed, report.classes[0].shed);
        report.classes[0].answered as f64 / 40.0
    };
    let near = |of: &str, expected: f64| {
        let rate = let_through(of);
        assert!((rate / expected - 1.0).abs() < 0.05, "{of}: {rate} for {expected}");
    };
    near("algorithm = \"token-bucket\"", 40.0);
    near("algorithm = \"fixed-window\"", 40.0);
    near("instances = 3", 120.0);
    near("instances = 4\ndivided = true", 40.0);
    // As if the last window had come evenly: some of it is counted for too long.
    let sliding = let_through("algorithm = \"sliding-window\"");
    assert!((34.0..=40.5).contains(&sliding), "{sliding}");
}

/// A request that a limiter refuses fails, though the call was optional; one that a limiter cannot answer does not.
#[test]
fn a_limiter_that_is_asked() {
    let text = |asked: &str| {
        format!(
            "run = {{ duration = \"21s\", warm-up = \"1s\" }}
            clients.c = {{ load.open.rate = 100.0, call = {{ to = [\"s\"], retries = 3 }} }}
            balancers.b = {{ call = {{ to = [\"l\"] }} }}
            limiters.l = {{ rate = 50.0, burst = 1.0 }}
            services.s = {{ service.constant = \"0s\", calls = [{{ to = [\"{asked}\"], optional = true, time-out = \"5ms\" }}] }}
            [[faults]]
            at = \"11s\"
            does.cut = {{ from = \"s\", to = \"{asked}\" }}"
        )
    };
    // Itself, and through a balancer.
    for asked in ["l", "b"] {
        let report = run(&plan(&text(asked)), 1);
        adds_up(&report);
        let class = &report.classes[0];
        // Two thirds of the first thousand (after each that it lets through a bucket of one is empty for 20 ms, in which two
        // come), none of the second.
        assert!((600..730).contains(&class.shed), "{asked}: {class:?}");
        assert_eq!(report.edge("c", "s").expect("it").retries, 0, "nobody tries a refusal again");
    }
}

fn balanced(policy: &str, extra: &str, instances: u16) -> Report {
    let text = format!(
        "run = {{ duration = \"30s\", warm-up = \"5s\" }}
        keys.k = {{ count = 2000, zipf = 0.0 }}
        [clients.c]
        load.open.rate = 1000.0
        classes = [{{ name = \"ask\", keys = \"k\" }}]
        call = {{ to = [\"b\"] }}
        [balancers.b]
        policy = \"{policy}\"
        health-delay = \"0s\"
        call = {{ to = [\"s\"] }}
        {extra}
        [services.s]
        instances = {instances}
        concurrency = 4
        queue = 10000
        service.exponential.mean = \"10ms\""
    );
    let report = run(&plan(&text), 3);
    adds_up(&report);
    report
}

/// Two of ten instances are five times slower: who looks at latency or at open calls is hardly slowed.
#[test]
fn balancing_around_slow_instances() {
    let speeds = "[[faults]]\nat = \"0s\"\ndoes.deploy = { component = \"s\", instances = 2, factor = 5.0 }";
    let text = |policy: &str, weights: &str| balanced(policy, &format!("{weights}\n{speeds}"), 10);
    let p99 = |report: &Report| report.classes[0].latency.quantile(0.99);
    let (blind, open, ewma) =
        (p99(&text("round-robin", "")), p99(&text("least-connections", "")), p99(&text("peak-ewma", "")));
    let weighted = p99(&text("weighted", "weights = [1, 1, 5, 5, 5, 5, 5, 5, 5, 5]"));
    println!("round robin {blind}, least connections {open}, peak EWMA {ewma}, weighted {weighted}");
    assert!(blind > 500_000, "the slow two are over their limit: {blind}");
    for better in [open, ewma, weighted] {
        assert!(better * 2 < blind, "{better} against {blind}");
    }
}

/// When an instance goes, a ring moves its own keys only; the hash modulo the number of instances moves nearly all.
#[test]
fn consistent_hashing_moves_little() {
    let misses = |policy: &str| {
        let text = format!(
            "run = {{ duration = \"30s\", warm-up = \"12s\" }}
            keys.k = {{ count = 2000, zipf = 0.0 }}
            [clients.c]
            load.open.rate = 2000.0
            classes = [{{ name = \"ask\", keys = \"k\" }}]
            call = {{ to = [\"b\"] }}
            [balancers.b]
            policy = \"{policy}\"
            health-delay = \"0s\"
            call = {{ to = [\"g\"] }}
            [limiters.g]
            instances = 8
            per-key = true
            rate = 0.001
            burst = 1.0
            [[faults]]
            at = \"15s\"
            does.down = {{ component = \"g\", instance = 0 }}"
        );
        // A key's bucket has one token at each instance: what is let through after the fault are keys that have moved.
        run(&plan(&text), 1).classes[0].answered as f64 / 2_000.0
    };
    let (ring, modulo) = (misses("consistent-hash"), misses("hash"));
    assert!((0.06..0.20).contains(&ring), "about an eighth: {ring}");
    assert!(modulo > 0.8, "seven eighths: {modulo}");
}

/// While a key is hot, its share of the requests is what the fault says.
#[test]
fn a_key_becomes_hot() {
    let text = "
        run = { duration = \"20s\", warm-up = \"0s\" }
        keys.k = { count = 1000, zipf = 0.0 }
        [clients.c]
        load.open.rate = 500.0
        classes = [{ name = \"ask\", keys = \"k\" }]
        call = { to = [\"b\"] }
        [balancers.b]
        policy = \"hash\"
        call = { to = [\"l\"] }
        [limiters.l]
        per-key = true
        rate = 1.0
        burst = 1.0
        instances = 2
        [[faults]]
        at = \"10s\"
        until = \"20s\"
        does.hot = { keys = \"k\", key = 7, share = 0.4 }";
    let shed = |text: &str| reports(text).into_iter().map(|report| report.classes[0].shed as f64).collect::<Vec<_>>();
    let calm = shed(&text.replace("share = 0.4", "share = 0.0"));
    let more = shed(text).into_iter().zip(calm).map(|(hot, calm)| hot - calm);
    // A bucket of one is empty for a second after each that it lets through: of λ a second it refuses λ²/(1+λ). For ten
    // seconds 200 ask for the hot key, of which 11 get through, and the thousand others get 0.3 a second instead of 0.5.
    let refused = |rate: f64| 10_000.0 * rate * rate / (1.0 + rate);
    agrees("more refused", more, 2_000.0 - 11.0 + refused(0.3) - refused(0.5), 0.08);
}
