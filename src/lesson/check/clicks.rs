//! Scripts of random clicks, such as an impatient learner makes.

use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, MsgId, NodeId};
use crate::lesson::format::ButtonFile;
use crate::lesson::runner::entry;
use crate::lesson::spanned::Spanned;
use crate::sim::scenario::LogEntry;
use crate::wire::*;

const CLICKS: u64 = 12;

/// A script of clicks on this run, spread over `length`. Many will have no effect; that is how people click. Where a step
/// has buttons, every third click is on one of them.
pub fn script(run: &Opened, buttons: &[Spanned<ButtonFile>], length: Micros, number: u64) -> Vec<LogEntry> {
    let mut stream = Stream::new(number, Purpose::Script, 0x636c_6963, CLICKS);
    let mut times: Vec<u64> = (0..CLICKS).map(|_| stream.below(length.0.max(1))).collect();
    times.sort_unstable();
    let mut script = Vec::new();
    for at in times.into_iter().map(Micros) {
        if !buttons.is_empty() && stream.below(3) == 0 {
            let button = buttons[stream.below(buttons.len() as u64) as usize].get_ref();
            script.extend(press(button, at, script.len() as u32 + 1));
        } else {
            script.push(entry(at, click(run, &mut stream)));
        }
    }
    script.sort_by_key(|given| given.at);
    script
}

/// What a button does when it is pressed at `at`; `number` tells presses apart.
pub fn press(button: &ButtonFile, at: Micros, number: u32) -> impl Iterator<Item = LogEntry> + '_ {
    button.commands.iter().map(move |given| LogEntry { at: at.plus(given.at), press: number, ..given.clone() })
}

fn click(run: &Opened, stream: &mut Stream) -> Command {
    let nodes = run.nodes.len() as u64;
    let index = stream.below(nodes) as usize;
    let node = run.nodes[index].name.clone();
    match stream.below(9) {
        0 | 1 => Command::Crash(NodeRef { node }),
        2 => Command::Restart(NodeRef { node }),
        3 => Command::Pause(NodeRef { node }),
        4 => Command::Resume(NodeRef { node }),
        5 => {
            let name = format!("cut {}", stream.below(1 << 30));
            Command::Cut(Cut { name, from: vec![node], to: Vec::new(), one_way: stream.chance(0.2) })
        }
        6 => Command::Heal(Heal { name: String::new() }),
        7 => {
            let (from, to) = (NodeId(index as u16), NodeId(stream.below(nodes) as u16));
            let count = stream.below(40) as u32 + 1;
            Command::Drop(MsgRef { message: MsgId { from, to, count, copy: 0 } })
        }
        _ => request(run, stream).unwrap_or(Command::Crash(NodeRef { node })),
    }
}

/// A request by hand, at any of the clients.
fn request(run: &Opened, stream: &mut Stream) -> Option<Command> {
    let clients: Vec<&NodeInfo> = run.nodes.iter().filter(|n| n.client).collect();
    if clients.is_empty() || run.functions.is_empty() {
        return None;
    }
    let client = clients[stream.below(clients.len() as u64) as usize].name.clone();
    let function = &run.functions[stream.below(run.functions.len() as u64) as usize];
    let key = if function.has_key { ["x", "y", "z"][stream.below(3) as usize].into() } else { String::new() };
    let value = if function.has_value { Datum::Int(stream.below(10) as i64) } else { Datum::None };
    Some(Command::Request(ClientRequest { client, op: Op { f: function.f.as_str().into(), key: key.into(), value } }))
}
