//! Layer 6: the only way to the engine. A [`Session`] takes requests of the wire and gives replies; the worker hosts
//! one in the browser, tests and the command line use it as it is.

mod charts;
mod diagram;
mod frame;
mod inspect;
mod navigate;
mod rows;
mod status;
mod watch;

use crate::base::Micros;
use crate::lesson::measure::Sweep;
use crate::lesson::pack::PackColumn;
use crate::lesson::{GoalRun, Lesson, Pack, Watcher, opened};
use crate::sim::cell::Entry;
use crate::sim::scenario::{Blueprint, LogEntry, Scenario};
use crate::sim::timeline::Timeline;
use crate::sim::window::BLOCK_ROWS;
use crate::sim::world::Watch;
use crate::wire::*;
use std::sync::Arc;

/// Steps that one request may simulate before it answers: the page is never left waiting for long.
pub const SLICE_STEPS: u64 = 30_000;

/// A run that is open.
struct Run {
    timeline: Timeline,
    /// The status that the page was last sent, encoded.
    sent: Vec<u8>,
    pace: u64,
    /// Title of the scenario that it came from.
    title: String,
    /// What its step of a lesson measures.
    columns: Vec<PackColumn>,
    tally: charts::Tally,
    /// How branches that were left looked at their ends.
    ends: Vec<(u32, Frame)>,
    lines: charts::Lines,
}

/// Makes something of the open run that it knows by name.
pub type Writer = Box<dyn FnMut(&mut Session, &str) -> Result<String, String>>;

pub struct Session {
    registry: &'static [Entry],
    writer: Option<Writer>,
    /// Rows of a block of a run.
    block: u32,
    lesson: Option<Lesson>,
    /// The measurement under way.
    sweep: Option<Sweep>,
    run: Option<Run>,
    /// The last frame that was sent, and in which generation: the next says only what is new.
    sent: Option<(u32, Frame)>,
}

impl Session {
    pub fn new(registry: &'static [Entry]) -> Session {
        Session { registry, writer: None, block: BLOCK_ROWS, lesson: None, sweep: None, run: None, sent: None }
    }

    /// One that holds blocks of so many rows of its runs.
    pub fn with_blocks(self, block: u32) -> Session {
        Session { block, ..self }
    }

    /// One that writes runs in other forms too.
    pub fn with_writer(self, writer: Writer) -> Session {
        Session { writer: Some(writer), ..self }
    }

    /// Answers a message; a message of another version is refused.
    pub fn answer(&mut self, message: ToEngine) -> Vec<FromEngine> {
        let replies = if message.version == VERSION {
            self.handle(message.request)
        } else {
            let text =
                format!("page and engine are of different builds ({} and {VERSION}); reload the page", message.version);
            vec![Reply::Failed(text)]
        };
        let generation = message.generation;
        let wrap = |reply| FromEngine { version: VERSION, generation, reply: self.shortened(generation, reply) };
        replies.into_iter().map(wrap).collect()
    }

    /// Frames of a generation after its first one are sent as changes: the page hears all of them.
    fn shortened(&mut self, generation: u32, reply: Reply) -> Reply {
        let Reply::Frame(mut frame) = reply else { return reply };
        let nothing = Frame::default();
        let before = self.sent.take().filter(|(of, _)| *of == generation);
        let mut sent = frame.since(before.as_ref().map_or(&nothing, |(_, before)| before));
        if before.is_none() {
            sent.changes = None;
        }
        self.sent = Some((generation, *frame));
        Reply::Frame(Box::new(sent))
    }

    pub fn handle(&mut self, request: Request) -> Vec<Reply> {
        match request {
            Request::LoadLesson { name, pack } => vec![self.load(&name, &pack)],
            Request::Open(open) => self.open(open).unwrap_or_else(|error| vec![Reply::Failed(error)]),
            Request::Predict { step, prediction } => vec![self.predict(step, prediction)],
            Request::Measure { step, choices, done } => {
                vec![self.measure(step, &choices, done).unwrap_or_else(Reply::Failed)]
            }
            Request::Press { step, button } => self.press(step, button),
            Request::Write { form } => vec![self.write(&form).map_or_else(Reply::Failed, Reply::Exported)],
            Request::Die => panic!("the engine was asked to die"),
            other => match &mut self.run {
                Some(run) => run.handle(other),
                None => vec![Reply::Failed("no run is open".into())],
            },
        }
    }

    #[inline(never)]
    fn write(&mut self, form: &str) -> Result<String, String> {
        let mut writer = self.writer.take();
        let written = match &mut writer {
            Some(write) => write(self, form),
            None => Err("this engine writes no other forms".into()),
        };
        self.writer = writer;
        written
    }

    /// The run that is open.
    pub fn timeline(&self) -> Option<&Timeline> {
        self.run.as_ref().map(|run| &run.timeline)
    }

    pub fn registry(&self) -> &'static [Entry] {
        self.registry
    }

    /// What does not change of it.
    pub fn opened(&self) -> Option<Opened> {
        self.run.as_ref().map(Run::opened)
    }

    #[inline(never)]
    fn load(&mut self, name: &str, pack: &[u8]) -> Reply {
        match Pack::from_bytes(name, pack).map(|pack| Lesson::new(pack, self.registry)) {
            Ok(lesson) => {
                let page = lesson.page().to_vec();
                (self.lesson, self.sweep) = (Some(lesson), None);
                Reply::Lesson(page)
            }
            Err(error) => Reply::Failed(error),
        }
    }

    fn lesson(&self) -> Result<&Lesson, String> {
        self.lesson.as_ref().ok_or_else(|| "no lesson is loaded".to_owned())
    }

    #[inline(never)]
    fn predict(&self, step: u32, prediction: u32) -> Reply {
        let outcome = self.lesson().and_then(|lesson| lesson.predict(step, prediction));
        outcome.map_or_else(Reply::Failed, Reply::Predicted)
    }

    #[inline(never)]
    fn measure(&mut self, step: u32, choices: &[u32], done: u32) -> Result<Reply, String> {
        let under_way = self.sweep.take().filter(|sweep| sweep.is_at(step, choices, done));
        let mut sweep = match under_way {
            Some(sweep) => sweep,
            None if done == 0 => self.lesson()?.sweep(step, choices)?,
            None => return Err("this measurement is not under way".into()),
        };
        let measured = self.lesson()?.advance(&mut sweep, SLICE_STEPS)?;
        self.sweep = Some(sweep);
        Ok(Reply::Measured(Box::new(measured)))
    }

    #[inline(never)]
    fn press(&mut self, step: u32, button: u32) -> Vec<Reply> {
        let commands: Vec<LogEntry> = match self.lesson().and_then(|lesson| lesson.button(step, button)) {
            Ok(commands) => commands.to_vec(),
            Err(error) => return vec![Reply::Failed(error)],
        };
        let Some(run) = &mut self.run else { return vec![Reply::Failed("no run is open".into())] };
        run.change(Box::new(move |timeline| timeline.press(&commands)))
    }

    /// The goals of a step, for a run of its scenario or of a saved one with the same nodes.
    #[inline(never)]
    fn goals(&self, step: u32, run: &Blueprint) -> Result<GoalRun, String> {
        let lesson = self.lesson()?;
        let names = |b: &Blueprint| b.setup.nodes.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
        if names(&lesson.blueprint(step)?) != names(run) {
            return Err("the saved run does not belong to this step: it has other nodes".into());
        }
        lesson.goals(step)
    }

    #[inline(never)]
    fn of_sheet(&self, sheet: &Sheet) -> Result<Blueprint, Reply> {
        let resolve = |scenario| Blueprint::resolve(scenario, self.registry);
        let made = Scenario::of_sheet(sheet, self.registry).and_then(resolve);
        made.map_err(|fault| Reply::Wrong { part: fault.needle, why: fault.message })
    }

    /// A run of the lesson, and the step whose goals it has.
    #[inline(never)]
    fn of_lesson(&self, source: &RunSource, seed: Option<u64>) -> Result<(Blueprint, Option<u32>), String> {
        let lesson = self.lesson()?;
        Ok(match source {
            RunSource::Measured { step, choices, row } => {
                (lesson.measured_run(*step, choices, *row, seed.unwrap_or(1))?, None)
            }
            RunSource::StepWithRun { step, saved } => {
                let file = SourceFile { name: "saved run".into(), text: saved.clone() };
                (Blueprint::read(&file, self.registry)?, Some(*step))
            }
            RunSource::Step(step) => (lesson.blueprint(*step)?, Some(*step)),
            RunSource::Text(_) | RunSource::Sheet(_) => return Err("this run is of no lesson".into()),
        })
    }

    fn open(&mut self, open: OpenRun) -> Result<Vec<Reply>, String> {
        let (mut blueprint, step) = match &open.source {
            RunSource::Text(file) => (Blueprint::read(file, self.registry)?, None),
            RunSource::Sheet(sheet) => match self.of_sheet(sheet) {
                Ok(blueprint) => (blueprint, None),
                Err(wrong) => return Ok(vec![wrong]),
            },
            other => self.of_lesson(other, open.seed)?,
        };
        if let Some(seed) = open.seed {
            blueprint = blueprint.with_seed(seed);
        }
        let goals = match step {
            Some(step) => self.goals(step, &blueprint)?,
            None => GoalRun::default(),
        };
        let head = blueprint.scenario.commands.iter().rev().find(|e| e.learner).map(|e| e.at);
        // What writes whole runs in other forms holds whole runs.
        let block = self.writer.is_none().then_some(self.block);
        let mut run = Run::new(blueprint, Watcher::new(goals), block);
        run.columns = step.map_or(Vec::new(), |step| self.lesson().map_or(Vec::new(), |lesson| lesson.columns(step)));
        // A saved run is as long as its log, and as far as it was looked at.
        if let Some(at) = open.cursor.max(head) {
            run.timeline.seek(at, crate::sim::trace::ROWS_MAX as u64);
        }
        if let Some(at) = open.cursor {
            run.timeline.seek(at, SLICE_STEPS);
        }
        let replies = vec![Reply::Opened(Box::new(run.opened())), run.frame()];
        self.run = Some(run);
        Ok(replies)
    }
}

/// Something that changes a run.
type Change = Box<dyn FnOnce(&mut Timeline) -> Result<(), String>>;

impl Run {
    fn new(blueprint: Blueprint, watcher: Watcher, block: Option<u32>) -> Run {
        let pace = frame::pace_us_per_s(&blueprint);
        let title = blueprint.scenario.title.clone();
        let watch = Watch { properties: true, hash: false };
        Run {
            timeline: Timeline::held(blueprint, watch, Some(Box::new(watcher)), block),
            sent: Vec::new(),
            pace,
            title,
            columns: Vec::new(),
            tally: Default::default(),
            ends: Vec::new(),
            lines: Default::default(),
        }
    }

    fn opened(&self) -> Opened {
        Opened { pace_us_per_s: self.pace, title: self.title.clone(), ..opened(&self.timeline.blueprint) }
    }

    fn handle(&mut self, request: Request) -> Vec<Reply> {
        match request {
            Request::Show { at } => {
                self.timeline.seek(at, SLICE_STEPS);
                vec![self.frame()]
            }
            Request::Do(command) => self.change(Box::new(|timeline| timeline.command(command))),
            Request::Export => vec![Reply::Exported(self.timeline.save().to_json())],
            other => self.answer(other),
        }
    }

    /// Answers what is asked more rarely.
    #[inline(never)]
    fn answer(&mut self, request: Request) -> Vec<Reply> {
        match request {
            Request::Move(to) => {
                let done = self.go(to);
                self.answered(done)
            }
            Request::DoAll(commands) => {
                let entry =
                    |(at, command)| LogEntry { at, after: 0, spread: Micros::ZERO, command, learner: true, press: 0 };
                let entries: Vec<LogEntry> = commands.into_iter().map(entry).collect();
                self.change(Box::new(move |timeline| timeline.press(&entries)))
            }
            Request::Edit { place, at } => self.change(Box::new(move |timeline| timeline.edit(place as usize, at))),
            Request::Payload { row } => vec![self.payload(row)],
            Request::Undo => self.change(Box::new(Timeline::undo)),
            Request::Branch(id) => self.change(Box::new(move |timeline| timeline.go_to_branch(id))),
            Request::Adopt { run, to, name } => self.adopt(run, to, name),
            Request::Name { branch, name } => {
                let done = self.timeline.name_branch(branch, &name);
                self.answered(done)
            }
            Request::Glance { branch } => vec![self.glance(branch)],
            Request::Rows { first, count, filter } => vec![Reply::Rows(self.rows(first, count, &filter))],
            Request::Diagram(ask) => vec![Reply::Diagram(Box::new(self.diagram(&ask)))],
            Request::Charts { of, watch } => vec![Reply::Charts(Box::new(self.charts(of, &watch)))],
            Request::Inspect { node, of, watch } => vec![self.inspect(node, of, &watch)],
            Request::Arrange { arrangement, places } => {
                Arc::make_mut(&mut self.timeline.blueprint).scenario.arrange(arrangement, &places);
                self.handle(Request::Export)
            }
            Request::Sheet => {
                let setup = Arc::clone(&self.timeline.blueprint.setup);
                vec![Reply::Sheet(Box::new(self.timeline.save().sheet(&setup)))]
            }
            Request::Trace { first } => vec![Reply::Trace(self.trace(first))],
            _ => vec![Reply::Failed("the request is not about a run".into())],
        }
    }

    /// Does what may lead to another branch; how the present one ends is kept. While messages are held, nobody lets time
    /// pass: what was newly done causes at this instant happens with it.
    fn change(&mut self, change: Change) -> Vec<Reply> {
        self.timeline.hold_head();
        let (branch, end) = (self.timeline.branch, self.end());
        let done = change(&mut self.timeline);
        if self.timeline.branch != branch {
            self.ends.retain(|(id, _)| *id != branch);
            self.ends.push((branch, end));
            self.ends.retain(|(id, _)| self.timeline.branches.iter().any(|branch| branch.id == *id));
        }
        if self.timeline.is_at_head() && self.timeline.head().net.held {
            self.timeline.seek(self.timeline.shown(), SLICE_STEPS);
        }
        self.answered(done)
    }

    fn adopt(&mut self, text: String, to: Micros, name: String) -> Vec<Reply> {
        let mine = self.timeline.save();
        self.change(Box::new(move |timeline| {
            let theirs = Scenario::read(&SourceFile { name: "the run".into(), text })?;
            let same = Scenario { commands: mine.commands.clone(), layout: mine.layout, ..theirs.clone() } == mine;
            if !same {
                return Err("It belongs to another run: open that one first.".into());
            }
            timeline.adopt(theirs.commands, to, &name)
        }))
    }

    /// A refusal is said before the frame.
    fn answered(&mut self, done: Result<(), String>) -> Vec<Reply> {
        let refused = done.err().map(Reply::Refused);
        refused.into_iter().chain([self.frame()]).collect()
    }

    fn watcher(&self) -> &Watcher {
        self.timeline.observer().and_then(|o| o.as_any().downcast_ref()).expect("every session's run is watched")
    }
}
