//! The client: finds the leader by redirects and by trying, asks again, and gives up (section 8).
//!
//! Its first write opens a session; every command carries the session, its number, and below which number all are over, so
//! that a command that is sent again takes effect once (dissertation, section 6.3). A client that restarts opens another
//! session.
//!
//! How an operation ends for its caller:
//! - ok: it was carried out once, and this is what it answered.
//! - fail: it has certainly no effect. A get never has one; a command was refused, or never sent.
//! - unknown: given up after it was sent, or the session expired. It may have taken effect, or may yet.

use super::messages::{Ask, Message, Reply, Ticket, Timer};
use super::{Context, Raft};
use crate::base::{Micros, NodeId, OpId};
use crate::protocols::waiting;
use crate::sim::protocol::{Card, Setup};
use crate::wire::{Datum, Op, Outcome};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Finished operations and keys that are remembered.
const FINISHED_MAX: usize = 32;
const SEEN_MAX: usize = 64;
/// Redirects that are followed at once, for each time an operation is asked.
const REDIRECTS_MAX: u32 = 3;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Whom it takes for the leader.
    pub server: NodeId,
    /// Whom it tried last of its own accord: redirects may lead in circles that leave the leader out.
    pub tried: NodeId,
    /// 0 while it has none; then the operation that first asked for one, and the one that asks now.
    pub session: u64,
    pub first: Option<u32>,
    pub opening: Option<u32>,
    /// In the order of their beginnings.
    pub pending: Vec<Pending>,
    /// The index of the log as of which each operation that ended well was answered, newest last.
    pub finished: VecDeque<(u32, u64)>,
    /// What it last read or wrote: a compare-and-set with one value expects that.
    pub seen: Vec<(SmolStr, Datum)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: u32,
    pub what: Op,
    pub begun: Micros,
    /// The session that it is sent under, once it was sent.
    pub session: u64,
    /// Whom it asked last.
    pub asked: Option<NodeId>,
    pub redirects: u32,
}

/// The servers, members or not, in order.
fn servers(setup: &Setup) -> impl Iterator<Item = NodeId> + Clone + '_ {
    setup.nodes.iter().enumerate().filter(|(_, node)| !node.client).map(|(i, _)| NodeId(i as u16))
}

impl Raft {
    pub(super) fn start_client(&self, ctx: &Context<'_>) -> Client {
        let (me, setup) = (ctx.me(), ctx.setup());
        let place = setup.role("client").position(|node| node == me).unwrap_or(0);
        let server = servers(setup).nth(place % servers(setup).count().max(1)).unwrap_or(me);
        let (pending, finished, seen) = (Vec::new(), VecDeque::new(), Vec::new());
        Client { server, tried: server, session: 0, first: None, opening: None, pending, finished, seen }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let mut what = op.clone();
        if what.f == "cas" && !matches!(&what.value, Datum::List(pair) if pair.len() == 2) {
            let seen = c.seen.iter().find(|(key, _)| *key == what.key).map(|(_, value)| value.clone());
            what.value = Datum::List(vec![seen.unwrap_or_default(), what.value]);
        }
        if let Some(unknown) = unknown_server(&what, ctx.setup()) {
            return ctx.reply(id, Outcome::Fail, Datum::Text(format!("\"{unknown}\" is no server")));
        }
        let begun = ctx.local_now();
        c.pending.push(Pending { op: id.count, what, begun, session: 0, asked: None, redirects: 0 });
        self.ask(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// Sends an operation to the supposed leader; a command without a session waits until there is one.
    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let settled = c.pending.first().map_or(op, |first| first.op);
        let Some(pending) = c.pending.iter_mut().find(|p| p.op == op) else { return };
        let what = if !is_command(&pending.what) {
            request(&pending.what, ctx.setup())
        } else if pending.session > 0 || c.session > 0 {
            if pending.session == 0 {
                pending.session = c.session;
            }
            let ticket = Ticket { session: pending.session, serial: op, settled };
            Ask::Write { ticket, op: pending.what.clone() }
        } else if c.opening.is_none_or(|by| by == op) {
            c.opening = Some(op);
            Ask::Register { first: *c.first.get_or_insert(op) }
        } else {
            return;
        };
        pending.asked = Some(c.server);
        ctx.send(c.server, &Message::Ask { serial: op, what });
    }

    pub(super) fn on_answer(&self, c: &mut Client, from: NodeId, op: u32, reply: Reply, ctx: &mut Context<'_>) {
        let opening = c.opening == Some(op);
        match reply {
            Reply::NotLeader(Some(leader)) if leader != from => {
                let pending = c.pending.iter_mut().find(|p| p.op == op && p.asked == Some(from));
                if let Some(pending) = pending.filter(|p| p.redirects < REDIRECTS_MAX) {
                    pending.redirects += 1;
                    c.server = leader;
                    self.ask(c, op, ctx);
                }
            }
            // There may be no leader at the moment: the retry tries another server.
            Reply::NotLeader(_) | Reply::Later => {}
            Reply::Session(session) if opening => {
                (c.session, c.first, c.opening, c.server) = (session, None, None, from);
                let waits: Vec<u32> = c.pending.iter().filter(|p| p.session == 0).map(|p| p.op).collect();
                let commands =
                    waits.into_iter().filter(|op| c.pending.iter().any(|p| p.op == *op && is_command(&p.what)));
                commands.collect::<Vec<_>>().into_iter().for_each(|op| self.ask(c, op, ctx));
            }
            Reply::Session(_) => {}
            Reply::Refused(why) => self.finish(c, op, Outcome::Fail, Datum::Text(why), ctx),
            Reply::Expired => {
                let expired = c.pending.iter().find(|p| p.op == op).map(|p| p.session);
                if expired == Some(c.session) {
                    c.session = 0;
                }
                self.finish(c, op, Outcome::Unknown, Datum::Text("the client's session expired".into()), ctx);
            }
            Reply::Done { value, index } => {
                c.server = from;
                if let Some(place) = c.pending.iter().position(|p| p.op == op) {
                    c.saw(place, &value);
                    c.finished.push_back((op, index));
                    if c.finished.len() > FINISHED_MAX {
                        c.finished.pop_front();
                    }
                    self.finish(c, op, Outcome::Ok, value, ctx);
                }
            }
        }
    }

    fn finish(&self, c: &mut Client, op: u32, outcome: Outcome, answer: Datum, ctx: &mut Context<'_>) {
        let Some(place) = c.pending.iter().position(|p| p.op == op) else { return };
        c.pending.remove(place);
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, answer);
        // Another command that waits for a session asks for it.
        if c.opening == Some(op) {
            c.opening = None;
            let next = c.pending.iter().find(|p| p.session == 0 && is_command(&p.what)).map(|p| p.op);
            next.into_iter().for_each(|op| self.ask(c, op, ctx));
        }
    }

    /// No answer: the request or the answer was lost, or the server is down, or leads nobody. The next server may know.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.iter_mut().find(|p| p.op == op) else { return };
        pending.redirects = 0;
        if pending.asked == Some(c.server) {
            let all = servers(ctx.setup());
            c.tried = all.clone().find(|server| *server > c.tried).or(all.clone().next()).unwrap_or(c.tried);
            c.server = c.tried;
        }
        self.ask(c, op, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op });
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.iter().find(|p| p.op == op) else { return };
        let harmless = pending.what.f == "get" || is_command(&pending.what) && pending.session == 0;
        let (outcome, why) = match harmless {
            true => (Outcome::Fail, "no answer in time"),
            false => (Outcome::Unknown, "no answer in time: it may have happened, or may yet"),
        };
        self.finish(c, op, outcome, Datum::Text(why.into()), ctx);
    }

    pub(super) fn client_card(&self, c: &Client, card: &mut Card) {
        let oldest = c.pending.first();
        let progress = |p: &Pending| match p.asked {
            _ if is_command(&p.what) && p.session == 0 => "opens a session".to_string(),
            Some(_) => "asked".to_string(),
            None => "waits".to_string(),
        };
        waiting(card, oldest.map(|p| (&p.what, progress(p))), c.pending.len());
        card.probes.push(("session".into(), Datum::Int(c.session as i64)));
        card.probes.push(("asks".into(), Datum::Int(i64::from(c.server.0))));
    }
}

impl Client {
    /// What the pending operation at `place` tells of its key, now that it is answered.
    fn saw(&mut self, place: usize, answer: &Datum) {
        let op = &self.pending[place].what;
        let value = match (op.f.as_str(), answer, &op.value) {
            ("get", value, _) => value.clone(),
            ("put", _, value) => value.clone(),
            ("cas", Datum::List(done), Datum::List(pair)) if done.len() == 2 && pair.len() == 2 => {
                if done[0] == Datum::Int(1) { pair[1].clone() } else { done[1].clone() }
            }
            _ => return,
        };
        let known = self.seen.iter().position(|(key, _)| *key == op.key);
        let key = known.map_or_else(|| op.key.clone(), |known| self.seen.remove(known).0);
        if self.seen.len() >= SEEN_MAX {
            self.seen.remove(0);
        }
        self.seen.push((key, value));
    }
}

/// A command changes the map, and goes by a session.
pub(super) fn is_command(op: &Op) -> bool {
    matches!(op.f.as_str(), "put" | "append" | "cas")
}

fn request(op: &Op, setup: &Setup) -> Ask {
    let node = || node(setup, &op.key).unwrap_or_default();
    match op.f.as_str() {
        "add-server" => Ask::AddServer(node()),
        "remove-server" => Ask::RemoveServer(node()),
        "change-members" => {
            Ask::ChangeMembers(names(&op.value).iter().filter_map(|name| self::node(setup, name)).collect())
        }
        "transfer-leadership" if op.key.is_empty() => Ask::TransferLeadership(None),
        "transfer-leadership" => Ask::TransferLeadership(Some(node())),
        _ => Ask::Read { key: op.key.clone() },
    }
}

/// A name in an administrative operation that no server has.
fn unknown_server(op: &Op, setup: &Setup) -> Option<SmolStr> {
    let words = match op.f.as_str() {
        "add-server" | "remove-server" => vec![op.key.clone()],
        "transfer-leadership" if !op.key.is_empty() => vec![op.key.clone()],
        "change-members" => names(&op.value).into_iter().map(Into::into).collect(),
        _ => return None,
    };
    words.into_iter().find(|name| node(setup, name).is_none())
}

fn node(setup: &Setup, name: &str) -> Option<NodeId> {
    servers(setup).find(|node| setup.name(*node) == name)
}

/// `"n1 n2 n3"`, or a list of names.
fn names(value: &Datum) -> Vec<String> {
    match value {
        Datum::Text(text) => text.split([' ', ',']).filter(|word| !word.is_empty()).map(String::from).collect(),
        Datum::List(items) => items.iter().map(Datum::to_string).collect(),
        other => vec![other.to_string()],
    }
}
