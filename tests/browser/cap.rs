//! The CAP lab: the network of one register is cut, and what that costs is measured as the run goes on.

use crate::ENGINE;
use crate::boxes::flaws;
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::json;

/// Some times as fast as usual.
fn hurry(page: &Page) {
    let script = "const speed = document.querySelector('.speed input'); if (!speed) return false;
        speed.value = +speed.value + 20; speed.dispatchEvent(new Event('input', { bubbles: true })); return true";
    page.wait_js("the speed", script, json!([]));
}

fn clock(page: &Page) -> f64 {
    page.js("return parseFloat(document.querySelector('#clock').innerText)", json!([])).as_f64().unwrap_or(0.0)
}

/// Cuts when something was answered, and waits until the last side has had operations end.
fn cut(page: &Page) {
    let calm = "const cells = document.querySelectorAll('.measures .measured tbody td');
        return cells.length > 2 && +cells[1].innerText > 5";
    page.wait_js("answers without a cut", calm, json!([]));
    page.click("#cut");
    page.wait_for("#heal:not([disabled])");
    page.wait_js(
        "two sides",
        "return document.querySelectorAll('.measures table')[0].tBodies[0].rows.length === 3",
        json!([]),
    );
}

fn shares(page: &Page) -> String {
    let script = "return [...document.querySelector('.measures table').tBodies[0].rows]
        .map(row => row.cells[1].innerText).join()";
    page.js(script, json!([])).as_str().unwrap_or_default().to_owned()
}

fn wait_for_name(page: &Page, name: &str) {
    let script = "return document.querySelector('.pacelc h2 .n')?.innerText.startsWith(arguments[0])";
    page.wait_js(name, script, json!([name]));
}

fn assert_looks(page: &Page, name: &str) {
    for (width, height, what) in [(1440, 900, "desk"), (390, 844, "phone")] {
        for (theme, said) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            page.size(width, height);
            page.theme(theme);
            let wrong = flaws(page);
            assert!(wrong.is_empty(), "{name}, {what}, {said}:\n{}", wrong.join("\n"));
            page.screenshot(&format!("{name}-{what}-{said}"));
        }
    }
    page.size(390, 844);
    page.js("document.querySelector('.measures').scrollIntoView()", json!([]));
    page.screenshot(&format!("{name}-phone-measures"));
    page.size(1440, 900);
    page.theme(Theme::Light);
    page.js("document.querySelector('.lattice').scrollIntoView()", json!([]));
    page.screenshot(&format!("{name}-lattice"));
}

#[test]
fn a_cut_is_paid_for_and_measured() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.click(".foot a[href='#/cap']");
    page.wait_text("How it is kept");
    page.wait_for("#cut:not([disabled])");
    hurry(&page);
    cut(&page);
    // Majorities: the smaller side gets no answer, and nothing is contradicted.
    wait_for_name(&page, "PC/EC");
    page.click("#play");
    page.wait_for("#play[aria-label=Play]");
    let shares = shares(&page);
    let parts: Vec<&str> = shares.split(',').collect();
    assert_eq!(parts.len(), 3, "{shares}");
    // What was under way at the cut may still have been answered.
    assert!(parts[1..].contains(&"100 %") && parts[1..].iter().any(|share| *share != "100 %"), "{shares}");
    page.wait_text("Linearizable so far");
    assert_looks(&page, "cap-majority");
    page.assert_accessible("the CAP lab");
    // Any copy: everybody is answered, and linearizability is lost; the evidence is one click away.
    page.go("#/cap/cap-any-copy");
    page.wait_for(".ways a[aria-current=page][href='#/cap/cap-any-copy']");
    page.wait_js("the other run", "return !document.querySelector('.measures table')?.tBodies[0].rows[1]", json!([]));
    page.wait_for("#cut:not([disabled])");
    hurry(&page);
    cut(&page);
    wait_for_name(&page, "PA/");
    page.wait_text("Not linearizable since");
    page.click("#play");
    page.wait_for("#play[aria-label=Play]");
    assert_looks(&page, "cap-any-copy");
    let now = clock(&page);
    page.click(".measures div[role=status] [data-row]");
    page.wait_js(
        "an earlier moment",
        "return parseFloat(document.querySelector('#clock').innerText) < arguments[0]",
        json!([now]),
    );
    page.click(".onward a");
    page.wait_text("Two runs side by side");
    page.wait_text("Where they part");
    page.wait_text("quorum-store");
    page.screenshot("cap-beside");
    page.finish();
}
