//! Weaker models than linearizability, for registers and maps of them. Objects are looked at together: none of these is
//! local.
//!
//! | guarantee | what it says | source |
//! |---|---|---|
//! | sequential | one order of all, in keeping with each process's own | Lamport 1979; [`sequential`] |
//! | causal memory | each process has an order of its own operations and all writes, in keeping with causality | Ahamad, Neiger, Burns, Kohli, Hutto: Causal memory, 1995, section 2 |
//! | causal convergence | one order decides between writes that do not know of each other; each operation sees what it causally follows | Bouajjani et al., POPL 2017, section 3 |
//! | causal | each operation by itself can be explained by an order of what it causally follows | the same: weak causal consistency |
//! | PRAM | each process has an order of its own operations and all writes, in keeping with each process's own | Lipton, Sandberg: PRAM, 1988 |
//! | read your writes, monotonic reads, monotonic writes, writes follow reads | below | Terry et al.: Session guarantees for weakly consistent replicated data, 1994, section 4 |
//! | bounded staleness, eventual | [`stale`] | |
//!
//! Causality is the least order that has each process's own order, and each write before who saw it.
//!
//! # Assumptions
//! Who read from whom must be known: no value that was read was written twice to its key. A history in which it is not gets
//! "unknown"; so does one that would be good, but has a compare-and-set that did not match and counts (`did-not-match`):
//! what it saw is not known. Of lists, to which values are added at their end, each value that was read must have been added
//! or put once, and none be a text, nothing, or a list itself, which run together with what is added. The search for
//! sequential consistency assumes nothing.
//!
//! # Lists
//! What an append makes depends on the view: two processes may see two different lists of it. All of the above is said of
//! objects whose writes depend on what was there as of registers (M. Perrin, A. Mostéfaoui, C. Jard: Causal consistency:
//! beyond memory, PPoPP 2016): an order explains a list that was read if its items were added in this order since the last
//! put, and nothing else was.
//!
//! # Session guarantees
//! Terry's are about what servers hold, and a history does not tell of servers. So each is judged by *views*, as PRAM is: for
//! each process an order of all writes and of its own reads, that explains these reads. In every view writes of one process
//! to one key are in its order (the order of versions; with [`Versions::RealTime`] also writes to one key of which one had
//! ended before the other began), and a compare-and-set comes after what it found. Beyond that, a view has
//!
//! - read your writes: a process's reads after its own earlier writes to their keys (of lists, a view of each read by itself);
//! - monotonic reads: a process's reads in their order (so that of lists a later one goes on where an earlier one ended, or
//!   begins anew);
//! - monotonic writes: all writes of each process in its order, too;
//! - writes follow reads: each write after what its process had read before it, too.
//!
//! The last two can only be seen by a reader who does not go back: a process's reads count as far as they are monotonic, so
//! that what breaks monotonic reads is not held against them. So PRAM has the first three, and causal memory all four.

pub(super) mod explain;
mod orders;
mod registers;
pub mod sequential;
pub mod stale;

use super::history::History;
use super::least::least;
use super::limits::{Limits, reached};
use super::linear::{Evidence, Report, Verdict};
use super::spec::Spec;
pub use orders::Asked;
use orders::judge;
use registers::{Reading, Registers};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    Causal,
    CausalMemory,
    CausalConvergence,
    Pram,
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
}

/// Which versions of a key are in a known order, for the session guarantees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// Those that one process wrote, and what a compare-and-set found before what it wrote.
    #[default]
    Derived,
    /// Also those of which one had ended before the other began.
    RealTime,
}

/// Checks a guarantee. The error says what is wrong with the history.
pub fn check<S: Spec>(
    spec: &S,
    history: &History,
    guarantee: Guarantee,
    versions: Versions,
    limits: Limits,
) -> Result<Report, String> {
    check_for(spec, history, Asked { guarantee, versions, limits, who: &|_| true })
}

/// Checks a guarantee of some processes only: that these have views, and that what these read can be explained. A cycle in
/// causality itself is everyone's.
pub fn check_for<S: Spec>(spec: &S, history: &History, asked: Asked<'_>) -> Result<Report, String> {
    let limits = asked.limits;
    let verdict = match Registers::read(spec, history)? {
        Reading::Unclear(why) => Verdict::Unknown(why),
        Reading::ThinAir(read, why) => {
            Verdict::Violated(limits.explain.then(|| Box::new(explain::thin_air(history, read, why))))
        }
        Reading::Clear(registers) => match judge(&registers, history, asked) {
            Err(limit) => Verdict::Unknown(limit),
            Ok(None) => registers.unsure.map_or(Verdict::Satisfied, Verdict::Unknown),
            Ok(Some(_)) if !limits.explain => Verdict::Violated(None),
            Ok(Some(broken)) => {
                let told = |part: &History| {
                    if limits.stop.is_due() {
                        return Ok(None);
                    }
                    let Reading::Clear(registers) = Registers::read(spec, part)? else { return Ok(None) };
                    let Ok(broken) = judge(&registers, part, asked) else { return Ok(None) };
                    Ok(Some(broken.map(|broken| explain::broken(&registers, history, &broken))))
                };
                let evidence = explain::broken(&registers, history, &broken);
                Verdict::Violated(Some(Box::new(least(history, evidence, told)?)))
            }
        },
    };
    Ok(Report::of(history, verdict))
}

/// Checks sequential consistency: by the weaker models that it implies, where these can tell, else by a search. Evidence
/// of a weaker model is as small as that model needs it; for this one even less may do.
pub fn sequential<S: Spec>(spec: &S, history: &History, limits: Limits) -> Result<Report, String> {
    for guarantee in [Guarantee::CausalMemory, Guarantee::CausalConvergence] {
        let report = check(spec, history, guarantee, Versions::Derived, limits)?;
        if matches!(report.verdict, Verdict::Violated(_)) {
            return Ok(report);
        }
    }
    let mut search = sequential::Search::new(spec, history)?;
    let mut orders = Vec::new();
    let verdict = match search.run(limits) {
        sequential::Found::Order(order) => {
            let lines = order.iter().map(|place| history.operations[*place].lines.0).collect();
            orders.push((crate::wire::Datum::None, lines));
            Verdict::Satisfied
        }
        sequential::Found::Limit(what) => Verdict::Unknown(reached(what)),
        sequential::Found::Nothing if !limits.explain => Verdict::Violated(None),
        sequential::Found::Nothing => {
            let (core, minimal) = sequential::core(spec, history, limits)?;
            let sentence = format!(
                "No one order of these {} operations that keeps each process's own explains what they were told.",
                core.len()
            );
            let evidence = explain::evidence(history, core.into_iter().collect(), Vec::new(), sentence);
            Verdict::Violated(Some(Box::new(Evidence { minimal, ..evidence })))
        }
    };
    let (steps, configurations) = (search.steps, search.configurations());
    Ok(Report { orders, steps, configurations, ..Report::of(history, verdict) })
}
