//! What stands around the lessons: review by keyboard, the concept map, the glossary, search, explaining back, classes.

use crate::ENGINE;
use crate::boxes::flaws;
use crate::keep::{KEEP_FILES, import};
use crate::page::{Page, Theme};
use crate::server::Server;
use faultline::lesson::verify::{Proof, verify};
use faultline::progress::Progress;
use faultline::protocols;
use serde_json::{Value, json};
use std::path::Path;

/// Of an older page: predictions that runs have decided, in two lessons, one of them finished.
const OLD: &str = r#"{"version":2,"lessons":{
    "one-machine":{"answers":{"crash-it/silence":{"option":0,"confidence":70,"truth":1},"three-down/two-left":{"option":1,"confidence":90,"truth":1}},"finished":true},
    "cap":{"answers":{"cut/east":{"option":2,"confidence":60,"truth":2}},"words":{"explain":"A cut hides the newest put.\nWho answers may be wrong. <img src=x onerror=alert(1)>"}}}}"#;

const STORED: &str = "return JSON.parse(localStorage.getItem('faultline.progress'))";

/// As a picture in both sizes and themes; nothing is blank, cut or overlapping in any.
fn look(page: &Page, name: &str) {
    for (width, height, size) in [(1440, 900, "wide"), (390, 844, "phone")] {
        page.size(width, height);
        for (theme, of) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            page.theme(theme);
            let flaws = flaws(page);
            page.screenshot(&format!("{name}-{size}-{of}"));
            assert!(flaws.is_empty(), "{name}, {size}, {of}:\n{}", flaws.join("\n"));
        }
    }
    page.theme(Theme::Light);
    page.size(1440, 900);
}

fn open(page: &mut Page, server: &Server, address: &str) {
    page.open_app(&format!("{}{address}", server.root()));
}

#[test]
fn what_was_predicted_comes_back_and_is_rated_by_keyboard() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "#/review");
    page.wait_text("Nothing is here yet.");
    look(&page, "review-empty");
    import(&page, OLD);
    page.wait_text("4 cards due");
    page.js("for (const b of document.querySelectorAll('.notice button:last-child')) b.click()", json!([]));
    // Nothing tells the answer before one asked for it.
    assert_eq!(page.count(".due .tag") + page.count("#rate-1"), 0);
    page.focus("#show-answer");
    page.press("Enter");
    let lessons = "return [...document.querySelectorAll('.due .meta a')].map(a => a.innerText)[0].slice(0, 3)";
    let mut seen = Vec::new();
    for (left, rating) in [("3 cards due", "3"), ("2 cards due", "1"), ("1 card due", "4")] {
        page.wait_js("the focus on a rating", "return document.activeElement?.id === 'rate-3'", json!([]));
        seen.push(page.js(lessons, json!([])));
        if left == "2 cards due" {
            look(&page, "review-answer");
            page.assert_accessible("review, an answer");
            page.focus("#rate-3");
        }
        page.press(rating);
        page.wait_text(left);
        page.wait_js("the focus on the next card", "return document.activeElement?.id === 'show-answer'", json!([]));
        page.press("Enter");
    }
    page.wait_for("#rate-2");
    seen.push(page.js(lessons, json!([])));
    page.click("#rate-2");
    page.wait_text("Nothing is due. Of 4 cards the next comes back in 1 day.");
    assert_eq!(seen, [json!("5.4"), json!("1.1"), json!("5.4"), json!("1.1")], "mixed across lessons");
    assert_eq!(page.count(".review img"), 0, "what the learner wrote is text");
    // The picture of what is known, and the same as a list.
    let states = "return [...document.querySelectorAll('.known li')].map(l => l.innerText.replace(/\\s+/g, ' '))";
    let states = page.js(states, json!([])).to_string();
    assert!(states.contains("1.1 One system out of many machines known"), "{states}");
    assert!(page.count(".concepts circle") >= 3 && page.count(".concepts .known circle") == 1);
    look(&page, "review-map");
    page.assert_accessible("review");
    // It is kept, with all that an older page had written.
    page.reload();
    page.wait_text("Nothing is due.");
    let stored = page.js(STORED, json!([]));
    assert_eq!(stored["version"], 3);
    assert_eq!(stored["lessons"]["one-machine"]["answers"]["crash-it/silence"]["confidence"], 70);
    let looks = |lesson: &str, key: &str| stored["lessons"][lesson]["looks"][key].as_array().map_or(0, Vec::len);
    let all = [
        ("cap", "explain"),
        ("cap", "cut/east"),
        ("one-machine", "crash-it/silence"),
        ("one-machine", "three-down/two-left"),
    ];
    assert_eq!(all.map(|(lesson, key)| looks(lesson, key)), [1; 4]);
    page.finish();
}

#[test]
fn a_prediction_of_today_is_not_due_today() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "#/lesson/one-machine/2");
    page.wait_for(".prediction");
    page.click(".prediction input[type=radio]");
    page.click(".prediction button[type=submit]");
    page.wait_for(".verdict");
    page.go("#/review");
    page.wait_text("Nothing is due. Of 1 card the next comes back in 1 day.");
    // Later it is: the page asks the clock, the scheduler does not.
    page.js("const real = Date.now; Date.now = () => real() + 2 * 86400000", json!([]));
    page.go("#/");
    page.wait_text("The course");
    page.go("#/review");
    page.wait_text("1 card due");
    page.finish();
}

#[test]
fn terms_are_found_by_filter_letter_address_and_list() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "#/glossary/split-brain");
    page.wait_js("the focus on the term", "return document.activeElement?.id === 'term-split-brain'", json!([]));
    let in_sight = "const r = document.querySelector('#term-split-brain').getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight";
    page.wait_js("the term in sight", in_sight, json!([]));
    assert!(page.count(".terms li") >= 150);
    look(&page, "glossary-term");
    page.click(".letters li:nth-child(3) a");
    page.wait_js("another term", "return document.activeElement?.id.startsWith('term-c')", json!([]));
    page.js("scrollTo(0, 0)", json!([]));
    look(&page, "glossary");
    page.assert_accessible("glossary");
    page.focus(".sought input");
    page.write("quorum sloppy");
    page.wait_js("the filter", "return document.querySelectorAll('.terms li').length < 5", json!([]));
    assert!(page.text(".terms li h2").starts_with("sloppy quorum"));
    // Each term leads to where it is shown.
    let href = page.attribute(".terms li .meta a", "href").expect("a way");
    page.go(&href);
    page.wait_js("the place", "return !location.hash.includes('glossary')", json!([]));
    page.wait_for(ENGINE);
    // The list of all that can be done knows terms and steps, once they have come.
    page.press("Control k");
    page.wait_js("the list", "return document.querySelector('.palette-box').open", json!([]));
    page.write("fencing token");
    page.wait_js(
        "the term",
        "return document.querySelector('.palette-box li')?.innerText.includes('fencing token')",
        json!([]),
    );
    page.press("Enter");
    page.wait_js("the term's place", "return location.hash === '#/glossary/fencing-token'", json!([]));
    page.finish();
}

#[test]
fn search_finds_steps_terms_and_sources() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.click(".books a");
    page.focus(".sought input");
    page.write("majority");
    let groups = "return [...new Set([...document.querySelectorAll('.hits .n')].map(n => n.innerText))]";
    page.wait_js("what was found", "return document.querySelectorAll('.hits li').length > 3", json!([]));
    // Steps and terms come with the books, which are fetched.
    let both =
        format!("const groups = (() => {{ {groups} }})(); return ['Step', 'Term'].every(g => groups.includes(g))");
    page.wait_js("steps and terms", &both, json!([]));
    look(&page, "search");
    page.assert_accessible("search");
    page.js("const i = document.querySelector('.sought input'); i.value = 'ongaro'; i.dispatchEvent(new Event('input', { bubbles: true }))", json!([]));
    page.wait_js("a source", "return document.querySelector('.hits .n')?.innerText === 'Source'", json!([]));
    page.finish();
}

#[test]
fn a_lesson_is_explained_back_and_leads_on() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "#/lesson/one-machine/10");
    page.wait_text("Explain it back");
    assert_eq!(page.count(".explain details"), 0, "no model answer before one's own");
    page.focus(".explain textarea");
    page.write("Any two majorities meet. <b>So</b> nothing is lost.");
    page.press("Tab");
    page.click(".explain summary");
    page.wait_for("#rate-3");
    look(&page, "explain");
    page.assert_accessible("explain it back");
    page.click("#rate-3");
    page.wait_text("You rated it “Good”: it comes back for review 3 days after that.");
    let own = page.js(STORED, json!([]))["lessons"]["one-machine"].clone();
    assert_eq!(own["words"]["explain"], "Any two majorities meet. <b>So</b> nothing is lost.");
    assert_eq!(own["looks"]["explain"][0][1], 3);
    let next = page.attribute(".beside a:last-child", "href").expect("a next lesson");
    page.click(".beside a:last-child");
    page.wait_js("the next lesson", "return location.hash === arguments[0]", json!([next]));
    page.wait_text("Previous lesson: 1.1");
    page.finish();
}

#[test]
fn a_class_has_a_seed_and_what_is_handed_in_is_played_again() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "#/class");
    page.wait_text("No lesson is chosen yet.");
    page.click(".ticks li:first-child input");
    page.js("const i = document.querySelector('input[type=number]'); i.value = '7'; i.dispatchEvent(new Event('input', { bubbles: true }))", json!([]));
    let made = page.wait_js(
        "the link",
        "const i = document.querySelector('.wide input'); return !!i && i.value.includes('/7/') && i.value",
        json!([]),
    );
    look(&page, "class-maker");
    page.assert_accessible("class maker");
    let made = made.as_str().expect("a link").to_owned();
    assert!(made.ends_with("#/class/7/one-machine"), "{made}");
    page.js("location.href = arguments[0]", json!([made]));
    page.wait_text("Take part");
    page.click(".page .deeds button");
    page.wait_text("You take part.");
    look(&page, "class");
    page.assert_accessible("class");
    page.go("#/lesson/one-machine/1");
    page.wait_for(".guide-body > .deeds button");
    page.wait_for(".spot");
    page.click(".guide-body > .deeds button");
    for _ in 0..40 {
        if page.count("[data-goal=read-back][data-state=met]") > 0 {
            break;
        }
        let before = page.js("return document.querySelector('.transport').innerText", json!([]));
        page.click("[aria-label='To the next interesting event']");
        let moved = "return document.querySelector('.transport').innerText !== arguments[0] || document.querySelector('[data-state=met]')";
        page.wait_js("something to happen", moved, json!([before]));
    }
    page.wait_for("[data-goal=read-back][data-state=met]");
    page.wait_js(
        "the goal to be kept",
        "return (localStorage.getItem('faultline.progress') || '').includes('read-back')",
        json!([]),
    );
    page.go("#/");
    page.wait_text("Your class");
    page.wait_for(".spot");
    look(&page, "home-class");
    page.go("#/class/7/one-machine");
    page.wait_text("You take part.");
    page.js(KEEP_FILES, json!([]));
    page.click(".page .deeds button.pri");
    let file = page.wait_js("the file", "return files[0]", json!([]));
    page.finish();
    // What the teacher does with it: the run is under the class's seed, and meets the goal again.
    let drafts =
        faultline::cli::lessons::drafts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons")).expect("lessons");
    let text = file.as_str().expect("a text");
    let claims = verify(&Progress::read(text).expect("it reads"), &drafts, protocols::all());
    assert_eq!(claims.len(), 1);
    assert!(matches!(claims[0].proof, Proof::Confirmed { .. }), "{claims:?}");
    let run: Value = serde_json::from_str(text).expect("JSON");
    let run = run["lessons"]["one-machine"]["goals"]["one-server/read-back"]["run"].clone();
    assert!(run.as_str().is_some_and(|run| run.contains("\"seed\": 7") || run.contains("\"seed\":7")), "{run}");
}
