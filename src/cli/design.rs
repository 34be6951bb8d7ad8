//! `faultline design`: a design under load, over seeds.

use super::{FAILED, SweepFormat, UNKNOWN, print};
use crate::base::Micros;
use crate::load::histogram::Histogram;
use crate::load::report::{ClassReport, ComponentReport, EdgeReport};
use crate::load::requirement::Requirement;
use crate::load::{Design, Plan, Report, run};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

pub fn design(path: &Path, (from, to): (u64, u64), format: SweepFormat) -> Result<ExitCode, String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let plan = Plan::new(&Design::read(&name, &text)?).map_err(|why| format!("{name}: {why}"))?;
    let requirements: Vec<Requirement> =
        plan.requirements.iter().map(|text| Requirement::read(text)).collect::<Result<_, _>>()?;
    let reports = sweep(&plan, from, to);
    let verdicts = requirements.iter().map(|r| Verdict::new(r, &reports)).collect::<Result<Vec<_>, _>>()?;
    let missed = verdicts.iter().any(|verdict| !verdict.met);
    let limited = reports.iter().any(|report| report.limit_reached);
    match format {
        SweepFormat::Text => print(&words(&plan, &reports, &verdicts)),
        SweepFormat::Json => {
            let seeds: Vec<Value> = reports.iter().map(object).collect();
            let verdicts: Vec<Value> = verdicts.iter().map(Verdict::object).collect();
            let all = json!({ "version": 1, "title": plan.title, "requirements": verdicts, "seeds": seeds });
            print(&format!("{all}\n"));
        }
    }
    Ok(match (missed, limited) {
        (true, _) => ExitCode::from(FAILED),
        (_, true) => ExitCode::from(UNKNOWN),
        _ => ExitCode::SUCCESS,
    })
}

/// One report a seed, in their order, made by as many threads as the machine has.
fn sweep(plan: &Plan, from: u64, to: u64) -> Vec<Report> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let next = AtomicU64::new(from);
    let work = || {
        let mut own = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= to {
                return own;
            }
            own.push(run(plan, seed));
        }
    };
    let mut reports: Vec<Report> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("runs do not panic")).collect()
    });
    reports.sort_by_key(|report| report.seed);
    reports
}

struct Verdict {
    text: String,
    met: bool,
    good: usize,
    all: usize,
    worst_seed: u64,
    worst: f64,
}

impl Verdict {
    fn new(requirement: &Requirement, reports: &[Report]) -> Result<Verdict, String> {
        let measured = reports.iter().map(|report| requirement.measure(report)).collect::<Result<Vec<f64>, _>>()?;
        let good = measured.iter().filter(|m| requirement.holds(**m)).count();
        let at = requirement.worst(&measured).unwrap_or(0);
        Ok(Verdict {
            text: requirement.text.clone(),
            met: requirement.enough(good, reports.len()),
            good,
            all: reports.len(),
            worst_seed: reports[at].seed,
            worst: measured[at],
        })
    }

    fn object(&self) -> Value {
        json!({
            "requirement": self.text, "met": self.met, "good": self.good, "seeds": self.all,
            "worst": self.worst, "worst_seed": self.worst_seed,
        })
    }
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
            "answered": c.answered, "failed": c.failed, "shed": c.shed, "hit_ratio": c.hit_ratio, "lost": c.lost,
            "done": c.done, "dead": c.dead, "wait": times(&c.wait), "service": times(&c.service),
            "sojourn": times(&c.sojourn), "over_time": c.over_time, "cost": c.cost,
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
fn words(plan: &Plan, reports: &[Report], verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    let first = &reports[0];
    let _ = writeln!(
        text,
        "{}: {} seeds, {:.0} units a month, hash of seed {}: {:016x}\n",
        plan.title,
        reports.len(),
        first.cost,
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
    for verdict in verdicts {
        let Verdict { text: what, met, good, all, worst_seed, .. } = verdict;
        let met = if *met { "met   " } else { "MISSED" };
        let _ = writeln!(text, "{met}  {what}  (in {good} of {all}; worst in seed {worst_seed})");
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
