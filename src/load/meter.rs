//! A number that changes over time, and what it was on average.

#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    value: u32,
    max: u32,
    since: u64,
    /// Of value × microseconds, up to `since`.
    area: u64,
}

impl Meter {
    #[inline(always)]
    pub fn add(&mut self, now: u64, change: i32) {
        self.area += u64::from(self.value) * (now - self.since);
        self.since = now;
        self.value = self.value.wrapping_add_signed(change);
        self.max = self.max.max(self.value);
    }

    /// The area up to now.
    pub fn area(&mut self, now: u64) -> u64 {
        self.add(now, 0);
        self.area
    }

    /// Begins anew, from the present value.
    pub fn restart(&mut self, now: u64) {
        *self = Meter { value: self.value, max: self.value, since: now, area: 0 };
    }

    pub fn max(&self) -> u32 {
        self.max
    }
}
