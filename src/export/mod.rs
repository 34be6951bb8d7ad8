//! Layer 7: a run in the forms of other tools. All of them are functions of the run that a session holds; simulated time
//! counts from the beginning of 1970 where a form wants a date.

mod csv;
mod jsonl;
mod lattice;
mod mermaid;
mod otlp;
mod shiviz;
mod sides;
mod slice;
mod svg;
mod told;
mod verdict;

use crate::base::Micros;
use crate::check::history;
use crate::session::{Session, Writer};
use crate::sim::sentence::Reader;
use crate::sim::timeline::Timeline;
use crate::sim::trace::Rec;
use crate::wire::RowKind;

/// The forms, by the names of the command line and of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The event log: one JSON object a row.
    Jsonl,
    /// A Mermaid sequence diagram.
    Mermaid,
    /// A log with vector clocks for ShiViz.
    Shiviz,
    /// Values over time.
    Csv,
    /// Operations as traces, in OpenTelemetry's JSON.
    Otlp,
    /// The space-time diagram as a picture.
    Svg,
    /// The clients' operations, as JSON lines in Jepsen's form.
    History,
    /// The same in EDN.
    Edn,
    /// What the check of linearizability says of the clients' operations, as JSON.
    Verdict,
    /// Which models of consistency the run still allows, and by what each was lost, as JSON.
    Lattice,
    /// What clients got on each side of a cut, as JSON.
    Sides,
}

impl Form {
    pub const ALL: [(&str, Form); 11] = [
        ("jsonl", Form::Jsonl),
        ("mermaid", Form::Mermaid),
        ("shiviz", Form::Shiviz),
        ("csv", Form::Csv),
        ("otlp", Form::Otlp),
        ("svg", Form::Svg),
        ("history", Form::History),
        ("edn", Form::Edn),
        ("verdict", Form::Verdict),
        ("lattice", Form::Lattice),
        ("sides", Form::Sides),
    ];

    pub fn named(name: &str) -> Option<Form> {
        Form::ALL.iter().find(|(own, _)| *own == name).map(|(_, form)| *form)
    }
}

/// What an engine that writes does for the page.
pub fn writer() -> Writer {
    Box::new(named)
}

/// What an engine that writes does for the page: the run that is open in the form of this name; or, by "slice A,B … TO", the
/// acts on causal paths from some rows to another, by "sides AT" what clients got up to a moment.
pub fn named(session: &mut Session, name: &str) -> Result<String, String> {
    if let Some(ends) = name.strip_prefix("slice ") {
        return slice::named(session, ends);
    }
    if let Some(at) = name.strip_prefix("sides ").and_then(|at| at.parse().ok()) {
        let mut text = String::new();
        session.timeline().into_iter().for_each(|timeline| sides::write(timeline, Micros(at), &mut text));
        return Ok(text);
    }
    let form = Form::named(name).ok_or_else(|| format!("there is no form {name:?}"))?;
    let mut text = String::new();
    write(session, form, &mut text);
    Ok(text)
}

/// Writes the run that is open, as far as it is simulated. Nothing is written without one.
pub fn write(session: &mut Session, form: Form, out: &mut String) {
    if form == Form::Csv {
        return csv::write(session, out);
    }
    if form == Form::Svg {
        return svg::write(session, out);
    }
    if form == Form::Verdict {
        return verdict::write(session, out);
    }
    let Some(timeline) = session.timeline() else { return };
    let log = Log::new(timeline);
    match form {
        Form::Jsonl => jsonl::write(&log, out),
        Form::Mermaid => mermaid::write(&log, out),
        Form::Shiviz => shiviz::write(&log, out),
        Form::Otlp => otlp::write(&log, out),
        Form::History => *out += &history::write(&history::record(&timeline.trace)),
        Form::Edn => *out += &history::write_edn(&history::record(&timeline.trace)),
        Form::Lattice => lattice::write(timeline, out),
        Form::Csv | Form::Svg | Form::Verdict => {}
        Form::Sides => sides::write(timeline, timeline.shown(), out),
    }
}

/// A run's rows with what is needed to read them.
struct Log<'a> {
    timeline: &'a Timeline,
    reader: Reader<'a>,
}

impl<'a> Log<'a> {
    fn new(timeline: &'a Timeline) -> Log<'a> {
        let world = timeline.head();
        let reader = Reader {
            trace: &timeline.trace,
            setup: &world.setup,
            machine: &*world.machine,
            properties: &world.describe.properties,
        };
        Log { timeline, reader }
    }

    fn rows(&self) -> &'a [Rec] {
        self.timeline.trace.rows()
    }

    fn nodes(&self) -> usize {
        self.timeline.head().setup.nodes.len()
    }

    fn name(&self, node: u16) -> &'a str {
        &self.timeline.head().setup.nodes[usize::from(node)].name
    }

    /// The vector clock of every row.
    fn clocks(&self) -> Vec<Vec<u32>> {
        match self.rows().len() {
            0 => Vec::new(),
            rows => self.timeline.trace.clocks(self.nodes(), rows as u32 - 1),
        }
    }
}

fn is_about_message(rec: &Rec) -> bool {
    use RowKind::*;
    matches!(rec.kind, Send | Deliver | Lost | Duplicate | Adversary)
}
