//! A lesson as the page shows it. Prose comes parsed: learners' and authors' text is never markup in the page.

use crate::base::Micros;
use serde::{Deserialize, Serialize};

/// One line of the catalogue (lessons/catalogue.json): all that the home page needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub version: u32,
    pub chapters: Vec<Chapter>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    pub number: u32,
    pub title: String,
    pub lessons: Vec<CatalogueEntry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// `1.1`
    pub id: String,
    /// The folder's name.
    pub slug: String,
    pub title: String,
    pub question: String,
    pub minutes: u32,
    pub steps: u32,
    pub goals: u32,
    /// Slugs of lessons that it builds upon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Every file of the folder that its pack is made from, relative to it.
    pub files: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonPage {
    pub id: String,
    pub slug: String,
    pub title: String,
    pub question: String,
    pub minutes: u32,
    /// Of those, so many are spent reading.
    pub reading: u32,
    pub steps: Vec<StepPage>,
    /// "Explain it back": the question, and a model answer.
    pub explain: Option<(Vec<Inline>, Vec<Inline>)>,
    pub omissions: Vec<Vec<Inline>>,
    pub sources: Vec<SourceCard>,
    pub glossary: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepPage {
    pub id: String,
    pub title: String,
    pub prose: Vec<Block>,
    pub predictions: Vec<PredictionPage>,
    pub goals: Vec<GoalPage>,
    pub hints: Vec<Vec<Inline>>,
    /// A measurement that the learner starts: the trade-off, or the exercise with choices.
    pub measure: Option<MeasurePage>,
    /// Faults at one click, by what stands on the button.
    pub buttons: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictionPage {
    pub id: String,
    pub question: Vec<Inline>,
    pub options: Vec<Vec<Inline>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalPage {
    pub id: String,
    pub title: Vec<Inline>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceCard {
    pub id: String,
    pub text: String,
    pub url: Option<String>,
}

/// A table of runs: rows are variants (one replica, five replicas), columns measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasurePage {
    pub id: String,
    pub title: String,
    pub intro: Vec<Inline>,
    /// What is measured.
    pub columns: Vec<String>,
    /// What is varied along a chart's axis; none: a table alone.
    pub axis: Option<String>,
    /// The variants: the rows of the table, the points of the chart.
    pub variants: Vec<String>,
    /// What theory says of columns.
    pub theories: Vec<TheoryPage>,
    /// What the learner chooses, each with its options; empty: just measure.
    pub choices: Vec<ChoicePage>,
    /// What an exercise asks for, before any run.
    pub requirements: Vec<String>,
}

/// A closed form's values for one column, one for each variant, as text and as a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TheoryPage {
    pub column: u32,
    pub title: String,
    pub values: Vec<(String, f64)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChoicePage {
    pub title: String,
    pub options: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub id: String,
    pub step: u32,
    /// What was chosen: the place of an option for each choice.
    pub choices: Vec<u32>,
    /// For each variant, or for the design that was chosen.
    pub rows: Vec<MeasuredRow>,
    /// For an exercise, after all runs: each requirement, met or not, with the sentence that says what was measured.
    pub verdicts: Vec<(bool, String)>,
    /// The interviewer's follow-ups chosen by what the runs show.
    pub follow_ups: Vec<FollowUp>,
    /// A model answer to an exercise, shown after its runs.
    pub answer: Vec<Inline>,
    /// So many runs of so many are made.
    pub done: u32,
    pub runs: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRow {
    pub title: String,
    /// For each column the value as text, and as a number for drawing; none as long as nothing was measured.
    pub cells: Vec<Option<(String, f64)>>,
    /// The seed of the run with the largest value in the first column.
    pub seed: u64,
    /// The moment in that run to look at.
    pub at: Micros,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FollowUp {
    pub id: String,
    pub ask: String,
    /// A model answer.
    pub answer: Vec<Inline>,
}

/// What the run, not the author, said of a prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictionOutcome {
    pub step: u32,
    pub prediction: u32,
    /// The one option that turned out true.
    pub truth: u32,
    pub because: Vec<Inline>,
    pub evidence: Option<(u64, Micros)>,
    /// The run that decided, as a scenario with its log: the page can open it.
    pub run: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Block {
    Paragraph(Vec<Inline>),
    Heading(Vec<Inline>),
    List { ordered: bool, items: Vec<Vec<Inline>> },
    Quote(Vec<Inline>),
    Code(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Inline {
    Text(String),
    Strong(String),
    Emphasis(String),
    Code(String),
    /// A glossary term: the words shown, the term's key.
    Term(String, String),
    /// A link into the app or to a source's address.
    Link(String, String),
    /// A reference to a source of this lesson by id.
    Source(String),
}
