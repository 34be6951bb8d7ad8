//! Two runs side by side: what is set differently, where they part, and the same measures of both.

use super::sandbox;
use super::words;
use crate::base::Micros;
use crate::wire::*;

/// A run is simulated this far at least before it is compared, and so long after the last line of its script.
const AHEAD_MIN: Micros = Micros::s(3);
const AFTER_THE_SCRIPT: Micros = Micros::s(1);

/// Something that is set differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub name: String,
    pub left: String,
    pub right: String,
}

/// Where two runs part: the first place at which their traces differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// So many events are the same before.
    pub same: u64,
    pub at: Micros,
    /// Nothing: that run has nothing more to do there.
    pub left: Option<Row>,
    pub right: Option<Row>,
}

/// The search for the place where two runs part: it reads both traces page by page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// The first row that is not compared yet.
    pub next: u64,
    pub found: Option<Parting>,
}

impl Search {
    /// Compares two pages that begin where the search has got to. Says whether both have more of the same.
    pub fn take(&mut self, left: &TracePage, right: &TracePage) -> bool {
        if self.found.is_some() || left.first != self.next || right.first != self.next {
            return false;
        }
        // What one of them has not simulated yet may still come.
        let upto = left.upto.min(right.upto);
        let known = |page: &TracePage| page.rows.iter().filter(|row| row.at < upto).count();
        let (a, b) = (known(left), known(right));
        for place in 0..a.max(b) {
            let (one, other) = (left.rows[..a].get(place), right.rows[..b].get(place));
            if one.zip(other).is_some_and(|(one, other)| alike(one, other)) {
                self.next += 1;
                continue;
            }
            // A page that ends here goes on with the next one, where the other run has a row still.
            let cut = |page: &TracePage, count: usize| count == place && count == page.rows.len() && count > 0;
            if (one.is_none() && cut(left, a) && a < b) || (other.is_none() && cut(right, b) && b < a) {
                return place > 0;
            }
            let at = [one, other].into_iter().flatten().map(|row| row.at).min().unwrap_or_default();
            self.found = Some(Parting { same: self.next, at, left: one.cloned(), right: other.cloned() });
            return false;
        }
        a > 0 && a == left.rows.len() && b == right.rows.len()
    }
}

/// Whether two rows say the same: when, where, and what. Their sentences name nodes, kinds and contents.
fn alike(a: &Row, b: &Row) -> bool {
    (a.at, a.kind, a.node) == (b.at, b.kind, b.node) && a.sentence == b.sentence
}

/// How far both runs are simulated before they are compared.
pub fn ahead(left: &Sheet, right: &Sheet) -> Micros {
    let last = left.script.iter().chain(&right.script).map(|line| line.at.plus(line.spread)).max();
    last.map_or(AHEAD_MIN, |last| last.plus(AFTER_THE_SCRIPT).max(AHEAD_MIN))
}

/// All that is set differently.
pub fn settings(shelf: &Shelf, left: &Sheet, right: &Sheet) -> Vec<Setting> {
    let (a, b) = (flat(shelf, left), flat(shelf, right));
    let value = |fields: &[(String, String)], name: &str| {
        fields.iter().find(|(own, _)| own == name).map_or_else(|| "–".into(), |(_, value)| value.clone())
    };
    let mut names: Vec<&String> = a.iter().map(|(name, _)| name).collect();
    names.extend(b.iter().map(|(name, _)| name).filter(|name| a.iter().all(|(own, _)| own != *name)));
    let both =
        names.into_iter().map(|name| Setting { name: name.clone(), left: value(&a, name), right: value(&b, name) });
    // Parameters of two protocols are not to be compared one by one.
    let same = left.protocol == right.protocol;
    let both = both.filter(|s| s.left != s.right && (same || s.left != "–" && s.right != "–"));
    both.map(|s| Setting { left: shown(&s.left).into(), right: shown(&s.right).into(), name: s.name }).collect()
}

/// The form's fields as names and values; where two have the same label, the section tells them apart.
fn flat(shelf: &Shelf, sheet: &Sheet) -> Vec<(String, String)> {
    let mut flat: Vec<(String, String)> = Vec::new();
    for section in sandbox::sections(shelf, sheet) {
        for field in section.fields.into_iter().filter(|field| field.id != "layout") {
            let mut name = match field.input {
                sandbox::Input::Line => continue,
                _ => field.label,
            };
            while flat.iter().any(|(own, _)| *own == name) {
                name += " (another)";
            }
            flat.push((name, field.value));
        }
    }
    flat
}

/// What made the runs part, in sentences: what happened on each side, what kind of difference that is, and what in the
/// set-ups brings it about.
pub fn explain(parting: &Parting, settings: &[Setting]) -> Vec<String> {
    let side = |row: &Option<Row>| match row {
        Some(row) => format!("{} (at {})", row.sentence, words::clock(row.at, true)),
        None => "nothing more happens".into(),
    };
    let same = words::count(parting.same, "event is", "events are");
    vec![
        format!("{same} the same in both runs. Then, left: {}.", side(&parting.left)),
        format!("Right: {}.", side(&parting.right)),
        choice(parting),
        reason(settings),
    ]
}

/// Which choice fell differently.
fn choice(parting: &Parting) -> String {
    let (Some(a), Some(b)) = (&parting.left, &parting.right) else {
        return "One of the runs has come to rest; the other goes on.".into();
    };
    use RowKind::*;
    match (a.kind, b.kind) {
        _ if a.sentence == b.sentence && a.kind == b.kind => {
            let later = a.at.since(b.at).0.max(b.at.since(a.at).0);
            format!(
                "It is the same event, {} apart: another length of time was drawn, or is set.",
                words::length(later)
            )
        }
        (Lost, _) | (_, Lost) => "The network decided otherwise: a message is lost on one side only.".into(),
        (Duplicate, _) | (_, Duplicate) => "The network doubled a message on one side only.".into(),
        (Command, _) | (_, Command) => "The scripts say something else here.".into(),
        (Send, Send) if a.node == b.node => "The same node sends another message.".into(),
        (TimerSet, TimerSet) if a.node == b.node => "The same node sets another timer.".into(),
        (x, y) if x == y && a.node == b.node => "The same node does the same kind of thing with other contents.".into(),
        (x, y) if x == y => "It is another node's turn: something took more or less time.".into(),
        _ if a.at != b.at => "Something else comes first: a time was drawn, or is set, differently.".into(),
        _ if a.node == b.node => "The same node does something else: it follows another rule.".into(),
        _ => "Another node does something else.".into(),
    }
}

/// What in the set-ups is behind it. Every draw is keyed by its purpose, so nothing but a setting makes two runs of one
/// seed part.
fn reason(settings: &[Setting]) -> String {
    let one = |s: &Setting| format!("{} is {} on the left and {} on the right", s.name, s.left, s.right);
    match settings {
        [] => "The runs are set up alike.".into(),
        [only] => format!("The runs differ in one thing alone: {}. Here it first shows.", one(only)),
        several => {
            let all: Vec<String> = several.iter().take(6).map(one).collect();
            let more = if several.len() > all.len() {
                format!("; and {} more", several.len() - all.len())
            } else {
                String::new()
            };
            format!("One of these is behind it: {}{more}.", all.join("; "))
        }
    }
}

fn shown(value: &str) -> &str {
    match value {
        "true" => "on",
        "false" => "off",
        "" => "not set",
        value => value,
    }
}

/// Measures of both runs by their names, in the order of the left one.
pub fn measures(left: &Status, right: &Status) -> Vec<Setting> {
    let value = |of: &Status, name: &str| {
        of.measures.iter().find(|(own, _)| own == name).map_or_else(|| "–".into(), |(_, value)| value.clone())
    };
    let mut names: Vec<&String> = left.measures.iter().map(|(name, _)| name).collect();
    names
        .extend(right.measures.iter().map(|(name, _)| name).filter(|n| left.measures.iter().all(|(own, _)| own != *n)));
    names.into_iter().map(|n| Setting { name: n.clone(), left: value(left, n), right: value(right, n) }).collect()
}

/// Properties of both runs by their names, and what became of them.
pub fn properties(a: Option<&Opened>, left: &Status, b: Option<&Opened>, right: &Status) -> Vec<Setting> {
    let names = |opened: Option<&Opened>| -> Vec<String> {
        opened.into_iter().flat_map(|opened| &opened.properties).map(|(name, _)| name.clone()).collect()
    };
    let (of_left, of_right) = (names(a), names(b));
    let value = |names: &[String], status: &Status, name: &String| {
        let card = names.iter().position(|own| own == name).and_then(|place| status.properties.get(place));
        match card.map(|card| &card.broken) {
            None => "–".into(),
            Some(None) => "holds".into(),
            Some(Some(broken)) => format!("broken: {}", broken.reason),
        }
    };
    let more = of_right.iter().filter(|name| !of_left.contains(name));
    let both = of_left.iter().chain(more).map(|name| Setting {
        name: name.clone(),
        left: value(&of_left, left, name),
        right: value(&of_right, right, name),
    });
    both.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u64, at: u64, kind: RowKind, sentence: &str) -> Row {
        let sentence = sentence.into();
        Row { id, at: Micros(at), kind, node: 0, step: id + 1, cause: None, sentence, interesting: false }
    }

    fn page(first: u64, upto: u64, rows: Vec<Row>) -> TracePage {
        TracePage { first, rows, upto: Micros(upto) }
    }

    fn same(count: u64) -> Vec<Row> {
        (0..count).map(|id| row(id, id, RowKind::Send, "n1 sent a word")).collect()
    }

    #[test]
    fn pages_are_read_until_the_runs_part() {
        let mut search = Search::default();
        assert!(search.take(&page(0, 99, same(3)), &page(0, 99, same(3))), "more of the same");
        assert_eq!(search.next, 3);
        let (left, right) = (row(3, 3, RowKind::Lost, "lost"), row(3, 4, RowKind::Deliver, "received"));
        assert!(!search.take(&page(3, 99, vec![left.clone()]), &page(3, 99, vec![right.clone()])));
        let found = search.found.clone().expect("they part");
        assert_eq!((found.same, found.at), (3, Micros(3)));
        assert_eq!((found.left, found.right), (Some(left), Some(right)));
    }

    #[test]
    fn what_is_not_simulated_yet_is_no_difference() {
        let mut search = Search::default();
        // The right run has got to 2 only: of the left one the rows before that are compared.
        assert!(!search.take(&page(0, 99, same(5)), &page(0, 2, same(2))));
        assert_eq!((search.next, &search.found), (2, &None));
        // It has got further, and nothing happens there any more.
        assert!(!search.take(&page(2, 99, same(5)[2..].to_vec()), &page(2, 99, vec![])));
        let found = search.found.expect("they part");
        assert_eq!((found.same, found.right), (2, None));
        assert!(choice(&Parting { same: 2, at: Micros(2), left: found.left, right: None }).contains("come to rest"));
    }

    #[test]
    fn reasons_are_told() {
        let setting = |name: &str| Setting { name: name.into(), left: "off".into(), right: "on".into() };
        assert_eq!(
            reason(&[setting("pre-vote")]),
            "The runs differ in one thing alone: pre-vote is off on the left and on on the right. Here it first shows."
        );
        assert!(reason(&[setting("a"), setting("b")]).starts_with("One of these is behind it: a is off"));
        let (left, right) = (row(0, 1_000, RowKind::TimerFired, "x"), row(0, 3_000, RowKind::TimerFired, "x"));
        let parting = Parting { same: 1, at: Micros(1_000), left: Some(left), right: Some(right) };
        let said = explain(&parting, &[]);
        assert!(said[0].starts_with("1 event is the same in both runs. Then, left: x (at"), "{said:?}");
        assert!(said[2].contains("2.00 ms apart"), "{said:?}");
    }
}
