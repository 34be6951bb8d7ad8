//! The texts of all lessons as the page needs them beside the lesson that is open: to be searched, and to bring predictions
//! back for review. Packed by itself, fetched when somebody asks for it.

use super::check::CATALOGUE;
use super::draft::Draft;
use super::finding::Finding;
use super::prose;
use crate::wire::*;

/// What the page fetches.
pub const PACK: &str = "course.pack";

/// Of the lessons in the order of the course.
pub fn pack(lessons: &[&Draft]) -> Course {
    Course { lessons: lessons.iter().map(|lesson| course_lesson(lesson.page())).collect() }
}

fn course_lesson(page: LessonPage) -> CourseLesson {
    let steps = page.steps.into_iter().map(|step| CourseStep {
        id: step.id,
        title: step.title,
        text: step.prose.iter().map(words_of).collect::<Vec<_>>().join(" "),
        predictions: step.predictions.into_iter().map(prediction).collect(),
    });
    CourseLesson {
        steps: steps.collect(),
        id: page.id,
        slug: page.slug,
        title: page.title,
        question: page.question,
        sources: page.sources,
        explain: page.explain.map(|(question, answer)| (plain(&question), plain(&answer))),
    }
}

fn prediction(page: PredictionPage) -> CoursePrediction {
    let options = page.options.iter().map(|option| plain(option)).collect();
    CoursePrediction { id: page.id, question: plain(&page.question), options }
}

fn words_of(block: &Block) -> String {
    match block {
        Block::Paragraph(inlines) | Block::Heading(inlines) | Block::Quote(inlines) => plain(inlines),
        Block::List { items, .. } => items.iter().map(|item| plain(item)).collect::<Vec<_>>().join(" "),
        Block::Code(code) => code.clone(),
    }
}

fn plain(inlines: &[Inline]) -> String {
    let words: String = inlines.iter().map(prose::text_of).collect();
    words.trim().to_owned()
}

/// The catalogue with the lessons that it does not list yet, each in its chapter: a lesson that is written shows up at once.
pub fn complete(text: &str, lessons: &[&Draft]) -> Result<Catalogue, Finding> {
    let mut catalogue: Catalogue =
        serde_json::from_str(text).map_err(|error| Finding::of(CATALOGUE, error.to_string()))?;
    for lesson in lessons {
        let entry = super::check::entry_of(lesson);
        if catalogue.chapters.iter().flat_map(|c| &c.lessons).any(|known| known.slug == entry.slug) {
            continue;
        }
        let number = entry.id.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let place = catalogue.chapters.partition_point(|chapter| chapter.number < number);
        if catalogue.chapters.get(place).is_none_or(|chapter| chapter.number != number) {
            let title = format!("Chapter {number}");
            catalogue.chapters.insert(place, Chapter { number, title, lessons: Vec::new() });
        }
        let chapter = &mut catalogue.chapters[place];
        let place = chapter.lessons.partition_point(|known| order(&known.id) < order(&entry.id));
        chapter.lessons.insert(place, entry);
    }
    Ok(catalogue)
}

/// `6.10` comes after `6.9`.
fn order(id: &str) -> Vec<u32> {
    id.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// Lessons in the order of the catalogue.
pub fn in_order<'a>(catalogue: &Catalogue, drafts: &'a [Draft]) -> Vec<&'a Draft> {
    let entries = catalogue.chapters.iter().flat_map(|chapter| &chapter.lessons);
    let find = |entry: &CatalogueEntry| drafts.iter().find(|draft| *draft.file.slug.get_ref() == entry.slug);
    entries.filter_map(find).collect()
}
