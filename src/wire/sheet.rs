//! A scenario as a form has it, and what there is to choose from: protocols, their parameters, ready scenarios. The page
//! knows no protocol by name; the shelf is packed beside the lessons when it is built.

use super::command::{Distribution, LinkChange, Workload};
use super::frame::{Arrangement, FunctionInfo};
use crate::base::Micros;
use serde::{Deserialize, Serialize};

/// A scenario as a form has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub title: String,
    pub protocol: String,
    pub seed: u64,
    pub pace: Option<Micros>,
    /// Names and values as they are written; what is absent is as usual.
    pub parameters: Vec<(String, String)>,
    pub network: LinkChange,
    pub disk: Option<Distribution>,
    pub layout: Arrangement,
    /// Every node by itself.
    pub nodes: Vec<SheetNode>,
    /// In the order of their times.
    pub script: Vec<SheetLine>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetNode {
    pub name: String,
    pub role: String,
    pub groups: Vec<String>,
    pub place: Option<(u16, u16)>,
}

/// A command of the script: see [`crate::wire::Command`] and the fields of a scenario's commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetLine {
    pub at: Micros,
    pub after: u32,
    pub spread: Micros,
    pub what: Deed,
}

/// What a form can change is there in full; of the rest its words, so that the page need not read all kinds of commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    Workload(Workload),
    Link(LinkChange),
    /// Any other command, in its canonical encoding.
    Other {
        words: String,
        needs: Needs,
        command: Vec<u8>,
    },
}

/// What a protocol must have for a command to mean the same under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Needs {
    Nothing,
    /// Clients that can be asked for this.
    Function(String),
    /// It is about timers or single messages.
    Itself,
}

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    pub protocols: Vec<ProtocolInfo>,
    pub gallery: Vec<GalleryEntry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProtocolInfo {
    pub name: String,
    pub summary: String,
    pub roles: Vec<RoleInfo>,
    /// What clients can ask for.
    pub functions: Vec<FunctionInfo>,
    pub parameters: Vec<ParameterSpec>,
    /// The gallery's first scenario of this protocol: what one begins with.
    pub start: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleInfo {
    pub name: String,
    pub meaning: String,
    pub client: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterSpec {
    pub name: String,
    pub meaning: String,
    /// Unit and range in words.
    pub accepts: String,
    /// As it is written in a scenario.
    pub default: String,
    pub kind: ParameterKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ParameterKind {
    Time,
    Number,
    Flag,
    /// One of these words.
    Word(Vec<String>),
    /// A planted bug: off, unless somebody wants to see what it does.
    Bug,
}

/// A ready scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GalleryEntry {
    pub slug: String,
    /// Why one would look at it.
    pub why: String,
    /// What is seen by then; the check has seen it.
    pub outcome: String,
    pub until: Micros,
    pub sheet: Sheet,
    /// It is a configuration of the CAP lab.
    pub cap: bool,
    /// What it is worth to be compared with.
    pub versus: Option<Sheet>,
}
