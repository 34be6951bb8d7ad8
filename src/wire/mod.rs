//! Layer 1: plain data between the engine and the page, versioned.
//!
//! The page speaks to the engine in [`ToEngine`] and hears [`FromEngine`], in the canonical encoding. Nothing here has
//! behaviour beyond small conveniences; nothing here names a protocol.

pub mod changes;
pub mod charts;
pub mod command;
pub mod course;
pub mod diagram;
pub mod frame;
pub mod lesson;
pub mod rows;
pub mod sheet;
pub mod value;

pub use changes::*;
pub use charts::*;
pub use command::*;
pub use course::*;
pub use diagram::*;
pub use frame::*;
pub use lesson::*;
pub use rows::*;
pub use sheet::*;
pub use value::*;

use crate::base::Micros;
use serde::{Deserialize, Serialize};

/// Both sides must agree on it: the engine refuses another version with [`Reply::Failed`].
pub const VERSION: u32 = 1;

/// A request. `generation` counts the runs that the page opened: a reply to an older one is stale and dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToEngine {
    pub version: u32,
    pub generation: u32,
    pub request: Request,
}

/// A reply, with the generation of the request it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FromEngine {
    pub version: u32,
    pub generation: u32,
    pub reply: Reply,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Reads a packed lesson (the bytes of its `lesson.pack`) and keeps it. Answer: [`Reply::Lesson`].
    LoadLesson { name: String, pack: Vec<u8> },
    /// Opens a run. Answer: [`Reply::Opened`], then a [`Reply::Frame`].
    Open(OpenRun),
    /// Moves the cursor to `at`; beyond the head the run is simulated further, in bounded slices: the frame that
    /// answers may stop short of `at`. Answer: [`Reply::Frame`].
    Show { at: Micros },
    /// Moves the cursor. Answer: [`Reply::Frame`].
    Move(Move),
    /// Appends a command at the cursor; when the cursor is in the past, the run forks there and the old branch is kept.
    /// Answer: [`Reply::Frame`], or [`Reply::Refused`].
    Do(Command),
    /// Gives what a button of a step of the loaded lesson does, some of it later; at the first refusal it stops. An `Undo`
    /// takes all of it back.
    Press { step: u32, button: u32 },
    /// Gives several commands as one, each so long after the cursor, in rising order; at the first that is refused at once
    /// it stops. An `Undo` takes all of them back. Answer as for `Do`.
    DoAll(Vec<(Micros, Command)>),
    /// Gives a command of the learner's at another time, or not at all: its place in the command log. The run forks, and the
    /// rest of the log stays. Answer as for `Do`.
    Edit { place: u32, at: Option<Micros> },
    /// Takes back the last command of this branch that is at or before the cursor. Answer as for `Do`.
    Undo,
    /// Returns to a kept branch, where it was left; on the present one, to its end. Answer: [`Reply::Frame`].
    Branch(u32),
    /// Gives a branch a name, or by an empty one takes it away. Answer as for `Do`.
    Name { branch: u32, name: String },
    /// Goes on by the commands of a run of the same set-up and seed, as a branch of this name, to a moment. Answer as for `Do`.
    Adopt { run: String, to: Micros, name: String },
    /// The stage at a branch's end, without going there. Answer: [`Reply::Glanced`].
    Glance { branch: u32 },
    /// Rows of the trace up to the cursor, for the log. Answer: [`Reply::Rows`].
    Rows { first: u64, count: u32, filter: RowFilter },
    /// The space-time diagram of a stretch of time. Answer: [`Reply::Diagram`].
    Diagram(DiagramAsk),
    /// Measured values over time, of what is simulated so far, and those of expressions. Answer: [`Reply::Charts`].
    Charts { of: ChartsAsk, watch: Vec<String> },
    /// A node's state at the cursor, what changed in the last step marked; expressions at the cursor and over time; and how
    /// clients' operations fare. Answer: [`Reply::Inspected`].
    Inspect { node: u16, of: ChartsAsk, watch: Vec<String> },
    /// What a message carries, by the row of its sending. Answer: [`Reply::Payload`].
    Payload { row: u64 },
    /// Runs a step's prediction in a run of its own. Answer: [`Reply::Predicted`].
    Predict { step: u32, prediction: u32 },
    /// Measures a step's trade-off or exercise by runs of their own, a slice at a time: from the first run (`done` is 0),
    /// or on from where the last answer stopped. Answer: [`Reply::Measured`].
    Measure { step: u32, choices: Vec<u32>, done: u32 },
    /// The scenario with seed and command log, as JSON. Answer: [`Reply::Exported`].
    Export,
    /// How the nodes stand on the stage, which is kept with the scenario. Answer: [`Reply::Exported`].
    Arrange { arrangement: Arrangement, places: Vec<Option<(u16, u16)>> },
    /// The run as a form has it, what the learner did included. Answer: [`Reply::Sheet`].
    Sheet,
    /// The trace as far as it is simulated, from a row on, in pages. Answer: [`Reply::Trace`].
    Trace { first: u64 },
    /// What an engine that is there for it makes of the run: the form of another tool, by its name; a slice of a sweep or of a
    /// search, by the words of `jobs`. Answer: [`Reply::Exported`].
    Write { form: String },
    /// Fault drill for tests of recovery: the engine panics. Only answered by its death.
    Die,
}

/// Where a run comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenRun {
    pub source: RunSource,
    /// Overrides the scenario's seed.
    pub seed: Option<u64>,
    /// Move the cursor here after opening (used when a run is restored).
    pub cursor: Option<Micros>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RunSource {
    /// A scenario file's text, TOML or JSON. No goals.
    Text(SourceFile),
    /// What a form holds. No goals. What is wrong with it is answered by [`Reply::Wrong`].
    Sheet(Box<Sheet>),
    /// A step of the loaded lesson with its goals.
    Step(u32),
    /// One of the runs that a step's measurement is made of, by what was chosen and the row. No goals.
    Measured { step: u32, choices: Vec<u32>, row: u32 },
    /// A step of the loaded lesson, its run replaced by a saved one (progress, evidence, recovery).
    StepWithRun { step: u32, saved: String },
}

/// A text with the name that error messages call it by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Move {
    /// One step: one thing that happens at one node.
    Forward,
    Back,
    /// To the end of the step that holds this row.
    ToRow(u64),
    Start,
    /// To the furthest point simulated.
    Head,
    /// To the next row that a reader would stop at (faults, notes, losses, completed operations).
    NextInteresting,
    PreviousInteresting,
    /// To the next (previous) step in which a row matches. Gives up after a bounded number of steps.
    Until {
        filter: RowFilter,
        backwards: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// A [`LessonPage`], encoded.
    Lesson(Vec<u8>),
    Opened(Box<Opened>),
    Frame(Box<Frame>),
    Rows(RowsPage),
    Diagram(Box<Diagram>),
    Charts(Box<Charts>),
    Inspected(Box<Inspection>),
    /// A branch's end; its frame is whole.
    Glanced(u32, Box<Frame>),
    Payload(Box<Payload>),
    Predicted(PredictionOutcome),
    Measured(Box<Measurement>),
    Exported(String),
    Sheet(Box<Sheet>),
    Trace(TracePage),
    /// What is wrong with a sheet: the name of the part, and a sentence that says what is accepted.
    Wrong {
        part: String,
        why: String,
    },
    /// The command had no effect: its target does not exist (any more), or does not allow it. A sentence.
    Refused(String),
    /// The request could not be carried out: where and what to do.
    Failed(String),
    /// The engine's last words: it panicked, with this message, and answers nothing any more.
    Died(String),
}
