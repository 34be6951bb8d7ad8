//! The page's end of the line to the engine: requests go out in order, replies come back in that order. A worker that
//! dies, or does not answer in time, is given up.

use super::crash;
use crate::wire::{FromEngine, Reply, Request, ToEngine, VERSION};
use crate::worker::{self, Engine};
use gloo::timers::callback::Timeout;
use gloo::utils::document;
use gloo::worker::WorkerBridge;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

/// A worker that has not answered its first request yet may still be loading.
const PATIENCE_LOADING_MS: f64 = 60_000.0;
/// Its files could not be fetched ahead for it: it may have fetched them itself.
const PATIENCE_NOT_FETCHED_MS: f64 = 3_000.0;
const PATIENCE_MS: f64 = 8_000.0;
/// Runs of their own for predictions and measurements.
const PATIENCE_RUNS_MS: f64 = 120_000.0;
const LOOK_EVERY_MS: u32 = 1_000;
/// An alarm that comes so late was asleep with the page: what the engine has said meanwhile is yet to be heard.
const ASLEEP_MS: f64 = 5_000.0;

/// What a request was about, kept until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Lesson,
    Open,
    Show,
    Move,
    /// A command, an undo, another branch.
    Change,
    Rows,
    Diagram,
    Charts,
    Trace,
    Inspect,
    Glance,
    Payload,
    Predict,
    Measure,
    Export,
    Die,
}

impl Asked {
    fn of(request: &Request) -> Asked {
        match request {
            Request::LoadLesson { .. } => Asked::Lesson,
            Request::Open(_) => Asked::Open,
            Request::Show { .. } => Asked::Show,
            Request::Move(_) => Asked::Move,
            Request::Do(_)
            | Request::DoAll(_)
            | Request::Edit { .. }
            | Request::Press { .. }
            | Request::Undo
            | Request::Adopt { .. }
            | Request::Branch(_)
            | Request::Name { .. } => Asked::Change,
            Request::Rows { .. } => Asked::Rows,
            Request::Diagram(_) => Asked::Diagram,
            Request::Charts { .. } => Asked::Charts,
            Request::Trace { .. } => Asked::Trace,
            Request::Inspect { .. } => Asked::Inspect,
            Request::Glance { .. } => Asked::Glance,
            Request::Payload { .. } => Asked::Payload,
            Request::Predict { .. } => Asked::Predict,
            Request::Measure { .. } | Request::Write { .. } => Asked::Measure,
            Request::Export | Request::Arrange { .. } | Request::Sheet => Asked::Export,
            Request::Die => Asked::Die,
        }
    }
}

/// What the engine's owner hears.
pub enum Heard {
    /// A reply, with what was asked.
    Reply(Asked, Reply),
    /// The worker is gone; nothing that was asked of it will be answered. Whether a run was being opened.
    Died(String, bool),
}

struct Waiting {
    asked: Asked,
    generation: u32,
    since: f64,
}

pub struct Link {
    me: Weak<Link>,
    /// Which of the page's engines it is.
    engine: String,
    bridge: RefCell<Option<WorkerBridge<Engine>>>,
    waiting: RefCell<VecDeque<Waiting>>,
    generation: Cell<u32>,
    /// Counts workers: a word from an earlier one is not for us.
    epoch: Cell<u32>,
    loaded: Cell<bool>,
    alarm: RefCell<Option<Timeout>>,
    hear: Box<dyn Fn(Heard)>,
}

impl Link {
    pub fn new(engine: &str, hear: Box<dyn Fn(Heard)>) -> Rc<Link> {
        let link = Rc::new_cyclic(|me| Link {
            me: me.clone(),
            engine: engine.to_owned(),
            bridge: RefCell::default(),
            waiting: RefCell::default(),
            generation: Cell::new(0),
            epoch: Cell::new(0),
            loaded: Cell::new(false),
            alarm: RefCell::default(),
            hear,
        });
        link.start();
        link
    }

    fn start(&self) {
        let epoch = self.epoch.get() + 1;
        self.epoch.set(epoch);
        self.loaded.set(false);
        let me = self.me.clone();
        let bridge = worker::spawn(&self.engine, move |reply| {
            if let Some(link) = me.upgrade().filter(|link| link.epoch.get() == epoch) {
                link.received(reply);
            }
        });
        *self.bridge.borrow_mut() = Some(bridge);
    }

    /// From now on replies are about another run: those to earlier requests are dropped.
    pub fn next_generation(&self) {
        self.generation.set(self.generation.get() + 1);
    }

    pub fn send(&self, request: Request) {
        let generation = self.generation.get();
        self.waiting.borrow_mut().push_back(Waiting { asked: Asked::of(&request), generation, since: now() });
        let message = ToEngine { version: VERSION, generation, request };
        if let Some(bridge) = &*self.bridge.borrow() {
            bridge.send(message);
        }
        self.watch();
    }

    /// Whether such a request is still to be answered.
    pub fn waits_for(&self, asked: Asked) -> bool {
        self.waiting.borrow().iter().any(|w| w.asked == asked)
    }

    fn received(&self, from: FromEngine) {
        self.loaded.set(true);
        if let Reply::Died(why) = from.reply {
            return self.give_up(why);
        }
        let done = {
            let mut waiting = self.waiting.borrow_mut();
            let last = !matches!(from.reply, Reply::Opened(_) | Reply::Refused(_));
            let request = waiting.front().map(|w| (w.asked, w.generation));
            if last {
                waiting.pop_front();
            }
            // Whatever comes next has had the engine to itself only from now on.
            if let Some(next) = waiting.front_mut() {
                next.since = now();
            }
            request
        };
        if let Some((request, generation)) = done
            && generation == self.generation.get()
            && from.generation == generation
        {
            (self.hear)(Heard::Reply(request, from.reply));
        }
    }

    /// Looks now and then whether the engine still answers, as long as something is waited for.
    fn watch(&self) {
        if self.alarm.borrow().is_some() {
            return;
        }
        let me = self.me.clone();
        let set = now();
        *self.alarm.borrow_mut() = Some(Timeout::new(LOOK_EVERY_MS, move || {
            if let Some(link) = me.upgrade() {
                link.alarm.take();
                if now() - set > ASLEEP_MS
                    && let Some(oldest) = link.waiting.borrow_mut().front_mut()
                {
                    oldest.since = now();
                }
                link.look();
            }
        }));
    }

    fn look(&self) {
        let Some((asked, since)) = self.waiting.borrow().front().map(|oldest| (oldest.asked, oldest.since)) else {
            return;
        };
        let loading = !self.loaded.get();
        let not_fetched = if loading { not_fetched() } else { None };
        let patience = match asked {
            _ if not_fetched.is_some() => PATIENCE_NOT_FETCHED_MS,
            _ if loading => PATIENCE_LOADING_MS,
            Asked::Predict | Asked::Measure | Asked::Open => PATIENCE_RUNS_MS,
            _ => PATIENCE_MS,
        };
        if now() - since <= patience {
            self.watch();
        } else if loading {
            crash::stop(&("The engine could not be loaded. ".to_owned() + &not_fetched.unwrap_or_default()));
        } else {
            self.give_up("The engine did not answer.".into());
        }
    }

    /// Replaces the worker.
    pub fn give_up(&self, why: String) {
        let opening = self.waiting.take().iter().any(|w| w.asked == Asked::Open);
        self.start();
        (self.hear)(Heard::Died(why, opening));
    }
}

/// Why the engine's files could not be fetched, as the page's start has noted it.
fn not_fetched() -> Option<String> {
    document().document_element()?.get_attribute("data-engine-error")
}

/// Milliseconds since the page began.
pub fn now() -> f64 {
    gloo::utils::window().performance().map_or(0.0, |p| p.now())
}
