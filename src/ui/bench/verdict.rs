//! The clients' operations, and whether one copy could have answered so: judged in an engine of its own when one asks.

use super::super::app::Ctx;
use super::super::controls::{button, tag, words};
use super::super::judge;
use super::super::state::{Load, RunState};
use super::lattice;
use crate::view::judged::{self, Judged, Object, Verdict};
use crate::view::slice::Ends;
use crate::view::words as say;
use gloo::utils::document;
use yew::prelude::*;

pub fn operations(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let judge = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| judge::judge(&ctx))
    };
    let onclick = lattice::follow(ctx);
    let (label, objects) = match &run.judged {
        None => ("Judge the run", Vec::new()),
        Some(Load::Waiting) => ("Judge the run", vec![words("p", "empty", "Looking for an order…")]),
        Some(Load::Failed(why)) => ("Judge it again", vec![words("p", "bad", why)]),
        Some(Load::Ready(judged)) => ("Judge it again", told(run, judged)),
    };
    let first = run.judged.as_ref().and_then(|judged| judged.ready()?.first_error()).map(|ends| ends.text());
    // Its row and what led to it by the list's own click; here the intervals come into sight.
    let show = Callback::from(|_: MouseEvent| {
        if let Ok(Some(bar)) = document().query_selector(".intervals .op.core") {
            bar.scroll_into_view();
        }
    });
    html! {
        <div class="list judged">
            { lattice::slice(ctx) }
            { lattice::lattice(ctx) }
            <div {onclick}>
            <p class="filter">
                { button("pri", label, judge) }
                if let Some(first) = first {
                    <button type="button" class="first" data-slice={first} onclick={show}>{ "Go to the first error" }</button>
                }
                <span class="say">{ "Linearizable: is there an order of the operations, in keeping with real time, in which one copy would have answered the same?" }</span>
            </p>
            <div role="status">{ for objects }</div>
            </div>
        </div>
    }
}

fn told(run: &RunState, judged: &Judged) -> Vec<Html> {
    let head = run.frame.as_ref().map_or(judged.to, |frame| frame.head);
    let mut said = format!("As far as {}.", say::clock(judged.to, false));
    if head > judged.to {
        said += " The run has gone on since.";
    }
    if judged.others > 0 {
        said += &format!(
            " {} are about no value, and are left out.",
            say::count(judged.others.into(), "operation", "operations")
        );
    }
    if judged.objects.is_empty() {
        said += " No client has asked for anything yet.";
    }
    let objects = judged.objects.iter().map(|one| object(one, judged));
    [words("p", "n", &said)].into_iter().chain(objects).collect()
}

fn object(object: &Object, judged: &Judged) -> Html {
    let class = match object.verdict {
        Verdict::Holds => "good",
        Verdict::Broken => "bad",
        Verdict::Unknown => "n",
    };
    let name = object.name.as_deref().unwrap_or("The register");
    let count = say::count(object.count.into(), "operation", "operations");
    let heading = vec![
        Html::from(name.to_owned()),
        Html::from(": "),
        words("span", class, judged::verdict(object)),
        words("span", "n", &format!(" {count}")),
    ];
    let mut inside = vec![tag("h3", &[], &[], heading)];
    if !object.said.is_empty() {
        inside.push(words("p", "", &object.said));
    }
    let core = object.operations.iter().filter(|bar| bar.core).map(|bar| {
        let who = &object.lanes[bar.lane];
        let said = format!("{who}: {}, {} at {}", bar.words, bar.outcome, say::clock(bar.from, false));
        let row = bar.row.to_string();
        let go = tag("button", &["type", "class", "data-row"], &["button", "link", &row], vec![Html::from(said)]);
        tag("li", &[], &[], vec![go])
    });
    let core: Vec<Html> = core.collect();
    if !core.is_empty() {
        inside.push(words("p", "n", "These cannot all be true of one copy:"));
        inside.push(tag("ol", &["class"], &["core"], core));
    }
    if let Some(ends) = &object.slice {
        let light = tag(
            "button",
            &["type", "class", "data-slice"],
            &["button", "small", &ends.text()],
            vec![Html::from("Light what led to it")],
        );
        inside.push(tag("p", &[], &[], vec![light]));
    }
    inside.push(picture(object, judged));
    tag("section", &["class"], &["object"], inside)
}

/// The intervals, in the lanes of their clients.
fn picture(object: &Object, judged: &Judged) -> Html {
    let picture = judged::picture(object, judged);
    let mut parts = shades(&picture, judged);
    for (i, lane) in object.lanes.iter().enumerate() {
        let middle = picture.top + i as i64 * judged::LANE + judged::LANE / 2;
        let line = format!("M{} {middle}H{}", judged::GUTTER, picture.width);
        parts.push(tag("path", &["class", "d"], &["lane", &line], Vec::new()));
        let place = [&(middle + 4).to_string(), "4", "who"].map(str::to_owned);
        let place = [place[0].as_str(), place[1].as_str(), place[2].as_str()];
        parts.push(tag("text", &["y", "x", "class"], &place, vec![Html::from(lane.as_str())]));
    }
    for shape in &picture.shapes {
        let bar = &object.operations[shape.index];
        let class = match (bar.core, bar.outcome.as_str()) {
            (true, _) => "op core",
            (_, "unknown") => "op open",
            (_, "failed") => "op off",
            _ => "op",
        };
        let said = format!("{}: {}, {}", object.lanes[bar.lane], bar.words, bar.outcome);
        let at = [shape.x, shape.y, shape.width].map(|n| n.to_string());
        let rect = tag("rect", &["x", "y", "width", "height", "rx"], &[&at[0], &at[1], &at[2], "16", "4"], Vec::new());
        let mut inside = vec![words("title", "", &said), rect];
        if let Some(label) = &shape.words {
            // What has no room in its bar stands above it.
            let above = (label.chars().count() as i64) * 7 > shape.width;
            let place = [(shape.x + 4).to_string(), (shape.y + if above { -2 } else { 12 }).to_string()];
            inside.push(tag("text", &["x", "y"], &[&place[0], &place[1]], vec![Html::from(label.as_str())]));
        }
        // One that cannot be true leads to what made it.
        let slice = if bar.core { object.slice.as_ref().map(Ends::text) } else { None };
        let row = bar.row.to_string();
        parts.push(match slice {
            Some(ends) => tag("g", &["class", "data-slice"], &[class, &ends], inside),
            None => tag("g", &["class", "data-row"], &[class, &row], inside),
        });
    }
    parts.push(tag("path", &["class", "d"], &["order", &picture.order], Vec::new()));
    let size = [picture.width.to_string(), picture.height.to_string()];
    let label = format!(
        "{} as intervals, a lane a client; the line goes through the order",
        object.name.as_deref().unwrap_or("Operations")
    );
    let svg = tag("svg", &["width", "height", "role", "aria-label"], &[&size[0], &size[1], "img", &label], parts);
    tag(
        "div",
        &["class", "tabindex", "role", "aria-label"],
        &["intervals", "0", "group", "Operations over time"],
        vec![svg],
    )
}

/// The faults, shaded behind all lanes.
fn shades(picture: &judged::Picture, judged: &Judged) -> Vec<Html> {
    let mut parts = Vec::new();
    for shade in &picture.shades {
        let fault = &judged.faults[shade.index];
        let at = [shade.x, shade.width, picture.height].map(|n| n.to_string());
        let rect = tag("rect", &["x", "y", "width", "height"], &[&at[0], "0", &at[1], &at[2]], Vec::new());
        let said = format!("{} from {} to {}", fault.words, say::clock(fault.from, false), say::clock(fault.to, false));
        let mut inside = vec![words("title", "", &said), rect];
        if let Some(y) = shade.label {
            let place = [(shade.x + 4).to_string(), y.to_string()];
            inside.push(tag("text", &["x", "y"], &[&place[0], &place[1]], vec![Html::from(fault.words.as_str())]));
        }
        parts.push(tag("g", &["class"], &[if fault.paused { "shade pause" } else { "shade" }], inside));
    }
    parts
}
