//! The search for a counterexample: what it is told, how far it is, and what it has found.

use super::Standing;
use crate::base::Micros;
use crate::base::json::{self, Json};

/// The ways to search, by the words of the worker.
pub const WAYS: [(&str, &str); 3] = [
    ("orders", "Every order of what may happen, nearest first"),
    ("walks", "Random orders of what may happen"),
    ("faults", "Random faults in time, then all heals and must go on"),
];

/// Kinds of random faults.
pub const KINDS: [(&str, &str); 4] = [
    ("all", "of all kinds"),
    ("crashes", "crashes of servers"),
    ("cuts", "cuts of the network"),
    ("administration", "none: administration alone"),
];

/// A number that a search is told.
pub struct Field {
    pub key: &'static str,
    pub words: &'static str,
    pub usual: u64,
    pub most: u64,
    /// What the worker counts in: a thousandth of what is shown, for milliseconds.
    scale: u64,
    /// For these of the ways.
    ways: &'static [usize],
}

const ORDERS: &[usize] = &[0, 1];
const FAULTS: &[usize] = &[2];
const RANDOM: &[usize] = &[1, 2];

const fn field(
    key: &'static str,
    words: &'static str,
    usual: u64,
    most: u64,
    scale: u64,
    ways: &'static [usize],
) -> Field {
    Field { key, words, usual, most, scale, ways }
}

pub const FIELDS: [Field; 13] = [
    field("crashes", "Crashes", 1, 9, 1, ORDERS),
    field("drops", "Lost messages", 0, 9, 1, ORDERS),
    field("partitions", "Cuts", 0, 9, 1, ORDERS),
    field("timers", "Timers that fire", 2, 9, 1, ORDERS),
    field("early", "… before their turn", 1, 9, 1, ORDERS),
    field("depth", "Steps deep", 300, 10_000, 1, ORDERS),
    field("states", "States", 1_000_000, 10_000_000, 1, ORDERS),
    field("syncs", "Disks take time (0, 1)", 0, 1, 1, ORDERS),
    field("asks", "Clients ask (0, 1)", 1, 1, 1, ORDERS),
    field("rough", "Faults last (ms)", 3_000, 60_000, 1_000, FAULTS),
    field("settle", "Rest after healing (ms)", 3_000, 60_000, 1_000, FAULTS),
    field("bound", "Time to answer then (ms)", 2_000, 60_000, 1_000, FAULTS),
    field("seed", "Seed", 1, 1_000_000_000, 1, RANDOM),
];
/// Seconds that a search may take, unless it is said.
const SECONDS: u64 = 30;

#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub way: usize,
    pub kinds: usize,
    /// In the order of [`FIELDS`], as they are shown.
    pub numbers: [u64; FIELDS.len()],
    pub seconds: u64,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { way: 0, kinds: 0, numbers: std::array::from_fn(|i| FIELDS[i].usual), seconds: SECONDS }
    }
}

impl Ask {
    pub fn is_in_time(&self) -> bool {
        WAYS[self.way].0 == "faults"
    }

    /// Fields that mean something for this way.
    pub fn fields(&self) -> impl Iterator<Item = (usize, &'static Field)> {
        FIELDS.iter().enumerate().filter(|(_, field)| field.ways.contains(&self.way))
    }

    /// The words for the worker.
    pub fn words(&self) -> String {
        let mut words = format!("hunt way={}", WAYS[self.way].0);
        if self.is_in_time() {
            words += &format!(" only={}", KINDS[self.kinds].0);
        }
        for (i, field) in self.fields() {
            words += &format!(" {}={}", field.key, self.numbers[i] * field.scale);
        }
        words
    }

    /// What a start scenario says; of budgets that it does not name there are none.
    pub fn read(words: &str) -> Ask {
        let mut ask = Ask::default();
        for (number, field) in ask.numbers.iter_mut().zip(&FIELDS) {
            if field.most < 10 && field.key != "asks" {
                *number = 0;
            }
        }
        for word in words.split_whitespace() {
            let Some((key, value)) = word.split_once('=') else { continue };
            let among = |of: &[(&str, &str)]| of.iter().position(|(own, _)| *own == value).unwrap_or(0);
            let place = FIELDS.iter().position(|field| field.key == key);
            match (key, place) {
                ("way", _) => ask.way = among(&WAYS),
                ("only", _) => ask.kinds = among(&KINDS),
                (_, Some(place)) => ask.numbers[place] = value.parse().unwrap_or(0) / FIELDS[place].scale,
                _ => {}
            }
        }
        ask
    }
}

/// A scenario to begin with: a bug is planted in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub title: String,
    pub protocol: String,
    pub why: String,
    pub from: Micros,
    pub ask: Ask,
    pub run: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hunt {
    pub standing: Standing,
    pub ask: Ask,
    /// None: not asked for yet.
    pub starts: Option<Vec<Start>>,
    pub starts_wrong: String,
    /// The start that is open.
    pub start: Option<usize>,
    /// Milliseconds that it has taken.
    pub took_ms: u64,
    /// States, walks' states, or runs.
    pub seen: u64,
    pub depth: u64,
    /// Why nothing was found.
    pub said: String,
    pub found: Option<Found>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub property: String,
    pub why: String,
    pub steps: u64,
    pub told: Vec<String>,
    pub run: String,
    pub to: Micros,
}

impl Hunt {
    pub fn begin(&mut self) {
        let Hunt { ask, starts, starts_wrong, start, .. } = std::mem::take(self);
        *self = Hunt { standing: Standing::Running, ask, starts, starts_wrong, start, ..Hunt::default() };
    }

    /// Takes an answer of the worker; says whether the search goes on.
    pub fn take(&mut self, answer: &str, took_ms: u64) -> Result<bool, String> {
        let mut fields = json::read(answer)?.fields()?;
        self.took_ms = took_ms;
        match fields.text("state")?.as_str() {
            "found" => {
                let mut told = Vec::new();
                for line in fields.take("told")?.list()? {
                    let words = line.list()?.pop().ok_or("a line of nothing")?;
                    told.push(words.text()?);
                }
                let (property, why) = (fields.text("property")?, fields.text("why")?);
                let (steps, to) = (fields.number("steps")?, Micros(fields.number("to")?));
                self.found = Some(Found { property, why, steps, told, run: fields.text("run")?, to });
                self.standing = Standing::Over;
            }
            "none" => {
                (self.said, self.seen) = (fields.text("said")?, fields.number("seen")?);
                self.standing = Standing::Over;
            }
            _ => {
                (self.seen, self.depth) = (fields.number("seen")?, fields.number("depth")?);
                if took_ms >= self.ask.seconds * 1_000 {
                    self.said = format!("not all was seen: the limit of {} s was reached", self.ask.seconds);
                    self.standing = Standing::Over;
                }
            }
        }
        Ok(self.standing == Standing::Running)
    }

    /// "12000 states, 17 deep, 4.2 s".
    pub fn progress(&self) -> String {
        let seconds = format!("{}.{} s", self.took_ms / 1_000, self.took_ms % 1_000 / 100);
        match self.ask.is_in_time() {
            true => format!("{} runs, {seconds}", self.seen),
            false => format!("{} states, {} deep, {seconds}", self.seen, self.depth),
        }
    }
}

impl Found {
    /// "“election safety” breaks in 6 steps".
    pub fn heading(&self, in_time: bool) -> String {
        let (one, many) = if in_time { ("fault", "faults") } else { ("step", "steps") };
        format!("“{}” breaks in {}", self.property, crate::view::words::count(self.steps, one, many))
    }
}

/// Reads the start scenarios.
pub fn starts(text: &str) -> Result<Vec<Start>, String> {
    let mut starts = Vec::new();
    for json in json::read(text)?.list()? {
        starts.push(start(json)?);
    }
    Ok(starts)
}

fn start(json: Json) -> Result<Start, String> {
    let mut fields = json.fields()?;
    Ok(Start {
        title: fields.text("title")?,
        protocol: fields.text("protocol")?,
        why: fields.text("why")?,
        from: Micros(fields.number("from")?),
        ask: Ask::read(&fields.text("search")?),
        run: fields.text("run")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_start_says_is_what_the_worker_is_told() {
        let ask = Ask::read("way=faults only=cuts rough=1000000 settle=60000 bound=250000");
        assert_eq!(ask.words(), "hunt way=faults only=cuts rough=1000000 settle=60000 bound=250000 seed=1");
        let ask = Ask::read("way=walks timers=2");
        assert_eq!(
            ask.words(),
            "hunt way=walks crashes=0 drops=0 partitions=0 timers=2 early=0 depth=300 states=1000000 syncs=0 asks=1 seed=1"
        );
    }

    #[test]
    fn answers_are_read_until_something_is_found_or_time_is_over() {
        let mut hunt = Hunt::default();
        hunt.begin();
        let on = r#"{"state":"on","seen":3000,"depth":7}"#;
        assert_eq!(hunt.take(on, 1_250), Ok(true));
        assert_eq!(hunt.progress(), "3000 states, 7 deep, 1.2 s");
        let found =
            r#"{"state":"found","property":"safe","why":"so","steps":1,"told":[[3,"n1 crashed"]],"run":"{}","to":9}"#;
        assert_eq!(hunt.take(found, 2_000), Ok(false));
        assert_eq!(hunt.found.as_ref().expect("found").heading(false), "“safe” breaks in 1 step");
        hunt.begin();
        assert_eq!((hunt.take(on, 30_000), hunt.found.is_none()), (Ok(false), true));
        assert!(hunt.said.contains("the limit of 30 s"));
        assert!(hunt.take("[]", 0).is_err());
    }
}
