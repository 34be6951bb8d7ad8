//! Random fault schedules: from a seed, a whole scenario with workload, faults, and a time at which everything heals.
//!
//! Each seed draws which kinds of faults it has and how rough they are (swarm testing: Groce and others, ISSTA 2012), so
//! that a fault that would drown the others is absent from many runs. All draws come from one stream outside of the
//! run proper; the run itself is keyed by the same seed.
//!
//! On demand: adversaries that replay messages (every protocol here must bear them; none is made for forgeries, so that
//! nothing is altered or injected), and disks that lie about their syncs (under which no protocol here promises
//! anything: a sweep with them shows that a property notices).

use crate::base::Micros;
use crate::base::random::{Purpose, Stream};
use crate::sim::params::ParamValue;
use crate::sim::protocol::Description;
use crate::sim::scenario::{LogEntry, NodeLine, Scenario, VERSION};
use crate::wire::*;
use std::collections::BTreeMap;

/// What is swept: a protocol in some sizes, and for how long.
#[derive(Clone, Debug)]
pub struct Profile {
    pub protocol: String,
    pub parameters: BTreeMap<String, ParamValue>,
    /// Of each of these lists every seed draws one set of further parameters.
    pub drawn: Vec<Vec<BTreeMap<String, ParamValue>>>,
    /// Role, name prefix and the possible numbers of the nodes that serve.
    pub servers: (String, String, Vec<u16>),
    pub clients: (String, String, Vec<u16>),
    /// Role and name of single nodes beside them, with the same fate as servers.
    pub beside: Vec<(String, String)>,
    /// Adversaries sit on some links and replay what passes, up to half a second later.
    pub adversary: bool,
    /// Some disks of servers acknowledge syncs that they do not make.
    pub lying_disks: bool,
    /// Faults happen until then; then everything heals.
    pub rough: Micros,
    /// How long operations from before may take to end after that.
    pub settle: Micros,
    /// How long a fresh operation may take after that.
    pub bound: Micros,
}

/// Kinds of faults; each seed has some of them.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    server_crash: bool,
    client_crash: bool,
    pause: bool,
    split: bool,
    lossy: bool,
    copies: bool,
    reorder: bool,
    clocks: bool,
    delay: bool,
    clog: bool,
    slow: bool,
    slow_disk: bool,
    /// What happens to single nodes happens often.
    often: bool,
    /// Not a fault, yet a strain: clients ask for the protocol's administrative functions.
    administration: bool,
}

struct Script<'a> {
    profile: &'a Profile,
    stream: Stream,
    servers: Vec<String>,
    clients: Vec<String>,
    beside: Vec<String>,
    /// Offset and drift of each clock that is not right.
    clocks: BTreeMap<String, (i64, i32)>,
    log: Vec<LogEntry>,
    only: Only,
}

/// The scenario of a seed. Its last commands ask every client for one fresh put and get, at [`Profile::asks_at`].
pub fn scenario(profile: &Profile, describe: &Description, seed: u64) -> Scenario {
    let mut stream = Stream::new(seed, Purpose::Script, 0, 0);
    let group = |(role, prefix, counts): &(String, String, Vec<u16>), stream: &mut Stream| {
        let count = counts[stream.below(counts.len() as u64) as usize];
        let names: Vec<String> = (1..=count).map(|i| format!("{prefix}{i}")).collect();
        let (name, role) = (prefix.clone(), role.clone());
        (NodeLine { name, role, count: Some(count), groups: Vec::new(), place: None }, names)
    };
    let (server_line, servers) = group(&profile.servers, &mut stream);
    let (client_line, clients) = group(&profile.clients, &mut stream);
    let network = LinkChange { latency: Some(latency(&mut stream)), ..LinkChange::default() };
    let disk = Some(sync_time(&mut stream));
    let mut parameters = profile.parameters.clone();
    for sets in &profile.drawn {
        for (name, value) in &sets[stream.below(sets.len() as u64) as usize] {
            parameters.entry(name.clone()).or_insert(value.clone());
        }
    }
    let beside = profile.beside.iter().map(|(_, name)| name.clone()).collect();
    let mut script =
        Script { profile, stream, servers, clients, beside, clocks: BTreeMap::new(), log: Vec::new(), only: Only::All };
    script.workloads(describe);
    script.faults(describe);
    // From streams of their own: the rest of a seed's script is the same with and without them.
    script.stream = Stream::new(seed, Purpose::Script, 1, 0);
    if profile.adversary {
        script.adversaries();
    }
    script.stream = Stream::new(seed, Purpose::Script, 2, 0);
    if profile.lying_disks {
        script.lying_disks();
    }
    script.heal();
    script.fresh(describe);
    let single = |(role, name): &(String, String)| NodeLine {
        name: name.clone(),
        role: role.clone(),
        count: None,
        groups: Vec::new(),
        place: None,
    };
    let nodes = [server_line, client_line].into_iter().chain(profile.beside.iter().map(single)).collect();
    let mut commands = script.log;
    commands.sort_by_key(|entry| entry.at);
    Scenario {
        version: VERSION,
        title: format!("sweep of {}, seed {seed}", profile.protocol),
        protocol: profile.protocol.clone(),
        seed,
        pace: None,
        parameters,
        network,
        disk,
        layout: Default::default(),
        nodes,
        commands,
    }
}

/// A run that has its own nodes and script, as random faults come upon it.
#[derive(Clone, Debug)]
pub struct Upon {
    pub servers: Vec<String>,
    pub clients: Vec<String>,
    /// Faults happen from here on for so long; then everything heals.
    pub from: Micros,
    pub rough: Micros,
    /// As in a [`Profile`].
    pub settle: Micros,
    pub bound: Micros,
    /// The clients ask for something all the while, by workloads that are drawn.
    pub load: bool,
    /// Which kinds of faults there may be.
    pub only: Only,
}

/// Kinds of faults that a search is narrowed to: what nothing but they shall explain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    /// All that a seed draws.
    #[default]
    All,
    Crashes,
    Cuts,
    /// None: the protocol's administrative functions.
    Administration,
}

impl Upon {
    pub fn asks_at(&self) -> Micros {
        self.from.plus(self.rough).plus(self.settle)
    }

    pub fn ends_at(&self) -> Micros {
        self.asks_at().plus(self.bound)
    }
}

/// The faults of a seed, and how all heals and every client asks for each function once: its commands by their times.
pub fn upon(on: &Upon, describe: &Description, seed: u64) -> (Vec<LogEntry>, Vec<LogEntry>) {
    let profile = Profile {
        protocol: describe.name.into(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        servers: Default::default(),
        clients: Default::default(),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: on.rough,
        settle: on.settle,
        bound: on.bound,
    };
    let (servers, clients) = (on.servers.clone(), on.clients.clone());
    let stream = Stream::new(seed, Purpose::Script, 3, 0);
    let mut script = Script {
        profile: &profile,
        stream,
        servers,
        clients,
        beside: Vec::new(),
        clocks: BTreeMap::new(),
        log: Vec::new(),
        only: Only::All,
    };
    if on.load {
        script.workloads(describe);
    }
    script.only = on.only;
    script.faults(describe);
    let mut faults = std::mem::take(&mut script.log);
    // Those that were down or paused before know of no command that brings them back.
    for node in script.everyone() {
        script.add(on.rough, Command::Restart(NodeRef { node: node.clone() }));
        script.add(on.rough, Command::Resume(NodeRef { node }));
    }
    script.add(on.rough, Command::Hold(Hold { on: false }));
    script.heal();
    script.fresh(describe);
    let mut after = script.log;
    for entry in faults.iter_mut().chain(&mut after) {
        entry.at = entry.at.plus(on.from);
    }
    faults.sort_by_key(|entry| entry.at);
    (faults, after)
}

impl Profile {
    pub fn asks_at(&self) -> Micros {
        self.rough.plus(self.settle)
    }

    pub fn ends_at(&self) -> Micros {
        self.asks_at().plus(self.bound)
    }
}

fn latency(stream: &mut Stream) -> Distribution {
    let (min, mean) = (Micros(500), Micros::ms(2));
    match stream.below(6) {
        0 => Distribution::Constant(mean),
        1 => Distribution::Uniform { min, max: Micros::ms(4) },
        2 => Distribution::Exponential { min, mean },
        3 => Distribution::LogNormal { median: mean, sigma: 1.0 },
        4 => Distribution::Pareto { min: Micros::ms(1), alpha: 1.2 },
        _ => Distribution::Uniform { min, max: Micros::ms(30) },
    }
}

fn sync_time(stream: &mut Stream) -> Distribution {
    match stream.below(4) {
        0 => Distribution::Constant(Micros(500)),
        1 => Distribution::Uniform { min: Micros(100), max: Micros::ms(5) },
        2 => Distribution::Exponential { min: Micros(100), mean: Micros::ms(3) },
        _ => Distribution::LogNormal { median: Micros::ms(2), sigma: 1.0 },
    }
}

impl Script<'_> {
    fn add(&mut self, at: Micros, command: Command) {
        self.log.push(LogEntry { at, after: 0, spread: Micros::ZERO, command, learner: false, press: 0 });
    }

    fn one_of(&mut self, names: &[String]) -> String {
        names[self.stream.below(names.len() as u64) as usize].clone()
    }

    fn everyone(&self) -> Vec<String> {
        self.servers.iter().chain(&self.clients).chain(&self.beside).cloned().collect()
    }

    /// Exponential with this mean.
    fn span(&mut self, mean: Micros) -> Micros {
        let exponential = -libm::log(1.0 - self.stream.unit()) * mean.0 as f64;
        Micros(libm::round(exponential) as u64)
    }

    fn workloads(&mut self, describe: &Description) {
        let keys = Keys::Uniform { count: 1 + self.stream.below(3) as u32 };
        for client in self.clients.clone() {
            let arrivals = if self.stream.chance(0.6) {
                let mean = Micros::ms(2 + self.stream.below(40));
                Arrivals::Closed { think: Distribution::Exponential { min: Micros::ZERO, mean } }
            } else {
                Arrivals::Open { rate: 10.0 + self.stream.below(60) as f64 }
            };
            let functions = describe.functions.iter();
            let mix = functions.map(|f| (f.f.clone(), 1 + self.stream.below(4) as u32)).collect();
            self.add(Micros::ZERO, Command::Workload(Workload { client, arrivals, mix, keys: keys.clone(), limit: 0 }));
        }
    }

    fn faults(&mut self, describe: &Description) {
        let mut on = |p: f64| self.stream.chance(p);
        let kinds = Kinds {
            server_crash: on(0.6),
            client_crash: on(0.3),
            pause: on(0.3),
            split: on(0.5),
            lossy: on(0.5),
            copies: on(0.3),
            reorder: on(0.3),
            clocks: on(0.3),
            delay: on(0.4),
            clog: on(0.3),
            slow: on(0.2),
            slow_disk: on(0.3),
            often: on(0.25),
            administration: !describe.administration.is_empty() && on(0.5),
        };
        let kinds = match self.only {
            Only::All => kinds,
            Only::Crashes => Kinds { server_crash: true, ..Kinds::default() },
            Only::Cuts => Kinds { split: true, ..Kinds::default() },
            Only::Administration => Kinds { administration: true, ..Kinds::default() },
        };
        self.weather(&kinds);
        for node in self.everyone() {
            self.nodes_fate(&node, &kinds);
        }
        if kinds.administration {
            self.administer(describe);
        }
        // Where the network is cut, clogged or delayed changes again and again.
        for episode in 0..8 {
            let start = Micros(self.stream.below(self.profile.rough.0));
            let end = start.plus(self.span(Micros::ms(250)));
            match episode % 4 {
                0 | 1 if kinds.split => self.split(episode, start, end),
                2 if kinds.clog => self.clog(start, end),
                3 if kinds.delay => self.delay(start, end),
                _ => {}
            }
        }
    }

    /// Clients change the cluster again and again: which server, or for functions with a value which servers, is drawn.
    fn administer(&mut self, describe: &Description) {
        let mut at = self.span(Micros::ms(300));
        while at < self.profile.rough {
            let function = &describe.administration[self.stream.below(describe.administration.len() as u64) as usize];
            let (servers, client) = (self.servers.clone(), self.one_of(&self.clients.clone()));
            let key = if function.has_key { self.one_of(&servers) } else { String::new() };
            let some: Vec<Datum> = servers.into_iter().filter(|_| self.stream.chance(0.7)).map(Datum::Text).collect();
            let value = if function.has_value { Datum::List(some) } else { Datum::None };
            let op = Op { f: function.f.as_str().into(), key: key.into(), value };
            self.add(at, Command::Request(ClientRequest { client, op }));
            at = at.plus(self.span(Micros::ms(200)));
        }
    }

    /// What holds from the start: chances of every link, clocks, slow nodes.
    fn weather(&mut self, kinds: &Kinds) {
        let mut chance = |on: bool, max: f64| on.then(|| self.stream.unit() * max);
        let (loss, duplicate) = (chance(kinds.lossy, 0.2), chance(kinds.copies, 0.3));
        let reorder = chance(kinds.reorder, 0.3);
        if loss.or(duplicate).or(reorder).is_some() {
            self.add(Micros::ZERO, Command::Link(LinkChange { loss, duplicate, reorder, ..LinkChange::default() }));
        }
        for node in self.everyone() {
            if kinds.clocks {
                let offset_us = self.stream.below(2_000_000) as i64;
                let drift_ppm = self.stream.below(400_001) as i32 - 200_000;
                self.clocks.insert(node.clone(), (offset_us, drift_ppm));
                self.add(Micros::ZERO, Command::Clock(Clock { node: node.clone(), offset_us, drift_ppm }));
            }
            if kinds.slow && self.stream.chance(0.3) {
                let service =
                    Distribution::Exponential { min: Micros::ZERO, mean: Micros(1 + self.stream.below(2_000)) };
                self.add(Micros::ZERO, Command::Slow(Slow { node, service }));
            }
        }
    }

    /// Crashes and restarts, pauses and resumptions, slow spells of the disk of one node, one after another.
    fn nodes_fate(&mut self, node: &str, kinds: &Kinds) {
        let is_client = self.clients.iter().any(|c| c == node);
        let crashes = if is_client { kinds.client_crash } else { kinds.server_crash };
        let reference = || NodeRef { node: node.into() };
        let mut at = self.span(Micros::ms(600));
        while at < self.profile.rough {
            let end = at.plus(self.span(Micros::ms(150)));
            // What lasts is over when everything heals.
            let ends = end < self.profile.rough;
            match self.stream.below(3) {
                0 if crashes => {
                    // Some come back at once: a supervisor starts them again.
                    let end = if self.stream.chance(0.5) { end } else { at.plus(self.span(Micros::ms(10))) };
                    self.add(at, Command::Crash(reference()));
                    self.add(end.min(self.profile.rough), Command::Restart(reference()));
                }
                1 if kinds.pause => {
                    self.add(at, Command::Pause(reference()));
                    self.add(end.min(self.profile.rough), Command::Resume(reference()));
                }
                2 if kinds.slow_disk && ends => {
                    let sync = Distribution::Exponential { min: Micros::ms(2), mean: Micros::ms(20) };
                    self.add(at, Command::Disk(DiskShape { node: node.into(), sync, lies: false }));
                    let usual = sync_time(&mut self.stream);
                    self.add(end, Command::Disk(DiskShape { node: node.into(), sync: usual, lies: false }));
                }
                _ => {}
            }
            at = end.plus(self.span(Micros::ms(if kinds.often { 80 } else { 400 })));
        }
    }

    /// A partition: some against the rest, with or without a bridge between them, or one from one; in both directions or
    /// in one.
    fn split(&mut self, number: u32, start: Micros, end: Micros) {
        let everyone = self.everyone();
        let one_way = self.stream.chance(0.3);
        let (from, to) = if self.stream.chance(0.4) {
            let from = self.one_of(&everyone);
            let to: Vec<String> = everyone.into_iter().filter(|n| *n != from).collect();
            (vec![from], vec![self.one_of(&to)])
        } else {
            let (mut some, mut rest): (Vec<String>, Vec<String>) =
                everyone.into_iter().partition(|_| self.stream.chance(0.4));
            if self.stream.chance(0.3) {
                // One of the larger side hears both.
                if some.len() > rest.len() { &mut some } else { &mut rest }.pop();
            }
            (some, rest)
        };
        if from.is_empty() || to.is_empty() {
            return;
        }
        let name = format!("split {}", number + 1);
        self.add(start, Command::Cut(Cut { name: name.clone(), from, to, one_way }));
        if end < self.profile.rough {
            self.add(end, Command::Heal(Heal { name }));
        }
    }

    fn clog(&mut self, start: Micros, end: Micros) {
        let from = vec![self.one_of(&self.everyone())];
        let one_way = self.stream.chance(0.5);
        for (at, clogged) in [(start, true), (end, false)] {
            if at < self.profile.rough {
                self.add(at, Command::Clog(Clog { from: from.clone(), to: Vec::new(), one_way, clogged }));
            }
        }
    }

    /// One to three adversaries replay what passes on their links, some only at times.
    fn adversaries(&mut self) {
        for number in 0..1 + self.stream.below(3) {
            let name = format!("parrot {}", number + 1);
            let everyone = self.everyone();
            let from = vec![self.one_of(&everyone)];
            let to = if self.stream.chance(0.5) { Vec::new() } else { vec![self.one_of(&everyone)] };
            let act = AdversaryAct::Replay { after: Micros(self.stream.below(500_000)) };
            let times = if self.stream.chance(0.5) { 0 } else { 1 + self.stream.below(50) as u32 };
            let at = Micros(self.stream.below(self.profile.rough.0));
            let (kind, stop) = (String::new(), AdversaryAct::Stop);
            let script = AdversaryScript { name: name.clone(), from, to, kind: kind.clone(), act, times };
            self.add(at, Command::Adversary(script));
            let script = AdversaryScript { name, from: Vec::new(), to: Vec::new(), kind, act: stop, times: 0 };
            self.add(self.profile.rough, Command::Adversary(script));
        }
    }

    /// Some servers' disks lie for a while, or until everything heals.
    fn lying_disks(&mut self) {
        for node in self.servers.clone() {
            let at = Micros(self.stream.below(self.profile.rough.0));
            let end = at.plus(self.span(Micros::s(1)));
            if self.stream.chance(0.5) {
                let sync = sync_time(&mut self.stream);
                self.add(at, Command::Disk(DiskShape { node: node.clone(), sync: sync.clone(), lies: true }));
                if end < self.profile.rough {
                    self.add(end, Command::Disk(DiskShape { node, sync, lies: false }));
                }
            }
        }
    }

    /// The links of one node become slow and uneven.
    fn delay(&mut self, start: Micros, end: Micros) {
        let from = vec![self.one_of(&self.everyone())];
        let slow = Distribution::Uniform { min: Micros::ms(1), max: Micros::ms(20 + self.stream.below(180)) };
        let usual = latency(&mut self.stream);
        for (at, latency) in [(start, slow), (end, usual)] {
            if at < self.profile.rough {
                let change = LinkChange { from: from.clone(), latency: Some(latency), ..LinkChange::default() };
                self.add(at, Command::Link(change));
            }
        }
    }

    /// Everything is as it should be from now on, without heavy tails: in a large enough sweep somebody waits for the one
    /// sync in a million that takes half a second. (Crashed and paused nodes have come back by their own commands.)
    fn heal(&mut self) {
        let at = self.profile.rough;
        self.add(at, Command::Heal(Heal { name: String::new() }));
        self.add(at, Command::Clog(Clog { from: Vec::new(), to: Vec::new(), one_way: false, clogged: false }));
        let calm = LinkChange {
            loss: Some(0.0),
            duplicate: Some(0.0),
            reorder: Some(0.0),
            latency: Some(Distribution::Uniform { min: Micros(500), max: Micros::ms(4) }),
            ..LinkChange::default()
        };
        self.add(at, Command::Link(calm));
        for node in self.everyone() {
            let fast = Distribution::Constant(Micros::ZERO);
            self.add(at, Command::Slow(Slow { node: node.clone(), service: fast }));
            // A clock goes on from where it stands: one that jumps would break the leases that rely on it.
            if let Some((offset, drift)) = self.clocks.get(&node) {
                let offset_us = offset + at.0 as i64 * i64::from(*drift) / 1_000_000;
                self.add(at, Command::Clock(Clock { node: node.clone(), offset_us, drift_ppm: 0 }));
            }
            let sync = Distribution::Constant(Micros(500));
            self.add(at, Command::Disk(DiskShape { node, sync, lies: false }));
        }
        for client in self.clients.clone() {
            let (mix, keys) = (BTreeMap::new(), Keys::default());
            self.add(at, Command::Workload(Workload { client, arrivals: Arrivals::Off, mix, keys, limit: 0 }));
        }
    }

    /// Every client asks for each function once.
    fn fresh(&mut self, describe: &Description) {
        let at = self.profile.asks_at();
        for (i, client) in self.clients.clone().into_iter().enumerate() {
            for function in &describe.functions {
                let key = if function.has_key { "x".into() } else { String::new() };
                let value = if function.has_value { Datum::Int(900_000 + i as i64) } else { Datum::None };
                let op = Op { f: function.f.as_str().into(), key: key.into(), value };
                self.add(at, Command::Request(ClientRequest { client: client.clone(), op }));
            }
        }
    }
}
