//! What comes back, and when: spaced repetition by FSRS (the crate `rs-fsrs`).
//!
//! A card is a prediction that a run has decided, or what the learner explained back. Of each card only its looks are kept,
//! the times and ratings; where it stands is computed from them, so that it needs no migration when the scheduler learns.
//! There is no clock in here: every time is given, in milliseconds since 1970. Nothing is drawn by chance either.
//!
//! Intervals are whole days: a lesson's predictions need no drill by the minute. The scheduler's powers and exponentials may
//! differ in the last bit between browsers; rounded to days that does not show.

use super::{EXPLAIN, LessonProgress, Progress, Recall};
use chrono::DateTime;
use rs_fsrs::{Card as Memory, FSRS, Parameters, Rating, Seed};

pub const DAY_MS: u64 = 86_400_000;
/// The weights of the scheduler, fitted by its authors to some 700 million reviews. Its own default set cannot be had without
/// reading the clock.
const WEIGHTS: [f64; 19] = [
    0.4072, 1.1829, 3.1262, 15.4722, 7.2102, 0.5316, 1.0651, 0.0234, 1.616, 0.1544, 1.0824, 1.9813, 0.0953, 0.2975,
    2.2042, 0.2407, 2.9466, 0.5034, 0.6567,
];
/// Ratings by their numbers less one.
pub const RATINGS: [&str; 4] = ["Again", "Hard", "Good", "Easy"];

fn scheduler() -> FSRS {
    FSRS::new(Parameters {
        request_retention: 0.9,
        maximum_interval: 36_500,
        w: WEIGHTS,
        decay: Parameters::DECAY,
        factor: Parameters::FACTOR,
        enable_short_term: false,
        enable_fuzz: false,
        seed: Seed::Empty,
    })
}

fn rating(number: u8) -> Rating {
    match number {
        1 => Rating::Again,
        2 => Rating::Hard,
        3 => Rating::Good,
        _ => Rating::Easy,
    }
}

/// Where a card stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// It comes back from here on.
    pub due_ms: u64,
    /// Of the time between its last look and the next.
    pub days: u32,
    /// When it was looked at last; 0 if never.
    pub seen_ms: u64,
}

fn memory(looks: &[Recall]) -> Memory {
    let scheduler = scheduler();
    let look = |memory, look: &Recall| scheduler.next(memory, time(look.0), rating(look.1)).card;
    looks.iter().fold(Memory::default(), look)
}

fn time(at_ms: u64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(i64::try_from(at_ms).unwrap_or(i64::MAX)).unwrap_or_default()
}

/// What the looks at a card, in their order, come to. One that was never looked at is due at once.
pub fn standing(looks: &[Recall]) -> Standing {
    let Some(last) = looks.last() else { return Standing { due_ms: 0, days: 0, seen_ms: 0 } };
    let memory = memory(looks);
    let due_ms = u64::try_from(memory.due.timestamp_millis()).unwrap_or(0);
    Standing { due_ms, days: memory.scheduled_days.max(0) as u32, seen_ms: last.0 }
}

/// In how many days a card would come back, for each rating given now.
pub fn outlook(looks: &[Recall], now_ms: u64) -> [u32; 4] {
    let (memory, scheduler) = (memory(looks), scheduler());
    [1, 2, 3, 4].map(|n| scheduler.next(memory.clone(), time(now_ms), rating(n)).card.scheduled_days.max(0) as u32)
}

/// How well a prediction was known when it was made: by what the run said and how sure the learner was. Who was wrong and
/// sure of it needs it soonest, but the scheduler has no rating below "again".
pub fn first_rating(right: bool, confidence: u8) -> u8 {
    match (right, confidence) {
        (false, _) => 1,
        (true, 0..=69) => 2,
        (true, 70..=94) => 3,
        (true, _) => 4,
    }
}

/// A card of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub slug: String,
    /// `step/prediction`, or [`EXPLAIN`].
    pub key: String,
    pub standing: Standing,
}

/// The cards of a lesson: predictions that a run has decided, and what was explained back.
pub fn cards_of(slug: &str, lesson: &LessonProgress) -> Vec<Card> {
    let decided = lesson.answers.iter().filter(|(_, answer)| answer.truth.is_some()).map(|(key, _)| key);
    let explained = lesson.words.get(EXPLAIN).filter(|words| !words.trim().is_empty()).map(|_| EXPLAIN);
    let card = |key: &str| {
        let looks = lesson.looks.get(key).map_or(&[][..], Vec::as_slice);
        Card { slug: slug.to_owned(), key: key.to_owned(), standing: standing(looks) }
    };
    decided.chain(explained).map(card).collect()
}

/// All cards.
pub fn cards(progress: &Progress) -> Vec<Card> {
    progress.lessons.iter().flat_map(|(slug, lesson)| cards_of(slug, lesson)).collect()
}

/// The cards that are due, mixed: the one that has waited longest of another lesson than the card before it, if there is
/// one. Before the first stands the card that was looked at last, whether or not it is due.
pub fn due(cards: &[Card], now_ms: u64) -> Vec<Card> {
    let mut left: Vec<&Card> = cards.iter().filter(|card| card.standing.due_ms <= now_ms).collect();
    left.sort_by(|a, b| (a.standing.due_ms, &a.slug, &a.key).cmp(&(b.standing.due_ms, &b.slug, &b.key)));
    let seen = cards.iter().filter(|card| card.standing.seen_ms > 0);
    let seen = seen.max_by_key(|card| (card.standing.seen_ms, &card.slug));
    let mut mixed: Vec<Card> = Vec::new();
    while !left.is_empty() {
        let last = mixed.last().or(seen).map(|card| card.slug.as_str());
        let other = left.iter().position(|card| Some(card.slug.as_str()) != last).unwrap_or(0);
        mixed.push(left.remove(other).clone());
    }
    mixed
}

/// What a learner knows of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knows {
    /// So many cards are due.
    Due(usize),
    /// Finished, and nothing is due.
    Known,
    /// Begun.
    Begun,
    /// Not begun, and all that it builds upon is finished.
    Next,
    /// Something before it is to be done first.
    Later,
}

/// `needs` are the lessons that it builds upon.
pub fn knows(progress: &Progress, slug: &str, needs: &[String], now_ms: u64) -> Knows {
    let finished = |slug: &str| progress.lesson(slug).is_some_and(|lesson| lesson.finished);
    let own = progress.lesson(slug);
    let due = own.map_or(0, |own| due(&cards_of(slug, own), now_ms).len());
    match own {
        _ if due > 0 => Knows::Due(due),
        Some(own) if own.finished => Knows::Known,
        Some(own) if !own.goals.is_empty() || !own.answers.is_empty() => Knows::Begun,
        _ if needs.iter().all(|slug| finished(slug)) => Knows::Next,
        _ => Knows::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_764_000_000_000;

    #[test]
    fn the_weights_are_those_of_the_scheduler() {
        assert_eq!(Parameters::default().w, WEIGHTS);
    }

    #[test]
    fn what_is_known_comes_back_later_and_later() {
        assert_eq!(standing(&[]), Standing { due_ms: 0, days: 0, seen_ms: 0 });
        let (mut looks, mut days) = (Vec::new(), Vec::new());
        let mut now = NOW;
        for _ in 0..5 {
            looks.push(Recall(now, 3));
            let standing = standing(&looks);
            assert_eq!(standing.due_ms, now + u64::from(standing.days) * DAY_MS);
            days.push(standing.days);
            now = standing.due_ms;
        }
        // Pinned: another version of the scheduler would move everybody's cards.
        assert_eq!(days, [3, 11, 36, 105, 277]);
        looks.push(Recall(now, 1));
        assert!(standing(&looks).days < 20, "what was forgotten comes back soon");
    }

    #[test]
    fn better_known_is_later() {
        for looks in [vec![], vec![Recall(NOW, 1)], vec![Recall(NOW, 3), Recall(NOW + 3 * DAY_MS, 3)]] {
            let days = outlook(&looks, NOW + 20 * DAY_MS);
            assert!(days[0] >= 1 && days.windows(2).all(|pair| pair[0] < pair[1]), "{days:?}");
        }
        assert_eq!([first_rating(false, 100), first_rating(true, 50)], [1, 2]);
        assert_eq!([first_rating(true, 70), first_rating(true, 100)], [3, 4]);
    }

    fn progress(lessons: &[(&str, &[&str])]) -> Progress {
        let mut progress = Progress::default();
        for (slug, keys) in lessons {
            for key in *keys {
                progress.lesson_mut(slug).answer(key, 0, 80);
                progress.lesson_mut(slug).decide(key, 0, NOW);
            }
        }
        progress
    }

    #[test]
    fn lessons_are_mixed() {
        let mut progress = progress(&[("a", &["s/1", "s/2", "s/3"]), ("b", &["s/1"]), ("c", &["s/1"])]);
        progress.lesson_mut("c").write(EXPLAIN, "two sentences");
        let keys = |now| {
            let due = due(&cards(&progress), now);
            due.iter().map(|card| format!("{} {}", card.slug, card.key)).collect::<Vec<_>>()
        };
        assert_eq!(keys(NOW), ["c explain"], "what was never looked at is due, what was just answered is not");
        let later = keys(NOW + 3 * DAY_MS);
        assert_eq!(later, ["a s/1", "c explain", "a s/2", "b s/1", "a s/3", "c s/1"]);
    }

    #[test]
    fn an_old_prediction_without_looks_is_due() {
        let text = r#"{"version":2,"lessons":{"a":{"answers":{"s/1":{"option":1,"confidence":70,"truth":1},"s/2":{"option":1,"confidence":70}}}}}"#;
        let old = Progress::read(text).expect("it reads");
        let due = due(&cards(&old), NOW);
        assert_eq!(due.len(), 1, "one that no run has decided is no card");
        assert_eq!(due[0].key, "s/1");
        assert_eq!(knows(&old, "a", &[], NOW), Knows::Due(1));
    }

    #[test]
    fn what_comes_next() {
        let mut progress = progress(&[("a", &["s/1"])]);
        let needs = ["a".to_owned()];
        assert_eq!(knows(&progress, "a", &[], NOW), Knows::Begun);
        assert_eq!(knows(&progress, "b", &needs, NOW), Knows::Later);
        progress.lesson_mut("a").finished = true;
        assert_eq!(knows(&progress, "a", &[], NOW), Knows::Known);
        assert_eq!(knows(&progress, "b", &needs, NOW), Knows::Next);
        assert_eq!(knows(&progress, "a", &[], NOW + 4 * DAY_MS), Knows::Due(1));
    }

    proptest! {
        /// The same looks come to the same, and no look makes a card due before it.
        #[test]
        fn looks_decide(steps in prop::collection::vec((0u64..400, 1u8..=4), 1..30)) {
            let mut at = NOW;
            let mut looks = Vec::new();
            for (days, rating) in steps {
                at += days * DAY_MS;
                looks.push(Recall(at, rating));
                let now = standing(&looks);
                prop_assert_eq!(now, standing(&looks));
                prop_assert!(now.due_ms > at && now.days >= 1);
            }
        }
    }
}
