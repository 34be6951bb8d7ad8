//! The designs that ship run, and meet their requirements.

use super::{adds_up, little};
use faultline::load::requirement::Requirement;
use faultline::load::{Design, Plan, run};

#[test]
fn the_cache_meets_its_requirements() {
    let path = "lessons/designs/cache.toml";
    let design = Design::read(path, include_str!("../../lessons/designs/cache.toml")).expect("good");
    let plan = Plan::new(&design).expect("good");
    let reports: Vec<_> = (0..20).map(|seed| run(&plan, seed)).collect();
    for report in &reports {
        adds_up(report);
        little(report, 15.0);
        assert!(!report.limit_reached);
    }
    assert!(plan.requirements.len() >= 6);
    for text in &plan.requirements {
        let requirement = Requirement::read(text).expect("good");
        let measured: Vec<f64> = reports.iter().map(|r| requirement.measure(r).expect("it is there")).collect();
        let good = measured.iter().filter(|m| requirement.holds(**m)).count();
        assert!(requirement.enough(good, reports.len()), "{text}: {good} of {}: {measured:?}", reports.len());
    }
    // Without the cache the database is too slow for that: the requirements can be missed.
    let mut without = design;
    without.caches.get_mut("memory").expect("a cache").capacity = 1;
    let report = run(&Plan::new(&without).expect("good"), 0);
    let missed = |text: &&String| {
        let requirement = Requirement::read(text).expect("good");
        !requirement.holds(requirement.measure(&report).expect("it is there"))
    };
    assert!(plan.requirements.iter().filter(missed).count() >= 2, "{report:?}");
}
