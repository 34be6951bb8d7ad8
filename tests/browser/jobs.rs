//! What runs beside the bench: a sweep over seeds in several workers, cancelled and made again, whose bars lead to runs; and
//! a counterexample that is searched for from the moment shown, and opens as a branch.

use crate::page::{Page, Theme};
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::json;

/// A register whose reads and writes ask too few.
const RUN: &str = r#"{"version": 1, "title": "Half a quorum", "protocol": "majority-register", "seed": 1, "pace": "12ms",
    "network": {"latency": {"uniform": {"min": "1ms", "max": "9ms"}}},
    "parameters": {"bug-small-quorum": true},
    "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
    "commands": [{"at": "1ms", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "20ms"}}},
      "mix": {"get": 1, "put": 1}}}}]}"#;

/// Chooses a start scenario by its title.
pub const CHOOSE: &str = "const select = document.querySelector('.jobs select');
    select.selectedIndex = [...select.options].findIndex(o => o.innerText.includes(arguments[0]));
    select.dispatchEvent(new Event('change', { bubbles: true }))";

pub fn type_number(page: &Page, label: &str, value: u64) {
    let script =
        "const label = [...document.querySelectorAll('.jobs label')].find(l => l.innerText.startsWith(arguments[0]));
                  const input = label.querySelector('input'); input.value = arguments[1];
                  input.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(script, json!([label, value.to_string()]));
}

fn pictures(page: &mut Page, name: &str) {
    for (theme, tone) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        page.theme(theme);
        page.screenshot(&format!("{name}-{tone}"));
        page.size(390, 844);
        page.js("document.querySelector('.jobs').scrollIntoView()", json!([]));
        page.screenshot(&format!("{name}-phone-{tone}"));
        page.size(1440, 900);
    }
    page.theme(Theme::Light);
}

#[test]
fn a_sweep_in_workers_leads_to_runs() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    open_file(&page, RUN);
    page.wait_for("[data-node=r3]");
    page.click("#tab-sweep");
    page.wait_for(".jobs .pri");
    // Partial results, then an end before the end.
    type_number(&page, "Seeds", 100_000);
    type_number(&page, "seconds each", 1);
    page.click(".jobs .pri");
    page.wait_for(".jobs .bars g");
    let workers = "return +document.querySelector('.jobs .running').innerText.match(/by (\\d+) worker/)[1]";
    let wanted = "return Math.min(32, navigator.hardwareConcurrency)";
    assert_eq!(page.js(workers, json!([])), page.js(wanted, json!([])));
    page.click(".jobs .running button");
    page.wait_for(".jobs .pri");
    let said = page.js("return document.querySelector('.jobs [role=status]').innerText", json!([]));
    assert!(said.as_str().expect("words").contains(" of 100000, each to 1.000 s"), "{said}");
    // To the end.
    type_number(&page, "Seeds", 30);
    page.click(".jobs .pri");
    page.wait_text("seeds from 0 on: 30 runs");
    page.wait_text("✗ completed writes are on a majority");
    page.screenshots("sweep");
    pictures(&mut page, "sweep");
    page.assert_accessible("sweep");
    // By the table of a measure to a run, by keyboard.
    page.click(".jobs .plot:nth-child(2) summary");
    page.focus(".jobs .plot:nth-child(2) td button");
    let seed = page.attribute(".jobs .plot:nth-child(2) td button", "data-seed").expect("a seed");
    page.press("Enter");
    page.wait_text(&format!("You are looking at the sweep's run of seed {seed}"));
    page.wait_js("its end", "return parseFloat(document.querySelector('#clock').innerText) === 1", json!([]));
    page.wait_text("seeds from 0 on: 30 runs");
    page.finish();
}

#[test]
fn a_counterexample_is_found_from_here_and_opens_as_a_branch() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.click("#tab-search");
    // A start scenario, at its moment.
    page.wait_js("start scenarios", "return document.querySelectorAll('.jobs select option').length > 20", json!([]));
    page.js(CHOOSE, json!(["A quorum too small"]));
    page.wait_text("You are looking at “A quorum too small”");
    // The run before has such a node too; it is gone by then.
    page.wait_for("[data-node=c2]");
    page.click(".jobs .pri");
    page.wait_text("✗ “completed writes are on a majority” breaks in 5 steps");
    pictures(&mut page, "search");
    page.assert_accessible("search");
    page.click(".jobs .object .pri");
    page.click("#tab-history");
    page.wait_text("breaks “completed writes are on a majority”");
    page.screenshots("search-branch");
    page.click("#tab-state");
    page.wait_text("no longer");
    // From where nothing can break; and a search that does not end by itself.
    page.click("#tab-search");
    page.click(".borrowed button");
    page.wait_js("one's own", "return !document.querySelector('.borrowed')", json!([]));
    page.wait_for("[data-node=n1]");
    type_number(&page, "Clients ask", 0);
    type_number(&page, "Timers that fire", 0);
    page.click(".jobs .ask .pri");
    page.wait_text("Nothing found; all that can happen within these budgets was seen");
    let way = "const select = document.querySelectorAll('.jobs select')[1];
               select.selectedIndex = 2; select.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(way, json!([]));
    page.wait_text("Faults last (ms)");
    page.click(".jobs .ask .pri");
    page.wait_js("runs", "return parseInt(document.querySelector('.jobs .running label').innerText) > 0", json!([]));
    page.click(".jobs .running button");
    page.wait_text("Cancelled after");
    page.finish();
}
