//! How it is known who said something, and that it was not said before.
//!
//! Every client shares a key with the bank. Here it is made of the run's seed, which no node and no adversary looks at: how
//! keys come to those who share them is left out.

use super::{Bug, Message, Order, Payments, Reply};
use crate::base::{NodeId, codec};
use crate::sim::protocol::Setup;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The first 128 bits of a code (RFC 4868, section 2.1).
pub type Tag = [u8; 16];

/// HMAC with SHA-256 (RFC 2104).
fn code(key: &[u8], said: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(said);
    mac.finalize().into_bytes().into()
}

fn sign(setup: &Setup, client: NodeId, said: &impl Serialize) -> Tag {
    let key = code(&setup.seed.to_le_bytes(), setup.name(client).as_bytes());
    let whole = code(&key, &codec::to_bytes(said));
    let mut tag = Tag::default();
    tag.copy_from_slice(&whole[..16]);
    tag
}

impl Payments {
    pub(super) fn tag_of_order(&self, order: &Order, setup: &Setup) -> Option<Tag> {
        let Order { to, amount, client, op, key, sent, .. } = order;
        let known = setup.nodes.get(client.index()).is_some();
        let who = (*client, *op, *key, *sent);
        (self.proof && known).then(|| match self.has(Bug::MacWithoutAmount) {
            true => sign(setup, *client, &(0u8, who)),
            false => sign(setup, *client, &(0u8, who, to, *amount)),
        })
    }

    /// The first byte tells an answer from an order: nobody can send one back as the other.
    pub(super) fn tag_of_answer(&self, client: NodeId, op: u32, reply: &Reply, setup: &Setup) -> Option<Tag> {
        self.proof.then(|| sign(setup, client, &(1u8, op, reply)))
    }

    pub(super) fn answer(&self, client: NodeId, op: u32, reply: Reply, setup: &Setup) -> Message {
        let tag = self.tag_of_answer(client, op, &reply, setup);
        Message::Answer { client, op, reply, tag }
    }
}

/// The numbers that were used: the highest, and which of the 64 up to it (RFC 4303, section 3.4.3). Older ones count as used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub highest: u64,
    seen: u64,
}

impl Window {
    /// Whether this number is used for the first time, which it then was.
    pub fn take(&mut self, number: u64) -> bool {
        if number > self.highest {
            let by = number - self.highest;
            self.seen = self.seen.checked_shl(by.min(64) as u32).unwrap_or(0) | 1;
            self.highest = number;
            return true;
        }
        let back = self.highest - number;
        let new = back < 64 && self.seen >> back & 1 == 0;
        if new {
            self.seen |= 1 << back;
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, section 4.3 (test case 2).
    #[test]
    fn the_code_is_the_standards() {
        let said = code(b"Jefe", b"what do ya want for nothing?");
        let hex: String = said.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_number_is_new_once_and_an_old_one_never() {
        let mut window = Window::default();
        assert!(window.take(1) && window.take(3) && window.take(2));
        assert!(!window.take(1) && !window.take(2) && !window.take(3));
        assert!(window.take(100) && window.take(37) && !window.take(36), "36 is 64 back");
        assert!(!window.take(37) && !window.take(100));
        assert!(window.take(1_000) && !window.take(936) && window.take(937));
    }
}
