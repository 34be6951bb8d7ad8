//! The sandbox's form: a scenario as fields with values, units, ranges and meanings, and what a field's new text does to
//! it. The fields come from the shelf, which comes from the registry: no protocol is known here. What a text means is read
//! here; whether a scenario is good is for the engine to say, and its complaint is led back to a field.

mod lengths;
mod script;
mod swap;

pub use script::{add_script, add_workload, remove};
pub use swap::under;

use crate::base::{Micros, decimal};
use crate::wire::*;

/// Fields under one heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub title: &'static str,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// By which [`set`] knows it.
    pub id: String,
    pub label: String,
    /// Meaning, unit, range and what is usual, in words.
    pub about: String,
    pub value: String,
    /// The usual value, where there is one.
    pub usual: Option<String>,
    pub input: Input,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Text,
    /// A number without a unit of its own.
    Number,
    Flag,
    /// A planted bug.
    Bug,
    /// Values with their words.
    Choice(Vec<(String, String)>),
    /// Nothing to fill in: the value is there to be read. It can be removed.
    Line,
}

impl Field {
    fn new(id: impl Into<String>, label: impl Into<String>, value: impl Into<String>, input: Input) -> Field {
        Field { id: id.into(), label: label.into(), about: String::new(), value: value.into(), usual: None, input }
    }

    fn about(mut self, about: impl Into<String>) -> Field {
        self.about = about.into();
        self
    }

    fn usual(mut self, usual: impl Into<String>) -> Field {
        self.usual = Some(usual.into());
        self
    }

    /// Whether somebody chose something else than what is usual.
    pub fn is_unusual(&self) -> bool {
        self.usual.as_ref().is_some_and(|usual| *usual != self.value)
    }
}

const NODES_MAX: usize = 300;
const ZONES_MAX: usize = 6;
const ZONE: &str = "zone=";

pub fn protocol<'a>(shelf: &'a Shelf, name: &str) -> Option<&'a ProtocolInfo> {
    shelf.protocols.iter().find(|protocol| protocol.name == name)
}

/// The whole form.
pub fn sections(shelf: &Shelf, sheet: &Sheet) -> Vec<Section> {
    let Some(info) = protocol(shelf, &sheet.protocol) else { return Vec::new() };
    let (bugs, parameters): (Vec<&ParameterSpec>, Vec<&ParameterSpec>) =
        info.parameters.iter().partition(|spec| spec.kind == ParameterKind::Bug);
    let parameter = |spec: &ParameterSpec| parameter(sheet, spec);
    vec![
        Section { title: "Protocol and nodes", fields: nodes(shelf, info, sheet) },
        Section { title: "Network", fields: network(sheet) },
        Section { title: "Disks", fields: disks(sheet) },
        Section { title: "Workload", fields: script::workloads(info, sheet) },
        Section { title: "Faults and other commands", fields: script::lines(sheet) },
        Section { title: "Parameters", fields: parameters.into_iter().map(parameter).collect() },
        Section { title: "Planted bugs", fields: bugs.into_iter().map(parameter).collect() },
    ]
}

fn choice(values: &[(&str, &str)]) -> Input {
    Input::Choice(values.iter().map(|(value, words)| ((*value).into(), (*words).into())).collect())
}

fn nodes(shelf: &Shelf, info: &ProtocolInfo, sheet: &Sheet) -> Vec<Field> {
    let protocols = shelf.protocols.iter().map(|p| (p.name.clone(), p.name.clone())).collect();
    let count = |role: &str| sheet.nodes.iter().filter(|node| node.role == role).count();
    let role = |role: &RoleInfo| {
        let about = format!("{}. Up to {NODES_MAX} nodes in all.", capital(&role.meaning));
        Field::new(format!("count:{}", role.name), &role.name, count(&role.name).to_string(), Input::Number)
            .about(about)
    };
    let mut fields = vec![
        Field::new("protocol", "Protocol", &sheet.protocol, Input::Choice(protocols)).about(capital(&info.summary)),
        Field::new("seed", "Seed", sheet.seed.to_string(), Input::Number)
            .about("Every draw follows from it: the same seed, the same run."),
    ];
    fields.extend(info.roles.iter().map(role));
    let zones = zones(sheet).len();
    fields.push(
        Field::new("zones", "Zones", zones.to_string(), Input::Number)
            .about(format!("The nodes of each role are spread over them in turn. 0 to {ZONES_MAX}; usually 0: none."))
            .usual("0"),
    );
    if zones > 1 {
        let between = between(sheet).map_or_else(String::new, |t| t.to_string());
        fields.push(Field::new("between", "Latency between zones", between, Input::Text).about(
            "The least time from zone to zone, with a tenth of it more on average; empty: as within a zone. A time, as \
             in “20 ms”.",
        ));
    }
    let layouts = choice(&[("ring", "a ring"), ("groups", "by zone"), ("layers", "by role")]);
    let layout = match sheet.layout {
        Arrangement::Ring => "ring",
        Arrangement::Groups => "groups",
        Arrangement::Layers => "layers",
    };
    fields.push(Field::new("layout", "Arranged", layout, layouts).about("How the nodes stand on the stage."));
    fields
}

fn network(sheet: &Sheet) -> Vec<Field> {
    let net = &sheet.network;
    let usual = LinkChange::default();
    let percent = |id: &str, label: &str, of: Option<f64>, about: &str| {
        Field::new(id, label, percent(of.unwrap_or(0.0)), Input::Number)
            .about(format!("{about} 0 to 100 percent; usually 0."))
            .usual("0")
    };
    let latency = net.latency.clone().or(usual.latency).unwrap_or(Distribution::Constant(Micros::ms(1)));
    let mut fields = lengths::fields("latency", "Latency", "The time of a message on a link.", &latency);
    for (kind, latency) in net.kinds.iter().flatten() {
        let about = format!("The time of a message of the kind {kind} on a link.");
        fields.extend(lengths::fields(&format!("kind:{kind}"), &format!("Latency of {kind}"), &about, latency));
    }
    fields.extend([
        percent("loss", "Lost", net.loss, "Probability that a message is lost."),
        percent("duplicate", "Duplicated", net.duplicate, "Probability that a message arrives twice."),
        percent(
            "reorder",
            "Overtaken",
            net.reorder,
            "Probability that a message is held back by ten further latencies, so that later ones overtake it.",
        ),
        Field::new("bandwidth", "Bandwidth", net.bandwidth.unwrap_or(0).to_string(), Input::Number)
            .about("Bytes a second on each link; messages queue for it. Usually 0: without limit.")
            .usual("0"),
        Field::new("ordered", "In order", net.ordered.unwrap_or(false).to_string(), Input::Flag)
            .about("First in, first out on each link, as on one TCP connection. Usually off.")
            .usual("false"),
    ]);
    fields
}

fn disks(sheet: &Sheet) -> Vec<Field> {
    let usual = Distribution::Constant(Micros(500));
    let disk = sheet.disk.as_ref().unwrap_or(&usual);
    lengths::fields("disk", "One sync", "The time that one sync of a disk takes. Usually 500 us.", disk)
}

fn parameter(sheet: &Sheet, spec: &ParameterSpec) -> Field {
    let given = sheet.parameters.iter().find(|(name, _)| *name == spec.name);
    let given = given.map_or(spec.default.clone(), |(_, value)| value.clone());
    let time = if spec.kind == ParameterKind::Time { Micros::parse(&given).ok() } else { None };
    let value = time.map_or(given, |time| time.to_string());
    let (input, about) = match &spec.kind {
        ParameterKind::Bug => (Input::Bug, format!("{}.", capital(&spec.meaning))),
        kind => {
            let input = match kind {
                ParameterKind::Flag => Input::Flag,
                ParameterKind::Number => Input::Number,
                ParameterKind::Word(among) => Input::Choice(among.iter().map(|w| (w.clone(), w.clone())).collect()),
                _ => Input::Text,
            };
            (input, format!("{}. {}; usually {}.", capital(&spec.meaning), capital(&spec.accepts), spec.default))
        }
    };
    Field::new(format!("p:{}", spec.name), &spec.name, value, input).about(about).usual(&spec.default)
}

/// Takes a field's new text. The error is a sentence for the field.
pub fn set(shelf: &Shelf, sheet: &mut Sheet, id: &str, text: &str) -> Result<(), String> {
    let text = text.trim();
    let (head, rest) = id.split_once(':').unwrap_or((id, ""));
    match head {
        "protocol" => *sheet = begin(shelf, text).ok_or("There is no such protocol.")?,
        "seed" => sheet.seed = number(text, u64::MAX)?,
        "count" => set_count(shelf, sheet, rest, number(text, NODES_MAX as u64)? as usize),
        "zones" => set_zones(sheet, number(text, ZONES_MAX as u64)? as usize),
        "between" => set_between(sheet, text)?,
        "layout" => {
            sheet.layout = match text {
                "groups" => Arrangement::Groups,
                "layers" => Arrangement::Layers,
                _ => Arrangement::Ring,
            }
        }
        "latency" => lengths::set(sheet.network.latency.get_or_insert(default_latency()), rest, text)?,
        "kind" => {
            let (kind, place) = rest.split_once(':').unwrap_or((rest, ""));
            if let Some(latency) = sheet.network.kinds.as_mut().and_then(|kinds| kinds.get_mut(kind)) {
                lengths::set(latency, place, text)?;
            }
        }
        "loss" => sheet.network.loss = Some(fraction(text)?),
        "duplicate" => sheet.network.duplicate = Some(fraction(text)?),
        "reorder" => sheet.network.reorder = Some(fraction(text)?),
        "bandwidth" => sheet.network.bandwidth = Some(number(text, u64::MAX)?),
        "ordered" => sheet.network.ordered = Some(text == "true"),
        "disk" => {
            let usual = Distribution::Constant(Micros(500));
            lengths::set(sheet.disk.get_or_insert(usual), rest, text)?;
        }
        "p" => {
            let spec = protocol(shelf, &sheet.protocol).and_then(|p| p.parameters.iter().find(|s| s.name == rest));
            let time = |text: &str| Micros::parse(text).ok();
            let same = |spec: &ParameterSpec| {
                spec.default == text || spec.kind == ParameterKind::Time && time(&spec.default) == time(text)
            };
            let usual = spec.is_some_and(same);
            sheet.parameters.retain(|(name, _)| name != rest);
            if !usual {
                set_parameter(sheet, rest, text);
            }
        }
        _ => script::set(sheet, head, rest, text)?,
    }
    Ok(())
}

fn default_latency() -> Distribution {
    Distribution::Constant(Micros::ms(1))
}

/// What one begins with under a protocol.
pub fn begin(shelf: &Shelf, name: &str) -> Option<Sheet> {
    let start = protocol(shelf, name)?.start;
    Some(shelf.gallery.get(start as usize)?.sheet.clone())
}

pub fn set_parameter(sheet: &mut Sheet, name: &str, value: &str) {
    sheet.parameters.retain(|(other, _)| other != name);
    let place = sheet.parameters.partition_point(|(other, _)| other.as_str() < name);
    sheet.parameters.insert(place, (name.into(), value.into()));
}

/// The field that the engine means with a part of a scenario.
pub fn field_of(shelf: &Shelf, sheet: &Sheet, part: &str) -> String {
    let parameter = |p: &ProtocolInfo| p.parameters.iter().any(|spec| spec.name == part);
    match part {
        "protocol" | "disk" => part.into(),
        "network" | "kinds" => "latency".into(),
        "commands" => "at:0".into(),
        _ if protocol(shelf, &sheet.protocol).is_some_and(parameter) => format!("p:{part}"),
        _ => "zones".into(),
    }
}

fn number(text: &str, most: u64) -> Result<u64, String> {
    let wrong = || match most {
        u64::MAX => "Write a whole number.".to_owned(),
        most => format!("Write a whole number from 0 to {most}."),
    };
    text.parse().ok().filter(|n| *n <= most).ok_or_else(wrong)
}

fn fraction(text: &str) -> Result<f64, String> {
    let percent = decimal::parse(text).filter(|n| (0.0..=100.0).contains(n));
    percent.map(|n| n / 100.0).ok_or_else(|| "Write a number from 0 to 100.".into())
}

fn percent(of: f64) -> String {
    let text = decimal::fixed(of * 100.0, 4);
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// With a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| std::iter::once(first.to_ascii_uppercase()).chain(chars).collect())
}

// Nodes and zones.

fn set_count(shelf: &Shelf, sheet: &mut Sheet, role: &str, count: usize) {
    let zones: Vec<String> = zones(sheet).into_iter().map(str::to_owned).collect();
    let mut have = 0;
    sheet.nodes.retain(|node| {
        have += usize::from(node.role == role);
        node.role != role || have <= count
    });
    let have = have.min(count);
    let known = |sheet: &Sheet| sheet.nodes.iter().find(|node| node.role == role).map(|node| node.name.clone());
    let like = known(sheet).or_else(|| known(&begin(shelf, &sheet.protocol)?)).unwrap_or_else(|| role.into());
    let base = match like.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "" => role,
        base => base,
    };
    // New nodes stand behind the last of their role, in the zone that has the fewest of them: all others stay where they are.
    for _ in have..count {
        let free = |name: &String| sheet.nodes.iter().all(|node| node.name != *name);
        let name = (1..).map(|n| format!("{base}{n}")).find(free).unwrap_or_default();
        let place = sheet.nodes.iter().rposition(|node| node.role == role).map_or(sheet.nodes.len(), |i| i + 1);
        let there = |zone: &&String| sheet.nodes.iter().filter(|n| n.role == role && n.groups.contains(zone)).count();
        let groups = zones.iter().min_by_key(there).cloned().into_iter().collect();
        sheet.nodes.insert(place, SheetNode { name, role: role.into(), groups, place: None });
    }
}

/// The zones that nodes stand in, in the order of their first nodes.
fn zones(sheet: &Sheet) -> Vec<&str> {
    let mut zones: Vec<&str> = Vec::new();
    for group in sheet.nodes.iter().flat_map(|node| &node.groups).filter(|group| group.starts_with(ZONE)) {
        if !zones.contains(&group.as_str()) {
            zones.push(group);
        }
    }
    zones
}

fn set_zones(sheet: &mut Sheet, count: usize) {
    let between = between(sheet);
    let mut seen: Vec<(String, usize)> = Vec::new();
    for node in &mut sheet.nodes {
        node.groups.retain(|group| !group.starts_with(ZONE));
        let place = seen.iter().position(|(role, _)| *role == node.role).unwrap_or_else(|| {
            seen.push((node.role.clone(), 0));
            seen.len() - 1
        });
        if count > 0 {
            node.groups.insert(0, format!("{ZONE}{}", char::from(b'a' + (seen[place].1 % count) as u8)));
        }
        seen[place].1 += 1;
    }
    sheet.layout = match sheet.layout {
        Arrangement::Ring if count > 1 => Arrangement::Groups,
        Arrangement::Groups if count < 2 => Arrangement::Ring,
        other => other,
    };
    lay_between(sheet, between);
}

/// Whether a line of the script is the latency between two zones, and which.
fn is_between(line: &SheetLine) -> Option<Micros> {
    let Deed::Link(change) = &line.what else { return None };
    let zone = |ends: &[String]| matches!(ends, [end] if end.starts_with(ZONE));
    match &change.latency {
        Some(Distribution::Exponential { min, .. }) if line.at.0 == 0 && zone(&change.from) && zone(&change.to) => {
            Some(*min)
        }
        _ => None,
    }
}

fn between(sheet: &Sheet) -> Option<Micros> {
    sheet.script.iter().find_map(is_between)
}

fn set_between(sheet: &mut Sheet, text: &str) -> Result<(), String> {
    let time = if text.is_empty() { None } else { Some(lengths::time(text)?) };
    lay_between(sheet, time);
    Ok(())
}

/// Lays the latency between each two zones anew.
fn lay_between(sheet: &mut Sheet, time: Option<Micros>) {
    sheet.script.retain(|line| is_between(line).is_none());
    let Some(min) = time else { return };
    let zones: Vec<String> = zones(sheet).into_iter().map(str::to_owned).collect();
    for (i, a) in zones.iter().enumerate() {
        for b in &zones[i + 1..] {
            let mean = Micros((min.0 / 10).max(1));
            let latency = Some(Distribution::Exponential { min, mean });
            let change = LinkChange { from: vec![a.clone()], to: vec![b.clone()], latency, ..LinkChange::default() };
            script::put(sheet, Micros::ZERO, Deed::Link(change));
        }
    }
}

#[cfg(test)]
mod tests;
