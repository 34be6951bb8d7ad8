//! Without a network: after the first visit the page, its lessons and every engine are there; a new version is offered.

use crate::ENGINE;
use crate::keep::KEEP_FILES;
use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::json;

const KEPT: &str = "return navigator.serviceWorker.getRegistration().then(r => r?.active?.state === 'activated')";
const NAMES: &str = "return caches.keys()";

#[test]
fn the_page_works_without_a_network_after_the_first_visit() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.wait_js("the files to be kept", KEPT, json!([]));
    server.stop();
    page.reload();
    page.wait_for(ENGINE);
    // A lesson, and another engine than the home page's; a run of a third, and the forms of other tools from a fourth.
    open_bench(&mut page, &server.root());
    page.press("c");
    page.wait_js("a crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    open_file(
        &page,
        r#"{"version": 1, "protocol": "swim", "seed": 1, "nodes": [{"name": "m", "role": "member", "count": 3}]}"#,
    );
    page.wait_for("[data-node=m3]");
    page.js(KEEP_FILES, json!([]));
    page.click("[popovertarget=share-menu]");
    page.click("#share-menu summary");
    page.screenshots("exports");
    let press =
        "[...document.querySelectorAll('#share-menu button')].find(b => b.innerText.includes('ShiViz')).click()";
    page.js(press, json!([]));
    let log = page.wait_js("the log", "return files[0]", json!([]));
    assert!(log.as_str().is_some_and(|log| log.starts_with("m1 {\"m1\": 1}\nm1 started")), "{log}");
    page.wait_text("Saved as faultline-shiviz.log.");
    page.finish();
}

#[test]
fn a_new_version_is_offered_and_never_mixed_with_the_old() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.wait_js("the files to be kept", KEPT, json!([]));
    let old = page.js(NAMES, json!([]));
    page.reload();
    page.wait_for(ENGINE);
    assert_eq!(page.count(".notice.update"), 0, "there is no new version yet");
    server.update();
    page.js("return navigator.serviceWorker.getRegistration().then(r => r.update()).then(() => true)", json!([]));
    page.wait_for(".notice.update button");
    page.screenshots("update");
    page.assert_accessible("update");
    // Until it is taken, the old one answers.
    assert_eq!(page.js(NAMES, json!([])).as_array().map(Vec::len), Some(2));
    page.click(".notice.update button");
    page.wait_js("the new version", "return !document.querySelector('.notice.update')", json!([]));
    page.wait_for(ENGINE);
    let only_new = "return caches.keys().then(names => names.length === 1 && names[0] !== arguments[0][0])";
    page.wait_js("the old files to go", only_new, json!([old]));
    page.finish();
}
