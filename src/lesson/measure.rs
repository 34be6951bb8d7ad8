//! Measurements: the trade-off (variants side by side) and the exercise (choices, requirements, follow-ups).
//!
//! A measurement is a pure function of lesson, step and choices, made in slices: the page sees it grow and can stop it.

use super::condition::Pool;
use super::goal::GoalRun;
use super::meter::{Meter, Quantity};
use super::pack::*;
use super::runner::Outage;
use super::{quote, runner};
use crate::base::Micros;
use crate::sim::scenario::{Blueprint, LogEntry};
use crate::wire::{FollowUp, MeasuredRow, Measurement};
use std::collections::BTreeMap;

/// The interviewer asks at most so many questions.
const FOLLOW_UPS_MAX: usize = 2;

/// A measurement under way. Its runs are made in a fixed order, one seed of every row after the other, so that what is
/// pooled so far is the same wherever and in whatever slices it is made.
pub struct Sweep {
    step: u32,
    choices: Vec<u32>,
    rows: Vec<Row>,
    done: u32,
}

struct Row {
    design: Design,
    meter: Meter,
    /// The largest value of the first column that one run had.
    largest: f64,
    /// That run's seed, and the moment in it to look at.
    at: (u64, Micros),
}

/// What is run for a row.
struct Design {
    title: String,
    blueprint: Blueprint,
    commands: Vec<LogEntry>,
}

impl Sweep {
    /// Whether it is the measurement of this, and so far.
    pub fn is_at(&self, step: u32, choices: &[u32], done: u32) -> bool {
        (self.step, self.choices.as_slice(), self.done) == (step, choices, done)
    }
}

impl Lesson {
    /// Begins to measure a step's trade-off, or its exercise for what was chosen (the place of an option for each choice).
    pub fn sweep(&self, step: u32, choices: &[u32]) -> Result<Sweep, String> {
        let row = |design| Row { design, meter: Meter::default(), largest: -1.0, at: (1, Micros::ZERO) };
        let rows = self.designs(step, choices)?.into_iter().map(row).collect();
        Ok(Sweep { step, choices: choices.to_vec(), rows, done: 0 })
    }

    /// Makes further runs until they took `steps` in all, at least one, and says what was measured so far.
    pub fn advance(&self, sweep: &mut Sweep, steps: u64) -> Result<Measurement, String> {
        let m = self.asked(sweep.step)?;
        let (rows, mut spent, properties) = (sweep.rows.len() as u32, 0, m.judges());
        while sweep.done < m.seeds * rows && spent < steps {
            let row = &mut sweep.rows[(sweep.done % rows) as usize];
            let seed = u64::from(sweep.done / rows) + 1;
            let design = row.design.seeded(m, seed);
            let done = runner::run_judged(design, m.until, GoalRun::default(), properties)?;
            row.meter.add(&done.meter);
            if row.meter.is_full() {
                return Err("limit reached: more operations ended than are measured".into());
            }
            let value = m.columns.first().and_then(|c| done.meter.value(c.quantity, c.function.as_deref()));
            if let Some(value) = value.filter(|value| *value > row.largest) {
                (row.largest, row.at) = (value, (seed, done.meter.longest_gap()));
            }
            sweep.done += 1;
            spent += done.steps().max(1);
        }
        let row = |row: &Row| {
            let (title, cells, (seed, at)) = (row.design.title.clone(), shown(&m.columns, &row.meter), row.at);
            MeasuredRow { title, cells, seed, at }
        };
        let mut measurement = Measurement {
            id: m.id.clone(),
            step: sweep.step,
            choices: sweep.choices.clone(),
            rows: sweep.rows.iter().map(row).collect(),
            verdicts: Vec::new(),
            follow_ups: Vec::new(),
            answer: Vec::new(),
            done: sweep.done,
            runs: m.seeds * rows,
        };
        if sweep.done == measurement.runs && !m.choices.is_empty() {
            judge(m, &sweep.rows[0].meter, &mut measurement)?;
        }
        Ok(measurement)
    }

    /// The whole measurement at once.
    pub fn measure(&self, step: u32, choices: &[u32]) -> Result<Measurement, String> {
        self.advance(&mut self.sweep(step, choices)?, u64::MAX)
    }

    /// One of a measurement's runs, as the bench opens it.
    pub fn measured_run(&self, step: u32, choices: &[u32], row: u32, seed: u64) -> Result<Blueprint, String> {
        let designs = self.designs(step, choices)?;
        let design = designs.get(row as usize).ok_or_else(|| format!("the measurement has no row {row}"))?;
        Ok(design.seeded(self.asked(step)?, seed))
    }

    /// What a step measures of its runs, and of the learner's own.
    pub fn columns(&self, step: u32) -> Vec<PackColumn> {
        self.asked(step).map_or(Vec::new(), |m| m.columns.clone())
    }

    fn asked(&self, step: u32) -> Result<&PackMeasure, String> {
        self.step(step)?.measure.as_ref().ok_or_else(|| "this step measures nothing".to_string())
    }

    fn designs(&self, step: u32, choices: &[u32]) -> Result<Vec<Design>, String> {
        let m = self.asked(step)?;
        let chosen = chosen(m, choices)?;
        if !chosen.is_empty() {
            let (blueprint, commands) = self.designed(m, &chosen)?;
            let title = chosen.iter().map(|o| o.title.as_str()).collect::<Vec<_>>().join(", ");
            return Ok(vec![Design { title, blueprint, commands }]);
        }
        let variant = |v: &PackVariant| {
            let plain = self.scenario(v.scenario)?;
            let blueprint = runner::changed(plain, &BTreeMap::new(), &v.parameters, self.registry)?;
            Ok(Design { title: v.title.clone(), blueprint, commands: v.commands.clone() })
        };
        m.variants.iter().map(variant).collect()
    }

    /// The scenario that the chosen options make, and their commands.
    fn designed(&self, m: &PackMeasure, chosen: &[&PackChoiceOption]) -> Result<(Blueprint, Vec<LogEntry>), String> {
        let place = chosen.iter().rev().find_map(|o| o.scenario).or(m.scenario);
        let mut blueprint = self.scenario(place.ok_or("the exercise has no scenario")?)?.clone();
        for option in chosen {
            blueprint = runner::changed(&blueprint, &option.count, &option.parameters, self.registry)?;
        }
        Ok((blueprint, chosen.iter().flat_map(|o| o.commands.clone()).collect()))
    }
}

impl PackMeasure {
    /// Whether broken properties are counted.
    fn judges(&self) -> bool {
        let whens = self.requirements.iter().map(|r| &r.when);
        let whens = whens.chain(self.follow_ups.iter().filter_map(|f| f.when.as_ref()));
        let in_columns = self.columns.iter().any(|column| column.quantity == Quantity::Violations);
        in_columns || whens.into_iter().any(|when| when.measures(Quantity::Violations))
    }

    /// The places of the options for every combination of an exercise's choices.
    pub fn combinations(&self) -> Vec<Vec<u32>> {
        let mut all: Vec<Vec<u32>> = vec![Vec::new()];
        for choice in &self.choices {
            let options = 0..choice.options.len() as u32;
            all = all.iter().flat_map(|head| options.clone().map(move |o| [head.as_slice(), &[o]].concat())).collect();
        }
        all
    }
}

fn chosen<'a>(m: &'a PackMeasure, choices: &[u32]) -> Result<Vec<&'a PackChoiceOption>, String> {
    if choices.len() != m.choices.len() {
        return Err(format!("{} choices were made, there are {}", choices.len(), m.choices.len()));
    }
    let pairs = m.choices.iter().zip(choices);
    pairs
        .map(|(choice, place)| {
            choice.options.get(*place as usize).ok_or_else(|| format!("\"{}\" has no option {place}", choice.title))
        })
        .collect()
}

impl Design {
    /// A seed's run, with the commands of the design and all failures.
    fn seeded(&self, m: &PackMeasure, seed: u64) -> Blueprint {
        let seeded = self.blueprint.with_seed(seed);
        let parts = m.failures.iter().enumerate();
        let by_chance = parts.flat_map(|(part, f)| by_chance(f, &seeded, m.until, part as u64));
        let stated = m.outages.iter().flat_map(|o| {
            let down = |node| Outage { node, from: o.from, to: o.to };
            o.on.iter().flat_map(|word| names(&seeded, word)).map(down)
        });
        let outages = by_chance.chain(stated).collect();
        let commands = [self.commands.clone(), runner::carry_out(outages)].concat();
        runner::with_commands(&seeded, commands)
    }
}

/// The nodes that a word means. Those that do not exist in a variant do not fail in it.
fn names(blueprint: &Blueprint, word: &str) -> Vec<String> {
    blueprint.setup.resolve(word).iter().map(|n| blueprint.setup.name(*n).into()).collect()
}

fn by_chance(f: &PackFailures, seeded: &Blueprint, until: Micros, part: u64) -> Vec<Outage> {
    let nodes = f.on.iter().map(|word| names(seeded, word)).filter(|group| !group.is_empty());
    let groups: Vec<Vec<String>> =
        if f.together { nodes.collect() } else { nodes.flatten().map(|name| vec![name]).collect() };
    runner::failures(seeded, &groups, f.up, f.down, until, part)
}

fn shown(columns: &[PackColumn], meter: &Meter) -> Vec<Option<(String, f64)>> {
    columns.iter().map(|column| column.cell(meter)).collect()
}

impl PackColumn {
    /// The value as text and as a number; none as long as nothing was measured.
    pub fn cell(&self, meter: &Meter) -> Option<(String, f64)> {
        let value = meter.value(self.quantity, self.function.as_deref())?;
        Some((self.quantity.unit().show(value, self.digits), value))
    }
}

/// Which requirements a design meets, and what the interviewer asks of it.
fn judge(m: &PackMeasure, meter: &Meter, measurement: &mut Measurement) -> Result<(), String> {
    let options = chosen(m, &measurement.choices)?;
    let names = m.choices.iter().map(|c| c.name.clone());
    let titles: Vec<(String, String)> = names.zip(options.iter().map(|o| o.title.clone())).collect();
    let pool = Pool { meter, chosen: &titles };
    for requirement in &m.requirements {
        let met = requirement.when.holds_for(&pool);
        let words = if met { &requirement.met } else { &requirement.missed };
        measurement.verdicts.push((met, quote::fill_measures(words, meter)?));
    }
    let fits = |f: &&PackFollowUp| f.when.as_ref().is_none_or(|when| when.holds_for(&pool));
    for f in m.follow_ups.iter().filter(fits).take(FOLLOW_UPS_MAX) {
        let (ask, answer) = (quote::fill_measures(&f.ask, meter)?, quote::fill_inlines(&f.answer, meter)?);
        measurement.follow_ups.push(FollowUp { id: f.id.clone(), ask, answer });
    }
    measurement.answer.clone_from(&m.answer);
    Ok(())
}
