//! Numbers that a lesson's own data state: its scenarios, what is done to them, and what its conditions ask for.

use super::amounts::{Amount, Of};
use crate::base::Micros;
use crate::lesson::condition::{Scalar, number};
use crate::lesson::draft::Draft;
use crate::lesson::format::{ChoiceOptionFile, ConditionFile, MeasureFile, StepFile};
use crate::lesson::meter::{Quantity, Unit};
use crate::lesson::spanned::Spanned;
use crate::sim::scenario::{Blueprint, LogEntry};
use crate::wire::{Command, RowKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// What numbers a text may state.
#[derive(Clone, Debug, Default)]
pub struct Facts(Vec<(Of, RangeInclusive<f64>)>);

impl Facts {
    /// Whether a number of a text is one of these. One of which the text does not say what it counts may be any count.
    pub fn hold(&self, amount: &Amount) -> bool {
        let alike = |of: Of| amount.of.map_or(of != Of::Time && of != Of::Share, |wanted| wanted == of);
        // A share is computed with fractions.
        let near = |range: &RangeInclusive<f64>| {
            let slack = amount.value.abs() * 1e-9;
            (range.start() - slack..=range.end() + slack).contains(&amount.value)
        };
        self.0.iter().any(|(of, range)| alike(*of) && near(range))
    }

    fn add(&mut self, of: Of, value: f64) {
        self.0.push((of, value..=value));
    }

    pub fn extend(&mut self, other: &Facts) {
        self.0.extend(other.0.iter().cloned());
    }

    /// Every time in some data, and every plain number of the fields that count something.
    pub fn add_data(&mut self, data: &impl serde::Serialize) {
        self.add_value("", &serde_json::to_value(data).expect("scenario data is plain"));
    }

    fn add_value(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => {
                if let Ok(time) = Micros::parse(text) {
                    self.add(Of::Time, time.0 as f64);
                }
            }
            // Offsets of clocks, in whichever direction.
            Value::Number(n) if name.ends_with("_us") => self.add(Of::Time, n.as_f64().unwrap_or(f64::NAN).abs()),
            Value::Number(n) if name == "limit" => self.add(Of::Operations, n.as_f64().unwrap_or(f64::NAN)),
            Value::Array(items) => items.iter().for_each(|item| self.add_value(name, item)),
            Value::Object(fields) => fields.iter().for_each(|(name, field)| self.add_value(name, field)),
            _ => {}
        }
    }

    /// A scenario: its times, and how many nodes it has.
    pub fn add_scenario(&mut self, blueprint: &Blueprint, until: Option<Micros>) {
        self.add_data(&blueprint.scenario.parameters);
        self.add_data(&blueprint.scenario.network);
        self.add_commands(&blueprint.scenario.commands, until);
        self.add_nodes_of(blueprint);
        self.add_groups_of(blueprint);
    }

    pub fn add_nodes_of(&mut self, blueprint: &Blueprint) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for node in &blueprint.setup.nodes {
            for word in std::iter::once(&node.role).chain(&node.groups) {
                *counts.entry(word).or_default() += 1;
            }
        }
        counts.values().for_each(|count| self.add_nodes(*count));
    }

    pub fn add_groups_of(&mut self, blueprint: &Blueprint) {
        let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for group in blueprint.setup.nodes.iter().flat_map(|node| &node.groups) {
            groups.entry(group.split('=').next().unwrap_or("")).or_default().insert(group);
        }
        groups.values().for_each(|members| self.add(Of::Groups, members.len() as f64));
    }

    /// So many nodes, all but one of them, a majority, and what a majority can do without.
    fn add_nodes(&mut self, count: usize) {
        let majority = count / 2 + 1;
        for n in [count, count.saturating_sub(1), majority, count - majority.min(count)] {
            self.add(Of::Nodes, n as f64);
        }
    }

    /// Times within commands (not when they come), how long links are clogged, and how often each kind of command comes within `until`.
    pub fn add_commands(&mut self, commands: &[LogEntry], until: Option<Micros>) {
        self.add_data(&commands.iter().map(|entry| &entry.command).collect::<Vec<_>>());
        let mut clogged: Option<&LogEntry> = None;
        let mut stalls = 0u32;
        for entry in commands {
            let Command::Clog(clog) = &entry.command else { continue };
            match clogged.take() {
                None if clog.clogged => clogged = Some(entry),
                Some(from) if !clog.clogged => {
                    stalls += 1;
                    self.add(Of::Time, entry.at.plus(entry.spread).since(from.at).0 as f64);
                    self.add(Of::Time, entry.at.since(from.at.plus(from.spread)).0 as f64);
                }
                _ => {}
            }
        }
        if let Some(until) = until.filter(|_| stalls > 0) {
            self.add(Of::Rate, f64::from(stalls) * Micros::s(3_600).0 as f64 / until.0 as f64);
        }
    }

    /// The numbers that a condition compares with.
    pub fn add_condition(&mut self, condition: &Spanned<ConditionFile>) {
        let c = condition.get_ref();
        let parts = c.all.iter().chain(&c.any).flatten();
        parts.for_each(|part| self.add_condition(part));
        if let Some(part) = &c.not {
            self.add_condition(part);
        }
        let of = subject(c);
        // Rates are an hour's in texts.
        let hours = if c.measure.as_deref().is_some_and(|name| name.ends_with("_per_minute")) { 60.0 } else { 1.0 };
        for bound in [&c.is, &c.at_least, &c.at_most].into_iter().flatten() {
            if let Some(value) = in_unit(bound, of) {
                self.add(of, value * hours);
            }
        }
        if let Some(measure) = &c.measure {
            self.add_rank(measure);
        }
    }

    /// What an option of a prediction says is held by its condition: any number between its bounds.
    pub fn add_range(&mut self, condition: &Spanned<ConditionFile>) {
        let c = condition.get_ref();
        c.all.iter().flatten().for_each(|part| self.add_range(part));
        if c.measure.is_none() || (c.at_least.is_none() && c.at_most.is_none()) {
            return;
        }
        let of = subject(c);
        let bound = |given: &Option<Scalar>, open: f64| given.as_ref().map_or(Some(open), |bound| in_unit(bound, of));
        if let (Some(low), Some(high)) = (bound(&c.at_least, 0.0), bound(&c.at_most, f64::INFINITY)) {
            self.0.push((of, low..=high));
        }
    }

    /// "99 of 100" for a 99th percentile.
    pub fn add_rank(&mut self, measure: &str) {
        if let Some(rank) = measure.rsplit_once("_p").or(measure.rsplit_once(".p")).and_then(|(_, n)| n.parse().ok()) {
            self.add(Of::Rank, rank);
            self.add(Of::Rank, 100.0);
            self.add(Of::Operations, 100.0);
        }
    }

    /// What an option of an exercise changes: the nodes of each line then, their sum, and parameters.
    pub fn add_option(&mut self, option: &ChoiceOptionFile, plain: Option<&Blueprint>) {
        self.add_data(&option.parameters);
        self.add_commands(&option.commands, None);
        let lines = plain.iter().flat_map(|blueprint| &blueprint.scenario.nodes);
        let servers = lines.filter(|line| option.count.is_empty() || option.count.contains_key(&line.name));
        let counts = servers.map(|line| option.count.get(&line.name).copied().or(line.count).unwrap_or(1));
        let counts: Vec<usize> = counts.map(usize::from).collect();
        for count in counts.iter().copied() {
            self.add(Of::Nodes, count as f64);
        }
        self.add_nodes(counts.iter().sum());
    }
}

/// Facts of a whole step: its scenario, what its goals, predictions and measurement ask for.
pub fn of_step(lesson: &Draft, step: &StepFile) -> Facts {
    let mut facts = Facts::default();
    let mut scenario = |name: &str, until: Option<Micros>| {
        if let Ok(blueprint) = lesson.scenario(name) {
            facts.add_scenario(blueprint, until);
        }
    };
    scenario(step.scenario.get_ref(), None);
    for prediction in step.predictions.iter().map(Spanned::get_ref) {
        prediction.run.get_ref().scenario.iter().for_each(|name| scenario(name, None));
    }
    if let Some(m) = step.measure.as_ref().map(Spanned::get_ref) {
        let named = m.scenario.iter().chain(m.variants.iter().map(|v| &v.get_ref().scenario));
        named.for_each(|name| scenario(name.get_ref(), Some(m.until)));
    }
    for prediction in step.predictions.iter().map(Spanned::get_ref) {
        facts.add_commands(&prediction.run.get_ref().commands, None);
    }
    for goal in step.goals.iter().map(Spanned::get_ref) {
        let parts = [&goal.after, &goal.during, &goal.eventually, &goal.always, &goal.until];
        parts.into_iter().flatten().for_each(|part| facts.add_condition(part));
        for time in [&goal.length, &goal.within].into_iter().flatten() {
            facts.add(Of::Time, time.get_ref().0 as f64);
        }
    }
    step.measure.iter().for_each(|m| facts.add_measure(lesson, m.get_ref()));
    facts
}

impl Facts {
    fn add_measure(&mut self, lesson: &Draft, m: &MeasureFile) {
        self.add(Of::Runs, f64::from(m.seeds));
        for outage in m.outages.iter().map(Spanned::get_ref) {
            self.add(Of::Time, outage.to.since(outage.from).0 as f64);
        }
        for failures in m.failures.iter().map(Spanned::get_ref) {
            self.add(Of::Time, failures.up.0 as f64);
            self.add(Of::Time, failures.down.0 as f64);
        }
        m.columns.iter().for_each(|column| self.add_rank(&column.get_ref().value.get_ref().measure));
        m.requirements.iter().for_each(|requirement| self.add_condition(&requirement.get_ref().when));
        for variant in m.variants.iter().map(Spanned::get_ref) {
            self.add_data(&variant.parameters);
            self.add_commands(&variant.commands, None);
        }
        let plain = m.scenario.as_ref().and_then(|name| lesson.scenario(name.get_ref()).ok());
        for option in m.choices.iter().flat_map(|choice| &choice.get_ref().options) {
            let lines = Some(option.get_ref()).filter(|o| !o.count.is_empty()).and(plain);
            self.add_option(option.get_ref(), lines);
        }
    }
}

/// What a condition counts or measures.
fn subject(c: &ConditionFile) -> Of {
    if let Some(quantity) = c.measure.as_deref().and_then(|name| Quantity::parse(name).ok()) {
        return match (quantity, quantity.unit()) {
            (_, Unit::Time) => Of::Time,
            (_, Unit::Fraction) => Of::Share,
            (Quantity::MessagesSent | Quantity::MessagesLost | Quantity::MessagesPerOp, _) => Of::Messages,
            (Quantity::BytesSent | Quantity::BytesPerOp, _) => Of::Bytes,
            (Quantity::Elections, _) => Of::Elections,
            (Quantity::NeedlessPerHour | Quantity::FalsePerMinute, _) => Of::Rate,
            _ => Of::Operations,
        };
    }
    if c.probe.as_deref().is_some_and(|probe| probe.ends_with("-us")) {
        return Of::Time;
    }
    match c.event {
        Some(RowKind::Complete | RowKind::Invoke) => Of::Operations,
        Some(RowKind::Send | RowKind::Deliver | RowKind::Lost) => Of::Messages,
        _ => Of::Nodes,
    }
}

fn in_unit(bound: &Scalar, of: Of) -> Option<f64> {
    match (of, bound) {
        (Of::Time, Scalar::Text(text)) => Micros::parse(text).ok().map(|time| time.0 as f64),
        (Of::Share, Scalar::Text(text)) => text.strip_suffix('%')?.trim().parse().ok(),
        _ => number(bound),
    }
}
