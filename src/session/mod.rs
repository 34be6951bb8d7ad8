//! Layer 6: the only way to the engine. A [`Session`] takes requests of the wire and gives replies; the worker hosts
//! one in the browser, tests and the command line use it as it is.

mod frame;
mod inspect;
mod navigate;
mod rows;
mod status;

use crate::lesson::measure::Sweep;
use crate::lesson::{GoalRun, Lesson, Pack, Watcher, opened};
use crate::sim::cell::Entry;
use crate::sim::scenario::Blueprint;
use crate::sim::timeline::Timeline;
use crate::sim::world::Watch;
use crate::wire::*;

/// Steps that one request may simulate before it answers: the page is never left waiting for long.
pub const SLICE_STEPS: u64 = 30_000;

/// A run that is open.
struct Run {
    timeline: Timeline,
    /// What the page was last sent.
    sent: Option<Status>,
    pace: u64,
    /// Title of the scenario that it came from.
    title: String,
}

pub struct Session {
    registry: &'static [Entry],
    lesson: Option<Lesson>,
    /// The measurement under way.
    sweep: Option<Sweep>,
    run: Option<Run>,
}

impl Session {
    pub fn new(registry: &'static [Entry]) -> Session {
        Session { registry, lesson: None, sweep: None, run: None }
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
        let wrap = |reply| FromEngine { version: VERSION, generation: message.generation, reply };
        replies.into_iter().map(wrap).collect()
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
            Request::Die => panic!("the engine was asked to die"),
            other => match &mut self.run {
                Some(run) => run.handle(other),
                None => vec![Reply::Failed("no run is open".into())],
            },
        }
    }

    fn load(&mut self, name: &str, pack: &[u8]) -> Reply {
        match Pack::from_bytes(name, pack).and_then(|pack| Lesson::new(pack, self.registry)) {
            Ok(lesson) => {
                let page = lesson.page().clone();
                (self.lesson, self.sweep) = (Some(lesson), None);
                Reply::Lesson(Box::new(page))
            }
            Err(error) => Reply::Failed(error),
        }
    }

    fn lesson(&self) -> Result<&Lesson, String> {
        self.lesson.as_ref().ok_or_else(|| "no lesson is loaded".to_owned())
    }

    fn predict(&self, step: u32, prediction: u32) -> Reply {
        let outcome = self.lesson().and_then(|lesson| lesson.predict(step, prediction));
        outcome.map_or_else(Reply::Failed, Reply::Predicted)
    }

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

    fn press(&mut self, step: u32, button: u32) -> Vec<Reply> {
        let commands = match self.lesson().and_then(|lesson| lesson.button(step, button)) {
            Ok(commands) => commands.to_vec(),
            Err(error) => return vec![Reply::Failed(error)],
        };
        let Some(run) = &mut self.run else { return vec![Reply::Failed("no run is open".into())] };
        let done = commands.into_iter().try_for_each(|command| run.timeline.command(command));
        run.answered(done)
    }

    /// The goals of a step, for a run of its scenario or of a saved one with the same nodes.
    fn goals(&self, step: u32, run: &Blueprint) -> Result<GoalRun, String> {
        let lesson = self.lesson()?;
        let names = |b: &Blueprint| b.setup.nodes.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
        if names(&lesson.blueprint(step)?) != names(run) {
            return Err("the saved run does not belong to this step: it has other nodes".into());
        }
        lesson.goals(step)
    }

    fn open(&mut self, open: OpenRun) -> Result<Vec<Reply>, String> {
        let (mut blueprint, step) = match &open.source {
            RunSource::Text(file) => (Blueprint::read(file, self.registry)?, None),
            RunSource::Measured { step, choices, row } => {
                (self.lesson()?.measured_run(*step, choices, *row, open.seed.unwrap_or(1))?, None)
            }
            RunSource::Step(step) => (self.lesson()?.blueprint(*step)?, Some(*step)),
            RunSource::StepWithRun { step, saved } => {
                let file = SourceFile { name: "saved run".into(), text: saved.clone() };
                (Blueprint::read(&file, self.registry)?, Some(*step))
            }
        };
        if let Some(seed) = open.seed {
            blueprint = blueprint.with_seed(seed);
        }
        let goals = match step {
            Some(step) => self.goals(step, &blueprint)?,
            None => GoalRun::default(),
        };
        let head = blueprint.scenario.commands.iter().rev().find(|e| e.learner).map(|e| e.at);
        let mut run = Run::new(blueprint, Watcher::new(goals));
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

impl Run {
    fn new(blueprint: Blueprint, watcher: Watcher) -> Run {
        let pace = frame::pace_us_per_s(&blueprint);
        let title = blueprint.scenario.title.clone();
        let watch = Watch { properties: true, hash: false };
        Run { timeline: Timeline::new(blueprint, watch, Some(Box::new(watcher))), sent: None, pace, title }
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
            Request::Move(to) => {
                let done = self.go(to);
                self.answered(done)
            }
            Request::Do(command) => {
                let done = self.timeline.command(command);
                self.answered(done)
            }
            Request::Undo => {
                let done = self.timeline.undo();
                self.answered(done)
            }
            Request::Branch(id) => {
                let done = self.timeline.go_to_branch(id);
                self.answered(done)
            }
            Request::Rows { first, count, filter } => vec![Reply::Rows(self.rows(first, count, &filter))],
            Request::Inspect { node } => vec![self.inspect(node)],
            Request::Export => vec![Reply::Exported(self.timeline.save().to_json())],
            _ => vec![Reply::Failed("the request is not about a run".into())],
        }
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
