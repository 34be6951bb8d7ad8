//! What clients got on each side of a cut, and where that places the run among the choices of CAP and PACELC: measured, not
//! declared.
//!
//! D. Abadi: Consistency tradeoffs in modern distributed database system design, IEEE Computer 45(2), 2012: if there is a
//! partition (P), availability (A) or consistency (C)? Else (E), latency (L) or consistency (C)? Here *available* means
//! that every operation of every side that asks was answered while the cut lasted, *consistent* that the history is
//! linearizable, and *low latency* that the usual operation takes less than [`QUICK`] round trips: its client waits for one
//! answer, and that for nobody else.

use super::words;
use crate::base::json::{self, Fields, Json};
use crate::base::{Micros, decimal};

/// Round trips. One is what any answer from elsewhere takes; asking somebody else first makes it two.
pub const QUICK: f64 = 1.5;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cap {
    pub to: Micros,
    pub trip: Option<u64>,
    pub calm: Group,
    pub cuts: Vec<Cut>,
    /// Reads that were answered, those of them that were behind, by how many versions at most, and how long.
    pub reads: u32,
    pub behind: u32,
    pub versions: u32,
    pub stale: Spread,
    /// The row of the one that is the furthest behind.
    pub stalest: Option<u64>,
    pub consistency: Consistency,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Consistency {
    #[default]
    Kept,
    /// The row with which it was lost, when, and why.
    Lost(u64, Micros, String),
    Unknown(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cut {
    pub from: Micros,
    pub to: Option<Micros>,
    pub sides: Vec<Group>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub nodes: Vec<String>,
    /// There is a client on this side.
    pub asks: bool,
    pub answered: u32,
    pub late: u32,
    pub refused: u32,
    pub timed_out: u32,
    pub waiting: u32,
    /// The row in which the first one began that got no answer in time.
    pub denied: Option<u64>,
    pub reads: Spread,
    pub writes: Spread,
    pub all: Spread,
}

/// How many there were, and in microseconds the median, the 90th and 99th percentile and the longest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    pub count: u32,
    pub times: [u64; 4],
}

impl Group {
    pub fn judged(&self) -> u32 {
        self.answered + self.late + self.refused + self.timed_out
    }

    /// The part that was answered in time; none while nothing has ended.
    pub fn share(&self) -> Option<f64> {
        (self.judged() > 0).then(|| f64::from(self.answered) / f64::from(self.judged()))
    }
}

pub fn read(text: &str) -> Result<Cap, String> {
    let mut fields = json::read(text)?.fields()?;
    let consistency = match fields.text("verdict")?.as_str() {
        "kept" => Consistency::Kept,
        "lost" => Consistency::Lost(fields.number("row")?, Micros(fields.number("at")?), fields.text("said")?),
        _ => Consistency::Unknown(fields.text("said")?),
    };
    let mut cuts = Vec::new();
    for json in fields.take("cuts")?.list()? {
        cuts.push(cut(json.fields()?)?);
    }
    Ok(Cap {
        to: Micros(fields.number("to")?),
        trip: number(&mut fields, "trip"),
        calm: group(fields.take("calm")?.fields()?)?,
        cuts,
        reads: fields.number("read")?,
        behind: fields.number("behind")?,
        versions: fields.number("versions")?,
        stale: spread(&mut fields, "stale")?,
        stalest: number(&mut fields, "stalest"),
        consistency,
    })
}

fn number(fields: &mut Fields, name: &str) -> Option<u64> {
    if let Some(Json::Int(n)) = fields.find(name) { u64::try_from(n).ok() } else { None }
}

fn cut(mut fields: Fields) -> Result<Cut, String> {
    let mut sides = Vec::new();
    for json in fields.take("sides")?.list()? {
        sides.push(group(json.fields()?)?);
    }
    Ok(Cut { from: Micros(fields.number("from")?), to: number(&mut fields, "to").map(Micros), sides })
}

fn group(mut fields: Fields) -> Result<Group, String> {
    let mut nodes = Vec::new();
    for node in fields.take("nodes")?.list()? {
        nodes.push(node.text()?);
    }
    Ok(Group {
        nodes,
        asks: fields.take("asks")? == Json::Bool(true),
        answered: fields.number("answered")?,
        late: fields.number("late")?,
        refused: fields.number("refused")?,
        timed_out: fields.number("gave-up")?,
        waiting: fields.number("waiting")?,
        denied: number(&mut fields, "denied"),
        reads: spread(&mut fields, "reads")?,
        writes: spread(&mut fields, "writes")?,
        all: spread(&mut fields, "all")?,
    })
}

fn spread(fields: &mut Fields, name: &str) -> Result<Spread, String> {
    let mut numbers = [0; 5];
    for (place, json) in numbers.iter_mut().zip(fields.take(name)?.list()?) {
        *place = if let Json::Int(n) = json { n.max(0) as u64 } else { return Err(format!("{name} is no number")) };
    }
    let [count, times @ ..] = numbers;
    Ok(Spread { count: count as u32, times })
}

/// What a half of the choice came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The run has not shown it yet.
    Untried,
    /// Neither is lost so far.
    Both,
    /// A, or L.
    First,
    Consistent,
    Neither,
}

impl Half {
    fn of(first: bool, consistent: bool) -> Half {
        match (first, consistent) {
            (true, true) => Half::Both,
            (true, false) => Half::First,
            (false, true) => Half::Consistent,
            (false, false) => Half::Neither,
        }
    }

    fn letter(self, first: char) -> char {
        match self {
            Half::First => first,
            Half::Consistent => 'C',
            Half::Untried | Half::Both => '?',
            Half::Neither => '–',
        }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub partition: Half,
    pub calm: Half,
    /// The part that was answered on the side that fared worst, under all cuts.
    pub share: Option<f64>,
    /// How many round trips the usual operation takes without a cut.
    pub trips: Option<f64>,
}

impl Cap {
    /// The moment at which linearizability was lost.
    pub fn lost_at(&self) -> Option<Micros> {
        if let Consistency::Lost(_, at, _) = self.consistency { Some(at) } else { None }
    }

    pub fn placed(&self) -> Placed {
        let trips = self.trip.filter(|trip| *trip > 0 && self.calm.all.count > 0);
        let trips = trips.map(|trip| self.calm.all.times[0] as f64 / trip as f64);
        let first_cut = self.cuts.first().map_or(Micros::MAX, |cut| cut.from);
        let calm = match trips {
            None => Half::Untried,
            Some(trips) => Half::of(trips < QUICK, self.lost_at().is_none_or(|at| at >= first_cut)),
        };
        let asking = || self.cuts.iter().flat_map(|cut| &cut.sides).filter(|side| side.asks);
        let share = asking().filter_map(Group::share).min_by(f64::total_cmp);
        let denied = asking().any(|side| side.answered < side.judged());
        let shown =
            self.cuts.iter().any(|cut| cut.sides.len() > 1 && cut.sides.iter().all(|s| !s.asks || s.judged() > 0));
        let partition = if shown || denied { Half::of(!denied, self.lost_at().is_none()) } else { Half::Untried };
        Placed { partition, calm, share, trips }
    }
}

impl Placed {
    /// "PA/EL" and the like.
    pub fn name(&self) -> String {
        format!("P{}/E{}", self.partition.letter('A'), self.calm.letter('L'))
    }

    /// Where it lies in the square, in thousandths from the left and from the top: to the left low latency, above
    /// availability. None until both are known.
    pub fn point(&self) -> Option<(i64, i64)> {
        let (share, trips) = (self.share?, self.trips?);
        let scaled = (trips / (2.0 * QUICK) * 1_000.0) as i64;
        let down = if share >= 1.0 { 250 } else { 570 + ((1.0 - share) * 230.0) as i64 };
        Some((scaled.clamp(60, 940), down))
    }

    /// Both halves in sentences.
    pub fn said(&self, cap: &Cap) -> [String; 2] {
        let share = self.share.map_or_else(String::new, percent);
        let lost = cap.lost_at().map_or(String::new(), |at| words::clock(at, false));
        let partition = match self.partition {
            Half::Untried if cap.cuts.is_empty() => "No cut yet: what it does then is not known.".into(),
            Half::Untried => "The cut has not lasted long enough to tell.".into(),
            Half::Both => "A and C, so far: every side was answered, and no answer contradicts another yet.".into(),
            Half::First => format!("A: every side was answered. The price: linearizability was lost at {lost}."),
            Half::Consistent => format!("C: linearizable still. The price: {share} answered on the worse side."),
            Half::Neither => {
                format!("Neither: {share} answered on the worse side, and linearizability was lost at {lost}.")
            }
        };
        let trips = self.trips.map_or(String::new(), |trips| decimal::fixed(trips, 1));
        let calm = match self.calm {
            Half::Untried => "Nothing was asked without a cut yet.".into(),
            Half::Both => format!("L, and C so far: {trips} round trips, and linearizable."),
            Half::First => format!("L: {trips} round trips. The price: linearizability was lost at {lost}."),
            Half::Consistent => format!("C: linearizable. The price: {trips} round trips for one operation."),
            Half::Neither => format!("Neither: {trips} round trips, and linearizability was lost at {lost}."),
        };
        [partition, calm]
    }
}

/// "97 %", and 100 only of all.
pub fn percent(share: f64) -> String {
    let whole = (share * 100.0) as u32;
    format!("{whole} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(answered: u32, timed_out: u32) -> Group {
        Group { asks: true, answered, timed_out, ..Group::default() }
    }

    /// One cut with two sides, and operations that take so many round trips of 20 ms without one.
    fn run(sides: [Group; 2], trips: f64, lost: Option<u64>) -> Cap {
        let all = Spread { count: 9, times: [(trips * 20_000.0) as u64; 4] };
        let lost = lost.map_or(Consistency::Kept, |ms| Consistency::Lost(7, Micros::ms(ms), "why".into()));
        Cap {
            trip: Some(20_000),
            calm: Group { all, ..Group::default() },
            cuts: vec![Cut { from: Micros::s(1), to: None, sides: sides.into() }],
            consistency: lost,
            ..Cap::default()
        }
    }

    #[test]
    fn a_run_is_placed_by_what_it_did() {
        let name = |cap: &Cap| cap.placed().name();
        assert_eq!(name(&run([side(9, 0), side(7, 0)], 1.0, Some(1_400))), "PA/E?");
        assert_eq!(name(&run([side(9, 0), side(7, 0)], 1.0, Some(400))), "PA/EL");
        assert_eq!(name(&run([side(9, 0), side(0, 3)], 2.1, None)), "PC/EC");
        assert_eq!(name(&run([side(9, 0), side(0, 3)], 1.0, None)), "PC/E?");
        assert_eq!(name(&run([side(9, 0), side(4, 3)], 1.0, Some(1_400))), "P–/E?");
        let early = run([side(9, 0), side(0, 0)], 1.0, None);
        assert_eq!(early.placed().partition, Half::Untried);
        let both = run([side(9, 0), side(1, 0)], 1.0, None);
        assert_eq!(both.placed().partition, Half::Both);
        // Nobody asks on the other side: nothing was withheld.
        let lonely = run([side(9, 0), Group::default()], 1.0, None);
        assert_eq!(lonely.placed().partition, Half::Both);
    }

    #[test]
    fn an_answer_that_comes_after_the_cut_is_none() {
        let late = Group { asks: true, answered: 3, late: 1, ..Group::default() };
        let placed = run([side(9, 0), late], 2.0, None).placed();
        assert_eq!((placed.partition, placed.share), (Half::Consistent, Some(0.75)));
        assert!(placed.point().is_some_and(|(x, y)| x > 500 && y > 500), "{:?}", placed.point());
        assert_eq!(percent(0.9999), "99 %");
    }
}
