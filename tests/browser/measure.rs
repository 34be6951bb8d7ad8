//! The measured trade-off and the exercise: runs in the background, stopped and made again, a point put on the bench,
//! a design that fails and one that holds, and the learner's own words.

use crate::ENGINE;
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::json;

fn step(page: &mut Page, server: &Server, number: u32) {
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.go(&format!("#/lesson/leader-dies/{number}"));
    page.wait_text(&format!("Step {number} of 13"));
    page.wait_for(".spot");
}

/// Brings an element into view, on the phone below the bench; nothing is wider than the page.
fn to(page: &Page, css: &str, block: &str) {
    page.wait_for(css);
    page.js("document.querySelector(arguments[0]).scrollIntoView({ block: arguments[1] })", json!([css, block]));
    let too_wide = "const root = document.documentElement;
                    return root.scrollWidth > root.clientWidth && root.scrollWidth + ' px wide'";
    assert_eq!(page.js(too_wide, json!([])), json!(false));
}

/// Light, dark and on the phone, with the element in view.
fn pictures(page: &Page, name: &str, css: &str, on_phone: &str) {
    for (theme, tone) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        page.theme(theme);
        to(page, css, "start");
        page.screenshot(&format!("{name}-{tone}"));
        page.size(390, 844);
        to(page, on_phone, "end");
        page.screenshot(&format!("{name}-phone-{tone}"));
        page.size(1440, 900);
    }
    page.theme(Theme::Light);
}

#[test]
fn a_trade_off_is_measured_beside_the_bench() {
    let server = Server::start();
    let mut page = Page::start();
    step(&mut page, &server, 7);
    page.click(".measure .deeds button");
    // Partial results: points on the chart while the runs go on, and the bench answers meanwhile.
    page.wait_for(".running progress");
    page.wait_for(".chart circle");
    page.focus("[data-node=n1]");
    for _ in 0..8 {
        page.press(".");
    }
    page.wait_js("time to pass", "return document.querySelector('#clock').innerText !== '0.000 s'", json!([]));
    page.click(".running button");
    page.wait_for(".measure .deeds button");
    let caption = "return document.querySelector('.measured caption').textContent";
    let stopped = page.js(caption, json!([])).as_str().map(String::from).expect("a caption");
    assert!(stopped.starts_with("After ") && stopped.ends_with(" of 600 runs"), "{stopped}");
    pictures(&page, "trade-off-partial", ".measure", ".points");
    // Again, to the end.
    page.click(".measure .deeds button");
    page.wait_js("all runs", &format!("{caption} === 'Measured in 600 runs'"), json!([]));
    let values = page.count(".chart .value");
    assert_eq!(values, 18, "six points in each of three panels");
    // By keyboard to a point, and its slowest run on the bench.
    page.focus(".points input");
    page.press("ArrowRight");
    page.press("ArrowRight");
    page.wait_for(".chart rect");
    page.wait_text("Run 100–200 ms on the bench");
    pictures(&page, "trade-off", ".measure", ".points");
    page.assert_accessible("trade-off");
    page.click(".watch");
    page.wait_text("100–200 ms, seed");
    page.wait_js("the crash", "return parseFloat(document.querySelector('#clock').innerText) > 8", json!([]));
    page.screenshots("trade-off-run");
    page.finish();
}

fn choose(page: &Page, number: usize, option: usize) {
    let script = "const s = document.querySelectorAll('.choice select')[arguments[0]];
                  s.selectedIndex = arguments[1]; s.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(script, json!([number, option]));
}

/// Checks the design; says how many requirements are met and missed.
fn check(page: &Page) -> (u64, u64) {
    page.click(".measure .deeds .pri");
    page.wait_for(".interview");
    (page.count(".verdicts [data-state=met]"), page.count(".verdicts [data-state=missed]"))
}

#[test]
fn an_exercise_is_failed_and_passed() {
    let server = Server::start();
    let mut page = Page::start();
    step(&mut page, &server, 8);
    pictures(&page, "exercise", ".measure", ".measure .deeds");
    assert_eq!(check(&page), (0, 3), "all in one zone, with time-outs of 20 to 40 ms");
    pictures(&page, "exercise-failed", ".measure", ".verdicts");
    // What the learner writes is no markup, and stays.
    let first = ".follow-up textarea";
    page.focus(first);
    page.write("No majority <b>is left</b>");
    page.press("Tab");
    page.wait_for(".follow-up details");
    page.click(".follow-up summary");
    assert_eq!(page.count(".follow-up b"), 0);
    pictures(&page, "exercise-words", ".interview", ".follow-up");
    page.assert_accessible("exercise");
    // Another design: the verdicts of the first one are gone until it is measured.
    choose(&page, 0, 3);
    choose(&page, 1, 2);
    page.wait_js("no verdict", "return !document.querySelector('.verdicts [data-state=met]')", json!([]));
    assert_eq!(check(&page), (3, 0));
    pictures(&page, "exercise-passed", ".measure", ".measured");
    page.reload();
    page.wait_for(ENGINE);
    page.wait_text("Step 8 of 13");
    check(&page);
    let words = page.js("return document.querySelector(arguments[0]).value", json!([first]));
    assert_eq!(words, json!("No majority <b>is left</b>"));
    page.finish();
}
