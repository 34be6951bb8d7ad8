//! Stable identities: what a thing is called does not depend on how many other things happened before it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use std::str::FromStr;

/// A node by its place in the scenario, starting at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u16);

impl NodeId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A message: its link (from, to), the count of sends on that link (from 1), and which copy (0 is the original).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MsgId {
    pub from: NodeId,
    pub to: NodeId,
    pub count: u32,
    pub copy: u8,
}

/// A timer: its node and the count of timers set there (from 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    pub node: NodeId,
    pub count: u32,
}

/// A client operation: the client's node and the count of its operations (from 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    pub client: NodeId,
    pub count: u32,
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>{}.{}", self.from.0, self.to.0, self.count)?;
        if self.copy > 0 { write!(f, "+{}", self.copy) } else { Ok(()) }
    }
}

impl fmt::Display for TimerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.node.0, self.count)
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}?{}", self.client.0, self.count)
    }
}

impl FromStr for MsgId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (from, rest) = text.split_once('>')?;
            let (to, rest) = rest.split_once('.')?;
            let (count, copy) = rest.split_once('+').unwrap_or((rest, "0"));
            let (from, to) = (NodeId(from.parse().ok()?), NodeId(to.parse().ok()?));
            Some(MsgId { from, to, count: count.parse().ok()?, copy: copy.parse().ok()? })
        };
        read().ok_or_else(|| {
            format!("\"{text}\" is not a message; write FROM>TO.COUNT with node numbers, as in \"0>2.5\"")
        })
    }
}

impl FromStr for TimerId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (node, count) = text.split_once('!')?;
            Some(TimerId { node: NodeId(node.parse().ok()?), count: count.parse().ok()? })
        };
        read()
            .ok_or_else(|| format!("\"{text}\" is not a timer; write NODE!COUNT with the node's number, as in \"0!3\""))
    }
}

impl FromStr for OpId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (node, count) = text.split_once('?')?;
            Some(OpId { client: NodeId(node.parse().ok()?), count: count.parse().ok()? })
        };
        read().ok_or_else(|| format!("\"{text}\" is not an operation; write CLIENT?COUNT, as in \"5?2\""))
    }
}

/// Ids are words in TOML and JSON, and plain numbers in the binary encoding.
macro_rules! serde_as_text_or_numbers {
    ($name:ident { $($field:ident),+ }) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { ($(self.$field),+).serialize(s) }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    String::deserialize(d)?.parse().map_err(D::Error::custom)
                } else {
                    let ($($field),+) = Deserialize::deserialize(d)?;
                    Ok($name { $($field),+ })
                }
            }
        }
    };
}
serde_as_text_or_numbers!(MsgId { from, to, count, copy });
serde_as_text_or_numbers!(TimerId { node, count });
serde_as_text_or_numbers!(OpId { client, count });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        let m = MsgId { from: NodeId(3), to: NodeId(11), count: 7, copy: 2 };
        assert_eq!(m.to_string().parse(), Ok(m));
        let t = TimerId { node: NodeId(3), count: 9 };
        assert_eq!(t.to_string().parse(), Ok(t));
        let o = OpId { client: NodeId(5), count: 1 };
        assert_eq!(o.to_string().parse(), Ok(o));
        assert!("3>x.1".parse::<MsgId>().is_err());
    }
}
