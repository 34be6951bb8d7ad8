//! Layer 3: the load model of the design board. A design is a graph of components, each a queue of its own kind; every
//! request walks through it, waits, is served, calls what it needs and returns. Nothing is computed by formula: the
//! closed forms of queueing theory stand in the tests only, which hold the model to them.
//!
//! ```text
//! design/         what is written: clients, the components, and on each call its policy; read from TOML, with the place of
//!                 an error
//! plan.rs         the same compiled: names to numbers, kinds to the one shape of a component, errors said by name
//! parts.rs        components compiled; wiring.rs: calls, to steps and edges; harms.rs: faults
//! engine.rs       the run: a queue of small events, requests in slabs, the loop
//! calls.rs        one call: attempts, time-out, retries, budget, hedge, breaker
//! picks.rs        which instance a call goes to
//! visits.rs       one visit: waits for a slot, is served, takes its steps, returns
//! kinds.rs        what a visit finds, by the kind of component; cache.rs: entries; replicas.rs: a primary and its followers
//! scale.rs        more instances, and fewer
//! clients.rs      when requests come and what they ask for
//! faults.rs       the script: instances, zones and regions down and up, slow components, cut edges, hot keys, bad versions
//! recorder.rs  a run that is watched: the ways of single requests, and what slow ones spent their time on
//! report.rs       what was measured; requirement.rs: what it must fulfil; histogram.rs: of times
//! exercise.rs     a design exercise as data, and a learner's graph put into its load and faults
//! grade.rs        a design over seeds: a score card, what limits it, what an interviewer asks next
//! sheet.rs        capacity estimation: named quantities with formulas; unit.rs: and their dimensions
//! ```
//!
//! # A walk
//! A **call** goes along an edge; each of its **attempts** makes a **visit** at an instance of the component at the other
//! end. The visit waits for one of the instance's slots in a bounded queue, is served for a drawn time, then takes its
//! steps: each makes calls (several at once for a fan-out or a quorum) and goes on when enough were answered. It keeps
//! its slot meanwhile, unless the component is told to let go. The answer travels back along the edge. An attempt that
//! timed out is not called back: the work goes on below, as it does in systems without cancellation.
//!
//! # Invariants
//! - Time is in whole microseconds; events are in total order by (time, order of scheduling). The same seed gives the same
//!   report to the bit, natively and in wasm.
//! - Every draw is keyed by its purpose, by the name of the component or edge, and by the identity of the request, call or
//!   attempt, which derives from where it came from. So another parameter, or another component, changes no draw that it
//!   has no part in: the same clients' requests come at the same time and ask for the same.
//! - Memory is bounded by the structure: instances × (slots + queue), instances × keys, buckets of histograms. Nothing is kept for each
//!   request that has ended; open clients into a component without limit are the exception, and [`LIVE_MAX`] ends it.
//! - Each write of a key has a version, given when it is asked for. A read is stale if it returns less than what had been
//!   acknowledged for its key before it began. A write that follows a read of the same request, and replaces another version
//!   than that which was read, has overwritten what it had not seen.
//! - What stands at two places is apart by the network's distance, on the way there and back.
//!
//! # Left out
//! Bandwidth, sizes of messages and garbage collection; cancellation; partial results of a fan-out. Balancing that is told
//! of an instance's load by others than its own calls. A write that is kept back reads as written.

mod cache;
mod calls;
mod clients;
pub mod design;
mod engine;
pub mod exercise;
mod faults;
pub mod grade;
mod harms;
pub mod histogram;
mod keys;
mod kinds;
mod meter;
mod parts;
mod picks;
pub mod plan;
pub mod recorder;
mod replicas;
pub mod report;
pub mod requirement;
pub mod scale;
pub mod sheet;
pub mod unit;
mod visits;
mod wiring;

pub use design::Design;
pub use engine::{LIVE_MAX, Outcome, run, watch};
pub use exercise::Exercise;
pub use parts::TABLES;
pub use plan::Plan;
pub use report::Report;
