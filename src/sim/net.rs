//! The network: one link for each ordered pair of nodes that ever spoke, each with its own shape and rules.
//!
//! A message's fate is decided when it enters its link: rules that cut (in their order), random loss, transmission,
//! latency. What is already on the wire arrives even if the link is cut behind it. Links share nothing but the rules;
//! messages of one link share its transmit queue (when bandwidth is limited) and its order (when it is ordered).

use super::protocol::Setup;
use super::sample;
use crate::base::random::{Family, Purpose, Stream};
use crate::base::{Micros, NodeId, decimal};
use crate::wire::{Distribution, LinkChange, Tone};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a link behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub latency: Distribution,
    /// Of messages of single kinds, in place of `latency`.
    pub kinds: BTreeMap<String, Distribution>,
    /// Bytes a second; 0 for unlimited.
    pub bandwidth: u64,
    pub loss: f64,
    pub duplicate: f64,
    pub reorder: f64,
    pub ordered: bool,
}

impl Default for Shape {
    fn default() -> Self {
        let latency = Distribution::Uniform { min: Micros::ms(1), max: Micros::ms(3) };
        Shape { latency, kinds: BTreeMap::new(), bandwidth: 0, loss: 0.0, duplicate: 0.0, reorder: 0.0, ordered: false }
    }
}

#[derive(Clone, Debug)]
pub struct Link {
    pub from: NodeId,
    pub to: NodeId,
    pub shape: Arc<Shape>,
    /// Messages sent so far.
    pub count: u32,
    latencies: Family,
    /// When the transmitter is free.
    free_at: u64,
    /// The latest arrival so far, for ordered links.
    last_at: u64,
    pub clogged: bool,
    /// Index of the first rule that cuts it, plus one; 0 for none.
    cut: u16,
    delay: Delay,
}

/// The latencies of a link that only delays: each message arrives once, after its latency, whatever came before.
#[derive(Clone, Copy, Debug)]
enum Delay {
    /// It does more.
    Not,
    /// Uniform from the first on, one of so many. The shape's, at hand for what is done for every message.
    From(u64, u64),
    /// Drawn from the shape's.
    Shaped,
}

/// A set of ordered pairs of nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    from: Vec<bool>,
    to: Vec<bool>,
    one_way: bool,
}

#[derive(Clone, Debug)]
pub struct CutRule {
    pub name: String,
    pairs: Pairs,
}

#[derive(Clone, Debug)]
pub struct Network {
    seed: u64,
    nodes: usize,
    default: Arc<Shape>,
    /// Place in `links` plus one, by from × nodes + to. Changes only when a pair first speaks.
    table: Arc<Vec<u32>>,
    pub links: Vec<Link>,
    changes: Arc<Vec<(Pairs, LinkChange)>>,
    clogs: Arc<Vec<(Pairs, bool)>>,
    /// Every link holds back what is on it.
    pub held: bool,
    pub cuts: Arc<Vec<CutRule>>,
}

/// What the link does with one copy of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Arrives(u64),
    /// Would have arrived then; lost by chance.
    LostByChance(u64),
    /// Would have arrived then; cut by the rule of this index.
    Cut(u64, u16),
}

impl Pairs {
    /// The pairs that two lists of words mean. An empty `from` is everyone; an empty `to` is everyone not in `from`
    /// (or everyone, if `from` is empty too).
    pub fn resolve(setup: &Setup, from: &[String], to: &[String], one_way: bool) -> Result<Pairs, String> {
        let set = |words: &[String]| -> Result<Vec<bool>, String> {
            let mut set = vec![false; setup.nodes.len()];
            for word in words {
                let nodes = setup.resolve(word);
                if nodes.is_empty() {
                    return Err(unknown_node(setup, word));
                }
                nodes.iter().for_each(|n| set[n.index()] = true);
            }
            Ok(set)
        };
        let (from, to) = match (from.is_empty(), to.is_empty()) {
            (true, true) => (vec![true; setup.nodes.len()], vec![true; setup.nodes.len()]),
            (true, false) => (vec![true; setup.nodes.len()], set(to)?),
            (false, true) => {
                let from = set(from)?;
                let rest = from.iter().map(|inside| !inside).collect();
                (from, rest)
            }
            (false, false) => (set(from)?, set(to)?),
        };
        Ok(Pairs { from, to, one_way })
    }

    pub fn holds(&self, from: NodeId, to: NodeId) -> bool {
        let (f, t) = (from.index(), to.index());
        from != to && (self.from[f] && self.to[t] || !self.one_way && self.from[t] && self.to[f])
    }
}

/// The sentence for a word that means no node.
pub fn unknown_node(setup: &Setup, word: &str) -> String {
    let names: Vec<_> = setup.nodes.iter().map(|n| n.name.as_str()).collect();
    format!("there is no node, role or group \"{word}\"; nodes: {}", names.join(", "))
}

impl Shape {
    fn change(&mut self, change: &LinkChange) {
        if let Some(latency) = &change.latency {
            self.latency = latency.clone();
        }
        if let Some(kinds) = &change.kinds {
            self.kinds.clone_from(kinds);
        }
        self.bandwidth = change.bandwidth.unwrap_or(self.bandwidth);
        self.loss = change.loss.unwrap_or(self.loss);
        self.duplicate = change.duplicate.unwrap_or(self.duplicate);
        self.reorder = change.reorder.unwrap_or(self.reorder);
        self.ordered = change.ordered.unwrap_or(self.ordered);
    }

    /// The latencies of messages of a kind.
    fn latency_of(&self, kind: &str) -> &Distribution {
        self.kinds.get(kind).unwrap_or(&self.latency)
    }

    /// How it differs from another, in words.
    pub fn differs(&self, other: &Shape) -> String {
        let mut words = Vec::new();
        if self.latency != other.latency {
            words.push(format!("latency {}", sample::describe(&self.latency)));
        }
        for (kind, latency) in self.kinds.iter().filter(|(kind, latency)| other.kinds.get(*kind) != Some(latency)) {
            words.push(format!("latency of {kind} {}", sample::describe(latency)));
        }
        if self.bandwidth != other.bandwidth {
            words.push(format!("{} bytes a second", self.bandwidth));
        }
        for (name, mine, theirs) in [
            ("loses", self.loss, other.loss),
            ("duplicates", self.duplicate, other.duplicate),
            ("reorders", self.reorder, other.reorder),
        ] {
            if mine != theirs {
                words.push(format!("{name} {} %", decimal::fixed(mine * 100.0, 1)));
            }
        }
        words.join(", ")
    }
}

/// Says which kinds of a change no message of the protocol is of, if any.
pub fn check_kinds(change: &LinkChange, messages: &[(&str, Tone)]) -> Result<(), String> {
    let unknown = |kind: &&String| messages.iter().all(|(name, _)| name != *kind);
    match change.kinds.iter().flat_map(BTreeMap::keys).find(unknown) {
        None => Ok(()),
        Some(kind) => {
            let names: Vec<&str> = messages.iter().map(|(name, _)| *name).collect();
            Err(format!("no message is of the kind \"{kind}\"; accepted: {}", names.join(", ")))
        }
    }
}

/// Says what is wrong with a change's numbers, if anything.
pub fn check_change(change: &LinkChange) -> Result<(), String> {
    for latency in change.latency.iter().chain(change.kinds.iter().flat_map(BTreeMap::values)) {
        sample::check(latency)?;
    }
    for (name, p) in [("loss", change.loss), ("duplicate", change.duplicate), ("reorder", change.reorder)] {
        if p.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err(format!(
                "{name} = {} is not a probability from 0 to 1",
                decimal::shortest(p.unwrap_or_default())
            ));
        }
    }
    Ok(())
}

impl Link {
    fn judge(&mut self) {
        let shape = &*self.shape;
        let odds = shape.loss + shape.duplicate + shape.reorder;
        let plain = shape.kinds.is_empty()
            && shape.bandwidth == 0
            && odds == 0.0
            && !shape.ordered
            && !self.clogged
            && self.cut == 0;
        self.delay = match &shape.latency {
            _ if !plain => Delay::Not,
            Distribution::Constant(time) => Delay::From(time.0, 1),
            Distribution::Uniform { min, max } => Delay::From(min.0, max.0 - min.0 + 1),
            _ => Delay::Shaped,
        };
    }

    /// When its `count`-th message, sent now, arrives, if the link does nothing but delay.
    #[inline(always)]
    pub fn plain_arrival(&self, now: u64, count: u32) -> Option<u64> {
        let mut stream = self.latencies.stream(u64::from(count));
        match self.delay {
            Delay::Not => None,
            Delay::From(least, many) => Some(now + least + stream.below(many)),
            Delay::Shaped => Some(now + sample::draw(&self.shape.latency, &mut stream).0),
        }
    }
}

impl Network {
    pub fn new(seed: u64, nodes: usize, default: Shape) -> Network {
        Network {
            seed,
            nodes,
            default: Arc::new(default),
            table: Arc::new(vec![0; nodes * nodes]),
            links: Vec::new(),
            changes: Arc::default(),
            clogs: Arc::default(),
            held: false,
            cuts: Arc::default(),
        }
    }

    /// Nothing was ever cut, clogged or shaped.
    pub fn is_plain(&self) -> bool {
        self.cuts.is_empty() && self.clogs.is_empty() && self.changes.is_empty()
    }

    pub fn default_shape(&self) -> &Shape {
        &self.default
    }

    #[inline(always)]
    pub fn link(&mut self, from: NodeId, to: NodeId) -> usize {
        match self.table[from.index() * self.nodes + to.index()] {
            0 => self.open(from, to),
            place => place as usize - 1,
        }
    }

    fn open(&mut self, from: NodeId, to: NodeId) -> usize {
        let mut link = Link {
            from,
            to,
            shape: Arc::clone(&self.default),
            count: 0,
            latencies: Family::new(self.seed, Purpose::Latency, link_key(from, to)),
            free_at: 0,
            last_at: 0,
            clogged: false,
            cut: self.cut_of(from, to),
            delay: Delay::Not,
        };
        for (pairs, change) in self.changes.iter() {
            if pairs.holds(from, to) {
                Arc::make_mut(&mut link.shape).change(change);
            }
        }
        link.clogged = self.held || self.clogged(from, to);
        link.judge();
        self.links.push(link);
        Arc::make_mut(&mut self.table)[from.index() * self.nodes + to.index()] = self.links.len() as u32;
        self.links.len() - 1
    }

    fn cut_of(&self, from: NodeId, to: NodeId) -> u16 {
        self.cuts.iter().position(|rule| rule.pairs.holds(from, to)).map_or(0, |i| i as u16 + 1)
    }

    pub fn change(&mut self, pairs: Pairs, change: LinkChange) {
        for link in self.links.iter_mut().filter(|l| pairs.holds(l.from, l.to)) {
            Arc::make_mut(&mut link.shape).change(&change);
            link.judge();
        }
        Arc::make_mut(&mut self.changes).push((pairs, change));
    }

    pub fn clog(&mut self, pairs: Pairs, on: bool) {
        for link in self.links.iter_mut().filter(|l| pairs.holds(l.from, l.to)) {
            link.clogged = on || self.held;
            link.judge();
        }
        Arc::make_mut(&mut self.clogs).push((pairs, on));
    }

    pub fn hold(&mut self, on: bool) {
        self.held = on;
        let clogs = Arc::clone(&self.clogs);
        for link in &mut self.links {
            link.clogged = on || clogged(&clogs, link.from, link.to);
            link.judge();
        }
    }

    /// Adds a rule at the end, or replaces the rule of the same name.
    pub fn cut(&mut self, name: &str, pairs: Pairs) {
        let cuts = Arc::make_mut(&mut self.cuts);
        match cuts.iter_mut().find(|rule| rule.name == name) {
            Some(rule) => rule.pairs = pairs,
            None => cuts.push(CutRule { name: name.into(), pairs }),
        }
        self.recut();
    }

    /// Removes the rule of this name, or all for an empty name. False if there was none.
    pub fn heal(&mut self, name: &str) -> bool {
        let cuts = Arc::make_mut(&mut self.cuts);
        let before = cuts.len();
        cuts.retain(|rule| !name.is_empty() && rule.name != name);
        let healed = cuts.len() < before;
        self.recut();
        healed
    }

    fn recut(&mut self) {
        for i in 0..self.links.len() {
            self.links[i].cut = self.cut_of(self.links[i].from, self.links[i].to);
            self.links[i].judge();
        }
    }

    /// The name of the rule that cuts a pair.
    pub fn cut_by(&self, from: NodeId, to: NodeId) -> Option<&str> {
        self.cuts.iter().find(|rule| rule.pairs.holds(from, to)).map(|rule| rule.name.as_str())
    }

    pub fn clogged(&self, from: NodeId, to: NodeId) -> bool {
        clogged(&self.clogs, from, to)
    }

    /// The shape of a pair, whether or not it ever spoke.
    pub fn shape_of(&self, from: NodeId, to: NodeId) -> Shape {
        let mut shape = (*self.default).clone();
        for (pairs, change) in self.changes.iter().filter(|(pairs, _)| pairs.holds(from, to)) {
            let _ = pairs;
            shape.change(change);
        }
        shape
    }

    /// The link delays messages of one kind other than those of another.
    pub fn tells_kinds(&self, link: usize) -> bool {
        !self.links[link].shape.kinds.is_empty()
    }

    /// The fate of the original of a message of a kind and of `size` bytes that enters `link` now, as its `count`-th.
    pub fn transmit(&mut self, link: usize, now: u64, (kind, size): (&str, usize), count: u32) -> Fate {
        let link = &mut self.links[link];
        let shape = &*link.shape;
        let (seed, key) = (self.seed, link_key(link.from, link.to));
        let draw = |purpose| Stream::new(seed, purpose, key, u64::from(count));
        let mut depart = now;
        if shape.bandwidth > 0 {
            depart = depart.max(link.free_at) + (size as u64 * 1_000_000).div_ceil(shape.bandwidth);
            link.free_at = depart;
        }
        let mut latency = link.latencies.stream(u64::from(count));
        let mut due = depart + sample::draw(shape.latency_of(kind), &mut latency).0;
        if shape.reorder > 0.0 && draw(Purpose::Reorder).chance(shape.reorder) {
            due += 10 * sample::draw(shape.latency_of(kind), &mut latency).0;
        }
        if link.cut > 0 {
            return Fate::Cut(due, link.cut - 1);
        }
        if shape.loss > 0.0 && draw(Purpose::Loss).chance(shape.loss) {
            return Fate::LostByChance(due);
        }
        if shape.ordered {
            due = due.max(link.last_at);
            link.last_at = due;
        }
        Fate::Arrives(due)
    }

    /// When the network's own duplicate of a message arrives, if it makes one.
    pub fn duplicate(&self, link: usize, now: u64, kind: &str, count: u32) -> Option<u64> {
        let link = &self.links[link];
        let mut stream = Stream::new(self.seed, Purpose::Duplicate, link_key(link.from, link.to), u64::from(count));
        let twice = stream.chance(link.shape.duplicate);
        twice.then(|| now + sample::draw(link.shape.latency_of(kind), &mut stream).0)
    }

    /// A fresh latency for a copy that somebody else puts on the link.
    pub fn latency_of_copy(&self, link: usize, kind: &str, count: u32, copy: u8) -> u64 {
        let link = &self.links[link];
        let identity = u64::from(count) | u64::from(copy) << 32;
        sample::draw(
            link.shape.latency_of(kind),
            &mut Stream::new(self.seed, Purpose::Duplicate, link_key(link.from, link.to), identity),
        )
        .0
    }
}

fn link_key(from: NodeId, to: NodeId) -> u64 {
    u64::from(from.0) << 16 | u64::from(to.0)
}

fn clogged(clogs: &[(Pairs, bool)], from: NodeId, to: NodeId) -> bool {
    clogs.iter().rev().find(|(p, _)| p.holds(from, to)).is_some_and(|(_, on)| *on)
}
