//! What must not be lost: progress that cannot be read or written, runs when the engine dies, anything when the page fails.

use crate::ENGINE;
use crate::page::Page;
use crate::server::{Server, built};
use serde_json::{Value, json};

const STORED: &str = "return localStorage.getItem(arguments[0])";
const ASIDE: &str = "faultline.progress.aside";
const PROGRESS: &str = "faultline.progress";

/// From now on texts that are offered as files are kept in the page's `files`.
pub const KEEP_FILES: &str = "window.files = [];
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { blob.text().then(text => files.push(text)); return make.call(URL, blob) }";

/// Makes the engine's worker reachable as the page's `engine`.
pub const CATCH_ENGINE: &str = "const Real = Worker;
    window.Worker = class extends Real { constructor(...all) { super(...all); window.engine = this } }";

/// Chooses a file with this text where progress is taken up.
pub fn import(page: &Page, text: &str) {
    let script = "const input = document.querySelector('#progress-menu input[type=file]');
                  const files = new DataTransfer();
                  files.items.add(new File([arguments[0]], 'progress.json'));
                  input.files = files.files;
                  input.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(script, json!([text]));
}

fn export(page: &Page) -> String {
    page.js(KEEP_FILES, json!([]));
    page.click("#progress");
    page.click("#progress-menu button");
    let text = page.wait_js("the file", "return files[0]", json!([]));
    page.press("Escape");
    text.as_str().expect("a text").to_owned()
}

const FINISHED: &str = r#"{"version":1,"lessons":{"one-machine":{"finished":true}}}"#;

#[test]
fn progress_that_cannot_be_read_is_set_aside_and_offered() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    let cases = [
        ("{\"version\": 1, \"lessons\": {", "could not be taken up", ASIDE.to_owned()),
        ("{\"version\": 9}", "newer version (9; this page knows 3)", format!("{ASIDE}.2")),
    ];
    for (stored, words, key) in &cases {
        page.js("localStorage.setItem(arguments[0], arguments[1])", json!([PROGRESS, stored]));
        page.reload();
        page.wait_for(ENGINE);
        page.wait_text(words);
        assert_eq!(page.js(STORED, json!([key])), json!(stored), "it is kept under another name");
        page.js(KEEP_FILES, json!([]));
        page.click(".notice button");
        assert_eq!(page.wait_js("the file", "return files[0]", json!([])), json!(stored), "it can be downloaded");
        page.assert_accessible("a notice");
        page.screenshots("notice");
        page.js("for (const b of document.querySelectorAll('.notice button:last-child')) b.click()", json!([]));
    }
    // Long after the notice was closed and new progress was made, what was set aside can still be had.
    import(&page, FINISHED);
    page.wait_text("was added to yours");
    page.reload();
    page.wait_for(ENGINE);
    assert_eq!(page.count(".notice"), 0);
    page.js(KEEP_FILES, json!([]));
    page.click("#progress");
    page.js(
        "[...document.querySelectorAll('#progress-menu button')].find(b => b.innerText.includes('set aside')).click()",
        json!([]),
    );
    let files = page.wait_js("the files", "return files.length > 1 && files", json!([]));
    assert_eq!(files, json!([cases[0].0, cases[1].0]));
    page.finish();
}

#[test]
fn progress_goes_out_and_in_as_a_file() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    import(&page, "no progress at all");
    page.wait_text("The file was not taken up");
    import(&page, FINISHED);
    page.wait_text("The progress in the file was added to yours.");
    page.reload();
    page.wait_for(ENGINE);
    let text = export(&page);
    // What is no progress changes nothing of what is there.
    for garbage in ["{\"version\": 1, \"lessons\": []}", "{\"version\": 9}", ""] {
        page.js("for (const b of document.querySelectorAll('.notice button:last-child')) b.click()", json!([]));
        import(&page, garbage);
        page.wait_text("The file was not taken up");
        assert_eq!(page.js(STORED, json!([PROGRESS])), json!(text));
    }
    let saved: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(saved["lessons"]["one-machine"]["finished"], true);
    // What another browser exports, a fresh one takes up.
    page.js("localStorage.clear()", json!([]));
    page.reload();
    page.wait_for(ENGINE);
    assert_eq!(page.js(STORED, json!([PROGRESS])), Value::Null);
    import(&page, &text);
    page.wait_js(
        "the progress",
        "return (localStorage.getItem(arguments[0]) || '').includes('finished')",
        json!([PROGRESS]),
    );
    page.finish();
}

#[test]
fn a_full_storage_is_said() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    let fill = "for (let size = 1 << 20; size > 8; size >>= 1)
                  for (let i = 0; i < 12; i++)
                    try { localStorage.setItem(`fill ${size} ${i}`, 'x'.repeat(size)) } catch { break }";
    page.js(fill, json!([]));
    import(&page, FINISHED);
    page.wait_text("the browser's storage for this page is full");
    assert!(export(&page).contains("one-machine"), "what could not be stored can be exported");
    page.finish();
}

/// More than half of what a browser keeps for a page: there is no room for a copy.
#[test]
fn progress_too_large_to_copy_is_set_aside_all_the_same() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.js("localStorage.setItem(arguments[0], 'x'.repeat(3_500_000))", json!([PROGRESS]));
    page.reload();
    page.wait_for(ENGINE);
    page.wait_text("It was set aside");
    let sizes = "return [...arguments].map(key => localStorage.getItem(key)?.length ?? 0)";
    assert_eq!(page.js(sizes, json!([ASIDE, PROGRESS])), json!([3_500_000, 0]));
    import(&page, FINISHED);
    page.wait_text("was added to yours");
    assert_eq!(page.js(sizes, json!([ASIDE, PROGRESS]))[0], 3_500_000);
    page.finish();
}

#[test]
fn a_dead_engine_is_replaced_and_the_run_comes_back() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load(CATCH_ENGINE);
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.go("#/lesson/one-machine/4");
    page.wait_text("Step 4 of 10");
    page.wait_for("[data-node=n1]");
    for _ in 0..6 {
        page.press(".");
    }
    for node in ["n1", "n4"] {
        page.focus(&format!("[data-node={node}]"));
        page.press("c");
        page.wait_js(
            "the crash",
            "return document.querySelector(`[data-node=${arguments[0]}]`).ariaLabel.includes('down')",
            json!([node]),
        );
    }
    // The engine answers in order: after this answer the run is saved.
    let event = page.text(".transport .ev");
    page.press("]");
    let next = "return document.querySelector('.transport .ev').innerText !== arguments[0]";
    page.wait_js("the run to be saved", next, json!([event]));
    let seen = "return [document.querySelector('#clock').innerText, document.querySelector('.transport .ev').innerText,
                ...[...document.querySelectorAll('.spot')].map(spot => spot.ariaLabel)].join('; ')";
    let before = page.js(seen, json!([]));
    // It dies without a word: the next request is not answered.
    page.js("engine.terminate()", json!([]));
    page.press(".");
    let after = format!(
        "return (() => {{ {seen} }})() === arguments[0] && document.body.innerText.includes('The engine stopped')"
    );
    page.wait_js("the same moment of the same run", &after, json!([before]));
    page.focus("[data-node=n1]");
    page.press(".");
    page.wait_js(
        "the new engine's answer",
        &format!("return (() => {{ {seen} }})() !== arguments[0]"),
        json!([before]),
    );
    // It panics: its last words are told.
    page.go("#/about");
    page.click("#die");
    page.wait_text("The engine");
    // The browser may tell of it later than the page.
    page.wait_console("unreachable");
    page.finish();
}

#[test]
fn an_engine_that_cannot_be_loaded_is_told() {
    let server = Server::without(&built("engine-", "_bg.wasm"));
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_text("The engine could not be loaded.");
    page.wait_text("_bg.wasm: 404");
    page.assert_accessible("no engine");
    page.screenshots("no-engine");
    let buttons = page.js("return [...document.querySelectorAll('#crash button')].map(b => b.innerText)", json!([]));
    assert_eq!(buttons, json!(["Reload", "Copy the report"]));
    page.expect_errors(&["404", "The engine could not be loaded"]);
    page.finish();
}

#[test]
fn a_panic_in_the_page_is_told_and_loses_nothing() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load(CATCH_ENGINE);
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    import(&page, FINISHED);
    page.wait_text("was added to yours");
    // What no engine of this build says.
    page.js("engine.dispatchEvent(new MessageEvent('message', { data: new Uint8Array([255, 255, 255]) }))", json!([]));
    page.wait_text("Faultline stopped");
    page.wait_text("both sides are of one build");
    page.wait_text("\"protocol\"");
    page.assert_accessible("a crash");
    page.screenshots("crash");
    page.expect_errors(&["both sides are of one build", "RuntimeError: unreachable"]);
    page.click("#crash button");
    // Of the page that is loaded again: the other one's engine is there too.
    page.wait_js("it to be gone", "return !document.querySelector('#crash')", json!([]));
    page.wait_for(ENGINE);
    assert!(page.js(STORED, json!([PROGRESS])).as_str().is_some_and(|text| text.contains("finished")));
    page.finish();
}

#[test]
fn a_broken_link_says_where_to_go() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}#/lesson/no-such-lesson/1", server.root()));
    page.wait_text("There is no lesson called “no-such-lesson”.");
    page.go("#/nowhere/at/all");
    page.wait_text("There is no such page");
    page.go("#/lesson/one-machine/99");
    page.wait_text("This lesson has no such step.");
    page.finish();
}
