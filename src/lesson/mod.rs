//! Layer 5: lessons. The format, goals over what happens in a run, the runner, and the check that proves a lesson.
//!
//! A lesson is data (architecture, invariant 8): a folder with `lesson.toml`, `prose.md`, `scenarios/*.toml` and
//! `solution.toml`. Reading order:
//!
//! - [`format`]: the files to the letter; [`finding`]: complaints with file and line;
//! - [`condition`]: what can be said about a run, and its automaton; [`goal`]: rules over conditions;
//! - [`meter`]: measured values; [`prose`]: Markdown to the page's blocks.

pub mod compile;
pub mod condition;
pub mod finding;
pub mod format;
pub mod goal;
pub mod meter;
pub mod prose;
pub mod step;

pub use finding::Finding;

#[cfg(test)]
mod tests;
