//! Several components: balancing, fan-out, retries, availability.

use super::{adds_up, agrees, approximates, little, reports};
use faultline::load::Report;

/// Mitzenmacher (The power of two choices in randomized load balancing, TPDS 12(10), 2001): with many servers the mean
/// sojourn is Σ λ^(2^i - 2), i from 1, in units of the mean service. It is a limit: with n servers it is off by a share of
/// the order of 1/n. A hundred are within 3 %, so that a thousand are given half a hundredth.
#[test]
fn two_choices() {
    let text = |policy: &str| {
        format!(
            "run = {{ duration = \"250ms\", warm-up = \"130ms\" }}
            [clients.c]
            load.open.rate = 900000.0
            call = {{ to = [\"b\"], latency.constant = \"0s\" }}
            [balancers.b]
            policy = \"{policy}\"
            call = {{ to = [\"s\"], latency.constant = \"0s\" }}
            [services.s]
            instances = 1000
            concurrency = 1
            queue = 100000
            service.exponential.mean = \"1ms\""
        )
    };
    let sojourns = |policy| -> Vec<f64> {
        let reports = reports(&text(policy));
        reports.iter().map(|r| r.component("s").expect("it is there").sojourn.mean() / 1e3).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let limit: f64 = (1..12).map(|i| 0.9_f64.powi((1_i32 << i) - 2)).sum();
    let two = sojourns("two-choices");
    approximates("two choices", two.iter().copied(), limit, 0.02, 0.005);
    assert!(mean(&sojourns("random")) > 2.0 * mean(&two), "no choice is much worse");
}

/// A request that needs n answers is slow if one is: 1-(1-p)^n. One in 100 calls is slow.
#[test]
fn fan_out_amplifies_the_tail() {
    for (n, rate) in [(1_u32, 4_000), (10, 400), (50, 200)] {
        let text = format!(
            "run = {{ duration = \"11s\", warm-up = \"1s\" }}
            clients.c = {{ load.open.rate = {rate}.0, call = {{ to = [\"root\"] }} }}
            [services.root]
            concurrency = 1000
            service.constant = \"1ms\"
            calls = [{{ to = [\"leaf\"], times = {n} }}]
            [services.leaf]
            concurrency = 100000
            service.quantiles = [[0.0, \"1ms\"], [0.99, \"2ms\"], [0.990000001, \"100ms\"], [1.0, \"100ms\"]]"
        );
        let reports = reports(&text);
        reports.iter().for_each(|report| little(report, 10.0));
        let slow = reports.iter().map(|r| 1.0 - r.classes[0].latency.share_up_to(50_000));
        agrees(&format!("fan-out to {n}"), slow, 1.0 - 0.99_f64.powi(n as i32), 0.15);
    }
}

/// Each of two layers tries three times: a call at the bottom that fails with q is made Σ q^k times for each from above,
/// and layers multiply.
#[test]
fn retries_amplify() {
    let text = "
        run = { duration = \"101s\", warm-up = \"1s\", drain = \"30s\" }
        [clients.c]
        load.open.rate = 1000.0
        call = { to = [\"a\"], retries = 2, back-off = \"1ms\" }
        [services.a]
        concurrency = 100000
        service.constant = \"1ms\"
        calls = [{ to = [\"b\"], retries = 2, back-off = \"1ms\" }]
        [services.b]
        concurrency = 100000
        service.constant = \"1ms\"
        fails = 0.5";
    let reports = reports(text);
    let asked = |r: &Report| r.classes[0].asked as f64;
    let tries = 1.0 + 0.5 + 0.25;
    let above = 1.0 + 0.125 + 0.125 * 0.125;
    let at = |r: &Report, name: &str| r.component(name).expect("it is there").arrived as f64 / asked(r);
    agrees("attempts at a", reports.iter().map(|r| at(r, "a")), above, 0.01);
    agrees("attempts at b", reports.iter().map(|r| at(r, "b")), above * tries, 0.01);
    let failed = reports.iter().map(|r| r.classes[0].failed as f64 / asked(r));
    agrees("failed after all", failed, 0.5_f64.powi(9), 0.1);
}

/// In series both must work; in parallel one of two.
#[test]
fn availability() {
    let text = |calls: &str| {
        format!(
            "run = {{ duration = \"101s\", warm-up = \"1s\" }}
            clients.c = {{ load.open.rate = 1000.0, call = {{ to = [\"a\"] }} }}
            services.a = {{ concurrency = 100000, service.constant = \"1ms\", calls = [{calls}] }}
            services.x = {{ concurrency = 100000, service.constant = \"1ms\", fails = 0.05 }}
            services.y = {{ concurrency = 100000, service.constant = \"1ms\", fails = 0.1 }}"
        )
    };
    let share = |text: &str| {
        let reports = reports(text);
        reports.iter().for_each(adds_up);
        reports.into_iter().map(|r| r.answered_share())
    };
    agrees("in series", share(&text("{ to = [\"x\"] }, { to = [\"y\"] }")), 0.95 * 0.9, 0.004);
    agrees("at once, both", share(&text("{ to = [\"x\", \"y\"] }")), 0.95 * 0.9, 0.004);
    agrees("in parallel", share(&text("{ to = [\"x\", \"y\"], need = 1 }")), 1.0 - 0.05 * 0.1, 0.001);
    agrees("optional", share(&text("{ to = [\"x\"] }, { to = [\"y\"], optional = true }")), 0.95, 0.002);
}

/// An open tandem of two queues has the sojourn of both (Burke: departures are Poisson).
#[test]
fn a_tandem() {
    let text = "
        run = { duration = \"105s\", warm-up = \"5s\" }
        [clients.c]
        load.open.rate = 500.0
        call = { to = [\"a\"], latency.constant = \"0s\" }
        [services.a]
        concurrency = 1
        queue = 100000
        holds = false
        service.exponential.mean = \"1ms\"
        calls = [{ to = [\"b\"], latency.constant = \"0s\" }]
        [services.b]
        concurrency = 1
        queue = 100000
        service.exponential.mean = \"1.5ms\"";
    let reports = reports(text);
    reports.iter().for_each(|report| little(report, 100.0));
    let expected = 1.0 / 500.0 + 1.0 / (2_000.0 / 3.0 - 500.0);
    agrees("tandem", reports.iter().map(|r| r.classes[0].latency.mean() / 1e6), expected, 0.06);
}

/// Of exponential times of service with mean m a share exp(-t/m) takes longer than t: so many calls time out, or are hedged;
/// of two that begin t apart the first is there after t with that probability, and then after m/2 more on average.
#[test]
fn time_outs_and_hedges() {
    let text = |policy: &str| {
        format!(
            "run = {{ duration = \"21s\", warm-up = \"1s\" }}
            clients.c = {{ load.open.rate = 5000.0, call = {{ to = [\"s\"], latency.constant = \"0s\", {policy} }} }}
            services.s = {{ instances = 2, concurrency = 100000, service.exponential.mean = \"10ms\" }}"
        )
    };
    let late = (-2.0_f64).exp();
    let all = |policy: &str| {
        let reports = reports(&text(policy));
        reports.iter().for_each(adds_up);
        reports
    };
    let given_up = all("time-out = \"20ms\"");
    let share = |r: &Report| r.classes[0].timed_out as f64 / r.classes[0].asked as f64;
    agrees("timed out", given_up.iter().map(share), late, 0.02);
    let hedged = all("hedge = \"20ms\"");
    let hedges = |r: &Report| r.edge("c", "s").expect("it is there").hedges as f64 / r.classes[0].asked as f64;
    agrees("hedged", hedged.iter().map(hedges), late, 0.02);
    // m (1 - e) before, e × m/2 after.
    let mean = |r: &Report| r.classes[0].latency.mean() / 1e6;
    agrees("mean with a hedge", hedged.iter().map(mean), 0.010 * (1.0 - late) + 0.005 * late, 0.01);
}
