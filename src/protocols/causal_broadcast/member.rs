//! A member: its posts, its delay queue, and how it makes up for what was lost.

use super::{Broadcast, Bug, Context, Got, Id, Message, Order, Post, Timer, words};
use crate::base::{Micros, NodeId, OpId};
use crate::wire::{Datum, Op, Outcome};
use serde::{Deserialize, Serialize};

/// The wall shows so many, though nobody lacks them any more.
const SHOWN_MIN: usize = 16;
/// No post is taken while so many are kept.
const KEPT_MAX: usize = 512;
/// A post that comes while so many wait comes again later.
const WAITING_MAX: usize = 512;
/// Posts that one answer has.
const AGAIN_MAX: usize = 64;

/// What is lost in a crash: others send it again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Member {
    /// Section 5.1: the delay queue, in the order of arrival.
    pub waiting: Vec<Held>,
    /// What each member said that it has.
    pub known: Vec<Got>,
    /// Own posts that somebody may lack, with the operations that wait for that.
    pub open: Vec<(u32, Id)>,
    /// Posts that had to wait before they were delivered, and the longest of these times.
    pub late: u64,
    pub late_max: Micros,
    /// Whom of the others it asks next.
    pub next_peer: u32,
    pub last: Last,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub post: Post,
    pub since: Micros,
}

/// What the last handler did, for whoever watches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Last {
    /// Counts the handlers that did something.
    pub turn: u64,
    pub delivered: Vec<Id>,
    pub forgot: Vec<Id>,
    /// The operation that posted.
    pub op: Option<u32>,
}

impl Broadcast {
    pub(super) fn start(&self, ctx: &mut Context<'_>) -> Member {
        let members = ctx.setup().nodes.len();
        ctx.disk_mut().got.upto.resize(members, 0);
        ctx.set_timer(self.ask_interval, &Timer::Ask);
        Member { known: vec![Got::default(); members], ..Member::default() }
    }

    fn sync(&self, now: bool, ctx: &mut Context<'_>) {
        if now != self.has(Bug::TellBeforeSync) {
            ctx.sync();
        }
    }

    fn turn(s: &mut Member) {
        s.last = Last { turn: s.last.turn + 1, ..Last::default() };
    }

    pub(super) fn asked(&self, s: &mut Member, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if op.f == "read" {
            let shown = words::shown(&ctx.disk().wall, &op.key);
            return ctx.reply(id, Outcome::Ok, shown);
        }
        if ctx.disk().wall.len() >= KEPT_MAX {
            let why = Datum::Text("too many posts wait for members that lack them".into());
            return ctx.reply(id, Outcome::Fail, why);
        }
        Self::turn(s);
        s.last.op = Some(id.count);
        let (author, order) = (ctx.me(), self.order);
        let disk = ctx.disk_mut();
        // Step 1: counted, then stamped.
        let own = (author, disk.got.count(author) + 1);
        if !self.has(Bug::NoIncrement) {
            disk.got.add(own);
        }
        let time = if order == Order::Causal { disk.got.upto.clone() } else { vec![disk.got.count(author)] };
        let replies_to = disk.wall.iter().rev().find(|post| post.key == op.key).map(Post::id);
        let post = Post { author, time, key: op.key.clone(), value: op.value.clone(), replies_to };
        s.last.delivered.push(post.id());
        disk.wall.push(post.clone());
        let others = others(ctx);
        self.sync(true, ctx);
        if let Some((first, rest)) = others.split_first() {
            ctx.send(*first, &Message::Post(post.clone()));
            rest.iter().for_each(|other| ctx.send_again(*other));
        }
        if self.everywhere && !others.is_empty() {
            s.open.push((id.count, post.id()));
            ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
        } else {
            ctx.reply(id, Outcome::Ok, Datum::None);
        }
        self.sync(false, ctx);
    }

    pub(super) fn hear(&self, s: &mut Member, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        Self::turn(s);
        match m {
            Message::Post(post) => self.receive(s, vec![post], ctx),
            Message::Again(posts) => {
                let full = posts.len() == AGAIN_MAX;
                self.receive(s, posts, ctx);
                // There may be more where these came from: who has lacked much does not wait for its next turn to ask.
                if full && !s.last.delivered.is_empty() {
                    Self::ask_of(from, ctx);
                }
            }
            Message::Have(got) => self.learn(s, from, got, ctx),
            Message::Ask(got) => {
                let lacks = ctx.disk().wall.iter().filter(|post| !got.has(post.id()));
                let again: Vec<Post> = lacks.take(AGAIN_MAX).cloned().collect();
                let have = Message::Have(ctx.disk().got.clone());
                ctx.send(from, &if again.is_empty() { have } else { Message::Again(again) });
                self.learn(s, from, got, ctx);
            }
        }
    }

    fn receive(&self, s: &mut Member, posts: Vec<Post>, ctx: &mut Context<'_>) {
        for post in posts {
            let id = post.id();
            let known = ctx.disk().got.has(id) && !self.has(Bug::DeliverAgain);
            let nobody = id.0.index() >= s.known.len();
            if nobody || known || s.waiting.len() >= WAITING_MAX || s.waiting.iter().any(|held| held.post.id() == id) {
                continue;
            }
            s.waiting.push(Held { post, since: ctx.elapsed() });
            self.deliver(s, ctx);
            if let Some(held) = s.waiting.last().filter(|held| held.post.id() == id) {
                ctx.note(words::held_back(&held.post, &ctx.disk().got, ctx.setup()));
            }
        }
        if s.last.delivered.is_empty() {
            return;
        }
        let mut authors: Vec<NodeId> = s.last.delivered.iter().map(|id| id.0).collect();
        authors.sort_unstable();
        authors.dedup();
        self.sync(true, ctx);
        for author in authors.into_iter().filter(|_| self.everywhere) {
            let have = Message::Have(ctx.disk().got.clone());
            ctx.send(author, &have);
        }
        self.sync(false, ctx);
    }

    /// Step 3, for all that need not wait any longer.
    fn deliver(&self, s: &mut Member, ctx: &mut Context<'_>) {
        let newest = s.waiting.len() - 1;
        let mut from = if self.has(Bug::NoRecheck) { newest } else { 0 };
        while let Some(place) = (from..s.waiting.len()).find(|i| self.is_next(&s.waiting[*i].post, &ctx.disk().got)) {
            let held = s.waiting.remove(place);
            let waited = ctx.elapsed().since(held.since);
            // The newest one is the only one that did not wait.
            if place < newest {
                s.late += 1;
                s.late_max = s.late_max.max(waited);
                ctx.note(format!("delivers late: {} after {waited}", words::post(&held.post, ctx.setup())));
            }
            s.last.delivered.push(held.post.id());
            let disk = ctx.disk_mut();
            disk.got.add(held.post.id());
            disk.wall.push(held.post);
            if self.has(Bug::NoRecheck) {
                from = s.waiting.len();
            }
        }
    }

    /// Step 2: it is its author's next, and what its author had delivered is delivered here.
    fn is_next(&self, post: &Post, got: &Got) -> bool {
        let ((author, number), next) = (post.id(), got.count(post.author) + 1);
        if self.order == Order::Arrival {
            return true;
        }
        let in_turn =
            number == next || number > next && self.has(Bug::SkipGaps) || number < next && self.has(Bug::DeliverAgain);
        let causes = self.order == Order::Causal && !self.has(Bug::SenderOnly);
        let mut others = post.time.iter().enumerate().filter(|(k, _)| causes && *k != author.index());
        in_turn && others.all(|(k, count)| *count <= got.count(NodeId(k as u16)))
    }

    /// What another member has: posts that all have end for who wrote them, and can be forgotten.
    fn learn(&self, s: &mut Member, from: NodeId, got: Got, ctx: &mut Context<'_>) {
        // What was overtaken on its way says less.
        if got.total() > s.known[from.index()].total() {
            s.known[from.index()] = got;
        }
        let others = others(ctx);
        let known = &s.known;
        let all_have = |id: Id| others.iter().all(|other| known[other.index()].has(id));
        let one_has = |id: Id| others.iter().any(|other| known[other.index()].has(id));
        let stable = |id: Id| if self.has(Bug::ForgetEarly) { one_has(id) } else { all_have(id) };
        let me = ctx.me();
        s.open.retain(|(op, id)| {
            let ends = all_have(*id);
            if ends {
                ctx.cancel_timer(&Timer::GiveUp { op: *op });
                ctx.reply(OpId { client: me, count: *op }, Outcome::Ok, Datum::None);
            }
            !ends
        });
        let old = ctx.disk().wall.len().saturating_sub(SHOWN_MIN);
        let forgot: Vec<Id> = ctx.disk().wall[..old].iter().map(Post::id).filter(|id| stable(*id)).collect();
        if !forgot.is_empty() {
            ctx.disk_mut().wall.retain(|post| !forgot.contains(&post.id()));
            s.last.forgot = forgot;
        }
    }

    /// Asks another member for what is not here.
    pub(super) fn ask(&self, s: &mut Member, ctx: &mut Context<'_>) {
        Self::turn(s);
        ctx.set_timer(self.ask_interval, &Timer::Ask);
        let others = others(ctx);
        if !others.is_empty() {
            // In turn: after so many intervals one has heard of everybody, and knows what can be forgotten.
            s.next_peer = (s.next_peer + 1) % others.len() as u32;
            Self::ask_of(others[(s.next_peer as usize + ctx.me().index()) % others.len()], ctx);
        }
    }

    fn ask_of(peer: NodeId, ctx: &mut Context<'_>) {
        let ask = Message::Ask(ctx.disk().got.clone());
        ctx.send(peer, &ask);
    }

    pub(super) fn give_up(&self, s: &mut Member, op: u32, ctx: &mut Context<'_>) {
        if s.open.iter().any(|(open, _)| *open == op) {
            s.open.retain(|(open, _)| *open != op);
            let why = Datum::Text("somebody has not said that it is there; it comes yet".into());
            ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Unknown, why);
        }
    }
}

/// All members but this one.
fn others(ctx: &Context<'_>) -> Vec<NodeId> {
    ctx.setup().role("member").filter(|node| *node != ctx.me()).collect()
}
