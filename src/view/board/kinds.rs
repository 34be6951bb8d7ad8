//! What the board knows of components: their kinds, and of each parameter its unit, range and usual value. A test holds
//! all of this to the form that the load model reads.

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    Whole(u64, u64),
    Number(f64, f64),
    Time,
    /// A length of time that is drawn: one of [`SHAPES`].
    Spread,
    Flag,
    Choice(&'static [&'static str]),
    /// Names of components, or of classes: a list of words.
    Names,
    Text,
}

#[derive(Debug, PartialEq)]
pub struct Field {
    pub key: &'static str,
    pub label: &'static str,
    pub unit: &'static str,
    pub takes: Takes,
    /// As it is written; empty: there is none, or it must be said.
    pub usual: &'static str,
    pub help: &'static str,
}

/// How a component calls others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    None,
    One,
    Many,
}

#[derive(Debug, PartialEq)]
pub struct Kind {
    /// The table of its components.
    pub table: &'static str,
    pub title: &'static str,
    /// What is typed to add one, and what it is called then.
    pub word: &'static str,
    pub is: &'static str,
    pub calls: Calls,
    /// Fields of the form; the first ones stand in the box.
    pub fields: &'static [Field],
    /// One that has just been added.
    pub new: &'static str,
}

const fn field(
    key: &'static str,
    label: &'static str,
    unit: &'static str,
    takes: Takes,
    usual: &'static str,
    help: &'static str,
) -> Field {
    Field { key, label, unit, takes, usual, help }
}

use Takes::{Choice, Flag, Names, Number, Spread, Text, Time, Whole};

const MANY: u64 = 1_000_000;
const INSTANCES: Field =
    field("instances", "Instances", "", Whole(1, 1_000), "1", "So many, alike; each has a queue of its own.");
const ZONES: Field = field("zones", "Zones", "", Names, "", "Its instances stand in these in turn. Empty: anywhere.");
const REGION: Field = field("region", "Region", "", Text, "", "Empty: anywhere.");
const EVICTS: Field =
    field("evicts", "Evicts", "", Choice(&["lru", "lfu"]), "lru", "The least recently used, or the least often.");
const SLOTS: &str = "Requests served at once by an instance.";
const ROOM: &str = "Requests that wait at an instance; more are turned away.";
const PRICE: &str = "Units a month, for an instance.";

const fn concurrency(usual: &'static str) -> Field {
    field("concurrency", "Slots", "an instance", Whole(1, 100_000), usual, SLOTS)
}

const fn queue(usual: &'static str) -> Field {
    field("queue", "Queue", "an instance", Whole(0, MANY), usual, ROOM)
}

const fn price(usual: &'static str) -> Field {
    field("price", "Price", "units a month", Number(0.0, 1e9), usual, PRICE)
}

/// Every kind, in the order of the palette.
pub const KINDS: &[Kind] = &[
    Kind {
        table: "clients",
        title: "Clients",
        word: "clients",
        is: "Those who ask: requests a second that come whether or not earlier ones were answered.",
        calls: Calls::One,
        fields: &[
            field(
                "load.open.rate",
                "Requests",
                "a second",
                Number(1e-6, 1e7),
                "",
                "On average; they come at random (Poisson).",
            ),
            field(
                "load.open.swing",
                "Swing",
                "a share",
                Number(0.0, 1.0),
                "",
                "Of the rate, up and down, as by day and night. Empty: none.",
            ),
            field("load.open.period", "Of a period of", "", Time, "", "Usual: a day."),
            REGION,
        ],
        new: "load.open.rate = 500.0",
    },
    Kind {
        table: "balancers",
        title: "Balancer",
        word: "balancer",
        is: "Spreads calls over the instances of what it calls.",
        calls: Calls::One,
        fields: &[
            field(
                "policy",
                "Policy",
                "",
                Choice(&[
                    "round-robin",
                    "random",
                    "weighted",
                    "least-connections",
                    "two-choices",
                    "peak-ewma",
                    "hash",
                    "consistent-hash",
                ]),
                "round-robin",
                "Two choices: the less busy one of two drawn instances. Hash: a key's instance is always the same.",
            ),
            REGION,
            field(
                "health-delay",
                "Learns of failures after",
                "",
                Time,
                "10s",
                "Until then it sends to an instance that is down.",
            ),
            field("service", "Takes", "", Spread, "0s", "Time spent in it; it has any number at once."),
            price("20.0"),
        ],
        new: "policy = \"two-choices\"\nhealth-delay = \"2s\"",
    },
    Kind {
        table: "limiters",
        title: "Rate limiter",
        word: "limiter",
        is: "A token bucket before a call: what comes faster is refused.",
        calls: Calls::One,
        fields: &[
            field("rate", "Tokens", "a second", Number(1e-6, 1e9), "", "So many requests a second pass."),
            field("burst", "Burst", "tokens", Number(1.0, 1e9), "", "Tokens that it holds; it is full at first."),
            field("per-key", "For each key", "", Flag, "false", "Every key has tokens of its own."),
            field(
                "algorithm",
                "Algorithm",
                "",
                Choice(&["token-bucket", "fixed-window", "sliding-window"]),
                "token-bucket",
                "Windows count what came in them, and know no burst.",
            ),
            field("window", "Window", "", Time, "1s", "Of the two that have windows."),
            field("instances", "Instances", "", Whole(1, 1_000), "1", "Each counts for itself what it lets through."),
            field("divided", "Share the rate", "", Flag, "false", "Each has its part of it; else each has the whole."),
            field("service", "Takes", "", Spread, "0s", ""),
            field("concurrency", "Slots", "an instance", Whole(1, 100_000), "", "Empty: without limit."),
            queue("0"),
            ZONES,
            price("0.0"),
        ],
        new: "rate = 1000.0\nburst = 200.0",
    },
    Kind {
        table: "services",
        title: "Service",
        word: "service",
        is: "Instances without a state of their own, which call others.",
        calls: Calls::Many,
        fields: &[
            INSTANCES,
            concurrency("8"),
            queue("100"),
            field("service", "Own time", "", Spread, "", "For a request, without what it calls."),
            field("holds", "Keeps its slot while it calls", "", Flag, "true", "As a thread for each request does."),
            ZONES,
            field("fails", "Fails", "a share", Number(0.0, 1.0), "0.0", "Of the requests, once they were served."),
            field(
                "autoscale.max",
                "Scales up to",
                "instances",
                Whole(1, 1_000),
                "",
                "Empty: it does not scale by itself.",
            ),
            field("autoscale.min", "Scales down to", "instances", Whole(1, 1_000), "", "Empty: 1."),
            field(
                "autoscale.target",
                "Aims at a use of",
                "a share",
                Number(0.05, 1.0),
                "",
                "Of the slots. Empty: 0.6.",
            ),
            field("autoscale.every", "Decides every", "", Time, "", "Usual: 15 s."),
            field(
                "autoscale.cold-start",
                "Cold start",
                "",
                Time,
                "",
                "From the decision to an instance that serves. Usual: 30 s.",
            ),
            field("autoscale.cool-down", "Scales down after", "", Time, "", "Without a reason for more. Usual: 300 s."),
            price("60.0"),
        ],
        new: "instances = 2\nconcurrency = 16\nservice.exponential.mean = \"2ms\"",
    },
    Kind {
        table: "queues",
        title: "Queue",
        word: "queue",
        is: "Takes messages in at once; workers take them out.",
        calls: Calls::Many,
        fields: &[
            field("workers", "Workers", "", Whole(1, 100_000), "1", "Each works on one message at a time."),
            field("work", "Work", "", Spread, "", "A worker's own time for a message."),
            field("capacity", "Room", "messages", Whole(1, 100_000_000), "100000", "More are refused."),
            field("accept", "Taking in", "", Spread, "1ms", "Until a message is acknowledged."),
            field("fails", "Fails", "a share", Number(0.0, 1.0), "0.0", "Of the messages, when they are worked on."),
            field(
                "redeliveries",
                "Tried again",
                "times",
                Whole(0, 15),
                "3",
                "A message that failed; then it is put aside as dead.",
            ),
            field(
                "partitions",
                "Partitions",
                "",
                Whole(0, 1_000),
                "0",
                "A log: a key's messages stay in order, a partition has one worker. 0: any worker takes the next message.",
            ),
            field("acks", "Acknowledged by", "", Choice(&["one", "all"]), "all", "The leader alone, or all copies."),
            field("lag", "Copies' lag", "", Spread, "0s", "Until all copies have a message."),
            field("fail-over", "Fail-over", "", Time, "10s", "Until another broker takes over."),
            field("retention", "Kept for", "", Time, "", "What waited longer is gone. Empty: without end."),
            field(
                "zones",
                "Zones",
                "",
                Names,
                "",
                "Brokers and workers stand in these in turn. Empty: in all of the region's.",
            ),
            REGION,
            price("30.0"),
        ],
        new: "workers = 4\nwork.exponential.mean = \"5ms\"",
    },
    Kind {
        table: "caches",
        title: "Cache",
        word: "cache",
        is: "Nodes that share the keys. Called first, it stands aside; with calls of its own it reads through.",
        calls: Calls::Many,
        fields: &[
            INSTANCES,
            field("capacity", "Entries", "a node", Whole(1, 4_000_000), "", "The least recently used goes first."),
            field("ttl", "Entries live", "", Time, "", "Empty: without end."),
            field("early", "Renewed early by", "", Time, "", "On average, at random: not all at once. Empty: never."),
            EVICTS,
            field(
                "writes",
                "Writes",
                "",
                Choice(&["through", "back"]),
                "through",
                "With calls of its own: at once, or later.",
            ),
            field("flush", "Written back after", "", Time, "1s", "Until then a node that goes down loses it."),
            ZONES,
            field(
                "single-flight",
                "Single flight",
                "",
                Flag,
                "false",
                "Of the misses of a key only the first calls; the others wait for it.",
            ),
            concurrency("4"),
            queue("1000"),
            field("service", "Takes", "", Spread, "100us", "For a look-up."),
            price("80.0"),
        ],
        new: "instances = 2\ncapacity = 5000\nttl = \"60s\"",
    },
    Kind {
        table: "stores",
        title: "Database",
        word: "database",
        is: "A primary, which takes the writes, and replicas, which follow its log.",
        calls: Calls::None,
        fields: &[
            field("replicas", "Replicas", "", Whole(0, 7), "0", "Besides the primary."),
            field(
                "sync",
                "Synchronous",
                "replicas",
                Whole(0, 7),
                "0",
                "A write is acknowledged when so many have it; 0 is asynchronous.",
            ),
            ZONES,
            field(
                "replica-reads",
                "Replicas serve reads",
                "",
                Flag,
                "false",
                "And the primary none, while there is one.",
            ),
            field("row-locks", "Locks rows", "", Flag, "false", "Writes of one row are done one after another."),
            field("concurrency", "Connections", "an instance", Whole(1, 100_000), "32", SLOTS),
            queue("1000"),
            field("read", "A read", "", Spread, "", "Its time in the database."),
            field("write", "A write", "", Spread, "", "Its time in the database."),
            field("lag", "Replicas' lag", "", Spread, "1ms", "From the primary's commit to a replica's."),
            field(
                "ack",
                "Acknowledgement",
                "",
                Spread,
                "0s",
                "From a replica's commit to the primary's hearing of it.",
            ),
            field("fail-over", "Fail-over", "", Time, "30s", "From the primary's end to a replica's taking its place."),
            price("250.0"),
        ],
        new: "concurrency = 16\nread.log-normal = { median = \"5ms\", sigma = 0.5 }\nwrite.log-normal = { median = \"8ms\", sigma = 0.5 }",
    },
    Kind {
        table: "key-values",
        title: "Key-value store",
        word: "key-value",
        is: "Nodes that share the keys, each key on several of them; a quorum answers.",
        calls: Calls::None,
        fields: &[
            field("nodes", "Nodes", "", Whole(1, 1_000), "3", ""),
            ZONES,
            field("replicas", "Copies of a key", "", Whole(1, 7), "3", "On so many nodes in a row of the ring."),
            field("read-quorum", "A read asks for", "answers", Whole(1, 7), "2", "All copies are asked."),
            field("write-quorum", "A write asks for", "answers", Whole(1, 7), "2", "All copies are asked."),
            field(
                "shard",
                "Shared out by",
                "",
                Choice(&["hash", "range"]),
                "hash",
                "By range neighbours stay together, the popular ones too.",
            ),
            concurrency("4"),
            queue("1000"),
            field("read", "A read", "", Spread, "", "Its time at a node."),
            field("write", "A write", "", Spread, "", "Its time at a node."),
            price("120.0"),
        ],
        new: "read.exponential.mean = \"2ms\"\nwrite.exponential.mean = \"2ms\"",
    },
    Kind {
        table: "routers",
        title: "DNS router",
        word: "router",
        is: "Sends clients to the nearest of several components that is believed to be up.",
        calls: Calls::One,
        fields: &[field("ttl", "Answers live", "", Time, "60s", "So long clients go where it is down."), price("5.0")],
        new: "ttl = \"10s\"",
    },
    Kind {
        table: "cdns",
        title: "CDN edge",
        word: "cdn",
        is: "Caches near the clients, a point in each place; what they lack they read from what they call.",
        calls: Calls::Many,
        fields: &[
            field("points", "Points", "a region", Whole(1, 100), "1", ""),
            field("capacity", "Entries", "a point", Whole(1, 4_000_000), "10000", ""),
            EVICTS,
            field("ttl", "Entries live", "", Time, "60s", ""),
            field("single-flight", "Single flight", "", Flag, "true", "Of the misses of a key only the first calls."),
            field("service", "Takes", "", Spread, "200us", "For a look-up."),
            price("50.0"),
        ],
        new: "points = 2",
    },
    Kind {
        table: "gateways",
        title: "WebSocket gateway",
        word: "gateway",
        is: "Holds connections, and calls others for what comes over them.",
        calls: Calls::Many,
        fields: &[
            INSTANCES,
            field("connections", "Connections", "an instance", Whole(1, 4_000_000), "10000", "More are turned away."),
            field("handshake", "Handshake", "", Time, "5ms", "Of a new connection."),
            concurrency("8"),
            queue("1000"),
            field("service", "Takes", "", Spread, "200us", "For a message."),
            field("holds", "Keeps its slot while it calls", "", Flag, "false", ""),
            ZONES,
            price("70.0"),
        ],
        new: "instances = 2",
    },
    Kind {
        table: "objects",
        title: "Object store",
        word: "objects",
        is: "Large objects, as many at once as one likes, each slow.",
        calls: Calls::None,
        fields: &[
            field("read", "A read", "", Spread, "", "Its time there."),
            field("write", "A write", "", Spread, "", "Its time there."),
            REGION,
            price("25.0"),
        ],
        new: "read.log-normal = { median = \"100ms\", sigma = 0.5 }\nwrite.log-normal = { median = \"150ms\", sigma = 0.5 }",
    },
    Kind {
        table: "indexes",
        title: "Search index",
        word: "index",
        is: "Shards, all of which a search asks; what was written is found after the next refresh.",
        calls: Calls::None,
        fields: &[
            field("shards", "Shards", "", Whole(1, 100), "3", ""),
            field("refresh", "Refreshed every", "", Time, "1s", "Until then what was written is not found."),
            concurrency("8"),
            queue("1000"),
            field("read", "A search", "", Spread, "", "Its time at a shard."),
            field("write", "A write", "", Spread, "", "Its time at a shard."),
            ZONES,
            price("150.0"),
        ],
        new: "read.log-normal = { median = \"10ms\", sigma = 0.5 }\nwrite.log-normal = { median = \"5ms\", sigma = 0.5 }",
    },
];

/// The policy of a call.
pub const CALL: &[Field] = &[
    field(
        "when",
        "Is made",
        "",
        Choice(&["always", "hit", "miss", "read", "write", "new", "known"]),
        "always",
        "Hit and miss: what the cache that was asked last said. New and known: whether what was read had ever been written.",
    ),
    field("classes", "Only for", "classes", Names, "", "Empty: for all."),
    field(
        "does",
        "Does",
        "",
        Choice(&["", "read", "write", "fill", "invalidate"]),
        "",
        "Empty: what the request does. Fill and invalidate are for caches.",
    ),
    field("time-out", "Time-out", "", Time, "", "For one attempt. Empty: none."),
    field("retries", "Retries", "", Whole(0, 15), "0", "After a failure. Three are usual."),
    field("back-off", "Back-off", "", Time, "100ms", "Before the first retry; doubled for each further one."),
    field("back-off-max", "Back-off at most", "", Time, "10s", ""),
    field("jitter", "Jitter", "a share", Number(0.0, 1.0), "1.0", "Of the back-off, that is drawn."),
    field(
        "retry-budget",
        "Retry budget",
        "a share",
        Number(0.0, 1e3),
        "",
        "Retries as a share of first attempts. Empty: no bound. A tenth is usual.",
    ),
    field(
        "hedge",
        "Hedge after",
        "",
        Time,
        "",
        "A second attempt elsewhere, after so long without an answer. Empty: none.",
    ),
    field("optional", "Its failure is none", "", Flag, "false", "Of a cache it counts as a miss."),
    field("detached", "Is not waited for", "", Flag, "false", "The caller goes on without the answer."),
    field("times", "Times", "at once", Whole(1, 1_000), "1", "So many calls to each (fan-out)."),
    field("need", "Answers needed", "", Whole(1, 1_000), "", "Empty: all."),
    field("fan", "Once for each", "", Flag, "false", "Of those that the request is about: followers, recipients."),
    field("keys", "Other keys", "", Text, "", "A space of keys to draw from. Empty: the request's own key."),
    field(
        "guard",
        "Only if unchanged",
        "",
        Flag,
        "false",
        "A write that is refused if the row has changed since it was read.",
    ),
    field("latency", "On the way", "", Spread, "250us", "One way."),
    field("breaker.failures", "Breaker opens after", "failures", Whole(1, 10_000), "", "In a row. Empty: no breaker."),
    field("breaker.open", "Breaker stays open", "", Time, "", "Then one call is let through to see."),
];

/// A class of requests.
pub const CLASS: &[Field] = &[
    field("name", "Name", "", Text, "", ""),
    field("share", "Share", "", Number(1e-9, 1e9), "1.0", "In proportion to the others'."),
    field("write", "Writes", "", Flag, "false", ""),
    field("keys", "Keys", "", Text, "", "The name of a space of keys."),
    field("deadline", "Deadline", "", Time, "", "Empty: none."),
    field(
        "fan",
        "Is about",
        "others",
        Whole(1, 1_000),
        "1",
        "Followers, recipients: calls with this are made so often.",
    ),
];

/// How long, and what is measured.
pub const RUN: &[Field] = &[
    field("duration", "Duration", "", Time, "60s", "Requests come from 0 to here."),
    field("warm-up", "Warm-up", "", Time, "5s", "Nothing before this is measured."),
    field("drain", "Drain", "", Time, "10s", "So much longer it goes on for what is on its way."),
];

/// A name, what it is called, and its numbers with usual ones.
pub type Shape = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The shapes of lengths of time, with their numbers; the first number is the one that says how long.
pub const SHAPES: &[Shape] = &[
    ("constant", "always", &[("", "1ms")]),
    ("exponential", "exponential", &[("mean", "1ms")]),
    ("log-normal", "log-normal", &[("median", "1ms"), ("sigma", "0.5")]),
    ("uniform", "uniform", &[("max", "1ms"), ("min", "0ms")]),
    ("normal", "normal", &[("mean", "1ms"), ("sd", "0.2ms")]),
    ("pareto", "pareto", &[("min", "1ms"), ("alpha", "2.0")]),
];

/// The kind of a table.
pub fn of(table: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.table == table)
}

/// Whether a table of a design holds others by name.
pub fn nested(table: &str) -> bool {
    table == "keys" || of(table).is_some()
}

/// The kind that is meant by what was typed: "+ cache", "cache", "key".
pub fn typed(text: &str) -> Option<&'static Kind> {
    let text = text.trim().trim_start_matches('+').trim().to_ascii_lowercase();
    if text.is_empty() {
        return None;
    }
    let is = |kind: &&Kind| kind.word == text || kind.table == text || kind.title.to_ascii_lowercase() == text;
    let begins = |kind: &&Kind| kind.word.starts_with(&text) || kind.title.to_ascii_lowercase().starts_with(&text);
    KINDS.iter().find(is).or_else(|| KINDS.iter().find(begins))
}
