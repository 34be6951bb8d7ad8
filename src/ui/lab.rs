//! The run on the bench: asks the engine, keeps what is needed to bring a run back, and tells the reducer.
//!
//! Frames go to the playhead at once (it draws them outside of Yew) and to the reducer a few times a second.

use super::bench::Clip;
use super::effects::today_ms;
use super::engine::{Asked, Heard, Link, now};
use super::play::Playhead;
use super::state::{Action, Load, State};
use super::works::Works;
use crate::base::{Micros, codec};
use crate::view::history;
use crate::view::route::Route;
use crate::view::stage::Target;
use crate::wire::*;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use yew::prelude::*;

/// The engine: it is loaded beside the page itself.
pub(super) const ENGINE: &str = "engine";
/// While playing, the reducer hears of frames this often.
const TELL_EVERY_MS: f64 = 160.0;
/// So many deaths of the engine in a row, and the run is not brought back again.
const DEATHS_MAX: u32 = 3;
/// A measured run is opened so long before the moment that matters.
const BEFORE_THE_MOMENT: Micros = Micros::ms(20);

/// What is done with a run as text when the engine has written it down. What that takes comes with who asks for it.
pub type Then = Box<dyn FnOnce(&Core, &str)>;

type Leave = Box<dyn FnOnce(&Core)>;

#[derive(Clone)]
pub struct Lab(Rc<Core>);

pub struct Core {
    pub(super) me: Weak<Core>,
    pub dispatch: UseReducerDispatcher<State>,
    link: RefCell<Option<Rc<Link>>>,
    /// Measures beside the bench, with an engine of its own, as long as a measurement is under way.
    pub(super) sweeper: RefCell<Option<Rc<Link>>>,
    /// Writes the run in another form, as long as it is at that.
    pub(super) writer: RefCell<Option<Rc<Link>>>,
    pub(super) works: Works,
    /// A clip that is being recorded.
    pub(super) clip: RefCell<Option<Clip>>,
    pub play: Playhead,
    /// The loaded lesson's name and bytes, to give them to a new worker.
    pub(super) lesson: RefCell<Option<(String, Vec<u8>)>>,
    source: RefCell<Option<RunSource>>,
    seed: Cell<Option<u64>>,
    /// The open run as text, as of the last command.
    pub(super) saved: RefCell<Option<String>>,
    /// The learner's own run while another is shown, and where they were.
    own: RefCell<Option<(String, Micros)>>,
    /// What to open when all that the learner did is written down.
    leaving: RefCell<Option<Leave>>,
    /// Whose run is open, if not the learner's own.
    whose: RefCell<Option<String>>,
    /// The open run came from a file: it need not have the step's nodes, and has no goals.
    foreign: Cell<bool>,
    /// Where to go when the run is open.
    pub(super) then: RefCell<Option<Request>>,
    play_when_open: Cell<bool>,
    exporting: RefCell<Option<Then>>,
    /// Where to go with the run as a form has it.
    pub(super) going: Cell<Option<Route>>,
    told: Cell<f64>,
    untold: RefCell<Option<Rc<Frame>>>,
    untold_status: RefCell<Option<Rc<Status>>>,
    unsaid: RefCell<Vec<Action>>,
    goals_met: Cell<usize>,
    /// The present branch, and the one made last.
    branch: Cell<(u32, u32)>,
    deaths: Cell<u32>,
    /// The caller tells the next step that is gone to.
    pub(super) quiet: Cell<bool>,
    /// What was asked for while an answer of the same kind was on its way: of each kind the last.
    later: RefCell<Vec<(Asked, Request)>>,
}

impl PartialEq for Lab {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for Lab {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.0
    }
}

impl Lab {
    pub fn new(dispatch: UseReducerDispatcher<State>) -> Lab {
        let core = Rc::new_cyclic(|me| Core {
            me: me.clone(),
            dispatch,
            link: RefCell::default(),
            sweeper: RefCell::default(),
            writer: RefCell::default(),
            works: Works::default(),
            clip: RefCell::default(),
            quiet: Cell::default(),
            play: Playhead::new(me.clone()),
            lesson: RefCell::default(),
            source: RefCell::default(),
            seed: Cell::default(),
            saved: RefCell::default(),
            own: RefCell::default(),
            leaving: RefCell::default(),
            whose: RefCell::default(),
            foreign: Cell::default(),
            then: RefCell::default(),
            play_when_open: Cell::default(),
            exporting: RefCell::default(),
            going: Cell::default(),
            told: Cell::new(f64::MIN),
            untold: RefCell::default(),
            untold_status: RefCell::default(),
            unsaid: RefCell::default(),
            goals_met: Cell::default(),
            branch: Cell::default(),
            deaths: Cell::default(),
            later: RefCell::default(),
        });
        let me = core.me.clone();
        let hear = move |heard| {
            if let Some(core) = me.upgrade() {
                core.heard(heard);
            }
        };
        *core.link.borrow_mut() = Some(Link::new(ENGINE, Box::new(hear)));
        Lab(core)
    }
}

impl Core {
    fn link(&self) -> Rc<Link> {
        self.link.borrow().clone().expect("set when made")
    }

    pub fn send(&self, request: Request) {
        self.link().send(request);
    }

    pub fn waits_for(&self, asked: Asked) -> bool {
        self.link().waits_for(asked)
    }

    // Opening runs.

    pub fn load_lesson(&self, name: String, pack: Vec<u8>) {
        *self.lesson.borrow_mut() = Some((name.clone(), pack.clone()));
        self.link().next_generation();
        self.send(Request::LoadLesson { name, pack });
    }

    /// Opens a run from its beginning; the learner's earlier run of this place is over.
    pub fn open(&self, source: RunSource, seed: Option<u64>, play: bool) {
        self.open_at(source, seed, None, play);
    }

    /// The same, with the cursor at a moment.
    pub fn open_at(&self, source: RunSource, seed: Option<u64>, cursor: Option<Micros>, play: bool) {
        *self.source.borrow_mut() = Some(source.clone());
        self.seed.set(seed);
        *self.own.borrow_mut() = None;
        self.foreign.set(false);
        self.open_run(source, seed, cursor, None, play);
    }

    pub(super) fn open_run(
        &self,
        source: RunSource,
        seed: Option<u64>,
        cursor: Option<Micros>,
        whose: Option<String>,
        play: bool,
    ) {
        self.play.close();
        *self.saved.borrow_mut() = None;
        *self.then.borrow_mut() = None;
        *self.leaving.borrow_mut() = None;
        self.later.take();
        self.untold.take();
        self.untold_status.take();
        self.unsaid.take();
        self.goals_met.set(0);
        self.branch.take();
        self.play_when_open.set(play);
        self.whose.borrow_mut().clone_from(&whose);
        (self.dispatch).dispatch(Action::Opening(whose));
        self.link().next_generation();
        self.send(Request::Open(OpenRun { source, seed, cursor }));
    }

    /// The same set-up again, with another seed or the same.
    pub fn reopen(&self, seed: Option<u64>) {
        let source = self.source.borrow().clone();
        if let Some(source) = source {
            self.open(source, seed, false);
        }
    }

    /// Shows a run that decided something, at the row that did; the learner's own run is kept.
    pub fn borrow_run(&self, run: &str, whose: &str, at: Option<Micros>, row: Option<u64>) {
        let then = row.map(|row| Request::Move(Move::ToRow(row)));
        self.borrow(false, run, whose, at, then);
    }

    /// Shows a run of whatever kind that the learner has as a file.
    pub fn open_file(&self, run: &str) {
        self.open_other(run, "the run of a file", None);
    }

    /// Shows a run from elsewhere; the learner's own is kept.
    pub fn open_other(&self, run: &str, whose: &str, at: Option<Micros>) {
        self.borrow(true, run, whose, at, None);
    }

    /// Plays one of the runs that a measurement is made of; the learner's own run is kept.
    pub fn open_measured(&self, measured: &Measurement, row: u32) {
        let Some(found) = measured.rows.get(row as usize) else { return };
        let (seed, whose) = (found.seed, format!("{}, seed {}", found.title, found.seed));
        let at = found.at.since(BEFORE_THE_MOMENT);
        let source = RunSource::Measured { step: measured.step, choices: measured.choices.clone(), row };
        self.leave_own(Box::new(move |core| {
            core.foreign.set(true);
            core.open_run(source, Some(seed), Some(at), Some(whose), true);
        }));
    }

    fn borrow(&self, foreign: bool, run: &str, whose: &str, at: Option<Micros>, then: Option<Request>) {
        let (run, whose) = (run.to_owned(), whose.to_owned());
        self.leave_own(Box::new(move |core| {
            core.foreign.set(foreign);
            let source = core.with_run(run.clone());
            core.open_run(source, None, at, Some(whose), false);
            *core.saved.borrow_mut() = Some(run);
            *core.then.borrow_mut() = then;
        }));
    }

    /// Keeps the learner's own run and opens another in its place: not before what was done last is written down.
    fn leave_own(&self, open: Leave) {
        if self.own.borrow().is_none() {
            if self.waits_for(Asked::Change) || self.waits_for(Asked::Export) {
                *self.leaving.borrow_mut() = Some(open);
                return;
            }
            let own = self.saved.borrow().clone();
            *self.own.borrow_mut() = own.map(|text| (text, self.play.at()));
        }
        open(self);
    }

    /// Back from a borrowed run.
    pub fn return_to_own(&self) {
        self.foreign.set(false);
        let own = self.own.take();
        let source = self.source.borrow().clone();
        match (own, source) {
            (Some((text, at)), _) => {
                let source = self.with_run(text.clone());
                self.open_run(source, None, Some(at), None, false);
                *self.saved.borrow_mut() = Some(text);
            }
            (None, Some(source)) => self.open(source, self.seed.get(), false),
            (None, None) => {}
        }
    }

    /// A saved run in the place of the step's own.
    fn with_run(&self, saved: String) -> RunSource {
        match &*self.source.borrow() {
            Some(RunSource::Step(step) | RunSource::StepWithRun { step, .. }) if !self.foreign.get() => {
                RunSource::StepWithRun { step: *step, saved }
            }
            _ => RunSource::Text(SourceFile { name: "saved run".into(), text: saved }),
        }
    }

    // What the learner does.

    pub fn command(&self, command: Command) {
        (self.dispatch).dispatch(Action::Toast(String::new()));
        self.send(Request::Do(command));
    }

    /// One thing of several commands.
    pub fn command_all(&self, commands: Vec<(Micros, Command)>) {
        (self.dispatch).dispatch(Action::Toast(String::new()));
        self.send(Request::DoAll(commands));
    }

    pub fn go(&self, to: Move) {
        self.play.pause();
        self.send(Request::Move(to));
    }

    pub fn select(&self, target: Option<Target>) {
        self.play.select(target);
        (self.dispatch).dispatch(Action::Select(target));
        if let Some(Target::Message(id)) = target {
            let row = self.play.frame().and_then(|f| f.flights.iter().find(|f| f.id == id).map(|f| f.row));
            if let Some(row) = row {
                self.send(Request::Payload { row });
            }
        }
    }

    /// Has the open run written down as text.
    pub fn export(&self, then: Then) {
        *self.exporting.borrow_mut() = Some(then);
        self.send(Request::Export);
    }

    pub fn predict(&self, step: u32, prediction: u32) {
        (self.dispatch).dispatch(Action::Predicting(true));
        self.send(Request::Predict { step, prediction });
    }

    /// Ends what the engine is at by replacing it.
    pub fn cancel(&self) {
        self.link().give_up(String::new());
    }

    pub fn ask_rows(&self, first: u64, count: u32, filter: &RowFilter) {
        self.send_latest(Asked::Rows, Request::Rows { first, count, filter: filter.clone() });
    }

    pub fn ask_diagram(&self, ask: DiagramAsk) {
        self.send_latest(Asked::Diagram, Request::Diagram(ask));
    }

    /// One at a time, and of those that come meanwhile the last.
    pub fn send_latest(&self, asked: Asked, request: Request) {
        if self.waits_for(asked) {
            let mut later = self.later.borrow_mut();
            later.retain(|(kind, _)| *kind != asked);
            later.push((asked, request));
        } else {
            self.send(request);
        }
    }

    // What the engine says.

    fn heard(&self, heard: Heard) {
        match heard {
            Heard::Reply(asked, reply) => self.reply(asked, reply),
            Heard::Died(why, opening) => self.died(&why, opening),
        }
    }

    fn reply(&self, asked: Asked, reply: Reply) {
        let dispatch = &self.dispatch;
        match reply {
            Reply::Lesson(page) => {
                let page = codec::from_bytes(&page).map_or_else(Load::Failed, |page| Load::Ready(Rc::new(page)));
                dispatch.dispatch(Action::Lesson(page));
            }
            Reply::Opened(opened) => {
                let opened = Rc::new(*opened);
                self.play.open(Rc::clone(&opened));
                dispatch.dispatch(Action::Opened(opened));
            }
            Reply::Frame(frame) => self.frame(asked, *frame),
            Reply::Rows(rows) => self.say(Action::Rows(Rc::new(rows))),
            Reply::Diagram(diagram) => self.say(Action::Diagram(Rc::new(*diagram))),
            Reply::Charts(charts) => self.say(Action::Charts(Rc::new(*charts))),
            Reply::Trace(page) => self.say(Action::Trace(Rc::new(page))),
            Reply::Sheet(sheet) => self.go_with(*sheet),
            Reply::Wrong { part, why } => dispatch.dispatch(Action::Wrong(part, why)),
            Reply::Payload(payload) => self.say(Action::Payload(Rc::new(*payload))),
            Reply::Glanced(branch, end) => self.say(Action::Glanced(Rc::new((branch, *end)))),
            Reply::Inspected(inspection) => self.say(Action::Inspected(Rc::new(*inspection))),
            Reply::Predicted(outcome) => dispatch.dispatch(Action::Predicted(Box::new(outcome), today_ms())),
            Reply::Exported(text) => self.exported(text),
            Reply::Refused(why) => dispatch.dispatch(Action::Toast(why)),
            Reply::Failed(why) => self.failed(asked, why),
            Reply::Measured(_) | Reply::Died(_) => {}
        }
        let next = {
            let mut later = self.later.borrow_mut();
            let place = later.iter().position(|(kind, _)| *kind == asked);
            place.map(|place| later.remove(place).1)
        };
        if let Some(request) = next {
            self.send(request);
        }
        let leaving = self.leaving.take();
        if let Some(open) = leaving {
            self.leave_own(open);
        }
    }

    fn frame(&self, asked: Asked, frame: Frame) {
        // The reducer has the one before only when it was told of it.
        self.untold.take();
        let before = self.play.take_frame().filter(|_| frame.changes.is_some());
        let mut frame = frame.whole(before.map(Rc::unwrap_or_clone));
        let status = frame.status.take().map(|status| Rc::new(*status));
        let frame = Rc::new(frame);
        let shown = asked == Asked::Show;
        self.play.show(Rc::clone(&frame), !shown);
        let opened = asked == Asked::Open;
        if opened && self.play_when_open.replace(false) {
            self.play.play();
        }
        if let Some(next) = if opened { self.then.take() } else { None } {
            self.send(next);
        }
        let count_met = |s: &Rc<Status>| s.goals.iter().filter(|g| g.state == GoalState::Met).count();
        let more_met = status.as_ref().map(count_met).is_some_and(|met| met > self.goals_met.replace(met));
        let changed = matches!(asked, Asked::Change | Asked::Open);
        if let Some(status) = status {
            self.branch_changed(&status, asked == Asked::Change);
            *self.untold_status.borrow_mut() = Some(status);
        }
        *self.untold.borrow_mut() = Some(frame);
        if !shown || more_met || !self.play.will_draw() {
            self.tell(matches!(asked, Asked::Move | Asked::Change) && !(asked == Asked::Move && self.quiet.take()));
        }
        if more_met || changed {
            self.send(Request::Export);
        }
        if asked != Asked::Open {
            self.deaths.set(0);
        }
    }

    /// Says when one is on a branch again that there was before.
    fn branch_changed(&self, status: &Status, by_learner: bool) {
        let newest = status.branches.iter().map(|card| card.id).max().unwrap_or(0);
        let (before, known) = self.branch.replace((status.branch, newest));
        if by_learner && status.branch != before && status.branch <= known {
            let card = status.branches.iter().find(|card| card.id == status.branch);
            let name = card.map(history::name).unwrap_or_default();
            (self.dispatch).dispatch(Action::Toast(format!("Back on branch {name}")));
        }
    }

    /// Says what came to be looked at; while pictures follow each other, after the next of them: text on a canvas makes
    /// the browser style and lay out at once whatever the page has changed before.
    fn say(&self, action: Action) {
        self.unsaid.borrow_mut().push(action);
        if !self.play.will_draw() {
            self.say_all();
        }
    }

    fn say_all(&self) {
        for action in self.unsaid.take() {
            (self.dispatch).dispatch(action);
        }
    }

    /// After each picture.
    pub fn drawn(&self) {
        if self.untold.borrow().is_some() && now() - self.told.get() > TELL_EVERY_MS {
            self.tell(false);
        }
        self.say_all();
    }

    /// Tells the reducer what it has not heard yet.
    pub fn tell(&self, say: bool) {
        self.told.set(now());
        if let Some(status) = self.untold_status.take() {
            (self.dispatch).dispatch(Action::Status(status));
        }
        if let Some(frame) = self.untold.take() {
            (self.dispatch).dispatch(Action::Frame(frame, say));
        }
    }

    fn exported(&self, text: String) {
        super::crash::set_report(&text);
        let then = self.exporting.take();
        if let Some(then) = then {
            then(self, &text);
        }
        (self.dispatch).dispatch(Action::Exported(Rc::from(text.as_str())));
        *self.saved.borrow_mut() = Some(text);
    }

    fn failed(&self, asked: Asked, why: String) {
        (self.dispatch).dispatch(match asked {
            Asked::Lesson => Action::Lesson(Load::Failed(why)),
            Asked::Open => Action::Failed(why),
            Asked::Predict => {
                (self.dispatch).dispatch(Action::Predicting(false));
                Action::Toast(why)
            }
            _ => Action::Toast(why),
        });
        self.play.pause();
    }

    /// A new worker stands ready: the lesson and the run are given to it as they were.
    fn died(&self, why: &str, opening: bool) {
        let deaths = self.deaths.get() + 1;
        self.deaths.set(deaths);
        (self.dispatch).dispatch(Action::Predicting(false));
        let at = self.play.at();
        let playing = self.play.is_playing();
        if deaths > DEATHS_MAX {
            return super::crash::stop(&("The engine keeps stopping. ".to_owned() + why));
        }
        if let Some((name, pack)) = self.lesson.borrow().clone() {
            self.link().next_generation();
            self.send(Request::LoadLesson { name, pack });
        }
        let saved = self.saved.borrow().clone();
        match (saved, self.source.borrow().clone()) {
            (Some(text), _) => {
                let source = self.with_run(text.clone());
                let whose = self.whose.borrow().clone();
                self.open_run(source, None, Some(at), whose, playing);
                *self.saved.borrow_mut() = Some(text);
            }
            (None, Some(source)) => {
                let cursor = (!opening).then_some(at);
                self.open_run(source, self.seed.get(), cursor, None, playing);
            }
            (None, None) => {}
        }
        let words = match why {
            "" => "Cancelled. Your run is as it was.".to_owned(),
            why => format!("The engine stopped and was replaced; your run is as it was. {why}"),
        };
        (self.dispatch).dispatch(Action::Toast(words));
    }
}
