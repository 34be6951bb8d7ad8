//! Faults: what is wrong now with the command that ends each, and scripts of faults that are often wanted.

use super::acts::Bench;
use super::stage::Target;
use super::words;
use crate::base::Micros;
use crate::base::random::{Purpose, Stream};
use crate::wire::*;

/// Something that is not as it was at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    pub words: String,
    pub end: Command,
}

/// All that is on now.
pub fn on(bench: Bench) -> Vec<On> {
    let (opened, frame) = (bench.opened, bench.frame);
    let mut list = Vec::new();
    let mut add = |words: String, end: Command| list.push(On { words, end });
    if frame.held {
        add("every message is held".into(), Command::Hold(Hold { on: false }));
    }
    for (info, card) in opened.nodes.iter().zip(&frame.nodes) {
        let (name, this) = (&info.name, || NodeRef { node: info.name.clone() });
        match card.status {
            NodeStatus::Up => {}
            NodeStatus::Down => add(format!("{name} is down"), Command::Restart(this())),
            NodeStatus::Paused => add(format!("{name} is paused"), Command::Resume(this())),
        }
        if card.slow {
            add(format!("{name} is slow"), slow(name, Micros::ZERO));
        }
        if card.clock_off_us != 0 {
            add(format!("the clock of {name} is {}", words::offset(card.clock_off_us)), clock(name, 0));
        }
        if !card.disk.is_empty() {
            add(format!("the disk of {name}: {}", card.disk), disk(name, &opened.disk));
        }
    }
    for name in &bench.status.rules {
        add(format!("cut: {name}"), Command::Heal(Heal { name: name.clone() }));
    }
    for name in &bench.status.adversaries {
        let act = AdversaryAct::Stop;
        let stop = AdversaryScript { name: name.clone(), from: vec![], to: vec![], kind: String::new(), act, times: 0 };
        add(format!("an adversary: {name}"), Command::Adversary(stop));
    }
    links(bench, &mut add);
    list
}

/// Links that are clogged or shaped, both directions as one where they are alike.
fn links(bench: Bench, add: &mut impl FnMut(String, Command)) {
    let (opened, frame) = (bench.opened, bench.frame);
    let name = |node: u16| opened.nodes[node as usize].name.clone();
    for card in frame.links.iter().filter(|l| l.clogged || !l.shape.is_empty()) {
        let other = frame.link((card.to, card.from));
        let alike = other.is_some_and(|o| (o.clogged, &o.shape) == (card.clogged, &card.shape));
        if alike && card.from > card.to {
            continue;
        }
        let (from, to, one_way) = (vec![name(card.from)], vec![name(card.to)], !alike);
        let way = format!("{} {} {}", name(card.from), if alike { "–" } else { "→" }, name(card.to));
        if card.clogged && !frame.held {
            let clog = Clog { from: from.clone(), to: to.clone(), one_way, clogged: false };
            add(format!("{way}: clogged"), Command::Clog(clog));
        }
        if !card.shape.is_empty() {
            add(
                format!("{way}: {}", card.shape),
                Command::Link(LinkChange { from, to, one_way, ..opened.network.clone() }),
            );
        }
    }
}

fn slow(node: &str, service: Micros) -> Command {
    Command::Slow(Slow { node: node.into(), service: Distribution::Constant(service) })
}

fn clock(node: &str, offset_us: i64) -> Command {
    Command::Clock(Clock { node: node.into(), offset_us, drift_ppm: 0 })
}

fn disk(node: &str, sync: &Distribution) -> Command {
    Command::Disk(DiskShape { node: node.into(), sync: sync.clone(), lies: false })
}

/// Commands, each so long after the moment at which the script is given, in rising order.
pub type Script = Vec<(Micros, Command)>;

/// A script that is often wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    RollingRestart,
    FlakyLink,
    OneWay,
    Bridge,
    SlowDisk,
    ClockJump,
    LongPause,
    RackLoss,
}

impl Preset {
    pub const ALL: [(Preset, &'static str, &'static str); 8] = [
        (Preset::RollingRestart, "Rolling restart", "every server goes down and comes back, one after the other"),
        (Preset::FlakyLink, "Flaky link", "a link loses a third of its messages and is slow for a while"),
        (Preset::OneWay, "One-way partition", "a server hears the others, and they do not hear it"),
        (Preset::Bridge, "Bridge partition", "two halves that only one server can reach both of"),
        (Preset::SlowDisk, "Slow disk", "each sync of a server's disk takes long for a while"),
        (Preset::ClockJump, "Clock jump", "a server's clock jumps ahead and stays there"),
        (Preset::LongPause, "Long pause", "a server stands still, as in a long collection of garbage"),
        (Preset::RackLoss, "Rack loss", "all servers of one zone or rack go down together"),
    ];

    /// What it does to this run, for the thing that is selected where it takes one; none where the run has not what it
    /// needs.
    pub fn script(self, bench: Bench, selected: Option<Target>) -> Option<Script> {
        let servers = servers(bench.opened);
        let u = bench.flight();
        let chosen = match selected {
            Some(Target::Node(n)) => bench.opened.nodes.get(n as usize).map(|n| n.name.clone()),
            _ => None,
        };
        let server =
            chosen.filter(|n| servers.contains(n)).or_else(|| leader(bench)).or_else(|| servers.first().cloned())?;
        let this = || NodeRef { node: server.clone() };
        let others: Vec<String> = servers.iter().filter(|n| **n != server).cloned().collect();
        let at = |units: u64| Micros(u.0 * units);
        Some(match self {
            Preset::RollingRestart => {
                let pair = |(i, name): (u64, &String)| {
                    let this = || NodeRef { node: name.clone() };
                    [(at(60 * i), Command::Crash(this())), (at(60 * i + 30), Command::Restart(this()))]
                };
                (0..).zip(&servers).flat_map(pair).collect()
            }
            Preset::FlakyLink => {
                let (a, b) = link(bench, selected, &servers)?;
                let ends = LinkChange { from: vec![a], to: vec![b], ..LinkChange::default() };
                let latency = Some(Distribution::Uniform { min: at(1), max: at(6) });
                vec![
                    (at(0), Command::Link(LinkChange { latency, loss: Some(0.33), ..ends.clone() })),
                    (
                        at(100),
                        Command::Link(LinkChange { from: ends.from, to: ends.to, ..bench.opened.network.clone() }),
                    ),
                ]
            }
            Preset::OneWay => cut(bench, format!("{server} is not heard"), vec![server], others, true, at(80)),
            Preset::Bridge => {
                if servers.len() < 3 {
                    return None;
                }
                let (left, right) = others.split_at(others.len() / 2);
                cut(bench, format!("only {server} is a bridge"), left.to_vec(), right.to_vec(), false, at(80))
            }
            Preset::SlowDisk => vec![
                (at(0), disk(&server, &Distribution::Constant(at(12)))),
                (at(100), disk(&server, &bench.opened.disk)),
            ],
            Preset::ClockJump => vec![(at(0), clock(&server, (u.0 * 50) as i64))],
            Preset::LongPause => vec![(at(0), Command::Pause(this())), (at(60), Command::Resume(this()))],
            Preset::RackLoss => {
                let rack = rack(bench, &server)?;
                let each = |at: Micros, act: fn(NodeRef) -> Command| {
                    rack.iter().map(move |name| (at, act(NodeRef { node: name.clone() }))).collect::<Script>()
                };
                [each(at(0), Command::Crash), each(at(80), Command::Restart)].concat()
            }
        })
    }
}

fn servers(opened: &Opened) -> Vec<String> {
    opened.nodes.iter().filter(|n| !n.client).map(|n| n.name.clone()).collect()
}

fn leader(bench: Bench) -> Option<String> {
    let cards = bench.opened.nodes.iter().zip(&bench.frame.nodes);
    let mut leaders = cards.filter(|(_, card)| card.tone == Tone::Leader && card.status == NodeStatus::Up);
    leaders.next().map(|(info, _)| info.name.clone())
}

fn link(bench: Bench, selected: Option<Target>, servers: &[String]) -> Option<(String, String)> {
    let name = |n: u16| bench.opened.nodes.get(n as usize).map(|n| n.name.clone());
    match selected {
        Some(Target::Link(a, b)) => Some((name(a)?, name(b)?)),
        _ => Some((
            servers.first()?.clone(),
            servers.get(1).cloned().or_else(|| name(bench.opened.nodes.len() as u16 - 1))?,
        )),
    }
}

/// The servers of one group with this one, if not all of them are in it.
fn rack(bench: Bench, server: &str) -> Option<Vec<String>> {
    let nodes = &bench.opened.nodes;
    let group = nodes.iter().find(|n| n.name == server)?.groups.last()?;
    let rack: Vec<String> =
        nodes.iter().filter(|n| !n.client && n.groups.contains(group)).map(|n| n.name.clone()).collect();
    (rack.len() < servers(bench.opened).len()).then_some(rack)
}

fn cut(bench: Bench, name: String, from: Vec<String>, to: Vec<String>, one_way: bool, until: Micros) -> Script {
    let name = bench.rule(name);
    let heal = Command::Heal(Heal { name: name.clone() });
    vec![(Micros::ZERO, Command::Cut(Cut { name, from, to, one_way })), (until, heal)]
}

/// Random faults, `budget` of them, each of which ends; the same for the same seed. A minority of the servers at most is
/// down or paused at a time.
pub fn rain(bench: Bench, seed: u64, budget: u32) -> Script {
    let (servers, u) = (servers(bench.opened), bench.flight().0);
    let mut script: Script = Vec::new();
    // When each server is well again.
    let mut ill: Vec<(String, u64)> = Vec::new();
    let mut at = 0;
    for drop in 0..u64::from(budget) {
        let mut draw = Stream::new(seed, Purpose::Moment, u64::MAX, drop);
        at += u * (8 + draw.below(30));
        let end = at + u * (15 + draw.below(60));
        let server = servers[draw.below(servers.len() as u64) as usize].clone();
        ill.retain(|(_, until)| *until >= at);
        let few = ill.len() < servers.len().saturating_sub(1) / 2 || servers.len() == 1 && ill.is_empty();
        let stops = few && !ill.iter().any(|(name, _)| *name == server);
        let this = || NodeRef { node: server.clone() };
        let name = format!("rain {}: {server}", drop + 1);
        let (begin, over) = match draw.below(6) {
            0 | 1 if stops => {
                ill.push((server.clone(), end));
                (Command::Crash(this()), Command::Restart(this()))
            }
            2 if stops => {
                ill.push((server.clone(), end));
                (Command::Pause(this()), Command::Resume(this()))
            }
            3 => (slow(&server, Micros(u * 2)), slow(&server, Micros::ZERO)),
            kind => {
                let cut = Cut { name: name.clone(), from: vec![server.clone()], to: vec![], one_way: kind == 4 };
                (Command::Cut(cut), Command::Heal(Heal { name }))
            }
        };
        script.push((Micros(at), begin));
        script.push((Micros(end), over));
    }
    crate::base::order::sort(&mut script, |a, b| a.0 < b.0);
    script
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frame, opened};
    use super::*;

    fn with_bench(groups: bool, check: impl Fn(Bench)) {
        let mut opened = opened(5, 2);
        for (i, node) in opened.nodes.iter_mut().enumerate().filter(|_| groups) {
            node.groups = vec![format!("zone={}", i % 3)];
        }
        let (frame, status) = (frame(&opened, 3), Status { rules: vec!["old".into()], ..Status::default() });
        check(Bench { opened: &opened, frame: &frame, status: &status });
    }

    #[test]
    fn presets_are_in_order_and_need_what_they_need() {
        with_bench(true, |bench| {
            for (preset, name, _) in Preset::ALL {
                for selected in [None, Some(Target::Node(2)), Some(Target::Node(6)), Some(Target::Link(1, 3))] {
                    let script = preset.script(bench, selected).unwrap_or_else(|| panic!("{name}, {selected:?}"));
                    assert!(
                        !script.is_empty() && script.windows(2).all(|pair| pair[0].0 <= pair[1].0),
                        "{name}: {script:?}"
                    );
                    assert_eq!(script[0].0, Micros::ZERO, "{name}");
                }
            }
            let lost = Preset::RackLoss.script(bench, Some(Target::Node(2))).expect("zones");
            assert_eq!(lost[0].1, Command::Crash(NodeRef { node: "n3".into() }));
        });
        with_bench(false, |bench| assert_eq!(Preset::RackLoss.script(bench, None), None));
    }

    #[test]
    fn rain_is_of_its_seed_and_stays_within_its_budget() {
        with_bench(false, |bench| {
            let rains: Vec<Script> = (0..40).map(|seed| rain(bench, seed, 12)).collect();
            assert_eq!(rains[3], rain(bench, 3, 12));
            assert_ne!(rains[3], rains[4]);
            for script in &rains {
                assert_eq!(script.len(), 24);
                assert!(script.windows(2).all(|pair| pair[0].0 <= pair[1].0));
                let mut down: Vec<&str> = Vec::new();
                for (_, command) in script {
                    match command {
                        Command::Crash(n) | Command::Pause(n) => down.push(&n.node),
                        Command::Restart(n) | Command::Resume(n) => down.retain(|name| *name != n.node),
                        _ => {}
                    }
                    assert!(down.len() <= 2, "{down:?}");
                }
                assert!(down.is_empty());
            }
        });
    }

    #[test]
    fn what_is_on_can_be_ended() {
        with_bench(false, |bench| {
            let list = on(bench);
            let says = |words: &str| list.iter().any(|on| on.words.contains(words));
            assert!(
                says("is down") && says("is paused") && says("is slow") && says("the clock of") && says("cut: old")
            );
            assert!(list.iter().all(|on| !on.words.is_empty()));
        });
    }
}
