//! The engine's speed as ratios within one process: `make bench`.

mod ring;

use faultline::base::Micros;
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::Trace;
use faultline::sim::world::Watch;
use std::hint::black_box;
use std::time::Instant;

const MESSAGES: u64 = 2_000_000;
const ROUNDS: usize = 5;

/// Million a second of each run, the medians of several rounds. The runs take turns, so that a machine that slows down
/// slows them all and their ratios stay fair.
fn rates<const N: usize>(mut runs: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut rates = [[0.0; ROUNDS]; N];
    for round in 0..ROUNDS {
        for (run, rates) in runs.iter_mut().zip(&mut rates) {
            let start = Instant::now();
            run();
            rates[round] = MESSAGES as f64 / start.elapsed().as_secs_f64() / 1e6;
        }
    }
    rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    })
}

fn seek() {
    let mut timeline = Timeline::new(ring::blueprint(64), Watch { properties: false, hash: false }, None);
    let start = Instant::now();
    timeline.advance(Micros::MAX, 1_000_000);
    println!("timeline: 1,000,000 events recorded in {:.2} s", start.elapsed().as_secs_f64());
    let mut times: Vec<f64> = (1..=201u64)
        .map(|i| {
            let step = (i * 48_271 * 20_671) % 1_000_000;
            let start = Instant::now();
            timeline.seek_step(step as u32);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("seek to a random event of 1,000,000: median {:.2} ms, max {:.2} ms", times[100], times[200]);
    println!("resident memory: {} MB", resident_mb());
}

/// Peak resident memory as the kernel counts it, in MB.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    // For a profiler: nothing but the engine, recording off.
    if std::env::args().any(|a| a == "profile") {
        let mut world = ring::world(64, false, &mut None);
        return ring::deliver(&mut world, 300_000, &mut None);
    }
    seek();
    for in_flight in [64, 65_536] {
        let mut world = ring::world(in_flight, false, &mut None);
        let [heap, off, full] = rates([
            &mut || {
                black_box(ring::heap(in_flight, MESSAGES));
            },
            &mut || ring::deliver(&mut world, MESSAGES, &mut None),
            &mut || {
                let mut trace = Trace::default();
                let mut world = ring::world(in_flight, true, &mut Some(&mut trace));
                ring::deliver(&mut world, MESSAGES, &mut Some(&mut trace));
            },
        ]);
        println!(
            "{in_flight} in flight: heap {heap:.2} M/s; recording off {off:.2} M/s, ratio {:.2} (wanted: {}); \
             full recording with trace hash {full:.2} M/s, ratio {:.2} (wanted: 0.12)",
            off / heap,
            if in_flight == 64 { 0.4 } else { 0.9 },
            full / heap,
        );
    }
}
