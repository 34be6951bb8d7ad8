//! One queue at a time.

use super::{adds_up, agrees, little, reports};
use faultline::lesson::theory;
use faultline::load::Report;

/// One service before open clients: 100,000 requests a replication.
fn queue(rate: f64, concurrency: u32, room: u32, service: &str) -> (Vec<Report>, f64) {
    let seconds = 100_000.0 / rate;
    let text = format!(
        "run = {{ duration = \"{}ms\", warm-up = \"{}ms\" }}
        clients.c = {{ load.open.rate = {rate:?}, call = {{ to = [\"s\"], latency.constant = \"0s\" }} }}
        services.s = {{ concurrency = {concurrency}, queue = {room}, service.{service} }}",
        (seconds * 1_050.0) as u64,
        (seconds * 50.0) as u64
    );
    let reports = reports(&text);
    for report in &reports {
        little(report, seconds);
        adds_up(report);
    }
    (reports, seconds)
}

fn sojourns(reports: &[Report]) -> impl Iterator<Item = f64> {
    reports.iter().map(|r| r.components[0].sojourn.mean() / 1e6)
}

/// Erlang's C: the share of those that wait, for a load of `a` on `c` servers.
fn erlang_c(c: u32, a: f64) -> f64 {
    let b = erlang_b(c, a);
    let rho = a / f64::from(c);
    b / (1.0 - rho * (1.0 - b))
}

fn erlang_b(c: u32, a: f64) -> f64 {
    (1..=c).fold(1.0, |b, n| a * b / (f64::from(n) + a * b))
}

/// M/M/1: W = 1/(μ-λ), L = ρ/(1-ρ), and the sojourn is exponential.
#[test]
fn one_server() {
    let (reports, _) = queue(700.0, 1, 1_000_000, "exponential.mean = \"1ms\"");
    agrees("M/M/1 W", sojourns(&reports), theory::mm1_mean(700.0, 1.0) / 1_000.0, 0.05);
    agrees("M/M/1 L", reports.iter().map(|r| r.components[0].inside_mean), 0.7 / 0.3, 0.05);
    agrees("M/M/1 use", reports.iter().map(|r| r.components[0].utilisation.expect("slots")), 0.7, 0.02);
    let tail = |r: &Report| 1.0 - r.components[0].sojourn.share_up_to(10_000);
    agrees("M/M/1 P(T > 10 ms)", reports.iter().map(tail), (-3.0_f64).exp(), 0.15);
}

/// M/M/c: Wq = C(c, a)/(cμ-λ).
#[test]
fn several_servers() {
    let (reports, _) = queue(8_000.0, 10, 1_000_000, "exponential.mean = \"1ms\"");
    let waits = reports.iter().map(|r| r.components[0].wait.mean() / 1e6);
    agrees("M/M/10 Wq", waits, erlang_c(10, 8.0) / 2_000.0, 0.15);
    let waited = reports.iter().map(|r| 1.0 - r.components[0].wait.share_up_to(0));
    // A wait of less than half a microsecond counts as none: one in 1,000.
    agrees("M/M/10 P(wait)", waited, erlang_c(10, 8.0), 0.1);
}

/// M/D/1, Pollaczek and Khinchine: Wq = ρ/(2μ(1-ρ)).
#[test]
fn constant_service() {
    let (reports, _) = queue(800.0, 1, 1_000_000, "constant = \"1ms\"");
    let waits = reports.iter().map(|r| r.components[0].wait.mean() / 1e6);
    agrees("M/D/1 Wq", waits, 0.8 / (2.0 * 1_000.0 * 0.2), 0.06);
}

/// M/M/c/K: the share turned away, and the mean number inside.
#[test]
fn a_full_waiting_room_turns_away() {
    let (c, k, a) = (4_u32, 10_u32, 4.4_f64);
    let (reports, _) = queue(4_400.0, c, k - c, "exponential.mean = \"1ms\"");
    let mut weights = vec![1.0];
    for n in 1..=k {
        weights.push(weights[n as usize - 1] * a / f64::from(n.min(c)));
    }
    let all: f64 = weights.iter().sum();
    let lost = reports.iter().map(|r| r.classes[0].shed as f64 / r.classes[0].asked as f64);
    agrees("M/M/4/10 loss", lost, weights[k as usize] / all, 0.06);
    let inside: f64 = weights.iter().enumerate().map(|(n, w)| n as f64 * w / all).sum();
    agrees("M/M/4/10 L", reports.iter().map(|r| r.components[0].inside_mean), inside, 0.03);
    assert!(reports.iter().all(|r| r.components[0].waiting_max == k - c), "bounded");
}

/// A closed loop of N users with thinking Z before one server (the machine repairman): the rate of answers.
#[test]
fn a_closed_loop() {
    let text = "
        run = { duration = \"112s\", warm-up = \"2s\" }
        [clients.c]
        load.closed = { users = 20, think.exponential.mean = \"10ms\" }
        call = { to = [\"s\"], latency.constant = \"0s\" }
        [services.s]
        concurrency = 1
        service.exponential.mean = \"1ms\"";
    let reports = reports(text);
    reports.iter().for_each(adds_up);
    let mut weights = vec![1.0];
    for n in 1..=20 {
        weights.push(weights[n - 1] * (20.0 - n as f64 + 1.0) * 0.1);
    }
    let busy = 1.0 - weights[0] / weights.iter().sum::<f64>();
    agrees("machine repairman", reports.iter().map(|r| r.classes[0].answered as f64 / 110.0), busy * 1_000.0, 0.01);
}
