//! The list of all that can be done and read, found by typing.

use crate::ENGINE;
use crate::page::Page;
use crate::server::Server;
use crate::share::open_bench;
use serde_json::json;

const OPEN: &str = "return document.querySelector('.palette-box').open";
const CLOSED: &str = "return !document.querySelector('.palette-box').open";
const LINES: &str = "return [...document.querySelectorAll('.palette-box li')].map(l => l.innerText.replaceAll('\\n', ' | ')).join('\\n')";

#[test]
fn what_can_be_done_is_found_by_typing() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    // Everything is listed, each with its key.
    page.press("Control k");
    page.wait_js("the list", OPEN, json!([]));
    let all = page.js(LINES, json!([]));
    let all = all.as_str().unwrap_or_default();
    for line in [
        "n1: Crash | C",
        "Step forward | .",
        "Space-time",
        "Term | ",
        "Step | 4. ",
        "Lesson | 6.4 When the leader dies",
        "Script | Rolling restart",
        "Save | Event log (JSON lines)",
        "Run | Try another seed",
        "Page | Dark theme",
    ] {
        assert!(all.contains(line), "{line} is not in:\n{all}");
    }
    page.screenshots("palette");
    page.assert_accessible("palette");
    // A few words and Enter do it; the focus goes back to where it was.
    page.write("n1 crash");
    // What can be done goes before what can be read.
    let first = "const all = [...document.querySelectorAll('.palette-box li')].map(li => li.innerText);
        return all.length < 8 && all[0].includes('n1: Crash')";
    page.wait_js("few lines, the deed first", first, json!([]));
    page.press("Enter");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    page.wait_js("it closed", CLOSED, json!([]));
    page.wait_js("the focus", "return document.activeElement.dataset.node === 'n1'", json!([]));
    // Arrow keys choose; a term is only read.
    page.press("Control k");
    page.wait_js("the list", OPEN, json!([]));
    page.write("show");
    page.press("ArrowDown");
    page.press("Enter");
    page.wait_js("the second tab", "return document.querySelector('#tab-log').ariaSelected === 'true'", json!([]));
    // Another lesson, with the mouse.
    page.click(".find");
    page.wait_js("the list", OPEN, json!([]));
    page.write("leader dies");
    page.click(".palette-box li");
    page.wait_text("Step 1 of 13");
    page.press("Control k");
    page.wait_js("the list", OPEN, json!([]));
    page.write("xyzzy");
    page.wait_text("Nothing is called that.");
    page.press("Escape");
    page.wait_js("it closed", CLOSED, json!([]));
    page.go("#/");
    page.wait_for(ENGINE);
    page.finish();
}
