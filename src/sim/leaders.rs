//! Who leads, read from what a protocol with leaders says in its notes (see [`Ctx::note`](super::protocol::Ctx::note)),
//! and from crashes and pauses. Lessons and sweeps measure with it, so that both mean the same.

use crate::base::Micros;
use crate::wire::RowKind;

/// The nodes that lead at some moment of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaders {
    leading: Vec<u16>,
    /// Leaders that are paused: they serve nobody, and lead on when they go on.
    paused: Vec<u16>,
    /// Since when nobody leads, at first since the start. None while somebody does.
    since: Option<Micros>,
}

/// What a row changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A node leads, newly elected or after its pause; nobody did since then, or another one does as well.
    Leads { since: Option<Micros>, elected: bool },
    /// The last leader is lost.
    Lost,
    /// A node stands for election in this term.
    Stands { term: u32 },
}

impl Default for Leaders {
    fn default() -> Leaders {
        Leaders { leading: Vec::new(), paused: Vec::new(), since: Some(Micros::ZERO) }
    }
}

impl Leaders {
    /// Takes in a row: `text` is that of a note.
    pub fn take(&mut self, kind: RowKind, node: u16, now: Micros, text: &str) -> Option<Change> {
        match kind {
            RowKind::Crash => self.loses(node, now),
            RowKind::Pause if self.leading.contains(&node) => {
                let lost = self.loses(node, now);
                self.paused.push(node);
                lost
            }
            RowKind::Resume if self.paused.contains(&node) => Some(self.gains(node, false)),
            RowKind::Note => {
                let (what, rest) = text.split_once(": ").unwrap_or((text, ""));
                match what {
                    "stands for election" => term(rest).map(|term| Change::Stands { term }),
                    "becomes leader" => Some(self.gains(node, true)),
                    "steps down" => self.loses(node, now),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether somebody leads.
    pub fn any(&self) -> bool {
        !self.leading.is_empty()
    }

    fn gains(&mut self, node: u16, elected: bool) -> Change {
        self.paused.retain(|leader| *leader != node);
        if !self.leading.contains(&node) {
            self.leading.push(node);
        }
        Change::Leads { since: self.since.take(), elected }
    }

    fn loses(&mut self, node: u16, now: Micros) -> Option<Change> {
        self.paused.retain(|leader| *leader != node);
        let led = self.any();
        self.leading.retain(|leader| *leader != node);
        if !led || self.any() {
            return None;
        }
        self.since = Some(now);
        Some(Change::Lost)
    }
}

/// The term in "in term 4".
fn term(words: &str) -> Option<u32> {
    words.strip_prefix("in term ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_come_go_pause_and_overlap() {
        let mut leaders = Leaders::default();
        let mut take = |kind, node, ms, text| leaders.take(kind, node, Micros::ms(ms), text);
        let leads = |ms: Option<u64>, elected| Some(Change::Leads { since: ms.map(Micros::ms), elected });
        use RowKind::{Crash, Note, Pause, Resume};
        assert_eq!(take(Note, 1, 5, "stands for election: in term 2"), Some(Change::Stands { term: 2 }));
        assert_eq!(take(Note, 1, 6, "becomes leader: of term 2"), leads(Some(0), true));
        assert_eq!(take(Crash, 2, 7, ""), None, "it did not lead");
        assert_eq!(take(Pause, 1, 8, ""), Some(Change::Lost));
        assert_eq!(take(Resume, 2, 9, ""), None);
        assert_eq!(take(Note, 3, 9, "becomes leader: of term 3"), leads(Some(8), true));
        assert_eq!(take(Resume, 1, 10, ""), leads(None, false), "two lead");
        assert_eq!(take(Note, 1, 11, "steps down: it led until term 2"), None, "the other leads");
        assert_eq!(take(Crash, 3, 12, ""), Some(Change::Lost));
        assert!(!leaders.any());
    }
}
