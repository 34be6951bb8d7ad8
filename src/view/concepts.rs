//! The concept map: a row for each chapter, a place for each lesson, and a way from each lesson to those that build upon it.

use crate::wire::Catalogue;

/// Between lessons, and between chapters.
const STEP: (u32, u32) = (76, 92);
const MARGIN: (u32, u32) = (38, 62);
pub const RADIUS: u32 = 21;

#[derive(Clone, Debug, PartialEq)]
pub struct Concepts {
    pub width: u32,
    pub height: u32,
    /// The chapters' titles, each with where it stands.
    pub chapters: Vec<(String, u32)>,
    /// In the order of the catalogue.
    pub places: Vec<(u32, u32)>,
    /// The path of each way, and the place that it leads to.
    pub ways: Vec<(String, usize)>,
}

/// Where all lessons of the catalogue stand.
pub fn concepts(catalogue: &Catalogue) -> Concepts {
    let mut map = Concepts { width: 0, height: 0, chapters: Vec::new(), places: Vec::new(), ways: Vec::new() };
    let mut known: Vec<&str> = Vec::new();
    let mut y = MARGIN.1;
    for chapter in catalogue.chapters.iter().filter(|chapter| !chapter.lessons.is_empty()) {
        map.chapters.push((format!("{} {}", chapter.number, chapter.title), y - RADIUS - 12));
        for (i, lesson) in chapter.lessons.iter().enumerate() {
            let here = (MARGIN.0 + STEP.0 * i as u32, y);
            for need in &lesson.needs {
                if let Some(from) = known.iter().position(|slug| slug == need) {
                    map.ways.push((way(map.places[from], here), known.len()));
                }
            }
            known.push(&lesson.slug);
            map.places.push(here);
            map.width = map.width.max(here.0 + MARGIN.0);
        }
        map.height = y + RADIUS + 12;
        y += STEP.1;
    }
    // The titles need some room too.
    map.width = map.width.max(320);
    map
}

/// From the edge of one circle to that of another: straight along a row, a bend between rows.
fn way(from: (u32, u32), to: (u32, u32)) -> String {
    let (gap, (x1, y1), (x2, y2)) = (RADIUS + 3, from, to);
    if y1 == y2 {
        let (a, b) = (x1 + gap, x2 - gap);
        // Over those between them.
        let lift = if x2 - x1 > STEP.0 { y1 - RADIUS - 4 } else { y1 };
        return format!("M{a} {y1}Q{} {lift} {b} {y2}", u32::midpoint(a, b));
    }
    let (a, b) = (y1 + gap, y2 - gap);
    let middle = u32::midpoint(a, b);
    format!("M{x1} {a}C{x1} {middle} {x2} {middle} {x2} {b}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CatalogueEntry, Chapter};

    fn entry(id: &str, slug: &str, needs: &[&str]) -> CatalogueEntry {
        CatalogueEntry {
            id: id.into(),
            slug: slug.into(),
            title: slug.into(),
            question: String::new(),
            minutes: 1,
            steps: 1,
            goals: 1,
            needs: needs.iter().map(|s| (*s).into()).collect(),
            files: Vec::new(),
        }
    }

    #[test]
    fn lessons_stand_apart_and_every_need_is_a_way() {
        let chapter = |number, lessons| Chapter { number, title: "T".into(), lessons };
        let chapters = vec![
            chapter(1, vec![entry("1.1", "a", &[])]),
            chapter(2, Vec::new()),
            chapter(3, vec![entry("3.1", "b", &["a"]), entry("3.2", "c", &["b"]), entry("3.3", "d", &["a", "b"])]),
        ];
        let map = concepts(&Catalogue { version: 1, chapters });
        assert_eq!(map.chapters.len(), 2, "a chapter without lessons has no row");
        assert_eq!(map.ways.iter().map(|(_, to)| *to).collect::<Vec<_>>(), [1, 2, 3, 3]);
        for (i, a) in map.places.iter().enumerate() {
            assert!(a.0 + RADIUS <= map.width && a.1 + RADIUS <= map.height && a.0 >= RADIUS && a.1 >= RADIUS);
            for b in &map.places[i + 1..] {
                assert!(a.0.abs_diff(b.0) > 2 * RADIUS || a.1.abs_diff(b.1) > 2 * RADIUS);
            }
        }
    }
}
