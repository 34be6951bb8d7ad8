//! An exercise as the board shows it: read from its own text, which the worker has too. What it gives (load, faults, how fast
//! and dear parts are) is not the learner's to change.

use super::doc::Doc;
use super::toml::{self, Table, Value, Wrong};

/// The phases of an interview: their names in the text, and their titles.
pub const PHASES: [(&str, &str); 6] = [
    ("requirements", "Requirements"),
    ("estimation", "Estimation"),
    ("high-level", "High level"),
    ("deep-dive", "Deep dive"),
    ("failure", "Failure"),
    ("trade-offs", "Trade-offs"),
];

#[derive(Clone, Debug, PartialEq)]
pub struct Exercise {
    /// The name of its folder; empty until it is given.
    pub slug: String,
    pub text: String,
    table: Table,
}

/// A line of the estimation sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub unit: &'a str,
    /// What the brief says; empty: it is to be estimated.
    pub given: &'a str,
}

impl Exercise {
    pub fn read(text: &str) -> Result<Exercise, Wrong> {
        toml::read(text).map(|table| Exercise { slug: String::new(), text: text.to_owned(), table })
    }

    /// A plain design has no brief.
    pub fn is_one(&self) -> bool {
        self.table.get("brief").is_some()
    }

    pub fn title(&self) -> &str {
        self.table.words("title")
    }

    pub fn minutes(&self) -> u64 {
        self.table.words("minutes").parse().unwrap_or(45)
    }

    pub fn brief(&self) -> Vec<&str> {
        self.table.list("brief").iter().map(Value::words).collect()
    }

    fn tables(&self, name: &str) -> impl Iterator<Item = &Table> {
        self.table.list(name).iter().filter_map(Value::table)
    }

    /// What is worth asking, what the answer is, and whether it decides.
    pub fn questions(&self) -> Vec<(&str, &str, bool)> {
        self.tables("questions").map(|q| (q.words("ask"), q.words("answer"), q.words("decides") == "true")).collect()
    }

    /// Why a requirement is one.
    pub fn why(&self, requirement: &str) -> &str {
        self.tables("requirements").find(|r| r.words("text") == requirement).map_or("", |r| r.words("why"))
    }

    pub fn sheet(&self) -> Vec<Quantity<'_>> {
        let quantity = |q| {
            let words = |name| Table::words(q, name);
            Quantity { name: words("name"), label: words("label"), unit: words("unit"), given: words("given") }
        };
        self.tables("sheet").map(quantity).collect()
    }

    /// A skill, and what one sees of it from the lowest level up.
    pub fn rubric(&self) -> Vec<(&str, Vec<&str>)> {
        self.tables("rubric").map(|r| (r.words("skill"), r.list("levels").iter().map(Value::words).collect())).collect()
    }

    /// A model answer for a phase.
    pub fn answer(&self, phase: &str) -> Vec<&str> {
        let found = self.tables("answers").find(|answer| answer.words("phase") == phase);
        found.map_or(Vec::new(), |answer| answer.list("text").iter().map(Value::words).collect())
    }

    /// What the prices are taken from.
    pub fn prices(&self) -> &str {
        self.table.table("given").map_or("", |given| given.words("prices"))
    }

    /// A parameter that is the exercise's: of a component's table, or of a call.
    pub fn gives(&self, table: &str, key: &str) -> bool {
        let first = key.split('.').next().unwrap_or(key);
        let given = self.table.table("given").and_then(|given| given.table(table));
        let nature =
            ["price", "service", "read", "write", "accept", "work", "lag", "ack", "fail-over", "fails", "handshake"];
        nature.contains(&first)
            || key == "autoscale.cold-start"
            || table == "clients"
            || given.is_some_and(|given| given.get(first).is_some())
    }

    /// What is given of a kind of component, by the names of its fields.
    pub fn given(&self, table: &str) -> &[(String, Value)] {
        let given = self.table.table("given").and_then(|given| given.table(table));
        given.map_or(&[], |given| &given.0)
    }

    /// Components that others run.
    pub fn is_of_others(&self, name: &str) -> bool {
        self.table.table("others").is_some_and(|others| others.get(name).is_some())
    }

    /// Where a learner begins: clients that call nothing yet, and what others run.
    pub fn starter(&self) -> Doc {
        let mut doc = Table(vec![
            ("version".into(), Value::Plain("1".into())),
            ("title".into(), Value::Text(self.title().to_owned())),
        ]);
        for name in ["run", "network", "keys", "clients"] {
            if let Some(value) = self.table.get(name) {
                doc.set(name, value.clone());
            }
        }
        if let Some(others) = self.table.get("others") {
            doc.set("services", others.clone());
        }
        if let Some(Value::Table(clients)) = doc.get_mut("clients") {
            for (_, client) in &mut clients.0 {
                if let Value::Table(client) = client {
                    // How far they are is the exercise's, and no part of a design.
                    client.remove("latency");
                    client.set("call", Value::Table(Table(vec![("to".into(), Value::List(Vec::new()))])));
                }
            }
        }
        if let Some(faults) = self.table.get("faults") {
            doc.set("faults", faults.clone());
        }
        Doc(doc)
    }
}
