//! How messages and members look and read.

use super::member::Member;
use super::{Broadcast, Disk, Got, Message, Post};
use crate::base::NodeId;
use crate::sim::protocol::{Card, Setup, View};
use crate::wire::{Cell, Datum, Tone};

pub const KINDS: [(&str, Tone); 4] =
    [("Post", Tone::Update), ("Ask", Tone::Query), ("Again", Tone::Reply), ("Have", Tone::Reply)];

/// Posts that a card shows: the last ones.
const POSTS_SHOWN: usize = 5;

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Post(post) => (0, format!("{} · {}", said(post), vector(&post.time))),
        Message::Ask(got) => (1, format!("has {}: what else?", vector(&got.upto))),
        Message::Again(posts) if posts.len() == 1 => (2, format!("{} · {}", said(&posts[0]), vector(&posts[0].time))),
        Message::Again(posts) => (2, format!("{} posts", posts.len())),
        Message::Have(got) => (3, format!("has {}", vector(&got.upto))),
    }
}

/// `reply x=2`
fn said(post: &Post) -> String {
    let what = if post.replies_to.is_some() { "reply" } else { "post" };
    format!("{what} {}={}", post.key, post.value)
}

/// `carl's reply x=2`
pub fn post(post: &Post, setup: &Setup) -> String {
    format!("{}'s {}", setup.name(post.author), said(post))
}

/// `3,1,0`
fn vector(counts: &[u64]) -> String {
    counts.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

pub fn held_back(held: &Post, got: &Got, setup: &Setup) -> String {
    let needs = |(k, count): (usize, &u64)| {
        let author = NodeId(k as u16);
        let next = got.count(author) + 1;
        (next <= count - u64::from(author == held.author)).then(|| format!("{}'s post {next}", setup.name(author)))
    };
    let own = (held.author.index(), &held.id().1);
    let first = held.time.iter().enumerate().filter(|_| held.time.len() > 1).chain([own]).find_map(needs);
    format!("held back: {} waits for {}", post(held, setup), first.unwrap_or_else(|| "nothing".into()))
}

/// What a reader of a key is shown: its posts in the order of their delivery.
pub fn shown(wall: &[Post], key: &str) -> Datum {
    let values: Vec<Datum> = wall.iter().filter(|post| post.key == key).map(|post| post.value.clone()).collect();
    if values.is_empty() { Datum::None } else { Datum::List(values) }
}

pub fn member(s: &Member, disk: &Disk, durable: &Disk, card: &mut Card) {
    let open = s.open.len();
    card.headline = format!("V {}", vector(&disk.got.upto));
    for (count, word) in [(s.waiting.len(), "held back"), (open, "not everywhere")] {
        if count > 0 {
            card.headline += &format!(" · {count} {word}");
        }
    }
    let old = disk.wall.len().saturating_sub(POSTS_SHOWN);
    let reply = |post: &Post| if post.replies_to.is_some() { "↳ " } else { "" };
    for post in &disk.wall[old..] {
        let firm = durable.got.has(post.id());
        card.cells.push(Cell { text: format!("{}{}={}", reply(post), post.key, post.value), firm, epoch: 0 });
    }
    for held in s.waiting.iter().take(POSTS_SHOWN) {
        let text = format!("waits: {}={}", held.post.key, held.post.value);
        card.cells.push(Cell { text, firm: false, epoch: 0 });
    }
    for key in ["x", "y", "z"] {
        card.probes.push((format!("wall.{key}"), shown(&disk.wall, key)));
    }
    let last = disk.wall.last().map_or(0, |post| crate::base::codec::to_bytes(&post.time).len());
    for (name, value) in [
        ("delivered", disk.got.total() as i64),
        ("held-back", s.waiting.len() as i64),
        ("not-everywhere", open as i64),
        ("late", s.late as i64),
        ("late-max-us", s.late_max.0 as i64),
        ("stamp-bytes", last as i64),
        ("kept", disk.wall.len() as i64),
    ] {
        card.probes.push((name.into(), Datum::Int(value)));
    }
    card.probes.push(("vector".into(), Datum::Text(vector(&disk.got.upto))));
}

/// Who waits for whom.
pub fn why_stuck(view: &View<'_, Broadcast>) -> Option<String> {
    let members = || view.setup.role("member");
    let name = |node| view.setup.name(node);
    let waits = members().find_map(|node| {
        let open = view.state(node)?.open.first()?.1;
        let lacks = members().find(|member| !view.disk(*member).got.has(open))?;
        Some(format!("{}'s post {} is not at {}", name(node), open.1, name(lacks)))
    });
    let down = || members().find(|node| view.state(*node).is_none()).map(|node| format!("{} is down", name(node)));
    waits.or_else(down)
}
