//! Scenario × seed pairs that together use every latency distribution, every command and every protocol; what each must
//! hash to stands in `golden.txt`. Run natively (`tests/parity/main.rs`) and in wasm (`tests/wasm`): the same bits.

use faultline::base::Micros;
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::SourceFile;

pub const GOLDEN: &str = include_str!("golden.txt");

const LATENCIES: [(&str, &str); 7] = [
    ("constant", r#"{"constant":"3ms"}"#),
    ("uniform", r#"{"uniform":{"min":"1ms","max":"10ms"}}"#),
    ("exponential", r#"{"exponential":{"min":"500us","mean":"4ms"}}"#),
    ("normal", r#"{"normal":{"mean":"6ms","sd":"2ms"}}"#),
    ("log-normal", r#"{"log-normal":{"median":"4ms","sigma":0.6}}"#),
    ("pareto", r#"{"pareto":{"min":"1ms","alpha":2.2}}"#),
    ("quantiles", r#"{"quantiles":[[0.0,"1ms"],[0.5,"2ms"],[0.9,"8ms"],[1.0,"40ms"]]}"#),
];

/// Every command but the workload, which all pairs begin with.
const FAULTS: [(&str, &str); 5] = [
    (
        "nodes",
        r#"{"at":"40ms","do":{"crash":{"node":"n1"}}},
           {"at":"60ms","do":{"disk":{"node":"n2","sync":{"exponential":{"mean":"3ms"}},"lies":true}}},
           {"at":"70ms","do":{"pause":{"node":"n2"}}},
           {"at":"110ms","do":{"restart":{"node":"n1"}}},
           {"at":"120ms","do":{"slow":{"node":"n3","service":{"uniform":{"min":"1ms","max":"4ms"}}}}},
           {"at":"150ms","do":{"clock":{"node":"c1","offset_us":-40000,"drift_ppm":20000}}},
           {"at":"180ms","do":{"resume":{"node":"n2"}}},
           {"at":"200ms","do":{"crash":{"node":"n2"}}},
           {"at":"260ms","do":{"restart":{"node":"n2"}}},
           {"at":"270ms","do":{"slow":{"node":"n3","service":{"constant":"0us"}}}}"#,
    ),
    (
        "partitions",
        r#"{"at":"30ms","do":{"cut":{"name":"halves","from":["n1","c1"]}}},
           {"at":"80ms","do":{"cut":{"name":"one way","from":["n2"],"to":["c2"],"one_way":true}}},
           {"at":"120ms","do":{"heal":{"name":"halves"}}},
           {"at":"130ms","do":{"cut":{"name":"partial","from":["n1"],"to":["n2"]}}},
           {"at":"160ms","do":{"clog":{"from":["n3"],"to":["c1"]}}},
           {"at":"220ms","do":{"clog":{"from":["n3"],"to":["c1"],"clogged":false}}},
           {"at":"260ms","do":{"heal":{}}}"#,
    ),
    (
        "links",
        r#"{"at":"20ms","do":{"link":{"loss":0.1,"duplicate":0.1,"reorder":0.1}}},
           {"at":"120ms","do":{"link":{"from":["n2"],"bandwidth":4000,"one_way":true}}},
           {"at":"200ms","do":{"link":{"from":["c1"],"to":["n1"],"ordered":true,"latency":{"pareto":{"min":"2ms","alpha":1.5}}}}}"#,
    ),
    (
        "adversary",
        r#"{"at":"10ms","do":{"adversary":{"name":"reader","from":["c1"],"act":"read","times":9}}},
           {"at":"15ms","do":{"adversary":{"name":"parrot","from":["c1"],"to":["n1"],"act":{"replay":{"after":"5ms"}},"times":6}}},
           {"at":"20ms","do":{"adversary":{"name":"forger","from":["n2"],"act":{"alter":{"at":1,"bytes":[7]}},"times":4}}},
           {"at":"25ms","do":{"adversary":{"name":"stranger","from":["n3"],"act":{"inject":{"after":"1ms","bytes":[255,1,2]}},"times":4}}},
           {"at":"90ms","do":{"adversary":{"name":"reader","act":"stop"}}}"#,
    ),
    (
        "single",
        r#"{"at":"1ms","do":{"request":{"client":"c1","op":{"f":"put","key":"z","value":{"text":"by hand"}}}}},
           {"at":"1ms","do":{"duplicate":{"message":"3>0.1"}}},
           {"at":"1ms","do":{"delay":{"message":"3>1.1","by":"30ms"}}},
           {"at":"1ms","do":{"drop":{"message":"3>2.1"}}},
           {"at":"1ms","do":{"deliver-now":{"message":"3>0.1"}}},
           {"at":"2ms","do":{"align-timers":{"kind":"retry"}}},
           {"at":"3ms","do":{"postpone-timer":{"timer":"3!1","by":"20ms"}}},
           {"at":"4ms","do":{"fire-timer":{"timer":"3!2"}}}"#,
    ),
];

/// Name and text of every pair.
pub fn pairs() -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (protocol, role) in [("kv-single", "server"), ("majority-register", "replica")] {
        let servers = if role == "server" {
            r#"{"name":"n1","role":"server"},{"name":"n2","role":"server"},{"name":"n3","role":"server"}"#
        } else {
            r#"{"name":"n","role":"replica","count":3}"#
        };
        let mut add = |name: &str, latency: &str, commands: &str, seed: u64| {
            let comma = if commands.is_empty() { "" } else { "," };
            let text = format!(
                r#"{{"version":1,"protocol":"{protocol}","seed":{seed},"network":{{"latency":{latency}}},
                "nodes":[{servers},{{"name":"c","role":"client","count":2}}],
                "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
                "mix":{{"get":1,"put":2}},"keys":{{"zipf":{{"count":5,"s":0.9}}}}}}}}}}{comma}{commands}]}}"#
            );
            pairs.push((format!("{protocol} {name} {seed}"), text));
        };
        for seed in [1, 2] {
            LATENCIES.iter().for_each(|(name, latency)| add(name, latency, "", seed));
            // Single messages and timers are named by where the replicated protocol sends them.
            let fitting = FAULTS.iter().filter(|(name, _)| *name != "single" || role == "replica");
            fitting.for_each(|(name, commands)| add(name, LATENCIES[4].1, commands, seed));
        }
    }
    pairs.extend(primary_backup_pairs());
    pairs.extend(chain_pairs());
    pairs.extend(raft_pairs());
    pairs.extend(swim_pairs());
    pairs.extend(quorum_pairs());
    pairs.extend(causal_pairs());
    pairs.extend(merging_pairs());
    pairs.extend(payment_pairs());
    pairs.extend(upgrade_pairs());
    pairs.extend(routing_pairs());
    pairs.extend(edge_pairs());
    pairs
}

/// Routers in a ring and in a grid, with crashes and with partitions, so that all that is told expires and is told anew.
fn routing_pairs() -> Vec<(String, String)> {
    let pair = |(topology, commands): (&str, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"link-state","seed":1,"network":{{"latency":{}}},
            "parameters":{{"topology":"{topology}","costs":"varied","hello-interval":"10ms","retransmit-after":"15ms",
            "refresh-after":6,"max-age":14,"hop-limit":4,"retry-after":"30ms"}},
            "nodes":[{{"name":"n","role":"router","count":5}},{{"name":"c","role":"client","count":2}},
            {{"name":"h","role":"host","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":60.0}}}},
            "mix":{{"get":1,"put":2}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("link-state {topology} 1"), text)
    };
    [("ring", FAULTS[0].1), ("grid", FAULTS[1].1)].into_iter().map(pair).collect()
}

/// Replicas of two releases, forwards and backwards, by each schema.
fn upgrade_pairs() -> Vec<(String, String)> {
    let cases = [
        ("compatible", "switch", FAULTS[0].1),
        ("dropping", "upgrade", FAULTS[1].1),
        ("required", "switch", FAULTS[0].1),
        ("renumbered", "upgrade", FAULTS[2].1),
    ];
    let pair = |(schema, restart, commands): (&str, &str, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"rolling-upgrade","seed":1,"network":{{"latency":{}}},
            "parameters":{{"schema":"{schema}","on-restart":"{restart}","upgraded":1,"retry-after":"30ms"}},
            "nodes":[{{"name":"n","role":"replica","count":3}},{{"name":"c","role":"client","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":60.0}}}},
            "mix":{{"get":1,"put":2,"get-note":1,"put-note":1}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("rolling-upgrade {schema} 1"), text)
    };
    cases.into_iter().map(pair).collect()
}

/// An origin and two edges, by each kind of purge.
fn edge_pairs() -> Vec<(String, String)> {
    let cases = [("none", FAULTS[0].1), ("background", FAULTS[1].1), ("wait", FAULTS[2].1)];
    let pair = |(purge, commands): (&str, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"edge-cache","seed":1,"network":{{"latency":{}}},
            "parameters":{{"purge":"{purge}","lifetime":"60ms","stale-while-revalidate":"20ms","stale-if-error":"200ms",
            "fetch-timeout":"25ms","retry-after":"30ms"}},
            "nodes":[{{"name":"n1","role":"origin"}},{{"name":"n2","role":"edge"}},{{"name":"n3","role":"edge"}},
            {{"name":"c","role":"client","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{{"get":4,"put":1}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("edge-cache {purge} 1"), text)
    };
    cases.into_iter().map(pair).collect()
}

/// Signed and numbered payments through two fronts, with every fault; generals; and heartbeats of both kinds.
fn payment_pairs() -> Vec<(String, String)> {
    let pair = |name: &str, protocol: &str, parameters: &str, nodes: &str, mix: &str, commands: &str| {
        let text = format!(
            r#"{{"version":1,"protocol":"{protocol}","seed":1,"network":{{"latency":{}}},"parameters":{{{parameters}}},
            "nodes":[{nodes},{{"name":"c","role":"{}","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"c1","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{mix}}}}}}}{commands}]}}"#,
            LATENCIES[4].1,
            if protocol == "two-generals" { "general" } else { "client" }
        );
        (format!("{protocol} {name} 1"), text)
    };
    let bank = r#"{"name":"n1","role":"bank"},{"name":"n2","role":"front"},{"name":"n3","role":"front"}"#;
    let signed = r#""proof":"mac","fresh":"number","hedge-after":"8ms","retry-after":"20ms","forget-after":"50ms""#;
    let members = r#"{"name":"n","role":"member","count":4}"#;
    let beats = r#""interval":"10ms","time-out":"35ms","least-deviation":"1ms","samples":8"#;
    let mut pairs = Vec::new();
    for (name, commands) in FAULTS.iter().filter(|(name, _)| *name != "single") {
        let commands = format!(",{commands}");
        pairs.push(pair(name, "payments", signed, bank, r#"{"balance":1,"pay":2}"#, &commands));
    }
    for (mode, commands) in [("heartbeat", FAULTS[0].1), ("phi", FAULTS[2].1)] {
        let (parameters, commands) = (format!(r#"{beats},"mode":"{mode}""#), format!(",{commands}"));
        pairs.push(pair(mode, "detector", &parameters, members, r#"{"members":2,"agreement":1}"#, &commands));
    }
    let links = r#",{"at":"20ms","do":{"link":{"loss":0.2,"duplicate":0.1,"reorder":0.1}}}"#;
    let generals =
        pair("links", "two-generals", r#""messages":5,"copies":2,"day":"50ms""#, "", r#"{"attack":1}"#, links);
    pairs.push((generals.0, generals.1.replace("[,", "[")));
    pairs
}

/// Both ways to settle conflicts, both coordinators, with and without those who stand in, and a latency for single kinds.
fn quorum_pairs() -> Vec<(String, String)> {
    let cases = [
        ("siblings", "replica", "true", FAULTS[0].1),
        ("siblings", "client", "false", FAULTS[1].1),
        ("last-writer-wins", "client", "true", FAULTS[1].1),
        ("last-writer-wins", "replica", "false", FAULTS[2].1),
    ];
    let pair = |(conflicts, coordinator, sloppy, commands): (&str, &str, &str, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"quorum-store","seed":1,"network":{{"latency":{},
            "kinds":{{"Write":{{"exponential":{{"mean":"6ms"}}}},"Ack":{{"quantiles":[[0,"1ms"],[0.9,"2ms"],[1,"9ms"]]}}}}}},
            "parameters":{{"suspect-after":"12ms","retry-after":"30ms","handoff-interval":"20ms",
            "anti-entropy-interval":"30ms","conflicts":"{conflicts}","coordinator":"{coordinator}","sloppy-quorum":{sloppy}}},
            "nodes":[{{"name":"n","role":"replica","count":4}},{{"name":"c","role":"client","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{{"get":1,"put":2}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("quorum-store {conflicts} {coordinator} 1"), text)
    };
    cases.into_iter().map(pair).collect()
}

/// Two sites and three, with crashes and with partitions.
fn causal_pairs() -> Vec<(String, String)> {
    let pair = |(sites, commands): (u8, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"causal-store","seed":1,"network":{{"latency":{},
            "kinds":{{"Replicate":{{"exponential":{{"mean":"12ms"}}}}}}}},
            "parameters":{{"sites":{sites},"send-again-after":"20ms","retry-after":"30ms"}},
            "nodes":[{{"name":"n","role":"replica","count":5}},{{"name":"c","role":"client","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{{"get":1,"put":2}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("causal-store {sites} sites 1"), text)
    };
    [(2, FAULTS[0].1), (3, FAULTS[1].1)].into_iter().map(pair).collect()
}

/// Clocks that are off, data types that merge, and a counter, with crashes and with partitions.
fn merging_pairs() -> Vec<(String, String)> {
    let peers = r#"{"name":"n","role":"ROLE","count":3},{"name":"c","role":"ROLE","count":2}"#;
    let server = r#"{"name":"n","role":"server","count":3},{"name":"c","role":"client","count":2}"#;
    let cases = [
        ("logical-clocks", "order", "vector", "node", r#""get":1,"put":2"#, FAULTS[0].1),
        ("logical-clocks", "order", "hybrid", "node", r#""get":1,"put":2"#, FAULTS[1].1),
        ("causal-broadcast", "order", "causal", "member", r#""read":1,"post":2"#, FAULTS[0].1),
        ("causal-broadcast", "order", "fifo", "member", r#""read":1,"post":2"#, FAULTS[1].1),
        ("crdt", "type", "or-set", "peer", r#""read":1,"add":2,"remove":1"#, FAULTS[0].1),
        ("crdt", "type", "sequence", "peer", r#""read":1,"add":2,"remove":1"#, FAULTS[1].1),
        ("shared-counter", "update", "compare-and-set", "client", r#""get":1,"increment":2"#, FAULTS[0].1),
        ("shared-counter", "update", "lock", "client", r#""get":1,"increment":2"#, FAULTS[1].1),
    ];
    let pair = |(protocol, parameter, value, role, mix, commands): (&str, &str, &str, &str, &str, &str)| {
        let nodes = if role == "client" { server.to_string() } else { peers.replace("ROLE", role) };
        let text = format!(
            r#"{{"version":1,"protocol":"{protocol}","seed":1,"network":{{"latency":{}}},
            "parameters":{{"{parameter}":"{value}"}},"nodes":[{nodes}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"{role}","arrivals":{{"open":{{"rate":60.0}}}},
            "mix":{{{mix}}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("{protocol} {value} 1"), text)
    };
    cases.into_iter().map(pair).collect()
}

/// Every mode, with the faults that make views change.
fn primary_backup_pairs() -> Vec<(String, String)> {
    let times = r#""ping-interval":"10ms","dead-after":"40ms""#;
    let cases = [
        ("synchronous", "confirmed", 1, FAULTS[0].1),
        ("semi-synchronous", "primary", 2, FAULTS[1].1),
        ("asynchronous", "any", 1, FAULTS[2].1),
    ];
    let pair = |(mode, reads, backups, commands): (&str, &str, u8, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"primary-backup","seed":1,"network":{{"latency":{}}},
            "parameters":{{{times},"mode":"{mode}","reads":"{reads}","backups":{backups}}},
            "nodes":[{{"name":"n","role":"server","count":3}},{{"name":"c","role":"client","count":2}},
            {{"name":"v","role":"view-service"}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{{"get":1,"put":2}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("primary-backup {mode} 1"), text)
    };
    cases.into_iter().map(pair).collect()
}

/// With the faults that make the chain change.
fn chain_pairs() -> Vec<(String, String)> {
    let pair = |(reads, replicas, commands): (&str, u8, &str)| {
        let text = format!(
            r#"{{"version":1,"protocol":"chain-replication","seed":1,"network":{{"latency":{}}},
            "parameters":{{"ping-interval":"10ms","dead-after":"40ms","lease":"20ms","reads":"{reads}",
            "replicas":{replicas}}},
            "nodes":[{{"name":"n","role":"server","count":4}},{{"name":"c","role":"client","count":2}},
            {{"name":"m","role":"master"}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{{"get":1,"put":2}},"keys":{{"uniform":{{"count":3}}}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("chain {reads} {replicas} 1"), text)
    };
    [("leased", 3, FAULTS[0].1), ("tail", 2, FAULTS[1].1)].into_iter().map(pair).collect()
}

/// Administrative functions, with a lease on clocks that drift.
const MEMBERS: &str = r#"{"at":"20ms","do":{"clock":{"node":"n2","offset_us":3000,"drift_ppm":-40000}}},
    {"at":"120ms","do":{"request":{"client":"c1","op":{"f":"add-server","key":"s1"}}}},
    {"at":"200ms","do":{"request":{"client":"c2","op":{"f":"transfer-leadership","key":"n3"}}}},
    {"at":"260ms","do":{"request":{"client":"c1","op":{"f":"remove-server","key":"n1"}}}},
    {"at":"320ms","do":{"request":{"client":"c2","op":{"f":"change-members","value":{"text":"n1 n2 s1"}}}}}"#;

/// The elected log, with the faults that suit it, and with all that is particular to it: snapshots, leases, batches,
/// pre-votes, changes of the members.
fn raft_pairs() -> Vec<(String, String)> {
    let plain = r#""election-timeout-min":"30ms","election-timeout-max":"60ms","heartbeat-interval":"10ms""#;
    let rich = format!(
        r#"{plain},"read-mode":"lease","pre-vote":true,"check-quorum":true,"batch-wait":"2ms","snapshot-threshold":16"#
    );
    let cases = [
        ("plain", plain, LATENCIES[4].1, String::new()),
        ("nodes", plain, LATENCIES[2].1, format!(",{}", FAULTS[0].1)),
        ("partitions", &rich, LATENCIES[1].1, format!(",{}", FAULTS[1].1)),
        ("members", &rich, LATENCIES[0].1, format!(",{MEMBERS}")),
    ];
    let pair = |(name, parameters, latency, commands): (&str, &str, &str, String), seed: u64| {
        let text = format!(
            r#"{{"version":1,"protocol":"raft","seed":{seed},"network":{{"latency":{latency}}},"parameters":{{{parameters}}},
            "nodes":[{{"name":"n","role":"server","count":3}},{{"name":"s","role":"spare","count":1}},
            {{"name":"c","role":"client","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":120.0}}}},
            "mix":{{"get":2,"put":1,"append":1,"cas":1}},"keys":{{"uniform":{{"count":3}}}}}}}}}}{commands}]}}"#
        );
        (format!("raft {name} {seed}"), text)
    };
    cases.into_iter().flat_map(|case| [1, 2].map(|seed| pair(case.clone(), seed))).collect()
}

/// Members that suspect, refute, leave and come back, with targets in turn and at random.
fn swim_pairs() -> Vec<(String, String)> {
    let leave = r#"{"at":"20ms","do":{"request":{"client":"c1","op":{"f":"leave","key":"n2"}}}}"#;
    let rejoin = r#"{"at":"280ms","do":{"request":{"client":"c2","op":{"f":"rejoin","key":"n2"}}}}"#;
    let cases = [("round-robin", FAULTS[0].1.to_string()), ("random", format!("{leave},{},{rejoin}", FAULTS[1].1))];
    let pair = |(targets, commands): (&str, String)| {
        let text = format!(
            r#"{{"version":1,"protocol":"swim","seed":1,"network":{{"latency":{}}},
            "parameters":{{"protocol-period":"20ms","ping-timeout":"12ms","targets":"{targets}"}},
            "nodes":[{{"name":"n","role":"member","count":4}},{{"name":"c","role":"client","count":2}}],
            "commands":[{{"at":"0s","do":{{"workload":{{"client":"client","arrivals":{{"open":{{"rate":40.0}}}},
            "mix":{{"members":2,"agreement":1}}}}}}}},{commands}]}}"#,
            LATENCIES[4].1
        );
        (format!("swim {targets} 1"), text)
    };
    cases.into_iter().map(pair).collect()
}

/// One line a pair: name, steps, rows, trace hash.
pub fn hashes() -> String {
    let mut lines = String::new();
    for (name, text) in pairs() {
        let file = SourceFile { name: name.clone(), text };
        let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
        let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: true }, None);
        timeline.advance(Micros::ms(400), u64::MAX);
        let refused: Vec<_> = timeline.refused.iter().flatten().collect();
        assert!(refused.is_empty(), "{name}: a command had no effect: {refused:?}");
        let world = timeline.head();
        lines += &format!("{name}: {} steps, {} rows, {:016x}\n", world.step, world.rows, world.trace_hash());
    }
    lines
}
