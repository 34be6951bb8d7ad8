//! Cold starts as a cause: where most waiting is while instances are starting, that is what is said of a design.

use super::components::component;
use faultline::load::Design;
use faultline::load::grade::{Card, Grader};
use faultline::load::scale::Cold;

/// Two instances that can do 800 requests a second together; from 40 s on 1,800 a second come, for a minute.
fn graded(crowd: &str, scale: &str) -> (Card, Option<Cold>) {
    let text = format!(
        "version = 1
        run = {{ duration = \"120s\", warm-up = \"20s\" }}
        clients.c = {{ load.open = {{ rate = 300.0, crowds = [{crowd}] }}, call = {{ to = [\"b\"] }} }}
        balancers.b = {{ policy = \"least-connections\", call = {{ to = [\"s\"] }} }}
        [services.s]
        instances = 2
        concurrency = 2
        queue = 5000
        service.exponential.mean = \"5ms\"
        {scale}"
    );
    let design = Design::read("test.toml", &text).unwrap_or_else(|why| panic!("{why}"));
    let grader = Grader::new(&design, None).unwrap_or_else(|why| panic!("{why}"));
    let reports: Vec<_> = (1..4).map(|seed| grader.run(seed)).collect();
    let facts: Vec<_> = reports.iter().map(|report| grader.facts(report).expect("good")).collect();
    (grader.card(&facts), component(&reports[0], "s").cold.clone())
}

const CROWD: &str = "{ at = \"40s\", hold = \"60s\", factor = 6.0 }";
const SCALE: &str =
    "autoscale = { min = 2, max = 20, target = 0.5, every = \"5s\", cold-start = \"15s\", cool-down = \"300s\" }";

#[test]
fn waiting_for_cold_instances_is_named() {
    let (card, cold) = graded(CROWD, SCALE);
    let (found, cold) = (card.bottleneck.expect("it waits"), cold.expect("some started"));
    assert!(cold.waited > 0.6 && cold.waited <= 1.0, "{cold:?}");
    // At 45 s the crowd is noticed: four are needed, so two start, and are there at 60 s; only then are more asked for.
    assert_eq!(cold.worst.from % 5_000_000, 0, "at a decision: {cold:?}");
    assert!(cold.worst.from >= 45_000_000 && cold.worst.until - cold.worst.from >= 15_000_000, "{cold:?}");
    let told = format!("{} that were decided on from", cold.worst.instances);
    assert!(found.component == "s" && found.text.contains("of it while instances were starting"), "{}", found.text);
    assert!(found.text.contains(&told) && found.text.contains("(seed "), "{}", found.text);
}

#[test]
fn other_waiting_is_not_blamed_on_them() {
    // Nobody starts.
    let (card, cold) = graded(CROWD, "");
    let found = card.bottleneck.expect("it waits");
    assert!(cold.is_none() && !found.text.contains("starting"), "{}", found.text);
    // One starts early, in a small crowd; what is long is the wait afterwards, when there can be no more of them.
    let crowds = format!("{{ at = \"22s\", hold = \"4s\", factor = 1.6 }}, {CROWD}");
    let bounded = SCALE.replace("max = 20", "max = 3").replace("cold-start = \"15s\"", "cold-start = \"1s\"");
    let (card, cold) = graded(&crowds, &bounded);
    let (found, cold) = (card.bottleneck.expect("it waits"), cold.expect("one started"));
    assert!(cold.waited < 0.2, "{cold:?}");
    assert!(found.component == "s" && !found.text.contains("starting"), "{}", found.text);
}
