//! A group whose members multicast posts and replies to all others, and show each when it may be delivered.
//!
//! Birman, Schiper, Stephenson: Lightweight causal and atomic group multicast, ACM TOCS 9(3), 1991, section 5.1 (CBCAST).
//! Member j counts in its vector time what it has delivered of each author. Before it multicasts it counts its own post,
//! and stamps it with the vector (step 1). Who receives a post of j delays it until it is j's next one, and until all that
//! j had delivered is delivered here too: VT(m)\[j\] = VT\[j\] + 1, and VT(m)\[k\] <= VT\[k\] for all others (step 2, the
//! delay queue). Then it is delivered and counted (step 3), and what waits is looked at again. By `order` a stamp can be
//! less than that: the author's own number alone gives FIFO order, and posts can be shown as they arrive.
//!
//! The paper builds on channels that lose nothing, and on views of who is in the group. Here the network loses messages
//! and members crash and come back: each member asks the others in turn for what it has not, by saying what it has.
//! Whoever has it sends it again, also if its author is down; who has nothing more says what it has itself. A post is
//! forgotten only when all members are known to have it (section 5, stability), but for the last ones, which the wall shows.
//!
//! Invariants:
//! - What a member sends, answers or says that it has is on its disk.
//! - A number of an author is one post, across crashes.
//! - A post that waits does so for one that is not delivered here.
//! - A post is kept by whoever delivered it until all have it.
//!
//! Left out: changes of the group, total order (ABCAST), several groups at once, and vectors that are sent in part.

mod member;
mod properties;
mod words;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, FunctionInfo, Op, Tone};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    order: Order,
    /// A post ends for its user when all have it, and not when it was sent.
    everywhere: bool,
    ask_interval: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

/// What a post waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Arrival,
    Fifo,
    Causal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    DeliverAgain,
    ForgetEarly,
    NoIncrement,
    NoRecheck,
    SenderOnly,
    SkipGaps,
    TellBeforeSync,
}

const BUGS: [(&str, &str); 7] = [
    ("bug-deliver-again", "a post that comes again is delivered again"),
    ("bug-forget-early", "a post is forgotten when one other member has it"),
    ("bug-no-increment", "a member does not count its own post before it stamps it"),
    ("bug-no-recheck", "after a delivery the delay queue is not looked at again"),
    ("bug-sender-only", "of two vectors only the author's entry is compared"),
    ("bug-skip-gaps", "any later post of an author counts as the next one"),
    ("bug-tell-before-sync", "a member sends before what it sends is on its disk"),
];

/// A post: its author, and the how manieth there.
type Id = (NodeId, u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    pub author: NodeId,
    /// The author's vector time, this post included; or the author's number alone.
    pub time: Vec<u64>,
    pub key: SmolStr,
    pub value: Datum,
    /// What stood last under this key where it was written.
    pub replies_to: Option<Id>,
}

/// The posts that somebody has delivered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Got {
    /// The vector time: of each member all posts up to this one.
    pub upto: Vec<u64>,
    /// Further ones, where nobody waits for the next.
    pub beyond: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Post(Post),
    /// I have these: who has more shall send it.
    Ask(Got),
    Again(Vec<Post>),
    /// To an author who wants to know, and to who asks and lacks nothing: I have these.
    Have(Got),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Ask,
    GiveUp { op: u32 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub got: Got,
    /// In the order of delivery: all that somebody may lack, and the last ones.
    pub wall: Vec<Post>,
}

type Context<'a> = Ctx<'a, Broadcast>;

impl Post {
    pub fn id(&self) -> Id {
        let own = if self.time.len() > 1 { self.author.index() } else { 0 };
        (self.author, self.time.get(own).copied().unwrap_or(0))
    }
}

impl Got {
    pub fn count(&self, author: NodeId) -> u64 {
        self.upto.get(author.index()).copied().unwrap_or(0)
    }

    pub fn total(&self) -> u64 {
        self.upto.iter().sum::<u64>() + self.beyond.len() as u64
    }

    pub fn has(&self, id: Id) -> bool {
        id.1 <= self.count(id.0) || self.beyond.contains(&id)
    }

    pub fn add(&mut self, id: Id) {
        if id.1 != self.count(id.0) + 1 {
            return self.beyond.push(id);
        }
        if self.upto.len() <= id.0.index() {
            self.upto.resize(id.0.index() + 1, 0);
        }
        let count = &mut self.upto[id.0.index()];
        *count = id.1;
        while let Some(next) = self.beyond.iter().position(|known| *known == (id.0, *count + 1)) {
            self.beyond.swap_remove(next);
            *count += 1;
        }
    }
}

impl Broadcast {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}

impl Protocol for Broadcast {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = member::Member;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
        Description {
            name: "causal-broadcast",
            summary: "members multicast posts and replies, delivered as they come, in each author's order, or after their causes",
            roles: vec![RoleSpec {
                name: "member",
                meaning: "posts, replies to what it was shown, and delivers",
                tone: Tone::Server,
                client: true,
            }],
            messages: words::KINDS.to_vec(),
            timers: vec!["ask", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("read", false), function("post", true)],
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        Broadcast {
            order: match params.word("order") {
                "arrival" => Order::Arrival,
                "fifo" => Order::Fifo,
                _ => Order::Causal,
            },
            everywhere: params.word("answer") == "everywhere",
            ask_interval: params.time("ask-interval"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> member::Member {
        self.start(ctx)
    }

    fn on_message(&self, s: &mut member::Member, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        self.hear(s, from, m, ctx);
    }

    fn on_timer(&self, s: &mut member::Member, t: Timer, ctx: &mut Context<'_>) {
        match t {
            Timer::Ask => self.ask(s, ctx),
            Timer::GiveUp { op } => self.give_up(s, op, ctx),
        }
    }

    fn on_request(&self, s: &mut member::Member, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        self.asked(s, id, op, ctx);
    }

    fn label(&self, m: &Message) -> (u8, String) {
        words::label(m)
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Ask => (0, "ask".into()),
            Timer::GiveUp { op } => (1, format!("give up {op}")),
        }
    }

    fn card(&self, _role: &str, s: &member::Member, disk: &Disk, durable: &Disk, card: &mut Card) {
        words::member(s, disk, durable, card);
    }

    fn check(
        &self,
        memory: &mut properties::Memory,
        view: &View<'_, Self>,
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        memory.check(view, step, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        words::why_stuck(view)
    }
}

fn specs() -> Vec<ParamSpec> {
    let time = |name, meaning, default| ParamSpec::time(name, meaning, default, Micros::ms(1), Micros::s(600));
    let word = |name, meaning, default, among| ParamSpec { name, meaning, kind: ParamKind::Word { default, among } };
    let mut specs = vec![
        word(
            "order",
            "what a post waits for: nothing, its author's earlier posts, or all that its author had seen",
            "causal",
            &["arrival", "fifo", "causal"],
        ),
        word(
            "answer",
            "when a post ends for who wrote it: when it was sent, or when every member has delivered it",
            "sent",
            &["sent", "everywhere"],
        ),
        time(
            "ask-interval",
            "a member asks another one for what it has not after this time, again and again",
            Micros::ms(200),
        ),
        time("give-up-after", "so long does a user wait until every member has a post", Micros::s(1)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
