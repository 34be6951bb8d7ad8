//! What each protocol is swept with: its nodes, and the settings that differ from seed to seed.

use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use std::collections::BTreeMap;

/// With one flag on, if one is named: a planted bug, as a rule.
pub fn sweep(protocol: &str, flag: Option<&str>) -> Sweep {
    let (role, name, counts) = match protocol {
        "kv-single" | "shared-counter" => ("server", "n", vec![1]),
        "logical-clocks" => ("node", "n", vec![1, 2]),
        "crdt" => ("peer", "n", vec![1, 2]),
        "causal-broadcast" => ("member", "n", vec![1, 2]),
        "raft" => ("server", "n", vec![3, 3, 4, 5]),
        "primary-backup" => ("server", "n", vec![2, 3, 3, 4]),
        "chain-replication" => ("server", "n", vec![2, 3, 4, 5]),
        "swim" => ("member", "n", vec![3, 4, 5, 7]),
        "causal-store" => ("replica", "n", vec![3, 4, 5, 6]),
        _ => ("replica", "n", vec![3, 3, 4, 5]),
    };
    let mut parameters: BTreeMap<String, ParamValue> =
        flag.map(|flag| (flag.to_string(), ParamValue::Flag(true))).into_iter().collect();
    let mut drawn = Vec::new();
    if protocol == "raft" {
        parameters.extend(raft_parameters());
        drawn = raft_drawn();
    }
    let all_asked = ["node", "peer"].contains(&role) || protocol == "causal-broadcast";
    let beside = attended(protocol, &mut parameters, &mut drawn);
    if protocol == "swim" {
        let times = [
            ("protocol-period", "30ms"),
            ("ping-timeout", "10ms"),
            ("retry-after", "40ms"),
            ("give-up-after", "300ms"),
        ];
        parameters.extend(times.map(|(name, time)| (name.to_string(), ParamValue::Text(time.into()))));
        // Six who are gone are all pinged within 360 ms: two who do not know of each other meet in time.
        parameters.insert("reconnect-every".into(), ParamValue::Int(2));
        let targets = |word: &str| BTreeMap::from([("targets".to_string(), ParamValue::Text(word.into()))]);
        let suspicion = |on| BTreeMap::from([("suspicion".to_string(), ParamValue::Flag(on))]);
        drawn.push(vec![targets("round-robin"), targets("round-robin"), targets("random")]);
        drawn.push(vec![suspicion(true), suspicion(true), suspicion(false)]);
    }
    if protocol == "causal-store" {
        parameters.insert("send-again-after".into(), ParamValue::Text("40ms".into()));
        drawn.push([2, 2, 3].map(|n| BTreeMap::from([("sites".to_string(), ParamValue::Int(n))])).to_vec());
    }
    if protocol == "quorum-store" {
        let times = [
            ("suspect-after", "15ms"),
            ("retry-after", "40ms"),
            ("handoff-interval", "50ms"),
            ("anti-entropy-interval", "80ms"),
            ("flush-interval", "100ms"),
        ];
        parameters.extend(times.map(|(name, time)| (name.to_string(), ParamValue::Text(time.into()))));
        drawn = quorum_drawn();
    }
    let profile = Profile {
        protocol: protocol.into(),
        parameters,
        drawn,
        servers: (role.into(), name.into(), counts),
        clients: (if all_asked { role } else { "client" }.into(), "c".into(), vec![2, 3]),
        beside,
        adversary: false,
        lying_disks: false,
        rough: Micros::s(if protocol == "raft" { 4 } else { 2 }),
        // A Raft leader that sends one entry a message repairs a log that lags by hundreds at some 450 entries a second;
        // nothing new commits before (seed 77065: 687 entries).
        settle: Micros::s(if protocol == "raft" { 3 } else { 1 }),
        bound: Micros::ms(500),
    };
    Sweep::new(profile, protocols::all()).expect("a good profile")
}

/// Of protocols with somebody who decides who takes part: that one, short times, and how many take part.
fn attended(
    protocol: &str,
    parameters: &mut BTreeMap<String, ParamValue>,
    drawn: &mut Vec<Vec<BTreeMap<String, ParamValue>>>,
) -> Vec<(String, String)> {
    let mut beside = Vec::new();
    if protocol == "primary-backup" {
        beside.push(("view-service".into(), "v".into()));
        let times =
            [("ping-interval", "20ms"), ("dead-after", "100ms"), ("retry-after", "40ms"), ("give-up-after", "300ms")];
        parameters.extend(times.map(|(name, time)| (name.to_string(), ParamValue::Text(time.into()))));
        let backups = |n| BTreeMap::from([("backups".to_string(), ParamValue::Int(n))]);
        drawn.push(vec![backups(1), backups(2)]);
    }
    if protocol == "chain-replication" {
        beside.push(("master".into(), "m".into()));
        let times = [
            ("ping-interval", "20ms"),
            ("dead-after", "100ms"),
            ("lease", "50ms"),
            ("retry-after", "40ms"),
            ("give-up-after", "300ms"),
        ];
        parameters.extend(times.map(|(name, time)| (name.to_string(), ParamValue::Text(time.into()))));
        drawn.push([2, 3, 3].map(|n| BTreeMap::from([("replicas".to_string(), ParamValue::Int(n))])).to_vec());
    }
    beside
}

/// Every setting of the quorum store, in all their combinations.
fn quorum_drawn() -> Vec<Vec<BTreeMap<String, ParamValue>>> {
    let words = |name: &str, words: &[&str]| -> Vec<BTreeMap<String, ParamValue>> {
        words.iter().map(|word| BTreeMap::from([(name.to_string(), ParamValue::Text((*word).into()))])).collect()
    };
    let flags = |name: &str, flags: &[bool]| -> Vec<BTreeMap<String, ParamValue>> {
        flags.iter().map(|on| BTreeMap::from([(name.to_string(), ParamValue::Flag(*on))])).collect()
    };
    let quorums = [(2, 2), (2, 2), (1, 3), (3, 1), (1, 1)].map(|(read, write)| {
        BTreeMap::from([
            ("read-quorum".to_string(), ParamValue::Int(read)),
            ("write-quorum".to_string(), ParamValue::Int(write)),
        ])
    });
    vec![
        quorums.to_vec(),
        words("conflicts", &["last-writer-wins", "siblings"]),
        words("coordinator", &["replica", "replica", "client"]),
        words("spread", &["at-once", "at-once", "at-once", "gossip"]),
        flags("sloppy-quorum", &[true, false]),
        flags("hinted-handoff", &[true, true, false]),
        flags("read-repair", &[true, false]),
        flags("anti-entropy", &[true, false]),
        flags("durable-writes", &[true, true, true, false]),
    ]
}

/// Clocks drift by up to 20 % each way here: one may run faster than
/// another by half.
fn raft_parameters() -> Vec<(String, ParamValue)> {
    let times = [("retry-after", "40ms"), ("give-up-after", "600ms")];
    let times = times.into_iter().map(|(name, time)| (name.to_string(), ParamValue::Text(time.into())));
    times.chain([("clock-drift-bound".to_string(), ParamValue::Int(50))]).collect()
}

/// What differs from seed to seed.
fn raft_drawn() -> Vec<Vec<BTreeMap<String, ParamValue>>> {
    let set =
        |values: &[(&str, ParamValue)]| values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    let word = |word: &str| ParamValue::Text(word.into());
    let words = |name, words: &[&str]| words.iter().map(|w| set(&[(name, word(w))])).collect::<Vec<_>>();
    let numbers = |name, numbers: &[i64]| numbers.iter().map(|n| set(&[(name, ParamValue::Int(*n))])).collect();
    let flag = ParamValue::Flag;
    let timeouts = |min, max, heartbeat| {
        set(&[
            ("election-timeout-min", word(min)),
            ("election-timeout-max", word(max)),
            ("heartbeat-interval", word(heartbeat)),
        ])
    };
    vec![
        // Short enough for many elections in a run; and so short that the network is often slower.
        vec![timeouts("60ms", "120ms", "20ms"), timeouts("60ms", "120ms", "20ms"), timeouts("20ms", "40ms", "7ms")],
        // Without either of these a server that was removed may disturb the others for ever (dissertation, section 4.2.3).
        vec![
            set(&[("leader-stickiness", flag(true)), ("pre-vote", flag(false))]),
            set(&[("leader-stickiness", flag(true)), ("pre-vote", flag(true))]),
            set(&[("leader-stickiness", flag(false)), ("pre-vote", flag(true))]),
        ],
        vec![set(&[("check-quorum", flag(false))]), set(&[("check-quorum", flag(true))])],
        words("read-mode", &["read-index", "lease", "lease", "log"]),
        words("batch-wait", &["0ms", "0ms", "3ms"]),
        numbers("entries-max", &[1, 4, 64]),
        numbers("snapshot-threshold", &[8, 32, 1_000]),
        numbers("sessions-max", &[16, 1_000]),
    ]
}
