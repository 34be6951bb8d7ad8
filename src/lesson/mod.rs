//! Layer 5: lessons. The format, goals over what happens in a run, the runner, and the check that proves a lesson.
//!
//! A lesson is data (architecture, invariant 8): a folder with `lesson.toml`, `prose.md`, `scenarios/*.toml` and
//! `solution.toml`. Reading order:
//!
//! - [`format`]: the files to the letter; [`finding`]: complaints with file and line;
//! - [`step`]: what is seen of a run; [`condition`] (made by [`compile`]): what can be said about it; [`goal`]: rules
//!   over conditions; [`meter`]: measured values; [`watch`]: both fed by the engine;
//! - [`prose`]: Markdown to the page's blocks; [`load`]: a lesson from its files; [`page`]: as the page shows it;
//! - [`runner`]: runs that nobody watches, for [`predict`] and [`measure`]; [`check`]: proves a lesson.

pub mod check;
pub mod compile;
pub mod condition;
pub mod finding;
pub mod format;
pub mod goal;
pub mod load;
pub mod measure;
pub mod meter;
pub mod page;
pub mod predict;
pub mod prose;
pub mod runner;
pub mod step;
pub mod watch;

pub use finding::Finding;
pub use goal::GoalRun;
pub use load::Lesson;
pub use meter::Meter;
pub use step::{OpFact, StepView};
pub use watch::{Watcher, opened};

#[cfg(test)]
mod tests;
