//! What lies on causal paths from what clients asked to what one of them was told: lit in the space-time diagram, and listed
//! in sentences.

use crate::base::Micros;
use crate::base::json::{self, Json};

/// Between which rows a slice lies: where its paths may begin, and where all end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    pub from: Vec<u64>,
    pub to: u64,
}

impl Ends {
    pub fn read(json: Json) -> Result<Ends, String> {
        let mut fields = json.fields()?;
        let mut from = Vec::new();
        for row in fields.take("from")?.list()? {
            from.push(number(row)?);
        }
        Ok(Ends { from, to: fields.number("to")? })
    }

    /// As the engine is asked for it.
    pub fn form(&self) -> String {
        format!("slice {}", self.text())
    }

    /// As an attribute holds it: "A,B TO".
    pub fn text(&self) -> String {
        let from: Vec<String> = self.from.iter().map(u64::to_string).collect();
        format!("{} {}", from.join(","), self.to)
    }

    pub fn parse(text: &str) -> Option<Ends> {
        let (from, to) = text.split_once(' ')?;
        let from = from.split(',').map(|row| row.parse().ok()).collect::<Option<_>>()?;
        Some(Ends { from, to: to.parse().ok()? })
    }
}

fn number(json: Json) -> Result<u64, String> {
    let Json::Int(n) = json else { return Err("expected a row".into()) };
    u64::try_from(n).map_err(|_| "expected a row".to_owned())
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    pub from: Micros,
    pub to: Micros,
    /// What is lit, in rising order.
    pub rows: Vec<u64>,
    /// So many events and messages there are.
    pub events: u32,
    pub messages: u32,
    /// The first of the events: row, moment, sentence.
    pub lines: Vec<(u64, Micros, String)>,
}

pub fn read(text: &str) -> Result<Slice, String> {
    let mut fields = json::read(text)?.fields()?;
    let mut rows: Vec<u64> = Vec::new();
    for row in fields.take("rows")?.list()? {
        rows.push(number(row)?);
    }
    rows.sort_unstable();
    let mut lines = Vec::new();
    for line in fields.take("lines")?.list()? {
        let mut line = line.fields()?;
        lines.push((line.number("row")?, Micros(line.number("at")?), line.text("words")?));
    }
    Ok(Slice {
        from: Micros(fields.number("from")?),
        to: Micros(fields.number("to")?),
        rows,
        events: fields.number("events")?,
        messages: fields.number("messages")?,
        lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_reads_and_its_ends_are_kept_in_an_attribute() {
        let text = r#"{"from":5,"to":90,"events":2,"messages":1,"rows":[9,3,4],"lines":[{"row":3,"at":5,"words":"c1: asks"}]}"#;
        let slice = read(text).expect("it reads");
        assert_eq!((slice.from, slice.to, slice.events, slice.messages), (Micros(5), Micros(90), 2, 1));
        assert_eq!(slice.rows, [3, 4, 9]);
        assert_eq!(slice.lines, [(3, Micros(5), "c1: asks".to_owned())]);
        assert!(read(r#"{"rows":[]}"#).is_err());
        let ends = Ends { from: vec![3, 12], to: 40 };
        assert_eq!((Ends::parse(&ends.text()), ends.form()), (Some(ends.clone()), "slice 3,12 40".to_owned()));
        assert!(Ends::parse("3,x 4").is_none() && Ends::parse("3").is_none());
    }
}
