//! The hand on the design board: looking closer, several components at once, sliders that try values, files.

use crate::boxes::flaws;
use crate::design::{BOARD, drag, looks, middle, open, part, ready, toml};
use crate::page::Page;
use crate::server::Server;
use serde_json::json;

/// What is in sight of the board: left, top, width, height.
fn sight(page: &Page) -> Vec<f64> {
    let view = page.attribute(BOARD, "viewBox").expect("a drawing");
    view.split(' ').map(|n| n.parse().expect("a number")).collect()
}

fn is_in_sight(page: &Page, name: &str) {
    let script = "const r = document.querySelector(arguments[0]).getBoundingClientRect();
        const s = document.querySelector(arguments[1]).getBoundingClientRect();
        return r.x > s.x - 1 && r.right < s.right + 1 && r.y > s.y - 1 && r.bottom < s.bottom + 1";
    page.wait_js(&format!("{name} in sight"), script, json!([format!("{} .box", part(name)), BOARD]));
}

#[test]
fn one_looks_closer_at_the_board_and_the_focus_is_in_sight() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "cache");
    ready(&page);
    let whole = sight(&page);
    // By the wheel, about the pointer.
    let at = middle(&page, &format!("{} .box", part("database")));
    let turn = "document.elementFromPoint(arguments[0], arguments[1]).dispatchEvent(new WheelEvent('wheel',
        { deltaY: arguments[2], clientX: arguments[0], clientY: arguments[1], bubbles: true, cancelable: true }))";
    for _ in 0..3 {
        page.js(turn, json!([at.0, at.1, -100]));
    }
    page.wait_js(
        "a closer look",
        "return document.querySelector(arguments[0]).viewBox.baseVal.width < arguments[1]",
        json!([BOARD, whole[2] / 1.5]),
    );
    let near = middle(&page, &format!("{} .box", part("database")));
    assert!((near.0 - at.0).hypot(near.1 - at.1) < 3.0, "{at:?} to {near:?}");
    page.screenshot("board-closer");
    // Pushed by the pointer where there is nothing.
    let before = sight(&page);
    let corner = page.js(
        "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.right, r.top]",
        json!([BOARD]),
    );
    let (x, y) = (corner[0].as_f64().expect("a number"), corner[1].as_f64().expect("a number") + 12.0);
    drag(&page, (x - 60.0, y), (x - 10.0, y));
    page.wait_js(
        "it is pushed",
        "return document.querySelector(arguments[0]).viewBox.baseVal.x < arguments[1] - 20",
        json!([BOARD, before[0]]),
    );
    // By keys; what the keyboard leads to is in sight, however close one looks.
    page.focus(&part("users"));
    page.press("0");
    page.wait_js(
        "all of it",
        "return document.querySelector(arguments[0]).viewBox.baseVal.width > arguments[1] - 1",
        json!([BOARD, whole[2]]),
    );
    for _ in 0..7 {
        page.press("=");
    }
    let close = sight(&page);
    assert!(close[2] < whole[2] / 3.0, "{close:?}");
    for name in ["front", "app"] {
        page.press("ArrowRight");
        assert_eq!(page.js("return document.activeElement.dataset.part", json!([])), name);
        is_in_sight(&page, name);
    }
    page.press("ArrowRight");
    let last = page.js("return document.activeElement.dataset.part", json!([]));
    is_in_sight(&page, last.as_str().expect("a component"));
    let there = sight(&page);
    page.press("Control ArrowLeft");
    assert!(sight(&page)[0] < there[0], "{there:?}");
    page.press("-");
    assert!(sight(&page)[2] > there[2] * 1.1);
    page.finish();
}

#[test]
fn two_fingers_look_closer_on_a_phone() {
    let server = Server::start();
    let mut page = Page::start();
    page.touch();
    page.size(390, 844);
    open(&mut page, &server, "cache");
    ready(&page);
    page.js("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", json!([part("app")]));
    let whole = sight(&page);
    let (x, y) = middle(&page, &format!("{} .box", part("app")));
    page.fingers(&[&[(x - 30.0, y), (x - 90.0, y)], &[(x + 30.0, y), (x + 90.0, y)]]);
    page.wait_js(
        "a closer look",
        "return document.querySelector(arguments[0]).viewBox.baseVal.width < arguments[1]",
        json!([BOARD, whole[2] / 1.5]),
    );
    page.screenshot("board-pinched");
    assert_eq!(page.count(".part.selected"), 0, "two fingers select nothing");
    assert_eq!(page.js("return document.scrollingElement.scrollWidth > innerWidth", json!([])), false);
    page.tap("[data-do='zoom:0']");
    page.wait_js(
        "all of it",
        "return document.querySelector(arguments[0]).viewBox.baseVal.width > arguments[1] - 1",
        json!([BOARD, whole[2]]),
    );
    // Several by taps, where there is no shift key.
    page.tap("[data-do=several]");
    for name in ["app", "memory"] {
        page.tap(&format!("{} .box", part(name)));
        page.wait_for(&format!("{}.selected", part(name)));
    }
    assert_eq!(page.count(".part.selected"), 2);
    page.wait_text("2 components");
    assert_eq!(crate::boxes::small_targets(&page), Vec::<String>::new());
    page.tap(".board-form [data-do=copy]");
    page.tap(".board-form [data-do=paste]");
    page.wait_for(&part("memory-2"));
    page.finish();
}

fn choose_file(page: &Page, name: &str, text: &str) {
    let script = "const input = document.querySelector('#board-file'), files = new DataTransfer();
        files.items.add(new File([arguments[1]], arguments[0]));
        input.files = files.files;
        input.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(script, json!([name, text]));
}

/// The design with a cache, in places.
fn in_zones() -> String {
    let text = include_str!("../../lessons/designs/cache.toml");
    let within = [
        ("[run]", "[network]\nzones = [\"eu/a\", \"eu/b\", \"us/a\"]\n\n[run]"),
        ("policy =", "region = \"eu\"\npolicy ="),
        ("instances = 4", "instances = 4\nzones = [\"eu/a\"]"),
        ("instances = 3", "instances = 3\nzones = [\"eu/b\"]"),
        ("replicas = 1", "replicas = 1\nzones = [\"us/a\"]"),
    ];
    within.iter().fold(text.to_owned(), |text, (old, new)| text.replacen(old, new, 1))
}

#[test]
fn a_file_is_opened_or_refused_with_its_line_and_undo_takes_it_back() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "my-4");
    page.click("[data-new=services]");
    page.wait_for(&part("service"));
    let before = toml(&page);
    // Not TOML; TOML that is no design; too large; no text. Nothing here changes.
    let large = format!("# {}", "x".repeat(500_000));
    for (name, text, said) in [
        ("notes.txt", "version = 1\nHello there\n", "notes.txt, line 2: expected \"=\""),
        ("Cargo.toml", "[package]\nname = \"x\"\n", "Cargo.toml, line 1: unknown field `package`, expected one of"),
        ("large.toml", large.as_str(), "large.toml: it has 500 kB"),
        ("a.bin", "version = 1\n\0", "a.bin, line 2: this is no text"),
    ] {
        choose_file(&page, name, text);
        page.wait_text(said);
        page.wait_text("What is taken is a design as “Save as a file” writes it");
        page.wait_js("it is read out", "return document.activeElement.id === 'board-refused'", json!([]));
        assert_eq!(toml(&page), before);
    }
    page.screenshot("board-refused");
    page.assert_accessible("a refused file");
    page.click("[data-do=refused]");
    page.wait_js("it is gone", "return !document.querySelector('#board-refused')", json!([]));
    // A design, with its places: frames behind what stands there.
    choose_file(&page, "zones.toml", &in_zones());
    page.wait_text("Opened; undo takes it back.");
    page.wait_for(&part("memory"));
    ready(&page);
    let captions = page.js(
        "return [...document.querySelectorAll('.frame text')].map(t => t.textContent.trim()).sort().filter((t, i, all) => t !== all[i - 1]).join()",
        json!([]),
    );
    assert_eq!(captions, "region eu,region us,zone eu/a,zone eu/b,zone us/a");
    looks(&page, "board-zones");
    assert_eq!(flaws(&page), Vec::<String>::new());
    page.focus(&part("app"));
    page.press("Control z");
    page.wait_for(&part("service"));
    assert_eq!(toml(&page), before);
    page.finish();
}

#[test]
fn what_if_sliders_run_anew_beside_the_run_before() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "cache");
    ready(&page);
    let (x, y) = middle(&page, &format!("{} .box", part("app")));
    page.click_at("html", x - 20.0, y - 18.0);
    page.wait_for(".what-if");
    // By the keyboard; the field of the same number follows.
    page.focus(".rung input[data-live='try:services/app/instances']");
    for (instances, told) in [(3, "3, was 4"), (2, "2, was 4")] {
        page.press("ArrowLeft");
        page.wait_text(told);
        let field = "return document.querySelector('[data-set=\"services/app/instances\"]').value === arguments[0]";
        page.wait_js("the field", field, json!([instances.to_string()]));
    }
    page.wait_text("dashed: the run before, with app: Instances 4");
    page.wait_for(".board-chart .line.ghost");
    page.wait_for(".part .before");
    ready(&page);
    // By the hand, many values in a row: only the last counts, and the ghost stays the run before all of them.
    let slide = "const s = document.querySelector('.rung input'); for (const at of [3, 2, 1, 0]) {
        s.value = at; s.dispatchEvent(new Event('input', { bubbles: true })) }";
    page.js(slide, json!([]));
    page.wait_text("1, was 4");
    ready(&page);
    page.wait_text("dashed: the run before, with app: Instances 4");
    page.screenshot("board-sliders");
    page.size(390, 844);
    page.wait_for(".board-stage > svg.tall");
    page.screenshot("board-sliders-phone");
    page.size(1440, 900);
    page.assert_accessible("sliders");
    // Wide again, the form stands elsewhere, and is another one.
    page.wait_for(".board-stage > svg:not(.tall)");
    // All of it is one step back.
    page.focus(".rung input");
    page.press("Control z");
    page.wait_js(
        "four again",
        "return document.querySelector(arguments[0]).ariaLabel.includes('4 × 32')",
        json!([part("app")]),
    );
    ready(&page);
    // The load of those who ask.
    page.focus(&part("users"));
    page.press("Enter");
    page.wait_for(".rung input[data-live='try:clients/users/load/open/rate']");
    page.focus(".rung input");
    page.press("ArrowRight");
    page.wait_text("1500 a second, was 1200");
    page.wait_text("with users: Requests 1200 a second");
    page.finish();
}

#[test]
fn several_are_chosen_moved_copied_and_put_in_with_the_calls_between_them() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "cache");
    ready(&page);
    let chosen = |count: u64| {
        page.wait_js(
            "so many chosen",
            "return document.querySelectorAll('.part.selected').length === arguments[0]",
            json!([count]),
        )
    };
    // By the keyboard.
    page.focus(&part("front"));
    page.press("Shift ArrowRight");
    chosen(2);
    assert_eq!(page.js("return document.activeElement.dataset.part", json!([])), "app");
    page.wait_text("2 components");
    page.press("Control c");
    page.wait_text("Copied 2 components with the calls between them.");
    page.press("Control v");
    page.wait_for(&part("app-2"));
    chosen(2);
    let calls =
        "return [...document.querySelectorAll('.wire title')].some(t => t.textContent.startsWith(arguments[0]))";
    for call in ["front-2 calls app-2", "app-2 calls memory", "app-2 calls database"] {
        page.wait_js(call, calls, json!([call]));
    }
    page.screenshot("board-copies");
    page.focus(&part("app"));
    page.press("Control z");
    page.wait_js("they are gone", "return document.querySelectorAll('g[data-part]').length === 5", json!([]));
    // By a rectangle that is drawn around all of them.
    let corners = page.js(
        "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.left + 5, r.top + 5, r.right - 5, r.bottom - 50]",
        json!([BOARD]),
    );
    let at = |i: usize| corners[i].as_f64().expect("a number");
    drag(&page, (at(0), at(1)), (at(2), at(3)));
    chosen(5);
    page.wait_text("5 components");
    page.assert_accessible("several components");
    // One that is dragged takes the others along.
    page.focus(&part("app"));
    page.press("Escape");
    chosen(0);
    page.click("[data-do=several]");
    for name in ["front", "app"] {
        let (x, y) = middle(&page, &format!("{} .box", part(name)));
        page.click_at("html", x - 20.0, y - 18.0);
    }
    chosen(2);
    let place = |name: &str| {
        let y = page.attribute(&format!("{} .box", part(name)), "y").expect("a place");
        y.parse::<f64>().expect("a number")
    };
    let before = [place("front"), place("app"), place("memory")];
    let (x, y) = middle(&page, &format!("{} .box", part("app")));
    drag(&page, (x - 20.0, y - 18.0), (x - 10.0, y + 42.0));
    page.wait_js(
        "it was moved",
        "return document.querySelector(arguments[0]).getAttribute('y') * 1 > arguments[1] + 20",
        json!([format!("{} .box", part("app")), before[1]]),
    );
    let by = [place("front") - before[0], place("app") - before[1], place("memory") - before[2]];
    assert!((by[0] - by[1]).abs() < 2.0 && by[2].abs() < 1.0, "{by:?}");
    // Taken away together, and back in one step.
    page.focus(&part("app"));
    page.press("Delete");
    page.wait_js("three are left", "return document.querySelectorAll('g[data-part]').length === 3", json!([]));
    page.focus(&part("memory"));
    page.press("Control z");
    page.wait_for(&part("front"));
    page.finish();
}
