//! A replica: updates its own copy, and merges those of others.

use super::object::{Object, Update};
use super::{Bug, Context, Crdt, Known, Message, Timer};
use crate::base::{NodeId, OpId};
use crate::wire::{Datum, Op, Outcome};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

/// Everything that lasts is on the disk. What is here is for whoever watches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Replica {
    pub me: NodeId,
    /// Operations that were answered, each with the number of updates that there were then.
    pub finished: VecDeque<(u32, u64)>,
    pub made: Option<Made>,
}

/// The update of the last handler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub op: u32,
    pub number: u64,
    pub time: crate::base::Micros,
}

impl Crdt {
    pub(super) fn asked(&self, r: &mut Replica, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let me = ctx.me();
        (r.me, r.made) = (me, None);
        let (mut answer, late) = (Datum::None, self.has(Bug::TellBeforeSync));
        let updates = op.f != "read";
        if updates {
            let value = self.value(&op.value);
            let (time, nodes) = (ctx.local_now(), ctx.setup().nodes.len());
            let known = ctx.disk_mut();
            known.vector.resize(nodes, 0);
            known.vector[me.index()] += 1;
            let number = known.vector[me.index()];
            let update = Update { add: op.f == "add", value: &value, dot: (me, number), time };
            let object = known.objects.entry(op.key.clone()).or_insert_with(|| Object::new(self.kind));
            if let Err(why) = self.update(object, &update) {
                answer = Datum::Text(why.into());
                ctx.note(format!("no effect: {op}, {why}"));
            }
            r.made = Some(Made { op: id.count, number, time });
            if !late {
                ctx.sync();
            }
        } else {
            answer = ctx.disk().objects.get(&op.key).map(|object| self.shown(object, me)).unwrap_or_default();
        }
        if r.finished.len() >= FINISHED_MAX {
            r.finished.pop_front();
        }
        r.finished.push_back((id.count, ctx.disk().vector.get(me.index()).copied().unwrap_or(0)));
        ctx.reply(id, Outcome::Ok, answer);
        if updates && late {
            ctx.sync();
        }
    }

    /// A value as this replica takes it.
    pub(super) fn value(&self, value: &Datum) -> Datum {
        match value {
            Datum::Int(n) if self.values > 0 => Datum::Int(n.rem_euclid(self.values)),
            other => other.clone(),
        }
    }

    pub(super) fn hear(&self, r: &mut Replica, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        (r.me, r.made) = (ctx.me(), None);
        let (other, offered) = match m {
            Message::Offer(other) => (other, true),
            Message::Answer(other) => (other, false),
        };
        let more = |known: &[u64], than: &[u64]| {
            known.iter().enumerate().any(|(i, count)| *count > than.get(i).copied().unwrap_or(0))
        };
        let answers = offered && more(&ctx.disk().vector, &other.vector);
        // A merge of states that contain the same would change nothing.
        if more(&other.vector, &ctx.disk().vector) || self.has(Bug::CounterAdds) {
            self.merge_all(&other, ctx);
            ctx.sync();
        }
        if answers {
            let message = Message::Answer(ctx.disk().clone());
            ctx.send(from, &message);
        }
    }

    fn merge_all(&self, other: &Known, ctx: &mut Context<'_>) {
        let (me, setup) = (ctx.me(), ctx.setup());
        let mut keys: Vec<SmolStr> = ctx.disk().objects.keys().chain(other.objects.keys()).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        let nodes = setup.nodes.len();
        let known = ctx.disk_mut();
        known.vector.resize(nodes, 0);
        let (empty, ours) = (Object::new(self.kind), known.vector.clone());
        let mut changed = Vec::new();
        for key in keys {
            let object = known.objects.entry(key.clone()).or_insert_with(|| empty.clone());
            let before = self.shown(object, me);
            self.merge(object, other.objects.get(&key).unwrap_or(&empty), &ours, &other.vector);
            let after = self.shown(object, me);
            if before != after {
                changed.push(format!("{key} from {before} to {after}"));
            }
        }
        for (own, other) in known.vector.iter_mut().zip(&other.vector) {
            *own = (*own).max(*other);
        }
        if !changed.is_empty() {
            ctx.note(format!("merges: {}", changed.join(", ")));
        }
    }

    /// Offers its state to another replica. Who knows nothing offers nothing.
    pub(super) fn gossip(&self, r: &mut Replica, ctx: &mut Context<'_>) {
        let me = ctx.me();
        (r.me, r.made) = (me, None);
        ctx.set_timer(self.gossip_interval, &Timer::Gossip);
        let others: Vec<NodeId> = ctx.setup().role("peer").filter(|node| *node != me).collect();
        if !others.is_empty() && !ctx.disk().vector.is_empty() {
            let peer = others[ctx.choose("whom to offer", others.len() as u64) as usize];
            let message = Message::Offer(ctx.disk().clone());
            ctx.send(peer, &message);
        }
    }
}
