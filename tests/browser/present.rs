//! The bench before an audience, clips and pictures of it.

use crate::ENGINE;
use crate::page::Page;
use crate::server::Server;
use crate::share::open_bench;
use serde_json::json;

/// What is offered as a file: its type and its first bytes.
const KEEP_BLOBS: &str = "window.blobs = [];
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => {
      blob.arrayBuffer().then(bytes => blobs.push([blob.type, blob.size, ...new Uint8Array(bytes.slice(0, 4))]));
      return make.call(URL, blob);
    }";

#[test]
fn a_teacher_goes_from_mark_to_mark() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    let small = page.js("return document.querySelector('.spot').offsetWidth", json!([]));
    let event = "return document.querySelector('.transport .ev').textContent";
    let moved = format!("return (() => {{ {event} }})() !== arguments[0]");
    let commands = "return document.querySelectorAll('.marks .mine').length === arguments[0]";
    page.press("c");
    // What is down can be restarted.
    page.wait_js("the first command", commands, json!([1]));
    for key in ["]", "]", "]", "r"] {
        page.press(key);
    }
    page.wait_js("both commands", commands, json!([2]));
    let there = page.js(event, json!([]));
    page.press("{");
    page.wait_js("the start", &moved, json!([there]));
    page.press("f");
    page.wait_for(".bench.presents .caption");
    let larger = "return document.querySelector('.spot').offsetWidth > arguments[0]";
    page.wait_js("a larger stage", larger, json!([small]));
    let start = page.js(event, json!([]));
    page.press("ArrowRight");
    page.wait_js("the first mark", &moved, json!([start]));
    let first = page.js(event, json!([]));
    page.wait_js("its sentence", "return document.querySelector('.caption p').innerText.length > 12", json!([]));
    page.press("PageDown");
    page.wait_js("the next mark", &moved, json!([first]));
    let second = page.js(event, json!([]));
    page.screenshots("present");
    page.press("ArrowLeft");
    page.wait_js("the mark before", &moved, json!([second]));
    page.press("Escape");
    page.wait_js("the end", "return !document.querySelector('.presents') && !document.fullscreenElement", json!([]));
    page.wait_js(
        "the stage as it was",
        "return document.querySelector('.spot').offsetWidth === arguments[0]",
        json!([small]),
    );
    page.finish();
}

#[test]
fn a_clip_of_the_stage_is_saved() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.js(KEEP_BLOBS, json!([]));
    page.press("v");
    page.wait_for("button.records");
    page.click("#play");
    page.wait_js("some playing", "return parseFloat(document.querySelector('#clock').innerText) > 0.01", json!([]));
    page.click("button.records");
    page.wait_text("The clip was saved as faultline.");
    let clip = page.wait_js("the file", "return blobs[0]", json!([]));
    assert!(clip[0].as_str().is_some_and(|kind| kind.starts_with("video/")), "{clip}");
    assert!(clip[1].as_u64().is_some_and(|size| size > 1_000), "{clip}");
    assert_eq!(page.count("button.records"), 0);
    page.finish();
}

#[test]
fn a_browser_that_cannot_record_says_so() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load("delete window.MediaRecorder");
    open_bench(&mut page, &server.root());
    page.press("v");
    page.wait_text("This browser cannot record a clip of the stage");
    page.finish();
}

#[test]
fn stage_and_diagram_are_saved_as_pictures() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.wait_for(ENGINE);
    for (words, least) in [("Stage as it is now (PNG)", 2_000), ("Space-time diagram (PNG)", 2_000)] {
        page.js(KEEP_BLOBS, json!([]));
        let press =
            "[...document.querySelectorAll('#share-menu button')].find(b => b.innerText === arguments[0]).click()";
        page.js(press, json!([words]));
        let picture = page.wait_js(words, "return blobs.find(b => b[0] === 'image/png')", json!([]));
        assert!(picture[1].as_u64().is_some_and(|size| size > least), "{picture}");
        assert_eq!(picture[3], json!(b'P'), "{picture}");
    }
    page.finish();
}
