//! A limit of time that is reached after so many askings, whatever the clock says.

use faultline::check::limits::Stop;
use std::cell::Cell;

thread_local! {
    /// How often it may still be asked whether to stop, before it says so.
    static ASKS: Cell<u32> = const { Cell::new(0) };
}

fn over() -> bool {
    ASKS.with(|left| {
        let now = left.get();
        left.set(now.saturating_sub(1));
        now == 0
    })
}

pub fn stop_after(asks: u32) -> Stop {
    const OVER: Stop = Stop::when(&over);
    ASKS.with(|left| left.set(asks));
    OVER
}
