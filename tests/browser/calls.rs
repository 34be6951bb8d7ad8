//! The lessons on requests, adversaries and detectors: they open, their engines load, and a press of a button meets a goal.

use crate::ENGINE;
use crate::boxes::flaws;
use crate::page::Page;
use crate::server::Server;
use serde_json::json;

/// Lesson, step, the words on a button, and the goal that it meets.
const PRESSES: [(&str, u32, &str, &str); 4] = [
    ("lost-messages", 2, "Lose the answers for a moment", "twice"),
    ("partial-failures", 2, "Slow f2 down", "twice"),
    ("adversary", 1, "Alter", "stolen"),
    ("failure-detection", 1, "Stall m3", "alive"),
];

#[test]
fn the_lessons_on_requests_and_detectors_can_be_played() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    for (slug, step, button, goal) in PRESSES {
        page.go(&format!("#/lesson/{slug}/{step}"));
        page.wait_text(&format!("Step {step} of"));
        page.wait_for(".spot");
        for _ in 0..12 {
            page.press(">");
        }
        let press = "const found = [...document.querySelectorAll('button')].find(b => b.innerText === arguments[0]);
            if (!found) return false; found.click(); return true";
        page.wait_js(button, press, json!([button]));
        page.press("Space");
        page.wait_for(&format!("[data-goal={goal}][data-state=met]"));
        page.press("Space");
        let wrong = flaws(&page);
        assert!(wrong.is_empty(), "{slug}:\n{}", wrong.join("\n"));
        page.screenshots(&format!("lesson-{slug}"));
        page.assert_accessible(slug);
    }
    page.finish();
}
