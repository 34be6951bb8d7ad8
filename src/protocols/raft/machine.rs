//! The replicated state machine: a map from keys to values, and the sessions that make retries exactly-once
//! (section 8; dissertation, section 6.3).
//!
//! Everything here is a function of the log alone, expiry of sessions included: when a session is opened and there are too
//! many, the one that was used longest ago, by log index, is forgotten.

use super::log::{Command, Entry, Payload};
use crate::base::NodeId;
use crate::wire::{Datum, Op};
use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

/// The longest list that `append` makes.
pub const LIST_MAX: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    #[serde(deserialize_with = "by_insertion")]
    pub map: LiteMap<SmolStr, Datum>,
    /// In the order of their ids.
    pub sessions: Vec<Session>,
}

/// Reads a map, whose encoding is that of a list of pairs. The map's own reader brings a sort along, for maps out of order.
fn by_insertion<'de, D: Deserializer<'de>>(d: D) -> Result<LiteMap<SmolStr, Datum>, D::Error> {
    let mut map = LiteMap::new();
    for (key, value) in Vec::deserialize(d)? {
        map.insert(key, value);
    }
    Ok(map)
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: u64,
    /// By which client, in which operation.
    pub opened: (NodeId, u32),
    /// The index of its last command.
    pub used: u64,
    /// Operations below are over for the client.
    pub settled: u32,
    pub answers: Vec<Answered>,
}

/// An operation that was carried out, by which entry, and what it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    pub serial: u32,
    pub index: u64,
    pub answer: Datum,
}

/// What applying an entry came to, for whoever waits for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    Nothing,
    Answer(Datum),
    Session(u64),
    Expired,
}

impl Machine {
    /// Applies the entry at `index`. `forgetful`: a planted bug.
    pub fn apply(&mut self, index: u64, entry: &Entry, sessions_max: usize, forgetful: bool) -> Applied {
        match &entry.payload {
            Payload::NoOp | Payload::Config(_) => Applied::Nothing,
            Payload::Register { client, serial } => {
                let opened = (*client, *serial);
                if let Some(known) = self.sessions.iter().find(|s| s.opened == opened) {
                    return Applied::Session(known.id);
                }
                if self.sessions.len() >= sessions_max {
                    let oldest = self.sessions.iter().enumerate().min_by_key(|(_, s)| s.used).map(|(i, _)| i);
                    oldest.map(|i| self.sessions.remove(i));
                }
                self.sessions.push(Session { id: index, opened, used: index, ..Session::default() });
                Applied::Session(index)
            }
            Payload::Command(command) if command.op.f == "get" => Applied::Answer(self.get(&command.op.key)),
            Payload::Command(command) => self.command(index, command, forgetful),
        }
    }

    fn command(&mut self, index: u64, command: &Command, forgetful: bool) -> Applied {
        let ticket = command.ticket;
        let Ok(place) = self.place(ticket.session) else { return Applied::Expired };
        let session = &mut self.sessions[place];
        session.used = index;
        session.settled = session.settled.max(ticket.settled);
        let settled = session.settled;
        session.answers.retain(|known| known.serial >= settled);
        if !forgetful {
            if ticket.serial < settled {
                return Applied::Nothing;
            }
            if let Some(known) = session.answers.iter().find(|known| known.serial == ticket.serial) {
                return Applied::Answer(known.answer.clone());
            }
        }
        let answer = execute(&mut self.map, &command.op);
        let answers = &mut self.sessions[place].answers;
        answers.retain(|known| known.serial != ticket.serial);
        answers.push(Answered { serial: ticket.serial, index, answer: answer.clone() });
        Applied::Answer(answer)
    }

    fn place(&self, session: u64) -> Result<usize, usize> {
        self.sessions.binary_search_by_key(&session, |s| s.id)
    }

    pub fn get(&self, key: &str) -> Datum {
        self.map.get(key).cloned().unwrap_or_default()
    }

    /// What is remembered of an operation.
    pub fn answered(&self, session: u64, serial: u32) -> Option<&Answered> {
        let session = &self.sessions[self.place(session).ok()?];
        session.answers.iter().find(|known| known.serial == serial)
    }
}

/// `put` answers nothing. `append` makes a list of what there is and adds to it. `cas` (compare and set) with the value
/// `[expected, new]` answers `[1, before]` if it set, `[0, before]` if something else was there.
fn execute(map: &mut LiteMap<SmolStr, Datum>, op: &Op) -> Datum {
    let before = map.get(op.key.as_str());
    match (op.f.as_str(), &op.value) {
        ("append", value) => {
            let mut list = match before {
                None | Some(Datum::None) => Vec::new(),
                Some(Datum::List(list)) => list.clone(),
                Some(one) => vec![one.clone()],
            };
            if list.len() >= LIST_MAX {
                return Datum::Text(format!("not appended: the list has {LIST_MAX} values"));
            }
            list.push(value.clone());
            set(map, &op.key, Datum::List(list));
            Datum::None
        }
        ("cas", Datum::List(pair)) if pair.len() == 2 => {
            let before = before.cloned().unwrap_or_default();
            let sets = before == pair[0];
            if sets {
                set(map, &op.key, pair[1].clone());
            }
            Datum::List(vec![Datum::Int(i64::from(sets)), before])
        }
        (_, value) => {
            set(map, &op.key, value.clone());
            Datum::None
        }
    }
}

fn set(map: &mut LiteMap<SmolStr, Datum>, key: &str, value: Datum) {
    match map.get_mut(key) {
        Some(known) => *known = value,
        None => drop(map.insert(key.into(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::Ticket;
    use super::*;
    use std::rc::Rc;

    fn apply(machine: &mut Machine, index: u64, session: u64, serial: u32, settled: u32, f: &str, v: Datum) -> Applied {
        let op = Op { f: f.into(), key: "x".into(), value: v };
        let ticket = Ticket { session, serial, settled };
        let payload = Payload::Command(Rc::new(Command { ticket, op }));
        machine.apply(index, &Entry { term: 1, payload }, 2, false)
    }

    fn register(machine: &mut Machine, index: u64) {
        let payload = Payload::Register { client: NodeId(9), serial: index as u32 };
        assert_eq!(
            machine.apply(index, &Entry { term: 1, payload: payload.clone() }, 2, false),
            Applied::Session(index)
        );
        // A copy of the request opens no other session.
        assert_eq!(machine.apply(index + 100, &Entry { term: 1, payload }, 2, false), Applied::Session(index));
    }

    #[test]
    fn an_operation_is_carried_out_once_and_answered_each_time() {
        let (mut m, int) = (Machine::default(), Datum::Int);
        register(&mut m, 1);
        let done = Applied::Answer(Datum::None);
        assert_eq!(apply(&mut m, 2, 1, 1, 1, "append", int(7)), done);
        assert_eq!(apply(&mut m, 3, 1, 1, 1, "append", int(7)), done);
        assert_eq!(m.get("x"), Datum::List(vec![int(7)]));
        let pair = Datum::List(vec![Datum::List(vec![int(7)]), int(8)]);
        let swapped = Applied::Answer(Datum::List(vec![int(1), Datum::List(vec![int(7)])]));
        assert_eq!(apply(&mut m, 4, 1, 2, 1, "cas", pair.clone()), swapped);
        // The client has done with operation 2: its late copy does nothing.
        assert_eq!(apply(&mut m, 5, 1, 3, 3, "put", int(9)), done);
        assert_eq!(apply(&mut m, 6, 1, 2, 1, "cas", pair.clone()), Applied::Nothing);
        let kept = Applied::Answer(Datum::List(vec![int(0), int(9)]));
        assert_eq!(apply(&mut m, 7, 1, 4, 3, "cas", pair), kept);
        assert_eq!(m.get("x"), int(9));
    }

    #[test]
    fn the_session_used_longest_ago_expires() {
        let mut m = Machine::default();
        register(&mut m, 1);
        register(&mut m, 2);
        apply(&mut m, 3, 1, 1, 1, "put", Datum::Int(1));
        register(&mut m, 4);
        assert_eq!(apply(&mut m, 5, 2, 1, 1, "put", Datum::Int(2)), Applied::Expired);
        assert_eq!(apply(&mut m, 6, 1, 2, 2, "put", Datum::Int(3)), Applied::Answer(Datum::None));
        assert_eq!(m.sessions.iter().map(|s| s.id).collect::<Vec<_>>(), [1, 4]);
    }

    #[test]
    fn lists_are_bounded() {
        let mut map = LiteMap::new();
        let op = Op { f: "append".into(), key: "x".into(), value: Datum::Int(1) };
        for _ in 0..LIST_MAX {
            assert_eq!(execute(&mut map, &op), Datum::None);
        }
        assert!(matches!(execute(&mut map, &op), Datum::Text(_)));
    }
}
