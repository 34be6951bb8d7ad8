//! Components that are more than a queue: row locks, writes kept back, autoscaling, partitions, acknowledgements, indexes and
//! gateways.

use super::{adds_up, agrees, little, plan, reports};
use faultline::base::random::{Purpose, Stream, derive};
use faultline::load::{Report, run};

pub fn component<'r>(report: &'r Report, name: &str) -> &'r faultline::load::report::ComponentReport {
    report.component(name).unwrap_or_else(|| panic!("no {name}"))
}

/// However many connections there are, the writes of one row are an M/M/1 queue: W = 1/(μ-λ).
#[test]
fn one_row_is_one_server() {
    let text = |locks: bool| {
        format!(
            "run = {{ duration = \"210s\", warm-up = \"10s\" }}
            keys.k = {{ count = 1 }}
            [clients.c]
            load.open.rate = 120.0
            classes = [{{ name = \"write\", keys = \"k\", write = true }}]
            call = {{ to = [\"d\"], latency.constant = \"0s\" }}
            [stores.d]
            concurrency = 1000
            row-locks = {locks}
            write.exponential.mean = \"5ms\""
        )
    };
    let locked = reports(&text(true));
    locked.iter().for_each(adds_up);
    locked.iter().for_each(|report| little(report, 200.0));
    agrees("one row W", locked.iter().map(|r| component(r, "d").sojourn.mean() / 1e6), 1.0 / (200.0 - 120.0), 0.06);
    let free = reports(&text(false));
    agrees("no lock W", free.iter().map(|r| component(r, "d").sojourn.mean() / 1e6), 0.005, 0.02);
}

/// Of the writes of a key one goes below in each round: the wait for the first, and the time that it is kept back.
#[test]
fn writes_kept_back_are_written_as_one() {
    let text = |fault: &str| {
        format!(
            "run = {{ duration = \"110s\", warm-up = \"10s\" }}
            keys.k = {{ count = 1 }}
            [clients.c]
            load.open.rate = 50.0
            classes = [{{ name = \"write\", keys = \"k\", write = true }}, {{ name = \"read\", keys = \"k\", share = 0.2 }}]
            call = {{ to = [\"m\"] }}
            [caches.m]
            writes = \"back\"
            flush = \"500ms\"
            concurrency = 1000
            calls = [{{ to = [\"d\"] }}]
            [stores.d]
            concurrency = 1000
            {fault}"
        )
    };
    let reports = reports(&text(""));
    reports.iter().for_each(adds_up);
    let writes = 50.0 / 1.2;
    let below = reports.iter().map(|r| component(r, "d").arrived as f64 / 100.0);
    agrees("writes below", below, 1.0 / (1.0 / writes + 0.5), 0.02);
    assert!(reports.iter().all(|r| r.class("read").is_some_and(|read| read.stale == 0) && r.lost() == 0));
    // A node takes what it has kept back: half of the time a write waits for the flush.
    let fault = "[[faults]]\nat = \"50s\"\nuntil = \"51s\"\ndoes.down = { component = \"m\", instance = 0 }";
    let lost: u64 = (0..10).map(|seed| run(&plan(&text(fault)), seed).lost()).sum();
    assert!((20..400).contains(&lost), "some of about 10 a run: {lost}");
}

/// What a list of the least frequently used does with requests by Zipf's law (1/k), the least recently used of equals first: the
/// share of `measured` requests that it answers, after as many others.
fn least_frequently_by_hand(keys: u32, capacity: usize, measured: u32) -> f64 {
    let up_to: Vec<f64> = (1..=keys)
        .scan(0.0, |sum, k| {
            *sum += 1.0 / f64::from(k);
            Some(*sum)
        })
        .collect();
    let mut stream = Stream::new(1, Purpose::Request, 0, 0);
    let mut held: Vec<(u32, u32, usize)> = Vec::new();
    let mut hits = 0;
    for now in 0..2 * measured {
        let drawn = stream.unit() * up_to[up_to.len() - 1];
        let key = up_to.partition_point(|sum| *sum < drawn);
        if let Some(entry) = held.iter_mut().find(|(.., of)| *of == key) {
            (entry.0, entry.1) = (entry.0 + 1, now);
            hits += u32::from(now >= measured);
            continue;
        }
        if held.len() == capacity {
            let least = (0..capacity).min_by_key(|at| held[*at]).expect("it is full");
            held.swap_remove(least);
        }
        held.push((1, now, key));
    }
    f64::from(hits) / f64::from(measured)
}

/// The least frequently used goes first: the most popular stay. It takes long until they are all there, since what is new
/// goes first; so the ratio is that of a list kept by hand, below the sum of their popularity, and above that of the least
/// recently used.
#[test]
fn least_frequently_used() {
    let hits = |evicts: &str| {
        let text = format!(
            "run = {{ duration = \"40s\", warm-up = \"20s\" }}
            keys.k = {{ count = 2000, zipf = 1.0 }}
            [clients.c]
            load.open.rate = 5000.0
            classes = [{{ name = \"read\", keys = \"k\" }}]
            call = {{ to = [\"m\"] }}
            [caches.m]
            capacity = 200
            evicts = \"{evicts}\"
            concurrency = 64
            calls = [{{ to = [\"d\"] }}]
            [stores.d]
            concurrency = 1000
            read.constant = \"10us\""
        );
        (0..3).map(|seed| component(&run(&plan(&text), seed), "m").hit_ratio.expect("a cache")).sum::<f64>() / 3.0
    };
    let harmonic = |n: u32| (1..=n).map(|k| 1.0 / f64::from(k)).sum::<f64>();
    let best = harmonic(200) / harmonic(2_000);
    let (frequent, recent) = (hits("lfu"), hits("lru"));
    let by_hand = least_frequently_by_hand(2_000, 200, 100_000);
    println!("least frequently {frequent}, by hand {by_hand}, least recently {recent}, best {best}");
    // The standard deviation of a share of 100,000 is 0.0015, of the mean of three 0.0009.
    assert!((frequent - by_hand).abs() < 0.006 && frequent > recent + 0.05 && frequent < best);
}

/// Every point of a CDN has entries of its own: together they ask the origin for a key once each.
#[test]
fn points_at_the_edge() {
    let text = |points: u16| {
        format!(
            "run = {{ duration = \"20s\", warm-up = \"0s\" }}
            keys.k = {{ count = 50, zipf = 0.0 }}
            [network]
            zones = [\"eu/a\", \"us/a\"]
            between-regions = \"40ms\"
            [clients.e]
            region = \"eu\"
            load.open.rate = 1000.0
            classes = [{{ name = \"eu\", keys = \"k\" }}]
            call = {{ to = [\"edge\"], latency.constant = \"1ms\" }}
            [clients.u]
            region = \"us\"
            load.open.rate = 1000.0
            classes = [{{ name = \"us\", keys = \"k\" }}]
            call = {{ to = [\"edge\"], latency.constant = \"1ms\" }}
            [cdns.edge]
            points = {points}
            ttl = \"1h\"
            calls = [{{ to = [\"d\"] }}]
            [stores.d]
            zones = [\"eu/a\"]
            concurrency = 1000
            read.constant = \"5ms\""
        )
    };
    for points in [1, 3] {
        let report = run(&plan(&text(points)), 1);
        adds_up(&report);
        assert_eq!(component(&report, "d").arrived, u64::from(points) * 2 * 50);
        let of = |name| report.class(name).expect("a class").latency.clone();
        assert!(of("us").quantile(0.5) < 2_300 && of("eu").quantile(0.5) < 2_300, "at the edge");
        // 40 ms there and back, from the point to the origin.
        assert!(of("us").max() > 85_000 && of("eu").max() < 10_000 + 5_000, "{} {}", of("us").max(), of("eu").max());
    }
}

/// Between two places a call takes the network's latency each way, and a router names the nearest that is up.
#[test]
fn regions_and_zones() {
    let text = |fault: &str| {
        format!(
            "run = {{ duration = \"20s\", warm-up = \"0s\" }}
            [network]
            zones = [\"eu/a\", \"eu/b\", \"us/a\"]
            between-zones = \"1ms\"
            between = [{{ regions = [\"us\", \"eu\"], latency = \"50ms\" }}]
            [clients.e]
            region = \"eu\"
            load.open.rate = 100.0
            classes = [{{ name = \"eu\" }}]
            call = {{ to = [\"geo\"], latency.constant = \"0s\" }}
            [clients.u]
            region = \"us\"
            load.open.rate = 100.0
            classes = [{{ name = \"us\" }}]
            call = {{ to = [\"geo\"], latency.constant = \"0s\" }}
            [routers.geo]
            ttl = \"3s\"
            call = {{ to = [\"ee\", \"uu\"], latency.constant = \"0s\" }}
            [services.ee]
            concurrency = 100
            zones = [\"eu/a\"]
            service.constant = \"1ms\"
            calls = [{{ to = [\"d\"], latency.constant = \"0s\" }}]
            [services.uu]
            concurrency = 100
            zones = [\"us/a\"]
            service.constant = \"1ms\"
            calls = [{{ to = [\"d\"], latency.constant = \"0s\" }}]
            [stores.d]
            zones = [\"eu/b\"]
            read.constant = \"1ms\"
            {fault}"
        )
    };
    let report = run(&plan(&text("")), 1);
    // Nothing waits, so all take the same: 1 ms in each of two, and the way to eu/b and back, 1 ms or 50 ms each.
    let ways = |name| {
        let latency = &report.class(name).expect("a class").latency;
        (latency.mean(), latency.max())
    };
    assert_eq!((ways("eu"), ways("us")), ((4_000.0, 4_000), (102_000.0, 102_000)));
    // The American zone goes: for the life of the answers nothing, then across the ocean.
    let report = run(&plan(&text("[[faults]]\nat = \"10s\"\ndoes.zone = \"us/a\"")), 1);
    adds_up(&report);
    let us = report.class("us").expect("a class");
    assert!((250..350).contains(&us.failed), "three seconds of 100: {}", us.failed);
    assert_eq!(report.class("eu").expect("a class").failed, 0);
    // The region takes the service with it, and what stands in no zone.
    let report = run(&plan(&text("[[faults]]\nat = \"10s\"\nuntil = \"12s\"\ndoes.region = \"eu\"")), 1);
    let lost = report.class("eu").expect("a class").failed;
    assert!((150..=320).contains(&lost), "{lost}");
}

/// Target tracking: use comes to the target, after the delay; cost follows.
#[test]
fn an_autoscaler_follows() {
    let text = "
        run = { duration = \"200s\", warm-up = \"100s\" }
        clients.c = { load.open.rate = 1000.0, call = { to = [\"b\"] } }
        balancers.b = { policy = \"least-connections\", price = 0.0, call = { to = [\"s\"] } }
        [services.s]
        instances = 2
        concurrency = 2
        queue = 20
        service.exponential.mean = \"5ms\"
        price = 10.0
        autoscale = { min = 1, max = 20, target = 0.5, every = \"5s\", cold-start = \"10s\", cool-down = \"20s\" }";
    let report = run(&plan(text), 1);
    adds_up(&report);
    let service = component(&report, "s");
    let used = service.utilisation.expect("slots");
    // 1,000 × 5 ms are 5 slots, of 10: five instances, if use is within a tenth of the target.
    assert!((4.4..=6.1).contains(&service.instances) && (0.4..=0.56).contains(&used), "{service:?}");
    assert!((report.cost - 10.0 * service.instances).abs() < 1e-6);
    // Before that it was too small.
    let early = text.replace("duration = \"200s\", warm-up = \"100s\"", "duration = \"10s\", warm-up = \"0s\"");
    assert!(run(&plan(&early), 1).classes[0].shed > 500);
    // A crowd of 1,800 a second comes at 120 s, to two instances that can do 800: by 125 s it is noticed, and 10 s later the
    // first new ones are there.
    let crowd = |hold: &str, text: &str| {
        let load =
            format!("load.open = {{ rate = 300.0, crowds = [{{ at = \"120s\", hold = \"{hold}\", factor = 6.0 }}] }}");
        let report = run(&plan(&text.replace("load.open.rate = 1000.0", &load)), 1);
        adds_up(&report);
        report.classes[0].shed
    };
    let fixed: String =
        text.lines().filter(|line| !line.contains("autoscale")).map(|line| format!("{line}\n")).collect();
    // If it is over by then, it was not helped at all.
    let short = crowd("8s", text);
    assert_eq!(short, crowd("8s", &fixed));
    assert!((7_500..8_500).contains(&short), "eight seconds of 1,000: {short}");
    // If not, the first 15 s are lost; the four that there are then can do 1,600, and those after them everything.
    let (long, never) = (crowd("70s", text), crowd("70s", &fixed));
    assert!((69_000..71_000).contains(&never), "seventy seconds of 1,000: {never}");
    assert!((14_500..20_000).contains(&long), "fifteen seconds of 1,000, then ten or fifteen of 200 to 300: {long}");
}

/// A key's messages go to one worker: each of the partitions is a queue by itself.
#[test]
fn partitions_are_queues_of_their_own() {
    let waits = |partitions: u16| {
        let reports = reports(&format!(
            "run = {{ duration = \"210s\", warm-up = \"10s\" }}
            keys.k = {{ count = 1000, zipf = 0.0 }}
            [clients.c]
            load.open.rate = 700.0
            classes = [{{ name = \"send\", keys = \"k\", write = true }}]
            call = {{ to = [\"q\"] }}
            [queues.q]
            partitions = {partitions}
            workers = 8
            work.exponential.mean = \"8ms\""
        ));
        reports.iter().for_each(adds_up);
        reports.into_iter().map(|r| component(&r, "q/workers").wait.mean() / 1e6)
    };
    let (rate, served) = (700.0, 125.0);
    // One queue for all is an M/M/8 at 70 %: by Erlang's formula so many wait, for 1/(8μ-λ).
    let offered: f64 = rate / served;
    let terms = (0..8).scan(1.0, |term, k| Some(std::mem::replace(term, *term * offered / f64::from(k + 1))));
    let last = (1..=8).map(|k| offered / f64::from(k)).product::<f64>() / (1.0 - offered / 8.0);
    let wait = last / (terms.sum::<f64>() + last);
    agrees("a pool's W_q", waits(0), wait / (8.0 * served - rate), 0.15);
    // Eight are M/M/1 each, with as many of the thousand keys as the hash gives them: ρ/(μ-λ).
    let mut keys = [0_u32; 8];
    (0..1_000).for_each(|key| keys[(derive(key, 0) % 8) as usize] += 1);
    let apart = keys.map(|keys| {
        let share = f64::from(keys) / 1_000.0;
        share * (share * rate / served) / (served - share * rate)
    });
    agrees("partitions' W_q", waits(8), apart.iter().sum(), 0.15);
}

/// With the leader's acknowledgement alone, what was on its way to the copies is lost: rate × lag.
#[test]
fn a_broker_goes() {
    let lost = |acks: &str| {
        let text = format!(
            "run = {{ duration = \"20s\", warm-up = \"1s\" }}
            clients.c = {{ load.open.rate = 1000.0, call = {{ to = [\"q\"] }} }}
            queues.q = {{ workers = 20, acks = \"{acks}\", lag.constant = \"50ms\", fail-over = \"2s\", work.constant = \"1ms\" }}
            [[faults]]
            at = \"10s\"
            does.down = {{ component = \"q\", instance = 0 }}"
        );
        let reports: Vec<Report> = (0..10).map(|seed| run(&plan(&text), seed)).collect();
        reports.iter().for_each(adds_up);
        assert!(reports.iter().all(|r| (1_800..2_200).contains(&r.classes[0].failed)), "two seconds of 1,000");
        reports.iter().map(|r| r.lost() as f64).sum::<f64>() / 10.0
    };
    assert!((lost("one") - 50.0).abs() < 10.0, "{}", lost("one"));
    assert_eq!(lost("all"), 0.0);
}

/// What has waited longer than it is kept is not worked on any more.
#[test]
fn messages_are_kept_for_a_time() {
    let text = "
        run = { duration = \"20s\", warm-up = \"0s\" }
        clients.c = { load.open.rate = 100.0, call = { to = [\"q\"] } }
        queues.q = { workers = 1, work.constant = \"20ms\", retention = \"2s\", redeliveries = 0 }";
    let report = run(&plan(text), 1);
    let (queue, class) = (component(&report, "q"), &report.classes[0]);
    // Fifty a second are worked on, for 20 s and the 2 s after them, of the 2,000 that come.
    let done = class.delivered.count();
    assert!((1_080..=1_120).contains(&done), "50 × 22: {done}");
    assert_eq!(done + class.undelivered, class.answered);
    // What was begun in time is ended: 1.25 ms until it is in the queue, 2 s, 20 ms of work.
    assert!((2_000_000..2_021_250).contains(&class.delivered.max()), "{}", class.delivered.max());
    // A component counts within the measured time: the last two seconds' messages die after it.
    let later = class.undelivered - queue.dead;
    assert!((60..140).contains(&later), "2 × 50: {later}");
}

/// A search asks every shard; what was written is found after the refresh.
#[test]
fn an_index_is_late() {
    let stale = |refresh: &str| {
        let text = format!(
            "run = {{ duration = \"20s\", warm-up = \"1s\" }}
            keys.k = {{ count = 10 }}
            [clients.c]
            load.open.rate = 200.0
            classes = [{{ name = \"read\", keys = \"k\" }}, {{ name = \"write\", keys = \"k\", write = true }}]
            call = {{ to = [\"s\"] }}
            [services.s]
            service.constant = \"0s\"
            concurrency = 1000
            calls = [{{ to = [\"i\"] }}]
            [indexes.i]
            shards = 4
            refresh = \"{refresh}\""
        );
        let report = run(&plan(&text), 1);
        adds_up(&report);
        let (read, write) = (report.class("read").expect("it"), report.class("write").expect("it"));
        let arrived = component(&report, "i").arrived as f64;
        let asked = (read.asked * 4 + write.asked) as f64;
        assert!((arrived / asked - 1.0).abs() < 0.01, "{arrived} for {asked}");
        read.stale_share()
    };
    assert_eq!(stale("0s"), 0.0);
    assert!(stale("1s") > 0.8);
}

/// Connections stay where they are; those of an instance that goes are taken by the others, each with a handshake.
#[test]
fn gateways_hold_connections() {
    let text = |limit: u32| {
        format!(
            "run = {{ duration = \"30s\", warm-up = \"0s\" }}
            keys.k = {{ count = 900, zipf = 0.0 }}
            [clients.c]
            load.open.rate = 1000.0
            classes = [{{ name = \"say\", keys = \"k\" }}]
            call = {{ to = [\"g\"] }}
            [gateways.g]
            instances = 3
            connections = {limit}
            handshake = \"10ms\"
            concurrency = 100
            service.constant = \"1ms\"
            [[faults]]
            at = \"15s\"
            does.down = {{ component = \"g\", instance = 1 }}"
        )
    };
    let report = run(&plan(&text(450)), 1);
    adds_up(&report);
    let gateway = component(&report, "g");
    assert_eq!((gateway.connections, report.classes[0].shed), (450, 0));
    // 900 at first, 300 again: each once, with what overlaps.
    let slow = gateway.service.count() as f64 * (1.0 - gateway.service.share_up_to(5_000));
    assert!((1_190.0..1_260.0).contains(&slow), "{slow}");
    // Where there is no room, a third of them have no connection.
    let report = run(&plan(&text(301)), 1);
    let shed = report.classes[0].shed as f64 / report.classes[0].asked as f64;
    assert!((0.13..0.19).contains(&shed), "a third in the second half: {shed}");
}

/// Who waits to be served has a connection already.
#[test]
fn gateways_hold_no_more_than_they_can() {
    let text = "run = { duration = \"5s\", warm-up = \"0s\" }
        keys.k = { count = 900, zipf = 0.0 }
        [clients.c]
        load.open.rate = 1000.0
        classes = [{ name = \"say\", keys = \"k\" }]
        call = { to = [\"g\"] }
        [gateways.g]
        connections = 100
        concurrency = 1
        queue = 1000
        service.constant = \"3ms\"";
    let report = run(&plan(text), 1);
    adds_up(&report);
    assert_eq!(component(&report, "g").connections, 100);
    assert!(report.classes[0].shed > 1_000);
}

/// Of two that read before either has written, one overwrites what it has not seen; a guard refuses it.
#[test]
fn lost_updates_are_counted() {
    let of = |call: &str| {
        let text = format!(
            "run = {{ duration = \"20s\", warm-up = \"0s\" }}
            keys.k = {{ count = 10, zipf = 0.0 }}
            [clients.c]
            load.open.rate = 200.0
            classes = [{{ name = \"add\", keys = \"k\", write = true }}]
            call = {{ to = [\"s\"] }}
            [services.s]
            service.constant = \"0s\"
            concurrency = 1000
            calls = [{{ to = [\"d\"], does = \"read\" }}, {{ to = [\"d\"]{call} }}]
            [stores.d]
            concurrency = 1000
            read.constant = \"5ms\"
            write.constant = \"5ms\""
        );
        let report = run(&plan(&text), 1);
        adds_up(&report);
        (component(&report, "d").overwritten, report.classes[0].failed, report.classes[0].asked)
    };
    let (overwritten, failed, asked) = of("");
    assert_eq!(failed, 0);
    // Another one commits within the 5.5 ms between: 1 - exp(-20 × 0.0055).
    let share = overwritten as f64 / asked as f64;
    assert!((share - 0.104).abs() < 0.02, "{share}");
    let (overwritten, failed, asked) = of(", guard = true");
    assert_eq!(overwritten, 0);
    let share = failed as f64 / asked as f64;
    assert!((0.07..0.12).contains(&share), "{share}");
}

/// Early expiry spreads a stampede before the entry's end.
#[test]
fn entries_are_refreshed_early() {
    let worst = |early: &str| {
        let text = format!(
            "run = {{ duration = \"30s\", warm-up = \"1s\" }}
            keys.k = {{ count = 1 }}
            [clients.c]
            load.open.rate = 500.0
            classes = [{{ name = \"read\", keys = \"k\" }}]
            call = {{ to = [\"m\"] }}
            [caches.m]
            ttl = \"2s\"
            concurrency = 1000
            {early}
            calls = [{{ to = [\"d\"] }}]
            [stores.d]
            concurrency = 1000
            read.constant = \"50ms\""
        );
        component(&run(&plan(&text), 1), "d").arrived
    };
    let (at_once, early) = (worst(""), worst("early = \"60ms\""));
    assert!(at_once > 250, "25 for each life: {at_once}");
    assert!(early < at_once, "{early} against {at_once}");
}
