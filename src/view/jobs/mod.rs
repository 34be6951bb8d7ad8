//! What runs beside the bench, as the page shows it: a sweep over seeds ([`sweep`]), and the search for a counterexample from
//! the moment that is shown on ([`hunt`]). Workers answer in JSON, slice by slice; here it is read and added up.

pub mod hunt;
pub mod sweep;

use hunt::Hunt;
use sweep::Sweep;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    pub sweep: Sweep,
    pub hunt: Hunt,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
    #[default]
    Unasked,
    Running,
    /// Ended by the learner; what came so far stays.
    Stopped,
    Over,
    Failed(String),
}
