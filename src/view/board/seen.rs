//! One run as the worker has told it: over time, by component, with the ways of some requests; and what limits it, with the
//! evidence.

use crate::base::decimal;
use crate::base::json::{self, Fields, Json};
use crate::view::words;

/// Requests of one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Class {
    pub name: String,
    pub asked: u64,
    pub answered: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub shed: u64,
    pub stale: u64,
    /// The 50th, 90th, 99th and 99.9th percentile, in microseconds.
    pub latency: Vec<u64>,
    /// For each part of the time: asked, answered, median, 99th percentile.
    pub over: Vec<[u64; 4]>,
}

/// A component in a part of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    pub waiting: f64,
    pub used: f64,
    pub arrived: u64,
    pub bad: u64,
    pub hits: Option<f64>,
    pub down: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Component {
    pub name: String,
    /// Share of its slots that is taken; none without limit.
    pub used: Option<f64>,
    pub waiting: f64,
    pub waiting_max: u64,
    pub arrived: u64,
    pub bad: u64,
    pub shed: u64,
    pub hits: Option<f64>,
    pub lost: u64,
    pub dead: u64,
    pub cost: f64,
    /// 99th percentiles: until a slot was free, and from arrival to answer.
    pub wait: u64,
    pub inside: u64,
    pub cold: Option<Cold>,
    pub over: Vec<Part>,
}

/// What it cost that instances start cold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cold {
    /// The share of all waiting that was while some were starting.
    pub waited: f64,
    /// At worst so many, decided on from the one moment on and all there at the other.
    pub instances: u64,
    pub from: u64,
    pub until: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub attempts: u64,
    pub retries: u64,
    pub timed_out: u64,
    pub refused: u64,
}

/// What slow requests spent at a component.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    pub name: String,
    pub waiting: u64,
    pub served: u64,
    pub held: u64,
}

/// A visit of a request. Moments that did not come are negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    pub part: usize,
    pub instance: u64,
    pub parent: Option<usize>,
    /// Sent, arrived, began to be served, was served, left, back at the caller.
    pub at: [i64; 6],
    pub outcome: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    pub class: usize,
    pub client: usize,
    pub began: u64,
    pub ended: u64,
    pub outcome: u64,
    pub drawn: bool,
    pub spans: Vec<Span>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub seed: u64,
    pub hash: String,
    pub from: u64,
    pub to: u64,
    pub limited: bool,
    pub cost: f64,
    pub classes: Vec<Class>,
    pub components: Vec<Component>,
    pub edges: Vec<Edge>,
    pub slow: u64,
    pub slow_time: u64,
    pub travelled: u64,
    pub spent: Vec<Spent>,
    /// The names that ways have numbers for.
    pub names: Vec<String>,
    pub ways: Vec<Way>,
}

/// How requests end, by their numbers.
pub const OUTCOMES: [&str; 5] = ["answered", "failed", "timed out", "turned away", "refused by a limiter"];

/// What limits the design, and how that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Bottleneck {
    pub name: String,
    pub title: String,
    pub evidence: String,
    /// Nothing is short of anything: this is where the time goes.
    pub easy: bool,
}

/// Used so much, a component has no room.
const FULL: f64 = 0.9;
/// From this share of a component's waiting on, cold starts are named as its cause.
const MOSTLY: f64 = 0.5;

fn integer(json: &Json) -> Result<i64, String> {
    if let Json::Int(n) = json { Ok(*n) } else { Err("something is not a number".into()) }
}

fn numbers(json: Json) -> Result<Vec<i64>, String> {
    json.list()?.iter().map(integer).collect()
}

fn row<const N: usize>(json: Json) -> Result<[i64; N], String> {
    numbers(json)?.try_into().map_err(|_| "a line has another length".to_owned())
}

fn each<T>(fields: &mut Fields, name: &str, read: impl Fn(Json) -> Result<T, String>) -> Result<Vec<T>, String> {
    fields.take(name)?.list()?.into_iter().map(read).collect()
}

fn share(n: i64) -> f64 {
    n as f64 / 1e6
}

fn maybe(fields: &mut Fields, name: &str) -> Option<f64> {
    fields.find(name).and_then(|json| integer(&json).ok()).map(share)
}

fn class(json: Json) -> Result<Class, String> {
    let mut f = json.fields()?;
    Ok(Class {
        name: f.text("name")?,
        asked: f.number("asked")?,
        answered: f.number("answered")?,
        failed: f.number("failed")?,
        timed_out: f.number("timed_out")?,
        shed: f.number("shed")?,
        stale: f.number("stale")?,
        latency: numbers(f.take("latency")?)?.into_iter().map(|n| n as u64).collect(),
        over: each(&mut f, "over", |json| Ok(row::<4>(json)?.map(|n| n as u64)))?,
    })
}

fn component(json: Json) -> Result<Component, String> {
    let mut f = json.fields()?;
    let part = |json: Json| {
        let [waiting, used, arrived, bad, hits, down] = row(json)?;
        Ok(Part {
            waiting: waiting as f64 / 1e3,
            used: share(used),
            arrived: arrived as u64,
            bad: bad as u64,
            hits: (hits >= 0).then(|| share(hits)),
            down: down as u64,
        })
    };
    Ok(Component {
        name: f.text("name")?,
        used: maybe(&mut f, "use"),
        waiting: f.int("waiting")? as f64 / 1e3,
        waiting_max: f.number("waiting_max")?,
        arrived: f.number("arrived")?,
        bad: f.number("bad")?,
        shed: f.number("shed")?,
        hits: maybe(&mut f, "hits"),
        lost: f.number("lost")?,
        dead: f.number("dead")?,
        cost: f.int("cost")? as f64 / 1e3,
        wait: f.number("wait")?,
        inside: f.number("inside")?,
        cold: f.find("cold").filter(|json| *json != Json::Null).map(cold).transpose()?,
        over: each(&mut f, "over", part)?,
    })
}

fn cold(json: Json) -> Result<Cold, String> {
    let [waited, instances, from, until] = row(json)?;
    Ok(Cold { waited: share(waited), instances: instances as u64, from: from as u64, until: until as u64 })
}

fn edge(json: Json) -> Result<Edge, String> {
    let mut f = json.fields()?;
    Ok(Edge {
        from: f.text("from")?,
        to: f.text("to")?,
        attempts: f.number("attempts")?,
        retries: f.number("retries")?,
        timed_out: f.number("timed_out")?,
        refused: f.number("refused")?,
    })
}

fn spent(json: Json) -> Result<Spent, String> {
    let mut items = json.list()?.into_iter();
    let name = items.next().ok_or("a line is too short")?.text()?;
    let [waiting, served, held] = row::<3>(Json::List(items.collect()))?.map(|n| n as u64);
    Ok(Spent { name, waiting, served, held })
}

fn way(json: Json) -> Result<Way, String> {
    let mut f = json.fields()?;
    let span = |json: Json| {
        let [part, instance, parent, a, b, c, d, e, g, outcome] = row(json)?;
        Ok(Span {
            part: part as usize,
            instance: instance as u64,
            parent: usize::try_from(parent).ok(),
            at: [a, b, c, d, e, g],
            outcome: outcome as u64,
        })
    };
    Ok(Way {
        class: f.number("class")?,
        client: f.number("client")?,
        began: f.number("began")?,
        ended: f.number("ended")?,
        outcome: f.number("outcome")?,
        drawn: f.take("drawn")? == Json::Bool(true),
        spans: each(&mut f, "spans", span)?,
    })
}

impl Component {
    /// That cold starts are what most of the waiting here comes from, if so.
    fn cold_words(&self) -> Option<String> {
        let cold = self.cold.filter(|cold| cold.waited >= MOSTLY)?;
        let whose = if cold.instances == 1 { "one was".into() } else { format!("{} were", cold.instances) };
        Some(format!(
            " {} of all waiting here was while instances were starting cold: {whose} asked for at {} and there at {} only.",
            percent(cold.waited),
            words::length(cold.from),
            words::length(cold.until)
        ))
    }
}

impl Seen {
    pub fn read(answer: &str) -> Result<Seen, String> {
        let mut f = json::read(answer)?.fields()?;
        let mut slow = f.take("slow")?.fields()?;
        Ok(Seen {
            seed: f.number("seed")?,
            hash: f.text("hash")?,
            from: f.number("from")?,
            to: f.number("to")?,
            limited: f.take("limited")? == Json::Bool(true),
            cost: f.int("cost")? as f64 / 1e3,
            classes: each(&mut f, "classes", class)?,
            components: each(&mut f, "parts", component)?,
            edges: each(&mut f, "edges", edge)?,
            slow: slow.number("requests")?,
            slow_time: slow.number("time")?,
            travelled: slow.number("travelled")?,
            spent: each(&mut slow, "spent", spent)?,
            names: each(&mut f, "names", Json::text)?,
            ways: each(&mut f, "ways", way)?,
        })
    }

    /// Parts of the measured time.
    pub fn parts(&self) -> usize {
        self.components.first().map_or(0, |component| component.over.len())
    }

    /// When a part begins, in microseconds.
    pub fn begin(&self, part: usize) -> u64 {
        self.from + (self.to - self.from) * part as u64 / self.parts().max(1) as u64
    }

    /// The part that a moment is in.
    pub fn part_of(&self, at: u64) -> usize {
        let parts = self.parts().max(1) as u64;
        let part = at.saturating_sub(self.from) * parts / (self.to - self.from).max(1);
        part.min(parts - 1) as usize
    }

    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.name == name)
    }

    /// What a component is called on the board: a queue's workers belong to it.
    fn owner(name: &str) -> &str {
        name.strip_suffix("/workers").unwrap_or(name)
    }

    /// The components that stand behind a box.
    pub fn behind<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Component> {
        self.components.iter().filter(move |component| Seen::owner(&component.name) == name)
    }

    /// A box's use and queue in a part of the time, or over all of it.
    pub fn state(&self, name: &str, part: Option<usize>) -> (Option<f64>, f64, u64) {
        let (mut used, mut waiting, mut down) = (None, 0.0, 0);
        for component in self.behind(name) {
            let own = match part.and_then(|part| component.over.get(part)) {
                Some(part) => (component.used.map(|_| part.used), part.waiting, part.down),
                None => (component.used, component.waiting, 0),
            };
            used = own.0.or(used);
            waiting += own.1;
            down += own.2;
        }
        (used, waiting, down)
    }

    /// The slowest request of a part of the time, or of all.
    pub fn slowest(&self, part: Option<usize>) -> Option<&Way> {
        let within = |way: &&Way| part.is_none_or(|part| self.part_of(way.began) == part);
        self.ways.iter().filter(within).max_by_key(|way| way.ended - way.began)
    }

    /// Where slow requests wait, if they do; else where their time goes.
    pub fn bottleneck(&self) -> Option<Bottleneck> {
        if self.slow_time == 0 {
            return None;
        }
        let part = |us: u64| us as f64 / self.slow_time as f64;
        let mut worst = self.spent.iter().max_by_key(|spent| spent.waiting)?;
        // A queue before slots that are held for longer by a queue further on than by work is only the end of that one.
        for _ in 0..self.spent.len() {
            let further = |spent: &&Spent| {
                part(spent.waiting) >= 0.1
                    && spent.waiting > worst.served + worst.held
                    && self.calls(&worst.name, &spent.name)
            };
            let Some(next) = self.spent.iter().filter(further).max_by_key(|spent| spent.waiting) else { break };
            worst = next;
        }
        let name = Seen::owner(&worst.name).to_owned();
        let used = self.component(&worst.name).and_then(|component| component.used);
        if part(worst.waiting) >= 0.1 {
            let used_words = used.map_or(String::new(), |used| format!(" at {}", percent(used)));
            let since =
                self.full_since(&worst.name).map_or(String::new(), |at| format!(", since {}", words::length(at)));
            let cold = self.component(&worst.name).and_then(Component::cold_words).unwrap_or_default();
            let waited = percent(part(worst.waiting));
            let evidence = format!("{waited} of the time of slow requests is spent waiting here{since}.{cold}");
            return Some(Bottleneck { title: format!("Bottleneck: {name}{used_words}"), name, evidence, easy: false });
        }
        let longest = self.spent.iter().max_by_key(|spent| spent.served + spent.held)?;
        let name = Seen::owner(&longest.name).to_owned();
        let evidence = format!(
            "Slow requests wait for nothing much: {} of their time is work at {name}, {} is the way.",
            percent(part(longest.served + longest.held)),
            percent(part(self.travelled))
        );
        Some(Bottleneck { title: "No queue limits this run".into(), name, evidence, easy: true })
    }

    /// Whether what is asked of one component leads to another, by its calls or by those of whom it calls.
    fn calls(&self, from: &str, to: &str) -> bool {
        let mut reached = vec![from];
        let mut at = 0;
        while let Some(name) = reached.get(at).copied() {
            let next = self.edges.iter().filter(|edge| edge.from == name).map(|edge| edge.to.as_str());
            for name in next {
                if !reached.contains(&name) {
                    reached.push(name);
                }
            }
            at += 1;
        }
        reached[1..].contains(&to)
    }

    /// From when on a component was nearly full, to the end or to when that was over.
    fn full_since(&self, name: &str) -> Option<u64> {
        let component = self.component(name)?;
        let full = component.over.iter().position(|part| part.used >= FULL)?;
        (full > 0).then(|| self.begin(full))
    }
}

/// A share in percent, finer where it is small.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let places = if percent >= 9.95 || percent == 0.0 {
        0
    } else if percent >= 0.1 {
        1
    } else {
        2
    };
    format!("{} %", decimal::fixed(percent, places))
}

// The way of one request.

/// A line of the waterfall.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub depth: usize,
    pub told: String,
    /// What it did from when to when, in microseconds from the request's beginning: on the way, waiting, served, or calling
    /// others.
    pub bars: Vec<(Doing, u64, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Travels,
    Waits,
    Served,
    Calls,
}

impl Doing {
    pub fn word(self) -> &'static str {
        match self {
            Doing::Travels => "travels",
            Doing::Waits => "waits",
            Doing::Served => "served",
            Doing::Calls => "calls",
        }
    }
}

/// The visits of a request, each below its caller, in the order in which they were sent.
pub fn waterfall(seen: &Seen, way: &Way) -> Vec<Row> {
    let mut rows = Vec::new();
    below(seen, way, None, 0, &mut rows);
    rows
}

fn below(seen: &Seen, way: &Way, of: Option<usize>, depth: usize, rows: &mut Vec<Row>) {
    if depth > 16 {
        return;
    }
    for (i, span) in way.spans.iter().enumerate().filter(|(_, span)| span.parent == of) {
        let mut bars = Vec::new();
        let [sent, arrived, began, served, left, back] = span.at;
        let end = way.ended as i64;
        let till = |at: i64, or: i64| if at < 0 { or } else { at.min(end) };
        let over = till(left, till(back, end));
        let mut bar = |doing: Doing, from: i64, to: i64| {
            let zero = way.began as i64;
            if to > from {
                bars.push((doing, (from - zero) as u64, (to - zero) as u64));
            }
        };
        if arrived < 0 {
            bar(Doing::Travels, sent, till(back, end));
        } else {
            bar(Doing::Travels, sent, arrived.min(end));
            bar(Doing::Waits, arrived, till(began, over));
            if began >= 0 {
                bar(Doing::Served, began, till(served, over));
                bar(Doing::Calls, till(served, over), over);
            }
            if left >= 0 {
                bar(Doing::Travels, left, till(back, left));
            }
        }
        let name = seen.names.get(span.part).cloned().unwrap_or_default();
        let spent: Vec<String> =
            bars.iter().map(|(doing, from, to)| format!("{} {}", doing.word(), words::length(to - from))).collect();
        let outcome = OUTCOMES.get(span.outcome as usize).unwrap_or(&"");
        let told = format!("{}, {outcome}", spent.join(", "));
        let name = if span.instance > 0 { format!("{name} {}", span.instance + 1) } else { name };
        rows.push(Row { name, depth, told, bars });
        below(seen, way, Some(i), depth + 1, rows);
    }
}
