//! What the inspector says: how a value came to be what it is, whether properties hold, how clients' operations fare, and
//! which expressions can be watched.

use super::words;
use crate::base::Micros;
use crate::wire::{Frame, Opened, Progress, PropertyCard, Tree};

/// Expressions watched at once; the engine looks at no more.
pub const WATCHED_MAX: usize = 8;
/// The longest expression, in bytes.
pub const WORDS_MAX: usize = 200;
/// Nodes whose probes are suggested one by one.
const SUGGESTED_NODES: usize = 12;

/// What the last step did to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Same,
    Changed,
    New,
    Gone,
}

pub fn sign(tree: &Tree) -> Sign {
    match &tree.before {
        None => Sign::Same,
        Some(before) if before.is_empty() => Sign::New,
        Some(_) if tree.text.is_empty() => Sign::Gone,
        Some(_) => Sign::Changed,
    }
}

/// How many values the last step changed; what came or went as a whole is one.
pub fn changes(tree: &Tree) -> usize {
    match sign(tree) {
        Sign::Same => tree.children.iter().map(changes).sum(),
        _ => 1,
    }
}

/// A branch with more children is closed until somebody opens it; a longer list is shown in such parts.
const OPEN_MAX: usize = 12;
const PART: usize = 50;

/// A branch of a state's tree as it is drawn: what is closed is not drawn at all.
pub struct Branch {
    pub open: bool,
    /// How many values the last step changed inside, said of a branch that is closed.
    pub hidden: Option<String>,
}

/// `turned`: the learner has opened what was closed, or closed what was open.
pub fn branch(tree: &Tree, turned: bool) -> Branch {
    let open = (tree.children.len() <= OPEN_MAX) != turned;
    let hidden = match changes(tree) {
        n if n > 0 && !open => Some(words::count(n as u64, "change", "changes")),
        _ => None,
    };
    Branch { open, hidden }
}

/// The children of a branch in parts, each with where it begins and whether it is closed at first: of a long list all but
/// the last.
pub fn parts(children: &[Tree]) -> Vec<(usize, &[Tree], bool)> {
    let count = children.len().div_ceil(PART);
    children.chunks(PART).enumerate().map(|(i, part)| (i * PART, part, i + 1 < count)).collect()
}

/// "2 changes here", or that there are none.
pub fn changed(trees: &[&Tree]) -> String {
    match trees.iter().map(|tree| changes(tree)).sum::<usize>() {
        0 => "nothing changed here".into(),
        n => words::count(n as u64, "change here", "changes here"),
    }
}

/// Whether a property holds at the cursor, and since when not.
pub fn verdict(card: &PropertyCard) -> String {
    match (&card.broken, card.later) {
        (Some(broken), _) => format!("broken since {}", words::clock(broken.at, false)),
        (None, Some((_, at))) => format!("holds; breaks at {}", words::clock(at, false)),
        (None, None) => "holds".into(),
    }
}

/// What is known of a broken property since: a property is looked at after each step, and found broken or not.
pub fn since(card: &PropertyCard) -> Option<String> {
    let broken = card.broken.as_ref()?;
    Some(match broken.times {
        0 | 1 => "Found so once; nothing has shown it since.".into(),
        times => format!("Found so {times} times, last at {}.", words::clock(broken.last, false)),
    })
}

/// All properties in a few words: "all 8 hold", "2 of 8 broken".
pub fn verdicts(cards: &[PropertyCard]) -> String {
    match cards.iter().filter(|card| card.broken.is_some()).count() {
        0 => format!("all {} hold", cards.len()),
        broken => format!("{broken} of {} broken", cards.len()),
    }
}

/// How clients' operations fare at a moment.
pub fn standing(progress: &Progress, now: Micros) -> String {
    let since = progress.oldest.map_or_else(String::new, |begun| words::length(now.since(begun).0));
    let open = match progress.open {
        0 => "No operation waits.".to_owned(),
        1 => format!("1 operation waits, for {since}."),
        open => format!("{open} operations wait, the oldest for {since}."),
    };
    match progress.last {
        Some((_, at)) => format!("{open} The last one ended well {} ago.", words::length(now.since(at).0)),
        None => format!("{open} None has ended well so far."),
    }
}

/// Expressions that can be watched: what nodes show one by one, and of all of them together.
pub fn suggestions(opened: &Opened, frame: &Frame) -> Vec<String> {
    let mut list = Vec::new();
    let (mut probes, mut roles): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (info, card) in opened.nodes.iter().zip(&frame.nodes) {
        for (name, value) in &card.probes {
            if !probes.contains(&name.as_str()) && value.parse::<i64>().is_ok() {
                probes.push(name);
            }
            if can_be_named(&info.name) && list.len() < SUGGESTED_NODES * 8 {
                list.push(probe(&info.name, name));
            }
        }
        if !roles.contains(&card.role.as_str()) {
            roles.push(&card.role);
        }
    }
    list.extend(probes.iter().map(|name| format!("max({name}) - min({name})")));
    list.extend(roles.iter().filter(|role| can_be_named(role)).map(|role| format!("count(role = {role})")));
    list.push("count(up)".into());
    list
}

/// The expression that is a node's probe.
pub fn probe(node: &str, name: &str) -> String {
    format!("{node}.{name}")
}

/// Names are words in expressions.
pub fn can_be_named(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests;
    use crate::wire::Broken;

    fn leaf(text: &str, before: Option<&str>) -> Tree {
        Tree { name: "x".into(), text: text.into(), before: before.map(str::to_owned), children: Vec::new() }
    }

    #[test]
    fn changes_are_told_apart_and_counted() {
        let leaves = [leaf("1", None), leaf("2", Some("1")), leaf("3", Some("")), leaf("", Some("4"))];
        assert_eq!(leaves.each_ref().map(sign), [Sign::Same, Sign::Changed, Sign::New, Sign::Gone]);
        let branch = |before: Option<&str>| Tree { children: leaves.to_vec(), ..leaf("4 fields", before) };
        assert_eq!((changes(&branch(None)), changes(&branch(Some("")))), (3, 1));
        assert_eq!(changed(&[&branch(None), &branch(None)]), "6 changes here");
        assert_eq!(changed(&[&leaves[0]]), "nothing changed here");
    }

    #[test]
    fn long_branches_are_closed_and_told_in_parts() {
        let mut log = Tree { children: vec![leaf("1", None); 120], ..leaf("120 entries", None) };
        log.children[119] = leaf("2", Some("1"));
        let closed = branch(&log, false);
        assert!(!closed.open);
        assert_eq!(closed.hidden.as_deref(), Some("1 change"));
        let opened = branch(&log, true);
        assert!(opened.open && opened.hidden.is_none());
        let told: Vec<(usize, usize, bool)> =
            parts(&log.children).iter().map(|(at, part, c)| (*at, part.len(), *c)).collect();
        assert_eq!(told, [(0, 50, true), (50, 50, true), (100, 20, false)]);
        log.children.truncate(12);
        assert!(branch(&log, false).open);
    }

    #[test]
    fn verdicts_say_since_when() {
        let holds = PropertyCard { index: 0, broken: None, later: None };
        let later = PropertyCard { later: Some((9, Micros::ms(1_204))), ..holds.clone() };
        let broken = |times, last| {
            let reason = "n1 and n2 lead".into();
            let broken = Broken { row: 3, at: Micros::ms(512), reason, times, last: Micros::ms(last) };
            PropertyCard { broken: Some(broken), ..holds.clone() }
        };
        assert_eq!(verdict(&holds), "holds");
        assert_eq!(verdict(&later), "holds; breaks at 1.204 s");
        assert_eq!(verdict(&broken(1, 512)), "broken since 0.512 s");
        assert_eq!((since(&holds), since(&later)), (None, None));
        assert!(since(&broken(1, 512)).is_some_and(|words| words.contains("once")));
        assert_eq!(since(&broken(3, 700)).as_deref(), Some("Found so 3 times, last at 0.700 s."));
        assert_eq!(verdicts(&[holds.clone(), later.clone()]), "all 2 hold");
        assert_eq!(verdicts(&[later, broken(1, 512)]), "1 of 2 broken");
    }

    #[test]
    fn progress_is_said() {
        let now = Micros::ms(1_000);
        let mut progress = Progress::default();
        assert_eq!(standing(&progress, now), "No operation waits. None has ended well so far.");
        (progress.open, progress.oldest, progress.last) = (1, Some(Micros::ms(880)), Some((7, Micros::ms(700))));
        let one = "1 operation waits, for 120 ms. The last one ended well 300 ms ago.";
        assert_eq!(standing(&progress, now), one);
        progress.open = 2;
        assert!(standing(&progress, now).starts_with("2 operations wait, the oldest for 120 ms."));
    }

    #[test]
    fn suggestions_name_what_nodes_show() {
        let opened = tests::opened(3, 1);
        let mut frame = tests::frame(&opened, 0);
        for card in &mut frame.nodes {
            card.probes = vec![("term".into(), "3".into()), ("vote".into(), "n1".into())];
        }
        let list = suggestions(&opened, &frame);
        let has = |words: &str| list.iter().any(|known| known == words);
        assert!(has("n1.term") && has("n2.vote") && has("max(term) - min(term)") && has("count(up)"), "{list:?}");
        assert!(has("count(role = replica)"), "{list:?}");
        assert!(!list.iter().any(|words| words.contains("min(vote)") || words.starts_with("client 1")), "{list:?}");
    }
}
