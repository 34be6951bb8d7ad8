//! What the engine keeps of a node besides the protocol's state: inbox, timers, clock, disk timing, operations.

use super::protocol::Outbox;
use super::sample;
use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, MsgId, NodeId, OpId};
use crate::wire::{Distribution, NodeStatus, Op, Workload};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;

/// Contents of messages and timers; short ones without an allocation.
pub type Bytes = SmallVec<[u8; INLINE]>;
pub const INLINE: usize = 24;

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: MsgId,
    /// The row of its sending (or of the adversary's change, at the same time).
    pub row: u32,
    pub bytes: Bytes,
}

/// Something that has come to a node and is to be handled.
#[derive(Clone, Debug)]
pub enum Incoming {
    Message(Message),
    Timer(Timer),
    Request {
        id: OpId,
        op: Op,
        row: u32,
    },
    /// A sync completed while the node was paused.
    Synced,
}

#[derive(Clone, Debug)]
pub struct Timer {
    pub count: u32,
    pub kind: u8,
    pub set: u64,
    pub due: u64,
    pub row: u32,
    pub bytes: Bytes,
}

/// An operation that has begun and not ended.
#[derive(Clone, Debug)]
pub struct OpenOp {
    pub id: OpId,
    pub op: Op,
    pub begun: u64,
    pub row: u32,
}

#[derive(Clone, Debug)]
pub struct Working {
    pub spec: Arc<Workload>,
    /// Operations issued so far.
    pub issued: u32,
    /// Distinguishes this workload's arrivals from those of one that it replaced.
    pub generation: u32,
}

/// The local clock: `now + offset + drift × (now − base)`; and one that is never set, only runs: `now + slewed + drift × (now
/// − base)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LocalClock {
    pub offset_us: i64,
    pub drift_ppm: i32,
    pub base: u64,
    /// What it had drifted by until `base`.
    pub slewed_us: i64,
}

#[derive(Clone, Debug)]
pub struct Shell {
    pub status: NodeStatus,
    /// Counts crashes: what was under way before one is void after it.
    pub epoch: u32,
    pub inbox: VecDeque<Incoming>,
    /// A service is under way until then (with `wake` scheduled), if the node has a service time.
    pub busy: bool,
    pub service: Option<Arc<Distribution>>,
    pub handled: u64,
    pub sync_time: Arc<Distribution>,
    pub lies: bool,
    pub syncs: u64,
    /// The row that asked for the sync under way, and what waits for it.
    pub held: Option<(u32, Outbox)>,
    pub clock: LocalClock,
    pub timers: Vec<Timer>,
    pub timer_count: u32,
    pub choices: u64,
    pub open_ops: Vec<OpenOp>,
    pub op_count: u32,
    pub working: Option<Working>,
    pub generation: u32,
}

impl LocalClock {
    /// What the clock shows at simulated time `now`, never below 0.
    #[inline(always)]
    pub fn read(&self, now: u64) -> Micros {
        if self.drift_ppm == 0 && self.offset_us == 0 { Micros(now) } else { self.read_off(now) }
    }

    #[inline(never)]
    fn read_off(&self, now: u64) -> Micros {
        let elapsed = i128::from(now.saturating_sub(self.base));
        let local = i128::from(now) + i128::from(self.offset_us) + elapsed * i128::from(self.drift_ppm) / 1_000_000;
        Micros(local.clamp(0, i128::from(Micros::MAX.0)) as u64)
    }

    /// Time as it passes for the node, whatever its clock is set to: it never goes back and never jumps.
    pub fn elapsed(&self, now: u64) -> Micros {
        let since = LocalClock { offset_us: self.slewed_us, ..*self };
        since.read(now)
    }

    /// The clock after it was set at `now`.
    pub fn set(&self, offset_us: i64, drift_ppm: i32, now: u64) -> LocalClock {
        LocalClock { offset_us, drift_ppm, base: now, slewed_us: self.elapsed(now).0 as i64 - now as i64 }
    }

    /// The simulated time that passes until the clock has advanced by `local`: no less, so that no timer is early.
    #[inline]
    pub fn true_span(&self, local: Micros) -> u64 {
        if self.drift_ppm == 0 {
            return local.0;
        }
        (u128::from(local.0) * 1_000_000).div_ceil((1_000_000 + i128::from(self.drift_ppm)) as u128) as u64
    }

    /// The clock against simulated time at `now`, in microseconds.
    pub fn off_us(&self, now: u64) -> i64 {
        self.read(now).0 as i64 - now as i64
    }
}

impl Shell {
    pub fn new(sync_time: Arc<Distribution>) -> Shell {
        Shell {
            status: NodeStatus::Up,
            epoch: 0,
            inbox: VecDeque::new(),
            busy: false,
            service: None,
            handled: 0,
            sync_time,
            lies: false,
            syncs: 0,
            held: None,
            clock: LocalClock::default(),
            timers: Vec::new(),
            timer_count: 0,
            choices: 0,
            open_ops: Vec::new(),
            op_count: 0,
            working: None,
            generation: 0,
        }
    }

    /// Handles what comes at once, instead of queueing it.
    #[inline(always)]
    pub fn is_ready(&self) -> bool {
        self.status == NodeStatus::Up && self.held.is_none() && !self.busy
    }

    /// Ready, and with no service time to wait for.
    #[inline(always)]
    pub fn handles_at_once(&self) -> bool {
        self.is_ready() && self.service.is_none()
    }

    /// Why it does not, in words.
    pub fn why_waits(&self) -> &'static str {
        match self.status {
            NodeStatus::Paused => "is paused",
            _ if self.held.is_some() => "waits for its disk",
            _ => "is busy",
        }
    }

    /// Memory is lost.
    pub fn forget(&mut self) {
        self.status = NodeStatus::Down;
        self.epoch += 1;
        self.inbox.clear();
        self.timers.clear();
        self.busy = false;
        self.held = None;
        self.open_ops.clear();
    }

    pub fn next_sync_time(&mut self, seed: u64, me: NodeId) -> Micros {
        self.syncs += 1;
        sample::draw(&self.sync_time, &mut Stream::new(seed, Purpose::Disk, u64::from(me.0), self.syncs))
    }

    pub fn next_service_time(&mut self, seed: u64, me: NodeId) -> Option<Micros> {
        let service = self.service.as_ref()?;
        self.handled += 1;
        Some(sample::draw(service, &mut Stream::new(seed, Purpose::Service, u64::from(me.0), self.handled)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drifting_clock_reads_and_spans_consistently() {
        let clock = LocalClock::default().set(-500, 1_000, 1_000_000);
        assert_eq!(clock.read(1_000_000), Micros(999_500));
        assert_eq!(clock.read(2_000_000), Micros(2_000_500));
        // A clock that runs fast by 0.1 % shows 1.001 s after 1 s of simulated time.
        assert_eq!(clock.true_span(Micros(1_001_000)), 1_000_000);
        assert_eq!(clock.off_us(2_000_000), 500);
        // A clock that runs too fast shows a microsecond more after one.
        assert_eq!(clock.true_span(Micros(1)), 1);
    }

    #[test]
    fn what_has_passed_is_not_set_with_the_clock() {
        let fast = LocalClock::default().set(-5_000_000, 1_000, 1_000_000);
        assert_eq!((fast.read(2_000_000), fast.elapsed(2_000_000)), (Micros(0), Micros(2_001_000)));
        let slow = fast.set(7_000_000, -1_000, 2_000_000);
        assert_eq!((slow.read(2_000_000), slow.elapsed(2_000_000)), (Micros(9_000_000), Micros(2_001_000)));
        assert_eq!(slow.elapsed(3_000_000), Micros(3_000_000));
    }
}
