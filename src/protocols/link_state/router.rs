//! A router: knows its neighbours, talks with them, and passes packets on.

use super::flood::{Advertisement, Header, Instance, is_there};
use super::paths::Route;
use super::{Bug, Context, LinkState, Message, Packet, Pair, Talk, Timer, topology};
use crate::base::{Micros, NodeId};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Router {
    pub me: NodeId,
    /// In order.
    pub neighbours: Vec<Neighbour>,
    /// What each router advertised last, its own included.
    pub database: LiteMap<NodeId, Advertisement>,
    /// The routers that can be reached, itself included.
    pub table: LiteMap<NodeId, Route>,
    /// The number of its own last advertisement.
    pub sequence: u64,
    /// The next acquaintance is called so. The upper half is drawn at each start.
    next: u64,
    /// The database is not that of the table.
    pub changed: bool,
    /// The table was computed in this very step, for whoever watches.
    pub computed: bool,
    /// Packets that were passed on, for whoever watches; and what became of others.
    pub passed: u64,
    pub too_far: u64,
    pub no_way: u64,
    /// Packets that came by a second time.
    pub circled: u64,
    /// So many routers a packet had come by at most when it was passed on, this one included.
    pub longest: u64,
}

/// Another router, and how far the acquaintance has got (section 10.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Neighbour {
    pub node: NodeId,
    pub cost: u32,
    /// What this acquaintance is called here, and there, if that was heard.
    pub mine: u64,
    pub theirs: Option<u64>,
    /// Hello intervals since it was heard.
    pub silent: u32,
    /// Each hears the other: from here on databases are compared, and what is new is flooded to it.
    pub two_way: bool,
    /// It has got the summary of this router's database; this router has got its.
    pub told: bool,
    pub known: bool,
    /// What it has and this router wants, and what it has not acknowledged.
    pub wanted: LiteMap<NodeId, Instance>,
    pub unacked: LiteMap<NodeId, Instance>,
    /// A timer is set for it.
    armed: bool,
}

impl Neighbour {
    /// Both have what the other had.
    pub fn is_full(&self) -> bool {
        self.two_way && self.told && self.known && self.wanted.is_empty()
    }

    fn owes(&self) -> bool {
        self.two_way && !(self.told && self.wanted.is_empty() && self.unacked.is_empty())
    }

    fn pair(&self) -> Pair {
        Pair { mine: self.mine, yours: self.theirs }
    }

    pub(super) fn say(&self, talk: &Talk, ctx: &mut Context<'_>) {
        ctx.send(self.node, &Message::Link(self.pair(), talk.clone()));
    }

    fn ask(&self, ctx: &mut Context<'_>) {
        self.say(&Talk::Request(self.wanted.keys().copied().collect()), ctx);
    }
}

impl Router {
    fn place(&self, node: NodeId) -> Option<usize> {
        self.neighbours.iter().position(|n| n.node == node)
    }

    /// What it may advertise.
    pub fn own_links(&self) -> Vec<(NodeId, u32)> {
        self.neighbours.iter().filter(|n| n.is_full()).map(|n| (n.node, n.cost)).collect()
    }

    /// The acquaintance is over: what comes next is another one.
    fn part(&mut self, place: usize, theirs: Option<u64>) {
        self.next += 1;
        let n = &mut self.neighbours[place];
        *n = Neighbour { theirs, silent: 0, ..n.fresh(self.next) };
    }
}

impl Neighbour {
    fn fresh(&self, mine: u64) -> Neighbour {
        let (node, cost, armed) = (self.node, self.cost, self.armed);
        Neighbour { armed, ..Neighbour::new(node, cost, mine) }
    }

    fn new(node: NodeId, cost: u32, mine: u64) -> Neighbour {
        Neighbour {
            node,
            cost,
            mine,
            theirs: None,
            silent: 0,
            two_way: false,
            told: false,
            known: false,
            wanted: LiteMap::new(),
            unacked: LiteMap::new(),
            armed: false,
        }
    }
}

impl LinkState {
    /// Nothing is known of before: not even how often it has advertised itself.
    pub(super) fn start_router(&self, ctx: &mut Context<'_>) -> Router {
        let me = ctx.me();
        let next = ctx.choose("first acquaintance", 1 << 31) << 32;
        let links = self.topology.neighbours(ctx.setup(), me);
        let neighbours = links.into_iter().map(|(node, cost)| Neighbour::new(node, cost, next)).collect();
        let mut r = Router {
            me,
            neighbours,
            database: LiteMap::new(),
            table: LiteMap::new(),
            sequence: 0,
            next,
            changed: false,
            computed: false,
            passed: 0,
            too_far: 0,
            no_way: 0,
            circled: 0,
            longest: 0,
        };
        self.originate(&mut r, ctx);
        self.conclude(&mut r, ctx);
        r.neighbours.iter().for_each(|n| ctx.send(n.node, &Message::Hello(n.pair())));
        let first = ctx.choose("first hello", self.hello_interval.0);
        ctx.set_timer(Micros(first + 1), &Timer::Hello);
        r
    }

    pub(super) fn on_router_message(&self, r: &mut Router, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        r.computed = false;
        match m {
            Message::Packet(packet) => return self.on_packet(r, packet, ctx),
            Message::Hello(pair) => self.on_hello(r, from, pair, ctx),
            Message::Link(pair, talk) => self.on_talk(r, from, pair, talk, ctx),
        }
        self.conclude(r, ctx);
    }

    /// What follows from a change: what is said of one's links, and the ways.
    fn conclude(&self, r: &mut Router, ctx: &mut Context<'_>) {
        // A planted bug alone makes it another's number.
        let is_own = |own: &Advertisement| own.sequence == r.sequence;
        if r.database.get(&r.me).is_none_or(|own| is_own(own) && own.links != r.own_links()) {
            self.originate(r, ctx);
        }
        if std::mem::take(&mut r.changed) {
            r.table = self.shortest(r);
            r.computed = true;
        }
    }

    /// Section 10.5, for a link with two ends: who is heard, and hears this router, is a neighbour.
    fn on_hello(&self, r: &mut Router, from: NodeId, pair: Pair, ctx: &mut Context<'_>) {
        let Some(place) = r.place(from) else { return };
        let n = &r.neighbours[place];
        let overtaken = |known: u64| known >> 32 == pair.mine >> 32 && pair.mine < known;
        if n.theirs.is_some_and(overtaken) {
            return;
        }
        let (other, hears_me) = (n.theirs != Some(pair.mine), pair.yours == Some(n.mine));
        if n.two_way && other {
            ctx.note(format!("parts from: {}, which begins anew", ctx.setup().name(from)));
            r.part(place, Some(pair.mine));
            return ctx.send(from, &Message::Hello(r.neighbours[place].pair()));
        }
        if n.two_way && !hears_me {
            // It said this before it heard this router: who hears one no more begins anew.
            return;
        }
        let n = &mut r.neighbours[place];
        (n.silent, n.theirs) = (0, Some(pair.mine));
        if other {
            ctx.send(from, &Message::Hello(n.pair()));
        }
        if hears_me && !n.two_way {
            self.meet(r, place, ctx);
        }
    }

    /// Each hears the other: the databases are compared (section 10.3, event 2-WayReceived).
    fn meet(&self, r: &mut Router, place: usize, ctx: &mut Context<'_>) {
        let n = &mut r.neighbours[place];
        n.two_way = true;
        (n.told, n.known) = (self.has(Bug::NoExchange), self.has(Bug::NoExchange));
        self.summarize(r, place, ctx);
    }

    fn summarize(&self, r: &mut Router, place: usize, ctx: &mut Context<'_>) {
        let has = r.database.iter().map(|(origin, told)| (*origin, told.instance()));
        let n = &mut r.neighbours[place];
        let has = if n.told { Vec::new() } else { has.collect() };
        n.say(&Talk::Summary { has, heard: n.known, done: n.told }, ctx);
        self.arm(n, ctx);
    }

    fn on_talk(&self, r: &mut Router, from: NodeId, pair: Pair, talk: Talk, ctx: &mut Context<'_>) {
        let Some(place) = r.place(from) else { return };
        let n = &mut r.neighbours[place];
        if n.theirs != Some(pair.mine) || pair.yours != Some(n.mine) {
            return;
        }
        match talk {
            Talk::Summary { has, heard, done } => self.on_summary(r, place, has, (heard, done), ctx),
            _ if !n.two_way => {}
            Talk::Request(origins) => self.send_copies(r, place, &origins, ctx),
            Talk::Update(all) => self.on_update(r, place, all, ctx),
            Talk::Ack(all) => self.on_ack(r, place, &all),
        }
    }

    /// What the neighbour has and is newer is asked for (section 10.6).
    fn on_summary(
        &self,
        r: &mut Router,
        place: usize,
        has: Vec<Header>,
        (heard, done): (bool, bool),
        ctx: &mut Context<'_>,
    ) {
        let newer = |(origin, instance): &Header| {
            if !is_there(*origin, ctx) {
                return false;
            }
            let held = r.database.get(origin).map(Advertisement::instance);
            held.is_none_or(|held| self.compare(*instance, held) == Ordering::Greater)
        };
        let wanted: LiteMap<NodeId, Instance> = has.into_iter().filter(newer).collect();
        let n = &mut r.neighbours[place];
        // Who sends a summary hears this router.
        n.two_way = true;
        if !std::mem::replace(&mut n.known, true) && !self.has(Bug::NoExchange) {
            n.wanted = wanted;
            if !n.wanted.is_empty() {
                n.ask(ctx);
            }
        }
        n.told |= heard;
        if !done {
            self.summarize(r, place, ctx);
        }
        self.arm(&mut r.neighbours[place], ctx);
    }

    pub(super) fn arm(&self, n: &mut Neighbour, ctx: &mut Context<'_>) {
        if n.owes() && !std::mem::replace(&mut n.armed, true) {
            ctx.set_timer(self.retransmit_after, &Timer::Retransmit { to: n.node });
        }
    }

    /// Section 13.6, and the same for summaries and requests.
    pub(super) fn on_retransmit(&self, r: &mut Router, to: NodeId, ctx: &mut Context<'_>) {
        r.computed = false;
        let Some(place) = r.place(to) else { return };
        let n = &mut r.neighbours[place];
        n.armed = false;
        if !n.owes() {
            return;
        }
        let unacked: Vec<NodeId> = n.unacked.keys().copied().collect();
        if !n.wanted.is_empty() {
            n.ask(ctx);
        }
        if !n.told {
            self.summarize(r, place, ctx);
        }
        self.send_copies(r, place, &unacked, ctx);
        self.arm(&mut r.neighbours[place], ctx);
    }

    /// The beat of a router: who is silent for too long is gone, what is old gets older, and the neighbours hear that it lives.
    pub(super) fn on_hello_timer(&self, r: &mut Router, ctx: &mut Context<'_>) {
        r.computed = false;
        ctx.set_timer(self.hello_interval, &Timer::Hello);
        for place in 0..r.neighbours.len() {
            let n = &mut r.neighbours[place];
            n.silent += u32::from(n.theirs.is_some());
            if n.silent > self.dead_interval {
                ctx.note(format!("takes for dead: {}", ctx.setup().name(n.node)));
                r.part(place, None);
            }
        }
        self.conclude(r, ctx);
        self.grow_older(r, ctx);
        self.conclude(r, ctx);
        r.neighbours.iter().for_each(|n| ctx.send(n.node, &Message::Hello(n.pair())));
    }

    /// Hop by hop: this router knows the next one, and no more.
    fn on_packet(&self, r: &mut Router, mut packet: Packet, ctx: &mut Context<'_>) {
        let again = packet.trail.contains(&r.me);
        r.circled += u64::from(again);
        let to = packet.destination;
        if !is_there(to, ctx) {
            return;
        }
        let next = match topology::router_of(ctx.setup(), to) {
            Some(own) if own == r.me => Some(to),
            _ => r.way_to(to).map(|route| route.next),
        };
        let Some(next) = next else {
            r.no_way += 1;
            return ctx.note(format!("drops a packet: knows no way to {}", ctx.setup().name(to)));
        };
        if packet.hops_left == 0 && !self.has(Bug::NoHopLimit) {
            r.too_far += 1;
            return ctx.note("drops a packet: it was passed on too often");
        }
        packet.hops_left = packet.hops_left.saturating_sub(1);
        // A planted bug alone makes it longer than the hop limit, and does not need the rest.
        if packet.trail.len() < 2 * usize::from(self.hop_limit) {
            packet.trail.push(r.me);
        }
        r.passed += 1;
        r.longest = r.longest.max(packet.trail.len() as u64);
        ctx.send(next, &Message::Packet(packet));
    }
}
