//! Faultline: a distributed-systems lab that runs wholly in the browser.
//!
//! A lab is a **scenario** (set-up and seed) plus a **log of commands** (the learner's clicks). A deterministic engine
//! turns it into **events**; everything else (pixels, goals, verdicts, exports) is a pure function of those.
//!
//! # Layers
//! A module may use lower layers only; a test (`tests/layering.rs`) holds the code to this table.
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | base | ids, simulated time, keyed random streams, stable hash, canonical encoding |
//! | 1 | wire | plain data between engine and page, versioned |
//! | 2 | sim | the engine: protocol trait, queue, network, nodes, world, trace, scenario, timeline |
//! | 2 | view | over wire only: display lists of the stage, layout, hit tests, theme, the sandbox's form, the design board |
//! | 2 | progress | over wire only: saved progress, its schema and migrations |
//! | 3 | protocols | one folder a protocol, and the registry |
//! | 3 | load | a design as a graph of queues, run request by request under load and faults |
//! | 4 | check | histories, sequential specifications, linearizability, weaker models, which of them a run still allows, isolation of transactions; seed sweeps with faults, then healing and a demand for progress; the explorer: every order of what may happen |
//! | 5 | lesson | lesson format, goals, measures, runner, lint |
//! | 6 | session | the only way to the engine: requests and replies of the wire |
//! | 7 | export | a run in the forms of other tools |
//! | 7 | jobs | what runs beside the bench: sweeps over seeds, the search for a counterexample; the design board's runs |
//! | 8 | cli | native: the command line |
//! | 8 | worker | wasm32: hosts a session in the worker |
//! | 9 | ui | wasm32: the page |
//!
//! `session` stands above `lesson` because it answers requests about goals, predictions and measurements too; the page
//! reaches all of the engine through it alone.
//!
//! # Deliberately absent
//! The core has no clock, thread, file, hash map or global random source. The page has no protocol's name, no parser of
//! lessons or scenarios, and makes no request beyond its own folder.

pub mod base;
pub mod check;
pub mod export;
pub mod jobs;
pub mod lesson;
pub mod load;
pub mod progress;
pub mod protocols;
pub mod session;
pub mod sim;
pub mod view;
pub mod wire;

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod ui;
#[cfg(target_arch = "wasm32")]
pub mod worker;
