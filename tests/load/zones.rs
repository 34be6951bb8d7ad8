//! Zones and regions that are lost: what becomes of queues and of those that work for them.

use super::components::component;
use super::{adds_up, plan};
use faultline::load::{Report, run};

/// 600 messages a second of 10 ms each for eight workers; a fault from 10 s to 20 s.
fn pool(queue: &str, fault: &str) -> Report {
    messages("10ms", queue, fault)
}

fn messages(work: &str, queue: &str, fault: &str) -> Report {
    let text = format!(
        "run = {{ duration = \"40s\", warm-up = \"0s\" }}
        keys.k = {{ count = 4000, zipf = 0.0 }}
        [clients.c]
        load.open.rate = 600.0
        classes = [{{ name = \"send\", keys = \"k\", write = true }}]
        call = {{ to = [\"q\"] }}
        [network]
        zones = [\"eu/a\", \"eu/b\", \"us/a\"]
        between-zones = \"0s\"
        between-regions = \"0s\"
        [queues.q]
        workers = 8
        work.constant = \"{work}\"
        capacity = 100000
        {queue}
        [[faults]]
        at = \"10s\"
        until = \"20s\"
        does.{fault}"
    );
    let report = run(&plan(&text), 1);
    adds_up(&report);
    report
}

/// The share of the workers' slots that is taken, in a part of the run: sixty parts of 40 s.
fn used(report: &Report, second: f64) -> f64 {
    component(report, "q/workers").over_time[(second * 1.5) as usize].1
}

/// Half of a pool's workers stand in the zone: the others work on, all the time, and messages wait.
#[test]
fn a_lost_zone_halves_a_pool_of_two_zones() {
    let report = pool("zones = [\"eu/b\", \"eu/a\"]", "zone = \"eu/a\"");
    let (class, workers) = (&report.classes[0], component(&report, "q/workers"));
    // 600 × 10 ms are six of eight.
    assert!((0.65..0.85).contains(&used(&report, 7.0)), "{}", used(&report, 7.0));
    for second in [11.0, 13.0, 16.0, 18.5] {
        assert_eq!(used(&report, second), 0.5, "four of eight are left, and busy: {second} s");
    }
    assert_eq!(used(&report, 24.0), 1.0, "all of them, until nothing waits");
    // Two hundred a second more than they can do; what was being worked on was delivered again, and nothing is dead.
    assert!((1_800..2_250).contains(&workers.waiting_max), "{}", workers.waiting_max);
    let queue = component(&report, "q");
    assert_eq!((class.answered, class.delivered.count(), queue.dead), (class.asked, class.asked, 0));
    let again = report.edge("q", "q/workers").expect("it is there").retries;
    assert!((1..=4).contains(&again), "what the lost workers had begun: {again}");
}

/// The queue itself is in the first zone, and another broker takes over; with workers in no other zone messages wait.
#[test]
fn a_lost_zone_takes_the_queue_until_another_broker_has_it() {
    let failed = |report: &Report| report.classes[0].failed;
    let first = pool("zones = [\"eu/a\", \"eu/b\"]\nfail-over = \"2s\"", "zone = \"eu/a\"");
    assert!((1_100..1_300).contains(&failed(&first)), "two seconds of 600: {}", failed(&first));
    let only = pool("zones = [\"eu/a\"]\nfail-over = \"2s\"", "zone = \"eu/a\"");
    assert!((5_700..6_300).contains(&failed(&only)), "ten seconds: there is no other: {}", failed(&only));
    assert_eq!(used(&only, 15.0), 0.0);
    assert_eq!(component(&only, "q").dead, 0, "what waited is worked on later");
    // What the provider runs in all zones of the region loses nothing with one of them, and all with the region.
    let region = pool("region = \"eu\"", "zone = \"eu/a\"");
    assert_eq!((failed(&region), component(&region, "q/workers").waiting_max < 50), (0, true));
    let region = pool("region = \"eu\"", "region = \"eu\"");
    assert!((5_700..6_300).contains(&failed(&region)), "{}", failed(&region));
    // Workers in two regions: what is in the lost one is gone.
    let both = pool("zones = [\"us/a\", \"eu/a\"]", "region = \"eu\"");
    assert_eq!((failed(&both), used(&both, 15.0)), (0, 0.5));
}

/// Half of the partitions are led in the zone: those are not there until other brokers lead them. Their workers stand there,
/// too; the others have their messages after as long.
#[test]
fn a_lost_zone_takes_its_partitions_until_others_have_them() {
    let log = "partitions = 8\nzones = [\"eu/a\", \"eu/b\"]\nfail-over = \"3s\"";
    let report = messages("5ms", log, "zone = \"eu/a\"");
    let (class, workers, queue) = (&report.classes[0], component(&report, "q/workers"), component(&report, "q"));
    assert!((800..1_000).contains(&class.failed), "half of three seconds of 600: {}", class.failed);
    assert!((0.3..0.45).contains(&used(&report, 7.0)), "3 of 8: {}", used(&report, 7.0));
    // Meanwhile the others have only their own half; then all: 600 × 5 ms are three of the four that are left.
    assert!((0.13..0.24).contains(&used(&report, 12.0)), "{}", used(&report, 12.0));
    assert!((0.3..0.45).contains(&used(&report, 17.0)), "{}", used(&report, 17.0));
    assert_eq!((class.delivered.count(), queue.dead), (class.answered, 0));
    assert!(workers.waiting_max < 100, "nobody could send to those: {}", workers.waiting_max);
}

/// A worker that is down: the messages of its partitions stay in the log, and another one has them after the fail-over.
#[test]
fn the_partitions_of_a_worker_are_handed_on() {
    let log = |fail_over: &str| format!("partitions = 8\nfail-over = \"{fail_over}\"");
    let down = "down = { component = \"q/workers\", instance = 3 }";
    let waited = |fail_over: &str| {
        let report = messages("5ms", &log(fail_over), down);
        let (class, queue) = (&report.classes[0], component(&report, "q"));
        assert_eq!((class.answered, class.delivered.count(), queue.dead), (class.asked, class.asked, 0));
        let seconds = class.delivered.max() as f64 / 1e6;
        (component(&report, "q/workers").waiting_max, seconds)
    };
    // An eighth of 600 a second wait for so long; the one that gets them has as many of its own.
    let (many, long) = waited("4s");
    assert!((260..360).contains(&many), "four seconds of 75: {many}");
    assert!((3.9..7.5).contains(&long), "{long}");
    let (few, short) = waited("500ms");
    assert!((30..70).contains(&few) && (0.49..1.3).contains(&short), "{few}, {short}");
    // Nobody takes over before it is back.
    let (all, back) = waited("60s");
    assert!((680..830).contains(&all) && (9.9..16.5).contains(&back), "{all}, {back}");
}
