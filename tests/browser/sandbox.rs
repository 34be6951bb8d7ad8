//! The sandbox: ready scenarios by one click, a form for everything, complaints at their fields; and two runs side by side.

use crate::ENGINE;
use crate::boxes::assert_fits;
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::json;

/// Fills in a field of a form as a person does.
fn fill(page: &Page, id: &str, text: &str) {
    let script = "const field = document.getElementById(arguments[0]);
        if (!field) return false;
        field.closest('details').open = true;
        if (field.type === 'checkbox') field.click();
        else { field.value = arguments[1]; field.dispatchEvent(new Event('change', { bubbles: true })); }
        return true";
    page.wait_js(id, script, json!([id, text]));
}

fn go(page: &Page, address: &str) {
    page.go(address);
}

fn nodes(page: &Page, count: u32) {
    page.wait_js("the nodes", "return document.querySelectorAll('.spot').length === arguments[0]", json!([count]));
}

/// Both themes, on a desk and on a phone: nothing overlaps, nothing is cut.
fn assert_looks(page: &Page, name: &str) {
    for (width, height, what) in [(1440, 900, "desk"), (390, 844, "phone")] {
        for (theme, said) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            page.size(width, height);
            page.theme(theme);
            assert_fits(page, &format!("{name}, {what}, {said}"));
            page.screenshot(&format!("{name}-{what}-{said}"));
        }
        page.assert_accessible(&format!("{name}, {what}"));
    }
    page.size(1440, 900);
    page.theme(Theme::Light);
}

#[test]
fn a_cluster_is_put_together_in_a_form() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}?bench", server.root()));
    page.wait_for(ENGINE);
    page.click(".top .sand");
    page.wait_text("Ready scenarios");
    nodes(&page, 7);
    assert!(page.count(".gallery li") >= 12);
    assert_looks(&page, "sandbox");
    // A ready one by a click: the bug that is planted in it stands in red, on the bench and in the form.
    page.click(".gallery a[href='#/sandbox/double-vote']");
    page.wait_text("Two leaders in one term");
    let fast = "const speed = document.querySelector('.speed input'); speed.value = 90;
        speed.dispatchEvent(new Event('input', { bubbles: true }))";
    // It may not be open yet, and opening it sets the speed back.
    let broken = format!("{fast}; return document.querySelector('.props')?.dataset.broken === 'true'");
    page.wait_js("what it breaks", &broken, json!([]));
    page.wait_text("1 planted");
    // Three servers, another network, no bug.
    fill(&page, "f0-count:server", "3");
    fill(&page, "f0-p:bug-double-vote", "");
    fill(&page, "f0-latency", "uniform");
    fill(&page, "f0-loss", "lots");
    page.wait_text("Write a number from 0 to 100.");
    page.wait_js("it cannot be run", "return document.querySelector('#run-it').disabled", json!([]));
    fill(&page, "f0-loss", "5");
    page.wait_text("The form was changed since this run.");
    page.click("#run-it");
    nodes(&page, 5);
    // What only the engine can say comes back to its field.
    fill(&page, "f0-p:heartbeat-interval", "2 h");
    page.click("#run-it");
    page.wait_js(
        "the complaint",
        "const said = document.getElementById('f0-p:heartbeat-interval-about').innerText;
         return said.includes('a time from 1 ms to 3600 s') && said.includes('2 h')",
        json!([]),
    );
    page.screenshot("sandbox-complaint");
    // Another protocol, from another engine; a script of faults; the form is what is run.
    fill(&page, "f0-protocol", "swim");
    page.click("#run-it");
    page.wait_for("[data-node=m7]");
    page.wait_js("an adder", "const b = document.querySelector('[data-do=faults]'); b.closest('details').open = true; b.click(); return true", json!([]));
    page.wait_text("Rolling restart: crash (m1)");
    page.click("#run-it");
    page.wait_for("[data-node=m7]");
    // The run before had no script. Opening the new one sets the speed back.
    let crashed = format!("{fast}; return !!document.querySelector('.marks path.fault')");
    page.wait_js("the script's crash", &crashed, json!([]));
    page.finish();
}

#[test]
fn two_runs_are_compared_by_one_cursor() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}?bench", server.root()));
    page.wait_for(ENGINE);
    go(&page, "#/compare/double-vote");
    page.wait_text("The runs differ in one thing alone: bug-double-vote is on on the left and off on the right.");
    let both = "return [...document.querySelectorAll('.side')].every(side => side.querySelector('.spot'))";
    page.wait_js("both runs", both, json!([]));
    // At the end of what is simulated: the same measures of both, and what is broken on one side only.
    page.click("[aria-label^='To now']");
    let broken = "return [...document.querySelectorAll('.findings tr')].map(row => row.innerText)
        .some(row => row.includes('election safety') && row.includes('broken: ') && row.trim().endsWith('holds'))";
    page.wait_js("what is broken", broken, json!([]));
    let measures =
        "return [...document.querySelectorAll('.findings tr')].filter(row => row.innerText.startsWith('ops.')
        && ![...row.cells].some(cell => cell.innerText === '–')).length > 4";
    page.wait_js("the measures", measures, json!([]));
    page.click("[aria-label='To the start']");
    assert_looks(&page, "compare");
    // By keyboard: to where they part, and on; both stages show the same moment of two runs.
    page.wait_for(".marks path.parting");
    page.focus("#scrubber");
    page.press("d");
    let at = "return parseFloat(document.querySelector('#clock').innerText)";
    page.wait_js("the moment", &format!("return (() => {{ {at} }})() > 0"), json!([]));
    let told = "const sides = [...document.querySelectorAll('.side')].map(side => [...side.querySelectorAll('.spot')]
        .map(spot => spot.ariaLabel).join('; ')); return arguments[0] ? sides[0] !== sides[1] && sides[1] !== arguments[0] : sides[1]";
    let before = page.js(told, json!([null]));
    for _ in 0..40 {
        page.press("]");
    }
    page.wait_js("the right run to go along", told, json!([before]));
    // The other run under another protocol, which needs another engine.
    fill(&page, "f1-protocol", "primary-backup");
    page.click(".both-forms .pri");
    page.wait_js(
        "the view service",
        "return !!document.querySelectorAll('.side')[1].querySelector('[data-node=v]')",
        json!([]),
    );
    page.wait_text("Protocol is raft on the left and primary-backup on the right");
    page.screenshot("compare-protocols");
    page.finish();
}
