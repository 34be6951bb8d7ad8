//! The playhead: the cursor between frames, the frame loop, and the drawing of the stage outside of Yew.
//!
//! While playing, the cursor runs at the chosen speed and at most one frame is asked for at a time; then engine and page
//! rest from each other for as long as it took, so that with thousands of messages there is time left to draw them. When
//! paused and nothing changed, nothing runs.

use super::canvas::{self, Painter};
use super::engine::{Asked, now};
use super::lab::Core;
use super::state::Action;
use crate::base::Micros;
use crate::view::layout::{Camera, Insets, Layout, Point};
use crate::view::stage::{self, Scene, Stage, Target};
use crate::view::{hit, minimap, track};
use crate::wire::{Frame, Move, Opened, Request};
use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use web_sys::HtmlCanvasElement;

/// The cursor runs ahead of the last frame by at most so much watching time.
const LEAD_S: f64 = 0.3;
/// Engine and page rest from each other no longer than this: less than the cursor may run ahead.
const REST_MAX_MS: f64 = 100.0;
/// With reduced motion: a step every so often.
const STEP_EVERY_MS: f64 = 800.0;
/// How much faster time passes while nothing is on its way, where that is wanted.
const QUIET_FACTOR: f64 = 8.0;
/// Up to this many times the default pace, messages can be read.
const READABLE: f64 = 1.7;

/// Told of each new layout.
type OnLayout = Box<dyn Fn(&Layout)>;

pub struct Playhead {
    lab: Weak<Core>,
    opened: RefCell<Option<Rc<Opened>>>,
    frame: RefCell<Option<Rc<Frame>>>,
    /// Microseconds.
    at: Cell<f64>,
    speed: Cell<f64>,
    playing: Cell<bool>,
    reduced: Cell<bool>,
    /// Quiet time passes faster.
    hurry: Cell<bool>,
    /// The last seek while another was on its way.
    wanted: Cell<Option<Micros>>,
    /// When a frame was asked for to go on playing, and when the next may be: milliseconds.
    asked: Cell<Option<f64>>,
    rests_until: Cell<f64>,
    last_tick: Cell<f64>,
    last_step: Cell<f64>,
    raf: RefCell<Option<AnimationFrame>>,
    painter: RefCell<Option<Painter>>,
    insets: Cell<Insets>,
    /// Of the whole stage, and of what the camera shows.
    layout: RefCell<Option<(Rc<Layout>, Rc<Layout>)>>,
    /// It is made anew with the next picture; until then what is drawn is what can be pointed at.
    stale: Cell<bool>,
    camera: Cell<Camera>,
    scale: Cell<f64>,
    opaque: Cell<bool>,
    moves_nodes: Cell<bool>,
    stage: RefCell<Stage>,
    selected: Cell<Option<Target>>,
    hover: Cell<Option<Target>>,
    focus: Cell<Option<Target>>,
    /// It may be out of sight.
    unseen: Cell<bool>,
    drag: Cell<Option<(u16, Point)>>,
    /// Told when the nodes have moved.
    moved: RefCell<Option<OnLayout>>,
    /// The run beside this one, whose cursor goes along.
    beside: RefCell<Weak<Core>>,
    /// This cursor goes along with another; whether that one plays.
    led: Cell<Option<bool>>,
}

impl Playhead {
    pub fn new(lab: Weak<Core>) -> Playhead {
        Playhead {
            lab,
            opened: RefCell::default(),
            frame: RefCell::default(),
            at: Cell::default(),
            speed: Cell::new(1.0),
            playing: Cell::default(),
            reduced: Cell::default(),
            hurry: Cell::default(),
            wanted: Cell::default(),
            asked: Cell::default(),
            rests_until: Cell::default(),
            last_tick: Cell::default(),
            last_step: Cell::default(),
            raf: RefCell::default(),
            painter: RefCell::default(),
            insets: Cell::default(),
            layout: RefCell::default(),
            stale: Cell::default(),
            camera: Cell::new(Camera::WHOLE),
            scale: Cell::new(1.0),
            opaque: Cell::default(),
            moves_nodes: Cell::default(),
            stage: RefCell::default(),
            selected: Cell::default(),
            hover: Cell::default(),
            focus: Cell::default(),
            unseen: Cell::default(),
            drag: Cell::default(),
            moved: RefCell::default(),
            beside: RefCell::default(),
            led: Cell::default(),
        }
    }

    // The run.

    pub fn close(&self) {
        self.pause();
        self.frame.take();
        self.opened.take();
        self.layout.take();
        self.selected.set(None);
        self.hover.set(None);
        self.wanted.set(None);
        self.wake();
    }

    pub fn open(&self, opened: Rc<Opened>) {
        self.speed.set(opened.pace_us_per_s as f64);
        *self.opened.borrow_mut() = Some(opened);
        self.camera.set(Camera::WHOLE);
        self.layout.take();
    }

    /// The nodes stand elsewhere.
    pub fn arrange(&self, opened: Rc<Opened>) {
        *self.opened.borrow_mut() = Some(opened);
        self.stale.set(true);
        self.wake();
    }

    /// Nodes have moved since they were drawn.
    pub fn is_stale(&self) -> bool {
        self.stale.get()
    }

    pub fn at(&self) -> Micros {
        Micros(self.at.get() as u64)
    }

    /// The frame that came last.
    pub fn frame(&self) -> Option<Rc<Frame>> {
        self.frame.borrow().clone()
    }

    /// The same, to make the next of it, which is shown at once.
    pub fn take_frame(&self) -> Option<Rc<Frame>> {
        self.frame.take()
    }

    /// A frame has come; `jumped` when the cursor goes where it is.
    pub fn show(&self, frame: Rc<Frame>, jumped: bool) {
        if jumped || !self.playing.get() && self.led.get().is_none() {
            self.at.set(frame.now.0 as f64);
        }
        if let Some(asked) = self.asked.take() {
            self.rests_until.set(now() + (now() - asked).min(REST_MAX_MS));
        }
        let over = frame.halted.is_some() && frame.flights.is_empty() && frame.now >= frame.head;
        *self.frame.borrow_mut() = Some(frame);
        if let Some(at) = self.wanted.take() {
            self.ask(at);
        } else if over && self.playing.get() && !jumped {
            self.pause();
        }
        self.wake();
    }

    // Playing.

    pub fn is_playing(&self) -> bool {
        self.playing.get() || self.led.get() == Some(true)
    }

    /// From now on the other's cursor goes where this one goes.
    pub fn lead(&self, other: Weak<Core>) {
        *self.beside.borrow_mut() = other;
        self.tell_beside();
    }

    fn tell_beside(&self) {
        if let Some(other) = self.beside.borrow().upgrade() {
            other.play.go_along(self.at.get(), self.playing.get());
        }
    }

    fn go_along(&self, at: f64, playing: bool) {
        let moved = self.at.replace(at) != at;
        if self.led.replace(Some(playing)) != Some(playing) || moved {
            self.ask(self.at());
            self.wake();
        }
    }

    pub fn play(&self) {
        if !self.playing.replace(true) {
            self.last_tick.set(0.0);
            self.dispatch(Action::Playing(true));
            self.wake();
        }
    }

    pub fn pause(&self) {
        if self.playing.replace(false) {
            self.dispatch(Action::Playing(false));
            if let Some(lab) = self.lab.upgrade() {
                // What is drawn and what the engine shows shall be the same moment again.
                self.ask(self.at());
                lab.tell(false);
            }
            self.wake();
        }
    }

    pub fn toggle(&self) {
        if self.is_playing() { self.pause() } else { self.play() }
    }

    pub fn set_speed(&self, us_per_s: f64) {
        self.speed.set(us_per_s);
        self.dispatch(Action::Speed(us_per_s));
        self.wake();
    }

    pub fn seek(&self, at: Micros) {
        self.playing.set(false);
        self.dispatch(Action::Playing(false));
        self.ask(at);
    }

    pub fn set_reduced(&self, reduced: bool) {
        self.reduced.set(reduced);
        self.wake();
    }

    fn ask(&self, at: Micros) {
        let Some(lab) = self.lab.upgrade() else { return };
        if self.frame.borrow().is_none() {
            return;
        }
        if lab.waits_for(Asked::Show) {
            self.wanted.set(Some(at));
        } else {
            lab.send(Request::Show { at });
        }
    }

    fn dispatch(&self, action: Action) {
        if let Some(lab) = self.lab.upgrade() {
            lab.dispatch.dispatch(action);
        }
    }

    // The stage.

    pub fn attach(&self, canvas: HtmlCanvasElement, moved: impl Fn(&Layout) + 'static) {
        *self.painter.borrow_mut() = Painter::new(canvas);
        *self.moved.borrow_mut() = Some(Box::new(moved));
        self.layout.take();
        self.wake();
    }

    pub fn detach(&self) {
        self.painter.take();
        self.moved.take();
        self.raf.take();
        self.layout.take();
    }

    /// Whether quiet time passes faster.
    pub fn set_hurry(&self, hurry: bool) {
        self.hurry.set(hurry);
    }

    pub fn set_insets(&self, insets: Insets) {
        if self.insets.replace(insets) != insets {
            self.stale.set(true);
        }
        self.wake();
    }

    pub fn theme_changed(&self) {
        canvas::theme_changed();
        self.wake();
    }

    /// The stage may have another size.
    pub fn resized(&self) {
        if let Some(painter) = &mut *self.painter.borrow_mut() {
            painter.resize();
        }
        self.wake();
    }

    pub fn select(&self, target: Option<Target>) {
        self.selected.set(target);
        self.wake();
    }

    pub fn hover(&self, target: Option<Target>) -> bool {
        let changed = self.hover.replace(target) != target;
        if changed {
            self.wake();
        }
        changed
    }

    /// What the keyboard is on.
    pub fn focused(&self) -> Option<Target> {
        self.focus.get()
    }

    /// What the keyboard is on: it comes into view with the next drawing, since how all stands may be about to change.
    pub fn focus(&self, target: Option<Target>) {
        self.focus.set(target);
        self.unseen.set(true);
        self.wake();
    }

    fn bring_into_view(&self) {
        if let (Some(Target::Node(node)), Some(layout)) = (self.focus.get(), self.layout())
            && let Some(p) = layout.places.get(node as usize)
            && !layout.area.holds(*p)
        {
            let area = layout.area;
            self.aim(self.panned(&layout, area.x + area.w / 2.0 - p.x, area.y + area.h / 2.0 - p.y));
        }
    }

    pub fn drag(&self, drag: Option<(u16, Point)>) {
        self.drag.set(drag);
        self.wake();
    }

    /// Everything on the stage is drawn so much larger.
    pub fn set_scale(&self, scale: f64) {
        self.scale.set(scale);
        self.wake();
    }

    pub fn scale(&self) -> f64 {
        self.scale.get()
    }

    /// The stage gets a ground of its own. That it is recorded is said beside it, which may take room from it: a clip has one
    /// size from its first frame on.
    pub fn set_opaque(&self, opaque: bool) {
        self.opaque.set(opaque);
        self.resized();
    }

    pub fn canvas(&self) -> Option<HtmlCanvasElement> {
        self.painter.borrow().as_ref().map(|painter| painter.canvas.clone())
    }

    /// The stage as it is drawn now.
    pub fn picture(&self) -> Option<HtmlCanvasElement> {
        self.painter.borrow().as_ref()?.picture()
    }

    /// What is at a point of the canvas.
    pub fn hit(&self, p: Point, reach: f32) -> Option<Target> {
        let (layout, opened, frame) = (self.layout.borrow(), self.opened.borrow(), self.frame.borrow());
        hit::at(&self.stage.borrow(), &layout.as_ref()?.1, opened.as_ref()?, frame.as_ref()?, p, reach)
    }

    pub fn layout(&self) -> Option<Rc<Layout>> {
        self.layout.borrow().as_ref().map(|(_, seen)| Rc::clone(seen))
    }

    // The camera.

    pub fn opened(&self) -> Option<Rc<Opened>> {
        self.opened.borrow().clone()
    }

    /// Whether dragging a node moves it.
    pub fn moves_nodes(&self) -> bool {
        self.moves_nodes.get()
    }

    pub fn set_moves_nodes(&self, moves: bool) {
        self.moves_nodes.set(moves);
    }

    pub fn is_close(&self) -> bool {
        self.camera.get().zoom > 1.0
    }

    /// Looks closer by a factor, or from further away, at a point that stays where it is.
    pub fn zoom(&self, factor: f32, at: Option<Point>) {
        let Some(layout) = self.layout() else { return };
        let (area, camera) = (layout.area, self.camera.get());
        let zoom = (camera.zoom * factor).clamp(1.0, Camera::ZOOM_MAX);
        let shift = (1.0 / camera.zoom) - (1.0 / zoom);
        let off = at.map_or((0.0, 0.0), |p| ((p.x - area.x) / area.w - 0.5, (p.y - area.y) / area.h - 0.5));
        self.look(Camera { zoom, x: camera.x + off.0 * shift, y: camera.y + off.1 * shift });
    }

    /// Looks closer at what is selected, or from further away.
    pub fn zoom_selected(&self, factor: f32) {
        self.zoom(factor, self.selected.get().and_then(|target| self.spot(target)));
    }

    /// Moves what is seen by so many pixels.
    pub fn pan(&self, dx: f32, dy: f32) {
        if let Some(layout) = self.layout() {
            self.look(self.panned(&layout, dx, dy));
        }
    }

    fn panned(&self, layout: &Layout, dx: f32, dy: f32) -> Camera {
        let (area, camera) = (layout.area, self.camera.get());
        Camera { x: camera.x - dx / area.w / camera.zoom, y: camera.y - dy / area.h / camera.zoom, ..camera }
    }

    pub fn look(&self, camera: Camera) {
        if self.aim(camera) {
            self.wake();
        }
    }

    /// Whether the camera then sees anything else.
    fn aim(&self, camera: Camera) -> bool {
        let camera = camera.within();
        let other = self.camera.replace(camera) != camera;
        if let (true, Some((whole, seen)), Some(opened)) =
            (other, &mut *self.layout.borrow_mut(), &*self.opened.borrow())
        {
            *seen = self.see(opened, whole);
        }
        other
    }

    /// Takes what the camera sees from the whole.
    fn see(&self, opened: &Opened, whole: &Rc<Layout>) -> Rc<Layout> {
        let seen = Rc::new(whole.seen(opened, self.camera.get()));
        if let Some(moved) = &*self.moved.borrow() {
            moved(&seen);
        }
        seen
    }

    /// The place that is drawn at a point, in thousandths of the stage.
    pub fn place_at(&self, p: Point) -> Option<(u16, u16)> {
        self.layout.borrow().as_ref().map(|(whole, _)| whole.place_at(p, self.camera.get()))
    }

    /// Looks where the point of the small map says; false beside the map.
    pub fn look_by_map(&self, p: Point) -> bool {
        let camera = self.layout().and_then(|layout| minimap::look(&layout, p));
        camera.map(|camera| self.look(camera)).is_some()
    }

    /// Where the canvas is in the window.
    pub fn canvas_box(&self) -> Option<web_sys::DomRect> {
        self.painter.borrow().as_ref().map(|p| p.canvas.get_bounding_client_rect())
    }

    /// Where a thing is drawn.
    pub fn spot(&self, target: Target) -> Option<Point> {
        let layout = self.layout()?;
        match target {
            Target::Node(node) => layout.places.get(node as usize).copied(),
            Target::Link(a, b) => Some(layout.places.get(a as usize)?.to(*layout.places.get(b as usize)?, 0.5)),
            Target::Message(id) => self.stage.borrow().spots.iter().find(|(m, _)| *m == id).map(|(_, p)| *p),
        }
    }

    // The frame loop.

    /// Draws with the next animation frame.
    pub fn wake(&self) {
        if self.raf.borrow().is_some() || self.painter.borrow().is_none() {
            return;
        }
        let lab = self.lab.clone();
        let raf = request_animation_frame(move |at| {
            if let Some(lab) = lab.upgrade() {
                let done = lab.play.raf.take();
                lab.play.tick(at);
                drop(done);
            }
        });
        *self.raf.borrow_mut() = Some(raf);
    }

    fn tick(&self, at: f64) {
        let began = now();
        let next = if self.playing.get() { self.advance(at) } else { None };
        self.draw();
        self.tell_beside();
        if let Some(lab) = self.lab.upgrade() {
            lab.drawn();
            if let Some(request) = next {
                self.asked.set(Some(now()));
                lab.send(request);
            }
        }
        if self.playing.get() {
            self.wake();
        }
        super::bench_mark::record(at, now() - began);
    }

    /// Moves the cursor on; returns what is to be asked for then.
    fn advance(&self, at: f64) -> Option<Request> {
        let last = self.last_tick.replace(at);
        let frame_now = self.frame.borrow().as_ref().map(|f| f.now.0 as f64)?;
        let lab = self.lab.upgrade()?;
        if self.reduced.get() {
            let due = at - self.last_step.get() > STEP_EVERY_MS && !lab.waits_for(Asked::Move);
            return due.then(|| {
                self.last_step.set(at);
                Request::Move(Move::Forward)
            });
        }
        let dt = if last > 0.0 { (at - last).min(100.0) / 1000.0 } else { 0.0 };
        let quiet = self.frame.borrow().as_ref().is_some_and(|f| f.flights.is_empty());
        let speed = self.speed.get() * if quiet && self.hurry.get() { QUIET_FACTOR } else { 1.0 };
        let next = (self.at.get() + speed * dt).min(frame_now + speed * LEAD_S);
        self.at.set(next.max(self.at.get()));
        let free = !lab.waits_for(Asked::Show) && !lab.waits_for(Asked::Open);
        (free && now() >= self.rests_until.get()).then(|| Request::Show { at: self.at() })
    }

    /// Whether a picture is to come by itself.
    pub fn will_draw(&self) -> bool {
        self.is_playing() && self.raf.borrow().is_some()
    }

    fn draw(&self) {
        let mut painter = self.painter.borrow_mut();
        let Some(painter) = &mut *painter else { return };
        (painter.scale, painter.opaque) = (self.scale.get(), self.opaque.get());
        let changed = painter.fit() | self.stale.take();
        let (opened, frame) = (self.opened.borrow(), self.frame.borrow());
        let (Some(opened), Some(frame)) = (opened.as_ref(), frame.as_ref()) else {
            return painter.paint(&Default::default());
        };
        if changed || self.layout.borrow().is_none() {
            let (w, h) = painter.size;
            let whole = Rc::new(Layout::new(opened, w as f32, h as f32, self.insets.get()));
            let seen = self.see(opened, &whole);
            *self.layout.borrow_mut() = Some((whole, seen));
            self.unseen.set(true);
        }
        if self.unseen.take() {
            self.bring_into_view();
        }
        let Some((whole, layout)) = self.layout.borrow().clone() else { return };
        let paused = !self.playing.get();
        let scene = Scene {
            opened,
            frame,
            layout: &layout,
            whole: &whole,
            at: self.at(),
            selected: self.selected.get(),
            hover: self.hover.get(),
            focus: self.focus.get(),
            paused,
            labels: paused || self.speed.get() <= opened.pace_us_per_s as f64 * READABLE,
            reduced: self.reduced.get(),
            drag: self.drag.get(),
        };
        let picture = stage::draw(&scene);
        painter.paint(&picture.display);
        super::bench_mark::boxes(&picture);
        *self.stage.borrow_mut() = picture;
    }

    /// What the speed slider shows.
    pub fn speed_from(&self, slider: u32) -> f64 {
        track::speed(slider, self.opened.borrow().as_ref().map_or(1, |o| o.pace_us_per_s))
    }
}
