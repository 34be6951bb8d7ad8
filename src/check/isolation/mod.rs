//! Isolation of transactions, by the phenomena of A. Adya: Weak consistency (1999, chapters 3 and 4), found as Elle does (K.
//! Kingsbury, P. Alvaro: Elle, VLDB 2020): what each transaction read tells which versions came after which, that tells who
//! depends on whom, and each phenomenon is a cycle of dependencies.
//!
//! | phenomenon | what it is |
//! |---|---|
//! | G0, dirty write | a cycle of writes over one another |
//! | G1a, aborted read | what a failed transaction wrote was read |
//! | G1b, intermediate read | what a transaction wrote and then replaced itself was read |
//! | G1c, circular information flow | a cycle of writes and of reads of what the one before wrote |
//! | G-single, read skew | a cycle with one anti-dependency: someone missed what another wrote, and comes after it all the same |
//! | lost update | a G-single of two that read the same version of a key and both wrote it |
//! | G-nonadjacent | anti-dependencies in a cycle, none right after another (Elle's; Cerone and Gotsman 2016) |
//! | G2-item | any cycle with anti-dependencies |
//! | write skew | a G2-item of two, each of which missed what the other wrote, of different keys |
//! | …-process, …-realtime | the cycle takes the order of a process, or of real time, too |
//!
//! | level | forbids |
//! |---|---|
//! | read uncommitted | G0; lists that are no beginnings of one list |
//! | read committed | also G1a, G1b, G1c, what nobody wrote, and reads that contradict a transaction's own writes |
//! | snapshot isolation | also G-single and G-nonadjacent |
//! | repeatable read, serializable | also G2-item |
//!
//! Items only: there are no predicates, so repeatable read and serializable are the same here. The strong session levels
//! hold each process to its order too; the strong ones to real time: strict serializability is strong serializability.
//!
//! # Assumptions
//! See [`read`]: a history in which it cannot be told who read from whom gets "unknown". Where nothing tells the order of
//! versions, a level holds if some order makes it hold, and is violated if none does; which is decided, within limits.

mod explain;
mod read;
mod solve;

use super::history::History;
use super::least::least;
use super::limits::{Limits, reached};
use super::linear::{Evidence, Report, Verdict};
use super::spec::Transactions;
use read::Observed;
use solve::{Solved, solve};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    ReadUncommitted,
    ReadCommitted,
    SnapshotIsolation,
    RepeatableRead,
    Serializable,
}

/// What order transactions are held to beside their dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    None,
    Session,
    RealTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level {
    pub base: Base,
    pub order: Order,
}

impl Level {
    /// A history of this level is one of the other, too.
    pub fn implies(self, other: Level) -> bool {
        let rank = |base| if base == Base::RepeatableRead { Base::Serializable } else { base };
        self.order >= other.order && rank(self.base) >= rank(other.base)
    }

    /// All levels, none before one that it implies but which does not imply it.
    pub fn all() -> Vec<Level> {
        use Base::{ReadCommitted, ReadUncommitted, RepeatableRead, Serializable, SnapshotIsolation};
        let bases = [ReadUncommitted, ReadCommitted, SnapshotIsolation, RepeatableRead, Serializable];
        let orders = [Order::None, Order::Session, Order::RealTime];
        orders.iter().flat_map(|order| bases.map(|base| Level { base, order: *order })).collect()
    }
}

/// One transaction comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub from: usize,
    pub to: usize,
    pub why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Both wrote the key.
    Wrote {
        key: u32,
        how: How,
    },
    /// The second read what the first wrote.
    Saw {
        key: u32,
    },
    /// The first read what was there before the second wrote: an anti-dependency.
    Missed {
        key: u32,
    },
    Process,
    RealTime,
    /// A transaction's start before its commit.
    Own,
}

/// How it is known who wrote first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A list was read so.
    Read,
    /// It is the only way.
    Must,
    /// It is tried out.
    Supposed,
}

impl Why {
    fn is_order(self) -> bool {
        matches!(self, Why::Process | Why::RealTime)
    }
}

/// Checks a level. The error says what is wrong with the history.
pub fn check(spec: &Transactions, history: &History, level: Level, limits: Limits) -> Result<Report, String> {
    let verdict = match read::read(spec, history)? {
        Err(unclear) => Verdict::Unknown(unclear),
        Ok(observed) => match judge(history, &observed, level, limits) {
            Err(limit) => Verdict::Unknown(reached(limit)),
            Ok(None) => Verdict::Satisfied,
            Ok(Some(_)) if !limits.explain => Verdict::Violated(None),
            Ok(Some(evidence)) => {
                let told = |part: &History| {
                    if limits.stop.is_due() {
                        return Ok(None);
                    }
                    let Ok(observed) = read::read(spec, part)? else { return Ok(None) };
                    Ok(judge(history, &observed, level, limits).ok())
                };
                Verdict::Violated(Some(Box::new(least(history, evidence, told)?)))
            }
        },
    };
    Ok(Report::of(history, verdict))
}

/// Evidence against a level: the phenomenon that the weakest of the levels below it forbids. The error is the limit that
/// was reached.
fn judge(
    history: &History,
    observed: &Observed,
    level: Level,
    limits: Limits,
) -> Result<Option<Evidence>, &'static str> {
    if let Some(oddity) = observed.oddities.iter().filter(|odd| odd.least <= level.base).min_by_key(|odd| odd.least) {
        return Ok(Some(explain::odd(history, oddity)));
    }
    let last = solve(observed, level, limits);
    if let Solved::Good = last {
        return Ok(None);
    }
    for weaker in Level::all().into_iter().filter(|weaker| level.implies(*weaker) && *weaker != level) {
        let told = explain::solved(history, observed, &solve(observed, weaker, limits));
        if told.is_some() {
            return Ok(told);
        }
    }
    match last {
        Solved::Limit(what) => Err(what),
        violated => Ok(explain::solved(history, observed, &violated)),
    }
}
