//! The space-time diagram: a canvas that is panned, zoomed and walked through. The engine tells what is in sight and a
//! little beyond; between its answers the picture is drawn from the last one.

use super::super::app::{Ctx, use_ctx};
use super::super::canvas::Painter;
use super::super::controls::button;
use super::super::effects::{self, use_effect_on};
use super::super::keys::chord;
use super::super::state::Action;
use super::log::filter_bar;
use crate::base::Micros;
use crate::progress::settings::Spoken;
use crate::view::keys::{Area, Deed};
use crate::view::layout::Point;
use crate::view::spacetime::{self, Picture, Plan, Window};
use crate::wire::{DiagramAsk, Move, Opened, RowFilter};
use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlCanvasElement, HtmlElement, PointerEvent, ResizeObserver, WheelEvent};
use yew::prelude::*;

/// So many things at most are drawn one by one.
const ROOM: u32 = 1_600;
/// So many seconds of watching are in sight at first.
const SPAN_S: f64 = 6.0;
/// A pointer that moved further than this pans.
const DRAG_PX: f32 = 6.0;

/// What the diagram was last asked for.
type Asked = (Window, u64, RowFilter, Option<u64>, Option<u64>);

/// The diagram outside of Yew.
#[derive(Default)]
struct Chart {
    ctx: RefCell<Option<Ctx>>,
    /// The run that the rest belongs to.
    opened: RefCell<Option<Rc<Opened>>>,
    painter: RefCell<Option<Painter>>,
    window: Cell<Option<Window>>,
    following: Cell<bool>,
    /// The nodes that have a lane, in order.
    lanes: RefCell<Vec<u16>>,
    /// The stretch that was lit last.
    lit: Cell<Option<(f64, f64)>>,
    hover: Cell<Option<u64>>,
    selected: Cell<Option<u64>>,
    anchor: Cell<Option<u64>>,
    /// The selected event was walked to.
    walked: Cell<bool>,
    /// How far the lanes are scrolled: to ask for it in every frame would make the browser lay out the page.
    scrolled: Cell<f32>,
    /// The lane of an event that was walked to, to be brought into sight by the next picture.
    lane: Cell<Option<u16>>,
    /// Pointers that are down, with where each was last; and how far the first has moved.
    pointers: RefCell<Vec<(i32, Point)>>,
    moved: Cell<f32>,
    picture: RefCell<Picture>,
    asked: RefCell<Option<Asked>>,
    number: Cell<u64>,
    raf: RefCell<Option<AnimationFrame>>,
}

impl Chart {
    fn ctx(&self) -> Option<Ctx> {
        self.ctx.borrow().clone()
    }

    /// Takes over what the page knows now.
    fn update(self: &Rc<Self>, ctx: &Ctx) {
        *self.ctx.borrow_mut() = Some(ctx.clone());
        let run = &ctx.state.run;
        let Some(opened) = &run.opened else { return };
        // The same run comes again with its nodes arranged otherwise.
        let known = self.opened.replace(Some(Rc::clone(opened))).is_some() && self.number.get() == run.number;
        if !known {
            self.number.set(run.number);
            *self.lanes.borrow_mut() = (0..opened.nodes.len() as u16).collect();
            self.window.set(None);
            self.asked.take();
            for row in [&self.hover, &self.selected, &self.anchor] {
                row.set(None);
            }
        }
        // What is lit comes into sight once.
        let lit = run.slice.as_ref().map(|slice| (slice.from.0 as f64, slice.to.0 as f64));
        if self.lit.replace(lit) != lit
            && let Some((from, to)) = lit
        {
            self.selected.set(None);
            self.following.set(false);
            let around = ((to - from) * 0.06).max(500.0);
            self.window.set(Some(Window { from: (from - around).max(0.0), to: to + around }));
        }
        let Some(frame) = &run.frame else { return };
        let now = frame.now.0 as f64;
        let window = self.window.get().unwrap_or_else(|| {
            self.following.set(true);
            Window { from: 0.0, to: opened.pace_us_per_s as f64 * SPAN_S }
        });
        let window = self.bring_into_sight(if self.following.get() { window.following(now) } else { window });
        self.window.set(Some(window));
        self.ask();
        self.wake();
    }

    /// Asks for what is in sight and half as much on both sides, if that is not what was asked last.
    fn ask(&self) {
        let (Some(ctx), Some(window)) = (self.ctx(), self.window.get()) else { return };
        let run = &ctx.state.run;
        let Some(frame) = &run.frame else { return };
        let (focus, anchor) = (self.hover.get().or(self.selected.get()), self.anchor.get());
        let asked = (window, frame.head_rows, run.filter.clone(), focus, anchor);
        if self.asked.borrow().as_ref() == Some(&asked) {
            return;
        }
        let half = window.span() / 2.0;
        let (from, to) = (Micros((window.from - half).max(0.0) as u64), Micros((window.to + half) as u64));
        ctx.lab.ask_diagram(DiagramAsk { from, to, room: ROOM, filter: run.filter.clone(), focus, anchor });
        *self.asked.borrow_mut() = Some(asked);
    }

    /// Draws with the next animation frame, while the run plays with the one after it: what came from the engine has
    /// just been shown by the rest of the page, and the stage should not miss a frame.
    fn wake(self: &Rc<Self>) {
        if self.raf.borrow().is_none() {
            let playing = self.ctx().is_some_and(|ctx| ctx.state.run.playing);
            self.frame_after(u32::from(playing));
        }
    }

    fn frame_after(self: &Rc<Self>, others: u32) {
        let me = Rc::downgrade(self);
        *self.raf.borrow_mut() = Some(request_animation_frame(move |_| {
            if let Some(me) = me.upgrade() {
                let done = me.raf.take();
                match others {
                    0 => me.draw(),
                    _ => me.frame_after(others - 1),
                }
                drop(done);
            }
        }));
    }

    fn draw(&self) {
        let (Some(ctx), Some(window)) = (self.ctx(), self.window.get()) else { return };
        let mut painter = self.painter.borrow_mut();
        let Some(painter) = &mut *painter else { return };
        painter.fit();
        let run = &ctx.state.run;
        let (Some(opened), Some(frame), Some(diagram)) = (&run.opened, &run.frame, &run.diagram) else { return };
        let plan = Plan {
            opened,
            diagram,
            window,
            at: if run.playing { ctx.lab.play.at() } else { frame.now },
            head: frame.head,
            lanes: &self.lanes.borrow(),
            size: (painter.size.0 as f32, painter.size.1 as f32),
            scrolled: self.scrolled.get(),
            focus: self.hover.get().or(self.selected.get()),
            anchor: self.anchor.get(),
            lit: match &run.slice {
                Some(slice) if self.hover.get().or(self.selected.get()).is_none() => &slice.rows,
                _ => &[],
            },
        };
        let lane = self.lane.take().and_then(|node| plan.middle(node));
        if let Some(y) = lane
            && !plan.shows(y)
            && let Ok(Some(scroller)) = painter.canvas.closest(".lanes")
        {
            // The scrolling wakes this again.
            scroller.set_scroll_top((plan.scrolled + y - plan.size.1 / 2.0) as i32);
        }
        let picture = spacetime::draw(&plan);
        painter.paint(&picture.display);
        *self.picture.borrow_mut() = picture;
    }

    // What the learner does.

    fn show(self: &Rc<Self>, window: Window) {
        self.window.set(Some(window));
        self.following.set(false);
        self.ask();
        self.wake();
    }

    fn zoom(self: &Rc<Self>, factor: f64, at: Option<f64>) {
        if let Some(window) = self.window.get() {
            self.show(window.zoomed(factor, at.unwrap_or((window.from + window.to) / 2.0)));
        }
    }

    fn pan(self: &Rc<Self>, part: f64) {
        if let Some(window) = self.window.get() {
            self.show(window.moved(window.span() * part));
        }
    }

    /// All of the run.
    fn fit(self: &Rc<Self>) {
        let head = self.ctx().and_then(|ctx| ctx.state.run.frame.as_ref().map(|frame| frame.head.0 as f64));
        self.show(Window { from: 0.0, to: head.unwrap_or(0.0).max(1_000.0) * 1.04 });
    }

    fn select(self: &Rc<Self>, row: Option<u64>) {
        self.selected.set(row);
        self.ask();
        self.wake();
    }

    /// To another event; the window goes along.
    fn walk(self: &Rc<Self>, row: Option<u64>) {
        let (Some(row), Some(ctx)) = (row, self.ctx()) else { return };
        self.walked.set(true);
        self.select(Some(row));
        // Of every step the line below tells the sentence, and how it stands to the other.
        ctx.lab.quiet.set(ctx.state.settings.spoken == Spoken::All);
        ctx.lab.go(Move::ToRow(row));
    }

    /// The event that was walked to comes into sight.
    fn bring_into_sight(&self, window: Window) -> Window {
        let about = self.ctx().and_then(|ctx| ctx.state.run.diagram.as_ref()?.about.clone());
        let about = about.filter(|about| Some(about.row) == self.selected.get() && self.walked.take());
        let Some(about) = about else { return window };
        self.lane.set(Some(about.node));
        let at = about.at.0 as f64;
        if at < window.from || at > window.to { window.moved(at - (window.from + window.to) / 2.0) } else { window }
    }

    fn key(self: &Rc<Self>, event: &KeyboardEvent) {
        let Some(ctx) = self.ctx() else { return };
        let Some(deed) = ctx.state.keys().deed(&[Area::Diagram], &chord(event)) else { return };
        let about = ctx.state.run.diagram.as_ref().and_then(|d| d.about.clone());
        let about = about.filter(|_| self.selected.get().is_some());
        let to = |row: Option<u64>, none: &str| match row {
            Some(row) => self.walk(Some(row)),
            None => ctx.dispatch(Action::Toast(none.into())),
        };
        match (deed, about) {
            (Deed::Earlier | Deed::Later | Deed::Cause | Deed::Effect, None) => {
                let last = self.picture.borrow().spots.last().map(|(row, _)| *row);
                self.walk(last);
            }
            (Deed::Earlier, Some(about)) => to(about.previous, "This is the first event of the lane."),
            (Deed::Later, Some(about)) => to(about.next, "This is the last event of the lane so far."),
            (Deed::Cause, Some(about)) => to(about.cause, "No event at another node led to this one."),
            (Deed::Effect, Some(about)) => to(about.effect, "It has led to no event at another node so far."),
            (Deed::In, _) => self.zoom(0.5, None),
            (Deed::Out, _) => self.zoom(2.0, None),
            (Deed::Fit, _) => self.fit(),
            (Deed::PageEarlier, _) => self.pan(-0.5),
            (Deed::PageLater, _) => self.pan(0.5),
            // The events that one walks to from here are compared with this one.
            (Deed::Compare, _) => self.anchor.set(self.selected.get()),
            (Deed::LetGo, _) if self.selected.get().is_some() || self.anchor.get().is_some() => {
                self.anchor.set(None);
                self.select(None);
            }
            _ => return,
        }
        event.prevent_default();
    }

    // Pointers.

    fn point(&self, event: &PointerEvent) -> Point {
        let area = self.painter.borrow().as_ref().map(|p| p.canvas.get_bounding_client_rect());
        let (left, top) = area.map_or((0.0, 0.0), |area| (area.x(), area.y()));
        Point { x: (f64::from(event.client_x()) - left) as f32, y: (f64::from(event.client_y()) - top) as f32 }
    }

    /// The moment under a place, and how long a pixel is.
    fn scale(&self, x: f32) -> Option<(f64, f64)> {
        let (window, width) = (self.window.get()?, self.painter.borrow().as_ref()?.size.0);
        let each = window.span() / (width - f64::from(spacetime::GUTTER)).max(1.0);
        Some((window.from + (f64::from(x) - f64::from(spacetime::GUTTER)) * each, each))
    }

    fn pressed(self: &Rc<Self>, event: &PointerEvent) {
        let p = self.point(event);
        let mut pointers = self.pointers.borrow_mut();
        if pointers.is_empty() {
            self.moved.set(0.0);
        }
        pointers.push((event.pointer_id(), p));
        if let Some(painter) = &*self.painter.borrow() {
            let _ = painter.canvas.set_pointer_capture(event.pointer_id());
        }
    }

    fn dragged(self: &Rc<Self>, event: &PointerEvent) {
        let p = self.point(event);
        let mut pointers = self.pointers.borrow_mut();
        let other = pointers.iter().find(|(id, _)| *id != event.pointer_id()).map(|(_, p)| *p);
        let Some((_, last)) = pointers.iter_mut().find(|(id, _)| *id == event.pointer_id()) else {
            drop(pointers);
            let reach = if event.pointer_type() == "touch" { 22.0 } else { 9.0 };
            let hover = spacetime::hit(&self.picture.borrow(), p, reach);
            if self.hover.replace(hover) != hover {
                self.ask();
                self.wake();
            }
            return;
        };
        let before = std::mem::replace(last, p);
        drop(pointers);
        self.moved.set(self.moved.get() + before.distance(p));
        let Some(window) = self.window.get() else { return };
        match (other, self.scale(p.x)) {
            // Two fingers: what was under them stays under them.
            (Some(other), _) => {
                let (was, is) = ((before.x - other.x).abs().max(8.0), (p.x - other.x).abs().max(8.0));
                self.zoom(f64::from(was / is), self.scale(other.x).map(|(at, _)| at));
            }
            (None, Some((_, each))) if self.moved.get() > DRAG_PX => {
                self.show(window.moved(f64::from(before.x - p.x) * each));
            }
            _ => {}
        }
    }

    fn released(self: &Rc<Self>, event: &PointerEvent) {
        let p = self.point(event);
        self.pointers.borrow_mut().retain(|(id, _)| *id != event.pointer_id());
        if self.moved.get() > DRAG_PX || event.type_() != "pointerup" {
            return;
        }
        let reach = if event.pointer_type() == "touch" { 22.0 } else { 9.0 };
        let row = spacetime::hit(&self.picture.borrow(), p, reach);
        if event.shift_key() && self.selected.get().is_some() {
            self.anchor.set(self.selected.get());
        }
        match row {
            Some(row) => self.walk(Some(row)),
            None => self.select(None),
        }
    }

    fn wheel(self: &Rc<Self>, event: &WheelEvent) {
        event.prevent_default();
        let p = self.point(event.unchecked_ref());
        if event.delta_x().abs() > event.delta_y().abs() {
            if let (Some(window), Some((_, each))) = (self.window.get(), self.scale(p.x)) {
                self.show(window.moved(event.delta_x() * each));
            }
        } else {
            self.zoom(if event.delta_y() > 0.0 { 1.25 } else { 0.8 }, self.scale(p.x).map(|(at, _)| at));
        }
    }

    fn listen(self: &Rc<Self>, canvas: &HtmlCanvasElement) -> Vec<EventListener> {
        let on = |name: &'static str, act: fn(&Rc<Chart>, &PointerEvent)| {
            let me = self.clone();
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(canvas, name, options, move |event| act(&me, event.unchecked_ref()))
        };
        let dark = gloo::utils::window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        let me = self.clone();
        let repainted = dark.map(|dark| EventListener::new(&dark, "change", move |_| me.wake()));
        let gestures = [
            on("pointerdown", Chart::pressed),
            on("pointermove", Chart::dragged),
            on("pointerup", Chart::released),
            on("pointercancel", Chart::released),
            on("pointerleave", |me, _| {
                if me.hover.take().is_some() {
                    me.ask();
                    me.wake();
                }
            }),
            on("wheel", |me, event| me.wheel(event.unchecked_ref())),
        ];
        gestures.into_iter().chain(repainted).collect()
    }
}

/// Makes the canvas as high as what is in sight of the lanes, not as all of them. Its own height does not count: on a
/// narrow screen it would hold the lanes open when there are fewer of them.
fn fit_to_sight(canvas: &HtmlCanvasElement) {
    let Ok(Some(lanes)) = canvas.closest(".lanes") else { return };
    let _ = canvas.style().set_property("height", "0");
    let _ = canvas.style().set_property("height", &format!("{}px", lanes.client_height()));
}

#[component]
pub fn SpaceTime() -> Html {
    let ctx = use_ctx();
    let canvas = use_node_ref();
    let chart = use_memo((), |()| Rc::new(Chart::default()));
    let chart = Rc::clone(&chart);
    let again = use_force_update();
    chart.update(&ctx);
    let attach = {
        let (chart, canvas) = (chart.clone(), canvas.clone());
        move || -> effects::Undo {
            let canvas = canvas.cast::<HtmlCanvasElement>().expect("the canvas is there");
            *chart.painter.borrow_mut() = Painter::new(canvas.clone());
            let lanes = canvas.closest(".lanes").ok().flatten().expect("the canvas is within its lanes");
            let mut listeners = chart.listen(&canvas);
            let (me, scroller) = (chart.clone(), lanes.clone());
            listeners.push(EventListener::new(&lanes, "scroll", move |_| {
                me.scrolled.set(scroller.scroll_top() as f32);
                me.wake();
            }));
            let resized = {
                let chart = chart.clone();
                Closure::<dyn Fn()>::new(move || {
                    if let Some(painter) = &mut *chart.painter.borrow_mut() {
                        fit_to_sight(&painter.canvas);
                        painter.resize();
                    }
                    chart.wake();
                })
            };
            let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
            if let Some(observer) = &observer {
                observer.observe(&lanes);
            }
            Box::new(move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop((listeners, resized, chart.painter.take(), chart.raf.take()));
            })
        }
    };
    use_effect_on([0; 3], Box::new(attach));
    let lanes = chart.lanes.borrow().len();
    let grow = {
        let (chart, canvas) = (chart.clone(), canvas.clone());
        move || {
            if let Some(room) = canvas.cast::<HtmlCanvasElement>().and_then(|canvas| canvas.parent_element()) {
                let height = format!("{}px", spacetime::height(lanes) as u32);
                let _ = room.unchecked_into::<HtmlElement>().style().set_property("min-height", &height);
            }
            if let Some(painter) = &mut *chart.painter.borrow_mut() {
                fit_to_sight(&painter.canvas);
                painter.resize();
            }
            chart.wake();
        }
    };
    use_effect_on([lanes as u64, 0, 0], effects::plain(grow));
    let on = |act: fn(&Rc<Chart>)| {
        let (chart, again) = (chart.clone(), again.clone());
        Callback::from(move |_: MouseEvent| {
            act(&chart);
            again.force_update();
        })
    };
    let onkeydown = {
        let (chart, again) = (chart.clone(), again.clone());
        Callback::from(move |event: KeyboardEvent| {
            let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if element.is_some_and(|element| element.closest(".lanes").ok().flatten().is_some()) {
                chart.key(&event);
                again.force_update();
            }
        })
    };
    let tools = html! {
        <span role="group" aria-label="What is in sight">
            { button("small", "−", on(|c| c.zoom(2.0, None))) }
            { button("small", "+", on(|c| c.zoom(0.5, None))) }
            { button("small", "Fit", on(|c| c.fit())) }
            <button type="button" class="small" aria-pressed={chart.following.get().to_string()} onclick={on(|c| {
                c.following.set(!c.following.get());
                if let Some(ctx) = c.ctx() { c.update(&ctx) }
            })}>{ "Follow" }</button>
            { lane_menu(&ctx, &chart, &again) }
        </span>
    };
    html! {
        <div class="spacetime" {onkeydown}>
            { filter_bar(&ctx, false, tools) }
            <div class="lanes" role="application" tabindex="0"
                aria-label="Space-time diagram. Left and right: events of a lane. Up: the cause. Down: the first effect elsewhere. Plus and minus zoom.">
                <div><canvas ref={canvas} aria-hidden="true"></canvas></div>
            </div>
            { about(&ctx, &chart, &again) }
        </div>
    }
}

/// What is in focus, in words, and how it stands to what it is compared with.
fn about(ctx: &Ctx, chart: &Rc<Chart>, again: &UseForceUpdateHandle) -> Html {
    let diagram = ctx.state.run.diagram.as_ref();
    let unfiltered = diagram.is_some_and(|d| d.unfiltered);
    let compare = {
        let (chart, again) = (chart.clone(), again.clone());
        Callback::from(move |_: MouseEvent| {
            chart.anchor.set(if chart.anchor.get().is_some() { None } else { chart.selected.get() });
            chart.ask();
            chart.wake();
            again.force_update();
            // What comes next is a walk: its keys are the lanes'.
            if let Some(Ok(Some(lanes))) = chart.painter.borrow().as_ref().map(|p| p.canvas.closest(".lanes")) {
                let _ = lanes.unchecked_into::<HtmlElement>().focus();
            }
        })
    };
    let run_lit = ctx.state.run.slice.is_some();
    let put_out = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.dispatch(Action::Slice(None)))
    };
    html! {
        <p class="about" aria-live={if ctx.state.settings.spoken == Spoken::All { "polite" } else { "off" }}>
            if unfiltered { { "Too much is in sight to filter it: zoom in. " } }
            if let Some(about) = diagram.and_then(|d| d.about.as_ref()) {
                <span class="n">{ about.at.to_string() }</span>{ " " }{ &about.sentence }{ ". " }
                <b>{ &about.relation }</b>{ " " }
            } else if run_lit {
                { "What led to the answer is lit: what lies on causal paths from what was asked to it. " }
                { button("small", "Put it out", put_out) }
            } else {
                { "Point at an event: its causal past and future light up. " }
            }
            if chart.selected.get().is_some() {
                { button("small", if chart.anchor.get().is_some() { "End comparison" } else { "Compare with…" }, compare) }
            }
        </p>
    }
}

#[derive(Clone, Copy)]
enum LaneChange {
    /// Shows or hides a node's lane.
    Toggle(u16),
    /// Puts the lane at a place above its neighbour.
    Up(usize),
}

impl LaneChange {
    fn apply(self, lanes: &mut Vec<u16>) {
        match self {
            LaneChange::Toggle(node) if lanes.contains(&node) => lanes.retain(|lane| *lane != node),
            LaneChange::Toggle(node) => lanes.push(node),
            LaneChange::Up(place) if place > 0 && place < lanes.len() => lanes.swap(place, place - 1),
            LaneChange::Up(_) => {}
        }
    }
}

/// Lanes can be hidden and put into another order.
fn lane_menu(ctx: &Ctx, chart: &Rc<Chart>, again: &UseForceUpdateHandle) -> Html {
    let Some(opened) = &ctx.state.run.opened else { return Html::default() };
    let lanes = chart.lanes.borrow().clone();
    let hidden = (0..opened.nodes.len() as u16).filter(|node| !lanes.contains(node));
    let change = |change: LaneChange| {
        let (chart, again) = (chart.clone(), again.clone());
        move || {
            change.apply(&mut chart.lanes.borrow_mut());
            chart.wake();
            again.force_update();
        }
    };
    let row = |(place, node): (usize, u16)| {
        let shown = place < lanes.len();
        let name = &opened.nodes[usize::from(node)].name;
        let (toggle, up) = (change(LaneChange::Toggle(node)), change(LaneChange::Up(place)));
        html! {
            <li key={node}>
                <label class="check"><input type="checkbox" checked={shown} onchange={Callback::from(move |_: Event| toggle())} />{ name }</label>
                if shown && place > 0 {
                    <button type="button" class="small" aria-label={format!("{name} up")} onclick={Callback::from(move |_: MouseEvent| up())}>{ "↑" }</button>
                }
            </li>
        }
    };
    html! {
        <details class="lane-menu">
            <summary>{ "Lanes" }</summary>
            <ul>{ for lanes.iter().copied().chain(hidden).enumerate().map(row) }</ul>
        </details>
    }
}
