//! The table of prices that is documented is the one that cost is computed from.

use super::plan;
use faultline::load::design::*;
use faultline::load::run;
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../docs/prices.md");

/// The cells of the table under a heading, its head first; without the line below the head.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, below) = PAGE.split_once(&format!("## {heading}\n")).expect("the heading");
    let section = below.split("\n## ").next().unwrap_or_default();
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        cells.collect::<Vec<String>>()
    };
    section.lines().filter(|line| line.starts_with('|') && !line.starts_with("|-")).map(cells).collect()
}

/// As the page has them.
fn documented() -> BTreeMap<String, f64> {
    table("Defaults")[1..].iter().map(|row| (row[0].clone(), row[1].parse().expect("a number"))).collect()
}

fn month(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_year = |word: &str| word.len() >= 4 && word[..4].parse::<u32>().is_ok();
    let at = words.iter().position(|word| is_year(word)).unwrap_or_else(|| panic!("no year in \"{text}\""));
    format!("{} {}", words[at - 1].trim_matches('*'), &words[at][..4])
}

#[test]
fn documented_defaults_are_those_of_the_program() {
    let defaults = [
        ("routers", Router::default().price),
        ("balancers", Balancer::default().price),
        ("services", Service::default().price),
        ("gateways", Gateway::default().price),
        ("caches", Cache::default().price),
        ("cdns", Cdn::default().price),
        ("stores", Store::default().price),
        ("key-values", KeyValue::default().price),
        ("objects", Objects::default().price),
        ("indexes", Index::default().price),
        ("queues", Jobs::default().price),
        ("limiters", Limiter::default().price),
    ];
    // Every table of the form but the clients'.
    let tables: Vec<&str> = faultline::load::TABLES.into_iter().filter(|table| *table != "clients").collect();
    assert_eq!(defaults.map(|(table, _)| table).to_vec(), tables);
    let defaults: BTreeMap<String, f64> =
        defaults.into_iter().map(|(table, price)| (table.to_owned(), price)).collect();
    assert_eq!(documented(), defaults);
}

#[test]
fn documented_prices_of_exercises_are_those_they_give() {
    let table = table("What exercises give");
    let kinds = &table[0][1..];
    let mut documented = BTreeMap::new();
    for row in &table[1..] {
        for (kind, cell) in kinds.iter().zip(&row[1..]).filter(|(_, cell)| !cell.is_empty()) {
            documented.insert((row[0].clone(), kind.clone()), cell.parse::<f64>().expect("a number"));
        }
    }
    let date = month(PAGE.split("as of").nth(1).expect("a date"));
    let mut given = BTreeMap::new();
    for entry in std::fs::read_dir("lessons/designs").expect("they are there") {
        let folder = entry.expect("it can be read").path();
        let Ok(text) = std::fs::read_to_string(folder.join("exercise.toml")) else { continue };
        let slug = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let task: toml::Table = text.parse().expect("TOML");
        let of = task["given"].as_table().expect("a table");
        assert_eq!(month(of["prices"].as_str().expect("words")), date, "{slug}");
        for (kind, of) in of {
            if let Some(price) = of.as_table().and_then(|of| of.get("price")) {
                given.insert((slug.clone(), kind.clone()), price.as_float().expect("a number"));
            }
        }
    }
    assert!(given.len() > 30);
    assert_eq!(documented, given);
}

/// Two or three of each kind, by the default prices: what the run costs is what the page says.
#[test]
fn cost_is_computed_from_the_documented_prices() {
    let text = "
        run = { duration = \"3s\", warm-up = \"1s\" }
        network = { zones = [\"eu/a\", \"us/a\"] }
        clients.c = { load.open.rate = 10.0, call = { to = [\"r\"] } }
        routers.r = { call = { to = [\"b\"] } }
        balancers.b = { call = { to = [\"s\"] } }
        services.s = { instances = 3 }
        gateways.g = { instances = 2 }
        caches.m = { instances = 2 }
        cdns.e = { points = 2 }
        stores.d = { replicas = 2 }
        key-values.k = { nodes = 5 }
        objects.o = { }
        indexes.i = { shards = 4 }
        queues.q = { workers = 6 }
        queues.log = { workers = 3, partitions = 6 }
        limiters.l = { instances = 2 }";
    // A CDN has its points in each of the regions; what workers of both queues cost is the same.
    let counts = [
        ("routers", 1.0),
        ("balancers", 1.0),
        ("services", 3.0),
        ("gateways", 2.0),
        ("caches", 2.0),
        ("cdns", 4.0),
        ("stores", 3.0),
        ("key-values", 5.0),
        ("objects", 1.0),
        ("indexes", 4.0),
        ("queues", 9.0),
        ("limiters", 2.0),
    ];
    let prices = documented();
    let expected: f64 = counts.iter().map(|(table, count)| prices[*table] * count).sum();
    let cost = run(&plan(text), 1).cost;
    assert!((cost - expected).abs() < 1e-6, "{cost}, by the page {expected}");
}
