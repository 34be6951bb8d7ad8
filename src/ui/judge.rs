//! What judges the open run: an engine of its own, off the main thread, that has the run open too and goes on with it. It says
//! whether one copy could have answered so, which models of consistency are still possible, and what made an answer what
//! it is.
//!
//! It has the run as text, so it opens it anew when a command has changed that; otherwise it only simulates on to where the
//! page's run is. One thing at a time is asked of it.

use super::app::Ctx;
use super::engine::{Asked, Heard, Link, now};
use super::lab::Core;
use super::state::{Action, Load};
use crate::base::Micros;
use crate::view::slice::{self, Ends};
use crate::view::{cap, judged, lattice};
use crate::wire::{OpenRun, Reply, Request, RunSource, SourceFile};
use gloo::timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// The models are judged this often at most.
const EVERY_MS: f64 = 400.0;

#[derive(Clone, PartialEq)]
enum Job {
    Verdict,
    Lattice,
    /// What clients got on each side of a cut, up to a moment.
    Sides(Micros),
    Slice(Ends),
}

impl Job {
    fn form(&self) -> String {
        match self {
            Job::Verdict => "verdict".into(),
            Job::Lattice => "lattice".into(),
            Job::Sides(at) => format!("sides {}", at.0),
            Job::Slice(ends) => ends.form(),
        }
    }
}

struct Judge {
    me: Weak<Judge>,
    core: Weak<Core>,
    link: RefCell<Option<Rc<Link>>>,
    /// The run that it has open.
    text: RefCell<String>,
    /// It shall simulate as far as this, and did as far as this.
    target: Cell<Micros>,
    reached: Cell<Micros>,
    busy: RefCell<Option<Job>>,
    later: RefCell<Vec<Job>>,
    /// Of the models: how many rows there were when it was asked last, and when that was.
    rows: Cell<u64>,
    since: Cell<f64>,
    alarm: RefCell<Option<Timeout>>,
    /// Of the sides: how many rows there were when it was asked last, and up to when.
    measured: Cell<(u64, Micros)>,
}

/// The lab's own, made when it is asked first.
fn of(ctx: &Ctx) -> Rc<Judge> {
    let core = &ctx.lab;
    let known = core.works.judge.borrow().clone().and_then(|judge| judge.downcast::<Judge>().ok());
    known.unwrap_or_else(|| {
        let judge = Rc::new_cyclic(|me| Judge {
            me: me.clone(),
            core: core.me.clone(),
            link: RefCell::default(),
            text: RefCell::default(),
            target: Cell::default(),
            reached: Cell::default(),
            busy: RefCell::default(),
            later: RefCell::default(),
            rows: Cell::new(u64::MAX),
            since: Cell::new(f64::MIN),
            alarm: RefCell::default(),
            measured: Cell::default(),
        });
        *core.works.judge.borrow_mut() = Some(judge.clone());
        judge
    })
}

/// Has what clients were told judged, as far as the run is simulated.
pub fn judge(ctx: &Ctx) {
    ctx.dispatch(Action::Judged(Load::Waiting));
    of(ctx).ask(Job::Verdict);
}

/// Has what lies on causal paths between rows lit.
pub fn light(ctx: &Ctx, ends: Ends) {
    of(ctx).ask(Job::Slice(ends));
}

/// Has the models judged anew if the run has gone on since: cheap to call whenever the page is drawn.
pub fn keep_up(ctx: &Ctx) {
    let (Some(frame), judge) = (&ctx.state.run.frame, of(ctx)) else { return };
    let waits = [Asked::Export, Asked::Change, Asked::Open].into_iter().any(|asked| ctx.lab.waits_for(asked));
    let Some(text) = ctx.lab.saved.borrow().clone().filter(|_| !waits) else { return };
    let news = judge.rows.get() != frame.head_rows || *judge.text.borrow() != text || ctx.state.run.lattice.is_none();
    if !news || judge.busy.borrow().is_some() || judge.alarm.borrow().is_some() {
        return;
    }
    let left = judge.since.get() + EVERY_MS - now();
    if left > 0.0 {
        let (ctx, me) = (ctx.clone(), judge.me.clone());
        *judge.alarm.borrow_mut() = Some(Timeout::new(left as u32 + 1, move || {
            if let Some(judge) = me.upgrade() {
                judge.alarm.take();
                keep_up(&ctx);
            }
        }));
        return;
    }
    judge.rows.set(frame.head_rows);
    judge.since.set(now());
    judge.ask(Job::Lattice);
}

/// Has what clients got measured anew if the cursor or the run has moved since: cheap to call whenever the page is drawn.
pub fn measure(ctx: &Ctx) {
    let (Some(frame), judge) = (&ctx.state.run.frame, of(ctx)) else { return };
    let waits = [Asked::Export, Asked::Change, Asked::Open].into_iter().any(|asked| ctx.lab.waits_for(asked));
    if waits || ctx.lab.saved.borrow().is_none() {
        return;
    }
    let wanted = (frame.head_rows, frame.now);
    let asked = judge.busy.borrow().iter().chain(&*judge.later.borrow()).any(|job| matches!(job, Job::Sides(_)));
    if asked || judge.measured.get() == wanted && ctx.state.run.sides.is_some() {
        return;
    }
    judge.measured.set(wanted);
    judge.ask(Job::Sides(frame.now));
}

impl Judge {
    fn ask(&self, job: Job) {
        if self.busy.borrow().is_some() {
            let mut later = self.later.borrow_mut();
            // Of each kind the last one counts.
            later.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(&job));
            return later.push(job);
        }
        *self.busy.borrow_mut() = Some(job);
        self.begin();
    }

    /// Brings the engine to where the page's run is.
    fn begin(&self) {
        let Some(core) = self.core.upgrade() else { return };
        let Some(text) = core.saved.borrow().clone() else { return self.told(Err("no run is open".into())) };
        let head = core.play.frame().map_or(core.play.at(), |frame| frame.head);
        self.target.set(head);
        let same = *self.text.borrow() == text && self.link.borrow().is_some();
        if same {
            return self.go_on();
        }
        let link = self.link.borrow_mut().get_or_insert_with(|| self.start()).clone();
        *self.text.borrow_mut() = text.clone();
        self.reached.set(Micros::ZERO);
        let source = RunSource::Text(SourceFile { name: "the run".into(), text });
        link.send(Request::Open(OpenRun { source, seed: None, cursor: Some(head) }));
    }

    fn start(&self) -> Rc<Link> {
        let me = self.me.clone();
        let hear = move |heard| {
            if let Some(judge) = me.upgrade() {
                judge.heard(heard);
            }
        };
        Link::new("engine", Box::new(hear))
    }

    /// Simulates on, or has it written when that is done.
    fn go_on(&self) {
        let Some(link) = self.link.borrow().clone() else { return };
        if self.reached.get() < self.target.get() {
            return link.send(Request::Show { at: self.target.get() });
        }
        let form = self.busy.borrow().as_ref().map(Job::form);
        if let Some(form) = form {
            link.send(Request::Write { form });
        }
    }

    fn heard(&self, heard: Heard) {
        match heard {
            Heard::Reply(_, Reply::Frame(frame)) => {
                // A run that has come to its end goes no further.
                if frame.now <= self.reached.get() && frame.now < self.target.get() {
                    self.target.set(frame.now);
                }
                self.reached.set(frame.now);
                self.go_on();
            }
            Heard::Reply(_, Reply::Exported(text)) => self.told(Ok(text)),
            Heard::Reply(_, Reply::Failed(why)) => self.told(Err(why)),
            Heard::Died(why, _) => {
                self.link.take();
                self.told(Err(why));
            }
            Heard::Reply(..) => {}
        }
    }

    fn told(&self, text: Result<String, String>) {
        let (Some(core), Some(job)) = (self.core.upgrade(), self.busy.take()) else { return };
        if text.is_err() {
            self.text.borrow_mut().clear();
        }
        core.dispatch.dispatch(match job {
            Job::Verdict => {
                let judged = text.and_then(|text| judged::read(&text));
                Action::Judged(judged.map_or_else(Load::Failed, |judged| Load::Ready(Rc::new(judged))))
            }
            Job::Lattice => {
                let wrong = |wrong| lattice::Lattice { wrong, ..lattice::Lattice::default() };
                let told = text.and_then(|text| lattice::read(&text)).unwrap_or_else(wrong);
                Action::Lattice(Some(Rc::new(told)))
            }
            Job::Sides(at) => {
                let read = text.and_then(|text| cap::read(&text));
                Action::Sides(Some(Rc::new((at, read))))
            }
            Job::Slice(_) => match text.and_then(|text| slice::read(&text)) {
                Ok(slice) => Action::Slice(Some(Rc::new(slice))),
                Err(why) => Action::Toast(format!("What led to it could not be found: {why}")),
            },
        });
        let next = if self.later.borrow().is_empty() { None } else { Some(self.later.borrow_mut().remove(0)) };
        if let Some(next) = next {
            self.ask(next);
        }
    }
}
