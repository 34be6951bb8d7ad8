//! Several components at once: chosen together, moved, taken away, copied with the calls between them, and put in again.

use super::desk::{Desk, Selected};
use super::doc::Doc;
use super::kinds::Kind;
use super::layout::{self, HEIGHT, Place};
use super::toml::{Table, Value};
use crate::view::words;

/// Between what is there and what is put in below it.
const BELOW: f32 = 60.0;

/// A component that was copied, as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    pub kind: &'static Kind,
    pub name: String,
    pub table: Table,
    /// Where it had been put by hand.
    pub place: Option<(i32, i32)>,
}

impl Desk {
    /// The components that are selected, the one that was chosen last at the end.
    pub fn chosen(&self) -> Vec<String> {
        match &self.selected {
            Selected::Part(name) => self.more.iter().chain([name]).cloned().collect(),
            _ => Vec::new(),
        }
    }

    pub fn is_chosen(&self, name: &str) -> bool {
        matches!(&self.selected, Selected::Part(own) if own == name || self.more.iter().any(|other| other == name))
    }

    /// Whether one component is moved when another one is: both are chosen.
    pub fn moves_with(&self, held: &str, other: &str) -> bool {
        held == other || self.is_chosen(held) && self.is_chosen(other)
    }

    /// These and no others.
    pub fn choose(&mut self, mut names: Vec<String>) {
        self.linking = None;
        self.select(names.pop().map_or(Selected::Nothing, Selected::Part));
        self.more = names;
        self.say_chosen();
    }

    /// One more, or one less.
    pub fn toggle(&mut self, name: &str) {
        let mut all = self.chosen();
        let count = all.len();
        all.retain(|own| own != name);
        if all.len() == count {
            all.push(name.to_owned());
        }
        self.choose(all);
    }

    fn say_chosen(&mut self) {
        self.said = match self.chosen().as_slice() {
            [] => "Nothing is selected.".into(),
            [one] => format!("{one} is selected."),
            many => format!(
                "{} are selected: {}.",
                words::count(many.len() as u64, "component", "components"),
                many.join(", ")
            ),
        };
    }

    /// A component goes there; what is chosen with it goes as far.
    pub fn move_to(&mut self, name: &str, to: Place) {
        let places = layout::places(&self.doc, false);
        let parts = self.doc.parts();
        let Some(at) = parts.iter().position(|part| part.name == name) else { return };
        let by = (to.x - places[at].x, to.y - places[at].y);
        let moved = parts.iter().zip(&places).filter(|(part, _)| self.moves_with(name, part.name));
        let to: Vec<(String, (i32, i32))> =
            moved.map(|(part, at)| (part.name.to_owned(), ((at.x + by.0) as i32, (at.y + by.1) as i32))).collect();
        self.change(&format!("place:{name}"), "", |doc| {
            to.iter().for_each(|(name, place)| doc.set_place(name, *place))
        });
    }

    pub fn remove_chosen(&mut self) {
        let all = self.chosen();
        let said = match all.as_slice() {
            [] => return self.said = "Nothing is selected.".into(),
            [one] => format!("Removed {one}."),
            many => format!("Removed {}.", many.join(", ")),
        };
        self.change("", said, |doc| all.iter().for_each(|name| doc.remove(name)));
    }

    pub fn copy(&mut self) {
        let parts = self.doc.parts();
        let chosen = parts.iter().filter(|part| self.is_chosen(part.name));
        let copied = |part: &super::doc::Part<'_>| Copied {
            kind: part.kind,
            name: part.name.to_owned(),
            table: part.table.clone(),
            place: self.doc.place(part.name),
        };
        let all: Vec<Copied> = chosen.map(copied).collect();
        self.said = match all.as_slice() {
            [] => return self.said = "Choose a component to copy it.".into(),
            [one] => format!("Copied {}.", one.name),
            many => format!("Copied {} components with the calls between them.", many.len()),
        };
        self.clipboard = all;
    }

    /// Puts what was copied in again, under new names. Calls between the copied are calls between the copies; other calls
    /// go where they went, if that is here.
    pub fn paste(&mut self) {
        if self.clipboard.is_empty() {
            self.said = "Nothing was copied.".into();
            return;
        }
        let copied = self.clipboard.clone();
        let mut made = Vec::new();
        self.change("", "", |doc| made = put_in(doc, &copied));
        self.said = match made.as_slice() {
            [one] => format!("Added {one}, a copy."),
            many => format!("Added {}: copies with the calls between them.", many.join(", ")),
        };
        let said = self.said.clone();
        self.choose(made);
        self.said = said;
    }
}

/// The new names, in the order of what was copied.
fn put_in(doc: &mut Doc, copied: &[Copied]) -> Vec<String> {
    let lowest = layout::places(doc, false).iter().map(|at| at.y + HEIGHT).fold(0.0, f32::max);
    let highest = copied.iter().filter_map(|of| of.place).map(|(_, y)| y).min().unwrap_or(0);
    let down = (lowest + BELOW) as i32 - highest;
    // Names first: calls lead to any of them.
    let mut names: Vec<(&str, String)> = Vec::new();
    for of in copied {
        let name = doc.free(base(&of.name));
        doc.put(&format!("{}/{name}", of.kind.table), Some(Value::Table(Table::default())));
        names.push((&of.name, name));
    }
    let all_placed = copied.iter().all(|of| of.place.is_some());
    for (of, (_, name)) in copied.iter().zip(&names) {
        let mut table = of.table.clone();
        retarget(&mut table, &|to| {
            let new = names.iter().find(|(old, _)| *old == to).map(|(_, new)| new.clone());
            new.or_else(|| doc.part(to).map(|part| part.name.to_owned()))
        });
        doc.put(&format!("{}/{name}", of.kind.table), Some(Value::Table(table)));
        // What the layout has put somewhere, it puts somewhere again.
        if let Some((x, y)) = of.place.filter(|_| all_placed) {
            doc.set_place(name, (x, y + down));
        }
    }
    names.into_iter().map(|(_, name)| name).collect()
}

/// "app-2" is a copy of "app", and so is the next one.
fn base(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((base, number))
            if !base.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            base
        }
        _ => name,
    }
}

/// Calls go elsewhere; one that goes nowhere any more is gone.
fn retarget(table: &mut Table, to: &dyn Fn(&str) -> Option<String>) {
    let left = |call: &mut Value| {
        let Value::Table(call) = call else { return true };
        let all: Vec<Value> = call.list("to").iter().filter_map(|own| to(own.words())).map(Value::Text).collect();
        let any = !all.is_empty();
        call.set("to", Value::List(all));
        any
    };
    if table.get_mut("call").is_some_and(|call| !left(call)) {
        table.remove("call");
    }
    if let Some(Value::List(calls)) = table.get_mut("calls") {
        calls.retain_mut(left);
        if calls.is_empty() {
            table.remove("calls");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::doc::Edge;
    use super::*;

    const CACHE: &str = include_str!("../../../lessons/designs/cache.toml");

    fn desk() -> Desk {
        Desk::open("cache", CACHE)
    }

    fn edges(desk: &Desk) -> Vec<(String, String)> {
        desk.doc.edges().into_iter().map(|Edge { from, to, .. }| (from, to)).collect()
    }

    #[test]
    fn several_are_chosen_one_by_one() {
        let mut desk = desk();
        for (name, chosen) in
            [("app", vec!["app"]), ("memory", vec!["app", "memory"]), ("app", vec!["memory"]), ("memory", vec![])]
        {
            desk.toggle(name);
            assert_eq!(desk.chosen(), chosen);
        }
        desk.choose(vec!["app".into(), "memory".into(), "database".into()]);
        assert_eq!(desk.said, "3 components are selected: app, memory, database.");
        assert!(desk.is_chosen("app") && desk.is_chosen("database") && !desk.is_chosen("front"));
        // Another choice is of one again.
        desk.select(Selected::Part("front".into()));
        assert_eq!(desk.chosen(), ["front"]);
    }

    #[test]
    fn copies_call_each_other_as_the_copied_did() {
        let mut desk = desk();
        desk.choose(vec!["front".into(), "app".into(), "memory".into()]);
        desk.copy();
        let before = edges(&desk);
        desk.paste();
        assert_eq!(desk.said, "Added front-2, app-2, memory-2: copies with the calls between them.");
        let new: Vec<(String, String)> = edges(&desk).into_iter().filter(|edge| !before.contains(edge)).collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(new, [pair("front-2", "app-2"), pair("app-2", "memory-2"), pair("app-2", "database")]);
        let calls = |name: &str| desk.doc.part(name).expect("it").calls().len();
        assert_eq!(calls("app-2"), calls("app"));
        let chosen = desk.chosen();
        assert_eq!(chosen, ["front-2", "app-2", "memory-2"]);
        // Again: other names; all of it in one step back.
        let once = desk.text.clone();
        desk.paste();
        assert!(desk.doc.part("app-3").is_some() && desk.doc.part("app-2-2").is_none());
        desk.undo();
        assert_eq!(desk.text, once);
        desk.undo();
        assert_eq!(edges(&desk), before);
    }

    #[test]
    fn what_calls_lead_to_that_is_not_here_is_left_out() {
        let mut desk = desk();
        desk.choose(vec!["app".into()]);
        desk.copy();
        let mut other = Desk::open("my-1", &Doc::empty("Mine").write());
        other.clipboard.clone_from(&desk.clipboard);
        other.paste();
        assert_eq!(other.said, "Added app, a copy.");
        assert!(other.doc.part("app").is_some() && other.doc.edges().is_empty(), "{}", other.text);
        other.clipboard.clear();
        other.paste();
        assert_eq!(other.said, "Nothing was copied.");
    }

    #[test]
    fn several_are_moved_and_taken_away_in_one_step() {
        let mut desk = desk();
        let text = desk.text.clone();
        desk.choose(vec!["app".into(), "memory".into()]);
        let places = |desk: &Desk| {
            let at = |name: &str| desk.doc.place(name).expect("it was put there");
            (at("app"), at("memory"))
        };
        desk.move_to("app", Place { x: 400.0, y: 90.0 });
        let (app, memory) = places(&desk);
        desk.move_to("app", Place { x: 430.0, y: 100.0 });
        assert_eq!(places(&desk), ((430, 100), (memory.0 + 30, memory.1 + 10)));
        assert_eq!((app, desk.doc.place("front")), ((400, 90), None));
        // What was put somewhere by hand: its copies stand below all else, as they stood.
        desk.copy();
        desk.paste();
        let at = |name: &str| desk.doc.place(name).expect("it has a place");
        assert_eq!(at("app-2").0, 430);
        assert_eq!(at("memory-2").1 - at("app-2").1, memory.1 + 10 - 100);
        assert!(at("app-2").1.min(at("memory-2").1) > at("app").1.max(at("memory").1) + HEIGHT as i32);
        desk.remove_chosen();
        assert!(desk.doc.part("app-2").is_none() && desk.doc.part("memory-2").is_none());
        assert_eq!(desk.said, "Removed app-2, memory-2.");
        for _ in 0..3 {
            desk.undo();
        }
        assert_eq!(desk.text, text);
    }
}
