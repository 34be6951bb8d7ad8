//! What a run holds in memory: counted, byte by byte, by an allocator of its own.

use faultline::base::Micros;
use faultline::protocols;
use faultline::session::Session;
use faultline::wire::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

struct Counted;

static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTED: Counted = Counted;

/// Five servers and two clients that never rest.
const STEADY: &str = include_str!("limits/steady.json");

/// A run that is watched for twenty minutes takes a third more at most than one that is watched for eight: what was asked and
/// answered is kept, some hundred bytes for each operation.
#[test]
fn a_long_run_takes_little_more_than_a_shorter_one() {
    let mut session = Session::new(protocols::all());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: STEADY.into() });
    session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    let mut held = Vec::new();
    for minute in 0..20_u64 {
        for half in 1..=120 {
            let to = Micros(minute * 60_000_000 + half * 500_000);
            while session.timeline().expect("a run").head().now < to.0 {
                session.handle(Request::Show { at: to });
            }
            let from = Micros(to.0.saturating_sub(1_000_000));
            session.handle(Request::Diagram(DiagramAsk {
                from,
                to,
                room: 3_000,
                filter: RowFilter::default(),
                focus: None,
                anchor: None,
            }));
        }
        held.push(HELD.load(Relaxed));
    }
    let rows = session.timeline().expect("a run").head().rows;
    assert!(rows > 1_000_000, "{rows} rows");
    // Keyframes come and go: the most in some minutes. They are further apart later, and share less.
    let most = |some: &[isize]| some.iter().copied().max().unwrap_or(0);
    let (early, late) = (most(&held[..8]), most(&held[8..]));
    println!("MB after each minute: {:?}", held.iter().map(|bytes| bytes / 1_000_000).collect::<Vec<_>>());
    assert!(late < early + early / 3, "{held:?}");
}
