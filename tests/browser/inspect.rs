//! The inspector and the history: what is watched, why properties and operations are as they are, and the branches of the
//! run as a tree.

use crate::ENGINE;
use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::{Value, json};

/// Three replicas that lose two of their number, and with them the majority.
const RUN: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 3, "pace": "12ms",
    "network": {"latency": {"uniform": {"min": "9ms", "max": "16ms"}}}, "parameters": {"give-up-after": "9s"},
    "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
      "mix": {"get": 1, "put": 1}}}},
      {"at": "200ms", "do": {"crash": {"node": "r2"}}}, {"at": "210ms", "do": {"crash": {"node": "r3"}}},
      {"at": "400ms", "do": {"crash": {"node": "c2"}}, "learner": true}]}"#;

fn open(page: &mut Page, server: &Server) {
    open_bench(page, &server.root());
    open_file(page, RUN);
    page.wait_text("You are looking at the run of a file.");
    page.wait_for("[data-node=r3]");
}

fn seek(page: &Page, ms: u64) {
    let script = "const scrubber = document.querySelector('#scrubber');
        scrubber.value = arguments[0]; scrubber.dispatchEvent(new Event('input', { bubbles: true }))";
    // The scrubber spans 480 ms of this run.
    page.js(script, json!([ms * 10_000 / 480]));
    let there = "return Math.abs(parseFloat(document.querySelector('#clock').innerText) * 1000 - arguments[0]) < 1.5";
    page.wait_js("the moment", there, json!([ms]));
}

fn texts(page: &Page, css: &str) -> Vec<String> {
    let list =
        page.js("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText.trim())", json!([css]));
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn watch(page: &Page, words: &str) {
    page.focus("#watch");
    page.write(words);
    page.press("Enter");
}

#[test]
fn values_are_watched_and_reasons_are_given() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server);
    page.click("#tab-state");
    seek(&page, 80);
    page.focus("[data-node=r1]");
    page.wait_js(
        "no reason yet",
        "return document.querySelector('.progress')?.innerText.includes('ended well')",
        json!([]),
    );
    // One click watches what a node shows; a field takes expressions, and says what is wrong with them.
    page.click(".shown .small");
    page.wait_js(
        "it is watched",
        "return document.querySelector('.watches li code')?.innerText.startsWith('r1.')",
        json!([]),
    );
    watch(&page, "count(up)");
    watch(&page, "count(up) 2");
    page.wait_text("Not understood: expected an operator, or the end at “2”.");
    let values =
        "return [...document.querySelectorAll('.watches li')].map(li => li.querySelector('.value')?.innerText ?? '')";
    page.wait_js("five are up", &format!("return (() => {{ {values} }})()[1] === '5'"), json!([]));
    page.click(".watches li:last-child button");
    page.wait_js("it is gone", "return document.querySelectorAll('.watches li').length === 2", json!([]));
    // Numbers are drawn over time.
    page.wait_for(".watches li svg path.line");
    // What a step changes is marked; later two are down, and it is said why nothing goes on.
    for _ in 0..90 {
        if page.count(".trees mark") > 0 {
            break;
        }
        let event = page.text(".transport .ev");
        page.focus("[data-node=r1]");
        page.press(".");
        page.wait_js(
            "the next event",
            "return document.querySelector('.transport .ev').innerText !== arguments[0]",
            json!([event]),
        );
        page.wait_js("its changes", "return document.querySelector('.inspector').dataset.fresh === 'true'", json!([]));
    }
    page.wait_js("a change", "return document.querySelector('.trees mark')", json!([]));
    seek(&page, 380);
    page.wait_text("no majority of replicas is up: r2, r3 are down");
    page.wait_js("three are up", &format!("return (() => {{ {values} }})()[1] === '3'"), json!([]));
    page.wait_text("operations wait, the oldest for");
    page.screenshots("inspector");
    page.assert_accessible("inspector");
    // On a phone the stage stays free: a word leads to the properties.
    page.size(390, 844);
    let small = "const word = document.querySelector('.props-word').getBoundingClientRect();
        const stage = document.querySelector('.bench .stage').getBoundingClientRect();
        return getComputedStyle(document.querySelector('.props')).display === 'none'
          && word.width > 20 && word.width * word.height < 0.06 * stage.width * stage.height";
    page.wait_js("a word on the stage", small, json!([]));
    page.click("#tab-log");
    page.click(".props-word");
    page.wait_js("the properties", "return document.querySelector('.verdicts li')", json!([]));
    page.size(1440, 900);
    // The charts have what is watched first, and a link carries it.
    page.click("#tab-measures");
    page.wait_js(
        "a chart",
        "return document.querySelector('.plot figcaption')?.innerText.startsWith('Watched')",
        json!([]),
    );
    let press = "[...document.querySelectorAll('#share-menu button')].find(b => b.innerText === 'Copy a link to this moment').click()";
    page.js(press, json!([]));
    let link = page.wait_js("the link", "return document.querySelector('#share-menu .made')?.value", json!([]));
    let mut other = Page::start();
    other.open_app(link.as_str().expect("an address"));
    other.wait_for(ENGINE);
    other.click("#tab-state");
    other.wait_js("what is watched", "return document.querySelectorAll('.watches li').length === 2", json!([]));
    other.wait_js("its value", &format!("return (() => {{ {values} }})()[1] === '3'"), json!([]));
    page.finish();
    other.finish();
}

/// Whether the small picture shows something, as a number that differs between pictures.
const PICTURE: &str = "const canvas = document.querySelector('#glance');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0, drawn = 0;
    for (let i = 3; i < data.length; i += 4) { if (data[i]) { drawn++; sum = (sum * 31 + i + data[i - 1]) % 1000003 } }
    return drawn > 200 && sum";

#[test]
fn branches_are_a_tree_that_one_goes_about_in() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server);
    let crash = |page: &Page, node: &str| {
        page.focus(&format!("[data-node={node}]"));
        page.press("c");
        page.wait_js(
            "the crash",
            "return document.querySelector(`[data-node=${arguments[0]}]`).ariaLabel.includes('down')",
            json!([node]),
        );
    };
    page.click("#tab-history");
    page.wait_js("one branch", "return document.querySelectorAll('[role=treeitem]').length === 1", json!([]));
    seek(&page, 120);
    // On an event, so that the same place can be come back to.
    let before = page.text(".transport .ev");
    page.focus("[data-node=r1]");
    page.press(".");
    page.wait_js(
        "a step",
        "return document.querySelector('.transport .ev').innerText !== arguments[0]",
        json!([before]),
    );
    let event = page.text(".transport .ev");
    let whole = page.wait_js("a picture", PICTURE, json!([]));
    crash(&page, "r1");
    page.wait_js("two branches", "return document.querySelectorAll('[role=treeitem]').length === 2", json!([]));
    // The small picture shows the end of the branch that is looked at.
    let other = format!("const s = (() => {{ {PICTURE} }})(); return s !== arguments[0] && s");
    let own = page.wait_js("its picture", &other, json!([whole]));
    page.focus("[role=treeitem][aria-selected=true]");
    page.press("ArrowUp");
    page.wait_js("another picture", &other, json!([own]));
    // A name, by keyboard.
    page.press("F2");
    page.write("two replicas left");
    page.press("Tab");
    page.wait_js(
        "the name",
        "return document.querySelector('[role=treeitem]').innerText.includes('two replicas left')",
        json!([]),
    );
    assert_eq!(texts(&page, "[role=treeitem]"), ["1. two replicas left", "2. You crash r1"]);
    page.screenshots("history");
    page.assert_accessible("history");
    // Back to it by Enter; from the same place the same command leads to the other branch again.
    page.focus("[role=treeitem]");
    page.press("Enter");
    page.wait_text("Back on branch 1. two replicas left");
    page.wait_js(
        "it is the present one",
        "return document.querySelector('[role=treeitem][aria-current]').id === 'limb-0'",
        json!([]),
    );
    seek(&page, 120);
    page.focus("[data-node=r1]");
    page.press(".");
    page.wait_js(
        "the same event",
        "return document.querySelector('.transport .ev').innerText.split(' of ')[0] === arguments[0].split(' of ')[0]",
        json!([event]),
    );
    crash(&page, "r1");
    page.wait_text("Back on branch 2. You crash r1");
    assert_eq!(page.count("[role=treeitem]"), 2, "nothing new was done");
    // By pointer.
    page.click("#limb-0");
    page.wait_js(
        "the first branch",
        "return document.querySelector('[role=treeitem][aria-current]').id === 'limb-0'",
        json!([]),
    );
    page.finish();
}
