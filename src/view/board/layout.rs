//! Where components stand, and how the lines between them run. Callers are left of what they call (above, on a narrow
//! screen); within a rank the order is that of their neighbours, so that few lines cross. What the learner has put
//! somewhere stays there.

use super::doc::{Doc, Edge};
use super::frames;

pub const WIDTH: f32 = 146.0;
pub const HEIGHT: f32 = 66.0;
/// Between ranks, and within one.
const APART: (f32, f32) = (46.0, 40.0);
const APART_TALL: (f32, f32) = (18.0, 58.0);
pub const MARGIN: f32 = 24.0;
/// So much more above the first and between those below each other where components are framed; on a narrow screen there
/// is more between them as it is.
const FRAMED: f32 = 26.0;
const FRAMED_TALL: f32 = 8.0;
/// How far the sheets of a stack stand out.
pub const SHEET: f32 = 5.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    pub x: f32,
    pub y: f32,
}

/// The rank of each component: longer than every way to it.
fn ranks(names: &[&str], edges: &[Edge]) -> Vec<usize> {
    let place = |name: &str| names.iter().position(|own| *own == name);
    let pairs: Vec<(usize, usize)> =
        edges.iter().filter_map(|edge| Some((place(&edge.from)?, place(&edge.to)?))).collect();
    let mut ranks = vec![0; names.len()];
    // A circle is an error that the text has; it must not keep us here.
    for _ in 0..names.len() {
        for (from, to) in &pairs {
            ranks[*to] = ranks[*to].max(ranks[*from] + 1).min(names.len());
        }
    }
    ranks
}

/// Orders each rank by the middle of its neighbours' places.
fn ordered(names: &[&str], edges: &[Edge], ranks: &[usize]) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); ranks.iter().max().map_or(0, |rank| rank + 1)];
    (0..names.len()).for_each(|i| rows[ranks[i]].push(i));
    rows.retain(|row| !row.is_empty());
    let mut places = vec![0.0_f32; names.len()];
    let note = |rows: &[Vec<usize>], places: &mut Vec<f32>| {
        for row in rows {
            let middle = (row.len() as f32 - 1.0) / 2.0;
            row.iter().enumerate().for_each(|(at, i)| places[*i] = at as f32 - middle);
        }
    };
    note(&rows, &mut places);
    for _ in 0..4 {
        for row in &mut rows {
            let key = |i: &usize| {
                let near = edges.iter().filter_map(|edge| match names[*i] {
                    name if edge.to == name => Some(edge.from.as_str()),
                    name if edge.from == name => Some(edge.to.as_str()),
                    _ => None,
                });
                let near: Vec<f32> =
                    near.filter_map(|name| names.iter().position(|own| *own == name)).map(|j| places[j]).collect();
                if near.is_empty() { places[*i] } else { near.iter().sum::<f32>() / near.len() as f32 }
            };
            let keys: Vec<f32> = row.iter().map(key).collect();
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
            *row = order.into_iter().map(|at| row[at]).collect();
        }
        note(&rows, &mut places);
    }
    rows
}

/// The place of each component, in their order.
pub fn places(doc: &Doc, tall: bool) -> Vec<Place> {
    let parts = doc.parts();
    let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
    let edges = doc.edges();
    let rows = ordered(&names, &edges, &ranks(&names, &edges));
    let mut places = vec![Place::default(); names.len()];
    let (framed, framed_tall) = if frames::are_wanted(doc) { (FRAMED, FRAMED_TALL) } else { (0.0, 0.0) };
    if tall {
        let step = HEIGHT + APART_TALL.1 + framed_tall;
        // Two beside each other at most: a phone has no more room.
        let lines: Vec<&[usize]> = rows.iter().flat_map(|row| row.chunks(2)).collect();
        for (rank, line) in lines.iter().enumerate() {
            let wide = line.len() as f32 * (WIDTH + APART_TALL.0) - APART_TALL.0;
            let room = 2.0 * WIDTH + APART_TALL.0;
            for (at, i) in line.iter().enumerate() {
                let x = MARGIN + (room - wide) / 2.0 + at as f32 * (WIDTH + APART_TALL.0);
                places[*i] = Place { x, y: MARGIN + framed + rank as f32 * step };
            }
        }
        return places;
    }
    let most = rows.iter().map(Vec::len).max().unwrap_or(0) as f32;
    for (rank, row) in rows.iter().enumerate() {
        let step = HEIGHT + APART.1 + framed;
        let above = (most - row.len() as f32) / 2.0 * step;
        for (at, i) in row.iter().enumerate() {
            let y = MARGIN + framed + above + at as f32 * step;
            places[*i] = Place { x: MARGIN + rank as f32 * (WIDTH + APART.0), y };
        }
    }
    for (place, name) in places.iter_mut().zip(&names) {
        if let Some((x, y)) = doc.place(name) {
            *place = Place { x: x as f32, y: y as f32 };
        }
    }
    places
}

/// A line from one component to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// As the `d` of an SVG path.
    pub path: String,
    /// The arrow's head.
    pub head: String,
    pub middle: Place,
}

/// Tenths are fine enough for a screen.
pub fn tenths(n: f32) -> String {
    let tenths = (n * 10.0 + if n < 0.0 { -0.5 } else { 0.5 }) as i32;
    let sign = if tenths < 0 { "-" } else { "" };
    match tenths.abs() % 10 {
        0 => format!("{sign}{}", tenths.abs() / 10),
        tenth => format!("{sign}{}.{tenth}", tenths.abs() / 10),
    }
}

/// The lines of all edges, between the places of the components with these names. Lines that leave or reach a side share it
/// evenly, in the order of what is at their other ends.
pub fn lines(names: &[&str], places: &[Place], edges: &[Edge], tall: bool) -> Vec<Option<Line>> {
    let place = |name: &str| names.iter().position(|own| *own == name).map(|i| places[i]);
    let across = |place: Place| if tall { place.x } else { place.y };
    let ends: Vec<Option<(Place, Place)>> =
        edges.iter().map(|edge| Some((place(&edge.from)?, place(&edge.to)?))).collect();
    let share = |i: usize, out: bool| {
        let same = |edge: &Edge| if out { edge.from == edges[i].from } else { edge.to == edges[i].to };
        let other = |j: usize| ends[j].map_or(0.0, |(from, to)| across(if out { to } else { from }));
        let mut all: Vec<usize> = (0..edges.len()).filter(|j| same(&edges[*j]) && ends[*j].is_some()).collect();
        all.sort_by(|a, b| other(*a).total_cmp(&other(*b)).then(a.cmp(b)));
        let at = all.iter().position(|j| *j == i).unwrap_or(0) as f32;
        let room = if tall { WIDTH } else { HEIGHT };
        let step = (room * 0.64 / all.len().max(1) as f32).min(16.0);
        room / 2.0 + (at - (all.len() as f32 - 1.0) / 2.0) * step
    };
    let line = |i: usize| {
        let (from, to) = ends[i]?;
        let (a, b) = if tall {
            (Place { x: from.x + share(i, true), y: from.y + HEIGHT }, Place { x: to.x + share(i, false), y: to.y })
        } else {
            (Place { x: from.x + WIDTH, y: from.y + share(i, true) }, Place { x: to.x, y: to.y + share(i, false) })
        };
        Some(curve(a, b, tall))
    };
    (0..edges.len()).map(line).collect()
}

fn curve(a: Place, b: Place, tall: bool) -> Line {
    let t = tenths;
    // Backwards lines swing out.
    let bend = |far: f32| (far / 2.0).abs().max(if far < 0.0 { 90.0 } else { 18.0 });
    let (c, d, head) = if tall {
        let bend = bend(b.y - a.y);
        let head = format!("M{} {}l4 -7l-8 0z", t(b.x), t(b.y));
        (Place { x: a.x, y: a.y + bend }, Place { x: b.x, y: b.y - bend }, head)
    } else {
        let bend = bend(b.x - a.x);
        let head = format!("M{} {}l-7 -4l0 8z", t(b.x), t(b.y));
        (Place { x: a.x + bend, y: a.y }, Place { x: b.x - bend, y: b.y }, head)
    };
    let path = format!("M{} {}C{} {} {} {} {} {}", t(a.x), t(a.y), t(c.x), t(c.y), t(d.x), t(d.y), t(b.x), t(b.y));
    let half = |a: f32, c: f32, d: f32, b: f32| (a + 3.0 * c + 3.0 * d + b) / 8.0;
    Line { path, head, middle: Place { x: half(a.x, c.x, d.x, b.x), y: half(a.y, c.y, d.y, b.y) } }
}
