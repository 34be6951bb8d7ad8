//! The design that ships runs, and meets its requirements.

use super::{adds_up, little};
use faultline::load::Design;
use faultline::load::grade::Grader;

#[test]
fn the_cache_meets_its_requirements() {
    let path = "lessons/designs/cache.toml";
    let design = Design::read(path, include_str!("../../lessons/designs/cache.toml")).expect("good");
    let grader = Grader::new(&design, None).expect("good");
    let mut facts = Vec::new();
    for seed in 0..20 {
        let report = grader.run(seed);
        adds_up(&report);
        little(&report, 15.0);
        assert!(!report.limit_reached);
        facts.push(grader.facts(&report).expect("it is there"));
    }
    let card = grader.card(&facts);
    assert!(card.met && card.lines.len() >= 6 && card.seeds == 20, "{:?}", card.lines);
    assert!(card.lines.iter().all(|line| line.margin >= 0.0 && line.values.len() == 20));
    let bars: u32 = card.lines[0].bars.iter().map(|(_, seeds)| seeds).sum();
    assert_eq!(bars, 20);
    // Without the cache the database is too slow for that: the requirements can be missed.
    let mut without = design;
    without.caches.get_mut("memory").expect("a cache").capacity = 1;
    let grader = Grader::new(&without, None).expect("good");
    let card = grader.card(&[grader.seed(0).expect("it is there")]);
    let missed = card.lines.iter().filter(|line| !line.met).count();
    assert!(missed >= 2 && card.lines.iter().all(|line| line.met == (line.margin >= 0.0)), "{:?}", card.lines);
    assert!(card.bottleneck.is_some_and(|of| of.component == "database" || of.component == "app"));
}
