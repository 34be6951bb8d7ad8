//! Numbers that a text states: digits, and number words before a unit or before something that a run can count.
//!
//! Left alone: numbers of sections, chapters and figures, names such as `n1`, what is quoted as `{{…}}`, code, and small
//! words such as "one" and "two sides" that count nothing of the run.

use std::ops::Range;

/// What a number counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// In microseconds.
    Time,
    /// In percent.
    Share,
    Nodes,
    /// Groups of nodes: zones, regions.
    Groups,
    Operations,
    Messages,
    Bytes,
    Elections,
    Runs,
    /// So many times an hour.
    Rate,
    /// "99 of 100": a percentile.
    Rank,
    /// A countable thing of which no run has a number.
    Other,
}

/// A number of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    pub value: f64,
    /// None: nothing in the text says.
    pub of: Option<Of>,
    /// As it stands in the text, with its unit.
    pub words: String,
}

const WORDS: [(&str, f64); 18] = [
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("fifteen", 15.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("fifty", 50.0),
    ("hundred", 100.0),
    ("thousand", 1_000.0),
    ("million", 1_000_000.0),
];

/// Units, with what a number before them is multiplied by, and things that can be counted, in the singular.
const UNITS: [(&str, Of, f64); 44] = [
    ("us", Of::Time, 1.0),
    ("ms", Of::Time, 1e3),
    ("millisecond", Of::Time, 1e3),
    ("s", Of::Time, 1e6),
    ("second", Of::Time, 1e6),
    ("minute", Of::Time, 6e7),
    ("hour", Of::Time, 3.6e9),
    ("%", Of::Share, 1.0),
    ("percent", Of::Share, 1.0),
    ("server", Of::Nodes, 1.0),
    ("replica", Of::Nodes, 1.0),
    ("machine", Of::Nodes, 1.0),
    ("node", Of::Nodes, 1.0),
    ("client", Of::Nodes, 1.0),
    ("disk", Of::Nodes, 1.0),
    ("other", Of::Nodes, 1.0),
    ("leader", Of::Nodes, 1.0),
    ("follower", Of::Nodes, 1.0),
    ("vote", Of::Nodes, 1.0),
    ("answer", Of::Nodes, 1.0),
    ("zone", Of::Groups, 1.0),
    ("region", Of::Groups, 1.0),
    ("operation", Of::Operations, 1.0),
    ("put", Of::Operations, 1.0),
    ("get", Of::Operations, 1.0),
    ("read", Of::Operations, 1.0),
    ("write", Of::Operations, 1.0),
    ("request", Of::Operations, 1.0),
    ("message", Of::Messages, 1.0),
    ("byte", Of::Bytes, 1.0),
    ("election", Of::Elections, 1.0),
    ("run", Of::Runs, 1.0),
    ("seed", Of::Runs, 1.0),
    ("time", Of::Other, 1.0),
    ("candidate", Of::Nodes, 1.0),
    ("trip", Of::Other, 1.0),
    ("flight", Of::Other, 1.0),
    ("stall", Of::Other, 1.0),
    ("heartbeat", Of::Other, 1.0),
    ("copies", Of::Nodes, 1.0),
    ("front", Of::Nodes, 1.0),
    ("member", Of::Nodes, 1.0),
    ("payment", Of::Operations, 1.0),
    ("alarm", Of::Other, 1.0),
];

/// Words after which a number is a reference.
const REFERENCES: [&str; 10] =
    ["chapter", "chapters", "figure", "figures", "section", "sections", "table", "line", "lesson", "row"];

/// How far behind its number a unit or a countable thing may stand: "three new puts".
const REACH: usize = 3;

/// The numbers of a text, in which code, references and quotes have been blanked out.
pub fn amounts(text: &str) -> Vec<Amount> {
    let words = words(text);
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let Some((value, typed)) = value(word.text) else { continue };
        let before = place.checked_sub(1).map(|i| words[i].text.to_ascii_lowercase());
        if before.as_deref().is_some_and(|before| REFERENCES.contains(&before)) {
            continue;
        }
        let (of, factor, end) = unit(&words, place);
        if typed || of.is_some() {
            let words = text[word.span.start..words[end].span.end].to_string();
            found.push(Amount { value: value * factor, of, words });
        }
    }
    found
}

struct Word<'a> {
    text: &'a str,
    span: Range<usize>,
    /// A sentence or a part of one ends behind it.
    ends: bool,
}

/// The words of a text without the marks around them. Dashes and percent signs are words of their own, and so is a unit
/// right behind its number.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let unit = start < at && c.is_alphabetic() && text[start..at].chars().all(|c| c.is_ascii_digit() || c == '.');
        let parts = c.is_whitespace() || ['–', '—', '%', '+', '/'].contains(&c) || unit;
        if !parts {
            continue;
        }
        push(&mut words, text, start..at);
        start = if unit { at } else { at + c.len_utf8() };
        if ['–', '—', '%', '+', '/'].contains(&c) {
            words.push(Word { text: &text[at..start], span: at..start, ends: c == '—' });
        }
    }
    words
}

fn push<'a>(words: &mut Vec<Word<'a>>, text: &'a str, span: Range<usize>) {
    let word = &text[span.clone()];
    let ends = word.ends_with(['.', ',', ';', ':', '!', '?', ')']);
    let front = word.len() - word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '§').len();
    let trimmed = word[front..].trim_end_matches(|c: char| !c.is_alphanumeric());
    if trimmed.is_empty() {
        // A lone mark, or what stands in the place of code.
        if let Some(last) = words.last_mut() {
            last.ends |= ends;
        }
        return;
    }
    let start = span.start + front;
    words.push(Word { text: trimmed, span: start..start + trimmed.len(), ends });
}

/// The number that a word is, and whether it is written in digits.
fn value(word: &str) -> Option<(f64, bool)> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return word.replace(',', "").parse().ok().map(|value| (value, true));
    }
    let small = word.to_ascii_lowercase();
    WORDS.iter().find(|(name, _)| *name == small).map(|(_, value)| (*value, false))
}

/// What the number at a place counts, what it is to be multiplied by, and the last word of it.
fn unit(words: &[Word<'_>], place: usize) -> (Option<Of>, f64, usize) {
    let mut at = place;
    for _ in 0..REACH {
        if words[at].ends || at + 1 == words.len() {
            break;
        }
        at += 1;
        let small = words[at].text.to_ascii_lowercase();
        let joins = ["of", "–", "to", "or", "and"].contains(&small.as_str());
        if joins && words.get(at + 1).is_some_and(|next| value(next.text).is_some()) {
            return joined(words, place, at);
        }
        let singular = small.strip_suffix('s').filter(|rest| rest.len() > 1).unwrap_or(&small);
        if let Some((_, of, factor)) = UNITS.iter().find(|(name, ..)| *name == small || *name == singular) {
            return rate(words, at).unwrap_or((Some(*of), *factor, at));
        }
        if value(&small).is_some() {
            break;
        }
    }
    let part = place > 0 && words[place - 1].text == "of" && place > 1 && value(words[place - 2].text).is_some();
    let rank = value(words[place].text).is_some_and(|(_, typed)| typed);
    let of = part.then_some(if rank { Of::Rank } else { Of::Nodes });
    (of, 1.0, place)
}

/// "150–300 ms" has one unit for both; "three of five" counts nodes, "99 of 100" is a percentile.
fn joined(words: &[Word<'_>], place: usize, join: usize) -> (Option<Of>, f64, usize) {
    if words[join].text != "of" {
        return unit(words, join + 1);
    }
    let typed = value(words[place].text).is_some_and(|(_, typed)| typed);
    (Some(if typed { Of::Rank } else { Of::Nodes }), 1.0, join + 1)
}

/// "… times a minute", "… elections an hour".
fn rate(words: &[Word<'_>], at: usize) -> Option<(Option<Of>, f64, usize)> {
    let [article, period] = words.get(at + 1..at + 3)? else { return None };
    let an_hour = match (article.text, period.text) {
        _ if words[at].ends => return None,
        ("a", "second") => 3_600.0,
        ("a", "minute") => 60.0,
        ("an", "hour") => 1.0,
        _ => return None,
    };
    Some((Some(Of::Rate), an_hour, at + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_text_are_found_with_what_they_count() {
        use Of::*;
        for (text, expected) in [
            ("It takes 3 ms.", &[(3_000.0, Some(Time))][..]),
            ("Drawn from 150–300 ms, or 0.8 s.", &[(150e3, Some(Time)), (300e3, Some(Time)), (0.8e6, Some(Time))]),
            ("It waits 20ms.", &[(20e3, Some(Time))]),
            ("99 % of puts", &[(99.0, Some(Share))]),
            ("99 of 100 puts", &[(99.0, Some(Rank)), (100.0, Some(Operations))]),
            ("Twenty times a minute it stalls", &[(1_200.0, Some(Rate))]),
            ("at most 60 needless elections an hour", &[(60.0, Some(Rate))]),
            ("see three new puts succeed", &[(3.0, Some(Operations))]),
            ("Five servers in three zones.", &[(5.0, Some(Nodes)), (3.0, Some(Groups))]),
            ("three of five have it", &[(3.0, Some(Nodes)), (5.0, Some(Nodes))]),
            ("3 + 2", &[(3.0, None), (2.0, None)]),
            ("for two seconds", &[(2e6, Some(Time))]),
            ("Two sides tell one story, after two trips", &[(2.0, Some(Other))]),
            ("§5.3, chapter 9, figure 2, n1 and p99: three", &[]),
            ("It costs 1,024 bytes", &[(1024.0, Some(Bytes))]),
        ] {
            let found: Vec<_> = amounts(text).iter().map(|amount| (amount.value, amount.of)).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(amounts("up to three of the puts")[0].words, "three of the puts");
    }
}
