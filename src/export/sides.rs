//! What clients got on each side of a cut, as JSON for the page of the CAP lab.

use super::told::{map, text};
use crate::base::Micros;
use crate::base::json::Json;
use crate::check::sides::{self, Consistency, Cut, Group, Spread};
use crate::sim::timeline::Timeline;

/// The run that is open, up to a moment.
pub fn write(timeline: &Timeline, at: Micros, out: &mut String) {
    let sides = sides::measure(timeline, at);
    let stale = &sides.staleness;
    let (row, at, said) = match &sides.consistency {
        Consistency::Kept => (Json::Null, Json::Null, ""),
        Consistency::Lost { row, at, said } => (number(*row), time(*at), said.as_str()),
        Consistency::Unknown(why) => (Json::Null, Json::Null, why.as_str()),
    };
    let verdict = match &sides.consistency {
        Consistency::Kept => "kept",
        Consistency::Lost { .. } => "lost",
        Consistency::Unknown(_) => "unknown",
    };
    let fields = [
        ("to", time(sides.to)),
        ("trip", sides.trip.map_or(Json::Null, time)),
        ("calm", group(timeline, &sides.calm)),
        ("cuts", Json::List(sides.cuts.iter().map(|one| cut(timeline, one)).collect())),
        ("read", number(stale.reads)),
        ("behind", number(stale.behind)),
        ("versions", number(stale.versions_max)),
        ("stale", spread(&stale.time)),
        ("stalest", place(stale.worst)),
        ("verdict", text(verdict)),
        ("row", row),
        ("at", at),
        ("said", text(said)),
    ];
    map(fields).write(out);
}

fn number(n: u32) -> Json {
    Json::Int(n.into())
}

fn time(at: Micros) -> Json {
    Json::Int(at.0 as i64)
}

fn place(row: Option<u32>) -> Json {
    row.map_or(Json::Null, number)
}

fn cut(timeline: &Timeline, cut: &Cut) -> Json {
    let sides = cut.sides.iter().map(|side| group(timeline, side));
    map([("from", time(cut.from)), ("to", cut.to.map_or(Json::Null, time)), ("sides", Json::List(sides.collect()))])
}

fn group(timeline: &Timeline, group: &Group) -> Json {
    let setup = &timeline.head().setup;
    let names = group.nodes.iter().map(|node| text(&setup.nodes[usize::from(*node)].name));
    let asks = group.nodes.iter().any(|node| setup.nodes[usize::from(*node)].client);
    map([
        ("nodes", Json::List(names.collect())),
        ("asks", Json::Bool(asks)),
        ("answered", number(group.answered)),
        ("late", number(group.late)),
        ("refused", number(group.refused)),
        ("gave-up", number(group.timed_out)),
        ("waiting", number(group.waiting)),
        ("denied", place(group.first_denied)),
        ("reads", spread(&group.reads)),
        ("writes", spread(&group.writes)),
        ("all", spread(&group.all)),
    ])
}

/// Count, median, 90th and 99th percentile, maximum.
fn spread(spread: &Spread) -> Json {
    let times = [spread.p50, spread.p90, spread.p99, spread.max].map(|us| Json::Int(us as i64));
    Json::List([number(spread.count)].into_iter().chain(times).collect())
}
