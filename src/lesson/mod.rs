//! Layer 5: lessons. The format, goals over what happens in a run, the runner, and the check that proves a lesson.
//!
//! A lesson is data (architecture, invariant 8): a folder with `lesson.toml`, `prose.md`, `scenarios/*.toml` and
//! `solution.toml`. When the page is built, each is packed into one file ([`pack`]), which the engine plays. Reading order:
//!
//! - [`pack`]: a lesson as it is played; [`step`]: what is seen of a run; [`condition`]: what can be said about it;
//!   [`goal`]: rules over conditions; [`meter`]: measured values; [`watch`]: both fed by the engine; [`runner`]: runs that
//!   nobody watches, for [`predict`] and [`measure`]; [`quote`]: measured values in texts;
//! - native only, for authors: `format`: the files to the letter; `finding`: complaints with file and line; `prose`:
//!   Markdown to the page's blocks; `draft`: a lesson from its files; `compile` and `fit`: conditions and goals for the nodes of a
//!   run; `page`: as the page shows it; `packer`: the pack; `gallery`: ready scenarios for the sandbox; `hunts`:
//!   start scenarios for the search for counterexamples; `glossary`: the terms of all lessons; `course`: the texts of all
//!   lessons, for search and review; `check`: proves a lesson;
//!   `exercises`: design exercises, read and proved; `theory`: closed forms to draw beside a measurement;
//!   `schema`: the files as JSON Schema, over `spanned`; `verify`: plays again what a learner handed in.

pub mod condition;
mod detection;
pub mod goal;
mod leaders;
pub mod measure;
pub mod meter;
pub mod pack;
pub mod predict;
pub mod quote;
pub mod runner;
pub mod step;
pub mod watch;

mod behind;
#[cfg(not(target_arch = "wasm32"))]
pub mod check;
#[cfg(not(target_arch = "wasm32"))]
pub mod compile;
#[cfg(not(target_arch = "wasm32"))]
pub mod course;
#[cfg(not(target_arch = "wasm32"))]
pub mod draft;
#[cfg(not(target_arch = "wasm32"))]
pub mod exercises;
#[cfg(not(target_arch = "wasm32"))]
pub mod finding;
#[cfg(not(target_arch = "wasm32"))]
mod fit;
#[cfg(not(target_arch = "wasm32"))]
pub mod format;
#[cfg(not(target_arch = "wasm32"))]
pub mod gallery;
#[cfg(not(target_arch = "wasm32"))]
pub mod glossary;
#[cfg(not(target_arch = "wasm32"))]
pub mod hunts;
#[cfg(not(target_arch = "wasm32"))]
mod packer;
#[cfg(not(target_arch = "wasm32"))]
mod page;
#[cfg(not(target_arch = "wasm32"))]
pub mod prose;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
#[cfg(not(target_arch = "wasm32"))]
pub mod spanned;
#[cfg(not(target_arch = "wasm32"))]
pub mod theory;
#[cfg(not(target_arch = "wasm32"))]
pub mod verify;

#[cfg(not(target_arch = "wasm32"))]
pub use finding::Finding;
pub use goal::GoalRun;
pub use meter::Meter;
pub use pack::{Lesson, Pack};
pub use step::{OpFact, StepView};
pub use watch::{Watcher, opened};

#[cfg(test)]
mod tests;
