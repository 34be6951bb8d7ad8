//! Layer 7: what runs beside the bench in workers of its own: sweeps over seeds ([`sweep`]) and the search for a
//! counterexample from a moment of the run on ([`hunt`]); and the design board's runs ([`design`]).
//!
//! A job is told in words and answered in JSON, slice after slice: whoever asked shows what came so far, and ends it by not
//! asking again. The engine that does this is one of the page's programs; the tests and the command line call the same.
//!
//! | words | answer |
//! |---|---|
//! | `sweep FROM TO UNTIL_US FAULTS` | some of these seeds' runs, at least one, and which seed is next |
//! | `seed SEED UNTIL_US FAULTS` | the run of a seed, as a scenario |
//! | `hunt KEY=VALUE …` | begins a search at the cursor of the open run: how far it is |
//! | `on` | a slice of the search: how far it is, or what it found |

pub mod design;
pub mod hunt;
pub mod sweep;

use crate::base::Micros;
use crate::base::json::Json;
use crate::check::trial::{Plan, Trial};
use crate::session::{Session, Writer};
use hunt::Hunt;

/// What an engine of the page does that is there for jobs.
pub fn writer() -> Writer {
    let mut jobs = Jobs::default();
    Box::new(move |session, words| jobs.answer(session, words))
}

#[derive(Default)]
pub struct Jobs {
    hunt: Option<Hunt>,
}

impl Jobs {
    /// # Errors
    /// What is wrong with the words, or with the run for this.
    pub fn answer(&mut self, session: &mut Session, words: &str) -> Result<String, String> {
        let (job, rest) = words.split_once(' ').unwrap_or((words, ""));
        let mut out = String::new();
        match job {
            "sweep" => {
                let [from, to, until, faults] = numbers(rest)?;
                sweep::slice(&trial(session, until, faults)?, from..to)?.write(&mut out);
            }
            "seed" => {
                let [seed, until, faults] = numbers(rest)?;
                out = trial(session, until, faults)?.scenario(seed).to_json();
            }
            "hunt" => {
                let hunt = Hunt::new(session, &hunt::Plan::read(rest)?)?;
                hunt.progress().write(&mut out);
                self.hunt = Some(hunt);
            }
            "on" => {
                let mut hunt = self.hunt.take().ok_or("no search is under way")?;
                match hunt.advance(session.registry())? {
                    Some(end) => end.write(&mut out),
                    None => {
                        hunt.progress().write(&mut out);
                        self.hunt = Some(hunt);
                    }
                }
            }
            _ => return Err(format!("there is no job {job:?}")),
        }
        Ok(out)
    }
}

fn trial(session: &Session, until: u64, faults: u64) -> Result<Trial<'static>, String> {
    let timeline = session.timeline().ok_or("no run is open")?;
    let scenario = timeline.save();
    let registry = session.registry();
    let blueprint = crate::sim::scenario::Blueprint::resolve(scenario, registry).map_err(|fault| fault.message)?;
    Ok(Trial::new(blueprint, Plan { until: Micros(until), faults: faults > 0 }, registry))
}

fn numbers<const N: usize>(words: &str) -> Result<[u64; N], String> {
    let numbers: Vec<u64> = words.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().map_err(|_| format!("{words:?} is not {N} numbers"))
}

fn map(fields: Vec<(&str, Json)>) -> Json {
    Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn number(number: u64) -> Json {
    Json::Int(number as i64)
}
