//! The board as a learner has it before them: the design and its text, what is selected, what was done and can be undone,
//! and what runs have shown. Whatever changes it goes through here.

use super::camera::Camera;
use super::clip::Copied;
use super::doc::Doc;
use super::exercise::Exercise;
use super::interview::{FollowUp, Interview, Row};
use super::kinds::{self, Kind, Takes};
use super::layout::Place;
use super::score::{Opened, Scores};
use super::seen::Seen;
use super::toml::{self, Value, Wrong};
use super::{values, whatif};
use std::rc::Rc;

/// Steps that can be undone.
const PAST_MAX: usize = 200;
/// Seeds of a grading, unless it is said.
const SEEDS: u64 = 200;
pub const SEEDS_MAX: u64 = 5_000;
/// Bytes of a file that is opened: a hundred times what a design has.
pub const FILE_MAX: u64 = 400_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Selected {
    #[default]
    Nothing,
    Part(String),
    /// The calls from one to another.
    Edge(String, String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Latency,
    Use,
    Queues,
    Hits,
    Errors,
    Cost,
    List,
    Text,
}

pub const TABS: [(Tab, &str); 8] = [
    (Tab::Latency, "Latency"),
    (Tab::Use, "Utilisation"),
    (Tab::Queues, "Queues"),
    (Tab::Hits, "Hit ratio"),
    (Tab::Errors, "Errors"),
    (Tab::Cost, "Cost"),
    (Tab::List, "As a list"),
    (Tab::Text, "As text"),
];

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
    #[default]
    Unasked,
    Running,
    Done,
    Cancelled,
    Failed(String),
}

/// What the pointer holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// A component, from where the pointer is in it.
    Part { name: String, by: Place, to: Option<Place> },
    /// The end of a new line.
    Line { from: String, to: Place },
    /// A kind from the palette.
    New { kind: &'static Kind, to: Option<Place> },
    /// The board itself, where it was taken.
    Ground { from: Place },
    /// What is drawn around components.
    Lasso { from: Place, to: Place },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desk {
    /// The exercise or saved design that this is; empty: none yet.
    pub slug: String,
    pub doc: Doc,
    pub text: String,
    /// What is wrong with the text, as long as it is: the line (0: none), and what.
    pub wrong: Option<(usize, String)>,
    pub opened: Option<Opened>,
    past: Vec<(Rc<Doc>, Rc<str>)>,
    future: Vec<(Rc<Doc>, Rc<str>)>,
    /// What the last change was about: another change of the same is the same step.
    about: String,
    /// Counts steps, those back too.
    step: u64,
    pub selected: Selected,
    /// Components that are selected besides that one.
    pub more: Vec<String>,
    /// A click selects one more: what the shift key does, for hands without a keyboard.
    pub several: bool,
    /// From where a call is being made.
    pub linking: Option<String>,
    pub hold: Option<Hold>,
    pub camera: Camera,
    pub tall: bool,
    pub tab: Tab,
    /// Texts that their fields could not take: the path, the text, why.
    pub untaken: Vec<(String, String, String)>,
    pub clipboard: Vec<Copied>,
    pub said: String,
    /// Why the file that was chosen is not on the board.
    pub refused: Option<String>,

    pub seeds: u64,
    pub scores: Scores,
    pub standing: Standing,
    /// The text that was graded, and the one whose run is seen.
    pub graded: String,
    pub seen_of: String,
    pub seed: u64,
    /// What if the load were so many per cent of the design's; and that of the run that is seen.
    pub load: u64,
    pub seen_load: u64,
    pub seen: Option<Rc<Seen>>,
    pub before: Option<Rc<Seen>>,
    /// What was different then, in a few words; empty: more than that.
    pub before_of: String,
    seen_step: u64,
    /// The part of the time that is looked at; none: all.
    pub part: Option<usize>,
    /// It goes on by itself, part after part.
    pub playing: bool,
    /// Requests on the board do not move.
    pub still: bool,
    /// The exercise that the design is for, and what became of its interview.
    pub exercise: Option<Rc<Exercise>>,
    pub interview: Interview,
    /// Its sheet as it was judged, and what the interviewer asks of the graded design.
    pub sheet: Vec<Row>,
    pub follow_ups: Vec<FollowUp>,
    pub measured: Vec<(String, String)>,
    /// Counts what was put here as a whole: fields begin anew.
    pub edition: u64,
    /// Counts what was tried with sliders: fields of numbers show it.
    pub tries: u64,
}

/// The least and the most of the load that is tried, in per cent.
pub const LOADS: (u64, u64) = (25, 400);

impl Desk {
    /// What the graded runs say of a line of the sheet.
    pub fn measured(&self, name: &str) -> Option<&str> {
        self.measured.iter().find(|(of, _)| of == name).map(|(_, said)| said.as_str())
    }

    /// One part on; at the end it rests.
    pub fn play_on(&mut self) {
        let parts = self.seen.as_ref().map_or(0, |seen| seen.parts());
        let next = self.part.map_or(0, |part| part + 1);
        self.playing = next + 1 < parts;
        self.part = Some(next).filter(|next| *next < parts).or(self.part);
    }

    /// A design from its text. What cannot be read is shown as text, with the line.
    pub fn open(slug: &str, text: &str) -> Desk {
        let mut desk = Desk { slug: slug.to_owned(), seeds: SEEDS, load: 100, seen_load: 100, ..Desk::default() };
        desk.take_text(text);
        if desk.wrong.is_some() {
            desk.tab = Tab::Text;
        }
        desk
    }

    fn take_text(&mut self, text: &str) {
        self.text = text.to_owned();
        match Doc::read(text) {
            Ok(doc) => (self.doc, self.wrong) = (doc, None),
            Err(Wrong { line, why }) => self.wrong = Some((line, why)),
        }
    }

    // Changes, and back.

    fn remember(&mut self, about: &str) {
        let same = !about.is_empty() && self.about == about && !self.past.is_empty();
        self.about = about.to_owned();
        self.future.clear();
        if same {
            return;
        }
        if self.past.len() >= PAST_MAX {
            self.past.remove(0);
        }
        let now = self.now();
        self.past.push(now);
        self.step += 1;
    }

    /// What the last step is about, if it is about one thing, and the design before it.
    pub fn last_step(&self) -> Option<(&str, &Doc)> {
        let (doc, _) = self.past.last().filter(|_| !self.about.is_empty())?;
        Some((&self.about, doc))
    }

    /// The design before the last step, if that is about what a path leads to.
    pub fn before_step(&self, path: &str) -> Option<&Doc> {
        self.last_step().filter(|(about, _)| *about == path).map(|(_, doc)| doc)
    }

    fn now(&self) -> (Rc<Doc>, Rc<str>) {
        (Rc::new(self.doc.clone()), self.text.as_str().into())
    }

    /// Changes the design; its text follows. `said` is what was done.
    pub fn change(&mut self, about: &str, said: impl Into<String>, change: impl FnOnce(&mut Doc)) {
        let mut doc = self.doc.clone();
        change(&mut doc);
        if doc != self.doc {
            self.remember(about);
            self.doc = doc;
            self.text = self.doc.write();
            self.wrong = None;
            self.said = said.into();
            self.settle();
        }
    }

    /// Another text, as it is typed.
    pub fn write(&mut self, text: &str) {
        if text != self.text {
            self.remember("text");
            self.take_text(text);
            self.settle();
        }
    }

    /// The design of a file takes this one's place; a step back takes it away again.
    pub fn take_file(&mut self, text: &str) {
        self.refused = None;
        if text == self.text {
            self.said = "This file is what is here already.".into();
            return;
        }
        self.remember("");
        self.take_text(text);
        (self.selected, self.linking, self.camera) = (Selected::Nothing, None, Camera::default());
        self.edition += 1;
        self.settle();
        self.said = "Opened; undo takes it back.".into();
    }

    /// A file stays outside: its line (0: none), and what is wrong there.
    pub fn refuse_file(&mut self, name: &str, line: usize, why: &str) {
        let place = if line > 0 { format!(", line {line}") } else { String::new() };
        let why = why.trim_end().trim_end_matches('.');
        self.said = format!("{name} was not opened.");
        self.refused = Some(format!(
            "{name}{place}: {why}. What is taken is a design as “Save as a file” writes it: TOML text of {} kB at most. Nothing here was changed.",
            FILE_MAX / 1_000
        ));
    }

    /// What is no longer there is not selected.
    fn settle(&mut self) {
        let gone = match &self.selected {
            Selected::Nothing => false,
            Selected::Part(name) => self.doc.part(name).is_none(),
            Selected::Edge(from, to) => !self.doc.edges().iter().any(|edge| edge.from == *from && edge.to == *to),
        };
        self.more.retain(|name| self.doc.part(name).is_some());
        if gone {
            self.selected = self.more.pop().map_or(Selected::Nothing, Selected::Part);
        }
        if self.linking.as_ref().is_some_and(|from| self.doc.part(from).is_none()) {
            self.linking = None;
        }
        self.untaken.clear();
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    pub fn undo(&mut self) {
        if let Some(before) = self.past.pop() {
            let now = self.now();
            self.future.push(now);
            self.put_back(before, "Undone.");
        }
    }

    pub fn redo(&mut self) {
        if let Some(after) = self.future.pop() {
            let now = self.now();
            self.past.push(now);
            self.put_back(after, "Done again.");
        }
    }

    fn put_back(&mut self, (doc, text): (Rc<Doc>, Rc<str>), said: &str) {
        self.take_text(&text);
        self.doc = Doc::clone(&doc);
        self.about.clear();
        self.step += 1;
        self.edition += 1;
        self.said = said.to_owned();
        self.settle();
    }

    // Components and calls.

    pub fn select(&mut self, selected: Selected) {
        if let Selected::Part(to) = &selected
            && let Some(from) = self.linking.take()
            && from != *to
        {
            return self.connect(&from, to);
        }
        self.selected = selected;
        self.more.clear();
        self.about.clear();
        self.untaken.clear();
    }

    pub fn add(&mut self, kind: &'static Kind, at: Option<Place>) {
        let mut name = String::new();
        let given = self.exercise.as_ref().map_or(Vec::new(), |exercise| exercise.given(kind.table).to_vec());
        self.change("", "", |doc| {
            name = doc.add(kind);
            for (key, value) in &given {
                doc.put(&format!("{}/{name}/{key}", kind.table), Some(value.clone()));
            }
            if let Some(at) = at {
                doc.set_place(&name, (at.x as i32, at.y as i32));
            }
        });
        self.select(Selected::Nothing);
        self.selected = Selected::Part(name.clone());
        self.said = format!("Added {name}.");
    }

    /// By what was typed; false if nothing is called so.
    pub fn add_typed(&mut self, text: &str) -> bool {
        match kinds::typed(text) {
            Some(kind) => {
                self.add(kind, None);
                true
            }
            None => {
                let all: Vec<&str> = kinds::KINDS.iter().map(|kind| kind.word).collect();
                self.said = format!("There is no “{}”. There are: {}.", text.trim(), all.join(", "));
                false
            }
        }
    }

    pub fn remove(&mut self) {
        match self.selected.clone() {
            Selected::Nothing | Selected::Part(_) => self.remove_chosen(),
            Selected::Edge(from, to) => {
                let said = format!("{from} calls {to} no more.");
                self.change("", said, |doc| {
                    let edges = doc.edges();
                    let edge = edges.iter().find(|edge| edge.from == from && edge.to == to);
                    // From the last on: the places of the others stay.
                    for path in edge.iter().flat_map(|edge| &edge.calls).rev() {
                        disconnect(doc, path, &to);
                    }
                });
            }
        }
    }

    /// One call to one component is taken away.
    pub fn disconnect(&mut self, path: &str, to: &str) {
        self.change("", "The call was removed.", |doc| disconnect(doc, path, to));
        self.edition += 1;
    }

    pub fn connect(&mut self, from: &str, to: &str) {
        self.linking = None;
        let mut made = Ok(String::new());
        let (a, b) = (from.to_owned(), to.to_owned());
        self.change("", format!("{from} calls {to}."), |doc| made = doc.connect(&a, &b));
        match made {
            Ok(_) => (self.selected, self.more) = (Selected::Edge(a, b), Vec::new()),
            Err(why) => self.said = why,
        }
    }

    pub fn rename(&mut self, old: &str, new: &str) {
        let mut done = Ok(());
        let path = format!("name:{old}");
        self.untaken.retain(|(own, ..)| *own != path);
        self.change("", format!("{old} is called {} now.", new.trim()), |doc| done = doc.rename(old, new));
        match done {
            Ok(()) if self.selected == Selected::Part(old.to_owned()) || self.doc.part(old).is_none() => {
                self.selected = Selected::Part(new.trim().to_owned());
            }
            Ok(()) => {}
            Err(why) => self.untaken.push((path, new.to_owned(), why)),
        }
    }

    pub fn aside(&mut self, service: &str) {
        let mut done = Ok(());
        let said = format!("{service} asks the cache first, on a miss the database; then it fills the cache.");
        self.change("", said, |doc| done = doc.aside(service));
        self.edition += 1;
        if let Err(why) = done {
            self.said = why;
        }
    }

    // Fields.

    /// A field was changed: what it cannot take stays in it, with the reason.
    pub fn set(&mut self, path: &str, takes: Takes, text: &str) {
        self.untaken.retain(|(own, ..)| own != path);
        match values::read(takes, text) {
            Ok(value) => {
                let untaken = std::mem::take(&mut self.untaken);
                self.change(path, "", |doc| {
                    doc.put(path, value);
                    // A breaker without numbers is none.
                    if let Some((owner, "failures" | "open")) = path.rsplit_once('/')
                        && doc.at(owner).and_then(Value::table).is_some_and(|table| table.0.is_empty())
                    {
                        doc.put(owner, None);
                    }
                });
                self.untaken = untaken;
            }
            Err(why) => {
                self.said = why.clone();
                self.untaken.push((path.to_owned(), text.to_owned(), why));
            }
        }
    }

    pub fn reshape(&mut self, path: &str, shape: &str) {
        if let Some(value) = values::reshaped(self.doc.at(path), shape) {
            self.change(path, "", |doc| {
                doc.put(path, Some(value));
            });
            self.edition += 1;
        }
    }

    /// What is wrong with a field, and the text that stands in it.
    pub fn untaken(&self, path: &str) -> Option<(&str, &str)> {
        self.untaken.iter().find(|(own, ..)| own == path).map(|(_, text, why)| (text.as_str(), why.as_str()))
    }

    // Runs.

    /// The run of a seed was seen; the one before it stays as a ghost, if it was of another design. What is tried in one
    /// step is seen beside the run before that step, not beside the try before.
    pub fn see(&mut self, seen: Seen, text: String) {
        let (loaded, steps) = (self.seen_load != self.load, self.step - self.seen_step.min(self.step));
        let tried = steps == 0 && !loaded && self.before.is_some();
        if (loaded || self.seen_of != text) && !tried {
            self.before = self.seen.take();
            self.before_of = match (loaded, steps) {
                (true, 0) => format!("load {} %", self.seen_load),
                (false, 1) => whatif::before(self),
                _ => String::new(),
            };
        }
        (self.seen_load, self.seen_step) = (self.load, self.step);
        if self.part.is_some_and(|part| part >= seen.parts()) {
            self.part = None;
        }
        self.seed = seen.seed;
        self.seen = Some(Rc::new(seen));
        self.seen_of = text;
    }

    pub fn grade(&mut self) {
        let requirements = self.opened.as_ref().map_or(Vec::new(), |opened| opened.requirements.clone());
        self.scores = Scores::new(requirements, self.seeds.clamp(1, SEEDS_MAX));
        self.graded = self.text.clone();
        self.standing = Standing::Running;
    }

    /// The design was changed since it was graded.
    pub fn is_changed(&self) -> bool {
        self.standing != Standing::Unasked && self.graded != self.text
    }

    /// Whether it can be run.
    pub fn is_ready(&self) -> bool {
        self.wrong.is_none() && self.opened.is_some()
    }
}

/// Whether a file's text can be that of a design; else the line (0: none) and what is wrong there.
///
/// # Errors
/// What is no text, or not TOML.
pub fn readable(text: &str) -> Result<(), (usize, String)> {
    if let Some(at) = text.find(['\0', char::REPLACEMENT_CHARACTER]) {
        return Err((toml::line_of(text, at), "this is no text".into()));
    }
    Doc::read(text).map(drop).map_err(|Wrong { line, why }| (line, why))
}

fn disconnect(doc: &mut Doc, path: &str, to: &str) {
    let Some(call) = doc.at(path).and_then(Value::table) else { return };
    let left: Vec<Value> = call.list("to").iter().filter(|value| value.words() != to).cloned().collect();
    if left.is_empty() {
        doc.put(path, None);
    } else {
        doc.put(&format!("{path}/to"), Some(Value::List(left)));
    }
}
