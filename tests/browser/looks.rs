//! How the stage is looked at: arrangements, nodes moved by hand and kept with the run, closer views.

use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, open_file, save};
use serde_json::{Value, json};

/// Twelve servers in three zones and a few clients.
const ZONES: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 1,
    "network": {"latency": {"uniform": {"min": "6ms", "max": "14ms"}}},
    "nodes": [{"name": "a", "role": "replica", "count": 4, "groups": ["zone=a"]},
      {"name": "b", "role": "replica", "count": 4, "groups": ["zone=b"]},
      {"name": "d", "role": "replica", "count": 3, "groups": ["zone=c"]},
      {"name": "c", "role": "client", "count": 3}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"open": {"rate": 30}},
      "mix": {"put": 1, "get": 1}}}}]}"#;

/// The middle of a node's button, from the corner of the stage.
const MIDDLE: &str = "const s = document.querySelector('.bench .canvas').getBoundingClientRect();
    const r = document.querySelector(`[data-node=${arguments[0]}]`).getBoundingClientRect();
    return [r.x + r.width / 2 - s.x, r.y + r.height / 2 - s.y]";

/// Drags from a point of the stage to another, with all moves at once.
const HASTY: &str = "const [x, y, toX, toY] = arguments, canvas = document.querySelector('.bench .canvas canvas');
    const corner = canvas.getBoundingClientRect();
    const tell = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
      clientX: corner.x + x, clientY: corner.y + y, pointerId: 1, pointerType: 'mouse', bubbles: true }));
    tell('pointerdown', x, y);
    for (const part of [0.3, 0.6, 1]) tell('pointermove', x + (toX - x) * part, y + (toY - y) * part);
    tell('pointerup', toX, toY)";

/// Two strokes before the next picture.
const TWICE: &str = "for (let i = 0; i < 2; i++) document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'ArrowRight', shiftKey: true, bubbles: true }))";

fn middle(page: &Page, node: &str) -> (f64, f64) {
    page.wait_still(&format!("[data-node={node}]"));
    let at = page.js(MIDDLE, json!([node]));
    (at[0].as_f64().expect("a number"), at[1].as_f64().expect("a number"))
}

/// Waits until a node stands elsewhere and stays there, and says where: its button follows the pointer by some frames.
fn moved(page: &Page, node: &str, from: (f64, f64)) -> (f64, f64) {
    let settled = format!(
        "const middle = node => {{ {} }}, frame = () => new Promise(requestAnimationFrame);
         const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]), [node, ...from] = arguments;
         return (async () => {{
           const first = middle(node);
           for (let i = 0; i < 3; i++) await frame();
           const at = middle(node);
           return apart(at, first) === 0 && apart(at, from) > 3 && at;
         }})()",
        MIDDLE.replace("arguments[0]", "node")
    );
    let at = page.wait_js("the node to move", &settled, json!([node, from.0, from.1]));
    (at[0].as_f64().expect("a number"), at[1].as_f64().expect("a number"))
}

/// Waits until a node stands there, but for what rounding to thousandths of the stage takes.
fn stands(page: &Page, node: &str, at: (f64, f64)) {
    let near = format!(
        "const at = (() => {{ {MIDDLE} }})(); return Math.hypot(at[0] - arguments[1], at[1] - arguments[2]) < 3",
    );
    page.wait_js(&format!("{node} at {at:?}"), &near, json!([node, at.0, at.1]));
}

fn choose(page: &Page, place: u32) {
    page.js(
        "const s = document.querySelector('.look select'); s.selectedIndex = arguments[0];
         s.dispatchEvent(new Event('change', { bubbles: true }))",
        json!([place]),
    );
}

#[test]
fn nodes_are_arranged_and_moved_and_the_run_keeps_it() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    open_file(&page, ZONES);
    page.wait_text("You are looking at the run of a file.");
    let ring = middle(&page, "a1");
    page.click(".look summary");
    choose(&page, 1);
    let boxed = moved(&page, "a1", ring);
    page.screenshots("look-zones");
    page.assert_accessible("look");
    choose(&page, 2);
    page.click(".look summary");
    moved(&page, "a1", boxed);
    page.screenshots("look-layers");
    // A node is dragged while dragging moves nodes, another goes by keys.
    page.click(".look summary");
    page.click(".look input[type=checkbox]");
    page.click(".look summary");
    let from = middle(&page, "b2");
    page.drag(".bench .canvas", from, (from.0 - 60.0, from.1 + 40.0));
    // Where it was let go, not only on the way there.
    let to = (from.0 - 60.0, from.1 + 40.0);
    stands(&page, "b2", to);
    // More than one move may come between two pictures.
    let from = middle(&page, "d2");
    let to_d2 = (from.0 + 30.0, from.1 - 60.0);
    page.js(HASTY, json!([from.0, from.1, to_d2.0, to_d2.1]));
    stands(&page, "d2", to_d2);
    let from = middle(&page, "c1");
    page.focus("[data-node=c1]");
    page.press("Shift ArrowRight");
    let once = moved(&page, "c1", from);
    assert!(once.0 > from.0);
    page.js(TWICE, json!([]));
    assert!(moved(&page, "c1", once).0 - once.0 > 1.5 * (once.0 - from.0), "two steps within one picture are two");
    let run: Value = serde_json::from_str(&save(&page)).expect("JSON");
    assert_eq!(run["layout"], "layers");
    let placed: Vec<&str> = run["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|n| !n["place"].is_null())
        .filter_map(|n| n["name"].as_str())
        .collect();
    assert_eq!(placed, ["b2", "d2", "c1"]);
    // The same file opens with the nodes where they were put.
    open_file(&page, &run.to_string());
    stands(&page, "b2", to);
    stands(&page, "d2", to_d2);
    page.finish();
}

#[test]
fn one_looks_closer_by_keys_and_wheel_and_the_focus_comes_into_view() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    open_file(&page, ZONES);
    page.wait_text("You are looking at the run of a file.");
    let far = middle(&page, "a1");
    page.focus("[data-node=a1]");
    let other = middle(&page, "b3");
    (0..4).for_each(|_| page.press("+"));
    moved(&page, "b3", other);
    // What is selected stays where it is.
    let near = middle(&page, "a1");
    assert!((near.0 - far.0).hypot(near.1 - far.1) < 40.0, "{far:?} to {near:?}");
    page.screenshots("look-closer");
    // What the keyboard is on can be seen.
    page.focus("[data-node=b3]");
    let inside = "const r = document.querySelector('[data-node=b3]').getBoundingClientRect();
        const s = document.querySelector('.bench .canvas').getBoundingClientRect();
        return r.x > s.x && r.right < s.right && r.y > s.y && r.bottom < s.bottom";
    page.wait_js("the node in view", inside, json!([]));
    let close = middle(&page, "b3");
    page.drag(".bench .canvas", (300.0, 300.0), (340.0, 280.0));
    page.js(
        "const c = document.querySelector('.bench canvas'), r = c.getBoundingClientRect();
         c.dispatchEvent(new WheelEvent('wheel', { deltaY: -300, clientX: r.x + 400, clientY: r.y + 200, bubbles: true, cancelable: true }))",
        json!([]),
    );
    moved(&page, "b3", close);
    page.focus("[data-node=a1]");
    page.press("0");
    page.wait_js(
        "the whole again",
        &format!(
            "const at = (() => {{ {} }})(); return Math.hypot(at[0] - arguments[1], at[1] - arguments[2]) < 2",
            MIDDLE.replace("arguments[0]", "'a1'")
        ),
        json!(["a1", far.0, far.1]),
    );
    page.finish();
}
