//! The history of a run as a tree over time: a line for each branch, from where it left another to its end; and a small
//! picture of where it ends.

use super::display::Display;
use super::layout::{Insets, Layout};
use super::stage::{self, Scene};
use super::words;
use crate::base::{Micros, order};
use crate::wire::{BranchCard, Frame, Opened, Status};

/// The width of the tree, in the units of [`Limb::way`]; a branch is 2 high.
pub const WIDTH: u64 = 1_000;

/// A line of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Limb {
    pub id: u32,
    /// How many branches it is away from the first one.
    pub depth: u32,
    /// The line of the branch that it left.
    pub parent: Option<usize>,
    pub fork: Micros,
    pub head: Micros,
    pub name: String,
    /// For those who hear the tree.
    pub spoken: String,
    pub here: bool,
}

/// What a branch is called.
pub fn name(card: &BranchCard) -> String {
    let name = if card.name.is_empty() { &card.label } else { &card.name };
    format!("{}. {name}", card.id + 1)
}

/// The lines of the tree from above: each branch is followed by those that left it, the last one first, so that no line
/// crosses another.
pub fn limbs(status: &Status, head: Micros) -> Vec<Limb> {
    let mut limbs = Vec::new();
    let roots = status.branches.iter().filter(|card| card.parent.is_none());
    let mut next: Vec<(&BranchCard, Option<usize>, u32)> = roots.rev().map(|card| (card, None, 0)).collect();
    while let Some((card, parent, depth)) = next.pop() {
        let here = card.id == status.branch;
        let head = if here { head } else { card.head };
        let mut spoken = name(card);
        if let Some(parent) = card.parent {
            spoken += &format!(", leaves branch {} at {}", parent + 1, words::clock(card.fork, false));
        }
        spoken += &format!(", ends at {}", words::clock(head, false));
        if here {
            spoken += ", you are here";
        }
        let place = limbs.len();
        limbs.push(Limb { id: card.id, depth, parent, fork: card.fork, head, name: name(card), spoken, here });
        // The last one pushed comes next.
        let mut children: Vec<&BranchCard> = status.branches.iter().filter(|c| c.parent == Some(card.id)).collect();
        order::sort(&mut children, |a, b| (a.fork, a.id) < (b.fork, b.id));
        next.extend(children.into_iter().map(|child| (child, Some(place), depth + 1)));
    }
    limbs
}

/// The time that the tree spans.
pub fn span(limbs: &[Limb]) -> Micros {
    limbs.iter().map(|limb| limb.head.max(limb.fork)).max().unwrap_or_default().max(Micros(1))
}

/// Where a moment is.
pub fn x(at: Micros, span: Micros) -> u64 {
    (at.0 as f64 / span.0.max(1) as f64 * WIDTH as f64) as u64
}

impl Limb {
    /// The branch as the `d` of an SVG path, on its line of the tree: down from the one that it left, and on to its end.
    pub fn way(&self, line: usize, span: Micros) -> String {
        let (from, to) = (x(self.fork, span), x(self.head.max(self.fork), span));
        let y = line * 2 + 1;
        match self.parent {
            Some(parent) => format!("M{from} {}V{y}H{to}", parent * 2 + 1),
            None => format!("M{from} {y}H{to}"),
        }
    }

    /// Its end, a point.
    pub fn end(&self, line: usize, span: Micros) -> String {
        format!("M{} {}h0", x(self.head.max(self.fork), span), line * 2 + 1)
    }
}

/// A small picture of the stage.
pub fn picture(opened: &Opened, frame: &Frame, (width, height): (f32, f32)) -> Display {
    let layout = Layout::new(opened, width, height, Insets::default());
    let scene = Scene {
        opened,
        frame,
        layout: &layout,
        whole: &layout,
        at: frame.now,
        selected: None,
        hover: None,
        focus: None,
        paused: true,
        labels: false,
        reduced: false,
        drag: None,
    };
    stage::draw(&scene).display
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests;

    fn card(id: u32, parent: Option<u32>, fork: u64, head: u64) -> BranchCard {
        let label = format!("command {id}");
        BranchCard { id, parent, fork: Micros(fork), head: Micros(head), name: String::new(), label, commands: 1 }
    }

    fn status() -> Status {
        let branches = vec![
            card(0, None, 0, 900),
            card(1, Some(0), 200, 800),
            card(2, Some(0), 500, 0),
            card(3, Some(1), 300, 400),
            card(4, Some(1), 700, 750),
        ];
        Status { branches, branch: 2, ..Status::default() }
    }

    #[test]
    fn branches_follow_those_that_they_left() {
        let limbs = limbs(&status(), Micros(1_000));
        let lines: Vec<_> = limbs.iter().map(|limb| (limb.id, limb.depth, limb.parent)).collect();
        assert_eq!(lines, [(0, 0, None), (2, 1, Some(0)), (1, 1, Some(0)), (4, 2, Some(2)), (3, 2, Some(2))]);
        assert_eq!((limbs[1].head, limbs[1].here, limbs[2].here), (Micros(1_000), true, false));
        assert_eq!(limbs[1].spoken, "3. command 2, leaves branch 1 at 0.000 s, ends at 0.001 s, you are here");
        let span = span(&limbs);
        assert_eq!(span, Micros(1_000));
        assert_eq!(limbs[0].way(0, span), "M0 1H900");
        assert_eq!(limbs[3].way(3, span), "M700 5V7H750");
        assert_eq!(limbs[3].end(3, span), "M750 7h0");
    }

    /// Going down from the branch that it left, a line meets none of those between.
    #[test]
    fn no_line_crosses_another() {
        let limbs = limbs(&status(), Micros(1_000));
        for (line, limb) in limbs.iter().enumerate() {
            let Some(parent) = limb.parent else { continue };
            for between in &limbs[parent + 1..line] {
                assert!(between.fork >= limb.fork, "{} meets {}", limb.name, between.name);
            }
        }
    }

    #[test]
    fn names_are_the_learners_or_say_what_was_done() {
        let mut card = card(1, None, 0, 0);
        assert_eq!(name(&card), "2. command 1");
        card.name = "with a crash".into();
        assert_eq!(name(&card), "2. with a crash");
    }

    #[test]
    fn pictures_are_within_their_room() {
        let opened = tests::opened(5, 2);
        let frame = tests::frame(&opened, 12);
        let display = picture(&opened, &frame, (240.0, 150.0));
        assert!(display.shapes.len() > 10);
        for text in &display.texts {
            assert!((0.0..=240.0).contains(&text.x) && (0.0..=151.0).contains(&text.y), "{text:?}");
        }
    }
}
