//! The messages that have not arrived, by receiver: each can be picked, dropped, doubled, delayed and delivered; put in
//! another order, they are delivered in that.

use super::super::app::Ctx;
use super::super::controls::button;
use super::super::state::{Action, Panels};
use super::panels::small;
use crate::base::{Micros, MsgId, order};
use crate::view::stage::Target;
use crate::view::words;
use crate::wire::*;
use std::rc::Rc;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// Messages listed at most.
const LISTED_MAX: usize = 100;

pub fn inbox(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return Html::default() };
    let flying: Vec<&Flight> = frame.flights.iter().filter(|f| f.lost.is_none()).collect();
    let count = flying.len();
    let onchange = {
        let lab = ctx.lab.clone();
        Callback::from(move |event: Event| {
            let on = event.target_unchecked_into::<HtmlInputElement>().checked();
            lab.command(Command::Hold(Hold { on }));
        })
    };
    let group = |(to, flights): (u16, Vec<&Flight>)| {
        let ids: Vec<MsgId> = flights.iter().map(|f| f.id).collect();
        let deliver = {
            let (lab, ids) = (ctx.lab.clone(), ids.clone());
            Callback::from(move |_: MouseEvent| {
                let now = |id: &MsgId| (Micros::ZERO, Command::DeliverNow(MsgRef { message: *id }));
                lab.command_all(ids.iter().map(now).collect());
            })
        };
        let line = |(place, flight): (usize, &&Flight)| line(ctx, (opened, frame), flight, (&ids, place));
        html! {
            <section key={to}>
                <h4>{ format!("To {}", opened.nodes[to as usize].name) }<span class="n">{ ids.len() }</span>
                    { button("small", "Deliver in this order", deliver) }
                </h4>
                <ol class="lines">{ for flights.iter().enumerate().map(line) }</ol>
            </section>
        }
    };
    let groups = groups(flying, opened, run.selected, &run.panels.order);
    html! {
        <section class="inbox">
            <h3>{ "Messages on their way" }<span class="n">{ count }</span>
                <label><input type="checkbox" checked={frame.held} {onchange} />{ "By hand: nothing arrives unless you say so" }</label>
            </h3>
            { for groups.into_iter().map(group) }
        </section>
    }
}

/// By receiver, that of the selected node first; within one as the learner ordered them, else as they are due.
fn groups<'a>(
    mut flying: Vec<&'a Flight>,
    opened: &Opened,
    selected: Option<Target>,
    own_order: &[MsgId],
) -> Vec<(u16, Vec<&'a Flight>)> {
    let place = |f: &Flight| own_order.iter().position(|id| *id == f.id).unwrap_or(usize::MAX);
    let key = |f: &Flight| (place(f), f.due, f.sent, f.id);
    order::sort(&mut flying, |a, b| key(a) < key(b));
    flying.truncate(LISTED_MAX);
    let mut nodes: Vec<u16> = (0..opened.nodes.len() as u16).collect();
    if let Some(Target::Node(first)) = selected {
        nodes.retain(|n| *n != first);
        nodes.insert(0, first);
    }
    let own = |to: u16| (to, flying.iter().copied().filter(|f| f.id.to.0 == to).collect::<Vec<_>>());
    nodes.into_iter().map(own).filter(|(_, flights)| !flights.is_empty()).collect()
}

/// Puts a message before another of its receiver's.
fn put_before(ctx: &Ctx, ids: &[MsgId], id: MsgId, other: MsgId) {
    if id == other || !ids.contains(&id) {
        return;
    }
    let mut own: Vec<MsgId> = ids.iter().copied().filter(|i| *i != id).collect();
    let place = own.iter().position(|i| *i == other).unwrap_or(own.len());
    own.insert(place, id);
    let panels = &ctx.state.run.panels;
    let others = panels.order.iter().copied().filter(|i| !ids.contains(i) && i.to != id.to);
    let order = Rc::new(own.iter().copied().chain(others).take(4 * LISTED_MAX).collect());
    ctx.dispatch(Action::Panels(Panels { order, dragged: None, ..panels.clone() }));
}

fn line(ctx: &Ctx, (opened, frame): (&Opened, &Frame), flight: &Flight, (ids, place): (&[MsgId], usize)) -> Html {
    let id = flight.id;
    let this = || MsgRef { message: id };
    let pick = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.select(Some(Target::Message(id))))
    };
    let by = Micros(flight.due.since(flight.sent).0.clamp(1_000, 3_600_000_000) * 3);
    let earlier = (place > 0).then(|| {
        let (ctx, ids, other) = (ctx.clone(), ids.to_vec(), ids[place - 1]);
        let onclick = Callback::from(move |_: MouseEvent| put_before(&ctx, &ids, id, other));
        html! { <button type="button" class="small" title="Before the one above" {onclick}>{ "Earlier" }</button> }
    });
    let ondragstart = {
        let ctx = ctx.clone();
        Callback::from(move |event: DragEvent| {
            ctx.dispatch(Action::Panels(Panels { dragged: Some(id), ..ctx.state.run.panels.clone() }));
            if let Some(data) = event.data_transfer() {
                let _ = data.set_data("text/plain", &id.to_string());
            }
        })
    };
    let over = |event: &DragEvent, on: bool| {
        // The page hears events at its root: the target says where.
        if let Ok(Some(line)) = event.target_unchecked_into::<Element>().closest("li") {
            let _ = line.class_list().toggle_with_force("over", on);
        }
    };
    let ondragover = Callback::from(move |event: DragEvent| {
        event.prevent_default();
        over(&event, true);
    });
    let ondragleave = Callback::from(move |event: DragEvent| over(&event, false));
    let ondrop = {
        let (ctx, ids) = (ctx.clone(), ids.to_vec());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over(&event, false);
            if let Some(taken) = ctx.state.run.panels.dragged {
                put_before(&ctx, &ids, taken, id);
            }
        })
    };
    html! {
        <li key={id.to_string()} draggable="true" {ondragstart} {ondragover} {ondragleave} {ondrop}>
            { button("say link", words::sent(opened, flight), pick) }
            <span class="fate">{ if flight.due == Micros::MAX { "held".into() } else { words::fate(flight, frame.now) } }</span>
            { small(ctx, "Deliver", "Let it arrive at once", Command::DeliverNow(this())) }
            { earlier }
            { small(ctx, "Drop", "Lose it", Command::Drop(this())) }
            { small(ctx, "Delay", &format!("By {}", words::length(by.0)), Command::Delay(DelayMsg { message: id, by })) }
            { small(ctx, "Double", "Send a second copy", Command::Duplicate(this())) }
        </li>
    }
}
