//! How long a million requests take: client, balancer, ten servers, cache, store. `make bench`.

use faultline::load::{Design, Plan, run};
use std::time::Instant;

const TEXT: &str = r#"
version = 1
run = { duration = "100s", warm-up = "1s" }
keys.items = { count = 100000 }
[clients.users]
load.open.rate = 10000.0
classes = [{ name = "read", keys = "items" }]
call = { to = ["front"] }
[balancers.front]
policy = "two-choices"
call = { to = ["app"] }
[services.app]
instances = 10
service.exponential.mean = "2ms"
calls = [{ to = ["memory"], time-out = "1s" }]
[caches.memory]
capacity = 20000
calls = [{ to = ["database"], time-out = "1s" }]
[stores.database]
concurrency = 64
read.exponential.mean = "4ms"
write.exponential.mean = "4ms"
"#;

/// Requests, and seconds that they may take.
const REQUESTS: u64 = 980_000;
const SECONDS_MAX: f64 = 1.5;

fn main() {
    let begun = Instant::now();
    let plan = Plan::new(&Design::read("bench.toml", TEXT).expect("good")).expect("good");
    println!("compiled in {:.3} s", begun.elapsed().as_secs_f64());
    let mut best = f64::INFINITY;
    for seed in 0..5 {
        let begun = Instant::now();
        let report = run(&plan, seed);
        let seconds = begun.elapsed().as_secs_f64();
        let class = &report.classes[0];
        assert!(class.answered > REQUESTS, "{class:?}");
        println!(
            "{} requests in {seconds:.3} s, hits {:.1} %, p99 {} us, hash {:016x}",
            class.answered,
            report.component("memory").and_then(|m| m.hit_ratio).unwrap_or(0.0) * 100.0,
            class.latency.quantile(0.99),
            report.hash()
        );
        best = best.min(seconds);
    }
    println!("best {best:.3} s for a million; the bound is {SECONDS_MAX} s");
    assert!(best < SECONDS_MAX, "too slow: {best:.3} s");
}
