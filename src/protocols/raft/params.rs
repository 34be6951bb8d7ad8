//! The parameters with their units, ranges and defaults, planted bugs among them.

use super::{Raft, Reads};
use crate::base::Micros;
use crate::sim::params::{ParamKind, ParamSpec, Params};

/// Planted bugs: in the order of [`BUGS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    DoubleVote,
    VoteNotPersisted,
    TermNotPersisted,
    CommitOldTerms,
    NoUpToDateCheck,
    TruncateMatching,
    ApplyBeforeCommit,
    ForgetSession,
    ExpiredLease,
    OverlappingChanges,
    SameTimeouts,
    NoConsistencyCheck,
    SnapshotWithoutSessions,
    JointByNewMajority,
    TransferAtOnce,
    PreVoteRaisesTerm,
}

pub const BUGS: [(&str, &str); 16] = [
    ("bug-double-vote", "a server votes for everyone who asks, several times in a term"),
    ("bug-vote-not-persisted", "a server's vote is not written to its disk"),
    ("bug-term-not-persisted", "a server's term is not written to its disk"),
    (
        "bug-commit-old-terms",
        "a leader counts replicas of older terms' entries as commitment, and begins without a no-op",
    ),
    ("bug-no-up-to-date-check", "a server votes for candidates whose log is behind its own"),
    ("bug-truncate-matching", "a follower drops what follows in its log even where nothing conflicts"),
    ("bug-apply-before-commit", "a server applies entries as soon as they are in its log"),
    ("bug-forget-session", "a command that comes again is carried out again"),
    (
        "bug-expired-lease",
        "a leader takes answers for fresh however old they are: leases and quorum checks never run out",
    ),
    (
        "bug-overlapping-changes",
        "a leader changes the members before the last change, or any entry of its term, is committed",
    ),
    ("bug-same-timeouts", "all election time-outs are the shortest one"),
    ("bug-no-consistency-check", "a follower appends without looking at the entry before"),
    ("bug-snapshot-without-sessions", "a snapshot leaves the clients' sessions out"),
    ("bug-joint-by-new-majority", "a joint configuration counts the majority of the new members alone"),
    ("bug-transfer-at-once", "a leader hands over without bringing the other up to date"),
    ("bug-pre-vote-raises-term", "a server raises its term before it asks for pre-votes"),
];

pub fn specs() -> Vec<ParamSpec> {
    let (ms, s) = (Micros::ms, Micros::s);
    let time = ParamSpec::time;
    let number = |name, meaning, default, min, max, unit| {
        let kind = ParamKind::Int { default, min, max, unit };
        ParamSpec { name, meaning, kind }
    };
    let flag = |name, meaning, default| ParamSpec { name, meaning, kind: ParamKind::Flag { default } };
    let read_mode = ParamSpec {
        name: "read-mode",
        meaning: "how a get is answered: after a round of heartbeats, by a lease, or through the log",
        kind: ParamKind::Word { default: "read-index", among: &["read-index", "lease", "log"] },
    };
    let min = "the shortest election time-out; each is drawn uniformly up to the longest";
    let drift = "by how much one clock may run faster than another, at most: a lease is shorter than the shortest \
                 election time-out by this";
    let mut specs = vec![
        time("election-timeout-min", min, ms(150), ms(1), s(3_600)),
        time("election-timeout-max", "the longest election time-out", ms(300), ms(1), s(3_600)),
        time("heartbeat-interval", "a leader sends heartbeats after this time", ms(50), ms(1), s(3_600)),
        time("batch-wait", "a leader collects commands for this time before it appends them", ms(0), ms(0), s(10)),
        number("entries-max", "entries in one message at most", 64, 1, 10_000, "entries"),
        number(
            "snapshot-threshold",
            "entries applied since the last snapshot that bring the next",
            256,
            1,
            1_000_000,
            "entries",
        ),
        number("sessions-max", "clients' sessions kept at most", 1_000, 1, 100_000, "sessions"),
        flag("pre-vote", "a server asks whether it would be elected before it raises its term", false),
        flag("check-quorum", "a leader that hears from no quorum for an election time-out steps down", false),
        flag("leader-stickiness", "a server refuses votes while it hears a leader; always so with leases", true),
        read_mode,
        number("clock-drift-bound", drift, 10, 0, 400, "percent"),
        time("retry-after", "a client asks the next server after this time", ms(100), ms(1), s(3_600)),
        time("give-up-after", "a client gives an operation up after this time", s(2), ms(2), s(36_000)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

pub fn configure(params: &Params) -> Raft {
    let (timeout_min, drift) = (params.time("election-timeout-min"), params.int("clock-drift-bound") as u64);
    let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
    let reads = match params.word("read-mode") {
        "lease" => Reads::Lease,
        "log" => Reads::Log,
        _ => Reads::ReadIndex,
    };
    Raft {
        timeout_min,
        timeout_max: params.time("election-timeout-max").max(timeout_min),
        heartbeat: params.time("heartbeat-interval"),
        batch_wait: params.time("batch-wait"),
        entries_max: params.int("entries-max") as u64,
        snapshot_threshold: params.int("snapshot-threshold") as u64,
        sessions_max: params.int("sessions-max") as usize,
        pre_vote: params.flag("pre-vote"),
        check_quorum: params.flag("check-quorum"),
        sticky: params.flag("leader-stickiness") || reads == Reads::Lease,
        reads,
        lease: Micros(timeout_min.0 * 100 / (100 + drift)),
        retry_after: params.time("retry-after"),
        give_up_after: params.time("give-up-after"),
        bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
    }
}

impl Raft {
    pub(super) fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}
