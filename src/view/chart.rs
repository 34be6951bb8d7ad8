//! Charts of values over time: scales, lines, and the same in words. The page draws what is computed here, and the theme
//! colours it.

use super::words;
use crate::base::{Micros, decimal};
use crate::wire::{Chart, ChartUnit, Charts, ChartsAsk};

/// Height of the room for lines, in the units of [`line`]; a part of the stretch is 1 wide.
pub const HEIGHT: u32 = 60;
/// Parts of a stretch at most: fine enough for the width of a chart on a wide screen.
const PARTS_MAX: u64 = 128;
const PARTS_MIN: u64 = 16;
/// So many events for each part, on average: with fewer, rates would be one or none of them.
const EVENTS: u64 = 80;
/// The shortest stretch that can be zoomed to.
const SPAN_MIN: u64 = 1_000;

/// The whole run, and a little more: where its parts lie changes seldom while it goes on, so that what is known of most of
/// them stays.
pub fn whole(head: Micros, events: u64) -> ChartsAsk {
    let (end, mut scale) = (head.0 + 1, 1);
    while scale <= end / 10 {
        scale *= 10;
    }
    let step = match end / scale {
        0 | 1 => (scale / 4).max(1),
        2 | 3 => (scale / 2).max(1),
        4..=7 => scale,
        _ => 2 * scale,
    };
    let to = Micros(end.div_ceil(step) * step);
    let parts = (events / EVENTS).clamp(PARTS_MIN, PARTS_MAX).next_power_of_two() as u32;
    ChartsAsk { from: Micros::ZERO, to, parts }
}

/// The value at the top of a chart: 1, 2 or 5 times a power of ten.
pub fn top(chart: &Chart) -> f64 {
    let values = chart.series.iter().flat_map(|series| series.values.iter().flatten());
    let most = values.fold(0.0, |most: f64, value| most.max(*value));
    let mut scale = 1.0;
    while scale < most {
        scale *= 10.0;
    }
    [0.1, 0.2, 0.5].into_iter().map(|part| part * scale).find(|top| *top >= most).unwrap_or(scale)
}

/// A line as the `d` of an SVG path, from part to part; where there is no value there is a gap, and a value alone is a dash.
pub fn line(values: &[Option<f64>], top: f64) -> String {
    let mut path = String::new();
    let mut before = false;
    for (i, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let tenths = ((1.0 - value / top.max(f64::MIN_POSITIVE)) * f64::from(HEIGHT) * 10.0) as u32;
            let (y, after) =
                (format!("{}.{}", tenths / 10, tenths % 10), values.get(i + 1).is_some_and(Option::is_some));
            path += &match (before, after) {
                (false, false) => format!("M{i} {y}h1"),
                (false, true) => format!("M{i}.5 {y}"),
                _ => format!("L{i}.5 {y}"),
            };
        }
        before = value.is_some();
    }
    path
}

/// The cursor over a chart as the `d` of an SVG path; empty where it is not in sight.
pub fn cursor(of: &ChartsAsk, now: Micros) -> String {
    if !(of.from..of.to).contains(&now) {
        return String::new();
    }
    let x = (now.since(of.from).0 as f64 / of.to.since(of.from).0 as f64 * f64::from(of.parts) * 100.0) as u64;
    format!("M{}.{:02} 0V{HEIGHT}", x / 100, x % 100)
}

/// A value with its unit: "3.20 ms", "40/s", "7".
pub fn value(unit: ChartUnit, value: f64) -> String {
    match unit {
        ChartUnit::Time => words::length(value as u64),
        ChartUnit::Rate if value >= 99.5 || value == 0.0 => format!("{}/s", (value + 0.5) as u64),
        ChartUnit::Rate => format!("{}/s", decimal::fixed(value, 1)),
        ChartUnit::Count => (value as u64).to_string(),
        ChartUnit::Plain => decimal::shortest(value),
    }
}

/// Of a line its value in a part, or for all parts its greatest.
pub fn shown(chart: &Chart, series: usize, part: Option<usize>) -> String {
    let values = &chart.series[series].values;
    let found = match part {
        Some(part) => values.get(part).copied().flatten(),
        None => values.iter().flatten().copied().reduce(f64::max),
    };
    found.map_or_else(|| "–".into(), |found| value(chart.unit, found))
}

/// When a part begins.
pub fn begin(of: &ChartsAsk, part: usize) -> Micros {
    let span = of.to.since(of.from).0 as u128;
    Micros(of.from.0 + (span * part as u128 / u128::from(of.parts.max(1))) as u64)
}

/// A part in words, all charts of it: "0.120 s: Latency of operations, median 3.20 ms, p99 8.00 ms; …".
pub fn spoken(charts: &Charts, part: usize) -> String {
    let mut text = format!("{}:", words::clock(begin(&charts.of, part), false));
    for chart in &charts.charts {
        text += &format!(" {},", chart.title);
        for (i, series) in chart.series.iter().enumerate() {
            text += &format!(" {} {},", series.name, shown(chart, i, Some(part)));
        }
        text.pop();
        text.push(';');
    }
    text.pop();
    text
}

/// The stretch between two parts, both of them in it; never shorter than can be told apart.
pub fn zoomed(of: &ChartsAsk, a: usize, b: usize) -> ChartsAsk {
    let (from, to) = (begin(of, a.min(b)), begin(of, a.max(b) + 1));
    ChartsAsk { from, to: Micros(to.0.max(from.0 + SPAN_MIN)), parts: of.parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Series;

    fn chart(unit: ChartUnit, values: Vec<Option<f64>>) -> Chart {
        Chart { title: "Load".into(), unit, series: vec![Series { name: "n1".into(), values }] }
    }

    #[test]
    fn scales_hold_their_values_closely() {
        for (most, wanted) in [(0.0, 0.1), (0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (4_999.0, 5_000.0), (5_001.0, 10_000.0)]
        {
            assert_eq!(top(&chart(ChartUnit::Rate, vec![None, Some(most)])), wanted, "{most}");
        }
    }

    #[test]
    fn the_whole_run_is_cut_alike_for_a_while() {
        for head in [0, 1, 7, 900, 1_000_000, 1_000_001, 3_600_000_000] {
            let ask = whole(Micros(head), 0);
            assert!(ask.to.0 > head && ask.to.0 <= head + 1 + (head + 1) / 4 + 1, "{head}: {}", ask.to.0);
        }
        for (head, to) in [(900, 1_000), (1_999, 2_000), (2_100, 2_500), (41_000, 50_000), (1_000_000, 1_250_000)] {
            assert_eq!(whole(Micros(head), 0).to, Micros(to));
        }
        let stretches = (1..1_000).map(|ms| whole(Micros::ms(ms), ms * 40));
        let different = stretches.collect::<Vec<_>>().chunk_by(|a, b| a == b).count();
        assert!(different < 48, "{different}");
    }

    #[test]
    fn lines_have_gaps_where_nothing_was_measured() {
        let values = [Some(0.0), Some(10.0), None, Some(5.0), None];
        assert_eq!(line(&values, 10.0), "M0.5 60.0L1.5 0.0M3 30.0h1");
        assert_eq!(line(&[], 1.0), "");
    }

    #[test]
    fn values_are_said() {
        let load = chart(ChartUnit::Rate, vec![Some(2.5), None]);
        assert_eq!(
            (shown(&load, 0, Some(0)), shown(&load, 0, Some(1)), shown(&load, 0, None)),
            ("2.5/s".into(), "–".into(), "2.5/s".into())
        );
        let of = ChartsAsk { from: Micros(0), to: Micros(1_000_000), parts: 2 };
        let charts = Charts { of, charts: vec![load.clone(), load], watched: Vec::new() };
        assert_eq!(spoken(&charts, 0), "0.000 s: Load, n1 2.5/s; Load, n1 2.5/s");
        assert_eq!(zoomed(&of, 1, 1), ChartsAsk { from: Micros(500_000), ..of });
        assert_eq!(zoomed(&ChartsAsk { to: Micros(20), ..of }, 0, 0).to, Micros(SPAN_MIN));
    }
}
