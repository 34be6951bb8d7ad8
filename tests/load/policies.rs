//! Policies on calls, crowds, faults, and what must not depend on what.

use super::{adds_up, plan, reports};
use faultline::load::requirement::Requirement;
use faultline::load::{Design, Plan, Report, run};

fn policy(call: &str, extra: &str) -> Report {
    let text = format!(
        "run = {{ duration = \"21s\", warm-up = \"1s\" }}
        [clients.c]
        load.open.rate = 200.0
        call = {{ to = [\"s\"], {call} }}
        [services.s]
        instances = 2
        concurrency = 100
        service.exponential.mean = \"10ms\"
        {extra}"
    );
    let report = run(&plan(&text), 1);
    adds_up(&report);
    report
}

#[test]
fn a_time_out_gives_up_and_the_work_goes_on() {
    let report = policy("time-out = \"20ms\", latency.constant = \"0s\"", "");
    let class = &report.classes[0];
    assert!(class.latency.max() <= 20_000);
    // exp(-2) of them take longer.
    let share = class.timed_out as f64 / class.asked as f64;
    assert!((share - 0.135).abs() < 0.02, "{share}");
    assert!(report.component("s").expect("it").sojourn.max() > 60_000, "nobody called it back");
}

#[test]
fn a_hedge_cuts_the_tail() {
    let (without, with) = (policy("retries = 0", ""), policy("hedge = \"20ms\"", ""));
    let p99 = |report: &Report| report.classes[0].latency.quantile(0.99);
    assert!(p99(&with) * 10 < p99(&without) * 8, "{} against {}", p99(&with), p99(&without));
    let edge = with.edge("c", "s").expect("it is there");
    let share = edge.hedges as f64 / edge.attempts as f64;
    assert!((0.08..0.16).contains(&share), "exp(-2) of the calls: {share}");
    assert_eq!(with.classes[0].answered, with.classes[0].asked);
}

#[test]
fn a_budget_bounds_retries() {
    let storm = policy("retries = 3, back-off = \"1ms\"", "fails = 1.0");
    let held = policy("retries = 3, back-off = \"1ms\", retry-budget = 0.1", "fails = 1.0");
    let ratio = |report: &Report| {
        let edge = report.edge("c", "s").expect("it is there");
        edge.retries as f64 / report.classes[0].asked as f64
    };
    assert!((ratio(&storm) - 3.0).abs() < 0.01, "{}", ratio(&storm));
    assert!((ratio(&held) - 0.1).abs() < 0.01, "{}", ratio(&held));
}

#[test]
fn a_breaker_opens_and_closes() {
    let fault = "[[faults]]\nat = \"5s\"\nuntil = \"10s\"\ndoes.cut = { from = \"c\", to = \"s\" }";
    let report = policy("time-out = \"100ms\", breaker = { failures = 5, open = \"1s\" }", fault);
    let (class, edge) = (&report.classes[0], report.edge("c", "s").expect("it is there"));
    assert!(edge.refused > 700 && edge.refused < 1_300, "most of 1,000: {}", edge.refused);
    assert!(class.timed_out < 60, "some until it opened, and one a second: {}", class.timed_out);
    assert!(class.answered > 2_700, "before and after: {}", class.answered);
}

/// A trial call that is turned away says nothing about the other side: the breaker tries again, and closes.
#[test]
fn a_breaker_survives_a_trial_that_is_turned_away() {
    let text = "
        run = { duration = \"31s\", warm-up = \"1s\" }
        clients.c = { load.open.rate = 20.0, call = { to = [\"s\"], breaker = { failures = 5, open = \"200ms\" } } }
        clients.other = { load.open.rate = 40.0, call = { to = [\"s\"] } }
        services.s = { concurrency = 1, queue = 0, service.constant = \"50ms\" }
        [[faults]]
        at = \"5s\"
        until = \"6s\"
        does.down = { component = \"s\", instance = 0 }";
    for seed in 0..5 {
        let report = run(&plan(text), seed);
        adds_up(&report);
        // A second's 20, and as many as come until a trial meets a free slot, which one in four does or better
        // (Erlang's loss formula for 60 a second of 50 ms each): five trials, of which each takes 200 ms and a call.
        let refused = report.edge("c", "s").expect("it is there").refused;
        assert!((10..100).contains(&refused), "seed {seed}: {refused}");
    }
}

#[test]
fn a_limiter_lets_its_rate_through() {
    let text = "
        run = { duration = \"21s\", warm-up = \"1s\" }
        clients.c = { load.open.rate = 500.0, call = { to = [\"l\"] } }
        limiters.l = { rate = 100.0, burst = 10.0, call = { to = [\"s\"] } }
        services.s = { service.constant = \"1ms\" }";
    let report = run(&plan(text), 1);
    adds_up(&report);
    let class = &report.classes[0];
    assert!((1_980..=2_012).contains(&class.answered), "{}", class.answered);
    assert_eq!(class.shed + class.answered, class.asked);
}

#[test]
fn messages_are_worked_on_later_and_some_die() {
    let text = "
        run = { duration = \"30s\", warm-up = \"0s\" }
        clients.c = { load.open = { rate = 100.0, crowds = [{ at = \"5s\", hold = \"2s\", factor = 10.0 }] }, call = { to = [\"q\"] } }
        queues.q = { workers = 4, work.constant = \"10ms\", fails = 0.1, redeliveries = 1 }";
    let report = run(&plan(text), 1);
    adds_up(&report);
    let (class, workers) = (&report.classes[0], report.component("q/workers").expect("workers"));
    assert_eq!(class.answered, class.asked, "all are taken in");
    assert!(class.latency.max() < 2_000, "at once");
    assert!(workers.waiting_max > 700, "the crowd waits: {}", workers.waiting_max);
    let queue = report.component("q").expect("a queue");
    assert!(queue.done + queue.dead >= class.asked - 20, "{} and {}", queue.done, queue.dead);
    let share = queue.dead as f64 / class.asked as f64;
    assert!((share - 0.01).abs() < 0.006, "one in ten, twice: {share}");
}

#[test]
fn a_balancer_learns_late_of_an_instance_that_is_gone() {
    let text = |delay: &str| {
        format!(
            "run = {{ duration = \"21s\", warm-up = \"1s\" }}
            clients.c = {{ load.open.rate = 500.0, call = {{ to = [\"b\"] }} }}
            balancers.b = {{ health-delay = \"{delay}\", call = {{ to = [\"s\"] }} }}
            services.s = {{ instances = 5, service.constant = \"1ms\" }}
            [[faults]]
            at = \"5s\"
            does.down = {{ component = \"s\", instance = 3 }}"
        )
    };
    let failed = |delay| run(&plan(&text(delay)), 1).classes[0].failed;
    // A fifth of 500 a second.
    let (soon, late) = (failed("1s"), failed("10s"));
    assert!((90..=110).contains(&soon) && (950..=1_050).contains(&late), "{soon}, {late}");
}

#[test]
fn what_is_past_its_deadline_is_not_served() {
    let text = "
        run = { duration = \"11s\", warm-up = \"1s\" }
        [clients.c]
        load.open.rate = 150.0
        classes = [{ name = \"read\", deadline = \"50ms\" }]
        call = { to = [\"s\"] }
        [services.s]
        concurrency = 1
        queue = 1000
        service.constant = \"10ms\"";
    let report = run(&plan(text), 1);
    adds_up(&report);
    let (class, component) = (&report.classes[0], report.component("s").expect("it"));
    assert!(class.latency.max() <= 50_000 && class.timed_out > 300, "{class:?}");
    assert!(component.sojourn.max() < 61_000, "nothing waits for long: {}", component.sojourn.max());
}

/// Nor is what comes past it, even if nobody waits.
#[test]
fn what_comes_past_its_deadline_is_not_served() {
    let text = "
        run = { duration = \"5s\", warm-up = \"1s\" }
        [clients.c]
        load.open.rate = 50.0
        classes = [{ name = \"read\", deadline = \"50ms\" }]
        call = { to = [\"s\"], latency.constant = \"100ms\" }
        [services.s]
        service.constant = \"1ms\"";
    let report = run(&plan(text), 1);
    let (class, component) = (&report.classes[0], report.component("s").expect("it"));
    assert_eq!((class.answered, component.service.count()), (0, 0));
    assert!(class.asked > 100 && class.timed_out == class.asked, "{class:?}");
    // A latency that nobody had is no good one.
    let fast = Requirement::read("p99(read) <= 100ms").expect("it reads");
    assert!(!fast.holds(fast.measure(&report).expect("the class")));
}

const BASE: &str = "
    run = { duration = \"5s\", warm-up = \"1s\" }
    keys.k = { count = 1000 }
    [clients.c]
    load.open = { rate = 400.0, swing = 0.3, period = \"3s\" }
    classes = [{ name = \"read\", keys = \"k\" }, { name = \"write\", keys = \"k\", write = true, share = 0.2 }]
    call = { to = [\"s\"], retries = 1 }
    [services.s]
    instances = 3
    service.exponential.mean = \"2ms\"
    calls = [{ to = [\"d\"], time-out = \"30ms\" }]
    [stores.d]
    replicas = 1
    read.exponential.mean = \"3ms\"
    write.exponential.mean = \"3ms\"";

#[test]
fn the_same_seed_gives_the_same_report() {
    let plan = plan(BASE);
    let hashes: Vec<u64> = (0..4).map(|seed| run(&plan, seed).hash()).collect();
    for (seed, hash) in hashes.iter().enumerate() {
        assert_eq!(run(&plan, seed as u64).hash(), *hash, "seed {seed}");
        assert!(!hashes[..seed].contains(hash), "seed {seed}");
    }
}

/// Neither a slow store, nor other instances, nor another component changes when clients ask and for what.
#[test]
fn arrivals_depend_on_nothing_else() {
    let asked = |text: &str| -> Vec<u64> { run(&plan(text), 7).classes.iter().map(|class| class.asked).collect() };
    let before = asked(BASE);
    assert!(before[0] > 1_000, "{before:?}");
    assert_eq!(before, asked(&BASE.replace("read.exponential.mean = \"3ms\"", "read.constant = \"1s\"")));
    assert_eq!(before, asked(&BASE.replace("instances = 3", "instances = 1")));
    assert_eq!(before, asked(&format!("{BASE}\n[services.another]\nservice.constant = \"1ms\"")));
    // A draw at a component is the request's own, whatever comes before it.
    let service = |text: &str| run(&plan(text), 7).component("d").expect("a store").service.clone();
    let roomy = |extra: &str| BASE.replace("instances = 3", &format!("instances = 3\nconcurrency = 1000\n{extra}"));
    assert_eq!(service(&roomy("holds = true")), service(&roomy("holds = false")));
}

#[test]
fn a_crowd_comes_and_goes() {
    let text = "
        run = { duration = \"30s\", warm-up = \"0s\" }
        clients.c = { load.open = { rate = 100.0, crowds = [{ at = \"10s\", ramp = \"2s\", hold = \"4s\", factor = 5.0 }] }, call = { to = [\"s\"] } }
        services.s = { concurrency = 1000, service.constant = \"1ms\" }";
    let asked = reports(text).iter().map(|r| r.classes[0].asked as f64).sum::<f64>() / 10.0;
    // 3,000 and 400 a second more for the hold and two halves of the ramp.
    assert!((asked - 5_400.0).abs() < 80.0, "{asked}");
}

#[test]
fn errors_name_the_place() {
    let refused = |text: &str| match Design::read("x.toml", text) {
        Ok(design) => Plan::new(&design).map(|_| ()).expect_err("refused"),
        Err(why) => why,
    };
    let service = "version = 1\nservices.a = { service.constant = \"1ms\", calls = [{ to = [\"b\"] }] }\n";
    for (text, expected) in [
        ("version = 1\nnonsense = 3", "x.toml:2: unknown field `nonsense`"),
        ("version = 9", "x.toml:1: version 9 is unknown"),
        (service, "a: its call to b: no component has this name"),
        (
            &format!("{service}services.b = {{ service.constant = \"1ms\", calls = [{{ to = [\"a\"] }}] }}"),
            "is part of a circle",
        ),
        (&format!("{service}caches.a = {{ capacity = 1 }}"), "caches.a: another component has this name"),
        (&format!("{service}caches.b = {{ capacity = 0 }}"), "caches.b: capacity: 0 is outside of 1"),
        ("version = 1\n[run]\nduration = \"1s\"", "run.warm-up"),
    ] {
        let why = refused(text);
        assert!(why.contains(expected), "{why:?} should say {expected:?}");
    }
}
