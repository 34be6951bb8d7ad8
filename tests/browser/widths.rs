//! Every page at every width, in both themes: kept as pictures, and held to what can be measured: nothing is blank, cut or
//! overlapping; fingers find targets large enough.

use crate::ENGINE;
use crate::boxes::{flaws, flaws_now, small_targets};
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::{Value, json};

/// The pages by name and address, with a text that says that they are there.
const PAGES: [(&str, &str, &str); 4] = [
    ("home", "#/", "The course"),
    ("about", "#/about", "Fault drill"),
    ("style", "#/style", "The guide, a prediction"),
    ("nowhere", "#/no/such/page", "There is no such page"),
];
const LESSONS: [(&str, &str, &str); 3] = [
    ("first-step", "#/lesson/one-machine/3", "Step 3 of 10"),
    ("exercise", "#/lesson/one-machine/6", "Step 6 of 10"),
    ("raft", "#/lesson/leader-dies/3", "Step 3 of 13"),
];

const SIZES: [(u32, u32); 5] = [(390, 844), (768, 1024), (1024, 768), (1440, 900), (2560, 1440)];
/// Pictures are kept at these.
const KEPT: [u32; 3] = [390, 1440, 2560];

fn go(page: &Page, address: &str, text: &str) {
    page.go(address);
    page.wait_text(text);
    if !address.contains("about") && !address.contains("no/such") {
        page.wait_js("the nodes", "return document.querySelectorAll('.spot').length > 0", json!([]));
    }
}

fn look_at(pages: &[(&str, &str, &str)]) {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    let mut wrong = Vec::new();
    for (name, address, text) in pages {
        go(&page, address, text);
        for (width, height) in SIZES {
            page.size(width, height);
            page.wait_frames(3);
            for (theme, tone) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
                if theme == Theme::Dark && !KEPT.contains(&width) {
                    continue;
                }
                page.theme(theme);
                page.wait_frames(3);
                wrong.extend(flaws(&page).into_iter().map(|flaw| format!("{name}, {width} px, {tone}: {flaw}")));
                if KEPT.contains(&width) {
                    page.shoot(&format!("page-{name}-{width}-{tone}"));
                }
            }
        }
        page.size(1440, 900);
        page.theme(Theme::Light);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    page.finish();
}

#[test]
fn pages_fit_at_every_width() {
    look_at(&PAGES);
}

#[test]
fn lessons_fit_at_every_width() {
    look_at(&LESSONS);
}

/// The first and the last step of every lesson that there is, on a desk and on a phone.
#[test]
fn every_lesson_fits_a_desk_and_a_phone() {
    let catalogue = concat!(env!("CARGO_MANIFEST_DIR"), "/lessons/catalogue.json");
    let catalogue: Value = serde_json::from_str(&std::fs::read_to_string(catalogue).expect("there")).expect("JSON");
    let chapters = catalogue["chapters"].as_array().expect("chapters");
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    let mut wrong = Vec::new();
    for lesson in chapters.iter().flat_map(|chapter| chapter["lessons"].as_array().expect("lessons")) {
        let (slug, steps) = (lesson["slug"].as_str().expect("a slug"), lesson["steps"].as_u64().expect("steps"));
        for step in [1, steps] {
            go(&page, &format!("#/lesson/{slug}/{step}"), &format!("Step {step} of {steps}"));
            for (width, height) in [(1440, 900), (390, 844)] {
                page.size(width, height);
                page.wait_frames(3);
                wrong.extend(flaws(&page).into_iter().map(|flaw| format!("{slug}, step {step}, {width} px: {flaw}")));
                page.shoot(&format!("lesson-{slug}-{step}-{width}"));
            }
            page.size(1440, 900);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    page.finish();
}

/// The check itself: what is blank, cut or overlapping is found.
#[test]
fn flaws_are_found() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    go(&page, "#/about", "Fault drill");
    assert_eq!(flaws(&page), Vec::<String>::new());
    let plant = "const add = (html, style) => {
          const e = document.createElement('div'); e.innerHTML = html; Object.assign((e.querySelector('i') ?? e.firstChild).style, style);
          e.className = 'planted'; document.querySelector('main').prepend(e) };
        document.querySelectorAll('.planted').forEach(e => e.remove());
        add(...arguments)";
    for (html, style, says) in [
        ("<canvas width=90 height=90></canvas>", json!({}), "blank: canvas"),
        ("<section></section>", json!({ "height": "40px" }), "blank: section"),
        (
            "<p>much longer than the room that there is for it</p>",
            json!({ "width": "60px", "overflow": "hidden", "whiteSpace": "nowrap" }),
            "cut: p",
        ),
        (
            "<p>words that stand still, many of them</p><i>lies</i>",
            json!({ "display": "block", "marginTop": "-36px" }),
            "overlap:",
        ),
    ] {
        page.js(plant, json!([html, style]));
        let found = flaws_now(&page).join("\n");
        assert!(found.contains(says), "{html}: {found}");
    }
    page.finish();
}

#[test]
fn fingers_find_what_they_operate() {
    let server = Server::start();
    let mut page = Page::start();
    page.size(390, 844);
    page.touch();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    let mut wrong = Vec::new();
    for (name, address, text) in PAGES.iter().chain(&LESSONS) {
        go(&page, address, text);
        wrong.extend(small_targets(&page).into_iter().map(|flaw| format!("{name}: {flaw}")));
        let tabs = page.count("[role=tab]");
        for tab in 0..tabs {
            page.js("document.querySelectorAll('[role=tab]')[arguments[0]].click()", json!([tab]));
            page.wait_frames(3);
            wrong.extend(small_targets(&page).into_iter().map(|flaw| format!("{name}, tab {tab}: {flaw}")));
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    page.finish();
}

/// Two fingers on the stage look closer; one that stays asks for the menu.
#[test]
fn pinch_and_long_press() {
    let server = Server::start();
    let mut page = Page::start();
    page.size(390, 844);
    page.touch();
    page.open_app(&format!("{}#/lesson/one-machine/3", server.root()));
    page.wait_for(ENGINE);
    page.wait_for("[data-node=n1]");
    let middle = "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]";
    let place = |css: &str| {
        page.wait_still(css);
        let at = page.js(middle, json!([css]));
        (at[0].as_f64().expect("a place"), at[1].as_f64().expect("a place"))
    };
    page.wait_still("[data-node=n1]");
    let size = page.js("return document.querySelector('.spot').offsetWidth", json!([]));
    let (x, y) = place(".bench .canvas");
    page.fingers(&[&[(x - 30.0, y), (x - 110.0, y)], &[(x + 30.0, y), (x + 110.0, y)]]);
    page.wait_js(
        "a closer look",
        "return document.querySelector('.spot').offsetWidth > arguments[0] * 1.5",
        json!([size]),
    );
    page.screenshot("pinched");
    page.focus("[data-node=n1]");
    page.press("0");
    page.wait_js("the whole", "return document.querySelector('.spot').offsetWidth === arguments[0]", json!([size]));
    let at = place("[data-node=n3]");
    page.fingers(&[&[at; 12]]);
    page.wait_js("the menu", "return document.querySelector('#menu').matches(':popover-open')", json!([]));
    page.wait_js("of that node", "return document.querySelector('#menu').innerText.includes('n3')", json!([]));
    page.screenshot("long-press");
    page.press("Escape");
    // Where the browser says so itself, the finger is still there: lifting it closes nothing.
    page.js(
        "addEventListener('pointerdown', down => setTimeout(() => down.target.dispatchEvent(new PointerEvent('contextmenu',
            { pointerType: 'touch', bubbles: true, cancelable: true, clientX: down.clientX, clientY: down.clientY })), 500),
            { once: true, capture: true })",
        json!([]),
    );
    let at = place("[data-node=n4]");
    page.fingers(&[&[at; 12]]);
    let open = "const menu = document.querySelector('#menu');
        return new Promise(done => setTimeout(() => done(menu.matches(':popover-open') && menu.innerText.includes('n4')), 300))";
    assert_eq!(page.js(open, json!([])), json!(true), "it stays");
    page.finish();
}
