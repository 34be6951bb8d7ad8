//! Gestures on the stage by mouse, pen and fingers: pick, drag to cut, move nodes, look closer.

use super::super::app::Ctx;
use super::super::play::Playhead;
use super::super::state::Action;
use super::look;
use super::stage::{Mode, is_wide, poke};
use crate::view::layout::Point;
use crate::view::stage::Target;
use crate::wire::{Command, Cut};
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlCanvasElement, HtmlElement};
use yew::prelude::*;

/// A pointer that moved further than this drags.
const DRAG_PX: f32 = 8.0;

/// A finger that stays so long asks for the menu. Some browsers say so themselves; this is for all.
const LONG_MS: f64 = 450.0;

/// What the pointer is at.
#[derive(Clone, Copy)]
enum Press {
    /// Went down here, on this node or elsewhere.
    Down(Point, Option<u16>),
    /// A node is taken along.
    Moving(u16),
    /// What is seen of the stage is moved; where the pointer was last, and whether it has moved.
    Panning(Point, bool),
}

/// Gestures on the canvas.
#[derive(Clone)]
pub struct Pointer {
    latest: Rc<RefCell<Ctx>>,
    canvas: HtmlCanvasElement,
    mode: Mode,
    down: Rc<Cell<Option<Press>>>,
    /// When it went down.
    since: Rc<Cell<f64>>,
    /// What a finger that is still down asks the menu of, as the browser says.
    long: Rc<Cell<Option<Target>>>,
    /// Fingers on the stage, by their ids.
    fingers: Rc<RefCell<Vec<(i32, Point)>>>,
}

impl Pointer {
    pub fn new(latest: Rc<RefCell<Ctx>>, canvas: HtmlCanvasElement, mode: Mode) -> Pointer {
        let (long, fingers) = (Rc::default(), Rc::default());
        Pointer { latest, canvas, mode, down: Rc::default(), since: Rc::default(), long, fingers }
    }

    /// Listens on the canvas and on what stands over it.
    pub fn listen(&self) -> Vec<EventListener> {
        let Some(stage) = self.canvas.parent_element() else { return Vec::new() };
        let on = |name: &'static str, act: fn(&Pointer, &PointerEvent)| {
            let pointer = self.clone();
            let options = EventListenerOptions::enable_prevent_default();
            let hear = move |event: &Event| act(&pointer, event.unchecked_ref());
            EventListener::new_with_options(&stage, name, options, hear)
        };
        vec![
            on("pointerdown", Pointer::pressed),
            on("pointermove", Pointer::moved),
            on("pointerup", Pointer::released),
            on("pointerleave", Pointer::left),
            on("pointercancel", Pointer::left),
            on("contextmenu", Pointer::asked),
            self.on_wheel(&stage),
        ]
    }

    /// The wheel looks closer or from further away; where the page itself scrolls, only with the control key, which is
    /// also what a pinch on a touch pad says.
    fn on_wheel(&self, stage: &Element) -> EventListener {
        let pointer = self.clone();
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(stage, "wheel", options, move |event: &Event| {
            let event: &WheelEvent = event.unchecked_ref();
            if pointer.mode == Mode::Bench && (event.ctrl_key() || is_wide()) {
                event.prevent_default();
                let factor = (1.0 - event.delta_y() as f32 * 0.002).clamp(0.5, 2.0);
                pointer.ctx().lab.play.zoom(factor, Some(pointer.point(event)));
            }
        })
    }

    /// The second button, or a long press: the menu of what is there.
    fn asked(&self, event: &PointerEvent) {
        if self.mode == Mode::Bench {
            event.prevent_default();
            let target = self.ctx().lab.play.hit(self.point(event), Pointer::reach(event));
            match target {
                Some(target) if self.fingers.borrow().is_empty() => self.menu(target),
                _ => self.long.set(target),
            }
        }
    }

    fn menu(&self, target: Target) {
        let ctx = self.ctx();
        ctx.lab.select(Some(target));
        ctx.dispatch(Action::Menu(Some(target)));
    }

    /// The same when a finger is lifted, which closes what was open before.
    fn menu_later(&self, target: Option<Target>) {
        if let Some(target) = target {
            let me = self.clone();
            Timeout::new(0, move || me.menu(target)).forget();
        }
    }

    fn ctx(&self) -> Ctx {
        self.latest.borrow().clone()
    }

    fn point(&self, event: &MouseEvent) -> Point {
        let canvas = self.canvas.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()) - canvas.x(), f64::from(event.client_y()) - canvas.y());
        let scale = self.ctx().lab.play.scale();
        Point { x: (x / scale) as f32, y: (y / scale) as f32 }
    }

    fn reach(event: &PointerEvent) -> f32 {
        if event.pointer_type() == "touch" { 24.0 } else { 12.0 }
    }

    fn pressed(&self, event: &PointerEvent) {
        // The list of messages lies over the stage while the keyboard is in it.
        let list = event.target().and_then(|t| t.dyn_into::<Element>().ok()?.closest(".flights").ok()?);
        if event.button() > 0 || list.is_some() {
            return;
        }
        let (p, play) = (self.point(event), &self.ctx().lab.play);
        if self.mode == Mode::Bench && event.pointer_type() == "touch" {
            self.fingers.borrow_mut().push((event.pointer_id(), p));
        }
        self.since.set(event.time_stamp());
        let target = play.hit(p, Pointer::reach(event));
        let node = if let Some(Target::Node(node)) = target { Some(node) } else { None };
        let press = match node {
            Some(node) if play.moves_nodes() || event.alt_key() => Press::Moving(node),
            None if play.look_by_map(p) => return,
            None if play.is_close() && !matches!(target, Some(Target::Message(_))) => Press::Panning(p, false),
            node => Press::Down(p, node),
        };
        self.down.set(Some(if self.mode == Mode::Bench { press } else { Press::Down(p, node) }));
        if self.mode == Mode::Bench && (node.is_some() || play.is_close()) {
            let _ = self.canvas.set_pointer_capture(event.pointer_id());
        }
    }

    fn moved(&self, event: &PointerEvent) {
        let (p, ctx) = (self.point(event), self.ctx());
        let play = &ctx.lab.play;
        if self.pinched(event.pointer_id(), p, play) {
            return;
        }
        match self.down.get() {
            Some(Press::Down(from, Some(node))) if self.mode == Mode::Bench && from.distance(p) > DRAG_PX => {
                return play.drag(Some((node, p)));
            }
            Some(Press::Moving(node)) => return look::show_at(&ctx, node, p),
            Some(Press::Panning(from, moved)) if moved || from.distance(p) > DRAG_PX => {
                self.down.set(Some(Press::Panning(p, true)));
                return play.pan(p.x - from.x, p.y - from.y);
            }
            _ => {}
        }
        let target = play.hit(p, Pointer::reach(event));
        if play.hover(target) {
            let cursor = if target.is_some() { "pointer" } else { "default" };
            if let Some(stage) = self.canvas.parent_element() {
                let _ = stage.unchecked_into::<HtmlElement>().style().set_property("cursor", cursor);
            }
        }
    }

    /// Two fingers: what is between them stays between them. True while there are two.
    fn pinched(&self, id: i32, p: Point, play: &Playhead) -> bool {
        let mut fingers = self.fingers.borrow_mut();
        let [(a, from), (b, other)] = fingers.as_mut_slice() else { return false };
        if *a != id {
            std::mem::swap(from, other);
            std::mem::swap(a, b);
        }
        if *a == id {
            let (before, middle) = (from.distance(*other).max(1.0), from.to(*other, 0.5));
            let (after, now) = (p.distance(*other).max(1.0), p.to(*other, 0.5));
            *from = p;
            play.zoom(after / before, Some(middle));
            play.pan(now.x - middle.x, now.y - middle.y);
        }
        // No gesture of one finger comes of this any more.
        self.down.set(None);
        self.long.set(None);
        play.drag(None);
        true
    }

    fn released(&self, event: &PointerEvent) {
        let (p, ctx) = (self.point(event), self.ctx());
        ctx.lab.play.drag(None);
        self.fingers.borrow_mut().retain(|(id, _)| *id != event.pointer_id());
        let long = self.long.take();
        let Some(press) = self.down.take() else { return };
        let target = ctx.lab.play.hit(p, Pointer::reach(event));
        match (self.mode, press, target) {
            (_, Press::Moving(_), _) => {
                look::keep(&ctx);
                self.menu_later(long);
            }
            (_, Press::Panning(_, true), _) => {}
            (Mode::Bench, Press::Down(from, Some(a)), _) if from.distance(p) > DRAG_PX => dragged(&ctx, a, target),
            (Mode::Poke, _, Some(Target::Node(node))) => poke(&ctx, node),
            (Mode::Poke, ..) => {}
            (Mode::Watch, _, target) => ctx.lab.select(target),
            (Mode::Bench, _, target) => {
                if matches!(target, Some(Target::Message(_))) {
                    ctx.lab.play.pause();
                }
                ctx.lab.select(target);
                // The keys belong to the bench from now on.
                let spot = target.and_then(|t| if let Target::Node(n) = t { Some(n) } else { None });
                self.take_focus(spot);
                let stayed = event.pointer_type() == "touch" && event.time_stamp() - self.since.get() > LONG_MS;
                self.menu_later(long.or(target.filter(|_| stayed)));
            }
        }
    }

    fn take_focus(&self, node: Option<u16>) {
        let stage = self.canvas.closest(".stage").ok().flatten();
        let Some(stage) = stage else { return };
        let spot =
            node.and_then(|n| stage.query_selector(&format!(".spots li:nth-child({}) button", n + 1)).ok().flatten());
        let target = spot.or_else(|| stage.query_selector(".palette").ok().flatten());
        if let Some(element) = target {
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    }

    fn left(&self, event: &PointerEvent) {
        self.fingers.borrow_mut().retain(|(id, _)| *id != event.pointer_id());
        self.down.set(None);
        self.menu_later(self.long.take());
        let lab = self.ctx().lab.clone();
        lab.play.drag(None);
        lab.play.hover(None);
    }
}

/// Dropped on another node: the link between them is cut; elsewhere: nothing.
fn dragged(ctx: &Ctx, a: u16, target: Option<Target>) {
    let Some(Target::Node(b)) = target.filter(|t| *t != Target::Node(a)) else { return };
    let Some(opened) = &ctx.state.run.opened else { return };
    let name = |n: u16| opened.nodes[n as usize].name.clone();
    let (from, to) = (name(a), name(b));
    ctx.lab.select(Some(Target::link(a, b)));
    let rule = format!("{from}–{to} cut");
    ctx.lab.command(Command::Cut(Cut { name: rule, from: vec![from], to: vec![to], one_way: false }));
}
