//! A small cluster that a test drives step by step, and its transcript.

use faultline::base::{Micros, NodeId, TimerId};
use faultline::protocols;
use faultline::sim::protocol::Card;
use faultline::sim::scenario::Blueprint;
use faultline::sim::sentence::Reader;
use faultline::sim::trace::{Rec, Trace};
use faultline::sim::world::{Watch, World};
use faultline::wire::{Command, Datum, Op, Outcome, RowKind, SourceFile, TimerRef};
use std::fmt::Write;

pub struct Lab {
    pub world: World,
    pub trace: Trace,
    /// What the test saw on the way that contradicts the claim.
    pub wrong: Vec<String>,
}

/// Links that take 10 ms and disks that take 5 ms. Unless `parameters` say otherwise, elections begin only when a test
/// fires a timer, and nobody refuses to vote because it hears a leader.
pub fn lab(servers: u16, spares: u16, parameters: &[(&str, &str)], bug: Option<&str>) -> Lab {
    let usual = [
        ("election-timeout-min", "\"10s\""),
        ("election-timeout-max", "\"20s\""),
        ("heartbeat-interval", "\"100ms\""),
        ("leader-stickiness", "false"),
        ("retry-after", "\"150ms\""),
        ("give-up-after", "\"5s\""),
    ];
    let mut text = String::from(
        "version = 1\ntitle = \"raft\"\nprotocol = \"raft\"\nseed = 1\nnetwork.latency.constant = \"10ms\"\ndisk.constant = \"5ms\"\n",
    );
    let _ = write!(text, "nodes = [{{ name = \"n\", role = \"server\", count = {servers} }}");
    if spares > 0 {
        let _ = write!(text, ", {{ name = \"s\", role = \"spare\", count = {spares} }}");
    }
    text += ", { name = \"c\", role = \"client\", count = 2 }]\n[parameters]\n";
    let unusual = |name: &str| parameters.iter().any(|(other, _)| *other == name);
    for (name, value) in usual.iter().filter(|(name, _)| !unusual(name)).chain(parameters) {
        let _ = writeln!(text, "{name} = {value}");
    }
    if let Some(bug) = bug {
        let _ = writeln!(text, "{bug} = true");
    }
    let file = SourceFile { name: "raft.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let world = blueprint.world(Watch { properties: true, hash: false });
    let mut lab = Lab { world, trace: Trace::default(), wrong: Vec::new() };
    lab.world.boot(&mut Some(&mut lab.trace));
    lab
}

impl Lab {
    /// Goes on to this time, in milliseconds.
    pub fn until(&mut self, ms: u64) -> &mut Lab {
        self.until_watched(ms, |_| None)
    }

    /// The same, with a look at the cluster after each step.
    pub fn until_watched(&mut self, ms: u64, look: impl Fn(&Lab) -> Option<String>) -> &mut Lab {
        let limit = Micros::ms(ms).0;
        while self.world.step(limit, &mut Some(&mut self.trace)).is_some() {
            if let Some(wrong) = look(self) {
                self.wrong.push(wrong);
            }
        }
        self.world.advance_clock(limit);
        self
    }

    /// Carries a command out, in TOML after "do.".
    pub fn does(&mut self, command: &str) -> &mut Lab {
        let text = format!("version = 1\nprotocol = \"raft\"\nnodes = []\n[[commands]]\nat = \"0s\"\ndo.{command}\n");
        let file = SourceFile { name: command.into(), text };
        let scenario = faultline::sim::scenario::Scenario::read(&file).expect("a good command");
        self.apply(scenario.commands[0].command.clone())
    }

    fn apply(&mut self, command: Command) -> &mut Lab {
        let done = self.world.apply(&command, &mut Some(&mut self.trace));
        done.unwrap_or_else(|why| panic!("{command:?}: {why}"));
        self
    }

    /// `"c1 put x=4"`, `"c2 get x"`, `"c1 change-members = n1 n2"`.
    pub fn asks(&mut self, words: &str) -> &mut Lab {
        let (client, rest) = words.split_once(' ').expect("a client");
        let (f, rest) = rest.split_once(' ').expect("a function");
        let (key, value) = match rest.split_once('=') {
            None => (rest, Datum::None),
            Some((key, value)) => match value.parse() {
                Ok(n) => (key, Datum::Int(n)),
                Err(_) => (key, Datum::Text(value.trim().into())),
            },
        };
        let op = Op { f: f.into(), key: key.trim().into(), value };
        self.apply(Command::Request(faultline::wire::ClientRequest { client: client.into(), op }))
    }

    /// Fires a server's election timer.
    pub fn fires(&mut self, name: &str) -> &mut Lab {
        let node = self.node(name);
        let timers = &self.world.shells[node.index()].timers;
        let timer = timers.iter().find(|timer| timer.kind == 0).expect("an election timer");
        let timer = TimerId { node, count: timer.count };
        self.apply(Command::FireTimer(TimerRef { timer }))
    }

    /// Cuts the links between two sets of names, separated by spaces.
    pub fn cuts(&mut self, name: &str, from: &str, to: &str) -> &mut Lab {
        let names = |words: &str| words.split(' ').map(String::from).collect();
        let cut = faultline::wire::Cut { name: name.into(), from: names(from), to: names(to), one_way: false };
        self.apply(Command::Cut(cut))
    }

    pub fn heals(&mut self) -> &mut Lab {
        self.does("heal = {}")
    }

    fn node(&self, name: &str) -> NodeId {
        NodeId(self.world.setup.nodes.iter().position(|n| n.name == name).expect("a node") as u16)
    }

    pub fn card(&self, name: &str) -> Card {
        self.world.card(self.node(name))
    }

    pub fn probe(&self, name: &str, probe: &str) -> Datum {
        let found = self.card(name).probes.into_iter().find(|(known, _)| known == probe);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    pub fn number(&self, name: &str, probe: &str) -> i64 {
        if let Datum::Int(n) = self.probe(name, probe) { n } else { -1 }
    }

    /// Those who take themselves for the leader, with their terms.
    pub fn leaders(&self) -> Vec<(String, i64)> {
        let names = self.world.setup.nodes.iter().filter(|n| !n.client).map(|n| n.name.clone());
        names.filter(|n| self.card(n).role == "leader").map(|n| (n.clone(), self.number(&n, "term"))).collect()
    }

    /// The entries at the end of a server's log; in brackets those that it does not know to be committed.
    pub fn log(&self, name: &str) -> String {
        let cells = self.card(name).cells;
        let words = cells.into_iter().map(|c| if c.firm { c.text } else { format!("({})", c.text) });
        words.collect::<Vec<_>>().join(" ")
    }

    /// How the operations of a client ended, in the order of their ends.
    pub fn ended(&self, client: &str) -> Vec<(String, Outcome, Datum)> {
        let node = self.node(client).0;
        let rows = self.trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete && rec.node == node);
        rows.map(|rec| self.trace.completed(rec))
            .map(|(op, outcome, answer, _)| (op.to_string(), outcome, answer))
            .collect()
    }

    /// How often a server received a message whose words contain these.
    pub fn received(&self, name: &str, words: &str) -> usize {
        let node = self.node(name).0;
        let rows = self.trace.rows().iter().filter(|rec| rec.kind == RowKind::Deliver && rec.node == node);
        rows.filter(|rec| self.reader().message(rec).contains(words)).count()
    }

    fn reader(&self) -> Reader<'_> {
        let world = &self.world;
        Reader {
            trace: &self.trace,
            setup: &world.setup,
            machine: &*world.machine,
            properties: &world.describe.properties,
        }
    }

    /// What arrived, happened and ended; without heartbeats, and without the sendings and syncs in between.
    pub fn transcript(&self) -> String {
        let reader = self.reader();
        let routine = |rec: &Rec| {
            let kind = reader.message_kind(rec).map(|kind| self.world.describe.messages[usize::from(kind)].0);
            matches!(kind, Some("Heartbeat" | "Echo"))
        };
        let mut text = String::new();
        for rec in self.trace.rows() {
            let shown = match rec.kind {
                RowKind::Deliver | RowKind::Lost => !routine(rec),
                RowKind::TimerFired => rec.code == 0,
                RowKind::Command | RowKind::Complete | RowKind::Note | RowKind::Violation => true,
                _ => false,
            };
            if shown {
                let _ = writeln!(text, "{:>10}  {}", Micros(rec.at).to_string(), reader.sentence(rec));
            }
        }
        text += "\n";
        for node in &self.world.setup.nodes {
            let card = self.card(&node.name);
            let status = &self.world.shells[self.node(&node.name).index()].status;
            let _ = writeln!(text, "{}: {status:?} {} {}", node.name, card.role, card.headline);
            if !card.cells.is_empty() {
                let _ = writeln!(text, "    {}", self.log(&node.name));
            }
        }
        text
    }

    /// The first thing that contradicts what Raft promises, if anything does.
    pub fn broken(&self) -> Option<String> {
        let broken = self.world.broken.iter().zip(&self.world.describe.properties);
        let mut reasons =
            broken.filter_map(|(b, (name, _))| b.as_ref().map(|(row, why)| (*row, format!("\"{name}\": {why}"))));
        let first = reasons.next();
        reasons.chain(first).min().map(|(_, why)| why).or_else(|| self.wrong.first().cloned())
    }
}

/// A claim of the paper about a run.
pub type Claim = fn(&Lab) -> Result<(), String>;

/// The claim and all properties hold in the run, and one of them fails under each of the planted bugs. Returns what
/// happened, and how it fails.
pub fn situation(run: fn(Option<&str>) -> Lab, claim: Claim, bugs: &[&str]) -> String {
    let good = run(None);
    let mut text = good.transcript();
    assert_eq!(good.broken(), None, "{text}");
    if let Err(why) = claim(&good) {
        panic!("the claim does not hold: {why}\n{text}");
    }
    text += "\n";
    for bug in bugs {
        let bad = run(Some(bug));
        let failure = bad.broken().or_else(|| claim(&bad).err());
        let why =
            failure.unwrap_or_else(|| panic!("{bug} changes nothing that the claim is about\n{}", bad.transcript()));
        let _ = writeln!(text, "with {bug}: {why}");
    }
    text
}

/// An error with these words unless it holds.
pub fn expect(holds: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(words()) }
}

/// Exactly this server leads, in this term.
pub fn leads(lab: &Lab, name: &str, term: i64) -> Result<(), String> {
    let leaders = lab.leaders();
    expect(leaders == [(name.to_string(), term)], || format!("leaders are {leaders:?}, expected {name} in term {term}"))
}

/// An operation of a client ended well, with this answer.
pub fn answered(lab: &Lab, client: &str, op: &str, answer: &Datum) -> Result<(), String> {
    let ended = lab.ended(client);
    let found = ended.iter().any(|(o, outcome, a)| o == op && *outcome == Outcome::Ok && a == answer);
    expect(found, || format!("{client}'s {op} did not answer {answer}: {ended:?}"))
}

/// The logs are the same in what is shown of them.
pub fn same_logs(lab: &Lab, names: &[&str]) -> Result<(), String> {
    let logs: Vec<String> = names.iter().map(|name| lab.log(name).replace(['(', ')'], "")).collect();
    expect(logs.windows(2).all(|pair| pair[0] == pair[1]), || format!("the logs of {names:?} differ: {logs:?}"))
}
