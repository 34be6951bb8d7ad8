//! The models of consistency that the run still allows at the cursor, for all clients or for one; each loss leads to the moment
//! and lights what made it. And the list of what is lit.

use super::super::app::Ctx;
use super::super::controls::{button, details, tag, words};
use super::super::judge;
use super::super::state::{Action, Panels, Tab};
use crate::base::Micros;
use crate::view::lattice::{self as view, How, Lattice, Loss};
use crate::view::slice::Ends;
use crate::view::words as say;
use crate::wire::Move;
use web_sys::{Element, HtmlSelectElement};
use yew::prelude::*;

/// Goes where what was clicked leads: `data-slice` lights what lies between rows and goes to the last, `data-row` goes to a
/// row.
pub fn follow(ctx: &Ctx) -> Callback<MouseEvent> {
    let ctx = ctx.clone();
    Callback::from(move |event: MouseEvent| {
        let place = event.target_unchecked_into::<Element>().closest("[data-slice], [data-row]").ok().flatten();
        let Some(place) = place else { return };
        let ends = place.get_attribute("data-slice").and_then(|ends| Ends::parse(&ends));
        let row = place.get_attribute("data-row").and_then(|row| row.parse().ok());
        if let Some(row) = row.or(ends.as_ref().map(|ends| ends.to)) {
            ctx.lab.go(Move::ToRow(row));
        }
        if let Some(ends) = ends {
            judge::light(&ctx, ends);
        }
    })
}

/// The models at the cursor. It keeps itself up to date as long as it is drawn.
pub fn lattice(ctx: &Ctx) -> Html {
    judge::keep_up(ctx);
    let run = &ctx.state.run;
    let told = match run.lattice.as_deref() {
        None => vec![words("p", "empty", "Judging…")],
        Some(lattice) if !lattice.wrong.is_empty() => {
            vec![words("p", "bad", &format!("It cannot be judged: {}", lattice.wrong))]
        }
        Some(lattice) if lattice.operations == 0 => {
            vec![words("p", "empty", "No client has asked for a value yet: all models are possible.")]
        }
        Some(lattice) => {
            let now = run.frame.as_ref().map_or(lattice.to, |frame| frame.now);
            let client = run.panels.client.filter(|client| *client < lattice.clients.len());
            vec![head(ctx, lattice, client), drawn(lattice, client, now), losses(lattice, client, now)]
        }
    };
    let onclick = follow(ctx);
    let busy = run.lattice.is_none().to_string();
    html! {
        <section class="lattice" aria-label="Consistency still possible" aria-busy={busy} {onclick}>{ for told }</section>
    }
}

fn head(ctx: &Ctx, lattice: &Lattice, client: Option<usize>) -> Html {
    let choose = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let client = event.target_unchecked_into::<HtmlSelectElement>().value().parse().ok();
            ctx.dispatch(Action::Panels(Panels { client, ..ctx.state.run.panels.clone() }));
        })
    };
    let option = |(place, name): (usize, &String)| {
        html! { <option value={place.to_string()} selected={client == Some(place)}>{ name.clone() }</option> }
    };
    html! {
        <p class="whose">
            <b>{ "Still possible" }</b>
            <label>{ "for " }<select onchange={choose}>
                <option value="" selected={client.is_none()}>{ "all clients" }</option>
                { for lattice.clients.iter().enumerate().map(option) }
            </select></label>
        </p>
    }
}

/// The graph; what it says stands beside it as a list too.
fn drawn(lattice: &Lattice, client: Option<usize>, now: Micros) -> Html {
    let (nodes, edges) = view::picture(lattice, client, now);
    let mut parts: Vec<Html> = Vec::new();
    for (path, lost) in &edges {
        parts.push(tag("path", &["class", "d"], &[if *lost { "edge off" } else { "edge" }, path], Vec::new()));
    }
    for node in &nodes {
        let at = [node.x, node.y, node.width, node.height].map(|n| n.to_string());
        let title = format!("{}: {}", node.name, view::standing(node.how));
        let values = [at[0].as_str(), &at[1], &at[2], &at[3], "6"];
        let rect = tag("rect", &["x", "y", "width", "height", "rx"], &values, Vec::new());
        let mut inside = vec![words("title", "", &title), rect];
        let (x, one) = ((node.x + 6).to_string(), node.lines[1].is_empty());
        let line = |y: i64, text: String| {
            let y = (node.y + y).to_string();
            tag("text", &["x", "y"], &[&x, &y], vec![Html::from(text)])
        };
        inside.push(line(if one { 21 } else { 14 }, format!("{} {}", view::sign(node.how), node.lines[0])));
        if !one {
            inside.push(line(27, node.lines[1].to_owned()));
        }
        let class = match node.how {
            How::Possible => "model",
            How::Lost(_) => "model lost",
            How::Unknown(_) => "model open",
            How::Together => "model off",
        };
        let slice = if let How::Lost(Loss { slice: Some(ends), .. }) = node.how { ends.text() } else { String::new() };
        let values = [class, slice.as_str()];
        let values = if slice.is_empty() { &values[..1] } else { &values[..] };
        parts.push(tag("g", &["class", "data-slice"], values, inside));
    }
    let size = [view::SIZE.0.to_string(), view::SIZE.1.to_string()];
    let view_box = format!("0 0 {} {}", size[0], size[1]);
    tag(
        "svg",
        &["width", "height", "viewBox", "role", "aria-label"],
        &[
            &size[0],
            &size[1],
            &view_box,
            "img",
            "The models: what is above implies what is below. Beside it they are a list.",
        ],
        parts,
    )
}

fn losses(lattice: &Lattice, client: Option<usize>, now: Micros) -> Html {
    let mut lines = Vec::new();
    for (loss, models) in lattice.losses(client, now) {
        let slice = loss.slice.as_ref().map(Ends::text).unwrap_or_default();
        let row = loss.row.to_string();
        let at = say::clock(loss.at, false);
        let name = format!("{at}: lost {}", models.join(", "));
        let values = ["button", "link", row.as_str(), slice.as_str()];
        let values = if slice.is_empty() { &values[..3] } else { &values[..] };
        let go = tag("button", &["type", "class", "data-row", "data-slice"], values, vec![Html::from(name)]);
        let ops = loss.core.iter().map(|(row, op)| {
            let go = tag(
                "button",
                &["type", "class", "data-row"],
                &["button", "link", &row.to_string()],
                vec![Html::from(op.as_str())],
            );
            tag("li", &[], &[], vec![go])
        });
        let ops = details("The operations", tag("ol", &["class"], &["core"], ops.collect()));
        lines.push(tag("li", &[], &[], vec![go, words("p", "", &loss.said), ops]));
    }
    let among = |wanted: fn(How<'_>) -> bool| {
        let names: Vec<&str> = view::NODES
            .iter()
            .filter(|node| wanted(lattice.how(node.model, client, now)))
            .map(|node| node.name)
            .collect();
        names.join(", ")
    };
    let mut told = Vec::new();
    let possible = among(|how| how == How::Possible);
    if !possible.is_empty() {
        told.push(words("p", "good", &format!("Possible so far: {possible}.")));
    }
    for node in &view::NODES {
        if let How::Unknown(why) = lattice.how(node.model, client, now) {
            told.push(words("p", "n", &format!("{}: cannot be told: {why}.", node.name)));
        }
    }
    let together = among(|how| how == How::Together);
    if !together.is_empty() {
        told.push(words("p", "n", &format!("Said of all clients together only: {together}.")));
    }
    if !lines.is_empty() {
        told.push(tag("ol", &["class"], &["losses"], lines));
    }
    told.push(words("p", "n", &view::staleness(lattice, client, now)));
    if client.is_none() && now >= lattice.to {
        told.push(words("p", "n", &view::agreement(lattice)));
    }
    let what = view::NODES.iter().map(|node| words("li", "", &format!("{}: {}", node.name, node.what)));
    told.push(details("What they say", tag("ul", &[], &[], what.collect())));
    tag("div", &["class"], &["told"], told)
}

/// What is lit: from what clients asked to what one of them was told, in sentences. Nothing when nothing is.
pub fn slice(ctx: &Ctx) -> Html {
    let Some(slice) = ctx.state.run.slice.as_deref() else { return Html::default() };
    let act = |action: fn() -> Action| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.dispatch(action()))
    };
    let events = say::count(slice.events.into(), "event", "events");
    let messages = say::count(slice.messages.into(), "message", "messages");
    let (from, to) = (say::clock(slice.from, false), say::clock(slice.to, false));
    let line = |(row, at, sentence): &(u64, Micros, String)| {
        let said = format!("{} {sentence}", say::clock(*at, false));
        let go = tag(
            "button",
            &["type", "class", "data-row"],
            &["button", "link", &row.to_string()],
            vec![Html::from(said)],
        );
        tag("li", &[], &[], vec![go])
    };
    let mut lines: Vec<Html> = slice.lines.iter().map(line).collect();
    let more = (slice.events as usize).saturating_sub(lines.len());
    if more > 0 {
        lines.push(words("li", "n", &format!("and {more} more")));
    }
    let onclick = follow(ctx);
    html! {
        <section class="slice" aria-label="What led to it" {onclick}>
            <p class="whose">
                <b>{ "What led to it" }</b>
                { format!(" {events} and {messages} lie on causal paths from what was asked ({from}) to the answer ({to}).") }
            </p>
            <p class="whose">
                { button("small", "See it in the space-time diagram", act(|| Action::Tab(Tab::Diagram))) }
                { button("small", "Put it out", act(|| Action::Slice(None))) }
            </p>
            { tag("ol", &["class"], &["told"], lines) }
        </section>
    }
}
