//! A frame as it differs from the one before: in a crowd little changes from frame to frame, and what stays need not be
//! encoded, sent and decoded again.

use super::frame::Frame;
use serde::{Deserialize, Serialize};

/// How the lists of a [`Frame`] differ from those of the frame before, which hold then only what is new.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub nodes: Places,
    pub flights: Places,
    pub timers: Places,
    pub links: Places,
}

/// Places in a list, rising.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Places {
    /// In the list before: what is not there any more.
    pub gone: Vec<u32>,
    /// In the list now: what is new.
    pub new: Vec<u32>,
}

/// How two items are to each other: the old one comes first, both are the same, or the new one comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Old,
    Same,
    Other,
    New,
}

impl Places {
    fn between(old: usize, new: usize, turn: &dyn Fn(usize, usize) -> Turn) -> Places {
        let (mut places, mut i, mut j) = (Places::default(), 0, 0);
        while i < old || j < new {
            let turn = match (i < old, j < new) {
                (true, true) => turn(i, j),
                (true, false) => Turn::Old,
                _ => Turn::New,
            };
            if matches!(turn, Turn::Old | Turn::Other) {
                places.gone.push(i as u32);
            }
            if matches!(turn, Turn::New | Turn::Other) {
                places.new.push(j as u32);
            }
            i += usize::from(turn != Turn::New);
            j += usize::from(turn != Turn::Old);
        }
        places
    }

    /// What of the sorted list `new` the sorted list `old` has not.
    fn take<T: Clone + PartialEq>(old: &[T], new: &[T], before: impl Fn(&T, &T) -> bool) -> (Places, Vec<T>) {
        let places = Places::between(old.len(), new.len(), &|i, j| match (&old[i], &new[j]) {
            (a, b) if a == b => Turn::Same,
            (a, b) if before(a, b) => Turn::Old,
            (a, b) if before(b, a) => Turn::New,
            _ => Turn::Other,
        });
        let items = places.new.iter().map(|place| new[*place as usize].clone()).collect();
        (places, items)
    }

    /// The whole list again: what stays of the old one, and what came.
    fn give<T>(&self, old: Vec<T>, new: &mut Vec<T>) {
        let (mut gone, mut places) = (self.gone.iter().peekable(), self.new.iter().peekable());
        let mut came = std::mem::take(new).into_iter();
        let stays = |(i, item)| gone.next_if(|place| **place as usize == i).is_none().then_some(item);
        new.reserve(old.len() + came.len());
        let mut stays = old.into_iter().enumerate().filter_map(stays);
        while let Some(item) = match places.next_if(|place| **place as usize == new.len()) {
            Some(_) => came.next(),
            None => stays.next(),
        } {
            new.push(item);
        }
    }
}

impl Frame {
    /// What of this frame the one before has not. What is no list goes with it: what stays is good to compare the next with.
    pub fn since(&mut self, before: &Frame) -> Frame {
        // Nodes stay in their places: none comes before another.
        let (nodes, new_nodes) = Places::take(&before.nodes, &self.nodes, |_, _| false);
        let (flights, new_flights) =
            Places::take(&before.flights, &self.flights, |a, b| (a.sent, a.id) < (b.sent, b.id));
        let (timers, new_timers) = Places::take(&before.timers, &self.timers, |a, b| (a.due, a.id) < (b.due, b.id));
        let (links, new_links) = Places::take(&before.links, &self.links, |a, b| (a.from, a.to) < (b.from, b.to));
        Frame {
            nodes: new_nodes,
            flights: new_flights,
            timers: new_timers,
            links: new_links,
            sentence: std::mem::take(&mut self.sentence),
            stands_out: std::mem::take(&mut self.stands_out),
            status: self.status.take(),
            halted: self.halted.take(),
            changes: Some(Changes { nodes, flights, timers, links }),
            ..*self
        }
    }

    /// The whole frame again, by the one before it, which is used up: hundreds of nodes with their texts take long to copy.
    pub fn whole(mut self, before: Option<Frame>) -> Frame {
        if let (Some(changes), Some(before)) = (self.changes.take(), before) {
            changes.nodes.give(before.nodes, &mut self.nodes);
            changes.flights.give(before.flights, &mut self.flights);
            changes.timers.give(before.timers, &mut self.timers);
            changes.links.give(before.links, &mut self.links);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_list_comes_back(mut old in prop::collection::vec((0u8..40, 0u8..3), 0..60),
                             mut new in prop::collection::vec((0u8..40, 0u8..3), 0..60)) {
            old.sort_unstable();
            new.sort_unstable();
            // By the first part alone: equal keys with other contents are changes in place.
            let (places, mut sent) = Places::take(&old, &new, |a, b| a.0 < b.0);
            prop_assert_eq!(places.new.len(), sent.len());
            places.give(old, &mut sent);
            prop_assert_eq!(sent, new);
        }

        #[test]
        fn what_stays_is_not_sent(old in prop::collection::btree_set(0u16..200, 0..60), more in prop::collection::btree_set(200u16..300, 0..9)) {
            let old: Vec<u16> = old.into_iter().collect();
            let new: Vec<u16> = old.iter().skip(1).copied().chain(more.iter().copied()).collect();
            let (places, sent) = Places::take(&old, &new, |a, b| a < b);
            prop_assert_eq!(sent.len(), more.len());
            prop_assert_eq!(places.gone.len(), old.len().min(1));
        }
    }
}
