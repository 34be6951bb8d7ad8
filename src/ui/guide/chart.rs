//! The trade-off drawn: a panel for each column, a point for each variant, all over one axis. The points are chosen
//! by the radio buttons below; for eyes only, since the same stands in a table.

use super::super::controls::tag;
use crate::wire::{MeasurePage, MeasuredRow, TheoryPage};
use yew::prelude::*;

const WIDTH: usize = 384;
const PANEL: usize = 112;
/// Of a panel: its title, and room for the highest point's label.
const HEAD: usize = 44;
const FOOT: usize = 6;

pub fn chart(asked: &MeasurePage, rows: &[MeasuredRow], chosen: Option<usize>) -> Html {
    let (wide, height) = (WIDTH / asked.variants.len().max(1), PANEL * asked.columns.len());
    let mut inside = Vec::new();
    if let Some(i) = chosen {
        let (x, width, height) = ((i * wide).to_string(), wide.to_string(), height.to_string());
        inside.push(tag("rect", &["x", "width", "height", "rx"], &[&x, &width, &height, "4"], Vec::new()));
    }
    inside.extend(asked.columns.iter().enumerate().map(|(c, title)| {
        let theory = asked.theories.iter().find(|theory| theory.column as usize == c);
        panel(title, c, rows, theory, wide)
    }));
    tag("svg", &["class", "viewBox", "aria-hidden"], &["chart", &format!("0 0 {WIDTH} {height}"), "true"], inside)
}

fn panel(title: &str, column: usize, rows: &[MeasuredRow], theory: Option<&TheoryPage>, wide: usize) -> Html {
    let (top, base) = (PANEL * column, PANEL * (column + 1) - FOOT);
    let cells = rows.iter().enumerate().filter_map(|(i, row)| Some((i, row.cells.get(column)?.as_ref()?)));
    let most = cells.clone().fold(1e-9, |most: f64, (_, (_, value))| most.max(*value));
    let expected = theory.map_or(&[][..], |theory| &theory.values);
    let most = expected.iter().fold(most, |most, (_, value)| most.max(*value));
    let room = (PANEL - HEAD - FOOT) as f64;
    let base_y = base.to_string();
    let mut line = String::new();
    let mut inside = vec![
        text("title", "4", top + 15, title),
        tag("path", &["class", "d"], &["base", &format!("M0 {base}H{WIDTH}")], Vec::new()),
    ];
    for (i, (words, value)) in cells {
        let x = (i * wide + wide / 2).to_string();
        let y = base - (value / most * room) as usize;
        line += &format!("{}{x} {y}", if line.is_empty() { "M" } else { "L" });
        inside.push(tag("path", &["class", "d"], &["stem", &format!("M{x} {base_y}V{y}")], Vec::new()));
        inside.push(tag("circle", &["cx", "cy", "r"], &[&x, &y.to_string(), "4"], Vec::new()));
        inside.push(text("value", &x, y - 9, words));
    }
    inside.push(tag("path", &["class", "d"], &["line", &line], Vec::new()));
    if let Some(theory) = theory {
        let mut curve = String::new();
        for (i, (_, value)) in expected.iter().enumerate() {
            let y = base - (value / most * room) as usize;
            curve += &format!("{}{} {y}", if i == 0 { "M" } else { "L" }, i * wide + wide / 2);
        }
        inside.push(tag("path", &["class", "d"], &["theory", &curve], Vec::new()));
        inside.push(tag("path", &["class", "d"], &["theory", &format!("M4 {}h22", top + 26)], Vec::new()));
        inside.push(text("of-theory", "32", top + 30, &theory.title));
    }
    tag("g", &["class"], &[["column-0", "column-1", "column-2"][column % 3]], inside)
}

fn text(class: &str, x: &str, y: usize, words: &str) -> Html {
    tag("text", &["class", "x", "y"], &[class, x, &y.to_string()], vec![Html::from(words)])
}
