//! Scenarios: the saved and shared form of a run. TOML by hand, JSON accepted; versioned.
//!
//! Everything unknown or out of range is an error that names file, line and what is accepted.

use super::apply::check_numbers;
use super::cell::{Entry, Machine};
use super::net::{self, Shape};
use super::params::{ParamKind, ParamValue, Params};
use super::protocol::{Description, NodeSetup, Setup};
use super::sample;
use super::world::{Watch, World};
use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, codec, form};
use crate::wire::{Arrangement, Command, Distribution, LinkChange, ParameterInfo, SourceFile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const VERSION: u32 = 1;
pub const NODES_MAX: usize = 300;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub version: u32,
    #[serde(default)]
    pub title: String,
    pub protocol: String,
    #[serde(default)]
    pub seed: u64,
    /// Simulated time that passes in one second of watching.
    #[serde(default)]
    pub pace: Option<Micros>,
    #[serde(default)]
    pub parameters: BTreeMap<String, ParamValue>,
    /// How all links behave at the start.
    #[serde(default)]
    pub network: LinkChange,
    /// Time that one sync of a disk takes.
    #[serde(default)]
    pub disk: Option<Distribution>,
    /// How nodes without a place stand on the stage.
    #[serde(default)]
    pub layout: Arrangement,
    pub nodes: Vec<NodeLine>,
    #[serde(default)]
    pub commands: Vec<LogEntry>,
}

impl Scenario {
    /// Says of every node where it stands, in their order. A line of several nodes becomes a line for each of them once one
    /// of them has a place.
    pub fn arrange(&mut self, layout: Arrangement, places: &[Option<(u16, u16)>]) {
        self.layout = layout;
        let mut places = places.iter().copied();
        let mut lines = Vec::new();
        for line in self.nodes.drain(..) {
            let own: Vec<Option<(u16, u16)>> = places.by_ref().take(line.count.unwrap_or(1).into()).collect();
            match line.count {
                Some(_) if own.iter().all(Option::is_none) => lines.push(line),
                Some(_) => lines.extend((1..).zip(own).map(|(i, place): (u16, _)| NodeLine {
                    name: format!("{}{i}", line.name),
                    count: None,
                    place,
                    ..line.clone()
                })),
                None => lines.push(NodeLine { place: own.first().copied().flatten(), ..line }),
            }
        }
        self.nodes = lines;
    }
}

/// One node, or `count` nodes whose names are the name followed by 1, 2, ….
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeLine {
    pub name: String,
    pub role: String,
    #[serde(default)]
    pub count: Option<u16>,
    #[serde(default)]
    pub groups: Vec<String>,
    #[serde(default)]
    pub place: Option<(u16, u16)>,
}

/// A line of the command log: carried out at `at`, after `after` other things that happen at that same instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    pub at: Micros,
    #[serde(default)]
    pub after: u32,
    /// Not at `at`, but at a moment drawn uniformly from there on to so much later, by the seed.
    #[serde(default)]
    pub spread: Micros,
    #[serde(rename = "do")]
    pub command: Command,
    /// Came from a person at the bench, not from the scenario's author.
    #[serde(default)]
    pub learner: bool,
    /// Commands that one press of a button gave have the same number, others 0.
    #[serde(default)]
    pub press: u32,
}

/// Something wrong with a file: a word to find its line by, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub needle: String,
    pub message: String,
}

fn fault<T>(needle: impl Into<String>, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { needle: needle.into(), message: message.into() })
}

impl Scenario {
    /// Reads a scenario. The error begins with file and line.
    pub fn read(file: &SourceFile) -> Result<Scenario, String> {
        let place = |line: usize, message: &str| format!("{}:{line}: {}", file.name, message.trim());
        let scenario: Scenario = if file.text.trim_start().starts_with('{') {
            let bytes = form::read(&file.text, &super::form::SCENARIO).map_err(|(line, what)| place(line, &what))?;
            codec::from_bytes(&bytes).map_err(|what| place(1, &what))?
        } else {
            read_toml(file)?
        };
        if scenario.version != VERSION {
            let message = format!("version {} is not known; accepted: {VERSION}", scenario.version);
            return Err(place(find_line(&file.text, "version"), &message));
        }
        Ok(scenario)
    }

    pub fn to_json(&self) -> String {
        form::write(&codec::to_bytes(self), &super::form::SCENARIO)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn read_toml(file: &SourceFile) -> Result<Scenario, String> {
    toml::from_str(&file.text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        format!("{}:{}: {}", file.name, line_of(&file.text, at), e.message().trim())
    })
}

/// The page's engine holds no TOML parser: what is written by hand is turned into JSON when the page is built.
#[cfg(target_arch = "wasm32")]
fn read_toml(file: &SourceFile) -> Result<Scenario, String> {
    Err(format!(
        "{}:1: not JSON; in the page a scenario is JSON (\"faultline json FILE\" makes it from TOML)",
        file.name
    ))
}

/// The line (from 1) of a byte offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

/// The first line that holds the word, or 1.
pub fn find_line(text: &str, needle: &str) -> usize {
    text.lines().position(|line| !needle.is_empty() && line.contains(needle)).map_or(1, |i| i + 1)
}

/// A scenario with its protocol, checked: ready to run.
#[derive(Clone)]
pub struct Blueprint {
    pub scenario: Scenario,
    pub setup: Arc<Setup>,
    pub describe: Arc<Description>,
    pub machine: Arc<dyn Machine>,
    pub params: Params,
    shape: Shape,
    disk: Distribution,
}

impl Blueprint {
    /// Reads and checks a file. The error begins with file and line.
    pub fn read(file: &SourceFile, registry: &[Entry]) -> Result<Blueprint, String> {
        let scenario = Scenario::read(file)?;
        Blueprint::resolve(scenario, registry)
            .map_err(|f| format!("{}:{}: {}", file.name, find_line(&file.text, &f.needle), f.message))
    }

    pub fn resolve(scenario: Scenario, registry: &[Entry]) -> Result<Blueprint, Fault> {
        let Some(entry) = registry.iter().find(|e| e.name == scenario.protocol) else {
            let names: Vec<_> = registry.iter().map(|e| e.name).collect();
            let message = format!("unknown protocol \"{}\"; accepted: {}", scenario.protocol, names.join(", "));
            return fault("protocol", message);
        };
        let describe = (entry.describe)();
        let params = Params::check(&describe.params, &scenario.parameters)
            .map_err(|(needle, message)| Fault { needle, message })?;
        let setup = Setup { seed: scenario.seed, nodes: nodes(&scenario, &describe)? };
        net::check_change(&scenario.network).or_else(|e| fault("network", e))?;
        net::check_kinds(&scenario.network, &describe.messages).or_else(|e| fault("kinds", e))?;
        let disk = scenario.disk.clone().unwrap_or(Distribution::Constant(Micros(500)));
        sample::check(&disk).or_else(|e| fault("disk", e))?;
        for entry in &scenario.commands {
            check_numbers(&entry.command).or_else(|(needle, message)| fault(needle, message))?;
            if let Command::Link(change) = &entry.command {
                net::check_kinds(change, &describe.messages).or_else(|e| fault("kinds", e))?;
            }
        }
        if scenario.commands.windows(2).any(|w| (w[0].at, w[0].after) > (w[1].at, w[1].after)) {
            return fault("commands", "commands must stand in the order of their times");
        }
        Ok(Blueprint {
            shape: network(&scenario.network),
            disk,
            setup: Arc::new(setup),
            machine: (entry.build)(&params),
            describe: Arc::new(describe),
            params,
            scenario,
        })
    }

    /// How all links behave at the start, every field of it.
    pub fn network(&self) -> LinkChange {
        let shape = &self.shape;
        LinkChange {
            latency: Some(shape.latency.clone()),
            kinds: Some(shape.kinds.clone()),
            bandwidth: Some(shape.bandwidth),
            loss: Some(shape.loss),
            duplicate: Some(shape.duplicate),
            reorder: Some(shape.reorder),
            ordered: Some(shape.ordered),
            ..LinkChange::default()
        }
    }

    /// The time that one sync of a disk takes at the start.
    pub fn disk(&self) -> &Distribution {
        &self.disk
    }

    /// The latency of links at the start.
    pub fn world_latency(&self) -> &Distribution {
        &self.shape.latency
    }

    /// The commands at the moments that the seed gives them, in their order.
    pub fn script(&self) -> Vec<LogEntry> {
        let mut log: Vec<LogEntry> = Vec::new();
        for (place, entry) in self.scenario.commands.iter().enumerate() {
            let mut entry = entry.clone();
            let spread = std::mem::take(&mut entry.spread);
            let later = Stream::new(self.scenario.seed, Purpose::Moment, place as u64, 0).below(spread.0 + 1);
            entry.at = entry.at.plus(Micros(later));
            let place = log.partition_point(|other| (other.at, other.after) <= (entry.at, entry.after));
            log.insert(place, entry);
        }
        log
    }

    /// The same run under another seed.
    pub fn with_seed(&self, seed: u64) -> Blueprint {
        let mut copy = self.clone();
        copy.scenario.seed = seed;
        copy.setup = Arc::new(Setup { seed, ..(*self.setup).clone() });
        copy
    }

    /// A world at time 0, not yet booted.
    pub fn world(&self, watch: Watch) -> World {
        World::new(
            Arc::clone(&self.setup),
            Arc::clone(&self.machine),
            Arc::clone(&self.describe),
            self.shape.clone(),
            self.disk.clone(),
            watch,
        )
    }

    /// The parameters that differ from their defaults, planted bugs among them.
    pub fn unusual_parameters(&self) -> Vec<ParameterInfo> {
        let unusual =
            self.describe.params.iter().filter(|spec| self.params.get(spec.name) != Some(&spec.default_value()));
        unusual
            .map(|spec| ParameterInfo {
                name: spec.name.into(),
                value: match self.params.get(spec.name) {
                    Some(ParamValue::Text(text)) => text.clone(),
                    Some(ParamValue::Int(n)) => n.to_string(),
                    Some(ParamValue::Flag(on)) => if *on { "on" } else { "off" }.into(),
                    None => String::new(),
                },
                meaning: spec.meaning.into(),
                bug: spec.kind == ParamKind::Bug,
            })
            .collect()
    }
}

fn network(line: &LinkChange) -> Shape {
    let default = Shape::default();
    Shape {
        latency: line.latency.clone().unwrap_or(default.latency),
        kinds: line.kinds.clone().unwrap_or_default(),
        bandwidth: line.bandwidth.unwrap_or(default.bandwidth),
        loss: line.loss.unwrap_or(default.loss),
        duplicate: line.duplicate.unwrap_or(default.duplicate),
        reorder: line.reorder.unwrap_or(default.reorder),
        ordered: line.ordered.unwrap_or(default.ordered),
    }
}

fn nodes(scenario: &Scenario, describe: &Description) -> Result<Vec<NodeSetup>, Fault> {
    let mut nodes: Vec<NodeSetup> = Vec::new();
    for line in &scenario.nodes {
        let Some(role) = describe.roles.iter().find(|r| r.name == line.role) else {
            let names: Vec<_> = describe.roles.iter().map(|r| r.name).collect();
            let message =
                format!("unknown role \"{}\" in {}; accepted: {}", line.role, describe.name, names.join(", "));
            return fault(format!("\"{}\"", line.role), message);
        };
        for i in 1..=line.count.unwrap_or(1) {
            let name = if line.count.is_some() { format!("{}{i}", line.name) } else { line.name.clone() };
            if name.is_empty() || nodes.iter().any(|n| n.name == name) {
                return fault(format!("\"{}\"", line.name), format!("node name \"{name}\" is empty or taken"));
            }
            nodes.push(NodeSetup {
                name,
                role: line.role.clone(),
                groups: line.groups.clone(),
                client: role.client,
                place: line.place.filter(|_| line.count.is_none()),
            });
        }
    }
    if nodes.is_empty() || nodes.len() > NODES_MAX {
        return fault("nodes", format!("{} nodes; accepted: 1 to {NODES_MAX}", nodes.len()));
    }
    Ok(nodes)
}
