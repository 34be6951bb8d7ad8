//! `faultline design`: a design under load, over seeds.

use super::{FAILED, SweepFormat, UNKNOWN, print};
use crate::base::Micros;
use crate::lesson::exercises;
use crate::load::grade::{Card, Facts, Grader, Line};
use crate::load::histogram::Histogram;
use crate::load::report::{ClassReport, ComponentReport, EdgeReport};
use crate::load::{Design, Exercise, Plan, Report};
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct Order {
    pub design: PathBuf,
    pub exercise: Option<String>,
    pub lessons: PathBuf,
    pub seeds: (u64, u64),
    pub format: SweepFormat,
}

pub fn design(order: &Order) -> Result<ExitCode, String> {
    let name = order.design.display().to_string();
    let text = std::fs::read_to_string(&order.design).map_err(|error| format!("{name}: {error}"))?;
    let exercise = order.exercise.as_ref().map(|slug| exercise(&order.lessons, slug)).transpose()?;
    let graph = match &exercise {
        Some(exercise) => exercises::graph(&name, &text, exercise)?,
        None => Design::read(&name, &text)?,
    };
    let grader = Grader::new(&graph, exercise.as_ref()).map_err(|why| format!("{name}: {why}"))?;
    let reports = each(order.seeds.0..order.seeds.1, |seed| grader.run(seed));
    let facts = reports.iter().map(|report| grader.facts(report)).collect::<Result<Vec<Facts>, _>>()?;
    let card = grader.card(&facts);
    match order.format {
        SweepFormat::Text => print(&words(grader.plan(), &reports, &card)),
        SweepFormat::Json => {
            let seeds: Vec<Value> = reports.iter().map(object).collect();
            let all = json!({ "version": 1, "title": grader.plan().title, "card": card, "seeds": seeds });
            print(&format!("{all}\n"));
        }
    }
    Ok(match (card.met, card.limit_reached) {
        (false, _) => ExitCode::from(FAILED),
        (_, true) => ExitCode::from(UNKNOWN),
        _ => ExitCode::SUCCESS,
    })
}

fn exercise(lessons: &Path, slug: &str) -> Result<Exercise, String> {
    let files = super::lessons::under(&super::lessons::files(lessons)?, &format!("{}/{slug}", exercises::FOLDER));
    exercises::read(slug, &files).map_err(|findings| {
        let folder = format!("{}/{}/{slug}", lessons.display(), exercises::FOLDER);
        findings.into_iter().map(|finding| finding.under(&folder).to_string()).collect::<Vec<_>>().join("\n")
    })
}

/// What the runs of seeds show, by as many threads as the machine has.
pub fn facts(grader: &Grader, seeds: Range<u64>) -> Result<Vec<Facts>, String> {
    each(seeds, |seed| grader.seed(seed)).into_iter().collect()
}

/// Something for each seed, in their order, by as many threads as the machine has.
fn each<T: Send>(seeds: Range<u64>, make: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut own = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return own;
            }
            own.push((seed, make(seed)));
        }
    };
    let mut made: Vec<(u64, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("runs do not panic")).collect()
    });
    made.sort_by_key(|(seed, _)| *seed);
    made.into_iter().map(|(_, made)| made).collect()
}

/// Times are in microseconds.
fn times(histogram: &Histogram) -> Value {
    json!({
        "count": histogram.count(), "mean_us": histogram.mean(), "p50_us": histogram.quantile(0.5),
        "p90_us": histogram.quantile(0.9), "p99_us": histogram.quantile(0.99),
        "p999_us": histogram.quantile(0.999), "max_us": histogram.max(),
    })
}

fn object(report: &Report) -> Value {
    let class = |c: &ClassReport| {
        json!({
            "name": c.name, "asked": c.asked, "answered": c.answered, "failed": c.failed, "timed_out": c.timed_out,
            "shed": c.shed, "unfinished": c.unfinished, "stale": c.stale, "latency": times(&c.latency),
        })
    };
    let component = |c: &ComponentReport| {
        json!({
            "name": c.name, "utilisation": c.utilisation, "inside_mean": c.inside_mean,
            "waiting_mean": c.waiting_mean, "waiting_max": c.waiting_max, "arrived": c.arrived,
            "answered": c.answered, "failed": c.failed, "shed": c.shed, "hit_ratio": c.hit_ratio, "lost": c.lost, "overwritten": c.overwritten, "connections": c.connections, "instances": c.instances,
            "done": c.done, "dead": c.dead, "wait": times(&c.wait), "service": times(&c.service),
            "sojourn": times(&c.sojourn), "later": times(&c.later), "over_time": c.over_time, "cost": c.cost,
        })
    };
    let edge = |e: &EdgeReport| {
        json!({
            "from": e.from, "to": e.to, "attempts": e.attempts, "retries": e.retries, "hedges": e.hedges,
            "timed_out": e.timed_out, "refused": e.refused,
        })
    };
    json!({
        "seed": report.seed, "hash": format!("{:016x}", report.hash()), "cost": report.cost,
        "limit_reached": report.limit_reached,
        "classes": report.classes.iter().map(class).collect::<Vec<_>>(),
        "components": report.components.iter().map(component).collect::<Vec<_>>(),
        "edges": report.edges.iter().map(edge).collect::<Vec<_>>(),
    })
}

/// All seeds together, as tables.
fn words(plan: &Plan, reports: &[Report], card: &Card) -> String {
    let mut text = String::new();
    let first = &reports[0];
    let _ = writeln!(
        text,
        "{}: {} seeds, {:.0} units a month, hash of seed {}: {:016x}\n",
        plan.title,
        reports.len(),
        card.cost,
        first.seed,
        first.hash()
    );
    if reports.iter().any(|report| report.limit_reached) {
        text += "limit reached: in a run more requests were on their way than can be held; it ended early\n\n";
    }
    let _ = writeln!(
        text,
        "{:<20}{:>10}{:>10}{:>9}{:>11}{:>9}{:>9}{:>12}{:>12}{:>12}",
        "class", "asked", "answered", "failed", "timed out", "shed", "stale", "p50", "p99", "p99.9"
    );
    for at in 0..first.classes.len() {
        let of = || reports.iter().map(|report| &report.classes[at]);
        let sum = |count: fn(&ClassReport) -> u64| of().map(count).sum::<u64>();
        let latency = merged(of().map(|class| &class.latency));
        let quantile = |p| Micros(latency.quantile(p)).to_string();
        let _ = writeln!(
            text,
            "{:<20}{:>10}{:>10}{:>9}{:>11}{:>9}{:>9}{:>12}{:>12}{:>12}",
            of().next().map_or("", |class| &class.name),
            sum(|c| c.asked),
            sum(|c| c.answered),
            sum(|c| c.failed),
            sum(|c| c.timed_out + c.unfinished),
            sum(|c| c.shed),
            sum(|c| c.stale),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999)
        );
    }
    components(&mut text, reports);
    for line in &card.lines {
        let Line { text: what, met, good, all, median, worst, worst_seed, unit, margin, .. } = line;
        let met = if *met { "met   " } else { "MISSED" };
        let (median, worst) = (unit.told(*median), unit.told(*worst));
        let _ = writeln!(
            text,
            "{met}  {what}  (in {good} of {all}; median {median}, worst {worst} in seed {worst_seed}; margin {:.0} %)",
            margin * 100.0
        );
    }
    if let Some(bottleneck) = &card.bottleneck {
        let _ = writeln!(text, "\n{}", bottleneck.text);
    }
    for asked in &card.asked {
        let _ = writeln!(text, "asks: {}", asked.ask);
    }
    text
}

fn components(text: &mut String, reports: &[Report]) {
    let _ = writeln!(
        text,
        "\n{:<20}{:>8}{:>12}{:>10}{:>12}{:>12}{:>8}{:>9}{:>7}{:>7}",
        "component", "use", "waiting", "most", "wait p99", "inside p99", "hits", "shed", "lost", "dead"
    );
    for at in 0..reports[0].components.len() {
        let of = || reports.iter().map(|report| &report.components[at]);
        let mean = |value: fn(&ComponentReport) -> f64| of().map(value).sum::<f64>() / reports.len() as f64;
        let sum = |count: fn(&ComponentReport) -> u64| of().map(count).sum::<u64>();
        let one = &reports[0].components[at];
        let percent = |shown: bool, share: f64| if shown { format!("{:.1}%", share * 100.0) } else { "-".into() };
        let _ = writeln!(
            text,
            "{:<20}{:>8}{:>12.2}{:>10}{:>12}{:>12}{:>8}{:>9}{:>7}{:>7}",
            one.name,
            percent(one.utilisation.is_some(), mean(|c| c.utilisation.unwrap_or(0.0))),
            mean(|c| c.waiting_mean),
            of().map(|c| c.waiting_max).max().unwrap_or(0),
            Micros(merged(of().map(|c| &c.wait)).quantile(0.99)).to_string(),
            Micros(merged(of().map(|c| &c.sojourn)).quantile(0.99)).to_string(),
            percent(one.hit_ratio.is_some(), mean(|c| c.hit_ratio.unwrap_or(0.0))),
            sum(|c| c.shed),
            sum(|c| c.lost),
            sum(|c| c.dead)
        );
    }
    text.push('\n');
}

fn merged<'a>(of: impl Iterator<Item = &'a Histogram>) -> Histogram {
    let mut all = Histogram::default();
    of.for_each(|histogram| all.merge(histogram));
    all
}
