//! Scenarios and the sheets of forms: one and the same set-up, written in two ways.

use super::cell::Entry;
use super::params::{ParamKind, ParamSpec, ParamValue};
use super::protocol::Setup;
use super::scenario::{Fault, LogEntry, NodeLine, Scenario, VERSION};
use super::sentence;
use crate::base::codec;
use crate::wire::{Command, Deed, Needs, Sheet, SheetLine, SheetNode};
#[cfg(not(target_arch = "wasm32"))]
use crate::wire::{ParameterKind, ParameterSpec, ProtocolInfo, RoleInfo};

impl Scenario {
    /// The scenario that a form describes. Names and ranges are for [`super::scenario::Blueprint::resolve`] to judge.
    pub fn of_sheet(sheet: &Sheet, registry: &[Entry]) -> Result<Scenario, Fault> {
        let entry = registry.iter().find(|e| e.name == sheet.protocol);
        let specs = entry.map_or_else(Vec::new, |e| (e.describe)().params);
        let value = |name: &str, text: &str| value(specs.iter().find(|spec| spec.name == name), text.trim());
        Ok(Scenario {
            version: VERSION,
            title: sheet.title.clone(),
            protocol: sheet.protocol.clone(),
            seed: sheet.seed,
            pace: sheet.pace,
            parameters: sheet.parameters.iter().map(|(name, text)| (name.clone(), value(name, text))).collect(),
            network: sheet.network.clone(),
            disk: sheet.disk.clone(),
            layout: sheet.layout,
            nodes: lines(&sheet.nodes),
            commands: sheet.script.iter().map(line).collect::<Result<Vec<_>, Fault>>()?,
        })
    }

    /// The form's side of it, for nodes and commands that are all there.
    pub fn sheet(&self, setup: &Setup) -> Sheet {
        let node = |n: &super::protocol::NodeSetup| SheetNode {
            name: n.name.clone(),
            role: n.role.clone(),
            groups: n.groups.clone(),
            place: n.place,
        };
        let line = |entry: &LogEntry| SheetLine {
            at: entry.at,
            after: entry.after,
            spread: entry.spread,
            what: match &entry.command {
                Command::Workload(workload) => Deed::Workload(workload.clone()),
                Command::Link(change) => Deed::Link(change.clone()),
                other => Deed::Other {
                    words: sentence::of_command(other, setup),
                    needs: needs(other),
                    command: codec::to_bytes(other),
                },
            },
        };
        Sheet {
            title: self.title.clone(),
            protocol: self.protocol.clone(),
            seed: setup.seed,
            pace: self.pace,
            parameters: self.parameters.iter().map(|(name, value)| (name.clone(), written(value))).collect(),
            network: self.network.clone(),
            disk: self.disk.clone(),
            layout: self.layout,
            nodes: setup.nodes.iter().map(node).collect(),
            script: self.commands.iter().map(line).collect(),
        }
    }
}

/// What a form's text means; what means nothing stays a text, and is refused as such.
fn value(spec: Option<&ParamSpec>, text: &str) -> ParamValue {
    let number = || text.parse().ok().map(ParamValue::Int);
    let flag = || text.parse().ok().map(ParamValue::Flag);
    let read = match spec.map(|spec| &spec.kind) {
        Some(ParamKind::Int { .. }) => number(),
        Some(ParamKind::Flag { .. } | ParamKind::Bug) => flag(),
        _ => None,
    };
    read.unwrap_or_else(|| ParamValue::Text(text.into()))
}

fn written(value: &ParamValue) -> String {
    match value {
        ParamValue::Flag(flag) => flag.to_string(),
        ParamValue::Int(n) => n.to_string(),
        ParamValue::Text(text) => text.clone(),
    }
}

fn needs(command: &Command) -> Needs {
    match command {
        Command::Request(request) => Needs::Function(request.op.f.to_string()),
        Command::Drop(_)
        | Command::Duplicate(_)
        | Command::Delay(_)
        | Command::DeliverNow(_)
        | Command::FireTimer(_)
        | Command::PostponeTimer(_)
        | Command::AlignTimers(_)
        | Command::Adversary(_) => Needs::Itself,
        _ => Needs::Nothing,
    }
}

fn line(line: &SheetLine) -> Result<LogEntry, Fault> {
    let command = match &line.what {
        Deed::Workload(workload) => Command::Workload(workload.clone()),
        Deed::Link(change) => Command::Link(change.clone()),
        Deed::Other { command, words, .. } => codec::from_bytes(command)
            .map_err(|why| Fault {
                needle: "commands".into(), message: format!("“{words}” cannot be read: {why}")
            })?,
    };
    Ok(LogEntry { at: line.at, after: line.after, spread: line.spread, command, learner: false, press: 0 })
}

/// Nodes in a row that differ in their numbers alone are one line.
fn lines(nodes: &[SheetNode]) -> Vec<NodeLine> {
    let mut lines: Vec<NodeLine> = Vec::new();
    for node in nodes {
        let joins = |last: &NodeLine| {
            let next = last.count.unwrap_or(0) + 1;
            let alike = (&last.role, &last.groups) == (&node.role, &node.groups);
            let placed = last.place.is_some() || node.place.is_some();
            last.count.is_some() && alike && !placed && node.name == format!("{}{next}", last.name)
        };
        match lines.last_mut() {
            Some(last) if joins(last) => last.count = last.count.map(|count| count + 1),
            _ => {
                let first = node.name.strip_suffix('1').filter(|base| !base.is_empty() && node.place.is_none());
                lines.push(NodeLine {
                    name: first.unwrap_or(&node.name).into(),
                    role: node.role.clone(),
                    count: first.map(|_| 1),
                    groups: node.groups.clone(),
                    place: node.place,
                });
            }
        }
    }
    lines
}

/// What a form must know of a protocol.
#[cfg(not(target_arch = "wasm32"))]
pub fn info(describe: &super::protocol::Description, start: u32) -> ProtocolInfo {
    let role = |role: &super::protocol::RoleSpec| RoleInfo {
        name: role.name.into(),
        meaning: role.meaning.into(),
        client: role.client,
    };
    let parameter = |spec: &ParamSpec| ParameterSpec {
        name: spec.name.into(),
        meaning: spec.meaning.into(),
        accepts: spec.accepts(),
        default: written(&spec.default_value()),
        kind: match &spec.kind {
            ParamKind::Time { .. } => ParameterKind::Time,
            ParamKind::Int { .. } => ParameterKind::Number,
            ParamKind::Flag { .. } => ParameterKind::Flag,
            ParamKind::Word { among, .. } => ParameterKind::Word(among.iter().map(|word| (*word).into()).collect()),
            ParamKind::Bug => ParameterKind::Bug,
        },
    };
    ProtocolInfo {
        name: describe.name.into(),
        summary: describe.summary.into(),
        roles: describe.roles.iter().map(role).collect(),
        functions: describe.functions.clone(),
        parameters: describe.params.iter().map(parameter).collect(),
        start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, groups: &[&str]) -> SheetNode {
        let groups = groups.iter().map(|g| (*g).to_owned()).collect();
        SheetNode { name: name.into(), role: "server".into(), groups, place: None }
    }

    #[test]
    fn numbered_nodes_are_one_line() {
        let of = |nodes: &[SheetNode]| -> Vec<(String, Option<u16>)> {
            lines(nodes).into_iter().map(|line| (line.name, line.count)).collect()
        };
        let nodes = ["n1", "n2", "n3", "n5", "v"].map(|name| node(name, &[]));
        assert_eq!(of(&nodes), [("n".into(), Some(3)), ("n5".into(), None), ("v".into(), None)]);
        let zones = [node("n1", &["zone=a"]), node("n2", &["zone=b"]), node("1", &[])];
        assert_eq!(of(&zones), [("n".into(), Some(1)), ("n2".into(), None), ("1".into(), None)]);
    }
}
