//! What was measured, over time: small charts over one axis. A moment is picked with the pointer or with a slider, and
//! its values stand in the legends; a stretch that is brushed is looked at closer.

use super::super::app::Ctx;
use super::super::controls::{button, details, tag, words};
use super::super::effects::{self, use_effect_on};
use super::super::engine::Asked;
use super::super::state::{Action, Look, Panels, Tab};
use super::panels;
use crate::base::Micros;
use crate::view::chart;
use crate::view::words as say;
use crate::wire::{Chart, Charts as Measured, ChartsAsk, Request};
use std::rc::Rc;
use web_sys::{Element, HtmlInputElement, PointerEvent};
use yew::prelude::*;

/// The whole run, and how many events it has.
pub fn whole(ctx: &Ctx) -> (ChartsAsk, u64) {
    let (rows, head) = ctx.state.run.frame.as_ref().map_or((0, Micros::ZERO), |frame| (frame.head_rows, frame.head));
    (chart::whole(head, rows), rows)
}

/// Asks for what the charts show, while they are in sight.
#[hook]
pub fn use_charts(ctx: &Ctx) {
    let (whole, rows) = whole(ctx);
    let ask = ctx.state.run.panels.charts.zoom.unwrap_or(whole);
    let watch = Rc::clone(&ctx.state.run.watch);
    let sight = ctx.state.run.tab == Tab::Measures && rows > 0;
    let words = effects::text(&watch.join("\n")) ^ ctx.state.run.number.rotate_left(32);
    let lab = ctx.lab.clone();
    let measure = move || {
        if sight {
            lab.send_latest(Asked::Charts, Request::Charts { of: ask, watch: watch.to_vec() });
        }
    };
    let stretch = ask.from.0 ^ ask.to.0.rotate_left(32);
    use_effect_on(if sight { [rows, stretch, words] } else { [0; 3] }, effects::plain(measure));
}

/// Changes what is looked at.
fn set(ctx: &Ctx, look: Look) {
    if look != ctx.state.run.panels.charts {
        ctx.dispatch(Action::Panels(Panels { charts: look, ..ctx.state.run.panels.clone() }));
    }
}

pub fn charts(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let look = run.panels.charts;
    let charts = run.charts.as_ref();
    html! {
        <div class="list measures">
            if let Some(charts) = charts {
                { moment(ctx, charts, look) }
                <div class="plots">{ for charts.charts.iter().map(|chart| figure(ctx, charts, chart, look)) }</div>
            }
            { panels::measures(ctx) }
        </div>
    }
}

/// The slider over all charts, and what can be done with the moment that it is at.
fn moment(ctx: &Ctx, charts: &Rc<Measured>, look: Look) -> Html {
    let part = look.part.unwrap_or(0);
    let to = |change: Look| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| set(&ctx, change))
    };
    let oninput = {
        let ctx = ctx.clone();
        Callback::from(move |event: InputEvent| {
            let part = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            set(&ctx, Look { part: Some(part.max(0.0) as usize), ..look });
        })
    };
    let show = {
        let (lab, at) = (ctx.lab.clone(), chart::begin(&charts.of, part));
        Callback::from(move |_: MouseEvent| lab.play.seek(at))
    };
    let zoom = |begun: usize| Look { zoom: Some(chart::zoomed(&charts.of, begun, part)), ..Look::default() };
    let (from, until) = (say::clock(charts.of.from, false), say::clock(charts.of.to, false));
    html! {
        <div class="row moment">
            <label>{ "Moment " }<input type="range" min="0" max={(charts.of.parts - 1).to_string()} step="1" value={part.to_string()}
                {oninput} aria-valuetext={chart::spoken(charts, part)} /></label>
            <output>{ say::clock(chart::begin(&charts.of, part), false) }</output>
            { button("small", "Show it", show) }
            if let Some(begun) = look.begun {
                { button("small", "Zoom to here", to(zoom(begun))) }
            } else {
                { button("small", "Zoom from here", to(Look { begun: Some(part), ..look })) }
            }
            if look.zoom.is_some() { { button("small", "The whole run", to(Look::default())) } }
            <span class="n">{ format!("{from} to {until}; drag over a chart to zoom") }</span>
        </div>
    }
}

fn figure(ctx: &Ctx, charts: &Rc<Measured>, chart: &Chart, look: Look) -> Html {
    let (of, top) = (charts.of, chart::top(chart));
    let width = of.parts.to_string();
    let now = ctx.state.run.frame.as_ref().map_or(Micros::ZERO, |frame| frame.now);
    let mut inside = Vec::new();
    let band = |class: &str, from: usize, to: usize| {
        let (x, width) = (from.to_string(), (to + 1 - from).to_string());
        tag("rect", &["class", "x", "width", "height"], &[class, &x, &width, &chart::HEIGHT.to_string()], Vec::new())
    };
    if let Some((begun, part)) = look.begun.zip(look.part) {
        inside.push(band("brush", begun.min(part), begun.max(part)));
    } else if let Some(part) = look.part {
        inside.push(band("part", part, part));
    }
    inside.push(tag("path", &["class", "d"], &["now", &chart::cursor(&of, now)], Vec::new()));
    for (i, series) in chart.series.iter().enumerate() {
        let d = chart::line(&series.values, top);
        inside.push(tag("path", &["class", "d"], &[&format!("line s{}", i % 8), &d], Vec::new()));
    }
    let view = format!("0 0 {width} {}", chart::HEIGHT);
    let keys = &["viewBox", "preserveAspectRatio", "aria-hidden"];
    let svg = tag("svg", keys, &[&view, "none", "true"], inside);
    let line = |i: usize| {
        html! {
            <div><dt><i class={format!("s{}", i % 8)}></i>{ &chart.series[i].name }</dt><dd>{ chart::shown(chart, i, look.part) }</dd></div>
        }
    };
    let (onpointerdown, onpointermove, onpointerup, onpointerleave) = brush(ctx, of);
    html! {
        <figure class="plot">
            <figcaption>{ &chart.title }<span class="n">{ if look.part.is_some() { "" } else { "greatest" } }</span></figcaption>
            <div class="area" {onpointerdown} {onpointermove} {onpointerup} {onpointerleave}>
                <span class="n most">{ chart::value(chart.unit, top) }</span>{ svg }
            </div>
            <dl>{ for (0..chart.series.len()).map(line) }</dl>
            { details("As a table", table(charts, chart)) }
        </figure>
    }
}

type Pointing = Callback<PointerEvent>;

/// The pointer over a chart: it picks a moment; dragged, a stretch; a click shows that moment on the stage.
fn brush(ctx: &Ctx, of: ChartsAsk) -> (Pointing, Pointing, Pointing, Pointing) {
    let place = move |event: &PointerEvent| {
        // The page hears events at its root: the target says where.
        let area = event.target_unchecked_into::<Element>().closest(".area").ok()??;
        let bounds = area.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - bounds.x()) / bounds.width().max(1.0) * f64::from(of.parts);
        Some((part.max(0.0) as usize).min(of.parts as usize - 1))
    };
    // What changes with the pointer; the look is that of the moment.
    let on = |change: fn(&Ctx, ChartsAsk, &PointerEvent, Look, Option<usize>)| {
        let ctx = ctx.clone();
        Callback::from(move |event: PointerEvent| {
            change(&ctx, of, &event, ctx.state.run.panels.charts, place(&event));
        })
    };
    let begin = on(|ctx, _, event, look, part| {
        let part = part.filter(|_| event.button() == 0);
        set(ctx, Look { begun: part, part, ..look });
    });
    let go = on(|ctx, _, event, look, part| {
        set(ctx, Look { part, begun: look.begun.filter(|_| event.buttons() != 0), ..look });
    });
    let end = on(|ctx, of, _, look, part| {
        let Some((begun, part)) = look.begun.zip(part) else { return };
        if begun == part {
            ctx.lab.play.seek(chart::begin(&of, part));
            set(ctx, Look { begun: None, ..look });
        } else {
            set(ctx, Look { zoom: Some(chart::zoomed(&of, begun, part)), ..Look::default() });
        }
    });
    let leave = on(|ctx, _, _, look, _| set(ctx, Look { part: None, begun: None, ..look }));
    (begin, go, end, leave)
}

/// The values of a chart, a row for each part in which something was measured.
fn table(charts: &Measured, chart: &Chart) -> Html {
    let parts = 0..charts.of.parts as usize;
    let measured =
        parts.filter(|part| chart.series.iter().any(|series| series.values.get(*part).is_some_and(Option::is_some)));
    let head =
        [words("th", "", "from")].into_iter().chain(chart.series.iter().map(|series| words("th", "", &series.name)));
    let mut rows = vec![tag("tr", &[], &[], head.collect())];
    rows.extend(measured.map(|part| {
        let cells = (0..chart.series.len()).map(|i| words("td", "", &chart::shown(chart, i, Some(part))));
        let from = words("th", "", &say::clock(chart::begin(&charts.of, part), false));
        tag("tr", &[], &[], [from].into_iter().chain(cells).collect())
    }));
    let region = &["class", "tabindex", "role", "aria-label"];
    tag("div", region, &["scroll", "0", "region", &chart.title], vec![tag("table", &[], &[], rows)])
}
