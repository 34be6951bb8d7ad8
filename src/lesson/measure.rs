//! Measurements: the trade-off (variants side by side) and the exercise (a choice, requirements, a follow-up).

use super::condition::{Condition, Pool};
use super::meter::Meter;
use super::pack::{Lesson, PackChoiceOption, PackFailures, PackMeasure};
use super::runner::Outage;
use super::{quote, runner};
use crate::base::{Micros, NodeId};
use crate::sim::scenario::{Blueprint, LogEntry};
use crate::wire::Measurement;
use std::collections::BTreeMap;

impl Lesson {
    /// Measures a step's trade-off, or its exercise for what was chosen (the place of an option for each choice).
    pub fn measure(&self, step: u32, choices: &[u32]) -> Result<Measurement, String> {
        let m = self.step(step)?.measure.as_ref().ok_or_else(|| "this step measures nothing".to_string())?;
        let mut measurement = Measurement {
            id: m.id.clone(),
            columns: m.columns.iter().map(|c| c.title.clone()).collect(),
            rows: Vec::new(),
            verdicts: Vec::new(),
            follow_up: None,
            answer: Vec::new(),
            runs: 0,
        };
        for variant in &m.variants {
            let plain = self.scenario(variant.scenario)?;
            let blueprint = runner::changed(plain, &BTreeMap::new(), &variant.parameters, self.registry)?;
            let meter = runner::pooled(&blueprint, m.seeds, m.until, &|seeded| more(m, seeded, &variant.commands))?;
            measurement.rows.push((variant.title.clone(), shown(m, &meter)));
            measurement.runs += m.seeds;
        }
        if !m.choices.is_empty() {
            self.exercise(m, choices, &mut measurement)?;
        }
        Ok(measurement)
    }

    fn exercise(&self, m: &PackMeasure, choices: &[u32], measurement: &mut Measurement) -> Result<(), String> {
        let chosen = chosen(m, choices)?;
        let (blueprint, commands) = self.designed(m, &chosen)?;
        let meter = runner::pooled(&blueprint, m.seeds, m.until, &|seeded| more(m, seeded, &commands))?;
        let names = m.choices.iter().map(|c| c.name.clone());
        let titles: Vec<(String, String)> = names.zip(chosen.iter().map(|o| o.title.clone())).collect();
        let row = titles.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(", ");
        measurement.rows.push((row, shown(m, &meter)));
        measurement.runs += m.seeds;
        let pool = Pool { meter: &meter, chosen: &titles };
        for requirement in &m.requirements {
            let met = requirement.when.holds_for(&pool);
            let words = if met { &requirement.met } else { &requirement.missed };
            measurement.verdicts.push((met, quote::fill_measures(words, &meter)?));
        }
        let fits = |when: &Option<Condition>| when.as_ref().is_none_or(|when| when.holds_for(&pool));
        if let Some(follow_up) = m.follow_ups.iter().find(|f| fits(&f.when)) {
            measurement.follow_up = Some(quote::fill_measures(&follow_up.ask, &meter)?);
        }
        measurement.answer.clone_from(&m.answer);
        Ok(())
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

/// Commands of one seed's run: those of the variant, and failures by chance.
fn more(m: &PackMeasure, seeded: &Blueprint, commands: &[LogEntry]) -> Vec<LogEntry> {
    let parts = m.failures.iter().enumerate();
    let outages = parts.flat_map(|(part, f)| by_chance(f, seeded, m.until, part as u64));
    [commands.to_vec(), runner::carry_out(outages.collect())].concat()
}

fn by_chance(f: &PackFailures, seeded: &Blueprint, until: Micros, part: u64) -> Vec<Outage> {
    let names = |found: Vec<NodeId>| -> Vec<String> { found.iter().map(|n| seeded.setup.name(*n).into()).collect() };
    // Those that do not exist in this variant do not fail in it.
    let nodes = f.on.iter().map(|word| names(seeded.setup.resolve(word))).filter(|group| !group.is_empty());
    let groups: Vec<Vec<String>> =
        if f.together { nodes.collect() } else { nodes.flatten().map(|name| vec![name]).collect() };
    runner::failures(seeded, &groups, f.up, f.down, until, part)
}

fn shown(m: &PackMeasure, meter: &Meter) -> Vec<String> {
    let cell = |c: &super::pack::PackColumn| {
        let value = meter.value(c.quantity, c.function.as_deref());
        value.map_or_else(|| "none".into(), |value| c.quantity.unit().show(value, c.digits))
    };
    m.columns.iter().map(cell).collect()
}
