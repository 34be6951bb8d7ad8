//! What must hold at every moment, and why it does not when it does not.
//!
//! The checks know by themselves what happened before what: they see which posts a member had delivered when it wrote one,
//! and take nothing from the vectors.

use super::{Broadcast, Got, Id};
use crate::base::NodeId;
use crate::protocols::remembered::Remembered;
use crate::sim::protocol::{StepFacts, View};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 8] = [
    ("no reply before its comment", "A member is shown a reply only when it has been shown what it replies to."),
    (
        "causal delivery",
        "A post is delivered only after all posts of others that its author had delivered, or that happened before those \
         (Birman 1991, section 5.1).",
    ),
    ("FIFO delivery", "The posts of one author are delivered in the order in which they were written."),
    ("delivered once", "A member delivers a post at most once."),
    ("one number, one post", "No two posts of an author have the same number, across crashes."),
    ("what was told is on disk", "A post that another member or a user has heard of survives its author's crash."),
    (
        "nothing waits without a cause",
        "A post in a delay queue waits for one that happened before it and is not delivered there.",
    ),
    ("kept until all have it", "A member forgets a post only when every member has it on its disk."),
];
const REPLY: u16 = 0;
const CAUSAL: u16 = 1;
const FIFO: u16 = 2;
const ONCE: u16 = 3;
const NUMBER: u16 = 4;
const TOLD: u16 = 5;
const WAITS: u16 = 6;
const KEPT: u16 = 7;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    posts: Remembered<Id, Made>,
    members: LiteMap<NodeId, Witnessed>,
}

/// A post, as it was written.
#[derive(Clone, Default, Serialize)]
struct Made {
    /// For each member, how many of its posts happened before this one.
    past: Vec<u64>,
    replies_to: Option<Id>,
}

/// What one member did so far.
#[derive(Clone, Default, Serialize)]
struct Witnessed {
    up: bool,
    turn: u64,
    got: Got,
    /// For each member, how many of its posts happened before what this one does next.
    past: Vec<u64>,
    /// The last of its posts that somebody else has heard of.
    told: u64,
}

/// The later of two pasts.
fn join(past: &mut Vec<u64>, other: &[u64]) {
    past.resize(past.len().max(other.len()), 0);
    past.iter_mut().zip(other).for_each(|(own, other)| *own = (*own).max(*other));
}

/// The past that ends with a post.
fn through(id: Id, made: Option<&Made>) -> Vec<u64> {
    let mut past = made.map_or(Vec::new(), |made| made.past.clone());
    let mut own = vec![0; id.0.index() + 1];
    own[id.0.index()] = id.1;
    join(&mut past, &own);
    past
}

impl Memory {
    pub fn check(&mut self, view: &View<'_, Broadcast>, step: &StepFacts, broken: &mut Broken) {
        let Some(node) = step.node else { return };
        let Some(member) = view.state(node) else { return self.crashed(view, node, broken) };
        let mut seen = self.members.remove(&node).unwrap_or_default();
        seen.up = true;
        if seen.turn != member.last.turn {
            seen.turn = member.last.turn;
            for id in &member.last.delivered {
                match id.0 == node && member.last.op.is_some() {
                    true => self.made(view, *id, &mut seen, broken),
                    false => self.delivered(view, (node, *id), &mut seen, broken),
                }
            }
            for held in &member.waiting {
                self.waits(view, (node, held.post.id()), &seen, broken);
            }
            for id in &member.last.forgot {
                if let Some(lacks) = view.setup.role("member").find(|member| !view.durable(*member).got.has(*id)) {
                    let (name, post, lacks) = (view.setup.name(node), self.name(view, *id), view.setup.name(lacks));
                    broken.push((KEPT, format!("{name} forgets {post}, and {lacks} has it not on its disk")));
                }
            }
        }
        let ended = step.ended.iter().find(|ended| Some(ended.id.count) == member.last.op);
        if let (Some(ended), Some(id)) = (ended, member.last.delivered.first())
            && ended.outcome == Outcome::Ok
        {
            self.told(view, *id, "its user", &mut seen, broken);
        }
        self.members.insert(node, seen);
    }

    /// `anna's post 3`
    fn name(&self, view: &View<'_, Broadcast>, id: Id) -> String {
        format!("{}'s post {}", view.setup.name(id.0), id.1)
    }

    fn made(&mut self, view: &View<'_, Broadcast>, id: Id, seen: &mut Witnessed, broken: &mut Broken) {
        if self.posts.map.contains_key(&id) {
            broken.push((NUMBER, format!("there are two posts that are {}", self.name(view, id))));
        }
        let wall = &view.disk(id.0).wall;
        let replies_to = wall.iter().rev().find(|post| post.id() == id).and_then(|post| post.replies_to);
        self.posts.insert(id, Made { past: seen.past.clone(), replies_to });
        seen.got.add(id);
        join(&mut seen.past, &through(id, None));
    }

    /// Something of another member.
    fn delivered(
        &mut self,
        view: &View<'_, Broadcast>,
        (node, id): (NodeId, Id),
        seen: &mut Witnessed,
        broken: &mut Broken,
    ) {
        let (who, post) = (view.setup.name(node), self.name(view, id));
        if let Some(mut author) = self.members.remove(&id.0) {
            self.told(view, id, who, &mut author, broken);
            self.members.insert(id.0, author);
        }
        if seen.got.has(id) {
            return broken.push((ONCE, format!("{who} delivers {post} a second time")));
        }
        let known = seen.got.count(id.0);
        if known + 1 < id.1 {
            broken.push((FIFO, format!("{who} delivers {post}, and lacks {}", self.name(view, (id.0, known + 1)))));
        }
        let made = self.posts.map.get(&id);
        if let Some(made) = made {
            if let Some(comment) = made.replies_to.filter(|comment| !seen.got.has(*comment)) {
                let comment = self.name(view, comment);
                broken.push((REPLY, format!("{who} is shown {post}, a reply to {comment}, which is not there")));
            }
            if let Some(cause) = missing(made, id, &seen.got) {
                let cause = self.name(view, cause);
                broken.push((CAUSAL, format!("{who} delivers {post}; {cause} happened before it, and is not there")));
            }
        }
        join(&mut seen.past, &through(id, made));
        seen.got.add(id);
    }

    fn waits(&self, view: &View<'_, Broadcast>, (node, id): (NodeId, Id), seen: &Witnessed, broken: &mut Broken) {
        let Some(made) = self.posts.map.get(&id) else { return };
        if seen.got.count(id.0) + 1 == id.1 && missing(made, id, &seen.got).is_none() {
            let (who, post) = (view.setup.name(node), self.name(view, id));
            broken.push((WAITS, format!("{post} waits at {who}, which has all that happened before it")));
        }
    }

    /// Somebody has heard of a post.
    fn told(&self, view: &View<'_, Broadcast>, id: Id, who: &str, author: &mut Witnessed, broken: &mut Broken) {
        author.told = author.told.max(id.1);
        let durable = view.durable(id.0);
        if !durable.got.has(id) && !durable.wall.iter().any(|post| post.id() == id) {
            let (post, name) = (self.name(view, id), view.setup.name(id.0));
            broken.push((TOLD, format!("{who} heard of {post}, which {name} has not on its disk")));
        }
    }

    /// What was not on the disk has not happened; what somebody heard of was.
    fn crashed(&mut self, view: &View<'_, Broadcast>, node: NodeId, broken: &mut Broken) {
        let Some(mut seen) = self.members.remove(&node) else { return };
        if std::mem::replace(&mut seen.up, false) {
            let durable = &view.durable(node).got;
            let (own, was) = (durable.count(node), seen.got.count(node));
            if own < seen.told {
                let (name, told) = (view.setup.name(node), seen.told);
                broken.push((TOLD, format!("others heard of {name}'s post {told}; {name} has {own} on its disk")));
            }
            (own + 1..=was).for_each(|number| drop(self.posts.map.remove(&(node, number))));
            let last = (0..).zip(&durable.upto).map(|(member, count)| (NodeId(member), *count));
            let past = last.chain(durable.beyond.iter().copied()).filter(|id| id.1 > 0);
            seen.past = past.fold(Vec::new(), |mut past, id| {
                join(&mut past, &through(id, self.posts.map.get(&id)));
                past
            });
            (seen.turn, seen.got) = (0, durable.clone());
        }
        self.members.insert(node, seen);
    }
}

/// The first post of another author that happened before one, and is not there.
fn missing(made: &Made, id: Id, got: &Got) -> Option<Id> {
    let past = (0..).zip(&made.past).filter(|(author, _)| NodeId(*author) != id.0);
    past.flat_map(|(author, count)| (got.count(NodeId(author)) + 1..=*count).map(move |n| (NodeId(author), n)))
        .find(|cause| !got.has(*cause))
}
