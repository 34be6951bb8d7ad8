//! The page's benchmarks, by `make bench`: frames with many messages on their way, seeking in a long run. In the browser
//! that people have: its own windows take their part of the processors.

use crate::ENGINE;
use crate::jobs::{CHOOSE, type_number};
use crate::page::Page;
use crate::server::{Server, built};
use crate::share::{open_bench, open_file};
use serde_json::{Value, json};
use std::path::Path;

const FLYING: &str =
    "return +document.querySelector('ul[aria-label^=\"Messages on their way\"]').ariaLabel.split(': ')[1]";

/// How the page kept up with the screen for a while, in milliseconds.
#[derive(Debug)]
#[allow(dead_code, reason = "most of it is only printed")]
struct Frames {
    count: usize,
    interval_median: f64,
    interval_p99: f64,
    /// The app's own time per frame, which it measures when the address has `?bench`; else none.
    script_median: Option<f64>,
    script_p99: Option<f64>,
}

/// Watches the page's frames for so long, by the page's own clock.
fn watch(page: &Page, seconds: f64) -> Frames {
    let seen = page.js(
        "const [milliseconds] = arguments;
         const list = window.faultlineFrames ?? [], first = list.length;
         return new Promise(done => {
           const times = [];
           const tick = now => {
             times.push(now);
             if (now - times[0] < milliseconds) return requestAnimationFrame(tick);
             done([times, list.slice(first).filter((_, place) => place % 2)]);
           };
           requestAnimationFrame(tick);
         })",
        json!([seconds * 1000.0]),
    );
    let numbers =
        |value: &Value| -> Vec<f64> { value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    let quantile = |values: &mut Vec<f64>, share: f64| {
        values.sort_by(f64::total_cmp);
        values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1))).copied()
    };
    let times = numbers(&seen[0]);
    let mut intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut script = numbers(&seen[1]);
    Frames {
        count: times.len(),
        interval_median: quantile(&mut intervals, 0.5).unwrap_or(f64::INFINITY),
        interval_p99: quantile(&mut intervals, 0.99).unwrap_or(f64::INFINITY),
        script_median: quantile(&mut script, 0.5),
        script_p99: quantile(&mut script, 0.99),
    }
}

/// The home page's living cluster, as a browser with software rendering shows it.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_home() {
    let server = Server::start();
    let mut page = Page::start_whole();
    page.open_app(&format!("{}?bench", server.root()));
    page.wait_for(ENGINE);
    println!("home, 1440×900: {:.1?}", watch(&page, 5.0));
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
    let frames = watch(page, 5.0);
    let after = page.js(FLYING, json!([])).as_u64().expect("a number");
    assert!(after >= 200, "only {after} messages are on their way");
    println!("{place}, {after} messages on their way, 1440×900: {frames:.1?}");
}

#[test]
#[ignore = "a benchmark: make bench"]
fn bench_crowd_at_home() {
    let server = Server::with("lessons/home.json", CROWD);
    let mut page = Page::start_whole();
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
    let mut page = Page::start_whole();
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
    let mut page = Page::start_whole();
    open_bench(&mut page, &format!("{}?bench", server.root()));
    open_file(&page, THRONG);
    page.wait_text("You are looking at the run of a file.");
    page.click("#play");
    page.wait_js("5,000 messages", &format!("return (() => {{ {FLYING} }})() >= 5000"), json!([]));
    let frames = watch(&page, 5.0);
    let after = page.js(FLYING, json!([])).as_u64().expect("a number");
    assert!(after >= 5_000, "only {after} messages are on their way");
    page.screenshot("throng");
    let size = page.js("const c = document.querySelector('.stage canvas'); return [c.width, c.height]", json!([]));
    page.finish();
    let plain = PLAIN.replace("WIDTH", &size[0].to_string()).replace("HEIGHT", &size[1].to_string());
    let server = Server::with("index.html", &plain);
    let mut page = Page::start_whole();
    page.open(&format!("{}index.html", server.root()));
    let best = watch(&page, 5.0);
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

/// How large the engine's memory is.
const ASK_MEMORY: &str = "return new Promise(done => {
    const memory = new BroadcastChannel('memory');
    memory.onmessage = event => done(event.data);
    memory.postMessage(null) })";

/// Serves one of the engines with a loader that tells, when asked, how large its memory is.
fn server_with_memory(engine: &str) -> Server {
    let loader = built(&format!("{engine}-"), "_loader.js");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist").join(&loader);
    let own = std::fs::read_to_string(own).expect("a loader");
    let told = ".then((engine) => {
          const memory = new BroadcastChannel('memory');
          memory.onmessage = () => memory.postMessage(engine.memory.buffer.byteLength);";
    let text = own.replacen(".then(() => {", told, 1);
    assert_ne!(text, own, "the loader waits for the engine");
    Server::with(&loader, &text)
}

#[test]
#[ignore = "a benchmark: make bench"]
fn bench_seek_in_the_worker() {
    let server = server_with_memory("engine");
    let mut page = Page::start_whole();
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
    let bytes = page.js(ASK_MEMORY, json!([])).as_u64().expect("bytes");
    let heap = page.metric("JSHeapUsedSize");
    println!(
        "worker: seek from the page to a random moment of {count} events: median {median:.1} ms, worst {worst:.1} ms"
    );
    println!("worker: memory {} MB; the page's JavaScript heap {} MB", bytes / 1_000_000, heap as u64 / 1_000_000);
    assert!(median <= 100.0, "seek: median {median:.1} ms");
    assert!(bytes < 300_000_000, "the engine takes {bytes} bytes");
    page.finish();
}

/// Five servers and two clients that never rest, at a pace whose tenfold real time is on the slider.
const STEADY: &str = include_str!("../limits/steady.json");

/// Notes tasks of the main thread that took over 50 ms, and keeps the page's own wasm memory within reach.
const WATCHED: &str = "window.long = [];
    new PerformanceObserver(list => long.push(...list.getEntries().map(e => Math.round(e.duration))))
      .observe({ type: 'longtask', buffered: true });
    const real = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...all) => {
      const made = await real.apply(WebAssembly, all);
      window.pageMemory = made.instance.exports.memory;
      return made;
    }";

/// The long tasks since it was last asked.
fn long_tasks(page: &Page) -> Vec<u64> {
    let list = page.js(
        "return new Promise(done => requestAnimationFrame(() => setTimeout(() => done(window.long.splice(0)))))",
        json!([]),
    );
    list.as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).collect()
}

/// Nothing that the page does while it plays, seeks or opens a link keeps it from answering for over 50 ms.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_long_tasks() {
    let server = Server::start();
    let mut page = Page::start_whole();
    page.before_load(WATCHED);
    open_bench(&mut page, &server.root());
    println!("long tasks until the bench is there: {:?} ms", long_tasks(&page));
    open_file(
        &page,
        &STEADY.replace("]}", ", {\"at\": \"60s\", \"do\": {\"crash\": {\"node\": \"n5\"}}, \"learner\": true}]}"),
    );
    page.wait_text("You are looking at the run of a file.");
    let mut found = vec![("opening a minute of a run", long_tasks(&page))];
    for tab in ["diagram", "log", "state", "pending", "commands", "history", "measures"] {
        page.click(&format!("#tab-{tab}"));
        page.click("#play");
        watch(&page, 2.0);
        page.click("#play");
        found.push((tab, long_tasks(&page)));
        for i in 1..=12u64 {
            let script = "const scrubber = document.querySelector('#scrubber'); scrubber.value = arguments[0];
                scrubber.dispatchEvent(new Event('input', { bubbles: true }))";
            page.js(script, json!([i * 48_271 * 20_671 % 6_000]));
            watch(&page, 0.1);
        }
        found.push(("seeking there", long_tasks(&page)));
    }
    let press = "[...document.querySelectorAll('#share-menu button')].find(b => b.innerText === 'Copy a link to this moment').click()";
    page.js(press, json!([]));
    let link = page.wait_js("the link", "return document.querySelector('#share-menu .made')?.value", json!([]));
    page.js("location.href = arguments[0]", json!([link]));
    page.wait_for(".about-run");
    page.wait_for("[data-node=n5]");
    watch(&page, 1.0);
    found.push(("opening a link", long_tasks(&page)));
    for (what, tasks) in &found {
        println!("long tasks, {what}: {tasks:?} ms");
    }
    page.finish();
    let worst = found.iter().filter(|(_, tasks)| !tasks.is_empty()).collect::<Vec<_>>();
    assert!(worst.is_empty(), "tasks over 50 ms: {worst:?}");
}

/// Ten simulated minutes at ten times real time: the page keeps no more than it had after the third of them, and the engine
/// no more than after the fifth, when it has let go of the first blocks of events (`sim::window`).
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_memory_over_ten_minutes() {
    let server = server_with_memory("engine");
    let mut page = Page::start_whole();
    page.before_load(WATCHED);
    open_bench(&mut page, &server.root());
    open_file(&page, STEADY);
    page.wait_text("You are looking at the run of a file.");
    // Opening a run sets the speed back to its pace.
    page.wait_js(
        "the run",
        "return document.querySelector('.borrowed') && document.querySelector('.speed output')",
        json!([]),
    );
    let fast = "const speed = document.querySelector('.speed input');
        const set = value => { speed.value = value; speed.dispatchEvent(new Event('input', { bubbles: true })) };
        return new Promise(done => {
          let value = 50;
          const next = () => {
            if (parseFloat(document.querySelector('.speed output').innerText) >= 10) return done(true);
            set(++value);
            setTimeout(next, 20);
          };
          next();
        })";
    page.js(fast, json!([]));
    page.click("#play");
    let (mut kept, mut engines) = (Vec::new(), Vec::new());
    for minute in 1..=10u64 {
        let there = "return parseFloat(document.querySelector('#clock').innerText) >= arguments[0]";
        page.wait_js("a minute", there, json!([minute * 60]));
        let heap = page.collected_heap();
        let wasm = page.js("return pageMemory.buffer.byteLength", json!([])).as_u64().expect("bytes");
        let engine = page.js(ASK_MEMORY, json!([])).as_u64().expect("bytes");
        let events = page.text(".transport .ev");
        println!(
            "minute {minute}: the page's JavaScript {:.1} MB, its wasm {:.1} MB; the engine {:.1} MB, {events}",
            heap / 1e6,
            wasm as f64 / 1e6,
            engine as f64 / 1e6
        );
        kept.push(heap + wasm as f64);
        engines.push(engine);
    }
    let growth = kept[9] - kept[2];
    println!("the page after ten minutes against three: {:+.2} MB; long tasks: {:?}", growth / 1e6, long_tasks(&page));
    page.finish();
    assert!(growth < 1_500_000.0, "the page still grows: {kept:?}");
    assert!(engines[9] < engines[4] + 1_500_000, "the engine still grows: {engines:?}");
}

/// Starts the search that the form describes, and waits for what comes of it: what is said of it, and whether it was found.
const SEARCH: &str = "document.querySelector('.jobs .ask .pri').click();
    let begun = false, frames = 0;
    return new Promise(done => {
      const look = () => {
        // It begins when the run is open.
        begun ||= !!document.querySelector('.jobs .running') || ++frames > 120;
        if (!begun) return requestAnimationFrame(look);
        const jobs = document.querySelector('.jobs');
        const found = jobs.querySelector('.object .deeds .n'), over = jobs.querySelector('[role=status] p');
        if (jobs.querySelector('.running')) return requestAnimationFrame(look);
        done([found ? found.innerText : over?.innerText ?? '', !!found]);
      };
      requestAnimationFrame(() => requestAnimationFrame(look));
    })";

/// What a search may take: below what the browser lets a script take.
const SEARCH_MAX: u64 = 55;

/// Each start scenario's search, as the page does it: the seconds that it says itself, with the worker's start and its
/// opening of the run. `SEEDS=n` seeds of those that are random (one by itself is the same every time), `ONLY=word` for
/// those whose titles have the word.
#[test]
#[ignore = "a benchmark: make bench"]
fn bench_hunts() {
    let seeds = std::env::var("SEEDS").map_or(10, |seeds| seeds.parse().expect("a number"));
    let only = std::env::var("ONLY").unwrap_or_default();
    let server = Server::start();
    let mut page = Page::start_whole();
    open_bench(&mut page, &server.root());
    page.click("#tab-search");
    page.wait_js("start scenarios", "return document.querySelectorAll('.jobs select option').length > 20", json!([]));
    let options = "return [...document.querySelectorAll('.jobs select')[0].options].slice(1).map(o => o.innerText)";
    let options = page.js(options, json!([]));
    let mut slow = Vec::new();
    for option in options.as_array().expect("options").iter().filter_map(|option| option.as_str()) {
        let (_, title) = option.split_once(": ").expect("a protocol and a title");
        if !title.contains(&only) {
            continue;
        }
        page.js(CHOOSE, json!([title]));
        page.wait_text(&format!("You are looking at “{title}”"));
        type_number(&page, "Seconds at most", SEARCH_MAX);
        let seeded = "return [...document.querySelectorAll('.jobs label')].some(l => l.innerText === 'Seed')";
        let seeds = if page.js(seeded, json!([])) == true { seeds } else { 1 };
        let mut times = Vec::new();
        for seed in 1..=seeds {
            if seeds > 1 {
                type_number(&page, "Seed", seed * 100_000);
            }
            let came = page.js(SEARCH, json!([]));
            assert_eq!(came[1], true, "{option}, seed {seed}: {came}");
            let said = came[0].as_str().expect("words").trim_end_matches(" s");
            let seconds: f64 = said.rsplit(", ").next().and_then(|s| s.parse().ok()).expect("seconds");
            times.push(seconds);
        }
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{option}: median {median:.1} s, longest {worst:.1} s of {seeds} in the page");
        if median >= 30.0 {
            slow.push((option.to_owned(), median));
        }
    }
    page.finish();
    assert!(slow.is_empty(), "medians over 30 s: {slow:?}");
}
