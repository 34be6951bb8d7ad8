//! The trade-off drawn: a panel for each column, a point for each variant, all over one axis. The points are chosen
//! by radio buttons below, or by a click on their column.

use crate::wire::{MeasurePage, MeasuredRow};
use yew::prelude::*;

const WIDTH: usize = 384;
const PANEL: usize = 96;
/// Of a panel: its title, and room for the highest point's label.
const HEAD: usize = 42;
const FOOT: usize = 6;

pub fn chart(asked: &MeasurePage, rows: &[MeasuredRow], chosen: Option<usize>, choose: &Callback<usize>) -> Html {
    let (count, height) = (asked.variants.len(), PANEL * asked.columns.len());
    let wide = WIDTH / count;
    let column = |i: usize| {
        let class = if chosen == Some(i) { "chosen" } else { "free" };
        let onclick = choose.reform(move |_: MouseEvent| i);
        html! { <rect {class} x={(i * wide).to_string()} width={wide.to_string()} height={height.to_string()} rx="4" {onclick} /> }
    };
    html! {
        <svg class="chart" viewBox={format!("0 0 {WIDTH} {height}")} aria-hidden="true">
            { for (0..count).map(column) }
            { for asked.columns.iter().enumerate().map(|(c, title)| panel(title, c, rows, wide)) }
        </svg>
    }
}

fn panel(title: &str, column: usize, rows: &[MeasuredRow], wide: usize) -> Html {
    let (top, base) = (PANEL * column, PANEL * (column + 1) - FOOT);
    let cells = rows.iter().enumerate().filter_map(|(i, row)| Some((i, row.cells.get(column)?.as_ref()?)));
    let most = cells.clone().fold(0.0, |most: f64, (_, (_, value))| most.max(*value)).max(1e-9);
    let room = (PANEL - HEAD - FOOT) as f64;
    let points: Vec<(usize, f64, &str)> = cells
        .map(|(i, (words, value))| (i * wide + wide / 2, base as f64 - value / most * room, words.as_str()))
        .collect();
    let line: String = points.iter().map(|(x, y, _)| format!("{x},{y:.1} ")).collect();
    let point = |(x, y, words): &(usize, f64, &str)| {
        let (x, y, above) = (x.to_string(), format!("{y:.1}"), format!("{:.1}", y - 9.0));
        html! {
            <>
                <line class="stem" x1={x.clone()} x2={x.clone()} y1={base.to_string()} y2={y.clone()} />
                <circle cx={x.clone()} cy={y} r="4" />
                <text class="value" {x} y={above}>{ *words }</text>
            </>
        }
    };
    html! {
        <g class={format!("column-{}", column % 3)}>
            <text x="4" y={(top + 15).to_string()}>{ title }</text>
            <line class="base" x2={WIDTH.to_string()} y1={base.to_string()} y2={base.to_string()} />
            <polyline points={line} />
            { for points.iter().map(point) }
        </g>
    }
}
