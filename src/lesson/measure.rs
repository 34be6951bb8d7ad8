//! Measurements: the trade-off (variants side by side) and the exercise (a choice, requirements, a follow-up).

use super::condition::{Condition, Pool};
use super::format::{ChoiceOptionFile, FailuresFile, MeasureFile, OneOrMany};
use super::load::Lesson;
use super::meter::{Meter, Quantity};
use super::watch::opened;
use super::{compile, page, prose, runner};
use crate::base::Micros;
use crate::sim::scenario::{Blueprint, LogEntry};
use crate::wire::Measurement;
use toml::Spanned;

impl Lesson {
    /// Measures a step's trade-off, or its exercise for what was chosen (the place of an option for each choice).
    pub fn measure(&self, step: u32, choices: &[u32]) -> Result<Measurement, String> {
        let file = self.step(step)?.measure.as_ref().ok_or_else(|| "this step measures nothing".to_string())?;
        let m = file.get_ref();
        let mut measurement = Measurement {
            id: m.id.clone(),
            columns: m.columns.iter().map(|c| c.get_ref().title.clone()).collect(),
            rows: Vec::new(),
            verdicts: Vec::new(),
            follow_up: None,
            answer: Vec::new(),
            runs: 0,
        };
        for variant in m.variants.iter().map(Spanned::get_ref) {
            let blueprint = self.scenario(variant.scenario.get_ref())?;
            let meter = runner::pooled(blueprint, m.seeds, m.until, &|seeded| more(m, seeded, &variant.commands))?;
            measurement.rows.push((variant.title.clone(), shown(m, &meter)?));
            measurement.runs += m.seeds;
        }
        if !m.choices.is_empty() {
            self.exercise(m, choices, &mut measurement)?;
        }
        Ok(measurement)
    }

    fn exercise(&self, m: &MeasureFile, choices: &[u32], measurement: &mut Measurement) -> Result<(), String> {
        let chosen = chosen(m, choices)?;
        let (blueprint, commands) = self.designed(m, &chosen)?;
        let meter = runner::pooled(&blueprint, m.seeds, m.until, &|seeded| more(m, seeded, &commands))?;
        let names = m.choices.iter().map(|c| c.get_ref().name.clone());
        let titles: Vec<(String, String)> = names.zip(chosen.iter().map(|o| o.title.clone())).collect();
        let row = titles.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(", ");
        measurement.rows.push((row, shown(m, &meter)?));
        measurement.runs += m.seeds;
        let all: Vec<(String, Vec<String>)> = options_of(m);
        let pool = Pool { meter: &meter, chosen: &titles };
        let holds = |when| Condition::pooled(when, &all).map(|c| c.holds_for(&pool)).map_err(|(_, message)| message);
        let fill = |text: &Spanned<String>| prose::fill(text.get_ref(), &mut |words| runner::quote(&meter, words));
        for requirement in m.requirements.iter().map(Spanned::get_ref) {
            let met = holds(&requirement.when)?;
            measurement.verdicts.push((met, fill(if met { &requirement.met } else { &requirement.missed })?));
        }
        for follow_up in m.follow_ups.iter().map(Spanned::get_ref) {
            if follow_up.when.as_ref().map_or(Ok(true), holds)? {
                measurement.follow_up = Some(fill(&follow_up.ask)?);
                break;
            }
        }
        measurement.answer = m.answer.as_ref().map_or_else(Vec::new, |text| self.inlines(text));
        Ok(())
    }

    /// The scenario that the chosen options make, and their commands.
    fn designed(&self, m: &MeasureFile, chosen: &[&ChoiceOptionFile]) -> Result<(Blueprint, Vec<LogEntry>), String> {
        let base = m.scenario.as_ref().map(|name| name.get_ref().as_str()).unwrap_or_default();
        let name = chosen.iter().rev().find_map(|o| o.scenario.as_ref()).map_or(base, |name| name.get_ref());
        let mut blueprint = self.scenario(name)?.clone();
        for (line, count) in chosen.iter().flat_map(|o| &o.count) {
            blueprint = runner::with_count(&blueprint, line, *count, self.registry)?;
        }
        Ok((blueprint, chosen.iter().flat_map(|o| o.commands.clone()).collect()))
    }

    /// The places of the options for every combination of an exercise's choices.
    pub fn combinations(m: &MeasureFile) -> Vec<Vec<u32>> {
        let mut all: Vec<Vec<u32>> = vec![Vec::new()];
        for choice in m.choices.iter().map(Spanned::get_ref) {
            let options = 0..choice.options.len() as u32;
            all = all.iter().flat_map(|head| options.clone().map(move |o| [head.as_slice(), &[o]].concat())).collect();
        }
        all
    }
}

fn chosen<'a>(m: &'a MeasureFile, choices: &[u32]) -> Result<Vec<&'a ChoiceOptionFile>, String> {
    if choices.len() != m.choices.len() {
        return Err(format!("{} choices were made, there are {}", choices.len(), m.choices.len()));
    }
    let option = |(choice, place): (&'a Spanned<super::format::ChoiceFile>, &u32)| {
        let found = choice.get_ref().options.get(*place as usize).map(Spanned::get_ref);
        found.ok_or_else(|| format!("\"{}\" has no option {place}", choice.get_ref().title))
    };
    m.choices.iter().zip(choices).map(option).collect()
}

fn options_of(m: &MeasureFile) -> Vec<(String, Vec<String>)> {
    let titles = |c: &super::format::ChoiceFile| c.options.iter().map(|o| o.get_ref().title.clone()).collect();
    m.choices.iter().map(|c| (c.get_ref().name.clone(), titles(c.get_ref()))).collect()
}

/// Commands of one seed's run: those of the variant, and failures by chance.
fn more(m: &MeasureFile, seeded: &Blueprint, commands: &[LogEntry]) -> Vec<LogEntry> {
    let mut all = commands.to_vec();
    for (part, failures) in m.failures.iter().enumerate() {
        all.extend(by_chance(failures.get_ref(), seeded, m.until, part as u64));
    }
    all
}

fn by_chance(f: &FailuresFile, seeded: &Blueprint, until: Micros, part: u64) -> Vec<LogEntry> {
    let words = match &f.on {
        OneOrMany::One(word) => std::slice::from_ref(word),
        OneOrMany::Many(words) => words,
    };
    let run = opened(seeded);
    let names =
        |found: Vec<u16>| -> Vec<String> { found.iter().map(|i| run.nodes[usize::from(*i)].name.clone()).collect() };
    // Those that do not exist in this variant do not fail in it.
    let resolve = |word: &String| compile::resolve(&run, &OneOrMany::One(word.clone())).map(names).unwrap_or_default();
    let nodes = words.iter().map(resolve).filter(|group| !group.is_empty());
    let groups: Vec<Vec<String>> =
        if f.together { nodes.collect() } else { nodes.flatten().map(|name| vec![name]).collect() };
    runner::failures(seeded, &groups, f.up, f.down, until, part)
}

fn shown(m: &MeasureFile, meter: &Meter) -> Result<Vec<String>, String> {
    let cell = |c: &Spanned<super::format::ColumnFile>| {
        let of = c.get_ref().value.get_ref();
        let unit = Quantity::parse(&of.measure)?.unit();
        Ok(page::value(meter, of)?.map_or_else(|| "none".into(), |value| unit.show(value, of.digits)))
    };
    m.columns.iter().map(cell).collect()
}
