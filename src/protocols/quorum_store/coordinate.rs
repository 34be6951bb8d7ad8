//! The coordinator: sends an operation to all home replicas of its key, answers when enough of them have, and sees to
//! those that are silent or behind. Replicas have one, and clients that coordinate themselves.

use super::replica::Local;
use super::version::{Author, Dot, Held, Mark, Vector, Version};
use super::{Bug, Call, Conflicts, Context, Message, QuorumStore, Reply, Task, Timer};
use crate::base::{Micros, NodeId};
use crate::wire::Datum;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Answers that are remembered for clients that did not get them.
const ANSWERED_MAX: usize = 64;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Coordinator {
    pub life: u32,
    /// Events counted in this life, and the latest stamp given.
    events: u64,
    stamp: Micros,
    begun: u32,
    pub open: LiteMap<u32, Work>,
    answered: VecDeque<Done>,
}

/// An operation that it coordinates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    pub ask: Ask,
    goal: Goal,
    homes: Vec<NodeId>,
    /// Home replicas, and who stands in for each.
    stand_ins: Vec<(NodeId, NodeId)>,
    /// The home replicas that have answered, themselves or by who stands in.
    pub heard: Vec<NodeId>,
    done: Option<Reply>,
}

/// Whose operation it is, and on what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    pub client: NodeId,
    pub call: Call,
    pub key: SmolStr,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Goal {
    Put { held: Held, mark: Mark, context: Vector },
    Get { found: LiteMap<NodeId, Held> },
}

/// An answer to a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    pub ask: Ask,
    pub reply: Reply,
}

impl Coordinator {
    pub(super) fn new(life: u32) -> Coordinator {
        Coordinator { life, ..Coordinator::default() }
    }

    /// The answer to what it was asked before, or None inside if that is under way.
    pub(super) fn known(&self, client: NodeId, call: Call) -> Option<Option<Done>> {
        let same = |ask: &Ask| ask.client == client && ask.call == call;
        let open = self.open.values().find(|work| same(&work.ask));
        let answered = || self.answered.iter().find(|done| same(&done.ask)).map(|done| Some(done.clone()));
        open.map(|work| work.done.clone().map(|reply| Done { ask: work.ask.clone(), reply })).or_else(answered)
    }

    fn work(&mut self, task: Task) -> Option<&mut Work> {
        if task.life == self.life { self.open.get_mut(&task.number) } else { None }
    }

    /// The next event and its moment by the own clock. Both only grow, whatever the clock does.
    fn mark(&mut self, before: &Held, life: u32, ctx: &Context<'_>) -> Mark {
        let node = ctx.me();
        let own = |dot: &&Dot| (dot.node, dot.life) == (node, life);
        let counted = before.seen().0.iter().find(own).map_or(0, |dot| dot.count);
        self.events = self.events.max(counted) + 1;
        self.stamp = ctx.local_now().max(self.stamp.plus(Micros(1)));
        Mark { stamp: self.stamp, dot: Dot { node, life, count: self.events } }
    }
}

impl Work {
    /// In which order they answered makes no difference.
    fn hear(&mut self, home: NodeId) {
        self.heard.push(home);
        self.heard.sort_unstable();
    }
}

impl QuorumStore {
    /// A new version, which supersedes what its client had read (Preguiça, 2012: `update`). Under siblings all that the
    /// coordinator holds goes with it.
    pub(super) fn begin_put(
        &self,
        c: &mut Coordinator,
        local: Option<&mut Local>,
        ask: Ask,
        (value, past): (Datum, Vector),
        ctx: &mut Context<'_>,
    ) -> Option<Done> {
        let homes = self.asked(&ask.key, ctx)?;
        let siblings = self.conflicts == Conflicts::Siblings;
        if siblings && !homes.contains(&ctx.me()) {
            return None;
        }
        let own = ctx.disk().held.get(&ask.key).cloned().unwrap_or_default();
        let mark = c.mark(&own, if self.has(Bug::DotWithoutLife) { 1 } else { c.life }, ctx);
        let author = Author { client: ask.client, life: ask.call.life, op: ask.call.op };
        let mut held = Held::of(Version { mark, author, past, value });
        if siblings {
            let new = std::mem::replace(&mut held, own);
            held.merge(&new, self.conflicts);
        }
        let context = if self.has(Bug::ContextFromPut) { held.seen() } else { Vector::default() };
        self.start(c, local, ask, Goal::Put { held, mark, context }, homes, ctx)
    }

    pub(super) fn begin_get(
        &self,
        c: &mut Coordinator,
        local: Option<&mut Local>,
        ask: Ask,
        ctx: &mut Context<'_>,
    ) -> Option<Done> {
        let homes = self.asked(&ask.key, ctx)?;
        self.start(c, local, ask, Goal::Get { found: LiteMap::new() }, homes, ctx)
    }

    /// The replicas that an operation on a key is for: its home, of which in a gossip each answers by itself.
    fn asked(&self, key: &str, ctx: &Context<'_>) -> Option<Vec<NodeId>> {
        let mut homes = self.homes(ctx.setup(), key);
        if self.gossip {
            homes.retain(|home| *home == ctx.me());
        }
        (!homes.is_empty()).then_some(homes)
    }

    /// All home replicas are asked at once; its own copy it sees to itself (Dynamo, section 4.5).
    fn start(
        &self,
        c: &mut Coordinator,
        local: Option<&mut Local>,
        ask: Ask,
        goal: Goal,
        homes: Vec<NodeId>,
        ctx: &mut Context<'_>,
    ) -> Option<Done> {
        c.begun += 1;
        let (number, me) = (c.begun, ctx.me());
        let task = Task { life: c.life, number };
        let work = Work { ask, goal, homes, stand_ins: Vec::new(), heard: Vec::new(), done: None };
        work.homes.iter().filter(|home| **home != me).for_each(|home| send(&work, task, *home, None, ctx));
        ctx.set_timer(self.suspect_after, &Timer::Suspect { task: number });
        ctx.set_timer(self.give_up_after, &Timer::Deadline { task: number });
        let work = c.open.entry(number).or_insert(work);
        if let Some(local) = local.filter(|_| work.homes.contains(&me)) {
            match &mut work.goal {
                Goal::Put { held, .. } => self.keep(local, &work.ask.key, held, ctx),
                Goal::Get { found } => {
                    found.insert(me, ctx.disk().held.get(&work.ask.key).cloned().unwrap_or_default());
                }
            }
            work.hear(me);
        }
        self.look(c, None, number, ctx)
    }

    pub(super) fn on_ack(
        &self,
        c: &mut Coordinator,
        from: NodeId,
        task: Task,
        instead_of: Option<NodeId>,
        ctx: &mut Context<'_>,
    ) -> Option<Done> {
        let work = c.work(task)?;
        let whose = if self.has(Bug::StandInCountsTwice) { from } else { instead_of.unwrap_or(from) };
        if !matches!(work.goal, Goal::Put { .. }) || work.heard.contains(&whose) {
            return None;
        }
        work.hear(whose);
        self.look(c, None, task.number, ctx)
    }

    pub(super) fn on_response(
        &self,
        c: &mut Coordinator,
        local: Option<&mut Local>,
        from: NodeId,
        (task, instead_of): (Task, Option<NodeId>),
        held: Held,
        ctx: &mut Context<'_>,
    ) -> Option<Done> {
        let work = c.work(task)?;
        let whose = instead_of.unwrap_or(from);
        let Goal::Get { found } = &mut work.goal else { return None };
        if work.heard.contains(&whose) {
            return None;
        }
        found.insert(whose, held);
        work.hear(whose);
        self.look(c, local, task.number, ctx)
    }

    /// Whether enough have answered, and whether all have.
    fn look(&self, c: &mut Coordinator, local: Option<&mut Local>, number: u32, ctx: &mut Context<'_>) -> Option<Done> {
        let work = c.open.get_mut(&number)?;
        let done = match &work.goal {
            _ if work.done.is_some() || work.heard.len() < self.needed(work) => None,
            Goal::Put { mark, context, .. } => Some(Reply::Stored(*mark, context.clone())),
            Goal::Get { found } => Some(Reply::Found(self.merged(found))),
        };
        let done = done.map(|reply| Done { ask: work.ask.clone(), reply });
        if let Some(done) = &done {
            work.done = Some(done.reply.clone());
            if c.answered.len() >= ANSWERED_MAX {
                c.answered.pop_front();
            }
            c.answered.push_back(done.clone());
        }
        if work.heard.len() >= work.homes.len() {
            self.end(c, local, number, ctx);
        }
        done
    }

    fn needed(&self, work: &Work) -> usize {
        let (quorum, early) = match work.goal {
            Goal::Put { .. } => (self.write_quorum, self.has(Bug::AnswerEarly)),
            Goal::Get { .. } => (self.read_quorum, self.has(Bug::ShortRead)),
        };
        quorum.min(work.homes.len()).saturating_sub(usize::from(early)).max(1)
    }

    fn merged(&self, found: &LiteMap<NodeId, Held>) -> Held {
        let mut all = Held::default();
        for held in found.values() {
            all.merge(held, self.conflicts);
        }
        all
    }

    /// Who is silent is asked again. Others stand in for them, the next on the ring (Dynamo, section 4.6); with strict
    /// quorums a coordinator keeps a hint itself, which counts for nothing (as Cassandra's do).
    pub(super) fn on_suspect(
        &self,
        c: &mut Coordinator,
        local: Option<&mut Local>,
        number: u32,
        ctx: &mut Context<'_>,
    ) {
        let (task, me) = (Task { life: c.life, number }, ctx.me());
        let Some(work) = c.open.get_mut(&number) else { return };
        // A get that was answered waits for the others only to see whether they are behind.
        if matches!(work.goal, Goal::Get { .. }) && work.done.is_some() {
            return;
        }
        let silent = work.homes.iter().filter(|home| !work.heard.contains(home) && **home != me);
        let silent: Vec<NodeId> = silent.copied().collect();
        let mut order = if self.sloppy { self.order(ctx.setup(), &work.ask.key) } else { Vec::new() };
        order.retain(|node| *node != me && !work.homes.contains(node));
        let mut hints: Vec<NodeId> = Vec::new();
        for home in silent {
            send(work, task, home, None, ctx);
            let stood_in = work.stand_ins.iter().find(|(absent, _)| *absent == home).map(|(_, node)| *node);
            let free = || order.iter().find(|node| work.stand_ins.iter().all(|(_, busy)| busy != *node)).copied();
            match stood_in.or_else(free) {
                Some(node) if node != me => {
                    send(work, task, node, Some(home), ctx);
                    if stood_in.is_none() {
                        let name = |node| ctx.setup().name(node).to_owned();
                        let note = format!("stands in: {} for {}, {}", name(node), name(home), work.ask.key);
                        work.stand_ins.push((home, node));
                        ctx.note(note);
                    }
                }
                None if !self.sloppy && self.handoff => hints.push(home),
                _ => {}
            }
        }
        ctx.set_timer(self.suspect_after, &Timer::Suspect { task: number });
        if let (Some(local), Goal::Put { held, .. }) = (local, &work.goal)
            && !hints.is_empty()
        {
            for home in hints {
                work.stand_ins.push((home, me));
                self.take_hint(local, home, &work.ask.key, held, ctx);
            }
            self.settle(local, ctx);
        }
    }

    /// What has not been answered by now will not be.
    pub(super) fn on_deadline(
        &self,
        c: &mut Coordinator,
        local: Option<&mut Local>,
        number: u32,
        ctx: &mut Context<'_>,
    ) {
        let Some(work) = c.open.get(&number) else { return };
        if work.done.is_none() {
            let (heard, needed) = (work.heard.len(), self.needed(work));
            ctx.note(format!("too few answers: {heard} of {needed} for {}", work.ask.key));
        }
        self.end(c, local, number, ctx);
    }

    fn end(&self, c: &mut Coordinator, local: Option<&mut Local>, number: u32, ctx: &mut Context<'_>) {
        ctx.cancel_timer(&Timer::Suspect { task: number });
        ctx.cancel_timer(&Timer::Deadline { task: number });
        let Some(work) = c.open.remove(&number) else { return };
        if let Goal::Get { found } = &work.goal
            && self.read_repair
        {
            self.repair(local, &work.ask.key, found, ctx);
        }
    }

    /// Those that are behind get what the others hold (Dynamo, section 5).
    fn repair(&self, local: Option<&mut Local>, key: &SmolStr, found: &LiteMap<NodeId, Held>, ctx: &mut Context<'_>) {
        let all = self.merged(found);
        let behind: Vec<NodeId> = found.iter().filter(|(_, held)| **held != all).map(|(node, _)| *node).collect();
        if behind.is_empty() {
            return;
        }
        let names: Vec<&str> = behind.iter().map(|node| ctx.setup().name(*node)).collect();
        let note = format!("read repair: {} on {}", all.words(key), names.join(", "));
        ctx.note(note);
        let me = ctx.me();
        for node in behind.iter().filter(|node| **node != me) {
            ctx.send(*node, &Message::Repair { key: key.clone(), held: all.clone() });
        }
        if let Some(local) = local.filter(|_| behind.contains(&me)) {
            self.keep(local, key, &all, ctx);
        }
    }
}

/// Asks a home replica, or who stands in for one.
fn send(work: &Work, task: Task, to: NodeId, instead_of: Option<NodeId>, ctx: &mut Context<'_>) {
    let key = work.ask.key.clone();
    let question = match &work.goal {
        Goal::Put { held, .. } => Message::Write { task, instead_of, key, held: held.clone() },
        Goal::Get { .. } => Message::Read { task, instead_of, key },
    };
    ctx.send(to, &question);
}
