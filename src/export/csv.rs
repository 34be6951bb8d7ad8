//! Values over time, as on the charts: a line for each value (RFC 4180), with the moment at which its part begins in seconds.

use crate::base::{Micros, decimal};
use crate::session::Session;
use crate::wire::{ChartUnit, ChartsAsk, Reply, Request};

const PARTS: u32 = 100;

pub fn write(session: &mut Session, out: &mut String) {
    let Some(head) = session.timeline().map(|timeline| timeline.shown()) else { return };
    let ask = ChartsAsk { from: Micros::ZERO, to: Micros(head.0 + 1), parts: PARTS };
    let Some(Reply::Charts(charts)) = session.handle(Request::Charts { of: ask, watch: Vec::new() }).pop() else {
        return;
    };
    out.push_str("from_s,to_s,chart,series,unit,value\r\n");
    let moment =
        |part: u64| decimal::fixed((u128::from(ask.to.0) * u128::from(part) / u128::from(PARTS)) as f64 / 1e6, 6);
    for chart in &charts.charts {
        let unit = match chart.unit {
            ChartUnit::Time => "us",
            ChartUnit::Rate => "1/s",
            ChartUnit::Count | ChartUnit::Plain => "1",
        };
        for series in &chart.series {
            for (part, value) in (0..).zip(&series.values) {
                let Some(value) = value else { continue };
                let cells = [
                    moment(part),
                    moment(part + 1),
                    cell(&chart.title),
                    cell(&series.name),
                    unit.into(),
                    decimal::shortest(*value),
                ];
                out.push_str(&cells.join(","));
                out.push_str("\r\n");
            }
        }
    }
}

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}
