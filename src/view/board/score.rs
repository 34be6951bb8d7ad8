//! Many seeds, judged: how often each requirement holds, by what margin, how what it measures is distributed, and in which
//! seed it is worst. What came so far is judged as it comes.

use super::seen::percent;
use crate::base::decimal;
use crate::base::json::{self, Json};
use crate::view::words;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a requirement's numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Time,
    /// Millionths.
    Share,
    /// Thousandths.
    #[default]
    Count,
}

impl Unit {
    pub fn says(self, value: i64) -> String {
        match self {
            Unit::Time => words::length(value.max(0) as u64),
            Unit::Share => percent(value as f64 / 1e6),
            Unit::Count if value % 1_000 == 0 => grouped(value / 1_000),
            Unit::Count => decimal::fixed(value as f64 / 1e3, 1),
        }
    }
}

/// With commas between thousands.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirement {
    pub text: String,
    pub unit: Unit,
    /// At most this, or at least.
    pub most: bool,
    pub bound: i64,
    /// Of the seeds, in millionths.
    pub share: i64,
}

/// A design as the worker has opened it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    pub cost: f64,
    pub requirements: Vec<Requirement>,
}

/// What the worker says of a text: the design, or the line (0: none) and what is wrong there.
pub fn opened(answer: &str) -> Result<Result<Opened, (usize, String)>, String> {
    let mut f = json::read(answer)?.fields()?;
    if let Some(Json::Text(why)) = f.find("why") {
        return Ok(Err((f.number("line")?, why)));
    }
    let requirement = |json: Json| {
        let mut f = json.fields()?;
        let unit = match f.text("unit")?.as_str() {
            "us" => Unit::Time,
            "%" => Unit::Share,
            _ => Unit::Count,
        };
        let most = f.take("most")? == Json::Bool(true);
        Ok(Requirement { text: f.text("text")?, unit, most, bound: f.int("bound")?, share: f.int("share")? })
    };
    let requirements = f.take("requirements")?.list()?.into_iter().map(requirement).collect::<Result<_, String>>()?;
    Ok(Ok(Opened { cost: f.int("cost")? as f64 / 1e3, requirements }))
}

/// The seeds that have been run, with what each requirement measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    pub requirements: Vec<Requirement>,
    pub values: BTreeMap<u64, Vec<i64>>,
    /// What the worker needs of each run to say more of all of them; not read here.
    pub facts: Vec<Rc<str>>,
    /// Runs that met a bound of the model.
    pub limited: u64,
    pub wanted: u64,
    /// Seeds that are to be handed out.
    pub next: u64,
}

/// How a requirement stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub text: String,
    pub met: bool,
    pub good: usize,
    pub all: usize,
    /// What is measured: in the middle, and at worst.
    pub median: String,
    pub worst: String,
    pub worst_seed: u64,
    /// The share of the bound that is left, of the value that counts: that of the worst seed which still has to be good.
    pub margin: String,
    pub bars: Vec<Bar>,
    /// Where the bound is among the bars, from 0 to 1, if it is among them.
    pub bound_at: Option<f64>,
    pub bound: String,
    pub same: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub from: String,
    pub to: String,
    pub count: usize,
    pub good: bool,
    /// One of its seeds.
    pub seed: u64,
}

const BARS: i64 = 24;

impl Scores {
    pub fn new(requirements: Vec<Requirement>, wanted: u64) -> Scores {
        Scores { requirements, wanted, ..Scores::default() }
    }

    /// Seeds for a worker.
    pub fn hand_out(&mut self, workers: u64) -> Option<(u64, u64)> {
        let left = self.wanted - self.next;
        let some = left.div_ceil(workers.max(1) * 4).clamp(1, 20).min(left);
        let from = self.next;
        self.next += some;
        (some > 0).then_some((from, from + some))
    }

    /// Takes in a slice; which seed is next in it.
    pub fn take(&mut self, answer: &str) -> Result<u64, String> {
        let mut f = json::read(answer)?.fields()?;
        for line in f.take("seeds")?.list()? {
            let numbers: Option<Vec<i64>> =
                line.list()?.iter().map(|n| if let Json::Int(n) = n { Some(*n) } else { None }).collect();
            let numbers =
                numbers.filter(|n| n.len() == self.requirements.len() + 2).ok_or("a line has another length")?;
            self.limited += numbers[1] as u64;
            self.values.insert(numbers[0] as u64, numbers[2..].to_vec());
        }
        if let Some(facts) = f.find("facts") {
            for facts in facts.list()? {
                self.facts.push(facts.text()?.into());
            }
        }
        f.number("next")
    }

    pub fn done(&self) -> u64 {
        self.values.len() as u64
    }

    pub fn lines(&self) -> Vec<Line> {
        if self.values.is_empty() {
            return Vec::new();
        }
        (0..self.requirements.len()).map(|at| self.line(at)).collect()
    }

    /// All of them, with enough seeds.
    pub fn met(&self) -> bool {
        self.lines().iter().all(|line| line.met)
    }

    fn line(&self, at: usize) -> Line {
        let of = &self.requirements[at];
        let mut values: Vec<(i64, u64)> = self.values.iter().map(|(seed, values)| (values[at], *seed)).collect();
        // From best to worst; of those that are alike the first seed is the worst one to open.
        values.sort_by_key(|(value, seed)| (if of.most { *value } else { -*value }, std::cmp::Reverse(*seed)));
        let good = |value: i64| if of.most { value <= of.bound } else { value >= of.bound };
        let count = values.iter().filter(|(value, _)| good(*value)).count();
        let all = values.len();
        let needed = ((of.share * all as i64 + 999_999) / 1_000_000).clamp(1, all as i64) as usize;
        let (counts, (worst, worst_seed)) = (values[needed - 1].0, values[all - 1]);
        let (least, most) = (values[0].0.min(worst), values[0].0.max(worst));
        let (bars, bound_at) = bars(of, &values, least, most);
        Line {
            text: of.text.clone(),
            met: count >= needed,
            good: count,
            all,
            median: of.unit.says(values[all / 2].0),
            worst: of.unit.says(worst),
            worst_seed,
            margin: margin(of, counts),
            bars,
            bound_at,
            bound: of.unit.says(of.bound),
            same: least == most,
        }
    }
}

fn margin(of: &Requirement, counts: i64) -> String {
    let left = if of.most { of.bound - counts } else { counts - of.bound };
    let side = |left: i64| if left >= 0 { "to spare" } else { "over" };
    if of.unit == Unit::Share {
        let points = decimal::fixed(left.unsigned_abs() as f64 / 1e4, 1);
        let word = if left >= 0 {
            "to spare"
        } else if of.most {
            "over"
        } else {
            "short"
        };
        return format!("{points} points {word}");
    }
    if of.bound == 0 {
        return if left >= 0 { String::new() } else { format!("{} too many", of.unit.says(-left)) };
    }
    let part = left.unsigned_abs() as f64 / of.bound.unsigned_abs() as f64;
    let short = if of.most {
        side(left)
    } else if left >= 0 {
        "to spare"
    } else {
        "short"
    };
    format!("{} {short}", percent(part))
}

fn bars(of: &Requirement, values: &[(i64, u64)], least: i64, most: i64) -> (Vec<Bar>, Option<f64>) {
    if least == most {
        return (Vec::new(), None);
    }
    // The bound is a bar's edge, if it is among the values.
    let step = ((most - least) / BARS + 1).max(1);
    let first =
        if (least..=most).contains(&of.bound) { of.bound - (of.bound - least + step - 1) / step * step } else { least };
    let number = (most - first) / step + 1;
    let mut bars: Vec<Bar> = (0..number)
        .map(|i| {
            let (from, to) = (first + i * step, first + (i + 1) * step);
            let middle = from + step / 2;
            let good = if of.most { middle <= of.bound } else { middle >= of.bound };
            Bar { from: of.unit.says(from), to: of.unit.says(to), count: 0, good, seed: 0 }
        })
        .collect();
    for (value, seed) in values {
        let at = ((value - first) / step).clamp(0, number - 1) as usize;
        // Exactly the bound is good.
        let at = if of.most && *value == of.bound && at > 0 { at - 1 } else { at };
        bars[at].count += 1;
        bars[at].seed = *seed;
    }
    let bound_at = (of.bound - first) as f64 / (number * step) as f64;
    (bars, (0.0..=1.0).contains(&bound_at).then_some(bound_at))
}
