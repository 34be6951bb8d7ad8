//! A client of the membership: asks one member for its list, or all whether they agree.

use super::{Context, Message, State, Swim, Timer, int, named};
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
    /// What each member answered last: the members that it believes in, or that it left.
    pub answers: LiteMap<NodeId, Option<Vec<NodeId>>>,
}

impl Swim {
    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let named = ctx.setup().role("member").any(|n| ctx.setup().name(n) == op.key);
        if ["leave", "rejoin"].contains(&op.f.as_str()) && !named {
            return ctx.reply(id, Outcome::Fail, Datum::Text(format!("\"{}\" is no member", op.key)));
        }
        let pending = Pending { op: op.clone(), begun: ctx.local_now(), asked: 0, answers: LiteMap::new() };
        c.pending.insert(id.count, pending);
        self.ask(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.asked += 1;
        let members: Vec<NodeId> = ctx.setup().role("member").collect();
        let key = &pending.op.key;
        let (to, question): (Vec<NodeId>, _) = match pending.op.f.as_str() {
            "leave" => (members.into_iter().filter(|n| ctx.setup().name(*n) == *key).collect(), Message::Leave { op }),
            "rejoin" => {
                (members.into_iter().filter(|n| ctx.setup().name(*n) == *key).collect(), Message::Rejoin { op })
            }
            "agreement" => (members, Message::Ask { op }),
            _ => {
                let turn = (op + pending.asked) as usize % members.len().max(1);
                (members.into_iter().skip(turn).take(1).collect(), Message::Ask { op })
            }
        };
        to.into_iter().for_each(|to| ctx.send(to, &question));
    }

    pub(super) fn on_members(
        &self,
        c: &mut Client,
        from: NodeId,
        op: u32,
        members: Option<Vec<NodeId>>,
        ctx: &mut Context<'_>,
    ) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.answers.insert(from, members);
        let answer = match (pending.op.f.as_str(), pending.answers.get(&from)) {
            ("agreement", _) => match agreed(pending, ctx.setup()) {
                Ok(agreed) => names(&agreed, ctx.setup()),
                Err(_) => return,
            },
            ("leave" | "rejoin", _) => Datum::None,
            (_, Some(Some(members))) => names(members, ctx.setup()),
            _ => Datum::Text("it left".into()),
        };
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
        let (outcome, why) = match pending.op.f.as_str() {
            "agreement" => (Outcome::Fail, agreed(&pending, ctx.setup()).err().unwrap_or_default()),
            "leave" | "rejoin" => (Outcome::Unknown, "no answer: it may have happened, or may yet".into()),
            _ => (Outcome::Fail, "no answer".into()),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why));
    }
}

/// Everyone has answered, and all who have not left believe in each other and in nobody else. The error says who does not.
fn agreed(pending: &Pending, setup: &Setup) -> Result<Vec<NodeId>, String> {
    let there = pending.answers.iter().filter(|(_, answer)| answer.is_some());
    let there: Vec<NodeId> = there.map(|(node, _)| *node).collect();
    for node in setup.role("member") {
        let name = setup.name(node);
        match pending.answers.get(&node) {
            None => return Err(format!("{name} has not answered")),
            Some(Some(believed)) if *believed != there => {
                let other = believed
                    .iter()
                    .find(|n| !there.contains(n))
                    .or_else(|| there.iter().find(|n| !believed.contains(n)));
                let other = other.map_or("", |n| setup.name(*n));
                return Err(format!("{name} is wrong about {other}"));
            }
            _ => {}
        }
    }
    Ok(there)
}

fn names(members: &[NodeId], setup: &Setup) -> Datum {
    Datum::List(members.iter().map(|n| Datum::Text(named(setup, *n).to_string())).collect())
}

impl Client {
    pub(super) fn card(&self, card: &mut Card) {
        let oldest = self.pending.first().map(|(_, pending)| pending);
        let answers = oldest.map_or(0, |p| p.answers.len());
        waiting(card, oldest.map(|p| (&p.op, format!("{answers} answered"))), self.pending.len());
        card.probes.push(("answers".into(), int(answers as u64)));
    }
}

/// Who waits, and for whom.
pub(super) fn why_stuck(view: &View<'_, Swim>) -> Option<String> {
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        for p in client.pending.values().take(3) {
            let why = agreed(p, view.setup).err().unwrap_or_default();
            waits.push(format!("{} waits for {} since {}: {why}", view.setup.name(node), p.op, p.begun));
        }
    }
    (!waits.is_empty()).then(|| waits.join("; "))
}
