//! Which models of consistency a history still allows, for all clients together and for each, and by which event each
//! model was lost. So that it can be asked of any moment: a model is possible up to the event that loses it, and lost from
//! there on (a part of a good history is good, so nothing that comes later brings it back).
//!
//! *For a client* is what can be said of one session by itself: the session guarantees, PRAM and causal memory ask for an
//! order in the view of each process, so a client has lost them when there is none that explains what it read; the causal
//! model asks of each read whether what it causally follows explains it. All other clients' writes count in that. Of
//! linearizability, sequential consistency and causal convergence, which ask for one order for all, nothing is said of a
//! client. Monotonic writes and writes-follow-reads are counted where they show: at who read, not at who wrote.
//!
//! Bounded staleness and convergence are no losses: how old reads were is measured ([`super::weak::stale::measured`]), and
//! that reads do not agree yet says nothing of later ones.

use super::consistency::Consistency;
use super::history::{History, NEVER, Operation};
use super::limits::Limits;
use super::linear::{self, Evidence, Verdict};
use super::spec::{Map, Readings};
use super::weak::{self, Asked, Guarantee, Versions};
use crate::wire::Datum;
use std::collections::BTreeMap;

use Guarantee::{
    Causal, CausalConvergence, CausalMemory, MonotonicReads, MonotonicWrites, Pram, ReadYourWrites, WritesFollowReads,
};

/// Those that are judged for each client too, the weaker first.
pub const VIEWS: [Guarantee; 7] =
    [ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads, Causal, Pram, CausalMemory];
/// Those that are about all clients together only, the weaker first.
const TOGETHER: [Consistency; 3] =
    [Consistency::Guarantee(CausalConvergence), Consistency::Sequential, Consistency::Linearizable];

/// Enough for a run on the bench; each check takes some hundredths of a second at most. A step of the weaker models' is a
/// word of a set, of a search a call.
const LIMITS: Limits = Limits { steps: 20_000_000, bytes: 16 << 20, explain: false, ..Limits::GENEROUS };
const SEARCH: Limits = Limits { steps: 400_000, bytes: 8 << 20, explain: false, ..Limits::GENEROUS };

/// A model lost by an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Its place in the order of real time.
    pub place: u32,
    pub evidence: Option<Box<Evidence>>,
}

/// How it stands with a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub model: Consistency,
    /// None: of all clients together.
    pub client: Option<usize>,
    pub lost: Option<Loss>,
    /// From this event on nothing is known of it, if it was not lost before; and why.
    pub unknown: Option<(u32, String)>,
}

/// Whose operations are whose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clients {
    pub count: usize,
    pub of_process: BTreeMap<Datum, usize>,
}

/// What is known of a history, which may go on.
#[derive(Clone, Debug, Default)]
pub struct Lattice {
    history: History,
    clients: Clients,
    pub standings: Vec<Standing>,
}

impl Lattice {
    /// Judges a history. If it goes on from the one before, what was lost then is not judged again.
    pub fn follow(&mut self, history: History, clients: Clients) -> Result<(), String> {
        let goes_on = self.clients.count == clients.count && goes_on(&self.history, &history);
        if goes_on && self.history == history && !self.standings.is_empty() {
            return Ok(());
        }
        let before = if goes_on { std::mem::take(&mut self.standings) } else { Vec::new() };
        let judge = Judge { history: &history, clients: &clients, ends: ends(&history) };
        let known = |model: Consistency, client: Option<usize>| {
            before.iter().find(|own| own.model == model && own.client == client && own.lost.is_some()).cloned()
        };
        let mut standings = Vec::new();
        for guarantee in VIEWS {
            let model = Consistency::Guarantee(guarantee);
            let mut own = Vec::new();
            for client in 0..clients.count {
                own.push(match known(model, Some(client)) {
                    Some(standing) => standing,
                    None => judge.standing(model, Some(client))?,
                });
            }
            standings.push(together(model, &own));
            standings.append(&mut own);
        }
        for model in TOGETHER {
            standings.push(match known(model, None) {
                Some(standing) => standing,
                None => judge.standing(model, None)?,
            });
        }
        implied(&mut standings);
        (self.history, self.clients, self.standings) = (history, clients, standings);
        Ok(())
    }
}

/// Whether a history begins with another one.
fn goes_on(before: &History, history: &History) -> bool {
    let last = before.operations.iter().flat_map(|op| [op.invoked, if op.ended == NEVER { 0 } else { op.ended }]).max();
    let same = |(old, new): (&Operation, &Operation)| match old.ended {
        NEVER => old.invoked == new.invoked && last.is_none_or(|last| new.ended > last),
        _ => old == new,
    };
    history.operations.len() >= before.operations.len() && before.operations.iter().zip(&history.operations).all(same)
}

fn ends(history: &History) -> Vec<u32> {
    let mut ends: Vec<u32> = history.operations.iter().map(|op| op.ended).filter(|ended| *ended != NEVER).collect();
    ends.sort_unstable();
    ends
}

/// Of a model that every client has or has not by itself.
fn together(model: Consistency, own: &[Standing]) -> Standing {
    let first = own.iter().filter_map(|own| own.lost.as_ref()).min_by_key(|loss| loss.place);
    let unknown = own.iter().filter_map(|own| own.unknown.as_ref()).min_by_key(|unknown| unknown.0);
    Standing { model, client: None, lost: first.cloned(), unknown: unknown.cloned() }
}

/// What a weaker model lost the stronger have lost too; what a stronger one has the weaker have too.
fn implied(standings: &mut [Standing]) {
    for place in 0..standings.len() {
        let (model, client) = (standings[place].model, standings[place].client);
        let weaker =
            standings.iter().filter(|own| own.client == client && own.model != model && model.implies(own.model));
        let first = weaker.filter_map(|own| own.lost.as_ref()).min_by_key(|loss| loss.place).cloned();
        if let Some(loss) = first
            && standings[place].lost.as_ref().is_none_or(|own| own.place > loss.place)
        {
            standings[place].lost = Some(loss);
        }
    }
    for place in 0..standings.len() {
        let Standing { model, client, unknown: Some(_), .. } = standings[place] else { continue };
        let good = |own: &Standing| own.lost.is_none() && own.unknown.is_none();
        let stronger = |own: &&Standing| (own.client == client || own.client.is_none()) && own.model.implies(model);
        if standings.iter().filter(stronger).any(good) {
            standings[place].unknown = None;
        }
    }
}

struct Judge<'a> {
    history: &'a History,
    clients: &'a Clients,
    /// The places of the completions: only these can lose a model.
    ends: Vec<u32>,
}

impl Judge<'_> {
    fn check(
        &self,
        model: Consistency,
        client: Option<usize>,
        history: &History,
        explain: bool,
    ) -> Result<Verdict, String> {
        let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
        let (spec, limits, search) = (Map { readings }, Limits { explain, ..LIMITS }, Limits { explain, ..SEARCH });
        let who = |process: &Datum| client.is_none_or(|own| self.clients.of_process.get(process) == Some(&own));
        let report = match model {
            Consistency::Guarantee(guarantee) => {
                let asked = Asked { guarantee, versions: Versions::Derived, limits, who: &who };
                weak::check_for(&spec, history, asked)?
            }
            Consistency::Sequential => weak::sequential(&spec, history, search)?,
            _ => linear::check("kv", history, readings, search)?,
        };
        Ok(report.verdict)
    }

    fn standing(&self, model: Consistency, client: Option<usize>) -> Result<Standing, String> {
        let mut standing = Standing { model, client, lost: None, unknown: None };
        // So many completions are looked at.
        let mut count = self.ends.len();
        let mut verdict = self.check(model, client, self.history, false)?;
        if let Verdict::Unknown(why) = verdict {
            let is_unknown = |verdict: &Verdict| matches!(verdict, Verdict::Unknown(_));
            count = self.first(model, client, count, is_unknown)?;
            standing.unknown = Some((self.ends.get(count).copied().unwrap_or(0), why));
            let Some(last) = count.checked_sub(1) else { return Ok(standing) };
            verdict = self.check(model, client, &self.history.prefix(self.ends[last]), false)?;
        }
        if let Verdict::Violated(_) = verdict {
            let is_lost = |verdict: &Verdict| matches!(verdict, Verdict::Violated(_));
            let first = self.first(model, client, count.saturating_sub(1), is_lost)?;
            let place = self.ends.get(first).copied().unwrap_or(0);
            let evidence = match self.check(model, client, &self.history.prefix(place), true)? {
                Verdict::Violated(evidence) => evidence,
                _ => None,
            };
            standing.lost = Some(Loss { place, evidence });
        }
        Ok(standing)
    }

    /// The first completion, of so many, by which something is true that stays true; so many, if it never is before.
    fn first(
        &self,
        model: Consistency,
        client: Option<usize>,
        of: usize,
        is: impl Fn(&Verdict) -> bool,
    ) -> Result<usize, String> {
        let (mut low, mut high) = (0, of);
        while low < high {
            let middle = (low + high) / 2;
            if is(&self.check(model, client, &self.history.prefix(self.ends[middle]), false)?) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }
}
