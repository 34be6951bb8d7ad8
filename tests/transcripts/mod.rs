//! Golden transcripts: what happens in named situations, sentence by sentence, with times. `cargo insta review`, or
//! `INSTA_UPDATE=always cargo test --test native transcripts::`, rewrites them.

use faultline::base::{Micros, NodeId};
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::sentence::Reader;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::{Watch, World};
use faultline::wire::{RowKind, SourceFile};
use std::fmt::Write;

macro_rules! golden {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

mod broadcast;

/// Links that take 10 ms, disks that take 5 ms: every time in a transcript can be added up by hand.
fn head(protocol: &str, nodes: &str, more: &str) -> String {
    format!(
        "version = 1\ntitle = \"transcript\"\nprotocol = \"{protocol}\"\nseed = 1\nnetwork.latency.constant = \"10ms\"\n\
         disk.constant = \"5ms\"\nnodes = [{nodes}, {{ name = \"c\", role = \"client\", count = 2 }}]\n{more}\n"
    )
}

fn replicas(count: u16, more: &str, script: &[(&str, &str)]) -> String {
    let nodes = format!("{{ name = \"n\", role = \"replica\", count = {count} }}");
    transcript(&head("majority-register", &nodes, more), script)
}

fn server(more: &str, script: &[(&str, &str)]) -> String {
    transcript(&head("kv-single", "{ name = \"n1\", role = \"server\" }", more), script)
}

fn primary_backup(until: Micros, more: &str, script: &[(&str, &str)]) -> String {
    let nodes = "{ name = \"n\", role = \"server\", count = 3 }, { name = \"v\", role = \"view-service\" }";
    transcript_until(until, &head("primary-backup", nodes, more), script)
}

/// Who asks whom is drawn by the seed; nobody else sends.
fn swim(until: Micros, count: u16, more: &str, script: &[(&str, &str)]) -> String {
    let nodes = format!("{{ name = \"n\", role = \"member\", count = {count} }}");
    transcript_until(until, &head("swim", &nodes, more), script)
}

/// N = 3, R = 2, W = 2 where nothing else is said. Who is silent for longer than a message, a sync and an answer is stood
/// in for; nobody compares anything by itself. The key x belongs to n2, n1, n3 of three and to n5, n2, n1 of five.
fn store(until: Micros, count: u16, more: &str, script: &[(&str, &str)]) -> String {
    let nodes = format!("{{ name = \"n\", role = \"replica\", count = {count} }}");
    let mut parameters = String::new();
    for (name, value) in [("anti-entropy", "false"), ("suspect-after", "\"60ms\""), ("retry-after", "\"150ms\"")] {
        if !more.contains(name) {
            parameters += &format!("parameters.{name} = {value}\n");
        }
    }
    transcript_until(until, &head("quorum-store", &nodes, &format!("{parameters}{more}")), script)
}

/// Two sites of two replicas each, n1 and n2 with c1, n3 and n4 with c2; between sites a message takes 30 ms more.
fn sites(until: Micros, more: &str, script: &[(&str, &str)]) -> String {
    let far = "[network.kinds]\nReplicate.constant = \"40ms\"\nConfirm.constant = \"40ms\"";
    let head = head("causal-store", "{ name = \"n\", role = \"replica\", count = 4 }", more);
    transcript_until(until, &format!("{head}{far}\n"), script)
}

/// Runs a scenario with commands in short form ("c1 put x=4", or TOML after "do.") until nothing more happens,
/// at most 5 s.
fn transcript(head: &str, script: &[(&str, &str)]) -> String {
    transcript_until(Micros::s(5), head, script)
}

fn transcript_until(until: Micros, head: &str, script: &[(&str, &str)]) -> String {
    let mut text = head.to_string();
    for (at, what) in script {
        let command = match what.split_once(' ') {
            Some((client @ ("c1" | "c2" | "c3"), op)) => request(client, op),
            _ => (*what).to_string(),
        };
        let _ = write!(text, "\n[[commands]]\nat = \"{at}\"\ndo.{command}\n");
    }
    let file = SourceFile { name: "transcript.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(until, 100_000);
    sentences(&timeline)
}

fn request(client: &str, op: &str) -> String {
    let (f, rest) = op.split_once(' ').expect("function and key");
    match rest.split_once('=') {
        Some((key, value)) => {
            format!(
                "request = {{ client = \"{client}\", op = {{ f = \"{f}\", key = \"{key}\", value.int = {value} }} }}"
            )
        }
        None => format!("request = {{ client = \"{client}\", op = {{ f = \"{f}\", key = \"{rest}\" }} }}"),
    }
}

/// Every row but the start of the nodes and the setting of timers, then how the nodes ended.
fn sentences(timeline: &Timeline) -> String {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader =
        Reader { trace, setup: &world.setup, machine: &*world.machine, properties: &world.describe.properties };
    let mut text = String::new();
    for rec in trace.rows() {
        let start = rec.at <= 5_000 && matches!(rec.kind, RowKind::Boot | RowKind::Write | RowKind::Synced);
        if !start && !matches!(rec.kind, RowKind::TimerSet | RowKind::TimerCancelled) {
            let _ = writeln!(text, "{:>10}  {}", Micros(rec.at).to_string(), reader.sentence(rec));
        }
    }
    text += "\n";
    (0..world.shells.len()).for_each(|i| ending(world, NodeId(i as u16), &mut text));
    assert!(world.broken.iter().all(Option::is_none), "{text}");
    text
}

fn ending(world: &World, node: NodeId, text: &mut String) {
    let card = world.card(node);
    let cell = |c: &faultline::wire::Cell| if c.firm { c.text.clone() } else { format!("({})", c.text) };
    let cells: Vec<String> = card.cells.iter().map(cell).collect();
    let name = world.setup.name(node);
    let _ = writeln!(text, "{name}: {:?} {}", world.shells[node.index()].status, card.headline);
    if !cells.is_empty() {
        let _ = writeln!(text, "    {}", cells.join(", "));
    }
}

/// Nobody pings within the transcript: the view changes by hand alone.
const QUIET: &str = "parameters.ping-interval = \"450ms\"\nparameters.dead-after = \"600s\"";
const CRASH: [&str; 3] = ["crash.node = \"n1\"", "crash.node = \"n2\"", "crash.node = \"n3\""];
const RESTART: [&str; 3] = ["restart.node = \"n1\"", "restart.node = \"n2\"", "restart.node = \"n3\""];

#[test]
fn register_put_then_get() {
    golden!(replicas(3, "", &[("10ms", "c1 put x=4"), ("100ms", "c2 get x")]));
}

/// A put reaches one replica only before its client dies; a get that sees it writes it back, so that the next get, whose
/// majority does not include that replica, sees it too.
#[test]
fn register_get_writes_a_partial_put_back() {
    let updates_to_n2_n3 = "cut = { name = \"split\", from = [\"c1\"], to = [\"n2\", \"n3\"] }";
    golden!(replicas(
        3,
        "",
        &[
            ("10ms", "c1 put x=4"),
            ("25ms", updates_to_n2_n3),
            ("45ms", "crash.node = \"c1\""),
            ("60ms", "cut = { name = \"far\", from = [\"c2\"], to = [\"n3\"] }"),
            ("61ms", "c2 get x"),
            ("200ms", "heal.name = \"far\""),
            ("201ms", CRASH[0]),
            ("202ms", "c2 get x"),
        ],
    ));
}

/// Both writers see the same counter and take the next: the tie is broken by the writer, at every replica alike.
#[test]
fn register_two_writers_at_once() {
    golden!(replicas(3, "", &[("10ms", "c1 put x=1"), ("11ms", "c2 put x=2"), ("100ms", "c1 get x")]));
}

#[test]
fn register_minority_down() {
    golden!(replicas(5, "", &[("8ms", CRASH[0]), ("9ms", CRASH[1]), ("10ms", "c1 put x=4"), ("100ms", "c1 get x")],));
}

#[test]
fn register_majority_down_refuses_until_one_restarts() {
    golden!(replicas(
        3,
        "parameters.retry-after = \"150ms\"",
        &[
            ("8ms", CRASH[1]),
            ("9ms", CRASH[2]),
            ("10ms", "c1 put x=4"),
            ("20ms", "c2 get x"),
            ("400ms", RESTART[1]),
            ("410ms", "c1 put x=5"),
        ],
    ));
}

/// A crash during the sync: what was not durable is lost, and nobody was told otherwise.
#[test]
fn register_crash_loses_the_unsynced() {
    golden!(replicas(
        3,
        "parameters.retry-after = \"150ms\"",
        &[("10ms", "c1 put x=4"), ("42ms", CRASH[0]), ("60ms", RESTART[0]), ("100ms", CRASH[2]), ("110ms", "c2 get x")],
    ));
}

/// An answer to the first life of a client counts for nothing in its second; tags tell the lives apart.
#[test]
fn register_client_restarts() {
    golden!(replicas(
        3,
        "",
        &[
            ("10ms", "c1 put x=1"),
            ("35ms", "crash.node = \"c1\""),
            ("36ms", "restart.node = \"c1\""),
            ("42ms", "c1 put x=2"),
        ],
    ));
}

#[test]
fn server_put_then_get() {
    golden!(server("", &[("10ms", "c1 put x=4"), ("100ms", "c2 get x"), ("101ms", "c2 get y")]));
}

#[test]
fn server_down_refuses_until_it_restarts() {
    golden!(server(
        "parameters.retry-after = \"150ms\"",
        &[
            ("10ms", "c1 put x=4"),
            ("50ms", CRASH[0]),
            ("60ms", "c1 put x=5"),
            ("70ms", "c2 get x"),
            ("400ms", RESTART[0]),
            ("410ms", "c2 get x"),
        ],
    ));
}

/// The answer is lost, another client puts, the first asks again: its put is not carried out a second time.
#[test]
fn server_does_not_carry_out_a_put_twice() {
    golden!(server(
        "",
        &[
            ("10ms", "c1 put x=1"),
            ("11ms", "cut = { name = \"answers\", from = [\"n1\"], to = [\"c1\"], one_way = true }"),
            ("28ms", "c2 put x=2"),
            ("45ms", "heal.name = \"answers\""),
            ("110ms", "c2 get x"),
        ],
    ));
}

#[test]
fn no_progress_is_explained() {
    let text = head("majority-register", "{ name = \"n\", role = \"replica\", count = 3 }", "")
        + "\n[[commands]]\nat = \"8ms\"\ndo.crash.node = \"n1\"\n[[commands]]\nat = \"8ms\"\ndo.crash.node = \"n2\"\n"
        + "\n[[commands]]\nat = \"9ms\"\ndo.pause.node = \"n3\"\n[[commands]]\nat = \"10ms\"\ndo."
        + &request("c1", "put x=4");
    let file = SourceFile { name: "stuck.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros::ms(50), 1_000);
    golden!(timeline.head().why_no_progress().expect("a reason"));
}

/// All members of the view have a write before it is answered; a get asks the backup whether it still is one.
#[test]
fn backup_synchronous_put_then_get() {
    golden!(primary_backup(Micros::ms(440), QUIET, &[("10ms", "c1 put x=4"), ("100ms", "c2 get x")]));
}

/// The primary crashes; the view service notices, the backup takes over, the third server joins and is sent the state.
#[test]
fn backup_takes_over() {
    golden!(primary_backup(
        Micros::ms(440),
        "parameters = { ping-interval = \"40ms\", dead-after = \"100ms\", retry-after = \"70ms\" }",
        &[("10ms", "c1 put x=4"), ("90ms", CRASH[0]), ("100ms", "c2 get x")],
    ));
}

/// The primary is cut off from everyone but c1, and does not know that it is replaced.
fn replaced(mode: &str) -> String {
    let times = "ping-interval = \"100ms\", dead-after = \"150ms\", retry-after = \"200ms\"";
    primary_backup(
        Micros::ms(640),
        &format!("parameters = {{ {times}, mode = \"{mode}\" }}"),
        &[
            ("10ms", "cut = { name = \"off\", from = [\"n1\"], to = [\"n2\", \"n3\", \"v\", \"c2\"] }"),
            ("150ms", "c1 put x=1"),
            ("160ms", "c2 put x=2"),
            ("560ms", "c1 get x"),
        ],
    )
}

/// Asynchronously it acknowledges what is lost, and answers from it: the mode promises no more.
#[test]
fn backup_asynchronous_old_primary_acknowledges_what_is_lost() {
    golden!(replaced("asynchronous"));
}

/// Synchronously it acknowledges nothing; its client finds the new primary, and nothing is lost.
#[test]
fn backup_synchronous_old_primary_is_harmless() {
    golden!(replaced("synchronous"));
}

/// One of two backups has each write before it is answered; when neither can be reached the primary falls back, and when
/// one has caught up it waits for it again.
#[test]
fn backup_semi_synchronous_falls_back() {
    let text = primary_backup(
        Micros::ms(440),
        &format!(
            "{}\nparameters.mode = \"semi-synchronous\"\nparameters.backups = 2\nparameters.fall-back-after = \"60ms\"",
            QUIET.replace("450ms", "300ms")
        ),
        &[
            ("1ms", "cut = { name = \"n3\", from = [\"n1\"], to = [\"n3\"] }"),
            ("10ms", "c1 put x=1"),
            ("100ms", "cut = { name = \"n2\", from = [\"n1\"], to = [\"n2\"] }"),
            ("110ms", "c1 put x=2"),
            ("250ms", "heal.name = \"n2\""),
            ("350ms", "c1 put x=3"),
        ],
    );
    assert!(text.contains("falls back") && text.contains("is semi-synchronous again"), "{text}");
    golden!(text);
}

/// A chain of three and a spare server, n4; m is the master. Nobody pings but at the start, where nothing else is said.
fn chain(until: Micros, more: &str, script: &[(&str, &str)]) -> String {
    let nodes = "{ name = \"n\", role = \"server\", count = 4 }, { name = \"m\", role = \"master\" }";
    transcript_until(until, &head("chain-replication", nodes, more), script)
}

const NO_PINGS: &str = "parameters = { ping-interval = \"450ms\", dead-after = \"2s\", lease = \"1s\" }";
const PINGS: &str = "parameters = { ping-interval = \"60ms\", dead-after = \"130ms\", lease = \"65ms\", \
                     retry-after = \"90ms\" }";

/// The head orders the write, the tail answers; the acknowledgement goes back up the chain.
#[test]
fn chain_put_then_get() {
    golden!(chain(Micros::ms(440), NO_PINGS, &[("50ms", "c1 put x=4"), ("200ms", "c2 get x")]));
}

/// The head crashes with a write that it has passed on: the next one is head, the write comes to its end, the spare joins.
#[test]
fn chain_head_crashes() {
    let script = [("50ms", "c1 put x=4"), ("77ms", CRASH[0]), ("85ms", "c1 put x=5"), ("400ms", "c2 get x")];
    let text = chain(Micros::ms(480), PINGS, &script);
    assert!(text.contains("becomes leader: head of configuration 2"), "{text}");
    golden!(text);
}

/// The middle crashes before a write reaches it: the one before sends it again, to the one after.
#[test]
fn chain_middle_crashes_and_what_was_on_its_way_is_sent_again() {
    let script = [("50ms", "c1 put x=4"), ("66ms", CRASH[1]), ("400ms", "c2 get x")];
    golden!(chain(Micros::ms(480), PINGS, &script));
}

/// The tail crashes with a write on its way to it: the one before is tail, and answers it.
#[test]
fn chain_tail_crashes() {
    let script = [("50ms", "c1 put x=4"), ("82ms", CRASH[2]), ("400ms", "c2 get x")];
    golden!(chain(Micros::ms(560), PINGS, &script));
}

/// A tail that is cut off with c2 answers until its lease ends, and no longer; the others go on without it.
#[test]
fn chain_old_tail_falls_silent() {
    let off = "cut = { name = \"off\", from = [\"n3\", \"c2\"] }";
    let script =
        [("10ms", "c1 put x=1"), ("98ms", off), ("100ms", "c2 get x"), ("150ms", "c2 get x"), ("330ms", "c1 put x=2")];
    golden!(chain(Micros::ms(460), PINGS, &script));
}

const CUT_N1_N2: &str = "cut = { name = \"between\", from = [\"n1\"], to = [\"n2\"] }";

/// A member crashes: the direct ping and those through others stay unanswered; it is suspected, then dead, and all hear.
#[test]
fn swim_crash_is_detected() {
    golden!(swim(Micros::ms(1_200), 3, "", &[("100ms", CRASH[2]), ("1100ms", "c1 agreement ")]));
}

/// A paused member is suspected; when it goes on it hears so, and lives on in a higher incarnation.
#[test]
fn swim_suspect_refutes() {
    let pause = "parameters = { suspicion-factor = 3 }";
    let script = [("100ms", "pause.node = \"n3\""), ("750ms", "resume.node = \"n3\"")];
    golden!(swim(Micros::ms(1_200), 3, pause, &script));
}

/// Two that do not reach each other do so through the third: nobody is suspected.
#[test]
fn swim_indirect_probes_save_a_cut_link() {
    let text = swim(Micros::ms(900), 3, "", &[("0s", CUT_N1_N2)]);
    assert!(text.contains("ping request") && !text.contains("suspects"), "{text}");
    golden!(text);
}

/// Each side declares the other dead; after the partition a ping to the dead brings them together again.
#[test]
fn swim_sides_rejoin() {
    let heal = "heal.name = \"between\"";
    let more = "parameters = { reconnect-every = 3 }";
    golden!(swim(Micros::ms(2_000), 2, more, &[("0s", CUT_N1_N2), ("1200ms", heal), ("1900ms", "c1 agreement ")]));
}

/// One coordinator, three copies, two of them waited for.
#[test]
fn store_put_then_get() {
    golden!(store(Micros::s(1), 3, "", &[("10ms", "c1 put x=4"), ("100ms", "c2 get x")]));
}

/// Two of three home replicas are down: others stand in, and hand over what they kept when those are back.
#[test]
fn store_stands_in_and_hands_over() {
    golden!(store(
        Micros::s(1),
        5,
        "",
        &[
            ("8ms", CRASH[1]),
            ("9ms", CRASH[0]),
            ("10ms", "c1 put x=4"),
            ("130ms", "c2 get x"),
            ("400ms", RESTART[1]),
            ("401ms", RESTART[0]),
        ],
    ));
}

/// The same with strict quorums: the put finds too few, and only the coordinator has it.
#[test]
fn store_strict_refuses_without_a_quorum() {
    golden!(store(
        Micros::s(1),
        5,
        "parameters.sloppy-quorum = false\nparameters.hinted-handoff = false\nparameters.give-up-after = \"140ms\"",
        &[("8ms", CRASH[1]), ("9ms", CRASH[0]), ("10ms", "c1 put x=4")],
    ));
}

/// n3 was down for the put. A get answers without waiting for it, and then brings it up to date.
#[test]
fn store_read_repair() {
    golden!(store(
        Micros::s(1),
        3,
        "parameters.sloppy-quorum = false\nparameters.hinted-handoff = false\nparameters.give-up-after = \"140ms\"",
        &[("8ms", CRASH[2]), ("10ms", "c1 put x=4"), ("200ms", RESTART[2]), ("220ms", "c2 get x")],
    ));
}

/// Two puts that know nothing of each other stay both, until a client that has read both puts.
#[test]
fn store_siblings_are_merged_by_who_read_both() {
    golden!(store(
        Micros::s(1),
        3,
        "parameters.conflicts = \"siblings\"",
        &[
            ("10ms", "c1 put x=1"),
            ("11ms", "c2 put x=2"),
            ("100ms", "c1 get x"),
            ("200ms", "c1 put x=3"),
            ("300ms", "c2 get x"),
        ],
    ));
}

/// c2's clock is half a second behind: its put is acknowledged after c1's, and lost.
#[test]
fn store_update_lost_by_a_slow_clock() {
    golden!(store(
        Micros::s(3),
        3,
        "parameters.coordinator = \"client\"",
        &[
            ("1s", "clock = { node = \"c2\", offset_us = -500000 }"),
            ("2s", "c1 put x=1"),
            ("2200ms", "c2 put x=2"),
            ("2300ms", "c2 get x"),
        ],
    ));
}

/// n1 missed three puts. The next comparison finds them level by level, and one after it finds nothing.
#[test]
fn store_compares_hash_trees() {
    golden!(store(
        Micros::ms(1_300),
        2,
        "parameters.read-quorum = 1\nparameters.write-quorum = 1\nparameters.sloppy-quorum = false\n\
         parameters.hinted-handoff = false\nparameters.give-up-after = \"55ms\"\nparameters.anti-entropy = true\n\
         parameters.anti-entropy-interval = \"400ms\"",
        &[
            ("8ms", CRASH[0]),
            ("10ms", "c1 put x=1"),
            ("11ms", "c1 put y=2"),
            ("12ms", "c1 put z=3"),
            ("300ms", RESTART[0]),
        ],
    ));
}

/// Nobody is told of the put at once. c2 asks another replica and finds nothing, until the two have compared.
#[test]
fn store_gossips() {
    golden!(store(
        Micros::s(1),
        2,
        "parameters.spread = \"gossip\"\nparameters.anti-entropy = true\nparameters.anti-entropy-interval = \"400ms\"",
        &[("10ms", "c1 put x=4"), ("40ms", "c2 get x"), ("400ms", "c2 get x")],
    ));
}

/// Its site answers; the other has it when the message has come there.
#[test]
fn causal_put_then_get() {
    golden!(sites(Micros::s(1), "", &[("10ms", "c1 put x=4"), ("80ms", "c2 get x"), ("120ms", "c2 get x")]));
}

/// The post is late on its way, the comment is not: it waits at the other site, and c2 sees neither before the post.
#[test]
fn causal_comment_waits_for_its_post() {
    let late = "cut = { name = \"late\", from = [\"n2\"], to = [\"n4\"] }";
    let text = sites(
        Micros::s(1),
        "",
        &[
            ("10ms", late),
            ("11ms", POST),
            ("60ms", COMMENT),
            ("150ms", "c2 get z"),
            ("180ms", "heal.name = \"late\""),
            ("300ms", "c2 get z"),
            ("330ms", "c2 get x"),
        ],
    );
    assert!(text.contains("asked for what is not here"), "{text}");
    golden!(text);
}

const POST: &str = "c1 put x=1";
const COMMENT: &str = "c1 put z=2";

/// Each site goes on by itself; afterwards both have the later of the two writes.
#[test]
fn causal_both_sides_of_a_cut_go_on() {
    golden!(sites(
        Micros::s(1),
        "",
        &[
            ("10ms", "cut = { name = \"apart\", from = [\"n1\", \"n2\", \"c1\"] }"),
            ("20ms", "c1 put x=1"),
            ("21ms", "c2 put x=2"),
            ("60ms", "c1 get x"),
            ("61ms", "c2 get x"),
            ("150ms", "heal.name = \"apart\""),
            ("400ms", "c1 get x"),
            ("401ms", "c2 get x"),
        ],
    ));
}

/// What a replica took is on its disk: after its crash it sends that once more.
#[test]
fn causal_replica_restarts_and_sends_again() {
    golden!(sites(
        Micros::s(1),
        "",
        &[
            ("10ms", "cut = { name = \"apart\", from = [\"n1\", \"n2\"], to = [\"n3\", \"n4\"] }"),
            ("20ms", "c1 put x=1"),
            ("60ms", CRASH[0]),
            ("61ms", CRASH[1]),
            ("70ms", "heal.name = \"apart\""),
            ("100ms", RESTART[0]),
            ("101ms", RESTART[1]),
            ("250ms", "c2 get x"),
        ],
    ));
}
