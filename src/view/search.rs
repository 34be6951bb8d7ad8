//! Search over lessons, glossary and sources: every word that was typed must be there, titles go before texts. Letters of
//! other scripts are compared as they are, which keeps their tables out of the page.

use super::route::Route;
use super::words::holds;
use crate::wire::{Course, Glossary, SourceCard, Term};

/// Letters of what is shown around a place that was found.
const EXCERPT: usize = 130;

#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// "Lesson", "Step", "Term", "Source".
    pub group: &'static str,
    pub title: String,
    /// What was found, with a few words around it.
    pub excerpt: String,
    pub href: String,
}

/// What was typed, as words.
pub struct Query(Vec<String>);

impl Query {
    pub fn new(text: &str) -> Query {
        Query(text.split_ascii_whitespace().map(str::to_ascii_lowercase).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Not at all, in the text (2), in the title (1), or at its beginning (0).
    fn rank(&self, title: &str, text: &str) -> Option<u8> {
        let title = title.to_ascii_lowercase();
        if self.0.iter().all(|word| holds(&title, word)) {
            return Some(u8::from(!self.0.first().is_some_and(|first| title.starts_with(first.as_str()))));
        }
        let both = title + " " + &text.to_ascii_lowercase();
        self.0.iter().all(|word| holds(&both, word)).then_some(2)
    }

    /// A piece of the text around the first word that it has.
    fn excerpt(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        let found = self.0.iter().filter_map(|word| place(&lower, word)).min().unwrap_or(0);
        // Some words before it, from the beginning of one.
        let from = text[..found].char_indices().rev().nth(40).map_or(0, |(at, _)| at);
        let from = if from == 0 { 0 } else { text[from..].find(' ').map_or(from, |space| from + space + 1) };
        let mut piece: String = text[from..].chars().take(EXCERPT).collect();
        if from + piece.len() < text.len() {
            piece.truncate(piece.rfind(' ').unwrap_or(piece.len()));
            piece.push('…');
        }
        if from > 0 { String::from("…") + &piece } else { piece }
    }
}

fn place(text: &str, word: &str) -> Option<usize> {
    (0..text.len()).find(|at| text.is_char_boundary(*at) && text[*at..].starts_with(word))
}

/// Terms that fit, the best first.
pub fn terms<'a>(glossary: &'a Glossary, query: &Query) -> Vec<&'a Term> {
    let mut found: Vec<(u8, &Term)> = Vec::new();
    for term in &glossary.terms {
        found.extend(query.rank(&term.name, &term.text).map(|rank| (rank, term)));
    }
    // In their order where they fit as well.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, term)| term).collect()
}

/// All that fits: lessons and their steps, terms, sources; what is called so first, then each group, its best first.
pub fn search(course: Option<&Course>, glossary: Option<&Glossary>, text: &str) -> Vec<Hit> {
    let query = Query::new(text);
    if query.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(u8, u8, Hit)> = Vec::new();
    let mut add = |group: u8, title: String, text: &str, href: String| {
        if let Some(rank) = query.rank(&title, text) {
            let name = ["Lesson", "Step", "Term", "Source"][usize::from(group)];
            found.push((group, rank, Hit { group: name, excerpt: query.excerpt(text), title, href }));
        }
    };
    let mut sources: Vec<(&SourceCard, String)> = Vec::new();
    for lesson in course.iter().flat_map(|course| &course.lessons) {
        let step = |i: usize| Route::Lesson(lesson.slug.clone(), i as u32).href();
        add(0, format!("{} {}", lesson.id, lesson.title), &lesson.question, step(0));
        for (i, page) in lesson.steps.iter().enumerate() {
            let asked = page.predictions.iter().map(|p| p.question.as_str());
            let text = [page.text.as_str()].into_iter().chain(asked).collect::<Vec<_>>().join(" ");
            add(1, format!("{} step {}: {}", lesson.id, i + 1, page.title), &text, step(i));
        }
        sources.extend(lesson.sources.iter().map(|source| (source, step(lesson.steps.len().saturating_sub(1)))));
    }
    for term in glossary.iter().flat_map(|glossary| &glossary.terms) {
        add(2, term.name.clone(), &term.text, Route::Glossary(term.key.clone()).href());
    }
    let of_terms = glossary.iter().flat_map(|glossary| &glossary.sources);
    sources.extend(of_terms.map(|source| (source, source.url.clone().unwrap_or_default())));
    let mut known: Vec<&str> = Vec::new();
    for (source, href) in sources {
        // The same paper stands with several lessons; its title ends with the second point of most entries.
        if !known.contains(&source.text.as_str()) {
            known.push(&source.text);
            let (authors, title) = source.text.split_once(": ").unwrap_or(("", &source.text));
            let href = source.url.clone().unwrap_or(href);
            add(3, title.to_owned(), authors, href);
        }
    }
    // What is called as was typed goes before what only speaks of it.
    found.sort_by_key(|(group, rank, _)| (*rank > 0, *group, *rank));
    found.into_iter().map(|(_, _, hit)| hit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CourseLesson, CourseStep};

    fn course() -> Course {
        let text = "Nobody appoints a successor. A server that hears nothing stands for election. In our runs, électrons aside, the cluster is without a leader for a while.";
        let step = CourseStep { id: "gone".into(), title: "Gone".into(), text: text.into(), predictions: Vec::new() };
        let source =
            SourceCard { id: "paper".into(), text: "D. Ongaro: In Search of a Paper. 2014.".into(), url: None };
        let lesson = CourseLesson {
            id: "6.4".into(),
            slug: "leader-dies".into(),
            title: "When the leader dies".into(),
            question: "Who answers when the leader is gone?".into(),
            steps: vec![step],
            sources: vec![source.clone(), source],
            explain: None,
        };
        Course { lessons: vec![lesson] }
    }

    fn glossary() -> Glossary {
        let term = |key: &str, text: &str| Term {
            key: key.into(),
            name: key.replace('-', " "),
            text: text.into(),
            source: 0,
            section: "§1".into(),
            places: Vec::new(),
        };
        let terms =
            vec![term("candidate", "Asks to be leader."), term("follower", "Has a leader."), term("leader", "Leads.")];
        Glossary { terms, sources: Vec::new() }
    }

    #[test]
    fn titles_go_before_texts_and_every_word_counts() {
        let found = search(Some(&course()), Some(&glossary()), "Leader");
        let titles: Vec<&str> = found.iter().map(|hit| hit.title.as_str()).collect();
        assert_eq!(titles, ["leader", "6.4 When the leader dies", "6.4 step 1: Gone", "candidate", "follower"]);
        assert_eq!(found[0].href, "#/glossary/leader");
        assert_eq!(found[2].href, "#/lesson/leader-dies/1");
        let both = search(Some(&course()), Some(&glossary()), "leader gone");
        assert_eq!(both.iter().map(|hit| hit.group).collect::<Vec<_>>(), ["Lesson", "Step"]);
        assert_eq!(search(Some(&course()), None, "ongaro").len(), 1, "a source stands once");
        assert!(search(Some(&course()), Some(&glossary()), "  ").is_empty());
        assert!(search(None, None, "leader").is_empty());
    }

    #[test]
    fn excerpts_are_cut_at_words() {
        let found = search(Some(&course()), None, "cluster");
        assert!(
            found[0].excerpt.starts_with('…') && found[0].excerpt.contains("the cluster is"),
            "{:?}",
            found[0].excerpt
        );
        let first = search(Some(&course()), None, "appoints");
        assert!(first[0].excerpt.starts_with("Nobody") && first[0].excerpt.ends_with('…'), "{:?}", first[0].excerpt);
        assert!(!search(Some(&course()), None, "électrons").is_empty());
    }
}
