//! What the check of linearizability says of a run: its operations as intervals in the lanes of their clients, and the
//! order that explains them, or the longest that explains some.

use super::slice::Ends;
use crate::base::Micros;
use crate::base::json::{self, Json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Broken,
    Unknown,
}

/// The verdict about a run, an object at a time; those that are broken come first.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The run was simulated so far.
    pub to: Micros,
    /// Operations that are about no object that is known.
    pub others: u32,
    pub objects: Vec<Object>,
    /// Faults that lasted, by their beginnings.
    pub faults: Vec<Fault>,
}

/// A crash, a pause or a cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub from: Micros,
    pub to: Micros,
    /// A node only paused.
    pub paused: bool,
    pub words: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// None: there is only one.
    pub name: Option<String>,
    pub verdict: Verdict,
    /// Why, in a sentence; empty where it holds.
    pub said: String,
    pub count: u32,
    pub lanes: Vec<String>,
    /// The last operations up to what was found, by their beginnings.
    pub operations: Vec<Bar>,
    /// Of what is broken: from where to where what made it goes.
    pub slice: Option<Ends>,
}

/// An operation from its invocation to its completion.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub lane: usize,
    pub from: Micros,
    /// None: it never came.
    pub to: Option<Micros>,
    pub words: String,
    pub outcome: String,
    /// The row of the invocation.
    pub row: u64,
    /// One of those that cannot all be true.
    pub core: bool,
    /// Its place in the order.
    pub place: Option<u32>,
}

pub fn read(text: &str) -> Result<Judged, String> {
    let mut fields = json::read(text)?.fields()?;
    let mut objects = Vec::new();
    for json in fields.take("objects")?.list()? {
        objects.push(object(json)?);
    }
    let mut faults = Vec::new();
    for fault in fields.take("faults")?.list()? {
        let mut fault = fault.fields()?;
        faults.push(Fault {
            from: Micros(fault.number("from")?),
            to: Micros(fault.number("to")?),
            paused: fault.take("paused")? == Json::Bool(true),
            words: fault.text("words")?,
        });
    }
    faults.sort_by_key(|fault| fault.from);
    objects
        .sort_by_key(|object: &Object| (object.verdict != Verdict::Broken, object.slice.as_ref().map(|ends| ends.to)));
    Ok(Judged { to: Micros(fields.number("to")?), others: fields.number("others")?, objects, faults })
}

impl Judged {
    /// What was answered wrong first: the first of the objects that are broken has it.
    pub fn first_error(&self) -> Option<&Ends> {
        self.objects.first().filter(|object| object.verdict == Verdict::Broken)?.slice.as_ref()
    }
}

fn object(json: Json) -> Result<Object, String> {
    let mut fields = json.fields()?;
    let verdict = match fields.text("verdict")?.as_str() {
        "holds" => Verdict::Holds,
        "broken" => Verdict::Broken,
        _ => Verdict::Unknown,
    };
    let mut lanes = Vec::new();
    for lane in fields.take("lanes")?.list()? {
        lanes.push(lane.text()?);
    }
    let mut operations = Vec::new();
    for json in fields.take("operations")?.list()? {
        operations.push(bar(json, lanes.len())?);
    }
    let name = fields.find("name").map(Json::text).transpose()?;
    let slice = match fields.find("slice") {
        Some(json @ Json::Map(_)) => Some(Ends::read(json)?),
        _ => None,
    };
    Ok(Object { slice, name, verdict, said: fields.text("said")?, count: fields.number("count")?, lanes, operations })
}

fn bar(json: Json, lanes: usize) -> Result<Bar, String> {
    let mut fields = json.fields()?;
    let lane: usize = fields.number("lane")?;
    if lane >= lanes {
        return Err("no such lane".into());
    }
    let to = if let Some(Json::Int(n)) = fields.find("to") { Some(Micros(n.max(0) as u64)) } else { None };
    let place = if let Some(Json::Int(n)) = fields.find("place") { u32::try_from(n).ok() } else { None };
    Ok(Bar {
        lane,
        from: Micros(fields.number("from")?),
        to,
        words: fields.text("words")?,
        outcome: fields.text("outcome")?,
        row: fields.number("row")?,
        core: fields.take("core")? == Json::Bool(true),
        place,
    })
}

/// "Linearizable", in a word of the verdict.
pub fn verdict(object: &Object) -> &'static str {
    match object.verdict {
        Verdict::Holds => "linearizable",
        Verdict::Broken => "not linearizable",
        Verdict::Unknown => "cannot be told",
    }
}

pub const LANE: i64 = 40;
/// Faults are named in rows above the lanes, as many as there are room for.
const FAULT: i64 = 18;
const FAULTS_MAX: usize = 3;
/// The lanes' names stand here.
pub const GUTTER: i64 = 64;
const BAR: i64 = 16;
/// A usual operation is drawn so wide.
const USUAL: f64 = 84.0;
const WIDTH_MAX: f64 = 20_000.0;
/// A letter of a bar's words takes about so much room.
const LETTER: usize = 7;

/// An operation as it is drawn, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    /// The words, where the bar has room for them, or where they must be read.
    pub words: Option<String>,
    /// Its index in the object's list.
    pub index: usize,
}

/// A fault, shaded behind all lanes.
#[derive(Clone, Debug, PartialEq)]
pub struct Shade {
    pub x: i64,
    pub width: i64,
    /// Where its name stands, if there is room for it.
    pub label: Option<i64>,
    /// Its index in the list of faults.
    pub index: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: i64,
    pub height: i64,
    /// Where the lanes begin.
    pub top: i64,
    pub shapes: Vec<Shape>,
    pub shades: Vec<Shade>,
    /// A path through the moments at which the operations of the order take effect.
    pub order: String,
}

/// The intervals of an object on a common scale of time, the order through them, and the faults behind them.
pub fn picture(object: &Object, judged: &Judged) -> Picture {
    let end = judged.to;
    let all = &object.operations;
    let ends = |bar: &Bar| bar.to.unwrap_or(end).max(bar.from);
    let start = all.iter().map(|bar| bar.from).min().unwrap_or_default();
    let last = all.iter().map(ends).max().unwrap_or(end).since(start).0.max(1) as f64;
    let mut lengths: Vec<u64> = all.iter().map(|bar| ends(bar).since(bar.from).0).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(1).max(1) as f64;
    let scale = (USUAL / usual).min(WIDTH_MAX / last);
    let x = |at: Micros| GUTTER + (at.since(start).0 as f64 * scale) as i64;
    let width = x(start) + (last * scale) as i64 + 12;
    let until = start.plus(Micros(last as u64));
    let (shades, rows) = shades(&judged.faults, (start, until), &x);
    let top = rows as i64 * FAULT;
    let y = |bar: &Bar| top + bar.lane as i64 * LANE + (LANE - BAR) / 2;
    let shape = |(index, bar): (usize, &Bar)| {
        let (from, to) = (x(bar.from), x(ends(bar)));
        let width = (to - from).max(3);
        let fits = (bar.words.chars().count() * LETTER) as i64 <= width;
        Shape { x: from, y: y(bar), width, words: (fits || bar.core).then(|| bar.words.clone()), index }
    };
    let shapes: Vec<Shape> = all.iter().enumerate().map(shape).collect();
    let mut placed: Vec<&Bar> = all.iter().filter(|bar| bar.place.is_some()).collect();
    placed.sort_by_key(|bar| bar.place);
    let mut order = String::new();
    let mut at = start;
    for bar in placed {
        // As early as the ones before allow.
        at = at.max(bar.from);
        order += if order.is_empty() { "M" } else { "L" };
        order += &format!("{} {}", x(at), y(bar) + BAR / 2);
    }
    Picture { width, height: top + object.lanes.len() as i64 * LANE, top, shapes, shades, order }
}

/// The faults of a stretch of time, and how many rows their names take.
fn shades(faults: &[Fault], (start, until): (Micros, Micros), x: &dyn Fn(Micros) -> i64) -> (Vec<Shade>, usize) {
    // By row: where the name that stands last in it ends.
    let mut rows: Vec<i64> = Vec::new();
    let mut shades = Vec::new();
    for (index, fault) in faults.iter().enumerate().filter(|(_, fault)| fault.from <= until && fault.to >= start) {
        let (from, to) = (x(fault.from.max(start)), x(fault.to.min(until)));
        let free = rows.iter().position(|end| *end <= from).unwrap_or(rows.len());
        let named = free < FAULTS_MAX;
        if named {
            rows.resize(rows.len().max(free + 1), 0);
            rows[free] = to.max(from + (fault.words.chars().count() * LETTER) as i64 + 8);
        }
        let label = named.then_some(free as i64 * FAULT + FAULT - 5);
        shades.push(Shade { x: from, width: (to - from).max(2), label, index });
    }
    (shades, rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"to":900,"others":2,"faults":[
      {"from":160,"to":350,"paused":false,"words":"r1 down"},{"from":170,"to":180,"paused":false,"words":"cut: a"}],"objects":[
      {"name":"x","verdict":"holds","said":"","count":1,"lanes":["c1"],"operations":[
        {"lane":0,"from":10,"to":30,"words":"write 1","outcome":"ok","row":3,"core":false,"place":0}]},
      {"name":"y","verdict":"broken","said":"No order.","slice":{"from":[9],"to":31},"count":3,"lanes":["c1","c2"],"operations":[
        {"lane":0,"from":100,"to":200,"words":"write 1","outcome":"ok","row":9,"core":true,"place":0},
        {"lane":1,"from":150,"to":null,"words":"write 2","outcome":"unknown","row":12,"core":false,"place":null},
        {"lane":1,"from":300,"to":400,"words":"read → nothing","outcome":"ok","row":30,"core":true,"place":1}]}]}"#;

    #[test]
    fn what_is_broken_comes_first_and_is_drawn_in_time() {
        let judged = read(TEXT).expect("it reads");
        assert_eq!((judged.to, judged.others), (Micros(900), 2));
        let broken = &judged.objects[0];
        assert_eq!((broken.name.as_deref(), broken.verdict), (Some("y"), Verdict::Broken));
        let picture = picture(broken, &judged);
        assert_eq!((picture.top, picture.height), (2 * FAULT, 2 * FAULT + 2 * LANE));
        assert_eq!(judged.first_error(), Some(&Ends { from: vec![9], to: 31 }));
        // Faults lie where they were; their names do not lie on one another.
        let [down, cut] = picture.shades.as_slice() else { panic!("two faults") };
        assert!(down.x < cut.x && down.x + down.width > cut.x + cut.width && down.label < cut.label);
        assert_eq!(picture.shapes[0].x, GUTTER);
        // Operations that follow one another lie so; one that never ended goes on to the end.
        assert!(picture.shapes[2].x > picture.shapes[0].x + picture.shapes[0].width);
        assert!(picture.shapes[1].x + picture.shapes[1].width > picture.shapes[2].x + picture.shapes[2].width);
        assert!(picture.shapes.iter().all(|shape| shape.x + shape.width <= picture.width));
        assert!(picture.shapes[2].words.is_some(), "what is evidence can be read");
        assert!(picture.order.starts_with('M') && picture.order.contains('L'), "{}", picture.order);
    }

    #[test]
    fn an_order_that_takes_effect_goes_forwards() {
        let mut judged = read(TEXT).expect("it reads");
        let object = &mut judged.objects[0];
        object.operations[1].place = Some(2);
        let path = picture(&judged.objects[0], &judged).order;
        let xs: Vec<i64> = path[1..].split('L').filter_map(|point| point.split(' ').next()?.parse().ok()).collect();
        assert!(xs.len() == 3 && xs.is_sorted(), "{path}");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        assert!(read("{}").is_err());
        assert!(read(&TEXT.replace("\"lane\":1", "\"lane\":2")).is_err());
    }
}
