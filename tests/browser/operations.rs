//! The clients' operations judged on the bench: a register that one copy could have been, and one that it could not.

use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::json;

/// Three replicas that answer without a majority; the last crash lies where the run is to be simulated to.
const RUN: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 1, "pace": "12ms",
    "network": {"latency": {"uniform": {"min": "2ms", "max": "30ms"}}, "loss": 0.2},
    "parameters": {"bug-small-quorum": true},
    "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 3}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
      "mix": {"get": 2, "put": 1}}}},
      {"at": "900ms", "do": {"crash": {"node": "r3"}}, "learner": true}]}"#;

fn judge(page: &Page) -> String {
    page.click(".judged .pri");
    let told = "return document.querySelector('.judged h3')?.innerText";
    page.wait_js("a verdict", told, json!([])).as_str().expect("words").to_owned()
}

#[test]
fn what_clients_were_told_is_judged() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    open_file(&page, &RUN.replace("\"bug-small-quorum\": true", "\"bug-small-quorum\": false"));
    page.wait_for("[data-node=r3]");
    page.click("#tab-operations");
    let said = judge(&page);
    assert!(said.contains("linearizable") && !said.contains("not"), "{said}");
    page.wait_js(
        "the order",
        "return document.querySelector('.intervals .order').getAttribute('d').length > 40",
        json!([]),
    );
    open_file(&page, RUN);
    page.wait_js("another run", "return !document.querySelector('.judged h3')", json!([]));
    page.wait_for("[data-node=r3]");
    page.click("#tab-operations");
    let said = judge(&page);
    assert!(said.contains("not linearizable"), "{said}");
    page.wait_text("These cannot all be true of one copy:");
    assert!(page.count(".intervals .core") >= 2);
    page.js("document.querySelector('.intervals').scrollIntoView()", json!([]));
    page.screenshots("operations");
    page.size(390, 844);
    page.js("document.querySelector('.judged .object').scrollIntoView()", json!([]));
    page.screenshot("operations-phone-below");
    page.size(1440, 900);
    assert!(page.count(".intervals .shade") >= 1, "the crash is shaded");
    page.assert_accessible("operations");
    // Evidence leads to where it happened.
    let row = page.attribute(".object ol.core button", "data-row").expect("a row");
    page.click(".object ol.core button");
    let there = "return document.querySelector('.transport .ev').innerText.split(' ')[1] >= arguments[0]";
    page.wait_js("the moment", there, json!([row]));
    page.wait_js("it is earlier", "return parseFloat(document.querySelector('#clock').innerText) < 0.9", json!([]));
    page.finish();
}

#[test]
fn models_are_lost_as_the_run_goes_on_and_what_led_to_it_is_lit() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    open_file(&page, RUN);
    page.wait_for("[data-node=r3]");
    page.click("#tab-operations");
    // Judged by itself, without a click.
    page.wait_js("a loss", "return document.querySelectorAll('.lattice .losses > li').length > 0", json!([]));
    page.wait_js("a lost model", "return document.querySelectorAll('.lattice .model.lost').length > 1", json!([]));
    page.wait_text("Possible so far:");
    page.wait_text("Bounded staleness:");
    page.screenshots("lattice");
    page.size(390, 844);
    page.js("document.querySelector('.lattice').scrollIntoView()", json!([]));
    page.screenshot("lattice-phone-below");
    page.size(1440, 900);
    page.assert_accessible("lattice");
    // A loss leads to its moment, and lights what made it.
    let row = page.attribute(".losses button[data-slice]", "data-row").expect("a row");
    page.click(".losses button[data-slice]");
    let there = "return document.querySelector('.transport .ev').innerText.split(' ')[1] >= arguments[0]";
    page.wait_js("the moment", there, json!([row]));
    page.wait_js("its causes", "return document.querySelectorAll('.slice ol > li').length > 3", json!([]));
    page.screenshots("slice");
    page.assert_accessible("slice");
    page.click(".slice .small");
    page.wait_text("What led to the answer is lit");
    page.screenshots("slice-diagram");
    page.click(".spacetime .about .small");
    page.wait_js("it is dark", "return !document.querySelector('.spacetime .about .small')", json!([]));
    // Before the loss the model is possible again; a client by itself is told apart.
    page.click("#tab-operations");
    page.focus("#bench");
    page.press("{");
    page.wait_js("all is possible", "return !document.querySelector('.lattice .model.lost')", json!([]));
    page.finish();
}
