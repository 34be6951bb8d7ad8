//! A member: probes, believes, passes on.

use super::{Belief, Bug, Context, Disk, Message, News, Status, Swim, Timer, cell, int, log2_ceil, named};
use crate::base::NodeId;
use crate::sim::protocol::Card;
use crate::wire::Tone;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub me: NodeId,
    pub incarnation: u64,
    pub left: bool,
    /// Protocol periods of this life so far.
    pub period: u64,
    /// Every other member that there is, in order.
    pub peers: Vec<Peer>,
    /// A shuffled round of probes and how far it has come (section 4.3).
    round: Vec<NodeId>,
    next: usize,
    /// Names the pings sent so far.
    sequence: u64,
    probe: Option<Probe>,
    relays: Vec<Relay>,
    pub gossip: Vec<Gossip>,
    /// The highest incarnation of its own that it heard to be suspected or dead, for whoever watches.
    pub accused: u64,
    /// For how many periods it had suspected whom it declared dead itself last, for whoever watches.
    pub waited: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Peer {
    pub node: NodeId,
    pub belief: Belief,
    /// The period in which that was first believed.
    pub since: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Probe {
    target: NodeId,
    sequence: u64,
    acked: bool,
}

/// A ping on behalf of another.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Relay {
    asker: NodeId,
    theirs: u64,
    ours: u64,
    period: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gossip {
    pub news: News,
    /// How often it was passed on.
    pub sent: u32,
}

impl Member {
    fn peer(&mut self, node: NodeId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.node == node)
    }

    pub fn belief(&self, node: NodeId) -> Option<Belief> {
        self.peers.iter().find(|peer| peer.node == node).map(|peer| peer.belief)
    }

    /// Members that it believes in, itself included unless it left.
    pub fn members(&self) -> Vec<NodeId> {
        let mut members: Vec<NodeId> = self.peers.iter().filter(|p| p.belief.is_member()).map(|p| p.node).collect();
        members.extend((!self.left).then_some(self.me));
        members.sort();
        members
    }

    fn all(&self) -> usize {
        self.peers.len() + 1
    }

    fn own(&self) -> News {
        let status = if self.left { Status::Left } else { Status::Alive };
        (self.me, Belief { incarnation: self.incarnation, status })
    }

    /// News of a member replaces older news of it.
    fn tell(&mut self, news: News) {
        self.gossip.retain(|g| g.news.0 != news.0);
        self.gossip.push(Gossip { news, sent: 0 });
    }
}

impl Swim {
    /// Everybody is believed to be alive in the first incarnation; a member that starts again comes with a higher one.
    pub(super) fn start_member(&self, disk: &Disk, ctx: &mut Context<'_>) -> Member {
        let (me, first) = (ctx.me(), disk.incarnation == 0);
        let believed = |node| Peer { node, belief: Belief::alive(1), since: 0 };
        let mut m = Member {
            me,
            incarnation: disk.incarnation + 1,
            left: disk.left,
            period: 0,
            peers: ctx.setup().role("member").filter(|n| *n != me).map(believed).collect(),
            round: Vec::new(),
            next: 0,
            // Answers to pings of an earlier life count for nothing.
            sequence: (disk.incarnation + 1) << 32,
            probe: None,
            relays: Vec::new(),
            gossip: Vec::new(),
            accused: 0,
            waited: None,
        };
        self.persist(&m, ctx);
        if !first && !m.left {
            self.join(&mut m, ctx);
        }
        let offset = ctx.choose("first period", self.period.0.max(1));
        ctx.set_timer(crate::base::Micros(offset), &Timer::Period);
        m
    }

    fn persist(&self, m: &Member, ctx: &mut Context<'_>) {
        if !self.has(Bug::IncarnationNotPersisted) || ctx.disk().incarnation == 0 {
            *ctx.disk_mut() = Disk { incarnation: m.incarnation, left: m.left };
        }
        ctx.sync();
    }

    fn join(&self, m: &mut Member, ctx: &mut Context<'_>) {
        ctx.note(format!("joins: as incarnation {}", m.incarnation));
        m.tell(m.own());
        let helpers = self.some(m, self.helpers.max(1), None, ctx);
        helpers.into_iter().for_each(|to| ctx.send(to, &Message::Join(m.own().1)));
    }

    /// So many members at random that it believes in; if it believes in none, of the dead.
    fn some(&self, m: &Member, count: usize, but: Option<NodeId>, ctx: &mut Context<'_>) -> Vec<NodeId> {
        let others = |alive: bool| {
            let fit = m.peers.iter().filter(|p| p.belief.is_member() == alive && Some(p.node) != but);
            fit.map(|p| p.node).collect::<Vec<_>>()
        };
        let mut from = others(true);
        if from.is_empty() {
            from = others(false);
        }
        let mut chosen = Vec::new();
        while chosen.len() < count && !from.is_empty() {
            let at = ctx.choose("some member", from.len() as u64) as usize;
            chosen.push(from.swap_remove(at));
        }
        chosen
    }

    /// The end of a period and the beginning of the next (section 3.1).
    pub(super) fn on_period(&self, m: &mut Member, ctx: &mut Context<'_>) {
        ctx.set_timer(self.period, &Timer::Period);
        if m.left {
            return;
        }
        m.period += 1;
        let silent = m.probe.take().filter(|probe| !probe.acked);
        if let Some(probe) = silent {
            self.suspect(m, probe.target, ctx);
        }
        self.declare_dead(m, ctx);
        let now = m.period;
        m.relays.retain(|relay| relay.period + 2 > now);
        if let Some(target) = self.next_target(m, ctx) {
            let sequence = self.ping(m, target, ctx);
            m.probe = Some(Probe { target, sequence, acked: false });
            ctx.set_timer(self.ping_timeout, &Timer::PingTimeout { sequence });
        }
        if self.reconnect_every > 0 && m.period.is_multiple_of(self.reconnect_every) {
            // In turn. Who left may have come back while this one was away itself.
            let gone = m.peers.iter().filter(|p| !p.belief.is_member()).map(|p| p.node);
            let gone: Vec<NodeId> = gone.collect();
            if !gone.is_empty() {
                let turn = m.period / self.reconnect_every % gone.len() as u64;
                self.ping(m, gone[turn as usize], ctx);
            }
        }
    }

    /// Who did not answer is suspected; without suspicion it is dead (section 3.1; 4.2).
    fn suspect(&self, m: &mut Member, node: NodeId, ctx: &mut Context<'_>) {
        let Some(peer) = m.peer(node).filter(|p| p.belief.status == Status::Alive) else { return };
        let raised = u64::from(self.has(Bug::AccuserRaises));
        let status = if self.suspicion { Status::Suspect } else { Status::Dead };
        let belief = Belief { incarnation: peer.belief.incarnation + raised, status };
        self.believe(m, node, belief, ctx);
    }

    /// Who was suspected for long enough is dead.
    fn declare_dead(&self, m: &mut Member, ctx: &mut Context<'_>) {
        let wait = if self.has(Bug::ShortSuspicion) { 1 } else { self.suspicion_periods(m.all()) };
        let over = m.peers.iter().filter(|p| p.belief.status == Status::Suspect && p.since + wait <= m.period);
        let over: Vec<(NodeId, u64, u64)> = over.map(|p| (p.node, p.belief.incarnation, p.since)).collect();
        for (node, incarnation, since) in over {
            m.waited = Some(m.period - since);
            self.believe(m, node, Belief { incarnation, status: Status::Dead }, ctx);
        }
    }

    /// In turn from a list that is shuffled anew after each round (section 4.3), or anyone.
    fn next_target(&self, m: &mut Member, ctx: &mut Context<'_>) -> Option<NodeId> {
        let known = m.peers.iter().filter(|p| p.belief.is_member()).count();
        if known == 0 {
            return None;
        }
        if !self.round_robin {
            return self.some(m, 1, None, ctx).pop();
        }
        let end = m.peers.len() - usize::from(self.has(Bug::SkipsLast) && m.peers.len() > 1);
        for _ in 0..2 * m.all() {
            if m.next >= m.round.len().min(end) {
                if m.round.is_empty() || !self.has(Bug::SkipsLast) {
                    self.shuffle(m, ctx);
                }
                m.next = 0;
            }
            let target = m.round[m.next];
            m.next += 1;
            if m.belief(target).is_some_and(Belief::is_member) {
                return Some(target);
            }
        }
        None
    }

    fn shuffle(&self, m: &mut Member, ctx: &mut Context<'_>) {
        m.round = m.peers.iter().map(|p| p.node).collect();
        for last in (1..m.round.len()).rev() {
            let other = ctx.choose("shuffle", last as u64 + 1) as usize;
            m.round.swap(last, other);
        }
    }

    fn ping(&self, m: &mut Member, to: NodeId, ctx: &mut Context<'_>) -> u64 {
        m.sequence += 1;
        let message = Message::Ping { sequence: m.sequence, news: self.news(m, to) };
        ctx.send(to, &message);
        m.sequence
    }

    pub(super) fn on_ping_timeout(&self, m: &mut Member, sequence: u64, ctx: &mut Context<'_>) {
        let Some(target) = m.probe.as_ref().filter(|p| p.sequence == sequence && !p.acked).map(|p| p.target) else {
            return;
        };
        for helper in self.some(m, self.helpers, Some(target), ctx) {
            let news = self.news(m, helper);
            ctx.send(helper, &Message::PingReq { sequence, target, news });
        }
    }

    /// What rides on a message: what the receiver must refute, then what was passed on least (section 4.1).
    fn news(&self, m: &mut Member, to: NodeId) -> Vec<News> {
        let limit = self.gossip_limit(m.all());
        let accusation = m.belief(to).filter(|belief| belief.status != Status::Alive).map(|belief| (to, belief));
        m.gossip.sort_by_key(|g| g.sent);
        let mut news: Vec<News> = accusation.into_iter().collect();
        for g in m.gossip.iter_mut().take(self.gossip_max) {
            g.sent += 1;
            if !news.contains(&g.news) {
                news.push(g.news);
            }
        }
        if !self.has(Bug::EndlessGossip) {
            m.gossip.retain(|g| g.sent < limit);
        }
        news
    }

    pub(super) fn on_member_message(&self, m: &mut Member, from: NodeId, message: Message, ctx: &mut Context<'_>) {
        match message {
            Message::Ask { op } => {
                let members = (!m.left).then(|| m.members());
                ctx.send(from, &Message::Members { op, members });
            }
            Message::Leave { op } => self.on_leave(m, from, op, ctx),
            Message::Rejoin { op } => self.on_rejoin(m, from, op, ctx),
            _ if m.left => {}
            Message::Ping { sequence, news } => {
                self.hear(m, &news, ctx);
                let news = self.news(m, from);
                ctx.send(from, &Message::Ack { sequence, news });
            }
            Message::PingReq { sequence, target, news } => {
                self.hear(m, &news, ctx);
                let ours = self.ping(m, target, ctx);
                m.relays.push(Relay { asker: from, theirs: sequence, ours, period: m.period });
            }
            Message::Ack { sequence, news } => {
                self.hear(m, &news, ctx);
                self.on_ack(m, sequence, ctx);
            }
            Message::Join(belief) => {
                self.hear(m, &[(from, belief)], ctx);
                let own = m.own();
                let roster = m.peers.iter().map(|p| (p.node, p.belief)).chain([own]).collect();
                ctx.send(from, &Message::Roster(roster));
            }
            Message::Roster(news) => self.hear(m, &news, ctx),
            Message::Members { .. } => {}
        }
    }

    fn on_ack(&self, m: &mut Member, sequence: u64, ctx: &mut Context<'_>) {
        if let Some(probe) = m.probe.as_mut().filter(|probe| probe.sequence == sequence) {
            probe.acked = true;
        }
        if let Some(at) = m.relays.iter().position(|relay| relay.ours == sequence) {
            let relay = m.relays.swap_remove(at);
            let news = self.news(m, relay.asker);
            ctx.send(relay.asker, &Message::Ack { sequence: relay.theirs, news });
        }
    }

    /// News of others is believed if it overrides; news of itself is refuted (section 4.2).
    fn hear(&self, m: &mut Member, news: &[News], ctx: &mut Context<'_>) {
        for (node, belief) in news {
            if *node == m.me {
                self.refute(m, *belief, ctx);
            } else if self.has(Bug::StaleNews) || m.belief(*node).is_some_and(|known| *belief > known) {
                self.believe(m, *node, *belief, ctx);
            }
        }
    }

    fn refute(&self, m: &mut Member, belief: Belief, ctx: &mut Context<'_>) {
        if m.left || belief.status == Status::Alive {
            return;
        }
        m.accused = m.accused.max(belief.incarnation);
        if self.has(Bug::NoRefutation) {
            return;
        }
        if belief.incarnation >= m.incarnation {
            m.incarnation = belief.incarnation + 1;
            self.persist(m, ctx);
            ctx.note(format!("refutes: lives on as incarnation {}", m.incarnation));
        }
        m.tell(m.own());
    }

    fn believe(&self, m: &mut Member, node: NodeId, belief: Belief, ctx: &mut Context<'_>) {
        let period = m.period;
        let Some(peer) = m.peer(node) else { return };
        if peer.belief == belief {
            return;
        }
        if peer.belief.status != belief.status {
            let name = named(ctx.setup(), node);
            ctx.note(match belief.status {
                Status::Alive => format!("believes alive: {name}"),
                Status::Suspect => format!("suspects: {name}"),
                Status::Dead => format!("declares dead: {name}"),
                Status::Left => format!("knows that it left: {name}"),
            });
        }
        (peer.belief, peer.since) = (belief, period);
        m.tell((node, belief));
    }

    /// Says so to as many as news is passed on in one go, and is silent from then on.
    fn on_leave(&self, m: &mut Member, from: NodeId, op: u32, ctx: &mut Context<'_>) {
        if !m.left {
            m.left = true;
            (m.probe, m.gossip) = (None, Vec::new());
            self.persist(m, ctx);
            ctx.note("leaves: for good, as far as it knows");
            let count = log2_ceil(m.all()) as usize + 1;
            let told = self.some(m, count, None, ctx);
            let news = vec![m.own()];
            told.into_iter().for_each(|to| ctx.send(to, &Message::Ping { sequence: 0, news: news.clone() }));
        }
        ctx.send(from, &Message::Members { op, members: None });
    }

    fn on_rejoin(&self, m: &mut Member, from: NodeId, op: u32, ctx: &mut Context<'_>) {
        if m.left {
            m.left = false;
            m.incarnation += 1;
            self.persist(m, ctx);
            self.join(m, ctx);
        }
        ctx.send(from, &Message::Members { op, members: Some(m.members()) });
    }
}

impl Member {
    pub(super) fn card(&self, durable: &Disk, card: &mut Card) {
        let believed = |status| self.peers.iter().filter(|p| p.belief.status == status).count() as u64;
        let members = self.members().len() as u64;
        card.headline = format!("incarnation {} · {members} members", self.incarnation);
        if self.left {
            (card.role, card.tone) = ("left".into(), Some(Tone::Neutral));
        }
        card.epoch = self.incarnation;
        card.cells = self.peers.iter().take(8).map(|p| cell(p.node.index() + 1, p.belief)).collect();
        let probes = [
            ("members", members),
            ("suspects", believed(Status::Suspect)),
            ("dead", believed(Status::Dead)),
            ("incarnation", self.incarnation),
            ("durable-incarnation", durable.incarnation),
            ("period", self.period),
        ];
        card.probes.extend(probes.map(|(name, n)| (name.into(), int(n))));
    }
}
