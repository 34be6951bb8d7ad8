//! Two generals who would attack together or not at all, and whose messengers may be caught.
//!
//! Akkoyunlu, Ekanadham, Huber: Some constraints and tradeoffs in the design of network communications, SOSP 1975, section
//! 3, told as Gray told it (Notes on data base operating systems, 1978, section 5.8.3.3.1): each message of a chain confirms
//! the one before, and whoever has heard all that it waits for attacks at dawn. The sender of the last message does not know
//! whether it arrived, so that losing just this one has one of them attack alone, however long the chain. No protocol can
//! promise more: this one is here to show it.
//!
//! The first general is asked to attack; both decide at the next dawn, by clocks that show the same.
//!
//! Left out: a second general with a will of its own, and clocks that differ.

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, FunctionInfo, Op, Outcome, Tone};
use serde::{Deserialize, Serialize};

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoGenerals {
    /// Messages of the chain: the plan, and what confirms it.
    messages: u32,
    copies: u32,
    day: Micros,
    bug_yesterday_counts: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// The so manieth of the chain, for the attack at this dawn: the first is the plan.
    Word { day: u64, step: u32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Dawn { day: u64 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct General {
    /// The dawn that was spoken of last, and the last message of its chain that was sent and that came.
    pub day: u64,
    pub sent: u32,
    pub came: u32,
    /// The day of which that last message was.
    pub word_of: u64,
    /// Who waits for this dawn.
    pub asked: Vec<u32>,
    /// What was done at the last dawn on which it decided.
    pub did: Option<(u64, bool)>,
    attacks: u64,
}

type Context<'a> = Ctx<'a, TwoGenerals>;

const STATEMENTS: [(&str, &str); 2] = [
    ("both attack or neither does", "At every dawn the two generals do the same (no protocol can promise it)."),
    ("the word is of that day", "Whoever attacks has heard all messages that it waited for, of that day's chain."),
];
const TOGETHER: u16 = 0;
const WORD: u16 = 1;

/// What each did at the last dawn on which it decided.
#[derive(Clone, Default, Serialize)]
pub struct Memory {
    did: [Option<(u64, bool)>; 2],
    /// The last dawn that was judged.
    judged: u64,
}

impl TwoGenerals {
    /// The last message of the chain that a general waits for: even ones go to the first, odd ones to the second. 0: none.
    fn awaited(&self, is_first: bool) -> u32 {
        match (is_first, self.messages.is_multiple_of(2)) {
            (true, true) | (false, false) => self.messages,
            _ => self.messages - 1,
        }
    }

    /// A messenger is sent so many times over.
    fn send(&self, g: &mut General, step: u32, ctx: &mut Context<'_>) {
        let Some(other) = other(ctx) else { return };
        g.sent = step;
        ctx.send(other, &Message::Word { day: g.day, step });
        (1..self.copies).for_each(|_| ctx.send_again(other));
    }

    fn plan_for(&self, g: &mut General, day: u64, ctx: &mut Context<'_>) {
        if g.day != day {
            // Asked in the very moment of a dawn, before that dawn was decided.
            self.on_dawn(g, g.day, ctx);
            (g.day, g.sent) = (day, 0);
            if !self.bug_yesterday_counts {
                (g.came, g.word_of) = (0, 0);
            }
            let dawn = Micros(day.saturating_mul(self.day.0));
            ctx.set_timer(dawn.since(ctx.local_now()), &Timer::Dawn { day });
        }
    }

    /// The dawn after now.
    fn next_dawn(&self, ctx: &Context<'_>) -> u64 {
        ctx.local_now().0 / self.day.0 + 1
    }

    fn on_word(&self, g: &mut General, day: u64, step: u32, ctx: &mut Context<'_>) {
        if day != self.next_dawn(ctx) || step == 0 || step > self.messages {
            return;
        }
        self.plan_for(g, day, ctx);
        if step > g.came || g.word_of != day {
            (g.came, g.word_of) = (step, day);
            if step < self.messages {
                self.send(g, step + 1, ctx);
            }
        }
    }

    fn on_dawn(&self, g: &mut General, day: u64, ctx: &mut Context<'_>) {
        if g.day != day || g.did.map_or(0, |(at, _)| at) >= day {
            return;
        }
        let awaited = self.awaited(is_first(ctx));
        let attack = g.came >= awaited && (awaited > 0 || g.sent > 0);
        g.did = Some((day, attack));
        g.attacks += u64::from(attack);
        ctx.note(if attack { format!("attacks: at dawn {day}") } else { format!("stays: at dawn {day}") });
        let did = if attack { "attacked" } else { "stayed" };
        for op in std::mem::take(&mut g.asked) {
            ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, Datum::Text(did.into()));
        }
    }
}

fn other(ctx: &Context<'_>) -> Option<NodeId> {
    ctx.setup().role("general").take(2).find(|n| *n != ctx.me())
}

fn is_first(ctx: &Context<'_>) -> bool {
    ctx.setup().role("general").next() == Some(ctx.me())
}

impl Protocol for TwoGenerals {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = General;
    type Monitor = Memory;

    fn describe() -> Description {
        let number = |name, meaning, default, max, unit| {
            let kind = ParamKind::Int { default, min: 1, max, unit };
            ParamSpec { name, meaning, kind }
        };
        let (ms, s) = (Micros::ms, Micros::s);
        Description {
            name: "two-generals",
            summary: "two who would act together, by messengers that may be caught",
            roles: vec![RoleSpec {
                name: "general",
                meaning: "attacks at dawn if all messages that it waits for came",
                tone: Tone::Client,
                client: true,
            }],
            messages: vec![("Word", Tone::Update)],
            timers: vec!["dawn"],
            properties: STATEMENTS.to_vec(),
            functions: vec![FunctionInfo { f: "attack".into(), has_key: false, has_value: false }],
            administration: Vec::new(),
            params: vec![
                number("messages", "messages of the chain: the plan, and what confirms it", 2, 100, "messages"),
                number("copies", "messengers who carry each message, each by himself", 1, 100, "messengers"),
                ParamSpec::time("day", "from one dawn to the next", s(1), ms(1), s(600)),
                ParamSpec::bug("bug-yesterday-counts", "a general counts what was heard for the dawn before"),
            ],
        }
    }

    fn configure(params: &Params) -> Self {
        TwoGenerals {
            messages: params.int("messages") as u32,
            copies: params.int("copies") as u32,
            day: params.time("day"),
            bug_yesterday_counts: params.flag("bug-yesterday-counts"),
        }
    }

    fn boot(&self, _disk: &Disk, _ctx: &mut Context<'_>) -> General {
        General::default()
    }

    fn on_message(&self, g: &mut General, _from: NodeId, m: Message, ctx: &mut Context<'_>) {
        let Message::Word { day, step } = m;
        self.on_word(g, day, step, ctx);
    }

    fn on_timer(&self, g: &mut General, t: Timer, ctx: &mut Context<'_>) {
        let Timer::Dawn { day } = t;
        self.on_dawn(g, day, ctx);
    }

    fn on_request(&self, g: &mut General, id: OpId, _op: &Op, ctx: &mut Context<'_>) {
        if !is_first(ctx) {
            let why = Datum::Text("the second general waits for the word of the first".into());
            return ctx.reply(id, Outcome::Fail, why);
        }
        self.plan_for(g, self.next_dawn(ctx), ctx);
        g.asked.push(id.count);
        if g.sent == 0 {
            self.send(g, 1, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        match m {
            Message::Word { day, step: 1 } => (0, format!("attack at dawn {day}")),
            Message::Word { step, .. } => (0, format!("I have your {}", ordinal(step - 1))),
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        let Timer::Dawn { day } = t;
        (0, format!("dawn {day}"))
    }

    fn card(&self, _role: &str, g: &General, _disk: &Disk, _durable: &Disk, card: &mut Card) {
        card.headline = match g.did {
            Some((day, true)) => format!("attacked at dawn {day}"),
            Some((day, false)) => format!("stayed at dawn {day}"),
            None => "waits".into(),
        };
        let int = |n: u64| Datum::Int(n as i64);
        card.probes.push(("sent".into(), int(g.sent.into())));
        card.probes.push(("came".into(), int(g.came.into())));
        card.probes.push(("attacks".into(), int(g.attacks)));
    }

    fn check(&self, m: &mut Memory, view: &View<'_, Self>, step: &StepFacts, broken: &mut Vec<(u16, String)>) {
        let Some(node) = step.node else { return };
        let Some(place) = view.setup.role("general").take(2).position(|n| n == node) else { return };
        let did = view.state(node).and_then(|g| g.did);
        let Some((day, attack)) = did.filter(|_| did != m.did[place]) else { return };
        m.did[place] = did;
        let name = view.setup.name(node);
        let word_of = view.state(node).map_or(0, |g| g.word_of);
        if attack && self.awaited(place == 0) > 0 && word_of != day {
            broken.push((WORD, format!("{name} attacks at dawn {day} by what it heard for dawn {word_of}")));
        }
        // The other decides at the same moment. Whoever has not spoken of this dawn stays.
        let other = view.setup.role("general").take(2).find(|n| *n != node);
        let theirs = m.did[1 - place].filter(|(at, _)| *at == day);
        let waits = theirs.is_none() && other.and_then(|n| view.state(n)).is_some_and(|g| g.day == day);
        if waits || m.judged >= day {
            return;
        }
        let other_attacks = theirs.is_some_and(|(_, attacks)| attacks);
        m.judged = day;
        if attack != other_attacks {
            let alone = other.filter(|_| other_attacks).unwrap_or(node);
            broken.push((TOGETHER, format!("{} attacks at dawn {day} alone", view.setup.name(alone))));
        }
    }
}

fn ordinal(n: u32) -> String {
    match n {
        1 => "first message".into(),
        2 => "second message".into(),
        3 => "third message".into(),
        n => format!("message {n}"),
    }
}
