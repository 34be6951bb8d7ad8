//! The bench by keyboard alone, and for those who cannot see it or do not want it to move.

use crate::ENGINE;
use crate::page::{Page, Theme};
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::json;

fn bench(page: &mut Page, server: &Server) {
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.go("#/lesson/one-machine/3");
    page.wait_text("Step 3 of 10");
    page.wait_for("[data-node=n1]");
    page.click("#tab-log");
    page.focus("[data-node=n1]");
}

fn messages(page: &Page) -> u64 {
    let count = "return +document.querySelector('ul[aria-label^=\"Messages on their way\"]').ariaLabel.split(': ')[1]";
    page.js(count, json!([])).as_u64().expect("a number")
}

#[test]
fn a_single_message_by_keyboard_and_undo() {
    let server = Server::start();
    let mut page = Page::start();
    bench(&mut page, &server);
    let flying = "return document.querySelectorAll('ul[aria-label^=\"Messages on their way\"] li').length > 0";
    for _ in 0..40 {
        if page.js(flying, json!([])) == json!(true) {
            break;
        }
        let event = page.text(".transport .ev");
        page.press(".");
        let next = "return document.querySelector('.transport .ev').innerText !== arguments[0]";
        page.wait_js("the step", next, json!([event]));
    }
    let before = messages(&page);
    assert!(before > 0, "a message is on its way");
    // M picks a message; B doubles it; U takes that back; Delete drops it, and the log says by which rule.
    page.press("m");
    page.wait_text("Duplicate");
    page.screenshots("message");
    page.press("b");
    page.wait_js("the copy", "return +document.querySelector('ul[aria-label^=\"Messages on their way\"]').ariaLabel.split(': ')[1] === arguments[0]", json!([before + 1]));
    page.press("u");
    page.wait_js("one less", "return +document.querySelector('ul[aria-label^=\"Messages on their way\"]').ariaLabel.split(': ')[1] === arguments[0]", json!([before]));
    page.press("m");
    page.press("Delete");
    // Each command is in the log before the next message is picked: until then it is another that comes next.
    let done = |count: u32| {
        let commands = "return document.querySelectorAll('.marks .mine').length === arguments[0]";
        page.wait_js("the command to be done", commands, json!([count]));
    };
    done(1);
    page.wait_js("the loss in words", "return document.querySelector('#said').innerText.length > 0", json!([]));
    // N delivers the next one at once; D asks by how much to delay the one after that. The command log has it all.
    page.press("m");
    page.press("n");
    done(2);
    page.press("m");
    page.press("d");
    page.wait_text("Delay this message");
    page.press("Enter");
    page.wait_js("the dialog to close", "return !document.querySelector('dialog').open", json!([]));
    done(3);
    page.focus("#tab-log");
    for _ in 0..3 {
        page.press("ArrowRight");
    }
    let mine = "const mine = [...document.querySelectorAll('.panel .lines .say')].map(e => e.innerText)
                    .filter(words => words.startsWith('You '));
                return mine.length === 3 && mine";
    let mine = page.wait_js("three commands", mine, json!([]));
    let mine: Vec<&str> = mine.as_array().into_iter().flatten().filter_map(|words| words.as_str()).collect();
    assert!(mine[0].starts_with("You drop"), "{mine:?}");
    assert!(mine[1].starts_with("You deliver") && mine[1].ends_with(" now"), "{mine:?}");
    assert!(mine[2].starts_with("You delay"), "{mine:?}");
    page.finish();
}

#[test]
fn steps_are_said_and_searches_run_until_a_match() {
    let server = Server::start();
    let mut page = Page::start();
    bench(&mut page, &server);
    let mut said = Vec::new();
    for _ in 0..5 {
        let last = said.last().cloned().unwrap_or_default();
        page.press(".");
        let script = "const words = document.querySelector('#said').innerText; return words !== arguments[0] && words";
        let words = page.wait_js("the sentence of the step", script, json!([last]));
        said.push(words.as_str().expect("a text").to_owned());
    }
    assert!(said.iter().all(|words| words.ends_with(|c: char| c != ' ')), "{said:?}");
    let clock = "return document.querySelector('#clock').innerText";
    let start = page.js(clock, json!([]));
    page.focus(".filter input[type=search]");
    page.write("succeeded");
    page.click("[aria-label^='Run until'] button:last-child");
    page.wait_js("time to pass", &format!("{clock} !== arguments[0]"), json!([start]));
    page.wait_js(
        "the row",
        "return [...document.querySelectorAll('.log li.here')].some(li => li.innerText.includes('succeeded'))",
        json!([]),
    );
    let there = page.js(clock, json!([]));
    page.click("[aria-label^='Run until'] button:last-child");
    page.wait_js("the next one", &format!("{clock} !== arguments[0]"), json!([there]));
    page.click("[aria-label^='Run until'] button:first-child");
    page.wait_js("the first one", &format!("{clock} === arguments[0]"), json!([there]));
    page.screenshots("run-until");
    page.finish();
}

#[test]
fn with_reduced_motion_it_plays_step_by_step() {
    let server = Server::start();
    let mut page = Page::start();
    page.media(Theme::Light, true);
    bench(&mut page, &server);
    page.media(Theme::Light, true);
    // How often the clock changes while two seconds are played.
    let watch = "document.querySelector('#play').click();
        return new Promise(done => {
          const seen = new Set(), clock = () => document.querySelector('.transport .ev').innerText;
          const end = performance.now() + 2500;
          const look = () => { seen.add(clock()); performance.now() < end ? requestAnimationFrame(look) : done(seen.size) };
          look() })";
    let changes = page.js(watch, json!([])).as_u64().expect("a number");
    assert!((2..=5).contains(&changes), "{changes} changes in 2.5 s");
    page.finish();
}

/// An election caught in the middle: one vote is there, two are on their way, one was never asked for. Then what the
/// leader knows of the others.
const ELECTION: &str = r#"{"version": 1, "protocol": "raft", "seed": 1,
    "parameters": {"election-timeout-min": "150ms", "election-timeout-max": "300ms", "heartbeat-interval": "50ms"},
    "network": {"latency": {"log-normal": {"median": "5ms", "sigma": 0.4}}},
    "nodes": [{"name": "n", "role": "server", "count": 5}, {"name": "c", "role": "client", "count": 2}],
    "commands": [{"at": "0ms", "do": {"fire-timer": {"timer": "0!1"}}},
      {"at": "40ms", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "20ms"}}},
        "mix": {"put": 1}}}},
      {"at": "200ms", "do": {"cut": {"name": "island", "from": ["n1", "c2"]}}},
      {"at": "AT", "do": {"pause": {"node": "c2"}}, "learner": true}]}"#;

#[test]
fn votes_and_what_a_leader_knows_are_seen_and_said() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    let said = |page: &Page, words: &str| {
        let label = "const words = document.querySelector('[data-node=n3]').getAttribute('aria-label');
                     return words.includes(arguments[0]) && words";
        page.wait_js(words, label, json!([words])).as_str().map(String::from).expect("a text")
    };
    open_file(&page, &ELECTION.replace("AT", "382ms"));
    let words = said(&page, "candidate");
    assert!(words.contains("term 2"), "{words}");
    assert!(words.contains("vote of n2, vote of n3, no word from n4, no word from n5"), "{words}");
    page.screenshots("election");
    open_file(&page, &ELECTION.replace("AT", "500ms"));
    said(&page, "leader");
    page.focus("[data-node=n3]");
    let words = said(&page, "of n1: match 0 · next");
    assert!(words.contains(", of n5: match ") && !words.contains("of n5: match 0"), "{words}");
    page.screenshots("what-a-leader-knows");
    page.finish();
}
