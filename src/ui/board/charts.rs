//! What a run measured: a chart over its time, a slider that looks at a moment of it, the way of its slowest request, and a
//! table of the components.

use super::super::controls::{begun, details, tag, words};
use super::{can, does};
use crate::view::board::charts::{self, Chart, Label};
use crate::view::board::desk::{Desk, LOADS};
use crate::view::board::layout::tenths;
use crate::view::board::score::grouped;
use crate::view::board::seen::{self, Row, Seen, percent};
use crate::view::words as say;
use yew::prelude::*;

pub fn results(desk: &Desk) -> Html {
    let Some(seen) = desk.seen.as_deref() else {
        let text =
            if desk.wrong.is_some() { "Nothing was run yet: the design cannot be." } else { "Running a first seed…" };
        return words("p", "empty", text);
    };
    let Some(chart) = charts::chart(desk) else { return Html::default() };
    let left = vec![figure(desk, seen, &chart), moment(desk, seen)];
    let inside = vec![tag("div", &["class"], &["over-time"], left), request(desk, seen)];
    tag("div", &["class"], &["measured-run"], inside)
}

fn figure(desk: &Desk, seen: &Seen, chart: &Chart) -> Html {
    let drawn = charts::drawn(desk, chart, desk.tall);
    let [left, top, right, bottom] = drawn.room;
    let path = |class: &str, d: &str| tag("path", &["class", "d"], &[class, d], Vec::new());
    let rect = |class: &str, x: f32, w: f32| {
        let values = [class, &tenths(x), &tenths(top), &tenths(w), &tenths(bottom - top)];
        tag("rect", &["class", "x", "y", "width", "height"], &values, Vec::new())
    };
    let text = |of: &Label| {
        let values = [of.class.as_str(), &tenths(of.x), &tenths(of.y), of.anchor];
        tag("text", &["class", "x", "y", "text-anchor"], &values, vec![Html::from(of.text.as_str())])
    };
    let mut inside = vec![path("grid", &drawn.grid)];
    for (i, (x, w, told)) in drawn.shades.iter().enumerate() {
        inside.push(rect("shade", *x, *w));
        let room = right - x;
        let told = say::fit(told, 11.0, false, room);
        let label = Label {
            x: x + 4.0,
            // Along the floor: bounds lie high.
            y: bottom - 5.0 - 12.0 * (i % 3) as f32,
            text: told,
            anchor: "start",
            class: "fault".into(),
        };
        inside.push(text(&label));
    }
    if let Some((x, w)) = drawn.part {
        inside.push(rect("part", x, w));
    }
    inside.push(path("bound", &drawn.bounds));
    inside.extend(drawn.lines.iter().map(|(class, d)| path(&format!("line {class}"), d)));
    inside.push(path("axis", &format!("M{} {}H{}", tenths(left), tenths(bottom), tenths(right))));
    inside.extend(drawn.labels.iter().map(text));
    let view = format!("0 0 {} {}", tenths(drawn.width), tenths(drawn.height));
    let svg = tag(
        "svg",
        &["viewBox", "role", "aria-label"],
        &[&view, "img", &format!("{}; the table below has it too", chart.title)],
        inside,
    );
    let mut title = vec![words("b", "", chart.title), words("span", "n", &format!("seed {}", seen.seed))];
    if desk.seen_of != desk.text {
        title.push(words("span", "n", "of the design before the last change"));
    } else if desk.before.is_some() {
        let with = if desk.before_of.is_empty() { String::new() } else { format!(", with {}", desk.before_of) };
        title.push(words("span", "n", &format!("dashed: the run before{with}")));
    }
    if seen.limited {
        title.push(words("span", "bad", "This run met a bound of the model and ended early."));
    }
    let table = details("As a table", table(charts::table(seen, chart)));
    tag("figure", &["class"], &["board-chart"], vec![tag("figcaption", &[], &[], title), svg, table])
}

fn table(rows: Vec<Vec<String>>) -> Html {
    let line = |(i, row): (usize, Vec<String>)| {
        let cell = |(j, text): (usize, String)| words(if i == 0 || j == 0 { "th" } else { "td" }, "", &text);
        tag("tr", &[], &[], row.into_iter().enumerate().map(cell).collect())
    };
    let body = tag("tbody", &[], &[], rows.into_iter().enumerate().map(line).collect());
    let region = &["class", "tabindex", "role", "aria-label"];
    tag("div", region, &["scroll", "0", "region", "Values over time"], vec![tag("table", &[], &[], vec![body])])
}

/// Which part of the time the board shows.
fn moment(desk: &Desk, seen: &Seen) -> Html {
    let load = format!("{} %", desk.load);
    let slider = html! { <input type="range" id="board-load" data-set="load:" min={LOADS.0.to_string()} max={LOADS.1.to_string()} step="25" aria-valuetext={load.clone()} /> };
    let slider = begun(slider, &desk.load.to_string());
    let parts = seen.parts();
    let at = desk.part.unwrap_or(0);
    let told = match desk.part {
        Some(part) => format!("{} to {}", say::length(seen.begin(part)), say::length(seen.begin(part + 1))),
        None => format!("all of {} to {}", say::length(seen.from), say::length(seen.to)),
    };
    html! {
        <div class="moment">
            <label>{ "Moment " }<input type="range" id="board-moment" data-live="part" min="0" max={(parts.max(1) - 1).to_string()} step="1" value={at.to_string()} aria-valuetext={told.clone()} /></label>
            <output>{ told }</output>
            { does("small", "play", if desk.playing { "Pause" } else { "Play" }) }
            { can("small", "whole", "All of it", desk.part.is_some()) }
            { does("small", &format!("seed:{}", desk.seed + 1), "Next seed") }
            <label>{ "What if the load were " }{ slider }</label>
            <output>{ load }</output>
        </div>
    }
}

/// The slowest request of what is looked at, from its beginning to its end.
fn request(desk: &Desk, seen: &Seen) -> Html {
    let Some(way) = seen.slowest(desk.part) else { return words("p", "empty", "No request came in this part.") };
    let class = seen.classes.get(way.class).map_or("", |class| class.name.as_str());
    let took = way.ended - way.began;
    let outcome = seen::OUTCOMES.get(way.outcome as usize).unwrap_or(&"");
    let rows = seen::waterfall(seen, way);
    let line = |row: &Row| {
        let bar = |(doing, from, to): &(seen::Doing, u64, u64)| {
            let scale = |us: u64| us as f32 / took.max(1) as f32 * 1_000.0;
            let (x, w) = (scale(*from), scale(to - from).max(3.0));
            let values = [doing.word(), &tenths(x), &tenths(w)];
            tag(
                "rect",
                &["class", "x", "width", "y", "height"],
                &[values[0], values[1], values[2], "0", "10"],
                Vec::new(),
            )
        };
        let svg = tag(
            "svg",
            &["viewBox", "preserveAspectRatio", "aria-hidden"],
            &["0 0 1000 10", "none", "true"],
            row.bars.iter().map(bar).collect(),
        );
        let name = format!("{}{}", "· ".repeat(row.depth.min(4)), row.name);
        let inside = vec![words("span", "name", &name), svg, words("span", "sr-only", &row.told)];
        tag("li", &["title"], &[&row.told], inside)
    };
    let key = ["travels", "waits", "served", "calls"]
        .map(|word| tag("span", &[], &[], vec![tag("i", &["class"], &[word], Vec::new()), Html::from(word)]));
    let inside = vec![
        words("b", "", &format!("The slowest {class}: {}", say::length(took))),
        words("span", "n", &format!(" at {}, {outcome}", say::length(way.began))),
        tag("ol", &[], &[], rows.iter().take(14).map(line).collect()),
        if rows.len() > 14 {
            words("p", "n", &format!("and {} visits more", rows.len() - 14))
        } else {
            Html::default()
        },
        tag("p", &["class"], &["key"], key.to_vec()),
    ];
    tag("section", &["class", "aria-label"], &["waterfall", "The way of one slow request"], inside)
}

/// Cost, and all that was measured, by component.
pub fn cost(desk: &Desk) -> Html {
    let Some(seen) = desk.seen.as_deref() else { return words("p", "empty", "Nothing was run yet.") };
    let heads = [
        "component",
        "units a month",
        "use",
        "waiting, most",
        "waited, p99",
        "inside, p99",
        "hits",
        "turned away",
        "failed",
        "lost",
    ];
    let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).to_vec()];
    for of in &seen.components {
        let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
        rows.push(vec![
            of.name.clone(),
            grouped(of.cost as i64),
            share(of.used),
            grouped(of.waiting_max as i64),
            say::length(of.wait),
            say::length(of.inside),
            share(of.hits),
            grouped(of.shed as i64),
            grouped(of.bad as i64),
            grouped(of.lost as i64),
        ]);
    }
    rows.push(vec!["all".into(), grouped(seen.cost as i64)]);
    let mut classes: Vec<Vec<String>> = vec![
        ["class", "asked", "answered", "failed", "too late", "turned away", "stale", "p50", "p90", "p99", "p99.9"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for of in &seen.classes {
        let mut row = vec![of.name.clone()];
        row.extend([of.asked, of.answered, of.failed, of.timed_out, of.shed, of.stale].map(|n| grouped(n as i64)));
        row.extend(of.latency.iter().map(|us| say::length(*us)));
        classes.push(row);
    }
    let prices = words(
        "p",
        "n",
        "Prices are those of the design: units a month for an instance, of 2026; each form says the usual one.",
    );
    let seed =
        words("p", "n", &format!("Seed {}, hash {}: faultline design says the same of it.", seen.seed, seen.hash));
    tag("div", &["class"], &["cost"], vec![table(rows), table(classes), prices, seed])
}
