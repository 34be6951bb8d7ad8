//! Frames behind the components that stand in one zone or one region, with its name. A frame holds no component of
//! another group: where one stands between, the group has several frames, each around neighbours. That leaves some frames
//! without a partner; each still says where its components stand.

use super::doc::{Doc, Part};
use super::layout::{HEIGHT, Place, SHEET, WIDTH};
use super::toml::Value;
use crate::view::words;

/// The size of a frame's caption, and the room that it takes above what is framed.
pub const CAPTION: f32 = 11.0;
const CAPTION_ROOM: f32 = 15.0;
/// What stands out of a component: sheets to the right and above, how many wait below.
const OUT: [f32; 4] = [0.0, 2.0 * SHEET, 2.0 * SHEET, 13.0];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Region,
    Zone,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub level: Level,
    /// The zone's name, or the region's.
    pub name: String,
    /// Upper left corner, width and height.
    pub at: Place,
    pub width: f32,
    pub height: f32,
    /// Its name as it fits; empty where there is no room for it.
    pub caption: String,
    pub members: Vec<String>,
}

/// Left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area([f32; 4]);

impl Area {
    fn of(at: Place) -> Area {
        Area([at.x, at.y, at.x + WIDTH, at.y + HEIGHT])
    }

    fn meets(self, other: Area) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        a < g && e < c && b < h && f < d
    }

    fn with(self, other: Area) -> Area {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Area([a.min(e), b.min(f), c.max(g), d.max(h)])
    }

    fn grown(self, by: [f32; 4]) -> Area {
        let [a, b, c, d] = self.0;
        Area([a - by[0], b - by[1], c + by[2], d + by[3]])
    }

    /// Drawn back on one side so that it does not meet another, which does not meet `core`; none if that does.
    fn apart(self, core: Area, other: Area) -> Option<Area> {
        if !self.meets(other) {
            return Some(self);
        }
        let ([a, b, c, d], [e, f, g, h]) = (core.0, other.0);
        let mut sides = self.0;
        if g <= a {
            sides[0] = g;
        } else if e >= c {
            sides[2] = e;
        } else if h <= b {
            sides[1] = h;
        } else if f >= d {
            sides[3] = f;
        } else {
            return None;
        }
        Some(Area(sides))
    }

    fn far(self, other: Area) -> f32 {
        let middle = |a: Area| ((a.0[0] + a.0[2]) / 2.0, (a.0[1] + a.0[3]) / 2.0);
        let ((x, y), (u, v)) = (middle(self), middle(other));
        (u - x) * (u - x) + (v - y) * (v - y)
    }
}

/// A frame in the making: of which group, around which components.
struct Cluster {
    group: usize,
    members: Vec<usize>,
    core: Area,
}

/// Where a component stands: its region, and its zone if all of it is in one. None: in several regions, or anywhere.
pub fn standing(part: &Part<'_>) -> Option<(String, Option<String>)> {
    let zones: Vec<&str> = part.table.list("zones").iter().map(Value::words).collect();
    let of = |zone: &str| zone.split_once('/').map_or(zone, |(region, _)| region).to_owned();
    match zones.split_first() {
        Some((first, rest)) => {
            let region = of(first);
            let zone = rest.iter().all(|zone| zone == first).then(|| (*first).to_owned());
            rest.iter().all(|zone| of(zone) == region).then_some((region, zone))
        }
        None => Some(part.table.words("region")).filter(|name| !name.is_empty()).map(|name| (name.to_owned(), None)),
    }
}

/// Whether any component says where it stands: the layout leaves room for frames then.
pub fn are_wanted(doc: &Doc) -> bool {
    doc.parts().iter().any(|part| standing(part).is_some())
}

/// How much further out a frame is than what it holds.
fn room(level: Level, tall: bool) -> [f32; 4] {
    let side = match (level, tall) {
        (Level::Zone, true) => 3.0,
        (Level::Zone, false) => 8.0,
        (Level::Region, true) => 7.0,
        (Level::Region, false) => 15.0,
    };
    let [left, top, right, bottom] = OUT;
    let under = if level == Level::Zone { (CAPTION_ROOM, 3.0) } else { (2.0 * CAPTION_ROOM + 4.0, 8.0) };
    // On a phone sheets have the room of the side.
    let right = if tall { 0.0 } else { right };
    [left + side, top + under.0, right + side, bottom + under.1]
}

/// All frames, those that hold others first. `places` are those of the components, in their order.
pub fn frames(doc: &Doc, places: &[Place], tall: bool) -> Vec<Frame> {
    let parts = doc.parts();
    let standing: Vec<_> = parts.iter().map(standing).collect();
    let areas: Vec<Area> = places.iter().map(|at| Area::of(*at)).collect();
    let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
    let mut all = Vec::new();
    for level in [Level::Region, Level::Zone] {
        let group = |of: &Option<(String, Option<String>)>| match (of, level) {
            (Some((region, _)), Level::Region) => Some(region.clone()),
            // A zone that is a region of its own is framed once.
            (Some((region, Some(zone))), Level::Zone) if zone != region => Some(zone.clone()),
            _ => None,
        };
        let groups: Vec<Option<String>> = standing.iter().map(group).collect();
        all.extend(of_level(level, &groups, &areas, &names, tall));
    }
    all
}

fn of_level(level: Level, groups: &[Option<String>], areas: &[Area], names: &[&str], tall: bool) -> Vec<Frame> {
    let mut known: Vec<&String> = groups.iter().flatten().collect();
    known.sort();
    known.dedup();
    let of = |i: usize| groups[i].as_ref().and_then(|name| known.iter().position(|own| *own == name));
    let begun = areas
        .iter()
        .enumerate()
        .filter_map(|(i, area)| of(i).map(|group| Cluster { group, members: vec![i], core: *area }));
    let around = room(level, tall);
    let stranger = |group: usize| (0..areas.len()).filter(move |i| of(*i) != Some(group)).map(|i| areas[i]);
    let clusters = merged(begun.collect(), around, &|group, area| stranger(group).any(|other| other.meets(area)));
    let frame = |cluster: &Cluster| {
        let grown = cluster.core.grown(around);
        let Area([left, top, right, bottom]) =
            stranger(cluster.group).try_fold(grown, |area, other| area.apart(cluster.core, other))?;
        let name = known[cluster.group].clone();
        let word = if level == Level::Region { "region" } else { "zone" };
        let caption = words::fit(&format!("{word} {name}"), CAPTION, false, right - left - 12.0);
        let above = cluster.core.0[1] - top - OUT[1];
        Some(Frame {
            level,
            name,
            at: Place { x: left, y: top },
            width: right - left,
            height: bottom - top,
            caption: if above < CAPTION_ROOM - 1.0 { String::new() } else { caption },
            members: cluster.members.iter().map(|i| names[*i].to_owned()).collect(),
        })
    };
    clusters.iter().filter_map(frame).collect()
}

/// The nearest two of a group become one as long as that holds nobody else and crosses no frame of another group.
fn merged(mut all: Vec<Cluster>, around: [f32; 4], strange: &dyn Fn(usize, Area) -> bool) -> Vec<Cluster> {
    loop {
        let mut best: Option<(f32, usize, usize)> = None;
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate().skip(i + 1).filter(|(_, b)| b.group == a.group) {
                let far = a.core.far(b.core);
                let whole = a.core.with(b.core).grown(around);
                let crosses = || all.iter().any(|c| c.group != a.group && c.core.grown(around).meets(whole));
                if best.is_none_or(|(known, ..)| far < known) && !strange(a.group, whole) && !crosses() {
                    best = Some((far, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { return all };
        let other = all.remove(j);
        all[i].core = all[i].core.with(other.core);
        all[i].members.extend(other.members);
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout;
    use super::*;
    use proptest::prelude::*;

    fn doc(parts: &[(&str, &str)]) -> Doc {
        let mut text = String::from("version = 1\n");
        for (name, rest) in parts {
            text += &format!("[services.{name}]\n{rest}\n");
        }
        Doc::read(&text).expect("good")
    }

    fn captions(frames: &[Frame]) -> Vec<(&str, usize)> {
        frames.iter().map(|frame| (frame.caption.as_str(), frame.members.len())).collect()
    }

    #[test]
    fn a_component_stands_where_all_of_it_is() {
        let doc = doc(&[
            ("one", "zones = [\"eu/a\"]"),
            ("two", "zones = [\"eu/a\", \"eu/b\"]"),
            ("far", "zones = [\"eu/a\", \"us/a\"]"),
            ("region", "region = \"us\""),
            ("any", ""),
        ]);
        let all: Vec<_> = doc.parts().iter().map(standing).collect();
        let zone = |region: &str, zone: Option<&str>| Some((region.to_owned(), zone.map(str::to_owned)));
        assert_eq!(all, [zone("eu", Some("eu/a")), zone("eu", None), None, zone("us", None), None]);
        assert!(are_wanted(&doc) && !are_wanted(&Doc::empty("none")));
    }

    #[test]
    fn neighbours_share_a_frame_and_a_stranger_parts_them() {
        let eu = "zones = [\"eu/a\"]";
        let doc = doc(&[("a", eu), ("b", "zones = [\"eu/b\"]"), ("c", eu)]);
        let at = |x: f32, y: f32| Place { x, y };
        let beside = [at(30.0, 60.0), at(420.0, 60.0), at(220.0, 60.0)];
        let together = frames(&doc, &beside, false);
        assert_eq!(captions(&together), [("region eu", 3), ("zone eu/a", 2), ("zone eu/b", 1)]);
        let between = [at(30.0, 60.0), at(220.0, 60.0), at(420.0, 60.0)];
        let parted = frames(&doc, &between, false);
        assert_eq!(captions(&parted), [("region eu", 3), ("zone eu/a", 1), ("zone eu/b", 1), ("zone eu/a", 1)]);
        // The region's frame holds those of its zones.
        let region = &parted[0];
        assert!(parted[1..].iter().all(|zone| zone.at.x > region.at.x && zone.at.y > region.at.y));
    }

    #[test]
    fn a_frame_gives_way_to_what_stands_close_by() {
        let doc = doc(&[("a", "zones = [\"eu/a\"]"), ("b", "")]);
        let frames = frames(&doc, &[Place { x: 20.0, y: 100.0 }, Place { x: 20.0, y: 30.0 }], false);
        assert_eq!(frames.len(), 2);
        assert!(frames.iter().all(|frame| frame.at.y == 96.0 && frame.caption.is_empty()), "{frames:?}");
        // One over another has no frame that would hold it alone.
        let over = super::frames(&doc, &[Place { x: 20.0, y: 50.0 }, Place { x: 30.0, y: 30.0 }], false);
        assert_eq!(over, []);
    }

    fn standings() -> impl Strategy<Value = Vec<(usize, f32, f32)>> {
        prop::collection::vec((0_usize..5, 0.0_f32..800.0, 0.0_f32..500.0), 1..14)
    }

    proptest! {
        /// Wherever components are put: each of a group has one frame or stands over another, and no frame holds a
        /// stranger.
        #[test]
        fn no_frame_lies_over_another_groups_members(parts in standings()) {
            let kinds = ["", "zones = [\"eu/a\"]", "zones = [\"eu/b\"]", "zones = [\"us/a\"]", "region = \"us\""];
            let named: Vec<(String, &str)> =
                parts.iter().enumerate().map(|(i, (kind, ..))| (format!("c{i}"), kinds[*kind])).collect();
            let named: Vec<(&str, &str)> = named.iter().map(|(name, rest)| (name.as_str(), *rest)).collect();
            let doc = doc(&named);
            let places: Vec<Place> = parts.iter().map(|(_, x, y)| Place { x: *x, y: *y }).collect();
            for tall in [false, true] {
                let all = frames(&doc, &places, tall);
                for frame in &all {
                    let Place { x, y } = frame.at;
                    // Numbers are rounded.
                    let area = Area([x, y, x + frame.width, y + frame.height]);
                    let (inner, outer) = (area.grown([-0.01; 4]), area.grown([0.01; 4]));
                    for (part, at) in doc.parts().iter().zip(&places) {
                        let (region, zone) = standing(part).unzip();
                        let own = [region, zone.flatten()].into_iter().flatten().any(|name| name == frame.name);
                        prop_assert!(own || !inner.meets(Area::of(*at)), "{frame:?} holds {}", part.name);
                        let member = frame.members.iter().any(|name| name == part.name);
                        prop_assert!(!member || outer.with(Area::of(*at)) == outer, "{frame:?} cuts {}", part.name);
                    }
                }
                let regions = all.iter().filter(|frame| frame.level == Level::Region).flat_map(|frame| &frame.members);
                let mut once: Vec<&String> = regions.collect();
                let count = once.len();
                once.sort();
                once.dedup();
                prop_assert_eq!(once.len(), count, "nobody is framed twice");
            }
        }
    }

    #[test]
    fn the_layout_leaves_room_for_frames() {
        let mut doc = doc(&[
            ("front", "region = \"eu\"\ncalls = [{ to = [\"a\"] }, { to = [\"b\"] }, { to = [\"c\"] }]"),
            ("a", "zones = [\"eu/a\"]"),
            ("b", "zones = [\"eu/b\"]"),
            ("c", "zones = [\"us/a\"]"),
        ]);
        for tall in [false, true] {
            let all = frames(&doc, &layout::places(&doc, tall), tall);
            assert!(all.iter().all(|frame| !frame.caption.is_empty()), "{tall}: {all:?}");
            assert!(all.iter().all(|frame| frame.at.x >= 0.0 && frame.at.y >= 0.0), "{tall}: {all:?}");
            let zones = all.iter().filter(|frame| frame.level == Level::Zone);
            assert_eq!(zones.count(), 3, "{all:?}");
        }
        doc.put("services/front/region", None);
        assert_eq!(frames(&doc, &layout::places(&doc, false), false).iter().filter(|f| f.name == "eu").count(), 1);
    }
}
