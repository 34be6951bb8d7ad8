//! The built page in real browsers. `make e2e` builds `dist`, sets the paths of the tools and runs this; plain
//! `cargo test` leaves it out (`test = false` in Cargo.toml), because it needs those.
//!
//! A test starts a [`Server`] and a [`Page`], drives it, and ends with [`Page::finish`], which fails on errors in the
//! console and on requests to other hosts. Screenshots go to `target/screenshots`.

mod access;
mod bench;
mod board;
mod boxes;
mod calls;
mod cap;
mod charts;
mod course;
mod design;
mod exercise;
mod faults;
mod firefox;
mod hands;
mod hostile;
mod inbox;
mod inspect;
mod jobs;
mod keep;
mod keys;
mod lesson;
mod links;
mod looks;
mod measure;
mod offline;
mod operations;
#[allow(dead_code, reason = "helpers that not every state of the tests uses")]
mod page;
mod palette;
mod present;
mod sandbox;
mod server;
mod share;
mod spacetime;
mod tabs;
mod through;
mod webdriver;
mod whole;
mod widths;

use firefox::Firefox;
use page::Page;
use serde_json::{Value, json};
use server::{SUBFOLDER, Server, built};
use std::{fs, path::Path};

/// The app says so with this attribute when the engine in its worker has answered for the first time; that it has
/// taken the place of the first paint it says with `data-app="ready"`.
const ENGINE: &str = "[data-engine=ready]";

#[test]
fn starts_at_the_root() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.screenshots("home");
    page.assert_accessible("home");
    page.finish();
}

#[test]
fn starts_in_a_subfolder() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.subfolder());
    page.wait_for(ENGINE);
    page.finish();
    let outside: Vec<_> = server.asked().into_iter().filter(|path| !path.starts_with(SUBFOLDER)).collect();
    assert!(outside.is_empty(), "asked for outside its folder: {outside:?}");
}

#[test]
fn page_and_engine_load_side_by_side() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.finish();
    let asked = server.asked();
    let of = |part: &str| asked.iter().filter(|path| path.contains(part)).count();
    assert_eq!(of("_bg.wasm"), 2, "each wasm is fetched once: {asked:?}");
    // The loader is asked for by the page's wasm, so an engine asked for before it did not wait for the page.
    let place = |part: &str| asked.iter().position(|path| path.contains("engine") && path.ends_with(part));
    assert!(place("_bg.wasm") < place("_loader.js"), "the engine waited for the page: {asked:?}");
}

/// Crashes a node of home's cluster, or brings it back.
fn poke(page: &Page, down: bool) {
    page.click("[data-node=n5]");
    let is = "return document.querySelector('[data-node=n5]').ariaLabel.includes('down') === arguments[0]";
    page.wait_js("the poke to be answered", is, json!([down]));
}

/// What is loaded when it is first asked for cannot be: all that a lesson begins with is there, and the learner is told of
/// the rest.
#[test]
fn home_lives_without_the_rest_of_the_page() {
    let server = Server::without(&built("rest-", ".wasm"));
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    poke(&page, true);
    assert_eq!(page.count(".failed"), 0);
    page.go("#/lesson/leader-dies/1");
    page.wait_text("This part of the page could not be loaded");
    assert_eq!(page.text("main .failed button"), "Try again");
    page.assert_accessible("no rest");
    page.screenshots("no-rest");
    page.expect_errors(&["404"]);
    page.finish();
}

/// Nor does a lesson need what only designs are drawn by.
#[test]
fn lessons_live_without_the_design_board() {
    let server = Server::without(&built("board-", ".wasm"));
    let mut page = Page::start();
    page.open_app(&format!("{}#/design", server.root()));
    page.wait_text("This part of the page could not be loaded");
    page.go("#/lesson/leader-dies/1");
    page.wait_text("Step 1 of 13");
    page.wait_for(".spot");
    page.expect_errors(&["404"]);
    page.finish();
}

/// What home does not need of the engine is loaded when it is first needed. If it cannot be had then, that is said.
#[test]
fn home_lives_without_the_later_part_of_the_engine() {
    let server = Server::without("_later.wasm");
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    poke(&page, true);
    poke(&page, false);
    assert_eq!(page.count(".failed"), 0);
    page.go("#/lesson/leader-dies/1");
    page.wait_text("a part of the engine could not be loaded; is there a network?");
    page.expect_errors(&["unreachable", "could not be loaded"]);
    page.finish();
}

#[test]
fn a_failed_load_says_so() {
    let server = Server::without("_bg.wasm");
    let mut page = Page::start();
    page.open(&server.root());
    page.wait_text("Faultline could not start");
    assert_eq!(page.text("#boot-status button"), "Reload");
    // The first paint still stands around the message.
    assert_eq!(page.text("h1"), "Break a cluster. See why it broke.");
    page.assert_accessible("failed load");
    page.screenshots("failed-load");
    page.expect_errors(&["404"]);
    page.finish();
}

/// The harness itself: a page that reaches out, or that cannot be read by all, does fail its test.
#[test]
#[should_panic(expected = "Content Security Policy")]
fn a_request_to_another_host_fails_the_test() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.js("return fetch('http://127.0.0.2:9/').catch(() => null)", json!([]));
    page.finish();
}

#[test]
#[should_panic(expected = "image-alt")]
fn an_inaccessible_page_fails_the_test() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.js("document.querySelector('main').append(new Image(20, 20))", json!([]));
    page.assert_accessible("image without text");
}

#[test]
#[should_panic(expected = "Dark, 1440 px wide:\ncolor-contrast")]
fn what_cannot_be_read_in_the_dark_fails_the_test() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.js("document.querySelector('main p').style.color = 'light-dark(black, #333)'", json!([]));
    page.assert_accessible("dark on dark");
}

#[test]
fn starts_in_firefox() {
    let server = Server::start();
    let mut firefox = Firefox::start();
    firefox.open(&server.subfolder());
    firefox.wait_js("the app", "return document.querySelector('[data-app=ready]') !== null");
    firefox.wait_js("the engine", &format!("return document.querySelector('{ENGINE}') !== null"));
    firefox.screenshot("home-firefox");
    assert_eq!(firefox.console_errors(), Vec::<String>::new());
}

/// Neither null, false, zero, nor empty.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => *value != json!({}),
    }
}

/// Writes a picture, in base64 as WebDriver sends it, to `target/screenshots/NAME.png`.
fn save_png(name: &str, base64: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    fs::create_dir_all(&folder).expect("a folder for the screenshots");
    fs::write(folder.join(format!("{name}.png")), from_base64(base64)).expect("the screenshot can be written");
}

fn from_base64(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for char in text.bytes() {
        let value = match char {
            b'A'..=b'Z' => char - b'A',
            b'a'..=b'z' => char - b'a' + 26,
            b'0'..=b'9' => char - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
