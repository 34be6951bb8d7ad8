//! Plain values: operations of clients, probes of nodes, state trees of the inspector.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// What a client asks of the service: function, key and value, so that registers, maps, queues, locks and
/// transactions need no types of their own. Short names, as nearly all are, need no memory of their own either.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Op {
    /// `get`, `put`, … as the protocol lists them.
    pub f: SmolStr,
    #[serde(default)]
    pub key: SmolStr,
    #[serde(default)]
    pub value: Datum,
}

/// A value in an operation or its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    #[default]
    None,
    Int(i64),
    Text(String),
    List(Vec<Datum>),
}

/// How an operation ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It took effect exactly as answered.
    Ok,
    /// It certainly did not take effect.
    Fail,
    /// The client gave up waiting: it may have taken effect, or may yet.
    Unknown,
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::None => f.write_str("nothing"),
            Datum::Int(n) => write!(f, "{n}"),
            Datum::Text(t) => write!(f, "{t}"),
            Datum::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Datum::None => write!(f, "{} {}", self.f, self.key),
            value => write!(f, "{} {}={value}", self.f, self.key),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Ok => "ok",
            Outcome::Fail => "failed",
            Outcome::Unknown => "unknown",
        })
    }
}

/// A node of the inspector's state tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    pub name: String,
    /// The value of a leaf, or a short summary of a branch.
    pub text: String,
    /// What it was before the last step, if that differs. An empty text: it did not exist.
    pub before: Option<String>,
    pub children: Vec<Tree>,
}
