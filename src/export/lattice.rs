//! Which models of consistency a run still allows, as JSON for the page: by model and client the event that lost it, with its
//! evidence; how old what was read was; and whether reads agree. Everything with the moment at which it came to be, so
//! that the page can say of any moment up to there what was possible then.

use super::told::{self, Lanes, map, text};
use crate::base::json::Json;
use crate::check::history::History;
use crate::check::lattice::{Lattice, Loss, Standing};
use crate::check::limits::Limits;
use crate::check::linear::{Evidence, Verdict};
use crate::check::spec::{Map, Readings};
use crate::check::weak::stale;
use crate::sim::timeline::Timeline;
use crate::wire::Datum;
use std::cell::RefCell;

/// So many stale reads are told: the first, and those that are staler than all before.
const STALE_MAX: usize = 400;

thread_local! {
    /// What was known of the run when it was asked for last: it mostly goes on from there.
    static KNOWN: RefCell<Lattice> = RefCell::default();
}

pub fn write(timeline: &Timeline, out: &mut String) {
    let (known, _) = told::known(timeline);
    let Lanes { history, clients, whose, .. } = told::lanes(timeline, &known);
    let followed = KNOWN.with(|known| {
        let mut known = known.borrow_mut();
        known.follow(history.clone(), whose.clone()).map(|()| known.standings.clone())
    });
    let (standings, wrong) = match followed {
        Ok(standings) => (standings, String::new()),
        Err(why) => (Vec::new(), why),
    };
    let models = standings.iter().map(|standing| model(timeline, &history, standing));
    let client_of = |process: &Datum| whose.of_process.get(process).copied().unwrap_or(0);
    let (agree, why) = agreement(&history);
    map([
        ("to", Json::Int(timeline.head().now as i64)),
        ("rows", Json::Int(timeline.trace.len() as i64)),
        ("operations", Json::Int(history.operations.len() as i64)),
        ("clients", Json::List(clients.iter().map(|client| text(client)).collect())),
        ("wrong", text(&wrong)),
        ("models", Json::List(models.collect())),
        ("stale", Json::List(staleness(&history, client_of))),
        ("agree", text(agree)),
        ("why", text(&why)),
    ])
    .write(out);
}

fn number(n: impl Into<i64>) -> Json {
    Json::Int(n.into())
}

fn at(timeline: &Timeline, place: u32) -> Json {
    Json::Int(timeline.trace.get(place).at as i64)
}

fn model(timeline: &Timeline, history: &History, standing: &Standing) -> Json {
    let lost = |loss: &Loss| {
        let evidence = loss.evidence.as_deref();
        map([
            ("at", at(timeline, loss.place)),
            ("row", number(loss.place)),
            ("said", text(&evidence.map(told::sentence).unwrap_or_default())),
            ("core", Json::List(evidence.map(|evidence| core(history, evidence)).unwrap_or_default())),
            ("slice", evidence.map_or(Json::Null, |evidence| told::ends(evidence, history))),
        ])
    };
    let unknown = |(place, why): &(u32, String)| map([("at", at(timeline, *place)), ("why", text(why))]);
    map([
        ("model", text(standing.model.name())),
        ("client", standing.client.map_or(Json::Null, |client| Json::Int(client as i64))),
        ("lost", standing.lost.as_ref().map_or(Json::Null, lost)),
        ("unknown", standing.unknown.as_ref().map_or(Json::Null, unknown)),
    ])
}

fn core(history: &History, evidence: &Evidence) -> Vec<Json> {
    let core = history.operations.iter().filter(|op| evidence.core_lines.contains(&op.lines.0));
    core.map(|op| map([("words", text(&op.words())), ("row", number(op.invoked))])).collect()
}

/// Reads of what had been replaced, with those that were staler than all of the same client before.
fn staleness(history: &History, client_of: impl Fn(&Datum) -> usize) -> Vec<Json> {
    let spec = Map { readings: Readings::default() };
    let old = stale::measured(&spec, history).unwrap_or_default();
    let mut worst: Vec<(i64, u32)> = Vec::new();
    let mut told = Vec::new();
    for one in old {
        let read = &history.operations[one.read];
        let client = client_of(&read.process);
        worst.resize(worst.len().max(client + 1), (-1, 0));
        let age = one.age_ns.unwrap_or(0) / 1_000;
        let worse = age > worst[client].0 || one.versions > worst[client].1;
        worst[client] = (worst[client].0.max(age), worst[client].1.max(one.versions));
        if worse && told.len() < STALE_MAX {
            let newest = &history.operations[one.newest];
            told.push(map([
                ("client", Json::Int(client as i64)),
                ("at", number(read.ended_ns.unwrap_or(0) / 1_000)),
                ("age", Json::Int(age)),
                ("versions", number(one.versions)),
                ("said", text(&format!("“{}” although “{}” had ended before it began", read.words(), newest.words()))),
                ("from", number(newest.invoked)),
                ("row", number(read.ended)),
            ]));
        }
    }
    told
}

/// Whether reads after the last write agree, as of now.
fn agreement(history: &History) -> (&'static str, String) {
    let spec = Map { readings: Readings::default() };
    match stale::eventual(&spec, history, None, Limits::GENEROUS).map(|report| report.verdict) {
        Ok(Verdict::Satisfied) => ("agree", String::new()),
        Ok(Verdict::Violated(evidence)) => {
            ("apart", evidence.map(|evidence| told::sentence(&evidence)).unwrap_or_default())
        }
        Ok(Verdict::Unknown(why)) | Err(why) => ("unknown", why),
    }
}
