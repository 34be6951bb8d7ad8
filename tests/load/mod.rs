//! The load model against closed forms, within confidence intervals from independent replications; what must not depend on
//! what; and the design that ships.

mod caching;
mod cold;
mod components;
mod designs;
mod networks;
mod policies;
mod prices;
mod protocols;
mod queues;
mod spreading;
mod zones;

use faultline::load::{Design, Plan, Report, run};

/// Independent replications of every comparison.
pub const REPLICATIONS: u64 = 10;
/// Student's t with 9 degrees of freedom: 99.9 % within. Seeds are fixed, so a test that passes goes on passing.
const T: f64 = 4.781;

/// The design of a TOML text.
pub fn plan(text: &str) -> Plan {
    let design = Design::read("test.toml", &format!("version = 1\n{text}")).unwrap_or_else(|why| panic!("{why}"));
    Plan::new(&design).unwrap_or_else(|why| panic!("{why}"))
}

pub fn reports(text: &str) -> Vec<Report> {
    let plan = plan(text);
    (0..REPLICATIONS).map(|seed| run(&plan, seed)).collect()
}

/// The mean over replications and half the width of its confidence interval.
pub fn interval(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    assert_eq!(values.len() as u64, REPLICATIONS);
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, T * (variance / n).sqrt())
}

/// The closed form lies within the interval, which is not wider than `precision` (a share of it).
pub fn agrees(what: &str, values: impl Iterator<Item = f64>, expected: f64, precision: f64) {
    let (mean, half) = interval(values);
    println!("{what}: {mean:.6} ± {half:.6}, expected {expected:.6}");
    assert!((mean - expected).abs() <= half, "{what}: {mean} ± {half} is not {expected}");
    assert!(half <= precision * expected, "{what}: ± {half} says too little about {expected}");
}

/// The same of an approximation or a limit, which by itself is off by up to a share `own` of it: the interval reaches what it
/// allows.
pub fn approximates(what: &str, values: impl Iterator<Item = f64>, expected: f64, precision: f64, own: f64) {
    let (mean, half) = interval(values);
    println!("{what}: {mean:.6} ± {half:.6}, approximated by {expected:.6}, which may be off by {own}");
    assert!((mean - expected).abs() <= half + own * expected, "{what}: {mean} ± {half} is not {expected}");
    assert!(half <= precision * expected, "{what}: ± {half} says too little about {expected}");
}

/// L = λW in every component, up to what is inside at both ends of the measured time.
pub fn little(report: &Report, seconds: f64) {
    for component in &report.components {
        let rate = component.sojourn.count() as f64 / seconds;
        let expected = rate * component.sojourn.mean() / 1e6;
        let ends = (component.inside_mean + f64::from(component.waiting_max) + 10.0) * component.sojourn.max() as f64;
        let off = (component.inside_mean - expected).abs();
        assert!(
            off <= 0.02 * expected + 1e-3 || off <= ends / 1e6 / seconds,
            "seed {}, {}: L {} is not λW {expected}",
            report.seed,
            component.name,
            component.inside_mean
        );
    }
}

/// Everything that was asked has come to some end.
pub fn adds_up(report: &Report) {
    for class in &report.classes {
        let ends = class.answered + class.failed + class.timed_out + class.shed + class.unfinished;
        assert_eq!(class.asked, ends, "seed {}, class {}: {class:?}", report.seed, class.name);
    }
}
