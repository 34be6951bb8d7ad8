//! A sweep: one scenario under many seeds. Verdicts with the seeds that lead to them, and the distribution of each measure as
//! bars, each with a seed whose run has such a value.

use super::Standing;
use crate::base::histogram;
use crate::base::json::{self, Json};
use crate::base::{Micros, order};
use crate::view::words;

/// Seeds that a worker is given at a time.
pub const CHUNK: u64 = 20;
/// Bars of a distribution at most.
pub const BARS_MAX: u32 = 24;
/// Failing seeds that are named of each property.
const SEEDS_MAX: usize = 8;
/// Height of the highest bar, and width of each, in CSS pixels.
pub const HEIGHT: u64 = 72;
pub const WIDTH: u64 = 20;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub first: u64,
    pub count: u64,
    pub until: Micros,
    /// Random faults, then healing and a demand for progress.
    pub faults: bool,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { first: 0, count: 1_000, until: Micros(10_000_000), faults: false }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    pub standing: Standing,
    /// What the next one shall be; and what this one is of.
    pub next: Ask,
    pub ask: Ask,
    pub title: String,
    /// The run that is swept, as a text.
    pub run: String,
    pub ends_at: Micros,
    pub workers: u32,
    /// The first seed that no worker has been given.
    handed: u64,
    pub done: u64,
    pub good: u64,
    pub limited: u64,
    pub fallen: Vec<Fallen>,
    pub measures: Vec<Measure>,
}

/// A property that broke.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallen {
    pub property: String,
    pub count: u64,
    /// The first seeds, in order.
    pub seeds: Vec<u64>,
    /// Why it broke in the first of them.
    pub why: String,
}

/// All values of a measure, in buckets: of each the bucket, how many, and the lowest seed with one.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub name: String,
    pub unit: String,
    pub meaning: String,
    pub buckets: Vec<(u32, u64, u64)>,
    pub count: u64,
}

/// A bar of a distribution: values from the first up to, not including, the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    pub from: u64,
    pub to: u64,
    pub count: u64,
    pub seed: u64,
}

impl Sweep {
    /// One that shall be as it is asked for.
    pub fn of(ask: Ask) -> Sweep {
        Sweep { next: ask, ..Sweep::default() }
    }

    /// Begins one of a run, by so many workers.
    pub fn begin(&mut self, title: String, run: String, workers: u32) {
        let ask = self.next.clone();
        let handed = ask.first;
        let standing = Standing::Running;
        *self = Sweep { standing, next: ask.clone(), ask, title, run, workers, handed, ..Sweep::default() };
    }

    /// Seeds for a worker that has nothing to do; none when all are handed out.
    pub fn hand_out(&mut self) -> Option<(u64, u64)> {
        let end = self.ask.first + self.ask.count;
        let from = self.handed;
        self.handed = (from + CHUNK).min(end);
        (from < self.handed).then_some((from, self.handed))
    }

    /// The words for seeds of a worker.
    pub fn words(&self, (from, to): (u64, u64)) -> String {
        format!("sweep {from} {to} {} {}", self.ask.until.0, u64::from(self.ask.faults))
    }

    /// The words for the run of a seed.
    pub fn seed_words(&self, seed: u64) -> String {
        format!("seed {seed} {} {}", self.ask.until.0, u64::from(self.ask.faults))
    }

    /// Takes a worker's slice; says which seed it has got to.
    pub fn take(&mut self, slice: &str) -> Result<u64, String> {
        let mut fields = json::read(slice)?.fields()?;
        if self.measures.is_empty() {
            for measure in fields.take("measures")?.list()? {
                self.measures.push(described(measure)?);
            }
        }
        self.ends_at = Micros(fields.number("ends_at")?);
        for run in fields.take("runs")?.list()? {
            self.take_run(run)?;
        }
        if self.done == self.ask.count {
            self.standing = Standing::Over;
        }
        fields.number("next")
    }

    fn take_run(&mut self, run: Json) -> Result<(), String> {
        let mut fields = run.fields()?;
        let seed = fields.number("seed")?;
        let limited = fields.take("limited")? == Json::Bool(true);
        self.done += 1;
        self.limited += u64::from(limited);
        match fields.find("failed") {
            Some(property) => self.fall(property.text()?, seed, fields.text("why")?),
            None => self.good += u64::from(!limited),
        }
        for (measure, values) in self.measures.iter_mut().zip(fields.take("values")?.list()?) {
            let mut bucket = None;
            for number in values.list()? {
                let Json::Int(number) = number else { return Err("a value is no number".into()) };
                match bucket.take() {
                    None => bucket = Some(number as u32),
                    Some(bucket) => measure.add(bucket, number as u64, seed),
                }
            }
        }
        Ok(())
    }

    fn fall(&mut self, property: String, seed: u64, why: String) {
        let place = match self.fallen.iter().position(|fallen| fallen.property == property) {
            Some(place) => place,
            None => {
                self.fallen.push(Fallen { property, count: 0, seeds: Vec::new(), why: String::new() });
                self.fallen.len() - 1
            }
        };
        let fallen = &mut self.fallen[place];
        fallen.count += 1;
        if fallen.seeds.first().is_none_or(|first| seed < *first) {
            fallen.why = why;
        }
        let place = fallen.seeds.partition_point(|other| *other < seed);
        fallen.seeds.insert(place, seed);
        fallen.seeds.truncate(SEEDS_MAX);
        order::sort(&mut self.fallen, |a, b| a.count > b.count || a.count == b.count && a.property < b.property);
    }

    /// "412 of 1000 runs by 4 workers".
    pub fn progress(&self) -> String {
        let by = words::count(self.workers.into(), "worker", "workers");
        format!("{} of {} runs by {by}", self.done, self.ask.count)
    }

    /// What has become of it, in a sentence.
    pub fn said(&self) -> String {
        let Ask { first, until, faults, .. } = &self.ask;
        let runs = words::count(self.done, "run", "runs");
        let of = if self.standing == Standing::Over { runs } else { format!("{} of {}", self.done, self.ask.count) };
        let how = if *faults { ", random faults up to there, then healed" } else { "" };
        format!("“{}”, seeds from {first} on: {of}, each to {}{how}.", self.title, words::clock(*until, false))
    }
}

fn described(json: Json) -> Result<Measure, String> {
    let mut parts = Vec::new();
    for part in json.list()? {
        parts.push(part.text()?);
    }
    let [name, unit, meaning]: [String; 3] = parts.try_into().map_err(|_| "a measure has three words")?;
    Ok(Measure { name: name.replace('_', " "), unit, meaning, buckets: Vec::new(), count: 0 })
}

impl Measure {
    fn add(&mut self, bucket: u32, count: u64, seed: u64) {
        self.count += count;
        let place = self.buckets.partition_point(|(other, ..)| *other < bucket);
        match self.buckets.get_mut(place).filter(|(other, ..)| *other == bucket) {
            Some((_, known, lowest)) => (*known, *lowest) = (*known + count, seed.min(*lowest)),
            None => self.buckets.insert(place, (bucket, count, seed)),
        }
    }

    /// Neighbouring buckets together, as many as make few enough bars.
    pub fn bars(&self) -> Vec<Bar> {
        let (Some((first, ..)), Some((last, ..))) = (self.buckets.first(), self.buckets.last()) else {
            return Vec::new();
        };
        let together = (last - first + 1).div_ceil(BARS_MAX);
        let mut bars: Vec<Bar> = Vec::new();
        for bar in 0..(last - first + 1).div_ceil(together) {
            let (from, to) = (first + bar * together, first + (bar + 1) * together);
            let within = self.buckets.iter().filter(|(bucket, ..)| (from..to).contains(bucket));
            let (mut count, mut seed) = (0, u64::MAX);
            for (_, many, lowest) in within {
                (count, seed) = (count + many, seed.min(*lowest));
            }
            bars.push(Bar {
                from: histogram::least::<{ histogram::DRAWN }>(from),
                to: histogram::least::<{ histogram::DRAWN }>(to),
                count,
                seed,
            });
        }
        bars
    }

    /// The value below which a share of all lie, in thousandths: the least of its bucket.
    pub fn quantile(&self, thousandths: u64) -> Option<u64> {
        let rank = (self.count * thousandths).div_ceil(1_000).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().find(|(_, count, _)| {
            seen += count;
            seen >= rank
        });
        found.map(|(bucket, ..)| histogram::least::<{ histogram::DRAWN }>(*bucket))
    }

    /// A value with its unit.
    pub fn value(&self, value: u64) -> String {
        match self.unit.as_str() {
            "us" => words::length(value),
            _ if value.is_multiple_of(1_000) => format!("{}", value / 1_000),
            _ => format!("{}.{}", value / 1_000, value % 1_000 / 100),
        }
    }

    /// "12 values, median 3.2 ms".
    pub fn figures(&self) -> Vec<(&'static str, String)> {
        let named = [("least", 0), ("median", 500), ("90 %", 900), ("99 %", 990), ("greatest", 1_000)];
        named.into_iter().filter_map(|(name, share)| Some((name, self.value(self.quantile(share)?)))).collect()
    }
}

impl Bar {
    /// How high it is beside the highest one; what is there is seen.
    pub fn height(&self, most: u64) -> u64 {
        if self.count == 0 { 0 } else { (self.count * HEIGHT / most.max(1)).max(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(next: u64, runs: &str) -> String {
        format!(
            r#"{{"next":{next},"ends_at":5000000,"measures":[["latency","us","how long"],["answered","operations","how many"]],"runs":[{runs}]}}"#
        )
    }

    fn run(seed: u64, failed: &str, values: &str) -> String {
        format!(r#"{{"seed":{seed},"failed":{failed},"why":{failed},"limited":false,"values":{values}}}"#)
    }

    fn begun(count: u64) -> Sweep {
        let mut sweep = Sweep::of(Ask { first: 10, count, ..Ask::default() });
        sweep.begin("A title".into(), "{}".into(), 2);
        sweep
    }

    #[test]
    fn seeds_are_handed_out_once_each() {
        let mut sweep = begun(50);
        let handed: Vec<(u64, u64)> = std::iter::from_fn(|| sweep.hand_out()).collect();
        assert_eq!(handed, [(10, 30), (30, 50), (50, 60)]);
        assert_eq!(sweep.words((30, 50)), "sweep 30 50 10000000 0");
    }

    #[test]
    fn slices_add_up_in_whatever_order_they_come() {
        let one = slice(12, &[run(10, "null", "[[40,3,90,1],[100,1]]"), run(11, "\"safe\"", "[[40,1],[]]")].join(","));
        let two = slice(14, &[run(13, "\"safe\"", "[[7,1],[100,1]]"), run(12, "\"live\"", "[[],[100,1]]")].join(","));
        let mut sums: Vec<Sweep> = Vec::new();
        for slices in [[&one, &two], [&two, &one]] {
            let mut sweep = begun(4);
            for text in slices {
                sweep.take(text).expect("it reads");
            }
            sums.push(sweep);
        }
        assert_eq!(sums[0], sums[1]);
        let sweep = &sums[0];
        assert_eq!((sweep.done, sweep.good, sweep.limited, &sweep.standing), (4, 1, 0, &Standing::Over));
        let safe = &sweep.fallen[0];
        assert_eq!((safe.property.as_str(), safe.count, &safe.seeds[..]), ("safe", 2, &[11, 13][..]));
        let latency = &sweep.measures[0];
        assert_eq!((latency.count, latency.quantile(500), latency.quantile(0)), (6, Some(40), Some(7)));
        let bars = latency.bars();
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 6);
        assert!(bars.len() <= BARS_MAX as usize && bars.is_sorted_by_key(|bar| bar.from));
        let highest = bars.iter().max_by_key(|bar| bar.count).expect("bars");
        assert_eq!((highest.seed, highest.height(4)), (10, HEIGHT));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        assert!(begun(1).take("{}").is_err());
        assert!(begun(1).take(&slice(1, &run(1, "null", "[[\"x\"]]"))).is_err());
    }
}
