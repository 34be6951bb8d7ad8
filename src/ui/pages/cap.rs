//! The CAP lab: one register, kept in one of several ways, with a client on each side of a network that can be cut; and what
//! the cut costs, measured as the run goes on.
//!
//! Cutting and healing are commands like those of the fault panel; any other fault of the bench counts as well.

use super::super::app::Ctx;
use super::super::bench::{Bench, lattice};
use super::super::controls::{button, link, tag, words};
use super::super::judge;
use super::super::sandbox;
use super::super::state::Load;
use super::failed;
use super::sandbox::waiting;
use crate::view::cap::{self, Cap, Consistency, Cut, Group, Half, Placed, Spread};
use crate::view::route::Route;
use crate::view::words as say;
use crate::wire::{Command, Cut as Rule, GalleryEntry, Heal, Opened, Shelf};
use yew::prelude::*;

/// What the cut of this page is called.
const CUT: &str = "the cut";
/// The scenario of the gallery that sets one choice beside the other.
const VERSUS: &str = "cap-two-choices";
/// The lesson about it.
const LESSON: &str = "cap";

pub fn page(ctx: &Ctx) -> Html {
    let shelf = match &ctx.state.sandbox.shelf {
        Load::Ready(shelf) => shelf,
        Load::Waiting => return waiting("The CAP lab", words("p", "", "Fetching the configurations…")),
        Load::Failed(why) => {
            let retry = {
                let ctx = ctx.clone();
                Callback::from(move |_: MouseEvent| sandbox::open(&ctx))
            };
            return waiting("The CAP lab", failed("The CAP lab could not be opened", why, retry));
        }
    };
    judge::measure(ctx);
    let measured = match ctx.state.run.sides.as_deref() {
        None => words("p", "empty", "Measuring…"),
        Some((_, Err(why))) => words("p", "bad", &format!("It cannot be measured: {why}")),
        Some((_, Ok(cap))) => panel(ctx, cap),
    };
    html! {
        <main id="main" class="lesson sandbox cap" tabindex="-1">
            <section class="guide" aria-label="The CAP lab" tabindex="0">
                <div class="guide-body">
                    <h1>{ "The CAP lab" }</h1>
                    <p>{ "One register and a client on each side. Choose how it is kept, cut the network, and try to keep both sides useful." }</p>
                    { configurations(ctx, shelf) }
                    { cutting(ctx) }
                    { measured }
                    { corrections() }
                    { onward(ctx) }
                </div>
            </section>
            <Bench />
        </main>
    }
}

/// The configuration on the bench: the address's, or the first.
fn chosen<'a>(ctx: &Ctx, shelf: &'a Shelf) -> Option<&'a GalleryEntry> {
    let Route::Cap(slug) = &ctx.state.route else { return None };
    shelf.gallery.iter().find(|entry| entry.cap && (slug.is_empty() || entry.slug == *slug))
}

fn configurations(ctx: &Ctx, shelf: &Shelf) -> Html {
    let here = chosen(ctx, shelf);
    let one = |entry: &GalleryEntry| {
        let current = here.is_some_and(|here| here.slug == entry.slug);
        let title = &entry.sheet.title;
        let name = title.split_once(": ").map_or(title.as_str(), |(_, name)| name);
        let href = Route::Cap(entry.slug.clone()).href();
        let values = [href.as_str(), if current { "page" } else { "false" }];
        tag("li", &[], &[], vec![tag("a", &["href", "aria-current"], &values, vec![Html::from(name)])])
    };
    let list = shelf.gallery.iter().filter(|entry| entry.cap).map(one).collect();
    let mut inside = vec![words("h2", "", "How it is kept"), tag("ul", &["class"], &["ways"], list)];
    if let Some(entry) = here {
        inside.push(words("p", "n", &format!("{} {}", entry.why, entry.outcome)));
    }
    tag("section", &["aria-label"], &["How the register is kept"], inside)
}

/// The two sides that the scenario names: its first two zones.
fn zones(opened: &Opened) -> Option<[String; 2]> {
    let mut zones: Vec<&String> = Vec::new();
    for group in opened.nodes.iter().flat_map(|node| &node.groups) {
        if group.starts_with("zone=") && !zones.contains(&group) {
            zones.push(group);
        }
    }
    let [a, b, ..] = zones[..] else { return None };
    Some([a.clone(), b.clone()])
}

fn cutting(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let Some([from, to]) = run.opened.as_deref().and_then(zones) else { return Html::default() };
    let is_cut = !run.status.rules.is_empty();
    let name = |zone: &str| zone.trim_start_matches("zone=").to_owned();
    let state = match run.status.rules.len() {
        0 => format!("{} and {} reach each other.", name(&from), name(&to)),
        _ => format!("Cut: {}.", run.status.rules.join(", ")),
    };
    let cut = {
        let lab = ctx.lab.clone();
        let rule = Rule { name: CUT.into(), from: vec![from], to: vec![to], one_way: false };
        Callback::from(move |_: MouseEvent| lab.command(Command::Cut(rule.clone())))
    };
    let heal = {
        let lab = ctx.lab.clone();
        Callback::from(move |_: MouseEvent| lab.command(Command::Heal(Heal { name: String::new() })))
    };
    html! {
        <p class="cutting">
            <button type="button" class="pri" id="cut" disabled={is_cut} onclick={cut}>{ "Cut the network" }</button>
            <button type="button" id="heal" disabled={!is_cut} onclick={heal}>{ "Heal it" }</button>
            <span class="n" role="status">{ state }</span>
        </p>
    }
}

fn panel(ctx: &Ctx, cap: &Cap) -> Html {
    let onclick = lattice::follow(ctx);
    html! {
        <section class="measures" aria-label="What it costs, measured" {onclick}>
            { square(cap) }
            { availability(ctx, cap) }
            { consistency(ctx, cap) }
            { latency(ctx, cap) }
            { freshness(ctx, cap) }
        </section>
    }
}

/// A button that leads to a row.
fn to_row(row: u64, text: &str) -> Html {
    let row = row.to_string();
    tag("button", &["type", "class", "data-row"], &["button", "link", &row], vec![Html::from(text)])
}

/// Where the run stands: low latency to the left, availability above.
fn square(cap: &Cap) -> Html {
    let placed = cap.placed();
    let said = placed.said(cap);
    let line = |head: &str, half: Half, text: &str| {
        let class = if half == Half::Neither { "bad" } else { "" };
        let inside = vec![words("b", "", head), words("span", class, text)];
        tag("p", &["class"], &["half"], inside)
    };
    html! {
        <div class="pacelc">
            <h2>{ "Where this run stands" }<span class="n">{ placed.name() }</span></h2>
            { drawing(cap, &placed) }
            <div>
                { line("Partition: ", placed.partition, &said[0]) }
                { line("Else: ", placed.calm, &said[1]) }
            </div>
        </div>
    }
}

fn drawing(cap: &Cap, placed: &Placed) -> Html {
    let path = |class: &str, d: &str| tag("path", &["class", "d"], &[class, d], Vec::new());
    let text = |x: &str, y: &str, class: &str, words: &str| {
        tag("text", &["x", "y", "class"], &[x, y, class], vec![Html::from(words)])
    };
    let mut parts = vec![
        path("box", "M42 4H202V124H42Z"),
        path("axis", "M122 4V124M42 64H202"),
        text("48", "18", "corner", "PA/EL"),
        text("128", "18", "corner", "PA/EC"),
        text("48", "120", "corner", "PC/EL"),
        text("128", "120", "corner", "PC/EC"),
        text("4", "38", "", "all"),
        text("4", "102", "", "some"),
        text("44", "138", "", "1 trip"),
        text("136", "138", "", "2 or more"),
    ];
    let mut label = format!("{}: nothing to place yet", placed.name());
    if let Some((x, y)) = placed.point() {
        let (x, y) = (42 + x * 160 / 1_000, 4 + y * 120 / 1_000);
        let lost = cap.lost_at().is_some();
        let d = if lost {
            format!("M{} {}l12 12m0 -12l-12 12", x - 6, y - 6)
        } else {
            format!("M{} {y}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0", x - 6)
        };
        parts.push(path(if lost { "mark lost" } else { "mark" }, &d));
        let share = placed.share.map_or(String::new(), cap::percent);
        let trips = placed.trips.map_or(String::new(), |trips| crate::base::decimal::fixed(trips, 1));
        let kept = if lost { "linearizability lost" } else { "linearizable so far" };
        label = format!("{}: {share} answered under a cut, {trips} round trips without one, {kept}", placed.name());
    }
    let values = ["212", "144", "0 0 212 144", "img", label.as_str()];
    tag("svg", &["width", "height", "viewBox", "role", "aria-label"], &values, parts)
}

fn table(caption: &str, head: &[&str], rows: Vec<Html>) -> Html {
    let cells = head.iter().map(|name| words("th", "", name)).collect();
    let inside = vec![
        words("caption", "", caption),
        tag("thead", &[], &[], vec![tag("tr", &[], &[], cells)]),
        tag("tbody", &[], &[], rows),
    ];
    let region = ["measured scroll", "0", "region", caption];
    tag("div", &["class", "tabindex", "role", "aria-label"], &region, vec![tag("table", &[], &[], inside)])
}

/// The groups that are told: the calm, and the sides of the last cut.
fn groups<'a>(ctx: &Ctx, cap: &'a Cap) -> Vec<(String, &'a Group)> {
    let opened = ctx.state.run.opened.as_deref();
    let mut all = vec![("no cut".to_owned(), &cap.calm)];
    all.extend(cap.cuts.last().iter().flat_map(|cut| &cut.sides).map(|side| (side_name(opened, side), side)));
    all
}

/// The zone, where the side is one; else its nodes.
fn side_name(opened: Option<&Opened>, side: &Group) -> String {
    let nodes = opened.map_or(&[][..], |opened| &opened.nodes);
    let zone = nodes
        .iter()
        .find(|node| side.nodes.contains(&node.name))
        .and_then(|node| node.groups.iter().find(|group| group.starts_with("zone=")));
    let is_zone =
        |zone: &&String| nodes.iter().all(|node| node.groups.contains(zone) == side.nodes.contains(&node.name));
    zone.filter(is_zone).map_or_else(|| side.nodes.join(" "), |zone| zone.trim_start_matches("zone=").to_owned())
}

fn availability(ctx: &Ctx, cap: &Cap) -> Html {
    let row = |(name, group): &(String, &Group)| {
        let share = match group.share() {
            Some(share) => words("td", if share < 1.0 { "bad" } else { "good" }, &cap::percent(share)),
            None => words("td", "n", if group.asks { "–" } else { "nobody asks" }),
        };
        let counts = [group.answered, group.late, group.refused, group.timed_out, group.waiting];
        let mut cells = vec![words("th", "", name), share];
        cells.extend(counts.iter().map(|n| words("td", "", &n.to_string())));
        tag("tr", &[], &[], cells)
    };
    let rows = groups(ctx, cap).iter().map(row).collect();
    let head = ["side", "share", "answered", "late", "refused", "timed out", "waiting"];
    let first = cap.cuts.last().and_then(|cut| cut.sides.iter().filter_map(|side| side.denied).min());
    html! {
        <>
            <h2>{ "Availability" }<span class="n">{ lasting(cap.cuts.last(), cap.cuts.len()) }</span></h2>
            { table("Operations by the side of the client that asked", &head, rows) }
            if let Some(row) = first { <p>{ to_row(row, "The first that got no answer in time") }</p> }
        </>
    }
}

fn lasting(cut: Option<&Cut>, count: usize) -> String {
    let Some(cut) = cut else { return "no cut yet".into() };
    let which = if count > 1 { format!("cut {count}, ") } else { String::new() };
    match cut.to {
        Some(to) => format!("{which}{} to {}", say::clock(cut.from, false), say::clock(to, false)),
        None => format!("{which}since {}", say::clock(cut.from, false)),
    }
}

fn consistency(ctx: &Ctx, cap: &Cap) -> Html {
    let verdict = match &cap.consistency {
        Consistency::Kept => words("p", "good", "Linearizable so far: one copy could have answered so."),
        Consistency::Lost(row, at, said) => {
            let go = to_row(*row, &format!("Not linearizable since {}", say::clock(*at, false)));
            tag("p", &[], &[], vec![go, words("span", "", &format!(" {said}"))])
        }
        Consistency::Unknown(why) => words("p", "n", &format!("Whether it is linearizable is not known: {why}.")),
    };
    html! {
        <>
            <h2>{ "Consistency still possible" }</h2>
            <div role="status">{ verdict }</div>
            { lattice::lattice(ctx) }
        </>
    }
}

fn latency(ctx: &Ctx, cap: &Cap) -> Html {
    let row = |name: &str, what: &str, spread: &Spread| {
        let mut cells = vec![words("th", "", &format!("{what}, {name}")), words("td", "", &spread.count.to_string())];
        let time = |us: &u64| words("td", "", &if spread.count == 0 { "–".into() } else { say::length(*us) });
        cells.extend(spread.times.iter().map(time));
        tag("tr", &[], &[], cells)
    };
    let groups = groups(ctx, cap);
    let asking = groups.iter().filter(|(_, group)| group.asks);
    let rows = asking.flat_map(|(name, g)| [row(name, "reads", &g.reads), row(name, "writes", &g.writes)]).collect();
    let trip = cap.trip.map_or("not known yet".into(), say::length);
    html! {
        <>
            <h2>{ "Latency" }<span class="n">{ format!("round trip {trip}") }</span></h2>
            { table("Operations that ended well", &["what, side", "count", "median", "p90", "p99", "longest"], rows) }
        </>
    }
}

fn freshness(ctx: &Ctx, cap: &Cap) -> Html {
    let measure = |name: &str| {
        let found = ctx.state.run.status.measures.iter().find(|(own, _)| own == name);
        found.map_or_else(|| "–".into(), |(_, value)| value.clone())
    };
    let [median, .., longest] = cap.stale.times;
    let stale = match cap.behind {
        0 => format!(
            "None of {} was behind a write that had been answered before it began.",
            say::count(cap.reads.into(), "read", "reads")
        ),
        n => format!(
            "{n} of {} were behind: by {} at most, and for {} (median {}).",
            say::count(cap.reads.into(), "read", "reads"),
            say::count(cap.versions.into(), "version", "versions"),
            say::length(longest),
            say::length(median)
        ),
    };
    html! {
        <>
            <h2>{ "Staleness and cost" }</h2>
            <p>{ stale }{ " " }if let Some(row) = cap.stalest { { to_row(row, "The stalest read") } }</p>
            <p>{ format!("For each operation of the whole run: {} messages, {} bytes.", measure("messages.per_op"), measure("bytes.per_op")) }</p>
        </>
    }
}

/// What the slogan gets wrong.
fn corrections() -> Html {
    html! {
        <section class="card" aria-labelledby="not-two-of-three">
            <h2 id="not-two-of-three">{ "Not “two of three”" }</h2>
            <ul>
                <li>{ "Partitions are not chosen: networks have them. What is chosen is what happens then." }</li>
                <li>{ "A majority that answers is not availability. It means that every request to a node that has not failed gets a response (Gilbert and Lynch 2002, §2), also on the smaller side." }</li>
                <li>{ "Consistency means one thing here: linearizability. Weaker models can be kept on both sides." }</li>
                <li>{ "Most of the time there is no partition. The price paid then is latency (Abadi 2012)." }</li>
            </ul>
        </section>
    }
}

fn onward(ctx: &Ctx) -> Html {
    let beside = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.take_along(Route::Compare(String::new())))
    };
    html! {
        <p class="onward">
            { link("button", &Route::Compare(VERSUS.into()).href(), "CP beside AP, under the same faults") }
            { button("", "Compare this run with…", beside) }
            { link("button", &Route::Lesson(LESSON.into(), 0).href(), "The lesson: 5.4 CAP") }
        </p>
    }
}
