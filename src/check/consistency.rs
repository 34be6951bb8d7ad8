//! The consistency models by their names, what implies what, and the check of one or of all.

use super::history::History;
use super::isolation::{self, Base, Level, Order};
use super::limits::Limits;
use super::linear::{self, Report, Verdict};
use super::spec::{self, Readings, Spec, Transactions, Visitor};
use super::weak::stale::{self, Bound};
use super::weak::{self, Guarantee, Versions};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consistency {
    Linearizable,
    Sequential,
    Guarantee(Guarantee),
    BoundedStaleness,
    Eventual,
    Isolation(Level),
}

use Consistency::{BoundedStaleness, Eventual, Isolation, Linearizable, Sequential};

/// What a model is asked with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub readings: Readings,
    pub limits: Limits,
    /// Of bounded staleness.
    pub bound: Bound,
    /// Of eventual convergence: how long after the last write reads need not agree yet.
    pub settle_ns: Option<i64>,
    /// Of the session guarantees.
    pub versions: Versions,
}

/// The names, and what each says.
pub const NAMES: [(&str, Consistency, &str); 27] = [
    (
        "linearizable",
        Linearizable,
        "one order of all, in keeping with real time (of transactions: strict serializability)",
    ),
    ("sequential", Sequential, "one order of all, in keeping with each process's own"),
    (
        "causal-memory",
        Consistency::Guarantee(Guarantee::CausalMemory),
        "each process has an order of all writes and its reads, in keeping with causality",
    ),
    (
        "causal-convergence",
        Consistency::Guarantee(Guarantee::CausalConvergence),
        "causal, and one order decides between writes that do not know of each other",
    ),
    ("causal", Consistency::Guarantee(Guarantee::Causal), "what is read is not older than what it causally follows"),
    (
        "pram",
        Consistency::Guarantee(Guarantee::Pram),
        "each process has an order of all writes and its reads, in keeping with each process's own",
    ),
    (
        "read-your-writes",
        Consistency::Guarantee(Guarantee::ReadYourWrites),
        "a process sees what it has written, or newer",
    ),
    (
        "monotonic-reads",
        Consistency::Guarantee(Guarantee::MonotonicReads),
        "a process never sees older versions than before",
    ),
    (
        "monotonic-writes",
        Consistency::Guarantee(Guarantee::MonotonicWrites),
        "a process's writes are seen in its order",
    ),
    (
        "writes-follow-reads",
        Consistency::Guarantee(Guarantee::WritesFollowReads),
        "a write is seen after what its process had read",
    ),
    ("bounded-staleness", BoundedStaleness, "reads are at most so old: --within, --versions"),
    ("eventual", Eventual, "after the last write, reads come to agree: --settle"),
    level("read-uncommitted", Base::ReadUncommitted, Order::None, "no G0: writes are not interleaved"),
    level("read-committed", Base::ReadCommitted, Order::None, "also no G1: nothing is read that did not commit so"),
    level(
        "snapshot-isolation",
        Base::SnapshotIsolation,
        Order::None,
        "also no G-single: each reads as of one moment, and no update is lost",
    ),
    level(
        "repeatable-read",
        Base::RepeatableRead,
        Order::None,
        "no G2-item; as serializable, there being no predicates",
    ),
    level("serializable", Base::Serializable, Order::None, "one order of all transactions"),
    level(
        "strong-session-read-uncommitted",
        Base::ReadUncommitted,
        Order::Session,
        "in keeping with each process's order",
    ),
    level("strong-session-read-committed", Base::ReadCommitted, Order::Session, "in keeping with each process's order"),
    level(
        "strong-session-snapshot-isolation",
        Base::SnapshotIsolation,
        Order::Session,
        "in keeping with each process's order",
    ),
    level("strong-session-serializable", Base::Serializable, Order::Session, "in keeping with each process's order"),
    level("strong-read-uncommitted", Base::ReadUncommitted, Order::RealTime, "in keeping with real time"),
    level("strong-read-committed", Base::ReadCommitted, Order::RealTime, "in keeping with real time"),
    level("strong-snapshot-isolation", Base::SnapshotIsolation, Order::RealTime, "in keeping with real time"),
    level(
        "strict-serializable",
        Base::Serializable,
        Order::RealTime,
        "one order of all transactions, in keeping with real time",
    ),
    level(
        "strong-session-repeatable-read",
        Base::RepeatableRead,
        Order::Session,
        "in keeping with each process's order",
    ),
    level("strong-repeatable-read", Base::RepeatableRead, Order::RealTime, "in keeping with real time"),
];

const fn level(
    name: &'static str,
    base: Base,
    order: Order,
    what: &'static str,
) -> (&'static str, Consistency, &'static str) {
    (name, Isolation(Level { base, order }), what)
}

impl Consistency {
    pub fn named(name: &str) -> Option<Consistency> {
        NAMES.iter().find(|(own, ..)| *own == name).map(|(_, own, _)| *own)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, own, _)| *own == self).map_or("", |(name, ..)| name)
    }

    /// A history that satisfies this satisfies the other, too; under the same assumptions.
    pub fn implies(self, other: Consistency) -> bool {
        use Guarantee::{
            Causal, CausalConvergence, CausalMemory, MonotonicReads, MonotonicWrites, Pram, ReadYourWrites,
            WritesFollowReads,
        };
        let least = |own: Guarantee| -> &[Guarantee] {
            match own {
                CausalMemory => &[Causal, Pram, ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads],
                // Of registers monotonic reads too; but a list may come to have something in its middle.
                CausalConvergence => &[Causal, ReadYourWrites],
                Causal => &[ReadYourWrites],
                Pram => &[ReadYourWrites, MonotonicReads, MonotonicWrites],
                _ => &[],
            }
        };
        match (self, other) {
            _ if self == other => true,
            (Linearizable, Sequential | Consistency::Guarantee(_) | BoundedStaleness | Eventual) => true,
            (Sequential, Consistency::Guarantee(_)) => true,
            (Consistency::Guarantee(own), Consistency::Guarantee(other)) => least(own).contains(&other),
            (Isolation(own), Isolation(other)) => own.implies(other),
            (Linearizable, Isolation(_)) => true,
            (Isolation(own), Linearizable) => own.order == Order::RealTime && own.base >= Base::RepeatableRead,
            _ => false,
        }
    }
}

/// Models of registers, for which there are the weaker ones.
const REGISTERS: [&str; 3] = ["register", "cas-register", "kv"];

/// What can be asked of a model, the stronger after the weaker.
pub fn of_model(model: &str) -> Vec<Consistency> {
    if transactions(model).is_some() {
        return Level::all().into_iter().map(Isolation).collect();
    }
    let registers = REGISTERS.contains(&model);
    let fits = |own: &Consistency| match own {
        Linearizable | Sequential => true,
        Isolation(_) => false,
        _ => registers,
    };
    let mut all: Vec<Consistency> = NAMES.iter().map(|(_, own, _)| *own).filter(fits).collect();
    all.reverse();
    all
}

fn transactions(model: &str) -> Option<Transactions> {
    match model {
        "list-append" => Some(Transactions { append: true }),
        "rw-register" => Some(Transactions { append: false }),
        _ => None,
    }
}

/// Checks a history by the names of a model and a consistency. The error says what is wrong with the history, or that the
/// two do not go together.
pub fn check(model: &str, consistency: Consistency, history: &History, options: Options) -> Result<Report, String> {
    if consistency == Linearizable {
        return linear::check(model, history, options.readings, options.limits);
    }
    let fits = of_model(model).contains(&consistency);
    if let Isolation(level) = consistency
        && let Some(spec) = transactions(model)
    {
        return isolation::check(&spec, history, level, options.limits);
    }
    let asked = Asked { history, consistency, options };
    if !fits && spec::MODELS.iter().any(|(name, _)| *name == model) {
        let all: Vec<&str> = of_model(model).into_iter().map(Consistency::name).collect();
        return Err(format!("the model {model} can be checked for {}, not for {}", all.join(", "), consistency.name()));
    }
    spec::visit(model, options.readings, asked)?
}

struct Asked<'a> {
    history: &'a History,
    consistency: Consistency,
    options: Options,
}

impl Visitor for Asked<'_> {
    type Told = Result<Report, String>;

    fn visit<S: Spec>(self, spec: &S) -> Self::Told {
        let Asked { history, consistency, options } = self;
        match consistency {
            Consistency::Guarantee(guarantee) => {
                weak::check(spec, history, guarantee, options.versions, options.limits)
            }
            BoundedStaleness => stale::bounded(spec, history, options.bound, options.limits),
            Eventual => stale::eventual(spec, history, options.settle_ns, options.limits),
            Sequential | Linearizable | Isolation(_) => weak::sequential(spec, history, options.limits),
        }
    }
}

/// Checks all that can be asked of a model, the weaker first: what a weaker one lacks the stronger lack too, and are not
/// searched for it. Bounded staleness is among them where there is a bound.
pub fn lattice(model: &str, history: &History, options: Options) -> Result<Vec<(Consistency, Report)>, String> {
    let mut reports: Vec<(Consistency, Report)> = Vec::new();
    for consistency in of_model(model) {
        if consistency == BoundedStaleness && options.bound == Bound::default() {
            continue;
        }
        let derived = options.versions == Versions::Derived;
        let implies = |weaker: Consistency| derived && consistency != weaker && consistency.implies(weaker);
        let lacks =
            reports.iter().find(|(own, report)| implies(*own) && matches!(report.verdict, Verdict::Violated(_)));
        let report = match lacks {
            Some((_, report)) => report.clone(),
            None => check(model, consistency, history, options)?,
        };
        if derived && report.verdict == Verdict::Satisfied {
            // What a weaker model's assumptions do not let it tell, a stronger one may.
            let unsure = |(own, report): &&mut (Consistency, Report)| {
                consistency.implies(*own) && matches!(report.verdict, Verdict::Unknown(_))
            };
            reports.iter_mut().filter(unsure).for_each(|(_, report)| report.verdict = Verdict::Satisfied);
        }
        reports.push((consistency, report));
    }
    Ok(reports)
}
