//! A client of the membership: asks one member for its list, or all whether they agree.

use super::{Context, Detector, Message, State, Timer};
use crate::base::{Micros, NodeId, OpId};
use crate::protocols::waiting;
use crate::sim::protocol::{Card, Setup, View};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Client {
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
    /// Whom each member believes in, as it answered last.
    pub answers: LiteMap<NodeId, Vec<NodeId>>,
}

impl Detector {
    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let pending = Pending { op: op.clone(), begun: ctx.elapsed(), asked: 0, answers: LiteMap::new() };
        c.pending.insert(id.count, pending);
        self.ask(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.asked += 1;
        let members: Vec<NodeId> = ctx.setup().role("member").collect();
        let (skip, take) = match pending.op.f == "agreement" {
            true => (0, members.len()),
            false => ((op + pending.asked) as usize % members.len().max(1), 1),
        };
        members.into_iter().skip(skip).take(take).for_each(|to| ctx.send(to, &Message::Ask { op }));
    }

    pub(super) fn on_members(
        &self,
        c: &mut Client,
        from: NodeId,
        op: u32,
        members: Vec<NodeId>,
        ctx: &mut Context<'_>,
    ) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        let answer = names(&members, ctx.setup());
        pending.answers.insert(from, members);
        if pending.op.f == "agreement" && disagreement(pending, ctx.setup()).is_some() {
            return;
        }
        c.pending.remove(&op);
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, answer);
    }

    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.contains_key(&op) {
            self.ask(c, op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        let why = disagreement(&pending, ctx.setup()).filter(|_| pending.op.f == "agreement");
        let why = why.unwrap_or_else(|| "no answer".into());
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Fail, Datum::Text(why));
    }
}

/// Who has not answered, or is wrong about whom: all who are there should believe in all who are there.
fn disagreement(pending: &Pending, setup: &Setup) -> Option<String> {
    let all: Vec<NodeId> = setup.role("member").collect();
    for node in &all {
        match pending.answers.get(node) {
            None => return Some(format!("{} has not answered", setup.name(*node))),
            Some(believed) => {
                if let Some(other) = all.iter().find(|other| !believed.contains(other)) {
                    return Some(format!("{} takes {} for dead", setup.name(*node), setup.name(*other)));
                }
            }
        }
    }
    None
}

fn names(members: &[NodeId], setup: &Setup) -> Datum {
    Datum::List(members.iter().map(|n| Datum::Text(setup.name(*n).into())).collect())
}

impl Client {
    pub(super) fn card(&self, card: &mut Card) {
        let oldest = self.pending.first().map(|(_, pending)| pending);
        let answers = oldest.map_or(0, |p| p.answers.len());
        waiting(card, oldest.map(|p| (&p.op, format!("{answers} answered"))), self.pending.len());
    }
}

/// Who waits, and for whom.
pub(super) fn why_stuck(view: &View<'_, Detector>) -> Option<String> {
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        for p in client.pending.values().take(3) {
            let why = disagreement(p, view.setup).unwrap_or_default();
            waits.push(format!("{} waits for {} since {}: {why}", view.setup.name(node), p.op, p.begun));
        }
    }
    (!waits.is_empty()).then(|| waits.join("; "))
}
