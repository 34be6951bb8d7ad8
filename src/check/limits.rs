//! How much a check may take before it is given up: then its verdict is "unknown", with the limit that was reached.
//!
//! Steps and memory are counted by what is done and kept, not by what a machine takes for it: so they stop the same check at
//! the same place everywhere. Time is not: the core has no clock, and asks whoever has one ([`Stop`]). What time stops is
//! unknown, or evidence that is not as small as it could be; never another verdict.

use std::fmt;

/// How much a check may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls that are tried, edges that are followed.
    pub steps: u64,
    /// Memory for what is kept while it lasts: the configurations that a search was in with the way to the present one; for
    /// each operation those before it. Not for the history itself.
    pub bytes: u64,
    pub stop: Stop,
    /// Evidence of a violation is gathered: that takes many searches more.
    pub explain: bool,
}

impl Limits {
    /// A second or minutes, and a gigabyte: more than a history of ten thousand operations takes, but for odd ones.
    pub const GENEROUS: Limits = Limits { steps: 400_000_000, bytes: 1 << 30, stop: Stop::NEVER, explain: true };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::GENEROUS
    }
}

/// Asked now and then, whether to stop.
#[derive(Clone, Copy)]
pub struct Stop(Option<&'static dyn Fn() -> bool>);

impl Stop {
    pub const NEVER: Stop = Stop(None);

    pub const fn when(due: &'static dyn Fn() -> bool) -> Stop {
        Stop(Some(due))
    }

    pub fn is_due(self) -> bool {
        self.0.is_some_and(|due| due())
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "when its time comes" } else { "never" })
    }
}

/// After so many steps it is asked again whether to stop: some tenths of a millisecond.
const ASKED_EACH: u64 = 1_024;

pub const TIME: &str = "time";

/// What was taken of the limits so far.
pub(super) struct Budget {
    limits: Limits,
    steps: u64,
    ask_at: u64,
}

impl Budget {
    pub fn new(limits: Limits) -> Budget {
        Budget { limits, steps: 0, ask_at: 0 }
    }

    /// Takes some steps, while so much memory is held.
    ///
    /// # Errors
    /// The limit that was reached.
    #[inline]
    pub fn spend(&mut self, steps: u64, bytes: u64) -> Result<(), &'static str> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps {
            return Err("steps");
        }
        if bytes > self.limits.bytes {
            return Err("memory");
        }
        if self.steps >= self.ask_at {
            self.ask_at = self.steps.saturating_add(ASKED_EACH);
            if self.limits.stop.is_due() {
                return Err(TIME);
            }
        }
        Ok(())
    }
}

/// A limit in words.
pub(super) fn reached(limit: &str) -> String {
    format!("the limit of {limit} was reached")
}
