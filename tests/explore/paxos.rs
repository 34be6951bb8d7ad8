//! Single-decree Paxos of three servers, packed: the model of stateright's `examples/paxos.rs` with its actors, its network
//! (a message arrives once, in any order, and what changes nothing is not delivered), its clients (each puts a value of its
//! own, and then gets) and its history of what they were told, which is part of a state. (Lamport: Paxos made simple, SIGACT
//! News 32(4), 2001.) Shared by the tests and the benchmark.

use faultline::base::hash;
use faultline::check::explore::{Model, Property};
use std::cell::RefCell;

pub const SERVERS: u32 = 3;
/// Messages that are under way at once, at most.
const ROOM: usize = 26;
/// Histories whose verdict is kept.
const CACHE: usize = 1 << 12;

pub struct Paxos {
    /// Three at most.
    pub clients: u32,
    /// Of a history, whether it is linearizable.
    verdicts: RefCell<Vec<(u32, bool)>>,
}

/// A ballot is its round and its server, in four bits; the proposal is the client whose value it is, from 1; what was
/// accepted is a ballot and a proposal, and 0 nothing.
///
/// A server: its ballot (4 bits), its proposal (2), who accepted (3), what it has accepted (6), whether it knows the
/// decision (1), whose promises it has (3), and what each of them had accepted (6 each).
#[derive(Clone)]
pub struct State {
    servers: [u64; 3],
    /// Eight bits of each: operations done (2), how many of each other client were done before its get began (2 each), and
    /// what it got (2).
    clients: u32,
    /// In order.
    messages: [u32; ROOM],
    count: u8,
}

const BALLOT: u32 = 0;
const PROPOSAL: u32 = 4;
const ACCEPTS: u32 = 6;
const ACCEPTED: u32 = 9;
const DECIDED: u64 = 1 << 15;
const PROMISES: u32 = 16;
const PROMISED: u32 = 19;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Put,
    Get,
    PutOk,
    GetOk,
    Prepare,
    Prepared,
    Accept,
    Accepted,
    Decided,
}
use Kind::*;
const KINDS: [Kind; 9] = [Put, Get, PutOk, GetOk, Prepare, Prepared, Accept, Accepted, Decided];

/// From, to, kind, ballot with proposal, and what was accepted.
fn message(from: u32, to: u32, kind: Kind, accepted: u64, ballot: u64) -> u32 {
    (kind as u32) << 18 | from << 15 | to << 12 | (accepted as u32) << 6 | ballot as u32
}

fn bits(word: u64, at: u32, many: u32) -> u64 {
    word >> at & ((1 << many) - 1)
}

fn set(word: &mut u64, at: u32, many: u32, value: u64) {
    *word = *word & !(((1 << many) - 1) << at) | value << at;
}

impl State {
    fn send(&mut self, message: u32) {
        let (mut place, count) = (usize::from(self.count), usize::from(self.count));
        assert!(count < ROOM, "there is room for all that is under way");
        while place > 0 && self.messages[place - 1] > message {
            self.messages[place] = self.messages[place - 1];
            place -= 1;
        }
        self.messages[place] = message;
        self.count += 1;
    }

    fn take(&mut self, message: u32) -> bool {
        let count = usize::from(self.count);
        let Some(place) = self.messages[..count].iter().position(|other| *other == message) else { return false };
        self.messages.copy_within(place + 1..count, place);
        self.count -= 1;
        self.messages[count - 1] = 0;
        true
    }

    fn broadcast(&mut self, from: u32, kind: Kind, ballot: u64) {
        for to in (0..SERVERS).filter(|to| *to != from) {
            self.send(message(from, to, kind, 0, ballot));
        }
    }

    fn client(&self, client: u32) -> u32 {
        self.clients >> (8 * client) & 255
    }

    /// A server handles a message; false if that changes nothing.
    fn serve(&mut self, me: u32, from: u32, kind: Kind, accepted: u64, ballot_and_proposal: u64) -> bool {
        let mut own = self.servers[me as usize];
        let (ballot, proposal) = (ballot_and_proposal >> 2, ballot_and_proposal & 3);
        if own & DECIDED != 0 {
            if kind == Get {
                self.send(message(me, from, GetOk, 0, bits(own, ACCEPTED, 6) & 3));
            }
            return kind == Get;
        }
        let current = bits(own, BALLOT, 4);
        match kind {
            Put if bits(own, PROPOSAL, 2) == 0 => {
                let next = ((current >> 2) + 1) << 2 | u64::from(me);
                set(&mut own, PROPOSAL, 2, u64::from(from - SERVERS + 1));
                set(&mut own, BALLOT, 4, next);
                let accepted = bits(own, ACCEPTED, 6);
                set(&mut own, PROMISES, 3, 1 << me);
                set(&mut own, PROMISED, 18, accepted << (6 * me));
                set(&mut own, ACCEPTS, 3, 0);
                self.broadcast(me, Prepare, next << 2);
            }
            Prepare if current < ballot => {
                set(&mut own, BALLOT, 4, ballot);
                self.send(message(me, from, Prepared, bits(own, ACCEPTED, 6), ballot << 2));
            }
            Prepared if ballot == current => {
                let promises = bits(own, PROMISES, 3) | 1 << from;
                set(&mut own, PROMISES, 3, promises);
                set(&mut own, PROMISED + 6 * from, 6, accepted);
                if promises.count_ones() == 2 {
                    let newest = (0..SERVERS).map(|server| bits(own, PROMISED + 6 * server, 6)).max().unwrap_or(0);
                    let proposal = if newest == 0 { bits(own, PROPOSAL, 2) } else { newest & 3 };
                    set(&mut own, PROPOSAL, 2, proposal);
                    set(&mut own, ACCEPTED, 6, ballot << 2 | proposal);
                    own |= 1 << (ACCEPTS + me);
                    self.broadcast(me, Accept, ballot << 2 | proposal);
                }
            }
            Accept if current <= ballot => {
                set(&mut own, BALLOT, 4, ballot);
                set(&mut own, ACCEPTED, 6, ballot << 2 | proposal);
                self.send(message(me, from, Accepted, 0, ballot << 2));
            }
            Accepted if ballot == current => {
                own |= 1 << (ACCEPTS + from);
                if bits(own, ACCEPTS, 3).count_ones() == 2 {
                    let proposal = bits(own, PROPOSAL, 2);
                    own |= DECIDED;
                    self.broadcast(me, Decided, ballot << 2 | proposal);
                    self.send(message(me, SERVERS - 1 + proposal as u32, PutOk, 0, 0));
                }
            }
            Decided => {
                set(&mut own, BALLOT, 4, ballot);
                set(&mut own, ACCEPTED, 6, ballot << 2 | proposal);
                own |= DECIDED;
            }
            _ => return false,
        }
        self.servers[me as usize] = own;
        true
    }

    /// A client is told something.
    fn hear(&mut self, me: u32, all: u32, kind: Kind, value: u64) -> bool {
        let client = me - SERVERS;
        let done = self.client(client) & 3;
        let mut own = self.client(client);
        match (kind, done) {
            (PutOk, 0) => {
                own = 1;
                let others = (0..all).filter(|other| *other != client).enumerate();
                for (place, other) in others {
                    own |= (self.client(other) & 3) << (2 + 2 * place);
                }
                self.send(message(me, (me + 1) % SERVERS, Get, 0, 0));
            }
            (GetOk, 1) => own = own & !3 | 2 | (value as u32) << 6,
            _ => return false,
        }
        self.clients = self.clients & !(255 << (8 * client)) | own << (8 * client);
        true
    }
}

impl Paxos {
    pub fn new(clients: u32) -> Paxos {
        Paxos { clients, verdicts: RefCell::new(vec![(u32::MAX, false); CACHE]) }
    }

    /// Whether one register could have answered the clients so.
    fn linearizable(&self, state: &State) -> bool {
        // Nothing that was read, nothing that could be wrong.
        if (0..self.clients).all(|client| state.client(client) & 3 < 2) {
            return true;
        }
        let place = (state.clients.wrapping_mul(0x9e37_79b1) >> 20) as usize;
        let (known, verdict) = self.verdicts.borrow()[place];
        if known == state.clients {
            return verdict;
        }
        let verdict = self.explained(state, [0; 3], 0);
        self.verdicts.borrow_mut()[place] = (state.clients, verdict);
        verdict
    }

    /// Whether there is an order of what is left, after so many operations of each client, with this value in the register.
    fn explained(&self, state: &State, taken: [u32; 3], value: u32) -> bool {
        let clients = 0..self.clients;
        if clients.clone().all(|client| taken[client as usize] >= state.client(client) & 3) {
            return true;
        }
        for client in clients {
            let (own, before) = (state.client(client), taken[client as usize]);
            let mut next = taken;
            next[client as usize] += 1;
            let possible = match before {
                // A put that is under way may have taken effect.
                0 => self.explained(state, next, client + 1),
                1 if own & 3 == 2 && own >> 6 == value => {
                    let mut others = (0..self.clients).filter(|other| *other != client).enumerate();
                    others.all(|(place, other)| taken[other as usize] >= own >> (2 + 2 * place) & 3)
                        && self.explained(state, next, value)
                }
                _ => false,
            };
            if possible {
                return true;
            }
        }
        false
    }
}

impl Model for Paxos {
    type State = State;
    /// A message arrives.
    type Action = u32;

    fn begin(&self) -> Vec<State> {
        let mut state = State { servers: [0; 3], clients: 0, messages: [0; ROOM], count: 0 };
        for client in SERVERS..SERVERS + self.clients {
            state.send(message(client, client % SERVERS, Put, 0, 0));
        }
        vec![state]
    }

    fn actions(&self, state: &State, into: &mut Vec<u32>) {
        let mut last = u32::MAX;
        for message in &state.messages[..usize::from(state.count)] {
            if *message != last {
                into.push(*message);
            }
            last = *message;
        }
    }

    fn next(&self, state: &State, action: &u32) -> Option<State> {
        let (kind, from, to) = (KINDS[(action >> 18) as usize], action >> 15 & 7, action >> 12 & 7);
        let (accepted, ballot) = (u64::from(action >> 6 & 63), u64::from(action & 63));
        let mut next = state.clone();
        if !next.take(*action) {
            return None;
        }
        let changes = match to < SERVERS {
            true => next.serve(to, from, kind, accepted, ballot),
            false => next.hear(to, self.clients, kind, ballot),
        };
        changes.then_some(next)
    }

    fn properties(&self) -> Vec<Property> {
        vec![Property::always("linearizable"), Property::sometimes("value chosen")]
    }

    fn holds(&self, state: &State) -> u64 {
        let chosen = state.messages[..usize::from(state.count)].iter().any(|message| message >> 18 == GetOk as u32);
        u64::from(self.linearizable(state)) | u64::from(chosen) << 1
    }

    fn fingerprint(&self, state: &State) -> u64 {
        let mut bytes = [0u8; 28 + 4 * ROOM];
        for (place, server) in state.servers.iter().enumerate() {
            bytes[8 * place..8 * place + 8].copy_from_slice(&server.to_le_bytes());
        }
        bytes[24..28].copy_from_slice(&state.clients.to_le_bytes());
        let count = usize::from(state.count);
        for (place, message) in state.messages[..count].iter().enumerate() {
            bytes[28 + 4 * place..32 + 4 * place].copy_from_slice(&message.to_le_bytes());
        }
        hash::bytes(0, &bytes[..28 + 4 * count])
    }
}
