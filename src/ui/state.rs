//! All that the page shows, changed by one reducer. Effects (engine, storage, addresses) happen elsewhere and arrive
//! here as actions.

use crate::base::{Micros, MsgId};
use crate::progress::settings::{Settings, Spoken};
use crate::progress::{Class, EXPLAIN, GoalMet, LessonProgress, Position, Progress, Recall};
use crate::view::acts::Form;
use crate::view::board::desk::Desk;
use crate::view::cap::Cap;
use crate::view::compare::Search;
use crate::view::jobs::Jobs;
use crate::view::judged::Judged;
use crate::view::keys::Keys;
use crate::view::lattice::Lattice;
use crate::view::route::Route;
use crate::view::slice::Slice;
use crate::view::stage::Target;
use crate::wire::*;
use std::rc::Rc;
use yew::prelude::*;

/// Something that is fetched.
#[derive(Clone, Debug, Default)]
pub enum Load<T> {
    #[default]
    Waiting,
    Ready(T),
    Failed(String),
}

impl<T> Load<T> {
    pub fn ready(&self) -> Option<&T> {
        match self {
            Load::Ready(value) => Some(value),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Diagram,
    Log,
    State,
    Pending,
    Commands,
    History,
    Operations,
    Measures,
    Sweep,
    Hunt,
}

/// A message at the top of the page that stays until it is closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    /// Progress that could not be read, to download.
    pub set_aside: Option<String>,
}

/// The list of keys: the line whose new key is waited for, by its name, and what there is to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeysOpen {
    pub changing: Option<&'static str>,
    pub said: String,
}

#[derive(Clone, Default)]
pub struct State {
    /// Counts the actions.
    pub version: u64,
    pub route: Route,
    pub theme: Theme,
    /// Progress that could not be read was set aside, now or at an earlier visit.
    pub aside: bool,
    pub notices: Vec<Notice>,
    pub catalogue: Load<Rc<Catalogue>>,
    pub progress: Rc<Progress>,
    /// Counts its changes.
    pub progress_version: u64,
    /// What it says of the open lesson.
    pub own: Rc<LessonProgress>,
    /// The slug that is loaded or loading, and the lesson.
    pub slug: String,
    pub lesson: Load<Rc<LessonPage>>,
    pub run: RunState,
    /// The list of all that can be done is open: what was typed, and the line that is chosen.
    pub palette: Option<(String, usize)>,
    pub settings: Rc<Settings>,
    /// The bench is shown to an audience; and a clip of it is being recorded.
    pub presents: bool,
    pub records: bool,
    /// The list of keys is open.
    pub keys_open: Option<KeysOpen>,
    /// By "step/prediction".
    pub outcomes: Rc<Vec<(String, PredictionOutcome)>>,
    pub measured: Vec<Rc<Measurement>>,
    /// The engine is at a prediction's run.
    pub predicting: bool,
    /// A measurement is under way beside the bench.
    pub measuring: bool,
    pub sandbox: Sandbox,
    pub books: Books,
    /// What runs beside the bench, once something was asked for.
    pub jobs: Option<Rc<Jobs>>,
    /// The design board, once it was open.
    pub desk: Option<Rc<Desk>>,
}

/// The sandbox: what there is to choose from, and what the forms hold.
#[derive(Clone, Default)]
pub struct Sandbox {
    pub shelf: Load<Rc<Shelf>>,
    /// The form, and that of the run to compare with.
    pub sheets: [Option<Rc<Sheet>>; 2],
    /// Counts what was put into the forms as a whole: they begin anew.
    pub edition: u64,
    /// Counts what was given to the engine.
    pub runs: u64,
    /// Texts that their fields could not take: form, field, text, reason.
    pub untaken: Vec<(usize, String, String, String)>,
    /// A form says something else than the run that is open.
    pub changed: [bool; 2],
    /// A scenario of the gallery that there is not.
    pub missing: String,
}

/// The glossary and the texts of the course, and what is looked for in them.
#[derive(Clone, Default)]
pub struct Books {
    /// They are there, or on their way.
    pub asked: bool,
    pub glossary: Load<Rc<Glossary>>,
    pub course: Load<Rc<Course>>,
    pub query: String,
}

/// What the learner set in the panels of the bench, as long as the run is open. In one place: each hook with a type of its
/// own is code of its own.
#[derive(Clone, Default)]
pub struct Panels {
    /// The order that the learner gave to messages on their way; those that are not in it come after them.
    pub order: Rc<Vec<MsgId>>,
    /// The message that is being dragged.
    pub dragged: Option<MsgId>,
    /// Budget and seed of random faults.
    pub rain: Option<(u32, u64)>,
    pub charts: Look,
    /// The branch that is looked at, if it is not the present one.
    pub branch: Option<u32>,
    /// The client whose models are looked at; none: all.
    pub client: Option<usize>,
    /// Where this run parts from the one beside it.
    pub search: Rc<Search>,
}

/// What is looked at in the charts.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Look {
    /// The stretch, when it is not the whole run.
    pub zoom: Option<ChartsAsk>,
    /// The part whose values are shown.
    pub part: Option<usize>,
    /// Where a stretch to zoom to begins.
    pub begun: Option<usize>,
}

/// The open run, as far as the page shows it.
#[derive(Clone, Default)]
pub struct RunState {
    /// Which of the runs that were opened it is: who asks for anything of a run asks again for the next.
    pub number: u64,
    pub opened: Option<Rc<Opened>>,
    pub frame: Option<Rc<Frame>>,
    pub status: Rc<Status>,
    /// The status's goals.
    pub goals: Rc<Vec<GoalCard>>,
    /// The status's measures of this run, for the columns of a lesson's table.
    pub measured: Rc<Vec<Option<(String, f64)>>>,
    pub playing: bool,
    pub speed: f64,
    pub selected: Option<Target>,
    pub tab: Tab,
    pub rows: Option<Rc<RowsPage>>,
    pub diagram: Option<Rc<Diagram>>,
    pub charts: Option<Rc<Charts>>,
    pub trace: Option<Rc<TracePage>>,
    pub panels: Panels,
    /// Expressions that are watched, and the run that they are about.
    pub watch: Rc<Vec<String>>,
    pub watch_of: Option<Rc<Opened>>,
    /// Branches of the state's tree that the learner has opened or closed.
    pub turned: Vec<u64>,
    /// What is said of the clients' operations, once one has asked.
    pub judged: Option<Load<Rc<Judged>>>,
    /// Which models of consistency it still allows, as far as that was judged.
    pub lattice: Option<Rc<Lattice>>,
    /// What clients got on each side of a cut, up to a moment.
    pub sides: Option<Rc<(Micros, Result<Cap, String>)>>,
    /// What is lit: what led from what clients asked to an answer.
    pub slice: Option<Rc<Slice>>,
    /// A branch and how it ends.
    pub glance: Option<Rc<(u32, Frame)>>,
    /// What is noted about the run, and the page it comes from; and the last link that was made of it.
    pub note: String,
    pub from: String,
    pub link: String,
    pub inspection: Option<Rc<Inspection>>,
    pub payload: Option<Rc<Payload>>,
    /// A sentence that answers what the learner just did.
    pub toast: String,
    /// What the learner is asked before something is done, and what was wrong with the answer.
    pub form: Option<Form>,
    pub form_wrong: String,
    /// Whose menu is open.
    pub menu: Option<Target>,
    /// Which rows the log shows.
    pub filter: RowFilter,
    /// What a screen reader should say.
    pub said: String,
    /// Shown instead of the learner's own run: the run that decided a prediction, or met a goal.
    pub borrowed: Option<String>,
    pub failed: Option<String>,
    /// The part of the form that the engine complains of.
    pub wrong: String,
}

pub enum Action {
    /// The rest of the page's code has come.
    Rest,
    Go(Route),
    Theme(Theme),
    Notice(Notice),
    CloseNotice(usize),
    Palette(Option<(String, usize)>),
    Settings(Rc<Settings>),
    KeysOpen(Option<KeysOpen>),
    Presents(bool),
    Records(bool),
    Catalogue(Load<Rc<Catalogue>>),
    Progress(Rc<Progress>),
    /// A lesson is asked for.
    Loading(String),
    Lesson(Load<Rc<LessonPage>>),
    Visited,
    /// A run is asked for; it is someone else's when there is a word for it.
    Opening(Option<String>),
    Opened(Rc<Opened>),
    /// The nodes stand elsewhere.
    Arranged(Rc<Opened>),
    /// A frame, and whether its sentence should be said.
    Frame(Rc<Frame>, bool),
    Status(Rc<Status>),
    Playing(bool),
    Speed(f64),
    Select(Option<Target>),
    Tab(Tab),
    Rows(Rc<RowsPage>),
    Diagram(Rc<Diagram>),
    Charts(Rc<Charts>),
    Trace(Rc<TracePage>),
    Sandbox(Sandbox),
    Jobs(Rc<Jobs>),
    Desk(Rc<Desk>),
    /// The open run as a form has it.
    Sheet(Rc<Sheet>),
    /// What is wrong with a form: the part, and a sentence.
    Wrong(String, String),
    /// What a link says of its run: the note, and where it comes from.
    Noted(String, String),
    Panels(Panels),
    Watch(Rc<Vec<String>>),
    Turn(u64),
    Glanced(Rc<(u32, Frame)>),
    Judged(Load<Rc<Judged>>),
    Lattice(Option<Rc<Lattice>>),
    Sides(Option<Rc<(Micros, Result<Cap, String>)>>),
    Slice(Option<Rc<Slice>>),
    /// A link was made.
    Linked(String),
    Inspected(Rc<Inspection>),
    Payload(Rc<Payload>),
    Toast(String),
    Ask(Option<Form>),
    FormWrong(String),
    Menu(Option<Target>),
    Filter(RowFilter),
    Failed(String),
    /// Prediction of the open step, option, confidence.
    Answer(u32, u32, u8),
    Hint,
    /// The learner's own words, under a name in the open step.
    Words(String, String),
    /// What the learner explains back.
    Explain(String),
    /// A card of a lesson was looked at.
    Recall(String, String, Recall),
    Class(Option<Class>),
    /// The books are on their way; they have come, or not; this is looked for in them.
    BooksAsked,
    BooksCame(Load<Rc<Glossary>>, Load<Rc<Course>>),
    Sought(String),
    Finish,
    /// What a run said, and when that was, in milliseconds since 1970.
    Predicted(Box<PredictionOutcome>, u64),
    Predicting(bool),
    Measuring(bool),
    Measured(Rc<Measurement>),
    /// The run as text: goals that are met are kept with it.
    Exported(Rc<str>),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut s = (*self).clone();
        s.version += 1;
        s.apply(action);
        s.into()
    }
}

impl State {
    fn apply(&mut self, action: Action) {
        match action {
            Action::Go(route) => self.go(route),
            Action::Theme(theme) => self.theme = theme,
            Action::Palette(palette) => self.palette = palette,
            Action::Settings(settings) => self.settings = settings,
            Action::KeysOpen(open) => self.keys_open = open,
            Action::Presents(presents) => self.presents = presents,
            Action::Records(records) => self.records = records,
            Action::Frame(frame, say) => {
                if say && let Some(words) = self.spoken(&frame) {
                    self.run.said = words;
                }
                self.run.frame = Some(frame);
            }
            Action::Notice(notice) if !self.notices.contains(&notice) => self.notices.push(notice),
            Action::Notice(_) => {}
            Action::CloseNotice(i) if i < self.notices.len() => {
                self.notices.remove(i);
            }
            Action::CloseNotice(_) => {}
            Action::Catalogue(catalogue) => self.catalogue = catalogue,
            Action::Progress(progress) => {
                self.progress = progress;
                self.progress_changed();
            }
            Action::Loading(slug) => {
                self.slug = slug;
                self.own = Rc::new(self.progress.lesson(&self.slug).cloned().unwrap_or_default());
                self.lesson = Load::Waiting;
                self.outcomes = Rc::default();
                self.measured.clear();
                self.predicting = false;
                self.measuring = false;
                self.run = RunState::default();
            }
            Action::Lesson(lesson) => self.lesson = lesson,
            Action::Visited => self.visited(),
            Action::Answer(prediction, option, confidence) => self.answer(prediction, option, confidence),
            Action::Hint => self.hint(),
            Action::Words(id, words) => self.words(&id, &words),
            Action::Explain(words) => self.change_lesson(|l| l.write(EXPLAIN, &words)),
            Action::Recall(slug, key, look) => self.change_progress(|p| p.lesson_mut(&slug).look(&key, look)),
            Action::Class(class) => self.change_progress(|p| p.class = class),
            Action::BooksAsked => self.books.asked = true,
            Action::BooksCame(glossary, course) => {
                let books = &mut self.books;
                // What failed may be asked for again.
                books.asked = !matches!(glossary, Load::Failed(_)) && !matches!(course, Load::Failed(_));
                (books.glossary, books.course) = (glossary, course);
            }
            Action::Sought(query) => self.books.query = query,
            Action::Finish => self.change_lesson(|l| l.finished = true),
            Action::Predicted(outcome, at_ms) => self.predicted(*outcome, at_ms),
            Action::Predicting(busy) => self.predicting = busy,
            Action::Measuring(busy) => self.measuring = busy,
            Action::Measured(measured) => {
                self.measuring = measured.done < measured.runs;
                self.measured.retain(|m| m.id != measured.id);
                self.measured.push(measured);
            }
            Action::Exported(run) => self.keep_goals(&run),
            Action::Sandbox(sandbox) => self.sandbox = sandbox,
            Action::Jobs(jobs) => self.jobs = Some(jobs),
            Action::Desk(desk) => self.desk = Some(desk),
            Action::Sheet(sheet) => {
                let edition = self.sandbox.edition + 1;
                let shelf = std::mem::take(&mut self.sandbox.shelf);
                self.sandbox = Sandbox { shelf, sheets: [Some(sheet), None], edition, ..Sandbox::default() };
            }
            run => {
                if matches!(run, Action::Opening(_)) {
                    self.predicting = false;
                }
                self.run.apply(run);
            }
        }
    }

    pub fn keys(&self) -> Keys<'_> {
        Keys(&self.settings.keys)
    }

    /// What is said of a step that was gone to.
    fn spoken(&self, frame: &Frame) -> Option<String> {
        let (sentence, loud) = (&frame.sentence, &frame.stands_out);
        match self.settings.spoken {
            Spoken::All if loud.is_empty() => Some(sentence.clone()),
            Spoken::All if loud.starts_with(sentence.as_str()) => Some(loud.clone()),
            Spoken::All => Some(format!("{sentence}. {loud}")),
            Spoken::Loud if !loud.is_empty() => Some(loud.clone()),
            _ => None,
        }
    }

    /// The lesson's page and the step that the address names.
    pub fn step(&self) -> Option<(u32, &Rc<LessonPage>, &StepPage)> {
        let Route::Lesson(slug, step) = &self.route else { return None };
        let lesson = self.lesson.ready().filter(|lesson| lesson.slug == *slug)?;
        Some((*step, lesson, lesson.steps.get(*step as usize)?))
    }

    fn change_progress(&mut self, change: impl FnOnce(&mut Progress)) {
        change(Rc::make_mut(&mut self.progress));
        self.progress_changed();
    }

    fn progress_changed(&mut self) {
        self.progress_version += 1;
        self.own = Rc::new(self.progress.lesson(&self.slug).cloned().unwrap_or_default());
    }

    fn change_lesson(&mut self, change: impl FnOnce(&mut LessonProgress)) {
        let slug = self.slug.clone();
        if !slug.is_empty() {
            self.change_progress(|p| change(p.lesson_mut(&slug)));
        }
    }

    fn visited(&mut self) {
        if let Some((step, lesson, _)) = self.step() {
            let slug = lesson.slug.clone();
            self.change_progress(|p| p.position = Some(Position { slug, step }));
        }
    }

    fn answer(&mut self, prediction: u32, option: u32, confidence: u8) {
        let Some((_, _, page)) = self.step() else { return };
        if let Some(asked) = page.predictions.get(prediction as usize) {
            let key = key(page, &asked.id);
            self.change_lesson(|l| {
                l.answer(&key, option, confidence);
            });
        }
    }

    fn hint(&mut self) {
        let Some((_, _, page)) = self.step() else { return };
        let (id, most) = (page.id.clone(), page.hints.len() as u32);
        self.change_lesson(|l| {
            let opened = l.hints.or_insert(id, 0);
            *opened = (*opened + 1).min(most);
        });
    }

    fn words(&mut self, id: &str, words: &str) {
        let Some((_, _, page)) = self.step() else { return };
        let key = key(page, id);
        self.change_lesson(|l| l.write(&key, words));
    }

    fn predicted(&mut self, outcome: PredictionOutcome, at_ms: u64) {
        self.predicting = false;
        let Some(lesson) = self.lesson.ready() else { return };
        let Some(page) = lesson.steps.get(outcome.step as usize) else { return };
        let Some(asked) = page.predictions.get(outcome.prediction as usize) else { return };
        let key = key(page, &asked.id);
        self.change_lesson(|l| l.decide(&key, outcome.truth, at_ms));
        Rc::make_mut(&mut self.outcomes).push((key, outcome));
    }

    /// Keeps the goals that the open run has met, with the run.
    fn keep_goals(&mut self, run: &Rc<str>) {
        if self.run.borrowed.is_some() {
            return;
        }
        let Some((_, _, page)) = self.step() else { return };
        let met = self.run.status.goals.iter().filter(|g| g.state == GoalState::Met);
        let news: Vec<(String, GoalMet)> = met
            .filter_map(|card| {
                let goal = page.goals.get(card.index as usize)?;
                let at_us = card.evidence.map_or(0, |(_, at)| at.0);
                let met = GoalMet { at_us, sentence: card.sentence.clone(), run: run.to_string() };
                Some((key(page, &goal.id), met))
            })
            .collect();
        if !news.is_empty() {
            self.change_lesson(|l| {
                for (key, met) in news {
                    l.meet(&key, met);
                }
            });
        }
    }
}

/// The name under which progress keeps something of a step.
pub fn key(step: &StepPage, id: &str) -> String {
    format!("{}/{id}", step.id)
}

impl RunState {
    fn apply(&mut self, action: Action) {
        match action {
            Action::Opening(borrowed) => {
                let (note, from) = (std::mem::take(&mut self.note), std::mem::take(&mut self.from));
                let (watch, watch_of) = (std::mem::take(&mut self.watch), self.watch_of.take());
                let (tab, number) = (self.tab, self.number + 1);
                *self = RunState { number, tab, borrowed, note, from, watch, watch_of, ..RunState::default() };
            }
            Action::Opened(opened) => {
                let names = |opened: &Opened| opened.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>();
                if self.watch_of.as_ref().is_some_and(|of| names(of) != names(&opened)) {
                    self.watch = Rc::default();
                }
                self.watch_of = Some(Rc::clone(&opened));
                self.speed = opened.pace_us_per_s as f64;
                self.opened = Some(opened);
                self.failed = None;
                self.wrong.clear();
            }
            Action::Arranged(opened) => self.opened = Some(opened),
            Action::Status(status) => {
                if status.own != *self.measured {
                    self.measured = Rc::new(status.own.clone());
                }
                if status.goals != *self.goals {
                    self.goals = Rc::new(status.goals.clone());
                }
                self.status = status;
            }
            Action::Playing(playing) => self.playing = playing,
            Action::Speed(speed) => self.speed = speed,
            Action::Select(target) => {
                self.selected = target;
                self.toast.clear();
            }
            Action::Tab(tab) => self.tab = tab,
            Action::Rows(rows) => self.rows = Some(rows),
            Action::Diagram(diagram) => self.diagram = Some(diagram),
            Action::Charts(charts) => self.charts = Some(charts),
            Action::Trace(page) => self.trace = Some(page),
            Action::Wrong(part, why) => (self.wrong, self.failed) = (part, Some(why)),
            Action::Noted(note, from) => (self.note, self.from) = (note, from),
            Action::Panels(panels) => self.panels = panels,
            Action::Watch(watch) => self.watch = watch,
            Action::Turn(branch) => {
                let before = self.turned.len();
                self.turned.retain(|turned| *turned != branch);
                if self.turned.len() == before {
                    self.turned.push(branch);
                }
            }
            Action::Glanced(glance) => self.glance = Some(glance),
            Action::Judged(judged) => self.judged = Some(judged),
            Action::Lattice(lattice) => self.lattice = lattice,
            Action::Sides(sides) => self.sides = sides,
            Action::Slice(slice) => self.slice = slice,
            Action::Linked(link) => self.link = link,
            Action::Inspected(inspection) => self.inspection = Some(inspection),
            Action::Payload(payload) => self.payload = Some(payload),
            Action::Toast(text) => {
                self.said = text.clone();
                self.toast = text;
            }
            Action::Ask(form) => (self.form, self.form_wrong) = (form, String::new()),
            Action::FormWrong(sentence) => self.form_wrong = sentence,
            Action::Menu(target) => self.menu = target,
            Action::Filter(filter) => self.filter = filter,
            Action::Failed(text) => self.failed = Some(text),
            _ => {}
        }
    }
}
