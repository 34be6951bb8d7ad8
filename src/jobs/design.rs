//! The design board's worker: a design is opened by its text, then graded seed after seed, and one seed's run is looked at.
//!
//! | words | answer |
//! |---|---|
//! | `open` and a line's end, then the text | what it costs and what it must fulfil; or what is wrong, and in which line |
//! | `exercise` and a line's end, then its text | the designs that are opened from now on are for it |
//! | `sheet` and a line's end, then lines `name=entry` | its estimation sheet, judged |
//! | `card` and a line's end, then the facts of runs | what its interviewer asks |
//! | `grade FROM TO` | what the requirements measure in some of these seeds, at least one, and which seed is next |
//! | `seed SEED LOAD` | one run, under so many per cent of the load: over time, by component, with the ways of some requests |
//!
//! All numbers are whole: times in microseconds, shares in millionths, the rest (means, units a month) in thousandths.

use super::{map, number, text};
use crate::base::codec;
use crate::base::decimal::fixed;
use crate::base::json::Json;
use crate::load::exercise::{Exercise, Task};
use crate::load::grade::{Facts, Grader};
use crate::load::histogram::Histogram;
use crate::load::plan::{Kind, NEVER, Part};
use crate::load::recorder::{Recording, Span, Way};
use crate::load::report::{ClassReport, ComponentReport, EdgeReport};
use crate::load::requirement::{Requirement, Unit};
use crate::load::scale::Cold;
use crate::load::sheet::{self, Row, Verdict};
use crate::load::{Design, Plan, Report, run, watch};

/// Visits that a slice of grading may take before it answers; the run under way is finished.
const SLICE_VISITS: u64 = 150_000;
/// The largest load that is tried, in per cent of the design's.
const LOAD_MAX: u64 = 1_000;
/// So many ways of requests are told.
const WAYS_MAX: usize = 320;

#[derive(Default)]
pub struct Desk {
    /// What the designs are for.
    exercise: Option<Exercise>,
    open: Option<Grader>,
}

/// Answers words with words.
pub type Answers = Box<dyn FnMut(&str) -> Result<String, String>>;

/// What the engine of the board does with words.
pub fn desk() -> Answers {
    let mut desk = Desk::default();
    Box::new(move |words| desk.answer(words))
}

impl Desk {
    /// # Errors
    /// What is wrong with the words. A design with a mistake is none: its answer says so.
    pub fn answer(&mut self, words: &str) -> Result<String, String> {
        let (job, rest) = words.split_once(['\n', ' ']).unwrap_or((words, ""));
        let answer = match job {
            "exercise" => {
                self.open = None;
                let task: Task = toml::from_str(rest).map_err(|error| error.message().to_owned())?;
                self.exercise = Some(Exercise { slug: String::new(), task, accepted: Vec::new(), wrong: Vec::new() });
                map(Vec::new())
            }
            "sheet" => self.sheet(rest),
            "card" => self.card(rest)?,
            "open" => self.open(rest),
            "grade" => {
                let [from, to] = super::numbers(rest)?;
                self.grade(from, to)?
            }
            "seed" => {
                let [seed, load] = super::numbers(rest)?;
                let plan = self.open.as_ref().ok_or("no design is open")?.plan();
                let plan = plan.under(load.clamp(1, LOAD_MAX) as f64 / 100.0);
                let (report, recording) = watch(&plan, seed);
                look(&plan, &report, &recording)
            }
            _ => return Err(format!("there is no job {job:?}")),
        };
        let mut out = String::new();
        answer.write(&mut out);
        Ok(out)
    }

    fn open(&mut self, words: &str) -> Json {
        self.open = None;
        match read(words, self.exercise.as_ref()) {
            Ok(grader) => {
                let plan = grader.plan();
                // What an autoscaler starts with.
                let count = |part: &Part| part.scale.as_ref().map_or(part.instances, |(first, _)| *first);
                let cost: f64 = plan.parts.iter().map(|part| part.price * f64::from(count(part))).sum();
                let opened = map(vec![
                    ("cost", thousandths(cost)),
                    ("requirements", Json::List(plan.requirements.iter().map(requirement).collect())),
                ]);
                self.open = Some(grader);
                opened
            }
            Err((line, why)) => map(vec![("line", number(line as u64)), ("why", text(&why))]),
        }
    }

    fn grade(&self, from: u64, to: u64) -> Result<Json, String> {
        let grader = self.open.as_ref().ok_or("no design is open")?;
        let plan = grader.plan();
        let (mut seeds, mut facts, mut next, mut visits) = (Vec::new(), Vec::new(), from, 0);
        while next < to && visits < SLICE_VISITS {
            let report = run(plan, next);
            visits += 1 + report.components.iter().map(|part| part.arrived).sum::<u64>();
            let mut line = vec![number(next), number(u64::from(report.limit_reached))];
            for requirement in &plan.requirements {
                line.push(measured(requirement, requirement.measure(&report)?));
            }
            seeds.push(Json::List(line));
            if self.exercise.is_some() {
                facts.push(text(&hexadecimal(&codec::to_bytes(&grader.facts(&report)?))));
            }
            next += 1;
        }
        Ok(map(vec![("next", number(next)), ("seeds", Json::List(seeds)), ("facts", Json::List(facts))]))
    }

    /// The estimation sheet with what was entered, a line `name=entry` each.
    fn sheet(&self, words: &str) -> Json {
        let entered: Vec<(&str, &str)> = words.lines().filter_map(|line| line.split_once('=')).collect();
        let rows = self.exercise.iter().flat_map(|exercise| sheet::evaluate(&exercise.task.sheet, &entered));
        map(vec![("rows", Json::List(rows.map(|row| judged(&row)).collect()))])
    }

    /// What the interviewer asks because of runs, whose facts are told line by line.
    fn card(&self, words: &str) -> Result<Json, String> {
        let grader = self.open.as_ref().ok_or("no design is open")?;
        let facts = words.lines().map(|line| codec::from_bytes::<Facts>(&bytes(line)?));
        let card = grader.card(&facts.collect::<Result<Vec<_>, String>>()?);
        let asked = card.asked.iter().map(|asked| {
            map(vec![
                ("ask", text(&asked.ask)),
                ("answer", text(&asked.answer)),
                ("because", text(&asked.because)),
                ("seed", asked.seed.map_or(Json::Null, number)),
            ])
        });
        let sheet = self.exercise.iter().flat_map(|exercise| &exercise.task.sheet);
        let units: Vec<(&str, &str)> = sheet.map(|of| (of.name.as_str(), of.unit.as_str())).collect();
        let measured = card.measured.iter().map(|of| {
            let unit = units.iter().find(|(name, _)| *name == of.name).map_or("", |(_, unit)| unit);
            map(vec![("name", text(&of.name)), ("said", text(&format!("{} {unit}", fixed(of.value, 1))))])
        });
        Ok(map(vec![("asked", Json::List(asked.collect())), ("measured", Json::List(measured.collect()))]))
    }
}

/// The design of a text, compiled. The error has the line, 0 if it is about no line.
fn read(words: &str, exercise: Option<&Exercise>) -> Result<Grader, (usize, String)> {
    let design = Design::parse(words)?;
    let of = |why: String| (line_of(words, &why), why);
    let grader = Grader::new(&design, exercise).map_err(of)?;
    let plan = grader.plan();
    // Names that the design has not are seen by a glance at what an empty run would report.
    for requirement in &plan.requirements {
        known(requirement, plan).map_err(of)?;
    }
    Ok(grader)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let digit = |c: u8| char::from(c).to_digit(16).ok_or("facts are hexadecimal digits");
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| Ok((digit(pair[0])? << 4 | digit(*pair.last().unwrap_or(&0))?) as u8))
        .collect()
}

/// A line of the sheet, judged in words.
fn judged(row: &Row) -> Json {
    let unit = &row.unit;
    let (verdict, said) = match &row.verdict {
        Verdict::Missing => ("missing", String::new()),
        Verdict::Unreadable(why) => ("unreadable", why.clone()),
        Verdict::Dimension { found, wanted } => ("dimension", format!("This is of {found}; wanted is {wanted}.")),
        Verdict::Off(factor) if *factor > 1.0 => ("off", format!("{} times too much.", fixed(*factor, 1))),
        Verdict::Off(factor) => ("off", format!("{} times too little.", fixed(1.0 / factor, 1))),
        Verdict::Good if row.given => ("good", String::new()),
        Verdict::Good => ("good", row.value.map_or(String::new(), |value| format!("✓ {} {unit}", fixed(value, 1)))),
    };
    map(vec![("name", text(&row.name)), ("verdict", text(verdict)), ("said", text(&said)), ("steps", text(&row.steps))])
}

/// Says so if a requirement is about something that the design has not.
fn known(requirement: &Requirement, plan: &Plan) -> Result<(), String> {
    let of = requirement.of.as_str();
    let part = || plan.parts.iter().any(|part| part.name == of && !matches!(part.kind, Kind::Clients));
    let class = || plan.classes.iter().any(|class| class.name == of);
    if of.is_empty() || of.ends_with(".*") || part() || class() {
        return Ok(());
    }
    Err(format!("requirement \"{}\": the design has no \"{of}\"", requirement.text))
}

/// The line that a complaint is about: that of the header, or of the text in quotes, that it names first.
fn line_of(words: &str, why: &str) -> usize {
    let name = why.split(':').next().unwrap_or("");
    let named = why.split('"').nth(1).unwrap_or("");
    let last = name.rsplit('.').next().unwrap_or("");
    let looks = [format!("[{name}]"), named.to_owned(), format!(".{name}]"), format!(".{last}]"), format!("{last} =")];
    let found = looks.iter().filter(|look| look.len() > 3).find_map(|look| words.find(look.as_str()));
    found.map_or(0, |at| words[..at].matches('\n').count() + 1)
}

fn requirement(of: &Requirement) -> Json {
    let unit = match of.unit {
        Unit::Time => "us",
        Unit::Share => "%",
        Unit::Count => "",
    };
    map(vec![
        ("text", text(&of.text)),
        ("unit", text(unit)),
        ("most", Json::Bool(of.most)),
        ("bound", measured(of, of.bound)),
        ("share", millionths(of.share)),
    ])
}

fn measured(of: &Requirement, value: f64) -> Json {
    match of.unit {
        Unit::Time => Json::Int(libm::round(value) as i64),
        Unit::Share => millionths(value),
        Unit::Count => thousandths(value),
    }
}

fn millionths(share: f64) -> Json {
    Json::Int(libm::round(share * 1e6) as i64)
}

fn thousandths(value: f64) -> Json {
    Json::Int(libm::round(value * 1e3) as i64)
}

fn moment(at: u64) -> Json {
    if at == NEVER { Json::Int(-1) } else { number(at) }
}

fn look(plan: &Plan, report: &Report, seen: &Recording) -> Json {
    let classes = report.classes.iter().enumerate().map(|(at, class)| class_seen(class, seen, at));
    let spent = seen.spent.iter().zip(&plan.parts).map(|(spent, part)| {
        Json::List(vec![text(&part.name), number(spent.waiting), number(spent.served), number(spent.held)])
    });
    let slow = map(vec![
        ("requests", number(seen.slow)),
        ("time", number(seen.slow_time)),
        ("travelled", number(seen.travelled)),
        ("spent", Json::List(spent.collect())),
    ]);
    map(vec![
        ("seed", number(report.seed)),
        ("hash", text(&hash(report))),
        ("from", number(plan.warm_up)),
        ("to", number(plan.duration)),
        ("limited", Json::Bool(report.limit_reached)),
        ("cost", thousandths(report.cost)),
        ("classes", Json::List(classes.collect())),
        ("parts", Json::List(report.components.iter().map(|part| part_seen(plan, part, seen)).collect())),
        ("edges", Json::List(report.edges.iter().map(edge_seen).collect())),
        ("slow", slow),
        ("names", Json::List(plan.parts.iter().map(|part| text(&part.name)).collect())),
        ("ways", Json::List(ways(seen))),
    ])
}

/// Sixteen hexadecimal digits, as the command line prints it.
fn hash(report: &Report) -> String {
    let hash = report.hash();
    (0..16).rev().filter_map(|place| char::from_digit((hash >> (4 * place)) as u32 & 15, 16)).collect()
}

fn quantiles(histogram: &Histogram) -> Vec<Json> {
    [0.5, 0.9, 0.99, 0.999].into_iter().map(|p| number(histogram.quantile(p))).collect()
}

fn class_seen(class: &ClassReport, seen: &Recording, at: usize) -> Json {
    let portion = |portion: &crate::load::recorder::Portion| {
        let of = |p| number(portion.latency.quantile(p));
        Json::List(vec![number(portion.asked), number(portion.answered), of(0.5), of(0.99)])
    };
    map(vec![
        ("name", text(&class.name)),
        ("asked", number(class.asked)),
        ("answered", number(class.answered)),
        ("failed", number(class.failed)),
        ("timed_out", number(class.timed_out + class.unfinished)),
        ("shed", number(class.shed)),
        ("stale", number(class.stale)),
        ("latency", Json::List(quantiles(&class.latency))),
        ("over", Json::List(seen.portions[at].iter().map(portion).collect())),
    ])
}

fn part_seen(plan: &Plan, of: &ComponentReport, seen: &Recording) -> Json {
    let place = plan.part(&of.name).map_or(0, usize::from);
    let mut before = crate::load::recorder::Standing::default();
    let mut over = Vec::new();
    for (at, (waiting, used)) in of.over_time.iter().enumerate() {
        let now = seen.standings.get(at).map_or(before, |all| all[place]);
        let (hits, misses) = (now.hits - before.hits, now.misses - before.misses);
        over.push(Json::List(vec![
            thousandths(*waiting),
            millionths(*used),
            number(now.arrived - before.arrived),
            number(now.bad - before.bad),
            if hits + misses == 0 { Json::Int(-1) } else { millionths(hits as f64 / (hits + misses) as f64) },
            number(u64::from(now.down)),
        ]));
        before = now;
    }
    let share = |share: Option<f64>| share.map_or(Json::Null, millionths);
    map(vec![
        ("name", text(&of.name)),
        ("use", share(of.utilisation)),
        ("waiting", thousandths(of.waiting_mean)),
        ("waiting_max", number(u64::from(of.waiting_max))),
        ("arrived", number(of.arrived)),
        ("bad", number(of.failed)),
        ("shed", number(of.shed)),
        ("hits", share(of.hit_ratio)),
        ("lost", number(of.lost)),
        ("dead", number(of.dead)),
        ("cost", thousandths(of.cost)),
        ("wait", number(of.wait.quantile(0.99))),
        ("inside", number(of.sojourn.quantile(0.99))),
        ("cold", of.cold.as_ref().map_or(Json::Null, cold_seen)),
        ("over", Json::List(over)),
    ])
}

fn cold_seen(of: &Cold) -> Json {
    let worst = &of.worst;
    Json::List(vec![millionths(of.waited), number(u64::from(worst.instances)), number(worst.from), number(worst.until)])
}

fn edge_seen(of: &EdgeReport) -> Json {
    map(vec![
        ("from", text(&of.from)),
        ("to", text(&of.to)),
        ("attempts", number(of.attempts)),
        ("retries", number(of.retries + of.hedges)),
        ("timed_out", number(of.timed_out)),
        ("refused", number(of.refused)),
    ])
}

/// Evenly thinned out, if there are too many.
fn ways(seen: &Recording) -> Vec<Json> {
    let step = seen.ways.len().div_ceil(WAYS_MAX).max(1);
    let slow = seen.ways.iter().filter(|way| !way.drawn);
    let drawn = seen.ways.iter().filter(|way| way.drawn).step_by(step);
    slow.chain(drawn).map(way).collect()
}

fn way(of: &Way) -> Json {
    let span = |span: &Span| {
        let parent = span.parent.map_or(-1, i64::from);
        let moments = [span.sent, span.arrived, span.began, span.served, span.left, span.back];
        let mut line = vec![number(u64::from(span.part)), number(u64::from(span.instance)), Json::Int(parent)];
        line.extend(moments.map(moment));
        line.push(number(span.outcome as u64));
        Json::List(line)
    };
    map(vec![
        ("class", number(u64::from(of.class))),
        ("client", number(u64::from(of.client))),
        ("began", number(of.began)),
        ("ended", number(of.ended)),
        ("outcome", number(of.outcome as u64)),
        ("drawn", Json::Bool(of.drawn)),
        ("spans", Json::List(of.spans.iter().map(span).collect())),
    ])
}
