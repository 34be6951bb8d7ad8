//! Words and numbers as the page writes them, and an estimate of how wide they are.

use crate::base::Micros;
use crate::view::stage::Target;
use crate::wire::{Flight, Frame, NodeCard, NodeStatus, Opened, Vote};

/// The width of a text in pixels, on the safe side for common system fonts.
pub fn width(text: &str, size: f32, bold: bool) -> f32 {
    let units: f32 = text.chars().map(advance).sum();
    units * size * if bold { 1.1 } else { 1.0 }
}

/// Advance of a character in ems.
fn advance(c: char) -> f32 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' | ' ' | '.' | ',' | ':' | ';' | '·' => 0.33,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '-' | '/' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 0.98,
        'A'..='Z' | '=' | '+' | '<' | '>' | '→' => 0.8,
        c if (c as u32) > 0x2fff => 1.1,
        _ => 0.62,
    }
}

/// As many characters as fit, with an ellipsis where some do not.
pub fn fit(text: &str, size: f32, bold: bool, room: f32) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = advance('…') * size;
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), size, bold);
        if used > room {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// The simulated clock: seconds with three decimals, six when the run is finer than a millisecond.
pub fn clock(at: Micros, fine: bool) -> String {
    let (s, us) = (at.0 / 1_000_000, at.0 % 1_000_000);
    if fine { format!("{s}.{:03} {:03} s", us / 1_000, us % 1_000) } else { format!("{s}.{:03} s", us / 1_000) }
}

/// A moment as a number of milliseconds that can be typed.
pub fn millis(at: Micros) -> String {
    match at.0 % 1_000 {
        0 => (at.0 / 1_000).to_string(),
        us => format!("{}.{us:03}", at.0 / 1_000),
    }
}

/// A length of time, rounded to three figures.
pub fn length(us: u64) -> String {
    let hundredths = |n: u64, unit: &str| format!("{}.{:02} {unit}", n / 100, n % 100);
    match us {
        0 => "0 ms".into(),
        1..=999 => format!("{us} µs"),
        1_000..=9_994 => hundredths((us + 5) / 10, "ms"),
        9_995..=99_949 => format!("{}.{} ms", (us + 50) / 1_000, (us + 50) % 1_000 / 100),
        99_950..=999_499 => format!("{} ms", (us + 500) / 1_000),
        _ => hundredths(us / 10_000 + u64::from(us % 10_000 >= 5_000), "s"),
    }
}

/// The speed of playback against real time.
pub fn speed(us_per_s: f64) -> String {
    let ratio = us_per_s / 1e6;
    if ratio >= 0.995 { format!("{} ×", figures(ratio)) } else { format!("1/{}", figures(1.0 / ratio)) }
}

/// Two figures.
fn figures(n: f64) -> String {
    let mut scale = 1.0;
    while n / scale >= 99.5 {
        scale *= 10.0;
    }
    let tenths = (n * 10.0 + 0.5) as u64;
    match tenths {
        100.. => format!("{}", (n / scale + 0.5) as u64 * scale as u64),
        _ if tenths.is_multiple_of(10) => format!("{}", tenths / 10),
        _ => format!("{}.{}", tenths / 10, tenths % 10),
    }
}

pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// "+120 ms" or "−3.00 s".
pub fn offset(us: i64) -> String {
    format!("{}{}", if us < 0 { '−' } else { '+' }, length(us.unsigned_abs()))
}

/// A node in words, for those who hear the stage: "n1, replica, up, 2 keys, x=3".
pub fn node(opened: &Opened, card: &NodeCard, index: usize) -> String {
    let info = &opened.nodes[index];
    let status = match card.status {
        NodeStatus::Up => "up",
        NodeStatus::Down => "down",
        NodeStatus::Paused => "paused",
    };
    let mut parts = vec![info.name.clone(), card.role.clone(), status.into()];
    parts.retain(|p| !p.is_empty());
    if !card.headline.is_empty() {
        parts.push(card.headline.clone());
    }
    parts.extend(
        card.cells.iter().map(|c| if c.firm { c.text.clone() } else { format!("{} (not yet durable)", c.text) }),
    );
    let name = |node: u16| opened.nodes.get(usize::from(node)).map_or("?", |n| n.name.as_str());
    parts.extend(card.votes.iter().map(|vote| {
        let said = match vote.granted {
            Some(true) => "vote of",
            Some(false) => "no vote of",
            None => "no word from",
        };
        format!("{said} {}", name(vote.by))
    }));
    parts.extend(card.knows.iter().map(|(node, words)| format!("of {}: {words}", name(*node))));
    parts.extend(badges(card));
    parts.join(", ")
}

/// Whether a candidate's question for a vote, or the answer, is on its way.
pub fn under_way(frame: &Frame, candidate: usize, vote: &Vote) -> bool {
    let pair = |f: &Flight| (f.id.from.index(), f.id.to.index());
    let (a, b) = (candidate, usize::from(vote.by));
    frame.flights.iter().any(|f| f.lost.is_none() && f.epoch > 0 && (pair(f) == (a, b) || pair(f) == (b, a)))
}

/// What is unusual about a node.
pub fn badges(card: &NodeCard) -> Vec<String> {
    let mut badges = Vec::new();
    if card.slow {
        badges.push("slow".into());
    }
    if card.syncing {
        badges.push("syncing".into());
    }
    if card.inbox > 0 {
        badges.push(format!("{} waiting", card.inbox));
    }
    if card.clock_off_us != 0 {
        badges.push(format!("clock {}", offset(card.clock_off_us)));
    }
    badges
}

/// A label that begins as its kind does says both: "Append 9" of AppendEntries.
const BEGINNING: usize = 6;

/// A message's kind and payload: "Write · x=4", or the one that says both.
pub fn message(opened: &Opened, flight: &Flight) -> String {
    let kind = opened.kinds.get(flight.kind as usize).map_or("message", |k| k.name.as_str());
    let (lower, label) = (kind.to_ascii_lowercase(), flight.label.to_ascii_lowercase());
    if flight.label.is_empty() {
        kind.to_owned()
    } else if holds(&label, &lower) || label.get(..BEGINNING).is_some_and(|start| lower.starts_with(start)) {
        flight.label.to_string()
    } else {
        format!("{kind} · {}", flight.label)
    }
}

/// As `contains`, in less code: texts are short here.
pub fn holds(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

/// A message in flight in words: "Write x=4 from n1 to n3, arrives in 12 ms".
pub fn flight(opened: &Opened, flight: &Flight, now: Micros) -> String {
    let to = opened.nodes.get(flight.id.to.index()).map_or("?", |n| n.name.as_str());
    format!("{} to {to}, {}", sent(opened, flight), fate(flight, now))
}

/// What it is and whose: "Write · x=4 from n1".
pub fn sent(opened: &Opened, flight: &Flight) -> String {
    let from = opened.nodes.get(flight.id.from.index()).map_or("?", |n| n.name.as_str());
    let copy = if flight.id.copy > 0 { " (copy)" } else { "" };
    format!("{}{copy} from {from}", message(opened, flight))
}

/// What becomes of it: "arrives in 4 ms".
pub fn fate(flight: &Flight, now: Micros) -> String {
    match &flight.lost {
        Some(loss) if loss.at <= now => format!("lost: {}", loss.rule),
        _ if flight.due == Micros::MAX => "held back on the link".into(),
        _ => format!("arrives in {}", length(flight.due.since(now).0)),
    }
}

/// What is selected, as the palette's heading.
pub fn target(opened: &Opened, frame: &Frame, target: Target) -> String {
    let name = |node: u16| opened.nodes.get(node as usize).map_or("?", |n| n.name.as_str());
    match target {
        Target::Node(node) => name(node).into(),
        Target::Link(a, b) => format!("{} – {}", name(a), name(b)),
        Target::Message(id) => match frame.flights.iter().find(|f| f.id == id) {
            Some(f) => message(opened, f),
            None => "message has arrived".into(),
        },
    }
}
