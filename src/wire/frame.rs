//! What the page needs to draw the bench at one moment.

use super::changes::Changes;
use super::charts::{ChartsAsk, Series, Watched};
use super::command::{Distribution, LinkChange};
use super::rows::RowKind;
use super::value::Tree;
use crate::base::{Micros, MsgId, TimerId};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A tone picks colour and shape; the theme knows what they look like. Never the only sign: words go with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    #[default]
    Neutral,
    Client,
    Server,
    Leader,
    Candidate,
    Follower,
    /// Asks for something (a phase-one question, a read).
    Query,
    /// Carries a change.
    Update,
    /// A good answer.
    Reply,
    /// A refusal or an error.
    Refusal,
    /// Routine traffic that may be dimmed (heartbeats).
    Routine,
}

/// What does not change while a run is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub title: String,
    pub protocol: String,
    pub seed: u64,
    pub nodes: Vec<NodeInfo>,
    /// Kinds of messages; a [`Flight`] points into it.
    pub kinds: Vec<KindInfo>,
    /// Names of the properties that are watched, with the statement of each.
    pub properties: Vec<(String, String)>,
    /// Kinds of timers.
    pub timers: Vec<String>,
    /// Functions that clients can ask for, with the form of key and value for each.
    pub functions: Vec<FunctionInfo>,
    /// Parameters that differ from the default, planted bugs marked.
    pub parameters: Vec<ParameterInfo>,
    /// Simulated microseconds that pass in one second of watching, at the default pace: one message can be read as it flies.
    pub pace_us_per_s: u64,
    pub arrangement: Arrangement,
    /// Who is linked with whom, the lower one first, where not everybody speaks with everybody.
    pub wires: Option<Vec<(u16, u16)>>,
    /// How all links, and all disks, behave unless something changed them.
    pub network: LinkChange,
    pub disk: Distribution,
}

/// How nodes stand on the stage that have no place of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    /// Peers on a ring, clients beside it.
    #[default]
    Ring,
    /// In boxes by zone, rack or region.
    Groups,
    /// By role, from the clients on.
    Layers,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeInfo {
    pub name: String,
    /// The role as a word ("replica", "client").
    pub role: String,
    /// Its tone when it is up and nothing else applies.
    pub tone: Tone,
    pub client: bool,
    /// `zone=a` and the like.
    pub groups: Vec<String>,
    /// Where the scenario places it, in thousandths of the stage; absent: the layout decides.
    pub place: Option<(u16, u16)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindInfo {
    pub name: String,
    pub tone: Tone,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionInfo {
    pub f: String,
    pub has_key: bool,
    pub has_value: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterInfo {
    pub name: String,
    pub value: String,
    pub meaning: String,
    /// A planted bug: shown in red.
    pub bug: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeStatus {
    Up,
    Down,
    Paused,
}

/// The bench at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub now: Micros,
    pub head: Micros,
    /// Steps up to the cursor and up to the head; rows likewise.
    pub step: u64,
    pub head_step: u64,
    pub row: u64,
    pub head_rows: u64,
    /// The sentence of the last step's main row, for the status line and the live region.
    pub sentence: String,
    /// The sentences of what stands out in the last step; empty when nothing does.
    pub stands_out: String,
    pub nodes: Vec<NodeCard>,
    pub flights: Vec<Flight>,
    pub timers: Vec<TimerCard>,
    /// Links that are cut, clogged or shaped, each direction once, in the order of their ends.
    pub links: Vec<LinkCard>,
    /// Sent when it differs from what the page was last sent.
    pub status: Option<Box<Status>>,
    /// Nothing more will happen by itself, or a bound was reached: the sentence that says so.
    pub halted: Option<String>,
    /// Messages are held back until somebody delivers them.
    pub held: bool,
    /// Of the lists above only what the frame sent before has not; absent: they are whole.
    pub changes: Option<Changes>,
}

impl Frame {
    /// The card of one direction of a link, if it differs from the others.
    pub fn link(&self, (from, to): (u16, u16)) -> Option<&LinkCard> {
        self.links.binary_search_by_key(&(from, to), |l| (l.from, l.to)).ok().map(|place| &self.links[place])
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeCard {
    pub status: NodeStatus,
    /// Takes longer than usual for each message.
    pub slow: bool,
    /// Waits for its disk.
    pub syncing: bool,
    /// How its disk differs from the others, in words.
    pub disk: String,
    /// Messages that have arrived and wait to be handled.
    pub inbox: u32,
    /// Clock against simulated time, microseconds.
    pub clock_off_us: i64,
    /// The role as it is now ("leader", "replica"), for under the node.
    pub role: String,
    pub tone: Tone,
    /// Term, ballot or view in which it acts, which picks a family of colours; 0: the protocol has none.
    pub epoch: u64,
    /// Inside the node, under its name: "term 4", "2 keys".
    pub headline: String,
    /// Contents in small: key and value, committed or not.
    pub cells: Vec<Cell>,
    /// The election that it stands in: one for each who may vote.
    pub votes: Vec<Vote>,
    /// What it knows of others, each in a few words ("match 4 · next 5"): shown at them on demand.
    pub knows: Vec<(u16, String)>,
    /// All probes by name.
    pub probes: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Where room is short, only what stands before a colon is shown (of "5:x=1" the term).
    pub text: String,
    /// Durable or committed; otherwise drawn dashed.
    pub firm: bool,
    /// Term, ballot or view that wrote it; 0: none.
    pub epoch: u64,
}

/// A vote as the candidate knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    pub by: u16,
    /// Absent: it has been asked for and not been heard of.
    pub granted: Option<bool>,
}

/// A message on its way, or one that was lost a moment ago.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    pub id: MsgId,
    pub kind: u8,
    pub sent: Micros,
    /// When it arrives, or would have.
    pub due: Micros,
    /// Term, ballot or view that it carries; 0: none.
    pub epoch: u64,
    /// The payload in a few words: "put x=4".
    pub label: SmolStr,
    /// When and by which rule it was lost. The view breaks it there.
    pub lost: Option<Loss>,
    /// The row of its sending.
    pub row: u64,
    pub size: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    pub at: Micros,
    pub rule: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimerCard {
    pub id: TimerId,
    pub kind: u8,
    pub set: Micros,
    pub due: Micros,
    /// A label of the protocol: "retry of put x=3".
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkCard {
    pub from: u16,
    pub to: u16,
    /// The rule that cuts it.
    pub cut: Option<String>,
    pub clogged: bool,
    /// How it differs from the default, in words.
    pub shape: String,
}

/// What changes seldom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub properties: Vec<PropertyCard>,
    pub goals: Vec<GoalCard>,
    /// Faults, notes and goals for the scrubber, thinned to a bounded number.
    pub marks: Vec<Mark>,
    pub branches: Vec<BranchCard>,
    pub branch: u32,
    /// The command log of this branch, each as time and sentence, and whether it came from the scenario.
    pub commands: Vec<CommandCard>,
    /// Names of the cut rules in force, and of the adversaries.
    pub rules: Vec<String>,
    pub adversaries: Vec<String>,
    /// Measured values by name ("ops.ok" → "12").
    pub measures: Vec<(String, String)>,
    /// Of a lesson's step that measures: the same of this run up to the cursor, for each column.
    pub own: Vec<Option<(String, f64)>>,
    /// Operations of clients: the latest few of each client, newest last.
    pub ops: Vec<OpCard>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyCard {
    /// Index into [`Opened::properties`].
    pub index: u16,
    /// It does not hold at the cursor.
    pub broken: Option<Broken>,
    /// It holds here, and breaks later in what is simulated: the row and when.
    pub later: Option<(u64, Micros)>,
}

/// How a property broke.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// The row at which it was first found broken, when, and the reason.
    pub row: u64,
    pub at: Micros,
    pub reason: String,
    /// How often it was found so up to the cursor, and when last.
    pub times: u32,
    pub last: Micros,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoalState {
    Open,
    Met,
    /// Cannot be met any more in this branch.
    Missed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalCard {
    /// Index into the step's goals.
    pub index: u32,
    pub state: GoalState,
    /// The row that decided it, and its time.
    pub evidence: Option<(u64, Micros)>,
    /// The sentence for met or missed, or how far it has come.
    pub sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkKind {
    Fault,
    Repair,
    Note,
    Goal,
    Violation,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub at: Micros,
    pub kind: MarkKind,
    pub row: u64,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BranchCard {
    pub id: u32,
    /// The branch that it left; none: it is the first, or those that it came from are not kept any more.
    pub parent: Option<u32>,
    /// When it left it.
    pub fork: Micros,
    /// How far it was simulated; of the present branch the frame says that.
    pub head: Micros,
    /// The learner's name for it; empty: none.
    pub name: String,
    /// What was done differently where it left the other, as a sentence.
    pub label: String,
    /// Commands of the learner's on it.
    pub commands: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandCard {
    pub at: Micros,
    pub sentence: String,
    pub scripted: bool,
    /// The reason why it had no effect.
    pub refused: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpCard {
    pub client: u16,
    pub text: String,
    pub begun: Micros,
    pub ended: Option<Micros>,
    pub outcome: Option<super::value::Outcome>,
    pub answer: String,
    /// The row of its end, or of its beginning while it is open.
    pub row: u64,
}

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// The row of its sending.
    pub row: u64,
    pub tree: Tree,
    pub bytes: u32,
}

/// A node under the inspector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    pub node: u16,
    pub step: u64,
    pub state: Tree,
    pub disk: Tree,
    /// Messages that have arrived and wait, oldest first.
    pub inbox: Vec<String>,
    /// The row kinds of the last step at this node.
    pub last: Vec<RowKind>,
    /// The expressions that were asked for at the cursor, in order, and over time those that are numbers.
    pub watched: Vec<Watched>,
    pub of: ChartsAsk,
    pub lines: Vec<Series>,
    pub progress: Progress,
}

/// How clients' operations fare at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Operations that wait for their end, and when the oldest of them began.
    pub open: u32,
    pub oldest: Option<Micros>,
    /// The last one that ended well: its row and when.
    pub last: Option<(u64, Micros)>,
    /// Why it does not go on, as the protocol and the network have it: phrases.
    pub why: Vec<String>,
}
