//! What the page knows of the course as a whole: packed beside the lessons, fetched when somebody asks for it. All texts are
//! plain words.

use super::SourceCard;
use serde::{Deserialize, Serialize};

/// `lessons/glossary.pack`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Glossary {
    /// In the order of their names.
    pub terms: Vec<Term>,
    pub sources: Vec<SourceCard>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// Its name in addresses, and in the links of lessons.
    pub key: String,
    pub name: String,
    /// One sentence.
    pub text: String,
    /// Place in [`Glossary::sources`], and what part of it.
    pub source: u32,
    pub section: String,
    /// Where it is shown or used: the words of a link and its address. The first was chosen.
    pub places: Vec<(String, String)>,
}

/// `lessons/course.pack`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    pub lessons: Vec<CourseLesson>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CourseLesson {
    pub id: String,
    pub slug: String,
    pub title: String,
    pub question: String,
    pub steps: Vec<CourseStep>,
    pub sources: Vec<SourceCard>,
    /// "Explain it back": the question, and a model answer.
    pub explain: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CourseStep {
    pub id: String,
    pub title: String,
    /// Its prose.
    pub text: String,
    pub predictions: Vec<CoursePrediction>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoursePrediction {
    pub id: String,
    pub question: String,
    pub options: Vec<String>,
}
