//! The space-time diagram: drawn, walked through by keyboard along causality, compared, filtered, panned and zoomed.

use crate::bench::LONG;
use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::json;

/// An old leader is cut off with one client and the others elect another; one server is down for a while.
pub const RUN: &str = r#"{"version": 1, "protocol": "raft", "seed": 1,
    "parameters": {"election-timeout-min": "150ms", "election-timeout-max": "300ms", "heartbeat-interval": "50ms"},
    "network": {"latency": {"log-normal": {"median": "5ms", "sigma": 0.4}}},
    "nodes": [{"name": "n", "role": "server", "count": 5}, {"name": "c", "role": "client", "count": 2}],
    "commands": [{"at": "0ms", "do": {"fire-timer": {"timer": "0!1"}}},
      {"at": "40ms", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "20ms"}}},
        "mix": {"put": 1}}}},
      {"at": "180ms", "do": {"cut": {"name": "island", "from": ["n1", "c2"]}}},
      {"at": "260ms", "do": {"crash": {"node": "n5"}}},
      {"at": "340ms", "do": {"restart": {"node": "n5"}}},
      {"at": "460ms", "do": {"pause": {"node": "c2"}}, "learner": true}]}"#;

const ABOUT: &str = "return document.querySelector('.spacetime .about').innerText";

fn open(page: &mut Page, server: &Server) {
    open_bench(page, &server.root());
    open_file(page, RUN);
    page.wait_text("You are looking at the run of a file.");
    // Its own run: what is set before that has come is set for the one before.
    page.wait_for("[data-node=c2]");
    page.click("#tab-diagram");
    page.wait_for(".spacetime canvas");
}

/// How many pixels of the canvas have a strong colour.
const PAINTED: &str = "const canvas = document.querySelector('.spacetime canvas');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [least, most] = [Math.min(data[i], data[i + 1], data[i + 2]), Math.max(data[i], data[i + 1], data[i + 2])];
      count += data[i + 3] > 200 && most - least > 60;
    }
    return count";

#[test]
fn the_diagram_is_walked_along_causality() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server);
    page.wait_js("a picture", "return document.querySelector('.spacetime canvas').height > 150", json!([]));
    // One walks from what is drawn.
    page.wait_js("something in it", PAINTED, json!([]));
    page.focus(".spacetime .lanes");
    page.press("ArrowLeft");
    page.wait_js("an event in words", &format!("{ABOUT}.includes('Compare with')"), json!([]));
    let said = |page: &Page| page.js(ABOUT, json!([])).as_str().expect("a text").to_owned();
    let walk = |page: &Page, key: &str| {
        let before = said(page);
        page.press(key);
        page.wait_js(
            "another event",
            &format!("{{ const now = (() => {{ {ABOUT} }})(); return now !== arguments[0] && now }}"),
            json!([before]),
        );
        said(page)
    };
    // From effect to cause and back again, over a message.
    let mut found = false;
    for _ in 0..12 {
        let here = walk(&page, "ArrowLeft");
        if here.contains(" received ") {
            let cause = walk(&page, "ArrowUp");
            assert_ne!(here, cause);
            found = true;
            break;
        }
    }
    assert!(found, "an arrival");
    page.click(".spacetime .about button");
    let related = (0..6).map(|_| walk(&page, "ArrowDown")).find(|said| said.contains("happened before"));
    assert!(related.is_some_and(|said| said.contains("Word of it travelled")));
    page.screenshots("space-time-compared");
    page.press("0");
    page.screenshots("space-time");
    page.size(390, 844);
    page.js("document.querySelector('.spacetime').scrollIntoView({ block: 'center' })", json!([]));
    page.screenshot("space-time-phone");
    page.size(1440, 900);
    page.assert_accessible("space-time");
    page.finish();
}

#[test]
fn the_diagram_is_filtered_panned_and_zoomed() {
    let server = Server::start();
    let mut page = Page::start();
    open(&mut page, &server);
    page.focus(".spacetime .lanes");
    page.press("0");
    page.wait_js("a picture", "return document.querySelector('.spacetime canvas').height > 150", json!([]));
    let drawn = format!("const count = (() => {{ {PAINTED} }})(); return count > 2000 && count");
    let all = page.wait_js("much in it", &drawn, json!([])).as_u64().expect("a number");
    page.focus(".spacetime input[type=search]");
    page.write("AppendEntries n1 lost");
    let fewer = format!("const count = (() => {{ {PAINTED} }})(); return count > 0 && count < arguments[0]");
    page.wait_js("fewer things, for most are left out", &fewer, json!([all]));
    page.screenshot("space-time-filtered");
    page.finish();
}

/// A run of more than a million events, drawn as counts and in parts, while it is panned and zoomed.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_diagram_of_a_million_events() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &format!("{}?bench", server.root()));
    open_file(&page, &LONG.replace("END", "20s"));
    let script = "return document.querySelector('.borrowed') && +document.querySelector('#scrubber').value";
    page.wait_js("the long run", script, json!([]));
    page.click("#tab-diagram");
    page.focus(".spacetime .lanes");
    page.press("0");
    let drawn = format!("const count = (() => {{ {PAINTED} }})(); return count > 2000 && count");
    page.wait_js("much in it", &drawn, json!([]));
    page.screenshot("space-time-million");
    // Drags for five seconds, zooming in and out at times, and counts the frames.
    let drive = "const canvas = document.querySelector('.spacetime canvas'), area = canvas.getBoundingClientRect();
        const send = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind, { pointerId: 1, clientX: area.x + x,
          clientY: area.y + 60, bubbles: true, pointerType: 'mouse' }));
        canvas.setPointerCapture = () => {};
        const frames = [];
        return new Promise(done => {
          let last = 0, count = 0;
          send('pointerdown', 500);
          const frame = at => {
            if (last) frames.push(at - last);
            last = at;
            send('pointermove', 500 + 200 * Math.sin(count++ / 15));
            if (count % 40 == 0) canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: count % 80 ? -300 : 280,
              clientX: area.x + 500, clientY: area.y + 60, cancelable: true }));
            if (count < 300) requestAnimationFrame(frame); else { send('pointerup', 500); frames.sort((a, b) => a - b);
              done([frames[150], frames[Math.floor(frames.length * 0.99)]]) }
          };
          requestAnimationFrame(frame);
        })";
    let times = page.js(drive, json!([]));
    println!("diagram of a million events, panned and zoomed: frame interval median and p99 {times} ms");
    page.finish();
}
