//! The workers of sweeps and of searches: started, asked slice after slice as they answer, and ended. What they say is kept
//! beside the run, and told to the reducer.

use super::super::app::Ctx;
use super::super::engine::{Asked, Heard, Link, now};
use super::super::fetch;
use super::super::lab::Core;
use super::super::state::Action;
use crate::base::Micros;
use crate::view::jobs::{Jobs, Standing, hunt};
use crate::wire::{Move, OpenRun, Reply, Request, RunSource, SourceFile};
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

const ENGINE: &str = "explorer";
/// Workers of a sweep at most; else one for each core.
const WORKERS_MAX: u32 = 32;
/// How long what is asked of a run that is being opened waits before it looks again.
const SOON_MS: u32 = 30;
/// So many lines of a branch's name.
const NAME_MAX: usize = 60;

/// Changes what is known of the jobs, and has it drawn.
pub fn change(core: &Core, change: impl FnOnce(&mut Jobs)) {
    let mut jobs = known(&core.works.jobs.borrow());
    change(Rc::make_mut(&mut jobs));
    *core.works.jobs.borrow_mut() = Some(Rc::clone(&jobs));
    core.dispatch.dispatch(Action::Jobs(jobs));
}

/// What is known of them; nothing at first.
pub fn known(jobs: &Option<Rc<Jobs>>) -> Rc<Jobs> {
    jobs.clone().unwrap_or_default()
}

fn open(run: &str, cursor: Option<Micros>) -> Request {
    let source = RunSource::Text(SourceFile { name: "the run".into(), text: run.into() });
    Request::Open(OpenRun { source, seed: None, cursor })
}

// Sweeps.

pub fn sweep(ctx: &Ctx) {
    let core = &*ctx.lab;
    let Some(run) = core.saved.borrow().clone() else { return again(ctx, sweep) };
    let title = ctx.state.run.opened.as_ref().map_or(String::new(), |opened| opened.title.clone());
    let cores = window().navigator().hardware_concurrency() as u32;
    let workers = cores.clamp(1, WORKERS_MAX);
    change(core, |jobs| jobs.sweep.begin(title, run.clone(), workers));
    let start = |worker: u32| {
        let me = core.me.clone();
        let hear = move |heard| {
            if let Some(core) = me.upgrade() {
                swept(&core, worker as usize, heard);
            }
        };
        let link = Link::new(ENGINE, Box::new(hear));
        link.send(open(&run, None));
        Some(link)
    };
    *core.works.sweepers.borrow_mut() = (0..workers).map(|worker| (start(worker), (0, 0))).collect();
    for worker in 0..workers {
        go_on(core, worker as usize);
    }
}

/// Gives a worker what is left of its seeds, or others, or lets it go.
fn go_on(core: &Core, worker: usize) {
    let mut sweepers = core.works.sweepers.borrow_mut();
    let Some((link, seeds)) = sweepers.get_mut(worker) else { return };
    let mut jobs = known(&core.works.jobs.borrow());
    if seeds.0 >= seeds.1 {
        let more = Rc::make_mut(&mut jobs).sweep.hand_out();
        *core.works.jobs.borrow_mut() = Some(Rc::clone(&jobs));
        match more {
            Some(more) => *seeds = more,
            None => return *link = None,
        }
    }
    if let Some(link) = link {
        link.send(Request::Write { form: jobs.sweep.words(*seeds) });
    }
}

fn swept(core: &Core, worker: usize, heard: Heard) {
    let taken = match heard {
        Heard::Reply(_, Reply::Exported(slice)) => {
            let mut taken = Ok(0);
            change(core, |jobs| taken = jobs.sweep.take(&slice));
            taken
        }
        Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => Err(why),
        Heard::Reply(..) => return,
    };
    match taken {
        Ok(next) => {
            if let Some((_, seeds)) = core.works.sweepers.borrow_mut().get_mut(worker) {
                seeds.0 = next;
            }
            go_on(core, worker);
        }
        Err(why) => end_sweep(core, Standing::Failed(why)),
    }
}

/// Ends the workers; what came so far stays.
pub fn end_sweep(core: &Core, standing: Standing) {
    let gone = core.works.sweepers.take();
    change(core, |jobs| jobs.sweep.standing = standing);
    drop(gone);
}

/// Puts the run of a seed on the bench, as far as it was swept; the learner's own is kept.
pub fn open_seed(core: &Core, seed: u64) {
    let (run, words, at) = {
        let jobs = known(&core.works.jobs.borrow());
        let sweep = &jobs.sweep;
        (sweep.run.clone(), sweep.seed_words(seed), sweep.ends_at)
    };
    let me = core.me.clone();
    let hear = move |heard| {
        let Some(core) = me.upgrade() else { return };
        match heard {
            Heard::Reply(_, Reply::Exported(run)) => {
                core.open_other(&run, &format!("the sweep's run of seed {seed}"), Some(at));
            }
            Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => core.dispatch.dispatch(Action::Toast(why)),
            Heard::Reply(..) => return,
        }
        core.writer.take();
    };
    let link = Link::new(ENGINE, Box::new(hear));
    link.send(open(&run, None));
    link.send(Request::Write { form: words });
    *core.writer.borrow_mut() = Some(link);
}

/// A run that is being opened is not known yet: what was asked of it is done when it is.
fn again(ctx: &Ctx, job: fn(&Ctx)) {
    if [Asked::Open, Asked::Export, Asked::Change].into_iter().any(|asked| ctx.lab.waits_for(asked)) {
        let ctx = ctx.clone();
        Timeout::new(SOON_MS, move || job(&ctx)).forget();
    }
}

// Searches.

pub fn hunt(ctx: &Ctx) {
    let core = &*ctx.lab;
    let (Some(run), Some(frame)) = (core.saved.borrow().clone(), core.play.frame()) else { return again(ctx, hunt) };
    core.play.pause();
    change(core, |jobs| jobs.hunt.begin());
    let words = known(&core.works.jobs.borrow()).hunt.ask.words();
    let (me, begun) = (core.me.clone(), now());
    let hear = move |heard| {
        if let Some(core) = me.upgrade() {
            hunted(&core, heard, (now() - begun) as u64);
        }
    };
    let link = Link::new(ENGINE, Box::new(hear));
    link.send(open(&run, Some(frame.now)));
    // Within an instant, to the event that the bench stands on.
    if frame.now < frame.head || frame.step < frame.head_step {
        link.send(Request::Move(Move::ToRow(frame.row.saturating_sub(1))));
    }
    link.send(Request::Write { form: words });
    *core.works.hunter.borrow_mut() = Some(link);
}

fn hunted(core: &Core, heard: Heard, took_ms: u64) {
    let taken = match heard {
        Heard::Reply(_, Reply::Exported(answer)) => {
            let mut taken = Ok(false);
            change(core, |jobs| taken = jobs.hunt.take(&answer, took_ms));
            taken
        }
        Heard::Reply(_, Reply::Failed(why)) | Heard::Died(why, _) => Err(why),
        Heard::Reply(..) => return,
    };
    match taken {
        Ok(true) => {
            if let Some(link) = &*core.works.hunter.borrow() {
                link.send(Request::Write { form: "on".into() });
            }
        }
        Ok(false) => drop(core.works.hunter.take()),
        Err(why) => end_hunt(core, Standing::Failed(why)),
    }
}

pub fn end_hunt(core: &Core, standing: Standing) {
    let gone = core.works.hunter.take();
    change(core, |jobs| jobs.hunt.standing = standing);
    drop(gone);
}

/// Goes on by what was found, as a branch of the run.
pub fn adopt(core: &Core) {
    let jobs = known(&core.works.jobs.borrow());
    let Some(found) = &jobs.hunt.found else { return };
    core.play.pause();
    let name: String = format!("breaks “{}”", found.property).chars().take(NAME_MAX).collect();
    core.send(Request::Adopt { run: found.run.clone(), to: found.to, name });
}

/// Fetches the start scenarios.
pub fn load_starts(ctx: &Ctx) {
    let lab = ctx.lab.clone();
    change(&lab, |jobs| jobs.hunt.starts = Some(Vec::new()));
    spawn_local(async move {
        let text = fetch::text("lessons/hunts.json").await;
        let starts = text.and_then(|text| hunt::starts(&text));
        change(&lab, |jobs| match starts {
            Ok(starts) => jobs.hunt.starts = Some(starts),
            Err(why) => jobs.hunt.starts_wrong = why,
        });
    });
}

/// Opens a start scenario at the moment to search from, and takes over what it says of the search.
pub fn open_start(core: &Core, place: usize) {
    let mut opened = None;
    change(core, |jobs| {
        let start = jobs.hunt.starts.iter().flatten().nth(place).cloned();
        if let Some(start) = start {
            (jobs.hunt.ask, jobs.hunt.start) = (start.ask.clone(), Some(place));
            (jobs.hunt.found, jobs.hunt.said) = (None, String::new());
            jobs.hunt.standing = Standing::Unasked;
            opened = Some(start);
        }
    });
    if let Some(start) = opened {
        core.open_other(&start.run, &format!("“{}”, with a planted bug", start.title), Some(start.from));
    }
}
