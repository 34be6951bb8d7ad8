//! The main job in a real browser: poke, predict, break, scrub, fork, finish, come back.

use crate::ENGINE;
use crate::page::Page;
use crate::server::Server;
use serde_json::json;

/// The name of a node's button says its state.
fn node_says(page: &Page, node: &str, words: &str) {
    let script = "const b = document.querySelector(`[data-node=${arguments[0]}]`);
                  return !!b && b.getAttribute('aria-label').includes(arguments[1])";
    page.wait_js(&format!("{node} to be “{words}”"), script, json!([node, words]));
}

/// Goes from one interesting event to the next until the goal is met.
fn play_until_met(page: &Page, goal: &str) {
    let met = format!("[data-goal={goal}][data-state=met]");
    for _ in 0..80 {
        if page.count(&met) > 0 {
            return;
        }
        let before = page.js("return document.querySelector('.transport').innerText", json!([]));
        page.press("]");
        let script = "return document.querySelector('.transport').innerText !== arguments[0]
                      || document.querySelector(arguments[1])";
        page.wait_js("something to happen", script, json!([before, met]));
    }
    page.wait_for(&met);
}

fn next_step(page: &Page, heading: &str) {
    page.click("a[rel=next]");
    page.wait_text(heading);
    page.wait_for(".spot");
}

/// From the first visit to the progress that is there after a reload, in the browser that people have.
#[test]
fn a_learner_goes_through_the_first_lesson() {
    let server = Server::start();
    let mut page = Page::start_whole();
    page.open_app(&server.root());
    page.wait_for(ENGINE);

    // Home: the cluster is alive and can be poked at once.
    page.wait_for("[data-node=n1]");
    page.click("[data-node=n1]");
    node_says(&page, "n1", "down");
    page.screenshots("home-poked");
    page.click("[data-node=n1]");
    node_says(&page, "n1", "up");

    // The lesson, its first step.
    page.click("#start");
    page.wait_text("Step 1 of 10");
    page.wait_for(".spot");
    page.screenshots("lesson-1");
    page.assert_accessible("lesson, step 1");

    // A prediction: the truth shows only after the answer.
    next_step(&page, "Step 2 of 10");
    assert_eq!(page.count(".verdict"), 0);
    page.click(".prediction input[type=radio]");
    page.click(".prediction button[type=submit]");
    page.wait_for(".verdict");

    // The keyboard kills the only server; the engine sees the goal met.
    page.focus("[data-node=n1]");
    for _ in 0..8 {
        page.press(".");
    }
    page.wait_js("time to pass", "return document.querySelector('#clock').innerText !== '0.000 s'", json!([]));
    page.press("c");
    node_says(&page, "n1", "down");
    let told = page.accessibility();
    assert!(told.iter().any(|n| n.role == "button" && n.name.starts_with("n1") && n.name.contains("down")), "{told:?}");
    play_until_met(&page, "lost");
    page.screenshots("lesson-2-lost");
    page.assert_accessible("lesson, step 2");

    // Evidence leads to the moment; the scrubber to the start; another deed there forks the run.
    page.click("[data-goal=lost] button.link");
    page.focus("#scrubber");
    page.press("Home");
    page.wait_js("the start", "return document.querySelector('#scrubber').value === '0'", json!([]));
    node_says(&page, "n1", "up");
    page.focus("[data-node=c1]");
    page.press("p");
    node_says(&page, "c1", "paused");
    page.wait_for("label.branch select");
    assert_eq!(page.count("label.branch option"), 2, "the old branch is kept");

    // To the end of the lesson.
    next_step(&page, "Step 3 of 10");
    page.screenshots("lesson-3");
    next_step(&page, "Step 4 of 10");
    page.focus("[data-node=n1]");
    page.press("c");
    page.focus("[data-node=n2]");
    page.press("c");
    page.focus("[data-node=n3]");
    page.press("c");
    node_says(&page, "n3", "down");
    page.screenshots("lesson-4");
    next_step(&page, "Step 5 of 10");
    page.click(".measure .deeds button");
    page.wait_for(".measured table");
    page.screenshots("lesson-5");
    page.assert_accessible("lesson, step 5");
    next_step(&page, "Step 6 of 10");
    page.screenshots("lesson-6");
    next_step(&page, "Step 7 of 10");
    next_step(&page, "Step 8 of 10");
    next_step(&page, "Step 9 of 10");
    next_step(&page, "Step 10 of 10");
    page.click(".way-on button");
    page.wait_text("You finished this lesson");

    // After a reload the progress is there.
    page.reload();
    page.wait_for(ENGINE);
    page.wait_text("You finished this lesson");
    page.go("#/lesson/one-machine/2");
    page.wait_text("Step 2 of 10");
    page.wait_for("[data-goal=lost][data-state=met]");
    page.finish();
}

/// Each step has an address: by link, by history, and from home, where one goes on.
#[test]
fn steps_have_addresses_and_home_goes_on_where_one_was() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}#/lesson/leader-dies/4", server.root()));
    page.wait_text("Step 4 of 13");
    let link = page.attribute("h1 .permalink", "href").expect("a link to the step");
    assert!(link.ends_with("#/lesson/leader-dies/4"), "{link}");
    page.click(".steps li:nth-child(2) a");
    page.wait_text("Step 2 of 13");
    page.js("history.back()", json!([]));
    page.wait_text("Step 4 of 13");
    page.js("history.forward()", json!([]));
    page.wait_text("Step 2 of 13");
    page.click(".mark");
    page.wait_text("Continue: 6.4 When the leader dies, step 2");
    page.screenshots("home-continue");
    page.reload();
    page.wait_for("#continue");
    page.click("#continue");
    page.wait_text("Step 2 of 13");
    page.finish();
}

/// On paper there is the whole lesson, and nothing of the bench.
#[test]
fn a_lesson_is_printed_whole() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}#/lesson/leader-dies/2", server.root()));
    page.wait_text("Step 2 of 13");
    page.wait_for(".spot");
    let seen = "window.printed = null; addEventListener('beforeprint', () => requestAnimationFrame(() => {}));
        new MutationObserver(() => {
          const paper = document.querySelector('.printed');
          if (paper) window.printed = paper.textContent;
        }).observe(document.querySelector('.guide'), { childList: true, subtree: true })";
    page.js(seen, json!([]));
    let pages = page.print();
    assert!((3..=12).contains(&pages), "{pages} pages");
    let text = page.js("return window.printed", json!([])).as_str().map(String::from).expect("a printed lesson");
    for expected in
        ["6.4 When the leader dies", "The leader is gone", "The interview", "Predict: ", "What this model leaves out"]
    {
        assert!(text.contains(expected), "{expected} is not on paper");
    }
    page.wait_js("the screen again", "return !document.querySelector('.printed')", json!([]));
    // How it looks.
    page.paper(true);
    page.js("dispatchEvent(new Event('beforeprint'))", json!([]));
    page.wait_for(".printed");
    assert_eq!(page.js("return document.querySelector('.bench').checkVisibility()", json!([])), json!(false));
    page.screenshot("printed");
    page.js("dispatchEvent(new Event('afterprint'))", json!([]));
    page.paper(false);
    page.finish();
}
