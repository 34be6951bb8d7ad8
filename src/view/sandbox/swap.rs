//! The same set-up under another protocol: servers stay servers, clients clients, and what the other protocol cannot do is
//! left out and told.

use super::{begin, protocol};
use crate::wire::*;

/// The sheet under another protocol, with what was left out, in words.
pub fn under(shelf: &Shelf, sheet: &Sheet, name: &str) -> (Sheet, Vec<String>) {
    let (Some(info), Some(start)) = (protocol(shelf, name), begin(shelf, name)) else {
        return (sheet.clone(), vec![format!("There is no protocol {name}.")]);
    };
    let (mut new, mut left) = (sheet.clone(), Vec::new());
    new.protocol = name.into();
    nodes(shelf, &mut new, sheet, info, &start);
    // What has the same name there, and may have the same value.
    let takes = |kind: &ParameterKind, value: &str| match kind {
        ParameterKind::Bug => false,
        ParameterKind::Word(words) => words.iter().any(|word| word == value),
        _ => true,
    };
    let known =
        |name: &str, value: &str| info.parameters.iter().any(|spec| spec.name == name && takes(&spec.kind, value));
    new.parameters.retain(|(name, value)| {
        let stays = known(name, value);
        if !stays {
            left.push(format!("the parameter {name}"));
        }
        stays
    });
    // Its messages are of other kinds.
    let kinds = new.network.kinds.take().unwrap_or_default();
    left.extend(kinds.into_keys().map(|kind| format!("the latency of {kind}")));
    new.script.retain_mut(|line| stays(line, info, &start, &mut left));
    (new, left)
}

/// The first role with servers of the one becomes that of the other; roles that only the other has come from what one
/// begins with, behind all nodes that both have.
fn nodes(shelf: &Shelf, new: &mut Sheet, old: &Sheet, info: &ProtocolInfo, start: &Sheet) {
    // A member may be a server of the one and a client of the other.
    let is_client = |sheet: &Sheet, role: &str| {
        protocol(shelf, &sheet.protocol).is_some_and(|p| p.roles.iter().any(|r| r.name == role && r.client))
    };
    let server = |sheet: &Sheet| sheet.nodes.iter().map(|n| &n.role).find(|role| !is_client(sheet, role)).cloned();
    let client = info.roles.iter().find(|role| role.client).map(|role| role.name.clone());
    let (from, to) = (server(old), server(start));
    new.nodes.retain_mut(|node| {
        let role = if is_client(old, &node.role) {
            client.clone()
        } else if Some(&node.role) == from.as_ref() {
            to.clone()
        } else {
            info.roles.iter().find(|role| role.name == node.role).map(|role| role.name.clone())
        };
        role.map(|role| node.role = role).is_some()
    });
    for node in start.nodes.iter().filter(|node| Some(&node.role) != to.as_ref() && !is_client(start, &node.role)) {
        if new.nodes.iter().all(|own| own.role != node.role && own.name != node.name) {
            new.nodes.push(node.clone());
        }
    }
}

/// Whether a line has a meaning under the other protocol, made to have one where that can be.
fn stays(line: &mut SheetLine, info: &ProtocolInfo, start: &Sheet, left: &mut Vec<String>) -> bool {
    match &mut line.what {
        Deed::Link(change) => {
            change.kinds = None;
            true
        }
        Deed::Other { words, needs, .. } => {
            let stays = match needs {
                Needs::Nothing => true,
                Needs::Function(f) => info.functions.iter().any(|function| function.f == *f),
                Needs::Itself => false,
            };
            if !stays {
                left.push(format!("“{words}”"));
            }
            stays
        }
        Deed::Workload(work) => {
            let known = |f: &str| info.functions.iter().any(|function| function.f == f);
            let unknown: Vec<String> = work.mix.keys().filter(|f| !known(f)).cloned().collect();
            for f in &unknown {
                work.mix.remove(f);
                left.push(format!("operations {f}"));
            }
            if work.mix.is_empty() {
                // What the other's clients ask for at its beginning.
                let asks = start.script.iter().find_map(|line| match &line.what {
                    Deed::Workload(work) => Some(work.mix.clone()),
                    _ => None,
                });
                work.mix = asks.unwrap_or_default();
            }
            true
        }
    }
}
