//! The board's workers: one that reads the design as it is changed and looks at single runs, and for a grading as many as
//! there are cores, which are given seeds slice after slice and ended when there are none left.

use super::super::engine::{Heard, Link};
use super::super::lab::Core;
use super::{act, file, known};
use crate::view::board::desk::{Desk, Standing};
use crate::view::board::seen::Seen;
use crate::view::board::{interview, score};
use crate::wire::{Reply, Request};
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

const ENGINE: &str = "designer";
/// Workers of a grading at most; else one for each core.
const WORKERS_MAX: u32 = 32;

/// What the first worker was asked.
#[derive(Clone)]
enum Asked {
    Exercise,
    Open,
    Seed,
    Sheet,
    Card,
    /// Whether a file of this name is a design.
    File(String),
}

thread_local! {
    /// In order, with the text that it is about.
    static WAITING: RefCell<VecDeque<(Asked, String)>> = const { RefCell::new(VecDeque::new()) };
}

fn words(text: &str) -> Request {
    Request::Write { form: text.to_owned() }
}

fn ask(core: &Core, asked: Asked, text: &str, request: &str) {
    let link = core.works.designer.borrow().clone();
    let link = link.unwrap_or_else(|| {
        let me = core.me.clone();
        let hear = move |heard| {
            if let Some(core) = me.upgrade() {
                hear(&core, heard);
            }
        };
        Link::new(ENGINE, Box::new(hear))
    });
    *core.works.designer.borrow_mut() = Some(Rc::clone(&link));
    WAITING.with(|waiting| waiting.borrow_mut().push_back((asked, text.to_owned())));
    link.send(words(request));
}

/// So long after the last of several changes in a row, a run begins.
const SOON_MS: u32 = 120;

thread_local! {
    static SOON: RefCell<Option<Timeout>> = const { RefCell::new(None) };
}

fn soon(core: &Core, what: fn(&Core)) {
    let me = core.me.clone();
    let timer = Timeout::new(SOON_MS, move || {
        if let Some(core) = me.upgrade() {
            what(&core);
        }
    });
    // That ends the one before.
    SOON.set(Some(timer));
}

/// Has the text read once the hand rests.
pub fn check_soon(core: &Core) {
    soon(core, check);
}

/// Looks at the run under another load, once the hand rests.
pub fn look_soon(core: &Core) {
    soon(core, |core| {
        if end_run(core) || !known(core).is_ready() {
            read(core);
        } else {
            look(core, known(core).seed);
        }
    });
}

/// A run that nobody waits for any more is ended with its worker, which does nothing else meanwhile; true if there was one.
fn end_run(core: &Core) -> bool {
    let stale = WAITING.with_borrow_mut(|waiting| {
        let runs = waiting.iter().any(|(asked, _)| matches!(asked, Asked::Seed));
        let needed = waiting.iter().any(|(asked, _)| matches!(asked, Asked::Card | Asked::File(_)));
        if runs && !needed {
            waiting.clear();
        }
        runs && !needed
    });
    if stale {
        core.works.designer.borrow_mut().take();
        exercise(core);
    }
    stale
}

/// Asks whether a file is a design before it takes the place of the one that is here.
pub fn open_file(core: &Core, name: &str, text: &str) {
    ask(core, Asked::File(name.to_owned()), text, &format!("open\n{text}"));
}

/// The worker has read a file instead of the design: that is read again unless the file took its place.
fn filed(core: &Core, name: &str, text: &str, answer: &str) -> Result<(), String> {
    match score::opened(answer)? {
        Ok(_) => file::take(core, text),
        Err((line, why)) => file::refuse(core, name, line, &why),
    }
    read(core);
    Ok(())
}

/// Has the text of the desk read; when it was, a run is looked at.
pub fn check(core: &Core) {
    end_run(core);
    read(core);
}

fn read(core: &Core) {
    let desk = known(core);
    if desk.wrong.is_none() {
        ask(core, Asked::Open, &desk.text, &format!("open\n{}", desk.text));
    }
}

/// Gives the worker the exercise of the desk, if it has one.
pub fn exercise(core: &Core) {
    let desk = known(core);
    if let Some(exercise) = &desk.exercise {
        ask(core, Asked::Exercise, &desk.text, &format!("exercise\n{}", exercise.text));
        judge_sheet(core);
    }
}

/// Has the estimation sheet judged.
pub fn judge_sheet(core: &Core) {
    let desk = known(core);
    let mut words = String::from("sheet\n");
    for (name, entry) in &desk.interview.entries {
        words += &format!("{name}={}\n", entry.replace('\n', " "));
    }
    ask(core, Asked::Sheet, &desk.text, &words);
}

/// Looks at the run of a seed of the design as it is.
pub fn look(core: &Core, seed: u64) {
    let desk = known(core);
    if desk.is_ready() {
        ask(core, Asked::Seed, &desk.text, &format!("seed {seed} {}", desk.load));
    }
}

fn hear(core: &Core, heard: Heard) {
    let (answer, text) = match heard {
        Heard::Reply(_, reply) => {
            let Some((asked, text)) = WAITING.with(|waiting| waiting.borrow_mut().pop_front()) else { return };
            // What comes for a text that was changed meanwhile is old.
            if known(core).text != text && !matches!(asked, Asked::Sheet | Asked::File(_)) {
                return;
            }
            match reply {
                Reply::Exported(answer) => (Ok((asked, answer)), text),
                Reply::Failed(why) => (Err(why), text),
                _ => return,
            }
        }
        Heard::Died(why, _) => {
            WAITING.with(|waiting| waiting.borrow_mut().clear());
            (Err(why), known(core).text.clone())
        }
    };
    let done = answer.and_then(|(asked, answer)| match asked {
        Asked::Exercise => Ok(()),
        Asked::Open => opened(core, &answer),
        Asked::File(name) => filed(core, &name, &text, &answer),
        Asked::Sheet => interview::sheet(&answer).map(|rows| act(core, &mut |desk| desk.sheet = rows.clone())),
        Asked::Card => {
            interview::card(&answer).map(|card| act(core, &mut |desk| (desk.follow_ups, desk.measured) = card.clone()))
        }
        Asked::Seed => Seen::read(&answer).map(|seen| {
            let mut seen = Some(seen);
            act(core, &mut |desk| {
                if let Some(seen) = seen.take() {
                    desk.see(seen, text.clone());
                }
            });
        }),
    });
    if let Err(why) = done {
        act(core, &mut |desk| desk.wrong = Some((0, why.clone())));
    }
}

fn opened(core: &Core, answer: &str) -> Result<(), String> {
    let read = score::opened(answer)?;
    act(core, &mut |desk| match read.clone() {
        Ok(opened) => (desk.opened, desk.wrong) = (Some(opened), None),
        Err(wrong) => (desk.opened, desk.wrong) = (None, Some(wrong)),
    });
    let desk = known(core);
    if desk.is_ready() && (desk.seen_of != desk.text || desk.seen_load != desk.load) {
        look(core, desk.seed);
    }
    Ok(())
}

// Grading.

pub fn grade(core: &Core) {
    stop(core);
    act(core, &mut Desk::grade);
    let text = known(core).graded.clone();
    let exercise = known(core).exercise.as_ref().map_or(String::new(), |exercise| exercise.text.clone());
    let workers = (window().navigator().hardware_concurrency() as u32).clamp(1, WORKERS_MAX);
    let start = |worker: u32| {
        let me = core.me.clone();
        let hear = move |heard| {
            if let Some(core) = me.upgrade() {
                graded(&core, worker as usize, heard);
            }
        };
        let link = Link::new(ENGINE, Box::new(hear));
        if !exercise.is_empty() {
            link.send(words(&format!("exercise\n{exercise}")));
        }
        link.send(words(&format!("open\n{text}")));
        (Some(link), (0, 0))
    };
    *core.works.graders.borrow_mut() = (0..workers).map(start).collect();
}

/// Gives a worker what is left of its seeds, or others, or lets it go; when all are gone, it is done.
fn go_on(core: &Core, worker: usize) {
    let mut left = true;
    {
        let mut graders = core.works.graders.borrow_mut();
        let count = graders.len() as u64;
        let Some((link, seeds)) = graders.get_mut(worker) else { return };
        if seeds.0 >= seeds.1 {
            let mut desk = known(core);
            let more = Rc::make_mut(&mut desk).scores.hand_out(count);
            *core.works.desk.borrow_mut() = Some(desk);
            match more {
                Some(more) => *seeds = more,
                None => *link = None,
            }
        }
        match link {
            Some(link) => link.send(words(&format!("grade {} {}", seeds.0, seeds.1))),
            None => left = graders.iter().any(|(link, _)| link.is_some()),
        }
    }
    if !left {
        core.works.graders.take();
        act(core, &mut |desk| {
            desk.standing = Standing::Done;
            let met = desk.scores.lines().iter().filter(|line| line.met).count();
            desk.said = format!("{met} of {} requirements are met.", desk.scores.requirements.len());
        });
        let desk = known(core);
        if desk.exercise.is_some() && !desk.is_changed() {
            ask(core, Asked::Card, &desk.text, &format!("card\n{}", desk.scores.facts.join("\n")));
        }
    }
}

fn graded(core: &Core, worker: usize, heard: Heard) {
    let taken = match heard {
        // The first answers are about the exercise and the text, which were read before.
        Heard::Reply(_, Reply::Exported(answer)) if answer == "{}" => return,
        Heard::Reply(_, Reply::Exported(answer)) if answer.contains("\"requirements\"") => Ok(None),
        Heard::Reply(_, Reply::Exported(answer)) => {
            let mut next = Ok(0);
            act(core, &mut |desk| next = desk.scores.take(&answer));
            next.map(Some)
        }
        Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => Err(why),
        Heard::Reply(..) => return,
    };
    match taken {
        Ok(next) => {
            if let Some((_, seeds)) = core.works.graders.borrow_mut().get_mut(worker)
                && let Some(next) = next
            {
                seeds.0 = next;
            }
            go_on(core, worker);
        }
        Err(why) => {
            stop(core);
            act(core, &mut |desk| desk.standing = Standing::Failed(why.clone()));
        }
    }
}

/// Ends the workers of a grading; what came so far stays.
pub fn stop(core: &Core) {
    let gone = core.works.graders.take();
    if !gone.is_empty() {
        act(core, &mut |desk| desk.standing = Standing::Cancelled);
    }
    drop(gone);
}
