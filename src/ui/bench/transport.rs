//! Playing, stepping, speed, clock, seed, branches; and the scrubber with its marks.

use super::super::app::Ctx;
use super::super::controls::{button, file_input, tool};
use super::super::effects::{self, use_effect_on};
use super::super::exports::{self, Share};
use super::super::icons;
use super::super::state::Action;
use super::{deeds, tabs};
use crate::base::Micros;
use crate::view::history;
use crate::view::keys::{Deed, shown};
use crate::view::link::{self, Session};
use crate::view::route::Route;
use crate::view::{track, words};
use crate::wire::{CommandCard, Mark, MarkKind, Move, Request};
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// `notice` stands above all: whose run this is, if not one's own. What is about one run only is there when it is `alone`.
pub fn transport(ctx: &Ctx, notice: Html, scrubber: Html, alone: bool) -> Html {
    html! {
        <div class="transport">
            { notice }
            <div class="bar" role="group" aria-label="Playback">
                { buttons(ctx) }
                { clock(ctx) }
                <span class="sp"></span>
                { speed(ctx) }
                if alone { <>{ seed(ctx) }{ branches(ctx) }</> }
            </div>
            { scrubber }
        </div>
    }
}

fn buttons(ctx: &Ctx) -> Html {
    let go = |to: Move| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.go(to.clone()))
    };
    let toggle = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.play.toggle())
    };
    let playing = ctx.state.run.playing;
    let tip = |words: &str, deed: Deed| format!("{words} ( {} )", shown(&ctx.state.keys().key(deed)));
    html! {
        <>
            { tool("To the start", tip("To the start", Deed::Start), icons::to_start(), "", go(Move::Start)) }
            { tool("Step back", tip("Step back", Deed::Back), icons::back(), "Step", go(Move::Back)) }
            <button type="button" class="pri play" id="play" onclick={toggle} aria-label={if playing { "Pause" } else { "Play" }} title={tip("Play or pause", Deed::Play)}>
                { if playing { icons::pause() } else { icons::play() } }<span class="hide3">{ if playing { "Pause" } else { "Play" } }</span>
            </button>
            { tool("Step forward", tip("Step forward", Deed::Forward), icons::forward(), "Step", go(Move::Forward)) }
            { tool("To the next interesting event", tip("To the next interesting event", Deed::NextInteresting), icons::next_event(), "", go(Move::NextInteresting)) }
            { tool("To now: the furthest point of the run", tip("To now", Deed::Head), icons::to_head(), "", go(Move::Head)) }
        </>
    }
}

fn clock(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let (Some(frame), Some(opened)) = (&run.frame, &run.opened) else { return Html::default() };
    let halted = frame.halted.as_ref().filter(|_| frame.now >= frame.head);
    html! {
        <>
            <span class="t" id="clock">{ words::clock(frame.now, opened.pace_us_per_s < 1_000) }</span>
            <span class="ev hide2">{ format!("event {} of {}", frame.row, frame.head_rows) }</span>
            if let Some(why) = halted { <span class="ev hide2" title={why.clone()}>{ "at rest" }</span> }
        </>
    }
}

fn speed(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let Some(opened) = &run.opened else { return Html::default() };
    let value = track::slider(run.speed, opened.pace_us_per_s).to_string();
    let text = words::speed(run.speed);
    let oninput = {
        let ctx = ctx.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let speed = ctx.lab.play.speed_from(input.value_as_number() as u32);
            ctx.lab.play.set_speed(speed);
        })
    };
    html! {
        <label class="speed" title="Simulated time against yours">
            <span class="hide2">{ "speed" }</span>
            <input type="range" min="0" max="100" step="1" {value} {oninput} aria-label="Speed" aria-valuetext={format!("{text} of real time")} />
            <output>{ text }</output>
        </label>
    }
}

/// Some other seed, of few digits.
pub fn another(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 44
}

fn seed(ctx: &Ctx) -> Html {
    let Some(opened) = &ctx.state.run.opened else { return Html::default() };
    let reopen = |seed: Option<u64>| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.reopen(seed))
    };
    let share = |how: Share| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.share(how.clone()))
    };
    let open = {
        let ctx = ctx.clone();
        Callback::from(move |read: Result<String, String>| match read {
            Ok(text) => ctx.lab.open_file(&text),
            Err(why) => ctx.dispatch(Action::Toast(why)),
        })
    };
    let deed = |deed: Deed| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| {
            deeds::does(&ctx, deed);
        })
    };
    let (present, clip, records) = (deed(Deed::Present), deed(Deed::Clip), ctx.state.records);
    let take = |route: Route| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.take_along(route.clone()))
    };
    let run = &ctx.state.run;
    let from = match &ctx.state.route {
        route @ Route::Lesson(..) => route.href(),
        _ => run.from.clone(),
    };
    let note = {
        let (ctx, from) = (ctx.clone(), from.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            ctx.dispatch(Action::Noted(text, from.clone()));
        })
    };
    let (tab, watch) = (tabs::name(run.tab).into(), run.watch.to_vec());
    let session = Session { tab, note: run.note.clone(), from, watch, ..Session::default() };
    let forms = exports::FORMS.iter().map(|form| button("", form.words, share(Share::Write(*form))));
    html! {
        <>
            if records { { button("records", "● End the clip", deed(Deed::Clip)) } }
            <span class="ev">{ "seed " }<b id="seed">{ opened.seed }</b></span>
            { button("hide2", "Reset", reopen(Some(opened.seed))) }
            <button type="button" popovertarget="share-menu">{ "Share" }</button>
            <div class="menu" id="share-menu" popover="auto" role="group" aria-label="Run">
                <p>{ "A run is its scenario, its seed and what you did. The same text gives the same run." }</p>
                { button("", "Copy a link to this moment", share(Share::Link(session.clone(), false))) }
                { button("", "Copy code to embed it", share(Share::Link(session, true))) }
                if !run.link.is_empty() {
                    <input class="made" readonly={true} value={run.link.clone()} aria-label="The link" />
                }
                <label>{ "Note in the link" }<textarea rows="2" maxlength={link::NOTE_MAX.to_string()} value={run.note.clone()} oninput={note} /></label>
                { button("", "Copy as text", share(Share::Copy)) }
                { button("", "Save as a file", share(Share::Download)) }
                { file_input("Open a file", open) }
                { button("", "Present: full screen, large labels", present) }
                { button("", if records { "End the clip and save it" } else { "Record a clip of the stage" }, clip) }
                { button("", "Change it in the sandbox", take(Route::Sandbox(String::new()))) }
                { button("", "Compare with…", take(Route::Compare(String::new()))) }
                <details><summary>{ "Save in another form" }</summary>{ for forms }</details>
                { button("", "Start this run again", reopen(Some(opened.seed))) }
                { button("", "Try another seed", reopen(Some(another(opened.seed)))) }
            </div>
        </>
    }
}

fn branches(ctx: &Ctx) -> Html {
    let status = &ctx.state.run.status;
    if status.branches.len() < 2 {
        return Html::default();
    }
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(id) = select.value().parse() {
                ctx.lab.play.pause();
                ctx.lab.send(Request::Branch(id));
            }
        })
    };
    html! {
        <label class="branch"><span class="sr-only">{ "Branch of the run" }</span>
            <select {onchange}>
                { for status.branches.iter().map(|b| html! {
                    <option value={b.id.to_string()} selected={b.id == status.branch}>{ history::name(b) }</option>
                }) }
            </select>
        </label>
    }
}

/// A command of the learner's on the scrubber: dragged, it is given at another time. Keys do that in the list of commands.
fn handle(ctx: &Ctx, place: usize, card: &CommandCard, span: Micros, x: String) -> Html {
    // The moment that the pointer is at, on the way of the scrubber's marks.
    let moment = move |event: &PointerEvent| {
        // The page hears events at its root: the target says where.
        let mark = event.target_unchecked_into::<Element>().closest(".mine").ok()??;
        let track = mark.closest(".marks").ok()??.get_bounding_client_rect();
        let part = ((f64::from(event.client_x()) - track.x()) / track.width().max(1.0)).clamp(0.0, 1.0);
        Some((mark, track::time((part * track::STEPS as f64) as u64, span)))
    };
    let taken = |mark: &Element| mark.has_attribute("data-taken");
    let onpointerdown = Callback::from(move |event: PointerEvent| {
        if let Some((mark, _)) = moment(&event) {
            let _ = mark.set_pointer_capture(event.pointer_id());
            let _ = mark.set_attribute("data-taken", "");
        }
    });
    let onpointermove = Callback::from(move |event: PointerEvent| {
        if let Some((mark, at)) = moment(&event).filter(|(mark, _)| taken(mark)) {
            let place = track::place(at, span);
            let _ = mark.set_attribute("x", &format!("{}.{:02}%", place / 100, place % 100));
        }
    });
    let onpointerup = {
        let (lab, from, x) = (ctx.lab.clone(), card.at, x.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some((mark, at)) = moment(&event).filter(|(mark, _)| taken(mark)) {
                let _ = mark.remove_attribute("data-taken");
                if at.since(from).0.max(from.since(at).0) > span.0 / 400 {
                    lab.send(Request::Edit { place: place as u32, at: Some(at) });
                } else {
                    let _ = mark.set_attribute("x", &x);
                }
            }
        })
    };
    html! {
        <svg class="mine" {x} overflow="visible" {onpointerdown} {onpointermove} {onpointerup}>
            <path d="M-6 -3h12v7l-6 5l-6-5z"><title>{ format!("{}. Drag it to another time.", card.sentence) }</title></path>
        </svg>
    }
}

#[hook]
pub fn use_scrubber(ctx: &Ctx, beside: &[Mark], parting: Option<Micros>) -> Html {
    let track = use_node_ref();
    let run = &ctx.state.run;
    let (now, head) = run.frame.as_ref().map_or((Micros::ZERO, Micros::ZERO), |f| (f.now, f.head.max(f.now)));
    let pace = run.opened.as_ref().map_or(1_000, |o| o.pace_us_per_s);
    let span = track::span(head, pace);
    let percent = |at: Micros| {
        let place = track::place(at, span);
        format!("{}.{:02}%", place / 100, place % 100)
    };
    let fill = {
        let (track, now, head) = (track.clone(), percent(now), percent(head));
        move || {
            if let Some(element) = track.cast::<HtmlElement>() {
                let _ = element.style().set_property("--now", &now);
                let _ = element.style().set_property("--head", &head);
            }
        }
    };
    use_effect_on([track::place(now, span), track::place(head, span), 0], effects::plain(fill));
    let oninput = {
        let ctx = ctx.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            ctx.lab.play.seek(track::time(input.value_as_number().max(0.0) as u64, span));
        })
    };
    let mark = |mark: &Mark| {
        let (class, path) = match mark.kind {
            MarkKind::Fault => ("fault", "M-4 1h8l-4 7z"),
            MarkKind::Repair => ("repair", "M-4 8h8l-4-7z"),
            MarkKind::Note => ("note", "M-1 2h2v6h-2z"),
            MarkKind::Goal => ("goal", "M0 0l1.4 2.9 3.1.4-2.3 2.1.6 3.1L0 7l-2.8 1.5.6-3.1-2.3-2.1 3.1-.4z"),
            MarkKind::Violation => ("violation", "M-4 1l8 7M4 1l-8 7"),
        };
        html! { <svg x={percent(mark.at)} overflow="visible"><path {class} d={path} /></svg> }
    };
    html! {
        <div class="scrub">
            <svg class="marks" height="10" aria-hidden="true">
                { for run.status.marks.iter().chain(beside).map(mark) }
                if let Some(at) = parting { <svg x={percent(at)} overflow="visible"><path class="parting" d="M-1-4h2v16h-2z" /></svg> }
                { for run.status.commands.iter().enumerate().filter(|(_, c)| !c.scripted).map(|(place, c)| handle(ctx, place, c, span, percent(c.at))) }
            </svg>
            <input ref={track} type="range" id="scrubber" min="0" max={track::STEPS.to_string()} step="1"
                value={track::place(now, span).to_string()} {oninput} aria-label="Simulated time"
                aria-valuetext={format!("{} of {}", words::clock(now, false), words::clock(head, false))} />
        </div>
    }
}
