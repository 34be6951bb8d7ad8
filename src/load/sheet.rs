//! Capacity estimation: a sheet of named quantities. What the brief gives is there; the others are the learner's, as numbers
//! or as formulas over those before them, and each is checked for its dimension and its order of magnitude.

use super::unit::{self, Amount, told};
use serde::{Deserialize, Serialize};

/// One line of the sheet: given, or to be estimated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Quantity {
    /// By which formulas name it: letters, digits and "_".
    pub name: String,
    /// What it is, for people.
    pub label: String,
    /// In which it is shown: "request/s".
    pub unit: String,
    /// By the brief: "50 million user". Either this or a formula.
    pub given: Option<String>,
    /// How we would work it out.
    pub formula: Option<String>,
    /// So many times too much or too little is still the right order. Default 3.
    pub within: f64,
    /// Why so.
    pub why: String,
    /// What a run measures of it, without a bound: "rate(read)".
    pub measured: Option<String>,
    /// The system is so many times what is run. Default 1.
    pub cells: f64,
}

/// A line with what was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub label: String,
    pub unit: String,
    pub given: bool,
    /// What was entered, in the line's unit; of what is given, that.
    pub value: Option<f64>,
    /// What we would expect, by our numbers and by the learner's own ones above it.
    pub expected: f64,
    pub own: Option<f64>,
    /// The formula with its names, and with the numbers in their place.
    pub steps: String,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    Missing,
    Unreadable(String),
    /// It is of another dimension than it should be.
    Dimension {
        found: String,
        wanted: String,
    },
    /// Too much by this factor, or (below 1) too little.
    Off(f64),
    Good,
}

/// The default of [`Quantity::within`].
pub const WITHIN: f64 = 3.0;

/// Quantities by name, each with the unit that it is shown in.
type Named = Vec<(String, Amount, String)>;

fn find(amounts: &Named) -> impl Fn(&str) -> Option<Amount> {
    |name| amounts.iter().rfind(|(known, ..)| known == name).map(|(_, amount, _)| amount.clone())
}

/// What a line comes to, by the sheet alone.
fn expected(of: &Quantity, known: &Named) -> Result<Amount, String> {
    let text = match (&of.given, &of.formula) {
        (Some(text), None) | (None, Some(text)) => text,
        _ => return Err(format!("{}: it has either what is given or a formula", of.name)),
    };
    let amount = unit::read(text, &find(known)).map_err(|why| format!("{}: {why}", of.name))?;
    let unit = unit::unit(&of.unit).map_err(|why| format!("{}: {why}", of.name))?;
    if amount.of != unit.of {
        let (found, wanted) = (amount.dimension(), unit.dimension());
        return Err(format!("{}: \"{text}\" is of {found}, and its unit \"{}\" of {wanted}", of.name, of.unit));
    }
    if !amount.value.is_finite() || amount.value <= 0.0 {
        return Err(format!("{}: \"{text}\" is nothing, less than nothing or without end", of.name));
    }
    Ok(amount)
}

/// Says what is wrong with a sheet, if anything.
pub fn check(sheet: &[Quantity]) -> Result<(), String> {
    let mut known = Named::new();
    for of in sheet {
        let bad = |c: char| !(c.is_alphanumeric() || c == '_');
        if of.name.is_empty() || of.name.contains(bad) || known.iter().any(|(name, ..)| *name == of.name) {
            return Err(format!("\"{}\": a quantity has a name of its own, of letters, digits and \"_\"", of.name));
        }
        if of.within != 0.0 && of.within <= 1.0 || of.cells < 0.0 {
            return Err(format!("{}: within is a factor above 1, cells one above 0", of.name));
        }
        if of.label.is_empty() || of.given.is_none() && of.why.is_empty() {
            return Err(format!("{}: it has a label, and says why its formula is so", of.name));
        }
        let amount = expected(of, &known)?;
        known.push((of.name.clone(), amount, of.unit.clone()));
    }
    Ok(())
}

/// The sheet with what a learner entered. Lines that cannot be read themselves count below as we would expect them.
pub fn evaluate(sheet: &[Quantity], entered: &[(&str, &str)]) -> Vec<Row> {
    let (mut ours, mut theirs) = (Named::new(), Named::new());
    sheet.iter().map(|of| row(of, entered, &mut ours, &mut theirs)).collect()
}

fn row(of: &Quantity, entered: &[(&str, &str)], ours: &mut Named, theirs: &mut Named) -> Row {
    let unit = unit::unit(&of.unit).unwrap_or_else(|_| Amount::plain(1.0));
    let expected = expected(of, ours).unwrap_or_else(|_| unit.clone());
    let text = entered.iter().find(|(name, _)| *name == of.name).map(|(_, text)| text.trim());
    let text = text.filter(|text| !text.is_empty() && of.given.is_none());
    let own = of.formula.as_ref().and_then(|formula| unit::read(formula, &find(theirs)).ok());
    let steps = of.formula.as_ref().map_or(String::new(), |formula| steps(of, formula, own.as_ref(), theirs));
    let read = text.map(|text| {
        let amount = unit::read(text, &find(theirs))?;
        // A bare number is in the line's unit.
        let bare = amount.of.is_empty()
            && !unit.of.is_empty()
            && text.chars().all(|c| c.is_ascii_digit() || ".,_' kM".contains(c));
        Ok(if bare { Amount { value: amount.value * unit.value, of: unit.of.clone() } } else { amount })
    });
    let within = if of.within == 0.0 { WITHIN } else { of.within };
    let verdict = match &read {
        None if of.given.is_some() => Verdict::Good,
        None => Verdict::Missing,
        Some(Err(why)) => Verdict::Unreadable(String::clone(why)),
        Some(Ok(amount)) if amount.of != unit.of => {
            Verdict::Dimension { found: amount.dimension(), wanted: unit.dimension() }
        }
        Some(Ok(amount)) => {
            let factor = amount.value / expected.value;
            if factor <= within && factor >= 1.0 / within { Verdict::Good } else { Verdict::Off(factor) }
        }
    };
    let good = read.and_then(|read: Result<Amount, String>| read.ok()).filter(|amount| amount.of == unit.of);
    let value = if of.given.is_some() { Some(expected.clone()) } else { good };
    theirs.push((of.name.clone(), value.clone().unwrap_or_else(|| expected.clone()), of.unit.clone()));
    ours.push((of.name.clone(), expected.clone(), of.unit.clone()));
    let shown = |amount: &Amount| amount.value / unit.value;
    Row {
        name: of.name.clone(),
        label: of.label.clone(),
        unit: of.unit.clone(),
        given: of.given.is_some(),
        value: value.as_ref().map(shown),
        expected: shown(&expected),
        own: own.as_ref().map(shown),
        steps,
        verdict,
    }
}

/// "users × reads_per_user = 50 million user × …": the formula, then with numbers, then what it comes to.
fn steps(of: &Quantity, formula: &str, own: Option<&Amount>, known: &Named) -> String {
    let mut numbers = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, numbers: &mut String| {
        match known.iter().rfind(|(name, ..)| name == word) {
            Some((_, amount, of)) => {
                let size = unit::unit(of).map_or(1.0, |unit| unit.value);
                *numbers += format!("{} {}", told(amount.value / size), of).trim_end_matches(" 1");
            }
            None => *numbers += word,
        }
        word.clear();
    };
    for c in formula.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        flush(&mut word, &mut numbers);
        numbers.push(if c == '*' { '×' } else { c });
    }
    flush(&mut word, &mut numbers);
    let size = unit::unit(&of.unit).map_or(1.0, |unit| unit.value);
    let result = own.map(|own| format!(" = {} {}", told(own.value / size), of.unit)).unwrap_or_default();
    format!("{} = {numbers}{}", formula.replace('*', "×"), result.trim_end_matches(" 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Vec<Quantity> {
        let line = |name: &str, unit: &str, given: Option<&str>, formula: Option<&str>| Quantity {
            name: name.into(),
            label: name.into(),
            unit: unit.into(),
            given: given.map(Into::into),
            formula: formula.map(Into::into),
            why: "so".into(),
            ..Quantity::default()
        };
        vec![
            line("users", "user", Some("10 million user"), None),
            line("each", "read/user/day", Some("8.64 read/user/day"), None),
            line("rate", "read/s", None, Some("users * each")),
            line("size", "GB/day", None, Some("rate * 1 [kB/read]")),
        ]
    }

    #[test]
    fn a_sheet_is_checked() {
        check(&sheet()).expect("good");
        let mut wrong = sheet();
        wrong[2].unit = "user/s".into();
        let why = check(&wrong).expect_err("a dimension");
        assert!(why.contains("read/s") && why.contains("user/s"), "{why}");
        wrong[2].formula = Some("users * eech".into());
        assert!(check(&wrong).expect_err("a name").contains("eech"));
    }

    #[test]
    fn what_is_entered_is_judged() {
        let verdict = |text: &str| evaluate(&sheet(), &[("rate", text)])[2].verdict.clone();
        assert_eq!(verdict(""), Verdict::Missing);
        assert_eq!(verdict("1000"), Verdict::Good);
        assert_eq!(verdict("1.2k read/s"), Verdict::Good);
        assert_eq!(verdict("users * each"), Verdict::Good);
        assert_eq!(verdict("users"), Verdict::Dimension { found: "user".into(), wanted: "read/s".into() });
        assert_eq!(verdict("10k read/s"), Verdict::Off(10.0));
        assert!(matches!(verdict("much"), Verdict::Unreadable(_)));
        // What is below goes on from the learner's own number.
        let rows = evaluate(&sheet(), &[("rate", "2000")]);
        assert_eq!(
            (libm::round(rows[3].expected * 10.0), rows[3].own.map(|own| libm::round(own * 10.0))),
            (864.0, Some(1728.0))
        );
        assert!(
            rows[3].steps.starts_with("rate × 1 [kB/read] = 2,000 read/s × 1 [kB/read] = 173 GB/day"),
            "{}",
            rows[3].steps
        );
    }
}
