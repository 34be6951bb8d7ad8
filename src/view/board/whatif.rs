//! What if: for a component two or three of its numbers as sliders. Each goes over a ladder of round values that is the same
//! as long as one slider is in use, so that its thumb stays under the hand; the value that was there before is a rung too.
//! All that is tried with one slider is one step of undo, and the run before that step is the ghost in the charts.

use super::desk::Desk;
use super::doc::Part;
use super::kinds::{Field, Takes};
use super::toml::Value;
use super::values;
use crate::base::{Micros, decimal};

/// Which numbers of a kind are tried, with the most that is worth a try where the field takes more.
const TRIED: &[(&str, &[(&str, u64)])] = &[
    ("clients", &[("load.open.rate", 20_000)]),
    ("balancers", &[("health-delay", 60_000_000)]),
    ("limiters", &[("rate", 20_000), ("burst", 20_000)]),
    ("services", &[("instances", 100), ("concurrency", 500), ("queue", 2_000)]),
    ("queues", &[("workers", 200), ("capacity", 1_000_000)]),
    ("caches", &[("instances", 50), ("capacity", 500_000), ("ttl", 600_000_000)]),
    ("stores", &[("replicas", 7), ("concurrency", 500)]),
    ("key-values", &[("nodes", 50), ("replicas", 7), ("concurrency", 500)]),
    ("routers", &[("ttl", 600_000_000)]),
    ("cdns", &[("points", 50), ("capacity", 500_000), ("ttl", 600_000_000)]),
    ("gateways", &[("instances", 50), ("connections", 1_000_000), ("concurrency", 500)]),
    ("indexes", &[("shards", 50), ("concurrency", 500)]),
];

/// Within ten of a power.
const RUNGS: [f64; 10] = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];

#[derive(Clone, Debug, PartialEq)]
pub struct Slider {
    pub path: String,
    pub label: &'static str,
    /// What it can be set to, as it is written; and which of them it is.
    pub ladder: Vec<String>,
    pub at: usize,
    /// In words: "4 instances, was 2".
    pub told: String,
}

/// A value as a number: of times their microseconds.
fn number(takes: Takes, text: &str) -> Option<f64> {
    match takes {
        Takes::Time => Micros::parse(text).ok().map(|time| time.0 as f64),
        _ => decimal::parse(&text.replace('_', "")),
    }
}

fn written(takes: Takes, number: f64) -> String {
    match takes {
        Takes::Time => Micros(number as u64).to_string().replace(' ', ""),
        Takes::Whole(..) => (number as u64).to_string(),
        _ => decimal::shortest(number),
    }
}

/// Round numbers from the least to the most, with those that must be among them.
fn ladder(takes: Takes, most: u64, among: &[f64]) -> Vec<f64> {
    let (least, most) = match takes {
        Takes::Whole(least, end) => (least as f64, end.min(most) as f64),
        Takes::Number(least, end) => (least.max(1.0), end.min(most as f64)),
        // A tenth of a second is the least that is felt of what these times are for.
        _ => (100_000.0, most as f64),
    };
    let mut all = among.to_vec();
    if least == 0.0 {
        all.push(0.0);
    }
    let mut ten = 1.0;
    while ten <= most {
        // Whole numbers up to ten are all there.
        let near: Vec<f64> =
            if ten == 1.0 { (1..10).map(f64::from).collect() } else { RUNGS.map(|n| n * ten).to_vec() };
        all.extend(near.into_iter().filter(|n| (least..=most).contains(n)));
        ten *= 10.0;
    }
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// The sliders of a component; none of what its exercise gives.
pub fn sliders(desk: &Desk, part: &Part<'_>) -> Vec<Slider> {
    let given = |key: &str| desk.exercise.as_ref().is_some_and(|exercise| exercise.gives(part.kind.table, key));
    let tried = TRIED.iter().find(|(table, _)| *table == part.kind.table).map_or(&[][..], |(_, keys)| keys);
    let fields = tried.iter().filter(|(key, _)| !given(key));
    let one = |(key, most): &(&str, u64)| {
        let field = part.kind.fields.iter().find(|field| field.key == *key)?;
        slider(desk, format!("{}/{}", part.path(), key.replace('.', "/")), field, *most)
    };
    fields.filter_map(one).collect()
}

fn slider(desk: &Desk, path: String, field: &Field, most: u64) -> Option<Slider> {
    let text = |value: Option<&Value>| value.map_or(field.usual, Value::words).to_owned();
    let own = text(desk.doc.at(&path));
    // What may be left out, and is, has no number to begin with: that is said in its field.
    let now = number(field.takes, &own)?;
    let was = desk.before_step(&path).map(|doc| text(doc.at(&path)));
    let before = was.as_deref().and_then(|text| number(field.takes, text));
    let among: Vec<f64> = [Some(now), before].into_iter().flatten().collect();
    let ladder = ladder(field.takes, most, &among);
    let at = ladder.iter().position(|n| *n == now)?;
    let mut told = said(field, &own);
    if let Some(was) = was.filter(|_| before.is_some_and(|before| before != now)) {
        told += &format!(", was {}", values::shown(field.takes, &Value::Plain(was)));
    }
    let ladder = ladder.into_iter().map(|n| written(field.takes, n)).collect();
    Some(Slider { path, label: field.label, ladder, at, told })
}

/// "4", "16 an instance", "2s".
fn said(field: &Field, text: &str) -> String {
    let shown = values::shown(field.takes, &Value::Plain(text.to_owned()));
    if field.unit.is_empty() { shown } else { format!("{shown} {}", field.unit) }
}

/// "Instances 2": what a field was before the step under way; empty if that is about no field.
pub fn before(desk: &Desk) -> String {
    let Some((path, doc)) = desk.last_step() else { return String::new() };
    let mut steps = path.splitn(3, '/');
    let (Some(table), Some(name), Some(key)) = (steps.next(), steps.next(), steps.next()) else { return String::new() };
    let key = key.replace('/', ".");
    let field = super::kinds::of(table).and_then(|kind| kind.fields.iter().find(|field| field.key == key));
    let Some(field) = field.filter(|field| field.takes != Takes::Spread) else { return String::new() };
    let value = doc.at(path).map_or(field.usual, Value::words);
    if value.is_empty() { String::new() } else { format!("{name}: {} {}", field.label, said(field, value)) }
}

impl Desk {
    /// A slider was moved to a place of its ladder.
    pub fn try_value(&mut self, path: &str, at: usize) {
        let Some(part) = self.doc.owner(path).and_then(|name| self.doc.part(name)) else { return };
        let Some(slider) = sliders(self, &part).into_iter().find(|slider| slider.path == path) else { return };
        let (Some(text), Some(takes)) = (slider.ladder.get(at), values::takes(path)) else { return };
        self.set(path, takes, text);
        // The field of the same number shows it too.
        self.tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::{self, KINDS};
    use super::*;

    const CACHE: &str = include_str!("../../../lessons/designs/cache.toml");

    fn of(desk: &Desk, name: &str) -> Vec<Slider> {
        sliders(desk, &desk.doc.part(name).expect("it"))
    }

    #[test]
    fn what_is_tried_is_a_number_that_its_kind_has() {
        for (table, keys) in TRIED {
            let kind = kinds::of(table).expect("a kind");
            for (key, most) in *keys {
                let field = kind.fields.iter().find(|field| field.key == *key);
                let field = field.unwrap_or_else(|| panic!("{table} has no {key}"));
                let most = match field.takes {
                    Takes::Whole(_, end) => end.min(*most) as f64,
                    _ => *most as f64,
                };
                let rungs = ladder(field.takes, most as u64, &[]);
                assert!(
                    rungs.len() > 5 && rungs.is_sorted() && rungs[rungs.len() - 1] == most,
                    "{table} {key}: {rungs:?}"
                );
                for rung in rungs {
                    let text = written(field.takes, rung);
                    assert!(values::read(field.takes, &text).is_ok(), "{table} {key}: {text}");
                    assert_eq!(number(field.takes, &text), Some(rung), "{table} {key}: {text}");
                }
            }
        }
        // All but objects, which have no number that is not drawn.
        assert_eq!(TRIED.len() + 1, KINDS.len());
    }

    #[test]
    fn a_slider_is_one_step_and_says_what_was() {
        let mut desk = Desk::open("cache", CACHE);
        let all = of(&desk, "app");
        assert_eq!(all.iter().map(|slider| slider.label).collect::<Vec<_>>(), ["Instances", "Slots", "Queue"]);
        assert_eq!((all[0].ladder[all[0].at].as_str(), all[0].told.as_str()), ("4", "4"));
        assert_eq!(all[1].told, "32 an instance");
        assert!(all[1].ladder.contains(&"32".to_owned()), "what is no round number is a rung while it is there");
        let ladder = all[1].ladder.clone();
        for at in [20, 9, 12] {
            desk.try_value(&all[1].path, at);
            let now = &of(&desk, "app")[1];
            assert_eq!((&now.ladder, now.at), (&ladder, at), "the thumb stays under the hand");
            assert_eq!(now.told, format!("{} an instance, was 32", ladder[at]));
        }
        assert_eq!(before(&desk), "app: Slots 32 an instance");
        desk.undo();
        assert_eq!((desk.text.as_str(), desk.can_undo(), before(&desk).as_str()), (CACHE, false, ""));
        // The load of those who ask, and times.
        assert_eq!(of(&desk, "users")[0].told, "1200 a second");
        let health = &of(&desk, "front")[0];
        assert_eq!((health.told.as_str(), health.ladder[health.at].as_str()), ("2s", "2s"));
        desk.try_value("balancers/front/health-delay", health.at + 1);
        assert_eq!(desk.doc.at("balancers/front/health-delay").map(Value::words), Some("2.5s"));
        desk.try_value("balancers/front/health-delay", 10_000);
        assert_eq!(of(&desk, "front")[0].told, "2.5s, was 2s");
    }
}
