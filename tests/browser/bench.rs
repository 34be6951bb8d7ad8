//! The page's benchmarks, by `make bench`: frames with many messages on their way, seeking in a long run.

use crate::ENGINE;
use crate::page::Page;
use crate::server::{Server, built};
use crate::share::{open_bench, open_file};
use serde_json::json;

const FLYING: &str =
    "return +document.querySelector('ul[aria-label^=\"Messages on their way\"]').ariaLabel.split(': ')[1]";

/// The home page's living cluster, as a browser with software rendering shows it.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_home() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&format!("{}?bench", server.root()));
    page.wait_for(ENGINE);
    println!("home, 1440×900: {:.1?}", page.frames(5.0));
    page.finish();
}

/// A cluster with some 240 messages on their way.
const CROWD: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 1,
    "network": {"latency": {"uniform": {"min": "60ms", "max": "140ms"}}},
    "parameters": {"retry-after": "2s", "give-up-after": "9s"},
    "nodes": [{"name": "n", "role": "replica", "count": 5}, {"name": "c", "role": "client", "count": 4}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"open": {"rate": 34}},
      "mix": {"put": 1, "get": 1}, "keys": {"uniform": {"count": 9}}}}}]}"#;

/// Measures frames while at least 200 messages are on their way, before and after.
fn frames_in_a_crowd(page: &Page, place: &str) {
    page.wait_js("200 messages", &format!("return (() => {{ {FLYING} }})() >= 200"), json!([]));
    let frames = page.frames(5.0);
    let after = page.js(FLYING, json!([])).as_u64().expect("a number");
    assert!(after >= 200, "only {after} messages are on their way");
    println!("{place}, {after} messages on their way, 1440×900: {frames:.1?}");
}

#[test]
#[ignore = "a benchmark: make bench"]
fn bench_crowd_at_home() {
    let server = Server::with("lessons/home.json", CROWD);
    let mut page = Page::start();
    page.open_app(&format!("{}?bench", server.root()));
    page.wait_for(ENGINE);
    frames_in_a_crowd(&page, "home");
    page.screenshot("crowd-home");
    page.finish();
}

/// On a lesson's bench, with the log of what happens beside it.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_crowd_on_the_bench() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &format!("{}?bench", server.root()));
    open_file(&page, CROWD);
    page.wait_text("You are looking at the run of a file.");
    page.click("#play");
    frames_in_a_crowd(&page, "bench");
    page.screenshot("crowd-bench");
    page.finish();
}

/// 300 nodes with some 5,000 messages on their way: every operation of the register asks all 290 replicas.
const THRONG: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 1,
    "network": {"latency": {"uniform": {"min": "60ms", "max": "140ms"}}},
    "parameters": {"retry-after": "2s", "give-up-after": "9s"},
    "nodes": [{"name": "n", "role": "replica", "count": 290}, {"name": "c", "role": "client", "count": 10}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"open": {"rate": 5.3}},
      "mix": {"put": 1, "get": 1}, "keys": {"uniform": {"count": 9}}}}}]}"#;

/// A page that does nothing but draw 5,000 moving dots and 300 labelled boxes: what the browser can do at best.
const PLAIN: &str = r#"<!doctype html><html lang="en"><title>plain</title><link rel="icon" href="data:,"><body style="margin:0"><canvas></canvas><script>
    const canvas = document.querySelector('canvas'), context = canvas.getContext('2d');
    [canvas.width, canvas.height] = [WIDTH, HEIGHT];
    const dots = Array.from({ length: 5000 }, (_, i) => [i * 7919 % canvas.width, i * 104729 % canvas.height, i % 7 + 1]);
    const frame = () => {
      context.clearRect(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < 300; i++) {
        const x = 10 + i % 25 * (canvas.width - 40) / 25, y = 10 + Math.floor(i / 25) * (canvas.height - 30) / 12;
        context.fillStyle = '#dde';
        context.fillRect(x, y, 24, 16);
        context.fillStyle = '#000';
        context.fillText('n' + i, x + 3, y + 12);
      }
      for (const dot of dots) {
        dot[0] = (dot[0] + dot[2] * 0.3) % canvas.width;
        context.fillStyle = dot[2] % 2 ? '#07b' : '#d50';
        context.beginPath();
        context.arc(dot[0], dot[1], 3, 0, 7);
        context.fill();
      }
      requestAnimationFrame(frame);
    };
    frame();
    </script></body></html>"#;

/// 5,000 messages between 300 nodes, against a plain page that draws as many dots and boxes.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_throng_on_the_bench() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &format!("{}?bench", server.root()));
    open_file(&page, THRONG);
    page.wait_text("You are looking at the run of a file.");
    page.click("#play");
    page.wait_js("5,000 messages", &format!("return (() => {{ {FLYING} }})() >= 5000"), json!([]));
    let frames = page.frames(5.0);
    let after = page.js(FLYING, json!([])).as_u64().expect("a number");
    assert!(after >= 5_000, "only {after} messages are on their way");
    page.screenshot("throng");
    let size = page.js("const c = document.querySelector('.stage canvas'); return [c.width, c.height]", json!([]));
    page.finish();
    let plain = PLAIN.replace("WIDTH", &size[0].to_string()).replace("HEIGHT", &size[1].to_string());
    let server = Server::with("index.html", &plain);
    let mut page = Page::start();
    page.open(&format!("{}index.html", server.root()));
    let best = page.frames(5.0);
    drop(page);
    println!("{after} messages between 300 nodes, 1440×900: {frames:.1?}");
    println!("a plain page with 5,000 dots and 300 boxes: {best:.1?}");
    println!(
        "p99 of the intervals against the plain page's: {:.2} (1.3 at most)",
        frames.interval_p99 / best.interval_p99
    );
}

/// A run that, up to its last command, is more than a million events long.
pub const LONG: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 1,
    "network": {"latency": {"uniform": {"min": "1ms", "max": "9ms"}}},
    "nodes": [{"name": "n", "role": "replica", "count": 5}, {"name": "c", "role": "client", "count": 4}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"open": {"rate": 250}},
      "mix": {"put": 1, "get": 1}, "keys": {"uniform": {"count": 9}}}}},
      {"at": "END", "do": {"crash": {"node": "n5"}}, "learner": true}]}"#;

/// Events until `END`: as the page counts them.
const EVENTS_MIN: u64 = 1_000_000;

/// The page's end of the line to the engine, with when it last spoke and heard.
const WIRE: &str = "const Real = Worker;
    window.wire = { last: 0, heard: [] };
    window.Worker = class extends Real {
      constructor(...all) {
        super(...all);
        this.addEventListener('message', () => { wire.last = performance.now(); wire.heard.forEach(tell => tell()) });
      }
      postMessage(...all) { wire.last = performance.now(); return super.postMessage(...all) }
    }";

/// Moves the scrubber to a place and measures until the engine has answered, once it has been idle for a while.
const SEEK: &str = "const scrubber = document.querySelector('#scrubber');
    return new Promise(done => {
      const idle = () => {
        if (performance.now() - wire.last < 100) return setTimeout(idle, 20);
        const began = performance.now();
        wire.heard = [() => { wire.heard = []; done(performance.now() - began) }];
        scrubber.value = arguments[0];
        scrubber.dispatchEvent(new Event('input', { bubbles: true }));
      };
      idle();
    })";

/// Serves the engine with a loader that tells, when asked, how large its memory is.
fn server_with_memory() -> Server {
    let loader = built("engine-", "_loader.js");
    let name = loader.trim_end_matches("_loader.js");
    let text = format!(
        "importScripts('./{name}.js');
         wasm_bindgen({{ module_or_path: './{name}_bg.wasm' }}).then(engine => {{
           const memory = new BroadcastChannel('memory');
           memory.onmessage = () => memory.postMessage(engine.memory.buffer.byteLength);
         }});"
    );
    Server::with(&loader, &text)
}

#[test]
#[ignore = "a benchmark: make bench"]
fn bench_seek_in_the_worker() {
    let server = server_with_memory();
    let mut page = Page::start();
    page.before_load(WIRE);
    open_bench(&mut page, &server.root());
    let opened = std::time::Instant::now();
    open_file(&page, &LONG.replace("END", "20s"));
    let script = "return document.querySelector('.borrowed') && +document.querySelector('#scrubber').value";
    let end = page.wait_js("the long run", script, json!([])).as_u64().expect("a number");
    let events = page.text(".transport .ev");
    println!("worker: opened at “{events}” in {:.1} s", opened.elapsed().as_secs_f64());
    let count = events.rsplit(' ').next().and_then(|last| last.parse::<u64>().ok()).expect("event N of M");
    assert!(count >= EVENTS_MIN, "the run has only {count} events");

    let mut times: Vec<f64> = (1..=41u64)
        .map(|i| page.js(SEEK, json!([i * 48_271 * 20_671 % end])).as_f64().expect("milliseconds"))
        .collect();
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let ask = "return new Promise(done => {
        const memory = new BroadcastChannel('memory');
        memory.onmessage = event => done(event.data);
        memory.postMessage(null) })";
    let bytes = page.js(ask, json!([])).as_u64().expect("bytes");
    let heap = page.metric("JSHeapUsedSize");
    println!(
        "worker: seek from the page to a random moment of {count} events: median {median:.1} ms, worst {worst:.1} ms"
    );
    println!("worker: memory {} MB; the page's JavaScript heap {} MB", bytes / 1_000_000, heap as u64 / 1_000_000);
    assert!(median <= 100.0, "seek: median {median:.1} ms");
    assert!(bytes < 300_000_000, "the engine takes {bytes} bytes");
    page.finish();
}
