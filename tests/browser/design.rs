//! The design board: a whole exercise by pointer, one by keyboard alone, one on a phone; the text beside the board, runs and
//! their grading, what is kept.

use crate::boxes::flaws;
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::{Value, json};

pub const BOARD: &str = "main.board .board-stage > svg";

pub fn open(page: &mut Page, server: &Server, slug: &str) {
    page.open_app(&format!("{}#/design/{slug}", server.root()));
    page.wait_for(BOARD);
}

/// The middle of an element in the window.
pub fn middle(page: &Page, css: &str) -> (f64, f64) {
    page.wait_still(css);
    let at = page.js(
        "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]",
        json!([css]),
    );
    (at[0].as_f64().expect("a number"), at[1].as_f64().expect("a number"))
}

pub fn drag(page: &Page, from: (f64, f64), to: (f64, f64)) {
    page.drag("html", from, to);
}

pub fn part(name: &str) -> String {
    format!("g[data-part=\"{name}\"]")
}

pub fn toml(page: &Page) -> String {
    page.click("#board-tab-7");
    page.wait_for(".as-text textarea");
    let text = page.js("return document.querySelector('.as-text textarea').value", json!([]));
    page.click("#board-tab-0");
    text.as_str().expect("a text").to_owned()
}

/// Fills in a field of the form, and leaves it.
pub fn fill(page: &Page, path: &str, text: &str) {
    let script = "const field = document.querySelector(`[data-set='${arguments[0]}']`);
        if (!field) return false;
        for (let d = field.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
        if (field.type === 'checkbox') { field.click(); return true }
        field.value = arguments[1]; field.dispatchEvent(new Event('change', { bubbles: true })); return true";
    page.wait_js(path, script, json!([path, text]));
}

pub fn ready(page: &Page) {
    page.wait_js(
        "a run",
        "return document.querySelector('.board-chart .line')?.getAttribute('d')?.length > 20",
        json!([]),
    );
    page.wait_js("it is ready", "return document.querySelector('.bar [data-do=run]:not([disabled])')", json!([]));
    // Of the design as it is now: else the next change is two steps from the run that is seen.
    page.wait_js(
        "a run of this design",
        "return !document.querySelector('.board-chart').textContent.includes('before the last change')",
        json!([]),
    );
}

pub fn looks(page: &Page, name: &str) {
    for (theme, tone) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        page.theme(theme);
        page.size(1440, 900);
        page.screenshot(&format!("{name}-{tone}"));
        page.size(390, 844);
        page.wait_for(".board-stage > svg.tall");
        page.screenshot(&format!("{name}-phone-{tone}"));
    }
    page.size(1440, 900);
    page.theme(Theme::Light);
    page.wait_for(".board-stage > svg.wide");
}

#[test]
fn a_design_that_ships_is_run_graded_and_looked_at() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}#/design", server.root()));
    page.click(".designs a[href='#/design/cache']");
    page.wait_for(BOARD);
    ready(&page);
    assert_eq!(page.count("g[data-part]"), 5);
    page.wait_js("its use", "return document.querySelectorAll('.part .used').length >= 3", json!([]));
    looks(&page, "board");
    assert_eq!(flaws(&page), Vec::<String>::new());
    // Graded, in workers, to the end.
    fill(&page, "seeds:", "24");
    page.click(".bar [data-do=run]");
    page.wait_text("24 of 24 seeds");
    page.wait_js("the score", "return document.querySelectorAll('.score li').length === 8 && document.querySelectorAll('.score .met').length === 8", json!([]));
    looks(&page, "board-graded");
    // The worst seed opens; another moment is another picture.
    let worst = page.attribute(".score li:nth-child(2) .facts button", "data-do").expect("a seed");
    page.click(".score li:nth-child(2) .facts button");
    let shown = "return [...document.querySelectorAll('.board-chart .n')].some(n => n.textContent === arguments[0])";
    page.wait_js("its charts", shown, json!([worst.replace("seed:", "seed ")]));
    let use_of = "return [...document.querySelectorAll('.part .use')].map(t => t.textContent).join()";
    let whole = page.js(use_of, json!([]));
    let slide = "const s = document.getElementById('board-moment'); s.value = arguments[0]; s.dispatchEvent(new Event('input', { bubbles: true }))";
    page.js(slide, json!(["25"]));
    page.wait_text("1 of 3 down");
    page.wait_js("another picture", &format!("{use_of} !== arguments[0]"), json!([whole]));
    page.screenshot("board-moment");
    // It plays, and can be stopped; requests on the board too.
    page.click("[data-do=play]");
    page.wait_js("it goes on", "return document.querySelector('#board-moment').value > 26", json!([]));
    page.click("[data-do=play]");
    page.wait_js("it rests", "return document.querySelector('[data-do=play]').textContent === 'Play'", json!([]));
    assert!(page.count(".flow circle") > 0);
    page.click("[data-do=still]");
    page.wait_js("nothing moves", "return document.querySelectorAll('.flow circle').length === 0", json!([]));
    page.click("[data-do=still]");
    // What if four times as many asked: the same run as before is a mark in each bar.
    page.click("[data-do=whole]");
    let load = "const s = document.getElementById('board-load'); s.value = 400; s.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(load, json!([]));
    page.wait_for(".part .before");
    page.wait_js("it is busier", &format!("{use_of} !== arguments[0]"), json!([whole]));
    page.screenshot("board-what-if");
    for tab in 1..8 {
        page.click(&format!("#board-tab-{tab}"));
        page.wait_for(&format!("#board-tab-{tab}[aria-selected=true]"));
        page.screenshot(&format!("board-tab-{tab}"));
    }
    page.click("#board-tab-0");
    page.assert_accessible("design board");
    page.finish();
}

#[test]
fn a_whole_design_by_pointer() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "my-1");
    // Dragged from the palette onto the board.
    let stage = middle(&page, BOARD);
    for (table, at) in [("balancers", -160.0), ("services", 10.0), ("stores", 190.0)] {
        drag(&page, middle(&page, &format!("[data-new={table}]")), (stage.0 + at, stage.1 - 60.0));
    }
    page.wait_for(&part("database"));
    // Lines by dragging from the knob of one to another.
    for (from, to) in [("users", "balancer"), ("balancer", "service"), ("service", "database")] {
        let (from, to) = (middle(&page, &format!("{} .port .knob", part(from))), middle(&page, &part(to)));
        drag(&page, from, to);
    }
    page.wait_js("three lines", "return document.querySelectorAll('.wire').length === 3", json!([]));
    ready(&page);
    // A cache beside it, by a click; then the way one asks it first.
    page.click("[data-new=caches]");
    page.wait_for(&part("cache"));
    page.click(".bar [data-do=arrange]");
    let (from, to) = (middle(&page, &format!("{} .port .knob", part("service"))), middle(&page, &part("cache")));
    drag(&page, from, to);
    page.wait_js("four lines", "return document.querySelectorAll('.wire').length === 4", json!([]));
    let (x, y) = middle(&page, &format!("{} .box", part("service")));
    page.click_at("html", x - 20.0, y - 18.0);
    page.wait_text("Calls, in this order");
    page.click("[data-do='aside:service']");
    page.wait_js("five calls", "return document.querySelectorAll('.board-form ol > li').length === 5", json!([]));
    fill(&page, "services/service/instances", "3");
    assert!(toml(&page).contains("does = \"invalidate\""));
    // Requirements, and the score.
    page.click("[data-do=close]");
    page.js("document.querySelectorAll('.guide details').forEach(d => d.open = true)", json!([]));
    page.click("[data-do=add-requirement]");
    fill(&page, "requirements/0", "hits(cache) >= 20% in 90%");
    page.click("[data-do=add-requirement]");
    fill(&page, "requirements/1", "use(database) <= 1%");
    ready(&page);
    fill(&page, "seeds:", "12");
    page.click(".bar [data-do=run]");
    page.wait_text("12 of 12 seeds");
    page.wait_js("met and missed", "return document.querySelectorAll('.score .met').length === 1 && document.querySelectorAll('.score .missed').length === 1", json!([]));
    page.screenshot("board-by-pointer");
    // Back, step by step, and forth again.
    let before = toml(&page);
    page.click(".bar [data-do=undo]");
    page.wait_js("it is undone", "return document.querySelector('.bar [data-do=redo]:not([disabled])')", json!([]));
    assert_ne!(toml(&page), before);
    page.click(".bar [data-do=redo]");
    assert_eq!(toml(&page), before);
    // It is kept.
    page.reload();
    page.wait_for(&part("cache"));
    assert_eq!(toml(&page), before);
    page.finish();
}

#[test]
fn a_whole_design_by_keyboard_alone() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "my-2");
    page.focus(&part("users"));
    page.press("+");
    page.wait_js("the field", "return document.activeElement.id === 'board-add'", json!([]));
    for what in ["+ balancer", "+ service", "+ database"] {
        page.write(what);
        page.press("Enter");
    }
    page.wait_for(&part("database"));
    // From component to component by arrows; C begins a call, Enter ends it.
    let call = |from: &str, to: &str| {
        page.focus(&part(from));
        page.press("c");
        page.wait_for(&format!("{}.from", part(from)));
        page.focus(&part(to));
        page.press("Enter");
        page.wait_text(&format!("{from} calls {to}"));
    };
    call("users", "balancer");
    call("balancer", "service");
    call("service", "database");
    ready(&page);
    page.focus(&part("users"));
    page.press("ArrowRight");
    let on = "return document.activeElement.dataset.part === arguments[0]";
    page.wait_js("the focus on the balancer", on, json!(["balancer"]));
    page.press("ArrowRight");
    page.wait_js("the focus on the service", on, json!(["service"]));
    // Enter leads to its form, Escape back.
    page.press("Enter");
    page.wait_js("the form", "return document.activeElement.id === 'board-form'", json!([]));
    let reach = |path: &str| {
        for _ in 0..60 {
            page.press("Tab");
            if page.js("return document.activeElement.dataset.set === arguments[0]", json!([path])) == Value::Bool(true)
            {
                return;
            }
        }
        panic!("{path} is not reached by Tab");
    };
    reach("services/service/instances");
    page.press("Control a");
    page.write("0");
    page.press("Tab");
    page.wait_text("Write a whole number from 1 to 1000.");
    page.press("Shift Tab");
    page.press("Control a");
    page.write("5");
    page.press("Tab");
    page.wait_js(
        "five of them",
        "return document.querySelector(arguments[0]).ariaLabel.includes('5 × 16 slots')",
        json!([part("service")]),
    );
    page.press("Shift Tab");
    page.js("document.querySelector('[data-do=close]').focus()", json!([]));
    page.press("Enter");
    // Taken away, and back.
    page.focus(&part("database"));
    page.press("Delete");
    page.wait_js("it is gone", "return !document.querySelector(arguments[0])", json!([part("database")]));
    page.focus(&part("service"));
    page.press("Control z");
    page.wait_for(&part("database"));
    ready(&page);
    // Graded.
    page.focus(".bar [data-do=run]");
    page.press("Enter");
    page.wait_text("200 of 200 seeds");
    // The same as a list, and tabs by arrows.
    page.focus("#board-tab-0");
    page.press("ArrowLeft");
    page.wait_for("#board-tab-7[aria-selected=true]");
    page.press("ArrowLeft");
    page.wait_for(".parts");
    page.focus(".parts [data-do='select:database']");
    page.press("Enter");
    page.wait_text("A primary, which takes the writes");
    page.screenshot("board-by-keyboard");
    page.finish();
}

#[test]
fn a_whole_design_on_a_phone() {
    let server = Server::start();
    let mut page = Page::start();
    page.touch();
    page.size(390, 844);
    open(&mut page, &server, "my-3");
    page.wait_for(".board-stage > svg.tall");
    for table in ["balancers", "services", "stores"] {
        page.tap(&format!("[data-do='add:{table}']"));
    }
    page.wait_for(&part("database"));
    // Lines by the form: what it calls is chosen from a list, as it is without a pointer.
    for (from, to) in [("users", "balancer"), ("balancer", "service"), ("service", "database")] {
        page.tap(&format!("{} .box", part(from)));
        page.wait_for(&format!("{}.selected", part(from)));
        fill(&page, &format!("call:{from}"), to);
        page.wait_js(
            to,
            "return [...document.querySelectorAll('.wire title')].some(t => t.textContent.startsWith(arguments[0]))",
            json!([format!("{from} calls {to}")]),
        );
    }
    page.wait_js("three lines", "return document.querySelectorAll('.wire').length === 3", json!([]));
    page.tap("[data-do=close]");
    ready(&page);
    assert_eq!(page.js("return document.scrollingElement.scrollWidth > innerWidth", json!([])), false);
    assert_eq!(crate::boxes::small_targets(&page), Vec::<String>::new());
    page.screenshot("board-phone-built");
    page.tap(".bar [data-do=run]");
    page.wait_text("200 of 200 seeds");
    page.finish();
}

#[test]
fn what_is_typed_as_text_is_the_board_and_mistakes_have_their_line() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server, "cache");
    ready(&page);
    page.click("#board-tab-7");
    page.wait_for(".as-text textarea");
    let edit =
        "const t = document.querySelector('.as-text textarea'); t.value = t.value.replace(arguments[0], arguments[1]);
        t.dispatchEvent(new Event('input', { bubbles: true })); return t.value";
    page.js(edit, json!(["instances = 4", "instances = 9"]));
    page.wait_js(
        "nine of them",
        "return document.querySelector(arguments[0]).ariaLabel.includes('9 × 32')",
        json!([part("app")]),
    );
    page.wait_text("It can be run.");
    let text = page.js(edit, json!(["[services.app]", "[services.app"]));
    let line =
        text.as_str().expect("a text").lines().position(|line| line == "[services.app").expect("it is there") + 1;
    page.wait_text(&format!("Line {line}: expected"));
    assert_eq!(page.count("g[data-part]"), 5, "the board stays as it was");
    page.js(edit, json!(["[services.app\n", "[services.app]\nkueue = 3\n"]));
    page.wait_text("unknown field");
    page.screenshot("board-wrong");
    // A link holds all of it.
    page.js(edit, json!(["kueue = 3\n", ""]));
    page.wait_text("It can be run.");
    page.js("window.copied = ''; navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }", json!([]));
    page.js("document.querySelector('[data-do=link]').click()", json!([]));
    let link = page.wait_js("a link", "return window.copied", json!([]));
    let link = link.as_str().expect("an address").to_owned();
    assert!(link.contains("#/design/1."), "{link}");
    page.js("localStorage.clear(); location.href = arguments[0]; location.reload()", json!([link]));
    page.wait_js(
        "nine of them",
        "return document.querySelector(arguments[0])?.ariaLabel.includes('9 × 32')",
        json!([part("app")]),
    );
    page.finish();
}
