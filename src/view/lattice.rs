//! The models of consistency that a run still allows: a small graph in which what is above implies what is below, and the
//! losses in the order in which they came. All of it at a moment: a model is lost from the event on that lost it, so going
//! back in time shows it possible again.

use super::slice::Ends;
use super::words;
use crate::base::Micros;
use crate::base::json::{self, Json};

/// The answer of a judge about a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lattice {
    /// The run was simulated so far, and so many operations were about a value.
    pub to: Micros,
    pub operations: u32,
    pub clients: Vec<String>,
    /// Why there is no judgement.
    pub wrong: String,
    pub standings: Vec<Standing>,
    /// Reads of what had been replaced, by time: those that were staler than all of the same client before.
    pub stale: Vec<Stale>,
    pub agree: Agree,
    /// Which reads do not agree, or why that cannot be told.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub model: String,
    /// None: all clients together.
    pub client: Option<usize>,
    pub lost: Option<Loss>,
    pub unknown: Option<(Micros, String)>,
}

/// A model lost, with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    pub at: Micros,
    pub row: u64,
    pub said: String,
    /// The operations of the evidence, in words, with the rows of their invocations.
    pub core: Vec<(u64, String)>,
    pub slice: Option<Ends>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stale {
    pub client: usize,
    pub at: Micros,
    /// What replaced it had ended so long before the read began, at least; and so many versions had.
    pub age: Micros,
    pub versions: u32,
    pub said: String,
    pub slice: Ends,
}

/// Whether reads after the last write agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agree {
    Yes,
    NotYet,
    #[default]
    Unknown,
}

/// How it stands with a model at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How<'a> {
    Possible,
    Lost(&'a Loss),
    Unknown(&'a str),
    /// Nothing is said of one client by itself.
    Together,
}

pub fn read(text: &str) -> Result<Lattice, String> {
    let mut fields = json::read(text)?.fields()?;
    let mut lattice = Lattice {
        to: Micros(fields.number("to")?),
        operations: fields.number("operations")?,
        wrong: fields.text("wrong")?,
        why: fields.text("why")?,
        ..Lattice::default()
    };
    lattice.agree = match fields.text("agree")?.as_str() {
        "agree" => Agree::Yes,
        "apart" => Agree::NotYet,
        _ => Agree::Unknown,
    };
    for client in fields.take("clients")?.list()? {
        lattice.clients.push(client.text()?);
    }
    for standing in fields.take("models")?.list()? {
        lattice.standings.push(read_standing(standing)?);
    }
    for stale in fields.take("stale")?.list()? {
        lattice.stale.push(read_stale(stale)?);
    }
    let clients = lattice.clients.len();
    let whose = lattice.standings.iter().filter_map(|own| own.client).chain(lattice.stale.iter().map(|own| own.client));
    if whose.max().is_some_and(|client| client >= clients) {
        return Err("no such client".into());
    }
    Ok(lattice)
}

fn read_standing(json: Json) -> Result<Standing, String> {
    let mut fields = json.fields()?;
    let client = if let Some(Json::Int(n)) = fields.find("client") { usize::try_from(n).ok() } else { None };
    let unknown = match fields.find("unknown") {
        Some(json @ Json::Map(_)) => {
            let mut fields = json.fields()?;
            Some((Micros(fields.number("at")?), fields.text("why")?))
        }
        _ => None,
    };
    let lost = match fields.find("lost") {
        Some(json @ Json::Map(_)) => Some(read_loss(json)?),
        _ => None,
    };
    Ok(Standing { model: fields.text("model")?, client, lost, unknown })
}

fn read_loss(json: Json) -> Result<Loss, String> {
    let mut fields = json.fields()?;
    let mut core = Vec::new();
    for op in fields.take("core")?.list()? {
        let mut op = op.fields()?;
        core.push((op.number("row")?, op.text("words")?));
    }
    let slice = match fields.find("slice") {
        Some(json @ Json::Map(_)) => Some(Ends::read(json)?),
        _ => None,
    };
    Ok(Loss { at: Micros(fields.number("at")?), row: fields.number("row")?, said: fields.text("said")?, core, slice })
}

fn read_stale(json: Json) -> Result<Stale, String> {
    let mut fields = json.fields()?;
    Ok(Stale {
        client: fields.number("client")?,
        at: Micros(fields.number("at")?),
        age: Micros(fields.number("age")?),
        versions: fields.number("versions")?,
        said: fields.text("said")?,
        slice: Ends { from: vec![fields.number("from")?], to: fields.number("row")? },
    })
}

impl Lattice {
    /// How it stands with a model at a moment, for all clients together or for one.
    pub fn how(&self, model: &str, client: Option<usize>, now: Micros) -> How<'_> {
        let Some(own) = self.standings.iter().find(|own| own.model == model && own.client == client) else {
            return if client.is_some() { How::Together } else { How::Unknown("it was not judged") };
        };
        match (&own.lost, &own.unknown) {
            (Some(loss), _) if loss.at <= now => How::Lost(loss),
            (_, Some((from, why))) if *from <= now => How::Unknown(why),
            _ => How::Possible,
        }
    }

    /// The losses up to a moment, the first first, with the names of the models, the stronger last. What a model that was lost
    /// at once implies, it need not be told by evidence of its own.
    pub fn losses(&self, client: Option<usize>, now: Micros) -> Vec<(&Loss, Vec<&'static str>)> {
        let mut losses: Vec<(&Loss, Vec<usize>)> = Vec::new();
        for (place, node) in NODES.iter().enumerate().rev() {
            let How::Lost(loss) = self.how(node.model, client, now) else { continue };
            let told = |(other, models): &&mut (&Loss, Vec<usize>)| {
                other.row == loss.row
                    && (other.said == loss.said || models.iter().any(|weaker| implies(place, *weaker)))
            };
            match losses.iter_mut().find(told) {
                Some((_, models)) => models.push(place),
                None => losses.push((loss, vec![place])),
            }
        }
        losses.sort_by_key(|(loss, _)| loss.row);
        let named = |models: Vec<usize>| models.into_iter().map(|place| NODES[place].name).collect();
        losses.into_iter().map(|(loss, models)| (loss, named(models))).collect()
    }

    /// The oldest that was read up to a moment, and the most versions behind.
    pub fn stalest(&self, client: Option<usize>, now: Micros) -> (Option<&Stale>, u32) {
        let until = self.stale.iter().filter(|own| own.at <= now && client.is_none_or(|client| client == own.client));
        let versions = until.clone().map(|own| own.versions).max().unwrap_or(0);
        // The first of equals.
        (until.rev().max_by_key(|own| own.age), versions)
    }
}

/// A model in the graph.
pub struct Node {
    /// As the judge calls it, as it is called here, and in lines as it is drawn.
    pub model: &'static str,
    pub name: &'static str,
    lines: [&'static str; 2],
    /// What it says.
    pub what: &'static str,
    /// Its middle, in halves of a column, and its row.
    at: (i64, i64),
    /// Which of those below it implies directly.
    below: &'static [usize],
}

const fn node(
    model: &'static str,
    name: &'static str,
    lines: [&'static str; 2],
    what: &'static str,
    at: (i64, i64),
    below: &'static [usize],
) -> Node {
    Node { model, name, lines, what, at, below }
}

/// The stronger first.
pub const NODES: [Node; 10] = [
    node(
        "linearizable",
        "linearizable",
        ["linearizable", ""],
        "as if there were one copy: one order of all, in keeping with real time",
        (4, 0),
        &[1],
    ),
    node(
        "sequential",
        "sequential",
        ["sequential", ""],
        "one order of all, in keeping with each client's own",
        (4, 1),
        &[2, 3],
    ),
    node(
        "causal-memory",
        "causal memory",
        ["causal", "memory"],
        "each client sees all writes in an order that keeps causes before effects",
        (2, 2),
        &[4, 5, 9],
    ),
    node(
        "causal-convergence",
        "causal convergence",
        ["causal", "convergence"],
        "causal, and one order decides between writes that do not know of each other",
        (6, 2),
        &[5],
    ),
    node(
        "pram",
        "PRAM",
        ["PRAM", "(pipelined)"],
        "each client sees the writes of every other in the order in which they were made",
        (4, 3),
        &[6, 7, 8],
    ),
    node(
        "causal",
        "causal",
        ["causal", "(weak)"],
        "what is read is not older than what it causally follows",
        (7, 3),
        &[6],
    ),
    node(
        "read-your-writes",
        "read your writes",
        ["read your", "writes"],
        "a client sees what it has written, or newer",
        (7, 4),
        &[],
    ),
    node(
        "monotonic-reads",
        "monotonic reads",
        ["monotonic", "reads"],
        "a client never sees older versions than before",
        (5, 4),
        &[],
    ),
    node(
        "monotonic-writes",
        "monotonic writes",
        ["monotonic", "writes"],
        "a client's writes are seen in its order",
        (3, 4),
        &[],
    ),
    node(
        "writes-follow-reads",
        "writes follow reads",
        ["writes", "follow reads"],
        "a write is seen after what its client had read",
        (1, 4),
        &[],
    ),
];

/// Whether a model of the graph implies another one.
fn implies(stronger: usize, weaker: usize) -> bool {
    stronger == weaker || NODES[stronger].below.iter().any(|below| implies(*below, weaker))
}

const COLUMN: i64 = 46;
const ROW: i64 = 46;
const BOX: (i64, i64) = (88, 34);
pub const SIZE: (i64, i64) = (8 * COLUMN, 5 * ROW);

/// A model as it is drawn, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn<'a> {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
    pub lines: [&'static str; 2],
    pub name: &'static str,
    pub how: How<'a>,
}

/// The graph at a moment, and its edges as paths with whether what they lead from is lost.
pub fn picture(lattice: &Lattice, client: Option<usize>, now: Micros) -> (Vec<Drawn<'_>>, Vec<(String, bool)>) {
    let place = |node: &Node| (node.at.0 * COLUMN, node.at.1 * ROW + ROW / 2);
    let drawn = |node: &'static Node| {
        let (x, y) = place(node);
        let how = lattice.how(node.model, client, now);
        let (width, height) = BOX;
        Drawn { x: x - width / 2, y: y - height / 2, width, height, lines: node.lines, name: node.name, how }
    };
    let edges = NODES.iter().flat_map(|upper| {
        let lost = !matches!(lattice.how(upper.model, client, now), How::Possible);
        upper.below.iter().map(move |lower| {
            let ((x1, y1), (x2, y2)) = (place(upper), place(&NODES[*lower]));
            (format!("M{x1} {}L{x2} {}", y1 + BOX.1 / 2, y2 - BOX.1 / 2), lost)
        })
    });
    (NODES.iter().map(drawn).collect(), edges.collect())
}

/// How a model stands, in a few words.
pub fn standing(how: How<'_>) -> String {
    match how {
        How::Possible => "possible".into(),
        How::Lost(loss) => format!("lost at {}", words::clock(loss.at, true)),
        How::Unknown(_) => "cannot be told".into(),
        How::Together => "only of all together".into(),
    }
}

/// The sign that stands beside the colour.
pub fn sign(how: How<'_>) -> &'static str {
    match how {
        How::Possible => "✓",
        How::Lost(_) => "✗",
        How::Unknown(_) => "?",
        How::Together => "–",
    }
}

/// How old what was read was, in a sentence.
pub fn staleness(lattice: &Lattice, client: Option<usize>, now: Micros) -> String {
    match lattice.stalest(client, now) {
        (Some(stale), versions) => {
            let versions = words::count(versions.into(), "version", "versions");
            let who = &lattice.clients[stale.client];
            format!(
                "Bounded staleness: at least {} and {versions} at worst so far; {who} read {}.",
                words::length(stale.age.0),
                stale.said
            )
        }
        _ => "Bounded staleness: no read was older than it must be so far.".into(),
    }
}

pub fn agreement(lattice: &Lattice) -> String {
    let so_far = "that reads do not agree yet would not rule out that they will";
    match lattice.agree {
        Agree::Yes => "Eventual: reads after the last write agree as far as the run goes.".into(),
        Agree::NotYet => format!(
            "Eventual: reads after the last write do not agree yet ({}); {so_far}.",
            lattice.why.trim_end_matches('.')
        ),
        Agree::Unknown => format!("Eventual: cannot be told now ({}); {so_far}.", lattice.why.trim_end_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::words::width;

    const TEXT: &str = r#"{"to":900,"rows":80,"operations":7,"clients":["c1","c2"],"wrong":"","agree":"apart","why":"They differ.","models":[
      {"model":"linearizable","client":null,"lost":{"at":300,"row":40,"said":"No order.","core":[{"words":"c1 write x 1","row":3}],"slice":{"from":[3,9],"to":40}},"unknown":null},
      {"model":"sequential","client":null,"lost":{"at":300,"row":40,"said":"No order.","core":[],"slice":null},"unknown":null},
      {"model":"monotonic-reads","client":null,"lost":{"at":500,"row":60,"said":"Back.","core":[],"slice":null},"unknown":null},
      {"model":"monotonic-reads","client":1,"lost":null,"unknown":null},
      {"model":"causal","client":null,"lost":null,"unknown":{"at":700,"why":"7 was written twice"}}],
      "stale":[{"client":0,"at":300,"age":20,"versions":1,"said":"a","from":3,"row":40},{"client":1,"at":500,"age":15,"versions":3,"said":"b","from":3,"row":60}]}"#;

    #[test]
    fn a_model_is_lost_from_its_moment_on() {
        let lattice = read(TEXT).expect("it reads");
        assert_eq!(lattice.how("linearizable", None, Micros(299)), How::Possible);
        let How::Lost(loss) = lattice.how("linearizable", None, Micros(300)) else { panic!("it is lost") };
        assert_eq!(loss.slice, Some(Ends { from: vec![3, 9], to: 40 }));
        assert_eq!(loss.core, [(3, "c1 write x 1".to_owned())]);
        assert_eq!(lattice.how("causal", None, Micros(699)), How::Possible);
        assert_eq!(lattice.how("causal", None, Micros(700)), How::Unknown("7 was written twice"));
        assert_eq!(lattice.how("linearizable", Some(0), Micros(900)), How::Together);
        assert_eq!(lattice.how("monotonic-reads", Some(1), Micros(900)), How::Possible);
    }

    #[test]
    fn losses_of_one_event_are_told_together() {
        let lattice = read(TEXT).expect("it reads");
        let told = |now| {
            lattice.losses(None, Micros(now)).into_iter().map(|(loss, models)| (loss.row, models)).collect::<Vec<_>>()
        };
        assert!(told(299).is_empty());
        assert_eq!(told(499), [(40, vec!["sequential", "linearizable"])]);
        assert_eq!(told(500), [(40, vec!["sequential", "linearizable"]), (60, vec!["monotonic reads"])]);
    }

    #[test]
    fn what_is_measured_is_told_up_to_the_moment() {
        let lattice = read(TEXT).expect("it reads");
        let (worst, versions) = lattice.stalest(None, Micros(900));
        assert_eq!((worst.map(|own| own.row()), versions), (Some(40), 3));
        assert_eq!(lattice.stalest(Some(1), Micros(499)), (None, 0));
        assert!(staleness(&lattice, None, Micros(100)).contains("no read"));
        assert!(agreement(&lattice).contains("They differ); "));
    }

    #[test]
    fn the_graph_has_room_for_its_words_and_leads_downwards() {
        let lattice = Lattice::default();
        let (nodes, edges) = picture(&lattice, None, Micros::ZERO);
        for (i, node) in nodes.iter().enumerate() {
            assert!(node.x >= 0 && node.x + node.width <= SIZE.0 && node.y >= 0 && node.y + node.height <= SIZE.1);
            // The sign stands before the first line.
            for (line, room) in node.lines.into_iter().zip([20.0, 12.0]) {
                assert!(width(line, 11.0, false) + room < node.width as f32, "{line}");
            }
            let apart =
                |other: &Drawn| node.x + node.width <= other.x || other.x + other.width <= node.x || node.y != other.y;
            assert!(nodes.iter().enumerate().all(|(j, other)| i == j || apart(other)));
        }
        assert!(NODES.iter().enumerate().all(|(i, node)| node.below.iter().all(|below| *below > i)));
        assert_eq!(edges.len(), NODES.iter().map(|node| node.below.len()).sum::<usize>());
    }

    #[test]
    fn what_is_malformed_is_refused() {
        assert!(read("{}").is_err());
        assert!(read(&TEXT.replace("\"client\":1,\"lost\"", "\"client\":2,\"lost\"")).is_err());
    }

    impl Stale {
        fn row(&self) -> u64 {
            self.slice.to
        }
    }
}
