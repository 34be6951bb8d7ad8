//! A ring of 64 nodes that pass messages on, with random latency of 1–10 ms, beside a bare binary heap that pushes and
//! pops the same number of random times in the same process. Shared by the native and the wasm benchmark.

use faultline::base::random::{Purpose, Stream};
use faultline::base::{Micros, NodeId, OpId};
use faultline::sim::cell::Entry;
use faultline::sim::params::{ParamKind, ParamSpec, Params};
use faultline::sim::protocol::*;
use faultline::sim::scenario::{Blueprint, Scenario};
use faultline::sim::trace::Trace;
use faultline::sim::world::{Watch, World};
use faultline::wire::{Op, SourceFile, Tone};
use serde::{Deserialize, Serialize};
use std::collections::BinaryHeap;

pub const NODES: u16 = 64;

#[derive(Clone)]
struct Ring {
    tokens: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Token {
    hops: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    count: u64,
    hops: u64,
}

impl Protocol for Ring {
    type Msg = Token;
    type Timer = ();
    type Disk = ();
    type State = Seen;
    type Monitor = ();

    fn describe() -> Description {
        let kind = ParamKind::Int { default: 1, min: 0, max: 100_000, unit: "tokens" };
        Description {
            name: "ring",
            summary: "each node passes every token on to the next",
            roles: vec![RoleSpec { name: "node", meaning: "", tone: Tone::Server, client: false }],
            messages: vec![("Token", Tone::Update)],
            timers: vec![],
            properties: vec![],
            functions: vec![],
            administration: vec![],
            params: vec![ParamSpec { name: "tokens", meaning: "tokens that each node starts with", kind }],
        }
    }

    fn configure(params: &Params) -> Self {
        Ring { tokens: params.int("tokens") as u64 }
    }

    fn boot(&self, (): &(), ctx: &mut Ctx<'_, Self>) -> Seen {
        for hops in 0..self.tokens {
            let next = NodeId((ctx.me().0 + 1) % NODES);
            ctx.send(next, &Token { hops });
        }
        Seen { count: 0, hops: 0 }
    }

    fn on_message(&self, s: &mut Seen, _: NodeId, m: Token, ctx: &mut Ctx<'_, Self>) {
        s.count += 1;
        s.hops = s.hops.max(m.hops);
        let next = NodeId((ctx.me().0 + 1) % NODES);
        ctx.send(next, &Token { hops: m.hops + 1 });
    }

    fn on_request(&self, _: &mut Seen, _: OpId, _: &Op, _: &mut Ctx<'_, Self>) {}

    fn label(&self, m: &Token) -> (u8, String) {
        (0, format!("token, hop {}", m.hops))
    }

    fn timer_label(&self, (): &()) -> (u8, String) {
        (0, String::new())
    }

    fn card(&self, _: &str, s: &Seen, (): &(), (): &(), card: &mut Card) {
        card.headline = format!("{} passed", s.count);
    }
}

/// A ring with so many messages in flight (a multiple of the nodes).
pub fn blueprint(in_flight: u64) -> Blueprint {
    // JSON, because the wasm reads no TOML.
    let tokens = in_flight / u64::from(NODES);
    let text = format!(
        r#"{{"version": 1, "protocol": "ring", "seed": 1, "parameters": {{"tokens": {tokens}}},
        "network": {{"latency": {{"uniform": {{"min": "1ms", "max": "10ms"}}}}}},
        "nodes": [{{"name": "n", "role": "node", "count": {NODES}}}]}}"#
    );
    let file = SourceFile { name: "ring".into(), text };
    let scenario = Scenario::read(&file).expect("a good scenario");
    Blueprint::resolve(scenario, &[Entry::of::<Ring>("ring")]).expect("a good scenario")
}

pub fn world(in_flight: u64, hash: bool, trace: &mut Option<&mut Trace>) -> World {
    let mut world = blueprint(in_flight).world(Watch { properties: false, hash });
    world.boot(trace);
    world
}

/// Delivers so many messages. A function of its own, and called more than once: a browser optimises a function of a wasm for
/// its next call only.
#[inline(never)]
pub fn deliver(world: &mut World, messages: u64, trace: &mut Option<&mut Trace>) {
    for _ in 0..messages {
        world.step(Micros::MAX.0, trace).expect("tokens go round for ever");
    }
}

/// The bare loop: a heap that holds `in_flight` entries, pops one and pushes one `messages` times.
#[inline(never)]
pub fn heap(in_flight: u64, messages: u64) -> u64 {
    let mut stream = Stream::new(1, Purpose::Latency, 0, 0);
    let mut latency = move || 1_000 + stream.next_u64() % 9_001;
    let mut heap: BinaryHeap<std::cmp::Reverse<(u64, u64)>> = BinaryHeap::new();
    let mut sequence = 0;
    for _ in 0..in_flight {
        sequence += 1;
        heap.push(std::cmp::Reverse((latency(), sequence)));
    }
    let mut last = 0;
    for _ in 0..messages {
        let std::cmp::Reverse((at, n)) = heap.pop().expect("never empty");
        sequence += 1;
        heap.push(std::cmp::Reverse((at + latency(), sequence)));
        last = at ^ n;
    }
    last
}
