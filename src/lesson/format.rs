//! The lesson format, version 1: what a teacher writes in `lesson.toml` and `solution.toml`.
//!
//! These types are the file to the letter: unknown names are errors, optional names have plain defaults. What the names
//! mean together (which comparisons a condition may have, which scenario a step opens) is decided in
//! [`super::compile`], so that every complaint can name the line.

use super::condition::Scalar;
use crate::base::Micros;
use crate::lesson::spanned::Spanned;
use crate::sim::params::ParamValue;
use crate::sim::scenario::LogEntry;
use crate::wire::{NodeStatus, Outcome, RowKind};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The version of the format that this engine reads.
pub const VERSION: u32 = 1;

/// `lesson.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LessonFile {
    pub version: Spanned<u32>,
    /// Chapter and number, `"1.1"`.
    pub id: Spanned<String>,
    /// The folder's name.
    pub slug: Spanned<String>,
    pub title: String,
    pub question: String,
    pub minutes: u32,
    #[serde(rename = "step")]
    pub steps: Vec<Spanned<StepFile>>,
    /// Numbers that prose quotes as `{{NAME}}`, each computed by runs.
    #[serde(default, rename = "number")]
    pub numbers: Vec<Spanned<NumberFile>>,
    /// Numbers in texts that no run and no scenario of the lesson gives.
    #[serde(default, rename = "given")]
    pub givens: Vec<Spanned<GivenFile>>,
    /// What the texts say about two numbers, held by the check.
    #[serde(default, rename = "claim")]
    pub claims: Vec<Spanned<ClaimFile>>,
    /// "Explain it back": what the learner writes, to compare it with a model answer. The check requires it.
    pub explain: Option<Spanned<ExplainFile>>,
    /// What this model leaves out, two to five.
    pub omissions: Vec<Spanned<String>>,
    /// Terms used in the texts, each with the sentence that explains it here; others stand in the glossary of all lessons.
    #[serde(default)]
    pub glossary: BTreeMap<String, Spanned<String>>,
    #[serde(default, rename = "source")]
    pub sources: Vec<Spanned<SourceFile>>,
}

/// A question about the idea of the lesson, to be answered in two sentences.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainFile {
    pub question: Spanned<String>,
    /// The model answer, one paragraph.
    pub answer: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepFile {
    pub id: String,
    pub title: String,
    /// A file under `scenarios/`, without that folder.
    pub scenario: Spanned<String>,
    #[serde(default, rename = "prediction")]
    pub predictions: Vec<Spanned<PredictionFile>>,
    #[serde(default, rename = "goal")]
    pub goals: Vec<Spanned<GoalFile>>,
    /// Shown one at a time, from a nudge to nearly the answer.
    #[serde(default)]
    pub hints: Vec<Spanned<String>>,
    pub measure: Option<Spanned<MeasureFile>>,
    /// Faults at one click.
    #[serde(default, rename = "button")]
    pub buttons: Vec<Spanned<ButtonFile>>,
    /// How long a check runs this step when nothing else says.
    pub run: Micros,
}

/// A button of a step: commands that one press gives. Their times count from the press and rise from zero.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ButtonFile {
    /// The words on it, which are also its name in `solution.toml`.
    pub title: String,
    pub commands: Vec<LogEntry>,
}

/// A goal: a rule, and what to say when it is met or missed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalFile {
    pub id: String,
    pub title: Spanned<String>,
    pub met: String,
    /// Needed where the goal can be missed (`within`, `always`).
    pub missed: Option<String>,
    /// Why it does no harm when random clicks meet this goal.
    pub luck: Option<String>,
    /// The goal counts from the first moment at which this holds.
    pub after: Option<Spanned<ConditionFile>>,
    /// The goal counts only while this holds, each time anew.
    #[serde(rename = "while")]
    pub during: Option<Spanned<ConditionFile>>,
    /// Must come to hold.
    pub eventually: Option<Spanned<ConditionFile>>,
    /// Must hold all the time, until `until` holds or for as long as `for` says.
    pub always: Option<Spanned<ConditionFile>>,
    pub until: Option<Spanned<ConditionFile>>,
    /// How long it must hold without a break.
    #[serde(rename = "for")]
    pub length: Option<Spanned<Micros>>,
    /// The time limit, from where the goal begins to count.
    pub within: Option<Spanned<Micros>>,
}

/// A condition: exactly one subject (`event`, `nodes`, `probe`, `measure`, `choice`, `all`, `any`, `not`) with what goes
/// with it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionFile {
    /// Counts rows of this kind.
    pub event: Option<RowKind>,
    /// Counts nodes in this state.
    pub nodes: Option<NodeStatus>,
    /// A named observation of nodes.
    pub probe: Option<String>,
    /// A measured value.
    pub measure: Option<String>,
    /// What was chosen in an exercise, by the choice's name.
    pub choice: Option<String>,
    pub all: Option<Vec<Spanned<ConditionFile>>>,
    pub any: Option<Vec<Spanned<ConditionFile>>>,
    pub not: Option<Box<Spanned<ConditionFile>>>,

    /// Nodes, roles or groups; absent: every node.
    pub on: Option<OneOrMany>,
    /// Kind of message.
    pub message: Option<String>,
    /// The other end of the message: nodes, roles or groups.
    pub peer: Option<OneOrMany>,
    /// The operation's function (`put`).
    pub function: Option<String>,
    pub key: Option<String>,
    /// The value that the operation carries, as it is shown.
    pub value: Option<String>,
    pub outcome: Option<Outcome>,
    /// The operation's answer, as it is shown.
    pub answer: Option<String>,
    /// Only operations that were (not) answered with a value.
    pub answered: Option<bool>,
    /// Only operations that began after the goal began to count.
    pub fresh: Option<bool>,
    /// Part of a note, a command, the name of a rule or of a property, in any case.
    pub text: Option<String>,

    #[serde(default, deserialize_with = "scalar")]
    pub is: Option<Scalar>,
    #[serde(default, deserialize_with = "scalar")]
    pub at_least: Option<Scalar>,
    #[serde(default, deserialize_with = "scalar")]
    pub at_most: Option<Scalar>,
    /// How many nodes must have such a probe; absent: all of them.
    pub count: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a name or a list of names")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A [`Scalar`] as it is written.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, true, false, or a text such as \"leader\" or \"20ms\"")]
enum Written {
    Flag(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

fn scalar<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Scalar>, D::Error> {
    Written::deserialize(d).map(|written| {
        Some(match written {
            Written::Flag(flag) => Scalar::Flag(flag),
            Written::Int(n) => Scalar::Int(n),
            Written::Float(x) => Scalar::Float(x),
            Written::Text(text) => Scalar::Text(text),
        })
    })
}

/// A question with options, decided by a run of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictionFile {
    pub id: String,
    pub question: Spanned<String>,
    pub run: Spanned<RunFile>,
    #[serde(rename = "option")]
    pub options: Vec<Spanned<OptionFile>>,
}

/// One option of a prediction. It is true when `when` holds at the end of the run (counted from `after`, if given).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionFile {
    pub text: Spanned<String>,
    pub after: Option<Spanned<ConditionFile>>,
    pub when: Spanned<ConditionFile>,
    /// What the run showed, said when this option is the true one; may quote measures of the run as `{{ops.ok}}` or
    /// `{{ops.ok put}}`.
    pub because: Spanned<String>,
}

/// A pinned run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// A file under `scenarios/`; absent: the step's.
    pub scenario: Option<String>,
    pub seed: u64,
    pub until: Micros,
    #[serde(default)]
    pub commands: Vec<LogEntry>,
}

/// Runs to measure over: seeds 1 to `seeds`, each to `until`, pooled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberFile {
    pub name: String,
    pub scenario: Spanned<String>,
    #[serde(default = "one")]
    pub seeds: u32,
    pub until: Micros,
    #[serde(default)]
    pub commands: Vec<LogEntry>,
    pub value: Spanned<ValueFile>,
    /// Divide by this other number.
    pub per: Option<Spanned<String>>,
}

fn one() -> u32 {
    1
}

/// Words with a number that is typed on purpose, wherever they stand, and where the number comes from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenFile {
    pub text: String,
    pub because: String,
}

/// Words of the lesson that are true only while one number is less than another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimFile {
    pub text: String,
    /// Names of numbers.
    pub less: Spanned<String>,
    pub than: Spanned<String>,
}

/// Which measured value, and how it is shown.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueFile {
    pub measure: String,
    /// Only operations with this function.
    pub function: Option<String>,
    /// Digits after the point.
    #[serde(default)]
    pub digits: u8,
}

/// A table of measured runs: the trade-off, or an exercise with choices and requirements.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureFile {
    pub id: String,
    pub title: String,
    pub intro: Spanned<String>,
    /// Seeds 1 to this many; the runs of one variant are pooled.
    pub seeds: u32,
    pub until: Micros,
    /// What the variants vary, in their order: draws each column over it, and each variant is a point to choose.
    pub axis: Option<String>,
    #[serde(rename = "column")]
    pub columns: Vec<Spanned<ColumnFile>>,
    /// Closed forms to draw beside a column.
    #[serde(default, rename = "theory")]
    pub theories: Vec<Spanned<TheoryFile>>,
    /// The rows of a trade-off.
    #[serde(default, rename = "variant")]
    pub variants: Vec<Spanned<VariantFile>>,
    /// What the learner of an exercise chooses. The row measured is the combination.
    #[serde(default, rename = "choice")]
    pub choices: Vec<Spanned<ChoiceFile>>,
    /// The scenario that an exercise runs.
    pub scenario: Option<Spanned<String>>,
    /// Machines that fail and return by chance, drawn anew for each seed.
    #[serde(default, rename = "failures")]
    pub failures: Vec<Spanned<FailuresFile>>,
    /// Machines that are down for a stated time, in every run.
    #[serde(default, rename = "outage")]
    pub outages: Vec<Spanned<OutageFile>>,
    #[serde(default, rename = "requirement")]
    pub requirements: Vec<Spanned<RequirementFile>>,
    /// The first two whose conditions hold are asked.
    #[serde(default, rename = "follow-up")]
    pub follow_ups: Vec<Spanned<FollowUpFile>>,
    /// A model answer, shown after the runs.
    pub answer: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnFile {
    pub title: String,
    pub value: Spanned<ValueFile>,
    /// What the prose says of it from the first variant to the last; the check holds the runs to it.
    pub trend: Option<Spanned<Trend>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    Rises,
    Falls,
}

/// What theory says of a column, drawn in the same chart; the check holds the runs to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheoryFile {
    /// The column's title.
    pub column: Spanned<String>,
    /// The words beside the line.
    pub title: String,
    /// The closed form, by its name in `theory`.
    pub form: Spanned<String>,
    /// Its arguments: those that all variants share,
    #[serde(default)]
    pub with: BTreeMap<String, f64>,
    /// and for each variant, in their order, those that differ.
    pub at: Vec<BTreeMap<String, f64>>,
    /// How far a measured value may be from it, as a share of it.
    pub within: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantFile {
    pub title: String,
    pub scenario: Spanned<String>,
    /// Parameters other than the scenario's.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParamValue>,
    #[serde(default)]
    pub commands: Vec<LogEntry>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceFile {
    /// Conditions ask for it by this name.
    pub name: String,
    pub title: String,
    #[serde(rename = "option")]
    pub options: Vec<Spanned<ChoiceOptionFile>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceOptionFile {
    pub title: String,
    /// Another scenario instead of the exercise's.
    pub scenario: Option<Spanned<String>>,
    /// Another number of nodes for a line of the scenario's nodes, by the line's name.
    #[serde(default)]
    pub count: BTreeMap<String, u16>,
    /// Parameters other than the scenario's.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParamValue>,
    /// Commands added to the run, for instance to place machines far apart.
    #[serde(default)]
    pub commands: Vec<LogEntry>,
}

/// Each of the nodes is up for an exponential time with mean `up`, then down for one with mean `down`, and so on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailuresFile {
    pub on: OneOrMany,
    pub up: Micros,
    pub down: Micros,
    /// The nodes fail together (a rack, a zone) instead of each on its own.
    #[serde(default)]
    pub together: bool,
}

/// The nodes (by name, role or group) are down from `from` to `to`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutageFile {
    pub on: OneOrMany,
    pub from: Micros,
    pub to: Micros,
}

/// What the exercise asks for; the sentences may quote measures of the runs as `{{ops.availability}}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementFile {
    pub id: String,
    pub title: String,
    pub when: Spanned<ConditionFile>,
    pub met: Spanned<String>,
    pub missed: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpFile {
    /// The learner's own answer is kept under it.
    pub id: String,
    /// Absent: always.
    pub when: Option<Spanned<ConditionFile>>,
    pub ask: Spanned<String>,
    /// A model answer, shown after the learner's own. It may quote measures as well.
    pub answer: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    pub id: String,
    /// Authors, title, where and when, section.
    pub text: String,
    pub url: Option<Spanned<String>>,
}

/// `solution.toml`: what the check plays, never loaded by the page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolutionFile {
    pub version: Spanned<u32>,
    #[serde(default, rename = "solve")]
    pub solves: Vec<Spanned<SolveFile>>,
    #[serde(default, rename = "wrong")]
    pub wrongs: Vec<Spanned<WrongFile>>,
    #[serde(default, rename = "design")]
    pub designs: Vec<Spanned<DesignFile>>,
    #[serde(default, rename = "truth")]
    pub truths: Vec<Spanned<TruthFile>>,
}

/// What the author takes to be true in a prediction's run. The run decides; the check says when text and run disagree.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TruthFile {
    pub step: String,
    pub prediction: String,
    /// The option's text.
    pub option: String,
}

/// A design for an exercise, and exactly which of its requirements it misses: none, and it is a model solution.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DesignFile {
    pub step: Spanned<String>,
    /// The option taken, by the choice's name.
    pub choices: BTreeMap<String, String>,
    #[serde(default)]
    pub missed: Vec<String>,
}

/// A script that meets goals of a step, on every seed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolveFile {
    pub step: Spanned<String>,
    /// The goals that it meets.
    pub goals: Vec<String>,
    /// How long it runs; absent: as long as the step.
    pub until: Option<Micros>,
    #[serde(default)]
    pub commands: Vec<LogEntry>,
    #[serde(default, rename = "press")]
    pub presses: Vec<Spanned<PressFile>>,
}

/// A likely mistake: it must leave the goals unmet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrongFile {
    pub step: Spanned<String>,
    /// The mistake in words.
    pub why: String,
    pub unmet: Vec<String>,
    pub until: Option<Micros>,
    #[serde(default)]
    pub commands: Vec<LogEntry>,
    #[serde(default, rename = "press")]
    pub presses: Vec<Spanned<PressFile>>,
}

/// A click on one of the step's buttons.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PressFile {
    pub at: Micros,
    /// The button's title.
    pub button: String,
}
